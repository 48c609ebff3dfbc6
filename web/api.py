"""/api/v1: the same questions the pages ask, answered in JSON. PRODUCT words: photo_id, key, taken_at, parts, urls."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, request

from photolib import access, album_searches, albums, catalog, faces, jobs, labels, scopes, understood, variants
from photolib.catalog import Part, Photo, Tile
from photolib.db import write
from photolib.errors import BadInput, NotFound, Refused
from photolib.library import Library
from photolib.overview import overview, queue
from photolib.scopes import Scope
from photolib.search import documents, engine
from photolib.sharing import seen
from photolib.understood import PhotoPlace, Visited
from web import asked, words
from web.asked import number
from web.described import described
from web.here import library, user, visitor
from web.language import _, ngettext
from web.photo_shapes import LABEL, PHOTO, TILE
from web.shapes import A_NUMBER, ADDRESS, COUNT, ID, PAGE, SCOPE, TEXT, TRUTH, fields, list_of, page_of, text
from web.standing_shapes import PROGRESS, STANDING, VISITED

bp = Blueprint("api", __name__, url_prefix="/api/v1")

LONGEST_LABEL = 60
ALL_LABELS = 100_000  # more than a vocabulary and a person have


@bp.get("/photos")
@described(page_of(TILE), query={**PAGE, "scope": SCOPE, "album_id": ID}, problems=[404])
def photos() -> dict[str, Any]:
    """The photos of a scope, newest first: of the timeline, or of ?scope=favourites, or of ?album_id=12."""
    album_id = number("album_id")
    scope = scopes.parse(f"album-{album_id}") if album_id is not None else asked_scope()
    scopes.require(library().db, user().id, scope)
    page = scopes.page(library().db, user().id, request.args.get("cursor"), asked.size(), scope)
    return {"items": [tile_json(photo) for photo in page.photos], "next": page.cursor}


@bp.get("/photos/<int:photo_id>")
@described(PHOTO)
def photo(photo_id: int) -> dict[str, Any]:
    """Everything about one photo."""
    found = allowed_photo(photo_id)
    return photo_json(found)


@bp.get("/labels")
@described(page_of(fields({"label": TEXT, "count": COUNT, "cover": ADDRESS})))
def label_list() -> dict[str, Any]:
    """What is seen on the visitor's photos, the most frequent first, as counted for search; cover: of the photo that came last."""
    db, owner = library().db, user().id
    engine.freshen(db)
    covers = {
        each: understood.label_cover(db, owner, each.name)
        for each in documents.names(db, owner, ("label",), ALL_LABELS)
    }
    items = [
        {"label": each.name, "count": each.photos, "cover": f"/media/{key}/thumb"}
        for each, key in covers.items()
        if key
    ]
    return {"items": items, "next": None}


@bp.post("/photos/<int:photo_id>/labels")
@described(
    fields({"photo_id": ID, "labels": list_of(LABEL)}),
    body=fields({"label": text(LONGEST_LABEL, least=1), "is_there?": TRUTH}),
)
def correct_label(photo_id: int) -> dict[str, Any]:
    """{"label": "dog", "is_there": false}: a person says what a photo shows or does not; models leave that alone."""
    allowed_photo(photo_id, "edit")
    said = asked.body()
    text, is_there = said.get("label"), asked.truth(said, "is_there", True)
    if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST_LABEL or not text.isprintable():
        raise BadInput("A label has at most %(most)s letters.", most=LONGEST_LABEL)
    label = labels.find(text) or text.strip().lower()
    with write(library().db) as db:
        understood.correct_label(db, photo_id, label, is_there)
    return {"photo_id": photo_id, "labels": label_json(photo_id)}


def label_json(photo_id: int) -> list[dict[str, Any]]:
    found = understood.labels(library().db, photo_id)
    return [{"label": label, "confidence": confidence, "source": source} for label, confidence, source in found]


@bp.get("/places")
@described(page_of(VISITED))
def places() -> dict[str, Any]:
    """Countries, in them regions, in them cities, each with the number of photos and the latest one's picture."""
    return {"items": [visited_json(each) for each in understood.places(library().db, user().id)], "next": None}


@bp.get("/status")
@described(STANDING)
def status() -> dict[str, Any]:
    """How photolib stands: counts, what waits, what failed, which models there are. Members are told of what is theirs."""
    return overview(library(), user().id, is_whole=user().role == "admin")


