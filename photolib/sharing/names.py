"""What people are called whom others meet in what is shared."""

import json
from collections.abc import Collection

from sqlite_utils import Database

from photolib.accounts.users import CALLED


def for_strangers(db: Database, user_id: int) -> str:
    """What a user calls themselves, for whoever has a link of theirs: empty without, since the name they sign in with is half a secret."""
    row = db.conn.execute("select display_name from users where id = ?", (user_id,)).fetchone()
    return row[0] if row else ""


def shown(db: Database, user_ids: Collection[int]) -> dict[int, str]:
    """The names that these users show, by their ids; who is gone is left out."""
    rows = db.conn.execute(
        f"select id, {CALLED} from users where id in (select value from json_each(?))",
        (json.dumps(list(user_ids)),),
    )
    return dict(rows.fetchall())
