"""A photo in, one upright sRGB picture out, decoded once and no larger than needed; what RAW files and videos share with it.

Runs in the decode child: everything here meets hostile bytes. What the bytes are to blame for is raised as UnreadablePhoto
with a sentence; OSError with an errno is the disk's fault and passes through.
"""

import importlib
import os
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from PIL import Image, ImageChops, ImageFile

from photolib import formats
from photolib.decode import colour
from photolib.decode.limits import is_machine_error
from photolib.errors import UnreadablePhoto
from photolib.said import Said

MOST = 2048  # pixels on the longest edge
LEAST = 1600  # a half, quarter or eighth of the original is taken as it is when it is no smaller than this

# What Pillow and its plugins raise about bytes they cannot make sense of.
DAMAGE = (
    *(
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        EOFError,
        AttributeError,
        RuntimeError,
    ),
    *(AssertionError, struct.error, zlib.error),
)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# format name: (Pillow's name for it, the module that knows it)
_PLUGINS = {
    "jpeg": ("JPEG", "PIL.JpegImagePlugin"),
    "png": ("PNG", "PIL.PngImagePlugin"),
    "gif": ("GIF", "PIL.GifImagePlugin"),
    "bmp": ("BMP", "PIL.BmpImagePlugin"),
    "webp": ("WEBP", "PIL.WebPImagePlugin"),
    "tiff": ("TIFF", "PIL.TiffImagePlugin"),
    "avif": ("AVIF", "PIL.AvifImagePlugin"),
    "heic": ("HEIF", "pillow_heif"),
    "jxl": ("JXL", "pillow_jxl"),
}
_OPENS_LAZILY = {"jpeg", "png", "gif", "bmp", "tiff"}  # reads no pixels until they are asked for
_FILLED_FROM_TOP = {"jpeg", "png", "gif", "tiff"}  # the decoder keeps what it got when the file ends too early
_BOXED = {"heic", "avif", "jxl", "cr3", "mp4", "mov", "3gp"}


@dataclass
class Picture:
    """An upright image in sRGB, as RGB or L, without metadata, and what had to be said about it."""

    image: Image.Image
    notes: list[str] = field(default_factory=list)


def read_photo(
    file: BinaryIO, format_name: str, max_pixels: int, orientation: int | None = None, is_whole: bool = False
) -> Picture:
    """Decode what Pillow knows. orientation, when given, is believed instead of what the file itself states.

    is_whole: with all its pixels, else with at most MOST on the longest edge.
    """
    notes: list[str] = []
    try:
        image = _decode(file, format_name, max_pixels, is_whole=is_whole)
    except BOMBS as problem:
        raise UnreadablePhoto(_too_large(file, format_name, max_pixels, problem)) from problem
    except DAMAGE as problem:
        if is_machine_error(problem):
            raise
        image = _decode_damaged(file, format_name, max_pixels, problem, is_whole)
        notes.append(_damage_note(problem))
    turn = orientation or orientation_of(image, format_name, notes)
    nclx = None
    if format_name in ("avif", "heic") and "icc_profile" not in image.info:
        file.seek(0)
        nclx = colour.nclx_of(file.read(formats.HEAD))
    return finish(image, notes, turn, nclx, is_whole)


