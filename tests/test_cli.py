"""The command line as somebody at a shell meets it: sentences, JSON, exit codes."""

import json
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

    def __call__(self, *words: object) -> Result:
        result = CliRunner().invoke(main, ["--data-dir", str(self._data), *map(str, words)], env=self._environ)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: object) -> dict:  # type: ignore[type-arg]
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
    assert photolib("import", "--owner", "nobody", tmp_path / "good").exit_code == 3
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
    for words in ("1 photo, 1 original", "free on its disk", "models: none", "last backup: never"):
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


def test_until_there_are_accounts_it_listens_to_this_machine_only(photolib: Shell) -> None:
    result = photolib("serve", "--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "this machine only" in result.output


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
    assert "1 job waits again" in photolib("jobs", "retry").output
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
