"""Merging photos that show the same into one, without losing anything, and taking that back as a whole.

What people made of the others goes over to the one that is kept: albums, tags, people and what was decided about faces, favourite,
rating, title, description, position, corrected labels. Functions that write expect to be called inside `db.write()`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlite_utils import Database

from photolib import catalog, edits, faces, jobs, people
from photolib.errors import BadInput, NotFound
from photolib.ports import FACES, Box
from photolib.sources import now


def merge(db: Database, owner_id: int, kept_id: int, others: Sequence[int]) -> int | None:
    """Keep one photo and put the others into the trash, after what people made of them went over to it.

    What the kept photo has already is not changed, and the others keep theirs. Returns the number to undo it by, None when all the
    others were in the trash before. Raises NotFound when a photo is not this owner's, BadInput when there is nothing to merge.
    """
    others = [each for each in dict.fromkeys(others) if each != kept_id]
    asked = [kept_id, *others]
    rows = db.conn.execute(
        "select id, trashed_at from photos where owner_id = ? and id in (select value from json_each(?))",
        (owner_id, json.dumps(asked)),
    ).fetchall()
    trashed = dict(rows)
    if set(trashed) != set(asked):
        raise NotFound("There is no such photo.")
    if not others or trashed[kept_id] is not None:
        raise BadInput("Merging needs a photo to keep that is not in the trash, and at least one other.")
    before = _rows(db, kept_id)
    for other_id in others:
        _carry_over(db, owner_id, other_id, kept_id)
    db.conn.execute(
        """update stacks set best_id = ?, decided_by = 'person'
           where id in (select stack_id from stack_photos where photo_id = ?)""",
        (kept_id, kept_id),
    )
    going = [other_id for other_id in others if trashed[other_id] is None]
    if not going:
        return None
    journal = _difference(before, _rows(db, kept_id))
    catalog.put_in_trash(db, going)
    (merge_id,) = db.conn.execute(
        "insert into merges (owner_id, at, kept_id, trashed, journal) values (?, ?, ?, ?, ?) returning id",
        (owner_id, now(), kept_id, json.dumps(going), json.dumps(journal, ensure_ascii=False)),
    ).fetchone()
    return int(merge_id)


def undo_merge(db: Database, owner_id: int, merge_id: int) -> list[int]:
    """Take the photos that a merge put into the trash out of it again, and back from the kept photo what went over to it, as far as
    nobody changed it since. Returns the photos that came back.

    Raises NotFound when this owner has made no such merge. The second time nothing happens.
    """
    row = db.conn.execute(
        "select trashed, undone_at, kept_id, journal from merges where id = ? and owner_id = ?", (merge_id, owner_id)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such merge.")
    trashed, undone_at, kept_id, journal = row
    if undone_at is not None:
        return []
    db.conn.execute("update merges set undone_at = ? where id = ?", (now(), merge_id))
    if kept_id is not None and journal:
        _take_back(db, kept_id, json.loads(journal))
    theirs = db.conn.execute(  # some may have been deleted for good
        "select id from photos where owner_id = ? and id in (select value from json_each(?))", (owner_id, trashed)
    )
    return catalog.take_out_of_trash(db, [each[0] for each in theirs.fetchall()])


# ---------------------------------------------------------------- what a merge changes, and changing it back


@dataclass(frozen=True)
class _Table:
    """Rows that a merge may change: by what they are told apart, what in them changes, and which are a photo's."""

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    of_photo: str = "photo_id = ?"


_OF_FACES = "face_id in (select id from faces where photo_id = ?)"
_TABLES = {  # in an order in which rows can go: first those that hang on others
    "not_this_person": _Table(("face_id", "person_id"), (), _OF_FACES),
    "maybe_this_person": _Table(("face_id",), ("person_id", "confidence"), _OF_FACES),
    "faces": _Table(("id",), ("state", "person_id", "decided_by", "confidence")),
    "album_photos": _Table(("album_id", "photo_id"), ("position", "added_at")),
    "photo_tags": _Table(("tag_id", "photo_id"), ("source",)),
    "labels": _Table(("photo_id", "label"), ("confidence", "source", "is_removed")),
    "details": _Table(("photo_id",), ("title", "description", "people")),
    "corrections": _Table(("photo_id",), ("facts",)),
    "photos": _Table(("id",), ("is_favourite", "rating", "is_archived", "latitude", "longitude"), "id = ?"),
    "stacks": _Table(
        ("id",), ("best_id", "decided_by"), "id in (select stack_id from stack_photos where photo_id = ?)"
    ),
}  # fmt: skip

_Rows = dict[str, dict[str, list[Any]]]  # table -> key as JSON -> values


