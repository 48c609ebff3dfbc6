"""ABUSE_CASES.md 22: a library with script in every field it has. Every page and dialog is opened in a browser that is told to ignore our
policy, so that script which got into a page would run; and the page may hold no element that somebody wrote.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import piexif
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from photolib import album_edits, albums, catalog, decisions, edits, faces, understood
from photolib.accounts import api_tokens, sessions, users
from photolib.config import Config
from photolib.db import write
from photolib.importing import Intake, Wishes
from photolib.library import Library, open_library
from photolib.ports import Box, TextLine
from photolib.scan import look
from photolib.search import saved
from photolib.tally import Tally
from photolib.understood import PhotoPlace
from photolib.worker import work_until_idle
from web import create_app
from web.sessions import COOKIE

from .conftest import SIZES, Server, serving
from .test_people_pages import see


def script(what: str, most: int = 200) -> str:
    """Text that becomes an element, ends an attribute or runs, wherever it is not taken for text. what: where it stood."""
    return f"\"'><img src=x class=theirs onerror=ran('{what}')><svg onload=ran('{what}')>${{ran('{what}')}}&lt;b class=theirs&gt;"[
        :most
    ]


def file_name(what: str, ending: str) -> str:
    return f"\"'><img src=x class=theirs onerror=ran('{what}')>{ending}"


RDF = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">'
    '<rdf:Description photoshop:City="{city}" aux:Lens="{lens}"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt>'
    '</dc:title><dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt></dc:description>'
    '<dc:subject><rdf:Bag><rdf:li>{tag}</rdf:li></rdf:Bag></dc:subject><mwg-rs:Regions rdf:parseType="Resource">'
    '<mwg-rs:AppliedToDimensions stDim:w="320" stDim:h="240" stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag><rdf:li>'
    '<rdf:Description mwg-rs:Name="{person}" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.2" stArea:h="0.2" '
    'stArea:unit="normalized"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF>'
    "</x:xmpmeta>"
)


def packet(what: str) -> bytes:
    said = {
        name: script(f"{what} {name}").replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        for name in ("city", "lens", "title", "description", "tag", "person")
    }
    for name, text in said.items():
        assert "<" not in text, name
    found = RDF
    for name, text in said.items():
        found = found.replace(f"{{{name}}}", text)
    return found.encode()


def draw(path: Path, number: int, **tags: Any) -> None:
    exif: dict[str, Any] = {
        "0th": {},
        "Exif": {piexif.ExifIFD.DateTimeOriginal: f"2021:0{number % 8 + 1}:05 12:00:00"},
        "GPS": {},
    }
    for group, values in tags.items():
        exif[group] |= values
    Image.new("RGB", (320, 240), (number * 40 % 256, 90, 160)).save(path, exif=piexif.dump(exif))


def fill(folder: Path) -> None:
    """Files whose names, folder and every kind of metadata hold script."""
    inner = folder / file_name("folder", "")
    inner.mkdir(parents=True)
    words = {
        piexif.ImageIFD.Make: script("make", 60).encode(), piexif.ImageIFD.Model: script("model", 60).encode(),
        piexif.ImageIFD.ImageDescription: script("exif description").encode(), piexif.ImageIFD.Artist: script("artist").encode(),
        piexif.ImageIFD.XPTitle: script("xp title").encode("utf-16le"), piexif.ImageIFD.XPKeywords: script("xp tag").encode("utf-16le"),
    }  # fmt: skip
    lens = {
        piexif.ExifIFD.LensModel: script("lens").encode(),
        piexif.ExifIFD.UserComment: b"ASCII\0\0\0" + script("comment").encode(),
    }
    gps = {
        piexif.GPSIFD.GPSLatitudeRef: b"N", piexif.GPSIFD.GPSLatitude: ((48, 1), (8, 1), (0, 1)),
        piexif.GPSIFD.GPSLongitudeRef: b"E", piexif.GPSIFD.GPSLongitude: ((11, 1), (34, 1), (0, 1)),
    }  # fmt: skip
    draw(inner / file_name("name", ".jpg"), 1, **{"0th": words, "Exif": lens, "GPS": gps})
    draw(inner / file_name("beside", ".jpg"), 2)
    (inner / file_name("beside", ".jpg.xmp")).write_bytes(packet("sidecar"))
    draw(folder / "inside.jpg", 3)
    plain = (folder / "inside.jpg").read_bytes()
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet("xmp")
    datasets = b"".join(
        bytes((0x1C, 2, number)) + len(text).to_bytes(2, "big") + text
        for number, text in (
            (5, script("iptc title", 60).encode()),
            (25, script("iptc tag", 60).encode()),
            (120, script("iptc caption").encode()),
        )
    )
    record = (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(datasets).to_bytes(4, "big") + datasets + b"\0" * (len(datasets) % 2)
    )
    segments = b"".join(
        bytes((0xFF, kind)) + (len(each) + 2).to_bytes(2, "big") + each for kind, each in ((0xE1, body), (0xED, record))
    )
    (folder / "inside.jpg").write_bytes(plain[:2] + segments + plain[2:])
    draw(folder / "taken.jpg", 4)
    (folder / "taken.jpg.json").write_text(
        json.dumps(
            {
                "title": "taken.jpg", "description": script("takeout description"), "people": [{"name": script("takeout person", 90)}],
                "url": f"javascript:ran('takeout url')//{script('takeout')}", "photoTakenTime": {"timestamp": "1500000000"},
                "googlePhotosOrigin": {"mobileUpload": {"deviceFolder": {"localFolderName": script("takeout origin")}}},
            }
        )
    )  # fmt: skip
    (folder / file_name("broken", ".jpg")).write_bytes(b"\xff\xd8\xff\xe0 nothing")
    for number in range(5, 9):
        draw(folder / f"plain{number}.jpg", number)


def furnish(library: Library) -> None:
    """Names that people, models and other programs give."""
    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    ids = [
        row[0]
        for row in library.db.conn.execute(
            "select id from photos where owner_id = ? and status = 'ready' order by filename not like 'plain%', id",
            (owner,),
        )
    ]
    see(library, ids[:4], 0, 1)
    found = [each.id for each in faces.people(library.db, owner)]
    with write(library.db) as db:
        decisions.rename(db, owner, found[0], script("person", 90))
        edits.edit(db, owner, ids[:2], {"latitude": 48.1, "longitude": 11.5})
        understood.keep_labels(db, ids[0], [(script("label", 60), 0.9)])
        understood.correct_label(db, ids[1], script("a label of mine", 60), True)
        understood.keep_text(db, ids[0], [TextLine(script("text"), 0.9, Box(0.1, 0.1, 0.5, 0.1))])
        understood.keep_place(
            db,
            ids[0],
            PhotoPlace("DE", script("country", 80), script("region", 80), script("city", 80), 48.1, 11.5, False),
        )
        saved.save(db, owner, script("search", 90), script("query", 90))
        edits.edit(
            db,
            owner,
            ids[:3],
            {"add_tags": [script("tag", 90)], "title": script("caption"), "description": script("described")},
        )
        album = album_edits.make(
            db, owner, script("album", 120), script("album description"), None, ids[:5], None, None
        ).album_id
        album_edits.make(
            db, owner, script("album inside", 120), "", albums.album(library.db, album), ids[:2], None, None
        )
        album_edits.make(db, owner, script("album of a search", 120), "", None, [], "plain", None)
        edits.edit(db, owner, ids[-1:], {"is_trashed": True})
        edits.edit(db, owner, ids[-2:-1], {"is_archived": True, "title": script("archived")})
        users.rename(db, owner, script("shown name", 50))
        users.add(db, script("user", 40), script("another", 50))
        api_tokens.make(db, users.account(db, owner), script("token", 90), ["read"], None)
        db.conn.execute("update photos set taken_at_source = 'file time' where id = ?", (ids[3],))
        db.conn.execute("insert into identities (issuer, subject, user_id, label, created_at) values ('i', ?, ?, ?, '2024-01-01')",
                        (script("subject"), owner, script("oidc label")))  # fmt: skip
        db.conn.execute(
            """insert into passkeys (user_id, name, rp_id, credential, public_key, sign_count, transports, created_at)
               values (?, ?, 'localhost', x'01', x'00', 0, '', '2024-01-01')""", (owner, script("passkey", 90)))  # fmt: skip
        sessions.start(db, owner, sessions.Client(script("address", 40), script("browser", 60)))


@dataclass(frozen=True)
class World:
    server: Server
    photo: int
    album: int
    person: int
    paths: list[str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("scripts")
    fill(place / "in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        library = open_library(
            Config(data_dir=place / "data", settle_seconds=0, min_free_mb=0, workers=2), role="worker"
        )
    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with Intake(library, Wishes(owner), Tally()) as intake:
        for found in look(place / "in"):
            intake.take_folder(found)
        intake.close()
    work_until_idle(library)
    furnish(library)
    one = lambda sql: library.db.conn.execute(sql).fetchone()[0]  # noqa: E731
    ids = {
        "photo_id": one("select min(id) from photos where filename like 'plain%'"), "album_id": one("select min(id) from albums"),
        "person_id": one("select min(id) from people"), "other_id": one("select max(id) from people"),
        "tag_id": one("select min(id) from tags"),
        "folder_id": one("select max(folder_id) from sources"), "user_id": one("select max(id) from users"),
        "scope": "box-0-0-18000000-36000000-0-999912",
    }  # fmt: skip
    paths = addresses(create_app(library), ids)
    paths += [
        f"/photo/{row[0]}" for row in library.db.conn.execute("select id from photos where filename not like 'plain%'")
    ]
    paths += [f"/folders/{row[0]}" for row in library.db.conn.execute("select distinct folder_id from sources")]
    library.close()
    settings = {"map_attribution": script("credit"), "oidc_name": script("provider", 60)}
    with serving(place / "data", **settings) as server:
        yield World(server, ids["photo_id"], ids["album_id"], ids["person_id"], paths)


LEFT_OUT = {
    "events.events",
    "static",
    "words",
    "media.media",
    "pages.ratios",
    "frame.manifest",
    "frame.service_worker",
    "dav.look",
}


def addresses(app: Flask, ids: dict[str, Any]) -> list[str]:
    """Every page and fragment there is, of these things."""
    found = []
    for rule in app.url_map.iter_rules():
        needed = rule.arguments - set(rule.defaults or ())
        if (
            "GET" in (rule.methods or ())
            and rule.endpoint not in LEFT_OUT
            and not rule.rule.startswith("/api/")
            and needed <= set(ids)
        ):
            built = rule.build({name: ids[name] for name in needed})
            assert built is not None
            found.append(built[1])
    said = script("asked")
    found += [
        f"{path}?{urlencode({name: said})}"
        for path in ("/search", "/fragments/search", "/albums")
        for name in ("q", "sort")
    ]
    found += [
        f"/search?q={quote(f'tag:{said}')}",
        f"/search?q={quote('person:' + json.dumps(said))}",
        f"/photo/{ids['photo_id']}?q=plain&asked={quote(said)}",
    ]
    found += [
        f"/photo/{ids['photo_id']}?in=album-{ids['album_id']}",
        f"/{quote(said)}",
        "/?at=" + quote(said),
        "/?before=" + quote(said),
    ]
    return found


# Script in a page calls ran(), which is here before anything of the page is. Elements that somebody wrote are of the class "theirs".
HOOK = """() => {
  window.heard = []
  window.ran = (what) => window.heard.push(what)
  for (const name of ["alert", "confirm", "prompt"]) window[name] = (what) => window.heard.push(`${name} ${what}`)
}"""
SEEN = """() => [
  ...window.heard,
  ...document.querySelectorAll('.theirs, [onerror], [onload], [onclick], [src="x"], a[href^="javascript:" i], iframe, object, embed'),
  ...[...document.querySelectorAll("script")].filter((each) => !each.src.startsWith(location.origin)),
].map((each) => each.outerHTML ?? each)"""

# What is to be met on some page, or nothing would have been shown by not running it.
EVERYWHERE = {
    "name", "folder", "broken", "exif description", "make", "model", "lens", "artist", "comment", "xp title", "xp tag", "xmp title",
    "xmp description", "xmp tag", "xmp person", "sidecar description", "sidecar tag", "iptc tag", "takeout description", "takeout person",
    "tag", "caption", "described", "album", "album description", "person", "label", "text", "city", "region", "country", "search", "token",
    "passkey", "oidc label", "browser", "provider", "credit", "another", "asked",
}  # fmt: skip

Look = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, world: World) -> Iterator[Look]:
    """Opens pages in one context; looks after each whether anything ran, or is there that somebody wrote."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_it(path: str, bypass_csp: bool = True, size: str = "desktop") -> Page:
        if not contexts:
            context = browser.new_context(service_workers="block", bypass_csp=bypass_csp, **SIZES[size])
            context.add_cookies(
                [{"name": COOKIE, "value": world.server.token, "url": world.server.url, "httpOnly": True}]
            )
            context.add_init_script(f"({HOOK})()")
            context.on(
                "request",
                lambda asked: (
                    asked.url.startswith((world.server.url, "data:", "blob:")) or complaints.append(asked.url)
                ),
            )
            contexts.append(context)
            page = context.new_page()
            page.on("pageerror", lambda problem: complaints.append(str(problem)))
            page.on("console", lambda said: "Security Policy" in said.text and complaints.append(said.text))
            page.set_default_timeout(10_000)
        page = contexts[0].pages[0]
        page.goto(world.server.url + path)
        return page

    yield open_it
    for each in contexts:
        each.close()
    assert complaints == []


