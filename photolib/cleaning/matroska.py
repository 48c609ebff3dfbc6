"""Matroska and WebM (RFC 9559): tags, attachments and what nobody needs to play the film become empty space of the same size."""

from collections.abc import Iterator
from dataclasses import dataclass

from photolib.cleaning import movies
from photolib.cleaning.pieces import Blank, CannotClean, Patch, Source

PARTS = 200_000
_EBML, _SEGMENT, _VOID = 0x1A45DFA3, 0x18538067, 0xEC
_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
_KEPT = {_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES}
_SEEK, _SEEK_ID = 0x4DBB, 0x53AB
_TIMESTAMP_SCALE, _DURATION, _DATE, _MUXER, _WRITER = 0x2AD7B1, 0x4489, 0x4461, 0x4D80, 0x5741
_ENTRY, _TYPE, _NAME = 0xAE, 0x83, 0x536E
_PICTURES, _SOUND = 1, 2
_IN_CLUSTER = {0xE7, 0xA3, 0xA0, 0xA7, 0xAB, _VOID, 0xBF}  # time, blocks and groups of blocks, position, size


@dataclass(frozen=True)
class _Element:
    kind: int
    start: int
    body: int
    end: int
    is_endless: bool


def plan(source: Source) -> tuple[int, list[Patch]]:
    """How much of the file stays, and what is written over in it. Raises CannotClean for more than pictures and sound."""
    patches: list[Patch] = []
    segments = 0
    end = 0
    for each in _elements(source, 0, source.size):
        if each.kind == _SEGMENT:
            segments += 1
            patches += _segment(source, each)
        elif each.kind != _EBML:
            patches += _void(each)
            continue
        end = each.end
    if segments != 1:
        raise CannotClean("There is no film in it.")
    return end, [each for each in patches if each[0] < end]


def _segment(source: Source, segment: _Element) -> Iterator[Patch]:
    has_tracks = has_pictures = False
    for each in _elements(source, segment.body, segment.end):
        if each.kind not in _KEPT:
            yield from _void(each)
        elif each.kind == _SEEK_HEAD:
            yield from _seeks(source, each)
        elif each.kind == _INFO:
            yield from _only(source, each, {_TIMESTAMP_SCALE, _DURATION, _DATE, _MUXER, _WRITER}, {_MUXER, _WRITER})
        elif each.kind == _TRACKS:
            has_tracks = True
            yield from _tracks(source, each)
        elif each.kind == _CLUSTER and not has_pictures:
            has_pictures = True
            movies.refuse_private(source.at(each.body, min(each.end - each.body, 256 << 10)))
    if not (has_tracks and has_pictures):
        raise CannotClean("There is no film in it.")


def _tracks(source: Source, tracks: _Element) -> Iterator[Patch]:
    for entry in _elements(source, tracks.body, tracks.end):
        if entry.kind != _ENTRY:
            yield from _void(entry)
            continue
        kind = 0
        for each in _elements(source, entry.body, entry.end):
            if each.kind == _TYPE:
                kind = int.from_bytes(source.at(each.body, min(8, each.end - each.body)), "big")
            elif each.kind in (_NAME, 0xBF, _VOID):
                yield from _void(each)
        if kind not in (_PICTURES, _SOUND):  # subtitles and metadata, into which drones write where they are
            raise CannotClean("There is more in it than pictures and sound.")


def _seeks(source: Source, head: _Element) -> Iterator[Patch]:
    """What the table of contents says of parts that are gone."""
    for each in _elements(source, head.body, head.end):
        kind = 0
        if each.kind == _SEEK:
            named = next((one for one in _elements(source, each.body, each.end) if one.kind == _SEEK_ID), None)
            kind = int.from_bytes(source.at(named.body, min(8, named.end - named.body)), "big") if named else 0
        if kind not in _KEPT:
            yield from _void(each)


def _only(source: Source, parent: _Element, kept: set[int], texts: set[int]) -> Iterator[Patch]:
    for each in _elements(source, parent.body, parent.end):
        if each.kind not in kept:
            yield from _void(each)
        elif each.kind in texts:
            yield each.body, Blank(each.end - each.body)


def _void(each: _Element) -> Iterator[Patch]:
    """An element as empty space that begins and ends where it did."""
    left = each.end - each.start
    if left < 2:
        raise CannotClean("The file is damaged.")
    for width in range(1, 9):
        size = left - 1 - width
        if 0 <= size < (1 << 7 * width) - 1 and width in (1, 8):
            yield each.start, bytes([_VOID]) + ((1 << 7 * width) | size).to_bytes(width, "big")
            yield each.start + 1 + width, Blank(size)
            return
    raise CannotClean("The file is damaged.")


def _elements(source: Source, start: int, end: int) -> Iterator[_Element]:
    """The elements side by side between two places (RFC 8794). Raises CannotClean for what is none."""
    for _ in range(PARTS):
        if start >= end:
            return
        head = source.at(start, 12)
        width = 9 - head[0].bit_length() if head else 9
        if width > 4 or len(head) <= width:
            raise CannotClean("The file is damaged.")
        wide = 9 - head[width].bit_length()
        if wide > 8 or len(head) < width + wide:
            raise CannotClean("The file is damaged.")
        kind = int.from_bytes(head[:width], "big")
        size = int.from_bytes(head[width : width + wide], "big") & ((1 << 7 * wide) - 1)
        body = start + width + wide
        is_endless = size == (1 << 7 * wide) - 1
        if is_endless and kind == _CLUSTER:  # written live: it ends where the next begins
            until = _cluster_end(source, body, end)
        elif is_endless and kind == _SEGMENT:
            until = end
        elif is_endless or body + size > end:
            raise CannotClean("The file ends too early.")
        else:
            until = body + size
        yield _Element(kind, start, body, until, is_endless)
        start = until
    raise CannotClean("The file has too many parts.")


def _cluster_end(source: Source, start: int, end: int) -> int:
    while start < end:
        head = source.at(start, 12)
        width = 9 - head[0].bit_length()
        kind = int.from_bytes(head[:width], "big")
        if kind not in _IN_CLUSTER:
            return start
        wide = 9 - head[width].bit_length() if len(head) > width else 9
        if wide > 8 or len(head) < width + wide:
            raise CannotClean("The file ends too early.")
        size = int.from_bytes(head[width : width + wide], "big") & ((1 << 7 * wide) - 1)
        start += width + wide + size
    if start != end:
        raise CannotClean("The file ends too early.")
    return start
