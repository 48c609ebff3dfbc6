"""Searching, naming and turning in a real Chromium, over a library in which some things are known about the photos."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from photolib import catalog, decisions, faces, understood
from photolib.config import Config
from photolib.db import write
from photolib.library import open_library
from photolib.ports import Box, FoundFace
from photolib.search import documents

from .conftest import BUSY_DAY, Album

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def known(album: Album) -> Iterator[list[int]]:
    """Seventy photos with a fountain. Sarah is on three of them and somebody without a name on two; returns their ids, newest first."""
    day = BUSY_DAY.replace(":", "-")
    ids = [photo["photo_id"] for photo in album.photos if photo["taken_at"].startswith(day)][:70]
    library = open_library(Config(data_dir=album.data, settle_seconds=0, min_free_mb=0))
    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    try:
        for number, photo_id in enumerate(ids):
            with write(library.db) as db:
                understood.keep_labels(db, photo_id, [("fountain", 0.9)])
                if number < 5:
                    vector = np.eye(128, dtype=np.float32)[int(number < 3)] * 0.6
                    faces.keep_found(db, photo_id, "fake", [FoundFace(Box(0.3, 0.2, 0.3, 0.4), 0.9, 120, vector)])
                    faces.settle(db, library.face_vectors, photo_id)
        with write(library.db) as db:
            sarah = faces.faces_in(db, ids[0])[0].person_id
            assert sarah is not None
            decisions.rename(db, owner, sarah, "Sarah")
        documents.catch_up(library.db)
        yield ids
        with write(library.db) as db:
            for photo_id in ids:
                understood.keep_labels(db, photo_id, [])
            db.conn.execute("delete from faces")
            db.conn.execute("delete from people")
    finally:
        library.close()


def shown(page: Page) -> int:
    return int(page.locator(".viewed").get_attribute("data-photo") or 0)


def results(page: Page) -> list[int]:
    return page.locator(".tile").evaluate_all("all => all.map(each => Number(each.id.slice(6)))")


def test_from_a_word_in_the_box_to_the_photo_and_back(open_page: OpenPage, known: list[int]) -> None:
    page = open_page()
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search your photos")
    expect(box).to_be_focused()
    page.keyboard.type("fount")
    option = page.get_by_role("option", name="fountain")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(option).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*fountain*")
    expect(page.get_by_role("status").first).to_have_text("70 photos")
    first = results(page)
    page.locator(".tile").nth(2).click()
    viewed = page.locator("dialog .viewed")
    expect(viewed).to_have_attribute("data-photo", str(first[2]))
    page.keyboard.press("ArrowRight")  # on in the order of the results, whatever the timeline's is
    expect(viewed).to_have_attribute("data-photo", str(first[3]))
    assert f"/photo/{first[3]}?q=" in page.url
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(viewed).to_have_attribute("data-photo", str(first[1]))
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer-over")).to_be_hidden()
    expect(page.locator(f"#photo-{first[1]}")).to_be_focused()
    page.locator(".tile").nth(len(first) - 1).click()
    page.keyboard.press("ArrowRight")  # behind the last one that was there come those that are fetched
    expect(viewed).not_to_have_attribute("data-photo", str(first[-1]))
    assert shown(page) not in first
    page.reload()  # the address alone leads to the same photo in the same list
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".viewed")).to_have_attribute("data-photo", str(first[-1]))
    page.keyboard.press("Escape")
    page.wait_for_url("**/search?q=*")


def test_what_was_found_is_narrowed_down_saved_and_forgotten(open_page: OpenPage, known: list[int]) -> None:
    page = open_page("/search?q=fountain")
    page.locator(".facets").get_by_role("link", name="Sarah").click()
    expect(page.get_by_role("status").first).to_have_text("3 photos")
    assert set(results(page)) == set(known[:3])
    page.get_by_role("button", name="Save this search").click()
    expect(page.locator(".toast")).to_contain_text("saved")
    expect(page.get_by_role("button", name="Saved")).to_be_visible()
    page.get_by_role("link", name="Sarah: search without it").click()
    expect(page.get_by_role("status").first).to_have_text("70 photos")
    page.goto(page.url.partition("?")[0])
    page.get_by_role("button", name="Delete fountain").click()
    expect(page.locator("#saved li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#saved li")).to_have_count(1)
    page.get_by_role("button", name="Delete fountain").click()
    expect(page.locator("#saved li")).to_have_count(0)


def test_somebody_is_named_and_the_name_taken_back(open_page: OpenPage, known: list[int]) -> None:
    page = open_page("/people")
    unnamed = page.get_by_role("combobox", name="A name for this person")
    expect(unnamed).to_have_count(1)
    unnamed.fill("Tom")
    page.keyboard.press("Enter")
    expect(page.locator("#named")).to_contain_text("Tom")
    expect(unnamed).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(unnamed).to_have_count(1)
    expect(page.locator("#named")).not_to_contain_text("Tom")


def test_in_the_viewer_a_face_is_named_and_what_it_shows_corrected(open_page: OpenPage, known: list[int]) -> None:
    page = open_page("/search?q=fountain")
    page.locator(f"#photo-{known[3]}").click()
    page.keyboard.press("i")
    panel = page.locator("dialog .information")
    panel.locator(".faces-here li").hover()
    expect(page.locator(".boxes .is-meant")).to_have_count(1)
    panel.get_by_role("combobox", name="Who this is").first.fill("Tom")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("link", name="Tom")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("link", name="Tom")).to_have_count(0)
    panel.get_by_role("button", name="fountain: it does not show this").click()
    expect(panel.get_by_role("link", name="fountain")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("link", name="fountain")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/search", "/search?q=fountain", "/search?q=nothingofthekind", "/people", "/places", "/duplicates"]
)
def test_on_a_phone_nothing_is_wider_than_the_screen_or_too_small_to_touch(
    open_page: OpenPage, known: list[int], path: str
) -> None:
    page = open_page(path, "phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.locator("main :is(a, button, input, summary):visible").evaluate_all(
        """all => all.filter(each => { const b = each.getBoundingClientRect(); return b.width && (b.height < 24 || b.width < 24) })
           .map(each => each.outerHTML.slice(0, 200))"""
    )
    assert small == []
    tabs = page.get_by_role("navigation", name="Main").get_by_role("link")
    expect(tabs).to_have_count(4)


def test_without_script_somebody_is_found_and_named(open_page: OpenPage, known: list[int]) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("searchbox", name="Search your photos").fill("fountain person:sarah")
    page.keyboard.press("Enter")
    page.locator(".tile").nth(1).click()
    page.get_by_role("link", name="Photo before").click()
    expect(page.locator(".viewed")).to_have_attribute("data-photo", str(known[0]))
    page.get_by_role("link", name="Sarah").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sarah")
    page.get_by_role("button", name="Name and birthday").click()
    page.get_by_label("Birthday").fill("2012-05-30")
    page.get_by_label("Birthday").press("Enter")
    expect(page.locator("#person")).to_contain_text("born 30 May 2012")
