"""/api/v1: sharing an album, photos or a search, and the links there are. A link is named by its number; its secret is in its address."""

from typing import Any, cast
from urllib.parse import urljoin

from flask import Blueprint, request

from photolib import access
from photolib.accounts import users
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.sharing import grants, links, listing, members
from photolib.sharing.grants import Grant
from web import asked, reached, sharing
from web.described import described
from web.guard import takes_files
from web.here import library, user, visitor
from web.language import _
from web.link_shapes import CHANGING, LINE, LINK, LINK_ENDED, SHARED, SHARING, SHARING_PHOTOS
from web.members import check_places
from web.shapes import ID, PAGE_BY_NUMBER, one_of, page_of
from web.sharing import Wanted

bp = Blueprint("sharing_api", __name__, url_prefix="/api/v1")

OF_LINKS = ("expires_at", "max_uses", "show_location", "show_camera", "may_preview", "name", "note")


@bp.post("/albums/<int:album_id>/share")
@described({201: SHARED}, body=SHARING)
def share_album(album_id: int) -> tuple[dict[str, Any], int]:
    """Share an album: by a link (type "link", unless said otherwise), with user_ids, or with everybody who has an account here."""
    return _share(sharing.an_album(album_id), asked.body()), 201


@bp.post("/photos/share")
@takes_files(asked.LARGEST_LIST)
@described({201: SHARED}, body=SHARING_PHOTOS, problems=[404])
def share_photos() -> tuple[dict[str, Any], int]:
    """Share photo_ids, or what a query finds now and later, or an album."""
    body = asked.body()
    what = sharing.one_of_both(body, "photo_ids", "query", "album_id")
    if what == "photo_ids":
        return _share(sharing.some_photos(asked.ids(body)), body), 201
    if what == "album_id":
        return _share(sharing.an_album(asked.needed(body, "album_id")), body), 201
    return _share(sharing.a_search(asked.text(body, "query", is_needed=True) or ""), body), 201


def _share(wanted: Wanted, body: dict[str, Any]) -> dict[str, Any]:
    kind = body.get("type", "link")
    if kind == "link":
        if body.get("user_ids") is not None:
            raise BadInput('A link is for whoever has it. Share with named users by "type": "users".')
        link, token = sharing.make(wanted, _options(body), asked.text(body, "password"))
        return {"share_id": link.id, "share_ids": [link.id], "share_url": sharing.share_url(link, token), "type": kind}
    for name in (*OF_LINKS, "password"):
        if body.get(name) not in (None, False, "") and name != "show_location":
            raise BadInput("%(name)s is for links.", name=name)
    given = _give(wanted, kind, body)
    ids = [each.id for each in given]
    path = f"/photo/{given[0].photo_id}" if given[0].photo_id else f"/albums/{given[0].album_id}"
    return {"share_id": ids[0], "share_ids": ids, "share_url": urljoin(reached.base(), path), "type": kind}


def _give(wanted: Wanted, kind: str, body: dict[str, Any]) -> list[Grant]:
    """Grants to people with an account. One photo is granted itself; of more, or a search, an album is made for it."""
    to: list[int | None] = [None]
    if kind == "users":
        to = [*dict.fromkeys(asked.ids(body, "user_ids", most=1000))]
    elif body.get("user_ids") is not None:
        raise BadInput('user_ids belong to "type": "users".')
    audience = cast(grants.Audience, "user" if kind == "users" else kind)
    role = cast(grants.Role, body.get("permissions", "view"))
    knows = wanted.album is None or access.sees_location(visitor(), wanted.album)
    shows = asked.truth(body, "show_location", knows)
    if wanted.album is not None:
        check_places(wanted.album, shows)
    with write(library().db) as db:
        for each in to:
            _check_user(each)
        if wanted.album is not None:
            return [members.invite(db, user().id, wanted.album, audience, each, role, shows) for each in to]
        what = (
            {"photo_id": wanted.photo_ids[0]}
            if wanted.kind == "photo"
            else {"album_id": sharing.album_for(db, wanted, role in ("contribute", "manage"))}
        )
        return [grants.give(db, wanted.owner_id, dict(what), audience, each, role, shows) for each in to]


