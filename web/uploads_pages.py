"""Adding photos: the page with a plain form that sends files, and the parts that our script puts over any page."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import parse_form_data

from photolib import albums, formats, sending, uploads
from photolib.accounts import users
from photolib.errors import BadInput, PhotolibError, Refused
from photolib.uploads import Announced, Filed, Wishes
from web import asked, bearer
from web.guard import takes_files
from web.here import library, user, visitor
from web.uploads_api import wishes

bp = Blueprint("uploads_pages", __name__)

MOST_ALBUMS = 200  # to choose from
MOST_FILES = 1000  # each is open until all have come
FORM_BYTES = 1 << 20  # fields beside the files
# With HEIC named, an iPhone sends what it has; without, it makes a JPEG of it that has lost something.
ACCEPT = ",".join(
    ("image/heic", "image/heif", "image/*", "video/*", *sorted(each.decode() for each in formats.ENDINGS))
)


@dataclass
class Added:
    """What became of the files of a form, and why some could not be taken."""

    new: int = 0
    duplicate: int = 0
    ignored: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    def count(self, filed: Filed) -> None:
        setattr(self, filed.outcome, getattr(self, filed.outcome) + 1)


@bp.get("/add")
def page() -> str:
    return render_template("add.html", added=None, **_choices())


@bp.get("/fragments/adding")
def parts() -> str:
    """What our script needs to show how far an upload is, and to have files chosen: put into a page when first needed."""
    return render_template("_adding.html", **_choices())


@bp.post("/add")
@takes_files(asked.LARGEST)
def add() -> str:
    """The form without script: everything in one request, each file on its own."""
    if request.content_length is None:
        raise BadInput("A form has to say how long it is.")
    uploads.check_disk(library(), 2 * request.content_length)
    with sent_form() as (fields, files):
        text = fields.get("album_id", "")
        wish = wishes({"album_id": int(text)} if re.fullmatch(r"\d{1,18}", text, re.ASCII) else {})
        added = take(files.getlist("files"), wish)
    return render_template("add.html", added=added, **_choices())


@bp.post("/add/shared")
@takes_files(asked.LARGEST)
def share() -> ResponseReturnValue:
    """What somebody shares with the installed app from their phone's gallery (https://w3c.github.io/web-share-target/).

    The phone sends it whether anybody is signed in or not. Where nobody is, nothing of it is read: strangers must not be able to put
    files here, so whoever shared is told to sign in and share again.
    """
    person = (
        visitor().user if bearer.held() is None else None
    )  # a program's token opens no page, whoever may ask for this one
    if person is None:
        return make_response(render_template("share_again.html"), 401)
    if person.role == "guest":
        raise Refused("A guest can look at photos here, and change nothing.")
    return add()


def take(files: Sequence[FileStorage], wish: Wishes) -> Added:
    """Take files in, one after the other; a bad one costs only itself."""
    added, lib = Added(), library()
    for each in files:
        if not each.filename:
            continue  # a form nobody chose a file in
        try:
            size = each.stream.seek(0, os.SEEK_END)
            each.stream.seek(0)
            file = Announced(each.filename, size, each.mimetype or "")
            room = users.room_left(lib.db, user())
            added.count(sending.take(lib, user().id, file, each.stream, room, wish)[0])
        except PhotolibError as problem:
            added.failed.append((uploads.label(each.filename), str(problem)))
    return added


@contextlib.contextmanager
def sent_form() -> Iterator[tuple[MultiDict[str, str], MultiDict[str, FileStorage]]]:
    """The fields and files of a form. Files go to our own disk, as there may be gigabytes of them, and leave no name there."""
    if request.mimetype != "multipart/form-data":
        raise BadInput("Files are sent as multipart/form-data.")
    left = MOST_FILES
    with contextlib.ExitStack() as opened:

        def on_disk(
            total_content_length: int | None,
            content_type: str | None,
            filename: str | None,
            content_length: int | None = None,
        ) -> IO[bytes]:
            nonlocal left
            left -= 1
            if left < 0:
                raise BadInput("A form takes %(most)s files. Send the others with another one.", most=MOST_FILES)
            return opened.enter_context(tempfile.TemporaryFile(dir=library().data / "uploads"))

        _stream, fields, files = parse_form_data(request.environ, on_disk, max_form_memory_size=FORM_BYTES)
        yield fields, files


def _choices() -> dict[str, Any]:
    found = albums.albums(library().db, user().id, size=MOST_ALBUMS, is_fillable=True, has_others=True).albums
    return {"accept": ACCEPT, "albums": found}
