"""Photos in an order of their own, such as what was found or whom somebody is on: a stretch of them, and where one stands in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from urllib.parse import quote, urlencode

from photolib.catalog import Tile
from photolib.search import engine
from photolib.search.engine import Results
from web.here import library, user
from web.language import _, said

NEWEST = "newest"
PATIENCE = 1.5  # seconds a page waits for a model that is being started; the words alone are found meanwhile


@dataclass(frozen=True)
class Day:
    """Photos of one local day; day is empty for photos in another order than that of time."""

    day: str
    tiles: list[Tile]


@dataclass(frozen=True)
class Stretch:
    """Some of the photos. tail: what the address of one carries of the list; more: fragment and page that go on, None at the end.

    why: for photos, by their ids, why they were found.
    """

    days: list[Day]
    tail: str
    more: tuple[str, str] | None
    why: dict[int, str] = field(default_factory=dict)


def by_days(tiles: Iterable[Tile]) -> list[Day]:
    return [Day(day, list(some)) for day, some in groupby(tiles, lambda tile: tile.day)]


def in_one(tiles: Iterable[Tile]) -> list[Day]:
    """One run without days; none when there are no photos."""
    found = list(tiles)
    return [Day("", found)] if found else []


# ---------------------------------------------------------------- searching


@dataclass(frozen=True)
class Link:
    """Words that lead to a search for them."""

    text: str
    href: str


def search_for(field: str, value: str) -> str:
    """The address of a search for everything that has this in a field."""
    return "/search?q=" + quote(f'{field}:"{value}"' if " " in value or ":" in value else f"{field}:{value}", safe=":")


def address(path: str, /, **query: str | int | None) -> str:
    """A path with a query of what is given."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def why(fitting: Sequence[str]) -> str:
    """A few words about why a photo was found; none when it fits by its filters alone."""
    if not fitting:
        return ""
    if fitting == ("meaning",):
        return _("Found by what it looks like")
    return _("Found by %(what)s", what="; ".join(said(each) for each in fitting))


def found(asked: str, sort: str | None = None, cursor: str | None = None, size: int = engine.MOST_RANKED) -> Results:
    """What is found for a query. sort: "newest" puts the best ones in order of time, all on one page."""
    if sort != NEWEST:
        return engine.search(library(), user().id, asked, cursor=cursor, size=size, seconds=PATIENCE)
    best = engine.search(library(), user().id, asked, size=engine.MOST_RANKED, seconds=PATIENCE)
    items = sorted(best.items, key=lambda each: (each.photo.taken_at, each.photo.id), reverse=True)
    return replace(best, items=items, next=None)
