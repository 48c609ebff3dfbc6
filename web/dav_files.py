"""The folders and files that /dav/ shows: the lines of an inbox (photolib/inbox.py) as wsgidav asks for them.

What is put here goes the way of all uploads (photolib/sending.py). Taking away, moving and copying change the list, never a photo.
"""

import io
import mimetypes
import re
import shutil
from collections.abc import Iterable
from typing import Any, BinaryIO
from urllib.parse import quote, unquote

from sqlite_utils import Database
from wsgidav.dav_error import HTTP_METHOD_NOT_ALLOWED, HTTP_NOT_FOUND, DAVError
from wsgidav.dav_provider import DAVCollection, DAVNonCollection, DAVProvider
from wsgidav.util import parse_time_string

from photolib import access, catalog, inbox, sending
from photolib.accounts import api_tokens, users
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import BadInput, Refused
from photolib.inbox import Line
from photolib.library import Library
from photolib.uploads import Announced, Wishes

Environ = dict[str, Any]
LARGEST_JUNK = 64 << 20  # bytes of a file that is no photo and that nobody misses


class NotAPhoto(BadInput):
    """What was sent is neither a photo, a video nor about one."""

    dav_status = 415


class NoRoom(Refused):
    """Its owner may not add so much."""

    dav_status = 507


class _Listed:
    """What folders and files have in common."""

    path: str
    environ: Environ
    entry: Line

    @property
    def lib(self) -> Library:
        return self.environ["photolib.library"]

    @property
    def account(self) -> Account:
        return self.environ["photolib.user"]

    def get_ref_url(self) -> str:
        """What locks are kept by: paths of two users are not the same place."""
        return quote(f"{self.provider.share_path}/{self.account.id}{self.get_preferred_path()}")  # type: ignore[attr-defined]

    def get_last_modified(self) -> int:
        return self.entry.modified_at

    def get_creation_date(self) -> int:
        return self.entry.added_at

    def get_display_name(self) -> str:
        return self.entry.name or "photolib"

    def set_last_modified(self, dest_path: str, time_stamp: object, *, dry_run: bool) -> bool:
        moment = parse_time_string(str(time_stamp))
        if moment is not None and not dry_run and self.entry.id:
            with write(self.lib.db) as db:
                inbox.set_modified(db, self.entry, min(max(int(moment), 0), inbox.LATEST))
        return True

    def handle_delete(self) -> bool:
        self.provider.lock_manager.check_write_permission(  # type: ignore[attr-defined]
            url=self.get_ref_url(), depth="infinity", token_list=self.environ["wsgidav.ifLockTokenList"],
            principal=self.account.name,
        )  # fmt: skip
        with write(self.lib.db) as db:
            inbox.remove(db, self.entry)
        self.remove_all_locks(recursive=True)  # type: ignore[attr-defined]
        return True

    def handle_move(self, dest_path: str) -> bool:
        names = self._names(dest_path)
        with write(self.lib.db) as db:
            parent = self._place(db, names)
            inbox.move(db, self.entry, parent, names[-1], len(names))
        self.remove_all_locks(recursive=True)  # type: ignore[attr-defined]
        return True

    def handle_copy(self, dest_path: str, *, depth_infinity: bool) -> bool:
        names = self._names(dest_path)
        with write(self.lib.db) as db:
            inbox.copy(db, self.entry, self._place(db, names), names[-1], len(names), depth_infinity)
        return True

    def _names(self, path: str) -> list[str]:
        names = inbox.words(path)
        if not names:
            raise DAVError(HTTP_METHOD_NOT_ALLOWED, "The inbox itself stays.")
        return names

    def _place(self, db: Database, names: list[str]) -> Line:
        """The folder that something goes into; notes whether something was there under its name."""
        parent = inbox.find(db, self.account.id, names[:-1])
        if parent is None or not parent.is_folder:
            raise DAVError(409, "That folder is not there.")
        self.environ["photolib.told"]["is_new"] = inbox.child(db, parent, names[-1]) is None
        return parent


