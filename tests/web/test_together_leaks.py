"""ABUSE_CASES.md 17, for those who are in an album of somebody else's: every route, with the things of the album's owner.

The tables are checked against the app's own routes: a new route is closed to members until somebody says here what it shows them.
"""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from photolib import album_edits, understood
from photolib.accounts import users
from photolib.db import write
from photolib.library import Library
from photolib.sharing import grants
from photolib.understood import PhotoPlace

from .conftest import ListPhotos, client_of, sign_in
from .test_abuse_accounts import DOORS
from .test_abuse_users import Things, bodies, changing, everything, parts, send, things_of

# What a member of an album is shown of another's things; everything else with an id in its address does not exist for them.
SHOWN = {
    "albums_api.album", "albums_pages.album", "albums_pages.on_map", "members_api.listed", "members_api.happened",
    "members_pages.people", "members_pages.happened",  # the album
    "api.photo", "pages.photo", "pages.viewed_photo", "media.media", "people_api.faces_on",  # a photo in it
    "social_api.comments", "social_api.likes", "social_api.likes_of", "social_api.comments_on",  # what is said about it
}  # fmt: skip
FROM_CONTRIBUTE = {"albums_pages.add", "albums_pages.arrange"}
FROM_MANAGE = {
    "albums_pages.cover",
    "sharing_pages.link",
    "sharing_api.link",
    "sharing_api.log",
    "sharing_api.happened",
}
# What a member may do with the album, and what everybody does to what they see.
MAY_CHANGE = {
    "view": {
        "members_pages.read", "members_pages.leave", "members_api.leave",
        # between people, whatever they share, and about photos that one sees: tests/web/test_social.py
        "social_api.follow", "social_api.unfollow", "social_api.stop_follower", "social_api.like", "social_api.unlike",
        "social_api.comment", "social_pages.act", "social_pages.like", "social_pages.comment",
    },
    "contribute": {"albums_api.move", "albums_pages.move"},
    "manage": {
        "albums_api.change", "albums_pages.change", "albums_api.take", "albums_pages.take", "members_api.invite", "members_api.change",
        "members_api.remove", "members_pages.invite", "members_pages.change", "members_pages.remove",
        # Whoever may invite may also hand on by a link.
        "sharing_api.share_album", "sharing_api.change", "sharing_api.revoke", "sharing_api.restore", "sharing_api.renew",
        "sharing_pages.change", "sharing_pages.change_password", "sharing_pages.revoke", "sharing_pages.restore", "sharing_pages.renew",
    },
}  # fmt: skip
ROLES = ("view", "download", "contribute", "manage")
PARIS = PhotoPlace("FR", "France", "Île-de-France", "Paris", 48.85, 2.35, False)
IGNORED_ROOMS = ("media.",)  # its photos have no picture: tests/web/test_together.py. Below a link nobody is signed in.


@pytest.fixture(name="world")
def one_has_an_album_and_another_is_in_it(
    app: Flask, library: Library, list_photos: ListPhotos, stranger_id: int
) -> tuple[Things, FlaskClient, Any]:
    with write(library.db) as db:
        mia = users.add(db, "mia").id
    theirs = things_of(library, mia, list_photos, 4)

    def join(role: str, shows: bool = True) -> None:
        with write(library.db) as db:
            grants.give(db, mia, {"album_id": theirs.album_id}, "user", stranger_id, role, shows)  # type: ignore[arg-type]

    return theirs, client_of(app, sign_in(library.db, stranger_id)), join


def secrets(theirs: Things) -> tuple[str, ...]:
    """What the album's owner keeps to themselves: names of people, tags, searches, folders, other albums."""
    return ("Secret4", "secret tag 4", "secret search 4", "folder/4", ">second<", '"second"')


@pytest.mark.parametrize("role", ROLES)
def test_17_a_member_of_an_album_is_shown_that_album_and_its_photos_and_nothing_else(
    app: Flask, world: tuple[Things, FlaskClient, Any], role: str
) -> None:
    theirs, zoe, join = world
    join(role)
    level = ROLES.index(role)
    shown = SHOWN | (FROM_CONTRIBUTE if level >= 2 else set()) | (FROM_MANAGE if level >= 3 else set())
    wrong: list[Any] = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in DOORS or rule.rule.startswith("/admin") or "GET" not in (rule.methods or ()):
            continue
        if rule.endpoint == "events.events" or rule.endpoint.startswith(IGNORED_ROOMS) or "token" in rule.arguments:
            continue
        answer = zoe.get(theirs.address(rule))
        if parts(rule) - {"month", "scope", "variant"}:
            is_shown = answer.status_code < 400
            if is_shown != (rule.endpoint in shown):
                wrong.append((rule.endpoint, answer.status_code))
        for secret in secrets(theirs):
            if secret in answer.text:
                wrong.append((rule.endpoint, secret))
    assert wrong == [], wrong