def finish(
    image: Image.Image,
    notes: list[str],
    orientation: int = 1,
    nclx: colour.Nclx | None = None,
    is_whole: bool = False,
) -> Picture:
    """Shrink (unless it shall stay whole), flatten, convert to sRGB and turn upright, each on as few pixels as possible."""
    profile = image.info.get("icc_profile")
    image = _plain(image) if is_whole else shrink(_plain(image))
    if image.mode in ("RGBA", "LA"):
        image = _on_white(image)
    image = colour.to_srgb(image, profile, nclx, notes)
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    image.info = {}  # what is left in it would be written into the variants
    return Picture(image, notes)


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raises UnreadablePhoto when a picture of this size is more than we decode."""
    if width * height > max_pixels:
        raise UnreadablePhoto(
            "It declares %(width)s x %(height)s pixels (%(count)s megapixels), more than the limit of %(most)s "
            "(setting max_megapixels).",
            width=width,
            height=height,
            count=f"{width * height / 1e6:.0f}",
            most=f"{max_pixels / 1e6:.0f}",
        )


def divisor(longest: int) -> int:
    """What to divide by while decoding, 1, 2, 4 or 8: the result is between LEAST and MOST if it can be, else above MOST."""
    for step in (1, 2, 4, 8):
        if longest <= MOST * step:
            return step if step == 1 or longest >= LEAST * step else step // 2
    return 8


def fitted(size: tuple[int, int], most: int) -> tuple[int, int]:
    """A size with its longest edge at most `most`, in the same proportions, never larger and never without pixels."""
    scale = min(1.0, most / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrink(image: Image.Image, most: int = MOST) -> Image.Image:
    """The image with its longest edge at most `most` pixels long; smaller ones stay as they are."""
    longest = max(image.size)
    if longest <= most:
        return image
    if most == MOST and (step := divisor(longest)) > 1:
        return shrink(image.reduce(step), most)
    # A box filter down to no less than 1.25 times the size, then a sharp one: twice as fast, as good to the eye.
    return image.resize(fitted(image.size, most), Image.Resampling.LANCZOS, reducing_gap=1.25)


def orientation_of(image: Image.Image, format_name: str, notes: list[str]) -> int:
    """How the decoded image still has to be turned, 1 to 8 as in EXIF."""
    if format_name == "jxl" and not getattr(image, "jpeg", False):
        return 1  # the codestream's own orientation has been applied, and EXIF's has no say (ISO 18181-2)
    if format_name == "avif":
        # Pillow puts the container's rotation into EXIF; without one, XMP has no say either.
        image.info.pop("xmp", None)
    try:
        stated = image.getexif().get(_ORIENTATION)
    except DAMAGE:
        notes.append(Said("The EXIF data inside cannot be read."))
        return 1
    return stated if isinstance(stated, int) and 1 <= stated <= 8 else 1


def damaged(file: BinaryIO, format_name: str, problem: Exception) -> UnreadablePhoto:
    """The sentence for a file that does not decode: how much of it is missing when its structure tells.

    Raises MemoryError when the decoder said in its own way that there was too little.
    """
    name = format_name.upper()
    if "bad_alloc" in str(problem) or "memory alloc" in str(problem).lower():
        raise MemoryError(str(problem)) from problem
    if missing := missing_end(file, format_name):
        return UnreadablePhoto("The file ends too early: %(missing)s.", missing=missing)
    reason = re.sub(r"<[^>]*>|'[^']*'|\s+", " ", str(problem)).strip(" .:") or type(problem).__name__
    if "truncated" in reason.lower() or isinstance(problem, EOFError):
        return UnreadablePhoto("The %(format)s file ends too early (%(why)s).", format=name, why=reason[:200])
    return UnreadablePhoto(
        "The %(format)s data is damaged or of a kind no decoder here knows (%(why)s).", format=name, why=reason[:200]
    )


def _decode(
    file: BinaryIO,
    format_name: str,
    max_pixels: int,
    lenient_open: bool = False,
    lenient_load: bool = False,
    is_whole: bool = False,
) -> Image.Image:
    """All pixels of the first frame, scaled down by the decoder itself where it can do that and may."""
    file.seek(0)
    if format_name == "jxl" and (declared := formats.jxl_size(file.read(formats.HEAD))):
        check_size(*declared, max_pixels)  # its plugin decodes while opening
    with _leniency(lenient_open):
        image = _open(file, format_name, max_pixels)
    check_size(*image.size, max_pixels)
    if format_name == "jpeg" and not is_whole:
        step = divisor(max(image.size))
        image.draft(image.mode, (max(1, image.width // step), max(1, image.height // step)))
    with _leniency(lenient_load):
        image.load()
    return image


@contextmanager
def _leniency(wanted: bool) -> Iterator[None]:
    """Pillow's switch for taking damaged files as far as they go; it is one for the whole process, and off otherwise."""
    ImageFile.LOAD_TRUNCATED_IMAGES = wanted
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _open(file: BinaryIO, format_name: str, max_pixels: int | None) -> ImageFile.ImageFile:
    name, module = _PLUGINS[format_name]
    plugin: Any = importlib.import_module(module)
    if format_name == "heic" and name not in Image.OPEN:
        plugin.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    elif format_name == "avif":
        plugin.DEFAULT_MAX_THREADS = 1
    elif format_name == "jxl":
        plugin = importlib.import_module("pillow_jxl.JpegXLImagePlugin")
        plugin.DECODE_THREADS = 0
    Image.MAX_IMAGE_PIXELS = max_pixels
    file.seek(0)
    return Image.open(file, formats=[name])


def _decode_damaged(
    file: BinaryIO, format_name: str, max_pixels: int, problem: Exception, is_whole: bool = False
) -> Image.Image:
    """A second, tolerant look at a file that did not decode: taken if the picture is there to its last line."""
    if format_name not in _FILLED_FROM_TOP:
        raise damaged(file, format_name, problem) from problem
    try:
        try:
            # Perhaps only what stands before the pixels is odd.
            return _decode(file, format_name, max_pixels, lenient_open=True, is_whole=is_whole)
        except DAMAGE:
            image = _decode(file, format_name, max_pixels, lenient_open=True, lenient_load=True, is_whole=is_whole)
    except (*DAMAGE, *BOMBS) as worse:
        if is_machine_error(worse):
            raise
        raise damaged(file, format_name, problem) from worse
    shown = _rows_there(image)
    if shown == 1:
        return image
    if "truncated" in str(problem).lower():
        raise UnreadablePhoto(
            "The file ends too early: %(part)s of the picture is missing.", part=_lower_part(1 - shown)
        ) from problem
    raise damaged(file, format_name, problem) from problem


