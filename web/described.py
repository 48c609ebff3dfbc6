"""What a route of the API takes and answers, said beside it: `@described(query=PAGE, answers=page_of(TILE))`.

The OpenAPI document is made of this (web/openapi.py), the tests hold every answer to it, and what a request brings is checked
against it before the route is asked: names of the query, and JSON. Only what a schema cannot say is the route's own business.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import jsonschema_rs
from flask import Flask, current_app, request

from photolib.errors import BadInput
from web import asked
from web.asked import LARGEST
from web.shapes import Schema, plain_type

JSON = "application/json"
A_LOT = 10**18 - 1  # a number that nobody has to be told of as a limit

Route = TypeVar("Route", bound=Callable[..., object])


class Media(dict[str, Schema]):
    """What is sent in other forms than JSON: a schema for each media type."""


def media(*types: str) -> Media:
    """Bytes of one of these media types, such as "image/jpeg"."""
    return Media({each: {} for each in types})


@dataclass(frozen=True)
class Description:
    """What one method of a route takes and answers; bodies by their media type. problems: statuses besides those that any such route
    may answer with. is_body_needed: whether something has to be sent."""

    path: Mapping[str, Schema]
    query: Mapping[str, Schema]
    headers: Mapping[str, Schema]
    body: Media
    answers: Mapping[int, Media]
    problems: frozenset[int]
    is_body_needed: bool

    @cached_property
    def validator(self) -> jsonschema_rs.Draft202012Validator:
        """Of the JSON that is sent."""
        return jsonschema_rs.Draft202012Validator(self.body[JSON])


def described(
    answers: Schema | Media | Mapping[int, Any] | None,
    *,
    path: Mapping[str, Schema] | None = None,
    query: Mapping[str, Schema] | None = None,
    headers: Mapping[str, Schema] | None = None,
    body: Schema | Media | None = None,
    problems: Collection[int] = (),
    method: str | None = None,
) -> Callable[[Route], Route]:
    """Say of a route what it answers, and what it takes: parts of its path other than ids, its query, headers and body.

    answers: the schema of the JSON that comes with 200, or {201: schema}, {204: None}; media("image/jpeg") for bytes. body: the
    schema of an object, or media(...). problems: statuses that only some routes have, such as 404 for an id in the query or the body;
    those that follow from the rest (400, 401, 403, 404 for a path with parts, 413 and 415 for a body, 503) are known. method: which of
    several this is about; then the decorator stands there once for each.
    """
    sent = _media(body)
    schema = sent.get(JSON, {})
    description = Description(
        path=path or {},
        query={name: _in_a_query(each) for name, each in (query or {}).items()},
        headers=headers or {},
        body=sent,
        answers=_by_status(answers),
        problems=frozenset(problems),
        is_body_needed=bool(sent) and bool(JSON not in sent or schema.get("required") or schema.get("minProperties")),
    )

    def mark(route: Route) -> Route:
        route.described = {**getattr(route, "described", {}), method: description}  # type: ignore[attr-defined]
        return route

    return mark


def description_of(app: Flask, endpoint: str | None, method: str) -> Description | None:
    """What was said of a route; None when nothing was. HEAD is GET without the body, unless it has words of its own."""
    said = getattr(app.view_functions.get(endpoint or ""), "described", {})
    return said.get(method) or said.get("GET" if method == "HEAD" else method) or said.get(None)


def _in_a_query(shape: Schema) -> Schema:
    """Whole numbers of a query have 18 digits at most (asked.py), so that one may be added to another."""
    return (
        {**shape, "maximum": A_LOT}
        if shape.get("type") == "integer" and shape.get("maximum", LARGEST) > A_LOT
        else shape
    )


def _by_status(answers: Any) -> dict[int, Media]:
    if isinstance(answers, Mapping) and all(isinstance(each, int) for each in answers):
        return {status: _media(each) for status, each in answers.items()}
    return {200: _media(answers)}


def _media(said: Any) -> Media:
    if said is None:
        return Media()
    return said if isinstance(said, Media) else Media({JSON: said})


# ---------------------------------------------------------------- checking what is asked


def register(app: Flask) -> None:
    app.before_request(_check)


def _check() -> None:
    """Raises BadInput for a query or a body that is not as described."""
    found = description_of(current_app, request.endpoint, request.method)
    if found is None or request.method == "OPTIONS":
        return
    check_query(found.query)
    if JSON in found.body and len(found.body) == 1:
        check_body(found, asked.body())


def check_query(query: Mapping[str, Schema]) -> None:
    """Each name is known, and there once; whole numbers are some, and what can be chosen from a list is in it."""
    for name, texts in request.args.lists():
        if name not in query:
            raise _unknown(name, query)
        if len(texts) > 1:
            raise BadInput("%(name)s is there more than once.", name=name)
        if "enum" in query[name] and texts[0] not in query[name]["enum"]:
            raise _not_among(name, query[name]["enum"])
        if query[name].get("type") == "integer":
            number, shape = asked.number(name) or 0, query[name]
            if not shape.get("minimum", 0) <= number <= shape.get("maximum", LARGEST):
                raise _of_another_type(name, shape)


def check_body(description: Description, said: dict[str, Any]) -> None:
    """What is wrong with JSON is said in the words of asked.py. What has no words here, such as how a date is written, is left to the
    route, which has better ones."""
    for problem in description.validator.iter_errors(said):
        if sentence := _explained(description.body[JSON], problem):
            raise sentence


def _explained(schema: Schema, problem: jsonschema_rs.ValidationError) -> BadInput | None:
    kind, said = problem.kind.name, problem.kind.as_dict()
    path = list(problem.instance_path)
    shapes = schema.get("properties", {})
    if not path:
        if kind == "additionalProperties":
            return _unknown(min(said["unexpected"]), shapes)
        return BadInput("%(name)s is missing.", name=said["property"]) if kind == "required" else None
    name, shape = str(path[0]), shapes.get(path[0], {})
    if kind in ("pattern", "format"):
        return None
    if kind == "enum" and len(path) == 1:
        return _not_among(name, said["options"])
    if kind == "maxLength" and len(path) == 1:
        return BadInput("%(name)s can have %(most)s characters at most.", name=name, most=said["limit"])
    return _of_another_type(name, shape)


def _of_another_type(name: str, shape: Schema) -> BadInput:
    match plain_type(shape):
        case "integer" if shape.get("minimum", 0) == 0 and shape.get("maximum", LARGEST) >= A_LOT:
            return BadInput("%(name)s has to be a whole number.", name=name)
        case "integer" if shape.get("maximum", LARGEST) >= A_LOT:
            return BadInput("%(name)s has to be a whole number, %(least)s at least.", name=name, least=shape["minimum"])
        case "integer":
            return BadInput(
                "%(name)s has to be a whole number from %(least)s to %(most)s.",
                name=name, least=shape["minimum"], most=shape["maximum"],
            )  # fmt: skip
        case "number":
            return BadInput("%(name)s has to be a number.", name=name)
        case "boolean":
            return BadInput("%(name)s has to be true or false.", name=name)
        case "string":
            return BadInput("%(name)s has to be a text.", name=name)
        case "array" if plain_type(shape["items"]) == "integer":
            return BadInput(
                "%(name)s has to be a list of numbers, at most %(most)s.",
                name=name,
                most=shape.get("maxItems", asked.MOST),
            )
        case "array":
            return BadInput("%(name)s has to be a list of texts.", name=name)
    return BadInput("%(name)s is not what it has to be.", name=name)


def _unknown(name: str, known: Collection[str]) -> BadInput:
    if not known:
        return BadInput("There is no %(name)s here.", name=repr(name))
    return BadInput("There is no %(name)s here. There are: %(names)s.", name=repr(name), names=", ".join(known))


def _not_among(name: str, known: Collection[Any]) -> BadInput:
    return BadInput("%(name)s can be one of these: %(names)s.", name=name, names=", ".join(map(str, known)))
