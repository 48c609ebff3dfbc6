"""One writer at a time, migrations that can be killed, clear words for a database that cannot be used."""

import re
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Migrations

from photolib import catalog, db, scopes
from photolib.config import Config
from photolib.errors import DatabaseFailed, TryLater
from photolib.library import Library, open_library


def test_every_table_is_strict(library: Library) -> None:
    tables = [each for each in library.db.tables if not each.name.startswith(("_", "sqlite_", "photo_words"))]
    assert tables
    assert [each.name for each in tables if not each.strict] == []


def test_every_table_is_described(library: Library) -> None:
    lines = (Path(__file__).parents[2] / "docs/database.md").read_text(encoding="utf-8").splitlines()
    described = {
        name for line in lines if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    own = re.compile(r"_.*|sqlite_.*|photo_words_.*")  # of the migrations, of SQLite, of its full text search
    assert described == {name for name in library.db.table_names() if not own.fullmatch(name)}


def test_a_month_page_and_the_counts_need_no_table_scan(library: Library) -> None:
    plans = [
        "select id from photos where owner_id = 1 and is_listed = 1 and (shown_at, id) < ('2024', 5)"
        " order by shown_at desc, id desc limit 100",
        "select month, photos from months where owner_id = 1 and photos > 0 order by month desc",
        "select id from photos where key = 'x'",
        "select id from jobs where state = 'waiting' and priority = 0 order by priority, id limit 8",
    ]
    for sql in plans:
        steps = [row[3] for row in library.db.conn.execute(f"explain query plan {sql}")]
        assert all("USING" in step and "INDEX" in step for step in steps), (sql, steps)


def test_two_threads_that_read_then_write_never_lose_an_update(library: Library) -> None:
    def count_up() -> None:
        for _ in range(50):
            with db.write(library.db) as database:
                before = int(catalog.remembered(database, "count") or 0)
                catalog.remember(database, "count", str(before + 1))
        library.connections.close_here()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalog.remembered(library.db, "count") == "200"


def test_a_transaction_that_fails_leaves_nothing(library: Library) -> None:
    def half_done() -> None:
        with db.write(library.db) as database:
            catalog.remember(database, "half", "done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert catalog.remembered(library.db, "half") is None


def test_a_database_kept_busy_by_another_process_is_a_sentence(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(library.connections.path, isolation_level=None)
    other.execute("begin immediate")
    library.db.conn.execute("pragma busy_timeout = 1")
    with pytest.raises(TryLater, match="kept busy"), db.write(library.db):
        pass
    other.close()


def test_a_newer_database_is_refused_and_not_touched(config: Config) -> None:
    open_library(config).close()
    path = config.data_dir / "photolib.db"
    newer = Migrations("photolib")
    newer(name="m999_from_the_future")(lambda database: None)
    database = db.connect(path)
    newer.apply(database)
    database.close()
    with pytest.raises(DatabaseFailed, match="newer photolib"):
        open_library(config)


def test_a_migration_copies_the_database_first_and_a_kill_in_its_middle_changes_nothing(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 7."""
    lib = open_library(config)
    with db.write(lib.db) as database:
        catalog.remember(database, "name", "kept")
    lib.close()

    def half_done(database: db.Database) -> None:
        database["halves"].create({"id": int})
        raise KeyboardInterrupt

    monkeypatch.setattr(db, "schema", _schema_with(half_done))
    with pytest.raises(KeyboardInterrupt):
        open_library(config)
    monkeypatch.undo()
    lib = open_library(config)
    assert catalog.remembered(lib.db, "name") == "kept"
    assert "halves" not in lib.db.table_names()
    lib.close()
    (copy,) = (config.data_dir / "backups").glob("before-half_done-*.db")
    with sqlite3.connect(copy) as kept:
        assert kept.execute("select value from remembered where name = 'name'").fetchone() == ("kept",)
    kept.close()


def _schema_with(migration: object) -> Migrations:
    longer = Migrations("photolib")
    for each in db.schema._migrations:
        longer(name=each.name)(each.fn)
    longer()(migration)
    return longer


def test_a_damaged_database_is_said_with_the_way_back(config: Config) -> None:
    """Fault 6: a corrupt page."""
    open_library(config).close()
    path = config.data_dir / "photolib.db"
    path.write_bytes(b"this is no database at all, not even by far" * 200)
    for rest in config.data_dir.glob("photolib.db-*"):
        rest.unlink()
    with pytest.raises(DatabaseFailed, match="backups"):
        open_library(config)


def test_a_folder_that_is_no_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Exception, match="cannot be written"):
        open_library(Config(data_dir=tmp_path / "data"))


MONTHS = st.sampled_from(["2023-12", "2024-01", "2024-02"])
CHANGES = st.tuples(st.sampled_from(["add", "move", "hide", "show", "remove"]), st.integers(0, 5), MONTHS)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, max_size=25))
def test_the_counts_of_the_months_are_never_wrong(library: Library, changes: list[tuple[str, int, str]]) -> None:
    sql = {
        "move": "update photos set month = ? where id = ?",
        "hide": "update photos set is_listed = 0, month = ? where id = ?",
        "show": "update photos set is_listed = 1, month = ? where id = ?",
        "remove": "delete from photos where month = ? and id = ?",
    }
    with db.write(library.db) as database:
        database.conn.execute("delete from photos")
        for number, (change, photo_id, month) in enumerate(changes):
            if change == "add":
                original = catalog.Original(f"{number:064x}", "jpg", "jpeg", "image/jpeg", 1)
                catalog.add_photo(database, 1, original, "photo", "x.jpg", month)
            else:
                database.conn.execute(sql[change], (month, photo_id))
        counted = database.conn.execute(
            "select month, count(*) from photos where is_listed = 1 group by month order by month desc"
        ).fetchall()
    assert scopes.buckets(library.db, 1) == counted