def _rows_there(image: Image.Image) -> float:
    """How much of a picture was really decoded, from the top, 0 to 1: decoders fill what is missing with one colour."""
    plain = _plain(image).getchannel(0)
    width, height = plain.size
    low, high = plain.crop((width * 3 // 4, height - 1, width, height)).getextrema()
    if low != high:
        return 1.0
    fill = Image.new("L", plain.size, plain.getpixel((width - 1, height - 1)))
    box = ImageChops.difference(plain, fill).getbbox()
    return min((box[3] if box else 0) / height, 0.99)


def _lower_part(share: float) -> str:
    return Said("the lower %(count)s %%", count=max(1, round(100 * share))) if share < 1 else Said("all")


def _damage_note(problem: Exception) -> str:
    if "truncated" in str(problem).lower():
        return Said("The last bytes of the file are missing; the picture is there.")
    if "too large" in str(problem).lower():
        return Said("A text inside the file is too large and was left out.")
    return "The file is damaged in a place that does not matter for the picture."


def _too_large(file: BinaryIO, format_name: str, max_pixels: int, problem: BaseException) -> str:
    """The sentence for a bomb that Pillow refused before we could ask for its size."""
    if format_name in _OPENS_LAZILY:
        try:
            check_size(*_open(file, format_name, None).size, max_pixels)
        except UnreadablePhoto as refused:
            return str(refused)
        except DAMAGE:
            pass
    pixels = re.search(r"\((\d+) pixels\)", str(problem))
    declared = f"{int(pixels[1]) / 1e6:.0f} megapixels" if pixels else "far too many pixels"
    return f"It declares {declared}, more than the limit of {max_pixels / 1e6:.0f} (setting max_megapixels)."


def _plain(image: Image.Image) -> Image.Image:
    """The image in one of the modes the rest knows: L, RGB, RGBA, LA, CMYK, LAB."""
    mode = image.mode
    if mode in ("L", "RGB", "CMYK", "LAB") and "transparency" not in image.info:
        return image
    if mode in ("RGBA", "LA"):
        return image
    if mode.startswith(("I", "F")):
        return _to_8_bits(image)
    if mode == "1":
        return image.convert("L")
    if image.has_transparency_data:
        return image.convert("LA" if mode in ("L", "La") else "RGBA")
    return image.convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Greys of more than eight bits, by what the numbers in them show.

    Scanners and cameras put 8, 10 or 12 bits into 16 without shifting them up, so the highest value tells how many there are.
    """
    low, high = image.getextrema()
    if not (isinstance(low, int | float) and isinstance(high, int | float) and abs(low) < 1e30 and abs(high) < 1e30):
        low, high = 0, 255  # not a number, or infinite
    if image.mode == "F" and low >= 0 and high <= 1:
        bottom, top = 0.0, 1.0
    elif low >= 0 and high < 65536:
        bottom, top = 0.0, next(float(2**bits - 1) for bits in (8, 10, 12, 16) if high < 2**bits)
    else:
        bottom, top = float(low), float(high)
    scale = 255 / max(top - bottom, 1e-9)
    wide = image.convert("F")
    return wide.point(lambda value: value * scale + (0.5 - bottom * scale)).convert("L")


def _on_white(image: Image.Image) -> Image.Image:
    """JPEG knows no transparency; white is what a page behind a picture mostly is."""
    base = "RGB" if image.mode == "RGBA" else "L"
    background = Image.new(base, image.size, "white")
    background.paste(image.convert(base), mask=image.getchannel("A"))
    return background


def missing_end(file: BinaryIO, format_name: str) -> str:
    """How much of a file is missing, in words, when its structure declares its length and it is shorter; else empty."""
    try:
        size = os.fstat(file.fileno()).st_size
    except OSError:  # in memory: a preview inside another file
        return ""
    declared = 0
    file.seek(0)
    head = file.read(8)
    if format_name == "bmp":
        declared = int.from_bytes(head[2:6], "little")
    elif format_name in ("webp", "avi"):
        declared = 8 + int.from_bytes(head[4:], "little")
    elif format_name in _BOXED:
        declared = max((end for _, end in _top_boxes(file, size)), default=0)
        declared = declared if declared < 1000 * size else 0  # so long that it is no length but damage
    elif head[:4] in (b"II*\0", b"MM\0*"):  # the directory, in many files the last thing written
        declared = int.from_bytes(head[4:], "little" if head[:2] == b"II" else "big") + 6
    gone = declared - size
    if gone <= 0:
        return ""
    share = gone * 100 / declared
    if share >= 1:
        return Said("%(count)s %% of it is missing", count=f"{min(share, 99):.0f}")
    if gone == 1:
        return Said("1 of %(all)s bytes is missing", all=declared)
    return Said("%(count)s of %(all)s bytes are missing", count=gone, all=declared)


def _top_boxes(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Start and declared end of each outermost box of an ISO base media file."""
    at = 0
    for _ in range(10_000):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:], "big")
        if length < 8 or not head[4:8].isalnum():
            return
        yield at, at + length
        at += length
        if at >= size:
            return


@contextmanager
def strict_warnings() -> Iterator[None]:
    """Libraries warn about all sorts of odd tags; only the warning about too many pixels is one to act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
