"""Photos on a map: those that know where they were taken, together where they would lie on top of each other.

A map is Web Mercator (https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames): the world is 256 pixels wide at zoom 0 and twice as
wide with each step. It is divided into squares that stay where they are while somebody moves about; each square's photos are one cluster,
and clusters that would still touch become one. Positions that are only estimates are left out.

The squares are as wide as high on the screen at 60 degrees, and half as high at the equator; four of a zoom make one of the zoom before.
How many photos lie in each is counted by triggers (m014), by year, for every second zoom up to that of a town; so the map of the
world is as quick as that of a street.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from photolib import scopes
from photolib.errors import BadInput
from photolib.migrations.m014_map_cells import FINEST_CELL, LEVELS, PER_DEGREE, PLACED
from photolib.scopes import TIMELINE, Scope

APART = 64  # pixels between the middles of two clusters, at least: the size of their pictures
NEAREST = 20  # zoom: houses
MOST_SQUARES = 72  # across, and twice as many down; who asks for more gets larger squares
NORTHERNMOST = 85.0511  # where the square world ends
EVER = ("", "~")
COUNTED = (TIMELINE, Scope("placed"))  # scopes whose photos are those that the squares count


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

    Squares that the box touches are counted whole: what is asked about is widened(box, zoom). Answers of any library stay small:
    their number follows from the box and the zoom alone.
    """
    squares = _Squares.over(box, zoom)
    found: dict[tuple[int, int], _Sums] = {}
    for columns in squares.columns:
        here: dict[tuple[int, int], _Sums] = {}
        for row in _asked(db, owner_id, squares, columns, months, scope):
            sums = _Sums(*row[2:])
            here[row[:2]] = here[row[:2]].and_also(sums) if row[:2] in here else sums
        found |= here  # a square on both sides of the date line's box is the same, not twice as much
    together = _together([squares.heap(*place, sums) for place, sums in found.items()])
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


def widened(box: Box, zoom: float) -> Box:
    """The part of the world that clusters() counts when it is asked for a box: to the edges of the squares."""
    return _Squares.over(box, zoom).box


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
    if scope in COUNTED:
        return _around_all(db, owner_id)
    where, values, _ = scopes.condition(owner_id, scope)
    row = db.conn.execute(
        f"""select min(latitude), min(longitude), max(latitude), max(longitude) from photos
            where {where} and latitude is not null and longitude is not null""",
        values,
    ).fetchone()
    return Box(*row) if row[0] is not None else None


def _around_all(db: Database, owner_id: int) -> Box | None:
    """From the outermost squares to the outermost in those, down to the photos."""
    outermost: list[int] = []
    for level in reversed(LEVELS):
        inside = "and block in (select value from json_each(?))" if outermost else "and ? is not null"
        found = db.conn.execute(
            f"select distinct cell from map_cells where owner_id = ? and level = ? {inside}",
            (owner_id, level, json.dumps(outermost)),
        ).fetchall()
        cells = [cell for (cell,) in found]
        if not cells:
            return None
        rows, columns = [cell >> 16 for cell in cells], [cell & 65535 for cell in cells]
        edges = ({min(rows), max(rows)}, {min(columns), max(columns)})
        outermost = [cell for cell in cells if cell >> 16 in edges[0] or cell & 65535 in edges[1]]
    row = db.conn.execute(
        f"""select min(latitude), min(longitude), max(latitude), max(longitude)
            from json_each(?) cross join photos indexed by idx_photos_cells where owner_id = ? and {PLACED} and {FINEST_CELL} = value""",
        (json.dumps(outermost), owner_id),
    ).fetchone()
    return Box(*row)


# ---------------------------------------------------------------- squares


@dataclass(frozen=True)
class _Sums:
    """What there is in a square. latitude and longitude: sums, in 10,000,000ths of a degree."""

    photos: int
    latitude: int
    longitude: int
    newest: str
    photo_id: int

    def and_also(self, other: "_Sums") -> "_Sums":
        newest = max(self, other, key=lambda each: (each.newest, each.photo_id))
        return _Sums(
            self.photos + other.photos, self.latitude + other.latitude, self.longitude + other.longitude,
            newest.newest, newest.photo_id,
        )  # fmt: skip


