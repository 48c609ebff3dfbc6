"""Watching libraries: what is heard of is looked at, what is not there is left in peace."""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import inotify_c

from photolib import catalog, jobs, sources
from photolib.config import Config
from photolib.config import Library as Folder
from photolib.db import write
from photolib.hints import Hints
from photolib.library import Library, open_library
from photolib.watch import CHECK_SECONDS, MOST_CHANGED, UNHEARD_SECONDS, Watch, Watcher
from photolib.worker import work_until_idle
from tests.conftest import DrawPhoto
from tests.photolib.eyes import at_the_moment, changes_made, files_opened, watching

NEVER = 10**6


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture
def watch(library: Library, root: Path, clock: Clock) -> Watch:
    """A library that is told what to hear: it listens to nothing and looks through everything only once."""
    return Watch(library, Folder(root, poll_seconds=NEVER), clock=clock)


def state(library: Library, root: Path) -> tuple[str, str]:
    found = sources.library_states(library.db)[os.fsencode(root)]
    return found["state"], found["note"]


def photos(library: Library) -> dict[int, list[str]]:
    """Photo id -> where it lies now."""
    return {photo_id: catalog.photo(library.db, photo_id).paths for photo_id, _ in catalog.shown_photos(library.db)}


def lying(library: Library) -> set[str]:
    return {path for paths in photos(library).values() for path in paths}


def hear(watch: Watch, *paths: Path, folder: bool = False) -> None:
    for path in paths:
        watch.heard(os.fsencode(path), folder)


# ---------------------------------------------------------------- looking


