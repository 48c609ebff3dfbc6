"""How commands put things in a terminal: counts, sizes, paths, JSON."""

import json
from typing import Any

import click

MOST_SHOWN = 30  # failures; --json has them all


def count(number: int, noun: str) -> str:
    """1 photo, 12 photos"""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    """Bytes as people read them, in powers of 1000 as disks are sold."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("bytes", "kB") else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as people say how long something takes."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def one_line(text: str) -> str:
    """A path that cannot break the terminal: control and direction-changing characters are shown as escapes."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def print_json(document: Any) -> None:
    """The one document of --json, on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
