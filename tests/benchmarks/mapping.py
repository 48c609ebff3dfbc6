"""The map of a hundred thousand photos that all know where they were taken: clusters near and far, and the photos in view."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from photolib import catalog, db, map_points, scopes
from photolib.map_points import Box
from tests.benchmarks import generate
from tests.benchmarks.client import Visit, visit
from tests.benchmarks.measure import Row, World, milliseconds, percentile, say, seconds
from tests.benchmarks.processes import memory_of, serving

TARGET = 0.050  # seconds, 95th percentile
TOWNS, SPREAD = 400, 0.15  # how many places the photos are from, and how far from their middles, in degrees
# What a screen of 1200 x 900 pixels shows: the world, a continent, a country, a town.
VIEWS = {"the world": 2, "a continent": 4, "a country": 6, "a town": 12}
WIDE, HIGH = 1200 * 1.6, 900 * 1.6  # pixels that are asked for: with the margin around a map


def measure(world: World) -> list[Row]:
    count = world.amount(100_000, 30_000)
    say(f"generating a catalog of {count} photos with positions")
    data = generate.catalog_of(world.scratch / f"map-{count}", count)
    towns = _scatter(data)
    boxes = {what: [_view(town, zoom) for town in towns[:40]] for what, zoom in VIEWS.items()}
    return [
        Row(f"the map of {count} photos, asked of the catalog", ""),
        *_asked_of_the_catalog(world, data, boxes),
        Row(f"the map of {count} photos, over HTTP, one connection", ""),
        *_over_http(world, data, boxes),
    ]


def _scatter(data: Path) -> list[tuple[float, float]]:
    """Give every photo a position in one of the towns, some of which have many more than others; return the towns."""
    chance = random.Random(f"{generate.SEED}/map")
    towns = [(chance.uniform(-45, 65), chance.uniform(-170, 170)) for _ in range(TOWNS)]
    database = db.connect(data / "photolib.db")
    try:
        ids = [row[0] for row in database.conn.execute("select id from photos order by id")]
        positions = []
        for photo_id in ids:
            latitude, longitude = towns[int(chance.random() ** 2 * TOWNS)]
            positions.append((chance.gauss(latitude, SPREAD), chance.gauss(longitude, SPREAD), photo_id))
        with db.write(database) as changed:
            changed.conn.executemany("update photos set latitude = ?, longitude = ? where id = ?", positions)
    finally:
        database.close()
    return towns


def _view(town: tuple[float, float], zoom: int) -> tuple[Box, int]:
    latitude, longitude = town
    wide, high = (pixels * 360 / (256 * 2**zoom) for pixels in (WIDE, HIGH))
    box = Box(
        max(-85.0, latitude - high / 2), max(-180.0, longitude - wide / 2), min(85.0, latitude + high / 2),
        min(180.0, longitude + wide / 2),
    )  # fmt: skip
    return box, zoom


def _asked_of_the_catalog(world: World, data: Path, boxes: dict[str, list[tuple[Box, int]]]) -> list[Row]:
    database = db.connect(data / "photolib.db")
    chance = random.Random(generate.SEED)
    try:
        owner_id = catalog.user_named(database, catalog.OWNER_TO_BE).id

        def row(what: str, question: Callable[[Box, int], object], views: Sequence[tuple[Box, int]]) -> Row:
            say(f"asking the catalog for {what}")
            times = [seconds(lambda: question(*chance.choice(views))) for _ in range(world.amount(100, 20))]
            return _row(f"  {what}", times)

        return [
            *(
                row(f"clusters of {what}", lambda box, zoom: map_points.clusters(database, owner_id, box, zoom), views)
                for what, views in boxes.items()
            ),
            row(
                "the newest 100 photos in view, of a country",
                lambda box, _: scopes.page(database, owner_id, scope=map_points.box_scope(box)),
                boxes["a country"],
            ),
            row(
                "photos in view per month, of the world",
                lambda box, _: scopes.buckets(database, owner_id, map_points.box_scope(box)),
                boxes["the world"],
            ),
        ]
    finally:
        database.close()


def _over_http(world: World, data: Path, boxes: dict[str, list[tuple[Box, int]]]) -> list[Row]:
    rows = []
    with serving(data, "--no-watch", "--no-work") as server:
        for what, views in boxes.items():
            say(f"asking the server for clusters of {what}")
            paths = [
                f"/api/v1/map?west={box.west:.5f}&south={box.south:.5f}&east={box.east:.5f}&north={box.north:.5f}&zoom={zoom}"
                for box, zoom in views
            ]
            found = visit(server, world.amount(3, 1), Visit(what, paths))[what]
            rows.append(_row(f"  clusters of {what}, JSON", found.times))
        memory = memory_of(server.pid)
    return [*rows, Row("  memory of the server after that", str(memory), "", "", "<= 200 MB", memory.pss <= 200e6)]


def _row(what: str, times: Sequence[float]) -> Row:
    return Row(what, milliseconds(times), "", "", "p95 <= 50 ms", percentile(times, 0.95) <= TARGET)
