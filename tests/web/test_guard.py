"""Every route, taken from the app itself: who may have its answer, and what browsers may do with it."""

import re
import socket
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from photolib import catalog
from photolib.db import write
from photolib.library import Library
from web.guard import is_own_host, takes_files

from .asked_for import rules
from .conftest import client_of

# What each route shows that only shows something. One that is not here fails the tests until somebody decides.
ROUTES = {
    "static": "our own files",
    "pages.ratios": "our own files",
    "account_pages.account_page": "a list of photos",
    "export_pages.page": "a list of photos",
    "wall.of_scope": "a list of photos",
    "wall.next_of_scope": "a list of photos",
    "users_pages.everybody": "a list of photos",
    "users_pages.one": "one user",
    "credentials_pages.second_step": "a list of photos",
    "credentials_pages.second_step_picture": "a door",  # shown while somebody sets it up: tests/web/test_credentials.py
    "credentials_pages.new_token": "a list of photos",
    "door.health": "a door",
    "door.setup": "a door",
    "door.login": "a door",
    "door.invitation": "a door",
    "ways_in.second_step": "a door",
    "ways_in.come_back": "a door",
    "words": "our own files",
    "frame.manifest": "our own files",
    "frame.service_worker": "our own files",
    "pages.collections": "a list of photos",
    "pages.timeline": "a list of photos",
    "api.photos": "a list of photos",
    "timeline_api.buckets": "a list of photos",
    "timeline_api.bucket": "a list of photos",
    "timeline_api.where": "a list of photos",
    "selection.selection": "a list of photos",
    "api.progress": "a list of photos",
    "events.events": "a stream",
    "api.status": "a list of photos",
    "pages.activity": "a list of photos",
    "statistics_pages.my_statistics": "a list of photos",
    "admin_pages.standing": "for an admin",
    "admin_pages.jobs_": "for an admin",
    "admin_pages.statistics_": "for an admin",
    "admin_pages.models": "for an admin",
    "admin_pages.settings_": "for an admin",
    "order_pages.shelf": "a list of photos",
    "order_pages.tag_list": "a list of photos",
    "order_pages.tag": "one tag",
    "order_pages.trash_page": "a list of photos",
    "order_pages.ask": "a list of photos",
    "order_api.tag_list": "a list of photos",
    "order_api.tops": "a list of photos",
    "openapi.document": "our own files",
    "order_api.folder": "one folder",
    "folders_pages.tree": "a list of photos",
    "review_pages.dates": "a list of photos",
    "review_pages.failed": "a list of photos",
    "duplicates_pages.group": "one group",
    "folders_pages.branch": "one folder",
    "folders_pages.folder": "one folder",
    "albums_api.listed": "a list of photos",
    "albums_api.album": "one album",
    "albums_pages.shelf": "a list of photos",
    "albums_pages.album": "one album",
    "albums_pages.inside": "one album",
    "albums_pages.add": "one album",
    "albums_pages.arrange": "one album",
    "albums_pages.cover": "one album",
    "albums_pages.on_map": "one album",
    "members_api.listed": "one album",
    "members_api.happened": "one album",
    "members_api.shared": "a list of photos",
    "members_api.given": "a list of photos",
    "members_pages.people": "one album",
    "members_pages.happened": "one album",
    "members_pages.ask_person": "one person",
    "members_pages.ask_since": "a list of photos",
    "members_pages.shared": "one grant",
    "members_pages.with_me": "a list of photos",
    "api.label_list": "a list of photos",
    "api.places": "a list of photos",
    "map_api.clusters": "a list of photos",
    "map_api.whole": "a list of photos",
    "map_api.names": "our own files",
    "map_api.name": "our own files",
    "map_api.search": "our own files",
    "map_api.tiles": "our own files",
    "people_api.people": "a list of photos",
    "people_api.suggestions": "a list of photos",
    "people_api.latest": "a list of photos",
    "people_api.person": "one person",
    "people_api.photos": "one person",
    "people_api.picture": "one person",
    "people_api.faces_on": "one photo",
    "duplicates.groups": "a list of photos",
    "people_pages.people": "a list of photos",
    "people_pages.names": "a list of photos",
    "people_pages.person": "one person",
    "people_pages.together": "two people",
    "people_pages.review": "a list of photos",
    "places_pages.places": "a list of photos",
    "places_pages.photos_in_view": "a list of photos",
    "places_pages.photos": "a list of photos",
    "places_pages.unplaced": "a list of photos",
    "uploads_api.state": "one upload",  # its address is signed: tests/web/test_uploads_api.py
    "dav.look": "a door",  # it asks for a device's token: tests/web/test_dav.py
    "devices_pages.devices": "a list of photos",
    "uploads_pages.page": "a list of photos",
    "uploads_pages.parts": "a list of photos",
    "duplicates_pages.groups": "a list of photos",
    "search_pages.search": "a list of photos",
    "search_pages.more_found": "a list of photos",
    "search_pages.alike": "one photo",
    "search_api.photos": "a list of photos",
    "search_api.suggestions": "a list of photos",
    "search_api.searches": "a list of photos",
    "search_api.saved_photos": "one saved search",
    "search_api.similar": "one photo",
    "social_pages.following": "a list of photos",
    "sharing_api.listed": "a list of photos",
    "sharing_api.link": "one link",
    "sharing_api.log": "one link",
    "sharing_pages.shelf": "a list of photos",
    "sharing_pages.link": "one link",
    "sharing_pages.ask": "what is asked for",
    "contributions_pages.page": "a list of photos",
    "contributions_pages.picture": "one contribution",
    "social_api.everybody": "a list of photos",
    "social_api.feed": "a list of photos",
    "social_api.likes": "one photo",
    "social_api.comments": "one photo",
    "pages.photo": "one photo",
    "pages.viewed_photo": "one photo",
    "api.photo": "one photo",
    "media.media": "one photo",
}
READING = {"GET", "HEAD", "OPTIONS"}