def _check_user(user_id: int | None) -> None:
    """Raises BadInput for somebody who is not here."""
    if user_id is None:
        return
    try:
        is_here = not users.account(library().db, user_id).is_disabled
    except NotFound:
        is_here = False
    if not is_here:
        raise BadInput("There is nobody with this number here.")


def _options(body: dict[str, Any]) -> dict[str, Any]:
    """What was said of a link, as links.checked() takes it."""
    said = {name: body[name] for name in OF_LINKS if name in body}
    return {**said, **({"permission": body["permissions"]} if "permissions" in body else {})}


# ---------------------------------------------------------------- links there are


@bp.get("/links")
@described(
    page_of(LINK),
    query={**PAGE_BY_NUMBER, "state": one_of("living", "ended"), "album_id": ID},
    problems=[404],
)
def listed() -> dict[str, Any]:
    """The links of the one who asks, the newest first: those that open (state=living, unless said otherwise), or those that have ended."""
    album_id, owner_id = asked.number("album_id"), user().id
    if album_id is not None:
        owner_id = sharing.an_album(album_id).owner_id
    page = listing.page(
        library().db, owner_id, request.args.get("state") == "ended", asked.number("cursor"), asked.size(), album_id
    )
    return {"items": sharing.links_json(page.links), "next": str(page.cursor) if page.cursor else None}


@bp.get("/links/<int:link_id>")
@described(LINK)
def link(link_id: int) -> dict[str, Any]:
    """One link, with its address and what happened at it."""
    return sharing.links_json([sharing.allowed_link(link_id)])[0]


@bp.patch("/links/<int:link_id>")
@described(LINK, body=CHANGING)
def change(link_id: int) -> dict[str, Any]:
    """Other options. After another password, everybody has to type it again."""
    found, body = sharing.allowed_link(link_id), asked.body()
    passwords = [asked.text(body, "password")] if "password" in body else []
    now = sharing.change(found, _options(body), passwords)
    return sharing.links_json([now])[0]


@bp.delete("/links/<int:link_id>")
@described(LINK_ENDED)
def revoke(link_id: int) -> dict[str, Any]:
    """End it for everybody, from the next request on."""
    found = sharing.allowed_link(link_id)
    with write(library().db, durable=True) as db:
        links.revoke(db, found)
    return {"link_id": link_id, "said": _("The link is revoked"), "undo": f"/api/v1/links/{link_id}/restore"}


@bp.post("/links/<int:link_id>/restore")
@described(LINK)
def restore(link_id: int) -> dict[str, Any]:
    """Undo a revocation: the same address opens again."""
    found = sharing.allowed_link(link_id)
    with write(library().db, durable=True) as db:
        links.restore(db, found)
    return sharing.links_json([links.by_id(library().db, link_id)])[0]


@bp.post("/links/<int:link_id>/renew")
@described(LINK)
def renew(link_id: int) -> dict[str, Any]:
    """Give it a new address; the old one leads nowhere from now on."""
    found = sharing.allowed_link(link_id)
    with write(library().db, durable=True) as db:
        links.renew(db, found, links.key(library().data))
    return sharing.links_json([found])[0]


@bp.get("/links/<int:link_id>/log")
@described(page_of(LINE), query=PAGE_BY_NUMBER)
def log(link_id: int) -> dict[str, Any]:
    """What happened at a link, the latest first."""
    lines, cursor = listing.log(library().db, sharing.allowed_link(link_id).id, asked.number("cursor"), asked.size())
    items = [{name: getattr(each, name) for name in ("at", "what", "photos", "network", "browser")} for each in lines]
    return {"items": items, "next": str(cursor) if cursor else None}
