"""The second step, passkeys and an account elsewhere: coming in with them, and turning them on and off on the account page."""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cli import main
from photolib.accounts import oidc, passkeys, passwords, sessions, totp, users
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from tests import openid
from tests.authenticator import Authenticator
from web.sessions import COOKIE

from .conftest import app_for, client_of, sign_in

PASSWORD = "correct horse battery"
HASHED = passwords.hash(PASSWORD)  # once for all tests: it takes a tenth of a second


@pytest.fixture
def maria(library: Library, stranger_id: int) -> int:
    """Another member, who has a password."""
    with write(library.db) as db:
        db.conn.execute("update users set name = 'maria' where id = ?", (stranger_id,))
        users.set_password(db, stranger_id, HASHED)
    return stranger_id


@pytest.fixture
def hers(app: Flask, library: Library, maria: int) -> FlaskClient:
    """The browser where she has just signed in."""
    return client_of(app, sign_in(library.db, maria))


def browser(app: Flask) -> FlaskClient:
    """One that nobody has signed in with."""
    client = app.test_client()
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    return client


def grow_old(library: Library) -> None:
    """Everybody signed in a while ago."""
    with write(library.db) as db:
        db.execute("update sessions set created_at = '2024-01-01T00:00:00+00:00'")


def log_in(client: FlaskClient, password: str = PASSWORD) -> TestResponse:
    return client.post("/login", data={"name": "maria", "password": password, "next": "/albums"})


def who(client: FlaskClient) -> str | None:
    """Whom the browser is signed in as."""
    answer = client.get("/account")
    found = re.search(r'name="display_name" value="([^"]*)"', answer.text)
    return found[1] if found else None


def guess(ask: Callable[[int], TestResponse]) -> int:
    """Guess wrong until it is slowed down; how often that was possible."""
    return next(number for number in range(20) if ask(number).status_code == 429)


# ---------------------------------------------------------------- the second step


def code(secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(time.time()) + later * 30)


@pytest.fixture
def second_step(library: Library, maria: int) -> tuple[str, list[str]]:
    """Her second step is on: the secret of the app, whose code of now is not used yet, and the codes on paper."""
    secret = totp.new_secret()
    with write(library.db) as db:
        return secret, totp.turn_on(db, maria, secret, code(secret, -1))


def test_the_second_step_is_set_up_with_a_picture_and_a_code(hers: FlaskClient, library: Library, maria: int) -> None:
    assert hers.get("/account/second-step/picture").status_code == 404
    assert hers.post("/account/second-step/begin").location == "/account/second-step"
    page = hers.get("/account/second-step")
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
    assert found
    secret = found[1].replace(" ", "")
    assert page.headers["Cache-Control"] == "private, no-store"
    picture = hers.get("/account/second-step/picture")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    wrong = hers.post("/account/second-step", data={"code": "123"})
    assert wrong.status_code == 400
    assert secret in wrong.text.replace(" ", "")  # the same again, not a new one that the app does not know
    assert not totp.is_on(library.db, maria)
    codes = hers.post("/account/second-step", data={"code": code(secret)})
    assert codes.headers["Cache-Control"] == "private, no-store"
    assert len(re.findall(r"<code>([A-Z2-9]{4}-){3}[A-Z2-9]{4}</code>", codes.text)) == 10
    assert totp.is_on(library.db, maria)
    assert hers.get("/account/second-step/picture").status_code == 404


def test_the_picture_is_shown_to_nobody_else(app: Flask, library: Library, hers: FlaskClient, owner_id: int) -> None:
    hers.post("/account/second-step/begin")
    assert hers.get("/account/second-step/picture").status_code == 200
    hers.set_cookie(COOKIE, sign_in(library.db, owner_id))  # somebody else in the same browser
    assert hers.get("/account/second-step/picture").status_code == 404
    assert hers.post("/account/second-step", data={"code": "1"}).status_code == 404


