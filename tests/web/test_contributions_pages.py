"""What visitors sent through a link, as the album's owner looks at it: seen in quarantine, taken or refused, and taken back."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from photolib import album_edits
from photolib.db import write
from photolib.library import Library
from photolib.sharing import contributions, links
from photolib.sharing.links import Link
from photolib.uploads import Announced
from tests.conftest import DrawPhoto

from .conftest import CLIENT


@pytest.fixture
def link(library: Library, owner_id: int) -> Link:
    """It lets visitors of an album add photos."""
    with write(library.db) as db:
        album = album_edits.make(db, owner_id, "Wedding").album_id
        return links.make(db, owner_id, album, "album", links.key(library.data), permission="contribute")[0]


@pytest.fixture
def sent(library: Library, link: Link, draw_photo: DrawPhoto) -> list[int]:
    """Three photos that wait."""
    for name in ("one", "two", "three"):
        send(library, link, draw_photo(f"{name}.jpg"), "Aunt Mia")
    return [each.id for each in contributions.waiting(library.db, link.owner_id).contributions]


def send(library: Library, link: Link, path: Path, visitor: str = "") -> None:
    content = path.read_bytes()
    contributions.receive(library, link, Announced(path.name, len(content)), io.BytesIO(content), visitor, CLIENT)


def titles(client: FlaskClient) -> list[str]:
    return [each["filename"] for each in client.get("/api/v1/photos?album_id=1").json["items"]]


def act(client: FlaskClient, path: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(path, data=fields, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_waits_is_seen_by_the_owner_alone(
    client: FlaskClient, second_user: FlaskClient, anonymous: FlaskClient, sent: list[int]
) -> None:
    page = client.get("/sharing/waiting")
    assert page.text.count("Aunt Mia") >= 3
    assert "Wedding" in page.text
    address = f"/sharing/waiting/{sent[0]}/medium"
    picture = client.get(address)
    assert picture.status_code == 200
    assert picture.mimetype.startswith("image/")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert picture.headers["Cache-Control"].startswith("private")
    assert second_user.get(address).status_code == 404
    assert anonymous.get(address).status_code in (303, 401)
    assert client.get(f"/sharing/waiting/{sent[0]}/original").status_code == 404
    assert "Aunt Mia" not in second_user.get("/sharing/waiting").text
    assert client.get("/api/v1/photos").json["items"] == []


def test_the_pages_of_sharing_say_how_many_wait(client: FlaskClient, sent: list[int], link: Link) -> None:
    assert "3 photos from visitors wait for you" in client.get("/sharing").text
    assert "3 photos wait" in client.get(f"/albums/{link.album_id}").text
    assert "3 photos from visitors wait for you" in client.get(f"/sharing/{link.id}").text


def test_what_is_taken_is_in_the_album_and_undoing_puts_it_into_the_trash(client: FlaskClient, sent: list[int]) -> None:
    done = act(client, "/sharing/waiting", act="accept", contribution=sent[0])
    assert done["said"] == "Added to Wedding"
    assert titles(client) == ["one.jpg"]
    [photo] = client.get("/api/v1/photos?album_id=1").json["items"]
    assert "Added by Aunt Mia, through a link" in client.get(f"/photo/{photo['photo_id']}").text
    undone = act(client, done["undo"])
    assert titles(client) == []
    act(client, undone["undo"])
    assert titles(client) == ["one.jpg"]


def test_everything_is_taken_at_once(client: FlaskClient, sent: list[int], link: Link) -> None:
    assert (
        act(client, "/sharing/waiting", act="accept", all="yes", link_id=link.id)["said"] == "3 photos added to Wedding"
    )
    assert sorted(titles(client)) == ["one.jpg", "three.jpg", "two.jpg"]
    assert "No photo from a visitor waits for you" in client.get("/sharing/waiting").text


def test_a_refused_photo_waits_again_when_that_is_undone(client: FlaskClient, sent: list[int]) -> None:
    done = act(client, "/sharing/waiting", act="refuse", contribution=sent[:2])
    assert done["said"] == "2 photos are refused"
    assert "three.jpg" in client.get("/sharing/waiting").text
    assert "one.jpg" not in client.get("/sharing/waiting").text
    assert act(client, done["undo"])["said"] == "2 photos wait again"
    assert "one.jpg" in client.get("/sharing/waiting").text
    assert titles(client) == []


def test_undoing_does_not_trash_what_was_there_before(
    client: FlaskClient, library: Library, link: Link, draw_photo: DrawPhoto, import_folder: Any
) -> None:
    path = draw_photo("in/mine.jpg")
    import_folder(path.parent)
    send(library, link, path)
    [waiting] = contributions.waiting(library.db, link.owner_id).contributions
    assert act(client, "/sharing/waiting", act="accept", contribution=waiting.id)["undo"] is None


def test_somebody_elses_contribution_cannot_be_decided(second_user: FlaskClient, sent: list[int], link: Link) -> None:
    for body in (
        {"act": "accept", "contribution": sent[0]},
        {"act": "refuse", "contribution": sent},
        {"act": "accept", "all": "yes", "link_id": link.id},
    ):
        assert second_user.post("/sharing/waiting", data=body).status_code == 404, body
    assert second_user.post(f"/sharing/waiting/undo?contribution={sent[0]}").status_code == 404
    assert second_user.post("/sharing/waiting", data={"act": "eat", "contribution": sent[0]}).status_code == 400


def test_what_waits_comes_back_with_an_album_that_was_deleted(client: FlaskClient, sent: list[int], link: Link) -> None:
    gone = client.delete(f"/api/v1/albums/{link.album_id}").json
    assert "Aunt Mia" not in client.get("/sharing/waiting").text
    client.post(gone["undo"], json={})
    assert client.get("/sharing/waiting").text.count("Aunt Mia") >= 3
    assert act(client, "/sharing/waiting", act="accept", contribution=sent[0])["said"] == "Added to Wedding"
