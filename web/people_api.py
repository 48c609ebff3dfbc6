"""/api/v1/people and /api/v1/faces: who is on the photos, and what people say about it. Every edit answers with a sentence and
the id that undoes it."""

import hashlib
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from sqlite_utils import Database

from photolib import access, catalog, decisions, faces, scopes, variants
from photolib.db import write
from photolib.decisions import Decision
from photolib.errors import BadInput, NotFound, UnreadablePhoto
from photolib.faces import Cover, Person, Question
from photolib.ports import FACES, Box
from photolib.scopes import Scope
from web import asked
from web.api import is_own, tile_json
from web.asked import number
from web.described import described, media
from web.guard import FOR_EVER
from web.here import library, user, visitor
from web.people_shapes import (
    ANSWER,
    CHANGING,
    DECIDED,
    FACE,
    FACE_COVER,
    MERGING,
    NAME,
    PERSON,
    PERSON_CHANGED,
    QUESTION,
    WHO,
)
from web.photo_shapes import TILE
from web.shapes import ID, PAGE, SAID, SIZE, TEXT, and_fields, fields, list_of, maybe, one_of, page_of

bp = Blueprint("people_api", __name__, url_prefix="/api/v1")

PIXELS = 192
MARGIN = 0.35  # of the face's size, around it: hair and chin belong to a portrait
MOST_FACES = 1000  # in one request


# ---------------------------------------------------------------- reading


@bp.get("/people")
@described(page_of(PERSON, {"note": maybe(TEXT)}), query={"q": TEXT, "hidden": one_of("0", "1")})
def people() -> dict[str, Any]:
    """All of them: a thousand are 300 kB. q: only those whose name begins like this; hidden=1: the hidden ones too."""
    lib, with_hidden = library(), request.args.get("hidden") == "1"
    found = faces.people(lib.db, user().id, with_hidden)
    if words := request.args.get("q"):
        matching = [person_id for person_id, _ in faces.find_people(lib.db, user().id, words, with_hidden)]
        found = sorted((each for each in found if each.id in matching), key=lambda each: matching.index(each.id))
    ability = lib.models.ability(FACES)
    return {
        "items": [person_json(each) for each in found],
        "next": None,
        "note": None if ability.is_on else ability.note,
    }


@bp.get("/people/<int:person_id>")
@described(and_fields(PERSON, {"faces": list_of(FACE_COVER)}))
def person(person_id: int) -> dict[str, Any]:
    """One person, and faces to show them by."""
    found = faces.person(library().db, user().id, person_id)
    covers = faces.faces_of(library().db, user().id, person_id)
    return {**person_json(found), "faces": [cover_json(each) for each in covers]}


@bp.get("/people/<int:person_id>/photos")
@described(page_of(TILE), query=PAGE)
def photos(person_id: int) -> dict[str, Any]:
    """The photos that somebody is on, newest first."""
    faces.person(library().db, user().id, person_id)
    size = asked.size()
    page = scopes.page(library().db, user().id, request.args.get("cursor"), size, Scope("person", (person_id,)))
    return {"items": [tile_json(photo) for photo in page.photos], "next": page.cursor}


@bp.get("/people/suggestions")
@described(page_of(QUESTION), query={"size": SIZE, "person_id": ID}, problems=[404])
def suggestions() -> dict[str, Any]:
    """Questions to be answered: is this face, or this group, this person? The surest first."""
    found = faces.suggestions(library().db, user().id, asked.size(20, asked.PAGE), number("person_id"))
    return {"items": [question_json(each) for each in found], "next": None}


@bp.get("/people/decisions")
@described(page_of(fields({"undo_id": ID, "said": SAID})))
def latest() -> dict[str, Any]:
    """What can be undone, the last first."""
    found = decisions.latest(library().db, user().id)
    return {"items": [{"undo_id": each.id, "said": each.said} for each in found], "next": None}


@bp.get("/photos/<int:photo_id>/faces")
@described(page_of(FACE))
def faces_on(photo_id: int) -> dict[str, Any]:
    """The faces on a photo."""
    photo = catalog.photo(library().db, photo_id)
    access.require(visitor(), "view", photo)
    items = faces_json(library().db, photo_id) if is_own(photo) else []  # who is on it is said to its owner alone
    return {"items": items, "next": None}