def test_the_password_alone_opens_nothing_any_more(
    app: Flask, second_step: tuple[str, list[str]], hers: FlaskClient
) -> None:
    client = browser(app)
    answer = log_in(client)
    assert answer.location == "/login/second?next=%2Falbums"
    assert client.get("/").location == "/login/second"
    assert client.get("/api/v1/photos").status_code == 401
    for path in ("/account/second-step/off", "/account/tokens", "/account/passkeys/options"):
        assert client.post(path, data={"proof": PASSWORD}).status_code != 200
    wrong = client.post("/login/second", data={"code": "000000"})
    assert wrong.status_code == 401
    assert "This code is not right" in wrong.text
    pending = client.get_cookie(COOKIE)
    right = client.post("/login/second", data={"code": code(second_step[0]), "next": "/albums"})
    assert right.location == "/albums"
    assert who(client) == "maria"
    now = client.get_cookie(COOKIE)
    assert pending is not None
    assert now is not None
    assert now.value != pending.value  # abuse 14: no session is carried over the step
    other = browser(app)
    other.set_cookie(COOKIE, pending.value)
    assert other.get("/login/second").location == "/login"


def test_a_code_that_was_seen_is_worth_nothing(app: Flask, second_step: tuple[str, list[str]]) -> None:
    first, second = browser(app), browser(app)
    shown = code(second_step[0])
    for client in (first, second):
        log_in(client)
    assert first.post("/login/second", data={"code": shown}).status_code == 303
    assert second.post("/login/second", data={"code": shown}).status_code == 401


def test_a_recovery_code_lets_in_once(app: Flask, second_step: tuple[str, list[str]]) -> None:
    for status in (303, 401):
        client = browser(app)
        log_in(client)
        assert client.post("/login/second", data={"code": second_step[1][0].lower()}).status_code == status


def test_guessing_codes_is_slowed_down_also_after_a_restart_and_with_a_new_password_step(
    app: Flask, library: Library, second_step: tuple[str, list[str]]
) -> None:
    client = browser(app)
    log_in(client)
    assert guess(lambda number: client.post("/login/second", data={"code": f"{number:06}"})) >= 5
    with write(library.db) as db:
        db.execute("update tries set wait_until = wait_until + 600")  # as if there had been more of them
    again = app_for(library).test_client()
    again.environ_base["HTTP_ORIGIN"] = "http://localhost"
    log_in(again)
    answer = again.post("/login/second", data={"code": code(second_step[0])})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_without_having_given_the_password_there_is_no_second_step(app: Flask, hers: FlaskClient) -> None:
    for client in (browser(app), hers):
        assert client.get("/login/second").location in ("/login", "/")
        assert client.post("/login/second", data={"code": "000000"}).location == "/login"


@pytest.mark.parametrize("path", ["off", "codes"])
def test_turning_it_off_asks_for_the_password_or_a_code_even_right_after_signing_in(
    hers: FlaskClient, library: Library, maria: int, second_step: tuple[str, list[str]], path: str
) -> None:
    for said in ({}, {"proof": ""}, {"proof": "wrong"}, {"proof": "000000"}):
        answer = hers.post(f"/account/second-step/{path}", data=said)
        assert answer.status_code == 400
        assert "That is not your password" in answer.text
    assert totp.recovery_codes_left(library.db, maria) == 10
    assert totp.take(library.db, maria, second_step[1][1])
    proof = code(second_step[0]) if path == "off" else PASSWORD
    assert hers.post(f"/account/second-step/{path}", data={"proof": proof}).status_code in (200, 303)
    assert totp.is_on(library.db, maria) is (path == "codes")
    assert totp.recovery_codes_left(library.db, maria) == (10 if path == "codes" else 0)


