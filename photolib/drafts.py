"""The bytes of an upload on their way: written piece by piece, by one sender at a time, and safe once they count as received.

A draft lies in uploads/ of the data folder under the upload's id. What came is flushed and read back equal before it counts. Nothing here
knows the database: how far a draft has come is told by the caller, and told to it.
"""

import fcntl
import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from photolib.errors import BadInput, StorageFailed, TryLater
from photolib.store import CHUNK, flush_folder, storage_problem

READ_BYTES = 128 << 10  # so much is waited for at once: on a poor line a larger piece would seem like silence
SAVED_EVERY = 32 << 20  # bytes after which what came is flushed and read back
SILENT_SECONDS = 10.0  # a sender that was not heard for so long gives way to one who asks to go on
MOST_DIGESTS = 1000


class WrongChecksum(BadInput):
    """A piece is not what its sender says it is; nothing of it was kept."""


class TooMuch(BadInput):
    """More bytes than were announced."""


class Busy(TryLater):
    """Somebody else is sending this upload at the moment."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


Save = Callable[[int, str, bool], None]  # received bytes, their SHA-256, whether a power cut must not take it back


class Writer:
    """Whoever writes a draft: the one open file, and when its sender was last heard."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._file = file
        self._heard_at = time.monotonic()
        self._lock = threading.Lock()

    @property
    def is_silent(self) -> bool:
        return time.monotonic() - self._heard_at > SILENT_SECONDS

    def end(self) -> None:
        """Let go of the file, between two writes of the thread that uses it."""
        with self._lock:
            self._file.close()

    @contextmanager
    def using(self) -> Iterator[int]:
        """The open file's descriptor. Raises Busy when another sender has taken over meanwhile, StorageFailed when the disk fails."""
        with self._lock:
            if self._file.closed:
                raise Busy("Somebody else went on with this upload.")
            self._heard_at = time.monotonic()
            try:
                yield self._file.fileno()
            except OSError as problem:
                raise storage_problem(problem, self.path.parent) from problem


_writers: dict[Path, Writer] = {}  # of this process
_writers_lock = threading.Lock()


@contextmanager
def writing(path: Path, at_once: bool = False) -> Iterator[Writer]:
    """The right to write a draft, for one at a time. Raises Busy while another sender is at it, but not for one that fell silent.

    A laptop that is closed in the middle leaves a connection that never ends; when it is opened again it asks to go on. at_once: whoever
    is at it gives way in any case.
    """
    with _writers_lock:
        before = _writers.get(path)
        if before is not None and (at_once or before.is_silent):
            before.end()
        try:
            is_new = not path.exists()
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b", buffering=0)
        except OSError as problem:
            raise storage_problem(problem, path.parent) from problem
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # by which other processes know, too
        except OSError as problem:
            file.close()
            raise Busy("This upload is being sent by somebody else at the moment.") from problem
        if is_new:
            flush_folder(path.parent)
        writer = _writers[path] = Writer(path, file)
    try:
        yield writer
    finally:
        with _writers_lock:
            if _writers.get(path) is writer:
                del _writers[path]
        writer.end()


def receive(
    writer: Writer,
    source: Readable,
    start: int,
    size: int,
    digest: str | None,
    save: Save,
    check: "tuple[str, bytes] | None" = None,
) -> None:
    """Write what source yields behind the first `start` bytes, whose SHA-256 is digest, until it ends, early or not.

    save is called now and then and at the end. check: algorithm and digest of these bytes, without which none is saved. Raises Damaged
    when the disk does not hold what was received before, WrongChecksum, TooMuch, Busy and StorageFailed.
    """
    piece = _Piece(writer, start, size, digest, save, hashlib.new(check[0]) if check else None)
    while chunk := source.read(READ_BYTES):
        piece.add(chunk)
    if check is not None and piece.check is not None and piece.check.digest() != check[1]:
        raise WrongChecksum("These bytes are not the ones their sender speaks of; nothing of them was kept.")
    piece.save(is_durable=True)


class Damaged(StorageFailed):
    """The disk does not hold any more what was received."""


class _Piece:
    """Bytes being added to a draft."""

    def __init__(
        self, writer: Writer, start: int, size: int, digest: str | None, save: Save, check: "hashlib._Hash | None"
    ) -> None:
        self._writer = writer
        self._size = size
        self._save = save
        self.check = check
        with writer.using() as file:
            self._safe = _digest_so_far(writer.path, file, start, digest)
            os.ftruncate(file, start)
        self._came = self._safe.copy()
        self._saved = self._end = start

    def add(self, chunk: bytes) -> None:
        if self._end + len(chunk) > self._size:
            raise TooMuch(f"This upload was announced with {self._size} bytes, and more came.")
        with self._writer.using() as file:
            written = 0
            while written < len(chunk):
                written += os.pwrite(file, chunk[written:], self._end + written)
        self._end += len(chunk)
        self._came.update(chunk)
        if self.check is not None:
            self.check.update(chunk)
        elif self._end - self._saved >= SAVED_EVERY:
            self.save()

    def save(self, is_durable: bool = False) -> None:
        """Flush what came, read it back, and let it count as received."""
        with self._writer.using() as file:
            if self._end > self._saved:
                os.fsync(file)
                back = self._safe.copy()
                _read_into(back, file, self._saved, self._end)
                if back.digest() != self._came.digest():
                    raise StorageFailed(
                        "The disk returned other bytes than were written to it. Check the disk of the data folder."
                    )
                self._safe, self._saved = self._came.copy(), self._end
                self._save(self._end, self._safe.hexdigest(), is_durable)
        _remember(self._writer.path, self._end, self._safe)


# The running digests of drafts that came in pieces lately, so that not every piece has all before it read again.
_digests: "OrderedDict[Path, tuple[int, hashlib._Hash]]" = OrderedDict()
_digests_lock = threading.Lock()


def _remember(path: Path, end: int, digest: "hashlib._Hash") -> None:
    with _digests_lock:
        _digests[path] = end, digest
        _digests.move_to_end(path)
        if len(_digests) > MOST_DIGESTS:
            _digests.popitem(last=False)


def _digest_so_far(path: Path, file: int, start: int, expected: str | None) -> "hashlib._Hash":
    """SHA-256 of what has been received, ready to go on."""
    with _digests_lock:
        end, known = _digests.pop(path, (None, None))
    if known is not None and end == start and known.hexdigest() == expected:
        return known
    digest = hashlib.sha256()
    if start:
        _read_into(digest, file, 0, start)
        if digest.hexdigest() != expected:
            raise Damaged(
                "What had come of this upload is damaged on the disk, so it begins anew. Check the disk of the data folder."
            )
    return digest


def _read_into(digest: "hashlib._Hash", file: int, start: int, end: int) -> None:
    """Hash a stretch of a file as the disk holds it: dropped from the cache first, so that the disk is asked."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, end - start, os.POSIX_FADV_DONTNEED)
    while start < end and (chunk := os.pread(file, min(CHUNK, end - start), start)):
        digest.update(chunk)
        start += len(chunk)


def drop(path: Path) -> None:
    """The draft is not needed any more, or never was."""
    with _digests_lock:
        _digests.pop(path, None)
    path.unlink(missing_ok=True)
