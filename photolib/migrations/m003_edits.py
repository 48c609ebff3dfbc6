"""What people change about their photos, and how it is undone."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m003_edits(db: Database) -> None:
    """Corrections that outlast every new reading of a file, the log that undoes them, and indexes for the sets photos are shown in."""
    here = "trashed_at is null and status <> 'failed'"
    statements = (
        # One row per act: what (a kind), how many it changed, before (JSON: what it takes to undo it).
        """create table edits (id integer primary key autoincrement, owner_id integer not null references users(id), at text not null,
             what text not null, changed integer not null, before text not null, undone_at text) strict""",
        "create index idx_edits_owner on edits (owner_id, id)",
        # What a person said about a photo, as facts of metadata (JSON): they stand above what the file says, whenever it is read.
        """create table corrections (photo_id integer primary key references photos(id) on delete cascade,
             facts text not null) strict""",
        # The conditions are those of scopes.py, word for word.
        f"""create index idx_photos_favourites on photos (owner_id, shown_at, id)
             where is_favourite = 1 and {here}""",
        f"create index idx_photos_archive on photos (owner_id, shown_at, id) where is_archived = 1 and {here}",
        "create index idx_photos_trash on photos (owner_id, trashed_at, id) where trashed_at is not null",
        "create index idx_photos_recent on photos (owner_id, added_at, id) where is_listed = 1",
        "create index idx_photos_videos on photos (owner_id, shown_at, id) where is_listed = 1 and type = 'video'",
        """create index idx_photos_undated on photos (owner_id, shown_at, id)
             where is_listed = 1 and taken_at_source in ('file time')""",
        "create index idx_photos_unplaced on photos (owner_id, shown_at, id) where is_listed = 1 and latitude is null",
    )
    for statement in statements:
        db.execute(statement)
