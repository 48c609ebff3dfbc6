"""Where EXIF, XMP and IPTC lie in each kind of picture file.

Only the skeleton of a file is walked, from part to part, with seeks over the pixels; nothing is decoded, and every
length a file claims is held against its real size and against a limit.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from photolib.metadata import fields, oldcameras
from photolib.said import Said

LARGEST_EXIF = 4 << 20
LARGEST_XMP = 4 << 20
LARGEST_TEXT = 64 * 1024
PARTS = 20_000  # segments, chunks or boxes of one file
FRAMES = 100_000


@dataclass
class Blocks:
    """The raw metadata of a file, still unread."""

    exif: bytes | None = None
    xmp: list[bytes] = field(default_factory=list)  # the packet, then what overflowed from it
    iptc: bytes | None = None
    photoshop: bytes = b""
    texts: dict[str, str] = field(default_factory=dict)
    duration: float | None = None  # seconds, of an animation
    dates: list[dict[str, Any]] = field(default_factory=list)  # of cameras that keep them outside EXIF
    size: tuple[int, int] | None = None  # where the skeleton alone tells it
    orientation: int | None = None
    notes: list[str] = field(default_factory=list)


def size_of(source: BinaryIO) -> int:
    """The length of the whole file."""
    return source.seek(0, 2)


# --- JPEG

_STANDARD_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"


def jpeg(source: BinaryIO) -> Blocks:
    """The segments before the first scan (ITU T.81; XMP specification part 3, 1.1.3)."""
    blocks = Blocks()
    extended: dict[bytes, bytearray] = {}
    source.seek(2)
    for _ in range(PARTS):
        marker = source.read(1)
        if not marker:
            break
        if marker != b"\xff":
            continue  # stray bytes between segments
        while (kind := source.read(1)) == b"\xff":
            pass
        if kind in (b"", b"\xda", b"\xd9"):
            break
        if kind == b"\0" or kind == b"\x01" or b"\xd0" <= kind <= b"\xd8":
            continue
        length = int.from_bytes(source.read(2), "big") - 2
        if length < 0:
            continue
        if kind not in b"\xe0\xe1\xec\xed\xfe":
            source.seek(length, 1)
            continue
        body = source.read(length)
        if kind in b"\xe0\xec":
            clock = oldcameras.canon_date(body) if kind == b"\xe0" else oldcameras.olympus_date(body)
            blocks.dates += [clock] if clock else []
            continue
        if kind == b"\xfe":
            blocks.texts.setdefault("comment", fields.decoded(body))
        elif kind == b"\xed" and body.startswith(b"Photoshop 3.0\0"):
            if len(blocks.photoshop) < LARGEST_EXIF:
                blocks.photoshop += body[14:]
        elif body.startswith(b"Exif\0") and blocks.exif is None:
            blocks.exif = body[6:]
        elif body.startswith(_STANDARD_XMP) and not blocks.xmp:
            blocks.xmp.append(body[len(_STANDARD_XMP) :])
        elif body.startswith(_EXTENDED_XMP) and len(body) > 75:
            _add_extended(extended, body[len(_EXTENDED_XMP) :], blocks.notes)
    if blocks.xmp:
        named = re.search(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})", blocks.xmp[0])
        if named and named[1] in extended:
            blocks.xmp.append(bytes(extended[named[1]]))
    return blocks


def _add_extended(extended: dict[bytes, bytearray], body: bytes, notes: list[str]) -> None:
    """One piece of an XMP packet too long for one segment: its name, the whole length, where the piece belongs."""
    whole, offset = struct.unpack_from(">II", body, 32)
    piece = body[40:]
    if whole > LARGEST_XMP:
        fields.note(notes, Said("Extended XMP was left out: it claims %(whole)s bytes.", whole=whole))
    elif offset + len(piece) <= whole and (body[:32] in extended or len(extended) < 4):
        packet = extended.setdefault(body[:32], bytearray(whole))
        packet[offset : offset + len(piece)] = piece


# --- PNG


def png(source: BinaryIO) -> Blocks:
    """eXIf, XMP in iTXt, ImageMagick's "Raw profile" texts, plain texts, and the length of an animation."""
    blocks = Blocks()
    length = size_of(source)
    source.seek(8)
    delays = 0.0
    for _ in range(PARTS):
        head = source.read(8)
        if len(head) < 8:
            break
        size, kind = struct.unpack(">I4s", head)
        here = source.tell()
        if here + size > length or kind == b"IEND":
            break
        if kind == b"eXIf" and size <= LARGEST_EXIF:
            blocks.exif = source.read(size)
        elif kind == b"fcTL" and size == 26:
            above, below = struct.unpack(">HH", source.read(26)[20:24])
            delays += above / (below or 100)
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and size <= LARGEST_XMP:
            _add_text(blocks, kind, source.read(size))
        source.seek(here + size + 4)
    blocks.duration = delays or None
    for name in ("exif", "app1"):
        raw = _raw_profile(blocks.texts.pop(f"Raw profile type {name}", ""))
        if raw.startswith(_STANDARD_XMP):
            blocks.xmp = blocks.xmp or [raw[len(_STANDARD_XMP) :]]
        elif raw and blocks.exif is None:
            blocks.exif = raw
    packet = _raw_profile(blocks.texts.pop("Raw profile type xmp", ""))
    if packet and not blocks.xmp:
        blocks.xmp = [packet]
    record = _raw_profile(blocks.texts.pop("Raw profile type iptc", ""))
    if record.startswith(b"8BIM"):
        blocks.photoshop = record
    elif record:
        blocks.iptc = record
    return blocks