def check(page: Page) -> None:
    assert page.evaluate(SEEN) == [], page.url


def test_22_no_page_runs_what_somebody_wrote(world: World, visit: Look) -> None:
    assert len(world.paths) > 60
    marked, seen = 0, set()
    for path in world.paths:
        page = visit(path)
        check(page)
        here = re.findall(r"ran\('([^')]+)'\)", page.content())
        marked += bool(here)
        seen |= set(here)
    assert marked > 35
    assert seen >= EVERYWHERE  # it is there to be read


def test_22_the_policy_has_nothing_to_refuse(world: World, visit: Look) -> None:
    """The same in a browser that heeds it: it reports nothing, so nothing was tried."""
    for path in (
        "/",
        f"/photo/{world.photo}",
        f"/albums/{world.album}",
        f"/people/{world.person}",
        "/places",
        "/tags",
        "/account",
        "/admin/users",
    ):
        check(visit(path, bypass_csp=False, size="phone"))


def test_22_no_dialog_runs_what_somebody_wrote(world: World, visit: Look) -> None:
    page = visit("/")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".canvas .tile").first.wait_for()
    page.keyboard.press("Control+a")
    bar = page.locator(".selection-bar")
    bar.get_by_role("button", name="Add to an album").click()
    expect(page.get_by_label("Find an album or name a new one")).to_be_visible()
    page.get_by_text("onerror=ran('album')").first.wait_for()
    check(page)
    page.get_by_text("onerror=ran('album')").first.click()
    expect(page.locator(".toast")).to_contain_text("onerror=ran('album')")
    check(page)
    page.get_by_role("button", name="Undo").click()
    page.keyboard.press("Escape")
    page = visit("/")
    page.locator(".canvas .tile").first.wait_for()
    page.keyboard.press("Control+a")
    for name, dialog in (
        ("Tags", "#selection-tags"),
        ("Rating", "#selection-rating"),
        ("Date and time", "#selection-date"),
    ):
        bar.get_by_role("button", name="More").click()
        bar.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(dialog)).to_be_visible()
        check(page)
        page.keyboard.press("Escape")
    page = visit("/albums")
    page.locator("#add").click()
    expect(page.locator("#adding-picker")).to_be_visible()
    check(page)


