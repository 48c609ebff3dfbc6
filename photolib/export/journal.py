"""What an export has written so far, noted in the export itself: a line of JSON for each file, in `.photolib-export/files.jsonl`.

By it a second run knows which files are ours, and so which may be replaced, and goes on where the first one stopped. Without the
journal nothing is lost: files that are there are compared by their bytes.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import IO

from photolib.errors import BadInput
from photolib.export.names import Names
from photolib.store import flush_folder

FOLDER = ".photolib-export"
FILES = "files.jsonl"
DRAFT = "draft-"


@dataclass(frozen=True)
class Entry:
    """A file of ours: what it held and when it changed last, as it was written. photo: the key of the photo it belongs to, slot: in
    which of its places it lies, stem: its path without the endings; empty for a file about the whole export. is_home: the photo's shown
    file in its first place."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    photo: str = ""
    slot: str = ""
    stem: str = ""
    is_home: bool = False


class Journal:
    """The journal of one export folder. Used by one thread. is_dry: it is read, and nothing is made or changed."""

    def __init__(self, dest: Path, names: Names, is_dry: bool = False) -> None:
        """Raises BadInput when another export into this folder is under way."""
        self._names = names
        self._db = names.db
        self._db.execute(
            """create table entries (path text primary key, sha256 text, size int, mtime_ns int, photo text, slot text, stem text,
                 is_home int) without rowid"""
        )
        self._db.execute("create table contents (sha256 text primary key) without rowid")
        self.folder = dest / FOLDER
        self._file: IO[str] | None = None
        if not is_dry:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = (self.folder / FILES).open("a", encoding="utf-8")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                self._file.close()
                raise BadInput("Another export into this folder is under way.") from problem
            except OSError:
                pass  # a file system without locks: then nobody else is kept out
            for draft in self.folder.glob(f"{DRAFT}*"):  # of a run that was killed
                draft.unlink(missing_ok=True)
        self._read()

    def _read(self) -> None:
        torn = False
        self._db.execute("begin")
        with (
            contextlib.suppress(FileNotFoundError),
            (self.folder / FILES).open(encoding="utf-8", errors="replace") as lines,
        ):
            for line in lines:
                torn = not line.endswith("\n")
                with contextlib.suppress(
                    ValueError, TypeError, sqlite3.Error
                ):  # the last line of a run that was killed
                    entry = Entry(**json.loads(line))
                    if _is_inside(entry.path) and (not entry.stem or _is_inside(entry.stem)):
                        self._learn(entry)
        self._db.execute("commit")
        if torn and self._file:
            self._file.write("\n")

    def _learn(self, entry: Entry) -> None:
        self._db.execute("insert or replace into entries values (?, ?, ?, ?, ?, ?, ?, ?)", astuple(entry))
        self._db.execute("insert or ignore into contents values (?)", (entry.sha256,))
        if entry.stem:
            self._names.remember(entry.photo, entry.slot, entry.stem)
        if entry.is_home:
            self._names.lies_at(entry.photo, entry.path)

    def entry(self, path: str) -> Entry | None:
        row = self._db.execute("select * from entries where path = ?", (path,)).fetchone()
        return Entry(*(*row[:-1], bool(row[-1]))) if row else None

    def has_content(self, sha256: str) -> bool:
        """Whether some file of ours was written with this content."""
        return self._db.execute("select 1 from contents where sha256 = ?", (sha256,)).fetchone() is not None

    def note(self, entry: Entry) -> None:
        self._learn(entry)
        if self._file:
            said = {name: value for name, value in vars(entry).items() if value not in ("", False)}
            self._file.write(json.dumps(said, ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """What was noted survives a power cut. The files it speaks of, and their folders, have to be flushed before."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file:
            self.flush()
            with contextlib.suppress(OSError):
                flush_folder(self.folder)
            self._file.close()


def _is_inside(path: str) -> bool:
    """Whether a path leads nowhere but into the export: somebody else may have written on that disk since."""
    return (
        not path.startswith("/") and "\0" not in path and all(each not in ("", ".", "..") for each in path.split("/"))
    )
