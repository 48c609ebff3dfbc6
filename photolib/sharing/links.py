"""Share links: an address that opens one album to whoever has it, without an account.

A link's token is random, 256 bits, and kept as its hash; beside it lies the token sealed with a key that is a file of its own, so that its
owner can copy the address again while a copy of the database opens nothing. A link with a password, or for a limited number of visitors,
has a door: each browser that comes through it is a visit, known by a cookie. Changing the password ends all visits.

Functions that write expect to be called inside `db.write()`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from cryptography.fernet import Fernet, InvalidToken
from sqlite_utils import Database

from photolib.accounts import tokens
from photolib.accounts.sessions import Client
from photolib.errors import BadInput, NotFound, Refused
from photolib.said import Said
from photolib.sharing.grants import Permit

Permission = Literal["view", "download", "contribute"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
KINDS = ("album", "selection", "photo", "search")
LONGEST_NAME, LONGEST_NOTE = 80, 2000
MOST = 2000  # of one owner that are not revoked
MOST_USES = 1_000_000
KEPT_LOG = 2000  # lines of one link
KEPT_VISITS = 10_000  # browsers that are known again at a link without a door
KEY_FILE = "links.key"
GONE = Said("This link leads nowhere. It may have ended, or the address was cut short.")


@dataclass(frozen=True)
class Link:
    """A share link. Moments are ISO 8601, UTC. kind: what its owner shared, for words; the album is what it shows in any case.

    password: its argon2id hash, None for none. uses: how many have come through its door, at most max_uses.
    """

    id: int
    owner_id: int
    album_id: int
    kind: str
    permission: Permission
    password: str | None = field(repr=False)
    expires_at: str | None
    max_uses: int | None
    uses: int
    show_location: bool
    show_camera: bool
    may_preview: bool
    name: str
    note: str
    created_at: str
    revoked_at: str | None

    @property
    def has_door(self) -> bool:
        """Whether a browser has to be let in before it is shown anything."""
        return self.password is not None or self.max_uses is not None

    @property
    def has_ended(self) -> bool:
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= _now())

    @property
    def is_used_up(self) -> bool:
        """Whether nobody else gets in; those who are in stay."""
        return self.max_uses is not None and self.uses >= self.max_uses


_NAMES = (
    "id", "owner_id", "album_id", "kind", "permission", "password", "expires_at", "max_uses", "uses", "show_location", "show_camera",
    "may_preview", "name", "note", "created_at", "revoked_at",
)  # fmt: skip
_COLUMNS = ", ".join(f"links.{name}" for name in _NAMES)


# ---------------------------------------------------------------- who comes


def find(db: Database, token: str) -> Link:
    """The link of an address. Raises NotFound, with the same sentence whatever the reason: unknown, revoked, expired."""
    row = db.conn.execute(
        f"""select {_COLUMNS} from links join users on users.id = owner_id where hash = ? and not is_disabled""",
        (tokens.hashed(token),),
    ).fetchone()
    link = _link(row) if row else None
    if link is None or link.has_ended:
        raise NotFound(GONE)
    return link


def is_visited(db: Database, link: Link, visit: str | None) -> bool:
    """Whether this is the cookie of a browser that has come through this link's door."""
    if not visit:
        return False
    row = db.conn.execute(
        "select 1 from link_visits where hash = ? and link_id = ?", (tokens.hashed(visit), link.id)
    ).fetchone()
    return row is not None


def opened(db: Database, token: str, visit: str | None) -> Link:
    """The link of an address as it is now, for a browser that is let in. Raises NotFound, also when its door is closed."""
    link = find(db, token)
    if link.has_door and not is_visited(db, link, visit):
        raise NotFound(GONE)
    return link


def enter(db: Database, link: Link, client: Client) -> str:
    """Let a browser in whose bearer has shown the password, where there is one; return the text for its cookie.

    Raises Refused when as many as may have come in already.
    """
    row = db.conn.execute(
        "update links set uses = uses + 1 where id = ? and (max_uses is null or uses < max_uses) returning id",
        (link.id,),
    ).fetchone()
    if row is None:
        raise Refused("This link was made for a limited number of visits, and they are used up. Ask for a new one.")
    visit = tokens.new()
    db.conn.execute(
        "insert into link_visits (hash, link_id, opened_at, seen_at, address, browser) values (?, ?, ?, ?, ?, ?)",
        (tokens.hashed(visit), link.id, _now(), _now(), client.address, client.browser),
    )
    note(db, link.id, "opened", client)
    return visit


