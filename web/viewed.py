"""What the viewer shows of one photo: the picture, its neighbours, and everything known about it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from photolib import faces, labels, scopes, understood
from photolib.access import may, sees_location
from photolib.catalog import Part, Photo
from photolib.faces import Cover, FaceOnPhoto
from photolib.ports import Box
from photolib.scopes import TIMELINE, Scope
from photolib.search import engine, likeness
from photolib.sharing import contributions, grants, members, names
from photolib.understood import PhotoPlace
from photolib.variants import LADDER, SIZES
from web import words
from web.api import is_own, own_photo, people, urls
from web.asked import number
from web.here import library, user, visitor
from web.language import _, current
from web.people_api import picture_url
from web.results import Link, address, found, search_for, why
from web.social_pages import talk

MOVING = ("gif",)  # formats that move only as they are
BROWSERS_SHOW = ("jpeg", "png", "webp", "gif", "avif")  # formats whose originals every browser shows
LARGEST_SHOWN = 40 << 20  # bytes of an original that a browser is given to show
# Minutes from UTC of the time zones there are (IANA time zone database, 2025).
OFFSETS = (
    *range(-720, 841, 60), -570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765,
)  # fmt: skip
# Scopes that archived photos are in as well as others.
WITH_ARCHIVED = ("favourites", "album", "added", "tag", "trash")
# Where a scope is looked at as a grid.
PAGES = {
    "timeline": "/", "album": "/albums/{}", "added": "/albums/{}?by={}",
    "person": "/people/{}", "people": "/people/{}/with/{}", "folder": "/folders/{}",
    "tree": "/folders/{}/all", "tag": "/tags/{}", "undated": "/review", "unplaced": "/places/unplaced", "placed": "/places",
    "box": "/places",
}  # fmt: skip


def viewed(photo: Photo) -> dict[str, Any]:
    """What the viewer's template needs."""
    scope = _asked_scope()
    mine = is_own(photo)
    here = [_seen(photo, face) for face in faces.faces_in(library().db, photo.id) if not face.is_hidden] if mine else []
    roles = {part.role for part in photo.parts}
    asked = request.args.get("q") or request.args.get("asked")  # asked: of the search it lies over
    reason = engine.reason(library().db, user().id, asked, photo.id) if asked and mine else None
    return {
        "photo": photo,
        "is_own": mine,
        "added_by": _added_by(photo, scope),
        "sender": contributions.sender(library().db, photo.id) if mine else None,
        "shared_by": "" if mine else names.shown(library().db, [photo.owner_id]).get(photo.owner_id, ""),
        "talk": talk(photo),
        "urls": urls(photo.key),
        "scope": scope,
        "standing": _standing(photo, scope),
        "in_trash": photo.trashed_at is not None,
        "archiving_leaves": scope.kind == "archive" if photo.is_archived else scope.kind not in WITH_ARCHIVED,
        "faces": here,
        "only_named": [each["name"] for each in people(photo) if each["name"] not in {face.name for face in here}],
        "where": _where(understood.place(library().db, photo.id)) if sees_location(visitor(), photo) else None,
        "labels": _labels(photo.id) if mine else [],
        "why": why(reason.why) if reason else "",
        "fitting": [Box(**line["box"]) for line in reason.lines] if reason else [],
        "lines": understood.text(library().db, photo.id) if mine else [],
        "live": next((f"/media/{photo.key}/{role}" for role in ("video", "motion") if role in roles), None)
        if mine or _may_have_original(photo)
        else None,
        "shown": "original" if mine and photo.format in MOVING else "large",
        "sharper": _sharper(photo, mine),
        "panorama": photo.panorama,
        "format_name": format_name(photo.format),
        "downloads": _downloads(photo) if may(visitor(), "download", photo) else [],
        "offsets": sorted({*OFFSETS, *([photo.utc_offset] if photo.utc_offset is not None else [])}),
    }


def _added_by(photo: Photo, scope: Scope) -> str:
    """Who put a photo into the album it is looked at in. Empty for what another's album has of its owner, and where nobody else looks."""
    album_id = scopes.album_of(scope)
    if album_id is None:
        return ""
    who = members.added_by(library().db, album_id, photo.id)
    if who is None and is_own(photo) and grants.of_album(library().db, album_id):
        who = photo.owner_id
    return names.shown(library().db, [who]).get(who, "") if who is not None else ""


def _may_have_original(photo: Photo) -> bool:
    """Whether another's photo is given to the visitor as it is."""
    return may(visitor(), "download", photo) and sees_location(visitor(), photo)


def _sharper(photo: Photo, is_own: bool) -> str | None:
    """What is shown when somebody enlarges the picture beyond the large variant: the original where browsers can show it."""
    if (
        photo.format in MOVING
        or not photo.width
        or not photo.height
        or max(photo.width, photo.height) <= SIZES["large"]
    ):
        return None
    is_shown = is_own and photo.format in BROWSERS_SHOW and photo.size <= LARGEST_SHOWN
    return f"/media/{photo.key}/{'original' if is_shown else max(LADDER)}"


