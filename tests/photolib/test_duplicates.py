"""Near-duplicates and bursts: found photo by photo, proposed with the best one, merged without losing anything."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlite_utils import Database

from photolib import catalog, db, duplicates, merges, scopes, understood
from photolib.db import write
from photolib.duplicates import BURST, DUPLICATE, Likeness, Shot
from photolib.errors import BadInput, NotFound
from photolib.library import Library

HASH = 0x9E3779B97F4A7C15
BITS = st.integers(0, 63)


def flipped(bits: int, start: int = 0) -> int:
    """HASH with so many bits changed."""
    return HASH ^ sum(1 << (start + 5 * each) % 64 for each in range(bits))


ListShot = Callable[..., int]


@pytest.fixture
def list_shot(library: Library) -> ListShot:
    """Lists a photo that has been measured; returns its id."""

    def make(
        hash: int | None = HASH,
        owner_id: int = 1,
        taken: str = "2024-06-01T12:00:00.000",
        camera: str | None = "Nikon",
        size: tuple[int, int] = (4000, 3000),
        sharpness: float = 0.9,
        vector: list[float] | None = None,
        **columns: object,
    ) -> int:
        with write(library.db) as database:
            count = database.conn.execute("select count(*) from photos").fetchone()[0]
            original = catalog.Original(f"{count:064x}", "jpg", "jpeg", "image/jpeg", 1000)
            photo_id, _ = catalog.add_photo(database, owner_id, original, "photo", f"{count}.jpg", taken)
            facts = {
                "taken_at": taken,
                "taken_at_source": "exif",
                "width": size[0],
                "height": size[1],
                "make": camera,
                "model": camera,
            }
            catalog.describe(database, photo_id, facts)
            catalog.picture_is_ready(database, photo_id, None)
            digits = None if hash is None else f"{hash:016x}"
            understood.keep_measures(
                database, photo_id, {"hash": digits, "sharpness": sharpness, "exposure": 0.8, "kind": "photo"}
            )
            if vector is not None:
                understood.keep_vector(database, photo_id, "a model", np.array(vector, dtype=np.float32))
            for column, value in columns.items():
                database.conn.execute(f"update photos set {column} = ? where id = ?", (value, photo_id))
        look(library, photo_id)
        return photo_id

    return make


def look(library: Library, photo_id: int) -> None:
    """What the step "stack" does."""
    kin = duplicates.alike(library.db, photo_id)
    with write(library.db) as database:
        duplicates.stack(database, photo_id, kin)


def groups(library: Library, owner_id: int = 1) -> list[tuple[str, list[int]]]:
    """Kind and photos of each stack, the best photo first, the others by their ids."""
    found, _ = duplicates.stacks(library.db, owner_id)
    return [(each.kind, [each.photos[0].id, *sorted(tile.id for tile in each.photos[1:])]) for each in reversed(found)]


def newest(library: Library) -> int:
    return duplicates.stacks(library.db, 1)[0][0].id


# ---------------------------------------------------------------- finding


@pytest.fixture(scope="module")
def hashes(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A database with no photos in it, for hashes only."""
    path = tmp_path_factory.mktemp("hashes") / "photolib.db"
    db.migrate(path, path.parent)
    database = db.connect(path)
    database.conn.execute("pragma foreign_keys = off")
    return database


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1), st.lists(st.sets(BITS, max_size=12), min_size=1, max_size=12))
@example(HASH, [{0, 1, 16, 17, 32, 33}, {14, 15, 30, 31, 46, 63}, {48, 49, 50, 51, 52, 53}, {0, 1, 16, 17, 32, 33, 48}])
def test_no_hash_within_the_distance_is_missed(hashes: Database, wanted: int, changes: list[set[int]]) -> None:
    stored = [wanted ^ sum(1 << bit for bit in bits) for bits in changes]
    with write(hashes) as database:
        database.conn.execute("delete from measures")
        database.conn.executemany(
            "insert into measures (photo_id, hash) values (?, ?)",
            [(i, each.to_bytes(8, "big")) for i, each in enumerate(stored)],
        )
    expected = {i: len(bits) for i, bits in enumerate(changes) if len(bits) <= duplicates.SAME}
    assert dict(duplicates.near_hashes(hashes, wanted)) == expected


