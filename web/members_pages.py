"""The pages of what people with an account here share with each other: who is in an album, what happened in it, and everything with a
person or since a day. Every form works without script."""

from typing import Any

from flask import Blueprint, Response, render_template, request

from photolib import access, albums, catalog, faces
from photolib.albums import Album
from photolib.catalog import Ownership, Tile
from photolib.db import write, write_if_free
from photolib.errors import BadInput, Refused, TryLater
from photolib.scopes import Scope
from photolib.sharing import activity, grants, members, names, partners, saving, seen
from photolib.sharing.partners import Shared
from web import asked
from web import members as together
from web.albums import allowed_album, cover_of, rights
from web.api import allowed_photos
from web.asked import form_number
from web.done import done
from web.grid import grid
from web.guard import takes_files
from web.here import library, user, visitor
from web.language import _, ngettext
from web.media import WITHOUT_PLACE
from web.results import address

bp = Blueprint("members_pages", __name__)

MOST_SAVED = 500  # photos at a time: each is read and filed before the answer comes
LATEST, LINES = 8, 60  # lines of activity on an album's page, and on its own
bp.add_app_template_filter(together.role_words, "role_words")
bp.add_app_template_filter(together.initial, "initial")


def of_album(album: Album) -> dict[str, Any]:
    """What the page of an album needs of who is in it."""
    db, me = library().db, user().id
    found = members.of_album(db, album)
    is_shared = len(found) > 1
    has_activity = is_shared or activity.is_shared(db, album.id)
    return {
        "members": found if is_shared else [],
        "owner_name": "" if album.owner_id == me else found[0].name,
        "is_member": any(each.user_id == me and not each.is_owner for each in found),
        "lines": [together.told(each) for each in activity.lines(db, album.id, me, size=LATEST)] if has_activity else [],
        "has_unread": has_activity and activity.has_unread(db, album.id, me),
    }  # fmt: skip


def share_with_people(album: Album) -> dict[str, Any]:
    """What the template part _share_people.html needs: the dialog that shares an album includes it."""
    found = members.of_album(library().db, album)
    wide = {each.audience for each in found}
    return {
        "album": album,
        "members": found,
        "people": together.invited(album, found),
        "audiences": [(each, together.audience_words(each)) for each in ("followers", "public") if each not in wide],
        "roles": together.roles(),
        "wide_roles": together.roles(is_wide=True),
        "rights": rights(album),
        "called": together.name_of,
        "me": user().id,
        "may_show_places": access.sees_location(visitor(), album),
    }


@bp.app_template_global()
def is_something_shared() -> bool:
    """Whether somebody has shared something with the visitor that they have not seen: said in the rail."""
    return members.new_to(library().db, user().id) > 0


# ---------------------------------------------------------------- who is in an album


@bp.get("/albums/<int:album_id>/people")
def people(album_id: int) -> str:
    """Who is in an album; to whoever may manage it, the form that invites."""
    return render_template("album_people.html", **share_with_people(allowed_album(album_id)))


@bp.post("/albums/<int:album_id>/people")
def invite(album_id: int) -> Response:
    """Fields: user, or audience (followers or public); role; location: yes where places may be known."""
    found, form = allowed_album(album_id, "manage"), request.form
    role, shows = together.read_role(form.get("role")), form.get("location") == "yes"
    together.check_places(found, shows)
    audience = together.read_audience(form.get("audience") or "user")
    user_id = form_number("user") if audience == "user" else None
    with write(library().db) as db:
        members.invite(db, user().id, found, audience, user_id, role, shows)
    if user_id is not None:
        said = _("%(name)s sees this album now.", name=members.somebody(library().db, user_id).name)
    elif audience == "public":
        said = _("Everybody with an account here sees this album now.")
    else:
        said = _("Those who follow the owner see this album now.")
    return done(said, go=_page(album_id))


@bp.post("/albums/<int:album_id>/people/<int:member_id>")
def change(album_id: int, member_id: int) -> Response:
    """Fields: any of role, and location (yes or no)."""
    found, form = allowed_album(album_id, "manage"), request.form
    role = together.read_role(form["role"]) if "role" in form else None
    shows = form["location"] == "yes" if "location" in form else None
    together.check_places(found, shows)
    with write(library().db) as db:
        members.change(db, found, member_id, role, shows)
    return done(_("Saved"))


