"""The whole API, asked by schemathesis: all that its description allows, and a great deal that it does not. `make fuzz` asks for longer.

The settings are in schemathesis.toml; what exists in this library, such as keys of photos, is added here.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT

from .api_world import World, make_world
from .conftest import Server, serving

# Of each operation, besides what coverage asks, and with a seed of its own each time; without it so many as schemathesis.toml says.
EXAMPLES = os.environ.get("PHOTOLIB_FUZZ_EXAMPLES")
SEED = "1"
ENOUGH = 2000  # requests; fewer means that it did not get to ask


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("asked"))


@pytest.mark.timeout(3 * 3600 if EXAMPLES else 300)
def test_schemathesis_finds_nothing(world: World, tmp_path: Path) -> None:
    with serving(world.data, api_requests_per_minute=0) as server:
        config = tmp_path / "schemathesis.toml"
        config.write_text(
            (ROOT / "tests" / "web" / "schemathesis.toml").read_text() + dictionaries(server, world.token)
        )
        asked = subprocess.run(
            [
                str(Path(sys.executable).with_name("st")), "--config-file", str(config),
                "run", f"{server.url}/api/v1/openapi.json", "-H", f"Authorization: Bearer {world.token}", "--no-color",
                *(["--max-examples", EXAMPLES] if EXAMPLES else ["--seed", SEED]),
            ],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert server.process.poll() is None, "the server did not survive it"
    assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr[-2000:]
    generated = re.search(r"(\d+) generated", asked.stdout)
    assert generated is not None
    assert int(generated[1]) > ENOUGH, asked.stdout[-2000:]


def dictionaries(server: Server, token: str) -> str:
    """What there is, for addresses that nobody finds by chance: keys of photos, addresses of uploads."""

    def ask(path: str, body: object = None) -> dict:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(server.url + path, data, headers), timeout=20) as answer:
            return json.load(answer)

    photos = ask("/api/v1/photos?size=5")["items"]
    uploads = [ask("/api/v1/photos/upload-url", {"filename": f"{n}.jpg", "size_bytes": 10 + n}) for n in range(6)]
    cursor = ask("/api/v1/photos?size=2")["next"]
    known = {
        "path.key": [each["key"] for each in photos],
        "path.token": [each["upload_url"].rpartition("/")[2] for each in uploads],
        "body.upload_id": [each["upload_id"] for each in uploads],
        "query.cursor": [cursor],
        "path.month": sorted({each["taken_at"][:7] for each in photos}),
    }
    lines = ["\n"]
    for name, values in known.items():
        lines += [f"[dictionaries.{name.replace('.', '_')}]", f"values = {json.dumps(values)}", ""]
    lines += ["[parameters]"]
    lines += [f'"{name}" = {{ dictionary = "{name.replace(".", "_")}", probability = 0.6 }}' for name in known]
    return "\n".join(lines) + "\n"
