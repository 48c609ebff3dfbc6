"""Keeping order: favourites, archive, what came lately, videos, tags and the trash, each as its own grid."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from photolib import scopes, tags, trash
from photolib.db import write
from photolib.edits import Edit
from photolib.errors import BadInput
from photolib.scopes import Scope
from photolib.trash import Size
from web import asked, words
from web.api import allowed_photos
from web.done import done, undoing
from web.grid import grid
from web.guard import takes_files
from web.here import library, user
from web.language import N_, _, ngettext

bp = Blueprint("order_pages", __name__)

AT_ONCE = 1.5  # seconds of deleting that somebody waits for; the worker does the rest


@dataclass(frozen=True)
class Shelf:
    """A page that is one scope: its title, the icon and words of its place in the rail, and what it says while it is empty."""

    title: str
    here: str
    empty: str


SHELVES = {
    "favourites": Shelf(N_("Favourites"), "favourite", N_("Photos you give a heart are here.")),
    "archive": Shelf(
        N_("Archive"),
        "archive",
        N_("Photos you put away without deleting them are here. They stay in albums and search."),
    ),
    "recent": Shelf(N_("Recently added"), "recent", N_("What you add is here, the latest first.")),
    "videos": Shelf(N_("Videos"), "videos", N_("Your videos are here.")),
}


@bp.get("/favourites", defaults={"kind": "favourites"})
@bp.get("/archive", defaults={"kind": "archive"})
@bp.get("/recent", defaults={"kind": "recent"})
@bp.get("/videos", defaults={"kind": "videos"})
def shelf(kind: str) -> str:
    found = SHELVES[kind]
    return render_template("shelf.html", shelf=found, grid=grid(Scope(kind), f"/{kind}"))


# ---------------------------------------------------------------- tags


@bp.get("/tags")
def tag_list() -> str:
    return render_template("tags.html", tags=tags.tags(library().db, user().id))


@bp.get("/tags/<int:tag_id>")
def tag(tag_id: int) -> str:
    found = tags.tag(library().db, user().id, tag_id)
    others = [each for each in tags.tags(library().db, user().id) if each.id != tag_id]
    return render_template("tag.html", tag=found, others=others, grid=grid(Scope("tag", (tag_id,)), f"/tags/{tag_id}"))


@bp.post("/tags/<int:tag_id>")
def change_tag(tag_id: int) -> Response:
    """A form with `act`: rename (name), merge (into: a tag's id) or delete."""
    act = request.form.get("act")
    with write(library().db) as db:
        if act == "rename":
            name = " ".join(request.form.get("name", "").split())
            edit = tags.rename(db, user().id, tag_id, name)
            stays = next((each.id for each in tags.tags(db, user().id) if each.name == name), None)
        elif act == "merge":
            stays = asked.form_number("into")
            edit = tags.merge(db, user().id, stays, tag_id)
        elif act == "delete":
            stays, edit = None, tags.delete(db, user().id, tag_id)
        else:
            raise BadInput(_("A tag is renamed, merged or deleted."))
    return done(tag_sentence(edit), undoing(edit.id), f"/tags/{stays}" if stays else "/tags")


def tag_sentence(edit: Edit) -> str:
    """What was done to a tag, in words."""
    n = len(edit.photo_ids)
    if edit.id is None:
        return _("Nothing had to be changed.")
    return {
        "rename tag": _("The tag has a new name."),
        "merge tags": ngettext("Two tags are one now, on one more photo.", "Two tags are one now, on %(num)s more photos.", n),
        "delete tag": ngettext("The tag is deleted. It was on one photo.", "The tag is deleted. It was on %(num)s photos.", n),
    }[edit.what]  # fmt: skip


# ---------------------------------------------------------------- the trash


@bp.get("/trash")
def trash_page() -> str:
    db, owner = library().db, user().id
    days = library().config.trash_days
    return render_template(
        "trash.html",
        grid=grid(scopes.TRASH, "/trash"),
        days=days,
        oldest=trash.oldest(db, owner),
        days_left=_days_left(),
        waiting=trash.waiting_count(db, owner),
        count=scopes.count(db, owner, scopes.TRASH),
    )


def _days_left() -> int | None:
    oldest = trash.oldest(library().db, user().id)
    return trash.days_left(oldest, library().config.trash_days) if oldest else None


@bp.get("/trash/empty")
def ask() -> str:
    """The one question photolib asks, as a page of its own where there is no script."""
    return render_template("trash_ask.html", size=trash.weigh(library().db, user().id))


@bp.post("/trash/delete")
@takes_files(asked.LARGEST_LIST)
def delete() -> Response:
    """A form with `photo`, once for each that is to be deleted for good, or `all` for everything in the trash."""
    photo_ids = None
    if not request.form.get("all"):
        photo_ids = asked.form_ids(is_needed=True)
        allowed_photos(photo_ids, "edit")
    size, left = empty(photo_ids)
    return done(said(size, left), go="/trash" if photo_ids is None else None)


def empty(photo_ids: list[int] | None) -> tuple[Size, int]:
    """Delete photos, or everything in the visitor's trash, for good: what that comes to, and how many are left to the worker."""
    db, owner = library().db, user().id
    size = trash.weigh(db, owner, photo_ids)
    with write(db) as database:
        trash.delete(database, owner, photo_ids)
    trash.work(library(), AT_ONCE)
    return size, trash.waiting_count(db, owner)


def said(size: Size, left: int) -> str:
    """What deleting came to, in words."""
    if not size.photos:
        return _("There was nothing to delete.")
    what = ngettext("%(num)s photo is deleted for good.", "%(num)s photos are deleted for good.", size.photos)
    if left:
        return ngettext("%(num)s photo is being deleted.", "%(num)s photos are being deleted.", size.photos)
    return f"{what} {_('That made room for %(size)s.', size=words.size(size.bytes))}" if size.bytes else what


def question(size: Size) -> str:
    """What the dialog says before photos are deleted for good."""
    what = ngettext(
        "%(num)s photo and everything known about it are deleted.",
        "%(num)s photos and everything known about them are deleted.",
        size.photos,
    )
    room = _("That makes room for %(size)s.", size=words.size(size.bytes)) if size.bytes else ""
    return " ".join(each for each in (what, room, _("This cannot be undone.")) if each)


@bp.app_template_filter()
def asked_of(size: Size) -> str:
    return str(Markup.escape(question(size)))
