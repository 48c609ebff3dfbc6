"""ABUSE_CASES.md 21, 22 and 28: files that are something else as well, text that becomes part of a page, and paths that lead outside."""

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from photolib import catalog
from photolib.catalog import Original
from photolib.db import write
from photolib.library import Library
from web.uploads_api import PIECE

from .asked_for import getting, rules
from .conftest import ListPhotos, client_of
from .test_abuse_accounts import DOORS
from .test_abuse_questions import address
from .test_abuse_users import Things, changing, two_people, zoes_browser  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(form: str = "JPEG", **save: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 150)).save(made, form, **save)
    return made.getvalue()


# Files that a browser could take for a page, or a plug-in for a document, under every name that could make it do so.
POLYGLOTS: dict[str, bytes] = {
    "a page": HTML,
    "a drawing": SVG,
    "a drawing behind a byte order mark": b"\xef\xbb\xbf<?xml version='1.0'?>" + SVG,
    "a document": PDF,
    "a page that begins as a GIF": b"GIF89a/*" + HTML + b"*/=1;alert(1)",
    "a page that begins as a bitmap": b"BM" + HTML,
    "a picture with a page behind it": picture() + HTML,
    "a picture with a page inside it": picture(comment=HTML),
    "a picture with a drawing behind it": picture("PNG") + SVG,
    "a picture with a document inside it": picture("GIF", comment=PDF[:200]),
    "a picture with an archive behind it": picture() + b"PK\x05\x06" + bytes(18),
    "a script that is a GIF": picture("GIF") + b"\n*/=1;alert(1)//",
}
NAMES = (
    "photo.jpg",
    "photo.svg",
    "photo.html",
    "photo.pdf",
    "photo.xhtml",
    "photo.jpg.html",
    "photo",
    "photo.js",
    "photo.svgz",
)
SHOWN = re.compile(r"image/(jpeg|png|gif|webp|avif|heic|heif|bmp|x-ms-bmp|tiff|jxl)|video/[\w.-]+")


