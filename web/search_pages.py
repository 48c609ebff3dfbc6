"""The search page: where to begin, what was found, how the words were understood, what narrows it down, and saved searches."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, render_template, request

from photolib import faces, labels, understood
from photolib.db import write
from photolib.errors import BadInput, UnreadablePhoto
from photolib.ports import EMBED
from photolib.search import documents, engine, likeness, saved
from photolib.search.engine import Results
from photolib.search.facets import Facet
from photolib.search.likeness import Likeness
from photolib.search.plain import Chip
from web import words
from web.api import own_photo
from web.asked import number
from web.done import done
from web.guard import takes_files
from web.here import library, user
from web.language import N_, _, current, said
from web.people_pages import face_of
from web.results import NEWEST, Link, Stretch, address, by_days, found, in_one, search_for, why

bp = Blueprint("search_pages", __name__)

FIRST_PAGE, NEXT_PAGES = 50, 100
ALIKE = 8  # similar photos in the viewer
LARGEST_PICTURE = 64 << 20  # bytes
PEOPLE, PLACES, THINGS = 12, 12, 18  # starting points of each kind

FACETS = {
    "people": N_("People"),
    "places": N_("Places"),
    "labels": N_("What they show"),
    "years": N_("Years"),
    "kinds": N_("Kinds"),
    "types": N_("Files"),
    "cameras": N_("Cameras"),
    "albums": N_("Albums"),
    "tags": N_("Tags"),
}
KINDS = {
    "photo": N_("Photos"), "video": N_("Videos"), "live": N_("Live photos"), "motion": N_("Motion photos"), "raw": N_("RAW files"),
    "screenshot": N_("Screenshots"), "document": N_("Documents"), "portrait": N_("Portraits"),
}  # fmt: skip
ICONS = {
    "person": "people", "place": "place", "near": "place", "date": "when", "on": "when", "before": "when", "after": "when",
    "since": "when", "album": "photos", "camera": "camera", "lens": "camera", "label": "eye", "text": "letters", "file": "file",
    "in": "folder",
}  # fmt: skip
SELF_EVIDENT = ("person", "place", "on", "album", "camera", "lens", "label", "tag", "type", "kind", "file", "in")

EXAMPLES = (
    N_("dog on the beach"),
    N_("birthday cake"),
    N_("last summer"),
    N_("screenshots with a receipt"),
    N_("is:favourite type:video"),
    N_('"happy birthday"'),
)
FORMS = (
    ("person:sarah", N_("Sarah is on it")),
    ('place:"New York"', N_("taken in a city, region or country")),
    ('near:"Venice" 5km', N_("taken within five kilometres")),
    ("label:dog", N_("it shows a dog")),
    ("tag:garden  album:Norway", N_("has a tag, is in an album")),
    ("before:2019-06  after:2018  on:2020-12-24", N_("when it was taken")),
    ("camera:nikon  lens:50mm  iso:>800", N_("what it was taken with")),
    ("type:video  is:favourite  has:gps  rating:>=4", N_("what kind of photo it is")),
    ('"exactly these words"', N_("in a title, a caption, or the picture itself")),
    ("-snow   dog OR cat   (dog OR cat) beach", N_("without, either, and together")),
)


@dataclass(frozen=True)
class Beginning:
    """Something to begin with: words, where they lead, a picture, and how many photos there are."""

    text: str
    href: str
    cover: str | None
    count: int


@dataclass(frozen=True)
class Understood:
    """Words of a query that became a filter; href searches without it."""

    text: str
    icon: str
    href: str


@dataclass(frozen=True)
class Narrower:
    """A filter that some of the photos found fit; face: a picture of who it is."""

    text: str
    href: str
    count: int
    face: str | None
    is_chosen: bool


@bp.get("/search")
def search() -> str:
    if like := number("like"):
        photo = own_photo(like)
        return _alike(likeness.similar(library(), user().id, like), f"/media/{photo.key}/320", address("", like=like))
    asked = request.args.get("q", "").strip()
    return _found(asked) if asked else _start()


@bp.get("/fragments/search")
def more_found() -> str:
    asked, cursor = request.args.get("q", ""), request.args.get("cursor")
    return render_template("_results.html", view=_view(found(asked, None, cursor, NEXT_PAGES), asked))


@bp.get("/fragments/photo/<int:photo_id>/similar")
def alike(photo_id: int) -> str:
    """A few photos like one, for the viewer."""
    own_photo(photo_id)
    return render_template("_similar.html", found=likeness.similar(library(), user().id, photo_id, ALIKE))


@bp.post("/search/picture")
@takes_files(LARGEST_PICTURE)
def by_picture() -> str:
    """Photos like one that somebody sends, which is looked at and not kept."""
    sent = request.files.get("picture")
    if sent is None or not sent.filename:
        raise BadInput("Choose a picture first.")
    with tempfile.TemporaryDirectory(dir=library().data / "tmp", prefix="asked-") as folder:
        file = Path(folder) / "picture"
        sent.save(file)
        try:
            found = likeness.by_picture(library(), user().id, file)
        except UnreadablePhoto as problem:
            raise BadInput(str(problem)) from problem  # the fault of what was sent, and nothing that is missing here
    return _alike(found)


def _alike(found: Likeness, picture: str | None = None, tail: str = "") -> str:
    tiles = [tile for tile, _ in found.items]
    return render_template(
        "search.html",
        asked="",
        heading=_("Similar photos"),
        like=picture,
        said=_("Similar photos") if tiles else "",
        notes=[said(found.note)] if found.note else [],
        view=Stretch(in_one(tiles), tail, None),
        helps=[],
    )


# ---------------------------------------------------------------- saved searches


@bp.post("/search/saved")
def save() -> Response:
    """A search is called by its words until somebody has a better name."""
    asked = request.values.get("q", "").strip()
    with write(library().db) as db:
        kept = saved.save(db, user().id, request.values.get("name", "").strip() or asked[: saved.LONGEST_NAME], asked)
    return done(_("The search is saved."), f"/search/saved/{kept.id}/delete")


@bp.post("/search/saved/<int:search_id>/delete")
def forget(search_id: int) -> Response:
    with write(library().db) as db:
        gone = saved.one(db, user().id, search_id)
        saved.forget(db, user().id, search_id)
    return done(
        _("“%(name)s” is no longer saved.", name=gone.name), address("/search/saved", q=gone.query, name=gone.name)
    )


# ---------------------------------------------------------------- what was found


def _found(asked: str) -> str:
    sort, cursor = request.args.get("sort"), request.args.get("cursor")
    results = found(asked, sort, cursor, FIRST_PAGE)
    chips = results.understood.chips
    is_ranked = any(each.score is not None for each in results.items)
    return render_template(
        "search.html",
        asked=asked,
        heading=_("Search for %(words)s", words=asked),
        said=_said(results),
        chips=[
            Understood(_chip(each), ICONS.get(each.kind, "tag"), address("/search", q=each.without)) for each in chips
        ],
        offers=[Link(str(said(each.text)), address("/search", q=each.query)) for each in results.understood.offers],
        sorts=[
            (_("Best match"), address("/search", q=asked), sort != NEWEST),
            (_("Newest"), address("/search", q=asked, sort=NEWEST), sort == NEWEST),
        ]
        if is_ranked
        else [],
        facets=_facets(results, asked),
        notes=[said(each) for each in (*results.understood.notes, *results.notes) if _concerns(each)],
        view=_view(results, asked, sort),
        helps=_helps(results),
        not_ready=said(engine.NOT_READY),
        again=address("/search", q=asked, sort=sort),
        can_save=bool(results.items),
        saved=next((each for each in saved.saved(library().db, user().id) if each.query == asked), None),
    )


def _concerns(note: str) -> bool:
    """Whether a note is for the person who asks: that something is switched off is for admins, who can switch it on."""
    return user().role == "admin" or getattr(note, "sentence", "") != engine.OFF


def _chip(chip: Chip) -> str:
    """What was written as a field, without the field's name where the icon or the value tells it."""
    if chip.kind == "type" and chip.text in KINDS:
        return _(KINDS[chip.text])
    field, colon, value = chip.text.partition(":")
    if not colon or chip.text != chip.value:
        return str(said(chip.text))
    plain = value.strip('"')
    if field in SELF_EVIDENT:
        return _(KINDS.get(plain, plain))
    return f"{field} {plain}" if field in ("before", "after", "since") else chip.text


