"""Photos that show the same, side by side, and what somebody does about them."""

from flask import Blueprint, Response, render_template, request

from photolib import duplicates, merges
from photolib.db import write
from photolib.duplicates import BURST, DUPLICATE
from photolib.errors import BadInput
from web import words
from web.api import form_number, number
from web.done import done
from web.here import library, user

bp = Blueprint("duplicates_pages", __name__)

SIZE = 20  # groups on a page
WORDS = {
    DUPLICATE: (
        "Duplicates",
        "The same picture more than once, in other sizes or formats. What hangs on the others, such as albums, tags and people, "
        "goes over to the one that stays.",
        "No picture is here twice.",
    ),
    BURST: (
        "Bursts",
        "Photos taken within moments of each other. Keep the best one, or all of them.",
        "No photos were taken in one go.",
    ),
}


@bp.get("/duplicates")
def groups() -> str:
    kind = request.args.get("kind", DUPLICATE)
    if kind not in WORDS:
        raise BadInput("There are duplicates and bursts.")
    stacks, before = duplicates.stacks(library().db, user().id, kind, number("before"), SIZE)
    heading, explained, nothing = WORDS[kind]
    return render_template(
        "duplicates.html",
        kind=kind,
        stacks=stacks,
        before=before,
        heading=heading,
        explained=explained,
        nothing=nothing,
    )


@bp.post("/duplicates/<int:stack_id>")
def decide(stack_id: int) -> Response:
    act = request.form.get("act")
    with write(library().db) as db:
        if act == "different":
            duplicates.keep_apart(db, user().id, stack_id)
            return done("They are kept apart from now on.")
        if act != "keep":
            raise BadInput("Keep the best, or say that they are different.")
        stack = duplicates.stack_by_id(db, user().id, stack_id)
        others = [photo.id for photo in stack.photos if photo.id != stack.best_id]
        merged = merges.merge(db, user().id, stack.best_id, others)
    undo = f"/duplicates/undo/{merged}" if merged is not None else None
    return done(f"{words.count(len(others), 'photo').capitalize()} moved to the trash.", undo)


@bp.post("/duplicates/<int:stack_id>/best")
def choose(stack_id: int) -> Response:
    with write(library().db) as db:
        duplicates.choose_best(db, user().id, stack_id, form_number("photo"))
    return done("This one is the best.")


@bp.post("/duplicates/undo/<int:merge_id>")
def undo(merge_id: int) -> Response:
    with write(library().db) as db:
        back = merges.undo_merge(db, user().id, merge_id)
    return done(f"{words.count(len(back), 'photo').capitalize()} taken out of the trash.")
