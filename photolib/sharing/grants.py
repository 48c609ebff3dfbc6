"""Grants: what an owner lets others with an account have. An album, a photo, everything with a person, everything since a day; to one
user, to those who follow the owner, or to everybody with an account here.

What is asked here is asked of every picture that a page shows, so each question is one statement over indexes. Functions that write
expect to be called inside `db.write()`, for things that are the giver's to give.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlite_utils import Database

from photolib.errors import BadInput, NotFound
from photolib.sources import now

Role = Literal["view", "download", "contribute", "manage"]  # each may what those before it may
ROLES: tuple[Role, ...] = get_args(Role)
Audience = Literal["user", "followers", "public"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
KINDS = ("album_id", "photo_id", "person_id", "since")


@dataclass(frozen=True)
class Grant:
    """One grant. Exactly one of album_id, photo_id, person_id and since (local wall time, a day) is not None; user_id only with the
    audience "user"."""

    id: int
    owner_id: int
    album_id: int | None
    photo_id: int | None
    person_id: int | None
    since: str | None
    audience: Audience
    user_id: int | None
    role: Role
    show_location: bool
    created_at: str


@dataclass(frozen=True)
class Permit:
    """What somebody may do with a thing of another's, and whether they may know where it was taken."""

    role: Role
    show_location: bool


COLUMNS = """grants.id, grants.owner_id, grants.album_id, grants.photo_id, grants.person_id, grants.since, grants.audience, grants.user_id,
  grants.role, grants.show_location, grants.created_at"""

# Whether a grant is for the user :me. Of somebody who was disabled nothing is shared, as their links lead nowhere either.
TO_ME = """((grants.user_id = :me or grants.audience = 'public' or (grants.audience = 'followers' and exists (
  select 1 from follows where follower_id = :me and followed_id = grants.owner_id and accepted_at is not null)))
  and exists (select 1 from users where users.id = grants.owner_id and not users.is_disabled))"""


def on_album(db: Database, user_id: int, album_id: int) -> Permit | None:
    """What somebody who does not own an album may do with it."""
    rows = db.conn.execute(
        f"select role, show_location from grants where album_id = :album and {TO_ME}",
        {"album": album_id, "me": user_id},
    )
    return _most(rows.fetchall())


def visible_albums(db: Database, user_id: int, album_ids: Sequence[int]) -> set[int]:
    """Those of these albums that somebody owns, or was granted something of."""
    rows = db.conn.execute(
        f"""select id from albums where id in (select value from json_each(:albums)) and owner_id = :me
            union select album_id from grants where album_id in (select value from json_each(:albums)) and {TO_ME}""",
        {"albums": json.dumps(list(album_ids)), "me": user_id},
    )
    return {row[0] for row in rows.fetchall()}


def shared_albums(db: Database, album_ids: Sequence[int]) -> set[int]:
    """Those of these albums that others than their owner may see."""
    rows = db.conn.execute(
        "select distinct album_id from grants where album_id in (select value from json_each(?))",
        (json.dumps(list(album_ids)),),
    )
    return {row[0] for row in rows.fetchall()}


def on_photo(db: Database, user_id: int, photo_id: int, owner_id: int) -> Permit | None:
    """What somebody who does not own a photo may do with it: by a grant on it, on an album it can be seen in, on a person on it, on
    its time; or because it was put into an album of theirs. None for a photo in the trash."""
    rows = db.conn.execute(
        f"""select role, show_location from grants where photo_id = :photo and {TO_ME}
            union all
            select role, show_location from album_members cross join grants on grants.album_id = album_members.album_id
              where album_members.photo_id = :photo and {TO_ME}
            union all
            select 'download', 1 from album_members cross join albums on albums.id = album_members.album_id
              where album_members.photo_id = :photo and albums.owner_id = :me
            union all
            select role, show_location from faces cross join grants on grants.person_id = faces.person_id
              where faces.photo_id = :photo and faces.state = 'found' and grants.owner_id = :owner and {TO_ME}
              and exists (select 1 from people where people.id = faces.person_id and is_hidden = 0)
              and (select is_listed from photos where id = :photo)
            union all
            select role, show_location from grants where owner_id = :owner and since is not null and {TO_ME}
              and (select is_listed = 1 and shown_at >= since from photos where id = :photo)""",
        {"photo": photo_id, "me": user_id, "owner": owner_id},
    )
    found = _most(rows.fetchall())
    if found is None:
        return None
    here = db.conn.execute("select trashed_at is null and status <> 'failed' from photos where id = ?", (photo_id,))
    return found if (here.fetchone() or (0,))[0] else None


