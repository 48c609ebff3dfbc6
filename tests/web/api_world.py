"""A small library of real photos with people, albums, tags and searches in it, and a token: what programs that use the API meet."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photolib import album_edits, albums, edits, faces, tags
from photolib.accounts import api_tokens, users
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from photolib.ports import Box, FoundFace
from photolib.search import saved

from .conftest import SHARED, sign_in, take_in

PHOTOS = (
    "gps/DSCN0010.jpg", "gps/DSCN0012.jpg", "people/Family1*", "png/*", "webp/*", "live_photo/train.*", "motion_photo/PXL*",
    "video/video.mp4", "tiff/*",
)  # fmt: skip
PEOPLE = np.eye(128, dtype=np.float32) * 0.6


@dataclass(frozen=True)
class World:
    """A data folder, and a token of its admin with all scopes."""

    data: Path
    token: str


def make_world(folder: Path, most: int = 16) -> World:
    """A library of at most so many files, closed again: whoever serves it opens it."""
    (folder / "in").mkdir(parents=True)
    found = [path for pattern in PHOTOS for path in sorted(SHARED.glob(pattern))[:3]]
    for path in found[:most]:
        shutil.copy(path, folder / "in" / path.name)
    library = open_library(Config(data_dir=folder / "data", settle_seconds=0, min_free_mb=0), role="worker")
    try:
        take_in(library, folder / "in")
        return World(folder / "data", fill(library))
    finally:
        library.close()


def fill(library: Library) -> str:
    """Albums, people, tags, a saved search, something in the trash and an edit to undo; returns the token."""
    sign_in(library.db)
    owner = users.first_id(library.db)
    assert owner is not None
    ids = [row[0] for row in library.db.conn.execute("select id from photos where owner_id = ? order by id", (owner,))]
    with write(library.db) as db:
        top = album_edits.make(db, owner, "Holidays", photo_ids=ids[:5])
        album_edits.make(db, owner, "Beach", parent=albums.album(db, top.album_id), photo_ids=ids[2:4])
        album_edits.make(db, owner, "Trains", query="train")
        edits.edit(db, owner, ids[:3], {"add_tags": ["sea", "summer"], "rating": 4})
        edits.edit(db, owner, ids[3:6], {"add_tags": ["family"], "is_favourite": True})
        edits.edit(db, owner, ids[-1:], {"is_trashed": True})
        saved.save(db, owner, "At the sea", "sea")
        for number, photo_id in enumerate(ids[:4]):
            found = [FoundFace(Box(0.1 + 0.4 * at, 0.2, 0.2, 0.3), 0.9, 120, PEOPLE[at + number % 2]) for at in (0, 1)]
            faces.keep_found(db, photo_id, "fake-1", found)
            faces.settle(db, library.face_vectors, photo_id)
        assert tags.tags(db, owner)
        _, text = api_tokens.make(db, users.account(db, owner), "tests", api_tokens.SCOPES, None)
    return text
