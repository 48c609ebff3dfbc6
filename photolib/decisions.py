"""What people decide about people: names, merging, splitting, "not her", "not a face", answers to questions; and undoing it.

Each decision is noted in people_log with the rows as they were before, which is what undo() puts back. Functions that write
expect to be called inside `db.write()`, and raise NotFound for what is not the owner's.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlite_utils import Database

from photolib import faces, jobs, kept_rows
from photolib.errors import BadInput, NotFound
from photolib.ports import FACES
from photolib.said import Said
from photolib.sources import now

LOOKED_AGAIN = 20  # photos, after a decision about more: what is near them is near one of these


@dataclass(frozen=True)
class Decision:
    """What a person decided, in a sentence, and the id that undo() takes. person_id: whom it left behind, if anybody."""

    id: int
    said: str
    person_id: int | None = None


_COLUMNS = {  # what a decision may change, by table: (key columns, further columns)
    "people": (("id",), ("owner_id", "name", "birthday", "is_hidden", "cover_face_id", "created_at")),
    "faces": (("id",), ("person_id", "decided_by", "confidence", "state")),
    "not_this_person": (("face_id", "person_id"), ()),
    "different_people": (("one_id", "other_id"), ()),
    "maybe_this_person": (("face_id",), ("person_id", "confidence")),
    "maybe_same_person": (("one_id", "other_id"), ("confidence",)),
    "grants": (("id",), ("person_id",)),
}


DOUBLED = "doubled_grants"


class _Journal:
    """The rows that a decision changes, as they were before it: what it takes to undo it."""

    def __init__(self, db: Database, owner_id: int) -> None:
        self.db, self.owner_id = db, owner_id
        self.before: dict[str, dict[str, list[Any] | None]] = {}
        self.doubled: list[
            dict[str, Any]
        ] = []  # grants of two people who become one, to somebody who has one of the other, too

    def touch(self, table: str, *key: int) -> None:
        """Call it before the row is changed, added or removed."""
        rows = self.before.setdefault(table, {})
        if (name := _key(key)) not in rows:
            rows[name] = _row(self.db, table, key)

    def touch_all(self, table: str, condition: str, *values: int) -> None:
        keys = ", ".join(_COLUMNS[table][0])
        for key in self.db.conn.execute(f"select {keys} from {table} where {condition}", values).fetchall():
            self.touch(table, *key)

    def close(self, what: str, said: str, person_id: int | None = None) -> Decision:
        before: dict[str, Any] = {
            **self.before,
            **({DOUBLED: {each["id"]: each for each in self.doubled}} if self.doubled else {}),
        }
        row = self.db.conn.execute(
            "insert into people_log (owner_id, at, what, said, before) values (?, ?, ?, ?, ?) returning id",
            (self.owner_id, now(), what, said, json.dumps(before)),
        ).fetchone()
        return Decision(row[0], said, person_id)


def _key(key: Iterable[int]) -> str:
    return ",".join(map(str, key))


def _row(db: Database, table: str, key: Sequence[int]) -> list[Any] | None:
    keys, columns = _COLUMNS[table]
    where = " and ".join(f"{name} = ?" for name in keys)
    row = db.conn.execute(f"select {', '.join(columns) or '1'} from {table} where {where}", tuple(key)).fetchone()
    return None if row is None else list(row) if columns else []


def rename(db: Database, owner_id: int, person_id: int, name: str | None) -> Decision:
    """Name somebody, or take the name away. When somebody has that name already, the two are one from now on."""
    before = faces.person(db, owner_id, person_id)
    wanted = faces.kept_name(name) if name is not None and name.strip() else None
    other = faces.known_as(db, owner_id, wanted) if wanted else None
    if other is not None and other != person_id:
        return merge(db, owner_id, other, person_id)
    journal = _Journal(db, owner_id)
    journal.touch("people", person_id)
    db.conn.execute("update people set name = ? where id = ?", (wanted, person_id))
    if wanted is None:
        return journal.close("name", Said("%(name)s has no name any more.", name=_called(before)), person_id)
    is_new = Said("This is %(name)s.", name=wanted)
    said = Said("%(before)s is called %(name)s now.", before=before.name, name=wanted) if before.name else is_new
    return journal.close("name", said, person_id)


def set_birthday(db: Database, owner_id: int, person_id: int, birthday: str | None) -> Decision:
    """birthday: "2012-05-30", or None. Raises BadInput for a day that is none, or is still to come."""
    found = faces.person(db, owner_id, person_id)
    if birthday:
        try:
            if date.fromisoformat(birthday).isoformat() != birthday or birthday > date.today().isoformat():
                raise ValueError(birthday)
        except ValueError as problem:
            raise BadInput("A birthday is a day in the past, written like 2012-05-30.") from problem
    journal = _Journal(db, owner_id)
    journal.touch("people", person_id)
    db.conn.execute("update people set birthday = ? where id = ?", (birthday or None, person_id))
    kept, gone = (
        Said("%(name)s: the birthday is noted.", name=_called(found)),
        Said("%(name)s: the birthday is removed.", name=_called(found)),
    )
    return journal.close("birthday", kept if birthday else gone, person_id)


def hide(db: Database, owner_id: int, person_id: int, is_hidden: bool = True) -> Decision:
    """Leave somebody out of lists and suggestions, or show them again. Their photos stay where they are."""
    found = faces.person(db, owner_id, person_id)
    journal = _Journal(db, owner_id)
    journal.touch("people", person_id)
    db.conn.execute("update people set is_hidden = ? where id = ?", (int(is_hidden), person_id))
    name = _called(found)
    said = Said("%(name)s is hidden.", name=name) if is_hidden else Said("%(name)s is shown again.", name=name)
    return journal.close("hide", said, person_id)


def set_cover(db: Database, owner_id: int, person_id: int, face_id: int) -> Decision:
    """The face that somebody is shown by; one of their own. Raises BadInput otherwise."""
    found = faces.person(db, owner_id, person_id)
    if _own_face(db, owner_id, face_id)[1] != person_id:
        raise BadInput("This face is not one of theirs.")
    journal = _Journal(db, owner_id)
    journal.touch("people", person_id)
    db.conn.execute("update people set cover_face_id = ? where id = ?", (face_id, person_id))
    return journal.close("cover", Said("%(name)s has a new picture.", name=_called(found)), person_id)


def merge(db: Database, owner_id: int, into: int, other: int) -> Decision:
    """Two are one: `into` stays, with its name where it has one, and gets everything of the other."""
    stays, goes = faces.person(db, owner_id, into), faces.person(db, owner_id, other)
    if into == other:
        raise BadInput("This is the same person already.")
    journal = _Journal(db, owner_id)
    journal.touch("people", into)
    journal.touch("people", other)
    journal.touch_all("faces", "person_id = ?", other)
    for table in ("not_this_person", "maybe_this_person"):
        journal.touch_all(table, "person_id in (?, ?)", into, other)
    for table in ("different_people", "maybe_same_person"):
        journal.touch_all(table, "one_id in (?, ?) or other_id in (?, ?)", into, other, into, other)
    # "Not her" was said of faces that are hers after all: whoever merges knows better.
    for one, two in ((into, other), (other, into)):
        db.conn.execute(
            "delete from not_this_person where person_id = ? and face_id in (select id from faces where person_id = ?)",
            (one, two),
        )
    _part_on_photos_of_both(journal, into, other)
    moved = [row[0] for row in db.conn.execute("select id from faces where person_id = ?", (other,)).fetchall()]
    db.conn.executemany(
        "update faces set person_id = ?, decided_by = 'person', confidence = null where id = ?",
        [(into, each) for each in moved],
    )
    for each in db.conn.execute(
        "select person_id, face_id from not_this_person where person_id = ?", (other,)
    ).fetchall():
        journal.touch("not_this_person", each[1], into)
    for one, two in faces.pairs_of(db, "different_people", other):
        journal.touch("different_people", *sorted((into, one if two == other else two)))
    faces.carry_links(db, into, other)
    db.conn.execute(
        """update people set name = coalesce(name, ?), birthday = coalesce(birthday, ?), cover_face_id = coalesce(cover_face_id, ?)
           where id = ?""",
        (goes.name, goes.birthday, goes.cover.face_id if goes.cover else None, into),
    )
    doubled = """person_id = ? and exists (select 1 from grants kept where kept.person_id = ? and kept.audience = grants.audience
                   and kept.user_id is grants.user_id)"""
    journal.doubled += kept_rows.rows(db, "grants", doubled, (other, into))
    journal.touch_all("grants", "person_id = ?", other)
    db.conn.execute("update or ignore grants set person_id = ? where person_id = ?", (into, other))
    db.conn.execute("delete from people where id = ?", (other,))
    _look_again(db, moved)
    return journal.close("merge", Said("%(name)s: two are one now.", name=_called(stays if stays.name else goes)), into)


def _part_on_photos_of_both(journal: _Journal, into: int, other: int) -> None:
    """Nobody is on a photo twice: where two who become one both stand, the face that only a model put there is nobody's again, of
    two such the less sure one. Two that a person or a file named stay."""
    doubtful = f"{faces.BY_MODEL} as by_model, coalesce(confidence, 0) as sure"
    rows = journal.db.conn.execute(
        f"""select mine.id, mine.by_model, mine.sure, theirs.id, theirs.by_model, theirs.sure
            from (select id, photo_id, {doubtful} from faces where person_id = ?) mine
            join (select id, photo_id, {doubtful} from faces where person_id = ?) theirs using (photo_id)""",
        (into, other),
    ).fetchall()
    for mine, mine_by_model, mine_sure, theirs, theirs_by_model, theirs_sure in rows:
        if not mine_by_model and not theirs_by_model:
            continue
        goes = mine if (mine_by_model, -mine_sure) > (theirs_by_model, -theirs_sure) else theirs
        journal.touch("faces", goes)
        journal.db.conn.execute(
            "update faces set person_id = null, decided_by = null, confidence = null where id = ?", (goes,)
        )


def split(db: Database, owner_id: int, person_id: int, face_ids: Sequence[int], name: str | None = None) -> Decision:
    """These faces are somebody else: another person gets them, new or known by that name, and the two stay apart."""
    found = faces.person(db, owner_id, person_id)
    if not face_ids or any(_own_face(db, owner_id, face_id)[1] != person_id for face_id in face_ids):
        raise BadInput("Choose faces of this person that are somebody else's.")
    journal = _Journal(db, owner_id)
    other = _someone(journal, name)
    if other == person_id:
        raise BadInput("These faces are this person's already.")
    for face_id in dict.fromkeys(face_ids):
        _assign(journal, face_id, other)
        _deny(journal, face_id, person_id)
    _keep_apart(journal, person_id, other)
    _look_again(db, face_ids)
    return journal.close("split", _faces_said(len(set(face_ids)), _called(found, "this person")), other)


def not_this_person(db: Database, owner_id: int, face_id: int) -> Decision:
    """ "This is not her": the face is nobody's for now and never hers again."""
    _, person_id = _own_face(db, owner_id, face_id)
    if person_id is None:
        raise BadInput("Nobody has been found in this face so far.")
    found = faces.person(db, owner_id, person_id)
    journal = _Journal(db, owner_id)
    journal.touch("faces", face_id)
    db.conn.execute("update faces set person_id = null, decided_by = null, confidence = null where id = ?", (face_id,))
    _deny(journal, face_id, person_id)
    _forget_cover(journal, person_id, face_id)
    _look_again(db, [face_id])
    return journal.close(
        "not this person", Said("This is not %(name)s.", name=_called(found, "this person")), person_id
    )


