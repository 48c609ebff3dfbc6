"""POST /api/v1/upload, and what a phone's gallery shares with the installed app."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from photolib.accounts import api_tokens, users
from photolib.db import write
from photolib.library import Library

Send = Callable[..., TestResponse]


@pytest.fixture
def token(app: Flask, library: Library, owner_id: int) -> str:
    with write(library.db) as db:
        return api_tokens.make(db, users.account(db, owner_id), "shortcut", ["upload"], None)[1]


@pytest.fixture
def send(app: Flask, token: str) -> Send:
    def ask(query: str = "", **said: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}", **said.pop("headers", {})}
        return app.test_client().post(f"/api/v1/upload{query}", headers=headers, **said)

    return ask


@pytest.fixture
def pictures(draw_photo: Callable[..., Path]) -> list[bytes]:
    return [draw_photo(f"{number}.jpg").read_bytes() for number in range(3)]


def test_a_photo_is_the_body(send: Send, client: FlaskClient, pictures: list[bytes]) -> None:
    answer = send("?filename=IMG_1.jpg", data=pictures[0], content_type="image/jpeg")
    assert answer.status_code == 201
    assert answer.json == {
        "filename": "IMG_1.jpg", "status": 201, "photo_id": answer.json["photo_id"], "outcome": "new", "said": "It is in your library.",
    }  # fmt: skip
    again = send(data=pictures[0], headers={"Content-Disposition": 'attachment; filename="x.jpg"'})
    assert (again.json["outcome"], again.json["photo_id"]) == ("duplicate", answer.json["photo_id"])
    assert again.json["said"] == "It was in your library already."
    nameless = send(data=pictures[1], content_type="image/heic")
    assert nameless.json["filename"].endswith(".heic")
    assert len(client.get("/api/v1/photos").json["items"]) == 2


def test_a_photo_comes_in_a_form_with_an_album_and_tags(send: Send, client: FlaskClient, pictures: list[bytes]) -> None:
    form = {"file": (io.BytesIO(pictures[0]), "a.jpg"), "album": "Holiday", "tags": "sea, sun"}
    answer = send(data=form)
    assert answer.status_code == 201
    photo = client.get(f"/api/v1/photos/{answer.json['photo_id']}").json
    assert sorted(photo["tags"]) == ["sea", "sun"]
    assert [each["title"] for each in client.get("/api/v1/albums").json["items"]] == ["Holiday"]


def test_several_files_are_answered_one_by_one_and_a_bad_one_costs_only_itself(
    send: Send, library: Library, pictures: list[bytes]
) -> None:
    files = [(io.BytesIO(each), f"{number}.jpg") for number, each in enumerate(pictures[:2])]
    answer = send(data={"file": [*files, (io.BytesIO(b"Dear aunt,"), "letter.txt")]})
    assert answer.status_code == 207
    assert [(each["status"], each["outcome"]) for each in answer.json["items"]] == [
        (201, "new"),
        (201, "new"),
        (400, "failed"),
    ]
    assert answer.json["said"] == "2 of 3 files are safe."
    assert list((library.data / "uploads").iterdir()) == []
    [device] = api_tokens.of_user(library.db, library.db.conn.execute("select user_id from tokens").fetchone()[0])
    assert device.photos_sent == 2


@pytest.mark.parametrize(
    ("query", "said", "status"),
    [
        ("", {"data": b""}, 400),
        ("?filename=a.txt", {"data": b"Dear aunt,"}, 400),
        ("", {"data": {"album": "x"}, "content_type": "multipart/form-data"}, 400),
        ("?last_modified=soon", {"data": b"x"}, 400),
        ("?album=" + "x" * 300, {"data": b"x"}, 400),
        ("?nonsense=1", {"data": b"x"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_a_sentence(
    send: Send, client: FlaskClient, query: str, said: dict[str, Any], status: int
) -> None:
    answer = send(query, **said)
    assert answer.status_code == status, answer.text
    assert len(json.loads(answer.text)["error"]["message"]) > 10
    assert client.get("/api/v1/photos").json["items"] == []


def test_nobody_sends_without_a_token_for_it(
    app: Flask, library: Library, owner_id: int, pictures: list[bytes]
) -> None:
    with write(library.db) as db:
        _, reading = api_tokens.make(db, users.account(db, owner_id), "frame", ["read", "write"], None)
    for login, status in (({}, 401), ({"Authorization": f"Bearer {reading}"}, 403)):
        answer = app.test_client().post("/api/v1/upload", data=pictures[0], headers=login)
        assert answer.status_code == status


def test_what_a_form_of_another_site_sends_is_refused(client: FlaskClient, pictures: list[bytes]) -> None:
    answer = client.post("/api/v1/upload", data=pictures[0], headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


# ---------------------------------------------------------------- shared from a gallery


def test_the_installed_app_is_among_what_a_gallery_shares_with(client: FlaskClient) -> None:
    target = client.get("/manifest.webmanifest").json["share_target"]
    assert (target["action"], target["method"], target["enctype"]) == ("/add/shared", "POST", "multipart/form-data")
    [files] = target["params"]["files"]
    assert files["name"] == "files"
    assert {"image/*", "video/*"} <= set(files["accept"])


def test_shared_photos_are_taken_and_the_page_says_so(client: FlaskClient, pictures: list[bytes]) -> None:
    files = [(io.BytesIO(each), f"{number}.jpg") for number, each in enumerate(pictures)]
    answer = client.post("/add/shared", data={"files": files}, headers={"Sec-Fetch-Site": "none"})
    assert answer.status_code == 200
    assert "3 new" in answer.text
    assert len(client.get("/api/v1/photos").json["items"]) == 3


def test_who_is_not_signed_in_is_told_to_share_again_and_nothing_is_read(
    anonymous: FlaskClient, library: Library, pictures: list[bytes]
) -> None:
    answer = anonymous.post(
        "/add/shared", data={"files": (io.BytesIO(pictures[0]), "a.jpg")}, headers={"Sec-Fetch-Site": "none"}
    )
    assert answer.status_code == 401
    assert "share the photos once more" in answer.text
    assert list((library.data / "uploads").iterdir()) == []


def test_15_a_token_shares_nothing(app: Flask, library: Library, owner_id: int, pictures: list[bytes]) -> None:
    with write(library.db) as db:
        _, text = api_tokens.make(db, users.account(db, owner_id), "frame", ["read", "upload"], None)
    answer = app.test_client().post(
        "/add/shared",
        data={"files": (io.BytesIO(pictures[0]), "a.jpg")},
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 401
    assert library.db.conn.execute("select count(*) from photos").fetchone() == (0,)


def test_a_guest_shares_nothing(library: Library, stranger_id: int, second_user: FlaskClient) -> None:
    with write(library.db) as db:
        users.set_role(db, stranger_id, "guest")
    assert second_user.post("/add/shared", data={"files": (io.BytesIO(b"x"), "a.jpg")}).status_code == 403
    assert second_user.post("/account/devices", data={"name": "x"}).status_code == 403


# ---------------------------------------------------------------- the page of devices


def test_a_device_is_added_shown_once_and_revoked(app: Flask, client: FlaskClient, library: Library) -> None:
    made = client.post("/account/devices", data={"name": "Anna's phone"})
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "private, no-store"
    text = next(each for each in made.text.replace("<", " ").replace(">", " ").split() if each.startswith("photolib_"))
    assert "http://localhost/dav/" in made.text
    assert made.text.count("data:image/svg+xml") == 2
    shown = client.get("/account/devices").text
    assert "Anna&#39;s phone" in shown
    assert text not in shown
    found = api_tokens.find(library.db, text)
    assert found is not None
    assert found[0].scopes == {"upload"}
    client.post(f"/account/tokens/{found[0].id}/revoke")
    assert api_tokens.find(library.db, text) is None
    assert "No device sends photos here yet." in client.get("/account/devices").text


def test_a_device_needs_a_name(client: FlaskClient) -> None:
    answer = client.post("/account/devices", data={"name": " "})
    assert answer.status_code == 400
    assert "needs a name" in answer.text
