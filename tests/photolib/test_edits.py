"""What people change about their photos stands above the file, and every act can be taken back."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib import catalog, edits, scopes
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.ingest import STEPS
from photolib.worker import work_until_idle
from tests.conftest import DrawPhoto, ImportFolder


@pytest.fixture
def photo_id(library, draw_photo: DrawPhoto, import_folder: ImportFolder) -> int:
    import_folder(draw_photo("in/beach.jpg", taken="2024:06:14 14:03:00", make="Canon").parent)
    return scopes.page(library.db, 1).photos[0].id


def edit(library, photo_id: int, **changes: Any) -> edits.Edit:
    with write(library.db) as db:
        return edits.edit(db, 1, [photo_id], changes)


def undo(library, edit_id: int | None) -> None:
    assert edit_id is not None
    with write(library.db) as db:
        edits.undo(db, 1, edit_id)


def read_again(library) -> None:
    """Have the file's metadata read anew, as a better reader would."""
    with write(library.db) as db:
        from photolib import jobs

        jobs.enqueue(db, STEPS[0].name, [photo.id for photo in scopes.page(db, 1).photos])
    work_until_idle(library)


CHANGES = [
    {"title": "At the sea"}, {"description": "Long ago"}, {"rating": 4}, {"is_favourite": True},
    {"taken_at": "2020-01-02T03:04:05"}, {"shift_minutes": -90}, {"utc_offset": 120},
    {"latitude": 48.1, "longitude": -1.7}, {"add_tags": ["sea", "sun"]},
]  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES, ids=lambda each: next(iter(each)))
def test_a_change_outlasts_another_reading_of_the_file_and_can_be_undone(library, photo_id: int, changes) -> None:
    before = catalog.photo(library.db, photo_id)
    made = edit(library, photo_id, **changes)
    changed = catalog.photo(library.db, photo_id)
    assert changed != before
    read_again(library)
    assert catalog.photo(library.db, photo_id) == changed
    undo(library, made.id)
    assert catalog.photo(library.db, photo_id) == before
    read_again(library)
    assert catalog.photo(library.db, photo_id) == before


def test_what_is_trashed_or_archived_leaves_the_timeline_and_comes_back(library, photo_id: int) -> None:
    for changes, scope in (({"is_trashed": True}, "trash"), ({"is_archived": True}, "archive")):
        made = edit(library, photo_id, **changes)
        assert scopes.page(library.db, 1).photos == []
        assert [each.id for each in scopes.page(library.db, 1, scope=scopes.parse(scope)).photos] == [photo_id]
        undo(library, made.id)
        assert [each.id for each in scopes.page(library.db, 1).photos] == [photo_id]


def test_a_tag_of_the_file_that_somebody_took_away_stays_away(library, photo_id: int) -> None:
    with write(library.db) as db:
        catalog.tag(db, 1, photo_id, "camera club", "file")
    made = edit(library, photo_id, remove_tags=["camera club"])
    assert catalog.photo(library.db, photo_id).tags == []
    assert edits.corrections(library.db, photo_id)["removed_tags"] == ["camera club"]
    undo(library, made.id)
    assert catalog.photo(library.db, photo_id).tags == ["camera club"]
    assert edits.corrections(library.db, photo_id) == {}


def test_what_changes_nothing_leaves_nothing_to_undo(library, photo_id: int) -> None:
    assert edit(library, photo_id, is_favourite=False).id is None
    edit(library, photo_id, title="Sea")
    assert edit(library, photo_id, title="Sea") == edits.Edit(None, "caption", [])


def test_an_act_is_undone_once_and_by_its_owner_only(library, photo_id: int) -> None:
    made = edit(library, photo_id, title="Sea")
    with write(library.db) as db, pytest.raises(NotFound):
        edits.undo(db, 2, made.id)
    undo(library, made.id)
    with pytest.raises(BadInput, match="already"):
        undo(library, made.id)


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"owner_id": 2}, {"rating": 6}, {"rating": True}, {"is_favourite": "yes"}, {"latitude": 48}, {"latitude": 91, "longitude": 0},
        {"latitude": float("nan"), "longitude": 0}, {"taken_at": "yesterday"}, {"taken_at": "2020-01-01T00:00:00+02:00"},
        {"utc_offset": 10_000}, {"shift_minutes": 10**10}, {"add_tags": ["  "]}, {"add_tags": "sea"}, {"title": "x" * 201},
        {"tags": ["a\0"] * 51}, {"shift_minutes": 1, "taken_at": "2020-01-01T00:00:00"},
    ],
    ids=str,
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(library, photo_id: int, changes) -> None:
    before = catalog.photo(library.db, photo_id)
    with pytest.raises(BadInput):
        edit(library, photo_id, **changes)
    assert catalog.photo(library.db, photo_id) == before


some_changes = st.sampled_from(
    [*CHANGES, {"remove_tags": ["sea"]}, {"tags": ["moon"]}, {"is_archived": True}, {"title": ""}]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(some_changes, min_size=1, max_size=5))
def test_undoing_everything_backwards_leads_back_to_the_beginning(library, photo_id: int, acts) -> None:
    before = catalog.photo(library.db, photo_id), edits.corrections(library.db, photo_id)
    made = [edit(library, photo_id, **changes).id for changes in acts]
    for each in reversed([each for each in made if each is not None]):
        undo(library, each)
    assert (catalog.photo(library.db, photo_id), edits.corrections(library.db, photo_id)) == before


@pytest.mark.parametrize("changes", [{"add_tags": [f"tag {n}" for n in range(50)]}, {"description": "a" * 10_000}])
def test_more_than_others_should_wait_for_is_refused_before_anything_is_written(
    library, photo_id: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match="too much"), write(library.db) as db:
        edits.edit(db, 1, [photo_id, *range(10**6, 10**6 + 100_000)], changes)
    assert edit(library, photo_id, **changes).photo_ids == [photo_id]
