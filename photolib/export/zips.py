"""An export as zips: how it is divided, and what lies in each, known before the first byte is sent.

A zip holds the photos from one id to another, in the order they came. Ids only grow, so a photo that arrives between two downloads
moves no other into another zip, and names depend only on photos that came before.
"""

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from sqlite_utils import Database

from photolib import formats, variants
from photolib.downloads import CHUNK, Entry, pieces
from photolib.errors import NotFound, PhotolibError
from photolib.export import albums as album_lists
from photolib.export import facts, sidecars
from photolib.export.albums import Albums
from photolib.export.choice import Choice
from photolib.export.facts import Exported
from photolib.export.layout import Layout
from photolib.export.names import Names, paths, slots
from photolib.library import Library

log = logging.getLogger(__name__)

MOST_PER_GB = 500  # photos; a zip of very many small ones would be one that nobody can unpack in an afternoon
MOST_KNOWN = 2000  # photos of a zip whose length is found out before it is sent: that takes a second or two
SIZES_GB = (2, 4, 10, 50)  # 4 GB is what disks with FAT32 take, 2 GB what old unpackers do
USUAL_GB = 4
WEB_SIZE = "large"
RENDER_SECONDS = 20.0
FOR_WEB = ("photo", "raw")  # kinds of files that have a smaller picture; videos stay as they are


@dataclass(frozen=True)
class Part:
    """One of the zips. first_id, last_id: the photos from which to which; size: bytes of their originals."""

    number: int
    first_id: int
    last_id: int
    photos: int
    size: int


