"""Slow clients: whoever takes their time keeps nobody else waiting."""

import contextlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from photolib.db import connect
from photolib.library import Library
from web import doorway, events, media, shared, shared_files
from web import serving as production
from web.limits import Turns

from .conftest import client_of, serving
from .test_abuse_accounts import DOORS, browser


class Trickle(io.RawIOBase):
    """The body of somebody who sends nothing more until they are told to."""

    def __init__(self) -> None:
        self.at = 0
        self.is_read, self.may_end = threading.Event(), threading.Event()

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:  # the test client asks how long it is
        self.at = 100 if whence == io.SEEK_END else offset
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, _buffer: Any) -> int:
        self.is_read.set()
        self.may_end.wait(20)
        return 0


@contextlib.contextmanager
def standing(app: Flask, library: Library, path: str, count: int, address: str) -> Iterator[None]:
    """So many slow forms at a door, from one address."""
    bodies, threads = [Trickle() for _ in range(count)], []

    def stand(body: Trickle) -> None:
        said = {"input_stream": body, "content_type": "application/x-www-form-urlencoded"}
        browser(app, address).post(path, **said)
        library.connections.close_here()

    for body in bodies:
        threads.append(threading.Thread(target=stand, args=(body,)))
        threads[-1].start()
        assert body.is_read.wait(20)
    try:
        yield
    finally:
        for body in bodies:
            body.may_end.set()
        for each in threads:
            each.join()


def test_those_who_stand_in_the_door_keep_nobody_else_out(app: Flask, library: Library) -> None:
    with standing(app, library, "/login", doorway.INSIDE.most_of_one, "192.168.1.66"):
        waits = browser(app, "192.168.1.66").post("/login", data={"name": "a", "password": "b"})
        assert (waits.status_code, waits.headers["Retry-After"]) == (503, "2")
        assert browser(app, "192.168.1.7").post("/login/passkey/options", json={}).status_code == 200
        assert client_of(app).get("/").status_code == 200
        assert browser(app, "192.168.1.66").get("/login").status_code == 200
    assert browser(app, "192.168.1.66").post("/login/passkey/options", json={}).status_code == 200
    assert not doorway.INSIDE.taken


def test_a_crowd_at_the_door_holds_few_threads(app: Flask, library: Library) -> None:
    with contextlib.ExitStack() as crowd:
        for number, count in enumerate((doorway.INSIDE.most_of_one, doorway.INSIDE.most - doorway.INSIDE.most_of_one)):
            crowd.enter_context(standing(app, library, "/login", count, f"10.0.{number}.1"))
        assert browser(app, "192.168.1.7").post("/login", data={"name": "a"}).status_code == 503
        assert client_of(app).get("/").status_code == 200
    assert not doorway.INSIDE.taken


def test_every_door_that_is_sent_something_is_known(app: Flask) -> None:
    sent = {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint in DOORS and "POST" in (rule.methods or ())
    }
    # Log-out and what a phone shares read nothing of what a stranger sends, and an upload's address is looked at before its bytes are.
    assert sent - {"door.logout", "uploads_api.send", "uploads_pages.share"} <= doorway.DOORS


@pytest.fixture
def served(library: Library) -> Iterator[Any]:
    library.close()
    with serving(library.data, settle_seconds=0, min_free_mb=0) as server:
        yield server


def test_a_server_goes_on_while_many_send_slowly(served: Any) -> None:
    slow = b"Host: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=x"
    with contextlib.ExitStack() as opened:
        for path in (b"/login", b"/setup", b"/photos/act", b"/api/v1/photos/edit", b"/login/second"):
            for _ in range(60):
                connection = opened.enter_context(served.connect())
                connection.sendall(b"POST " + path + b" HTTP/1.1\r\n" + slow)
        assert served.get("/health")
        assert b"photolib" in served.get("/albums")


def test_strangers_and_pages_that_listen_leave_threads_to_others() -> None:
    strangers = shared_files.ZIPS.most + shared_files.STREAMS.most + shared.LISTENING.most + doorway.INSIDE.most
    assert strangers <= production.THREADS // 2
    assert strangers + events.MOST_STREAMS <= production.THREADS - 16


