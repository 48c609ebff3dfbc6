"""The search page as a browser without script gets it: results, how they were understood, what narrows them, where to begin."""

import html
import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from photolib import catalog, understood
from photolib.db import write
from photolib.library import Library
from photolib.ports import Box, TextLine
from photolib.search import documents, saved

from .conftest import client_of

ListPhotos = Callable[..., list[int]]


@pytest.fixture
def photos(library: Library, list_photos: ListPhotos) -> list[int]:
    """Sixty photos that show a fountain, one a day; two of them a dog too, and one is from another year. Newest first."""
    ids = list_photos(
        "2018-01-01T12:00:00.000", *(f"2019-{1 + n // 28:02}-{1 + n % 28:02}T12:00:00.000" for n in range(59))
    )
    for number, photo_id in enumerate(ids):
        with write(library.db) as db:
            catalog.picture_is_ready(db, photo_id, None)
            understood.keep_labels(db, photo_id, [("fountain", 0.9), *([("dog", 0.8)] if number in (3, 4) else [])])
    documents.catch_up(library.db)
    return ids[::-1]


def ids_in(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'id="photo-(\d+)"', page)]


def link(page: str, words: str) -> str:
    """Where the link with these words leads."""
    for href, inside in re.findall(r'<a[^>]* href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL):
        if words in re.sub(r"<[^>]+>", " ", inside) or f'aria-label="{words}' in inside:
            return html.unescape(href)
    raise AssertionError(words)


def test_results_go_on_behind_the_first_page_and_each_photo_knows_its_search(
    client: FlaskClient, photos: list[int]
) -> None:
    page = client.get("/search?q=fountain").text
    assert "60 photos" in page
    rest = client.get(html.unescape(re.search(r'data-src="(/fragments/search[^"]+)"', page)[1])).text
    met = ids_in(page) + ids_in(rest)
    assert sorted(met) == sorted(photos)
    assert ids_in(client.get(link(page, "More photos")).text) == ids_in(rest)
    photo = client.get(html.unescape(re.search(rf'href="(/photo/{met[50]}\?q=[^"]*)"', rest)[1])).text
    assert f'rel="prev" href="/photo/{met[49]}?q=fountain"' in photo
    assert f'rel="next" href="/photo/{met[51]}?q=fountain"' in photo
    assert f'href="/search?q=fountain#photo-{met[50]}"' in photo


@pytest.mark.parametrize("query", ["boulangerie", "text:boulangerie", '"boulangerie du port" fountain'])
def test_a_photo_shows_where_the_text_is_that_was_searched_for(
    client: FlaskClient, library: Library, photos: list[int], query: str
) -> None:
    with write(library.db) as db:
        lines = [
            TextLine("Fermé", 0.9, Box(0.1, 0.1, 0.2, 0.1)),
            TextLine("Boulangerie du port", 0.9, Box(0.5, 0.25, 0.25, 0.5)),
        ]
        understood.keep_text(db, photos[9], lines)
        db["photos"].update(photos[9], {"width": 400, "height": 300})
    assert ids_in(client.get("/search", query_string={"q": query}).text) == [photos[9]]
    for address, name in ((f"/photo/{photos[9]}", "q"), (f"/fragments/photo/{photos[9]}", "asked")):
        page = client.get(address, query_string={name: query}).text
        assert "text in the picture: boulangerie" in page.partition("Found by")[2]
        assert len(re.findall(r"<rect [^>]*", page.split('<svg class="lines')[1].split("</svg>")[0])) == 1
    for nothing in ("", "fountain", "-boulangerie", "(((", "x" * 2000):
        assert 'class="lines' not in client.get(f"/photo/{photos[9]}", query_string={"asked": nothing}).text


def test_results_say_why_they_were_found(client: FlaskClient, photos: list[int]) -> None:
    assert 'title="Found by what it shows: dog"' in client.get("/search?q=dog").text
    assert 'title="Found' not in client.get("/search?q=label:dog").text


def test_the_newest_come_first_when_asked(client: FlaskClient, photos: list[int]) -> None:
    page = client.get("/search?q=fountain&sort=newest").text
    assert ids_in(page) == photos
    assert len(re.findall(r"<h2>", page.split("facets")[0])) == 60  # a heading for each day
    photo = client.get(f"/photo/{photos[7]}?q=fountain&sort=newest").text
    assert f'href="/photo/{photos[8]}?q=fountain&amp;sort=newest"' in photo


def test_a_filter_is_added_shown_as_a_chip_and_taken_away(client: FlaskClient, photos: list[int]) -> None:
    page = client.get("/search?q=fountain").text
    narrowed = client.get(link(page, "2018")).text
    assert ids_in(narrowed) == [photos[-1]]
    chip = re.search(r'<a class="chip" href="([^"]+)" aria-label="2018: search without it"', narrowed)
    assert len(ids_in(client.get(html.unescape(chip[1])).text)) == 50
    assert 'aria-current="true"' in narrowed.split('class="facets"')[1]
    assert ids_in(client.get(link(page, "dog")).text) == [each for each in photos if each in (photos[-4], photos[-5])]


@pytest.mark.parametrize(
    "query", ["unheardof", "fountain before:2001", "-fountain", '"', "((((", "a" * 600, "%00\x00", "near:nowhere 5km"]
)
def test_nothing_found_says_so_and_helps(client: FlaskClient, photos: list[int], query: str) -> None:
    answer = client.get("/search", query_string={"q": query})
    assert answer.status_code == 200
    assert ids_in(answer.text) or ("Nothing found" in answer.text and "Start again" in answer.text)


def test_a_strange_query_stays_text(client: FlaskClient, photos: list[int]) -> None:
    attack = "\"><script>alert(1)</script> person:'<img src=x>' fountain"
    page = client.get("/search", query_string={"q": attack}).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<title>&#34;&gt;&lt;script&gt;" in page


def test_without_models_one_line_says_what_is_off(client: FlaskClient, photos: list[int]) -> None:
    assert "what photos show is off: no models are installed; the README" in client.get("/search").text
    assert "Faces are not looked for at the moment: no models" in client.get("/people").text
    assert client.get("/activity").text.count("no models are installed") == 3


def test_the_start_offers_what_there_is(client: FlaskClient, library: Library, photos: list[int]) -> None:
    rennes = understood.PhotoPlace("FR", "France", "Brittany", "Rennes", 48.1, -1.7, False)
    with write(library.db) as db:
        understood.keep_place(db, photos[0], rennes)
    page = client.get("/search").text
    assert link(page, "fountain") == "/search?q=label:fountain"
    assert ids_in(client.get(link(page, "Rennes")).text) == [photos[0]]
    assert ids_in(client.get(link(client.get("/places").text, "France")).text) == [photos[0]]
    for path in re.findall(r'<li><a class="chip" href="([^"]+)"', page):
        assert client.get(html.unescape(path)).status_code == 200


def test_a_search_is_saved_found_again_and_deleted(
    client: FlaskClient, library: Library, owner_id: int, photos: list[int]
) -> None:
    said = client.post("/search/saved", data={"q": "fountain dog"}, headers={"Accept": "application/json"}).json
    assert "Saved" in client.get("/search?q=fountain+dog").text
    assert link(client.get("/search").text, "fountain dog") == "/search?q=fountain+dog"
    back = client.post(said["undo"], headers={"Referer": "http://localhost/search?q=fountain+dog"})
    assert (back.status_code, back.headers["Location"]) == (303, "/search?q=fountain+dog")
    assert saved.saved(library.db, owner_id) == []


def test_somebody_elses_saved_search_stays(client: FlaskClient, library: Library, stranger_id: int) -> None:
    with write(library.db) as db:
        theirs = saved.save(db, stranger_id, "mine", "fountain")
    assert client.post(f"/search/saved/{theirs.id}/delete").status_code == 404
    assert "mine" not in client.get("/search").text
    assert saved.saved(library.db, stranger_id) == [theirs]


def test_a_picture_finds_its_like_and_is_not_kept(app: Flask, library: Library, draw_photo, import_folder) -> None:
    path = draw_photo("in/holiday.jpg", size=(300, 200))
    import_folder(path.parent)
    client = client_of(app)
    page = client.post("/search/picture", data={"picture": (io.BytesIO(path.read_bytes()), "x.jpg")})
    assert page.status_code == 200
    assert len(ids_in(page.text)) == 1
    assert not list((library.data / "tmp").glob("asked*"))
    for sent, said in ((b"no picture", "This is no picture"), (b"", "")):
        refused = client.post("/search/picture", data={"picture": (io.BytesIO(sent), "x.jpg")})
        assert refused.status_code == 400
        assert said in refused.text
    assert client.post("/search/picture").status_code == 400


def test_like_a_photo(
    client: FlaskClient, draw_photo, import_folder, stranger_id: int, list_photos: ListPhotos
) -> None:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")
    for name in ("one", "two"):
        draw_photo(f"in/{name}.jpg", size=(300, 200) if name == "one" else (600, 400))
    import_folder(draw_photo("in/three.jpg", size=(450, 300)).parent)
    ids = [each["photo_id"] for each in client.get("/api/v1/photos").json["items"]]
    assert set(ids_in(client.get(f"/search?like={ids[0]}").text)) <= set(ids[1:])
    assert client.get(f"/fragments/photo/{ids[0]}/similar").status_code == 200
    [theirs] = list_photos("2019-01-01T12:00:00.000", owner=stranger_id)
    assert client.get(f"/search?like={theirs}").status_code == 404
    assert client.get(f"/photo/{ids[0]}?like={theirs}").status_code == 404
