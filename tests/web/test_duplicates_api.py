"""/api/v1/duplicates: proposals, merging with undo, and "these are different"."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from photolib import catalog, duplicates, merges, understood
from photolib.db import write
from photolib.library import Library

ListPhotos = Callable[..., list[int]]
JUNE = "2024-06-01T12:00:00.000"
PATH = "/api/v1/duplicates"


@pytest.fixture
def copies(library: Library, list_photos: ListPhotos) -> list[int]:
    """Three photos that show the same; the second is the sharpest."""
    return list_alike(library, list_photos(JUNE, JUNE, JUNE))


def list_alike(library: Library, photo_ids: list[int]) -> list[int]:
    with write(library.db) as db:
        for number, photo_id in enumerate(photo_ids):
            catalog.picture_is_ready(db, photo_id, None)
            found = {"hash": "9e3779b97f4a7c15", "sharpness": 0.9 if number == 1 else 0.5, "exposure": 0.8}
            understood.keep_measures(db, photo_id, found)
        for photo_id in photo_ids:
            duplicates.stack(db, photo_id, duplicates.alike(db, photo_id))
    return photo_ids


def test_duplicates_are_proposed_with_the_best_first(client: FlaskClient, copies: list[int]) -> None:
    one, two, three = copies
    answer = client.get(PATH).json
    [group] = answer["items"]
    assert answer["next"] is None
    assert (group["kind"], group["best"], group["decided_by"]) == ("duplicate", two, None)
    assert [photo["photo_id"] for photo in group["photos"]] == [two, one, three]
    assert (group["photos"][0]["sharpness"], group["photos"][0]["exposure"]) == (0.9, 0.8)
    assert client.get(f"{PATH}?kind=burst").json["items"] == []


def test_duplicates_come_in_pages(
    client: FlaskClient, library: Library, copies: list[int], list_photos: ListPhotos
) -> None:
    pair = list_photos(JUNE, JUNE)
    with write(library.db) as db:
        for photo_id in pair:
            catalog.picture_is_ready(db, photo_id, None)
            understood.keep_measures(db, photo_id, {"hash": "61c8864680b583ea"})
            duplicates.stack(db, photo_id, duplicates.alike(db, photo_id))
    first = client.get(f"{PATH}?size=1").json
    second = client.get(f"{PATH}?size=1&cursor={first['next']}").json
    assert [len(page["items"][0]["photos"]) for page in (first, second)] == [2, 3]
    assert second["next"] is None


def test_merging_keeps_the_best_and_can_be_undone(client: FlaskClient, copies: list[int]) -> None:
    one, two, three = copies
    number = client.get(PATH).json["items"][0]["duplicate_id"]
    answer = client.post(f"{PATH}/{number}/merge").json
    assert (answer["photo_id"], answer["trashed"]) == (two, [one, three])
    assert client.get(PATH).json["items"] == []
    assert [item["photo_id"] for item in client.get("/api/v1/photos").json["items"]] == [two]
    assert client.post(answer["undo"]).json == {"restored": [one, three]}
    assert len(client.get("/api/v1/photos").json["items"]) == 3


def test_a_person_chooses_what_to_keep_and_what_to_let_go(client: FlaskClient, copies: list[int]) -> None:
    one, two, three = copies
    number = client.get(PATH).json["items"][0]["duplicate_id"]
    assert client.post(f"{PATH}/{number}/best", json={"photo_id": three}).json["best"] == three
    assert client.get(PATH).json["items"][0]["decided_by"] == "person"
    answer = client.post(f"{PATH}/{number}/merge", json={"keep": one, "photo_ids": [two]}).json
    assert (answer["photo_id"], answer["trashed"]) == (one, [two])
    assert {item["photo_id"] for item in client.get("/api/v1/photos").json["items"]} == {one, three}


def test_different_ones_are_not_proposed_again(client: FlaskClient, library: Library, copies: list[int]) -> None:
    one, two, three = copies
    number = client.get(PATH).json["items"][0]["duplicate_id"]
    client.post(f"{PATH}/{number}/keep", json={"photo_ids": [two]})
    assert {photo["photo_id"] for photo in client.get(PATH).json["items"][0]["photos"]} == {one, three}
    client.post(f"{PATH}/{number}/keep")
    list_alike(library, copies)
    assert client.get(PATH).json["items"] == []


def test_a_stranger_s_duplicates_are_neither_shown_nor_touched(
    client: FlaskClient, library: Library, list_photos: ListPhotos, stranger_id: int
) -> None:
    theirs = list_alike(library, list_photos(JUNE, JUNE, owner=stranger_id))
    [stack], _ = duplicates.stacks(library.db, stranger_id)
    with write(library.db) as db:
        merge_id = merges.merge(db, stranger_id, *([theirs[0], [theirs[1]]]))
    assert client.get(PATH).json["items"] == []
    assert client.post(f"{PATH}/{stack.id}/merge").status_code == 404
    assert client.post(f"{PATH}/{stack.id}/keep").status_code == 404
    assert client.post(f"{PATH}/{stack.id}/best", json={"photo_id": theirs[0]}).status_code == 404
    assert client.post(f"{PATH}/merges/{merge_id}/undo").status_code == 404
    assert catalog.photo(library.db, theirs[1]).trashed_at is not None


def test_what_makes_no_sense_is_refused_with_a_sentence(client: FlaskClient, copies: list[int]) -> None:
    number = client.get(PATH).json["items"][0]["duplicate_id"]
    for path, said in (
        ("merge", {"keep": 2**70}), ("merge", {"keep": "1"}), ("merge", {"photo_ids": 5}), ("merge", {"photo_ids": [999]}),
        ("merge", {"keep": copies[0], "photo_ids": [copies[0]]}), ("merge", []),
        ("keep", {"photo_ids": []}), ("keep", {"photo_ids": [True]}),
        ("best", {}), ("best", {"photo_id": 999}),
    ):  # fmt: skip
        assert client.post(f"{PATH}/{number}/{path}", json=said).status_code == 400, (path, said)
    assert client.post(f"{PATH}/999/merge").status_code == 404
    assert client.post(f"{PATH}/{2**70}/merge").status_code == 404
    assert client.get(f"{PATH}?kind=cat").status_code == 400
    assert len(client.get(PATH).json["items"][0]["photos"]) == 3
