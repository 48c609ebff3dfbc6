"""What people with an account here are to each other: who follows whom, what they like and say, and what those they follow share.

Following shows nothing by itself: whoever is followed says yes first, and then those who follow them see what they share with followers.
Functions that write expect to be called inside `db.write()`, about photos that whoever acts may see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from photolib.accounts.users import CALLED
from photolib.errors import BadInput, NotFound, Refused
from photolib.said import Said
from photolib.sharing import grants
from photolib.sharing.grants import Grant
from photolib.sources import now

LONGEST_COMMENT = 2000  # letters
MOST_COMMENTS = 5000  # on one photo
GONE = Said("This comment has been taken back.")


@dataclass(frozen=True)
class Someone:
    """A person with an account here, as others see them."""

    id: int
    name: str


@dataclass(frozen=True)
class Tie:
    """What two people are to each other, seen from one of them. Of each: None for nothing, "asked" or "accepted"."""

    someone: Someone
    i_follow: str | None
    follows_me: str | None


@dataclass(frozen=True)
class Comment:
    """What somebody said about a photo. at: UTC, ISO 8601."""

    id: int
    photo_id: int
    by: Someone
    text: str
    at: str


_STATE = "case when {0}.asked_at is null then null when {0}.accepted_at is null then 'asked' else 'accepted' end"


# ---------------------------------------------------------------- following


def someone(db: Database, user_id: int) -> Someone:
    """Raises NotFound for who is not here or was disabled."""
    row = db.conn.execute(f"select id, {CALLED} from users where id = ? and not is_disabled", (user_id,)).fetchone()
    if row is None:
        raise NotFound("There is nobody here by that number.")
    return Someone(*row)


def everybody_else(db: Database, user_id: int) -> list[Tie]:
    """All others who have an account here, by name, and what they and somebody are to each other."""
    rows = db.conn.execute(
        f"""select users.id, {CALLED} as shown, {_STATE.format("mine")}, {_STATE.format("theirs")} from users
            left join follows mine on mine.follower_id = :me and mine.followed_id = users.id
            left join follows theirs on theirs.follower_id = users.id and theirs.followed_id = :me
            where users.id <> :me and not is_disabled order by shown collate nocase, users.id""",
        {"me": user_id},
    )
    return [Tie(Someone(row[0], row[1]), row[2], row[3]) for row in rows.fetchall()]


def follow(db: Database, user_id: int, other_id: int) -> str:
    """Ask to follow somebody; return "asked", or "accepted" when they said yes before. Raises BadInput, NotFound."""
    if user_id == other_id:
        raise BadInput("What is yours you see anyway.")
    someone(db, other_id)
    db.conn.execute(
        "insert into follows (follower_id, followed_id, asked_at) values (?, ?, ?) on conflict do nothing",
        (user_id, other_id, now()),
    )
    row = db.conn.execute(
        "select accepted_at from follows where follower_id = ? and followed_id = ?", (user_id, other_id)
    ).fetchone()
    return "accepted" if row[0] else "asked"


def accept(db: Database, user_id: int, follower_id: int) -> None:
    """Let somebody follow who asked to. Raises NotFound."""
    row = db.conn.execute(
        """update follows set accepted_at = coalesce(accepted_at, ?) where follower_id = ? and followed_id = ? returning 1""",
        (now(), follower_id, user_id),
    ).fetchone()
    if row is None:
        raise NotFound("They have not asked to follow you, or not any more.")


def end(db: Database, follower_id: int, followed_id: int) -> None:
    """One follows the other no more, whichever of both wants it so."""
    db.conn.execute("delete from follows where follower_id = ? and followed_id = ?", (follower_id, followed_id))


def asking(db: Database, user_id: int) -> int:
    """How many wait for somebody to let them follow."""
    row = db.conn.execute(
        """select count(*) from follows join users on users.id = follower_id
           where followed_id = ? and accepted_at is null and not is_disabled""",
        (user_id,),
    )
    return row.fetchone()[0]


# ---------------------------------------------------------------- what is new


@dataclass(frozen=True)
class News:
    """Something that another shares with somebody, and who that is."""

    grant: Grant
    by: Someone


def feed(db: Database, user_id: int, before: int | None = None, size: int = 50) -> list[News]:
    """What others share with somebody, with their followers or with everybody here, the latest first; before: the id of a grant.

    What is for everybody comes only from people whom they follow.
    """
    rows = db.conn.execute(
        f"""select {grants.COLUMNS}, {CALLED} from grants join users on users.id = grants.owner_id
            where grants.owner_id <> :me and not is_disabled and (:before is null or grants.id < :before) and {grants.TO_ME}
              and (audience <> 'public' or exists (
                select 1 from follows where follower_id = :me and followed_id = grants.owner_id and accepted_at is not null))
              and (photo_id is null or exists (select 1 from photos where id = photo_id and trashed_at is null and status <> 'failed'))
            order by grants.id desc limit :size""",
        {"me": user_id, "before": before, "size": size},
    )
    return [News(given := grants.of_row(row[:-1]), Someone(given.owner_id, row[-1])) for row in rows.fetchall()]


# ---------------------------------------------------------------- likes


@dataclass(frozen=True)
class Likes:
    """Who likes a photo, the first first, and whether the asker does."""

    by: list[Someone]
    is_mine: bool


def like(db: Database, user_id: int, photo_id: int) -> None:
    db.conn.execute(
        "insert into likes (photo_id, user_id, at) values (?, ?, ?) on conflict do nothing", (photo_id, user_id, now())
    )


def unlike(db: Database, user_id: int, photo_id: int) -> None:
    db.conn.execute("delete from likes where photo_id = ? and user_id = ?", (photo_id, user_id))


def likes(db: Database, user_id: int, photo_id: int) -> Likes:
    rows = db.conn.execute(
        f"select users.id, {CALLED} from likes join users on users.id = user_id where photo_id = ? order by at, users.id",
        (photo_id,),
    ).fetchall()
    return Likes([Someone(*row) for row in rows], any(row[0] == user_id for row in rows))


# ---------------------------------------------------------------- comments


def comment(db: Database, user_id: int, photo_id: int, text: Any) -> Comment:
    """Say something about a photo. Raises BadInput."""
    said = text.replace("\0", "").replace("\r\n", "\n").strip() if isinstance(text, str) else ""
    if not said or len(said) > LONGEST_COMMENT:
        raise BadInput("A comment has 1 to %(most)s letters.", most=LONGEST_COMMENT)
    count = db.conn.execute("select count(*) from comments where photo_id = ?", (photo_id,)).fetchone()[0]
    if count >= MOST_COMMENTS:
        raise BadInput("Enough has been said about this photo.")
    row = db.conn.execute(
        "insert into comments (photo_id, user_id, text, at) values (?, ?, ?, ?) returning id",
        (photo_id, user_id, said, now()),
    ).fetchone()
    return _one_comment(db, row[0])


def comments(db: Database, photo_id: int, after: int = 0, size: int = 100) -> list[Comment]:
    """What was said about a photo, the first first; after: the id of a comment."""
    return _comments(db, "photo_id = ? and comments.id > ? order by comments.id limit ?", photo_id, after, size)


def uncomment(db: Database, user_id: int, photo_id: int, comment_id: int) -> Comment:
    """Take back what one said oneself, or what others said about one's own photo; return what it was. Raises NotFound, Refused."""
    found = _one_comment(db, comment_id)
    if found.photo_id != photo_id:
        raise NotFound(GONE)
    owner_id = db.conn.execute("select owner_id from photos where id = ?", (found.photo_id,)).fetchone()[0]
    if user_id not in (found.by.id, owner_id):
        raise Refused("Only who said it, or whose photo it is, can take this back.")
    db.conn.execute("delete from comments where id = ?", (comment_id,))
    return found


