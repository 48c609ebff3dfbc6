"""Every question about photos, albums and people, by name. Answers are frozen dataclasses; nobody else writes SQL about them.

Functions that write expect to be called inside `db.write()`. Portable SQL only: keyset pages, `returning`, `on conflict`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from photolib import album_rows, sources
from photolib.errors import BadInput, NotFound
from photolib.sources import now, shown_path

OWNER_TO_BE = "admin"


# ---------------------------------------------------------------- users


@dataclass(frozen=True)
class User:
    id: int
    name: str
    role: str


def user_named(db: Database, name: str) -> User:
    """Raises NotFound. OWNER_TO_BE is whoever set photolib up, under any name: settings were written before they had one."""
    row = db.conn.execute("select id, name, role from users where name = ?", (name,)).fetchone()
    if row is None and name == OWNER_TO_BE:
        row = db.conn.execute("select id, name, role from users order by id limit 1").fetchone()
    if row is None:
        raise NotFound(f"There is no user {name!r}. `photolib users list` shows who there is.")
    return User(*row)


def users(db: Database) -> list[User]:
    return [User(*row) for row in db.conn.execute("select id, name, role from users order by id")]


def add_user(db: Database, name: str) -> User:
    """A member. Raises BadInput when the name is taken or empty."""
    if not name.strip() or not name.isprintable():
        raise BadInput("A user needs a name that can be printed.")
    row = db.conn.execute(
        """insert into users (name, role, created_at) values (?, 'member', ?) on conflict (name) do nothing
           returning id, name, role""",
        (name.strip(), now()),
    ).fetchone()
    if row is None:
        raise BadInput("There is a user “%(name)s” already.", name=name)
    return User(*row)


def ensure_owner_to_be(db: Database) -> User:
    """The first user, who exists from the start so that photos have an owner; set-up gives them a password later."""
    db.conn.execute(
        """insert into users (name, role, created_at) select ?, 'admin', ? where not exists (select 1 from users)""",
        (OWNER_TO_BE, now()),
    )
    return user_named(db, OWNER_TO_BE)


# ---------------------------------------------------------------- photos: reading

# The columns of photos that make a Tile, in order.
TILE = """id, key, type, status, shown_at, utc_offset, taken_at_source, width, height, duration, placeholder, filename,
  is_favourite, owner_id"""


@dataclass(frozen=True)
class Tile:
    """A photo as the timeline shows it. taken_at is local wall time; width and height are pixels as shown."""

    id: int
    key: str
    type: str
    status: str
    taken_at: str
    utc_offset: int | None
    taken_at_source: str
    width: int | None
    height: int | None
    duration: float | None
    placeholder: bytes | None
    filename: str
    is_favourite: bool
    owner_id: int

    @property
    def day(self) -> str:
        return self.taken_at[:10]

    @property
    def ratio(self) -> float:
        """Width by height; square until the size is known."""
        return self.width / self.height if self.width and self.height else 1.0


@dataclass(frozen=True)
class Part:
    """One of a photo's files, or a stretch of one: its shown file ("main"), "raw", "video" (live), "motion" (inside the main file)."""

    role: str
    key: str
    format: str
    media_type: str
    size: int
    byte_offset: int | None = None
    byte_length: int | None = None


