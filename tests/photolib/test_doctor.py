"""What photolib doctor says of what share links stand on."""

from pathlib import Path

from photolib import album_rows
from photolib.config import Config
from photolib.db import write
from photolib.doctor import Finding, examine
from photolib.library import Library, open_library
from photolib.sharing import links


def found(config: Config) -> list[Finding]:
    return [each for each in examine(config, is_thorough=False) if each.what == "share links"]


def with_a_link(library: Library) -> Path:
    with write(library.db) as db:
        album_id = album_rows.add(db, 1, "Holiday")
        links.make(db, 1, album_id, "album", links.key(library.data))
    return library.data / links.KEY_FILE


def test_a_key_of_links_that_others_may_read_is_a_problem(library: Library) -> None:
    assert found(library.config) == []
    key = with_a_link(library)
    assert [each.state for each in found(library.config)] == ["ok"]
    key.chmod(0o644)
    (problem,) = found(library.config)
    assert problem.state == "problem"
    assert f"chmod 600 {key}" in problem.sentence


def test_a_key_of_links_that_is_missing_is_said_where_there_are_links(library: Library) -> None:
    with_a_link(library).unlink()
    (warning,) = found(library.config)
    assert warning.state == "warning"
    assert "is missing" in warning.sentence


def test_a_library_without_links_needs_no_key(config: Config) -> None:
    open_library(config).close()
    assert found(config) == []
    assert not (config.data_dir / links.KEY_FILE).exists()
