"""ABUSE_CASES.md 30: whatever stands in a question, a field or a body, the answer is one, and nothing comes of it.

The names that routes look at are found by watching them (asked_for.py), so a new filter is asked strange things without being listed.
"""

import json
import sqlite3
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from photolib.library import Library

from .asked_for import getting, names, watch
from .conftest import ListPhotos, client_of
from .test_abuse_users import Things, bodies, changing, parts, two_people, zoes_browser  # noqa: F401

# SQL, full-text syntax, paths, templates, numbers that are none or too large, dates that never were, scopes, and a great deal of anything.
SUM, DONE = "{{ 7777777 * 7777777 }}", str(7777777 * 7777777)  # what a template would make of it
STRANGE = (
    SUM + " %(x)s %s %n {0.__class__}", "'", '"', "'; drop table photos; --", "a' union select password_hash from users --", "%", "\0",
    "a\0b", "9" * 5000, "²", "١", "-1",
    "1e400", "nan", "9" * 18, "NEAR(a b, 99999999999)", "* OR *", "title:*", "{a b} : c", "^a", "(" * 3000, ")" * 3000,
    "NOT " * 500, "-a " * 1000, "a OR " * 2000, "-" * 500, "a" * 10_240, 'label:"', 'near:"x" 99999999km', "before:99999",
    "iso:>99999999999999999999999", "rating:>=1e999", "0000-00-00", "9999-12-31", "../../etc/passwd", "..\\..\\x",
    "\u202e\ufeff", "a" * 28 + "!" * 400, ("aa " * 30 + "!") * 20,
)  # fmt: skip

# What breaks an act rather than a question, and what else is written in JSON.
SCOPED = ("scope", "in", "before", "after", "cursor", "through", "month")
SCOPES = (
    "album--1", "album-1-2", "person-0", "box-" + "-".join(["9" * 18] * 6), "box-1", "p" + "9" * 18, "tree-" + "9" * 18,
    "2020-06-01T25:61:61",
    "MTox", "fHw", "timeline-1", "people-1-1",
)  # fmt: skip
FILLED = (
    SUM,
    "'; drop table photos; --",
    "\0",
    "9" * 5000,
    "²",
    "-1",
    "9" * 18,
    "nan",
    "1e400",
    "a" * 10_240,
    "9999-12-31",
    "\u202e\ufeff",
)
ODD = (
    None, {}, -1, 2**63, 2**70, -(2**63), 1e308, True, ["x"], [None], {"a": 1}, [2**70], [[]], [True], "\ud800", float("nan"),
    "9999-12-31T23:59:59", 10**15,
)  # fmt: skip

# Fields that name nothing of anybody, besides those of test_abuse_users.py.
FIELDS: dict[str, list[dict[str, Any]]] = {
    "edits.change": [{
        "rating": 3, "title": "x", "description": "x", "taken_at": "2020-01-01T00:00:00", "utc_offset": 60, "shift_minutes": 5,
        "latitude": 1.0, "longitude": 1.0, "add_tags": ["x"], "remove_tags": ["x"], "is_favourite": True, "is_archived": True,
        "is_trashed": False,
    }],
    "albums_api.change": [{"title": "x", "description": "y", "parent_id": 1, "order_by": "manual", "cover_id": 1, "query": "dog"}],
    "albums_api.make": [{"title": "x", "description": "y", "query": "dog", "is_tree": True, "folder_id": 1}],
    "albums_pages.change": [{"title": "x", "description": "y", "order_by": "manual", "query": "x", "parent": "1", "cover": "1"}],
    "people_api.change": [{"name": "x", "birthday": "2000-01-01", "is_hidden": True}],
    "search_api.save": [{"name": "a", "query": "b"}],
    "search_pages.save": [{"name": "x", "q": "y", "query": "z"}],
    "uploads_api.announce": [{
        "filename": "a.jpg", "size_bytes": 10, "content_type": "image/jpeg", "sha256": "0" * 64, "last_modified": 1, "folder": "x",
    }],
    "uploads_api.file": [{"upload_id": "x", "album_id": 1, "title": "a", "description": "b", "tags": ["x"]}],
    "order_api.change_tag": [{"name": "x"}, {"merge_into": 1}],
    "order_pages.change_tag": [{"act": "rename", "name": "x"}],
    "edits.act": [
        {"photo": "1", "act": "rate", "rating": "1"}, {"photo": "1", "act": "caption", "title": "x", "description": "y"},
        {"photo": "1", "act": "date", "taken_at": "2020-01-01", "utc_offset": "60"}, {"photo": "1", "act": "shift", "minutes": "5"},
        {"photo": "1", "act": "place", "latitude": "1", "longitude": "1"}, {"photo": "1", "act": "tag", "tags": "a,b"},
    ],
    "account_pages.change_profile": [{"display_name": "x", "language": "de", "theme": "dark"}],
    "review_pages.settle": [{"act": "set", "photo": "1", "taken_at": "2020-01-01"}],
    "uploads_pages.add": [{"album_id": "1"}],
    "credentials_pages.make_token": [{"name": "x", "scope": "read", "days": "30", "proof": "x"}],
    "credentials_pages.unlink_elsewhere": [{"issuer": "x", "subject": "y"}],
}  # fmt: skip


def address(rule: Any, mine: Things) -> str | None:
    """An address of a route; None for one whose parts are no things of anybody."""
    known = set(Things.__annotations__) | {"month", "scope", "variant", "other_id"}
    return mine.address(rule) if parts(rule) <= known else None


def count(library: Library, table: str) -> int:
    return library.db.conn.execute(f"select count(*) from {table}").fetchone()[0]


