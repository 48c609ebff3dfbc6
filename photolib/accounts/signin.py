"""Signing in: a name and a password, then perhaps a second step. The same steps for a web page and for what comes later.

Who came in, and who did not, is written to the log: users by number, others by their address alone.
"""

import logging
from dataclasses import dataclass

from sqlite_utils import Database

from photolib.accounts import passwords, sessions, throttle, totp, users
from photolib.accounts.sessions import Client, Session, Started
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import NotSignedIn, Refused
from photolib.sources import now

log = logging.getLogger(__name__)

KNOWN_FOR_DAYS = 180
SECOND_STEP = "/login/second"  # the page that asks for it


@dataclass(frozen=True)
class Begun:
    """What came of a name and a password. The started session may do nothing but the second step while that is owed."""

    user: Account
    started: Started

    @property
    def needs_second_step(self) -> bool:
        return self.started.session.is_pending


def with_password(db: Database, name: str, password: str, client: Client, is_kept: bool = True) -> Begun:
    """Sign in. Called outside of write(): comparing a password takes a tenth of a second.

    Raises NotSignedIn with one sentence for a wrong name, a wrong password and a disabled user, and TooManyTries.
    """
    user = users.named(db, name)
    has_been_here = user is not None and is_known(db, user.id, client.address)
    counters = (
        throttle.of_name(name, client.address if has_been_here else None), throttle.of_address(client.address)
    )  # fmt: skip
    with write(db, durable=True) as changed:
        throttle.count(changed, *counters)
    kept = users.password_hash(db, user.id) if user is not None else None
    if not passwords.matches(password, kept) or user is None or kept is None or user.is_disabled:
        log.warning("a sign-in was refused: wrong name or password, from %s", client.address)
        raise NotSignedIn("The name or the password is not right.")
    rehashed = passwords.hash(password) if passwords.is_outdated(kept) else None
    with write(db, durable=True) as changed:
        throttle.forgive(changed, *counters)
        if rehashed:
            users.rehash(changed, user.id, kept, rehashed)
        if users.password_hash(changed, user.id) != (rehashed or kept):
            raise NotSignedIn("The password has just been changed. Sign in with the new one.")
        return begin(changed, user, client, is_kept)


def begin(
    db: Database, user: Account, client: Client, is_kept: bool = True, has_taken_second_step: bool = False
) -> Begun:
    """Somebody has proved who they are, by whatever means: start their session, which is pending while a second step is owed.

    has_taken_second_step: what they proved it with was two steps in one. Expects to be inside write().
    """
    is_pending = not has_taken_second_step and needs_second_step(db, user.id)
    started = sessions.start(db, user.id, client, is_kept, is_pending)
    if not is_pending:
        _came_in(db, user.id, client)
    return Begun(user, started)


def finish(db: Database, pending: Session, client: Client) -> Started:
    """The second step was taken: a session with a new token takes the place of the pending one. Expects to be inside write()."""
    sessions.revoke(db, pending.user_id, pending.id)
    _came_in(db, pending.user_id, client)
    return sessions.start(db, pending.user_id, client, pending.is_kept)


def needs_second_step(db: Database, user_id: int) -> bool:
    """Whether a user has set up a second step, which a password alone does not replace."""
    return totp.is_on(db, user_id)


def is_known(db: Database, user_id: int, address: str) -> bool:
    """Whether a user has signed in from an address before, where others' guessing elsewhere does not make them wait."""
    found = db.conn.execute(
        "select 1 from known_addresses where user_id = ? and address = ?", (user_id, throttle.network_of(address))
    )
    return found.fetchone() is not None


def _came_in(db: Database, user_id: int, client: Client) -> None:
    log.info("user %d signed in, from %s", user_id, client.address)
    _remember_address(db, user_id, client.address)


def _remember_address(db: Database, user_id: int, address: str) -> None:
    db.conn.execute("delete from known_addresses where seen_at < date('now', ?)", (f"-{KNOWN_FOR_DAYS} days",))
    db.conn.execute(
        """insert into known_addresses (user_id, address, seen_at) values (?, ?, ?)
           on conflict (user_id, address) do update set seen_at = excluded.seen_at""",
        (user_id, throttle.network_of(address), now()),
    )


def change_password(db: Database, user: Account, held: Session, old: str, new: str, client: Client) -> Started:
    """Give somebody the password they ask for. Every session of theirs ends, and the one they ask from goes on under a new token.

    Called outside of write(). Raises Refused for a wrong old password, BadInput for a new one that will not do, TooManyTries.
    """
    counter = throttle.of_name(f"\0password of\0{user.id}")
    with write(db, durable=True) as changed:
        throttle.count(changed, counter)
    kept = users.password_hash(db, user.id)
    if not passwords.matches(old, kept) or kept is None:
        log.warning("user %d gave a wrong present password, from %s", user.id, client.address)
        raise Refused("The present password is not right.")
    with write(db, durable=True) as changed:
        throttle.forgive(changed, counter)
    passwords.check_new(new, user.name, user.display_name)
    hashed = passwords.hash(new)
    with write(db, durable=True) as changed:
        if users.password_hash(changed, user.id) != kept:
            raise Refused("The password has just been changed elsewhere.")
        users.set_password(changed, user.id, hashed)
        return sessions.start(changed, user.id, client, held.is_kept)
