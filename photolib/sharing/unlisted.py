"""The album behind what somebody shares that is no album: some photos, one photo, a search. Its owner's lists do not show it.

Called inside `db.write()`, with photos that are the owner's.
"""

import json
from collections.abc import Sequence

from sqlite_utils import Database

from photolib import album_rows
from photolib.errors import BadInput
from photolib.search import saved

MOST = 10_000  # of one owner


def of_photos(db: Database, owner_id: int, photo_ids: Sequence[int], title: str, takes_more: bool = False) -> int:
    """The album that holds just these photos: the one made for them before, or a new one. Returns its id.

    takes_more: others may add to it. Such an album is for one share alone, or what some people add would be shown to others with whom
    only these photos were shared.
    """
    chosen = list(dict.fromkeys(photo_ids))
    listed = json.dumps(chosen)
    row = db.conn.execute(
        """select id from albums where owner_id = ? and is_unlisted = 1 and kind = 'manual' and photos = ?
             and not exists (select 1 from json_each(?) where value not in (
               select photo_id from album_photos where album_id = albums.id and is_here = 1))
             and not exists (select 1 from grants where album_id = albums.id and role in ('contribute', 'manage'))
             and not exists (select 1 from links where album_id = albums.id and permission = 'contribute')
           order by id limit 1""",
        (owner_id, len(chosen), listed),
    ).fetchone()
    if row is not None and not takes_more:
        return row[0]
    album_id = _new(db, owner_id, title, "manual", None)
    album_rows.put_at_end(db, album_id, chosen)
    return album_id


def of_search(db: Database, owner_id: int, query: str, title: str) -> int:
    """The album that a query fills, now and later. Raises BadInput for an empty or overlong one."""
    query = saved.kept_query(query)
    row = db.conn.execute(
        "select id from albums where owner_id = ? and is_unlisted = 1 and kind = 'search' and query = ? order by id limit 1",
        (owner_id, query),
    ).fetchone()
    return row[0] if row is not None else _new(db, owner_id, title, "search", query)


def _new(db: Database, owner_id: int, title: str, kind: str, query: str | None) -> int:
    count = db.conn.execute(
        "select count(*) from albums where owner_id = ? and is_unlisted = 1", (owner_id,)
    ).fetchone()[0]
    if count >= MOST:
        raise BadInput("So many different things are shared already that no more can be. Share an album instead.")
    order = "newest" if query is not None else "oldest"
    return album_rows.add(db, owner_id, title, kind, "", query=query, order_by=order, is_unlisted=1)


def is_unlisted(db: Database, album_id: int) -> bool:
    """Whether an album was made for a link alone."""
    row = db.conn.execute("select is_unlisted from albums where id = ?", (album_id,)).fetchone()
    return bool(row and row[0])


def span(db: Database, photo_ids: Sequence[int]) -> tuple[str, str] | None:
    """When the first and the last of these photos were taken, local wall time; None when there is none."""
    row = db.conn.execute(
        "select min(shown_at), max(shown_at) from photos where id in (select value from json_each(?))",
        (json.dumps(list(photo_ids)),),
    ).fetchone()
    return tuple(row) if row[0] is not None else None
