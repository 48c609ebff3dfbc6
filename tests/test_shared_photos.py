"""The 600 real photos through the front door: one command, everything counted, everything as the truth says.

Expected values come from manifest.csv (exiftool's reading); what a single file says is tested in test_metadata.py. Here they are what ends
up in the catalog, sidecars and pairs included.
"""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import main
from photolib import catalog
from photolib.catalog import Photo
from photolib.config import Config
from photolib.library import Library, open_library
from tests.conftest import SHARED

pytestmark = pytest.mark.skipif(
    not (SHARED / "photos").is_dir() and not os.environ.get("CI"), reason="the shared photos are missing"
)


def photolib(data: Path, *words: str) -> Result:
    """The command line, in this process."""
    environ = {"PHOTOLIB_SETTLE_SECONDS": "0", "PHOTOLIB_MIN_FREE_MB": "0", "HOME": str(data.parent)}
    return CliRunner().invoke(main, ["--data-dir", str(data), *words], env=environ)


class Imported:
    """A data folder and what the import said about it."""

    def __init__(self, lib: Library, said: dict[str, Any]) -> None:
        self.lib = lib
        self.said = said

    def photo_at(self, path: Path) -> Photo | None:
        row = self.lib.db.conn.execute(
            """select photo_id from sources join folders on folders.id = folder_id where folders.path = ? and name = ?""",
            (os.fsencode(path.parent), os.fsencode(path.name)),
        ).fetchone()
        return catalog.photo(self.lib.db, row[0]) if row and row[0] else None


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    data = tmp_path_factory.mktemp("shared") / "data"
    result = photolib(data, "import", str(SHARED / "photos"), "--json")
    assert result.exit_code == 1, result.output  # some of bad/ failed, as they should
    lib = open_library(Config(data_dir=data, min_free_mb=0))
    yield Imported(lib, json.loads(result.stdout))
    lib.close()


