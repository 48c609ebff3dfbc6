"""Searching, naming and turning in a real Chromium, over a library in which some things are known about the photos."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from photolib import catalog, decisions, faces, understood
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from photolib.ports import Box, FoundFace, TextLine
from photolib.search import documents

from .conftest import Album, serving_album, taken_at

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    """A served library of 72 small drawn photos: what is known about them matters here, and not what they show."""
    world = tmp_path_factory.mktemp("known")
    (world / "in").mkdir()
    for number in range(72):
        picture = Image.new("RGB", ((48, 36), (36, 48), (64, 36))[number % 3], (3 * number, 80, 160))
        exif = taken_at(f"2018:07:14 {number // 60 + 10}:{number % 60:02}:00")
        picture.save(world / "in" / f"{number}.jpg", exif=exif)
    with serving_album(world) as served:
        yield served


@pytest.fixture(scope="module")
def library_of_album(album: Album) -> Iterator[Library]:
    library = open_library(Config(data_dir=album.data, settle_seconds=0, min_free_mb=0))
    yield library
    library.close()


@pytest.fixture(scope="module")
def known(album: Album, library_of_album: Library) -> list[int]:
    """Seventy photos with a fountain. Sarah is on three of them and somebody without a name on two; returns their ids, newest first."""
    ids = [photo["photo_id"] for photo in album.photos][:70]
    library = library_of_album
    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
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
    return ids


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
    expect(option).to_have_text(re.compile("70$"))  # how many there are
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
    first = results(page)[:50]  # further ones may have come by now
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
    page.reload()
    page.go_back()  # to what was left behind by reloading
    expect(page.locator(".tile").first).to_be_visible()
    page.go_forward()  # the address alone leads to the same photo in the same list
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


def test_the_text_that_was_searched_for_is_framed_on_the_photo(
    open_page: OpenPage, library_of_album: Library, known: list[int]
) -> None:
    with write(library_of_album.db) as db:
        understood.keep_text(db, known[6], [TextLine("Crêperie", 0.9, Box(0.25, 0.5, 0.5, 0.25))])
    page = open_page("/search?q=creperie")
    page.locator(".tile").click()
    frame = page.locator("dialog .lines rect")
    expect(frame).to_be_visible()
    around, picture = frame.bounding_box(), page.locator("dialog .stage .picture").bounding_box()
    assert around
    assert picture
    middle = around["x"] + around["width"] / 2, around["y"] + around["height"] / 2
    assert middle[0] == pytest.approx(picture["x"] + picture["width"] / 2, abs=3)  # both are centred on the stage
    assert middle[1] > picture["y"] + picture["height"] / 2
    page.keyboard.press("t")
    expect(page.locator("dialog .lines")).to_have_css("opacity", "0")
    page.keyboard.press("t")
    expect(page.locator("dialog .lines")).to_have_css("opacity", "1")


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


def test_questions_are_answered_with_two_keys(open_page: OpenPage, known: list[int], library_of_album: Library) -> None:
    sarah, face = (faces.faces_in(library_of_album.db, known[at])[0] for at in (0, 3))
    with write(library_of_album.db) as db:
        db.conn.execute("insert or replace into maybe_this_person values (?, ?, 0.7)", (face.id, sarah.person_id))
        db.conn.execute("update faces set person_id = null where id = ?", (face.id,))
    page = open_page("/people")
    expect(page.locator("[data-question]")).to_contain_text("Is this Sarah?")
    page.keyboard.press("y")
    expect(page.locator(".toast")).to_contain_text("This is Sarah.")
    expect(page.locator("[data-question]")).to_have_count(0)
    expect(page.locator("#named")).to_contain_text("4 photos")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("[data-question]")).to_have_count(1)
    page.keyboard.press("n")
    expect(page.locator(".toast")).to_contain_text("This is not Sarah.")
    expect(page.locator("#named")).to_contain_text("3 photos")


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
    expect(page).to_have_url(re.compile("/search"))  # the page before has tiles as well
    first = (page.locator(".tile").first.get_attribute("id") or "").removeprefix("photo-")
    page.locator(".tile").nth(1).click()
    page.get_by_role("link", name="Photo before").click()
    expect(page.locator(".viewed")).to_have_attribute("data-photo", first)
    page.get_by_role("link", name="Sarah").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sarah")
    page.get_by_role("button", name="Name and birthday").click()
    page.get_by_label("Birthday").fill("2012-05-30")
    page.get_by_label("Birthday").press("Enter")
    expect(page.locator("#person")).to_contain_text("born 30 May 2012")