def test_slow_forms_at_a_link_keep_nobody_else_out(app: Flask, library: Library, client: Any, list_photos: Any) -> None:
    """Whoever may download from a link, and sends the form for it byte by byte, is listened to with few others."""
    wish = {"photo_ids": list_photos("2024-06-01T12:00:00"), "permissions": "contribute"}
    path = client.post("/api/v1/photos/share", json=wish).json["share_url"].partition("localhost")[2]
    most = shared.LISTENING.most_of_one
    for form in (f"{path}/download", f"{path}/contribute"):
        with standing(app, library, form, most, "192.168.1.66"):
            assert browser(app, "192.168.1.66").post(form, data={"size": "web"}).status_code == 503
            assert browser(app, "192.168.1.66").get(path).status_code == 200
            assert client_of(app).get("/").status_code == 200
            with standing(app, library, form, shared.LISTENING.most - most, "192.168.2.66"):
                assert browser(app, "192.168.3.66").post(form, data={"size": "web"}).status_code == 503
        assert shared.LISTENING.taken == 0


def test_visitors_look_and_download_while_the_database_is_locked_and_are_counted_later(
    app: Flask, library: Library, client: Any, draw_photo: Any, import_folder: Any
) -> None:
    path, url, key = _a_link(client, draw_photo, import_folder)
    visitor = browser(app, "192.168.1.66")
    visitor.get(path)
    other = connect(library.data / "photolib.db")
    try:
        other.conn.execute("begin immediate")  # as an import in a process of its own
        assert visitor.get(f"{url}/media/{key}/thumb").status_code == 200
        assert visitor.get(f"{url}/download/{key}").status_code == 200
        assert visitor.post(f"{url}/download", data={"size": "web"}).status_code == 200
        assert _happened(library) == []
        other.conn.execute("rollback")
    finally:
        other.close()
    assert visitor.get(f"{url}/media/{key}/thumb").status_code == 200
    assert _happened(library) == [("downloaded", 1), ("downloaded", 1), ("opened", 0)]


def test_visitors_look_and_download_while_nothing_can_be_written(
    app: Flask, library: Library, client: Any, draw_photo: Any, import_folder: Any
) -> None:
    path, url, key = _a_link(client, draw_photo, import_folder)
    visitor = browser(app, "192.168.1.66")
    for pragma in ("query_only", "max_page_count"):
        before = library.db.conn.execute(f"pragma {pragma}").fetchone()[0]
        library.db.conn.execute(f"pragma {pragma} = 1")  # the second: a disk that is full
        try:
            for _ in range(3):
                assert visitor.get(path).status_code == 200
                assert visitor.get(f"{url}/media/{key}/thumb").status_code == 200
                assert visitor.get(f"{url}/download/{key}").status_code == 200
        finally:
            library.db.conn.execute(f"pragma {pragma} = {before}")
    visitor.get(f"{url}/media/{key}/thumb")
    assert sum(photos for what, photos in _happened(library) if what == "downloaded") == 6


def _a_link(client: Any, draw_photo: Any, import_folder: Any) -> tuple[str, str, str]:
    """The page of a link to one photo, what the addresses below begin with, and the photo's key."""
    import_folder(draw_photo(Path("in") / "one.jpg").parent)
    (photo,) = client.get("/api/v1/photos").json["items"]
    wish = {"photo_ids": [photo["photo_id"]], "permissions": "download"}
    path = client.post("/api/v1/photos/share", json=wish).json["share_url"].partition("localhost")[2]
    return path, "/".join(path.split("/")[:3]), photo["key"]


def _happened(library: Library) -> list[tuple[str, int]]:
    return library.db.conn.execute("select what, photos from link_log order by id").fetchall()


def test_a_very_large_picture_takes_a_turn_as_files_do_and_gives_it_back(
    app: Flask, client: Any, draw_photo: Any, import_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url, key = _a_link(client, draw_photo, import_folder)
    visitor, picture = browser(app, "192.168.1.66"), f"{url}/media/{key}/large"
    size = len(visitor.get(picture).data)
    monkeypatch.setattr(media, "CHUNK", 100)  # what is longer is sent piece by piece
    for most, status in ((size - 1, 503), (size, 200)):
        monkeypatch.setattr(shared_files, "LARGE", most)
        for _ in range(shared_files.STREAMS.most_of_one + 1):
            assert visitor.get(picture).status_code == 200
        assert shared_files.STREAMS.taken == 0
        monkeypatch.setattr(shared_files, "STREAMS", Turns(most=0, most_of_one=0))
        assert visitor.get(picture).status_code == status
        monkeypatch.undo()
        monkeypatch.setattr(media, "CHUNK", 100)
