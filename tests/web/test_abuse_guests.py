"""ABUSE_CASES.md 10: photos that visitors of a share link send."""

import hashlib
import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from photolib.accounts import users
from photolib.db import write
from photolib.sharing import contributions, grants, links
from photolib.uploads import Announced
from photolib.worker import work_until_idle
from web import shared_contributing
from web.limits import Limit

from .conftest import CLIENT, client_of, sign_in
from .link_world import NOBODYS, PASSWORD, World, draw, said, world_at

PIECE = "application/offset+octet-stream"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_at(tmp_path_factory.mktemp("guests")) as made:
        yield made


@pytest.fixture
def body(tmp_path: Path, request: pytest.FixtureRequest) -> bytes:
    """A photo that nobody has."""
    path = tmp_path / "mine.jpg"
    draw(path, int(hashlib.sha256(request.node.name.encode()).hexdigest()[:3], 16) % 28)
    picture = Image.open(path)
    picture.putpixel((1, 1), (len(request.node.name), 7, 9))
    picture.save(path, exif=picture.info["exif"])
    return path.read_bytes()


def begin(browser: FlaskClient, token: str, size: int, **more: Any) -> Any:
    return browser.post(f"/s/{token}/contribute", data={"filename": "mine.jpg", "size": size, "visitor": "Zoe", **more})


def send(browser: FlaskClient, token: str, sent: bytes, **more: Any) -> Any:
    """A whole file, as the page's script sends it; the last answer."""
    begun = begin(browser, token, len(sent), **more)
    if begun.status_code != 201:
        return begun
    piece = patch(browser, begun.json["upload_url"], sent, 0)
    assert piece.status_code == 204, piece.text
    return browser.post(begun.json["done_url"])


def patch(browser: FlaskClient, address: str, sent: bytes, offset: int, **headers: str) -> Any:
    said = {"Upload-Offset": str(offset), "Tus-Resumable": "1.0.0", **headers}
    return browser.patch(address, data=sent, headers=said, content_type=PIECE)


def waiting(world: World) -> list[Any]:
    return contributions.waiting(world.library.db, world.owner, size=1000).contributions


@pytest.fixture(autouse=True)
def _nothing_waits(world: World) -> Iterator[None]:
    yield
    world.change("delete from contributions")
    world.change("delete from uploads")


# ---------------------------------------------------------------- off by default


@pytest.mark.parametrize("permission", [None, "view", "download"])
def test_10_a_link_takes_no_photos_unless_its_owner_says_so(world: World, body: bytes, permission: str | None) -> None:
    token = world.link(**({"permission": permission} if permission else {}))
    taking = world.link(permission="contribute")
    begun = begin(world.browser("x"), taking, len(body)).json
    other = begun["upload_url"].replace(taking, token)
    browser = world.browser("x")
    nobodys = said(browser.get(f"/s/{NOBODYS}/contribute/{'0' * 32}"))
    assert said(browser.get(other)) == nobodys
    answers = [
        browser.get(f"/s/{token}/contribute"), begin(browser, token, len(body)), patch(browser, other, body, 0), browser.delete(other),
        browser.post(f"{other}/done"), browser.post(f"/s/{token}/contribute", data={"files": (io.BytesIO(body), "a.jpg")}),
    ]  # fmt: skip
    assert [each.status_code for each in answers] == [404] * 6
    assert "contribute" not in browser.get(f"/s/{token}").text
    assert waiting(world) == []


def test_10_a_link_made_without_saying_so_is_to_look_at(world: World) -> None:
    made = client_of(world.app).post(f"/api/v1/albums/{world.album}/share", json={}).json
    assert begin(world.browser("x"), made["share_url"].partition("/s/")[2].partition("/")[0], 10).status_code == 404


def test_10_behind_a_door_nothing_is_taken_before_it_is_open(world: World, body: bytes) -> None:
    token = world.link(PASSWORD, permission="contribute")
    assert send(world.browser("x"), token, body).status_code == 404
    visit = world.visit(token)
    assert send(world.browser(visit), token, body).status_code == 200


