"""Photos on a map: those that know where they were taken, together where they would lie on top of each other.

A map is Web Mercator (https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames): the world is 256 pixels wide at zoom 0 and twice as
wide with each step. It is divided into squares that stay where they are while somebody moves about; each square's photos are one cluster,
and clusters that would still touch become one. Positions that are only estimates are left out.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from photolib import scopes
from photolib.errors import BadInput
from photolib.scopes import TIMELINE, Scope

SQUARE = 40  # pixels
APART = 64  # pixels between the middles of two clusters, at least: the size of their pictures
NEAREST = 20  # zoom: houses
MOST_SQUARES = 72  # across and down; who asks for more gets larger squares
NORTHERNMOST = 85.0511  # where the square world ends
EVER = ("", "~")


@dataclass(frozen=True)
class Box:
    """A part of the world, in degrees. Across the date line west is larger than east."""

    south: float
    west: float
    north: float
    east: float

    def halves(self) -> list["Box"]:
        """Itself; across the date line, both sides of it."""
        if self.west <= self.east:
            return [self]
        return [replace(self, east=180.0), replace(self, west=-180.0)]


@dataclass(frozen=True)
class Cluster:
    """Photos taken close together: how many, the middle of them, the newest one, and the box they lie in."""

    latitude: float
    longitude: float
    photos: int
    photo_id: int
    key: str
    bounds: Box


@dataclass(frozen=True)
class _Heap:
    """A cluster in the making; x and y in pixels, newest and photo_id of the newest photo."""

    x: float
    y: float
    photos: int
    latitude: float
    longitude: float
    newest: str
    photo_id: int
    bounds: Box


def clusters(
    db: Database, owner_id: int, box: Box, zoom: float, scope: Scope = TIMELINE, months: tuple[str, str] = EVER
) -> list[Cluster]:
    """The clusters of an owner's photos in a box, largest first. months: the first and the last one ("2019-06").

    Answers of any library stay small: their number follows from the box and the zoom alone.
    """
    grid = _Grid.over(box, zoom)
    heaps: list[_Heap] = []
    for half in box.halves():
        rows = _timeline(db, owner_id, half, grid, months) if scope == TIMELINE else None
        heaps += (grid.heap(row) for row in rows or _any_scope(db, owner_id, half, grid, months, scope))
    together = _together(heaps)
    keys = dict(
        db.conn.execute(
            "select id, key from photos where id in (select value from json_each(?))",
            (json.dumps([heap.photo_id for heap in together]),),
        ).fetchall()
    )
    return [
        Cluster(
            round(heap.latitude, 6), round(heap.longitude, 6), heap.photos, heap.photo_id, keys[heap.photo_id], heap.bounds
        )
        for heap in together
    ]  # fmt: skip


def box_scope(box: Box, months: tuple[str, str] = EVER) -> Scope:
    """The set of the photos in a box, for the grid and the viewer: to the 100,000th of a degree, which is a metre."""
    south, north = math.floor((box.south + 90) * 1e5), math.ceil((box.north + 90) * 1e5)
    west, east = math.floor((box.west + 180) * 1e5), math.ceil((box.east + 180) * 1e5)
    width = (east - west) % 36_000_000 if box.east < box.west else min(east - west, 36_000_000)
    first, last = (int(month.replace("-", "") or 0) if month != "~" else 999_912 for month in months)
    return Scope("box", (south, north, west % 36_000_000, width, first, last))


def extent(db: Database, owner_id: int, country_code: str, region: str | None, city: str | None) -> Box | None:
    """The box around all photos of a country, of a region in it or of a city in that."""
    where, values = "country_code = ?", [country_code]
    for name, value in (("region", region), ("city", city)):
        if value is not None:
            where += f" and coalesce({name}, '') = ?"
            values.append(value)
    row = db.conn.execute(
        f"""select min(place.latitude), min(place.longitude), max(place.latitude), max(place.longitude)
            from photo_places place join photos on photos.id = photo_id
            where {where} and owner_id = ? and is_listed = 1""",
        (*values, owner_id),
    ).fetchone()
    return Box(*row) if row[0] is not None else None


def everywhere(db: Database, owner_id: int, scope: Scope = TIMELINE) -> Box | None:
    """The box around all photos of a scope that have a position; None when there are none."""
    where, values, _ = scopes.condition(owner_id, scope)
    row = db.conn.execute(
        f"""select min(latitude), min(longitude), max(latitude), max(longitude) from photos
            where {where} and latitude is not null and longitude is not null""",
        values,
    ).fetchone()
    return Box(*row) if row[0] is not None else None


# ---------------------------------------------------------------- squares


@dataclass(frozen=True)
class _Grid:
    """Squares in rows from south to north. edges: the latitudes between rows, rows + 1 of them; per_degree: squares along a parallel."""

    edges: tuple[float, ...]
    per_degree: float
    pixels: float

    @classmethod
    def over(cls, box: Box, zoom: float) -> "_Grid":
        """The grid over a box. Raises BadInput for what is no box."""
        numbers = (box.south, box.west, box.north, box.east, zoom)
        if not all(math.isfinite(each) for each in numbers) or box.south > box.north:
            raise BadInput("A part of the map is given as west, south, east and north in degrees.")
        south, north = (max(-NORTHERNMOST, min(NORTHERNMOST, each)) for each in (box.south, box.north))
        width = sum(half.east - half.west for half in box.halves())
        step = min(NEAREST, max(0, round(zoom)))
        while True:
            pixels = 256.0 * 2**step
            first, last = (int(-_mercator(each) * pixels // SQUARE) for each in (south, north))
            if step == 0 or (last - first < MOST_SQUARES and width / 360 * pixels / SQUARE < MOST_SQUARES):
                break
            step -= 1
        edges = tuple(_latitude(-row * SQUARE / pixels) for row in range(first, last + 2))
        return cls((box.south, *edges[1:-1], math.nextafter(box.north, math.inf)), pixels / SQUARE / 360, pixels)

    def heap(self, row: Any) -> _Heap:
        """A row of (number of the grid's row, column, photos, middle latitude, middle longitude, newest, its id)."""
        band, column, photos, latitude, longitude, newest, photo_id = row
        if photos == 1:
            bounds = Box(latitude, longitude, latitude, longitude)
        else:
            west = column / self.per_degree - 180
            bounds = Box(self.edges[band], west, self.edges[band + 1], min(180.0, west + 1 / self.per_degree))
        x, y = (longitude + 180) / 360 * self.pixels, _mercator(latitude) * self.pixels
        return _Heap(x, y, photos, latitude, longitude, newest, photo_id, bounds)


def _mercator(latitude: float) -> float:
    """How far down the square world a latitude is, 0 to 1."""
    sine = math.sin(math.radians(max(-NORTHERNMOST, min(NORTHERNMOST, latitude))))
    return 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def _latitude(down: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))


