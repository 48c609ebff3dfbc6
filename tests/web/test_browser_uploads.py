"""Adding photos in a real browser: chosen, dropped, sent in pieces, and gone on with after the page was left."""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

pytestmark = pytest.mark.browser

Fresh = Callable[..., list[Path]]


@pytest.fixture
def fresh(draw_photo, tmp_path: Path) -> Fresh:
    """Photos that nobody has seen, of at least so many bytes each."""

    def make(count: int, size: int = 0, folder: str = "chosen") -> list[Path]:
        paths = []
        for number in range(count):
            path = draw_photo(f"{folder}/{os.urandom(4).hex()}-{number}.jpg")
            path.write_bytes(path.read_bytes() + os.urandom(max(16, size)))
            paths.append(path)
        return paths

    return make


def choose(page: Page, paths: list[Path]) -> None:
    page.click("#add")
    expect(page.locator("#adding-picker")).to_be_visible()
    page.set_input_files("#adding-picker [data-pick=files]", paths)


def slow_down(page: Page, bytes_a_second: int) -> None:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second},
    )


def said(page: Page) -> Any:
    return expect(page.locator("add-strip .said"))


def asked(page: Page, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the API answers the page."""
    return page.evaluate(
        """async ([path, body]) => {
          const json = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }
          return (await fetch(path, body ? json : {})).json()
        }""",
        [path, body],
    )


def drop(page: Page, files: dict[str, bytes]) -> None:
    """Drop files on the page as a file manager does."""
    page.evaluate(
        """files => {
          const transfer = new DataTransfer()
          for (const [name, text] of Object.entries(files)) {
            const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0))
            transfer.items.add(new File([bytes], name, { type: name.endsWith("jpg") ? "image/jpeg" : "" }))
          }
          for (const type of ["dragenter", "dragover", "drop"]) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }))
          }
        }""",
        {name: base64.b64encode(body).decode() for name, body in files.items()},
    )


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_chosen_photos_are_added_and_those_here_already_are_said(open_page, album, fresh: Fresh, size: str) -> None:
    page = open_page("/", size)
    here = next(path for path in sorted(album.folder.iterdir()) if path.name.startswith("DSCN"))
    choose(page, [*fresh(2), here])
    said(page).to_have_text("2 new, 1 was here already")
    page.click("add-strip .unfold")
    expect(page.locator("#adding-files li")).to_have_count(3)
    expect(page.locator("#adding-files li", has_text=here.name)).to_contain_text("Was here already")
    page.click("add-strip .show")
    expect(page.locator("h1")).to_have_text("Recently added")
    expect(page.locator("add-strip")).to_have_count(0)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_leaving_the_page_in_the_middle_costs_nothing(open_page, fresh: Fresh, size: str) -> None:
    page = open_page("/", size)
    slow_down(page, 500_000)
    choose(page, fresh(3, 400_000))
    expect(page.locator("add-strip header progress")).not_to_have_js_property("value", 0)
    page.goto(page.url.rstrip("/") + "/albums")
    expect(page.locator("add-strip")).to_be_visible()
    slow_down(page, -1)
    said(page).to_have_text("3 new")


def test_dropped_files_are_added_and_others_beside_them_are_left_out(open_page, fresh: Fresh) -> None:
    page = open_page("/")
    (photo,) = fresh(1)
    drop(page, {photo.name: photo.read_bytes(), "Thumbs.db": b"x", ".DS_Store": b"x"})
    said(page).to_have_text("1 new")
    expect(page.locator("add-strip .pace")).to_have_text("2 files beside them were no photos")
    expect(page.locator("#adding-cover")).to_be_hidden()
    page.click("add-strip .away")
    expect(page.locator("add-strip")).to_be_hidden()


def test_a_folder_is_added_with_what_lies_in_it(open_page, fresh: Fresh, tmp_path: Path) -> None:
    page = open_page("/add")
    fresh(2, folder="Summer/Beach")
    fresh(1, folder="Summer")
    filed: list[Response] = []
    page.on("response", lambda answer: answer.url.endswith("/api/v1/photos") and filed.append(answer))
    page.set_input_files("[data-pick=folder]", tmp_path / "Summer")
    said(page).to_have_text("3 new")
    paths = [asked(page, f"/api/v1/photos/{each.json()['photo_id']}")["paths"][0] for each in filed]
    assert sorted("/Summer/Beach/" in path for path in paths) == [False, True, True]


def test_pausing_stops_and_going_on_finishes(open_page, fresh: Fresh) -> None:
    page = open_page("/")
    slow_down(page, 200_000)
    choose(page, fresh(1, 300_000))
    page.click("add-strip .pause")
    said(page).to_have_text("Paused: 1 file to go")
    slow_down(page, -1)
    page.click("add-strip .go-on")
    said(page).to_have_text("1 new")


def test_a_cancelled_file_does_not_come(open_page, fresh: Fresh) -> None:
    page = open_page("/")
    slow_down(page, 100_000)
    choose(page, fresh(2, 200_000))
    page.click("add-strip .unfold")
    page.locator("#adding-files .cancel").first.click()
    slow_down(page, -1)
    said(page).to_have_text("1 new")


def test_a_file_the_browser_could_not_keep_is_chosen_again_and_goes_on(open_page, fresh: Fresh) -> None:
    page = open_page("/")
    slow_down(page, 300_000)
    (photo,) = fresh(1, 900_000)
    choose(page, [photo])
    expect(page.locator("add-strip header progress")).not_to_have_js_property("value", 0)
    page.click("add-strip .pause")
    page.evaluate(
        """async () => {
          const { name } = (await indexedDB.databases()).find((each) => each.name.startsWith("photolib-adding"))
          const db = await new Promise((resolve) => (indexedDB.open(name).onsuccess = (event) => resolve(event.target.result)))
          const clearing = db.transaction("files", "readwrite").objectStore("files").clear()
          await new Promise((resolve) => (clearing.onsuccess = resolve))
        }"""
    )
    page.reload()
    expect(page.locator("add-strip .ask")).to_contain_text("Choose it again, and it goes on where it stopped.")
    sent: list[int] = []
    page.on("request", lambda asked: asked.method == "PATCH" and sent.append(int(asked.headers["upload-offset"])))
    page.set_input_files("add-strip [data-chosen-again]", photo)
    said(page).to_have_text("1 new")
    assert sent[0] > 0


def test_photos_added_on_an_albums_page_are_put_into_it(open_page, fresh: Fresh, album) -> None:
    page = open_page("/")
    number = asked(page, "/api/v1/albums", {"title": "Trip"})["album_id"]
    page.goto(f"{album.url}/albums/{number}")
    choose(page, fresh(1))
    said(page).to_have_text("1 new")
    expect(page.locator("add-strip .show")).to_have_attribute("href", f"/albums/{number}")
    assert len(asked(page, f"/api/v1/photos?album_id={number}")["items"]) == 1


def test_without_script_a_form_does_it(open_page, fresh: Fresh) -> None:
    page = open_page("/", java_script_enabled=False)
    page.click("#add")
    page.set_input_files("input[name=files]", fresh(2))
    page.click("main button:visible")
    expect(page.locator("main [role=status]")).to_contain_text("2 new")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing_serious_where_photos_are_added(open_page, fresh: Fresh, size: str) -> None:
    page = open_page("/add", size)
    assert serious(page) == []
    page.goto(page.url.removesuffix("add") + "albums")
    page.click("#add")
    expect(page.locator("#adding-picker")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    slow_down(page, 100_000)
    choose(page, fresh(2, 200_000))
    page.click("add-strip .unfold")
    assert serious(page) == []
    page.click("add-strip .cancel-all")
    expect(page.locator("add-strip")).to_be_hidden()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]
