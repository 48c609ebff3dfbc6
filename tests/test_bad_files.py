"""Broken and hostile files, bombs included, through a running program: each is explained, and the server answers all along."""

import csv
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from photolib import catalog
from photolib.config import Config
from photolib.library import open_library
from tests.conftest import SHARED
from tests.test_shared_photos import Imported, photolib
from tests.web.conftest import COOKIE, admin_token

pytestmark = pytest.mark.skipif(
    not (SHARED / "photos").is_dir() and not os.environ.get("CI"), reason="the shared photos are missing"
)
MAKER = SHARED / "photos" / "bad" / "make_bad.py"


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "bad"
    subprocess.run([sys.executable, MAKER, out, "--bombs", "--names"], check=True, capture_output=True)
    return out


@contextmanager
def served(data: Path) -> Iterator[list[int | str]]:
    """A web app over the data folder; the list fills with what the timeline answers, again and again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "cli",
        "--data-dir",
        str(data),
        "serve",
        "--no-watch",
        "--no-work",
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert server.stderr is not None
    while "photolib is at" not in (line := server.stderr.readline()):
        assert line, "the server did not start"
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/photos", headers={"Cookie": f"{COOKIE}={admin_token(data)}"}
    )
    answers: list[int | str] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(0.05):
            try:
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    answers.append(answer.status)
            except OSError as problem:
                answers.append(str(problem))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        is_over.set()
        asking.join()
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture(scope="module")
def imported(bad: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    data = tmp_path_factory.mktemp("bad") / "data"
    with served(data) as answers:
        result = photolib(data, "import", str(bad), "--json")
    assert result.exit_code == 1, result.output
    assert len(answers) > 5
    assert set(answers) == {200}, "the server answers all along"
    lib = open_library(Config(data_dir=data, min_free_mb=0))
    yield Imported(lib, json.loads(result.stdout))
    lib.close()


def expected(bad: Path) -> dict[bytes, dict[str, str]]:
    """File name as bytes -> its row. The CSV shows what is no text as escapes; the folder knows the names."""
    with (bad / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    return {
        name: rows[shown]
        for name in os.listdir(os.fsencode(bad))
        if (shown := name.decode("utf-8", "backslashreplace")) in rows
    }


def test_the_whole_batch_survives_and_every_file_is_counted(imported: Imported, bad: Path) -> None:
    said = imported.said
    assert said["found"] == len(os.listdir(bad))
    assert said["found"] == said["new"] + said["duplicate"] + said["ignored"] + said["failed"]
    assert all(each["reason"] for each in said["failures"])


def test_what_opens_is_shown_and_what_does_not_is_explained(imported: Imported, bad: Path) -> None:
    failed = {each["path"].rpartition("/")[2] for each in imported.said["failures"]}
    rows = expected(bad)
    assert len(rows) > 150
    for name, row in rows.items():
        if name.endswith((b".xmp", b".json")) or name.startswith(b".") or row["opens"] == "partial":
            continue
        shown = name.decode("utf-8", "backslashreplace")
        photo = imported.photo_at(bad / os.fsdecode(name))
        if row["opens"] == "yes":
            assert photo is not None, row
            assert photo.status == "ready", (row, photo.reason)
        elif shown not in ("svg_script.svg", "really_mp4.jpg"):
            assert shown in failed, row
    video = imported.photo_at(bad / "really_mp4.jpg")
    assert video is not None
    assert (video.type, video.status) == ("video", "ready")


def test_what_is_cut_off_is_shown_with_a_note_or_listed_with_a_reason(imported: Imported, bad: Path) -> None:
    for name, row in expected(bad).items():
        if row["opens"] == "partial":
            photo = imported.photo_at(bad / os.fsdecode(name))
            assert photo is not None, row
            assert photo.status == "ready" or photo.reason, row


@pytest.mark.parametrize(
    "name", ["bomb_60000x60000_1bit.png", "bomb_30000x30000_rgb.png", "bomb_65500x65500.jpg", "bomb_header_only.gif"]
)
def test_a_bomb_is_kept_out_by_its_declared_size(imported: Imported, bad: Path, name: str) -> None:
    photo = imported.photo_at(bad / name)
    assert photo is not None
    assert photo.status == "failed"
    assert "pixels" in (photo.reason or "")


def test_dates_are_never_impossible(imported: Imported, bad: Path) -> None:
    for name in expected(bad):
        photo = imported.photo_at(bad / os.fsdecode(name))
        if photo is not None and name.startswith((b"date_", b"offset_")):
            assert "0001" <= photo.taken_at[:4] <= "9999"
            assert photo.utc_offset is None or -720 <= photo.utc_offset <= 840
    nepal = imported.photo_at(bad / "offset_plus0545.jpg")
    assert nepal is not None
    assert (nepal.taken_at[:16], nepal.utc_offset) == ("2023-06-01T12:00", 345)


POSITIONS = {"gps_no_ref": None, "gps_lat_123": None, "gps_lon_999": None, "gps_nan": None, "gps_null_island": None,
             "gps_pole": (-90.0, 0.0), "gps_date_line": (17.0, 179.99972), "gps_altitude_huge": (10.0, 20.0)}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in POSITIONS if name != "gps_no_ref"])
def test_impossible_positions_are_no_positions(imported: Imported, bad: Path, name: str) -> None:
    photo = imported.photo_at(bad / f"{name}.jpg")
    assert photo is not None
    truth = POSITIONS[name]
    if truth is None:
        assert (photo.latitude, photo.longitude) == (None, None)
    else:
        assert (photo.latitude, photo.longitude) == pytest.approx(truth, abs=1e-4)


def test_sidecars_that_lie_or_attack_change_nothing_they_should_not(imported: Imported, bad: Path) -> None:
    rows = imported.lib.db.conn.execute(
        "select coalesce(title, '') || coalesce(description, '') from details"
    ).fetchall()
    assert not any("root:" in text or "lollol" in text for (text,) in rows)
    assert catalog.totals(imported.lib.db)["photos"] > 100