@dataclass(frozen=True)
class Download:
    """One of a photo's files: what it is called, its form and size, where it is fetched and, where browsers show it, looked at."""

    text: str
    note: str
    href: str
    view: str | None


def _downloads(photo: Photo) -> list[Download]:
    """The shown file first, then the others of a live photo or of RAW and JPEG."""
    main = next((part for part in photo.parts if part.role == "main"), None)
    others = [part for part in photo.parts if part.role != "main"]
    first = (
        _download(photo, main)
        if main
        else Download(_("The photo"), "", f"/media/{photo.key}/original?download=1", None)
    )
    return [first, *(_download(photo, part) for part in others)]


def _download(photo: Photo, part: Part) -> Download:
    is_inside = part.byte_offset is not None
    where = f"/media/{photo.key}/{part.role}" if is_inside else f"/media/{part.key}/original"
    size = words.size((part.byte_length if is_inside else part.size) or 0)
    is_main = part.role == "main"
    text = {
        "raw": _("The RAW file"), "video": _("Its video"), "motion": _("The video inside it"),
    }.get(part.role) or (_("The video") if photo.type == "video" else _("The photo"))  # fmt: skip
    name = "" if is_inside else f"{format_name(part.format)} · "
    can_show = part.format in BROWSERS_SHOW if is_main or part.role == "raw" else True
    return Download(text, name + size, f"{where}?download=1", where if can_show else None)


@dataclass(frozen=True)
class Seen:
    """A face on the photo; box in shares of its width and height, src a picture of the face alone."""

    id: int
    box: Box
    src: str
    person_id: int | None
    name: str | None
    age: int | None


def _seen(photo: Photo, face: FaceOnPhoto) -> Seen:
    src = picture_url(Cover(photo.owner_id, face.id, photo.id, photo.key, face.box))
    return Seen(face.id, face.box, src, face.person_id, face.name, face.age)


@dataclass(frozen=True)
class Standing:
    """Which list a photo is looked at in: the way back to it, what an address carries of it, and the ids on both sides."""

    back: str
    tail: str
    newer: int | None
    older: int | None
    is_by_time: bool = False


def _asked_scope() -> Scope:
    """The set of photos that `?in=` names; the timeline without. Raises BadInput, and NotFound when it is not the visitor's."""
    if person_id := number("person"):
        scope = Scope("person", (person_id,))
    else:
        scope = scopes.parse(request.args.get("in"))
    scopes.require(library().db, user().id, scope)
    return scope


def _standing(photo: Photo, scope: Scope) -> Standing:
    if asked := request.args.get("q"):
        ids = [each.photo.id for each in found(asked, request.args.get("sort")).items]
        return _between(ids, photo.id, address("/search", **request.args), address("", **request.args))
    if like := number("like"):
        own_photo(like)
        ids = [tile.id for tile, _ in likeness.similar(library(), user().id, like).items]
        return _between(ids, photo.id, address("/search", like=like), address("", like=like))
    newer, older = scopes.neighbours(library().db, user().id, photo.id, scope)
    page = PAGES.get(scope.kind, f"/{scope.kind}").format(*scope.ids)
    before = scopes.cursor_onto(library().db, user().id, photo.id, scope)
    tail = "" if scope == TIMELINE else f"?in={scope}"
    back = f"{page}&{urlencode({'before': before})}" if "?" in page and before else address(page, before=before)
    return Standing(back, tail, newer, older, is_by_time=scopes.album_of(scope) is None)


def _between(ids: list[int], photo_id: int, back: str, tail: str) -> Standing:
    """Where a photo stands in a list; at its end when it is not in it any more."""
    here = ids.index(photo_id) if photo_id in ids else len(ids)
    return Standing(back, tail, ids[here - 1] if here else None, ids[here + 1] if here + 1 < len(ids) else None)


@dataclass(frozen=True)
class Where:
    """Where a photo was taken, the narrowest name first."""

    steps: list[Link]
    is_estimate: bool


def _where(place: PhotoPlace | None) -> Where | None:
    names = [name for name in (place.city, place.region, place.country) if name] if place else []
    if place is None or not names:
        return None
    called = {place.country: words.country(place.country, place.country_code)}
    steps = [Link(called.get(name, name), search_for("place", name)) for name in dict.fromkeys(names)]
    return Where(steps, place.is_estimate)


def _labels(photo_id: int) -> list[Link]:
    found = understood.labels(library().db, photo_id)
    return [Link(labels.title(label, current().code), search_for("label", label)) for label, _, _ in found]


def format_name(name: str) -> str:
    """JPEG, HEIC, WebP: as people write it."""
    return _FORMAT_NAMES.get(name, name.upper())


_FORMAT_NAMES = {"jpeg": "JPEG", "webp": "WebP", "tiff": "TIFF", "jxl": "JPEG XL", "mkv": "Matroska", "webm": "WebM"}
