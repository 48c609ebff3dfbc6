"""/api/v1: who is in an album and what happened in it; everything with a person, or since a day, shared with somebody."""

from typing import Any

from flask import Blueprint

from photolib import access, albums
from photolib.db import write
from photolib.sharing import activity, grants, members, partners
from photolib.sharing.partners import Shared
from web import asked
from web import members as together
from web.albums import albums_json, allowed_album
from web.described import described
from web.here import library, user, visitor
from web.language import _
from web.members_shapes import ALLOWING, GIVING, GRANT, HAPPENED, INVITING, LEFT, MEMBER, SHARED
from web.shapes import PAGE_BY_NUMBER, page_of

bp = Blueprint("members_api", __name__, url_prefix="/api/v1")

MOST_ALBUMS = 500


@bp.get("/albums/<int:album_id>/members")
@described(page_of(MEMBER))
def listed(album_id: int) -> dict[str, Any]:
    """Who may see an album: its owner first."""
    found = members.of_album(library().db, allowed_album(album_id))
    return {"items": [together.member_json(each) for each in found], "next": None}


@bp.post("/albums/<int:album_id>/members")
@described({201: page_of(MEMBER)}, body=INVITING)
def invite(album_id: int) -> tuple[dict[str, Any], int]:
    """Let somebody in (user_id), or an audience: followers of the owner, or public for everybody with an account here."""
    found, body = allowed_album(album_id, "manage"), asked.body()
    audience, user_id = together.read_audience(body.get("audience", "user")), asked.whole(body, "user_id")
    knows = access.sees_location(visitor(), found)
    role, shows = together.read_role(body.get("role")), asked.truth(body, "show_location", knows)
    together.check_places(found, shows)
    with write(library().db) as db:
        members.invite(db, user().id, found, audience, user_id, role, shows)
    return listed(album_id), 201


@bp.patch("/albums/<int:album_id>/members/<int:member_id>")
@described(page_of(MEMBER), body=ALLOWING)
def change(album_id: int, member_id: int) -> dict[str, Any]:
    """Let a member do more or less, from the next request on."""
    found, body = allowed_album(album_id, "manage"), asked.body()
    role = together.read_role(body["role"]) if "role" in body else None
    shows = asked.truth(body, "show_location") if "show_location" in body else None
    together.check_places(found, shows)
    with write(library().db) as db:
        members.change(db, found, member_id, role, shows)
    return listed(album_id)


@bp.delete("/albums/<int:album_id>/members/<int:member_id>")
@described(LEFT)
def remove(album_id: int, member_id: int) -> dict[str, Any]:
    """Take a member out. Their photos leave the album with them."""
    found = allowed_album(album_id, "manage")
    with write(library().db) as db:
        members.remove(db, user().id, found, member_id)
    return {"said": _("Saved")}


@bp.post("/albums/<int:album_id>/leave")
@described(LEFT)
def leave(album_id: int) -> dict[str, Any]:
    """Leave an album that somebody invited the asker into. Their photos leave with them."""
    found = allowed_album(album_id)
    with write(library().db) as db:
        members.leave(db, user().id, found)
    return {"said": _("You have left %(album)s.", album=found.title)}


@bp.get("/albums/<int:album_id>/activity")
@described(page_of(HAPPENED), query=PAGE_BY_NUMBER)
def happened(album_id: int) -> dict[str, Any]:
    """What people did in an album, the latest first."""
    allowed_album(album_id)
    size = asked.size()
    lines = activity.lines(library().db, album_id, user().id, asked.number("cursor"), size + 1)
    following = str(lines[size - 1].id) if len(lines) > size else None
    return {"items": [together.line_json(each) for each in lines[:size]], "next": following}


# ---------------------------------------------------------------- shared with me, and by me


@bp.get("/shared")
@described(SHARED)
def shared() -> dict[str, Any]:
    """What others with an account here share with the asker: albums, and everything with a person or since a day."""
    db, me = library().db, user().id
    given = [each for each in grants.to_user(db, me) if each.album_id is not None][:MOST_ALBUMS]
    roles: dict[int | None, grants.Role] = {}
    for each in given:
        roles[each.album_id] = max(roles.get(each.album_id, "view"), each.role, key=grants.ROLES.index)
    found = albums.some(db, [each for each in roles if each is not None])
    return {
        "albums": [{**said, "role": roles[each.id]} for each, said in zip(found, albums_json(found), strict=True)],
        "grants": [grant_json(each) for each in partners.taken(db, me)],
    }


@bp.get("/grants")
@described(page_of(GRANT))
def given() -> dict[str, Any]:
    """What the asker shares in this way."""
    return {"items": [grant_json(each) for each in partners.given(library().db, user().id)], "next": None}


@bp.post("/grants")
@described({201: GRANT}, body=GIVING, problems=[404])
def give() -> tuple[dict[str, Any], int]:
    """Share everything with a person (person_id), or since a day, with somebody: what there is, and what comes later."""
    body = asked.body()
    role, shows = together.read_role(body.get("role", "view")), asked.truth(body, "show_location", True)
    with write(library().db) as db:
        made = partners.give(
            db, user().id, asked.needed(body, "user_id"), asked.whole(body, "person_id"), asked.text(body, "since"), role, shows
        )  # fmt: skip
    return grant_json(partners.shared(library().db, made)), 201


@bp.delete("/grants/<int:grant_id>")
@described(LEFT)
def end(grant_id: int) -> dict[str, Any]:
    """Take it back; or, for whom it was given to, do without it."""
    with write(library().db) as db:
        partners.end(db, user().id, grant_id)
    return {"said": _("This is not shared any more.")}


def grant_json(found: Shared) -> dict[str, Any]:
    grant = found.grant
    return {
        "grant_id": grant.id, "owner_id": grant.owner_id, "user_id": grant.user_id, "giver": found.giver, "receiver": found.receiver,
        "person": found.person, "since": grant.since, "role": grant.role, "show_location": grant.show_location, "count": found.photos,
        "scope": f"shared-{grant.id}",
    }  # fmt: skip
