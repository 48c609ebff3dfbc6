"""Following, liking and commenting over HTTP: who may, and what the others see of it."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from photolib import album_edits
from photolib.db import write
from photolib.library import Library
from photolib.sharing import grants

MOMENTS = ("2019-06-01T10:00:00.000", "2019-06-02T10:00:00.000")


@pytest.fixture
def photo_ids(list_photos: Any) -> list[int]:
    return list_photos(*MOMENTS)


def give(library: Library, owner_id: int, what: dict[str, Any], audience: Any, user_id: int | None = None) -> None:
    with write(library.db) as db:
        grants.give(db, owner_id, what, audience, user_id)


def tie(client: FlaskClient) -> tuple[str | None, str | None]:
    """What the only other one here and whoever asks are to each other."""
    [other] = client.get("/api/v1/social").json["items"]
    return other["i_follow"], other["follows_me"]


def test_whoever_is_followed_says_yes_first(
    client: FlaskClient, second_user: FlaskClient, owner_id: int, stranger_id: int
) -> None:
    assert tie(client) == (None, None)
    assert second_user.post(f"/api/v1/social/follow/{owner_id}").json["i_follow"] == "asked"
    assert (tie(second_user), tie(client)) == (("asked", None), (None, "asked"))
    client.post(f"/api/v1/social/followers/{stranger_id}")
    assert (tie(second_user), tie(client)) == (("accepted", None), (None, "accepted"))
    client.delete(f"/api/v1/social/followers/{stranger_id}")
    assert tie(second_user) == (None, None)


def test_nobody_follows_themselves_or_somebody_who_is_not_here(client: FlaskClient, owner_id: int) -> None:
    assert client.post(f"/api/v1/social/follow/{owner_id}").status_code == 400
    assert client.post("/api/v1/social/follow/4711").status_code == 404
    assert client.post("/api/v1/social/followers/4711").status_code == 404


def test_nobody_says_yes_to_themselves(
    client: FlaskClient, second_user: FlaskClient, owner_id: int, stranger_id: int
) -> None:
    second_user.post(f"/api/v1/social/follow/{owner_id}")
    assert second_user.post(f"/api/v1/social/followers/{stranger_id}").status_code == 404
    assert tie(second_user) == ("asked", None)


def test_the_feed_has_what_others_share_with_me_the_latest_first(
    library: Library,
    second_user: FlaskClient,
    client: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "followers")
    with write(library.db) as db:
        album_id = album_edits.make(db, owner_id, "Norway", photo_ids=photo_ids).album_id
    give(library, owner_id, {"album_id": album_id}, "user", stranger_id)
    assert [each["kind"] for each in second_user.get("/api/v1/feed").json["items"]] == ["album"]
    second_user.post(f"/api/v1/social/follow/{owner_id}")
    client.post(f"/api/v1/social/followers/{stranger_id}")
    first = second_user.get("/api/v1/feed?size=1").json
    assert first["items"][0]["album"]["title"] == "Norway"
    rest = second_user.get(f"/api/v1/feed?cursor={first['next']}").json
    assert [each["photo"]["photo_id"] for each in rest["items"]] == [photo_ids[0]]
    assert rest["next"] is None
    assert client.get("/api/v1/feed").json["items"] == []


def test_a_photo_in_the_trash_is_no_news(
    library: Library,
    second_user: FlaskClient,
    client: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    assert len(second_user.get("/api/v1/feed").json["items"]) == 1
    client.delete(f"/api/v1/photos/{photo_ids[0]}")
    assert second_user.get("/api/v1/feed").json["items"] == []


@pytest.mark.parametrize("call", ["likes", "comments"])
def test_only_who_may_see_a_photo_says_anything_about_it(
    library: Library, second_user: FlaskClient, owner_id: int, stranger_id: int, photo_ids: list[int], call: str
) -> None:
    address = f"/api/v1/photos/{photo_ids[0]}/{call}"
    said = {"json": {"text": "Lovely"}} if call == "comments" else {}
    assert (second_user.get(address).status_code, second_user.post(address, **said).status_code) == (404, 404)
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    assert second_user.post(address, **said).status_code in (200, 201)
    assert len(second_user.get(address).json["items"]) == 1


def test_a_photo_is_liked_once_by_each(
    library: Library,
    client: FlaskClient,
    second_user: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    address = f"/api/v1/photos/{photo_ids[0]}/likes"
    second_user.post(address)
    assert second_user.post(address).json["count"] == 1
    seen = client.get(address).json
    assert (seen["count"], seen["is_mine"]) == (1, False)
    assert client.post(address).json["count"] == 2
    assert second_user.delete(address).json["count"] == 1


def test_comments_come_in_order_and_in_pages(client: FlaskClient, photo_ids: list[int]) -> None:
    address = f"/api/v1/photos/{photo_ids[0]}/comments"
    for text in ("one", "two\r\nlines", "three"):
        assert client.post(address, json={"text": text}).status_code == 201
    first = client.get(f"{address}?size=2").json
    assert [each["text"] for each in first["items"]] == ["one", "two\nlines"]
    rest = client.get(f"{address}?cursor={first['next']}").json
    assert [each["text"] for each in rest["items"]] == ["three"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_comment_says_something_and_not_too_much(client: FlaskClient, photo_ids: list[int], text: str) -> None:
    assert client.post(f"/api/v1/photos/{photo_ids[0]}/comments", json={"text": text}).status_code == 400


def test_who_said_it_and_whose_photo_it_is_take_a_comment_back_and_undo_that(
    library: Library,
    client: FlaskClient,
    second_user: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    address = f"/api/v1/photos/{photo_ids[0]}/comments"
    mine = client.post(address, json={"text": "mine"}).json
    theirs = second_user.post(address, json={"text": "theirs"}).json
    assert second_user.delete(f"{address}/{mine['comment_id']}").status_code == 403
    assert client.delete(f"/api/v1/photos/{photo_ids[1]}/comments/{theirs['comment_id']}").status_code == 404
    gone = client.delete(f"{address}/{theirs['comment_id']}").json
    assert [each["text"] for each in client.get(address).json["items"]] == ["mine"]
    assert client.post(gone["undo"]).status_code == 200
    assert [(each["text"], each["by"]["user_id"]) for each in client.get(address).json["items"]] == [
        ("mine", owner_id), ("theirs", stranger_id),
    ]  # fmt: skip


def test_what_was_said_goes_with_the_photo(library: Library, client: FlaskClient, photo_ids: list[int]) -> None:
    client.post(f"/api/v1/photos/{photo_ids[0]}/comments", json={"text": "mine"})
    client.post(f"/api/v1/photos/{photo_ids[0]}/likes")
    with write(library.db) as db:
        db.conn.execute("delete from photos where id = ?", (photo_ids[0],))
    for table in ("likes", "comments"):
        assert library.db.conn.execute(f"select count(*) from {table}").fetchone() == (0,)


# ---------------------------------------------------------------- pages


def test_the_page_of_people_lets_one_follow_and_the_other_say_yes(
    client: FlaskClient, second_user: FlaskClient, owner_id: int, stranger_id: int
) -> None:
    assert second_user.post(f"/following/{owner_id}", data={"act": "follow"}).status_code == 303
    assert "would like to follow you" in client.get("/following").text
    client.post(f"/following/{stranger_id}", data={"act": "let"})
    assert "follows you" in client.get("/following").text
    client.post(f"/following/{stranger_id}", data={"act": "stop"})
    second_user.post(f"/following/{owner_id}", data={"act": "unfollow"})
    assert (tie(client), tie(second_user)) == ((None, None), (None, None))
    assert client.post(f"/following/{stranger_id}", data={"act": "rule"}).status_code == 400


def test_what_is_shared_is_on_the_page_of_people(
    library: Library, second_user: FlaskClient, owner_id: int, stranger_id: int, photo_ids: list[int]
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    assert f'href="/photo/{photo_ids[0]}"' in second_user.get("/following").text


def test_people_talk_about_a_photo_only_where_there_is_anybody_to_talk_to(
    library: Library,
    client: FlaskClient,
    second_user: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    page = f"/photo/{photo_ids[0]}"
    assert "Say something" not in client.get(page).text
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    assert "Say something" in client.get(page).text
    assert second_user.post(f"/photos/{photo_ids[0]}/comments", data={"text": "<b>Lovely</b>"}).status_code == 303
    second_user.post(f"/photos/{photo_ids[0]}/like", data={"on": "1"})
    seen = client.get(page).text
    assert "&lt;b&gt;Lovely&lt;/b&gt;" in seen
    comment = client.get(f"/api/v1/photos/{photo_ids[0]}/comments").json["items"][0]
    answer = client.post(
        f"/photos/{photo_ids[0]}/comments/{comment['comment_id']}/delete", headers={"Accept": "application/json"}
    )
    assert "Lovely" not in client.get(page).text
    client.post(answer.json["undo"])
    assert "Lovely" in client.get(page).text


def told(client: FlaskClient, since: str) -> list[Any]:
    answer = client.get("/api/v1/events?seconds=0", headers={"Last-Event-ID": since})
    return [
        json.loads(block.partition("data: ")[2]) for block in answer.text.split("\n\n") if "event: comments" in block
    ]


def test_whoever_a_comment_concerns_hears_of_it_at_once(
    library: Library,
    client: FlaskClient,
    second_user: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    address = f"/api/v1/photos/{photo_ids[0]}/comments"
    second_user.post(address, json={"text": "Lovely"})
    assert told(client, "0-0-0") == [{"photo_ids": [photo_ids[0]]}]
    assert told(second_user, "0-0-0") == []  # who said it knows
    client.post(address, json={"text": "It was"})
    assert told(second_user, "0-0-1") == [{"photo_ids": [photo_ids[0]]}]
    assert told(client, "0-0-2") == []


def test_who_may_not_see_a_photo_any_more_hears_nothing_of_it_and_puts_no_comment_back(
    library: Library,
    client: FlaskClient,
    second_user: FlaskClient,
    owner_id: int,
    stranger_id: int,
    photo_ids: list[int],
) -> None:
    give(library, owner_id, {"photo_id": photo_ids[0]}, "user", stranger_id)
    address = f"/api/v1/photos/{photo_ids[0]}/comments"
    for text in ("Lovely", "Really"):
        said = second_user.post(address, json={"text": text}).json["comment_id"]
    undo = second_user.delete(f"{address}/{said}").json["undo"]
    with write(library.db) as db:
        db.conn.execute("delete from grants")
    client.post(address, json={"text": "Between us"})
    assert told(second_user, "0-0-1") == []
    assert second_user.post(undo).status_code == 404
    assert [each["text"] for each in client.get(address).json["items"]] == ["Lovely", "Between us"]
