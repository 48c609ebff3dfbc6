"""Files that are sent: announced, received as a draft (drafts.py), then filed by ingest.arrive() as any other.

Bytes that were acknowledged are safe, so however the machine ends, an upload goes on from there, and filing it is a rename. Names are
labels: a draft is called by its id.
"""

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database

from photolib import catalog, drafts, importing, ingest, jobs, sidecars, sources
from photolib.db import write
from photolib.drafts import Damaged, Readable, Writer
from photolib.errors import BadInput, NotFound, Refused, StorageFailed, TryLater
from photolib.ingest import Arrival
from photolib.library import Library
from photolib.said import Said
from photolib.sidecars import Beside
from photolib.sources import FileState, Source
from photolib.store import CHUNK, Draft

KEPT_SECONDS = 7 * 24 * 3600  # so long an upload may take, with all its pauses
TIDY_SECONDS = 3600
MOST_OPEN = 1000  # uploads of one user that may be under way
LONGEST_NAME = 255  # bytes
NO_ROOM = Said("There is too little room on photolib's disk for this. Free some space and add it again.")


class WrongOffset(BadInput):
    """Bytes were sent for another place than the one that comes next."""


class Incomplete(BadInput):
    """Some bytes are still to come."""


class Gone(NotFound):
    """It was here, and has been cancelled or has expired."""


@dataclass(frozen=True)
class Announced:
    """A file somebody wants to send. modified_ns: when it was last changed, since 1970 UTC; folder: where it lay, for words."""

    filename: str
    size: int
    media_type: str = "application/octet-stream"
    sha256: str | None = None
    modified_ns: int | None = None
    folder: str = ""


@dataclass(frozen=True)
class Upload:
    """An upload as it stands. received: bytes from the start that are here and safe."""

    id: str
    owner_id: int
    filename: str
    folder: str
    media_type: str
    size: int
    sha256: str | None
    modified_ns: int | None
    received: int
    digest: str | None
    state: str
    outcome: str | None
    reason: str | None
    created_at: str
    expires_at: int
    is_quarantined: int = 0

    @property
    def is_whole(self) -> bool:
        return self.received == self.size


@dataclass(frozen=True)
class Wishes:
    """What the sender wants done with the photo. then: is called where it is written down, with its id and whether it is new."""

    tags: Sequence[str] = ()
    then: Callable[[Database, int, bool], None] = lambda db, photo_id, is_new: None


# ---------------------------------------------------------------- announcing


def announce(
    lib: Library, owner_id: int, file: Announced, room: int | None = None, is_quarantined: bool = False
) -> Upload:
    """Make room for a file that will be sent. room: bytes the owner may still add; None for as many as there are. is_quarantined: it
    comes from somebody else, and is filed only when the owner says so.

    Raises BadInput for a file that can never be taken, Refused when the owner has used up their share, StorageFailed when the disk has
    too little room for it.
    """
    largest = lib.config.largest_upload_mb << 20
    if file.size <= 0:
        raise BadInput("This file is empty.")
    if largest and file.size > largest:
        raise BadInput(
            "This file is larger than %(most)s MB, the most that photolib is set to take.",
            most=lib.config.largest_upload_mb,
        )
    if file.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", file.sha256, re.ASCII):
        raise BadInput("sha256 is written as 64 hexadecimal digits.")
    lib.check_room()
    free = shutil.disk_usage(lib.data).free - (lib.config.min_free_mb << 20)
    upload = Upload(
        secrets.token_hex(16), owner_id, label(file.filename), folder_label(file.folder), file.media_type[:100], file.size, file.sha256,
        _valid_ns(file.modified_ns), 0, None, "open", None, None, sources.now(), int(time.time()) + KEPT_SECONDS,
        int(is_quarantined),
    )  # fmt: skip
    tidy(lib)
    is_here = duplicate_of(lib, upload) is not None
    with write(lib.db) as db:
        if not is_here:
            _check_share(db, upload, free, room)
        db.table("uploads").insert(vars(upload))
    return upload


