"""Sharing by links, from the owner's side: over the API and on the pages."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from photolib.accounts import api_tokens, users
from photolib.db import write
from photolib.library import Library
from photolib.sharing import grants, links, listing
from photolib.sharing.grants import Role

from .conftest import CLIENT, ListPhotos

DAYS = ("2024-06-14T12:00:00.000", "2024-06-15T12:00:00.000", "2024-06-16T12:00:00.000")


@pytest.fixture
def photo_ids(list_photos: ListPhotos, library: Library) -> list[int]:
    found = list_photos(*DAYS)
    with write(library.db) as db:
        db.conn.execute("update photos set status = 'ready'")
    return found


@pytest.fixture
def album_id(client: FlaskClient, photo_ids: list[int]) -> int:
    return client.post("/api/v1/albums", json={"title": "Summer", "photo_ids": photo_ids}).json["album_id"]


def share(client: FlaskClient, album_id: int, **said: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/albums/{album_id}/share", json=said)
    assert answer.status_code == 201, answer.text
    return answer.json


def path_of(shared: dict[str, Any]) -> str:
    return "/s/" + (shared.get("share_url") or "").partition("/s/")[2]


def grant(library: Library, album_id: int, user_id: int, role: Role) -> None:
    with write(library.db) as db:
        owner = db.conn.execute("select owner_id from albums where id = ?", (album_id,)).fetchone()[0]
        grants.give(db, owner, {"album_id": album_id}, "user", user_id, role)


# ---------------------------------------------------------------- making links


def test_an_album_is_shared_by_a_link_that_somebody_without_an_account_opens(
    client: FlaskClient, anonymous: FlaskClient, album_id: int
) -> None:
    shared = share(client, album_id, permissions="download", name="Our summer 2024")
    assert shared["share_url"].endswith("/Our-summer-2024")
    assert anonymous.get(path_of(shared)).status_code == 200
    [link] = client.get("/api/v1/links").json["items"]
    assert link["link_id"] == shared["share_id"]
    assert link["share_url"] == shared["share_url"]
    assert (link["permissions"], link["title"], link["has_password"]) == ("download", "Our summer 2024", False)


def test_sharing_the_same_photos_again_makes_another_link_to_the_same_album(
    client: FlaskClient, photo_ids: list[int]
) -> None:
    for chosen in (photo_ids[:2], photo_ids[1::-1], photo_ids[:1], photo_ids):
        assert client.post("/api/v1/photos/share", json={"photo_ids": chosen}).status_code == 201
    made = client.get("/api/v1/links").json["items"][::-1]
    assert [each["kind"] for each in made] == ["selection", "selection", "photo", "selection"]
    assert len({each["link_id"] for each in made}) == 4
    assert made[0]["album_id"] == made[1]["album_id"]
    assert len({each["album_id"] for each in made}) == 3
    assert client.get("/api/v1/albums?level=all").json["items"] == []  # none that somebody made


def test_photos_to_which_others_may_add_are_shared_apart_from_those_only_to_be_looked_at(
    client: FlaskClient, photo_ids: list[int], stranger_id: int, library: Library
) -> None:
    said: list[dict[str, Any]] = [
        {"type": "users", "user_ids": [stranger_id], "permissions": "manage"},
        {"permissions": "contribute"},
        {},
        {"permissions": "contribute"},
        {"permissions": "download"},
    ]
    albums = []
    for each in said:
        made = client.post("/api/v1/photos/share", json={"photo_ids": photo_ids[:2], **each}).json
        table = "grants" if "user_ids" in each else "links"
        [row] = library.db.conn.execute(f"select album_id from {table} where id = ?", (made["share_id"],))
        albums.append(row[0])
    assert len(set(albums)) == 4
    assert albums[2] == albums[4]


def test_a_search_is_shared_live_and_says_nothing_of_its_words(
    client: FlaskClient, anonymous: FlaskClient, photo_ids: list[int], library: Library
) -> None:
    shared = client.post("/api/v1/photos/share", json={"query": "after:2024-06-15"}).json
    [link] = client.get("/api/v1/links").json["items"]
    assert (link["kind"], link["query"], link["title"]) == ("search", "after:2024-06-15", "Photos")
    assert "after:" not in anonymous.get(path_of(shared)).text


def test_what_is_asked_of_a_link_has_to_make_sense(client: FlaskClient, album_id: int) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for said in (
        {"password": "short"}, {"expires_at": yesterday}, {"expires_at": "tomorrow"}, {"max_uses": 0}, {"name": "a" * 81},
        {"note": "a" * 2001}, {"permissions": "manage"}, {"permissions": "everything"}, {"type": "friends"}, {"hidden": True},
        {"show_location": "yes"}, {"user_ids": [1]}, {"type": "users"}, {"type": "users", "user_ids": [987654]},
        {"type": "public", "password": "bamu-tefo"},
    ):  # fmt: skip
        assert client.post(f"/api/v1/albums/{album_id}/share", json=said).status_code == 400, said
    for body in ({}, {"photo_ids": []}, {"query": " "}, {"query": "x", "album_id": album_id}):
        assert client.post("/api/v1/photos/share", json=body).status_code == 400, body
    assert client.get("/api/v1/links").json["items"] == []
    assert client.get("/api/v1/albums?level=all").json["items"][0]["title"] == "Summer"


# ---------------------------------------------------------------- with an account


def test_an_album_is_shared_with_users_and_with_everybody_here(
    client: FlaskClient, second_user: FlaskClient, album_id: int, stranger_id: int
) -> None:
    assert second_user.get(f"/api/v1/albums/{album_id}").status_code == 404
    shared = share(client, album_id, type="users", user_ids=[stranger_id], permissions="view")
    assert shared["share_url"].endswith(f"/albums/{album_id}")
    assert second_user.get(f"/api/v1/albums/{album_id}").status_code == 200
    assert share(client, album_id, type="public")["share_ids"] != shared["share_ids"]


def test_one_photo_is_shared_itself_and_several_as_an_album(
    client: FlaskClient, second_user: FlaskClient, photo_ids: list[int], stranger_id: int
) -> None:
    to = {"type": "users", "user_ids": [stranger_id]}
    assert client.post("/api/v1/photos/share", json={"photo_ids": photo_ids[:1], **to}).status_code == 201
    seen = [second_user.get(f"/api/v1/photos/{each}").status_code for each in photo_ids]
    assert seen == [200, 404, 404]
    several = client.post("/api/v1/photos/share", json={"photo_ids": photo_ids[1:], **to}).json
    assert "/albums/" in several["share_url"]
    assert [second_user.get(f"/api/v1/photos/{each}").status_code for each in photo_ids] == [200, 200, 200]


@pytest.mark.parametrize("role", ["view", "download", "contribute", "manage"])
def test_only_who_may_manage_an_album_hands_it_on_and_the_link_is_its_owners(
    client: FlaskClient, second_user: FlaskClient, library: Library, album_id: int, stranger_id: int, role: Role
) -> None:
    grant(library, album_id, stranger_id, role)
    answer = second_user.post(f"/api/v1/albums/{album_id}/share", json={})
    assert answer.status_code == (201 if role == "manage" else 404)
    made = client.get("/api/v1/links").json["items"]
    assert len(made) == (role == "manage")
    if made:
        path = f"/api/v1/links/{made[0]['link_id']}"
        assert second_user.get("/api/v1/links").json["items"] == []
        assert second_user.get(path).status_code == 200
        with write(library.db) as db:
            db.conn.execute("delete from grants")
        assert second_user.get(path).status_code == 404  # a role taken away takes effect at once
        assert second_user.delete(path).status_code == 404


def test_a_photo_is_shared_by_its_owner_only(
    second_user: FlaskClient, library: Library, photo_ids: list[int], album_id: int, stranger_id: int
) -> None:
    grant(library, album_id, stranger_id, "manage")
    assert second_user.get(f"/api/v1/photos/{photo_ids[0]}").status_code == 200
    assert second_user.post("/api/v1/photos/share", json={"photo_ids": photo_ids[:1]}).status_code == 404
    assert second_user.get(f"/share?photo={photo_ids[0]}").status_code == 404
    assert (
        second_user.post("/share", data={"photos": photo_ids[0]}).status_code == 403
    )  # they see it, and are told why not


def test_15_a_token_that_only_reads_makes_no_link(app: Flask, library: Library, album_id: int, owner_id: int) -> None:
    def program(*scopes: Any) -> FlaskClient:
        with write(library.db) as db:
            _, text = api_tokens.make(db, users.account(db, owner_id), "frame", list(scopes), None)
        asking = app.test_client()
        asking.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
        return asking

    for scopes in (["read"], ["upload"], ["read", "upload"]):
        assert program(*scopes).post(f"/api/v1/albums/{album_id}/share", json={}).status_code == 403
        assert program(*scopes).post("/api/v1/photos/share", json={"album_id": album_id}).status_code == 403
    shared = program("read", "write").post(f"/api/v1/albums/{album_id}/share", json={})
    assert shared.status_code == 201
    path = f"/api/v1/links/{shared.json['share_id']}"
    assert (
        program("read").delete(path).status_code == program("read").patch(path, json={"name": "x"}).status_code == 403
    )
    assert program("write").get(path).status_code == 403
    assert program("read").get(path).status_code == 200


# ---------------------------------------------------------------- changing and ending them


def test_a_revoked_link_leads_nowhere_at_once_and_undo_opens_it_again(
    client: FlaskClient, anonymous: FlaskClient, album_id: int
) -> None:
    shared = share(client, album_id)
    ended = client.delete(f"/api/v1/links/{shared['share_id']}").json
    assert anonymous.get(path_of(shared)).status_code == 404
    assert client.get("/api/v1/links").json["items"] == []
    assert len(client.get("/api/v1/links?state=ended").json["items"]) == 1
    assert client.post(ended["undo"], json={}).status_code == 200
    assert anonymous.get(path_of(shared)).status_code == 200


def test_a_new_address_leaves_the_old_one_dead(client: FlaskClient, anonymous: FlaskClient, album_id: int) -> None:
    shared = share(client, album_id, name="Summer")
    renewed = client.post(f"/api/v1/links/{shared['share_id']}/renew", json={}).json
    assert anonymous.get(path_of(shared)).status_code == 404
    assert anonymous.get(path_of(renewed)).status_code == 200
    assert renewed["name"] == "Summer"


def test_3_another_password_ends_all_visits(client: FlaskClient, anonymous: FlaskClient, album_id: int) -> None:
    shared = share(client, album_id, password="bamu-tefo")
    anonymous.environ_base["HTTP_ORIGIN"] = "http://localhost"
    address = path_of(shared)
    assert "Summer" not in anonymous.get(address).text
    assert anonymous.post(address, data={"password": "bamu-tefo"}).status_code == 303
    assert "Summer" in anonymous.get(address).text
    client.patch(f"/api/v1/links/{shared['share_id']}", json={"password": "other-words"})
    assert "Summer" not in anonymous.get(address).text
    client.patch(f"/api/v1/links/{shared['share_id']}", json={"note": "still locked"})
    assert client.get(f"/api/v1/links/{shared['share_id']}").json["has_password"]
    client.patch(f"/api/v1/links/{shared['share_id']}", json={"password": None})
    assert "Summer" in anonymous.get(address).text


def test_4_a_password_is_in_no_answer_no_address_and_no_log(
    client: FlaskClient, album_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "bamu-tefo-rila"
    made = client.post("/share", data={"album": album_id, "password": password})
    page = client.get(made.headers["Location"])
    changed = client.post(made.headers["Location"] + "/password", data={"password": password + "-2"})
    told = [
        made.headers["Location"], made.text, page.text, changed.text, changed.headers["Location"], client.get("/sharing").text,
        client.get("/api/v1/links").text, client.get("/api/v1/links/1").text, client.get("/api/v1/links/1/log").text, caplog.text,
    ]  # fmt: skip
    assert not any(secret in each for each in told for secret in (password, "argon2"))


def test_deleting_an_album_ends_its_links_and_grants_and_undoing_brings_them_back(
    client: FlaskClient,
    anonymous: FlaskClient,
    second_user: FlaskClient,
    library: Library,
    album_id: int,
    stranger_id: int,
) -> None:
    shared = share(client, album_id, name="Ours", password="bamu-tefo")
    anonymous.environ_base["HTTP_ORIGIN"] = "http://localhost"
    door = path_of(shared).removesuffix("/Ours")
    assert anonymous.post(door, data={"password": "bamu-tefo"}).status_code == 303
    grant(library, album_id, stranger_id, "view")
    before = client.get(f"/api/v1/links/{shared['share_id']}").json
    assert before["counts"]["visits"] == 1
    assert "leads nowhere then" in client.get(f"/albums/{album_id}").text
    gone = client.delete(f"/api/v1/albums/{album_id}").json
    assert anonymous.get(path_of(shared)).status_code == 404
    assert second_user.get(f"/api/v1/albums/{album_id}").status_code == 404
    assert client.post(gone["undo"], json={}).status_code == 200
    assert client.get(f"/api/v1/links/{shared['share_id']}").json == before
    assert "Summer" in anonymous.get(path_of(shared)).text or "Ours" in anonymous.get(path_of(shared)).text
    assert second_user.get(f"/api/v1/albums/{album_id}").status_code == 200


def test_what_was_shared_with_somebody_who_is_gone_meanwhile_stays_away(
    client: FlaskClient, library: Library, album_id: int, stranger_id: int
) -> None:
    grant(library, album_id, stranger_id, "view")
    gone = client.delete(f"/api/v1/albums/{album_id}").json
    with write(library.db) as db:
        db.conn.execute("delete from users where id = ?", (stranger_id,))
    assert client.post(gone["undo"], json={}).status_code == 200
    assert grants.of_album(library.db, album_id) == []


# ---------------------------------------------------------------- lists, counts and the log


def test_the_log_says_what_happened_and_no_whole_address(client: FlaskClient, library: Library, album_id: int) -> None:
    link_id = share(client, album_id)["share_id"]
    with write(library.db) as db:
        for what in ("opened", "opened", "refused", "downloaded"):
            links.note(
                db,
                link_id,
                what,
                CLIENT.__class__("203.0.113.77", "Safari on iPhone"),
                2 if what == "downloaded" else 0,
            )
    counts = client.get(f"/api/v1/links/{link_id}").json["counts"]
    assert (counts["visits"], counts["downloads"], counts["refused"]) == (2, 1, 1)
    first = client.get(f"/api/v1/links/{link_id}/log?size=3").json
    assert [each["what"] for each in first["items"]] == ["downloaded", "refused", "opened"]
    assert first["items"][0] == {
        **first["items"][0],
        "photos": 2,
        "network": "203.0.113.0/24",
        "browser": "Safari on iPhone",
    }
    rest = client.get(f"/api/v1/links/{link_id}/log?cursor={first['next']}").json
    assert [each["what"] for each in rest["items"]] == ["opened"]
    page = client.get(f"/sharing/{link_id}").text
    assert "203.0.113.77" not in page
    assert "2 photos downloaded" in page


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.1.17", "192.168.1.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1::/48"), ("::ffff:192.168.1.17", "192.168.1.0/24"),
        ("127.0.0.1", "127.0.0.1"), ("nonsense", ""),
    ],
)  # fmt: skip
def test_an_address_is_shown_as_its_network(address: str, network: str) -> None:
    assert listing.network(address) == network


def test_a_long_list_of_links_asks_as_little_as_a_short_one(
    client: FlaskClient, library: Library, album_id: int
) -> None:
    def questions() -> int:
        asked: list[str] = []
        with library.db.tracer(lambda sql, _: asked.append(sql)):
            library.db.conn.set_trace_callback(asked.append)
            assert client.get("/sharing").status_code == 200
            library.db.conn.set_trace_callback(None)
        return len(asked)

    share(client, album_id)
    few = questions()
    with write(library.db) as db:
        for _each in range(60):
            links.make(db, 1, album_id, "album", links.key(library.data))
    assert questions() <= few + 1
    page = client.get("/api/v1/links?size=50").json
    assert len(page["items"]) == 50
    assert len(client.get(f"/api/v1/links?cursor={page['next']}").json["items"]) == 11


def test_the_album_says_how_many_links_share_it(client: FlaskClient, album_id: int) -> None:
    assert "Shared by" not in client.get(f"/albums/{album_id}").text
    first = share(client, album_id)
    share(client, album_id)
    assert "Shared by 2 links" in client.get(f"/albums/{album_id}").text
    client.delete(f"/api/v1/links/{first['share_id']}")
    assert "Shared by a link" in client.get(f"/albums/{album_id}").text
    assert "/sharing/1" not in client.get(f"/sharing?album_id={album_id}").text


# ---------------------------------------------------------------- pages without script


def test_a_link_is_made_changed_and_ended_with_forms_alone(
    client: FlaskClient, anonymous: FlaskClient, library: Library, album_id: int
) -> None:
    assert "Make a link" in client.get(f"/share?album={album_id}").text
    made = client.post(
        "/share", data={"album": album_id, "permission": "contribute", "ends": "week", "max_uses": "3", "note": "Enjoy"}
    )
    page = made.headers["Location"]
    link = links.by_id(library.db, 1)
    assert (link.permission, link.max_uses, link.note, link.show_location) == ("contribute", 3, "Enjoy", False)
    assert link.expires_at is not None
    left = datetime.fromisoformat(link.expires_at) - datetime.now(UTC)
    assert timedelta(days=6) < left <= timedelta(days=7)
    assert "Look, download and add photos" in client.get(page).text
    changed = {"permission": "view", "ends": "day", "until": "2099-12-24", "show_location": "yes", "name": "Xmas"}
    assert client.post(page, data=changed).status_code == 303
    link = links.by_id(library.db, 1)
    assert (link.permission, link.max_uses, link.show_location, link.name) == ("view", None, True, "Xmas")
    assert (link.expires_at or "").startswith("2099-12-2")
    assert client.post(page, data={"ends": "day", "until": "never"}).status_code == 400
    assert client.post(page + "/revoke").status_code == 303
    assert "revoked" in client.get(page).text
    assert client.post(page + "/restore").status_code == 303
    assert client.post(page + "/renew").status_code == 303


def test_before_it_is_shared_it_is_said_how_exact_places_are(
    client: FlaskClient, library: Library, album_id: int, photo_ids: list[int], list_photos: ListPhotos
) -> None:
    assert "None of these photos says where it was taken" in client.get(f"/share?album={album_id}").text
    at_home = list_photos(*[f"2023-01-{day:02}T12:00:00.000" for day in range(1, 15)])
    with write(library.db) as db:
        db.conn.execute("update photos set latitude = 48.1, longitude = 11.5 where id > ?", (at_home[0] - 1,))
        db.conn.execute("update photos set latitude = 1.0, longitude = 2.0 where id = ?", (photo_ids[0],))
    page = client.get(f"/share?album={album_id}").text
    assert "1 of these 3 photos say exactly where they were taken." in page
    assert "may be your home" not in page
    assert "Places are not shown." in page
    chosen = client.post("/share/selection", data={"photos": f"{at_home[0]},{at_home[1]},{photo_ids[1]}"}).text
    assert "2 of these 3 photos say exactly where they were taken." in chosen
    assert "2 of them were taken where you take most of your photos, which may be your home." in chosen


def test_a_guest_shares_nothing(app: Flask, library: Library, second_user: FlaskClient, stranger_id: int) -> None:
    with write(library.db) as db:
        users.set_role(db, stranger_id, "guest")
    assert second_user.get("/share?q=beach").status_code == 403
    assert second_user.post("/api/v1/photos/share", json={"query": "beach"}).status_code == 403
    assert second_user.get("/sharing").status_code == 200


def test_links_of_somebody_who_is_disabled_lead_nowhere_and_that_is_said_before(
    client: FlaskClient, second_user: FlaskClient, anonymous: FlaskClient, list_photos: ListPhotos, stranger_id: int
) -> None:
    [photo] = list_photos(DAYS[0], owner=stranger_id)
    shared = second_user.post("/api/v1/photos/share", json={"photo_ids": [photo]}).json
    assert anonymous.get(path_of(shared)).status_code == 200
    assert (
        "Their share link leads nowhere until they are let in again." in client.get(f"/admin/users/{stranger_id}").text
    )
    assert client.post(f"/admin/users/{stranger_id}/disable").status_code == 303
    assert anonymous.get(path_of(shared)).status_code == 404
    assert client.post(f"/admin/users/{stranger_id}/enable").status_code == 303
    assert anonymous.get(path_of(shared)).status_code == 200
