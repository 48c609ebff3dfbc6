"""Searching a million photos: the index for meaning by itself, against comparing them all; then whole searches, as a page asks."""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

import numpy as np

from models import open_models
from photolib import catalog
from photolib.config import Config
from photolib.library import Library, open_library
from photolib.ports import EMBED
from photolib.search.engine import NOT_READY
from tests.benchmarks import generate, searchable
from tests.benchmarks.client import Visit, visit
from tests.benchmarks.embedding import all_models
from tests.benchmarks.measure import Row, World, milliseconds, percentile, say, seconds
from tests.benchmarks.processes import Server, memory_of, memory_of_one, serving

SEARCH_TARGET = 0.150  # seconds, 95th percentile
SUGGESTION_TARGET = 0.050
WARM_SECONDS = 60
RECALL_TARGET = 0.99
ANSWERS = 200  # how many photos a search asks the index for


def measure(world: World) -> list[Row]:
    """What the index finds, how quickly, what it needs, and how long it takes to make it."""
    count = world.amount(1_000_000, 100_000)
    with all_models():
        model = open_models(Config(data_dir=world.scratch)).ability(EMBED).model
    say(f"generating a library of {count} photos to search in")
    data = searchable.library(world.scratch, count, model or "generated")
    return [
        Row(f"the index for meaning, {count} photos, {searchable.DIMENSIONS} numbers each", ""),
        *_index(world, data, count, model or "generated"),
        Row(
            f"whole searches in {count} photos over HTTP, with {'sentences by ' + model if model else 'words only'}", ""
        ),
        *_whole(world, data),
    ]


