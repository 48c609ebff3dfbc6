"""Is everything still there, and still itself? Files against their names, rows against files both ways, and what can be mended."""

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from photolib import archives, catalog, db, formats, ingest, jobs, sources, trash, variants, vectors
from photolib.db import write
from photolib.errors import NotFound, PhotolibError
from photolib.importing import open_file
from photolib.ingest import Arrival
from photolib.library import Library
from photolib.sources import FileState

log = logging.getLogger(__name__)

Look = Callable[[int, int, int], None]
Opener = Callable[[], AbstractContextManager[BinaryIO]]

AT_ONCE = 256  # originals handed to the threads together
QUEUED_AT_ONCE = 5000  # jobs written in one transaction
IN_FLIGHT_SECONDS = 120.0  # an original this young may be another process's that has yet to write its row
LOOKED_FOR_ORPHANS = "orphans looked for"  # the name of a small fact: when, in seconds since 1970
CLOCK_MARGIN = 60.0  # a file system's clock may be a little behind ours


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be. kind: database, missing, damaged, orphan or unlisted; key is empty for the first.

    An orphan is a file that no row knows, unlisted is an original with a row that is neither a photo nor a part of one.
    """

    kind: str
    key: str
    sentence: str
    is_fixed: bool = False


@dataclass(frozen=True)
class Report:
    """What a check found: how many originals were hashed, of how many bytes, and what is wrong."""

    checked: int
    read_bytes: int
    problems: Sequence[Problem]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong, or all of it was mended."""
        return all(problem.is_fixed for problem in self.problems)

    def of_kind(self, kind: str) -> list[str]:
        """The keys with this problem."""
        return [problem.key for problem in self.problems if problem.kind == kind]

    @property
    def sentences(self) -> list[str]:
        """The report as people read it, the sum of it last."""
        fixed = sum(problem.is_fixed for problem in self.problems)
        left = len(self.problems) - fixed
        total = f"{self.checked} originals were read, {self.read_bytes / 1e9:.2f} GB: "
        if not self.problems:
            return [total + "all are there and all are what they were."]
        return [*(problem.sentence for problem in self.problems), f"{total}{fixed} problems mended, {left} left."]


def check(lib: Library, fix: bool, look: Look, clock: Callable[[], float] = time.time) -> Report:
    """Hash every original again and compare rows with files.

    fix: fetch what is missing or damaged again from wherever the same bytes were met, and list originals that belong to no
    photo as photos of whoever brought them, or of the first user where nobody knows. Nothing is deleted: damaged files are
    moved to backups/damaged. look is called after each original with how many were read, how many there are, and how many
    bytes that was.
    """
    broken = [
        Problem("database", "", f"SQLite finds its file damaged ({each}). Put the newest copy from {lib.data / 'backups'} back.")
        for each in db.quick_check(lib.db)
    ]  # fmt: skip
    files = [key for key in lib.originals.keys() if _is_key(key)]  # noqa: SIM118 - a store is no dict
    read_bytes, wrong = _hash_all(lib, files, look)
    if broken:  # what cannot be trusted is neither asked nor written to
        return Report(
            len(files),
            read_bytes,
            [*broken, *(Problem("damaged", key, f"The original {key} {why}.") for key, why in wrong.items())],
        )
    rows = {key for key, _ in catalog.original_keys(lib.db)}
    found = [
        Problem("damaged", key, f"The original {key} of {_photos(lib, key)} {why}.")
        for key, why in wrong.items()
        if lib.originals.has(key)
    ]
    for key in rows - (set(files) - wrong.keys()):
        if not lib.originals.has(key):
            found.append(Problem("missing", key, f"The original {key} of {_photos(lib, key)} is missing."))
    for key in set(files) - rows - wrong.keys():  # a row may have come meanwhile, or be about to
        if catalog.has_original(lib.db, key) or trash.is_going(lib.db, key):
            continue
        if _age(lib, key, clock) > IN_FLIGHT_SECONDS:
            found.append(Problem("orphan", key, f"The original {key} belongs to no photo."))
    known = {problem.key for problem in found}
    found += [
        Problem("unlisted", key, f"The original {key} is in the catalog, but as no photo.")
        for key in sources.unlisted_originals(lib.db)
        if key not in known
    ]
    found.sort(key=lambda problem: problem.key)
    if fix:
        found = [_fixed(lib, problem) for problem in found]
    return Report(len(files), read_bytes, [*broken, *found])


