"""What was made of photos by looking at them: which step is done by what, vectors, labels, measures, text, places. Questions and answers.

Functions that write expect to be called inside `db.write()`. What a person decided is never overwritten by a model.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlite_utils import Database

from photolib import appearance
from photolib.catalog import Photo
from photolib.places import boxes, kilometres
from photolib.ports import TextLine


def version(db: Database, photo_id: int, step: str) -> str | None:
    """By what this step was last done for a photo; None when it was not."""
    row = db.conn.execute("select version from understood where photo_id = ? and step = ?", (photo_id, step)).fetchone()
    return row[0] if row else None


def mark(db: Database, photo_id: int, step: str, version: str) -> None:
    """The step is done for a photo, by this version of whatever does it."""
    db.conn.execute(
        """insert into understood (photo_id, step, version) values (?, ?, ?)
           on conflict (photo_id, step) do update set version = excluded.version""",
        (photo_id, step, version),
    )


def queue_missing(db: Database, step: str, version: str, priority: int, queued_at: str) -> int:
    """Queue a step for every photo that can be shown and for which it was not done by this version. Returns how many.

    What failed with another version gets another chance.
    """
    return db.conn.execute(
        """insert into jobs (step, photo_id, state, priority, tries, not_before, queued_at)
           select ?, id, 'waiting', ?, 0, 0, ? from photos
           where status = 'ready' and not exists
             (select 1 from understood where photo_id = photos.id and step = ? and version = ?)
           on conflict (step, photo_id) do update set state = 'waiting', tries = 0, not_before = 0, reason = null
             where jobs.state = 'failed'""",
        (step, priority, queued_at, step, version),
    ).rowcount


# ---------------------------------------------------------------- vectors


def keep_vector(db: Database, photo_id: int, model: str, vector: np.ndarray) -> None:
    """vector: unit length, float, shape (dimensions,); kept as float16."""
    db.conn.execute(
        """insert into embeddings (photo_id, model, vector) values (?, ?, ?)
           on conflict (photo_id, model) do update set vector = excluded.vector""",
        (photo_id, model, vector.astype("<f2").tobytes()),
    )


def vector(db: Database, photo_id: int, model: str) -> np.ndarray | None:
    """float32 of shape (dimensions,); None when this photo has none by that model."""
    row = db.conn.execute(
        "select vector from embeddings where photo_id = ? and model = ?", (photo_id, model)
    ).fetchone()
    return np.frombuffer(row[0], "<f2").astype(np.float32) if row else None


def vectors(db: Database, model: str, photo_ids: Sequence[int]) -> tuple[list[int], list[bytes]]:
    """Photo ids and float16 vectors of those of these photos that have one by this model."""
    rows = db.conn.execute(
        """select photo_id, vector from json_each(?) asked cross join embeddings
           where embeddings.photo_id = asked.value and model = ?""",
        (json.dumps([int(each) for each in photo_ids]), model),
    ).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]


def vectors_after(db: Database, model: str, after: int, count: int) -> list[tuple[int, int, int, int, bytes]]:
    """Some vectors, each as (its number, photo id, owner id, is_listed, float16 bytes), in the order of these numbers."""
    return db.conn.execute(
        """select embeddings.rowid, photos.id, photos.owner_id, photos.is_listed, vector
           from embeddings join photos on photos.id = photo_id
           where model = ? and embeddings.rowid > ? order by embeddings.rowid limit ?""",
        (model, after, count),
    ).fetchall()


def vectors_changed(
    db: Database, model: str, after: int, count: int
) -> list[tuple[int, int, int | None, int | None, bytes | None]]:
    """The next photos of photo_changes as (seq, photo id, owner id, is_listed, vector); None for what is gone."""
    return db.conn.execute(
        """select seq, photo_changes.photo_id, owner_id, is_listed, vector
           from photo_changes left join photos on photos.id = photo_changes.photo_id
           left join embeddings on embeddings.photo_id = photos.id and model = ?
           where seq > ? order by seq limit ?""",
        (model, after, count),
    ).fetchall()


def last_change(db: Database) -> int:
    """The seq of the photo that changed last; 0 when none ever did."""
    return int(db.conn.execute("select coalesce(max(seq), 0) from photo_changes").fetchone()[0])


def some_vectors(db: Database, model: str, count: int) -> list[bytes]:
    """About so many float16 vectors, from all over the library, to learn from what they are like."""
    has = db.conn.execute("select count(*) from embeddings where model = ?", (model,)).fetchone()[0]
    rows = db.conn.execute(
        "select vector from embeddings where model = ? and rowid % ? = 0 limit ?", (model, max(1, has // count), count)
    )
    return [row[0] for row in rows]


def vector_models(db: Database) -> list[str]:
    """The models by which any photo has a vector. A few looks into an index, however many vectors there are."""
    rows = db.conn.execute(
        """with recursive found (model) as (
             select min(model) from embeddings
             union all select (select min(model) from embeddings where model > found.model) from found where model is not null)
           select model from found where model is not null"""
    )
    return [row[0] for row in rows]


def vector_count(db: Database, model: str) -> int:
    return int(db.conn.execute("select count(*) from embeddings where model = ?", (model,)).fetchone()[0])


def lacks_vector(db: Database, model: str, earlier: str) -> bool:
    """Whether a photo that has a vector by the earlier model still waits for one by this model.

    Photos that this model could not read are not waited for. Looks first at the queue, then from the newest photo back,
    so that it answers at once for as long as the answer is yes.
    """
    (waits,) = db.conn.execute(
        """select exists (select 1 from jobs where step = 'embed' and state in ('waiting', 'running')
             and exists (select 1 from embeddings where photo_id = jobs.photo_id and model = ?))""",
        (earlier,),
    ).fetchone()
    if waits:
        return True
    lacking = db.conn.execute(
        """select 1 from embeddings old join photos on photos.id = old.photo_id and photos.status = 'ready'
           where old.model = ?
             and not exists (select 1 from embeddings where photo_id = old.photo_id and model = ?)
             and not exists (select 1 from jobs where step = 'embed' and photo_id = old.photo_id)
           order by old.rowid desc limit 1""",
        (earlier, model),
    ).fetchone()
    return lacking is not None


def vector_counts(db: Database) -> dict[str, int]:
    """How many photos have a vector by each model."""
    return dict(db.conn.execute("select model, count(*) from embeddings group by model").fetchall())


def drop_other_vectors(db: Database, model: str, count: int) -> int:
    """Forget some vectors of models other than this one. Returns how many."""
    return db.conn.execute(
        """delete from embeddings where rowid in
             (select rowid from embeddings where model < ? or model > ? limit ?)""",
        (model, model, count),
    ).rowcount


# ---------------------------------------------------------------- labels


def keep_labels(db: Database, photo_id: int, found: Sequence[tuple[str, float]]) -> None:
    """What a model sees, as (label, confidence 0 to 1), instead of what one saw before. A person's corrections stay."""
    db.conn.execute("delete from labels where photo_id = ? and source = 'ml'", (photo_id,))
    db.conn.executemany(
        """insert into labels (photo_id, label, confidence, source) values (?, ?, ?, 'ml')
           on conflict (photo_id, label) do nothing""",
        [(photo_id, label, round(confidence, 4)) for label, confidence in found],
    )


