"""What people change about their photos, one or many at a time, and how each act is undone.

What a person says stands above what the file says: it is kept as corrections, which catalog.describe() lays over every new reading.
Functions that write expect to be called inside `db.write()`, with photos whose owner has been checked.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from photolib import catalog, jobs
from photolib.errors import BadInput, NotFound
from photolib.said import Said
from photolib.sources import now

PERSON = "person"  # where a date or a tag comes from that somebody gave
LONGEST = {"title": 200, "description": 10_000, "tag": 100}  # letters
_TOO_LONG = {
    "title": Said("A title has at most %(most)s letters.", most=LONGEST["title"]),
    "description": Said("A description has at most %(most)s letters.", most=LONGEST["description"]),
    "tag": Said("A tag has at most %(most)s letters.", most=LONGEST["tag"]),
}
MOST_TAGS = 50  # in one act
# What one act writes, as everybody who changes anything waits for it: so many tags on photos, and so many letters of text.
MOST_TAGGINGS, MOST_LETTERS = 500_000, 100_000_000
FURTHEST_OFFSET = 15 * 60  # minutes from UTC that any place on Earth keeps

# Facts that are columns, and the table they stand in.
_PHOTOS = (
    "utc_offset", "taken_at_source", "latitude", "longitude", "rating", "is_favourite", "is_archived", "trashed_at",
)  # fmt: skip
_DETAILS = ("title", "description", "altitude")

# What changes say, and the name of an act that does only that.
_ACTS = {
    "is_trashed": "trash", "is_archived": "archive", "is_favourite": "favourite", "rating": "rate", "title": "caption",
    "description": "caption", "taken_at": "date", "utc_offset": "date", "shift_minutes": "date", "latitude": "place",
    "longitude": "place", "add_tags": "tag", "remove_tags": "tag", "tags": "tag",
}  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """An act that was done. id undoes it, None when nothing had to change; what: "trash", "restore", "date" ..."""

    id: int | None
    what: str
    photo_ids: list[int]


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes as they may be made. Raises BadInput with what is wrong with them.

    is_favourite, is_archived, is_trashed (true or false); rating (0 to 5, null for none); title, description (null or "" for none);
    taken_at (ISO 8601, local wall time) and utc_offset (minutes, null when unknown); shift_minutes; latitude and longitude (degrees,
    both or null for none); add_tags, remove_tags, tags (names; `tags` is all of them).
    """
    unknown = [name for name in changes if name not in _ACTS]
    if unknown or not changes:
        raise BadInput("What can be changed about a photo: %(names)s.", names=", ".join(_ACTS))
    fine = dict(changes)
    for name in ("is_favourite", "is_archived", "is_trashed"):
        if name in fine and not isinstance(fine[name], bool):
            raise BadInput("%(name)s is true or false.", name=name)
    rating = fine.get("rating")
    if rating is not None and (type(rating) is not int or not 0 <= rating <= 5):
        raise BadInput("A rating is a number of stars from 0 to 5.")
    for name in ("title", "description"):
        if name in fine:
            fine[name] = _text(fine[name], name, LONGEST[name]) or None
    if "taken_at" in fine:
        fine["taken_at"] = _moment(fine["taken_at"])
    offset = fine.get("utc_offset")
    if offset is not None and (type(offset) is not int or abs(offset) > FURTHEST_OFFSET):
        raise BadInput("A time zone is given as minutes from UTC, such as 120 for UTC+2.")
    if "shift_minutes" in fine and (type(fine["shift_minutes"]) is not int or abs(fine["shift_minutes"]) > 10**9):
        raise BadInput("shift_minutes is a whole number of minutes.")
    if "shift_minutes" in fine and "taken_at" in fine:
        raise BadInput("A date is either set or shifted.")
    if "latitude" in fine or "longitude" in fine:
        _check_position(fine.get("latitude"), fine.get("longitude"))
    for name in ("add_tags", "remove_tags", "tags"):
        if name in fine:
            fine[name] = _tags(fine[name])
    return fine


