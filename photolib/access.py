"""Who may do what: the one decision in front of every route that returns bytes or JSON. The answer is no unless a line here says yes."""

from dataclasses import dataclass
from typing import Literal, Protocol

from photolib.catalog import User
from photolib.errors import NotFound

Action = Literal["view", "download", "edit"]


@dataclass(frozen=True)
class Visitor:
    """Who asks. Nobody is signed in when user is None."""

    user: User | None


class Owned(Protocol):
    """A photo, or bytes that belong to one."""

    @property
    def owner_id(self) -> int: ...


def may(visitor: Visitor, action: Action, photo: Owned) -> bool:
    """Whether a visitor may do this with a photo: its owner may view, download and edit it, nobody else anything, an admin neither.

    A guest may view and nothing else, also what was theirs while they had another role.
    """
    if visitor.user is None or (visitor.user.role == "guest" and action != "view"):
        return False
    return action in ("view", "download", "edit") and photo.owner_id == visitor.user.id


def require(visitor: Visitor, action: Action, photo: Owned) -> None:
    """Raises NotFound, as if the photo did not exist, when the visitor may not."""
    if not may(visitor, action, photo):
        raise NotFound("There is no such photo.")