def _rows(db: Database, photo_id: int) -> _Rows:
    found: _Rows = {}
    for name, table in _TABLES.items():
        rows = db.conn.execute(
            f"select {', '.join((*table.keys, *table.columns))} from {name} where {table.of_photo}", (photo_id,)
        )
        width = len(table.keys)
        found[name] = {json.dumps(row[:width]): list(row[width:]) for row in rows.fetchall()}
    return found


def _difference(before: _Rows, after: _Rows) -> dict[str, list[list[Any]]]:
    """table -> [key, values before, values after]; None for values of a row that was or is not there."""
    return {
        name: changed
        for name in _TABLES
        if (
            changed := [
                [json.loads(key), before[name].get(key), after[name].get(key)]
                for key in {**before[name], **after[name]}
                if before[name].get(key) != after[name].get(key)
            ]
        )
    }


def _take_back(db: Database, kept_id: int, journal: dict[str, list[list[Any]]]) -> None:
    """Make the rows again what they were; one that somebody has changed since stays."""
    for name, table in _TABLES.items():
        here = " and ".join(f"{each} = ?" for each in table.keys)
        for key, before, after in journal.get(name, ()):
            row = db.conn.execute(f"select {', '.join(table.columns) or '1'} from {name} where {here}", key).fetchone()
            now_there = None if row is None else list(row) if table.columns else []
            if now_there != after:
                continue
            if before is None:
                db.conn.execute(f"delete from {name} where {here}", key)
            elif after is not None:
                marks = ", ".join(f"{each} = ?" for each in table.columns)
                db.conn.execute(f"update {name} set {marks} where {here}", (*before, *key))
            elif name == "maybe_this_person" and _are_there(db, key[0], before[0]):
                db.conn.execute("insert into maybe_this_person values (?, ?, ?)", (*key, *before))
    catalog.relist(db, kept_id)


def _are_there(db: Database, face_id: int, person_id: int) -> bool:
    row = db.conn.execute("select 1 from faces, people where faces.id = ? and people.id = ?", (face_id, person_id))
    return row.fetchone() is not None


# ---------------------------------------------------------------- what goes over


def _carry_over(db: Database, owner_id: int, other_id: int, kept_id: int) -> None:
    pair = {"other": other_id, "kept": kept_id}
    was = _facts(db, kept_id)
    db.conn.execute(
        """update photos set
             is_favourite = max(photos.is_favourite, other.is_favourite), rating = coalesce(photos.rating, other.rating),
             is_archived = min(photos.is_archived, other.is_archived),
             latitude = case when photos.latitude is null then other.latitude else photos.latitude end,
             longitude = case when photos.latitude is null then other.longitude else photos.longitude end
           from photos other where photos.id = :kept and other.id = :other""",
        pair,
    )
    db.conn.execute("insert into details (photo_id) values (:kept) on conflict (photo_id) do nothing", pair)
    db.conn.execute(
        """update details set title = coalesce(nullif(details.title, ''), other.title),
             description = coalesce(nullif(details.description, ''), other.description)
           from details other where details.photo_id = :kept and other.photo_id = :other""",
        pair,
    )
    db.conn.execute(
        """insert into album_photos (album_id, photo_id, position, added_at)
           select album_id, :kept, position, added_at from album_photos where photo_id = :other
           on conflict (album_id, photo_id) do nothing""",
        pair,
    )
    # As a person's: those of a file go when that file is read again, and it is another file that said these.
    db.conn.execute(
        """insert into photo_tags (photo_id, tag_id, source) select :kept, tag_id, 'person' from photo_tags where photo_id = :other
           on conflict (photo_id, tag_id) do nothing""",
        pair,
    )
    _carry_names(db, other_id, kept_id)
    carry_decisions(db, other_id, kept_id)
    # Also when the kept photo's own file is read again, which does not say these.
    is_now = _facts(db, kept_id)
    edits.keep_corrections(db, kept_id, {name: is_now[name] for name in _FACTS if is_now[name] != was[name]})
    catalog.relist(db, kept_id)


_FACTS = ("rating", "latitude", "longitude", "is_archived", "title", "description")


def _facts(db: Database, photo_id: int) -> dict[str, Any]:
    row = db.conn.execute(
        f"select {', '.join(_FACTS)} from photos left join details on photo_id = photos.id where photos.id = ?",
        (photo_id,),
    )
    return dict(zip(_FACTS, row.fetchone(), strict=True))


