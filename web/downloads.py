"""Several photos as one zip, made while it is sent: nothing is written to the disk, and little is in memory however many they are."""

import logging
from collections.abc import Iterator
from datetime import date

from flask import Blueprint, Response
from zipstream import ZipStream

from photolib import downloads
from photolib.downloads import File
from photolib.store import Originals
from web import asked
from web.api import allowed_photos
from web.guard import takes_files
from web.here import library
from web.media import disposition, file_name

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
    archive = ZipStream(
        sized=True
    )  # photos and videos are compressed already; so its length is known before it is made
    originals = library().originals
    names = downloads.unique(file_name(each.filename, each.extension, each.role != "main") for each in found)
    for each, name in zip(found, names, strict=True):
        archive.add(_bytes(originals, each), name, size=each.size)
    response = Response(_sent(archive), mimetype="application/zip")
    response.content_length = len(archive)
    response.headers["Content-Disposition"] = disposition("attachment", f"photolib {date.today()}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _bytes(originals: Originals, file: File) -> Iterator[bytes]:
    """Opened when its turn comes, and closed before the next."""
    with originals.open(file.key) as source:
        while some := source.read(CHUNK):
            yield some


def _sent(archive: ZipStream) -> Iterator[bytes]:
    """A file that cannot be read ends the zip before its announced length, which browsers call a failed download."""
    try:
        yield from archive
    except Exception:
        log.exception("a download ended early")
        raise
