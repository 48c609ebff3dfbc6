"""Who comes through a share link. Everything its bearer is shown lies below /s/<token>/, and goes through enter() first.

Whatever is not so (no such link, revoked, expired, not yet let in, a photo it does not show) is answered in one way: there is nothing here.
Only the landing page of a link that has a door shows the door.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app, g, request, url_for
from werkzeug.wrappers import Response

from photolib import access, albums
from photolib.access import Visitor
from photolib.accounts import throttle, tokens
from photolib.accounts.sessions import Client
from photolib.albums import Album
from photolib.cleaning.pieces import Keep
from photolib.db import write_if_free
from photolib.errors import NotFound, TryLater
from photolib.sharing import links
from photolib.sharing.links import Link
from web import sessions
from web.here import library
from web.limits import Limit, Turns

# Blueprints of which every route is below /s/<token>.
ROOMS = frozenset({"shared_pages", "shared_files", "shared_contributing", "shared_feeds", "shared_wall"})
# What is answered to somebody who has the link and has not come through its door.
BEFORE_THE_DOOR = frozenset(
    {"shared_pages.landing", "shared_pages.named", "shared_pages.come_in", "shared_pages.preview"}
)
COOKIE = "photolib_link"
LONGEST_TOKEN = 100  # characters
LASTS = 30 * 24 * 3600  # seconds that a browser stays let in
# A link's name that is the last part of an address below it, and would lead there.
TAKEN = frozenset(
    {"more", "frame", "wall", "summary", "preview.jpg", "download", "contribute", "feed.atom", "feed.json"}
)

# Scrolling fast through an album asks for some thirty pictures a second; nobody looks at more of them for long.
OF_ONE = Limit(per_second=50, burst=3000)  # of one link, from one address
AT_NOTHING = Limit(per_second=1, burst=60)  # at links that are none, from one address
LISTENING = Turns(most=14, most_of_one=10)  # forms and files of strangers that are still coming, from one address

# What the programs call themselves with which messengers and search engines look at an address before people do. They are shown the card
# that the owner allows, and are no visitors. Browsers inside the same apps name the app too, so nothing here is only an app's name;
# and Cubot makes phones.
_PROGRAMS = re.compile(
    r"(?<!cu)bot\b|crawler|spider\b|slurp|facebookexternalhit|facebot|^whatsapp/|^viber|slack-imgproxy|skypeuripreview|embedly|bingpreview"
    r"|vkshare|^mastodon/|pleroma|misskey|iframely|kakaotalk-scrap|^synapse|mattermost-|linkpreview|link preview|google-pagerenderer"
    r"|google-read-aloud|feedfetcher",
    re.IGNORECASE,
)


def enter() -> None:
    """Find out who asks for something below a link's address. Raises NotFound, TooOften."""
    if request.url_rule is None:  # no address of ours, or not to be used that way; that is told to nobody below a link
        raise NotFound(links.GONE)
    token = (request.view_args or {}).get("token", "")
    place = throttle.network_of(request.remote_addr or "")
    try:
        if len(token) > LONGEST_TOKEN:
            raise NotFound(links.GONE)
        found = links.find(library().db, token)
    except NotFound:
        AT_NOTHING.count(place)
        raise
    OF_ONE.count((found.id, place))
    is_open = not found.has_door or links.is_visited(library().db, found, cookie())
    g.link, g.user = found, None
    g.visitor = Visitor(library().db, link=found if is_open else None)
    if not is_open and request.endpoint not in BEFORE_THE_DOOR:
        raise NotFound(links.GONE)


def count(cost: int) -> None:
    """Count what asks more of the server than a picture does. Raises TooOften."""
    OF_ONE.count((link().id, throttle.network_of(request.remote_addr or "")), cost)


@contextmanager
def listening() -> Iterator[None]:
    """Around the reading of what a stranger sends: whoever sends it slowly holds a thread of the server. Raises TryLater while many do."""
    place = throttle.network_of(request.remote_addr or "")
    if not LISTENING.take(place):
        raise TryLater("Many people are sending something at this moment. It goes on shortly.")
    try:
        yield
    finally:
        LISTENING.give_back(place)


def link() -> Link:
    """The link that the request came by."""
    return g.link


def album() -> Album:
    """The album it shows."""
    if "shared_album" not in g:
        g.shared_album = albums.album(library().db, link().album_id)
    return g.shared_album


