"""Faces found and the people they belong to: every question, by name, and what the steps write. people.py does the geometry.

Functions that write expect to be called inside `db.write()`. Each owner has their own people: whoever asks for somebody
else's gets NotFound. What a person decided (decisions.py) stays until a person decides otherwise.
"""

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from sqlite_utils import Database

from photolib.errors import BadInput, NotFound
from photolib.people import (
    GOOD,
    JOIN,
    MERGE,
    REACH,
    SPOKEN_FOR,
    Around,
    Face,
    FaceVectors,
    Placement,
    confidence,
    linkage,
    matched,
    place,
)
from photolib.ports import Box, FoundFace
from photolib.said import Said
from photolib.sources import now

SAME_FACE = 0.4  # overlap (intersection over union) of a face found again, by whatever finds it next
SAME_REGION = 0.25  # of a face with the region that a program or a hand drew around it, which is often far larger
LOOKED_AT = 300  # faces in reach of one, the nearest
WAITING = 10  # faces without a person that are looked at again when one near them is placed
BY_MODEL = "coalesce(decided_by, 'model') = 'model'"
LONGEST_NAME = 100
LARGEST_ID = 2**63 - 1  # what a database column holds
_NOT_HERE = {
    "person": Said("There is no such person."),
    "face": Said("There is no such face."),
    "decision": Said("There is nothing to undo."),
}
ASKED = 0.3  # how sure a question has to be to be worth a person's time


@dataclass(frozen=True)
class Cover:
    """A face that a person can be shown by: whose photo it is on, that photo's key, and where on it."""

    owner_id: int
    face_id: int
    photo_id: int
    key: str
    box: Box


@dataclass(frozen=True)
class Person:
    """Somebody on an owner's photos; name is None for faces that belong together and nobody has named. photos: how many are
    in the timeline. birthday: "2012-05-30"."""

    id: int
    name: str | None
    birthday: str | None
    is_hidden: bool
    photos: int
    cover: Cover | None

    @property
    def age(self) -> int | None:
        return age_at(self.birthday, date.today().isoformat())


@dataclass(frozen=True)
class FaceOnPhoto:
    """A face on a photo. decided_by: "person", "file" or "model"; confidence: of the model, 0 to 1. age: in years, when known."""

    id: int
    box: Box
    quality: float
    person_id: int | None
    name: str | None
    decided_by: str | None
    confidence: float | None
    is_hidden: bool
    age: int | None


@dataclass(frozen=True)
class Question:
    """ "Is this Sarah?" face_id asks it of one face, other_id of a whole group; cover shows that face or group."""

    person: Person
    cover: Cover
    face_id: int | None
    other_id: int | None
    confidence: float


# ---------------------------------------------------------------- questions


def people(db: Database, owner_id: int, with_hidden: bool = False) -> list[Person]:
    """An owner's people: named ones first, whoever is on most photos first. A group that is on no photo is left out."""
    found = _people(db, owner_id, "" if with_hidden else "and is_hidden = 0")
    shown = [each for each in found if each.photos or each.name]
    return sorted(shown, key=lambda each: (each.name is None, -each.photos, each.name or "", each.id))


def person(db: Database, owner_id: int, person_id: int) -> Person:
    """Raises NotFound, also for other people's people."""
    found = _people(db, owner_id, "and id = ?", checked_id(person_id, "person"))
    if not found:
        raise NotFound("There is no such person.")
    return found[0]


def unnamed(db: Database, owner_id: int) -> list[Person]:
    """Groups that wait for a name, the largest first."""
    return [each for each in people(db, owner_id) if each.name is None]


