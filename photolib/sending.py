"""A file that somebody sends in one piece: announced, received and filed at once, by the way that all uploads go (uploads.py)."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from photolib import endings, uploads
from photolib.drafts import READ_BYTES, Readable
from photolib.errors import BadInput, Refused
from photolib.library import Library
from photolib.uploads import Announced, Filed, Wishes

LOOK_EVERY = 32 << 20  # bytes after which the disk is asked again whether there is room


class TooLarge(BadInput):
    """More bytes than photolib is set to take."""


class Torn(BadInput):
    """The sender went away in the middle."""


class NoLength(BadInput):
    """Nobody said how long the file is, and its format does not say either."""


def take(
    lib: Library,
    owner_id: int,
    file: Announced,
    source: Readable,
    room: int | None,
    wishes: Wishes | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[Filed, str]:
    """Take in a file whose length is known; return what became of it, and the SHA-256 of its bytes. They are durable when this
    returns; a file that cannot be taken leaves nothing behind.

    room: bytes that its owner may still add; None for as many as there are. check: is called when all has come, and may raise. Raises
    TooLarge, Torn, and what uploads.announce(), receive() and file() do.
    """
    check_size(lib, file.size)
    upload = uploads.announce(lib, owner_id, file, room)
    try:
        upload = uploads.receive(lib, upload, source, 0)
        if not upload.is_whole:
            raise Torn("Only a part of this file came. Send it again.")
        check()
        return uploads.file(lib, upload, wishes), upload.digest or ""
    except BaseException:
        uploads.cancel(lib, upload)
        raise


def check_size(lib: Library, size: int) -> None:
    """Raises TooLarge for more bytes than the settings allow."""
    most = lib.config.largest_upload_mb
    if most and size > most << 20:
        raise TooLarge("This file is larger than %(most)s MB, the most that photolib is set to take.", most=most)


@contextmanager
def spooled(
    lib: Library, source: Readable, room: int | None, length: int | None = None
) -> Iterator[tuple[IO[bytes], int]]:
    """What comes without saying how long it is, on our own disk until that is known; and its length.

    length: what the sender says of it, where they do. Whether all has come can else be told by its format alone. Raises Torn, NoLength,
    TooLarge, Refused when its owner may not add so much, StorageFailed when the disk has no room for it twice.
    """
    with tempfile.TemporaryFile(dir=lib.data / "uploads") as file:
        size = looked = 0
        uploads.check_disk(lib, LOOK_EVERY)
        while chunk := source.read(READ_BYTES):
            size += len(chunk)
            check_size(lib, size)
            if room is not None and size > room:
                raise Refused(
                    "There is no room left for this file: your share of the disk is used up. Ask whoever looks after photolib."
                )
            if size - looked > LOOK_EVERY:
                uploads.check_disk(lib, size)
                looked = size
            file.write(chunk)
        if length is not None and size != length:
            raise Torn("Only a part of this file came. Send it again.")
        if size and length is None and not endings.is_whole(file, size):
            raise NoLength("It cannot be told whether all of this file came. Send it together with its length.")
        file.seek(0)
        yield file, size


class Counted:
    """A source that knows what came through it: how many bytes, and the checksums by which clients of ownCloud's compare."""

    def __init__(self, source: Readable) -> None:
        self.size = 0
        self._source = source
        self._digests = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha1", "md5")}

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        self.size += len(chunk)
        for digest in self._digests.values():
            digest.update(chunk)
        return chunk

    @property
    def checksums(self) -> str:
        """As in `SHA1:... MD5:...`"""
        return " ".join(f"{name.upper()}:{digest.hexdigest()}" for name, digest in self._digests.items())
