"""ABUSE_CASES.md 11 to 14, 18 to 20, 32 and 34: the doors, and what is behind them for whom. 17 is in test_abuse_users.py."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from photolib.accounts import invitations, passwords, sessions, setup, throttle, users
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from web import create_app, guard
from web.door import local_path
from web.sessions import COOKIE, SECURE_COOKIE

from .asked_for import rules
from .conftest import Client, app_for, client_of, sign_in

GOOD = "correct horse battery"
READING = {"GET", "HEAD", "OPTIONS"}


class CountingHasher(PasswordHasher):
    """As quick as it gets, and counts what it is asked to compare."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        CountingHasher.compared += 1
        return super().verify(hash, password)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "HASHER", CountingHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(throttle, "SHORTEST_WAIT", 60.0)  # or a slow machine would have waited by the next line
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def fresh(library: Library) -> Flask:
    """An app that nobody has set up."""
    app = create_app(library)
    app.test_client_class = Client
    return app


def browser(app: Flask, address: str = "192.168.1.7", **environ: Any) -> FlaskClient:
    """Somebody before a browser, not signed in."""
    client = app.test_client()
    client.environ_base |= {"HTTP_ORIGIN": "http://localhost", "REMOTE_ADDR": address, **environ}
    return client


def log_in(client: FlaskClient, name: str = "zoe", password: str = GOOD, **said: str) -> TestResponse:
    return client.post("/login", data={"name": name, "password": password, "keep": "on", **said})


def set_up(client: FlaskClient, code: str, name: str = "mara", password: str = GOOD) -> TestResponse:
    return client.post("/setup", data={"code": code, "name": name, "display_name": "Mara", "password": password})


@pytest.fixture
def code(library: Library) -> str:
    with write(library.db) as db:
        return setup.new_code(db)


@pytest.fixture
def zoe(library: Library, stranger_id: int) -> int:
    """A member with a password."""
    with write(library.db) as db:
        users.set_password(db, stranger_id, passwords.hash(GOOD))
    return stranger_id


def rows(library: Library, table: str) -> list[Any]:
    return library.db.conn.execute(f"select * from {table}").fetchall()


