"""The count of an import: every file met is in it exactly once."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from photolib import sources
from photolib.sources import Source


@dataclass
class Tally:
    """found = new + duplicate + ignored + failed, whatever happens. Safe to count from several threads.

    Nobody asks the watcher for names: it sets keeps_names to False, which keeps the first look at a million files small.
    """

    new: int = 0
    duplicate: int = 0
    ignored: int = 0
    failed: int = 0
    read_bytes: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    why_ignored: Counter[str] = field(default_factory=Counter)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    new_photos: dict[int, str] = field(default_factory=dict)
    keeps_names: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def found(self) -> int:
        return self.new + self.duplicate + self.ignored + self.failed

    def count(self, source: Source) -> None:
        path = sources.shown_path(source.folder, source.name)
        with self._lock:
            if source.outcome == "new":
                self.new += 1
                if self.keeps_names:
                    self.new_photos[source.photo_id or 0] = path
            elif source.outcome == "duplicate":
                self.duplicate += 1
            elif source.outcome in ("ignored", "deleted"):
                self.ignored += 1
                self.why_ignored[source.reason or ""] += 1
            else:
                self.failed += 1
                if self.keeps_names:
                    self.failures.append((path, source.reason or ""))
            self.read_bytes += source.state.size if source.key else 0

    def count_unchanged(self, outcomes: Mapping[str, int]) -> None:
        """Files that were met before and have not changed."""
        with self._lock:
            self.duplicate += outcomes.get("new", 0) + outcomes.get("duplicate", 0)
            self.ignored += outcomes.get("ignored", 0) + outcomes.get("deleted", 0)
            if outcomes.get("deleted"):  # whoever misses a photo is told, each time
                self.why_ignored[sources.DELETED] += outcomes["deleted"]
            self.failed += outcomes.get("failed", 0) + outcomes.get("unread", 0)

    def turned_out_failed(self, photo_id: int, reason: str) -> None:
        """A photo that was kept as new cannot be shown."""
        with self._lock:
            self.new -= 1
            self.failed += 1
            self.failures.append((self.new_photos.pop(photo_id), reason))