def paths_of(app: Flask, endpoint: str, photo_id: int, key: str) -> list[str]:
    """Real addresses of a route, for a photo."""
    values = {
        "static": [{"filename": "look.css"}],
        "words": [{"code": "en", "version": "1"}],
        "events.events": [{"seconds": 0}],
        "timeline_api.bucket": [{"month": "2024-06"}],
        "places_pages.photos": [{"scope": "box-0-18000000-0-36000000-0-999912"}],
        "media.media": [{"key": key, "variant": v} for v in ("thumb", "medium", "large", "320", "original", "motion")],
    }
    # Nobody is on the tests' photos; tests/web/test_people_pages.py asks for those who are.
    photo = {
        "one photo": [{"photo_id": photo_id}],
        "one person": [],
        "two people": [],
        "one user": [{"user_id": 1}],
        "one saved search": [],
        "one upload": [],
        "one tag": [],
        "one folder": [],
        "one album": [],
        "one group": [],
        "one grant": [],
        "one link": [],
        "one contribution": [],
        "what is asked for": [],
        "a door": [],
    }.get(ROUTES[endpoint], [{}])
    with app.test_request_context():
        return [app.url_for(endpoint, **each) for each in values.get(endpoint, photo)]


@pytest.fixture
def photo(client: FlaskClient, draw_photo, import_folder) -> dict[str, Any]:
    import_folder(draw_photo("in/holiday.jpg", size=(900, 600), taken="2024:06:14 14:03:00").parent)
    return client.get("/api/v1/photos").json["items"][0]


def test_every_route_is_classified(gallery) -> None:
    every = list(rules(gallery.app))
    assert {rule.endpoint for rule in every if rule.methods <= READING} == set(ROUTES)
    for rule in every:  # what changes something is never a mere link
        assert rule.methods <= READING or not rule.methods & {"GET", "HEAD"}, rule


