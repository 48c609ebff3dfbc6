"""Photos that are said things about, without any of them being decoded."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models.fake import FakeModels
from photolib import catalog, understood
from photolib.catalog import Original
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from photolib.ports import Box, TextLine
from photolib.sources import now
from photolib.understood import PhotoPlace

MODEL = "fake-1"


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


@pytest.fixture
def library(config: Config, models: FakeModels) -> Iterator[Library]:
    lib = open_library(config, role="worker", models=models)
    yield lib
    lib.close()


@pytest.fixture
def owner_id(library: Library) -> int:
    return catalog.user_named(library.db, catalog.OWNER_TO_BE).id


@pytest.fixture
def stranger_id(library: Library) -> int:
    with write(library.db) as db:
        return catalog.add_user(db, "zoe").id


Tell = Callable[..., int]


@pytest.fixture
def tell(library: Library, owner_id: int) -> Tell:
    return teller(library, owner_id)


def teller(library: Library, owner_id: int) -> Tell:
    """Lists a photo and everything said about it; returns its id.

    shows: a sentence that its picture is like. place: country code, country, region, city, and perhaps a position. hot: columns of
    photos; anything else: columns of details.
    """
    told = 0

    def about(
        filename: str = "photo.jpg",
        taken: str = "2020-06-14T12:00:00",
        owner: int = owner_id,
        kind: str = "photo",
        tags: tuple[str, ...] = (),
        labels: tuple[str, ...] = (),
        people: tuple[str, ...] = (),
        albums: tuple[str, ...] = (),
        lines: tuple[str, ...] = (),
        place: tuple[Any, ...] | None = None,
        looks: dict[str, Any] | None = None,
        shows: str | None = None,
        hot: dict[str, Any] | None = None,
        **details: Any,
    ) -> int:
        nonlocal told
        told += 1
        key = hashlib.sha256(f"{told}".encode()).hexdigest()
        with write(library.db) as db:
            original = Original(key, "jpg", "jpeg", "image/jpeg", 1000)
            photo_id, _ = catalog.add_photo(db, owner, original, kind, filename, taken)
            facts = {"taken_at": taken, "taken_at_source": "exif", **(hot or {}), **details}
            catalog.describe(db, photo_id, facts)
            catalog.picture_is_ready(db, photo_id, None)
            for tag in tags:
                catalog.tag(db, owner, photo_id, tag, "person")
            understood.keep_labels(db, photo_id, [(label, 0.9) for label in labels])
            for name in people:
                _on_it(library, owner, photo_id, name)
            for title in albums:
                catalog.put_in_album(db, owner, photo_id, title)
            understood.keep_text(db, photo_id, [TextLine(line, 0.9, Box(0.1, 0.2, 0.3, 0.4)) for line in lines])
            if place:
                where = PhotoPlace(*place[:4], *(place[4:] or (0.0, 0.0)), is_estimate=False)
                understood.keep_place(db, photo_id, where)
            if looks:
                understood.keep_measures(db, photo_id, looks)
            if shows:
                understood.keep_vector(db, photo_id, MODEL, library.models.embed_text(shows, MODEL, 1))
        return photo_id

    return about


def _on_it(library: Library, owner_id: int, photo_id: int, name: str) -> None:
    ask = library.db.conn.execute
    row = ask("select id from people where owner_id = ? and name = ?", (owner_id, name)).fetchone()
    person = row[0] if row else ask(
        "insert into people (owner_id, name, created_at) values (?, ?, ?) returning id", (owner_id, name, now())
    ).fetchone()[0]  # fmt: skip
    ask(
        """insert into faces (photo_id, x, y, w, h, quality, pixels, model, person_id, decided_by)
           values (?, 0.1, 0.1, 0.2, 0.2, 0.9, 100, 'fake-faces', ?, 'person')""",
        (photo_id, person),
    )