def _most(rows: Sequence[tuple[Role, int]]) -> Permit | None:
    """The most that any of these allows."""
    if not rows:
        return None
    return Permit(max((row[0] for row in rows), key=ROLES.index), any(row[1] for row in rows))


# ---------------------------------------------------------------- asking


def grant(db: Database, grant_id: int) -> Grant:
    """Raises NotFound. Whose it is, is for the caller to look at."""
    found = _grants(db, "where id = ?", grant_id)
    if not found:
        raise NotFound("This is not shared any more.")
    return found[0]


def of_album(db: Database, album_id: int) -> list[Grant]:
    """To whom an album is shared, the first first."""
    return _grants(db, "where album_id = ? order by id", album_id)


def of_photo(db: Database, photo_id: int) -> list[Grant]:
    """To whom a photo itself is shared, the first first."""
    return _grants(db, "where photo_id = ? order by id", photo_id)


def by_owner(db: Database, owner_id: int) -> list[Grant]:
    """What somebody shares with others who have an account, the latest first."""
    return _grants(db, "where owner_id = ? order by id desc", owner_id)


def to_user(db: Database, user_id: int) -> list[Grant]:
    """What others share with somebody, the latest first."""
    rows = db.conn.execute(
        f"select {COLUMNS} from grants where owner_id <> :me and {TO_ME} order by id desc", {"me": user_id}
    )
    return [of_row(row) for row in rows.fetchall()]


def _grants(db: Database, where: str, *values: Any) -> list[Grant]:
    return [of_row(row) for row in db.conn.execute(f"select {COLUMNS} from grants {where}", values).fetchall()]


def of_row(row: Sequence[Any]) -> Grant:
    """A row of COLUMNS."""
    return Grant(*(*row[:9], bool(row[9]), row[10]))


# ---------------------------------------------------------------- giving and taking back


def give(
    db: Database,
    owner_id: int,
    what: dict[str, int | str],
    audience: Audience,
    user_id: int | None = None,
    role: Role = "view",
    show_location: bool = True,
) -> Grant:
    """Let others have something of an owner's, instead of what they were granted of it before. what: one of KINDS with its value.

    Raises BadInput.
    """
    if len(what) != 1 or not set(what) <= set(KINDS):
        raise BadInput("An album, a photo, a person or everything since a day is shared, one at a time.")
    if audience not in AUDIENCES or role not in ROLES or (user_id is not None) != (audience == "user"):
        raise BadInput("Say with whom to share, and what they may do.")
    if user_id == owner_id:
        raise BadInput("This is yours already.")
    values = {"album_id": None, "photo_id": None, "person_id": None, "since": None, **what}
    row = db.conn.execute(
        f"""insert into grants (owner_id, album_id, photo_id, person_id, since, audience, user_id, role, show_location, created_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (owner_id, coalesce(album_id, 0), coalesce(photo_id, 0), coalesce(person_id, 0), coalesce(since, ''), audience,
              coalesce(user_id, 0)) do update set role = excluded.role, show_location = excluded.show_location
            returning {COLUMNS.replace("grants.", "")}""",
        (owner_id, *values.values(), audience, user_id, role, int(show_location), now()),
    ).fetchone()  # fmt: skip
    return of_row(row)


def take_back(db: Database, grant_id: int) -> None:
    """From the next request on it holds no more."""
    db.conn.execute("delete from grants where id = ?", (grant_id,))
