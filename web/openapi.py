"""/api/v1/openapi.json: the API as an OpenAPI document (https://spec.openapis.org/oas/v3.1.1), made of the routes themselves.

Addresses come from the url map, what is taken and answered from `@described`, words from the docstrings, scopes of tokens from
web/bearer.py, kinds of problems from web/errors.py. It names no data of anybody. Still only who is signed in gets it, as everything
but the doors: a stranger who finds this server learns nothing of it that the page of the log-in does not show.
"""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, current_app
from werkzeug.exceptions import default_exceptions
from werkzeug.routing import Rule

from web import bearer, errors
from web.described import JSON, Description, described, description_of
from web.guard import OPEN
from web.sessions import COOKIE
from web.shapes import ANYTHING, ID, KEY, PROBLEM, TEXT, Schema, map_of

bp = Blueprint("openapi", __name__, url_prefix="/api/v1")

ROOTS = ("/api/v1", "/media/")  # what the document is about
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
TEXT_OF_ALL = """\
Lists answer with `items` and `next`; the page after that one is asked for with `cursor`. Times are ISO 8601; a photo has `taken_at`,
the wall clock where it was taken, and `utc_offset` in minutes, null when nobody knows. Problems are a `kind` for programs and a
`message` for people. What is not yours does not exist: 404."""


@bp.get("/openapi.json")
@described(map_of(ANYTHING))
def document() -> dict[str, Any]:
    """This document."""
    made = current_app.extensions.get("photolib.openapi")
    if made is None:
        made = current_app.extensions["photolib.openapi"] = document_of(current_app)
    return made


def document_of(app: Flask) -> dict[str, Any]:
    """The document of an app, whatever rooms it has."""
    named: dict[str, Schema] = {}
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, description in operations(app):
        said = _operation(app, rule, method, description)
        paths.setdefault(path_of(rule), {})[method.lower()] = _hoisted(said, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": "photolib", "version": version("photolib"), "description": TEXT_OF_ALL},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted({**named, "Problem": PROBLEM}.items())),
            "responses": {str(status): _problem(status) for status in sorted(KINDS)},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token from the account page."},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Somebody signed in."},
            },
        },
    }


def operations(app: Flask) -> Iterator[tuple[Rule, str, Description]]:
    """Everything the API can be asked: route, method, and what was said of it."""
    for rule, method in addresses(app):
        if description := description_of(app, rule.endpoint, method):
            yield rule, method, description


def addresses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route and method that the document has to know."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(ROOTS):
            yield from ((rule, each) for each in METHODS if each in (rule.methods or ()))


def path_of(rule: Rule) -> str:
    """The path as OpenAPI writes it: /photos/{photo_id}."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


# ---------------------------------------------------------------- one operation


def _operation(app: Flask, rule: Rule, method: str, said: Description) -> dict[str, Any]:
    words = inspect.getdoc(app.view_functions[rule.endpoint]) or ""
    is_tagged = method == "GET" and JSON in said.answers.get(200, {})
    several = sum(each in (rule.methods or ()) for each in METHODS) > 1
    return {
        "operationId": f"{rule.endpoint}.{method.lower()}" if several else rule.endpoint,
        "tags": [rule.rule.removeprefix("/api/v1").strip("/").partition("/")[0].removesuffix(".json")],
        "summary": re.split(r"[.:;](?:\s|$)", words, maxsplit=1)[0],
        "description": words,
        "security": _security(rule, method),
        **({"parameters": parameters} if (parameters := _parameters(rule, said, is_tagged)) else {}),
        **({"requestBody": _body(said)} if said.body else {}),
        "responses": {
            **{str(status): _answer(status, content, is_tagged) for status, content in said.answers.items()},
            **({"304": {"description": "As it was, by If-None-Match."}} if is_tagged else {}),
            **{
                str(status): {"$ref": f"#/components/responses/{status}"}
                for status in sorted(problems(rule, method, said))
            },
        },
    }


def _security(rule: Rule, method: str) -> list[dict[str, list[str]]]:
    if rule.endpoint in OPEN:
        return []
    scope = bearer.scope_of(rule, method)
    token: list[dict[str, list[str]]] = [{"token": [scope]}] if scope else []
    return [*token, {"session": []}]


def _parameters(rule: Rule, said: Description, is_tagged: bool) -> list[dict[str, Any]]:
    headers = {**said.headers, **({"If-None-Match": TEXT} if is_tagged else {})}
    parts = {name: said.path.get(name) or _part(rule, name) for name in sorted(rule.arguments)}
    return [
        *({"name": name, "in": "path", "required": True, "schema": shape} for name, shape in parts.items()),
        *({"name": name, "in": "query", "schema": shape} for name, shape in said.query.items()),
        *({"name": name, "in": "header", "schema": shape} for name, shape in headers.items()),
    ]


def _part(rule: Rule, name: str) -> Schema:
    if f"<int:{name}>" in rule.rule:
        return ID
    return KEY if name == "key" else TEXT


def _body(said: Description) -> dict[str, Any]:
    content = {form: {"schema": shape} if shape else {} for form, shape in said.body.items()}
    return {"required": said.is_body_needed, "content": content}


def _answer(status: int, content: dict[str, Schema], is_tagged: bool) -> dict[str, Any]:
    about: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if is_tagged:
        about["headers"] = {"ETag": {"required": True, "schema": TEXT}}
    if not content:
        return about
    return {**about, "content": {form: {"schema": shape} if shape else {} for form, shape in content.items()}}


def problems(rule: Rule, method: str, said: Description) -> set[int]:
    """The statuses of what may go wrong."""
    found = {400, 503, *said.problems}
    if rule.endpoint not in OPEN:
        found |= {401, 403, 429}
    if rule.arguments:
        found.add(404)
    if method in WITH_BODY:
        found |= {413, 415}
    return found - set(said.answers)


# ---------------------------------------------------------------- kinds of problems


def _kinds() -> dict[int, list[str]]:
    """Which kinds of problems each status stands for, as web/errors.py has it."""
    found: dict[int, list[str]] = {}
    for status, kind in errors.STATUS.values():
        found.setdefault(status, []).append(kind)
    for status in (*errors.SENTENCES, 412):
        found.setdefault(status, []).append((default_exceptions[status]().name or "").lower().replace(" ", "_"))
    return {status: sorted(set(kinds)) for status, kinds in found.items()}


KINDS = _kinds()


def _problem(status: int) -> dict[str, Any]:
    kinds = " or ".join(f"`{each}`" for each in KINDS[status])
    return {
        "description": f"kind is {kinds}.",
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


# ---------------------------------------------------------------- names for schemas


def _hoisted(value: Any, named: dict[str, Schema]) -> Any:
    """The same with every schema that has a name put into named, and a reference in its place. Raises ValueError when two schemas
    that differ have one name."""
    if isinstance(value, list):
        return [_hoisted(each, named) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _hoisted(each, named) for name, each in value.items()}
    title = value.get("title")
    if not isinstance(title, str) or "properties" not in value:
        return made
    if named.setdefault(title, made) != made:
        raise ValueError(f"two different schemas are named {title}")
    return {"$ref": f"#/components/schemas/{title}"}
