"""The plan of a cleaned copy: by format, from what our readers understand, and held against those readers afterwards."""

from collections.abc import Callable
from typing import BinaryIO, cast

from photolib import formats
from photolib.cleaning import jpegs, movies, tags
from photolib.cleaning.pieces import CannotClean, Clean, Keep, Source, joined, patched
from photolib.metadata import containers, embedded, exif

__all__ = ["FORMATS", "CannotClean", "Clean", "Keep", "plan"]

_DAMAGE = (OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)

NOTHING = Keep()


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
        _check(clean, file, format_name, keep)
    except _DAMAGE as problem:
        if isinstance(problem, OSError):
            raise
        raise CannotClean("The file is damaged.") from problem
    return clean


def _jpeg(file: BinaryIO, keep: Keep) -> Clean:
    return joined(jpegs.plan(Source(file), tags.fresh(embedded.understood(containers.jpeg(file)), keep)))


def _movie(file: BinaryIO, keep: Keep) -> Clean:
    return patched(*movies.plan(Source(file), keep))


_PLANS: dict[str, Callable[[BinaryIO, Keep], Clean]] = {
    "jpeg": _jpeg,
    "mp4": _movie,
    "mov": _movie,
    "3gp": _movie,
}

FORMATS = frozenset(_PLANS)  # whose copies may be the original's own bytes


# --- held against our readers

_WALKERS = {"jpeg": containers.jpeg}


def _check(clean: Clean, file: BinaryIO, format_name: str, keep: Keep) -> None:
    """Raises CannotClean when the copy still tells something it should not, or is no file of this format any more."""
    copy = cast(BinaryIO, clean.over(file))
    head = copy.read(formats.HEAD)
    found = formats.sniff(head)
    if found is None or found.name != format_name:
        raise CannotClean("What is left is no such file.")
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


def _check_exif(found: exif.Directories | None, keep: Keep) -> None:
    if found is None:
        raise CannotClean("Something is left that should not be.")
    main, inside = set(tags.MAIN), set(tags.DATE)
    if keep.camera:
        main, inside = main | tags.CAMERA_MAIN, inside | tags.CAMERA
    if keep.location:
        main.add(exif.GPS)
    if not (found.main.keys() <= main and found.exif.keys() <= inside and (keep.location or not found.gps)):
        raise CannotClean("Something is left that should not be.")
