"""AVI: lists and chunks that do not belong to playing become chunks of nothing, as the format itself has them ("JUNK")."""

import re
import struct
from collections.abc import Iterator

from photolib.cleaning import movies
from photolib.cleaning.pieces import Blank, CannotClean, Patch, Source

PARTS = 2_000_000  # several hours of pictures and sound
_MEDIA = re.compile(rb"\d\d(?:dc|db|wb|pc)|ix\d\d")  # pictures, sound, and where they are
_HEADERS = {b"avih", b"IDIT", b"dmlh"}
_STREAM = {b"strh", b"strf", b"indx", b"vprp"}
_PLAYED = (b"vids", b"auds")
_FIRST_PICTURES = 256 << 10


def plan(source: Source) -> tuple[int, list[Patch]]:
    """How much of the file stays, and what is written over in it. Raises CannotClean for more than pictures and sound."""
    patches: list[Patch] = []
    place, is_first = 0, True
    while place + 12 <= source.size:
        kind, size, form = struct.unpack("<4sI4s", source.exactly(place, 12))
        end = place + 8 + size
        if kind != b"RIFF" or form not in (b"AVI ", b"AVIX"):
            break  # what somebody put behind the film
        if end > source.size or size < 4:
            raise CannotClean("The file ends too early.")
        found, more = _inside(source, place + 12, end)
        patches += more
        if is_first and not {b"hdrl", b"movi"} <= found:
            raise CannotClean("There is no film in it.")
        is_first = False
        place = min(end + size % 2, source.size)
    if is_first:
        raise CannotClean("It does not begin like an AVI.")
    return place, patches


def _inside(source: Source, start: int, end: int) -> tuple[set[bytes], list[Patch]]:
    """The lists that stay in one RIFF chunk, and what is written over in it."""
    found: set[bytes] = set()
    patches: list[Patch] = []
    for kind, body, size in _chunks(source, start, end):
        form = source.at(body, 4) if kind == b"LIST" and size >= 4 else b""
        if form == b"hdrl":
            patches += _header(source, body + 4, body + size)
        elif form == b"movi":
            movies.refuse_private(source.at(body, min(size, _FIRST_PICTURES)))
            patches += _between(source, body + 4, body + size)
        elif kind != b"idx1":
            patches += _junk(body, size)
        found.add(form)
    return found, patches


def _header(source: Source, start: int, end: int) -> Iterator[Patch]:
    for kind, body, size in _chunks(source, start, end):
        form = source.at(body, 4) if kind == b"LIST" and size >= 4 else b""
        if form == b"strl":
            for each, at, length in _chunks(source, body + 4, body + size):
                if each == b"strh" and source.at(at, 4) not in _PLAYED:
                    raise CannotClean("There is more in it than pictures and sound.")
                if each not in _STREAM:
                    yield from _junk(at, length)
        elif kind not in _HEADERS and form != b"odml":
            yield from _junk(body, size)


def _between(source: Source, start: int, end: int, is_inside: bool = False) -> Iterator[Patch]:
    """What lies among the pictures and the sound: dashboard cameras keep a position for each second there."""
    for kind, body, size in _chunks(source, start, end):
        if kind == b"LIST" and source.at(body, 4) == b"rec " and not is_inside:
            yield from _between(source, body + 4, body + size, True)
        elif not _MEDIA.fullmatch(kind):
            yield from _junk(body, size)


def _junk(body: int, size: int) -> Iterator[Patch]:
    yield body - 8, b"JUNK"
    yield body, Blank(size)


def _chunks(source: Source, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size of the content of chunks side by side. Raises CannotClean for one that sticks out."""
    for _ in range(PARTS):
        if start + 8 > end:
            return
        kind, size = struct.unpack("<4sI", source.exactly(start, 8))
        if start + 8 + size > end:
            raise CannotClean("The file ends too early.")
        yield kind, start + 8, size
        start += 8 + size + size % 2
    raise CannotClean("The file has too many parts.")
