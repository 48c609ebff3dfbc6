"""Sharing in a large library: what a visitor of a link, a member of an album and the owner of very many links wait for.

A million photos, an album of 100,000 of them, 2000 albums, 2000 links, 500 grants: over HTTP with one connection, first while nothing
else happens, then while an import runs; and the owner's timeline while strangers read their downloads very slowly.
"""

import contextlib
import random
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence

from tests.benchmarks import generate, processes, shared_world
from tests.benchmarks.client import BROWSER, Visit, Visited, visit, visiting
from tests.benchmarks.measure import Row, World, milliseconds, percentile, say
from tests.benchmarks.processes import Server, memory_of, serving
from tests.benchmarks.shared_world import Shared

PAGE, PICTURE = 0.050, 0.020  # seconds, 95th percentile
MUCH_BUSIER = 3  # times what it is while nothing else happens
STRANGERS = 200
HEADERS = {"Accept": BROWSER, "Accept-Encoding": "gzip"}


def measure(world: World) -> list[Row]:
    shared = shared_world.make(world)
    seconds, visits = world.amount(3, 1), _visits(shared)
    rows = [Row("sharing, of a large library: over HTTP, one connection", "")]
    with serving(shared.folder, "--no-watch", "--no-work") as server:
        idle = {}
        for each in visits:
            say(f"asking for {each.name}")
            idle |= visit(server, seconds, each)
        rows += [_row(each.name, idle[each.name]) for each in visits]
        rows += _against_the_owner(idle)
        rows += _listeners(world, server, shared)
        rows.append(Row("  memory of the server after that", str(memory_of(server.pid))))
        rows += _crowds(world, server, shared)
        rows += _beside_import(world, server, shared, visits, idle)
    return rows


def _visits(shared: Shared) -> list[Visit]:
    """What is asked for, each by whom: a bearer of a link, one with a password, a member, the owner."""
    chance = random.Random(generate.SEED)
    link, locked = f"/s/{shared.link}", f"/s/{shared.locked_link}"
    door, me = HEADERS | {"Cookie": f"photolib_link={shared.visit}"}, HEADERS
    member = HEADERS | {"Cookie": f"photolib={shared.member}"}
    nobody = HEADERS | {"Cookie": ""}
    keys = chance.sample(shared.keys, min(200, len(shared.keys)))
    album = f"album-{shared.album_id}"

    def visitor(what: str, *paths: str) -> Visit:
        return Visit(f"link: {what}", [f"{link}{path}" for path in paths], 1, 0.025, nobody)

    def of_member(what: str, *paths: str) -> Visit:
        return Visit(f"member: {what}", list(paths), 1, 0.0, member)

    def owner(what: str, *paths: str) -> Visit:
        return Visit(f"owner: {what}", list(paths), 1, 0.0, me)

    return [
        visitor("its page", ""),
        Visit("link with a password: its page", [locked], 1, 0.025, door),
        Visit("link with a password: its door", [locked], 1, 0.025, nobody),
        visitor("more photos, anywhere", *(f"/more?after={each}" for each in shared.cursors)),
        visitor("a photo in the viewer", *(f"/viewed/{each}" for each in keys)),
        visitor("a thumb", *(f"/media/{each}/thumb" for each in shared.pictures)),
        visitor("a picture in full", *(f"/media/{each}/large" for each in shared.pictures)),
        visitor("what an open page asks now and then", "/summary"),
        visitor("photos for a frame, in order", "/wall?order=album"),
        Visit("link: photos for a frame, at random", [f"{link}/wall"], 1, 0.5, nobody),
        visitor("its feed", "/feed.atom"),
        of_member("the album's page", f"/albums/{shared.album_id}"),
        of_member("its months", f"/api/v1/timeline/buckets?scope={album}"),
        of_member(
            "a piece of a month", *(f"/api/v1/timeline/buckets/{2006 + each}-06?scope={album}&from=0&size=200" for each in range(18))
        ),
        of_member("a photo", *(f"/api/v1/photos/{each}" for each in shared.picture_ids)),
        of_member("a thumb", *(f"/media/{each}/thumb" for each in shared.pictures)),
        of_member("everything with a person", f"/shared/{shared.person_grant}"),
        of_member("everything since a day", f"/shared/{shared.since_grant}"),
        of_member("what others share", "/shared"),
        of_member("what happened in the album", f"/albums/{shared.album_id}/activity"),
        owner("the album's page", f"/albums/{shared.album_id}"),
        owner("its months", f"/api/v1/timeline/buckets?scope={album}"),
        owner("a thumb", *(f"/media/{each}/thumb" for each in shared.pictures)),
        owner("a picture in full", *(f"/media/{each}/large" for each in shared.pictures)),
        owner("links", "/sharing"),
        owner("what is shared with others", "/shared"),
        owner("links, JSON", "/api/v1/links"),
        owner("albums", "/albums"),
        owner("the timeline", "/"),
    ]  # fmt: skip


def _row(what: str, found: Visited) -> Row:
    limit = PICTURE if what.endswith(("a thumb", "now and then")) else PAGE
    size = f"{found.size / len(found.times) / 1000:.0f} kB"
    return Row(
        f"  {what}", milliseconds(found.times), size, "", f"p95 <= {limit * 1000:.0f} ms",
        percentile(found.times, 0.95) <= limit,
    )  # fmt: skip


def _against_the_owner(idle: dict[str, Visited]) -> list[Row]:
    """What it costs to decide about every picture."""
    rows = []
    for what, who in (("a thumb", "link"), ("a thumb", "member"), ("a picture in full", "link")):
        ours, owners = (percentile(idle[f"{each}: {what}"].times, 0.5) for each in (who, "owner"))
        said = f"{ours * 1000:.2f} ms", f"the owner's: {owners * 1000:.2f} ms", f"{ours / owners:.2f}"
        rows.append(Row(f"  {what}, {who} against owner, medians", *said))
    return rows


