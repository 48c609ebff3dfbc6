"""RAW files through LibRaw: the preview the camera put inside when it is large enough, else the sensor's data developed."""

import io
from pathlib import Path

import numpy as np
import rawpy
from PIL import Image

from photolib.decode import pixels
from photolib.decode.limits import is_machine_error
from photolib.errors import UnreadablePhoto

_GOOD_PREVIEW = 1000  # pixels on the longest edge
_FLIPS = {3: 3, 5: 8, 6: 6}  # LibRaw's word for how the sensor's image has to be turned, and EXIF's


def read(path: Path, format_name: str, max_pixels: int, is_whole: bool = False) -> pixels.Picture:
    """The picture of a RAW file; whole: in full size. Raises UnreadablePhoto when LibRaw cannot read it."""
    try:
        with rawpy.imread(str(path)) as raw:
            sizes = raw.sizes
            pixels.check_size(sizes.raw_width, sizes.raw_height, max_pixels)
            preview = _preview(raw, max_pixels, is_whole)
            return preview or _developed(raw, is_whole)
    except rawpy.LibRawUnsufficientMemoryError as problem:
        raise MemoryError(str(problem)) from problem
    except (rawpy.LibRawError, rawpy.NotSupportedError, *pixels.DAMAGE) as problem:
        if is_machine_error(problem):
            raise
        with open(path, "rb") as file:
            raise pixels.damaged(file, format_name, problem) from problem


def _preview(raw: rawpy.RawPy, max_pixels: int, is_whole: bool) -> pixels.Picture | None:
    """The picture stored beside the sensor's data, upright; None when it is too small or damaged."""
    try:
        thumb = raw.extract_thumb()
        if thumb.format == rawpy.ThumbFormat.BITMAP:
            image = Image.fromarray(np.asarray(thumb.data))
            return (
                pixels.finish(image, [], _turn(raw, image), is_whole=is_whole)
                if _is_large_enough(raw, image, is_whole)
                else None
            )
        data = io.BytesIO(bytes(thumb.data))
        with Image.open(data, formats=["JPEG"]) as image:
            orientation = _turn(raw, image)
            if not _is_large_enough(raw, image, is_whole):
                return None
        return pixels.read_photo(data, "jpeg", max_pixels, orientation, is_whole)
    except (rawpy.LibRawError, rawpy.NotSupportedError, UnreadablePhoto, *pixels.DAMAGE):
        return None


def _turn(raw: rawpy.RawPy, image: Image.Image) -> int:
    """How a preview has to be turned: as the RAW file says, unless the camera has turned it already.

    The EXIF in the preview is no help: LibRaw writes its own in front of it.
    """
    is_as_the_sensor = (image.width > image.height) == (raw.sizes.raw_width > raw.sizes.raw_height)
    return _FLIPS.get(raw.sizes.flip, 1) if is_as_the_sensor else 1


def _is_large_enough(raw: rawpy.RawPy, image: Image.Image, is_whole: bool) -> bool:
    if is_whole:  # the camera's own picture often lacks a few pixels at the edges
        return max(image.size) >= 0.95 * max(raw.sizes.width, raw.sizes.height)
    half = max(raw.sizes.raw_width, raw.sizes.raw_height) / 2
    return max(image.size) >= min(_GOOD_PREVIEW, half)


def _developed(raw: rawpy.RawPy, is_whole: bool) -> pixels.Picture:
    """The sensor's data with the camera's white balance, already upright and in sRGB; at half size where that is enough."""
    is_half = not is_whole and max(raw.sizes.width, raw.sizes.height) >= 2 * pixels.LEAST
    developed = raw.postprocess(use_camera_wb=True, half_size=is_half, output_bps=8)
    return pixels.finish(Image.fromarray(developed), [], is_whole=is_whole)
