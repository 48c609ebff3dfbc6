"""/api/v1/labels: what is seen on one's own photos, and a person's corrections."""

from collections.abc import Callable

from flask.testing import FlaskClient

from photolib import understood
from photolib.db import write
from photolib.library import Library

ListPhotos = Callable[..., list[int]]
JUNE = "2024-06-01T12:00:00.000"


def test_labels_are_counted_over_the_photos_in_the_timeline(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    first, second, trashed = list_photos(JUNE, JUNE, JUNE)
    with write(library.db) as db:
        for photo_id in (first, second, trashed):
            understood.keep_labels(db, photo_id, [("dog", 0.9)])
        understood.keep_labels(db, second, [("dog", 0.8), ("beach", 0.5)])
        db.conn.execute("update photos set is_listed = 0 where id = ?", (trashed,))
    items = client.get("/api/v1/labels").json["items"]
    assert [(item["label"], item["count"]) for item in items] == [("dog", 2), ("beach", 1)]


def test_what_a_person_says_outlives_the_next_look(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    [photo_id] = list_photos(JUNE)
    path = f"/api/v1/photos/{photo_id}/labels"
    with write(library.db) as db:
        understood.keep_labels(db, photo_id, [("dog", 0.9), ("beach", 0.5)])
    assert client.post(path, json={"label": "dog", "is_there": False}).status_code == 200
    assert client.post(path, json={"label": "my lighthouse"}).status_code == 200
    with write(library.db) as db:
        understood.keep_labels(db, photo_id, [("dog", 0.9), ("sea", 0.4)])
    labels = client.get(f"/api/v1/photos/{photo_id}").json["labels"]
    assert [(each["label"], each["source"]) for each in labels] == [("my lighthouse", "person"), ("sea", "ml")]


def test_a_stranger_s_photo_cannot_be_labelled(
    client: FlaskClient, library: Library, list_photos: ListPhotos, stranger_id: int
) -> None:
    [photo_id] = list_photos(JUNE)
    with write(library.db) as db:
        db.conn.execute("update photos set owner_id = ? where id = ?", (stranger_id, photo_id))
        understood.keep_labels(db, photo_id, [("dog", 0.9)])
    assert client.post(f"/api/v1/photos/{photo_id}/labels", json={"label": "cat"}).status_code == 404
    assert client.get("/api/v1/labels").json["items"] == []


def test_a_correction_that_is_none_is_refused(client: FlaskClient, list_photos: ListPhotos) -> None:
    [photo_id] = list_photos(JUNE)
    for said in (
        [],
        {},
        {"label": ""},
        {"label": 5},
        {"label": "x" * 200},
        {"label": "\n"},
        {"label": "dog", "is_there": "no"},
    ):
        assert client.post(f"/api/v1/photos/{photo_id}/labels", json=said).status_code == 400
