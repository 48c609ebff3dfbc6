"""Deleting for good: what goes, what stays, what never comes back by itself."""

import ast
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photolib import catalog, duplicates, faces, merges, sources, trash, variants
from photolib.db import write
from photolib.errors import NotFound, TryLater
from photolib.importing import open_file
from photolib.ingest import Arrival, arrive
from photolib.library import Library
from photolib.ports import Box, FoundFace
from photolib.search import documents
from photolib.sources import FileState
from photolib.trash import Size
from photolib.verify import check, find_orphans
from photolib.worker import Worker, work_until_idle
from tests.conftest import DrawPhoto, ImportFolder

ROOT = Path(__file__).resolve().parents[2]


def one(library: Library, question: str, *values: Any) -> Any:
    row = library.db.conn.execute(question, values).fetchone()
    return row[0] if row else None


def photos(library: Library) -> dict[str, int]:
    """File name -> id."""
    return dict(library.db.conn.execute("select filename, id from photos").fetchall())


def put_away(library: Library, *photo_ids: int) -> None:
    with write(library.db) as db:
        catalog.put_in_trash(db, photo_ids)


def delete(library: Library, *photo_ids: int, owner_id: int = 1) -> Size:
    """Into the trash and out at its other end."""
    put_away(library, *photo_ids)
    with write(library.db) as db:
        trash.delete(db, owner_id, photo_ids)
    return trash.work(library, 60)


def is_clean(library: Library) -> bool:
    """An hour later, when nothing can be in flight any more."""
    found = check(library, fix=False, look=lambda *_: None, clock=lambda: time.time() + 3600)
    return found.problems == [] and find_orphans(library) == []


@pytest.fixture
def photo_id(library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path) -> int:
    """The only photo of the library, from tmp_path/in/a.jpg."""
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    [only] = photos(library).values()
    return only


def another_user(library: Library) -> int:
    with write(library.db) as db:
        return catalog.add_user(db, "zoe").id


# ---------------------------------------------------------------- what goes, and what stays


