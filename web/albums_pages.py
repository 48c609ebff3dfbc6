"""The pages of albums, and the forms that make, change, fill and arrange them. Each act answers with what was done and how to undo it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request
from sqlite_utils import Database

from photolib import access, album_edits, album_searches, albums, scopes
from photolib.album_edits import AlbumEdit
from photolib.albums import Album
from photolib.catalog import Tile
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.scopes import Scope
from photolib.search import saved
from photolib.sharing import contributions, grants, listing, members
from web import asked, members_pages, words
from web.albums import (
    allowed_album,
    cover_of,
    looked_at,
    owners_of,
    path_to,
    rights,
    sentence,
    to_change,
    to_move,
    to_put,
    to_take,
)
from web.api import allowed_photos
from web.asked import form_number
from web.done import done, undoing
from web.grid import grid
from web.guard import takes_files
from web.here import library, user, visitor
from web.language import _, ngettext
from web.results import address

bp = Blueprint("albums_pages", __name__)

PAGE = 60  # albums
SQUARES = 200  # photos that are arranged, or chosen from, on a page
SORTINGS = ("photos", "changed", "title")


@dataclass(frozen=True)
class Card:
    """An album in a list. holds: what is in it, and from when, in words; owner: the name of whoever else's it is; is_shared: whether
    others with an account see it."""

    id: int
    title: str
    holds: str
    cover: Tile | None
    kind: str
    owner: str = ""
    is_shared: bool = False


@bp.get("/albums")
def shelf() -> str:
    """One level of albums; with ?q= those of all levels."""
    return render_template("albums.html", path=[], **_shelf(None, "/albums"))


@bp.get("/albums/<int:album_id>")
def album(album_id: int) -> str:
    """With ?by= only what that user put there."""
    found, by = looked_at(album_id), asked.number("by") or None
    scope = Scope("album", (album_id,)) if by is None else Scope("added", (album_id, by))
    view = grid(scope, f"/albums/{album_id}", by=by)
    contributors = members.contributors(library().db, found)
    return render_template(
        "album.html",
        album=found,
        path=path_to(found),
        rights=rights(found),
        has_map=access.sees_location(visitor(), found),
        **members_pages.of_album(found),
        said=holds(found),
        contributors=contributors,
        by=by,
        shown=found.photos if by is None else sum(each.photos for each in contributors if each.user_id == by),
        grid=view,
        first=next(iter(scopes.ids(library().db, user().id, scope, 1)), None),
        orders=_orders(found),
        cards=_cards(albums.albums(library().db, user().id, album_id, size=PAGE).albums)
        if found.albums and found.owner_id == user().id
        else [],
        homes=albums.homes(library().db, user().id, album_id) if found.owner_id == user().id else [],
        **_sharing(found),
    )


def _sharing(found: Album) -> dict[str, Any]:
    """Whether the visitor may hand an album on, by how many links it is, and how many photos wait to come into it."""
    if not access.may(visitor(), "manage", found):
        return {"may_share": False, "links": 0, "waiting": 0}
    db = library().db
    waiting = contributions.count_for(db, found.id) if found.owner_id == user().id else 0
    return {"may_share": True, "links": listing.living(db, found.id), "waiting": waiting}


@bp.get("/albums/<int:album_id>/albums")
def inside(album_id: int) -> str:
    """All albums in one; its own page shows the first of them."""
    allowed_album(album_id, "edit")
    path = albums.path(library().db, album_id)
    return render_template("albums.html", path=path, **_shelf(album_id, f"/albums/{album_id}/albums"))


@bp.get("/albums/<int:album_id>/add")
def add(album_id: int) -> str:
    """The timeline, to choose photos from."""
    return render_template(
        "album_add.html", album=_by_hand(album_id), grid=grid(scopes.TIMELINE, f"/albums/{album_id}/add")
    )


@bp.get("/albums/<int:album_id>/arrange")
def arrange(album_id: int) -> str:
    """The photos in their order, to be moved; each can become the cover or be taken out here too."""
    return render_template("album_arrange.html", **_squares(_by_hand(album_id), "arrange"))


@bp.get("/albums/<int:album_id>/cover")
def cover(album_id: int) -> str:
    """The photos, to choose the one that stands for the album."""
    allowed_album(album_id, "manage")
    return render_template("album_cover.html", **_squares(looked_at(album_id), "cover"))


@bp.get("/albums/<int:album_id>/map")
def on_map(album_id: int) -> str:
    found = looked_at(album_id)
    if not access.sees_location(visitor(), found):
        raise NotFound("Where these photos were taken is not shared.")
    return render_template("album_map.html", album=found, is_placed=albums.is_placed(library().db, album_id))


# ---------------------------------------------------------------- acts


@bp.post("/albums")
@takes_files(asked.LARGEST_LIST)
def make() -> Response:
    """Fields: title; at will description, parent, and one of photo (once for each), query, saved (a saved search), folder (and
    is_tree, with the folders in it)."""
    form = request.form
    parent = allowed_album(form_number("parent"), "edit") if form.get("parent") else None
    photo_ids = asked.form_ids()
    allowed_photos(photo_ids, "edit")
    title, query = form.get("title", ""), form.get("query", "").strip() or None
    if form.get("saved"):
        search = saved.one(library().db, user().id, form_number("saved"))
        title, query = title or search.name, search.query
    with write(library().db) as db:
        edit = album_edits.make(
            db, user().id, title or query or "", form.get("description", ""), parent, photo_ids, query,
            form_number("folder") if form.get("folder") else None, form.get("is_tree") == "yes",
        )  # fmt: skip
    return _answer(edit, albums.album(library().db, edit.album_id).title, f"/albums/{edit.album_id}")


@bp.post("/albums/<int:album_id>/edit")
def change(album_id: int) -> Response:
    """Fields: any of title, description, order_by, query, parent ("" for none), cover ("" for the first photo); go, to the album's page."""
    form = request.form
    changes: dict[str, Any] = {
        name: form[name] for name in ("title", "description", "order_by", "query") if name in form
    }
    for field, name in (("parent", "parent_id"), ("cover", "cover_id")):
        if field in form:
            changes[name] = form_number(field) if form[field] else None
    found = to_change(album_id, changes)
    if changes.get("parent_id") is not None:
        allowed_album(changes["parent_id"], "edit")
    go = f"/albums/{album_id}" if form.get("go") else None
    return _edit(found, lambda db, now: album_edits.change(db, user().id, now, changes), go)


