"""The map's API: clusters, names, looking for places, and what a tile server changes."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from photolib import config as settings
from photolib import map_points, understood
from photolib.db import write
from photolib.errors import BadInput
from photolib.library import Library
from photolib.understood import PhotoPlace
from tests.web.conftest import ListPhotos, app_for, client_of
from web.guard import tile_source

BRITTANY = "west=-6&south=46&east=0&north=50&zoom=7"


@pytest.fixture
def placed(library: Library, list_photos: ListPhotos) -> list[int]:
    """Two photos in Rennes, one in Paris, one nowhere."""
    ids = list_photos(*(f"2024-0{month}-14T10:00:00.000" for month in (1, 2, 3, 4)))
    with write(library.db) as db:
        for photo_id, position in zip(ids, ((48.1, -1.7), (48.1, -1.7), (48.9, 2.3)), strict=False):
            db.conn.execute("update photos set latitude = ?, longitude = ? where id = ?", (*position, photo_id))
    return ids


def test_a_map_is_drawn_from_clusters(client: FlaskClient, placed: list[int]) -> None:
    answer = client.get(f"/api/v1/map?{BRITTANY}").json
    (rennes,) = answer["items"]
    key = client.get(f"/api/v1/photos/{placed[1]}").json["key"]
    assert {**rennes, "bounds": None} == {
        "latitude": 48.1, "longitude": -1.7, "count": 2, "photo_id": placed[1], "key": key, "bounds": None,
    }  # fmt: skip
    assert rennes["bounds"]["south"] <= 48.1 <= rennes["bounds"]["north"]
    inside = client.get(f"/api/v1/photos?scope={answer['scope']}").json["items"]
    assert [photo["photo_id"] for photo in inside] == [placed[1], placed[0]]


def test_a_map_can_show_some_months_only(client: FlaskClient, placed: list[int]) -> None:
    answer = client.get(f"/api/v1/map?{BRITTANY}&from=2024-01&to=2024-01").json
    assert [(each["count"], each["photo_id"]) for each in answer["items"]] == [(1, placed[0])]
    assert len(client.get(f"/api/v1/photos?scope={answer['scope']}").json["items"]) == 1


def test_a_map_can_show_one_scope_only(client: FlaskClient, placed: list[int]) -> None:
    assert client.get("/api/v1/map?scope=favourites").json["items"] == []
    assert client.get("/api/v1/map?scope=album-7").status_code == 404
    assert client.get("/api/v1/map?scope=nothing").status_code == 400


def test_the_whole_of_a_scope_can_be_asked_for(client: FlaskClient, placed: list[int]) -> None:
    assert client.get("/api/v1/map/whole").json["bounds"] == {"south": 48.1, "west": -1.7, "north": 48.9, "east": 2.3}
    assert client.get("/api/v1/map/whole?scope=favourites").json == {"bounds": None}
    assert client.get("/api/v1/map/whole?country_code=FR&city=Rennes").json == {"bounds": None}


@pytest.mark.parametrize(
    "query", ["west=a", "zoom=nan", "zoom=inf", "south=1e400", "south=50&north=40", "from=2024", "to=2024-13", "west=٣"]
)
def test_what_is_no_part_of_a_map_is_refused_with_a_sentence(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/map?{query}")
    assert answer.status_code == 400
    assert answer.json["error"]["message"].endswith((".", "degrees."))


def test_longitudes_go_round(client: FlaskClient, placed: list[int]) -> None:
    answer = client.get("/api/v1/map?west=350&south=40&east=370&north=60&zoom=5").json
    assert sum(each["count"] for each in answer["items"]) == 3


def test_places_are_found_by_the_beginning_of_their_name(client: FlaskClient) -> None:
    items = client.get("/api/v1/map/search?q=renn").json["items"]
    assert {"name": "Rennes", "kind": "city", "within": "Brittany, France"}.items() <= items[0].items()
    (texas,) = client.get("/api/v1/map/search?q=Paris, Texas").json["items"]
    assert texas["country_code"] == "US"
    assert client.get("/api/v1/map/search?q=").json["items"] == []


def test_the_largest_towns_of_a_part_of_the_world_are_named(client: FlaskClient) -> None:
    items = client.get(f"/api/v1/map/names?{BRITTANY.rpartition('&zoom')[0]}").json["items"]
    assert "Rennes" in [each["name"] for each in items]
    assert all(-6 <= each["longitude"] <= 0 for each in items)
    fiji = client.get("/api/v1/map/names?west=177&south=-19&east=-178&north=-16").json["items"]
    assert "Suva" in [each["name"] for each in fiji]


def test_pages_load_pictures_of_a_tile_server_only_where_one_was_set_up(library: Library, client: FlaskClient) -> None:
    assert client.get("/places").headers["Content-Security-Policy"].count("http") == 0
    assert client.get("/api/v1/map/tiles").json == {"address": None, "host": None, "attribution": ""}
    library = replace(
        library, config=replace(library.config, map_tiles="https://{s}.tiles.example.org/{z}/{x}/{y}.png")
    )
    answer = client_of(app_for(library)).get("/places")
    assert "img-src https://*.tiles.example.org 'self' data:;" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].count("http") == 1
    assert tile_source(library.config.map_tiles) == "https://*.tiles.example.org"


@pytest.mark.parametrize(
    "address",
    [
        "tiles.example.org/{z}/{x}/{y}", "https://tiles.example.org/", "javascript://x/{z}/{x}/{y}",
        "https://a; script-src */{z}/{x}/{y}", "https://*/{z}/{x}/{y}.png",
    ],
)  # fmt: skip
def test_an_address_that_is_no_tile_server_stops_the_start(tmp_path, address: str) -> None:
    (tmp_path / "photolib.toml").write_text(f'map_tiles = "{address}"')
    with pytest.raises(BadInput, match="map_tiles"):
        settings.load(tmp_path / "photolib.toml", {})


def test_photos_without_a_place_are_offered_the_one_that_others_had_around_then(
    client: FlaskClient, library: Library, list_photos: ListPhotos, stranger_id: int
) -> None:
    one, two, far = list_photos("2024-06-14T10:00:00.000", "2024-06-14T11:00:00.000", "2024-07-01T10:00:00.000")
    theirs = list_photos("2024-06-14T10:00:00.000", owner=stranger_id)
    with write(library.db) as db:
        for photo_id in (one, two, *theirs):
            understood.keep_place(db, photo_id, PhotoPlace("FR", "France", "Brittany", "Rennes", 48.1, -1.7, True))
        understood.keep_place(db, far, PhotoPlace("DE", "Germany", None, None, 50.0, 8.0, False))
    (group,) = map_points.estimated(library.db, 1)
    assert (group.day, group.city, group.latitude, group.photo_ids) == ("2024-06-14", "Rennes", 48.1, [two, one])
    page = client.get("/places/unplaced").text
    assert "Rennes, Brittany, France" in page
    assert "Germany" not in page
    form = {"act": "place", "latitude": group.latitude, "longitude": group.longitude, "photo": group.photo_ids}
    said = client.post("/photos/act", data=form, headers={"Accept": "application/json"}).json
    assert said["undo"]
    assert map_points.estimated(library.db, 1) == []
    assert [each["count"] for each in client.get("/api/v1/map").json["items"]] == [2]
    client.post(said["undo"])
    assert client.get("/api/v1/map").json["items"] == []


def test_a_page_of_photos_in_view_is_of_a_box_only(client: FlaskClient, placed: list[int]) -> None:
    page = client.get(f"/places/photos?{BRITTANY}").text
    assert f"photo-{placed[0]}" in page
    assert f"photo-{placed[2]}" not in page
    assert client.get("/places/photos/favourites").status_code == 404
    assert "No photos were taken" in client.get("/places/photos?west=-40&south=-40&east=-39&north=-39").text
