"""The database: connect, write(), migrations, and whatever only SQLite has (pragmas, backup) behind named functions."""

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database, Migrations

from photolib.errors import DatabaseFailed, StorageFailed, TryLater

BUSY_SECONDS = 30

Write = Callable[[Database], None]  # what a step's result does inside a write transaction

schema = Migrations("photolib")
_one_writer = (
    threading.Lock()
)  # threads of one process queue up here, fairly; other processes meet at SQLite's own lock


class Connections:
    """One connection per thread to one database file; `here` is the calling thread's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    @property
    def here(self) -> Database:
        if not hasattr(self._local, "db"):
            self._local.db = connect(self.path)
        return self._local.db

    def close_here(self) -> None:
        """Close the calling thread's connection, if it has one. Threads that end call this."""
        if hasattr(self._local, "db"):
            self._local.db.close()
            del self._local.db


def connect(path: Path) -> Database:
    """Open the database at path. Raises DatabaseFailed with a sentence when that cannot be done."""
    try:
        raw = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        raw.execute("pragma foreign_keys = on")
        raw.execute("pragma journal_mode = wal")
        raw.execute("pragma synchronous = normal")
        raw.execute("pragma cache_size = -16000")
        raw.execute("pragma temp_store = memory")
    except sqlite3.Error as problem:
        raise explained(problem, path) from problem
    return Database(raw, execute_plugins=False)


@contextmanager
def write(db: Database, durable: bool = False) -> Iterator[Database]:
    """One short write transaction. It takes the write lock first, so what it reads cannot go stale under it.

    durable: when this returns, the rows survive a power cut (the log is flushed); otherwise the last fraction of a second
    may be lost, which is right for whatever can be worked out again. Raises TryLater when another process keeps the
    database busy for BUSY_SECONDS, StorageFailed on a full disk, DatabaseFailed otherwise.
    """
    with _one_writer:
        if db.conn.in_transaction:
            raise RuntimeError("write() inside write(): pass the transaction's database on instead")
        try:
            if durable:
                db.conn.execute("pragma synchronous = full")
            db.conn.execute("begin immediate")
            try:
                yield db
                db.conn.execute("commit")
            except BaseException:
                if db.conn.in_transaction:
                    db.conn.execute("rollback")
                raise
            finally:
                if durable:
                    db.conn.execute("pragma synchronous = normal")
        except sqlite3.IntegrityError:
            raise  # a bug of ours, not a state of the machine
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as problem:
            raise explained(problem) from problem