class Folder(_Listed, DAVCollection):
    def __init__(self, path: str, environ: Environ, entry: Line) -> None:
        super().__init__(path, environ)
        self.entry = entry

    def get_member_names(self) -> list[str]:
        return [each.name for each in inbox.children(self.lib.db, self.entry)]

    def get_etag(self) -> None:
        return None

    def support_etag(self) -> bool:
        return False

    def get_used_bytes(self) -> int:
        """Of its owner's photos altogether (RFC 4331)."""
        return users.usage(self.lib.db, self.account.id).bytes

    def get_available_bytes(self) -> int:
        free = max(0, shutil.disk_usage(self.lib.data).free - (self.lib.config.min_free_mb << 20))
        left = users.room_left(self.lib.db, self.account)
        return free if left is None else min(free, left)

    def create_empty_resource(self, name: str) -> "File":
        """A file about to be written. A lock on something that is not there yet makes an empty file at once (RFC 4918, 7.3)."""
        inbox.check_name(name)
        entry = Line(0, self.account.id, self.entry.id or None, name, False, 0, 0, 0)
        if self.environ["REQUEST_METHOD"] == "LOCK":
            with write(self.lib.db) as db:
                entry = inbox.keep(db, self.entry, name, 0)
        path = self.path.rstrip("/") + "/" + name
        return File(path, self.environ, entry)

    def create_collection(self, name: str) -> None:
        with write(self.lib.db) as db:
            inbox.make_folder(db, self.entry, name)


class File(_Listed, DAVNonCollection):
    def __init__(self, path: str, environ: Environ, entry: Line) -> None:
        super().__init__(path, environ)
        self.entry = entry

    def get_content_length(self) -> int:
        return self.entry.size

    def get_content_type(self) -> str:
        return media_type(self.entry.name)

    def get_etag(self) -> str:
        return etag(self.entry)

    def support_etag(self) -> bool:
        return True

    def support_ranges(self) -> bool:
        return True

    def finalize_headers(self, environ: Environ, response_headers: list[tuple[str, str]]) -> None:
        response_headers.append(("Content-Disposition", "attachment"))

    def get_content(self) -> BinaryIO:
        """What was put here: the original, as long as its owner has it, or the little that is kept of other files."""
        if not self.entry.size:
            return io.BytesIO()
        if self.entry.key is None:
            kept = inbox.body(self.lib.db, self.entry)
            if kept is None:
                raise DAVError(HTTP_NOT_FOUND)
            return io.BytesIO(kept)
        visitor = access.Visitor(self.lib.db, self.account)
        for media in catalog.media(self.lib.db, self.entry.key):
            if media.owner_id == self.account.id and access.may(visitor, "download", media):
                return self.lib.originals.open(self.entry.key)
        raise DAVError(HTTP_NOT_FOUND)

    def begin_write(self, *, content_type: str | None = None) -> "_Receiver":
        return _Receiver(self, content_type or "")

    def received(self, entry: Line) -> None:
        self.entry = entry