def test_hashes_are_looked_up_and_never_read_through(hashes: Database) -> None:
    asked: list[str] = []
    hashes.conn.set_trace_callback(asked.append)
    duplicates.near_hashes(hashes, HASH)
    hashes.conn.set_trace_callback(None)
    assert len(asked) == 4
    for number, sql in enumerate(asked):
        plan = [row[3] for row in hashes.conn.execute(f"explain query plan {sql}")]
        assert all("SEARCH" in each and f"idx_measures_band_{number}" in each for each in plan)


def test_near_identical_photos_get_together_as_they_come(library: Library, list_shot: ListShot) -> None:
    one = list_shot(HASH)
    list_shot(~HASH & 2**64 - 1)
    two = list_shot(flipped(6), taken="2024-06-01T12:30:00.000", size=(800, 600))
    far = list_shot(flipped(8, start=3), taken="2024-06-01T13:30:00.000")
    assert groups(library) == [(DUPLICATE, [one, two])]
    three = list_shot(flipped(4, start=3), taken="2024-06-01T13:30:00.000", size=(400, 300))
    assert groups(library) == [(DUPLICATE, [one, two, far, three])]
    look(library, one)
    assert groups(library) == [(DUPLICATE, [one, two, far, three])]


def test_a_chain_of_small_steps_ends(library: Library, list_shot: ListShot) -> None:
    for step in range(6):
        list_shot(flipped(6 * step), taken=f"2024-06-0{step + 1}T12:00:00.000", sharpness=1 - step / 10)
    assert groups(library)[0] == (DUPLICATE, [1, 2, 3])
    assert max(len(photos) for _, photos in groups(library)) == 3


def test_photos_of_two_people_are_never_grouped(library: Library, list_shot: ListShot) -> None:
    with write(library.db) as database:
        other = catalog.add_user(database, "somebody else").id
    list_shot(HASH)
    list_shot(HASH, owner_id=other)
    assert groups(library) == groups(library, other) == []


def test_pictures_with_nothing_in_them_are_like_nothing(library: Library, list_shot: ListShot) -> None:
    list_shot(None)
    list_shot(None)
    assert groups(library) == []


def test_an_embedding_can_say_that_like_hashes_lie(library: Library, list_shot: ListShot) -> None:
    one = list_shot(HASH, vector=[1, 0])
    list_shot(HASH, vector=[0, 1])
    three = list_shot(HASH, vector=[0.98, 0.2])
    assert groups(library) == [(DUPLICATE, [one, three])]


def test_an_embedding_that_comes_later_takes_a_photo_out_again(library: Library, list_shot: ListShot) -> None:
    one, two = list_shot(HASH, vector=[1, 0]), list_shot(HASH)
    assert groups(library) == [(DUPLICATE, [one, two])]
    with write(library.db) as database:
        understood.keep_vector(database, two, "a model", np.array([0, 1], dtype=np.float32))
    look(library, two)
    assert groups(library) == []


def test_a_burst_is_one_camera_within_seconds_with_the_sharpest_first(library: Library, list_shot: ListShot) -> None:
    shots = [
        list_shot(flipped(6 * number), taken=f"2024-06-01T12:00:0{number}.500", sharpness=0.5 + 0.1 * (number == 2))
        for number in range(4)
    ]
    list_shot(flipped(6), taken="2024-06-01T12:00:01.500", camera="another", sharpness=0.1)
    list_shot(flipped(2), taken="2024-06-01T12:00:09.500", sharpness=0.1)
    assert groups(library)[0] == (BURST, [shots[2], shots[0], shots[1], shots[3], shots[3] + 1, shots[3] + 2])
    assert {kind for kind, _ in groups(library)} == {BURST}


