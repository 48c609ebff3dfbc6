"""Users: who there is, what they may do, how much they may keep. Functions that write expect to be inside `db.write()`."""

import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlite_utils import Database

from photolib import catalog
from photolib.catalog import OWNER_TO_BE, User
from photolib.errors import BadInput, NotFound, Refused
from photolib.sources import now

log = logging.getLogger(__name__)

Role = Literal["admin", "member", "guest"]
ROLES: tuple[Role, ...] = get_args(Role)
THEMES = ("light", "dark")
LONGEST_NAME = 60  # characters


@dataclass(frozen=True)
class Account(User):
    """A user and what is known of them. display_name: what they are called, never empty. quota_bytes: None for no limit; language and
    theme: None for what the browser asks for. Whoever has no password yet cannot sign in with one."""

    display_name: str = ""
    quota_bytes: int | None = None
    language: str | None = None
    theme: str | None = None
    is_disabled: bool = False
    has_password: bool = False
    created_at: str = ""


@dataclass(frozen=True)
class Usage:
    """What a user's photos take."""

    photos: int
    bytes: int


CALLED = "coalesce(nullif(users.display_name, ''), users.name)"  # the name a user shows to others here
SELECT = f"""users.id, users.name, users.role, {CALLED}, users.quota_bytes, users.language, users.theme,
  users.is_disabled, users.password_hash is not null, users.created_at"""


def account_of(row: Sequence[Any]) -> Account:
    """A row of SELECT."""
    return Account(*row[:7], *map(bool, row[7:9]), *row[9:])


def everybody(db: Database) -> list[Account]:
    """All users, the first one first."""
    return [account_of(row) for row in db.conn.execute(f"select {SELECT} from users order by id")]


