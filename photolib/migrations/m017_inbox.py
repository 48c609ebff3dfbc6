"""What phones and other programs have put into their owner's inbox, as WebDAV shows it to them again."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m017_inbox(db: Database) -> None:
    """A tree of names for each user. It only remembers what was sent: taking something out of it touches no photo."""
    statements = (
        # parent_id: null at the top. modified_at, added_at: seconds since 1970, the first as its sender says. key: SHA-256 of the bytes
        # that came; checksums: others of them, by which clients compare. They stay when the photo goes, so that nobody's phone sends
        # again what was deleted here. body: of the small files that clients leave everywhere and that are no photos.
        """create table inbox (id integer primary key, owner_id integer not null references users(id) on delete cascade,
             parent_id integer references inbox(id) on delete cascade, name text not null, is_folder integer not null,
             size integer not null default 0, modified_at integer not null, added_at integer not null, key text, checksums text,
             photo_id integer references photos(id) on delete set null, body blob) strict""",
        "create unique index idx_inbox_name on inbox (owner_id, coalesce(parent_id, 0), name)",
        "create index idx_inbox_parent on inbox (parent_id) where parent_id is not null",
        "create index idx_inbox_photo on inbox (photo_id) where photo_id is not null",
        "create index idx_inbox_body on inbox (owner_id, length(body)) where body is not null",
        # Whether folders of the inbox become albums; how many photos a device has sent.
        "alter table users add column inbox_albums integer not null default 0",
        "alter table tokens add column photos_sent integer not null default 0",
    )
    for statement in statements:
        db.execute(statement)
