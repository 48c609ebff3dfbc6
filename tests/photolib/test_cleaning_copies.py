"""What a share link hands out of a library's photos: copies of originals, of parts and of films, and pictures made of the rest."""

import io
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import piexif
import pytest
from PIL import Image

from photolib import catalog, formats, variants
from photolib.catalog import Media
from photolib.cleaning import copies
from photolib.cleaning.copies import Copy, copy_of, effort
from photolib.cleaning.pieces import Keep
from photolib.decode.pool import Decoders, DecodeSettings
from photolib.library import Library
from photolib.metadata import embedded
from photolib.scopes import GUESSED
from tests.conftest import DrawPhoto, ImportFolder

EVERYTHING = Keep(location=True, camera=True)


@pytest.fixture(autouse=True)
def _no_plan_is_kept_from_another_test() -> Iterator[None]:
    copies._known.clear()
    yield
    copies._known.clear()


def read(copy: Copy) -> bytes:
    with copy.open() as file:
        body = file.read()
    assert len(body) == copy.size
    found = formats.sniff(body[: formats.HEAD])
    assert found is not None
    assert (found.media_type, found.extension) == (copy.media_type, copy.extension)
    return body


def facts(body: bytes, tmp_path: Path, format_name: str = "jpeg") -> embedded.Facts:
    path = tmp_path / "copy"
    path.write_bytes(body)
    return embedded.read(path, format_name)


def taken_in(library: Library, import_folder: ImportFolder, tmp_path: Path, *sources: Path) -> list[Media]:
    """These files in the library, each photo's main original."""
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    for each in sources:
        shutil.copy(each, folder / each.name)
    import_folder(folder)
    keys = [row[0] for row in library.db.conn.execute("select key from photos order by id")]
    return [catalog.media(library.db, key)[0] for key in keys]


GPS = {"GPS": {1: "N", 2: ((48, 1), (51, 1), (30, 1)), 3: "E", 4: ((2, 1), (17, 1), (40, 1))}}


