"""What somebody in a browser waits for: thumbnails, photos and pages, while nothing else happens and while an import runs."""

import html
import re
import shutil
import time
from pathlib import Path

from tests.benchmarks import generate, processes
from tests.benchmarks.client import BROWSER, Visit, Visited, visit, visiting
from tests.benchmarks.measure import Row, World, milliseconds, percentile, say
from tests.benchmarks.processes import PeakMemory, Server, memory_of, serving

REAL = ("search", "people", "near_dup")  # folders of real photos of everyday sizes
SCREEN = 50  # photos
LONGEST_IMPORT = 60  # seconds
HEADERS = {"Accept": BROWSER, "Accept-Encoding": "gzip, deflate, br"}


def measure(world: World) -> list[Row]:
    """First screen, idle, and beside an import, all of one server over real photos and generated ones of 12 megapixels."""
    say("importing what is to be looked at")
    data = world.scratch / "browsed"
    shutil.rmtree(data, ignore_errors=True)
    processes.run(data, "import", *_real_photos(world))
    with serving(data) as server:
        first_screen = _first_screen(server)
    photos = generate.photos(world.folder("photos"), world.amount(120, 40))
    shown = photos[: world.amount(24, 8)]
    processes.run(data, "import", *shown)
    with serving(data) as server:
        keys = _keys(server, len(shown))
        idle_memory = _idle_memory(server)
        idle = _browse(world, server, keys)
        fastest = _as_fast_as_it_goes(world, server, keys)
        after = memory_of(server.pid)
        busy, peak = _browse_beside_import(data, server, keys, photos[0].parent)
    shutil.rmtree(data, ignore_errors=True)
    return [
        *first_screen,
        *_idle_rows(idle, fastest),
        *_busy_rows(idle, busy, len(photos) - len(shown)),
        *idle_memory,
        Row("  after all these visits", str(after), "", "", "<= 200 MB", after.pss <= 200e6),
        Row("memory of server and import together: most at any moment", str(peak), "", "", "<= 1500 MB", peak.pss <= 1500e6),
    ]  # fmt: skip


def _real_photos(world: World) -> list[Path]:
    if generate.SHARED.is_dir():
        return [generate.SHARED / name for name in REAL]
    return [generate.photos(world.folder("photos-small"), 60, size=(1600, 1200))[0].parent]


def _keys(server: Server, large: int) -> dict[str, list[str]]:
    """Keys of photos to look at: all of them, and those of 12 megapixels."""
    items = server.json("/api/v1/photos?size=500")["items"]
    whole = [each["key"] for each in items if {each["width"], each["height"]} == set(generate.TWELVE_MEGAPIXELS)]
    if len(whole) != large:
        raise RuntimeError(f"{large} photos of 12 megapixels were imported, {len(whole)} are in the timeline")
    return {"all": [each["key"] for each in items], "large": whole}


# ---------------------------------------------------------------- the first screen


def _first_screen(server: Server) -> list[Row]:
    """Bytes that a browser fetches until it shows the newest photos: the page, compressed if the server does that, and thumbs."""
    page, headers = server.get("/", **{"Accept-Encoding": "gzip"})
    text = server.get("/")[0].decode()
    thumbs = list(dict.fromkeys(re.findall(r"/media/[0-9a-f]{64}/thumb", text)))[:SCREEN]
    sizes = [len(server.get(path, Accept=BROWSER)[0]) for path in thumbs]
    rest = sum(_size_of(server, path) for path in _files_of(text))
    placeholders = len(re.findall(r"data:image/webp;base64,", text))
    total = len(page) + sum(sizes)
    packing = headers.get("content-encoding", "not compressed")
    return [
        Row(
            f"first screen of {len(thumbs)} photos: page and thumbs", f"{total / 1000:.0f} kB",
            f"page {len(page) / 1000:.0f} kB ({packing}), thumbs {sum(sizes) / 1000:.0f} kB", "", "<= 350 kB",
            total <= 350e3 and len(thumbs) == SCREEN,
        ),
        Row("  placeholders in the page itself", f"{placeholders}", f"{len(thumbs)} photos", "", "all", placeholders >= len(thumbs)),
        Row("  style and script, kept by the browser for ever", f"{rest / 1000:.0f} kB"),
    ]  # fmt: skip


def _files_of(page: str) -> list[str]:
    """The style sheets and scripts that a page names."""
    found = re.findall(r"""<(?:link[^>]+rel="stylesheet"[^>]*|script[^>]*)>""", page)
    return [html.unescape(path) for tag in found for path in re.findall(r"""(?:href|src)="([^"]+)""", tag)]


