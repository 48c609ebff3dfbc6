"""Going through photos that show the same: keep the best, keep some, keep all, choose another best, each with an undo.

What a merge does is merges.py's. Functions that write expect to be called inside `db.write()`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from photolib import catalog, duplicates, edits, merges
from photolib.catalog import Tile
from photolib.duplicates import Stack
from photolib.edits import Edit
from photolib.errors import BadInput

ACT = "duplicates"  # what the log of edits calls each of these

_SHOWN = """select stack_id from stack_photos join photos on photos.id = photo_id join stacks on stacks.id = stack_id
  where stacks.owner_id = ? and kind = ? and trashed_at is null and status = 'ready' group by stack_id having count(*) > 1"""


@dataclass(frozen=True)
class Compared:
    """A photo beside others that show the same. bytes: of its shown file; sharpness: 0 bad to 1 good, None when not measured.

    leads: in what it is better than each of the others: "pixels", "bytes", "sharpness", "faces".
    """

    photo: Tile
    bytes: int
    format: str
    sharpness: float | None
    faces: int
    albums: int
    rating: int | None
    leads: frozenset[str]


@dataclass(frozen=True)
class Place:
    """Where a group stands among those that are left, counted from 1, and the groups around it."""

    number: int
    count: int
    before: int | None
    after: int | None


def count(db: Database, owner_id: int, kind: str) -> int:
    """How many groups of a kind are left to go through."""
    return int(db.conn.execute(f"select count(*) from ({_SHOWN})", (owner_id, kind)).fetchone()[0])


def place(db: Database, owner_id: int, stack: Stack) -> Place:
    """Newest first, as duplicates.stacks() lists them."""
    row = db.conn.execute(
        f"""select count(*), coalesce(sum(stack_id >= ?), 0), min(case when stack_id > ? then stack_id end),
              max(case when stack_id < ? then stack_id end) from ({_SHOWN})""",
        (stack.id, stack.id, stack.id, owner_id, stack.kind),
    ).fetchone()
    return Place(row[1], row[0], row[2], row[3])


def compared(db: Database, stack: Stack) -> list[Compared]:
    """The photos of a group beside each other, the best first."""
    rows = db.conn.execute(
        """select photos.id, size, format, sharpness, rating,
             (select count(*) from faces where photo_id = photos.id and state = 'found'),
             (select count(*) from album_photos where photo_id = photos.id)
           from photos join originals on originals.key = photos.key left join measures on measures.photo_id = photos.id
           where photos.id in (select value from json_each(?))""",
        (json.dumps([photo.id for photo in stack.photos]),),
    ).fetchall()
    known = {row[0]: row[1:] for row in rows}
    measured: dict[str, dict[int, float]] = {
        "pixels": {photo.id: (photo.width or 0) * (photo.height or 0) for photo in stack.photos},
        "bytes": {number: row[0] for number, row in known.items()},
        "sharpness": {number: round(row[2] or 0, 2) for number, row in known.items()},
        "faces": {number: row[4] for number, row in known.items()},
    }
    found = []
    for photo in stack.photos:
        size, form, sharpness, rating, faces, albums = known[photo.id]
        leads = frozenset(
            name
            for name, values in measured.items()
            if all(values[photo.id] > value for other, value in values.items() if other != photo.id)
        )
        found.append(Compared(photo, size, form, sharpness, faces, albums, rating, leads))
    return found


# ---------------------------------------------------------------- deciding


def keep(db: Database, owner_id: int, stack_id: int, photo_ids: Sequence[int] | None = None) -> Edit:
    """Keep the best of a group, or these photos of it; the others go to the trash. Raises NotFound, and BadInput for others' photos."""
    journal = _keep(db, owner_id, stack_id, photo_ids)
    return _logged(db, owner_id, [journal])


def keep_all(db: Database, owner_id: int, stack_id: int) -> Edit:
    """They are different: nobody is asked about them again."""
    stack = duplicates.stack_by_id(db, owner_id, stack_id)
    return _logged(db, owner_id, [_apart(db, owner_id, stack, None)], [photo.id for photo in stack.photos])


def choose_best(db: Database, owner_id: int, stack_id: int, photo_id: int) -> Edit:
    """Another one is the best of a group."""
    was = _stack_row(db, stack_id)
    duplicates.choose_best(db, owner_id, stack_id, photo_id)
    return _logged(db, owner_id, [{"best": was}], [photo_id])