def check_disk(lib: Library, size: int) -> None:
    """Raises StorageFailed when the disk has no room for so many bytes more."""
    lib.check_room()
    if size > shutil.disk_usage(lib.data).free - (lib.config.min_free_mb << 20):
        raise StorageFailed(NO_ROOM)


def _check_share(db: Database, upload: Upload, free: int, room: int | None) -> None:
    opened, own, everybodys = db.conn.execute(
        """select coalesce(sum(owner_id = :owner and is_quarantined = 0), 0),
             coalesce(sum(case when owner_id <> :owner then 0 when is_quarantined = 0 then size - received
               when :is_quarantined then size else 0 end), 0),
             coalesce(sum(size - received), 0) from uploads where state = 'open'""",
        {"owner": upload.owner_id, "is_quarantined": upload.is_quarantined},
    ).fetchone()
    if opened >= MOST_OPEN and not upload.is_quarantined:
        raise Refused("%(most)s uploads are under way already. Finish or cancel some of them first.", most=MOST_OPEN)
    if room is not None and upload.size > room - own:
        raise Refused(
            "There is no room left for this file: your share of the disk is used up. Ask whoever looks after photolib."
        )
    if upload.size > free - everybodys:
        raise StorageFailed(NO_ROOM)


def label(name: str) -> str:
    """A file name as a label: its last part, nothing that moves a cursor, of a length that can be stored."""
    words = _words(name)
    name = words[-1] if words else "file"
    stem, dot, ending = name.rpartition(".")
    if dot and stem and len(ending) <= 10:
        return _cut(stem, LONGEST_NAME - 1 - len(ending.encode())) + "." + ending
    return _cut(name, LONGEST_NAME)


def folder_label(path: str) -> str:
    """The words of a folder's path, joined by slashes: at most eight of them, the last ones."""
    return "/".join(_cut(word, LONGEST_NAME) for word in _words(path)[-8:])


def _words(path: str) -> list[str]:
    text = path.encode("utf-8", "replace").decode()  # JSON may hold halves of characters
    words = re.sub(r"[\x00-\x1f\x7f]", "\ufffd", text).replace("\\", "/").split("/")
    return [word for word in words if word.strip() not in ("", ".", "..")]


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")


def _valid_ns(modified: int | None) -> int | None:
    """A file's time where it can be one: from 1970 to 2262, what 64 bits of nanoseconds hold."""
    return modified if modified is not None and 0 < modified < 2**63 else None


def duplicate_of(lib: Library, upload: Upload) -> int | None:
    """The owner's photo that this will be, by what its sender says of it; None when its bytes have to be sent."""
    key = upload.sha256
    if key is None or not lib.originals.has(key) or lib.originals.size(key) != upload.size:
        return None
    return own_photo(lib.db, upload.owner_id, key)


def photo_of(lib: Library, upload: Upload) -> int | None:
    """The photo that an upload has become; None for a sidecar."""
    return own_photo(lib.db, upload.owner_id, find(lib.db, upload.id).digest or "")


def own_photo(db: Database, owner_id: int, key: str) -> int | None:
    """The owner's photo that has these bytes."""
    return next((photo_id for photo_id, owner in catalog.owners_of(db, key) if owner == owner_id), None)


# ---------------------------------------------------------------- asking


