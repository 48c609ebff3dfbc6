"""Keeping order over HTTP: shelves, trash, tags, folders, duplicates and what is to be looked through. Only the visitor's own."""

import re

import pytest
from flask.testing import FlaskClient

from photolib import catalog, duplicates, edits, folders, scopes, sources
from photolib.db import write
from photolib.library import Library
from photolib.sources import FileState, Source
from tests.web.conftest import ListPhotos

JUNE = "2024-06-14T12:00:00.000"
JSON = {"Accept": "application/json"}


def change(library: Library, photo_ids: list[int], **changes: object) -> None:
    with write(library.db) as db:
        edits.edit(db, 1, photo_ids, changes)


def file_at(library: Library, photo_id: int, path: str, owner_id: int = 1) -> None:
    folder, _, name = path.rpartition("/")
    with write(library.db) as db:
        seen = Source(folder.encode(), name.encode(), owner_id, FileState(1, 1, 1), "new", photo_id=photo_id)
        sources.saw_source(db, seen)


def tiles(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'id="photo-(\d+)"', page)]


@pytest.fixture
def photos(list_photos: ListPhotos) -> list[int]:
    return list_photos(JUNE, "2024-06-15T12:00:00.000", "2024-06-16T12:00:00.000")


@pytest.mark.parametrize(
    ("path", "changes"), [("/favourites", {"is_favourite": True}), ("/archive", {"is_archived": True})]
)
def test_a_shelf_shows_its_photos_or_says_what_it_is_for(
    client: FlaskClient, library: Library, photos: list[int], path: str, changes: dict[str, bool]
) -> None:
    assert "photo-grid" not in client.get(path).text
    change(library, photos[:1], **changes)
    page = client.get(path).text
    assert tiles(page) == photos[:1]
    assert f"?in={path[1:]}" in page


