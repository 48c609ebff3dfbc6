"""Bytes over HTTP: sizes, forms, ranges, names, and that nothing but photos and videos is ever shown."""

import io
import shutil
import urllib.parse
from pathlib import Path

import pytest
from flask import Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photolib import variants
from photolib.db import write
from photolib.ingest import Arrival, arrive
from photolib.library import Library
from photolib.sources import FileState
from web.media import disposition, is_safe_inline

BROWSER = {"Accept": "image/avif,image/webp,image/apng,*/*;q=0.8"}


# ---------------------------------------------------------------- sizes and forms


@pytest.mark.parametrize(
    ("size", "edge"), [("thumb", 200), ("medium", 800), ("large", 2048), ("320", 320), ("1280", 1280)]
)
def test_a_size_is_as_large_as_its_name_says(gallery, size: str, edge: int) -> None:
    answer = gallery.client.get(f"/media/{gallery.photo['key']}/{size}", headers=BROWSER)
    image = Image.open(answer_file(answer))
    assert max(image.size) in (edge, 2400 // 2)  # large may be the nearest half: see variants
    assert abs(image.width / image.height - 1.5) < 0.02


def answer_file(answer: Response) -> io.BytesIO:
    return io.BytesIO(answer.data)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("image/avif", "image/avif"),
        ("image/webp", "image/webp"),
        ("image/jpeg", "image/jpeg"),
        ("text/html", "image/jpeg"),
        ("image/avif;q=0.1, image/webp;q=0.9", "image/webp"),
    ],
)
@pytest.mark.parametrize("size", ["thumb", "480"])
def test_a_client_gets_a_form_it_takes(gallery, size: str, accept: str, media_type: str) -> None:
    answer = gallery.client.get(f"/media/{gallery.photo['key']}/{size}", headers={"Accept": accept})
    assert answer.content_type == media_type
    assert Image.open(answer_file(answer)).format == media_type.removeprefix("image/").upper()


@pytest.mark.parametrize("form", ["avif", "webp", "jpeg", "jpg"])
def test_a_form_can_be_asked_for(gallery, form: str) -> None:
    answer = gallery.client.get(f"/media/{gallery.photo['key']}/medium?format={form}", headers={"Accept": "image/webp"})
    assert answer.content_type == "image/" + form.replace("jpg", "jpeg")


@pytest.mark.parametrize(
    "variant", ["huge", "0", "-1", "801", "medium.jpg", "original2", "thumb?format=svg", "thumb?format=../x"]
)
def test_there_are_only_the_sizes_and_forms_there_are(gallery, variant: str) -> None:
    answer = gallery.client.get(f"/media/{gallery.photo['key']}/{variant}")
    assert answer.status_code == 400
    assert answer.json["error"]["kind"] == "bad_input"


def test_a_size_made_on_request_is_kept(gallery) -> None:
    home = variants.path(gallery.library.variants, gallery.photo["key"], "640", "avif")
    assert not home.exists()
    answer = gallery.client.get(f"/media/{gallery.photo['key']}/640", headers={"Accept": "image/avif"})
    assert home.read_bytes() == answer.data


def test_sizes_that_were_deleted_are_made_again(gallery) -> None:
    before = gallery.client.get(gallery.photo["urls"]["medium"], headers=BROWSER).data
    shutil.rmtree(gallery.library.variants)
    assert gallery.client.get(gallery.photo["urls"]["medium"], headers=BROWSER).data == before


def test_a_photo_that_is_still_being_worked_on_can_be_seen(
    client: FlaskClient, library: Library, draw_photo, owner_id: int
) -> None:
    path = draw_photo("in/fresh.jpg", size=(640, 480))
    found = path.stat()
    state = FileState(found.st_size, found.st_mtime_ns, found.st_ino)
    arrive(library, Arrival(owner_id, bytes(path.parent), path.name.encode(), state, lambda: path.open("rb")))
    [item] = client.get("/api/v1/photos").json["items"]
    assert item["status"] == "processing"
    assert Image.open(answer_file(client.get(item["urls"]["thumb"], headers=BROWSER))).size == (200, 150)