def test_10_what_the_owner_takes_back_is_taken_back_at_once(world: World, body: bytes) -> None:
    """In the middle of sending; and where a request was on its way when the link ended."""
    token = world.link(permission="contribute")
    browser, link = world.browser("x"), world.of(token)
    begun = begin(browser, token, len(body)).json
    assert patch(browser, begun["upload_url"], body[:100], 0).status_code == 204
    world.change("update links set permission = 'download' where id = ?", link.id)
    assert patch(browser, begun["upload_url"], body[100:], 100).status_code == 404
    world.change("update links set permission = 'contribute' where id = ?", link.id)
    assert patch(browser, begun["upload_url"], body[100:], 100).status_code == 204
    with write(world.library.db) as db:
        links.revoke(db, link)
    assert browser.post(begun["done_url"]).status_code == 404
    for act in (
        lambda: contributions.begin(world.library, link, Announced("b.jpg", 10)),
        lambda: contributions.finish(world.library, link, begun["upload_url"].rpartition("/")[2], CLIENT),
        lambda: contributions.receive(world.library, link, Announced("b.jpg", len(body)), io.BytesIO(body), "", CLIENT),
    ):
        with pytest.raises(Exception, match="leads nowhere"):
            act()
    assert waiting(world) == []
    opened = world.library.db.conn.execute(
        "select count(*) from uploads where state = 'open' and is_quarantined = 1"
    ).fetchone()
    assert opened == (1,)  # the one that was begun while that was allowed, which expires


# ---------------------------------------------------------------- quota


def test_10_number_and_size_of_what_waits_have_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contributions, "MOST_WAITING", 3)
    monkeypatch.setattr(contributions, "MOST_BYTES", 10_000)
    token, other = world.link(permission="contribute"), world.link(permission="contribute")
    browser = world.browser("x")
    assert [begin(browser, token, 100).status_code for _ in range(4)] == [201, 201, 201, 403]
    assert [begin(browser, other, size).status_code for size in (9_000, 2_000, 900)] == [201, 403, 201]