def find_orphans(lib: Library) -> list[str]:
    """The originals that came since the last such look and belong to no photo, as after a power cut between file and row.

    Reads the folders that changed since, and no file. They are harmless: the next look through the libraries finds the same
    photo and lists it, and `verify --fix` lists what is found nowhere else.
    """
    began = time.time()
    since = float(catalog.remembered(lib.db, LOOKED_FOR_ORPHANS) or 0) - CLOCK_MARGIN
    found = [
        key
        for key in lib.originals.keys(since)
        if _is_key(key) and not catalog.has_original(lib.db, key) and not trash.is_going(lib.db, key)
    ]
    with write(lib.db) as database:
        catalog.remember(database, LOOKED_FOR_ORPHANS, str(began))
    if found:
        log.warning("%d originals belong to no photo; the next look through the libraries may list them", len(found))
    return found


def rebuild_variants(lib: Library, only_missing: bool) -> int:
    """Queue the derived sizes of all photos that can be shown, or of those that lack one; return of how many."""
    photos = catalog.shown_photos(lib.db)
    if only_missing:
        photos = [(photo_id, key) for photo_id, key in photos if not _has_variants(lib, key)]
    for start in range(0, len(photos), QUEUED_AT_ONCE):
        with write(lib.db) as database:
            some = [photo_id for photo_id, _ in photos[start : start + QUEUED_AT_ONCE]]
            jobs.enqueue(database, "variants", some, jobs.BACKFILL)
    return len(photos)


def rebuild_vectors(lib: Library, only_missing: bool) -> int:
    """Make the index for searching by meaning again, or only if none is saved; return how many photos it holds."""
    model = vectors.serving_model(lib.db, lib.models)
    if model is None or lib.vectors.note or (only_missing and lib.vectors.is_saved):
        return 0
    return lib.vectors.rebuild(lib.db, model)


def _has_variants(lib: Library, key: str) -> bool:
    folder = variants.folder(lib.variants, key)
    return all((folder / variants.file_name(size, form)).is_file() for size, form in variants.KEPT.items())


# ---------------------------------------------------------------- finding


def _hash_all(lib: Library, keys: Sequence[str], look: Look) -> tuple[int, dict[str, str]]:
    """How many bytes were read, and key -> what is wrong with it."""
    read_bytes, done, wrong = 0, 0, {}
    with ThreadPoolExecutor(lib.config.cores, thread_name_prefix="verify") as pool:
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            for key, (size, why) in zip(some, pool.map(partial(_hash, lib), some), strict=True):
                read_bytes, done = read_bytes + size, done + 1
                if why:
                    wrong[key] = why
                look(done, len(keys), read_bytes)
    return read_bytes, wrong


def _hash(lib: Library, key: str) -> tuple[int, str]:
    """Size in bytes, and what is wrong, as the end of a sentence; empty when nothing is."""
    try:
        with lib.originals.open(key) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            size = file.tell()
    except NotFound:
        return 0, "is not in its folder"
    except OSError as problem:
        return 0, f"cannot be read ({problem.strerror})"
    return size, "" if digest == key else "holds other bytes than it did"


def _photos(lib: Library, key: str) -> str:
    numbers = sorted({photo_id for photo_id, _ in catalog.owners_of(lib.db, key)})
    return f"photo {', '.join(map(str, numbers))}" if numbers else "no photo"


def _age(lib: Library, key: str, clock: Callable[[], float]) -> float:
    try:
        return clock() - lib.originals.path(key).stat().st_ctime
    except (NotFound, OSError):
        return 0.0


def _is_key(name: str) -> bool:
    return len(name) == 64 and set(name) <= set("0123456789abcdef")


# ---------------------------------------------------------------- mending


def _fixed(lib: Library, problem: Problem) -> Problem:
    """The problem with what became of it."""
    done = _adopt(lib, problem.key) if problem.kind in ("orphan", "unlisted") else _fetch_again(lib, problem)
    return replace(problem, sentence=f"{problem.sentence} {done[1]}", is_fixed=done[0])


