"""What holds for every request, whatever the route: which host names are ours, who may ask for a change, and what a browser
may do with the answer."""

import ipaddress
import socket
from collections.abc import Callable, Collection
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter

from photolib.accounts import setup, signin
from photolib.errors import BadInput, NotSignedIn, Refused
from web import bearer, sessions, shared
from web.asked import LARGEST, LARGEST_LIST
from web.done import wants_json
from web.here import admin, library, visitor

A_YEAR = 365 * 24 * 3600
FOR_EVER = f"private, max-age={A_YEAR}, immutable"  # for addresses whose bytes never change

# Our own files only: no inline script or style, no other origin, no frame around us.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "media-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip

HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, no-cache",
}


# Everything else needs somebody who is signed in. What stands here shows nothing of anybody: our own files, and the doors.
OPEN = frozenset({
    "static", "words", "frame.manifest", "frame.service_worker", "pages.ratios",
    "door.health", "door.setup", "door.set_up", "door.login", "door.log_in", "door.invitation", "door.accept_invitation", "door.logout",
    "ways_in.second_step", "ways_in.take_second_step", "ways_in.ask_for_passkey", "ways_in.take_passkey", "ways_in.go_elsewhere",
    "ways_in.come_back",
    "uploads_pages.share",  # says to whoever is not signed in that they have to share again, and takes nothing
    "dav.look", "dav.change",  # who asks is known by a device's token: web/dav.py
    "uploads_api.state", "uploads_api.send",  # their addresses are signed, and say whose upload it is
})  # fmt: skip
ADMIN_ROOMS = frozenset({"admin_pages", "users_pages"})  # blueprints for admins alone
# Where a guest may change something: what concerns themselves.
GUEST_ROOMS = frozenset({"door", "ways_in", "account_pages", "credentials_pages", "members_pages"})
THE_SAME_FOR_ALL = frozenset({"static", "words", "pages.ratios"})

READING = ("GET", "HEAD", "OPTIONS")  # these change nothing, so any page may make a browser send them

Route = TypeVar("Route", bound=Callable[..., object])


def register(app: Flask) -> None:
    app.before_request(_refuse_foreign_host)
    app.before_request(_refuse_foreign_pages)
    app.before_request(_refuse_foreign_forms)
    app.before_request(_refuse_strangers)
    app.after_request(_add_headers)


class Number(IntegerConverter):
    """<int:...> in an address. There is nothing behind one that the database cannot hold."""

    def to_python(self, value: str) -> int:
        number = int(super().to_python(value))
        if number > LARGEST:
            abort(404)
        return number


def takes_files(most: int) -> Callable[[Route], Route]:
    """A route that is sent files, of so many bytes in all, and so takes other bodies than JSON."""

    def mark(route: Route) -> Route:
        route.takes_bytes = most  # type: ignore[attr-defined]
        return route

    return mark


def is_own_host(host: str, listening_on: str, others: Collection[str] = ()) -> bool:
    """Whether a Host header names this machine as its people do.

    A web page elsewhere can make its own name lead to this machine (DNS rebinding) and read what we answer, but it cannot
    change that name in the header. An app that listens on the loopback answers to loopback names only; one that listens
    on the network also to addresses, which nobody can rebind, and to the machine's own name. others: names from the settings.
    """
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").rstrip(".").lower()
    if name in ("localhost", listening_on.lower(), *(each.rstrip(".").lower() for each in others)):
        return True
    if address := _address(name):
        return address.is_loopback or not _is_loopback(listening_on)
    own = socket.gethostname().lower()
    return not _is_loopback(listening_on) and name in (own, own.partition(".")[0], f"{own.partition('.')[0]}.local")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def _refuse_foreign_host() -> None:
    config = library().config
    if not is_own_host(request.environ.get("HTTP_HOST", ""), config.host, config.hosts):
        raise BadInput(
            "photolib does not answer to this name. Open it by an address it printed when it started, or add the name to the "
            "setting hosts."
        )


