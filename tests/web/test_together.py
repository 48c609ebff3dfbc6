"""Albums that several people fill: who may do what in them, as each role, over the API and over the pages."""

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from photolib import album_edits, albums
from photolib.accounts import users
from photolib.db import write
from photolib.library import Library
from photolib.sharing import grants, members

from .conftest import ListPhotos, client_of, sign_in


@dataclass(frozen=True)
class World:
    """An album of the admin's with three photos, somebody else here, and two photos of theirs."""

    library: Library
    app: Flask
    album: int
    photos: list[int]
    owner: int
    zoe: int
    theirs: list[int]

    def invite(self, role: str, user_id: int | None = None, shows: bool = True) -> int:
        with write(self.library.db) as db:
            found = albums.album(db, self.album)
            return members.invite(db, self.owner, found, "user", user_id or self.zoe, role, shows).id  # type: ignore[arg-type]

    def browser(self, user_id: int) -> FlaskClient:
        return client_of(self.app, sign_in(self.library.db, user_id))

    def ids(self) -> list[int]:
        rows = self.library.db.conn.execute(
            "select photo_id from album_photos where album_id = ? and is_here = 1 order by photo_at, photo_id",
            (self.album,),
        )
        return [row[0] for row in rows.fetchall()]


@pytest.fixture(name="world")
def an_album_and_somebody(
    app: Flask, library: Library, list_photos: ListPhotos, owner_id: int, stranger_id: int
) -> World:
    photos = list_photos("2020-06-01T12:00:00.000", "2020-06-02T12:00:00.000", "2020-06-03T12:00:00.000")
    theirs = list_photos("2020-06-04T12:00:00.000", "2020-06-05T12:00:00.000", owner=stranger_id)
    with write(library.db) as db:
        album = album_edits.make(db, owner_id, "Wedding", "", None, photos).album_id
        db.conn.execute("update photos set status = 'ready'")
    return World(library, app, album, photos, owner_id, stranger_id, theirs)


def test_somebody_who_is_not_invited_sees_nothing(world: World) -> None:
    zoe = world.browser(world.zoe)
    for path in ("", "/people", "/activity", "/map", "/arrange"):
        assert zoe.get(f"/albums/{world.album}{path}").status_code == 404
    assert zoe.get(f"/api/v1/albums/{world.album}/members").status_code == 404
    assert zoe.get(f"/photo/{world.photos[0]}").status_code == 404


ACTS: list[tuple[str, str, str, dict[str, Any]]] = [  # what it is called, method, address, body
    ("look", "get", "/api/v1/albums/{album}", {}),
    ("look at a photo", "get", "/api/v1/photos/{photo}", {}),
    ("see who is in it", "get", "/api/v1/albums/{album}/members", {}),
    ("put in", "post", "/api/v1/albums/{album}/photos", {"photo_ids": "theirs"}),
    ("take out a photo of another", "delete", "/api/v1/albums/{album}/photos", {"photo_ids": "photos"}),
    ("reorder", "post", "/api/v1/albums/{album}/order", {"photo_ids": "photos"}),
    ("rename", "patch", "/api/v1/albums/{album}", {"title": "Ours"}),
    ("choose the cover", "patch", "/api/v1/albums/{album}", {"cover_id": "photo"}),
    ("nest", "patch", "/api/v1/albums/{album}", {"parent_id": None}),
    ("invite", "post", "/api/v1/albums/{album}/members", {"audience": "public", "role": "view"}),
    ("delete", "delete", "/api/v1/albums/{album}", {}),
    ("edit a photo", "patch", "/api/v1/photos/{photo}", {"rating": 3}),
    ("delete a photo", "delete", "/api/v1/photos/{photo}", {}),
]
LOOKING = {"look", "look at a photo", "see who is in it"}
MAY = {
    "view": LOOKING,
    "download": LOOKING,
    "contribute": LOOKING | {"put in", "reorder"},
    "manage": LOOKING | {"put in", "reorder", "take out a photo of another", "rename", "choose the cover", "invite"},
}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act[0])
def test_each_role_may_do_what_it_says_and_no_more(world: World, role: str, act: tuple[str, str, str, Any]) -> None:
    world.invite(role)
    name, method, path, body = act
    named = {"theirs": world.theirs, "photos": world.photos[:1], "photo": world.photos[0]}
    said = {key: named.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
    answer = world.browser(world.zoe).open(
        path.format(album=world.album, photo=world.photos[0]), method=method, json=said if method != "get" else None
    )
    if name in MAY[role]:
        assert answer.status_code in (200, 201), answer.text
    else:
        assert answer.status_code in (403, 404), answer.text


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("view", [], ["/arrange", "1/add", 'name="title"', "/delete", "/edit"]),
        ("contribute", ["/arrange", "1/add"], ['name="title"', "/delete", "/edit"]),
        ("manage", ["/arrange", "1/add", 'name="title"', "/cover"], ["/delete"]),
    ],
)
def test_the_page_of_an_album_offers_what_somebody_may(
    world: World, role: str, shown: list[str], hidden: list[str]
) -> None:
    world.invite(role)
    page = world.browser(world.zoe).get(f"/albums/{world.album}").text
    for each in shown:
        assert each in page, each
    for each in hidden:
        assert each not in page, each
    assert "/leave" in page


def test_a_member_puts_in_their_own_photos_and_nobody_elses(world: World) -> None:
    world.invite("contribute")
    zoe = world.browser(world.zoe)
    answer = zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs})
    assert answer.status_code == 200
    assert world.ids() == [*world.photos, *world.theirs]
    row = world.library.db.conn.execute(
        "select distinct added_by from album_photos where photo_id in (?, ?)", world.theirs
    )
    assert row.fetchall() == [(world.zoe,)]
    other = zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.photos})
    assert other.status_code == 403  # she may look at them, so she is told why
    owner = world.browser(world.owner)
    assert owner.get(f"/api/v1/photos/{world.theirs[0]}").status_code == 200
    assert owner.patch(f"/api/v1/photos/{world.theirs[0]}", json={"rating": 1}).status_code == 404


def test_who_added_a_photo_can_take_it_out_again_and_so_can_the_owner(world: World) -> None:
    world.invite("contribute")
    zoe, owner = world.browser(world.zoe), world.browser(world.owner)
    zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs})
    assert zoe.delete(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs[:1]}).status_code == 200
    assert owner.delete(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs[1:]}).status_code == 200
    assert world.ids() == world.photos


def test_a_photo_that_its_owner_trashes_leaves_the_album_for_all(world: World) -> None:
    world.invite("contribute")
    zoe, owner = world.browser(world.zoe), world.browser(world.owner)
    zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs})
    assert zoe.delete(f"/api/v1/photos/{world.theirs[0]}").status_code == 200
    assert world.theirs[0] not in world.ids()
    assert owner.get(f"/photo/{world.theirs[0]}").status_code == 404


def test_a_role_taken_away_holds_from_the_next_request_on(world: World) -> None:
    grant = world.invite("manage")
    zoe, owner = world.browser(world.zoe), world.browser(world.owner)
    assert zoe.patch(f"/api/v1/albums/{world.album}", json={"title": "Ours"}).status_code == 200
    path = f"/api/v1/albums/{world.album}/members/{grant}"
    assert owner.patch(path, json={"role": "view"}).status_code == 200
    assert zoe.patch(f"/api/v1/albums/{world.album}", json={"title": "Mine"}).status_code == 404
    assert owner.delete(path).status_code == 200
    assert zoe.get(f"/api/v1/albums/{world.album}").status_code == 404
    assert zoe.get(f"/photo/{world.photos[0]}?in=album-{world.album}").status_code == 404


def test_an_act_is_not_undone_by_whoever_may_not_do_it_any_more(world: World) -> None:
    grant = world.invite("manage")
    zoe = world.browser(world.zoe)
    renamed = zoe.patch(f"/api/v1/albums/{world.album}", json={"title": "Ours"}).json["undo"]
    taken = zoe.delete(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.photos[:1]}).json["undo"]
    with write(world.library.db) as db:
        members.change(db, albums.album(db, world.album), grant, "view", None)
    assert zoe.post(renamed).status_code == 404
    assert zoe.post(taken).status_code == 404
    with write(world.library.db) as db:
        members.change(db, albums.album(db, world.album), grant, "contribute", None)
    assert zoe.post(taken).status_code == 200
    assert zoe.post(renamed).status_code == 404


def test_whoever_leaves_takes_their_photos_along(world: World) -> None:
    world.invite("contribute")
    zoe, owner = world.browser(world.zoe), world.browser(world.owner)
    put = zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs}).json
    assert owner.delete(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs[:1]}).json["undo"]
    left = zoe.post(f"/albums/{world.album}/leave")
    assert left.status_code == 303
    assert world.ids() == world.photos
    assert zoe.get(f"/albums/{world.album}").status_code == 404
    assert put["undo"]
    with write(world.library.db) as db:  # an act of the owner's that is undone does not bring them back
        assert grants.on_album(db, world.zoe, world.album) is None
    assert zoe.post(f"/albums/{world.album}/leave").status_code == 404


def test_undoing_brings_nobodys_photos_back_who_has_left(world: World) -> None:
    world.invite("contribute")
    zoe, owner = world.browser(world.zoe), world.browser(world.owner)
    zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs})
    undo = owner.delete(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs}).json["undo"]
    zoe.post(f"/albums/{world.album}/leave")
    owner.post(undo)
    assert world.ids() == world.photos


def test_inviting_works_without_script_and_the_invited_are_told(world: World) -> None:
    owner, zoe = world.browser(world.owner), world.browser(world.zoe)
    assert f'<option value="{world.zoe}">' in owner.get(f"/albums/{world.album}/people").text
    answer = owner.post(
        f"/albums/{world.album}/people", data={"user": world.zoe, "role": "contribute", "location": "yes"}
    )
    assert answer.status_code == 303
    assert members.new_to(world.library.db, world.zoe) == 1
    assert "Wedding" in zoe.get("/shared").text
    assert members.new_to(world.library.db, world.zoe) == 0
    items = zoe.get(f"/api/v1/albums/{world.album}/members").json["items"]
    assert [(each["user_id"], each["role"], each["is_owner"]) for each in items] == [
        (world.owner, None, True), (world.zoe, "contribute", False),
    ]  # fmt: skip
    assert [each["title"] for each in zoe.get("/api/v1/shared").json["albums"]] == ["Wedding"]


def test_everybody_with_an_account_is_let_in_at_once_and_out_again(world: World) -> None:
    owner, zoe = world.browser(world.owner), world.browser(world.zoe)
    made = owner.post(f"/api/v1/albums/{world.album}/members", json={"audience": "public", "role": "contribute"})
    grant = made.json["items"][1]["grant_id"]
    assert zoe.get(f"/albums/{world.album}").status_code == 200
    zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.theirs})
    refused = owner.post(f"/api/v1/albums/{world.album}/members", json={"audience": "public", "role": "manage"})
    assert refused.status_code == 400
    owner.delete(f"/api/v1/albums/{world.album}/members/{grant}")
    assert zoe.get(f"/albums/{world.album}").status_code == 404
    assert world.ids() == world.photos


def test_whoever_is_disabled_is_not_offered_to_be_invited(world: World) -> None:
    owner = world.browser(world.owner)
    assert f'<option value="{world.zoe}">' in owner.get(f"/albums/{world.album}/people").text
    with write(world.library.db) as db:
        db.conn.execute("update users set is_disabled = 1 where id = ?", (world.zoe,))
    assert f'<option value="{world.zoe}">' not in owner.get(f"/albums/{world.album}/people").text
    answer = owner.post(f"/api/v1/albums/{world.album}/members", json={"user_id": world.zoe, "role": "view"})
    assert answer.status_code == 400


def test_what_happened_is_told_in_one_line_for_what_goes_together(world: World) -> None:
    world.invite("contribute")
    zoe, owner = world.browser(world.zoe), world.browser(world.owner)
    for photo in world.theirs:
        zoe.post(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": [photo]})
    for _ in range(3):
        zoe.post(f"/api/v1/albums/{world.album}/order", json={"photo_ids": world.theirs[:1]})
    owner.patch(f"/api/v1/albums/{world.album}", json={"title": "Ours"})
    items = owner.get(f"/api/v1/albums/{world.album}/activity").json["items"]
    assert [(each["by"], each["what"], each["photos"], each["is_new"]) for each in items] == [
        ("admin", "change", 0, False), ("zoe", "move", 3, True), ("zoe", "add", 2, True), ("admin", "invited", 0, False),
    ]  # fmt: skip
    assert "added 2 photos" in owner.get(f"/albums/{world.album}").text
    owner.get(f"/albums/{world.album}/activity")
    items = owner.get(f"/api/v1/albums/{world.album}/activity").json["items"]
    assert not any(each["is_new"] for each in items)


def test_an_album_that_nobody_else_sees_tells_nothing_and_notes_nothing(world: World) -> None:
    owner = world.browser(world.owner)
    owner.patch(f"/api/v1/albums/{world.album}", json={"title": "Mine"})
    owner.delete(f"/api/v1/albums/{world.album}/photos", json={"photo_ids": world.photos[:1]})
    for table in ("album_activity", "album_changes"):
        assert world.library.db.conn.execute(f"select count(*) from {table}").fetchone() == (0,)
    assert 'id="album-activity"' not in owner.get(f"/albums/{world.album}").text


def test_a_guest_can_leave_and_change_nothing(world: World) -> None:
    with write(world.library.db) as db:
        users.set_role(db, world.zoe, "guest")
    world.invite("manage")
    zoe = world.browser(world.zoe)
    assert zoe.get(f"/albums/{world.album}").status_code == 200
    assert zoe.post(f"/albums/{world.album}/people", data={"audience": "public", "role": "view"}).status_code == 404
    assert zoe.post(f"/albums/{world.album}/edit", data={"title": "Mine"}).status_code == 403
    assert zoe.post("/share/since", data={"user": world.owner, "role": "view", "day": "2020-01-01"}).status_code == 403
    assert zoe.post(f"/albums/{world.album}/leave").status_code == 303


def test_somebody_is_told_in_the_rail_until_they_have_looked(world: World) -> None:
    zoe = world.browser(world.zoe)
    assert "Something new" not in zoe.get("/albums").text
    world.invite("view")
    assert "Something new" in zoe.get("/albums").text
    zoe.get("/shared")
    assert "Something new" not in zoe.get("/albums").text


def test_events_name_albums_that_somebody_sees_and_one_that_was_just_taken_away(world: World) -> None:
    grant = world.invite("view")
    owner, zoe = world.browser(world.owner), world.browser(world.zoe)

    def told(browser: FlaskClient, since: int) -> str:
        return browser.get("/api/v1/events?seconds=0", headers={"Last-Event-ID": f"0-{since}"}).text

    assert f'"album_ids": [{world.album}]' in told(zoe, 0)
    latest = world.library.db.conn.execute("select max(seq) from album_changes").fetchone()[0]
    assert "event: albums" not in told(zoe, latest)
    owner.patch(f"/api/v1/albums/{world.album}", json={"title": "Ours"})
    assert f'"album_ids": [{world.album}]' in told(zoe, latest)
    with write(world.library.db) as db:
        third = users.add(db, "noa").id
    assert "event: albums" not in told(world.browser(third), 0)
    latest = world.library.db.conn.execute("select max(seq) from album_changes").fetchone()[0]
    owner.delete(f"/api/v1/albums/{world.album}/members/{grant}")
    assert f'"album_ids": [{world.album}]' in told(zoe, latest)


def test_what_somebody_may_take_home_they_can_save_and_it_is_without_the_place_where_that_is_hidden(
    app: Flask,
    client: FlaskClient,
    library: Library,
    stranger_id: int,
    owner_id: int,
    draw_photo: Any,
    import_folder: Any,
) -> None:
    path = draw_photo("in/holiday.jpg", size=(600, 400), taken="2024:06:14 14:03:00")
    with Image.open(path) as picture:
        exif = picture.getexif()
        exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 6.0, 0.0), 3: "W", 4: (1.0, 40.0, 0.0)})
        picture.save(path, exif=exif)
    import_folder(path.parent)
    photo = client.get("/api/v1/photos").json["items"][0]
    zoe = client_of(app, sign_in(library.db, stranger_id))
    original = photo["urls"]["original"]
    with write(library.db) as db:
        album = album_edits.make(db, owner_id, "Trip", "", None, [photo["photo_id"]]).album_id
        members.invite(db, owner_id, albums.album(db, album), "user", stranger_id, "view")
    assert zoe.get(photo["urls"]["large"]).status_code == 200
    assert zoe.get(original).status_code == 404
    assert zoe.post("/download", data={"photos": photo["photo_id"]}).status_code == 404
    assert zoe.post("/shared/save", data={"photo": photo["photo_id"]}).status_code == 404
    with write(library.db) as db:
        grants.give(db, owner_id, {"album_id": album}, "user", stranger_id, "download", False)
    for answer in (zoe.get(original), zoe.post("/download", data={"photos": photo["photo_id"]})):
        assert answer.status_code == 200
    taken = zoe.get(original)
    assert taken.data != path.read_bytes()
    with Image.open(io.BytesIO(taken.data)) as picture:
        assert not picture.getexif().get_ifd(0x8825)
        assert picture.getexif().get_ifd(0x8769)[0x9003] == "2024:06:14 14:03:00"
    [inside] = zipfile.ZipFile(io.BytesIO(zoe.post("/download", data={"photos": photo["photo_id"]}).data)).infolist()
    assert inside.file_size == len(taken.data)
    assert zoe.post("/shared/save", data={"photo": photo["photo_id"]}).status_code == 303
    mine = library.db.conn.execute("select key from photos where owner_id = ?", (stranger_id,)).fetchall()
    assert mine == [(hashlib.sha256(taken.data).hexdigest(),)]
    with write(library.db) as db:
        grants.give(db, owner_id, {"album_id": album}, "user", stranger_id, "download", True)
    assert zoe.get(original).data == path.read_bytes()


