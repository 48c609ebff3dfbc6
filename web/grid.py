"""The first photos of a scope as the page itself holds them: what the grid begins with, and all of it where there is no script."""

from dataclasses import dataclass
from itertools import groupby

from flask import request

from photolib import scopes, stretches
from photolib.catalog import Tile
from photolib.errors import NotFound
from photolib.scopes import TIMELINE, Scope
from photolib.stretches import Stretch
from web import words
from web.here import library, user
from web.results import address
from web.timeline_api import asked_moment, cities, is_dated

FIRST_PAGE, NEXT_PAGES = 50, 100  # photos; the first screen has to be small, what follows may be fewer requests
PIECE = (
    200  # photos that the script asks for and lays out at a time: some seven screens, and a few milliseconds of work
)
GROUPINGS = {"day": 10, "month": 7, "year": 4}  # how much of a moment the photos under one heading share
DENSITIES = (1, 2, 3)  # small, usual and large pictures
COOKIE = "grid"  # how a browser likes its grids: "day-2"; set by the script, for the first paint to be right


@dataclass(frozen=True)
class Group:
    """Photos under one heading. key: the day, month or year they share; said: the heading, empty for none; place: most were taken there."""

    key: str
    said: str
    place: str | None
    tiles: list[Tile]


@dataclass(frozen=True)
class Grid:
    """Some photos of a scope: a list of groups for each piece that the script lays out at a time.

    newer, older: addresses that lead on, None where there is no more. month and index say where the first photo stands, for the
    script to go on from; tail is what a photo's address carries of the scope.
    """

    scope: str
    pieces: list[list[Group]]
    newer: str | None
    older: str | None
    month: str
    index: int
    grouping: str
    density: int
    tail: str
    piece: int = PIECE

    @property
    def is_empty(self) -> bool:
        return not self.pieces


def grid(scope: Scope = TIMELINE, path: str = "/", **more: int | None) -> Grid:
    """What the query asks for: `before` or `after` a cursor, or from a year, month or day downwards (`at`), else the newest.

    path: of the page that shows it; more: what else its query says. Raises NotFound when the scope is not the visitor's, BadInput for
    a query that cannot be read.
    """
    db, owner = library().db, user().id
    scopes.require(db, owner, scope)
    before, after = request.args.get("before"), request.args.get("after")
    if at := asked_moment():
        before = scopes.cursor_below(at)
    newer: str | None
    older: str | None
    if after:
        page = scopes.newer(db, owner, after, NEXT_PAGES, scope)
        newer, older = page.cursor, scopes.cursor_at_end(page) or after
    else:
        page = scopes.page(db, owner, before, FIRST_PAGE if not before else NEXT_PAGES, scope)
        newer, older = None, page.cursor
        if before:
            above = scopes.cursor_at_start(page) or before
            newer = above if scopes.newer(db, owner, above, 1, scope).photos else None
    month, index = "", 0
    if page.photos and (before or after):
        try:
            here = stretches.whereabouts(db, owner, page.photos[0].id, scope)
            month, index = here.bucket, here.index
        except NotFound:
            month, index = "", 0  # it left a moment ago
    grouping, density = preferences()
    return Grid(
        str(scope), _pieces(page, grouping, scope),
        address(path, **more, after=newer) if newer else None, address(path, **more, before=older) if older else None,
        month, index, grouping, density, "" if scope == TIMELINE else f"?in={scope}",
    )  # fmt: skip


def preferences() -> tuple[str, int]:
    """By what this browser groups photos, and how large it likes them."""
    grouping, _, density = request.cookies.get(COOKIE, "").partition("-")
    return grouping if grouping in GROUPINGS else "day", int(density) if density in ("1", "2", "3") else 2


def _pieces(page: scopes.Page, grouping: str, scope: Scope) -> list[list[Group]]:
    db, owner = library().db, user().id
    first, last = (page.at[0], page.at[-1]) if page.at else (None, None)
    piece = Stretch(page.photos, page.at, first, last)  # its days may go on outside
    places = cities(piece, scope) if grouping == "day" else {}
    runs = enumerate(stretches.pieces(scopes.buckets(db, owner, scope), PIECE))
    run_of = {month: number for number, run in runs for month in run}
    found, shared, said_before = [], GROUPINGS[grouping], ""
    for _, inside in groupby(zip(page.at, page.photos, strict=True), lambda pair: run_of.get(pair[0][:7])):
        groups = []
        for key, some in groupby(inside, lambda pair: pair[0][:shared] if is_dated(pair[0]) else ""):
            said = "" if key == said_before else heading(key)
            groups.append(Group(key, said, places.get(key), [tile for _, tile in some]))
            said_before = key
        found.append(groups)
    return found


def heading(key: str) -> str:
    """What stands above the photos of a day, month or year."""
    return {10: words.day, 7: words.month}.get(len(key), str)(key)
