"""photolib links: the list of what is shared, and ending it, at the shell."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from photolib import album_edits, catalog
from photolib.config import Config
from photolib.db import write
from photolib.library import open_library
from photolib.sharing import doors, links


@pytest.fixture
def shell(tmp_path: Path):  # type: ignore[no-untyped-def]
    def run(*words: object) -> Result:
        result = CliRunner().invoke(main, ["--data-dir", str(tmp_path / "data"), "links", *map(str, words)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def tokens(tmp_path: Path) -> list[str]:
    """Two links to one album and one to another."""
    lib = open_library(Config(data_dir=tmp_path / "data", min_free_mb=0))
    owner = catalog.user_named(lib.db, "admin").id
    key, hashed, made = links.key(lib.data), doors.hashed("bamu-tefo"), []
    with write(lib.db) as db:
        for title, password in (("Wedding", hashed), ("Wedding", None), ("Travel", None)):
            known = db.conn.execute("select id from albums where title = ?", (title,)).fetchone()
            album = known[0] if known else album_edits.make(db, owner, title).album_id
            made.append(links.make(db, owner, album, "album", key, password)[1])
    lib.close()
    return made


def test_the_list_says_what_is_shared_and_shows_nothing_that_opens_it(shell, tokens: list[str]) -> None:
    said = shell("list")
    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        "3  Travel (admin, 0 photos): look, 0 visits",
        "2  Wedding (admin, 0 photos): look, 0 visits",
        "1  Wedding (admin, 0 photos): look, password, 0 visits",
    ]
    as_json = shell("list", "--json").stdout
    assert '"has_password": true' in as_json
    assert not any(secret in as_json + said.output for secret in (*tokens, "argon2", "bamu-tefo"))


def test_links_are_revoked_by_number_by_album_and_all_together(shell, tokens: list[str]) -> None:
    assert shell("revoke", 3).output == "1 link revoked.\n"
    assert shell("revoke", 3).output == "There was nothing to revoke.\n"
    assert shell("list").stdout.count("\n") == 2
    assert shell("revoke", "--album", "wedding").output == "2 links revoked.\n"
    assert shell("list").output == "There is no link.\n"
    assert shell("list", "--all").output.count("revoked 20") == 3


def test_everything_of_one_user_is_revoked(shell, tokens: list[str]) -> None:
    assert shell("revoke", "--all", "--user", "admin").output == "3 links revoked.\n"
    assert shell("list", "--user", "nobody").exit_code == 2


@pytest.mark.parametrize("words", [[], ["1", "--all"], ["--album", "nothing"], ["99"], ["1", "--user", "admin"]])
def test_it_has_to_be_said_which_links(shell, tokens: list[str], words: list[str]) -> None:
    assert shell("revoke", *words).exit_code == 2
    assert shell("list").stdout.count("\n") == 3
