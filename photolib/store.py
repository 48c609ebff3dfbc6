"""The content-addressed store: a file's name is the SHA-256 of its bytes.

Storing twice is harmless, an address never goes stale, and `sha256sum` checks a backup. Originals are written once and
never changed. One function of the whole program removes one: `remove`, which trash.py calls and nobody else.
"""

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from photolib.errors import NotFound, StorageFailed, TryLater

CHUNK = 1 << 20
FICLONE = 0x40049409  # ioctl of linux/fs.h: share the extents of another file (btrfs, XFS, bcachefs)


@dataclass(frozen=True)
class Stored:
    """What put() kept: the key, the size in bytes, and whether these bytes were here before."""

    key: str
    size: int
    was_here: bool


@dataclass(frozen=True)
class Draft:
    """A file of our own on the store's disk whose bytes have been flushed and read back: their key, and how many they are."""

    path: Path
    key: str
    size: int


Check = Callable[[int], None]


def anything(size: int) -> None:
    """The check that lets everything pass."""


class Originals(Protocol):
    """What photolib asks of a place that keeps originals. Keys are SHA-256, lower-case hex."""

    def put(self, source: BinaryIO, extension: str, check: Check = anything) -> Stored:
        """Keep a copy of everything source yields; when this returns, the bytes are durable and were read back equal.

        check is called with their number before they are given their name; what it raises leaves nothing behind.
        """

    def take_over(self, draft: Draft, extension: str) -> Stored:
        """Make a draft an original, without reading it again; as durable as put(). The draft may stay, if these bytes were here."""

    def open(self, key: str) -> BinaryIO:
        """The bytes from the start, seekable. Raises NotFound."""

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        """A path that holds the bytes while the block runs. Raises NotFound."""

    def size(self, key: str) -> int:
        """In bytes. Raises NotFound."""

    def has(self, key: str) -> bool: ...

    def keys(self, changed_since: float = 0.0) -> Iterator[str]:
        """Every key, in order; with changed_since (seconds since 1970) at least those that came after it."""

    def remove(self, key: str) -> None:
        """Delete the bytes for good. Only for trash.py, which knows that nobody needs them. Nothing happens when they are gone."""


