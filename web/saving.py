"""Saving what a link shows into one's own library: for those with an account, at addresses that are protected as all of one's own are."""

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from photolib import albums, edits
from photolib.access import require
from photolib.albums import Album
from photolib.db import write
from photolib.errors import NotFound, Refused
from photolib.sharing import links, names, saving, shown
from web import asked, sessions, shared
from web.api import allowed_photos
from web.done import done, undoing, wants_json
from web.guard import takes_files
from web.here import library, user
from web.language import ngettext

bp = Blueprint("saving", __name__, url_prefix="/saving/<token>")

AT_A_TIME = 20  # photos of one request, so that each says soon how far it is


@bp.get("")
def ask(token: str) -> str:
    """What would be saved: all of it, or the one photo that `photo` names."""
    album = _through(token)
    key = request.args.get("photo")
    tile = shown.find(library().db, album, key) if key else None
    if key and tile is None:
        raise NotFound(links.GONE)
    return _page(token, album, tile=tile)


@bp.post("")
@takes_files(asked.LARGEST_LIST)
def save(token: str) -> ResponseReturnValue:
    """Save some: those whose keys are in `photos`, else those after the cursor `after`. Answers what became of them, and where to go on."""
    album = _through(token)
    link, lib = shared.link(), library()
    keys = [each for each in request.form.get("photos", "").split(",") if each]
    cursor: str | None = None
    rest: list[str] = []
    if keys:
        keys, rest = keys[:AT_A_TIME], keys[AT_A_TIME:]
        photo_ids = shown.chosen(lib.db, album, keys)
    else:
        piece = shown.page(lib.db, album, request.form.get("after") or None, AT_A_TIME)
        photo_ids, cursor = [tile.id for tile in piece.photos], piece.cursor
    saved = saving.save(lib, link, user(), photo_ids, sessions.client())
    said = _said(len(saved.new), saved.known, saved.unread)
    if wants_json():
        return jsonify({
            "said": said, "new": len(saved.new), "known": saved.known, "unread": saved.unread, "ids": saved.new, "next": cursor,
        })  # fmt: skip
    return _page(token, album, said=said, cursor=cursor, rest=",".join(rest), new=saved.new)


@bp.post("/undo")
@takes_files(asked.LARGEST_LIST)
def undo(token: str) -> Response:
    """Into the trash with photos that were just saved: `photos` holds their ids."""
    photo_ids = asked.form_list("photos")
    allowed_photos(photo_ids, "edit")
    with write(library().db) as db:
        edit = edits.edit(db, user().id, photo_ids, {"is_trashed": True})
    said = ngettext("%(num)s photo is in the trash.", "%(num)s photos are in the trash.", len(photo_ids))
    return done(said, undoing(edit.id), url_for(".ask", token=token))


def _through(token: str) -> Album:
    if user().role == "guest":
        raise Refused("A guest can look at photos here, and change nothing.")
    who = shared.through(token)
    assert who.link is not None
    album = albums.album(library().db, who.link.album_id)
    require(who, "download", album)
    return album


def _page(token: str, album: Album, **more: object) -> str:
    link = shared.link()
    owner = names.shown(library().db, [link.owner_id]).get(link.owner_id, "")
    return render_template(
        "saving.html", token=token, album=album, link=link, title=link.name or album.title, owner_name=owner,
        is_own=link.owner_id == user().id, page=shared.page_address(link, token), **more,
    )  # fmt: skip


def _said(new: int, known: int, unread: int) -> str:
    """What became of them, in sentences."""
    said = []
    if new or not known:
        said.append(ngettext("%(num)s photo is in your library now.", "%(num)s photos are in your library now.", new))
    if known:
        said.append(ngettext("%(num)s photo was there already.", "%(num)s photos were there already.", known))
    if unread:
        said.append(ngettext("%(num)s photo could not be read.", "%(num)s photos could not be read.", unread))
    return " ".join(str(each) for each in said)
