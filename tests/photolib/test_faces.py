"""Faces kept, named and put to people, and what people decide about them; each decision undone leaves what was before."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.fake import FakeModels
from photolib import catalog, decisions, faces, jobs, variants
from photolib.catalog import Original
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.ingest import STEPS
from photolib.library import Library
from photolib.ports import Box, FoundFace
from photolib.understanding import find_faces
from photolib.worker import work_until_idle

MODEL = "fake-faces-1"
PEOPLE = np.eye(128, dtype=np.float32) * 0.6  # 0.85 apart
TABLES = ("people", "faces", "not_this_person", "different_people", "maybe_this_person", "maybe_same_person")


def found(who: int, left: float = 0.1, off: float = 0.0, quality: float = 0.9) -> FoundFace:
    """A face of somebody; two that are 0.3 off in opposite directions are 0.6 apart."""
    vector = PEOPLE[who].copy()
    vector[127] = off
    return FoundFace(Box(left, 0.1, 0.15, 0.2), quality, 120, vector)


class World:
    """Photos with faces on them, as if a model had found them."""

    def __init__(self, library: Library) -> None:
        self.library, self.db = library, library.db
        self.owner = catalog.users(self.db)[0].id
        self.count = 0

    def list_photo(self, owner: int | None = None) -> int:
        self.count += 1
        key = hashlib.sha256(f"{self.count}".encode()).hexdigest()
        moment = f"2020-01-01T00:00:{self.count:02d}.000"
        with write(self.db) as db:
            photo_id, _ = catalog.add_photo(
                db, owner or self.owner, Original(key, "jpg", "jpeg", "image/jpeg", 1), "photo", "a.jpg", moment
            )
            catalog.picture_is_ready(db, photo_id, None)
        return photo_id

    def take(self, *shown: FoundFace, owner: int | None = None, regions: Sequence[dict[str, Any]] = ()) -> int:
        photo_id = self.list_photo(owner)
        if regions:
            self.write_regions(photo_id, regions)
        self.see(photo_id, *shown)
        return photo_id

    def write_regions(self, photo_id: int, regions: Sequence[dict[str, Any]]) -> None:
        with write(self.db) as db:
            db.conn.execute(
                "insert or replace into details (photo_id, regions) values (?, ?)", (photo_id, json.dumps(regions))
            )

    def see(self, photo_id: int, *shown: FoundFace, model: str = MODEL) -> None:
        faces.catch_up(self.db, self.library.face_vectors)
        with write(self.db) as db:
            faces.keep_found(db, photo_id, model, shown)
            faces.name_by_regions(db, photo_id)
            faces.settle(db, self.library.face_vectors, photo_id)

    def settle(self, photo_id: int) -> None:
        with write(self.db) as db:
            faces.name_by_regions(db, photo_id)
            faces.settle(db, self.library.face_vectors, photo_id)

    def do(self, decide: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with write(self.db) as db:
            return decide(db, self.owner, *arguments, **named)

    def face(self, photo_id: int, number: int = 0) -> faces.FaceOnPhoto:
        return faces.faces_in(self.db, photo_id)[number]

    def person(self, photo_id: int, number: int = 0) -> int | None:
        return self.face(photo_id, number).person_id

    def rows(self) -> dict[str, list[Any]]:
        return {name: self.db.conn.execute(f"select * from {name} order by 1, 2").fetchall() for name in TABLES}


@pytest.fixture
def world(library: Library) -> World:
    return World(library)


def region(name: str, left: float = 0.1, kind: str = "face") -> dict[str, Any]:
    return {"name": name, "type": kind, "x": left, "y": 0.1, "w": 0.15, "h": 0.2}


# ---------------------------------------------------------------- finding and grouping


def test_a_person_begins_with_a_second_photo_and_grows(world: World) -> None:
    first = world.take(found(0))
    assert faces.people(world.db, world.owner) == []
    second, third = world.take(found(0, off=0.1)), world.take(found(0, off=0.2), found(1, 0.6))
    [person] = faces.people(world.db, world.owner)
    assert (person.name, person.photos) == (None, 3)
    assert faces.photos_of(world.db, [person.id]) == [third, second, first]
    assert world.person(third, 1) is None


def test_a_step_repeated_gives_the_same_rows(world: World) -> None:
    photos = [world.take(found(0, off=0.1 * n), found(1, 0.6)) for n in range(3)]
    before = world.rows()
    for photo in photos:
        world.see(photo, *(found(0, off=0.1 * photos.index(photo)), found(1, 0.6)))
    assert world.rows() == before


def test_a_transaction_that_was_taken_back_leaves_nothing_in_memory(world: World) -> None:
    world.take(found(0))
    photo = world.list_photo()
    with pytest.raises(ZeroDivisionError), write(world.db) as db:  # noqa: PT012
        for _ in range(30):
            faces.keep_found(db, photo, MODEL, [found(0)])
        faces.settle(db, world.library.face_vectors, photo)
        raise ZeroDivisionError
    with write(world.db) as db:
        faces.keep_found(db, photo, MODEL, [found(1)])  # another one gets the id that was given back
    assert world.person(world.take(found(1, off=0.1))) is not None
    assert world.person(world.take(found(0, off=0.1))) is not None
    assert world.person(photo) == world.person(photo + 1) != world.person(photo + 2)


def test_two_owners_are_strangers(world: World) -> None:
    with write(world.db) as db:
        zoe = catalog.add_user(db, "zoe").id
    mine, theirs = world.take(found(0)), world.take(found(0), owner=zoe)
    assert world.person(mine) is world.person(theirs) is None
    world.take(found(0), owner=zoe)
    [person] = faces.people(world.db, zoe)
    assert faces.people(world.db, world.owner) == []
    face = world.face(theirs)
    for decide, arguments in (
        (decisions.rename, (person.id, "Sarah")),
        (decisions.set_birthday, (person.id, "2000-01-01")),
        (decisions.hide, (person.id,)),
        (decisions.set_cover, (person.id, face.id)),
        (decisions.merge, (person.id, person.id)),
        (decisions.split, (person.id, [face.id])),
        (decisions.not_this_person, (face.id,)),
        (decisions.not_a_face, (face.id,)),
        (decisions.assign, (face.id, person.id)),
        (decisions.assign, (world.face(mine).id, person.id)),
        (decisions.answer, (person.id, True, face.id)),
        (faces.person, (person.id,)),
    ):
        with pytest.raises(NotFound):
            world.do(decide, *arguments)
    assert faces.faces_of(world.db, world.owner, person.id) == []


def test_vectors_of_two_models_are_never_compared(world: World) -> None:
    world.take(found(0))
    photo = world.list_photo()
    world.see(photo, found(0), model="another-1")
    assert world.person(photo) is None


def test_a_face_that_another_model_has_seen_again_is_not_compared_by_its_old_vector(world: World) -> None:
    photo = world.take(found(0))
    world.see(photo, found(0), model="another-1")
    assert world.person(world.take(found(0))) is None


def test_a_newer_model_keeps_what_a_person_decided(world: World) -> None:
    photo = world.take(found(0), found(1, 0.6))
    world.do(decisions.assign, world.face(photo).id, name="Sarah")
    world.do(decisions.not_a_face, world.face(photo, 1).id)
    world.see(photo, found(5, 0.11), found(6, 0.61), found(7, 0.35), model="newer-1")
    seen = faces.faces_in(world.db, photo)
    assert [(face.name, face.decided_by) for face in seen] == [("Sarah", "person"), (None, None)]
    world.see(photo, model="newer-2")
    assert [face.name for face in faces.faces_in(world.db, photo)] == ["Sarah"]


def test_trashed_and_archived_photos_do_not_count_and_deleted_ones_are_gone(world: World) -> None:
    photos = [world.take(found(0)) for _ in range(4)]
    person_id = world.person(photos[0])
    assert person_id is not None
    with write(world.db) as db:
        db.conn.execute("update photos set trashed_at = 'now', is_listed = 0 where id = ?", (photos[0],))
        db.conn.execute("update photos set is_archived = 1, is_listed = 0 where id = ?", (photos[1],))
        db.conn.execute("delete from jobs")
        db.conn.execute("delete from photos where id = ?", (photos[2],))
    found_now = faces.person(world.db, world.owner, person_id)
    assert (found_now.photos, found_now.cover and found_now.cover.photo_id) == (1, photos[3])
    assert faces.photos_of(world.db, [person_id]) == [photos[3]]
    assert world.person(world.take(found(0))) == person_id


def test_groups_that_one_face_ties_together_become_one_or_a_question(world: World) -> None:
    for off in (-0.2, -0.2, 0.2, 0.2):
        world.take(found(0, off=off), found(int(10 + off * 10 + world.count), 0.6))
    assert len({world.person(n) for n in (1, 2, 3, 4)}) == 1
    for off in (-0.27, -0.27, 0.27, 0.27):
        world.take(found(20, off=off))
    assert world.person(5) != world.person(7)
    world.do(decisions.rename, world.person(5), "Sarah")
    world.take(found(20))
    [question] = faces.suggestions(world.db, world.owner)
    assert (question.person.name, question.other_id) == ("Sarah", world.person(7))


def test_two_names_are_two_people_until_a_person_says_otherwise(world: World) -> None:
    for off, name in ((-0.27, "Sarah"), (0.27, "Tom")):
        photo = world.take(found(0, off=off))
        world.do(decisions.assign, world.face(photo).id, name=name)
    between = world.take(found(0, off=0.05))
    assert world.face(between).name == "Tom"
    assert {each.name for each in faces.people(world.db, world.owner)} == {"Sarah", "Tom"}


# ---------------------------------------------------------------- regions


def test_a_region_names_the_face_it_lies_on_and_those_like_it(world: World) -> None:
    named = world.take(found(0), regions=[region("Sarah", 0.12)])
    assert (world.face(named).name, world.face(named).decided_by) == ("Sarah", "file")
    assert world.face(world.take(found(0, off=0.1))).name == "Sarah"


def test_a_region_without_a_face_is_a_face_until_the_model_finds_it(world: World) -> None:
    photo = world.take(regions=[region("Sarah"), region("Rex", 0.6, "pet"), region(" ", 0.4)])
    [face] = faces.faces_in(world.db, photo)
    assert (face.name, face.quality) == ("Sarah", 0)
    world.see(photo, found(0))
    [again] = faces.faces_in(world.db, photo)
    assert (again.id, again.name, again.quality) == (face.id, "Sarah", 0.9)


def test_a_region_that_is_gone_takes_back_its_name_but_not_a_persons(world: World) -> None:
    photo = world.take(found(1, 0.6), regions=[region("Sarah"), region("Tom", 0.6)])
    world.write_regions(photo, [region("Thomas", 0.6)])
    world.settle(photo)
    assert [face.name for face in faces.faces_in(world.db, photo)] == ["Thomas"]
    world.do(decisions.assign, world.face(photo).id, name="Timothy")
    world.settle(photo)
    assert [face.name for face in faces.faces_in(world.db, photo)] == ["Timothy"]


def test_a_name_that_the_file_gives_twice_counts_once_and_a_persons_word_before_it(world: World) -> None:
    photo = world.take(found(0), found(1, 0.6), regions=[region("Sarah"), region("sarah", 0.6), region("Sarah", 0.8)])
    assert [face.name for face in faces.faces_in(world.db, photo)] == ["Sarah", None]
    world.do(decisions.assign, world.face(photo, 1).id, name="Sarah")
    for _ in range(2):
        world.settle(photo)
        assert [face.name for face in faces.faces_in(world.db, photo)] == [None, "Sarah"]


def test_where_the_file_sees_somebody_the_model_does_not_see_them_as_well(world: World) -> None:
    for _ in range(2):
        world.take(found(0))
    world.do(decisions.rename, world.person(1), "Sarah")
    photo = world.take(found(0), regions=[region("Sarah", 0.6)])
    assert [face.name for face in faces.faces_in(world.db, photo)] == [None, "Sarah"]
    other = world.take(found(0))
    assert world.face(other).name == "Sarah"
    world.write_regions(other, [region("Sarah", 0.6)])
    world.settle(other)
    assert [face.name for face in faces.faces_in(world.db, other)] == [None, "Sarah"]


def test_regions_with_the_longest_and_strangest_names_do_no_harm(world: World) -> None:
    photo = world.take(regions=[region("x" * 5000), region("\u0301", 0.4), region("\x00", 0.6), region("李", 0.8)])
    assert {face.name for face in faces.faces_in(world.db, photo)} <= {"x" * faces.LONGEST_NAME, "李"}


# ---------------------------------------------------------------- decisions


def decided(world: World) -> list[tuple[str, Callable[[], Any]]]:
    """Two people with three photos each (0 is Sarah, with a birthday), one face nobody knows; and what can be decided about them."""
    for _ in range(3):
        world.take(found(0), found(1, 0.6))
    stray = world.take(found(0, off=0.55))
    sarah, tom = world.person(1, 0), world.person(1, 1)
    world.do(decisions.rename, sarah, "Sarah")
    face, last, nobody = world.face(1).id, world.face(3, 1).id, world.face(stray).id
    do = world.do
    return [
        ("rename", lambda: do(decisions.rename, sarah, "Sara")),
        ("name", lambda: do(decisions.rename, tom, "Tom")),
        ("same name", lambda: do(decisions.rename, tom, "sarah")),
        ("no name", lambda: do(decisions.rename, sarah, None)),
        ("birthday", lambda: do(decisions.set_birthday, sarah, "2012-05-30")),
        ("hide", lambda: do(decisions.hide, sarah)),
        ("cover", lambda: do(decisions.set_cover, sarah, face)),
        ("merge", lambda: do(decisions.merge, tom, sarah)),
        ("split", lambda: do(decisions.split, tom, [last])),
        ("split, named", lambda: do(decisions.split, tom, [last], "Anna")),
        ("not her", lambda: do(decisions.not_this_person, face)),
        ("no face", lambda: do(decisions.not_a_face, face)),
        ("assign", lambda: do(decisions.assign, face, tom)),
        ("assign by name", lambda: do(decisions.assign, nobody, name="Zoe")),
        ("yes", lambda: do(decisions.answer, sarah, True, nobody)),
        ("no", lambda: do(decisions.answer, sarah, False, nobody)),
        ("yes, one", lambda: do(decisions.answer, sarah, True, other_id=tom)),
        ("no, two", lambda: do(decisions.answer, sarah, False, other_id=tom)),
    ]


def test_each_decision_changes_something_and_undone_leaves_what_was_before(world: World) -> None:
    for name, decide in decided(world):
        before = world.rows()
        decision = decide()
        assert decision.said.endswith(".")
        assert world.rows() != before, name
        assert world.do(decisions.undo, decision.id).startswith("Undone")
        assert world.rows() == before, name
    with pytest.raises(NotFound):
        world.do(decisions.undo, decision.id)


def test_decisions_are_undone_in_turn_back_to_the_beginning(world: World) -> None:
    choices = decided(world)
    start = world.rows()
    for name in ("birthday", "not her", "split", "name", "no", "merge"):
        dict(choices)[name]()
    assert len(decisions.latest(world.db, world.owner)) == 7
    for _ in range(6):
        world.do(decisions.undo)
    assert world.rows() == start


def test_an_earlier_decision_that_a_later_one_builds_on_is_not_undone_first(world: World) -> None:
    choices = dict(decided(world))
    first, second = choices["rename"](), choices["birthday"]()
    with pytest.raises(BadInput, match="Undo the later one first"):
        world.do(decisions.undo, first.id)
    world.do(decisions.undo, second.id)
    world.do(decisions.undo, first.id)


def test_what_came_after_a_merge_survives_its_undoing(world: World) -> None:
    choices = dict(decided(world))
    tom = world.person(1, 1)
    world.take(found(0))
    choices["merge"]()
    photo = world.take(found(0))
    assert world.person(photo) == tom
    world.do(decisions.undo)
    assert world.person(1, 0) != tom
    assert world.person(photo) == tom


def test_undoing_puts_nobody_twice_into_a_photo(world: World) -> None:
    for _ in range(2):
        world.take(found(0))
    photo = world.take(found(0), found(0, 0.6, off=0.3))
    sarah = world.person(1)
    world.do(decisions.not_this_person, world.face(photo, 0).id)
    world.settle(photo)
    assert [world.person(photo, n) for n in (0, 1)] == [None, sarah]
    world.do(decisions.undo)
    assert [world.person(photo, n) for n in (0, 1)] == [sarah, None]


def test_undoing_puts_nobody_where_a_later_decision_put_them(world: World) -> None:
    for _ in range(2):
        world.take(found(0))
    photo = world.take(found(0), found(1, 0.6))
    sarah = world.person(1)
    first = world.do(decisions.assign, world.face(photo, 0).id, name="Tom")
    world.do(decisions.assign, world.face(photo, 1).id, sarah)
    world.do(decisions.undo, first.id)
    assert [world.person(photo, n) for n in (0, 1)] == [None, sarah]


def test_merging_puts_nobody_twice_into_a_photo_unless_a_person_named_both(world: World) -> None:
    photos = [world.take(found(0), found(1, 0.6)) for _ in range(3)]
    sarah, other = (world.person(photos[0], n) for n in (0, 1))
    world.do(decisions.assign, world.face(photos[1], 1).id, other)
    for n, person in ((0, sarah), (1, other)):
        world.do(decisions.assign, world.face(photos[2], n).id, person)
    before = world.rows()
    world.do(decisions.merge, sarah, other)
    assert [world.person(photos[0], n) for n in (0, 1)] == [sarah, None]
    assert [world.person(photos[1], n) for n in (0, 1)] == [None, sarah]
    assert [world.person(photos[2], n) for n in (0, 1)] == [sarah, sarah]
    world.do(decisions.undo)
    assert world.rows() == before


def test_not_her_stays_not_her_when_the_face_is_missed_once(world: World) -> None:
    dict(decided(world))["not her"]()
    world.see(1)
    world.see(1, found(0))
    assert world.person(1, 0) is None


def test_not_her_stays_not_her_when_the_step_runs_again(world: World) -> None:
    dict(decided(world))["not her"]()
    world.settle(1)
    assert world.person(1, 0) is None


def test_no_face_stays_no_face_and_is_not_asked_about(world: World) -> None:
    photos = [world.take(found(0)) for _ in range(3)]
    world.do(decisions.not_a_face, world.face(photos[0]).id)
    world.see(photos[0], found(0))
    assert faces.faces_in(world.db, photos[0]) == []


def test_people_who_were_split_are_never_merged_by_a_model_again(world: World) -> None:
    for _ in range(4):
        world.take(found(0))
    person = world.person(1)
    world.do(decisions.split, person, [world.face(1).id, world.face(2).id])
    other = world.person(1)
    assert world.rows()["different_people"] == [(person, other)]
    world.take(found(0))
    assert world.person(3) == person != other == world.person(2)
    assert len(faces.people(world.db, world.owner)) == 2


def test_whoever_a_person_says_is_there_makes_room(world: World) -> None:
    """The model took the wrong one of two for Sarah; a person says that it is the other. Only a person may say both."""
    for _ in range(2):
        world.take(found(0))
    photo = world.take(found(0), found(0, 0.6, off=0.3))
    sarah = world.person(1)
    assert [world.person(photo, n) for n in (0, 1)] == [sarah, None]
    world.do(decisions.assign, world.face(photo, 1).id, sarah)
    assert [world.person(photo, n) for n in (0, 1)] == [None, sarah]
    world.do(decisions.assign, world.face(photo, 0).id, sarah)
    assert [world.person(photo, n) for n in (0, 1)] == [sarah, sarah]
    assert faces.person(world.db, world.owner, sarah or 0).photos == 3


def test_one_named_face_finds_those_near_it_through_the_queue(library: Library, world: World) -> None:
    """What a person says takes effect on the photos that wait: the worker looks at them again, without looking for faces anew."""
    library.models = FakeModels(off={"embed": "off", "text": "off"})
    first, second = world.take(found(0, quality=0.45)), world.take(found(0, off=0.1, quality=0.9))
    assert world.person(first) is None
    with write(world.db) as db:
        db.conn.execute("delete from jobs")
        for photo in (first, second):
            db.conn.execute(
                "insert into understood values (?, 'faces', ?)", (photo, library.models.ability("faces").model)
            )
    world.do(decisions.assign, world.face(second).id, name="Sarah")
    assert [row[0] for row in world.db.conn.execute("select step from jobs")] == ["faces"]
    work_until_idle(library, [step for step in STEPS if step.name == "faces"])
    assert world.face(first).name == "Sarah"
    assert jobs.is_due(world.db) is False


def test_suggestions_are_asked_once_and_the_answer_holds(world: World) -> None:
    for _ in range(3):
        world.take(found(0))
    stray = world.take(found(0, off=0.55))
    assert faces.suggestions(world.db, world.owner) == []  # nobody has a name yet
    world.do(decisions.rename, world.person(1), "Sarah")
    [question] = faces.suggestions(world.db, world.owner)
    assert (question.person.name, question.face_id) == ("Sarah", world.face(stray).id)
    assert 0.5 < question.confidence < 0.9
    world.do(decisions.answer, question.person.id, False, question.face_id)
    world.settle(stray)
    assert faces.suggestions(world.db, world.owner) == []


def test_hidden_people_are_left_out_until_asked_for(world: World) -> None:
    for _ in range(2):
        world.take(found(0))
    person = world.person(1)
    world.do(decisions.rename, person, "Sarah")
    world.do(decisions.hide, person)
    assert faces.people(world.db, world.owner) == faces.unnamed(world.db, world.owner) == []
    assert faces.find_people(world.db, world.owner, "sarah") == []
    assert [each.id for each in faces.people(world.db, world.owner, with_hidden=True)] == [person]


def test_people_are_found_by_the_beginning_of_any_of_their_names(world: World) -> None:
    for number, name in enumerate(("Zoë  Müller", "Anna Zoe", "Ann")):
        photo = world.take(found(number))
        world.do(decisions.assign, world.face(photo).id, name=name)
    names = lambda words: [name for _, name in faces.find_people(world.db, world.owner, words)]  # noqa: E731
    assert names("zoe") == ["Zoë Müller", "Anna Zoe"]
    assert names("ANN") == ["Ann", "Anna Zoe"]
    assert names("muller") == ["Zoë Müller"]
    assert names("%") == names("") == []


@pytest.mark.parametrize(
    ("birthday", "moment", "age"),
    [
        ("2012-05-30", "2019-05-29T23:00:00", 6), ("2012-05-30", "2019-05-30", 7), ("2012-02-29", "2013-02-28", 0),
        ("2012-05-30", "2011-01-01", None), (None, "2011-01-01", None), ("no day", "2011-01-01", None),
    ],
)  # fmt: skip
def test_ages_are_whole_years_on_the_day_of_the_photo(birthday: str | None, moment: str, age: int | None) -> None:
    assert faces.age_at(birthday, moment) == age


def test_names_and_days_that_are_none_are_refused(world: World) -> None:
    world.take(found(0), found(1, 0.6))
    face = world.face(1).id
    for name in ("", "  ", "\u0301", "x" * 101):
        with pytest.raises(BadInput):
            world.do(decisions.assign, face, name=name)
    person = world.do(decisions.assign, face, name="Sarah").person_id
    for day in ("2012-5-30", "2999-01-01", "yesterday", "20120530"):
        with pytest.raises(BadInput):
            world.do(decisions.set_birthday, person, day)
    for decide, arguments in (
        (decisions.merge, (person, person)),
        (decisions.split, (person, [])),
        (decisions.split, (person, [world.face(1, 1).id])),
        (decisions.set_cover, (person, world.face(1, 1).id)),
        (decisions.not_this_person, (world.face(1, 1).id,)),
        (decisions.answer, (person, True)),
        (decisions.answer, (person, False, None, person)),
    ):
        with pytest.raises(BadInput):
            world.do(decide, *arguments)
    for number in (0, -1, 2**63, 10**30):
        with pytest.raises(NotFound):
            world.do(decisions.rename, number, "Sarah")


# ---------------------------------------------------------------- the step


def test_the_step_looks_once_and_without_a_model_only_regions_speak(library: Library, world: World) -> None:
    photo_id = world.list_photo()
    world.write_regions(photo_id, [region("Sarah")])
    photo = catalog.photo(world.db, photo_id)
    library.models = FakeModels(off={"faces": "no weights"})
    with write(world.db) as db:
        find_faces(library, [photo])(db)
    assert [(face.name, face.quality) for face in faces.faces_in(world.db, photo_id)] == [("Sarah", 0)]
    variants.folder(library.variants, photo.key).mkdir(parents=True)
    for size in ("medium", "large"):
        Image.new("RGB", (80, 60)).save(variants.path(library.variants, photo.key, size, variants.KEPT[size]))
    library.models = models = FakeModels(faces={photo.key: [found(0), found(1, 0.6)]})
    for _ in range(2):
        with write(world.db) as db:
            find_faces(library, [photo])(db)
    assert [(face.name, face.quality) for face in faces.faces_in(world.db, photo_id)] == [("Sarah", 0.9), (None, 0.9)]
    assert len(models.seen) == 1
