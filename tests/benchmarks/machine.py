"""What the numbers were measured on: a number without its machine and commit means nothing."""

import os
import platform
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from photolib.library import mount_of

ROOT = Path(__file__).resolve().parents[2]


def described(scratch: Path) -> list[str]:
    """Lines about processor, memory, disk, software, commit and what else the machine is doing."""
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) / 1e6
    return [
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB memory, no GPU used",
        f"{_disk(scratch)}, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Pillow {version('pillow')}, "
        f"granian {version('granian')}",
        f"commit {commit()}, {time.strftime('%Y-%m-%d %H:%M')}, load before {os.getloadavg()[0]:.2f}",
    ]


def commit() -> str:
    """The short name of the commit, and whether files differ from it."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        changed = [line[3:] for line in _git("status", "--porcelain").splitlines()]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name} and {len(changed)} changed files" if changed else name


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _disk(path: Path) -> str:
    """The device and file system that a folder lies on."""
    point = mount_of(path)
    with open("/proc/mounts", encoding="utf-8") as file:
        mounts = {line.split()[1]: line.split() for line in file}
    device, _, kind = mounts[point][:3]
    return f"disk {device}, {kind}"
