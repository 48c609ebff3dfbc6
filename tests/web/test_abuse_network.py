"""ABUSE_CASES.md 29: no address is ever fetched because of what somebody sent, wrote or asked."""

import ast
import http.server
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from photolib.library import Library

from .asked_for import getting, names, watch
from .conftest import client_of
from .test_abuse_questions import address
from .test_abuse_users import Things, bodies, changing, send, two_people, zoes_browser  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]

# Whatever can open a connection, or start a program that could.
OPENERS = frozenset({
    "_socket", "aiohttp", "asyncio", "authlib", "boto3", "ctypes", "ftplib", "granian", "http.client", "http.server", "httpx",
    "huggingface_hub",
    "imaplib", "multiprocessing", "nntplib", "os.popen", "os.system", "os.execv", "os.spawnv", "paramiko", "poplib", "pty", "pycurl",
    "requests", "smtplib", "socket", "socketserver", "ssl", "subprocess", "telnetlib", "torch.hub", "urllib.request", "urllib3",
    "webbrowser",
    "websockets", "xmlrpc", "zeroconf",
})  # fmt: skip
MAY: dict[str, tuple[set[str], str]] = {
    "models/child.py": ({"socket", "ctypes"}, "the Unix socket between the app and the process of the models"),
    "models/process.py": ({"socket", "subprocess"}, "starts that process"),
    "models/wire.py": ({"socket"}, "speaks over that socket"),
    "models/fetching.py": ({"socket", "huggingface_hub"}, "`photolib models fetch`, when a person asks for it"),
    "photolib/accounts/oidc.py": (
        {"requests", "authlib"},
        "the issuer that the settings name, and what it names itself",
    ),
    "photolib/decode/pool.py": ({"subprocess"}, "starts the processes that decode"),
    "web/addresses.py": ({"socket"}, "asks the system which address this machine is seen by, and sends nothing"),
    "web/guard.py": ({"socket"}, "this machine's name"),
    "web/serving.py": ({"granian", "multiprocessing", "socket"}, "listens"),
}


def imported(source: str) -> set[str]:
    """Those of OPENERS that a module imports, or calls by name."""
    found: set[str] = set()
    if not any(opener.rpartition(".")[2] in source for opener in OPENERS):
        return found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            found.add("socket")  # nobody can say of what
    return {opener for opener in OPENERS for each in found if each == opener or each.startswith(opener + ".")}


def test_29_only_a_short_list_of_modules_can_open_connections() -> None:
    found = {}
    for folder in ("photolib", "web", "models", "commands", "."):
        for file in sorted((ROOT / folder).glob("*.py" if folder == "." else "**/*.py")):
            if "vendor" not in file.parts and (openers := imported(file.read_text(encoding="utf-8"))):
                found[file.relative_to(ROOT).as_posix()] = openers
    assert found == {name: openers for name, (openers, _) in MAY.items()}
    assert imported("import urllib.request") == imported("from urllib import request") == {"urllib.request"}
    assert imported("import os\nos.popen('curl')") == {"os.popen"}
    assert imported("from socket import create_connection") == {"socket"}


# ---------------------------------------------------------------- nobody is asked


@dataclass
class Listener:
    """Somebody on this machine whom nobody should ask anything, and what this process tried to reach."""

    url: str
    asked: list[str] = field(default_factory=list)
    reached_for: list[Any] = field(default_factory=list)


_watching: list[Listener] = []


def _hear(event: str, about: tuple[Any, ...]) -> None:
    if _watching and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "os.system"):
        _watching[-1].reached_for.append((event, about[1:]))


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_hear)  # which cannot be taken away again: it says nothing unless somebody watches


@pytest.fixture
def listener() -> Iterator[Listener]:
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    heard = Listener(f"http://127.0.0.1:{server.server_port}", asked)
    yield heard
    server.shutdown()
    server.server_close()
    thread.join()


