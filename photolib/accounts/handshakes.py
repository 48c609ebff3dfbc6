"""Steps that need another one from the same browser: the code after a password, the answer of a passkey, the way back from a provider.

The browser holds a random secret in a cookie, the database its hash and what belongs to the step. It can be gone through once
and expires soon; so an answer that was caught, or that is carried into another browser, is worth nothing.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from photolib.accounts import tokens

MINUTES = 10  # as long as somebody may look for the phone
MOST = 10_000  # under way at once; anybody may begin one, so the oldest go before the table grows without end


@dataclass(frozen=True)
class Handshake:
    """user_id: whose it is, where that is known by now."""

    kind: str
    user_id: int | None
    data: dict[str, Any]


def begin(db: Database, kind: str, user_id: int | None = None, **data: Any) -> str:
    """Remember a step; returns the secret for the browser. data: what JSON can hold."""
    now = datetime.now(UTC)
    db.conn.execute("delete from handshakes where expires_at < ?", (now.isoformat(),))
    db.conn.execute(
        """delete from handshakes where hash in
             (select hash from handshakes order by expires_at limit max(0, (select count(*) from handshakes) - ?))""",
        (MOST - 1,),
    )
    secret = tokens.new()
    db.conn.execute(
        "insert into handshakes (hash, kind, user_id, data, expires_at) values (?, ?, ?, ?, ?)",
        (tokens.hashed(secret), kind, user_id, json.dumps(data), (now + timedelta(minutes=MINUTES)).isoformat()),
    )
    return secret


def find(db: Database, kind: str, secret: str | None) -> Handshake | None:
    """What the browser with this secret is in the middle of, unless it is over or of another kind."""
    if not secret:
        return None
    row = db.conn.execute(
        "select kind, user_id, data from handshakes where hash = ? and kind = ? and expires_at >= ?",
        (tokens.hashed(secret), kind, datetime.now(UTC).isoformat()),
    ).fetchone()
    return Handshake(row[0], row[1], json.loads(row[2])) if row else None


def finish(db: Database, kind: str, secret: str | None) -> Handshake | None:
    """As find(), for the only time: nobody goes through it again."""
    found = find(db, kind, secret)
    if found and secret:
        db.conn.execute("delete from handshakes where hash = ?", (tokens.hashed(secret),))
    return found