@bp.get("/faces/<int:face_id>/picture")
@described({200: media("image/jpeg"), 304: None}, query={"v": TEXT}, headers={"If-None-Match": TEXT})
def picture(face_id: int) -> Response:
    """A small square picture of a face. The address that picture_url() gives names the box too, and may be kept for ever."""
    cover = faces.face_cover(library().db, face_id)
    if not access.may(visitor(), "view", cover):
        raise NotFound("There is no such face.")  # as for one that is nowhere
    version = _version(cover)
    is_known = request.if_none_match.contains(version)
    response = Response(status=304) if is_known else Response(_cropped(cover), mimetype="image/jpeg")
    response.set_etag(version)
    if request.args.get("v") == version:
        response.headers["Cache-Control"] = FOR_EVER
    return response


def picture_url(cover: Cover) -> str:
    return f"/api/v1/faces/{cover.face_id}/picture?v={_version(cover)}"


def _version(cover: Cover) -> str:
    return hashlib.sha256(f"{cover.key} {cover.box} {PIXELS}".encode()).hexdigest()[:12]


def _cropped(cover: Cover) -> bytes:
    """From the smallest kept size that shows the face large enough."""
    from PIL import Image

    folder = variants.folder(library().variants, cover.key)
    wanted = PIXELS / max(cover.box.w, cover.box.h, 0.001)
    size = "medium" if wanted <= 1.5 * variants.SIZES["medium"] else "large"
    try:
        with Image.open(folder / variants.file_name(size, variants.KEPT[size]), formats=["JPEG"]) as image:
            square = _square(cover.box, *image.size)
            edge = square[2] - square[0]
            if edge > 2 * PIXELS:  # the decoder may skip what would be thrown away
                before = image.size
                image.draft(None, (image.width * PIXELS // edge, image.height * PIXELS // edge))
                square = _square(cover.box, *image.size) if image.size != before else square
            small = image.convert("RGB").resize((PIXELS, PIXELS), Image.Resampling.BICUBIC, box=square)
    except FileNotFoundError as problem:
        raise NotFound("The sizes of this photo have not been made yet.") from problem
    except (OSError, SyntaxError, ValueError) as problem:
        raise UnreadablePhoto("The picture of this face cannot be read.") from problem
    data = io.BytesIO()
    small.save(data, "JPEG", quality=85)
    return data.getvalue()


def _square(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """A square around a face, moved back into the picture where it would stick out."""
    edge = min((1 + 2 * MARGIN) * max(box.w * width, box.h * height), width, height)
    left = min(max(0.0, (box.x + box.w / 2) * width - edge / 2), width - edge)
    top = min(max(0.0, (box.y + box.h / 2) * height - edge / 2), height - edge)
    side = max(1, int(edge))
    return int(left), int(top), int(left) + side, int(top) + side


# ---------------------------------------------------------------- deciding


@bp.patch("/people/<int:person_id>")
@described(PERSON_CHANGED, body=CHANGING)
def change(person_id: int) -> dict[str, Any]:
    """name, birthday, is_hidden, cover_face_id: whichever are given, each a decision of its own."""
    body = asked.body()
    owner_id, made = user().id, []
    if not body:
        raise BadInput("Say what to change: name, birthday, is_hidden or cover_face_id.")
    with write(library().db) as db:
        # The name comes last: it may make this person one with another.
        if "birthday" in body:
            made.append(decisions.set_birthday(db, owner_id, person_id, asked.text(body, "birthday")))
        if "is_hidden" in body:
            made.append(decisions.hide(db, owner_id, person_id, asked.truth(body, "is_hidden")))
        if "cover_face_id" in body:
            made.append(decisions.set_cover(db, owner_id, person_id, asked.needed(body, "cover_face_id")))
        if "name" in body:
            made.append(decisions.rename(db, owner_id, person_id, asked.text(body, "name")))
        stays = made[-1].person_id or person_id
        return {
            **_said(made[-1]),
            "undo_ids": [each.id for each in reversed(made)],
            "person": person_json(faces.person(db, owner_id, stays)),
        }


@bp.post("/people/<int:person_id>/merge")
@described(DECIDED, body=MERGING)
def merge(person_id: int) -> dict[str, Any]:
    """{"into": id}: this person becomes that one; {"with": id}: that one becomes this."""
    body = asked.body()
    if len(body) != 1:
        raise BadInput("Say with whom to merge: either into or with.")
    if "into" in body:
        into, other = asked.needed(body, "into"), person_id
    else:
        into, other = person_id, asked.needed(body, "with")
    return _decide(lambda db: decisions.merge(db, user().id, into, other))


@bp.post("/people/<int:person_id>/split")
@described(DECIDED, body=fields({"face_ids": list_of(ID, most=MOST_FACES), "name?": maybe(NAME)}))
def split(person_id: int) -> dict[str, Any]:
    """{"face_ids": [...], "name": who they are, when known}: these faces are somebody else's."""
    body = asked.body()
    face_ids = asked.ids(body, "face_ids", least=0, most=MOST_FACES)
    return _decide(lambda db: decisions.split(db, user().id, person_id, face_ids, asked.text(body, "name")))


@bp.post("/faces/<int:face_id>/not-this-person")
@described(DECIDED)
def not_this_person(face_id: int) -> dict[str, Any]:
    """This face is not the person it was taken for."""
    asked.body()
    return _decide(lambda db: decisions.not_this_person(db, user().id, face_id))


@bp.post("/faces/<int:face_id>/not-a-face")
@described(DECIDED)
def not_a_face(face_id: int) -> dict[str, Any]:
    """What was found is no face at all."""
    asked.body()
    return _decide(lambda db: decisions.not_a_face(db, user().id, face_id))


@bp.post("/faces/<int:face_id>/assign")
@described(DECIDED, body=WHO, problems=[404])
def assign(face_id: int) -> dict[str, Any]:
    """{"person_id": id} or {"name": name}"""
    body = asked.body()
    if len(body) != 1:
        raise BadInput("Say who this is: either person_id or name.")
    if "name" in body:
        return _decide(lambda db: decisions.assign(db, user().id, face_id, name=asked.text(body, "name") or ""))
    return _decide(lambda db: decisions.assign(db, user().id, face_id, asked.needed(body, "person_id")))


@bp.post("/people/suggestions/answer")
@described(DECIDED, body=ANSWER, problems=[404])
def answer() -> dict[str, Any]:
    """{"person_id": id, "face_id" or "other_id": id, "is_so": true or false}"""
    body = asked.body()
    about = {name: asked.needed(body, name) for name in ("face_id", "other_id") if body.get(name) is not None}
    return _decide(
        lambda db: decisions.answer(db, user().id, asked.needed(body, "person_id"), asked.truth(body, "is_so"), **about)
    )


@bp.post("/people/undo")
@described(fields({"said": SAID}), body=fields({"undo_id?": ID}), problems=[404])
def undo() -> dict[str, Any]:
    """{"undo_id": id}, or {} for the last decision."""
    body = asked.body()
    with write(library().db) as db:
        return {"said": decisions.undo(db, user().id, asked.needed(body, "undo_id") if "undo_id" in body else None)}


def _decide(decide: Callable[[Database], Decision]) -> dict[str, Any]:
    with write(library().db) as db:
        return _said(decide(db))


def _said(decision: Decision) -> dict[str, Any]:
    return {"said": decision.said, "undo_id": decision.id, "person_id": decision.person_id}


# ---------------------------------------------------------------- as JSON


def person_json(person: Person) -> dict[str, Any]:
    return {
        "person_id": person.id,
        "name": person.name,
        "birthday": person.birthday,
        "age": person.age,
        "is_hidden": person.is_hidden,
        "photos": person.photos,
        "cover": cover_json(person.cover) if person.cover else None,
    }


def cover_json(cover: Cover) -> dict[str, Any]:
    return {
        "face_id": cover.face_id,
        "photo_id": cover.photo_id,
        "key": cover.key,
        "box": box_json(cover.box),
        "url": picture_url(cover),
    }


def box_json(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "w": box.w, "h": box.h}


def question_json(question: Question) -> dict[str, Any]:
    return {
        "person": person_json(question.person),
        "face_id": question.face_id,
        "other_id": question.other_id,
        "cover": cover_json(question.cover),
        "confidence": question.confidence,
    }


def faces_json(db: Database, photo_id: int) -> list[dict[str, Any]]:
    """The faces on a photo; hidden people are there without their names."""
    return [
        {
            "face_id": face.id,
            "person_id": face.person_id,
            "name": None if face.is_hidden else face.name,
            "box": box_json(face.box),
            "quality": round(face.quality, 3),
            "decided_by": face.decided_by,
            "confidence": face.confidence,
            "age": face.age,
        }
        for face in faces.faces_in(db, photo_id)
    ]
