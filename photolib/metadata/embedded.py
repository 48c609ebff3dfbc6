"""What a photo or video says about itself: bytes in, facts out.

This runs in the decode child, on bytes from strangers. No pixel is decoded. A field that is garbage is left out and
noted in a sentence; only a file that cannot be opened at all is refused, with UnreadablePhoto.
"""

import functools
import struct
import warnings
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from PIL import Image

from photolib.decode.limits import is_machine_error
from photolib.errors import BadInput, UnreadablePhoto
from photolib.metadata import containers, dates, exif, fields, iptc, motion, panorama, raw, video, xmp
from photolib.said import Said

Facts = dict[str, Any]
_T = TypeVar("_T")

# Every key a reader of these facts finds, and what it holds when the file says nothing.
NOTHING_SAID: Facts = {
    "width": None, "height": None, "orientation": 1,
    "duration": None, "video_codec": None, "fps": None,
    "dates": [],
    "latitude": None, "longitude": None, "altitude": None, "direction": None,
    "make": None, "model": None, "lens": None, "focal_length": None, "aperture": None, "shutter": None, "iso": None,
    "title": None, "description": None, "keywords": [], "rating": None,
    "regions": [], "people": [],
    "content_id": None, "motion": None, "panorama": None,
    "exif": {}, "notes": [],
}  # fmt: skip

# Pillow's readers, named one by one: left to guess, it would try all of its forty formats on a stranger's bytes.
_PILLOW = {
    "jpeg": ("JPEG", "MPO"), "png": ("PNG",), "webp": ("WEBP",), "gif": ("GIF",), "tiff": ("TIFF",), "bmp": ("BMP", "DIB"),
    "heic": ("HEIF",), "avif": ("AVIF",),
}  # fmt: skip
_VIDEOS = ("mp4", "mov", "mkv", "avi", "webm", "3gp", "mpg", "mts", "wmv", "flv", "ogv")
_WALKERS: dict[str, Callable[[BinaryIO], containers.Blocks]] = {
    "jpeg": containers.jpeg,
    "png": containers.png,
    "webp": containers.webp,
    "gif": containers.gif,
    "jxl": containers.jxl,
}
# Formats whose container says how the picture is turned; libraries apply that, and what EXIF says is only history.
_TURNED_BY_CONTAINER = ("heic", "jxl")
# What Pillow and the parsers here may raise on broken bytes.
_BROKEN = (
    OSError, ValueError, SyntaxError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError,
    EOFError, RuntimeError, struct.error,
)  # fmt: skip


