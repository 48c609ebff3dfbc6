"""Watching libraries: notifications are a hint, looking through everything now and then is the truth.

One thread per library. Whatever is wrong with one of them stays with it: its state says so, and it is tried again. A library
that is not there, or suspiciously empty, is offline; nothing that came from it is touched meanwhile.
"""

import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from photolib import catalog, config, jobs, scan, sources
from photolib.db import write
from photolib.errors import PhotolibError
from photolib.hints import Hints
from photolib.importing import Intake, Unsettled, Wishes
from photolib.library import Library, mount_of
from photolib.said import Said
from photolib.scan import Listed, Met
from photolib.tally import Tally

log = logging.getLogger(__name__)

CHECK_SECONDS = 30.0  # how often to see whether a library is (still, or again) there, and whether a problem is over
UNHEARD_SECONDS = 300.0  # between looks where notifications cannot be had
MOST_CHANGED = 1000  # when more folders than this have changed, everything is looked through instead
SHORTEST_WAIT = 0.5  # before a file that was being written is looked at again, whatever settle_seconds is
GONE_AT_ONCE = 100  # folders noted as gone in one transaction

ABSENT = Said("Nothing that came from it is removed; photolib goes on by itself once it is back.")
TOO_FEW_WATCHES = Said(
    "The system does not let photolib watch so many folders, so it looks through them every few minutes instead. For "
    "quicker news: sysctl fs.inotify.max_user_watches=1048576"
)


class Watcher:
    """Watches all libraries of the settings. arrived is called, from several threads, for every file that was dealt with."""

    def __init__(self, lib: Library, arrived: Callable[[], None]) -> None:
        self._watches = [Watch(lib, library, arrived) for library in lib.config.libraries]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number, watch in enumerate(self._watches):
            thread = threading.Thread(target=watch.run, name=f"watch-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, patience: float = 2.0) -> None:
        """End within so many seconds; a thread that a dead network share holds up is left behind."""
        for watch in self._watches:
            watch.stop()
        latest = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, latest - time.monotonic()))
        self._threads.clear()