def _refuse_foreign_pages() -> None:
    """Another site's page can make a browser send us a form, or a script's request, in the name of whoever sits before it.

    Browsers say where a request comes from and pages cannot change that. Sec-Fetch-Site exists on https and on this machine
    (https://www.w3.org/TR/fetch-metadata/); elsewhere there are Origin and Referer. A request with none of them is no
    browser's, and may not carry a browser's cookie.

    Why there is no token in the forms besides: it would prove that a page of ours sent the form, which is what these headers
    prove, in every browser that can show these pages (all have sent Origin with POST since 2020). They cover what a token does not:
    log-in, where there is no session yet to tie one to, and another port of this machine, which SameSite=Lax lets through.
    A page that is left open over a new log-in keeps working. It goes through this one function for every route there is.
    """
    if (
        request.method in READING or bearer.held() is not None
    ):  # no page can make a browser send a token it does not know
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        is_ours = site in ("same-origin", "none")  # none: typed, or from a bookmark
    else:
        page = request.headers.get("Origin") or request.headers.get("Referer")
        is_ours = _host_of(page) == request.environ.get("HTTP_HOST", "").lower() if page else sessions.token() is None
        # A page that says nobody where its visitor comes from (no-referrer) has no origin for its forms either. Below a share link
        # nothing is done in the name of whoever is signed in, and its own cookie is not sent along by another site.
        is_ours = is_ours or (page == "null" and shared.is_room())
    if not is_ours:
        raise Refused("This was asked for by a page of another site, so photolib did nothing.")


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).netloc.lower() or None
    except ValueError:
        return None


def _refuse_foreign_forms() -> None:
    """What a plain form can send without the browser asking us first is no JSON, so the API takes nothing else."""
    route = current_app.view_functions.get(request.endpoint or "")
    most = getattr(route, "takes_bytes", None)
    if most is not None:
        request.max_content_length = most
        request.max_form_memory_size = min(most, LARGEST_LIST)  # for what is no file in a form
    elif request.url_rule is not None and request.method not in READING and request.path.startswith("/api/"):
        has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
        if (has_body or request.mimetype) and request.mimetype != "application/json":
            abort(415)


def _refuse_strangers() -> ResponseReturnValue | None:
    """Nothing without somebody who is signed in, but for the few routes in OPEN and what a share link shows; a guest changes nothing;
    admins' rooms are theirs."""
    if request.endpoint in OPEN:
        return None
    if shared.is_room():
        shared.enter()
        return None
    is_program = bearer.held() is not None
    if is_program:
        bearer.check()
    user = visitor().user
    if user is None:
        return _to_the_door()
    if request.blueprint in ADMIN_ROOMS or request.path.startswith(("/admin", "/api/v1/admin")):
        admin()
    if user.role == "guest" and request.method not in READING and request.blueprint not in GUEST_ROOMS:
        raise Refused("A guest can look at photos here, and change nothing.")
    if not is_program:
        sessions.note_use()
    return None


def _to_the_door() -> ResponseReturnValue:
    """A person is led to where they can sign in; a program, and a script of ours, is told."""
    is_set_up = setup.is_done(library().db)
    # By what is accepted: a page that our service worker fetches for the browser is no "document" to the browser any more.
    is_page = "text/html" in request.headers.get("Accept", "text/html") and not wants_json()
    if not is_page or request.path.startswith(("/api/", "/media/", "/fragments/")):
        if is_set_up:
            raise NotSignedIn("Sign in first.")
        raise NotSignedIn("photolib is not set up yet. Open it in a browser, which leads through that.")
    if not is_set_up:
        return redirect(url_for("door.setup"))
    if sessions.halfway_in() is not None:
        return redirect(signin.SECOND_STEP)
    wanted = request.full_path.rstrip("?") if request.method in READING else ""
    return redirect(url_for("door.login", next=wanted if wanted not in ("", "/") else None), 303)


def _add_headers(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        response.headers["Cache-Control"] = FOR_EVER
    if request.endpoint not in THE_SAME_FOR_ALL:
        # Or a browser would show what it kept for one person to the next who signs in.
        response.vary.update(("Cookie", "Authorization"))
    if tiles := tile_source(library().config.map_tiles):
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY.replace("img-src", f"img-src {tiles}"))
    if response.status_code == 401 and bearer.held() is not None:
        response.headers["WWW-Authenticate"] = 'Bearer realm="photolib", error="invalid_token"'
    if shared.is_room():
        response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def tile_source(address: str) -> str | None:
    """The host whose pictures pages may show on maps besides our own: that of the tile server, where one was set up."""
    where = urlsplit(address.replace("{s}", "*"))
    return f"{where.scheme}://{where.netloc}" if where.netloc else None