def find(db: Database, upload_id: str) -> Upload:
    """Raises NotFound, or Gone for one that has been cancelled or has expired."""
    row = db.conn.execute(f"select {_COLUMNS} from uploads where id = ?", (upload_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such upload.")
    upload = Upload(*row)
    if upload.state == "gone" or upload.expires_at < time.time():
        raise Gone("This upload has expired or was cancelled. Begin it anew.")
    return upload


_COLUMNS = ", ".join(Upload.__dataclass_fields__)


def secret(db: Database) -> str:
    """What signs the addresses of uploads; made at first need, then kept in the database."""
    known = catalog.remembered(db, "upload secret")
    if known is None:
        with write(db):
            known = catalog.remembered(db, "upload secret") or secrets.token_hex(32)
            catalog.remember(db, "upload secret", known)
    return known


# ---------------------------------------------------------------- receiving


def receive(
    lib: Library,
    upload: Upload,
    source: Readable,
    offset: int,
    check: tuple[str, bytes] | None = None,
    from_start: bool = False,
) -> Upload:
    """Add what source yields at offset, until it ends, early or not; return the upload as it stands then.

    Everything that counts as received is flushed and was read back. check: hashlib algorithm and digest of these bytes, without which
    none is kept. from_start: forget what has come before. Raises WrongOffset, Gone, and what drafts.receive() does.
    """
    _open_still(lib.db, upload.id)
    with _writing(lib, upload.id) as writer:
        now = _open_still(lib.db, upload.id)
        save = partial(_save, lib, upload.id)
        if from_start and now.received:
            save(0, None)
            now = find(lib.db, upload.id)
        if offset != now.received:
            raise WrongOffset(f"The next byte of this upload is number {now.received}, not {offset}.")
        try:
            drafts.receive(writer, source, now.received, now.size, now.digest, save, check)
        except Damaged:
            save(0, None)
            raise
    return find(lib.db, upload.id)


def _open_still(db: Database, upload_id: str) -> Upload:
    upload = find(db, upload_id)
    if upload.state != "open":
        raise Gone("This upload is complete.")
    return upload


def _save(lib: Library, upload_id: str, received: int, digest: str | None, is_durable: bool = False) -> None:
    with write(lib.db, durable=is_durable) as db:
        db.conn.execute("update uploads set received = ?, digest = ? where id = ?", (received, digest, upload_id))


def draft_path(lib: Library, upload_id: str) -> Path:
    return lib.data / "uploads" / upload_id


def pictures_folder(lib: Library, upload_id: str) -> Path:
    """Where derived sizes lie of what is in quarantine, for its owner to decide by."""
    return lib.data / "tmp" / "waiting" / upload_id


def _writing(lib: Library, upload_id: str) -> AbstractContextManager[Writer]:
    return drafts.writing(draft_path(lib, upload_id))


# ---------------------------------------------------------------- filing


@dataclass(frozen=True)
class Filed:
    """What became of an upload. photo_id: None for a sidecar. was_in_trash: the photo was there and has been taken out."""

    outcome: str
    photo_id: int | None
    reason: str | None = None
    was_in_trash: bool = False


def file(lib: Library, upload: Upload, wishes: Wishes | None = None, is_accepted: bool = False) -> Filed:
    """Make a photo of a whole upload, or of one whose bytes the owner has already. Asked again, it answers again.

    is_accepted: the owner has said that what somebody else sent is to be theirs; without it, there is nothing to file.

    The photo's bytes are durable and its rows committed when this returns. Raises Incomplete, Busy, StorageFailed, and BadInput with a
    sentence for a file that is none we take; then the upload is over.
    """
    wishes = wishes or Wishes()
    with _writing(lib, upload.id):
        upload = find(lib.db, upload.id)
        if upload.is_quarantined and not is_accepted:
            raise NotFound("There is no such upload.")
        if upload.state == "done":
            return _as_before(lib, upload, wishes)
        key = upload.digest
        if not upload.is_whole:
            key = upload.sha256
            if duplicate_of(lib, upload) is None:
                raise Incomplete(
                    f"{upload.received} of the {upload.size} bytes of this upload have come. Send the rest first."
                )
        elif upload.sha256 not in (None, key):
            _end(lib, upload, "failed", "It changed while it was sent.")
            raise BadInput("This file did not arrive as it was announced: it changed while it was sent. Add it again.")
        assert key is not None
        filed = _filed(lib, upload, key, wishes)
    if filed.outcome in ("failed", "unread") or (filed.photo_id is None and filed.reason != importing.SIDECAR):
        raise BadInput(filed.reason or "It could not be read.")
    return filed


def _filed(lib: Library, upload: Upload, key: str, wishes: Wishes) -> Filed:
    name = upload.filename.encode()
    state = FileState(upload.size, upload.modified_ns or time.time_ns(), 0)
    seen = _placed(lib.db, upload, Source(b"", name, upload.owner_id, state, "ignored"), key)
    if sidecars.is_named_like_one(name):
        seen = _keep_sidecar(lib, upload, seen)
    else:
        beside = _beside(lib.db, upload.owner_id, seen.folder, name)
        if beside is not None and beside.is_trashed(name):
            seen = _remember(lib, replace(seen, reason=importing.TRASHED))
        else:
            draft = Draft(draft_path(lib, upload.id), key, upload.size)
            arrival = Arrival(
                upload.owner_id, seen.folder, name, state, partial(_open, lib, draft),
                sidecar_ids=beside.ids(name) if beside else (), albums=beside.albums if beside else (), tags=wishes.tags,
                draft=draft,
            )  # fmt: skip
            seen = ingest.arrive(lib, arrival)
    was_in_trash = False
    with write(lib.db, durable=True) as db:
        if seen.photo_id is not None:
            was_in_trash = bool(catalog.take_out_of_trash(db, [seen.photo_id]))
            wishes.then(db, seen.photo_id, seen.outcome == "new")
        db.conn.execute(
            "update uploads set state = 'done', outcome = ?, reason = ?, digest = ? where id = ?",
            (seen.outcome, seen.reason, key, upload.id),
        )
    drafts.drop(draft_path(lib, upload.id))
    return Filed(seen.outcome, seen.photo_id, seen.reason, was_in_trash)


def _as_before(lib: Library, upload: Upload, wishes: Wishes) -> Filed:
    """The answer to somebody who did not get it the first time."""
    drafts.drop(draft_path(lib, upload.id))
    photo_id = own_photo(lib.db, upload.owner_id, upload.digest or "")
    if photo_id is not None:
        with write(lib.db, durable=True) as db:
            wishes.then(db, photo_id, upload.outcome == "new")
    return Filed(upload.outcome or "failed", photo_id, upload.reason)


def _open(lib: Library, draft: Draft) -> BinaryIO:
    """The bytes of an upload: its draft, or the original that it has become or that was there before."""
    try:
        opened = draft.path.open("rb", buffering=CHUNK)
        if os.fstat(opened.fileno()).st_size == draft.size:
            return opened
        opened.close()
    except FileNotFoundError:
        pass
    return lib.originals.open(draft.key)


def _placed(db: Database, upload: Upload, seen: Source, key: str) -> Source:
    """The file in the folder that stands for where it came from: the day, and its own folder's path.

    Phones call many files alike: one whose name is taken by another goes into a folder beside, where its live video follows it.
    """
    day = datetime.fromisoformat(upload.created_at).astimezone().date().isoformat()
    home = sources.UPLOADS + b"/" + "/".join(filter(None, (day, upload.folder))).encode()
    number = 1
    while sources.is_taken(db, seen := replace(seen, folder=home if number == 1 else home + b"/%d" % number), key):
        number += 1
    return seen


def _beside(db: Database, owner_id: int, home: bytes, *names: bytes) -> Beside | None:
    """The sidecars that came for a folder, matched to its photos and to these names; None where there are none."""
    if not sources.has_sidecars(db, owner_id, home):
        return None
    media = [*sources.photos_of(db, owner_id, home), *names]
    return Beside(db, owner_id, home, {os.fsdecode(name): name for name in media})


def _keep_sidecar(lib: Library, upload: Upload, seen: Source) -> Source:
    """Keep a sidecar; the photos that came before it are read again with it."""
    limit = sidecars.limit_of(seen.name)
    if upload.size > limit:
        return _remember(lib, replace(seen, reason=importing.TOO_LARGE))
    body = draft_path(lib, upload.id).read_bytes()
    sidecar = sidecars.of(seen.name, body)
    if sidecar is None:
        return _remember(lib, replace(seen, reason=importing.ABOUT_NO_PHOTO))
    with write(lib.db) as db:
        sources.saw_source(db, replace(seen, reason=importing.SIDECAR))
        sources.keep_sidecar(db, upload.owner_id, seen.folder, seen.name, sidecar)
        here = sources.photos_of(db, upload.owner_id, seen.folder)
        if beside := _beside(db, upload.owner_id, seen.folder):
            news = {
                photo_id
                for name, photo_id in here.items()
                for each in beside.ids(name)
                if sources.attach_sidecar(db, photo_id, each)
            }
            jobs.enqueue(db, ingest.STEPS[0].name, news)
            for photo_id in here.values():
                for title, kind in beside.albums:
                    catalog.put_in_album(db, upload.owner_id, photo_id, title, kind)
    return replace(seen, reason=importing.SIDECAR)


def _remember(lib: Library, seen: Source) -> Source:
    with write(lib.db) as db:
        sources.saw_source(db, seen)
    return seen


# ---------------------------------------------------------------- ending


def cancel(lib: Library, upload: Upload) -> None:
    """The sender has thought better of it, even while bytes still come. What has been filed stays."""
    with drafts.writing(draft_path(lib, upload.id), at_once=True):
        upload = find(lib.db, upload.id)
        if upload.state == "open":
            with write(lib.db) as db:
                db.conn.execute("update uploads set state = 'gone' where id = ?", (upload.id,))
        drafts.drop(draft_path(lib, upload.id))


def tidy(lib: Library, every: int = TIDY_SECONDS) -> int:
    """End what has expired, not oftener than every so many seconds; return how many uploads that were.

    What had come whole, and only nobody asked for it to be filed any more, is filed: somebody wanted it here. Not so what others sent
    that the owner has not seen: it waits as long as its contribution does, and goes with it.
    """
    moment = int(time.time())
    if int(catalog.remembered(lib.db, "uploads tidied") or 0) > moment - every:
        return 0
    rows = lib.db.conn.execute(
        f"""select {_COLUMNS} from uploads where expires_at < ?
            union select {_COLUMNS} from uploads where is_quarantined = 1
              and not exists (select 1 from contributions where upload_id = uploads.id) and expires_at > ? limit 1000""",
        (moment, moment + KEPT_SECONDS),
    ).fetchall()
    ended = 0
    for upload in (Upload(*row) for row in rows):
        with contextlib.suppress(TryLater, StorageFailed), _writing(lib, upload.id):  # the next time may be better
            if upload.state == "open" and upload.is_whole and not upload.is_quarantined:
                _filed(lib, upload, upload.digest or "", Wishes())
            with write(lib.db) as db:
                db.conn.execute("delete from uploads where id = ?", (upload.id,))
            drafts.drop(draft_path(lib, upload.id))
            ended += 1
    _sweep(lib, moment)
    with write(lib.db) as db:
        sources.old_failures_are_gone(
            db, datetime.fromtimestamp(moment - KEPT_SECONDS, UTC).isoformat(timespec="seconds")
        )
        catalog.remember(db, "uploads tidied", str(moment))
    return ended


def _sweep(lib: Library, moment: int) -> None:
    """Remove what lies in uploads/ and belongs to no upload, as after a crash at the wrong moment."""
    for path in (lib.data / "uploads").iterdir():
        with contextlib.suppress(OSError):
            row = lib.db.conn.execute("select 1 from uploads where id = ? and state = 'open'", (path.name,)).fetchone()
            if row is None and path.stat().st_mtime < moment - TIDY_SECONDS:
                path.unlink()
    for folder in (lib.data / "tmp" / "waiting").glob("*"):
        if not draft_path(lib, folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _end(lib: Library, upload: Upload, outcome: str, reason: str) -> None:
    with write(lib.db) as db:
        db.conn.execute(
            "update uploads set state = 'done', outcome = ?, reason = ? where id = ?", (outcome, reason, upload.id)
        )
    drafts.drop(draft_path(lib, upload.id))
