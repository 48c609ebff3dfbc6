"""The grid in a real Chromium: what stands in the page, how it is scrolled, and how photos are chosen and changed."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from photolib.db import connect, write

from .conftest import BUSY_DAY
from .test_browser import boxes, until

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
BUSY = BUSY_DAY.replace(":", "-")
SIZES = pytest.mark.parametrize("size", ["desktop", "phone"])
GRID = "document.querySelector('photo-grid')"


@pytest.fixture
def open_grid(open_page: OpenPage) -> OpenPage:
    """Opens a page whose grid holds what is near of all photos."""

    def open_it(path: str = "/", size: str = "desktop", **options: object) -> Page:
        page = open_page(path, size, **options)
        until(page, f"{GRID}?.classList.contains('is-whole')")
        return page

    return open_it


@pytest.fixture
def unharmed(album) -> Iterator[None]:
    """What a test does to the photos all tests share is taken back."""
    yield
    database = connect(album.data / "photolib.db")
    with write(database) as db:
        db.conn.execute("update photos set trashed_at = null, is_archived = 0, is_favourite = 0, rating = null")
        db.conn.execute("update photos set is_listed = 1 where status <> 'failed'")
    database.close()


def settle(page: Page) -> None:
    """Until the page has noticed that it was scrolled, and nothing is missing on the screen."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    until(page, f"{GRID}.window && !document.querySelector('.blank') && !{GRID}.window.isFlying")


def scroll_through(page: Page) -> list[int]:
    """Scroll from the top to the end; the ids of all photos that were met, in the order in which they stand."""
    met: dict[int, None] = {}
    page.evaluate("scrollTo(0, 0)")
    for _ in range(200):
        settle(page)
        for each in page.locator(".canvas .tile").evaluate_all("all => all.map(each => Number(each.id.slice(6)))"):
            met[each] = None
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1"):
            return list(met)
        page.evaluate("scrollBy({top: innerHeight, behavior: 'instant'})")
    raise AssertionError("the list has no end")


def tile(page: Page, photo_id: int) -> str:
    return f"#photo-{photo_id}"


def in_sight(page: Page) -> list[dict[str, float]]:
    """Where the photos are that can be seen as a whole."""
    return [each for each in boxes(page, ".canvas .cell") if 85 < each["y"] < page.viewport_size["height"] - 250]  # type: ignore[index]


def tick(page: Page, number: int) -> None:
    at = in_sight(page)[number]
    page.mouse.move(at["x"] + 20, at["y"] + 20)
    page.mouse.click(at["x"] + 20, at["y"] + 20)


# ---------------------------------------------------------------- what stands in the page


@SIZES
def test_the_script_takes_the_photos_over_where_they_stand(open_page: OpenPage, size: str) -> None:
    page = open_page("/", size, java_script_enabled=False)
    ids = page.locator(".tile").evaluate_all("all => all.slice(0, 9).map(each => each.id)")
    before = [boxes(page, f"#{each}")[0] for each in ids]
    page = open_page("/", size)
    until(page, f"{GRID}.classList.contains('is-whole')")
    after = [boxes(page, f"#{each}")[0] for each in ids]
    for one, other in zip(before, after, strict=True):
        assert all(abs(one[side] - other[side]) < 0.6 for side in "xywh"), (one, other)


@SIZES
def test_everything_is_met_once_while_the_page_holds_little(open_grid: OpenPage, album, size: str) -> None:
    page = open_grid("/", size)
    page.evaluate(
        f"""window.most = 0
        {GRID}.addEventListener('moved', () => window.most = Math.max(window.most, document.querySelectorAll('.tile').length))"""
    )
    assert scroll_through(page) == [photo["photo_id"] for photo in album.photos]
    most = page.evaluate("window.most")
    assert 0 < most < len(album.photos)


def test_a_heading_stays_while_its_day_passes(open_grid: OpenPage) -> None:
    page = open_grid(f"/?at={BUSY}")
    settle(page)
    heading = page.locator(f'.day[data-key="{BUSY}"] h2')
    bar = page.locator(".bar").bounding_box()["height"]
    for _ in range(3):
        page.evaluate("scrollBy({top: 300, behavior: 'instant'})")
        settle(page)
        assert abs(heading.bounding_box()["y"] - bar) < 2


