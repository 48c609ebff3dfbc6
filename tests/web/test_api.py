"""/api/v1: its shapes, its pages, and that it is asked cheaply."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib import catalog
from photolib.db import write
from photolib.library import Library

from .conftest import client_of

ListPhotos = Callable[..., list[int]]


def pages(client: FlaskClient, path: str) -> Iterator[list[dict[str, object]]]:
    """Every page of a list, following its cursor."""
    cursor = ""
    while cursor is not None:
        answer = client.get(path + cursor).json
        yield answer["items"]
        cursor = answer["next"] and f"&cursor={answer['next']}"


def walk(client: FlaskClient, size: int) -> list[int]:
    return [item["photo_id"] for page in pages(client, f"/api/v1/photos?size={size}") for item in page]


@contextmanager
def questions(library: Library) -> Iterator[list[str]]:
    """The SQL that is asked meanwhile, but for the question of every request: whose session it is."""
    asked: list[str] = []
    library.db.conn.set_trace_callback(lambda sql: None if sql.startswith("select sessions.") else asked.append(sql))
    yield asked
    library.db.conn.set_trace_callback(None)


# ---------------------------------------------------------------- shapes


def test_one_photo_answers_with_everything(client: FlaskClient, draw_photo, import_folder) -> None:
    path = draw_photo("in/beach.jpg", size=(1200, 800), taken="2024:06:14 14:03:00", make="Canon")
    import_folder(path.parent)
    [item] = client.get("/api/v1/photos").json["items"]
    photo = client.get(f"/api/v1/photos/{item['photo_id']}").json
    assert item.items() <= {**photo, **item}.items()
    assert set(photo) >= {
        "photo_id", "key", "type", "status", "filename", "title", "description", "taken_at", "utc_offset", "taken_at_source",
        "latitude", "longitude", "altitude", "place", "width", "height", "duration", "orientation", "camera", "rating",
        "is_favourite", "is_archived", "tags", "labels", "people", "albums", "parts", "placeholder", "urls",
    }  # fmt: skip
    assert set(photo["camera"]) == {"make", "model", "lens", "focal_length", "aperture", "shutter", "iso"}
    assert set(photo["urls"]) == {"thumb", "medium", "large", "original"}
    assert (photo["taken_at"], photo["taken_at_source"]) == ("2024-06-14T14:03:00.000", "exif")
    assert (photo["width"], photo["height"], photo["status"], photo["type"]) == (1200, 800, "ready", "photo")
    assert photo["camera"]["make"] == "Canon"
    assert photo["placeholder"].startswith("data:image/webp;base64,")
    assert photo["paths"] == [str(path)]
    for part in photo["parts"]:
        assert client.get(part["url"]).data == path.read_bytes()


def test_people_are_named_with_their_faces_where_these_are_known(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    [photo_id] = list_photos("2024-06-14T14:03:00.000")
    regions = [{"name": "Ann", "type": "face", "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}, {"name": "", "type": "face"}]
    facts = {
        "taken_at": "2024-06-14T14:03:00.000",
        "taken_at_source": "exif",
        "people": ["Ann", "Ben"],
        "regions": regions,
    }
    with write(library.db) as db:
        catalog.describe(db, photo_id, facts)
    assert client.get(f"/api/v1/photos/{photo_id}").json["people"] == [
        {"person_id": None, "name": "Ann", "box": {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}},
        {"person_id": None, "name": "Ben", "box": None},
    ]


def test_status_counts_and_gives_the_reason_of_each_failure(client: FlaskClient, tmp_path: Path, import_folder) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "page.jpg").write_text("<html>")
    import_folder(tmp_path / "in")
    status = client.get("/api/v1/status").json
    [failure] = status["failures"]
    assert failure["path"].endswith("in/page.jpg")
    assert "web page" in failure["reason"]
    assert {"counts", "queue", "libraries", "free_bytes"} <= set(status)


def test_progress_says_what_is_left_and_what_came(
    client: FlaskClient, list_photos: ListPhotos, draw_photo, import_folder
) -> None:
    [first] = list_photos("2024-06-14T14:03:00.000")
    import_folder(draw_photo("in/a.jpg").parent)
    progress = client.get(f"/api/v1/progress?since={first}").json
    assert (progress["new"], progress["said_new"], progress["left"]) == (1, "1 new photo", 0)


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_paging_to_the_end_meets_every_photo_once(client: FlaskClient, list_photos: ListPhotos, size: int) -> None:
    same_second = ["2024-06-14T14:03:00.000"] * 9
    ids = list_photos("2024-06-15T08:00:00.000", *same_second, "1999-12-31T23:59:59.999", "2031-01-01T00:00:00.000")
    met = walk(client, size)
    assert sorted(met) == sorted(ids)
    assert met[0] == ids[-1]
    assert met[-1] == ids[-2]


def test_a_photo_that_comes_while_somebody_pages_makes_no_gap_and_no_repeat(
    client: FlaskClient, list_photos: ListPhotos
) -> None:
    before = list_photos(*(f"2024-06-{day:02}T12:00:00.000" for day in range(1, 21)))
    met = []
    for page in pages(client, "/api/v1/photos?size=4"):
        met += [item["photo_id"] for item in page]
        list_photos("2024-06-30T12:00:00.000")
    assert met == before[::-1]


def test_buckets_hold_exactly_the_photos_of_the_timeline(client: FlaskClient, list_photos: ListPhotos) -> None:
    ids = list_photos(*(f"20{year}-{month:02}-03T12:00:00.000" for year in (19, 24) for month in (1, 1, 6, 12)))
    months = client.get("/api/v1/timeline/buckets").json["items"]
    assert [(each["month"], each["count"]) for each in months] == [
        ("2024-12", 1), ("2024-06", 1), ("2024-01", 2), ("2019-12", 1), ("2019-06", 1), ("2019-01", 2),
    ]  # fmt: skip
    answers = [client.get(f"/api/v1/timeline/buckets/{each['month']}").json for each in months]
    assert [photo for each in answers for photo in each["photo_id"]] == walk(client, 100)
    assert sorted(ids) == sorted(walk(client, 100))
    for each in answers:
        columns = {name: column for name, column in each.items() if isinstance(column, list) and name != "days"}
        assert {len(column) for column in columns.values()} == {each["count"]}


def test_the_photos_of_an_album_can_be_asked_for(
    client: FlaskClient, library: Library, list_photos: ListPhotos, owner_id: int, stranger_id: int
) -> None:
    first, second, _ = list_photos("2024-06-01T12:00:00.000", "2024-06-02T12:00:00.000", "2024-06-03T12:00:00.000")
    with write(library.db) as db:
        for photo_id in (first, second):
            album = catalog.put_in_album(db, owner_id, photo_id, "Rennes")
        theirs = db.conn.execute(
            "insert into albums (owner_id, title, kind, created_at) values (?, 'X', 'manual', '') returning id",
            (stranger_id,),
        ).fetchone()[0]
    in_album = [each["photo_id"] for each in client.get(f"/api/v1/photos?album_id={album}").json["items"]]
    assert in_album == [first, second]  # an album is told from its beginning
    assert client.get(f"/api/v1/photos?album_id={theirs}").status_code == 404
    assert client.get("/api/v1/photos?album_id=999").status_code == 404


# ---------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/api/v1/photos/999", 404, "not_found"),
        ("/api/v1/photos/99999999999999999999999", 404, "not_found"),
        ("/api/v1/photos?cursor=x", 400, "bad_input"),
        ("/api/v1/photos?size=many", 400, "bad_input"),
        ("/api/v1/photos?size=-1", 400, "bad_input"),
        ("/api/v1/photos?size=99999999999999999999", 400, "bad_input"),
        ("/api/v1/photos?album_id=0x1", 400, "bad_input"),
        ("/api/v1/progress?since=''", 400, "bad_input"),
        ("/api/v1/timeline/buckets/June", 400, "bad_input"),
        ("/api/v1/nothing", 404, "not_found"),
    ],
)
def test_problems_are_a_kind_and_a_sentence(client: FlaskClient, path: str, status: int, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json["error"]["kind"] == kind
    assert answer.json["error"]["message"].endswith(".")


def test_a_method_that_is_not_offered_is_refused_in_json(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/photos")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.json["error"]["kind"] == "method_not_allowed"


def test_a_bug_is_named_as_one_without_a_traceback(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.add_url_rule("/api/v1/broken", "broken", view_func=lambda: {"secret": 1 / 0})
    answer = client_of(app).get("/api/v1/broken?token=hush")
    assert answer.status_code == 500
    assert answer.json["error"]["kind"] == "bug"
    assert "ZeroDivision" not in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivision" in caplog.text
    assert "hush" not in caplog.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: __import__("base64").urlsafe_b64encode(raw).decode())
)
def test_any_text_as_a_cursor_gets_an_answer(client: FlaskClient, cursor: str) -> None:
    for path in ("/api/v1/photos", "/"):
        assert client.get(path, query_string={"cursor": cursor, "before": cursor}).status_code in (200, 400)
        assert client.get(path, query_string={"after": cursor}).status_code in (200, 400)


# ---------------------------------------------------------------- cost


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/", 10),
        ("/api/v1/photos?size=500", 1),
        ("/api/v1/timeline/buckets", 1),
        ("/api/v1/timeline/buckets/2024-06", 2),
        ("/api/v1/progress?since=1", 2),
    ],
)
def test_a_longer_timeline_asks_no_more_questions(
    client: FlaskClient, library: Library, list_photos: ListPhotos, path: str, limit: int
) -> None:
    counts = []
    for _ in range(2):
        list_photos(*(f"2024-06-{day:02}T12:00:00.000" for day in range(1, 29)))
        client.get(path)
        with questions(library) as asked:
            assert client.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= limit


def test_a_thumbnail_costs_one_question(client: FlaskClient, library: Library, draw_photo, import_folder) -> None:
    import_folder(draw_photo("in/a.jpg").parent)
    [photo] = client.get("/api/v1/photos").json["items"]
    with questions(library) as asked:
        assert client.get(photo["urls"]["thumb"]).status_code == 200
    assert len(asked) == 1
