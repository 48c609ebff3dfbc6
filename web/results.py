"""Photos in an order of their own, such as what was found or whom somebody is on: a stretch of them, and where one stands in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from photolib.catalog import Tile


@dataclass(frozen=True)
class Day:
    """Photos of one local day; day is empty for photos in another order than that of time."""

    day: str
    tiles: list[Tile]


@dataclass(frozen=True)
class Stretch:
    """Some of the photos. tail: what the address of one carries of the list; more: fragment and page that go on, None at the end."""

    days: list[Day]
    tail: str
    more: tuple[str, str] | None


def by_days(tiles: Iterable[Tile]) -> list[Day]:
    return [Day(day, list(some)) for day, some in groupby(tiles, lambda tile: tile.day)]


def in_one(tiles: Iterable[Tile]) -> list[Day]:
    """One run without days; none when there are no photos."""
    found = list(tiles)
    return [Day("", found)] if found else []
