"""Photos of a link as photos of one's own: what somebody with an account takes over into their library.

What is taken over is what a download would hand out, cleaned of what the link's owner does not show, so nothing more is known of it
here than of a file that was sent around. The same photo saved by ten people lies in the store once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from photolib import formats, uploads
from photolib.accounts import users
from photolib.accounts.sessions import Client
from photolib.accounts.users import Account
from photolib.catalog import Media
from photolib.cleaning import copies
from photolib.cleaning.pieces import Keep
from photolib.db import write
from photolib.errors import BadInput, NotFound, Refused, UnreadablePhoto
from photolib.library import Library
from photolib.sharing import links, shown
from photolib.sharing.links import Link
from photolib.uploads import Announced


@dataclass(frozen=True)
class Saved:
    """What became of some photos: the ids of those that are new here, how many were here already, how many could not be read."""

    new: list[int]
    known: int
    unread: int


def save(lib: Library, link: Link, who: Account, photo_ids: Sequence[int], client: Client) -> Saved:
    """Take photos over that the link shows at this moment. Called outside of write().

    Raises Refused for a guest and without room, and what uploads.announce() and uploads.file() do of the disk.
    """
    if who.role == "guest":
        raise Refused("A guest can look at photos here, and change nothing.")
    saved = take_over(lib, who, photo_ids, Keep(location=link.show_location, camera=link.show_camera))
    if saved.new:
        with write(lib.db) as db:
            links.note_more(db, link.id, "saved", client, len(saved.new))
    return saved


def take_over(lib: Library, who: Account, photo_ids: Sequence[int], keep: Keep | None) -> Saved:
    """Take over photos that somebody may download, as they are (keep=None), or cleaned of everything but what is kept. Called outside of
    write(). Raises as save() does."""
    if who.role == "guest":
        raise Refused("A guest can look at photos here, and change nothing.")
    new: list[int] = []
    known = unread = 0
    for each in shown.files(lib.db, photo_ids):
        is_main = each.role == "main"
        if is_main and uploads.own_photo(lib.db, who.id, each.key) is not None:
            known += 1
            continue
        try:
            photo_id, is_new = _take_over(lib, who, each, keep)
        except (NotFound, UnreadablePhoto, BadInput):
            unread += is_main
            continue
        if is_main and is_new and photo_id is not None:
            new.append(photo_id)
        elif is_main:
            known += 1
    return Saved(new, known, unread)


def _take_over(lib: Library, who: Account, media: Media, keep: Keep | None) -> tuple[int | None, bool]:
    """One file, as if it had been downloaded and added; the id of the photo that it is, and whether that is new."""
    copy = copies.copy_of(lib, media, keep) if keep is not None else None
    kind = formats.FORMATS.get(media.format)
    stem, extension = media.filename.rpartition(".")[0] or media.filename, kind.extension if kind else ""
    size, media_type = (copy.size, copy.media_type) if copy else (media.size, media.media_type)
    name = f"{stem}.{copy.extension if copy else extension}"
    upload = uploads.announce(lib, who.id, Announced(name, size, media_type), users.room_left(lib.db, who))
    try:
        with copy.open() if copy else lib.originals.open(media.key) as source:
            uploads.receive(lib, upload, source, 0)
        filed = uploads.file(lib, uploads.find(lib.db, upload.id))
    except BaseException:
        uploads.cancel(lib, upload)
        raise
    return filed.photo_id, filed.outcome == "new" or filed.was_in_trash
