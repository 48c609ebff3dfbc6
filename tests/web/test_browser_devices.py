"""A device is added on the page of devices, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_device_is_added_copied_from_and_revoked(open_page, album, size: str) -> None:
    page = open_page("/account/devices", size, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Name of the device").fill("My phone")
    page.get_by_role("button", name="Add the device").click()
    expect(page.get_by_role("heading", name="My phone")).to_be_visible()
    page.get_by_role("button", name="Copy the token").click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"photolib_[\w-]{40,}", copied)
    assert copied == page.locator("#token").inner_text()
    page.get_by_text("rclone", exact=True).click()
    expect(page.locator("#rclone-1")).to_contain_text(f"url={album.url}/dav/ vendor=owncloud")
    found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Revoke the token of My phone").click()
    expect(page.get_by_text("No device sends photos here yet.")).to_be_visible()