def may(action: access.Action) -> bool:
    """Whether the bearer may do this with what the link shows."""
    return access.may(g.visitor, action, album())


def require(action: access.Action) -> None:
    """Raises NotFound, as for a link that nobody has, when the bearer may not do this."""
    if not may(action):
        raise NotFound(links.GONE)


def keep() -> Keep:
    """What stays in the files that this link hands out."""
    return Keep(location=link().show_location, camera=link().show_camera)


def is_open() -> bool:
    """Whether whoever asks is in: the link has no door, or they came through it."""
    return g.visitor.link is not None


def is_program() -> bool:
    """Whether a program asks that looks at addresses for a messenger or a search engine, by what it says of itself."""
    return bool(_PROGRAMS.search(request.headers.get("User-Agent", "")[:500]))


def cookie() -> str | None:
    held = request.cookies.get(COOKIE)
    return held if held and len(held) <= LONGEST_TOKEN else None


def let_in(response: Response, token: str, visit: str) -> Response:
    """Give a browser the cookie of its visit. Only requests below this link's address carry it, and those that save its photos."""
    for path in (f"/s/{token}", f"/saving/{token}"):
        response.set_cookie(
            COOKIE, visit, max_age=LASTS, secure=request.is_secure, httponly=True, samesite="Lax", path=path
        )
    return response


def greet(response: Response, token: str) -> Response:
    """Give a browser that is new here a cookie, where there is no door: with it, it counts as one visitor."""
    if is_open() and not link().has_door and cookie() is None and not is_program():
        let_in(response, token, tokens.new())
    return response


_noted: OrderedDict[tuple[int, str], None] = OrderedDict()  # visits that were written down, the latest of them
NOTED = 10_000


def note_visit() -> None:
    """A browser fetches pictures and has our cookie: now it is a visitor. Programs that look ahead do not come so far."""
    if _unwritten():
        write_down()
    held = cookie()
    if held is None or link().has_door or (link().id, held) in _noted or is_program():
        return
    account = sessions.signed_in()
    if account is None or account.id != link().owner_id:  # an owner who sees what visitors see is none of them
        try:
            with write_if_free(library().db) as db:
                links.visit(db, link(), held, sessions.client())
        except TryLater:
            return  # the next picture tells as well
    _noted[(link().id, held)] = None
    while len(_noted) > NOTED:
        _noted.popitem(last=False)


@dataclass(frozen=True)
class _Noted:
    """What was taken home, for the link's owner to see. is_one: photo by photo, which adds to a line there is."""

    link_id: int
    client: Client
    photos: int
    is_one: bool


def _unwritten() -> deque[_Noted]:
    return current_app.extensions.setdefault("photolib.unwritten", deque(maxlen=NOTED))


def note_download(photos: int, is_one: bool = False) -> None:
    """Write down that something is downloaded: now, or with what comes next, as no download waits for an import to let it write."""
    _unwritten().append(_Noted(link().id, sessions.client(), photos, is_one))
    write_down()


def write_down() -> None:
    """Write down what could not be until now."""
    waiting, taken = _unwritten(), list[_Noted]()
    try:
        with write_if_free(library().db) as db:
            while waiting:
                taken.append(waiting.popleft())
                one = taken[-1]
                if links.exists(db, one.link_id):
                    (links.note_more if one.is_one else links.note)(
                        db, one.link_id, "downloaded", one.client, one.photos
                    )
    except TryLater:
        waiting.extendleft(reversed(taken))


def through(token: str) -> Visitor:
    """The bearer of a link that is open to this request, outside of the link's own addresses. Raises NotFound."""
    if len(token) > LONGEST_TOKEN:
        raise NotFound(links.GONE)
    found = links.opened(library().db, token, cookie())
    g.link, g.shared_visitor = found, Visitor(library().db, link=found)
    return g.shared_visitor


def page_name(link: Link) -> str:
    """A link's name as it stands in its address, for people: empty for none."""
    name = re.sub(r"[^\w.-]+", "-", link.name).strip("-.")
    return f"{name}-" if name in TAKEN else name


def page_address(link: Link, token: str) -> str:
    """The page of a link."""
    name = page_name(link)
    return (
        url_for("shared_pages.named", token=token, name=name) if name else url_for("shared_pages.landing", token=token)
    )


def is_room() -> bool:
    """Whether the request is for something below a link's address, be there anything or not."""
    return request.blueprint in ROOMS or request.path.startswith("/s/")