def parts(db: Database, choice: Choice, most_bytes: int) -> list[Part]:
    """Divide a choice into zips of at most so many bytes of originals; a larger file has a zip of its own."""
    found: list[Part] = []
    for photo_id, size in _sizes(db, choice.photo_ids):
        last = found[-1] if found else None
        if last is None or last.photos >= max(1, most_bytes * MOST_PER_GB // 10**9) or last.size + size > most_bytes:
            found.append(Part(len(found) + 1, photo_id, photo_id, 1, size))
        else:
            found[-1] = Part(last.number, last.first_id, photo_id, last.photos + 1, last.size + size)
    return found


class Zip:
    """What lies in one zip. Has a file of its own with the sidecars, until it is closed. Used by one thread at a time."""

    def __init__(
        self, lib: Library, owner_id: int, choice: Choice, template: Layout, first_id: int, last_id: int,
        top: str, has_sidecars: bool = True, is_web_size: bool = False,
    ) -> None:  # fmt: skip
        """top: the folder in which everything lies, so that several zips unpack into one."""
        self._lib, self._owner_id, self._template = lib, owner_id, template
        self._top, self._has_sidecars, self._is_web_size = top, has_sidecars, is_web_size
        self._ids = [each for each in choice.photo_ids if first_id <= each <= last_id]
        self._before = [each for each in choice.photo_ids if each < first_id]
        self._albums = Albums(lib, owner_id, set(choice.albums) if choice.albums is not None else None)
        self._missing: list[str] = []
        self._names = Names()
        self._texts: BinaryIO = tempfile.TemporaryFile(dir=lib.data / "tmp", prefix="export-")  # noqa: SIM115 - until close()

    @property
    def is_empty(self) -> bool:
        return not self._ids

    @property
    def has_known_sizes(self) -> bool:
        """Whether every entry has a size, and it does not take long to know them all."""
        return not self._is_web_size and len(self._ids) <= MOST_KNOWN

    def close(self) -> None:
        self._names.close()
        self._texts.close()

    def entries(self) -> Iterator[Entry]:
        """What lies in it, found out as it is asked for."""
        self._name_those_before()
        for photo in self._photos(self._ids):
            yield from self._of_photo(photo)
        if self._has_sidecars:
            more = (
                f"-{self._ids[0]}" if self._before and self._ids else ""
            )  # all of them stay when zips are unpacked together
            document = self._albums.document(self._names.path_of, has_all=True)
            yield self._text(f"albums{more}.json", (each.encode("utf-8", "replace") for each in document))
            people = album_lists.people_document(self._lib.db, self._owner_id, self._names.path_of)
            yield self._text(f"people{more}.json", [people.encode("utf-8", "replace")])
        if self._missing:
            said = "The originals of these photos are missing from photolib's store. `photolib verify` tells more.\n\n"
            yield self._text("NOT IN HERE.txt", [(said + "\n".join(self._missing) + "\n").encode("utf-8", "replace")])

    def _name_those_before(self) -> None:
        """Names of earlier zips are not given again. Every name holds its day, so only photos of the same days matter."""
        rows = self._lib.db.conn.execute(
            """select id from photos where id in (select value from json_each(?)) and substr(shown_at, 1, 10) in
                 (select substr(shown_at, 1, 10) from photos where id in (select value from json_each(?))) order by id""",
            (json.dumps(self._before), json.dumps(self._ids)),
        ).fetchall()
        for photo in self._photos([row[0] for row in rows]):
            self._stem(photo)

    def _photos(self, ids: Sequence[int]) -> Iterator[Exported]:
        for start in range(0, len(ids), facts.AT_ONCE):
            yield from facts.gather(self._lib.db, ids[start : start + facts.AT_ONCE])

    def _stem(self, photo: Exported) -> str:
        slot = slots(photo, self._template, self._albums.of(photo.albums), has_folders=False)[0]
        return self._names.choose(photo.words["key"], slot)

    def _of_photo(self, photo: Exported) -> Iterator[Entry]:
        stem = self._stem(photo)
        targets, files = paths(stem, photo.files), photo.files
        is_picture = formats.FORMATS[photo.words["format"]].kind in FOR_WEB and photo.words["status"] == "ready"
        if self._is_web_size and is_picture:
            targets, files = [f"{stem}.jpg"], files[:1]
            yield self._in_web_size(photo, targets[0])
        else:
            there = [self._original(file.key, target) for target, file in zip(targets, files, strict=True)]
            yield from (each for each in there if each)
            if there[0] is None:
                return
        self._names.lies_at(photo.words["key"], targets[0])
        if self._has_sidecars:
            spoken = Exported(photo.id, photo.words, list(files), photo.albums)
            for name, body in sidecars.beside(spoken, targets, self._albums.of(photo.albums)):
                yield self._text(name, [body])

    def _original(self, key: str, target: str) -> Entry | None:
        try:
            size = self._lib.originals.size(key)
        except NotFound:
            self._missing.append(target)
            return None
        return Entry(f"{self._top}/{target}", size, partial(pieces, partial(self._lib.originals.open, key)))

    def _in_web_size(self, photo: Exported, target: str) -> Entry:
        key, kind = photo.words["key"], photo.words["format"]
        return Entry(f"{self._top}/{target}", None, partial(_web_size, self._lib, key, kind))

    def _text(self, target: str, pieces: Iterator[bytes] | list[bytes]) -> Entry:
        """A file that is made now, and waits in ours until its turn comes."""
        start = self._texts.seek(0, os.SEEK_END)
        for piece in pieces:
            self._texts.write(piece)
        self._texts.flush()
        size = self._texts.tell() - start
        return Entry(f"{self._top}/{target}", size, partial(self._kept, start, size))

    def _kept(self, start: int, size: int) -> Iterator[bytes]:
        end = start + size
        while start < end:
            piece = os.pread(self._texts.fileno(), min(CHUNK, end - start), start)
            start += len(piece)
            yield piece


def _web_size(lib: Library, key: str, kind: str) -> Iterator[bytes]:
    """The large variant, made when it is not there; the original where that cannot be."""
    path = variants.path(lib.variants, key, WEB_SIZE, "jpeg")
    if not path.exists():
        with suppress(PhotolibError), lib.originals.as_file(key) as original:
            lib.decoders.run(
                "render",
                RENDER_SECONDS,
                folder=str(path.parent),
                size=WEB_SIZE,
                form="jpeg",
                path=str(original),
                format=kind,
            )
    yield from pieces(lambda: path.open("rb") if path.exists() else lib.originals.open(key))


def _sizes(db: Database, photo_ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(photo, bytes of its files), in this order."""
    for start in range(0, len(photo_ids), 10_000):
        yield from db.conn.execute(
            """with chosen as (select value as id from json_each(?)),
                 here as (select photos.id, photos.key from photos where id in (select id from chosen)
                   union all select photo_id, parts.key from parts where photo_id in (select id from chosen) and byte_offset is null)
               select here.id, sum(size) from here join originals on originals.key = here.key group by here.id order by here.id""",
            (json.dumps(list(photo_ids[start : start + 10_000])),),
        ).fetchall()