def edit(db: Database, owner_id: int, photo_ids: Sequence[int], changes: Mapping[str, Any]) -> Edit:
    """Change these photos of an owner's. Raises BadInput."""
    changes = checked(changes)
    _check_amount(len(photo_ids), changes)
    before: dict[str, Any] = {"facts": {}, "tagged": [], "untagged": []}
    for photo_id in dict.fromkeys(photo_ids):
        if facts := _new_facts(db, photo_id, changes):
            before["facts"][photo_id] = _correct(db, photo_id, facts)
        _tag(db, owner_id, photo_id, changes, before)
    changed = sorted({*map(int, before["facts"]), *(each[0] for each in (*before["tagged"], *before["untagged"]))})
    what = _what(changes)
    return Edit(log(db, owner_id, what, before, len(changed)) if changed else None, what, changed)


def _check_amount(photos: int, changes: Mapping[str, Any]) -> None:
    """Raises BadInput for more than one act may write."""
    tags = sum(len(changes.get(name, ())) for name in ("add_tags", "remove_tags", "tags"))
    letters = sum(len(changes.get(name) or "") for name in ("title", "description"))
    if photos * tags > MOST_TAGGINGS or photos * letters > MOST_LETTERS:
        raise BadInput("That is too much for so many photos at once. Choose fewer of them.")


def log(db: Database, owner_id: int, what: str, before: Any, changed: int) -> int:
    """Note an act with what it takes to undo it; return the id that does."""
    row = db.conn.execute(
        "insert into edits (owner_id, at, what, changed, before) values (?, ?, ?, ?, ?) returning id",
        (owner_id, now(), what, changed, json.dumps(before, ensure_ascii=False)),
    )
    return row.fetchone()[0]


# How acts of other rooms are undone: what -> (db, owner id, before) -> ids of the photos concerned. Each room adds its own.
undoing: dict[str, Callable[[Database, int, Any], list[int]]] = {}


def undo(db: Database, owner_id: int, edit_id: int) -> Edit:
    """Take an act back. Raises NotFound, and BadInput when it has been taken back already."""
    row = db.conn.execute(
        "select what, before, undone_at from edits where id = ? and owner_id = ?", (edit_id, owner_id)
    ).fetchone()
    if row is None:
        raise NotFound("This can no longer be undone.")
    what, before, undone_at = row
    if undone_at is not None:
        raise BadInput("This has been undone already.")
    photo_ids = undoing.get(what, _undo_edit)(db, owner_id, json.loads(before))
    db.conn.execute("update edits set undone_at = ? where id = ?", (now(), edit_id))
    return Edit(None, what, photo_ids)


def corrections(db: Database, photo_id: int) -> dict[str, Any]:
    """What people said about a photo, as facts of metadata."""
    row = db.conn.execute("select facts from corrections where photo_id = ?", (photo_id,)).fetchone()
    return json.loads(row[0]) if row else {}


# ---------------------------------------------------------------- facts