def _size_of(server: Server, path: str) -> int:
    return len(server.get(path, **{"Accept-Encoding": "gzip"})[0])


# ---------------------------------------------------------------- visits


def _visits(keys: dict[str, list[str]]) -> list[Visit]:
    """Somebody who scrolls fast: about a hundred thumbs and ten pages a second, and now and then a photo in full."""
    return [
        Visit("thumbs", [f"/media/{key}/thumb" for key in keys["all"]], 6, 0.05, HEADERS),
        Visit("photos", [f"/media/{key}/large" for key in keys["large"]], 1, 0.2, HEADERS),
        Visit("pages", ["/"], 1, 0.1, HEADERS),
    ]


def _browse(world: World, server: Server, keys: dict[str, list[str]]) -> dict[str, Visited]:
    say("browsing while nothing else happens")
    visit(server, 1, *_visits(keys))  # everything was read once
    return visit(server, world.amount(12, 5), *_visits(keys))


def _as_fast_as_it_goes(world: World, server: Server, keys: dict[str, list[str]]) -> Visited:
    say("as many thumbs as the server can give")
    thumbs = Visit("thumbs", [f"/media/{key}/thumb" for key in keys["all"]], 8, 0, HEADERS)
    return visit(server, world.amount(5, 2), thumbs)["thumbs"]


def _browse_beside_import(
    data: Path, server: Server, keys: dict[str, list[str]], folder: Path
) -> tuple[dict[str, Visited], processes.Memory]:
    """The same visits for as long as an import of large photos runs."""
    say("browsing while an import runs")
    began = time.perf_counter()
    running = processes.start(data, "import", folder, "--json")
    with (
        PeakMemory(server.pid, running.pid, every=0.25) as peak,
        visiting(server, LONGEST_IMPORT, *_visits(keys)) as visits,
    ):
        done = processes.finish(running, began)
        busy = visits.finish(at_once=True)
    say(f"  the import took {done.seconds:.1f} s")
    return busy, peak.most


def _idle_rows(idle: dict[str, Visited], fastest: Visited) -> list[Row]:
    def row(what: str, name: str, limit: float) -> Row:
        times = idle[name].times
        size = f"{idle[name].size / len(times) / 1000:.0f} kB each"
        return Row(
            what, milliseconds(times), size, "", f"p95 <= {limit * 1000:.0f} ms", percentile(times, 0.95) <= limit
        )

    return [
        Row("browsing while nothing else happens: 6 connections for thumbs, 1 for pages, 1 for photos", ""),
        row("  thumb", "thumbs", 0.020),
        row("  photo in full (large)", "photos", 0.200),
        Row("  first page of the timeline", milliseconds(idle["pages"].times)),
        Row("  thumbs as fast as the server can, 8 connections", f"{fastest.rate:.0f}/s, {milliseconds(fastest.times)}"),
    ]  # fmt: skip


def _busy_rows(idle: dict[str, Visited], busy: dict[str, Visited], count: int) -> list[Row]:
    def row(what: str, name: str, most: float | None) -> Row:
        p95 = percentile(busy[name].times, 0.95), percentile(idle[name].times, 0.95)
        ratio = p95[0] / p95[1]
        target = (f"p95 <= {most:g} x idle", ratio <= most) if most else ("", None)
        return Row(what, milliseconds(busy[name].times), f"idle p95 {p95[1] * 1000:.2f} ms", f"{ratio:.2f}", *target)

    return [
        Row(f"the same while `photolib import` takes in {count} photos of 12 megapixels", ""),
        row("  first page of the timeline", "pages", 3),
        row("  thumb", "thumbs", 3),
        row("  photo in full (large)", "photos", None),
    ]


# ---------------------------------------------------------------- memory


def _idle_memory(server: Server) -> list[Row]:
    """After a few pages: the server has everything imported and has not decoded anything."""
    for _ in range(10):
        server.get("/")
    whole = memory_of(server.pid)
    alone = {pid: processes.memory_of_one(pid).pss for pid in processes.tree(server.pid)}
    web = max((pid for pid in alone if pid != server.pid), key=lambda pid: alone[pid])
    return [
        Row("memory of the server, idle, no models", str(whole), "Immich: 811 MiB (STACK.md)", "", "<= 200 MB", whole.pss <= 200e6),
        Row("  the web process alone", f"{alone[web] / 1e6:.0f} MB"),
        Row("  the process that watches and works alone", f"{alone[server.pid] / 1e6:.0f} MB"),
    ]  # fmt: skip
