"""Albums in a real Chromium, at both sizes: made, filled, arranged with mouse, finger and keys, nested, filled by a search, undone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from .conftest import Album, serving_album, taken_at

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
SIZES = ("desktop", "phone")


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    """A served library of 24 small drawn photos of one day."""
    world = tmp_path_factory.mktemp("albums")
    (world / "in").mkdir()
    for number in range(24):
        exif = taken_at(f"2018:07:14 10:{number:02}:00")
        Image.new("RGB", (48, 36), (10 * number, 80, 160)).save(world / "in" / f"{number}.jpg", exif=exif)
    with serving_album(world) as served:
        yield served


@pytest.fixture
def photos(album: Album) -> list[int]:
    """Their ids, oldest first."""
    return [photo["photo_id"] for photo in album.photos][::-1]


def ask(page: Page, path: str, body: Any = None, method: str = "POST") -> Any:
    """The API, as a script of the page asks it."""
    return page.evaluate(
        """([path, method, body]) => fetch(path, { method, headers: { "Content-Type": "application/json" },
             body: body ? JSON.stringify(body) : undefined }).then((answer) => answer.json())""",
        [path, method if body is not None else "GET", body],
    )


def made(page: Page, title: str, photo_ids: list[int] | None = None, **more: Any) -> int:
    """An album that is there already."""
    return ask(page, "/api/v1/albums", {"title": title, **({"photo_ids": photo_ids} if photo_ids else {}), **more})[
        "album_id"
    ]


def order(page: Page, album_id: int) -> list[int]:
    return [each["photo_id"] for each in ask(page, f"/api/v1/photos?scope=album-{album_id}")["items"]]


def squares(page: Page) -> list[int]:
    return [
        int(each)
        for each in page.locator("album-arranger li").evaluate_all("all => all.map((each) => each.dataset.id)")
    ]


def square(page: Page, photo_id: int) -> Locator:
    return page.locator(f"album-arranger li[data-id='{photo_id}'] button")


def goes(page: Page, act: Callable[[], object], path: str = "/order") -> None:
    """Do something, and wait until it was kept."""
    with page.expect_response(lambda answer: answer.url.endswith(path) and answer.request.method != "GET"):
        act()


@pytest.mark.parametrize("size", SIZES)
def test_an_album_is_made_called_and_filled(open_page: OpenPage, size: str) -> None:
    page = open_page("/albums", size)
    page.get_by_role("button", name="New album").first.click()
    page.get_by_label("Title").fill("Norwy")
    page.get_by_role("button", name="Make album").click()
    title = page.get_by_label("Title of the album")
    expect(title).to_have_value("Norwy")
    title.fill("Norway")
    title.press("Enter")
    expect(page.locator("h1")).to_have_text("Norway")
    page.get_by_label("Description of the album").fill("By boat")
    page.get_by_label("Description of the album").blur()
    expect(page.get_by_role("status").get_by_text("Saved")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Description of the album")).to_have_value("")
    page.get_by_role("link", name="Add photos").last.click()
    add = page.get_by_role("button", name="Add", exact=True)
    expect(add).to_be_disabled()
    tiles = page.locator(".canvas .tile")
    tiles.nth(0).click()
    tiles.nth(2).click()
    expect(page.get_by_text("2 photos chosen")).to_be_visible()
    add.click()
    expect(page.get_by_text("2 photos added to Norway")).to_be_visible()
    expect(page.locator(".canvas .tile")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("0 photos")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_photos_are_taken_out_and_come_back(open_page: OpenPage, photos: list[int], size: str) -> None:
    page = open_page("/albums", size)
    page.goto(f"{page.url}/{made(page, 'Three', photos[:3])}")
    cells = page.locator(".canvas .cell")
    expect(cells).to_have_count(3)
    cells.nth(1).locator(".tick").dispatch_event("click")
    bar = page.locator("selection-bar")
    expect(bar).to_be_visible()
    leave = bar.locator("[data-do=leave-album]")
    if not leave.is_visible():
        bar.locator("[data-do=menu]").click()
    leave.click()
    expect(cells).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(cells).to_have_count(3)


def test_photos_are_arranged_with_the_mouse(open_page: OpenPage, photos: list[int]) -> None:
    a, b, c, d, e = photos[:5]
    page = open_page("/albums")
    album_id = made(page, "Mouse", [a, b, c, d, e])
    page.goto(f"{page.url}/{album_id}/arrange")

    def drag(photo: int, beside: int, share: float) -> None:
        target = square(page, beside).bounding_box()
        assert target
        square(page, photo).hover()
        page.mouse.down()
        page.mouse.move(target["x"] + 5, target["y"] + 5, steps=3)
        page.mouse.move(target["x"] + share * target["width"], target["y"] + 40, steps=3)
        expect(page.locator(".in-hand")).to_be_visible()
        expect(page.locator(".is-before, .is-behind")).to_have_count(1)
        goes(page, page.mouse.up)

    drag(d, a, 0.2)
    assert squares(page) == order(page, album_id) == [d, a, b, c, e]
    drag(d, c, 0.8)
    assert squares(page) == order(page, album_id) == [a, b, c, d, e]
    square(page, a).click()
    square(page, c).click()
    drag(a, e, 0.8)
    assert squares(page) == order(page, album_id) == [b, d, e, a, c]
    goes(page, page.get_by_role("button", name="Undo").click, "/undo")
    expect(page.locator("album-arranger li").first).to_have_attribute("data-id", str(a))
    assert squares(page) == order(page, album_id) == [a, b, c, d, e]


def test_photos_are_arranged_with_a_finger(open_page: OpenPage, photos: list[int]) -> None:
    a, b, c, d, e = photos[:5]
    page = open_page("/albums", "phone")
    album_id = made(page, "Finger", [a, b, c, d, e])
    page.goto(f"{page.url}/{album_id}/arrange")
    touch = page.context.new_cdp_session(page)

    def at(photo: int, share: float) -> dict[str, float]:
        box = square(page, photo).bounding_box()
        assert box
        return {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2}

    start, stop = at(e, 0.5), at(b, 0.2)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [start]})
    expect(page.locator(".in-hand")).to_be_visible()
    for step in range(1, 6):
        point = {name: start[name] + (stop[name] - start[name]) * step / 5 for name in ("x", "y")}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    expect(square(page, b).locator("..")).to_have_class(re.compile("is-before"))
    goes(page, lambda: touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}))
    assert squares(page) == order(page, album_id) == [a, e, b, c, d]
    square(page, c).tap()
    goes(page, page.get_by_role("button", name="To the start").tap)
    goes(page, page.get_by_role("button", name="Later").tap)
    assert squares(page) == order(page, album_id) == [a, c, e, b, d]


def test_photos_are_arranged_with_keys(open_page: OpenPage, photos: list[int]) -> None:
    a, b, c, d = photos[:4]
    page = open_page("/albums")
    album_id = made(page, "Keys", [a, b, c, d])
    page.goto(f"{page.url}/{album_id}/arrange")
    square(page, a).focus()
    page.keyboard.press("ArrowRight")
    expect(square(page, b)).to_be_focused()
    goes(page, lambda: page.keyboard.press("Alt+ArrowRight"))
    expect(square(page, b)).to_be_focused()
    expect(square(page, b)).to_have_accessible_name(re.compile("3 of 4$"))
    goes(page, lambda: page.keyboard.press("Alt+Home"))
    assert squares(page) == order(page, album_id) == [b, a, c, d]
    page.keyboard.press("Space")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    expect(page.get_by_role("toolbar").get_by_text("2 photos")).to_be_visible()
    goes(page, lambda: page.keyboard.press("Alt+ArrowLeft"))
    assert squares(page) == order(page, album_id) == [b, d, a, c]
    goes(page, lambda: page.keyboard.press("Alt+ArrowRight"))
    assert squares(page) == order(page, album_id) == [a, b, d, c]
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar")).to_be_hidden()


@pytest.mark.parametrize("size", SIZES)
def test_the_order_and_the_cover_of_an_album_are_chosen(open_page: OpenPage, photos: list[int], size: str) -> None:
    page = open_page("/albums", size)
    album_id = made(page, "Covered", photos[:3])
    page.goto(f"{page.url}/{album_id}")
    first = page.locator(".canvas .tile").first
    expect(first).to_have_id(f"photo-{photos[0]}")
    page.get_by_role("button", name="More about this album").click()
    page.get_by_role("button", name="Newest first").click()
    expect(first).to_have_id(f"photo-{photos[2]}")
    page.get_by_role("button", name="Undo").click()
    expect(first).to_have_id(f"photo-{photos[0]}")
    page.get_by_role("button", name="More about this album").click()
    page.get_by_role("link", name="Choose the cover").click()
    page.locator(".square").nth(1).click()
    page.wait_for_url(f"**/albums/{album_id}")
    assert ask(page, f"/api/v1/albums/{album_id}")["cover"]["photo_id"] == photos[1]


@pytest.mark.parametrize("size", SIZES)
def test_albums_are_nested_moved_found_and_deleted(open_page: OpenPage, photos: list[int], size: str) -> None:
    page = open_page("/albums", size)
    outer = made(page, f"Travel {size}")
    page.goto(f"{page.url}/{outer}")
    page.get_by_role("button", name="More about this album").click()
    page.get_by_role("button", name="New album in here").click()
    page.get_by_label("Title", exact=True).fill(f"Bergen {size}")
    page.get_by_role("button", name="Make album").click()
    crumbs = page.get_by_role("navigation", name="Where this album is")
    crumbs.get_by_role("link", name=f"Travel {size}").click()
    expect(
        page.get_by_role("region", name="Albums in this album").get_by_role("link", name=f"Bergen {size}")
    ).to_be_visible()
    page.goto(page.url.rpartition("/")[0])
    page.get_by_label("Find an album").fill(f"berg {size}")
    card = page.locator(".album-card")
    expect(card).to_have_count(1)
    card.click()
    page.get_by_role("button", name="More about this album").click()
    page.get_by_role("button", name="Move to …").click()
    page.get_by_label("Album that it goes into").select_option("")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(crumbs.get_by_role("link")).to_have_count(1)
    page.get_by_role("button", name="More about this album").click()
    page.get_by_role("button", name="Delete album").click()
    page.wait_for_url("**/albums")
    expect(page.get_by_role("link", name=f"Bergen {size}")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name=f"Bergen {size}")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_an_album_fills_itself(open_page: OpenPage, size: str) -> None:
    page = open_page("/albums", size)
    page.get_by_role("button", name="New album").first.click()
    page.get_by_label("Title").fill("That day")
    page.get_by_text("Let it fill itself").click()
    page.get_by_label("With everything that this search finds").fill("on:2018-07-14")
    page.get_by_role("button", name="Make album").click()
    expect(page.get_by_text("24 photos", exact=False).first).to_be_visible()
    expect(page.locator(".canvas .tile").first).to_be_visible()
    expect(page.get_by_role("link", name="Add photos")).to_have_count(1)  # that of the bar
    query = page.get_by_label("This album is filled by the search")
    query.fill("on:2018-07-15")
    query.press("Enter")
    expect(page.get_by_text("0 photos")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("24 photos", exact=False).first).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_a_dialog_asks_for_an_album_or_makes_one(open_page: OpenPage, photos: list[int], size: str) -> None:
    page = open_page("/albums", size)
    made(page, f"Picked {size}", photos[:1])
    script = page.evaluate("document.querySelector('script[src$=\"app.js\"]').src").replace("app.js", "album-picker.js")

    def pick() -> None:
        page.evaluate(
            """(src) => { delete document.body.dataset.picked; import(src).then(({ pickAlbum }) => pickAlbum())
                 .then((album) => (document.body.dataset.picked = album?.title ?? "none")) }""",
            script,
        )

    picked = page.locator("body")
    dialog = page.get_by_role("dialog", name="Add to an album")
    pick()
    expect(dialog.get_by_placeholder("Find an album or name a new one")).to_be_focused()
    page.keyboard.type(f"picked {size}")
    expect(dialog.locator("li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(picked).to_have_attribute("data-picked", f"Picked {size}")
    pick()
    expect(dialog.get_by_placeholder("Find an album or name a new one")).to_be_focused()
    page.keyboard.type("Quite new")
    dialog.get_by_role("button", name="New album “Quite new”").click()
    expect(dialog).to_have_count(0)
    expect(picked).to_have_attribute("data-picked", "Quite new")
    pick()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(picked).to_have_attribute("data-picked", "none")


@pytest.mark.parametrize("size", SIZES)
def test_what_is_chosen_in_the_timeline_is_put_into_an_album(open_page: OpenPage, photos: list[int], size: str) -> None:
    page = open_page("/", size)
    album_id = made(page, f"Chosen {size}")
    page.locator(".canvas .tick").nth(1).dispatch_event("click")
    page.locator(".canvas .tick").nth(3).dispatch_event("click")
    page.locator(".selection-bar").get_by_role("button", name="Add to an album").click()
    page.get_by_role("dialog", name="Add to an album").get_by_role("button", name=f"Chosen {size}").click()
    expect(page.get_by_text(f"2 photos added to Chosen {size}")).to_be_visible()
    assert order(page, album_id) == [photos[-4], photos[-2]]
    goes(page, page.get_by_role("button", name="Undo").click, "/undo")
    assert order(page, album_id) == []


def test_a_thousand_albums_are_fetched_as_somebody_scrolls(open_page: OpenPage) -> None:
    page = open_page("/albums")
    ask(page, "/api/v1/albums", {"title": "Shelf"})
    page.evaluate(
        """async () => { for (let n = 0; n < 70; n++) await fetch("/api/v1/albums", { method: "POST",
             headers: { "Content-Type": "application/json" }, body: JSON.stringify({ title: `Many ${n}` }) }) }"""
    )
    page.goto(f"{page.url}?sort=title&q=many")
    cards = page.locator(".album-card")
    assert cards.count() in (60, 70)
    page.mouse.wheel(0, 10_000)
    expect(cards).to_have_count(70)
    expect(page.locator("more-albums")).to_have_count(0)
