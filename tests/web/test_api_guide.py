"""docs/api.md: each of its examples, run as it is printed, against the real server."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import ROOT

from .api_world import make_world
from .conftest import SHARED, serving

GUIDE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^## (?P<title>[^\n]+)$|^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, str]]:
    """(heading, code) of every example, in order."""
    found, title = [], ""
    for match in BLOCK.finditer(GUIDE.read_text()):
        title = match["title"] or title
        if match["code"]:
            found.append((title, match["code"]))
    return found


def test_every_example_works_as_it_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(tmp_path / "world")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save("beach.jpg")
    shutil.copy(next(SHARED.glob("video/*.mp4")), "film.mp4")
    with serving(world.data) as server:
        monkeypatch.setitem(os.environ, "PHOTOLIB_URL", server.url)
        monkeypatch.setitem(os.environ, "PHOTOLIB_TOKEN", world.token)
        said: dict[str, Any] = {}
        for number, (title, code) in enumerate(examples()):
            exec(compile(code, f"docs/api.md, example {number + 1} ({title})", "exec"), said)
        assert Path("beach-again.jpg").read_bytes() == Path("beach.jpg").read_bytes()
        said["photolib"].close()
    assert number > 8
