"""Albums over HTTP: whose they are, what may be asked of them, and that every act can be taken back."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from photolib import album_edits, catalog
from photolib.db import write
from photolib.library import Library

Json = dict[str, Any]
MOMENTS = ("2019-06-01T10:00:00.000", "2019-06-02T10:00:00.000", "2020-06-03T10:00:00.000")


def made(client: FlaskClient, title: str = "Norway", **more: Any) -> Json:
    answer = client.post("/api/v1/albums", json={"title": title, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def order(client: FlaskClient, album_id: int) -> list[int]:
    return [each["photo_id"] for each in client.get(f"/api/v1/photos?scope=album-{album_id}").json["items"]]


def undo(client: FlaskClient, done: Json) -> None:
    assert client.post(done["undo"]).status_code == 200


def asked_long_ago(client: FlaskClient) -> None:
    """As if a while had passed since the searches of albums were asked."""
    with write(client.application.extensions["photolib"].db) as db:
        db.conn.execute("update albums set found_at = datetime('now', '-2 seconds') || '+00:00'")


def test_an_album_is_made_listed_changed_and_deleted(client: FlaskClient, list_photos: Any) -> None:
    photos = list_photos(*MOMENTS)
    album = made(client, photo_ids=photos, description="By boat")
    assert album["said"] == "Norway is made"
    assert (album["count"], album["first_at"][:4], album["last_at"][:4]) == (3, "2019", "2020")
    assert album["cover"]["photo_id"] == photos[0]
    at = f"/api/v1/albums/{album['album_id']}"
    changed = client.patch(at, json={"title": "Bergen", "order_by": "newest", "cover_id": photos[1]}).json
    assert (changed["title"], changed["cover"]["photo_id"]) == ("Bergen", photos[1])
    assert order(client, album["album_id"]) == photos[::-1]
    undo(client, changed)
    assert client.get(at).json["title"] == "Norway"
    gone = client.delete(at).json
    assert gone["said"] == "Norway is deleted; its photos stay"
    assert client.get(at).status_code == 404
    assert len(client.get("/api/v1/photos").json["items"]) == 3
    undo(client, gone)
    assert [each["title"] for each in client.get("/api/v1/albums").json["items"]] == ["Norway"]
    assert order(client, album["album_id"]) == photos


def test_photos_are_put_in_taken_out_and_moved(client: FlaskClient, list_photos: Any) -> None:
    a, b, c = list_photos(*MOMENTS)
    album = made(client)["album_id"]
    at = f"/api/v1/albums/{album}"
    added = client.post(f"{at}/photos", json={"photo_ids": [a, b, c]}).json
    assert added["said"] == "3 photos added to Norway"
    assert client.post(f"{at}/photos", json={"photo_ids": [a]}).json["undo"] is None
    moved = client.post(f"{at}/order", json={"photo_ids": [c], "before": a}).json
    assert (moved["order_by"], order(client, album)) == ("manual", [c, a, b])
    client.post(f"{at}/order", json={"photo_ids": [c], "after": a})
    assert order(client, album) == [a, c, b]
    client.post(f"{at}/order", json={"photo_ids": [a]})
    assert order(client, album) == [c, b, a]
    removed = client.delete(f"{at}/photos", json={"photo_ids": [b]}).json
    assert order(client, album) == [c, a]
    undo(client, removed)
    assert order(client, album) == [c, b, a]
    assert client.get(f"/api/v1/photos/{a}").json["albums"] == [{"album_id": album, "title": "Norway"}]


def test_an_album_of_a_search_stays_live(client: FlaskClient, list_photos: Any) -> None:
    a, _ = list_photos(*MOMENTS[:2])
    album = made(client, "Favourites", query="is:favourite")
    at = f"/api/v1/albums/{album['album_id']}"
    assert client.get(at).json["count"] == 0
    client.patch(f"/api/v1/photos/{a}", json={"is_favourite": True})
    changed = client.patch(at, json={"query": "is:favourite type:photo"})
    assert changed.status_code == 200
    assert client.get(at).json["count"] == 1
    assert order(client, album["album_id"]) == [a]
    client.patch(f"/api/v1/photos/{a}", json={"is_favourite": False})
    asked_long_ago(client)
    assert client.get(f"/api/v1/timeline/buckets?scope=album-{album['album_id']}").json["items"] == []
    assert client.post(f"{at}/photos", json={"photo_ids": [a]}).status_code == 400
    assert [each["title"] for each in client.get("/api/v1/albums?fillable=1&level=all").json["items"]] == []


def test_albums_lie_in_albums(client: FlaskClient) -> None:
    outer = made(client, "Travel")["album_id"]
    inner = made(client, "Norway", parent_id=outer)["album_id"]
    assert [each["album_id"] for each in client.get("/api/v1/albums").json["items"]] == [outer]
    assert [each["album_id"] for each in client.get(f"/api/v1/albums?parent_id={outer}").json["items"]] == [inner]
    assert client.get(f"/api/v1/albums/{inner}").json["path"] == [{"album_id": outer, "title": "Travel"}]
    assert client.patch(f"/api/v1/albums/{outer}", json={"parent_id": inner}).status_code == 400
    assert client.patch(f"/api/v1/albums/{inner}", json={"parent_id": None}).json["parent_id"] is None


def test_pages_of_albums_follow_each_other(client: FlaskClient) -> None:
    for number in range(5):
        made(client, f"Album {number}")
    seen, cursor = [], None
    while True:
        page = client.get(
            "/api/v1/albums", query_string={"size": 2, "sort": "title", **({"cursor": cursor} if cursor else {})}
        ).json
        seen += [each["title"] for each in page["items"]]
        if not (cursor := page["next"]):
            break
    assert seen == [f"Album {number}" for number in range(5)]
    assert [each["title"] for each in client.get("/api/v1/albums?q=alb+3").json["items"]] == ["Album 3"]


def test_an_album_of_another_user_does_not_exist(
    client: FlaskClient, second_user: FlaskClient, list_photos: Any, stranger_id: int
) -> None:
    (mine,), (theirs,) = list_photos(MOMENTS[0]), list_photos(MOMENTS[1], owner=stranger_id)
    album = made(client, photo_ids=[mine])
    at, page = f"/api/v1/albums/{album['album_id']}", f"/albums/{album['album_id']}"
    asked = [
        second_user.get(at),
        second_user.patch(at, json={"title": "Mine"}),
        second_user.delete(at),
        second_user.post(f"{at}/photos", json={"photo_ids": [theirs]}),
        second_user.delete(f"{at}/photos", json={"photo_ids": [mine]}),
        second_user.post(f"{at}/order", json={"photo_ids": [mine]}),
        second_user.post("/api/v1/albums", json={"title": "Mine", "parent_id": album["album_id"]}),
        second_user.get(f"/api/v1/albums?parent_id={album['album_id']}"),
        second_user.get(f"/api/v1/photos?scope=album-{album['album_id']}"),
        second_user.post(album["undo"]),
        *(second_user.get(f"{page}{rest}") for rest in ("", "/albums", "/add", "/arrange", "/cover", "/map")),
        second_user.post(f"{page}/edit", data={"title": "Mine"}),
        second_user.post(f"{page}/delete"),
        second_user.post(f"{page}/photos", data={"photo": theirs}),
        second_user.post(f"{page}/photos/remove", data={"photo": mine}),
        second_user.post(f"{page}/order", data={"photo": mine, "step": "last"}),
        second_user.post("/albums", data={"title": "Mine", "parent": album["album_id"]}),
    ]
    assert [each.status_code for each in asked] == [404] * len(asked)
    assert client.get(at).json["title"] == "Norway"
    assert second_user.get("/api/v1/albums?level=all").json["items"] == []


def test_photos_of_another_user_go_into_no_album(client: FlaskClient, list_photos: Any, stranger_id: int) -> None:
    (theirs,) = list_photos(MOMENTS[0], owner=stranger_id)
    album = made(client)["album_id"]
    asked = [
        client.post("/api/v1/albums", json={"title": "X", "photo_ids": [theirs]}),
        client.post(f"/api/v1/albums/{album}/photos", json={"photo_ids": [theirs]}),
        client.post(f"/api/v1/albums/{album}/order", json={"photo_ids": [theirs]}),
        client.post(f"/albums/{album}/photos", data={"photo": theirs}),
        client.post("/albums", data={"title": "X", "photo": theirs}),
    ]
    assert [each.status_code for each in asked] == [404] * len(asked)
    assert client.patch(f"/api/v1/albums/{album}", json={"cover_id": theirs}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {}, {"title": 3}, {"title": " "}, {"title": "x" * 201}, {"title": "A", "photo_ids": "1"}, {"title": "A", "query": ""},
        {"title": "A", "query": 5}, {"title": "A", "colour": "red"}, {"title": "A", "folder_id": True}, [], "A",
    ],
)  # fmt: skip
def test_what_is_no_album_is_refused(client: FlaskClient, body: Any) -> None:
    assert client.post("/api/v1/albums", json=body).status_code == 400
    assert client.get("/api/v1/albums").json["items"] == []


def test_a_folder_becomes_an_album_that_follows_it(client: FlaskClient, draw_photo: Any, import_folder: Any) -> None:
    import_folder(draw_photo("in/trip/one.jpg", taken="2019:06:01 10:00:00").parent.parent)
    photo = client.get("/api/v1/photos").json["items"][0]
    scope = client.get("/api/v1/photos").json["items"]
    assert photo in scope
    library: Library = client.application.extensions["photolib"]
    folder = library.db.conn.execute(
        "select folder_id from sources where photo_id = ?", (photo["photo_id"],)
    ).fetchone()[0]
    album = made(client, "Trip", folder_id=folder)
    assert (album["kind"], album["count"]) == ("folder", 1)
    import_folder(draw_photo("in/trip/two.jpg", taken="2019:06:02 10:00:00").parent.parent)
    assert client.get(f"/api/v1/albums/{album['album_id']}").json["count"] == 2


# ---------------------------------------------------------------- the forms, as a browser without script sends them


def test_a_browser_without_script_makes_fills_and_arranges_an_album(client: FlaskClient, list_photos: Any) -> None:
    a, b, c = list_photos(*MOMENTS)
    made_so = client.post("/albums", data={"title": "Norway", "photo": [a, b]})
    assert made_so.status_code == 303
    page = made_so.headers["Location"]
    album = int(page.rpartition("/")[2])
    assert "Norway" in client.get(page).text
    client.post(f"{page}/photos", data={"photo": c})
    client.post(f"{page}/order", data={"photo": c, "step": "first"})
    client.post(f"{page}/order", data={"photo": b, "step": "earlier"})
    client.post(f"{page}/order", data={"photo": c, "step": "later"})
    assert order(client, album) == [b, c, a]
    client.post(f"{page}/edit", data={"cover": c, "title": "By boat"})
    assert client.get(f"/api/v1/albums/{album}").json["cover"]["photo_id"] == c
    client.post(f"{page}/photos/remove", data={"photo": c})
    assert order(client, album) == [b, a]
    deleted = client.post(f"{page}/delete", headers={"Accept": "application/json"}).json
    assert deleted["go"] == "/albums"
    client.post(deleted["undo"])
    assert order(client, album) == [b, a]
    for form in ({"photo": b, "step": "sideways"}, {"photo": "x", "step": "first"}, {"step": "first"}):
        assert client.post(f"{page}/order", data=form).status_code == 400


def test_a_saved_search_becomes_an_album(client: FlaskClient, list_photos: Any) -> None:
    list_photos(MOMENTS[0])
    client.post("/api/v1/searches", json={"name": "All photos", "query": "type:photo"})
    saved = client.get("/api/v1/searches").json["items"][0]
    page = client.post("/albums", data={"saved": saved.get("id") or saved.get("search_id")}).headers["Location"]
    shown = client.get(page).text
    assert "All photos" in shown
    assert "1 photo" in shown


def test_the_page_of_albums_asks_the_same_for_many(
    client: FlaskClient, library: Library, owner_id: int, list_photos: Any
) -> None:
    (photo,) = list_photos(MOMENTS[0])

    def questions() -> int:
        asked: list[str] = []
        library.db.conn.set_trace_callback(asked.append)
        assert client.get("/albums").status_code == 200
        library.db.conn.set_trace_callback(None)
        return len(asked)

    made(client, photo_ids=[photo])
    client.get("/albums")
    few = questions()
    with write(library.db) as db:
        for number in range(30):
            album_edits.make(db, owner_id, f"Album {number}", photo_ids=[photo])
    assert questions() <= few


def test_titles_are_shown_as_text(client: FlaskClient, library: Library, owner_id: int, list_photos: Any) -> None:
    attack = "<img src=x onerror=alert(1)>"
    (photo,) = list_photos(MOMENTS[0])
    with write(library.db) as db:
        catalog.put_in_album(db, owner_id, photo, attack)
    album = client.get("/api/v1/albums").json["items"][0]["album_id"]
    client.post(f"/albums/{album}/edit", data={"description": attack})
    for rest in (
        "",
        f"/{album}",
        f"/{album}/arrange",
        f"/{album}/cover",
        f"/{album}/add",
        f"/{album}/map",
        f"/{album}/albums",
    ):
        page = client.get(f"/albums{rest}")
        assert page.status_code == 200, rest
        assert attack not in page.text
