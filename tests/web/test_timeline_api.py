"""Months in pieces: what a grid that holds only what is near asks for."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from photolib import stretches
from photolib.db import write
from photolib.library import Library

ListPhotos = Callable[..., list[int]]
DAY = "2024-06-14T12:00:00.000"


def piece(client: FlaskClient, month: str, **query: int | str) -> dict:
    answer = client.get(f"/api/v1/timeline/buckets/{month}", query_string={**query})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_pieces_of_a_month_are_the_month(client: FlaskClient, list_photos: ListPhotos) -> None:
    ids = list_photos(
        *(f"2024-06-{day:02}T12:00:00.000" for day in range(1, 24)),
        "2024-07-01T00:00:00.000",
        "2024-05-31T23:59:59.999",
    )
    met: list[int] = []
    start: int | None = 0
    while start is not None:
        found = piece(client, "2024-06", **{"from": start, "size": 5})
        assert len(found["photo_id"]) == found["count"] <= 5
        assert {len(found[name]) for name in ("key", "ratio", "taken_at", "ordered_at", "placeholder", "type")} == {
            found["count"]
        }
        met += found["photo_id"]
        start = found["next"]
    assert met == ids[22::-1] == piece(client, "2024-06")["photo_id"]


def test_a_piece_says_what_is_right_outside_it(client: FlaskClient, list_photos: ListPhotos) -> None:
    list_photos("2024-06-14T12:00:00.000", "2024-06-13T12:00:00.000", "2024-06-12T12:00:00.000")
    found = piece(client, "2024-06", **{"from": 1, "size": 1})
    assert (found["above"], found["below"]) == ("2024-06-14T12:00:00.000", "2024-06-12T12:00:00.000")
    whole = piece(client, "2024-06")
    assert (whole["above"], whole["below"], whole["next"]) == (None, None, None)


def test_several_months_are_one_piece_when_they_are_asked_for_together(
    client: FlaskClient, list_photos: ListPhotos
) -> None:
    ids = list_photos(
        "2024-06-14T12:00:00.000", "2024-05-13T12:00:00.000", "2024-03-12T12:00:00.000", "2024-01-01T12:00:00.000"
    )
    found = piece(client, "2024-06", through="2024-03", size=200)
    assert found["photo_id"] == ids[:3]
    assert [each["day"] for each in found["days"]] == ["2024-06-14", "2024-05-13", "2024-03-12"]
    assert found["days"][0]["said"] == "Fri, 14 Jun 2024"


def test_a_day_has_the_same_place_in_every_piece_of_it(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    ids = list_photos(*[DAY] * 6)[::-1]
    with write(library.db) as db:
        for photo_id, city in zip(ids, ("Brest", "Brest", "Rennes", "Rennes", "Rennes", "Rennes"), strict=True):
            db.conn.execute("insert into photo_places (photo_id, city) values (?, ?)", (photo_id, city))
    for start in (0, 2, 4):
        assert piece(client, "2024-06", **{"from": start, "size": 2})["days"][0]["place"] == "Rennes"


def test_the_ids_alone_are_asked_for_by_the_thousand(client: FlaskClient, list_photos: ListPhotos) -> None:
    ids = list_photos(*[DAY] * 7)[::-1]
    found = piece(client, "2024-06", **{"from": 2, "size": 4, "columns": "photo_id"})
    assert found == {"month": "2024-06", "from": 2, "count": 4, "photo_id": ids[2:6]}


def test_a_photo_is_found_in_its_month_and_so_is_a_day(client: FlaskClient, list_photos: ListPhotos) -> None:
    ids = list_photos("2024-06-14T12:00:00.000", DAY, "2024-06-13T12:00:00.000", "2019-01-01T12:00:00.000")

    def where(**query: int | str) -> tuple[str, int]:
        found = client.get("/api/v1/timeline/where", query_string={**query}).json
        return found["month"], found["index"]

    assert where(photo_id=ids[1]) == ("2024-06", 0)
    assert where(photo_id=ids[0]) == ("2024-06", 1)
    assert where(photo_id=ids[3]) == ("2019-01", 0)
    assert where(at="2024-06-13") == ("2024-06", 2)
    assert where(at="2022") == ("2019-01", 0)  # the next older
    assert where(at="1999") == ("2019-01", 0)  # none is older: the oldest
    assert client.get("/api/v1/timeline/where?photo_id=999").status_code == 404


def test_nobody_finds_anothers_photo(client: FlaskClient, second_user: FlaskClient, list_photos: ListPhotos) -> None:
    [photo_id] = list_photos(DAY)
    assert second_user.get(f"/api/v1/timeline/where?photo_id={photo_id}").status_code == 404
    assert second_user.get("/api/v1/timeline/buckets/2024-06").json["photo_id"] == []
    assert second_user.get("/api/v1/timeline/buckets/2024-06?columns=photo_id").json["photo_id"] == []


@pytest.mark.parametrize("query", ["from=-1", "from=x", "size=1.5", "through=2024", "through=%00"])
def test_what_cannot_be_read_is_explained(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/timeline/buckets/2024-06?{query}").status_code == 400


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 40))
def test_pieces_hold_every_month_once_and_no_more_than_fits(counts: list[int], size: int) -> None:
    months = [(f"m{number}", count) for number, count in enumerate(counts)]
    runs = stretches.pieces(months, size)
    assert [name for run in runs for name in run] == [name for name, _ in months]
    held = dict(months)
    for run in runs:
        assert len(run) == 1 or sum(held[name] for name in run) <= size
