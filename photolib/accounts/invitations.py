"""Invitations: an address that an admin hands on, at which somebody chooses their own password, once. Also after a password was lost."""

from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from photolib.accounts import passwords, throttle, tokens, users
from photolib.accounts.sessions import Client
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import NotFound
from photolib.said import Said

LASTS = timedelta(days=7)
GONE = Said("This invitation has been used, replaced or is too old. Ask for a new one.")


def invite(db: Database, user_id: int) -> str:
    """A token for a user, in place of any before. Until it is used an old password keeps working. Expects to be inside write()."""
    token = tokens.new()
    until = (datetime.now(UTC) + LASTS).isoformat(timespec="seconds")
    db.conn.execute(
        "insert or replace into invitations (user_id, token_hash, expires_at) values (?, ?, ?)",
        (user_id, tokens.hashed(token), until),
    )
    return token


def invited(db: Database, token: str) -> Account:
    """Whom a token invites. Raises NotFound."""
    row = db.conn.execute(
        """select user_id from invitations join users on users.id = user_id
           where token_hash = ? and expires_at > ? and not is_disabled""",
        (tokens.hashed(token), datetime.now(UTC).isoformat(timespec="seconds")),
    ).fetchone()
    if row is None:
        raise NotFound(GONE)
    return users.account(db, row[0])


def accept(db: Database, token: str, display_name: str, password: str, client: Client) -> Account:
    """Whoever holds the token chooses a password, and the token is used up. Called outside of write().

    Raises NotFound, BadInput for a password that will not do, and TooManyTries.
    """
    counter = throttle.of_address(client.address, "invitation")
    with write(db) as changed:
        throttle.count(changed, counter)
    user = invited(db, token)
    passwords.check_new(password, user.name, display_name)
    hashed = passwords.hash(password)
    with write(db, durable=True) as changed:
        user = invited(changed, token)  # still: it may have been used meanwhile
        users.set_password(changed, user.id, hashed)
        if display_name.strip():
            users.rename(changed, user.id, display_name)
        throttle.forgive(changed, counter)
        return users.account(changed, user.id)