def test_10_however_many_announce_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contributions, "MOST_WAITING", 4)
    link = world.of(world.link(permission="contribute"))
    begun: list[bool] = []

    def announce() -> None:
        try:
            begun.append(bool(contributions.begin(world.library, link, Announced("a.jpg", 100))))
        except Exception:  # too much waits
            begun.append(False)
        finally:
            world.library.connections.close_here()

    threads = [threading.Thread(target=announce) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert begun.count(True) == 4
    assert world.library.db.conn.execute("select count(*) from uploads where state = 'open'").fetchone() == (4,)


def test_10_what_strangers_send_counts_for_the_owner_and_keeps_the_owner_out_of_nothing(
    world: World, body: bytes
) -> None:
    used = users.account(world.library.db, world.owner)
    token = world.link(permission="contribute")
    browser, owner = world.browser("x"), client_of(world.app)
    room = users.room_left(world.library.db, used)
    assert room is None
    has = world.library.db.conn.execute("select coalesce(sum(size), 0) from originals").fetchone()[0]
    world.change("update users set quota_bytes = ? where id = ?", has + 1000 + len(body), world.owner)
    try:
        assert begin(browser, token, 1 << 40).status_code == 403
        assert begin(browser, token, 900).status_code == 201
        left = users.room_left(world.library.db, users.account(world.library.db, world.owner))
        assert left is not None
        mine = owner.post(
            "/api/v1/photos/upload-url", json={"filename": "a.jpg", "size_bytes": left, "content_type": "image/jpeg"}
        )
        assert mine.status_code == 201, mine.text
    finally:
        world.change("update users set quota_bytes = null where id = ?", world.owner)


@pytest.mark.parametrize("size", ["0", "-1", "1e9", "99999999999999999999", "", "x", "1.5", "0x10", "٣"])
def test_10_a_size_that_is_none_is_refused(world: World, size: str) -> None:
    token = world.link(permission="contribute")
    assert begin(world.browser("x"), token, size).status_code in (400, 403, 503)  # type: ignore[arg-type]
    assert waiting(world) == []


def test_10_more_than_was_announced_is_not_taken(world: World, body: bytes) -> None:
    token = world.link(permission="contribute")
    browser = world.browser("x")
    begun = begin(browser, token, 100).json
    assert patch(browser, begun["upload_url"], body, 0).status_code in (400, 413)
    held = world.library.db.conn.execute("select received from uploads where filename = 'mine.jpg'").fetchone()
    assert held[0] <= 100
    for offset in (-1, 50, 1 << 62):
        assert patch(browser, begun["upload_url"], b"x", offset).status_code in (400, 409)
    assert browser.post(begun["done_url"]).status_code == 409


def test_10_announcing_is_slowed_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_contributing, "ANNOUNCING", Limit(per_second=0.1, burst=2))
    token = world.link(permission="contribute")
    answers = [begin(world.browser("x"), token, 100) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


# ---------------------------------------------------------------- sniffed types

NO_PHOTOS = {
    "page.jpg": b"<!doctype html><script>alert(1)</script>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "drawing.jpg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "paper.pdf": b"%PDF-1.7\n",
    "program.jpg": b"MZ\x90\0" + bytes(200),
    "script.jpg": b"#!/bin/sh\nrm -rf /\n",
    "archive.jpg": b"PK\x03\x04" + bytes(100),
    "list.mp4": b"#EXTM3U\nfile:///etc/passwd\n",
    "none.jpg": b"\0",
    "sidecar.xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
}


@pytest.mark.parametrize("name", NO_PHOTOS)
def test_10_what_is_no_photo_is_gone_whatever_it_calls_itself(world: World, name: str) -> None:
    token = world.link(permission="contribute")
    browser = world.browser("x")
    for more in ({}, {"type": "image/jpeg"}):
        answer = send(browser, token, NO_PHOTOS[name], filename=name, **more)
        assert answer.status_code == 400
        assert "is no photo or video" in answer.text
    form = browser.post(f"/s/{token}/contribute", data={"files": (io.BytesIO(NO_PHOTOS[name]), name)})
    assert form.status_code == 400
    assert waiting(world) == []
    assert not [
        each
        for each in (world.library.data / "tmp").rglob("*")
        if each.is_file() and NO_PHOTOS[name] in each.read_bytes()
    ]


def test_10_a_photo_that_is_a_page_as_well_is_shown_as_a_picture_made_of_it(world: World, body: bytes) -> None:
    """A polyglot: JPEG at its start, HTML or an archive behind it. Its bytes are shown to nobody."""
    token = world.link(permission="contribute")
    assert (
        send(world.browser("x"), token, body + b"<html><script>alert(1)</script></html>", filename="x.html").status_code
        == 200
    )
    [one] = waiting(world)
    for variant in ("thumb", "medium", "large", "original"):
        answer = client_of(world.app).get(f"/sharing/waiting/{one.id}/{variant}")
        if answer.status_code == 200:
            assert answer.mimetype.startswith("image/")
            assert b"<script>" not in answer.data
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]


# ---------------------------------------------------------------- quarantine


def everything_said(world: World, browser: FlaskClient) -> str:
    """What somebody who is signed in is told in words, at addresses that list photos."""
    paths = ["/", "/albums", f"/albums/{world.album}", "/search?q=mine", "/activity", "/duplicates", "/trash", "/api/v1/photos?size=500",
             "/api/v1/timeline/buckets", "/api/v1/search?q=mine.jpg", "/api/v1/duplicates", "/api/v1/progress", "/api/v1/albums",
             f"/api/v1/albums/{world.album}", "/statistics", "/map"]  # fmt: skip
    return "\n".join(f"{browser.get(path).status_code} {browser.get(path).text}" for path in paths)


