"""The first run: whoever reads the code at the console makes the owner-to-be the admin, under a name of their own."""

import hmac
import logging

from sqlite_utils import Database

from photolib.accounts import passwords, throttle, tokens, users
from photolib.accounts.sessions import Client
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import NotFound, Refused
from photolib.said import Said

log = logging.getLogger(__name__)


def is_done(db: Database) -> bool:
    """Whether there is an admin with a password: somebody to let in, and to let others in."""
    found = db.conn.execute("select 1 from users where role = 'admin' and password_hash is not null limit 1")
    return found.fetchone() is not None


def new_code(db: Database) -> str:
    """The code that set-up asks for, in place of any before; shown at the console and kept as its hash. Expects to be inside write()."""
    code = tokens.new_code()
    db.conn.execute("insert or replace into setup_code (id, code_hash) values (1, ?)", (tokens.hashed(code),))
    return code


def finish(db: Database, code: str, name: str, display_name: str, password: str, client: Client) -> Account:
    """Make the owner-to-be, who may own photos already, the admin. Called outside of write().

    Of several at once one wins; the others learn that. Raises BadInput for a name or password that will not do, Refused for a
    wrong code or when set-up is done, TooManyTries.
    """
    if is_done(db):
        raise Refused(ALREADY)
    with write(db, durable=True) as changed:
        throttle.count(changed, _counter(client))
    if not _is_right(db, code):
        if is_done(db):
            raise Refused(ALREADY)  # meanwhile
        log.warning("a wrong code of the first start was given, from %s", client.address)
        raise Refused("This is not the code that photolib printed when it was started last.")
    with write(db) as changed:
        throttle.forgive(changed, _counter(client))  # what is wrong from here on is no guess
    passwords.check_new(password, name, display_name)
    users.check_name(db, name, but=users.first_id(db))
    hashed = passwords.hash(password)
    with write(db, durable=True) as changed:
        first = users.first_id(changed)
        if first is None:
            raise NotFound("There is no user to be set up. Start photolib again.")
        if is_done(changed) or not _is_right(changed, code):
            raise Refused(ALREADY)
        changed.conn.execute(
            "update users set name = ?, display_name = ?, role = 'admin', is_disabled = 0 where id = ?",
            (users.check_name(changed, name, but=first), users.check_display_name(display_name), first),
        )
        users.set_password(changed, first, hashed)
        changed.conn.execute("delete from setup_code")
        return users.account(changed, first)


ALREADY = Said("Somebody has set photolib up already. Sign in, or ask them for an invitation.")


def _is_right(db: Database, code: str) -> bool:
    row = db.conn.execute("select code_hash from setup_code").fetchone()
    return row is not None and hmac.compare_digest(row[0], tokens.hashed(tokens.typed_code(code)))


def _counter(client: Client) -> throttle.Counter:
    """By address alone: the code has 60 bits, and a count for all addresses would let anybody keep the owner waiting."""
    return throttle.of_address(client.address, "set-up")
