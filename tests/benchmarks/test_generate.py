"""The benchmarks measure with what generate.py makes: it has to be the same every time, and real to the rest of the program."""

import io
from datetime import datetime
from pathlib import Path

import piexif
from PIL import Image

from photolib import catalog, db, formats, scopes
from photolib.config import Config
from photolib.library import Library, open_library
from photolib.metadata import embedded
from tests.benchmarks import generate

TAKEN = datetime(2015, 8, 1, 10, 30)
SMALL = (400, 300)


def test_the_same_seed_draws_the_same_photo_and_another_number_another_one() -> None:
    first, again = (generate.photo(7, TAKEN, size=SMALL) for _ in range(2))
    assert first == again
    assert generate.photo(8, TAKEN, size=SMALL) != first
    assert generate.photo(7, TAKEN, seed=1, size=SMALL) != first


def test_a_drawn_photo_says_when_it_was_taken_and_holds_a_preview(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(generate.photo(3, TAKEN, size=SMALL))
    facts = embedded.read(path, "jpeg")
    assert facts["dates"][0]["local"] == "2015-08-01T10:30:00.000"
    assert facts["make"]
    assert {facts["width"], facts["height"]} == set(SMALL)
    with Image.open(io.BytesIO(piexif.load(str(path))["thumbnail"])) as preview:
        assert preview.size == (160, 120)


def test_photos_that_are_there_are_not_drawn_again(tmp_path: Path) -> None:
    path = generate.photos(tmp_path, 1, size=SMALL)[0]
    before = path.stat()
    assert generate.photos(tmp_path, 1, size=SMALL) == [path]
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_small_files_are_valid_and_all_different(tmp_path: Path) -> None:
    root = generate.small_files(tmp_path / "small", 30, per_folder=10)
    paths = sorted(root.rglob("*.JPG"))
    bodies = {path.read_bytes() for path in paths}
    assert len(paths) == len(bodies) == 30
    assert all((kind := formats.sniff(body)) and kind.name == "jpeg" for body in bodies)
    with Image.open(paths[0]) as image:
        image.load()
        assert image.getexif().get_ifd(0x8769)[0x9003].startswith("20")


def test_a_catalog_made_for_small_files_knows_every_one_of_them(tmp_path: Path) -> None:
    root = generate.small_files(tmp_path / "small", 30, per_folder=10)
    tally, _ = generate.look_again(generate.imported(tmp_path / "data", root), root)
    assert (tally.found, tally.duplicate) == (30, 30)


def test_a_generated_catalog_answers_like_an_imported_one(tmp_path: Path) -> None:
    lib = _opened(generate.catalog_of(tmp_path / "data", 500))
    try:
        owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
        months = scopes.buckets(lib.db, owner_id)
        page = scopes.page(lib.db, owner_id, size=600)
        assert 480 < sum(count for _, count in months) == len(page.photos) < 500  # a few are archived
        assert len({month[:4] for month, _ in months}) > 5
        assert len(scopes.bucket(lib.db, owner_id, months[0][0]).photos) == months[0][1]
        assert catalog.photo(lib.db, page.photos[0].id).media_type == "image/jpeg"
        assert lib.db.conn.execute("pragma foreign_key_check").fetchall() == []
        assert db.quick_check(lib.db) == []
    finally:
        lib.close()


def test_the_moments_of_a_library_are_in_order_and_the_same_every_time() -> None:
    taken = generate.moments(2000)
    assert taken == sorted(taken) == generate.moments(2000)
    assert taken[-1].year - taken[0].year >= 15


def _opened(data: Path) -> Library:
    return open_library(Config(data_dir=data, min_free_mb=0))


def test_a_generated_month_is_one_month_of_photos_that_are_all_listed(tmp_path: Path) -> None:
    lib = _opened(generate.catalog_of(tmp_path / "data", 300, is_one_month=True))
    try:
        owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
        assert scopes.buckets(lib.db, owner_id) == [("2019-06", 300)]
        assert {tile.width for tile in scopes.page(lib.db, owner_id, size=300).photos} > {3000, 4000}
    finally:
        lib.close()
