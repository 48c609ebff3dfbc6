"""EXIF: the directories of a TIFF file, found in nearly every photo, read one tag at a time.

Pillow's reader gives up on a directory at the first tag that points outside the file and takes all text for Latin-1;
here each tag stands for itself: what is broken or far too long is left out, and the rest still counts. The same layout
(TIFF 6.0, EXIF 3.0) carries the whole file in TIFF and in most RAW formats.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from PIL import ExifTags

from photolib.metadata import dates, fields, oldcameras
from photolib.said import Said

LARGEST = 64 * 1024  # bytes of a value; maker notes beyond it hold nothing for us
LARGEST_PACKET = 4 << 20  # bytes of the XMP or IPTC record that TIFF keeps in a tag
ENTRIES = 1000  # of one directory
SHOWN_TAGS = 200
SHOWN_NUMBERS = 16

EXIF, GPS = 0x8769, 0x8825
XMP, IPTC, PHOTOSHOP, MAKER_NOTE = 0x02BC, 0x83BB, 0x8649, 0x927C
_PACKETS = (XMP, IPTC, PHOTOSHOP)
# pointers, tables, thumbnails, and the tags that are decoded in their own way
_HIDDEN = {
    EXIF, GPS, 0xA005, MAKER_NOTE, 0x9286, 0xEA1C, 0xC4A5, 0x014A, 0x8773, 0x0201, 0x0202, 0x0111, 0x0117, 0x0144, 0x0145,
    *_PACKETS, *range(0x9C9B, 0x9CA0),
}  # fmt: skip

# TIFF's own number, and what Olympus (IIRO, IIRS, MMOR) and Panasonic (IIU) write in its place
_MAGIC = {b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"}
_BIG = {b"II+\0", b"MM\0+"}
# type -> (bytes, struct letter); 2 is text, 7 anything, 5 and 10 are rationals: two numbers each
_TYPES = {
    1: (1, "B"), 2: (1, "s"), 3: (2, "H"), 4: (4, "I"), 5: (8, "I"), 6: (1, "b"), 7: (1, "s"), 8: (2, "h"),
    9: (4, "i"), 10: (8, "i"), 11: (4, "f"), 12: (8, "d"), 13: (4, "I"), 16: (8, "Q"), 17: (8, "q"), 18: (8, "Q"),
}  # fmt: skip
_TEXT, _OPAQUE, _RATIONALS = 2, 7, (5, 10)
_TEXT_OF_BYTES = 8  # a row of more single bytes than this is text or opaque, whatever its type says

Value = bytes | tuple[Any, ...]  # text and opaque bytes; numbers; rationals as pairs


@dataclass
class Directories:
    """The tags of the main, EXIF and GPS directories, raw."""

    main: dict[int, Value] = field(default_factory=dict)
    exif: dict[int, Value] = field(default_factory=dict)
    gps: dict[int, Value] = field(default_factory=dict)
    order: str = "<"
    notes: list[str] = field(default_factory=list)

    def first(self, tag: int) -> Value | None:
        """The tag from where it belongs; RAW files keep some EXIF tags in the main directory."""
        return self.exif[tag] if tag in self.exif else self.main.get(tag)


def read_directories(source: BinaryIO | bytes) -> Directories | None:
    """The directories of a TIFF file or of an EXIF block ("Exif\\0\\0" in front or not); None when it is neither."""
    if isinstance(source, bytes):
        source = io.BytesIO(re.sub(rb"\A(?:Exif\0\0){1,2}", b"", source))
    tiff = _Tiff.open(source)
    if tiff is None:
        return None
    found = Directories(order=tiff.order)
    found.main = tiff.directory(tiff.first, found.notes)
    for tag, target in ((EXIF, found.exif), (GPS, found.gps)):
        pointer = found.main.get(tag)
        if isinstance(pointer, tuple) and pointer and isinstance(pointer[0], int):
            target.update(tiff.directory(pointer[0], found.notes))
    return found


class _Tiff:
    def __init__(self, source: BinaryIO, order: str, is_big: bool, first: int, start: int = 0) -> None:
        self.source, self.order, self.is_big, self.first, self.start = source, order, is_big, first, start

    @classmethod
    def open(cls, source: BinaryIO) -> "_Tiff | None":
        head = source.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order and head[:4] in _MAGIC and len(head) >= 8:
            return cls(source, order, False, struct.unpack_from(order + "I", head, 4)[0])
        if order and head[:4] in _BIG and len(head) == 16:
            return cls(source, order, True, struct.unpack_from(order + "Q", head, 8)[0])
        return None

    def directory(self, offset: int, notes: list[str]) -> dict[int, Value]:
        """The tags of one directory; every entry that cannot be read is passed over."""
        found: dict[int, Value] = {}
        width, head = (20, 8) if self.is_big else (12, 2)
        raw = self._bytes(offset, head)
        if len(raw) < head:
            fields.note(notes, Said("Part of the EXIF data was left out: it points outside the file."))
            return found
        (count,) = struct.unpack(self.order + ("Q" if self.is_big else "H"), raw)
        table = self._bytes(offset + head, min(count, ENTRIES) * width)
        for at in range(0, len(table) - width + 1, width):
            tag, kind, number = struct.unpack_from(self.order + ("HHQ" if self.is_big else "HHI"), table, at)
            if kind not in _TYPES or number == 0 or tag in found:
                continue
            value = self._value(tag, kind, number, table[at + width - (8 if self.is_big else 4) : at + width], notes)
            if value is not None:
                found[tag] = value
        return found

    def _value(self, tag: int, kind: int, number: int, inline: bytes, notes: list[str]) -> Value | None:
        width, letter = _TYPES[kind]
        size = number * width
        name = ExifTags.TAGS.get(tag) if tag not in _HIDDEN else None
        if size > (LARGEST_PACKET if tag in _PACKETS else LARGEST):
            if name and kind == _TEXT:
                fields.note(
                    notes, Said("The EXIF field %(name)s was left out: it claims %(size)s bytes.", name=name, size=size)
                )
            return None
        if size > len(inline):
            (offset,) = struct.unpack(self.order + ("Q" if self.is_big else "I"), inline)
            raw = self._bytes(offset, size)
        else:
            raw = inline[:size]
        if kind in (_TEXT, _OPAQUE) or (letter == "B" and (number > _TEXT_OF_BYTES or tag in _PACKETS)):
            return raw or None
        if len(raw) < size:
            if name:
                fields.note(notes, Said("The EXIF field %(name)s was left out: it points outside the file.", name=name))
            return None
        numbers = struct.unpack(f"{self.order}{size // struct.calcsize(letter)}{letter}", raw)
        return tuple(zip(numbers[::2], numbers[1::2], strict=True)) if kind in _RATIONALS else numbers

    def _bytes(self, offset: int, size: int) -> bytes:
        try:
            self.source.seek(offset + self.start)
            return self.source.read(size)
        except (OSError, ValueError, OverflowError):
            return b""


# --- facts


def read_exif(found: Directories) -> dict[str, Any]:
    """The facts of the directories, under the keys of embedded.read; what they do not state is absent."""
    notes = found.notes
    facts: dict[str, Any] = {
        "dates": list(_dates(found, notes)),
        "title": fields.title(_utf16(found.main.get(0x9C9B))),
        "description": _description(found),
        "keywords": _xp_keywords(found),
        "rating": _rating(found, notes),
        "exif": readable(found),
    }
    facts["make"], facts["model"] = fields.camera(_text(found.main.get(0x010F)), _text(found.main.get(0x0110)))
    facts["lens"] = _lens(found)
    facts |= _exposure(found)
    facts |= _gps(found.gps, notes)
    orientation = found.main.get(0x0112)
    if orientation is not None:
        facts["orientation"] = _orientation(orientation, notes)
    content_id = _apple_content_id(found.exif.get(MAKER_NOTE))
    if content_id:
        facts["content_id"] = content_id
    return {key: value for key, value in facts.items() if value is not None and value != []} | {"notes": notes}


def _one(value: Value | None) -> Any:
    """The first of the numbers; text stays whole."""
    return value[0] if isinstance(value, tuple) and value else value


def _text(value: Value | None) -> str | None:
    return fields.decoded(value) if isinstance(value, bytes) else None


def _utf16(value: Value | None) -> str | None:
    """Windows' own tags are UTF-16, whatever the byte order of the file."""
    if isinstance(value, tuple):
        value = bytes(each for each in value if isinstance(each, int) and 0 <= each < 256)
    return value.decode("utf-16-le", "ignore").split("\0", 1)[0] if value else None