@bp.post("/albums/<int:album_id>/people/<int:member_id>/remove")
def remove(album_id: int, member_id: int) -> Response:
    found = allowed_album(album_id, "manage")
    with write(library().db) as db:
        members.remove(db, user().id, found, member_id)
    if found.owner_id != user().id and grants.on_album(library().db, user().id, album_id) is None:
        return done(_("You have left %(album)s.", album=found.title), go="/sharing")
    return done(_("Saved"))


@bp.post("/albums/<int:album_id>/leave")
def leave(album_id: int) -> Response:
    found = allowed_album(album_id)
    with write(library().db) as db:
        members.leave(db, user().id, found)
    return done(_("You have left %(album)s.", album=found.title), go="/sharing")


def _page(album_id: int) -> str | None:
    """Where a form that stands on no page of its own leads back to."""
    return f"/albums/{album_id}/people" if request.form.get("go") else None


# ---------------------------------------------------------------- what happened in it


@bp.get("/albums/<int:album_id>/activity")
def happened(album_id: int) -> str:
    found, before, me = allowed_album(album_id), asked.number("before"), user().id
    lines = activity.lines(library().db, album_id, me, before, LINES + 1)
    shown = lines[:LINES]
    _mark_read(album_id)
    return render_template(
        "album_activity.html", album=found, lines=[together.told(each) for each in shown],
        more=address(f"/albums/{album_id}/activity", before=shown[-1].id) if len(lines) > LINES else None,
    )  # fmt: skip


@bp.post("/albums/<int:album_id>/activity/read")
def read(album_id: int) -> Response:
    """What happened up to now is not new any more."""
    allowed_album(album_id)
    _mark_read(album_id)
    return done("")


def _mark_read(album_id: int) -> None:
    try:
        with write_if_free(library().db) as db:
            activity.read(db, album_id, user().id)
    except TryLater:
        pass  # it stays new for another while


# ---------------------------------------------------------------- everything with a person, or since a day


@bp.get("/people/<int:person_id>/share")
def ask_person(person_id: int) -> str:
    person = faces.person(library().db, user().id, person_id)
    return _ask(f"/people/{person_id}/share", f"/people/{person_id}", person_id=person_id, person=person.name)


@bp.post("/people/<int:person_id>/share")
def share_person(person_id: int) -> Response:
    return _share(person_id, None)


@bp.get("/share/since")
def ask_since() -> str:
    """?day=, and how many photos that is; the form that shares them."""
    return _ask("/share/since", "/sharing", since=request.args.get("day") or "2020-01-01")


@bp.post("/share/since")
def share_since() -> Response:
    return _share(None, request.form.get("day", ""))


def _ask(
    action: str, back: str, person_id: int | None = None, since: str | None = None, person: str | None = None
) -> str:
    db, me = library().db, user().id
    partners.check(db, me, person_id, since)
    given = [each for each in partners.given(db, me) if each.grant.person_id == person_id and each.grant.since == since]
    return render_template(
        "share_all.html", action=action, back=back, since=since, person=person, given=given,
        count=partners.count(db, me, person_id, since),
        people=members.strangers(db, me, [each.grant.user_id for each in given if each.grant.user_id]),
        roles=[(each, together.role_words(each)) for each in partners.ROLES],
    )  # fmt: skip


def _share(person_id: int | None, since: str | None) -> Response:
    """Fields: user, role, and location: yes where places may be known."""
    if user().role == "guest":
        raise Refused("A guest can look at photos here, and change nothing.")
    form, to = request.form, form_number("user")
    role, shows = together.read_role(form.get("role")), form.get("location") == "yes"
    with write(library().db) as db:
        made = partners.give(db, user().id, to, person_id, since, role, shows)
    name = names.shown(library().db, [to])[to]
    return done(_("%(name)s sees these photos now.", name=name), f"/grants/{made.id}/end", go="/sharing")


@bp.post("/grants/<int:grant_id>/end")
def end(grant_id: int) -> Response:
    """The giver takes back what is shared, or whom it was given to does not want it."""
    with write(library().db) as db:
        partners.end(db, user().id, grant_id)
    return done(_("This is not shared any more."), go="/sharing" if request.form.get("go") else None)