@pytest.fixture(scope="module")
def manifest() -> list[dict[str, str]]:
    with (SHARED / "photos" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_counted_once(imported: Imported) -> None:
    said = imported.said
    assert said["found"] == said["new"] + said["duplicate"] + said["ignored"] + said["failed"]
    assert said["found"] == sum(len(files) for _, _, files in os.walk(SHARED / "photos"))
    assert len(said["failures"]) == said["failed"]
    assert all(each["reason"] for each in said["failures"])
    assert sum(said["ignored_because"].values()) == said["ignored"]


def test_everything_openable_is_ready_and_everything_else_is_explained(
    imported: Imported, manifest: list[dict[str, str]]
) -> None:
    failed = {each["path"] for each in imported.said["failures"]}
    for row in manifest:
        path = SHARED / "photos" / row["path"]
        if row["opens"] == "ok" and row["format"].startswith(("Pillow", "av", "rawpy")):
            photo = imported.photo_at(path)
            assert photo is not None, (
                row["path"],
                [each for each in imported.said["failures"] if each["path"] == str(path)],
            )
            assert photo.status == "ready", (row["path"], photo.reason)
        elif row["opens"].startswith(("FAIL", "empty")) and str(path) not in failed:
            photo = imported.photo_at(path)  # what is all but complete is shown, with a note
            assert photo is not None
            assert photo.notes, row["path"]


def test_no_duplicate_key_and_no_original_without_its_bytes(imported: Imported, manifest: list[dict[str, str]]) -> None:
    keys = dict(catalog.original_keys(imported.lib.db))
    by_path = {row["path"]: row["sha256"] for row in manifest}
    for path, key in by_path.items():
        photo = imported.photo_at(SHARED / "photos" / path)
        if photo is not None:
            assert key in {photo.key, *(part.key for part in photo.parts)}, path
            assert imported.lib.originals.size(key) == keys[key]


def test_a_second_run_finds_nothing_new_and_opens_no_file(imported: Imported) -> None:
    script = (
        "import os, sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(os.fsdecode(args[0]))"
        " if event == 'open' and isinstance(args[0], str | bytes) else None)\n"
        "import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sum('shared/photos' in path and not os.path.isdir(path) for path in opened), file=sys.stderr)\n"
    )
    environ = {**os.environ, "PHOTOLIB_MIN_FREE_MB": "0"}
    done = subprocess.run(
        [sys.executable, "-c", script, "--data-dir", imported.lib.data, "import", SHARED / "photos", "--json"],
        capture_output=True, text=True, env=environ, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said["new"] == 0
    assert said["found"] == imported.said["found"]
    assert said["failed"] == imported.said["failed"]
    assert done.stderr.splitlines()[-1] == "0"


def test_pairs_are_one_photo_with_parts(imported: Imported) -> None:
    photos = SHARED / "photos"
    types = {
        "motion_photo/samsung-one-ui-6.heic": "motion",
        "raw/test.jpg": "raw",
    }
    for path, kind in types.items():
        photo = imported.photo_at(photos / path)
        assert photo is not None
        assert photo.type == kind, path
    raw, jpeg = (imported.photo_at(photos / "raw" / name) for name in ("test.dng", "test.jpg"))
    assert raw is not None
    assert raw == jpeg
    assert [part.role for part in raw.parts] == ["main", "raw"]
    for still, video in (("IMG_7943.HEIC", "IMG_7943_HEVC.MOV"), ("train.jpg", "train.mov")):
        photo = imported.photo_at(photos / "live_photo" / still)
        assert photo is not None
        assert photo.type == "live", still
        assert photo == imported.photo_at(photos / "live_photo" / video)
    one, other = (imported.photo_at(photos / "live_photo" / name) for name in ("IMG_1234.jpg", "IMG_1234.mp4"))
    assert one is not None
    assert other is not None
    assert one.id != other.id, "the same name, but minutes apart"


def test_the_sources_are_as_they_were(imported: Imported, manifest: list[dict[str, str]]) -> None:
    for row in manifest:
        assert (SHARED / "photos" / row["path"]).stat().st_size == int(row["bytes"])


def close(first: float | None, second: str, within: float) -> bool:
    return first is not None and abs(first - float(second)) <= within


CHECKS: dict[str, Callable[[Photo, str], bool]] = {
    "gps_lat": lambda photo, value: close(photo.latitude, value, 1e-5),
    "gps_lon": lambda photo, value: close(photo.longitude, value, 1e-5),
    "rating": lambda photo, value: photo.rating == int(value),
}


# exiftool's offset for this one is that of a later edit in Germany; the bears were photographed in Arizona.
BETTER_THAN_THE_MANIFEST = {"search/pigallery2/wild-2.jpg"}


def local(taken: str) -> str | None:
    """exiftool's "2024:01:28 09:54:20.5+01:00" without its offset, to the second, in our form."""
    found = re.match(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", taken)
    return f"{found[1]}-{found[2]}-{found[3]}T{found[4]}" if found and found[1] != "0000" else None


def test_the_catalog_says_what_the_files_say(imported: Imported, manifest: list[dict[str, str]]) -> None:
    """Positions, ratings and, for photos without a sidecar of their own, dates: as the manifest has them."""
    wrong = []
    compared = 0
    for row in manifest:
        path = SHARED / "photos" / row["path"]
        photo = imported.photo_at(path)
        if photo is None or photo.status != "ready" or row["category"] in ("bad", "xmp_sidecar", "video", "live_photo"):
            continue
        for column, check in CHECKS.items():
            if row[column]:
                compared += 1
                if not check(photo, row[column]):
                    wrong.append((row["path"], column, row[column]))
        taken = local(row["taken_at"])
        if taken and row["offset"] and row["path"] not in BETTER_THAN_THE_MANIFEST:
            compared += 1
            if (photo.taken_at[:19], photo.utc_offset) != (taken, minutes(row["offset"])):
                wrong.append((row["path"], taken + row["offset"], photo.taken_at, photo.utc_offset))
    assert wrong == []
    assert compared > 150


def minutes(offset: str) -> int:
    sign = -1 if offset[0] == "-" else 1
    hours, rest = offset[1:].split(":")
    return sign * (int(hours) * 60 + int(rest))
