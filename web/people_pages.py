"""The pages about people, and the forms that name, join and part them. Each act answers with what was done and how to undo it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request

from photolib import decisions, faces, scopes
from photolib.db import write
from photolib.decisions import Decision
from photolib.errors import BadInput
from photolib.faces import Cover, Person, Question
from photolib.ports import FACES
from photolib.scopes import Scope
from web import asked
from web.asked import form_number
from web.done import done
from web.grid import grid
from web.here import library, user
from web.language import _, said
from web.people_api import picture_url

bp = Blueprint("people_pages", __name__)

MANY = 300  # people on a page; `all` shows the rest
UNNAMED, ASKED = 30, 6  # groups without a name, and questions, on the first sight of the page
REVIEWED, TOGETHER = 20, 12  # questions in a row; people to be seen together with
COVERS, MOST_FACES = 24, 300  # of one person: to choose the picture from, and to find somebody else among


@dataclass(frozen=True)
class Shown:
    """Somebody as the pages show them."""

    id: int
    name: str | None
    count: int
    face: str | None


@dataclass(frozen=True)
class Asked:
    """ "Is this Sarah?", with both faces and what the answer is about."""

    name: str
    face: str
    cover: str | None
    action: str
    fields: list[tuple[str, int]]


@bp.get("/people")
def people() -> str:
    db, owner = library().db, user().id
    everybody = faces.people(db, owner, with_hidden=True)
    is_hidden_shown, is_all = "hidden" in request.args, "all" in request.args
    shown = [each for each in everybody if each.is_hidden == is_hidden_shown]
    named = [each for each in shown if each.name]
    unnamed = [each for each in shown if not each.name]
    most = (len(named), len(unnamed)) if is_all else (MANY, UNNAMED)
    return render_template(
        "people.html",
        is_hidden_shown=is_hidden_shown,
        named=[_shown(each) for each in named[: most[0]]],
        unnamed=[_shown(each) for each in unnamed[: most[1]]],
        has_more=len(named) > most[0] or len(unnamed) > most[1],
        hidden=sum(each.is_hidden for each in everybody),
        questions=[] if is_hidden_shown else [_asked(each) for each in faces.suggestions(db, owner, ASKED)],
        missing=missing(),
    )


@bp.get("/people/names")
def names() -> dict[str, Any]:
    """For fields in which somebody is named."""
    found = faces.people(library().db, user().id, with_hidden=True)
    return {"items": [each.name for each in found if each.name]}


@bp.get("/people/<int:person_id>")
def person(person_id: int) -> str:
    db, owner = library().db, user().id
    found = faces.person(db, owner, person_id)
    others = [each for each in faces.people(db, owner, with_hidden=True) if each.id != person_id]
    shown = [(each.face_id, face_of(each)) for each in faces.faces_of(db, owner, person_id, MOST_FACES)]
    return render_template(
        "person.html",
        person=found,
        shown_by=face_of(found.cover),
        age=faces.age_at(found.birthday, date.today().isoformat()),
        others=[_shown(each) for each in others[:MANY]],
        shown=shown,
        covers=shown[:COVERS],
        questions=[_asked(each) for each in faces.suggestions(db, owner, ASKED, person_id)] if found.name else [],
        together=[_shown(each) for each in faces.together(db, owner, person_id, TOGETHER)],
        grid=grid(Scope("person", (person_id,)), f"/people/{person_id}"),
    )


@bp.get("/people/<int:person_id>/with/<int:other_id>")
def together(person_id: int, other_id: int) -> str:
    """The photos that two people are on together."""
    db, owner = library().db, user().id
    one, two = faces.person(db, owner, person_id), faces.person(db, owner, other_id)
    scope = Scope("people", (person_id, other_id))
    return render_template(
        "people_together.html",
        one=one,
        two=two,
        one_face=face_of(one.cover),
        two_face=face_of(two.cover),
        photos=scopes.count(db, owner, scope),
        grid=grid(scope, f"/people/{person_id}/with/{other_id}"),
    )


@bp.get("/people/review")
def review() -> str:
    """Questions one after the other, for somebody with a keyboard and a few minutes."""
    questions = faces.suggestions(library().db, user().id, REVIEWED)
    return render_template("people_review.html", questions=[_asked(each) for each in questions])


# ---------------------------------------------------------------- acts


@bp.post("/people/<int:person_id>/name")
def rename(person_id: int) -> Response:
    with write(library().db) as db:
        decision = decisions.rename(db, user().id, person_id, request.form.get("name"))
    return _decided(decision, person_id)


@bp.post("/people/<int:person_id>/birthday")
def birthday(person_id: int) -> Response:
    with write(library().db) as db:
        decision = decisions.set_birthday(db, user().id, person_id, request.form.get("birthday") or None)
    return _decided(decision)


@bp.post("/people/<int:person_id>/hide")
def hide(person_id: int) -> Response:
    with write(library().db) as db:
        decision = decisions.hide(db, user().id, person_id, request.form.get("is_hidden") != "no")
    return _decided(decision)


@bp.post("/people/<int:person_id>/cover")
def cover(person_id: int) -> Response:
    with write(library().db) as db:
        decision = decisions.set_cover(db, user().id, person_id, form_number("face"))
    return _decided(decision)


@bp.post("/people/<int:person_id>/merge")
def merge(person_id: int) -> Response:
    """The one with a name stays, so that the page of somebody nobody has named leads to who it is."""
    other = form_number("other")
    with write(library().db) as db:
        has_name = faces.person(db, user().id, person_id).name or not faces.person(db, user().id, other).name
        into, goes = (person_id, other) if has_name else (other, person_id)
        decision = decisions.merge(db, user().id, into, goes)
    return _decided(decision, person_id)


@bp.post("/people/<int:person_id>/split")
def split(person_id: int) -> Response:
    face_ids = asked.form_ids("face")
    name = request.form.get("name", "").strip() or None
    with write(library().db) as db:
        decision = decisions.split(db, user().id, person_id, face_ids, name)
    return _decided(decision)


@bp.post("/people/<int:person_id>/answer")
def answer(person_id: int) -> Response:
    is_so = {"yes": True, "no": False}.get(request.form.get("answer", ""))
    if is_so is None:
        raise BadInput("The answer is yes or no.")
    face, other = (form_number(name) if name in request.form else None for name in ("face", "other"))
    with write(library().db) as db:
        decision = decisions.answer(db, user().id, person_id, is_so, face, other)
    return _decided(decision)


@bp.post("/people/undo/<int:decision_id>")
def undo(decision_id: int) -> Response:
    with write(library().db) as db:
        decisions.undo(db, user().id, decision_id)
    return done(_("Undone"))


@bp.post("/faces/<int:face_id>/name")
def name_face(face_id: int) -> Response:
    with write(library().db) as db:
        decision = decisions.assign(db, user().id, face_id, name=request.form.get("name"))
    return _decided(decision)


@bp.post("/faces/<int:face_id>/not")
def deny_face(face_id: int) -> Response:
    act = decisions.not_a_face if request.form.get("what") == "face" else decisions.not_this_person
    with write(library().db) as db:
        decision = act(db, user().id, face_id)
    return _decided(decision)


# ---------------------------------------------------------------- how people are shown


def face_of(cover: Cover | None) -> str | None:
    """Where the picture of a face is."""
    return None if cover is None else picture_url(cover)


def missing() -> str | None:
    """What is said where people would be while nobody looks for faces."""
    ability = library().models.ability(FACES)
    if ability.is_on:
        return None
    if user().role != "admin":
        return _("Faces are not looked for at the moment.")
    return _("Faces are not looked for at the moment: %(why)s.", why=said(ability.note))


def _shown(person: Person) -> Shown:
    return Shown(person.id, person.name, person.photos, face_of(person.cover))


def _asked(question: Question) -> Asked:
    about = ("face", question.face_id) if question.face_id is not None else ("other", question.other_id or 0)
    return Asked(
        question.person.name or "", picture_url(question.cover), face_of(question.person.cover),
        f"/people/{question.person.id}/answer", [about],
    )  # fmt: skip


def _decided(decision: Decision, shown_id: int | None = None) -> Response:
    """shown_id: whose page the form may stand on; when they have become somebody else, that one's page follows."""
    moved = shown_id is not None and decision.person_id not in (None, shown_id)
    on_page = (request.referrer or "").partition("?")[0].endswith(f"/people/{shown_id}")
    go = f"/people/{decision.person_id}" if moved and on_page else None
    return done(said(decision.said), f"/people/undo/{decision.id}", go)
