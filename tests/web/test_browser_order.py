"""Keeping order in a real Chromium: the trash and its one question, duplicates by keys, tags, folders, uncertain dates."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from photolib import edits
from photolib.db import connect, write

from .conftest import COOKIE, SIZES, Server, imported, serving

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class House:
    """A served library of a few drawn photos. Each test keeps to its own: ids by file name."""

    server: Server
    data: Path
    ids: dict[str, int]

    def of(self, *names: str) -> list[int]:
        return [self.ids[name] for name in names]

    def one(self, question: str, *values: Any) -> Any:
        db = connect(self.data / "photolib.db")
        try:
            return db.conn.execute(question, values).fetchone()[0]
        finally:
            db.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    world = tmp_path_factory.mktemp("house")
    names = [f"{each}.png" for each in ("t1", "t2", "t3", "d1", "d2", "d3", "d4", "e1", "e2", "g1", "g2")]
    for number, name in enumerate(names):
        folder = world / "in" / ("2014-08 Italy" if name.startswith("g") else "Home")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (90, 60), (20 * number, 90, 160)).save(folder / name)
    library = imported(world)
    ids = dict(library.db.conn.execute("select filename, id from photos").fetchall())
    with write(library.db) as db:
        db.conn.execute("delete from stacks")
        for some in (("d1.png", "d2.png"), ("d3.png", "d4.png"), ("e1.png", "e2.png")):
            members = [ids[name] for name in some]
            (stack,) = db.conn.execute(
                "insert into stacks (owner_id, kind, best_id, decided_by) values (1, 'duplicate', ?, 'person') returning id",
                (members[0],),
            ).fetchone()
            db.conn.executemany("insert into stack_photos values (?, ?)", [(stack, each) for each in members])
        edits.edit(db, 1, [ids[f"t{number}.png"] for number in (1, 2, 3)], {"is_trashed": True})
        edits.edit(db, 1, [ids["e1.png"]], {"add_tags": ["sea"], "is_favourite": True})
    library.close()
    with serving(world / "data") as server:
        yield House(server, world / "data", ids)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, house: House) -> Iterator[OpenPage]:
    """Opens pages of the house, signed in. Fails the test when one of them complains or asks another host for anything."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_it(path: str, size: str = "desktop", **options: Any) -> Page:
        context = browser.new_context(**{"service_workers": "block", **SIZES[size], **options})
        context.add_cookies([{"name": COOKIE, "value": house.server.token, "url": house.server.url, "httpOnly": True}])
        contexts.append(context)
        ours = (house.server.url, "data:")
        context.on("request", lambda asked: asked.url.startswith(ours) or complaints.append(asked.url))
        page = context.new_page()
        blocked = "Service Worker registration blocked by Playwright"
        page.on(
            "console",
            lambda said: said.type in ("error", "warning") and said.text != blocked and complaints.append(said.text),
        )
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.set_default_timeout(10_000)
        page.goto(house.server.url + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []


def test_the_trash_asks_once_and_only_then_deletes(open_page: OpenPage, house: House) -> None:
    page = open_page("/trash")
    expect(page.locator(".tile")).to_have_count(3)
    page.get_by_role("link", name="Empty the trash").click()
    dialog = page.get_by_role("dialog", name="Delete for good?")
    expect(dialog).to_contain_text("3 photos and everything known about them are deleted. That makes room for")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert house.one("select count(*) from photos where trashed_at is not null") == 3
    page.get_by_role("link", name="Empty the trash").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("3 photos are deleted for good.")
    assert house.one("select count(*) from photos where id in (?, ?, ?)", *house.of("t1.png", "t2.png", "t3.png")) == 0


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_duplicates_are_gone_through_with_keys_and_an_undo(open_page: OpenPage, house: House, size: str) -> None:
    page = open_page("/duplicates", size)
    page.get_by_role("link", name="Go through them").click()
    best, other = house.of("e1.png", "e2.png")
    expect(page.locator("[data-photo] input:checked")).to_have_value(str(best))
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-photo] input:checked")).to_have_value(str(other))
    page.keyboard.press("k")
    expect(page.locator(".toast")).to_contain_text("One photo moved to the trash.")
    expect(page.locator("[data-photo] input:checked")).to_have_value(str(house.ids["d3.png"]))
    assert house.one("select trashed_at is not null from photos where id = ?", best) == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".left")).to_contain_text("2 of 3")
    assert house.one("select trashed_at is null from photos where id = ?", best) == 1
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-photo] input:checked")).to_have_value(str(best))


def test_in_the_list_keys_are_for_the_group_with_the_focus(open_page: OpenPage, house: House) -> None:
    page = open_page("/duplicates")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("d")
    expect(page.locator(".toast")).to_contain_text("They are kept apart from now on.")
    expect(page.locator("[data-group]")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-group]")).to_have_count(3)
    page.get_by_role("button", name="Keep the best of all 3").click()
    expect(page.get_by_text("No picture is here twice.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-group]")).to_have_count(3)


def test_when_the_last_photo_leaves_a_page_it_can_still_be_had_back(open_page: OpenPage, house: House) -> None:
    page = open_page("/favourites")
    for _ in range(2):  # also from the page that was made anew
        page.locator(".cell").hover()
        page.locator(".tick").click()
        page.get_by_role("button", name="No longer a favourite").first.click()
        expect(page.get_by_text("Photos you give a heart are here.")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".cell")).to_have_count(1)
    assert house.one("select is_favourite from photos where id = ?", house.ids["e1.png"])


def test_a_tag_is_renamed_in_place_and_back(open_page: OpenPage) -> None:
    page = open_page("/tags")
    page.locator(".tag-list").get_by_role("link", name="sea").click()
    page.get_by_text("Change this tag").click()
    page.get_by_label("Name").fill("ocean")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="ocean")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="sea")).to_be_visible()


def test_the_tree_opens_in_place(open_page: OpenPage) -> None:
    page = open_page("/folders")
    expect(page.locator(".branch")).to_have_count(2)
    page.get_by_role("link", name="Italy").click()
    expect(page.get_by_role("heading", name="2014-08 Italy")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("heading", name="Folders")).to_be_visible()


def test_suggested_dates_are_taken_with_one_click_and_an_undo(open_page: OpenPage, house: House) -> None:
    page = open_page("/review")
    group = page.locator(".guesses", has_text="2014-08 Italy")
    expect(group.get_by_text("August 2014")).to_have_count(2)
    group.get_by_label("g2.png").uncheck()
    group.get_by_role("button", name="Take these dates").click()
    expect(page.locator(".toast")).to_contain_text("The date is changed")
    expect(group.get_by_text("August 2014")).to_have_count(1)
    assert house.one("select shown_at from photos where id = ?", house.ids["g1.png"]).startswith("2014-08")
    page.get_by_role("button", name="Undo").click()
    expect(group.get_by_text("August 2014")).to_have_count(2)


def test_axe_finds_nothing_serious_where_order_is_kept(open_page: OpenPage, house: House) -> None:
    """Of the pages that tests/web/test_browser_everywhere.py does not come to."""
    page = open_page("/favourites", "phone", color_scheme="dark", bypass_csp=True)
    stack = house.one("select max(stack_id) from stack_photos")
    folder = house.one("select max(id) from folders")
    tag = house.one("select id from tags")
    for path in (f"/duplicates/{stack}", f"/folders/{folder}", f"/tags/{tag}", "/review"):
        page.goto(house.server.url + path)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], path
