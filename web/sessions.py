"""The cookie that says which session a request belongs to, and the person behind it."""

from datetime import UTC, datetime

from flask import g, request
from werkzeug.wrappers import Response

from photolib.accounts import browsers, sessions
from photolib.accounts.sessions import Client, Session, Started
from photolib.accounts.users import Account
from photolib.db import write, write_if_free
from photolib.errors import TryLater
from web.here import library

# A browser takes a cookie of the second name only over https and only from this very host, so that nobody beside us can plant one.
COOKIE, SECURE_COOKIE = "photolib", "__Host-photolib"
LONGEST_TOKEN = 100  # characters


def client() -> Client:
    """Where the request comes from."""
    return Client(request.remote_addr or "", browsers.in_words(request.headers.get("User-Agent", "")[:500]))


def token() -> str | None:
    """The token that the request's cookie holds."""
    held = request.cookies.get(SECURE_COOKIE if request.is_secure else COOKIE)
    return held if held and len(held) <= LONGEST_TOKEN else None


def session() -> Session | None:
    """The request's session, a pending one included."""
    return _found()[0]


def signed_in() -> Account | None:
    """The person whose session it is, as they are at this moment; None while a second step is owed."""
    session, user = _found()
    return None if session is None or session.is_pending else user


def halfway_in() -> Account | None:
    """The person who has given their password and still owes a second step."""
    session, user = _found()
    return user if session is not None and session.is_pending else None


def _found() -> tuple[Session | None, Account | None]:
    if "session" not in g:
        held = token()
        g.session, g.session_user = (sessions.find(library().db, held) if held else None) or (None, None)
    return g.session, g.session_user


def note_use() -> None:
    """Write down now and then that a session is in use. Not for media: a page has a hundred, and the database has other work."""
    held = session()
    if held is not None and request.blueprint != "media" and sessions.is_long_unseen(held):
        try:
            with write_if_free(library().db) as db:
                sessions.see(db, held, client())
        except TryLater:
            pass  # the next page tells as well


def hand_over(response: Response, started: Started) -> Response:
    """Give the browser the cookie of a new session, in place of the one it had, which ends; what it kept for somebody else goes."""
    kept = session()
    if kept is None or kept.user_id != started.session.user_id:
        response.headers["Clear-Site-Data"] = (
            '"storage"'  # the service worker's photos; those of the cache go by the cookie
        )
    held = token()
    if held is not None:
        with write(library().db) as db:
            sessions.revoke_token(db, held)
    until = datetime.fromisoformat(started.session.expires_at)
    lasts = max(0, int((until - datetime.now(UTC)).total_seconds()))
    response.set_cookie(
        SECURE_COOKIE if request.is_secure else COOKIE, started.token,
        max_age=lasts if started.session.is_kept else None,
        secure=request.is_secure, httponly=True, samesite="Lax", path="/",
    )  # fmt: skip
    return response


def take_away(response: Response) -> Response:
    """End the request's session and have the browser forget it, with what it kept of our answers."""
    held = token()
    if held is not None:
        with write(library().db) as db:
            sessions.revoke_token(db, held)
    for name in (COOKIE, SECURE_COOKIE):
        if name in request.cookies:
            response.delete_cookie(name, secure=request.is_secure, httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