def test_10_what_waits_is_seen_by_the_owner_on_the_page_for_it_and_by_nobody_else(world: World, body: bytes) -> None:
    token = world.link(permission="contribute")
    member = client_of(world.app, sign_in(world.library.db, world.stranger))
    owner = client_of(world.app)
    with write(world.library.db) as db:
        grants.give(db, world.owner, {"album_id": world.album}, "user", world.stranger, "contribute", True)
    before = {name: _plain(everything_said(world, each)) for name, each in (("owner", owner), ("member", member))}
    link_before = [world.browser("x").get(f"/s/{token}{path}").text for path in ("", "/more", "/summary", "/feed.json")]
    assert send(world.browser("x"), token, body, filename="Wordofguest.jpg", visitor="Nameofguest").status_code == 200
    work_until_idle(world.library)
    [one] = waiting(world)
    key = hashlib.sha256(body).hexdigest()
    assert not world.library.originals.has(key)
    assert not world.library.db.conn.execute("select 1 from photos where key = ?", (key,)).fetchone()
    assert [
        world.browser("x").get(f"/s/{token}{path}").text for path in ("", "/more", "/summary", "/feed.json")
    ] == link_before
    assert _plain(everything_said(world, member)) == before["member"]
    after = _plain(everything_said(world, owner))
    assert key not in after
    assert "Wordofguest" not in after
    for browser in (member, world.browser("x")):
        told = said(browser.get(f"/sharing/waiting/{one.id}/medium", headers={"Accept": "application/json"}))
        assert told[0] in (401, 404)
        assert told == said(
            browser.get(f"/sharing/waiting/{one.id + 1}/medium", headers={"Accept": "application/json"})
        )
        assert b"Wordofguest" not in browser.get("/sharing/waiting").data
        for act in ("accept", "refuse"):
            browser.post("/sharing/waiting", data={"contributions": str(one.id), "act": act, "do": act})
        assert waiting(world) == [one]
        assert browser.get(f"/media/{key}/thumb").status_code in (303, 401, 404)
    assert "Wordofguest" in owner.get("/sharing/waiting").text


def _plain(text: str) -> str:
    """Without what changes by itself: how many wait is told to the owner, and moments."""
    return re.sub(
        r"\d+ (waits?|photos? waits?)|\d\d:\d\d(:\d\d)?|\"(server_time|now|uptime|at)\": ?\"?[^,\"}]*", "", text
    )


def test_10_who_sends_a_photo_that_the_owner_has_learns_nothing_by_it(world: World, body: bytes) -> None:
    """The same answers, and the same work, for bytes that are here and bytes that nobody has."""
    token = world.link(permission="contribute")
    with world.library.originals.open(world.keys[0]) as file:
        here = file.read()
    assert send(world.browser("x"), token, body + b"1").status_code == 200  # the first line of the link's log
    told = []
    for each in (here, here[:-1] + b"\0"):
        browser = world.browser("x")
        begun = begin(browser, token, len(each), sha256=hashlib.sha256(each).hexdigest(), filename="same.jpg")
        address = begun.json["upload_url"]
        with world.counted() as statements:
            answers = [
                browser.head(address),
                patch(browser, address, each, 0),
                browser.get(address),
                browser.post(begun.json["done_url"]),
            ]
        known = {address.rpartition("/")[2]: "ID", str(len(each)): "SIZE", token: "TOKEN"}
        words = json.dumps([[one.status_code, sorted(map(list, one.headers)), one.text] for one in (begun, *answers)])
        words = re.sub(r'"ETag", "[^]]*', "ETAG", words)  # a hash of what has the id in it
        for name, mark in known.items():
            words = words.replace(name, mark)
        told.append((re.sub(r"\d{4}-\d\d-\d\d[^\"]*|\w{3}, \d\d \w{3} [^\"]*GMT", "WHEN", words), len(statements)))
    assert told[0] == told[1]
    assert len(waiting(world)) == 3


# ---------------------------------------------------------------- no overwrite, no reading


def test_10_two_guests_with_one_name_of_a_file_and_one_that_is_here_stay_three(world: World, body: bytes) -> None:
    token = world.link(permission="contribute")
    kept = {key: world.library.originals.size(key) for key in world.keys}
    names = (
        "drawn0.jpg",
        "drawn0.jpg",
        "../../photolib.db",
        "/etc/passwd",
        "..\\x.jpg",
        "a\0b.jpg",
        "CON",
        "-rf",
        ".hidden",
        "x" * 4000,
        "",
    )
    for number, name in enumerate(names):
        assert send(world.browser("x"), token, body + bytes([number]), filename=name).status_code == 200
    found = waiting(world)
    assert len(found) == len({each.upload_id for each in found}) == len(names)
    assert not [
        each
        for each in found
        if "/" in each.filename or "\\" in each.filename or "\0" in each.filename or not each.filename
    ]
    assert {key: world.library.originals.size(key) for key in world.keys} == kept
    assert (world.library.data / "photolib.db").read_bytes()[:6] == b"SQLite"
    contributions.accept(world.library, found[0])
    contributions.accept(world.library, found[1])
    rows = world.library.db.conn.execute(
        "select count(distinct key) from photos where filename = 'drawn0.jpg'"
    ).fetchone()
    assert rows == (3,)
    world.change(
        "delete from album_photos where photo_id not in (select value from json_each(?))", json.dumps(world.photo_ids)
    )


