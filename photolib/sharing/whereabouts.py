"""How much photos give away about where somebody is, said before they are shared."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from photolib.migrations.m014_map_cells import FINEST_CELL, LEVELS

FEWEST_AT_HOME = 12  # photos in one square of the map, of about a kilometre, for it to be taken for somebody's home


@dataclass(frozen=True)
class Whereabouts:
    """Of so many photos, how many say exactly where they were taken; and how many of these where their owner takes most photos."""

    photos: int
    placed: int
    at_home: int


def of_album(db: Database, owner_id: int, album_id: int) -> Whereabouts:
    return _counted(db, owner_id, "select photo_id from album_members where album_id = ?", album_id)


def of_photos(db: Database, owner_id: int, photo_ids: Sequence[int]) -> Whereabouts:
    return _counted(db, owner_id, "select value from json_each(?)", json.dumps(list(dict.fromkeys(photo_ids))))


def _counted(db: Database, owner_id: int, chosen: str, value: object) -> Whereabouts:
    row = db.conn.execute(
        f"""select count(*), count(latitude), coalesce(sum({FINEST_CELL} = ?), 0) from photos
            where id in ({chosen}) and trashed_at is null""",
        (_home(db, owner_id), value),
    ).fetchone()
    return Whereabouts(*row)


def _home(db: Database, owner_id: int) -> int | None:
    """The square of the map in which most of somebody's photos were taken."""
    row = db.conn.execute(
        """select cell, sum(photos) as most from map_cells where owner_id = ? and level = ? group by cell
           order by most desc, cell limit 1""",
        (owner_id, LEVELS[0]),
    ).fetchone()
    return row[0] if row and row[1] >= FEWEST_AT_HOME else None
