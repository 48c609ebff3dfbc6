"""PNG, WebP, GIF, BMP and JPEG XL: parts in a row, of which only those stay that a decoder needs to show the picture."""

import struct
import zlib
from collections.abc import Iterator

from photolib.cleaning import boxes, movies, profiles
from photolib.cleaning.pieces import BLOCK, Blank, CannotClean, Piece, Source, Stretch, size_of
from photolib.metadata.containers import Box

PARTS = 500_000  # chunks or blocks of one file

# --- PNG (third edition)

_PNG = {
    *(
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"cICP",
        b"mDCV",
        b"cLLI",
        b"sBIT",
        b"bKGD",
    ),
    *(b"pHYs", b"hIST", b"acTL", b"fcTL", b"fdAT"),
}


def png(source: Source, exif: bytes) -> Iterator[Piece]:
    """Raises CannotClean for damage and for chunks that a decoder must know and nobody here does."""
    if source.at(0, 8) != b"\x89PNG\r\n\x1a\n" or source.at(12, 4) != b"IHDR":
        raise CannotClean("It does not begin like a PNG.")
    yield Stretch(0, 8)
    place, has_pixels = 8, False
    for _ in range(PARTS):
        size, kind = struct.unpack(">I4s", source.exactly(place, 8))
        end = place + 12 + size
        if end > source.size:
            raise CannotClean("The file ends too early.")
        if kind == b"IEND":
            if not has_pixels:
                raise CannotClean("There is no picture in it.")
            yield b"\0\0\0\0IEND\xaeB`\x82"
            return
        has_pixels |= kind == b"IDAT"
        if kind == b"iCCP":
            yield from _png_profile(source, place, size)
        elif kind in _PNG:
            yield Stretch(place, end - place)
        elif not kind[0] & 0x20:
            raise CannotClean("It has a part nobody here knows.")
        if kind == b"IHDR" and exif:
            yield _png_chunk(b"eXIf", exif)
        place = end
    raise CannotClean("It has too many parts.")


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_profile(source: Source, place: int, size: int) -> list[Piece]:
    if size > profiles.LARGEST:
        raise CannotClean("Its colour profile is far too large.")
    name, _, squeezed = source.exactly(place + 8, size).partition(b"\0")
    try:
        worker = zlib.decompressobj()
        profile = worker.decompress(squeezed[1:], profiles.LARGEST)
    except zlib.error:
        return []
    if not worker.eof:
        return []
    cleaned = profiles.clean(profile)
    if cleaned == profile and not worker.unused_data:
        return [Stretch(place, size + 12)]
    return [_png_chunk(b"iCCP", name + b"\0\0" + zlib.compress(cleaned))] if cleaned else []


# --- WebP (RFC 9649)

_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def webp(source: Source, exif: bytes) -> list[Piece]:
    """Raises CannotClean for damage, and for animations with unknown parts inside their frames."""
    head = source.exactly(0, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise CannotClean("It does not begin like a WebP.")
    end = 8 + int.from_bytes(head[4:8], "little")
    if end > source.size:
        raise CannotClean("The file ends too early.")
    pieces: list[Piece] = []
    has_pixels, is_extended = False, False
    for kind, body, size in _chunks(source, 12, end):
        whole = Stretch(body - 8, 8 + size + size % 2)
        if kind == b"VP8X" and size >= 10 and not pieces:
            flags = source.exactly(body, 1)[0] & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if exif else 0)
            pieces += [source.exactly(body - 8, 8) + bytes([flags]), Stretch(body + 1, size - 1 + size % 2)]
            is_extended = True
        elif kind in (b"VP8 ", b"VP8L", b"ANMF"):
            if kind == b"ANMF" and any(
                each not in (b"ALPH", b"VP8 ", b"VP8L") for each, *_ in _chunks(source, body + 16, body + size)
            ):
                raise CannotClean("It has a part nobody here knows.")
            pieces.append(whole)
            has_pixels = True
        elif kind in (b"ALPH", b"ANIM"):
            pieces.append(whole)
        elif kind == b"ICCP" and size <= profiles.LARGEST:
            profile = source.exactly(body, size)
            cleaned = profiles.clean(profile)
            pieces.append(whole if cleaned == profile else source.exactly(body - 8, 8) + (cleaned or bytes(size)))
            pieces += [b"\0"] if cleaned != profile and size % 2 else []
    if not has_pixels:
        raise CannotClean("There is no picture in it.")
    if exif and is_extended:
        pieces.append(b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2))
    length = 4 + sum(len(each) if isinstance(each, bytes) else each.size for each in pieces)
    return [b"RIFF" + struct.pack("<I", length) + b"WEBP", *pieces]


