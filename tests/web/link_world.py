"""What the tests of share links attack: a library of an owner and of somebody else, albums, and links to them.

Ids are six digits that stand nowhere else, names are words that stand nowhere else: what leaks is found by looking for them.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import piexif
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from werkzeug.test import TestResponse

from photolib import album_edits, albums, catalog
from photolib.accounts import users
from photolib.accounts.sessions import Client
from photolib.config import Config
from photolib.db import write
from photolib.importing import Intake, Wishes
from photolib.library import Library, open_library
from photolib.scan import look
from photolib.sharing import doors, links
from photolib.sharing.links import Link
from photolib.tally import Tally
from photolib.worker import work_until_idle
from tests.conftest import SHARED
from web import shared, shared_contributing
from web.limits import Limit

from .conftest import app_for

NOBODYS = "A" * 43  # a token as they are made, that nobody has
PASSWORD = "sonnenblume-7"
FIRST_ID = 974_000  # of everything that is counted
OWNERS_LOGIN, OWNERS_NAME = "loginofowner", "Anna"
# Words that no visitor may ever read.
KEPT_BACK = (
    OWNERS_LOGIN, "loginofstranger", "folderofowner", "Personofowner", "Tagofowner", "Otheralbum", "Captionofowner", "owner@example.org",
)  # fmt: skip
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130 Safari/537.36"


@dataclass
class World:
    """keys: of the photos in the album "Summer", in its order. others: keys that a link to it must not know of, by why."""

    library: Library
    app: Flask
    owner: int
    stranger: int
    album: int
    photo_ids: list[int]
    keys: list[str]
    others: dict[str, str]
    _hashed: dict[str, str] = field(default_factory=dict)

    def link(self, password: str | None = None, album: int | None = None, **options: Any) -> str:
        """Make a link; returns its token."""
        if password and password not in self._hashed:
            self._hashed[password] = doors.hashed(password)
        with write(self.library.db) as db:
            return links.make(
                db, self.owner, album or self.album, "album", links.key(self.library.data),
                self._hashed[password] if password else None, **links.checked(options),
            )[1]  # fmt: skip

    def of(self, token: str) -> Link:
        return links.find(self.library.db, token)

    def change(self, statement: str, *values: object) -> None:
        with write(self.library.db) as db:
            db.conn.execute(statement, values)

    def visit(self, token: str) -> str:
        """What the cookie of a browser holds that has come through a link's door; nothing is hashed."""
        with write(self.library.db) as db:
            return links.enter(db, links.find(db, token), Client("192.0.2.1", "Firefox"))

    def browser(self, visit: str | None = None, **environ: Any) -> FlaskClient:
        """Somebody at a share link; visit: what their cookie holds, sent along wherever they go."""
        client = self.app.test_client(use_cookies=visit is None)
        client.environ_base.update({"HTTP_USER_AGENT": PERSON, "HTTP_ORIGIN": "http://localhost", **environ})
        if visit is not None and "HTTP_COOKIE" not in environ:
            client.environ_base["HTTP_COOKIE"] = f"{shared.COOKIE}={visit}"
        return client

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The statements that the database is asked meanwhile."""
        asked: list[str] = []
        self.library.db.conn.set_trace_callback(asked.append)
        try:
            yield asked
        finally:
            self.library.db.conn.set_trace_callback(None)


def said(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    """All that an answer says, but for when it was said."""
    return answer.status_code, sorted(each for each in answer.headers if each[0] != "Date"), answer.data


def numbers_in(body: str) -> list[str]:
    """Ids of ours in what somebody was told."""
    return re.findall(r"(?<![0-9a-fA-F])97[45]\d{3}(?!\d)", re.sub(r"\b[0-9a-f]{32,}\b", "", body))


@contextmanager
def world_at(path: Path, real: Sequence[str] = ()) -> Iterator[World]:
    """real: photos of /work/shared that are in the album besides five drawn ones, where they are there."""
    (path / "folderofowner").mkdir(parents=True)
    for number in range(5):
        draw(path / "folderofowner" / f"drawn{number}.jpg", number)
    for number, why in enumerate(("in trash", "taken out", "of another album", "of another owner", "failed"), 10):
        draw(path / why / f"{why}.jpg", number)
    for each in real:
        shutil.copy(SHARED / "photos" / each, path / "folderofowner")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(path))
        # What strangers ask is counted in other tests.
        for module, name in ((shared, "OF_ONE"), (shared, "AT_NOTHING"), (shared_contributing, "ANNOUNCING")):
            patch.setattr(module, name, Limit(1e9, 1 << 40))
        library = open_library(
            Config(data_dir=path / "data", host="127.0.0.1", settle_seconds=0, min_free_mb=0, workers=2), role="worker"
        )
        try:
            yield _fill(library, path)
        finally:
            library.close()


def draw(path: Path, number: int, size: tuple[int, int] = (320, 240)) -> None:
    """A photo that says where it was taken, with what, by whom and of whom."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    ImageDraw.Draw(image).text((5, 5), f"photo {number}", fill=(number * 37 % 256, 80, 200))
    small = path.with_suffix(".small")
    image.resize((160, 120)).save(small, "JPEG")
    tags = {
        "0th": {piexif.ImageIFD.Make: "Canon", piexif.ImageIFD.Model: "EOS R5", piexif.ImageIFD.Artist: "Personofowner"},
        "Exif": {
            piexif.ExifIFD.DateTimeOriginal: f"2024:06:{number + 1:02} 14:03:00", piexif.ExifIFD.BodySerialNumber: "SERIAL-4711",
            piexif.ExifIFD.MakerNote: b"MAKERNOTE-4711",
        },
        "GPS": {1: "N", 2: ((48, 1), (7, 1), (0, 1)), 3: "W", 4: ((1, 1), (41, 1), (0, 1))},
        "1st": {}, "thumbnail": small.read_bytes(),
    }  # fmt: skip
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt><rdf:li xml:lang="x-default">Captionofowner</rdf:li>'
        "</rdf:Alt></dc:description><dc:subject><rdf:Bag><rdf:li>Tagofowner</rdf:li></rdf:Bag></dc:subject>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    image.save(path, exif=piexif.dump(tags), xmp=xmp.encode())
    small.unlink()


