"""Deleting for good: the only way out of the library, and it leads through the trash.

Two things happen one after the other, each of which may be cut off anywhere. First a photo's rows go, together with those of originals
that nobody needs any more, in a transaction that has reached the disk before anything else happens; what it leaves to do is
written in `removals`. Then each such file is removed inside a write transaction that has looked once more whether anybody
needs it. Whoever brings the same bytes at that moment looks, inside a transaction of their own, whether the file is there.

`LocalOriginals.remove` is called here and nowhere else.
"""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json import dumps

from sqlite_utils import Database

from photolib import catalog, duplicates, sources, variants
from photolib.db import write
from photolib.errors import NotFound
from photolib.jobs import LEASE_SECONDS
from photolib.library import Library
from photolib.sources import now

log = logging.getLogger(__name__)

AT_ONCE = 25  # photos that go in one transaction
PERSON, AGE = "person", "age"  # why
AWAKE = timedelta(days=1)  # how long the trash is left alone after photolib was off, or the clock was put forward
_LOOKED_AT = "trash looked at"  # remembered: when it was last seen what is due
_WAITS_UNTIL = "trash waits until"  # remembered: nothing is deleted for its age before that


@dataclass(frozen=True)
class Size:
    """Photos, and the bytes on the disk that are theirs alone."""

    photos: int = 0
    bytes: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(self.photos + other.photos, self.bytes + other.bytes)


# ---------------------------------------------------------------- what a person asks for


def weigh(db: Database, owner_id: int, photo_ids: Sequence[int] | None = None) -> Size:
    """What deleting these photos, or everything in an owner's trash, would free. Photos that are not in it do not count."""
    condition, values = _chosen(owner_id, photo_ids)
    (photos,) = db.conn.execute(f"select count(*) from photos where {condition}", values).fetchone()
    return Size(photos, _freed(db, f"select id from photos where {condition}", values))


def delete(db: Database, owner_id: int, photo_ids: Sequence[int] | None = None) -> int:
    """Say of these photos, or of everything in an owner's trash, that it is to go for good; return how many that are.

    From now on they are nowhere to be seen. work() does it, here or in the worker. Raises NotFound when one of them is not in the trash.
    """
    condition, values = _chosen(owner_id, photo_ids)
    if photo_ids is not None:
        (there,) = db.conn.execute(f"select count(*) from photos where {condition}", values).fetchone()
        if there < len(set(photo_ids)):
            raise NotFound("There is no such photo in the trash.")
    return db.conn.execute(
        f"""insert into deleting (photo_id) select id from photos where {condition}
            on conflict (photo_id) do nothing""",
        values,
    ).rowcount


def _chosen(owner_id: int, photo_ids: Sequence[int] | None) -> tuple[str, tuple[object, ...]]:
    condition = "owner_id = ? and trashed_at is not null and id not in (select photo_id from deleting)"
    if photo_ids is None:
        return condition, (owner_id,)
    return condition + " and id in (select value from json_each(?))", (owner_id, dumps(list(photo_ids)))


