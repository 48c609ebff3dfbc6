"""What the pages and the API of albums share: which album the visitor may have, and what is said about an act."""

from typing import Any

from photolib import access, album_searches, albums
from photolib.album_edits import AlbumEdit
from photolib.albums import Album
from web.here import library, visitor
from web.language import _, ngettext


def allowed_album(album_id: int, act: access.Action = "view") -> Album:
    """An album the visitor may view (or "edit"). Raises NotFound for any other, whether it exists or not."""
    found = albums.album(library().db, album_id)
    access.require(visitor(), act, found)
    return found


def looked_at(album_id: int) -> Album:
    """An album as it is now: one that fills itself is filled first."""
    found = allowed_album(album_id)
    if found.query is None:
        return found
    album_searches.freshen(library(), found)
    return albums.album(library().db, album_id)


def sentence(edit: AlbumEdit, title: str) -> str:
    """What was done, in words."""
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


def album_json(album: Album) -> dict[str, Any]:
    cover = album.cover
    return {
        "album_id": album.id,
        "title": album.title,
        "description": album.description,
        "kind": album.kind,
        "query": album.query,
        "parent_id": album.parent_id,
        "order_by": album.order_by,
        "count": album.photos,
        "albums": album.albums,
        "first_at": album.first_at,
        "last_at": album.last_at,
        "created_at": album.created_at,
        "changed_at": album.changed_at,
        "cover": {"photo_id": cover.id, "key": cover.key, "url": f"/media/{cover.key}/320"} if cover else None,
    }
