"""Progress on standard error for whoever waits at a shell: how much, how fast, how long still."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

_UNDERSTANDING = {
    "place": "finding out where it was",
    "measure": "measuring",
    "embed": "looking at what it shows",
    "stack": "looking for photos that show the same",
    "faces": "finding faces",
    "text": "reading text (Ctrl-C leaves this for later)",
}
LINE_SECONDS = 10  # where no terminal is watching, a plain line now and then


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class Progress:
    """Bars on a terminal, a line every ten seconds elsewhere. Used as a context manager."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._looked = 0
        self._total = 0
        self._began: dict[str, tuple[float, int]] = {}  # when a line of work was first heard of, and how far it was
        self._last_line = time.monotonic()

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def looking(self, files: int) -> None:
        """So many more files were met."""
        self._looked += files
        self._show("looking", self._looked, None)

    def begin(self, total: int) -> None:
        """So many files there are in all, as far as is known yet."""
        self._total = total
        if "looking" in self._tasks:
            self._bars.remove_task(self._tasks.pop("looking"))

    def arrived(self, done: int, read_bytes: int) -> None:
        """So many files are dealt with, and so many bytes kept."""
        self._show(f"keeping originals ({read_bytes / 1e6:.0f} MB)", done, max(self._total, done), slot="keeping")

    def working(self, total: int, left: int) -> None:
        """So many photos still have steps before them."""
        self._show("reading and making sizes", max(0, total - left), max(total, left))

    def understanding(self, step: str, total: int, left: int) -> None:
        """So many photos still have to be looked at in this step."""
        self._show(_UNDERSTANDING.get(step, step), total - left, total)

    def understood(self, step: str) -> None:
        """Nothing is left to be done in this step: its bar, if it has one, is full."""
        task = self._tasks.get(_UNDERSTANDING.get(step, step))
        for bar in self._bars.tasks:
            if bar.id == task:
                self._bars.update(bar.id, completed=bar.total)

    def hashed(self, done: int, total: int, read_bytes: int) -> None:
        """So many originals are hashed again."""
        self._show(f"hashing originals ({read_bytes / 1e9:.1f} GB)", done, total, slot="hashing")

    def exported(self, done: int, total: int, written_bytes: int) -> None:
        """So many files of an export are there, and so many bytes were written."""
        self._show(f"writing photos ({written_bytes / 1e9:.1f} GB)", done, total, slot="writing")

    def _show(self, text: str, done: int, total: int | None, slot: str | None = None) -> None:
        slot = slot or text
        began, done_before = self._began.setdefault(slot, (time.monotonic(), done))
        if self._console.is_terminal:
            if slot not in self._tasks:
                self._tasks[slot] = self._bars.add_task(text, total=total)
            self._bars.update(self._tasks[slot], description=text, completed=done, total=total)
        elif time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            rate = (done - done_before) / max(self._last_line - began, 1e-3)
            left = f", about {(total - done) / rate:.0f} s left" if total and rate else ""
            self._console.print(
                f"{text}: {done}{f' of {total}' if total else ''}{f', {rate:.1f}/s' if rate else ''}{left}",
                highlight=False,
            )