def put_back(db: Database, user_id: int, comment: Comment) -> None:
    """Undo somebody's uncomment(), unless the photo is gone. Raises NotFound for whoever may not see it any more."""
    row = db.conn.execute("select owner_id from photos where id = ?", (comment.photo_id,)).fetchone()
    if row is not None and not _is_seen(db, user_id, comment.photo_id, row[0]):
        raise NotFound("This can no longer be undone.")
    db.conn.execute(
        """insert into comments (id, photo_id, user_id, text, at) select ?, photos.id, ?, ?, ? from photos where photos.id = ?
           on conflict do nothing""",
        (comment.id, comment.by.id, comment.text, comment.at, comment.photo_id),
    )


def latest_comment(db: Database) -> int:
    """The id of the last comment, for asking what came since."""
    return db.conn.execute("select coalesce(max(id), 0) from comments").fetchone()[0]


def commented(db: Database, user_id: int, after: int) -> tuple[list[int], int]:
    """About which photos others said something after the comment with this id: somebody's own, and those that they still may see and
    about which they said something themselves. And the id to ask from next time."""
    last = latest_comment(db)
    if last <= after:
        return [], last
    rows = db.conn.execute(
        """select distinct photo_id, owner_id from comments join photos on photos.id = photo_id
           where comments.id > :after and comments.id <= :last and user_id <> :me and (photos.owner_id = :me or exists (
             select 1 from comments mine where mine.photo_id = comments.photo_id and mine.user_id = :me))
           order by photo_id limit 100""",
        {"after": after, "last": last, "me": user_id},
    )
    return [photo_id for photo_id, owner_id in rows.fetchall() if _is_seen(db, user_id, photo_id, owner_id)], last


