"""RAW files: where each maker keeps the EXIF data, and the size of the picture as LibRaw would develop it."""

import io
import struct
from pathlib import Path
from typing import Any, BinaryIO

from photolib.errors import UnreadablePhoto
from photolib.metadata import containers, dates, exif, fields

_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_LARGEST = 4 << 20


def read_blocks(source: BinaryIO, format_name: str) -> tuple[exif.Directories | None, containers.Blocks]:
    """The directories of a RAW file, and what its embedded JPEG keeps beside them."""
    if format_name == "cr3":
        return _canon(source), containers.Blocks()
    if format_name == "raf":
        blocks = _fuji(source)
        return exif.read_directories(blocks.exif) if blocks.exif else None, blocks
    source.seek(0)
    return exif.read_directories(source), containers.Blocks()


def _fuji(source: BinaryIO) -> containers.Blocks:
    """A whole JPEG lies where the head says (offset and length, big-endian, at 84); it has all the metadata."""
    source.seek(84)
    head = source.read(8)
    if len(head) < 8:
        return containers.Blocks()
    offset, size = struct.unpack(">II", head)
    source.seek(offset)
    return containers.jpeg(io.BytesIO(source.read(min(size, _LARGEST))))


def _canon(source: BinaryIO) -> exif.Directories | None:
    """CR3 splits what is one block elsewhere: CMT1 is the main directory, CMT2 EXIF, CMT4 GPS, each a small TIFF."""
    found: exif.Directories | None = None
    movie = next((box for box in containers.boxes(source, 0, containers.size_of(source)) if box.kind == b"moov"), None)
    for wrapper in containers.boxes(source, movie.body, movie.end) if movie else ():
        if wrapper.kind != b"uuid":
            continue
        source.seek(wrapper.body)
        if source.read(16) != _CANON:
            continue
        for box in containers.boxes(source, wrapper.body + 16, wrapper.end):
            if box.kind not in (b"CMT1", b"CMT2", b"CMT4"):
                continue
            part = exif.read_directories(containers.content(source, box, _LARGEST))
            if part is None:
                continue
            found = found or exif.Directories(order=part.order)
            {b"CMT1": found.main, b"CMT2": found.exif, b"CMT4": found.gps}[box.kind].update(part.main)
            found.notes += part.notes
    return found


def developed(path: Path) -> tuple[tuple[int, int], dict[str, Any], containers.Blocks]:
    """Size as shown, what LibRaw knows of date and exposure, and the metadata of the embedded preview.

    The sensor's data stays packed and the preview compressed. Raises UnreadablePhoto.
    """
    import rawpy

    try:
        with rawpy.imread(str(path)) as raw:
            sizes = raw.sizes
            facts = _exposure(raw.other)
            preview = _preview(raw)
    except (rawpy.LibRawError, OSError, ValueError, RuntimeError, AttributeError) as problem:
        raise UnreadablePhoto(
            "This RAW file cannot be read: it is damaged, cut off or of an unknown camera."
        ) from problem
    if not (sizes.width and sizes.height):
        raise UnreadablePhoto("This RAW file holds no picture.")
    is_on_its_side = sizes.flip in (5, 6)
    return (sizes.height, sizes.width) if is_on_its_side else (sizes.width, sizes.height), facts, preview


def _preview(raw: Any) -> containers.Blocks:
    """The blocks of the JPEG inside: the last place to look where a maker's own layout is unknown."""
    import rawpy

    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawError, RuntimeError, ValueError):
        return containers.Blocks()
    if thumb.format != rawpy.ThumbFormat.JPEG:
        return containers.Blocks()
    return containers.jpeg(io.BytesIO(thumb.data[:_LARGEST]))


def _exposure(known: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "focal_length": fields.rounded(fields.number(known.focal_length, 0.1, 100_000), 2),
        "aperture": fields.rounded(fields.number(known.aperture, 0.1, 1000), 2),
        "shutter": fields.rounded(fields.number(known.shutter_speed, 1e-7, 1e6), 6),
        "iso": fields.whole(known.iso_speed, 1, 50_000_000),
    }
    if known.timestamp and known.timestamp.year > 1970:
        facts["dates"] = [{"local": dates.wall(known.timestamp), "offset": None, "source": "exif"}]
    return {key: value for key, value in facts.items() if value is not None}
