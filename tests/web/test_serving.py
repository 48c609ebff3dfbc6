"""The production server: it ends when told to, refuses politely, and neither crowds nor slow readers take it down."""

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from photolib import catalog
from photolib.catalog import Original
from photolib.config import Config
from photolib.db import write
from photolib.errors import BadInput
from photolib.library import open_library
from web.serving import check_address, raise_file_limit

from .conftest import Server, serving

LONG = 48 << 20  # bytes of the long video: more than all buffers between the server and somebody who does not read


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a long video in it."""
    data = tmp_path_factory.mktemp("served") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(data.parent))
        library = open_library(Config(data_dir=data, min_free_mb=0))
    stored = library.originals.put(io.BytesIO(b"\0\0\0\x18ftypmp42" + bytes(LONG)), "mp4")
    with write(library.db) as db:
        owner = catalog.user_named(db, catalog.OWNER_TO_BE).id
        original = Original(stored.key, "mp4", "mp4", "video/mp4", stored.size)
        catalog.add_photo(db, owner, original, "video", "long.mp4", "2024-06-14T12:00:00.000")
    library.close()
    return data


@pytest.fixture(scope="module")
def server(world: Path) -> Iterator[Server]:
    with serving(world) as running:
        yield running


def video_of(world: Path) -> str:
    [original] = (world / "originals").rglob("*.mp4")
    return f"/media/{original.stem}/original"


def ask(server: Server, path: str) -> socket.socket:
    """Ask, and read no more than the first line of the answer."""
    connection = server.connect()
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {server.cookie}\r\nConnection: close\r\n\r\n".encode()
    )
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_although_somebody_is_watching_a_video(world: Path, kind: int) -> None:
    with serving(world) as server:
        with ask(server, video_of(world)):
            os.killpg(server.process.pid, kind) if kind == signal.SIGINT else server.process.send_signal(kind)
            assert server.process.wait(15) == 0
        with pytest.raises(ConnectionRefusedError):
            server.connect()


def test_no_worker_stays_behind_when_the_program_is_killed(world: Path) -> None:
    with serving(world) as server, server.connect() as connection:
        connection.sendall(
            f"GET /api/v1/progress HTTP/1.1\r\nHost: localhost\r\nCookie: {server.cookie}\r\n\r\n".encode()
        )
        assert connection.recv(12) == b"HTTP/1.1 200"
        server.process.kill()
        while connection.recv(1 << 16):
            pass  # until the worker is gone, and its end of the connection with it


def test_readers_that_do_not_read_keep_nobody_waiting_and_fill_no_memory(server: Server, world: Path) -> None:
    path = video_of(world)
    raise_file_limit()
    assert server.get("/api/v1/photos")
    before = resident_mb(server)
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(ask(server, path))
        assert b"long" not in server.get("/")
        assert server.get("/api/v1/photos")
        assert resident_mb(server) - before < 300  # a thread and a database connection each, and what is on its way


def test_a_long_file_arrives_whole(server: Server, world: Path) -> None:
    assert len(server.get(video_of(world))) == LONG + 12


def test_a_thousand_thumbnails_at_once_all_arrive(gallery) -> None:
    raise_file_limit()
    with serving(gallery.library.data) as server, ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(1000)]
        request = (
            f"GET {gallery.photo['urls']['thumb']} HTTP/1.1\r\nHost: localhost\r\nCookie: {server.cookie}\r\n"
            "Connection: close\r\n\r\n"
        ).encode()
        for connection in connections:
            connection.sendall(request)
        answers = {connection.makefile("rb").read().partition(b"\r\n\r\n")[2] for connection in connections}
        assert len(answers) == 1
        assert answers.pop()[8:12] == b"WEBP"


def test_an_address_in_use_is_said_in_a_sentence(server: Server) -> None:
    with pytest.raises(BadInput, match=f"port {server.port}: another program uses it"):
        check_address("127.0.0.1", server.port)
    with pytest.raises(BadInput, match=r"cannot listen on 192\.0\.2\.1"):
        check_address("192.0.2.1", 8800)


def test_the_process_that_only_starts_the_server_does_not_load_the_app() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, web.serving; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "granian" in seen
    assert not {"flask", "jinja2", "PIL", "web.pages"} & set(seen)


def resident_mb(server: Server) -> int:
    """Memory of the server's processes together, in MB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        text = status.read_text(errors="replace")
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        if fields["PPid"].strip() == str(server.process.pid):
            total += int(fields.get("VmRSS", "0 kB").split()[0]) >> 10
    return total


def test_another_process_that_closes_the_database_takes_it_from_nobody(server: Server, world: Path) -> None:
    """SQLite removes its log when the last one closes. A server that has lost its locks would not count, and lose what it wrote."""
    assert server.get("/api/v1/progress")
    look = f"import sqlite3; db = sqlite3.connect({str(world / 'photolib.db')!r}); db.execute('select * from users').fetchall(); db.close()"
    subprocess.run([sys.executable, "-c", look], check=True)
    assert (world / "photolib.db-shm").exists()
    assert (world / "photolib.db-wal").exists()