def not_a_face(db: Database, owner_id: int, face_id: int) -> Decision:
    """It is a pattern, a statue, a picture on a wall: it is never taken for a face again."""
    _, person_id = _own_face(db, owner_id, face_id)
    journal = _Journal(db, owner_id)
    journal.touch("faces", face_id)
    journal.touch("maybe_this_person", face_id)
    db.conn.execute(
        "update faces set state = 'no face', person_id = null, decided_by = 'person', confidence = null where id = ?",
        (face_id,),
    )
    db.conn.execute("delete from maybe_this_person where face_id = ?", (face_id,))
    if person_id is not None:
        _forget_cover(journal, person_id, face_id)
    return journal.close("not a face", Said("This is no face."), person_id)


def assign(
    db: Database, owner_id: int, face_id: int, person_id: int | None = None, name: str | None = None
) -> Decision:
    """This face is that person, or whoever has that name, who is made when there is nobody."""
    before = _own_face(db, owner_id, face_id)[1]
    journal = _Journal(db, owner_id)
    if person_id is None:
        person_id = _someone(journal, faces.kept_name(name or ""))
    found = faces.person(db, owner_id, person_id)
    if before not in (None, person_id) and faces.person(db, owner_id, before).name:
        _deny(journal, face_id, before)
    _assign(journal, face_id, person_id)
    if before is not None and before != person_id:
        _forget_cover(journal, before, face_id)
    _look_again(db, [face_id])
    return journal.close("assign", Said("This is %(name)s.", name=_called(found, "this person")), person_id)