def test_two_views_within_seconds_are_no_burst(library: Library, list_shot: ListShot) -> None:
    list_shot(HASH)
    list_shot(flipped(30), taken="2024-06-01T12:00:01.000")
    assert groups(library) == []


def test_only_one_owner_s_photos_of_one_kind_are_alike() -> None:
    one = Shot(1, 1, False, HASH, "2024-06-01T12:00:00.000", True, None, None, None)
    assert duplicates.likeness(one, replace(one, id=2)) == Likeness(2, DUPLICATE, 0)
    assert duplicates.likeness(one, replace(one, id=2, owner_id=2)) is None
    assert duplicates.likeness(one, replace(one, id=2, is_video=True)) is None
    assert duplicates.likeness(one, one) is None


def test_what_the_camera_calls_a_burst_is_one_however_much_moved() -> None:
    one = Shot(1, 1, False, HASH, "2024-06-01T12:00:00.000", True, ("a", "b"), "20240601120000", None)
    assert duplicates.likeness(one, replace(one, id=2, hash=flipped(30))) == Likeness(2, BURST, 30)
    assert duplicates.likeness(one, replace(one, id=2, hash=flipped(30), burst="20240601120005")) is None


def test_only_the_same_camera_right_after_makes_a_burst() -> None:
    one = Shot(1, 1, False, HASH, "2024-06-01T12:00:00.000", True, ("a", "b"), None, None)
    later = replace(one, id=2, hash=flipped(10), taken_at="2024-06-01T12:00:01.900")
    assert duplicates.likeness(one, later) == Likeness(2, BURST, 10)
    for other in (
        replace(later, camera=("a", "c")), replace(later, taken_at="2024-06-01T12:00:02.100"), replace(later, is_dated=False),
        replace(later, taken_at=one.taken_at), replace(later, hash=None),
    ):  # fmt: skip
        assert duplicates.likeness(one, other) is None


def test_an_embedding_of_a_tiny_picture_says_nothing(library: Library, list_shot: ListShot) -> None:
    one, two = list_shot(vector=[1, 0]), list_shot(vector=[0, 1], size=(14, 10))
    assert groups(library) == [(DUPLICATE, [one, two])]


def test_what_is_in_the_trash_is_like_nothing(library: Library, list_shot: ListShot) -> None:
    list_shot(trashed_at="2024-07-01T00:00:00+00:00")
    list_shot()
    assert library.db.conn.execute("select count(*) from stacks").fetchone() == (0,)


def test_a_video_and_a_photo_of_it_are_two_things(library: Library, list_shot: ListShot) -> None:
    list_shot(HASH)
    one = list_shot(HASH, type="video", duration=10.0)
    list_shot(HASH, type="video", duration=20.0)
    two = list_shot(HASH, type="video", duration=10.2)
    for photo_id in (one, two):
        look(library, photo_id)
    assert groups(library) == [(DUPLICATE, [one, two])]


def test_the_best_is_a_favourite_then_the_largest_then_the_original_then_the_sharpest(
    library: Library, list_shot: ListShot
) -> None:
    small = list_shot(size=(800, 600))
    blurred = list_shot(sharpness=0.2)
    sent = list_shot(camera=None)
    sharp = list_shot(sharpness=0.7)
    assert [photos[0] for _, photos in groups(library)] == [sharp]
    with write(library.db) as database:
        order = []
        left = [small, blurred, sent, sharp]
        while left:
            order.append(duplicates.best_of(database, left))
            left.remove(order[-1])
        assert order == [sharp, blurred, sent, small]
        database.conn.execute("update photos set is_favourite = 1 where id = ?", (small,))
        assert duplicates.best_of(database, [small, blurred, sent, sharp]) == small


# ---------------------------------------------------------------- what a person decides


