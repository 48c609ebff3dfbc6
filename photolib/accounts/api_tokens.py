"""API tokens: how a program of somebody's asks in their name, for a part of what they may do themselves."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from sqlite_utils import Database

from photolib.accounts import tokens, users
from photolib.accounts.users import Account
from photolib.errors import BadInput, NotFound

Scope = Literal["read", "upload", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
# What each role's tokens may be given and, whatever they were given once, may do.
OF_ROLE: dict[str, frozenset[Scope]] = {
    "admin": frozenset(SCOPES),
    "member": frozenset(("read", "upload", "write")),
    "guest": frozenset(("read",)),
}

PREFIX = "photolib_"  # what programs that look for secrets in public places recognise one by
LONGEST_NAME = 100
MOST = 100  # for one person
LONGEST_DAYS = 3650
SEEN_EVERY = timedelta(minutes=1)  # "last used" is no more exact than that, so that reading does not write


@dataclass(frozen=True)
class Token:
    """What is known of a token. The token itself is not: only whoever made it has that. Moments are ISO 8601, UTC. photos_sent: by a
    device that puts photos here, those that were new."""

    id: int
    user_id: int
    name: str
    scopes: frozenset[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    photos_sent: int

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= _iso(datetime.now(UTC))


_COLUMNS = ("id", "user_id", "name", "scopes", "created_at", "expires_at", "last_used_at", "photos_sent")
_SELECT = ", ".join(f"tokens.{name}" for name in _COLUMNS)


def allowed(role: str, scopes: Collection[str]) -> frozenset[str]:
    """What of these scopes a role allows; a role that is not known allows nothing."""
    return OF_ROLE.get(role, frozenset()) & frozenset(scopes)


def make(db: Database, user: Account, name: str, scopes: Collection[str], days: int | None) -> tuple[Token, str]:
    """A token for somebody; returns it together with its text, which is shown once and exists nowhere else.

    days: how long it is valid; None: until it is revoked. Raises BadInput. Expects to be inside write().
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput("A token needs a name of at most %(most)s letters, to know it by later.", most=LONGEST_NAME)
    if not scopes:
        raise BadInput("Choose at least one thing that the token may do.")
    if set(scopes) - allowed(user.role, scopes):
        raise BadInput("A token cannot be allowed more than you are.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadInput("A token is valid for 1 to %(most)s days.", most=LONGEST_DAYS)
    if db.conn.execute("select count(*) from tokens where user_id = ?", (user.id,)).fetchone()[0] >= MOST:
        raise BadInput("You have %(most)s tokens already. Revoke one that is not needed any more.", most=MOST)
    text = PREFIX + tokens.new()
    now = datetime.now(UTC)
    row = db.conn.execute(
        f"""insert into tokens (user_id, name, hash, scopes, created_at, expires_at) values (?, ?, ?, ?, ?, ?)
            returning {_SELECT}""",
        (
            user.id, name, tokens.hashed(text), " ".join(each for each in SCOPES if each in scopes), _iso(now),
            None if days is None else _iso(now + timedelta(days=days)),
        ),
    ).fetchone()  # fmt: skip
    return _token(row), text


def find(db: Database, text: str) -> tuple[Token, Account] | None:
    """The token with this text and its user as they are now; None when it is revoked, expired or its user disabled.

    What the token may do is `allowed(user.role, token.scopes)`: a role that was taken away is not there for it either.
    """
    if not text.startswith(PREFIX):
        return None
    row = db.conn.execute(
        f"""select {_SELECT}, {users.SELECT} from tokens join users on users.id = tokens.user_id
            where tokens.hash = ? and not users.is_disabled""",
        (tokens.hashed(text),),
    ).fetchone()
    if row is None:
        return None
    token = _token(row[: len(_COLUMNS)])
    return None if token.is_expired else (token, users.account_of(row[len(_COLUMNS) :]))


def is_long_unseen(token: Token) -> bool:
    """Whether it is time to note that a token is in use."""
    return token.last_used_at is None or token.last_used_at < _iso(datetime.now(UTC) - SEEN_EVERY)


def see(db: Database, token: Token) -> None:
    """Note that a token is in use."""
    db.conn.execute("update tokens set last_used_at = ? where id = ?", (_iso(datetime.now(UTC)), token.id))


def count_photo(db: Database, token: Token) -> None:
    """Note that a device has sent a photo that was not here."""
    db.conn.execute("update tokens set photos_sent = photos_sent + 1 where id = ?", (token.id,))


def of_user(db: Database, user_id: int) -> list[Token]:
    """Somebody's tokens, the newest first; those that have expired too, until they are revoked."""
    rows = db.conn.execute(f"select {_SELECT} from tokens where user_id = ? order by id desc", (user_id,))
    return [_token(row) for row in rows]


def revoke(db: Database, user_id: int, token_id: int) -> str:
    """End one of somebody's tokens for good; returns its name. Raises NotFound, also for somebody else's."""
    row = db.conn.execute(
        "delete from tokens where id = ? and user_id = ? returning name", (token_id, user_id)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such token any more.")
    return row[0]


def _token(row: tuple) -> Token:
    return Token(row[0], row[1], row[2], frozenset(row[3].split()), *row[4:])


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
