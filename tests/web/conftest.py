"""A web app over the test's own library, photos that are there without being decoded, a real server and a real browser."""

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlite_utils import Database
from werkzeug.test import TestResponse

from photolib import catalog
from photolib.accounts import sessions, users
from photolib.catalog import Original
from photolib.config import Config
from photolib.db import connect, write
from photolib.importing import Intake, Wishes
from photolib.library import Library, open_library
from photolib.scan import look
from photolib.tally import Tally
from photolib.worker import work_until_idle
from tests.programs import program
from web import create_app
from web.sessions import COOKIE

from .drift import hold_to_descriptions


class Client(FlaskClient):
    """Reads and closes every answer, as a server does."""

    def open(self, *args: Any, buffered: bool = True, **options: Any) -> TestResponse:
        return super().open(*args, buffered=buffered, **options)


def app_for(library: Library) -> Flask:
    """The app, as if set-up had been done; its test clients are signed in as nobody."""
    app = create_app(library)
    app.test_client_class = Client
    hold_to_descriptions(app)
    app.extensions["photolib.admin_token"] = sign_in(library.db)
    return app


def sign_in(db: Database, user_id: int | None = None) -> str:
    """A session for a user, or for the admin who did the set-up, as it is after a log-in; returns its token. Nothing is hashed."""
    with write(db) as changed:
        first = users.first_id(changed)
        assert first is not None
        changed.conn.execute("update users set password_hash = 'none' where id = ? and password_hash is null", (first,))
        return sessions.start(changed, user_id or first, CLIENT).token


CLIENT = sessions.Client("127.0.0.1", "Chromium on Linux")


def client_of(app: Flask, token: str | None = None) -> FlaskClient:
    """A browser with the session of this token; without one the admin's."""
    client = app.test_client()
    client.set_cookie(COOKIE, token or app.extensions["photolib.admin_token"], httponly=True, samesite="Lax")
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as browsers say it of a page of ours
    return client


@pytest.fixture
def app(library: Library) -> Flask:
    return app_for(library)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Signed in as the admin, whose photos the others are."""
    return client_of(app)


@pytest.fixture
def anonymous(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def second_user(app: Flask, library: Library, stranger_id: int) -> FlaskClient:
    """Signed in as another member, zoe (`stranger_id`), who has no photos of her own yet."""
    return client_of(app, sign_in(library.db, stranger_id))


@pytest.fixture
def owner_id(library: Library) -> int:
    return catalog.user_named(library.db, catalog.OWNER_TO_BE).id


@pytest.fixture
def stranger_id(library: Library) -> int:
    """Another user, whose photos are nobody else's business."""
    with write(library.db) as db:
        return db.conn.execute(
            "insert into users (name, role, created_at) values ('zoe', 'member', '2024-01-01') returning id"
        ).fetchone()[0]


ListPhotos = Callable[..., list[int]]


@pytest.fixture
def list_photos(library: Library, owner_id: int) -> ListPhotos:
    """Lists photos taken at these moments, as if their files had just arrived; returns their ids."""
    listed = 0

    def add(*moments: str, owner: int = owner_id, name: str = "photo.jpg") -> list[int]:
        nonlocal listed
        ids = []
        with write(library.db) as db:
            for moment in moments:
                listed += 1
                key = hashlib.sha256(f"{listed}".encode()).hexdigest()
                original = Original(key, "jpg", "jpeg", "image/jpeg", 1000)
                ids.append(catalog.add_photo(db, owner, original, "photo", name, moment)[0])
        return ids

    return add


# ---------------------------------------------------------------- one library for all tests that only look


def take_in(library: Library, folder: Path) -> None:
    """Import a folder and work the queue until it is empty."""
    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with Intake(library, Wishes(owner), Tally()) as intake:
        for found in look(folder):
            intake.take_folder(found)
        intake.close()
    work_until_idle(library)


def imported(world: Path) -> Library:
    """A library in world/data of what lies in world/in, worked until nothing is left to do. Whoever calls this closes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(world))
        library = open_library(
            Config(data_dir=world / "data", host="127.0.0.1", settle_seconds=0, min_free_mb=0, workers=2), role="worker"
        )
    take_in(library, world / "in")
    return library


def taken_at(moment: str) -> Image.Exif:
    """The EXIF of a picture that was taken then, "2018:07:14 10:00:00"."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = moment
    return exif


@dataclass(frozen=True)
class Gallery:
    """A web app with two photos: a drawn one of 2400 x 1600 pixels, and one whose file is too large to be sent in one piece."""

    library: Library
    app: Flask
    client: FlaskClient
    photo: dict[str, Any]
    noise_url: str
    noise: bytes


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    world = tmp_path_factory.mktemp("gallery")
    (world / "in").mkdir()
    drawn = Image.linear_gradient("L").resize((2400, 1600)).convert("RGB")
    drawn.save(world / "in" / "holiday.jpg", exif=taken_at("2024:06:14 14:03:00"))
    Image.effect_noise((900, 900), 100).save(world / "in" / "noise.png")
    library = imported(world)
    app = app_for(library)
    client = client_of(app)
    items = {item["filename"]: item for item in client.get("/api/v1/photos").json["items"]}
    url = items["noise.png"]["urls"]["original"]
    yield Gallery(library, app, client, items["holiday.jpg"], url, (world / "in" / "noise.png").read_bytes())
    library.close()


