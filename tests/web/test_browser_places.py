"""Places in a browser: the map with clusters, the stretch of time, the list beside it, and saying where photos were taken."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web.conftest import Album, OpenPage

pytestmark = pytest.mark.browser

CLUSTERS = ".map-cluster"
SERIOUS = ("serious", "critical")


def colours(page: Page) -> set[str]:
    """Those the map is painted in."""
    return set(
        page.evaluate(
            """() => {
              const canvas = document.querySelector("photo-map canvas")
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
              const seen = new Set()
              for (let i = 0; i < data.length; i += 4 * 997) if (data[i + 3] === 255) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`)
              return [...seen]
            }"""
        )
    )


def choose(page: Page, photo: str) -> None:
    """Choose a photo by the id of its tile."""
    page.evaluate(
        """async (id) => (await import(document.querySelector('script[src$="app.js"]').src.replace("app.js", "selection.js")))
             .selection.set([Number(id.slice(6))])""",
        photo,
    )


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_world_is_drawn_with_the_photos_where_they_were_taken(open_page: OpenPage, size: str) -> None:
    page = open_page("/places", size)
    expect(page.locator(CLUSTERS).first).to_be_visible()
    expect(page.locator(CLUSTERS).first).to_have_attribute("aria-label", re.compile(r"^\d+ photos?$"))
    page.wait_for_function("() => document.querySelector('photo-map canvas')?.width > 300")
    page.wait_for_function("() => document.querySelectorAll('.map-name').length > 2")
    assert colours(page), "no land"
    expect(page.locator("#tab-here")).to_have_text(re.compile(r"\d+ photos here"))
    expect(page.locator(".leaflet-control-attribution")).to_contain_text("Natural Earth")


def test_countries_are_named_in_the_language_of_the_page(open_page: OpenPage) -> None:
    page = open_page("/places?at=51,10,4.25")
    expect(page.locator(".map-name", has_text=re.compile("^Germany$"))).to_be_attached()
    expect(page.locator(".map-name", has_text=re.compile("^France$"))).to_be_attached()


def test_a_cluster_goes_nearer_and_at_last_shows_its_photos(open_page: OpenPage) -> None:
    page = open_page("/places")
    page.wait_for_selector(CLUSTERS)
    zoom = "document.querySelector('photo-map').map.getZoom()"
    before = page.evaluate(zoom)
    page.locator(CLUSTERS, has=page.locator("b")).first.press("Enter")
    page.wait_for_function(f"() => {zoom} > {before} + 1")
    expect(page).to_have_url(re.compile(r"/places\?at=-?[\d.]+,-?[\d.]+,[\d.]+$"))
    address = page.url
    page.reload()
    page.wait_for_selector(CLUSTERS)
    assert abs(page.evaluate(zoom) - float(address.rpartition(",")[2])) < 0.01


def test_photos_in_view_stand_beside_the_map_and_follow_it(open_page: OpenPage) -> None:
    page = open_page("/places?at=43.47,11.88,13&show=photos")
    grid = page.locator("#places-here photo-grid")
    expect(grid.locator(".tile").first).to_be_visible()
    here = grid.get_attribute("data-scope")
    assert here
    assert here.startswith("box-")
    grid.locator(".tile").first.click()
    expect(page).to_have_url(re.compile(rf"/photo/\d+\?in={here}$"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/places"))
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.locator("photo-map > div").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f'photo-grid[data-scope="{here}"]')).to_have_count(0)


def test_a_stretch_of_time_is_chosen_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/places")
    page.wait_for_selector(CLUSTERS)
    said = page.locator("month-range output")
    whole = said.inner_text()
    first = page.get_by_role("slider", name="From")
    first.focus()
    with page.expect_response(lambda answer: "/api/v1/map?" in answer.url and "from=20" in answer.url):
        page.keyboard.press("End")
    expect(said).not_to_have_text(whole)
    expect(first).to_have_attribute("aria-valuetext", re.compile(r"\w{3} \d{4}|\d{4}"))
    expect(page).to_have_url(re.compile(r"from=\d{4}-\d\d&to=\d{4}-\d\d"))
    page.get_by_role("button", name="All of time").click()
    expect(said).to_have_text(whole)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_place_is_found_by_name_and_the_map_goes_there(open_page: OpenPage, size: str) -> None:
    page = open_page("/places", size)
    page.wait_for_selector(CLUSTERS)
    page.get_by_role("combobox", name="Search for a place").fill("arezz")
    page.get_by_role("option", name="Arezzo").first.click()
    expect(page).to_have_url(re.compile(r"at=43\.4\d*,11\.8\d*,"))
    expect(page.locator(".map-name.is-town").first).to_be_attached()


def test_a_city_of_the_list_is_shown_on_the_map(open_page: OpenPage) -> None:
    page = open_page("/places")
    page.wait_for_selector(CLUSTERS)
    page.locator("a.card[data-place]", has_text="Arezzo").click()
    expect(page.locator("#places-here .tile").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"at=43\.4\d*,11\.8\d*,.*show=photos"))


def test_without_script_the_list_is_the_page(open_page: OpenPage) -> None:
    page = open_page("/places", java_script_enabled=False)
    expect(page.locator("photo-map")).to_be_hidden()
    expect(page.locator("a.country").first).to_be_visible()
    expect(page.locator("a.card").first).to_have_attribute("href", re.compile("/search"))


def test_what_is_put_away_leaves_the_map_at_once_and_comes_back(open_page: OpenPage) -> None:
    page = open_page("/places?at=43.4631,11.8805,13&show=photos")
    tiles = page.locator("#places-here photo-grid.is-whole .tile")
    expect(tiles.first).to_be_visible()
    before = page.locator("#tab-here").inner_text()
    choose(page, str(tiles.first.get_attribute("id")))
    page.get_by_role("button", name="Move to the trash").click()
    expect(page.locator("#tab-here")).not_to_have_text(before)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#tab-here")).to_have_text(before)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_chosen_photos_are_given_a_place_and_it_can_be_undone(open_page: OpenPage, size: str) -> None:
    page = open_page("/places/unplaced", size)
    grid = page.locator("#unplaced photo-grid")
    photo = grid.locator(".tile").nth(1).get_attribute("id")
    assert photo
    choose(page, photo)
    page.get_by_role("button", name="Say where these were taken").click()
    dialog = page.get_by_role("dialog", name="Where was this taken?")
    expect(dialog.get_by_role("button", name="Use this place")).to_be_disabled()
    dialog.get_by_role("combobox").fill("48.1147, -1.6794")
    dialog.get_by_role("combobox").press("Enter")
    expect(dialog.locator(".place-picker-name")).to_have_text("Rennes, Brittany, France")
    dialog.get_by_role("button", name="Use this place").click()
    expect(page.get_by_text("The place is changed")).to_be_visible()
    expect(page.locator(f"#{photo}")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"#{photo}")).to_be_visible()


def test_the_viewer_shows_a_small_map_that_leads_to_the_large_one(open_page: OpenPage, album: Album) -> None:
    cluster = json.loads(album.server.get("/api/v1/map"))["items"][0]
    page = open_page(f"/photo/{cluster['photo_id']}")
    page.keyboard.press("i")
    expect(page.locator("small-map .map-pin")).to_be_visible()
    page.get_by_role("link", name="Show on the map").click()
    expect(page).to_have_url(re.compile(r"/places\?at="))
    page.wait_for_selector(CLUSTERS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/places?at=43.47,11.88,9&show=photos", "/places/unplaced"])
def test_axe_finds_nothing_serious(open_page: OpenPage, path: str, scheme: str) -> None:
    page = open_page(path, color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_selector("photo-grid .tile")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found if each["impact"] in SERIOUS] == []
