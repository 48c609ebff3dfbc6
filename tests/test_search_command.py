"""`photolib search` as somebody at a shell meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from photolib.config import Config
from photolib.library import open_library

from .photolib.search.conftest import teller


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lib = open_library(Config(data_dir=tmp_path / "data", min_free_mb=0))
    tell = teller(lib, 1)
    tell("dog.jpg", "2019-06-14T10:00:00", title="A dog")
    tell("old\x1b[31m.jpg", "2001-06-14T10:00:00", title="An old dog")
    lib.close()
    return tmp_path / "data"


def run(data: Path, *words: str) -> Result:
    given = {"PHOTOLIB_EMBEDDING_MODEL": "", "PHOTOLIB_MIN_FREE_MB": "0"}
    return CliRunner().invoke(main, ["--data-dir", str(data), "search", *words], env=given)


def test_a_search_prints_what_was_found_and_why(data: Path) -> None:
    result = run(data, "a", "dog", "2019")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert line.startswith("2019-06-14  0.")
    assert "dog.jpg  (title: dog; file name: dog)" in line
    assert "Search by meaning is off" in result.stderr


def test_what_a_file_is_called_cannot_break_the_terminal(data: Path) -> None:
    assert "\x1b" not in run(data, "old").stdout


def test_nothing_found_is_said_and_all_is_well(data: Path) -> None:
    result = run(data, "xqzzv")
    assert (result.exit_code, result.stdout) == (0, "Nothing fits.\n")


def test_json_is_as_the_api_has_it(data: Path) -> None:
    found = json.loads(run(data, "dog", "--limit", "1", "--json").stdout)
    assert len(found["items"]) == 1
    assert found["total"] == 2
    assert found["next"]
    assert {"facets", "understood", "notes"} <= set(found)


def test_a_query_may_begin_with_a_minus_sign(data: Path) -> None:
    result = run(data, "--", "-old")
    assert result.stdout.splitlines() == ["2019-06-14  dog.jpg"]


def test_an_unknown_owner_is_said(data: Path) -> None:
    result = run(data, "dog", "--owner", "nobody")
    assert result.exit_code == 3
    assert "nobody" in result.stderr
