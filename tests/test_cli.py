"""The command line as somebody at a shell meets it: sentences, JSON, exit codes."""

import json
import os
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.conftest import DrawPhoto


@pytest.fixture
def photolib(tmp_path: Path) -> "Shell":
    return Shell(tmp_path)


class Shell:
    def __init__(self, home: Path) -> None:
        self._data = home / "data"
        self._environ = {"PHOTOLIB_SETTLE_SECONDS": "0", "PHOTOLIB_MIN_FREE_MB": "0"}

    def __call__(self, *words: object, stdin: str = "", **environ: str) -> Result:
        result = CliRunner().invoke(
            main, ["--data-dir", str(self._data), *map(str, words)], stdin, {**self._environ, **environ}
        )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: object) -> dict:
        return json.loads(self(*words, "--json").stdout)


def test_an_import_ends_with_the_reconciliation_and_says_why(
    photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    draw_photo("photos/one.jpg")
    (tmp_path / "photos" / "copy.jpg").write_bytes((tmp_path / "photos" / "one.jpg").read_bytes())
    (tmp_path / "photos" / "notes.txt").write_text("remember the milk")
    (tmp_path / "photos" / "empty.jpg").touch()
    result = photolib("import", tmp_path / "photos")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "found 4 = 1 new + 1 duplicate + 1 ignored + 1 failed"
    assert "an empty file" in result.stdout
    assert "a text file" in result.stdout


def test_exit_codes(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("good/one.jpg")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "empty.jpg").touch()
    (tmp_path / "nothing").mkdir()
    assert photolib("import", tmp_path / "good").exit_code == 0
    assert photolib("import", tmp_path / "good", tmp_path / "bad").exit_code == 1
    assert photolib("import").exit_code == 2
    assert photolib("import", tmp_path / "nowhere").exit_code == 2
    assert photolib("import", "--owner", "nobody", tmp_path / "good").exit_code == 2
    assert photolib("import", tmp_path / "bad").exit_code == 3
    assert photolib("import", tmp_path / "nothing").exit_code == 3
    assert photolib("jobs", "list", "--step", "dance").exit_code == 2


def test_a_dry_run_says_the_same_and_keeps_nothing(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    draw_photo("photos/two.jpg")
    said = photolib.json("import", "--dry-run", tmp_path / "photos")
    assert (said["found"], said["new"], said["dry_run"]) == (2, 2, True)
    assert photolib.json("status")["counts"]["photos"] == 0
    assert photolib.json("import", tmp_path / "photos")["new"] == 2
    assert photolib.json("import", "--dry-run", tmp_path / "photos")["duplicate"] == 2


def test_albums_and_tags_go_to_what_was_imported(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/Brittany/one.jpg")
    draw_photo("photos/two.jpg")
    assert (
        photolib("import", "--album", "Summer", "--folder-albums", "--tag", "sea", tmp_path / "photos").exit_code == 0
    )
    from photolib.config import Config
    from photolib.library import open_library

    lib = open_library(Config(data_dir=tmp_path / "data"))
    albums = dict(
        lib.db.conn.execute(
            "select title, count(*) from albums join album_photos on album_id = albums.id group by albums.id"
        ).fetchall()
    )
    tagged = lib.db.conn.execute("select count(*) from photo_tags where source = 'person'").fetchone()
    lib.close()
    assert albums == {"Summer": 2, "Brittany": 1, "photos": 1}
    assert tagged == (2,)


def test_json_is_the_only_thing_on_standard_output(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    photolib("import", tmp_path / "photos")
    for words in (["status"], ["jobs", "list"], ["verify"], ["config", "show"], ["doctor"], ["users", "list"]):
        assert isinstance(photolib.json(*words), dict), words


def test_status_speaks_of_everything_that_is_known(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    photolib("import", "--no-wait", tmp_path / "photos")
    waiting = photolib.json("status")
    assert waiting["counts"]["photos"] == 1
    assert {step["step"]: step["waiting"] for step in waiting["queue"]}["metadata"] == 1
    assert waiting["models"]["present"] == []
    photolib("import", tmp_path / "photos")
    text = photolib("status").stdout
    for words in (
        "1 photo, 1 original",
        "free on its disk",
        "models: search by what a photo shows",
        "last backup: never",
    ):
        assert words in text


def test_the_data_folder_itself_is_not_imported(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("one.jpg")
    assert photolib("import", tmp_path).exit_code == 0
    result = photolib("import", tmp_path / "data")
    assert result.exit_code == 2
    assert "own data folder" in result.output


def test_users_own_their_photos(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    assert photolib("users", "add", "ann").exit_code == 0
    assert photolib("users", "add", "ann").exit_code == 2
    assert photolib.json("import", "--owner", "ann", tmp_path / "photos")["new"] == 1
    assert photolib.json("import", tmp_path / "photos")["new"] == 1
    assert photolib.json("status")["counts"]["originals"] == 1
    assert [user["name"] for user in photolib.json("users", "list")["items"]] == ["admin", "ann"]


def test_settings_are_written_once_and_folders_added(photolib: Shell, tmp_path: Path) -> None:
    (tmp_path / 'Pictures "2024"').mkdir()
    file = tmp_path / "photolib.toml"
    for _ in range(2):
        words = ["--config", str(file), "config", "init", "--library", str(tmp_path / 'Pictures "2024"')]
        assert CliRunner().invoke(main, words).exit_code == 0
    assert file.read_text().count("[[libraries]]") == 1
    assert CliRunner().invoke(main, ["--config", str(file), "config", "check"]).exit_code == 0
    shown = json.loads(CliRunner().invoke(main, ["--config", str(file), "config", "show", "--json"]).stdout)
    assert shown["libraries"]["value"][0]["path"] == str(tmp_path / 'Pictures "2024"')


def test_a_bad_setting_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "photolib.toml"
    file.write_text("prot = 8800")
    result = CliRunner().invoke(main, ["--config", str(file), "status"])
    assert result.exit_code == 2
    assert "no setting 'prot'" in result.output


def test_who_may_do_what_is_administered_at_the_shell(photolib: Shell) -> None:
    assert (
        photolib("users", "add", "ann", "--role", "guest", "--quota", "50 GB", "--display-name", "Ann").exit_code == 0
    )
    assert photolib("users", "role", "ANN", "member").exit_code == 0
    assert photolib("users", "passwd", "ann", "--password-stdin", stdin="correct horse battery\n").exit_code == 0
    [admin, ann] = photolib.json("users", "list")["items"]
    assert (ann["display_name"], ann["role"], ann["quota_bytes"]) == ("Ann", "member", 50_000_000_000)
    assert ann["has_password"]
    assert ann["usage"] == {"photos": 0, "bytes": 0}
    assert not admin["has_password"]
    assert photolib("users", "disable", "ann").exit_code == 0
    assert "Ann, member): 0 photos, 0 bytes of 50.0 GB, disabled" in photolib("users", "list").output
    assert photolib("users", "enable", "ann").exit_code == 0
    assert photolib("users", "quota", "ann", "none").exit_code == 0
    assert not photolib.json("users", "list")["items"][1]["is_disabled"]
    assert photolib.json("users", "list")["items"][1]["quota_bytes"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["disable", "admin"], "last admin"),
        (["role", "admin", "member"], "last admin"),
        (["role", "admin", "king"], "admin, member, guest"),
        (["disable", "nobody"], "no user"),
        (["quota", "admin", "much"], "50 GB"),
        (["passwd", "admin", "--password-stdin"], "no password on standard input"),
        (["passwd", "admin"], "--password-stdin"),
        (["add", "Admin"], "already"),
        (["add", "a" * 61], "60"),
    ],
)
def test_what_cannot_be_done_with_users_is_a_sentence(photolib: Shell, words: list[str], said: str) -> None:
    result = photolib("users", *words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_guest_keeps_no_photos(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    assert photolib("users", "add", "gus", "--role", "guest").exit_code == 0
    refused = photolib("import", "--owner", "gus", tmp_path / "photos")
    assert refused.exit_code == 2
    assert "gus is a guest" in refused.output
    assert photolib.json("status")["counts"]["photos"] == 0


def test_a_password_is_never_part_of_the_command(photolib: Shell) -> None:
    for command in ("add", "passwd"):
        assert "--password " not in photolib("users", command, "--help").output
    weak = photolib("users", "passwd", "admin", "--password-stdin", stdin="admin12345\n")
    assert weak.exit_code == 2
    assert "admin12345" not in weak.output


def test_verify_finds_a_flipped_bit_and_mends_it_from_the_source(
    photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    draw_photo("photos/one.jpg")
    photolib("import", tmp_path / "photos")
    assert photolib("verify").exit_code == 0
    (original,) = (tmp_path / "data" / "originals").rglob("*.jpg")
    body = bytearray(original.read_bytes())
    body[100] ^= 1
    original.chmod(0o644)
    original.write_bytes(body)
    assert photolib("verify").exit_code == 1
    photolib("verify", "--fix")
    assert photolib("verify").exit_code == 0


def test_deleted_sizes_are_made_again(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    """Fault 20."""
    import shutil

    draw_photo("photos/one.jpg")
    photolib("import", tmp_path / "photos")
    before = sorted(path.name for path in (tmp_path / "data" / "variants").rglob("*.*"))
    shutil.rmtree(tmp_path / "data" / "variants")
    result = photolib("rebuild", "--missing")
    assert result.exit_code == 0, result.output
    assert "1 photo" in result.output
    assert sorted(path.name for path in (tmp_path / "data" / "variants").rglob("*.*")) == before


def test_failed_photos_can_be_tried_again(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    photo = draw_photo("photos/one.jpg", size=(800, 600))
    photo.write_bytes(photo.read_bytes()[:2000])
    assert photolib("import", tmp_path / "photos").exit_code == 3
    (job,) = photolib.json("jobs", "list")["items"]
    assert job["state"] == "failed"
    assert "1 photo waits again" in photolib("jobs", "retry").output
    photolib("import", tmp_path / "photos")
    assert "1 failed job" in photolib("jobs", "clear").output
    assert photolib.json("status")["counts"]["failed"] == 1


def test_doctor_says_how_to_mend_what_is_wrong(photolib: Shell, tmp_path: Path) -> None:
    file = tmp_path / "photolib.toml"
    file.write_text(f'data_dir = "{tmp_path / "data"}"\n[[libraries]]\npath = "{tmp_path / "gone"}"\n')
    result = CliRunner().invoke(main, ["--config", str(file), "doctor"])
    assert result.exit_code == 1
    assert "Is its disk mounted?" in result.output
    assert photolib("doctor").exit_code == 0


def test_doctor_finds_a_model_whose_files_are_damaged(
    photolib: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    for name in ("open_clip_config.json", "open_clip_model.safetensors"):
        (folder / name).write_text("{}")
    (folder / "checksums.json").write_text(json.dumps({"open_clip_model.safetensors": "0" * 64}))
    monkeypatch.setenv("PHOTOLIB_MODELS_DIR", str(tmp_path / "models"))
    result = photolib("doctor")
    assert result.exit_code == 1
    assert "`photolib models fetch mine` gets it anew" in result.output


def test_an_unmounted_data_disk_is_not_taken_for_a_new_start(photolib: Shell, tmp_path: Path) -> None:
    assert photolib("status").exit_code == 0
    known = tmp_path / "home" / ".local" / "state" / "photolib" / "data-folders.json"
    known.write_text(json.dumps({str(tmp_path / "data"): "/mnt/photos"}))
    assert photolib("status").exit_code == 0, "the marker is there: all is well"
    known.write_text(json.dumps({str(tmp_path / "data"): "/mnt/photos"}))
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    result = photolib("status")
    assert result.exit_code == 3
    assert "/mnt/photos" in result.output


def test_an_import_that_meets_a_full_disk_still_accounts_for_every_file(
    photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    draw_photo("photos/one.jpg")
    full = {"PHOTOLIB_MIN_FREE_MB": str(10**12)}
    nothing = photolib("import", "--json", tmp_path / "photos", **full)
    assert nothing.exit_code == 3
    assert "are free on the disk" in json.loads(nothing.stdout)["problem"]
    photolib("import", tmp_path / "photos")
    draw_photo("photos/two.jpg")
    some = photolib("import", tmp_path / "photos", **full)
    assert some.exit_code == 1
    assert some.stdout.splitlines()[-1] == "found 1 = 0 new + 1 duplicate + 0 ignored + 0 failed"
    assert "are free on the disk" in some.stderr
    assert photolib.json("import", tmp_path / "photos")["problem"] is None


def test_an_argument_below_another_is_not_counted_twice(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    one = draw_photo("photos/summer/one.jpg")
    draw_photo("photos/.hidden/two.jpg")
    paths = [tmp_path / "photos", tmp_path / "photos", tmp_path / "photos" / "summer", one]
    assert photolib.json("import", *paths)["found"] == 1
    hidden = tmp_path / "photos" / ".hidden"
    assert photolib.json("import", tmp_path / "photos", hidden)["found"] == 2, "a look through photos leaves it out"


def test_an_archive_named_beside_its_folder_is_opened(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    import zipfile

    photo = draw_photo("one.jpg")
    (tmp_path / "photos").mkdir()
    with zipfile.ZipFile(tmp_path / "photos" / "packed.zip", "w") as archive:
        archive.write(photo, "one.jpg")
    assert photolib.json("import", tmp_path / "photos", tmp_path / "photos" / "packed.zip")["new"] == 1


def test_the_data_folder_is_known_behind_a_link(photolib: Shell, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    assert photolib("status").exit_code == 0
    for way in ("data", "disk", "disk/originals"):
        result = photolib("import", tmp_path / way)
        assert result.exit_code == 2, way
        assert "own data folder" in result.stderr


def test_what_failed_before_is_still_said(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    (tmp_path / "photos" / "empty.jpg").touch()
    assert photolib.json("import", tmp_path / "photos")["failed_before"] == 0
    again = photolib("import", tmp_path / "photos")
    assert again.exit_code == 1
    assert "1 as before: `photolib status` says why" in again.stdout
    assert photolib.json("import", tmp_path / "photos")["failed_before"] == 1


def test_status_says_how_many_failures_it_does_not_show(photolib: Shell, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(33):
        (tmp_path / "photos" / f"{number}.jpg").touch()
    photolib("import", tmp_path / "photos")
    assert "and 3 more, with --json" in photolib("status").stdout
    said = photolib.json("status")
    assert (len(said["failures"]), said["failures_in_all"]) == (33, 33)


def damage(database: Path, table: str) -> None:
    """Overwrite a table's first page, as a bad disk does."""
    connection = sqlite3.connect(database)
    (page,) = connection.execute("select rootpage from sqlite_master where name = ?", (table,)).fetchone()
    (size,) = connection.execute("pragma page_size").fetchone()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_a_damaged_database_is_a_sentence(photolib: Shell, tmp_path: Path) -> None:
    photolib("status")
    damage(tmp_path / "data" / "photolib.db", "libraries")
    result = photolib("status")
    assert result.exit_code == 3
    assert "Your originals are untouched" in result.stderr
    assert "put the newest file of" in photolib("doctor").stdout


def test_doctor_calls_a_database_damaged_only_when_it_is(photolib: Shell, tmp_path: Path) -> None:
    (tmp_path / "data" / "photolib.db").mkdir(parents=True)
    result = photolib("doctor")
    assert result.exit_code == 1
    assert "Look at the rights of the data folder" in result.stdout
    assert "damaged" not in result.stdout


def test_a_data_folder_that_cannot_be_written_is_a_sentence(photolib: Shell, tmp_path: Path) -> None:
    photolib("status")
    tmp = tmp_path / "data" / "tmp"
    for file in tmp.iterdir():
        file.unlink()
    tmp.rmdir()
    tmp.symlink_to("/proc/self/fdinfo")  # a folder in which nobody can make a file, not even root
    result = photolib("status")
    assert result.exit_code == 3
    assert "cannot be written" in result.stderr


def test_a_settings_file_that_cannot_be_reached_is_a_sentence(tmp_path: Path) -> None:
    for words in (["status"], ["config", "init"]):
        result = CliRunner().invoke(main, ["--config", str(tmp_path / ("x" * 300)), *words])
        assert result.exit_code == 2, result.exception
        assert "cannot be read" in result.stderr
        result = CliRunner().invoke(main, words, env={"XDG_CONFIG_HOME": str(tmp_path / ("x" * 300))})
        assert result.exit_code == 2, result.exception


def test_config_init_writes_all_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "photolib.toml"
    good, odd = tmp_path / "good", Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    good.mkdir()
    odd.mkdir()
    words = ["--config", str(file), "config", "init"]
    result = CliRunner().invoke(main, [*words, "--library", str(good), "--library", str(odd)])
    assert result.exit_code == 2
    assert "is not UTF-8" in result.stderr
    assert not file.exists()
    result = CliRunner().invoke(main, ["--config", "/proc/nowhere/photolib.toml", "config", "init"])
    assert result.exit_code == 3
    assert "cannot be written" in result.stderr
    assert CliRunner().invoke(main, [*words, "--library", str(good), "--library", str(good)]).exit_code == 0
    assert file.read_text().count("[[libraries]]") == 1
    assert sorted(path.name for path in tmp_path.glob("*.draft")) == []


def test_rebuild_counts_only_what_fails_now(photolib: Shell, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    draw_photo("photos/one.jpg")
    torn = draw_photo("photos/two.jpg", size=(800, 600))
    torn.write_bytes(torn.read_bytes()[:2000])
    assert photolib("import", tmp_path / "photos").exit_code == 1
    result = photolib("rebuild")
    assert result.exit_code == 0, result.output
    assert "could not be read" not in result.output


def test_a_note_about_mounts_that_makes_no_sense_is_written_anew(photolib: Shell, tmp_path: Path) -> None:
    known = tmp_path / "home" / ".local" / "state" / "photolib" / "data-folders.json"
    known.parent.mkdir(parents=True)
    known.write_text("[1, 2]")
    assert photolib("status").exit_code == 0
    assert str(tmp_path / "data") in json.loads(known.read_text())


def test_a_server_that_cannot_write_its_log_says_so(photolib: Shell, tmp_path: Path) -> None:
    (tmp_path / "data" / "logs" / "photolib.log").mkdir(parents=True)
    result = photolib("serve", "--no-watch", "--no-work")
    assert result.exit_code == 3
    assert "photolib.log cannot be written" in result.stderr


def test_a_data_folder_whose_name_is_no_text_can_be_shown(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    result = CliRunner().invoke(main, ["--data-dir", odd, "status", "--json"])
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout)["data_dir"] == odd
