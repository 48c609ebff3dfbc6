"""ABUSE_CASES.md 4 and 6 in a real browser: what a page of a share link tells others of its address, and what a device keeps of it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Request

from web.sessions import COOKIE

from .conftest import Album, OpenPage
from .test_browser_sharing import ASK

PASSWORD = "sonnenblume-7"
# The addresses of all that a service worker keeps on this device.
KEPT = """caches.keys()
  .then((names) => Promise.all(names.map((name) => caches.open(name).then((cache) => cache.keys()))))
  .then((all) => all.flat().map((asked) => asked.url))"""


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Another site, and the headers of what it was asked."""
    heard: list[dict[str, str]] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_4_and_6_a_page_of_a_link_says_to_nobody_where_its_visitor_comes_from(
    browser: Browser, album: Album, open_page: OpenPage, elsewhere: tuple[str, list[dict[str, str]]]
) -> None:
    """Neither to another site, nor to ours; and a service worker that is there keeps nothing of it."""
    owner = open_page("/albums")
    photo_ids = [each["photo_id"] for each in album.photos[:3]]
    made = owner.evaluate(ASK, ["/api/v1/albums", {"title": "Leaks", "photo_ids": photo_ids}])["album_id"]
    shared = owner.evaluate(ASK, [f"/api/v1/albums/{made}/share", {"password": PASSWORD, "permissions": "download"}])
    address = album.url + "/s/" + shared["share_url"].partition("/s/")[2]
    token = address.partition("/s/")[2].partition("/")[0]
    context = browser.new_context(service_workers="allow")
    try:
        context.add_cookies([{"name": COOKIE, "value": album.server.token, "url": album.url, "httpOnly": True}])
        page = context.new_page()
        page.goto(album.url + "/albums")
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        page.goto(address)
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        asked: list[Request] = []
        page.on("request", lambda each: asked.append(each))
        page.get_by_role("textbox", name="Password").press("Enter")
        page.locator(".shared-photos a").first.click()
        page.locator(".viewed .picture").first.wait_for()
        assert PASSWORD not in page.url
        assert len(asked) > 5
        assert not [each.url for each in asked if token in each.all_headers().get("referer", "")]
        assert page.evaluate("document.cookie") == ""
        kept = page.evaluate(KEPT)
        assert kept  # the worker is at work, and keeps what is the same for everybody
        assert not [each for each in kept if token in each or "/s/" in each]
        page.goto(address)
        where, heard = elsewhere
        page.evaluate(
            "(to) => { const a = document.createElement('a'); a.href = to; document.body.append(a); a.click() }", where
        )
        page.wait_for_url(where)
        assert heard[0].get("Referer") is None
        assert token not in json.dumps(heard)
        assert album.url not in json.dumps(heard)
    finally:
        context.close()
        owner.evaluate(ASK, [f"/api/v1/albums/{made}", {}, "DELETE"])