class _Receiver:
    """Where wsgidav writes what a client puts: handed on as it comes, a piece at a time."""

    def __init__(self, file: File, content_type: str) -> None:
        self._file = file
        self._type = content_type.partition(";")[0].strip()
        self._environ = file.environ

    def writelines(self, pieces: Iterable[bytes]) -> None:
        source = sending.Counted(_Pieces(pieces))
        length = self._environ.get("CONTENT_LENGTH", "").strip()
        size = int(length) if re.fullmatch(r"\d{1,18}", length, re.ASCII) else None
        name = inbox.finished_name(self._file.entry.name)
        if inbox.is_junk(self._file.entry.name):
            self._keep_junk(source)
            return
        if size is None and "HTTP_TRANSFER_ENCODING" not in self._environ:
            size = 0
        if size is not None:
            self._take(name, source, size, source)
            return
        lib = self._file.lib
        expected = self._environ.get("HTTP_X_EXPECTED_ENTITY_LENGTH", "").strip()  # as Finder says it
        known = int(expected) if re.fullmatch(r"\d{1,18}", expected, re.ASCII) else None
        with sending.spooled(lib, source, users.room_left(lib.db, self._file.account), known) as (spool, came):
            self._take(name, spool, came, source)

    def close(self) -> None:
        pass

    def _take(self, name: str, source: Any, size: int, through: sending.Counted) -> None:
        """Make a photo of it. Zero bytes are a client's way of asking whether it may, and stand in the list alone."""
        if not size:
            self._keep(key=None, size=0)
            return
        lib, account = self._file.lib, self._file.account
        path = inbox.words(self._file.path)
        folder = path[-2] if len(path) > 1 else None
        wants_album = folder is not None and inbox.makes_albums(lib.db, account.id)
        announced = Announced(name, size, self._type, None, self._modified_ns(), "/".join(path[:-1]))

        def then(db: Database, photo_id: int, is_new: bool) -> None:
            if wants_album and folder is not None:
                catalog.put_in_album(db, account.id, photo_id, folder, "folder")
            if is_new:
                api_tokens.count_photo(db, self._environ["photolib.token"])

        try:
            filed, key = sending.take(
                lib, account.id, announced, source, users.room_left(lib.db, account), Wishes(then=then),
                lambda: self._compare(through),
            )  # fmt: skip
        except Refused as problem:
            raise NoRoom(problem.sentence, **problem.values) from problem
        except BadInput as problem:
            if type(problem) is not BadInput:
                raise
            raise NotAPhoto(problem.sentence, **problem.values) from problem
        self._keep(size=size, key=key, checksums=through.checksums, photo_id=filed.photo_id)

    def _compare(self, through: sending.Counted) -> None:
        """With the checksum that ownCloud's clients send along. Raises sending.Torn."""
        kind, _, said = self._environ.get("HTTP_OC_CHECKSUM", "").strip().partition(":")
        ours = dict(each.split(":") for each in through.checksums.split())
        if ours.get(kind.upper(), said.lower()) != said.lower():
            raise sending.Torn("This file did not arrive as it was sent. Send it again.")

    def _keep_junk(self, source: sending.Counted) -> None:
        kept = b""
        while chunk := source.read(inbox.LARGEST_BODY):
            if source.size <= inbox.LARGEST_BODY:
                kept += chunk
            if source.size > LARGEST_JUNK:
                raise NotAPhoto("This is no photo or video.")
        whole = kept if source.size <= inbox.LARGEST_BODY else None
        self._keep(size=source.size, key=None, checksums=source.checksums, body=whole)

    def _keep(self, **said: Any) -> None:
        file, modified = self._file, self._modified_ns()
        lib = file.lib
        with write(lib.db) as db:
            names = inbox.words(file.path)
            parent = inbox.find(db, file.account.id, names[:-1])
            if parent is None or not parent.is_folder:
                raise DAVError(409, "That folder is not there any more.")
            entry = inbox.keep(
                db, parent, names[-1], modified_at=modified // 1_000_000_000 if modified else None, **said
            )
        file.received(entry)

    def _modified_ns(self) -> int | None:
        """When the file was last changed, as programs say it that know ownCloud: whole seconds, or with a fraction."""
        said = self._environ.get("HTTP_X_OC_MTIME", "").strip()
        if not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", said, re.ASCII):
            return None
        return int(said.partition(".")[0]) * 1_000_000_000 or None


class _Pieces:
    """What comes in pieces, as something to read. wsgidav has them of the size that is asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def read(self, _size: int, /) -> bytes:
        return next(self._pieces, b"")


class Inbox(DAVProvider):
    """The inbox of whoever asks."""

    def get_resource_inst(self, path: str, environ: Environ) -> Folder | File | None:
        names = inbox.words(path)
        entry = inbox.find(environ["photolib.library"].db, environ["photolib.user"].id, names)
        if entry is None:
            return None
        return resource(path, environ, entry)

    def ref_url_to_path(self, ref_url: str) -> str:
        """What get_ref_url() made, as a path: without the user's number."""
        return "/" + unquote(ref_url.removeprefix(self.share_path)).lstrip("/").partition("/")[2]

    def custom_request_handler(self, environ: Environ, start_response: Any, default_handler: Any) -> Any:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            found = self.get_resource_inst(environ["PATH_INFO"], environ)
            if isinstance(found, Folder):
                said = b"This is a photolib inbox. Open it with a program that speaks WebDAV.\n"
                start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))])
                return [b"" if environ["REQUEST_METHOD"] == "HEAD" else said]
        return default_handler(environ, start_response)


def resource(path: str, environ: Environ, entry: Line) -> Folder | File:
    environ.setdefault("wsgidav.provider", None)
    return Folder(path or "/", environ, entry) if entry.is_folder else File(path, environ, entry)


def etag(entry: Line) -> str:
    """The same for the same bytes."""
    return entry.key[:40] if entry.key else f"{entry.id}-{entry.size}"


def media_type(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2].lower()) or mimetypes.guess_type(name)[0] or "application/octet-stream"


_TYPES = {
    "heic": "image/heic", "heif": "image/heif", "avif": "image/avif", "webp": "image/webp", "jxl": "image/jxl",
    "dng": "image/x-adobe-dng",
}  # fmt: skip
