"""Where photos were taken: a map of the world, the countries and cities as a list, and the photos that have no place yet."""

import json
from dataclasses import dataclass, field

from flask import Blueprint, render_template

from photolib import map_points, scopes, understood
from photolib.errors import NotFound
from photolib.map_points import Estimated
from photolib.scopes import Scope
from photolib.understood import Visited
from web import words
from web.grid import grid
from web.here import library, user
from web.kept import kept
from web.language import _
from web.map_api import asked_box, asked_months
from web.results import search_for

bp = Blueprint("places_pages", __name__)

MOST_GROUPS = 12  # suggestions on one page


@dataclass(frozen=True)
class Shown:
    """A place as the page shows it; cover: the key of a photo. query: what the map is asked for to go there."""

    name: str
    photos: int
    href: str
    cover: str | None
    query: str
    regions: list["Shown"] = field(default_factory=list)
    cities: list["Shown"] = field(default_factory=list)


@bp.get("/places")
def places() -> str:
    db, owner = library().db, user().id
    months = kept(("placed", owner), lambda: scopes.buckets(db, owner, Scope("placed")))
    return render_template(
        "places.html",
        countries=[_country(each) for each in understood.places(db, owner)],
        months=json.dumps(dict(months)),
        placed=sum(photos for _month, photos in months),
        unplaced=kept(("unplaced", owner), lambda: scopes.count(db, owner, Scope("unplaced"))),
        tiles=library().config.map_tiles,
    )


@bp.get("/places/photos")
def photos_in_view() -> str:
    """The photos in ?west&south&east&north, of the months ?from and ?to."""
    return _photos(map_points.box_scope(asked_box(), asked_months()))


@bp.get("/places/photos/<scope>")
def photos(scope: str) -> str:
    found = scopes.parse(scope)
    if found.kind != "box":
        raise NotFound(_("There is nothing here. Perhaps it has been deleted."))
    return _photos(found)


def _photos(scope: Scope) -> str:
    return render_template("places_photos.html", grid=grid(scope, f"/places/photos/{scope}"))


@bp.get("/places/unplaced")
def unplaced() -> str:
    """The photos that nobody knows the place of, and what can be guessed from those taken just before and after."""
    db, owner = library().db, user().id
    groups = map_points.estimated(db, owner)
    return render_template(
        "unplaced.html",
        grid=grid(Scope("unplaced"), "/places/unplaced"),
        groups=[(each, _where(each)) for each in groups[:MOST_GROUPS]],
    )


def _where(group: Estimated) -> str:
    names = (group.city, group.region, words.country(group.country, group.country_code))
    return ", ".join(dict.fromkeys(each for each in names if each))


def _country(country: Visited) -> Shown:
    code = country.country_code
    regions = [
        _shown(region, {"country_code": code, "region": region.name}) for region in country.within if region.name
    ]
    cities = [
        _shown(city, {"country_code": code, "region": region.name, "city": city.name}, region.name)
        for region in country.within
        for city in region.within
    ]
    cities.sort(key=lambda city: -city.photos)
    shown = _shown(country, {"country_code": code})
    name = words.country(shown.name, code)
    return Shown(name, shown.photos, shown.href, shown.cover, shown.query, regions, cities)


def _shown(place: Visited, query: dict[str, str | None], else_in: str | None = None) -> Shown:
    """Photos in no known city go by where else they are."""
    name = place.name or else_in or _("Elsewhere")
    asked = json.dumps({key: value or "" for key, value in query.items()})
    return Shown(name, place.photos, search_for("place", name), place.cover, asked)
