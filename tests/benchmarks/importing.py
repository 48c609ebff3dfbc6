"""How fast photos come in: the whole command, then each step by itself, against bare loops on the same cores."""

import json
import os
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from photolib import catalog, formats, ingest
from photolib.config import Config
from photolib.ingest import STEPS, Arrival
from photolib.library import Library, open_library
from photolib.sources import FileState
from photolib.worker import work_until_idle
from tests.benchmarks import bare, generate, processes
from tests.benchmarks.measure import Row, World, in_turn, say
from tests.benchmarks.processes import Finished, PeakMemory

T = TypeVar("T")
CORES = len(os.sched_getaffinity(0))


def measure(world: World) -> list[Row]:
    """The command, its memory, and the steps."""
    count = world.amount(120, 32)
    say(f"drawing {count} photos of 12 megapixels")
    photos = generate.photos(world.folder("photos"), count)
    return [*_whole_command(world, photos), *_steps(world, photos[: world.amount(40, 16)])]


def _whole_command(world: World, photos: Sequence[Path]) -> list[Row]:
    data, folder = world.scratch / "imported", photos[0].parent
    with bare.loop(CORES, photos[: 2 * CORES]) as loop:
        say(f"importing {len(photos)} photos for their memory, and to have them in the page cache")
        peak = _import_watched(data, folder, len(photos))
        cpu: list[tuple[float, float]] = []

        def ours() -> float:
            done = _import(data, folder, len(photos))
            cpu.append((done.cpu_seconds, 0.0))
            return len(photos) / done.seconds

        def theirs() -> float:
            rate = len(photos) / loop.seconds(photos)
            cpu[-1] = cpu[-1][0], loop.cpu_seconds
            return rate

        say("importing them again, in turn with a bare loop; photos a second:")
        pair = in_turn(ours, theirs, world.amount(5, 3))
    _remove(data)
    empty = world.folder("empty")
    start = statistics.median(_nothing(data, empty) for _ in range(3))
    steady = len(photos) / (len(photos) / pair.ours - start)
    _remove(data)
    each, loop_each = (statistics.median(pick) / len(photos) for pick in zip(*cpu, strict=True))
    return [
        Row(
            f"import of {len(photos)} photos of 12 megapixels: the whole command, all durable, three sizes",
            f"{pair.ours:.1f} photos/s",
            f"bare loop, {CORES} cores: {pair.theirs:.1f}/s",
            pair.spread,
            ">= 0.7",
            pair.ratio >= 0.7,
        ),
        Row(
            "  the same without starting and ending the program",
            f"{steady:.1f} photos/s",
            f"start and end: {start:.2f} s",
            f"{steady / pair.theirs:.2f}",
        ),
        Row(
            "  CPU seconds a photo", f"{each:.3f}", f"bare loop: {loop_each:.3f}", f"{each / loop_each:.2f}"
        ),
        Row(
            "memory while importing, no models: most at any moment", str(peak), "", "", "<= 1500 MB", peak.pss <= 1500e6
        ),
    ]  # fmt: skip


def _import(data: Path, folder: Path, count: int) -> Finished:
    """Import into a new data folder."""
    _remove(data)
    done, tally = processes.import_folder(data, folder)
    if tally["new"] != count:
        raise RuntimeError(f"of {count} photos {tally['new']} were new: {tally}")
    return done


def _import_watched(data: Path, folder: Path, count: int) -> processes.Memory:
    _remove(data)
    running = processes.start(data, "import", folder, "--json")
    with PeakMemory(running.pid) as peak:
        done = processes.finish(running, time.perf_counter())
    assert json.loads(done.output)["new"] == count
    return peak.most


def _nothing(data: Path, empty: Path) -> float:
    """Seconds to import a folder that is empty: the program's start and end. That it found nothing is exit code 3."""
    began = time.perf_counter()
    processes.finish(processes.start(data, "import", empty), began, may_end_with=(0, 3))
    return time.perf_counter() - began


def _remove(data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)


# ---------------------------------------------------------------- step by step