@SIZES
def test_headings_and_sizes_change_and_are_remembered_and_what_was_looked_at_stays(
    open_grid: OpenPage, size: str
) -> None:
    page = open_grid(f"/?at={BUSY}", size)
    settle(page)
    page.evaluate("scrollBy({top: 700, behavior: 'instant'})")
    settle(page)
    looked_at = page.evaluate(f"{GRID}.window.anchor().id")
    page.keyboard.press("-")
    settle(page)
    assert page.evaluate(
        f"Math.abs(document.getElementById('photo-{looked_at}').getBoundingClientRect().top) < innerHeight / 2"
    )
    page.evaluate(f"{GRID}.show({{grouping: 'month'}})")
    settle(page)
    expect(page.locator(f'.day[data-key="{BUSY[:7]}"] h2')).to_contain_text("July 2018")
    expect(page.locator(tile(page, looked_at))).to_be_in_viewport()
    page.goto(page.url.split("?")[0])
    expect(page.locator("photo-grid")).to_have_class("grid whole by-month dense-1 is-whole")
    small = boxes(page, ".canvas .tile")[0]["h"]
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert boxes(page, ".canvas .tile")[0]["h"] > small * 1.5


def test_the_place_in_the_list_is_there_again_after_coming_back(open_grid: OpenPage) -> None:
    page = open_grid()
    page.evaluate("scrollTo({top: 2200, behavior: 'instant'})")
    until(page, "history.state?.grid?.id")
    looked_at = page.evaluate("history.state.grid.id")
    top = boxes(page, f"#photo-{looked_at}")[0]["y"]
    page.get_by_role("link", name="People").first.click()
    page.wait_for_url("**/people")
    page.go_back()
    until(page, f"document.getElementById('photo-{looked_at}')")
    settle(page)
    until(page, f"Math.abs(document.getElementById('photo-{looked_at}').getBoundingClientRect().top - {top}) < 3")


def test_nothing_moves_under_the_eye_when_what_is_above_turns_out_higher(open_grid: OpenPage) -> None:
    page = open_grid("/?at=2017-03")
    settle(page)
    looked_at = page.evaluate(f"{GRID}.window.anchor().id")
    before = boxes(page, f"#photo-{looked_at}")[0]["y"]
    page.evaluate(f"{GRID}.window.photos.load(0)")
    page.evaluate("scrollBy({top: -1, behavior: 'instant'})")
    settle(page)
    assert abs(boxes(page, f"#photo-{looked_at}")[0]["y"] - before) < 3


# ---------------------------------------------------------------- time


def test_the_scrubber_says_where_and_leads_there(open_grid: OpenPage) -> None:
    page = open_grid()
    box = page.locator(".scrubber .years").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] * 0.4)
    expect(page.locator(".bubble")).to_be_visible()
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] * 0.6, steps=4)
    year = page.locator(".bubble").inner_text()[-4:]
    page.mouse.up()
    settle(page)
    assert page.evaluate("scrollY") > 1000
    expect(page.locator(".scrubber")).to_have_attribute("aria-valuetext", re.compile(year))


def test_keys_turn_the_scrubber_by_months(open_grid: OpenPage) -> None:
    page = open_grid()
    scrubber = page.get_by_role("slider", name="Date")
    scrubber.focus()
    scrubber.press("End")
    settle(page)
    last = scrubber.get_attribute("aria-valuetext")
    scrubber.press("Home")
    until(page, "scrollY < 100")
    assert scrubber.get_attribute("aria-valuetext") != last


def test_a_date_is_gone_to(open_grid: OpenPage) -> None:
    page = open_grid()
    page.get_by_role("button", name="View").click()
    page.get_by_label("Go to a date").fill(BUSY)
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator(f'.day[data-key="{BUSY}"] h2')).to_be_in_viewport()


# ---------------------------------------------------------------- choosing


def test_tab_leads_to_a_photo_in_sight_and_past_all_others(open_grid: OpenPage) -> None:
    page = open_grid()
    page.get_by_role("link", name="Collections").focus()
    focused = "document.activeElement.className"
    for _ in range(20):
        page.keyboard.press("Tab")
        if "tile" in page.evaluate(focused):
            break
    first = page.evaluate("document.activeElement.id")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") < page.viewport_size["height"]  # type: ignore[index]
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#{first}")).not_to_be_focused()
    assert page.evaluate("document.querySelectorAll('.tile[tabindex=\"0\"]').length") == 1
    page.keyboard.press("Enter")
    expect(page.locator("dialog .viewed")).to_be_visible()


def test_photos_are_chosen_by_ticks_ranges_and_days(open_grid: OpenPage, album) -> None:
    page = open_grid(f"/?at={BUSY}")
    settle(page)
    tick(page, 1)
    count = page.locator(".selection-bar .count")
    expect(count).to_have_text("1 photo")
    sixth = in_sight(page)[6]
    page.keyboard.down("Shift")
    page.mouse.click(sixth["x"] + 60, sixth["y"] + 90)
    page.keyboard.up("Shift")
    expect(count).to_have_text("6 photos")
    third = in_sight(page)[3]
    page.mouse.click(third["x"] + 60, third["y"] + 90)  # while some are chosen a click chooses
    expect(count).to_have_text("5 photos")
    page.get_by_role("button", name="More").click()
    page.keyboard.press("Escape")  # closes the menu, and keeps what was chosen
    expect(page.locator("#selection-more")).to_be_hidden()
    expect(count).to_have_text("5 photos")
    page.keyboard.press("Escape")
    expect(page.locator(".selection-bar")).to_be_hidden()
    heading = page.locator(f'.day[data-key="{BUSY}"]')
    heading.hover()
    heading.get_by_role("button", name="Select everything").click()
    expect(count).to_have_text("90 photos")
    page.keyboard.press("Control+a")
    expect(count).to_have_text(f"{len(album.photos)} photos")


