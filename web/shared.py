"""Who comes through a share link. Everything its bearer is shown lies below /s/<token>/, and goes through enter() first.

Whatever is not so (no such link, revoked, expired, not yet let in, a photo it does not show) is answered in one way: there is nothing here.
Only the landing page of a link that has a door shows the door.
"""

from flask import g, request
from werkzeug.wrappers import Response

from photolib.access import Visitor
from photolib.errors import NotFound
from photolib.sharing import links
from photolib.sharing.links import Link
from web.here import library

ROOMS = frozenset({"shared_pages"})  # blueprints of which every route is below /s/<token>
# What is answered to somebody who has the link and has not come through its door.
BEFORE_THE_DOOR = frozenset(
    {"shared_pages.landing", "shared_pages.named", "shared_pages.come_in", "shared_pages.preview"}
)
COOKIE = "photolib_link"
LONGEST_TOKEN = 100  # characters
LASTS = 30 * 24 * 3600  # seconds that a browser stays let in


def enter() -> None:
    """Find out who asks for something below a link's address. Raises NotFound."""
    token = (request.view_args or {}).get("token", "")
    if len(token) > LONGEST_TOKEN:
        raise NotFound(links.GONE)
    found = links.find(library().db, token)
    is_open = not found.has_door or links.is_visited(library().db, found, cookie())
    g.link, g.user = found, None
    g.visitor = Visitor(library().db, link=found if is_open else None)
    if not is_open and request.endpoint not in BEFORE_THE_DOOR:
        raise NotFound(links.GONE)


def link() -> Link:
    """The link that the request came by."""
    return g.link


def is_open() -> bool:
    """Whether whoever asks is in: the link has no door, or they came through it."""
    return g.visitor.link is not None


def cookie() -> str | None:
    held = request.cookies.get(COOKIE)
    return held if held and len(held) <= LONGEST_TOKEN else None


def let_in(response: Response, token: str, visit: str) -> Response:
    """Give a browser the cookie of its visit. Only requests below this link's address carry it."""
    response.set_cookie(
        COOKIE, visit, max_age=LASTS, secure=request.is_secure, httponly=True, samesite="Lax", path=f"/s/{token}"
    )
    return response


def is_room() -> bool:
    """Whether the request is for something below a link's address."""
    return request.blueprint in ROOMS