def test_22_what_is_typed_finds_what_somebody_wrote_and_runs_nothing(world: World, visit: Look) -> None:
    page = visit("/search?q=plain")  # what there is to find is put together with the first search
    field = page.locator("search-box input[role=combobox]").first
    field.fill("")
    field.press_sequentially("img")
    page.locator("search-box [role=option]").first.wait_for()
    check(page)
    field.fill(script("typed"))
    field.press("Enter")
    page.wait_for_load_state()
    check(page)
    page = visit(f"/photo/{world.photo}")
    page.keyboard.press("i")
    expect(page.get_by_label("Title", exact=True)).to_have_value(script("caption"))
    page.keyboard.press("i")
    check(page)
    page.keyboard.press("i")
    page.get_by_label("Title", exact=True).fill(script("typed title"))
    page.get_by_label("Title", exact=True).press("Enter")
    expect(page.locator(".toast")).to_be_visible()
    check(page)
    page = visit("/places")
    page.locator(".map-cluster").first.wait_for()
    check(page)
    page.locator(".map-cluster").first.click()
    check(page)


def test_22_files_that_are_added_run_nothing(world: World, visit: Look, tmp_path: Path) -> None:
    page = visit("/albums")
    new, bad = tmp_path / file_name("added", ".jpg"), tmp_path / file_name("refused", ".jpg")
    draw(new, 11)
    bad.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='ran(1)'/>")
    page.click("#add")
    page.set_input_files("#adding-picker [data-pick=files]", [os.fspath(new), os.fspath(bad)])
    page.click("add-strip .unfold")
    expect(page.locator("#adding-files li", has_text="ran('refused')")).to_be_visible()
    check(page)