# ---------------------------------------------------------------- at the same time as much else


def _timeline(server: Server, seconds: float) -> Visited:
    return visit(server, seconds, Visit("timeline", ["/"], 1, 0.02, HEADERS))["timeline"]


def _busy_row(what: str, busy: Visited, idle: Visited, said: str = "") -> Row:
    ours, before = percentile(busy.times, 0.95), percentile(idle.times, 0.95)
    ratio = ours / before
    return Row(
        f"  {what}", milliseconds(busy.times), said or f"idle p95 {before * 1000:.2f} ms", f"{ratio:.2f}", f"p95 <= {MUCH_BUSIER} x idle",
        ratio <= MUCH_BUSIER,
    )  # fmt: skip


def _listeners(world: World, server: Server, shared: Shared) -> list[Row]:
    """Forty pages that listen while somebody fills the album they show."""
    seconds = world.amount(6, 3)
    idle = _timeline(server, seconds)
    who = [f"photolib={shared.member}"] * 14 + [f"photolib={shared.listener}"] * 14 + [server.cookie] * 12
    latest = max(shared.picture_ids)  # as a page says it that was just opened
    with contextlib.ExitStack() as opened:
        for each in who:
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            connection.sendall(_request("GET", f"/api/v1/events?since={latest}", server, each))
            _drain(opened, connection)
        stop = opened.enter_context(_filling(shared))
        busy = _timeline(server, seconds)
        stop.set()
    return [_busy_row(f"the timeline while {len(who)} pages listen and an album they see is filled", busy, idle)]


def _drain(opened: contextlib.ExitStack, connection: socket.socket) -> None:
    def read() -> None:
        with contextlib.suppress(OSError):
            while connection.recv(1 << 16):
                pass

    thread = threading.Thread(target=read)
    opened.callback(thread.join)
    opened.callback(lambda: _shut(connection))
    thread.start()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _filling(shared: Shared) -> Iterator[threading.Event]:
    """Somebody puts photos into the album and takes them out again, four times a second."""
    stop = threading.Event()
    thread = threading.Thread(target=shared_world.fill_and_empty, args=(shared, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def _crowds(world: World, server: Server, shared: Shared) -> list[Row]:
    """Strangers who ask for much and read nothing of it."""
    seconds = world.amount(5, 3)
    idle, rows = _timeline(server, seconds), []
    one, many = [shared.link], shared.crowd_links
    form = ("size=original&photos=" + ",".join(shared.pictures)).encode()
    zips, endless = [("POST", "/download", form, 0)], [("POST", "/download", b"size=", 1000)]
    whole = [("GET", f"/download/{each}", b"", 0) for each in shared.pictures]
    for what, links, asked in (
        ("ask for zips through one link", one, zips),
        ("ask for zips through many links", many, zips),
        ("ask for files through many links", many, whole),
        ("send a form byte by byte", many, endless),
        ("do all of this", many, [*whole[:10], *zips * 10, *endless * 10]),
    ):
        say(f"  {STRANGERS} slow strangers {what}")
        with contextlib.ExitStack() as opened:
            for number in range(STRANGERS):
                method, path, body, more = asked[number % len(asked)]
                connection = opened.enter_context(_slow(server.port, number))
                address = f"/s/{links[number % len(links)]}{path}"
                connection.sendall(_request(method, address, server, "", body, more))
            time.sleep(1)
            rows.append(
                _busy_row(f"the timeline while {STRANGERS} slow strangers {what}", _timeline(server, seconds), idle)
            )
        time.sleep(2)
    rows.append(Row("  memory of the server after that", str(memory_of(server.pid))))
    return rows


def _slow(port: int, number: int) -> socket.socket:
    """A connection that takes in next to nothing, each from an address of its own."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.settimeout(30)
    connection.bind((f"127.{1 + number % 200}.{number // 200}.1", 0))
    connection.connect(("127.0.0.1", port))
    return connection


def _request(method: str, path: str, server: Server, cookie: str, body: bytes = b"", more: int = 0) -> bytes:
    """more: bytes that are announced and never come."""
    head = [
        f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Cookie: {cookie}", f"Origin: http://127.0.0.1:{server.port}",
        f"Accept: {BROWSER}", f"Content-Length: {len(body) + more}", "Content-Type: application/x-www-form-urlencoded", "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode() + body


def _beside_import(
    world: World, server: Server, shared: Shared, visits: Sequence[Visit], idle: dict[str, Visited]
) -> list[Row]:
    """The pages again while an import takes in large photos."""
    chosen = [each for each in visits if each.name in BUSY]
    folder = world.folder("photos-to-share")
    photos = generate.photos(folder, world.amount(40, 16))
    say(f"the same while {len(photos)} photos are imported")
    running = processes.start(shared.folder, "import", folder, "--json")
    together = [Visit(each.name, each.paths, 1, 0.1, each.headers) for each in chosen]
    try:
        with visiting(server, 60, *together) as asking:
            processes.finish(running, time.perf_counter())
            busy = asking.finish(at_once=True)
    finally:
        shutil.rmtree(shared.folder, ignore_errors=True)  # there are other photos in it now
    rows = [Row(f"the same while `photolib import` takes in {len(photos)} photos of 12 megapixels", "")]
    for each in chosen:
        rows.append(_busy_row(each.name, busy[each.name], idle[each.name]))
    return rows


BUSY = (
    "link: its page",
    "link: a thumb",
    "link: what an open page asks now and then",
    "member: a thumb",
    "owner: the timeline",
)
