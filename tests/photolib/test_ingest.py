"""arrive() and the steps: what is promised about a photo on its way in, also when something gives way in the middle."""

import errno
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photolib import catalog, decisions, faces, ingest, jobs, scopes, sources, understood
from photolib.catalog import Photo
from photolib.db import write
from photolib.errors import StorageFailed, TryLater, UnreadablePhoto
from photolib.ingest import Arrival, Step
from photolib.library import Library, open_library
from photolib.ports import Box, FoundFace
from photolib.sources import FileState
from photolib.worker import Worker, work_once, work_until_idle
from tests.conftest import DrawPhoto, ImportFolder


def arrival_of(path: Path, owner_id: int = 1) -> Arrival:
    found = path.stat()
    state = FileState(found.st_size, found.st_mtime_ns, found.st_ino)
    return Arrival(
        owner_id, os.fsencode(path.parent), os.fsencode(path.name), state, lambda: path.open("rb", buffering=65536)
    )


def photo_ids(library: Library) -> list[int]:
    return [row[0] for row in library.db.conn.execute("select id from photos order by id")]


def photos(library: Library) -> list[Photo]:
    return [catalog.photo(library.db, photo_id) for photo_id in photo_ids(library)]


def test_a_photo_is_in_the_timeline_before_any_step_has_run(library: Library, draw_photo: DrawPhoto) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))
    (tile,) = scopes.page(library.db, 1).photos
    assert tile.status == "processing"
    assert [job.step for job in jobs.listed(library.db)] == ["metadata"]


def test_the_steps_make_it_ready(library: Library, draw_photo: DrawPhoto) -> None:
    path = draw_photo(size=(3000, 2000), taken="2024:06:01 12:34:56", make="Canon", orientation=6)
    ingest.arrive(library, arrival_of(path))
    work_until_idle(library)
    (photo,) = photos(library)
    assert (photo.status, photo.taken_at, photo.make) == ("ready", "2024-06-01T12:34:56.000", "Canon")
    assert (photo.width, photo.height, photo.orientation) == (2000, 3000, 6)
    assert photo.placeholder
    assert len(photo.placeholder) < 100
    assert jobs.listed(library.db) == []
    made = sorted(path.name for path in library.variants.rglob("*.*"))
    assert made == ["large.jpg", "medium.jpg", "thumb.webp"]


def test_a_step_that_runs_twice_changes_nothing(library: Library, draw_photo: DrawPhoto) -> None:
    ingest.arrive(library, arrival_of(draw_photo(taken="2024:06:01 12:00:00")))
    work_until_idle(library)
    before = photos(library)
    for step in ingest.STEPS:
        with write(library.db) as db:
            jobs.enqueue(db, step.name, [before[0].id])
        work_until_idle(library)
    assert photos(library) == before


def test_a_commit_that_fails_after_the_bytes_landed_loses_nothing(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    """Fault 3. The bytes are a harmless orphan; the next look finds the source unknown and puts everything right."""
    path = draw_photo("photos/one.jpg")
    library.db.conn.execute(
        "create trigger no_more before insert on sources begin select raise(abort, 'the disk is gone'); end"
    )
    with pytest.raises(Exception, match="the disk is gone"):
        ingest.arrive(library, arrival_of(path))
    library.db.conn.execute("drop trigger no_more")
    assert photo_ids(library) == []
    assert len(list(library.originals.keys())) == 1
    tally = import_folder(path.parent)
    assert (tally.found, tally.new) == (1, 1)
    assert [photo.status for photo in photos(library)] == ["ready"]
    assert len(list(library.originals.keys())) == 1


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_look(
    library: Library, draw_photo: DrawPhoto
) -> None:
    """Fault 9."""
    path = draw_photo()
    arrival = arrival_of(path)
    with path.open("ab") as more:
        more.write(b"still being written")
    with pytest.raises(TryLater):
        ingest.arrive(library, arrival)
    assert photo_ids(library) == []


def test_a_full_disk_pauses_everything_and_blames_no_photo(
    library: Library, draw_photo: DrawPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest.arrive(library, arrival_of(draw_photo("one.jpg")))
    full = Step("metadata", _disk_full, batch=8, vital=True)
    with pytest.raises(StorageFailed):
        work_once(library, [full, *ingest.STEPS[1:]])
    (job,) = jobs.listed(library.db)
    assert (job.state, job.tries) == ("waiting", 0)
    work_until_idle(library)
    assert [photo.status for photo in photos(library)] == ["ready"]


def _disk_full(library: Library, photos: list[Photo]) -> ingest.Write:
    raise StorageFailed(os.strerror(errno.ENOSPC))


def test_below_the_floor_of_free_space_nothing_arrives(library: Library, draw_photo: DrawPhoto) -> None:
    from dataclasses import replace

    library.config = replace(library.config, min_free_mb=1 << 40)
    with pytest.raises(StorageFailed, match="min_free_mb"):
        ingest.arrive(library, arrival_of(draw_photo()))


def test_one_bad_photo_in_a_batch_costs_only_itself(library: Library, draw_photo: DrawPhoto) -> None:
    good = [ingest.arrive(library, arrival_of(draw_photo(f"{n}.jpg"))).photo_id for n in range(4)]
    hurts = good[2]

    def metadata(lib: Library, some: list[Photo]) -> ingest.Write:
        if any(photo.id == hurts for photo in some):
            raise UnreadablePhoto("This one hurts.")
        return ingest.read_metadata(lib, some)

    work_until_idle(library, [Step("metadata", metadata, batch=8, vital=True), *ingest.STEPS[1:]])
    assert {photo.id: photo.status for photo in photos(library)} == {
        n: "failed" if n == hurts else "ready" for n in good
    }
    assert [tile.id for tile in scopes.page(library.db, 1).photos if tile.id == hurts] == []
    assert [failure.reason for failure in sources.failed(library.db)] == ["This one hurts."]


def test_a_failed_photo_comes_back_when_another_try_goes_well(library: Library, draw_photo: DrawPhoto) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))

    def fails(lib: Library, some: list[Photo]) -> ingest.Write:
        raise UnreadablePhoto("Not today.")

    work_until_idle(library, [Step("metadata", fails, vital=True), *ingest.STEPS[1:]])
    assert scopes.page(library.db, 1).photos == []
    with write(library.db) as db:
        jobs.retry(db)
    work_until_idle(library)
    assert [tile.status for tile in scopes.page(library.db, 1).photos] == ["ready"]
    assert sources.failed(library.db) == []


