"""Folders taken in: every file once, whatever happens to it meanwhile."""

import errno
import hashlib
import json
import os
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from photolib import catalog, sidecars, sources
from photolib.config import Config
from photolib.db import write
from photolib.errors import StorageFailed, TryLater
from photolib.importing import ABOUT_NO_PHOTO, SIDECAR, STILL_WRITTEN, Intake, Wishes
from photolib.library import Library
from photolib.scan import look
from photolib.sources import FileState, Source
from photolib.tally import Tally
from tests.conftest import DrawPhoto
from tests.photolib.eyes import at_the_moment, changes_made, files_opened, watching


def take(library: Library, folder: Path, owner_id: int = 1, **wishes: object) -> Tally:
    """Import without working the queue."""
    tally = Tally()
    with Intake(library, Wishes(owner_id, **wishes), tally) as intake:  # type: ignore[arg-type]
        for found in look(folder):
            intake.take_folder(found)
        intake.close()
    assert tally.found == tally.new + tally.duplicate + tally.ignored + tally.failed
    return tally


def counts(tally: Tally) -> tuple[int, int, int, int]:
    return tally.new, tally.duplicate, tally.ignored, tally.failed


def kept(library: Library) -> set[bytes]:
    """The bytes of all photos."""
    keys = [catalog.photo(library.db, photo_id).key for photo_id, _ in catalog.shown_photos(library.db)]
    return {library.originals.path(key).read_bytes() for key in keys}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


def test_what_is_unchanged_is_not_opened_again(library: Library, draw_photo: DrawPhoto, folder: Path) -> None:
    for number in range(6):
        draw_photo(f"photos/{number % 2}/{number}.jpg")
    (folder / "notes.txt").write_text("not a photo")
    (folder / "broken.jpg").write_text("not a photo either")
    assert counts(take(library, folder)) == (6, 0, 1, 1)
    for _ in range(2):
        with files_opened(folder) as opened:
            assert counts(take(library, folder)) == (0, 6, 1, 1)
        assert opened == []


