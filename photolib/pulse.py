"""Noticing that the database has changed, whoever changed it: what live pages wait for."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from photolib.db import Connections
from photolib.sharing import grants

LOOK_SECONDS = 0.5  # a look costs microseconds; a person takes longer to see what changed
MOST_CHANGES = 500  # photos named at once; beyond that a page had better look at everything again


class Pulse:
    """One thread that looks while anybody waits, for all who wait."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._changed = threading.Condition()
        self._beats = 0
        self._waiting = 0
        self._is_running = False

    @property
    def beats(self) -> int:
        """How often the database was seen to have changed."""
        return self._beats

    def wait(self, beats: int, seconds: float) -> int:
        """Wait until there are more beats than these, at most so long; return how many there are."""
        with self._changed:
            self._waiting += 1
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._look, name="pulse", daemon=True).start()
            try:
                self._changed.wait_for(lambda: self._beats > beats, seconds)
            finally:
                self._waiting -= 1
            return self._beats

    def nudge(self) -> None:
        """Have everybody who waits look about, though nothing changed."""
        with self._changed:
            self._beats += 1
            self._changed.notify_all()

    def _look(self) -> None:
        db = self._connections.here
        before = None
        idle_since = time.monotonic()
        try:
            while True:
                now = version(db)
                with self._changed:
                    if now != before:  # the first look too: nobody looked before it
                        self._beats += 1
                        self._changed.notify_all()
                    if self._waiting:
                        idle_since = time.monotonic()
                    elif time.monotonic() - idle_since > 4 * LOOK_SECONDS:
                        self._is_running = False
                        return
                before = now
                time.sleep(LOOK_SECONDS)
        finally:
            with self._changed:
                self._is_running = False
            self._connections.close_here()


def version(db: Database) -> int:
    """A number that changes when another connection, of this or any process, has written."""
    return db.conn.execute("pragma data_version").fetchone()[0]


@dataclass(frozen=True)
class Changes:
    """What happened to somebody's photos: ids that changed (None: too many to name), and the seq to ask from next time."""

    photo_ids: list[int] | None
    seq: int


def latest(db: Database) -> int:
    """The seq of the last change."""
    return db.conn.execute("select coalesce(max(seq), 0) from photo_changes").fetchone()[0]


MOST_ALBUMS = 200  # named at once


@dataclass(frozen=True)
class AlbumChanges:
    """Shared albums in which something changed (None: too many to name), and the seq to ask from next time."""

    album_ids: list[int] | None
    seq: int


def latest_album(db: Database) -> int:
    """The seq of the last change in a shared album."""
    return db.conn.execute("select coalesce(max(seq), 0) from album_changes").fetchone()[0]


def album_changes(db: Database, user_id: int, seq: int) -> AlbumChanges:
    """In which albums that somebody sees with others, or has just stopped seeing, something changed after seq."""
    last = latest_album(db)
    if last <= seq:
        return AlbumChanges([], last)
    rows: Sequence[tuple[int, int | None]] = db.conn.execute(
        """select album_id, user_id from album_changes where seq > ? and seq <= ? and (user_id is null or user_id = ?)
           order by seq limit ?""",
        (seq, last, user_id, MOST_ALBUMS + 1),
    ).fetchall()
    if len(rows) > MOST_ALBUMS:
        return AlbumChanges(None, last)
    visible = grants.visible_albums(db, user_id, [album_id for album_id, told in rows if told is None])
    named = [album_id for album_id, told in rows if told == user_id or (told is None and album_id in visible)]
    return AlbumChanges(list(dict.fromkeys(named)), last)


def changes(db: Database, owner_id: int, seq: int) -> Changes:
    """Whose photos of this owner changed after seq, in anything that a page may show. Those deleted for good are named too."""
    last = latest(db)
    rows: Sequence[tuple[int, int | None]] = db.conn.execute(
        """select photo_id, owner_id from photo_changes left join photos on photos.id = photo_id
           where seq > ? and seq <= ? order by seq limit ?""",
        (seq, last, MOST_CHANGES + 1),
    ).fetchall()
    if len(rows) > MOST_CHANGES:
        return Changes(None, last)
    return Changes([photo_id for photo_id, owner in rows if owner is None or owner == owner_id], last)
