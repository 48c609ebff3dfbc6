"""Several photos as one zip, made while it is sent: nothing is written to the disk, and little is in memory however many they are."""

import logging
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import IO

from flask import Blueprint, Response
from zipstream import ZipStream

from photolib import access, catalog, downloads
from photolib.cleaning import copies
from photolib.cleaning.copies import Copy
from photolib.downloads import File
from photolib.sharing import seen
from web import asked
from web.api import allowed_photos
from web.guard import takes_files
from web.here import library, visitor
from web.media import WITHOUT_PLACE, disposition, file_name

bp = Blueprint("downloads", __name__)
log = logging.getLogger(__name__)

CHUNK = 1 << 20


@bp.post("/download")
@takes_files(asked.LARGEST_LIST)
def download() -> Response:
    """A form with the field `photos`, ids with commas between them. Raises NotFound when one of them is not the visitor's."""
    photo_ids = asked.form_list("photos")
    allowed_photos(photo_ids, "download")
    found = downloads.files(library().db, photo_ids)
    hidden = {
        each.id
        for each in catalog.owners(library().db, photo_ids)
        if not seen.is_own(visitor(), each) and not access.sees_location(visitor(), each)
    }
    copied = [_clean(each) if each.photo_id in hidden else None for each in found]
    archive = ZipStream(
        sized=True
    )  # photos and videos are compressed already; so its length is known before it is made
    originals = library().originals
    names = downloads.unique(
        file_name(
            each.filename, copy.extension if copy else each.extension, each.role != "main" or bool(copy and copy.is_rendered)
        )
        for each, copy in zip(found, copied, strict=True)
    )  # fmt: skip
    for each, copy, name in zip(found, copied, names, strict=True):
        archive.add(
            _read(copy.open) if copy else _read(partial(originals.open, each.key)), name, size=(copy or each).size
        )
    response = Response(_sent(archive), mimetype="application/zip")
    response.content_length = len(archive)
    response.headers["Content-Disposition"] = disposition("attachment", f"photolib {date.today()}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _clean(file: File) -> Copy:
    """A file of somebody else's photo without the place, which is not shown to whoever takes it home."""
    [media] = [each for each in catalog.media(library().db, file.key) if each.photo_id == file.photo_id][:1]
    return copies.copy_of(library(), media, WITHOUT_PLACE)


def _read(open_it: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    """Opened when its turn comes, and closed before the next."""
    with open_it() as source:
        while some := source.read(CHUNK):
            yield some


def _sent(archive: ZipStream) -> Iterator[bytes]:
    """A file that cannot be read ends the zip before its announced length, which browsers call a failed download."""
    try:
        yield from archive
    except Exception:
        log.exception("a download ended early")
        raise