def test_a_photo_keeps_its_date_and_loses_its_place_unless_it_is_allowed(
    library: Library, import_folder: ImportFolder, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    drawn = draw_photo(taken="2023:06:01 12:00:00", make="Canon", orientation=6, exif=GPS)
    [media] = taken_in(library, import_folder, tmp_path, drawn)
    hidden = facts(read(copy_of(library, media, Keep())), tmp_path)
    assert (hidden["latitude"], hidden["make"], hidden["orientation"]) == (None, None, 6)
    assert hidden["dates"][0]["local"] == "2023-06-01T12:00:00.000"
    allowed = facts(read(copy_of(library, media, EVERYTHING)), tmp_path)
    assert (allowed["latitude"], allowed["make"]) == (pytest.approx(48.8583, abs=1e-4), "Canon")
    assert copy_of(library, media, Keep()).etag != copy_of(library, media, EVERYTHING).etag


def test_web_size_is_the_large_variant(
    library: Library, import_folder: ImportFolder, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    drawn = draw_photo(size=(3000, 1000), taken="2023:06:01 12:00:00", exif=GPS)
    [media] = taken_in(library, import_folder, tmp_path, drawn)
    copy = copy_of(library, media, EVERYTHING, "web")
    assert copy.is_rendered
    with Image.open(io.BytesIO(read(copy))) as image:
        assert max(image.size) <= variants.SIZES["large"]
    shutil.rmtree(library.variants)
    assert effort(library, media, EVERYTHING, "web") > 0
    assert read(copy_of(library, media, EVERYTHING, "web"))
    assert effort(library, media, EVERYTHING, "web") == 0


def test_a_picture_that_is_made_says_when_it_was_taken_and_what_else_is_allowed(
    library: Library, import_folder: ImportFolder, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    exif = GPS | {"Exif": {piexif.ExifIFD.BodySerialNumber: b"SECRET"}}
    drawn = draw_photo(size=(3000, 1000), taken="2023:06:01 12:00:00", make="Canon", orientation=6, exif=exif)
    [media] = taken_in(library, import_folder, tmp_path, drawn)
    for made in (partial(copy_of, size="web"), partial(copies._rendered, size="whole")):
        seen = {}
        for keep in (Keep(), Keep(location=True), Keep(camera=True), EVERYTHING):
            body = read(made(library, media, keep=keep))
            assert b"SECRET" not in body
            said = facts(body, tmp_path)
            when = said["dates"][0]
            assert when["local"] == "2023-06-01T12:00:00.000"
            assert said["orientation"] == 1  # it is turned already
            seen[keep] = said["latitude"], said["make"], when.get("offset")
        here = pytest.approx(48.8583, abs=1e-4)
        assert seen == {
            Keep(): (None, None, None),
            Keep(location=True): (here, None, 120),
            Keep(camera=True): (None, "Canon", None),
            EVERYTHING: (here, "Canon", 120),
        }
        assert len({made(library, media, keep=keep).etag for keep in seen}) == len(seen)


def test_a_date_that_is_only_guessed_is_not_told(
    library: Library, import_folder: ImportFolder, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    [media] = taken_in(library, import_folder, tmp_path, draw_photo())
    assert catalog.photo(library.db, media.photo_id).taken_at_source in GUESSED
    assert not facts(read(copy_of(library, media, EVERYTHING, "web")), tmp_path)["dates"]


def test_no_variant_in_any_form_or_size_says_more_than_the_picture(
    library: Library, import_folder: ImportFolder, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    drawn = draw_photo(size=(1200, 900), taken="2023:06:01 12:00:00", make="SECRET", exif=GPS, comment=b"SECRET")
    [media] = taken_in(library, import_folder, tmp_path, drawn)
    for form in variants.FORMS:
        for size in (*variants.SIZES, *variants.LADDER):
            folder = variants.folder(library.variants, media.key)
            library.decoders.run("render", folder=folder, size=size, form=form)
    copies.rendered(library, media, "whole")
    found = [each for each in variants.folder(library.variants, media.key).iterdir() if each.is_file()]
    assert len(found) == len(variants.FORMS) * (len(variants.SIZES) + len(variants.LADDER)) + 1
    for path in found:
        body = path.read_bytes()
        kind = formats.sniff(body[: formats.HEAD])
        assert kind is not None
        said = embedded.read(path, kind.name)
        assert not said["dates"] and not said["make"] and said["latitude"] is None and not said["exif"], path  # noqa: PT018
        assert b"SECRET" not in body
        with Image.open(path) as image:
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile", "dpi"} | {
                *("loop", "background", "timestamp", "duration", "progressive", "progression"),
            }, path  # fmt: skip


def test_a_raw_file_comes_as_a_picture_in_full_size(
    library: Library, import_folder: ImportFolder, shared_photos: Path, tmp_path: Path
) -> None:
    [media] = taken_in(library, import_folder, tmp_path, shared_photos / "raw" / "test.dng")
    assert effort(library, media, Keep()) > 0
    copy = copy_of(library, media, Keep())
    assert (copy.is_rendered, copy.extension) == (True, "jpg")
    said = facts(read(copy), tmp_path)
    photo = catalog.photo(library.db, media.photo_id)
    assert (said["width"], said["height"]) == (photo.width, photo.height)
    assert said["latitude"] is None
    assert effort(library, media, Keep()) == 0


def test_what_cannot_be_cleaned_comes_whole_and_smaller_where_that_is_too_large(
    library: Library, import_folder: ImportFolder, tmp_path: Path
) -> None:
    """JPEG inside TIFF has room for anything."""
    drawn = tmp_path / "scan.tif"
    Image.linear_gradient("L").resize((3000, 2000)).save(drawn, compression="jpeg")
    [media] = taken_in(library, import_folder, tmp_path, drawn)
    with Image.open(io.BytesIO(read(copy_of(library, media, Keep())))) as image:
        assert image.size == (3000, 2000)
    variants.whole_path(library.variants, media.key).unlink()
    library.decoders.close()
    library.decoders = Decoders(DecodeSettings(workers=1, max_megapixels=5))
    with Image.open(io.BytesIO(read(copy_of(library, media, Keep())))) as image:
        assert max(image.size) == 2048


def test_a_motion_photo_is_handed_out_as_a_still_and_its_film_cleaned(
    library: Library, import_folder: ImportFolder, shared_photos: Path, tmp_path: Path
) -> None:
    source = shared_photos / "motion_photo" / "PXL_20231006_063000139.MP.jpg"
    [media] = taken_in(library, import_folder, tmp_path, source)
    still = read(copy_of(library, media, Keep()))
    assert len(still) < source.stat().st_size
    assert b"ftyp" not in still
    [film] = catalog.media_part(library.db, media.key, "motion")
    copy = copy_of(library, film, Keep())
    assert (copy.is_rendered, copy.extension) == (False, "mp4")
    said = facts(read(copy), tmp_path, "mp4")
    assert said["duration"] > 0
    assert said["latitude"] is None
    with copy.open() as file:
        file.seek(100)
        assert file.read(50) == read(copy)[100:150]


def test_the_film_of_a_live_photo_loses_what_tells_who_and_where(
    library: Library, import_folder: ImportFolder, shared_photos: Path, tmp_path: Path
) -> None:
    live = shared_photos / "live_photo"
    [media] = taken_in(library, import_folder, tmp_path, live / "IMG_7943.HEIC", live / "IMG_7943_HEVC.MOV")[:1]
    parts = [*catalog.media_part(library.db, media.key, "motion"), *catalog.media_part(library.db, media.key, "video")]
    films = parts or [each for each in taken_in(library, import_folder, tmp_path) if copies.is_film(each)]
    for each in films:
        copy = copy_of(library, each, Keep(), "web")
        body = read(copy)
        assert not copy.is_rendered
        assert b"com.apple.quicktime.content.identifier" not in body
        assert b"mebx" not in body
    assert films
