"""Indexes that sets of photos are counted from, and that a photo is let go by."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m012_quicker(db: Database) -> None:
    """Sets of photos are counted from an index alone; deleting a photo looks through no table."""
    # is_listed is always 1 in these, but without it SQLite takes the index of all listed photos for the better one; the last column spares
    # it the look at each photo whether the condition holds.
    for name, columns, condition in (
        ("undated", "shown_at, id, taken_at_source", "taken_at_source in ('file time')"),
        ("unplaced", "shown_at, id, latitude", "latitude is null"),
        ("videos", "shown_at, id, type", "type = 'video'"),
        ("recent", "added_at, id", ""),
    ):
        db.execute(f"drop index if exists idx_photos_{name}")
        db.execute(
            f"""create index idx_photos_{name} on photos (owner_id, is_listed, {columns})
                where is_listed = 1{f" and {condition}" if condition else ""}"""
        )
    for table, column in (("stacks", "best_id"), ("merges", "kept_id"), ("albums", "cover_id")):
        db.execute(f"create index if not exists idx_{table}_{column} on {table} ({column})")