def _steps(world: World, photos: Sequence[Path]) -> list[Row]:
    """Milliseconds a photo of each step, one photo at a time in one thread, and of its bare equivalent, measured in turn."""
    say(f"each step by itself, {len(photos)} photos, one at a time")
    clock = _Clock()
    rounds = []
    for number in range(world.amount(3, 2)):
        _remove(world.scratch / "steps")
        lib = open_library(Config(data_dir=world.scratch / "steps", log_level="warning"), role="worker")
        try:
            _warm_up(lib, photos[0])
            clock.start()
            _arrive_and_work(lib, photos, clock)
            rounds.append((clock.spent(len(photos) - 1), _bare_steps(lib, photos[1:])))
        finally:
            lib.close()
        say(f"  round {number + 1}: {rounds[-1]}")
    _remove(world.scratch / "steps")
    ours = {name: statistics.median(each[0][name] for each in rounds) for name in rounds[0][0]}
    theirs = {name: statistics.median(each[1][name] for each in rounds) for name in rounds[0][1]}

    def row(what: str, name: str, reference: str = "", bare_name: str = "") -> Row:
        if not bare_name:
            return Row(f"  {what}", f"{ours[name]:.2f} ms", reference)
        ratio = f"{ours[name] / theirs[bare_name]:.2f}"
        return Row(f"  {what}", f"{ours[name]:.2f} ms", f"{reference}: {theirs[bare_name]:.2f} ms", ratio)

    kept = f"bare, {theirs['read']:.1f} read and hash + {theirs['write']:.1f} write and flush + {theirs['back']:.1f} read back"
    return [
        Row("one photo, step by step, in one thread", f"{sum(ours.values()):.1f} ms"),
        row("keep the original (hash, flush, read back)", "keep", kept, "keep"),
        row("list it: its rows, flushed", "list"),
        row("metadata", "metadata", "bare, piexif", "metadata"),
        row("pair", "pair"),
        row("variants", "variants", "bare, same Pillow calls", "variants"),
        row("queue, rows and transactions around the steps", "queue"),
    ]


class _Clock:
    """Sums up the seconds spent under each name."""

    def __init__(self) -> None:
        self._spent: defaultdict[str, float] = defaultdict(float)

    def start(self) -> None:
        self._spent.clear()

    def timed(self, name: str, run: Callable[..., T], *arguments: object, **named: object) -> T:
        began = time.perf_counter()
        try:
            return run(*arguments, **named)
        finally:
            self._spent[name] += time.perf_counter() - began

    def spent(self, photos: int) -> dict[str, float]:
        """Milliseconds a photo; what arrive and the worker do around their parts is the rest of the whole."""
        each = {name: 1000 * value / photos for name, value in self._spent.items()}
        each["list"] = each.pop("arrive") - each["keep"]
        each["queue"] = each.pop("work") - sum(each[step.name] for step in STEPS)
        return each


def _warm_up(lib: Library, path: Path) -> None:
    """The first photo starts a decoder and has modules imported."""
    ingest.arrive(lib, _arrival(lib, path))
    work_until_idle(lib)


def _arrive_and_work(lib: Library, photos: Sequence[Path], clock: _Clock) -> None:
    put = lib.originals.put
    lib.originals.put = partial(clock.timed, "keep", put)  # type: ignore[method-assign]
    steps = tuple(replace(step, run=partial(clock.timed, step.name, step.run)) for step in STEPS)
    for path in photos[1:]:
        clock.timed("arrive", ingest.arrive, lib, _arrival(lib, path))
    clock.timed("work", work_until_idle, lib, steps)


def _arrival(lib: Library, path: Path) -> Arrival:
    owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
    found = path.stat()
    state = FileState(found.st_size, found.st_mtime_ns, found.st_ino)
    folder, name = os.fsencode(path.parent), os.fsencode(path.name)
    return Arrival(owner_id, folder, name, state, lambda: path.open("rb", buffering=formats.HEAD))


def _bare_steps(lib: Library, photos: Sequence[Path]) -> dict[str, float]:
    """Milliseconds a photo of the bare equivalents."""
    spent: defaultdict[str, float] = defaultdict(float)
    folder = lib.data / "tmp" / "bare"
    folder.mkdir()
    for path in photos:
        kept = bare.keep(path, folder)
        for name, value in (("read", kept.read_and_hash), ("write", kept.write_and_flush), ("back", kept.read_back)):
            spent[name] += value
        spent["keep"] += kept.whole
        began = time.perf_counter()
        bare.read_exif(path)
        spent["metadata"] += time.perf_counter() - began
        began = time.perf_counter()
        bare.make_sizes(path)
        spent["variants"] += time.perf_counter() - began
    return {name: 1000 * value / len(photos) for name, value in spent.items()}
