"""Albums, by name: what there is, one level at a time, and what is in one. Three kinds are filled by hand or by an import (manual,
takeout, folder), one by its query (search).

A photo's place in an album and whether it can be seen there are kept beside it by triggers (m006), so that an album of a hundred
thousand photos answers as quickly as one of ten. Functions that write expect to be called inside `db.write()`.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from photolib import catalog
from photolib.catalog import Tile
from photolib.errors import BadInput, NotFound
from photolib.search.wording import fold, words
from photolib.sharing import grants

ORDERS = ("oldest", "newest", "manual")
SORTS = ("photos", "changed", "title")  # lists of albums: by the newest photo, by the last change, by title
MOST = 10_000  # of one owner


@dataclass(frozen=True)
class Album:
    """One album. photos: how many can be seen in it; albums: how many are in it; first_at, last_at: when its photos were taken.

    kind: manual, takeout, folder or search; query: of one that fills itself. order_by: one of ORDERS. cover: the photo that stands
    for it: the chosen one, else the first, else that of an album inside it; has_own_cover: whether it was chosen.
    """

    id: int
    owner_id: int
    title: str
    description: str
    kind: str
    parent_id: int | None
    order_by: str
    query: str | None
    created_at: str
    changed_at: str
    photos: int
    albums: int
    first_at: str | None
    last_at: str | None
    cover_id: int | None
    has_own_cover: bool
    cover: Tile | None = None


@dataclass(frozen=True)
class Shelf:
    """Some albums in order, and the cursor that continues after them; None at the end."""

    albums: list[Album]
    cursor: str | None


def _edge(table: str, order: str, columns: str = "photo_id") -> str:
    """The first photo of an album in this order, or something of it."""
    return f"select {columns} from {table} where album_id = albums.id and is_here = 1 order by {order} limit 1"


def _either(order: str, columns: str = "photo_id") -> str:
    """The same of an album of either kind: filled by hand, or by its query."""
    return f"coalesce(({_edge('album_photos', order, columns)}), ({_edge('found_photos', order, columns)}))"


_NEWEST, _OLDEST = _either("photo_at desc", "photo_at"), _either("photo_at", "photo_at")
_CHOSEN = "select photo_id from album_members where album_id = albums.id and photo_id = cover_id"
_FIRST = f"""case order_by
    when 'manual' then ({_edge("album_photos", "rank, photo_id")})
    when 'newest' then {_either("photo_at desc, photo_id desc")}
    else {_either("photo_at, photo_id")} end"""
_COLUMNS = f"""id, owner_id, title, coalesce(description, ''), kind, parent_id, order_by, query, created_at, changed_at, photos,
  (select count(*) from albums within where within.parent_id = albums.id), {_OLDEST}, {_NEWEST},
  coalesce(({_CHOSEN}), {_FIRST}), ({_CHOSEN}) is not null"""


# ---------------------------------------------------------------- asking


def album(db: Database, album_id: int) -> Album:
    """Raises NotFound. Whose it is, is for the caller to look at."""
    found = _albums(db, [album_id])
    if not found:
        raise NotFound("There is no such album.")
    return found[0]


def some(db: Database, album_ids: Sequence[int]) -> list[Album]:
    """These albums, as far as there are such."""
    return _albums(db, album_ids)


def albums(
    db: Database,
    owner_id: int,
    parent_id: int | None = None,
    named: str = "",
    sort: str = "photos",
    cursor: str | None = None,
    size: int = 60,
    is_every_level: bool = False,
    is_fillable: bool = False,
    has_others: bool = False,
) -> Shelf:
    """An owner's albums on one level (that of no parent, to begin with), or those of all levels whose title has the words of `named`.

    sort: one of SORTS. is_fillable: only those that the owner may put photos into. has_others: with those of others that they were
    invited into, on the first level; where titles are asked for, also with what others share with everybody. Raises BadInput for
    another, and for a cursor that is none.
    """
    if sort not in SORTS:
        raise BadInput("Albums are sorted by photos, changed or title.")
    wanted = words(named)
    by = {"title": "title", "changed": "changed_at", "photos": f"coalesce({_NEWEST}, '')"}[sort]
    # Three columns of every album: a thousand take a few milliseconds, and only those of the page are looked at further.
    rows = db.conn.execute(
        f"select id, parent_id, title, query, {by} from albums where owner_id = ? and is_unlisted = 0", (owner_id,)
    ).fetchall()
    if has_others and parent_id is None:
        where, mine = _of_others(owner_id, is_fillable, is_wide=bool(wanted) or is_every_level)
        rows += db.conn.execute(f"select id, null, title, query, {by} from albums where {where}", mine).fetchall()
    at = {row[0]: fold(row[4]) if sort == "title" else row[4] for row in rows}
    if sort == "photos":
        _count_inner(at, {row[0]: row[1] for row in rows})
    found = [
        (at[album_id], album_id)
        for album_id, parent, title, query, _ in rows
        if (_has_words(title, wanted) if wanted else is_every_level or parent == parent_id)
        and not (is_fillable and query is not None)
    ]
    is_down = sort != "title"
    found.sort(reverse=is_down)
    if cursor:
        last = _read_cursor(cursor)
        found = [each for each in found if (each < last if is_down else each > last)]
    following = _cursor(*found[size - 1]) if len(found) > size else None
    return Shelf(_albums(db, [album_id for _, album_id in found[:size]]), following)


def _of_others(user_id: int, is_fillable: bool = False, is_wide: bool = False) -> tuple[str, dict[str, Any]]:
    """The condition, and its values, for the albums of others that somebody was invited into; is_wide: or that others share with all."""
    filling = "and role in ('contribute', 'manage')" if is_fillable else ""
    granted = f"select album_id from grants where user_id = :me and album_id is not null {filling}"
    if is_wide:
        granted += f" union select album_id from grants where user_id is null and album_id is not null {filling} and {grants.TO_ME}"
    return f"is_unlisted = 0 and owner_id <> :me and albums.id in ({granted})", {"me": user_id}


def of_others(db: Database, user_id: int, named: str, most: int) -> list[tuple[int, str, int]]:
    """(id, title, photos) of some albums of others that somebody sees and whose title has these words, by title."""
    where, mine = _of_others(user_id, is_wide=True)
    wanted = words(named)
    if not wanted:
        return []
    rows = db.conn.execute(f"select id, title, photos from albums where {where}", mine).fetchall()
    return sorted((row for row in rows if _has_words(row[1], wanted)), key=lambda row: (fold(row[1]), row[0]))[:most]


def path(db: Database, album_id: int) -> list[tuple[int, str]]:
    """(id, title) of the albums around one, from the outermost to itself."""
    rows = db.conn.execute(
        """with recursive above(id, title, parent_id, depth) as (
             select id, title, parent_id, 0 from albums where id = ?
             union all select albums.id, albums.title, albums.parent_id, depth + 1 from albums join above on albums.id = above.parent_id
           ) select id, title from above order by depth desc""",
        (album_id,),
    )
    return rows.fetchall()


def inside(db: Database, album_id: int) -> set[int]:
    """The ids of an album and of every one in it, on all levels."""
    rows = db.conn.execute(
        """with recursive below(id) as (
             select ? union all select albums.id from albums join below on albums.parent_id = below.id) select id from below""",
        (album_id,),
    )
    return {row[0] for row in rows}


def homes(db: Database, owner_id: int, album_id: int) -> list[tuple[int, str]]:
    """(id, path as "Travel / Italy") of every album that one may be moved into."""
    rows = db.conn.execute(
        "select id, title, parent_id from albums where owner_id = ? and is_unlisted = 0", (owner_id,)
    ).fetchall()
    known = {each: (title, parent) for each, title, parent in rows}
    own = inside(db, album_id)

    def full(each: int) -> str:
        title, parent = known[each]
        return f"{full(parent)} / {title}" if parent in known else title

    found = [(each, full(each)) for each in known if each not in own]
    return sorted(found, key=lambda home: fold(home[1]))


def is_placed(db: Database, album_id: int) -> bool:
    """Whether it is known of any photo of an album where it was taken."""
    row = db.conn.execute(
        """select 1 from album_members join photos on photos.id = photo_id where album_id = ? and latitude is not null limit 1""",
        (album_id,),
    )
    return row.fetchone() is not None


def _albums(db: Database, album_ids: Sequence[int]) -> list[Album]:
    """These albums in this order, with their covers."""
    rows = db.conn.execute(
        f"select {_COLUMNS} from albums where id in (select value from json_each(?))", (json.dumps(list(album_ids)),)
    )
    found = {row[0]: Album(*(*row[:-1], bool(row[-1]))) for row in rows.fetchall()}
    bare = {each.id: each.id for each in found.values() if each.cover_id is None and each.albums}
    covers = {each.id: each.cover_id for each in found.values() if each.cover_id} | _covers_inside(db, bare)
    tiles = {tile.id: tile for tile in catalog.tiles(db, list(dict.fromkeys(covers.values())))}
    return [
        replace(found[each], cover=tiles.get(covers.get(each) or 0), cover_id=covers.get(each))
        for each in album_ids
        if each in found
    ]


def _covers_inside(db: Database, bare: dict[int, int]) -> dict[int, int]:
    """A cover for each of these albums, which have none of their own, from the albums in them; one question for each level.

    bare: the album that is looked into -> the album the cover is for.
    """
    found: dict[int, int] = {}
    while bare:
        rows = db.conn.execute(
            f"""select id, parent_id, coalesce(({_CHOSEN}), {_FIRST}), coalesce({_NEWEST}, '') as newest from albums
                where parent_id in (select value from json_each(?)) order by newest desc, id""",
            (json.dumps(list(bare)),),
        ).fetchall()
        deeper: dict[int, int] = {}
        for album_id, parent_id, cover_id, _ in rows:
            if cover_id is not None:
                found.setdefault(bare[parent_id], cover_id)
            else:
                deeper[album_id] = bare[parent_id]
        bare = {album_id: outer for album_id, outer in deeper.items() if outer not in found}
    return found


def _count_inner(newest: dict[int, str], parents: dict[int, int | None]) -> None:
    """The newest photo of the albums in an album is one of its own."""
    for album_id, at in list(newest.items()):
        above, seen = parents[album_id], {album_id}
        while above in parents and above not in seen:
            newest[above] = max(newest[above], at)
            seen.add(above)
            above = parents[above]


def _has_words(title: str, wanted: Sequence[str]) -> bool:
    """Whether each of these words begins a word of the title."""
    there = words(title)
    return all(any(word.startswith(each) for word in there) for each in wanted)


def _cursor(at: str, album_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([at, album_id]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, int]:
    try:
        read: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        at, album_id = read
        if not isinstance(at, str) or type(album_id) is not int:
            raise ValueError(read)
    except (ValueError, TypeError, binascii.Error) as problem:
        raise BadInput("This cursor is none that photolib gave out.") from problem
    return at, album_id
