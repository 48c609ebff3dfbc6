"""The rows of albums and of the photos in them, as everybody who fills an album writes them. Called inside `db.write()`."""

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from photolib import album_order
from photolib.sources import now

IMPORTED = ("folder", "takeout")  # kinds of albums that an import makes for a folder


def add(db: Database, owner_id: int, title: str, kind: str = "manual", description: str = "", **more: Any) -> int:
    """A new, empty album; returns its id, which no other album has had. more: further columns."""
    number = db.conn.execute("insert into album_numbers default values returning id").fetchone()[0]
    at = now()
    values = {
        "id": number, "owner_id": owner_id, "title": title, "kind": kind, "description": description, "created_at": at,
        "changed_at": at, "imported_as": title if kind in IMPORTED else None, **more,
    }  # fmt: skip
    db.conn.execute(
        f"insert into albums ({', '.join(values)}) values ({', '.join('?' * len(values))})", tuple(values.values())
    )
    return number


def put_at_end(db: Database, album_id: int, photo_ids: Sequence[int], added_by: int | None = None) -> list[int]:
    """Put photos, in this order, behind those that are in the album; return those that were not in it before.

    added_by: who does, where that is not the album's owner or an import.
    """
    if not photo_ids:
        return []
    rows = db.conn.execute(
        """insert into album_photos (album_id, photo_id, position, added_at, added_by)
           select ?, value, ? + key * ?, ?, ? from json_each(?)
           where not exists (select 1 from album_photos where album_id = ? and photo_id = value)
           returning photo_id""",
        (
            album_id, album_order.end(db, album_id), album_order.GAP, now(), added_by, json.dumps(list(dict.fromkeys(photo_ids))),
            album_id,
        ),
    )  # fmt: skip
    return [row[0] for row in rows.fetchall()]
