"""Bytes: derived sizes, made when they are not there yet, and originals, whole or in ranges, in bounded memory."""

import io
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.wsgi import FileWrapper

from photolib import access, catalog, formats, variants
from photolib.catalog import Media
from photolib.cleaning import copies
from photolib.cleaning.pieces import Keep
from photolib.errors import NotFound, TryLater, UnreadablePhoto
from photolib.library import Library
from photolib.sharing import seen
from web.described import described
from web.described import media as media_of
from web.guard import FOR_EVER
from web.here import library, visitor
from web.shapes import TEXT, about, one_of

bp = Blueprint("media", __name__, url_prefix="/media")

PICTURES = media_of("image/*", "video/*", "application/octet-stream")
ROLES = ("video", "motion", "raw")
VARIANT = about(
    "A size by name or by its longest edge in pixels, the original, or another file of the photo.",
    one_of(*variants.SIZES, "original", *map(str, variants.LADDER), *ROLES),
)
FORM = about("Instead of the best one that Accept allows.", one_of("", "jpg", *variants.FORMS))

CHUNK = 64 << 10  # bytes of a body that are in memory at a time; bodies up to this size are sent in one piece
RENDER_SECONDS = 20.0  # how long a request waits for a variant that has to be made first
_rendering = threading.BoundedSemaphore(4)

# What a browser may do with these bytes when somebody opens their address: show them, and nothing else.
MEDIA_POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)


@bp.get("/<key>/<variant>")
@described(
    {200: PICTURES, 206: PICTURES, 304: None},
    path={"variant": VARIANT},
    query={"format": FORM, "download": TEXT},
    headers={"Range": TEXT, "If-None-Match": TEXT},
    problems=[416],
)
def media(key: str, variant: str) -> Response:
    """The bytes of a photo in a size, or of one of its files; whole or a range of them. They never change."""
    if variant == "original":
        return _file(catalog.media(library().db, key))
    if variant in ROLES:
        return _file(catalog.media_part(library().db, key, variant))
    for each in catalog.media(library().db, key):
        if access.may(visitor(), "view", each):
            return variant_of(each, variant)
    raise NotFound("There is no such photo.")


def _file(found: list[Media]) -> Response:
    """The file itself of the first of these that the visitor may have. Raises NotFound.

    Whoever looks at what is theirs may look at the file. Another's is given to those who may take it home, and, as it says where it was
    taken, only to those who may know that; without it to others, and to those who may only look where it is a film, or they could
    not watch it.
    """
    who, is_taken = visitor(), "download" in request.args
    keeps: list[tuple[Media, Keep]] = []
    for each in found:
        if seen.is_own(who, each):
            if access.may(who, "download" if is_taken else "view", each):
                return _original(each)
        elif access.may(who, "download", each):
            if access.sees_location(who, each):
                return _original(each)
            keeps.append((each, WITHOUT_PLACE))
        elif access.may(who, "view", each) and copies.is_film(each) and not is_taken:
            keeps.append((each, Keep()))
    for each, keep in keeps:
        return clean_copy(each, keep)
    raise NotFound("There is no such photo.")


WITHOUT_PLACE = Keep(camera=True)


def clean_copy(photo: Media, keep: Keep) -> Response:
    """An original, or a part of one, without what its owner does not show."""
    copy = copies.copy_of(library(), photo, keep)
    response = send(copy.open(), copy.size, copy.media_type, copy.etag)
    name = file_name(photo.filename, copy.extension, photo.role != "main" or copy.is_rendered)
    kind = "inline" if is_safe_inline(copy.media_type) and "download" not in request.args else "attachment"
    response.headers["Content-Disposition"] = disposition(kind, name)
    response.headers["Cache-Control"] = "private, no-cache"  # what somebody may have can change
    return response


# ---------------------------------------------------------------- derived sizes


def variant_of(photo: Media, size: str) -> Response:
    """A derived size of a photo that the visitor may view."""
    lib = library()
    form = request.args.get("format") or variants.negotiate(request.headers.get("Accept"), size)
    form = {"jpg": "jpeg"}.get(form, form)
    path = variants.path(lib.variants, photo.key, size, form)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        _render(lib, photo, size, form, path)
        file = path.open("rb")
    etag = f"{photo.key[:16]}-{size}-{form}-{variants.RECIPE}"
    return send(file, _length(file), variants.FORMS[form].media_type, etag)


