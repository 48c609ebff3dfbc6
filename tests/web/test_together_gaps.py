"""Albums together, what is found and done in them: who added what, albums of others among one's own, acts on a mixed choice."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from photolib import album_edits, albums, scopes
from photolib.db import write
from photolib.library import Library
from photolib.scopes import Scope
from photolib.sharing import members

from .conftest import ListPhotos, client_of, sign_in


@pytest.fixture(name="owner")
def the_owners_browser(client: FlaskClient) -> FlaskClient:
    return client


class Mixed:
    """An album "Wedding" of the admin's with three photos, into which zoe put two of her own."""

    def __init__(
        self, app: Flask, library: Library, photos: list[int], theirs: list[int], owner: int, zoe: int
    ) -> None:
        self.app, self.library, self.photos, self.theirs, self.owner, self.zoe = (
            app,
            library,
            photos,
            theirs,
            owner,
            zoe,
        )
        with write(library.db) as db:
            self.album = album_edits.make(db, owner, "Wedding", "", None, photos).album_id
            db.conn.execute("update photos set status = 'ready'")
        self.grant = self.invite("contribute")
        with write(library.db) as db:
            album_edits.put(db, zoe, albums.album(db, self.album), theirs)

    def invite(self, role: str) -> int:
        with write(self.library.db) as db:
            album = albums.album(db, self.album)
            return members.invite(db, self.owner, album, "user", self.zoe, role).id  # type: ignore[arg-type]

    @property
    def browser(self) -> FlaskClient:
        """Zoe's."""
        return client_of(self.app, sign_in(self.library.db, self.zoe))

    def ids(self, scope: str, who: int | None = None) -> list[int]:
        return scopes.ids(self.library.db, who or self.owner, scopes.parse(scope), 100)


@pytest.fixture(name="mixed")
def an_album_that_two_fill(
    app: Flask, library: Library, list_photos: ListPhotos, owner_id: int, stranger_id: int
) -> Mixed:
    photos = list_photos("2020-06-01T12:00:00.000", "2020-06-03T12:00:00.000", "2020-06-05T12:00:00.000")
    theirs = list_photos("2020-06-02T12:00:00.000", "2020-06-04T12:00:00.000", owner=stranger_id)
    return Mixed(app, library, photos, theirs, owner_id, stranger_id)


# ---------------------------------------------------------------- who added what


def test_an_album_is_narrowed_down_to_what_one_person_put_there(mixed: Mixed, owner: FlaskClient) -> None:
    page = owner.get(f"/albums/{mixed.album}?by={mixed.zoe}").text
    assert re.findall(r'id="photo-(\d+)"', page) == [str(each) for each in mixed.theirs]
    assert f"in=added-{mixed.album}-{mixed.zoe}" in page
    assert re.search(rf'class="chip is-chosen" href="/albums/{mixed.album}\?by={mixed.zoe}"', page)
    assert mixed.ids(f"added-{mixed.album}-{mixed.owner}") == mixed.photos
    both = mixed.browser.get(f"/albums/{mixed.album}?by={mixed.owner}").text
    assert re.findall(r'id="photo-(\d+)"', both) == [str(each) for each in mixed.photos]


@pytest.mark.parametrize("order", albums.ORDERS)
def test_the_neighbours_of_a_photo_are_those_of_the_same_person(mixed: Mixed, order: str) -> None:
    with write(mixed.library.db) as db:
        album_edits.change(db, mixed.owner, albums.album(db, mixed.album), {"order_by": order})
    scope = Scope("added", (mixed.album, mixed.owner))
    shown = scopes.ids(mixed.library.db, mixed.owner, scope, 100)
    assert shown == (mixed.photos[::-1] if order == "newest" else mixed.photos)
    assert scopes.neighbours(mixed.library.db, mixed.owner, shown[1], scope) == (shown[0], shown[2])
    assert scopes.place_of(mixed.library.db, mixed.owner, mixed.theirs[0], scope) is None
    page = mixed.browser.get(f"/photo/{shown[1]}?in={scope}").text
    assert f'href="/photo/{shown[0]}?in={scope}"' in page
    assert f"/albums/{mixed.album}?by={mixed.owner}&amp;before=" in page


def test_who_does_not_see_an_album_does_not_see_who_filled_it(mixed: Mixed) -> None:
    zoe = mixed.browser
    assert zoe.get(f"/api/v1/photos?scope=added-{mixed.album}-{mixed.owner}").status_code == 200
    with write(mixed.library.db) as db:
        members.remove(db, mixed.owner, albums.album(db, mixed.album), mixed.grant)
    for who in (mixed.owner, mixed.zoe):
        assert zoe.get(f"/api/v1/photos?scope=added-{mixed.album}-{who}").status_code == 404
        assert zoe.get(f"/albums/{mixed.album}?by={who}").status_code == 404


def test_nobody_is_named_where_one_person_filled_an_album_alone(mixed: Mixed, owner: FlaskClient) -> None:
    assert "?by=" in owner.get(f"/albums/{mixed.album}").text
    owner.delete(f"/api/v1/albums/{mixed.album}/photos", json={"photo_ids": mixed.theirs})
    assert "?by=" not in owner.get(f"/albums/{mixed.album}").text
    emptied = owner.get(f"/albums/{mixed.album}?by={mixed.zoe}").text
    assert "Nothing of theirs is in this album any more." in emptied
    assert "photo-grid" not in emptied


