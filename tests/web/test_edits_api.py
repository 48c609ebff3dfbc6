"""Changing photos over HTTP, by script and by plain form; and only one's own."""

import pytest
from flask.testing import FlaskClient

from photolib import catalog, scopes
from tests.web.conftest import ListPhotos


@pytest.fixture
def mine(list_photos: ListPhotos) -> list[int]:
    return list_photos("2024-06-14T12:00:00.000", "2024-06-15T12:00:00.000")


def listed(library) -> list[int]:
    return sorted(each.id for each in scopes.page(library.db, 1).photos)


def test_one_photo_is_changed_and_what_undoes_it_is_told(library, client: FlaskClient, mine: list[int]) -> None:
    answer = client.patch(f"/api/v1/photos/{mine[0]}", json={"title": "At the sea", "rating": 4}).json
    assert (answer["title"], answer["rating"]) == ("At the sea", 4)
    undone = client.post(answer["edit"]["undo"]).json
    assert undone["photo_ids"] == [mine[0]]
    assert catalog.photo(library.db, mine[0]).title is None


def test_many_photos_go_to_the_trash_and_come_back(library, client: FlaskClient, mine: list[int]) -> None:
    gone = client.post("/api/v1/photos/edit", json={"photo_ids": mine, "is_trashed": True}).json
    assert gone["said"] == "2 photos moved to the trash"
    assert listed(library) == []
    client.post(gone["undo"])
    assert listed(library) == mine


def test_deleting_a_photo_is_putting_it_into_the_trash(library, client: FlaskClient, mine: list[int]) -> None:
    assert client.delete(f"/api/v1/photos/{mine[0]}").json["said"] == "Moved to the trash"
    assert listed(library) == mine[1:]
    assert catalog.photo(library.db, mine[0]).trashed_at is not None


@pytest.mark.parametrize(
    ("act", "changed"),
    [
        ({"act": "favourite"}, ("is_favourite", True)),
        ({"act": "rate", "rating": "3"}, ("rating", 3)),
        ({"act": "caption", "title": "Sea"}, ("title", "Sea")),
        ({"act": "date", "taken_at": "2020-01-02T03:04", "utc_offset": "60"}, ("taken_at", "2020-01-02T03:04:00.000")),
        ({"act": "shift", "minutes": "-60"}, ("taken_at", "2024-06-14T11:00:00.000")),
        ({"act": "place", "latitude": "48.1", "longitude": "-1.7"}, ("latitude", 48.1)),
        ({"act": "tag", "tags": "sea, sun"}, ("tags", ["sea", "sun"])),
    ],
    ids=lambda each: each.get("act", "") if isinstance(each, dict) else "",
)
def test_a_form_without_script_changes_photos_and_can_be_undone(
    library, client: FlaskClient, mine: list[int], act, changed
) -> None:
    name, value = changed
    before = getattr(catalog.photo(library.db, mine[0]), name)
    answer = client.post("/photos/act", data={"photo": mine[0], **act}, headers={"Accept": "application/json"}).json
    assert getattr(catalog.photo(library.db, mine[0]), name) == value
    assert client.post(answer["undo"], headers={"Referer": "http://localhost/albums"}).location == "/albums"
    assert getattr(catalog.photo(library.db, mine[0]), name) == before


def test_nobody_changes_what_is_somebody_elses(
    library, client: FlaskClient, second_user: FlaskClient, mine: list[int]
) -> None:
    edit = client.patch(f"/api/v1/photos/{mine[0]}", json={"title": "Mine"}).json["edit"]
    before = catalog.photo(library.db, mine[0])
    for answer in (
        second_user.patch(f"/api/v1/photos/{mine[0]}", json={"title": "Theirs"}),
        second_user.delete(f"/api/v1/photos/{mine[0]}"),
        second_user.post("/api/v1/photos/edit", json={"photo_ids": mine, "is_trashed": True}),
        second_user.post("/photos/act", data={"photo": mine[0], "act": "trash"}),
        second_user.post(edit["undo"]),
        second_user.post(f"/edits/{edit['edit_id']}/undo"),
    ):
        assert answer.status_code == 404
    assert catalog.photo(library.db, mine[0]) == before


@pytest.mark.parametrize(
    "said",
    [[], {}, {"photo_ids": []}, {"photo_ids": "all", "rating": 1}, {"photo_ids": [True], "rating": 1},
     {"photo_ids": [2**63], "rating": 1}, {"photo_ids": [1]}, {"photo_ids": [1], "owner_id": 2}],
    ids=str,
)  # fmt: skip
def test_what_nobody_can_mean_is_refused(client: FlaskClient, mine: list[int], said) -> None:
    answer = client.post("/api/v1/photos/edit", json=said)
    assert answer.status_code == 400
    assert answer.json["error"]["message"]


def test_a_form_may_name_very_many_photos(client: FlaskClient, mine: list[int]) -> None:
    fields = "&".join(["act=favourite", *[f"photo={mine[0]}"] * 60_000])
    answer = client.post("/photos/act", data=fields, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 303
    assert client.get(f"/api/v1/photos/{mine[0]}").json["is_favourite"]
