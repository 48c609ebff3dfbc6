"""From files in folders to photos in a timeline."""

from sqlite_utils import Database

from photolib.migrations.schema import schema

_HAS_MOVED = "(old.owner_id, old.month, old.is_listed) <> (new.owner_id, new.month, new.is_listed)"


@schema()
def m001_photos_in(db: Database) -> None:
    """Everything from a file met in a folder to the photo in the timeline, and the queue between them."""
    db.table("users").create(
        {"id": int, "name": str, "role": str, "password_hash": str, "created_at": str, "is_disabled": int},
        pk="id", not_null={"name", "role", "created_at", "is_disabled"}, defaults={"is_disabled": 0}, strict=True,
    )  # fmt: skip
    db.table("users").create_index(["name"], unique=True)

    db.table("originals").create(
        {"key": str, "extension": str, "format": str, "media_type": str, "size": int, "stored_at": str},
        pk="key", not_null={"extension", "format", "media_type", "size", "stored_at"}, strict=True,
    )  # fmt: skip

    # Small and hot: what a timeline page needs and nothing else. shown_at is the local wall time to sort by and never null.
    db.table("photos").create(
        {
            "id": int, "owner_id": int, "key": str, "type": str, "status": str, "is_listed": int,
            "shown_at": str, "month": str, "utc_offset": int, "taken_at_source": str,
            "width": int, "height": int, "duration": float, "placeholder": bytes, "filename": str,
            "latitude": float, "longitude": float, "rating": int, "is_favourite": int, "is_archived": int,
            "trashed_at": str, "added_at": str,
        },
        pk="id", strict=True,
        not_null={"owner_id", "key", "type", "status", "is_listed", "shown_at", "month", "taken_at_source", "filename",
                  "is_favourite", "is_archived", "added_at"},
        defaults={"is_favourite": 0, "is_archived": 0},
        foreign_keys=[("owner_id", "users", "id"), ("key", "originals", "key")],
    )  # fmt: skip
    db.table("photos").create_index(["owner_id", "key"], unique=True)
    db.table("photos").create_index(["key"])
    db.table("photos").create_index(["owner_id", "is_listed", "shown_at", "id"])
    db.table("photos").create_index(["owner_id", "is_listed", "month"])

    # How many photos a month's timeline holds. Counting a million rows takes longer than anybody wants to wait for a page,
    # and only triggers cannot be forgotten by whoever changes a photo next.
    db.table("months").create(
        {"owner_id": int, "month": str, "photos": int}, pk=("owner_id", "month"), not_null={"photos"}, strict=True,
        foreign_keys=[("owner_id", "users", "id")],
    )  # fmt: skip
    for name, event, row, condition, step in (
        ("counted", "insert on", "new", "new.is_listed = 1", 1),
        ("uncounted", "delete on", "old", "old.is_listed = 1", -1),
        ("moved_out", "update of owner_id, month, is_listed on", "old", f"old.is_listed = 1 and {_HAS_MOVED}", -1),
        ("moved_in", "update of owner_id, month, is_listed on", "new", f"new.is_listed = 1 and {_HAS_MOVED}", 1),
    ):
        db.execute(
            f"""create trigger photos_{name} after {event} photos when {condition} begin
                  insert into months (owner_id, month, photos) values ({row}.owner_id, {row}.month, {step})
                  on conflict (owner_id, month) do update set photos = photos + {step};
                end"""
        )

    db.table("details").create(
        {
            "photo_id": int, "title": str, "description": str, "orientation": int, "altitude": float, "direction": float,
            "make": str, "model": str, "lens": str, "focal_length": float, "aperture": float, "shutter": float, "iso": int,
            "video_codec": str, "content_id": str, "people": str, "regions": str, "exif": str, "notes": str,
        },
        pk="photo_id", strict=True, foreign_keys=[("photo_id", "photos", "id")],
    )  # fmt: skip
    db.table("details").create_index(["content_id"])

    # A photo's further files, or further stretches of its own file: the video of a live photo, the RAW beside a JPEG.
    db.table("parts").create(
        {"id": int, "photo_id": int, "role": str, "key": str, "byte_offset": int, "byte_length": int},
        pk="id", not_null={"photo_id", "role", "key"}, strict=True,
        foreign_keys=[("photo_id", "photos", "id"), ("key", "originals", "key")],
    )  # fmt: skip
    db.table("parts").create_index(["photo_id", "role", "key"], unique=True)
    db.table("parts").create_index(["key"])

    # Paths are bytes: a file's name need not be text. Archives count as folders: /home/a/takeout.zip!/Takeout/...
    db.table("folders").create({"id": int, "path": bytes, "inner": bytes}, pk="id", not_null={"path"}, strict=True)
    db.table("folders").create_index(["path"], unique=True)
    db.table("folders").create_index(["inner"])
    db.table("sources").create(
        {
            "id": int, "folder_id": int, "name": bytes, "stem": bytes, "owner_id": int, "size": int, "mtime_ns": int, "inode": int,
            "outcome": str, "reason": str, "key": str, "photo_id": int, "seen_at": str, "gone_at": str,
        },
        pk="id", strict=True,
        not_null={"folder_id", "name", "stem", "owner_id", "size", "mtime_ns", "inode", "outcome", "seen_at"},
        foreign_keys=[("folder_id", "folders", "id"), ("owner_id", "users", "id"), ("photo_id", "photos", "id")],
    )  # fmt: skip
    db.table("sources").create_index(["folder_id", "name", "owner_id"], unique=True)
    db.table("sources").create_index(["folder_id", "stem"])
    db.table("sources").create_index(["photo_id"])
    db.table("sources").create_index(["key"])
    db.table("sources").create_index(["outcome"])

    # What a folder's files were when nothing in it was new, as one digest: the next look need not fetch a row for each.
    db.table("listings").create(
        {"folder_id": int, "owner_id": int, "digest": bytes, "outcomes": str}, pk=("folder_id", "owner_id"), strict=True,
        not_null={"digest", "outcomes"}, foreign_keys=[("folder_id", "folders", "id"), ("owner_id", "users", "id")],
    )  # fmt: skip

    # Sidecars are kept whole: a better reader can read them again, and one may come long before or after its photo.
    db.table("sidecars").create(
        {"id": int, "owner_id": int, "folder_id": int, "name": bytes, "kind": str, "body": bytes},
        pk="id", not_null={"owner_id", "folder_id", "name", "kind", "body"}, strict=True,
        foreign_keys=[("owner_id", "users", "id"), ("folder_id", "folders", "id")],
    )  # fmt: skip
    db.table("sidecars").create_index(["folder_id", "name", "owner_id"], unique=True)
    db.table("photo_sidecars").create(
        {"photo_id": int, "sidecar_id": int}, pk=("photo_id", "sidecar_id"), strict=True,
        foreign_keys=[("photo_id", "photos", "id"), ("sidecar_id", "sidecars", "id")],
    )  # fmt: skip
    db.table("photo_sidecars").create_index(["sidecar_id"])

    db.table("albums").create(
        {"id": int, "owner_id": int, "title": str, "description": str, "kind": str, "created_at": str},
        pk="id", not_null={"owner_id", "title", "kind", "created_at"}, strict=True,
        foreign_keys=[("owner_id", "users", "id")],
    )  # fmt: skip
    db.table("albums").create_index(["owner_id", "title"])
    db.table("album_photos").create(
        {"album_id": int, "photo_id": int, "position": int, "added_at": str}, pk=("album_id", "photo_id"), strict=True,
        not_null={"position", "added_at"},
        foreign_keys=[("album_id", "albums", "id"), ("photo_id", "photos", "id")],
    )  # fmt: skip
    db.table("album_photos").create_index(["photo_id"])
    db.table("tags").create(
        {"id": int, "owner_id": int, "name": str}, pk="id", not_null={"owner_id", "name"}, strict=True,
        foreign_keys=[("owner_id", "users", "id")],
    )  # fmt: skip
    db.table("tags").create_index(["owner_id", "name"], unique=True)
    db.table("photo_tags").create(
        {"photo_id": int, "tag_id": int, "source": str}, pk=("photo_id", "tag_id"), not_null={"source"}, strict=True,
        foreign_keys=[("photo_id", "photos", "id"), ("tag_id", "tags", "id")],
    )  # fmt: skip
    db.table("photo_tags").create_index(["tag_id"])

    # Waiting, running and failed; what is done is gone. not_before and lease_until are seconds since 1970.
    db.table("jobs").create(
        {
            "id": int, "step": str, "photo_id": int, "state": str, "priority": int, "tries": int, "not_before": float,
            "lease_until": float, "worker": str, "reason": str, "queued_at": str,
        },
        pk="id", strict=True, not_null={"step", "photo_id", "state", "priority", "tries", "not_before", "queued_at"},
        foreign_keys=[("photo_id", "photos", "id")],
    )  # fmt: skip
    db.table("jobs").create_index(["step", "photo_id"], unique=True)
    db.table("jobs").create_index(["photo_id"])
    db.table("jobs").create_index(["state", "priority", "id"])

    db.table("libraries").create(
        {"path": bytes, "state": str, "note": str, "checked_at": str, "scanned_at": str},
        pk="path", not_null={"state"}, strict=True,
    )  # fmt: skip
    db.table("remembered").create({"name": str, "value": str}, pk="name", not_null={"value"}, strict=True)
