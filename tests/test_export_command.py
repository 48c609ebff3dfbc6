"""photolib export as somebody at a shell meets it: what lies there afterwards, what a second run does, and what it never touches."""

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from photolib import album_edits, albums, edits
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from tests.conftest import ROOT, DrawPhoto, ImportFolder
from tests.programs import program
from tests.test_cli import Shell


@pytest.fixture
def photolib(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def trip(library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path) -> dict[str, int]:
    """Three photos of one name in two years, two of them on one day; the ids by where they lay."""
    draw_photo("in/a/IMG_1.jpg", taken="2024:06:14 14:03:00")
    draw_photo("in/b/IMG_1.jpg", taken="2024:06:14 15:00:00")
    draw_photo("in/c/IMG_1.jpg", taken="2023:01:02 03:04:05")
    for name in "abc":  # one after the other, so that they come in this order
        import_folder(tmp_path / "in" / name)
    rows = library.db.conn.execute(
        "select folders.path, photo_id from sources join folders on folders.id = folder_id where photo_id is not null"
    )
    return {os.fsdecode(path)[-1]: photo_id for path, photo_id in rows.fetchall()}


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "disk"


def there(dest: Path) -> dict[str, bytes]:
    """Every file but the journal, by its path."""
    return {
        str(path.relative_to(dest)): path.read_bytes()
        for path in dest.rglob("*")
        if path.is_file() and ".photolib-export" not in path.parts
    }


def photos_in(dest: Path) -> list[str]:
    return sorted(name for name in there(dest) if name.endswith(".jpg"))


def edit(library: Library, photo_ids: list[int], **changes: Any) -> None:
    with write(library.db) as db:
        edits.edit(db, 1, photo_ids, changes)


def make_album(library: Library, title: str, photo_ids: list[int], **more: Any) -> albums.Album:
    with write(library.db) as db:
        made = album_edits.make(db, 1, title, photo_ids=photo_ids, **more).album_id
    return albums.album(library.db, made)


def test_photos_get_names_people_read_and_the_date_they_were_taken(photolib: Shell, trip: Any, dest: Path) -> None:
    result = photolib("export", dest)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "found 3 = 3 written + 0 already there + 0 failed"
    first, second, third = "2023/2023-01-02 IMG_1.jpg", "2024/2024-06-14 IMG_1 (2).jpg", "2024/2024-06-14 IMG_1.jpg"
    assert photos_in(dest) == [first, second, third]
    assert {Path(dest / each).stat().st_size for each in photos_in(dest)} != {0}
    said = json.loads((dest / f"{first}.json").read_bytes())[0]
    assert said["SourceFile"] == "2023-01-02 IMG_1.jpg"
    assert said["photolib"]["taken_at"] == "2023-01-02T03:04:05.000"
    assert (dest / f"{first}.xmp").is_file()
    assert hashlib.sha256((dest / first).read_bytes()).hexdigest() == said["photolib"]["key"]
    assert datetime.fromtimestamp((dest / first).stat().st_mtime).isoformat() == "2023-01-02T03:04:05"


def test_a_second_run_writes_nothing_and_rewrites_what_was_noted_since(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    photolib("export", dest)
    inodes = {path: (dest / path).stat().st_ino for path in there(dest)}
    again = photolib.json("export", dest)
    assert (again["found"], again["written"], again["already_there"], again["sidecars"]) == (3, 0, 3, 0)
    assert {path: (dest / path).stat().st_ino for path in there(dest)} == inodes
    edit(library, [trip["a"]], title="Lighthouse", taken_at="2020-01-01T00:00:00")
    names = set(there(dest))
    changed = photolib.json("export", dest)
    assert (changed["written"], changed["sidecars"]) == (0, 2)
    assert set(there(dest)) == names, "it stays where it was first"
    assert b"Lighthouse" in (dest / "2024/2024-06-14 IMG_1.jpg.xmp").read_bytes()


def test_what_comes_later_does_not_change_a_name(
    photolib: Shell, trip: Any, dest: Path, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path
) -> None:
    photolib("export", dest)
    before = there(dest)
    draw_photo("in/d/img_1.JPG", taken="2024:06:14 01:00:00")
    import_folder(tmp_path / "in" / "d")
    assert photolib.json("export", dest)["written"] == 1
    after = there(dest)
    assert "2024/2024-06-14 img_1 (3).JPG" in after, "also where case makes no difference"
    assert {path: after[path] for path in before if path.endswith(".jpg")} == {
        path: body for path, body in before.items() if path.endswith(".jpg")
    }


def test_a_file_that_is_not_ours_is_never_written_over(photolib: Shell, trip: Any, dest: Path) -> None:
    (dest / "2024").mkdir(parents=True)
    (dest / "2024" / "2024-06-14 IMG_1.jpg").write_text("somebody's")
    (dest / "albums.json").write_text("somebody's, too")
    result = photolib.json("export", dest)
    assert (result["written"], result["failed"]) == (3, 0)
    assert [each["path"] for each in result["kept"]] == ["albums.json"]
    assert (dest / "2024" / "2024-06-14 IMG_1.jpg").read_text() == "somebody's"
    assert (dest / "albums.json").read_text() == "somebody's, too"
    assert len(photos_in(dest)) == 4


def test_what_somebody_changed_since_is_left_as_it_is_and_named(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    photolib("export", dest)
    photo, sidecar = dest / "2023/2023-01-02 IMG_1.jpg", dest / "2024/2024-06-14 IMG_1.jpg.xmp"
    photo.write_text("cropped")
    sidecar.write_text("rated in another program")
    edit(library, list(trip.values()), rating=5)
    result = photolib("export", dest)
    assert result.exit_code == 1
    assert "found 3 = 0 written + 2 already there + 1 failed" in result.stdout
    assert result.stdout.count("changed since it was exported") == 2
    assert (photo.read_text(), sidecar.read_text()) == ("cropped", "rated in another program")


def test_what_was_removed_from_the_disk_comes_again(photolib: Shell, trip: Any, dest: Path) -> None:
    photolib("export", dest)
    before = there(dest)
    (dest / "2023/2023-01-02 IMG_1.jpg").unlink()
    (dest / "2023/2023-01-02 IMG_1.jpg.xmp").unlink()
    assert photolib.json("export", dest)["written"] == 1
    assert there(dest) == before


def test_without_its_journal_an_export_is_known_by_its_bytes(photolib: Shell, trip: Any, dest: Path) -> None:
    photolib("export", dest)
    before = there(dest)
    (dest / ".photolib-export" / "files.jsonl").unlink()
    again = photolib.json("export", dest)
    assert (again["written"], again["already_there"], again["kept"]) == (0, 3, [])
    assert there(dest) == before


def test_a_journal_that_somebody_forged_leads_nowhere_else(
    photolib: Shell, trip: Any, dest: Path, tmp_path: Path, library: Library
) -> None:
    key = library.db.conn.execute("select key from photos where id = ?", (trip["a"],)).fetchone()[0]
    (dest / ".photolib-export").mkdir(parents=True)
    line = {
        "path": "../out.jpg",
        "sha256": key,
        "size": 1,
        "mtime_ns": 1,
        "photo": key,
        "slot": "{year}/{year}-{month}-{day} {name}",
        "stem": "../out",
    }
    (dest / ".photolib-export" / "files.jsonl").write_text(json.dumps(line) + '\n[1]\n{"path": 3}\nnonsense')
    assert photolib("export", dest).exit_code == 0
    assert not (tmp_path / "out.jpg").exists()
    assert len(photos_in(dest)) == 3


def test_a_photo_in_several_albums_takes_the_room_of_one(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    travel = make_album(library, "Travel", [trip["a"]])
    make_album(library, "Italy: 1/2", [trip["c"], trip["a"]], parent=travel)
    result = photolib.json("export", dest)
    assert (result["written"], result["links"], result["albums"]) == (3, 3, "links")
    home = dest / "2024/2024-06-14 IMG_1.jpg"
    assert home.stat().st_nlink == 3
    assert (dest / "Albums/Travel/2024-06-14 IMG_1.jpg").samefile(home)
    assert (dest / "Albums/Travel/Italy_ 1_2/2024-06-14 IMG_1.jpg.xmp").is_file()
    (outer, inner) = json.loads((dest / "albums.json").read_bytes())["albums"]
    assert (outer["title"], inner["parent_id"], inner["path"]) == (
        "Travel",
        outer["album_id"],
        ["Travel", "Italy: 1/2"],
    )
    assert [each["file"] for each in inner["photos"]] == ["2023/2023-01-02 IMG_1.jpg", "2024/2024-06-14 IMG_1.jpg"]
    edit(library, [trip["a"]], title="New")
    photolib("export", dest)
    assert b"New" in (dest / "Albums/Travel/2024-06-14 IMG_1.jpg.xmp").read_bytes(), "in each of its places"


def test_albums_are_playlists_or_copies_where_that_is_wished(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    make_album(library, "Sea", [trip["c"], trip["a"]])
    assert photolib("export", dest, "--albums", "lists").exit_code == 0
    lines = (dest / "Albums/Sea.m3u8").read_text().splitlines()
    assert lines == ["#EXTM3U", "../2023/2023-01-02 IMG_1.jpg", "../2024/2024-06-14 IMG_1.jpg"]
    assert all((dest / "Albums" / each).is_file() for each in lines[1:])
    assert photolib("export", dest, "--albums", "copies").exit_code == 0
    assert (dest / "Albums/Sea/2023-01-02 IMG_1.jpg").stat().st_nlink == 1
    again = photolib.json("export", dest, "--albums", "copies")
    assert (again["written"], again["kept"]) == (0, [])


def test_only_an_album_or_only_what_is_found(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    travel = make_album(library, "Travel", [])
    make_album(library, "Italy", [trip["a"]], parent=travel)
    assert photolib("export", dest, "--album", "travel").exit_code == 0
    assert photos_in(dest) == ["Travel/Italy/2024-06-14 IMG_1.jpg"]
    assert photolib("export", dest / "2", "--album", "Travel/Italy", "--query", "before:2024").stdout.endswith(
        "found 0 = 0 written + 0 already there + 0 failed\n"
    )
    assert photolib("export", dest / "3", "--query", "on:2023").exit_code == 0
    assert photos_in(dest / "3") == ["2023/2023-01-02 IMG_1.jpg"]
    assert photolib("export", dest / "4", "--album", "Nowhere").exit_code == 2


def test_the_archive_is_part_of_everything_and_the_trash_only_when_asked_for(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    edit(library, [trip["a"]], is_archived=True)
    edit(library, [trip["c"]], is_trashed=True)
    photolib("export", dest)
    assert photos_in(dest) == ["2024/2024-06-14 IMG_1 (2).jpg", "2024/2024-06-14 IMG_1.jpg"]
    photolib("export", dest, "--with-trash")
    assert "Trash/2023/2023-01-02 IMG_1.jpg" in photos_in(dest)


def test_only_ones_own(photolib: Shell, trip: Any, dest: Path) -> None:
    photolib("users", "add", "ann")
    assert photolib.json("export", dest, "--owner", "ann")["found"] == 0
    assert photolib("export", dest, "--owner", "nobody").exit_code == 2


def test_a_dry_run_says_the_same_and_makes_nothing(photolib: Shell, trip: Any, dest: Path) -> None:
    said = photolib("export", dest, "--dry-run")
    assert said.stdout.splitlines()[-1] == "would be: found 3 = 3 written + 0 already there + 0 failed"
    assert not dest.exists()


@pytest.mark.parametrize("inside", ["", "originals", "originals/new"])
def test_the_data_folder_is_no_place_for_an_export(photolib: Shell, trip: Any, tmp_path: Path, inside: str) -> None:
    refused = photolib("export", tmp_path / "data" / inside)
    assert refused.exit_code == 2
    assert "own data folder" in refused.output


def test_a_damaged_original_is_told_and_the_others_go_on(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path
) -> None:
    one, other = (
        library.db.conn.execute("select key from photos where id = ?", (trip[each],)).fetchone()[0] for each in "ab"
    )
    with library.originals.as_file(one) as path:
        body = bytearray(path.read_bytes())
        body[100] ^= 1
        path.chmod(0o644)
        path.write_bytes(body)
    with library.originals.as_file(other) as path:
        path.unlink()
    result = photolib("export", dest)
    assert result.exit_code == 1
    assert "found 3 = 1 written + 0 already there + 2 failed" in result.stdout
    assert "is damaged" in result.stdout
    assert "missing from the store" in result.stdout
    assert photos_in(dest) == ["2023/2023-01-02 IMG_1.jpg"]
    assert not list((dest / ".photolib-export").glob("draft-*"))


def test_two_exports_into_one_folder_do_not_meet(photolib: Shell, trip: Any, dest: Path) -> None:
    photolib("export", dest)
    with (dest / ".photolib-export" / "files.jsonl").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = photolib("export", dest)
    assert refused.exit_code == 2
    assert "under way" in refused.output


@pytest.mark.parametrize("flush", [1, 3, 5, 8, 12, 16])
def test_an_export_that_is_killed_goes_on_where_it_was(
    photolib: Shell, trip: Any, dest: Path, tmp_path: Path, flush: int
) -> None:
    photolib("export", tmp_path / "whole")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.photolib.kill_export", tmp_path / "data", dest, str(flush)], cwd=ROOT, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    whole = there(tmp_path / "whole")
    left = there(dest)
    assert set(left) <= set(whole), "nothing is half there"
    assert all(left[path] == whole[path] for path in left)
    again = photolib.json("export", dest)
    assert again["found"] == 3 == again["written"] + again["already_there"]
    assert again["already_there"] == sum(path.endswith(".jpg") for path in left)
    assert again["kept"] == []
    assert there(dest) == whole
    assert not list((dest / ".photolib-export").glob("draft-*"))


def test_exiftool_reads_what_lies_beside_real_photos(
    photolib: Shell, shared_photos: Path, import_folder: ImportFolder, dest: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    by_ending = {
        path.suffix.lower(): path for path in sorted(shared_photos.rglob("*.*")) if path.stat().st_size < 2_000_000
    }
    for ending in (".jpg", ".heic", ".png", ".mp4", ".dng", ".webp", ".mov"):
        if path := by_ending.get(ending):
            (tmp_path / "in" / path.name).write_bytes(path.read_bytes())
    import_folder(tmp_path / "in")
    said = photolib.json("export", dest)
    assert said["written"] == said["found"] >= 5
    read = subprocess.run(
        [program("exiftool"), "-r", "-ext", "xmp", "-json", "-Warning", "-Error", "-photolib:Key", dest], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert read.returncode == 0, read.stderr
    found = json.loads(read.stdout)
    assert len(found) == said["sidecars"] // 2
    assert not [each for each in found if "Warning" in each or "Error" in each]


# ---------------------------------------------------------------- and back


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Library]:
    lib = open_library(Config(data_dir=tmp_path / "second" / "data", settle_seconds=0, min_free_mb=0))
    yield lib
    lib.close()


def known(library: Library) -> list[tuple[Any, ...]]:
    """What a person cares about, of each photo."""
    return library.db.conn.execute(
        """select photos.key, title, description, shown_at, utc_offset, latitude, longitude, altitude, rating, is_favourite, is_archived,
             people, (select json_group_array(name) from (select name from tags join photo_tags on tag_id = tags.id
                        where photo_id = photos.id order by name))
           from photos left join details on photo_id = photos.id where trashed_at is null order by photos.key"""
    ).fetchall()


def shelves(library: Library) -> list[tuple[Any, ...]]:
    return library.db.conn.execute(
        """select albums.title, parent.title, albums.description, albums.kind, albums.query, albums.order_by,
             (select key from photos where id = albums.cover_id),
             (select json_group_array(key) from (select key from album_photos join photos on photos.id = photo_id
                where album_id = albums.id order by position))
           from albums left join albums parent on parent.id = albums.parent_id order by albums.title"""
    ).fetchall()


@pytest.mark.parametrize("way", ["folder", "zip"])
def test_an_export_comes_back_as_it_was(
    photolib: Shell, library: Library, trip: dict[str, int], dest: Path, tmp_path: Path, empty: Library, way: str
) -> None:
    a, b, c = trip["a"], trip["b"], trip["c"]
    edit(
        library,
        [a],
        title="At the <sea>",
        description="two\nlines",
        rating=4,
        is_favourite=True,
        tags=["sea", "Travel/Italy"],
    )
    edit(
        library,
        [b],
        taken_at="1971-02-03T04:05:06",
        utc_offset=-210,
        latitude=-45.4375,
        longitude=12.3358,
        is_archived=True,
    )
    edit(library, [c], is_favourite=True, rating=0)
    travel = make_album(library, "Travel", [])
    italy = make_album(library, "Italy", [a, b, c], parent=travel, description="All of it")
    make_album(library, "Seas", [], query="tag:sea")
    with write(library.db) as db:
        album_edits.change(db, 1, italy, {"order_by": "manual"})
        album_edits.move(db, 1, albums.album(db, italy.id), [c], before=a)
        album_edits.change(db, 1, albums.album(db, italy.id), {"cover_id": b})
    photolib("export", dest)
    source = dest
    if way == "zip":
        source = tmp_path / "packed.zip"
        with zipfile.ZipFile(source, "w", strict_timestamps=False) as archive:
            for name in there(dest):
                archive.write(dest / name, f"photolib 2024-06-14/{name}")
    second = Shell(tmp_path / "second")
    taken = second("import", source)
    assert taken.exit_code == 0, taken.output
    assert known(empty) == known(library)
    assert shelves(empty) == shelves(library)
