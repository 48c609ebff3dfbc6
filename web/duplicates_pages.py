"""Photos that show the same: all groups of them, one group side by side, and what somebody does about them."""

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from photolib import duplicates, tidying
from photolib.db import write
from photolib.duplicates import BURST, DUPLICATE
from photolib.errors import BadInput
from web import asked
from web.asked import form_number, number
from web.done import done, undoing
from web.here import library, user
from web.language import N_, _, ngettext

bp = Blueprint("duplicates_pages", __name__)

SIZE = 20  # groups on a page
MOST = 500  # groups in one act
WORDS = {
    DUPLICATE: (
        N_("Duplicates"),
        N_(
            "The same picture more than once, in other sizes or formats. What hangs on the others, such as albums, tags and people, "
            "goes over to the one that stays."
        ),
        N_("No picture is here twice."),
    ),
    BURST: (
        N_("Bursts"),
        N_("Photos taken within moments of each other. Keep the best one, some, or all of them."),
        N_("No photos were taken in one go."),
    ),
}


@bp.get("/duplicates")
def groups() -> str:
    kind = request.args.get("kind", DUPLICATE)
    if kind not in WORDS:
        raise BadInput(_("There are duplicates and bursts."))
    db, owner = library().db, user().id
    stacks, before = duplicates.stacks(db, owner, kind, number("before"), SIZE)
    heading, explained, nothing = WORDS[kind]
    counts = {each: tidying.count(db, owner, each) for each in WORDS}
    return render_template(
        "duplicates.html", kind=kind, stacks=stacks, before=before, heading=heading, explained=explained, nothing=nothing,
        counts=counts,
    )  # fmt: skip


@bp.get("/duplicates/<int:stack_id>")
def group(stack_id: int) -> str | BaseResponse:
    """One group, its photos side by side, with what tells them apart."""
    db, owner = library().db, user().id
    stack = duplicates.stack_by_id(db, owner, stack_id)
    if len(stack.photos) < 2:  # the others are in the trash by now
        return redirect(f"/duplicates?kind={stack.kind}", 303)
    return render_template(
        "duplicate.html", stack=stack, photos=tidying.compared(db, stack), place=tidying.place(db, owner, stack),
        heading=WORDS[stack.kind][0],
    )  # fmt: skip


@bp.post("/duplicates/<int:stack_id>")
def decide(stack_id: int) -> Response:
    """A form with `act`: keep (the best, or the photos in `photo`) or different. `on` leads to the next group afterwards."""
    act, photo_ids = request.form.get("act"), asked.form_ids()
    with write(library().db) as db:
        stack = duplicates.stack_by_id(db, user().id, stack_id)
        after = tidying.place(db, user().id, stack).after
        if act == "different":
            edit = tidying.keep_all(db, user().id, stack_id)
            said = _("They are kept apart from now on.")
        elif act == "keep":
            edit = tidying.keep(db, user().id, stack_id, photo_ids or None)
            trashed = len(edit.photo_ids)
            said = ngettext("One photo moved to the trash.", "%(num)s photos moved to the trash.", trashed)
        else:
            raise BadInput(_("Keep the best, or say that they are different."))
    go = None
    if "on" in request.form:
        go = f"/duplicates/{after}" if after else f"/duplicates?kind={stack.kind}"
    return done(said, undoing(edit.id), go)


@bp.post("/duplicates/<int:stack_id>/best")
def choose(stack_id: int) -> Response:
    with write(library().db) as db:
        edit = tidying.choose_best(db, user().id, stack_id, form_number("photo"))
    return done(_("This one is the best."), undoing(edit.id))


@bp.post("/duplicates/all")
def keep_best_of_all() -> Response:
    """Keep the best of every group of duplicates, some hundreds at a time."""
    with write(library().db) as db:
        edit = tidying.keep_best_of_all(db, user().id, MOST)
    left = tidying.count(library().db, user().id, DUPLICATE)
    said = ngettext("One photo moved to the trash.", "%(num)s photos moved to the trash.", len(edit.photo_ids))
    if left:
        said += " " + ngettext("One group is left.", "%(num)s groups are left.", left)
    return done(said, undoing(edit.id))
