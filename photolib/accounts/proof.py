"""Proving once more who sits there, before something that whoever found an open browser must not do: a password, or a code of the app."""

import logging
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from photolib.accounts import passkeys, passwords, signin, throttle, totp, users
from photolib.accounts.sessions import Client, Session
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import BadInput, Refused

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=10)  # for so long after signing in it is not asked again


def is_fresh(session: Session) -> bool:
    """Whether somebody has just signed in, which is proof enough for most things."""
    return session.created_at > (datetime.now(UTC) - FRESH).isoformat(timespec="seconds")


def can_give(db: Database, user: Account) -> bool:
    """Whether somebody has a password or an app that shows codes; those who come in another way sign in anew instead."""
    return user.has_password or totp.is_on(db, user.id)


def require(db: Database, user: Account, session: Session, said: str, client: Client, anew: bool = False) -> None:
    """Raises BadInput when `said` is neither the user's password nor a code that is good now, Refused when there is no other way than to
    sign in anew, TooManyTries. anew: ask even of somebody who has just signed in. Called outside of write().
    """
    if not anew and is_fresh(session):
        return
    if not can_give(db, user):
        if is_fresh(session):
            return
        raise Refused("Sign out and in again first. For ten minutes after that you can do this.")
    known = client.address if signin.is_known(db, user.id, client.address) else None
    counter = throttle.of_name(f"\0proof\0{user.id}", known)
    with write(db, durable=True) as changed:
        throttle.count(changed, counter)
    if user.has_password and passwords.matches(said, users.password_hash(db, user.id)):
        is_right = True
    else:
        with write(db, durable=True) as changed:
            is_right = totp.take(changed, user.id, said)
    if not is_right:
        log.warning("user %d did not prove who they are, from %s", user.id, client.address)
        raise BadInput("That is not your password, and no code that is good now.")
    with write(db) as changed:
        throttle.forgive(changed, counter)


def ways_in(db: Database, user: Account) -> int:
    """In how many ways somebody can sign in: with a password, each passkey, each account elsewhere."""
    elsewhere = db.conn.execute("select count(*) from identities where user_id = ?", (user.id,)).fetchone()[0]
    return int(user.has_password) + len(passkeys.of_user(db, user.id)) + elsewhere


def keep_a_way_in(db: Database, user: Account) -> None:
    """Raises Refused when somebody has just given up the only way in they had. Inside the same write(), which is undone by that."""
    if ways_in(db, user) == 0:
        raise Refused("You would not come in any more: this is your only way to sign in. Add another one first.")
