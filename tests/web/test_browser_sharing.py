"""Sharing by a link in a real browser: from the album to somebody without an account, and the end of it."""

import json
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import SIZES, Album, OpenPage

CLIPBOARD = ["clipboard-read", "clipboard-write"]
ASK = """([path, body, method]) => fetch(path, {method: method ?? "POST", body: JSON.stringify(body),
  headers: {"Content-Type": "application/json"}}).then((answer) => answer.json())"""


SEND = """async ([address, keys]) => {
  const form = new FormData()
  form.set("visitor", "Aunt Mia")
  for (const key of keys) form.append("files", await (await fetch(`/media/${key}/medium`)).blob(), `${key.slice(0, 4)}.jpg`)
  const answer = await fetch(address, {method: "POST", body: form, headers: {Accept: "application/json"}})
  if (!answer.ok) throw new Error(await answer.text())
}"""


@pytest.fixture
def shared(open_page: OpenPage, album: Album) -> Iterator[int]:
    """An album of three photos, one of which says where it was taken."""
    page = open_page("/albums")
    placed = json.loads(album.server.get("/api/v1/photos?scope=placed&size=1"))["items"][0]["photo_id"]
    chosen = [placed, *(each["photo_id"] for each in album.photos[:3] if each["photo_id"] != placed)][:3]
    made = page.evaluate(ASK, ["/api/v1/albums", {"title": "For Grandma", "photo_ids": chosen}])["album_id"]
    yield made
    page.evaluate(ASK, [f"/api/v1/albums/{made}", {}, "DELETE"])


@pytest.mark.parametrize("size", SIZES)
def test_an_album_goes_to_somebody_with_a_password_and_comes_to_an_end_at_once(
    open_page: OpenPage, album: Album, shared: int, size: str
) -> None:
    page = open_page(f"/albums/{shared}", size, permissions=CLIPBOARD)
    page.get_by_role("link", name="Share", exact=True).click()
    sheet = page.locator("dialog[open]")
    expect(sheet.get_by_text("Places are not shown.", exact=True)).to_be_visible()
    sheet.get_by_text("Password, end and other options").click()
    sheet.get_by_label("Show where photos were taken").check()
    expect(sheet.get_by_text("exactly where").first).to_be_visible()
    sheet.get_by_label("Show where photos were taken").uncheck()
    sheet.get_by_role("button", name="Make one up").click()
    password = sheet.get_by_label("Password").input_value()
    assert len(password) == 14
    sheet.get_by_role("button", name="Make a link").click()
    field = sheet.get_by_label("Address of the link")
    expect(field).to_be_visible()
    expect(page.get_by_text("The link is made and copied.")).to_be_visible()
    address = field.input_value()
    assert page.evaluate("navigator.clipboard.readText()") == address
    assert password not in address
    expect(sheet.get_by_text(f"Password: {password}")).to_be_visible()
    sheet.get_by_text("Show a square").click()
    expect(sheet.get_by_role("img", name="QR code")).to_be_visible()

    grandma = open_page(address.removeprefix(album.url), size, is_signed_in=False)
    expect(grandma.get_by_role("heading", name="For Grandma")).to_have_count(0)
    heard = password.replace("-", " ").title()  # as she writes what she was told on the telephone
    grandma.get_by_role("button", name="Show the password").click()
    grandma.keyboard.type(heard)
    expect(grandma.get_by_role("textbox", name="Password")).to_have_attribute("type", "text")
    grandma.keyboard.press("Enter")
    expect(grandma.get_by_role("heading", name="For Grandma").first).to_be_visible()
    assert password not in grandma.url

    sheet.get_by_role("link", name="Options and visits").click()
    expect(page.get_by_role("heading", name="For Grandma")).to_be_visible()
    expect(page.locator(".figures div").first).to_contain_text("1")
    page.get_by_role("button", name="Revoke this link").click()
    expect(page.get_by_text("This link is revoked.")).to_be_visible()
    assert grandma.request.get(address).status == 404
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Revoke this link")).to_be_visible()
    assert grandma.request.get(address).status == 200


def test_on_a_phone_one_tap_makes_a_link_and_hands_it_to_what_sends_things(open_page: OpenPage, shared: int) -> None:
    page = open_page(f"/albums/{shared}", "phone")
    page.evaluate(
        "navigator.share = async (said) => void (window.sent = said)"
    )  # what the browser for tests does not have
    page.get_by_role("link", name="Share", exact=True).tap()
    page.locator("dialog[open]").get_by_role("button", name="Make a link").tap()
    expect(page.get_by_label("Address of the link")).to_be_visible()
    sent = page.evaluate("window.sent")
    assert sent["title"] == "For Grandma"
    assert sent["url"] == page.get_by_label("Address of the link").input_value()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.get_by_role("link", name="Share", exact=True).tap()  # another time the link that is there is sent
    expect(page.get_by_text("It is shared by a link already")).to_be_visible()
    page.locator("dialog[open] .there").get_by_role("button", name="Send").tap()
    assert page.evaluate("window.sent.url") == sent["url"]


