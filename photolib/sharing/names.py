"""What people are called whom others meet in what is shared."""

import json
from collections.abc import Collection

from sqlite_utils import Database


def shown(db: Database, user_ids: Collection[int]) -> dict[int, str]:
    """The names that these users show, by their ids; who is gone is left out."""
    rows = db.conn.execute(
        "select id, coalesce(nullif(display_name, ''), name) from users where id in (select value from json_each(?))",
        (json.dumps(list(user_ids)),),
    )
    return dict(rows.fetchall())
