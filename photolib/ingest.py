"""The way of a photo in: arrive(), then STEPS. This screen is the design; the rooms it names hold the detail.

A step gets some photos, works outside any transaction, and returns what to write. The worker writes that together with "done, next step
please" in one transaction. A step may run twice: the same photo gives the same rows.
"""

import base64
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

from sqlite_utils import Database

from photolib import catalog, edits, formats, jobs, merges, sources, takeout, trash, understanding, variants
from photolib.catalog import Photo
from photolib.db import Write, write
from photolib.errors import BadInput, TryLater, UnreadablePhoto
from photolib.export import returning
from photolib.library import Library
from photolib.metadata import dates, xmp
from photolib.said import Said
from photolib.sources import FileState, Source
from photolib.store import Draft

LIVE_SECONDS = 3.5  # a live photo's video lasts about three seconds
SAME_MOMENT_SECONDS = 4.0  # a phone dates the video by its start, the picture by its shutter
ZONE_STEP_SECONDS = 15 * 60  # all time zones in use differ from UTC by multiples of this


@dataclass(frozen=True)
class Step:
    """A stage for photos. vital: without it the photo cannot be shown, so it counts as failed. patience: how far it stands
    back behind more urgent steps, 0 to 9."""

    name: str
    run: Callable[[Library, list[Photo]], Write]
    batch: int = 1
    vital: bool = False
    patience: int = 0


@dataclass(frozen=True)
class Arrival:
    """A file that has settled in a folder, an archive or an upload, ready to be read once."""

    owner_id: int
    folder: bytes
    name: bytes
    state: FileState
    open: Callable[[], BinaryIO]
    inner: bytes | None = None
    sidecar_ids: Sequence[int] = ()
    albums: Sequence[tuple[str, str]] = ()  # (title, kind)
    tags: Sequence[str] = ()
    draft: Draft | None = None  # an upload, which is on our disk already
    brings_back: bool = True  # also what its owner deleted for good: somebody asks for this very file


def arrive(lib: Library, arrival: Arrival) -> Source:
    """Keep a file, list it as a photo, queue the rest; return what became of it.

    When the outcome is new or duplicate, the bytes are flushed and read back and the rows committed. Raises StorageFailed when our own disk
    is the problem and TryLater when the file is still being written; anything wrong with the file is an outcome with a reason, and so is
    that its owner deleted it for good.
    """
    lib.check_room()
    seen = Source(arrival.folder, arrival.name, arrival.owner_id, arrival.state, "ignored", inner=arrival.inner)
    try:
        with arrival.open() as file:
            head = file.peek(formats.HEAD)[: formats.HEAD]  # type: ignore[attr-defined]
            kind = formats.sniff(head, formats.reach(file))
            if kind is None:
                return _remember(lib, turned_away(seen, head))
            if arrival.draft is not None:
                stored = lib.originals.take_over(arrival.draft, kind.extension)
            else:
                stored = lib.originals.put(file, kind.extension, partial(_refuse_if_changed, file, arrival.state))
    except UnreadablePhoto as problem:  # an archive whose member is damaged
        return _remember(lib, replace(seen, outcome="failed", reason=str(problem)))
    except OSError as problem:
        reason = f"It could not be read: {problem.strerror or problem}."
        return _remember(lib, replace(seen, outcome="unread", reason=reason))
    original = catalog.Original(stored.key, kind.extension, kind.name, kind.media_type, stored.size)
    with write(lib.db, durable=True) as db:
        if not lib.originals.has(stored.key):  # it was here, but only because the trash had not been emptied to the end
            raise TryLater("The same photo was being deleted at that moment.")
        if not arrival.brings_back and trash.stays_away(db, arrival.owner_id, stored.key):
            seen = replace(seen, outcome="deleted", reason=sources.DELETED, key=stored.key)
            sources.saw_source(db, seen)
            trash.let_go(db, stored.key)
            return seen
        photo_id, is_new = catalog.add_photo(
            db, arrival.owner_id, original, kind.kind, sources.shown_name(arrival.name), _local(arrival.state.mtime_ns)
        )
        seen = replace(seen, outcome="new" if is_new else "duplicate", key=stored.key, photo_id=photo_id)
        sources.saw_source(db, seen)
        news = [sources.attach_sidecar(db, photo_id, sidecar_id) for sidecar_id in arrival.sidecar_ids]
        for title, album_kind in arrival.albums:
            catalog.put_in_album(db, arrival.owner_id, photo_id, title, album_kind)
        for tag in arrival.tags:
            catalog.tag(db, arrival.owner_id, photo_id, tag, "person")
        if is_new or any(news):
            jobs.enqueue(db, STEPS[0].name, [photo_id])
    return seen