def keep_best_of_all(db: Database, owner_id: int, most: int) -> Edit:
    """Keep the best of each group of duplicates, of at most so many groups; bursts are left to a person's eye."""
    found, _ = duplicates.stacks(db, owner_id, duplicates.DUPLICATE, size=most)
    return _logged(db, owner_id, [_keep(db, owner_id, stack.id, None) for stack in found])


def _keep(db: Database, owner_id: int, stack_id: int, photo_ids: Sequence[int] | None) -> dict[str, Any]:
    stack = duplicates.stack_by_id(db, owner_id, stack_id)
    there = [photo.id for photo in stack.photos]
    kept = [stack.best_id] if photo_ids is None else list(dict.fromkeys(photo_ids))
    if not kept or not set(kept) <= set(there):
        raise BadInput("These photos are not among the duplicates.")
    going = [each for each in there if each not in kept]
    journal: dict[str, Any] = {"best": _stack_row(db, stack_id)}
    best = stack.best_id if stack.best_id in kept else duplicates.best_of(db, kept)
    if going:
        journal["merge"] = merges.merge(db, owner_id, best, going)
        journal["trashed"] = going
    if len(kept) > 1:
        journal |= _apart(db, owner_id, stack, kept)
    return journal


def _apart(db: Database, owner_id: int, stack: Stack, photo_ids: Sequence[int] | None) -> dict[str, Any]:
    members = [
        row[0]
        for row in db.conn.execute("select photo_id from stack_photos where stack_id = ?", (stack.id,)).fetchall()
    ]
    was = _stack_row(db, stack.id)
    duplicates.keep_apart(db, owner_id, stack.id, photo_ids)
    (decision,) = db.conn.execute("select max(decision) from different_photos").fetchone()
    return {"decision": decision, "stack": was, "members": members}


def _stack_row(db: Database, stack_id: int) -> list[Any]:
    row = db.conn.execute("select id, kind, best_id, decided_by from stacks where id = ?", (stack_id,)).fetchone()
    return list(row) if row else []


def _logged(
    db: Database, owner_id: int, journals: Sequence[Mapping[str, Any]], photo_ids: Sequence[int] | None = None
) -> Edit:
    changed = list(photo_ids or ()) or [each for journal in journals for each in journal.get("trashed", ())]
    if not journals:
        return Edit(None, ACT, [])
    return Edit(edits.log(db, owner_id, ACT, list(journals), len(changed)), ACT, changed)


# ---------------------------------------------------------------- undoing


def _undo(db: Database, owner_id: int, journals: Sequence[Mapping[str, Any]]) -> list[int]:
    back: list[int] = []
    for journal in reversed(journals):
        if journal.get("merge") is not None:
            back += merges.undo_merge(db, owner_id, journal["merge"])
        if "decision" in journal:
            back += _together_again(db, owner_id, journal)
        if journal.get("best"):
            number, _, best, decided_by = journal["best"]
            db.conn.execute(
                """update stacks set best_id = ?, decided_by = ? where id = ? and owner_id = ?
                   and exists (select 1 from photos where id = ?)""",
                (best, decided_by, number, owner_id, best),
            )
    return back


def _together_again(db: Database, owner_id: int, journal: Mapping[str, Any]) -> list[int]:
    """The photos of a group that were said to be different are one again, but for those that are in another by now."""
    db.conn.execute("delete from different_photos where decision = ?", (journal["decision"],))
    number, kind, best, decided_by = journal["stack"]
    free = [
        each
        for each in catalog.owned(db, owner_id, journal["members"])
        if not db.conn.execute(
            "select 1 from stack_photos where photo_id = ? and stack_id <> ?", (each, number)
        ).fetchone()
    ]
    if len(free) < 2:
        return []
    is_there = db.conn.execute("select 1 from stacks where id = ? and owner_id = ?", (number, owner_id)).fetchone()
    if not is_there:
        taken = db.conn.execute("select 1 from stacks where id = ?", (number,)).fetchone()
        number = db.conn.execute(
            "insert into stacks (id, owner_id, kind, best_id, decided_by) values (?, ?, ?, ?, ?) returning id",
            (None if taken else number, owner_id, kind, best if best in free else free[0], decided_by),
        ).fetchone()[0]
    db.conn.executemany(
        "insert into stack_photos (stack_id, photo_id) values (?, ?) on conflict (photo_id) do nothing",
        [(number, each) for each in free],
    )
    return free


edits.undoing |= {ACT: _undo}
