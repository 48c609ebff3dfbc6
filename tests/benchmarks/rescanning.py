"""How long it takes to see that nothing has changed, against `find` printing the same facts."""

import shutil
import statistics
import subprocess
import time
from pathlib import Path

from tests.benchmarks import generate, processes
from tests.benchmarks.measure import Pair, Row, World, in_turn, say, seconds


def measure(world: World) -> list[Row]:
    """The scanning by itself, as a running program does it; and the whole command."""
    if shutil.which("find") is None:
        return [Row("unchanged files scanned again", "not measured: there is no find here (Debian: findutils)")]
    count = world.amount(100_000, 20_000)
    say(f"writing {count} small files, and the catalog that an import of them leaves behind")
    root = generate.small_files(world.scratch / f"small-{count}", count)
    data = generate.imported(world.scratch / f"small-{count}-imported", root)
    rounds = world.amount(7, 5)
    say("scanning, in turn with find; seconds:")
    scanning = in_turn(lambda: _scan(data, root, count), lambda: _find(root), rounds)
    say("the whole command, in turn with find; seconds:")
    whole = in_turn(lambda: _whole_command(data, root, count), lambda: _find(root), 3)
    empty = world.folder("empty")
    start = statistics.median(seconds(lambda: _start_and_end(data, empty)) for _ in range(3))
    return [
        _row(f"{count} unchanged files scanned again: listed and compared with the catalog", scanning, "<= 2"),
        _row("  the whole second `photolib import`", whole),
        Row("  starting and ending the program, with nothing to scan", _ms(start)),
    ]


def _row(what: str, pair: Pair, target: str = "") -> Row:
    reference = f"find -printf '%s %T@': {_ms(pair.theirs)}"
    return Row(what, _ms(pair.ours), reference, pair.spread, target, pair.ratio <= 2 if target else None)


def _ms(each: float) -> str:
    return f"{each * 1000:.0f} ms"


def _find(root: Path) -> float:
    """What find needs to print size and time of every file to nowhere."""
    asked = ["find", str(root), "-type", "f", "-printf", r"%s %T@\n"]
    return seconds(lambda: subprocess.run(asked, check=True, stdout=subprocess.DEVNULL))


def _scan(data: Path, root: Path, count: int) -> float:
    """What a program that is already running needs to see that every file is known: the watcher's rescan, and import's."""
    tally, spent = generate.look_again(data, root)
    if (tally.found, tally.duplicate) != (count, count):
        raise RuntimeError(f"of {count} unchanged files, {tally.found} were found and {tally.duplicate} known")
    return spent


def _whole_command(data: Path, root: Path, count: int) -> float:
    done, tally = processes.import_folder(data, root)
    if tally["duplicate"] != count:
        raise RuntimeError(f"of {count} unchanged files {tally['duplicate']} were known")
    return done.seconds


def _start_and_end(data: Path, empty: Path) -> None:
    """That an empty folder holds nothing is exit code 3."""
    processes.finish(processes.start(data, "import", empty), time.perf_counter(), may_end_with=(0, 3))
