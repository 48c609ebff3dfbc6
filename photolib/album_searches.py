"""Albums that fill themselves: a query, asked anew when such an album is looked at and something has changed since.

What was found is kept (found_photos), so that such an album has an order, a count and a cover like any other. It is a copy: it may be
some seconds old, and can be thrown away.
"""

import json
import time
from datetime import UTC, datetime

from photolib import albums
from photolib.albums import Album
from photolib.db import write
from photolib.errors import TryLater
from photolib.library import Library
from photolib.search import engine
from photolib.sources import now

MOST = 100_000  # photos of such an album; the newest, when more would fit
REST = 1.0  # seconds in which it is not asked again while photos are coming in


def freshen(lib: Library, album: Album, seconds: float | None = 1.5) -> None:
    """Ask an album's query anew if its answer may have changed. seconds: how long a model may take for the words.

    Does nothing for an album that is filled by hand, and leaves the answer as it is while the database is busy.
    """
    if album.query is None:
        return
    db = lib.db
    row = db.conn.execute("select query, found_at, found_change from albums where id = ?", (album.id,)).fetchone()
    if row is None:
        return
    query, found_at, found_change = row
    change = db.conn.execute("select coalesce(max(seq), 0) from photo_changes").fetchone()[0]
    if found_at is not None and not _is_old(found_at, change > found_change):
        return
    photo_ids, is_whole = engine.ids(lib, album.owner_id, query, MOST, seconds)
    listed = json.dumps(photo_ids)
    try:
        with write(db):
            # Only what differs is written; of an album whose query was changed meanwhile, nothing.
            still = "from albums where albums.id = ? and albums.query = ?"
            db.conn.execute(
                f"""delete from found_photos where album_id in (select id {still})
                      and photo_id not in (select value from json_each(?))""",
                (album.id, query, listed),
            )
            db.conn.execute(
                f"""insert into found_photos (album_id, photo_id)
                    select here.id, photos.id from (select id {still}) here, json_each(?) join photos on photos.id = value
                    where not exists (
                      select 1 from found_photos where found_photos.album_id = here.id and found_photos.photo_id = photos.id)""",
                (album.id, query, listed),
            )
            db.conn.execute(
                "update albums set found_at = ?, found_change = ? where id = ? and query = ?",
                (now(), change if is_whole else -1, album.id, query),
            )
    except TryLater:
        return


def freshen_first(lib: Library, owner_id: int, most: int = 4) -> None:
    """Ask those of an owner's albums that were never asked, or not for a day, so that a list of them says what they hold; a few."""
    a_day_ago = datetime.fromtimestamp(time.time() - 24 * 3600, UTC).isoformat(timespec="seconds")
    rows = lib.db.conn.execute(
        """select id from albums where owner_id = ? and query is not null and (found_at is null or found_at < ?)
           order by found_at is not null, id limit ?""",
        (owner_id, a_day_ago, most),
    ).fetchall()
    for (album_id,) in rows:
        freshen(lib, albums.album(lib.db, album_id), seconds=0.5)


def _is_old(found_at: str, is_changed: bool) -> bool:
    """A day later an answer may be another one without any change: "last summer"."""
    then = datetime.fromisoformat(found_at)
    age = time.time() - then.timestamp()
    return not 0 <= age < 24 * 3600 or then.date() != datetime.now(UTC).date() or (is_changed and age >= REST)