def test_guessing_the_password_from_an_open_browser_is_slowed_down(hers: FlaskClient, second_step: Any) -> None:
    assert guess(lambda number: hers.post("/account/second-step/off", data={"proof": f"guess {number}"})) >= 5


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/account/second-step/begin", {}),
        ("/account/tokens", {"name": "x", "scope": "read"}),
        ("/account/elsewhere", {}),
    ],
)
def test_in_a_browser_left_open_the_password_is_asked_for_first(
    hers: FlaskClient, library: Library, path: str, said: dict[str, str]
) -> None:
    grow_old(library)
    assert 'name="proof"' in hers.get("/account/tokens/new").text
    answer = hers.post(path, data=said)
    assert answer.status_code == 400
    assert "That is not your password" in answer.text
    assert hers.post("/account/tokens", data={"name": "x", "scope": "read", "proof": PASSWORD}).status_code == 200


def test_an_admin_turns_off_the_second_step_of_somebody_who_lost_the_phone(
    app: Flask, client: FlaskClient, library: Library, maria: int, hers: FlaskClient, second_step: tuple[str, list[str]]
) -> None:
    with write(library.db) as db:
        db.execute("update users set password_hash = ? where role = 'admin'", (HASHED,))
    assert "Turn their second step off" in client.get(f"/admin/users/{maria}").text
    path = f"/admin/users/{maria}/second-step/off"
    assert hers.post(path, data={"proof": PASSWORD}).status_code == 403
    assert client.post(path, data={"proof": "wrong"}).status_code == 400
    assert (
        client.post(path, data={"proof": code(second_step[0])}).status_code == 400
    )  # hers proves nothing of the admin
    assert totp.is_on(library.db, maria)
    assert client.post(path, data={"proof": PASSWORD}).status_code == 303
    assert log_in(browser(app)).location == "/albums"


def test_whoever_is_at_the_shell_turns_off_the_second_step_of_the_only_admin(
    library: Library, maria: int, second_step: tuple[str, list[str]]
) -> None:
    asked = ["--data-dir", str(library.data), "users", "passwd", "maria", "--password-stdin"]
    assert CliRunner().invoke(main, asked, input=PASSWORD).exit_code == 0
    assert totp.is_on(library.db, maria)
    assert CliRunner().invoke(main, [*asked, "--second-step-off"], input=PASSWORD).exit_code == 0
    assert not totp.is_on(library.db, maria)


def test_somebody_without_a_password_signs_in_anew_instead(hers: FlaskClient, library: Library, maria: int) -> None:
    with write(library.db) as db:
        db.execute("update users set password_hash = null where id = ?", (maria,))
    made = {"name": "x", "scope": "read"}
    assert hers.post("/account/tokens", data=made).status_code == 200
    grow_old(library)
    answer = hers.post("/account/tokens", data=made)
    assert answer.status_code == 403
    assert "Sign out and in again" in answer.text


# ---------------------------------------------------------------- passkeys


def add_passkey(client: FlaskClient, device: Authenticator, name: str = "phone", **lies: Any) -> TestResponse:
    options = client.post("/account/passkeys/options", json={}).json
    said = {"name": name, "answer": device.make(options, **lies)}
    return client.post("/account/passkeys", json=said, headers={"Accept": "application/json"})


def use_passkey(client: FlaskClient, device: Authenticator, path: str = "/", **lies: Any) -> TestResponse:
    options = client.post("/login/passkey/options", json={}).json
    said = {"answer": device.sign(options, **lies), "next": path}
    return client.post("/login/passkey", json=said, headers={"Accept": "application/json"})


@pytest.fixture
def phone(hers: FlaskClient) -> Authenticator:
    device = Authenticator("http://localhost")
    assert add_passkey(hers, device).status_code == 200
    return device


def test_a_passkey_signs_in_without_name_password_and_second_step(
    app: Flask, phone: Authenticator, second_step: Any, hers: FlaskClient
) -> None:
    client = browser(app)
    assert "passkey-sign-in" in client.get("/login").text
    answer = use_passkey(client, phone, "/albums")
    assert answer.json == {"go": "/albums"}
    assert who(client) == "maria"
    assert "phone" in hers.get("/account").text


def test_abuse_20_a_passkey_leads_to_our_own_pages_only(app: Flask, phone: Authenticator) -> None:
    for path in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert use_passkey(browser(app), phone, path).json == {"go": "/"}