def send(client: FlaskClient, name: str, body: bytes) -> Any:
    told = {
        "filename": name,
        "size_bytes": len(body),
        "content_type": "text/html",
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    announced = client.post("/api/v1/photos/upload-url", json=told)
    if announced.status_code != 201:
        return announced, ""
    upload = announced.json
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    path = upload["upload_url"].removeprefix("http://localhost")
    assert client.patch(path, data=body, content_type=PIECE, headers=headers).status_code == 204
    return client.post("/api/v1/photos", json={"upload_id": upload["upload_id"]}), path


def check_is_harmless(answer: Any) -> None:
    """What a browser is given, it shows as a picture or a video in a sandbox, or saves."""
    disposition = answer.headers.get("Content-Disposition", "inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    if disposition.startswith("inline"):
        assert SHOWN.fullmatch(answer.mimetype), answer.mimetype
    else:
        assert SHOWN.fullmatch(answer.mimetype) or answer.mimetype == "application/octet-stream"
    name = re.search(r"filename\*=UTF-8''(\S+)", disposition)
    if name:
        assert not re.search(r"\.(html?|xhtml|svgz?|xml|pdf|js|mjs)$", name[1], re.IGNORECASE), name[1]


@pytest.mark.parametrize("what", POLYGLOTS)
def test_21_no_file_is_ever_shown_as_a_page(
    app: Flask, library: Library, tmp_path: Path, import_folder: Any, what: str
) -> None:
    client, body = client_of(app), POLYGLOTS[what]
    for number, name in enumerate(NAMES):
        answer, address_of_upload = send(client, name, body + bytes(number))  # other bytes each time, of the same kind
        assert answer.status_code in (201, 400), (what, name)
        state = client.get(address_of_upload)
        assert state.mimetype == "application/json"
        assert b"alert" not in state.data
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(body + bytes(100 + number))
    import_folder(folder)
    for item in client.get("/api/v1/photos?size=500").json["items"]:
        for url in item["urls"].values():
            for query in ("", "?download=1", "?format=svg", "?format=html", "?format=../x"):
                answer = client.get(url + query, headers={"Accept": "text/html,image/svg+xml,*/*"})
                if answer.status_code == 200:
                    check_is_harmless(answer)
                else:
                    assert answer.mimetype == "application/json"


def test_21_what_is_in_the_store_for_another_reason_is_saved_and_not_shown(
    app: Flask, library: Library, owner_id: int
) -> None:
    """Whatever let it in: what a row says of a file never makes it a page."""
    for number, (media_type, ending) in enumerate(
        (
            ("image/svg+xml", "svg"),
            ("text/html", "html"),
            ("application/pdf", "pdf"),
            ("application/xhtml+xml", "xhtml"),
            ("", ""),
        ),
    ):
        body = SVG + HTML + PDF + bytes(number)
        key = library.originals.put(io.BytesIO(body), ending or "jpg").key
        with write(library.db) as db:
            original = Original(key, ending, ending, media_type, len(body))
            catalog.add_photo(db, owner_id, original, "photo", f"x.{ending}", "2024-06-14T12:00:00.000")
        answer = client_of(app).get(f"/media/{key}/original")
        assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_21_a_picture_to_search_by_is_not_given_back(app: Flask) -> None:
    client = client_of(app)
    for body in POLYGLOTS.values():
        answer = client.post("/api/v1/search/by-picture", data=body, content_type="application/octet-stream")
        assert b"alert" not in answer.data
        page = client.post(
            "/search/picture", data={"picture": (io.BytesIO(body), "<script>.svg")}, content_type="multipart/form-data"
        )
        assert page.status_code in (200, 400)
        assert b"alert(1)" not in page.data


# ---------------------------------------------------------------- 22: what our own script makes of text


SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|setHTML|\beval\b|new Function"
    r"|bindPopup|bindTooltip|setContent|addAttribution|javascript:|setTimeout\(\s*[\"'`]"
)
FRAGMENT = "a page or fragment of ours, which Jinja escaped"
# How often each module of ours makes elements of text, and why that text is none that somebody wrote.
MAKING_ELEMENTS = {
    "acts.js": (1, FRAGMENT), "adding.js": (1, FRAGMENT), "again-soon.js": (1, FRAGMENT), "albums.js": (1, FRAGMENT),
    "fresh-part.js": (2, FRAGMENT + "; and a comparison"), "later-part.js": (1, FRAGMENT), "more-photos.js": (1, FRAGMENT),
    "selection-bar.js": (1, FRAGMENT), "share-dialog.js": (1, FRAGMENT), "shared/page.js": (1, FRAGMENT),
    "viewer/article.js": (1, FRAGMENT), "yes-or-no.js": (1, FRAGMENT), "map/places-page.js": (1, FRAGMENT),
    "icons.js": (1, "one of the icons written in it"), "photo-viewer.js": (1, "a constant"), "map/place-picker.js": (1, "a constant"),
    "map/world.js": (1, "the map's credits: a constant, and the setting's as text of an element"),
}  # fmt: skip


def test_22_text_becomes_elements_in_known_places_only() -> None:
    static = ROOT / "web" / "static"
    found = {}
    for file in sorted(static.rglob("*.js")):
        if "vendor" not in file.parts:
            lines = [
                line for line in file.read_text(encoding="utf-8").splitlines() if SINKS.search(line.partition("//")[0])
            ]
            if lines:
                found[file.relative_to(static).as_posix()] = lines
    assert set(found) == set(MAKING_ELEMENTS)
    for name, lines in found.items():
        made = [line for line in lines if 'addAttribution("' not in line]
        assert len(made) == MAKING_ELEMENTS[name][0], (name, made)
        if MAKING_ELEMENTS[name][1] == "a constant":
            assert not any("${" in line for line in made), name


def test_22_templates_escape_everything_and_every_attribute_is_quoted() -> None:
    for file in sorted((ROOT / "web" / "templates").glob("*.html")):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), file
        for tag in re.findall(r"<[a-z][^<>]*>", re.sub(r"{{.*?}}", "{{}}", re.sub(r"{%.*?%}", "", text))):
            assert not re.search(r"=\s*{{", re.sub(r"\"[^\"]*\"|'[^']*'", "''", tag)), (file, tag)
            assert not re.search(r"\son[a-z]+\s*=|style\s*=|javascript:", tag), (file, tag)
        assert "<script>" not in text
        assert "<style" not in text
    for file in sorted((ROOT / "web").glob("*.py")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if "Markup(" in line:
                assert file.name in ("language.py", "words.py"), (file, line)


def test_22_what_json_says_is_no_page(app: Flask, two: tuple[Things, Things], zoe: FlaskClient) -> None:
    for rule in getting(app):
        path = address(rule, two[0])
        if path is not None and path.startswith("/api/") and rule.endpoint not in DOORS:
            answer = zoe.get(path, query_string={"q": SVG.decode()})
            assert answer.mimetype in ("application/json", "image/jpeg", "image/webp", "image/avif"), path
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


# ---------------------------------------------------------------- 28: paths


UP = (
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc\\passwd", "..%5C..%5Cetc%5Cpasswd",
    "%00", "look.css%00.jpg", "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "....//....//etc/passwd", "%c0%ae%c0%ae/etc/passwd",
    "%252e%252e%252fetc%252fpasswd", "a" * 5000, "CON", "../photolib.db", "..;/photolib.db", "%ff", "\u2025/\u2025/etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("up", UP)
def test_28_no_address_leads_to_a_file_that_is_not_ours_to_give(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient, up: str
) -> None:
    secret = library.data / "secret.txt"
    secret.write_text("root:x:0:0 of nobody's business")
    for rule in rules(app):
        if "GET" not in (rule.methods or ()) or rule.endpoint == "events.events":
            continue
        path = re.sub(r"<[^>]*>", lambda _: up, rule.rule) if "<" in rule.rule else f"{rule.rule.rstrip('/')}/{up}"
        answer = zoe.get(path)
        # 401: /dav/, which asks for a token of its own (tests/web/test_dav.py goes up from there).
        assert answer.status_code in (301, 302, 303, 308, 400, 401, 403, 404, 405), path
        assert "root:x:0:0" not in answer.text
        assert b"SQLite format" not in answer.data
        location = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])|http://localhost/(?![/\\])", location), (path, location)
    for name in ("scope", "in", "cursor", "before", "month", "format", "next", "q", "v", "tab"):
        for path in (
            "/",
            f"/photo/{two[0].photo_id}",
            f"/media/{two[0].key}/thumb",
            "/api/v1/timeline/buckets",
            "/login",
        ):
            assert "root:x:0:0" not in zoe.get(f"{path}?{name}={up}").text