def answer(
    db: Database, owner_id: int, person_id: int, is_so: bool, face_id: int | None = None, other_id: int | None = None
) -> Decision:
    """The answer to a Question: yes puts the face or the group to the person, no keeps them apart for good."""
    found = faces.person(db, owner_id, person_id)
    if (face_id is None) == (other_id is None):
        raise BadInput("An answer is about one face or one group.")
    if face_id is not None:
        if is_so:
            return assign(db, owner_id, face_id, person_id)
        _own_face(db, owner_id, face_id)
        journal = _Journal(db, owner_id)
        _deny(journal, face_id, person_id)
        _look_again(db, [face_id])
        return journal.close(
            "not this person", Said("This is not %(name)s.", name=_called(found, "this person")), person_id
        )
    assert other_id is not None
    faces.person(db, owner_id, other_id)
    if is_so:
        return merge(db, owner_id, person_id, other_id)
    if other_id == person_id:
        raise BadInput("This is the same person already.")
    journal = _Journal(db, owner_id)
    _keep_apart(journal, person_id, other_id)
    return journal.close(
        "different people", Said("These are not %(name)s.", name=_called(found, "this person")), person_id
    )


def latest(db: Database, owner_id: int, limit: int = 20) -> list[Decision]:
    """The latest decisions that were not undone, the last one first."""
    rows = db.conn.execute(
        "select id, said from people_log where owner_id = ? and undone_at is null order by id desc limit ?",
        (owner_id, limit),
    )
    return [Decision(*row) for row in rows]


