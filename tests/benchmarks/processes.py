"""photolib as a process of its own, started, watched and ended: what a person runs, with nothing of the benchmark inside."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PHOTOLIB = Path(sys.executable).with_name("photolib")
START_SECONDS = 60
END_SECONDS = 20


@dataclass(frozen=True)
class Finished:
    """A command that ran to its end. cpu_seconds include those of its children."""

    seconds: float
    cpu_seconds: float
    output: str


def command(data: Path, *arguments: str | Path) -> list[str]:
    return [str(PHOTOLIB), "--data-dir", str(data), *map(str, arguments)]


def run(data: Path, *arguments: str | Path) -> Finished:
    """Run a photolib command to its end. Raises RuntimeError with what it said when it failed."""
    began = time.perf_counter()
    return finish(start(data, *arguments), began)


def start(data: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    """A photolib command that runs beside us, its output kept for finish()."""
    return subprocess.Popen(command(data, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]", began: float, may_end_with: Sequence[int] = (0,)) -> Finished:
    """Wait for the end of a command that was started at a moment of time.perf_counter()."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr as stderr:
        complaints: list[str] = []
        listener = threading.Thread(target=lambda: complaints.append(stderr.read()))
        listener.start()
        output = process.stdout.read()
        listener.join()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in may_end_with:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}: {''.join(complaints)[-2000:]}")
    return Finished(seconds, usage.ru_utime + usage.ru_stime, output)


def import_folder(data: Path, folder: Path, *options: str) -> tuple[Finished, dict[str, Any]]:
    """Import a folder; return how it went and the reconciliation."""
    done = run(data, "import", folder, "--json", *options)
    return done, json.loads(done.output)


@dataclass(frozen=True)
class Server:
    """A running `photolib serve`. ready_seconds: from the start of the process to its first answer; cookie: of the admin's session."""

    pid: int
    port: int
    ready_seconds: float
    cookie: str

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str, **headers: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers (names in lower case) of an answer. Raises HTTPError."""
        said = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        asked = urllib.request.Request(self.url(path), headers=said)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read(), {name.lower(): value for name, value in answer.headers.items()}

    def json(self, path: str) -> Any:
        return json.loads(self.get(path)[0])


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Server]:
    """A server on a free port, ended afterwards together with what it started."""
    port = _free_port()
    log = data / "benchmark-server.log"
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(data, "serve", "--host", "127.0.0.1", "--port", str(port), *options),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(process, port, log)
        ready_seconds = time.perf_counter() - began
        yield Server(process.pid, port, ready_seconds, f"photolib={_admin_token(data)}")
    finally:
        _end(process)


def _admin_token(data: Path) -> str:
    """A session of the admin, as it is after set-up and a log-in."""
    from photolib.accounts import sessions
    from photolib.db import connect, write

    database = connect(data / "photolib.db")
    try:
        with write(database) as changed:
            changed.conn.execute("update users set password_hash = coalesce(password_hash, 'none') where id = 1")
            return sessions.start(changed, 1, sessions.Client("127.0.0.1", "")).token
    finally:
        database.close()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"photolib serve did not answer: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the server to end, as Ctrl-C does; whatever of it is left after a while is killed, by its number."""
    family = tree(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid, begun in family.items():
        if _begun(pid) == begun:
            os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---------------------------------------------------------------- memory


@dataclass(frozen=True)
class Memory:
    """Of a process and everything it started, in bytes. pss: pages that several share are counted once, in parts."""

    pss: int
    rss: int
    processes: int

    def __str__(self) -> str:
        return f"{self.pss / 1e6:.0f} MB (RSS {self.rss / 1e6:.0f} MB, {self.processes} processes)"


def memory_of(*pids: int) -> Memory:
    """The memory of process trees right now."""
    each = [memory_of_one(pid) for pid in {each for root in pids for each in tree(root)}]
    return Memory(sum(m.pss for m in each), sum(m.rss for m in each), sum(m.processes for m in each))


def memory_of_one(pid: int) -> Memory:
    """The memory of one process; nothing when it has just ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith(" kB\n")}
    except OSError:
        return Memory(0, 0, 0)
    return Memory(sizes.get("Pss", 0) * 1024, sizes.get("Rss", 0) * 1024, 1)


class PeakMemory:
    """The most that process trees need while the block runs, looked at a few times a second."""

    def __init__(self, *pids: int, every: float = 0.1) -> None:
        self._pids, self._every = pids, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most = Memory(0, 0, 0)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            now = memory_of(*self._pids)
            if now.pss > self.most.pss:
                self.most = now


def tree(pid: int) -> dict[int, int]:
    """A process and all it started, with the moment each began, so that a number used again is not mistaken for it."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _fields(int(name))
            if fields:
                parents[int(name)] = int(fields[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return {each: begun for each in family if (begun := _begun(each)) is not None}


def _begun(pid: int) -> int | None:
    fields = _fields(pid)
    return int(fields[19]) if fields and fields[0] != "Z" else None


def _fields(pid: int) -> list[str]:
    """What /proc/PID/stat holds after the name: state, parent, ... (proc(5)); empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []
