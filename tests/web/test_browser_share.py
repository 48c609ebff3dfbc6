"""A share link in a real Chromium: on a phone with a poor line, behind a password, with keys, without script."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from photolib import album_edits
from photolib.db import connect, write
from photolib.sharing import contributions, doors, links
from tests.programs import program

from .conftest import COOKIE, SHARED, Album, serving_album, sign_in, taken_at

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
Share = Callable[..., str]
PASSWORD = "sonnenblume"
FIRST_SCREEN = 350_000  # bytes in all
PHOTOS = 200


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    """A served library of 200 photos whose thumbs weigh what those of real ones do, some real ones with a place, and a video."""
    world = tmp_path_factory.mktemp("share")
    folder = world / "in"
    folder.mkdir()
    for number in range(PHOTOS - 4):
        coarse = Image.effect_noise((72, 48), 70).convert("RGB").resize((720, 480), Image.Resampling.BICUBIC)
        tint = Image.new("RGB", coarse.size, (number, 120, 200 - number // 2))
        exif = taken_at(f"2018:07:14 {number // 60 + 10}:{number % 60:02}:00")
        Image.blend(coarse, tint, 0.45).save(folder / f"{number}.jpg", exif=exif, quality=80)
    for name in ("DSCN0010.jpg", "DSCN0012.jpg", "DSCN0021.jpg"):
        shutil.copy(SHARED / "gps" / name, folder / name)
    shutil.copy(SHARED / "video" / "video.mp4", folder / "video.mp4")
    with serving_album(world) as served:
        yield served


@pytest.fixture
def share(album: Album) -> Iterator[Share]:
    """Makes an album of photos whose names contain this and a link to it; returns the link's path."""
    db = connect(album.data / "photolib.db")

    def make(named: str = "", title: str = "Summer by the sea", password: str | None = None, **options: Any) -> str:
        owner = db.conn.execute("select min(owner_id) from photos").fetchone()[0]
        ids = [
            row[0]
            for row in db.conn.execute("select id from photos where filename glob ? order by id", (f"*{named}*",))
        ]
        hashed = doors.hashed(password) if password else None
        with write(db):
            album_id = album_edits.make(db, owner, title, photo_ids=ids).album_id
            made = links.make(db, owner, album_id, "album", links.key(album.data), hashed, **links.checked(options))
        return f"/s/{made[1]}"

    yield make
    db.close()