@dataclass(frozen=True)
class _Squares:
    """The squares of a zoom that a box touches: the first and the last row from the South Pole, and one stretch or two of columns."""

    step: int
    rows: tuple[int, int]
    columns: tuple[tuple[int, int], ...]

    @classmethod
    def over(cls, box: Box, zoom: float) -> "_Squares":
        """Raises BadInput for what is no box."""
        numbers = (box.south, box.west, box.north, box.east, zoom)
        if not all(math.isfinite(each) for each in numbers) or box.south > box.north:
            raise BadInput("A part of the map is given as west, south, east and north in degrees.")
        step = min(NEAREST, max(0, round(zoom)))
        south, north = (max(-90.0, min(90.0, each)) for each in (box.south, box.north))
        while True:
            across = PER_DEGREE * 2.0 ** (step - LEVELS[0])
            rows = (int((south + 90) * 2 * across), int((north + 90) * 2 * across))
            columns = tuple((int((each.west + 180) * across), int((each.east + 180) * across)) for each in box.halves())
            is_many = (
                sum(last - first + 1 for first, last in columns) > MOST_SQUARES or rows[1] - rows[0] >= 2 * MOST_SQUARES
            )
            if step == 0 or not is_many:
                return cls(step, rows, columns)
            step -= 1

    @property
    def across(self) -> float:
        """Squares in a degree of longitude; twice as many are in one of latitude."""
        return PER_DEGREE * 2.0 ** (self.step - LEVELS[0])

    @property
    def box(self) -> Box:
        west, east = self.columns[0][0], self.columns[-1][1] + 1
        south, north = (row / 2 / self.across - 90 for row in (self.rows[0], self.rows[1] + 1))
        if len(self.columns) > 1 and west <= east:  # nothing is left between them
            return Box(south, -180.0, min(90.0, north), 180.0)
        return Box(south, west / self.across - 180, min(90.0, north), min(180.0, east / self.across - 180))

    def heap(self, row: int, column: int, sums: _Sums) -> _Heap:
        latitude, longitude = (each / 1e7 / sums.photos for each in (sums.latitude, sums.longitude))
        if sums.photos == 1:
            bounds = Box(latitude, longitude, latitude, longitude)
        else:
            south, west = row / 2 / self.across - 90, column / self.across - 180
            bounds = Box(south, west, min(90.0, south + 0.5 / self.across), min(180.0, west + 1 / self.across))
        pixels = 256.0 * 2**self.step
        x, y = (longitude + 180) / 360 * pixels, _mercator(latitude) * pixels
        return _Heap(x, y, sums.photos, latitude, longitude, sums.newest, sums.photo_id, bounds)

    def conditions(self, columns: tuple[int, int]) -> tuple[str, str, str]:
        """SQL for a photo's row, its column, and whether it lies in these."""
        row, column = (
            f"cast((latitude + 90) * {2 * self.across!r} as integer)",
            f"cast((longitude + 180) * {self.across!r} as integer)",
        )
        return (
            row,
            column,
            f"{row} between {self.rows[0]} and {self.rows[1]} and {column} between {columns[0]} and {columns[1]}",
        )


def _mercator(latitude: float) -> float:
    """How far down the square world a latitude is, 0 to 1."""
    sine = math.sin(math.radians(max(-NORTHERNMOST, min(NORTHERNMOST, latitude))))
    return 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


Row = tuple[int, int, int, int, int, str, int]  # the square's row and column, then what _Sums holds

# id comes from the row that holds the maximum: https://www.sqlite.org/lang_select.html#bareagg
_OF_PHOTOS = """count(*), sum(cast(round(latitude * 1e7) as integer)), sum(cast(round(longitude * 1e7) as integer)),
                max(shown_at), photos.id"""


def _asked(
    db: Database, owner_id: int, squares: _Squares, columns: tuple[int, int], months: tuple[str, str], scope: Scope
) -> Iterable[Row]:
    """What is in the squares of a stretch; for the same square there may be several rows."""
    if scope not in COUNTED:
        return _any_scope(db, owner_id, squares, columns, months, scope)
    if squares.step > LEVELS[0]:
        return _near(db, owner_id, squares, columns, months)
    if months[0] > months[1]:
        return []
    years, rest = _years(months)
    rows = _counted(db, owner_id, squares, columns, years)
    for span in rest:
        rows += _dated(db, owner_id, squares, columns, span)
    return rows


