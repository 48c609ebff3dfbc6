"""Who is in an album: its owner, those who were invited, and whoever may come without an invitation. Functions that write expect to be
called inside `db.write()`, for somebody who may do so."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from photolib.accounts.users import CALLED
from photolib.albums import Album
from photolib.errors import BadInput, NotFound
from photolib.sharing import activity, grants, names
from photolib.sharing.grants import Audience, Grant, Role

MOST = 500  # invitations to one album


@dataclass(frozen=True)
class Member:
    """Somebody in an album, or all of an audience. grant_id: None for the owner, who is the first; name: empty for an audience."""

    grant_id: int | None
    audience: Audience
    user_id: int | None
    name: str
    role: Role | None
    show_location: bool
    since: str

    @property
    def is_owner(self) -> bool:
        return self.grant_id is None


@dataclass(frozen=True)
class Person:
    """Somebody with an account here who can be invited."""

    id: int
    name: str


def of_album(db: Database, album: Album) -> list[Member]:
    """The owner first, then those who were invited in that order, then the audiences."""
    found = grants.of_album(db, album.id)
    called = names.shown(db, [album.owner_id, *(each.user_id for each in found if each.user_id is not None)])
    owner = Member(None, "user", album.owner_id, called.get(album.owner_id, ""), None, True, album.created_at)
    rest = [
        Member(
            each.id, each.audience, each.user_id, called.get(each.user_id or 0, ""), each.role, each.show_location, each.created_at
        )
        for each in sorted(found, key=lambda grant: (grant.user_id is None, grant.id))
    ]  # fmt: skip
    return [owner, *rest]


def strangers(db: Database, user_id: int, without: list[int], most: int = 500) -> list[Person]:
    """Who else has an account here, by name: to be invited by somebody, without those who are in already."""
    rows = db.conn.execute(
        f"""select id, {CALLED} as called from users
           where is_disabled = 0 and id <> ? and id not in (select value from json_each(?)) order by called collate nocase limit ?""",
        (user_id, json.dumps(without), most),
    )
    return [Person(*row) for row in rows.fetchall()]


def somebody(db: Database, user_id: int) -> Person:
    """A user who can be invited. Raises BadInput."""
    row = db.conn.execute(f"select id, {CALLED} from users where id = ? and is_disabled = 0", (user_id,)).fetchone()
    if row is None:
        raise BadInput("There is nobody of this name here.")
    return Person(*row)


def invite(
    db: Database,
    by: int,
    album: Album,
    audience: Audience,
    user_id: int | None,
    role: Role,
    show_location: bool = True,
) -> Grant:
    """Let somebody, or everybody of an audience, into an album, or change what they may do there. Raises BadInput."""
    if audience != "user" and role == "manage":
        raise BadInput("Who may arrange and invite is chosen one by one.")
    before = grants.of_album(db, album.id)
    if len(before) >= MOST:
        raise BadInput("At most %(most)s people are invited into one album.", most=MOST)
    person = somebody(db, user_id) if user_id is not None else None
    made = grants.give(db, album.owner_id, {"album_id": album.id}, audience, user_id, role, show_location)
    if made.id not in {each.id for each in before}:
        activity.note(db, album.id, by, activity.INVITED, said=person.name if person else audience)
    return made


def membership(db: Database, album: Album, grant_id: int) -> Grant:
    """A grant of an album. Raises NotFound for any other."""
    found = next((each for each in grants.of_album(db, album.id) if each.id == grant_id), None)
    if found is None:
        raise NotFound("This is not shared any more.")
    return found


def change(db: Database, album: Album, grant_id: int, role: Role | None, show_location: bool | None) -> Grant:
    """Let a member do more, or less, from the next request on. Raises NotFound and BadInput."""
    was = membership(db, album, grant_id)
    if was.audience != "user" and role == "manage":
        raise BadInput("Who may arrange and invite is chosen one by one.")
    return grants.give(
        db, was.owner_id, {"album_id": album.id}, was.audience, was.user_id, role or was.role,
        was.show_location if show_location is None else show_location,
    )  # fmt: skip


def remove(db: Database, by: int, album: Album, grant_id: int) -> None:
    """Take a grant back. Whoever is not in the album any more takes their photos along. Raises NotFound."""
    was = membership(db, album, grant_id)
    grants.take_back(db, grant_id)
    if was.user_id == by:
        activity.note(db, album.id, by, activity.LEFT, always=True)
    elif was.user_id is not None:
        activity.note(db, album.id, by, "uninvited", said=somebody_once(db, was.user_id), always=True)
    sweep(db, album.id)


def leave(db: Database, user_id: int, album: Album) -> None:
    """A member goes, and with them their photos. Raises NotFound for whoever was not invited by name."""
    mine = next((each for each in grants.of_album(db, album.id) if each.user_id == user_id), None)
    if mine is None:
        raise NotFound("You were not invited into this album, so there is nothing to leave.")
    remove(db, user_id, album, mine.id)


def somebody_once(db: Database, user_id: int) -> str:
    return names.shown(db, [user_id]).get(user_id, "")


def added_by(db: Database, album_id: int, photo_id: int) -> int | None:
    """Who put a photo into an album; None for its owner, an import, or somebody who is gone."""
    row = db.conn.execute(
        "select added_by from album_photos where album_id = ? and photo_id = ?", (album_id, photo_id)
    ).fetchone()
    return row[0] if row else None


@dataclass(frozen=True)
class Contributor:
    """Somebody whose photos are in an album, and how many of them can be seen there."""

    user_id: int
    name: str
    photos: int


def contributors(db: Database, album: Album) -> list[Contributor]:
    """Who put the photos of an album there: its owner first, then whoever put in most. Empty where all are the owner's."""
    rows = db.conn.execute(
        """select added_by, count(*) as photos from album_photos where album_id = ? and added_by is not null and is_here = 1
           group by added_by order by photos desc, added_by""",
        (album.id,),
    ).fetchall()
    if not rows:
        return []
    counts = {album.owner_id: album.photos - sum(row[1] for row in rows), **dict(rows)}
    called = names.shown(db, counts)
    return [Contributor(each, called.get(each, ""), photos) for each, photos in counts.items() if photos > 0]


