"""A small EXIF block of our own: the turn of a picture and its date, and what else its owner allows.

Nothing is copied from the file's own block. It holds numbers and short texts that our readers understood there, so that no
serial number, maker note, thumbnail or text of somebody's can come along.
"""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from photolib.cleaning.pieces import Keep

_ASCII, _BYTE, _SHORT, _LONG, _RATIONAL = 2, 1, 3, 4, 5
_EXIF, _GPS = 0x8769, 0x8825
LONGEST = 100  # characters of a text

# Every tag that is ever written; what else a cleaned copy shows is a mistake. With the camera's, if it is allowed.
MAIN = {0x0112, _EXIF}
DATE = {0x9000, 0x9003, 0x9011, 0x9291}
CAMERA_MAIN = {0x010F, 0x0110}
CAMERA = {0x829A, 0x829D, 0x8827, 0x920A, 0xA434}

Entry = tuple[int, int, bytes]  # tag, type, value


@dataclass(frozen=True)
class Entries:
    """What is told, by directory, in one byte order, "<" or ">"."""

    main: list[Entry]
    exif: list[Entry]
    gps: list[Entry]
    order: str = "<"


def fresh(facts: dict[str, Any], keep: Keep) -> bytes:
    """A TIFF structure with what these facts (as embedded.read has them) tell; empty when it would hold nothing."""
    told = entries(facts, keep)
    if not (told.main or told.exif or told.gps):
        return b""
    return b"II*\0\x08\0\0\0" + directories(told, 8)


def entries(facts: dict[str, Any], keep: Keep, order: str = "<") -> Entries:
    """What these facts tell that may be told."""
    writer = _Writer(order)
    main: list[Entry] = []
    orientation = facts.get("orientation") or 1
    if orientation != 1:
        main.append((0x0112, _SHORT, writer.pack("H", orientation)))
    exif = _date(facts.get("dates") or [])
    if keep.camera:
        main += [_text(0x010F, facts.get("make")), _text(0x0110, facts.get("model"))]
        exif += writer.exposure(facts)
    gps = writer.position(facts) if keep.location else []
    main, exif = [each for each in main if each[2]], [each for each in exif if each[2]]
    if exif:
        exif.append((0x9000, 7, b"0232"))
    return Entries(main, exif, gps, order)


def _date(dates: list[dict[str, Any]]) -> list[Entry]:
    """When it was taken. The clock on the wall if somebody wrote it down, else the satellites' with its zone, which is none."""
    fact = next((each for each in dates if each.get("local")), None)
    moment, offset = (fact["local"], fact.get("offset")) if fact else (None, None)
    if moment is None:
        fact = next((each for each in dates if each.get("utc")), None)
        moment, offset = (fact["utc"], 0) if fact else (None, None)
    if not isinstance(moment, str) or len(moment) < 19:
        return []
    entries = [_text(0x9003, moment[:10].replace("-", ":") + " " + moment[11:19])]
    if moment[20:23].isdigit() and moment[20:23] != "000":
        entries.append(_text(0x9291, moment[20:23]))
    if isinstance(offset, int):
        sign, minutes = "-" if offset < 0 else "+", abs(offset)
        entries.append(_text(0x9011, f"{sign}{minutes // 60:02}:{minutes % 60:02}"))
    return entries


class _Writer:
    """Numbers in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order

    def pack(self, letters: str, *values: int) -> bytes:
        return struct.pack(self.order + letters, *values)

    def exposure(self, facts: dict[str, Any]) -> list[Entry]:
        entries = [_text(0xA434, facts.get("lens"))]
        for tag, name in ((0x829A, "shutter"), (0x829D, "aperture"), (0x920A, "focal_length")):
            value = facts.get(name)
            if isinstance(value, int | float) and 0 < value < 1 << 31:
                entries.append((tag, _RATIONAL, self._rational(value)))
        iso = facts.get("iso")
        if isinstance(iso, int) and 0 < iso < 65535:
            entries.append((0x8827, _SHORT, self.pack("H", iso)))
        return entries

    def position(self, facts: dict[str, Any]) -> list[Entry]:
        latitude, longitude = facts.get("latitude"), facts.get("longitude")
        if latitude is None or longitude is None:
            return []
        entries: list[Entry] = [
            (0, _BYTE, b"\2\3\0\0"),
            _text(1, "N" if latitude >= 0 else "S"),
            (2, _RATIONAL, self._angle(latitude)),
            _text(3, "E" if longitude >= 0 else "W"),
            (4, _RATIONAL, self._angle(longitude)),
        ]
        altitude = facts.get("altitude")
        if altitude is not None:
            entries += [(5, _BYTE, b"\1" if altitude < 0 else b"\0"), (6, _RATIONAL, self._rational(abs(altitude)))]
        direction = facts.get("direction")
        if direction is not None:
            entries += [_text(16, "T"), (17, _RATIONAL, self._rational(direction))]
        return entries

    def _angle(self, degrees: float) -> bytes:
        """Degrees, minutes and seconds; the seconds to a hundred-thousandth, which is less than a millimetre."""
        left = round(abs(degrees) * 3600 * 100_000)
        whole, left = divmod(left, 3600 * 100_000)
        minutes, seconds = divmod(left, 60 * 100_000)
        return self.pack("6I", whole, 1, minutes, 1, seconds, 100_000)

    def _rational(self, value: float) -> bytes:
        if not math.isfinite(value):
            return b""
        ratio = Fraction(value).limit_denominator(1_000_000 if value < 4000 else 1)
        if value and not ratio:
            ratio = Fraction(1, 10_000_000)
        return self.pack("2I", min(ratio.numerator, 0xFFFFFFFF), ratio.denominator)


def _text(tag: int, text: Any) -> Entry:
    plain = str(text or "")[:LONGEST].encode("utf-8", "ignore").replace(b"\0", b"")
    return tag, _ASCII, plain + b"\0" if plain else b""


WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes of a value by its type


def directories(told: Entries, start: int) -> bytes:
    """The directories one behind the other, each followed by its long values (TIFF 6.0, section 2); the first stands at start."""
    pointers = [(tag, each) for tag, each in ((_EXIF, told.exif), (_GPS, told.gps)) if each]
    place = start + _room([*told.main, *((tag, _LONG, bytes(4)) for tag, _ in pointers)])
    main, behind = list(told.main), b""
    for tag, each in pointers:
        main.append((tag, _LONG, struct.pack(told.order + "I", place)))
        behind += _directory(each, place, told.order)
        place += _room(each)
    return _directory(main, start, told.order) + behind


def _room(entries: list[Entry]) -> int:
    return 2 + 12 * len(entries) + 4 + sum(len(value) + len(value) % 2 for *_, value in entries if len(value) > 4)


def _directory(entries: list[Entry], at: int, order: str) -> bytes:
    table, values = struct.pack(order + "H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in sorted(entries):
        table += struct.pack(order + "HHI", tag, kind, len(value) // WIDTHS[kind])
        if len(value) <= 4:
            table += value.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
    return table + bytes(4) + values
