"""Everything with somebody's face, or everything since a day, with one other person: what there is now, and what comes later.

What the giver says of a person afterwards (hidden, merged, "this is not her") changes what is shared at once, because nothing is copied.
"""

import re
from dataclasses import dataclass

from sqlite_utils import Database

from photolib import faces, scopes
from photolib.errors import BadInput, NotFound
from photolib.scopes import Scope
from photolib.sharing import grants, members, names
from photolib.sharing.grants import Grant, Role

ROLES: tuple[Role, ...] = ("view", "download")  # there is nothing to put in or to arrange


@dataclass(frozen=True)
class Shared:
    """A grant of a person or since a day, as its giver or receiver sees it. who: the other one's name; person: a name, or None."""

    grant: Grant
    giver: str
    receiver: str
    person: str | None
    photos: int
    cover: str | None


def give(
    db: Database, owner_id: int, user_id: int, person_id: int | None, since: str | None, role: Role, show_location: bool
) -> Grant:
    """Share it from now on. Raises BadInput, and NotFound for a person who is not the giver's."""
    what = check(db, owner_id, person_id, since)
    if role not in ROLES:
        raise BadInput("Somebody can look, or look and download.")
    members.somebody(db, user_id)
    return grants.give(db, owner_id, what, "user", user_id, role, show_location)


def check(db: Database, owner_id: int, person_id: int | None, since: str | None) -> dict[str, int | str]:
    """What is to be shared, as a grant has it. Raises BadInput and NotFound."""
    if (person_id is None) == (since is None):
        raise BadInput("Share everything with one person, or everything since a day.")
    if person_id is not None:
        person = faces.person(db, owner_id, person_id)
        if not person.name or person.is_hidden:
            raise BadInput("Say first who this is; then everything with them can be shared.")
        return {"person_id": person_id}
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", since or "", re.ASCII):
        raise BadInput("A day is written like 2020-01-01.")
    return {"since": since or ""}


def count(db: Database, owner_id: int, person_id: int | None = None, since: str | None = None) -> int:
    """How many photos that is now."""
    if person_id is not None:
        return scopes.count(db, owner_id, Scope("person", (person_id,)))
    return sum(photos for _, photos in scopes.months_since(db, owner_id, since or "9"))


def shared(db: Database, found: Grant) -> Shared:
    """A grant with what it shows now."""
    called = names.shown(db, [found.owner_id, *([found.user_id] if found.user_id else [])])
    person = None
    if found.person_id is not None:
        row = db.conn.execute("select name from people where id = ?", (found.person_id,)).fetchone()
        person = row[0] if row else None
    photos, cover = scopes.shown_by(db, found.id)
    return Shared(found, called.get(found.owner_id, ""), called.get(found.user_id or 0, ""), person, photos, cover)


def given(db: Database, owner_id: int) -> list[Shared]:
    """What somebody shares in this way, the latest first."""
    return [shared(db, each) for each in grants.by_owner(db, owner_id) if is_partner(each)]


def taken(db: Database, user_id: int) -> list[Shared]:
    """What others share with somebody in this way, the latest first."""
    return [shared(db, each) for each in grants.to_user(db, user_id) if is_partner(each)]


def to_me(db: Database, user_id: int, grant_id: int) -> Shared:
    """Raises NotFound for what is not shared with somebody in this way."""
    found = next((each for each in grants.to_user(db, user_id) if each.id == grant_id and is_partner(each)), None)
    if found is None:
        raise NotFound("This is not shared with you any more.")
    return shared(db, found)


def end(db: Database, user_id: int, grant_id: int) -> Grant:
    """The giver takes it back, or the receiver does not want it. Raises NotFound."""
    found = grants.grant(db, grant_id)
    if not is_partner(found) or user_id not in (found.owner_id, found.user_id):
        raise NotFound("This is not shared any more.")
    grants.take_back(db, grant_id)
    return found


def is_partner(grant: Grant) -> bool:
    return grant.person_id is not None or grant.since is not None