def _is_seen(db: Database, user_id: int, photo_id: int, owner_id: int) -> bool:
    return owner_id == user_id or grants.on_photo(db, user_id, photo_id, owner_id) is not None


def counts(db: Database, photo_id: int) -> tuple[int, int]:
    """How many like a photo, and how many comments there are on it."""
    return db.conn.execute(
        """select (select count(*) from likes where photo_id = ?1), (select count(*) from comments where photo_id = ?1)""",
        (photo_id,),
    ).fetchone()


def _one_comment(db: Database, comment_id: int) -> Comment:
    found = _comments(db, "comments.id = ?", comment_id)
    if not found:
        raise NotFound(GONE)
    return found[0]


def _comments(db: Database, where: str, *values: Any) -> list[Comment]:
    rows: Sequence[Any] = db.conn.execute(
        f"""select comments.id, photo_id, users.id, {CALLED}, text, at from comments join users on users.id = user_id where {where}""",
        values,
    ).fetchall()
    return [Comment(row[0], row[1], Someone(row[2], row[3]), row[4], row[5]) for row in rows]


# ---------------------------------------------------------------- whether there is anybody to talk to


def has_company(db: Database, photo_id: int, owner_id: int) -> bool:
    """Whether anybody else with an account may see a photo, or somebody has said or liked something about it."""
    row = db.conn.execute(
        """select exists (select 1 from grants where photo_id = :photo)
             or exists (select 1 from album_members cross join grants on grants.album_id = album_members.album_id
                        where album_members.photo_id = :photo)
             or exists (select 1 from album_members cross join albums on albums.id = album_members.album_id
                        where album_members.photo_id = :photo and albums.owner_id <> :owner)
             or exists (select 1 from faces cross join grants on grants.person_id = faces.person_id
                        where faces.photo_id = :photo and faces.state = 'found' and grants.owner_id = :owner)
             or exists (select 1 from grants where owner_id = :owner and since is not null
                        and since <= (select shown_at from photos where id = :photo))
             or exists (select 1 from likes where photo_id = :photo) or exists (select 1 from comments where photo_id = :photo)""",
        {"photo": photo_id, "owner": owner_id},
    )
    return bool(row.fetchone()[0])
