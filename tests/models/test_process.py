"""The model process: shared, ended when idle, when it hangs and with its starter; what was asked of a dead one is asked again."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from models.process import ModelProcess
from photolib import jobs, understood
from photolib.config import Config
from photolib.db import write
from photolib.errors import NotFound, TryLater, UnreadablePhoto
from photolib.importing import Intake, Wishes
from photolib.ingest import STEPS
from photolib.library import open_library
from photolib.ports import EMBED, FACES, TEXT
from photolib.scan import look
from photolib.tally import Tally
from photolib.worker import work_until_idle

Open = Callable[..., ModelProcess]
SECONDS = 60.0  # longer than anything here takes


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("tmp", "index"):
        (tmp_path / "data" / name).mkdir(parents=True)
    return tmp_path / "data"


@pytest.fixture
def open_client(data: Path, tiny_model: Path) -> Iterator[Open]:
    """Clients of one data folder. Without settings, what they ask loads no model."""
    clients = []

    def make(**settings: object) -> ModelProcess:
        config = Config(data_dir=data, models_dir=data / "none", embedding_model=str(tiny_model), model_threads=1)
        clients.append(ModelProcess(replace(config, **settings)))  # type: ignore[arg-type]
        return clients[-1]

    yield make
    for each in clients:
        each.close()


def ask(client: ModelProcess) -> None:
    """A request that is answered without any model."""
    with pytest.raises(NotFound):
        client.find_faces(Path("/nowhere/medium.jpg"))


def wait_for_end(data: Path) -> None:
    """The process holds a lock for as long as it lives."""
    with (data / "tmp" / "models.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def address_of(data: Path) -> Path:
    return Path(json.loads((data / "tmp" / "models.json").read_text())["address"])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "medium.jpg"
    Image.linear_gradient("L").convert("RGB").save(path)
    return path


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A picture that is never read to its end."""
    path = tmp_path / "endless.jpg"
    os.mkfifo(path)
    return path


def test_two_clients_share_one_process(open_client: Open) -> None:
    first, second = open_client(), open_client()
    assert first.pid is None
    ask(first)
    ask(second)
    assert first.pid == second.pid
    assert first.pid is not None


def test_clients_that_start_at_the_same_moment_share_one_process(open_client: Open) -> None:
    clients = [open_client() for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(ask, clients))
    assert len({client.pid for client in clients}) == 1


def test_it_ends_when_there_is_nothing_to_do_and_comes_back_when_there_is(open_client: Open, data: Path) -> None:
    client = open_client(model_idle_seconds=0)
    ask(client)
    wait_for_end(data)
    assert client.pid is None
    ask(client)


def test_it_ends_with_its_starter_and_the_others_start_their_own(open_client: Open, data: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )  # fmt: skip
    assert starter.stdout is not None
    assert starter.stdin is not None
    assert starter.stdout.readline() == b"asked\n"
    client = open_client()
    ask(client)
    before = client.pid
    starter.kill()
    starter.wait()
    starter.stdin.close()
    starter.stdout.close()
    wait_for_end(data)
    ask(client)
    assert client.pid not in (before, None)


STARTER = """
import sys
from pathlib import Path
from models.process import ModelProcess
from photolib.config import Config
from photolib.db import write
from photolib.errors import NotFound
client = ModelProcess(Config(data_dir=Path(sys.argv[1]), embedding_model=""))
try:
    client.find_faces(Path("/nowhere"))
except NotFound:
    print("asked", flush=True)
sys.stdin.read()
"""


def test_a_hang_is_ended_and_the_next_request_is_answered(open_client: Open, endless: Path) -> None:
    client = open_client(model_seconds=1)
    ask(client)
    before = client.pid
    with pytest.raises(TryLater, match="longer than 1 seconds"):
        client.find_faces(endless)
    ask(client)
    assert client.pid != before


def test_a_process_that_answers_nobody_for_long_is_ended_even_by_those_with_little_time(open_client: Open) -> None:
    """As if it hung in the middle of a computation that lets no other thread run."""
    client = open_client(model_seconds=1)
    ask(client)
    stopped, model = client.pid, client.ability(EMBED).model or ""
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    for seconds in (0.1, 2.0):  # longer than such a process may be silent
        with pytest.raises(TryLater):
            client.embed_text("a dog", model, seconds)
    ask(client)
    assert client.pid != stopped


def test_a_crowd_that_waits_for_a_process_that_hangs_waits_no_longer_than_it_wants_to(open_client: Open) -> None:
    client = open_client(model_seconds=1)
    ask(client)
    stopped, model = client.pid, client.ability(EMBED).model or ""
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    for seconds in (*[0.001] * 70, 1.1):  # more than the system lets wait before a process
        with pytest.raises(TryLater):
            client.embed_text("a dog", model, seconds)
    ask(client)
    assert client.pid != stopped


