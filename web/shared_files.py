"""The bytes that the bearer of a share link gets: derived sizes and films to look at, and cleaned copies to take home."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import IO, cast

from flask import Blueprint, after_this_request, request
from werkzeug.wrappers import Response

from photolib import catalog, downloads
from photolib.access import Action, Visitor, may
from photolib.accounts import throttle
from photolib.catalog import Media
from photolib.cleaning import copies
from photolib.cleaning.copies import Size
from photolib.cleaning.pieces import Keep
from photolib.downloads import Entry
from photolib.errors import BadInput, NotFound, TryLater, UnreadablePhoto
from photolib.library import Library
from photolib.sharing import links, shown
from web import asked, media, shared, zips
from web.guard import takes_files
from web.here import library, visitor
from web.limits import Turns

bp = Blueprint("shared_files", __name__, url_prefix="/s/<token>")

A_WHILE = "private, max-age=3600"  # a link may end, and what it showed should not stay for a year
FILMS = ("video", "motion")
LARGEST_LOOKED_AT = ("4096",)  # sizes that are as good as the photo itself
MOST_IN_ZIP = 50_000  # photos
AT_A_TIME = 200  # photos whose files are asked for at a time while a zip is made
MEASURED, MEASURED_EFFORT = (
    300,
    256 << 20,
)  # photos, and bytes to be read, up to which a zip is measured before it is sent

# Each holds one of the server's threads for as long as a slow line takes, and strangers must leave most of them to others: see
# serving.THREADS.
ZIPS = Turns(most=10, most_of_one=4)  # of one link
STREAMS = Turns(most=28, most_of_one=10)  # films, single photos and very large pictures, of one link to one address
LARGE = 1 << 20  # bytes; what is smaller fits into what the system keeps for a connection


@bp.get("/media/<key>/<variant>")
def picture(token: str, key: str, variant: str) -> Response:
    """A derived size of a photo that the link shows, or its film."""
    if variant in FILMS:
        return _film(key, variant)
    found = _shown(catalog.media(library().db, key), "download" if variant in LARGEST_LOOKED_AT else "view")
    response = media.variant_of(found, variant)
    if response.is_streamed and (response.content_length or 0) > LARGE:
        try:
            with _turn():
                pass
        except TryLater:
            response.close()
            raise
    response.headers["Cache-Control"] = A_WHILE
    shared.note_visit()
    return response


def _film(key: str, role: str) -> Response:
    """A video, or the moving part of a live photo: to watch, in ranges, whether it may be taken home or not."""
    films = [each for each in catalog.media(library().db, key) if copies.is_film(each)]
    found = _shown([*films, *catalog.media_part(library().db, key, role)], "view", (*FILMS, "main"))
    with _turn():
        response = media.clean_copy(found, shared.keep())
    response.headers["Cache-Control"] = A_WHILE
    del response.headers["Content-Disposition"]  # what a file is called is part of what is taken home
    return response


@bp.get("/download/<key>")
def one(token: str, key: str) -> Response:
    """One photo as a file: `size` is original or web."""
    size = _size(request.args.get("size"))
    found = _shown(catalog.media(library().db, key), "download")
    copy = copies.copy_of(library(), found, shared.keep(), size)
    with _turn():
        response = media.send(copy.open(), copy.size, copy.media_type, copy.etag)
    response.headers["Content-Disposition"] = media.disposition("attachment", _name(found, copy.extension))
    response.headers["Cache-Control"] = "private, no-cache"
    if request.method == "GET" and _is_from_start(response):
        shared.note_download(1, is_one=True)
    return response


def _is_from_start(response: Response) -> bool:
    """Whether a file is sent whole, or from its first byte on: programs that download in ranges begin there, once."""
    return response.status_code == 200 or response.headers.get("Content-Range", "").startswith("bytes 0-")


def _shown(found: Sequence[Media], action: Action, roles: Sequence[str] = ("main",)) -> Media:
    """The first of these that the link shows. Raises NotFound.

    The database is asked as often for a key that exists elsewhere as for one that nobody has.
    """
    here = shown.among(library().db, shared.link().album_id, [each.photo_id for each in found])
    for each in found:
        if each.role in roles and each.photo_id in here and may(visitor(), action, each):
            return each
    raise NotFound(links.GONE)


@contextmanager
def _turn() -> Iterator[None]:
    """Around the making of an answer that may take long to be read; it is counted until then. Raises TryLater when too many are."""
    place = shared.link().id, throttle.network_of(request.remote_addr or "")
    if not STREAMS.take(place):
        raise TryLater("So much is being downloaded from here at the moment that no more can be. Try again shortly.")
    try:
        yield
    except BaseException:
        STREAMS.give_back(place)
        raise

    @after_this_request
    def until_read(response: Response) -> Response:
        response.direct_passthrough = (
            False  # or the server is given the file alone, and nobody is told when it has been read
        )
        response.call_on_close(lambda: STREAMS.give_back(place))
        return response


@bp.post("/download")
@takes_files(asked.LARGEST_LIST)
def several(token: str) -> Response:
    """Photos as one zip: `photos` holds keys with commas between them, or is missing for all of them; `size` as above."""
    lib, link, album = library(), shared.link(), shared.album()
    shared.require("download")
    with shared.listening():
        size = _size(request.form.get("size"))
    keys = [each for each in request.form.get("photos", "").split(",") if each]
    photo_ids = shown.chosen(lib.db, album, keys) if keys else shown.everything(lib.db, album, MOST_IN_ZIP + 1)
    if not photo_ids:
        raise NotFound("There are no photos here to download.")
    if len(photo_ids) > MOST_IN_ZIP:
        raise BadInput("These are more photos than one download can hold. Choose some of them.")
    if not ZIPS.take(link.id):
        raise TryLater("Others are downloading from this link at the moment. Try again in a few minutes.")
    try:
        entries = _entries(lib, visitor(), photo_ids, shared.keep(), size, token, shared.cookie())
        is_small = len(photo_ids) <= MEASURED and _effort(lib, photo_ids, size) <= MEASURED_EFFORT
        response = zips.answer(
            list(entries) if is_small else entries, f"{downloads.plain(link.name or album.title)} {date.today()}"
        )
        shared.note_download(len(photo_ids))
    except BaseException:
        ZIPS.give_back(link.id)
        raise
    response.call_on_close(lambda: ZIPS.give_back(link.id))
    return response


def _effort(lib: Library, photo_ids: Sequence[int], size: Size) -> int:
    return sum(copies.effort(lib, each, shared.keep(), size) for each in shown.files(lib.db, photo_ids))


def _entries(
    lib: Library, who: Visitor, photo_ids: Sequence[int], keep: Keep, size: Size, token: str, visit: str | None
) -> Iterator[Entry]:
    """The files of these photos, asked for some at a time; what has left the album meanwhile is not sent, and when the link has ended,
    or has got another password, the zip breaks off before the next file."""

    def open_still(copy: copies.Copy) -> IO[bytes]:
        links.opened(lib.db, token, visit)
        return copy.open()

    for name, copy in _named(_copies(lib, who, photo_ids, keep, size)):
        yield Entry(name, copy.size, partial(downloads.pieces, partial(open_still, copy)))


def _copies(
    lib: Library, who: Visitor, photo_ids: Sequence[int], keep: Keep, size: Size
) -> Iterator[tuple[str, copies.Copy]]:
    assert who.link is not None
    for start in range(0, len(photo_ids), AT_A_TIME):
        now = Visitor(lib.db, link=links.by_id(lib.db, who.link.id))
        for each in shown.files(lib.db, photo_ids[start : start + AT_A_TIME]):
            if not may(now, "download", each):
                continue
            try:
                copy = copies.copy_of(lib, each, keep, size)
            except (NotFound, UnreadablePhoto):
                continue  # one photo that cannot be read must not keep the others
            yield _name(each, copy.extension), copy


def _named(found: Iterator[tuple[str, copies.Copy]]) -> Iterator[tuple[str, copies.Copy]]:
    """Under names of their own: downloads.unique() takes one name, gives one, and takes the next."""
    waiting: list[copies.Copy] = []

    def names() -> Iterator[str]:
        for name, copy in found:
            waiting.append(copy)
            yield name

    for name in downloads.unique(names()):
        yield name, waiting.pop()


def _name(photo: Media, extension: str) -> str:
    """A photo's own name with the ending of what it is handed out as."""
    stem, ending = os.path.splitext(downloads.plain(photo.filename))
    known = {"jpg": (".jpg", ".jpeg", ".jpe", ".jfif"), "mp4": (".mp4", ".m4v"), "mov": (".mov", ".qt")}.get(
        extension, ()
    )
    return f"{stem}{ending if ending.lower() in known else f'.{extension}'}"


def _size(said: str | None) -> Size:
    if said not in (None, "", "original", "web"):
        raise BadInput("A photo is downloaded as original or web.")
    return cast(Size, said or "original")
