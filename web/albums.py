"""What the pages and the API of albums share: which album the visitor may have, and what is said about an act."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photolib import access, album_searches, albums
from photolib.album_edits import AlbumEdit
from photolib.albums import Album
from photolib.catalog import Ownership, Tile
from photolib.errors import Refused
from photolib.sharing import grants, names
from web.api import Changeable, allowed_photos, changeable, with_others
from web.here import library, user, visitor
from web.language import _, ngettext


def allowed_album(album_id: int, act: access.Action = "view") -> Album:
    """An album the visitor may view (or "edit"). Raises NotFound for any other, whether it exists or not."""
    found = albums.album(library().db, album_id)
    access.require(visitor(), act, found)
    return found


@dataclass(frozen=True)
class Rights:
    """What the visitor may do with an album that they see."""

    is_own: bool
    may_add: bool
    may_arrange: bool
    may_manage: bool
    may_download: bool


def rights(album: Album) -> Rights:
    who, by_hand = visitor(), album.query is None
    may_add = by_hand and access.may(who, "contribute", album)
    return Rights(
        access.may(who, "edit", album), may_add, may_add, access.may(who, "manage", album), access.may(who, "download", album)
    )  # fmt: skip


def to_put(album_id: int, photo_ids: Sequence[int]) -> tuple[Album, Changeable]:
    """The album, and which of these photos the visitor may put into it: their own. Raises NotFound, Refused when none is theirs."""
    found = allowed_album(album_id, "contribute")
    return found, changeable(photo_ids)


def to_take(album_id: int, photo_ids: Sequence[int]) -> tuple[Album, Changeable]:
    """The album, and which of these photos the visitor may take out of it: any of them where they may manage it, else their own. Raises
    NotFound for what they do not see, Refused when none of them can be."""
    found = allowed_album(album_id)
    allowed_photos(photo_ids)
    if access.may(visitor(), "manage", found):
        return found, Changeable(list(photo_ids), 0)
    try:
        return found, changeable(photo_ids)
    except Refused as problem:
        raise Refused(
            "Photos of others are taken out by them, or by whoever may arrange this album and invite."
        ) from problem


def to_move(album_id: int, photo_ids: Sequence[int]) -> Album:
    """The album in which the visitor may move these photos. Raises NotFound."""
    found = allowed_album(album_id, "contribute")
    allowed_photos(photo_ids)
    return found


def to_change(album_id: int, names: Collection[str]) -> Album:
    """The album of which the visitor may change these columns: where it lies, and what fills it, is its owner's. Raises NotFound."""
    return allowed_album(album_id, "edit" if {"query", "parent_id"} & set(names) else "manage")


def path_to(album: Album) -> list[tuple[int, str]]:
    """(id, title) of the albums around one, from the outermost on, as far as the visitor may see them."""
    around = albums.path(library().db, album.id)[:-1]
    visible = grants.visible_albums(library().db, user().id, [each for each, _title in around])
    return [each for each in around if each[0] in visible]


def cover_of(album: Album) -> Tile | None:
    """The photo that stands for an album, if the visitor may see it: it may lie in an album inside."""
    if album.cover is None or album.owner_id == user().id:
        return album.cover
    shown = Ownership(album.cover.id, album.cover.owner_id)
    return album.cover if access.may(visitor(), "view", shown) else None


def looked_at(album_id: int) -> Album:
    """An album as it is now: one that fills itself is filled first."""
    found = allowed_album(album_id)
    if found.query is None:
        return found
    album_searches.freshen(library(), found)
    return albums.album(library().db, album_id)


def sentence(edit: AlbumEdit, title: str, others: int = 0) -> str:
    """What was done, in words. others: photos of others that it was not done to."""
    if others and edit.what == "remove":
        stay = ngettext("%(num)s photo of somebody else stays in it", "%(num)s photos of others stay in it", others)
        return f"{sentence(edit, title).removesuffix('.')}. {stay}"
    if others:
        return with_others(sentence(edit, title), others)
    n = len(edit.photo_ids)
    if edit.id is None:
        return _("It is in %(album)s already", album=title) if edit.what == "add" else _("Nothing had to be changed.")
    return {
        "make": _("%(album)s is made", album=title),
        "delete": _("%(album)s is deleted; its photos stay", album=title),
        "add": ngettext("Added to %(album)s", "%(num)s photos added to %(album)s", n, album=title),
        "remove": ngettext("Taken out of the album", "%(num)s photos taken out of the album", n),
        "move": ngettext("Moved", "%(num)s photos moved", n),
    }.get(edit.what) or _("Saved")


def owners_of(found: Collection[Album]) -> dict[int, str]:
    """The names of those whose albums these are, by their ids; of others than the visitor."""
    others = {each.owner_id for each in found} - {user().id}
    return names.shown(library().db, others) if others else {}


def albums_json(found: Collection[Album]) -> list[dict[str, Any]]:
    called = owners_of(found)
    return [album_json(each, called) for each in found]


def album_json(album: Album, owners: Mapping[int, str] | None = None) -> dict[str, Any]:
    """What the visitor may know of an album: of another's not where it lies, nor by which words it is filled.

    owners: what owners_of() says, for several albums.
    """
    cover, is_own = cover_of(album), album.owner_id == user().id
    called = owners_of([album]) if owners is None else owners
    return {
        "album_id": album.id,
        "title": album.title,
        "owner": None if is_own else called.get(album.owner_id, ""),
        "description": album.description,
        "kind": album.kind,
        "query": album.query if is_own else None,
        "parent_id": album.parent_id if is_own else None,
        "order_by": album.order_by,
        "count": album.photos,
        "albums": album.albums if is_own else 0,
        "first_at": album.first_at,
        "last_at": album.last_at,
        "created_at": album.created_at,
        "changed_at": album.changed_at,
        "cover": {"photo_id": cover.id, "key": cover.key, "url": f"/media/{cover.key}/320"} if cover else None,
    }
