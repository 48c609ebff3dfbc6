"""The cookie by which a browser goes on with a step that it began: a passkey's answer, the way back from a provider."""

from typing import Any

from flask import Response, request

from photolib.accounts import handshakes
from photolib.accounts.handshakes import Handshake
from photolib.db import write
from web.here import library

LONGEST = 100  # characters


def begin(response: Response, kind: str, user_id: int | None = None, **data: Any) -> Response:
    """Remember a step for this browser; it takes the place of one of the same kind that was begun before."""
    with write(library().db) as db:
        handshakes.finish(db, kind, _held(kind))
        secret = handshakes.begin(db, kind, user_id, **data)
    response.set_cookie(
        _cookie(kind),
        secret,
        max_age=handshakes.MINUTES * 60,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def find(kind: str) -> Handshake | None:
    """The step this browser is in the middle of, without ending it."""
    return handshakes.find(library().db, kind, _held(kind))


def finish(kind: str) -> Handshake | None:
    """The step this browser was in the middle of. It is over now, however it goes on."""
    held = _held(kind)
    if held is None:
        return None
    with write(library().db) as db:
        return handshakes.finish(db, kind, held)


def said() -> dict[str, Any]:
    """What a script of ours sent as JSON, whatever it is: an empty one when it is no object."""
    found = request.get_json(silent=True)
    return found if isinstance(found, dict) else {}


def _held(kind: str) -> str | None:
    held = request.cookies.get(_cookie(kind))
    return held if held and len(held) <= LONGEST else None


def _cookie(kind: str) -> str:
    return ("__Host-" if request.is_secure else "") + "photolib_" + kind.replace(" ", "_")
