"""A small EXIF block of our own: the turn of a picture and its date, and what else its owner allows.

Nothing is copied from the file's own block. It holds numbers and short texts that our readers understood there, so that no
serial number, maker note, thumbnail or text of somebody's can come along.
"""

import math
import struct
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


def fresh(facts: dict[str, Any], keep: Keep) -> bytes:
    """A TIFF structure with what these facts (as embedded.read has them) tell; empty when it would hold nothing."""
    main: list[Entry] = []
    orientation = facts.get("orientation") or 1
    if orientation != 1:
        main.append((0x0112, _SHORT, struct.pack("<H", orientation)))
    exif = _date(facts.get("dates") or [])
    if keep.camera:
        main += [_text(0x010F, facts.get("make")), _text(0x0110, facts.get("model"))]
        exif += _exposure(facts)
    gps = _position(facts) if keep.location else []
    main, exif = [each for each in main if each[2]], [each for each in exif if each[2]]
    if exif:
        exif.append((0x9000, 7, b"0232"))
    return _tiff(main, exif, gps) if main or exif or gps else b""


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


def _exposure(facts: dict[str, Any]) -> list[Entry]:
    entries = [_text(0xA434, facts.get("lens"))]
    for tag, name in ((0x829A, "shutter"), (0x829D, "aperture"), (0x920A, "focal_length")):
        value = facts.get(name)
        if isinstance(value, int | float) and 0 < value < 1 << 31:
            entries.append((tag, _RATIONAL, _rational(value)))
    iso = facts.get("iso")
    if isinstance(iso, int) and 0 < iso < 65535:
        entries.append((0x8827, _SHORT, struct.pack("<H", iso)))
    return entries


def _position(facts: dict[str, Any]) -> list[Entry]:
    latitude, longitude = facts.get("latitude"), facts.get("longitude")
    if latitude is None or longitude is None:
        return []
    entries: list[Entry] = [
        (0, _BYTE, b"\2\3\0\0"),
        _text(1, "N" if latitude >= 0 else "S"),
        (2, _RATIONAL, _angle(latitude)),
        _text(3, "E" if longitude >= 0 else "W"),
        (4, _RATIONAL, _angle(longitude)),
    ]
    altitude = facts.get("altitude")
    if altitude is not None:
        entries += [(5, _BYTE, b"\1" if altitude < 0 else b"\0"), (6, _RATIONAL, _rational(abs(altitude)))]
    direction = facts.get("direction")
    if direction is not None:
        entries += [_text(16, "T"), (17, _RATIONAL, _rational(direction))]
    return entries


def _angle(degrees: float) -> bytes:
    """Degrees, minutes and seconds; the seconds to a hundred-thousandth, which is less than a millimetre."""
    left = round(abs(degrees) * 3600 * 100_000)
    whole, left = divmod(left, 3600 * 100_000)
    minutes, seconds = divmod(left, 60 * 100_000)
    return struct.pack("<6I", whole, 1, minutes, 1, seconds, 100_000)


def _rational(value: float) -> bytes:
    if not math.isfinite(value):
        return b""
    ratio = Fraction(value).limit_denominator(1_000_000 if value < 4000 else 1)
    if value and not ratio:
        ratio = Fraction(1, 10_000_000)
    return struct.pack("<2I", min(ratio.numerator, 0xFFFFFFFF), ratio.denominator)


def _text(tag: int, text: Any) -> Entry:
    plain = str(text or "")[:LONGEST].encode("utf-8", "ignore").replace(b"\0", b"")
    return tag, _ASCII, plain + b"\0" if plain else b""


_WIDTHS = {_ASCII: 1, _BYTE: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, 7: 1}


def _tiff(main: list[Entry], exif: list[Entry], gps: list[Entry]) -> bytes:
    """Directories one behind the other, each followed by its long values (TIFF 6.0, section 2)."""
    pointers = [tag for tag, entries in ((_EXIF, exif), (_GPS, gps)) if entries]
    at_exif = 8 + _room([*main, *((tag, _LONG, bytes(4)) for tag in pointers)])
    at_gps = at_exif + (_room(exif) if exif else 0)
    places = {_EXIF: at_exif, _GPS: at_gps}
    main = [*main, *((tag, _LONG, struct.pack("<I", places[tag])) for tag in pointers)]
    body = b"II*\0\x08\0\0\0" + _directory(main, 8)
    body += _directory(exif, at_exif) if exif else b""
    return body + (_directory(gps, at_gps) if gps else b"")


def _room(entries: list[Entry]) -> int:
    return 2 + 12 * len(entries) + 4 + sum(len(value) + len(value) % 2 for *_, value in entries if len(value) > 4)


def _directory(entries: list[Entry], at: int) -> bytes:
    table, values = struct.pack("<H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in sorted(entries):
        table += struct.pack("<HHI", tag, kind, len(value) // _WIDTHS[kind])
        if len(value) <= 4:
            table += value.ljust(4, b"\0")
        else:
            table += struct.pack("<I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
    return table + bytes(4) + values
