"""Kills somebody who sends a photo through a link, an owner who accepts it, and a visitor who saves photos, at chosen moments. Run as a
script by test_kill_sharing.py; prints one JSON document.

Each round forks and ends the child with SIGKILL (kill_sweep.py); then the library is opened again, looked at, and the same is done once
more as a person would do it.

usage: kill_sharing.py FOLDER_OF_PHOTOS SCRATCH ROUNDS
"""

import io
import json
import multiprocessing.util  # noqa: F401 - its atexit hooks are registered before the forks, not in them
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from photolib import album_edits, albums, uploads
from photolib.accounts import users
from photolib.accounts.sessions import Client
from photolib.config import Config
from photolib.db import write
from photolib.library import Library, open_library
from photolib.sharing import contributions, links, saving, shown
from photolib.uploads import Announced
from photolib.verify import check, find_orphans
from photolib.worker import work_until_idle
from tests.photolib.kill_sweep import in_child, run_import, state

CLIENT = Client("192.168.1.7", "Safari on iOS")
GUEST = 2


def prepare(config: Config, folder: Path) -> None:
    """A library with two photos in an album, to which a link leads that asks for more."""
    run_import(config, folder)
    lib = open_library(config, role="worker")
    with write(lib.db) as db:
        users.add(db, "zoe")
        photos = [row[0] for row in db.conn.execute("select id from photos order by id")]
        made = album_edits.make(db, 1, "Ours", "", None, photos)
        links.make(db, 1, made.album_id, "album", links.key(lib.data), permission="contribute")
    lib.close()


def contribute(config: Config, sent: bytes) -> None:
    """What a visitor does: goes on with what they had begun, sends it in two pieces, says that it is all; then the owner accepts."""
    lib = open_library(config, role="worker")
    link = links.by_id(lib.db, 1)
    row = lib.db.conn.execute(
        "select upload_id, sent_at from contributions where decision is null and upload_id is not null order by id limit 1"
    ).fetchone()
    if row is None and lib.db.conn.execute("select 1 from contributions where decision = 'accepted'").fetchone():
        lib.close()
        return
    upload_id = row[0] if row else contributions.begin(lib, link, Announced("hers.jpg", len(sent)), "Ann").upload_id
    assert upload_id is not None
    if row is None or row[1] is None:
        upload = uploads.find(lib.db, upload_id)
        if upload.received < len(sent) // 2:
            upload = uploads.receive(lib, upload, io.BytesIO(sent[upload.received : len(sent) // 2]), upload.received)
        if not upload.is_whole:
            uploads.receive(lib, upload, io.BytesIO(sent[upload.received :]), upload.received)
        contributions.finish(lib, link, upload_id, CLIENT)
    for each in contributions.waiting(lib.db, 1).contributions:
        contributions.accept(lib, each)
    lib.close()


def save(config: Config, _sent: bytes) -> None:
    """What somebody with an account does: takes the album's photos over into their library."""
    lib = open_library(config, role="worker")
    link = links.by_id(lib.db, 1)
    photos = shown.everything(lib.db, albums.album(lib.db, link.album_id), 10)
    saving.save(lib, link, users.account(lib.db, GUEST), photos, CLIENT)
    lib.close()


def seen(lib: Library) -> dict[str, Any]:
    """What is there, and what nobody may find: waiting files without bytes, bytes that nobody waits for."""
    waiting = lib.db.conn.execute(
        """select uploads.id, uploads.size, digest from uploads join contributions on upload_id = uploads.id
           where decision is null and sent_at is not null"""
    ).fetchall()

    def has_bytes(upload_id: str, size: int, digest: str) -> bool:
        draft = uploads.draft_path(lib, upload_id)
        return (draft.exists() and draft.stat().st_size == size) or lib.originals.has(digest)

    return {
        **state(lib),
        "waiting_without_bytes": [row[0] for row in waiting if not has_bytes(*row)],
        "left": [path.name for path in (lib.data / "uploads").iterdir() if not path.name.startswith(".")],
        "orphans": find_orphans(lib),
        "contributions": lib.db.conn.execute("select count(*) from contributions").fetchone()[0],
        "owners": lib.db.conn.execute("select count(*) from photos where owner_id = 1").fetchone()[0],
        "guests": lib.db.conn.execute("select count(*) from photos where owner_id = ?", (GUEST,)).fetchone()[0],
        "in_album": lib.db.conn.execute("select photos from albums where id = 1").fetchone()[0],
    }  # fmt: skip


def main() -> None:
    folder, scratch, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    sent = (folder.parent / "hers.jpg").read_bytes()

    def fresh(name: str) -> Config:
        return Config(data_dir=scratch / name, settle_seconds=0, min_free_mb=0, workers=1)

    whole = fresh("whole")
    prepare(whole, folder)
    results = []
    for what in (contribute, save):
        shutil.copytree(whole.data_dir, fresh("first").data_dir)
        what(fresh("first"), sent)  # what is imported at first need is not counted
        shutil.rmtree(fresh("first").data_dir)
        shutil.copytree(whole.data_dir, fresh("counted").data_dir)
        total = in_child(partial(what, fresh("counted"), sent), None)[1]
        shutil.rmtree(fresh("counted").data_dir)
        for number in range(rounds):
            config = fresh(f"{what.__name__}-{number}")
            shutil.copytree(whole.data_dir, config.data_dir)
            was_killed, _ = in_child(partial(what, config, sent), 1 + total * number // rounds)
            lib = open_library(config)
            after_kill = seen(lib)
            uploads.tidy(lib, every=0)  # cleaning up takes nothing that somebody still wants
            lib.close()
            what(config, sent)
            lib = open_library(config, role="worker")
            work_until_idle(lib)
            lib.db.conn.execute(
                "update uploads set expires_at = ? where state <> 'open' or not is_quarantined", (int(time.time()) - 1,)
            )
            uploads.tidy(lib, every=0)
            results.append({
                "what": what.__name__, "number": number, "total": total, "was_killed": was_killed, "after_kill": after_kill,
                "after": seen(lib), "is_clean": check(lib, fix=False, look=lambda *_: None).is_clean,
            })  # fmt: skip
            lib.close()
            shutil.rmtree(config.data_dir)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
