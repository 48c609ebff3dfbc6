"""Going through duplicates and bursts, and taking back what was decided."""

import pytest

from photolib import catalog, duplicates, edits, tidying
from photolib.db import write
from photolib.duplicates import BURST, DUPLICATE, Stack
from photolib.errors import BadInput, NotFound
from photolib.library import Library

numbered = 0


def group(library: Library, size: int, kind: str = DUPLICATE, owner_id: int = 1) -> tuple[int, list[int]]:
    """A group of so many photos, the first the best; its id and theirs."""
    global numbered
    ids = []
    with write(library.db) as db:
        for number in range(size):
            numbered += 1
            original = catalog.Original(f"{numbered:064x}", "jpg", "jpeg", "image/jpeg", 1000 - number)
            ids.append(catalog.add_photo(db, owner_id, original, "photo", "a.jpg", "2024-06-01T12:00:00.000")[0])
            catalog.picture_is_ready(db, ids[-1], None)
        (stack_id,) = db.conn.execute(
            "insert into stacks (owner_id, kind, best_id) values (?, ?, ?) returning id", (owner_id, kind, ids[0])
        ).fetchone()
        db.conn.executemany("insert into stack_photos values (?, ?)", [(stack_id, each) for each in ids])
    return stack_id, ids


def left(library: Library, kind: str = DUPLICATE) -> list[list[int]]:
    return [sorted(photo.id for photo in stack.photos) for stack in duplicates.stacks(library.db, 1, kind)[0]]


def state(library: Library) -> list[str]:
    """All rows that deciding touches, but those of who has to look anew."""
    skipped = ("photo_changes", '"edits"', '"merges"', '"jobs"', "sqlite_sequence")
    return [line for line in library.db.conn.iterdump() if not any(each in line for each in skipped)]


def undo(library: Library, edit: edits.Edit) -> None:
    assert edit.id is not None
    with write(library.db) as db:
        edits.undo(db, 1, edit.id)


def stack(library: Library, stack_id: int) -> Stack:
    return duplicates.stack_by_id(library.db, 1, stack_id)


def test_the_best_is_kept_and_that_is_undone_as_a_whole(library: Library) -> None:
    stack_id, (best, other, third) = group(library, 3)
    with write(library.db) as db:
        catalog.tag(db, 1, other, "sea", "person")
    before = state(library)
    with write(library.db) as db:
        edit = tidying.keep(db, 1, stack_id)
    assert sorted(edit.photo_ids) == [other, third]
    assert left(library) == []
    assert catalog.photo(library.db, best).tags == ["sea"]
    undo(library, edit)
    assert left(library) == [[best, other, third]]
    assert [line for line in state(library) if '"details"' not in line] == [
        line for line in before if '"details"' not in line
    ]
    assert catalog.photo(library.db, best).tags == []


def test_some_of_a_burst_are_kept_and_nobody_is_asked_again(library: Library) -> None:
    stack_id, (one, two, three, four) = group(library, 4, BURST)
    with write(library.db) as db:
        edit = tidying.keep(db, 1, stack_id, [two, three])
    assert sorted(edit.photo_ids) == [one, four]
    assert left(library, BURST) == []
    assert [catalog.photo(library.db, each).trashed_at is None for each in (one, two, three, four)] == [
        False,
        True,
        True,
        False,
    ]
    undo(library, edit)
    assert left(library, BURST) == [[one, two, three, four]]
    assert stack(library, stack_id).best_id == one


def test_what_is_different_stays_apart_until_that_is_undone(library: Library) -> None:
    stack_id, ids = group(library, 2)
    with write(library.db) as db:
        edit = tidying.keep_all(db, 1, stack_id)
    assert left(library) == []
    undo(library, edit)
    assert left(library) == [ids]
    assert library.db.conn.execute("select count(*) from different_photos").fetchone() == (0,)


def test_another_best_is_chosen_and_given_back(library: Library) -> None:
    stack_id, (best, other) = group(library, 2)
    with write(library.db) as db:
        edit = tidying.choose_best(db, 1, stack_id, other)
    assert (stack(library, stack_id).best_id, stack(library, stack_id).decided_by) == (other, "person")
    undo(library, edit)
    assert (stack(library, stack_id).best_id, stack(library, stack_id).decided_by) == (best, None)


def test_the_best_of_all_duplicates_is_kept_but_bursts_are_left_to_an_eye(library: Library) -> None:
    groups = [group(library, 2)[1], group(library, 3)[1]]
    burst = group(library, 2, BURST)[1]
    assert tidying.count(library.db, 1, DUPLICATE) == 2
    with write(library.db) as db:
        edit = tidying.keep_best_of_all(db, 1, 500)
    assert len(edit.photo_ids) == 3
    assert (left(library), left(library, BURST)) == ([], [burst])
    undo(library, edit)
    assert sorted(left(library)) == groups
    with write(library.db) as db:
        tidying.keep_best_of_all(db, 1, 1)
    assert tidying.count(library.db, 1, DUPLICATE) == 1, "so many at a time"


def test_photos_are_compared_by_what_tells_them_apart(library: Library) -> None:
    stack_id, (one, two) = group(library, 2)
    with write(library.db) as db:
        db.conn.execute("update photos set width = 400, height = 300 where id = ?", (two,))
        db.conn.execute("insert into measures (photo_id, sharpness) values (?, 0.4), (?, 0.9)", (one, two))
    first, second = tidying.compared(library.db, stack(library, stack_id))
    assert (first.photo.id, first.leads) == (one, {"bytes"})
    assert (second.photo.id, second.leads, second.sharpness) == (two, {"pixels", "sharpness"}, 0.9)


def test_a_group_says_where_it_stands_among_those_left(library: Library) -> None:
    stacks = [group(library, 2)[0] for _ in range(3)]
    place = tidying.place(library.db, 1, stack(library, stacks[1]))
    assert (place.number, place.count, place.before, place.after) == (2, 3, stacks[2], stacks[0])


def test_only_ones_own_photos_of_the_group_can_be_kept(library: Library) -> None:
    stack_id, _ = group(library, 2)
    _, strange = group(library, 2)
    with pytest.raises(BadInput), write(library.db) as db:
        tidying.keep(db, 1, stack_id, strange)
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe").id
    for act in (tidying.keep, tidying.keep_all):
        with pytest.raises(NotFound), write(library.db) as db:
            act(db, zoe, stack_id)