def find_people(db: Database, owner_id: int, words: str, with_hidden: bool = False) -> list[tuple[int, str]]:
    """(id, name) of those whose name is, or begins with, these words, or has a word that does; exact ones first.

    Case and accents do not matter. Empty words find nobody.
    """
    wanted = folded(words)
    if not wanted:
        return []
    rows = db.conn.execute(
        "select id, name from people where owner_id = ? and name is not null and is_hidden <= ?",
        (owner_id, int(with_hidden)),
    ).fetchall()
    ranked = []
    for person_id, name in rows:
        known = folded(name)
        if known == wanted or known.startswith(wanted) or f" {wanted}" in known:
            ranked.append((known != wanted, not known.startswith(wanted), known, person_id, name))
    return [(person_id, name) for *_, person_id, name in sorted(ranked)]


def folded(name: str) -> str:
    """A name as it is compared: without case, accents and needless spaces."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).split())


def photos_of(db: Database, person_ids: Sequence[int]) -> list[int]:
    """The ids of the photos in the timeline on which all of these people are, newest first."""
    if not person_ids:
        return []
    wanted = sorted(set(person_ids))
    marks = ",".join("?" * len(wanted))
    rows = db.conn.execute(
        f"""select photos.id from faces join photos on photos.id = photo_id
            where person_id in ({marks}) and state = 'found' and is_listed = 1
            group by photos.id having count(distinct person_id) = ? order by shown_at desc, photos.id desc""",
        (*wanted, len(wanted)),
    )
    return [row[0] for row in rows]


def faces_in(db: Database, photo_id: int) -> list[FaceOnPhoto]:
    """The faces on a photo from left to right, named or not; what a person called no face is left out."""
    rows = db.conn.execute(
        """select faces.id, x, y, w, h, quality, person_id, name, decided_by, confidence, coalesce(is_hidden, 0), birthday, shown_at
           from faces join photos on photos.id = photo_id left join people on people.id = person_id
           where photo_id = ? and state = 'found' order by x, faces.id""",
        (photo_id,),
    ).fetchall()
    return [
        FaceOnPhoto(
            face_id, Box(x, y, w, h), quality, person_id, name, decided_by, sure, bool(hidden), age_at(birthday, moment)
        )
        for face_id, x, y, w, h, quality, person_id, name, decided_by, sure, hidden, birthday, moment in rows
    ]


def faces_of(db: Database, owner_id: int, person_id: int, limit: int = 60) -> list[Cover]:
    """The best faces of a person, to choose a cover from or to tell others apart."""
    rows = db.conn.execute(
        """select owner_id, faces.id, photo_id, key, x, y, w, h from faces join photos on photos.id = photo_id
           where person_id = ? and owner_id = ? and is_listed = 1 and state = 'found'
           order by quality desc, faces.id limit ?""",
        (checked_id(person_id, "person"), owner_id, limit),
    )
    return [_cover(row) for row in rows]


def face_cover(db: Database, face_id: int) -> Cover:
    """A face, for a picture of it. Raises NotFound."""
    row = db.conn.execute(
        "select owner_id, faces.id, photo_id, key, x, y, w, h from faces join photos on photos.id = photo_id where faces.id = ?",
        (checked_id(face_id, "face"),),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such face.")
    return _cover(row)


def suggestions(db: Database, owner_id: int, limit: int = 20, person_id: int | None = None) -> list[Question]:
    """What a person should be asked, the surest first: faces that may be somebody with a name, groups that may be one.

    person_id: only about this person.
    """
    of_one = "and person.id = ?" if person_id is not None else ""
    values = (owner_id, ASKED, *([checked_id(person_id, "person")] if person_id is not None else []), limit)
    of_faces = db.conn.execute(
        f"""select maybe.person_id, maybe.face_id, null, maybe.confidence from maybe_this_person maybe
            join people person on person.id = maybe.person_id
            join faces on faces.id = maybe.face_id join photos on photos.id = faces.photo_id
            where person.owner_id = ? and maybe.confidence >= ? and person.name is not null and person.is_hidden = 0 and is_listed = 1
              and faces.person_id is null and faces.state = 'found' {of_one}
            order by maybe.confidence desc, maybe.face_id limit ?""",
        values,
    ).fetchall()
    of_groups = db.conn.execute(
        f"""select person.id, null, other.id, max(maybe.confidence) from maybe_same_person maybe
            join people person on person.id in (one_id, other_id)
            join people other on other.id = one_id + other_id - person.id
            where person.owner_id = ? and maybe.confidence >= ? and person.is_hidden = 0 and other.is_hidden = 0
              and (other.name is null and (person.name is not null or person.id < other.id)) {of_one}
            group by other.id order by 4 desc, other.id limit ?""",
        values,
    ).fetchall()
    questions = []
    for about, face_id, other_id, sure in sorted([*of_faces, *of_groups], key=lambda row: -row[3])[:limit]:
        cover = face_cover(db, face_id) if face_id is not None else person(db, owner_id, other_id).cover
        if cover is not None:
            questions.append(Question(person(db, owner_id, about), cover, face_id, other_id, sure))
    return questions


def together(db: Database, owner_id: int, person_id: int, limit: int = 12) -> list[Person]:
    """Who is on most photos with somebody, each with the number of those photos; those with a name first."""
    rows = db.conn.execute(
        """select theirs.person_id, count(distinct theirs.photo_id) as photos
           from faces mine join faces theirs on theirs.photo_id = mine.photo_id and theirs.person_id <> mine.person_id
           join people on people.id = theirs.person_id join photos on photos.id = mine.photo_id
           where mine.person_id = ? and mine.state = 'found' and theirs.state = 'found' and is_listed = 1
             and people.owner_id = ? and people.is_hidden = 0
           group by theirs.person_id order by people.name is null, photos desc limit ?""",
        (checked_id(person_id, "person"), owner_id, limit),
    ).fetchall()
    return [replace(person(db, owner_id, other), photos=photos) for other, photos in rows]


def age_at(birthday: str | None, moment: str) -> int | None:
    """Whole years between a birthday and the day of a photo; None when it is not known or lies after it."""
    try:
        born, day = date.fromisoformat(birthday or ""), date.fromisoformat(moment[:10])
    except ValueError:
        return None
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return age if age >= 0 else None


def _cover(row: Sequence[Any]) -> Cover:
    return Cover(row[0], row[1], row[2], row[3], Box(row[4], row[5], row[6], row[7]))


def _people(db: Database, owner_id: int, condition: str = "", *values: int) -> list[Person]:
    rows = db.conn.execute(
        f"select id, name, birthday, is_hidden, cover_face_id from people where owner_id = ? {condition}",
        (owner_id, *values),
    ).fetchall()
    # Photos that are not listed are few, and looked for in a small list; all others need not be looked up.
    counted = db.conn.execute(
        f"""select person_id, count(distinct photo_id), max(quality), id from faces indexed by idx_faces_person
            where person_id in (select id from people where owner_id = ? {condition}) and state = 'found'
              and photo_id not in (select id from photos where owner_id = ? and is_listed = 0)
            group by person_id""",
        (owner_id, *values, owner_id),
    )
    counts = {person_id: (photos, best) for person_id, photos, _, best in counted.fetchall()}
    wanted = {row[4] for row in rows if row[4]} | {best for _, best in counts.values()}
    covers = {
        row[1]: (row[8], _cover(row))
        for row in in_chunks(
            db,
            """select owner_id, faces.id, photo_id, key, x, y, w, h, person_id from faces join photos on photos.id = photo_id
               where faces.id in ({}) and is_listed = 1 and state = 'found'""",
            wanted,
        )
    }
    people = []
    for person_id, name, birthday, hidden, chosen in rows:
        photos, best = counts.get(person_id, (0, 0))
        of, cover = covers.get(chosen, (None, None))
        if of != person_id:
            cover = covers[best][1] if best else None
        people.append(Person(person_id, name, birthday, bool(hidden), photos, cover))
    return people


# ---------------------------------------------------------------- faces found


def keep_found(db: Database, photo_id: int, model: str, found: Sequence[FoundFace]) -> None:
    """The faces that a model found on a photo, instead of those found before. The same faces give the same rows.

    A face that was there before, by this or another model, stays who it was; one that is no longer found stays only when a
    person or the file has said something about it.
    """
    rows = db.conn.execute("select id, x, y, w, h from faces where photo_id = ? order by id", (photo_id,)).fetchall()
    same = matched([face.box for face in found], [Box(*row[1:]) for row in rows], SAME_FACE)
    for at, face in enumerate(found):
        values = (
            face.box.x, face.box.y, face.box.w, face.box.h, face.quality, face.pixels, model,
            face.vector.astype("<f4").tobytes(),
        )  # fmt: skip
        if at in same:
            db.conn.execute(
                "update faces set x = ?, y = ?, w = ?, h = ?, quality = ?, pixels = ?, model = ?, vector = ? where id = ?",
                (*values, rows[same[at]][0]),
            )
        else:
            db.conn.execute(
                "insert into faces (x, y, w, h, quality, pixels, model, vector, photo_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, photo_id),
            )
    gone = [row[0] for at, row in enumerate(rows) if at not in same.values()]
    db.conn.executemany(
        f"""delete from faces where id = ? and source = 'model' and state = 'found' and {BY_MODEL}
            and not exists (select 1 from not_this_person where face_id = faces.id)""",
        [(each,) for each in gone],
    )


def name_by_regions(db: Database, photo_id: int) -> None:
    """What face regions in the file or its sidecar say: they name the face they lie on, or are a face that nobody found.

    What a person decided about a face counts more. A region that is gone takes back what it said.
    """
    row = db.conn.execute(
        "select owner_id, regions from photos left join details on photo_id = photos.id where photos.id = ?",
        (photo_id,),
    ).fetchone()
    if row is None:
        return
    regions = [
        each
        for each in json.loads(row[1] or "[]")
        if folded(_plain(each.get("name") or ""))
        and each.get("type", "face") == "face"
        and each["w"] > 0
        and each["h"] > 0
    ]
    rows = db.conn.execute(
        "select id, x, y, w, h, decided_by, state, person_id from faces where photo_id = ? order by id", (photo_id,)
    ).fetchall()
    boxes = [Box(each["x"], each["y"], each["w"], each["h"]) for each in regions]
    same = matched(boxes, [Box(*each[1:5]) for each in rows], SAME_REGION)
    here = {each[7] for each in rows if each[5] == "person"}  # whom a person has seen on it
    for at, region in enumerate(regions):
        face_id, _x, _y, _w, _h, decided_by, state, person_id = rows[same[at]] if at in same else (None,) * 8
        if decided_by == "person" or state == "no face":
            continue
        named = _person_named(db, row[0], _plain(region["name"])[:LONGEST_NAME].strip())
        if named in here:  # nobody is on a photo twice: the first region that says so counts
            same.pop(at, None)
            continue
        here.add(named)
        if face_id is None:
            box = boxes[at]
            free_others(db, photo_id, named, 0)
            db.conn.execute(
                """insert into faces (photo_id, x, y, w, h, quality, pixels, model, source, person_id, decided_by)
                   values (?, ?, ?, ?, ?, 0, 0, '', 'file', ?, 'file')""",
                (photo_id, box.x, box.y, box.w, box.h, named),
            )
        elif (person_id, decided_by) != (named, "file"):
            free_others(db, photo_id, named, face_id)
            db.conn.execute(
                "update faces set person_id = ?, decided_by = 'file', confidence = null where id = ?", (named, face_id)
            )
            db.conn.execute("delete from maybe_this_person where face_id = ?", (face_id,))
            if person_id is not None:
                _may_be_one(db, min(named, person_id), max(named, person_id))
    said = {rows[at][0] for at in same.values()}
    for face_id, _x, _y, _w, _h, decided_by, state, _person in rows:
        if decided_by == "file" and state == "found" and face_id not in said:
            db.conn.execute("delete from faces where id = ? and source = 'file' and vector is null", (face_id,))
            db.conn.execute("update faces set person_id = null, decided_by = null where id = ?", (face_id,))


def settle(db: Database, vectors: FaceVectors, photo_id: int) -> None:
    """Put the faces of a photo that have no person yet, and those near its faces that wait, to the people they are nearest to."""
    mine = _faces(db, "photo_id = ?", (photo_id,))
    owner = db.conn.execute("select owner_id from photos where id = ?", (photo_id,)).fetchone()
    if not mine or owner is None:
        return
    for model in sorted({model for _, model in mine}):
        here = [face for face, by in mine if by == model]
        _settle(db, vectors, (owner[0], model), here)


def _settle(db: Database, vectors: FaceVectors, group: tuple[int, str], here: list[Face]) -> None:
    mine = {face.id for face in here}
    with vectors.lock:
        catch_up(db, vectors)
        near = _near(db, vectors, group, here)
        waiting = [face for apart, face in near if apart < JOIN and face.person_id is None and face.id not in mine][
            :WAITING
        ]
        if waiting:
            near += _near(db, vectors, group, waiting)
    wanted = [face for face in (*here, *waiting) if face.person_id is None]
    if wanted:
        known = {face.id: face for face in (*(face for _, face in near), *here)}
        result = place(wanted, _around(db, list(known.values())))
        _write_down(db, group[0], result, {face.id for face in wanted})


def catch_up(db: Database, vectors: FaceVectors) -> None:
    """Read the vectors that came or changed since the last time.

    Within a transaction that may yet be taken back, what is read counts as unread: it will be read again. So call it before.
    """
    latest = db.conn.execute("select coalesce(max(seq), 0) from photo_changes").fetchone()[0]
    if vectors.seq == 0:
        rows = db.conn.execute(
            "select faces.id, owner_id, model, vector from faces join photos on photos.id = photo_id where vector is not null"
        )
    else:
        rows = db.conn.execute(
            """select faces.id, owner_id, model, vector from photo_changes changed
               join faces on faces.photo_id = changed.photo_id join photos on photos.id = faces.photo_id
               where seq > ? and vector is not null""",
            (vectors.seq,),
        )
    for face_id, owner_id, model, vector in rows:
        vectors.keep((owner_id, model), face_id, np.frombuffer(vector, "<f4"))
    if not db.conn.in_transaction:
        vectors.seq = latest


def _near(db: Database, vectors: FaceVectors, group: tuple[int, str], faces: list[Face]) -> list[tuple[float, Face]]:
    """(Distance, face) of those within reach of some, as the rows have them now, nearest first: of each person the nearest
    few that can speak for them, and as many of those without a person."""
    found = vectors.near(group, np.stack([face.vector for face in faces]), REACH, LOOKED_AT)
    ids = {face_id for each in found for _, face_id in each}
    known = in_chunks(db, f"{_FACE} where state = 'found' and faces.id in ({{}}) and model = ?", ids, group[1])
    rows = {row[0]: row for row in known if row[4] is None or row[3] >= GOOD}
    wanted: dict[int, float] = {}
    for each in found:
        counts: Counter[int | None] = Counter()
        for apart, face_id in each:
            if face_id in rows and counts[rows[face_id][4]] < SPOKEN_FOR:
                counts[rows[face_id][4]] += 1
                wanted[face_id] = min(apart, wanted.get(face_id, apart))
    return [
        (wanted[face_id], _face(rows[face_id])) for face_id in sorted(wanted, key=lambda each: (wanted[each], each))
    ]


def _around(db: Database, faces: list[Face]) -> Around:
    """What place() has to know about these faces and their people."""
    ids, photos = [face.id for face in faces], {face.photo_id for face in faces}
    people = {face.person_id for face in faces if face.person_id is not None}
    sizes = in_chunks(
        db,
        f"select person_id, sum(quality >= {GOOD}) from faces where person_id in ({{}}) and state = 'found' group by person_id",
        people,
    )
    present = in_chunks(
        db, "select photo_id, person_id from faces where photo_id in ({}) and person_id is not null", photos
    )
    forbidden = in_chunks(db, "select face_id, person_id from not_this_person where face_id in ({})", ids)
    named = in_chunks(db, "select id from people where name is not null and id in ({})", people)
    return Around(faces, dict(sizes), set(present), set(forbidden), {row[0] for row in named})


def _write_down(db: Database, owner_id: int, result: Placement, wanted: set[int]) -> None:
    joined = "update faces set person_id = ?, decided_by = 'model', confidence = ? where id = ? and person_id is null"
    for face_id, (person_id, sure) in result.joined.items():
        db.conn.execute(joined, (person_id, sure, face_id))
    for group in result.groups:
        person_id = add_person(db, owner_id, None)
        db.conn.executemany(joined, [(person_id, 1.0, face_id) for face_id in group])
    placed = {*result.joined, *(face_id for group in result.groups for face_id in group)}
    for face_id in sorted(wanted | placed):
        asked = result.maybe.get(face_id)
        if asked is None or face_id in placed:
            db.conn.execute("delete from maybe_this_person where face_id = ?", (face_id,))
        else:
            db.conn.execute(
                """insert into maybe_this_person (face_id, person_id, confidence) values (?, ?, ?)
                   on conflict (face_id) do update set person_id = excluded.person_id, confidence = excluded.confidence
                   where person_id <> excluded.person_id or confidence <> excluded.confidence""",
                (face_id, *asked),
            )
    for one, other in sorted(result.bridges):
        _may_be_one(db, one, other)


def _may_be_one(db: Database, one: int, other: int) -> None:
    """Two people whom a face ties together: merge them when all of it fits and nothing forbids it, else ask, if it is possible."""
    rows = db.conn.execute("select id, name from people where id in (?, ?)", (one, other)).fetchall()
    names = dict(rows)
    if len(names) < 2 or _is_forbidden(db, one, other):
        return
    if None not in names.values():
        return  # two names are two people until a person says otherwise
    apart = _apart(db, one, other)
    if apart < MERGE:
        stays = min((one, other), key=lambda each: (names[each] is None, -_size(db, each), each))
        goes = one + other - stays
        db.conn.execute("update faces set person_id = ? where person_id = ?", (stays, goes))
        carry_links(db, stays, goes)
        db.conn.execute("delete from people where id = ?", (goes,))
    elif apart < REACH:
        db.conn.execute(
            """insert into maybe_same_person (one_id, other_id, confidence) values (?, ?, ?)
               on conflict (one_id, other_id) do update set confidence = excluded.confidence""",
            (min(one, other), max(one, other), confidence(apart)),
        )


def _is_forbidden(db: Database, one: int, other: int) -> bool:
    """Whether two people cannot be one: a person said so, of them or of a face of theirs, or they stand on one photo."""
    questions = (
        "select 1 from different_people where one_id = ? and other_id = ?",
        """select 1 from not_this_person denied join faces on faces.id = denied.face_id
           where faces.person_id = ? and denied.person_id = ?""",
        "select 1 from faces mine join faces theirs using (photo_id) where mine.person_id = ? and theirs.person_id = ?",
    )
    return any(
        db.conn.execute(f"{question} limit 1", pair).fetchone()
        for question in questions
        for pair in ((one, other), (other, one))
    )


def _apart(db: Database, one: int, other: int) -> float:
    """The distance (linkage) between the best faces of two people, by the model that has seen most of both; without any, too far."""
    groups: dict[str, dict[int, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for person_id in (one, other):
        rows = db.conn.execute(
            """select model, vector from faces where person_id = ? and state = 'found' and vector is not null and quality >= ?
               order by quality desc, id limit ?""",
            (person_id, GOOD, SPOKEN_FOR),
        )
        for model, vector in rows:
            groups[model][person_id].append(np.frombuffer(vector, "<f4"))
    both = [each for each in groups.values() if len(each) == 2]
    if not both:
        return REACH
    best = max(both, key=lambda each: sum(map(len, each.values())))
    return linkage(np.stack(best[one]), np.stack(best[other]))


def _size(db: Database, person_id: int) -> int:
    return db.conn.execute("select count(*) from faces where person_id = ?", (person_id,)).fetchone()[0]


_FACE = "select faces.id, photo_id, vector, quality, person_id, model from faces"


def _face(row: tuple[Any, ...]) -> Face:
    return Face(row[0], row[1], np.frombuffer(row[2], "<f4"), row[3], row[4])


def _faces(db: Database, condition: str, values: tuple[Any, ...]) -> list[tuple[Face, str]]:
    """(face, model) of faces with a vector that are faces."""
    rows = db.conn.execute(
        f"{_FACE} where {condition} and vector is not null and state = 'found' order by id", values
    ).fetchall()
    return [(_face(row), row[5]) for row in rows]


def in_chunks(db: Database, question: str, ids: Iterable[int], *further: Any) -> list[Any]:
    """The rows of a question with "in ({})" for however many ids."""
    wanted, rows = list(ids), []
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        rows += db.conn.execute(question.format(",".join("?" * len(some))), (*some, *further)).fetchall()
    return rows


def free_others(db: Database, photo_id: int, person_id: int, face_id: int) -> None:
    """Nobody is on a photo twice: other faces on it that only a model took for this person are nobody's again."""
    db.conn.execute(
        f"""update faces set person_id = null, decided_by = null, confidence = null
            where photo_id = ? and person_id = ? and id <> ? and {BY_MODEL}""",
        (photo_id, person_id, face_id),
    )


