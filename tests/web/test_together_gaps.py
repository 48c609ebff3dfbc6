"""Albums together, what is found and done in them: who added what, albums of others among one's own, acts on a mixed choice."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from photolib import album_edits, albums, decisions, scopes
from photolib.accounts import users
from photolib.db import write
from photolib.library import Library
from photolib.scopes import Scope
from photolib.sharing import grants, members, partners, social

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


# ---------------------------------------------------------------- acts on photos of several people


def test_an_act_on_photos_of_several_people_is_done_to_ones_own(mixed: Mixed, owner: FlaskClient) -> None:
    chosen = [*mixed.photos[:2], *mixed.theirs]
    answer = owner.post("/api/v1/photos/edit", json={"photo_ids": chosen, "is_favourite": True}).json
    assert answer["said"] == "2 photos added to the favourites. 2 photos of others were left out"
    assert answer["photo_ids"] == mixed.photos[:2]
    rows = mixed.library.db.conn.execute("select id from photos where is_favourite = 1 order by id").fetchall()
    assert [row[0] for row in rows] == mixed.photos[:2]
    assert owner.post(answer["undo"]).status_code == 200
    form = owner.post(
        "/photos/act", data={"photo": chosen, "act": "trash"}, headers={"Accept": "application/json"}
    ).json
    assert form["said"] == "2 photos moved to the trash. 2 photos of others were left out"
    assert mixed.ids(f"album-{mixed.album}") == [mixed.theirs[0], mixed.theirs[1], mixed.photos[2]]


def test_an_act_on_photos_of_others_alone_is_refused_and_says_why(mixed: Mixed, owner: FlaskClient) -> None:
    answer = owner.post("/api/v1/photos/edit", json={"photo_ids": mixed.theirs, "is_trashed": True})
    assert answer.status_code == 403
    assert "somebody else's" in answer.text
    row = mixed.library.db.conn.execute("select count(*) from photos where trashed_at is not null").fetchone()
    assert row[0] == 0


def test_a_photo_that_one_does_not_see_ends_an_act_on_several_as_if_it_did_not_exist(
    mixed: Mixed, list_photos: ListPhotos
) -> None:
    [secret] = list_photos("2020-07-01T12:00:00.000")
    for photo in (secret, 999_999):
        answer = mixed.browser.post("/api/v1/photos/edit", json={"photo_ids": [*mixed.theirs, photo], "rating": 3})
        assert answer.status_code == 404
    row = mixed.library.db.conn.execute("select count(*) from photos where rating is not null").fetchone()
    assert row[0] == 0


def test_a_mixed_choice_goes_into_an_album_and_out_of_one_as_far_as_it_is_ones_own(
    mixed: Mixed, owner: FlaskClient
) -> None:
    with write(mixed.library.db) as db:
        other = album_edits.make(db, mixed.owner, "Best").album_id
    chosen = {"photo_ids": [*mixed.photos, mixed.theirs[0]]}
    put = owner.post(f"/api/v1/albums/{other}/photos", json=chosen).json
    assert put["said"] == "3 photos added to Best. 1 photo of somebody else was left out"
    zoe = mixed.browser
    taken = zoe.delete(f"/api/v1/albums/{mixed.album}/photos", json=chosen).json
    assert taken["said"] == "Taken out of the album. 3 photos of others stay in it"
    assert mixed.ids(f"album-{mixed.album}") == [mixed.photos[0], *mixed.ids(f"album-{mixed.album}")[1:]]
    assert mixed.theirs[0] not in mixed.ids(f"album-{mixed.album}")
    assert zoe.delete(f"/api/v1/albums/{mixed.album}/photos", json={"photo_ids": mixed.photos}).status_code == 403
    whole = owner.delete(f"/api/v1/albums/{mixed.album}/photos", json={"photo_ids": [mixed.photos[0], mixed.theirs[1]]})
    assert whole.json["said"] == "2 photos taken out of the album"  # whoever may manage it takes out whatever there is


def test_a_link_and_an_export_of_a_mixed_choice_hold_ones_own_photos(mixed: Mixed, owner: FlaskClient) -> None:
    photos = ",".join(map(str, [*mixed.photos, *mixed.theirs]))
    page = owner.post("/share/selection", data={"photos": photos}).text
    assert "Share 3 photos" in page
    assert "2 photos of others were left out" in page
    assert f'value="{",".join(map(str, mixed.photos))}"' in page
    page = owner.post("/export", data={"photos": photos}).text
    assert "3 photos" in page
    assert "2 photos of others were left out" in page
    alone = ",".join(map(str, mixed.theirs))
    assert owner.post("/share/selection", data={"photos": alone}).status_code == 403


# ---------------------------------------------------------------- people who turn out to be one, or to be gone


def person(library: Library, owner: int, name: str, photos: list[int]) -> int:
    """Somebody who is on these photos."""
    with write(library.db) as db:
        made = db.conn.execute(
            "insert into people (owner_id, name, created_at) values (?, ?, '2024-01-01') returning id", (owner, name)
        ).fetchone()[0]
        for photo in photos:
            db.conn.execute(
                """insert into faces (photo_id, person_id, decided_by, x, y, w, h, quality, pixels, model)
                   values (?, ?, 'person', 0.1, 0.1, 0.2, 0.2, 1, 100, 'fake')""",
                (photo, made),
            )
    return made


def share(library: Library, owner: int, user: int, of: int, role: grants.Role) -> int:
    with write(library.db) as db:
        return partners.give(db, owner, user, of, None, role, False).id


def shown(library: Library, user: int) -> dict[str, tuple[str, int]]:
    """What is shared with somebody: by the person, what they may do and how many photos that is."""
    return {each.person or "": (each.grant.role, each.photos) for each in partners.taken(library.db, user)}


@pytest.fixture(name="two")
def two_people_on_three_photos(
    library: Library, list_photos: ListPhotos, owner_id: int, stranger_id: int
) -> tuple[int, int]:
    photos = list_photos("2021-06-01T12:00:00.000", "2021-06-02T12:00:00.000", "2021-06-03T12:00:00.000")
    with write(library.db) as db:
        db.conn.execute("update photos set status = 'ready'")
    return person(library, owner_id, "Ann", photos[:2]), person(library, owner_id, "Anna", photos[2:])


def test_everything_with_somebody_goes_on_when_they_turn_out_to_be_somebody_else(
    library: Library, two: tuple[int, int], owner_id: int, stranger_id: int
) -> None:
    ann, anna = two
    share(library, owner_id, stranger_id, anna, "download")
    with write(library.db) as db:
        merged = decisions.merge(db, owner_id, ann, anna)
    assert shown(library, stranger_id) == {"Ann": ("download", 3)}
    with write(library.db) as db:
        decisions.undo(db, owner_id, merged.id)
    assert shown(library, stranger_id) == {"Anna": ("download", 1)}


def test_what_somebody_had_of_both_they_have_of_both_again_when_they_are_two_again(
    library: Library, two: tuple[int, int], owner_id: int, stranger_id: int
) -> None:
    ann, anna = two
    share(library, owner_id, stranger_id, ann, "view")
    share(library, owner_id, stranger_id, anna, "download")
    with write(library.db) as db:
        merged = decisions.merge(db, owner_id, ann, anna)
    assert shown(library, stranger_id) == {"Ann": ("view", 3)}  # never more than was said of whoever stays
    with write(library.db) as db:
        decisions.undo(db, owner_id, merged.id)
    assert shown(library, stranger_id) == {"Ann": ("view", 2), "Anna": ("download", 1)}


def test_what_was_taken_back_while_two_were_one_stays_taken_back(
    library: Library, two: tuple[int, int], owner_id: int, stranger_id: int
) -> None:
    ann, anna = two
    grant = share(library, owner_id, stranger_id, ann, "view")
    share(library, owner_id, stranger_id, anna, "view")
    with write(library.db) as db:
        merged = decisions.merge(db, owner_id, ann, anna)
        partners.end(db, owner_id, grant)
        decisions.undo(db, owner_id, merged.id)
    assert shown(library, stranger_id) == {}


def test_faces_that_are_split_off_are_not_shared_any_more(
    library: Library, two: tuple[int, int], owner_id: int, stranger_id: int
) -> None:
    share(library, owner_id, stranger_id, two[0], "view")
    [face] = library.db.conn.execute("select min(id) from faces where person_id = ?", (two[0],)).fetchone()
    with write(library.db) as db:
        parted = decisions.split(db, owner_id, two[0], [face], "Bea")
    assert shown(library, stranger_id) == {"Ann": ("view", 1)}
    with write(library.db) as db:
        decisions.undo(db, owner_id, parted.id)
    assert shown(library, stranger_id) == {"Ann": ("view", 2)}


def test_whoever_is_gone_takes_their_photos_out_of_albums_of_others_and_the_albums_stay(
    mixed: Mixed, owner: FlaskClient
) -> None:
    with write(mixed.library.db) as db:
        theirs = album_edits.make(db, mixed.zoe, "Of zoe", "", None, mixed.theirs).album_id
        members.invite(db, mixed.zoe, albums.album(db, theirs), "user", mixed.owner, "contribute")
        album_edits.put(db, mixed.owner, albums.album(db, theirs), mixed.photos)
        users.disable(db, mixed.zoe)  # keeps what is there
    assert len(mixed.ids(f"album-{mixed.album}")) == 5
    with write(mixed.library.db) as db:
        kept = [
            row[0]
            for row in db.conn.execute("select name from sqlite_master where sql like '%owner_id%' and type = 'table'")
        ]
        db.conn.execute(
            """delete from album_photos where photo_id in (select id from photos where owner_id = ?1)
                 or album_id in (select id from albums where owner_id = ?1)""",
            (mixed.zoe,),
        )
        for table in ("photos", *(each for each in kept if each != "photos")):
            db.conn.execute(f"delete from {table} where owner_id = ?", (mixed.zoe,))
        db.conn.execute("delete from users where id = ?", (mixed.zoe,))
    assert mixed.ids(f"album-{mixed.album}") == mixed.photos
    page = owner.get(f"/albums/{mixed.album}").text
    assert "3 photos" in page
    assert "?by=" not in page
    assert owner.get(f"/albums/{mixed.album}/activity").status_code == 200
    assert "Of zoe" not in owner.get("/albums").text
    assert mixed.ids("timeline") == mixed.photos[::-1]  # ones own photos stay ones own


# ---------------------------------------------------------------- live


@pytest.mark.parametrize("audience", ["public", "followers"])
def test_open_pages_are_told_when_an_album_is_not_everybodys_any_more(
    mixed: Mixed, list_photos: ListPhotos, audience: grants.Audience
) -> None:
    library, zoe = mixed.library, mixed.browser
    with write(library.db) as db:
        db.conn.execute("insert into follows values (?, ?, '2024', '2024')", (mixed.zoe, mixed.owner))
        album = album_edits.make(db, mixed.owner, "Open", "", None, mixed.photos).album_id
        grant = members.invite(db, mixed.owner, albums.album(db, album), audience, None, "view").id
        other = users.add(db, "noa").id
    latest = library.db.conn.execute("select max(seq) from album_changes").fetchone()[0]
    assert zoe.get(f"/albums/{album}").status_code == 200
    with write(library.db) as db:
        members.remove(db, mixed.owner, albums.album(db, album), grant)
    asked = {"headers": {"Last-Event-ID": f"0-{latest}"}}
    assert f'"album_ids": [{album}]' in zoe.get("/api/v1/events?seconds=0", **asked).text
    if audience == "followers":
        stranger = client_of(mixed.app, sign_in(library.db, other))
        assert "event: albums" not in stranger.get("/api/v1/events?seconds=0", **asked).text


def test_whoever_follows_no_more_is_told_that_the_album_is_gone(mixed: Mixed) -> None:
    library, zoe = mixed.library, mixed.browser
    with write(library.db) as db:
        db.conn.execute("insert into follows values (?, ?, '2024', '2024')", (mixed.zoe, mixed.owner))
        album = album_edits.make(db, mixed.owner, "Open", "", None, mixed.photos).album_id
        members.invite(db, mixed.owner, albums.album(db, album), "followers", None, "view")
    latest = library.db.conn.execute("select max(seq) from album_changes").fetchone()[0]
    with write(library.db) as db:
        social.end(db, mixed.zoe, mixed.owner)
    assert (
        f'"album_ids": [{album}]' in zoe.get("/api/v1/events?seconds=0", headers={"Last-Event-ID": f"0-{latest}"}).text
    )
