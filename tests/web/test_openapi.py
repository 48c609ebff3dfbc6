"""The OpenAPI document: every route is in it, in words, and what is sent is held to it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web import bearer, openapi
from web.described import description_of
from web.guard import OPEN


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    missing = [
        f"{method} {rule.rule} ({rule.endpoint})"
        for rule, method in openapi.addresses(app)
        if description_of(app, rule.endpoint, method) is None
    ]
    assert not missing, "without @described (docs/web.md, The API): " + ", ".join(missing)


def test_every_description_belongs_to_a_route_of_the_api(app: Flask) -> None:
    """A decorator on a function that is no route of the API, or for a method or a part of the path that it does not have."""
    described = {name for name, route in app.view_functions.items() if getattr(route, "described", None)}
    rules = {rule.endpoint: rule for rule, _ in openapi.addresses(app)}
    assert described <= set(rules)
    for endpoint in described:
        for method, said in app.view_functions[endpoint].described.items():
            assert method is None or method in (rules[endpoint].methods or ()), endpoint
            assert set(said.path) <= rules[endpoint].arguments, endpoint


def test_every_route_says_what_it_does(app: Flask) -> None:
    for _, _, operation in operations(app):
        assert len(operation["description"]) > 12, operation["operationId"]
        assert len(operation["summary"]) < 140, operation["operationId"]
    ids = [each["operationId"] for _, _, each in operations(app)]
    assert len(ids) == len(set(ids))


def test_the_document_says_which_scope_a_token_needs(app: Flask) -> None:
    rules = {(openapi.path_of(rule), method): rule for rule, method in openapi.addresses(app)}
    for path, method, operation in operations(app):
        rule = rules[path, method]
        scope = bearer.scope_of(rule, method)
        if rule.endpoint in OPEN:
            assert operation["security"] == []
        elif scope is None:
            assert operation["security"] == [{"session": []}]
        else:
            assert operation["security"] == [{"token": [scope]}, {"session": []}]


def test_the_document_is_for_whoever_is_signed_in(client: FlaskClient, anonymous: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json["openapi"]) == (200, "3.1.0")
    assert answer.json["components"]["schemas"]["Tag"]["required"] == ["tag_id", "name", "count"]
    assert anonymous.get("/api/v1/openapi.json").status_code == 401


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("camara=Canon", "There is no 'camara' here. There are: cursor, size"),
        ("size=many", "size has to be a whole number."),
        ("size=1&size=2", "size is there more than once."),
    ],
)
def test_a_query_that_is_not_as_described_is_refused_in_words(client: FlaskClient, query: str, sentence: str) -> None:
    answer = client.get(f"/api/v1/photos?{query}")
    assert (answer.status_code, answer.json["error"]["kind"]) == (400, "bad_input")
    assert sentence in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        (
            "photos/edit",
            {"photo_ids": [1], "colour": "red"},
            "There is no 'colour' here. There are: photo_ids, is_favourite",
        ),
        ("photos/edit", {"is_favourite": True}, "photo_ids is missing."),
        (
            "photos/edit",
            {"photo_ids": [], "is_favourite": True},
            "photo_ids has to be a list of numbers, at most 100,000.",
        ),
        (
            "photos/edit",
            {"photo_ids": [1, "2"], "is_favourite": True},
            "photo_ids has to be a list of numbers, at most 100,000.",
        ),
        ("photos/edit", {"photo_ids": [1], "is_favourite": 1}, "is_favourite has to be true or false."),
        ("photos/edit", {"photo_ids": [1], "rating": 6}, "rating has to be a whole number from 0 to 5."),
        ("photos/edit", {"photo_ids": [1], "title": 7}, "title has to be a text."),
        ("photos/edit", {"photo_ids": [1], "title": "a" * 201}, "title can have 200 characters at most."),
        ("photos/edit", {"photo_ids": [1], "latitude": "1", "longitude": 2}, "latitude has to be a number."),
        ("photos/edit", {"photo_ids": [1], "tags": [1]}, "tags has to be a list of texts."),
        ("photos/upload-url", {"filename": "a", "size_bytes": -1}, "size_bytes has to be a whole number, 1 at least."),
        ("photos/edit", [1], "What is sent here has to be a JSON object."),
    ],
)
def test_a_body_that_is_not_as_described_is_refused_in_words(
    client: FlaskClient, path: str, body, sentence: str
) -> None:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert (answer.status_code, answer.json["error"]["kind"]) == (400, "bad_input")
    assert sentence in answer.json["error"]["message"]


def test_what_is_chosen_from_a_list_is_said_with_it(client: FlaskClient) -> None:
    answer = client.get("/api/v1/albums?sort=colour")
    assert answer.json["error"]["message"] == "sort can be one of these: photos, changed, title."


@pytest.mark.parametrize("path", ["/api/v1/photos", "/api/v1/timeline/buckets", "/api/v1/photos/{}"])
def test_json_that_has_not_changed_is_not_sent_again(client: FlaskClient, list_photos, path: str) -> None:
    [photo_id] = list_photos("2024-06-14T14:03:00.000")
    path = path.format(photo_id)
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization", "Accept-Encoding"} <= set(again.vary)
    packed = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": 'W/"other"'})
    assert (packed.status_code, packed.headers["ETag"]) == (200, first.headers["ETag"])
    client.delete(f"/api/v1/photos/{photo_id}")
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def operations(app: Flask):
    for path, methods in openapi.document_of(app)["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation
