"""/api/v1/map: what a map is drawn from. Clusters of the visitor's photos, names of towns, where places are, whether there are tiles."""

import re
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request

from photolib import map_points, places
from photolib.errors import BadInput, NotFound
from photolib.map_points import EVER, Box, Cluster
from photolib.places import Spot
from photolib.scopes import Scope
from web import words
from web.api import asked_scope, sees_places
from web.described import described
from web.here import library, user
from web.shapes import COUNT, ID, KEY, NUMBER, SCOPE, TEXT, WHOLE, fields, maybe, named, one_of, page_of, written

bp = Blueprint("map_api", __name__, url_prefix="/api/v1/map")

DEGREES = written(r"^-?\d{1,4}(\.\d{1,20})?(e-\d{1,3})?$", "48.85", "A number.")
BOX_ASKED = dict.fromkeys(("west", "south", "east", "north"), DEGREES)
MONTHS = dict.fromkeys(("from", "to"), written(r"^(\d{4}-(0[1-9]|1[0-2]))?$", "2019-06"))
BOUNDS = named("Bounds", fields(dict.fromkeys(("south", "west", "north", "east"), NUMBER)))
CLUSTER = named(
    "Cluster",
    fields({"latitude": NUMBER, "longitude": NUMBER, "count": COUNT, "photo_id": ID, "key": KEY, "bounds": BOUNDS}),
)
SPOT = named(
    "Spot",
    fields({
        "name": TEXT, "kind": one_of("country", "region", "city"), "within": TEXT, "country_code": TEXT, "latitude": NUMBER,
        "longitude": NUMBER, "population": maybe(WHOLE), "zoom": WHOLE,
    }),
)  # fmt: skip

MOST_NAMES, MOST_SPOTS = 60, 8
LONGEST_QUERY = 100
ZOOMS = {"country": 5, "region": 7, "city": 12}  # how near a map goes to what somebody looked for


@bp.get("")
@described(
    page_of(CLUSTER, {"scope": TEXT}), query={**BOX_ASKED, "zoom": DEGREES, "scope": SCOPE, **MONTHS}, problems=[404]
)
def clusters() -> dict[str, Any]:
    """?west&south&east&north&zoom, of a ?scope or the timeline, ?from and ?to a month. scope: all the photos they are made of."""
    box, zoom = asked_box(), degrees("zoom")
    found = map_points.clusters(library().db, user().id, box, zoom, placed_scope(), asked_months())
    scope = str(map_points.box_scope(map_points.widened(box, zoom), asked_months()))
    return {"items": [cluster_json(each) for each in found], "scope": scope, "next": None}


@bp.get("/whole")
@described(
    fields({"bounds": maybe(BOUNDS)}),
    query={"scope": SCOPE, "country_code": TEXT, "region": TEXT, "city": TEXT},
    problems=[404],
)
def whole() -> dict[str, Any]:
    """The box around all photos of a scope, or of the country, region or city that is named; null when there are none."""
    code, scope = request.args.get("country_code"), placed_scope()
    if code:
        found = map_points.extent(library().db, user().id, code, request.args.get("region"), request.args.get("city"))
    else:
        found = map_points.everywhere(library().db, user().id, scope)
    return {"bounds": asdict(found) if found else None}


@bp.get("/names")
@described(page_of(SPOT), query=BOX_ASKED)
def names() -> dict[str, Any]:
    """The largest towns in a box."""
    box = asked_box()
    found = places.gazetteer().largest(box.south, box.west, box.north, box.east, MOST_NAMES)
    return {"items": [spot_json(each) for each in found], "next": None}


@bp.get("/name")
@described(fields({"name": maybe(TEXT)}), query={"latitude": DEGREES, "longitude": DEGREES})
def name() -> dict[str, Any]:
    """What people call ?latitude and ?longitude; null far out at sea."""
    found = places.gazetteer().place(degrees("latitude"), degrees("longitude"))
    parts = (found.city, found.region, found.country) if found else ()
    return {"name": ", ".join(dict.fromkeys(each for each in parts if each)) or None}


@bp.get("/search")
@described(page_of(SPOT), query={"q": TEXT})
def search() -> dict[str, Any]:
    """Places whose name begins with ?q, the most populous first. It knows those of the list that came with photolib, and nothing else."""
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    known = places.gazetteer()
    exact = known.find(query, MOST_SPOTS)
    found = list(dict.fromkeys([*exact, *(known.suggest(query, MOST_SPOTS) if "," not in query else [])]))
    return {"items": [spot_json(each) for each in found[:MOST_SPOTS]], "next": None}


@bp.get("/tiles")
@described(fields({"address": maybe(TEXT), "host": maybe(TEXT), "attribution": TEXT}))
def tiles() -> dict[str, Any]:
    """The tile server that was set up, if any: its address with {z}, {x} and {y}, its host, and whom to credit."""
    config = library().config
    host = urlsplit(config.map_tiles).hostname if config.map_tiles else None
    return {"address": config.map_tiles or None, "host": host, "attribution": config.map_attribution}


def cluster_json(cluster: Cluster) -> dict[str, Any]:
    return {
        "latitude": cluster.latitude, "longitude": cluster.longitude, "count": cluster.photos,
        "photo_id": cluster.photo_id, "key": cluster.key, "bounds": asdict(cluster.bounds),
    }  # fmt: skip


def spot_json(spot: Spot) -> dict[str, Any]:
    """within: where it is, for telling one Paris from the other."""
    within = [
        each for each in (spot.region, words.country(spot.country, spot.country_code)) if each and each != spot.name
    ]
    return {
        "name": spot.name, "kind": spot.kind, "within": ", ".join(within), "country_code": spot.country_code,
        "latitude": spot.latitude, "longitude": spot.longitude, "population": spot.population, "zoom": ZOOMS[spot.kind],
    }  # fmt: skip


# ---------------------------------------------------------------- what is asked for


def placed_scope() -> Scope:
    """The scope that `?scope=` names. Raises NotFound when the visitor may not know where its photos were taken."""
    scope = asked_scope()
    if not sees_places(scope):
        raise NotFound("Where these photos were taken is not shared.")
    return scope


def asked_box() -> Box:
    """?west&south&east&north in degrees. Longitudes beyond the date line come from maps that go on behind it."""
    south, north = (max(-90.0, min(90.0, degrees(name))) for name in ("south", "north"))
    west, east = degrees("west"), degrees("east")
    if east - west >= 360:
        return Box(south, -180.0, north, 180.0)
    return Box(south, _around(west), north, _around(east))


def _around(longitude: float) -> float:
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % 360 - 180


def asked_months() -> tuple[str, str]:
    """?from and ?to, months such as 2019-06; either may be missing. Raises BadInput."""
    found = [request.args.get(name, "") for name in ("from", "to")]
    if not all(re.fullmatch(r"(\d{4}-(0[1-9]|1[0-2]))?", each, re.ASCII) for each in found):
        raise BadInput("A month is written like 2019-06.")
    return found[0] or EVER[0], found[1] or EVER[1]


WORLD = {"west": "-180", "south": "-90", "east": "180", "north": "90", "zoom": "1", "latitude": "0", "longitude": "0"}


def degrees(name: str) -> float:
    """A number of the query; that of the whole world where it is missing. Raises BadInput."""
    text = request.args.get(name, WORLD[name])
    if not re.fullmatch(r"-?\d{1,4}(\.\d{1,20})?(e-\d{1,3})?", text, re.ASCII):
        raise BadInput("A part of the map is given as west, south, east, north and zoom, all of them numbers.")
    return float(text)
