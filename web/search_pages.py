"""The search page: where to begin, what was found, how the words were understood, what narrows it down, and saved searches."""

from dataclasses import dataclass

from flask import Blueprint, render_template

from photolib import faces, labels, understood
from photolib.ports import EMBED
from web.here import library, user
from web.people_pages import face_of
from web.viewed import search_for

bp = Blueprint("search_pages", __name__)

PEOPLE, PLACES, THINGS = 12, 12, 18  # starting points of each kind

EXAMPLES = (
    "dog on the beach",
    "birthday cake",
    "last summer",
    "screenshots with a receipt",
    "is:favourite type:video",
    '"happy birthday"',
)
FORMS = (
    ("person:sarah", "Sarah is on it"),
    ('place:"New York"', "taken in a city, region or country"),
    ('near:"Venice" 5km', "taken within five kilometres"),
    ("label:dog", "it shows a dog"),
    ("tag:garden  album:Norway", "has a tag, is in an album"),
    ("before:2019-06  after:2018  on:2020-12-24", "when it was taken"),
    ("camera:nikon  lens:50mm  iso:>800", "what it was taken with"),
    ("type:video  is:favourite  has:gps  rating:>=4", "what kind of photo it is"),
    ('"exactly these words"', "in a title, a caption, or the picture itself"),
    ("-snow   dog OR cat   (dog OR cat) beach", "without, either, and together"),
)


@dataclass(frozen=True)
class Beginning:
    """Something to begin with: words, where they lead, a picture, and how many photos there are."""

    text: str
    href: str
    cover: str | None
    count: int


@bp.get("/search")
def search() -> str:
    return _start()


def _start() -> str:
    db, owner = library().db, user().id
    people = [each for each in faces.people(db, owner) if each.name][:PEOPLE]
    ability = library().models.ability(EMBED)
    return render_template(
        "search_start.html",
        asked="",
        people=[(each.id, each.name, face_of(each.cover)) for each in people],
        places=_places(),
        things=_things(),
        saved=[],
        examples=EXAMPLES,
        forms=FORMS,
        missing=None
        if ability.is_on
        else f"Search knows words, names, dates and places; what photos show is off: {ability.note}.",
    )


def _places() -> list[Beginning]:
    cities = [
        city
        for country in understood.places(library().db, user().id)
        for region in country.within
        for city in region.within
    ]
    shown = sorted((city for city in cities if city.name), key=lambda city: -city.photos)[:PLACES]
    return [
        Beginning(
            city.name or "", search_for("place", city.name or ""), city.cover[1] if city.cover else None, city.photos
        )
        for city in shown
    ]


def _things() -> list[Beginning]:
    found = understood.label_counts(library().db, user().id)[:THINGS]
    return [Beginning(labels.title(label), search_for("label", label), key, count) for label, count, key in found]