@bp.get("/shared/<int:grant_id>")
def shared(grant_id: int) -> str:
    """Everything that somebody shares in this way, as a grid."""
    found = partners.to_me(library().db, user().id, grant_id)
    view = grid(Scope("shared", (grant_id,)), f"/shared/{grant_id}")
    return render_template("shared_with_me.html", shared=found, title=title(found), grid=view)


def title(found: Shared) -> str:
    """What is shared, in words."""
    if found.grant.person_id is not None:
        return _("All photos of %(person)s", person=found.person or _("somebody"))
    from web import words

    return _("Everything since %(day)s", day=words.whole_date(found.grant.since or ""))


@bp.post("/shared/save")
@takes_files(asked.LARGEST_LIST)
def save() -> Response:
    """A form with photo, once for each: another's photos, which the visitor may download, become photos of their own as well."""
    photo_ids = asked.form_ids(is_needed=True)
    if len(photo_ids) > MOST_SAVED:
        raise BadInput("Save at most %(most)s photos at a time.", most=MOST_SAVED)
    allowed_photos(photo_ids, "download")
    shown: list[int] = []
    bare: list[int] = []
    for each in catalog.owners(library().db, photo_ids):
        if not seen.is_own(visitor(), each):
            (shown if access.sees_location(visitor(), each) else bare).append(each.id)
    found = [saving.take_over(library(), user(), shown, None), saving.take_over(library(), user(), bare, WITHOUT_PLACE)]
    new, known = sum(len(each.new) for each in found), sum(each.known for each in found)
    known += len(set(photo_ids)) - len(shown) - len(bare)  # one's own
    said = ngettext("%(num)s photo is in your library now", "%(num)s photos are in your library now", new)
    if known:
        said += ". " + ngettext("%(num)s was there already", "%(num)s were there already", known)
    return done(said)


# ---------------------------------------------------------------- all of that on one page


@bp.get("/shared")
def with_me() -> str:
    """What others share with somebody, and they with others; what is new there is so once."""
    return render_template("with_me.html", **on_sharing())


def on_sharing() -> dict[str, Any]:
    """What the page of sharing shows beside links: the parts _sharing_together.html. What is new there is so once."""
    db, me = library().db, user().id
    new = members.unseen(db, me)
    if new:
        try:
            with write_if_free(db) as changed:
                members.see(changed, me)
        except TryLater:
            pass
    theirs = _cards([each.album_id for each in grants.to_user(db, me) if each.album_id is not None])
    fresh = {each.album_id for each in grants.to_user(db, me) if each.id in new and each.album_id is not None}
    singles = [each.photo_id for each in grants.to_user(db, me) if each.photo_id is not None][:MOST_CARDS]
    return {
        "albums_with_others": _cards([each.album_id for each in grants.by_owner(db, me) if each.album_id is not None]),
        "albums_of_others": theirs,
        "fresh_albums": fresh,
        "single_photos": [each for each in catalog.tiles(db, singles) if access.may(visitor(), "view", _owned(each))],
        "given": [(title(each), each) for each in partners.given(db, me)],
        "taken": [(title(each), each, each.grant.id in new) for each in partners.taken(db, me)],
    }


def _owned(tile: Tile) -> Ownership:
    return Ownership(tile.id, tile.owner_id)


MOST_CARDS = 60


def _cards(album_ids: list[int]) -> list[dict[str, Any]]:
    """Albums in a list, with whose they are and who is in them."""
    db, me, cards = library().db, user().id, []
    chosen = list(dict.fromkeys(album_ids))[:MOST_CARDS]
    shown = {each.id: each for each in albums.some(db, chosen)}
    unread = activity.unread(db, chosen, me)
    for each in chosen:
        album = shown[each]
        inside = members.of_album(db, album)
        cover: Tile | None = cover_of(album)
        cards.append({
            "album": album, "cover": cover, "by": "" if album.owner_id == me else inside[0].name, "members": inside,
            "holds": ngettext("%(num)s photo", "%(num)s photos", album.photos), "is_unread": each in unread,
        })  # fmt: skip
    return cards