def carry_decisions(db: Database, other_id: int, kept_id: int) -> None:
    """What a person said about what one photo shows, and about who is on it, holds for another one that shows the same."""
    db.conn.execute(
        """insert into labels (photo_id, label, confidence, source, is_removed)
           select ?, label, confidence, source, is_removed from labels where photo_id = ? and source = 'person'
           on conflict (photo_id, label) do update set
             confidence = excluded.confidence, source = 'person', is_removed = excluded.is_removed
             where labels.source <> 'person'""",
        (kept_id, other_id),
    )
    if _carry_faces(db, other_id, kept_id):
        jobs.enqueue(db, FACES, [kept_id])  # whoever is near those faces is looked for anew


def _carry_names(db: Database, other_id: int, kept_id: int) -> None:
    """The people that the other file names."""
    rows = dict(
        db.conn.execute("select photo_id, people from details where photo_id in (?, ?)", (other_id, kept_id)).fetchall()
    )
    mine, theirs = (json.loads(rows.get(each) or "[]") for each in (kept_id, other_id))
    if more := [name for name in theirs if name not in mine]:
        db.conn.execute(
            "update details set people = ? where photo_id = ?",
            (json.dumps([*mine, *more], ensure_ascii=False), kept_id),
        )


_SAME_PERSON = (
    0.45  # distance of vectors, well within the 0.6 that face_recognition recommends: for a copy that was cut otherwise
)
_FACE = "id, x, y, w, h, vector, model, state, person_id, decided_by"


@dataclass(frozen=True)
class _Face:
    id: int
    box: Box
    vector: bytes | None
    model: str
    state: str
    person_id: int | None
    decided_by: str | None

    @property
    def is_decided(self) -> bool:
        return self.decided_by in ("person", "file")


def _faces(db: Database, photo_id: int) -> list[_Face]:
    rows = db.conn.execute(f"select {_FACE} from faces where photo_id = ? order by id", (photo_id,))
    return [_Face(row[0], Box(*row[1:5]), *row[5:]) for row in rows]


def _carry_faces(db: Database, other_id: int, kept_id: int) -> bool:
    """What people and files said of the other photo's faces goes to the same faces of the kept one, as a person's word; a face that it
    lacks goes along. Returns whether anything did.

    What a person decided about the kept photo's own faces stays, and nobody comes to be on it twice.
    """
    has_changed = False
    for face in _faces(db, other_id):
        mine = _faces(db, kept_id)
        not_them = [
            row[0] for row in db.conn.execute("select person_id from not_this_person where face_id = ?", (face.id,))
        ]
        if not face.is_decided and not not_them:
            continue
        there = [each for each in mine if face.person_id is not None and each.person_id == face.person_id]
        match = (
            next((each for each in there if each.is_decided), None) or _same_face(face, mine) or next(iter(there), None)
        )
        if match is None and not face.is_decided:
            continue
        if match is None:
            (face_id,) = db.conn.execute(
                """insert into faces (photo_id, x, y, w, h, quality, pixels, model, vector, state, source, person_id, decided_by)
                   select ?, x, y, w, h, quality, pixels, model, vector, state, source, person_id, 'person' from faces where id = ?
                   returning id""",
                (kept_id, face.id),
            ).fetchone()
        else:
            face_id = match.id
            said = (face.state, face.person_id)
            if (
                face.is_decided
                and match.decided_by != "person"
                and (match.decided_by, match.state, match.person_id) != ("file", *said)
            ):
                db.conn.execute(
                    "update faces set state = ?, person_id = ?, decided_by = 'person', confidence = null where id = ?",
                    (*said, face_id),
                )
                db.conn.execute("delete from maybe_this_person where face_id = ?", (face_id,))
        if face.is_decided and face.person_id is not None:
            faces.free_others(db, kept_id, face.person_id, face_id)
        for person_id in not_them:
            db.conn.execute(
                "insert into not_this_person (face_id, person_id) values (?, ?) on conflict (face_id, person_id) do nothing",
                (face_id, person_id),
            )
            db.conn.execute(
                f"""update faces set person_id = null, decided_by = null, confidence = null
                    where id = ? and person_id = ? and {faces.BY_MODEL}""",
                (face_id, person_id),
            )
        has_changed = True
    return has_changed


def _same_face(face: _Face, others: Sequence[_Face]) -> _Face | None:
    """Of these faces the one that is this one: by its place, else by its looks."""
    place = people.matched([face.box], [each.box for each in others], faces.SAME_FACE)
    if place:
        return others[place[0]]
    near = min(((_apart(face, each), each.id, each) for each in others), default=None)
    return near[2] if near is not None and near[0] <= _SAME_PERSON else None


def _apart(one: _Face, other: _Face) -> float:
    if one.model != other.model or not one.vector or not other.vector:
        return math.inf
    return float(np.linalg.norm(np.frombuffer(one.vector, "<f4") - np.frombuffer(other.vector, "<f4")))
