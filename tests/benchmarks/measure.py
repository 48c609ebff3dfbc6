"""What every benchmark is made of: rows of the table, medians, and two things measured in turn."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table. ratio and target are texts as they are printed; is_met is None where nothing was promised."""

    what: str
    measured: str
    reference: str = ""
    ratio: str = ""
    target: str = ""
    is_met: bool | None = None


@dataclass(frozen=True)
class World:
    """Where the benchmarks may write, how much of everything they measure, and where progress is said."""

    scratch: Path
    is_quick: bool

    def amount(self, usual: int, quick: int) -> int:
        return quick if self.is_quick else usual

    def folder(self, name: str) -> Path:
        """A folder for a benchmark's own use; it may be there already."""
        path = self.scratch / name
        path.mkdir(parents=True, exist_ok=True)
        return path


@dataclass(frozen=True)
class Pair:
    """Two things measured in turn: the medians of both, and of the ratios of each round, which a busy machine disturbs least."""

    ours: float
    theirs: float
    ratio: float
    rounds: tuple[tuple[float, float], ...]

    @property
    def spread(self) -> str:
        """The ratio with the smallest and the largest that a round gave."""
        ratios = [ours / theirs for ours, theirs in self.rounds]
        return f"{self.ratio:.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def in_turn(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> Pair:
    """Measure both so many times, one after the other, so that whatever else the machine does hits both."""
    pairs = []
    for number in range(rounds):
        pairs.append((ours(), theirs()))
        say(f"  round {number + 1} of {rounds}: {pairs[-1][0]:.4g} and {pairs[-1][1]:.4g}")
    middle = statistics.median
    return Pair(middle(a for a, _ in pairs), middle(b for _, b in pairs), middle(a / b for a, b in pairs), tuple(pairs))


def seconds(run: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so many of them (0 to 1) do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(times: Sequence[float]) -> str:
    """Median and 95th percentile of some seconds, as the table shows them."""
    return f"p50 {percentile(times, 0.5) * 1000:.2f}, p95 {percentile(times, 0.95) * 1000:.2f} ms"


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)