def test_what_fills_itself_is_all_its_owners(mixed: Mixed) -> None:
    with write(mixed.library.db) as db:
        album = album_edits.make(db, mixed.owner, "Found", query="after:2019").album_id
        db.conn.execute(
            "insert into found_photos (album_id, photo_id, photo_at, is_here) values (?, ?, '2020', 1)",
            (album, mixed.photos[0]),
        )
    assert mixed.ids(f"added-{album}-{mixed.owner}") == mixed.photos[:1]
    assert mixed.ids(f"added-{album}-{mixed.zoe}") == []


def test_the_viewer_says_who_added_a_photo_also_of_ones_own(mixed: Mixed, owner: FlaskClient) -> None:
    where = f"?in=album-{mixed.album}"
    assert "Added by you" in owner.get(f"/photo/{mixed.photos[0]}{where}").text
    assert "Added by zoe" in owner.get(f"/photo/{mixed.theirs[0]}{where}").text
    assert "Added by you" in mixed.browser.get(f"/photo/{mixed.theirs[0]}{where}").text
    assert "Added by" not in owner.get(f"/photo/{mixed.photos[0]}").text
    with write(mixed.library.db) as db:
        alone = album_edits.make(db, mixed.owner, "Alone", "", None, mixed.photos).album_id
    assert "Added by" not in owner.get(f"/photo/{mixed.photos[0]}?in=album-{alone}").text


# ---------------------------------------------------------------- albums of others


def test_an_album_that_somebody_was_invited_into_stands_among_their_own(mixed: Mixed, owner: FlaskClient) -> None:
    zoe = mixed.browser
    with write(mixed.library.db) as db:
        album_edits.make(db, mixed.zoe, "Attic")
        album_edits.make(db, mixed.zoe, "Zoo")
    page = zoe.get("/albums?sort=title").text
    assert re.findall(r'class="title">([^<]+)<', page) == ["Attic", "Wedding", "Zoo"]
    assert "5 photos · 2020 · of admin" in page
    assert "· of admin" not in owner.get("/albums").text
    assert "Shared:" in owner.get("/albums").text  # its owner sees at a glance that others see it
    assert "Wedding" in zoe.get("/albums?q=wed").text
    mixed.invite("view")
    assert "Wedding" in zoe.get("/albums").text
    with write(mixed.library.db) as db:
        members.remove(db, mixed.owner, albums.album(db, mixed.album), mixed.grant)
    assert "Wedding" not in zoe.get("/albums").text
    assert "Wedding" not in zoe.get("/albums?q=wed").text


def test_what_is_shared_with_everybody_is_found_by_its_title_and_fills_nobodys_shelf(
    mixed: Mixed, library: Library
) -> None:
    with write(library.db) as db:
        album = album_edits.make(db, mixed.owner, "Village fair").album_id
        members.invite(db, mixed.owner, albums.album(db, album), "public", None, "view")
    zoe = mixed.browser
    assert "Village fair" not in zoe.get("/albums").text
    assert "Village fair" in zoe.get("/albums?q=fair").text
    [said] = [each for each in zoe.get("/api/v1/search/suggestions?q=vill").json["items"] if each["album_id"]]
    assert said == {
        "text": "Village fair",
        "kind": "shared album",
        "query": "Village fair",
        "count": 0,
        "album_id": album,
    }


def test_albums_that_fill_pages_go_on_with_those_of_others_between_them(mixed: Mixed) -> None:
    with write(mixed.library.db) as db:
        for number in range(4):
            album_edits.make(db, mixed.zoe, f"Album {number}")
    for sort in albums.SORTS:
        read, cursor = [], None
        while True:
            shelf = albums.albums(mixed.library.db, mixed.zoe, sort=sort, cursor=cursor, size=2, has_others=True)
            read += [each.title for each in shelf.albums]
            if (cursor := shelf.cursor) is None:
                break
        assert sorted(read) == ["Album 0", "Album 1", "Album 2", "Album 3", "Wedding"]


def test_the_list_to_put_photos_into_has_albums_of_others_that_one_may_add_to(mixed: Mixed) -> None:
    asked = "/api/v1/albums?level=all&fillable=1&shared=1"

    def offered() -> list[tuple[str, str | None]]:
        return [(each["title"], each["owner"]) for each in mixed.browser.get(asked).json["items"]]

    assert offered() == [("Wedding", "admin")]
    assert (
        mixed.browser.get("/api/v1/albums?level=all&fillable=1").json["items"] == []
    )  # asked for without, there are one's own
    mixed.invite("download")
    assert offered() == []
    assert [each["title"] for each in mixed.browser.get("/api/v1/albums?shared=1").json["items"]] == ["Wedding"]


def test_an_album_within_another_that_is_not_shared_stands_alone_and_without_its_covers(
    mixed: Mixed, library: Library
) -> None:
    with write(library.db) as db:
        outer = album_edits.make(db, mixed.owner, "Outer").album_id
        album_edits.make(db, mixed.owner, "Hidden inside", "", albums.album(db, outer), mixed.photos)
        members.invite(db, mixed.owner, albums.album(db, outer), "user", mixed.zoe, "view")
        members.remove(db, mixed.owner, albums.album(db, mixed.album), mixed.grant)
    page = mixed.browser.get("/albums").text
    assert "Outer" in page
    assert "Hidden inside" not in page
    assert "/media/" not in page.split('class="album-cards"')[1]
    assert "0 photos" in page
