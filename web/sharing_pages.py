"""The pages of sharing: what is shared by links, each link with what happened at it, and how one is made."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import segno
from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from photolib import access, albums
from photolib.catalog import Tile
from photolib.db import write
from photolib.errors import BadInput
from photolib.sharing import contributions, doors, links, listing, unlisted
from photolib.sharing.links import Link
from photolib.sharing.listing import Counts
from web import asked, reached, sharing, words
from web.albums import looked_at
from web.api import changeable, others_said
from web.done import done, wants_json
from web.guard import takes_files
from web.here import library, user, visitor
from web.language import _, ngettext
from web.results import address
from web.sharing import Wanted

bp = Blueprint("sharing_pages", __name__)

PAGE, LINES = 50, 50
ENDS = {"week": 7, "month": 30}  # days
USUAL = (
    "download"  # what visitors may do, unless their host says otherwise: those who are sent photos expect to keep them
)


@dataclass(frozen=True)
class Fact:
    """Something about a link: an icon, and what it says."""

    icon: str
    said: str


@dataclass(frozen=True)
class Card:
    """A link in a list. facts: who can do what; happened: what did."""

    link: Link
    title: str
    holds: str
    cover: Tile | None
    facts: list[Fact]
    happened: str
    waiting: int


@bp.get("/sharing")
def shelf() -> str:
    """Links that open, or with ?state=ended those that have ended; with ?album_id= those to one album."""
    db, has_ended, album_id = library().db, request.args.get("state") == "ended", asked.number("album_id")
    owner_id, album = user().id, None
    if album_id is not None:
        wanted = sharing.an_album(album_id)
        owner_id, album = wanted.owner_id, wanted.album
    page = listing.page(db, owner_id, has_ended, asked.number("cursor"), PAGE, album_id)
    state = "ended" if has_ended else None
    return render_template(
        "sharing.html", cards=_cards(page.links), has_ended=has_ended, album=album,
        living=address("/sharing", album_id=album_id), ended=address("/sharing", album_id=album_id, state="ended"),
        more=address("/sharing", album_id=album_id, state=state, cursor=page.cursor) if page.cursor else None,
        waiting=contributions.count(db, user().id),
    )  # fmt: skip


@bp.get("/sharing/<int:link_id>")
def link(link_id: int) -> str:
    return _link_page(sharing.allowed_link(link_id))


@bp.get("/share")
def ask() -> ResponseReturnValue:
    """Before something is shared: ?album=, ?photo= or ?q= (a search)."""
    if not request.args:
        return redirect("/sharing")
    return _ask_page(_wanted(request.args))


@bp.post("/share/selection")
@takes_files(asked.LARGEST_LIST)
def ask_selection() -> str:
    """The same for chosen photos, which are too many for an address. Nothing is changed yet."""
    return _ask_page(_wanted(request.form))


# ---------------------------------------------------------------- acts


@bp.post("/share")
@takes_files(asked.LARGEST_LIST)
def make() -> ResponseReturnValue:
    """Make a link. To our script it says the address, to a browser without script it shows the link's page."""
    form = request.form
    made, token = sharing.make(_wanted(form), _options(form), form.get("password") or None)
    page = f"/sharing/{made.id}"
    if not wants_json():
        return Response(status=303, headers={"Location": page})
    album = albums.album(library().db, made.album_id)
    return jsonify({
        "said": _("The link is made"), "undo": f"{page}/revoke", "page": page, "url": sharing.share_url(made, token),
        "title": sharing.title_of(made, album),
    })  # fmt: skip


@bp.post("/sharing/<int:link_id>")
def change(link_id: int) -> Response:
    sharing.change(sharing.allowed_link(link_id), _options(request.form))
    return done(_("Saved"))


@bp.post("/sharing/<int:link_id>/password")
def change_password(link_id: int) -> Response:
    """Fields: password; or act "none", to ask for none any more."""
    found, form = sharing.allowed_link(link_id), request.form
    if form.get("act") == "none":
        sharing.change(found, {}, [None])
        return done(_("The link asks for no password any more."))
    sharing.change(found, {}, [form.get("password", "")])
    return done(_("The password is set. Everybody has to type it, those too who were here before."))


