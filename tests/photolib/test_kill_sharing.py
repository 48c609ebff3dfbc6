"""kill -9 while a visitor sends a photo, its owner accepts it, and somebody saves what a link shows: nothing is lost or doubled."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import DrawPhoto

ROUNDS = int(os.environ.get("PHOTOLIB_KILL_ROUNDS", "8"))


def test_what_comes_through_a_link_and_what_is_saved_from_one_survives_being_killed_anywhere(
    draw_photo: DrawPhoto, tmp_path: Path
) -> None:
    for name in ("photos/one.jpg", "photos/two.jpg", "hers.jpg"):
        draw_photo(Path(name), taken="2024:06:01 12:00:00")
    done = subprocess.run(
        [sys.executable, "-m", "tests.photolib.kill_sharing", tmp_path / "photos", tmp_path / "sweep", str(ROUNDS)],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == 2 * ROUNDS
    for result in results:
        assert result["total"] > 200, "the profiler saw what was done"
        assert result["was_killed"], result
        for when in ("after_kill", "after"):
            assert result[when]["rows_without_file"] == [], result
            assert result[when]["waiting_without_bytes"] == [], result
            assert result[when]["unqueued"] == 0, result
        after = result["after"]
        if result["what"] == "contribute":
            assert (after["owners"], after["in_album"], after["guests"]) == (3, 3, 0), result
        else:
            assert (after["owners"], after["in_album"], after["guests"]) == (2, 2, 2), result
        assert (after["left"], after["orphans"]) == ([], []), result
        assert result["is_clean"], result