def _fetch_again(lib: Library, problem: Problem) -> tuple[bool, str]:
    """Take the same bytes from wherever they were met; whether that went well, and a sentence."""
    key = problem.key
    copy = next((opener for opener in _copies(lib, key) if _is_intact(opener, key)), None)
    if copy is None:
        if problem.kind == "damaged" and not catalog.has_original(lib.db, key):
            return True, f"It was moved to {_move_aside(lib, key)}."
        return False, "None of the places it came from holds it any more; look in your backups."
    moved = f" The damaged file is {_move_aside(lib, key)}." if problem.kind == "damaged" else ""
    with copy() as file:
        kind = formats.sniff(file.peek(formats.HEAD)[: formats.HEAD], formats.reach(file))  # type: ignore[attr-defined]
        stored = lib.originals.put(file, kind.extension if kind else "bin")
    if stored.key != key:
        return False, f"The place it came from changed just now.{moved}"
    photos = [photo_id for photo_id, _ in catalog.owners_of(lib.db, key)]
    failed = [photo_id for photo_id, status in catalog.statuses(lib.db, photos).items() if status == "failed"]
    with write(lib.db) as database:
        jobs.enqueue(database, ingest.STEPS[0].name, failed)
    return True, f"It was fetched again from where it came from.{moved}"


def _copies(lib: Library, key: str) -> Iterator[Opener]:
    """Ways to open the places where these bytes were met, which may hold something else by now."""
    for folder, name in sources.sources_of(lib.db, key):
        path = folder + b"/" + name
        yield partial(open_file, path)
        start = -1
        while (start := path.find(b"!/", start + 1)) > 0:  # a folder's name may end so, too
            if os.path.isfile(path[:start]):
                yield partial(_open_member, path[:start], path[start + 2 :].lstrip(b"/"))


@contextmanager
def _open_member(archive: bytes, name: bytes) -> Iterator[BinaryIO]:
    for member in archives.members(Path(os.fsdecode(archive))):
        if os.fsencode(member.name) == name:
            with member.open() as file:
                yield file
            return
    raise NotFound("The archive no longer holds this file.")


def _is_intact(opener: Opener, key: str) -> bool:
    try:
        with opener() as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == key  # type: ignore[arg-type]
    except (OSError, PhotolibError):
        return False


def _move_aside(lib: Library, key: str) -> Path:
    """Move a damaged original out of the store, where it can be looked at; nothing is deleted."""
    damaged = lib.originals.path(key)
    aside = lib.data / "backups" / "damaged"
    aside.mkdir(parents=True, exist_ok=True)
    target = aside / damaged.name
    number = 1
    while target.exists():
        number += 1
        target = aside / f"{damaged.stem}-{number}{damaged.suffix}"
    shutil.move(damaged, target)
    return target


def _adopt(lib: Library, key: str) -> tuple[bool, str]:
    """List an original as a photo of whoever brought it, or else of the first user; whether that went well, and a sentence."""
    path = lib.originals.path(key)
    open_it = partial(open_file, os.fsencode(path))
    met = sources.first_places(lib.db, key)
    if met:
        arrivals = [
            Arrival(place.owner_id, place.folder, place.name, replace(place.state, inode=0), open_it, inner=place.inner)
            for place in met  # without the inode nobody compares our copy's times with those of the place it came from
        ]
    else:
        found = path.stat()
        state = FileState(found.st_size, found.st_mtime_ns, found.st_ino)
        owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
        arrivals = [Arrival(owner_id, os.fsencode(path.parent), os.fsencode(path.name), state, open_it)]
    listed = []
    for arrival in arrivals:
        seen = ingest.arrive(lib, arrival)
        if seen.photo_id is None:
            return False, f"It cannot be listed as a photo: {seen.reason}"
        if seen.inner is None and not os.path.lexists(seen.folder + b"/" + seen.name):
            with write(lib.db) as database:  # arriving says that it is there
                sources.files_are_gone(database, seen.owner_id, seen.folder, [seen.name])
        owner = next(user.name for user in catalog.users(lib.db) if user.id == seen.owner_id)
        listed.append(f"photo {seen.photo_id} of {owner}")
    return True, f"It is now {' and '.join(listed)}."