class Watch:
    """One library: what is due, and when. All of it happens in turn(); only heard(), lost() and stop() are for other threads."""

    def __init__(
        self,
        lib: Library,
        library: config.Library,
        arrived: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lib = lib
        self._library = library
        self._arrived = arrived
        self._clock = clock
        self._foreign = [lib.data, *(each.path for each in lib.config.libraries if each.path != library.path)]
        self._rules = scan.Rules(b"")  # with the library's real path, once that is known

        self._look_at = -math.inf  # when everything is looked through the next time
        self._look_took = 0.0
        self._state = ""
        self._said = ("", "")
        self._is_known_to_wait = False  # the log has it
        self._unread = (0, "")  # how much the last look through everything could not look at, and the first of it
        self._unsettled: dict[tuple[bytes, bytes], tuple[float, Unsettled]] = {}  # and when to look at the file again
        self._intake: Intake | None = None
        self._is_stopping = False

        self._hints: Hints | None = None
        self._is_deaf = False  # notifications were tried and cannot be had
        self._root_heard: scan.Identity | None = None
        self._lock = threading.Lock()  # around what other threads tell
        self._wake = threading.Event()
        self._changed: dict[bytes, bool] = {}  # folders, and whether everything below them may have changed
        self._changed_at = math.inf  # when they are looked at
        self._is_flooded = False

    # ------------------------------------------------------------ for other threads

    def run(self) -> None:
        """Do what is due until stop() is called."""
        try:
            while not self._is_stopping:
                self._wake.clear()
                self._wake.wait(self.turn())
        finally:
            self._stop_listening()
            with suppress(PhotolibError, sqlite3.Error):
                if self._state == "scanning":
                    self._say("online", self._note())
            self._lib.connections.close_here()

    def stop(self) -> None:
        """End soon: what is being read is finished, nothing else is begun."""
        self._is_stopping = True
        intake = self._intake
        if intake is not None:
            intake.stop()
        self._wake.set()

    def heard(self, path: bytes, is_folder: bool) -> None:
        """Something happened to a file or a folder."""
        folder, _, name = path.rpartition(b"/")
        if name != scan.NO_MEDIA and path != self._rules.root and self._rules.ignores(name, folder):
            return
        if is_folder:
            folder = path
        with self._lock:
            if self._is_flooded or self._is_covered(folder):
                return
            self._changed[folder] = is_folder or name == scan.NO_MEDIA or self._changed.get(folder, False)
            if self._changed_at == math.inf:
                self._changed_at = self._clock() + self._lib.config.settle_seconds
                self._wake.set()
            if len(self._changed) > MOST_CHANGED:
                self._is_flooded = True
                self._look_soon()

    def lost(self, for_good: bool) -> None:
        """Some notifications did not come; for_good: some never will."""
        with self._lock:
            self._is_deaf = self._is_deaf or for_good
            self._look_soon()

    def _is_covered(self, folder: bytes) -> bool:
        """Whether a folder above this one will be looked through anyway, as when a whole tree was moved here."""
        while len(folder) > len(self._rules.root):
            folder = folder.rpartition(b"/")[0]
            if self._changed.get(folder):
                return True
        return False

    def _look_soon(self) -> None:
        """Look through everything, but leave as much time between two looks as one takes: the storm may go on."""
        wait = max(self._lib.config.settle_seconds, self._look_took)
        self._look_at = min(self._look_at, self._clock() + wait)
        self._wake.set()

    # ------------------------------------------------------------ turns

    def turn(self) -> float:
        """Do whatever is due; return after how many seconds something may be due again."""
        try:
            if self._state != "paused" or self._clock() >= self._look_at:
                self._do_what_is_due()
        except (PhotolibError, sqlite3.Error, OSError) as problem:
            if not self._is_stopping:
                self._pause(str(problem))
        except Exception as problem:  # a bug: a thread that dies of it would leave the library "online" for ever
            log.exception("library %s: a bug", self._library.path)
            self._pause(jobs.sentence(problem))
        return self._seconds_left()

    def _do_what_is_due(self) -> None:
        if why := self._why_offline():
            self._go_offline(why)
            return
        if self._state == "paused":
            self._lib.check_room()  # before everything is looked through in vain
        self._listen()
        if self._clock() >= self._look_at:
            self._look_through()
        elif self._clock() >= min(self._changed_at, self._settle_at):
            self._look_again()
        if self._state != "offline":
            self._say("online", self._note())

    def _seconds_left(self) -> float:
        if self._state == "paused":
            due = self._look_at
        elif self._state == "offline":
            due = math.inf
        else:
            due = min(self._look_at, self._changed_at, self._settle_at)
        return min(CHECK_SECONDS, max(0.0, due - self._clock()))

    def _go_offline(self, why: str) -> None:
        self._stop_listening()
        self._is_deaf = False
        self._forget_changes()
        self._look_at = -math.inf
        if self._state != "offline":
            log.warning("library %s is offline: %s", self._library.path, why)
        self._say("offline", why)

    def _pause(self, why: str) -> None:
        """Our own disk, the settings or the database keep the library waiting; then everything is looked through."""
        self._forget_changes()
        self._look_at = self._clock() + CHECK_SECONDS
        if not self._is_known_to_wait:
            log.error("library %s waits: %s", self._library.path, why)
        self._is_known_to_wait = True
        try:
            self._say("paused", why)
        except (PhotolibError, sqlite3.Error):  # the database is what is broken; the log has it
            self._state, self._said = "paused", ("", "")

    def _say(self, state: str, note: str, is_complete: bool = False) -> None:
        """Write down how it stands with the library, where that is news."""
        self._state = state
        if is_complete or self._said != (state, note):
            with write(self._lib.db) as db:
                sources.library_is(db, os.fsencode(self._library.path), state, note, is_complete)
            self._said = (state, note)

    def _note(self) -> str:
        root = os.fsdecode(self._rules.root)
        inside = [path for path in self._foreign if os.path.realpath(path).startswith(root + "/")]
        notes = [TOO_FEW_WATCHES] if self._is_deaf else []
        count, first = self._unread
        if count:
            notes.append(
                Said("Not everything could be looked at (%(count)s in all): %(first)s", count=count, first=first)
            )
        if inside:
            notes.append(Said("Left out, as they are not part of it: %(paths)s", paths=", ".join(map(str, inside))))
        return " ".join(notes)

    # ------------------------------------------------------------ is it there?

    def _why_offline(self) -> str | None:
        """Why the library cannot be looked at now, as a sentence; None when it can."""
        path, db = self._library.path, self._lib.db
        real = os.path.realpath(path)
        root = os.fsencode(real)
        data = os.path.realpath(self._lib.data)
        if real == data or real.startswith(data + "/"):
            return Said("It lies inside photolib's own data folder and is not looked at.")
        try:
            is_empty = scan.holds_nothing(root, self._library.ignore)
        except FileNotFoundError:
            return Said("The folder is not there. Is its disk mounted? %(meanwhile)s", meanwhile=ABSENT)
        except NotADirectoryError:
            return Said("It is not a folder.")
        except PermissionError:
            return Said("photolib may not read it: look at its rights. %(meanwhile)s", meanwhile=ABSENT)
        except OSError as problem:
            return Said("It cannot be read: %(why)s. %(meanwhile)s", why=problem.strerror, meanwhile=ABSENT)
        if is_empty and sources.has_sources_below(db, root):
            return Said(
                "The folder is empty, though photos were met in it before. Is its disk mounted? %(meanwhile)s",
                meanwhile=ABSENT,
            )
        mount = mount_of(Path(real))
        before = catalog.remembered(db, f"mount:{path}")
        if before != mount:
            if before is not None and not self._is_familiar(root):
                return Said(
                    "Another disk than before seems to be mounted here: none of the photos met before is on it. %(meanwhile)s",
                    meanwhile=ABSENT,
                )
            with write(db):
                catalog.remember(db, f"mount:{path}", mount)
        if self._rules.root != root:
            self._rules = self._new_rules(root)
        return None

    def _is_familiar(self, root: bytes) -> bool:
        """Whether any of the files met before is there, or none was ever met."""
        before = sources.some_below(self._lib.db, root)
        return not before or any(os.path.lexists(path) for path in before)

    def _new_rules(self, root: bytes) -> scan.Rules:
        return scan.Rules(root, self._library.ignore, self._foreign)

    # ------------------------------------------------------------ listening

    def _listen(self) -> None:
        """See to it that notifications come, if they are wanted and can be had."""
        if self._library.poll_seconds or self._is_deaf:
            self._stop_listening()
            return
        if self._hints is not None and self._hints.is_alive:
            return
        self._stop_listening()
        self._look_at = -math.inf  # what happened meanwhile was not heard
        root = self._rules.root
        try:
            self._root_heard = scan.identity(root)
            self._hints = Hints(root, lambda folder: not self._rules.reach(folder), self.heard, self.lost)
        except OSError as problem:
            self._is_deaf = True
            log.warning("library %s: %s (%s)", self._library.path, TOO_FEW_WATCHES, problem)

    def _stop_listening(self) -> None:
        if self._hints is not None:
            self._hints.stop()
            self._hints = None

    def _forget_changes(self) -> None:
        with self._lock:
            self._changed, self._changed_at, self._is_flooded = {}, math.inf, False
        self._unsettled = {}

    # ------------------------------------------------------------ looking

    def _look_through(self) -> None:
        """Look at everything there is: the truth."""
        began = self._clock()
        catalog.user_named(self._lib.db, self._library.owner)
        self._rules = self._new_rules(self._rules.root)
        if self._hints is not None and scan.identity(self._rules.root) != self._root_heard:
            self._stop_listening()  # another folder has taken the place of the one we listen at
            self._listen()
        self._say("scanning", self._note())
        self._look_at = math.inf
        self._forget_changes()
        met, tally, folders, unread = Met(), Tally(keeps_names=False), 0, (0, "")
        with self._taking_in(tally) as intake:
            for folder in scan.look_through(self._rules):
                folders += 1
                if folders == 1 and not folder.files and not folder.below and self._why_offline():
                    self._look_at = -math.inf  # it went away between the check and now
                    return
                met.add(folder)
                for name, why in folder.unread:
                    unread = unread[0] + 1, unread[1] or f"{sources.shown_path(folder.path, name)}: {why}"
                intake.take_folder(folder)
            self._set_aside(intake.drain())
        self._unread = unread
        if self._why_offline() is None:
            self._note_gone_folders(met, [self._rules.root])
        self._look_took = self._clock() - began
        with self._lock:
            self._look_at = min(self._look_at, self._clock() + self._seconds_between_looks())
        self._is_known_to_wait = False
        self._say("online", self._note(), is_complete=True)
        log.info(
            "library %s: %d files in %d folders, %d new, %d failed, in %.1f s",
            self._library.path, tally.found, folders, tally.new, tally.failed, self._look_took,
        )  # fmt: skip

    def _seconds_between_looks(self) -> float:
        if self._library.poll_seconds:
            return self._library.poll_seconds
        regular = self._lib.config.rescan_minutes * 60.0 or math.inf
        return min(regular, UNHEARD_SECONDS) if self._is_deaf else regular

    def _look_again(self) -> None:
        """Look at the folders that were heard of, and at those of files that were being written."""
        with self._lock:
            changed, self._changed, self._changed_at = self._changed, {}, math.inf
        stood_still = self._stood_still()
        there = dict.fromkeys(stood_still, False)
        concerned = []
        for path, is_tree in changed.items():
            existing = self._nearest(path)
            there[existing] = there.get(existing, False) or (is_tree and existing == path)
            if is_tree or existing != path:
                concerned.append(path)
        met, tally = Met(), Tally(keeps_names=False)
        with self._taking_in(tally) as intake:
            for folder in scan.look_again(self._rules, there):
                met.add(folder)
                intake.take_folder(folder, stood_still.get(folder.path, ()))
            self._set_aside(intake.drain())
        if concerned and self._why_offline() is None:
            self._note_gone_folders(met, concerned)
        if tally.new:
            log.info("library %s: new files: %d", self._library.path, tally.new)

    def _nearest(self, path: bytes) -> bytes:
        """The folder itself, or the first one above it that is there."""
        while len(path) > len(self._rules.root) and (os.path.islink(path) or not os.path.isdir(path)):
            path = path.rpartition(b"/")[0]
        return path

    @contextmanager
    def _taking_in(self, tally: Tally) -> Iterator[Intake]:
        owner = catalog.user_named(self._lib.db, self._library.owner)
        with Intake(self._lib, Wishes(owner.id), tally, self._arrived) as intake:
            self._intake = intake
            if self._is_stopping:
                intake.stop()
            try:
                yield intake
            finally:
                self._intake = None

    def _note_gone_folders(self, met: Met, paths: Iterable[bytes]) -> None:
        """Note the files of folders at and below these paths that are certainly no longer there."""
        owner, db = catalog.user_named(self._lib.db, self._library.owner), self._lib.db
        gone = [folder for path in paths for folder in sources.folders_below(db, owner.id, path) if met.lacks(folder)]
        for start in range(0, len(gone), GONE_AT_ONCE):
            with write(db):
                for folder in gone[start : start + GONE_AT_ONCE]:
                    sources.folder_is_gone(db, owner.id, folder)

    @property
    def _settle_at(self) -> float:
        return min((due for due, _ in self._unsettled.values()), default=math.inf)

    def _set_aside(self, unsettled: Iterable[Unsettled]) -> None:
        due = self._clock() + max(SHORTEST_WAIT, self._lib.config.settle_seconds)
        for each in unsettled:
            place = each.folder, each.listed[0]
            if place not in self._unsettled or self._unsettled[place][1].listed != each.listed:
                self._unsettled[place] = due, each

    def _stood_still(self) -> dict[bytes, set[Listed]]:
        """Folder -> those of its files set aside that have not changed for long enough; the others go on waiting."""
        found: dict[bytes, set[Listed]] = {}
        for place, (due, each) in list(self._unsettled.items()):
            if due <= self._clock():
                del self._unsettled[place]
                now = each.look_again()
                if now == each.listed:
                    found.setdefault(each.folder, set()).add(now)
                elif now is not None:
                    self._set_aside([replace(each, listed=now)])
        return found