def test_an_answer_is_good_once_and_in_the_browser_that_asked(app: Flask, phone: Authenticator) -> None:
    client, other = browser(app), browser(app)
    options = client.post("/login/passkey/options", json={}).json
    other.post("/login/passkey/options", json={})
    phone.count = -1  # one that does not count, as those that are kept in a cloud
    said = {"answer": phone.sign(options)}
    assert other.post("/login/passkey", json=said).status_code == 403
    assert browser(app).post("/login/passkey", json=said).status_code == 403
    assert client.post("/login/passkey", json=said).status_code == 200
    assert client.post("/login/passkey", json=said).status_code == 403


def test_a_removed_passkey_and_that_of_a_disabled_user_let_nobody_in(
    app: Flask, phone: Authenticator, hers: FlaskClient, library: Library, maria: int
) -> None:
    with write(library.db) as db:
        users.disable(db, maria)
    assert use_passkey(browser(app), phone).status_code == 403
    with write(library.db) as db:
        users.enable(db, maria)
    assert use_passkey(browser(app), phone).status_code == 200
    (made,) = passkeys.of_user(library.db, maria)
    again = client_of(app, sign_in(library.db, maria))
    assert client_of(app).post(f"/account/passkeys/{made.id}/remove").status_code == 404
    assert again.post(f"/account/passkeys/{made.id}/remove").status_code == 303
    assert use_passkey(browser(app), phone).status_code == 403


def test_the_only_way_in_is_not_given_up(
    app: Flask, phone: Authenticator, hers: FlaskClient, library: Library, maria: int
) -> None:
    (made,) = passkeys.of_user(library.db, maria)
    with write(library.db) as db:
        db.execute("update users set password_hash = null where id = ?", (maria,))
    answer = hers.post(f"/account/passkeys/{made.id}/remove")
    assert answer.status_code == 403
    assert "only way" in answer.text
    assert use_passkey(browser(app), phone).status_code == 200


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"answer": 7}', '{"answer": {"id": "AA", "response": {}}}', "{broken"]
)
def test_nonsense_instead_of_a_passkey_is_refused(app: Flask, hers: FlaskClient, body: str) -> None:
    client = browser(app)
    client.post("/login/passkey/options", json={})
    sent = {"data": body, "content_type": "application/json"}
    assert client.post("/login/passkey", **sent).status_code == 403
    hers.post("/account/passkeys/options", json={})
    assert hers.post("/account/passkeys", **sent).status_code == 400


def test_where_browsers_offer_none_it_is_said_plainly(app: Flask, hers: FlaskClient) -> None:
    here = "http://127.0.0.1:8800"
    hers.set_cookie(COOKIE, hers.get_cookie(COOKIE).value, domain="127.0.0.1")  # type: ignore[union-attr]
    page = hers.get("/account", base_url=here).text
    assert "Here they offer none" in page
    assert 'href="http://localhost:8800/account"' in page
    assert "passkey-maker" not in page
    assert "passkey-sign-in" not in browser(app).get("/login", base_url=here).text


# ---------------------------------------------------------------- an account elsewhere

BACK = "http://localhost/login/oidc/callback"


@pytest.fixture(scope="module")
def running() -> Iterator[openid.Provider]:
    with openid.providing(BACK) as provider:
        yield provider


@pytest.fixture
def config(config: Config, running: openid.Provider) -> Config:
    return replace(
        config, oidc_issuer=running.issuer, oidc_client_id="photolib", oidc_client_secret=running.secret, oidc_name="Home",
    )  # fmt: skip


def begin(client: FlaskClient, path: str = "/login/oidc", **said: str) -> str:
    """Where the browser is sent."""
    answer = client.post(path, data=said)
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert found, answer.text
    return found[1].replace("&amp;", "&")


def come_back(client: FlaskClient, name: str, path: str = "/login/oidc", **said: str) -> TestResponse:
    there = openid.sign_in(begin(client, path, **said), name)
    return client.get(urlsplit(there).path + "?" + urlsplit(there).query)


