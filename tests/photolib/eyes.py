"""Sees every file the program opens, as Python itself reports it, and can do something at that moment."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_watching: list[Callable[[str, tuple[Any, ...]], None]] = []


def _seen(event: str, details: tuple[Any, ...]) -> None:
    for each in tuple(_watching):
        each(event, details)


sys.addaudithook(_seen)  # for as long as Python runs: there is no way to take a hook back


@contextmanager
def watching(eye: Callable[[str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Call eye with every audit event while the block runs."""
    _watching.append(eye)
    try:
        yield
    finally:
        _watching.remove(eye)


@contextmanager
def files_opened(below: Path) -> Iterator[list[str]]:
    """The files (not folders) below a folder that are opened while the block runs."""
    opened: list[str] = []

    def eye(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str | bytes | os.PathLike):
            path = os.fsdecode(details[0])
            if path.startswith(f"{below}/") and not os.path.isdir(path):
                opened.append(path)

    with watching(eye):
        yield opened


@contextmanager
def changes_made(below: Path) -> Iterator[list[str]]:
    """Whatever would change something below a folder while the block runs."""
    made: list[str] = []
    changing = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.utime", "os.truncate", "os.link",
                "os.symlink", "os.setxattr", "os.removexattr", "shutil.move", "shutil.rmtree")  # fmt: skip

    def eye(event: str, details: tuple[Any, ...]) -> None:
        paths = [os.fsdecode(each) for each in details if isinstance(each, str | bytes | os.PathLike)]
        if not any(path == str(below) or path.startswith(f"{below}/") for path in paths):
            return
        if event in changing or (event == "open" and details[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)):
            made.append(f"{event} {paths}")

    with watching(eye):
        yield made


@contextmanager
def at_the_moment(event: str, do: Callable[[], None], about: Path | None = None) -> Iterator[None]:
    """Do something once, the moment an audit event (about a path) is seen."""
    done = []

    def eye(seen: str, details: tuple[Any, ...]) -> None:
        if seen == event and not done and (about is None or os.fsdecode(details[0]) == str(about)):
            done.append(seen)
            do()

    with watching(eye):
        yield
    assert done, f"{event} was never seen"
