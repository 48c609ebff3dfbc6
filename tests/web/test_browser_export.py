"""The export in a real Chromium: photos are chosen in the grid, and come as a zip."""

import zipfile
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import Album, serving_album, taken_at

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Album]:
    """A served library of three drawn photos."""
    world = tmp_path_factory.mktemp("export")
    (world / "in").mkdir()
    for number in range(3):
        exif = taken_at(f"2018:07:14 10:{number:02}:00")
        Image.new("RGB", (48, 36), (80 * number, 80, 160)).save(world / "in" / f"{number}.jpg", exif=exif)
    with serving_album(world) as served:
        yield served


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
