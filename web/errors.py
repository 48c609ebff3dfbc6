"""Problems as answers: a table from kind to status, a sentence for the person, never a traceback."""

import logging
import sqlite3

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from photolib import db, drafts, sending, uploads
from photolib.errors import (
    BadInput,
    DatabaseFailed,
    NotFound,
    NotSignedIn,
    PhotolibError,
    Refused,
    StorageFailed,
    TooManyTries,
    TryLater,
    UnreadablePhoto,
)
from web import language, shared
from web.done import wants_json
from web.language import N_, _

log = logging.getLogger(__name__)

STATUS: dict[type[PhotolibError], tuple[int, str]] = {
    BadInput: (400, "bad_input"),
    uploads.WrongOffset: (409, "wrong_offset"),
    uploads.Incomplete: (409, "incomplete"),
    uploads.Gone: (410, "gone"),
    drafts.TooMuch: (413, "too_much"),
    drafts.Busy: (423, "busy"),
    drafts.WrongChecksum: (460, "wrong_checksum"),
    sending.NoLength: (411, "length_needed"),
    sending.TooLarge: (413, "too_large"),
    NotSignedIn: (401, "not_signed_in"),
    Refused: (403, "refused"),
    TooManyTries: (429, "too_many_tries"),
    NotFound: (404, "not_found"),
    UnreadablePhoto: (404, "unreadable_photo"),
    StorageFailed: (503, "storage_failed"),
    DatabaseFailed: (503, "database_failed"),
    TryLater: (503, "try_later"),
}
SENTENCES = {
    400: N_("photolib does not understand this request."),
    404: N_("There is nothing here. Perhaps the address was cut short."),
    405: N_("This address cannot be used that way."),
    413: N_("That is more than this address takes."),
    415: N_("This address takes JSON, and has to be told so: Content-Type: application/json."),
    416: N_("The file does not have the part that was asked for."),
}
A_BUG = N_("photolib met a problem it did not expect. The log says more; please report it.")


def register(app: Flask) -> None:
    app.register_error_handler(PhotolibError, _explained)
    app.register_error_handler(HTTPException, _refused_by_http)
    app.register_error_handler(sqlite3.Error, _database)
    app.register_error_handler(Exception, _bug)


def _explained(problem: PhotolibError) -> Response:
    status, kind = _status(problem)
    return with_status(_answer(status, kind, language.explained(problem)), problem)


def _status(problem: PhotolibError) -> tuple[int, str]:
    return next(STATUS[each] for each in type(problem).__mro__ if each in STATUS)


def status_of(problem: PhotolibError) -> int:
    """The status that a problem is answered with."""
    return _status(problem)[0]


def with_status(response: Response, problem: PhotolibError) -> Response:
    """A page that says a problem itself, with the status of it."""
    response.status_code = status_of(problem)
    if isinstance(problem, TryLater):
        response.headers["Retry-After"] = "2"
    if isinstance(problem, TooManyTries):
        response.headers["Retry-After"] = str(problem.seconds)
    return response


def _refused_by_http(problem: HTTPException) -> Response:
    status = problem.code or 500
    kind = (problem.name or "error").lower().replace(" ", "_")
    response = _answer(status, kind, _(SENTENCES.get(status, f"{problem.name}.")))
    for name, value in problem.get_headers():
        if name in ("Allow", "Content-Range", "Retry-After"):
            response.headers[name] = value
    return response


def _database(problem: sqlite3.Error) -> Response:
    explained = db.explained(problem)
    return _explained(explained) if isinstance(explained, PhotolibError) else _bug(problem)


def _bug(problem: Exception) -> Response:
    log.error("%s %s went wrong", request.method, request.endpoint, exc_info=problem)
    return _answer(500, "bug", _(A_BUG))


def _answer(status: int, kind: str, message: str) -> Response:
    if request.path.startswith(("/api/", "/media/")) or wants_json():
        response = jsonify({"error": {"kind": kind, "message": message}})
    elif shared.is_room():
        response = Response(render_template("shared_gone.html", status=status, message=message))
    else:
        response = Response(render_template("error.html", status=status, message=message))
    response.status_code = status
    return response
