"""Strange questions and spoiled files, made up by Hypothesis. In the suite a few, the same each time; `make fuzz` tries others for longer.

test_api_schemathesis.py asks what the API describes; here it is every route that answers to GET, pages and fragments too, and every
file that is sent.
"""

import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from photolib import catalog
from photolib.config import Config
from photolib.library import Library, open_library
from photolib.worker import work_until_idle
from web.uploads_api import PIECE

from .asked_for import getting, names, watch
from .conftest import SHARED, app_for, client_of
from .test_abuse_questions import FILLED, SCOPES, STRANGE, address
from .test_abuse_users import Things, two_people, zoes_browser  # noqa: F401

EXAMPLES = int(os.environ.get("PHOTOLIB_FUZZ_EXAMPLES", "5"))  # make fuzz asks for more
IS_LONG = "PHOTOLIB_FUZZ_EXAMPLES" in os.environ
GENERATED = settings(
    deadline=None, derandomize=not IS_LONG, database=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink) if IS_LONG else (Phase.generate,),
)  # fmt: skip


def check_answer(answer: Any, about: object) -> None:
    """Whatever was asked, it is no bug of ours, and says nothing of how we are made."""
    assert answer.status_code < 500, (about, answer.text[:300])
    if answer.mimetype in ("text/html", "application/json"):
        assert "Traceback" not in answer.text, about
        assert "sqlite3" not in answer.text, about


# ---------------------------------------------------------------- questions


LETTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(LETTERS, max_size=30),
    st.sampled_from((*STRANGE, *FILLED, *SCOPES)),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.datetimes(timezones=st.none() | st.timezones()).map(lambda moment: moment.isoformat()),
    st.builds(
        "{}-{}".format,
        st.sampled_from(("album", "person", "people", "tag", "folder", "tree", "box", "shared", "timeline", "trash")),
        st.lists(st.integers(-5, 2**64), max_size=7).map(lambda each: "-".join(map(str, each))),
    ),
    st.builds("{}:{}".format, st.sampled_from(("person", "album", "near", "before", "iso", "is", "has", "in", "label")), st.text(LETTERS)),
)  # fmt: skip


