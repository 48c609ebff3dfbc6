"""Sessions: a browser that is signed in, known by a random token in its cookie of which only the hash is kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from photolib.accounts import tokens, users
from photolib.accounts.users import Account
from photolib.errors import NotFound

# A phone in the family stays signed in as long as it is used now and then, at most a year; a borrowed computer for the evening.
KEPT_IDLE, KEPT_LONGEST = timedelta(days=60), timedelta(days=365)
SHORT_IDLE, SHORT_LONGEST = timedelta(hours=4), timedelta(hours=24)
PENDING = timedelta(minutes=10)  # for a second step
SEEN_EVERY = timedelta(minutes=5)  # a page asks for a hundred pictures, and each would be a write


@dataclass(frozen=True)
class Client:
    """Where somebody sits: the address they come from and their browser in words."""

    address: str
    browser: str


@dataclass(frozen=True)
class Session:
    """A browser that is signed in. Moments are ISO 8601, UTC. is_pending: a second step is still owed, so it may do nothing yet."""

    id: int
    user_id: int
    created_at: str
    seen_at: str
    expires_at: str
    address: str
    browser: str
    is_kept: bool
    is_pending: bool


@dataclass(frozen=True)
class Started:
    """A new session and the token for its cookie, which exists nowhere else."""

    token: str
    session: Session


_COLUMNS = ("id", "user_id", "created_at", "seen_at", "expires_at", "address", "browser", "is_kept", "is_pending")
_SELECT = ", ".join(f"sessions.{name}" for name in _COLUMNS)


def start(db: Database, user_id: int, client: Client, is_kept: bool = True, is_pending: bool = False) -> Started:
    """A new session with a new token. What has expired is taken away."""
    now = datetime.now(UTC)
    db.conn.execute("delete from sessions where expires_at < ?", (_iso(now),))
    lasts = PENDING if is_pending else KEPT_LONGEST if is_kept else SHORT_LONGEST
    token = tokens.new()
    row = db.conn.execute(
        f"""insert into sessions (user_id, token_hash, created_at, seen_at, expires_at, address, browser, is_kept, is_pending)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning {", ".join(_COLUMNS)}""",
        (
            user_id, tokens.hashed(token), _iso(now), _iso(now), _iso(now + lasts), client.address, client.browser,
            int(is_kept), int(is_pending),
        ),
    ).fetchone()  # fmt: skip
    return Started(token, _session(row))


def find(db: Database, token: str) -> tuple[Session, Account] | None:
    """The session of a token and its user as they are now; None when it has ended or the user is disabled."""
    row = db.conn.execute(
        f"""select {_SELECT}, {users.SELECT} from sessions join users on users.id = sessions.user_id
            where sessions.token_hash = ? and not users.is_disabled""",
        (tokens.hashed(token),),
    ).fetchone()
    if row is None:
        return None
    session = _session(row[: len(_COLUMNS)])
    now = datetime.now(UTC)
    idle = KEPT_IDLE if session.is_kept else SHORT_IDLE
    if session.expires_at < _iso(now) or session.seen_at < _iso(now - idle):
        return None
    return session, users.account_of(row[len(_COLUMNS) :])


def is_long_unseen(session: Session) -> bool:
    """Whether it is time to note that the session is in use."""
    return session.seen_at < _iso(datetime.now(UTC) - SEEN_EVERY)


def see(db: Database, session: Session, client: Client) -> None:
    """Note that a session is in use, and from where."""
    db.conn.execute(
        "update sessions set seen_at = ?, address = ?, browser = ? where id = ?",
        (_iso(datetime.now(UTC)), client.address, client.browser, session.id),
    )


def of_user(db: Database, user_id: int) -> list[Session]:
    """Those a user may come in with, last used first."""
    now = datetime.now(UTC)
    rows = db.conn.execute(
        f"""select {_SELECT} from sessions where user_id = ? and not is_pending and expires_at >= ?
            and seen_at >= case when is_kept then ? else ? end order by seen_at desc, id desc limit 200""",
        (user_id, _iso(now), _iso(now - KEPT_IDLE), _iso(now - SHORT_IDLE)),
    )
    return [_session(row) for row in rows]


def revoke(db: Database, user_id: int, session_id: int) -> None:
    """End one of a user's sessions. Raises NotFound, also for somebody else's."""
    if not db.conn.execute("delete from sessions where id = ? and user_id = ?", (session_id, user_id)).rowcount:
        raise NotFound("There is no such session any more.")


def revoke_token(db: Database, token: str) -> None:
    """End the session of a token, if there is one."""
    db.conn.execute("delete from sessions where token_hash = ?", (tokens.hashed(token),))


def _session(row: Sequence[Any]) -> Session:
    return Session(*row[:-2], *map(bool, row[-2:]))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
