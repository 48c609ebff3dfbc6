"""The export in a real Chromium: photos are chosen in the grid, and come as a zip."""

import json
import zipfile
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from photolib.config import Config
from photolib.library import open_library

from .conftest import Album, serving, take_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    """A served library of three drawn photos."""
    world = tmp_path_factory.mktemp("export")
    (world / "in").mkdir()
    for number in range(3):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2018:07:14 10:{number:02}:00"
        Image.new("RGB", (48, 36), (80 * number, 80, 160)).save(world / "in" / f"{number}.jpg", exif=exif)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(world))
        library = open_library(
            Config(data_dir=world / "data", settle_seconds=0, min_free_mb=0, workers=2), role="worker"
        )
    take_in(library, world / "in")
    library.close()
    with serving(world / "data") as server:
        yield Album(server, world / "data", world / "in", json.loads(server.get("/api/v1/photos"))["items"])


def test_chosen_photos_come_as_a_zip(open_page: Callable[..., Page]) -> None:
    page = open_page("/", "phone")
    page.locator("photo-grid .cell a").first.focus()
    page.keyboard.press("x")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download as a zip").click()
    with zipfile.ZipFile(waited.value.path()) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    assert "2018/2018-07-14 2.jpg" in names
    assert "2018/2018-07-14 2.jpg.xmp" in names
