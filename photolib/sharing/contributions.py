"""Contributions: files that visitors of a link send for its album. They wait in quarantine until the album's owner takes them or not.

A contribution is an upload (uploads.py) of the owner's that nothing files by itself. Whoever sends it gets nothing back of it, and
nothing of others'. Its bytes are looked at when they have come: only photos and videos wait.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from photolib import album_rows, albums, drafts, formats, uploads, variants
from photolib.accounts import users
from photolib.accounts.sessions import Client
from photolib.db import write
from photolib.drafts import Readable
from photolib.errors import BadInput, NotFound, Refused
from photolib.library import Library
from photolib.sharing import activity, links
from photolib.sharing.links import Link
from photolib.sharing.resting import FOR_EVER
from photolib.uploads import Announced, Upload, Wishes

# Of one link, not yet decided: a wedding's guests fit in, and a stranger with the link cannot fill a disk.
MOST_WAITING, MOST_BYTES = 1000, 50_000_000_000
LONGEST_VISITOR = 60  # characters
KEPT_REFUSED = 24 * 3600  # seconds, for a refusal to be taken back
RENDER_SECONDS = 20.0


@dataclass(frozen=True)
class Contribution:
    """A file somebody sent through a link, or is sending (sent_at None). Moments are ISO 8601, UTC.

    upload_id: None once its bytes are deleted, or its upload is forgotten. visitor: how they call themselves, maybe empty. decision:
    accepted, refused or None; photo_id: what it became.
    """

    id: int
    link_id: int
    upload_id: str | None
    visitor: str
    filename: str
    size: int
    announced_at: str
    sent_at: str | None
    decision: str | None
    decided_at: str | None
    photo_id: int | None


_NAMES = tuple(Contribution.__dataclass_fields__)
_COLUMNS = ", ".join(f"contributions.{name}" for name in _NAMES)


# ---------------------------------------------------------------- sending


def begin(lib: Library, link: Link, file: Announced, visitor: str = "") -> Contribution:
    """Make room for a file that a visitor will send. Called outside of write().

    Raises Refused when the link does not ask for photos, when too much waits already or the owner has no room, and what announce() does.
    """
    _check(lib.db, link, file.size)
    room = users.room_left(lib.db, users.account(lib.db, link.owner_id))
    try:
        # Not by its hash: whoever could say one would learn whether the owner has that file.
        upload = uploads.announce(
            lib,
            link.owner_id,
            Announced(file.filename, file.size, file.media_type, None, file.modified_ns),
            room,
            is_quarantined=True,
        )
    except Refused as problem:
        raise Refused("There is no room left for this photo. Tell the person who sent you the link.") from problem
    try:
        with write(lib.db) as db:
            return _begun(db, link, upload, visitor)
    except (Refused, NotFound):
        uploads.cancel(lib, upload)
        raise


def _begun(db: Database, link: Link, upload: Upload, visitor: str) -> Contribution:
    _check(db, links.by_id(db, link.id), upload.size)  # others may have announced, and the link have ended, meanwhile
    row = db.conn.execute(
        f"""insert into contributions (link_id, upload_id, visitor, filename, size, announced_at) values (?, ?, ?, ?, ?, ?)
            returning {_COLUMNS.replace("contributions.", "")}""",
        (link.id, upload.id, name_of(visitor), upload.filename, upload.size, _now()),
    ).fetchone()
    return Contribution(*row)


def _check(db: Database, link: Link, size: int) -> None:
    """Raises NotFound when the link has ended, Refused when it takes no photos, or none of this size at the moment."""
    if link.has_ended:
        raise NotFound(links.GONE)
    if link.permission != "contribute":
        raise Refused("This link shows photos and takes none.")
    waiting, waiting_size = db.conn.execute(
        """select count(*), coalesce(sum(size), 0) from contributions
           where link_id = ? and decision is null and upload_id is not null""",
        (link.id,),
    ).fetchone()
    if waiting >= MOST_WAITING or waiting_size + size > MOST_BYTES:
        raise Refused("So much waits here already that no more fits. Tell the person who sent you the link.")


def upload_of(db: Database, link: Link, upload_id: str) -> Upload:
    """What is being sent through this link under this id. Raises NotFound, also once it is complete or decided."""
    row = db.conn.execute(
        "select 1 from contributions where upload_id = ? and link_id = ? and decision is null and sent_at is null",
        (upload_id, link.id),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such upload.")
    return uploads.find(db, upload_id)


def finish(lib: Library, link: Link, upload_id: str, client: Client) -> None:
    """All of it has come: it waits from now on. Called outside of write(); asked again, it does nothing.

    Raises Incomplete, and BadInput for a file that is neither photo nor video, which is gone then.
    """
    here = lib.db.conn.execute(
        "select sent_at is not null from contributions where upload_id = ? and link_id = ?", (upload_id, link.id)
    ).fetchone()
    if here is not None and here[0]:
        return
    upload = upload_of(lib.db, link, upload_id)
    if not upload.is_whole:
        raise uploads.Incomplete(
            f"{upload.received} of the {upload.size} bytes of this upload have come. Send the rest first."
        )
    with uploads.draft_path(lib, upload.id).open("rb") as file:
        head = file.read(formats.HEAD)
        found = formats.sniff(head, formats.reach(file))
    if found is None:
        _drop(lib, upload)
        raise BadInput(
            "%(name)s is no photo or video: it is %(kind)s.", name=upload.filename, kind=formats.describe(head)
        )
    with write(lib.db, durable=True) as db:
        if links.by_id(db, link.id).has_ended:
            raise NotFound(links.GONE)
        db.conn.execute("update uploads set expires_at = ? where id = ?", (FOR_EVER, upload.id))
        db.conn.execute(
            "update contributions set sent_at = ? where upload_id = ? and sent_at is null", (_now(), upload.id)
        )
        links.note_more(db, link.id, "contributed", client, 1)


def receive(lib: Library, link: Link, file: Announced, source: Readable, visitor: str, client: Client) -> None:
    """A whole file at once, as a form brings it. Called outside of write(). Raises what begin(), uploads.receive() and finish() do."""
    begun = begin(lib, link, file, visitor)
    assert begun.upload_id is not None
    uploads.receive(lib, uploads.find(lib.db, begun.upload_id), source, 0)
    finish(lib, link, begun.upload_id, client)


def cancel(lib: Library, link: Link, upload_id: str) -> None:
    """Whoever sends it has thought better of it. Raises NotFound once it is complete."""
    _drop(lib, upload_of(lib.db, link, upload_id))


def name_of(visitor: str) -> str:
    """How a visitor calls themselves, as it is kept: one line, of a length a list can show."""
    words = " ".join(visitor.encode("utf-8", "replace").decode().split())
    return "".join(each for each in words if each.isprintable())[:LONGEST_VISITOR]


# ---------------------------------------------------------------- deciding


@dataclass(frozen=True)
class Waiting:
    """Some contributions that wait, the first to come first, and the id that the next page goes on after; None at the end."""

    contributions: list[Contribution]
    cursor: int | None


def waiting(
    db: Database, owner_id: int, link_id: int | None = None, after: int | None = None, size: int = 100
) -> Waiting:
    """What waits for an owner's decision, of one link or of all."""
    rows = db.conn.execute(
        f"""select {_COLUMNS} from contributions join links on links.id = link_id
            where links.owner_id = ?1 and (?2 is null or link_id = ?2) and decision is null and sent_at is not null
              and contributions.id > ?3 order by contributions.id limit ?4""",
        (owner_id, link_id, after or 0, size + 1),
    ).fetchall()
    found = [Contribution(*row) for row in rows[:size]]
    return Waiting(found, found[-1].id if len(rows) > size else None)


