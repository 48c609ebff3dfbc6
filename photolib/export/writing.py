"""An export into a folder: every photo once, its sidecars, the folders of albums; safe to interrupt and to run again.

One thread names photos and keeps the journal; a few others write. Nothing is ever removed, and no file that is not ours is written over.
"""

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from photolib.errors import BadInput, PhotolibError, StorageFailed
from photolib.export import albums as album_lists
from photolib.export import facts, files, sidecars
from photolib.export.albums import Album, Albums
from photolib.export.facts import Exported
from photolib.export.files import Taken
from photolib.export.journal import Entry, Journal
from photolib.export.layout import Layout
from photolib.export.names import ALBUMS, JSON, XMP, Names, Slot, paths, slots
from photolib.library import Library
from photolib.store import flush_folder, storage_problem

WRITERS = 4
AHEAD = 48  # photos that are being written or wait for it
NOTED_AFTER = 200  # files; then the folders and the journal are flushed
SPARE = 64 << 20  # bytes that stay free on the disk

CHANGED = "It was changed since it was exported. photolib leaves it as it is."
NOT_OURS = "A file that is not from this export lies there. photolib leaves it as it is."

AlbumsAs = Literal["auto", "links", "copies", "lists", "none"]


@dataclass(frozen=True)
class Wishes:
    """What the person who exports asked for. albums_as: how a photo is in several folders: "links" gives one file several names,
    "copies" copies it, "lists" writes a playlist for each album, "auto" is links where the disk has them, else lists."""

    layout: Layout
    has_sidecars: bool = True
    albums_as: AlbumsAs = "auto"
    is_dry_run: bool = False
    within: frozenset[int] | None = None  # albums; None for all


@dataclass
class Count:
    """found = written + already_there + failed, of the originals' files. failures: (path, reason); kept: the same of files that are
    not ours to replace; links: further names in albums' folders."""

    photos: int = 0
    found: int = 0
    written: int = 0
    already_there: int = 0
    failed: int = 0
    bytes_written: int = 0
    sidecars: int = 0
    links: int = 0
    albums_as: str = "none"
    failures: list[tuple[str, str]] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Done:
    """What became of one photo."""

    entries: list[Entry] = field(default_factory=list)
    count: Count = field(default_factory=Count)


@dataclass(frozen=True)
class _Place:
    """A slot with the stem that was chosen for it, and what the journal says of its files."""

    slot: Slot
    stem: str
    targets: list[str]
    known: dict[str, Entry | None]
    is_home: bool


Progress = Callable[[int, int, int], None]  # files done, files in all, bytes written


def check_place(lib: Library, dest: Path) -> None:
    """Raises BadInput for a folder that nobody should export into."""
    dest, data = dest.resolve(), lib.data.resolve()
    if dest == data or data in dest.parents:
        raise BadInput("%(folder)s lies inside photolib's own data folder. Export to a folder elsewhere.", folder=dest)
    if dest in data.parents and any((each / "photolib.db").exists() for each in (dest,)):
        raise BadInput("%(folder)s is a data folder of photolib. Export to a folder elsewhere.", folder=dest)
    if dest.exists() and not dest.is_dir():
        raise BadInput("%(folder)s is a file. Name a folder to export to.", folder=dest)


def export(
    lib: Library, owner_id: int, photo_ids: Sequence[int], dest: Path, wishes: Wishes, count: Count, progress: Progress
) -> None:
    """Write these photos of an owner's to dest, counting in count as it goes.

    Raises BadInput for a place that cannot be, StorageFailed when the disk is full or fails; run again, it goes on where it was.
    """
    check_place(lib, dest)
    names = Names()
    try:
        if not wishes.is_dry_run:
            dest.mkdir(parents=True, exist_ok=True)
        journal = Journal(dest, names, wishes.is_dry_run)
    except OSError as problem:
        names.close()
        raise storage_problem(problem, dest) from problem
    try:
        _Export(lib, owner_id, dest, wishes, count, names, journal, progress).run(photo_ids)
    except OSError as problem:
        raise storage_problem(problem, dest) from problem
    finally:
        journal.close()
        names.close()