@bp.post("/albums/<int:album_id>/delete")
def delete(album_id: int) -> Response:
    found = allowed_album(album_id, "edit")
    above = f"/albums/{found.parent_id}" if found.parent_id else "/albums"
    return _edit(found, lambda db, now: album_edits.delete(db, user().id, now), above)


@bp.post("/albums/<int:album_id>/photos")
@takes_files(asked.LARGEST_LIST)
def put(album_id: int) -> Response:
    photo_ids = asked.form_ids()
    found, chosen = to_put(album_id, photo_ids)
    go = f"/albums/{album_id}" if request.form.get("go") else None
    return _edit(found, lambda db, now: album_edits.put(db, user().id, now, chosen.photo_ids), go, chosen.others)


@bp.post("/albums/<int:album_id>/photos/remove")
@takes_files(asked.LARGEST_LIST)
def take(album_id: int) -> Response:
    photo_ids = asked.form_ids()
    found, chosen = to_take(album_id, photo_ids)
    return _edit(found, lambda db, now: album_edits.take(db, user().id, now, chosen.photo_ids), others=chosen.others)


@bp.post("/albums/<int:album_id>/order")
def move(album_id: int) -> Response:
    """Fields: photo, and step: earlier, later, first or last."""
    photo_id = form_number("photo")
    found = to_move(album_id, [photo_id])
    step = request.form.get("step")
    scope = Scope("album", (album_id,))
    if step not in ("earlier", "later", "first", "last"):
        raise BadInput("A photo is moved earlier or later, or to one of the ends.")

    def act(db: Database, now: Album) -> AlbumEdit:
        newer, older = scopes.neighbours(db, user().id, photo_id, scope)
        first = scopes.ids(db, user().id, scope, 1)
        if (step in ("earlier", "first") and newer is None) or (step in ("later", "last") and older is None):
            return AlbumEdit(None, "move", now.id, [])
        before = {"earlier": newer, "first": first[0]}.get(step)
        return album_edits.move(db, user().id, now, [photo_id], before, older if step == "later" else None)

    return _edit(found, act)