def test_two_arrivals_of_the_same_bytes_at_once_are_one_photo(library: Library, draw_photo: DrawPhoto) -> None:
    """Fault 10."""
    path = draw_photo()
    copies = [path.with_name(f"copy{n}.jpg") for n in range(8)]
    for copy in copies:
        copy.write_bytes(path.read_bytes())
    outcomes: list[str] = []
    start = threading.Barrier(len(copies))

    def arrive(copy: Path) -> None:
        start.wait()
        outcomes.append(ingest.arrive(library, arrival_of(copy)).outcome)
        library.connections.close_here()

    threads = [threading.Thread(target=arrive, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate"] * 7 + ["new"]
    assert len(photo_ids(library)) == 1
    assert len(list(library.originals.keys())) == 1


def test_the_same_bytes_of_two_users_are_one_original_and_two_photos(library: Library, draw_photo: DrawPhoto) -> None:
    with write(library.db) as db:
        ann = catalog.add_user(db, "ann")
    path = draw_photo()
    assert ingest.arrive(library, arrival_of(path)).outcome == "new"
    assert ingest.arrive(library, arrival_of(path, ann.id)).outcome == "new"
    assert len(photo_ids(library)) == 2
    assert len(list(library.originals.keys())) == 1
    assert [len(scopes.page(library.db, owner).photos) for owner in (1, ann.id)] == [1, 1]


def test_an_original_that_went_missing_is_a_sentence_and_not_a_crash(library: Library, draw_photo: DrawPhoto) -> None:
    seen = ingest.arrive(library, arrival_of(draw_photo()))
    library.originals.path(seen.key or "").unlink()
    for due in range(jobs.MAX_TRIES):
        library.db.conn.execute("update jobs set not_before = 0")
        work_once(library)
        assert due >= 0
    assert "missing" in jobs.listed(library.db)[0].reason


# ---------------------------------------------------------------- whole processes


def run(library: Library, *words: str, **options: Any) -> subprocess.Popen[str]:
    environ = {**os.environ, "PHOTOLIB_SETTLE_SECONDS": "0", "PHOTOLIB_MIN_FREE_MB": "0"}
    command = [sys.executable, "-m", "cli", "--data-dir", str(library.data), *words]
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ, cwd=root, **options
    )


@pytest.fixture
def many(draw_photo: DrawPhoto) -> Path:
    for n in range(24):
        path = draw_photo(f"photos/{n:02d}.jpg", size=(1600, 1200))
    return path.parent


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_ended_in_its_middle_goes_on_the_next_time(
    library: Library, many: Path, import_folder: ImportFolder, how: signal.Signals
) -> None:
    """Fault 22."""
    process = run(library, "import", str(many))
    while catalog.totals(library.db)["photos"] < 5 and process.poll() is None:
        pass
    process.send_signal(how)
    process.communicate(timeout=20)
    library.originals.sweep()
    with write(library.db) as db:
        jobs.release_dead(db, library.is_alive)
    tally = import_folder(many)
    assert tally.found == tally.new + tally.duplicate == 24
    assert {photo.status for photo in photos(library)} == {"ready"}
    assert len(photos(library)) == 24
    assert list((library.data / "tmp").glob("draft-*")) == []


def test_an_import_with_hardly_any_file_descriptors_says_so_or_ends_well(library: Library, many: Path) -> None:
    """Fault 25: what could not be opened for want of descriptors is taken by the next run."""
    process = run(
        library,
        "import",
        str(many),
        "--no-wait",
        "--json",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (18, 18)),
    )
    out, errors = process.communicate(timeout=60)
    if process.returncode == 0:
        assert json.loads(out)["new"] == 24
    else:
        assert "Traceback" not in errors, errors
    again = run(library, "import", str(many), "--no-wait", "--json")
    out, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    said = json.loads(out)
    assert said["new"] + said["duplicate"] == said["found"] == 24


