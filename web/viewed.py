"""What the viewer shows of one photo: the picture, its neighbours, and everything known about it."""

from dataclasses import dataclass
from typing import Any

from flask import request

from photolib import faces, formats, labels, scopes, understood
from photolib.catalog import Photo
from photolib.faces import Cover, FaceOnPhoto
from photolib.ports import Box
from photolib.search import engine, likeness
from web.api import allowed_photo, number, people, urls
from web.here import library, user
from web.people_api import picture_url
from web.results import Link, address, found, search_for, why

MOVING = ("gif",)  # formats that move only as they are


def viewed(photo: Photo) -> dict[str, Any]:
    """What the viewer's template needs."""
    standing = _standing(photo)
    here = [_seen(photo, face) for face in faces.faces_in(library().db, photo.id) if not face.is_hidden]
    roles = {part.role for part in photo.parts}
    asked = request.args.get("q") or request.args.get("asked")  # asked: of the search it lies over
    reason = engine.reason(library().db, user().id, asked, photo.id) if asked else None
    return {
        "photo": photo,
        "urls": urls(photo.key),
        "standing": standing,
        "faces": here,
        "only_named": [each["name"] for each in people(photo) if each["name"] not in {face.name for face in here}],
        "where": _where(photo.id),
        "labels": _labels(photo.id),
        "why": why(reason.why) if reason else "",
        "fitting": [Box(**line["box"]) for line in reason.lines] if reason else [],
        "lines": understood.text(library().db, photo.id),
        "live": next((f"/media/{photo.key}/{role}" for role in ("video", "motion") if role in roles), None),
        "shown": "original" if photo.format in MOVING else "large",
        "format_name": _FORMAT_NAMES.get(photo.format, photo.format.upper()),
        "is_raw": photo.type == "raw" or formats.FORMATS[photo.format].kind == "raw",
    }


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
    is_timeline: bool = False


def _standing(photo: Photo) -> Standing:
    if person_id := number("person"):
        faces.person(library().db, user().id, person_id)
        return _between(
            faces.photos_of(library().db, [person_id]), photo.id, f"/people/{person_id}", f"?person={person_id}"
        )
    if asked := request.args.get("q"):
        ids = [each.photo.id for each in found(asked, request.args.get("sort")).items]
        return _between(ids, photo.id, address("/search", **request.args), address("", **request.args))
    if like := number("like"):
        allowed_photo(like)
        ids = [tile.id for tile, _ in likeness.similar(library(), user().id, like).items]
        return _between(ids, photo.id, address("/search", like=like), address("", like=like))
    newer, older = scopes.neighbours(library().db, user().id, photo.id)
    return Standing(f"/?before={scopes.cursor_from(photo)}", "", newer, older, is_timeline=True)


def _between(ids: list[int], photo_id: int, back: str, tail: str) -> Standing:
    """Where a photo stands in a list; at its end when it is not in it any more."""
    here = ids.index(photo_id) if photo_id in ids else len(ids)
    return Standing(back, tail, ids[here - 1] if here else None, ids[here + 1] if here + 1 < len(ids) else None)


@dataclass(frozen=True)
class Where:
    """Where a photo was taken, the narrowest name first."""

    steps: list[Link]
    is_estimate: bool


def _where(photo_id: int) -> Where | None:
    place = understood.place(library().db, photo_id)
    names = [name for name in (place.city, place.region, place.country) if name] if place else []
    if place is None or not names:
        return None
    return Where([Link(name, search_for("place", name)) for name in dict.fromkeys(names)], place.is_estimate)


def _labels(photo_id: int) -> list[Link]:
    found = understood.labels(library().db, photo_id)
    return [Link(labels.title(label), search_for("label", label)) for label, _, _ in found]


_FORMAT_NAMES = {"jpeg": "JPEG", "webp": "WebP", "tiff": "TIFF", "jxl": "JPEG XL", "mkv": "Matroska", "webm": "WebM"}