def test_what_came_last_stands_first_and_videos_have_a_shelf(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    assert sorted(tiles(client.get("/recent").text)) == photos
    assert tiles(client.get("/videos").text) == []
    with write(library.db) as db:
        db.conn.execute("update photos set type = 'video' where id = ?", (photos[0],))
    assert tiles(client.get("/videos").text) == photos[:1]


# ---------------------------------------------------------------- trash


def test_the_trash_says_how_long_photos_stay_and_asks_before_it_is_emptied(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    assert "The trash is empty" in client.get("/trash").text
    change(library, photos[:2], is_trashed=True)
    page = client.get("/trash").text
    assert sorted(tiles(page)) == photos[:2]
    assert "30 days" in page
    asked = client.get("/trash/empty").text
    assert "2 photos and everything known about them are deleted" in asked
    assert "cannot be undone" in asked
    assert client.get("/trash").text.count("is deleted for good") == 1
    answer = client.post("/trash/delete", data={"all": "yes"})
    assert (answer.status_code, answer.location) == (303, "/trash")
    assert [each for each, _ in catalog.shown_photos(library.db)] == photos[2:]


def test_chosen_photos_are_deleted_for_good_by_form_and_by_script(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    change(library, photos, is_trashed=True)
    said = client.post("/trash/delete", data={"photo": photos[0]}, headers=JSON).json["said"]
    assert said.startswith("1 photo is deleted for good.")
    weighed = client.post("/api/v1/trash/weigh", json={"photo_ids": photos[1:2]}).json
    assert (weighed["photos"], weighed["bytes"]) == (1, 1000)
    assert client.post("/api/v1/trash/empty", json={"photo_ids": photos[1:2]}).json["photos"] == 1
    assert client.get(f"/photo/{photos[1]}").status_code == 404
    assert client.post("/api/v1/trash/empty").json["photos"] == 1
    assert catalog.shown_photos(library.db) == []
    assert client.post("/api/v1/trash/empty").json["said"] == "There was nothing to delete."


def test_nothing_outside_the_trash_and_nothing_of_others_is_deleted(
    client: FlaskClient, second_user: FlaskClient, library: Library, photos: list[int]
) -> None:
    assert client.post("/api/v1/trash/empty", json={"photo_ids": photos[:1]}).status_code == 404
    change(library, photos, is_trashed=True)
    for path in ("/api/v1/trash/empty", "/api/v1/trash/weigh"):
        assert second_user.post(path, json={"photo_ids": photos[:1]}).status_code == 404
    assert second_user.post("/trash/delete", data={"photo": photos[0]}).status_code == 404
    assert second_user.post("/api/v1/trash/empty", json={}).json["photos"] == 0
    assert client.post("/api/v1/trash/empty", json={"photo_ids": "all"}).status_code == 400
    assert client.post("/api/v1/trash/empty", json=[]).status_code == 400
    assert len(catalog.shown_photos(library.db)) == 3


# ---------------------------------------------------------------- tags


def test_tags_are_listed_renamed_merged_and_deleted_with_an_undo(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    change(library, photos[:2], add_tags=["sea"])
    change(library, photos[2:], add_tags=["beach"])
    items = client.get("/api/v1/tags").json["items"]
    assert [(each["name"], each["count"]) for each in items] == [("beach", 1), ("sea", 2)]
    beach, sea = (each["tag_id"] for each in items)
    assert "beach" in client.get("/tags").text
    assert sorted(tiles(client.get(f"/tags/{sea}").text)) == photos[:2]
    renamed = client.patch(f"/api/v1/tags/{sea}", json={"name": "the sea"}).json
    assert "the sea" in client.get("/tags").text
    client.post(renamed["undo"])
    answer = client.post(f"/tags/{sea}", data={"act": "merge", "into": beach}, headers=JSON).json
    assert (answer["said"], answer["go"]) == ("Two tags are one now, on 2 more photos.", f"/tags/{beach}")
    assert sorted(tiles(client.get(f"/tags/{beach}").text)) == photos
    client.post(answer["undo"])
    assert [each["count"] for each in client.get("/api/v1/tags").json["items"]] == [1, 2]
    gone = client.delete(f"/api/v1/tags/{beach}").json
    assert gone["said"] == "The tag is deleted. It was on one photo."
    assert [each["name"] for each in client.get("/api/v1/tags").json["items"]] == ["sea"]


def test_nobody_sees_or_changes_the_tags_and_folders_of_others(
    client: FlaskClient, second_user: FlaskClient, library: Library, photos: list[int]
) -> None:
    change(library, photos, add_tags=["sea"])
    file_at(library, photos[0], "/pictures/Italy/a.jpg")
    (tag,) = client.get("/api/v1/tags").json["items"]
    (folder,) = client.get("/api/v1/folders").json["items"]
    for path in (f"/tags/{tag['tag_id']}", f"/folders/{folder['folder_id']}", f"/folders/{folder['folder_id']}/all"):
        assert client.get(path).status_code == 200
        assert second_user.get(path).status_code == 404
    for path in (f"/fragments/folders/{folder['folder_id']}", f"/api/v1/folders/{folder['folder_id']}"):
        assert second_user.get(path).status_code == 404
    assert second_user.patch(f"/api/v1/tags/{tag['tag_id']}", json={"name": "mine"}).status_code == 404
    assert second_user.delete(f"/api/v1/tags/{tag['tag_id']}").status_code == 404
    assert second_user.post(f"/tags/{tag['tag_id']}", data={"act": "delete"}).status_code == 404
    assert second_user.get("/api/v1/tags").json["items"] == second_user.get("/api/v1/folders").json["items"] == []
    for said in ({}, {"name": 3}, {"merge_into": "x"}, {"name": " "}):
        assert client.patch(f"/api/v1/tags/{tag['tag_id']}", json=said).status_code == 400


# ---------------------------------------------------------------- folders


def test_folders_are_a_tree_that_leads_to_their_photos(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    for photo_id, path in zip(photos, ("Italy/a.jpg", "Italy/Rome/b.jpg", "Home/<b>.jpg"), strict=True):
        file_at(library, photo_id, f"/pictures/{path}")
    page = client.get("/folders").text
    assert re.findall(r'<span class="long">(\w+)</span> <span class="quiet">(\d)', page) == [
        ("Home", "1"),
        ("Italy", "2"),
    ]
    italy = next(each for each in folders.tops(library.db, 1) if each.name == "Italy")
    assert "Rome" in client.get(f"/fragments/folders/{italy.id}").text
    assert tiles(client.get(f"/folders/{italy.id}").text) == photos[:1]
    both = client.get(f"/folders/{italy.id}/all").text
    assert sorted(tiles(both)) == photos[:2]
    assert f"in=tree-{italy.id}" in both
    found = client.get(f"/api/v1/folders/{italy.id}").json
    assert (found["count"], found["count_in_all"], [each["name"] for each in found["folders"]]) == (1, 2, ["Rome"])
    assert [
        each["name"] for each in client.get(f"/api/v1/folders/{found['folders'][0]['folder_id']}").json["trail"]
    ] == ["Italy"]
    assert (
        client.get("/api/v1/timeline/buckets", query_string={"scope": f"tree-{italy.id}"}).json["items"][0]["count"]
        == 2
    )


# ---------------------------------------------------------------- duplicates


@pytest.fixture
def pair(library: Library, photos: list[int]) -> int:
    """A group of the first two photos, the first the best."""
    with write(library.db) as db:
        for photo_id in photos:
            catalog.picture_is_ready(db, photo_id, None)
        (stack_id,) = db.conn.execute(
            "insert into stacks (owner_id, kind, best_id) values (1, 'duplicate', ?) returning id", (photos[0],)
        ).fetchone()
        db.conn.executemany("insert into stack_photos values (?, ?)", [(stack_id, each) for each in photos[:2]])
    return stack_id


def test_a_group_is_compared_side_by_side_and_decided(
    client: FlaskClient, second_user: FlaskClient, library: Library, photos: list[int], pair: int
) -> None:
    page = client.get(f"/duplicates/{pair}").text
    assert page.count("data-photo>") == 2
    assert second_user.get(f"/duplicates/{pair}").status_code == 404
    assert second_user.post(f"/duplicates/{pair}", data={"act": "keep"}).status_code == 404
    answer = client.post(
        f"/duplicates/{pair}", data={"act": "keep", "photo": photos[1], "on": "yes"}, headers=JSON
    ).json
    assert (answer["said"], answer["go"]) == ("One photo moved to the trash.", "/duplicates?kind=duplicate")
    assert catalog.photo(library.db, photos[0]).trashed_at is not None
    assert client.get(f"/duplicates/{pair}").location == "/duplicates?kind=duplicate"
    client.post(answer["undo"])
    assert client.get(f"/duplicates/{pair}").status_code == 200


def test_all_groups_are_tidied_at_once_and_that_is_undone(
    client: FlaskClient, library: Library, photos: list[int], pair: int
) -> None:
    answer = client.post("/duplicates/all", headers=JSON).json
    assert answer["said"] == "One photo moved to the trash."
    assert "No picture is here twice" in client.get("/duplicates").text
    client.post(answer["undo"])
    assert len(duplicates.stacks(library.db, 1)[0]) == 1
    for data in ({"act": "nothing"}, {"act": "keep", "photo": "x"}, {"act": "keep", "photo": photos[2]}):
        assert client.post(f"/duplicates/{pair}", data=data, headers=JSON).status_code == 400


# ---------------------------------------------------------------- to look through


def test_suggested_dates_are_taken_one_set_by_hand_and_all_of_it_is_undone(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    for photo_id, path in zip(photos, ("2014-08 Italy/a.jpg", "2014-08 Italy/b.jpg", "stuff/c.jpg"), strict=True):
        file_at(library, photo_id, f"/pictures/{path}")
    page = client.get("/review").text
    assert "2014-08 Italy" in page
    assert page.count("August 2014") == 2
    taken = client.post("/review/dates", data={"act": "accept", "photo": photos[:2]}, headers=JSON).json
    assert taken["said"] == "The dates of 2 photos are changed"
    assert catalog.photo(library.db, photos[0]).taken_at == "2014-08-01T12:00:00.000"
    assert [each.id for each in scopes.page(library.db, 1, scope=scopes.Scope("undated")).photos] == photos[2:]
    client.post(taken["undo"])
    assert catalog.photo(library.db, photos[0]).taken_at == JUNE
    taken = client.post("/review/dates", data={"act": "accept_all"}, headers=JSON).json
    assert catalog.photo(library.db, photos[1]).taken_at == "2014-08-01T12:00:00.000"
    client.post("/review/dates", data={"act": "set", "photo": photos[2], "taken_at": "1999-12-31T23:59"})
    assert catalog.photo(library.db, photos[2]).taken_at == "1999-12-31T23:59:00.000"
    assert "Every photo knows when it was taken" in client.get("/review").text


def test_a_date_that_is_right_is_no_guess_any_more(client: FlaskClient, library: Library, photos: list[int]) -> None:
    client.post("/review/dates", data={"act": "right", "photo": photos})
    found = catalog.photo(library.db, photos[0])
    assert (found.taken_at, found.taken_at_source) == (JUNE, "person")
    assert scopes.count(library.db, 1, scopes.Scope("undated")) == 0


def test_nobody_sets_the_dates_of_others(second_user: FlaskClient, library: Library, photos: list[int]) -> None:
    for act in ("accept", "right", "set"):
        data = {"act": act, "photo": photos[0], "taken_at": JUNE}
        assert second_user.post("/review/dates", data=data).status_code == 404
    assert "photo.jpg" not in second_user.get("/review").text


def test_what_cannot_be_shown_is_listed_with_its_reason_and_tried_again(
    client: FlaskClient, second_user: FlaskClient, library: Library, photos: list[int]
) -> None:
    file_at(library, photos[0], "/pictures/broken.jpg")
    with write(library.db) as db:
        catalog.picture_failed(db, photos[0], "The picture ends in the middle.")
        db.conn.execute("delete from jobs")
    page = client.get("/review/failed").text
    assert "The picture ends in the middle." in page
    assert "broken.jpg" in page
    assert "broken.jpg" not in second_user.get("/review/failed").text
    second_user.post("/review/retry")
    assert library.db.conn.execute("select count(*) from jobs").fetchone() == (0,)
    assert client.post("/review/retry", headers=JSON).json["said"] == "One file is tried again."
    assert library.db.conn.execute("select step, photo_id from jobs").fetchall() == [("metadata", photos[0])]


def test_none_of_it_is_for_somebody_who_is_not_signed_in(anonymous: FlaskClient) -> None:
    for path in (
        "/favourites",
        "/trash",
        "/tags",
        "/folders",
        "/duplicates",
        "/review",
        "/api/v1/tags",
        "/api/v1/folders",
    ):
        assert anonymous.get(path, headers=JSON).status_code in (303, 302, 401), path
    assert anonymous.post("/api/v1/trash/empty", json={}).status_code in (302, 303, 401)
    assert anonymous.post("/trash/delete", data={"all": "yes"}, content_length=None).status_code in (302, 303, 401)