@bp.get("/progress")
@described(PROGRESS, query={"since": A_NUMBER})
def progress() -> dict[str, Any]:
    """What an open page asks every few seconds: how much is left to do, and how many photos came since it was loaded."""
    return progress_json(library(), user().id, number("since") or 0)


def progress_json(lib: Library, owner_id: int, since: int) -> dict[str, Any]:
    """Counts, and the sentences a page says about them."""
    left = jobs.pending_photos(lib.db, jobs.NEW)
    came = catalog.came_since(lib.db, owner_id, since)
    seconds = [step["seconds_left"] for step in queue(lib) if not step["can_wait"]] if left else []
    return {
        "left": left,
        "new": came,
        "said_left": _("%(photos)s to go", photos=words.count(left, "photo")),
        "said_time": words.time_left(sum(filter(None, seconds))) if seconds and seconds[-1] else "",
        "said_new": words.count(came, "new photo"),
    }


# ---------------------------------------------------------------- shared with the pages


def allowed_photo(photo_id: int, act: access.Action = "view") -> Photo:
    """A photo the visitor may view (or "edit"). Raises NotFound for any other, whether it exists or not."""
    found = catalog.photo(library().db, photo_id)
    access.require(visitor(), act, found)
    return seen.photo(visitor(), found)


def own_photo(photo_id: int) -> Photo:
    """A photo of the visitor's own, to look at: for what is known about it besides. Raises NotFound for any other."""
    found = allowed_photo(photo_id)
    if not is_own(found):
        raise NotFound("There is no such photo.")
    return found


def is_own(what: access.Owned) -> bool:
    """Whether this is the visitor's own, and not one that somebody lets them see."""
    return seen.is_own(visitor(), what)


def allowed_photos(photo_ids: Sequence[int], act: access.Action = "view") -> None:
    """Raises NotFound unless the visitor may do this with every one of these photos."""
    owners = catalog.owners(library().db, photo_ids)
    if len(owners) != len(set(photo_ids)):
        raise NotFound("There is no such photo.")
    for each in owners:
        access.require(visitor(), act, each)


@dataclass(frozen=True)
class Changeable:
    """Of some chosen photos those that the visitor may change, and how many others they only see."""

    photo_ids: list[int]
    others: int


def changeable(photo_ids: Sequence[int]) -> Changeable:
    """What an act on photos of several people is done to. Raises NotFound where one is not the visitor's to see, Refused when none is
    theirs."""
    owners = catalog.owners(library().db, photo_ids)
    if len(owners) != len(set(photo_ids)):
        raise NotFound("There is no such photo.")
    mine = {each.id for each in owners if access.may(visitor(), "edit", each)}
    for each in owners:
        if each.id not in mine:
            access.require(visitor(), "view", each)
    if owners and not mine:
        raise Refused("These photos are somebody else's, who alone can change them.")
    return Changeable([each for each in photo_ids if each in mine], len(owners) - len(mine))


def with_others(said: str, others: int) -> str:
    """A sentence about what was done, and how many photos it was not done to."""
    return f"{said.removesuffix('.')}. {others_said(others)}" if others else said


def others_said(others: int) -> str:
    if not others:
        return ""
    return ngettext("%(num)s photo of somebody else was left out", "%(num)s photos of others were left out", others)


def asked_scope() -> Scope:
    """The scope that `?scope=` names. Raises BadInput, and NotFound when it is not the visitor's."""
    scope = scopes.parse(request.args.get("scope"))
    scopes.require(library().db, user().id, scope)
    if (album_id := scopes.album_of(scope)) is not None:
        album_searches.freshen(library(), albums.album(library().db, album_id))
    return scope


def sees_places(scope: Scope) -> bool:
    """Whether the visitor may know where the photos of a scope were taken."""
    album_id = scopes.album_of(scope)
    album = albums.album(library().db, album_id) if album_id is not None else None
    return seen.places_of(visitor(), scope, album)


def placeholder(stored: bytes | None) -> str | None:
    return variants.placeholder_uri(stored) if stored else None


# ---------------------------------------------------------------- photos as JSON


def urls(key: str) -> dict[str, str]:
    return {name: f"/media/{key}/{name}" for name in (*variants.SIZES, "original")}