def test_what_a_person_called_different_stays_apart_when_more_photos_come(
    library: Library, list_shot: ListShot
) -> None:
    one, two = list_shot(HASH), list_shot(flipped(4))
    with write(library.db) as database:
        duplicates.keep_apart(database, 1, newest(library))
    assert groups(library) == []
    look(library, one)
    look(library, two)
    assert groups(library) == []
    copy = list_shot(flipped(4), size=(800, 600))
    assert groups(library) == [(DUPLICATE, [two, copy])]
    list_shot(flipped(2), size=(400, 300))
    for photo_id in (one, two, copy):
        look(library, photo_id)
    assert not any({one, two} <= set(photos) for _, photos in groups(library))


def test_one_photo_can_be_called_different_from_the_others(library: Library, list_shot: ListShot) -> None:
    one, two, three = (list_shot() for _ in range(3))
    with write(library.db) as database:
        duplicates.keep_apart(database, 1, newest(library), [two])
    look(library, two)
    assert groups(library) == [(DUPLICATE, [one, three])]
    with write(library.db) as database:
        database.conn.execute("delete from stacks")  # when all is found anew, it is the same
    for photo_id in (two, one, three):
        look(library, photo_id)
    assert [set(photos) for _, photos in groups(library)] == [{one, three}]
    with write(library.db) as database, pytest.raises(BadInput):
        duplicates.keep_apart(database, 1, newest(library), [two])


def test_the_best_one_a_person_chose_stays_the_best(library: Library, list_shot: ListShot) -> None:
    one, two = list_shot(size=(4000, 3000)), list_shot(size=(800, 600))
    with write(library.db) as database:
        duplicates.choose_best(database, 1, newest(library), two)
    three = list_shot(size=(8000, 6000))
    assert groups(library) == [(DUPLICATE, [two, one, three])]


def test_nobody_decides_about_another_s_photos(library: Library, list_shot: ListShot) -> None:
    one, two = list_shot(), list_shot()
    number = newest(library)
    with write(library.db) as database:
        other = catalog.add_user(database, "somebody else").id
        for attempt in (
            lambda: duplicates.keep_apart(database, other, number),
            lambda: duplicates.choose_best(database, other, number, one),
            lambda: merges.merge(database, other, one, [two]),
        ):
            with pytest.raises(NotFound):
                attempt()
        merge_id = merges.merge(database, 1, one, [two])
        assert merge_id is not None
        with pytest.raises(NotFound):
            merges.undo_merge(database, other, merge_id)


# ---------------------------------------------------------------- merging


def add_face(database: Database, photo_id: int, box: tuple[float, ...], **columns: object) -> int:
    values = {
        "photo_id": photo_id, **dict(zip("xywh", box, strict=True)), "quality": 0.9, "pixels": 100, "model": "m",
        "vector": np.ones(128, dtype="<f4").tobytes(), **columns,
    }  # fmt: skip
    names = ", ".join(values)
    return int(
        database.conn.execute(
            f"insert into faces ({names}) values ({', '.join('?' * len(values))}) returning id", tuple(values.values())
        ).fetchone()[0]
    )


def add_person(database: Database, name: str) -> int:
    row = database.conn.execute(
        "insert into people (owner_id, name, created_at) values (1, ?, '2024') returning id", (name,)
    )
    return int(row.fetchone()[0])


def dump(database: Database) -> list[str]:
    """All rows but those of who has to read what anew."""
    return [line for line in database.conn.iterdump() if "photo_changes" not in line]


def test_undoing_a_merge_touches_no_photo_that_came_after_the_merged_one_was_deleted(
    library: Library, list_shot: ListShot
) -> None:
    kept, gone = list_shot(), list_shot()
    with write(library.db) as database:
        merge_id = merges.merge(database, 1, kept, [gone])
        for table, column in (("parts", "photo_id"), ("details", "photo_id"), ("jobs", "photo_id"), ("photos", "id")):
            database.conn.execute(f"delete from {table} where {column} = ?", (gone,))
        database.conn.execute("insert into users (id, name, role, created_at) values (2, 'other', 'user', '2024')")
    theirs = list_shot(owner_id=2, trashed_at="2024-06-02")
    assert theirs != gone
    with write(library.db) as database:
        assert merge_id is not None
        assert merges.undo_merge(database, 1, merge_id) == []
    assert catalog.photo(library.db, theirs).trashed_at == "2024-06-02"


