"""POST /api/v1/upload: photos in one request, for the Shortcuts of an iPhone, for curl, and for whatever else can send a file."""

import mimetypes
import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, request
from sqlite_utils import Database
from werkzeug.datastructures import FileStorage
from werkzeug.http import parse_options_header

from photolib import album_edits, catalog, edits, formats, sending, uploads
from photolib.accounts import api_tokens, users
from photolib.drafts import Readable
from photolib.errors import BadInput, PhotolibError
from photolib.uploads import Announced, Filed, Wishes
from web import asked, bearer, errors, language
from web.described import Media, described
from web.guard import takes_files
from web.here import library, user
from web.language import _, retold
from web.shapes import ID, TEXT, about, fields, list_of, maybe, named, one_of, text, whole
from web.upload_shapes import LATEST, LONGEST_TEXT
from web.uploads_pages import MOST_FILES, sent_form

bp = Blueprint("sending_api", __name__, url_prefix="/api/v1")

SENT = named(
    "Sent",
    fields({
        "filename": TEXT, "status": whole(200, 599), "photo_id": maybe(ID),
        "outcome": one_of("new", "duplicate", "ignored", "failed"),
        "said": about("What became of the file, in a sentence for a person.", TEXT),
    }),
    "A file that was sent. status: as if it had been sent alone.",
)  # fmt: skip
WISHES = {
    "album": about("The title of an album of yours, which is made when there is none.", text()),
    "tags": about("Words with commas between them.", text()),
    "last_modified": about("When the file was last changed, in milliseconds since 1970.", whole(0, LATEST)),
}
BODY = Media({
    "multipart/form-data": {
        "type": "object", "properties": {"file": {"type": "string", "format": "binary"}, **WISHES},
    },
    "application/octet-stream": {}, "image/*": {}, "video/*": {},
})  # fmt: skip


@bp.post("/upload")
@takes_files(asked.LARGEST)
@described(
    {201: SENT, 207: fields({"items": list_of(SENT), "said": TEXT})},
    query={"filename": about("What the file is called, where it is the whole body.", text()), **WISHES},
    body=BODY,
    problems=[403, 409, 411, 413, 423],
)
def upload() -> tuple[dict[str, Any], int]:
    """A photo as the body, or a form with one or several files. Answers once their bytes are safe: 201 for one, 207 for several."""
    if request.mimetype != "multipart/form-data":
        return _sent(_body_name(), None, _wished(request.args)), 201
    if request.content_length is None:
        raise sending.NoLength("A form has to say how long it is.")
    uploads.check_disk(library(), 2 * request.content_length)
    with sent_form() as (form, sent):
        wished = _wished({**request.args.to_dict(), **form.to_dict()})
        files = [each for name in sent for each in sent.getlist(name) if each.filename]
        if not files:
            raise BadInput("There is no file in this form. Send it in a field called file.")
        if len(files) == 1:
            return _sent(files[0].filename or "", files[0], wished), 201
        items = [_sent_or_not(each, wished) for each in files[:MOST_FILES]]
    taken = sum(each["status"] < 300 for each in items)
    said = _("%(taken)s of %(all)s files are safe.", taken=taken, all=len(items))
    return {"items": items, "said": said}, 207


def _sent_or_not(file: FileStorage, wished: tuple[Wishes, int | None]) -> dict[str, Any]:
    """A bad file among several costs only itself."""
    try:
        return _sent(file.filename or "", file, wished)
    except PhotolibError as problem:
        return {
            "filename": uploads.label(file.filename or ""), "status": errors.status_of(problem), "photo_id": None,
            "outcome": "failed", "said": language.explained(problem),
        }  # fmt: skip


def _sent(name: str, file: FileStorage | None, wished: tuple[Wishes, int | None]) -> dict[str, Any]:
    """Take a file of a form, or the body, in; what became of it."""
    lib, owner = library(), user()
    wish, modified_ns = wished
    room = users.room_left(lib.db, owner)

    def take(source: Readable, size: int, kind: str) -> Filed:
        return sending.take(lib, owner.id, Announced(name, size, kind, None, modified_ns), source, room, wish)[0]

    if file is not None:
        size = file.stream.seek(0, os.SEEK_END)
        file.stream.seek(0)
        filed = take(file.stream, size, file.mimetype or "")
    elif request.content_length is not None:
        filed = take(request.environ["wsgi.input"], request.content_length, request.mimetype)
    else:
        with sending.spooled(lib, request.environ["wsgi.input"], room) as (spool, size):
            filed = take(spool, size, request.mimetype)
    return {
        "filename": uploads.label(name), "status": 201, "photo_id": filed.photo_id, "outcome": filed.outcome, "said": _said(filed),
    }  # fmt: skip


def _said(filed: Filed) -> str:
    if filed.photo_id is None:
        return retold(filed.reason)
    if filed.was_in_trash:
        return _("It was in the trash, and has been taken out.")
    return _("It is in your library.") if filed.outcome == "new" else _("It was in your library already.")


# ---------------------------------------------------------------- what is asked


def _wished(said: Mapping[str, str]) -> tuple[Wishes, int | None]:
    """What is to be done with the photos, and when their files were last changed, in nanoseconds. Everything is checked before anything
    is."""
    db_owner, token = user().id, bearer.token()
    title = album_edits.kept_title(said["album"]) if said.get("album", "").strip() else None
    words = [each.strip() for each in said.get("tags", "").split(",") if each.strip()]
    changes = {"add_tags": words} if words else {}
    if changes:
        edits.checked(changes)
    modified = said.get("last_modified", "")
    if modified and not (re.fullmatch(r"\d{1,18}", modified, re.ASCII) and int(modified) <= LATEST):
        raise BadInput("%(name)s has to be a whole number.", name="last_modified")

    def then(db: Database, photo_id: int, is_new: bool) -> None:
        if changes:
            edits.edit(db, db_owner, [photo_id], changes)
        if title is not None:
            catalog.put_in_album(db, db_owner, photo_id, title)
        if is_new and token is not None:
            api_tokens.count_photo(db, token)

    return Wishes(then=then), int(modified) * 1_000_000 or None if modified else None


def _body_name() -> str:
    """What the file is called that is the body: as the query says, or its headers; else by its kind and the moment."""
    name = request.args.get("filename") or parse_options_header(request.headers.get("Content-Disposition"))[1].get(
        "filename"
    )
    if name and name.strip():
        return name[:LONGEST_TEXT]
    kinds = {each.media_type: each.extension for each in formats.FORMATS.values()}
    ending = kinds.get(request.mimetype) or (mimetypes.guess_extension(request.mimetype) or "").lstrip(".") or "jpg"
    return f"{datetime.now():%Y-%m-%d %H.%M.%S}.{ending}"