def sweep(db: Database, album_id: int) -> None:
    """Take out the photos of those who are not in the album any more."""
    owners = db.conn.execute(
        """select distinct photos.owner_id from album_photos join photos on photos.id = photo_id join albums on albums.id = album_id
           where album_id = ? and added_by is not null and photos.owner_id <> albums.owner_id""",
        (album_id,),
    ).fetchall()
    for (owner_id,) in owners:
        if grants.on_album(db, owner_id, album_id) is None:
            db.conn.execute(
                "delete from album_photos where album_id = ? and photo_id in (select id from photos where owner_id = ?)",
                (album_id, owner_id),
            )


# ---------------------------------------------------------------- what is new to somebody


def new_to(db: Database, user_id: int) -> int:
    """How many things others shared with somebody by name since they last looked; a few at most."""
    row = db.conn.execute(
        """select count(*) from (select 1 from grants where user_id = ?1 and not exists (
             select 1 from grants_seen where grants_seen.user_id = ?1 and grant_id = grants.id) limit 100)""",
        (user_id,),
    ).fetchone()
    return row[0]


def unseen(db: Database, user_id: int) -> set[int]:
    """The grants to somebody by name that they have not seen."""
    rows = db.conn.execute(
        """select id from grants where user_id = ?1 and not exists (
             select 1 from grants_seen where grants_seen.user_id = ?1 and grant_id = grants.id)""",
        (user_id,),
    )
    return {row[0] for row in rows.fetchall()}


def see(db: Database, user_id: int) -> None:
    """Somebody has seen what is shared with them."""
    db.conn.execute(
        "insert or ignore into grants_seen (user_id, grant_id) select ?1, id from grants where user_id = ?1", (user_id,)
    )
