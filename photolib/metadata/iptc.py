"""IPTC-IIM: the captions, keywords and dates that newsrooms, Picasa and older programs wrote into JPEG and TIFF files.

Layout: IPTC-NAA Information Interchange Model 4.2. In JPEG it hides in Photoshop's resource blocks (APP13).
"""

import re
import struct
from collections.abc import Iterator
from typing import Any

from photolib.metadata import dates, fields

LARGEST = 1 << 20
_UTF8 = b"\x1b%G"


def from_photoshop(blocks: bytes) -> bytes | None:
    """The IPTC record within Photoshop's resource blocks ("8BIM", number, padded name, length, data)."""
    at = 0
    while at + 12 <= len(blocks):
        if blocks[at : at + 4] != b"8BIM":
            at = blocks.find(b"8BIM", at + 1)
            if at < 0:
                return None
            continue
        kind = int.from_bytes(blocks[at + 4 : at + 6], "big")
        start = at + 6 + (blocks[at + 6] + 2) // 2 * 2
        size = int.from_bytes(blocks[start : start + 4], "big")
        if kind == 0x0404:
            return blocks[start + 4 : start + 4 + min(size, LARGEST)]
        at = start + 4 + size + size % 2
    return None


def read_iptc(record: bytes) -> dict[str, Any]:
    """What the record states, under the same keys as read_xmp; keys it says nothing about are absent."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for number, value in _datasets(record[:LARGEST]):
        found.setdefault(number, []).append(value)
    notes: list[str] = []
    is_utf8 = any(value.startswith(_UTF8) for value in found.get((1, 90), []))

    def one(*numbers: int) -> str | None:
        for number in numbers:
            for value in found.get((2, number), []):
                return value.decode("utf-8", "replace") if is_utf8 else fields.decoded(value)
        return None

    facts: dict[str, Any] = {}
    keywords = [
        value.decode("utf-8", "replace") if is_utf8 else fields.decoded(value) for value in found.get((2, 25), [])
    ]
    for key, fact in (
        ("title", fields.title(one(5) or one(105))),
        ("description", fields.prose(one(120))),
        ("keywords", fields.words(keywords)),
    ):
        if fact:
            facts[key] = fact
    created = [
        _date(one(day), one(time), source, notes)
        for day, time, source in ((55, 60, "iptc"), (62, 63, "iptc-digitized"))
    ]
    if any(created):
        facts["dates"] = [date for date in created if date]
    if notes:
        facts["notes"] = notes
    return facts


def _datasets(record: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    while at + 5 <= len(record) and record[at] == 0x1C:
        kind, number, size = struct.unpack_from(">BBH", record, at + 1)
        at += 5
        if size & 0x8000:  # an extended dataset: the rest says how many bytes hold the real length
            width = size & 0x7FFF
            if width > 4:
                return
            size = int.from_bytes(record[at : at + width], "big")
            at += width
        yield (kind, number), record[at : at + size]
        at += size


def _date(day: str | None, time: str | None, source: str, notes: list[str]) -> dict[str, Any] | None:
    """IIM's "20050728" and "051848+0200", as separate fields."""
    if not day or not re.fullmatch(r"\d{8}", day.strip()):
        return None
    day = day.strip()
    written = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    parts = re.fullmatch(r"(\d\d)(\d\d)(\d\d)([+-]\d{4})?.*", (time or "").strip(), re.DOTALL)
    if parts:
        written += f"T{parts[1]}:{parts[2]}:{parts[3]}{parts[4] or ''}"
    return dates.read_date(written, source, notes)
