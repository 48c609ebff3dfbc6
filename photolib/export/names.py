"""Which name each photo of an export gets: one stem for all its files, the same each time, and no stem for two photos.

The page and the command name photos here, so that a zip and a folder of the same photos hold the same names.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from photolib import downloads
from photolib.export import facts, layout
from photolib.export.albums import Album
from photolib.export.facts import Exported, File
from photolib.export.layout import Layout

ALBUMS, TRASH = "Albums", "Trash"  # folders at the top
XMP, JSON = ".xmp", ".json"


@dataclass(frozen=True)
class Slot:
    """One place for a photo: what it is known by, and the stem it should have. album: whose folder it lies in, if any."""

    name: str
    stem: str
    album: Album | None = None


def slots(photo: Exported, template: Layout, albums: list[Album], has_folders: bool = True) -> list[Slot]:
    """Where a photo lies: first the file itself, then the further places that should show it too.

    With {album} in the template each of its albums is such a place; without, the folders of albums stand beside the others.
    has_folders: whether albums are folders at all beyond the first place.
    """
    top = f"{TRASH}/" if photo.words["trashed_at"] else ""
    if "album" in template.names:
        places = [(each, layout.place(template, photo.words, each.titles)) for each in albums]
        found = [Slot(f"{template.text}\n{album.path}", top + stem, album) for album, stem in places]
        if not found:
            found = [Slot(template.text, top + layout.place(template, photo.words))]
        return found if has_folders else found[:1]
    stem = layout.place(template, photo.words)
    own = stem.rpartition("/")[2]
    found = [Slot(template.text, top + stem)]
    if has_folders:
        found += [Slot(f"{ALBUMS}\n{each.path}", f"{top}{ALBUMS}/{each.folder}/{own}", each) for each in albums]
    return found


def paths(stem: str, files: list[File]) -> list[str]:
    """The paths of a photo's files under one stem; two parts of one kind are told apart."""
    return [stem + each for each in downloads.unique_endings(facts.ending(file) for file in files)]


class Names:
    """The stems given so far. In a private file of SQLite's own, so that a million of them take no memory."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.db.execute("pragma cache_size = -8000")
        self.db.execute("pragma synchronous = off")
        self.db.execute("create table taken (folded text primary key) without rowid")
        self.db.execute(
            "create table stems (photo text, slot text, stem text, primary key (photo, slot)) without rowid"
        )
        self.db.execute("create table homes (photo text primary key, path text) without rowid")
        self._counts: dict[str, int] = {}

    def remember(self, photo: str, slot: str, stem: str) -> None:
        """A photo, by its key, has this stem already."""
        self.db.execute("insert or replace into stems values (?, ?, ?)", (photo, slot, stem))
        self.db.execute("insert or ignore into taken values (?)", (downloads.same(stem),))

    def known(self, photo: str, slot: str) -> str | None:
        row = self.db.execute("select stem from stems where photo = ? and slot = ?", (photo, slot)).fetchone()
        return row[0] if row else None

    def choose(self, photo: str, slot: Slot, fits: Callable[[str], bool] = lambda stem: True) -> str:
        """The stem of a photo in this place: the one it has, else the first like "IMG_1 (2)" that is free and fits."""
        if stem := self.known(photo, slot.name):
            return stem
        for stem in self._candidates(slot.stem):
            if not self._is_taken(stem) and fits(stem):
                self.remember(photo, slot.name, stem)
                return stem
        raise AssertionError("candidates never end")

    def lies_at(self, photo: str, path: str) -> None:
        """The path of a photo's shown file, for whoever speaks about the photo."""
        self.db.execute("insert or replace into homes values (?, ?)", (photo, path))

    def path_of(self, photo: str) -> str | None:
        row = self.db.execute("select path from homes where photo = ?", (photo,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        self.db.close()

    def _candidates(self, wanted: str) -> Iterator[str]:
        yield wanted
        folded = downloads.same(wanted)
        while True:
            self._counts[folded] = number = self._counts.get(folded, 1) + 1
            yield f"{wanted} ({number})"

    def _is_taken(self, stem: str) -> bool:
        return self.db.execute("select 1 from taken where folded = ?", (downloads.same(stem),)).fetchone() is not None