def test_a_sentence_that_comes_too_late_ends_no_process(open_client: Open) -> None:
    client = open_client()
    ask(client)
    stopped = client.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(TryLater):
        client.embed_text("a dog", client.ability(EMBED).model or "", seconds=0.1)
    os.kill(stopped, signal.SIGCONT)
    ask(client)
    assert client.pid == stopped


def test_killed_in_the_middle_of_a_request_it_says_try_later(open_client: Open, endless: Path) -> None:
    client = open_client()
    ask(client)
    pid = client.pid
    assert pid is not None
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(client.read_text, endless)
        with endless.open("wb"):  # both ends are open: it is reading
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(TryLater, match="unexpectedly"):
                asked.result(SECONDS)
    ask(client)


def test_the_folder_of_a_killed_process_is_removed_by_the_next(open_client: Open, data: Path) -> None:
    client = open_client()
    ask(client)
    folders = [address_of(data).parent]
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    wait_for_end(data)
    ask(client)
    folders.append(address_of(data).parent)
    assert [folder.exists() for folder in folders] == [False, True]


def test_when_the_starter_closes_a_request_of_another_is_done_by_a_new_process(
    open_client: Open, endless: Path, picture: Path
) -> None:
    starter, client = open_client(), open_client()
    ask(starter)
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(client.find_faces, endless)
        with endless.open("wb"):
            starter.close()
        with endless.open("wb"):  # by another process now; an empty picture
            pass
        with pytest.raises(UnreadablePhoto):
            asked.result(SECONDS)


def test_a_damaged_model_is_off_with_a_sentence_and_the_rest_goes_on(
    open_client: Open, tiny_model: Path, tmp_path: Path, picture: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_model, own)
    weights = bytearray((own / "open_clip_model.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (own / "open_clip_model.safetensors").write_bytes(weights)
    client = open_client(embedding_model=str(own))
    assert client.ability(EMBED).is_on
    with pytest.raises(TryLater, match=r"cannot be loaded: open_clip_model.safetensors is not the file"):
        client.see([picture])
    off = client.ability(EMBED)
    assert not off.is_on
    assert "photolib models check" in off.note
    ask(client)


def test_without_a_model_the_ability_is_off_and_says_what_helps(open_client: Open) -> None:
    client = open_client(embedding_model="ViT-B-32/laion2b_s34b_b79k", find_faces=False)
    assert "photolib models fetch ViT-B-32/laion2b_s34b_b79k" in client.ability(EMBED).note
    assert "find_faces" in client.ability(FACES).note
    assert client.ability(TEXT).is_on
    with pytest.raises(TryLater, match="models fetch"):
        client.see([Path("/nowhere")])


def test_a_sentence_does_not_wait_for_the_model_to_load(open_client: Open) -> None:
    client = open_client()
    ask(client)
    with pytest.raises(TryLater, match="not ready yet"):
        client.embed_text("a dog", client.ability(EMBED).model or "", seconds=0.01)


def test_a_batch_in_whose_middle_the_process_is_killed_is_done_again(
    tmp_path: Path, tiny_model: Path, draw_photo: Callable[..., Path]
) -> None:
    config = Config(
        data_dir=tmp_path / "library", settle_seconds=0, min_free_mb=0, workers=2, embedding_model=str(tiny_model),
        find_faces=False, read_text=False, model_threads=1,
    )  # fmt: skip
    models = ModelProcess(config)
    lib = open_library(config, "worker", models)
    try:
        for number in range(3):
            draw_photo(f"photos/{number}.jpg", size=(64, 48))
        owner = lib.db.conn.execute("select id from users").fetchone()[0]
        with Intake(lib, Wishes(owner_id=owner), Tally()) as intake:
            for found in look(tmp_path / "photos"):
                intake.take_folder(found)
            intake.close()
        work_until_idle(lib, STEPS[:3])
        with write(lib.db) as db:
            jobs.enqueue(db, EMBED, [1, 2, 3])
        [target, *_] = sorted((tmp_path / "library" / "variants").rglob("medium.*"))
        real = target.rename(tmp_path / "real.jpg")
        os.mkfifo(target)

        def kill_while_it_reads() -> None:
            with target.open("wb"):
                pid = models.pid
                assert pid is not None
                real.replace(target)
                os.kill(pid, signal.SIGKILL)

        with ThreadPoolExecutor(1) as thread:
            killed = thread.submit(kill_while_it_reads)
            work_until_idle(lib, [step for step in STEPS if step.name == EMBED])
            killed.result(SECONDS)
        model = models.ability(EMBED).model
        assert model is not None
        assert understood.vector_counts(lib.db) == {model: 3}
        assert not any(state.get("failed") or state.get("waiting") for state in jobs.counts(lib.db).values())
    finally:
        lib.close()
