"""What a share link hands out of a photo: a cleaned copy, or a picture made of what cannot be cleaned.

Everything here can be opened, seeks, and is read a little at a time, so that one download, a range of a film and a zip of thousands of
photos all use the same.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, cast

from photolib import formats, variants
from photolib.catalog import Media
from photolib.cleaning import jpegs, plans, tags
from photolib.cleaning.pieces import CannotClean, Clean, CleanFile, Keep, Source, Stretch, joined
from photolib.errors import NotFound, TryLater, UnreadablePhoto
from photolib.library import Library
from photolib.scopes import GUESSED

Size = Literal["original", "web"]
RECIPE = 1  # counts up when copies come out differently, so that nobody keeps an older one
RENDER_SECONDS = 60.0  # how long somebody waits for a picture that has to be made first
DECODING = 100 << 20  # what decoding a picture is worth in bytes read
HEAD = 1 << 16
KEPT_PLANS = 1000
LARGEST_KEPT_PLAN = 2000  # pieces


@dataclass(frozen=True)
class Copy:
    """A file to hand out. size: in bytes. etag: the same for the same bytes. is_rendered: made of the original, not its own bytes."""

    size: int
    media_type: str
    extension: str
    etag: str
    is_rendered: bool
    _open: Callable[[], IO[bytes]] = field(repr=False)

    def open(self) -> IO[bytes]:
        """The bytes from the start, seekable; whoever opens it closes it. Raises NotFound and OSError."""
        return self._open()


def copy_of(lib: Library, media: Media, keep: Keep, size: Size = "original") -> Copy:
    """What a visitor gets of an original or of a part of a photo.

    "original": the same bytes without their metadata; where those cannot be cleaned with certainty, a JPEG in full size made of
    them, or of a film its first picture. "web": a JPEG of at most variants.SIZES["large"] pixels; of a film the same as "original".
    A picture that is made says when it was taken, and what else is kept, as the library has it; its turn it needs no more.
    How much work that is, `effort` says. Raises NotFound, UnreadablePhoto and TryLater.
    """
    if size == "web" and not is_film(media):
        return _rendered(lib, media, keep, "large")
    return _cleaned(lib, media, keep)


def effort(lib: Library, media: Media, keep: Keep, size: Size = "original") -> int:
    """About how many bytes are read, or how many it would be worth, before the size of a copy is known."""
    if size == "web" and not is_film(media):
        return 0 if variants.path(lib.variants, media.key, "large", "jpeg").exists() else DECODING
    with _lock:
        found = _known.get(_name(media, keep))
    if found and found[0] is not None:
        return 0
    if found or media.format not in plans.FORMATS:
        return 0 if variants.whole_path(lib.variants, media.key).exists() else DECODING
    return media.size if media.format == "jpeg" and media.byte_offset is None else HEAD


def is_film(media: Media) -> bool:
    """Whether this is a film, of its own or inside a photo."""
    kind = formats.FORMATS.get(media.format)
    return media.byte_offset is not None or (kind is not None and kind.kind == "video")


def _cleaned(lib: Library, media: Media, keep: Keep) -> Copy:
    try:
        clean, format_name = _plan(lib, media, keep)
    except CannotClean:
        return _rendered(lib, media, keep, "whole")
    kind = formats.FORMATS[format_name]
    return Copy(
        clean.size, kind.media_type, kind.extension, _etag(media, keep), False,
        lambda: cast(IO[bytes], clean.open(_source(lib, media))),
    )  # fmt: skip


def _etag(media: Media, keep: Keep) -> str:
    return f"{media.key[:32]}-{media.byte_offset or 0}-{int(keep.location)}{int(keep.camera)}-c{RECIPE}"


def _source(lib: Library, media: Media) -> IO[bytes]:
    """The original, or the film inside it, as a file."""
    file = lib.originals.open(media.key)
    if media.byte_offset is None:
        return file
    inside = joined([Stretch(media.byte_offset, media.byte_length or 0)])
    return cast(IO[bytes], CleanFile(inside, file))


# --- plans, the latest of which are kept: a film is asked for in many ranges

_Known = tuple[Clean | None, str]
_known: OrderedDict[tuple[str, int | None, int | None, Keep], _Known] = OrderedDict()
_lock = threading.Lock()
_rendering = threading.BoundedSemaphore(2)  # at a time, so that decoders stay free for what people look at


def _name(media: Media, keep: Keep) -> tuple[str, int | None, int | None, Keep]:
    return media.key, media.byte_offset, media.byte_length, keep


def _is_planned(media: Media, keep: Keep) -> bool:
    with _lock:
        return _name(media, keep) in _known


def _plan(lib: Library, media: Media, keep: Keep) -> tuple[Clean, str]:
    """The plan and the format of the copy. Raises CannotClean."""
    name = _name(media, keep)
    with _lock:
        found = _known.get(name)
        if found:
            _known.move_to_end(name)
    if not found:
        found = _plan_anew(lib, media, keep)
        if found[0] is None or len(found[0].pieces) <= LARGEST_KEPT_PLAN:
            with _lock:
                _known[name] = found
                while len(_known) > KEPT_PLANS:
                    _known.popitem(last=False)
    if found[0] is None:
        raise CannotClean("The file cannot be cleaned with certainty.")
    return found[0], found[1]


def _plan_anew(lib: Library, media: Media, keep: Keep) -> _Known:
    with _source(lib, media) as file:
        format_name = media.format
        if media.byte_offset is not None:
            inside = formats.sniff(file.read(formats.HEAD))
            if inside is None or inside.kind != "video":
                raise UnreadablePhoto("The video inside this photo cannot be read.")
            format_name = inside.name
        try:
            return plans.plan(cast(BinaryIO, file), format_name, keep), format_name
        except CannotClean:
            return None, format_name


# --- pictures made of what cannot be cleaned


def _rendered(lib: Library, media: Media, keep: Keep, size: str) -> Copy:
    form = variants.FORMS["jpeg"]
    path = rendered(lib, media, size)
    exif = tags.fresh(_facts(lib, media.photo_id, keep), keep)
    with path.open("rb") as file:
        clean = joined(jpegs.told(Source(file), exif))
    etag = f"{media.key[:32]}-{path.stem}-{variants.RECIPE}-{hashlib.sha256(exif).hexdigest()[:16]}"
    return Copy(
        clean.size, form.media_type, form.extension, etag, True,
        lambda: cast(IO[bytes], clean.open(path.open("rb"))),
    )  # fmt: skip


def _facts(lib: Library, photo_id: int, keep: Keep) -> dict[str, Any]:
    """What the library knows of a photo, corrections and all, as embedded.read names it; nothing of a photo that is gone."""
    cursor = lib.db.conn.execute(
        """select shown_at, utc_offset, taken_at_source, latitude, longitude, altitude, direction, make, model, lens, focal_length,
             aperture, shutter, iso
           from photos left join details on details.photo_id = photos.id where photos.id = ?""",
        (photo_id,),
    )
    names = [each[0] for each in cursor.description]
    row = cursor.fetchone()
    if row is None:
        return {}
    facts = dict(zip(names, row, strict=True))
    if facts["taken_at_source"] not in GUESSED:
        # Often worked out from where it was taken, so that it tells a little of that.
        offset = facts["utc_offset"] if keep.location else None
        facts["dates"] = [{"local": facts["shown_at"], "offset": offset}]
    return facts


def rendered(lib: Library, media: Media, size: str) -> Path:
    """A JPEG of an original, without any metadata, made if it is not there: size is "whole", or a name in variants.SIZES.

    A picture too large to be decoded whole within the limits comes as "large". Raises NotFound, UnreadablePhoto and TryLater.
    """
    is_whole = size == "whole"
    path = (
        variants.whole_path(lib.variants, media.key)
        if is_whole
        else variants.path(lib.variants, media.key, size, "jpeg")
    )
    if path.exists():
        return path
    if media.status == "failed" and media.role == "main":
        raise NotFound("This photo cannot be shown.")
    if not _rendering.acquire(timeout=RENDER_SECONDS):
        raise TryLater("Many pictures are being made at the moment. Try again shortly.")
    try:
        with lib.originals.as_file(media.key) as original:
            about = {"path": str(original), "format": media.format, "folder": str(path.parent)}
            if is_whole:
                lib.decoders.run("whole", RENDER_SECONDS, **about)
            else:
                lib.decoders.run("render", RENDER_SECONDS, size=size, form="jpeg", **about)
    except UnreadablePhoto:
        if not is_whole:
            raise
    finally:
        _rendering.release()
    return rendered(lib, media, "large") if is_whole and not path.exists() else path
