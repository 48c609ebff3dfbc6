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
    """A line of an album's activity in words. by: who did it, empty where the words say it. initial: empty for what came by a link."""

    id: int
    by: str
    initial: str
    said: str
    at: str
    is_new: bool


def told(line: Line) -> Told:
    is_own = line.user_id is not None and line.user_id == user().id
    by = "" if is_own or line.what == activity.CONTRIBUTED else line.by or _("Somebody")
    said = _own_sentence(line) if is_own else _sentence(line)
    drawn = "" if line.what == activity.CONTRIBUTED else initial(line.by or "")
    return Told(line.id, by, drawn, said, words.moment(line.at), line.is_new)


def _sentence(line: Line) -> str:
    """What was done, to stand behind the name of whoever did it."""
    n = line.photos
    said = line.said
    if line.what == activity.INVITED and said in grants.AUDIENCES:
        return (
            _("invited everybody with an account here") if said == "public" else _("invited those who follow the owner")
        )
    return {
        activity.INVITED: _("invited %(name)s", name=said),
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


def _own_sentence(line: Line) -> str:
    """What the reader did: a whole sentence, as most languages say "you did" and "she did" differently."""
    n = line.photos
    said = line.said
    if line.what == activity.INVITED and said in grants.AUDIENCES:
        return (
            _("You invited everybody with an account here")
            if said == "public"
            else _("You invited those who follow the owner")
        )
    return {
        activity.INVITED: _("You invited %(name)s", name=said),
        activity.ADDED: ngettext("You added a photo", "You added %(num)s photos", n),
        activity.REMOVED: ngettext("You took a photo out", "You took %(num)s photos out", n),
        activity.MOVED: ngettext("You moved a photo", "You moved %(num)s photos", n),
        activity.CHANGED: _("You called the album “%(title)s”", title=said),
        activity.JOINED: _("You joined"),
        activity.LEFT: _("You left the album"),
        "uninvited": _("You removed %(name)s", name=said),
        "commented": _("You wrote a comment"),
        "liked": ngettext("You like a photo", "You like %(num)s photos", n),
    }.get(line.what) or _sentence(line)


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