def _new_facts(db: Database, photo_id: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that changes make of a photo, as far as they differ from those it has."""
    here = _facts(db, photo_id)
    wanted = {name: changes[name] for name in ("rating", "title", "description", "utc_offset") if name in changes}
    for name in ("is_favourite", "is_archived"):
        if name in changes:
            wanted[name] = int(changes[name])
    if "is_trashed" in changes and changes["is_trashed"] != (here["trashed_at"] is not None):
        wanted["trashed_at"] = now() if changes["is_trashed"] else None
    if "taken_at" in changes:
        wanted["taken_at"] = changes["taken_at"]
    if "shift_minutes" in changes:
        wanted["taken_at"] = _shifted(here["taken_at"], changes["shift_minutes"])
    if "taken_at" in wanted or "utc_offset" in wanted:
        wanted["taken_at_source"] = PERSON
    if "latitude" in changes:
        wanted |= {"latitude": changes["latitude"], "longitude": changes["longitude"]}
        if (wanted["latitude"], wanted["longitude"]) != (here["latitude"], here["longitude"]):
            wanted["altitude"] = None  # it was that of another place
    return {name: value for name, value in wanted.items() if value != here[name]}


def _facts(db: Database, photo_id: int) -> dict[str, Any]:
    names = (*_PHOTOS, *_DETAILS)
    row = db.conn.execute(
        f"""select shown_at, {", ".join(names)} from photos left join details on photo_id = photos.id where photos.id = ?""",
        (photo_id,),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such photo.")
    return dict(zip(("taken_at", *names), row, strict=True))


def _correct(db: Database, photo_id: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write facts and keep them as corrections; return what they were, and what corrections of them there were."""
    here, said = _facts(db, photo_id), corrections(db, photo_id)
    before = {
        "were": {name: here[name] for name in facts},
        "said": {name: said[name] for name in facts if name in said},
    }
    _write(db, photo_id, facts)
    _keep_corrections(db, photo_id, said | dict(facts))
    return before


def _write(db: Database, photo_id: int, facts: Mapping[str, Any]) -> None:
    columns = {name: facts[name] for name in _PHOTOS if name in facts}
    if "taken_at" in facts:
        columns |= {"shown_at": facts["taken_at"], "month": facts["taken_at"][:7]}
    for table, key, values in (
        ("photos", "id", columns), ("details", "photo_id", {name: facts[name] for name in _DETAILS if name in facts}),
    ):  # fmt: skip
        if table == "details" and values:
            db.conn.execute("insert into details (photo_id) values (?) on conflict do nothing", (photo_id,))
        if values:
            marks = ", ".join(f"{name} = ?" for name in values)
            db.conn.execute(f"update {table} set {marks} where {key} = ?", (*values.values(), photo_id))
    if "trashed_at" in facts or "is_archived" in facts:
        catalog.relist(db, photo_id)
    if "latitude" in facts:  # where that is, and what the photos around it can be guessed from, is looked up anew
        db.conn.execute("delete from understood where photo_id = ? and step = 'place'", (photo_id,))
        jobs.enqueue(db, "place", [photo_id])


def keep_corrections(db: Database, photo_id: int, facts: Mapping[str, Any]) -> None:
    """These facts about a photo stand from now on, as if a person had said them, beside what people said before."""
    if facts:
        _keep_corrections(db, photo_id, corrections(db, photo_id) | dict(facts))


def set_dates(db: Database, owner_id: int, dates: Mapping[int, str]) -> Edit:
    """Give each of these photos of an owner's a date of its own, in one act. dates: id -> local wall time, ISO 8601. Raises BadInput."""
    before: dict[str, Any] = {"facts": {}, "tagged": [], "untagged": []}
    for photo_id, taken_at in dates.items():
        if facts := _new_facts(db, photo_id, checked({"taken_at": taken_at})):
            before["facts"][photo_id] = _correct(db, photo_id, facts)
    changed = sorted(before["facts"])
    return Edit(log(db, owner_id, "date", before, len(changed)) if changed else None, "date", changed)


def _keep_corrections(db: Database, photo_id: int, facts: Mapping[str, Any]) -> None:
    if not facts:
        db.conn.execute("delete from corrections where photo_id = ?", (photo_id,))
        return
    db.conn.execute(
        """insert into corrections (photo_id, facts) values (?, ?)
           on conflict (photo_id) do update set facts = excluded.facts""",
        (photo_id, json.dumps(facts, ensure_ascii=False)),
    )


# ---------------------------------------------------------------- tags


def _tag(db: Database, owner_id: int, photo_id: int, changes: Mapping[str, Any], before: dict[str, Any]) -> None:
    if not {"add_tags", "remove_tags", "tags"} & changes.keys():
        return
    has = dict(
        db.conn.execute(
            "select name, source from tags join photo_tags on tag_id = tags.id where photo_id = ?", (photo_id,)
        ).fetchall()
    )
    wanted = changes.get("tags")
    add = [*changes.get("add_tags", ()), *(wanted or ())]
    remove = [*changes.get("remove_tags", ()), *(each for each in has if wanted is not None and each not in wanted)]
    for name in dict.fromkeys(each for each in add if each not in has):
        _add_tag(db, owner_id, photo_id, name, PERSON)
        before["tagged"].append([photo_id, name])
    for name in dict.fromkeys(each for each in remove if each in has):
        _remove_tag(db, owner_id, photo_id, name)
        before["untagged"].append([photo_id, name, has[name]])


def _add_tag(db: Database, owner_id: int, photo_id: int, name: str, source: str) -> None:
    catalog.tag(db, owner_id, photo_id, name, source)
    _remember_removed(db, photo_id, name, is_removed=False)


def _remove_tag(db: Database, owner_id: int, photo_id: int, name: str) -> None:
    db.conn.execute(
        "delete from photo_tags where photo_id = ? and tag_id in (select id from tags where owner_id = ? and name = ?)",
        (photo_id, owner_id, name),
    )
    _remember_removed(db, photo_id, name, is_removed=True)


def _remember_removed(db: Database, photo_id: int, name: str, is_removed: bool) -> None:
    """A tag that was taken away does not come back when the file that has it is read again."""
    said = corrections(db, photo_id)
    removed = [each for each in said.get("removed_tags", []) if each != name] + [name] * is_removed
    rest = {key: value for key, value in said.items() if key != "removed_tags"}
    _keep_corrections(db, photo_id, rest | ({"removed_tags": removed} if removed else {}))


# ---------------------------------------------------------------- undoing


def _undo_edit(db: Database, owner_id: int, before: Mapping[str, Any]) -> list[int]:
    """Photos that are gone for good in the meantime are left out."""
    named = {*map(int, before["facts"]), *(each[0] for each in (*before["tagged"], *before["untagged"]))}
    there = set(catalog.owned(db, owner_id, sorted(named)))
    for key, was in before["facts"].items():
        photo_id = int(key)
        if photo_id in there:
            _write(db, photo_id, was["were"])
            rest = {name: value for name, value in corrections(db, photo_id).items() if name not in was["were"]}
            _keep_corrections(db, photo_id, rest | was["said"])
    for photo_id, name in before["tagged"]:
        if photo_id in there:
            _remove_tag(db, owner_id, photo_id, name)
            _remember_removed(db, photo_id, name, is_removed=False)
    for photo_id, name, source in before["untagged"]:
        if photo_id in there:
            _add_tag(db, owner_id, photo_id, name, source)
    return sorted(there)


# ---------------------------------------------------------------- reading what is asked for


def _what(changes: Mapping[str, Any]) -> str:
    acts = {_ACTS[name] for name in changes}
    if len(acts) > 1:
        return "details"
    (act,) = acts
    if changes.get("is_trashed") is False:
        return "restore"
    if changes.get("is_archived") is False or changes.get("is_favourite") is False:
        return f"un{act}"
    return act


def _text(value: Any, name: str, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise BadInput(_TOO_LONG[name].sentence, most=longest)
    return value.replace("\0", "").strip()


def _moment(value: Any) -> str:
    """Local wall time as it is kept: to the millisecond, without a zone."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as problem:
        raise BadInput("A date is written like 2019-06-14T14:03:00.") from problem
    if moment.tzinfo is not None:
        raise BadInput("A date is that of the clock where the photo was taken; its zone is given as utc_offset.")
    return moment.isoformat(timespec="milliseconds")


def _shifted(taken_at: str, minutes: int) -> str:
    try:
        return (datetime.fromisoformat(taken_at) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError) as problem:
        raise BadInput("This would move a photo out of all time that a calendar knows.") from problem


def _check_position(latitude: Any, longitude: Any) -> None:
    if latitude is None and longitude is None:
        return
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (latitude, longitude))
    if not numbers or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise BadInput("A place is given as latitude and longitude in degrees.")


def _tags(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_TAGS:
        raise BadInput("Tags are a list of at most %(most)s names.", most=MOST_TAGS)
    names = [" ".join(_text(each, "tag", LONGEST["tag"]).split()) for each in value]
    if not all(each and each.isprintable() for each in names):
        raise BadInput("A tag needs a name.")
    return list(dict.fromkeys(names))
