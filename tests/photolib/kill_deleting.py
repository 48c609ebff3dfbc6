"""Kills deleting for good at chosen moments. Run as a script by test_trash.py; prints one JSON document.

Each round starts from a copy of the same library with one of two photos in the trash, forks, lets the child delete it and ends it with
SIGKILL at a chosen count of what photolib's own code does, as kill_sweep.py. Then the library is opened again and looked at before and
after the deleting goes on.

usage: kill_deleting.py FOLDER_OF_PHOTOS SCRATCH ROUNDS
"""

import json
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from photolib import catalog, trash
from photolib.config import Config
from photolib.db import write
from photolib.library import open_library
from photolib.verify import check
from tests.photolib.kill_sweep import in_child, run_import


def delete(config: Config) -> None:
    lib = open_library(config)
    with write(lib.db) as db:
        trash.delete(db, 1)
    trash.work(lib, 60)


def main() -> None:
    folder, scratch, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    sources = {path.name: path.read_bytes() for path in folder.iterdir()}
    start = Config(data_dir=scratch / "start", settle_seconds=0, min_free_mb=0, workers=1)
    run_import(start, folder)
    lib = open_library(start)
    with write(lib.db) as db:
        (goes,) = db.conn.execute("select id from photos where filename = 'goes.jpg'").fetchone()
        catalog.put_in_trash(db, [goes])
    lib.close()

    def fresh(name: str) -> Config:
        shutil.copytree(start.data_dir, scratch / name)
        return replace(start, data_dir=scratch / name)

    total = in_child(partial(delete, fresh("whole")), None)[1]
    results = []
    for number in range(rounds):
        config = fresh(str(number))
        was_killed, _ = in_child(partial(delete, config), 1 + total * number // rounds)
        lib = open_library(config)
        was_gone = lib.db.conn.execute("select count(*) from photos").fetchone()[0] == 1
        is_clean_after_kill = check(lib, fix=False, look=lambda *_: None).is_clean
        lib.close()
        delete(config)
        lib = open_library(config)
        results.append(
            {
                "was_killed": was_killed, "was_gone": was_gone, "is_clean_after_kill": is_clean_after_kill,
                "is_clean": check(lib, fix=False, look=lambda *_: None).is_clean,
                "files_after": len(list(lib.originals.keys())), "originals_after": len(catalog.original_keys(lib.db)),
                "photos": [row[0] for row in lib.db.conn.execute("select filename from photos")],
                "sources_untouched": sources == {path.name: path.read_bytes() for path in folder.iterdir()},
            }
        )  # fmt: skip
        lib.close()
        shutil.rmtree(config.data_dir)
    json.dump({"total": total, "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
