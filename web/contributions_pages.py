"""What visitors sent through links, before it is anybody's photo: looked at in quarantine, then taken or refused."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file

from photolib import albums, edits, uploads
from photolib.db import write
from photolib.errors import BadInput, NotFound, PhotolibError
from photolib.sharing import contributions, links
from photolib.sharing.contributions import Contribution
from web import asked, sharing
from web.api import allowed_photos
from web.done import done
from web.guard import takes_files
from web.here import library, user
from web.language import ngettext
from web.results import address

bp = Blueprint("contributions_pages", __name__)

PAGE = 60
MOST = 1000  # in one act, as many as one link lets wait
SIZES = ("thumb", "medium")


@dataclass(frozen=True)
class Card:
    """Something that waits. into: the album that it would join."""

    contribution: Contribution
    into: str
    link: str


@bp.get("/sharing/waiting")
def page() -> str:
    """What waits for the visitor's decision, the first to come first; with ?link_id= of one link only."""
    db, link_id = library().db, asked.number("link_id")
    if link_id is not None:
        sharing.allowed_link(link_id)
    found = contributions.waiting(db, user().id, link_id, asked.number("cursor"), PAGE)
    by_id = {each.id: each for each in links.some(db, list({each.link_id for each in found.contributions}))}
    shown = sharing.albums_of(list(by_id.values()))
    cards = [
        Card(each, shown[by_id[each.link_id].album_id].title, f"/sharing/{each.link_id}")
        for each in found.contributions
    ]
    more = address("/sharing/waiting", link_id=link_id, cursor=found.cursor) if found.cursor else None
    return render_template(
        "sharing_waiting.html",
        cards=cards,
        more=more,
        link_id=link_id,
        count=contributions.count(db, user().id, link_id),
    )


@bp.get("/sharing/waiting/<int:contribution_id>/<variant>")
def picture(contribution_id: int, variant: str) -> Response:
    """A small picture of what waits. Nothing of the file itself is ever served before it is taken."""
    if variant not in SIZES:
        raise NotFound("There is no such picture.")
    [found] = contributions.of_owner(library().db, user().id, [contribution_id])
    response = send_file(contributions.picture(library(), found, variant), max_age=0)
    response.headers["Cache-Control"] = "private, max-age=600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return response


@bp.post("/sharing/waiting")
@takes_files(asked.LARGEST_LIST)
def decide() -> Response:
    """Fields: act (accept or refuse), and contribution once for each; or all, for everything that waits (of link_id, where it is given)."""
    act = request.form.get("act")
    if act not in ("accept", "refuse"):
        raise BadInput("Photos that were sent are taken or refused.")
    chosen = _chosen()
    return _accept(chosen) if act == "accept" else _refuse(chosen)


@bp.post("/sharing/waiting/undo")
@takes_files(asked.LARGEST_LIST)
def undo() -> Response:
    """Field, mostly in the query: contribution, those that were refused, with commas between them; they wait again."""
    found = contributions.of_owner(library().db, user().id, _listed("contribution"))
    with write(library().db) as db:
        for each in found:
            contributions.take_back(db, each)
    return done(ngettext("The photo waits again", "%(num)s photos wait again", len(found)))


def _listed(name: str) -> list[int]:
    """Ids with commas between them, in the query or the form."""
    texts = request.values.get(name, "").split(",")
    if len(texts) > MOST or not all(re.fullmatch(r"\d{1,18}", each, re.ASCII) for each in texts):
        raise BadInput("Choose some of what is on the page.")
    return [int(each) for each in texts]


def _chosen() -> list[Contribution]:
    db, form = library().db, request.form
    if form.get("all") == "yes":
        link_id = asked.form_number("link_id") if form.get("link_id") else None
        if link_id is not None:
            sharing.allowed_link(link_id)
        return contributions.waiting(db, user().id, link_id, size=MOST).contributions
    ids = asked.form_ids("contribution", is_needed=True)
    if len(ids) > MOST:
        raise BadInput("Choose at most %(most)s at a time.", most=MOST)
    return contributions.of_owner(db, user().id, ids)


def _accept(chosen: list[Contribution]) -> Response:
    """Those that cannot be read stay where they are, and it is said how many."""
    taken, fresh, problem = 0, [], None
    for each in chosen:
        was_there = _is_photo_already(each)
        try:
            photo_id = contributions.accept(library(), each)
        except PhotolibError as why:
            problem = why
            continue
        taken += 1
        if not was_there:
            fresh.append(photo_id)
    if problem is not None and not taken:
        raise problem
    into = {
        albums.album(library().db, each.album_id).title
        for each in links.some(library().db, [one.link_id for one in chosen])
    }
    said = ngettext("Added to %(album)s", "%(num)s photos added to %(album)s", taken, album=", ".join(sorted(into)))
    if problem is not None:
        said += " · " + ngettext("%(num)s could not be read", "%(num)s could not be read", len(chosen) - taken)
    return done(said, address("/sharing/waiting/trash", photo=",".join(map(str, fresh))) if fresh else None)


@bp.post("/sharing/waiting/trash")
@takes_files(asked.LARGEST_LIST)
def put_away() -> Response:
    """Undo an acceptance: what has just become photos goes into the trash. Field, mostly in the query: photo, with commas between them."""
    ids = _listed("photo")
    allowed_photos(ids, "edit")
    with write(library().db) as db:
        edit = edits.edit(db, user().id, ids, {"is_trashed": True})
    return done(
        ngettext("Moved to the trash", "%(num)s photos moved to the trash", len(ids)),
        f"/edits/{edit.id}/undo" if edit.id is not None else None,
    )


def _is_photo_already(contribution: Contribution) -> bool:
    """Whether the owner has these bytes already, so that taking them makes no new photo."""
    db = library().db
    if contribution.upload_id is None:
        return True
    found: Any = uploads.find(db, contribution.upload_id)
    return uploads.own_photo(db, found.owner_id, found.digest or "") is not None


def _refuse(chosen: list[Contribution]) -> Response:
    waiting = [each for each in chosen if each.decision is None]
    with write(library().db) as db:
        for each in waiting:
            contributions.refuse(db, each)
    ids = ",".join(str(each.id) for each in waiting)
    return done(
        ngettext("The photo is refused", "%(num)s photos are refused", len(waiting)),
        address("/sharing/waiting/undo", contribution=ids) if waiting else None,
    )
