"""ABUSE_CASES.md 9, and what was done to the share links of others: who has a link, and wants more than it shows."""

import base64
import re
from collections.abc import Iterator

import pytest

from photolib.db import write
from photolib.errors import BadInput
from photolib.sharing import contributions, links
from photolib.uploads import Announced
from web import shared
from web.sessions import COOKIE as SESSION

from .conftest import CLIENT, sign_in
from .link_world import KEPT_BACK, NOBODYS, PASSWORD, World, numbers_in, world_at
from .test_abuse_links import MANNERS, addresses, ask, routes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_at(tmp_path_factory.mktemp("tricks")) as made:
        yield made


# ---------------------------------------------------------------- 9


def open_bodies(world: World, token: str, visit: str = "x") -> Iterator[tuple[str, str]]:
    """Everything that is said in words at an open link, with its headers."""
    for rule in routes(world):
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("shared_pages.preview",):
            continue
        for key in world.keys if "key" in rule.arguments else world.keys[:1]:
            for path in addresses(rule, token, key):
                for options in ({}, MANNERS["as JSON"]):
                    answer = world.browser(visit).get(path, **options)
                    headers = "\n".join(
                        f"{name}: {value}" for name, value in answer.headers if name not in ("Content-Length", "Date")
                    )
                    yield (
                        path,
                        headers
                        + (
                            "\n" + answer.text
                            if "image" not in answer.mimetype and "video" not in answer.mimetype
                            else ""
                        ),
                    )


