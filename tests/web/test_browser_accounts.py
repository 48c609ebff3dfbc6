"""The doors as people walk through them: set-up, log-in and log-out, sessions, an invitation; on a phone and on a desktop."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from photolib.accounts import passwords, setup, users
from photolib.db import connect, write

from .conftest import SIZES, Server, serving

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
EXPECTED = re.compile(r"status of 40[0-9]")  # what a browser says when a form was refused, which is what some tests do
Open = Callable[..., Page]


@pytest.fixture(params=["desktop", "phone"])
def size(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Server]:
    """A server at its first start."""
    (tmp_path / "data").mkdir()
    with serving(tmp_path / "data", is_set_up=False) as server:
        yield server


@pytest.fixture
def code(house: Server, tmp_path: Path) -> str:
    db = connect(tmp_path / "data" / "photolib.db")
    try:
        with write(db) as changed:
            return setup.new_code(changed)
    finally:
        db.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that was set up, for all tests that need no first start."""
    data = tmp_path_factory.mktemp("home") / "data"
    data.mkdir()
    with serving(data) as server:
        yield dataclasses.replace(server, token=str(data))


@pytest.fixture
def mara(home: Server, size: str, request: pytest.FixtureRequest) -> str:
    """An admin of this test's own, by name; the password is PASSWORD."""
    db, name = connect(Path(home.token) / "photolib.db"), f"mara-{abs(hash(request.node.name)) % 10**6}"
    hashed = passwords.hash(PASSWORD)
    try:
        with write(db) as changed:
            users.set_password(changed, users.add(changed, name, "Mara", "admin").id, hashed)
    finally:
        db.close()
    return name


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest, size: str) -> Iterator[Open]:
    """A browser of its own at a page. Fails the test when a page complains of more than a refused form."""
    house: Server = request.getfixturevalue("house" if "house" in request.fixturenames else "home")
    complaints, contexts = [], []

    def open_it(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(**SIZES[size], **options)
        contexts.append(context)
        context.on("request", lambda asked: asked.url.startswith((house.url, "data:")) or complaints.append(asked.url))
        page = context.new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.set_default_timeout(10_000)
        page.goto(house.url + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert [each for each in complaints if not EXPECTED.search(each)] == []


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def set_up(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_label("User name").fill("mara")
    page.get_by_label("What you are called").fill("Mara")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Set up photolib")


def sign_in(page: Page, password: str = PASSWORD, name: str = "mara") -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def is_usable_by_everybody(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0  # nothing sticks out to the right


def test_from_the_first_start_to_being_signed_in_again(visit: Open, code: str, house: Server) -> None:
    page = visit("/albums")
    expect(page).to_have_url(f"{house.url}/setup")
    is_usable_by_everybody(page)
    set_up(page, "AAAA-AAAA-AAAA")
    expect(page.get_by_role("alert")).to_contain_text("not the code")
    expect(page.get_by_label("User name")).to_have_value("mara")
    set_up(page, code.lower())
    expect(page).to_have_url(f"{house.url}/")
    page.get_by_role("button", name="Account of Mara").click()
    press(page, "Sign out")
    expect(page).to_have_url(f"{house.url}/login")
    page.goto(f"{house.url}/account")
    is_usable_by_everybody(page)
    sign_in(page, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("name or the password")
    expect(page.get_by_label("Password")).to_be_focused()
    sign_in(page)
    expect(page).to_have_url(f"{house.url}/account")
    expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    assert not page.evaluate("document.cookie")  # out of reach for scripts


def test_a_session_is_signed_out_from_another_browser(visit: Open, mara: str, home: Server) -> None:
    here = visit("/login")
    sign_in(here, name=mara)
    here.wait_for_url(f"{home.url}/")
    there = visit("/login", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    sign_in(there, name=mara)
    there.wait_for_url(f"{home.url}/")
    here.goto(f"{home.url}/account")
    is_usable_by_everybody(here)
    other = here.get_by_role("listitem").filter(has_text="Firefox on Linux")
    other.get_by_role("button").click()
    expect(here.get_by_text("That browser is signed out.")).to_be_visible()
    expect(here.get_by_text("Firefox on Linux")).to_have_count(0)
    there.reload()
    expect(there).to_have_url(f"{home.url}/login")


def test_the_password_language_and_colours_are_changed(visit: Open, mara: str, home: Server) -> None:
    page = visit("/account")
    sign_in(page, name=mara)
    page.get_by_label("Colours").select_option("dark")
    page.get_by_label("What you are called").fill("Mara L.")
    press(page, "Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    is_usable_by_everybody(page)
    page.get_by_label("Present password").fill("wrong")
    page.get_by_label("New password").fill("another horse battery")
    press(page, "Change the password")
    expect(page.get_by_role("alert")).to_contain_text("present password")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("another horse battery")
    press(page, "Change the password")
    expect(page.get_by_text("The new password is set.")).to_be_visible()


def test_somebody_is_invited_and_comes_in(visit: Open, mara: str, home: Server, size: str) -> None:
    ben_name = f"ben-{size}"
    admin = visit("/admin/users")
    sign_in(admin, name=mara)
    admin.get_by_label("User name").fill(ben_name)
    admin.get_by_label("Room for their photos").fill("50 GB")
    press(admin, "Add")
    is_usable_by_everybody(admin)
    link = admin.get_by_label("The link", exact=True).input_value()
    ben = visit(link[link.index("/invitation/") :])
    is_usable_by_everybody(ben)
    ben.get_by_label("New password").fill("another horse battery")
    press(ben, "Go to the photos")
    expect(ben).to_have_url(f"{home.url}/")
    admin.get_by_role("link", name="All users").click()
    is_usable_by_everybody(admin)
    admin.get_by_role("main").get_by_role("link", name=ben_name).click()
    is_usable_by_everybody(admin)
    press(admin, "Disable")
    expect(admin.get_by_text(f"{ben_name} can no longer sign in.")).to_be_visible()
    ben.reload()
    expect(ben).to_have_url(f"{home.url}/login")


def test_without_script_one_comes_in_and_out_too(visit: Open, code: str, house: Server, size: str) -> None:
    page = visit("/", java_script_enabled=False)
    set_up(page, code)
    expect(page).to_have_url(f"{house.url}/")
    page.get_by_role("link", name="Account of Mara").click()
    page.get_by_label("Colours").select_option("dark")
    press(page, "Save")
    expect(page).to_have_url(f"{house.url}/account")
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    press(page, "Sign out")
    sign_in(page)
    expect(page).to_have_url(f"{house.url}/")
