"""Coming in with a code of an app, a passkey and an account elsewhere, in a real browser; and setting them up on the account page."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from photolib.accounts import passwords, users
from photolib.config import Config
from photolib.db import write
from photolib.library import open_library
from tests import openid

from .conftest import COOKIE, SIZES, Server, free_port, serving, sign_in

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials")


@pytest.fixture(scope="module")
def provider_and_server(data: Path) -> Iterator[tuple[openid.Provider, Server]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(data))
        library = open_library(Config(data_dir=data, min_free_mb=0))
    hashed = passwords.hash(PASSWORD)
    with write(library.db) as db:
        for name in ("maria", "zoe", "lena"):
            users.set_password(db, users.add(db, name).id, hashed)
    library.close()
    port = free_port()
    with openid.providing(f"http://localhost:{port}/login/oidc/callback") as provider:
        settings = {"oidc_issuer": provider.issuer, "oidc_client_id": "photolib", "oidc_client_secret": provider.secret}
        with serving(data, port, **settings, oidc_name="Home") as server:
            yield provider, server


@pytest.fixture
def there(provider_and_server: tuple[openid.Provider, Server]) -> str:
    """Where the app is, by the name with which browsers take passkeys."""
    return f"http://localhost:{provider_and_server[1].port}"


Open = Callable[..., Page]


@pytest.fixture
def open_here(
    browser: Browser, there: str, data: Path, provider_and_server: tuple[openid.Provider, Server]
) -> Iterator[Open]:
    """Opens a page in a new browser, signed in as somebody. Fails the test when a page of ours complains or asks another host."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []
    issuer = provider_and_server[0].issuer

    def is_ours(asked: Request) -> bool:
        """What a page of ours asks for: of us, and the way to the provider. What the provider's own pages ask for is its business."""
        is_way = asked.is_navigation_request() and asked.url.startswith(issuer)
        return asked.url.startswith((there, "data:")) or is_way or asked.frame.url.startswith(issuer)

    def open_it(path: str, name: str | None = None, size: str = "desktop", **options: Any) -> Page:
        context = browser.new_context(**{"service_workers": "block", **SIZES[size], **options})
        contexts.append(context)
        if name:
            library = open_library(Config(data_dir=data, min_free_mb=0))
            user = users.named(library.db, name)
            assert user is not None
            context.add_cookies(
                [{"name": COOKIE, "value": sign_in(library.db, user.id), "url": there, "httpOnly": True}]
            )
            library.close()
        page = context.new_page()
        page.on("request", lambda asked: is_ours(asked) or complaints.append(asked.url))
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                and page.url.startswith(there)
                and not re.search("Service Worker|status of 40[13]", said.text)  # those that the tests are about
                and complaints.append(said.text)
            ),
        )
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.set_default_timeout(10_000)
        page.goto(there + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []


def add_device(page: Page) -> tuple[Any, str]:
    """A device in this browser that makes passkeys; the one who sits before it always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]


def log_in(page: Page, name: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_code_of_an_app_is_asked_for_once_it_is_set_up(open_here: Open, there: str) -> None:
    page = open_here("/account", "maria")
    page.get_by_role("link", name="Set up").click()
    page.get_by_role("button", name="Begin").click()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    page.get_by_text("The app cannot read it").click()
    app = pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(app.at(int(time.time()) - 30))
    page.get_by_role("button", name="Turn the second step on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    code = page.locator(".codes li").first.inner_text()
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("link", name="I have kept them").click()

    phone = open_here("/albums", size="phone")
    log_in(phone, "maria")
    field = phone.get_by_label("Code")
    expect(field).to_be_focused()
    field.fill("000000")
    phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(phone.get_by_role("alert")).to_contain_text("This code is not right")
    phone.get_by_label("Code").fill(app.now())
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.wait_for_url(there + "/albums")

    page.get_by_role("link", name="Change", exact=True).click()
    form = page.locator("form[action$='/off']")
    form.get_by_label("Your password, or a code of your app").fill(code)
    form.get_by_role("button").click()
    expect(page.get_by_role("link", name="Set up")).to_be_visible()


def test_a_passkey_is_made_used_and_removed(open_here: Open, there: str) -> None:
    page = open_here("/account", "zoe")
    add_device(page)
    page.get_by_label("Name of the device").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#passkeys")).to_contain_text("Laptop")
    page.get_by_label("Name of the device").fill("Once more")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("passkey-maker").get_by_role("alert")).to_contain_text("has a passkey of yours already")
    page.context.clear_cookies()
    page.goto(there + "/login?next=/albums")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(there + "/albums")
    page.goto(there + "/account")
    expect(page.get_by_label("What you are called")).to_have_value("zoe")
    page.get_by_role("button", name="Remove the passkey Laptop").click()
    expect(page.locator("#passkeys li")).to_have_count(0)
    page.context.clear_cookies()
    page.goto(there + "/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("not known here")


def test_a_device_without_a_passkey_says_so(open_here: Open) -> None:
    page = open_here("/login", size="phone")
    session, device = add_device(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The device did not go on")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()


def test_an_account_elsewhere_is_linked_and_signs_in(open_here: Open, there: str) -> None:
    page = open_here("/account", "lena")
    page.get_by_role("button", name="Link an account at Home").click()
    page.locator("input[name=login]").fill("subject-of-lena")
    page.locator("input[name=password]").fill("x")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]", has_text="Continue").click()
    page.wait_for_url(there + "/account")
    expect(page.locator("#elsewhere")).to_contain_text("lena@example.org")
    page.context.clear_cookies(name=COOKIE)
    page.goto(there + "/albums")
    page.get_by_role("button", name="Sign in with Home").click()  # where she is signed in still
    page.wait_for_url(there + "/albums")


def test_a_token_is_made_and_revoked(open_here: Open, there: str) -> None:
    page = open_here("/account", "lena", size="phone")
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("Name").fill("Picture frame")
    page.get_by_role("button", name="Make the token").click()
    token = page.locator("#token").inner_text()
    ask = page.context.request
    said = {"Authorization": f"Bearer {token}"}
    page.context.clear_cookies()
    assert ask.get(there + "/api/v1/photos", headers=said).status == 200
    page = open_here("/account", "lena", size="phone")
    page.get_by_role("button", name="Revoke the token Picture frame").click()
    expect(page.locator("#tokens li")).to_have_count(0)
    assert ask.get(there + "/api/v1/photos", headers=said).status == 401


def test_axe_finds_nothing_serious_where_people_prove_who_they_are(open_here: Open, there: str) -> None:
    page = open_here("/account/tokens/new", "zoe", size="phone", color_scheme="dark")
    found = check(page)
    page.goto(there + "/account/second-step")
    page.get_by_role("button", name="Begin").click()
    assert found + check(page) + check(open_here("/login")) == []


def check(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {each['id']}" for each in found if each["impact"] in ("serious", "critical")]
