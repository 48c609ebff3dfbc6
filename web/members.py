"""What the pages and the API of shared albums have in common: who is in one, what happened in it, and in which words."""

from dataclasses import dataclass
from typing import Any

from photolib import access
from photolib.albums import Album
from photolib.errors import BadInput, Refused
from photolib.sharing import activity, grants, members
from photolib.sharing.activity import Line
from photolib.sharing.grants import ROLES, Audience, Role
from photolib.sharing.members import Member
from web import words
from web.here import library, user, visitor
from web.language import _, ngettext

SHOWN = 6  # members whose initials stand in the head of an album


def role_words(role: str | None) -> str:
    """What somebody may do, as pages say it."""
    return {
        "view": _("can look"),
        "download": _("can look and download"),
        "contribute": _("can add photos"),
        "manage": _("can arrange and invite"),
    }.get(role or "", _("owner"))


def audience_words(audience: str) -> str:
    return _("Everybody with an account here") if audience == "public" else _("Those who follow the owner")


def name_of(member: Member) -> str:
    return member.name if member.audience == "user" else audience_words(member.audience)


def initial(name: str) -> str:
    return (name.strip() or "?")[0].upper()


def roles(is_wide: bool = False) -> list[tuple[Role, str]]:
    """The roles that can be chosen, with their words."""
    return [(each, role_words(each)) for each in ROLES if not (is_wide and each == "manage")]


def read_role(said: Any) -> Role:
    """Raises BadInput."""
    for each in ROLES:
        if said == each:
            return each
    raise BadInput("Say with whom to share, and what they may do.")


def check_places(album: Album, shows: bool | None) -> None:
    """Nobody hands on what they may not know themselves. Raises Refused."""
    if shows and not access.sees_location(visitor(), album):
        raise Refused("Where these photos were taken is not shown to you, so you cannot show it to others.")


def read_audience(said: Any) -> Audience:
    """Raises BadInput."""
    for each in grants.AUDIENCES:
        if said == each:
            return each
    raise BadInput("Say with whom to share, and what they may do.")


@dataclass(frozen=True)
class Told:
    """A line of an album's activity in words. by: who did it, empty for nobody in particular."""

    id: int
    by: str
    initial: str
    said: str
    at: str
    is_new: bool


def told(line: Line) -> Told:
    by = _("You") if line.user_id == user().id else line.by or ""
    return Told(line.id, by, initial(line.by) if line.by else "", _sentence(line), words.moment(line.at), line.is_new)


def _sentence(line: Line) -> str:
    """What was done, to stand behind the name of whoever did it."""
    n = line.photos
    said = line.said
    if line.what == activity.INVITED:
        return _("invited %(name)s", name=audience_words(said) if said in grants.AUDIENCES else said)
    return {
        activity.ADDED: ngettext("added a photo", "added %(num)s photos", n),
        activity.REMOVED: ngettext("took a photo out", "took %(num)s photos out", n),
        activity.MOVED: ngettext("moved a photo", "moved %(num)s photos", n),
        activity.CHANGED: _("called the album “%(title)s”", title=said),
        activity.JOINED: _("joined"),
        activity.LEFT: _("left the album"),
        "uninvited": _("removed %(name)s", name=said),
        activity.CONTRIBUTED: ngettext("A photo came through a link", "%(num)s photos came through a link", n),
        "commented": _("wrote a comment"),
        "liked": ngettext("likes a photo", "likes %(num)s photos", n),
    }.get(line.what) or line.what


def member_json(member: Member) -> dict[str, Any]:
    return {
        "grant_id": member.grant_id,
        "audience": member.audience,
        "user_id": member.user_id,
        "name": name_of(member),
        "role": member.role,
        "is_owner": member.is_owner,
        "show_location": member.show_location,
    }


def line_json(line: Line) -> dict[str, Any]:
    return {
        "activity_id": line.id,
        "at": line.at,
        "what": line.what,
        "user_id": line.user_id,
        "by": line.by,
        "photos": line.photos,
        "said": _sentence(line),
        "is_new": line.is_new,
    }


def invited(album: Album, found: list[Member]) -> list[members.Person]:
    """Who else could be invited."""
    inside = [each.user_id for each in found if each.user_id is not None]
    return members.strangers(library().db, user().id, inside)