def correct_label(db: Database, photo_id: int, label: str, is_there: bool) -> None:
    """A person says that a photo shows something, or that it does not; no model changes that again."""
    db.conn.execute(
        """insert into labels (photo_id, label, confidence, source, is_removed) values (?, ?, 1, 'person', ?)
           on conflict (photo_id, label) do update set confidence = 1, source = 'person', is_removed = excluded.is_removed""",
        (photo_id, label, int(not is_there)),
    )


def labels(db: Database, photo_id: int) -> list[tuple[str, float, str]]:
    """(label, confidence, source "ml" or "person"), surest first."""
    return db.conn.execute(
        """select label, confidence, source from labels where photo_id = ? and is_removed = 0
           order by confidence desc, label""",
        (photo_id,),
    ).fetchall()


def label_cover(db: Database, owner_id: int, label: str) -> str | None:
    """The key of the photo with this label that came last. The index has them in order of id, so that no other is looked at."""
    row = db.conn.execute(
        """select key from labels join photos on photos.id = photo_id
           where label = ? and is_removed = 0 and owner_id = ? and is_listed = 1 order by photo_id desc limit 1""",
        (label, owner_id),
    ).fetchone()
    return row[0] if row else None


# ---------------------------------------------------------------- text in pictures


def keep_text(db: Database, photo_id: int, lines: Sequence[TextLine]) -> None:
    """The lines of text in a picture, in reading order, instead of those found before."""
    db.conn.execute("delete from text_lines where photo_id = ?", (photo_id,))
    db.conn.executemany(
        "insert into text_lines (photo_id, line, text, confidence, x, y, w, h) values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (photo_id, number, line.text, line.confidence, line.box.x, line.box.y, line.box.w, line.box.h)
            for number, line in enumerate(lines)
        ],
    )


