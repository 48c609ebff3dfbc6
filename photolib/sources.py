"""The files met in folders and archives, what became of each, and the sidecars found beside them.

Every question about them by name, as in catalog.py; functions that write expect to be called inside `db.write()`.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlite_utils import Database

from photolib.said import Said

UPLOADS = b"uploads:"  # before the path of a folder that stands for where uploads came from; no folder of a disk begins like this
ARCHIVES = b"archives:"  # before a folder's path: the archives in it that were taken whole


def now() -> str:
    """This moment in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def shown_path(folder: bytes, name: bytes) -> str:
    """A path as people read it; bytes that are no text are shown as escapes."""
    return (folder + b"/" + name).decode("utf-8", "backslashreplace")


def shown_name(name: bytes) -> str:
    """A file name as people read it."""
    return name.decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class FileState:
    """A file as it was last met: enough to tell, without opening it, that it has not changed."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class Source:
    """A file met in a folder. outcome: new, duplicate, ignored or failed, or deleted when a person deleted its photo for good;
    reason says why for the last three."""

    folder: bytes
    name: bytes
    owner_id: int
    state: FileState
    outcome: str
    reason: str | None = None
    key: str | None = None
    photo_id: int | None = None
    inner: bytes | None = None


def folder_id(db: Database, path: bytes, inner: bytes | None = None) -> int:
    """The id of a folder, which is listed when it is not yet, with those it lies in. inner: the path inside an archive, whichever
    archive that is."""
    missing: list[tuple[bytes, bytes | None]] = []
    found: int | None = None
    here: tuple[bytes, bytes | None] | None = (path, inner)
    while here is not None and found is None:
        row = db.conn.execute("select id from folders where path = ?", here[:1]).fetchone()
        if row is not None:
            found = row[0]
        else:
            missing.append(here)
            here = _above(*here)
    for each in reversed(missing):
        (found,) = db.conn.execute(
            "insert into folders (path, inner, parent_id) values (?, ?, ?) returning id", (*each, found)
        ).fetchone()
    assert found is not None
    return found


def _above(path: bytes, inner: bytes | None) -> tuple[bytes, bytes | None] | None:
    """The folder that one lies in, and what that one is inside an archive; None for the root and for what is on no disk."""
    if not path.startswith(b"/") or path == b"/":
        return None
    if inner:
        within = os.path.dirname(inner)
        return path.removesuffix(inner) + within, within
    return os.path.dirname(path.removesuffix(b"!/") if inner is not None else path), None


def saw_source(db: Database, source: Source) -> int:
    """Remember a file, so that next time it need not even be opened; return its id."""
    folder = folder_id(db, source.folder, source.inner)
    db.conn.execute("delete from listings where folder_id = ? and owner_id = ?", (folder, source.owner_id))
    return db.conn.execute(
        """insert into sources (folder_id, name, stem, owner_id, size, mtime_ns, inode, outcome, reason, key, photo_id, seen_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           on conflict (folder_id, name, owner_id) do update set
             size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode, outcome = excluded.outcome,
             reason = excluded.reason, key = excluded.key, photo_id = excluded.photo_id, seen_at = excluded.seen_at,
             gone_at = null
           returning id""",
        (
            folder, source.name, stem(source.name), source.owner_id,
            source.state.size, source.state.mtime_ns, source.state.inode,
            source.outcome, source.reason, source.key, source.photo_id, now(),
        ),
    ).fetchone()[0]  # fmt: skip


_ENDINGS = re.compile(rb"(\.mp(~\d+)?)?\.[a-z0-9]{1,5}$|\.mp(~\d+)?$")


def stem(name: bytes) -> bytes:
    """A file name without what tells the files of one photo apart: IMG_1.HEIC and img_1.mov, PXL_2.MP.jpg and PXL_2.MP."""
    return _ENDINGS.sub(b"", name.lower())


Listed = tuple[bytes, int, int, int]  # name, size, mtime in ns, inode: as scan.Listed


def known_files(db: Database, owner_id: int, folder: bytes) -> tuple[dict[Listed, str], dict[Listed, str]]:
    """(name, size, mtime_ns, inode) -> outcome of every file met in a folder: those that are there, those that went.

    'unread' is the outcome of a file that could not be read for a reason outside itself: the next look tries it again.
    """
    here: dict[Listed, str] = {}
    gone: dict[Listed, str] = {}
    for name, size, mtime_ns, inode, outcome, gone_at in db.conn.execute(
        """select name, size, mtime_ns, inode, outcome, gone_at from sources
           where folder_id = (select id from folders where path = ?) and owner_id = ?""",
        (folder, owner_id),
    ):
        (here if gone_at is None else gone)[name, size, mtime_ns, inode] = outcome
    return here, gone


def files_are_gone(db: Database, owner_id: int, folder: bytes, names: Iterable[bytes]) -> None:
    """Note that files are no longer where they were. Nothing else follows from that: absence never means deletion."""
    _set_gone(db, owner_id, folder, names, now())


def files_are_back(db: Database, owner_id: int, folder: bytes, names: Iterable[bytes]) -> None:
    """Files that went and came again as they were, as those of a disk that was not mounted for a while."""
    _set_gone(db, owner_id, folder, names, None)


def _set_gone(db: Database, owner_id: int, folder: bytes, names: Iterable[bytes], gone_at: str | None) -> None:
    number = folder_id(db, folder)
    db.conn.execute("delete from listings where folder_id = ? and owner_id = ?", (number, owner_id))
    db.conn.executemany(
        "update sources set gone_at = ? where folder_id = ? and owner_id = ? and name = ?",
        [(gone_at, number, owner_id, name) for name in names],
    )


def folder_is_gone(db: Database, owner_id: int, folder: bytes) -> int:
    """Note that a folder is not there any more; return how many files that concerns."""
    number = folder_id(db, folder)
    db.conn.execute("delete from listings where folder_id = ? and owner_id = ?", (number, owner_id))
    return db.conn.execute(
        "update sources set gone_at = ? where folder_id = ? and owner_id = ? and gone_at is null",
        (now(), number, owner_id),
    ).rowcount


def folders_below(db: Database, owner_id: int, path: bytes) -> list[bytes]:
    """The folders at and below a path in which files were met that are not known to be gone; those inside archives are none."""
    rows = db.conn.execute(
        """select path from folders where (path = ? or (path > ? and path < ?)) and inner is null
             and exists (select 1 from sources where folder_id = folders.id and owner_id = ? and gone_at is null)""",
        (path, path + b"/", path + b"0", owner_id),  # '0' follows '/' in ASCII
    )
    return [row[0] for row in rows]


def remember_listing(db: Database, owner_id: int, folder: bytes, digest: bytes, outcomes: Mapping[str, int]) -> None:
    """All files of a folder are known and unchanged; the digest stands for them until one of their rows changes."""
    db.conn.execute(
        """insert into listings (folder_id, owner_id, digest, outcomes) values (?, ?, ?, ?)
           on conflict (folder_id, owner_id) do update set digest = excluded.digest, outcomes = excluded.outcomes""",
        (folder_id(db, folder), owner_id, digest, json.dumps(outcomes)),
    )


def outcomes_of_listing(db: Database, owner_id: int, folder: bytes, digest: bytes) -> dict[str, int] | None:
    """How many files of each outcome a folder holds, when its listing is the remembered one; None when it is not."""
    row = db.conn.execute(
        "select outcomes from listings where folder_id = (select id from folders where path = ?) and owner_id = ? and digest = ?",
        (folder, owner_id, digest),
    ).fetchone()
    return json.loads(row[0]) if row else None


def sources_of(db: Database, key: str) -> list[tuple[bytes, bytes]]:
    """(folder, name) of every place these bytes were met."""
    return db.conn.execute(
        "select folders.path, name from sources join folders on folders.id = folder_id where key = ?", (key,)
    ).fetchall()


def first_places(db: Database, key: str) -> list[Source]:
    """For each owner of these bytes the place where they were first met; one that is still there before one that is gone."""
    places: dict[int, Source] = {}
    for row in db.conn.execute(
        """select folders.path, name, owner_id, size, mtime_ns, inode, outcome, reason, key, photo_id, inner
           from sources join folders on folders.id = folder_id where key = ? order by gone_at is not null, sources.id""",
        (key,),
    ):
        folder, name, owner_id, size, mtime_ns, inode, *rest = row
        places.setdefault(owner_id, Source(folder, name, owner_id, FileState(size, mtime_ns, inode), *rest))
    return list(places.values())


def unlisted_originals(db: Database) -> list[str]:
    """The keys of originals that are neither a photo nor a part of one. (A question about the catalog's own tables.)"""
    rows = db.conn.execute(
        """select key from originals where not exists (select 1 from photos where photos.key = originals.key)
             and not exists (select 1 from parts where parts.key = originals.key) order by key"""
    )
    return [row[0] for row in rows]


class Failure(NamedTuple):
    """A file that was met and could not be kept, or was kept and cannot be shown; then photo_id says as which photo."""

    path: str
    reason: str
    photo_id: int | None


def failed(db: Database, owner_id: int | None = None, size: int = 1000) -> list[Failure]:
    """Every file that failed, of one owner or of all."""
    rows = db.conn.execute(
        """select folders.path, name, coalesce(reason, 'It could not be read.'), photo_id
           from sources join folders on folders.id = folder_id
           where gone_at is null and outcome in ('failed', 'unread') and (? is null or owner_id = ?)
           order by folders.path, name limit ?""",
        (owner_id, owner_id, size),
    )
    return [Failure(shown_path(folder, name), reason, photo_id) for folder, name, reason, photo_id in rows]


def retry_failed(db: Database, owner_id: int | None = None) -> int:
    """The files, of one owner or of all, that were turned away when they arrived are tried again by the next look; return how many are
    there.

    Folders and archives that hold one of them are no longer known as unchanged.
    """
    rows = db.conn.execute(
        """update sources set outcome = 'unread' where outcome = 'failed' and photo_id is null
             and folder_id not in (select id from folders where path >= ? and path < ?) and (? is null or owner_id = ?)
           returning folder_id, gone_at""",
        (UPLOADS, UPLOADS + b"\xff", owner_id, owner_id),  # what they held is not here to be tried again
    ).fetchall()
    folders = {folder for folder, _ in rows}
    db.conn.executemany("delete from listings where folder_id = ?", [(folder,) for folder in folders])
    inside = [
        path
        for (path,) in db.conn.execute(
            """select path from folders where inner is not null
                 and id in (select folder_id from sources where outcome = 'unread')"""
        )
    ]
    whole = db.conn.execute(
        """select sources.id, path, name from sources join folders on folders.id = folder_id
           where path >= ? and path < ?""",
        (ARCHIVES, ARCHIVES + b"\xff"),
    ).fetchall()
    for number, path, name in whole:
        if any(each.startswith(path.removeprefix(ARCHIVES) + b"/" + name + b"!/") for each in inside):
            db.conn.execute("delete from sources where id = ?", (number,))
    return sum(gone_at is None for _, gone_at in rows)


def failed_count(db: Database, owner_id: int | None = None) -> int:
    """How many files failed, of one owner or of all."""
    return db.conn.execute(
        """select count(*) from sources
           where gone_at is null and outcome in ('failed', 'unread') and (? is null or owner_id = ?)""",
        (owner_id, owner_id),
    ).fetchone()[0]


def outcomes_below(db: Database, owner_id: int, path: bytes) -> dict[str, int]:
    """How many files of each outcome were met in folders whose path begins with these bytes."""
    rows = db.conn.execute(
        """select outcome, count(*) from sources join folders on folders.id = folder_id
           where folders.path >= ? and folders.path < ? and owner_id = ? group by outcome""",
        (path, path + b"\xff", owner_id),
    )
    return dict(rows.fetchall())


def photo_failed(db: Database, photo_id: int, reason: str) -> None:
    """The files of a photo count as failed, with the reason."""
    _forget_listings(db, photo_id)
    db.conn.execute("update sources set outcome = 'failed', reason = ? where photo_id = ?", (reason, photo_id))


def photo_recovered(db: Database, photo_id: int) -> None:
    """Another try went well: its files are simply here."""
    _forget_listings(db, photo_id)
    db.conn.execute(
        "update sources set outcome = 'duplicate', reason = null where photo_id = ? and outcome = 'failed'", (photo_id,)
    )


DELETED = Said(
    "Its photo was deleted for good in photolib, so it is left alone. `photolib import --deleted` brings it back."
)


def photo_is_deleted(db: Database, photo_id: int) -> None:
    """The files of a photo are remembered as those of one that was deleted for good: no look through their folders brings it back."""
    _forget_listings(db, photo_id)
    db.conn.execute(
        "update sources set outcome = 'deleted', reason = ?, photo_id = null where photo_id = ?", (DELETED, photo_id)
    )


def photo_is_back(db: Database, owner_id: int, key: str, photo_id: int) -> None:
    """Somebody brought back what they had deleted for good: the files it was met as are its own again, wherever they lie."""
    db.conn.execute("delete from deleted_photos where owner_id = ? and key = ?", (owner_id, key))
    db.conn.execute(
        """update sources set outcome = 'duplicate', reason = null, photo_id = ?
           where key = ? and owner_id = ? and outcome = 'deleted'""",
        (photo_id, key, owner_id),
    )
    _forget_listings(db, photo_id)


def _forget_listings(db: Database, photo_id: int) -> None:
    db.conn.execute(
        "delete from listings where folder_id in (select folder_id from sources where photo_id = ?)", (photo_id,)
    )


def photos_of(db: Database, owner_id: int, folder: bytes) -> dict[bytes, int]:
    """File name -> photo id, for a folder's files that became photos."""
    rows = db.conn.execute(
        """select name, photo_id from sources join folders on folders.id = folder_id
           where path = ? and owner_id = ? and photo_id is not null and gone_at is null""",
        (folder, owner_id),
    )
    return dict(rows.fetchall())


def photos_inside(db: Database, owner_id: int, inner: bytes) -> list[tuple[bytes, int]]:
    """(file name, photo id) of what came from this folder of any archive."""
    return db.conn.execute(
        """select name, photo_id from sources join folders on folders.id = folder_id
           where inner = ? and owner_id = ? and photo_id is not null""",
        (inner, owner_id),
    ).fetchall()


# ---------------------------------------------------------------- uploads


def is_taken(db: Database, source: Source, key: str) -> bool:
    """Whether another file than this one was met under its name. One that failed makes room."""
    row = db.conn.execute(
        """select key, size, mtime_ns, outcome from sources
           where folder_id = (select id from folders where path = ?) and name = ? and owner_id = ?""",
        (source.folder, source.name, source.owner_id),
    ).fetchone()
    if row is None or row[3] in ("failed", "unread"):
        return False
    return row[0] != key if row[0] else row[1:3] != (source.state.size, source.state.mtime_ns)


def has_sidecars(db: Database, owner_id: int, folder: bytes) -> bool:
    row = db.conn.execute(
        "select 1 from sidecars where folder_id = (select id from folders where path = ?) and owner_id = ? limit 1",
        (folder, owner_id),
    ).fetchone()
    return row is not None


def old_failures_are_gone(db: Database, before: str) -> None:
    """Uploads that failed before a moment are no longer listed: there is no file that could be mended."""
    db.conn.execute(
        """update sources set gone_at = ? where outcome in ('failed', 'unread') and photo_id is null and gone_at is null and seen_at < ?
             and folder_id in (select id from folders where path >= ? and path < ?)""",
        (now(), before, UPLOADS, UPLOADS + b"\xff"),
    )


# ---------------------------------------------------------------- sidecars


@dataclass(frozen=True)
class Sidecar:
    """A file that speaks about photos: kind is xmp, takeout, album, or photolib for one of our own exports."""

    kind: str
    body: bytes


def keep_sidecar(
    db: Database, owner_id: int, folder: bytes, name: bytes, sidecar: Sidecar, inner: bytes | None = None
) -> int:
    """Keep a sidecar whole; return its id. A newer one of the same name takes its place."""
    return db.conn.execute(
        """insert into sidecars (owner_id, folder_id, name, kind, body) values (?, ?, ?, ?, ?)
           on conflict (folder_id, name, owner_id) do update set kind = excluded.kind, body = excluded.body returning id""",
        (owner_id, folder_id(db, folder, inner), name, sidecar.kind, sidecar.body),
    ).fetchone()[0]


def attach_sidecar(db: Database, photo_id: int, sidecar_id: int) -> bool:
    """Say that a sidecar speaks about a photo; return whether that is news."""
    return bool(
        db.conn.execute(
            "insert into photo_sidecars (photo_id, sidecar_id) values (?, ?) on conflict (photo_id, sidecar_id) do nothing",
            (photo_id, sidecar_id),
        ).rowcount
    )


def kept_sidecars(db: Database, owner_id: int, folder: bytes) -> dict[bytes, tuple[int, Sidecar]]:
    """File name -> (id, sidecar) of everything kept for a folder."""
    rows = db.conn.execute(
        """select name, sidecars.id, kind, body from sidecars join folders on folders.id = folder_id
           where path = ? and owner_id = ?""",
        (folder, owner_id),
    )
    return {row[0]: (row[1], Sidecar(row[2], row[3])) for row in rows}


def sidecars(db: Database, photo_id: int) -> list[Sidecar]:
    """What was found beside a photo's files, in the order it came."""
    rows = db.conn.execute(
        """select kind, body from sidecars join photo_sidecars on sidecar_id = id where photo_id = ? order by id""",
        (photo_id,),
    )
    return [Sidecar(*row) for row in rows]


def sidecar_ids(db: Database, photo_id: int) -> set[int]:
    rows = db.conn.execute("select sidecar_id from photo_sidecars where photo_id = ?", (photo_id,))
    return {row[0] for row in rows}


def first_met(db: Database, photo_id: int) -> tuple[str, int] | None:
    """(file name, mtime in ns) of the place a photo's shown file was first met."""
    row = db.conn.execute(
        """select name, mtime_ns from sources join photos on photos.id = photo_id and photos.key = sources.key
           where photo_id = ? order by sources.id limit 1""",
        (photo_id,),
    ).fetchone()
    return (shown_name(row[0]), row[1]) if row else None


# ---------------------------------------------------------------- libraries


def library_is(db: Database, path: bytes, state: str, note: str = "", scanned: bool = False) -> None:
    """Note the state of a watched folder: online, scanning, offline, or paused by a problem of ours. note is a sentence."""
    db.conn.execute(
        """insert into libraries (path, state, note, checked_at, scanned_at) values (?, ?, ?, ?, ?)
           on conflict (path) do update set state = excluded.state, note = excluded.note, checked_at = excluded.checked_at,
             scanned_at = coalesce(excluded.scanned_at, libraries.scanned_at)""",
        (path, state, note, now(), now() if scanned else None),
    )


def library_states(db: Database) -> dict[bytes, dict[str, Any]]:
    rows = db.conn.execute("select path, state, note, checked_at, scanned_at from libraries")
    return {
        row[0]: {"state": row[1], "note": row[2], "checked_at": row[3], "scanned_at": row[4]} for row in rows.fetchall()
    }


def has_sources_below(db: Database, path: bytes) -> bool:
    """Whether any file was ever met at or below a folder: an empty folder that once held photos is suspicious."""
    row = db.conn.execute(
        """select 1 from sources join folders on folders.id = folder_id
           where (folders.path = ? or (folders.path > ? and folders.path < ?)) and inner is null and gone_at is null limit 1""",
        (path, path + b"/", path + b"0"),  # '0' follows '/' in ASCII
    ).fetchone()
    return row is not None


def some_below(db: Database, path: bytes, size: int = 100) -> list[bytes]:
    """The whole paths of a few files at and below a folder that are not known to be gone; those inside archives are none."""
    rows = db.conn.execute(
        """select folders.path, name from sources join folders on folders.id = folder_id
           where (folders.path = ? or (folders.path > ? and folders.path < ?)) and inner is null and gone_at is null limit ?""",
        (path, path + b"/", path + b"0", size),
    )
    return [folder + b"/" + name for folder, name in rows]
