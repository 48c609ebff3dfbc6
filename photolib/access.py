"""Who may do what: the one decision in front of every route that returns bytes or JSON. The answer is no unless a line here says yes."""

from dataclasses import dataclass
from typing import Literal, Protocol

from sqlite_utils import Database

from photolib.albums import Album
from photolib.catalog import Media, Ownership, Photo, User
from photolib.errors import NotFound
from photolib.sharing import grants, links
from photolib.sharing.grants import ROLES, Permit
from photolib.sharing.links import Link

# What others may be allowed, each with all before it: look at, take home, add to, arrange and hand on. What is said of a photo
# ("edit") is its owner's alone.
Action = Literal["view", "download", "contribute", "manage", "edit"]


@dataclass(frozen=True)
class Visitor:
    """Who asks. user: whoever is signed in, or whose token it is; link: the link through whose open door somebody came, instead of them."""

    db: Database
    user: User | None = None
    link: Link | None = None


class Owned(Protocol):
    """Something of somebody's: a photo, bytes that belong to one, an album, a person, a search, an upload."""

    @property
    def owner_id(self) -> int: ...


def may(who: Visitor, action: Action, what: Owned) -> bool:
    """Whether somebody may do this. An owner may do everything with what is theirs, others what they were granted, the bearer of a link
    what the link allows with what it shows; an admin is no exception.

    A guest changes nothing, and takes home only what others let them, also of what was theirs while they had another role.
    """
    if who.link is not None:
        return _within(action, links.permit(who.db, who.link, _album_id(what), _photo_id(what)))
    if who.user is None:
        return False
    is_guest = who.user.role == "guest"
    if what.owner_id == who.user.id:
        return not is_guest or action == "view"
    if is_guest and action not in ("view", "download"):
        return False
    return _within(action, permit(who, what))


def require(who: Visitor, action: Action, what: Owned) -> None:
    """Raises NotFound, as if it did not exist, when they may not."""
    if not may(who, action, what):
        if isinstance(what, Album):
            raise NotFound("There is no such album.")
        raise NotFound("There is no such photo.")


def permit(who: Visitor, what: Owned) -> Permit | None:
    """What somebody signed in was granted of another's album or photo, with whether they may know places; None for nothing."""
    if who.user is None:
        return None
    if (album_id := _album_id(what)) is not None:
        return grants.on_album(who.db, who.user.id, album_id)
    if (photo_id := _photo_id(what)) is not None:
        return grants.on_photo(who.db, who.user.id, photo_id, what.owner_id)
    return None


def sees_location(who: Visitor, what: Owned) -> bool:
    """Whether somebody who may view a photo or an album may also know where it was taken."""
    if who.link is not None:
        return who.link.show_location
    if who.user is not None and what.owner_id == who.user.id:
        return True
    found = permit(who, what)
    return found is not None and found.show_location


def _within(action: Action, permit: Permit | None) -> bool:
    return permit is not None and action != "edit" and ROLES.index(action) <= ROLES.index(permit.role)


def _album_id(what: Owned) -> int | None:
    return what.id if isinstance(what, Album) else None


def _photo_id(what: Owned) -> int | None:
    if isinstance(what, Media):
        return what.photo_id
    return what.id if isinstance(what, Photo | Ownership) else None