def test_28_a_file_is_never_kept_where_its_name_says(app: Flask, library: Library, tmp_path: Path) -> None:
    client = client_of(app)
    outside = {path for path in tmp_path.rglob("*") if library.data not in path.parents}
    names = (
        *UP,
        "a/b.jpg",
        "..",
        ".",
        "/",
        "\\",
        "-rf",
        "--output=x.jpg",
        "a\nb.jpg",
        "a\0b.jpg",
        "\u202egpj.exe",
        "C:\\x.jpg",
        "\\\\host\\x.jpg",
        "nul",
    )
    for number, name in enumerate(names):
        body = picture() + bytes(number)
        answer, _ = send(client, name or "x", body)
        assert answer.status_code in (201, 400)
        form = {"files": (io.BytesIO(body + b"\1"), name), "album_id": "../1"}
        assert client.post("/add", data=form, content_type="multipart/form-data").status_code in (200, 400)
        told = {"filename": "a.jpg", "size_bytes": 5, "folder": name, "content_type": name, "sha256": name}
        assert client.post("/api/v1/photos/upload-url", json=told).status_code in (201, 400)
    assert {path for path in tmp_path.rglob("*") if library.data not in path.parents} == outside
    for path in library.data.rglob("*"):
        relative = path.relative_to(library.data).as_posix()
        assert re.fullmatch(r"[\w./-]+", relative), relative
        assert not path.is_symlink()
    for item in client.get("/api/v1/photos?size=500").json["items"]:
        assert not re.search(r"[/\\\0\n]", item["filename"])