class _Export:
    def __init__(
        self, lib: Library, owner_id: int, dest: Path, wishes: Wishes, count: Count, names: Names, journal: Journal, progress: Progress
    ) -> None:  # fmt: skip
        self._lib, self._owner_id, self._dest, self._wishes = lib, owner_id, dest, wishes
        self._count, self._names, self._journal, self._progress = count, names, journal, progress
        self._albums = Albums(lib, owner_id, set(wishes.within) if wishes.within is not None else None)
        self._waiting: list[Entry] = []  # written, and not yet in the journal
        self._total = 0
        count.albums_as = self._way_of_albums()

    def _way_of_albums(self) -> str:
        way = self._wishes.albums_as
        if way != "auto":
            return way
        if self._wishes.is_dry_run:
            return "links"
        return "links" if files.has_links(self._journal.folder) else "lists"

    def run(self, photo_ids: Sequence[int]) -> None:
        self._check_room(photo_ids)
        with ThreadPoolExecutor(max_workers=WRITERS, thread_name_prefix="export") as pool:
            try:
                pending: deque[Future[_Done]] = deque()
                for photo in self._photos(photo_ids):
                    places = self._name(photo)
                    if len(pending) >= AHEAD:
                        self._take(pending.popleft().result())
                    pending.append(pool.submit(self._write, photo, places))
                while pending:
                    self._take(pending.popleft().result())
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                self._note()
                raise
        self._finish()
        self._note()

    # ------------------------------------------------------------ before

    def _check_room(self, photo_ids: Sequence[int]) -> None:
        """Raises StorageFailed, before anything is written, when the disk is too small for what is not there yet."""
        needed, db = 0, self._lib.db
        for start in range(0, len(photo_ids), 1000):
            some = photo_ids[start : start + 1000]
            for photo in _sizes(db, some):
                self._total += 1
                if not self._journal.has_content(photo[0]):
                    needed += photo[1] * (1 + (photo[2] if self._count.albums_as == "copies" else 0))
        free = shutil.disk_usage(_existing(self._dest)).free
        if needed + SPARE > free:
            raise StorageFailed(
                "%(needed)s MB are needed at %(folder)s, and only %(free)s MB are free. Export to a larger disk, or fewer photos.",
                needed=-(-needed // 1_000_000), free=free // 1_000_000, folder=self._dest,
            )  # fmt: skip

    def _photos(self, photo_ids: Sequence[int]) -> Iterator[Exported]:
        for start in range(0, len(photo_ids), facts.AT_ONCE):
            yield from facts.gather(self._lib.db, photo_ids[start : start + facts.AT_ONCE])

    def _name(self, photo: Exported) -> list[_Place]:
        key = photo.words["key"]
        has_folders = self._count.albums_as in ("links", "copies")
        found = []
        for number, slot in enumerate(slots(photo, self._wishes.layout, self._albums.of(photo.albums), has_folders)):
            stem = self._names.choose(key, slot, lambda stem: self._fits(stem, photo))
            targets = paths(stem, photo.files)
            with_sidecars = [*targets, *(each + ending for each in targets for ending in (XMP, JSON))]
            known = {each: self._journal.entry(each) for each in with_sidecars}
            if number == 0:
                self._names.lies_at(key, targets[0])
            found.append(_Place(slot, stem, targets, known, is_home=number == 0))
        return found

    def _fits(self, stem: str, photo: Exported) -> bool:
        """Whether nothing of others lies under a stem. A file with the very bytes of ours is ours: of a run that was killed."""
        targets = paths(stem, photo.files)
        for target, file in zip(targets, photo.files, strict=True):
            path = self._dest / target
            if path.is_symlink() or (path.exists() and files.digest_of(path) != file.key):
                return False
        if (self._dest / targets[0]).exists():
            return True
        return not any(
            (self._dest / (targets[0] + ending)).exists() for ending in (XMP, JSON) if self._wishes.has_sidecars
        )

    # ------------------------------------------------------------ one photo, in a thread of its own

    def _write(self, photo: Exported, places: list[_Place]) -> _Done:
        done = _Done()
        done.count.photos = 1
        albums = self._albums.of(photo.albums)
        mtime_ns = files.taken_ns(photo.words)
        home = places[0]
        written: set[str] = set()
        for target, file in zip(home.targets, photo.files, strict=True):
            if self._put_original(done, photo, home, target, file.key, mtime_ns):
                written.add(target)
        spoken = self._sidecars(photo, home, albums) if home.targets[0] in written else {}
        for name, body in spoken.items():
            self._put_sidecar(done, photo, home, name, body)
        for place in places[1:]:
            for source, target in zip(home.targets, place.targets, strict=True):
                if source in written:
                    self._put_again(done, photo, place, source, target)
            for name in spoken:
                there = place.stem + name[len(home.stem) :]
                self._put_again(done, photo, place, name, there, is_sidecar=True)
        return done

    def _put_original(self, done: _Done, photo: Exported, place: _Place, target: str, key: str, mtime_ns: int) -> bool:
        """Whether the file is there afterwards."""
        count, path, known = done.count, self._dest / target, place.known[target]
        count.found += 1
        if known and known.sha256 == key and files.is_as_written(path, known.size, known.mtime_ns):
            count.already_there += 1
            return True
        if path.exists() and files.digest_of(path) == key:
            count.already_there += 1
            self._noted(done, photo, place, target, key, path)
            return True
        if self._wishes.is_dry_run:
            count.written += 1
            return True
        try:
            if path.exists() or path.is_symlink():
                raise Taken
            draft = files.draft_in(self._journal.folder)
            found = files.discarding(draft, lambda: files.copy_original(self._lib.originals, key, draft, mtime_ns))
            files.discarding(draft, lambda: files.settle(draft, path))
        except Taken:
            count.failed += 1
            count.failures.append((target, CHANGED if known else NOT_OURS))
            return False
        except (PhotolibError, OSError) as problem:
            self._raise_of_disk(problem)
            count.failed += 1
            count.failures.append((target, files.reason(problem)))
            return False
        count.written += 1
        count.bytes_written += found.st_size
        self._noted(done, photo, place, target, key, path)
        return True

    def _sidecars(self, photo: Exported, home: _Place, albums: list[Album]) -> dict[str, bytes]:
        """The sidecars of a photo by their paths: for the shown file, and XMP for a RAW beside it, which its developers look for."""
        if not self._wishes.has_sidecars:
            return {}
        return dict(sidecars.beside(photo, home.targets, albums))

    def _put_sidecar(self, done: _Done, photo: Exported, place: _Place, target: str, body: bytes) -> None:
        known = place.known.get(target)
        is_same = known is not None and known.sha256 == hashlib.sha256(body).hexdigest()
        if not (known and is_same and files.is_as_written(self._dest / target, known.size, known.mtime_ns)):
            self._put_text(done, target, [body], known, photo, place)

    def _put_text(
        self, done: _Done, target: str, pieces: Iterator[bytes] | list[bytes], known: Entry | None,
        photo: Exported | None = None, place: _Place | None = None,
    ) -> None:  # fmt: skip
        """Write a file of ours, in place of what an earlier run wrote there; what somebody else wrote stays."""
        path = self._dest / target
        if self._wishes.is_dry_run:
            return
        draft = files.draft_in(self._journal.folder)
        try:
            sha256, _ = files.discarding(draft, lambda: files.write_bytes(pieces, draft))
            try:
                files.settle(draft, path)
            except Taken:
                there = files.digest_of(path)
                if there != sha256 and (known is None or there != known.sha256):
                    done.count.kept.append((target, CHANGED if known else NOT_OURS))
                    return
                if there != sha256:
                    draft.replace(path)
                    done.count.sidecars += 1
                elif known:
                    return
            else:
                done.count.sidecars += 1
        except (PhotolibError, OSError) as problem:
            self._raise_of_disk(problem)
            done.count.kept.append((target, files.reason(problem)))
            return
        finally:
            draft.unlink(missing_ok=True)
        self._noted(done, photo, place, target, sha256, path)

    def _put_again(
        self,
        done: _Done,
        photo: Exported,
        place: _Place,
        source: str,
        target: str,
        is_sidecar: bool = False,
    ) -> None:
        """The same file in another folder: a second name for it, or a copy."""
        path, home = self._dest / target, self._dest / source
        known = place.known.get(target)
        if self._wishes.is_dry_run or not home.exists():
            return
        try:
            if self._count.albums_as == "copies":
                if known and files.is_as_written(path, known.size, known.mtime_ns) and not is_sidecar:
                    return
                with home.open("rb") as file:
                    pieces = iter(lambda: file.read(files.CHUNK), b"")
                    self._put_text(done, target, pieces, known, photo, place)
                return
            try:
                files.link(home, path)
            except Taken:
                # A sidecar that was written anew has left its other names behind with what it said before.
                there = files.digest_of(path)
                if there != (known.sha256 if known else files.digest_of(home)):
                    done.count.kept.append((target, CHANGED if known else NOT_OURS))
                    return
                draft = files.draft_in(self._journal.folder)
                files.link(home, draft)
                draft.replace(path)
        except OSError as problem:
            self._raise_of_disk(problem)
            done.count.kept.append((target, files.reason(problem)))
            return
        if not known or not files.is_as_written(path, known.size, known.mtime_ns):
            done.count.links += not is_sidecar
            self._noted(
                done,
                photo,
                place,
                target,
                files.digest_of(path) or "" if is_sidecar else _key(photo, place, target),
                path,
            )

    def _noted(
        self, done: _Done, photo: Exported | None, place: _Place | None, target: str, sha256: str, path: Path
    ) -> None:
        if self._wishes.is_dry_run:
            return
        found = path.lstat()
        entry = Entry(target, sha256, found.st_size, found.st_mtime_ns)
        if photo and place:
            is_home = place.is_home and target == place.targets[0]
            entry = replace(entry, photo=photo.words["key"], slot=place.slot.name, stem=place.stem, is_home=is_home)
        done.entries.append(entry)

    def _raise_of_disk(self, problem: Exception) -> None:
        """A disk that is full or gone ends everything; what is wrong with one file does not."""
        if isinstance(problem, StorageFailed):
            raise problem
        if isinstance(problem, OSError) and (ours := files.explained(problem, self._dest)):
            raise ours from problem

    # ------------------------------------------------------------ afterwards

    def _take(self, done: _Done) -> None:
        count = self._count
        for name in ("photos", "found", "written", "already_there", "failed", "bytes_written", "sidecars", "links"):
            setattr(count, name, getattr(count, name) + getattr(done.count, name))
        count.failures += done.count.failures
        count.kept += done.count.kept
        self._waiting += done.entries
        if len(self._waiting) >= NOTED_AFTER:
            self._note()
        self._progress(count.found, max(self._total, count.found), count.bytes_written)

    def _note(self) -> None:
        """Have the disk keep the names of what was written, then note it."""
        for folder in {(self._dest / entry.path).parent for entry in self._waiting}:
            flush_folder(folder)
        for entry in self._waiting:
            self._journal.note(entry)
        self._waiting = []
        self._journal.flush()

    def _finish(self) -> None:
        """albums.json and people.json, and a playlist for each album where folders cannot be."""
        done = _Done()
        path_of = self._names.path_of
        lists = {}
        if self._wishes.has_sidecars:
            lists["albums.json"] = self._albums.document(path_of)
            lists["people.json"] = iter([album_lists.people_document(self._lib.db, self._owner_id, path_of)])
        if self._count.albums_as == "lists":
            for album in self._albums.known.values():
                lists[f"{ALBUMS}/{album.folder}.m3u8"] = self._albums.playlist(album, path_of)
        for target, texts in lists.items():
            pieces = (each.encode("utf-8", "replace") for each in texts)
            self._put_text(done, target, pieces, self._journal.entry(target))
        done.count.sidecars = 0
        self._take(done)


def _key(photo: Exported, place: _Place, target: str) -> str:
    return photo.files[place.targets.index(target)].key


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _sizes(db: Database, photo_ids: Sequence[int]) -> list[tuple[str, int, int]]:
    """(key, bytes, how many albums it is in) of every file of these photos."""
    return db.conn.execute(
        """with chosen as (select value as id from json_each(?)),
             here as (select photos.id, photos.key from photos where id in (select id from chosen)
               union all select photo_id, parts.key from parts where photo_id in (select id from chosen) and byte_offset is null)
           select here.key, size, (select count(*) from album_members where photo_id = here.id)
           from here join originals on originals.key = here.key""",
        (json.dumps(list(photo_ids)),),
    ).fetchall()
