"""/api/v1/people and /api/v1/faces: who is on the photos, edits with undo, a picture of each face, and nothing of anybody else's."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from photolib import catalog, faces, variants
from photolib.db import write
from photolib.library import Library
from photolib.ports import Box, FoundFace

ListPhotos = Callable[..., list[int]]
MOMENTS = [f"2020-06-0{day}T12:00:00.000" for day in (1, 2, 3)]
PEOPLE = np.eye(128, dtype=np.float32) * 0.6
WRONG_NUMBERS = (0, 9999, 2**62)


def see(library: Library, photo_ids: list[int], *who: int) -> None:
    for photo_id in photo_ids:
        found = [FoundFace(Box(0.1 + 0.4 * n, 0.2, 0.2, 0.3), 0.9, 120, PEOPLE[each]) for n, each in enumerate(who)]
        with write(library.db) as db:
            catalog.picture_is_ready(db, photo_id, None)
            faces.keep_found(db, photo_id, "fake-1", found)
            faces.settle(db, library.face_vectors, photo_id)


@pytest.fixture
def photos(library: Library, list_photos: ListPhotos) -> list[int]:
    """Three photos with the same two people on each."""
    ids = list_photos(*MOMENTS)
    see(library, ids, 0, 1)
    return ids


@pytest.fixture
def theirs(library: Library, list_photos: ListPhotos, stranger_id: int) -> tuple[int, int]:
    """(person, face) of somebody else, with all that a picture of the face is made from."""
    ids = list_photos(*MOMENTS, owner=stranger_id)
    see(library, ids, 5)
    folder = variants.folder(library.variants, catalog.photo(library.db, ids[0]).key)
    folder.mkdir(parents=True)
    for size in ("medium", "large"):
        Image.new("RGB", (800, 600)).save(folder / f"{size}.jpg")
    [person] = faces.people(library.db, stranger_id)
    return person.id, faces.faces_in(library.db, ids[0])[0].id


def said(client: FlaskClient, path: str, body: Any, status: int = 200, method: str = "POST") -> Any:
    answer = client.open(f"/api/v1{path}", method=method, json=body)
    assert answer.status_code == status, answer.json
    return answer.json


def people(client: FlaskClient) -> list[dict[str, Any]]:
    return client.get("/api/v1/people").json["items"]


def test_people_have_counts_covers_and_photos(client: FlaskClient, photos: list[int]) -> None:
    one, two = people(client)
    assert (one["name"], one["photos"], one["is_hidden"], two["photos"]) == (None, 3, False, 3)
    assert set(one["cover"]) == {"face_id", "photo_id", "key", "box", "url"}
    whole = client.get(f"/api/v1/people/{one['person_id']}").json
    assert len(whole["faces"]) == 3
    first = client.get(f"/api/v1/people/{one['person_id']}/photos?size=2").json
    rest = client.get(f"/api/v1/people/{one['person_id']}/photos?cursor={first['next']}").json
    assert [photo["photo_id"] for photo in (*first["items"], *rest["items"])] == photos[::-1]


def test_every_edit_answers_with_a_sentence_and_can_be_undone(client: FlaskClient, photos: list[int]) -> None:
    one, two = (each["person_id"] for each in people(client))
    face, other = (each["face_id"] for each in client.get(f"/api/v1/photos/{photos[0]}/faces").json["items"])
    before = people(client)
    for path, body, method in (
        (f"/people/{one}", {"name": "Sarah"}, "PATCH"),
        (f"/people/{one}", {"birthday": "2012-05-30", "is_hidden": False}, "PATCH"),
        (f"/people/{one}", {"cover_face_id": face}, "PATCH"),
        (f"/people/{one}/merge", {"into": two}, "POST"),
        (f"/people/{one}/merge", {"with": two}, "POST"),
        (f"/people/{one}/split", {"face_ids": [face]}, "POST"),
        (f"/people/{one}/split", {"face_ids": [face], "name": "Anna"}, "POST"),
        (f"/faces/{face}/not-this-person", {}, "POST"),
        (f"/faces/{face}/not-a-face", {}, "POST"),
        (f"/faces/{other}/assign", {"name": "Tom"}, "POST"),
        (f"/faces/{other}/assign", {"person_id": one}, "POST"),
        ("/people/suggestions/answer", {"person_id": one, "other_id": two, "is_so": False}, "POST"),
    ):
        answer = said(client, path, body, method=method)
        assert answer["said"].endswith("."), path
        for undo_id in answer.get("undo_ids", [answer["undo_id"]]):
            assert said(client, "/people/undo", {"undo_id": undo_id})["said"].startswith("Undone")
        assert people(client) == before, path
    said(client, "/people/undo", {}, 404)


def test_a_photo_says_who_is_on_it_but_for_hidden_people(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    one, two = (each["person_id"] for each in people(client))
    for person, name in ((one, "Sarah"), (two, "Tom")):
        said(client, f"/people/{person}", {"name": name}, method="PATCH")
    said(client, f"/people/{two}", {"is_hidden": True}, method="PATCH")
    with write(library.db) as db:  # the file names him as well
        db.conn.execute(
            "insert or replace into details (photo_id, people) values (?, ?)", (photos[0], json.dumps(["Tom"]))
        )
    box = {"x": 0.1, "y": 0.2, "w": 0.2, "h": 0.3}
    assert client.get(f"/api/v1/photos/{photos[0]}").json["people"] == [{"person_id": one, "name": "Sarah", "box": box}]
    assert [each["name"] for each in client.get(f"/api/v1/photos/{photos[0]}/faces").json["items"]] == ["Sarah", None]


def test_two_groups_named_the_same_are_one(client: FlaskClient, photos: list[int]) -> None:
    one, two = (each["person_id"] for each in people(client))
    said(client, f"/people/{one}", {"name": "Zoë"}, method="PATCH")
    merged = said(client, f"/people/{two}", {"name": "zoe "}, method="PATCH")
    assert (merged["person"]["person_id"], merged["person"]["name"]) == (one, "Zoë")
    assert [each["name"] for each in people(client)] == ["Zoë"]
    assert client.get("/api/v1/people?q=ZO").json["items"][0]["photos"] == 3
    assert client.get("/api/v1/people?q=ann").json["items"] == []


def test_questions_are_answered(
    client: FlaskClient, library: Library, photos: list[int], list_photos: ListPhotos
) -> None:
    one = people(client)[0]["person_id"]
    said(client, f"/people/{one}", {"name": "Sarah"}, method="PATCH")
    [stray] = list_photos("2021-01-01T00:00:00.000")
    vector = PEOPLE[0].copy()
    vector[9] = 0.55
    with write(library.db) as db:
        catalog.picture_is_ready(db, stray, None)
        faces.keep_found(db, stray, "fake-1", [FoundFace(Box(0.1, 0.2, 0.2, 0.3), 0.9, 120, vector)])
        faces.settle(db, library.face_vectors, stray)
    [question] = client.get("/api/v1/people/suggestions").json["items"]
    assert (question["person"]["name"], question["other_id"]) == ("Sarah", None)
    body = {"person_id": one, "face_id": question["face_id"], "is_so": True}
    said(client, "/people/suggestions/answer", body)
    assert client.get("/api/v1/people/suggestions").json["items"] == []
    [face] = client.get(f"/api/v1/photos/{stray}/faces").json["items"]
    assert (face["name"], face["decided_by"]) == ("Sarah", "person")
    assert client.get("/api/v1/people/decisions").json["items"][0]["said"] == "This is Sarah."


def test_nobody_elses_people_and_faces_are_there(
    client: FlaskClient, photos: list[int], theirs: tuple[int, int]
) -> None:
    mine = people(client)[0]["person_id"]
    my_face = client.get(f"/api/v1/people/{mine}").json["faces"][0]["face_id"]
    assert len(people(client)) == 2
    for person, face in (theirs, *((number, number) for number in WRONG_NUMBERS)):
        for path in (f"people/{person}", f"people/{person}/photos", f"faces/{face}/picture"):
            assert client.get(f"/api/v1/{path}").status_code == 404, path
        said(client, f"/people/{person}", {"name": "Sarah"}, 404, "PATCH")
        said(client, f"/people/{mine}", {"cover_face_id": face}, 404, "PATCH")
        said(client, f"/people/{person}/merge", {"into": mine}, 404)
        said(client, f"/people/{mine}/merge", {"with": person}, 404)
        said(client, f"/people/{person}/split", {"face_ids": [face]}, 404)
        said(client, f"/people/{mine}/split", {"face_ids": [face]}, 404)
        said(client, f"/faces/{face}/not-this-person", {}, 404)
        said(client, f"/faces/{face}/not-a-face", {}, 404)
        said(client, f"/faces/{face}/assign", {"person_id": mine}, 404)
        said(client, f"/faces/{my_face}/assign", {"person_id": person}, 404)
        said(client, "/people/suggestions/answer", {"person_id": mine, "face_id": face, "is_so": True}, 404)
        said(client, "/people/suggestions/answer", {"person_id": mine, "other_id": person, "is_so": True}, 404)
        said(client, "/people/undo", {"undo_id": person + 1000}, 404)
    assert client.get(f"/api/v1/people/suggestions?person_id={theirs[0]}").json["items"] == []
    for number in (2**63, 10**30):  # more than there can be
        for path in (
            f"people/{number}",
            f"people/{number}/photos",
            f"faces/{number}/picture",
            f"photos/{number}/faces",
        ):
            assert client.get(f"/api/v1/{path}").status_code == 404, path
        said(client, f"/people/{mine}/merge", {"with": number}, 400)


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '"x"', '{"name": 3}', '{"nme": "Sarah"}', "{}", '{"is_hidden": "yes"}']
)
def test_bodies_that_are_none_are_refused(client: FlaskClient, photos: list[int], body: str) -> None:
    one = people(client)[0]["person_id"]
    answer = client.patch(f"/api/v1/people/{one}", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"]["message"]


def test_a_form_from_elsewhere_is_no_json(client: FlaskClient, photos: list[int]) -> None:
    """A page of another site can send forms and plain text without asking, but no JSON."""
    for kind in ("application/x-www-form-urlencoded", "text/plain"):
        assert client.post("/api/v1/people/undo", data="{}", content_type=kind).status_code in (400, 415)


@pytest.mark.parametrize("ids", [None, "1", [1.5], [True], ["1"], [1] * 1001, []])
def test_split_takes_a_list_of_ids(client: FlaskClient, photos: list[int], ids: Any) -> None:
    said(client, f"/people/{people(client)[0]['person_id']}/split", {"face_ids": ids}, 400)


def test_a_face_has_a_picture_that_may_be_kept(client: FlaskClient, library: Library, photos: list[int]) -> None:
    cover = people(client)[0]["cover"]
    assert client.get(cover["url"]).status_code == 404  # its sizes are not made yet
    folder = variants.folder(library.variants, cover["key"])
    folder.mkdir(parents=True)
    drawn = Image.new("RGB", (800, 600), "white")
    left, top = round(cover["box"]["x"] * 800), round(cover["box"]["y"] * 600)
    drawn.paste("red", (left, top, left + 160, top + 180))
    drawn.save(folder / "medium.jpg")
    drawn.resize((2048, 1536)).save(folder / "large.jpg")
    answer = client.get(cover["url"])
    image = Image.open(io.BytesIO(answer.data))
    assert (image.size, answer.mimetype) == ((192, 192), "image/jpeg")
    red, green, _ = image.getpixel((96, 96))  # type: ignore[misc]
    assert (red > 200, green < 60) == (True, True)
    assert image.getpixel((186, 186))[1] > 200  # type: ignore[index]
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(cover["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    plain = client.get(f"/api/v1/faces/{cover['face_id']}/picture")
    assert "immutable" not in plain.headers["Cache-Control"]
    (folder / "medium.jpg").write_bytes(b"no picture")
    assert client.get(cover["url"]).status_code == 404


def test_a_longer_list_of_people_asks_no_more_questions(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    asked = []
    library.db.conn.set_trace_callback(lambda statement: asked.append(statement))
    try:
        people(client)
        see(library, list_photos(*MOMENTS), *range(4))
        asked.clear()
        people(client)
        few = len(asked)
        see(library, list_photos(*MOMENTS), *range(4, 24))
        asked.clear()
        assert len(people(client)) == 24
    finally:
        library.db.conn.set_trace_callback(None)
    assert len(asked) == few