def weigh(page: Page) -> list[float]:
    """The bytes that come over the line from now on, one entry for each answer."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.clearBrowserCache")
    found: list[float] = []
    line.on("Network.loadingFinished", lambda said: found.append(said["encodedDataLength"]))
    return found


def axe(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_the_first_screen_of_200_photos_on_a_phone_is_light(open_page: OpenPage, share: Share) -> None:
    page = open_page("/login", "phone", is_signed_in=False)
    came = weigh(page)
    page.goto(page.url.replace("/login", share()))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)  # what is fetched by itself once everything is there counts, too
    assert len(came) > 10
    assert FIRST_SCREEN / 4 < sum(came) <= FIRST_SCREEN  # an answer from a cache would be no answer
    expect(page.locator(".tile").first).to_be_in_viewport()
    assert page.locator(".tile .picture.is-here").count() >= 10
    axe(page)


def test_photos_are_there_soon_on_a_poor_line(open_page: OpenPage, share: Share) -> None:
    """Over 1.6 Mbit/s with 150 ms on the way, as browsers simulate 3G."""
    page = open_page("/login", "phone", is_signed_in=False)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.clearBrowserCache")
    said = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
    line.send("Network.emulateNetworkConditions", said)
    page.goto(page.url.replace("/login", share()), wait_until="commit")
    expect(page.locator(".tile .picture.is-here").nth(3)).to_be_visible(timeout=6000)


def test_further_photos_come_by_themselves(open_page: OpenPage, share: Share) -> None:
    page = open_page(share(), "phone", is_signed_in=False)
    for _ in range(6):
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(150)
    expect(page.locator(".tile")).to_have_count(PHOTOS)
    assert page.locator(".more").count() == 0


def test_a_password_is_asked_for_once_and_then_everything_works(open_page: OpenPage, share: Share) -> None:
    page = open_page(
        share("DSCN", password=PASSWORD, name="Hochzeit für Ömas", permission="download"), "phone", is_signed_in=False
    )
    axe(page)
    assert page.evaluate("document.activeElement.name") == "password"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hochzeit für Ömas")).to_be_visible()
    expect(page.locator(".tile .picture.is-here")).to_have_count(3)
    page.reload()
    expect(page.locator(".tile .picture.is-here")).to_have_count(3)


def test_what_is_downloaded_has_no_place_in_it(open_page: OpenPage, share: Share, tmp_path: Path) -> None:
    page = open_page(share("DSCN", permission="download"), is_signed_in=False)
    page.get_by_role("button", name="Download").click()
    axe(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="All photos in full quality").click()
    coming.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path / "all")
    page.locator(".tile").first.click()
    with page.expect_download() as coming:
        page.locator(".viewed header").get_by_role("link", name="Download").click()
    coming.value.save_as(tmp_path / "all" / "one.jpg")
    found = subprocess.run(
        [program("exiftool"), "-json", "-G1", "-a", "-u", "-gps:all", "-xmp:all", "-makernotes:all", "-*serial*", str(tmp_path / "all")],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    files = json.loads(found.stdout)
    assert len(files) == 4
    assert [set(each) - {"SourceFile"} for each in files] == [set()] * 4


def test_some_are_chosen_by_tapping(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("DSCN", permission="download"), "phone", is_signed_in=False)
    page.get_by_role("button", name="Download").tap()
    page.get_by_role("button", name="Choose photos").tap()
    page.locator(".tile").nth(0).tap()
    page.locator(".tile").nth(2).tap()
    expect(page.locator("#how-many")).to_have_text("2 chosen")
    axe(page)
    with page.expect_download() as coming:
        page.locator("#chosen").get_by_role("button", name="Download").tap()
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert len(archive.namelist()) == 2
    page.get_by_role("button", name="Done").tap()
    expect(page.locator("#chosen")).to_be_hidden()


def test_keys_lead_through_the_photos_and_back(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("DSCN"), is_signed_in=False)
    address = page.url
    page.locator(".tile").first.press("Enter")
    viewed = page.locator("shared-viewer .viewed[data-photo]")
    first = viewed.get_attribute("data-photo")
    page.keyboard.press("ArrowRight")
    expect(viewed).not_to_have_attribute("data-photo", first or "")
    assert page.url.endswith(viewed.get_attribute("data-photo") or "none")
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="Information")).to_be_visible()
    axe(page)
    page.keyboard.press("i")
    page.keyboard.press("+")
    expect(page.locator("shared-viewer.is-larger")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer-over")).to_be_hidden()
    assert page.url == address
    page.go_forward()
    expect(page.locator("dialog.viewer-over")).to_be_visible()
    page.go_back()
    expect(page.locator("dialog.viewer-over")).to_be_hidden()


def test_the_slideshow_goes_on_waits_and_ends(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("DSCN"), is_signed_in=False, reduced_motion="reduce")
    page.evaluate("localStorage.setItem('slideshow-seconds', 0.3)")
    page.get_by_role("link", name="Slideshow").click()
    viewed = page.locator("shared-viewer .viewed[data-photo]")
    first = viewed.get_attribute("data-photo")
    expect(viewed).not_to_have_attribute("data-photo", first or "")
    page.keyboard.press(" ")
    now = viewed.get_attribute("data-photo")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.wait_for_timeout(700)
    assert viewed.get_attribute("data-photo") == now
    page.keyboard.press("Escape")
    expect(page.locator("shared-viewer.plays-slideshow")).to_have_count(0)
    expect(page.locator("dialog.viewer-over")).to_be_visible()


def test_a_video_plays_from_its_clean_copy(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("video"), is_signed_in=False)
    page.locator(".tile").first.click()
    page.locator(".viewed[data-photo] video").wait_for()
    page.evaluate("document.querySelector('video').play()")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.1")


def test_without_script_everything_is_there(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("DSCN", permission="contribute"), is_signed_in=False, java_script_enabled=False)
    page.locator(".tile").first.click()
    expect(page.locator(".slide .picture")).to_be_visible()
    page.get_by_role("link", name="Next photo").click()
    expect(page.get_by_role("link", name="Photo before")).to_be_visible()
    page.get_by_role("link", name="Back to the photos").click()
    expect(page.locator(".tile")).to_have_count(3)
    page.get_by_role("link", name="Add your photos").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_a_visitor_sends_photos_and_sees_that_they_came(open_page: OpenPage, album: Album, share: Share) -> None:
    page = open_page(share("DSCN", permission="contribute") + "/contribute", "phone", is_signed_in=False)
    axe(page)
    page.get_by_label("Your name").fill("Zoe")
    page.get_by_label("Photos and videos").set_input_files([album.folder / "1.jpg", album.folder / "video.mp4"])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#how-far")).to_have_text("2 photos were sent. Thank you.")
    db = connect(album.data / "photolib.db")
    try:
        owner = db.conn.execute("select min(owner_id) from photos").fetchone()[0]
        waiting = contributions.waiting(db, owner).contributions
    finally:
        db.close()
    assert {(each.visitor, each.filename) for each in waiting} >= {("Zoe", "1.jpg"), ("Zoe", "video.mp4")}


def test_a_member_saves_what_they_chose_and_takes_it_back(open_page: OpenPage, album: Album, share: Share) -> None:
    path = share("DSCN", permission="download")
    db = connect(album.data / "photolib.db")
    try:
        with write(db):
            row = db.conn.execute(
                "insert into users (name, role, created_at) values ('zoe', 'member', '2024-01-01') returning id"
            )
            zoe = row.fetchone()[0]
        token = sign_in(db, zoe)
    finally:
        db.close()
    page = open_page(path, is_signed_in=False)
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": album.url, "httpOnly": True}])
    page.get_by_role("button", name="Download").click()
    page.get_by_role("button", name="Choose photos").click()
    page.locator(".tile").nth(0).click()
    page.locator(".tile").nth(1).click()
    page.locator("#chosen").get_by_role("link", name="Save to my library").click()
    page.get_by_role("button", name="Save 2 photos").click()
    expect(page.locator("#how-far")).to_have_text("2 photos are in your library now.")
    axe(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#how-far")).to_have_text("2 photos are in the trash.")


def test_the_frame_changes_photos_and_outlives_the_server(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("DSCN") + "/frame?seconds=3&order=album", is_signed_in=False)
    expect(page.locator(".slide.is-shown")).to_have_count(1)
    first = page.locator(".slide.is-shown span").first.get_attribute("style")
    page.route("**/wall?*", lambda route: route.fulfill(body="no answer"))
    page.wait_for_function(
        "first => document.querySelector('.slide:last-child span').getAttribute('style') !== first", arg=first
    )
    expect(page.locator("#clock")).to_have_text(re.compile(r"^\d+:\d\d$"))
    assert page.locator(".slide").count() <= 2


def test_on_a_phone_a_long_press_chooses_and_space_does_on_keys(open_page: OpenPage, share: Share) -> None:
    page = open_page(share("DSCN", permission="download"), "phone", is_signed_in=False)
    tile = page.locator(".tile").first
    box = tile.bounding_box()
    assert box
    finger = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 40, "y": box["y"] + 40}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(page.locator("#how-many")).to_have_text("1 chosen")
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(tile).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as one:
        page.locator("#chosen").get_by_role("button", name="Download").click()
    assert one.value.suggested_filename.endswith(".jpg")  # one photo is no zip
    page.locator(".tile").nth(1).focus()
    page.keyboard.press("Space")
    expect(page.locator("#how-many")).to_have_text("2 chosen")
    assert page.locator("dialog[open]").count() == 0


def test_the_viewer_is_there_before_the_first_tap(open_page: OpenPage, share: Share) -> None:
    page = open_page("/login", "phone", is_signed_in=False)
    came: list[str] = []
    page.on("request", lambda said: came.append(said.url.partition("/static/")[2].partition("/")[2]))
    page.goto(page.url.replace("/login", share()))
    page.wait_for_load_state("networkidle")
    fetched = {each for each in came if each}
    page.locator(".tile").first.click()
    expect(page.locator("dialog[open] .slide .picture").first).to_be_visible()
    assert {each for each in came if each} - fetched <= {"icon.svg"}