def explained(problem: sqlite3.Error, path: Path | None = None) -> Exception:
    """The problem as one of ours where it is a state of the machine, itself where it is a bug."""
    where = f"The database {path}" if path else "The database"
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return TryLater(f"{where} was kept busy by another process for {BUSY_SECONDS} seconds.")
    if code in (sqlite3.SQLITE_FULL,):
        return StorageFailed(
            "The disk that holds the database is full. Free some space and start again; nothing kept is lost."
        )
    if code in (sqlite3.SQLITE_IOERR,):
        return StorageFailed(
            f"{where} could not be read or written ({problem}). Look at the disk that holds the data folder."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return DatabaseFailed(f"{where} cannot be written ({problem}). Look at the rights of the data folder.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseFailed(
            f"{where} is damaged ({problem}). Your originals are untouched. Restore the newest copy from the backups folder."
        )
    return problem


def migrate(path: Path, backups: Path) -> list[str]:
    """Bring the database at path to this program's schema; return the names of the migrations that ran.

    A database that already holds something is copied into backups first. Each migration is one transaction, so a kill
    in the middle leaves the state before it. Raises DatabaseFailed when a newer photolib has been here.
    """
    try:
        gate = open(path.with_name(path.name + ".migrating"), "w")  # noqa: SIM115
    except OSError as problem:
        raise StorageFailed(f"The data folder {path.parent} cannot be written: {problem.strerror}.") from problem
    with gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # two processes started at once: the second finds nothing left to do
        db = connect(path)
        try:
            known = {each.name for each in schema._migrations}
            unknown = [each.name for each in schema.applied(db) if each.name not in known]
            if unknown:
                raise DatabaseFailed(
                    f"{path} was made by a newer photolib (it has {', '.join(unknown)}). Update photolib; nothing was changed."
                )
            pending = [each.name for each in schema.pending(db)]
            if pending:
                if schema.applied(db):
                    copy_to(db, backups / f"before-{pending[0]}-{datetime.now(UTC):%Y%m%dT%H%M%S}.db")
                schema.apply(db)
            return pending
        except sqlite3.Error as problem:
            raise explained(problem, path) from problem
        finally:
            db.close()


def copy_to(db: Database, target: Path) -> None:
    """Write a consistent copy of the whole database, while others read and write it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy = sqlite3.connect(target)
    try:
        db.conn.backup(copy)
    finally:
        copy.close()


def quick_check(db: Database) -> list[str]:
    """What SQLite finds wrong with its own file; empty when all is well. Raises what explained() makes of a disk that fails."""
    try:
        rows = [row[0] for row in db.conn.execute("pragma quick_check(10)")]
    except sqlite3.DatabaseError as problem:
        if (getattr(problem, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return [str(problem)]
        raise explained(problem) from problem
    return [] if rows == ["ok"] else rows


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


@schema()
def m002_understanding(db: Database) -> None:
    """What is made of a photo by looking at it: vectors, labels, faces and people, text, place; and the words to find it by.

    All of it can be made again from the photos, except what a person decided (source or decided_by 'person').
    """
    statements = (
        # Which step has been done for a photo, and by what: when a better model comes, the others are those to do again.
        """create table understood (photo_id integer not null references photos(id) on delete cascade, step text not null,
             version text not null, primary key (photo_id, step)) strict, without rowid""",
        "create index idx_understood_step on understood (step, version)",
        # float16, unit length. Several models may have one each: the old one serves until the new one has them all.
        """create table embeddings (photo_id integer not null references photos(id) on delete cascade, model text not null,
             vector blob not null, primary key (photo_id, model)) strict""",
        "create index idx_embeddings_model on embeddings (model)",
        # label: a name of the vocabulary. A person may add one (source 'person') or take one away (is_removed), for good.
        """create table labels (photo_id integer not null references photos(id) on delete cascade, label text not null,
             confidence real not null, source text not null, is_removed integer not null default 0,
             primary key (photo_id, label)) strict, without rowid""",
        "create index idx_labels_label on labels (label)",
        # What can be measured without a model. hash: 64 bits, the perceptual hash. sharpness and exposure: 0 bad to 1 good.
        # kind: 'photo', 'screenshot', 'document' or 'portrait'; colours: JSON, [["blue", 0.41], ...].
        """create table measures (photo_id integer primary key references photos(id) on delete cascade, hash blob,
             sharpness real, exposure real, brightness real, colours text, kind text, facts text) strict""",
        # A hash near to another one has nearly the same two bytes in one of four places: duplicates.near_hashes() looks there.
        *(
            f"create index idx_measures_band_{number} on measures (substr(hash, {2 * number + 1}, 2), hash) where hash is not null"
            for number in range(4)
        ),
        "create index idx_measures_kind on measures (kind)",
        # Text found in the picture; box in shares of its width and height.
        """create table text_lines (photo_id integer not null references photos(id) on delete cascade, line integer not null,
             text text not null, confidence real not null, x real not null, y real not null, w real not null, h real not null,
             primary key (photo_id, line)) strict, without rowid""",
        # country_code: ISO 3166. latitude and longitude are those of the photo, or, when is_estimate, those of a neighbour in time.
        """create table photo_places (photo_id integer primary key references photos(id) on delete cascade, country_code text,
             country text, region text, city text, latitude real, longitude real, is_estimate integer not null default 0) strict""",
        "create index idx_photo_places_city on photo_places (city)",
        "create index idx_photo_places_country on photo_places (country, region)",
        "create index idx_photo_places_code on photo_places (country_code, region, city)",
        "create index idx_photo_places_latitude on photo_places (latitude, longitude)",
        # How many listed photos an owner has of each place, kept by triggers as the months are; '' where a name is unknown.
        """create table place_counts (owner_id integer not null references users(id), country_code text not null, region text not null,
             city text not null, country text not null, photos integer not null,
             primary key (owner_id, country_code, region, city)) strict, without rowid""",
        # The few photos with a position, by time: what an estimate for one without is made from.
        "create index idx_photos_located on photos (owner_id, shown_at) where latitude is not null",
        # Each owner's own people. One without a name is a group of faces that belong together.
        # autoincrement: what undoes a decision names people and faces by their ids, which must not come back as somebody else's.
        """create table people (id integer primary key autoincrement, owner_id integer not null references users(id), name text,
             birthday text, is_hidden integer not null default 0, cover_face_id integer, created_at text not null) strict""",
        "create index idx_people_owner on people (owner_id, name)",
        # vector: 128 float32. state: 'found', or 'no face' when a person said so. decided_by: 'person', 'file' (XMP regions)
        # or 'model'; what a person decided is never changed by a model.
        """create table faces (id integer primary key autoincrement, photo_id integer not null references photos(id) on delete cascade,
             x real not null, y real not null, w real not null, h real not null, quality real not null, pixels integer not null,
             model text not null, vector blob, state text not null default 'found', source text not null default 'model',
             person_id integer references people(id) on delete set null, decided_by text, confidence real) strict""",
        "create index idx_faces_photo on faces (photo_id)",
        # All that a list of people is made of, so that it reads no vectors.
        "create index idx_faces_person on faces (person_id, photo_id, quality, state)",
        # "This is not her": never put this face into that person again.
        """create table not_this_person (face_id integer not null references faces(id) on delete cascade,
             person_id integer not null references people(id) on delete cascade, primary key (face_id, person_id)) strict, without rowid""",
        # "These two are not the same", so that nobody is asked twice.
        """create table different_people (one_id integer not null references people(id) on delete cascade,
             other_id integer not null references people(id) on delete cascade, primary key (one_id, other_id)) strict, without rowid""",
        # Questions for a person: "Is this her?" of a face, "Are these two the same?" of people, the lower id first.
        """create table maybe_this_person (face_id integer primary key references faces(id) on delete cascade,
             person_id integer not null references people(id) on delete cascade, confidence real not null) strict""",
        "create index idx_maybe_this_person on maybe_this_person (person_id)",
        """create table maybe_same_person (one_id integer not null references people(id) on delete cascade,
             other_id integer not null references people(id) on delete cascade, confidence real not null,
             primary key (one_id, other_id)) strict, without rowid""",
        "create index idx_maybe_same_person on maybe_same_person (other_id)",
        "create index idx_different_people on different_people (other_id)",
        "create index idx_not_this_person on not_this_person (person_id)",
        # What people decided about people, with what it takes to undo it (JSON).
        """create table people_log (id integer primary key, owner_id integer not null references users(id), at text not null,
             what text not null, said text not null, before text not null, undone_at text) strict""",
        # Photos that show the same: kind 'duplicate' or 'burst'. best_id is the one shown; decided_by 'person' stays.
        """create table stacks (id integer primary key, owner_id integer not null references users(id), kind text not null,
             best_id integer references photos(id) on delete set null, decided_by text) strict""",
        "create index idx_stacks_owner on stacks (owner_id)",
        """create table stack_photos (stack_id integer not null references stacks(id) on delete cascade,
             photo_id integer primary key references photos(id) on delete cascade) strict""",
        "create index idx_stack_photos_stack on stack_photos (stack_id)",
        # "These are different": photos of one decision that stand on different sides of it are never in one stack again.
        """create table different_photos (decision integer not null, photo_id integer not null references photos(id) on delete cascade,
             side integer not null, primary key (photo_id, decision)) strict, without rowid""",
        "create index idx_different_photos_decision on different_photos (decision)",
        # Duplicates that a person merged, with the photos (JSON) that went to the trash for it, so that it can be undone.
        """create table merges (id integer primary key, owner_id integer not null references users(id), at text not null,
             kept_id integer references photos(id) on delete set null, trashed text not null, undone_at text) strict""",
        """create table saved_searches (id integer primary key, owner_id integer not null references users(id), name text not null,
             query text not null, created_at text not null, unique (owner_id, name)) strict""",
        # Photos about which anything changed that search looks at, each once, the latest last. Copies for searching (words,
        # vectors) remember the seq they have seen and read on from there.
        "create table photo_changes (seq integer primary key autoincrement, photo_id integer not null unique) strict",
        # For searching by number. Most photos have no rating and no duration.
        "create index idx_details_iso on details (iso)",
        "create index idx_details_aperture on details (aperture)",
        "create index idx_details_focal_length on details (focal_length)",
        "create index idx_photos_rating on photos (rating) where rating is not null",
        "create index idx_photos_duration on photos (duration) where duration is not null",
        # The words each photo is found by, folded (wording.fold). owner: "o1" for user 1's, so that the index itself tells them apart.
        """create virtual table photo_words using fts5(title, tags, labels, looks, people, place, album, camera, lens, file,
             folder, text, owner, tokenize = "unicode61 remove_diacritics 0", prefix = '2 3')""",
        # Every name that an owner's listed photos have: people, places, albums, tags, labels, cameras, years ... with how many
        # photos have it. For recognising names in queries, suggestions and facets. kept up by search/documents.py, as photo_words.
        """create table owner_names (id integer primary key, owner_id integer not null references users(id), kind text not null,
             name text not null, folded text not null, photos integer not null default 0, unique (owner_id, kind, name)) strict""",
        "create index idx_owner_names_folded on owner_names (owner_id, folded)",
        # Which of these names count a photo: ids as 32-bit numbers. It stays until the names are counted without a deleted photo.
        "create table photo_names (photo_id integer primary key, names blob not null) strict",
    )
    for statement in statements:
        db.execute(statement)

    def count_places(name: str, event: str, place: str, photo: str, step: int) -> None:
        """A trigger that counts a place row for a photo's owner, while the photo is listed."""
        db.execute(
            f"""create trigger {name} after {event} begin
                  insert into place_counts (owner_id, country_code, region, city, country, photos)
                  select {photo}.owner_id, place.country_code, coalesce(place.region, ''), coalesce(place.city, ''),
                    coalesce(place.country, ''), {step}
                  from {place} where place.country_code is not null and {photo}.is_listed = 1
                  on conflict (owner_id, country_code, region, city)
                    do update set photos = photos + {step}, country = excluded.country;
                end"""
        )

    for event in ("insert", "update", "delete"):
        for row, step in (("old", -1), ("new", 1)):
            if (event, row) not in (("insert", "old"), ("delete", "new")):
                columns = ", ".join(f"{row}.{name} as {name}" for name in ("country_code", "country", "region", "city"))
                place = f"photos join (select {columns}) place on photos.id = {row}.photo_id"
                count_places(f"photo_places_{event}_{row}", f"{event} on photo_places", place, "photos", step)
    for row, step in (("old", -1), ("new", 1)):
        when = "when (old.owner_id, old.is_listed) <> (new.owner_id, new.is_listed)"
        place = f"(select * from photo_places where photo_id = {row}.id) place"
        count_places(f"photos_places_{row}", f"update of owner_id, is_listed on photos {when}", place, row, step)
    # While the photo is still there to say whose it was: a cascade comes too late for that.
    db.execute(
        "create trigger photos_unplaced before delete on photos begin delete from photo_places where photo_id = old.id; end"
    )

    def note_changes(name: str, event: str, photos: str) -> None:
        """A trigger that puts these photos at the end of photo_changes."""
        # Not "insert or replace": a trigger's conflict clause gives way to that of the statement that fired it.
        db.execute(
            f"""create trigger {name}_changes after {event} begin
                  delete from photo_changes where photo_id in ({photos});
                  insert into photo_changes (photo_id) {photos};
                end"""
        )

    for table in (
        "details", "photo_tags", "labels", "measures", "text_lines", "photo_places", "album_photos", "faces",
    ):  # fmt: skip
        for event, row in (("insert", "new"), ("update", "new"), ("delete", "old")):
            note_changes(f"{table}_{event}", f"{event} on {table}", f"select {row}.photo_id")
    # The names of its files and folders are words too.
    for event, when in (("insert", ""), ("update of photo_id", " and old.photo_id is not new.photo_id")):
        name = f"sources_{event.partition(' ')[0]}"
        note_changes(name, f"{event} on sources when new.photo_id is not null{when}", "select new.photo_id")
    note_changes("embeddings_insert", "insert on embeddings", "select new.photo_id")
    note_changes("embeddings_update", "update on embeddings", "select new.photo_id")
    # Nobody searches the vectors of a model that has had its day: they go without every photo being looked at again.
    serving = "(select value from remembered where name = 'serving model')"
    note_changes("embeddings_delete", f"delete on embeddings when old.model = {serving}", "select old.photo_id")
    note_changes("photos_insert", "insert on photos", "select new.id")
    note_changes("photos_delete", "delete on photos", "select old.id")
    columns = "owner_id, key, is_listed, filename, shown_at, is_favourite, rating"
    note_changes("photos_update", f"update of {columns} on photos", "select new.id")
    on_faces = "select distinct photo_id from faces where person_id = new.id"
    note_changes("people_update", "update of name on people", on_faces)
    named = """select photo_id from details join photos on photos.id = photo_id
                 where owner_id = new.owner_id and details.people is not null"""  # the file may name who is hidden now
    note_changes("people_hidden", "update of is_hidden on people", f"{on_faces} union {named}")
    in_album = "select photo_id from album_photos where album_id = new.id"
    note_changes("albums_update", "update of title on albums", in_album)
    note_changes("tags_update", "update of name on tags", "select photo_id from photo_tags where tag_id = new.id")
    db.execute("insert into photo_changes (photo_id) select id from photos order by id")
