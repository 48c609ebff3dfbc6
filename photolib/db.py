"""The database: connect, write(), migrations, and whatever only SQLite has (pragmas, backup) behind named functions."""

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from photolib.errors import DatabaseFailed, StorageFailed, TryLater
from photolib.migrations import schema

BUSY_SECONDS = 30

Write = Callable[[Database], None]  # what a step's result does inside a write transaction

_one_writer = (
    threading.Lock()
)  # threads of one process queue up here, fairly; other processes meet at SQLite's own lock


class Connections:
    """One connection per thread to one database file; `here` is the calling thread's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    @property
    def here(self) -> Database:
        if not hasattr(self._local, "db"):
            self._local.db = connect(self.path)
        return self._local.db

    def close_here(self) -> None:
        """Close the calling thread's connection, if it has one. Threads that end call this."""
        if hasattr(self._local, "db"):
            self._local.db.close()
            del self._local.db


def connect(path: Path) -> Database:
    """Open the database at path. Raises DatabaseFailed with a sentence when that cannot be done."""
    try:
        raw = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        raw.execute("pragma foreign_keys = on")
        raw.execute("pragma journal_mode = wal")
        raw.execute("pragma synchronous = normal")
        raw.execute("pragma cache_size = -16000")
        raw.execute("pragma temp_store = memory")
    except sqlite3.Error as problem:
        raise explained(problem, path) from problem
    return Database(raw, execute_plugins=False)


@contextmanager
def write(db: Database, durable: bool = False) -> Iterator[Database]:
    """One short write transaction. It takes the write lock first, so what it reads cannot go stale under it.

    durable: when this returns, the rows survive a power cut (the log is flushed); otherwise the last fraction of a second
    may be lost, which is right for whatever can be worked out again. Raises TryLater when another process keeps the
    database busy for BUSY_SECONDS, StorageFailed on a full disk, DatabaseFailed otherwise.
    """
    with _one_writer, _transaction(db, durable):
        yield db


@contextmanager
def write_if_free(db: Database) -> Iterator[Database]:
    """write() for what may as well be written another time. Raises TryLater at once when somebody else is writing, or when nothing can be
    written at the moment: looking at photos goes on while the disk is full."""
    if not _one_writer.acquire(blocking=False):
        raise TryLater("The database is being written to.")
    try:
        db.conn.execute("pragma busy_timeout = 0")
        with _transaction(db, durable=False):
            yield db
    except (StorageFailed, DatabaseFailed) as problem:
        raise TryLater(str(problem)) from problem
    finally:
        db.conn.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
        _one_writer.release()


@contextmanager
def _transaction(db: Database, durable: bool) -> Iterator[None]:
    if db.conn.in_transaction:
        raise RuntimeError("write() inside write(): pass the transaction's database on instead")
    try:
        if durable:
            db.conn.execute("pragma synchronous = full")
        db.conn.execute("begin immediate")
        try:
            yield
            db.conn.execute("commit")
        except BaseException:
            if db.conn.in_transaction:
                db.conn.execute("rollback")
            raise
        finally:
            if durable:
                db.conn.execute("pragma synchronous = normal")
    except sqlite3.IntegrityError:
        raise  # a bug of ours, not a state of the machine
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as problem:
        raise explained(problem) from problem


def explained(problem: sqlite3.Error, path: Path | None = None) -> Exception:
    """The problem as one of ours where it is a state of the machine, itself where it is a bug."""
    where = f"The database {path}" if path else "The database"
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return TryLater(
            "%(file)s was kept busy by another process for %(seconds)s seconds.", file=where, seconds=BUSY_SECONDS
        )
    if code in (sqlite3.SQLITE_FULL,):
        return StorageFailed(
            "The disk that holds the database is full. Free some space and start again; nothing kept is lost."
        )
    if code in (sqlite3.SQLITE_IOERR,):
        return StorageFailed(
            f"{where} could not be read or written ({problem}). Look at the disk that holds the data folder."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return DatabaseFailed(f"{where} cannot be written ({problem}). Look at the rights of the data folder.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseFailed(
            f"{where} is damaged ({problem}). Your originals are untouched. Restore the newest copy from the backups folder."
        )
    return problem


def migrate(path: Path, backups: Path) -> list[str]:
    """Bring the database at path to this program's schema; return the names of the migrations that ran.

    A database that already holds something is copied into backups first. Each migration is one transaction, so a kill
    in the middle leaves the state before it. Raises DatabaseFailed when a newer photolib has been here.
    """
    try:
        gate = open(path.with_name(path.name + ".migrating"), "w")  # noqa: SIM115
    except OSError as problem:
        raise StorageFailed(f"The data folder {path.parent} cannot be written: {problem.strerror}.") from problem
    with gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # two processes started at once: the second finds nothing left to do
        db = connect(path)
        try:
            known = {each.name for each in schema._migrations}
            unknown = [each.name for each in schema.applied(db) if each.name not in known]
            if unknown:
                raise DatabaseFailed(
                    f"{path} was made by a newer photolib (it has {', '.join(unknown)}). Update photolib; nothing was changed."
                )
            pending = [each.name for each in schema.pending(db)]
            if pending:
                if schema.applied(db):
                    copy_to(db, backups / f"before-{pending[0]}-{datetime.now(UTC):%Y%m%dT%H%M%S}.db")
                schema.apply(db)
            return pending
        except sqlite3.Error as problem:
            raise explained(problem, path) from problem
        finally:
            db.close()


def copy_to(db: Database, target: Path) -> None:
    """Write a consistent copy of the whole database, while others read and write it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy = sqlite3.connect(target)
    try:
        db.conn.backup(copy)
    finally:
        copy.close()


def quick_check(db: Database) -> list[str]:
    """What SQLite finds wrong with its own file; empty when all is well. Raises what explained() makes of a disk that fails."""
    try:
        rows = [row[0] for row in db.conn.execute("pragma quick_check(10)")]
    except sqlite3.DatabaseError as problem:
        if (getattr(problem, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return [str(problem)]
        raise explained(problem) from problem
    return [] if rows == ["ok"] else rows