def read_metadata(lib: Library, photos: list[Photo]) -> Write:
    """When, where, with what, and what the file and its sidecars say about it."""
    facts = {photo.id: _facts(lib, photo) for photo in photos}

    def write_down(db: Database) -> None:
        for photo_id, found in facts.items():
            said = edits.corrections(db, photo_id)
            edits.keep_corrections(
                db, photo_id, {name: fact for name, fact in found["said"].items() if name not in said}
            )
            catalog.describe(db, photo_id, found)

    return write_down


def pair(lib: Library, photos: list[Photo]) -> Write:
    """Two files of one exposure become one photo: live photos, and RAW beside JPEG."""

    def write_down(db: Database) -> None:
        for photo in photos:
            for mate in catalog.file_mates(db, photo.id):
                this = catalog.photo(db, photo.id)  # as it is after the mate before
                if role := _role_beside(mate, this):
                    _join(db, mate, this, role)
                    break
                if role := _role_beside(this, mate):
                    _join(db, this, mate, role)

    return write_down


def _join(db: Database, main: Photo, part: Photo, role: str) -> None:
    """Make one photo of two; read it again where the part brings a sidecar, or a RAW to show in place of a broken JPEG."""
    brings_news = bool(sources.sidecars(db, part.id)) or main.status == "failed"
    merges.carry_decisions(db, part.id, main.id)
    catalog.join_part(db, main.id, part.id, role)
    if brings_news:
        jobs.enqueue(db, STEPS[0].name, [main.id])


def make_variants(lib: Library, photos: list[Photo]) -> Write:
    """The three sizes and the placeholder, from one decode."""
    made = {photo.id: _made(lib, photo) for photo in photos}

    def write_down(db: Database) -> None:
        for photo_id, result in made.items():
            catalog.picture_is_ready(db, photo_id, base64.b64decode(result["placeholder"]), result["notes"])

    return write_down


def _made(lib: Library, photo: Photo) -> dict[str, Any]:
    """The sizes of a photo's shown file; of its RAW where that file cannot be read."""
    shown, *others = photo.parts
    into = str(variants.folder(lib.variants, photo.key))
    try:
        with lib.originals.as_file(shown.key) as path:
            return lib.decoders.run("variants", path=str(path), format=shown.format, folder=into)
    except UnreadablePhoto as problem:
        raw = next((part for part in others if part.role == "raw"), None)
        if raw is None:
            raise
        with lib.originals.as_file(raw.key) as path:
            made = lib.decoders.run("variants", path=str(path), format=raw.format, folder=into)
        return {**made, "notes": [*made["notes"], f"What is shown comes from the RAW file. The other one: {problem}"]}


def _role_beside(main: Photo, other: Photo) -> str | None:
    """What `other` is as a part of `main`, judged by what lies in both; None when they are two photos."""
    roles = {part.role for part in main.parts}
    has_files = any(part.role in ("raw", "video") for part in other.parts)
    is_filed_alike = (main.trashed_at is None, main.is_archived) == (other.trashed_at is None, other.is_archived)
    if formats.FORMATS[main.format].kind != "photo" or has_files or not is_filed_alike:
        return None
    kind = formats.FORMATS[other.format].kind
    if kind == "raw" and "raw" not in roles:
        return "raw" if _seconds_apart(main, other) <= SAME_MOMENT_SECONDS else None
    if kind == "video" and "video" not in roles:
        if main.content_id and other.content_id:
            return "video" if main.content_id == other.content_id else None
        is_short = (other.duration or 99.0) <= LIVE_SECONDS
        return "video" if is_short and _seconds_apart(main, other) <= SAME_MOMENT_SECONDS else None
    return None


