"""How long somebody at a shell waits for the program to say anything."""

import statistics
import subprocess
import sys

from tests.benchmarks import processes
from tests.benchmarks.measure import Row, World, say, seconds


def measure(world: World) -> list[Row]:
    say("starting the program")
    data = world.scratch / "started"
    processes.run(data, "status")  # makes the data folder
    times = world.amount(9, 5)
    python = statistics.median(
        seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True)) for _ in range(times)
    )
    rows = []
    for what, arguments in (("photolib --help", ["--help"]), ("photolib status, empty library", ["status"])):
        took = statistics.median(processes.run(data, *arguments).seconds for _ in range(times))
        rows.append(Row(what, f"{took * 1000:.0f} ms", f"python -c '': {python * 1000:.0f} ms", f"{took / python:.1f}"))
    return rows
