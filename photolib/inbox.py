"""A user's inbox: the folders and files that their phones and programs have put here, as they will ask for them again.

It is a list. What was put became a photo by the way all uploads go, and stays one, whatever becomes of its line here: a client that
deletes, moves or overwrites something changes the list. Functions that write expect to be inside `db.write()`.
"""

import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from photolib.errors import BadInput, NotFound, Refused

LONGEST_NAME = 255  # bytes
DEEPEST = 32  # folders in one another
MOST = 1_000_000  # lines of one user
PAGE = 1000  # lines read at a time
LARGEST_BODY, MOST_BODIES = 64 << 10, 16 << 20  # bytes of one small file that is no photo; of all those of one user
LATEST = 2**40  # seconds since 1970 that a client may say

# What macOS, Windows and Linux leave in every folder they open. Nobody means it to be a photo.
_JUNK = re.compile(
    r"\._.*|\.DS_Store|\.localized|\.hidden|\.Spotlight-V100|\.Trashes|\.Trash-\d+|\.fseventsd|\.TemporaryItems"
    r"|\.metadata_never_index.*|\.com\.apple\..*|\.nomedia|\.directory|desktop\.ini|thumbs\.db|ehthumbs.*\.db|autorun\.inf",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"\.(?:part|partial|tmp|temp|filepart|upload|uploading|crdownload)$", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A folder or a file of an inbox. id 0: the inbox itself. Moments are seconds since 1970."""

    id: int
    owner_id: int
    parent_id: int | None
    name: str
    is_folder: bool
    size: int
    modified_at: int
    added_at: int
    key: str | None = None
    checksums: str | None = None
    photo_id: int | None = None


_COLUMNS = ", ".join(Line.__dataclass_fields__)
_AT = "owner_id = ? and coalesce(parent_id, 0) = ?"  # as the index has it


def top(owner_id: int) -> Line:
    """The inbox itself."""
    return Line(0, owner_id, None, "", True, 0, 0, 0)


# ---------------------------------------------------------------- names


def words(path: str) -> list[str]:
    """The names in a path, composed as Unicode has them (NFC): a Mac writes its file names otherwise. Raises BadInput."""
    names = [unicodedata.normalize("NFC", each) for each in path.split("/") if each]
    for name in names:
        check_name(name)
    if len(names) > DEEPEST:
        raise BadInput("Folders can lie %(most)s deep at most.", most=DEEPEST)
    return names


def check_name(name: str) -> None:
    """Raises BadInput for a name that nothing can have."""
    if name in (".", "..") or re.search(r"[\x00-\x1f\x7f\ud800-\udfff\\]", name):
        raise BadInput("Names cannot hold line breaks, backslashes or other characters that control something.")
    if len(name.encode()) > LONGEST_NAME:
        raise BadInput("This name is too long: at most %(most)s bytes.", most=LONGEST_NAME)


def is_junk(name: str) -> bool:
    """Whether it is one of the small files that clients leave in every folder."""
    return _JUNK.fullmatch(name) is not None


def finished_name(name: str) -> str:
    """What a file will be called, where a client sends it under a name for the time being."""
    return _UNFINISHED.sub("", name) or name


# ---------------------------------------------------------------- asking


def find(db: Database, owner_id: int, names: Sequence[str]) -> Line | None:
    """The line at a path; None when there is none."""
    found: Line | None = top(owner_id)
    for name in names:
        if found is None or not found.is_folder:
            return None
        found = child(db, found, name)
    return found


def child(db: Database, folder: Line, name: str) -> Line | None:
    row = db.conn.execute(
        f"select {_COLUMNS} from inbox where {_AT} and name = ?", (folder.owner_id, folder.id, name)
    ).fetchone()
    return _line(row) if row else None


def children(db: Database, folder: Line) -> Iterator[Line]:
    """What lies in a folder, by name: a page at a time, however much it is."""
    last = ""
    while True:
        rows = db.conn.execute(
            f"select {_COLUMNS} from inbox where {_AT} and name > ? order by name limit ?",
            (folder.owner_id, folder.id, last, PAGE),
        ).fetchall()
        yield from map(_line, rows)
        if len(rows) < PAGE:
            return
        last = rows[-1][3]


def body(db: Database, line: Line) -> bytes | None:
    """The bytes of a small file that is no photo; None where they were not kept."""
    row = db.conn.execute("select body from inbox where id = ?", (line.id,)).fetchone()
    return row[0] if row else None


def _line(row: Sequence[Any]) -> Line:
    line = Line(*row)
    return replace(line, is_folder=bool(line.is_folder))


# ---------------------------------------------------------------- changing


def make_folder(db: Database, parent: Line, name: str) -> Line:
    """Raises BadInput when something of that name is there."""
    check_name(name)
    if child(db, parent, name) is not None:
        raise BadInput("There is something of this name already.")
    return _insert(db, parent, name, is_folder=True)


def keep(
    db: Database,
    parent: Line,
    name: str,
    size: int,
    modified_at: int | None = None,
    key: str | None = None,
    checksums: str | None = None,
    photo_id: int | None = None,
    body: bytes | None = None,
) -> Line:
    """Write down that a file came, in place of what was there under its name. Raises NotFound when its folder is gone meanwhile."""
    check_name(name)
    before = child(db, parent, name)
    if before is not None:
        db.conn.execute("delete from inbox where id = ?", (before.id,))
    if body is not None and (len(body) > LARGEST_BODY or _bodies(db, parent.owner_id) + len(body) > MOST_BODIES):
        body = None
    return _insert(
        db, parent, name, size=size, modified_at=modified_at, key=key, checksums=checksums, photo_id=photo_id, body=body
    )


def _insert(
    db: Database,
    parent: Line,
    name: str,
    is_folder: bool = False,
    size: int = 0,
    modified_at: int | None = None,
    key: str | None = None,
    checksums: str | None = None,
    photo_id: int | None = None,
    body: bytes | None = None,
) -> Line:
    if parent.id and not db.conn.execute("select 1 from inbox where id = ? and is_folder", (parent.id,)).fetchone():
        raise NotFound("This folder is not there any more.")
    now = int(time.time())
    row = db.conn.execute(
        f"""insert into inbox (owner_id, parent_id, name, is_folder, size, modified_at, added_at, key, checksums, photo_id, body)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning {_COLUMNS}""",
        (
            parent.owner_id, parent.id or None, name, is_folder, size, now if modified_at is None else modified_at, now, key, checksums,
            photo_id, body,
        ),
    ).fetchone()  # fmt: skip
    return _line(row)


def _bodies(db: Database, owner_id: int) -> int:
    row = db.conn.execute(
        "select coalesce(sum(length(body)), 0) from inbox where owner_id = ? and body is not null", (owner_id,)
    ).fetchone()
    return row[0]


def set_modified(db: Database, line: Line, modified_at: int) -> None:
    """The time that a client says a file has."""
    db.conn.execute("update inbox set modified_at = ? where id = ?", (modified_at, line.id))


def remove(db: Database, line: Line) -> None:
    """Take a file, or a folder with all in it, off the list. Its photos stay."""
    db.conn.execute("delete from inbox where id = ?", (line.id,))


def move(db: Database, line: Line, parent: Line, name: str, depth: int) -> None:
    """Put a file or folder elsewhere, in place of what is there. depth: how deep the new place is. Raises BadInput."""
    _make_way(db, line, parent, name, depth)
    db.conn.execute("update inbox set parent_id = ?, name = ? where id = ?", (parent.id or None, name, line.id))


def copy(db: Database, line: Line, parent: Line, name: str, depth: int, is_deep: bool = True) -> None:
    """List a file or folder a second time, in place of what is there. Raises BadInput, and Refused when the list would be too long."""
    _make_way(db, line, parent, name, depth)
    row = db.conn.execute("select count(*) from inbox where owner_id = ?", (line.owner_id,)).fetchone()
    if row[0] + (_size(db, line) if is_deep else 1) > MOST:
        raise Refused("There is too much in this inbox to copy that.")
    todo = [(line.id, parent.id or None, name)]
    while todo:
        line_id, parent_id, called = todo.pop()
        new_id = db.conn.execute(
            """insert into inbox (owner_id, parent_id, name, is_folder, size, modified_at, added_at, key, checksums, photo_id)
               select owner_id, ?, ?, is_folder, size, modified_at, added_at, key, checksums, photo_id from inbox where id = ?
               returning id""",
            (parent_id, called, line_id),
        ).fetchone()[0]
        if line.is_folder and is_deep:
            rows = db.conn.execute("select id, name from inbox where parent_id = ?", (line_id,)).fetchall()
            todo += [(each, new_id, called) for each, called in rows]


def _make_way(db: Database, line: Line, parent: Line, name: str, depth: int) -> None:
    check_name(name)
    if depth + _height(db, line) > DEEPEST:
        raise BadInput("Folders can lie %(most)s deep at most.", most=DEEPEST)
    there = child(db, parent, name)
    if there is not None and there.id != line.id:
        remove(db, there)


_BELOW = """with recursive below (id, depth) as (
  select ?, 0 union all select inbox.id, depth + 1 from below join inbox on parent_id = below.id)"""


def _height(db: Database, line: Line) -> int:
    if not line.is_folder:
        return 0
    return db.conn.execute(f"{_BELOW} select max(depth) from below", (line.id,)).fetchone()[0]


def _size(db: Database, line: Line) -> int:
    return db.conn.execute(f"{_BELOW} select count(*) from below", (line.id,)).fetchone()[0]


# ---------------------------------------------------------------- wishes


def makes_albums(db: Database, owner_id: int) -> bool:
    """Whether the folders of somebody's inbox become albums."""
    row = db.conn.execute("select inbox_albums from users where id = ?", (owner_id,)).fetchone()
    return bool(row and row[0])


def set_makes_albums(db: Database, owner_id: int, wanted: bool) -> None:
    db.conn.execute("update users set inbox_albums = ? where id = ?", (wanted, owner_id))