def _fill(library: Library, path: Path) -> World:
    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    app = app_for(library)
    with write(library.db) as db:
        for (table,) in db.conn.execute("select name from sqlite_sequence").fetchall():
            db.conn.execute("update sqlite_sequence set seq = ? where name = ?", (FIRST_ID, table))
        for table in (
            "photos",
            "albums",
            "album_numbers",
            "links",
            "parts",
            "people",
            "tags",
            "grants",
            "contributions",
            "folders",
        ):
            if not db.conn.execute("select 1 from sqlite_sequence where name = ?", (table,)).fetchone():
                db.conn.execute("insert into sqlite_sequence (name, seq) values (?, ?)", (table, FIRST_ID))
        db.conn.execute("update users set name = ?, display_name = ? where id = ?", (OWNERS_LOGIN, OWNERS_NAME, owner))
        stranger = users.add(db, "loginofstranger").id
    for folder, of in (("folderofowner", owner), ("in trash", owner), ("taken out", owner), ("of another album", owner),
                       ("failed", owner), ("of another owner", stranger)):  # fmt: skip
        with Intake(library, Wishes(of), Tally()) as intake:
            for found in look(path / folder):
                intake.take_folder(found)
            intake.close()
    work_until_idle(library)
    rows = library.db.conn.execute("select id, key, filename, owner_id from photos order by shown_at, id").fetchall()
    others = {
        name.removesuffix(".jpg"): (photo_id, key)
        for photo_id, key, name, _ in rows
        if " " in name or name == "failed.jpg"
    }
    held = [each for each in rows if (each[0], each[1]) not in others.values()]
    with write(library.db) as db:
        mine = [others[why][0] for why in ("in trash", "taken out", "failed")]
        album = album_edits.make(db, owner, "Summer", photo_ids=[each[0] for each in held] + mine).album_id
        album_edits.make(db, owner, "Otheralbum", photo_ids=[others["of another album"][0], others["taken out"][0]])
        db.conn.execute("delete from album_photos where album_id = ? and photo_id = ?", (album, others["taken out"][0]))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        db.conn.execute("update photos set trashed_at = ? where id = ?", (now, others["in trash"][0]))
        db.conn.execute("update photos set status = 'failed' where id = ?", (others["failed"][0],))
    assert albums.album(library.db, album).photos == len(held)
    return World(
        library, app, owner, stranger, album, [each[0] for each in held], [each[1] for each in held],
        {why: key for why, (_, key) in others.items()},
    )  # fmt: skip


def is_there(*names: str) -> bool:
    """Whether these real photos are; CI always has them."""
    found = all((SHARED / "photos" / each).exists() for each in names)
    assert found or not os.environ.get("CI"), f"{SHARED} is missing"
    return found