@pytest.fixture
def linked(hers: FlaskClient, library: Library) -> None:
    """She has linked the account maria at the provider."""
    assert come_back(hers, "maria", "/account/elsewhere").location == "/account"
    assert "maria@example.org" in hers.get("/account").text


@pytest.mark.usefixtures("linked")
def test_a_linked_account_signs_in(app: Flask) -> None:
    client = browser(app)
    assert "Sign in with Home" in client.get("/login").text
    assert come_back(client, "maria", next="/albums").location == "/albums"
    assert who(client) == "maria"


@pytest.mark.usefixtures("linked")
def test_a_linked_account_still_needs_the_second_step(app: Flask, second_step: tuple[str, list[str]]) -> None:
    client = browser(app)
    assert come_back(client, "maria", next="/albums").location == "/login/second?next=/albums"
    assert client.get("/api/v1/photos").status_code == 401
    assert client.post("/login/second", data={"code": code(second_step[0])}).status_code == 303
    assert who(client) == "maria"


@pytest.mark.usefixtures("hers")
def test_abuse_16_nobody_is_linked_by_name_or_e_mail(app: Flask, library: Library, maria: int) -> None:
    with write(library.db) as db:
        db.execute("update users set display_name = 'maria@example.org' where id = ?", (maria,))
    client = browser(app)
    answer = come_back(client, "maria")
    assert answer.status_code == 403
    assert "Nobody here has linked this account" in answer.text
    assert client.get_cookie(COOKIE) is None
    assert oidc.of_user(library.db, maria) == []
    assert len(users.everybody(library.db)) == 2


@pytest.mark.usefixtures("hers")
def test_abuse_16_a_new_user_is_made_where_the_settings_say_so_and_is_never_one_who_is_there(
    app: Flask, library: Library, maria: int
) -> None:
    library.config = replace(library.config, oidc_allow_new_users=True)
    client = browser(app)
    assert come_back(client, "maria").location == "/"
    assert who(client) == "maria-2"
    again = browser(app)
    assert come_back(again, "maria").location == "/"
    assert [user.name for user in users.everybody(library.db)][1:] == ["maria", "maria-2"]
    assert oidc.of_user(library.db, maria) == []


def test_abuse_16_an_answer_that_was_begun_elsewhere_signs_nobody_in(app: Flask, linked: None) -> None:
    attacker, victim = browser(app), browser(app)
    there = urlsplit(openid.sign_in(begin(attacker), "maria"))
    assert victim.get(f"{there.path}?{there.query}").status_code == 403
    begin(victim)
    answer = victim.get(f"{there.path}?{there.query}")  # another state than this browser's
    assert answer.status_code == 403
    assert "not begun in this browser" in answer.text
    assert victim.get_cookie(COOKIE) is None
    assert attacker.get(f"{there.path}?{there.query}").status_code == 303
    assert attacker.get(f"{there.path}?{there.query}").status_code == 403  # once


def test_abuse_16_a_link_goes_to_whoever_asked_for_it(
    app: Flask, library: Library, hers: FlaskClient, owner_id: int, maria: int
) -> None:
    there = urlsplit(openid.sign_in(begin(hers, "/account/elsewhere"), "maria"))
    hers.set_cookie(COOKIE, sign_in(library.db, owner_id))  # meanwhile somebody else has signed in there
    answer = hers.get(f"{there.path}?{there.query}")
    assert answer.status_code == 403
    assert oidc.of_user(library.db, owner_id) == oidc.of_user(library.db, maria) == []


@pytest.mark.usefixtures("linked")
def test_abuse_16_an_account_that_signs_in_somebody_is_not_linked_to_another(app: Flask, client: FlaskClient) -> None:
    answer = come_back(client, "maria", "/account/elsewhere")
    assert answer.status_code == 400
    assert "somebody else" in answer.text


