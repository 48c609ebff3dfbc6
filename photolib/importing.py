"""From folders and archives to arrive(): what is new is taken, what has not changed is not even opened, everything is counted."""

import errno
import hashlib
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database

from photolib import archives, catalog, formats, ingest, jobs, scan, sidecars, sources, trash
from photolib.db import write
from photolib.errors import BadInput, PhotolibError, StorageFailed, TryLater, UnreadablePhoto
from photolib.ingest import Arrival
from photolib.library import Library
from photolib.said import Said
from photolib.scan import Folder, Listed
from photolib.sidecars import Beside
from photolib.sources import FileState, Sidecar, Source
from photolib.tally import Tally

READ_AHEAD = 64  # arrivals that may wait for a thread
SETTLE_TRIES = 15  # how often a file that keeps changing is looked at again before it is left for the next time
AT_ONCE = 50  # rows of a kind written in one transaction
LARGE_BYTES = 1 << 20  # a sidecar larger than this is written at once, so that few such wait in memory
DOUBTFUL_BYTES = 64 << 20  # JSON files of archives that wait in memory to see whether a photo is called like them
STILL_WRITTEN = Said("It is still being written.")
SIDECAR = Said("It is a sidecar: it is read together with its photo.")
TOO_LARGE = Said("It is a sidecar that was not read: it is too large for one.")
TRASHED = Said("It lay in Google's trash when it was exported.")
ABOUT_NO_PHOTO = Said("It is a JSON file that is not about a photo.")


@dataclass(frozen=True)
class Wishes:
    """What the person who imports asked for."""

    owner_id: int
    album: str | None = None
    folder_albums: bool = False
    tags: Sequence[str] = ()
    is_dry_run: bool = False
    brings_back: bool = False  # also what they deleted for good

    def albums_for(self, folder: bytes) -> list[tuple[str, str]]:
        albums = [(self.album, "manual")] if self.album else []
        if self.folder_albums:
            albums.append((sources.shown_name(os.path.basename(folder)), "folder"))
        return albums


@dataclass(frozen=True)
class Unsettled:
    """A file that was still being written when its folder was looked at, or that changed while it was read."""

    folder: bytes
    listed: Listed
    reason: str

    def look_again(self) -> Listed | None:
        """The file as it is now; None when it is gone."""
        name = self.listed[0]
        try:
            found = os.lstat(self.folder + b"/" + name)
        except OSError:
            return None
        return name, found.st_size, found.st_mtime_ns, found.st_ino


