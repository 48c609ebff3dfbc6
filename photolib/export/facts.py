"""Everything known about some photos, in the words of the API: one question for each kind of thing, however many photos there are."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from photolib import formats

AT_ONCE = 100  # photos

_SAME = (
    "photo_id", "key", "type", "status", "filename", "title", "description", "taken_at", "utc_offset", "taken_at_source",
    "latitude", "longitude", "altitude", "direction", "width", "height", "duration", "orientation", "video_codec", "rating",
    "is_favourite", "is_archived", "trashed_at", "added_at", "format", "media_type", "size",
)  # fmt: skip
_CAMERA = ("make", "model", "lens", "focal_length", "aperture", "shutter", "iso")
_JSON = ("people", "regions", "exif", "panorama")
_COLUMNS = """photos.id as photo_id, photos.key, type, status, filename, title, description, shown_at as taken_at, utc_offset,
  taken_at_source, latitude, longitude, altitude, direction, width, height, duration, orientation, video_codec, rating, is_favourite,
  is_archived, trashed_at, added_at, format, media_type, size, make, model, lens, focal_length, aperture, shutter, iso, people, regions,
  exif, panorama, extension, corrections.facts as corrections"""


@dataclass(frozen=True)
class File:
    """An original of a photo. role: "main" for the file it shows, else that of its part; filename: the shown file's."""

    key: str
    extension: str
    size: int
    role: str
    filename: str


@dataclass(frozen=True)
class Exported:
    """A photo on its way out. words: what is known of it, as the API says it, and "corrected": what a person has said; files: its
    shown file, then those of its parts; albums: the ids of those it is in."""

    id: int
    words: dict[str, Any]
    files: list[File]
    albums: list[int]


def gather(db: Database, photo_ids: Sequence[int]) -> list[Exported]:
    """These photos, in this order, without those that are gone."""
    chosen = json.dumps(list(photo_ids))
    cursor = db.conn.execute(
        f"""select {_COLUMNS} from photos join originals on originals.key = photos.key
              left join details on details.photo_id = photos.id left join corrections on corrections.photo_id = photos.id
            where photos.id in (select value from json_each(?))""",
        (chosen,),
    )
    names = [each[0] for each in cursor.description]
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    parts = _grouped(
        db,
        """select photo_id, role, originals.key, extension, format, media_type, size, byte_offset, byte_length
           from parts join originals on originals.key = parts.key where photo_id in ({}) order by parts.id""",
        chosen,
    )
    tags = _grouped(
        db,
        """select distinct photo_id, name from photo_tags join tags on tags.id = tag_id where photo_id in ({}) order by name""",
        chosen,
    )
    albums = _grouped(
        db,
        """select photo_id, albums.id, title from album_members join albums on albums.id = album_id
           where photo_id in ({}) and is_unlisted = 0 order by title, albums.id""",
        chosen,
    )
    places = _grouped(
        db,
        "select photo_id, country_code, country, region, city, is_estimate from photo_places where photo_id in ({})",
        chosen,
    )
    labels = _grouped(
        db,
        """select photo_id, label, confidence, source from labels where photo_id in ({}) and is_removed = 0
           order by confidence desc, label""",
        chosen,
    )
    faces = _grouped(
        db,
        """select photo_id, person_id, name, x, y, w, h, coalesce(is_hidden, 0) from faces left join people on people.id = person_id
           where photo_id in ({}) and state = 'found' order by x, faces.id""",
        chosen,
    )
    found = []
    for photo_id in photo_ids:
        row = rows.get(photo_id)
        if row is None:
            continue
        for name in _JSON:
            row[name] = (
                json.loads(row[name]) if row[name] else {} if name == "exif" else None if name == "panorama" else []
            )
        for name in ("is_favourite", "is_archived"):
            row[name] = bool(row[name])
        said = json.loads(row["corrections"]) if row["corrections"] else {}
        words = {
            **{name: row[name] for name in _SAME},
            "camera": {name: row[name] for name in _CAMERA},
            "place": _place(places.get(photo_id)),
            "tags": [name for (name,) in tags.get(photo_id, ())],
            "labels": [
                dict(zip(("label", "confidence", "source"), each, strict=True)) for each in labels.get(photo_id, ())
            ],
            "people": _people(row, faces.get(photo_id, [])),
            "albums": [{"album_id": each, "title": title} for each, title in albums.get(photo_id, ())],
            "exif": row["exif"],
            "panorama": row["panorama"],
            "corrected": sorted(name for name in said if name != "removed_tags"),
            "removed_tags": said.get("removed_tags", []),
        }
        files = [File(row["key"], row["extension"], row["size"], "main", row["filename"])]
        words["parts"] = [_part("main", row["key"], row["format"], row["media_type"], row["size"], None, None)]
        for role, key, extension, kind, media_type, size, offset, length in parts.get(photo_id, ()):
            words["parts"].append(_part(role, key, kind, media_type, size, offset, length))
            if offset is None:
                files.append(File(key, extension, size, role, row["filename"]))
        found.append(Exported(photo_id, words, files, [each for each, _ in albums.get(photo_id, ())]))
    return found


def ending(file: File) -> str:
    """The ending a file has in an export: its own where that fits what it is, for a part that of its kind."""
    own = "." + file.filename.rpartition(".")[2] if "." in file.filename else ""
    if file.role == "main" and own.lower().encode("utf-8", "replace") in formats.ENDINGS:
        return own
    return f".{file.extension}"


def _grouped(db: Database, question: str, chosen: str) -> dict[int, list[tuple[Any, ...]]]:
    """Rows by the photo they are about, which is their first column."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for photo_id, *rest in db.conn.execute(question.format("select value from json_each(?)"), (chosen,)).fetchall():
        found[photo_id].append(tuple(rest))
    return found


def _place(rows: list[tuple[Any, ...]] | None) -> dict[str, Any] | None:
    if not rows or rows[0][1] is None:
        return None
    place = dict(zip(("country_code", "country", "region", "city", "is_estimate"), rows[0], strict=True))
    return {**place, "is_estimate": bool(place["is_estimate"])}


def _part(
    role: str, key: str, kind: str, media_type: str, size: int, offset: int | None, length: int | None
) -> dict[str, Any]:
    return {
        "role": role, "key": key, "format": kind, "media_type": media_type, "size": size if offset is None else length,
        "byte_offset": offset, "byte_length": length,
    }  # fmt: skip


def _people(row: dict[str, Any], faces: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Who is on it, as far as is known, as web/api.py says it: faces with a name, and those whom the file only names."""
    boxed = [
        {"person_id": person_id, "name": name, "box": {"x": x, "y": y, "w": w, "h": h}}
        for person_id, name, x, y, w, h, is_hidden in faces
        if name and not is_hidden
    ]
    by_region = [each for each in row["regions"] if each.get("name") and each.get("type", "face") == "face"]
    if not faces:
        boxed = [
            {"person_id": None, "name": each["name"], "box": {side: each[side] for side in "xywh"}}
            for each in by_region
        ]
    known = {each["name"] for each in (*boxed, *by_region)} | {each[1] for each in faces if each[6]}
    return [*boxed, *({"person_id": None, "name": name, "box": None} for name in row["people"] if name not in known)]