def read(path: Path, format_name: str) -> Facts:
    """The facts of a file of a format that formats.sniff named; all keys of NOTHING_SAID are there.

    width and height are as shown, after any turn; orientation is what the file states (in HEIC and JPEG XL the container
    turns the picture by itself, so nobody may turn it again); dates are the best first; regions lie on the shown
    picture, counted 0 to 1 from its upper left corner. Raises UnreadablePhoto where nothing can be shown, and for more
    pixels than PIL.Image.MAX_IMAGE_PIXELS, which whoever runs this sets.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if format_name in _VIDEOS:
            said = _read_video(path, format_name)
        elif format_name in _PILLOW or format_name == "jxl":
            said = _read_picture(path, format_name)
        else:
            said = _read_raw(path, format_name)
    facts: Facts = {key: said[key] if said.get(key) is not None else copy(empty) for key, empty in NOTHING_SAID.items()}
    facts["dates"] = _ordered(facts["dates"])
    return facts


def understood(blocks: containers.Blocks, directories: exif.Directories | None = None) -> Facts:
    """The facts in the metadata of a picture whose structure has been walked; what they do not state is absent or None."""
    notes: list[str] = []
    said = _merged(directories or _exif_directories(blocks, notes), blocks, notes)
    said["dates"] = _ordered(said["dates"])
    return said


def _read_picture(path: Path, format_name: str) -> Facts:
    notes: list[str] = []
    with path.open("rb") as source:
        walk = _WALKERS.get(format_name)
        blocks = _tried(lambda: walk(source), "structure", notes) if walk else None
        blocks = blocks or containers.Blocks()
        notes += blocks.notes
        if format_name == "jxl":
            size, orientation = _jxl_size(blocks)
        else:
            size, orientation = _pillow_size(path, format_name, blocks)
        _refuse_giants(size)
        if format_name == "tiff":
            source.seek(0)
            directories = _tried(lambda: exif.read_directories(source), "EXIF data", notes)
        else:
            directories = _exif_directories(blocks, notes)
        said = _merged(directories, blocks, notes)
        if orientation is not None:
            said["orientation"] = orientation
            if "Orientation" in (said.get("exif") or {}):
                said["exif"]["Orientation"] = orientation  # pillow-heif writes 1 over what the camera wrote
        has_tag = directories is not None and 0x0112 in directories.main
        if not has_tag and format_name in ("gif", "avif"):
            said["orientation"] = 1  # where XMP has no say in it
        # Pillow's size of a TIFF is the turned one already.
        is_upright = format_name in _TURNED_BY_CONTAINER or (format_name == "tiff" and has_tag)
        is_on_its_side = (said.get("orientation") or 1) >= 5 and not is_upright
        said["width"], said["height"] = size[::-1] if is_on_its_side else size
        said["duration"] = fields.rounded(fields.number(blocks.duration, 0.001, video.LONGEST), 3)
        said["regions"] = _shown_regions(said)
        said["panorama"] = panorama.settled(
            said.get("panorama"), said.get("make"), said.get("model"), said["width"], said["height"]
        )
        if format_name in ("jpeg", "heic", "avif"):
            from_end = said.get("motion_from_end") or []
            said["motion"] = _tried(lambda: motion.find_motion(source, format_name, from_end, notes), "video", notes)
    for name in ("Title", "Description", "comment"):
        key = "title" if name == "Title" else "description"
        said[key] = said.get(key) or (fields.title if key == "title" else fields.prose)(blocks.texts.get(name))
    said["notes"] = notes
    return said


def _read_raw(path: Path, format_name: str) -> Facts:
    notes: list[str] = []
    with path.open("rb") as source:
        found = _tried(lambda: raw.read_blocks(source, format_name), "EXIF data", notes)
        directories, blocks = found or (None, containers.Blocks())
    size, developed, preview = raw.developed(path)
    if directories is None and preview.exif:
        directories, blocks = _exif_directories(preview, notes), preview
    said = _merged(directories, blocks, notes)
    for key, value in developed.items():
        if said.get(key) in (None, []):
            said[key] = value
    said["width"], said["height"] = size
    said["regions"] = _shown_regions(said)
    said["notes"] = notes
    return said


def _read_video(path: Path, format_name: str) -> Facts:
    said = video.read_video(path, format_name)
    notes: list[str] = said["notes"]
    packet = said.pop("xmp", None)
    if packet:
        noted = _noted(packet, notes)
        for key in ("width", "height", "orientation", "regions", "panorama"):
            noted.pop(key, None)  # of the recording before it was turned or made smaller
        said = {**noted, **said, "dates": [*said.get("dates", []), *noted.get("dates", [])], "notes": notes}
    return said


def _tried(work: Callable[[], _T], what: str, notes: list[str]) -> _T | None:
    """The result, or None and a note: one broken part never stops a photo."""
    try:
        return work()
    except _BROKEN as problem:
        if is_machine_error(problem):
            raise
        fields.note(notes, Said("The %(what)s of the file could not be read: it is damaged.", what=what))
        return None


# --- size


def _pillow_size(path: Path, format_name: str, blocks: containers.Blocks) -> tuple[tuple[int, int], int | None]:
    """The size Pillow sees in the file's head, and the orientation where only the library knows it."""
    orientation: int | None = None
    try:
        if format_name == "heic":
            _learn_heif()
        with Image.open(path, formats=_PILLOW[format_name]) as picture:
            size = picture.size
            if format_name in ("heic", "avif"):
                blocks.exif = _bytes(picture.info.get("exif"))
                packet = _bytes(picture.info.get("xmp"))
                blocks.xmp = [packet] if packet else []
                orientation = fields.whole(picture.info.get("original_orientation"), 1, 8)
    except Image.DecompressionBombError as problem:
        raise _too_large() from problem
    except _BROKEN as problem:
        if is_machine_error(problem):
            raise
        raise UnreadablePhoto("The picture cannot be opened: it is damaged, cut off or no picture.") from problem
    return size, orientation


