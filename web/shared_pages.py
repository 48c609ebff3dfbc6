"""What the bearer of a share link sees: its door, its photos, and their bytes."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from photolib import albums, catalog
from photolib.access import may
from photolib.errors import NotFound, PhotolibError, Refused, TooManyTries
from photolib.sharing import doors, links
from web import errors, media, sessions, shared
from web.here import library, visitor

bp = Blueprint("shared_pages", __name__, url_prefix="/s/<token>")

A_WHILE = "private, max-age=3600"  # a link may end, and what it showed should not stay for a year


@bp.get("")
def landing(token: str) -> ResponseReturnValue:
    return _page() if shared.is_open() else _door()


@bp.get("/<name>")
def named(token: str, name: str) -> ResponseReturnValue:
    """The same with words behind it, for people: what they say does not matter."""
    return landing(token)


@bp.post("")
def come_in(token: str) -> ResponseReturnValue:
    link = shared.link()
    go = redirect(
        url_for(".named", token=token, name=link.name) if link.name else url_for(".landing", token=token), 303
    )
    if shared.is_open():
        return go
    try:
        visit = doors.come_in(library().db, link, request.form.get("password", ""), sessions.client())
    except (Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_door(problem)), problem)
    return shared.let_in(go, token, visit)


@bp.get("/media/<key>/<variant>")
def picture(token: str, key: str, variant: str) -> Response:
    """A derived size of a photo that the link shows."""
    for each in catalog.media(library().db, key):
        if each.role == "main" and may(visitor(), "view", each):
            response = media.variant_of(each, variant)
            response.headers["Cache-Control"] = A_WHILE
            return response
    raise NotFound(links.GONE)


def _door(problem: PhotolibError | None = None) -> str:
    return render_template("shared_door.html", link=shared.link(), problem=problem)


def _page() -> str:
    album = albums.album(library().db, shared.link().album_id)
    return render_template("shared.html", link=shared.link(), album=album)
