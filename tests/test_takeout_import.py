"""Google Takeout trees with all their naming quirks, as folders and as zipped parts, compared with what is true of them."""

import csv
import json
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from photolib import catalog
from photolib.catalog import Photo
from photolib.config import Config
from photolib.library import Library, open_library
from tests.conftest import SHARED
from tests.test_shared_photos import photolib

pytestmark = pytest.mark.skipif(
    not (SHARED / "photos").is_dir() and not os.environ.get("CI"), reason="the shared photos are missing"
)
MAKER = SHARED / "photos" / "takeout" / "make_takeout.py"
GOOGLE = "Takeout/Google Photos"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("takeout")
    subprocess.run(
        [sys.executable, MAKER, out, "--photos", SHARED / "photos", "--seed", "1"], check=True, capture_output=True
    )
    return out


def truth(tree: Path) -> list[dict[str, str]]:
    with (tree / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pack(tree: Path, parts: int, kind: str) -> list[Path]:
    """The tree as Google sends it: several archives, a photo's JSON often in another one."""
    files = sorted(path for path in (tree / "Takeout").rglob("*") if path.is_file())
    shuffled = random.Random(7).sample(files, len(files))
    packed = []
    for number in range(parts):
        target = tree / f"takeout-{number + 1:03d}.{kind}"
        packed.append(target)
        some = shuffled[number::parts]
        if kind == "zip":
            with zipfile.ZipFile(target, "w") as archive:
                for path in some:
                    archive.write(path, path.relative_to(tree))
        else:
            with tarfile.open(target, "w:gz", compresslevel=1) as tar:
                for path in some:
                    tar.add(path, path.relative_to(tree))
    return packed


def photo_of(lib: Library, row: dict[str, str]) -> Photo | None:
    """The photo that a row of the truth is about, found by where it was met."""
    folder, _, name = row["media"].rpartition("/")
    found = lib.db.conn.execute(
        """select photo_id from sources join folders on folders.id = folder_id
           where name = ? and cast(folders.path as text) like ? and photo_id is not null""",
        (os.fsencode(name), f"%{GOOGLE}/{folder}"),
    ).fetchone()
    return catalog.photo(lib.db, found[0]) if found else None


def utc(photo: Photo) -> datetime:
    return (datetime.fromisoformat(photo.taken_at) - timedelta(minutes=photo.utc_offset or 0)).replace(tzinfo=UTC)


def compare(lib: Library, rows: list[dict[str, str]], said: dict[str, Any]) -> None:
    """Every row of the truth against the catalog.

    The trees repeat a few pictures under many names; these are one photo, so what the truth says of a row must be among what its photo was
    told. Dates: Takeout's counts only where the file itself has none.
    """
    by_photo: dict[int, list[dict[str, str]]] = {}
    for row in rows:
        if "trashed" in row["flags"]:
            photo = photo_of(lib, row)  # its JSON may have come after it, with another part
            assert (photo and photo.trashed_at) or any("trash" in reason for reason in said["ignored_because"])
            continue
        photo = photo_of(lib, row)
        assert photo is not None, row
        by_photo.setdefault(photo.id, []).append(row)
    for photo_id, about in by_photo.items():
        photo = catalog.photo(lib.db, photo_id)
        kept = {
            name.decode()
            for (name,) in lib.db.conn.execute(
                "select name from sidecars join photo_sidecars on sidecar_id = id where photo_id = ? and kind = 'takeout'",
                (photo_id,),
            )
        }
        due = {(row["sidecar"] or _sidecar_of(row, rows)).rpartition("/")[2] for row in about} - {""}
        assert kept == due, (about, kept)
        if photo.taken_at_source == "takeout":
            assert int(utc(photo).timestamp()) in {int(row["taken_utc"]) for row in about}, about
        said_here = [row["description"] for row in about if row["description"]]
        assert not said_here or photo.description in said_here
        placed = [(row["lat"], row["lon"]) for row in about if row["lat"]]
        if placed and photo.key not in HAVE_A_PLACE:
            assert (photo.latitude, photo.longitude) in [(float(lat), float(lon)) for lat, lon in placed]
        for row in about:
            assert set(filter(None, row["people"].split("|"))) <= set(photo.people), row
            assert "favorited" not in row["flags"] or photo.is_favourite, row
            assert "archived" not in row["flags"] or photo.is_archived, row
        folders = {row["media"].partition("/")[0] for row in about}
        titles = {album["title"] for album in photo.albums}
        assert titles == {ALBUMS[folder] for folder in folders if folder in ALBUMS}, about


def positions_in_files() -> set[str]:
    """Keys of pictures that say themselves where they were taken: the trees glue a JSON from elsewhere onto them."""
    with (SHARED / "photos" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return {row["sha256"] for row in csv.DictReader(file) if row["gps_lat"]}


HAVE_A_PLACE = positions_in_files() if SHARED.is_dir() else set()
ALBUMS = {"Ferien o 🏖️": "Ferien o: am Meer/Strand 🏖️", "Ferien n 🏖️": "Ferien n: am Meer/Strand 🏖️"}


def _sidecar_of(row: dict[str, str], rows: list[dict[str, str]]) -> str:
    return next((other["sidecar"] for other in rows if other["media"] == row["sidecar_of"]), "")


def imported(tmp_path: Path, *what: Path) -> tuple[Library, dict[str, Any]]:
    result = photolib(tmp_path / "data", "import", *map(str, what), "--json")
    assert result.exit_code == 0, result.output
    return open_library(Config(data_dir=tmp_path / "data", min_free_mb=0)), json.loads(result.stdout)


def test_a_folder_equals_its_truth(tree: Path, tmp_path: Path) -> None:
    lib, said = imported(tmp_path, tree / "Takeout")
    compare(lib, truth(tree), said)
    lib.close()


@pytest.mark.parametrize(("kind", "parts"), [("zip", 3), ("tgz", 2)])
def test_archives_in_parts_equal_their_truth(tree: Path, tmp_path: Path, kind: str, parts: int) -> None:
    lib, said = imported(tmp_path, *pack(tree, parts, kind))
    compare(lib, truth(tree), said)
    assert said["found"] == said["new"] + said["duplicate"] + said["ignored"] + said["failed"]
    lib.close()
    lib, again = imported(tmp_path, *pack(tree, parts, kind)[:0], *sorted(tree.glob(f"*.{kind}")))
    lib.close()
    assert again["new"] == 0
    assert again["found"] == said["found"]


def test_a_part_that_comes_another_day_brings_its_sidecars_to_the_photos_that_are_here(
    tree: Path, tmp_path: Path
) -> None:
    packed = pack(tree, 3, "zip")
    said: dict[str, Any] = {}
    for part in packed:
        lib, said_now = imported(tmp_path, part)
        lib.close()
        said.setdefault("ignored_because", {}).update(said_now["ignored_because"])
    lib = open_library(Config(data_dir=tmp_path / "data", min_free_mb=0))
    compare(lib, truth(tree), said)
    lib.close()


def test_nothing_is_unpacked_to_disk_first(tree: Path, tmp_path: Path) -> None:
    (part, *_) = pack(tree, 1, "zip")
    lib, _ = imported(tmp_path, part)
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [path for path in kept if path.suffix == ".json" or "Takeout" in str(path)]
    lib.close()


def test_what_is_hidden_in_an_archive_and_what_a_mac_adds_is_left_out(tree: Path, tmp_path: Path) -> None:
    photo = next((tree / "Takeout").rglob("*.jpg"))
    with zipfile.ZipFile(tmp_path / "from-a-mac.zip", "w") as archive:
        archive.write(photo, "trip/one.jpg")
        for name in ("__MACOSX/trip/._one.jpg", ".hidden/two.jpg", "trip/.three.jpg"):
            archive.writestr(name, photo.read_bytes())
    lib, said = imported(tmp_path, tmp_path / "from-a-mac.zip")
    assert (said["new"], said["ignored"]) == (1, 3)
    lib.close()