def test_of_a_folder_with_one_new_file_only_that_is_opened(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    for number in range(3):
        draw_photo(f"photos/{number}.jpg")
    take(library, folder)
    take(library, folder)
    draw_photo("photos/new.jpg")
    (folder / "0.jpg").touch()
    with files_opened(folder) as opened:
        assert counts(take(library, folder)) == (1, 3, 0, 0)
    assert sorted(opened) == [str(folder / "0.jpg"), str(folder / "new.jpg")]


def test_a_folder_counts_as_unchanged_only_until_one_of_its_photos_fails(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    draw_photo("photos/a.jpg")
    [photo_id] = take(library, folder).new_photos
    assert counts(take(library, folder)) == (0, 1, 0, 0)
    with write(library.db) as db:
        catalog.picture_failed(db, photo_id, "It is damaged.")
    assert counts(take(library, folder)) == (0, 0, 0, 1)


def test_an_unchanged_folder_is_known_without_asking_about_each_file(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    draw_photo("photos/a.jpg")
    take(library, folder)
    asked: list[str] = []
    library.db.conn.set_trace_callback(asked.append)
    assert counts(take(library, folder)) == (0, 1, 0, 0)
    library.db.conn.set_trace_callback(None)
    assert asked
    assert not [question for question in asked if "from sources" in question]


def test_a_remembered_listing_is_forgotten_when_a_row_of_it_changes(library: Library, folder: Path) -> None:
    path, state = os.fsencode(folder), FileState(1, 2, 3)

    def is_remembered() -> bool:
        return sources.outcomes_of_listing(library.db, 1, path, b"digest") is not None

    def see() -> None:
        sources.saw_source(db, Source(path, b"a.jpg", 1, state, "ignored"))

    changes = (
        see,
        lambda: sources.files_are_gone(db, 1, path, [b"a.jpg"]),
        lambda: sources.files_are_back(db, 1, path, [b"a.jpg"]),
        lambda: sources.folder_is_gone(db, 1, path),
    )
    with write(library.db) as db:
        for change in changes:
            sources.remember_listing(db, 1, path, b"digest", {"ignored": 1})
            assert is_remembered()
            change()
            assert not is_remembered()


def test_a_file_that_could_not_be_read_is_tried_again_the_next_time(
    library: Library, draw_photo: DrawPhoto, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = draw_photo("photos/a.jpg")
    real = os.open

    def failing(path: object, *rest: object, **options: object) -> int:
        if path == os.fsencode(photo):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *rest, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(os, "open", failing)
        for _ in range(2):
            tally = take(library, folder)
            assert tally.failures == [(str(photo), "It could not be read: Permission denied.")]
    assert counts(take(library, folder)) == (1, 0, 0, 0)
    assert sources.failed(library.db) == []


def test_importing_changes_nothing_in_the_folder(library: Library, draw_photo: DrawPhoto, folder: Path) -> None:
    for number in range(3):
        draw_photo(f"photos/{number}.jpg")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode) for path in folder.iterdir()}
    with changes_made(folder) as made:
        take(library, folder)
    assert made == []
    assert before == {
        path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode) for path in folder.iterdir()
    }


# ---------------------------------------------------------------- files that do not hold still


def test_a_file_that_grows_while_it_is_read_is_taken_as_it_is_in_the_end(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    whole = photo.read_bytes() + b"the rest"

    def grow() -> None:
        photo.write_bytes(whole)

    with at_the_moment("fcntl.ioctl", grow):  # the store has opened it and asks for a clone
        assert counts(take(library, folder)) == (1, 0, 0, 0)
    assert kept(library) == {whole}


def test_a_file_that_changes_before_every_reading_is_left_for_the_next_time(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo, calm = draw_photo("photos/a.jpg"), draw_photo("photos/b.jpg")
    reads = []

    def change(event: str, details: tuple[object, ...]) -> None:
        if event == "open" and details[0] == os.fsencode(photo):
            reads.append(event)
            os.utime(photo, ns=(len(reads), len(reads)))

    with watching(change):
        tally = take(library, folder)
    assert counts(tally) == (1, 0, 0, 1)
    assert tally.failures == [(str(photo), "The file changed while it was read.")]
    assert 1 < len(reads) < 30
    assert kept(library) == {calm.read_bytes()}
    assert counts(take(library, folder)) == (1, 1, 0, 0)


def test_a_file_that_is_replaced_while_it_is_read_gives_both_contents(
    library: Library, draw_photo: DrawPhoto, folder: Path, tmp_path: Path
) -> None:
    photo, other = draw_photo("photos/a.jpg"), draw_photo("other.jpg")
    contents = {photo.read_bytes(), other.read_bytes()}
    with at_the_moment("fcntl.ioctl", lambda: os.replace(other, photo)):
        take(library, folder)
    take(library, folder)
    assert kept(library) == contents


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_takes_a_file_s_place_before_it_is_opened_is_not_read(
    library: Library, draw_photo: DrawPhoto, folder: Path, kind: str
) -> None:
    photo, outside = draw_photo("photos/a.jpg"), draw_photo("private/b.jpg")

    def swap() -> None:
        photo.unlink()
        {"link": lambda: photo.symlink_to(outside), "pipe": lambda: os.mkfifo(photo), "folder": photo.mkdir}[kind]()

    with at_the_moment("open", swap, about=photo):
        assert counts(take(library, folder)) == (0, 0, 0, 1)
    assert kept(library) == set()
    assert counts(take(library, folder))[:2] == (0, 0)


def test_a_file_that_is_renamed_while_it_is_read_is_one_photo(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    with at_the_moment("fcntl.ioctl", lambda: os.rename(photo, folder / "b.jpg")):
        [photo_id] = take(library, folder).new_photos
    assert counts(take(library, folder)) == (0, 1, 0, 0)
    assert catalog.photo(library.db, photo_id).paths == [str(folder / "b.jpg")]


def test_a_file_that_is_deleted_while_it_is_read_is_kept_and_one_deleted_before_is_told(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    body = photo.read_bytes()
    with at_the_moment("fcntl.ioctl", photo.unlink):
        assert counts(take(library, folder)) == (1, 0, 0, 0)
    assert kept(library) == {body}
    early = draw_photo("photos/b.jpg")
    with at_the_moment("open", early.unlink, about=early):
        tally = take(library, folder)
    assert tally.failures == [(str(early), "It could not be read: No such file or directory.")]
    take(library, folder)
    assert sources.failed(library.db) == [], "once it is known to be gone, nobody is bothered with it"


def test_a_file_is_taken_once_it_has_stood_still_and_waited_for_meanwhile(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    library.config = replace(library.config, settle_seconds=3600)
    done, fresh, ahead = (draw_photo(f"photos/{name}.jpg") for name in ("done", "fresh", "ahead"))
    os.utime(done, ns=(10**18, 10**18))
    os.utime(ahead, ns=(4 * 10**18, 4 * 10**18))  # the camera's clock is a century ahead
    tally = Tally()
    with Intake(library, Wishes(1), tally) as intake:
        [listed] = look(folder)
        intake.take_folder(listed)
        unsettled = intake.drain()
        assert counts(tally) == (1, 0, 0, 0)
        assert [(each.listed[0], each.reason) for each in unsettled] == [
            (b"ahead.jpg", STILL_WRITTEN), (b"fresh.jpg", STILL_WRITTEN)
        ]  # fmt: skip
        assert intake.drain() == [], "they are handed over and forgotten"
        with fresh.open("ab") as file:
            file.write(b"more")
        stood_still = {each.listed for each in unsettled if each.look_again() == each.listed}
        intake.take_folder(next(look(folder)), stood_still)
        assert [each.listed[0] for each in intake.drain()] == [b"fresh.jpg"]
    assert tally.new == 2


def test_closing_waits_for_files_that_are_being_written_but_not_for_ever(
    library: Library, draw_photo: DrawPhoto, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.config = replace(library.config, settle_seconds=3600)
    photo, endless = draw_photo("photos/a.jpg"), draw_photo("photos/endless.jpg")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        with endless.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr("time.sleep", nap)
    tally = take(library, folder)
    assert counts(tally) == (1, 0, 0, 1)
    assert tally.failures == [(str(endless), STILL_WRITTEN)]
    assert set(naps) == {3600}
    assert kept(library) == {photo.read_bytes()}


def test_stopping_ends_an_import_without_leaving_anything_half_there(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    for number in range(5):
        draw_photo(f"photos/{number}.jpg")
    tally = Tally()
    with Intake(library, Wishes(1), tally) as intake:
        intake.stop()
        with pytest.raises(TryLater, match="stopping"):
            intake.take_folder(next(look(folder)))
    assert counts(tally) == (0, 0, 0, 0)
    assert counts(take(library, folder)) == (5, 0, 0, 0)


def test_a_full_disk_ends_an_import_with_a_sentence(library: Library, draw_photo: DrawPhoto, folder: Path) -> None:
    draw_photo("photos/a.jpg")
    library.config = replace(library.config, min_free_mb=1 << 40)
    with pytest.raises(StorageFailed, match="MB are free"):
        take(library, folder)
    library.config = replace(library.config, min_free_mb=0)
    assert counts(take(library, folder)) == (1, 0, 0, 0)


# ---------------------------------------------------------------- moved, gone, back


def test_a_renamed_folder_keeps_its_photos_with_their_albums_and_queues_nothing(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    for number in range(4):
        draw_photo(f"photos/Italy/{number}.jpg")
    tally = take(library, folder, album="Holidays")
    with write(library.db) as db:
        db.conn.execute("delete from jobs")  # all steps are done
    os.rename(folder / "Italy", folder / "Italia 2024")
    again = take(library, folder)
    assert counts(again) == (0, 4, 0, 0)
    assert library.db.conn.execute("select count(*) from jobs").fetchone() == (0,)
    for photo_id, path in tally.new_photos.items():
        photo = catalog.photo(library.db, photo_id)
        assert photo.filename == Path(path).name
        assert [album["title"] for album in photo.albums] == ["Holidays"]
        assert photo.paths[-1] == str(folder / "Italia 2024" / photo.filename)


def test_a_deleted_file_takes_its_source_along_and_nothing_else(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo, stays = draw_photo("photos/a.jpg"), draw_photo("photos/b.jpg")
    contents = {photo.read_bytes(), stays.read_bytes()}
    tally = take(library, folder)
    photo_id = next(number for number, path in tally.new_photos.items() if path == str(photo))
    photo.unlink()
    assert counts(take(library, folder)) == (0, 1, 0, 0)
    assert catalog.photo(library.db, photo_id).paths == []
    assert kept(library) == contents


def test_a_file_that_was_away_and_is_back_as_it_was_is_not_opened(
    library: Library, draw_photo: DrawPhoto, folder: Path, tmp_path: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    [photo_id] = take(library, folder).new_photos
    os.rename(photo, tmp_path / "away.jpg")
    take(library, folder)
    assert catalog.photo(library.db, photo_id).paths == []
    os.rename(tmp_path / "away.jpg", photo)
    with files_opened(folder) as opened:
        assert counts(take(library, folder)) == (0, 1, 0, 0)
    assert opened == []
    assert catalog.photo(library.db, photo_id).paths == [str(photo)]


def test_what_is_absent_from_a_folder_that_could_not_be_read_is_not_gone(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    [photo_id] = take(library, folder).new_photos
    [found] = look(folder)
    found.files.clear()
    for unread in (replace(found, is_whole=False), replace(found, unread=[(b"a.jpg", "Input/output error")])):
        with Intake(library, Wishes(1), Tally()) as intake:
            intake.take_folder(unread)
        assert catalog.photo(library.db, photo_id).paths == [str(photo)]


# ---------------------------------------------------------------- sidecars


ABOUT_A_PHOTO = json.dumps({"title": "a.jpg", "photoTakenTime": {"timestamp": "1700000000"}})
JSON_FILES = {
    "a.jpg.supplemental-metadata.json": ABOUT_A_PHOTO,
    "b.jpg.supplemental-metadata.json": ABOUT_A_PHOTO[:20],  # cut off, yet b.jpg is to say so
    "metadata.json": json.dumps({"title": "Trip", "date": {"timestamp": "1700000000"}}),
    "package.json": json.dumps({"name": "a program", "version": "1"}),
    "list.json": "[1, 2, 3]",
    "broken.json": '{"name": ',
    "b.jpg.large.json": '"' + "x" * sidecars.JSON_LIMIT + '"',
}
SPEAKING = {"a.jpg.supplemental-metadata.json", "b.jpg.supplemental-metadata.json", "metadata.json"}


@pytest.mark.parametrize("is_packed", [False, True])
def test_of_all_json_files_only_those_about_photos_are_kept(
    library: Library, draw_photo: DrawPhoto, folder: Path, tmp_path: Path, is_packed: bool
) -> None:
    paths = [draw_photo("photos/a.jpg"), draw_photo("photos/b.jpg")]
    for name, body in JSON_FILES.items():
        (folder / name).write_text(body)
        paths.append(folder / name)
    archives = [pack(tmp_path / "1.zip", *paths[2:]), pack(tmp_path / "2.zip", *paths[:2])]
    tally = Tally()
    with Intake(library, Wishes(1), tally) as intake:
        if is_packed:
            intake.take_archives(archives)
        else:
            intake.take_folder(next(look(folder)))
        intake.close()
    assert counts(tally) == (2, 0, 7, 0)
    assert tally.why_ignored == {SIDECAR: 3, ABOUT_NO_PHOTO: 4}
    assert {os.fsdecode(name) for (name,) in library.db.conn.execute("select name from sidecars")} == SPEAKING
    for photo_id, path in tally.new_photos.items():
        [sidecar] = sources.sidecars(library.db, photo_id)
        assert sidecar.body.decode() == JSON_FILES[f"{Path(path).name}.supplemental-metadata.json"]


@pytest.mark.parametrize("kind", ["link", "pipe", "grown"])
def test_a_sidecar_is_read_as_carefully_as_a_photo(
    library: Library, draw_photo: DrawPhoto, folder: Path, tmp_path: Path, kind: str
) -> None:
    draw_photo("photos/a.jpg")
    sidecar, outside = folder / "a.jpg.xmp", tmp_path / "private.xmp"
    for path in (sidecar, outside):
        path.write_text("<x/>")

    def swap() -> None:
        sidecar.unlink()
        if kind == "grown":
            with sidecar.open("wb") as file:
                file.truncate(1 << 40)
        else:
            {"link": lambda: sidecar.symlink_to(outside), "pipe": lambda: os.mkfifo(sidecar)}[kind]()

    with at_the_moment("open", swap, about=sidecar):
        tally = take(library, folder)
    assert counts(tally) == (1, 0, 1, 0)
    [why] = tally.why_ignored
    assert why.startswith("It is a sidecar that was not read: ")
    assert library.db.conn.execute("select count(*) from sidecars").fetchone() == (0,)


def test_many_sidecars_are_written_in_few_transactions(library: Library, folder: Path) -> None:
    for number in range(120):
        (folder / f"{number}.jpg.xmp").write_text("<x/>")
    said: list[str] = []
    library.db.conn.set_trace_callback(said.append)
    take(library, folder)
    library.db.conn.set_trace_callback(None)
    assert library.db.conn.execute("select count(*) from sidecars").fetchone() == (120,)
    assert len([each for each in said if each == "begin immediate"]) <= 5


# ---------------------------------------------------------------- trying it out


def test_a_dry_run_counts_as_the_real_one(library: Library, draw_photo: DrawPhoto, folder: Path) -> None:
    body = draw_photo("photos/a.jpg").read_bytes()
    (folder / "b.jpg").write_bytes(body)
    (folder / "sub").mkdir()
    (folder / "sub" / "c.jpg").write_bytes(body)
    (folder / "broken.jpg").write_text("no photo")
    would = counts(take(library, folder, is_dry_run=True))
    assert catalog.totals(library.db)["photos"] == 0
    assert would == counts(take(library, folder)) == (1, 2, 0, 1)


# ---------------------------------------------------------------- archives


def take_archive(library: Library, archive: Path, **wishes: object) -> Tally:
    tally = Tally()
    with Intake(library, Wishes(1, **wishes), tally) as intake:  # type: ignore[arg-type]
        intake.take_archives([archive])
        intake.close()
    return tally


def pack(archive: Path, *files: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as packed:
        for path in files:
            packed.write(path, f"trip/{path.name}")
    return archive


def test_an_archive_of_which_a_file_could_not_be_read_is_opened_again_the_next_time(
    library: Library, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    photos = [draw_photo(f"drawn/{number}.jpg") for number in range(3)]
    archive = pack(tmp_path / "photos.zip", *photos)

    def no_more_files() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with at_the_moment("os.rename", no_more_files):
        tally = take_archive(library, archive)
    assert counts(tally) == (2, 0, 0, 1)
    assert [reason for _, reason in tally.failures] == ["Too many files are open at the moment."]
    assert counts(take_archive(library, archive)) == (1, 2, 0, 0)
    assert kept(library) == {photo.read_bytes() for photo in photos}
    with files_opened(tmp_path) as opened:
        assert counts(take_archive(library, archive)) == (0, 3, 0, 0)
    assert str(archive) not in opened


def test_files_turned_away_are_tried_again_when_a_person_asks_for_it(
    library: Library, draw_photo: DrawPhoto, folder: Path, tmp_path: Path
) -> None:
    photo, broken = draw_photo("photos/a.jpg"), folder / "broken.jpg"
    broken.write_text("not a photo")
    archive = pack(tmp_path / "photos.zip", broken)

    def look_at_both() -> list[str]:
        with files_opened(tmp_path) as opened:
            assert counts(take(library, folder)) in ((1, 0, 0, 1), (0, 1, 0, 1))
            assert counts(take_archive(library, archive)) == (0, 0, 0, 1)
        return sorted({path for path in opened if path in (str(photo), str(broken), str(archive))})

    assert look_at_both() == sorted([str(photo), str(broken), str(archive)])
    assert look_at_both() == []
    with write(library.db) as db:
        assert sources.retry_failed(db) == 2
    assert look_at_both() == sorted([str(broken), str(archive)])
    assert look_at_both() == []


# ---------------------------------------------------------------- names


NAMES = [
    b"plain.jpg", b"PLAIN.JPG", b"Plain.jpg", b"\xff\xfe not text.jpg", b"latin \xe9.jpg",
    unicodedata.normalize("NFC", "café.jpg").encode(), unicodedata.normalize("NFD", "café.jpg").encode(),
    b"a" * 251 + b".jpg", b"two\nlines.jpg", b"tab\t.jpg", "\u202egpj.txet.jpg".encode(), "עברית.jpg".encode(),
    "👩‍👩‍👧 🏖️.jpg".encode(), b" .jpg", b"-rf.jpg", b"'; drop table photos; --.jpg", b"back\\slash.jpg", b"%2e%2e.jpg",
    b"wow!", b"no ending",
]  # fmt: skip


def test_files_of_any_name_are_taken_and_told_apart(library: Library, draw_photo: DrawPhoto, folder: Path) -> None:
    expected: dict[bytes, bytes] = {}
    for number, name in enumerate(NAMES):
        body = draw_photo(f"drawn/{number}.jpg").read_bytes()
        try:
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(body)
        except (OSError, UnicodeError):
            continue  # this file system does not have such names
        expected[name] = body
    assert set(os.listdir(os.fsencode(folder))) == set(expected), "a file system that tells these names apart"
    assert counts(take(library, folder)) == (len(expected), 0, 0, 0)
    assert counts(take(library, folder)) == (0, len(expected), 0, 0)
    here, gone = sources.known_files(library.db, 1, os.fsencode(folder))
    assert {name for name, *_ in here} == set(expected)
    assert not gone
    assert kept(library) == set(expected.values())


def test_the_same_name_with_other_bytes_is_another_photo(library: Library, draw_photo: DrawPhoto, folder: Path) -> None:
    contents = {draw_photo(f"photos/{card}/IMG_0001.jpg").read_bytes() for card in ("card 1", "card 2")}
    assert counts(take(library, folder)) == (2, 0, 0, 0)
    contents.add(draw_photo("photos/card 1/IMG_0001.jpg").read_bytes())  # and again in the same place
    assert counts(take(library, folder)) == (1, 1, 0, 0)
    assert kept(library) == contents


# ---------------------------------------------------------------- the same bytes


def test_two_users_with_the_same_bytes_have_a_photo_each_and_share_the_original(
    library: Library, draw_photo: DrawPhoto, folder: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    with write(library.db) as db:
        other = catalog.add_user(db, "ben").id
    assert counts(take(library, folder)) == (1, 0, 0, 0)
    assert counts(take(library, folder, owner_id=other)) == (1, 0, 0, 0)
    key = hashlib.sha256(photo.read_bytes()).hexdigest()
    assert sorted(owner for _, owner in catalog.owners_of(library.db, key)) == [1, other]
    assert catalog.original_keys(library.db) == [(key, photo.stat().st_size)]


IMPORT = """
import sys
from pathlib import Path
from photolib.config import Config
from photolib.importing import Intake, Wishes
from photolib.tally import Tally
from photolib.library import open_library
from photolib.scan import look
from photolib.sources import FileState, Source

lib = open_library(Config(data_dir=Path(sys.argv[1]), settle_seconds=0, min_free_mb=0))
print("ready", flush=True)
sys.stdin.read(1)  # both begin at the same moment
tally = Tally()
with Intake(lib, Wishes(1), tally) as intake:
    for found in look(Path(sys.argv[2])):
        intake.take_folder(found)
    intake.close()
lib.close()
print(tally.new, tally.duplicate, tally.failed)
"""


def test_two_processes_that_import_the_same_folder_give_each_photo_once(
    library: Library, draw_photo: DrawPhoto, folder: Path, config: Config
) -> None:
    contents = {draw_photo(f"photos/{number}.jpg").read_bytes() for number in range(12)}
    command = [sys.executable, "-c", IMPORT, str(config.data_dir), str(folder)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [each.stdout.readline() for each in running if each.stdout] == ["ready\n"] * 2
    for each in running:
        assert each.stdin is not None
        each.stdin.write("x")
        each.stdin.flush()
    ends = [each.communicate() for each in running]
    assert [each.returncode for each in running] == [0, 0], ends
    tallies = [tuple(map(int, out.split())) for out, _ in ends]
    assert sum(new for new, _, _ in tallies) == 12
    assert all(new + duplicate == 12 and failed == 0 for new, duplicate, failed in tallies)
    assert kept(library) == contents
    assert catalog.totals(library.db)["photos"] == catalog.totals(library.db)["originals"] == 12
