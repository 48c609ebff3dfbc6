"""ABUSE_CASES.md 7 and 8: what a share link hands out of photos, read by a program that is not ours."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photolib.accounts import users
from photolib.db import write
from photolib.sharing import links, saving
from tests.photolib.test_cleaning import CAMERA_NAMED, HARMLESS, NEVER, NEVER_NAMED, PLACE_NAMED, PRIVATE_PROFILE
from tests.programs import program
from web import shared_files
from web.sessions import COOKIE as SESSION

from .conftest import CLIENT, sign_in
from .link_world import World, is_there, world_at

# One of each kind, with what people's cameras write into them.
REAL = (
    "gps/DSCN0010.jpg", "jpeg_exif/22-canon_tags.jpg", "jpeg_exif/Nikon_D70.jpg", "faces_xmp/picasa.jpg", "heic/IMG_5195.HEIC",
    "heic/test.heic", "live_photo/IMG_7943.HEIC", "live_photo/IMG_7943_HEVC.MOV", "motion_photo/PXL_20231006_063000139.MP.jpg",
    "video/20240128_105420.mp4", "video/video_rotate.mp4", "png/png_with_faces_and_dates.png", "webp/test.webp", "tiff/Picoawards.tiff",
    "gif/test.gif", "avif/test.avif", "raw/test.dng",
)  # fmt: skip
TECHNICAL = {"SampleGroupDescription"}  # of how pictures of a film depend on each other
VIEWED = ("320", "thumb", "480", "640", "medium", "1280", "1600", "large")
FORMS = ("jpg", "webp", "avif")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_at(tmp_path_factory.mktemp("files"), REAL if is_there(*REAL) else ()) as made:
        yield made


# ---------------------------------------------------------------- 7


def test_7_who_may_look_gets_neither_the_original_nor_a_zip_nor_anything_as_good(world: World) -> None:
    token = world.link()
    browser = world.browser("x")
    for key in world.keys:
        for path in (f"download/{key}", f"download/{key}?size=web", f"media/{key}/4096", f"media/{key}/original", f"media/{key}/raw",
                     f"media/{key}/whole", f"media/{key}/large?format=whole", f"media/{key}/original?download=1"):  # fmt: skip
            for headers in ({}, {"Range": "bytes=0-"}):
                assert browser.get(f"/s/{token}/{path}", headers=headers).status_code in (400, 404), path
    for data in ({}, {"photos": world.keys[0]}, {"photos": world.keys[0], "size": "web"}):
        assert browser.post(f"/s/{token}/download", data=data).status_code == 404
    page = browser.get(f"/s/{token}").text + "".join(browser.get(f"/s/{token}/photo/{key}").text for key in world.keys)
    assert not re.search(r"/download|4096|/saving/|original", page)
    assert browser.get(f"/s/{token}/contribute").status_code == 404
    saver = world.browser("x", HTTP_COOKIE=f"{SESSION}={sign_in(world.library.db, world.stranger)}")
    assert saver.get(f"/saving/{token}").status_code == saver.post(f"/saving/{token}", data={}).status_code == 404


def test_7_what_who_may_look_is_shown_is_small_and_is_not_the_file(world: World) -> None:
    """At most 2048 pixels, which fills a screen and prints a postcard."""
    token = world.link()
    kept = {key: world.library.originals.size(key) for key in world.keys}
    for key in world.keys:
        for size in VIEWED:
            answer = world.browser("x").get(f"/s/{token}/media/{key}/{size}?format=jpg")
            assert answer.status_code == 200
            assert max(Image.open(io.BytesIO(answer.data)).size) <= 2048
            assert len(answer.data) != kept[key]


def test_7_a_film_is_watched_in_its_cleaned_copy_and_not_offered_as_a_file(world: World) -> None:
    token, films = world.link(), 0
    for key in world.keys:
        answer = world.browser("x").get(f"/s/{token}/media/{key}/video")
        if answer.status_code == 200:
            films += 1
            assert "attachment" not in answer.headers.get("Content-Disposition", "")
            assert answer.mimetype.startswith("video/")
            with world.library.originals.open(key) as original:
                assert original.read() != answer.data
    assert films >= 2 or not is_there(*REAL)


def test_7_as_many_files_as_somebody_likes_come_one_after_the_other(world: World) -> None:
    """What is large is sent from its file, and its turn is given back all the same, also when nobody reads to the end."""
    token = world.link(permission="download")
    key = max(world.keys, key=world.library.originals.size)
    assert world.library.originals.size(key) > 1 << 18
    for headers in ({}, {"Range": "bytes=0-200000"}, {"Range": "bytes=9999999999-"}, {"If-None-Match": "x"}):
        for _ in range(shared_files.STREAMS.most_of_one + 1):
            for method in ("GET", "HEAD"):
                answer = world.browser("x").open(f"/s/{token}/download/{key}", method=method, headers=headers)
                assert answer.status_code in (200, 206, 416)
            world.browser("x").get(f"/s/{token}/download/{key}", buffered=False).close()
    assert shared_files.STREAMS.taken == 0


def _account(world: World) -> Any:
    return users.account(world.library.db, world.stranger)


# ---------------------------------------------------------------- 8


def handed_out(world: World, into: Path, **options: Any) -> int:
    """Everything that a link hands out of its photos, as files; returns how many."""
    token = world.link(permission="contribute", may_preview=True, **options)
    browser, number = world.browser("x"), 0
    into.mkdir()

    def keep(answer: Any, what: str) -> None:
        nonlocal number
        if answer.status_code == 404 and what in ("video", "motion"):
            return  # most photos have none
        assert answer.status_code in (200, 206), (what, answer.request.path, re.findall("lead.>(.*?)<", answer.text))
        ending = answer.mimetype.partition("/")[2].replace("quicktime", "mov")
        (into / f"{number:03}-{what}.{ending}").write_bytes(answer.data)
        number += 1

    for key in world.keys:
        for size in ("thumb", "large", "4096"):
            keep(browser.get(f"/s/{token}/media/{key}/{size}?format={FORMS[number % 3]}"), size)
        for role in ("video", "motion"):
            keep(browser.get(f"/s/{token}/media/{key}/{role}"), role)
        for size in ("original", "web"):
            keep(browser.get(f"/s/{token}/download/{key}?size={size}"), f"download-{size}")
    keep(browser.get(f"/s/{token}/preview.jpg"), "card")
    feed = browser.get(f"/s/{token}/feed.json").json
    keep(browser.get(re.sub("^http://[^/]+", "", feed["items"][0]["image"])), "feed")
    for size in ("original", "web"):
        with zipfile.ZipFile(io.BytesIO(browser.post(f"/s/{token}/download", data={"size": size}).data)) as archive:
            for name in archive.namelist():
                assert not re.search(r"^/|\.\.|folderofowner|\\", name)
                (into / f"{number:03}-zip-{size}{Path(name).suffix}").write_bytes(archive.read(name))
                number += 1
    # What somebody saves who has an account here is theirs: it lies in their library.
    before = set(
        world.library.db.conn.execute("select key from photos where owner_id = ?", (world.stranger,)).fetchall()
    )
    saving.save(world.library, world.of(token), _account(world), world.photo_ids, CLIENT)
    rows = world.library.db.conn.execute(
        """select photos.key, originals.format from photos join originals on originals.key = photos.key where owner_id = ?1
           union select parts.key, originals.format from parts join originals on originals.key = parts.key
             join photos on photos.id = photo_id where owner_id = ?1""",
        (world.stranger,),
    ).fetchall()
    for key, kind in rows:
        if (key,) not in before:
            with world.library.originals.open(key) as file:
                (into / f"{number:03}-saved.{kind}").write_bytes(file.read())
            number += 1
    return number


@pytest.mark.parametrize("shows", [False, True])
def test_8_nothing_that_a_link_hands_out_says_more_than_its_owner_wants(
    world: World, tmp_path: Path, shows: bool
) -> None:
    files = tmp_path / "files"
    count = handed_out(world, files, show_location=shows, show_camera=shows)
    found = json.loads(
        subprocess.run(
            [program("exiftool"), "-a", "-u", "-G1", "-j", "-ee", "-s", files],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    )
    assert len(found) == count
    wrong, places = [], 0
    for tags in found:
        for tag, value in tags.items():
            group, _, name = tag.partition(":")
            plain = name.lower()
            if (
                tag == "SourceFile"
                or group in ("System", "ExifTool", "File")
                or tag in HARMLESS
                or name in TECHNICAL
                or value in ("", "undef")
            ):
                continue
            if group.startswith("ICC"):
                is_wrong = name in PRIVATE_PROFILE
            else:
                is_wrong = group.startswith(NEVER) or any(word in plain for word in NEVER_NAMED)
                is_wrong |= not shows and (any(word in plain for word in PLACE_NAMED) or plain.startswith(CAMERA_NAMED))
            places += "gps" in plain
            if is_wrong:
                wrong.append((Path(tags["SourceFile"]).name, tag, str(value)[:60]))
    assert not wrong, "\n".join(map(str, wrong))
    assert (places > 0) is shows
    marks = (
        b"MAKERNOTE-4711",
        b"SERIAL-4711",
        b"Captionofowner",
        b"Tagofowner",
        b"Personofowner",
        b"http://ns.adobe.com/",
        b"+ISO6709",
    )
    for each in files.iterdir():
        body = each.read_bytes()
        assert not [mark for mark in marks if mark in body], each.name
    shutil.rmtree(files)


def test_8_what_was_served_before_the_owner_hid_places_is_not_served_again(world: World) -> None:
    """Copies that are kept, and what browsers ask for with the tag of an earlier one."""
    token = world.link(permission="download", show_location=True, show_camera=True)
    [drawn] = world.library.db.conn.execute("select key from photos where filename = 'drawn0.jpg'").fetchone()
    path = f"/s/{token}/download/{drawn}"
    told = world.browser("x").get(path)
    assert b"EOS R5" in told.data
    with write(world.library.db) as db:
        links.change(db, links.find(db, token), links.checked({"show_location": False, "show_camera": False}))
    hidden = world.browser("x").get(path, headers={"If-None-Match": told.headers["ETag"]})
    assert hidden.status_code == 200
    assert b"EOS R5" not in hidden.data
    assert hidden.headers["ETag"] != told.headers["ETag"]
    ranged = world.browser("x").get(path, headers={"If-Range": told.headers["ETag"], "Range": "bytes=100-"})
    assert ranged.status_code == 200  # the rest of the earlier one would end in the middle of something


def test_8_a_name_of_a_file_is_the_photos_own_and_no_path(world: World) -> None:
    token = world.link(permission="download")
    for key in world.keys:
        said = world.browser("x").get(f"/s/{token}/download/{key}").headers["Content-Disposition"]
        assert re.fullmatch(r"attachment; filename=\"[\w ().-]+\"; filename\*=UTF-8''[\w%.~-]+", said)
        assert "folderofowner" not in said
        for variant in ("thumb", "large"):
            assert "Content-Disposition" not in world.browser("x").get(f"/s/{token}/media/{key}/{variant}").headers