def _said(results: Results) -> str:
    if not results.items:
        return ""
    photos = words.count(results.total, "photo")
    return _("At least %(photos)s", photos=photos) if results.is_at_least else photos


def _view(results: Results, asked: str, sort: str | None = None) -> Stretch:
    tiles = [each.photo for each in results.items]
    is_by_date = sort == NEWEST or any(each.score is None for each in results.items)
    query = {"q": asked, "cursor": results.next}
    more = (address("/fragments/search", **query), address("/search", **query)) if results.next else None
    reasons = {each.photo.id: why(each.why) for each in results.items}
    return Stretch(by_days(tiles) if is_by_date else in_one(tiles), address("", q=asked, sort=sort), more, reasons)


def _facets(results: Results, asked: str) -> list[tuple[str, list[Narrower]]]:
    """What divides the photos found: a name that all of them have narrows nothing down."""
    chosen = {each.value: each for each in results.understood.chips}
    covers = {}
    if results.facets.get("people"):
        covers = {each.name: face_of(each.cover) for each in faces.people(library().db, user().id)}

    def narrower(facet: str, value: Facet) -> Narrower:
        chip: Chip | None = chosen.get(value.filter)
        text = labels.title(value.name, current().code) if facet == "labels" else _(KINDS.get(value.name, value.name))
        return Narrower(
            text,
            address("/search", q=chip.without if chip else f"{asked} {value.filter}"),
            value.count,
            covers.get(value.name) if facet == "people" else None,
            chip is not None,
        )

    shown = []
    for facet, heading in FACETS.items():
        values = results.facets.get(facet, [])
        some = [narrower(facet, each) for each in values if each.count < results.total or each.filter in chosen]
        if some:
            shown.append((_(heading), some))
    return shown