def test_a_photo_that_cannot_be_shown_says_why(
    client: FlaskClient, library: Library, draw_photo, import_folder
) -> None:
    path = draw_photo("in/cut.jpg", size=(900, 900))
    path.write_bytes(path.read_bytes()[:3000])
    import_folder(path.parent)
    key = library.db.conn.execute("select key from photos").fetchone()[0]
    answer = client.get(f"/media/{key}/thumb", headers=BROWSER)
    assert answer.status_code == 404
    assert "ends too early" in answer.json["error"]["message"]
    assert client.get(f"/media/{key}/original").data == path.read_bytes()


# ---------------------------------------------------------------- HTTP


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=300000-", 300000, None), ("bytes=-500", -500, None),
     ("bytes=5-99999999", 5, None), ("bytes = 262143-262145", 262143, 262146)],
)  # fmt: skip
def test_a_range_is_exactly_what_was_asked_for(gallery, asked: str, start: int, end: int | None) -> None:
    client, url, body = gallery.client, gallery.noise_url, gallery.noise
    answer = client.get(url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == body[start:end]
    first = start if start >= 0 else len(body) + start
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{len(body)}"
    assert answer.content_length == len(answer.data)


def test_a_range_behind_the_end_is_refused(gallery) -> None:
    client, url, body = gallery.client, gallery.noise_url, gallery.noise
    answer = client.get(url, headers={"Range": f"bytes={len(body)}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(body)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=a-b", "lines=1-2", "bytes=-", "bytes=", "-", "bytes=--5"])
def test_what_is_no_single_range_gets_everything(gallery, asked: str) -> None:
    client, url, body = gallery.client, gallery.noise_url, gallery.noise
    answer = client.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, body)


