"""Taking one's photos along: the page that says what an export holds, and the zips, made while they are sent."""

import re
import shlex
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, render_template, request

from photolib import access, albums
from photolib.catalog import Ownership
from photolib.errors import BadInput, NotFound, Refused
from photolib.export import choice, layout, zips
from photolib.export.choice import Choice
from photolib.export.layout import Layout
from photolib.export.zips import Part, Zip
from web import asked, words
from web.albums import allowed_album
from web.api import changeable, others_said
from web.guard import takes_files
from web.here import library, user, visitor
from web.language import _
from web.zips import answer

bp = Blueprint("export_pages", __name__)

GB = 10**9
MOST_ALBUMS = 1000  # to choose from
PATIENCE = 3.0  # seconds for the words of a search


@dataclass(frozen=True)
class What:
    """What somebody wants to take along. kind: everything, album, search or chosen; name: the album's title or the words;
    others: how many of the chosen photos are somebody else's."""

    kind: str
    choice: Choice
    name: str = ""
    album_id: int | None = None
    others: int = 0


@bp.get("/export")
def page() -> str:
    """Of everything, of ?album_id=12 or of ?q=words."""
    _require_member()
    return _page(
        _asked(request.args.get("what"), request.args.get("album_id"), request.args.get("q")), request.args.get("zip")
    )


@bp.post("/export")
@takes_files(asked.LARGEST_LIST)
def of_chosen() -> str:
    """Of the photos that were chosen somewhere: a form with the field `photos`, ids with commas between them."""
    _require_member()
    return _page(_chosen(), request.form.get("zip"))


@bp.post("/export/zip")
@takes_files(asked.LARGEST_LIST)
def download() -> Response:
    """One of the zips that the page offers."""
    _require_member()
    form = request.form
    what = _chosen() if form.get("what") == "chosen" else _asked(form.get("what"), form.get("album_id"), form.get("q"))
    part = re.fullmatch(r"(\d{1,18})-(\d{1,18})(?:-(\d{1,5}))?", form.get("part", ""), re.ASCII)
    if part is None:
        raise BadInput(_("Choose which of the zips to download."))
    today = date.today().isoformat()
    zipped = Zip(
        library(), user().id, what.choice, _template(what, form.get("folders")), int(part[1]), int(part[2]), f"photolib {today}",
        has_sidecars=form.get("sidecars") == "yes", is_web_size=form.get("size") == "web",
    )  # fmt: skip
    if zipped.is_empty:
        zipped.close()
        raise NotFound(_("There is no such photo."))
    try:
        entries = zipped.entries()
        name = f"photolib {today} {part[3]}" if part[3] else f"photolib {today}"
        response = answer(list(entries) if zipped.has_known_sizes else entries, name)
    except BaseException:
        zipped.close()
        raise
    response.call_on_close(zipped.close)
    return response


# ---------------------------------------------------------------- what


def _require_member() -> None:
    """Raises Refused for a guest, who keeps no photos here."""
    if not access.may(visitor(), "download", Ownership(0, user().id)):
        raise Refused(_("Guests keep no photos here, so there is nothing to export."))


def _asked(kind: str | None, album: str | None, query: str | None) -> What:
    """What a page or a form names; of an album or a search that is yet to be chosen, nothing. Raises NotFound for an album that is not
    the visitor's own."""
    kind = kind or ("album" if album else "search" if query else "everything")
    if (kind == "album" and not album) or (kind == "search" and not (query or "").strip()):
        return What(kind, Choice([]))
    if kind == "album":
        if not (album and album.isdecimal() and len(album) < 19):
            raise BadInput(_("Choose an album."))
        found = allowed_album(int(album), "edit")
        return What(kind, choice.of_album(library(), user().id, found.id), found.title, found.id)
    if kind == "search":
        asked_for = (query or "").strip()
        return What(kind, choice.found(library(), user().id, asked_for, PATIENCE), asked_for)
    return What("everything", choice.everything(library(), user().id))


def _chosen() -> What:
    """Of the photos chosen those that are the visitor's own. Raises NotFound for one that they may not see, Refused when none is theirs."""
    wanted = changeable(asked.form_list("photos"))
    found = choice.chosen(library().db, user().id, wanted.photo_ids)
    return What("chosen", found, others=wanted.others)


def _template(what: What, folders: str | None) -> Layout:
    if what.kind == "album":
        return layout.parse(layout.OF_AN_ALBUM)
    return layout.parse(layout.BY_ALBUM if folders == "album" else layout.STANDARD)


# ---------------------------------------------------------------- the page


def _page(what: What, gigabytes: str | None) -> str:
    limit = next((each for each in zips.SIZES_GB if str(each) == gigabytes), zips.USUAL_GB)
    _files, size = choice.size(library().db, what.choice.photo_ids)
    divided = zips.parts(library().db, what.choice, limit * GB)
    shelf = albums.albums(library().db, user().id, sort="title", size=MOST_ALBUMS, is_every_level=True)
    return render_template(
        "export.html", what=what, size=size, parts=[_said(each) for each in divided], limit=limit, albums=shelf.albums,
        limits=zips.SIZES_GB if size > min(zips.SIZES_GB) * GB else (), command=_command(what),
        photos=",".join(map(str, what.choice.photo_ids)) if what.kind == "chosen" else "",
        total=words.count(len(what.choice.photo_ids), "photo"), left_out=others_said(what.others),
    )  # fmt: skip


def _said(part: Part) -> tuple[Part, str]:
    return part, f"{words.count(part.photos, 'photo')}, {words.size(part.size)}"


def _command(what: What) -> str:
    """The same at a shell, for who has one."""
    words = ["photolib", "export", "/media/usb"]
    if what.kind in ("album", "search") and what.name:
        words += ["--album" if what.kind == "album" else "--query", what.name]
    if user().role != "admin":
        words += ["--owner", user().name]
    return shlex.join(words)
