"""The bar that acts on chosen photos, and its dialogs: fetched when somebody chooses the first photo, so that no page carries it."""

from flask import Blueprint, render_template

from photolib import tags
from web.api import asked_scope
from web.here import library, user

bp = Blueprint("selection", __name__)

MOST_TAGS = 500  # that the field for a tag knows
# Minutes from UTC that places on Earth keep: https://www.iana.org/time-zones
ZONES = (
    -720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120, 180, 210, 240, 270, 300, 330, 345,
    360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 720, 765, 780, 840,
)  # fmt: skip


@bp.get("/fragments/selection")
def selection() -> str:
    """For the photos of `?scope=`: what can be done depends on where they are."""
    known = tags.tags(library().db, user().id)[:MOST_TAGS]
    return render_template("_selection.html", scope=asked_scope(), tags=[each.name for each in known], zones=ZONES)