def account(db: Database, user_id: int) -> Account:
    """Raises NotFound."""
    row = db.conn.execute(f"select {SELECT} from users where id = ?", (user_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such user.")
    return account_of(row)


def named(db: Database, name: str) -> Account | None:
    """The user of this name, however its letters are written; None when there is none."""
    row = db.conn.execute(
        f"select {SELECT} from users where name = ? collate nocase order by name = ? desc limit 1",
        (clean_name(name), clean_name(name)),
    ).fetchone()
    return account_of(row) if row else None


def password_hash(db: Database, user_id: int) -> str | None:
    """What a user's password is compared with."""
    row = db.conn.execute("select password_hash from users where id = ?", (user_id,)).fetchone()
    return row[0] if row else None


def clean_name(name: str) -> str:
    """A name without what nobody sees."""
    return unicodedata.normalize("NFKC", name).strip()


def check_name(db: Database, name: str, but: int | None = None) -> str:
    """The name as it is kept. Raises BadInput when it cannot be one, or somebody else has it."""
    name = clean_name(name)
    if not name or not name.isprintable():
        raise BadInput("A user needs a name that can be printed.")
    if len(name) > LONGEST_NAME:
        raise BadInput("A user's name may have at most %(most)s characters.", most=LONGEST_NAME)
    taken = named(db, name)
    if taken is not None and taken.id != but:
        raise BadInput("There is a user “%(name)s” already.", name=taken.name)
    if name.casefold() == OWNER_TO_BE and first_id(db) != but:
        # Settings say it for whoever set photolib up, under any name: it must never come to mean somebody else.
        raise BadInput("The name “%(name)s” belongs to whoever set photolib up. Choose another.", name=OWNER_TO_BE)
    return name


def check_role(role: str) -> Role:
    """Raises BadInput."""
    for each in ROLES:
        if role == each:
            return each
    raise BadInput(f"A role is one of {', '.join(ROLES)}.")


def first_id(db: Database) -> int | None:
    """Who was here first: the owner-to-be, later the one who set photolib up."""
    return db.conn.execute("select min(id) from users").fetchone()[0]


def add(
    db: Database, name: str, display_name: str = "", role: str = "member", quota_bytes: int | None = None
) -> Account:
    """A user without a password. Raises BadInput when the name is taken or cannot be one."""
    new = catalog.add_user(db, check_name(db, name))
    db.conn.execute(
        "update users set display_name = ?, role = ?, quota_bytes = ? where id = ?",
        (check_display_name(display_name), check_role(role), check_quota(quota_bytes), new.id),
    )
    return account(db, new.id)


def check_display_name(name: str) -> str:
    """Raises BadInput."""
    name = clean_name(name)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput("A name can be printed and has at most %(most)s characters.", most=LONGEST_NAME)
    return name


def check_quota(quota_bytes: int | None) -> int | None:
    """Raises BadInput."""
    if quota_bytes is not None and not 0 <= quota_bytes < 2**60:
        raise BadInput("A quota is a number of bytes that cannot be negative.")
    return quota_bytes


def parse_quota(text: str) -> int | None:
    """Bytes as people write them: "50 GB", "1.5TB"; None for "none" and for nothing at all. Raises BadInput."""
    if text.strip().lower() in ("", "none", "unlimited"):
        return None
    found = re.fullmatch(r"\s*(\d{1,18}(?:[.,]\d{1,3})?)\s*([kmgt]?)b?\s*", text, re.IGNORECASE | re.ASCII)
    if found is None:
        raise BadInput('A quota is written like "50 GB" or "1.5 TB", or "none".')
    return check_quota(int(Decimal(found[1].replace(",", ".")) * 1000 ** " kmgt".index(found[2].lower() or " ")))


def quota_text(quota: int | None) -> str:
    """A quota as parse_quota() reads it, to the byte; empty for no limit."""
    if quota is None:
        return ""
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
        if quota and quota % 1000 ** (power - 1) == 0 and quota >= 1000**power:
            return f"{Decimal(quota) / 1000**power:.3f}".rstrip("0").rstrip(".") + f" {unit}"
    return str(quota)


def set_password(db: Database, user_id: int, hashed: str, keep_session: int | None = None) -> None:
    """Give a user a new password (as passwords.hash() returned it), and end their sessions but for the one it was asked from."""
    db.conn.execute(
        "update users set password_hash = ?, password_changed_at = ? where id = ?", (hashed, now(), user_id)
    )
    log.info("user %d has a new password", user_id)
    db.conn.execute("delete from invitations where user_id = ?", (user_id,))
    end_sessions(db, user_id, but=keep_session)


def rehash(db: Database, user_id: int, before: str, hashed: str) -> None:
    """Keep the same password with today's parameters, unless it has been changed meanwhile."""
    db.conn.execute("update users set password_hash = ? where id = ? and password_hash = ?", (hashed, user_id, before))


def rename(db: Database, user_id: int, display_name: str) -> None:
    """Change what somebody is called. Empty: as they sign in. Raises BadInput."""
    db.conn.execute("update users set display_name = ? where id = ?", (check_display_name(display_name), user_id))


def set_language(db: Database, user_id: int, language: str | None) -> None:
    """None: what the browser asks for."""
    db.conn.execute("update users set language = ? where id = ?", (language, user_id))


def set_theme(db: Database, user_id: int, theme: str | None) -> None:
    """None: as the system has it. Raises BadInput."""
    if theme is not None and theme not in THEMES:
        raise BadInput(f"A theme is one of {', '.join(THEMES)}.")
    db.conn.execute("update users set theme = ? where id = ?", (theme, user_id))


def set_role(db: Database, user_id: int, role: str) -> None:
    """Change what somebody may do, from their next request on. Raises BadInput, and Refused for the last admin."""
    role = check_role(role)
    if role != "admin":
        _keep_an_admin(db, user_id)
    db.conn.execute("update users set role = ? where id = ?", (role, user_id))
    log.info("user %d is %s from now on", user_id, role)


def set_quota(db: Database, user_id: int, quota_bytes: int | None) -> None:
    """None: no limit. Raises BadInput."""
    db.conn.execute("update users set quota_bytes = ? where id = ?", (check_quota(quota_bytes), user_id))


def disable(db: Database, user_id: int) -> None:
    """Nobody comes in as this user any more; their photos stay. Raises Refused for the last admin."""
    _keep_an_admin(db, user_id)
    db.conn.execute("update users set is_disabled = 1 where id = ?", (user_id,))
    log.info("user %d is disabled", user_id)
    db.conn.execute("delete from invitations where user_id = ?", (user_id,))
    end_sessions(db, user_id)


def enable(db: Database, user_id: int) -> None:
    """The opposite of disable(). They sign in again with the password they had."""
    db.conn.execute("update users set is_disabled = 0 where id = ?", (user_id,))


def end_sessions(db: Database, user_id: int, but: int | None = None) -> int:
    """Sign a user out everywhere, but in one session; return how many there were."""
    return db.conn.execute("delete from sessions where user_id = ? and id is not ?", (user_id, but)).rowcount


def _keep_an_admin(db: Database, user_id: int) -> None:
    """Raises Refused when nobody else could administer photolib."""
    if account(db, user_id).role != "admin":
        return
    others = db.conn.execute(
        "select 1 from users where role = 'admin' and not is_disabled and password_hash is not null and id <> ?",
        (user_id,),
    ).fetchone()
    if others is None:
        raise Refused("This is the last admin, and somebody has to be one. Make somebody else an admin first.")


# ---------------------------------------------------------------- room


def usage(db: Database, user_id: int) -> Usage:
    """What a user's photos take, those in the archive and the trash included."""
    return usages(db, user_id).get(user_id, Usage(0, 0))


def usages(db: Database, user_id: int | None = None) -> dict[int, Usage]:
    """What each user's photos take, or one's. Counted in the timeline's own counters: those of a million photos are there at once."""
    rows = db.conn.execute(
        """select users.id, coalesce((select sum(photos) from months where owner_id = users.id), 0), coalesce(usage.bytes, 0)
           from users left join usage on usage.owner_id = users.id where ?1 is null or users.id = ?1""",
        (user_id,),
    )
    return {row[0]: Usage(row[1], row[2]) for row in rows}


def room_left(db: Database, user: User) -> int | None:
    """How many bytes somebody may still add: never less than 0, None for no limit. A guest keeps nothing here."""
    if user.role == "guest":
        return 0
    quota = account(db, user.id).quota_bytes
    return None if quota is None else max(0, quota - usage(db, user.id).bytes)


def recount(db: Database) -> None:
    """Count everybody's bytes anew, from the photos themselves."""
    db.conn.execute("delete from usage")
    db.conn.execute(
        """insert into usage (owner_id, bytes) select owner_id, sum(bytes) from (
             select owner_id, size as bytes from photos join originals using (key)
             union all
             select photos.owner_id, size from parts join photos on photos.id = parts.photo_id
               join originals on originals.key = parts.key where parts.key <> photos.key)
           group by owner_id"""
    )