def traps(folder: Path, url: str, draw: Callable[..., Path]) -> None:
    """Files that name an address in every way we know of for a file to be fetched by whoever opens it."""
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/segment.ts\n#EXT-X-ENDLIST\n"
    mpd = (
        f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet><Representation id="1">'
        f"<BaseURL>{url}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )
    entity = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{url}/entity"> <!ENTITY % d SYSTEM "{url}/dtd"> %d;]>'
    )
    rdf = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description dc:source="{url}/dc">'
        f"<dc:title><rdf:Alt><rdf:li>&e;{url}/title</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    svg = f'{entity}<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><image x:href="{url}/svg"/>&e;</svg>'
    for name, text in {
        "list.mp4": playlist, "list.m3u8": playlist, "list.mov": playlist, "list.ts": playlist, "dash.mp4": mpd, "dash.mkv": mpd,
        "concat.mp4": f"ffconcat version 1.0\nfile '{url}/concat.mp4'\n", "sdp.mp4": "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        "drawn.svg": svg, "drawn.jpg": svg, "page.html": f'<img src="{url}/html">', "page.png": f'<img src="{url}/html">',
        "gpx.gpx": f"{entity}<gpx>&e;</gpx>", "vector.eps": f"%!PS\n({url}/eps) run",
        "magick.mvg": f"push graphic-context\nimage over 0,0 0,0 '{url}/mvg'",
        "shortcut.url": f"[InternetShortcut]\nURL={url}/url\n", "a.jpg.json": json.dumps({
            "title": "a.jpg", "url": f"{url}/takeout", "googlePhotosOrigin": {"webUpload": {"url": f"{url}/origin"}},
            "description": f"{url}/described", "photoTakenTime": {"timestamp": "1400000000"}, "geoData": {"latitude": 48.1,
            "longitude": 11.5},
        }),
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    picture = draw(folder / "a.jpg").read_bytes()
    packet = f"{entity}{rdf}".encode()
    segment = b"http://ns.adobe.com/xap/1.0/\0" + packet
    (folder / "xmp.jpg").write_bytes(
        picture[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + picture[2:] + b"\0"
    )
    (folder / "beside.jpg").write_bytes(picture + b"\0\0")
    (folder / "beside.jpg.xmp").write_bytes(packet)
    (folder / "beside.xmp").write_bytes(packet)


def test_29_no_file_has_an_address_fetched(
    app: Flask, library: Library, listener: Listener, tmp_path: Path, draw_photo: Any, import_folder: Any
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    traps(folder, listener.url, draw_photo)
    client = client_of(app)
    _watching.append(listener)
    try:
        import_folder(folder)
        for each in sorted(folder.iterdir()):  # the same through the browser
            with each.open("rb") as file:
                client.post(
                    "/add", data={"files": (file, f"{listener.url}/{each.name}")}, content_type="multipart/form-data"
                )
            client.post("/api/v1/search/by-picture", data=each.read_bytes(), content_type="application/octet-stream")
        photos = client.get("/api/v1/photos").json["items"]
        for photo in photos:
            for path in (f"/photo/{photo['photo_id']}", *photo["urls"].values()):
                client.get(path)
    finally:
        _watching.remove(listener)
    assert {photo["filename"] for photo in photos} >= {"a.jpg", "xmp.jpg", "beside.jpg"}
    assert listener.asked == []
    assert listener.reached_for == []


def test_29_no_word_has_an_address_fetched(
    app: Flask,
    library: Library,
    listener: Listener,
    two: tuple[Things, Things],
    zoe: Any,
) -> None:
    watch(app)
    _watching.append(listener)
    try:
        for rule in getting(app):
            if (path := address(rule, two[0])) is None:
                continue
            for name in names(zoe, path):
                zoe.get(path, query_string={name: listener.url + "/query"})
            zoe.get(path, headers={"Referer": listener.url, "X-Forwarded-Host": "127.0.0.1", "Accept": listener.url})
        for rule, method in changing(app):
            for body in bodies(two[0]).get(rule.endpoint, ()):
                for name in body:
                    send(zoe, method, two[0].address(rule), {**body, name: listener.url + "/body"})
        for name in ("title", "description"):
            zoe.patch(f"/api/v1/photos/{two[0].photo_id}", json={name: listener.url})
        zoe.post("/api/v1/photos/upload-url", json={"filename": listener.url, "size_bytes": 1, "folder": listener.url})
        zoe.get(f"/photo/{two[0].photo_id}")
    finally:
        _watching.remove(listener)
    assert listener.asked == []
    assert listener.reached_for == []


def test_29_those_who_watch_would_hear(listener: Listener) -> None:
    import urllib.error
    import urllib.request

    _watching.append(listener)
    try:
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(listener.url + "/seen")
    finally:
        _watching.remove(listener)
    assert listener.asked == ["/seen"]
    assert {event for event, _ in listener.reached_for} >= {"socket.connect", "urllib.Request"}
