"""Search over HTTP: what an answer holds, which inputs are refused, and whose photos are asked."""

import io
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from models.fake import COLOURS, FakeModels
from photolib.config import Config
from photolib.library import Library, open_library

from ..photolib.search.conftest import teller
from .conftest import app_for, client_of


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    data = tmp_path_factory.mktemp("searched") / "data"
    lib = open_library(Config(data_dir=data, min_free_mb=0), "worker", FakeModels())
    yield lib
    lib.close()


@pytest.fixture(scope="module")
def asked(library: Library) -> FlaskClient:
    """A client of an app with a few photos, one of them somebody else's."""
    owner_id, stranger_id = 1, 2
    library.db.conn.execute("insert into users (id, name, role, created_at) values (2, 'zoe', 'member', '2024')")
    tell = teller(library, owner_id)
    tell("dog.jpg", "2019-06-14T10:00:00", title="A dog", people=("Sarah",), shows="red", lines=("Beware of the dog",))
    tell("cat.jpg", "2020-06-14T10:00:00", title="A cat", people=("Sarah",), shows="blue")
    for colour in COLOURS:
        tell("colour.jpg", "2021-01-01T00:00:00", shows=colour)
    teller(library, stranger_id)("theirs.jpg", owner=stranger_id, title="A dog", people=("Wanda",), shows="red")
    return client_of(app_for(library))


def test_an_answer_holds_photos_facets_and_how_the_query_was_read(asked: FlaskClient) -> None:
    answer = asked.get("/api/v1/search/photos?q=sarah+dog+in+2019").get_json()
    (item,) = answer["items"]
    assert item["filename"] == "dog.jpg"
    assert 0 < item["score"] <= 1
    assert set(item["why"]) == {"title: dog", "text in the picture: dog", "file name: dog"}
    assert item["lines"][0]["text"] == "Beware of the dog"
    assert {"urls", "photo_id", "taken_at"} <= set(item)
    assert (answer["total"], answer["total_is_at_least"], answer["next"]) == (1, False, None)
    assert answer["facets"]["people"] == [{"name": "Sarah", "count": 1, "query": "sarah dog in 2019 person:Sarah"}]
    chips = [(chip["kind"], chip["without"]) for chip in answer["understood"]["chips"]]
    assert chips == [("person", "dog in 2019"), ("date", "sarah dog")]
    assert answer["understood"]["query"] == "person:Sarah dog on:2019"


def test_the_parameters_narrow_a_search(asked: FlaskClient) -> None:
    for parameters, names in (
        ("person=Sarah&date_from=2020", ["cat.jpg"]),
        ("person=Sarah&date_to=2019-06-14", ["dog.jpg"]),
        ("q=dog&person=Tom", []),
        ("q=sarah&plain=0", ["cat.jpg", "dog.jpg"]),
    ):
        items = asked.get(f"/api/v1/search/photos?{parameters}").get_json()["items"]
        assert sorted(item["filename"] for item in items) == names


def test_what_cannot_be_a_parameter_is_refused(asked: FlaskClient) -> None:
    for parameters in ("date_from=soon", "cursor=nonsense", "size=many"):
        assert asked.get(f"/api/v1/search/photos?q=dog&{parameters}").status_code == 400
    assert asked.get("/api/v1/search/photos?q=" + "(" * 2000).status_code == 200
    assert asked.get("/api/v1/search/photos?q=%ff%00-&size=0").status_code == 200


def test_pages_follow_each_other(asked: FlaskClient) -> None:
    first = asked.get("/api/v1/search/photos?person=Sarah&size=1").get_json()
    second = asked.get(f"/api/v1/search/photos?person=Sarah&size=1&cursor={first['next']}").get_json()
    assert [each["items"][0]["filename"] for each in (first, second)] == ["cat.jpg", "dog.jpg"]
    assert second["next"] is None


def test_suggestions_come_with_a_query(asked: FlaskClient) -> None:
    (best,) = asked.get("/api/v1/search/suggestions?q=sar").get_json()["items"][:1]
    assert best == {"text": "Sarah", "kind": "person", "query": "person:Sarah", "count": 2, "album_id": None}
    assert asked.get("/api/v1/search/suggestions?q=wan").get_json()["items"] == []


def test_somebody_elses_photo_has_no_similar_ones(asked: FlaskClient, library: Library) -> None:
    theirs = library.db.conn.execute("select id from photos where filename = 'theirs.jpg'").fetchone()[0]
    assert asked.get(f"/api/v1/photos/{theirs}/similar").status_code == 404
    mine = library.db.conn.execute("select id from photos where filename = 'dog.jpg'").fetchone()[0]
    items = asked.get(f"/api/v1/photos/{mine}/similar").get_json()["items"]
    assert [item["filename"] for item in items] == ["colour.jpg"]


def test_a_picture_is_sent_as_bytes_or_in_a_form(asked: FlaskClient, library: Library) -> None:
    from PIL import Image

    noise = Image.effect_noise((600, 600), 30).convert("RGB")
    blue = Image.blend(noise, Image.new("RGB", (600, 600), COLOURS["blue"]), 0.9)
    out = io.BytesIO()
    blue.save(out, "png")
    picture = out.getvalue()
    assert len(picture) > 64 << 10  # more than other addresses take
    for sent in ({"data": picture, "content_type": "image/png"}, {"data": {"picture": (io.BytesIO(picture), "x.png")}}):
        answer = asked.post("/api/v1/search/by-picture", **sent)
        assert answer.status_code == 200
        assert {item["filename"] for item in answer.get_json()["items"]} == {"cat.jpg", "colour.jpg"}
    assert asked.post("/api/v1/search/by-picture", data=b"hello", content_type="image/png").status_code == 400
    assert asked.post("/api/v1/search/by-picture", data={"other": "x"}).status_code == 400
    assert not list((library.data / "tmp").glob("asked-*"))


def test_saved_searches_are_kept_asked_and_forgotten(asked: FlaskClient) -> None:
    kept = asked.post("/api/v1/searches", json={"name": "Sarah's", "query": "person:sarah"})
    assert kept.status_code == 201
    search = kept.get_json()
    assert [each["name"] for each in asked.get("/api/v1/searches").get_json()["items"]] == ["Sarah's"]
    assert len(asked.get(search["photos"]).get_json()["items"]) == 2
    assert asked.delete(f"/api/v1/searches/{search['search_id']}").status_code == 204
    assert asked.delete(f"/api/v1/searches/{search['search_id']}").status_code == 404
    for wrong in ({"name": "x"}, ["x"], {"name": "", "query": "dog"}, {"name": 1, "query": "dog"}):
        assert asked.post("/api/v1/searches", json=wrong).status_code == 400
