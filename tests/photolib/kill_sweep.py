"""Kills an import at chosen moments. Run as a script by test_kill_sweep.py; prints one JSON document.

Each round forks, lets the child import two photos with a profiler that counts what photolib's own code does (calls it makes
and functions it enters), and ends the child with SIGKILL at a chosen count: no cleaning up of any kind runs. Then the library is
opened again, as after a power cut, and looked at before and after the import is run once more.

usage: kill_sweep.py FOLDER_OF_PHOTOS SCRATCH ROUNDS
"""

import json
import multiprocessing.util  # noqa: F401 - its atexit hooks are registered before the forks, not in them
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import photolib
from photolib.config import Config
from photolib.importing import Intake, Wishes, wait_for_jobs
from photolib.library import Library, open_library
from photolib.scan import look
from photolib.tally import Tally
from photolib.verify import check
from photolib.worker import work_until_idle

OURS = str(Path(photolib.__file__).parent)


def run_import(config: Config, folder: Path) -> Tally:
    lib = open_library(config, role="worker")
    tally = Tally()
    with Intake(lib, Wishes(owner_id=1), tally) as intake:
        for found in look(folder):
            intake.take_folder(found)
        intake.close()
    work_until_idle(lib)
    wait_for_jobs(lib, tally, lambda: None)
    lib.close()
    return tally


def counting(at: int | None, done: list[int]) -> Callable[[FrameType, str, Any], None]:
    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call") and frame.f_code.co_filename.startswith(OURS):
            done[0] += 1
            if done[0] == at:
                os.kill(os.getpid(), signal.SIGKILL)

    return profile


def in_child(work: Callable[[], object], at: int | None) -> tuple[bool, int]:
    """Do something in a forked child; (whether it was killed, how many countable things it did)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        done = [0]
        profile = counting(at, done)
        threading.setprofile(profile)
        sys.setprofile(profile)
        work()
        sys.setprofile(None)
        os.write(writing, str(done[0]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), int(said or 0)


def state(lib: Library) -> dict[str, Any]:
    """What must hold whenever the library can be opened."""
    rows = lib.db.conn.execute("select key, size from originals").fetchall()
    return {
        "rows_without_file": [
            key for key, size in rows if not lib.originals.has(key) or lib.originals.size(key) != size
        ],
        "photos": lib.db.conn.execute("select count(*) from photos").fetchone()[0],
        "unqueued": lib.db.conn.execute(
            "select count(*) from photos where status = 'processing' and id not in (select photo_id from jobs)"
        ).fetchone()[0],
        "running": lib.db.conn.execute("select count(*) from jobs where state = 'running'").fetchone()[0],
        "drafts": [path.name for path in (lib.data / "tmp").glob("draft-*")],
    }


def main() -> None:
    folder, scratch, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    sources = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fresh(name: str) -> Config:
        return Config(data_dir=scratch / name, settle_seconds=0, min_free_mb=0, workers=1)

    total = in_child(partial(run_import, fresh("whole"), folder), None)[1]
    results = []
    for number in range(rounds):
        at = 1 + total * number // rounds
        config = fresh(str(number))
        was_killed, _ = in_child(partial(run_import, config, folder), at)
        lib = open_library(config)
        after_kill = state(lib)
        lib.close()
        tally = run_import(config, folder)
        lib = open_library(config)
        after = state(lib)
        report = check(lib, fix=False, look=lambda *_: None)
        ready = lib.db.conn.execute("select count(*) from photos where status = 'ready'").fetchone()[0]
        waiting = lib.db.conn.execute("select count(*) from jobs").fetchone()[0]
        lib.close()
        results.append(
            {
                "at": at, "was_killed": was_killed, "after_kill": after_kill, "after": after, "ready": ready, "waiting": waiting,
                "counted": [tally.found, tally.new + tally.duplicate], "is_clean": report.is_clean,
                "sources_untouched": sources == {path.name: path.read_bytes() for path in folder.iterdir()},
            }
        )  # fmt: skip
        shutil.rmtree(config.data_dir)
    json.dump({"total": total, "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
