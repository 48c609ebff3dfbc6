"""Five gigabytes as one zip through a share link: how fast a visitor gets them, and how much memory the server needs meanwhile.

Half of it are pictures of 25 MB, half films; with cleaned copies, and as the owner takes them home, untouched.
"""

import http.client
import json
import os
import shutil
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from PIL import Image

from tests.benchmarks import generate, processes
from tests.benchmarks.measure import Row, World, say
from tests.benchmarks.processes import Server, serving

FILM = generate.SHARED / "video" / "video.mp4"
CHUNK = 1 << 20
MOST = 200e6  # bytes of memory


@dataclass(frozen=True)
class Taken:
    """A download: bytes, seconds to the first of them and to the last, and whether its length was said before."""

    size: int
    first: float
    seconds: float
    is_measured: bool


def measure(world: World) -> list[Row]:
    pictures, films = world.amount(100, 8), world.amount(5, 1)
    folder, data = world.folder("to-download"), world.scratch / "downloaded"
    say("writing what is to be downloaded")
    _write_pictures(folder, pictures)
    _write_films(folder, films, 500 << 20)
    shutil.rmtree(data, ignore_errors=True)
    processes.run(data, "import", folder)
    rows = []
    try:
        with serving(data) as server:
            ids = [each["photo_id"] for each in server.json("/api/v1/photos?size=500")["items"]]
            rows.append(_row("downloaded by the owner as one zip", server, _owner(server, ids)))
        with serving(data) as server:
            rows.append(_row("downloaded by a visitor of a link, cleaned", server, _visitor(server, ids)))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return rows


def _row(what: str, server: Server, taken: Taken) -> Row:
    each = sorted((_high_water(pid) for pid in processes.tree(server.pid)), reverse=True)
    most = each[0]
    length = "length known" if taken.is_measured else "length not known before"
    return Row(
        f"{taken.size / 1e9:.1f} GB {what}",
        f"{taken.size / 1e6 / taken.seconds:.0f} MB/s, first byte after {taken.first:.2f} s",
        f"{length}; VmHWM {most / 1e6:.0f} MB, {len(each)} processes", "", "<= 200 MB", most <= MOST,
    )  # fmt: skip


def _high_water(pid: int) -> int:
    """The most memory a process ever held, in bytes (proc(5), VmHWM); decoders that ended are not among them."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0


def _owner(server: Server, ids: list[int]) -> Taken:
    body = urlencode({"photos": ",".join(map(str, ids))})
    return _take(server, "/download", body, {"Cookie": server.cookie})


def _visitor(server: Server, ids: list[int]) -> Taken:
    wish = json.dumps({"photo_ids": ids, "permissions": "download"}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.request(
        "POST", "/api/v1/photos/share", wish, {"Cookie": server.cookie, "Content-Type": "application/json", **_ours(server)}
    )  # fmt: skip
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"the link was not made: {said}")
    token = urlsplit(said["share_url"]).path.split("/")[2]
    return _take(server, f"/s/{token}/download", "size=original", {})


def _ours(server: Server) -> dict[str, str]:
    return {"Origin": f"http://127.0.0.1:{server.port}"}


def _take(server: Server, path: str, body: str, headers: dict[str, str]) -> Taken:
    """Download it all, keeping nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    began = time.perf_counter()
    sent = {"Content-Type": "application/x-www-form-urlencoded", **_ours(server), **headers}
    connection.request("POST", path, body, sent)
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {answer.read(300)!r}")
    piece = answer.read(CHUNK)
    first, size = time.perf_counter() - began, len(piece)
    while piece := answer.read(CHUNK):
        size += len(piece)
    taken = Taken(size, first, time.perf_counter() - began, answer.getheader("Content-Length") is not None)
    connection.close()
    return taken


# ---------------------------------------------------------------- what is downloaded


def _write_pictures(folder: Path, count: int) -> None:
    """JPEGs of about 25 MB with a position in them, each a little different from the others."""
    plain = folder / "picture.bytes"
    if not plain.exists():
        Image.effect_noise((6000, 4000), 80).convert("RGB").save(plain, "JPEG", quality=95)
    body = plain.read_bytes()
    for number in range(count):
        path = folder / f"picture-{number:03}.jpg"
        if not path.exists():
            note = f"photo {number}".encode()
            path.write_bytes(body[:2] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + body[2:])


def _write_films(folder: Path, count: int, size: int) -> None:
    """Films whose last sample is said to be so many bytes long; on the disk they are holes."""
    small = FILM.read_bytes()
    for number in range(count):
        path = folder / f"film-{number}.mp4"
        if not path.exists():
            path.write_bytes(_with_long_end(small, size + number))
            os.truncate(path, len(small) + size + number)


def _with_long_end(film: bytes, more: int) -> bytes:
    """A film with its index in front, its media data and the last sample of its last track longer than they were."""
    index, media = film.index(b"moov") - 4, film.rindex(b"mdat") - 4
    if index > media:
        raise RuntimeError("the film to make longer has its index behind its pictures")
    changed = bytearray(film)
    if struct.unpack_from(">I", film, media)[0] != 1:
        raise RuntimeError("the film to make longer says its size in four bytes, which may be too few")
    struct.pack_into(">Q", changed, media + 8, struct.unpack_from(">Q", film, media + 8)[0] + more)
    sizes = film.rindex(b"stsz", 0, media)
    count = struct.unpack_from(">I", film, sizes + 12)[0]
    last = sizes + 16 + 4 * (count - 1)
    struct.pack_into(">I", changed, last, struct.unpack_from(">I", film, last)[0] + more)
    return bytes(changed)