def test_import_beside_a_process_that_works_lets_that_one_work(library: Library, many: Path) -> None:
    process = run(library, "import", str(many), "--no-wait", "--json")
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert json.loads(out)["new"] == 24
    other = open_library(library.config)
    assert other.others_at_work()
    other.close()
    work_until_idle(library)
    assert {photo.status for photo in photos(library)} == {"ready"}


def test_a_server_goes_on_by_itself_when_the_disk_has_room_again(library: Library, draw_photo: DrawPhoto) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))
    tries = threading.Semaphore(0)

    def full_twice(lib: Library, some: list[Photo]) -> ingest.Write:
        tries.release()
        if library.db.conn.execute("select value from remembered where name = 'room'").fetchone() is None:
            raise StorageFailed("The disk is full.")
        return ingest.read_metadata(lib, some)

    worker = Worker(library, [Step("metadata", full_twice, vital=True), *ingest.STEPS[1:]], retry_seconds=0.01)
    worker.start()
    assert tries.acquire(timeout=10)
    assert tries.acquire(timeout=10)
    with write(library.db) as db:
        catalog.remember(db, "room", "again")
    while jobs.is_busy(library.db, jobs.NEW):
        worker.pause()
    worker.stop()
    assert [photo.status for photo in photos(library)] == ["ready"]


def test_what_a_process_held_when_it_died_is_worked_by_those_that_live(
    library: Library, draw_photo: DrawPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))
    with write(library.db) as db:
        assert jobs.claim(db, {"metadata": 8}, "worker-1-dead")
    monkeypatch.setattr("photolib.worker.DEAD_SECONDS", 0.0)
    worker = Worker(library)
    worker.start()
    while jobs.is_busy(library.db, jobs.NEW):
        worker.pause()
    worker.stop()
    assert [photo.status for photo in photos(library)] == ["ready"]


# ---------------------------------------------------------------- two files, one photo


def raw_beside(draw_photo: DrawPhoto, shared_photos: Path, name: str) -> Path:
    """A real RAW file, with a name of our choosing."""
    target = draw_photo(Path("pair") / "x.jpg").with_name(name)
    target.with_name("x.jpg").unlink()
    target.write_bytes((shared_photos / "raw" / "test.dng").read_bytes())
    return target


RAW_TIME = "2024:07:04 21:45:43"  # of raw/test.dng


def test_a_third_file_of_the_same_name_takes_nothing_away_from_a_pair(
    library: Library, draw_photo: DrawPhoto, shared_photos: Path
) -> None:
    raw = raw_beside(draw_photo, shared_photos, "IMG_1.DNG")
    for path in (draw_photo("pair/IMG_1.JPG", taken=RAW_TIME), raw, draw_photo("pair/IMG_1.jpeg", taken=RAW_TIME)):
        ingest.arrive(library, arrival_of(path))
        work_until_idle(library)
    keys = [{part.key for part in photo.parts} for photo in photos(library)]
    assert sorted(len(each) for each in keys) == [1, 2]
    assert set().union(*keys) == set(library.originals.keys())