@pytest.mark.parametrize("shows", [False, True])
def test_8_and_9_nothing_that_is_said_names_the_owner_a_file_a_person_or_a_number(
    world: World, shows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.shared_pages.FIRST_PAGE", 2)
    monkeypatch.setattr("web.shared_wall.AT_A_TIME", 2)
    world.change("insert or ignore into tags (owner_id, name) values (?, 'Tagofowner')", world.owner)
    token = world.link(permission="contribute", show_location=shows, show_camera=shows, may_preview=True, note="Hello")
    seen = 0
    for path, told in open_bodies(world, token):
        assert not [each for each in KEPT_BACK if each in told], path
        assert not numbers_in(told), (path, numbers_in(told))
        assert not re.search(r'"(?:\w*_)?id"\s*:\s*\d|/data/|\.db\b|SERIAL', told), path
        assert not [why for why, key in world.others.items() if key in told], path
        if not shows:
            assert "EOS R5" not in told, path
            assert not re.search(r"lat(itude)?\b|lon(gitude)?\b|GPS|48\.11", told), path
        for cursor in re.findall(r"after=([\w-]+)|\"next\":\s*\"([\w-]+)\"", told):
            plain = base64.urlsafe_b64decode("".join(cursor) + "==").decode()
            assert plain.split("|")[1] in world.keys
            assert not numbers_in(plain)
            seen += 1
    assert seen >= 2


def test_9_turning_pages_ends_at_the_edge_of_the_album(world: World) -> None:
    """The owner has photos from before, after and between; their other album lies beside it in time."""
    token = world.link()
    pages = {key: world.browser("x").get(f"/s/{token}/photo/{key}").text for key in world.keys}
    leads = {
        key: re.findall(r'rel="(?:prev|next)" href="/s/[\w-]+/photo/([0-9a-f]{64})"', page)
        for key, page in pages.items()
    }
    assert leads == {
        key: [*world.keys[max(0, at - 1) : at], *world.keys[at + 1 : at + 2]] for at, key in enumerate(world.keys)
    }


def _cursor(at: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{at}|{key}".encode()).decode().rstrip("=")


def test_9_a_cursor_of_ones_own_shows_the_album_and_nothing_else(world: World) -> None:
    token = world.link()
    moments = ("", "0", "9", "2024", "2024-06-11T14:03:00.000", "zzzz", "' or 1=1 --", "\0", "1e999", "9" * 50, "-1")
    for at in moments:
        for key in (*world.others.values(), world.keys[2], "", "0" * 64, "x" * 5000, "' or 1=1 --", "974001"):
            for where in ("more", "wall", ""):
                answer = world.browser("x").get(
                    f"/s/{token}/{where}".rstrip("/"), query_string={"after": _cursor(at, key), "order": "album"}
                )
                assert answer.status_code in (200, 400)
                found = set(re.findall("[0-9a-f]{64}", answer.text)) - {key}
                assert found <= set(world.keys)
        # What a cursor finds depends on no photo outside.
        answers = {
            world.browser("x").get(f"/s/{token}/more", query_string={"after": _cursor(at, key)}).text
            for key in (*world.others.values(), "0" * 64)
        }
        assert len(answers) == 1
    for nonsense in ("%", "ä", "=" * 100, "A" * 60_000, "....", "YQ", _cursor("a|b", "c")):
        assert world.browser("x").get(f"/s/{token}/more", query_string={"after": nonsense}).status_code in (400, 414)


@pytest.mark.parametrize(
    "name", ["in", "scope", "q", "query", "album", "sort", "page", "size", "ids", "photos", "owner", "user", "token"]
)
def test_9_nothing_that_is_asked_in_an_address_widens_what_is_shown(world: World, name: str) -> None:
    token = world.link()
    for rule in routes(world):
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("shared_files.picture",):
            continue
        for value in (
            "timeline",
            f"album-{world.album + 1}",
            "*",
            "1000000",
            f"{world.others['of another album']}",
            str(world.photo_ids[0] + 1),
        ):
            for path in addresses(rule, token, world.keys[0]):
                answer = world.browser("x").get(path, query_string={name: value})
                assert answer.status_code in (200, 400, 404)
                assert set(re.findall("[0-9a-f]{64}", answer.text)) - {value} <= set(world.keys), (path, name, value)


@pytest.mark.parametrize(
    "size",
    [
        "0",
        "-1",
        "1e9",
        "100000",
        "4097",
        "2049",
        " 4096",
        "04096",
        "whole",
        "card",
        "whole.jpg",
        "../large",
        "%2e%2e",
        "raw",
        "x" * 3000,
    ],
)
def test_9_sizes_that_are_none_are_none(world: World, size: str) -> None:
    token = world.link()
    assert world.browser("x").get(f"/s/{token}/media/{world.keys[0]}/{size}").status_code in (400, 404)


@pytest.mark.parametrize(
    "key", ["1", "974001", "{id}", "*", "%", "{upper}", "{short}", "{key}%00", "' or '1'='1", "../{key}"]
)
def test_9_a_photo_is_known_by_its_whole_key_alone(world: World, key: str) -> None:
    token = world.link(permission="download")
    asked = key.format(id=world.photo_ids[0], upper=world.keys[0].upper(), short=world.keys[0][:16], key=world.keys[0])
    for path in (f"media/{asked}/thumb", f"photo/{asked}", f"viewed/{asked}", f"download/{asked}"):
        assert world.browser("x").get(f"/s/{token}/{path}").status_code == 404
    assert world.browser("x").post(f"/s/{token}/download", data={"photos": asked}).status_code == 404


def test_9_a_zip_of_very_many_keys_is_refused_at_once(world: World) -> None:
    token = world.link(permission="download")
    many = ",".join(f"{number:064x}" for number in range(100_000))
    with world.counted() as statements:
        assert world.browser("x").post(f"/s/{token}/download", data={"photos": many}).status_code in (400, 413)
    assert len(statements) < 10


# ---------------------------------------------------------------- as somebody who has read the advisories of others


def test_a_cookie_of_a_visit_reaches_its_link_and_saving_from_it_and_nothing_else(world: World) -> None:
    token = world.link(PASSWORD)
    for secure in (False, True):
        scheme = "https" if secure else "http"
        browser = world.browser(HTTP_ORIGIN=f"{scheme}://localhost")
        entered = browser.post(f"/s/{token}", data={"password": PASSWORD}, base_url=f"{scheme}://localhost")
        cookies = entered.headers.getlist("Set-Cookie")
        assert len(cookies) == 2
        assert {re.search("Path=([^;]+)", each)[1] for each in cookies} == {f"/s/{token}", f"/saving/{token}"}  # type: ignore[index]
        for each in cookies:
            assert "HttpOnly" in each
            assert "SameSite=Lax" in each
            assert "Domain" not in each
            assert ("Secure" in each) is secure


def test_a_cookie_that_somebody_planted_opens_no_door(world: World) -> None:
    """Neither one that is guessed, nor one that was written down while the link had no door, nor after that was asked."""
    token = world.link(permission="download")
    planted = "planted-by-somebody"
    assert world.browser(planted).get(f"/s/{token}/media/{world.keys[0]}/thumb").status_code == 200
    before = world.of(token)
    with write(world.library.db) as db:
        assert links.is_visited(db, before, planted)
        links.set_password(db, before, "a hash")
        # A request that began before the door was there ends after that.
        links.visit(db, before, "planted later", CLIENT)
        assert not links.is_visited(db, before, planted)
        assert not links.is_visited(db, before, "planted later")
    for visit in (planted, "planted later"):
        assert world.browser(visit).get(f"/s/{token}/media/{world.keys[0]}/thumb").status_code == 404


def test_the_way_in_gives_a_cookie_of_its_own_making(world: World) -> None:
    token = world.link(PASSWORD)
    browser = world.browser()
    browser.set_cookie(shared.COOKIE, "chosen-by-somebody", path=f"/s/{token}")
    assert browser.post(f"/s/{token}", data={"password": PASSWORD}).status_code == 303
    held = browser.get_cookie(shared.COOKIE, path=f"/s/{token}")
    assert held is not None
    assert held.value != "chosen-by-somebody"
    assert world.browser("chosen-by-somebody").get(f"/s/{token}/more").status_code == 404


@pytest.mark.parametrize(
    "said_host",
    [
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_FORWARDED": "host=evil.example"},
        {"HTTP_X_FORWARDED_PREFIX": "//evil.example"},
    ],
)
def test_a_card_names_the_host_that_was_asked_for_and_no_other(world: World, said_host: dict[str, str]) -> None:
    token = world.link(may_preview=True)
    card = world.browser("x", HTTP_USER_AGENT="WhatsApp/2.23", **said_host).get(f"/s/{token}").text
    assert 'property="og:image"' in card
    assert "evil" not in card
    for path in ("feed.atom", "feed.json", ""):
        assert "evil" not in world.browser("x", **said_host).get(f"/s/{token}/{path}".rstrip("/")).text
    foreign = world.browser("x").get(f"/s/{token}", headers={"Host": "evil.example"})
    assert foreign.status_code == 400
    assert "evil" not in foreign.text


NASTY = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "x\r\nSet-Cookie: a=b", "javascript:alert(1)", "{{ 7*7 }}", "..",
    "//evil.example", "\u202egnp.exe", "]]></title><script>", "a/../../b", "?next=//evil", "#x", "%0d%0aX: y", "frame", "x" * 80,
)  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_22_a_name_of_a_link_is_words_and_nothing_more(world: World, name: str) -> None:
    """In the page, the card (og:title), the feeds, the address that it leads to, and the name of a zip."""
    shown = " ".join(name.split())
    if not shown.isprintable():
        with pytest.raises(BadInput):
            world.link(name=name)
        shown = "plain"
    token = world.link(name=shown, note=name, permission="contribute", may_preview=True)
    for path in ("", "/feed.atom", "/feed.json", "/frame", f"/photo/{world.keys[0]}", "/contribute", "/preview.jpg"):
        for agent in ("Firefox", "WhatsApp/2.23"):
            answer = world.browser("x", HTTP_USER_AGENT=agent).get(f"/s/{token}{path}")
            assert answer.status_code == 200
            if answer.mimetype != "image/jpeg" and path != "/feed.json":
                assert not re.search(r"<script>|<img src=x|<title><script|49<|href=\"javascript", answer.text)
            assert answer.mimetype != "text/html" or "nosniff" in answer.headers["X-Content-Type-Options"]
    closed = world.link(PASSWORD, name=shown)
    went = world.browser().post(f"/s/{closed}", data={"password": PASSWORD})
    assert went.headers["Location"].startswith(f"/s/{closed}")
    assert world.browser().get(went.headers["Location"]).status_code == 200
    zipped = world.browser("x").post(f"/s/{token}/download", data={"photos": world.keys[0]})
    assert re.fullmatch(
        r"attachment; filename=\"[\w ().-]+\"; filename\*=UTF-8''[\w%.~-]+", zipped.headers["Content-Disposition"]
    )
    assert "Set-Cookie" not in zipped.headers
    assert not [
        each for each in ("/", "\\") if each in zipped.headers["Content-Disposition"].split('"')[1].replace(".zip", "")
    ]


@pytest.mark.parametrize(
    "site",
    [
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_ORIGIN": "http://evil.example"},
    ],
)
def test_13_no_page_of_another_site_does_anything_at_a_link(world: World, site: dict[str, str]) -> None:
    token, before = world.link(max_uses=1, permission="contribute"), 0
    for rule in routes(world):
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            for path in addresses(rule, token, world.keys[0]):
                assert world.browser("x", **site).open(path, method=method, data={}).status_code == 403, path
    assert world.of(token).uses == before
    signed_in = {"HTTP_COOKIE": f"{SESSION}={sign_in(world.library.db, world.stranger)}", **site}
    for path in (f"/saving/{token}", f"/saving/{token}/undo", f"/sharing/{world.of(token).id}/revoke"):
        assert world.browser("x", **signed_in).post(path, data={}).status_code == 403


def test_saving_leads_nowhere_that_somebody_else_says(world: World) -> None:
    token = world.link(permission="download")
    session = {"HTTP_COOKIE": f"{SESSION}={sign_in(world.library.db, world.stranger)}"}
    for where in ("//evil.example", "https://evil.example", "/\\evil.example"):
        for path, method in ((f"/saving/{token}", "GET"), (f"/saving/{token}", "POST")):
            answer = world.browser("x", **session).open(
                path, method=method, query_string={"next": where}, data={"next": where, "photos": "0" * 64}
            )
            assert "evil" not in answer.headers.get("Location", "")
            assert f'href="{where}"' not in answer.text
    assert (
        world.browser("x")
        .get(f"/saving/{token}?next=//evil.example")
        .headers["Location"]
        .startswith("/login?next=/saving/")
    )


def test_an_upload_of_one_link_is_none_at_another(world: World) -> None:
    one, two = world.link(permission="contribute"), world.link(permission="contribute")
    begun = contributions.begin(world.library, world.of(one), Announced("a.jpg", 1000))
    for method in ("GET", "HEAD", "PATCH", "DELETE", "POST"):
        for token in (two, NOBODYS):
            for path in (f"/s/{token}/contribute/{begun.upload_id}", f"/s/{token}/contribute/{begun.upload_id}/done"):
                told = ask(world, path, method)
                assert told == ask(world, path.replace(str(begun.upload_id), "0" * 32), method)
                assert told[0] == 404
    assert contributions.upload_of(world.library.db, world.of(one), str(begun.upload_id)).received == 0
    contributions.cancel(world.library, world.of(one), str(begun.upload_id))
