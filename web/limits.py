"""How often somebody may ask, and how much at once: strangers at share links above all.

Whoever asks too much is told when to come back (429, Retry-After).

Each limit lets a burst through and then a steady rate: the generic cell rate algorithm, which needs one number for whoever is counted
(ITU-T I.371; https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). Counted in memory: nothing is written because somebody asks,
and after a restart everybody begins anew. (The package limits starts a thread for every request that it counts.)
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from photolib.errors import PhotolibError, TooManyTries

MOST_KNOWN = 20_000  # whom a limit remembers; those who have asked least lately are forgotten first


class TooOften(TooManyTries):
    """Somebody asks for more than anybody looks at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        PhotolibError.__init__(
            self, "That was a great deal at once. Wait %(seconds)s seconds, then go on.", seconds=self.seconds
        )


@dataclass
class Limit:
    """At most burst requests at once, and so many a second after that."""

    per_second: float
    burst: int
    # When all that somebody asked will be paid for.
    _free_at: dict[Hashable, float] = field(default_factory=dict, repr=False)
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, who: Hashable, cost: int = 1) -> None:
        """Count requests of somebody's. Raises TooOften, and counts nothing, when these are too many."""
        now = time.monotonic()
        with self._counting:
            free_at = max(self._free_at.get(who, 0.0), now) + cost / self.per_second
            too_early = free_at - self.burst / self.per_second - now
            if too_early > 0:
                raise TooOften(too_early)
            if len(self._free_at) >= MOST_KNOWN and who not in self._free_at:
                self._forget(now)
            self._free_at[who] = free_at

    def _forget(self, now: float) -> None:
        """Those who could ask anything again; of too many others the better half."""
        kept = {each: at for each, at in self._free_at.items() if at > now}
        if len(kept) >= MOST_KNOWN:
            kept = dict(sorted(kept.items(), key=lambda pair: pair[1])[len(kept) // 2 :])
        self._free_at = kept


class Turns:
    """So many at once of each kind, and in all: what holds one of the server's threads for long."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self.most, self.most_of_one = most, most_of_one
        self._taken: Counter[Hashable] = Counter()
        self._counting = threading.Lock()

    @property
    def taken(self) -> int:
        """How many are not given back yet."""
        return self._taken.total()

    def take(self, what: Hashable) -> bool:
        """Whether there is one free; give it back then."""
        with self._counting:
            if self._taken.total() >= self.most or self._taken[what] >= self.most_of_one:
                return False
            self._taken[what] += 1
            return True

    def give_back(self, what: Hashable) -> None:
        with self._counting:
            self._taken[what] -= 1
            if self._taken[what] <= 0:
                del self._taken[what]