def _helps(results: Results) -> list[Link]:
    """What may help when nothing was found."""
    chips = results.understood.chips
    without = [
        Link(_("Search without “%(words)s”", words=said(each.text)), address("/search", q=each.without))
        for each in chips
        if each.without
    ]
    as_words = [
        Link(_("Look for “%(words)s” as words only", words=said(each.text)), address("/search", q=each.as_words))
        for each in chips
        if each.as_words
    ]
    offers = [Link(str(said(each.text)), address("/search", q=each.query)) for each in results.understood.offers]
    return [*offers, *without, *as_words, Link(_("Fewer words, or other words for the same"), "")]


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
        saved=[(each.id, each.name, address("/search", q=each.query)) for each in saved.saved(db, owner)],
        examples=[_(each) for each in EXAMPLES],
        forms=[(form, _(means)) for form, means in FORMS],
        missing=None
        if ability.is_on or user().role != "admin"
        else _(
            "Search knows words, names, dates and places; what photos show is off: %(why)s.", why=said(ability.note)
        ),
    )


def _places() -> list[Beginning]:
    cities = [
        city
        for country in understood.places(library().db, user().id)
        for region in country.within
        for city in region.within
    ]
    shown = sorted((city for city in cities if city.name), key=lambda city: -city.photos)[:PLACES]
    return [Beginning(city.name or "", search_for("place", city.name or ""), city.cover, city.photos) for city in shown]


def _things() -> list[Beginning]:
    db, owner = library().db, user().id
    return [
        Beginning(
            labels.title(each.name, current().code),
            search_for("label", each.name),
            understood.label_cover(db, owner, each.name),
            each.photos,
        )
        for each in documents.names(db, owner, ("label",), THINGS)
    ]