def test_a_range_of_other_bytes_than_before_gets_everything(gallery) -> None:
    client, url, body = gallery.client, gallery.noise_url, gallery.noise
    etag = client.get(url).headers["ETag"]
    assert client.get(url, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 206
    assert client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'}).data == body


def test_a_head_says_the_length_without_the_bytes(gallery) -> None:
    client, url, body = gallery.client, gallery.noise_url, gallery.noise
    answer = client.head(url)
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", len(body))
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_what_the_browser_has_is_not_sent_again(gallery) -> None:
    etags = set()
    for url in (
        gallery.photo["urls"]["thumb"],
        gallery.photo["urls"]["large"],
        gallery.photo["urls"]["original"],
        gallery.noise_url,
    ):
        etag = gallery.client.get(url, headers=BROWSER).headers["ETag"]
        answer = gallery.client.get(url, headers={**BROWSER, "If-None-Match": etag})
        assert (answer.status_code, answer.data) == (304, b"")
        etags.add(etag)
    assert len(etags) == 4


# ---------------------------------------------------------------- what originals are served as


def test_an_original_is_shown_or_downloaded_under_its_name(
    client: FlaskClient, tmp_path: Path, draw_photo, import_folder
) -> None:
    draw_photo("in/Été à “Rennes”.jpg")
    import_folder(tmp_path / "in")
    [item] = client.get("/api/v1/photos").json["items"]
    shown = client.get(item["urls"]["original"]).headers["Content-Disposition"]
    saved = client.get(item["urls"]["original"] + "?download=1").headers["Content-Disposition"]
    assert shown.startswith("inline;")
    assert saved.startswith("attachment;")
    assert urllib.parse.unquote(saved.split("''")[1]) == "Été à “Rennes”.jpg"


@given(st.text(max_size=300))
def test_any_name_fits_into_a_header(name: str) -> None:
    header = disposition("attachment", name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    told = urllib.parse.unquote(header.split("''")[1])
    assert told == name.encode("utf-8", "replace").decode()


def test_only_photos_and_videos_are_shown_under_our_address() -> None:
    assert is_safe_inline("image/jpeg")
    assert is_safe_inline("video/mp4")
    for media_type in ("image/svg+xml", "text/html", "application/pdf", "application/xhtml+xml", "text/xml", ""):
        assert not is_safe_inline(media_type)


def test_a_photo_that_is_a_web_page_too_stays_a_photo(
    client: FlaskClient, tmp_path: Path, draw_photo, import_folder
) -> None:
    path = draw_photo("in/photo.html", format="JPEG")
    path.write_bytes(path.read_bytes() + b"<html><script>alert(1)</script></html>")
    import_folder(path.parent)
    [item] = client.get("/api/v1/photos").json["items"]
    answer = client.get(item["urls"]["original"])
    assert answer.content_type == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "photo.html.jpg" in answer.headers["Content-Disposition"]


def test_whatever_else_got_into_the_store_is_only_ever_downloaded(
    client: FlaskClient, library: Library, draw_photo, import_folder
) -> None:
    import_folder(draw_photo("in/a.jpg").parent)
    [item] = client.get("/api/v1/photos").json["items"]
    with write(library.db) as db:
        db.conn.execute("update originals set media_type = 'image/svg+xml'")
    answer = client.get(item["urls"]["original"])
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path",
    [
        "/media/{key}/../../photolib.db", "/media/{key}/%2e%2e%2f%2e%2e%2fphotolib.db", "/media/..%2f..%2fphotolib/original",
        "/media/{key}%00/thumb", "/media/{key}/thumb%00", "/media/..%5C..%5Cphotolib.db/original", "/media/" + "a" * 5000 + "/thumb",
        "/media/{key}/thumb%0d%0aX: y", "/media/%ff%fe/thumb", "/media/{upper}/thumb",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_store(gallery, path: str) -> None:
    answer = gallery.client.get(path.format(key=gallery.photo["key"], upper=gallery.photo["key"].upper() + "A"))
    assert answer.status_code in (400, 404)


# ---------------------------------------------------------------- parts


def test_the_video_inside_a_motion_photo_is_a_file_of_its_own(
    client: FlaskClient, shared_photos: Path, tmp_path: Path, import_folder
) -> None:
    name = "PXL_20231006_063000139.MP.jpg"
    (tmp_path / "in").mkdir()
    shutil.copy(shared_photos / "motion_photo" / name, tmp_path / "in")
    import_folder(tmp_path / "in")
    [item] = client.get("/api/v1/photos").json["items"]
    [part] = [
        each for each in client.get(f"/api/v1/photos/{item['photo_id']}").json["parts"] if each["role"] == "motion"
    ]
    whole = (tmp_path / "in" / name).read_bytes()
    video = whole[part["byte_offset"] : part["byte_offset"] + part["byte_length"]]
    answer = client.get(part["url"])
    assert answer.data == video
    assert answer.content_type == "video/mp4"
    assert ".mp4" in answer.headers["Content-Disposition"]
    assert client.get(part["url"], headers={"Range": "bytes=10-29"}).data == video[10:30]
    assert client.get(part["url"], headers={"Range": "bytes=-5"}).data == video[-5:]
    assert client.get(part["url"], headers={"Range": f"bytes={len(video)}-"}).status_code == 416


def test_the_video_of_a_live_photo_belongs_to_whoever_has_the_photo(
    client: FlaskClient, library: Library, shared_photos: Path, tmp_path: Path, import_folder, stranger_id: int
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("train.jpg", "train.mov"):
        shutil.copy(shared_photos / "live_photo" / name, tmp_path / "in")
    import_folder(tmp_path / "in")
    [item] = client.get("/api/v1/photos").json["items"]
    assert item["type"] == "live"
    [part] = [
        each for each in client.get(f"/api/v1/photos/{item['photo_id']}").json["parts"] if each["role"] == "video"
    ]
    for url in (part["url"], f"/media/{item['key']}/video"):
        answer = client.get(url)
        assert answer.data == (tmp_path / "in" / "train.mov").read_bytes()
        assert answer.content_type == "video/quicktime"
        assert "train.mov" in answer.headers["Content-Disposition"]
    with write(library.db) as db:
        db.conn.execute("update photos set owner_id = ?", (stranger_id,))
    assert client.get(part["url"]).status_code == 404
    assert client.get(f"/media/{item['key']}/video").status_code == 404
