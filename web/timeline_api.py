"""/api/v1/timeline: what a grid that holds only what is near asks for. Months with counts, pieces of one, where a photo stands."""

import re
from typing import Any

from flask import Blueprint, request

from photolib import scopes, stretches
from photolib.catalog import Tile
from photolib.errors import BadInput
from photolib.scopes import Scope
from photolib.stretches import Stretch
from web import asked, words
from web.api import asked_scope, placeholder, sees_places
from web.asked import number
from web.described import described
from web.here import library, user
from web.shapes import ID, MONTH, SCOPE, WHOLE, fields, page_of
from web.timeline_shapes import ASKED, AT, BUCKET, STRETCH

bp = Blueprint("timeline_api", __name__, url_prefix="/api/v1/timeline")

MOST_TILES, MOST_IDS = 10_000, 50_000  # in one answer


@bp.get("/buckets")
@described(page_of(BUCKET), query={"scope": SCOPE}, problems=[404])
def buckets() -> dict[str, Any]:
    """How many photos a scope has in each month of what it is ordered by."""
    months = scopes.buckets(library().db, user().id, asked_scope())
    return {
        "items": [
            {"month": month, "count": count, "said": words.month(month) if is_dated(month) else ""}
            for month, count in months
        ],
        "next": None,
    }


@bp.get("/buckets/<month>")
@described(STRETCH, path={"month": MONTH}, query=ASKED)
def bucket(month: str) -> dict[str, Any]:
    """One list for each column, as a month is a page's layout and has to be small; at most `size` photos, beginning with `from`.

    through: of all months from the one to this one. next: where it goes on, None at its end. With columns=photo_id nothing but the ids.
    """
    through = request.args.get("through")
    if not all(re.fullmatch(r"\d{4}-\d\d|p\d{1,18}", each, re.ASCII) for each in (month, through or month)):
        raise BadInput("A month is written like 2019-06.")
    scope, start = asked_scope(), number("from") or 0
    if request.args.get("columns") == "photo_id":
        size = asked.size(MOST_IDS, MOST_IDS)
        found = stretches.ids(library().db, user().id, month, start, size, scope)
        return {"month": month, "from": start, "count": len(found), "photo_id": found}
    size = asked.size(MOST_TILES, MOST_TILES)
    piece = stretches.stretch(library().db, user().id, month, start, size, scope, through)
    return {
        "month": month,
        "from": start,
        "count": len(piece.photos),
        "next": start + len(piece.photos) if piece.below else None,
        "above": piece.above,
        "below": piece.below,
        "days": days(piece, cities(piece, scope)),
        **columns(piece.photos),
        "ordered_at": piece.at,
    }


@bp.get("/where")
@described(fields({"month": MONTH, "index": WHOLE}), query={"scope": SCOPE, "photo_id": ID, "at": AT}, problems=[404])
def where() -> dict[str, Any]:
    """Where a photo (`photo_id`), or the newest of a year, month or day (`at`), stands: its month and its place in it."""
    scope, photo_id = asked_scope(), number("photo_id")
    if photo_id is not None:
        found = stretches.whereabouts(library().db, user().id, photo_id, scope)
    else:
        found = stretches.below(library().db, user().id, asked_moment() or "9", scope)
    return {"month": found.bucket, "index": found.index}


def asked_moment() -> str | None:
    """The year, month or day that `?at=` names. Raises BadInput."""
    at = request.args.get("at")
    if at and not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", at, re.ASCII):
        raise BadInput("A place in the timeline is written like 2019, 2019-06 or 2019-06-14.")
    return at or None


def is_dated(at: str) -> bool:
    """Whether this is a moment, or a month; what somebody arranged by hand has numbers instead."""
    return at[4:5] == "-"


def columns(tiles: list[Tile]) -> dict[str, list[Any]]:
    """What a grid needs to know of photos, a list for each column."""
    return {
        "photo_id": [tile.id for tile in tiles],
        "key": [tile.key for tile in tiles],
        "type": [tile.type for tile in tiles],
        "status": [tile.status for tile in tiles],
        "taken_at": [tile.taken_at for tile in tiles],
        "ratio": [round(tile.ratio, 5) for tile in tiles],
        "duration": [tile.duration for tile in tiles],
        "is_favourite": [tile.is_favourite and tile.owner_id == user().id for tile in tiles],
        "placeholder": [placeholder(tile.placeholder) for tile in tiles],
    }


def cities(piece: Stretch, scope: Scope) -> dict[str, str]:
    """Where each day of a piece was spent, if whoever looks may know."""
    return stretches.cities(library().db, user().id, piece, scope) if sees_places(scope) else {}


def days(piece: Stretch, cities: dict[str, str]) -> list[dict[str, str | None]]:
    """The days of a piece as headings say them, newest first."""
    found = dict.fromkeys(at[:10] for at in piece.at if is_dated(at))
    return [{"day": day, "said": words.day(day), "place": cities.get(day)} for day in found]