def text(db: Database, photo_id: int) -> list[str]:
    """The lines of text in a picture, in reading order."""
    rows = db.conn.execute("select text from text_lines where photo_id = ? order by line", (photo_id,))
    return [line for (line,) in rows]


# ---------------------------------------------------------------- measures


def keep_measures(db: Database, photo_id: int, measured: dict[str, Any]) -> None:
    """What appearance.measure() found, and the kind of picture, instead of what was found before."""
    db.conn.execute(
        """insert into measures (photo_id, hash, sharpness, exposure, brightness, colours, kind, facts) values (?, ?, ?, ?, ?, ?, ?, ?)
           on conflict (photo_id) do update set hash = excluded.hash, sharpness = excluded.sharpness,
             exposure = excluded.exposure, brightness = excluded.brightness, colours = excluded.colours,
             kind = excluded.kind, facts = excluded.facts""",
        (
            photo_id,
            bytes.fromhex(measured["hash"]) if measured.get("hash") else None,
            *(measured.get(name) for name in ("sharpness", "exposure", "brightness")),
            json.dumps(measured.get("colours") or []),
            measured.get("kind"),
            json.dumps(measured.get("facts") or {}),
        ),
    )
    settle_kind(db, photo_id)


def quality(db: Database, photo_ids: Sequence[int]) -> dict[int, dict[str, float | None]]:
    """sharpness and exposure of each of these photos, 0 bad to 1 good; None where they were not measured."""
    found: dict[int, dict[str, float | None]] = {each: {"sharpness": None, "exposure": None} for each in photo_ids}
    rows = db.conn.execute(
        "select photo_id, sharpness, exposure from measures where photo_id in (select value from json_each(?))",
        (json.dumps(list(photo_ids)),),
    )
    for photo_id, sharpness, exposure in rows:
        found[photo_id] = {"sharpness": sharpness, "exposure": exposure}
    return found


def settle_kind(db: Database, photo_id: int) -> None:
    """Call it off or on again that a photo is a portrait, by the faces found on it. For whoever changed those."""
    row = db.conn.execute("select kind from measures where photo_id = ?", (photo_id,)).fetchone()
    if row is None or row[0] is None:
        return
    faces = db.conn.execute("select w, h from faces where photo_id = ? and state = 'found'", (photo_id,)).fetchall()
    kind = appearance.kind_with_faces(row[0], faces)
    if kind != row[0]:
        db.conn.execute("update measures set kind = ? where photo_id = ?", (kind, photo_id))


# ---------------------------------------------------------------- places


@dataclass(frozen=True)
class PhotoPlace:
    """Where a photo was taken. is_estimate: by where the same camera was just before and after."""

    country_code: str | None
    country: str | None
    region: str | None
    city: str | None
    latitude: float
    longitude: float
    is_estimate: bool


@dataclass(frozen=True)
class Visited:
    """A country, region or city with how many of somebody's photos were taken there; cover: the key of the latest photo
    to come in from its most photographed city. name is None where the photos are in the country or region but in no known city."""

    name: str | None
    country_code: str
    photos: int
    cover: str | None
    within: list["Visited"]


def cities(db: Database, photo_ids: Sequence[int]) -> dict[int, str]:
    """The city of each of these photos that has one."""
    rows = db.conn.execute(
        "select photo_id, city from photo_places where photo_id in (select value from json_each(?)) and city is not null",
        (json.dumps(list(photo_ids)),),
    )
    return dict(rows.fetchall())


def place(db: Database, photo_id: int) -> PhotoPlace | None:
    row = db.conn.execute(
        """select country_code, country, region, city, latitude, longitude, is_estimate from photo_places
           where photo_id = ?""",
        (photo_id,),
    ).fetchone()
    return PhotoPlace(*(*row[:-1], bool(row[-1]))) if row else None