def _add_text(blocks: Blocks, kind: bytes, body: bytes) -> None:
    name, _, rest = body.partition(b"\0")
    key = name[:79].decode("latin-1")
    is_packet = key == "XML:com.adobe.xmp"
    limit = LARGEST_XMP if is_packet or key.startswith("Raw profile type ") else LARGEST_TEXT
    is_squeezed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        is_squeezed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if is_squeezed:
        rest, is_whole = _unpacked(rest, limit)
        if not is_whole:
            fields.note(
                blocks.notes,
                Said("The text %(name)s was left out: it is broken or far too long.", name=fields.shown(key)),
            )
            return
    if is_packet:
        blocks.xmp = blocks.xmp or [rest]
    elif len(rest) <= limit and len(blocks.texts) < 100:
        blocks.texts.setdefault(key, rest.decode("latin-1") if kind != b"iTXt" else rest.decode("utf-8", "replace"))


def _unpacked(squeezed: bytes, limit: int) -> tuple[bytes, bool]:
    """At most `limit` bytes, and whether that was all: a text chunk can unpack to hundreds of megabytes."""
    try:
        worker = zlib.decompressobj()
        plain = worker.decompress(squeezed, limit)
        return plain, worker.eof
    except zlib.error:
        return b"", False


def _raw_profile(text: str) -> bytes:
    """ImageMagick's way to put a block into a text: a name, its length, the bytes in hexadecimal."""
    digits = "".join(text.strip().split("\n")[2:])
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""


# --- WebP


def webp(source: BinaryIO) -> Blocks:
    """The chunks EXIF and XMP, and the length of an animation."""
    blocks = Blocks()
    length = size_of(source)
    source.seek(12)
    delays = 0
    for _ in range(FRAMES):
        head = source.read(8)
        if len(head) < 8:
            break
        kind, size = struct.unpack("<4sI", head)
        here = source.tell()
        if kind == b"EXIF" and size <= LARGEST_EXIF:
            blocks.exif = source.read(size)
        elif kind == b"XMP " and size <= LARGEST_XMP:
            blocks.xmp = [source.read(size)]
        elif kind == b"ANMF":
            delays += int.from_bytes(source.read(16)[12:15], "little")
        if here + size > length:
            break
        source.seek(here + size + size % 2)
    blocks.duration = delays / 1000 or None
    return blocks


# --- GIF


def gif(source: BinaryIO) -> Blocks:
    """XMP and comment extensions, and the length of the animation."""
    blocks = Blocks()
    source.seek(10)
    flags = source.read(3)
    if len(flags) < 3:
        return blocks
    source.seek(13 + _palette(flags[0]))
    delays = frames = 0
    while frames < FRAMES:
        kind = source.read(1)
        if kind == b"!":
            label = source.read(1)
            if label == b"\xf9":
                delays += int.from_bytes(b"".join(_gif_parts(source))[1:3], "little")
            elif label == b"\xfe":
                blocks.texts.setdefault("comment", fields.decoded(b"".join(_gif_parts(source))[:LARGEST_TEXT]))
            elif label == b"\xff":
                parts = _gif_parts(source)
                # The packet of "XMP DataXMP" is no row of sub-blocks: read as one, its text shows through with the
                # length bytes, so the pieces are joined with them.
                if next(parts, b"") == b"XMP DataXMP":
                    packet = b"".join(bytes([len(part)]) + part for part in parts)
                    blocks.xmp = [packet[: packet.rfind(b">") + 1]]
                else:
                    for _ in parts:
                        pass
            else:
                for _ in _gif_parts(source):
                    pass
        elif kind == b",":
            frames += 1
            head = source.read(9)
            if len(head) < 9:
                break
            source.seek(_palette(head[8]) + 1, 1)
            for _ in _gif_parts(source, is_wanted=False):
                pass
        else:
            break
    blocks.duration = delays / 100 if frames > 1 and delays else None
    return blocks


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_parts(source: BinaryIO, is_wanted: bool = True) -> Iterator[bytes]:
    total = 0
    while (size := source.read(1)) and size != b"\0":
        if is_wanted and total < LARGEST_XMP:
            part = source.read(size[0])
            total += len(part)
            yield part
        else:
            source.seek(size[0], 1)