@pytest.mark.parametrize(
    "token", ["../../photolib.db", "..%2fphotolib", "x" * 5000, "%00", "a.b.c", ".", "W10.x", "-1"]
)
def test_28_an_address_to_send_to_is_no_path(app: Flask, library: Library, token: str) -> None:
    client = client_of(app)
    for method in ("PUT", "PATCH", "DELETE", "POST", "GET", "HEAD"):
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "X-HTTP-Method-Override": "DELETE"}
        answer = client.open(f"/api/v1/uploads/{token}", method=method, data=b"x", content_type=PIECE, headers=headers)
        assert answer.status_code in (400, 404, 405, 415), (method, token)
    assert (library.data / "photolib.db").exists()


def test_28_names_in_a_zip_stay_in_the_folder_it_is_unpacked_in(
    app: Flask, library: Library, list_photos: ListPhotos, tmp_path: Path
) -> None:
    names = [
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\windows\\x.jpg",
        "..",
        ".",
        "",
        "a/../b.jpg",
        "a\0b.jpg",
        "..\\..\\x.jpg",
        "~/.ssh/x.jpg",
        "a\n.jpg",
    ]
    ids = []
    for number, name in enumerate(names):
        [photo] = list_photos("2024-06-14T12:00:00.000", name=name or "x")
        body = b"%d" % (number + 1)
        assert library.originals.put(io.BytesIO(body), "jpg").key
        with write(library.db) as db:
            db.conn.execute(
                "update originals set size = ? where key = ?", (len(body), hashlib.sha256(body).hexdigest())
            )
        ids.append(photo)
    answer = client_of(app).post("/download", data={"photos": ",".join(map(str, ids))})
    found = zipfile.ZipFile(io.BytesIO(answer.data))
    assert len(set(found.namelist())) == len(names)
    for info in found.infolist():
        assert not re.search(r"[/\\:\0\n]|^\.+$|^$", info.filename), info.filename
        assert info.external_attr >> 28 in (0, 8)  # a plain file, and no link
    assert "\n" not in answer.headers["Content-Disposition"]


def test_28_links_in_a_library_lead_nowhere(
    app: Flask, tmp_path: Path, draw_photo: Callable[..., Path], import_folder: Any
) -> None:
    outside = draw_photo("outside/private.jpg", taken="2020:01:01 10:00:00")
    folder = draw_photo("in/own.jpg", taken="2021:01:01 10:00:00").parent
    os.symlink(outside, folder / "link.jpg")
    os.symlink(outside.parent, folder / "linked")
    os.symlink("../outside/private.jpg", folder / "relative.jpg")
    os.symlink("/proc/self/environ", folder / "environ.jpg")
    os.symlink(folder, folder / "round")
    os.symlink("/nowhere", folder / "broken.jpg")
    os.mkfifo(folder / "pipe.jpg")
    import_folder(folder)
    assert [item["filename"] for item in client_of(app).get("/api/v1/photos").json["items"]] == ["own.jpg"]


def test_28_a_form_leads_back_to_a_path_of_ours(app: Flask, two: tuple[Things, Things], zoe: FlaskClient) -> None:
    for page in (
        "http://localhost//evil.example/x",
        "http://localhost/\\evil.example",
        "http://evil.example",
        "//evil.example",
        "javascript:x",
        "\\\\evil.example",
    ):
        answer = zoe.post("/photos/act", data={"photo": two[0].photo_id, "act": "favourite"}, headers={"Referer": page})
        assert answer.status_code == 303
        assert re.match(r"/(?![/\\])", answer.headers["Location"]), page