@bp.post("/sharing/<int:link_id>/revoke")
def revoke(link_id: int) -> Response:
    found = sharing.allowed_link(link_id)
    with write(library().db, durable=True) as db:
        links.revoke(db, found)
    return done(_("The link is revoked: it leads nowhere any more."), f"/sharing/{link_id}/restore")


@bp.post("/sharing/<int:link_id>/restore")
def restore(link_id: int) -> Response:
    found = sharing.allowed_link(link_id)
    with write(library().db, durable=True) as db:
        links.restore(db, found)
    return done(_("The link opens again."))


@bp.post("/sharing/<int:link_id>/renew")
def renew(link_id: int) -> Response:
    found = sharing.allowed_link(link_id)
    with write(library().db, durable=True) as db:
        links.renew(db, found, links.key(library().data))
    return done(_("The link has a new address. The old one leads nowhere any more."))


# ---------------------------------------------------------------- what is asked for


def _wanted(said: Any) -> Wanted:
    """What a query or a form names: album, photo, photos (with commas between them) or q."""
    name = sharing.one_of_both(said, "album", "photo", "photos", "q")
    if name == "q":
        return sharing.a_search(said.get("q", ""))
    if name == "photos":
        return sharing.some_photos(changeable(asked.form_list("photos")).photo_ids)
    number = asked.number(name) if said is request.args else asked.form_number(name)
    return sharing.an_album(number or 0) if name == "album" else sharing.some_photos([number or 0])


def _options(form: Any) -> dict[str, Any]:
    """The options of a form, as links.checked() takes them."""
    ends, most = form.get("ends", "never"), form.get("max_uses", "").strip()
    options: dict[str, Any] = {
        "permission": form.get("permission", USUAL),
        "name": form.get("name", ""),
        "note": form.get("note", ""),
        "max_uses": asked.form_number("max_uses") if most else None,
        **{name: form.get(name) == "yes" for name in ("show_location", "show_camera", "may_preview")},
    }
    if ends == "never":
        options["expires_at"] = None
    elif ends in ENDS:
        options["expires_at"] = (datetime.now(UTC) + timedelta(days=ENDS[ends])).isoformat(timespec="seconds")
    elif ends == "day":
        options["expires_at"] = _end_of(form.get("until", ""))
    return options  # "same": it ends when it ended


def _end_of(day: str) -> str:
    """The last moment of a day where photolib runs."""
    try:
        last = datetime.combine(datetime.fromisoformat(day).date(), time(23, 59, 59))
        return last.astimezone().isoformat()
    except (ValueError, OverflowError) as problem:
        raise BadInput("Say on which day the link ends.") from problem


# ---------------------------------------------------------------- how links are shown


def _ask_page(wanted: Wanted) -> str:
    db = library().db
    there = (
        listing.page(db, wanted.owner_id, size=3, album_id=wanted.album.id).links if wanted.album is not None else []
    )
    chosen = len(set(filter(None, request.values.get("photos", "").split(","))))
    return render_template(
        "share.html", wanted=wanted, left_out=others_said(max(0, chosen - len(wanted.photo_ids))),
        about=sharing.how_many(wanted), usual=USUAL, kinds=_kinds(),
        there=[(each, _ways_in(each), _facts(each)) for each in there], shortest=doors.SHORTEST_PASSWORD,
        is_nowhere_else=reached.is_nowhere_else(),
        field=_field(wanted),
    )  # fmt: skip


def _field(wanted: Wanted) -> tuple[str, str]:
    """What the form carries of it: a name and a value."""
    if wanted.album is not None:
        return "album", str(wanted.album.id)
    return ("q", wanted.query) if wanted.query is not None else ("photos", ",".join(map(str, wanted.photo_ids)))


def _kinds() -> list[tuple[str, str, str]]:
    """(permission, icon, words) of what visitors may do."""
    said = {"view": _("Look"), "download": _("Look and download"), "contribute": _("Look, download and add photos")}
    icons = {"view": "eye", "download": "download", "contribute": "add"}
    return [(each, icons[each], said[each]) for each in links.PERMISSIONS]


@dataclass(frozen=True)
class WaysIn:
    """How a link is handed on: its address, and that as a square for a camera; None when its address is not known any more."""

    url: str | None
    square: str | None


