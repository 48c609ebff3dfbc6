"""Answers of the API that are not as their route is described. Every test's app is watched (conftest.py), so drift is found at once."""

import re
from typing import Any

import jsonschema_rs
from flask import Flask, Response, request

from web import openapi

_documents: dict[frozenset[str], dict[str, Any]] = {}  # of apps with these routes: all tests' apps have the same
_validators: dict[tuple[int, str, int], jsonschema_rs.Draft202012Validator] = {}


def hold_to_descriptions(app: Flask) -> None:
    """From now on an answer that nobody described is an AssertionError in the test that asked for it."""
    app.config["PROPAGATE_EXCEPTIONS"] = True  # what goes wrong after a route; in one, errors.py answers as ever

    @app.after_request
    def hold(response: Response) -> Response:
        rule = request.url_rule
        if rule is None or request.method not in openapi.METHODS or not rule.rule.startswith(openapi.ROOTS):
            return response
        document = _document(app)
        operation = document["paths"].get(openapi.path_of(rule), {}).get(request.method.lower())
        if operation is not None:
            check(document, operation, response)
        return response


def _document(app: Flask) -> dict[str, Any]:
    routes = frozenset(f"{rule.rule} {rule.endpoint}" for rule in app.url_map.iter_rules())
    if routes not in _documents:
        _documents[routes] = openapi.document_of(app)
    return _documents[routes]


def check(document: dict[str, Any], operation: dict[str, Any], response: Response) -> None:
    """Raises AssertionError."""
    where = f"{operation['operationId']} answers {response.status_code}"
    if response.status_code in (304, 405, 500):
        return  # what HTTP itself answers, and what no route means to
    found = operation["responses"].get(str(response.status_code))
    assert found is not None, f"{where}, which is not described: {shown(response)}"
    if "$ref" in found:
        found = document["components"]["responses"][found["$ref"].rpartition("/")[2]]
    content = found.get("content", {})
    if not content:
        assert response.is_streamed or not response.get_data(), f"{where} with a body: {shown(response)}"
        return
    forms = {response.mimetype, response.mimetype.partition("/")[0] + "/*"}
    assert forms & set(content), f"{where} as {response.mimetype}, described are {', '.join(content)}"
    if response.mimetype == "application/json":
        name = (id(document), operation["operationId"], response.status_code)
        if name not in _validators:
            schema = {**content["application/json"]["schema"], "components": document["components"]}
            _validators[name] = jsonschema_rs.Draft202012Validator(schema)
        problems = list(_validators[name].iter_errors(response.get_json()))
        said = [f"{'/'.join(map(str, each.instance_path))}: {each.message[:300]}" for each in problems[:5]]
        assert not problems, f"{where} otherwise than described: {'; '.join(said)}"


def shown(response: Response) -> str:
    return re.sub(r"\s+", " ", response.get_data(as_text=True))[:300] if not response.is_streamed else "a stream"