@pytest.mark.parametrize("role", ROLES)
def test_17_a_member_of_an_album_changes_what_their_role_says_and_nothing_else(
    app: Flask, library: Library, world: tuple[Things, FlaskClient, Any], role: str
) -> None:
    theirs, zoe, join = world
    join(role)
    may = set().union(*(acts for name, acts in MAY_CHANGE.items() if ROLES.index(name) <= ROLES.index(role)))
    wrong: list[Any] = []
    for rule, method in changing(app):
        if rule.endpoint in may or "token" in rule.arguments or not parts(rule):
            continue
        before = everything(library)
        for body in bodies(theirs).get(rule.endpoint, [])[:1] or [{}]:
            answer = send(zoe, method, theirs.address(rule), body)
            if answer.status_code < 400 or everything(library) != before:
                wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == [], wrong


def test_17_what_is_known_about_a_photo_stays_with_its_owner(
    app: Flask, library: Library, world: tuple[Things, FlaskClient, Any]
) -> None:
    theirs, zoe, join = world
    with write(library.db) as db:
        db.conn.execute(
            "update photos set rating = 4, latitude = 48.1, longitude = -1.6 where id = ?", (theirs.photo_id,)
        )
    join("view", shows=False)
    found = zoe.get(f"/api/v1/photos/{theirs.photo_id}").json
    hidden: dict[str, Any] = {
        "rating": None, "is_favourite": False, "latitude": None, "longitude": None, "place": None, "tags": [], "labels": [], "people": [],
        "paths": [], "exif": {}, "notes": [],
    }  # fmt: skip
    assert {name: found[name] for name in hidden} == hidden
    assert [each["album_id"] for each in found["albums"]] == [theirs.album_id]
    assert zoe.get(f"/api/v1/photos/{theirs.photo_id}/faces").json["items"] == []
    assert zoe.get(f"/albums/{theirs.album_id}/map").status_code == 404
    pieces = zoe.get(f"/api/v1/timeline/buckets/2020-06?scope=album-{theirs.album_id}").json
    assert pieces["is_favourite"] == [False, False]
    assert zoe.get(f"/media/{theirs.key}/original").status_code == 404
    on_map = f"/api/v1/map?scope=album-{theirs.album_id}"
    assert zoe.get(on_map).status_code == 404
    page = zoe.get(f"/photo/{theirs.photo_id}?in=album-{theirs.album_id}").text
    assert "48.1" not in page
    assert "/photos/act" not in page
    join("view", shows=True)
    assert zoe.get(f"/api/v1/photos/{theirs.photo_id}").json["latitude"] == 48.1
    assert [each["photo_id"] for each in zoe.get(on_map).json["items"]] == [theirs.photo_id]
    for scope in (
        f"person-{theirs.person_id}",
        f"tag-{theirs.tag_id}",
        f"folder-{theirs.folder_id}",
        f"album-{theirs.other_album}",
    ):
        assert zoe.get(f"/api/v1/photos?scope={scope}").status_code == 404
    assert str(theirs.photo_id) not in json.dumps(zoe.get("/api/v1/search?q=dog").json)


def test_17_neighbours_are_those_of_what_is_shared(library: Library, world: tuple[Things, FlaskClient, Any]) -> None:
    theirs, zoe, join = world
    join("view")
    page = zoe.get(f"/photo/{theirs.photo_id}").text  # seen in no list of one's own: nothing is beside it
    assert 'rel="next"' not in page
    assert 'rel="prev"' not in page
    page = zoe.get(f"/photo/{theirs.photo_id}?in=album-{theirs.album_id}").text
    assert f'href="/photo/{theirs.other_photo}?in=album-{theirs.album_id}"' in page


def test_17_everything_with_a_person_is_what_the_giver_says_of_them_now(
    library: Library, world: tuple[Things, FlaskClient, Any], stranger_id: int
) -> None:
    theirs, zoe, _ = world
    with write(library.db) as db:
        grant = grants.give(db, theirs.user_id, {"person_id": theirs.person_id}, "user", stranger_id, "view", False).id

    def shown() -> list[int]:
        answer = zoe.get(f"/api/v1/photos?scope=shared-{grant}")
        return sorted(each["photo_id"] for each in answer.json["items"]) if answer.status_code == 200 else []

    before = shown()
    assert theirs.photo_id in before
    assert zoe.get(f"/shared/{grant}").status_code == 200
    assert zoe.get(f"/photo/{theirs.photo_id}?in=shared-{grant}").status_code == 200
    with write(library.db) as db:
        db.conn.execute("update faces set state = 'rejected', person_id = null where id = ?", (theirs.face_id,))
    assert shown() == [each for each in before if each != theirs.photo_id]
    assert zoe.get(f"/photo/{theirs.photo_id}").status_code == 404
    with write(library.db) as db:
        db.conn.execute("update people set is_hidden = 1 where id = ?", (theirs.person_id,))
    assert shown() == []
    assert zoe.get(f"/photo/{before[-1]}").status_code == 404
    assert zoe.post(f"/grants/{grant}/end").status_code == 303
    assert zoe.get(f"/shared/{grant}").status_code == 404