def test_merging_keeps_everything_that_people_made_of_the_photos(library: Library, list_shot: ListShot) -> None:
    kept, other, third = list_shot(size=(4000, 3000)), list_shot(size=(800, 600)), list_shot(size=(400, 300))
    with write(library.db) as database:
        catalog.put_in_album(database, 1, kept, "Summer")
        catalog.put_in_album(database, 1, other, "Summer")
        catalog.put_in_album(database, 1, other, "Brittany")
        catalog.tag(database, 1, third, "sea", "person")
        catalog.tag(database, 1, other, "from a file", "file")
        database.conn.execute("update photos set is_favourite = 1, rating = 4 where id = ?", (other,))
        database.conn.execute("update photos set latitude = 48.0, longitude = -2.0 where id = ?", (third,))
        database.conn.execute(
            "update details set title = 'At sea', people = ? where photo_id = ?", (json.dumps(["Ann"]), other)
        )
        database.conn.execute("update details set description = 'What a day' where photo_id = ?", (third,))
        understood.keep_labels(database, kept, [("dog", 0.9), ("boat", 0.5)])
        understood.correct_label(database, other, "dog", False)
        understood.correct_label(database, other, "lighthouse", True)
        sarah, tom = add_person(database, "Sarah"), add_person(database, "Tom")
        mine = add_face(database, kept, (0.1, 0.1, 0.2, 0.2))
        add_face(database, other, (0.11, 0.1, 0.2, 0.2), person_id=sarah, decided_by="person")
        add_face(
            database,
            other,
            (0.7, 0.7, 0.1, 0.1),
            vector=np.zeros(128, dtype="<f4").tobytes(),
            person_id=tom,
            decided_by="person",
        )
        as_it_was = merges._rows(database, kept)
        merge_id = merges.merge(database, 1, kept, [other, third])
    photo = catalog.photo(library.db, kept)
    assert [album["title"] for album in photo.albums] == ["Brittany", "Summer"]
    assert photo.tags == ["from a file", "sea"]
    assert (photo.is_favourite, photo.rating, photo.latitude, photo.longitude) == (True, 4, 48.0, -2.0)
    assert (photo.title, photo.description, photo.people) == ("At sea", "What a day", ["Ann"])
    assert [(label, source) for label, _, source in understood.labels(library.db, kept)] == [
        ("lighthouse", "person"),
        ("boat", "ml"),
    ]
    faces = library.db.conn.execute(
        "select faces.id = ?, name, decided_by from faces join people on people.id = person_id where photo_id = ? order by name",
        (mine, kept),
    ).fetchall()
    assert faces == [(1, "Sarah", "person"), (0, "Tom", "person")]
    assert [catalog.photo(library.db, each).trashed_at is not None for each in (kept, other, third)] == [
        False,
        True,
        True,
    ]
    assert [tile.id for tile in scopes.page(library.db, 1).photos] == [kept]
    assert groups(library) == []

    before = dump(library.db)
    with write(library.db) as database:
        assert merges.merge(database, 1, kept, [other, third]) is None
    assert dump(library.db) == before  # the second time nothing is left to do

    assert merge_id is not None
    with write(library.db) as database:
        assert merges.undo_merge(database, 1, merge_id) == [other, third]
        catalog.put_in_trash(database, [third])  # for another reason
        assert merges.undo_merge(database, 1, merge_id) == []
        catalog.take_out_of_trash(database, [third])
    assert {tile.id for tile in scopes.page(library.db, 1).photos} == {kept, other, third}
    assert [album["title"] for album in catalog.photo(library.db, other).albums] == ["Brittany", "Summer"]
    is_now = merges._rows(library.db, kept)
    is_now["stacks"] = as_it_was["stacks"] = {}  # somebody has looked at them
    assert is_now == as_it_was, "nothing that went over stays behind"
    assert groups(library) == [(DUPLICATE, [kept, other, third])]