def _years(months: tuple[str, str]) -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """The whole years in these months, first and last, and what is before and after: from a moment on, up to another one."""
    first, last = months
    is_from_start, is_to_end = first == EVER[0] or first.endswith("-01"), last == EVER[1] or last.endswith("-12")
    if first[:4] == last[:4] and not (is_from_start and is_to_end):
        return ("~", ""), [(first, f"{last}~")]
    before = [] if is_from_start else [(first, f"{first[:4]}~")]
    after = [] if is_to_end else [(last[:4], f"{last}~")]
    years = (
        first[:4] if is_from_start else f"{int(first[:4]) + 1:04}",
        last[:4] if is_to_end else f"{int(last[:4]) - 1:04}",
    )
    return years, before + after


def _counted(
    db: Database, owner_id: int, squares: _Squares, columns: tuple[int, int], years: tuple[str, str]
) -> list[Row]:
    level = max(LEVELS[-1], squares.step + squares.step % 2)
    out = level - squares.step
    blocks = [
        ((row << 16) + ((columns[0] << out) >> 2), (row << 16) + ((((columns[1] + 1) << out) - 1) >> 2))
        for row in range((squares.rows[0] << out) >> 2, ((((squares.rows[1] + 1) << out) - 1) >> 2) + 1)
    ]
    return db.conn.execute(
        f"""select cell >> {16 + out} as line, (cell & 65535) >> {out} as mark,
              sum(photos), sum(latitude), sum(longitude), max(newest), photo_id
            from json_each(?) cross join map_cells
            where owner_id = ? and level = ? and block between json_extract(value, '$[0]') and json_extract(value, '$[1]')
              and year between ? and ? and line between ? and ? and mark between ? and ?
            group by line, mark""",
        (json.dumps(blocks), owner_id, level, *years, *squares.rows, *columns),
    ).fetchall()


def _near(
    db: Database, owner_id: int, squares: _Squares, columns: tuple[int, int], months: tuple[str, str]
) -> list[Row]:
    """Where a square is smaller than the finest that are counted: from the photos of the counted ones around."""
    into = squares.step - LEVELS[0]
    cells = [
        (((row << 16) + (columns[0] >> into)), (row << 16) + (columns[1] >> into))
        for row in range(squares.rows[0] >> into, (squares.rows[1] >> into) + 1)
    ]
    row, column, inside = squares.conditions(columns)
    return db.conn.execute(
        f"""select {row} as line, {column} as mark, {_OF_PHOTOS}
            from json_each(?) cross join photos indexed by idx_photos_cells
            where owner_id = ? and {PLACED} and {FINEST_CELL} between json_extract(value, '$[0]') and json_extract(value, '$[1]')
              and {inside} and shown_at >= ? and shown_at < ? group by line, mark""",
        (json.dumps(cells), owner_id, months[0], months[1] + "~"),
    ).fetchall()


def _dated(
    db: Database, owner_id: int, squares: _Squares, columns: tuple[int, int], span: tuple[str, str]
) -> list[Row]:
    """The photos of a stretch of time."""
    row, column, inside = squares.conditions(columns)
    return db.conn.execute(
        f"""select {row} as line, {column} as mark, {_OF_PHOTOS} from photos indexed by idx_photos_placed
            where owner_id = ? and {PLACED} and shown_at >= ? and shown_at < ? and {inside} group by line, mark""",
        (owner_id, *span),
    ).fetchall()


def _any_scope(
    db: Database, owner_id: int, squares: _Squares, columns: tuple[int, int], months: tuple[str, str], scope: Scope
) -> list[Row]:
    """The photos of an album or a person are found by what they belong to, not by where they are."""
    where, values, _ = scopes.condition(owner_id, scope)
    row, column, inside = squares.conditions(columns)
    return db.conn.execute(
        f"""select {row} as line, {column} as mark, {_OF_PHOTOS} from photos
            where {where} and latitude is not null and longitude is not null and {inside}
              and +shown_at >= ? and +shown_at < ? group by line, mark""",
        (*values, months[0], months[1] + "~"),
    ).fetchall()


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
