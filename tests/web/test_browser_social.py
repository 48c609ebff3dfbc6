"""What people say to each other about a photo, in two browsers."""

import pytest
from playwright.sync_api import Browser, Page, expect

from photolib.accounts import users
from photolib.db import connect, write
from photolib.sharing import grants
from tests.web.conftest import COOKIE, Album, sign_in

pytestmark = pytest.mark.browser


def page_of(browser: Browser, album: Album, token: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": COOKIE, "value": token, "url": album.url}])
    return context.new_page()


def test_what_one_says_about_a_photo_appears_before_the_other(browser: Browser, album: Album) -> None:
    db = connect(album.data / "photolib.db")
    photo_id = album.photos[0]["photo_id"]
    with write(db):
        owner_id = users.first_id(db)
        assert owner_id is not None
        cousin = users.add(db, "talkative", display_name="Ben").id
        grants.give(db, owner_id, {"photo_id": photo_id}, "user", cousin)
    anna, ben = page_of(browser, album, sign_in(db)), page_of(browser, album, sign_in(db, cousin))
    try:
        for page in (anna, ben):
            page.goto(f"{album.url}/photo/{photo_id}")
            page.wait_for_selector("photo-viewer")
            page.keyboard.press("i")
        ben.get_by_label("Comment").fill("What a day that was")
        ben.get_by_role("button", name="Send").click()
        expect(anna.get_by_text("What a day that was")).to_be_visible()
        ben.get_by_role("button", name="Like", exact=True).click()
        expect(ben.get_by_role("button", name="You like this")).to_be_visible()
    finally:
        with write(db):
            db.conn.execute("delete from grants")
            db.conn.execute("delete from likes")
            db.conn.execute("delete from comments")
        for page in (anna, ben):
            page.context.close()
        db.close()
