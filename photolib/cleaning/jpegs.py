"""JPEG (ITU T.81): the segments a decoder needs, and everything up to the end of the first picture.

What follows that end goes: videos of motion photos, the other pictures of a multi-picture file, makers' trailers. So do the gain
maps of Ultra HDR, which are such pictures and say in XMP what they are: the copy shows the ordinary picture.
"""

import re

from photolib.cleaning import profiles
from photolib.cleaning.pieces import CannotClean, Piece, Source, Stretch

WINDOW = 1 << 20
PARTS = 20_000  # segments and scans
# In the coded pixels FF is followed by 00, or by the number of a restart marker; FF FF is filling before a marker.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})  # DHT, DAC, DQT, DNL, DRI
_ICC = b"ICC_PROFILE\0"
SOI, EOI, SOS, TEM = 0xD8, 0xD9, 0xDA, 0x01


def plan(source: Source, exif: bytes) -> list[Piece]:
    """The pieces of a clean JPEG with this EXIF block. Raises CannotClean for damage, such as a picture without an end."""
    if source.at(0, 2) != b"\xff\xd8":
        raise CannotClean("It does not begin like a JPEG.")
    head: list[Piece] = [b"\xff\xd8"]
    jfif: list[Piece] = []
    rest: list[Piece] = []
    icc: list[Stretch] = []
    place, has_frame, has_scan = 2, False, False
    for _ in range(PARTS):
        place = next_marker(source, place)
        kind = source.exactly(place, 2)[1]
        if kind == EOI:
            if not has_scan:
                raise CannotClean("There is no picture in it.")
            return [*head, *jfif, _segment(exif), *_profile(source, icc), *rest, b"\xff\xd9"]
        if kind == TEM:
            place += 2
            continue
        if kind == SOI or (kind < 0xC0):
            raise CannotClean("A marker stands where none belongs.")
        length = int.from_bytes(source.exactly(place + 2, 2), "big")
        if length < 2:
            raise CannotClean("A segment is shorter than its own head.")
        end = place + 2 + length
        if end > source.size:
            raise CannotClean("The file ends too early.")
        if kind in _FRAMES:
            if has_frame:
                raise CannotClean("There is a second picture inside the first.")
            has_frame = True
        if kind == SOS:
            if not has_frame:
                raise CannotClean("The pixels come before the size.")
            has_scan = True
            rest.append(Stretch(place, end - place))
            place = next_marker(source, end)
            rest.append(Stretch(end, place - end))
            continue
        if kind in _FRAMES or kind in _TABLES:
            rest.append(Stretch(place, end - place))
        elif kind == 0xE0 and not jfif and not has_scan:
            jfif = _jfif(source.at(place + 4, min(length - 2, 14)))
        elif kind == 0xE2 and length >= 16 and source.at(place + 4, 12) == _ICC and not has_scan:
            icc.append(Stretch(place, end - place))
        elif kind == 0xEE and source.at(place + 4, 5) == b"Adobe" and length >= 14:
            rest.append(b"\xff\xee\0\x0e" + source.exactly(place + 4, 12))
        elif not 0xE0 <= kind <= 0xEF and kind != 0xFE:
            raise CannotClean("It has a segment nobody here knows.")
        place = end
    raise CannotClean("It has too many segments.")


def told(source: Source, exif: bytes) -> list[Piece]:
    """The pieces of a JPEG that we made ourselves, with this EXIF block. Raises CannotClean for what is none."""
    head = source.exactly(0, 6)
    if head[:2] != b"\xff\xd8":
        raise CannotClean("It does not begin like a JPEG.")
    start = (
        4 + int.from_bytes(head[4:6], "big") if head[2:4] == b"\xff\xe0" else 2
    )  # JFIF wants to be the first segment
    return [Stretch(0, start), _segment(exif), Stretch(start, source.size - start)]


def _segment(exif: bytes) -> bytes:
    block = b"Exif\0\0" + exif
    return b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block if exif else b""


def next_marker(source: Source, place: int) -> int:
    """Where the next marker stands that is no restart marker. Raises CannotClean when none does."""
    near = source.at(place, 2)
    if _MARKER.match(near):
        return place
    file = source.file
    file.seek(place)
    carried = b""
    while window := file.read(WINDOW):
        looked = carried + window
        found = _MARKER.search(looked)
        if found:
            return place - len(carried) + found.start()
        place += len(window)
        carried = looked[-1:] if looked[-1:] == b"\xff" else b""
    raise CannotClean("The file ends too early.")


def _jfif(body: bytes) -> list[Piece]:
    """The segment that names the colours, without the thumbnail it may hold."""
    if not body.startswith(b"JFIF\0") or len(body) < 12:
        return []
    return [b"\xff\xe0\0\x10" + body[:12] + b"\0\0"]


def _profile(source: Source, segments: list[Stretch]) -> list[Piece]:
    """The segments of a colour profile (ICC.1:2022, B.4) as they are, or with what does not belong into it written over."""
    parts = {source.at(each.offset + 16, 1): each for each in segments}
    ordered = [parts[number] for number in sorted(parts)]
    whole = b"".join(source.exactly(each.offset + 18, each.size - 18) for each in ordered)
    cleaned = profiles.clean(whole)
    if cleaned == whole:
        return list(segments)
    if not cleaned:
        return []
    pieces: list[Piece] = []
    at = 0
    for each in ordered:
        pieces.append(source.exactly(each.offset, 18) + cleaned[at : at + each.size - 18])
        at += each.size - 18
    return pieces