def visit(db: Database, link: Link, visit: str, client: Client) -> None:
    """Write down that a browser looks at a link without a door, once; visit: what its cookie holds.

    Nothing, where the link has got a door or has ended since the browser asked: it would be let in without a password.
    """
    changed = db.conn.execute(
        """insert or ignore into link_visits (hash, link_id, opened_at, seen_at, address, browser)
           select ?, id, ?, ?, ?, ? from links where id = ? and password is null and max_uses is null and revoked_at is null""",
        (tokens.hashed(visit), _now(), _now(), client.address, client.browser, link.id),
    )
    if not changed.rowcount:
        return
    used = db.conn.execute("update links set uses = uses + 1 where id = ? returning uses", (link.id,)).fetchone()
    note(db, link.id, "opened", client)
    if used[0] % 100 == 0:
        db.conn.execute(
            """delete from link_visits where link_id = ?1 and opened_at <= (
                 select opened_at from link_visits where link_id = ?1 order by opened_at desc limit 1 offset ?2)""",
            (link.id, KEPT_VISITS),
        )


def permit(db: Database, link: Link, album_id: int | None, photo_id: int | None) -> Permit | None:
    """What the bearer of a link that is open may do with an album or a photo: nothing, unless the link shows it at this moment."""
    if link.has_ended:
        return None
    if photo_id is not None:
        shown = db.conn.execute(
            "select 1 from album_members where photo_id = ? and album_id = ?", (photo_id, link.album_id)
        ).fetchone()
        if shown is None:
            return None
    elif album_id != link.album_id:
        return None
    return Permit(link.permission, link.show_location)


def note(db: Database, link_id: int, what: str, client: Client, photos: int = 0) -> None:
    """Write down for a link's owner what happened there. what: opened, refused, downloaded, contributed, saved."""
    row = db.conn.execute(
        "insert into link_log (link_id, at, what, photos, address, browser) values (?, ?, ?, ?, ?, ?) returning id",
        (link_id, _now(), what, photos, client.address, client.browser),
    ).fetchone()
    if row[0] % 100 == 0:
        db.conn.execute(
            """delete from link_log where link_id = ?1
               and id <= (select id from link_log where link_id = ?1 order by id desc limit 1 offset ?2)""",
            (link_id, KEPT_LOG),
        )


def note_more(db: Database, link_id: int, what: str, client: Client, photos: int) -> None:
    """The same for what happens photo by photo: within an hour it adds to the line there is of that visitor."""
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    changed = db.conn.execute(
        """update link_log set photos = photos + ?1 where id = (
             select id from link_log where link_id = ?2 order by id desc limit 1)
           and what = ?3 and address = ?4 and browser = ?5 and at > ?6""",
        (photos, link_id, what, client.address, client.browser, since),
    )
    if not changed.rowcount:
        note(db, link_id, what, client, photos)


# ---------------------------------------------------------------- what owners do


def make(
    db: Database, owner_id: int, album_id: int, kind: str, key: bytes, password: str | None = None, **options: Any
) -> tuple[Link, str]:
    """A link to an album of an owner's; returns it with its token. key: of key(); password: its hash; options: as checked() gives them."""
    count = db.conn.execute(
        "select count(*) from links where owner_id = ? and revoked_at is null", (owner_id,)
    ).fetchone()[0]
    if count >= MOST:
        raise BadInput("There are %(most)s links already. Revoke some that are not needed any more.", most=MOST)
    token = tokens.new()
    values = {
        "owner_id": owner_id, "album_id": album_id, "kind": kind, "hash": tokens.hashed(token), "sealed": _sealed(key, token),
        "permission": "view", "password": password, "created_at": _now(), **options,
    }  # fmt: skip
    row = db.conn.execute(
        f"""insert into links ({", ".join(values)}) values ({", ".join("?" * len(values))})
            returning {_COLUMNS.replace("links.", "")}""",
        tuple(values.values()),
    ).fetchone()
    return _link(row), token


def checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a link as they are kept. Raises BadInput.

    permission (view, download or contribute), expires_at (ISO 8601 with a zone, in the future; null for never), max_uses (null for any),
    show_location, show_camera, may_preview, name, note. A password is not among them: it is hashed outside of write().
    """
    fine: dict[str, Any] = {}
    for name, value in said.items():
        if name == "permission":
            if value not in PERMISSIONS:
                raise BadInput("A link lets people look (view), download, or contribute.")
            fine[name] = value
        elif name in ("show_location", "show_camera", "may_preview"):
            if type(value) is not bool:
                raise BadInput("%(name)s has to be true or false.", name=name)
            fine[name] = int(value)
        elif name == "expires_at":
            fine[name] = None if value is None else _until(value)
        elif name == "max_uses":
            if value is not None and (type(value) is not int or not 1 <= value <= MOST_USES):
                raise BadInput("A link is for 1 to %(most)s visitors, or for any number.", most=MOST_USES)
            fine[name] = value
        elif name == "name":
            text = " ".join(value.split()) if isinstance(value, str) else ""
            if not isinstance(value, str) or len(text) > LONGEST_NAME or not text.isprintable():
                raise BadInput("The name of a link has at most %(most)s letters.", most=LONGEST_NAME)
            fine[name] = text
        elif name == "note":
            if not isinstance(value, str) or len(value) > LONGEST_NOTE:
                raise BadInput("A note has at most %(most)s letters.", most=LONGEST_NOTE)
            fine[name] = value.replace("\0", "").replace("\r\n", "\n").strip()
        else:
            raise BadInput("There is no %(name)s of a link.", name=name)
    return fine


def change(db: Database, link: Link, options: Mapping[str, Any]) -> Link:
    """Change options of a link, as checked() gives them."""
    if options:
        marks = ", ".join(f"{name} = ?" for name in options)
        db.conn.execute(f"update links set {marks} where id = ?", (*options.values(), link.id))
    return by_id(db, link.id)


def set_password(db: Database, link: Link, password: str | None) -> Link:
    """Another password (its hash), or none; whoever is in has to show it."""
    db.conn.execute("update links set password = ? where id = ?", (password, link.id))
    db.conn.execute("delete from link_visits where link_id = ?", (link.id,))
    return by_id(db, link.id)


def revoke(db: Database, link: Link) -> None:
    """End a link for everybody, from the next request on. Its log stays."""
    db.conn.execute("update links set revoked_at = coalesce(revoked_at, ?) where id = ?", (_now(), link.id))
    db.conn.execute("delete from link_visits where link_id = ?", (link.id,))


def restore(db: Database, link: Link) -> None:
    """Undo revoke(): the same address works again; visitors come through its door anew."""
    db.conn.execute("update links set revoked_at = null where id = ?", (link.id,))


def renew(db: Database, link: Link, key: bytes) -> str:
    """Give a link another address; who has the old one has nothing any more. Returns its new token."""
    token = tokens.new()
    db.conn.execute(
        "update links set hash = ?, sealed = ? where id = ?", (tokens.hashed(token), _sealed(key, token), link.id)
    )
    db.conn.execute("delete from link_visits where link_id = ?", (link.id,))
    return token


def by_id(db: Database, link_id: int) -> Link:
    """A link, whether it has ended or not. Raises NotFound. Whose it is, is for the caller to look at."""
    row = db.conn.execute(f"select {_COLUMNS} from links where id = ?", (link_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such link.")
    return _link(row)


def exists(db: Database, link_id: int) -> bool:
    """Whether there is this link, ended or not."""
    return db.conn.execute("select 1 from links where id = ?", (link_id,)).fetchone() is not None


def some(db: Database, link_ids: Sequence[int]) -> list[Link]:
    """These links in this order."""
    rows = db.conn.execute(
        f"select {_COLUMNS} from links where id in (select value from json_each(?))", (json.dumps(list(link_ids)),)
    )
    found = {row[0]: _link(row) for row in rows.fetchall()}
    return [found[each] for each in link_ids if each in found]


def of_owner(db: Database, owner_id: int, album_id: int | None = None) -> list[Link]:
    """Somebody's links, or those to one album, the newest first; those that were revoked too."""
    rows = db.conn.execute(
        f"select {_COLUMNS} from links where owner_id = ?1 and (?2 is null or album_id = ?2) order by id desc",
        (owner_id, album_id),
    )
    return [_link(row) for row in rows.fetchall()]


def token(db: Database, link: Link, key: bytes) -> str | None:
    """A link's token, for its owner to copy; None when the key that sealed it is no more."""
    row = db.conn.execute("select sealed from links where id = ?", (link.id,)).fetchone()
    try:
        return Fernet(key).decrypt(row[0]).decode() if row and row[0] else None
    except (InvalidToken, ValueError):
        return None


def _sealed(key: bytes, token: str) -> bytes:
    return Fernet(key).encrypt(token.encode())


def key(data: Path) -> bytes:
    """The key of a data folder that seals tokens: a file only its owner can read, made at first need."""
    path = data / KEY_FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        draft = path.with_name(f"{KEY_FILE}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # whoever comes first
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
        return path.read_bytes()


def _until(value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        kept = moment.astimezone(UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError) as problem:
        raise BadInput("The end of a link is written like 2026-12-24T18:00:00+01:00.") from problem
    if kept <= _now():
        raise BadInput("A link has to end in the future.")
    return kept


def _link(row: Sequence[Any]) -> Link:
    named = dict(zip(_NAMES, row, strict=True))
    for name in ("show_location", "show_camera", "may_preview"):
        named[name] = bool(named[name])
    return Link(**named)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