def test_undoing_a_merge_leaves_alone_what_somebody_changed_since(library: Library, list_shot: ListShot) -> None:
    kept, other = list_shot(size=(4000, 3000)), list_shot(size=(800, 600))
    with write(library.db) as database:
        catalog.tag(database, 1, other, "sea", "person")
        database.conn.execute("update photos set rating = 2 where id = ?", (other,))
        database.conn.execute("update details set title = 'At sea' where photo_id = ?", (other,))
        merge_id = merges.merge(database, 1, kept, [other])
        assert merge_id is not None
        database.conn.execute("update details set title = 'By the sea' where photo_id = ?", (kept,))
        merges.undo_merge(database, 1, merge_id)
    photo = catalog.photo(library.db, kept)
    assert (photo.title, photo.rating, photo.tags) == ("By the sea", None, [])


def test_what_went_over_in_a_merge_stays_when_the_kept_file_is_read_again(
    library: Library, list_shot: ListShot
) -> None:
    kept, other = list_shot(size=(4000, 3000)), list_shot(size=(800, 600))
    with write(library.db) as database:
        database.conn.execute("update details set title = 'At sea' where photo_id = ?", (other,))
        merges.merge(database, 1, kept, [other])
        catalog.describe(database, kept, {"taken_at": "2024-06-01T12:00:00.000", "taken_at_source": "exif"})
    assert catalog.photo(library.db, kept).title == "At sea"


def test_what_was_decided_about_the_kept_photo_wins(library: Library, list_shot: ListShot) -> None:
    kept, other = list_shot(), list_shot()
    with write(library.db) as database:
        database.conn.execute("update details set title = 'Mine' where photo_id = ?", (kept,))
        database.conn.execute("update details set title = 'Theirs' where photo_id = ?", (other,))
        understood.correct_label(database, kept, "dog", True)
        understood.correct_label(database, other, "dog", False)
        sarah, tom = add_person(database, "Sarah"), add_person(database, "Tom")
        add_face(database, kept, (0.1, 0.1, 0.2, 0.2), person_id=sarah, decided_by="person")
        add_face(database, kept, (0.6, 0.6, 0.2, 0.2), vector=None)
        add_face(database, other, (0.1, 0.1, 0.2, 0.2), person_id=tom, decided_by="person")
        add_face(database, other, (0.6, 0.6, 0.2, 0.2), person_id=sarah, decided_by="person")
        merges.merge(database, 1, kept, [other])
    photo = catalog.photo(library.db, kept)
    assert (photo.title, [label for label, _, _ in understood.labels(library.db, kept)]) == ("Mine", ["dog"])
    people = library.db.conn.execute("select person_id from faces where photo_id = ? order by id", (kept,)).fetchall()
    assert people == [(sarah,), (None,)]  # nobody is on it twice


