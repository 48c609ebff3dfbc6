"""Which names of a query, a form or a body each route looks at, found by watching it: so that a table of them cannot forget one."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Request
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict

from web import shared

looked_at: set[str] = set()


class Watched(ImmutableMultiDict[str, str]):
    """Fields that write down what they are asked for."""

    def __getitem__(self, name: str) -> str:
        looked_at.add(name)
        return super().__getitem__(name)

    def get(self, name: str, *args: Any, **options: Any) -> Any:
        looked_at.add(name)
        return super().get(name, *args, **options)

    def getlist(self, name: str, *args: Any) -> list[Any]:
        looked_at.add(name)
        return super().getlist(name, *args)

    def __contains__(self, name: object) -> bool:
        looked_at.add(str(name))
        return super().__contains__(name)


class WatchedObject(dict[str, Any]):
    """What was said in JSON, the same way."""

    def __getitem__(self, name: str) -> Any:
        looked_at.add(name)
        return super().__getitem__(name)

    def get(self, name: str, *args: Any) -> Any:
        looked_at.add(name)
        return super().get(name, *args)

    def __contains__(self, name: object) -> bool:
        looked_at.add(str(name))
        return super().__contains__(name)


class WatchedRequest(Request):
    parameter_storage_class = Watched

    def get_json(self, *args: Any, **options: Any) -> Any:
        said = super().get_json(*args, **options)
        return WatchedObject(said) if isinstance(said, dict) else said


def watch(app: Flask) -> Flask:
    app.request_class = WatchedRequest
    return app


def names(client: FlaskClient, path: str, *queries: dict[str, str]) -> set[str]:
    """The names of the query that a GET of this path looks at, asked without one and with each of these."""
    found: set[str] = set()
    for query in ({}, *queries):
        looked_at.clear()
        client.get(path, query_string=query)
        found |= looked_at
    return found


def rules(app: Flask) -> Iterator[Any]:
    """Every rule but those below a share link: a link's bearer is nobody's user, and test_abuse_links.py has a table of those. What saves
    a link's photos is tried in test_share_links.py."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in {*shared.ROOMS, "saving"}:
            yield rule


def getting(app: Flask) -> Iterator[Any]:
    """Every rule that can be asked by GET and ends by itself."""
    for rule in rules(app):
        if "GET" in (rule.methods or ()) and rule.endpoint != "events.events":
            yield rule
