"""Fault 1: kill -9 at every step of ingest. Nothing is lost, halved, doubled or orphaned."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import DrawPhoto

ROUNDS = int(os.environ.get("PHOTOLIB_KILL_ROUNDS", "16"))


def test_an_import_that_is_killed_anywhere_goes_on_as_if_nothing_had_been(
    draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    for name in ("one.jpg", "two.jpg"):
        draw_photo(Path("photos") / name, taken="2024:06:01 12:00:00")
    done = subprocess.run(
        [sys.executable, "-m", "tests.photolib.kill_sweep", tmp_path / "photos", tmp_path / "sweep", str(ROUNDS)],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    swept = json.loads(done.stdout)
    assert swept["total"] > 500, "the profiler saw the import"
    assert len(swept["results"]) == ROUNDS
    for result in swept["results"]:
        assert result["was_killed"], result
        assert result["sources_untouched"], result
        for when in ("after_kill", "after"):
            assert result[when]["rows_without_file"] == [], result
            assert result[when]["unqueued"] == 0, result
            assert result[when]["running"] == 0, result
            assert result[when]["drafts"] == [], result
        assert result["after"]["photos"] == result["ready"] == 2, result
        assert result["waiting"] == 0, result
        assert result["counted"] == [2, 2], result
        assert result["is_clean"], result
