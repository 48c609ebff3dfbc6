"""Files on their way in from a browser or a program."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m007_uploads(db: Database) -> None:
    """Each upload with how far it has come. Its bytes lie in uploads/ of the data folder until they are an original."""
    statements = (
        # filename and folder: words to show, never paths. size: bytes there will be; received: so many are here, flushed and read
        # back; digest: SHA-256 of these, as they came. sha256: of the whole, as the sender says. state: 'open', 'done' or 'gone'.
        # outcome and reason: as in sources. expires_at: seconds since 1970.
        """create table uploads (id text primary key, owner_id integer not null references users(id) on delete cascade,
             filename text not null, folder text not null, media_type text not null, size integer not null, sha256 text,
             modified_ns integer, received integer not null default 0, digest text, state text not null default 'open',
             outcome text, reason text, created_at text not null, expires_at integer not null) strict, without rowid""",
        "create index idx_uploads_owner on uploads (owner_id, state)",
        "create index idx_uploads_expires on uploads (expires_at)",
    )
    for statement in statements:
        db.execute(statement)