def keep_place(db: Database, photo_id: int, place: PhotoPlace | None) -> None:
    """Where a photo was taken, instead of what was known before; None: nobody knows. The same again writes nothing."""
    if place is None:
        db.conn.execute("delete from photo_places where photo_id = ?", (photo_id,))
        return
    names = ("country_code", "country", "region", "city", "latitude", "longitude", "is_estimate")
    listed = ", ".join(names)
    excluded = ", ".join(f"excluded.{name}" for name in names)
    db.conn.execute(
        f"""insert into photo_places (photo_id, {listed}) values (?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (photo_id) do update set ({listed}) = ({excluded}) where ({listed}) is not ({excluded})""",
        (photo_id, *(getattr(place, name) for name in names[:-1]), int(place.is_estimate)),
    )


def places(db: Database, owner_id: int) -> list[Visited]:
    """Countries, in them regions, in them cities, those with the most photos first; photos in the timeline only."""
    rows = db.conn.execute(
        """select country_code, country, region, city, photos from place_counts where owner_id = ? and photos > 0
           order by photos desc, city""",
        (owner_id,),
    ).fetchall()
    tree: dict[str, dict[str, list[Visited]]] = {}
    names: dict[str, str] = {}
    for code, country, region, city, photos in rows:
        cover = _cover(db, owner_id, code, region, city)
        names[code] = country
        tree.setdefault(code, {}).setdefault(region, []).append(Visited(city or None, code, photos, cover, []))

    def together(name: str | None, within: list[Visited]) -> Visited:
        within = sorted(within, key=lambda each: -each.photos)
        return Visited(name, within[0].country_code, sum(each.photos for each in within), within[0].cover, within)

    countries = [
        together(names[code], [together(region or None, cities) for region, cities in regions.items()])
        for code, regions in tree.items()
    ]
    return sorted(countries, key=lambda each: -each.photos)


def _cover(db: Database, owner_id: int, country_code: str, region: str, city: str) -> str | None:
    row = db.conn.execute(
        """select photos.key from photo_places join photos on photos.id = photo_id
           where country_code = ? and region is ? and city is ? and owner_id = ? and is_listed = 1
           order by photo_id desc limit 1""",
        (country_code, region or None, city or None, owner_id),
    ).fetchone()
    return row[0] if row else None


def near(db: Database, owner_id: int, latitude: float, longitude: float, km: float) -> list[int]:
    """The ids of an owner's photos taken within so many km, estimates included, in the order they came."""
    found: list[int] = []
    for (south, west), (north, east) in boxes(latitude, longitude, km):
        # By position first: the plus sign keeps SQLite from going through everything the owner has.
        rows = db.conn.execute(
            """select photo_id, photo_places.latitude, photo_places.longitude from photo_places
               join photos on photos.id = photo_id
               where photo_places.latitude between ? and ? and photo_places.longitude between ? and ? and +owner_id = ?""",
            (south, north, west, east, owner_id),
        ).fetchall()
        if rows:
            ids, latitudes, longitudes = (np.array(column) for column in zip(*rows, strict=True))
            found += ids[kilometres(latitude, longitude, latitudes, longitudes) <= km].tolist()
    return sorted(set(found))


@dataclass(frozen=True)
class Fix:
    """Where a camera was at a moment, by its own clock."""

    taken_at: str
    latitude: float
    longitude: float


_SAME_CAMERA = """photos join details on details.photo_id = photos.id
  where photos.owner_id = ? and details.make is ? and details.model = ? and taken_at_source <> 'file time'"""


def fixes_around(db: Database, photo: Photo, first: str, last: str) -> tuple[Fix | None, Fix | None]:
    """The last position the same camera noted before a photo was taken, and the first one after, between these two moments."""
    found = []
    for low, high, order in ((first, photo.taken_at, "desc"), (photo.taken_at, last, "asc")):
        row = db.conn.execute(
            f"""select shown_at, latitude, longitude from {_SAME_CAMERA} and latitude is not null and longitude is not null
                and shown_at between ? and ? and photos.id <> ? order by shown_at {order} limit 1""",
            (photo.owner_id, photo.make, photo.model, low, high, photo.id),
        ).fetchone()
        found.append(Fix(*row) if row else None)
    return found[0], found[1]


def without_fix(db: Database, photo: Photo, first: str, last: str) -> list[int]:
    """Photos of the same camera between these two moments that have no position, and whose place has been looked at already."""
    rows = db.conn.execute(
        f"""select photos.id from {_SAME_CAMERA} and is_listed in (0, 1) and latitude is null and shown_at between ? and ?
            and exists (select 1 from understood where photo_id = photos.id and step = 'place')""",
        (photo.owner_id, photo.make, photo.model, first, last),
    )
    return [row[0] for row in rows]