def test_abuse_16_linking_is_never_begun_by_a_mere_link(hers: FlaskClient) -> None:
    for path in ("/account/elsewhere", "/login/oidc"):
        assert hers.get(path).status_code == 405
        assert hers.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_refusal_there_is_said_here(app: Flask, hers: FlaskClient) -> None:
    client = browser(app)
    state = re.search(r"state=([\w-]+)", begin(client))
    assert state
    answer = client.get(f"/login/oidc/callback?error=access_denied&error_description=<b>&state={state[1]}")
    assert answer.status_code == 403
    assert "Home did not let you in" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.usefixtures("linked")
def test_an_unlinked_account_signs_nobody_in_and_the_only_way_in_stays(
    app: Flask, hers: FlaskClient, library: Library, maria: int
) -> None:
    (link,) = oidc.of_user(library.db, maria)
    said = {"issuer": link.issuer, "subject": link.subject}
    assert client_of(app).post("/account/elsewhere/unlink", data=said).status_code in (403, 404)
    assert hers.post("/account/elsewhere/unlink", data={**said, "subject": "another"}).status_code == 404
    assert hers.post("/account/elsewhere/unlink", data=said).status_code == 303
    assert come_back(browser(app), "maria").status_code == 403


@pytest.mark.usefixtures("linked")
def test_abuse_18_a_disabled_user_is_not_let_in_from_elsewhere(app: Flask, library: Library, maria: int) -> None:
    with write(library.db) as db:
        users.disable(db, maria)
    client = browser(app)
    assert come_back(client, "maria").status_code == 403
    assert client.get_cookie(COOKIE) is None


def test_without_the_setting_there_is_no_such_way_in(tmp_path: Any) -> None:
    library = open_library(Config(data_dir=tmp_path / "plain", min_free_mb=0))
    try:
        client = browser(app_for(library))
        assert "/login/oidc" not in client.get("/login").text
        assert client.post("/login/oidc").status_code == 404
        assert client.get("/login/oidc/callback?code=x&state=y").status_code == 404
    finally:
        library.close()


# ---------------------------------------------------------------- nothing is told


def test_abuse_4_and_32_no_secret_is_in_a_log_or_on_an_error_page(
    app: Flask, hers: FlaskClient, library: Library, second_step: tuple[str, list[str]], caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str], running: openid.Provider, maria: int,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    secret, codes = second_step
    device = Authenticator("http://localhost")
    pages, secrets = [], [secret, *codes, PASSWORD, running.secret]
    add_passkey(hers, device)
    client = browser(app)
    pages.append(log_in(client, "wrong " + PASSWORD))
    pages.append(log_in(client))
    pages.append(client.post("/login/second", data={"code": codes[0] + "x"}))
    pages.append(client.post("/login/second", data={"code": codes[0]}))
    for name in (COOKIE, "photolib_passkey", "photolib_elsewhere"):
        use_passkey(browser(app), device)
        held = client.get_cookie(name)
        secrets += [held.value] if held else []
    pages.append(hers.post("/account/second-step/codes", data={"proof": "wrong " + PASSWORD}))
    other = browser(app)
    logged = caplog.text
    there = urlsplit(openid.sign_in(begin(other), "maria"))
    caplog.clear()  # that was the person's own browser
    secrets += [part.partition("=")[2] for part in there.query.split("&") if not part.startswith("iss=")]
    step = other.get_cookie("photolib_elsewhere")
    assert step is not None
    secrets.append(step.value)
    pages.append(other.get(f"{there.path}?{there.query}"))
    pages.append(other.get(f"{there.path}?{there.query}"))
    pages.append(hers.get("/account"))
    library_says = json.dumps([str(library.config), repr(library)])
    said = logged + caplog.text + "".join(capfd.readouterr()) + library_says + "".join(page.text for page in pages)
    assert len(secrets) >= 16
    for each in secrets:
        assert each not in said
    kept = "\n".join(library.db.conn.iterdump())
    assert not [
        each for each in secrets if each in kept and each != secret
    ]  # the app's secret is what codes are made from
    assert sessions.of_user(library.db, maria)