def _index(world: World, data: Path, count: int, model: str) -> list[Row]:
    config = Config(data_dir=data, log_level="warning")
    with ProcessPoolExecutor(1, get_context("spawn")) as maker:  # a process of its own, so that its memory can be told
        say("making the index from the database")
        built, needed = maker.submit(_make, config, model).result()
    lib = open_library(config)
    try:
        owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
        questions = searchable.questions(world.amount(200, 100))
        say("reading the saved index")
        loaded = seconds(lambda: lib.vectors.search(lib.db, model, questions[0], 1, owner_id, seconds=None))
        say("asking it")
        found = _recall(lib, model, owner_id, questions[:100], count)
        return [
            Row("  making it from the database", f"{built:.1f} s"),
            Row("  reading the saved one, with the first answer", f"{loaded:.2f} s"),
            Row("  memory", f"{needed / 1e6:.0f} MB"),
            Row("  recall at 10", f"{found:.4f}", "comparing all, float32", "", ">= 0.99", found >= RECALL_TARGET),
            *(
                _row(f"  the {ANSWERS} nearest {what}", lib, model, owner_id, questions, allowed)
                for what, allowed in (
                    ("of all photos", lambda: None),
                    ("of the photos of one year", _ids_of(count, count // 20)),
                    ("of 100 photos", _ids_of(count, 100)),
                )
            ),
        ]
    finally:
        lib.close()


def _make(config: Config, model: str) -> tuple[float, int]:
    """How long it takes to make the index from the database and save it, and what it needs in memory, in bytes."""
    lib = open_library(config)
    try:
        lib.vectors.search(lib.db, "none", searchable.questions(1)[0], 1, 1)  # so that FAISS is there
        before = memory_of_one(os.getpid()).pss
        return seconds(lambda: lib.vectors.rebuild(lib.db, model)), memory_of_one(os.getpid()).pss - before
    finally:
        lib.close()


def _ids_of(count: int, many: int) -> Callable[[], np.ndarray]:
    """So many photos that lie side by side in time, others each time."""
    chance = random.Random(generate.SEED)

    def ids() -> np.ndarray:
        first = chance.randrange(1, count - many)
        return np.arange(first, first + many, dtype=np.int64)

    return ids


def _row(
    what: str,
    lib: Library,
    model: str,
    owner_id: int,
    questions: np.ndarray,
    allowed: Callable[[], np.ndarray | None],
) -> Row:
    times = []
    for question in questions:
        among = allowed()

        def ask(question: np.ndarray = question, among: np.ndarray | None = among) -> None:
            lib.vectors.search(lib.db, model, question, ANSWERS, owner_id, among)

        times.append(seconds(ask))
    return _judged(what, times, SEARCH_TARGET)


def _recall(lib: Library, model: str, owner_id: int, questions: np.ndarray, count: int) -> float:
    """Which share of the ten nearest listed photos, all compared in float32, the index finds."""
    listed = np.zeros(count + 1, np.bool_)
    listed[[row[0] for row in lib.db.conn.execute("select id from photos where is_listed = 1")]] = True
    best_ids = np.zeros((len(questions), 0), np.int64)
    best = np.zeros((len(questions), 0), np.float32)
    first = 1
    for some in searchable.vectors(count):
        near = questions @ some.T
        near[:, ~listed[first : first + len(some)]] = -2
        at = np.argpartition(-near, 10, axis=1)[:, :10]
        best_ids, best = np.hstack([best_ids, at + first]), np.hstack([best, np.take_along_axis(near, at, axis=1)])
        keep = np.argsort(-best, axis=1)[:, :10]
        best_ids, best = np.take_along_axis(best_ids, keep, axis=1), np.take_along_axis(best, keep, axis=1)
        first += len(some)
    found = [lib.vectors.search(lib.db, model, each, 10, owner_id)[0] for each in questions]
    return sum(len({*right} & {*ids}) for right, ids in zip(best_ids, found, strict=True)) / best_ids.size


# ---------------------------------------------------------------- whole searches

_THINGS = ("a dog on the beach", "birthday cake with candles", "snow in the mountains", "a red car", "ein Hund im Wasser",
           "people sitting around a table", "sunset", "children playing in a garden", "church", "Katze auf dem Sofa")  # fmt: skip
_WORDS_ALONE = ("museum ticket", "IMG_4711", "invoice total", "welcome", "holiday", "Canon", '"first day of school"')
_NONSENSE = ("xylophonic quarks", "asdf jkl qwertz", "the of and", "%%%", "zzzz")


def _whole(world: World, data: Path) -> list[Row]:
    chance = random.Random(generate.SEED)

    def some(make: Callable[[], str]) -> list[str]:
        return ["/api/v1/search/photos?q=" + quote(make()) for _ in range(60)]

    def thing() -> str:
        return chance.choice(_THINGS)

    def person() -> str:
        return chance.choice(searchable.NAMES)

    def place() -> str:
        return chance.choice(searchable.PLACES)[3]

    def year() -> int:
        return chance.randint(2006, 2023)

    kinds = (
        ("a sentence", lambda: f"{thing()} {chance.randint(1, 99)}"),
        ("words", lambda: chance.choice(_WORDS_ALONE)),
        ("people, places and years", lambda: chance.choice((f"{person()} {place()}", f"{place()} {year()}", f"{person()} {year()}"))),
        ("fields", lambda: f'label:{chance.choice(("dog", "car", "church"))} camera:canon rating:>=4 -place:{place()}'),
        ("all of it in one", lambda: f"{thing()} with {person()} in {place()} summer {year()}"),
        ("nonsense", lambda: chance.choice(_NONSENSE)),
    )  # fmt: skip
    rows, everything = [], []
    with all_models(), serving(data, "--no-watch", "--no-work") as server:
        _warm(server)
        for what, make in kinds:
            say(f"searching for {what}")
            times = visit(server, world.amount(10, 3), Visit(what, some(make)))[what].times
            everything += times
            rows.append(_judged(f"  {what}", times, SEARCH_TARGET))
        say("asking for suggestions")
        typed = [word[:length] for word in (*_THINGS, *searchable.NAMES, "Berl", "label:do") for length in range(1, 8)]
        paths = ["/api/v1/search/suggestions?q=" + quote(each) for each in typed]
        times = visit(server, world.amount(10, 3), Visit("suggestions", paths))["suggestions"].times
        rows.append(_judged("  suggestions while typing", times, SUGGESTION_TARGET))
        memory = memory_of(server.pid)
    return [
        _judged("  all these searches together", everything, SEARCH_TARGET),
        *rows,
        Row("  memory of the server and its model process after that", str(memory)),
    ]


def _warm(server: Server) -> None:
    """Until the model and the index are in memory: a search that could not use them says so."""
    until = time.monotonic() + WARM_SECONDS
    while NOT_READY in server.json("/api/v1/search/photos?q=a+cat")["notes"] and time.monotonic() < until:
        time.sleep(0.2)


def _judged(what: str, times: Sequence[float], target: float) -> Row:
    return Row(what, milliseconds(times), "", "", f"p95 <= {1000 * target:.0f} ms", percentile(times, 0.95) <= target)
