"""ABUSE_CASES.md 1, 6 and 9: every address below a share link, in every state a link or a photo can be in.

The table is made of the app's own routes: a new one fails the tests until somebody says here what it hands out.
"""

import base64
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from werkzeug.routing import Rule

from photolib import album_edits, albums
from photolib.db import write
from photolib.sharing import links
from web import shared
from web.limits import Limit
from web.sessions import COOKIE as SESSION

from .conftest import sign_in
from .link_world import KEPT_BACK, NOBODYS, PASSWORD, World, is_there, numbers_in, said, world_at

# What each route below /s/<token> hands out, and which of its addresses are asked for.
LETS_IN = {"shared_pages.landing", "shared_pages.named", "shared_pages.come_in"}  # shows the door while that is closed
HANDS_OUT = {
    "shared_pages.landing": "a page", "shared_pages.named": "a page", "shared_pages.come_in": "the way in", "shared_pages.more": "a page",
    "shared_pages.photo": "a photo's page", "shared_pages.viewed": "a photo's page", "shared_pages.summary": "JSON",
    "shared_pages.preview": "the card's picture", "shared_files.picture": "bytes", "shared_files.one": "bytes",
    "shared_files.several": "a zip", "shared_contributing.ask": "a page", "shared_contributing.begin": "a way to send",
    "shared_contributing.state": "a way to send", "shared_contributing.send": "a way to send", "shared_contributing.done": "a way to send",
    "shared_feeds.atom": "a feed", "shared_feeds.json_feed": "a feed", "shared_wall.of_link": "a page", "shared_wall.next_of_link": "JSON",
}  # fmt: skip
VARIANTS = ("thumb", "large", "4096", "video", "motion", "original")
# How somebody may ask, to learn more than they are told.
MANNERS: dict[str, dict[str, Any]] = {
    "plainly": {},
    "for a range": {"headers": {"Range": "bytes=0-0"}},
    "packed": {"headers": {"Accept-Encoding": "gzip, br"}},
    "as JSON": {"headers": {"Accept": "application/json"}},
    "as a download": {"query_string": {"download": "1", "format": "jpg", "size": "original"}},
    "for another size": {"query_string": {"format": "avif", "size": "web", "after": "x", "order": "album"}},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    real = ("video/20240128_105420.mp4", "motion_photo/PXL_20231006_063000139.MP.jpg")
    with world_at(tmp_path_factory.mktemp("links"), real if is_there(*real) else ()) as made:
        yield made


def routes(world: World) -> list[Rule]:
    return [each for each in world.app.url_map.iter_rules() if each.rule.startswith("/s/")]


def addresses(rule: Rule, token: str, key: str, upload_id: str = "0" * 32) -> list[str]:
    """A route's addresses below a link."""
    variants = VARIANTS if "variant" in rule.arguments else ("",)
    values = {"token": token, "key": key, "upload_id": upload_id, "name": "anything"}
    found = [rule.build({name: {**values, "variant": each}[name] for name in rule.arguments}) for each in variants]
    return [each[1] for each in found if each]


def ask(world: World, path: str, method: str, visit: str | None = "", **options: Any) -> Any:
    """What somebody is told; whoever holds no visit of the link's sends a cookie of nobody's."""
    options.setdefault("data", {} if method not in ("GET", "HEAD", "OPTIONS") else None)
    return said(world.browser(visit or "nobodys").open(path, method=method, **options))


# ---------------------------------------------------------------- states of a link

Held = tuple[str, str]  # a token, and what the browser's cookie holds


@contextmanager
def wrong_key(world: World) -> Iterator[Held]:
    token = world.link()
    yield ("B" if token[0] != "B" else "C") + token[1:], "x"


@contextmanager
def cut_short(world: World) -> Iterator[Held]:
    yield world.link()[:-1], "x"


@contextmanager
def expired(world: World) -> Iterator[Held]:
    token = world.link(permission="contribute", may_preview=True)
    world.change("update links set expires_at = '2020-01-01T00:00:00+00:00' where id = ?", world.of(token).id)
    yield token, "x"


@contextmanager
def expired_after_visit(world: World) -> Iterator[Held]:
    token = world.link(PASSWORD, permission="contribute")
    visit = world.visit(token)
    world.change("update links set expires_at = '2020-01-01T00:00:00+00:00' where id = ?", world.of(token).id)
    yield token, visit


@contextmanager
def revoked(world: World) -> Iterator[Held]:
    token = world.link(PASSWORD, permission="contribute", may_preview=True)
    visit = world.visit(token)
    with write(world.library.db) as db:
        links.revoke(db, links.find(db, token))
    yield token, visit


@contextmanager
def renewed(world: World) -> Iterator[Held]:
    token = world.link(PASSWORD, permission="contribute", may_preview=True)
    visit = world.visit(token)
    with write(world.library.db) as db:
        links.renew(db, links.find(db, token), links.key(world.library.data))
    yield token, visit


@contextmanager
def owner_disabled(world: World) -> Iterator[Held]:
    token = world.link(PASSWORD, permission="contribute", may_preview=True)
    visit = world.visit(token)
    world.change("update users set is_disabled = 1 where id = ?", world.owner)
    try:
        yield token, visit
    finally:
        world.change("update users set is_disabled = 0 where id = ?", world.owner)


@contextmanager
def album_deleted(world: World) -> Iterator[Held]:
    with write(world.library.db) as db:
        album = album_edits.make(db, world.owner, "Deleted", photo_ids=world.photo_ids).album_id
    token = world.link(PASSWORD, album=album, permission="contribute", may_preview=True)
    visit = world.visit(token)
    with write(world.library.db) as db:
        album_edits.delete(db, world.owner, albums.album(db, album))
    yield token, visit


ENDED: dict[str, Callable[[World], AbstractContextManager[Held]]] = {
    each.__name__: each
    for each in (wrong_key, cut_short, expired, expired_after_visit, revoked, renewed, owner_disabled, album_deleted)
}


@contextmanager
def key_without_its_password(world: World) -> Iterator[Held]:
    yield world.link(PASSWORD, permission="contribute"), ""


@contextmanager
def cookie_of_another_link(world: World) -> Iterator[Held]:
    yield world.link(PASSWORD, permission="contribute"), world.visit(world.link(PASSWORD, permission="contribute"))


@contextmanager
def used_up(world: World) -> Iterator[Held]:
    token = world.link(max_uses=1, permission="contribute")
    world.visit(token)
    yield token, "x"


@contextmanager
def password_changed(world: World) -> Iterator[Held]:
    token = world.link(PASSWORD, permission="contribute")
    visit = world.visit(token)
    with write(world.library.db) as db:
        links.set_password(db, links.find(db, token), "another hash")
    yield token, visit


@contextmanager
def revoked_and_back(world: World) -> Iterator[Held]:
    token = world.link(PASSWORD, permission="contribute")
    visit, link = world.visit(token), world.of(token)
    with write(world.library.db) as db:
        links.revoke(db, link)
        links.restore(db, link)
    yield token, visit


CLOSED: dict[str, Callable[[World], AbstractContextManager[Held]]] = {
    each.__name__: each
    for each in (key_without_its_password, cookie_of_another_link, used_up, password_changed, revoked_and_back)
}


# ---------------------------------------------------------------- 1: the table


def test_1_every_route_below_a_link_has_been_decided_about(world: World) -> None:
    assert {each.endpoint for each in routes(world)} == set(HANDS_OUT)
    assert all(each.rule.startswith("/s/<token>") for each in routes(world))
    assert {
        each.endpoint for each in world.app.url_map.iter_rules() if each.endpoint.partition(".")[0] in shared.ROOMS
    } == set(HANDS_OUT)
    assert {*LETS_IN, "shared_pages.preview"} == shared.BEFORE_THE_DOOR


def test_1_who_is_let_in_is_answered_at_every_address(world: World) -> None:
    """Or all that follows would hold of a server that is switched off."""
    token = world.link(PASSWORD, permission="contribute", may_preview=True)
    visit, open_link = world.visit(token), world.link(permission="contribute")
    for rule in routes(world):
        held = open_link if HANDS_OUT[rule.endpoint] == "a feed" else token
        if rule.endpoint.startswith("shared_contributing.") and rule.endpoint != "shared_contributing.ask":
            continue  # tests/web/test_abuse_guests.py
        for path in addresses(rule, held, world.keys[0])[:3]:
            for method in {"GET", "POST"} & (rule.methods or set()):
                data = {"password": PASSWORD} if method == "POST" else None
                answer = world.browser(visit).open(path, method=method, data=data)
                assert answer.status_code in (200, 303), (rule.endpoint, answer.text)


@pytest.mark.parametrize("state", [*ENDED, *CLOSED])
def test_1_a_link_in_this_state_answers_as_one_that_nobody_has(world: World, state: str) -> None:
    asked = 0
    with {**ENDED, **CLOSED}[state](world) as (token, visit):
        for rule in routes(world):
            if state in CLOSED and rule.endpoint in LETS_IN:
                continue  # the door, below
            for method in rule.methods or ():
                if state in CLOSED and (rule.endpoint, method) == ("shared_pages.preview", "OPTIONS"):
                    continue  # an address before the door: its landing page says that the link is there
                for path in addresses(rule, token, world.keys[0]):
                    for manner, options in MANNERS.items():
                        if method not in ("GET", "HEAD") and manner not in ("plainly", "as JSON"):
                            continue
                        told = ask(world, path, method, visit, **options)
                        nothing = ask(world, path.replace(token, NOBODYS), method, visit, **options)
                        assert told == nothing, (state, method, path, manner)
                        assert told[0] == 404, (state, method, path, manner)
                        asked += 1
    assert asked > 150


@pytest.mark.parametrize("state", CLOSED)
def test_1_the_door_shows_nothing_of_what_is_behind_it(world: World, state: str) -> None:
    """To whoever has the address: not the title, nor who shares, nor how many photos; a link is its own card's secret, too."""
    with CLOSED[state](world) as (token, visit):
        doors = [
            world.browser(visit, HTTP_USER_AGENT=agent).get(path).text
            for agent in ("Firefox", "WhatsApp/2.23") for path in (f"/s/{token}", f"/s/{token}/Summer")
        ]  # fmt: skip
        doors.append(world.browser(visit).post(f"/s/{token}", data={"password": ""}).text)
        for door in doors:
            assert not re.search("Summer|Anna|/photo/|/media/|feed|og:|[0-9a-f]{64}|2024", door), door
            assert not [each for each in KEPT_BACK if each in door]
            assert not numbers_in(door)


@pytest.mark.parametrize("who", ["a stranger", "the owner"])
def test_1_an_account_opens_no_door_of_a_link(world: World, who: str) -> None:
    token = world.link(PASSWORD, permission="contribute")
    session = sign_in(world.library.db, world.owner if who == "the owner" else world.stranger)
    browser = world.browser("x", HTTP_COOKIE=f"{SESSION}={session}")
    for rule in routes(world):
        if rule.endpoint in LETS_IN or "GET" not in (rule.methods or ()):
            continue
        for path in addresses(rule, token, world.keys[0]):
            told, nothing = said(browser.get(path)), said(browser.get(path.replace(token, NOBODYS)))
            assert told == nothing, path
            assert told[0] == 404


@pytest.mark.parametrize("why", ["in trash", "taken out", "of another album", "of another owner", "failed"])
def test_1_a_photo_that_a_link_does_not_show_is_one_that_nobody_has(world: World, why: str) -> None:
    token = world.link(permission="contribute")
    for rule in routes(world):
        if "key" not in rule.arguments:
            continue
        for method in rule.methods or ():
            for options in MANNERS.values():
                paths = zip(addresses(rule, token, world.others[why]), addresses(rule, token, "0" * 64), strict=True)
                for path, other in paths:
                    told, nothing = ask(world, path, method, **options), ask(world, other, method, **options)
                    assert told == nothing, path
                    assert told[0] == (200 if method == "OPTIONS" else 404)
    for photos in (world.others[why], f"{world.others[why]},{world.others[why]}"):
        told = ask(world, f"/s/{token}/download", "POST", data={"photos": photos})
        assert told == ask(world, f"/s/{token}/download", "POST", data={"photos": "0" * 64})
        assert told[0] == 404


def test_1_knowing_the_right_etag_confirms_nothing(world: World) -> None:
    """A 304 would say: it is there, and it has not changed."""
    token = world.link(permission="download")
    for path in ("media/{}/thumb", "media/{}/large?format=jpg", "download/{}", "download/{}?size=web"):
        tags = [world.browser("x").get(f"/s/{token}/{path.format(key)}").headers["ETag"] for key in world.keys[:1]]
        for key in (*world.others.values(), "0" * 64):
            # Tags are made of keys, so whoever has the same file knows them all.
            guessed = [tags[0].replace(world.keys[0][:length], key[:length]) for length in (16, 32)]
            for tag in ("*", *guessed):
                for name in ("If-None-Match", "If-Match", "If-Range"):
                    headers = {name: tag, "Range": "bytes=0-1"}
                    assert world.browser("x").get(f"/s/{token}/{path.format(key)}", headers=headers).status_code == 404
    locked, summary = world.link(PASSWORD), world.browser("x").get(f"/s/{token}/summary").headers["ETag"]
    assert world.browser("x").get(f"/s/{locked}/summary", headers={"If-None-Match": summary}).status_code == 404


@pytest.mark.parametrize("state", [*ENDED, *CLOSED])
def test_1_a_link_in_this_state_costs_the_work_of_one_that_nobody_has(world: World, state: str) -> None:
    """Counted, where a clock would only guess: what the database is asked. A link with a door, which its landing page shows anyway, asks
    whose cookie it is. Nothing is hashed slowly before somebody shows a password."""
    with {**ENDED, **CLOSED}[state](world) as (token, visit):
        for rule in routes(world):
            if rule.endpoint in LETS_IN or (rule.endpoint == "shared_pages.preview" and state in CLOSED):
                continue
            for path in addresses(rule, token, world.keys[0]):
                work = []
                for each in (path, path.replace(token, NOBODYS)):
                    with world.counted() as statements:
                        ask(world, each, next(iter(rule.methods or ())), visit)
                    work.append(len(statements))
                assert work[0] - work[1] in ((0, 1) if state in CLOSED else (0,)), (path, work)


def test_1_a_key_that_exists_costs_the_work_of_one_that_does_not(world: World) -> None:
    token = world.link(permission="contribute")
    for rule in routes(world):
        if "key" not in rule.arguments:
            continue
        for number in range(len(addresses(rule, token, "0" * 64))):
            work = {}
            for why, key in {**world.others, "nobodys": "0" * 64}.items():
                with world.counted() as statements:
                    world.browser("x").get(addresses(rule, token, key)[number])
                work[why] = len(statements)
            assert len(set(work.values())) == 1, (rule.rule, work)


# ---------------------------------------------------------------- 1: everywhere else


def test_1_what_opens_a_link_opens_nothing_else(world: World) -> None:
    """Media, JSON, feeds, map, search, activity, events: with a link's token or cookie, wherever either may be put, as without."""
    token = world.link(PASSWORD, permission="contribute")
    visit, open_link = world.visit(token), world.link(permission="contribute")
    values = {
        "key": world.keys[0], "variant": "thumb", "photo_id": world.photo_ids[0], "album_id": world.album, "user_id": world.owner,
        "link_id": world.of(token).id, "filename": "look.css", "month": "2024-06", "scope": f"album-{world.album}", "token": token,
    }  # fmt: skip
    asked = 0
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/s/") or "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        built = rule.build({name: values.get(name, 1) for name in rule.arguments - set(rule.defaults or ())})
        if built is None:
            continue
        path = built[1]
        nothing = said(world.browser("nobodys").get(path))
        for held in (
            {"HTTP_COOKIE": f"{shared.COOKIE}={visit}"}, {"HTTP_COOKIE": f"{SESSION}={visit}; {shared.COOKIE}={visit}"},
            {"HTTP_COOKIE": f"{SESSION}={token}"}, {"HTTP_REFERER": f"http://localhost/s/{open_link}"},
        ):  # fmt: skip
            told = said(world.browser("x", **held).get(path))
            assert told == nothing, (path, held)
        for bearer in (token, visit):
            told = said(world.browser("x", HTTP_AUTHORIZATION=f"Bearer {bearer}").get(path))
            assert told[0] in (nothing[0], 401, 403), path
            assert not [each for each in (*KEPT_BACK, *world.keys) if each.encode() in told[2]], path
        asked += 1
    assert asked > 100


@pytest.mark.parametrize(
    "path", ["", "/", "/x/y/z", "//", "/media/x", "/download/", "/contribute/x/y", "/%2e%2e/api/v1/photos"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "TRACE"])
def test_1_addresses_that_are_none_answer_alike_and_lead_to_no_log_in(world: World, path: str, method: str) -> None:
    """Not even that an address may be used another way is told: it would tell which addresses there are to those who have no link."""
    locked = world.link(PASSWORD)
    if path == "" and method in ("GET", "POST"):
        return
    told, nothing = ask(world, f"/s/{locked}{path}", method), ask(world, f"/s/{NOBODYS}{path}", method)
    assert told == nothing
    assert told[0] == 404
    assert b"leads nowhere" in told[2]
    assert dict(told[1])["Referrer-Policy"] == "no-referrer"


# ---------------------------------------------------------------- 6


def test_6_tokens_are_random_of_256_bits_and_kept_as_hashes(world: World) -> None:
    made = [world.link() for _ in range(20)]
    bits = [base64.urlsafe_b64decode(each + "=") for each in made]
    assert all(len(each) == 32 for each in bits)
    assert len(set(bits)) == 20
    # Each bit is set in about half of them: 20 tosses of 256 coins.
    ones = sum(each.bit_count() for token in bits for each in token)
    assert abs(ones - 20 * 128) < 6 * (20 * 64) ** 0.5
    world.library.db.conn.execute("pragma wal_checkpoint(truncate)")
    for file in world.library.data.rglob("*"):
        if file.is_file() and file.suffix in (".db", ".db-wal", ".log", ".json", ".key", ".toml", ""):
            body = file.read_bytes()
            assert not [each for each in made if each.encode() in body], file
            assert not [each for each in bits if each in body], file


def test_6_every_answer_below_a_link_keeps_its_address_to_itself(world: World) -> None:
    """Whatever the answer: with a page, with bytes, with a problem, with nothing."""
    token, locked = world.link(permission="contribute", may_preview=True), world.link(PASSWORD)
    statuses = set()
    for held in (token, locked, NOBODYS, "x" * 200):
        for rule in routes(world):
            for method in (*(rule.methods or ()), "PUT"):
                for path in addresses(rule, held, world.keys[0]):
                    for more in (
                        {},
                        {"query_string": {"size": "x", "after": "x"}},
                        {"headers": {"Range": "bytes=999999999-"}},
                    ):
                        answer = world.browser("x").open(path, method=method, **more)
                        statuses.add(answer.status_code)
                        _keeps_to_itself(answer.headers, path)
    for headers in ({"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}):
        answer = world.browser("x").post(f"/s/{token}", headers=headers)
        statuses.add(answer.status_code)
        _keeps_to_itself(answer.headers, str(headers))
    assert {200, 303, 400, 403, 404, 416} <= statuses


def test_6_also_when_somebody_asks_too_much(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "AT_NOTHING", Limit(per_second=0.1, burst=1))
    answers = [world.browser("x").get(f"/s/{NOBODYS}/more") for _ in range(2)]
    assert [each.status_code for each in answers] == [404, 429]
    _keeps_to_itself(answers[1].headers, "429")


def _keeps_to_itself(headers: Any, where: str) -> None:
    assert headers["Referrer-Policy"] == "no-referrer", where
    assert "noindex" in headers["X-Robots-Tag"], where
    assert headers["Cache-Control"].startswith("private"), where
    assert "Cookie" in headers["Vary"], where
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], where
    assert "immutable" not in headers["Cache-Control"], where


def test_6_no_token_is_in_a_log_or_an_event(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = world.link(PASSWORD, permission="contribute")
    visit = world.visit(token)
    for rule in routes(world):
        for method in rule.methods or ():
            for path in addresses(rule, token, world.keys[0]):
                world.browser(visit).open(path, method=method)
                world.browser("x").open(path, method=method)
    world.library.db.conn.execute("pragma wal_checkpoint(truncate)")
    told = [caplog.text, *(each.read_text() for each in (world.library.data / "logs").glob("*") if each.is_file())]
    for table in ("link_log", "link_visits", "album_activity"):
        told += [str(each) for each in world.library.db.conn.execute(f"select * from {table}").fetchall()]
    assert not [each for each in told if token in each or visit in each or PASSWORD in each]