@dataclass(frozen=True)
class Photo:
    """Everything about one photo. Units: metres, degrees, millimetres, seconds; utc_offset in minutes, None when unknown."""

    id: int
    owner_id: int
    key: str
    type: str
    status: str
    filename: str
    taken_at: str
    utc_offset: int | None
    taken_at_source: str
    latitude: float | None
    longitude: float | None
    width: int | None
    height: int | None
    duration: float | None
    placeholder: bytes | None
    rating: int | None
    is_favourite: bool
    is_archived: bool
    trashed_at: str | None
    added_at: str
    format: str = ""
    media_type: str = ""
    size: int = 0
    title: str | None = None
    description: str | None = None
    orientation: int | None = None
    altitude: float | None = None
    direction: float | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    focal_length: float | None = None
    aperture: float | None = None
    shutter: float | None = None
    iso: int | None = None
    video_codec: str | None = None
    content_id: str | None = None
    people: list[str] = field(default_factory=list)
    regions: list[dict[str, Any]] = field(default_factory=list)
    exif: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    panorama: dict[str, float] | None = None
    tags: list[str] = field(default_factory=list)
    albums: list[dict[str, Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    reason: str | None = None


def came_since(db: Database, owner_id: int, photo_id: int) -> int:
    """How many photos came into an owner's timeline after the one with this id."""
    # The plus signs keep SQLite from counting by owner, through everything they have: what came lately is a short stretch.
    row = db.conn.execute(
        "select count(*) from photos where id > ? and +owner_id = ? and +is_listed = 1", (photo_id, owner_id)
    )
    return row.fetchone()[0]


def latest_id(db: Database) -> int:
    """The id of the photo that came last, 0 before the first."""
    return db.conn.execute("select coalesce(max(id), 0) from photos").fetchone()[0]


@dataclass(frozen=True)
class Media:
    """Bytes somebody asks for, and whose photo they belong to: an original, or the stretch of it from byte_offset on.

    role: "main" for the photo's shown file, else that of the part; filename is always the shown file's.
    """

    photo_id: int
    owner_id: int
    status: str
    filename: str
    key: str
    format: str
    media_type: str
    size: int
    role: str
    byte_offset: int | None
    byte_length: int | None


_MEDIA = """select photos.id, owner_id, status, filename, originals.key, format, media_type, size"""


def media(db: Database, key: str) -> list[Media]:
    """The original of this key, once for each photo that it is, or is a part of."""
    rows = db.conn.execute(
        f"""{_MEDIA}, 'main', null, null from originals join photos on photos.key = originals.key where originals.key = ?
            union all
            {_MEDIA}, role, null, null from originals join parts on parts.key = originals.key join photos on photos.id = photo_id
            where originals.key = ? and role <> 'motion'""",
        (key, key),
    )
    return [Media(*row) for row in rows.fetchall()]


def media_part(db: Database, key: str, role: str) -> list[Media]:
    """The part with this role of the photos that have this key."""
    rows = db.conn.execute(
        f"""{_MEDIA}, role, byte_offset, byte_length
            from photos join parts on photo_id = photos.id join originals on originals.key = parts.key
            where photos.key = ? and role = ?""",
        (key, role),
    )
    return [Media(*row) for row in rows.fetchall()]


def listed_count(db: Database, owner_id: int) -> int:
    """How many photos an owner's timeline holds."""
    row = db.conn.execute("select coalesce(sum(photos), 0) from months where owner_id = ?", (owner_id,)).fetchone()
    return row[0]


def tiles(db: Database, photo_ids: Sequence[int]) -> list[Tile]:
    """These photos in this order, without those that do not exist."""
    rows = db.conn.execute(
        f"select {TILE} from photos where id in (select value from json_each(?))", (json.dumps(list(photo_ids)),)
    )
    found = {each.id: each for each in map(tile, rows.fetchall())}
    return [found[each] for each in photo_ids if each in found]


def photo(db: Database, photo_id: int) -> Photo:
    """Everything about a photo. Raises NotFound."""
    cursor = db.conn.execute(
        """select photos.id, owner_id, photos.key, type, status, filename, shown_at as taken_at, utc_offset, taken_at_source,
             latitude, longitude, width, height, duration, placeholder, rating, is_favourite, is_archived, trashed_at, added_at,
             originals.format, media_type, size,
             title, description, orientation, altitude, direction, make, model, lens, focal_length, aperture, shutter, iso,
             video_codec, content_id, people, regions, exif, notes, panorama,
             (select reason from jobs where photo_id = photos.id and state = 'failed' limit 1) as reason
           from photos join originals on originals.key = photos.key left join details on details.photo_id = photos.id
           where photos.id = ?""",
        (photo_id,),
    )
    row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such photo.")
    values = dict(zip([each[0] for each in cursor.description], row, strict=True))
    for name, empty in (("people", []), ("regions", []), ("exif", {}), ("notes", []), ("panorama", None)):
        values[name] = json.loads(values[name]) if values[name] else empty
    for name in ("is_favourite", "is_archived"):
        values[name] = bool(values[name])
    return Photo(
        **values,
        tags=[
            row[0]
            for row in db.conn.execute(
                "select distinct name from tags join photo_tags on tag_id = tags.id where photo_id = ? order by name",
                (photo_id,),
            )
        ],
        albums=[
            {"album_id": row[0], "title": row[1]}
            for row in db.conn.execute(
                """select albums.id, title from albums join album_photos on album_id = albums.id
                   where photo_id = ? and is_unlisted = 0 order by title""",
                (photo_id,),
            )
        ],
        parts=parts(db, photo_id),
        paths=[
            shown_path(folder, name)
            for folder, name in db.conn.execute(
                """select folders.path, sources.name from sources join folders on folders.id = folder_id
                   where photo_id = ? and gone_at is null order by sources.id limit 20""",
                (photo_id,),
            )
        ],
    )


def parts(db: Database, photo_id: int) -> list[Part]:
    """The shown file first, then the others."""
    rows = db.conn.execute(
        """select 'main', originals.key, format, media_type, size, null, null, 0 as part
           from photos join originals on originals.key = photos.key where photos.id = ?
           union all
           select role, originals.key, format, media_type, size, byte_offset, byte_length, parts.id
           from parts join originals on originals.key = parts.key where photo_id = ? order by part""",
        (photo_id, photo_id),
    )
    return [Part(*row[:-1]) for row in rows]


def owners_of(db: Database, key: str) -> list[tuple[int, int]]:
    """(photo id, owner id) of every photo that this original is, or is a part of."""
    return db.conn.execute(
        """select id, owner_id from photos where key = ?
           union select photos.id, owner_id from parts join photos on photos.id = photo_id where parts.key = ?""",
        (key, key),
    ).fetchall()


def owned(db: Database, owner_id: int, photo_ids: Sequence[int]) -> list[int]:
    """Those of these photos that are this owner's, in the same order."""
    rows = db.conn.execute(
        "select id from photos where owner_id = ? and id in (select value from json_each(?))",
        (owner_id, json.dumps(list(photo_ids))),
    )
    found = {row[0] for row in rows.fetchall()}
    return [each for each in photo_ids if each in found]


@dataclass(frozen=True)
class Ownership:
    """Whose a photo is."""

    id: int
    owner_id: int


def owners(db: Database, photo_ids: Sequence[int]) -> list[Ownership]:
    """Whose each of these photos is; those that do not exist are left out."""
    rows = db.conn.execute(
        "select id, owner_id from photos where id in (select value from json_each(?))", (json.dumps(list(photo_ids)),)
    )
    return [Ownership(*row) for row in rows.fetchall()]


def tile(row: Sequence[Any]) -> Tile:
    """A row of the columns TILE."""
    return Tile(*(*row[:-2], bool(row[-2]), row[-1]))  # is_favourite is its last field but one


# ---------------------------------------------------------------- photos: writing


@dataclass(frozen=True)
class Original:
    """A row about bytes in the store."""

    key: str
    extension: str
    format: str
    media_type: str
    size: int


def add_original(db: Database, original: Original) -> None:
    db.conn.execute(
        """insert into originals (key, extension, format, media_type, size, stored_at) values (?, ?, ?, ?, ?, ?)
           on conflict (key) do nothing""",
        (original.key, original.extension, original.format, original.media_type, original.size, now()),
    )


def add_photo(
    db: Database, owner_id: int, original: Original, kind: str, filename: str, shown_at: str
) -> tuple[int, bool]:
    """List an owner's photo; return its id and whether it is new to them.

    Bytes this owner has already, as a photo or as a part of one, are no second photo.
    """
    add_original(db, original)
    for photo_id, owner in owners_of(db, original.key):
        if owner == owner_id:
            return photo_id, False
    number = max(latest_id(db), int(remembered(db, "last photo id") or 0)) + 1  # never one that was somebody's (m008)
    row = db.conn.execute(
        """insert into photos (id, owner_id, key, type, status, is_listed, shown_at, month, taken_at_source, filename, added_at)
           values (?, ?, ?, ?, 'processing', 1, ?, ?, 'file time', ?, ?) returning id""",
        (number, owner_id, original.key, kind, shown_at, shown_at[:7], filename, now()),
    ).fetchone()
    sources.photo_is_back(db, owner_id, original.key, row[0])
    return row[0], True


_HOT = (
    "utc_offset", "taken_at_source", "width", "height", "duration", "latitude", "longitude", "rating",
)  # fmt: skip
_COLD = (
    "title", "description", "orientation", "altitude", "direction", "make", "model", "lens", "focal_length", "aperture",
    "shutter", "iso", "video_codec", "content_id",
)  # fmt: skip
_JSON = ("people", "regions", "exif", "notes", "panorama")


def describe(db: Database, photo_id: int, facts: dict[str, Any]) -> None:
    """Write what the file and its sidecars say about a photo. May run again: the same facts give the same rows.

    What people said about it (edits.py) stands above that.
    """
    row = db.conn.execute("select facts from corrections where photo_id = ?", (photo_id,)).fetchone()
    said = json.loads(row[0]) if row else {}
    facts = facts | {name: value for name, value in said.items() if name not in ("is_favourite", "is_archived")}
    db.conn.execute(
        f"""update photos set shown_at = ?, month = ?, {", ".join(f"{name} = ?" for name in _HOT)},
              is_favourite = coalesce(?, max(is_favourite, ?)), is_archived = coalesce(?, max(is_archived, ?)),
              trashed_at = coalesce(trashed_at, ?)
            where id = ?""",
        (
            facts["taken_at"], facts["taken_at"][:7], *(facts.get(name) for name in _HOT),
            said.get("is_favourite"), int(bool(facts.get("is_favourite"))),
            said.get("is_archived"), int(bool(facts.get("is_archived"))),
            now() if facts.get("is_trashed") and "trashed_at" not in said else None, photo_id,
        ),
    )  # fmt: skip
    names = (*_COLD, *_JSON)
    db.conn.execute(
        f"""insert into details (photo_id, {", ".join(names)}) values (?, {", ".join("?" * len(names))})
            on conflict (photo_id) do update set {", ".join(f"{name} = excluded.{name}" for name in names)}""",
        (
            photo_id,
            *(facts.get(name) for name in _COLD),
            *(json.dumps(facts[name], ensure_ascii=False) if facts.get(name) else None for name in _JSON),
        ),
    )
    db.conn.execute("delete from photo_tags where photo_id = ? and source = 'file'", (photo_id,))
    owner_id = db.conn.execute("select owner_id from photos where id = ?", (photo_id,)).fetchone()[0]
    for keyword in _as_called_here(db, owner_id, facts.get("keywords") or []):
        if keyword not in said.get("removed_tags", ()):
            tag(db, owner_id, photo_id, keyword, "file")
    motion = facts.get("motion")
    db.conn.execute("delete from parts where photo_id = ? and role = 'motion'", (photo_id,))
    if motion:
        db.conn.execute(
            """insert into parts (photo_id, role, key, byte_offset, byte_length)
               select id, 'motion', key, ?, ? from photos where id = ?""",
            (motion["offset"], motion["length"], photo_id),
        )
        db.conn.execute("update photos set type = 'motion' where id = ? and type = 'photo'", (photo_id,))
    relist(db, photo_id)


def _as_called_here(db: Database, owner_id: int, keywords: Sequence[str]) -> list[str]:
    """Keywords of a file by the names that their owner has given those tags since; without those they deleted."""
    called = dict(
        db.conn.execute(
            """select tag_names.name, tags.name from tag_names left join tags on tags.id = tag_id
               where tag_names.owner_id = ? and tag_names.name in (select value from json_each(?))""",
            (owner_id, json.dumps(list(keywords))),
        ).fetchall()
    )
    names = (called.get(each, each) for each in keywords)
    return list(dict.fromkeys(name for name in names if name is not None))


def picture_is_ready(db: Database, photo_id: int, placeholder: bytes | None, notes: Sequence[str] = ()) -> None:
    """The variants are made: the photo can be looked at."""
    was = db.conn.execute("select status from photos where id = ?", (photo_id,)).fetchone()
    db.conn.execute("update photos set status = 'ready', placeholder = ? where id = ?", (placeholder, photo_id))
    if was == ("failed",):
        sources.photo_recovered(db, photo_id)
    if notes:
        _add_notes(db, photo_id, notes)
    relist(db, photo_id)


def picture_failed(db: Database, photo_id: int, reason: str) -> None:
    """Nothing can be shown of it: kept, listed with its reason, and out of the timeline."""
    db.conn.execute("update photos set status = 'failed' where id = ?", (photo_id,))
    sources.photo_failed(db, photo_id, reason)
    relist(db, photo_id)


def _add_notes(db: Database, photo_id: int, notes: Sequence[str]) -> None:
    row = db.conn.execute("select notes from details where photo_id = ?", (photo_id,)).fetchone()
    known = json.loads(row[0]) if row and row[0] else []
    merged = json.dumps([*known, *(note for note in notes if note not in known)], ensure_ascii=False)
    db.conn.execute(
        """insert into details (photo_id, notes) values (?, ?) on conflict (photo_id) do update set notes = excluded.notes""",
        (photo_id, merged),
    )


def relist(db: Database, photo_id: int) -> None:
    """A photo is in the timeline unless it failed, is archived or lies in the trash: the one place that says so."""
    db.conn.execute(
        """update photos set is_listed = case when status <> 'failed' and is_archived = 0 and trashed_at is null
             then 1 else 0 end where id = ?""",
        (photo_id,),
    )


def put_in_trash(db: Database, photo_ids: Sequence[int]) -> list[int]:
    """Out of sight, but kept. Returns those that were not in the trash before."""
    return _file_away(db, "trashed_at = ? where trashed_at is null", [now()], photo_ids)


def take_out_of_trash(db: Database, photo_ids: Sequence[int]) -> list[int]:
    """Back to where they were. Returns those that were in the trash."""
    return _file_away(db, "trashed_at = null where trashed_at is not null", [], photo_ids)


def _file_away(db: Database, change: str, values: Sequence[str], photo_ids: Sequence[int]) -> list[int]:
    rows = db.conn.execute(
        f"update photos set {change} and id in (select value from json_each(?)) returning id",
        (*values, json.dumps(list(photo_ids))),
    ).fetchall()
    for row in rows:
        relist(db, row[0])
    return sorted(row[0] for row in rows)


def tag(db: Database, owner_id: int, photo_id: int, name: str, source: str) -> None:
    """Give a photo a tag. source: 'person' or 'file'; what a person gave is not taken away by a file."""
    db.conn.execute(
        "insert into tags (owner_id, name) values (?, ?) on conflict (owner_id, name) do nothing", (owner_id, name)
    )
    db.conn.execute(
        """insert into photo_tags (photo_id, tag_id, source) select ?, id, ? from tags where owner_id = ? and name = ?
           on conflict (photo_id, tag_id) do update set
             source = case photo_tags.source when 'person' then 'person' else excluded.source end""",
        (photo_id, source, owner_id, name),
    )


def put_in_album(
    db: Database, owner_id: int, photo_id: int, title: str, kind: str = "manual", description: str = ""
) -> int:
    """Put a photo at the end of the owner's album of that title, which is made when there is none; return the album's id.

    An album that was made for a folder is found by the folder's name, whatever somebody has called it since.
    """
    row = db.conn.execute(
        """select id from albums where owner_id = ? and imported_as = ? and ? <> 'manual'
           union all select id from albums where owner_id = ? and title = ? and kind <> 'search' and is_unlisted = 0 limit 1""",
        (owner_id, title, kind, owner_id, title),
    ).fetchone()
    album_id = row[0] if row else album_rows.add(db, owner_id, title, kind, description)
    album_rows.put_at_end(db, album_id, [photo_id])
    return album_id


# ---------------------------------------------------------------- parts: two files, one photo


def file_mates(db: Database, photo_id: int) -> list[Photo]:
    """The owner's other photos that may be another file of this one: beside it under the same name but for the ending,
    or with the id by which phones tie the files of a live photo together.

    Only those whose metadata has been read: before that nobody can tell what they are.
    """
    rows = db.conn.execute(
        """select other.id
           from photos this
           join sources here on here.photo_id = this.id
           join sources there on there.folder_id = here.folder_id and there.stem = here.stem
           join photos other on other.id = there.photo_id and other.owner_id = this.owner_id
           join details on details.photo_id = other.id
           where this.id = ? and other.id <> this.id
           union
           select other.id
           from photos this
           join details mine on mine.photo_id = this.id
           join details theirs on theirs.content_id = mine.content_id
           join photos other on other.id = theirs.photo_id and other.owner_id = this.owner_id
           where this.id = ? and other.id <> this.id
           order by 1""",
        (photo_id, photo_id),
    ).fetchall()
    return [photo(db, row[0]) for row in rows]


def join_part(db: Database, main_id: int, part_id: int, role: str) -> None:
    """Two photos were one: the second becomes a part of the first, with everything that hung on it."""
    db.conn.execute(
        """insert into parts (photo_id, role, key) select ?, ?, key from photos where id = ?
           on conflict (photo_id, role, key) do nothing""",
        (main_id, role, part_id),
    )
    db.conn.execute("update sources set photo_id = ? where photo_id = ?", (main_id, part_id))
    for table, other in (("photo_sidecars", "sidecar_id"), ("album_photos", "album_id"), ("photo_tags", "tag_id")):
        db.conn.execute(
            f"""update {table} set photo_id = ? where photo_id = ?
                and {other} not in (select {other} from {table} where photo_id = ?)""",
            (main_id, part_id, main_id),
        )
        db.conn.execute(f"delete from {table} where photo_id = ?", (part_id,))
    db.conn.execute(
        """update photos set
             is_favourite = max(is_favourite, (select is_favourite from photos where id = ?)),
             rating = coalesce(rating, (select rating from photos where id = ?)),
             type = case when type in ('photo', 'motion') then ? else type end
           where id = ?""",
        (part_id, part_id, "raw" if role == "raw" else "live", main_id),
    )
    db.conn.execute("delete from understood where photo_id = ?", (main_id,))  # it may show another picture now
    for table in ("parts", "details", "jobs"):
        db.conn.execute(f"delete from {table} where photo_id = ?", (part_id,))
    db.conn.execute("delete from photos where id = ?", (part_id,))


def failed_and_forgotten(db: Database) -> list[int]:
    """Photos that cannot be shown and that no job is for."""
    rows = db.conn.execute(
        "select id from photos where status = 'failed' and id not in (select photo_id from jobs)"
    ).fetchall()
    return [row[0] for row in rows]


def failed_photos(db: Database, owner_id: int) -> list[int]:
    """An owner's photos that cannot be shown and are not in the trash."""
    rows = db.conn.execute(
        "select id from photos where status = 'failed' and owner_id = ? and trashed_at is null order by id", (owner_id,)
    )
    return [row[0] for row in rows]


# ---------------------------------------------------------------- counts, and small facts


def totals(db: Database, owner_id: int | None = None) -> dict[str, int]:
    """Counts and bytes for `photolib status`: of everything, or of one owner's."""
    whose, owner = ("where owner_id = ?", (owner_id,)) if owner_id is not None else ("", ())
    row = db.conn.execute(
        f"""select count(*), coalesce(sum(status = 'processing'), 0), coalesce(sum(status = 'failed'), 0),
              coalesce(sum(type = 'video'), 0), coalesce(sum(trashed_at is not null), 0), coalesce(sum(is_archived), 0)
            from photos {whose}""",
        owner,
    ).fetchone()
    names = ("photos", "processing", "failed", "videos", "in_trash", "archived")
    found = dict(zip(names, row, strict=True))
    of_these = f"where key in (select key from photos {whose})" if whose else ""
    found["originals"], found["bytes"] = db.conn.execute(
        f"select count(*), coalesce(sum(size), 0) from originals {of_these}", owner
    ).fetchone()
    found["albums"] = db.conn.execute(
        f"select count(*) from albums {whose or 'where true'} and is_unlisted = 0", owner
    ).fetchone()[0]
    return found


def statuses(db: Database, photos: Sequence[int]) -> dict[int, str]:
    """The status of each of these photos; those that became parts of others are missing."""
    found: dict[int, str] = {}
    for start in range(0, len(photos), 500):
        some = photos[start : start + 500]
        marks = ",".join("?" * len(some))
        found.update(db.conn.execute(f"select id, status from photos where id in ({marks})", tuple(some)).fetchall())
    return found


def original_keys(db: Database) -> list[tuple[str, int]]:
    """(key, size) of every original there is a row for, in order of key."""
    return db.conn.execute("select key, size from originals order by key").fetchall()


def has_original(db: Database, key: str) -> bool:
    return db.conn.execute("select 1 from originals where key = ?", (key,)).fetchone() is not None


def shown_photos(db: Database) -> list[tuple[int, str]]:
    """(id, key) of every photo that has not failed, newest first."""
    return db.conn.execute("select id, key from photos where status <> 'failed' order by id desc").fetchall()


def is_shown(db: Database, key: str) -> bool:
    """Whether an original is what some photo shows: then its variants are needed."""
    return db.conn.execute("select 1 from photos where key = ?", (key,)).fetchone() is not None


def remember(db: Database, name: str, value: str) -> None:
    """Keep a small fact about this data folder."""
    db.conn.execute(
        "insert into remembered (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
        (name, value),
    )


def remembered(db: Database, name: str) -> str | None:
    row = db.conn.execute("select value from remembered where name = ?", (name,)).fetchone()
    return row[0] if row else None
