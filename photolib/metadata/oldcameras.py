"""When a photo was taken, from cameras that keep it nowhere EXIF would: early Canon, early Olympus, trail cameras."""

import re
import struct
from datetime import datetime, timedelta

from photolib.metadata import dates

_EPOCH = datetime(1970, 1, 1)


def canon_date(segment: bytes) -> dates.Fact | None:
    """The clock in a CIFF heap (Canon's PowerShots before EXIF put one into APP0).

    A heap ends with the place of its directory: rows of kind, size, offset; kinds 0x28xx and 0x30xx are heaps again.
    """
    if segment[:2] not in (b"II", b"MM") or segment[6:10] != b"HEAP":
        return None
    order = "<" if segment[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", segment, 2)
    heaps = [(start, len(segment))]
    for _ in range(20):
        if not heaps:
            break
        start, end = heaps.pop()
        if not 0 <= start <= end - 6 or end > len(segment):
            continue
        at = start + struct.unpack_from(order + "I", segment, end - 4)[0]
        if not start <= at <= end - 6:
            continue
        (count,) = struct.unpack_from(order + "H", segment, at)
        for row in range(at + 2, min(at + 2 + 10 * count, end - 9), 10):
            kind, size, offset = struct.unpack_from(order + "HII", segment, row)
            place = start + offset
            if kind & 0x3800 in (0x2800, 0x3000):
                heaps.append((place, place + size))
            elif kind == 0x180E and place + 4 <= len(segment):
                return _counted(struct.unpack_from(order + "I", segment, place)[0])
    return None


def olympus_date(segment: bytes) -> dates.Fact | None:
    """The clock in the "[picture info]" text (APP12) of Olympus, Agfa and Epson."""
    found = re.search(rb"TimeDate=(\d{1,10})\b", segment)
    return _counted(int(found[1])) if found else None


def reconyx_date(maker_note: bytes) -> dates.Fact | None:
    """The clock in the maker note of Reconyx trail cameras: second, minute, hour, month, day, year as numbers."""
    if not maker_note.startswith(b"\x01\xf1") or len(maker_note) < 34:
        return None
    second, minute, hour, month, day, year = struct.unpack_from("<6H", maker_note, 22)
    try:
        return _fact(datetime(year, month, day, hour, minute, second))
    except ValueError:
        return None


def _counted(seconds: int) -> dates.Fact | None:
    """These cameras count the seconds of their wall clock since 1970; a clock never set shows 1980 or less."""
    moment = _EPOCH + timedelta(seconds=seconds)
    return _fact(moment) if moment.year > 1980 else None


def _fact(moment: datetime) -> dates.Fact:
    return {"local": dates.wall(moment), "offset": None, "source": "exif"}
