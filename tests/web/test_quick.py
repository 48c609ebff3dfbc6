"""What has to stay quick asks the database little, and never for its write lock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from photolib import variants
from photolib.db import BUSY_SECONDS, connect, write
from photolib.library import Library
from tests.web.conftest import ListPhotos


def test_a_thumbnail_costs_two_questions_and_writes_nothing(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    (photo_id,) = list_photos("2024-06-14T12:00:00.000")
    key = client.get(f"/api/v1/photos/{photo_id}").json["key"]
    path = variants.path(library.variants, key, "thumb", "webp")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"RIFF....WEBP")
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="seconds")
    with write(library.db) as db:
        db.conn.execute("update sessions set seen_at = ?", (long_ago,))
    asked: list[str] = []
    library.db.conn.set_trace_callback(asked.append)
    try:
        answer = client.get(f"/media/{key}/thumb", headers={"Accept": "image/webp"})
    finally:
        library.db.conn.set_trace_callback(None)
    assert answer.data == b"RIFF....WEBP"
    assert [sql.split()[0].lower() for sql in asked] == ["select", "select"]


def test_a_page_does_not_wait_while_somebody_else_writes(client: FlaskClient, library: Library) -> None:
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="seconds")
    with write(library.db) as db:
        db.conn.execute("update sessions set seen_at = ?", (long_ago,))
    seen = "select max(seen_at) from sessions"
    other = connect(library.connections.path)
    try:
        other.conn.execute("begin immediate")  # another process, in the middle of a long act
        assert client.get("/albums").status_code == 200
        assert other.conn.execute(seen).fetchone() == (long_ago,)
        other.conn.execute("rollback")
    finally:
        other.close()
    with ThreadPoolExecutor(1) as pool, write(library.db):  # a thread beside the page's
        assert pool.submit(lambda: client.get("/albums").status_code).result(timeout=20) == 200
    assert library.db.conn.execute(seen).fetchone() == (long_ago,)
    client.get("/albums")
    assert library.db.conn.execute(seen).fetchone() > (long_ago,)
    assert library.db.conn.execute("pragma busy_timeout").fetchone() == (BUSY_SECONDS * 1000,)
