"""Where photos were taken: countries, in them regions and cities, each leading to a search for it."""

from dataclasses import dataclass, field

from flask import Blueprint, render_template

from photolib import understood
from photolib.understood import Visited
from web.here import library, user
from web.results import search_for

bp = Blueprint("places_pages", __name__)


@dataclass(frozen=True)
class Shown:
    """A place as the page shows it; cover: the key of a photo."""

    name: str
    photos: int
    href: str
    cover: str | None
    regions: list["Shown"] = field(default_factory=list)
    cities: list["Shown"] = field(default_factory=list)


@bp.get("/places")
def places() -> str:
    return render_template(
        "places.html", countries=[_country(each) for each in understood.places(library().db, user().id)]
    )


def _country(country: Visited) -> Shown:
    regions = [_shown(region) for region in country.within if region.name]
    cities = [_shown(city, region.name) for region in country.within for city in region.within]
    cities.sort(key=lambda city: -city.photos)
    shown = _shown(country)
    return Shown(shown.name, shown.photos, shown.href, shown.cover, regions, cities)


def _shown(place: Visited, else_in: str | None = None) -> Shown:
    """Photos in no known city go by where else they are."""
    name = place.name or else_in or "Elsewhere"
    return Shown(name, place.photos, search_for("place", name), place.cover)
