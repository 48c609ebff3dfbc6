"""A browser's side of HTTP and nothing more: kept-alive connections, in a process of its own so that it measures the server.

Started by `visit()`; reads what to ask from standard input, and stops early when that ends.
"""

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.benchmarks.processes import Server

BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
CHUNK = 1 << 16


@dataclass(frozen=True)
class Visit:
    """What to ask for: any of the paths at random, over so many connections, each resting between two requests."""

    name: str
    paths: list[str]
    connections: int = 1
    rest_seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Visited:
    """How that went: the seconds of each request until its last byte, and what was wrong with any."""

    times: list[float]
    size: int
    seconds: float
    problems: list[str]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.times) / self.seconds


class Visiting:
    """Visits that are being made right now."""

    def __init__(self, process: "subprocess.Popen[str]", names: list[str]) -> None:
        self._process = process
        self._names = names

    def finish(self, at_once: bool = False) -> dict[str, Visited]:
        """Wait for the end of the visits, or end them now; return each by its name. Raises RuntimeError when any went wrong."""
        output, _ = self._process.communicate() if at_once else (self._process.stdout.read(), None)  # type: ignore[union-attr]
        self._process.wait()
        found = {name: Visited(**each) for name, each in zip(self._names, json.loads(output), strict=True)}
        for name, each in found.items():
            if each.problems or not each.times:
                raise RuntimeError(f"{name}: {'; '.join(each.problems[:3]) or 'nothing was answered'}")
        return found


@contextmanager
def visiting(server: "Server", seconds: float, *visits: Visit) -> Iterator[Visiting]:
    """Make visits side by side for so many seconds while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    said = [asdict(each) | {"headers": {"Cookie": server.cookie, **each.headers}} for each in visits]
    process.stdin.write(json.dumps({"port": server.port, "seconds": seconds, "visits": said}) + "\n")
    process.stdin.flush()
    try:
        yield Visiting(process, [each.name for each in visits])
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()  # type: ignore[union-attr]


def visit(server: "Server", seconds: float, *visits: Visit) -> dict[str, Visited]:
    """Make visits side by side for so many seconds; return each by its name."""
    with visiting(server, seconds, *visits) as running:
        return running.finish()


# ---------------------------------------------------------------- inside the process


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_stop_at_the_end_of_input, args=(stop,), daemon=True).start()
    results = [{"times": [], "size": 0, "seconds": 0.0, "problems": []} for _ in asked["visits"]]
    began = time.perf_counter()
    threads = [
        threading.Thread(
            target=_keep_asking, args=(asked["port"], began + asked["seconds"], stop, each, result, number)
        )
        for each, result in zip(asked["visits"], results, strict=True)
        for number in range(each["connections"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        result["seconds"] = time.perf_counter() - began
    json.dump(results, sys.stdout)


def _stop_at_the_end_of_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _keep_asking(
    port: int, until: float, stop: threading.Event, visit: dict[str, Any], result: dict[str, Any], number: int
) -> None:
    chance = random.Random(number)
    headers = "".join(f"{name}: {value}\r\n" for name, value in visit["headers"].items())
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode() for path in visit["paths"]]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < until and not stop.is_set():
                request = chance.choice(requests)
                began = time.perf_counter()
                status, size = _ask(connection, request)
                result["times"].append(time.perf_counter() - began)
                result["size"] += size
                if status != 200:
                    result["problems"].append(f"{request.splitlines()[0].decode()} answered {status}")
                if visit["rest_seconds"]:
                    time.sleep(visit["rest_seconds"] * chance.uniform(0.5, 1.5))
    except OSError as problem:
        result["problems"].append(str(problem))


def _ask(connection: socket.socket, request: bytes) -> tuple[int, int]:
    """Status and size of the body of one answer, read to its end."""
    connection.sendall(request)
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _receive(connection)
    head = bytes(data[:end]).lower()
    size = len(data) - end - 4
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if found:
        whole = int(rest.partition(b"\r\n")[0])
        while size < whole:
            size += len(_receive(connection))
    elif b"\r\ntransfer-encoding: chunked" in head:
        while not data.endswith(b"0\r\n\r\n"):
            data += _receive(connection)
        size = len(data) - end - 4
    return int(head.split(b" ", 2)[1]), size


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(CHUNK)
    if not data:
        raise OSError("the server closed the connection")
    return data


if __name__ == "__main__":
    main()
