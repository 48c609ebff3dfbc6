"""A zip that is made while it is sent, of files that are opened one after the other: nothing is written to the disk."""

import logging
from collections.abc import Iterable, Iterator

from flask import Response
from zipstream import ZipStream

from photolib.downloads import Entry
from photolib.errors import PhotolibError
from web.media import disposition

log = logging.getLogger(__name__)


def answer(entries: Iterable[Entry], name: str) -> Response:
    """A zip of these files as a download; name: without its ending. A list is measured first, so that browsers show how far it is; of
    anything else each entry is asked for when the one before has been sent.
    """
    is_measured = isinstance(entries, list)
    archive = ZipStream(sized=is_measured)  # photos and videos are compressed already
    if is_measured:
        for each in entries:
            archive.add(each.pieces(), each.name, size=each.size)
    response = Response(_sent(archive, () if is_measured else entries), mimetype="application/zip")
    if is_measured:
        response.content_length = len(archive)
    response.headers["Content-Disposition"] = disposition("attachment", f"{name}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _sent(archive: ZipStream, entries: Iterable[Entry]) -> Iterator[bytes]:
    """A file that cannot be read ends the zip before its end, which browsers call a failed download."""
    try:
        for each in entries:
            archive.add(each.pieces(), each.name, size=each.size)
            yield from archive.all_files()
        yield from archive.finalize()
    except PhotolibError as problem:
        log.warning("a download ended early: %s", problem)
        raise
    except Exception:
        log.exception("a download ended early")
        raise