def days_left(trashed_at: str, trash_days: int, today: datetime | None = None) -> int | None:
    """In how many days a photo is deleted for its age; None when it is kept until somebody empties the trash."""
    if trash_days <= 0:
        return None
    due = datetime.fromisoformat(trashed_at) + timedelta(days=trash_days)
    left = due - (today or datetime.now(UTC))
    return max(0, -(-left // timedelta(days=1)))  # a day that has begun is one


# ---------------------------------------------------------------- doing it


def work(lib: Library, seconds: float, clock: Callable[[], float] = time.monotonic) -> Size:
    """Delete what somebody said to delete and remove the files that nobody needs, for so long; return what went.

    When nothing is left to do it ends sooner, and costs next to nothing.
    """
    until, gone = clock() + seconds, Size()
    while some := _waiting(lib.db):
        gone += _drop_rows(lib, some, PERSON)
        if clock() >= until:
            return gone
    for key in _removable(lib.db):
        _remove_file(lib, key)
        if clock() >= until:
            break
    return gone


def empty_by_age(lib: Library, at: datetime | None = None) -> Size:
    """Delete what has been in the trash for more than the setting's days; return what went.

    After a time in which nobody looked, as with the machine off, or its clock put forward, a day passes before anything goes:
    somebody may want to look first.
    """
    moment, days = at or datetime.now(UTC), lib.config.trash_days
    if days <= 0:
        return Size()
    with write(lib.db) as db:
        looked_at = _moment(catalog.remembered(db, _LOOKED_AT))
        if looked_at is None or not timedelta() <= moment - looked_at <= AWAKE:
            catalog.remember(db, _WAITS_UNTIL, (moment + AWAKE).isoformat())
        waits_until = _moment(catalog.remembered(db, _WAITS_UNTIL))
        catalog.remember(db, _LOOKED_AT, moment.isoformat())
    if waits_until is not None and moment < waits_until:
        return Size()
    gone, latest = Size(), (moment - timedelta(days=days)).astimezone(UTC).isoformat(timespec="seconds")
    while some := _due(lib.db, latest):
        gone += _drop_rows(lib, some, AGE)
    work(lib, seconds=60.0)
    if gone.photos:
        log.info("trash: deleted %d photos after %d days, %d bytes", gone.photos, days, gone.bytes)
    return gone


def oldest(db: Database, owner_id: int) -> str | None:
    """Since when what has been in an owner's trash the longest is there."""
    row = db.conn.execute(
        "select min(trashed_at) from photos where owner_id = ? and trashed_at is not null and id not in (select photo_id from deleting)",
        (owner_id,),
    )
    return row.fetchone()[0]


def is_waiting(db: Database) -> bool:
    """Whether there is something for work() to do."""
    return bool(_waiting(db, 1) or _removable(db, 1))


def waiting_count(db: Database, owner_id: int) -> int:
    """How many of an owner's photos are still to be deleted."""
    row = db.conn.execute(
        "select count(*) from deleting cross join photos on photos.id = photo_id where owner_id = ?", (owner_id,)
    )
    return row.fetchone()[0]


def _waiting(db: Database, most: int = AT_ONCE) -> list[int]:
    return [row[0] for row in db.conn.execute("select photo_id from deleting order by photo_id limit ?", (most,))]


def _due(db: Database, latest: str) -> list[int]:
    rows = db.conn.execute(
        "select id from photos where trashed_at is not null and trashed_at <= ? order by trashed_at limit ?",
        (latest, AT_ONCE),
    )
    return [row[0] for row in rows]


def _removable(db: Database, most: int = 1000) -> list[str]:
    rows = db.conn.execute(
        "select key from removals where not_before <= ? order by not_before limit ?", (time.time(), most)
    )
    return [row[0] for row in rows]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_LISTED = "select value from json_each(?)"

# Rows of tables made before rows went with their photo by themselves. Those of `sources` stay, as memory.
_OF_PHOTO = ("details", "parts", "photo_sidecars", "album_photos", "photo_tags", "jobs")


def _drop_rows(lib: Library, photo_ids: Sequence[int], why: str) -> Size:
    """Delete the rows of these photos, as far as they are in the trash. Durable: files are removed only after that."""
    with write(lib.db, durable=True) as db:
        rows = db.conn.execute(
            "select id, owner_id from photos where trashed_at is not null and id in (select value from json_each(?))",
            (dumps(list(photo_ids)),),
        ).fetchall()
        gone = Size()
        for owner_id in sorted({owner for _, owner in rows}):
            some = [photo_id for photo_id, owner in rows if owner == owner_id]
            freed = _freed(db, _LISTED, [dumps(some)])
            keys = _keys(db, some)
            is_at_work = _is_at_work(db, some)
            for photo_id in some:
                _drop_photo(db, photo_id)
            at = now()
            db.conn.executemany(
                """insert into deleted_photos (owner_id, key, deleted_at) values (?, ?, ?)
                   on conflict (owner_id, key) do update set deleted_at = excluded.deleted_at""",
                [(owner_id, key, at) for key in keys],
            )
            # A process that is making the sizes of one right now may write them after they were removed.
            due = time.time() + (LEASE_SECONDS if is_at_work else 0)
            namers = _namers(db)
            for key in keys:
                let_go(db, key, due, namers)
            db.conn.execute(
                "insert into deletions (owner_id, at, why, photos, bytes) values (?, ?, ?, ?, ?)",
                (owner_id, at, why, len(some), freed),
            )
            gone += Size(len(some), freed)
        return gone


def _freed(db: Database, going: str, values: Sequence[object]) -> int:
    """The bytes of originals that only these photos have. going: a query for their ids."""
    return db.conn.execute(
        f"""with going(id) as materialized ({going}),
              theirs as (select key from photos where id in (select id from going)
                union select key from parts where photo_id in (select id from going))
            select coalesce(sum(size), 0) from theirs join originals using (key)
            where not exists (select 1 from photos where photos.key = theirs.key and id not in (select id from going))
              and not exists (select 1 from parts where parts.key = theirs.key and photo_id not in (select id from going))""",
        values,
    ).fetchone()[0]


def _keys(db: Database, photo_ids: Sequence[int]) -> list[str]:
    rows = db.conn.execute(
        """select key from photos where id in (select value from json_each(:ids))
           union select key from parts where photo_id in (select value from json_each(:ids))""",
        {"ids": dumps(list(photo_ids))},
    )
    return [row[0] for row in rows.fetchall()]


def _is_at_work(db: Database, photo_ids: Sequence[int]) -> bool:
    row = db.conn.execute(
        "select 1 from jobs where state = 'running' and photo_id in (select value from json_each(?)) limit 1",
        (dumps(list(photo_ids)),),
    )
    return row.fetchone() is not None


def _drop_photo(db: Database, photo_id: int) -> None:
    duplicates.leave(db, photo_id)
    people = db.conn.execute(
        "select distinct person_id from faces where photo_id = ? and person_id is not null", (photo_id,)
    ).fetchall()
    sources.photo_is_deleted(db, photo_id)
    for table in _OF_PHOTO:
        db.conn.execute(f"delete from {table} where photo_id = ?", (photo_id,))
    db.conn.execute("delete from photos where id = ?", (photo_id,))
    db.conn.executemany(  # a group of faces that nobody has named is no more than its faces
        "delete from people where id = ? and name is null and not exists (select 1 from faces where person_id = people.id)",
        people,
    )


def let_go(db: Database, key: str, due: float = 0.0, namers: Sequence[tuple[str, str]] | None = None) -> None:
    """An original may be needed by nobody any more: its row goes when that is so, and its file is removed later."""
    is_needed = any(
        db.conn.execute(f'select 1 from "{table}" where "{column}" = ? limit 1', (key,)).fetchone()
        for table, column in namers or _namers(db)
    )
    if not is_needed:
        db.conn.execute("delete from originals where key = ?", (key,))
    db.conn.execute(
        """insert into removals (key, not_before) values (?, ?)
           on conflict (key) do update set not_before = max(not_before, excluded.not_before)""",
        (key, due),
    )


def _namers(db: Database) -> list[tuple[str, str]]:
    """(table, column) of everything that names an original. Asked of the schema itself, so that no later table is forgotten."""
    return db.conn.execute(
        """select tables.name, "from" from sqlite_schema tables, pragma_foreign_key_list(tables.name) keys
           where tables.type = 'table' and keys."table" = 'originals' order by 1"""
    ).fetchall()


def _remove_file(lib: Library, key: str) -> None:
    """Remove an original and its variants, unless somebody needs them by now.

    Inside the transaction, which is short: that is what keeps a photo from arriving between the question and the answer.
    """
    with write(lib.db) as db:
        if not catalog.has_original(db, key):
            lib.originals.remove(key)
        if not catalog.is_shown(db, key):
            shutil.rmtree(variants.folder(lib.variants, key), ignore_errors=True)
        db.conn.execute("delete from removals where key = ?", (key,))


# ---------------------------------------------------------------- what was deleted stays away


def stays_away(db: Database, owner_id: int, key: str) -> bool:
    """Whether this owner deleted these bytes for good, and has them in no other photo."""
    row = db.conn.execute("select 1 from deleted_photos where owner_id = ? and key = ?", (owner_id, key)).fetchone()
    return row is not None and all(owner != owner_id for _, owner in catalog.owners_of(db, key))


def is_going(db: Database, key: str) -> bool:
    """Whether a file without a row is one that is about to be removed."""
    return db.conn.execute("select 1 from removals where key = ?", (key,)).fetchone() is not None


def deleted_so_far(db: Database, owner_id: int | None = None) -> Size:
    """What was deleted for good since there is photolib here, of one owner or of all."""
    row = db.conn.execute(
        "select coalesce(sum(photos), 0), coalesce(sum(bytes), 0) from deletions where ? is null or owner_id = ?",
        (owner_id, owner_id),
    ).fetchone()
    return Size(*row)
