"""Frame mode: photos full screen on a tablet on the wall, for weeks. Of a link, or of what somebody who is signed in has.

The page is a few lines that old browsers understand. It asks for a handful of photos at a time, so it needs no memory for the others, and
goes on with what it has while the server is away.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from photolib import catalog, scopes, understood
from photolib.catalog import Tile
from photolib.scopes import Scope
from photolib.sharing import shown
from web import shared, shared_pages, words
from web.api import sees_places
from web.here import library, user

bp = Blueprint("shared_wall", __name__, url_prefix="/s/<token>")
mine = Blueprint("wall", __name__)

AT_A_TIME = 40  # photos
ORDERS = ("random", "album")
SECONDS = (3, 3600)  # each photo is shown
USUAL = 10


@bp.get("/frame")
def of_link(token: str) -> str:
    """Settings are in the address: seconds, order (random or album), clock and place (yes or no)."""
    below = shared_pages.base(token)
    return _page(shared_pages.title(), f"{below}/wall", may_tell_place=shared.link().show_location)


@bp.get("/wall")
def next_of_link(token: str) -> Response:
    """Some photos for the frame to show next, and where it goes on."""
    db, album = library().db, shared.album()
    if request.args.get("order") == "album":
        piece = shown.page(db, album, request.args.get("after"), AT_A_TIME)
        tiles, cursor = piece.photos, piece.cursor
    else:
        shared.count(cost=20)  # all of an album is looked at for these
        tiles, cursor = shown.at_random(db, album, AT_A_TIME), None
    shared.note_visit()
    return _photos(tiles, cursor, f"{shared_pages.base(token)}/media", shared.link().show_location)


@mine.get("/frame")
def of_scope() -> str:
    """What is one's own: `in` names the scope, the timeline without."""
    scope = _scope()
    return _page("photolib", f"/frame/photos?in={scope}", may_tell_place=sees_places(scope))


@mine.get("/frame/photos")
def next_of_scope() -> Response:
    """Some photos of a scope for the frame to show next."""
    db, scope = library().db, _scope()
    if request.args.get("order") == "album":
        page = scopes.page(db, user().id, request.args.get("after"), AT_A_TIME, scope)
        tiles, cursor = page.photos, page.cursor
    else:
        tiles, cursor = catalog.tiles(db, scopes.at_random(db, user().id, scope, AT_A_TIME)), None
    return _photos(tiles, cursor, "/media", sees_places(scope))


def _scope() -> Scope:
    scope = scopes.parse(request.args.get("in"))
    scopes.require(library().db, user().id, scope)
    return scope


def _page(title: str, src: str, may_tell_place: bool) -> str:
    said = request.args
    seconds = said.get("seconds", "")
    shown_for = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else USUAL
    return render_template(
        "wall.html", title=title, src=src, seconds=min(max(shown_for, SECONDS[0]), SECONDS[1]),
        order="album" if said.get("order") == "album" else "random", clock=said.get("clock") != "no",
        place=may_tell_place and said.get("place") != "no",
    )  # fmt: skip


def _photos(tiles: list[Tile], cursor: str | None, media: str, may_tell_place: bool) -> Response:
    places = understood.cities(library().db, [tile.id for tile in tiles]) if may_tell_place else {}
    items: list[dict[str, Any]] = [
        {
            "src": f"{media}/{tile.key}/large?format=jpg", "ratio": round(tile.ratio, 2), "when": words.whole_date(tile.taken_at),
            "where": places.get(tile.id, ""),
        }
        for tile in tiles
        if tile.type != "video" and tile.status == "ready"
    ]  # fmt: skip
    response = jsonify({"items": items, "next": cursor})
    response.headers["Cache-Control"] = "private, no-store"
    return response