def _render(lib: Library, photo: Media, size: str, form: str, path: Path) -> None:
    """Make a variant that is not there: the photo is still being worked on, the folder was deleted, or nobody asked before."""
    if photo.status == "failed":
        raise NotFound(catalog.photo(lib.db, photo.photo_id).reason or "This photo cannot be shown.")
    with _turn_to_render():
        if path.exists():
            return  # somebody else asked a moment earlier
        with lib.originals.as_file(photo.key) as original:
            lib.decoders.run(
                "render", RENDER_SECONDS, folder=str(path.parent), size=size, form=form,
                path=str(original), format=photo.format,
            )  # fmt: skip


@contextmanager
def _turn_to_render() -> Iterator[None]:
    """Few at a time, so that most threads stay free for what is there already."""
    if not _rendering.acquire(timeout=RENDER_SECONDS):
        raise TryLater("Many pictures are being made at the moment. Try again shortly.")
    try:
        yield
    finally:
        _rendering.release()


# ---------------------------------------------------------------- originals


def _original(photo: Media) -> Response:
    file = library().originals.open(photo.key)
    body: IO[bytes] | _Stretch = file
    kind, media_type, length = formats.FORMATS.get(photo.format), photo.media_type, photo.size
    try:
        if photo.byte_offset is not None:
            length = photo.byte_length or 0
            body = _Stretch(file, photo.byte_offset, length)
            kind = formats.sniff(body.read(formats.HEAD))
            body.seek(0)
            if kind is None or kind.kind != "video":
                raise UnreadablePhoto("The video inside this photo cannot be read.")
            media_type = kind.media_type
        response = send(body, length, media_type, f"{photo.key[:32]}-{photo.role}")
    except BaseException:
        file.close()
        raise
    is_shown = is_safe_inline(media_type) and "download" not in request.args
    name = file_name(photo.filename, kind.extension if kind else "", photo.role != "main")
    response.headers["Content-Disposition"] = disposition("inline" if is_shown else "attachment", name)
    if not is_safe_inline(media_type):
        response.headers["Content-Type"] = "application/octet-stream"
    return response


def file_name(shown: str, extension: str, is_part: bool) -> str:
    """What a file is called that somebody downloads: its own name, but never that of another kind of file.

    A part goes by its photo's name with its own ending. A photo that calls itself page.html would open as a page.
    """
    stem, ending = os.path.splitext(shown)
    if is_part:
        return f"{stem}.{extension}"
    if ending and ending.lower().encode("utf-8", "replace") not in formats.ENDINGS:
        return f"{shown}.{extension}"
    return shown


def is_safe_inline(media_type: str) -> bool:
    """Whether a browser may show bytes of this type under our address. The type is our own reading of the bytes."""
    return media_type.startswith(("image/", "video/")) and "svg" not in media_type and "xml" not in media_type


def disposition(kind: str, name: str) -> str:
    """A Content-Disposition header in plain ASCII, whatever the name holds (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._ ()-]", "_", name).strip() or "photo"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


class _Stretch(io.RawIOBase):
    """A part of a file as a file of its own: the video inside a motion photo."""

    def __init__(self, file: IO[bytes], offset: int, length: int) -> None:
        self._file, self._offset, self._length = file, offset, length
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell() - self._offset

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._length}[whence]
        return self._file.seek(self._offset + max(0, start + position)) - self._offset

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._length - self.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def close(self) -> None:
        self._file.close()
        super().close()


# ---------------------------------------------------------------- sending


def _length(file: IO[bytes]) -> int:
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    return length


def send_file(path: Path, media_type: str, etag: str) -> Response:
    """A file of ours, of which nothing else is to be said."""
    file = path.open("rb")
    return send(file, _length(file), media_type, etag)


def send(file: "IO[bytes] | _Stretch", length: int, media_type: str, etag: str) -> Response:
    """The bytes of a file with everything HTTP has for them: ETag, 304, 206, 416, HEAD. The file is closed afterwards."""
    if length <= CHUNK:
        with file:
            response = Response(file.read(length), mimetype=media_type)
    else:
        response = Response(FileWrapper(cast(IO[bytes], file), CHUNK), mimetype=media_type, direct_passthrough=True)
    response.content_length = length
    response.set_etag(etag)
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Vary"] = "Accept"
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    environ = request.environ
    if not re.fullmatch(r"\s*bytes\s*=\s*(\d+-\d*|-\d+)\s*", environ.get("HTTP_RANGE", "")):
        environ = {name: value for name, value in environ.items() if name != "HTTP_RANGE"}  # no single range: all of it
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=length)
    except BaseException:  # a range behind the end
        file.close()
        raise
    return response