def undo(db: Database, owner_id: int, decision_id: int | None = None) -> str:
    """Take a decision back (the last one when none is named) and say which: its rows are again as they were before it.

    Raises BadInput when a later decision builds on it, NotFound when there is none.
    """
    row = db.conn.execute(
        f"""select id, said, before from people_log where owner_id = ? and undone_at is null
            {"and id = ?" if decision_id is not None else ""} order by id desc limit 1""",
        (owner_id, *([faces.checked_id(decision_id, "decision")] if decision_id is not None else [])),
    ).fetchone()
    if row is None:
        raise NotFound("There is nothing to undo.")
    before = json.loads(row[2])
    later = db.conn.execute(
        "select said, before from people_log where owner_id = ? and undone_at is null and id > ? order by id desc",
        (owner_id, row[0]),
    )
    for said, touched in later.fetchall():
        if any(set(rows) & set(before.get(table, ())) for table, rows in json.loads(touched).items()):
            raise BadInput("Undo the later one first: “%(said)s”", said=said)
    doubled = before.pop(DOUBLED, {})
    _put_back(db, before)
    _share_again(db, owner_id, doubled.values(), [int(name) for name in before.get("people", {})])
    db.conn.execute("update people_log set undone_at = ? where id = ?", (now(), row[0]))
    _look_again(db, [int(each) for each in before.get("faces", ())])
    return Said("Undone: %(said)s", said=row[1])


def _put_back(db: Database, before: dict[str, dict[str, list[Any] | None]]) -> None:
    """Rows as they were: people first, for others hang on them; those that were made since go last."""
    for table in _COLUMNS:
        keys, columns = _COLUMNS[table]
        names = (*keys, *columns)
        for name, values in before.get(table, {}).items():
            key = tuple(map(int, name.split(",")))
            where = " and ".join(f"{each} = ?" for each in keys)
            if values is None:
                if table != "people":
                    db.conn.execute(f"delete from {table} where {where}", key)
                continue
            if not _can_be_put_back(db, table, dict(zip(names, (*key, *values), strict=True))):
                continue
            if table in ("faces", "grants"):  # what was taken back meanwhile does not come again
                db.conn.execute(
                    f"update {table} set {', '.join(f'{each} = ?' for each in columns)} where {where}", (*values, *key)
                )
                continue
            change = (
                f"do update set {', '.join(f'{each} = excluded.{each}' for each in columns)}"
                if columns
                else "do nothing"
            )
            db.conn.execute(
                f"""insert into {table} ({", ".join(names)}) values ({", ".join("?" * len(names))})
                    on conflict ({", ".join(keys)}) {change}""",
                (*key, *values),
            )
    for name in before.get("faces", {}):
        face = db.conn.execute(
            f"select photo_id, person_id, {faces.BY_MODEL} from faces where id = ?", (int(name),)
        ).fetchone()
        if face is None or face[1] is None:
            continue
        photo_id, person_id, is_by_model = face
        is_there_by_name = db.conn.execute(
            f"select 1 from faces where photo_id = ? and person_id = ? and id <> ? and not {faces.BY_MODEL}",
            (photo_id, person_id, int(name)),
        ).fetchone()
        if is_by_model and is_there_by_name:  # a later decision put them on this photo
            db.conn.execute(
                "update faces set person_id = null, decided_by = null, confidence = null where id = ?", (int(name),)
            )
        else:  # what a model made of the photo meanwhile gives way
            faces.free_others(db, photo_id, person_id, int(name))
    for name, values in before.get("people", {}).items():
        if values is None:
            db.conn.execute("delete from people where id = ?", (int(name),))


