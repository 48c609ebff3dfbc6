"""What a file is, decided by its bytes and never by its name.

`sniff` wants the first HEAD bytes; fewer are fine, and a file cut short is still named as what it was, so that its failure
can be explained later. Signatures are from the formats' own specifications (TIFF 6.0, DNG 1.7, ISO 14496-12, ISO 23008-12,
ISO 18181-2, RFC 9559) and, for camera RAW, from what the cameras write.
"""

import string
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import pread
from typing import BinaryIO

from photolib.said import Said

HEAD = 65536


@dataclass(frozen=True)
class Format:
    """A kind of file we take. extension has no dot; kind is "photo", "raw" or "video"."""

    name: str
    media_type: str
    extension: str
    kind: str


FORMATS = {
    each.name: each
    for each in (
        Format("jpeg", "image/jpeg", "jpg", "photo"),
        Format("png", "image/png", "png", "photo"),
        Format("webp", "image/webp", "webp", "photo"),
        Format("gif", "image/gif", "gif", "photo"),
        Format("tiff", "image/tiff", "tif", "photo"),
        Format("bmp", "image/bmp", "bmp", "photo"),
        Format("heic", "image/heic", "heic", "photo"),
        Format("avif", "image/avif", "avif", "photo"),
        Format("jxl", "image/jxl", "jxl", "photo"),
        Format("cr2", "image/x-canon-cr2", "cr2", "raw"),
        Format("cr3", "image/x-canon-cr3", "cr3", "raw"),
        Format("nef", "image/x-nikon-nef", "nef", "raw"),
        Format("arw", "image/x-sony-arw", "arw", "raw"),
        Format("dng", "image/x-adobe-dng", "dng", "raw"),
        Format("raf", "image/x-fuji-raf", "raf", "raw"),
        Format("orf", "image/x-olympus-orf", "orf", "raw"),
        Format("rw2", "image/x-panasonic-rw2", "rw2", "raw"),
        Format("pef", "image/x-pentax-pef", "pef", "raw"),
        Format("srw", "image/x-samsung-srw", "srw", "raw"),
        Format("raw", "image/x-raw", "raw", "raw"),  # TIFF with sensor data by a maker not named here
        Format("mp4", "video/mp4", "mp4", "video"),
        Format("mov", "video/quicktime", "mov", "video"),
        Format("3gp", "video/3gpp", "3gp", "video"),
        Format("mkv", "video/x-matroska", "mkv", "video"),
        Format("webm", "video/webm", "webm", "video"),
        Format("avi", "video/x-msvideo", "avi", "video"),
        Format("mts", "video/mp2t", "mts", "video"),
        Format("mpg", "video/mpeg", "mpg", "video"),
        Format("wmv", "video/x-ms-wmv", "wmv", "video"),
    )
}

# What people's photos and videos are called. It decides nothing about a file, only whether one that is no photo deserves
# to be mentioned. Bytes with the dot, as os.path.splitext gives them for the names of files.
ENDINGS = frozenset(
    f".{ending}".encode()
    for ending in (
        *(each.extension for each in FORMATS.values()),
        *("jpeg", "jpe", "jfif", "tiff", "dib", "apng", "heif", "hif", "heics", "avifs"),
        *("nrw", "sr2", "srf", "dcr", "kdc", "erf", "mef", "mos", "3fr", "iiq", "rwl", "crw"),
        *("m4v", "qt", "3g2", "3gpp", "m2ts", "mpeg", "mpe", "m2v", "asf", "divx"),
    )
)

ReadAt = Callable[[int, int], bytes]


def sniff(head: bytes, read_at: ReadAt | None = None) -> Format | None:
    """The format of a file that starts with these bytes, or None when it is no photo or video.

    read_at(offset, length) reaches further into the file. Only TIFF needs it: there the tags that tell a RAW file from a
    picture may lie behind the head, and without it such a file is called "tiff".
    """
    name = _name(head, read_at)
    return FORMATS[name] if name else None


def reach(file: BinaryIO) -> ReadAt | None:
    """A read_at for sniff that leaves the file's position alone; None for what is no file on a disk."""
    try:
        handle = file.fileno()
    except (AttributeError, OSError):
        return None
    return lambda offset, length: pread(handle, length, min(offset, 1 << 62))