def _seconds_apart(one: Photo, other: Photo) -> float:
    """How far apart two photos were taken; where a zone is unknown, as near as any zone would bring them."""
    apart = (datetime.fromisoformat(one.taken_at) - datetime.fromisoformat(other.taken_at)).total_seconds()
    if one.utc_offset is not None and other.utc_offset is not None:
        return abs(apart - 60 * (one.utc_offset - other.utc_offset))
    rest = abs(apart) % ZONE_STEP_SECONDS
    return min(rest, ZONE_STEP_SECONDS - rest)


STEPS = (
    Step("metadata", read_metadata, batch=8, vital=True),
    Step("pair", pair, batch=32),
    Step("variants", make_variants, batch=2, vital=True),
    Step("place", understanding.place, batch=32, patience=1),
    Step("measure", understanding.measure, batch=8, patience=1),
    Step("embed", understanding.embed, batch=16, patience=2),
    Step("stack", understanding.stack, batch=16, patience=2),
    Step("faces", understanding.find_faces, patience=3),
    Step("text", understanding.read_text, batch=4, patience=4),
)


def retry(lib: Library, step: str | None = None) -> tuple[int, int]:
    """Let what failed be tried again; without a step, also files that were turned away. Returns how many photos and files."""
    with write(lib.db) as db:
        photos = set(jobs.retry(db, step))
        forgotten = catalog.failed_and_forgotten(db) if step in (None, STEPS[0].name) else []
        jobs.enqueue(db, STEPS[0].name, forgotten)
        files = sources.retry_failed(db) if step is None else 0
        return len(photos.union(forgotten)), files


def retry_owners(lib: Library, owner_id: int) -> tuple[int, int]:
    """Let what of one owner's failed be tried again from the beginning. Returns how many photos and files."""
    with write(lib.db) as db:
        photos = catalog.failed_photos(db, owner_id)
        jobs.enqueue(db, STEPS[0].name, photos)
        return len(photos), sources.retry_failed(db, owner_id)


def _facts(lib: Library, photo: Photo) -> dict[str, Any]:
    with lib.originals.as_file(photo.key) as path:
        embedded = lib.decoders.run("metadata", path=str(path), format=photo.format)
    beside, notes = [], []
    said: dict[str, Any] = {}  # by people, before the photo was exported and came back
    for sidecar in sources.sidecars(lib.db, photo.id):
        try:
            if sidecar.kind == "photolib":
                said |= returning.said(sidecar.body)
                continue
            read = xmp.read_xmp if sidecar.kind == "xmp" else takeout.read_takeout
            beside.append({"kind": sidecar.kind, **read(sidecar.body)})
        except BadInput as problem:
            notes.append(str(problem))
    name, modified_ns = sources.first_met(lib.db, photo.id) or (photo.filename, 0)
    facts = dates.settle(embedded, beside, name, modified_ns, datetime.now())
    return {**facts, "said": said, "notes": [*facts.get("notes", []), *notes]}


def turned_away(seen: Source, head: bytes) -> Source:
    """What is no photo is ignored; what only calls itself one is a failure somebody wants to hear about."""
    is_named_as_photo = os.path.splitext(seen.name)[1].lower() in formats.ENDINGS
    if not is_named_as_photo:
        return replace(seen, outcome="ignored", reason=Said("It is %(what)s.", what=formats.describe(head)))
    return replace(
        seen,
        outcome="failed",
        reason=Said("It is named like a photo or video but is %(what)s.", what=formats.describe(head)),
    )


def _remember(lib: Library, seen: Source) -> Source:
    with write(lib.db) as db:
        sources.saw_source(db, seen)
    return seen


def _refuse_if_changed(file: BinaryIO, state: FileState, size: int) -> None:
    """A file that grew or was replaced while it was read is left for the next look; nothing of it is kept."""
    try:
        now = os.fstat(file.fileno())
    except (AttributeError, OSError):
        return  # a member of an archive
    if state.inode and (now.st_size, now.st_mtime_ns) != (size, state.mtime_ns):
        raise TryLater("The file changed while it was read.")


def _local(mtime_ns: int) -> str:
    """A file's time as this machine's local wall time, the form taken_at has."""
    try:
        moment = datetime.fromtimestamp(mtime_ns / 1e9, UTC).astimezone()
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    except (OverflowError, OSError, ValueError):
        return "1970-01-01T00:00:00.000"
