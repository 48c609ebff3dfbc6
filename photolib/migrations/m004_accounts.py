"""Who may come in, where from, and how much room their photos take."""

from sqlite_utils import Database

from photolib.migrations.schema import schema

_SIZE = "(select size from originals where key = {key})"
_MAIN_KEY = "(select key from photos where id = {row}.photo_id)"
_OWNER = "(select owner_id from photos where id = {row}.photo_id)"


def _counts(name: str, event: str, owner: str, size: str, condition: str = "") -> str:
    """A trigger that adds a size to what an owner's photos take; a photo that is gone by then has no owner."""
    return f"""create trigger usage_{name} after {event} {"when " + condition if condition else ""} begin
                 insert into usage (owner_id, bytes) select {owner}, {size} where {owner} is not null
                 on conflict (owner_id) do update set bytes = bytes + excluded.bytes;
               end"""


@schema()
def m004_accounts(db: Database) -> None:
    """Sessions, invitations, what was tried at the door, and the bytes of each owner.

    Tokens are kept as their SHA-256 only: who reads this file cannot sign in with what it says. Moments are ISO 8601, UTC;
    those of tries are seconds since 1970.
    """
    statements = (
        "alter table users add column display_name text not null default ''",
        "alter table users add column quota_bytes integer",  # null: as much as the disk holds
        "alter table users add column language text",  # null: what the browser asks for
        "alter table users add column theme text",  # null: as the system has it; 'light' or 'dark'
        "alter table users add column password_changed_at text",
        # is_kept: the browser keeps it when it is closed. is_pending: the password was right, a second step is still owed.
        """create table sessions (id integer primary key autoincrement, user_id integer not null references users(id) on delete cascade,
             token_hash blob not null unique, created_at text not null, seen_at text not null, expires_at text not null,
             address text not null, browser text not null, is_kept integer not null, is_pending integer not null default 0) strict""",
        "create index idx_sessions_user on sessions (user_id, seen_at)",
        "create index idx_sessions_expires on sessions (expires_at)",
        # One for each user at most: a new one takes the place of the one before.
        """create table invitations (user_id integer primary key references users(id) on delete cascade,
             token_hash blob not null unique, expires_at text not null) strict""",
        # The code that the console shows until somebody has set photolib up.
        "create table setup_code (id integer primary key check (id = 1), code_hash blob not null) strict",
        # what: SHA-256 of whom or where from, since people type passwords into the field for their name.
        """create table tries (what blob primary key, count integer not null, last_at real not null, wait_until real not null)
             strict, without rowid""",
        "create index idx_tries_last on tries (last_at)",
        # Where somebody has signed in from: whoever guesses elsewhere does not make them wait there.
        """create table known_addresses (user_id integer not null references users(id) on delete cascade, address text not null,
             seen_at text not null, primary key (user_id, address)) strict, without rowid""",
        # Bytes of an owner's originals. Adding up a million takes longer than an upload may wait for an answer.
        "create table usage (owner_id integer primary key references users(id) on delete cascade, bytes integer not null) strict",
        """insert into usage (owner_id, bytes) select owner_id, sum(bytes) from (
             select owner_id, size as bytes from photos join originals using (key)
             union all
             select photos.owner_id, size from parts join photos on photos.id = parts.photo_id
               join originals on originals.key = parts.key where parts.key <> photos.key)
           group by owner_id""",
        _counts("photo_added", "insert on photos", "new.owner_id", _SIZE.format(key="new.key")),
        _counts("photo_gone", "delete on photos", "old.owner_id", "-" + _SIZE.format(key="old.key")),
        _counts(
            "photo_left", "update of owner_id, key on photos", "old.owner_id", "-" + _SIZE.format(key="old.key"),
            "(old.owner_id, old.key) <> (new.owner_id, new.key)",
        ),
        _counts(
            "photo_came", "update of owner_id, key on photos", "new.owner_id", _SIZE.format(key="new.key"),
            "(old.owner_id, old.key) <> (new.owner_id, new.key)",
        ),
        _counts(
            "part_added", "insert on parts", _OWNER.format(row="new"), _SIZE.format(key="new.key"),
            f"new.key <> {_MAIN_KEY.format(row='new')}",
        ),
        _counts(
            "part_gone", "delete on parts", _OWNER.format(row="old"), "-" + _SIZE.format(key="old.key"),
            f"old.key <> {_MAIN_KEY.format(row='old')}",
        ),
    )  # fmt: skip
    for statement in statements:
        db.execute(statement)