def _orientation(value: Value, notes: list[str]) -> int:
    stated = _one(value)
    if isinstance(stated, bytes):
        stated = stated.strip(b"\0 ")[:1]
        stated = stated[0] - (48 if stated.isdigit() else 0) if stated else 0
    turn = fields.whole(stated, 1, 8)
    if turn is None:
        fields.note(
            notes, Said("The orientation was taken for upright: there is no %(stated)s.", stated=fields.shown(stated))
        )
    return turn or 1


def _dates(found: Directories, notes: list[str]) -> Iterator[dates.Fact]:
    """Each date with the parts of its second and its offset, which lie in tags of their own."""
    for tag, fraction, offset, source in (
        (0x9003, 0x9291, 0x9011, "exif"),
        (0x9004, 0x9292, 0x9012, "exif-digitized"),
        (0x0132, 0x9290, 0x9010, "exif-modified"),
    ):
        fact = dates.read_date(found.first(tag), source, notes, found.first(fraction), found.first(offset))
        if fact:
            yield fact
    maker_note = found.exif.get(MAKER_NOTE)
    clock = oldcameras.reconyx_date(maker_note) if isinstance(maker_note, bytes) else None
    if clock:
        yield clock
    moment = _satellite_time(found.gps, notes)
    if moment:
        yield moment


