"""Requests with an API token: what each scope opens, and that none ever opens more."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from photolib.accounts import api_tokens, sessions, users
from photolib.db import write
from photolib.library import Library
from web import bearer
from web.guard import OPEN

from .asked_for import rules
from .conftest import client_of, sign_in

READING = {"GET", "HEAD", "OPTIONS"}
# What no token opens although it is part of the API; everything else in it asks for a scope.
NEVER = {"order_api.empty_trash"}


Ask = Callable[..., TestResponse]


@pytest.fixture
def owner_is_admin(app: Flask, library: Library) -> int:
    first = users.first_id(library.db)
    assert first is not None
    return first


@pytest.fixture
def program(app: Flask, library: Library, owner_is_admin: int) -> Callable[..., Ask]:
    """A program with a new token of these scopes, of the admin or another user."""

    def start(*scopes: str, user_id: int | None = None) -> Ask:
        with write(library.db) as db:
            user = users.account(db, user_id or owner_is_admin)
            _, text = api_tokens.make(db, user, "a program", scopes, None)

        def ask(path: str, method: str = "GET", **options: object) -> TestResponse:
            headers = {"Authorization": f"Bearer {text}", **options.pop("headers", {})}  # type: ignore[dict-item]
            return app.test_client().open(path, method=method, headers=headers, **options)

        return ask

    return start


def ways(app: Flask) -> list[tuple[Rule, str]]:
    found = [(rule, method) for rule in rules(app) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return [(rule, method) for rule, method in found if rule.endpoint not in OPEN]


def address(rule: Rule) -> str:
    return re.sub(r"<[^>]*>", "987654321", rule.rule)


def test_abuse_15_every_route_of_the_api_asks_for_a_scope(app: Flask) -> None:
    """One that fails here is in no room that web/bearer.py knows: decide there what a token needs to be allowed for it."""
    api = [(rule, method) for rule, method in ways(app) if rule.rule.startswith(("/api/", "/media/"))]
    assert len(api) > 40
    assert {rule.endpoint for rule, method in api if bearer.scope_of(rule, method) is None} == NEVER
    for rule, method in api:
        scope = bearer.scope_of(rule, method)
        if method in READING:
            assert scope in ("read", "upload", "admin", None), rule
        elif scope == "read":
            assert rule.endpoint in bearer.OF_ROUTE, rule


def test_abuse_15_no_token_opens_anything_but_the_api(app: Flask, program: Callable[..., Ask]) -> None:
    """Pages are where passwords, sessions, second steps, users and tokens are made and changed."""
    ask = program(*api_tokens.SCOPES)
    closed = [(rule, method) for rule, method in ways(app) if bearer.scope_of(rule, method) is None]
    assert len(closed) > 40
    for rule, method in closed:
        answer = ask(address(rule), method)
        assert answer.status_code == 403, (method, rule.rule)
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("missing", api_tokens.SCOPES)
def test_abuse_15_a_token_does_nothing_that_its_scopes_do_not_say(
    app: Flask, program: Callable[..., Ask], missing: str
) -> None:
    ask = program(*(each for each in api_tokens.SCOPES if each != missing))
    closed = [(rule, method) for rule, method in ways(app) if bearer.scope_of(rule, method) == missing]
    assert closed or missing == "admin"
    for rule, method in closed:
        answer = ask(address(rule), method)
        assert answer.status_code == 403, (method, rule.rule)
        assert f'"{missing}"' in answer.text.replace("\\", "").replace("&#34;", '"')


def test_a_token_does_what_its_scopes_say(program: Callable[..., Ask], list_photos: Callable[..., list[int]]) -> None:
    (photo,) = list_photos("2024-06-14T10:00:00")
    read, change, both = program("read"), program("write"), program("read", "write")
    assert [each["photo_id"] for each in read("/api/v1/photos").json["items"]] == [photo]
    assert read(f"/api/v1/photos/{photo}", "PATCH", json={"title": "x"}).status_code == 403
    assert change("/api/v1/photos").status_code == 403
    assert change(f"/api/v1/photos/{photo}", "PATCH", json={"title": "x"}).status_code == 200
    assert both(f"/api/v1/photos/{photo}").json["title"] == "x"
    assert both("/api/v1/nothing").status_code == 404


def test_a_token_shows_its_users_photos_only(
    program: Callable[..., Ask], list_photos: Callable[..., list[int]], stranger_id: int
) -> None:
    (mine,) = list_photos("2024-06-14T10:00:00")
    ask = program("read", "write", user_id=stranger_id)
    assert ask("/api/v1/photos").json["items"] == []
    assert ask(f"/api/v1/photos/{mine}").status_code == 404
    assert ask(f"/api/v1/photos/{mine}", "PATCH", json={"title": "x"}).status_code == 404


def test_abuse_18_a_role_taken_away_is_taken_from_its_tokens_at_once(
    library: Library, program: Callable[..., Ask], list_photos: Callable[..., list[int]], stranger_id: int
) -> None:
    (photo,) = list_photos("2024-06-14T10:00:00", owner=stranger_id)
    ask = program("read", "write", "upload", user_id=stranger_id)
    title = {"json": {"title": "x"}}
    assert ask(f"/api/v1/photos/{photo}", "PATCH", **title).status_code == 200
    with write(library.db) as db:
        users.set_role(db, stranger_id, "guest")
    assert ask(f"/api/v1/photos/{photo}").status_code == 200
    answer = ask(f"/api/v1/photos/{photo}", "PATCH", **title)
    assert answer.status_code == 403
    assert "This token is not allowed" in answer.json["error"]["message"]
    assert ask("/api/v1/photos/upload-url", "POST", json={}).status_code == 403
    with write(library.db) as db:
        users.disable(db, stranger_id)
    assert ask(f"/api/v1/photos/{photo}").status_code == 401


@pytest.mark.usefixtures("app")  # it has an admin besides
def test_abuse_18_an_admin_who_is_none_any_more_has_no_admin_token_either(library: Library, stranger_id: int) -> None:
    with write(library.db) as db:
        users.set_role(db, stranger_id, "admin")
        user = users.account(db, stranger_id)
        _, text = api_tokens.make(db, user, "x", ["admin", "read"], None)
        users.set_role(db, stranger_id, "member")
    token, user = api_tokens.find(library.db, text) or (None, None)
    assert token is not None
    assert user is not None
    assert api_tokens.allowed(user.role, token.scopes) == {"read"}


def test_a_token_counts_and_not_the_cookie_beside_it(
    client: FlaskClient, library: Library, list_photos: Callable[..., list[int]], stranger_id: int
) -> None:
    (mine,) = list_photos("2024-06-14T10:00:00")
    with write(library.db) as db:
        _, text = api_tokens.make(db, users.account(db, stranger_id), "x", ["read"], None)
    assert client.get(f"/api/v1/photos/{mine}").status_code == 200
    assert client.get(f"/api/v1/photos/{mine}", headers={"Authorization": f"Bearer {text}"}).status_code == 404


@pytest.mark.parametrize(
    "said", ["Bearer", "Bearer ", "Bearer x", "Bearer photolib_", "bearer photolib_" + "A" * 43, "Bearer " + "x" * 5000]
)
def test_a_token_that_is_none_opens_nothing_even_in_a_browser_that_is_signed_in(app: Flask, said: str) -> None:
    for client in (client_of(app), app.test_client()):
        answer = client.get("/api/v1/photos", headers={"Authorization": said})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert answer.json["error"]["kind"] == "not_signed_in"


def test_other_ways_of_authorization_are_not_ours(client: FlaskClient) -> None:
    assert client.get("/api/v1/photos", headers={"Authorization": "Basic bWFyaWE6eA=="}).status_code == 200


def test_a_token_is_not_taken_from_an_address_or_a_cookie(app: Flask, library: Library, owner_is_admin: int) -> None:
    with write(library.db) as db:
        _, text = api_tokens.make(db, users.account(db, owner_is_admin), "x", ["read"], None)
    client = app.test_client()
    client.set_cookie("photolib", text)
    for path in (f"/api/v1/photos?access_token={text}", f"/api/v1/photos?token={text}"):
        assert client.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_a_program_gets_no_session_and_needs_to_come_from_nowhere(
    library: Library, program: Callable[..., Ask], list_photos: Callable[..., list[int]], owner_is_admin: int
) -> None:
    (photo,) = list_photos("2024-06-14T10:00:00")
    ask = program("read", "write")
    before = sessions.of_user(library.db, owner_is_admin)
    answer = ask(
        f"/api/v1/photos/{photo}",
        "PATCH",
        json={"title": "x"},
        headers={"Origin": "http://frame.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert {"Cookie", "Authorization"} <= {each.strip() for each in answer.headers["Vary"].split(",")}
    assert sessions.of_user(library.db, owner_is_admin) == before
    assert api_tokens.of_user(library.db, owner_is_admin)[0].last_used_at is not None


# ---------------------------------------------------------------- making and revoking them


def make(client: FlaskClient, **said: object) -> TestResponse:
    return client.post("/account/tokens", data={"name": "frame", "scope": ["read"], "days": "30"} | said)


def text_of(answer: TestResponse) -> str:
    found = re.search(r"photolib_[\w-]{43}", answer.text)
    assert found, answer.text
    return found[0]


def test_a_token_is_shown_once_and_kept_nowhere(app: Flask, client: FlaskClient, library: Library) -> None:
    answer = make(client)
    text = text_of(answer)
    assert answer.headers["Cache-Control"] == "private, no-store"
    page = client.get("/account").text
    assert "frame" in page
    assert text not in page
    assert text.removeprefix("photolib_") not in "".join(library.db.conn.iterdump())
    program = app.test_client()
    assert program.get("/api/v1/photos", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    found = re.search(r"/account/tokens/\d+/revoke", page)
    assert found
    assert client.post(found[0]).status_code == 303
    assert program.get("/api/v1/photos", headers={"Authorization": f"Bearer {text}"}).status_code == 401


@pytest.mark.parametrize(
    "said", [{"name": ""}, {"scope": []}, {"scope": ["everything"]}, {"days": "99999"}, {"days": "0"}]
)
def test_a_token_that_makes_no_sense_is_explained_on_the_form(client: FlaskClient, said: dict[str, object]) -> None:
    answer = make(client, **said)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "photolib_" not in answer.text


def test_abuse_15_nobody_makes_a_token_that_may_do_more_than_they(second_user: FlaskClient) -> None:
    assert (
        "admin" not in second_user.get("/account/tokens/new").text.partition("<fieldset")[2].partition("</fieldset")[0]
    )
    assert make(second_user, scope=["read", "admin"]).status_code == 400


def test_a_guest_makes_a_token_that_sees_and_no_other(app: Flask, library: Library, stranger_id: int) -> None:
    with write(library.db) as db:
        users.set_role(db, stranger_id, "guest")
    guest = client_of(app, sign_in(library.db, stranger_id))
    assert make(guest, scope=["write"]).status_code == 400
    text_of(make(guest))


def test_nobody_revokes_the_token_of_another(
    client: FlaskClient, second_user: FlaskClient, library: Library, owner_is_admin: int
) -> None:
    make(client)
    (token,) = api_tokens.of_user(library.db, owner_is_admin)
    assert second_user.post(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert api_tokens.of_user(library.db, owner_is_admin) == [token]


def test_abuse_32_no_token_is_in_a_log(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    app.add_url_rule("/api/v1/broken", "api.broken", lambda: 1 / 0)
    text = text_of(make(client))
    program = app.test_client()
    for path in ("/api/v1/photos", "/api/v1/photos/0", "/account", "/api/v1/broken"):
        assert text not in program.get(path, headers={"Authorization": f"Bearer {text}"}).text
        program.get(path, headers={"Authorization": f"Bearer {text}x"})
    said = caplog.text + "".join(capfd.readouterr())
    assert "ZeroDivisionError" in said  # something was logged
    assert text not in said


def test_a_program_that_asks_too_often_is_told_when_to_come_back(
    client: FlaskClient, library: Library, program: Callable[..., Ask]
) -> None:
    library.config = replace(library.config, api_requests_per_minute=3)
    hasty, calm = program("read", "upload"), program("read")
    assert [hasty("/api/v1/status").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = hasty("/api/v1/status")
    assert answer.json["error"]["kind"] == "too_many_tries"
    assert 1 <= int(answer.headers["Retry-After"]) <= 20
    assert calm("/api/v1/status").status_code == 200
    assert client.get("/api/v1/status").status_code == 200
    # Sending one's photos is never slowed down.
    announced = {"filename": "a.jpg", "size_bytes": 3}
    assert [hasty("/api/v1/photos/upload-url", "POST", json=announced).status_code for _ in range(5)] == [201] * 5