def _ways_in(found: Link) -> WaysIn:
    url = sharing.share_url(found)
    drawn = segno.make(url, error="l", micro=False) if url else None
    return WaysIn(url, drawn.svg_data_uri(scale=4, border=3, dark="#000", light="#fff") if drawn else None)


def _link_page(found: Link) -> str:
    db = library().db
    album = looked_at(found.album_id)
    counts = listing.counts(db, [found.id])[found.id]
    lines, cursor = listing.log(db, found.id, asked.number("before"), LINES)
    visits = listing.days(db, found.id)
    return render_template(
        "sharing_link.html", link=found, album=album, ways=_ways_in(found), counts=counts, title=sharing.called(found, album),
        holds=sharing.holds(found, album), kinds=_kinds(), told=_facts(found), shortest=doors.SHORTEST_PASSWORD,
        is_listed=not unlisted.is_unlisted(db, album.id), about=sharing.how_many(sharing.an_album(album.id)),
        lines=[(each, _happening(each.what, each.photos)) for each in lines],
        older=address(f"/sharing/{found.id}", before=cursor) if cursor else None,
        visits=[(words.whole_date(day), number) for day, number in visits] if counts.visits else [], most=max(n for _day, n in visits),
        until=_day_of(found), is_nowhere_else=reached.is_nowhere_else(), said_visits=_visits(counts),
        waiting=contributions.count(db, found.owner_id, found.id), knows_places=access.sees_location(visitor(), album),
    )  # fmt: skip


def _day_of(found: Link) -> str:
    """The day a link ends, where photolib runs, as a field for dates has it."""
    return datetime.fromisoformat(found.expires_at).astimezone().date().isoformat() if found.expires_at else ""


def _cards(found: list[Link]) -> list[Card]:
    db = library().db
    waiting = contributions.counts(db, [each.id for each in found])
    counted, shown = listing.counts(db, [each.id for each in found]), sharing.albums_of(found)
    cards = []
    for each in found:
        album = shown[each.album_id]
        cards.append(
            Card(
                each,
                sharing.called(each, album),
                sharing.holds(each, album),
                album.cover,
                _facts(each),
                _visits(counted[each.id]),
                waiting.get(each.id, 0),
            )
        )
    return cards


def _facts(found: Link) -> list[Fact]:
    """Who can do what, until when; what is usual is not said."""
    facts = [next(Fact(icon, said) for kind, icon, said in _kinds() if kind == found.permission)]
    if found.password is not None:
        facts.append(Fact("passkey", _("Password")))
    if found.max_uses is not None:
        facts.append(
            Fact(
                "people",
                _("%(uses)s of %(most)s visitors", uses=words.number(found.uses), most=words.number(found.max_uses)),
            )
        )
    if found.show_location:
        facts.append(Fact("place", _("Places are shown")))
    if found.show_camera:
        facts.append(Fact("camera", _("Camera is shown")))
    if found.revoked_at is not None:
        facts.append(Fact("close", _("Revoked on %(day)s", day=words.whole_date(found.revoked_at))))
    elif found.expires_at is not None:
        day = words.whole_date(datetime.fromisoformat(found.expires_at).astimezone().isoformat())
        facts.append(Fact("when", _("Ended on %(day)s", day=day) if found.has_ended else _("Ends on %(day)s", day=day)))
    return facts


def _visits(counts: Counts) -> str:
    """What happened at a link: "12 visits, 3 downloads, last opened on 3 June 2026"."""
    if not counts.visits:
        return _("Not opened yet")
    said = [ngettext("%(num)s visit", "%(num)s visits", counts.visits)]
    if counts.downloads:
        said.append(ngettext("%(num)s download", "%(num)s downloads", counts.downloads))
    if counts.last_at:
        said.append(_("last opened %(moment)s", moment=words.moment(counts.last_at)))
    return ", ".join(said)


def _happening(what: str, photos: int) -> str:
    """A line of a link's log in words."""
    return {
        "opened": _("Opened"),
        "refused": _("Wrong password"),
        "downloaded": ngettext("%(num)s photo downloaded", "%(num)s photos downloaded", photos)
        if photos
        else _("Downloaded"),
        "contributed": ngettext("%(num)s photo sent", "%(num)s photos sent", photos),
        "saved": ngettext("%(num)s photo saved to their library", "%(num)s photos saved to their library", photos),
    }.get(what, what)
