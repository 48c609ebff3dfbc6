"""Two people in one album at once, in two real browsers: what one does the other sees, and both keep what they did."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from photolib import album_edits, albums
from photolib.accounts import users
from photolib.db import connect, write
from photolib.sharing import members
from web.sessions import COOKIE

from .conftest import SIZES, Server, imported, serving, sign_in, taken_at

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class House:
    """A served library of twelve photos; ben has an account here, and two of them are his."""

    server: Server
    data: Path
    ben: int
    ben_token: str
    photos: list[int]
    his: list[int]

    def album(self, title: str, role: str) -> tuple[int, int]:
        """An album of ten photos that ben was invited into; its id and that of the invitation."""
        db = connect(self.data / "photolib.db")
        try:
            with write(db) as changed:
                made = album_edits.make(changed, 1, title, "", None, self.photos).album_id
                grant = members.invite(changed, 1, albums.album(changed, made), "user", self.ben, role)  # type: ignore[arg-type]
            return made, grant.id
        finally:
            db.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    world = tmp_path_factory.mktemp("together")
    (world / "in").mkdir()
    for number in range(12):
        exif = taken_at(f"2018:07:14 10:{number:02}:00")
        Image.new("RGB", (48, 36), (20 * number, 80, 160)).save(world / "in" / f"{number}.jpg", exif=exif)
    library = imported(world)
    with write(library.db) as db:
        ben = users.add(db, "ben", "Ben").id
        ids = [row[0] for row in db.conn.execute("select id from photos order by shown_at")]
        for each in ids[10:]:
            db.conn.execute("update photos set owner_id = ? where id = ?", (ben, each))
    token = sign_in(library.db, ben)
    library.close()
    with serving(world / "data") as server:
        yield House(server, world / "data", ben, token, ids[:10], ids[10:])


@pytest.fixture
def both(browser: Browser, house: House) -> Iterator[tuple[Page, Page]]:
    """A page of the owner's and one of ben's, on a phone."""
    contexts: list[BrowserContext] = []
    pages = []
    complaints: list[str] = []
    for token, size in ((house.server.token, "desktop"), (house.ben_token, "phone")):
        context = browser.new_context(service_workers="block", **SIZES[size])
        context.add_cookies([{"name": COOKIE, "value": token, "url": house.server.url, "httpOnly": True}])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.set_default_timeout(10_000)
        pages.append(page)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    assert complaints == []


def ask(page: Page, path: str, body: Any, method: str = "POST") -> Any:
    """The API, as a script of the page asks it."""
    return page.evaluate(
        """([path, method, body]) => fetch(path, { method, headers: { "Content-Type": "application/json" },
             body: JSON.stringify(body) }).then((answer) => answer.json())""",
        [path, method, body],
    )


def order(page: Page, album: int) -> list[int]:
    items = json.loads(page.evaluate(f"fetch('/api/v1/photos?album_id={album}').then((answer) => answer.text())"))[
        "items"
    ]
    return [each["photo_id"] for each in items]


def test_what_one_adds_the_other_sees_without_losing_what_they_have_chosen(
    house: House, both: tuple[Page, Page]
) -> None:
    anna, ben = both
    album, _ = house.album("Wedding", "contribute")
    for page in both:
        page.goto(f"{house.server.url}/albums/{album}")
        expect(page.locator("photo-grid.is-whole .tile")).to_have_count(10)
    first = anna.locator(f"#photo-{house.photos[0]}")
    first.hover()
    first.locator("xpath=..").get_by_role("checkbox").click()
    expect(anna.locator("selection-bar .count")).to_have_text("1 photo")
    ask(ben, f"/api/v1/albums/{album}/photos", {"photo_ids": house.his})
    expect(anna.locator("photo-grid .tile")).to_have_count(12)
    expect(anna.locator("#album-head [data-holds]")).to_contain_text("12 photos")
    expect(anna.locator("selection-bar .count")).to_have_text("1 photo")
    expect(anna.locator("#album-activity")).to_contain_text("added 2 photos")
    ask(anna, f"/api/v1/albums/{album}", {"title": "Our wedding"}, "PATCH")
    expect(ben.get_by_role("heading", name="Our wedding")).to_be_visible()
    expect(ben.locator("photo-grid .tile")).to_have_count(12)


def test_two_who_arrange_at_once_both_keep_their_photos_where_they_put_them(
    house: House, both: tuple[Page, Page]
) -> None:
    anna, ben = both
    album, _ = house.album("Arranged", "contribute")
    for page in both:
        page.goto(f"{house.server.url}/albums/{album}/arrange")
        expect(page.locator("album-arranger li")).to_have_count(10)
    one, two = house.photos[2], house.photos[7]
    for page, photo, key in ((anna, one, "First"), (ben, two, "Last")):
        page.evaluate(
            """([photo, key]) => {
                 const item = document.querySelector(`album-arranger li[data-id="${photo}"] button`)
                 item.focus()
                 item.dispatchEvent(new KeyboardEvent("keydown", { key: key === "First" ? "Home" : "End", altKey: true, bubbles: true }))
               }""",
            [photo, key],
        )
    expected = [one, *(each for each in house.photos if each not in (one, two)), two]
    for page in both:
        expect(page.locator("album-arranger li").first).to_have_attribute("data-id", str(one))
        expect(page.locator("album-arranger li").last).to_have_attribute("data-id", str(two))
    assert order(anna, album) == expected


def test_whoever_is_removed_while_they_look_is_told(house: House, both: tuple[Page, Page]) -> None:
    anna, ben = both
    album, grant = house.album("Ended", "view")
    anna.goto(f"{house.server.url}/albums/{album}/people")
    ben.goto(f"{house.server.url}/albums/{album}")
    expect(ben.locator("photo-grid.is-whole .tile")).to_have_count(10)
    ask(anna, f"/api/v1/albums/{album}/members/{grant}", {}, "DELETE")
    expect(ben.get_by_role("alert")).to_contain_text("no longer shared with you")
    expect(ben.locator(".tile")).to_have_count(0)


def test_an_act_on_what_both_put_in_is_done_to_ones_own_and_says_so(house: House, both: tuple[Page, Page]) -> None:
    anna, ben = both
    album, _ = house.album("Mixed", "contribute")
    anna.goto(f"{house.server.url}/albums/{album}")
    ben.goto(f"{house.server.url}/albums/{album}")
    ask(ben, f"/api/v1/albums/{album}/photos", {"photo_ids": house.his})
    expect(anna.locator("photo-grid .tile")).to_have_count(12)
    tile = anna.locator(f"#photo-{house.photos[0]}")
    tile.hover()
    tile.locator("xpath=..").get_by_role("checkbox").click()
    for page, deed, said in (
        (anna, "Favourite", "10 photos added to the favourites. 2 photos of others were left out"),
        (ben, "Take out of this album", "2 photos taken out of the album. 10 photos of others stay in it"),
    ):
        if page is ben:  # on a phone: what ben put in is chosen first
            ben.get_by_role("link", name="You 2").click()
            expect(ben.locator("photo-grid .tile")).to_have_count(2)
            ben.get_by_role("link", name="All photos").click()
            expect(ben.locator("photo-grid.is-whole .tile")).to_have_count(12)
            ben.locator(f"#photo-{house.his[0]}").scroll_into_view_if_needed()
            ben.evaluate(
                """(id) => document.getElementById(id).closest(".cell").querySelector("[role=checkbox]").click()""",
                f"photo-{house.his[0]}",
            )
        expect(page.locator("selection-bar .count")).to_have_text("1 photo")
        if page is anna:
            anna.get_by_role("button", name="More", exact=True).last.click()
        page.get_by_role("button", name="Choose all").click()
        expect(page.locator("selection-bar .count")).to_have_text("12 photos")
        page.get_by_role("button", name=deed, exact=True).first.click()
        expect(page.get_by_text(said).first).to_be_visible()
    expect(ben.locator("photo-grid .tile")).to_have_count(10)