@st.composite
def queries(draw: st.DrawFn, known: list[str]) -> str:
    """A query string: names that the route looks at, names that nobody does, and now and then bytes that are no text."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(known) if known else st.just("q"), TEXTS), max_size=4))
    pairs += draw(st.lists(st.tuples(st.text(LETTERS, max_size=12), TEXTS), max_size=2))
    said = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
    return said + draw(
        st.sampled_from(("", "", "", "&", "&=&", "&%", "&q=%ff%fe", "&q=%00", "&%ff=1", "&q[]=1", "#x", "&a" * 1500))
    )


def test_no_question_whatever_is_answered_with_a_bug(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    watch(app)
    known: dict[str, list[str]] = {}
    admin, stranger = client_of(app), app.test_client()
    for rule in getting(app):
        if (path := address(rule, two[0])) is not None:
            known[path] = sorted(names(zoe, path, {"q": "dog"}, {"like": str(two[0].photo_id)}))
    assert len(known) > 80

    @settings(GENERATED, max_examples=40 * EXAMPLES)
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(list(known)))
        said = data.draw(queries(known[path]))
        for client in (zoe, admin, stranger):
            check_answer(client.get(f"{path}?{said}"), (path, said))

    ask()
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_no_address_whatever_is_answered_with_a_bug(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The parts of addresses themselves: ids that are none, names of sizes, months, scopes, and what is below them."""
    admin, stranger = client_of(app), app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.arguments and "events" not in rule.endpoint]

    @settings(GENERATED, max_examples=20 * EXAMPLES)
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        rule = data.draw(st.sampled_from(rules))
        path = rule.rule
        for part in rule.arguments:
            value = data.draw(st.one_of(st.integers(-3, 2**70).map(str), TEXTS.map(lambda text: text[:3000])))
            path = (
                path.replace(f"<{part}>", quote(value))
                .replace(f"<int:{part}>", quote(value))
                .replace(f"<path:{part}>", quote(value))
            )
        if "<" in path:
            return
        method = data.draw(st.sampled_from(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND")))
        for client in (zoe, admin, stranger):
            check_answer(client.open(path, method=method), (method, path))

    ask()
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


# ---------------------------------------------------------------- files


def drawn(form: str, **save: Any) -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((96, 64)).convert("RGB").save(made, form, **save)
    return made.getvalue()


def sound() -> dict[str, bytes]:
    """A small file of each format, real ones where the shared photos are here."""
    real = (
        "gps/DSCN0010.jpg", "search/rclip/cautious cat.jpg", "heic/bee.heic", "heic/test.heic", "avif/test.avif", "gif/bee_animated.gif",
        "png/density_plot.png", "tiff/Tless0.tiff", "video/20240128_120909.mp4", "video/video.mp4", "pano/*.jpg", "motion_photo/*.jpg",
    )  # fmt: skip
    found = {path.name: path.read_bytes() for name in real for path in sorted(SHARED.glob(name))[:1]}
    found |= {path.name: path.read_bytes() for path in sorted((SHARED / "bad" / "pillow").glob("*.tif"))[:5]}
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:06:14 14:03:00"
    for form in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000"):
        found[f"drawn.{form.lower()}"] = (
            drawn(form, exif=exif) if form in ("JPEG", "PNG", "WEBP", "TIFF") else drawn(form)
        )
    return {name: body for name, body in found.items() if len(body) < 1_500_000}


DAMAGE = ("flip", "flip", "flip head", "cut", "splice", "head", "double", "zeros", "insert")


@st.composite
def spoiled(draw: st.DrawFn, files: dict[str, bytes]) -> tuple[str, bytes]:
    """A file with some of this done to it: bytes flipped, cut short, pieces of another file in it, or another one's beginning."""
    name = draw(st.sampled_from(sorted(files)))
    body = bytearray(files[name])
    for what in draw(st.lists(st.sampled_from(DAMAGE), max_size=4)):
        size = len(body)
        if size < 4:
            break
        at = draw(st.integers(0, min(size, 400 if what == "flip head" else size) - 1))
        length = draw(st.integers(1, 2000))
        other = files[draw(st.sampled_from(sorted(files)))]
        if what.startswith("flip"):
            for place in draw(st.lists(st.integers(0, 300), min_size=1, max_size=12)):
                body[(at + place) % size] ^= draw(st.integers(1, 255))
        elif what == "cut":
            del body[at:]
        elif what == "splice":
            start = draw(st.integers(0, len(other)))
            body[at : at + length] = other[start : start + length]
        elif what == "head":
            body[: length % 64] = other[: length % 64]
        elif what == "double":
            body[at:at] = body[at : at + length]
        elif what == "zeros":
            body[at : at + length] = bytes(min(length, size - at))
        else:
            body[at:at] = draw(st.binary(min_size=1, max_size=40))
    ending = draw(st.sampled_from(("", ".jpg", ".svg", ".xmp", ".json", ".zip", ".mp4", ".html")))
    return name + ending, bytes(body)


class Sender:
    """Sends files as the browser does and looks after each what became of it."""

    def __init__(self, app: Flask, library: Library) -> None:
        self.client, self.library, self.sent = client_of(app), library, 0

    def send(self, name: str, body: bytes) -> int | None:
        """Announce, send, file; returns the photo's id, None when it was refused with a sentence."""
        self.sent += 1
        told = {"filename": name, "size_bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        announced = self.client.post("/api/v1/photos/upload-url", json=told)
        check_answer(announced, name)
        if announced.status_code != 201:
            assert announced.json["error"]["message"].endswith(".")
            return None
        path = announced.json["upload_url"].removeprefix("http://localhost")
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
        assert self.client.patch(path, data=body, content_type=PIECE, headers=headers).status_code == 204
        filed = self.client.post("/api/v1/photos", json={"upload_id": announced.json["upload_id"]})
        check_answer(filed, name)
        if filed.status_code != 201:
            assert filed.json["error"]["message"].endswith("."), filed.json
            return None
        assert filed.json["outcome"] in ("new", "duplicate", "ignored")
        assert filed.json["outcome"] != "ignored" or filed.json["reason"]
        return filed.json["photo_id"]

    def check(self, photo_id: int) -> None:
        """A photo is shown, or says why not; both on its page, too."""
        found = catalog.photo(self.library.db, photo_id)
        assert found.status in ("ready", "failed"), (found.status, self.jobs())
        assert found.status == "ready" or (found.reason or "").endswith("."), found.reason
        for limit in (
            "seconds of computing",
            "longer than",
            "MB of memory",
        ):  # small files: whoever needs that much hangs or bloats
            assert limit not in (found.reason or ""), found.reason
        for path in (
            f"/photo/{photo_id}",
            f"/api/v1/photos/{photo_id}",
            *(f"/media/{found.key}/{size}" for size in ("thumb", "large")),
        ):
            answer = self.client.get(path, headers={"Accept": "*/*"})
            check_answer(answer, path)
            assert answer.status_code == (200 if found.status == "ready" or "/media/" not in path else 404), path

    def jobs(self) -> list[Any]:
        return self.library.db.conn.execute("select * from jobs").fetchall()


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    world = tmp_path_factory.mktemp("spoiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(world))
        library = open_library(
            Config(data_dir=world / "data", host="127.0.0.1", settle_seconds=0, min_free_mb=0, workers=2), role="worker"
        )
    yield Sender(app_for(library), library)
    library.close()


@pytest.mark.timeout(7200 if IS_LONG else 300)
def test_every_file_that_is_sent_is_shown_or_says_why_not(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    files = sound()
    for name, body in files.items():  # as they are: what is spoiled below was read before
        if (photo_id := sender.send(name, body)) is not None:
            work_until_idle(sender.library)
            sender.check(photo_id)

    @settings(GENERATED, max_examples=EXAMPLES)
    @given(st.lists(spoiled(files), min_size=8, max_size=8))
    def send(some: list[tuple[str, bytes]]) -> None:
        ids = [sender.send(*each) for each in some]
        work_until_idle(sender.library)
        for photo_id in ids:
            if photo_id is not None:
                sender.check(photo_id)
        check_answer(sender.client.get("/"), "the timeline")
        assert sender.client.get("/health").json == {"is_well": True}

    send()
    counted = sender.library.db.conn.execute("select count(*), sum(status = 'ready') from photos").fetchone()
    assert counted[1] > 10
    assert sender.library.db.conn.execute("select count(*) from jobs where state <> 'failed'").fetchone() == (0,)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


FIELDS = ("title", "photoTakenTime", "timestamp", "geoData", "latitude", "people", "name", "description", "url")


def test_metadata_that_somebody_made_up_is_read_to_its_end(sender: Sender) -> None:
    """Sidecars and Takeout's JSON, sent beside a photo."""

    @settings(GENERATED, max_examples=10 * EXAMPLES)
    @given(
        st.one_of(
            st.binary(max_size=300),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                    st.sampled_from(FIELDS) | st.text(),
                    inner, max_size=4,
                ),
            ).map(lambda said: json.dumps(said).encode()),
            st.text(LETTERS, max_size=100).map(lambda text: f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{text}</x:xmpmeta>'.encode()),
        )
    )  # fmt: skip
    def send(body: bytes) -> None:
        for ending in (".json", ".xmp"):
            assert sender.send(f"drawn.jpeg{ending}", body) is None or body[:2] in (b"\xff\xd8", b"GI", b"BM")

    send()


def test_the_files_that_are_spoiled_are_of_many_formats() -> None:
    kinds = {name.rpartition(".")[2].lower() for name in sound()}
    assert kinds >= {"jpeg", "png", "webp", "tiff", "gif", "bmp"}
    if SHARED.is_dir():
        assert kinds >= {"heic", "avif", "mp4", "tif"}
        assert len(sound()) > 20
