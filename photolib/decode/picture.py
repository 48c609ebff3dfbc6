"""Which decoder opens which format. The heavy ones are imported when the first file of their kind comes."""

from pathlib import Path

from photolib import formats
from photolib.decode.pixels import Picture, finish, read_photo, strict_warnings


def read(path: Path, format_name: str, max_pixels: int, is_whole: bool = False) -> Picture:
    """Decode a file to at most pixels.MOST pixels on its longest edge, or to all it has.

    format_name is what formats.sniff said. Raises UnreadablePhoto when the picture is not there as a whole or declares more
    than max_pixels.
    """
    with open(path, "rb") as file, strict_warnings():
        if format_name == "tiff":  # the head alone may not have shown that it is a RAW file
            found = formats.sniff(file.read(formats.HEAD), formats.reach(file))
            format_name = found.name if found else format_name
        kind = formats.FORMATS[format_name].kind
        if kind == "raw":
            from photolib.decode import raw

            return raw.read(path, format_name, max_pixels, is_whole)
        if kind == "video":
            from photolib.decode import video

            image, notes, nclx = video.poster(file, format_name, max_pixels)
            return finish(image, notes, nclx=nclx, is_whole=is_whole)
        return read_photo(file, format_name, max_pixels, is_whole=is_whole)