# shown_at comes with the id of the row that holds the maximum: https://www.sqlite.org/lang_select.html#bareagg
_OF_SQUARE = "count(*), avg(latitude), avg(longitude), max(shown_at), id"


def _timeline(db: Database, owner_id: int, box: Box, grid: _Grid, months: tuple[str, str]) -> Iterator[Any]:
    """Row by row: each is one stretch of an index that holds all that is asked for. What holds for all photos is not asked of each."""
    also = ""
    values: list[Any] = []
    if (box.west, box.east) != (-180.0, 180.0):
        also, values = " and longitude between ? and ?", [box.west, box.east]
    if months != EVER:
        also, values = f"{also} and shown_at >= ? and shown_at < ?", [*values, months[0], months[1] + "~"]
    for band, (south, north) in enumerate(zip(grid.edges, grid.edges[1:], strict=False)):
        yield from db.conn.execute(
            f"""select {band}, cast((longitude + 180) * ? as integer) as square, {_OF_SQUARE} from photos indexed by idx_photos_map
                where owner_id = ? and is_listed = 1 and latitude is not null and latitude >= ? and latitude < ?{also}
                group by square""",
            (grid.per_degree, owner_id, south, north, *values),
        )


def _any_scope(
    db: Database, owner_id: int, box: Box, grid: _Grid, months: tuple[str, str], scope: Scope
) -> Iterator[Any]:
    """All rows at once, as the photos of an album or a person are found by what they belong to, not by where they are."""
    where, values, _ = scopes.condition(owner_id, scope)
    return db.conn.execute(
        f"""select {_row_of(grid.edges[1:-1])} as band, cast((longitude + 180) * ? as integer) as square, {_OF_SQUARE}
            from photos where {where} and latitude is not null and +latitude >= ? and +latitude < ?
              and +longitude between ? and ? and +shown_at >= ? and +shown_at < ? group by band, square""",
        (grid.per_degree, *values, grid.edges[0], grid.edges[-1], box.west, box.east, months[0], months[1] + "~"),
    )