def every_route(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and an address of every route there is."""
    for rule in rules(app):
        built = rule.build({name: {"filename": "look.css"}.get(name, "1") for name in rule.arguments})
        assert built is not None
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule.endpoint, method, built[1]


# ---------------------------------------------------------------- nobody is let in by forgetting


# What may be asked without signing in. Whoever makes another such route writes it here too, and says why in guard.py.
DOORS = {
    "static", "words", "frame.manifest", "frame.service_worker", "pages.ratios", "door.health", "door.setup", "door.set_up",
    "door.login", "door.log_in", "door.invitation", "door.accept_invitation", "door.logout", "ways_in.second_step",
    "ways_in.take_second_step", "ways_in.ask_for_passkey", "ways_in.take_passkey", "ways_in.go_elsewhere", "ways_in.come_back",
    "uploads_api.state", "uploads_api.send", "uploads_pages.share", "dav.look", "dav.change",
}  # fmt: skip


def test_every_route_is_closed_to_strangers_but_for_a_written_list(app: Flask) -> None:
    assert set(guard.OPEN) == DOORS
    for endpoint, method, path in every_route(app):
        answer = browser(app).open(path, method=method)
        if endpoint in DOORS:
            continue
        if path.startswith(("/api/", "/media/", "/fragments/")):
            assert answer.status_code == 401, (method, path)
            assert path.startswith("/fragments/") or answer.json["error"]["kind"] == "not_signed_in"
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["Location"].startswith("/login")


def test_a_script_of_ours_is_told_instead_of_being_sent_a_page(app: Flask) -> None:
    for said in ({"Accept": "application/json"}, {"Accept": "*/*"}):
        assert browser(app).get("/people/names", headers=said).status_code == 401


def test_after_signing_in_one_is_where_one_wanted_to_be(app: Flask, zoe: int) -> None:
    client = browser(app)
    led = client.get("/search?q=a+dog&size=2").headers["Location"]
    assert led == "/login?next=/search?q%3Da%2Bdog%26size%3D2"
    hidden = re.search(r'name="next" value="([^"]+)"', client.get(led).text)
    assert hidden is not None
    answer = log_in(client, next=hidden[1].replace("&amp;", "&"))
    assert answer.headers["Location"] == "/search?q=a+dog&size=2"


# ---------------------------------------------------------------- 11: set-up


def test_11_until_set_up_every_page_leads_there_and_the_api_says_so(fresh: Flask) -> None:
    for endpoint, method, path in every_route(fresh):
        if endpoint in DOORS or method != "GET":
            continue
        answer = fresh.test_client().get(path)
        if path.startswith(("/api/", "/media/", "/fragments/")):
            assert answer.status_code == 401
            assert "not set up yet" in answer.text
        else:
            assert (answer.status_code, answer.headers["Location"]) == (302, "/setup"), path
    assert fresh.test_client().get("/login").headers["Location"] == "/setup"


def test_11_whoever_has_the_code_becomes_the_admin_and_gets_what_was_imported(
    fresh: Flask, library: Library, list_photos: Callable[..., list[int]], code: str
) -> None:
    [photo] = list_photos("2024-06-14T12:00:00.000")
    client = browser(fresh)
    answer = set_up(client, f" {code.lower().replace('-', ' ')} ", "Mara")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get(f"/photo/{photo}").status_code == 200
    [admin] = users.everybody(library.db)
    assert (admin.name, admin.display_name, admin.role, admin.has_password) == ("Mara", "Mara", "admin", True)
    assert client.get("/setup").headers["Location"] == "/login"
    library.close()
    again = open_library(library.config)
    assert [each.name for each in users.everybody(again.db)] == ["Mara"]  # no second owner-to-be is made
    again.close()


def test_11_two_browsers_racing_for_set_up_one_wins_and_nobody_else_becomes_admin(
    fresh: Flask, library: Library, code: str
) -> None:
    names, answers = ["ann", "ben", "cleo", "dan"], {}
    start = threading.Barrier(len(names))

    def race(name: str) -> None:
        client = browser(fresh, f"192.168.1.{ord(name[0])}")
        start.wait()
        answers[name] = (set_up(client, code, name), client)
        library.connections.close_here()

    racing = [threading.Thread(target=race, args=(name,)) for name in names]
    for each in racing:
        each.start()
    for each in racing:
        each.join()
    [winner] = [name for name, (answer, _) in answers.items() if answer.status_code == 303]
    [admin] = users.everybody(library.db)
    assert admin.name == winner
    for name, (answer, client) in answers.items():
        if name != winner:
            assert answer.status_code == 403
            assert "already" in answer.text
            assert client.get("/api/v1/photos").status_code == 401
    assert len(rows(library, "sessions")) == 1
    assert answers[winner][1].get("/admin/users").status_code == 200


def test_11_a_wrong_or_used_or_older_code_makes_nobody_admin(fresh: Flask, library: Library, code: str) -> None:
    with write(library.db) as db:
        newer = setup.new_code(db)  # photolib was started again
    for wrong in ("", "AAAA-AAAA-AAAA", code, newer[:-1]):
        assert set_up(browser(fresh), wrong).status_code == 403
    assert not setup.is_done(library.db)
    assert (
        set_up(browser(fresh), newer, password="mara-mara").status_code == 400
    )  # the code was right, the password will not do
    assert not setup.is_done(library.db)
    assert set_up(browser(fresh), newer).status_code == 303
    assert set_up(browser(fresh), newer, "eve").status_code == 403
    assert [user.name for user in users.everybody(library.db)] == ["mara"]


def test_11_guessing_the_code_is_slowed_down(fresh: Flask, library: Library, code: str) -> None:
    client = browser(fresh)
    while (answer := set_up(client, "AAAA-AAAA-AAAA")).status_code == 403:
        pass
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert set_up(client, code).status_code == 429  # while one has to wait, nothing is looked at
    assert set_up(browser(fresh, "192.168.1.8"), code).status_code == 303  # and nobody else has to wait


# ---------------------------------------------------------------- 12: guessing


def guess_until_told_to_wait(client: FlaskClient, name: str) -> TestResponse:
    for _ in range(30):
        answer = log_in(client, name, "wrong")
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 401
    raise AssertionError("nobody was told to wait")


def pass_time(library: Library) -> None:
    """As long as somebody has to wait now, and no longer."""
    with write(library.db) as db:
        db.conn.execute("update tries set wait_until = 0")


def test_12_a_wrong_name_and_a_wrong_password_look_the_same_and_cost_the_same(
    app: Flask, library: Library, zoe: int
) -> None:
    with write(library.db) as db:
        gone = users.add(db, "gone")
        users.set_password(db, gone.id, passwords.hash(GOOD))
        users.disable(db, gone.id)
        users.add(db, "unset")
    seen = set()
    for name, password in (("zoe", "wrong"), ("nobody", "wrong"), ("gone", GOOD), ("unset", "wrong"), ("unset", "")):
        CountingHasher.compared = 0
        answer = log_in(browser(app), name, password)
        assert CountingHasher.compared == 1
        seen.add((answer.status_code, answer.text.replace(name, "NAME"), str(sorted(answer.headers.keys()))))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 401


def test_12_guessing_is_slowed_down_alike_for_names_that_exist_and_others(
    app: Flask, library: Library, zoe: int
) -> None:
    waits = []
    for name in ("zoe", "nobody", "zoe\0", "ZOE "):
        with write(library.db) as db:
            db.conn.execute("delete from tries")
        guess_until_told_to_wait(browser(app), name)
        waits.append(len(rows(library, "tries")))
        assert rows(library, "tries")[0][1] == rows(library, "tries")[1][1] == throttle.FREE_FOR_ONE + 1
    assert set(waits) == {2}


def test_12_a_try_is_counted_before_the_password_is_looked_at(app: Flask, library: Library, zoe: int) -> None:
    client = browser(app)
    answer = guess_until_told_to_wait(client, "zoe")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Wait" in answer.text
    CountingHasher.compared = 0
    assert log_in(client).status_code == 429  # the right one
    assert CountingHasher.compared == 0
    pass_time(library)
    assert log_in(client).status_code == 303
    assert log_in(browser(app), "zoe", "wrong").status_code == 401  # and the count began from nothing


def test_12_the_wait_doubles_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [throttle.wait(each) for each in (0, 1, 2, 3, 4)] == [0, 1, 2, 4, 8]
    assert throttle.wait(1000) == throttle.LONGEST_WAIT == 900


def test_12_the_count_survives_a_restart(app: Flask, library: Library, zoe: int) -> None:
    guess_until_told_to_wait(browser(app), "zoe")
    library.close()
    again = open_library(library.config)
    try:
        assert log_in(browser(app_for(again))).status_code == 429
    finally:
        again.close()


def test_12_many_tries_at_once_are_all_counted(app: Flask, library: Library, zoe: int) -> None:
    statuses = []

    def guess() -> None:
        statuses.append(log_in(browser(app), "zoe", "wrong").status_code)
        library.connections.close_here()

    guessing = [threading.Thread(target=guess) for _ in range(12)]
    for each in guessing:
        each.start()
    for each in guessing:
        each.join()
    assert statuses.count(401) == throttle.FREE_FOR_ONE + 1
    assert set(statuses) <= {401, 429, 503}  # 503: more at once than the door takes from one place


def test_12_one_address_guessing_many_names_is_slowed_down(app: Flask, zoe: int) -> None:
    client = browser(app)
    statuses = [log_in(client, f"name{number}", "wrong").status_code for number in range(30)]
    assert statuses.count(401) == throttle.FREE_FOR_ADDRESS + 1
    assert log_in(browser(app, "192.168.1.8")).status_code == 303


def test_12_an_account_of_ones_own_does_not_wipe_out_the_count_of_an_address(
    app: Flask, library: Library, zoe: int
) -> None:
    client = browser(app)
    for number in range(throttle.FREE_FOR_ADDRESS):
        assert log_in(client, f"name{number}", "wrong").status_code == 401
        assert log_in(client).status_code == 303
    assert log_in(client, "another", "wrong").status_code == 401
    assert log_in(client).status_code == 429


def test_12_others_guessing_elsewhere_do_not_keep_somebody_out_where_they_have_been(app: Flask, zoe: int) -> None:
    at_home = browser(app, "192.168.1.20")
    assert log_in(at_home).status_code == 303
    guess_until_told_to_wait(browser(app, "10.9.9.9"), "zoe")
    assert log_in(browser(app, "10.9.9.10")).status_code == 429  # a new place has to wait with the guesser
    assert log_in(browser(app, "192.168.1.20")).status_code == 303


def test_12_whom_a_request_is_forwarded_for_counts_only_from_a_proxy_of_the_settings(
    config: Config, library: Library, zoe: int
) -> None:
    trusting = app_for(replace_config(library, trusted_proxies=("10.0.0.1",)))
    for address, trusted in (("10.0.0.1", True), ("10.0.0.2", False)):
        with write(library.db) as db:
            db.conn.execute("delete from tries")
        statuses = [
            browser(trusting, address, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}").post(
                "/login", data={"name": f"n{number}", "password": "wrong"}
            ).status_code
            for number in range(25)
        ]  # fmt: skip
        assert (429 not in statuses) is trusted


def replace_config(library: Library, **changes: Any) -> Library:
    return replace(library, config=replace(library.config, **changes))


# ---------------------------------------------------------------- 13: pages of other sites


@pytest.mark.parametrize(
    "said",
    [
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_ORIGIN": "http://localhost:81"},
        {},
    ],
)
def test_13_no_state_is_changed_for_a_page_of_another_site(app: Flask, library: Library, said: dict[str, str]) -> None:
    client = client_of(app)
    del client.environ_base["HTTP_ORIGIN"]
    client.environ_base |= said
    asked = set()
    for endpoint, method, path in every_route(app):
        if method in READING:
            continue
        asked.add(endpoint)
        assert client.open(path, method=method).status_code == 403, (method, path)
        assert client.open(path, method=method, json={}).status_code == 403, (method, path)
        assert client.open(path, method=method, data={"a": "b"}).status_code == 403, (method, path)
    assert asked >= {"door.logout", "door.log_in", "door.set_up", "account_pages.change_password", "users_pages.add"}
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    client.environ_base.pop("HTTP_SEC_FETCH_SITE", None)
    assert client.get("/").status_code == 200  # nobody was signed out


def test_13_the_cookie_is_out_of_reach_for_scripts_and_for_forms_elsewhere(app: Flask, zoe: int) -> None:
    [cookie] = log_in(browser(app)).headers.getlist("Set-Cookie")
    assert re.match(rf"{COOKIE}=[\w-]{{43,}}; ", cookie)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_13_over_https_the_cookie_stays_there(library: Library, zoe: int) -> None:
    app = app_for(replace_config(library, trusted_proxies=("127.0.0.1",), hosts=("photos.example.org",)))
    client = browser(app, "127.0.0.1", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="photos.example.org")
    client.environ_base["HTTP_ORIGIN"] = "https://photos.example.org"
    [cookie] = log_in(client).headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    assert {"Secure", "HttpOnly"} <= set(cookie.split("; "))
    value = cookie.partition("=")[2].partition(";")[0]
    for name, status in (
        (SECURE_COOKIE, 200),
        (COOKIE, 401),
    ):  # one that somebody without https could have planted is not read
        other = app.test_client(use_cookies=False)
        other.environ_base |= client.environ_base
        assert other.get("/api/v1/photos", headers={"Cookie": f"{name}={value}"}).status_code == status


# ---------------------------------------------------------------- 14: sessions


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    return found.value if found else ""


def is_in(app: Flask, token: str) -> bool:
    return client_of(app, token or "-").get("/api/v1/photos").status_code == 200


def test_14_a_cookie_that_was_there_before_log_in_is_worth_nothing(app: Flask, library: Library, zoe: int) -> None:
    client = browser(app)
    client.set_cookie(COOKIE, "planted-by-somebody-else-0123456789")
    log_in(client)
    first = cookie_of(client)
    assert is_in(app, first)
    assert not is_in(app, "planted-by-somebody-else-0123456789")
    log_in(client)
    assert cookie_of(client) != first
    assert not is_in(app, first)  # the session before has ended


def test_14_only_the_hash_of_a_token_is_kept(app: Flask, library: Library, zoe: int) -> None:
    client = browser(app)
    log_in(client)
    kept = library.db.conn.serialize()
    assert cookie_of(client).encode() not in kept
    assert GOOD.encode() not in kept


def test_14_a_revoked_session_ends_at_once(app: Flask, library: Library, zoe: int) -> None:
    here, there, third = browser(app), browser(app), browser(app)
    for each in (here, there, third):
        log_in(each)
    held = sessions.find(library.db, cookie_of(there))
    assert held is not None
    assert here.post(f"/account/sessions/{held[0].id}/revoke").status_code == 303
    assert not is_in(app, cookie_of(there))
    assert is_in(app, cookie_of(third))
    here.post("/account/sessions/revoke-others")
    assert not is_in(app, cookie_of(third))
    assert is_in(app, cookie_of(here))


def test_14_nobody_ends_or_sees_the_session_of_somebody_else(app: Flask, library: Library, zoe: int) -> None:
    mine = browser(app, HTTP_USER_AGENT="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
    log_in(mine)
    held = sessions.find(library.db, cookie_of(mine))
    assert held is not None
    admin = client_of(app)
    assert admin.post(f"/account/sessions/{held[0].id}/revoke").status_code == 404
    assert "iPhone" not in admin.get("/account").text
    assert "Safari on iPhone" in mine.get("/account").text
    assert is_in(app, cookie_of(mine))


def test_14_a_password_change_ends_the_other_sessions(app: Flask, library: Library, zoe: int) -> None:
    here, there = browser(app), browser(app)
    log_in(here)
    log_in(there)
    before = cookie_of(here)
    new = "another horse battery"
    wrong = here.post("/account/password", data={"old": "wrong", "password": new})
    assert wrong.status_code == 403
    assert is_in(app, cookie_of(there))
    assert here.post("/account/password", data={"old": GOOD, "password": "short"}).status_code == 400
    assert here.post("/account/password", data={"old": GOOD, "password": new}).status_code == 303
    assert not is_in(app, cookie_of(there))
    assert cookie_of(here) != before
    assert not is_in(app, before)
    assert is_in(app, cookie_of(here))
    assert log_in(browser(app)).status_code == 401
    assert log_in(browser(app), password=new).status_code == 303


def test_14_guessing_the_present_password_is_slowed_down(app: Flask, library: Library, zoe: int) -> None:
    client = browser(app)
    log_in(client)
    while client.post("/account/password", data={"old": "wrong", "password": GOOD + "2"}).status_code == 403:
        pass
    assert client.post("/account/password", data={"old": GOOD, "password": GOOD + "2"}).status_code == 429


@pytest.mark.parametrize(
    ("keep", "column", "before"),
    [
        ("on", "seen_at", sessions.KEPT_IDLE), ("on", "expires_at", sessions.KEPT_LONGEST), ("", "seen_at", sessions.SHORT_IDLE),
        ("", "expires_at", sessions.SHORT_LONGEST),
    ],
)  # fmt: skip
def test_14_a_session_ends_by_itself(
    app: Flask, library: Library, zoe: int, keep: str, column: str, before: Any
) -> None:
    client = browser(app)
    answer = client.post("/login", data={"name": "zoe", "password": GOOD, **({"keep": keep} if keep else {})})
    assert ("Max-Age" in answer.headers["Set-Cookie"]) is bool(keep)
    assert is_in(app, cookie_of(client))
    ends_in = timedelta() if column == "expires_at" else -before  # when it ends, written as the column has it
    for left, stays in ((timedelta(minutes=1), True), (timedelta(minutes=-1), False)):
        with write(library.db) as db:
            moment = (datetime.now(UTC) + ends_in + left).isoformat(timespec="seconds")
            db.conn.execute(f"update sessions set {column} = ? where user_id = ?", (moment, zoe))
        assert is_in(app, cookie_of(client)) is stays


def test_14_a_session_lasts_no_longer_than_it_may(library: Library, zoe: int) -> None:
    with write(library.db) as db:
        for is_kept, longest in ((True, sessions.KEPT_LONGEST), (False, sessions.SHORT_LONGEST)):
            held = sessions.start(db, zoe, sessions.Client("", ""), is_kept).session
            assert datetime.fromisoformat(held.expires_at) - datetime.fromisoformat(held.created_at) == longest


def test_14_log_out_ends_the_session_and_what_the_browser_kept(app: Flask, zoe: int) -> None:
    client = browser(app)
    log_in(client)
    token = cookie_of(client)
    answer = client.post("/logout")
    assert answer.headers["Location"] == "/login"
    assert '"cache"' in answer.headers["Clear-Site-Data"]
    assert not cookie_of(client)
    assert not is_in(app, token)
    assert client_of(app).get("/logout").status_code == 405  # a mere link signs nobody out


def test_14_an_invitation_works_once_and_ends_the_sessions_before(app: Flask, library: Library, zoe: int) -> None:
    before = browser(app)
    log_in(before)
    made = client_of(app).post(f"/admin/users/{zoe}/invite").text
    path = re.search(r"/invitation/[\w-]{43}", made)
    assert path is not None
    assert is_in(app, cookie_of(before))  # until it is used
    guest = browser(app)
    assert guest.get(path[0]).status_code == 200
    assert guest.post(path[0], data={"password": "x"}).status_code == 400
    assert guest.post(path[0], data={"password": "another horse battery"}).status_code == 303
    assert guest.get("/api/v1/photos").status_code == 200
    assert not is_in(app, cookie_of(before))
    assert browser(app).get(path[0]).status_code == 404
    assert browser(app).post(path[0], data={"password": "another horse battery"}).status_code == 404
    with write(library.db) as db:
        token = invitations.invite(db, zoe)
        db.conn.execute("update invitations set expires_at = '2020-01-01T00:00:00+00:00'")
    assert browser(app).get(f"/invitation/{token}").status_code == 404


# ---------------------------------------------------------------- 18: roles


def test_18_a_role_taken_away_takes_effect_at_once(app: Flask, library: Library, stranger_id: int) -> None:
    client = client_of(app, sign_in(library.db, stranger_id))
    admin_pages = [path for _, method, path in every_route(app) if path.startswith("/admin") and method == "GET"]
    assert len(admin_pages) >= 2
    for role, status in (("member", 403), ("admin", 200), ("member", 403), ("guest", 403)):
        with write(library.db) as db:
            users.set_role(db, stranger_id, role)
        assert client.get("/admin/users").status_code == status
        if role != "admin":
            for path in admin_pages:
                assert client.get(path).status_code == 403, path
            assert client.post("/admin/users", data={"name": "eve", "role": "admin"}).status_code == 403
            assert client.post(f"/admin/users/{stranger_id}", data={"role": "admin"}).status_code == 403
    assert [user.name for user in users.everybody(library.db)] == ["admin", "zoe"]


def test_18_a_disabled_user_is_out_at_once_and_comes_back_with_the_old_password(
    app: Flask, library: Library, zoe: int
) -> None:
    client, admin = browser(app), client_of(app)
    log_in(client)
    assert admin.post(f"/admin/users/{zoe}/disable").status_code == 303
    assert client.get("/api/v1/photos").status_code == 401
    assert log_in(browser(app)).status_code == 401
    assert admin.post(f"/admin/users/{zoe}/enable").status_code == 303
    assert client.get("/api/v1/photos").status_code == 401
    assert log_in(browser(app)).status_code == 303


def test_18_a_guest_changes_nothing_but_their_own_account(app: Flask, library: Library, stranger_id: int) -> None:
    client = client_of(app, sign_in(library.db, stranger_id))
    with write(library.db) as db:
        users.set_role(db, stranger_id, "guest")
    mine = guard.GUEST_ROOMS
    for endpoint, method, path in every_route(app):
        if method not in READING and endpoint not in DOORS and endpoint.partition(".")[0] not in mine:
            assert client.open(path, method=method).status_code == 403, (method, path)
    assert client.post("/account/profile", data={"display_name": "Zoe"}).status_code == 303
    assert users.room_left(library.db, users.account(library.db, stranger_id)) == 0


def test_18_there_is_always_an_admin(app: Flask, library: Library, owner_id: int, zoe: int) -> None:
    client = client_of(app)
    assert client.post(f"/admin/users/{owner_id}/disable").status_code == 403
    answer = client.post(f"/admin/users/{owner_id}", data={"role": "guest"})
    assert answer.status_code == 403
    assert "last admin" in answer.text
    assert client.post(f"/admin/users/{zoe}", data={"role": "admin"}).status_code == 303
    assert client.post(f"/admin/users/{owner_id}", data={"role": "member"}).status_code == 303
    assert client.get("/admin/users").status_code == 403


# ---------------------------------------------------------------- 19: names of this machine


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "192.168.1.7.nip.io", "photos.example.org.evil.example", ""]
)
def test_19_an_unknown_host_is_refused_everywhere_before_anything_else(library: Library, host: str) -> None:
    app = app_for(replace_config(library, host="0.0.0.0", hosts=("photos.example.org",)))
    for _, method, path in every_route(app):
        answer = app.test_client().open(path, method=method, headers={"Host": host})
        assert answer.status_code == 400, (method, path)
        assert "Set-Cookie" not in answer.headers


def test_19_names_of_the_settings_are_answered(library: Library) -> None:
    app = app_for(replace_config(library, hosts=("Photos.example.org",)))
    for host in ("photos.example.org", "PHOTOS.example.org:8443", "photos.example.org."):
        assert app.test_client().get("/health", headers={"Host": host}).status_code == 200
    assert app.test_client().get("/health", headers={"Host": "example.org"}).status_code == 400


def test_19_what_a_stranger_says_of_the_host_is_not_believed(library: Library) -> None:
    app = app_for(replace_config(library, hosts=("photos.example.org",), trusted_proxies=("10.0.0.0/8",)))
    said = {"X-Forwarded-Host": "localhost", "Host": "evil.example"}
    assert app.test_client().get("/health", headers=said, environ_base={"REMOTE_ADDR": "11.0.0.1"}).status_code == 400
    assert app.test_client().get("/health", headers=said, environ_base={"REMOTE_ADDR": "10.0.0.1"}).status_code == 200
    evil = {"X-Forwarded-Host": "evil.example", "Host": "localhost"}
    assert app.test_client().get("/health", headers=evil, environ_base={"REMOTE_ADDR": "10.0.0.1"}).status_code == 400


# ---------------------------------------------------------------- 20: where a log-in leads, and frames


ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example", "/\t/evil.example",
    "javascript:alert(1)", "///evil.example", "/%0d%0aSet-Cookie:x", "evil.example", " /", "/ /evil.example", "/\u202e/x",
    "//evil.example\\@localhost", "/\n/evil", "\0/", "",
]  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
def test_20_a_log_in_leads_to_no_other_host(app: Flask, zoe: int, path: str) -> None:
    client = browser(app)
    shown = client.get("/login", query_string={"next": path}).text
    assert "evil.example" not in shown
    location = log_in(client, next=path).headers["Location"]
    assert re.match(r"/(?![/\\])", location)
    assert not re.search(r"evil|\s", location)
    again = client.get("/login", query_string={"next": path})  # signed in already
    assert again.headers["Location"] == location


def test_20_a_path_of_ours_is_gone_to(app: Flask, zoe: int) -> None:
    for path in ("/", "/photo/7?in=album-3", "/search?q=caf%C3%A9"):
        assert local_path(path) == path
        assert log_in(browser(app), next=path).headers["Location"] == path


def test_20_no_page_is_shown_in_a_frame(app: Flask, client: FlaskClient) -> None:
    for asker, shown in ((client, None), (app.test_client(), DOORS)):
        for endpoint, method, path in every_route(app):
            if method != "GET" or endpoint == "events.events" or (shown and endpoint not in shown):
                continue
            answer = asker.get(path)
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


# ---------------------------------------------------------------- 32: secrets


def test_32_no_secret_is_in_a_log_or_an_answer(
    fresh: Flask, library: Library, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = browser(fresh)
    answers = [set_up(client, code + "x"), set_up(client, code)]
    answers += [
        log_in(browser(fresh), "mara", GOOD + "?"),
        log_in(browser(fresh), GOOD, "mara"),
        client.get("/account"),
    ]
    invited = client.post("/admin/users", data={"name": "zoe"})
    link = re.search(r"/invitation/([\w-]+)", invited.text)
    assert link is not None
    assert invited.headers["Cache-Control"] == "private, no-store"
    answers += [client.get("/admin/users"), client.get("/admin/users/2"), client.get("/api/v1/status")]
    secrets = [code, GOOD, cookie_of(client), link[1], "argon2"]
    for secret in secrets:
        assert secret not in caplog.text
        for answer in answers[2:]:
            if not (secret == GOOD and answer is answers[3]):  # typed into the field for the name, which is shown again
                assert secret not in answer.text
    assert "Traceback" not in caplog.text


def test_32_the_log_says_who_came_in_or_did_not_by_number_and_address_alone(
    fresh: Flask, library: Library, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="photolib")
    set_up(browser(fresh, "192.168.1.3"), code.replace(code[0], "x"))
    set_up(browser(fresh, "192.168.1.4"), code)
    log_in(browser(fresh, "192.168.1.5"), "mara", "a wrong password")
    log_in(browser(fresh, "192.168.1.6"), "nobody", GOOD)
    inside = browser(fresh, "192.168.1.7")
    log_in(inside, "mara", GOOD)
    inside.post("/account/password", data={"old": "a wrong password", "new": GOOD + " again"})
    said = [record.getMessage() for record in caplog.records if record.name.startswith("photolib.accounts")]
    assert said == [
        "a wrong code of the first start was given, from 192.168.1.3",
        "user 1 has a new password",
        "user 1 signed in, from 192.168.1.4",
        "a sign-in was refused: wrong name or password, from 192.168.1.5",
        "a sign-in was refused: wrong name or password, from 192.168.1.6",
        "user 1 signed in, from 192.168.1.7",
        "user 1 gave a wrong present password, from 192.168.1.7",
    ]


def test_32_debug_is_off_and_a_bug_shows_nothing(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    assert not app.debug
    assert not app.testing
    app.add_url_rule("/broken", "broken", view_func=lambda: {"a": 1 / 0})
    answer = client_of(app).get("/broken?password=hush")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert "hush" not in answer.text + caplog.text
    for path in ("/console", "/?__debugger__=yes&cmd=resource&f=debugger.js"):
        assert "debugger" not in client_of(app).get(path).text.lower()


# ---------------------------------------------------------------- 34: caches


def test_34_no_cache_mixes_users(app: Flask, client: FlaskClient) -> None:
    ours = {"static", "words", "pages.ratios"}
    for endpoint, method, path in every_route(app):
        if method != "GET" or endpoint == "events.events":
            continue
        for asker in (client, browser(app)) if endpoint in DOORS else (client,):
            answer = asker.get(path)
            assert "public" not in answer.headers["Cache-Control"], path
            if endpoint not in ours:
                assert "Cookie" in answer.headers["Vary"], path
                assert re.search(r"private|no-store", answer.headers["Cache-Control"]), path


def test_34_a_picture_kept_for_ever_is_kept_for_one_session(
    app: Flask, library: Library, client: FlaskClient, second_user: FlaskClient, draw_photo: Any, import_folder: Any
) -> None:
    import_folder(draw_photo("in/a.jpg").parent)
    [photo] = client.get("/api/v1/photos").json["items"]
    for path in (photo["urls"]["thumb"], photo["urls"]["original"]):
        answer = client.get(path)
        assert answer.headers["Cache-Control"].startswith("private")
        assert "Cookie" in answer.headers["Vary"]
        told = second_user.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert told.status_code == 404  # not "you have it already"
        assert app.test_client().get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 401
