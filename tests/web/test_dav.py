"""/dav/: what a phone puts becomes a photo, what it does to its listing touches none, and nobody gets at what is not theirs."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from photolib import inbox, trash
from photolib.accounts import api_tokens, users
from photolib.db import write
from photolib.library import Library

from .conftest import client_of

D = "{DAV:}"
LOCKINFO = (
    '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>'
    "<D:owner><D:href>me</D:href></D:owner></D:lockinfo>"
)


class Phone:
    """A device with a token, as a WebDAV client asks."""

    def __init__(self, app: Flask, name: str, token: str) -> None:
        self.client = app.test_client()
        self.login = "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()

    def ask(self, method: str, path: str = "", data: bytes | str = b"", **headers: str) -> TestResponse:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(f"/dav/{path}", method=method, data=data, headers={"Authorization": self.login, **said})

    def put(self, path: str, data: bytes, **headers: str) -> TestResponse:
        return self.ask("PUT", path, data, **headers)

    def listed(self, path: str = "", depth: str = "1") -> list[str]:
        answer = self.ask("PROPFIND", path, Depth=depth)
        assert answer.status_code == 207, answer.text
        return [str(each.findtext(f"{D}href")) for each in ElementTree.fromstring(answer.data)]


MakePhone = Callable[..., Phone]


@pytest.fixture
def make_phone(app: Flask, library: Library, owner_id: int) -> MakePhone:
    def make(user_id: int = owner_id, scopes: tuple[str, ...] = ("upload",), days: int | None = None) -> Phone:
        with write(library.db) as db:
            account = users.account(db, user_id)
            _, text = api_tokens.make(db, account, "a phone", scopes, days)
        return Phone(app, account.name, text)

    return make


@pytest.fixture
def phone(make_phone: MakePhone) -> Phone:
    return make_phone()


@pytest.fixture
def picture(draw_photo: Callable[..., Path]) -> bytes:
    return draw_photo("one.jpg").read_bytes()


def photos_of(client: FlaskClient) -> list[str]:
    return sorted(each["filename"] for each in client.get("/api/v1/photos").json["items"])


# ---------------------------------------------------------------- putting and listing


def test_what_is_put_is_a_photo_and_is_listed_as_it_was_sent(
    phone: Phone, client: FlaskClient, picture: bytes, library: Library
) -> None:
    answer = phone.put("IMG_1.jpg", picture, X_OC_Mtime="1400000000")
    assert (answer.status_code, answer.headers["X-OC-MTime"]) == (201, "accepted")
    assert photos_of(client) == ["IMG_1.jpg"]
    asked = '<D:propfind xmlns:D="DAV:" xmlns:o="http://owncloud.org/ns"><D:prop><D:getcontentlength/><D:getlastmodified/><D:getetag/><o:checksums/><D:strange/></D:prop></D:propfind>'
    found = ElementTree.fromstring(phone.ask("PROPFIND", "IMG_1.jpg", asked, Depth="0").data)
    assert found.findtext(f".//{D}getcontentlength") == str(len(picture))
    assert found.findtext(f".//{D}getlastmodified") == "Tue, 13 May 2014 16:53:20 GMT"
    assert found.findtext(f".//{D}getetag") == answer.headers["ETag"]
    assert "SHA1:" in str(found.findtext(".//{http://owncloud.org/ns}checksum"))
    assert [each.findtext(f"{D}status") for each in found.iter(f"{D}propstat")] == [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 404 Not Found",
    ]
    got = phone.ask("GET", "IMG_1.jpg")
    assert got.data == picture
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert phone.ask("GET", "IMG_1.jpg", Range="bytes=2-5").data == picture[2:6]
    head = phone.ask("HEAD", "IMG_1.jpg")
    assert (head.headers["Content-Length"], head.data) == (str(len(picture)), b"")
    assert phone.ask("GET", "IMG_1.jpg", If_None_Match=answer.headers["ETag"]).status_code == 304
    assert list((library.data / "uploads").iterdir()) == []


def test_other_bytes_under_the_same_name_are_a_new_photo_and_the_old_one_stays(
    phone: Phone, client: FlaskClient, draw_photo: Callable[..., Path]
) -> None:
    one, two = draw_photo("1.jpg").read_bytes(), draw_photo("2.jpg").read_bytes()
    assert phone.put("IMG.jpg", one).status_code == 201
    assert phone.put("IMG.jpg", two).status_code == 204
    assert len(photos_of(client)) == 2
    assert phone.ask("GET", "IMG.jpg").data == two
    assert phone.put("again.jpg", two).status_code == 201
    assert len(photos_of(client)) == 2


def test_folders_are_made_and_remembered_and_become_albums_when_their_owner_wants_that(
    phone: Phone, client: FlaskClient, library: Library, owner_id: int, draw_photo: Callable[..., Path]
) -> None:
    assert phone.put("Trip/a.jpg", b"x").status_code == 409
    assert phone.ask("MKCOL", "Trip").status_code == 201
    assert phone.ask("MKCOL", "Trip").status_code == 405
    assert phone.ask("MKCOL", "Trip/B%C3%BCrgersteig").status_code == 201
    assert phone.put("Trip/a.jpg", draw_photo("1.jpg").read_bytes()).status_code == 201
    assert client.get("/api/v1/albums").json["items"] == []
    assert client.post("/account/devices/albums", data={"albums": "yes"}).status_code == 303
    assert inbox.makes_albums(library.db, owner_id)
    assert phone.put("Trip/b.jpg", draw_photo("2.jpg").read_bytes()).status_code == 201
    assert [each["title"] for each in client.get("/api/v1/albums").json["items"]] == ["Trip"]
    assert phone.listed("Trip") == ["/dav/Trip/", "/dav/Trip/B%C3%BCrgersteig/", "/dav/Trip/a.jpg", "/dav/Trip/b.jpg"]
    assert phone.listed("Trip", "0") == ["/dav/Trip/"]


def test_a_name_is_the_same_however_its_letters_are_composed(phone: Phone, picture: bytes) -> None:
    """A Mac writes an umlaut as two characters."""
    assert phone.put("Mu%CC%88ll.jpg", picture).status_code == 201
    assert phone.ask("HEAD", "M%C3%BCll.jpg").status_code == 200


def test_taking_away_moving_and_copying_change_the_list_and_no_photo(
    phone: Phone, client: FlaskClient, draw_photo: Callable[..., Path]
) -> None:
    one, two = draw_photo("1.jpg").read_bytes(), draw_photo("2.jpg").read_bytes()
    phone.ask("MKCOL", "a")
    phone.put("a/1.jpg", one)
    phone.put("2.jpg", two)
    here = "http://localhost/dav"
    assert phone.ask("COPY", "a", Destination=f"{here}/b").status_code == 201
    assert phone.ask("GET", "b/1.jpg").data == one
    assert phone.ask("MOVE", "a/1.jpg", Destination=f"{here}/3.jpg").status_code == 201
    assert phone.ask("MOVE", "3.jpg", Destination=f"{here}/2.jpg", Overwrite="F").status_code == 412
    assert phone.ask("MOVE", "3.jpg", Destination=f"{here}/2.jpg").status_code == 204
    assert phone.ask("GET", "2.jpg").data == one
    assert phone.ask("MOVE", "b", Destination=f"{here}/b/c").status_code == 403
    assert phone.ask("MOVE", "b", Destination="http://localhost/albums").status_code == 502
    assert phone.ask("MOVE", "b", Destination=f"{here}/nowhere/b").status_code == 409
    for path in ("a", "b", "2.jpg"):
        assert phone.ask("DELETE", path).status_code == 204
    assert phone.ask("DELETE", "").status_code in (403, 405)
    assert phone.listed() == ["/dav/"]
    assert len(photos_of(client)) == 2


def test_a_photo_that_was_deleted_for_good_stays_on_the_list_so_that_it_is_not_sent_again(
    phone: Phone, client: FlaskClient, library: Library, picture: bytes
) -> None:
    phone.put("IMG.jpg", picture)
    photo_id = client.get("/api/v1/photos").json["items"][0]["photo_id"]
    client.delete(f"/api/v1/photos/{photo_id}")
    assert client.post("/api/v1/trash/empty", json={}).status_code == 200
    trash.work(library, seconds=60)
    assert library.db.conn.execute("select count(*) from photos").fetchone() == (0,)
    assert phone.ask("HEAD", "IMG.jpg").headers["Content-Length"] == str(len(picture))


def test_small_files_that_clients_leave_everywhere_are_kept_beside_the_library(
    phone: Phone, client: FlaskClient
) -> None:
    for name in (".DS_Store", "._IMG_1.jpg", "desktop.ini", "Thumbs.db"):
        assert phone.put(name, b"junk of a client").status_code == 201, name
        assert phone.ask("GET", name).data == b"junk of a client"
    assert phone.put("probe.txt", b"").status_code == 201
    assert phone.ask("GET", "probe.txt").data == b""
    assert phone.put("._large", bytes(100_000)).status_code == 201
    assert phone.ask("HEAD", "._large").headers["Content-Length"] == "100000"
    assert phone.ask("GET", "._large").status_code == 404
    assert photos_of(client) == []


def test_what_is_no_photo_is_refused_with_a_sentence_and_not_listed(phone: Phone, picture: bytes) -> None:
    answer = phone.put("letter.txt", b"Dear aunt,\n")
    assert (answer.status_code, answer.mimetype) == (415, "text/plain")
    assert answer.text == "photolib keeps photos and videos, so this was not taken. It is a text file.\n"
    assert phone.listed() == ["/dav/"]
    sidecar = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
    assert phone.put("IMG.jpg", picture).status_code == 201
    assert phone.put("IMG.jpg.xmp", sidecar).status_code == 201


def test_a_file_is_sent_under_another_name_for_the_time_being(
    phone: Phone, client: FlaskClient, picture: bytes
) -> None:
    assert phone.put("IMG_7.jpg.part", picture).status_code == 201
    moved = phone.ask("MOVE", "IMG_7.jpg.part", Destination="http://localhost/dav/IMG_7.jpg")
    assert (moved.status_code, photos_of(client)) == (201, ["IMG_7.jpg"])


def test_a_file_that_did_not_arrive_as_it_was_sent_is_refused(
    phone: Phone, client: FlaskClient, picture: bytes
) -> None:
    assert phone.put("a.jpg", picture, OC_Checksum="SHA1:" + "0" * 40).status_code == 400
    assert phone.ask("PUT", "a.jpg", picture, Content_Range="bytes 0-9/100").status_code == 400
    assert photos_of(client) == []


# ---------------------------------------------------------------- locks and properties


def test_finder_locks_what_is_not_there_yet_then_writes_it(
    phone: Phone, make_phone: MakePhone, stranger_id: int, picture: bytes
) -> None:
    locked = phone.ask("LOCK", "IMG.jpg", LOCKINFO, Timeout="Second-600", Depth="0")
    assert locked.status_code in (200, 201), locked.text
    token = locked.headers["Lock-Token"]
    assert phone.ask("HEAD", "IMG.jpg").headers["Content-Length"] == "0"
    assert phone.put("IMG.jpg", picture).status_code == 423
    other = make_phone(stranger_id)  # the same path in another inbox is another place
    assert other.put("IMG.jpg", picture).status_code == 201
    assert phone.put("IMG.jpg", picture, If=f"({token})").status_code == 204
    asked = '<D:propfind xmlns:D="DAV:"><D:prop><D:lockdiscovery/><D:supportedlock/></D:prop></D:propfind>'
    assert token.strip("<>") in phone.ask("PROPFIND", "IMG.jpg", asked, Depth="0").text
    assert token.strip("<>") not in other.ask("PROPFIND", "IMG.jpg", asked, Depth="0").text
    assert phone.ask("LOCK", "IMG.jpg", If=f"({token})").status_code == 200
    assert phone.ask("DELETE", "IMG.jpg").status_code == 423
    assert phone.ask("UNLOCK", "IMG.jpg", Lock_Token=token).status_code == 204


def test_the_time_of_a_file_can_be_set_and_other_properties_are_not_kept(phone: Phone, picture: bytes) -> None:
    phone.put("a.jpg", picture)
    body = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>'
        "<Z:Win32LastModifiedTime>Sat, 09 Sep 2017 14:00:00 GMT</Z:Win32LastModifiedTime></D:prop></D:set></D:propertyupdate>"
    )
    assert "200 OK" in phone.ask("PROPPATCH", "a.jpg", body).text
    assert phone.ask("HEAD", "a.jpg").headers["Last-Modified"] == "Sat, 09 Sep 2017 14:00:00 GMT"
    strange = '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="y">1</x></D:prop></D:set></D:propertyupdate>'
    assert "403 Forbidden" in phone.ask("PROPPATCH", "a.jpg", strange).text


def test_a_client_is_told_how_much_room_there_is(
    make_phone: MakePhone, library: Library, stranger_id: int, picture: bytes
) -> None:
    phone = make_phone(stranger_id)
    with write(library.db) as db:
        db.conn.execute("update users set quota_bytes = ? where id = ?", (len(picture) + 10, stranger_id))
    asked = '<D:propfind xmlns:D="DAV:"><D:prop><D:quota-available-bytes/><D:quota-used-bytes/></D:prop></D:propfind>'

    def said() -> list[str | None]:
        found = ElementTree.fromstring(phone.ask("PROPFIND", "", asked, Depth="0").data)
        return [found.findtext(f".//{D}quota-{each}-bytes") for each in ("available", "used")]

    assert said() == [str(len(picture) + 10), "0"]
    assert phone.put("a.jpg", picture).status_code == 201
    assert said() == ["10", str(len(picture))]
    full = phone.put("b.jpg", picture + b"other bytes")
    assert full.status_code == 507
    assert "your share of the disk is used up" in full.text


def test_a_folder_of_many_is_listed_a_page_at_a_time(phone: Phone, library: Library, owner_id: int) -> None:
    many = inbox.PAGE * 2 + 3
    with write(library.db) as db:
        db.conn.executemany(
            "insert into inbox (owner_id, name, is_folder, modified_at, added_at) values (?, ?, 0, 0, 0)",
            [(owner_id, f"{number:06}.jpg") for number in range(many)],
        )
    assert len(phone.listed()) == many + 1
    plan = library.db.conn.execute(
        "explain query plan select name from inbox where owner_id = 1 and coalesce(parent_id, 0) = 0 and name > '' order by name limit 9"
    ).fetchall()
    assert ["idx_inbox_name" in row[-1] for row in plan] == [True]


# ---------------------------------------------------------------- abuse


def test_18_a_device_is_out_at_once_when_its_token_is_revoked_or_expires_or_its_user_is_disabled(
    make_phone: MakePhone, library: Library, stranger_id: int
) -> None:
    phone = make_phone(stranger_id, days=1)
    assert phone.ask("PROPFIND", Depth="0").status_code == 207
    for change, back in (
        ("update users set is_disabled = 1", "update users set is_disabled = 0"),
        ("update users set role = 'guest'", "update users set role = 'member'"),
        ("update tokens set expires_at = '2020-01-01T00:00:00+00:00'", "update tokens set expires_at = null"),
        ("update tokens set scopes = 'read write'", "update tokens set scopes = 'upload'"),
        ("delete from tokens", ""),
    ):
        with write(library.db) as db:
            db.conn.execute(change)
        answer = phone.ask("PROPFIND", Depth="0")
        assert answer.status_code in (401, 403), change
        assert phone.put("a.jpg", b"x").status_code == answer.status_code
        if back:
            with write(library.db) as db:
                db.conn.execute(back)
            assert phone.ask("PROPFIND", Depth="0").status_code == 207


def test_12_who_does_not_sign_in_is_asked_to_and_guessing_is_slowed_down(
    app: Flask, phone: Phone, client: FlaskClient, anonymous: FlaskClient
) -> None:
    asked = anonymous.open("/dav/", method="PROPFIND")
    assert (asked.status_code, asked.headers["WWW-Authenticate"]) == (401, 'Basic realm="photolib", charset="UTF-8"')
    assert client_of(app).open("/dav/", method="PROPFIND").status_code == 401  # a session is no device
    wrong = [Phone(app, "admin", f"photolib_{number}").ask("PROPFIND").status_code for number in range(24)]
    assert wrong[0] == 401
    assert wrong[-1] == 429
    assert phone.ask("PROPFIND", Depth="0").status_code == 207  # no other device is kept out by it


def test_12_the_name_and_the_token_have_to_fit_and_the_password_opens_nothing(
    app: Flask, phone: Phone, make_phone: MakePhone, stranger_id: int
) -> None:
    token = base64.b64decode(phone.login.removeprefix("Basic ")).decode().partition(":")[2]
    assert Phone(app, "zoe", token).ask("PROPFIND").status_code == 401
    assert Phone(app, "ADMIN", token).ask("PROPFIND", Depth="0").status_code == 207
    assert Phone(app, "admin", "long enough password").ask("PROPFIND").status_code == 401
    for login in ("Basic", "Basic %%%", "Basic " + "A" * 5000, "Digest username=admin", f"Bearer {token[:-1]}"):
        answer = app.test_client().open("/dav/", method="PROPFIND", headers={"Authorization": login})
        assert answer.status_code == 401, login
    bearer = app.test_client().open(
        "/dav/", method="PROPFIND", headers={"Authorization": f"Bearer {token}", "Depth": "0"}
    )
    assert bearer.status_code == 207


def test_15_a_devices_token_gives_no_access_to_the_library(app: Flask, phone: Phone, client: FlaskClient) -> None:
    token = base64.b64decode(phone.login.removeprefix("Basic ")).decode().partition(":")[2]
    for path in ("/api/v1/photos", "/api/v1/albums", "/", "/account", "/account/devices"):
        answer = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403, path
        basic = app.test_client().get(path, headers={"Authorization": phone.login})
        assert basic.status_code in (303, 401), path


def test_17_another_users_inbox_is_not_there(
    phone: Phone, make_phone: MakePhone, stranger_id: int, picture: bytes, client: FlaskClient
) -> None:
    phone.ask("MKCOL", "mine")
    phone.put("mine/a.jpg", picture)
    other = make_phone(stranger_id)
    assert other.listed() == ["/dav/"]
    for method in ("GET", "PROPFIND", "DELETE", "LOCK"):
        data = LOCKINFO if method == "LOCK" else b""
        assert other.ask(method, "mine/a.jpg", data).status_code in (404, 409), method
    assert other.ask("MOVE", "mine/a.jpg", Destination="http://localhost/dav/b.jpg").status_code == 404
    assert phone.listed("mine") == ["/dav/mine/", "/dav/mine/a.jpg"]
    # Who has the same bytes lists them as their own, and loses nothing with the other's.
    assert other.put("b.jpg", picture).status_code == 201
    assert len(photos_of(client)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "../albums", "..%2f..%2fetc%2fpasswd.jpg", "%2e%2e/x.jpg", "a%00b.jpg", "a%5cb.jpg", "x" * 256 + ".jpg",
        "/".join("d" * 40), ".", "%2e",
    ],
)  # fmt: skip
def test_28_a_path_that_leads_elsewhere_or_cannot_be_is_refused(
    phone: Phone, client: FlaskClient, picture: bytes, path: str
) -> None:
    for method in ("PUT", "MKCOL", "PROPFIND", "DELETE", "GET"):
        answer = phone.ask(method, path, picture if method == "PUT" else b"")
        assert 400 <= answer.status_code < 500, (method, path, answer.status_code)
    phone.put("a.jpg", picture)
    moved = phone.ask("MOVE", "a.jpg", Destination=f"http://localhost/dav/{path}")
    assert 400 <= moved.status_code < 600
    assert moved.status_code != 500
    assert phone.listed() == ["/dav/", "/dav/a.jpg"]


BOMB = '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY a{number} "{("&a" + (str(number - 1) if number else "") + ";") * 10}">' for number in range(9)
)


@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "LOCK"])
def test_25_xml_that_unfolds_is_refused(phone: Phone, picture: bytes, method: str) -> None:
    phone.put("a.jpg", picture)
    for body in (
        BOMB + ']><D:propfind xmlns:D="DAV:">&a8;</D:propfind>',
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        "<" * 1000,
        '<x xmlns="DAV:">',
    ):
        answer = phone.ask(method, "a.jpg", body, Depth="0")
        assert answer.status_code == 400, body[:40]
        assert "root:" not in answer.text
    assert phone.ask(method, "a.jpg", b" " * 70_000, Depth="0").status_code == 413


def test_nobody_asks_for_a_whole_tree(phone: Phone) -> None:
    for depth in ("infinity", "Infinity", "2", "1,noroot", "x" * 5000):
        answer = phone.ask("PROPFIND", Depth=depth)
        assert answer.status_code in (400, 403), depth
    assert "propfind-finite-depth" in phone.ask("PROPFIND").text


def test_13_a_page_of_another_site_changes_nothing(phone: Phone, picture: bytes) -> None:
    """A browser that was once given the token sends it along with whatever a page asks for."""
    assert phone.put("a.jpg", picture, Sec_Fetch_Site="cross-site").status_code == 403
    assert phone.ask("DELETE", "", Origin="https://evil.example").status_code == 403


def test_one_user_cannot_take_all_threads(phone: Phone, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from web import dav

    assert not dav.INSIDE.taken  # whoever was answered has left
    while dav.INSIDE.take(1):
        pass
    try:
        answer = phone.ask("PROPFIND", Depth="0")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    finally:
        for _ in range(dav.INSIDE.most_of_one):
            dav.INSIDE.give_back(1)
    assert phone.ask("PROPFIND", Depth="0").status_code == 207
    assert not dav.INSIDE.taken


def test_names_with_markup_stay_text(phone: Phone, picture: bytes) -> None:
    name = "<script>&\"'#1 100%.jpg"
    assert phone.put("%3Cscript%3E%26%22'%231%20100%25.jpg", picture).status_code == 201
    answer = phone.ask("PROPFIND", Depth="1")
    assert "<script>" not in answer.text
    found: Any = ElementTree.fromstring(answer.data)
    assert name in [each.text for each in found.iter(f"{D}displayname")]