def test_what_is_deleted_for_good_leaves_nothing_behind(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/goes.jpg", taken="2024:06:01 12:00:00")
    draw_photo("in/stays.jpg", taken="2024:06:02 12:00:00")
    import_folder(tmp_path / "in")
    goes, stays = photos(library)["goes.jpg"], photos(library)["stays.jpg"]
    key, size = library.db.conn.execute(
        "select photos.key, size from photos join originals using (key) where id = ?", (goes,)
    ).fetchone()
    folder = variants.folder(library.variants, key)
    assert library.originals.has(key)
    assert folder.is_dir()

    assert delete(library, goes) == Size(1, size)

    assert photos(library) == {"stays.jpg": stays}
    assert not library.originals.has(key)
    assert not folder.exists()
    assert (tmp_path / "in" / "goes.jpg").exists(), "the source is only ever read"
    assert is_clean(library)
    assert trash.deleted_so_far(library.db, 1) == Size(1, size)
    tables = [
        row[0]
        for row in library.db.conn.execute(
            "select name from sqlite_schema where type = 'table' and sql like '%photo_id%'"
        )
    ]
    tables.remove("photo_changes")  # where the copies for searching read that it is gone
    assert len(tables) > 15
    documents.catch_up(library.db)
    for table in tables:
        assert one(library, f"select count(*) from {table} where photo_id = ?", goes) == 0, table


def test_every_table_that_points_at_photos_lets_go_of_one(library: Library) -> None:
    """Somebody who adds a table has it follow by `on delete`; the older ones are named in trash.py."""
    for table, column, action in library.db.conn.execute(
        """select tables.name, keys."from", keys.on_delete
           from sqlite_schema tables, pragma_foreign_key_list(tables.name) keys
           where tables.type = 'table' and keys."table" = 'photos'"""
    ).fetchall():
        follows = action in ("CASCADE", "SET NULL") or (table in trash._OF_PHOTO and column == "photo_id")
        assert follows or table == "sources", (table, column)


def test_no_table_is_looked_through_to_let_go_of_a_photo(library: Library) -> None:
    """SQLite looks for rows that point at a deleted one; without an index it reads them all, for every photo."""
    for parent in ("photos", "originals"):
        for table, column in library.db.conn.execute(
            """select tables.name, keys."from" from sqlite_schema tables, pragma_foreign_key_list(tables.name) keys
               where tables.type = 'table' and keys."table" = ?""",
            (parent,),
        ).fetchall():
            (plan,) = library.db.conn.execute(f"explain query plan select 1 from {table} where {column} = 1").fetchall()
            assert plan[3].startswith("SEARCH"), (table, column)


def test_only_what_is_in_the_trash_can_be_deleted(library: Library, photo_id: int) -> None:
    with pytest.raises(NotFound), write(library.db) as db:
        trash.delete(db, 1, [photo_id])
    put_away(library, photo_id)
    zoe = another_user(library)
    with pytest.raises(NotFound), write(library.db) as db:
        trash.delete(db, zoe, [photo_id])
    with write(library.db) as db:
        assert trash.delete(db, zoe) == 0
    assert trash.work(library, 60) == Size()
    assert photos(library) == {"a.jpg": photo_id}


def test_a_photo_that_is_taken_out_of_the_trash_in_time_stays(library: Library, photo_id: int) -> None:
    put_away(library, photo_id)
    with write(library.db) as db:
        assert trash.delete(db, 1) == 1
    assert trash.waiting_count(library.db, 1) == 1
    with write(library.db) as db:
        catalog.take_out_of_trash(db, [photo_id])
    put_away(library, photo_id)
    assert not trash.is_waiting(library.db)
    assert trash.work(library, 60) == Size()
    assert photos(library) == {"a.jpg": photo_id}


def test_an_original_that_somebody_else_has_too_stays_until_nobody_has_it(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    zoe = another_user(library)
    import_folder(tmp_path / "in", owner_id=zoe)
    (key,) = {row[0] for row in library.db.conn.execute("select key from photos")}
    mine, hers = [row[0] for row in library.db.conn.execute("select id from photos order by owner_id")]
    size = library.originals.size(key)

    put_away(library, mine, hers)
    assert trash.weigh(library.db, 1) == Size(1, 0), "nothing is freed while zoe has it"
    assert delete(library, mine) == Size(1, 0)
    assert library.originals.has(key)
    assert (variants.folder(library.variants, key) / "thumb.webp").is_file()
    assert is_clean(library)

    assert trash.weigh(library.db, zoe) == Size(1, size)
    assert delete(library, hers, owner_id=zoe) == Size(1, size)
    assert not library.originals.has(key)
    assert is_clean(library)


def test_all_files_of_a_photo_go_but_one_that_is_part_of_another(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    for name in ("one.jpg", "two.jpg", "raw.jpg"):
        draw_photo(f"in/{name}", taken="2024:06:01 12:00:00")
    import_folder(tmp_path / "in")
    by_name = photos(library)
    with write(library.db) as db:  # both photos have the third as a part, as after a merge by hand
        catalog.join_part(db, by_name["one.jpg"], by_name["raw.jpg"], "raw")
        shared = db.conn.execute("select key from parts").fetchone()[0]
        db.conn.execute("insert into parts (photo_id, role, key) values (?, 'raw', ?)", (by_name["two.jpg"], shared))
    delete(library, by_name["one.jpg"])
    assert library.originals.has(shared)
    assert is_clean(library)
    delete(library, by_name["two.jpg"])
    assert not library.originals.has(shared)
    assert list(library.originals.keys()) == []
    assert is_clean(library)


def test_what_any_table_of_the_schema_names_is_kept(library: Library, photo_id: int) -> None:
    key = one(library, "select key from photos")
    with write(library.db) as db:
        db.conn.execute("create table covers (album integer, picture text references originals(key)) strict")
        db.conn.execute("insert into covers values (1, ?)", (key,))
    delete(library, photo_id)
    assert library.originals.has(key)


# ---------------------------------------------------------------- copies and counts follow


def test_people_stacks_search_and_counts_follow(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        draw_photo(f"in/{name}", taken="2024:06:01 12:00:00")
    import_folder(tmp_path / "in")
    a, b, c = (photos(library)[name] for name in ("a.jpg", "b.jpg", "c.jpg"))
    with write(library.db) as db:
        duplicates.leave(db, a)
        duplicates.leave(db, b)
        duplicates.leave(db, c)
        (stack,) = db.conn.execute(
            "insert into stacks (owner_id, kind, best_id) values (1, 'duplicate', ?) returning id", (a,)
        ).fetchone()
        db.conn.executemany(
            "insert into stack_photos (stack_id, photo_id) values (?, ?)", [(stack, a), (stack, b), (stack, c)]
        )
        catalog.tag(db, 1, a, "holiday", "person")
        for photo_id in (a, b):
            faces.keep_found(db, photo_id, "m", [FoundFace(Box(0.1, 0.1, 0.2, 0.2), 0.9, 80, np.ones(128, np.float32))])
        ann, nobody = faces.add_person(db, 1, "Ann"), faces.add_person(db, 1, None)
        db.conn.execute("update faces set person_id = ? where photo_id = ?", (nobody, a))
        db.conn.execute("update faces set person_id = ? where photo_id = ?", (ann, b))
        vector = np.zeros(8, "<f2")
        vector[0] = 1
        db.conn.execute("insert into embeddings (photo_id, model, vector) values (?, 'm', ?)", (a, vector.tobytes()))
    documents.catch_up(library.db)
    assert one(library, "select count(*) from photo_words where photo_words match 'holiday'") == 1
    assert one(library, "select photos from owner_names where kind = 'tag' and folded = 'holiday'") == 1

    delete(library, a)
    documents.catch_up(library.db)

    assert one(library, "select count(*) from photo_words where photo_words match 'holiday'") == 0
    assert not one(library, "select photos from owner_names where kind = 'tag' and folded = 'holiday'")
    assert one(library, "select max(seq) from photo_changes") == one(
        library, "select seq from photo_changes where photo_id = ?", a
    )
    assert [person.name for person in faces.people(library.db, 1)] == ["Ann"]
    assert one(library, "select count(*) from people where name is null") == 0, "a group without a face is none"
    (left,), _ = duplicates.stacks(library.db, 1)
    assert {photo.id for photo in left.photos} == {b, c}
    assert left.best_id in (b, c)
    assert catalog.listed_count(library.db, 1) == 2

    delete(library, b)
    assert one(library, "select count(*) from stacks") == 0, "a stack of one is none"
    assert one(library, "select name from people") == "Ann", "a name that somebody gave stays"


def test_a_number_that_was_a_photos_is_never_another_ones(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    (first,) = photos(library).values()
    delete(library, first)
    draw_photo("in/b.jpg")
    import_folder(tmp_path / "in")
    assert photos(library)["b.jpg"] > first


def test_undoing_a_merge_whose_photos_are_gone_brings_back_nobody_elses(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpg"):
        draw_photo(f"in/{name}")
    import_folder(tmp_path / "in")
    a, b = photos(library).values()
    with write(library.db) as db:
        merged = merges.merge(db, 1, a, [b])
        assert merged is not None
    delete(library, b)
    draw_photo("in/c.jpg")
    import_folder(tmp_path / "in")
    put_away(library, photos(library)["c.jpg"])
    with write(library.db) as db:
        assert merges.undo_merge(db, 1, merged) == []


# ---------------------------------------------------------------- it does not come back by itself


def test_a_look_through_the_folder_does_not_bring_back_what_was_deleted_even_under_another_name(
    library: Library, photo_id: int, import_folder: ImportFolder, tmp_path: Path
) -> None:
    path = tmp_path / "in" / "a.jpg"
    key = one(library, "select key from photos")
    delete(library, photo_id)

    again = import_folder(tmp_path / "in")
    assert (again.found, again.new, again.ignored, photos(library)) == (1, 0, 1, {})
    assert sources.DELETED in again.why_ignored, "whoever misses it is told"

    path.rename(tmp_path / "in" / "renamed.jpg")
    os.utime(tmp_path / "in" / "renamed.jpg", (1, 1))
    again = import_folder(tmp_path / "in")
    assert (again.found, again.new, again.ignored, photos(library)) == (1, 0, 1, {})
    trash.work(library, 60)
    assert not library.originals.has(key)
    assert is_clean(library)

    once_more = import_folder(tmp_path / "in")
    assert (once_more.found, once_more.ignored) == (1, 1)


def test_asking_for_it_brings_it_back_and_then_it_stays(
    library: Library, photo_id: int, import_folder: ImportFolder, tmp_path: Path
) -> None:
    delete(library, photo_id)
    import_folder(tmp_path / "in")

    back = import_folder(tmp_path / "in", brings_back=True)
    assert (back.new, back.ignored) == (1, 0)
    (now,) = photos(library).values()
    assert now > photo_id
    assert one(library, "select status from photos") == "ready"
    again = import_folder(tmp_path / "in")
    assert (again.duplicate, again.ignored) == (1, 0)
    assert is_clean(library)


def test_a_photo_brought_back_from_elsewhere_is_its_old_files_photo_again(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    path = draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    delete(library, *photos(library).values())
    found = path.stat()
    state = FileState(found.st_size, found.st_mtime_ns, 0)
    seen = arrive(library, Arrival(1, b"uploads", b"a.jpg", state, lambda: open_file(os.fsencode(path))))
    assert seen.outcome == "new"
    assert one(library, "select count(*) from sources where photo_id = ?", seen.photo_id) == 2
    assert import_folder(tmp_path / "in").duplicate == 1


def test_what_one_deleted_another_may_still_bring(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    delete(library, *photos(library).values())
    assert import_folder(tmp_path / "in", owner_id=another_user(library)).new == 1


# ---------------------------------------------------------------- retention


def trashed_since(library: Library, photo_id: int, moment: datetime) -> None:
    put_away(library, photo_id)
    with write(library.db) as db:
        db.conn.execute(
            "update photos set trashed_at = ? where id = ?", (moment.isoformat(timespec="seconds"), photo_id)
        )


def test_the_trash_is_emptied_by_age_and_says_so(
    library: Library,
    draw_photo: DrawPhoto,
    import_folder: ImportFolder,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("old.jpg", "young.jpg"):
        draw_photo(f"in/{name}")
    import_folder(tmp_path / "in")
    today = datetime(2026, 6, 30, 12, tzinfo=UTC)
    trashed_since(library, photos(library)["old.jpg"], today - timedelta(days=30))
    trashed_since(library, photos(library)["young.jpg"], today - timedelta(days=29, hours=23))

    caplog.set_level("INFO", logger="photolib")
    for hour in (25, 13, 1):
        assert trash.empty_by_age(library, today - timedelta(hours=hour)) == Size()
    gone = trash.empty_by_age(library, today)
    assert gone.photos == 1
    assert gone.bytes > 0
    assert set(photos(library)) == {"young.jpg"}
    assert f"deleted 1 photos after 30 days, {gone.bytes} bytes" in caplog.text
    assert "old.jpg" not in caplog.text
    assert library.db.conn.execute("select why, photos, bytes from deletions").fetchall() == [("age", 1, gone.bytes)]
    assert is_clean(library)


def test_after_a_long_absence_a_day_passes_before_anything_is_deleted(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    trashed_since(library, *photos(library).values(), start)
    trash.empty_by_age(library, start)
    back = start + timedelta(days=200)  # from a journey, or a clock that was put forward
    for hours in (0, 12, 23):
        assert trash.empty_by_age(library, back + timedelta(hours=hours)) == Size()
    assert trash.empty_by_age(library, back + timedelta(hours=24)).photos == 1


def test_a_worker_empties_the_trash_by_itself(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    trashed_since(library, *photos(library).values(), datetime(2020, 1, 1, tzinfo=UTC))
    with write(library.db) as db:  # it has looked a moment ago, and was on all the time
        catalog.remember(db, trash._LOOKED_AT, datetime.now(UTC).isoformat())
    worker = Worker(library)
    worker.start()
    late = time.monotonic() + 30
    while (photos(library) or trash.is_waiting(library.db)) and time.monotonic() < late:
        worker.pause()
    worker.stop()
    assert photos(library) == {}
    assert list(library.originals.keys()) == []


def test_rows_are_on_the_disk_before_a_file_is_removed(library: Library, photo_id: int) -> None:
    put_away(library, photo_id)
    with write(library.db) as db:
        trash.delete(db, 1)
    said: list[str] = []
    library.db.conn.set_trace_callback(said.append)
    trash.work(library, 60)
    library.db.conn.set_trace_callback(None)
    flushed = said.index("pragma synchronous = full")
    gone = next(at for at, each in enumerate(said) if each.startswith("delete from photos"))
    committed = said.index("commit", gone)
    assert flushed < gone < committed < said.index("pragma synchronous = normal")


def test_without_retention_the_trash_keeps_everything(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    trashed_since(library, *photos(library).values(), start)
    library.config = replace(library.config, trash_days=0)
    for day in range(900, 903):
        assert trash.empty_by_age(library, start + timedelta(days=day)) == Size()
    assert len(photos(library)) == 1


@pytest.mark.parametrize(("hours", "days"), [(0, 30), (1, 30), (24, 29), (24 * 29 + 1, 1), (24 * 30, 0), (24 * 40, 0)])
def test_days_left_are_counted_as_people_do(hours: int, days: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert trash.days_left(start.isoformat(), 30, start + timedelta(hours=hours)) == days
    assert trash.days_left(start.isoformat(), 0, start) is None


# ---------------------------------------------------------------- at any moment


def test_bytes_that_arrive_while_their_file_is_removed_are_not_lost(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    path = draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    put_away(library, *photos(library).values())
    with write(library.db) as db:
        trash.delete(db, 1)
    key = one(library, "select key from photos")
    state = FileState(path.stat().st_size, path.stat().st_mtime_ns, 0)
    store = library.originals

    class Interrupted:
        """The store, and somebody who empties the trash right after it has said that it has these bytes."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def put(self, *arguments: Any) -> Any:
            stored = store.put(*arguments)
            library.originals = store
            trash.work(library, 60)
            return stored

    arrival = Arrival(1, b"uploads", b"a.jpg", state, lambda: open_file(os.fsencode(path)))
    library.originals = Interrupted()  # type: ignore[assignment]
    with pytest.raises(TryLater):
        arrive(library, arrival)
    assert is_clean(library)
    assert arrive(library, arrival).outcome == "new"
    work_until_idle(library)
    assert library.originals.has(key)
    assert is_clean(library)


def test_a_file_that_is_needed_again_by_the_time_is_not_removed(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    path = draw_photo("in/a.jpg")
    import_folder(tmp_path / "in")
    key = one(library, "select key from photos")
    put_away(library, *photos(library).values())
    with write(library.db) as db:
        trash.delete(db, 1)
    trash.work(library, 0, clock=iter((0.0, 0.0, 1.0, 2.0)).__next__)  # its time is up when the rows are gone
    assert photos(library) == {}
    assert library.originals.has(key)
    assert is_clean(library), "a file that waits to be removed is no orphan"
    state = FileState(path.stat().st_size, path.stat().st_mtime_ns, 0)
    arrive(library, Arrival(1, b"uploads", b"a.jpg", state, lambda: open_file(os.fsencode(path))))
    work_until_idle(library)
    trash.work(library, 60)
    assert library.originals.has(key)
    assert (variants.folder(library.variants, key) / "thumb.webp").is_file()
    assert is_clean(library)


def test_variants_that_a_process_is_making_meanwhile_are_removed_later(library: Library, photo_id: int) -> None:
    key = one(library, "select key from photos")
    with write(library.db) as db:
        db.conn.execute(
            """insert into jobs (step, photo_id, state, priority, tries, not_before, queued_at)
               values ('variants', ?, 'running', 0, 1, 0, '2026-01-01')""",
            (photo_id,),
        )
    delete(library, photo_id)
    assert photos(library) == {}
    assert library.originals.has(key)
    assert is_clean(library)
    with write(library.db) as db:
        db.conn.execute("update removals set not_before = 0")
    trash.work(library, 60)
    assert not library.originals.has(key)


def test_deleting_that_is_killed_anywhere_loses_nothing_else_and_is_finished_later(
    draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    for name in ("goes.jpg", "stays.jpg"):
        draw_photo(Path("photos") / name, taken="2024:06:01 12:00:00")
    rounds = int(os.environ.get("PHOTOLIB_KILL_ROUNDS", "16"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.photolib.kill_deleting", tmp_path / "photos", tmp_path / "sweep", str(rounds)],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    swept = json.loads(done.stdout)
    assert swept["total"] > 50, "the profiler saw the deleting"
    assert {result["was_gone"] for result in swept["results"]} == {True, False}, "before and after the rows went"
    for result in swept["results"]:
        assert result["was_killed"], result
        assert result["is_clean_after_kill"], result
        assert result["is_clean"], result
        assert result["files_after"] == result["originals_after"] == 1, result
        assert result["photos"] == ["stays.jpg"], result
        assert result["sources_untouched"], result


# ---------------------------------------------------------------- the one piece of code


def calls(file: Path) -> list[tuple[str, ast.Call]]:
    """(where, call) of every call in a file; where: "Class.function"."""
    found: list[tuple[str, ast.Call]] = []

    def walk(node: ast.AST, where: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                walk(child, (*where, child.name))
                continue
            if isinstance(child, ast.Call):
                found.append((".".join(where), child))
            walk(child, where)

    walk(ast.parse(file.read_text(encoding="utf-8")), ())
    return found


def code() -> list[Path]:
    return [
        ROOT / "cli.py",
        *(file for room in ("photolib", "models", "web", "commands") for file in sorted((ROOT / room).rglob("*.py"))),
    ]


FILE_CALLS = ("os.remove", "os.rename", "os.replace", "shutil.move")
PATH_CALLS = ("unlink", "rmtree", "rmdir", "removedirs", "truncate")

# Whatever else in the program removes or moves a file, and what that is. Whoever adds a line makes sure that it is no original.
TAKES_AWAY = {
    "commands/config.py: _append": "its draft of the settings file",
    "models/child.py: Server._end": "the folder of its socket",
    "models/child.py: _short_folder": "the folder of its socket",
    "models/embedder.py: OpenClipEmbedder._load_vocabulary": "vectors of words",
    "models/fetching.py: _check_download": "a model",
    "models/fetching.py: _download": "parts of a model",
    "models/fetching.py: _remove_damaged": "a model",
    "models/shelf.py: new_folder": "a model",
    "models/shelf.py: write_whole": "a draft of a model's file",
    "photolib/library.py: Library.close": "its lock",
    "photolib/library.py: _recover": "locks of processes that died",
    "photolib/search/likeness.py: by_picture": "the picture of a question",
    "photolib/store.py: LocalOriginals.put": "a draft becomes an original",
    "photolib/store.py: LocalOriginals.remove": "an original, when trash.py says so",
    "photolib/store.py: LocalOriginals._draft": "a draft",
    "photolib/store.py: LocalOriginals.sweep": "drafts of processes that died",
    "photolib/trash.py: _remove_file": "variants",
    "photolib/variants.py: _put": "a draft of a variant",
    "photolib/variants.py: _remove_old_drafts": "drafts of variants",
    "photolib/vectors.py: Vectors._saving": "a draft of the index",
    "photolib/vectors.py: Vectors._written": "a draft of the index",
    "photolib/vectors.py: Vectors.rebuild": "the index",
    "photolib/verify.py: _move_aside": "a damaged original, which goes to backups/damaged",
    "models/child.py: _remove_left_behind": "the socket of a process that died",
    "web/credentials_pages.py: unlink_elsewhere": "an account elsewhere, no file",
    # Exports, which lie outside of the data folder
    "photolib/export/files.py: discarding": "a draft of an export",
    "photolib/export/files.py: has_links": "two empty files, to see what the disk can",
    "photolib/export/files.py: settle": "a draft of an export",
    "photolib/export/journal.py: Journal.__init__": "drafts of an export that was killed",
    "photolib/export/writing.py: _Export._put_text": "a draft of a sidecar",
    # Sharing
    "photolib/sharing/links.py: key": "a draft of a key",
    # Uploads
    "photolib/uploads.py: _sweep": "drafts of uploads",
    "photolib/drafts.py: drop": "a draft of an upload",
    "photolib/store.py: LocalOriginals.take_over": "a draft becomes an original",
}


def test_one_function_removes_originals_and_one_calls_it() -> None:
    callers, takers = set(), set()
    for file in code():
        for where, call in calls(file):
            name = f"{file.relative_to(ROOT).as_posix()}: {where}"
            said = ast.unparse(call.func)
            if said.endswith("originals.remove"):
                callers.add(name)
            elif said in FILE_CALLS or (said.rpartition(".")[2] in PATH_CALLS):
                takers.add(name)
    assert callers == {"photolib/trash.py: _remove_file"}
    assert takers == set(TAKES_AWAY)
