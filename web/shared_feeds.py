"""An album's newest photos as feeds: Atom (RFC 4287) and JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

Only for links without a door, since a reader of feeds types no password. Photos are dated by when they were taken.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from photolib.catalog import Tile
from photolib.errors import NotFound
from photolib.sharing import links, names, shown
from web import reached, shared, shared_pages, words
from web.here import library

bp = Blueprint("shared_feeds", __name__, url_prefix="/s/<token>")

NEWEST = 50  # photos
ATOM = "http://www.w3.org/2005/Atom"


@bp.get("/feed.atom")
def atom(token: str) -> Response:
    """The newest photos as Atom."""
    _require_no_door()
    here, tiles = _Here(token), _newest()
    feed = Element("feed", xmlns=ATOM)
    _add(feed, "id", here.page)
    _add(feed, "title", shared_pages.title())
    _add(feed, "updated", shared.album().changed_at if not tiles else _moment(tiles[0]))
    _add(_add(feed, "author"), "name", here.owner)
    _add(feed, "link", rel="self", type="application/atom+xml", href=here.below + "/feed.atom")
    _add(feed, "link", rel="alternate", type="text/html", href=here.page)
    for tile in tiles:
        entry = _add(feed, "entry")
        address = f"{here.below}/photo/{tile.key}"
        _add(entry, "id", address)
        _add(entry, "title", words.caption(tile))
        _add(entry, "updated", _moment(tile))
        _add(entry, "published", _moment(tile))
        _add(entry, "link", rel="alternate", type="text/html", href=address)
        _add(entry, "content", f'<p><img src="{here.picture(tile)}" alt=""></p>', type="html")
    body = tostring(feed, encoding="utf-8", xml_declaration=True)
    return _answer(Response(body, mimetype="application/atom+xml"))


@bp.get("/feed.json")
def json_feed(token: str) -> Response:
    """The newest photos as a JSON Feed."""
    _require_no_door()
    here = _Here(token)
    items: list[dict[str, Any]] = [
        {
            "id": f"{here.below}/photo/{tile.key}",
            "url": f"{here.below}/photo/{tile.key}",
            "title": words.caption(tile),
            "image": here.picture(tile),
            "content_html": f'<p><img src="{here.picture(tile)}" alt=""></p>',
            "date_published": _moment(tile),
        }
        for tile in _newest()
    ]
    response: Response = jsonify(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": shared_pages.title(),
            "home_page_url": here.page,
            "feed_url": here.below + "/feed.json",
            "authors": [{"name": here.owner}],
            "items": items,
        }
    )
    response.mimetype = "application/feed+json"
    return _answer(response)


class _Here:
    """Whole addresses of what the link shows, and whose it is."""

    def __init__(self, token: str) -> None:
        host = reached.base().rstrip("/")
        self.below = host + shared_pages.base(token)
        self.page = host + shared.page_address(shared.link(), token)
        self.owner = names.for_strangers(library().db, shared.link().owner_id) or "photolib"

    def picture(self, tile: Tile) -> str:
        return f"{self.below}/media/{tile.key}/large?format=jpg"


def _require_no_door() -> None:
    if shared.link().has_door:
        raise NotFound(links.GONE)


def _newest() -> list[Tile]:
    return shown.newest(library().db, shared.album(), NEWEST)


def _answer(response: Response) -> Response:
    response.add_etag()
    response.headers["Cache-Control"] = "private, max-age=600"
    response.make_conditional(request.environ)
    return response


def _moment(tile: Tile) -> str:
    """When it was taken (RFC 3339): local time is called UTC where its zone is not known, or not told, as it says about where that was."""
    try:
        local = datetime.fromisoformat(tile.taken_at).replace(tzinfo=UTC)
        moment = local - timedelta(minutes=(tile.utc_offset if shared.link().show_location else None) or 0)
    except (ValueError, OverflowError):
        return "1970-01-01T00:00:00Z"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= 1000 else "1970-01-01T00:00:00Z"


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    made = SubElement(parent, name, attributes)
    # What XML 1.0 cannot hold, even escaped (https://www.w3.org/TR/xml/#charsets).
    made.text = (
        "".join(
            each
            for each in text
            if each in "\t\n" or (each >= " " and not "\ud800" <= each <= "\udfff" and each < "\ufffe")
        )
        or None
    )
    return made