def test_chosen_photos_are_shared_from_the_bar(open_page: OpenPage, album: Album, shared: int) -> None:
    page = open_page(f"/albums/{shared}", permissions=CLIPBOARD)
    cells = page.locator(".canvas .cell")
    expect(cells).to_have_count(3)
    for number in (0, 1):
        cells.nth(number).locator(".tick").dispatch_event("click")
    page.locator("selection-bar").get_by_role("button", name="Share").click()
    sheet = page.locator("dialog[open]")
    expect(sheet.get_by_role("heading", name="Share 2 photos")).to_be_visible()
    sheet.get_by_role("button", name="Make a link").click()
    expect(sheet.get_by_label("Address of the link")).to_be_visible()
    _revoke_newest(page)


def test_one_photo_is_shared_from_the_viewer_and_keys_stay_in_the_sheet(open_page: OpenPage, shared: int) -> None:
    page = open_page(f"/albums/{shared}")
    page.locator(".canvas .tile").first.click()
    page.locator("dialog .viewed").get_by_role("link", name="Share").click()
    sheet = page.locator("dialog.share-sheet")
    expect(sheet.get_by_role("heading", name="Share this photo")).to_be_visible()
    at = page.url
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    assert page.url == at
    expect(page.locator("dialog .viewed")).to_be_visible()


def test_without_https_it_is_copied_all_the_same(open_page: OpenPage, shared: int) -> None:
    page = open_page(f"/albums/{shared}")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as on http://192.168.1.7
    page.get_by_role("link", name="Share", exact=True).click()
    page.locator("dialog[open]").get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("The link is made and copied.")).to_be_visible()


def test_what_visitors_sent_is_taken_and_refused_with_two_keys(open_page: OpenPage, album: Album, shared: int) -> None:
    page = open_page(f"/albums/{shared}")
    made = page.evaluate(ASK, [f"/api/v1/albums/{shared}/share", {"permissions": "contribute"}])
    page.evaluate(
        SEND, [f"{made['share_url']}/contribute", [each["key"] for each in album.photos if each["type"] == "photo"][:2]]
    )
    page.goto(f"{album.url}/sharing/waiting?link_id={made['share_id']}")
    cards = page.locator("[data-waiting]")
    expect(cards).to_have_count(2)
    expect(cards.first.get_by_text("Aunt Mia")).to_be_visible()
    cards.first.get_by_role("link", name="What Aunt Mia sent").click()
    large = page.get_by_role("dialog").get_by_role("button", name="Close").locator("img")
    expect(large).to_be_in_viewport()
    page.keyboard.press("y")  # looks at it, and takes nothing
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cards).to_have_count(2)
    page.keyboard.press("n")
    expect(page.get_by_text("The photo is refused")).to_be_visible()
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(2)
    page.keyboard.press("n")
    expect(cards).to_have_count(1)
    page.keyboard.press("y")
    expect(page.get_by_text("Added to For Grandma")).to_be_visible()
    expect(page.get_by_text("No photo from a visitor waits for you.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()  # a photo more would be news to other tests
    expect(page.get_by_text("Moved to the trash")).to_be_visible()
    left = json.loads(album.server.get("/api/v1/photos?scope=trash"))["items"]
    page.evaluate(ASK, ["/api/v1/trash/empty", {"photo_ids": [left[0]["photo_id"]]}])


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_serious_where_things_are_shared(
    open_page: OpenPage, shared: int, size: str, theme: str
) -> None:
    page = open_page(f"/albums/{shared}", size, color_scheme=theme, reduced_motion="reduce")
    made = page.evaluate(
        ASK, [f"/api/v1/albums/{shared}/share", {"password": "bamu-tefo", "permissions": "contribute"}]
    )["share_id"]
    serious = []
    for path in (f"/share?album={shared}", "/sharing", f"/sharing/{made}", f"/sharing?album_id={shared}&state=ended"):
        page.goto(f"{page.url.partition('/albums')[0].partition('/shar')[0]}{path}")
        for each in page.locator("details").all():
            each.evaluate("(details) => { details.open = true }")
        found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
        serious += [
            (path, each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), path
    assert serious == []


def _revoke_newest(page: Page) -> None:
    newest = page.evaluate("fetch('/api/v1/links').then((answer) => answer.json())")["items"][0]["link_id"]
    page.evaluate(ASK, [f"/api/v1/links/{newest}", {}, "DELETE"])
