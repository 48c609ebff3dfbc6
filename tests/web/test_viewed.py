import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from photolib import catalog, edits, scopes
from photolib.db import write
from photolib.library import Library
from photolib.scopes import Scope

ListPhotos = Callable[..., list[int]]


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def sides(text: str) -> tuple[str | None, str | None]:
    """Where the links to the photos on both sides lead."""
    found = [re.search(rf'<a class="turn {act}"[^>]*? href="([^"]*)"', text) for act in ("newer", "older")]
    return tuple(each[1] if each else None for each in found)  # type: ignore[return-value]


def way_back(text: str) -> str:
    found = re.search(r'data-act="close" href="([^"]*)"', text)
    assert found is not None
    return found[1].replace("&amp;", "&")


@pytest.fixture
def three(library: Library, list_photos: ListPhotos, owner_id: int) -> list[int]:
    """Favourites of three years, with photos between them that are none."""
    ids = list_photos(
        "2021-01-01T00:00:00.000", "2020-06-01T00:00:00.000", "2020-01-01T00:00:00.000", "2019-06-01T00:00:00.000",
        "2019-01-01T00:00:00.000",
    )  # fmt: skip
    with write(library.db) as db:
        edits.edit(db, owner_id, ids[::2], {"is_favourite": True})
    return ids[::2]


def test_a_photo_is_seen_among_those_of_its_scope(client: FlaskClient, three: list[int]) -> None:
    text = page(client, f"/photo/{three[1]}?in=favourites")
    assert sides(text) == (f"/photo/{three[0]}?in=favourites", f"/photo/{three[2]}?in=favourites")
    assert sides(page(client, f"/photo/{three[1]}")) == (f"/photo/{three[1] - 1}", f"/photo/{three[1] + 1}")
    assert sides(page(client, f"/photo/{three[2]}?in=favourites")) == (f"/photo/{three[1]}?in=favourites", None)


@pytest.mark.parametrize("scope", ["timeline", "favourites", "recent"])
def test_the_way_back_leads_to_the_page_that_begins_with_the_photo(
    client: FlaskClient, library: Library, owner_id: int, three: list[int], scope: str
) -> None:
    back = way_back(page(client, f"/photo/{three[1]}?in={scope}"))
    path, _, cursor = back.removesuffix(f"#photo-{three[1]}").partition("?before=")
    assert path == ("/" if scope == "timeline" else f"/{scope}")
    first = scopes.page(library.db, owner_id, cursor, 1, Scope(scope)).photos[0]
    assert first.id == three[1]


def test_an_album_of_somebody_else_is_no_place_to_look_from(
    client: FlaskClient, library: Library, list_photos: ListPhotos, three: list[int], stranger_id: int
) -> None:
    (theirs,) = list_photos("2020-01-01T00:00:00.000", owner=stranger_id)
    with write(library.db) as db:
        album = catalog.put_in_album(db, stranger_id, theirs, "Theirs")
    for address in (f"/photo/{three[0]}?in=album-{album}", f"/fragments/photo/{three[0]}?in=album-{album}"):
        assert client.get(address).status_code == 404
    assert client.get(f"/photo/{three[0]}?in=nonsense").status_code == 400


def test_what_moves_a_photo_elsewhere_says_whether_it_leaves_the_list(client: FlaskClient, three: list[int]) -> None:
    def leaves(address: str, deed: str) -> str:
        found = re.search(rf'data-deed="{deed}" data-leaves="(\w+)"', page(client, address))
        assert found is not None
        return found[1]

    assert leaves(f"/photo/{three[0]}", "archive") == "yes"
    assert leaves(f"/photo/{three[0]}?in=favourites", "archive") == "no"
    assert leaves(f"/photo/{three[0]}?in=favourites", "trash") == "yes"
    client.delete(f"/api/v1/photos/{three[0]}")
    assert leaves(f"/photo/{three[0]}?in=trash", "restore") == "yes"
    assert leaves(f"/photo/{three[0]}", "restore") == "no"
    assert "Delete for good" in page(client, f"/photo/{three[0]}")


def test_a_large_jpeg_is_enlarged_from_its_original_and_what_browsers_do_not_know_from_a_large_size(
    client: FlaskClient, gallery, library: Library, three: list[int]
) -> None:
    shown = gallery.client.get(f"/photo/{gallery.photo['photo_id']}").text
    assert f'data-sharper="/media/{gallery.photo["key"]}/original"' in shown
    with write(library.db) as db:
        db.conn.execute("update photos set width = 6000, height = 4000 where id = ?", (three[0],))
        db.conn.execute(
            "update originals set format = 'heic' where key = (select key from photos where id = ?)", (three[0],)
        )
    assert re.search(r'data-sharper="/media/\w+/4096"', page(client, f"/photo/{three[0]}"))
    with write(library.db) as db:
        db.conn.execute("update photos set width = 2000, height = 1000 where id = ?", (three[0],))
    assert "data-sharper" not in page(client, f"/photo/{three[0]}")


def test_a_sphere_says_which_part_of_one_it_is(client: FlaskClient, library: Library, three: list[int]) -> None:
    part = '{"left": 0, "top": 0, "width": 1, "height": 1, "heading": 0}'
    with write(library.db) as db:
        db.conn.execute("insert into details (photo_id, panorama) values (?, ?)", (three[0], part))
    text = page(client, f"/photo/{three[0]}")
    assert "data-panorama=" in text
    assert "Look around" in text
    assert "data-panorama" not in page(client, f"/photo/{three[1]}")


def test_what_a_person_wrote_is_text_and_nothing_else(
    client: FlaskClient, library: Library, three: list[int], owner_id: int
) -> None:
    evil = '"><script>alert(1)</script>'
    with write(library.db) as db:
        edits.edit(db, owner_id, three[:1], {"title": evil, "description": evil, "add_tags": [evil]})
    text = page(client, f"/photo/{three[0]}")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