def _jxl_size(blocks: containers.Blocks) -> tuple[tuple[int, int], int | None]:
    if blocks.size is None:
        raise UnreadablePhoto("The picture cannot be opened: it is damaged, cut off or no picture.")
    is_on_its_side = (blocks.orientation or 1) >= 5
    return blocks.size[::-1] if is_on_its_side else blocks.size, blocks.orientation


def _refuse_giants(size: tuple[int, int]) -> None:
    if size[0] < 1 or size[1] < 1:
        raise UnreadablePhoto("The picture is empty: it has no width or no height.")
    if Image.MAX_IMAGE_PIXELS and size[0] * size[1] > Image.MAX_IMAGE_PIXELS:
        raise _too_large()


def _too_large() -> UnreadablePhoto:
    return UnreadablePhoto("The picture declares more pixels than are opened safely (setting max_megapixels).")


@functools.cache
def _learn_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _bytes(value: Any) -> bytes | None:
    return value if isinstance(value, bytes) and value else None


# --- blocks to facts


def _exif_directories(blocks: containers.Blocks, notes: list[str]) -> exif.Directories | None:
    if not blocks.exif:
        return None
    found = _tried(lambda: exif.read_directories(blocks.exif or b""), "EXIF data", notes)
    if found is None:
        fields.note(notes, Said("The EXIF data was left out: it is garbage."))
    return found


def _merged(directories: exif.Directories | None, blocks: containers.Blocks, notes: list[str]) -> Facts:
    """One set of facts. EXIF knows the camera's part best, XMP and after it IPTC what people wrote."""
    by_camera = (_tried(lambda: exif.read_exif(directories), "EXIF data", notes) or {}) if directories else {}
    packets, record, photoshop = blocks.xmp, blocks.iptc, blocks.photoshop
    if directories:
        packets = packets or [each for each in (_packet(directories, exif.XMP),) if each]
        record = record or _packet(directories, exif.IPTC)
        photoshop = photoshop or _packet(directories, exif.PHOTOSHOP) or b""
    by_people: Facts = {}
    for packet in packets:
        by_people = _noted(packet, notes) | by_people
    record = record or (iptc.from_photoshop(photoshop) if photoshop else None)
    by_news = (_tried(lambda: iptc.read_iptc(record), "IPTC record", notes) or {}) if record else {}
    for each in (by_camera, by_news):
        for sentence in each.pop("notes", []):
            fields.note(notes, sentence)
    said = by_camera | by_news | by_people
    for key in ("latitude", "longitude", "altitude"):
        said[key] = (by_camera if "latitude" in by_camera else by_people | by_camera).get(key)
    for key in (
        "make",
        "model",
        "lens",
        "focal_length",
        "aperture",
        "shutter",
        "iso",
        "direction",
        "orientation",
        "exif",
    ):
        said[key] = by_camera.get(key) if by_camera.get(key) is not None else by_people.get(key)
    everywhere = [by_people, by_news, by_camera]
    said["dates"] = [*blocks.dates, *(date for each in everywhere for date in each.get("dates", []))]
    said["keywords"] = fields.words(word for each in everywhere for word in each.get("keywords", []))
    return said


def _packet(directories: exif.Directories, tag: int) -> bytes | None:
    value = directories.main.get(tag)
    if isinstance(value, tuple) and all(isinstance(each, int) and 0 <= each <= 0xFFFFFFFF for each in value):
        value = struct.pack(f"{directories.order}{len(value)}I", *value)  # IPTC is often declared as a row of longs
    return value if isinstance(value, bytes) else None


def _noted(packet: bytes, notes: list[str]) -> Facts:
    try:
        found = _tried(lambda: xmp.read_xmp(packet), "XMP packet", notes) or {}
    except BadInput as problem:
        fields.note(notes, str(problem))
        return {}
    for sentence in found.pop("notes", []):
        fields.note(notes, sentence)
    return found


def _shown_regions(said: Facts) -> list[Facts]:
    shape = (said["width"], said["height"])
    return dates.turned(said.get("regions") or [], said.get("orientation") or 1, shape, said.get("regions_applied_to"))


def _ordered(found: list[dates.Fact]) -> list[dates.Fact]:
    """The best date first, each told once."""
    rank = {source: place for place, (source, _) in enumerate(dates.DATE_ORDER)}
    different = {(date.get("local"), date.get("utc"), date.get("offset"), date["source"]): date for date in found}
    return sorted(different.values(), key=lambda date: rank.get(date["source"], len(rank)))