def test_what_was_said_of_a_face_goes_to_the_same_face(library: Library, list_shot: ListShot) -> None:
    kept, other = list_shot(), list_shot()
    here, far = (0.1, 0.1, 0.2, 0.2), (0.6, 0.6, 0.2, 0.2)
    with write(library.db) as database:
        sarah, tom, ann = (add_person(database, name) for name in ("Sarah", "Tom", "Ann"))
        guessed = add_face(database, kept, here, person_id=tom, decided_by="model")
        twin = add_face(
            database, kept, far, person_id=ann, decided_by="model", vector=np.zeros(128, dtype="<f4").tobytes()
        )
        add_face(database, kept, (0.9, 0.9, 0.05, 0.05), person_id=sarah, decided_by="model", vector=None)
        denied = add_face(database, other, here, vector=None)
        database.conn.execute("insert into not_this_person (face_id, person_id) values (?, ?)", (denied, tom))
        merges.merge(database, 1, kept, [other])
        assert (
            dict(database.conn.execute("select id, person_id from faces where photo_id = ?", (kept,)))[guessed] is None
        )
        assert database.conn.execute("select 1 from not_this_person where face_id = ?", (guessed,)).fetchone()

        third = catalog.photo(database, list_alike(database, kept)).id
        # Cut otherwise, so that only the vector tells.
        add_face(
            database,
            third,
            (0.3, 0.3, 0.1, 0.1),
            person_id=sarah,
            decided_by="file",
            vector=np.zeros(128, dtype="<f4").tobytes(),
        )
        add_face(database, third, here, state="no face", decided_by="person", vector=None)
        merges.merge(database, 1, kept, [third])
        rows = database.conn.execute(
            "select id, person_id, decided_by, state from faces where photo_id = ? order by id", (kept,)
        ).fetchall()
        waits = database.conn.execute("select photo_id from jobs where step = 'faces'").fetchall()
    assert rows[0] == (guessed, None, "person", "no face")
    assert rows[1] == (twin, sarah, "person", "found")
    assert rows[2][1:3] == (None, None)  # nobody is on it twice
    assert waits == [(kept,)]


def list_alike(database: Database, photo_id: int) -> int:
    """Another photo of the same owner, as bare as can be."""
    original = catalog.Original("f" * 64, "jpg", "jpeg", "image/jpeg", 1000)
    return catalog.add_photo(
        database, catalog.photo(database, photo_id).owner_id, original, "photo", "x.jpg", "2024-01-01T00:00:00.000"
    )[0]


def test_a_copy_that_comes_after_a_merge_is_proposed_anew(library: Library, list_shot: ListShot) -> None:
    kept, other = list_shot(), list_shot()
    with write(library.db) as database:
        merges.merge(database, 1, kept, [other])
    look(library, kept)
    copy = list_shot(size=(8000, 6000))
    assert groups(library) == [(DUPLICATE, [kept, copy])]


def test_a_kept_photo_that_was_archived_comes_back_for_one_that_was_not(library: Library, list_shot: ListShot) -> None:
    kept, other = list_shot(), list_shot()
    with write(library.db) as database:
        database.conn.execute("update photos set is_archived = 1, is_listed = 0 where id = ?", (kept,))
        merges.merge(database, 1, kept, [other])
    assert [tile.id for tile in scopes.page(library.db, 1).photos] == [kept]


@pytest.mark.parametrize("wish", [(1, []), (1, [1]), (2, [1])])
def test_a_merge_of_nothing_or_into_the_trash_is_refused(
    library: Library, list_shot: ListShot, wish: tuple[int, list[int]]
) -> None:
    list_shot()
    list_shot(trashed_at="2024-07-01T00:00:00+00:00")
    with write(library.db) as database, pytest.raises(BadInput):
        merges.merge(database, 1, *wish)


def test_copies_that_come_in_are_found(library: Library, tmp_path: Path, import_folder: Callable[..., object]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    dice = np.random.default_rng(5)
    for name in ("one", "two"):
        Image.fromarray(dice.integers(0, 255, (9, 12, 3), dtype=np.uint8)).resize(
            (900, 600), Image.Resampling.BICUBIC
        ).save(folder / f"{name}.png")
    with Image.open(folder / "one.png") as image:
        image.resize((450, 300)).save(folder / "sent.jpg", quality=50)
        turned = image.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6
        turned.save(folder / "turned.jpg", exif=exif)
    import_folder(folder)
    found, _ = duplicates.stacks(library.db, 1)
    names = [{tile.filename for tile in each.photos} for each in found]
    assert names == [{"one.png", "sent.jpg", "turned.jpg"}]
    assert found[0].photos[0].filename in ("one.png", "turned.jpg")
