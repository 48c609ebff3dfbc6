"""/api/v1/albums: albums, what is in them and in which order. Every edit answers with what was done and the address that undoes it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from sqlite_utils import Database

from photolib import album_edits, albums
from photolib.album_edits import AlbumEdit
from photolib.albums import Album
from photolib.db import write
from photolib.errors import BadInput
from web import asked
from web.album_shapes import ALBUM, ALBUM_EDITED, ALBUM_GONE, CHANGING, MAKING, MOVING
from web.albums import (
    album_json,
    albums_json,
    allowed_album,
    looked_at,
    path_to,
    sentence,
    to_change,
    to_move,
    to_put,
    to_take,
)
from web.api import allowed_photos
from web.asked import number
from web.described import described
from web.guard import takes_files
from web.here import library, user
from web.shapes import ID, PAGE, SOME_PHOTOS, TEXT, and_fields, fields, list_of, one_of, page_of

bp = Blueprint("albums_api", __name__, url_prefix="/api/v1/albums")


@bp.get("")
@described(
    page_of(ALBUM),
    query={
        **PAGE, "parent_id": ID, "q": TEXT, "sort": one_of(*albums.SORTS), "level": one_of("all"), "fillable": one_of("0", "1"),
        "shared": one_of("0", "1"),
    },
    problems=[404],
)  # fmt: skip
def listed() -> dict[str, Any]:
    """Albums of the top, or in ?parent_id=; with q those of all levels whose title has these words, with level=all simply all.

    sort: photos (those with the newest photos first), changed or title. fillable=1: only those that the asker may put photos into, so
    none that is filled by its search. shared=1: also those of others that the asker was invited into; they stand at the top.
    """
    parent_id = number("parent_id")
    if parent_id is not None:
        allowed_album(parent_id)
    shelf = albums.albums(
        library().db, user().id, parent_id, request.args.get("q", ""), request.args.get("sort", "photos"),
        request.args.get("cursor"), asked.size(),
        is_every_level=request.args.get("level") == "all", is_fillable=request.args.get("fillable") == "1",
        has_others=request.args.get("shared") == "1",
    )  # fmt: skip
    return {"items": albums_json(shelf.albums), "next": shelf.cursor}


@bp.post("")
@takes_files(asked.LARGEST_LIST)
@described({201: ALBUM_EDITED}, body=MAKING, problems=[404])
def make() -> tuple[dict[str, Any], int]:
    """Make an album: empty, or of photo_ids, or of a query that fills it, or of a folder_id to follow."""
    body = asked.body()
    parent = _parent(body)
    photo_ids = asked.ids(body, least=0) if body.get("photo_ids") is not None else []
    allowed_photos(photo_ids, "edit")
    with write(library().db) as db:
        edit = album_edits.make(
            db, user().id, body.get("title") or "", body.get("description") or "", parent, photo_ids,
            asked.text(body, "query"), asked.whole(body, "folder_id"), body.get("is_tree") is True,
        )  # fmt: skip
    return _done(edit), 201


@bp.get("/<int:album_id>")
@described(and_fields(ALBUM, {"path": list_of(fields({"album_id": ID, "title": TEXT}))}))
def album(album_id: int) -> dict[str, Any]:
    """One album. path: the albums around it, from the outermost on."""
    found = looked_at(album_id)
    return {**album_json(found), "path": [{"album_id": each, "title": title} for each, title in path_to(found)]}


@bp.patch("/<int:album_id>")
@described(ALBUM_EDITED, body=CHANGING)
def change(album_id: int) -> dict[str, Any]:
    """Change what an album is called, where it lies, its order, its cover or its query."""
    body = asked.body()
    found = to_change(album_id, body)
    _parent(body)
    return _edit(found, lambda db, now: album_edits.change(db, user().id, now, body))


@bp.delete("/<int:album_id>")
@described(ALBUM_GONE)
def delete(album_id: int) -> dict[str, Any]:
    """Delete an album, not its photos."""
    return _edit(allowed_album(album_id, "edit"), lambda db, now: album_edits.delete(db, user().id, now))


@bp.post("/<int:album_id>/photos")
@takes_files(asked.LARGEST_LIST)
@described(ALBUM_EDITED, body=SOME_PHOTOS)
def put(album_id: int) -> dict[str, Any]:
    """Put photos at its end, or at their days in an album that is ordered by date."""
    photo_ids = asked.ids(asked.body())
    found, chosen = to_put(album_id, photo_ids)
    return _edit(found, lambda db, now: album_edits.put(db, user().id, now, chosen.photo_ids), chosen.others)


@bp.delete("/<int:album_id>/photos")
@takes_files(asked.LARGEST_LIST)
@described(ALBUM_EDITED, body=SOME_PHOTOS)
def take(album_id: int) -> dict[str, Any]:
    """Take photos out of it. They stay in the library."""
    photo_ids = asked.ids(asked.body())
    found, chosen = to_take(album_id, photo_ids)
    return _edit(found, lambda db, now: album_edits.take(db, user().id, now, chosen.photo_ids), chosen.others)


@bp.post("/<int:album_id>/order")
@takes_files(asked.LARGEST_LIST)
@described(ALBUM_EDITED, body=MOVING)
def move(album_id: int) -> dict[str, Any]:
    """Move photos to before one or after one, or to the end with neither: they stand there in the order given."""
    body = asked.body()
    photo_ids, before, after = asked.ids(body), asked.whole(body, "before"), asked.whole(body, "after")
    if before is not None and after is not None:
        raise BadInput("Photos are moved before one or after one.")
    found = to_move(album_id, [*photo_ids, *(each for each in (before, after) if each is not None)])
    return _edit(found, lambda db, now: album_edits.move(db, user().id, now, photo_ids, before, after))


def _edit(found: Album, act: Callable[[Database, Album], AlbumEdit], others: int = 0) -> dict[str, Any]:
    """Do it to the album as it is once nobody else writes. others: photos it is not done to."""
    with write(library().db) as db:
        edit = act(db, albums.album(db, found.id))
    return _done(edit, found.title, others)


def _done(edit: AlbumEdit, title: str = "", others: int = 0) -> dict[str, Any]:
    """With the album as it is now, unless it is gone."""
    album = None if edit.what == "delete" else albums.album(library().db, edit.album_id)
    return {
        **(album_json(album) if album else {"album_id": edit.album_id}),
        "edit_id": edit.id,
        "said": sentence(edit, album.title if album else title, others),
        "photo_ids": edit.photo_ids,
        "undo": f"/api/v1/edits/{edit.id}/undo" if edit.id is not None else None,
    }


# ---------------------------------------------------------------- what is asked for


def _parent(body: dict[str, Any]) -> Album | None:
    parent_id = asked.whole(body, "parent_id")
    return allowed_album(parent_id, "edit") if parent_id is not None else None
