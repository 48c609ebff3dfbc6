"""ABUSE_CASES.md 17 and 18, the other way round: everything there is, asked by those who may have none or little of it.

Nobody, with no cookie or one that is worth nothing; a guest; programs with tokens for a part of it. Every route, with things that
exist and with things that do not, so that nobody learns which are there.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from photolib.accounts import api_tokens, sessions, tokens, users
from photolib.db import write
from photolib.library import Library
from web import bearer, guard
from web.sessions import COOKIE

from .asked_for import rules
from .conftest import CLIENT, client_of, sign_in
from .test_abuse_accounts import DOORS
from .test_abuse_users import (
    READING,
    Things,
    bodies,
    everything,
    nobodys_things,
    send,
    two_people,  # noqa: F401
    zoes_browser,  # noqa: F401
)

Two = tuple[Things, Things]


def closed(app: Flask) -> Iterator[tuple[Any, str]]:
    """Every route and method that is no door."""
    for rule in rules(app):
        if rule.endpoint not in DOORS:
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield rule, method


def cookie(app: Flask, token: str) -> FlaskClient:
    client = app.test_client(use_cookies=False)
    client.environ_base["HTTP_COOKIE"] = f"{COOKIE}={token}"
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    return client


def expired(app: Flask, library: Library, user_id: int) -> FlaskClient:
    with write(library.db) as db:
        token = sessions.start(db, user_id, CLIENT).token
        db.conn.execute(
            "update sessions set expires_at = '2020-01-01T00:00:00+00:00' where token_hash = ?", (tokens.hashed(token),)
        )
    return cookie(app, token)


def pending(app: Flask, library: Library, user_id: int) -> FlaskClient:
    with write(library.db) as db:
        return cookie(app, sessions.start(db, user_id, CLIENT, is_pending=True).token)


def of_a_disabled_user(app: Flask, library: Library, user_id: int) -> FlaskClient:
    with write(library.db) as db:
        token = sessions.start(db, user_id, CLIENT).token
        db.conn.execute("update users set is_disabled = 1 where id = ?", (user_id,))
    return cookie(app, token)


def with_a_revoked_token(app: Flask, library: Library, user_id: int) -> FlaskClient:
    with write(library.db) as db:
        token, text = api_tokens.make(db, users.account(db, user_id), "old", ["read", "write", "upload"], None)
        api_tokens.revoke(db, user_id, token.id)
    return program(app, text)


def with_the_token_of_a_disabled_user(app: Flask, library: Library, user_id: int) -> FlaskClient:
    with write(library.db) as db:
        _, text = api_tokens.make(db, users.account(db, user_id), "old", ["read", "write", "upload"], None)
        db.conn.execute("update users set is_disabled = 1 where id = ?", (user_id,))
    return program(app, text)


def program(app: Flask, text: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    return client


NOBODY: dict[str, Callable[[Flask, Library, int], FlaskClient]] = {
    "no cookie": lambda app, library, user_id: app.test_client(),
    "a made-up cookie": lambda app, library, user_id: cookie(app, "x" * 43),
    "a cookie of 10 kB": lambda app, library, user_id: cookie(app, "x" * 10_240),
    "an expired session": expired,
    "a second step owed": pending,
    "a disabled user": of_a_disabled_user,
    "a revoked token": with_a_revoked_token,
    "a disabled user's token": with_the_token_of_a_disabled_user,
    "an empty token": lambda app, library, user_id: program(app, ""),
}


def told(answer: TestResponse) -> tuple[Any, ...]:
    """All of an answer but what was asked for."""
    location = answer.headers.get("Location", "").partition("?")[0]
    headers = sorted(
        (name, value) for name, value in answer.headers if name not in ("Date", "Location", "Content-Length")
    )
    return answer.status_code, location, headers, re.sub(r"/login(\?next=[^\"<]*)?", "", answer.text)


@pytest.mark.parametrize("who", NOBODY)
def test_17_nobody_gets_anything_and_learns_nothing(app: Flask, library: Library, two: Two, who: str) -> None:
    mine, _ = two
    client = NOBODY[who](app, library, mine.user_id)
    before = everything(library)
    answers: dict[tuple[str, str], set[Any]] = {}
    for rule, method in closed(app):
        body = (bodies(mine).get(rule.endpoint) or [{}])[0]
        for each in (mine, nobodys_things()) if who == "no cookie" else (mine,):
            path = each.address(rule)
            answer = client.get(path) if method == "GET" else send(client, method, path, body)
            # As curl asks: no word of what is accepted, so that pages lead to the door and all else says 401.
            is_page = (
                not path.startswith(("/api/", "/media/", "/fragments/"))
                and "HTTP_AUTHORIZATION" not in client.environ_base
            )
            if is_page:
                assert answer.status_code in (302, 303), (who, method, path)
                assert re.match(r"/login(/second)?(\?|$)", answer.headers["Location"]), (who, method, path)
            else:
                assert answer.status_code == 401, (who, method, path)
            for header in (
                "Set-Cookie",
                "ETag",
                "Last-Modified",
                "Content-Disposition",
                "Content-Range",
                "Accept-Ranges",
            ):
                assert header not in answer.headers, (who, method, path)
            assert re.search("private|no-store", answer.headers["Cache-Control"])
            kind = (
                "data"
                if path.startswith(("/api/", "/media/"))
                else "fragment"
                if path.startswith("/fragments/")
                else "page"
            )
            answers.setdefault(
                (kind, "HEAD" if method == "HEAD" else "GET" if method == "GET" else "other"), set()
            ).add(str(told(answer)))
    assert {key: len(found) for key, found in answers.items()} == dict.fromkeys(
        answers, 1
    )  # one and the same, whatever was asked
    assert everything(library) == before


def test_17_somebody_who_was_here_gets_nothing_of_what_was_kept(app: Flask, library: Library, two: Two) -> None:
    """What a browser kept is asked for again with its mark: also that is answered to its owner only."""
    mine, _ = two
    client = client_of(app, sign_in(library.db, mine.user_id))
    first = client.get(f"/media/{mine.key}/original")
    assert first.status_code == 200
    kept = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"/media/{mine.key}/original", headers=kept).status_code == 304
    client.post("/logout")
    for said in (
        kept,
        {"If-None-Match": "*"},
        {"Range": "bytes=0-0"},
        {**kept, "If-Modified-Since": "Sat, 21 Nov 2026 12:00:00 GMT"},
    ):
        assert client.get(f"/media/{mine.key}/original", headers=said).status_code == 401


def test_18_a_guest_changes_nothing_whatever_is_sent(app: Flask, library: Library, two: Two, zoe: FlaskClient) -> None:
    mine, _ = two
    with write(library.db) as db:
        users.set_role(db, mine.user_id, "guest")
    before = everything(library)
    refused = set()
    for rule, method in closed(app):
        if method in READING or rule.endpoint.partition(".")[0] in guard.GUEST_ROOMS:
            continue
        for body in bodies(mine).get(rule.endpoint) or [{}]:
            answer = send(zoe, method, mine.address(rule), body)
            assert answer.status_code == 403, (method, rule)
            refused.add(rule.endpoint)
    assert len(refused) > 50
    assert everything(library) == before
    assert zoe.get(f"/media/{mine.key}/original?download=1").status_code == 404
    assert zoe.get(f"/media/{mine.key}/original").status_code == 200


@pytest.mark.parametrize("role", ["member", "guest"])
def test_18_the_admins_rooms_are_closed_to_all_others(
    app: Flask, library: Library, two: Two, zoe: FlaskClient, role: str
) -> None:
    mine, theirs = two
    with write(library.db) as db:
        users.set_role(db, mine.user_id, role)
    before = everything(library)
    asked = set()
    for rule, method in closed(app):
        if rule.rule.startswith("/admin") or rule.endpoint.partition(".")[0] in guard.ADMIN_ROOMS:
            answers = []
            for each in (mine, theirs, nobodys_things()):
                path = each.address(rule)
                answer = (
                    zoe.get(path) if method in READING else send(zoe, method, path, {"role": "admin", "name": "eve"})
                )
                answers.append(answer.text)
                assert answer.status_code == 403, (method, path)
            assert len(set(answers)) == 1, rule
            asked.add(rule.endpoint)
    assert asked >= {
        "users_pages.change",
        "users_pages.invite",
        "users_pages.disable",
        "admin_pages.settings_",
        "admin_pages.clear",
    }
    assert everything(library) == before


@pytest.mark.parametrize("scope", [*api_tokens.SCOPES, "none of them"])
def test_15_a_token_of_one_scope_gets_nothing_of_the_others(app: Flask, library: Library, two: Two, scope: str) -> None:
    """With things of its own user, where only the scope stands in the way."""
    mine, _ = two
    with write(library.db) as db:
        users.set_role(db, mine.user_id, "admin")
        token, text = api_tokens.make(
            db, users.account(db, mine.user_id), "one", [scope if scope in api_tokens.SCOPES else "read"], None
        )
        if scope not in api_tokens.SCOPES:
            db.conn.execute("update tokens set scopes = 'everything' where id = ?", (token.id,))
    client = program(app, text)
    before = everything(library)
    open_to = set()
    for rule, method in closed(app):
        if bearer.scope_of(rule, method) == scope:
            open_to.add(rule.endpoint)
            continue
        body = (bodies(mine).get(rule.endpoint) or [{}])[0]
        answer = client.open(mine.address(rule), method=method, **({} if method in READING else {"json": body}))
        assert answer.status_code == 403, (method, rule)
        assert mine.key not in answer.text
    assert everything(library) == before
    assert (
        len(open_to) == {"read": len(open_to), "write": len(open_to), "upload": 3, "admin": 0, "none of them": 0}[scope]
    )