def count(db: Database, owner_id: int, link_id: int | None = None) -> int:
    """How many wait for an owner's decision."""
    return db.conn.execute(
        """select count(*) from contributions join links on links.id = link_id
           where links.owner_id = ?1 and (?2 is null or link_id = ?2) and decision is null and sent_at is not null""",
        (owner_id, link_id),
    ).fetchone()[0]


def counts(db: Database, link_ids: Sequence[int]) -> dict[int, int]:
    """How many wait at each of these links that has any; one question for all of them."""
    rows = db.conn.execute(
        """select link_id, count(*) from contributions where link_id in (select value from json_each(?)) and decision is null
             and sent_at is not null group by link_id""",
        (json.dumps(list(link_ids)),),
    )
    return dict(rows.fetchall())


def sender(db: Database, photo_id: int) -> str | None:
    """How the visitor called themselves who sent this photo through a link, perhaps not at all; None when nobody did."""
    row = db.conn.execute(
        "select visitor from contributions where photo_id = ? and decision = 'accepted' order by id limit 1",
        (photo_id,),
    ).fetchone()
    return row[0] if row else None


def count_for(db: Database, album_id: int) -> int:
    """How many wait to come into an album."""
    return db.conn.execute(
        """select count(*) from contributions join links on links.id = link_id
           where links.album_id = ? and decision is null and sent_at is not null""",
        (album_id,),
    ).fetchone()[0]


