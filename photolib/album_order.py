"""The order that somebody puts an album's photos into by hand: numbers with room between them, so that moving one photo moves no other.

Moving says which photo comes next to which, not what the whole order is: two people who arrange an album at the same time both keep
their photos, and each finds what they moved where they put it. Functions that write expect to be inside `db.write()`.
"""

import json
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from photolib.errors import BadInput, NotFound

GAP = 1 << 32  # between neighbours at first; as m006 has it
LEAST_GAP = 1 << 16  # once neighbours have to make room
WINDOW = 64  # neighbours on each side that make room first

Place = tuple[int, int]  # position and photo: photos of one position stand in order of their ids


def end(db: Database, album_id: int) -> int:
    """The position for a photo that comes to the end."""
    row = db.conn.execute("select max(position) from album_photos where album_id = ?", (album_id,)).fetchone()
    return (row[0] or 0) + GAP


def move(
    db: Database, album_id: int, photo_ids: Sequence[int], before: int | None = None, after: int | None = None
) -> list[Place]:
    """Put photos of an album, in the order given, right before or right after another one; without either, to the end.

    Returns the places that changed, as they were. Raises NotFound for a photo that is not in the album, BadInput when the photo they
    are to stand beside is one of them.
    """
    moved = list(dict.fromkeys(photo_ids))
    anchor = before if before is not None else after
    if anchor in moved:
        raise BadInput("Photos are moved beside one that stays where it is.")
    were = _places(db, album_id, [*moved, *([anchor] if anchor is not None else [])])
    if before is not None:
        right: Place | None = (were.pop(before), before)
        left = _beside(db, album_id, right, moved, is_before=True)
    elif after is not None:
        left = (were.pop(after), after)
        right = _beside(db, album_id, left, moved, is_before=False)
    else:
        left, right = _beside(db, album_id, None, moved, is_before=True), None
    changed = were
    if left and right and right[0] - left[0] <= len(moved):
        changed |= _spread(db, album_id, left, right, moved)
    else:
        _put(db, album_id, zip(moved, _between(left and left[0], right and right[0], len(moved)), strict=True))
    return [(position, photo) for photo, position in changed.items()]


def put_back(db: Database, album_id: int, places: Sequence[Sequence[int]]) -> None:
    """Give photos the positions they had; those that are not in the album any more are left out."""
    _put(db, album_id, ((photo, position) for position, photo in places))


def arrange(db: Database, album_id: int, is_newest_first: bool) -> None:
    """Number all photos of an album by date: where arranging by hand begins."""
    order = "photo_at desc, photo_id desc" if is_newest_first else "photo_at, photo_id"
    db.conn.execute(
        f"""update album_photos set position = number * ? from
              (select photo_id as numbered, row_number() over (order by {order}) as number from album_photos where album_id = ?)
            where album_id = ? and photo_id = numbered""",
        (GAP, album_id, album_id),
    )


def _places(db: Database, album_id: int, photo_ids: Sequence[int]) -> dict[int, int]:
    """The positions of these photos. Raises NotFound when one is not in the album."""
    rows = db.conn.execute(
        "select photo_id, position from album_photos where album_id = ? and photo_id in (select value from json_each(?))",
        (album_id, json.dumps(photo_ids)),
    )
    found: dict[int, int] = dict(rows.fetchall())
    if len(found) < len(set(photo_ids)):
        raise NotFound("There is no such photo in this album. Perhaps somebody has taken it out.")
    return found


def _beside(db: Database, album_id: int, place: Place | None, without: Sequence[int], is_before: bool) -> Place | None:
    """The next place before or after one (before the end, when there is none), leaving photos out."""
    rows = _neighbours(db, album_id, place, without, is_before, 1)
    return rows[0] if rows else None


def _neighbours(
    db: Database, album_id: int, place: Place | None, without: Sequence[int], is_before: bool, limit: int
) -> list[Place]:
    sign, order = ("<", "desc") if is_before else (">", "asc")
    where = f"and (position, photo_id) {sign} (?, ?)" if place else ""
    return db.conn.execute(
        f"""select position, photo_id from album_photos where album_id = ? {where}
              and photo_id not in (select value from json_each(?))
            order by position {order}, photo_id {order} limit ?""",
        (album_id, *(place or ()), json.dumps(list(without)), limit),
    ).fetchall()


def _between(left: int | None, right: int | None, count: int) -> list[int]:
    """So many positions in the open interval, evenly; beyond the first or the last photo a gap apart."""
    if left is None and right is None:
        left = 0
    if right is None:
        return [(left or 0) + GAP * (number + 1) for number in range(count)]
    if left is None:
        return [right - GAP * (count - number) for number in range(count)]
    return [left + (right - left) * (number + 1) // (count + 1) for number in range(count)]


def _spread(db: Database, album_id: int, left: Place, right: Place, moved: Sequence[int]) -> dict[int, int]:
    """Put photos between two neighbours that have no room between them: as many others around as it takes move apart.

    Returns their positions as they were.
    """
    size = WINDOW
    while True:
        low = [*reversed(_neighbours(db, album_id, left, moved, True, size)), left]
        high = [right, *_neighbours(db, album_id, right, moved, False, size)]
        # A side whose end is in the window has all the room there is; on the other the outermost stays where it is.
        is_first, is_last = len(low) <= size, len(high) <= size
        least = (len(low) + len(high) + len(moved)) * LEAST_GAP
        if is_first or is_last or high[-1][0] - low[0][0] >= least:
            break
        size *= 4
    if is_first and is_last:
        start, stop = None, None
    elif is_first:
        start, stop = None, high.pop()[0]
    elif is_last:
        start, stop = low.pop(0)[0], None
    else:
        start, stop = low.pop(0)[0], high.pop()[0]
    order = [*(photo for _, photo in low), *moved, *(photo for _, photo in high)]
    _put(db, album_id, zip(order, _between(start, stop, len(order)), strict=True))
    return {photo: position for position, photo in (*low, *high)}


def _put(db: Database, album_id: int, places: Iterable[tuple[int, int]]) -> None:
    db.conn.executemany(
        "update album_photos set position = ? where album_id = ? and photo_id = ?",
        [(position, album_id, photo) for photo, position in places],
    )