def test_10_nothing_that_was_sent_comes_back(world: World, body: bytes) -> None:
    token = world.link(permission="contribute")
    browser = world.browser("x")
    begun = begin(browser, token, len(body)).json
    assert patch(browser, begun["upload_url"], body[:500], 0).status_code == 204
    upload_id, key = begun["upload_url"].rpartition("/")[2], hashlib.sha256(body).hexdigest()

    def look() -> list[Any]:
        paths = [begun["upload_url"], begun["done_url"], *(f"/s/{token}/{path}" for path in (
            f"media/{upload_id}/thumb", f"media/{key}/thumb", f"photo/{key}", f"download/{key}", f"download/{upload_id}",
            f"contribute/{upload_id}/original", f"contribute/{upload_id}/thumb"))]  # fmt: skip
        return [browser.get(each, headers={"Range": "bytes=0-99"}) for each in (*paths, f"/api/v1/uploads/{upload_id}")]

    for answer in look():
        assert answer.status_code in (200, 401, 404, 405)
        assert body[:20] not in answer.data
        assert "mine.jpg" not in answer.text
        assert "Zoe" not in answer.text
    assert patch(browser, begun["upload_url"], body[500:], 500).status_code == 204
    assert browser.post(begun["done_url"]).status_code == 200
    assert {answer.status_code for answer in look()} <= {401, 404, 405}
    # It is with its owner now: whoever sent it neither changes nor withdraws it.
    assert patch(browser, begun["upload_url"], b"x", len(body)).status_code == 404
    assert browser.delete(begun["upload_url"]).status_code == 404
    assert len(waiting(world)) == 1


def test_10_addresses_to_send_to_are_not_guessed(world: World) -> None:
    token = world.link(permission="contribute")
    ids = [begin(world.browser("x"), token, 100).json["upload_url"].rpartition("/")[2] for _ in range(3)]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    for wrong in ("1", "0" * 32, ids[0][:-1], ids[0].upper(), "%25", "*"):
        if wrong not in ids:
            assert world.browser("x").get(f"/s/{token}/contribute/{wrong}").status_code == 404


def test_10_and_22_what_a_guest_calls_themselves_and_a_file_is_words(world: World, body: bytes) -> None:
    """On the owner's pages above all: there somebody is signed in."""
    token, nasty = world.link(permission="contribute"), '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    sent = send(world.browser("x"), token, body, filename=nasty + ".jpg", visitor=nasty)
    assert sent.status_code == 200
    form = world.browser("x").post(
        f"/s/{token}/contribute", data={"visitor": nasty, "files": (io.BytesIO(b"<html>"), nasty + ".jpg")}
    )
    owner, link = client_of(world.app), world.of(token)
    paths = ("/sharing/waiting", "/sharing", f"/sharing/{link.id}", "/", f"/albums/{world.album}")
    pages = [form.text, *(owner.get(path).text for path in paths)]
    [one] = waiting(world)
    photo_id = contributions.accept(world.library, one)
    pages += [
        owner.get(path).text
        for path in (f"/photos/{photo_id}", f"/albums/{world.album}", f"/albums/{world.album}/activity")
    ]
    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page
    assert one.visitor == nasty[:60]
    world.change("delete from album_photos where photo_id = ?", photo_id)


@pytest.mark.parametrize("name", ["\u202eenoyna", "a\r\nb", "\0", "x" * 100_000, "\ud83d"])
def test_10_a_name_is_one_line_that_turns_nothing_around(world: World, body: bytes, name: str) -> None:
    kept = contributions.name_of(name)
    assert len(kept) <= contributions.LONGEST_VISITOR
    assert kept.isprintable()