# ---------------------------------------------------------------- a real server

SERVE = """
import json, sys
from pathlib import Path
from photolib.config import Config
from web.serving import serve
settings = json.loads(sys.argv[3])
serve(Config(data_dir=Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), **settings), lambda: print("ready", flush=True))
"""


@dataclass(frozen=True)
class Server:
    """The production server in a process of its own, and a session of the admin."""

    process: subprocess.Popen[bytes]
    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def get(self, path: str) -> bytes:
        """The body of an answer to the admin."""
        asked = urllib.request.Request(self.url + path, headers={"Cookie": self.cookie})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.read()

    @property
    def cookie(self) -> str:
        """What the admin's browser sends with each request."""
        return f"{COOKIE}={self.token}"


def admin_token(data: Path) -> str:
    """A session of the admin of a data folder."""
    db = connect(data / "photolib.db")
    try:
        return sign_in(db)
    finally:
        db.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(data: Path, port: int | None = None, is_set_up: bool = True, **settings: Any) -> Iterator[Server]:
    """is_set_up=False: as at the first start, so nobody is signed in. settings: those that are not the defaults."""
    port = port or free_port()
    log = (data / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(data), str(port), json.dumps(settings)],
        stdout=subprocess.PIPE, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", (data / "server.log").read_text()
        yield Server(process, port, admin_token(data) if is_set_up else "")
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.stdout.close()
            log.close()


# ---------------------------------------------------------------- a real browser

SHARED = Path(__file__).resolve().parents[3] / "shared" / "photos"
QUIETLY = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
BUSY_DAY = "2018:07:14"  # a day with more photos than fit on the first page


expect.set_options(timeout=20_000)  # milliseconds: several browsers share two cores with all other tests


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = program("chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(QUIETLY))
        yield running
        running.close()


@dataclass(frozen=True)
class Album:
    """A served library of some sixty real photos and videos and many small drawn ones."""

    server: Server
    data: Path
    folder: Path
    photos: list[dict[str, Any]]  # as the API lists them, newest first

    @property
    def url(self) -> str:
        return self.server.url

    def of_type(self, kind: str) -> dict[str, Any]:
        return next(photo for photo in self.photos if photo["type"] == kind)


@contextlib.contextmanager
def serving_album(world: Path) -> Iterator[Album]:
    """The pictures that lie in world/in, imported and served."""
    imported(world).close()
    with serving(world / "data") as server:
        photos = json.loads(server.get("/api/v1/photos?size=500"))["items"]
        yield Album(server, world / "data", world / "in", photos)


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    world = tmp_path_factory.mktemp("album")
    folder = world / "in"
    folder.mkdir()
    for name in (
        "gps/*",
        "people/[a-m]*",
        "png/*",
        "webp/*",
        "live_photo/train.*",
        "motion_photo/PXL*",
        "video/video.mp4",
        "pano/*",
        "raw/test.*",
    ):
        for path in sorted(SHARED.glob(name)):
            shutil.copy(path, folder / path.name)
    (folder / "cut.jpg").write_bytes((SHARED / "gps" / "DSCN0010.jpg").read_bytes()[:20000])
    for number in range(120):
        taken = BUSY_DAY if number < 90 else f"2017:{number // 10 - 8:02}:{number % 10 + 1:02}"
        exif = taken_at(f"{taken} {number // 60 + 10}:{number % 60:02}:00")
        exif[0x010E] = "<script>alert('description')</script>"
        picture = Image.new("RGB", ((48, 36), (36, 48), (64, 36))[number % 3], (number, 80, 160))
        picture.save(folder / f"<img src=x onerror=alert({number})>.jpg", exif=exif)
    with serving_album(world) as served:
        yield served


SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, album: Album) -> Iterator[OpenPage]:
    """Opens pages of the album, signed in as the admin (is_signed_in=False: as nobody).

    Fails the test when one of them complains, shows a dialog or asks another host for anything.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_it(path: str = "/", size: str = "desktop", is_signed_in: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"service_workers": "block", **SIZES[size], **options})
        if is_signed_in:
            context.add_cookies([{"name": COOKIE, "value": album.server.token, "url": album.url, "httpOnly": True}])
        contexts.append(context)
        context.on("request", lambda asked: asked.url.startswith((album.url, "data:")) or complaints.append(asked.url))
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                and said.text != "Service Worker registration blocked by Playwright"
                and complaints.append(said.text)
            ),
        )
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.set_default_timeout(10_000)
        page.goto(album.url + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