def _satellite_time(gps: dict[int, Value], notes: list[str]) -> dates.Fact | None:
    day, clock = _text(gps.get(0x001D)), gps.get(0x0007)
    if not day or not isinstance(clock, tuple):
        return None
    hours, minutes, seconds = ((*(fields.number(each, 0, 60) for each in clock[:3]), None, None, None))[:3]
    if hours is None or minutes is None:
        return None
    total = round(1000 * (hours * 3600 + minutes * 60 + (seconds or 0)))
    if total >= 86_400_000:
        fields.note(notes, Said("The GPS time was left out: a day has no 24th hour."))
        return None
    digits = re.sub(r"\D", ":", day.strip())
    clock_time = f"{total // 3600000:02}:{total // 60000 % 60:02}:{total // 1000 % 60:02}.{total % 1000:03}"
    fact = dates.read_date(f"{digits} {clock_time}", "gps", notes)
    return {"utc": fact["local"], "source": "gps"} if fact else None


def _description(found: Directories) -> str | None:
    """The first of the places for a caption that somebody filled in; some cameras put their own name there."""
    own_names = {fields.text(found.main.get(tag)) for tag in (0x010F, 0x0110)}
    places = (
        found.main.get(0x010E),
        _utf16(found.main.get(0x9C9C)),
        _comment(found.first(0x9286), found.order),
        _utf16(found.main.get(0x9C9F)),
    )
    return next((each for each in map(fields.prose, places) if each and each not in own_names), None)


def _comment(value: Value | None, order: str) -> str | None:
    """UserComment says in its first eight bytes how the rest is written, and not always the truth."""
    if not isinstance(value, bytes) or len(value) <= 8:
        return None
    code, rest = value[:8].rstrip(b"\0 "), value[8:]
    if code == b"UNICODE":
        little, big = rest[1::2].count(0), rest[::2].count(0)
        return rest.decode("utf-16-be" if big > little or (big == little and order == ">") else "utf-16-le", "ignore")
    if code == b"JIS":
        return rest.decode("iso2022_jp", "ignore")
    if code in (b"ASCII", b""):
        return fields.decoded(rest)
    return None


def _xp_keywords(found: Directories) -> list[str]:
    return fields.words((_utf16(found.main.get(0x9C9E)) or "").split(";"))


def _rating(found: Directories, notes: list[str]) -> int | None:
    stars = found.main.get(0x4746)
    if stars is not None:
        return fields.rating(_one(stars), notes)
    return fields.rating_of_percent(_one(found.main.get(0x4749)))


def _lens(found: Directories) -> str | None:
    lens = fields.text(found.first(0xA434), 100)
    if lens and re.search(r"\w", lens):
        return lens
    span = found.first(0xA432)
    if not isinstance(span, tuple) or len(span) != 4:
        return None
    short, long, wide, narrow = (fields.number(each, 0.1, 10_000) for each in span)
    if short is None:
        return None
    length = f"{short:g}" if long is None or long == short else f"{short:g}-{long:g}"
    opening = "" if wide is None else f" f/{wide:g}" if narrow in (None, wide) else f" f/{wide:g}-{narrow:g}"
    return f"{length} mm{opening}"


def _exposure(found: Directories) -> dict[str, Any]:
    """Focal length in mm, f-number, seconds and ISO."""
    aperture = fields.number(_one(found.first(0x829D)), 0.1, 1000)
    if aperture is None:
        steps = fields.number(_one(found.first(0x9202)), 0, 20)
        aperture = None if steps is None or steps == 0 else 2 ** (steps / 2)
    shutter = fields.number(_one(found.first(0x829A)), 1e-7, 1e6)
    if shutter is None:
        steps = fields.number(_one(found.first(0x9201)), -20, 20)
        shutter = None if steps is None or steps == 0 else 2**-steps
    speeds = (_one(found.first(tag)) for tag in (0x8827, 0x8833, 0x8832, 0x8831))
    iso = next(
        (speed for speed in (fields.whole(each, 1, 50_000_000) for each in speeds) if speed and speed != 65535), None
    )
    return {
        "focal_length": fields.rounded(fields.number(_one(found.first(0x920A)), 0.1, 100_000), 2),
        "aperture": fields.rounded(aperture, 2),
        "shutter": None if shutter is None else float(f"{shutter:.6g}"),
        "iso": iso,
    }


