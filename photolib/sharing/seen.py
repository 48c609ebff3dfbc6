"""What of a photo somebody sees who does not own it: the picture, when it was taken, what its owner wrote below it and what it was taken
with. What the owner noted for themselves (tags, people, stars, where its files lay) is nobody else's, and the place is a matter of the
permit by which they see it."""

from dataclasses import replace
from typing import Any

from photolib import access
from photolib.access import Visitor
from photolib.albums import Album
from photolib.catalog import Photo
from photolib.scopes import Scope
from photolib.sharing import grants


def is_own(who: Visitor, what: access.Owned) -> bool:
    """Whether this is the visitor's own."""
    return who.link is None and who.user is not None and what.owner_id == who.user.id


def photo(who: Visitor, found: Photo) -> Photo:
    """A photo as somebody who may view it sees it. Of its albums only those that they may see, too."""
    albums = _visible(who, found.albums)
    if is_own(who, found):
        return replace(found, albums=albums)
    mine = replace(
        found, albums=albums, rating=None, is_favourite=False, is_archived=False, content_id=None, people=[], regions=[], exif={},
        notes=[], tags=[], paths=[], reason=None,
    )  # fmt: skip
    if access.sees_location(who, found):
        return mine
    return replace(mine, latitude=None, longitude=None, altitude=None, direction=None, utc_offset=None)


def _visible(who: Visitor, albums: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if who.link is not None or who.user is None:
        return []
    visible = grants.visible_albums(who.db, who.user.id, [each["album_id"] for each in albums])
    return [each for each in albums if each["album_id"] in visible]


def places_of(who: Visitor, scope: Scope, album: Album | None = None) -> bool:
    """Whether somebody who looks at a scope may know where its photos were taken. album: that of the scope."""
    if album is not None:
        return access.sees_location(who, album)
    return scope.kind != "shared" or grants.grant(who.db, scope.ids[0]).show_location