def _row_of(edges: tuple[float, ...], first: int = 0) -> str:
    """SQL for the number of the row a latitude lies in: by halves, as there is no logarithm in every SQLite."""
    if not edges:
        return str(first)
    middle = len(edges) // 2
    below, above = _row_of(edges[:middle], first), _row_of(edges[middle + 1 :], first + middle + 1)
    return f"case when latitude < {edges[middle]!r} then {below} else {above} end"


def _together(heaps: list[_Heap]) -> list[_Heap]:
    """Heaps that would touch on the screen as one, beginning with the largest."""
    cells: dict[tuple[int, int], list[int]] = {}
    kept: list[_Heap] = []
    for heap in sorted(heaps, key=lambda each: (-each.photos, each.x, each.y)):
        column, row = int(heap.x // APART), int(heap.y // APART)
        near = (cells.get((column + x, row + y), ()) for x in (-1, 0, 1) for y in (-1, 0, 1))
        touching = [
            number for some in near for number in some if math.dist((kept[number].x, kept[number].y), (heap.x, heap.y)) < APART
        ]  # fmt: skip
        if touching:
            number = min(touching, key=lambda each: math.dist((kept[each].x, kept[each].y), (heap.x, heap.y)))
            kept[number] = _joined(kept[number], heap)
        else:
            cells.setdefault((column, row), []).append(len(kept))
            kept.append(heap)
    return sorted(kept, key=lambda each: -each.photos)


def _joined(one: _Heap, other: _Heap) -> _Heap:
    """Two heaps as one, which stays where the first is on the screen: so that what is apart stays apart."""
    photos, box, more = one.photos + other.photos, one.bounds, other.bounds
    newest = max(one, other, key=lambda each: (each.newest, each.photo_id))
    return replace(
        one, photos=photos, newest=newest.newest, photo_id=newest.photo_id,
        bounds=Box(min(box.south, more.south), min(box.west, more.west), max(box.north, more.north), max(box.east, more.east)),
    )  # fmt: skip


# ---------------------------------------------------------------- photos without a position


@dataclass(frozen=True)
class Estimated:
    """Photos of a day without a position that others were taken just before or after, in this place, by the same camera."""

    day: str
    country_code: str | None
    country: str | None
    region: str | None
    city: str | None
    latitude: float
    longitude: float
    photo_ids: list[int]
    keys: list[str]


MOST_ESTIMATED = 3000  # photos looked at for suggestions
MOST_TOGETHER = 500  # photos in one


def estimated(db: Database, owner_id: int) -> list[Estimated]:
    """Suggestions for an owner's photos that have no position, the latest days first. The position is the one most of them have."""
    rows = db.conn.execute(
        """select substr(shown_at, 1, 10), country_code, country, region, city, place.latitude, place.longitude, photos.id, key
           from photo_places place indexed by idx_photo_places_estimates cross join photos on photos.id = photo_id
           where is_estimate = 1 and owner_id = ? and is_listed = 1 and photos.latitude is null
           order by shown_at desc, photos.id desc limit ?""",
        (owner_id, MOST_ESTIMATED),
    )
    together: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        together.setdefault(row[:5], []).append(row[5:])
    found = []
    for (day, code, country, region, city), members in together.items():
        (latitude, longitude), _times = Counter(member[:2] for member in members).most_common(1)[0]
        ids, keys = zip(*(member[2:] for member in members[:MOST_TOGETHER]), strict=True)
        found.append(Estimated(day, code, country, region, city, latitude, longitude, list(ids), list(keys)))
    return found