def test_the_first_turn_takes_everything_in_and_the_state_says_so(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    paths = {str(draw_photo(f"photos/{name}.jpg")) for name in ("a", "2024/b", "2024/06/c")}
    with changes_made(root) as made:
        watch.turn()
    assert lying(library) == paths
    assert state(library, root) == ("online", "")
    assert sources.library_states(library.db)[os.fsencode(root)]["scanned_at"]
    assert made == []


def test_what_is_heard_of_is_looked_at_and_nothing_else(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    known = draw_photo("photos/a/known.jpg")
    watch.turn()
    heard, unheard = draw_photo("photos/a/heard.jpg"), draw_photo("photos/b/unheard.jpg")
    hear(watch, heard)
    with files_opened(root) as opened:
        watch.turn()
    assert opened == [str(heard)]
    assert lying(library) == {str(known), str(heard)}
    hear(watch, unheard.parent, folder=True)
    watch.turn()
    assert lying(library) == {str(known), str(heard), str(unheard)}


def test_changes_are_gathered_for_as_long_as_a_file_takes_to_settle(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock
) -> None:
    watch.turn()
    library.config = replace(library.config, settle_seconds=5)
    for number in range(3):
        photo = draw_photo(f"photos/{number}.jpg")
        os.utime(photo, ns=(10**18, 10**18))
        hear(watch, photo)
        clock.pass_by(1)
        assert watch.turn() == pytest.approx(4 - number)
    assert lying(library) == set()
    clock.pass_by(2)
    watch.turn()
    assert len(lying(library)) == 3


def test_a_file_still_being_written_keeps_no_other_waiting(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock
) -> None:
    library.config = replace(library.config, settle_seconds=60)
    done, growing = draw_photo("photos/done.jpg"), draw_photo("photos/growing.jpg")
    os.utime(done, ns=(10**18, 10**18))
    assert watch.turn() <= CHECK_SECONDS
    assert lying(library) == {str(done)}
    for _ in range(3):
        with growing.open("ab") as file:
            file.write(b"more")
        clock.pass_by(60)
        watch.turn()
        assert lying(library) == {str(done)}
    clock.pass_by(59)
    watch.turn()
    assert lying(library) == {str(done)}
    clock.pass_by(1)
    with files_opened(root) as opened:
        watch.turn()
    assert opened == [str(growing)]
    assert lying(library) == {str(done), str(growing)}


def test_a_file_set_aside_waits_its_time_whatever_is_heard_meanwhile(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock
) -> None:
    library.config = replace(library.config, settle_seconds=60)
    ahead = draw_photo("photos/ahead.jpg")
    os.utime(ahead, ns=(4 * 10**18, 4 * 10**18))  # a camera's clock that is a century ahead: its time tells nothing
    watch.turn()
    for number in range(1, 5):
        clock.pass_by(12)
        library.config = replace(library.config, settle_seconds=0)
        hear(watch, draw_photo(f"photos/{number}.jpg"))
        library.config = replace(library.config, settle_seconds=60)
        os.utime(root / f"{number}.jpg", ns=(10**18, 10**18))
        watch.turn()
        assert len(lying(library)) == number
    clock.pass_by(12)
    watch.turn()
    assert str(ahead) in lying(library), "being looked at meanwhile did not make it wait anew"


def test_what_was_never_heard_of_is_found_when_everything_is_looked_through_again(
    library: Library, draw_photo: DrawPhoto, root: Path, clock: Clock
) -> None:
    watch = Watch(library, Folder(root, poll_seconds=300), clock=clock)
    watch.turn()
    photo = draw_photo("photos/deep/down/a.jpg")
    clock.pass_by(299)
    watch.turn()
    assert lying(library) == set()
    clock.pass_by(1)
    watch.turn()
    assert lying(library) == {str(photo)}


def test_hidden_and_foreign_places_are_not_looked_at_even_when_heard_of(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    watch.turn()
    hidden = [draw_photo(f"photos/{name}.jpg") for name in (".trash/a", "x/@eaDir/b", "marked/deep/c")]
    (root / "marked" / ".nomedia").touch()
    (root / "link").symlink_to(draw_photo("outside/d.jpg").parent)
    outside = [root / "link" / "d.jpg", draw_photo("photos and more/e.jpg"), draw_photo("f.jpg")]
    hear(watch, *hidden, *outside)
    hear(watch, *[path.parent for path in hidden + outside], folder=True)
    watch.turn()
    assert lying(library) == set()
    (root / "marked" / ".nomedia").unlink()
    hear(watch, root / "marked" / ".nomedia")
    watch.turn()
    assert lying(library) == {str(root / "marked" / "deep" / "c.jpg")}


# ---------------------------------------------------------------- moving and going


def test_a_renamed_folder_keeps_its_photos_and_their_albums(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    for name in ("a", "b", "deep/c"):
        draw_photo(f"photos/Italy/{name}.jpg")
    watch.turn()
    before = photos(library)
    with write(library.db) as db:
        for photo_id in before:
            catalog.put_in_album(db, 1, photo_id, "Holidays")
        db.conn.execute("delete from jobs")  # all steps are done
    os.rename(root / "Italy", root / "Italia")
    hear(watch, root / "Italy", root / "Italia", folder=True)
    watch.turn()
    assert photos(library) == {
        photo_id: [path.replace("/Italy/", "/Italia/") for path in paths] for photo_id, paths in before.items()
    }
    assert all(catalog.photo(library.db, photo_id).albums for photo_id in before)
    assert not jobs.is_busy(library.db, jobs.BACKFILL), "nothing is read, sized or embedded again"


def test_a_folder_moved_in_comes_with_everything_below_it(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, tmp_path: Path
) -> None:
    watch.turn()
    for name in ("a", "deep/b", "deep/er/c"):
        draw_photo(f"elsewhere/{name}.jpg")
    os.rename(tmp_path / "elsewhere", root / "new")
    hear(watch, root / "new", folder=True)
    watch.turn()
    assert lying(library) == {str(root / "new" / f"{name}.jpg") for name in ("a", "deep/b", "deep/er/c")}


def test_deleted_files_and_folders_take_nothing_along(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    file, stays = draw_photo("photos/a.jpg"), draw_photo("photos/stays.jpg")
    below = [draw_photo(f"photos/gone/{name}.jpg") for name in ("b", "deep/c")]
    watch.turn()
    before = set(photos(library))
    file.unlink()
    hear(watch, file)
    for path in below:
        path.unlink()
    (root / "gone" / "deep").rmdir()
    (root / "gone").rmdir()
    hear(watch, root / "gone" / "deep", root / "gone", folder=True)
    watch.turn()
    assert lying(library) == {str(stays)}
    assert set(photos(library)) == before


def test_folders_that_vanished_unheard_are_noted_by_the_next_whole_look(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, tmp_path: Path
) -> None:
    stays = draw_photo("photos/stays.jpg")
    for name in ("a", "deep/b"):
        draw_photo(f"photos/gone/{name}.jpg")
    watch.turn()
    os.rename(root / "gone", tmp_path / "away")
    watch.lost(False)
    watch.turn()
    assert lying(library) == {str(stays)}
    assert len(photos(library)) == 3


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_nothing_is_gone_because_it_could_not_be_read(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    unreadable = {str(draw_photo(f"photos/bad/{name}.jpg")) for name in ("a", "deep/b", "deep/er/c")}
    deleted = draw_photo("photos/good/deep/d.jpg")
    watch.turn()
    assert lying(library) == {*unreadable, str(deleted)}
    deleted.unlink()
    deleted.parent.rmdir()
    real = os.listdir

    def listdir(path: Any) -> Any:
        if os.fsdecode(path) == str(root / "bad"):
            raise OSError(number, os.strerror(number))
        return real(path)

    with monkeypatch.context() as broken:
        broken.setattr(os, "listdir", listdir)
        watch.lost(False)
        hear(watch, root / "bad" / "deep", folder=True)
        watch.turn()
    assert lying(library) == unreadable
    status, note = state(library, root)
    assert status == "online"
    assert str(root / "bad") in note, "and somebody is told"
    watch.lost(False)
    watch.turn()
    assert lying(library) == unreadable
    assert state(library, root) == ("online", "")


# ---------------------------------------------------------------- libraries that are not there


def test_a_library_that_vanishes_is_offline_and_comes_back_by_itself(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock, tmp_path: Path
) -> None:
    paths = {str(draw_photo(f"photos/{name}.jpg")) for name in ("a", "deep/b")}
    watch.turn()
    os.rename(root, tmp_path / "unplugged")
    hear(watch, root, root / "deep", folder=True)
    assert watch.turn() == CHECK_SECONDS
    assert state(library, root)[0] == "offline"
    assert "not there" in state(library, root)[1]
    assert lying(library) == paths
    os.rename(tmp_path / "unplugged", root)
    new = draw_photo("photos/new.jpg")
    clock.pass_by(CHECK_SECONDS)
    with files_opened(root) as opened:
        watch.turn()
    assert opened == [str(new)], "what is known is not read again"
    assert state(library, root) == ("online", "")
    assert lying(library) == {*paths, str(new)}


def test_a_library_that_comes_back_empty_is_an_unmounted_disk(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, tmp_path: Path
) -> None:
    paths = {str(draw_photo(f"photos/{name}.jpg")) for name in ("a", "deep/b")}
    watch.turn()
    os.rename(root, tmp_path / "unplugged")
    root.mkdir()
    (root / "lost+found").mkdir()
    watch.lost(False)
    watch.turn()
    watch.turn()
    assert state(library, root)[0] == "offline"
    assert "empty" in state(library, root)[1]
    assert lying(library) == paths


def test_an_empty_library_that_never_held_anything_is_online(library: Library, root: Path, watch: Watch) -> None:
    watch.turn()
    assert state(library, root) == ("online", "")
    with write(library.db) as db:  # now its disk is mounted
        catalog.remember(db, f"mount:{root}", "/somewhere/else")
    watch.turn()
    assert state(library, root) == ("online", "")


def test_another_disk_in_the_place_of_the_one_before_is_not_believed(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, tmp_path: Path
) -> None:
    paths = {str(draw_photo(f"photos/{name}.jpg")) for name in ("a", "deep/b")}
    watch.turn()
    with write(library.db) as db:  # as if it had been mounted then
        catalog.remember(db, f"mount:{root}", str(root))
    os.rename(root, tmp_path / "unplugged")
    draw_photo("photos/somebody else's.jpg")
    watch.lost(False)
    watch.turn()
    assert state(library, root)[0] == "offline"
    assert "Another disk" in state(library, root)[1]
    assert lying(library) == paths
    (root / "somebody else's.jpg").rename(tmp_path / "unplugged" / "new.jpg")
    root.rmdir()
    os.rename(tmp_path / "unplugged", root)  # the photos are here, wherever that is now
    watch.turn()
    assert state(library, root) == ("online", "")
    assert lying(library) == {*paths, str(root / "new.jpg")}


def test_a_library_that_may_not_be_read_is_offline(
    library: Library, root: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(os, "scandir", scandir)
        watch.turn()
    assert state(library, root)[0] == "offline"
    assert "rights" in state(library, root)[1]


def test_a_library_that_is_a_link_is_looked_at_where_it_leads(
    library: Library, draw_photo: DrawPhoto, root: Path, clock: Clock, tmp_path: Path
) -> None:
    photo = draw_photo("photos/a.jpg")
    (tmp_path / "link").symlink_to(root)
    Watch(library, Folder(tmp_path / "link", poll_seconds=NEVER), clock=clock).turn()
    assert lying(library) == {str(photo)}
    assert state(library, tmp_path / "link") == ("online", "")


# ---------------------------------------------------------------- libraries that have to wait


def test_an_unknown_owner_is_a_sentence_and_keeps_no_other_library_waiting(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock
) -> None:
    photo = draw_photo("theirs/a.jpg")
    theirs = Watch(library, Folder(photo.parent, owner="zoe", poll_seconds=NEVER), clock=clock)
    theirs.turn()
    watch.turn()
    assert state(library, photo.parent)[0] == "paused"
    assert "zoe" in state(library, photo.parent)[1]
    assert state(library, root)[0] == "online"
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe")
    clock.pass_by(CHECK_SECONDS)
    theirs.turn()
    assert state(library, photo.parent)[0] == "online"
    [photo_id] = photos(library)
    assert catalog.photo(library.db, photo_id).owner_id == zoe.id


def test_a_bug_pauses_a_library_with_a_sentence_instead_of_ending_its_thread(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock
) -> None:
    photo = draw_photo("photos/a.jpg")

    def bug() -> None:
        raise ZeroDivisionError("nobody thought of this")

    with at_the_moment("os.scandir", bug):
        assert watch.turn() == CHECK_SECONDS
    name, note = state(library, root)
    assert name == "paused"
    assert "nobody thought of this" in note
    assert "bug" in note
    clock.pass_by(CHECK_SECONDS)
    watch.turn()
    assert state(library, root) == ("online", "")
    assert lying(library) == {str(photo)}


def test_a_full_disk_pauses_a_library_until_there_is_room(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch, clock: Clock
) -> None:
    photo = draw_photo("photos/a.jpg")
    library.config = replace(library.config, min_free_mb=1 << 40)
    assert watch.turn() == CHECK_SECONDS
    assert state(library, root)[0] == "paused"
    assert "MB are free" in state(library, root)[1]
    hear(watch, photo)
    clock.pass_by(CHECK_SECONDS)
    listed: list[object] = []
    with watching(lambda event, details: listed.append(details) if event == "os.listdir" else None):
        watch.turn()
    assert listed == [], "nothing is looked through in vain"
    assert state(library, root)[0] == "paused"
    library.config = replace(library.config, min_free_mb=0)
    clock.pass_by(CHECK_SECONDS)
    watch.turn()
    assert state(library, root) == ("online", "")
    assert lying(library) == {str(photo)}


# ---------------------------------------------------------------- libraries in each other


@pytest.fixture
def nested(tmp_path: Path) -> Iterator[Library]:
    """The data folder and another library lie inside a library."""
    outer, inner = tmp_path / "photos", tmp_path / "photos" / "inner"
    inner.mkdir(parents=True)
    folders = (Folder(outer, poll_seconds=NEVER), Folder(inner, poll_seconds=NEVER))
    config = Config(data_dir=outer / "data", settle_seconds=0, min_free_mb=0, workers=2, libraries=folders)
    lib = open_library(config)
    yield lib
    lib.close()


def test_the_data_folder_and_other_libraries_inside_are_left_out_and_said(
    nested: Library, draw_photo: DrawPhoto, tmp_path: Path, clock: Clock
) -> None:
    outer, inner = nested.config.libraries
    mine, theirs = draw_photo("photos/a.jpg"), draw_photo("photos/inner/b.jpg")
    watch = Watch(nested, outer, clock=clock)
    for _ in range(2):
        watch.turn()
        assert lying(nested) == {str(mine)}, "neither the other library nor our own originals"
        hear(watch, nested.data, nested.data / "originals", inner.path, folder=True)
    status, note = state(nested, outer.path)
    assert status == "online"
    assert str(nested.data) in note
    assert str(inner.path) in note
    Watch(nested, inner, clock=clock).turn()
    assert lying(nested) == {str(mine), str(theirs)}
    assert state(nested, inner.path) == ("online", "")


def test_a_library_inside_the_data_folder_is_refused(library: Library, draw_photo: DrawPhoto, clock: Clock) -> None:
    draw_photo("data/originals/mine/a.jpg")
    for path in (library.data, library.data / "originals"):
        Watch(library, Folder(path, poll_seconds=NEVER), clock=clock).turn()
        assert state(library, path)[0] == "offline"
        assert "data folder" in state(library, path)[1]
    assert lying(library) == set()


# ---------------------------------------------------------------- when hearing fails


def test_a_storm_is_answered_by_one_look_at_everything(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    watch.turn()
    photo = draw_photo("photos/never heard of/a.jpg")
    for number in range(MOST_CHANGED * 3):
        hear(watch, root / str(number) / "x.jpg")
    assert len(watch._changed) <= MOST_CHANGED + 1, "memory does not grow with the storm"
    watch.turn()
    assert lying(library) == {str(photo)}
    hear(watch, draw_photo("photos/after the storm.jpg"))
    watch.turn()
    assert len(lying(library)) == 2


def test_a_folder_of_thousands_that_is_moved_is_one_change(library: Library, root: Path, watch: Watch) -> None:
    watch.turn()
    hear(watch, root / "moved", folder=True)
    for number in range(MOST_CHANGED * 2):
        hear(watch, root / "moved" / str(number) / "x.jpg")
        hear(watch, root / "moved" / str(number), folder=True)
    assert len(watch._changed) == 1


def test_where_too_few_folders_can_be_watched_they_are_looked_through_more_often(
    library: Library, draw_photo: DrawPhoto, root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def add_watch(handle: int, path: bytes, mask: int) -> int:
        asked.append(path)
        if len(asked) > 2:
            inotify_c.ctypes.set_errno(errno.ENOSPC)
            return -1
        return real(handle, path, mask)

    real = inotify_c.inotify_add_watch
    monkeypatch.setattr(inotify_c, "inotify_add_watch", add_watch)
    first = draw_photo("photos/a/1.jpg")
    for name in "bcd":
        (root / name).mkdir()
    watch = Watch(library, Folder(root), clock=clock)
    threads = threading.active_count()
    watch.turn()
    watch.turn()
    assert len(asked) > 2
    assert threading.active_count() == threads, "the few watches there are go back to the system"
    assert state(library, root)[0] == "online"
    assert "max_user_watches" in state(library, root)[1]
    second = draw_photo("photos/d/2.jpg")
    clock.pass_by(UNHEARD_SECONDS - 1)
    watch.turn()
    assert lying(library) == {str(first)}
    clock.pass_by(1)
    watch.turn()
    assert lying(library) == {str(first), str(second)}


def test_no_notifications_are_asked_for_about_what_is_not_looked_at(
    nested: Library, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[bytes] = set()

    def add_watch(handle: int, path: bytes, mask: int) -> int:
        asked.add(path)
        return real(handle, path, mask)

    real = inotify_c.inotify_add_watch
    monkeypatch.setattr(inotify_c, "inotify_add_watch", add_watch)
    outer = tmp_path / "photos"
    for name in ("a/b", "a/@eaDir/x", ".git/y"):
        (outer / name).mkdir(parents=True)
    watch = Watch(nested, Folder(outer), clock=clock)
    watch.turn()
    watch._stop_listening()
    assert asked == {os.fsencode(path) for path in (outer, outer / "a", outer / "a" / "b")}


def test_a_library_that_comes_back_is_listened_to_again(
    library: Library, root: Path, clock: Clock, tmp_path: Path
) -> None:
    watch = Watch(library, Folder(root), clock=clock)
    deaf = threading.active_count()
    watch.turn()
    listening = threading.active_count()
    assert listening > deaf
    os.rename(root, tmp_path / "unplugged")
    watch.turn()
    assert threading.active_count() == deaf
    os.rename(tmp_path / "unplugged", root)
    watch.turn()
    assert threading.active_count() == listening
    watch._stop_listening()


def test_where_nothing_can_be_watched_the_library_is_looked_through_all_the_same(
    library: Library, draw_photo: DrawPhoto, root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init() -> int:
        inotify_c.ctypes.set_errno(errno.EMFILE)
        return -1

    monkeypatch.setattr(inotify_c, "inotify_init", init)
    photo = draw_photo("photos/a.jpg")
    Watch(library, Folder(root), clock=clock).turn()
    assert lying(library) == {str(photo)}
    assert "max_user_watches" in state(library, root)[1]


@pytest.mark.parametrize("mask", [inotify_c.InotifyConstants.IN_Q_OVERFLOW, inotify_c.InotifyConstants.IN_UNMOUNT])
def test_lost_notifications_are_said_aloud(root: Path, mask: int) -> None:
    lost: list[bool] = []
    hints = Hints(os.fsencode(root), lambda folder: False, lambda path, is_folder: None, lost.append)
    try:
        hints._observer._inotify.handle_event(inotify_c.InotifyEvent(-1, mask, 0, b""))  # type: ignore[attr-defined]
    finally:
        hints.stop()
    assert lost == [False]


# ---------------------------------------------------------------- for real


class Arrivals:
    """Waits for files to arrive, as long as that takes, but not for ever."""

    def __init__(self, lib: Library) -> None:
        self._lib = lib
        self._news = threading.Condition()

    def __call__(self) -> None:
        with self._news:
            self._news.notify_all()

    def wait_for(self, what: Callable[[], bool]) -> bool:
        ends = time.monotonic() + 20
        with self._news:
            while not what() and time.monotonic() < ends:
                self._news.wait(0.1)
        return what()


def test_new_files_arrive_by_themselves_and_the_watcher_ends_when_asked(
    config: Config, draw_photo: DrawPhoto, root: Path, tmp_path: Path
) -> None:
    lib = open_library(replace(config, libraries=(Folder(root, ignore=("*.raw",)),)), role="worker")
    arrivals = Arrivals(lib)
    watcher = Watcher(lib, arrivals)
    threads = threading.active_count()
    expected = {str(draw_photo("photos/deep/first.jpg"))}
    watcher.start()
    try:
        assert arrivals.wait_for(lambda: lying(lib) == expected), "what was there at the start"
        new = draw_photo("photos/deep/second.jpg")
        odd = Path(os.fsdecode(os.fsencode(root) + b"/odd \xff.jpg"))
        odd.write_bytes(draw_photo("drawn.jpg").read_bytes())
        expected |= {str(new), sources.shown_path(os.fsencode(root), b"odd \xff.jpg")}
        assert arrivals.wait_for(lambda: lying(lib) == expected), "new files"
        moved = draw_photo("elsewhere/deep/er/third.jpg")
        os.rename(tmp_path / "elsewhere", root / "moved in")
        expected.add(str(root / "moved in" / "deep" / "er" / moved.name))
        assert arrivals.wait_for(lambda: lying(lib) == expected), "a folder that was moved in"
        os.rename(root / "deep", root / "renamed")
        expected = {path.replace(f"{root}/deep/", f"{root}/renamed/") for path in expected}
        assert arrivals.wait_for(lambda: lying(lib) == expected), "a folder that was renamed"
        assert len(photos(lib)) == 4
        assert state(lib, root) == ("online", "")
    finally:
        watcher.stop()
        lib.close()
    assert threading.active_count() == threads


def test_a_watcher_without_libraries_has_nothing_to_do(library: Library) -> None:
    watcher = Watcher(library, lambda: None)
    watcher.start()
    watcher.stop()


def test_nothing_is_begun_once_the_watcher_was_stopped(
    library: Library, draw_photo: DrawPhoto, root: Path, watch: Watch
) -> None:
    draw_photo("photos/a.jpg")
    watch.stop()
    watch.turn()
    assert lying(library) == set()


def test_stopping_in_the_middle_of_a_look_leaves_a_library_that_goes_on_next_time(
    library: Library, draw_photo: DrawPhoto, root: Path, clock: Clock
) -> None:
    for number in range(4):
        draw_photo(f"photos/{number}/a.jpg")
    watch = Watch(library, Folder(root, poll_seconds=NEVER), arrived=lambda: watch.stop(), clock=clock)
    watch.run()
    assert len(lying(library)) < 4
    assert state(library, root)[0] == "online"
    Watch(library, Folder(root, poll_seconds=NEVER), clock=clock).turn()
    assert len(lying(library)) == 4
    work_until_idle(library)
    assert catalog.totals(library.db)["processing"] == 0
