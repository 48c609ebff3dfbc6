"""ABUSE_CASES.md 2 to 5: the passwords of share links, and who is let in."""

import io
import logging
import re
import sqlite3
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from werkzeug.test import TestResponse

from photolib import db as database
from photolib.accounts import passwords, throttle
from photolib.db import write
from photolib.errors import NotFound, Refused
from photolib.library import open_library
from photolib.sharing import doors, links
from web import shared_files

from .conftest import CLIENT, app_for, client_of
from .link_world import NOBODYS, PASSWORD, PERSON, World, world_at
from .test_abuse_links import HANDS_OUT, addresses, routes
from .test_export_pages import form_of, zipped

BYTES = (
    "media/{}/thumb",
    "media/{}/large",
    "photo/{}",
    "viewed/{}",
    "more",
    "summary",
    "wall",
    "frame",
    "contribute",
    "download/{}",
)


class CountingHasher(PasswordHasher):
    """As quick as it gets, and counts what it is asked to compare."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        CountingHasher.compared += 1
        return super().verify(hash, password)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_at(tmp_path_factory.mktemp("doors")) as made:
        yield made


@pytest.fixture(autouse=True)
def _quick_hashes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", CountingHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(throttle, "SHORTEST_WAIT", 60.0)  # or a slow machine would have waited by the next line
    monkeypatch.setattr(throttle, "LONGEST_WAIT_AT_LINK", 60.0)
    world._hashed.clear()
    world.change("delete from tries")


def knock(
    world: World, token: str, password: str = "wrong-one", address: str = "192.0.2.1", **environ: Any
) -> TestResponse:
    return world.browser("x", REMOTE_ADDR=address, **environ).post(f"/s/{token}", data={"password": password})


def statuses(world: World, token: str, visit: str) -> set[int]:
    """What is answered where something is behind the door."""
    return {world.browser(visit).get(f"/s/{token}/{path.format(world.keys[0])}").status_code for path in BYTES}


# ---------------------------------------------------------------- 2


def test_2_of_two_links_with_one_password_the_second_stays_locked(world: World) -> None:
    one, two = (world.link(PASSWORD, permission="contribute") for _ in range(2))
    browser = world.browser()
    assert browser.post(f"/s/{one}", data={"password": PASSWORD}).status_code == 303
    held = browser.get_cookie("photolib_link", path=f"/s/{one}")
    assert held is not None
    assert statuses(world, one, held.value) == {200}
    assert "Summer" not in browser.get(f"/s/{two}").text
    assert browser.get(f"/s/{two}/media/{world.keys[0]}/thumb").status_code == 404
    assert statuses(world, two, held.value) == {404}  # nor with the cookie carried there by hand
    kept = world.library.db.conn.execute("select password from links where password is not null").fetchall()
    assert len(set(kept[-2:])) == 1  # here both have the same hash, even
    made = {doors.hashed(PASSWORD) for _ in range(3)}
    assert len(made) == 3  # and usually a salt each


# ---------------------------------------------------------------- 3


def _set(world: World, token: str, password: str | None) -> None:
    hashed = doors.hashed(password) if password else None
    with write(world.library.db) as db:
        links.set_password(db, links.find(db, token), hashed)


CHANGES: dict[str, Callable[[World, str], None]] = {
    "another password": lambda world, token: _set(world, token, "another-one"),
    "the same password once more": lambda world, token: _set(world, token, PASSWORD),
    "none, and one again": lambda world, token: (_set(world, token, None), _set(world, token, PASSWORD))[0],
}


@pytest.mark.parametrize("change", CHANGES)
def test_3_a_password_that_is_changed_ends_the_visits_at_every_address(world: World, change: str) -> None:
    token = world.link(PASSWORD, permission="contribute")
    visit = world.visit(token)
    assert statuses(world, token, visit) == {200}
    CHANGES[change](world, token)
    assert statuses(world, token, visit) == {404}


def test_3_a_password_that_an_open_link_is_given_ends_the_visits(world: World) -> None:
    token = world.link(permission="contribute")
    assert statuses(world, token, "been-here-before") == {200}
    _set(world, token, PASSWORD)
    assert statuses(world, token, "been-here-before") == {404}
    assert "Summer" not in world.browser("been-here-before").get(f"/s/{token}").text


@pytest.mark.parametrize("is_measured", [True, False])
@pytest.mark.parametrize("end", ["password", "revoked", "expired", "disabled", "renewed"])
def test_3_a_zip_on_its_way_breaks_off(
    world: World, monkeypatch: pytest.MonkeyPatch, end: str, is_measured: bool
) -> None:
    """After what is being sent: no further photo is begun."""
    if not is_measured:
        monkeypatch.setattr(shared_files, "MEASURED", 0)
    token = world.link(PASSWORD, permission="download")
    asked = world.browser(world.visit(token)).post(f"/s/{token}/download", buffered=False)
    pieces, got, rest = iter(asked.response), b"", deque[bytes]()
    while b"PK\x03\x04" not in got:
        got += next(pieces)
    link = world.of(token)
    with write(world.library.db) as db:
        if end == "password":
            links.set_password(db, link, "another hash")
        elif end == "revoked":
            links.revoke(db, link)
        elif end == "renewed":
            links.renew(db, link, links.key(world.library.data))
        elif end == "expired":
            db.conn.execute("update links set expires_at = '2020-01-01T00:00:00+00:00' where id = ?", (link.id,))
        else:
            db.conn.execute("update users set is_disabled = 1 where id = ?", (world.owner,))
    try:
        with pytest.raises(NotFound, match="leads nowhere"):
            rest.extend(pieces)  # type: ignore[arg-type]
        got += b"".join(rest)
        assert got.count(b"PK\x03\x04") < len(world.keys)
        assert not zipfile.is_zipfile(io.BytesIO(got))  # a browser says that this has failed
    finally:
        asked.close()
        world.change("update users set is_disabled = 0 where id = ?", world.owner)


# ---------------------------------------------------------------- 4

SECRET = "geheim-Wort-4711"


def test_4_a_password_is_kept_as_a_slow_salted_hash(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())
    one, two = doors.hashed(SECRET), doors.hashed(SECRET)
    assert one != two
    said = re.fullmatch(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$([\w+/]+)\$[\w+/]+", one)
    assert said
    assert int(said[1]) >= 19 * 1024  # kibibytes: the least that OWASP's cheat sheet on storing passwords asks for
    assert int(said[2]) >= 2
    assert len(said[3]) >= 22  # 16 bytes of salt


def test_4_a_password_is_in_nothing_that_is_said_logged_or_kept(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = client_of(world.app)
    made = owner.post(f"/api/v1/albums/{world.album}/share", json={"password": SECRET, "permissions": "contribute"})
    assert made.status_code == 201, made.text
    link_id, path = made.json["share_id"], re.sub("^http://[^/]+", "", made.json["share_url"])
    told = [made.text]
    browser = world.browser()
    for data in ({"password": SECRET + "x"}, {"password": SECRET}):
        answer = browser.post(path, data=data)
        told += [str(answer.headers), answer.text]
    told.append(world.browser().post(path, query_string={"x": "y"}, data={"password": SECRET}).headers["Location"])
    for where in (path, f"{path}/more", f"{path}/summary", f"{path}/frame", f"{path}/nothing/at/all"):
        answer = browser.get(where)
        told += [answer.text, str(answer.headers)]
    told += [
        owner.get(where).text
        for where in (f"/api/v1/links/{link_id}", "/api/v1/links", f"/api/v1/links/{link_id}/log", "/sharing", f"/sharing/{link_id}",
                      f"/albums/{world.album}", "/export", "/account", "/api/v1/openapi.json")
    ]  # fmt: skip
    refused = owner.patch(f"/api/v1/links/{link_id}", json={"password": SECRET, "permissions": "everything"})
    assert refused.status_code == 400
    told += [refused.text, owner.patch(f"/api/v1/links/{link_id}", json={"password": SECRET[:5]}).text, caplog.text]
    form = owner.post(f"/sharing/{link_id}/password", data={"password": SECRET + "-2"})
    told += [form.text, str(form.headers)]
    world.library.db.conn.execute("pragma wal_checkpoint(truncate)")
    database.copy_to(world.library.db, tmp_path / "backup.db")
    files = [tmp_path / "backup.db", *(each for each in world.library.data.rglob("*") if each.is_file())]
    told += [
        each.read_bytes().decode("latin-1")
        for each in files
        if "originals" not in each.parts and "variants" not in each.parts
    ]
    assert not [each[:200] for each in told if SECRET in each]
    assert not [each[:200] for each in told[: -len(files)] if "argon2" in each]


def test_4_an_export_holds_neither_links_nor_their_passwords(world: World) -> None:
    token = world.link(SECRET, name="Nameoflink", note="Noteoflink")
    owner = client_of(world.app)
    exported = zipped(owner.post("/export/zip", data=form_of(owner.get("/export").text)))
    assert len(exported) >= len(world.keys)
    for name, body in exported.items():
        for each in (SECRET, token, "argon2", "Nameoflink", "Noteoflink"):
            assert each.encode() not in body, name
            assert each not in name


def test_4_a_copy_of_the_database_opens_no_link(world: World, tmp_path: Any) -> None:
    token = world.link(PASSWORD)
    visit = world.visit(token)
    database.copy_to(world.library.db, tmp_path / "backup.db")
    body = (tmp_path / "backup.db").read_bytes()
    assert token.encode() not in body
    assert visit.encode() not in body
    key = world.library.data / links.KEY_FILE
    assert key.stat().st_mode & 0o077 == 0
    assert key.read_bytes() not in body
    with sqlite3.connect(tmp_path / "backup.db") as copy:
        assert copy.execute("select count(*) from links where sealed is not null").fetchone()[0]


# ---------------------------------------------------------------- 5


def test_5_guessing_at_a_link_is_slowed_down_where_it_comes_from_and_nowhere_else(world: World) -> None:
    one, two = world.link(PASSWORD), world.link("mohnblume-8")
    answers = [knock(world, one).status_code for _ in range(throttle.FREE_FOR_ONE + 3)]
    assert answers == [403] * (throttle.FREE_FOR_ONE + 1) + [429] * 2
    assert knock(world, one, PASSWORD).status_code == 429  # with the right one as well, or it would be told by that
    assert knock(world, one, PASSWORD, address="192.0.2.2").status_code == 303  # somebody else
    assert knock(world, two, "mohnblume-8").status_code == 303  # another link


def test_5_a_house_with_very_many_addresses_is_one(world: World) -> None:
    token = world.link(PASSWORD)
    answers = [knock(world, token, address=f"2001:db8:1:2::{each:x}").status_code for each in range(7)]
    assert answers[-2:] == [429, 429]
    assert knock(world, token, PASSWORD, address="2001:db8:1:3::1").status_code == 303


def test_5_a_crowd_is_slowed_down_for_seconds_and_those_inside_are_not_bothered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = world.link(PASSWORD, permission="contribute")
    visit = world.visit(token)
    answers = [
        knock(world, token, address=f"198.51.100.{each}").status_code for each in range(throttle.FREE_FOR_LINK + 3)
    ]
    assert answers == [403] * (throttle.FREE_FOR_LINK + 1) + [429] * 2
    assert statuses(world, token, visit) == {200}
    assert world.browser(visit).post(f"/s/{token}", data={"password": "whatever"}).status_code == 303
    waits = world.library.db.conn.execute("select max(wait_until - last_at) from tries").fetchone()[0]
    assert waits <= 60.0  # what this test made of the longest wait at a link, however many come
    monkeypatch.undo()
    assert throttle.LONGEST_WAIT_AT_LINK <= 10
    world.change("update tries set wait_until = wait_until - 61, last_at = last_at - 61")
    assert knock(world, token, PASSWORD, address="203.0.113.1").status_code == 303


def test_5_a_try_is_counted_before_anything_is_hashed(world: World) -> None:
    token = world.link(PASSWORD)
    for _ in range(throttle.FREE_FOR_ONE + 1):
        knock(world, token)
    CountingHasher.compared = 0
    assert [knock(world, token, each).status_code for each in (PASSWORD, "wrong", "x" * 10_000)] == [429] * 3
    assert CountingHasher.compared == 0


def test_5_many_tries_at_once_are_all_counted(world: World) -> None:
    token, link = world.link(PASSWORD), None
    link = world.of(token)
    CountingHasher.compared = 0
    ends: list[str] = []

    def guess() -> None:
        try:
            doors.come_in(world.library.db, link, "wrong-one", CLIENT)
        except Exception as problem:
            ends.append(type(problem).__name__)
        finally:
            world.library.connections.close_here()

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert CountingHasher.compared == throttle.FREE_FOR_ONE + 1
    assert sorted(set(ends)) == ["Refused", "TooManyTries"]


def test_5_the_count_survives_a_restart(world: World) -> None:
    token = world.link(PASSWORD)
    for _ in range(throttle.FREE_FOR_ONE + 2):
        knock(world, token)
    again = open_library(world.library.config)
    try:
        browser = app_for(again).test_client()
        browser.environ_base.update({"HTTP_ORIGIN": "http://localhost", "REMOTE_ADDR": "192.0.2.1"})
        assert browser.post(f"/s/{token}", data={"password": PASSWORD}).status_code == 429
    finally:
        again.close()


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED"])
def test_5_whom_a_request_is_forwarded_for_counts_only_from_a_proxy_of_the_settings(world: World, header: str) -> None:
    config = replace(world.library.config, trusted_proxies=("10.0.0.1",))
    trusting = replace(world, app=app_for(replace(world.library, config=config)))
    for proxy, is_believed in (("10.0.0.1", header == "HTTP_X_FORWARDED_FOR"), ("10.0.0.2", False)):
        token = world.link(PASSWORD)
        said = {header: "198.51.100.{}"}
        answers = [
            knock(
                trusting, token, address=proxy, **{name: value.format(each) for name, value in said.items()}
            ).status_code
            for each in range(throttle.FREE_FOR_ONE + 3)
        ]
        assert (429 not in answers) is is_believed
        # One behind a proxy that is believed cannot say that somebody else guesses: what they say stands to the left.
        if is_believed:
            answers = [
                knock(trusting, token, address=proxy, **{header: f"203.0.113.{each}, 198.51.100.99"}).status_code
                for each in range(7)
            ]
            assert answers[-1] == 429


def test_5_the_door_says_when_to_come_back(world: World) -> None:
    token = world.link(PASSWORD)
    answer = [knock(world, token) for _ in range(throttle.FREE_FOR_ONE + 2)][-1]
    assert 1 <= int(answer.headers["Retry-After"]) <= 900
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_as_many_come_in_as_may_however_many_knock_at_once(world: World) -> None:
    token = world.link(max_uses=3)
    link, held = world.of(token), []

    def enter() -> None:
        try:
            held.append(doors.come_in(world.library.db, link, "", CLIENT))
        except Exception:  # the others
            held.append("")
        finally:
            world.library.connections.close_here()

    threads = [threading.Thread(target=enter) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len([each for each in held if each]) == 3
    assert world.of(token).uses == 3
    assert world.browser(PERSON).get(f"/s/{token}/more").status_code == 404
    # Whoever is in stays in, and comes in again without using up another's place.
    [visit, *_] = [each for each in held if each]
    assert world.browser(visit).post(f"/s/{token}", data={}).status_code == 303
    assert world.of(token).uses == 3


def test_who_came_in_while_the_owner_changed_the_password_is_not_in(world: World) -> None:
    token = world.link(PASSWORD)
    before = world.of(token)
    _set(world, token, "another-one")
    with pytest.raises(Refused, match="just been changed"):
        doors.come_in(world.library.db, before, PASSWORD, CLIENT)
    assert not world.library.db.conn.execute("select 1 from link_visits where link_id = ?", (before.id,)).fetchone()


def test_an_empty_or_endless_password_opens_nothing(world: World) -> None:
    token = world.link(PASSWORD)
    for password in ("", "\0", PASSWORD + "\0", PASSWORD[:-1], PASSWORD + "8", "x" * 200_000):
        world.change("delete from tries")
        assert knock(world, token, password).status_code in (403, 413), password[:40]
    for data in ({}, {"password[]": PASSWORD}, {"Password": PASSWORD}):
        world.change("delete from tries")
        assert world.browser("x").post(f"/s/{token}", data=data).status_code == 403
    world.change("delete from tries")
    assert world.browser("x").post(f"/s/{token}?password={PASSWORD}").status_code == 403  # never from an address
    world.change("delete from tries")
    assert world.browser("x").get(f"/s/{token}", headers={"Authorization": f"Basic {PASSWORD}"}).status_code == 200
    assert knock(world, NOBODYS, PASSWORD).status_code == 404


def test_every_address_below_a_link_is_closed_to_a_wrong_password(world: World) -> None:
    token = world.link(PASSWORD)
    assert knock(world, token).status_code == 403
    for rule in routes(world):
        if HANDS_OUT[rule.endpoint] in ("bytes", "JSON", "a feed") and "GET" in (rule.methods or ()):
            for path in addresses(rule, token, world.keys[0]):
                assert world.browser("x").get(path).status_code == 404
