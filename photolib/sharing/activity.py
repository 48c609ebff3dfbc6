"""What people did in an album that others see, too: a list for all in it. Functions that write expect to be called inside `db.write()`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from photolib.accounts.users import CALLED

# What may stand in the list; other rooms add to it what they note.
ADDED, REMOVED, MOVED, CHANGED = "add", "remove", "move", "change"
INVITED, JOINED, LEFT, CONTRIBUTED = "invited", "joined", "left", "contributed"
TOGETHER = timedelta(minutes=30)  # acts of one person and kind within this time are one line
COLLAPSED = (ADDED, REMOVED, MOVED)
KEPT = 2000  # lines of one album


@dataclass(frozen=True)
class Line:
    """One line. by: the name of whoever did it, None for somebody who is gone or came by a link; photos: how many it is about; said:
    a name or a title, as what demands. is_new: since the reader last looked."""

    id: int
    at: str
    what: str
    user_id: int | None
    by: str | None
    photos: int
    said: str
    is_new: bool


def note(
    db: Database, album_id: int, user_id: int | None, what: str, photos: int = 0, said: str = "", always: bool = False
) -> None:
    """Note an act in an album that is shared; in another nothing is, unless always."""
    if not always and not is_shared(db, album_id):
        return
    now = datetime.now(UTC)
    last = db.conn.execute(
        "select id, user_id, what, at from album_activity where album_id = ? order by id desc limit 1", (album_id,)
    ).fetchone()
    at = now.isoformat(timespec="seconds")
    if (
        what in COLLAPSED
        and last
        and last[1:3] == (user_id, what)
        and timedelta(0) <= now - datetime.fromisoformat(last[3]) < TOGETHER
    ):
        # As a new line, so that whoever has read the old one is told of what came after.
        row = db.conn.execute("delete from album_activity where id = ? returning photos", (last[0],)).fetchone()
        photos += row[0]
    db.conn.execute(
        "insert into album_activity (album_id, user_id, at, what, photos, said) values (?, ?, ?, ?, ?, ?)",
        (album_id, user_id, at, what, photos, said),
    )
    db.conn.execute(
        """delete from album_activity where album_id = ?1 and id <= (
             select id from album_activity where album_id = ?1 order by id desc limit 1 offset ?2)""",
        (album_id, KEPT),
    )


def is_shared(db: Database, album_id: int) -> bool:
    """Whether others with an account may see an album, or something is told of it already."""
    row = db.conn.execute(
        "select exists (select 1 from grants where album_id = ?1) or exists (select 1 from album_activity where album_id = ?1)",
        (album_id,),
    ).fetchone()
    return bool(row[0])


def lines(db: Database, album_id: int, reader_id: int, before: int | None = None, size: int = 30) -> list[Line]:
    """What happened, the latest first; from the line `before` on."""
    rows = db.conn.execute(
        f"""select album_activity.id, at, what, user_id, {CALLED}, photos, said,
             album_activity.id > coalesce((select activity_id from album_looks where album_looks.user_id = :reader
               and album_looks.album_id = album_activity.album_id), 0) and user_id is not :reader
           from album_activity left join users on users.id = user_id
           where album_activity.album_id = :album and album_activity.id < :before order by album_activity.id desc limit :size""",
        {"album": album_id, "reader": reader_id, "before": before or 1 << 62, "size": size},
    )
    return [Line(*(*row[:-1], bool(row[-1]))) for row in rows.fetchall()]


def unread(db: Database, album_ids: list[int], reader_id: int) -> set[int]:
    """Those of these albums in which others did something since somebody last looked."""
    found = set()
    for album_id in album_ids:
        row = db.conn.execute(
            """select 1 from album_activity where album_id = ?1 and user_id is not ?2 and id > coalesce(
                 (select activity_id from album_looks where user_id = ?2 and album_id = ?1), 0) limit 1""",
            (album_id, reader_id),
        ).fetchone()
        if row:
            found.add(album_id)
    return found


def has_unread(db: Database, album_id: int, reader_id: int) -> bool:
    return bool(unread(db, [album_id], reader_id))


def read(db: Database, album_id: int, reader_id: int) -> None:
    """Somebody has looked at an album's activity as it is now."""
    db.conn.execute(
        """insert into album_looks (user_id, album_id, activity_id)
           select ?1, ?2, coalesce((select max(id) from album_activity where album_id = ?2), 0)
           on conflict (user_id, album_id) do update set activity_id = excluded.activity_id""",
        (reader_id, album_id),
    )