def test_one_photo_that_is_shared_stands_on_the_page_of_what_is_shared_with_me(world: World) -> None:
    zoe = world.browser(world.zoe)
    with write(world.library.db) as db:
        grants.give(db, world.owner, {"photo_id": world.photos[0]}, "user", world.zoe)
    assert f'href="/photo/{world.photos[0]}"' in zoe.get("/shared").text
    assert zoe.get(f"/photo/{world.photos[0]}").status_code == 200
    assert zoe.get(f"/photo/{world.photos[1]}").status_code == 404
    world.browser(world.owner).delete(f"/api/v1/photos/{world.photos[0]}")
    assert f'href="/photo/{world.photos[0]}"' not in zoe.get("/shared").text


def test_everybody_with_an_account_is_not_shown_places_by_one_tap(world: World) -> None:
    owner = world.browser(world.owner)
    page = owner.get(f"/albums/{world.album}/people").text
    [form] = [each for each in page.split("<form")[1:] if 'value="public"' in each]
    fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', form.partition("</form>")[0]))
    assert fields == {"audience": "public", "role": "view"}
    assert owner.post(f"/albums/{world.album}/people", data=fields).status_code in (200, 303)
    listed = owner.get(f"/api/v1/albums/{world.album}/members").json["items"]
    assert [each["show_location"] for each in listed if each["audience"] == "public"] == [False]
