"""The timeline of a million photos: asked of the catalog itself, then over HTTP as a browser asks."""

import random
import statistics
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from photolib import catalog, db, scopes
from tests.benchmarks import generate, processes
from tests.benchmarks.client import Visit, visit
from tests.benchmarks.measure import Row, World, milliseconds, percentile, say, seconds
from tests.benchmarks.processes import memory_of, serving

TARGET = 0.030  # seconds, 95th percentile
IDLE_BYTES = 200e6


def measure(world: World) -> list[Row]:
    """Pages, months and counts at random places, inside and over HTTP; and what so large a catalog costs elsewhere."""
    count = world.amount(1_000_000, 200_000)
    say(f"generating a catalog of {count} photos")
    data = generate.catalog_of(world.scratch / f"catalog-{count}", count)
    cursors = _cursors(300)
    months, latest, inside = _asked_of_the_catalog(world, data, cursors)
    return [
        Row(f"the timeline of {count} photos, asked of the catalog", ""),
        *inside,
        Row(f"the timeline of {count} photos, over HTTP, one connection", ""),
        *_over_http(world, data, months, latest, cursors),
    ]


def _cursors(count: int) -> list[str]:
    """Cursors at random moments of the twenty years."""
    chance = random.Random(generate.SEED)
    began, ended = generate.some_morning(0).replace(2004, 6), generate.some_morning(0).replace(2024, 5)
    span = (ended - began).total_seconds()
    return [scopes.cursor_below((began + timedelta(seconds=span * chance.random())).isoformat()) for _ in range(count)]


def _asked_of_the_catalog(world: World, data: Path, cursors: Sequence[str]) -> tuple[list[str], int, list[Row]]:
    """The months there are, the newest photo's id, and how long the questions took."""
    database = db.connect(data / "photolib.db")
    chance = random.Random(generate.SEED)
    try:
        owner_id = catalog.user_named(database, catalog.OWNER_TO_BE).id
        counted = scopes.buckets(database, owner_id)
        months, largest = [month for month, _ in counted], max(many for _, many in counted)

        def row(what: str, question: Callable[[], object], times: int) -> Row:
            say(f"asking the catalog for {what}")
            return _row(f"  {what}", [seconds(question) for _ in range(times)])

        return (
            months,
            catalog.latest_id(database),
            [
                row("a page of 100", lambda: scopes.page(database, owner_id, chance.choice(cursors)), 1000),
                row("photos per month", lambda: scopes.buckets(database, owner_id), world.amount(30, 10)),
                row(
                    f"one month (the largest has {largest} photos)",
                    lambda: scopes.bucket(database, owner_id, chance.choice(months)),
                    world.amount(200, 50),
                ),
            ],
        )
    finally:
        database.close()


def _over_http(world: World, data: Path, months: Sequence[str], latest: int, cursors: Sequence[str]) -> list[Row]:
    asked = (
        ("a page of 100, JSON", [f"/api/v1/photos?cursor={each}" for each in cursors]),
        ("the first page, HTML", ["/"]),
        ("a page in the middle, HTML", [f"/?before={each}" for each in cursors]),
        ("photos per month, JSON", ["/api/v1/timeline/buckets"]),
        (
            "a piece of a month, JSON, while scrolling",
            [f"/api/v1/timeline/buckets/{each}?from=0&size=200" for each in months],
        ),
        ("one month, JSON", [f"/api/v1/timeline/buckets/{each}" for each in months]),
        ("what an open page asks now and then", [f"/api/v1/progress?since={latest}"]),
    )
    rows = []
    with serving(data, "--no-watch", "--no-work") as server:
        for what, paths in asked:
            say(f"asking the server for {what}")
            found = visit(server, world.amount(4, 1), Visit(what, paths))[what]
            rows.append(_row(f"  {what}", found.times))
        memory = memory_of(server.pid)
        ready = server.ready_seconds
    status = statistics.median(processes.run(data, "status").seconds for _ in range(3))
    return [
        *rows,
        Row("  start of the server until its first page", f"{ready:.2f} s"),
        Row("  `photolib status`", f"{status:.2f} s"),
        Row("  memory of the server after that", str(memory), "", "", "<= 200 MB", memory.pss <= IDLE_BYTES),
    ]


def _row(what: str, times: Sequence[float]) -> Row:
    return Row(what, milliseconds(times), "", "", "p95 <= 30 ms", percentile(times, 0.95) <= TARGET)
