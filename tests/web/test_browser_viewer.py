"""One photo in a real Chromium: turning, enlarging, playing, what is known about it and how that is put right."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Error, Locator, Page, expect

from .conftest import COOKIE, Album

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
Point = tuple[float, float]


def until(page: Page, claim: str, milliseconds: int = 10_000) -> None:
    """Wait until something is so in the page. (Playwright's own way needs eval, which our policy forbids.)"""
    page.evaluate(
        f"""async () => {{
            const late = Date.now() + {milliseconds}
            while (!({claim})) {{
                if (Date.now() > late) throw new Error("still not so: " + {claim!r})
                await new Promise(requestAnimationFrame)
            }}
        }}"""
    )


def viewed(page: Page) -> Locator:
    return page.locator(".viewed")


def shows(page: Page, photo: int | dict[str, Any]) -> None:
    number = photo["photo_id"] if isinstance(photo, dict) else photo
    expect(viewed(page)).to_have_attribute("data-photo", str(number))


def open_first(page: Page, number: int = 0) -> int:
    """Open one of the tiles that are there at first; returns the photo's id."""
    until(page, "document.querySelector('photo-grid')?.window")
    tile = page.locator(".tile").nth(number)
    identity = int((tile.get_attribute("id") or "")[6:])
    tile.click()
    shows(page, identity)
    until(page, "document.querySelector('dialog .slide .picture, dialog video')")
    return identity


def named(album: Album, filename: str) -> int:
    return next(photo["photo_id"] for photo in album.photos if photo["filename"] == filename)


def index_of(album: Album, photo_id: int) -> int:
    return next(index for index, photo in enumerate(album.photos) if photo["photo_id"] == photo_id)


def scale(page: Page) -> float:
    """How many times larger the picture is than it fits."""
    return page.locator(".slide .pane").evaluate("each => new DOMMatrix(getComputedStyle(each).transform).a")


def undo(page: Page) -> None:
    page.locator(".toast").get_by_role("button", name="Undo").click()


# ---------------------------------------------------------------- fingers


class Fingers:
    """Real touches, as the browser's own input takes them."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: Point) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, *way: Point, steps: int = 6) -> None:
        """Down at the first point, along the way, and not up."""
        self.send("touchStart", way[0])
        for (ax, ay), (bx, by) in itertools.pairwise(way):
            for step in range(1, steps + 1):
                self.send("touchMove", (ax + (bx - ax) * step / steps, ay + (by - ay) * step / steps))

    def up(self) -> None:
        self.send("touchEnd")

    def swipe(self, *way: Point) -> None:
        self.drag(*way)
        self.up()

    def tap(self, point: Point) -> None:
        self.send("touchStart", point)
        self.up()

    def spread(self, middle: Point, apart: float, until: float) -> None:
        x, y = middle
        self.send("touchStart", (x - apart / 2, y), (x + apart / 2, y))
        for step in range(1, 7):
            half = (apart + (until - apart) * step / 6) / 2
            self.send("touchMove", (x - half, y), (x + half, y))
        self.up()


@pytest.fixture
def touched(open_page: OpenPage) -> Callable[[str], tuple[Page, Fingers]]:
    def open_it(path: str, **options: Any) -> tuple[Page, Fingers]:
        page = open_page(path, "phone", **options)
        return page, Fingers(page)

    return open_it


# ---------------------------------------------------------------- opening, turning, closing


def test_a_photo_opens_over_the_grid_and_esc_leads_back_to_its_tile(open_page: OpenPage) -> None:
    page = open_page()
    page.locator(".tile").nth(20).scroll_into_view_if_needed()
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    place = page.evaluate("scrollY")
    opened = open_first(page, 20)
    assert page.url.endswith(f"/photo/{opened}")
    assert page.evaluate("document.activeElement.closest('dialog[open]') !== null")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer-over")).to_be_hidden()
    assert page.evaluate("scrollY") == place
    assert "/photo/" not in page.url
    expect(page.locator(f"#photo-{opened}")).to_be_focused()


def test_keys_and_buttons_turn_and_back_closes(open_page: OpenPage, album: Album) -> None:
    ids = [photo["photo_id"] for photo in album.photos]
    page = open_page()
    start = index_of(album, open_first(page, 4))
    for key, step in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), (" ", 2)):
        page.keyboard.press(key)
        shows(page, ids[start + step])
        assert page.url.endswith(f"/photo/{ids[start + step]}")
    page.get_by_role("link", name="Older photo", exact=True).click()
    shows(page, ids[start + 3])
    expect(page.get_by_role("link", name="Older photo", exact=True)).to_be_focused()
    page.get_by_role("link", name="Newer photo", exact=True).click()
    shows(page, ids[start + 2])
    page.go_back()
    expect(page.locator("dialog.viewer-over")).to_be_hidden()
    expect(page.locator(f"#photo-{ids[start + 2]}")).to_be_focused()
    page.go_forward()
    shows(page, ids[start + 2])


def test_the_picture_of_the_grid_is_there_at_once_and_the_sharp_one_follows(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{named(album, 'empty_gps.jpg')}")
    picture = page.locator(".slide .picture")
    until(page, "document.querySelector('.slide .picture').complete")
    expect(picture).to_have_css("opacity", "1")
    page = open_page()
    until(page, "[...document.querySelectorAll('.tile .picture')].slice(0, 5).every(each => each.naturalWidth)")
    page.route("**/fragments/photo/**", lambda route: None)  # the article never comes
    page.locator(".tile").nth(3).click()
    until(page, "document.querySelector('dialog .slide .quick')?.naturalWidth > 0")


def test_the_photos_on_both_sides_are_fetched_ahead(open_page: OpenPage, album: Album) -> None:
    asked: list[str] = []
    page = open_page()
    page.on("request", lambda request: asked.append(request.url))
    here = index_of(album, open_first(page, 5))
    for step in (-2, -1, 1, 2):
        large = f"/media/{album.photos[here + step]['key']}/large"
        if album.photos[here + step]["type"] != "video":
            while not any(url.endswith(large) for url in asked):
                page.wait_for_event("request")


def test_a_page_of_its_own_turns_and_closes_to_the_list(open_page: OpenPage, album: Album) -> None:
    first, second = album.photos[3]["photo_id"], album.photos[4]["photo_id"]
    page = open_page(f"/photo/{first}")
    page.keyboard.press("ArrowRight")
    shows(page, second)
    assert page.url.endswith(f"/photo/{second}")
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/?before=*#photo-{second}")
    expect(page.locator(f"#photo-{second}")).to_be_in_viewport()


def test_what_is_said_to_who_cannot_see_it(open_page: OpenPage, album: Album) -> None:
    page = open_page()
    number = index_of(album, open_first(page, 2)) + 1
    said = page.locator("dialog .viewer > [role=status]")
    expect(said).to_contain_text(f"{number} of ")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text(f"{number + 1} of ")


def test_controls_fade_but_never_under_the_focus(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{album.photos[3]['photo_id']}")
    page.locator(".viewer").evaluate("each => each.classList.add('is-quiet')")
    expect(page.locator(".controls")).to_have_css("opacity", "0")
    page.keyboard.press("Tab")
    expect(page.locator(".controls :focus")).to_have_count(1)
    page.locator(".viewer").evaluate("each => each.classList.add('is-quiet')")
    expect(page.locator(".controls")).to_have_css("opacity", "1")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing_serious_in_the_open_viewer(open_page: OpenPage, album: Album, size: str) -> None:
    page = open_page(f"/photo/{album.of_type('live')['photo_id']}", size, reduced_motion="reduce", bypass_csp=True)
    page.keyboard.press("i")
    page.locator("#info-" + str(album.of_type("live")["photo_id"])).wait_for()
    found = Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_text_can_be_twice_as_large(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{album.of_type('live')['photo_id']}", "phone")
    page.keyboard.press("i")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    panel = page.locator(".information")
    assert panel.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.locator(".controls").evaluate("each => each.scrollWidth <= innerWidth")


def test_less_motion_closes_at_once(open_page: OpenPage) -> None:
    page = open_page("/", reduced_motion="reduce")
    open_first(page, 3)
    assert page.evaluate("document.getAnimations().length") == 0
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer-over")).to_be_hidden()


# ---------------------------------------------------------------- by finger


def test_a_swipe_brings_the_neighbour_in_beside_the_photo(
    touched: Callable[..., tuple[Page, Fingers]], album: Album
) -> None:
    page, fingers = touched("/")
    here = index_of(album, open_first(page, 2))
    until(page, "document.querySelector('dialog photo-viewer').beside('older')")
    fingers.drag((300, 400), (160, 410))
    boxes = page.locator("dialog .slide").evaluate_all("all => all.map(each => each.getBoundingClientRect().x)")
    assert boxes == [-140, 266]
    fingers.up()
    shows(page, album.photos[here + 1])
    expect(page.locator("dialog .slide")).to_have_count(1)
    fingers.swipe((60, 400), (300, 410))
    shows(page, album.photos[here])
    fingers.swipe((200, 400), (180, 401))  # too little
    expect(page.locator("dialog .slide")).to_have_count(1)
    shows(page, album.photos[here])


def test_pulling_down_closes_and_pushing_up_tells_more(
    touched: Callable[..., tuple[Page, Fingers]], album: Album
) -> None:
    page, fingers = touched("/")
    open_first(page, 2)
    fingers.swipe((200, 500), (205, 380))
    panel = page.locator("dialog .information")
    expect(panel).to_be_visible()
    until(page, "document.getAnimations().length === 0")
    top = (panel.bounding_box() or {})["y"]
    assert top > 300
    fingers.swipe((195, top + 20), (195, top - 150))
    expect(page.locator(".has-full-sheet")).to_have_count(1)
    until(page, "document.querySelector('.information').getBoundingClientRect().y === 0")
    fingers.swipe((195, 30), (195, 300))
    until(page, "document.getAnimations().length === 0")
    fingers.swipe((195, top + 20), (195, top + 200))
    expect(panel).to_be_hidden()
    fingers.drag((200, 300), (230, 500))
    assert page.locator("dialog.viewer-over").evaluate("each => Number(each.style.getPropertyValue('--dim')) < 0.7")
    fingers.up()
    expect(page.locator("dialog.viewer-over")).to_be_hidden()


def test_two_fingers_enlarge_one_moves_and_a_double_tap_does_both(
    touched: Callable[..., tuple[Page, Fingers]], album: Album
) -> None:
    photo = named(album, "empty_gps.jpg")
    page, fingers = touched(f"/photo/{photo}")
    until(page, "document.querySelector('.slide .picture').naturalWidth > 0")
    original = page.locator(".slide .picture").get_attribute("data-sharper") or ""
    assert original.endswith("/original")
    fingers.spread((195, 420), 40, 320)
    assert scale(page) > 3
    expect(page.locator(".slide .picture")).to_have_attribute(
        "src", album.url + original
    )  # sharper than what was there
    fingers.swipe((195, 420), (150, 400))
    shows(page, photo)  # it was moved, and not turned away from
    until(page, "document.getAnimations().length === 0")
    fingers.tap((195, 420))
    fingers.tap((195, 420))
    until(page, "new DOMMatrix(getComputedStyle(document.querySelector('.slide .pane')).transform).a === 1")
    fingers.tap((100, 420))
    fingers.tap((100, 420))
    until(page, "new DOMMatrix(getComputedStyle(document.querySelector('.slide .pane')).transform).a > 2")
    fingers.spread((195, 420), 300, 40)
    until(page, "new DOMMatrix(getComputedStyle(document.querySelector('.slide .pane')).transform).a === 1")


def test_a_tap_hides_the_controls_and_shows_them(touched: Callable[..., tuple[Page, Fingers]], album: Album) -> None:
    page, fingers = touched(f"/photo/{album.photos[0]['photo_id']}")
    viewer = page.locator("photo-viewer")
    fingers.tap((195, 420))
    until(page, "document.querySelector('photo-viewer').matches('.is-quiet')")
    # On a slow machine the controls may have faded by themselves before the first tap came, which then showed them.
    for left in (1, 0):
        fingers.tap((195, 420))
        try:
            until(page, "!document.querySelector('photo-viewer').matches('.is-quiet')", 3000)
            break
        except Error:
            if not left:
                raise
    expect(viewer.locator(".controls")).to_have_css("opacity", "1")


# ---------------------------------------------------------------- by mouse and keys


def test_the_wheel_enlarges_what_is_pointed_at(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{named(album, 'empty_gps.jpg')}")
    until(page, "document.querySelector('.slide .picture').naturalWidth > 0")
    share = """() => { const box = document.querySelector('.slide .pane').getBoundingClientRect()
                       return [(600 - box.x) / box.width, (300 - box.y) / box.height] }"""
    page.mouse.move(600, 300)
    before = page.evaluate(share)
    for _ in range(4):
        page.mouse.wheel(0, -150)
    until(page, "new DOMMatrix(document.querySelector('.slide .pane').style.transform).a > 2")
    assert page.evaluate(share) == pytest.approx(before, abs=0.01)
    page.mouse.down()
    page.mouse.move(500, 250, steps=3)
    page.mouse.up()
    assert page.evaluate(share) != pytest.approx(before, abs=0.01)


def test_keys_enlarge_and_fit_again(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{named(album, 'empty_gps.jpg')}", reduced_motion="reduce")
    until(page, "document.querySelector('.slide .picture').naturalWidth > 0")
    for key, expected in (("+", 1.5), ("+", 2.25), ("-", 1.5), ("0", 1), ("z", 2.5), ("z", 1), ("-", 1)):
        page.keyboard.press(key)
        assert scale(page) == pytest.approx(expected), key


# ---------------------------------------------------------------- what moves


def test_a_video_plays_where_it_stands_and_goes_on_where_somebody_left(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{album.of_type('video')['photo_id']}")
    video = page.locator("video")
    video.evaluate("each => { each.muted = true; each.loop = true }")
    page.keyboard.press(" ")
    until(page, "document.querySelector('video').currentTime > 0.1")
    assert video.evaluate("each => each.videoWidth") > 0
    page.keyboard.press(" ")
    expect(video).to_have_js_property("paused", True)
    video.evaluate("each => each.currentTime = 1.5")
    page.locator("photo-viewer").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("video")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('video')?.currentTime === 1.5")


@pytest.mark.parametrize("kind", ["live", "motion"])
def test_the_moving_part_of_a_photo_plays_over_it_without_sound(open_page: OpenPage, album: Album, kind: str) -> None:
    page = open_page(f"/photo/{album.of_type(kind)['photo_id']}")
    page.get_by_role("link", name="Play the moving part").click()
    until(page, "document.querySelector('.moving')?.currentTime > 0")
    assert page.locator(".moving").evaluate("each => each.muted")
    page.locator(".moving").evaluate("each => each.currentTime = each.duration")
    until(page, "!document.querySelector('.moving')")  # at its end the photo is back


def test_a_finger_that_rests_plays_it_until_it_is_lifted(
    touched: Callable[..., tuple[Page, Fingers]], album: Album
) -> None:
    page, fingers = touched(f"/photo/{album.of_type('motion')['photo_id']}")
    fingers.send("touchStart", (195, 420))
    until(page, "document.querySelector('.moving')")
    fingers.up()
    until(page, "!document.querySelector('.moving')")


def test_the_parts_of_raw_and_jpeg_are_listed_to_view_and_download(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{album.of_type('raw')['photo_id']}")
    page.keyboard.press("i")
    parts = page.locator(".parts li")
    expect(parts).to_have_count(2)
    expect(parts.nth(1)).to_contain_text("DNG")
    page.get_by_role("button", name="Download", exact=True).click()
    menu = page.locator(".menu:popover-open")
    expect(menu.get_by_role("link")).to_have_count(2)
    with page.expect_download() as download:
        menu.get_by_role("link", name="The RAW file").click()
    assert download.value.suggested_filename.endswith(".dng")


def test_a_slideshow_goes_on_by_itself_and_stops_at_the_end(open_page: OpenPage, album: Album) -> None:
    photos = [photo["photo_id"] for photo in album.photos]
    page = open_page(f"/photo/{photos[-3]}", reduced_motion="reduce")
    page.evaluate("localStorage.setItem('slideshow-seconds', '0.2')")
    page.keyboard.press("s")
    bar = page.get_by_role("group", name="Slideshow")
    expect(bar).to_be_visible()
    shows(page, photos[-1])
    expect(bar).to_be_hidden()
    page.evaluate("localStorage.removeItem('slideshow-seconds')")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("s")
    bar.get_by_label("Each for").select_option("20")
    assert page.evaluate("localStorage.getItem('slideshow-seconds')") == "20"
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    shows(page, photos[-2])


@pytest.fixture
def panorama(browser: Browser, album: Album) -> Iterator[Page]:
    """A page that may complain of drawing on the processor, as it does where there is no graphics card."""
    context = browser.new_context(viewport={"width": 800, "height": 600}, service_workers="block")
    context.add_cookies([{"name": COOKIE, "value": album.server.token, "url": album.url}])
    yield context.new_page()
    context.close()


def test_somebody_looks_around_in_a_picture_of_everything_around(panorama: Page, album: Album) -> None:
    page = panorama
    page.goto(f"{album.url}/photo/{named(album, 'panorama360.jpg')}")
    sphere = page.locator("canvas.sphere")
    expect(sphere).to_be_visible()
    look = "document.querySelector('photo-viewer').stage.sphere"
    before = page.evaluate(f"[{look}.left, {look}.up, {look}.view]")
    page.mouse.move(400, 300)
    page.mouse.down()
    page.mouse.move(300, 340, steps=4)
    page.mouse.up()
    page.mouse.wheel(0, -300)
    until(page, f"{look}.view < {before[2]}")
    left, up, _ = page.evaluate(f"[{look}.left, {look}.up, {look}.view]")
    assert left > before[0]
    assert up > before[1]
    sphere.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{look}.left") > left
    page.get_by_role("button", name="Look around").click()
    expect(sphere).to_have_count(0)
    expect(page.locator(".slide .picture")).to_be_visible()


def test_where_nothing_can_be_drawn_the_flat_picture_stays(panorama: Page, album: Album) -> None:
    panorama.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    panorama.goto(f"{album.url}/photo/{named(album, 'panorama360.jpg')}")
    until(panorama, "performance.getEntriesByType('resource').some(each => each.name.endsWith('/sphere.js'))")
    until(panorama, "document.querySelector('.slide .picture').naturalWidth > 0")
    expect(panorama.locator("canvas")).to_have_count(0)
    expect(panorama.locator(".slide .picture")).to_have_css("opacity", "1")


# ---------------------------------------------------------------- what is known, and putting it right


def test_the_information_comes_and_stays_while_turning(open_page: OpenPage, album: Album) -> None:
    photo = named(album, "DSCN0010.jpg")
    page = open_page(f"/photo/{photo}")
    panel = page.locator(".information")
    expect(panel).to_be_hidden()
    page.keyboard.press("i")
    expect(panel).to_be_visible()
    for said in (
        "Wednesday, 22 October 2008",
        "As the camera wrote it",
        "Nikon COOLPIX P6000",
        "ISO 64",
        "DSCN0010.jpg",
        "43.46745° N",
    ):
        expect(panel).to_contain_text(said)
    page.keyboard.press("ArrowRight")
    shows(page, album.photos[index_of(album, photo) + 1])
    expect(panel).to_be_visible()
    page.get_by_role("button", name="Close the information").click()
    expect(panel).to_be_hidden()


def test_the_information_can_be_asked_for_before_the_photo_has_come(open_page: OpenPage) -> None:
    page = open_page()
    until(page, "document.querySelector('photo-grid')?.window")
    page.locator(".tile").nth(3).click()
    page.keyboard.press("i")
    expect(page.locator("dialog .information")).to_be_visible()


def test_a_title_and_a_description_are_written_where_they_stand(open_page: OpenPage, album: Album) -> None:
    page = open_page(f"/photo/{named(album, 'DSCN0012.jpg')}")
    page.keyboard.press("i")
    title = page.get_by_label("Title", exact=True)
    title.fill("Arezzo")
    title.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.get_by_label("Description", exact=True).fill("An afternoon")
    with page.expect_response("**/photos/act"):
        page.get_by_label("Description", exact=True).blur()
    page.reload()
    expect(title).to_have_value("Arezzo")
    expect(page.get_by_label("Description", exact=True)).to_have_value("An afternoon")
    title.fill("nobody wants this")
    title.press("Escape")
    expect(title).to_have_value("Arezzo")
    expect(page.locator(".information")).to_be_visible()
    title.fill("")
    title.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Saved")
    undo(page)
    expect(title).to_have_value("Arezzo")


def test_date_place_tags_and_stars_are_put_right_and_put_back(open_page: OpenPage, album: Album) -> None:
    photo = named(album, "DSCN0012.jpg")
    page = open_page(f"/photo/{photo}")
    page.keyboard.press("i")
    when = page.locator(f"#when-{photo}")
    before = when.inner_text()
    when.locator("summary").click()
    when.get_by_label("Date and time").fill("2019-06-14T14:03:00")
    when.get_by_label("Time zone").select_option("120")
    when.get_by_role("button", name="Save").click()
    expect(when).to_contain_text("Friday, 14 June 2019")
    expect(when).to_contain_text("14:03 · UTC+2")
    undo(page)
    expect(when).to_have_text(before, use_inner_text=True)

    where = page.locator(f"#where-{photo}")
    where.locator("summary").click()
    where.get_by_label("Latitude").fill("48.1")
    where.get_by_label("Longitude").fill("-1.68")
    where.get_by_role("button", name="Save").click()
    expect(where).to_contain_text("48.10000° N, 1.68000° W")
    undo(page)
    expect(where).not_to_contain_text("48.10000")

    tags = page.locator(f"#tags-{photo}")
    tags.get_by_label("Add a tag").fill("holiday")
    tags.get_by_label("Add a tag").press("Enter")
    expect(tags.get_by_role("link", name="holiday")).to_be_visible()
    tags.get_by_role("button", name="Take the tag holiday away").click()
    expect(tags.get_by_role("link", name="holiday")).to_have_count(0)

    page.locator("photo-viewer").focus()
    page.keyboard.press("4")
    expect(page.locator(f"#rated-{photo} .is-lit")).to_have_count(4)
    page.keyboard.press("0")
    expect(page.locator(f"#rated-{photo} .is-lit")).to_have_count(0)
    page.keyboard.press("l")
    favourite = page.get_by_role("button", name="Favourite")
    expect(favourite).to_have_attribute("aria-pressed", "true")
    undo(page)
    expect(favourite).to_have_attribute("aria-pressed", "false")


def test_the_trash_takes_a_photo_the_next_one_comes_and_undo_brings_it_back(open_page: OpenPage, album: Album) -> None:
    page = open_page()
    here = index_of(album, open_first(page, 6))
    page.keyboard.press("#")
    shows(page, album.photos[here + 1])
    expect(page.locator(".toast")).to_contain_text("Moved to the trash")
    undo(page)
    shows(page, album.photos[here])
    page.keyboard.press("ArrowRight")
    shows(page, album.photos[here + 1])
    page.keyboard.press("e")
    shows(page, album.photos[here + 2])
    undo(page)
    shows(page, album.photos[here + 1])
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer-over")).to_be_hidden()
    expect(page.locator(f"#photo-{album.photos[here]['photo_id']}")).to_be_visible()


def test_what_was_done_can_be_undone_after_the_viewer_has_closed(open_page: OpenPage) -> None:
    page = open_page()
    gone = open_first(page, 6)
    page.keyboard.press("#")
    expect(page.locator("dialog .toast")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer-over")).to_be_hidden()
    expect(page.locator(f"#photo-{gone}")).to_have_count(0)
    undo(page)
    expect(page.locator(f"#photo-{gone}")).to_be_visible()


def test_the_last_photo_of_the_trash_is_restored_and_the_page_says_that_it_is_empty(
    open_page: OpenPage, album: Album
) -> None:
    photo = named(album, "DSCN0021.jpg")
    page = open_page(f"/photo/{photo}")
    page.keyboard.press("#")
    expect(page.locator(".toast")).to_be_visible()
    page.goto(album.url + "/trash")
    until(page, "document.querySelector('photo-grid')?.window")
    page.locator(f"#photo-{photo}").click()
    expect(page.get_by_role("button", name="Delete for good").first).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".tile")).to_have_count(0)
    assert page.url.endswith("/trash")


def test_a_photo_is_placed_by_a_name_and_filed_in_an_album(open_page: OpenPage, album: Album) -> None:
    photo = named(album, "DSCN0021.jpg")
    page = open_page(f"/photo/{photo}", reduced_motion="reduce")
    page.keyboard.press("i")
    where = page.locator(f"#where-{photo}")
    where.locator("summary").click()
    name = where.get_by_role("combobox")
    expect(name).to_be_focused()
    name.fill("Reykjavik")
    where.get_by_role("option").first.click()
    expect(where).to_contain_text("64.1")
    undo(page)
    expect(where).to_contain_text("43.4")
    page.locator("photo-viewer").focus()
    page.keyboard.press("a")
    page.get_by_label("Find an album or name a new one").fill("An album of its own")
    page.keyboard.press("Enter")
    expect(page.locator(f"#albums-{photo}").get_by_role("link", name="An album of its own")).to_be_visible()
    undo(page)


# ---------------------------------------------------------------- without script


def test_without_script_a_photo_is_a_page_with_forms_that_work(open_page: OpenPage, album: Album) -> None:
    photo = album.photos[index_of(album, named(album, "DSCN0012.jpg"))]["photo_id"]
    page = open_page(f"/photo/{photo}", java_script_enabled=False)
    expect(page.locator(".information")).to_contain_text("DSCN0012.jpg")
    page.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("link", name="Older photo", exact=True).click()
    shows(page, album.photos[index_of(album, photo) + 1])
    page.get_by_role("link", name="Back to the photos").click()
    expect(page.locator(f"#photo-{album.photos[index_of(album, photo) + 1]['photo_id']}")).to_be_in_viewport()