def test_nothing_is_changed_because_a_page_of_another_site_asks(gallery) -> None:
    for rule in gallery.app.url_map.iter_rules():
        for method in rule.methods - READING:
            _, path = rule.build(dict.fromkeys(rule.arguments, "1"))
            answer = gallery.client.open(path, method=method, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize("endpoint", ROUTES)
def test_every_answer_tells_browsers_what_they_may_do_with_it(gallery, endpoint: str) -> None:
    for path in paths_of(gallery.app, endpoint, gallery.photo["photo_id"], gallery.photo["key"]):
        answer = gallery.client.get(path)
        assert answer.status_code == (404 if path.endswith("motion") else 200), path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy or "sandbox" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"].startswith("private")
        if endpoint == "media.media" and answer.status_code == 200:
            assert "sandbox" in policy
            assert "immutable" in answer.headers["Cache-Control"]
            assert "Accept" in answer.headers["Vary"]


def test_another_users_photo_is_nowhere(app: Flask, library: Library, photo: dict[str, Any], stranger_id: int) -> None:
    client = client_of(app)
    single = [name for name, shows in ROUTES.items() if shows == "one photo"]
    paths = [path for name in single for path in paths_of(app, name, photo["photo_id"], photo["key"])]
    before = {path: client.get(path).status_code for path in paths}
    assert set(before.values()) == {200, 404}
    assert [path for path, status in before.items() if status == 404] == [f"/media/{photo['key']}/motion"]
    with write(library.db) as db:
        db.conn.execute("update photos set owner_id = ?", (stranger_id,))
        db.conn.execute("update sources set owner_id = ?, outcome = 'failed'", (stranger_id,))
    of_none = [path for name in single for path in paths_of(app, name, 987654, "0" * 64)]
    for path, none in zip(paths, of_none, strict=True):
        theirs, nowhere = client.get(path), client.get(none)
        assert theirs.status_code == nowhere.status_code == 404, path
        assert theirs.data == nowhere.data
    for name in [name for name, shows in ROUTES.items() if shows == "a list of photos"]:
        for path in paths_of(app, name, photo["photo_id"], photo["key"]):
            text = client.get(path).text
            assert not any(told in text for told in (photo["key"], "holiday", "2024-06-14")), path


def test_the_same_bytes_of_two_people_open_for_both(
    app: Flask, library: Library, photo: dict[str, Any], stranger_id: int
) -> None:
    original = catalog.photo(library.db, photo["photo_id"])
    with write(library.db) as db:
        db.conn.execute("update photos set owner_id = ?", (stranger_id,))
        owner = catalog.user_named(db, catalog.OWNER_TO_BE).id
        found = catalog.Original(original.key, "jpg", original.format, original.media_type, original.size)
        catalog.add_photo(db, owner, found, "photo", "mine.jpg", original.taken_at)
    assert client_of(app).get(photo["urls"]["original"]).status_code == 200


# ---------------------------------------------------------------- host names


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8800", "LOCALHOST.", "127.0.0.1:8800", "127.1.2.3", "[::1]", "[::1]:8800"]
)
def test_names_of_this_machine_are_answered(gallery, host: str) -> None:
    assert gallery.client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8800",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "192.168.1.7",
        "photos.local",
        "",
        "[::1",
        ":8800",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/photos", "/media/" + "0" * 64 + "/thumb", "/nothing"])
def test_foreign_names_are_refused(gallery, host: str, path: str) -> None:
    answer = gallery.client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "does not answer to this name" in answer.text


def test_an_app_on_the_network_answers_to_addresses_but_to_no_strange_name() -> None:
    assert is_own_host("192.168.1.7:8800", "0.0.0.0")
    assert is_own_host("[fe80::1]:8800", "::")
    assert is_own_host("photos.lan", "photos.lan")
    assert is_own_host(socket.gethostname(), "0.0.0.0")
    assert not is_own_host(socket.gethostname() + "x", "0.0.0.0")
    assert not is_own_host(socket.gethostname(), "127.0.0.1")
    assert not is_own_host("evil.example", "0.0.0.0")
    assert not is_own_host("evil.example", "photos.lan")


