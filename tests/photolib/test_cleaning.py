"""Cleaned copies of real files: the same picture and film, and another program finds nothing in them that the owner did not allow."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pillow_heif
import pytest
from PIL import Image

from photolib import formats
from photolib.cleaning import profiles
from photolib.cleaning.pieces import CannotClean, Keep
from photolib.cleaning.plans import plan
from photolib.metadata import embedded
from tests.conftest import SHARED
from tests.programs import program

EVERYTHING = Keep(location=True, camera=True)
PHOTOS = SHARED / "photos"
DECODED = 16  # of the JPEG and WebP files; all others of whole kinds are decoded as well
SOME = 1 if os.environ.get("CI") else 5  # of the many JPEG and WebP files, every how many

# Groups and names of exiftool's that a copy never shows, and those it shows only where the owner allows it.
NEVER = (
    *(
        "XMP",
        "IPTC",
        "Photoshop",
        "MakerNotes",
        "Samsung",
        "Apple",
        "Canon",
        "Nikon",
        "Sony",
        "Google",
        "MPF",
        "PreviewIFD",
        "IFD1",
    ),
)
NEVER_NAMED = (
    *(
        "serial",
        "owner",
        "thumbnail",
        "preview image",
        "previewimage",
        "comment",
        "artist",
        "copyright",
        "by-line",
        "creator",
    ),
    *(
        "software",
        "uniqueid",
        "documentid",
        "instanceid",
        "contentidentifier",
        "title",
        "description",
        "keywords",
        "hostcomputer",
    ),
)
PLACE_NAMED = ("gps", "location")
CAMERA_NAMED = ("make", "model", "lens", "fnumber", "exposuretime", "iso", "focallength", "aperture", "shutter")
PRIVATE_PROFILE = (
    "MakeAndModel",
    "NativeDisplayInfo",
    "VideoCardGamma",
    "CalibrationDateTime",
    "Metadata",
)  # of a screen
HARMLESS = {"QuickTime:PreviewTime", "QuickTime:PreviewDuration"}  # zeros of every movie header
SPECIAL = {
    "motion_photo",
    "gps",
    "jpeg_exif",
    "faces_xmp",
    "bad",
    "pano",
    "orientation",
    "timezone",
}  # all of these, always


@dataclass
class Cleaned:
    """A real file, what its copy was allowed to keep, and the copy."""

    original: Path
    format: str
    keep: Keep
    copy: Path
    pieces: int


def cleaned(path: Path, keep: Keep, into: Path) -> Cleaned | None:
    """None where the file is none of ours; a copy of None bytes never: that raises CannotClean."""
    with path.open("rb") as file:
        kind = formats.sniff(file.read(formats.HEAD), formats.reach(file))
        if kind is None:
            return None
        clean = plan(file, kind.name, keep)
        copy = into / f"{len(list(into.iterdir())):04}.{kind.extension}"
        copy.write_bytes(clean.over(file).read())
    assert copy.stat().st_size == clean.size
    return Cleaned(path, kind.name, keep, copy, len(clean.pieces))


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "bad"
    subprocess.run([sys.executable, PHOTOS / "bad" / "make_bad.py", out], check=True, capture_output=True)
    return out


@dataclass
class World:
    copies: list[Cleaned]
    refused: list[Path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, bad_files: Path) -> World:
    """Every real file, cleaned of everything; and once more with place and camera allowed."""
    if not PHOTOS.is_dir():
        pytest.skip("the shared photos are missing")
    folder = tmp_path_factory.mktemp("cleaned")
    found = World([], [])
    paths = [each for root in (PHOTOS, bad_files) for each in sorted(root.rglob("*")) if each.is_file()]
    many = [
        each for each in paths if each.suffix.lower() in (".jpg", ".jpeg", ".webp") and not SPECIAL & set(each.parts)
    ]
    for path in sorted({*paths} - {*many}) + many[::SOME]:
        for keep in (Keep(), EVERYTHING):
            try:
                copy = cleaned(path, keep, folder)
            except CannotClean:
                found.refused.append(path)
                break
            if copy is None:
                break
            found.copies.append(copy)
    return found


@pytest.fixture(scope="module")
def readings(world: World) -> list[tuple[Cleaned, dict[str, Any]]]:
    """What exiftool finds in each copy, embedded films and tracks included."""
    exiftool = program("exiftool")
    done = subprocess.run(
        [exiftool, "-a", "-G1", "-j", "-ee", "-api", "LargeFileSupport=1", "-s", world.copies[0].copy.parent],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    by_name = {Path(each["SourceFile"]).name: each for each in json.loads(done.stdout)}
    return [(each, by_name[each.copy.name]) for each in world.copies]


def test_every_kind_of_real_file_is_cleaned_and_only_broken_ones_are_not(world: World) -> None:
    kinds = {each.format for each in world.copies}
    assert {"jpeg", "png", "webp", "gif", "tiff", "heic", "avif", "mp4", "mov"} <= kinds
    whole = [each.name for each in world.refused if "bad" not in each.parts and each.suffix not in (".dng",)]
    assert whole == []


def test_another_program_finds_nothing_private_in_any_copy(readings: list[tuple[Cleaned, dict[str, Any]]]) -> None:
    wrong = []
    for copy, tags in readings:
        for tag, value in tags.items():
            group, _, name = tag.partition(":")
            if group in ("SourceFile", "System", "ExifTool", "File") or tag in HARMLESS:
                continue
            if group.startswith("ICC"):
                if name in PRIVATE_PROFILE:
                    wrong.append((copy.original.name, copy.keep, tag))
                continue
            plain = name.lower()
            is_wrong = group.startswith(NEVER) or any(word in plain for word in NEVER_NAMED)
            is_wrong |= not copy.keep.location and any(word in plain for word in PLACE_NAMED)
            is_wrong |= not copy.keep.camera and plain.startswith(CAMERA_NAMED)
            if is_wrong and value not in ("", "undef"):
                wrong.append((copy.original.name, copy.keep, tag))
    assert wrong == []


def test_no_copy_holds_a_text_of_the_original_that_names_somebody(world: World) -> None:
    """Other than by tags: the bytes themselves, as somebody with a hex editor sees them."""
    marks = (b"http://ns.adobe.com/", b"Photoshop 3.0", b"GoPr", b"com.apple.quicktime.location", b"+ISO6709")
    for copy in world.copies:
        if copy.keep == Keep():
            body = copy.copy.read_bytes()
            assert not [each for each in marks if each in body], copy.original


def test_what_the_owner_allows_is_there_as_our_own_readers_understand_it(world: World) -> None:
    seen = 0
    for copy in world.copies:
        if (
            copy.keep != EVERYTHING
            or copy.format in ("gif", "bmp", "mp4", "mov", "3gp")
            or "bad" in copy.original.parts
        ):
            continue
        before, after = embedded.read(copy.original, copy.format), embedded.read(copy.copy, copy.format)
        if copy.format == "webp" and not after["exif"]:
            continue  # a simple WebP has no room for any
        assert after["orientation"] == before["orientation"], copy.original
        for name in ("latitude", "longitude"):
            assert after[name] == (before[name] and pytest.approx(before[name], abs=1e-6)), copy.original
            seen += before[name] is not None
        for name in ("make", "model", "lens", "iso"):
            assert after[name] == before[name], (copy.original, name)
        for name in ("aperture", "shutter", "focal_length", "altitude"):
            near = before[name] and pytest.approx(before[name], rel=1e-3, abs=0.1 if name == "altitude" else 0)
            assert after[name] == near, (copy.original, name)
    assert seen > 50


def test_date_and_turn_stay_and_everything_else_is_gone(world: World) -> None:
    for copy in world.copies:
        if copy.keep != Keep() or copy.format in ("gif", "bmp") or "bad" in copy.original.parts:
            continue
        before, after = embedded.read(copy.original, copy.format), embedded.read(copy.copy, copy.format)
        if copy.format == "webp" and not after["exif"]:
            continue
        assert (after["width"], after["height"], after["orientation"]) == (
            before["width"],
            before["height"],
            before["orientation"],
        )
        gone = (
            "latitude",
            "make",
            "model",
            "motion",
            "title",
            "description",
            "keywords",
            "people",
            "rating",
            "content_id",
        )
        assert [name for name in gone if after[name]] == [], copy.original
        is_film = formats.FORMATS[copy.format].kind == "video"
        dates = [
            each for each in before["dates"] if not is_film or each["source"] == "video"
        ]  # what XMP says of a film goes
        first = next((each for each in dates if each.get("local")), None) or next(iter(dates), None)
        if first:
            told = after["dates"][0]
            assert (told.get("local") or told.get("utc")) == (first.get("local") or first.get("utc")), copy.original


def test_pictures_and_films_decode_to_the_same_pixels(world: World) -> None:
    pillow_heif.register_heif_opener()
    plain = [each for each in world.copies if each.keep == Keep()]
    rare = [each for each in plain if each.format not in ("jpeg", "webp")]
    usual = [each for each in plain if each.format in ("jpeg", "webp")]
    for copy in [*rare, *usual[:: max(1, len(usual) // DECODED)]]:
        if formats.FORMATS[copy.format].kind == "video":
            assert film_frames(copy.copy) == film_frames(copy.original), copy.original
            continue
        try:
            before = pixels(copy.original)
        except Exception:  # a broken file that keeps its structure
            continue
        assert pixels(copy.copy) == before, copy.original


def pixels(path: Path) -> list[Any]:
    with Image.open(path) as image:
        frames = []
        for number in range(min(getattr(image, "n_frames", 1), 3) if image.format in ("GIF", "PNG", "WEBP") else 1):
            image.seek(number)
            frames.append((image.size, image.mode, image.tobytes()))
        return [
            frames,
            profiles.clean(image.info.get("icc_profile") or b""),
            image.getexif().get(0x0112) in range(2, 9),
        ]


def film_frames(path: Path) -> list[Any]:
    """The bytes of every packet that is played, the first pictures, and how they are turned."""
    with av.open(str(path)) as film:
        played = [each for each in film.streams if each.type in ("video", "audio") and each.codec_context]
        packets = [(each.stream.type, each.pts, bytes(each)) for each in film.demux(played) if each.size]
    with av.open(str(path)) as film:
        shown = [
            (each.rotation, each.to_ndarray(format="rgb24").tobytes())
            for each, _ in zip(film.decode(video=0), range(3), strict=False)
        ]
    return [packets, shown]