# --- GPS


def _gps(gps: dict[int, Value], notes: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if 0x0002 in gps or 0x0004 in gps:
        latitude = _degrees(gps.get(0x0002), _text(gps.get(0x0001)), "N", "S", "latitude", notes)
        longitude = None
        if latitude is not None:
            longitude = _degrees(gps.get(0x0004), _text(gps.get(0x0003)), "E", "W", "longitude", notes)
        place = fields.position(latitude, longitude, notes)
        if place:
            facts["latitude"], facts["longitude"] = place
    if 0x0006 in gps:
        metres = fields.number(_one(gps[0x0006]))
        if metres is None:
            fields.note(notes, Said("The altitude was left out: it is no number."))
        else:
            below = _one(gps.get(0x0005))
            is_below = below in (1, 3, b"\x01", b"1")  # 3: below the sea, of EXIF 3.0's ellipsoid
            facts["altitude"] = fields.altitude(-metres if is_below else metres, notes)
    direction = fields.number(_one(gps.get(0x0011)), 0, 360)
    if direction is not None:
        facts["direction"] = round(direction % 360, 2)
    return facts


def _degrees(
    value: Value | None, letter: str | None, plus: str, minus: str, what: str, notes: list[str]
) -> float | None:
    """Degrees, minutes and seconds, or fewer numbers, with the letter of the half of the Earth."""
    if not isinstance(value, tuple) or not 1 <= len(value) <= 3:
        fields.note(notes, Said("The GPS position was left out: the %(what)s is no number.", what=what))
        return None
    degrees = fields.number(value[0])
    rest = [fields.number(each, 0, 61) for each in value[1:]]
    if degrees is None or (rest and rest[0] is None and value[1] != (0, 0)):
        fields.note(notes, Said("The GPS position was left out: the %(what)s is no number.", what=what))
        return None
    angle = abs(degrees) + sum((part or 0) / 60**power for power, part in enumerate(rest, 1))
    half = (letter or "").strip("\0 ")[:1].upper()
    if half not in (plus, minus) and degrees >= 0:
        fields.note(
            notes,
            Said(
                "The GPS position was left out: its %(what)s says neither %(plus)s nor %(minus)s.",
                what=what,
                plus=plus,
                minus=minus,
            ),
        )
        return None
    return -angle if half == minus or degrees < 0 else angle


# --- Apple


def _apple_content_id(value: Value | None) -> str | None:
    """The id that a Live Photo's picture and video share: tag 17 of Apple's maker note, a big-endian directory."""
    if not isinstance(value, bytes) or not value.startswith(b"Apple iOS\0") or len(value) < 16:
        return None
    note = _Tiff(io.BytesIO(value), ">", False, 14).directory(14, [])
    return fields.text(note.get(0x0011), 64)


# --- for people to read


def readable(found: Directories) -> dict[str, Any]:
    """Tag names and values as text, numbers or short lists; pointers, tables and long binary values are left out."""
    shown: dict[str, Any] = {}
    for tags, names in ((found.main, ExifTags.TAGS), (found.exif, ExifTags.TAGS), (found.gps, ExifTags.GPSTAGS)):
        for tag, value in tags.items():
            name = names.get(tag)
            if name is None or (tag in _HIDDEN and tags is not found.gps) or name in shown or len(shown) >= SHOWN_TAGS:
                continue
            plain = _plain(value)
            if plain is not None:
                shown[name] = plain
    for tag in range(0x9C9B, 0x9CA0):
        words = fields.text(_utf16(found.main.get(tag)), fields.LINE)
        if words and tag in ExifTags.TAGS:
            shown[ExifTags.TAGS[tag]] = words
    comment = fields.text(_comment(found.first(0x9286), found.order), fields.LINE)
    if comment:
        shown["UserComment"] = comment
    return shown


def _plain(value: Value) -> Any:
    if isinstance(value, bytes):
        if len(value) > 4 * fields.LINE:
            return None
        body = value.rstrip(b"\0 ")
        if any(code < 9 or 13 < code < 32 for code in body):
            return None if len(body) > 4 else body[0] if len(body) == 1 else list(body)
        return fields.text(body, fields.LINE)
    numbers = [fields.number(each) for each in value[: SHOWN_NUMBERS + 1]]
    if not numbers or len(numbers) > SHOWN_NUMBERS or None in numbers:
        return None
    plain = [
        int(each) if each == int(each) and abs(each) < 1e15 else float(f"{each:.9g}")
        for each in numbers
        if each is not None
    ]
    return plain[0] if len(plain) == 1 else plain