def tile_json(photo: Tile) -> dict[str, Any]:
    """The short form, for lists."""
    return {
        "photo_id": photo.id,
        "key": photo.key,
        "type": photo.type,
        "status": photo.status,
        "filename": photo.filename,
        "taken_at": photo.taken_at,
        # It says about where that was, which is asked of each photo where all is said of it.
        "utc_offset": photo.utc_offset if is_own(photo) else None,
        "taken_at_source": photo.taken_at_source,
        "width": photo.width,
        "height": photo.height,
        "duration": photo.duration,
        "is_favourite": photo.is_favourite and is_own(photo),
        "placeholder": placeholder(photo.placeholder),
        "urls": urls(photo.key),
    }


def photo_json(photo: Photo) -> dict[str, Any]:
    """Everything that the visitor may know of a photo, as allowed_photo() gives it."""
    same = (
        "key", "type", "status", "filename", "title", "description", "taken_at", "utc_offset", "taken_at_source",
        "latitude", "longitude", "altitude", "direction",
    )  # fmt: skip
    return {
        "photo_id": photo.id,
        **{name: getattr(photo, name) for name in same},
        "place": place_json(understood.place(library().db, photo.id))
        if access.sees_location(visitor(), photo)
        else None,
        "width": photo.width,
        "height": photo.height,
        "duration": photo.duration,
        "orientation": photo.orientation,
        "camera": {
            name: getattr(photo, name)
            for name in ("make", "model", "lens", "focal_length", "aperture", "shutter", "iso")
        },
        "video_codec": photo.video_codec,
        "rating": photo.rating,
        "is_favourite": photo.is_favourite,
        "is_archived": photo.is_archived,
        "trashed_at": photo.trashed_at,
        "added_at": photo.added_at,
        "tags": photo.tags,
        "labels": label_json(photo.id) if is_own(photo) else [],
        "people": people(photo),
        "albums": photo.albums,
        "format": photo.format,
        "media_type": photo.media_type,
        "size": photo.size,
        "parts": [part_json(photo, part) for part in photo.parts],
        "paths": photo.paths,
        "exif": photo.exif,
        "notes": photo.notes,
        "panorama": photo.panorama,
        "reason": photo.reason,
        "placeholder": placeholder(photo.placeholder),
        "urls": urls(photo.key),
    }


def place_json(place: PhotoPlace | None) -> dict[str, Any] | None:
    """is_estimate: the photo has no position of its own; this is where the same camera was about then."""
    if place is None or place.country is None:
        return None
    names = ("country_code", "country", "region", "city", "is_estimate")
    return {name: getattr(place, name) for name in names}


def visited_json(place: Visited) -> dict[str, Any]:
    """name is null for photos in no known region or city of what this one lies in."""
    return {
        "name": place.name,
        "country_code": place.country_code,
        "count": place.photos,
        "cover": f"/media/{place.cover}/thumb" if place.cover else None,
        "places": [visited_json(each) for each in place.within],
    }


def part_json(photo: Photo, part: Part) -> dict[str, Any]:
    """A file of a photo; byte_offset and byte_length when it is a stretch inside another one."""
    is_inside = part.byte_offset is not None
    return {
        "role": part.role,
        "key": part.key,
        "format": part.format,
        "media_type": part.media_type,
        "size": part.byte_length if is_inside else part.size,
        "byte_offset": part.byte_offset,
        "byte_length": part.byte_length,
        "url": f"/media/{photo.key}/{part.role}" if is_inside else f"/media/{part.key}/original",
    }


def people(photo: Photo) -> list[dict[str, Any]]:
    """Who is on it, as far as is known: faces with a name, and those whom the file only names.

    Until faces have been looked for, the file's regions stand in for them.
    """
    if not is_own(photo):
        return []
    here = faces.faces_in(library().db, photo.id)
    boxed = [
        {"person_id": face.person_id, "name": face.name, "box": asdict(face.box)}
        for face in here
        if face.name and not face.is_hidden
    ]
    by_region = [each for each in photo.regions if each.get("name") and each.get("type", "face") == "face"]
    if not here:
        boxed = [
            {"person_id": None, "name": region["name"], "box": {side: region[side] for side in ("x", "y", "w", "h")}}
            for region in by_region
        ]
    known = {each["name"] for each in (*boxed, *by_region)} | {face.name for face in here if face.is_hidden}
    return [*boxed, *({"person_id": None, "name": name, "box": None} for name in photo.people if name not in known)]
