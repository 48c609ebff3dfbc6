"""photolib behind nginx and Caddy, with the settings that docs/security.md gives, taken out of it as they stand there.

The proxies are the real ones, on ports and in folders of their own; certificates are made here, and no trust store but ours knows them.
"""

import base64
import contextlib
import hashlib
import http.client
import io
import json
import os
import re
import socket
import ssl
import subprocess
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from playwright.sync_api import Browser, expect

from photolib.accounts import api_tokens, passwords, users
from photolib.config import Config
from photolib.db import connect, write
from photolib.library import open_library
from tests.programs import program
from web.sessions import SECURE_COOKIE

from .conftest import QUIETLY, free_port, serving

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
NAME, PASSWORD = "photos.example.org", "seven green bottles"
PHONE, LAPTOP = "127.0.0.2", "127.0.0.3"  # the proxy itself is 127.0.0.1
PIECE = "application/offset+octet-stream"


def settings_of(language: str) -> str:
    """The one block of settings in a language that the guide gives."""
    [block] = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return block


def replaced(text: str, changes: dict[str, str]) -> str:
    """Settings with ports and files of this test. All else in them is as the guide has it."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Site:
    """photolib under its name, as clients on the other side of a proxy reach it."""

    port: int
    plain_port: int
    trusted: Path
    data: Path

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.port}"

    def connect(self, address: str = PHONE) -> http.client.HTTPSConnection:
        """A connection from an address. Nothing is looked up: names lead to this machine."""
        made = http.client.HTTPSConnection(
            NAME, self.port, timeout=30, context=ssl.create_default_context(cafile=os.fspath(self.trusted))
        )
        made._create_connection = lambda *_: socket.create_connection(  # type: ignore[attr-defined]
            ("127.0.0.1", self.port), timeout=30, source_address=(address, 0)
        )
        return made

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, address: str = PHONE
    ) -> Answer:
        with contextlib.closing(self.connect(address)) as connection:
            connection.request(method, path, body, {"Origin": self.origin, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def form(self, path: str, address: str = PHONE, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in fields.items())
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, {**kind, **(headers or {})}, address)

    def curl(self, *options: str) -> str:
        command = [program("curl"), "--silent", "--show-error", "--cacert", os.fspath(self.trusted), "--max-time", "30",
                   "--resolve", f"{NAME}:{self.port}:127.0.0.1", "--interface", PHONE, *options]  # fmt: skip
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for NAME that signs itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "site.pem", folder / "site.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""
CADDY = """
{{
    admin off
    http_port {plain_port}
    https_port {port}
    default_bind 127.0.0.1
    storage file_system {folder}/storage
    local_certs
    skip_install_trust
}}
{site}
"""


@contextlib.contextmanager
def nginx(folder: Path, behind: int) -> Iterator[Site]:
    port, plain_port = free_port(), free_port()
    pem, key = certificate(folder)
    site = replaced(
        settings_of("nginx"),
        {
            "listen 80;": f"listen 127.0.0.1:{plain_port};", "listen 443 ": f"listen 127.0.0.1:{port} ",
            "127.0.0.1:8800": f"127.0.0.1:{behind}", f"/etc/ssl/certs/{NAME}.pem": str(pem), f"/etc/ssl/private/{NAME}.key": str(key),
        },
    )  # fmt: skip
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user, site=site))
    found = Site(port, plain_port, pem, folder / "data")
    with running([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, found):
        yield found


@contextlib.contextmanager
def caddy(folder: Path, behind: int) -> Iterator[Site]:
    port, plain_port = free_port(), free_port()
    site = replaced(settings_of("caddyfile"), {"127.0.0.1:8800": f"127.0.0.1:{behind}"})
    (folder / "Caddyfile").write_text(CADDY.format(folder=folder, port=port, plain_port=plain_port, site=site))
    found = Site(port, plain_port, folder / "storage/pki/authorities/local/root.crt", folder / "data")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with running(command, folder, found):
        yield found


@contextlib.contextmanager
def running(command: list[str], folder: Path, site: Site) -> Iterator[None]:
    """A proxy from when it answers until it has ended. It sees no folder of whoever runs the tests."""
    homes = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    said = (folder / "said.txt").open("wb")
    process = subprocess.Popen(command, stdout=said, stderr=said, env={"PATH": os.environ["PATH"], **homes})
    try:
        until = time.monotonic() + 30
        while True:
            try:
                site.ask("GET", "/health")
                break
            except OSError:
                assert process.poll() is None, (folder / "said.txt").read_text()
                assert time.monotonic() < until, (folder / "said.txt").read_text()
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
        said.close()


@pytest.fixture(scope="module", params=[nginx, caddy])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server with the guide's own settings, behind one of the proxies."""
    world = tmp_path_factory.mktemp("proxy")
    own = tomllib.loads(settings_of("toml"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(world))
        library = open_library(Config(data_dir=world / "data", settle_seconds=0, min_free_mb=0), role="worker")
    hashed = passwords.hash(PASSWORD)
    with write(library.db) as db:
        first = users.first_id(db)
        assert first is not None
        users.set_password(db, first, hashed)
    library.close()
    assert own["host"] == "127.0.0.1"  # which is where serving() listens anyway
    rest = {name: own[name] for name in ("hosts", "trusted_proxies")}
    assert set(own) == {"host", *rest}
    with serving(world / "data", **rest) as server, request.param(world, server.port) as found:
        yield found


@pytest.fixture(scope="module")
def session(site: Site) -> dict[str, str]:
    """What a browser sends that has signed in through the proxy."""
    answer = site.form("/login", name="admin", password=PASSWORD)
    assert answer.status == 303, answer.body
    [cookie] = answer.headers.get_all("Set-Cookie") or []
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["Location"] == "/"
    return {"Cookie": cookie.partition(";")[0]}


@pytest.fixture(scope="module")
def device(site: Site) -> dict[str, str]:
    """What a phone sends that was given a token."""
    db = connect(site.data / "photolib.db")
    with write(db) as changed:
        account = users.named(changed, "admin")
        assert account is not None
        _, text = api_tokens.make(changed, account, "a phone", ["upload"], None)
    db.close()
    return {"Authorization": "Basic " + base64.b64encode(f"admin:{text}".encode()).decode()}


def announce(site: Site, session: dict[str, str], size: int) -> tuple[str, str]:
    """The id of an upload, and the path that its address has on this site."""
    told = json.dumps({"filename": "a.jpg", "size_bytes": size, "content_type": "image/jpeg"})
    answer = site.ask("POST", "/api/v1/photos/upload-url", told, {"Content-Type": "application/json", **session})
    assert answer.status == 201, answer.body
    address = answer.json["upload_url"]
    assert address.startswith(f"{site.origin}/api/v1/uploads/")  # as the client knows us, not as the proxy does
    return answer.json["upload_id"], address.removeprefix(site.origin)


def photo_of(size: int) -> bytes:
    """A JPEG of so many bytes, most of them behind its end."""
    made = io.BytesIO()
    Image.effect_noise((64, 48), 100).save(made, "JPEG")
    return made.getvalue() + os.urandom(size - len(made.getvalue()))


# ---------------------------------------------------------------- names, and what browsers are told


def test_the_name_is_answered_over_https_and_browsers_are_told_to_keep_to_that(site: Site) -> None:
    for path in ("/health", "/login", "/nothing/here"):
        answer = site.ask("GET", path)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(answer.headers.get_all("Content-Security-Policy") or []) == 1
        assert answer.headers.get_all("Cache-Control") is not None


def test_http_leads_to_https(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.plain_port, timeout=30)
    connection.request("GET", "/search?q=a+dog", headers={"Host": NAME})
    answer = connection.getresponse()
    assert answer.status == 308
    assert re.fullmatch(rf"https://{re.escape(NAME)}(:{site.port})?/search\?q=a\+dog", answer.headers["Location"])
    assert not answer.headers.get_all("Set-Cookie")
    connection.close()


def test_who_is_not_signed_in_is_led_to_the_door_of_the_same_site(site: Site) -> None:
    answer = site.ask("GET", "/albums?sort=title")
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/albums?sort%3Dtitle")


@pytest.mark.parametrize("said", ["Host", "X-Forwarded-Host", "X_Forwarded_Host", "Forwarded"])
def test_another_name_opens_nothing(site: Site, said: str) -> None:
    """Caddy answers to no other name at all; what nginx passes on, photolib refuses."""
    evil = "evil.example" if said != "Forwarded" else "host=evil.example"
    answer = site.ask("GET", "/login", headers={said: evil})
    if said == "Host":
        assert b"password" not in answer.body
        assert answer.status == 400 or (answer.status, answer.body) == (200, b"")
    else:
        assert answer.status == 200  # what is said besides is not believed
        assert b"evil.example" not in answer.body


def test_a_page_of_another_site_changes_nothing(site: Site, session: dict[str, str]) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": f"http://{NAME}:{site.port + 1}"}):
        assert site.form("/logout", headers={**headers, **session}).status == 403
    assert site.ask("GET", "/albums", headers=session).status == 200


# ---------------------------------------------------------------- who asks


FORGED = ("X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for", "Forwarded", "X-Real-IP")


def test_waits_count_for_the_client_who_guesses_whatever_it_says(site: Site) -> None:
    statuses = []
    for number in range(25):
        forged = dict.fromkeys(FORGED, f"198.51.100.{number}") | {"Forwarded": f"for=198.51.100.{number}"}
        statuses.append(site.form("/login", PHONE, forged, name=f"n{number}", password="wrong").status)
    assert statuses[:20] == [401] * 20
    assert statuses[-1] == 429
    assert site.form("/login", LAPTOP, name="nobody", password="wrong").status == 401


def test_the_account_page_says_where_somebody_sits(site: Site, session: dict[str, str]) -> None:
    page = site.ask("GET", "/account", headers=session).body.decode()
    assert PHONE in page
    assert "198.51.100" not in page


# ---------------------------------------------------------------- bytes, in and out


SIZE = 50_000_000


def test_a_large_file_goes_up_in_pieces_goes_on_where_it_broke_off_and_comes_down_in_part(
    site: Site, session: dict[str, str]
) -> None:
    whole = photo_of(SIZE)
    upload_id, path = announce(site, session, SIZE)
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": PIECE}
    # A laptop that is closed in the middle: what it had sent by then has to have reached photolib.
    connection = site.connect()
    connection.putrequest("PATCH", path)
    for name, value in {**tus, "Upload-Offset": "0", "Content-Length": str(SIZE), "Origin": site.origin}.items():
        connection.putheader(name, value)
    connection.endheaders(whole[:20_000_000])
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    until = time.monotonic() + 30
    while (offset := int(site.ask("HEAD", path, headers=tus).headers["Upload-Offset"])) == 0:
        assert time.monotonic() < until, "the proxy kept what was sent to itself"
        time.sleep(0.1)
    until = time.monotonic() + 30
    while True:
        offset = int(site.ask("HEAD", path, headers=tus).headers["Upload-Offset"])
        assert 0 < offset <= 20_000_000
        answer = site.ask("PATCH", path, whole[offset:], {**tus, "Upload-Offset": str(offset)})
        if answer.status == 204:
            break
        assert answer.status in (409, 423), answer.body  # the first piece has not quite ended
        assert time.monotonic() < until
    assert answer.headers["Upload-Offset"] == str(SIZE)
    said = json.dumps({"upload_id": upload_id})
    filed = site.ask("POST", "/api/v1/photos", said, {"Content-Type": "application/json", **session})
    assert (filed.status, filed.json["outcome"]) == (201, "new")
    original = filed.json["urls"]["original"]
    assert hashlib.sha256(whole).hexdigest() in original
    part = site.ask("GET", original, headers={"Range": "bytes=49000000-49000999", **session})
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 49000000-49000999/{SIZE}")
    assert part.body == whole[49_000_000:49_001_000]
    assert site.ask("GET", original, headers=session).body == whole
    again = site.ask("GET", original, headers={"If-None-Match": part.headers["ETag"], **session})
    assert (again.status, again.body) == (304, b"")


def test_a_browser_speaks_http_2_and_sends_a_file_over_it(site: Site, session: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "sent.jpg"
    file.write_bytes(photo_of(3_000_000))
    _, path = announce(site, session, 3_000_000)
    said = site.curl(
        "--http2", "--write-out", "%{http_version} %{http_code}", "--upload-file", str(file), "--header", f"Origin: {site.origin}",
        site.origin + path,
    )  # fmt: skip
    assert said == "2 204"


def test_a_device_lists_and_moves_files_over_webdav(site: Site, device: dict[str, str]) -> None:
    """Where something is moved to, a client says with a whole address: https, this name, this port."""
    assert site.ask("PROPFIND", "/dav/", headers={"Depth": "0"}).headers["WWW-Authenticate"].startswith("Basic ")
    picture = photo_of(300_000)
    assert site.ask("PUT", "/dav/a.jpg.part", picture[:100], device).status in (
        201,
        415,
    )  # as rclone does: another name first
    assert site.ask("MKCOL", "/dav/Camera", headers=device).status == 201
    assert site.ask("PUT", "/dav/Camera/a.jpg", picture, device).status == 201
    there = {"Destination": f"{site.origin}/dav/Camera/b%20c.jpg", "Overwrite": "F"}
    moved = site.ask("MOVE", "/dav/Camera/a.jpg", headers={**device, **there})
    assert moved.status == 201, moved.body
    listed = site.ask("PROPFIND", "/dav/Camera/", headers={**device, "Depth": "1"})
    assert listed.status == 207
    assert b"/dav/Camera/b%20c.jpg" in listed.body
    assert b"a.jpg" not in listed.body.replace(b"c.jpg", b"")
    for elsewhere in (f"http://{NAME}/dav/d.jpg", "https://evil.example/dav/d.jpg"):
        assert site.ask("MOVE", "/dav/Camera/b%20c.jpg", headers={**device, "Destination": elsewhere}).status == 502


# ---------------------------------------------------------------- as it happens


def test_events_arrive_while_the_stream_is_open(site: Site, session: dict[str, str]) -> None:
    upload_id, path = announce(site, session, 5000)
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": PIECE, "Upload-Offset": "0"}
    assert site.ask("PATCH", path, photo_of(5000), tus).status == 204
    with contextlib.closing(site.connect()) as listening:
        listening.request("GET", "/api/v1/events", headers=session)
        stream = listening.getresponse()
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        heard = [stream.readline()]  # within the connection's timeout, long before the stream ends by itself
        assert heard == [b"retry: 2000\n"]
        said = json.dumps({"upload_id": upload_id})
        filed = site.ask("POST", "/api/v1/photos", said, {"Content-Type": "application/json", **session})
        began = time.monotonic()
        while heard[-1] != b"event: photos\n":
            heard.append(stream.readline())
            assert heard[-1], "the stream ended without having said it"
        assert time.monotonic() - began < 30
        assert filed.json["photo_id"] in json.loads(stream.readline().removeprefix(b"data: "))["photo_ids"]


def test_a_real_browser_signs_in_and_stays_so(site: Site, browser: Browser) -> None:
    own = browser.browser_type.launch(
        executable_path=program("chromium"), args=[*QUIETLY, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    )
    try:
        context = own.new_context(ignore_https_errors=True)
        page = context.new_page()
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        page.goto(site.origin + "/albums")
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password", exact=True).press("Enter")
        expect(page).to_have_url(site.origin + "/albums")
        [cookie] = [each for each in context.cookies() if each["name"] == SECURE_COOKIE]
        assert cookie["secure"]
        assert cookie["httpOnly"]
        page.reload()
        expect(page).to_have_url(site.origin + "/albums")
        assert all(url.startswith((site.origin, "data:", "blob:")) for url in asked)
    finally:
        own.close()