def _edit(
    found: Album, act: Callable[[Database, Album], AlbumEdit], go: str | None = None, others: int = 0
) -> Response:
    """Do it to the album as it is once nobody else writes, and say so. others: photos it is not done to."""
    with write(library().db) as db:
        edit = act(db, albums.album(db, found.id))
    return _answer(edit, found.title, go, others)


def _answer(edit: AlbumEdit, title: str, go: str | None = None, others: int = 0) -> Response:
    return done(sentence(edit, title, others), undoing(edit.id), go)


# ---------------------------------------------------------------- how albums are shown


def holds(album: Album) -> str:
    """What is in an album, and from when: "3 albums · 120 photos · 2019 – 2021"."""
    parts = []
    if album.albums:
        parts.append(ngettext("%(num)s album", "%(num)s albums", album.albums))
    if album.photos or not album.albums:
        parts.append(ngettext("%(num)s photo", "%(num)s photos", album.photos))
    if album.first_at and album.last_at:
        parts.append(_span(album.first_at, album.last_at))
    return " · ".join(parts)


def _span(first_at: str, last_at: str) -> str:
    """From when to when: a day, or two, or years."""
    first, last = words.whole_date(first_at), words.whole_date(last_at)
    if first == last:
        return first
    return f"{first} – {last}"


def _cards(found: list[Album]) -> list[Card]:
    owners, shared = owners_of(found), grants.shared_albums(library().db, [each.id for each in found])
    return [_card(each, owners.get(each.owner_id, ""), each.id in shared) for each in found]


def _card(album: Album, owner: str, is_shared: bool) -> Card:
    first, last = (album.first_at or "")[:4], (album.last_at or "")[:4]
    years = first if first == last else f"{first} – {last}"
    count = (
        ngettext("%(num)s photo", "%(num)s photos", album.photos)
        if album.photos or not album.albums or owner
        else ngettext("%(num)s album", "%(num)s albums", album.albums)
    )
    said = _("of %(name)s", name=owner) if owner else ""
    holds = " · ".join(each for each in (count, years, said) if each)
    return Card(album.id, album.title, holds, cover_of(album), album.kind, owner, is_shared)


def _shelf(parent_id: int | None, path: str) -> dict[str, Any]:
    asked, sort = request.args.get("q", "").strip(), request.args.get("sort", "photos")
    sort = sort if sort in SORTINGS else "photos"
    album_searches.freshen_first(library(), user().id)
    cursor, is_top = request.args.get("cursor"), parent_id is None
    found = albums.albums(library().db, user().id, parent_id, asked, sort, cursor, PAGE, has_others=is_top)
    said = {"photos": _("Newest photo"), "changed": _("Last changed"), "title": _("Title")}
    return {
        "here_path": path,
        "parent_id": parent_id,
        "asked_album": asked,
        "sort": sort,
        "sorts": [(said[each], address(path, q=asked, sort=each), each == sort) for each in SORTINGS],
        "cards": _cards(found.albums),
        "more": address(path, q=asked, sort=sort, cursor=found.cursor) if found.cursor else None,
        "has_any": bool(found.albums)
        or bool(albums.albums(library().db, user().id, size=1, is_every_level=True).albums),
    }


def _squares(album: Album, page_name: str) -> dict[str, Any]:
    page = scopes.page(library().db, user().id, request.args.get("before"), SQUARES, Scope("album", (album.id,)))
    path = f"/albums/{album.id}/{page_name}"
    return {"album": album, "photos": page.photos, "more": address(path, before=page.cursor) if page.cursor else None}


def _orders(album: Album) -> list[tuple[str, str, bool]]:
    """(order, what it is called, whether it is the album's) of the orders an album can have."""
    said = {"oldest": _("Oldest first"), "newest": _("Newest first"), "manual": _("My own order")}
    return [
        (each, said[each], each == album.order_by) for each in albums.ORDERS if album.query is None or each != "manual"
    ]


def _by_hand(album_id: int) -> Album:
    found = allowed_album(album_id, "contribute")
    if found.query is not None:
        raise BadInput("This album is filled by its search. Change what it searches for instead.")
    return found