def _share_again(db: Database, owner_id: int, doubled: Iterable[dict[str, Any]], people: Sequence[int]) -> None:
    """What somebody had of both people who were one: of the one they get it back if they still have it of the other."""
    for each in doubled:
        has_other = db.conn.execute(
            """select 1 from grants where owner_id = ? and person_id in (select value from json_each(?)) and audience = ?
                 and user_id is ?""",
            (owner_id, json.dumps(people), each["audience"], each["user_id"]),
        ).fetchone()
        if has_other:
            kept_rows.put_back(db, "grants", [each])


def _can_be_put_back(db: Database, table: str, row: dict[str, Any]) -> bool:
    """Whether the rows that this one hangs on are still there; where a face's person is gone, it becomes nobody's."""
    if table == "people":
        return True
    wanted = [("faces", row.get("face_id"))]
    wanted += [("people", row.get(name)) for name in ("person_id", "one_id", "other_id")]
    return all(
        value is None or db.conn.execute(f"select 1 from {name} where id = ?", (value,)).fetchone()
        for name, value in wanted
    )


def _own_face(db: Database, owner_id: int, face_id: int) -> tuple[int, int | None]:
    """(photo, person) of an owner's face. Raises NotFound."""
    row = db.conn.execute(
        "select photo_id, person_id from faces join photos on photos.id = photo_id where faces.id = ? and owner_id = ?",
        (faces.checked_id(face_id, "face"), owner_id),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such face.")
    return row


def _called(person: faces.Person, else_called: str = "This person") -> str:
    return person.name or {"This person": Said("This person"), "this person": Said("this person")}[else_called]


def _faces_said(count: int, name: str) -> Said:
    if count == 1:
        return Said("This face is no longer %(name)s.", name=name)
    return Said("These %(count)s faces are no longer %(name)s.", count=count, name=name)


def _someone(journal: _Journal, name: str | None) -> int:
    """The person of that name; a new one when nobody has it, or without a name."""
    known = faces.known_as(journal.db, journal.owner_id, faces.kept_name(name)) if name else None
    if known is not None:
        return known
    made = faces.add_person(journal.db, journal.owner_id, faces.kept_name(name) if name else None)
    journal.before.setdefault("people", {})[str(made)] = None
    return made


def _assign(journal: _Journal, face_id: int, person_id: int) -> None:
    db = journal.db
    journal.touch("faces", face_id)
    journal.touch("maybe_this_person", face_id)
    journal.touch("not_this_person", face_id, person_id)
    photo_id = db.conn.execute("select photo_id from faces where id = ?", (face_id,)).fetchone()[0]
    journal.touch_all(
        "faces", f"photo_id = ? and person_id = ? and id <> ? and {faces.BY_MODEL}", photo_id, person_id, face_id
    )
    faces.free_others(db, photo_id, person_id, face_id)
    db.conn.execute("delete from not_this_person where face_id = ? and person_id = ?", (face_id, person_id))
    db.conn.execute("delete from maybe_this_person where face_id = ?", (face_id,))
    db.conn.execute(
        "update faces set person_id = ?, decided_by = 'person', confidence = null, state = 'found' where id = ?",
        (person_id, face_id),
    )


def _deny(journal: _Journal, face_id: int, person_id: int) -> None:
    journal.touch("not_this_person", face_id, person_id)
    journal.touch("maybe_this_person", face_id)
    journal.db.conn.execute(
        "insert into not_this_person (face_id, person_id) values (?, ?) on conflict do nothing", (face_id, person_id)
    )
    journal.db.conn.execute("delete from maybe_this_person where face_id = ? and person_id = ?", (face_id, person_id))


def _keep_apart(journal: _Journal, one: int, other: int) -> None:
    pair = (min(one, other), max(one, other))
    journal.touch("different_people", *pair)
    journal.touch("maybe_same_person", *pair)
    journal.db.conn.execute(
        "insert into different_people (one_id, other_id) values (?, ?) on conflict do nothing", pair
    )
    journal.db.conn.execute("delete from maybe_same_person where one_id = ? and other_id = ?", pair)


def _forget_cover(journal: _Journal, person_id: int, face_id: int) -> None:
    journal.touch("people", person_id)
    journal.db.conn.execute(
        "update people set cover_face_id = null where id = ? and cover_face_id = ?", (person_id, face_id)
    )


def _look_again(db: Database, face_ids: Sequence[int]) -> None:
    """Somebody said who a face is, or is not: those near it may find their place now. The worker does that."""
    photos = faces.in_chunks(db, "select distinct photo_id from faces where id in ({})", list(face_ids)[-LOOKED_AGAIN:])
    jobs.enqueue(db, FACES, [row[0] for row in photos])
