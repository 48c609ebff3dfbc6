"""Tags as a list: renamed, merged, deleted, and each of that undone."""

import pytest
from sqlite_utils import Database

from photolib import catalog, edits, tags
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.library import Library
from photolib.tags import Tag


@pytest.fixture
def photos(library: Library) -> list[int]:
    """Three photos; "sea" on the first by a person and on the second by its file, "beach" on the second and third."""
    with write(library.db) as db:
        ids = []
        for number in range(3):
            original = catalog.Original(f"{number:064x}", "jpg", "jpeg", "image/jpeg", 1000)
            ids.append(catalog.add_photo(db, 1, original, "photo", "a.jpg", f"2024-06-0{number + 1}T12:00:00.000")[0])
        catalog.tag(db, 1, ids[0], "sea", "person")
        describe(db, ids[1], ["sea", "beach"])
        catalog.tag(db, 1, ids[2], "beach", "person")
    return ids


def describe(db: Database, photo_id: int, keywords: list[str]) -> None:
    """Read a photo's file anew."""
    facts = {"taken_at": "2024-06-02T12:00:00.000", "taken_at_source": "exif", "keywords": keywords}
    catalog.describe(db, photo_id, facts)


def listed(library: Library) -> dict[str, int]:
    return {each.name: each.photos for each in tags.tags(library.db, 1)}


def named(library: Library, name: str) -> int:
    return next(each.id for each in tags.tags(library.db, 1) if each.name == name)


def rows(library: Library) -> list[tuple[int, str, str]]:
    return library.db.conn.execute(
        "select photo_id, name, source from photo_tags join tags on tags.id = tag_id order by 1, 2"
    ).fetchall()


def test_tags_are_listed_with_how_many_photos_have_them_outside_the_trash(library: Library, photos: list[int]) -> None:
    assert [(each.name, each.photos) for each in tags.tags(library.db, 1)] == [("beach", 2), ("sea", 2)]
    with write(library.db) as db:
        catalog.put_in_trash(db, photos[:2])
    assert listed(library) == {"beach": 1}, "a tag of photos in the trash alone is not listed"
    assert tags.tags(library.db, 2) == []


def test_a_tag_is_renamed_and_files_that_call_it_otherwise_follow(library: Library, photos: list[int]) -> None:
    before = rows(library)
    with write(library.db) as db:
        edit = tags.rename(db, 1, named(library, "sea"), " the  sea ")
    assert edit.photo_ids == photos[:2]
    assert listed(library) == {"beach": 2, "the sea": 2}
    with write(library.db) as db:
        describe(db, photos[1], ["sea", "beach"])
    assert listed(library) == {"beach": 2, "the sea": 2}
    with write(library.db) as db:
        assert edit.id is not None
        edits.undo(db, 1, edit.id)
        describe(db, photos[1], ["sea", "beach"])
    assert rows(library) == before


def test_a_tag_that_gets_the_name_of_another_becomes_one_with_it(library: Library, photos: list[int]) -> None:
    before = rows(library)
    with write(library.db) as db:
        edit = tags.rename(db, 1, named(library, "sea"), "beach")
        describe(db, photos[1], ["sea"])
    assert edit.what == "merge tags"
    assert rows(library) == [
        (photos[0], "beach", "person"),
        (photos[1], "beach", "file"),
        (photos[2], "beach", "person"),
    ]
    with write(library.db) as db:
        assert edit.id is not None
        edits.undo(db, 1, edit.id)
        describe(db, photos[1], ["sea", "beach"])
    assert rows(library) == before


def test_a_file_follows_its_tag_through_all_its_names(library: Library, photos: list[int]) -> None:
    with write(library.db) as db:
        tags.rename(db, 1, named(library, "sea"), "ocean")
        tags.merge(db, 1, named(library, "beach"), named(library, "ocean"))
        describe(db, photos[1], ["sea"])
    assert listed(library) == {"beach": 3}


def test_a_deleted_tag_does_not_come_back_from_a_file_but_with_an_undo(library: Library, photos: list[int]) -> None:
    before = rows(library)
    with write(library.db) as db:
        edit = tags.delete(db, 1, named(library, "beach"))
        describe(db, photos[1], ["sea", "beach"])
    assert listed(library) == {"sea": 2}
    with write(library.db) as db:
        assert edit.id is not None
        edits.undo(db, 1, edit.id)
    assert rows(library) == before
    with pytest.raises(BadInput), write(library.db) as db:
        edits.undo(db, 1, edit.id)


def test_a_tag_taken_from_one_photo_stays_away_by_its_new_name_too(library: Library, photos: list[int]) -> None:
    with write(library.db) as db:
        tags.rename(db, 1, named(library, "sea"), "ocean")
        edits.edit(db, 1, [photos[1]], {"remove_tags": ["ocean"]})
        describe(db, photos[1], ["sea", "beach"])
    assert listed(library) == {"beach": 2, "ocean": 1}


def test_undoing_leaves_out_photos_that_are_gone(library: Library, photos: list[int]) -> None:
    with write(library.db) as db:
        edit = tags.delete(db, 1, named(library, "beach"))
        for table in ("details", "photo_tags", "jobs"):
            db.conn.execute(f"delete from {table} where photo_id = ?", (photos[2],))
        db.conn.execute("delete from photos where id = ?", (photos[2],))
        assert edit.id is not None
        edits.undo(db, 1, edit.id)
    assert listed(library) == {"beach": 1, "sea": 2}


def test_nobody_changes_the_tags_of_somebody_else(library: Library, photos: list[int]) -> None:
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe").id
        number = named(library, "sea")
        for act in (tags.tag, tags.delete):
            with pytest.raises(NotFound):
                act(db, zoe, number)
        with pytest.raises(NotFound):
            tags.rename(db, zoe, number, "mine")
        with pytest.raises(BadInput):
            tags.rename(db, 1, number, "  ")
    assert tags.tag(library.db, 1, number) == Tag(number, "sea", 2)
