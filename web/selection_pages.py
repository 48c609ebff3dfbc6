"""The bar that acts on chosen photos, and its dialogs: fetched when somebody chooses the first photo, so that no page carries it."""

from flask import Blueprint, render_template

from photolib import albums, scopes, tags
from photolib.sharing import partners
from web.albums import rights as rights_of
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
    scope = asked_scope()
    if (album_id := scopes.album_of(scope)) is not None:
        album = albums.album(library().db, album_id)
        if album.owner_id != user().id:
            rights = rights_of(album)
            return render_template(
                "_selection_of_others.html",
                scope=scope,
                may_download=rights.may_download,
                may_take=rights.may_add or rights.may_manage,
            )
    if scope.kind == "shared":
        found = partners.to_me(library().db, user().id, scope.ids[0])
        return render_template(
            "_selection_of_others.html", scope=scope, may_download=found.grant.role != "view", may_take=False
        )
    known = tags.tags(library().db, user().id)[:MOST_TAGS]
    return render_template("_selection.html", scope=scope, tags=[each.name for each in known], zones=ZONES)