def test_30_nothing_in_a_query_breaks_a_page(
    app: Flask,
    library: Library,
    two: tuple[Things, Things],
    zoe: FlaskClient,
) -> None:
    watch(app)
    asked = set()
    for rule in getting(app):
        path = address(rule, two[0])
        if path is None:
            continue
        known = names(zoe, path, {"q": "dog"}, {"like": str(two[0].photo_id)}, {"at": "2020"}, {"country_code": "FR"})
        asked |= known
        for name in known:
            for text in STRANGE if name == "q" else FILLED if name not in SCOPED else (*FILLED, *SCOPES):
                answer = zoe.get(path, query_string={name: text})
                assert answer.status_code < 500, (path, name, text[:60])
                assert DONE not in answer.text, (path, name)
    assert asked >= {
        "q",
        "scope",
        "in",
        "like",
        "cursor",
        "before",
        "at",
        "west",
        "from",
        "to",
        "size",
        "album_id",
        "parent_id",
        "sort",
    }
    assert count(library, "photos") == 22
    assert count(library, "users") == 5  # with a follower of each


def test_30_nothing_in_a_field_breaks_an_act(
    app: Flask,
    library: Library,
    two: tuple[Things, Things],
    zoe: FlaskClient,
) -> None:
    before = sqlite3.connect(":memory:")
    library.db.conn.backup(before)
    asked = 0
    for rule, method in changing(app):
        path = two[0].address(rule)
        is_json = path.startswith("/api/")
        for body in (*bodies(two[0]).get(rule.endpoint, ()), *FIELDS.get(rule.endpoint, ())):
            for name in body:
                for value in (*FILLED, *ODD) if is_json else FILLED:
                    said = {**body, name: value}
                    if is_json:
                        answer = zoe.open(path, method=method, data=json.dumps(said), content_type="application/json")
                    elif rule.endpoint == "uploads_pages.add":
                        answer = zoe.open(path, method=method, data=said, content_type="multipart/form-data")
                    else:
                        answer = zoe.open(path, method=method, data=said)
                    assert answer.status_code < 500, (method, path, name, repr(value)[:60])
                    asked += 1
            before.backup(library.db.conn)
    before.close()
    assert asked > 2500


BROKEN = (
    b"[" * 100_000, b'{"a":' * 10_000, b'{"photo_ids":' + b"[" * 50_000, b"null", b"1", b'"x"', b"[]", b"{", b"", b"\xff",
    b'{"title":"\xed\xa0\x80"}',
    b'{"photo_ids":[NaN]}', b'{"photo_ids":[1e999]}', b'{"photo_ids":[' + b"9" * 5000 + b"]}", '{"title":"\\ud800"}'.encode("utf-16"),
)  # fmt: skip


def test_30_no_body_breaks_a_route(app: Flask, two: tuple[Things, Things], zoe: FlaskClient) -> None:
    asked = set()
    for rule, method in changing(app):
        path = two[0].address(rule)
        for body in BROKEN if path.startswith("/api/") and bodies(two[0]).get(rule.endpoint) != [{}] else ():
            answer = zoe.open(path, method=method, data=body, content_type="application/json")
            assert answer.status_code < 500, (method, path, body[:40])
            asked.add(rule.endpoint)
    assert len(asked) > 15


@pytest.mark.parametrize(
    "body", [b"[" * 50_000, b'{"photo_ids":[9223372036854775808]}', b'{"photo_ids":[NaN]}', b"\xed\xa0\x80"]
)
def test_30_a_body_that_cannot_be_meant_is_explained(app: Flask, body: bytes) -> None:
    answer = client_of(app).post("/api/v1/photos/edit", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["kind"]) == (400, "bad_request")


def test_30_halves_of_characters_are_marked_and_all_else_stays(
    app: Flask, library: Library, list_photos: ListPhotos
) -> None:
    [photo] = list_photos("2024-06-14T12:00:00.000")
    said = '{"title": "\\ud83d\\ude00 \\ud83d a", "description": "\\\\ud800 \u00e9"}'.encode()
    answer = client_of(app).patch(f"/api/v1/photos/{photo}", data=said, content_type="application/json")
    assert (answer.json["title"], answer.json["description"]) == ("\U0001f600 \ufffd a", "\\ud800 \u00e9")


def test_30_pages_far_behind_the_last_are_empty_or_refused(app: Flask, list_photos: ListPhotos) -> None:
    list_photos("2024-06-14T12:00:00.000")
    client = client_of(app)
    assert client.get("/api/v1/timeline/buckets/2024-06?from=1000000000000").json["count"] == 0
    assert client.get("/api/v1/photos?size=999999999999999999").status_code == 200
    assert len(client.get("/api/v1/search/suggestions?q=a&limit=999999999999").json["items"]) <= 20
    for number in (10**6, 10**17):
        assert client.get("/api/v1/search/photos", query_string={"q": "a", "cursor": str(number)}).status_code in (
            200,
            400,
        )
        assert client.get("/", query_string={"page": number}).status_code == 200


@pytest.mark.parametrize("name", ["path", "query", "self", "endpoint", "values", "_anchor", "__class__", "q[]", ""])
def test_30_a_name_that_nobody_asks_for_is_just_that(app: Flask, list_photos: ListPhotos, name: str) -> None:
    [photo] = list_photos("2024-06-14T12:00:00.000")
    client = client_of(app)
    for path in (
        "/",
        "/search",
        f"/photo/{photo}",
        f"/fragments/photo/{photo}",
        "/albums",
        "/people",
        "/places",
        "/login",
        "/setup",
    ):
        assert client.get(path, query_string={"q": "dog", name: "x"}).status_code < 400, path