def add_person(db: Database, owner_id: int, name: str | None) -> int:
    return db.conn.execute(
        "insert into people (owner_id, name, created_at) values (?, ?, ?) returning id", (owner_id, name, now())
    ).fetchone()[0]


def known_as(db: Database, owner_id: int, name: str) -> int | None:
    rows = db.conn.execute(
        "select id, name from people where owner_id = ? and name is not null order by id", (owner_id,)
    )
    wanted = folded(name)
    return next((person_id for person_id, known in rows.fetchall() if folded(known) == wanted), None)


def _person_named(db: Database, owner_id: int, name: str) -> int:
    return known_as(db, owner_id, name) or add_person(db, owner_id, name)


def checked_id(number: int, what: str) -> int:
    """Raises NotFound for a number that no row can have."""
    if not 0 < number <= LARGEST_ID:
        raise NotFound(_NOT_HERE[what])
    return number


def kept_name(name: str) -> str:
    """A name as it is kept. Raises BadInput."""
    plain = _plain(name)
    if not folded(plain):
        raise BadInput("A name needs at least one letter.")
    if len(plain) > LONGEST_NAME:
        raise BadInput("A name can have %(most)s letters.", most=LONGEST_NAME)
    return plain


def _plain(name: str) -> str:
    return " ".join("".join(each for each in name if each.isprintable() or each.isspace()).split())


def carry_links(db: Database, stays: int, goes: int) -> None:
    """What was said about one who becomes another holds for that other."""
    db.conn.execute(
        """insert into not_this_person (face_id, person_id) select face_id, ? from not_this_person where person_id = ?
           on conflict do nothing""",
        (stays, goes),
    )
    for one, other in pairs_of(db, "different_people", goes):
        third = one if other == goes else other
        if third != stays:
            db.conn.execute(
                "insert into different_people (one_id, other_id) values (?, ?) on conflict do nothing",
                (min(stays, third), max(stays, third)),
            )


def pairs_of(db: Database, table: str, person_id: int) -> list[tuple[int, int]]:
    return db.conn.execute(
        f"select one_id, other_id from {table} where one_id = ? or other_id = ?", (person_id, person_id)
    ).fetchall()
