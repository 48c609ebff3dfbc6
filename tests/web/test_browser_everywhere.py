"""What holds on every page: usable by everybody (axe), installable, at hand without a network, and live."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page

from photolib.db import connect
from tests.web.asked_for import rules
from tests.web.conftest import COOKIE, SIZES, Album

pytestmark = pytest.mark.browser

# Routes that answer a GET with something else than a whole page.
NO_PAGE = re.compile(
    r"^/(api|media|static|words|fragments|download|dav|people/names)\b|\.(css|js|webmanifest|svg)$|^/health$"
)


def pages(app: Flask, album: Album) -> list[str]:
    """The address of every page there is, with things that the album has."""
    db = connect(album.data / "photolib.db")
    try:
        known = {
            name: (db.conn.execute(f"select min(id) from {table}").fetchone() or [None])[0]
            for name, table in (
                ("photo_id", "photos"), ("person_id", "people"), ("album_id", "albums"), ("user_id", "users"), ("tag_id", "tags"),
                ("folder_id", "folders"),
            )
        }  # fmt: skip
    finally:
        db.close()
    found = []
    for rule in rules(app):
        if "GET" in (rule.methods or ()) and not NO_PAGE.search(str(rule)):
            values = {name: known.get(name) for name in rule.arguments}
            if all(value is not None for value in values.values()):
                found.append(rule.build(values)[1])
    return sorted({*found, "/search?q=beach", "/search?q=nothing+fits+this+at+all", "/nothing"} - {"/logout", "/setup"})


@pytest.fixture(params=[("desktop", "light"), ("phone", "dark")], ids="-".join)
def tab(request: pytest.FixtureRequest, browser: Browser, album: Album) -> Iterator[Page]:
    size, theme = request.param
    context = browser.new_context(service_workers="block", color_scheme=theme, reduced_motion="reduce", **SIZES[size])
    context.add_cookies([{"name": COOKIE, "value": album.server.token, "url": album.url}])
    yield context.new_page()
    context.close()


def test_axe_finds_nothing_serious_on_any_page_and_no_page_complains(app: Flask, album: Album, tab: Page) -> None:
    complaints: list[str] = []
    tab.on("pageerror", lambda problem: complaints.append(f"{tab.url}: {problem}"))
    tab.on("console", lambda said: said.type == "error" and complaints.append(f"{tab.url}: {said.text}"))
    visited = pages(app, album)
    assert len(visited) > 10
    for path in visited:
        answer = tab.goto(album.url + path)
        assert answer is not None
        if path == "/nothing":
            complaints.clear()  # that there is nothing is said by the browser as well
        tab.wait_for_load_state("load")
        found = Axe().run(tab, options={"resultTypes": ["violations"], "iframes": False})
        for each in found.response["violations"]:
            if each["impact"] in ("serious", "critical"):
                where = [node["html"][:200] for node in each["nodes"][:3]]
                complaints.append(f"{path}: {each['id']} ({each['help']}): {where}")
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            complaints.append(f"{path}: wider than the screen")
    # That there is nothing is said by the browser as well.
    assert [each for each in complaints if not re.match(r".*/nothing: Failed to load", each)] == []


def test_an_installed_app_opens_without_a_network_and_forgets_at_sign_out(browser: Browser, album: Album) -> None:
    context = browser.new_context(**SIZES["phone"])
    context.add_cookies([{"name": COOKIE, "value": album.server.token, "url": album.url}])
    page = context.new_page()
    page.goto(album.url)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()
    page.wait_for_function("[...document.querySelectorAll('.tile img.picture')].some((each) => each.naturalWidth)")
    context.set_offline(True)
    page.goto(album.url)
    page.wait_for_function("[...document.querySelectorAll('.tile img.picture')].some((each) => each.naturalWidth)")
    context.set_offline(False)
    kept = "(async () => (await caches.keys()).filter((each) => !each.startsWith('static ')).length)()"
    assert page.evaluate(kept) > 0
    context.clear_cookies()  # and no session is left for others, whose album this is
    page.goto(album.url + "/login")
    page.wait_for_function(f"{kept}.then((left) => left === 0)")
    context.close()


def test_the_manifest_tells_a_browser_how_to_install_the_app(client) -> None:
    manifest = client.get("/manifest.webmanifest").json
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).status_code == 200
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}


def test_tabs_that_do_not_fit_show_the_one_that_is_open(open_page) -> None:
    page = open_page("/admin/settings", "phone")
    tab = page.locator(".tabs [aria-current]").bounding_box()
    assert 0 <= tab["x"] <= page.viewport_size["width"] - tab["width"]