class LocalOriginals:
    """originals/ab/cd/<key>.<ext> on a disk of this machine. Drafts lie in tmp/ on the same file system."""

    def __init__(self, root: Path, drafts: Path) -> None:
        self._root = root
        self._drafts = drafts

    def put(self, source: BinaryIO, extension: str, check: Check = anything) -> Stored:
        """Clone or copy source into a draft, hash it on the way, flush it, read it back, and give it its name.

        Raises StorageFailed when the disk is full or does not return what it was given; whatever source raises passes
        through. In each case no draft is left behind.
        """
        with self._draft() as draft:
            written = None if _clone(source, draft) else _copy(source, draft)
            check(os.fstat(draft.fileno()).st_size)
            with _our_disk():
                os.fsync(draft.fileno())
                if written is not None:
                    _forget_cached(draft)
                # A clone shares the source's blocks: reading it once is the hash and the reading back in one.
                key, size = _digest(draft)
                if written not in (None, (key, size)):
                    raise StorageFailed(
                        "The disk returned other bytes than were written to it. "
                        "Nothing was kept of this file; check the disk of the data folder."
                    )
                found = self._find(key)
                if found is not None and found.stat().st_size == size:
                    flush_folder(found.parent)  # another process may have put it there a moment ago
                    return Stored(key, size, was_here=True)
                home = found or self._home(key, extension)  # one that lost its end is replaced
                os.fchmod(draft.fileno(), 0o444)
                _make_folder(home.parent, self._root)
                os.rename(draft.name, home)
                flush_folder(home.parent)
                return Stored(key, size, was_here=False)

    def take_over(self, draft: Draft, extension: str) -> Stored:
        """Give a draft its name in the store. Asked again after a crash, it finds what it did. Raises StorageFailed."""
        found = self._find(draft.key)
        try:
            if found is not None and found.stat().st_size == draft.size:
                os.chmod(found, 0o444)
                flush_folder(found.parent)
                return Stored(draft.key, draft.size, was_here=True)
            home = found or self._home(draft.key, extension)
            _make_folder(home.parent, self._root)
            os.rename(draft.path, home)
            os.chmod(home, 0o444)
            flush_folder(home.parent)
        except OSError as problem:
            if problem.errno == errno.EXDEV:  # uploads/ lies on a disk of its own
                with draft.path.open("rb") as file:
                    return self.put(file, extension)
            raise storage_problem(problem, self._root) from problem
        return Stored(draft.key, draft.size, was_here=False)

    @contextmanager
    def _draft(self) -> Iterator[BinaryIO]:
        """A draft file that is gone afterwards, unless it was renamed. It is locked, so that others can tell it is in use."""
        self._drafts.mkdir(parents=True, exist_ok=True)
        try:
            draft = tempfile.NamedTemporaryFile(dir=self._drafts, prefix="draft-", delete=False)  # noqa: SIM115
        except OSError as problem:
            raise storage_problem(problem, self._drafts) from problem
        with draft:
            fcntl.flock(draft, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                yield draft  # type: ignore[misc]
            except _DiskProblem as problem:
                raise storage_problem(problem.cause, self._drafts) from problem.cause
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(draft.name)

    def open(self, key: str) -> BinaryIO:
        return self.path(key).open("rb")

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        yield self.path(key)

    def size(self, key: str) -> int:
        return self.path(key).stat().st_size

    def has(self, key: str) -> bool:
        return self._find(key) is not None

    def path(self, key: str) -> Path:
        """Where the original lies. Raises NotFound."""
        found = self._find(key)
        if found is None:
            raise NotFound(f"The original {key} is missing from the store. `photolib verify` tells more.")
        return found

    def keys(self, changed_since: float = 0.0) -> Iterator[str]:
        for folder in self._folders():
            if folder.stat().st_mtime >= changed_since:
                yield from sorted(name.partition(".")[0] for name in os.listdir(folder) if len(name) > 64)

    def remove(self, key: str) -> None:
        """Delete the bytes for good, so that a power cut does not bring them back. Only for trash.py, which knows that nobody needs
        them. Nothing happens when they are gone. Raises StorageFailed when the disk does not let go of them."""
        found = self._find(key)
        if found is None:
            return
        try:
            found.unlink(missing_ok=True)
            flush_folder(found.parent)
        except OSError as problem:
            raise storage_problem(problem, self._root) from problem

    def sweep(self) -> int:
        """Remove the drafts of processes that died; return how many. A draft in use is locked and stays."""
        removed = 0
        for path in self._drafts.glob("draft-*"):
            with contextlib.suppress(OSError), path.open("rb") as draft:
                fcntl.flock(draft, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
        return removed

    def _home(self, key: str, extension: str) -> Path:
        return self._root / key[:2] / key[2:4] / f"{key}.{extension}"

    def _find(self, key: str) -> Path | None:
        if len(key) != 64 or not set(key) <= _HEX:
            return None
        folder = self._root / key[:2] / key[2:4]
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return None
        name = next((name for name in names if name.startswith(key)), None)
        return folder / name if name else None

    def _folders(self) -> Iterator[Path]:
        """The leaf folders ab/cd, in order."""
        with contextlib.suppress(FileNotFoundError):
            for first in sorted(self._root.iterdir()):
                if len(first.name) == 2 and first.is_dir():
                    yield from sorted(each for each in first.iterdir() if each.is_dir())


class MemoryOriginals:
    """The same promises without a disk, for tests and as the proof that the seam holds."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, source: BinaryIO, extension: str, check: Check = anything) -> Stored:
        body = b"".join(iter(lambda: source.read(CHUNK), b""))
        check(len(body))
        key = hashlib.sha256(body).hexdigest()
        with self._lock:
            was_here = key in self._kept
            self._kept[key] = body
        return Stored(key, len(body), was_here)

    def take_over(self, draft: Draft, extension: str) -> Stored:
        with draft.path.open("rb") as file:
            return self.put(file, extension)

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._body(key))

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile() as copy:
            copy.write(self._body(key))
            copy.flush()
            yield Path(copy.name)

    def size(self, key: str) -> int:
        return len(self._body(key))

    def has(self, key: str) -> bool:
        return key in self._kept

    def keys(self, changed_since: float = 0.0) -> Iterator[str]:
        yield from sorted(self._kept)

    def remove(self, key: str) -> None:
        with self._lock:
            self._kept.pop(key, None)

    def _body(self, key: str) -> bytes:
        if key not in self._kept:
            raise NotFound(f"The original {key} is missing from the store.")
        return self._kept[key]


_HEX = set("0123456789abcdef")


class _DiskProblem(Exception):
    """An error of our own disk, to be told apart from one of the source."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@contextmanager
def _our_disk() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise _DiskProblem(problem) from problem


def storage_problem(problem: OSError, folder: Path) -> StorageFailed | TryLater:
    """An operating system error of the data folder as a sentence."""
    if problem.errno in (errno.EMFILE, errno.ENFILE):
        return TryLater("Too many files are open at the moment.")
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed(
            "The disk of %(folder)s is full. Free some space; photolib goes on where it stopped.", folder=folder
        )
    if problem.errno == errno.EROFS:
        return StorageFailed("The disk of %(folder)s is read-only.", folder=folder)
    return StorageFailed("%(folder)s cannot be written: %(why)s.", folder=folder, why=problem.strerror)


def _clone(source: BinaryIO, draft: BinaryIO) -> bool:
    """Let draft share the blocks of source, where both lie on a file system that can; False where not."""
    file = getattr(source, "raw", None)
    if not isinstance(file, io.FileIO) or source.tell() != 0:
        return False  # a member of an archive: its descriptor, if it has one, is the archive's
    try:
        fcntl.ioctl(draft.fileno(), FICLONE, file.fileno())
    except OSError:
        return False
    return True


def _copy(source: BinaryIO, draft: BinaryIO) -> tuple[str, int]:
    """Copy everything; return its SHA-256 and size. The source is read once, so it cannot change in between."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        with _our_disk():
            draft.write(chunk)
    with _our_disk():
        draft.flush()
    return digest.hexdigest(), size


def _digest(draft: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size of what the disk holds."""
    digest, offset = hashlib.sha256(), 0
    while chunk := os.pread(draft.fileno(), CHUNK, offset):
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest(), offset


def _forget_cached(draft: BinaryIO) -> None:
    """Drop the pages from the cache, so that reading back asks the disk and not the memory we just wrote from."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(draft.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _make_folder(folder: Path, root: Path) -> None:
    """Make folder and its parents up to root, each flushed into its own parent."""
    if folder.is_dir():
        return
    if folder != root:
        _make_folder(folder.parent, root)
    folder.mkdir(exist_ok=True)
    flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
