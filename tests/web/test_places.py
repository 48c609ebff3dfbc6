"""Places over the API: on a photo, and as a tree with counts; only the visitor's own."""

from flask.testing import FlaskClient

from photolib import understood
from photolib.db import write
from photolib.library import Library
from photolib.understood import PhotoPlace
from tests.web.conftest import ListPhotos

PARIS = PhotoPlace("FR", "France", "Île-de-France", "Paris", 48.85, 2.29, False)


def test_a_photo_says_where_it_was_taken_and_whether_that_is_an_estimate(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    there, estimated, at_sea, unknown = list_photos(*["2023-06-14T10:00:00.000"] * 4)
    with write(library.db) as db:
        understood.keep_place(db, there, PARIS)
        understood.keep_place(db, estimated, PhotoPlace("GL", "Greenland", None, None, 70, -40, True))
        understood.keep_place(db, at_sea, PhotoPlace(None, None, None, None, 30, -40, False))
    assert client.get(f"/api/v1/photos/{there}").json["place"] == {
        "country_code": "FR", "country": "France", "region": "Île-de-France", "city": "Paris", "is_estimate": False,
    }  # fmt: skip
    place = client.get(f"/api/v1/photos/{estimated}").json["place"]
    assert (place["country"], place["city"], place["is_estimate"]) == ("Greenland", None, True)
    assert client.get(f"/api/v1/photos/{at_sea}").json["place"] is None
    assert client.get(f"/api/v1/photos/{unknown}").json["place"] is None


def test_places_are_a_tree_of_the_visitors_own_photos(
    client: FlaskClient, library: Library, list_photos: ListPhotos, stranger_id: int
) -> None:
    mine = list_photos("2023-06-14T10:00:00.000", "2023-06-14T11:00:00.000")
    theirs = list_photos("2023-06-14T10:00:00.000", owner=stranger_id)
    with write(library.db) as db:
        for photo_id in (*mine, *theirs):
            understood.keep_place(db, photo_id, PARIS)
    (france,) = client.get("/api/v1/places").json["items"]
    (region,) = france["places"]
    (paris,) = region["places"]
    assert [(each["name"], each["count"]) for each in (france, region, paris)] == [
        ("France", 2), ("Île-de-France", 2), ("Paris", 2),
    ]  # fmt: skip
    key = client.get(f"/api/v1/photos/{max(mine)}").json["key"]
    assert paris["cover"] == france["cover"] == f"/media/{key}/thumb"