def of_owner(db: Database, owner_id: int, contribution_ids: Sequence[int]) -> list[Contribution]:
    """These of an owner's contributions that have come, decided or not, in this order. Raises NotFound when one is not theirs."""
    marks = ", ".join("?" * len(contribution_ids))
    rows = db.conn.execute(
        f"""select {_COLUMNS} from contributions join links on links.id = link_id
            where links.owner_id = ? and sent_at is not null and contributions.id in ({marks})""",
        (owner_id, *contribution_ids),
    )
    found = {row[0]: Contribution(*row) for row in rows.fetchall()}
    if len(found) != len(set(contribution_ids)):
        raise NotFound("There is no such contribution.")
    return [found[each] for each in contribution_ids]


def accept(lib: Library, contribution: Contribution) -> int:
    """Make it a photo of the owner's, in the album of its link; returns the photo's id. Called outside of write(); again, it answers again.

    Raises NotFound for one that was refused and is gone, BadInput for one that cannot be read, and what uploads.file() does.
    """
    if contribution.upload_id is None:
        if contribution.photo_id is None:
            raise NotFound("This photo is not here any more.")
        return contribution.photo_id
    link = links.by_id(lib.db, contribution.link_id)
    is_filled_by_hand = albums.album(lib.db, link.album_id).query is None

    def then(db: Database, photo_id: int, is_new: bool) -> None:
        if is_filled_by_hand and album_rows.put_at_end(db, link.album_id, [photo_id]):
            activity.note(db, link.album_id, None, activity.CONTRIBUTED, 1, contribution.visitor)
        db.conn.execute(
            "update contributions set decision = 'accepted', decided_at = ?, photo_id = ? where id = ?",
            (_now(), photo_id, contribution.id),
        )
        # It is filed like any other upload now, and forgotten like one.
        db.conn.execute(
            "update uploads set is_quarantined = 0, expires_at = ? where id = ?",
            (int(time.time()) + uploads.KEPT_SECONDS, contribution.upload_id),
        )

    filed = uploads.file(lib, uploads.find(lib.db, contribution.upload_id), Wishes(then=then), is_accepted=True)
    if filed.photo_id is None:
        raise BadInput(filed.reason or "It could not be read.")
    return filed.photo_id


def refuse(db: Database, contribution: Contribution) -> None:
    """The owner does not want it. For a day that can be taken back, then its bytes are deleted. Called inside write()."""
    db.conn.execute(
        "update contributions set decision = 'refused', decided_at = ? where id = ? and decision is null",
        (_now(), contribution.id),
    )
    db.conn.execute(
        "update uploads set expires_at = ? where id = ? and is_quarantined = 1 and state = 'open'",
        (int(time.time()) + KEPT_REFUSED, contribution.upload_id),
    )


def take_back(db: Database, contribution: Contribution) -> None:
    """Undo refuse(): it waits again, unless it was accepted meanwhile. Called inside write(). Raises NotFound once it is deleted."""
    if contribution.upload_id is None:
        raise NotFound("This photo is not here any more.")
    uploads.find(db, contribution.upload_id)
    changed = db.conn.execute(
        "update contributions set decision = null, decided_at = null where id = ? and decision = 'refused'",
        (contribution.id,),
    )
    if changed.rowcount:
        db.conn.execute("update uploads set expires_at = ? where id = ?", (FOR_EVER, contribution.upload_id))


def picture(lib: Library, contribution: Contribution, size: str = "medium") -> Path:
    """A derived size of what waits, for its owner alone; made when first asked for. The decoder is the one for every stranger's bytes.

    Raises NotFound when it is not here any more, UnreadablePhoto with a sentence.
    """
    if contribution.upload_id is None:
        raise NotFound("This photo is not here any more.")
    draft = uploads.draft_path(lib, contribution.upload_id)
    folder = uploads.pictures_folder(lib, contribution.upload_id)
    name = variants.file_name(size, variants.KEPT[size])
    if not (folder / name).exists():
        try:
            with draft.open("rb") as file:
                kind = formats.sniff(file.read(formats.HEAD), formats.reach(file))
        except FileNotFoundError as problem:
            raise NotFound("This photo is not here any more.") from problem
        lib.decoders.run(
            "render", RENDER_SECONDS, folder=str(folder), size=size, form=variants.KEPT[size], path=str(draft),
            format=kind.name if kind else "",
        )  # fmt: skip
    return folder / name


def _drop(lib: Library, upload: Upload) -> None:
    uploads.cancel(lib, upload)
    with write(lib.db) as db:
        db.conn.execute("delete from contributions where upload_id = ? and sent_at is null", (upload.id,))
    drafts.drop(uploads.draft_path(lib, upload.id))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