def test_a_range_reaches_over_photos_that_are_not_in_the_page(open_grid: OpenPage, album) -> None:
    page = open_grid()
    page.locator(".canvas .tile").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("End")
    settle(page)
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".selection-bar .count")).to_have_text(f"{len(album.photos) - 1} photos")


def test_the_mouse_drags_from_a_tick_over_several(open_grid: OpenPage) -> None:
    page = open_grid(f"/?at={BUSY}")
    settle(page)
    cells = in_sight(page)
    first, fourth = cells[1], cells[4]
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(fourth["x"] + 20, fourth["y"] + 40, steps=6)
    expect(page.locator(".selection-bar .count")).to_have_text("4 photos")
    page.mouse.up()
    expect(page.locator(".cell.is-chosen")).to_have_count(4)
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_finger_that_rests_chooses_and_then_drags(open_grid: OpenPage) -> None:
    page = open_grid(f"/?at={BUSY}", "phone")
    settle(page)
    cells = in_sight(page)
    start, end = cells[1], cells[3]
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (start["x"] + 30, start["y"] + 40))
    expect(page.locator(".cell.is-chosen")).to_have_count(1)
    touch("touchMove", (end["x"] + 30, end["y"] + 40))
    expect(page.locator(".cell.is-chosen")).to_have_count(3)
    touch("touchEnd")
    touch("touchStart", (200, 600))
    for y in (520, 440, 360, 280):  # without resting it scrolls
        touch("touchMove", (200, y))
    touch("touchEnd")
    expect(page.locator(".cell.is-chosen")).to_have_count(3)


# ---------------------------------------------------------------- changing what is chosen


@SIZES
@pytest.mark.usefixtures("unharmed")
def test_what_goes_to_the_trash_goes_from_the_grid_and_comes_back(open_grid: OpenPage, album, size: str) -> None:
    page = open_grid("/", size)
    ids = [photo["photo_id"] for photo in album.photos[2:4]]
    page.evaluate(
        f"""import(document.querySelector('script[src*="/app.js"]').src.replace('app.js', 'selection.js'))
        .then(each => each.selection.set({ids}))"""
    )
    page.get_by_role("button", name="Move to the trash").click()
    expect(page.locator(tile(page, ids[0]))).to_have_count(0)
    assert page.evaluate(f"{GRID}.total") == len(album.photos) - 2
    expect(page.locator(".selection-bar")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(tile(page, ids[0]))).to_have_count(1)
    assert page.evaluate(f"{GRID}.total") == len(album.photos)


@pytest.mark.usefixtures("unharmed")
def test_a_date_is_shifted_with_an_example_of_what_becomes_of_it(open_grid: OpenPage, album) -> None:
    page = open_grid()
    photo = album.photos[0]
    tick(page, 0)
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Date and time").click()
    dialog = page.locator("#selection-date")
    dialog.get_by_label("Shift by").check()
    dialog.get_by_label("Days").fill("2")
    expect(dialog.locator("[data-example]")).to_contain_text("→")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("The date is changed")
    after = page.evaluate(f"fetch('/api/v1/photos/{photo['photo_id']}').then(each => each.json())")["taken_at"]
    assert after[:10] > photo["taken_at"][:10]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Undone")


def test_several_photos_are_downloaded_as_one_zip(open_grid: OpenPage) -> None:
    page = open_grid()
    tick(page, 0)
    page.keyboard.press("Control+a")
    with page.expect_download() as coming:
        page.locator(".selection-bar").get_by_role("button", name="Download").click()
    assert coming.value.suggested_filename.endswith(".zip")


# ---------------------------------------------------------------- opening


def test_closing_the_viewer_lands_on_the_tile_far_away(open_grid: OpenPage, album) -> None:
    page = open_grid()
    page.locator(".canvas .tile").first.click()
    viewed = page.locator("dialog[open] .viewed")
    expect(viewed).to_have_attribute("data-photo", str(album.photos[0]["photo_id"]))
    far = album.photos[-1]["photo_id"]
    page.evaluate(
        f"history.replaceState({{photo: '{far}'}}, '', '/photo/{far}'); document.querySelector('photo-viewer').show('{far}')"
    )
    expect(viewed).to_have_attribute("data-photo", str(far))
    page.keyboard.press("Escape")
    expect(page.locator(tile(page, far))).to_be_focused()
    expect(page.locator(tile(page, far))).to_be_in_viewport()