def _chunks(source: Source, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size of the content of chunks side by side. Raises CannotClean for one that sticks out."""
    for _ in range(PARTS):
        if start + 8 > end:
            return
        kind, size = struct.unpack("<4sI", source.exactly(start, 8))
        if start + 8 + size > end or start + 8 + size + size % 2 > source.size:
            raise CannotClean("The file ends too early.")
        yield kind, start + 8, size
        start += 8 + size + size % 2
    raise CannotClean("It has too many parts.")


# --- GIF (89a)

_LOOPS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}  # how often it runs


def gif(source: Source) -> Iterator[Piece]:
    """Comments, texts and what applications left go. Raises CannotClean for damage."""
    head = source.exactly(0, 13)
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        raise CannotClean("It does not begin like a GIF.")
    place = 13 + _palette(head[10])
    yield Stretch(0, place)
    has_pixels = False
    for _ in range(PARTS):
        kind = source.exactly(place, 1)
        if kind == b";":
            if not has_pixels:
                raise CannotClean("There is no picture in it.")
            yield b";"
            return
        if kind == b",":
            body = place + 10 + _palette(source.exactly(place + 9, 1)[0]) + 1
            end = _behind_blocks(source, body)
            has_pixels = True
            yield Stretch(place, end - place)
        elif kind == b"!":
            label = source.exactly(place + 1, 1)
            end = _behind_blocks(source, place + 2)
            is_needed = label == b"\xf9" or (label == b"\xff" and source.at(place + 2, 12)[1:] in _LOOPS)
            if is_needed:
                yield Stretch(place, end - place)
        else:
            raise CannotClean("The file is damaged.")
        place = end
    raise CannotClean("It has too many parts.")


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(source: Source, place: int) -> int:
    """Where a row of sub-blocks ends."""
    near, at = source.at(place, BLOCK), 0
    while True:
        if at >= len(near):
            place, at = place + at, 0
            near = source.at(place, BLOCK)
            if not near:
                raise CannotClean("The file ends too early.")
        size = near[at]
        at += 1 + size
        if not size:
            return place + at


# --- BMP


def bmp(source: Source) -> Iterator[Piece]:
    """The heads and the pixels. Raises CannotClean for other kinds than the plain ones, and for a profile that is a path."""
    head = source.exactly(0, 14 + 4)
    offset, header = struct.unpack_from("<I", head, 10)[0], struct.unpack_from("<I", head, 14)[0]
    if head[:2] != b"BM" or header not in (12, 40, 52, 56, 108, 124):
        raise CannotClean("It does not begin like a BMP.")
    raw = source.exactly(14, header)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", raw, 4)
        compression, colours, entry = 0, 0, 3
    else:
        width, height, _, bits, compression, size, _, _, colours = struct.unpack_from("<iiHHIIiiI", raw, 4)
        entry = 4
    if compression in (0, 3, 6):
        size = (width * bits + 31) // 32 * 4 * abs(height)
    elif compression not in (1, 2) or not size:
        raise CannotClean("The picture is stored in a way nobody here knows.")
    masks = {3: 12, 6: 16}.get(compression, 0) if header == 40 else 0
    palette = entry * min(colours or (1 << bits), 256) if bits <= 8 else 0
    tables = 14 + header + masks + palette
    if width <= 0 or not height or not bits or tables > offset or offset + size > source.size:
        raise CannotClean("The file ends too early.")
    profile: list[Piece] = []
    if header == 124:
        kind, _, at, length = raw[56:60], raw[108:112], *struct.unpack_from("<II", raw, 112)
        if kind == b"KNIL":  # the colours are in a file somewhere, whose name stands here
            raise CannotClean("Its colours are in another file.")
        if kind == b"DEBM":
            if 14 + at != offset + size or 14 + at + length > source.size:
                raise CannotClean("The picture is stored in a way nobody here knows.")
            cleaned = profiles.clean(source.exactly(offset + size, length)) if length <= profiles.LARGEST else b""
            profile = [cleaned or Blank(length)]
    end = offset + size + sum(map(size_of, profile))
    yield head[:2] + struct.pack("<I", end) + bytes(4) + head[10:14]  # the reserved bytes may hold anything
    yield Stretch(14, tables - 14)
    yield Blank(offset - tables)
    yield Stretch(offset, size)
    yield from profile


# --- JPEG XL (ISO 18181-2)

_JXL_HEAD = {b"JXL ", b"ftyp", b"jxll"}
_WINDOW = 1 << 20


def jxl(source: Source, exif: bytes) -> Iterator[Piece]:
    """The code stream and, in a container, EXIF of our own. What would give back the JPEG it was made of goes: it holds its metadata."""
    if source.at(0, 2) == b"\xff\x0a":
        for start in range(0, source.size, _WINDOW):  # a naked code stream has no place for metadata but behind its end
            movies.refuse_private(source.at(start, _WINDOW + 64))
        yield Stretch(0, source.size)
        return
    found = boxes.children(source, 0, source.size)
    stream = [each for each in found if each.kind in (b"jxlc", b"jxlp")]
    if not stream or not found or found[0].kind != b"JXL ":
        raise CannotClean("There is no picture in it.")
    for each in found:
        if each.kind in _JXL_HEAD and each.start < stream[0].start:
            yield _whole(each)
    if exif:
        yield struct.pack(">I4sI", 12 + len(exif), b"Exif", 0) + exif
    for each in stream:
        yield _whole(each)


def _whole(box: Box) -> Stretch:
    return Stretch(box.start, box.end - box.start)
