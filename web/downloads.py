"""Several photos as one zip, made while it is sent: nothing is written to the disk, and little is in memory however many they are."""

from datetime import date
from functools import partial

from flask import Blueprint, Response

from photolib import access, catalog, downloads
from photolib.cleaning import copies
from photolib.cleaning.copies import Copy
from photolib.downloads import Entry, File, pieces
from photolib.sharing import seen
from web import asked, zips
from web.api import allowed_photos
from web.guard import takes_files
from web.here import library, visitor
from web.media import WITHOUT_PLACE, file_name

bp = Blueprint("downloads", __name__)


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
    originals = library().originals
    names = downloads.unique(
        file_name(
            each.filename, copy.extension if copy else each.extension, each.role != "main" or bool(copy and copy.is_rendered)
        )
        for each, copy in zip(found, copied, strict=True)
    )  # fmt: skip
    entries = [
        Entry(name, (copy or each).size, partial(pieces, copy.open if copy else partial(originals.open, each.key)))
        for each, copy, name in zip(found, copied, names, strict=True)
    ]
    return zips.answer(entries, f"photolib {date.today()}")


def _clean(file: File) -> Copy:
    """A file of somebody else's photo without the place, which is not shown to whoever takes it home."""
    [media] = [each for each in catalog.media(library().db, file.key) if each.photo_id == file.photo_id][:1]
    return copies.copy_of(library(), media, WITHOUT_PLACE)
