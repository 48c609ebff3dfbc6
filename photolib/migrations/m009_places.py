"""Photos on a map."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m009_places(db: Database) -> None:
    """What a map asks for, whole in an index each: which photos are where, and the photos of a box in the order of time."""
    # is_listed is always 1 in them; an index without it would not hold all that is asked for in SQLite's eyes.
    condition = "is_listed = 1 and latitude is not null"
    columns = "owner_id, is_listed, latitude, longitude, shown_at"
    db.execute(f"create index idx_photos_map on photos ({columns}) where {condition}")
    columns = "owner_id, is_listed, shown_at, id, latitude, longitude"
    db.execute(f"create index idx_photos_placed on photos ({columns}) where {condition}")
    # The photos whose place is only an estimate: a few, for suggesting where they were taken.
    db.execute("create index idx_photo_places_estimates on photo_places (photo_id) where is_estimate = 1")
