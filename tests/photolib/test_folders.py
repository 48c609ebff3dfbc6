"""The tree of folders that photos came from, and how many are in each."""

import shutil
from pathlib import Path

import pytest

from photolib import catalog, folders, scopes, sources
from photolib.db import write
from photolib.errors import NotFound
from photolib.folders import Folder
from photolib.library import Library
from photolib.scopes import Scope
from photolib.sources import FileState, Source
from tests.conftest import DrawPhoto, ImportFolder


def tree(library: Library, found: list[Folder], owner_id: int = 1) -> dict[str, object]:
    """name -> (own photos, with all below, the folders in it)."""
    return {
        each.name: (each.photos, each.in_all, tree(library, folders.below(library.db, owner_id, each.id), owner_id))
        for each in found
    }


def shown(library: Library, owner_id: int = 1) -> dict[str, object]:
    return tree(library, folders.tops(library.db, owner_id), owner_id)


@pytest.fixture
def taken(draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path) -> Path:
    for name in ("Italy/a.jpg", "Italy/b.jpg", "Italy/Rome/c.jpg", "2019/06/d.jpg", "Home/e.jpg"):
        draw_photo(f"pictures/{name}", taken="2024:06:01 12:00:00")
    import_folder(tmp_path / "pictures")
    return tmp_path / "pictures"


def test_the_tree_begins_where_photos_begin_and_leaves_out_folders_that_hold_one_other(
    library: Library, taken: Path
) -> None:
    assert shown(library) == {
        "06": (1, 1, {}),
        "Home": (1, 1, {}),
        "Italy": (2, 3, {"Rome": (1, 1, {})}),
    }  # fmt: skip
    italy = next(each for each in folders.tops(library.db, 1) if each.name == "Italy")
    assert italy.path == str(taken / "Italy")
    (rome,) = folders.below(library.db, 1, italy.id)
    assert [each.name for each in folders.trail(library.db, 1, rome.id)] == ["Italy", "Rome"]
    assert len(scopes.page(library.db, 1, scope=Scope("folder", (italy.id,))).photos) == 2
    assert len(scopes.page(library.db, 1, scope=Scope("tree", (italy.id,))).photos) == 3


def test_counts_follow_the_trash_the_archive_and_files_that_go(
    library: Library, taken: Path, import_folder: ImportFolder
) -> None:
    in_italy = [
        row[0]
        for row in library.db.conn.execute("select id from photos where filename in ('a.jpg', 'b.jpg') order by 1")
    ]
    with write(library.db) as db:
        catalog.put_in_trash(db, in_italy[:1])
    assert shown(library)["Italy"] == (1, 2, {"Rome": (1, 1, {})})
    with write(library.db) as db:
        catalog.take_out_of_trash(db, in_italy)
    assert shown(library)["Italy"] == (2, 3, {"Rome": (1, 1, {})})
    (taken / "Italy" / "a.jpg").rename(taken / "Home" / "a.jpg")
    import_folder(taken)
    assert shown(library)["Home"] == (2, 2, {})
    assert shown(library)["Italy"] == (1, 2, {"Rome": (1, 1, {})})
    shutil.rmtree(taken / "Home")
    with write(library.db) as db:
        sources.folder_is_gone(db, 1, bytes(taken / "Home"))
    assert "Home" not in shown(library)


def test_two_files_of_one_photo_count_once(library: Library, taken: Path) -> None:
    (photo_id,) = library.db.conn.execute("select id from photos where filename = 'e.jpg'").fetchone()
    with write(library.db) as db:
        seen = Source(bytes(taken / "Home"), b"e.mov", 1, FileState(1, 1, 1), "new", photo_id=photo_id)
        sources.saw_source(db, seen)
    assert shown(library)["Home"] == (1, 1, {})
    with write(library.db) as db:
        sources.files_are_gone(db, 1, bytes(taken / "Home"), [b"e.mov"])
    assert shown(library)["Home"] == (1, 1, {})
    with write(library.db) as db:
        sources.files_are_gone(db, 1, bytes(taken / "Home"), [b"e.jpg"])
    assert "Home" not in shown(library)


def test_archives_and_names_that_are_no_text_are_folders_too(library: Library, taken: Path) -> None:
    with write(library.db) as db:
        for number, (folder, inner) in enumerate(
            ((b"/x/takeout.zip!/Photos/2019", b"Photos/2019"), (b"/x/takeout.zip!/", b""), (b"/x/\xff\xfe", None))
        ):
            original = catalog.Original(f"{number:064x}", "jpg", "jpeg", "image/jpeg", 1000)
            photo_id, _ = catalog.add_photo(db, 1, original, "photo", "a.jpg", "2024-06-01T12:00:00.000")
            sources.saw_source(
                db, Source(folder, b"a.jpg", 1, FileState(1, 1, 1), "new", photo_id=photo_id, inner=inner)
            )
    top = next(each for each in folders.tops(library.db, 1) if each.name == "x")
    inside = folders.below(library.db, 1, top.id)
    assert [(each.name, each.is_archive, each.photos, each.in_all) for each in inside] == [
        ("\\xff\\xfe", False, 1, 1),
        ("takeout.zip", True, 1, 2),
    ]
    (deepest,) = folders.below(library.db, 1, inside[1].id)
    assert deepest.name == "Photos/2019"
    assert [each.name for each in folders.trail(library.db, 1, deepest.id)] == ["x", "takeout.zip", "Photos/2019"]
    assert sources.photos_inside(library.db, 1, b"Photos/2019") != []


def test_nobody_sees_the_folders_of_somebody_else(library: Library, taken: Path) -> None:
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe").id
    assert folders.tops(library.db, zoe) == []
    (top, *_) = folders.tops(library.db, 1)
    with pytest.raises(NotFound):
        folders.folder(library.db, zoe, top.id)
    for kind in ("folder", "tree"):
        with pytest.raises(NotFound):
            scopes.require(library.db, zoe, Scope(kind, (top.id,)))


def test_what_was_there_before_the_tree_is_in_it(library: Library, taken: Path) -> None:
    from photolib.migrations.m008_order import add_parents

    before = shown(library)
    with write(library.db) as db:
        db.conn.execute("update folders set parent_id = null")
        db.conn.execute(
            "delete from folders where id not in (select folder_id from sources union select folder_id from listings)"
        )
        add_parents(library.db)
    assert shown(library) == before
