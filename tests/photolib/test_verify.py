"""Damage of every kind: found, told, and mended where the bytes can be had again."""

import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from photolib import catalog, jobs, variants
from photolib.db import write
from photolib.importing import Intake, Wishes
from photolib.library import Library
from photolib.scan import look
from photolib.tally import Tally
from photolib.verify import Report, check, find_orphans, rebuild_variants
from photolib.worker import work_until_idle
from tests.conftest import DrawPhoto, ImportFolder
from tests.photolib.eyes import changes_made

Take = Callable[..., list[str]]


@pytest.fixture
def take(library: Library, draw_photo: DrawPhoto, tmp_path: Path) -> Take:
    """Draws photos, takes them in without working the queue, and returns their keys in the order of their names."""

    def take(count: int = 3) -> list[str]:
        paths = [draw_photo(f"photos/{number}.jpg") for number in range(count)]
        with Intake(library, Wishes(1), Tally()) as intake:
            for found in look(tmp_path / "photos"):
                intake.take_folder(found)
            intake.close()
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    return take


def examine(lib: Library, fix: bool = False) -> Report:
    """A check in ten minutes' time, when nothing is on its way any more."""
    return check(lib, fix, lambda *_: None, clock=lambda: time.time() + 600)


def overwrite(path: Path, body: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(body)


def flip_a_bit(path: Path) -> bytes:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    overwrite(path, bytes(body))
    return bytes(body)


def test_a_whole_store_is_clean_and_every_byte_of_it_was_read(library: Library, take: Take) -> None:
    keys = take(3)
    sizes = [library.originals.size(key) for key in sorted(keys)]
    looks: list[tuple[int, int, int]] = []
    report = check(library, False, lambda *each: looks.append(each))
    assert (report.checked, report.read_bytes, list(report.problems)) == (3, sum(sizes), [])
    assert report.is_clean
    assert looks == [(number, 3, sum(sizes[:number])) for number in (1, 2, 3)]
    assert report.sentences == ["3 originals were read, 0.00 GB: all are there and all are what they were."]


def test_checking_only_finds_and_changes_nothing(library: Library, take: Take) -> None:
    damaged, missing, _ = take(3)
    flip_a_bit(library.originals.path(damaged))
    library.originals.path(missing).unlink()
    with changes_made(library.data / "originals") as made:
        report = examine(library)
    assert made == []
    assert report.of_kind("damaged") == [damaged]
    assert report.of_kind("missing") == [missing]
    assert not report.is_clean
    assert report.sentences[-1].endswith("0 problems mended, 2 left.")
    assert all("photo" in sentence for sentence in report.sentences[:-1])


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied", "deleted"])
def test_an_original_is_fetched_again_from_where_it_came_from(library: Library, take: Take, damage: str) -> None:
    key, *_ = take(2)
    path = library.originals.path(key)
    body = path.read_bytes()
    if damage == "flipped":
        flip_a_bit(path)
    elif damage == "deleted":
        path.unlink()
    else:
        overwrite(path, body[:1000] if damage == "truncated" else b"")
    report = examine(library, fix=True)
    assert [problem.is_fixed for problem in report.problems] == [True]
    assert report.is_clean
    assert library.originals.path(key).read_bytes() == body
    assert examine(library).problems == []


def test_a_damaged_original_is_put_aside_and_never_deleted(library: Library, take: Take) -> None:
    key, *_ = take(1)
    for number in (1, 2):
        bodies = [flip_a_bit(library.originals.path(key))]
        assert examine(library, fix=True).is_clean
        aside = sorted((library.data / "backups" / "damaged").iterdir())
        assert len(aside) == number
        assert bodies[0] in [each.read_bytes() for each in aside]


def test_an_original_that_is_nowhere_else_stays_as_it_is_and_is_told(
    library: Library, take: Take, tmp_path: Path
) -> None:
    damaged, missing, intact = take(3)
    (tmp_path / "photos" / "0.jpg").write_bytes(b"something else by now")
    (tmp_path / "photos" / "1.jpg").unlink()
    left = flip_a_bit(library.originals.path(damaged))
    library.originals.path(missing).unlink()
    report = examine(library, fix=True)
    assert sorted(problem.key for problem in report.problems if not problem.is_fixed) == sorted([damaged, missing])
    assert library.originals.path(damaged).read_bytes() == left, "half a photo is better than none"
    assert library.originals.has(intact)
    assert catalog.totals(library.db)["photos"] == 3
    assert "backups" in report.sentences[0]


def test_an_original_is_fetched_again_from_an_archive(library: Library, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    photo = draw_photo("a.jpg")
    body = photo.read_bytes()
    for folder, inner in ((tmp_path / "Wow!", "deep/a.jpg"), (tmp_path, "b.jpg")):
        folder.mkdir(exist_ok=True)
        archive = folder / "photos.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("other.jpg", draw_photo("other.jpg").read_bytes())
            packed.writestr(inner, body)
        tally = Tally()
        with Intake(library, Wishes(1), tally) as intake:
            intake.take_archives([archive])
            intake.close()
        key = hashlib.sha256(body).hexdigest()
        library.originals.path(key).unlink()
        assert examine(library, fix=True).is_clean
        assert library.originals.path(key).read_bytes() == body
        archive.unlink()


def test_a_photo_that_failed_for_want_of_its_original_is_tried_again(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    key = hashlib.sha256(photo.read_bytes()).hexdigest()
    [photo_id] = import_folder(photo.parent).new_photos
    with write(library.db) as db:
        catalog.picture_failed(db, photo_id, "The original is missing.")
    library.originals.path(key).unlink()
    assert examine(library, fix=True).is_clean
    work_until_idle(library)
    assert catalog.photo(library.db, photo_id).status == "ready"


def test_an_original_no_row_knows_becomes_a_photo(library: Library, draw_photo: DrawPhoto) -> None:
    photo = draw_photo("a.jpg", taken="2024:06:01 12:00:00")
    with photo.open("rb") as file:
        key = library.originals.put(file, "jpg").key
    report = examine(library)
    assert report.of_kind("orphan") == [key]
    assert not report.is_clean
    assert examine(library, fix=True).is_clean
    [(photo_id, owner_id)] = catalog.owners_of(library.db, key)
    assert owner_id == catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    assert catalog.photo(library.db, photo_id).filename == f"{key}.jpg"
    assert library.originals.path(key).read_bytes() == photo.read_bytes()
    work_until_idle(library)
    assert catalog.photo(library.db, photo_id).status == "ready"
    assert examine(library).problems == []


def test_an_original_that_is_just_arriving_belongs_to_whoever_brings_it(
    library: Library, draw_photo: DrawPhoto
) -> None:
    with draw_photo("a.jpg").open("rb") as file:
        library.originals.put(file, "jpg")  # another process is about to write its row
    assert check(library, True, lambda *_: None).problems == []
    assert catalog.totals(library.db)["photos"] == 0


@pytest.mark.parametrize("is_known_from_a_folder", [True, False])
def test_an_original_that_is_no_photo_in_the_catalog_becomes_its_owner_s_again(
    library: Library, draw_photo: DrawPhoto, is_known_from_a_folder: bool
) -> None:
    photo = draw_photo("photos/a.jpg")
    with write(library.db) as db:
        ben = catalog.add_user(db, "ben").id
    with Intake(library, Wishes(ben), Tally()) as intake:
        intake.take_folder(next(look(photo.parent)))
        intake.close()
    key = hashlib.sha256(photo.read_bytes()).hexdigest()
    with write(library.db) as db:
        db.conn.execute("delete from jobs")
        db.conn.execute("update sources set photo_id = null")
        db.conn.execute("delete from photos")
        if not is_known_from_a_folder:
            db.conn.execute("delete from sources")
    photo.unlink()
    report = examine(library)
    assert report.of_kind("unlisted") == [key]
    assert not report.is_clean
    report = examine(library, fix=True)
    assert report.is_clean
    [(photo_id, owner_id)] = catalog.owners_of(library.db, key)
    name = "ben" if is_known_from_a_folder else catalog.OWNER_TO_BE
    assert owner_id == catalog.user_named(library.db, name).id
    assert report.sentences[0].endswith(f"It is now photo {photo_id} of {name}.")
    if is_known_from_a_folder:
        assert catalog.photo(library.db, photo_id).paths == [], "the file is gone, and nobody says otherwise"
    assert catalog.photo(library.db, photo_id).filename == ("a.jpg" if is_known_from_a_folder else f"{key}.jpg")
    assert examine(library).problems == []


def test_a_damaged_original_no_row_knows_is_put_aside(library: Library, draw_photo: DrawPhoto) -> None:
    with draw_photo("a.jpg").open("rb") as file:
        key = library.originals.put(file, "jpg").key
    body = flip_a_bit(library.originals.path(key))
    assert examine(library, fix=True).is_clean
    assert not library.originals.has(key)
    assert [each.read_bytes() for each in (library.data / "backups" / "damaged").iterdir()] == [body]


def test_an_orphan_that_is_no_photo_is_told_and_left(library: Library, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no photo at all")
    with (tmp_path / "x").open("rb") as file:
        key = library.originals.put(file, "jpg").key
    report = examine(library, fix=True)
    assert [(problem.kind, problem.is_fixed) for problem in report.problems] == [("orphan", False)]
    assert library.originals.has(key)


def test_a_damaged_database_is_found_and_not_written_to(library: Library, take: Take) -> None:
    keys = take(3)
    flip_a_bit(library.originals.path(keys[0]))
    library.db.conn.execute("pragma wal_checkpoint(truncate)")
    path = library.data / "photolib.db"
    size = library.db.conn.execute("pragma page_size").fetchone()[0]
    page = library.db.conn.execute("select rootpage from sqlite_master where name = 'sources'").fetchone()[0]
    library.connections.close_here()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    report = examine(library, fix=True)
    assert report.problems[0].kind == "database"
    assert "backups" in report.problems[0].sentence
    assert report.of_kind("damaged") == [keys[0]]
    assert not report.is_clean
    assert not (library.data / "backups" / "damaged").exists()


def test_orphans_are_looked_for_at_the_start_among_what_came_since(library: Library, draw_photo: DrawPhoto) -> None:
    with draw_photo("a.jpg").open("rb") as file:
        orphan = library.originals.put(file, "jpg").key
    assert find_orphans(library) == [orphan]
    folder = library.originals.path(orphan).parent
    os.utime(folder, (time.time() - 3600, time.time() - 3600))
    assert find_orphans(library) == [], "nothing changed in that folder since the last look"
    os.utime(folder)
    assert find_orphans(library) == [orphan]


def test_variants_of_many_photos_are_queued_in_several_transactions(
    library: Library, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(5)
    monkeypatch.setattr("photolib.verify.QUEUED_AT_ONCE", 2)
    said: list[str] = []
    library.db.conn.set_trace_callback(said.append)
    assert rebuild_variants(library, only_missing=False) == 5
    library.db.conn.set_trace_callback(None)
    assert said.count("begin immediate") == 3
    assert jobs.counts(library.db)["variants"]["waiting"] == 5


def test_deleted_variants_are_made_again(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    for number in range(2):
        draw_photo(f"photos/{number}.jpg")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is not going to work")
    tally = import_folder(tmp_path / "photos")
    assert (tally.new, tally.failed) == (2, 1)
    keys = [key for _, key in catalog.shown_photos(library.db)]
    files = [variants.path(library.variants, key, *each) for key in keys for each in variants.KEPT.items()]
    assert all(path.is_file() for path in files)
    assert rebuild_variants(library, only_missing=True) == 0
    before = {path: path.read_bytes() for path in files}
    files[0].unlink()
    assert rebuild_variants(library, only_missing=True) == 1
    shutil.rmtree(library.variants)
    assert rebuild_variants(library, only_missing=True) == 2
    assert jobs.pending_photos(library.db, jobs.NEW) == 0, "new photos go first"
    work_until_idle(library)
    assert {path: path.read_bytes() for path in files} == before
    assert rebuild_variants(library, only_missing=False) == 2
    assert jobs.pending_photos(library.db, jobs.BACKFILL) == 2