def describe(head: bytes) -> str:
    """Words for a file that is no photo, to be read as "It is ...": "a web page", "an empty file"."""
    if not head:
        return Said("an empty file")
    if not head.strip(b"\0"):
        return Said("a file of zeros")
    if found := sniff(head):
        return Said("a %(format)s file", format=found.name.upper())
    if len(head) < 4:
        return (
            Said("a file of only %(count)s bytes", count=len(head)) if len(head) > 1 else Said("a file of only 1 byte")
        )
    if head[:4] == b"RIFF":
        return {b"WAVE": Said("a sound file")}.get(head[8:12], Said("an unknown kind of file"))
    if head[4:8] == b"ftyp":
        is_sound = head[8:11] in _SOUND_BRANDS
        return Said("a sound file") if is_sound else Said("an MPEG-4 file of an unknown kind")
    for signature, words in _OTHERS:
        if head.startswith(signature):
            return words
    return _describe_text(head)


def jxl_size(head: bytes) -> tuple[int, int] | None:
    """Width and height as a JPEG XL header declares them, before orientation; None when the head does not reach so far.

    The layout is ISO 18181-1's SizeHeader: fields of bits, the lowest bit of each byte first.
    """
    start = 0
    if head[:12] == _JXL_BOX:
        start = next(
            (begin + 4 * (kind == b"jxlp") for kind, begin, _ in boxes(head) if kind in (b"jxlc", b"jxlp")), -1
        )
    if start < 0 or head[start : start + 2] != b"\xff\x0a" or len(head) < start + 12:
        return None
    bits = int.from_bytes(head[start + 2 : start + 12], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    is_small = take(1)

    def length() -> int:
        return (take(5) + 1) * 8 if is_small else take((9, 13, 18, 30)[take(2)]) + 1

    height = length()
    ratio = take(3)
    if ratio == 0:
        return length(), height
    across, down = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return height * across // down, height


def boxes(head: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of an ISO base media file as (kind, start and end of their content); the end may lie behind the head."""
    end = len(head) if end is None else min(end, len(head))
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", head, start)
        begin = start + 8
        if size == 1 and start + 16 <= len(head):
            size = struct.unpack_from(">Q", head, begin)[0]
            begin += 8
        elif size == 0:
            size = max(end - start, 8)  # to the end of the file
        if size < begin - start:
            return
        yield kind, begin, start + size
        start += size


_JXL_BOX = b"\0\0\0\x0cJXL \r\n\x87\n"
_SOUND_BRANDS = (b"M4A", b"M4B", b"M4P", b"F4A")
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")

_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xff\x0a", "jxl"),
    (_JXL_BOX, "jxl"),
    (b"FUJIFILMCCD-RAW", "raf"),
    (b"IIRO", "orf"),
    (b"IIRS", "orf"),
    (b"MMOR", "orf"),
    (b"IIU\0", "rw2"),
    (b"\0\0\x01\xba", "mpg"),
    (b"\0\0\x01\xb3", "mpg"),
)

_OTHERS = (
    (b"%PDF-", Said("a PDF document")),
    (b"PK\x03\x04", Said("a ZIP archive")),
    (b"PK\x05\x06", Said("a ZIP archive")),
    (b"\x1f\x8b", Said("a gzip archive")),
    (b"7z\xbc\xaf\x27\x1c", Said("a 7-Zip archive")),
    (b"Rar!", Said("a RAR archive")),
    (b"BZh", Said("a bzip2 archive")),
    (b"\xfd7zXZ", Said("an xz archive")),
    (b"8BPS", Said("a Photoshop document")),
    (b"gimp xcf", Said("a GIMP document")),
    (b"\0\0\0\x0cjP  ", Said("a JPEG 2000 picture")),
    (b"\xff\x4f\xff\x51", Said("a JPEG 2000 picture")),
    (b"\0\0\x01\0", Said("an icon")),
    (b"%!PS", Said("a PostScript document")),
    (b"SQLite format 3\0", Said("a database")),
    (b"bplist", Said("a property list")),
    (b"ID3", Said("a sound file")),
    (b"OggS", Said("an Ogg file")),
    (b"fLaC", Said("a sound file")),
    (_ASF, Said("a sound file")),
    (b"MZ", Said("a program")),
    (b"\x7fELF", Said("a program")),
    (b"\xff\xe0", Said("a JPEG without its beginning")),
    (b"\xff\xe1", Said("a JPEG without its beginning")),
)


def _name(head: bytes, read_at: ReadAt | None) -> str | None:
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(head, read_at)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip"):
        return _media(head)
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "avi"}.get(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _matroska(head)
    if head.startswith(_ASF):
        return "wmv" if _ASF_VIDEO in head else None
    if (
        head[:2] == b"BM"
        and len(head) >= 18
        and struct.unpack_from("<I", head, 14)[0] in (12, 40, 52, 56, 64, 108, 124)
    ):
        return "bmp"
    for first, packet in ((0, 188), (4, 192)):  # a transport stream has its mark at every packet; cameras prefix a time
        marks = head[first : first + 5 * packet : packet]
        if len(marks) == 5 and marks == b"G" * 5:
            return "mts"
    return None


# ISO base media: MP4, QuickTime, HEIC, AVIF, CR3 ------------------------------------------------------------------------

_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AV1_BRANDS = {b"avif", b"avis"}
_PICTURE_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf", b"1pic", b"unif"}
_VIDEO_BRANDS = {
    *(b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"mp71"),
    *(b"avc1", b"hvc1", b"av01", b"M4V ", b"M4VH", b"M4VP", b"f4v ", b"MSNV", b"XAVC", b"mmp4", b"dash", b"cmfc"),
}


def _media(head: bytes) -> str | None:
    size, kind = struct.unpack_from(">I4s", head)
    if kind != b"ftyp":  # QuickTime older than the ftyp box; a text that happens to say "free" has a huge size there
        is_likely = size in (0, 1) or (size >= 8 and (kind in (b"moov", b"mdat") or size < 1 << 20))
        return "mov" if is_likely else None
    major = head[8:12]
    brands = {head[at : at + 4] for at in range(16, min(size if size >= 16 else 64, len(head), 512) - 3, 4)}
    if major in _AV1_BRANDS:
        return "avif"
    if major in _HEVC_BRANDS:
        return "heic"
    if major in _PICTURE_BRANDS:
        return _still(head, brands)
    if major == b"crx ":
        return "cr3"
    if major == b"jxl ":
        return "jxl"
    if major == b"qt  ":
        return "mov"
    if major[:3] in (b"3gp", b"3g2", b"3ge", b"3gg", b"3gr", b"3gs"):
        return "3gp"
    if major[:3] in _SOUND_BRANDS:
        return None
    if major in _VIDEO_BRANDS or brands & _VIDEO_BRANDS:
        return "mp4"
    return "mov" if b"qt  " in brands else None


def _still(head: bytes, brands: set[bytes]) -> str | None:
    """A file of the general image brand: its compatible brands say how it is coded, and when they name both, its items do."""
    is_av1, is_hevc = bool(brands & _AV1_BRANDS), bool(brands & _HEVC_BRANDS)
    if is_av1 and is_hevc:
        return "avif" if b"av01" in head and b"hvc1" not in head else "heic"
    return "avif" if is_av1 else "heic"


# Matroska ---------------------------------------------------------------------------------------------------------------


def _matroska(head: bytes) -> str:
    """WebM and Matroska differ by the DocType in the EBML header."""
    at = head.find(b"\x42\x82", 4, 128)
    if at >= 0 and at + 3 <= len(head) and head[at + 2] & 0x80:
        length = head[at + 2] & 0x7F
        if head[at + 3 : at + 3 + length].rstrip(b"\0") == b"webm":
            return "webm"
    return "mkv"


# TIFF and the RAW formats built on it -----------------------------------------------------------------------------------

_SUBFILE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 254, 259, 262, 271, 330, 50706
_SENSOR_DATA = {32803, 34892}  # photometric: colour filter array, linear RAW
_SENSOR_CODECS = {32767, 32770, 34713, 65000, 65535}  # Sony, Samsung, Nikon, Kodak, Pentax
_RAW_BY_MAKER = (
    (b"NIKON", "nef"),
    (b"SONY", "arw"),
    (b"PENTAX", "pef"),
    (b"RICOH", "pef"),
    (b"SAMSUNG", "srw"),
)
_FIELD_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8, 18: 8}
_MOST_ENTRIES = 1000
_MOST_SUB_IFDS = 8

Tags = dict[int, bytes | tuple[int, ...]]


def _tiff(head: bytes, read_at: ReadAt | None) -> str:
    if head[8:10] == b"CR" and head[:2] == b"II":
        return "cr2"

    def fetch(offset: int, length: int) -> bytes:
        if offset + length <= len(head):
            return head[offset : offset + length]
        return read_at(offset, length) if read_at else head[offset : offset + length]

    order = "<" if head[:2] == b"II" else ">"
    is_big = b"+" in head[2:4]
    if len(head) < (16 if is_big else 8):
        return "tiff"
    first = struct.unpack_from(order + ("Q" if is_big else "I"), head, 8 if is_big else 4)[0]
    tags = _tags(fetch, order, is_big, first)
    if _DNG_VERSION in tags:
        return "dng"
    made_by = tags.get(_MAKE, b"")
    maker = made_by.upper() if isinstance(made_by, bytes) else b""
    of_maker = next((name for start, name in _RAW_BY_MAKER if maker.startswith(start)), None)
    sub_offsets = _numbers(tags, _SUB_IFDS)[:_MOST_SUB_IFDS]
    below = [_tags(fetch, order, is_big, offset) for offset in sub_offsets]
    if any(_is_sensor(each) for each in (tags, *below)):
        return of_maker or "raw"
    is_preview = bool(_numbers(tags, _SUBFILE)[:1] and _numbers(tags, _SUBFILE)[0] & 1)
    cannot_see = bool(sub_offsets) and not all(below)
    return of_maker if of_maker and is_preview and cannot_see else "tiff"


def _is_sensor(tags: Tags) -> bool:
    return bool(
        _SENSOR_DATA & set(_numbers(tags, _PHOTOMETRIC)) or _SENSOR_CODECS & set(_numbers(tags, _COMPRESSION)[:1])
    )


def _numbers(tags: Tags, tag: int) -> tuple[int, ...]:
    value = tags.get(tag, ())
    return value if isinstance(value, tuple) else ()


def _tags(fetch: ReadAt, order: str, is_big: bool, offset: int) -> Tags:
    """The few tags we ask for out of one directory; what cannot be reached is left out."""
    count_bytes, entry_bytes, inline = (8, 20, 8) if is_big else (2, 12, 4)
    raw_count = fetch(offset, count_bytes)
    if len(raw_count) < count_bytes:
        return {}
    count = min(struct.unpack(order + ("Q" if is_big else "H"), raw_count)[0], _MOST_ENTRIES)
    body = fetch(offset + count_bytes, count * entry_bytes)
    found: Tags = {}
    for at in range(0, len(body) - entry_bytes + 1, entry_bytes):
        tag, kind, amount = struct.unpack_from(order + ("HHQ" if is_big else "HHI"), body, at)
        if tag not in (_SUBFILE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION):
            continue
        width = _FIELD_BYTES.get(kind, 0)
        length = width * min(amount, 64)
        value = body[at + entry_bytes - inline : at + entry_bytes]
        if width * amount > inline:
            value = fetch(struct.unpack(order + ("Q" if is_big else "I"), value)[0], length)
        value = value[:length]
        if kind == 2:
            found[tag] = value.rstrip(b"\0")
        elif width:
            letter = {1: "B", 2: "H", 4: "I", 8: "Q"}[width]
            found[tag] = struct.unpack(f"{order}{len(value) // width}{letter}", value[: len(value) // width * width])
    return found


# Everything else --------------------------------------------------------------------------------------------------------

_PRINTABLE = frozenset(string.printable)


def _describe_text(head: bytes) -> str:
    head = head[:4096]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode("utf-8", "replace")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        return Said("a web page")
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--", b"<x:xmpmeta", b"<?xpacket")):
        if b"<svg" in text:
            return Said("an SVG drawing")
        if b"<html" in text:
            return Said("a web page")
        return Said("XMP metadata") if b"xmpmeta" in text else Said("an XML document")
    # The head may end in the middle of a character; old texts are not in UTF-8 but mostly ASCII all the same.
    letters = head.decode("utf-8", "replace")
    is_text = sum(each in _PRINTABLE or each > "\x9f" for each in letters) == len(letters) and letters.count(
        "\ufffd"
    ) * 10 <= len(letters)
    if is_text and text[:1] in (b"{", b"["):
        return Said("a JSON document")
    return Said("a text file") if is_text else Said("an unknown kind of file")
