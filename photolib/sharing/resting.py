"""What waits to come into an album that is deleted: kept for as long as somebody may want the album back. Called inside `db.write()`."""

import time

from sqlite_utils import Database

A_WEEK = 7 * 24 * 3600  # seconds
FOR_EVER = 1 << 40  # seconds since 1970: what waits does not expire


def rest(db: Database, album_id: int) -> None:
    """An album is about to be deleted: what waits to come into it is kept for a week, for that to be undone."""
    db.conn.execute(
        f"update uploads set expires_at = ? where is_quarantined = 1 and id in ({_WAITING_FOR})",
        (int(time.time()) + A_WEEK, album_id),
    )


def wake(db: Database, album_id: int) -> None:
    """The album is back, and so is what waited for it, unless it is deleted already."""
    db.conn.execute(
        f"update uploads set expires_at = ? where is_quarantined = 1 and id in ({_WAITING_FOR})", (FOR_EVER, album_id)
    )
    db.conn.execute(
        """delete from contributions where upload_id is null and decision is null
             and link_id in (select id from links where album_id = ?)""",
        (album_id,),
    )


_WAITING_FOR = """select upload_id from contributions where decision is null and sent_at is not null
  and link_id in (select id from links where album_id = ?)"""
