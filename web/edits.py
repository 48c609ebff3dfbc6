"""Changing photos, one or many at a time: /api/v1/photos/edit for scripts, /photos/act for plain forms, and undoing either."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from photolib import edits
from photolib.db import write
from photolib.edits import Edit
from photolib.errors import BadInput
from web import asked
from web.api import allowed_photo, changeable, photo_json, with_others
from web.described import described
from web.done import done, undoing
from web.guard import takes_files
from web.here import library, user
from web.language import _, ngettext
from web.photo_shapes import CHANGED_PHOTO, CHANGES, CHANGES_OF_MANY
from web.shapes import EDITED

bp = Blueprint("edits", __name__)


@bp.patch("/api/v1/photos/<int:photo_id>")
@described(CHANGED_PHOTO, body=CHANGES)
def change(photo_id: int) -> dict[str, Any]:
    """What edits.checked() explains, for one photo; answers with all of it, and with what undoes the change."""
    allowed_photo(photo_id, "edit")
    done_so = _apply([photo_id], asked.body())
    return {**photo_json(allowed_photo(photo_id)), "edit": edit_json(done_so)}


@bp.delete("/api/v1/photos/<int:photo_id>")
@described(EDITED)
def trash(photo_id: int) -> dict[str, Any]:
    """Into the trash, from where it can be taken back."""
    allowed_photo(photo_id, "edit")
    return edit_json(_apply([photo_id], {"is_trashed": True}))


@bp.post("/api/v1/photos/edit")
@takes_files(asked.LARGEST_LIST)
@described(EDITED, body=CHANGES_OF_MANY, problems=[404])
def change_many() -> dict[str, Any]:
    """{"photo_ids": [1, 2], "is_favourite": true}: the changes of PATCH for many photos at once. Photos of others that the asker sees
    stay as they are; `said` says how many."""
    said = asked.body()
    chosen = changeable(asked.ids(said))
    changes = {name: value for name, value in said.items() if name != "photo_ids"}
    return edit_json(_apply(chosen.photo_ids, changes), chosen.others)


@bp.post("/api/v1/edits/<int:edit_id>/undo")
@described(EDITED)
def undo(edit_id: int) -> dict[str, Any]:
    """Take back what an edit has done."""
    return edit_json(_undo(edit_id))


@bp.post("/photos/act")
@takes_files(asked.LARGEST_LIST)
def act() -> Response:
    """A form with fields `photo`, once for each, and `act`: what ACTS names, or the fields of one of its own."""
    chosen = changeable(asked.form_ids())
    return edited(_apply(chosen.photo_ids, _changes(request.form.get("act", ""))), chosen.others)


@bp.post("/edits/<int:edit_id>/undo")
def take_back(edit_id: int) -> Response:
    return edited(_undo(edit_id))


def _apply(photo_ids: Sequence[int], changes: dict[str, Any]) -> Edit:
    with write(library().db) as db:
        return edits.edit(db, user().id, photo_ids, changes)


def _undo(edit_id: int) -> Edit:
    with write(library().db) as db:
        taken_back = edits.undo(db, user().id, edit_id)
    return Edit(None, "undo", taken_back.photo_ids)


# ---------------------------------------------------------------- what is asked for

ACTS: dict[str, dict[str, Any]] = {
    "favourite": {"is_favourite": True},
    "unfavourite": {"is_favourite": False},
    "archive": {"is_archived": True},
    "unarchive": {"is_archived": False},
    "trash": {"is_trashed": True},
    "restore": {"is_trashed": False},
    "unplace": {"latitude": None, "longitude": None},
}


def _changes(act: str) -> dict[str, Any]:
    """The changes that a form asks for."""
    form = request.form
    if act in ACTS:
        return ACTS[act]
    if act == "rate":
        return {"rating": _whole("rating")}
    if act == "caption":
        return {name: form[name] for name in ("title", "description") if name in form}
    if act == "date":
        return {
            "taken_at": form.get("taken_at"),
            **({"utc_offset": _whole("utc_offset")} if "utc_offset" in form else {}),
        }
    if act == "shift":
        return {"shift_minutes": _whole("minutes")}
    if act == "place":
        return {"latitude": _degrees("latitude"), "longitude": _degrees("longitude")}
    if act in ("tag", "untag"):
        names = [each for each in form.get("tags", "").split(",") if each.strip()]
        return {"add_tags" if act == "tag" else "remove_tags": names}
    raise BadInput("This form asks for nothing that photolib can do.")


def _whole(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[+-]?\d{1,10}", text, re.ASCII):
        raise BadInput("%(name)s has to be a whole number.", name=name)
    return int(text)


def _degrees(name: str) -> float:
    try:
        return float(request.form.get(name, ""))
    except ValueError as problem:
        raise BadInput("A place is given as latitude and longitude in degrees.") from problem


# ---------------------------------------------------------------- what was done


def edited(edit: Edit, others: int = 0) -> Response:
    """Answer a form: say what was done, with the address that undoes it. others: photos it was not done to."""
    return done(with_others(sentence(edit), others), undoing(edit.id))


def edit_json(edit: Edit, others: int = 0) -> dict[str, Any]:
    """undo: where a POST takes it back; null when nothing had to change. others: photos it was not done to."""
    return {
        "edit_id": edit.id,
        "said": with_others(sentence(edit), others),
        "photo_ids": edit.photo_ids,
        "undo": f"/api/v1/edits/{edit.id}/undo" if edit.id is not None else None,
    }


def sentence(edit: Edit) -> str:
    """What was done, in words."""
    n = len(edit.photo_ids)
    if not n and edit.what != "undo":
        return _("Nothing had to be changed.")
    return {
        "trash": ngettext("Moved to the trash", "%(num)s photos moved to the trash", n),
        "restore": ngettext("Taken out of the trash", "%(num)s photos taken out of the trash", n),
        "archive": ngettext("Moved to the archive", "%(num)s photos moved to the archive", n),
        "unarchive": ngettext("Back in the timeline", "%(num)s photos are back in the timeline", n),
        "favourite": ngettext("Added to the favourites", "%(num)s photos added to the favourites", n),
        "unfavourite": ngettext("No longer a favourite", "%(num)s photos are no longer favourites", n),
        "rate": ngettext("The rating is saved", "The rating of %(num)s photos is saved", n),
        "date": ngettext("The date is changed", "The dates of %(num)s photos are changed", n),
        "place": ngettext("The place is changed", "The places of %(num)s photos are changed", n),
        "tag": ngettext("The tags are changed", "The tags of %(num)s photos are changed", n),
        "undo": _("Undone"),
    }.get(edit.what) or ngettext("Saved", "%(num)s photos are changed", n)