def test_17_who_may_not_know_the_place_does_not_show_it_to_others(world: tuple[Things, FlaskClient, Any]) -> None:
    theirs, zoe, join = world
    join("manage", shows=False)
    album = f"/api/v1/albums/{theirs.album_id}"
    for path, body in (
        ("/members", {"audience": "public", "role": "view", "show_location": True}),
        ("/share", {"type": "public", "permissions": "view", "show_location": True}),
        ("/share", {"type": "link", "show_location": True}),
    ):
        assert zoe.post(album + path, json=body).status_code == 403, path
    [mine] = [each["grant_id"] for each in zoe.get(f"{album}/members").json["items"] if each["name"] == "zoe"]
    assert zoe.patch(f"{album}/members/{mine}", json={"show_location": True}).status_code == 403
    assert zoe.patch(f"/api/v1/links/{theirs.link_id}", json={"show_location": True}).status_code == 403
    assert zoe.post(f"{album}/members", json={"audience": "public", "role": "view"}).status_code == 201
    assert zoe.get(f"/api/v1/photos/{theirs.photo_id}").json["utc_offset"] is None
    assert zoe.get(f"/albums/{theirs.album_id}/map").status_code == 404


@pytest.mark.parametrize("order", ["album", "random"])
def test_17_a_frame_on_the_wall_says_where_only_to_who_may_know(
    library: Library, world: tuple[Things, FlaskClient, Any], stranger_id: int, order: str
) -> None:
    theirs, zoe, join = world
    with write(library.db) as db:
        for (photo_id,) in db.conn.execute("select id from photos").fetchall():
            understood.keep_place(db, photo_id, PARIS)
        since = grants.give(db, theirs.user_id, {"since": "2019-01-01"}, "user", stranger_id, "view", False).id
    join("view", shows=False)
    for scope in (f"album-{theirs.album_id}", f"shared-{since}"):
        items = zoe.get(f"/frame/photos?in={scope}&order={order}").json["items"]
        assert items
        assert {each["where"] for each in items} == {""}, scope
        assert "data-place" not in zoe.get(f"/frame?in={scope}").text
    join("view", shows=True)
    [shown] = {
        each["where"] for each in zoe.get(f"/frame/photos?in=album-{theirs.album_id}&order={order}").json["items"]
    }
    assert shown == "Paris"
    assert "data-place" in zoe.get(f"/frame?in=album-{theirs.album_id}").text


def test_17_a_list_says_the_time_zone_of_ones_own_photos_only(
    library: Library, client: FlaskClient, world: tuple[Things, FlaskClient, Any], list_photos: ListPhotos
) -> None:
    theirs, zoe, join = world
    mine = list_photos("2020-06-05T12:00:00.000")
    with write(library.db) as db:
        db.conn.execute("update photos set utc_offset = -540")
    join("view", shows=False)
    answer = zoe.get(f"/api/v1/photos?scope=album-{theirs.album_id}").json["items"]
    assert {each["utc_offset"] for each in answer} == {None}
    own = client.get("/api/v1/photos").json["items"]
    assert [(each["photo_id"], each["utc_offset"]) for each in own] == [(mine[0], -540)]


def test_17_a_link_that_shows_places_is_not_handed_to_who_may_not_know_them(
    library: Library, app: Flask, world: tuple[Things, FlaskClient, Any]
) -> None:
    theirs, zoe, join = world
    join("manage", shows=False)
    link = f"/api/v1/links/{theirs.link_id}"
    assert zoe.get(link).json["share_url"]
    with write(library.db) as db:
        db.conn.execute("update links set show_location = 1")
    assert zoe.get(link).json["share_url"] is None
    assert zoe.post(f"{link}/renew").json["share_url"] is None
    page = zoe.get(f"/sharing/{theirs.link_id}").text
    assert "/s/" not in page
    assert "its address is not either" in page
    assert "/s/" not in zoe.get(f"/share?album={theirs.album_id}").text
    join("manage", shows=True)
    assert zoe.get(link).json["share_url"]


def test_17_news_of_an_album_do_not_name_a_photo_that_lies_in_an_album_inside(
    library: Library, world: tuple[Things, FlaskClient, Any], stranger_id: int
) -> None:
    theirs, zoe, _join = world
    with write(library.db) as db:
        outer = album_edits.make(db, theirs.user_id, "Outer").album_id
        db.conn.execute("update albums set parent_id = ? where id = ?", (outer, theirs.album_id))
        grants.give(db, theirs.user_id, {"album_id": outer}, "user", stranger_id)
    [news] = zoe.get("/api/v1/feed").json["items"]
    assert (news["album"]["title"], news["album"]["cover"]) == ("Outer", None)