class Intake:
    """Takes folders and archives in. Files of folders are read by a few threads.

    A file that is still being written is set aside. Whoever takes in once calls close(), which waits for such files;
    whoever comes back anyway calls drain(), which returns them, and shows them again later.
    A problem of our own disk (StorageFailed) ends everything and is raised by the next call.
    """

    def __init__(self, lib: Library, wishes: Wishes, tally: Tally, arrived: Callable[[], None] = lambda: None) -> None:
        self._lib = lib
        self._wishes = wishes
        self._tally = tally
        self._arrived = arrived
        self._pool = ThreadPoolExecutor(max_workers=max(2, lib.config.cores), thread_name_prefix="arrive")
        self._room = threading.Semaphore(READ_AHEAD)
        self._problem: Exception | None = None
        self._unsettled: list[Unsettled] = []
        self._is_last_try = False
        self._looked_at: list[tuple[bytes, bytes]] = []  # folders, and what stands for their files
        self._connections: set[Database] = set()  # of the threads
        self._lock = threading.Lock()
        self._would_be_new: set[tuple[int, str]] = set()  # owner and key, while nothing is kept

    def __enter__(self) -> "Intake":
        return self

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        self._end_threads(at_once=kind is not None)

    def stop(self) -> None:
        """End early, called from any thread: what is being read is finished, the next call raises TryLater."""
        self._problem = self._problem or TryLater("photolib is stopping.")

    def _end_threads(self, at_once: bool) -> None:
        self._pool.shutdown(wait=True, cancel_futures=at_once)
        while self._connections:
            self._connections.pop().close()

    # ------------------------------------------------------------ folders

    def take_folder(self, folder: Folder, stood_still: Container[Listed] = ()) -> None:
        """Take what is new or changed in a folder; note what is gone.

        stood_still: files that were set aside before and have been the same since, whatever their time says.
        """
        self._raise_problem()
        self._report(folder)
        owner, db = self._wishes.owner_id, self._lib.db
        digest = scan.digest(folder.files)
        outcomes = sources.outcomes_of_listing(db, owner, folder.path, digest)
        if outcomes and not self._is_wanted_back(outcomes):
            self._tally.count_unchanged(outcomes)
            return
        here, gone = sources.known_files(db, owner, folder.path)
        fresh, back, unchanged = [], [], Counter[str]()
        for listed in folder.files:
            outcome = here.get(listed) or gone.get(listed)
            if outcome in (None, "unread") or self._is_wanted_back((outcome,)):
                fresh.append(listed)
                continue
            unchanged[outcome] += 1
            if listed in gone:
                back.append(listed[0])
        self._tally.count_unchanged(unchanged)
        self._note_what_went(folder, here, back)
        if folder.is_whole:
            self._looked_at.append((folder.path, digest))
        settled = [listed for listed in fresh if listed in stood_still or self._has_settled(folder, listed)]
        if settled:
            self._take_fresh(folder.path, (name for name, *_ in folder.files), settled)

    def _is_wanted_back(self, outcomes: Container[str | None]) -> bool:
        """Whether what was deleted for good is among these, and is to come back."""
        return self._wishes.brings_back and "deleted" in outcomes

    def _note_what_went(self, folder: Folder, here: Mapping[Listed, str], back: Collection[bytes]) -> None:
        """Note which files are no longer in a folder, and which have come back as they were."""
        went: set[bytes] = set()
        if folder.is_whole:
            there = {name for name, *_ in folder.files} | {name for name, _ in folder.unread}
            went = {name for name, *_ in here} - there
        if (went or back) and not self._wishes.is_dry_run:
            with write(self._lib.db) as db:
                sources.files_are_gone(db, self._wishes.owner_id, folder.path, went)
                sources.files_are_back(db, self._wishes.owner_id, folder.path, back)

    def _remember_listings(self) -> None:
        """Where all files of a folder are known now, the next look need not fetch their rows."""
        owner, looked_at, self._looked_at = self._wishes.owner_id, self._looked_at, []
        for start in range(0, len(looked_at), AT_ONCE):
            if self._wishes.is_dry_run:
                break
            with write(self._lib.db) as db:
                for path, digest in looked_at[start : start + AT_ONCE]:
                    here, _ = sources.known_files(db, owner, path)
                    if scan.digest(sorted(here)) == digest and "unread" not in here.values():
                        sources.remember_listing(db, owner, path, digest, Counter(here.values()))

    def _report(self, folder: Folder) -> None:
        """Count what the scan itself turned away."""
        if self._tally.keeps_names:
            self._tally.skipped.extend((sources.shown_name(path), reason) for path, reason in folder.skipped)
        for outcome, found in (("ignored", folder.ignored), ("unread", folder.unread)):
            for name, reason in found:
                self._tally.count(Source(folder.path, name, self._wishes.owner_id, FileState(0, 0, 0), outcome, reason))

    def _take_fresh(self, folder: bytes, all_names: Iterable[bytes], settled: list[Listed]) -> None:
        speaking = [listed for listed in settled if sidecars.is_named_like_one(listed[0])]
        all_names = list(all_names)
        names = {os.fsdecode(name): name for name in all_names if not sidecars.is_named_like_one(name)}
        news = self._keep_sidecars(folder, speaking, names, all_names)
        beside = Beside(self._lib.db, self._wishes.owner_id, folder, names)
        albums = [*self._wishes.albums_for(folder), *beside.albums]
        for listed in settled:
            name, size, mtime_ns, inode = listed
            if not sidecars.is_named_like_one(name):
                arrival = Arrival(
                    self._wishes.owner_id, folder, name, FileState(size, mtime_ns, inode),
                    partial(open_file, folder + b"/" + name),
                    sidecar_ids=beside.ids(name), albums=albums, tags=self._wishes.tags,
                    brings_back=self._wishes.brings_back,
                )  # fmt: skip
                self._submit(arrival, beside.is_trashed(name))
        if news:
            fresh_names = {name for name, *_ in settled}
            known = sources.photos_of(self._lib.db, self._wishes.owner_id, folder)
            before = {name: photo_id for name, photo_id in known.items() if name not in fresh_names}
            self._read_again(((n, p) for n, p in before.items() if news & set(beside.ids(n))), beside)
            self._fill_albums(before.values(), beside.albums)

    def _has_settled(self, folder: Folder, listed: Listed) -> bool:
        """Whether a file has stood still long enough to be taken; if not, it is set aside."""
        age = time.time() - listed[2] / 1e9
        if age >= self._lib.config.settle_seconds or self._wishes.is_dry_run:
            return True
        self._unsettled.append(Unsettled(folder.path, listed, STILL_WRITTEN))
        return False

    def _keep_sidecars(
        self, folder: bytes, listed: Iterable[Listed], media: Iterable[str], all_names: Iterable[bytes]
    ) -> set[int]:
        """Keep those of these files whole that speak about photos; return their ids."""
        kept: set[int] = set()
        waiting: list[tuple[Source, Sidecar | None]] = []
        called: Container[bytes] | None = None
        for name, size, mtime_ns, inode in listed:
            seen = Source(folder, name, self._wishes.owner_id, FileState(size, mtime_ns, inode), "ignored", SIDECAR)
            sidecar = None
            try:
                with open_file(folder + b"/" + name) as file:
                    body = file.read(sidecars.limit_of(name) + 1)
            except OSError as problem:
                seen = _with(seen, "ignored", f"It is a sidecar that was not read: {problem.strerror}.")
            else:
                is_too_large = len(body) > sidecars.limit_of(name)
                sidecar = None if is_too_large else sidecars.of(name, body)
                if sidecar is None and not is_too_large:
                    if called is None:
                        called = sidecars.called_like_photos(media, all_names)
                    sidecar = Sidecar("takeout", body) if name in called else None
                if sidecar is None:
                    seen = _with(seen, "ignored", TOO_LARGE if sidecars.is_xmp(name) else ABOUT_NO_PHOTO)
            self._tally.count(seen)
            waiting.append((seen, sidecar))
            if len(waiting) >= AT_ONCE or (sidecar and len(sidecar.body) > LARGE_BYTES):
                kept |= self._write_sidecars(waiting)
                waiting = []
        return kept | self._write_sidecars(waiting)

    def _write_sidecars(self, found: Collection[tuple[Source, Sidecar | None]]) -> set[int]:
        kept: set[int] = set()
        if found and not self._wishes.is_dry_run:
            with write(self._lib.db) as db:
                for seen, sidecar in found:
                    sources.saw_source(db, seen)
                    if sidecar is not None:
                        kept.add(sources.keep_sidecar(db, seen.owner_id, seen.folder, seen.name, sidecar))
        return kept

    def _read_again(self, photos: Iterable[tuple[bytes, int]], beside: Beside) -> None:
        """Photos that were here before and have a new sidecar: read their metadata again."""
        photos = list(photos)
        if photos and not self._wishes.is_dry_run:
            with write(self._lib.db) as db:
                for name, photo_id in photos:
                    for sidecar_id in beside.ids(name):
                        sources.attach_sidecar(db, photo_id, sidecar_id)
                jobs.enqueue(db, ingest.STEPS[0].name, [photo_id for _, photo_id in photos])
            self._arrived()

    def _fill_albums(self, photos: Iterable[int], albums: Iterable[tuple[str, str]]) -> None:
        """Photos that were here before an album's own file came belong to it all the same."""
        albums = list(albums)
        if albums and not self._wishes.is_dry_run:
            with write(self._lib.db) as db:
                for photo_id in photos:
                    for title, kind in albums:
                        catalog.put_in_album(db, self._wishes.owner_id, photo_id, title, kind)

    # ------------------------------------------------------------ arrivals

    def _submit(self, arrival: Arrival, is_trashed: bool) -> None:
        self._raise_problem()
        self._room.acquire()
        self._pool.submit(self._take_in_thread, arrival, is_trashed).add_done_callback(self._taken)

    def _taken(self, future: "Future[None]") -> None:
        self._room.release()
        if not future.cancelled() and (problem := future.exception()):
            self._problem = self._problem or (
                problem if isinstance(problem, Exception) else StorageFailed(str(problem))
            )

    def _take_in_thread(self, arrival: Arrival, is_trashed: bool) -> None:
        self._connections.add(self._lib.db)
        self._take(arrival, is_trashed)

    def _take(self, arrival: Arrival, is_trashed: bool) -> Source | None:
        """What became of a file; None when that is still open, as everything ends or the file is looked at again."""
        if self._problem is not None:
            return None
        seen = Source(arrival.folder, arrival.name, arrival.owner_id, arrival.state, "ignored", inner=arrival.inner)
        if is_trashed:
            seen = _with(seen, "ignored", TRASHED)
            self._remember(seen)
        elif self._wishes.is_dry_run:
            seen = self._look_only(arrival, seen)
        else:
            try:
                seen = ingest.arrive(self._lib, arrival)
            except TryLater as problem:
                if arrival.inner is None and not self._is_last_try:
                    state = arrival.state
                    listed = (arrival.name, state.size, state.mtime_ns, state.inode)
                    self._unsettled.append(Unsettled(arrival.folder, listed, str(problem)))
                    return None
                seen = _with(seen, "unread", str(problem))
                self._remember(seen)
        self._tally.count(seen)
        self._arrived()
        return seen

    def _look_only(self, arrival: Arrival, seen: Source) -> Source:
        """What would become of a file, found out by reading it and keeping nothing."""
        try:
            with arrival.open() as file:
                head = file.peek(formats.HEAD)[: formats.HEAD]  # type: ignore[attr-defined]
                if formats.sniff(head, formats.reach(file)) is None:
                    return ingest.turned_away(seen, head)
                key = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        except (OSError, PhotolibError) as problem:
            return _with(seen, "unread", f"It could not be read: {problem}")
        owner = arrival.owner_id
        is_here = any(each == owner for _, each in catalog.owners_of(self._lib.db, key))
        if not arrival.brings_back and trash.stays_away(self._lib.db, owner, key):
            return replace(seen, outcome="deleted", reason=sources.DELETED, key=key)
        with self._lock:
            is_here = is_here or (owner, key) in self._would_be_new
            self._would_be_new.add((owner, key))
        return replace(seen, outcome="duplicate" if is_here else "new", key=key)

    def _remember(self, seen: Source) -> None:
        if not self._wishes.is_dry_run:
            with write(self._lib.db) as db:
                sources.saw_source(db, seen)

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem

    def drain(self) -> "list[Unsettled]":
        """Wait until everything taken so far has arrived; return the files that were still being written and forget them."""
        for _ in range(READ_AHEAD):
            self._room.acquire()
        self._room.release(READ_AHEAD)
        self._raise_problem()
        self._remember_listings()
        unsettled, self._unsettled = self._unsettled, []
        return unsettled

    def close(self) -> None:
        """Wait until everything taken so far has arrived, files that are still being written too, as long as that takes sense."""
        tries = 0
        while waiting := self.drain():
            time.sleep(self._lib.config.settle_seconds)
            tries += 1
            self._is_last_try = tries >= SETTLE_TRIES
            by_folder: dict[bytes, list[Unsettled]] = {}
            for each in waiting:
                by_folder.setdefault(each.folder, []).append(each)
            for folder, unsettled in by_folder.items():
                self._take_settled(folder, unsettled)
        self._end_threads(at_once=False)

    def _take_settled(self, folder: bytes, unsettled: "list[Unsettled]") -> None:
        """Take those of a folder's files that have the same size and time as before, whatever that time says."""
        still = []
        for each in unsettled:
            now = each.look_again()
            if now is None:
                continue  # gone again before it was ever taken: not met
            if now == each.listed:
                still.append(now)
            elif not self._is_last_try:
                self._unsettled.append(replace(each, listed=now))
            else:
                state, owner = FileState(*now[1:]), self._wishes.owner_id
                seen = Source(folder, now[0], owner, state, "unread", each.reason)
                self._remember(seen)
                self._tally.count(seen)
        if still:
            self._take_fresh(folder, _names_in(folder), still)

    # ------------------------------------------------------------ archives

    def take_archives(self, paths: Sequence[Path], ignore: Sequence[str] = ()) -> None:
        """Take what zip and tar archives hold, without unpacking them to disk. ignore: globs, as scan.look takes them.

        Parts of one export are taken together: first all their sidecars are gathered, then the photos, wherever each lies.
        """
        is_ignored = scan.ignored_below(b"", ignore)
        fresh = [path for path in paths if not self._is_unchanged_archive(path)]
        names: dict[bytes, dict[str, bytes]] = {}
        doubtful: dict[bytes, dict[bytes, bytes | None]] = {}
        for path in fresh:
            self._gather_sidecars(path, names, doubtful)
        silent = self._silent_among(doubtful, names)
        besides = {
            inner: Beside(
                self._lib.db, self._wishes.owner_id, _SIDECARS_OF + inner, self._with_known_names(inner, media)
            )
            for inner, media in names.items()
        }
        for path in fresh:
            self._take_archive(path, besides, silent, is_ignored)
        for inner, beside in besides.items():
            known = sources.photos_inside(self._lib.db, self._wishes.owner_id, inner)
            self._read_again(((n, p) for n, p in known if beside.has_news(self._lib.db, p, n)), beside)
            self._fill_albums((photo_id for _, photo_id in known), beside.albums)

    def _is_unchanged_archive(self, path: Path) -> bool:
        """An archive that was taken whole before: its members count as what they were then."""
        owner, db = self._wishes.owner_id, self._lib.db
        listed = _listed(path)
        if listed not in sources.known_files(db, owner, sources.ARCHIVES + os.fsencode(path.parent))[0]:
            return False
        outcomes = sources.outcomes_below(db, owner, os.fsencode(path) + _INSIDE)
        if self._is_wanted_back(outcomes):
            return False
        self._tally.count_unchanged(outcomes)
        return True

    def _gather_sidecars(
        self, path: Path, names: dict[bytes, dict[str, bytes]], doubtful: dict[bytes, dict[bytes, bytes | None]]
    ) -> None:
        """First pass over an archive: keep its sidecars, and note all the other names, folder by folder.

        doubtful gets the JSON files that, as far as they can be read, are about no photo: folder -> name -> body,
        or None where that is too large to be kept.
        """

        def is_wanted(inner_path: str) -> bool:
            folder, name = _split(inner_path)
            if sidecars.is_named_like_one(name):
                return True
            names.setdefault(folder, {})[os.fsdecode(name)] = name
            return False

        found: list[tuple[bytes, bytes, Sidecar]] = []
        waiting = sum(len(body or b"") for bodies in doubtful.values() for body in bodies.values())
        for inner_path, body in archives.collect(path, is_wanted, limit_bytes=sidecars.XMP_LIMIT).items():
            folder, name = _split(inner_path)
            names.setdefault(folder, {})
            sidecar = sidecars.of(name, body) if len(body) <= sidecars.limit_of(name) else None
            if sidecar is not None:
                found.append((folder, name, sidecar))
            elif not sidecars.is_xmp(name):
                waiting += len(body)
                is_bearable = len(body) <= sidecars.JSON_LIMIT and waiting <= DOUBTFUL_BYTES
                doubtful.setdefault(folder, {})[name] = body if is_bearable else None
        self._keep_for_any_archive(found)

    def _keep_for_any_archive(self, found: Sequence[tuple[bytes, bytes, Sidecar]]) -> None:
        """Keep sidecars of archives: (folder inside, name, sidecar)."""
        for start in range(0, len(found), AT_ONCE):
            if self._wishes.is_dry_run:
                break
            with write(self._lib.db) as db:
                for folder, name, sidecar in found[start : start + AT_ONCE]:
                    sources.keep_sidecar(db, self._wishes.owner_id, _SIDECARS_OF + folder, name, sidecar)

    def _silent_among(
        self, doubtful: Mapping[bytes, Mapping[bytes, bytes | None]], names: Mapping[bytes, dict[str, bytes]]
    ) -> set[tuple[bytes, bytes]]:
        """Keep those JSON files that are called like a photo, though they are damaged; return the others."""
        silent = set()
        found = []
        for folder, bodies in doubtful.items():
            called = sidecars.called_like_photos(self._with_known_names(folder, names[folder]), bodies)
            for name, body in bodies.items():
                if name in called and body is not None:
                    found.append((folder, name, Sidecar("takeout", body)))
                else:
                    silent.add((folder, name))
        self._keep_for_any_archive(found)
        return silent

    def _with_known_names(self, inner: bytes, media: dict[str, bytes]) -> dict[str, bytes]:
        known = sources.photos_inside(self._lib.db, self._wishes.owner_id, inner)
        return {**{os.fsdecode(name): name for name, _ in known}, **media}

    def _take_archive(
        self,
        path: Path,
        besides: Mapping[bytes, Beside],
        silent: Container[tuple[bytes, bytes]],
        is_ignored: Callable[[bytes, bytes], bool],
    ) -> None:
        """Second pass: every member arrives, or is counted with the reason why not.

        An archive is known as taken whole, and not opened again, only when nothing in it is left to be tried again.
        """
        top, owner = os.fsencode(path) + _INSIDE, self._wishes.owner_id
        is_whole = True
        try:
            for member in archives.members(path):
                self._raise_problem()
                inner, name = _split(member.name)
                state = FileState(member.size, member.modified_ns or _listed(path)[2], 0)
                seen = Source(top + inner, name, owner, state, "ignored", SIDECAR, inner=inner)
                if member.problem:
                    seen = _with(seen, "ignored" if member.is_harmless else "failed", member.problem)
                elif any(is_ignored(part, inner) for part in (*inner.split(b"/"), name)):
                    seen = _with(seen, "ignored", scan.IGNORED)
                elif not sidecars.is_named_like_one(name):
                    beside = besides.get(inner)
                    arrival = Arrival(
                        owner, seen.folder, name, state, member.open, inner=inner,
                        sidecar_ids=beside.ids(name) if beside else (),
                        albums=[*self._wishes.albums_for(inner or os.fsencode(path.stem)), *(beside.albums if beside else ())],
                        tags=self._wishes.tags, brings_back=self._wishes.brings_back,
                    )  # fmt: skip
                    taken = self._take(arrival, beside is not None and beside.is_trashed(name))
                    is_whole = is_whole and taken is not None and taken.outcome != "unread"
                    continue
                elif (inner, name) in silent:
                    seen = _with(seen, "ignored", ABOUT_NO_PHOTO)
                self._remember(seen)
                self._tally.count(seen)
        except (BadInput, UnreadablePhoto) as problem:
            seen = Source(
                os.fsencode(path.parent),
                os.fsencode(path.name),
                owner,
                FileState(*_listed(path)[1:]),
                "failed",
                str(problem),
            )
            self._remember(seen)
            self._tally.count(seen)
            return
        if is_whole:
            archive, *found = _listed(path)
            home = sources.ARCHIVES + os.fsencode(path.parent)
            self._remember(Source(home, archive, owner, FileState(*found), "ignored", "An archive, taken whole."))


