"""The way of a photo in: arrive(), then STEPS. This screen is the design; the rooms it names hold the detail.

A step gets some photos, works outside any transaction, and returns what to write. The worker writes that together with "done, next step
please" in one transaction. A step may run twice: the same photo gives the same rows.
"""

import base64
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from sqlite_utils import Database

from photolib import catalog, dates, formats, jobs, sources, takeout, variants, xmp
from photolib.catalog import Photo
from photolib.db import write
from photolib.errors import BadInput, TryLater, UnreadablePhoto
from photolib.library import Library
from photolib.sources import FileState, Source

LIVE_SECONDS = 3.5  # a live photo's video lasts about three seconds
SAME_MOMENT_SECONDS = 4.0  # a phone dates the video by its start, the picture by its shutter
ZONE_STEP_SECONDS = 15 * 60  # all time zones in use differ from UTC by multiples of this

Write = Callable[[Database], None]


@dataclass(frozen=True)
class Step:
    """A stage for photos. vital: without it the photo cannot be shown, so it counts as failed."""

    name: str
    run: Callable[[Library, list[Photo]], Write]
    batch: int = 1
    vital: bool = False


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


def arrive(lib: Library, arrival: Arrival) -> Source:
    """Keep a file, list it as a photo, queue the rest; return what became of it.

    When the outcome is new or duplicate, the bytes are flushed and read back and the rows committed. Raises StorageFailed when our own disk
    is the problem and TryLater when the file is still being written; anything wrong with the file is an outcome with a reason.
    """
    lib.check_room()
    seen = Source(arrival.folder, arrival.name, arrival.owner_id, arrival.state, "ignored", inner=arrival.inner)
    try:
        with arrival.open() as file:
            head = file.peek(formats.HEAD)[: formats.HEAD]  # type: ignore[attr-defined]
            kind = formats.sniff(head, formats.reach(file))
            if kind is None:
                return _remember(lib, turned_away(seen, head))
            stored = lib.originals.put(file, kind.extension)
            _refuse_if_changed(file, arrival.state, stored.size)
    except UnreadablePhoto as problem:  # an archive whose member is damaged
        return _remember(lib, replace(seen, outcome="failed", reason=str(problem)))
    except OSError as problem:
        reason = f"It could not be read: {problem.strerror or problem}."
        return _remember(lib, replace(seen, outcome="unread", reason=reason))
    original = catalog.Original(stored.key, kind.extension, kind.name, kind.media_type, stored.size)
    with write(lib.db, durable=True) as db:
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
            catalog.describe(db, photo_id, found)

    return write_down


def pair(lib: Library, photos: list[Photo]) -> Write:
    """Two files of one exposure become one photo: live photos, and RAW beside JPEG."""

    def write_down(db: Database) -> None:
        for photo in photos:
            for mate in catalog.file_mates(db, photo.id):
                if role := _role_beside(mate, photo):
                    catalog.join_part(db, mate.id, photo.id, role)
                    break
                if role := _role_beside(photo, mate):
                    catalog.join_part(db, photo.id, mate.id, role)

    return write_down


def make_variants(lib: Library, photos: list[Photo]) -> Write:
    """The three sizes and the placeholder, from one decode."""
    made = {}
    for photo in photos:
        with lib.originals.as_file(photo.key) as path:
            made[photo.id] = lib.decoders.run(
                "variants", path=str(path), format=photo.format, folder=str(variants.folder(lib.variants, photo.key))
            )

    def write_down(db: Database) -> None:
        for photo_id, result in made.items():
            catalog.picture_is_ready(db, photo_id, base64.b64decode(result["placeholder"]), result["notes"])

    return write_down


def _role_beside(main: Photo, other: Photo) -> str | None:
    """What `other` is as a part of `main`, judged by what lies in both; None when they are two photos."""
    if main.type not in ("photo", "motion"):
        return None
    if other.type == "raw":
        return "raw" if _seconds_apart(main, other) <= SAME_MOMENT_SECONDS else None
    if other.type == "video":
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
)


def _facts(lib: Library, photo: Photo) -> dict[str, object]:
    with lib.originals.as_file(photo.key) as path:
        embedded = lib.decoders.run("metadata", path=str(path), format=photo.format)
    beside, notes = [], []
    for sidecar in sources.sidecars(lib.db, photo.id):
        try:
            read = xmp.read_xmp if sidecar.kind == "xmp" else takeout.read_takeout
            beside.append({"kind": sidecar.kind, **read(sidecar.body)})
        except BadInput as problem:
            notes.append(str(problem))
    name, modified_ns = sources.first_met(lib.db, photo.id) or (photo.filename, 0)
    facts = dates.settle(embedded, beside, name, modified_ns, datetime.now())
    return {**facts, "notes": [*facts.get("notes", []), *notes]}


def turned_away(seen: Source, head: bytes) -> Source:
    """What is no photo is ignored; what only calls itself one is a failure somebody wants to hear about."""
    is_named_as_photo = os.path.splitext(seen.name)[1].lower() in formats.ENDINGS
    if not is_named_as_photo:
        return replace(seen, outcome="ignored", reason=f"It is {formats.describe(head)}.")
    return replace(seen, outcome="failed", reason=f"It is named like a photo or video but is {formats.describe(head)}.")


def _remember(lib: Library, seen: Source) -> Source:
    with write(lib.db) as db:
        sources.saw_source(db, seen)
    return seen


def _refuse_if_changed(file: BinaryIO, state: FileState, size: int) -> None:
    """A file that grew or was replaced while it was read is left for the next look. What was kept of it is a harmless orphan."""
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
