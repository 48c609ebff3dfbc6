"""The plan of a cleaned copy: by format, from what our readers understand, and held against those readers afterwards."""

from collections.abc import Callable
from typing import BinaryIO, cast

from photolib import formats
from photolib.cleaning import avi, heif, jpegs, matroska, movies, pictures, tags, tiffs
from photolib.cleaning.pieces import CannotClean, Clean, Keep, Source, joined, patched
from photolib.metadata import containers, embedded, exif

__all__ = ["FORMATS", "CannotClean", "Clean", "Keep", "check", "plan"]

_DAMAGE = (OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)

NOTHING = Keep()
MORE = 1024  # bytes that a copy may be larger than its original: what EXIF of our own says, where it was said in XMP


def plan(file: BinaryIO, format_name: str, keep: Keep = NOTHING) -> Clean:
    """How to serve this file, an original of a format named by formats.sniff, without what its owner does not show.

    Orientation, colour profile and date stay, and every pixel as it is coded. A position stays if keep.location, make, model, lens and
    exposure if keep.camera; serial numbers, maker notes, captions, names, thumbnails, XMP and IPTC never do. Only heads are read,
    and of a JPEG everything up to the end of its picture. Raises CannotClean when nobody can be sure; OSError is the disk's.
    """
    make = _PLANS.get(format_name)
    if make is None:
        raise CannotClean("Nobody here knows how to clean such a file.")
    try:
        clean = make(file, keep)
        if clean.size > file.seek(0, 2) + MORE:
            raise CannotClean("Parts of the file lie in each other.")
        check(clean, file, format_name, keep)
    except _DAMAGE as problem:
        if isinstance(problem, OSError):
            raise
        raise CannotClean("The file is damaged.") from problem
    return clean


def _exif(walk: Callable[[BinaryIO], containers.Blocks], file: BinaryIO, keep: Keep) -> bytes:
    return tags.fresh(embedded.understood(walk(file)), keep)


def _jpeg(file: BinaryIO, keep: Keep) -> Clean:
    return joined(jpegs.plan(Source(file), _exif(containers.jpeg, file, keep)))


def _png(file: BinaryIO, keep: Keep) -> Clean:
    return joined(pictures.png(Source(file), _exif(containers.png, file, keep)))


def _webp(file: BinaryIO, keep: Keep) -> Clean:
    return joined(pictures.webp(Source(file), _exif(containers.webp, file, keep)))


def _gif(file: BinaryIO, keep: Keep) -> Clean:
    return joined(pictures.gif(Source(file)))


def _bmp(file: BinaryIO, keep: Keep) -> Clean:
    return joined(pictures.bmp(Source(file)))


def _jxl(file: BinaryIO, keep: Keep) -> Clean:
    return joined(pictures.jxl(Source(file), _exif(containers.jxl, file, keep)))


def _tiff(file: BinaryIO, keep: Keep) -> Clean:
    file.seek(0)
    blocks = containers.Blocks()
    facts = embedded.understood(blocks, exif.read_directories(file))
    return joined(tiffs.plan(Source(file), facts, keep))


def _movie(file: BinaryIO, keep: Keep) -> Clean:
    return patched(*movies.plan(Source(file), keep))


def _boxed(file: BinaryIO, keep: Keep) -> Clean:
    return patched(*heif.plan(Source(file), keep))


def _matroska(file: BinaryIO, keep: Keep) -> Clean:
    return patched(*matroska.plan(Source(file)))


def _avi(file: BinaryIO, keep: Keep) -> Clean:
    return patched(*avi.plan(Source(file)))


_PLANS: dict[str, Callable[[BinaryIO, Keep], Clean]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "bmp": _bmp,
    "jxl": _jxl,
    "tiff": _tiff,
    "heic": _boxed,
    "avif": _boxed,
    "mp4": _movie,
    "mov": _movie,
    "3gp": _movie,
    "mkv": _matroska,
    "webm": _matroska,
    "avi": _avi,
}

FORMATS = frozenset(_PLANS)  # whose copies may be the original's own bytes


# --- held against our readers

_WALKERS = {
    "jpeg": containers.jpeg,
    "png": containers.png,
    "webp": containers.webp,
    "gif": containers.gif,
    "jxl": containers.jxl,
}


def check(clean: Clean, file: BinaryIO, format_name: str, keep: Keep) -> None:
    """Raises CannotClean when the copy still tells something it should not, or is no file of this format any more."""
    copy = cast(BinaryIO, clean.over(file))
    head = copy.read(formats.HEAD)
    found = formats.sniff(head)
    if found is None or found.name != format_name:
        raise CannotClean("What is left is no such file.")
    copy.seek(0)
    if format_name == "tiff":
        _check_exif(exif.read_directories(copy), keep, tiffs.NEEDED)
        return
    walk = _WALKERS.get(format_name)
    if walk is None:  # everything lies where it lay, so cleaning it again may change nothing
        if _PLANS[format_name](copy, keep).pieces != clean.pieces:
            raise CannotClean("Something is left that should not be.")
        return
    copy.seek(0)
    blocks = walk(copy)
    if blocks.xmp or blocks.iptc or blocks.photoshop or blocks.texts or blocks.dates:
        raise CannotClean("Something is left that should not be.")
    if blocks.exif:
        _check_exif(exif.read_directories(blocks.exif), keep)


def _check_exif(found: exif.Directories | None, keep: Keep, more: frozenset[int] = frozenset()) -> None:
    if found is None:
        raise CannotClean("Something is left that should not be.")
    main, inside = tags.MAIN | more, set(tags.DATE)
    if keep.camera:
        main, inside = main | tags.CAMERA_MAIN, inside | tags.CAMERA
    if keep.location:
        main = main | {exif.GPS}
    if not (found.main.keys() <= main and found.exif.keys() <= inside):
        raise CannotClean("Something is left that should not be.")
