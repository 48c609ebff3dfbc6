"""Files of an export, each durable: written as a draft, flushed, read back and compared, and only then given its name.

A name that is taken is never written over, whatever lies there.
"""

import contextlib
import errno
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from photolib.errors import NotFound, PhotolibError, StorageFailed
from photolib.store import Originals, storage_problem

CHUNK = 1 << 20
COARSEST_NS = 2_000_000_000  # FAT keeps times of files in steps of two seconds
# Problems of the disk as a whole; any other is one of the file.
_OF_THE_DISK = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.ENODEV,
    errno.ENXIO,
    errno.ESTALE,
    errno.ENOTCONN,
}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EINVAL}

_numbers = itertools.count()


class Taken(Exception):
    """Something that is not ours lies where a file should go."""


class Damaged(PhotolibError):
    """An original that is no longer what its key says."""


def taken_ns(words: dict[str, Any]) -> int:
    """When a photo was taken, in nanoseconds since 1970, by its own zone or, where that is unknown, by this machine's."""
    try:
        local = datetime.fromisoformat(words["taken_at"])
        if words["utc_offset"] is not None:
            moment = (local - timedelta(minutes=words["utc_offset"])).replace(tzinfo=UTC)
        else:
            moment = local.astimezone()
        return int(moment.timestamp() * 1000) * 1_000_000
    except (ValueError, OverflowError, OSError):  # the years that a date may have, but no file
        return 0


def draft_in(folder: Path) -> Path:
    return folder / f"draft-{os.getpid()}-{next(_numbers)}"


def copy_original(originals: Originals, key: str, draft: Path, mtime_ns: int) -> os.stat_result:
    """Copy an original into a draft. Raises Damaged or NotFound where the store is the problem, OSError where the disk is."""
    digest = hashlib.sha256()
    with originals.open(key) as source, draft.open("xb") as out:
        while True:
            try:
                chunk = source.read(CHUNK)
            except OSError as problem:
                raise Damaged("The original cannot be read: %(why)s.", why=problem.strerror) from problem
            if not chunk:
                break
            digest.update(chunk)
            out.write(chunk)
        if digest.hexdigest() != key:
            raise Damaged(
                "The original is damaged: it is not what it was when it came. `photolib verify --fix` may mend it."
            )
        return _flushed(out, draft, key, mtime_ns)


def write_bytes(pieces: Iterable[bytes], draft: Path, mtime_ns: int | None = None) -> tuple[str, os.stat_result]:
    """Write pieces into a draft; return the SHA-256 of the whole and what the draft is now."""
    digest = hashlib.sha256()
    with draft.open("xb") as out:
        for piece in pieces:
            digest.update(piece)
            out.write(piece)
        return digest.hexdigest(), _flushed(out, draft, digest.hexdigest(), mtime_ns)


def _flushed(out: BinaryIO, draft: Path, sha256: str, mtime_ns: int | None) -> os.stat_result:
    """Have the disk keep a draft, and give back what it was given. Raises StorageFailed when it does not."""
    out.flush()
    os.fsync(out.fileno())
    with draft.open("rb") as back:
        if hasattr(os, "posix_fadvise"):  # so that reading back asks the disk and not the memory we just wrote from
            os.posix_fadvise(back.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if hashlib.file_digest(back, "sha256").hexdigest() != sha256:
            raise StorageFailed(
                "The disk returned other bytes than were written to it. Check the disk, and export to another one."
            )
    if mtime_ns is not None:
        with contextlib.suppress(
            OSError, OverflowError
        ):  # a time that this file system does not know, as of 1920 on exFAT
            os.utime(draft, ns=(mtime_ns, mtime_ns))
    return draft.stat()


def settle(draft: Path, target: Path) -> None:
    """Give a draft its name. Raises Taken when something lies there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(draft, target)  # unlike a rename this never replaces anything
    except FileExistsError as problem:
        raise Taken from problem
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise Taken from problem
        os.rename(draft, target)
    else:
        os.unlink(draft)


def link(source: Path, target: Path) -> None:
    """A second name for a file. Raises Taken, and OSError where the file system has no such thing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError as problem:
        if not os.path.samefile(source, target):
            raise Taken from problem


def has_links(folder: Path) -> bool:
    """Whether a file can have two names on this disk."""
    one, other = draft_in(folder), draft_in(folder)
    try:
        one.touch()
        os.link(one, other)
    except OSError:
        return False
    finally:
        one.unlink(missing_ok=True)
        other.unlink(missing_ok=True)
    return True


def digest_of(path: Path) -> str | None:
    """SHA-256 of a plain file; None for anything else, and where it cannot be read."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def is_as_written(path: Path, size: int, mtime_ns: int) -> bool:
    """Whether a file looks as it was left, as far as can be told without reading it."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return found.st_size == size and abs(found.st_mtime_ns - mtime_ns) <= COARSEST_NS


def explained(problem: OSError, dest: Path) -> PhotolibError | None:
    """A problem of the disk as a whole, for which everything ends; None for one of a single file."""
    if problem.errno in _OF_THE_DISK or not dest.is_dir():
        return storage_problem(problem, dest)
    return None


def reason(problem: Exception) -> str:
    """Why one file could not be written."""
    if isinstance(problem, NotFound):
        return "The original is missing from the store. `photolib verify` tells more."
    if isinstance(problem, PhotolibError):
        return str(problem)
    if isinstance(problem, OSError) and problem.errno == errno.EFBIG:
        return "It is larger than this disk's file system takes. exFAT takes larger ones than FAT32."
    if isinstance(problem, OSError):
        return f"It could not be written: {problem.strerror or problem}."
    raise problem


def discarding(draft: Path, work: Callable[[], Any]) -> Any:
    """The result of work; when it fails, the draft is gone."""
    try:
        return work()
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