def test_a_broken_jpeg_does_not_hide_its_raw(library: Library, draw_photo: DrawPhoto, shared_photos: Path) -> None:
    jpeg = draw_photo("pair/IMG_2.JPG", size=(1200, 900), taken=RAW_TIME)
    jpeg.write_bytes(jpeg.read_bytes()[: jpeg.stat().st_size // 2])
    for path in (jpeg, raw_beside(draw_photo, shared_photos, "IMG_2.DNG")):
        ingest.arrive(library, arrival_of(path))
        work_until_idle(library)
    (photo,) = photos(library)
    assert (photo.status, photo.type) == ("ready", "raw")
    assert any("RAW" in note for note in photo.notes)
    assert len(scopes.page(library.db, 1).photos) == 1


def test_what_a_person_said_of_a_raw_file_holds_when_its_jpeg_comes_later(
    library: Library, draw_photo: DrawPhoto, shared_photos: Path
) -> None:
    ingest.arrive(library, arrival_of(raw_beside(draw_photo, shared_photos, "IMG_4.DNG")))
    work_until_idle(library)
    (raw,) = photos(library)
    with write(library.db) as db:
        face = FoundFace(Box(0.1, 0.1, 0.2, 0.2), 0.9, 120, np.eye(128, dtype=np.float32)[0])
        faces.keep_found(db, raw.id, "a model", [face])
        (found,) = faces.faces_in(db, raw.id)
        decisions.assign(db, raw.owner_id, found.id, name="Sarah")
        understood.correct_label(db, raw.id, "dog", True)
    ingest.arrive(library, arrival_of(draw_photo("pair/IMG_4.JPG", taken=RAW_TIME)))
    work_until_idle(library)
    (photo,) = photos(library)
    assert photo.key != raw.key
    assert [each.name for each in faces.faces_in(library.db, photo.id)] == ["Sarah"]
    assert understood.labels(library.db, photo.id) == [("dog", 1.0, "person")]


def test_what_is_in_the_trash_is_not_brought_back_by_its_other_file(
    library: Library, draw_photo: DrawPhoto, shared_photos: Path
) -> None:
    ingest.arrive(library, arrival_of(raw_beside(draw_photo, shared_photos, "IMG_3.DNG")))
    work_until_idle(library)
    library.db.conn.execute("update photos set trashed_at = '2024-08-01', is_listed = 0")
    ingest.arrive(library, arrival_of(draw_photo("pair/IMG_3.JPG", taken=RAW_TIME)))
    work_until_idle(library)
    assert sorted((photo.type, photo.trashed_at) for photo in photos(library)) == [
        ("photo", None),
        ("raw", "2024-08-01"),
    ]


def test_a_parked_pairing_does_not_keep_a_photo_from_being_shown(library: Library, draw_photo: DrawPhoto) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))

    def fails(lib: Library, some: list[Photo]) -> ingest.Write:
        raise UnreadablePhoto("No pair today.")

    metadata, _, variants, *_ = ingest.STEPS
    work_until_idle(library, [metadata, Step("pair", fails), variants])
    assert [photo.status for photo in photos(library)] == ["ready"]


def test_bytes_that_send_a_reader_out_of_the_file_stop_nobody_else(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    """A BigTIFF whose strip lies at 2**63 - 1: seeking there is an error of the operating system, but the photo's fault."""
    good = draw_photo("photos/good.jpg")
    tags = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 16, 1, 2**63 - 1),
            (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)]  # fmt: skip
    entries = b"".join(struct.pack("<HHQQ", *tag) for tag in tags)
    poison = b"II" + struct.pack("<HHHQ", 43, 8, 0, 16) + struct.pack("<Q", len(tags)) + entries + bytes(8 + 1000)
    good.with_name("poison.tif").write_bytes(poison)
    tally = import_folder(good.parent)
    assert (tally.new, tally.failed) == (1, 1)
    assert sorted(photo.status for photo in photos(library)) == ["failed", "ready"]


def test_a_forgotten_failure_can_still_be_tried_again(library: Library, draw_photo: DrawPhoto) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))

    def fails(lib: Library, some: list[Photo]) -> ingest.Write:
        raise UnreadablePhoto("Not today.")

    work_until_idle(library, [Step("metadata", fails, vital=True), *ingest.STEPS[1:]])
    with write(library.db) as db:
        assert jobs.clear(db) == 1
    assert ingest.retry(library)[0] == 1
    work_until_idle(library)
    assert [photo.status for photo in photos(library)] == ["ready"]


def test_a_program_that_ends_breaks_off_what_it_decodes_and_that_was_no_try(
    library: Library, draw_photo: DrawPhoto
) -> None:
    ingest.arrive(library, arrival_of(draw_photo()))
    begun = threading.Event()

    def decodes_for_long(lib: Library, some: list[Photo]) -> ingest.Write:
        begun.set()
        while True:  # until the decoders are closed
            ingest.read_metadata(lib, some)

    worker = Worker(library, [Step("metadata", decodes_for_long, vital=True), *ingest.STEPS[1:]])
    worker.start()
    assert begun.wait(10)
    worker.stop(at_once=True)
    (job,) = jobs.listed(library.db)
    assert (job.state, job.tries) == ("waiting", 0)
