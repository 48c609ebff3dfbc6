"""A cleaned copy as a plan: which stretches of a file stay, and what stands between them.

A plan needs no room on the disk and little in memory; its size is known before a byte is sent, and any range of it can be read.
"""

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

BLOCK = 1 << 14  # bytes read at a time while looking at heads
ZEROS = bytes(1 << 16)
MOST_PIECES = 500_000  # of one plan


class CannotClean(Exception):
    """Nobody can be sure what else is in this file: a picture made of it has to be served instead."""


@dataclass(frozen=True)
class Keep:
    """What the owner allows to stay beside the picture, its turn, its colours and its date: where it was taken, and with what."""

    location: bool = False
    camera: bool = False


@dataclass(frozen=True)
class Stretch:
    """So many bytes of the source, from a place on."""

    offset: int
    size: int


@dataclass(frozen=True)
class Blank:
    """So many zeros."""

    size: int


Piece = bytes | Stretch | Blank


@dataclass(frozen=True)
class Clean:
    """A cleaned copy of one file: its pieces, one behind the other, and how many bytes they are together."""

    pieces: tuple[Piece, ...]
    size: int

    def open(self, source: IO[bytes]) -> "CleanFile":
        """The copy as a seekable file over the opened source, which is closed with it."""
        return CleanFile(self, source)

    def over(self, source: IO[bytes]) -> "CleanFile":
        """As open, but the source stays open."""
        return CleanFile(self, source, is_owner=False)


def size_of(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.size


def joined(pieces: Iterable[Piece]) -> Clean:
    """The plan of these pieces; neighbours of a kind become one. Raises CannotClean for far too many."""
    kept: list[Piece] = []
    for piece in pieces:
        if not size_of(piece):
            continue
        last = kept[-1] if kept else None
        if isinstance(last, bytes) and isinstance(piece, bytes):
            kept[-1] = last + piece
        elif isinstance(last, Blank) and isinstance(piece, Blank):
            kept[-1] = Blank(last.size + piece.size)
        elif isinstance(last, Stretch) and isinstance(piece, Stretch) and last.offset + last.size == piece.offset:
            kept[-1] = Stretch(last.offset, last.size + piece.size)
        else:
            kept.append(piece)
            if len(kept) > MOST_PIECES:
                raise CannotClean("The file is in too many pieces.")
    return Clean(tuple(kept), sum(map(size_of, kept)))


Patch = tuple[int, bytes | Blank]  # where in the source, and what stands there instead


def patched(size: int, patches: Iterable[Patch]) -> Clean:
    """A copy of the first `size` bytes of a source in which nothing moves. Where a blank and bytes meet, the bytes are taken.

    Raises CannotClean for bytes that lie in each other or outside.
    """
    return joined(_patched(size, list(patches)))


def _patched(size: int, patches: list[Patch]) -> Iterator[Piece]:
    blanks = sorted((at, at + what.size) for at, what in patches if isinstance(what, Blank) and what.size)
    texts = sorted((at, what) for at, what in patches if isinstance(what, bytes) and what)
    place = 0
    events: list[tuple[int, int, bytes]] = []
    for at, text in texts:
        if events and at < events[-1][1]:
            raise CannotClean("Parts of the file lie in each other.")
        events.append((at, at + len(text), text))
    merged: list[tuple[int, int]] = []
    for start, end in blanks:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    next_blank = 0
    for start, end, text in [*events, (size, size, b"")]:
        if end > size:
            raise CannotClean("A part of the file lies outside it.")
        while place < start:
            while next_blank < len(merged) and merged[next_blank][1] <= place:
                next_blank += 1
            blank_start, blank_end = merged[next_blank] if next_blank < len(merged) else (size, size)
            if place < blank_start:
                until = min(start, blank_start)
                yield Stretch(place, until - place)
            else:
                until = min(start, blank_end)
                yield Blank(until - place)
            place = until
        yield text
        place = end


class CleanFile(io.RawIOBase):
    """A cleaned copy, read-only and seekable. One thread reads it at a time."""

    def __init__(self, clean: Clean, source: IO[bytes], is_owner: bool = True) -> None:
        self._clean, self._source, self._is_owner, self._at = clean, source, is_owner, 0
        self._starts = [0]
        for piece in clean.pieces:
            self._starts.append(self._starts[-1] + size_of(piece))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._clean.size}[whence]
        self._at = max(0, start + position)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Fewer bytes than asked for only at the end. Raises OSError when the source has become shorter than it was."""
        left = max(0, self._clean.size - self._at)
        left = left if size is None or size < 0 else min(size, left)
        found = []
        index = bisect_right(self._starts, self._at) - 1
        while left:
            piece, into = self._clean.pieces[index], self._at - self._starts[index]
            count = min(left, size_of(piece) - into)
            found.append(self._part(piece, into, count))
            self._at += count
            left -= count
            index += 1
        return found[0] if len(found) == 1 else b"".join(found)

    def _part(self, piece: Piece, into: int, count: int) -> bytes:
        if isinstance(piece, bytes):
            return piece[into : into + count]
        if isinstance(piece, Blank):
            return bytes(count)
        self._source.seek(piece.offset + into)
        part = self._source.read(count)
        if len(part) != count:
            raise OSError("The original is shorter than it was a moment ago.")
        return part

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        return self.read()

    def close(self) -> None:
        if self._is_owner:
            self._source.close()
        super().close()


class Source:
    """A file to look into: small reads near each other cost one read of a block."""

    def __init__(self, file: IO[bytes] | BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, io.SEEK_END)
        self._start, self._block = 0, b""

    def at(self, offset: int, length: int) -> bytes:
        """The bytes from a place on; fewer than asked for at the end."""
        into = offset - self._start
        if not 0 <= into <= into + length <= len(self._block):
            self.file.seek(offset)
            self._start, self._block, into = offset, self.file.read(max(length, BLOCK)), 0
        return self._block[into : into + length]

    def exactly(self, offset: int, length: int) -> bytes:
        """Raises CannotClean when the file ends before."""
        found = self.at(offset, length)
        if len(found) != length:
            raise CannotClean("The file ends too early.")
        return found