# --- boxes: MP4, MOV, HEIC, CR3, JPEG XL


@dataclass(frozen=True)
class Box:
    """A part of an ISO base media file: its four-letter kind, and where its content lies."""

    kind: bytes
    start: int  # of the box itself
    body: int  # of its content
    end: int


def boxes(source: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie side by side between two places; it ends at the first that cannot be one."""
    for _ in range(PARTS):
        source.seek(start)
        head = source.read(16)
        if len(head) < 8 or start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", head)
        body = start + 8
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack_from(">Q", head, 8)
            body = start + 16
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end or not all(31 < letter < 127 or letter == 0xA9 for letter in kind):
            return
        yield Box(kind, start, body, start + size)
        start += size


def inside(source: BinaryIO, box: Box, *path: bytes) -> Box | None:
    """The first box at the end of a path of kinds below this one."""
    for kind in path:
        found = next((each for each in boxes(source, box.body, box.end) if each.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def content(source: BinaryIO, box: Box, limit: int) -> bytes:
    """What a box holds, or nothing when that is more than the limit."""
    if box.end - box.body > limit:
        return b""
    source.seek(box.body)
    return source.read(box.end - box.body)


# --- JPEG XL


def jxl(source: BinaryIO) -> Blocks:
    """Size and orientation from the head of the code stream (ISO 18181-1, annex B), EXIF and XMP from its boxes."""
    blocks = Blocks()
    source.seek(0)
    head = source.read(12)
    if head.startswith(b"\xff\x0a"):
        source.seek(0)
        _read_jxl_head(blocks, source.read(64))
        return blocks
    for box in boxes(source, 0, size_of(source)):
        if box.kind in (b"jxlc", b"jxlp") and blocks.size is None:
            source.seek(box.body + (4 if box.kind == b"jxlp" else 0))
            _read_jxl_head(blocks, source.read(64))
        elif box.kind == b"Exif" and blocks.exif is None:
            raw = content(source, box, LARGEST_EXIF)
            # The box begins with the distance to the TIFF header; some writers forget it.
            blocks.exif = raw if raw[:2] in (b"II", b"MM") else raw[4 + int.from_bytes(raw[:4], "big") :]
        elif box.kind == b"xml " and not blocks.xmp:
            blocks.xmp = [content(source, box, LARGEST_XMP)]
        elif box.kind == b"brob":
            fields.note(blocks.notes, Said("This JPEG XL file packs metadata with Brotli, which is not read."))
    return blocks


class _Bits:
    def __init__(self, raw: bytes) -> None:
        self.value, self.left = int.from_bytes(raw, "little"), len(raw) * 8

    def take(self, count: int) -> int:
        if count > self.left:
            raise ValueError("the head of the code stream is cut")
        taken = self.value & ((1 << count) - 1)
        self.value >>= count
        self.left -= count
        return taken


def _read_jxl_head(blocks: Blocks, raw: bytes) -> None:
    if not raw.startswith(b"\xff\x0a"):
        return
    bits = _Bits(raw[2:])
    try:
        is_small = bits.take(1)
        height = _jxl_side(bits, is_small)
        ratio = bits.take(3)
        if ratio:
            above, below = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
            width = height * above // below
        else:
            width = _jxl_side(bits, is_small)
        blocks.size = width, height
        is_default = bits.take(1)
        blocks.orientation = 1
        if not is_default and bits.take(1):
            blocks.orientation = bits.take(3) + 1
    except ValueError:
        pass


def _jxl_side(bits: _Bits, is_small: int) -> int:
    if is_small:
        return 8 * (bits.take(5) + 1)
    return bits.take((9, 13, 18, 30)[bits.take(2)]) + 1
