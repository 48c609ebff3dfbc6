"""Requests of programs: the API token in their Authorization header, and which addresses it opens.

A token opens the API and the pictures, never a page: whatever it is allowed, it makes no tokens, changes no password and touches
neither sessions nor second steps, because all of that is done on pages. Each route of the API asks for one scope; a room that is
not named here is closed to tokens until somebody decides.
"""

from flask import g, request
from werkzeug.routing import Rule

from photolib.accounts import api_tokens
from photolib.accounts.api_tokens import Scope, Token
from photolib.accounts.users import Account
from photolib.db import write_if_free
from photolib.errors import NotSignedIn, Refused, TryLater
from web.here import library
from web.limits import Limit

LONGEST = 200  # characters

_programs: dict[int, Limit] = {}  # by how many requests a minute the settings allow

# Rooms (blueprints) of the API: reading asks for "read" and everything else for "write".
ROOMS = frozenset({
    "albums_api", "api", "duplicates", "edits", "events", "map_api", "media", "members_api", "openapi", "order_api", "people_api",
    "search_api",
    "sharing_api", "social_api", "timeline_api",
})  # fmt: skip
OF_ROOM: dict[str, Scope] = {
    "uploads_api": "upload",
    "sending_api": "upload",
    "admin_api": "admin",
}  # everything in there asks for this
# Routes that are otherwise than their room. None: no token opens it, whatever it is allowed.
OF_ROUTE: dict[str, Scope | None] = {
    "search_api.by_picture": "read",  # sends a picture to ask with, and changes nothing
    "order_api.weigh": "read",
    "order_api.empty_trash": None,  # what is deleted for good is deleted by a person
}


def scope_of(rule: Rule, method: str) -> Scope | None:
    """What a token needs to be allowed for a route; None when tokens do not open it at all."""
    room = rule.endpoint.rpartition(".")[0]
    if not rule.rule.startswith(("/api/v1/", "/media/")):
        return None
    if rule.endpoint in OF_ROUTE:
        return OF_ROUTE[rule.endpoint]
    if room in OF_ROOM:
        return OF_ROOM[room]
    if room in ROOMS:
        return "read" if method in ("GET", "HEAD", "OPTIONS") else "write"
    return None


def held() -> str | None:
    """The text of the token that the request carries; "" for one that cannot be any."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    return text.strip() if len(text) <= LONGEST else ""


def token() -> Token | None:
    """The token that the request carries, if it is valid."""
    found = _found()
    return found[0] if found else None


def signed_in() -> Account | None:
    """Whose token the request carries, as they are at this moment."""
    found = _found()
    return found[1] if found else None


def check() -> None:
    """Raises NotSignedIn for a token that is not valid, Refused for one that is not allowed what the request asks for."""
    found = _found()
    if found is None:
        raise NotSignedIn("This token is not valid: it was revoked, has expired, or was cut short.")
    if request.url_rule is None:
        return  # there is no such address, which is not the token's fault
    token, user = found
    scope = scope_of(request.url_rule, request.method)
    if scope is None:
        raise Refused("A token opens the API, and this address is not part of it. Sign in with a browser instead.")
    if scope not in api_tokens.allowed(user.role, token.scopes):
        raise Refused('This token is not allowed to do this: it would need the scope "%(scope)s".', scope=scope)
    if scope != "upload":  # a family's own photos come in as quickly as they can be sent
        _count(token)
    if api_tokens.is_long_unseen(token):
        try:
            with write_if_free(library().db) as db:
                api_tokens.see(db, token)
        except TryLater:
            pass  # the next request tells as well


def _count(token: Token) -> None:
    """A program that runs wild must not make pages wait. Raises TooManyTries."""
    lib = library()
    if most := lib.config.api_requests_per_minute:
        limit = _programs.setdefault(most, Limit(per_second=most / 60, burst=most))
        limit.count((lib.process, token.id))


def _found() -> tuple[Token, Account] | None:
    if "token" not in g:
        text = held()
        g.token = api_tokens.find(library().db, text) if text else None
    return g.token