# ---------------------------------------------------------------- pages of other sites


@pytest.fixture
def changing(app: Flask) -> FlaskClient:
    """An app with routes that change something."""
    app.add_url_rule(
        "/api/v1/change", "change", lambda: {"took": request.get_data(as_text=True)}, methods=["POST", "PUT"]
    )
    app.add_url_rule("/form", "form", lambda: "changed", methods=["POST"])
    app.add_url_rule(
        "/api/v1/upload", "upload", takes_files(300_000)(lambda: {"bytes": len(request.get_data())}), methods=["PUT"]
    )
    return client_of(app)


@pytest.fixture
def silent(changing: FlaskClient) -> FlaskClient:
    """The same, but nobody says which page a request comes from unless the test does."""
    del changing.environ_base["HTTP_ORIGIN"]
    return changing


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of this machine
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://[broken"},
        {"Referer": "http://evil.example/localhost"},
        {"Referer": "http://evil.example/?http://localhost/"},
        {},  # a browser's cookie, and no word of a browser about the page
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/change", "/form"])
def test_a_page_of_another_site_changes_nothing(silent: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = silent.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Origin": "https://LOCALHOST"},
        {"Referer": "http://localhost/people/3"},
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/change", "/form"])
def test_our_own_pages_may_change_things(silent: FlaskClient, path: str, headers: dict[str, str]) -> None:
    assert silent.post(path, json={}, headers=headers).status_code == 200


def test_any_site_may_link_to_us(client: FlaskClient) -> None:
    assert (
        client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Referer": "http://evil.example"}).status_code == 200
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_the_api_takes_no_form(changing: FlaskClient, kind: str) -> None:
    answer = changing.post("/api/v1/change", data='{"name": "x"}', headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.json["error"]["message"]


def test_the_api_takes_json_and_nothing_at_all(changing: FlaskClient) -> None:
    said = {"Content-Type": "application/json; charset=utf-8"}
    assert changing.put("/api/v1/change", data='{"a": 1}', headers=said).json == {"took": '{"a": 1}'}
    assert changing.post("/api/v1/change").status_code == 200


def test_a_route_for_files_takes_as_much_as_it_says(changing: FlaskClient) -> None:
    assert changing.put("/api/v1/upload", data=b"x" * 300_000, content_type="image/jpeg").json == {"bytes": 300_000}
    assert changing.put("/api/v1/upload", data=b"x" * 300_001, content_type="image/jpeg").status_code == 413
    assert changing.put("/api/v1/change", data=b"x" * 300_000, content_type="application/json").status_code == 413


# ---------------------------------------------------------------- our own files


def test_our_own_files_may_be_kept_for_ever_because_their_address_changes_with_them(
    app: Flask, client: FlaskClient
) -> None:
    page = client.get("/").text
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(found) >= 3
    for path in found:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert client.get("/static/another-version/look.css").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../__init__.py",
        "/static/%2e%2e/%2e%2e/cli.py",
        "//etc/passwd",
        "/static/..%5c..%5ccli.py",
        "//evil.example/",
        "/api//v1/photos",
    ],
)
def test_no_other_file_is_reached_through_ours(gallery, path: str) -> None:
    assert gallery.client.get(path).status_code in (400, 404)


def test_a_number_that_no_row_can_have_leads_nowhere(app: Flask) -> None:
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if any("Number" in type(each).__name__ for each in rule._converters.values())
    ]
    assert len(rules) > 20
    for rule in rules:
        address = re.sub(r"<[^>]*>", str(2**63), rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert client_of(app).open(address, method=method).status_code == 404, address
