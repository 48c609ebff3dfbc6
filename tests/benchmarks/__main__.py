"""Measure, and print one table. It measures and does not judge: a missed target is said in the table, and the exit code is 0.

python -m tests.benchmarks [--quick] [--only NAME] [--scratch FOLDER]
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import (
    browsing,
    downloading,
    embedding,
    importing,
    machine,
    mapping,
    rescanning,
    scrolling,
    searching,
    sharing,
    starting,
    timeline,
)
from tests.benchmarks.measure import Row, World, say

BENCHMARKS: dict[str, Callable[[World], list[Row]]] = {
    "importing": importing.measure,
    "rescanning": rescanning.measure,
    "timeline": timeline.measure,
    "map": mapping.measure,
    "embedding": embedding.measure,
    "searching": searching.measure,
    "browsing": browsing.measure,
    "scrolling": scrolling.measure,
    "downloading": downloading.measure,
    "sharing": sharing.measure,
    "starting": starting.measure,
}


def main() -> int:
    asked = _arguments()
    with ExitStack() as stack:
        if asked.scratch is None:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photolib-benchmarks-")))
        else:
            scratch = asked.scratch.absolute()
            scratch.mkdir(parents=True, exist_ok=True)
        _forget_the_person(scratch)
        lines = machine.described(scratch)
        world = World(scratch, asked.quick)
        rows, broken = [], 0
        for name, measure in BENCHMARKS.items():
            if asked.only in (None, name):
                say(f"{name} ...")
                began = time.monotonic()
                try:
                    rows += measure(world)
                except Exception as problem:  # one that cannot be measured must not hide the others
                    traceback.print_exc()
                    last = str(problem).strip().rpartition("\n")[2]
                    rows.append(Row(name, f"could not be measured: {type(problem).__name__}: {last[:200]}"))
                    broken += 1
                say(f"{name} took {time.monotonic() - began:.0f} s")
    print(table(lines, rows))
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure photolib; print one table."
    )
    parser.add_argument("--quick", action="store_true", help="fewer photos and rounds; under two minutes")
    parser.add_argument("--only", choices=list(BENCHMARKS), help="one benchmark")
    parser.add_argument("--scratch", type=Path, help="keep what is generated here for the next time (about 2 GB)")
    return parser.parse_args()


def _forget_the_person(scratch: Path) -> None:
    """The settings and notes of whoever runs this are neither read nor written."""
    for name in [each for each in os.environ if each.startswith(("PHOTOLIB_", "XDG_"))]:
        del os.environ[name]
    os.environ["HOME"] = str(scratch / "home")
    for name, off in zip(embedding.ALL_MODELS, ("", "false", "false"), strict=True):  # what they cost is measured apart
        os.environ[name] = off
    os.chdir(scratch)  # a photolib.toml in the current folder would be read
    os.environ["PYTHONPATH"] = str(machine.ROOT)


def table(lines: list[str], rows: list[Row]) -> str:
    """Markdown, so that it can be kept as it is."""
    met = {True: "met", False: "MISSED", None: ""}
    cells = [("what", "measured", "reference", "ratio", "target", "")]
    cells += [(row.what, row.measured, row.reference, row.ratio, row.target, met[row.is_met]) for row in rows]
    widths = [max(len(cell[column]) for cell in cells) for column in range(6)]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(each, widths, strict=True)) for each in cells]
    text.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join([*lines, "", *(f"| {line} |" for line in text)])


if __name__ == "__main__":
    sys.exit(main())