_INSIDE = b"!/"  # /home/ann/takeout.zip!/Takeout/Google Photos
_SIDECARS_OF = b"any!/"  # sidecars of an export speak about photos in whichever of its parts


def is_archive(path: Path) -> bool:
    """Whether a file is one of the archives that are looked into."""
    return archives.is_archive(path)


def wait_for_jobs(lib: Library, tally: Tally, look: Callable[[], None]) -> None:
    """Wait until the new photos are worked through; those that cannot be shown move from new to failed.

    look is called several times a second: it draws the progress, and may raise to end the waiting.
    """
    while jobs.is_busy(lib.db, jobs.NEW):
        look()
        time.sleep(0.1)
    for photo_id, status in catalog.statuses(lib.db, list(tally.new_photos)).items():
        if status == "failed":
            tally.turned_out_failed(photo_id, catalog.photo(lib.db, photo_id).reason or "It cannot be shown.")


def _split(inner_path: str) -> tuple[bytes, bytes]:
    """Folder and file name inside an archive."""
    folder, _, name = inner_path.rpartition("/")
    return os.fsencode(folder), os.fsencode(name)


def _names_in(folder: bytes) -> list[bytes]:
    """What lies in a folder beside a file; only needed to find its sidecars, so nothing if it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _listed(path: Path) -> Listed:
    found = path.stat()
    return os.fsencode(path.name), found.st_size, found.st_mtime_ns, found.st_ino


def _with(seen: Source, outcome: str, reason: str) -> Source:
    return replace(seen, outcome=outcome, reason=reason)


def open_file(path: bytes) -> BinaryIO:
    """Open a file, but nothing that took its place since it was listed: no link is followed, no pipe waited at, no device read."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a file any more")
    return os.fdopen(handle, "rb", buffering=formats.HEAD)
