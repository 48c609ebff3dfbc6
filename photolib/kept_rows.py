"""Rows that go with something that is deleted, kept so that undoing brings them back as they were. Called inside `db.write()`."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlite_utils import Database

Row = Mapping[str, Any]


def rows(db: Database, table: str, condition: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of a table as JSON can hold them: bytes as {"hex": ...}."""
    found = db.conn.execute(f"select * from {table} where {condition}", tuple(values))
    names = [each[0] for each in found.description]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in found.fetchall()]


def put_back(db: Database, table: str, kept: Sequence[Row]) -> None:
    """Put rows back that are not there. Where one names something that is gone meanwhile, the name is left out if the table lets it, else
    the row."""
    if not kept:
        return
    references = [
        (column, other, theirs or "id", on_delete)
        for _, _, other, column, theirs, _, on_delete, _ in db.conn.execute(f"pragma foreign_key_list({table})").fetchall()
    ]  # fmt: skip
    for each in kept:
        row = {name: _full(value) for name, value in each.items()}
        gone = [
            (column, on_delete)
            for column, other, theirs, on_delete in references
            if _is_gone(db, other, theirs, row.get(column))
        ]
        if any(on_delete != "SET NULL" for _, on_delete in gone):
            continue
        row |= {column: None for column, _ in gone}
        marks = ", ".join("?" * len(row))
        db.conn.execute(f"insert or ignore into {table} ({', '.join(row)}) values ({marks})", tuple(row.values()))


def _is_gone(db: Database, table: str, column: str, value: Any) -> bool:
    if value is None:
        return False
    return db.conn.execute(f"select 1 from {table} where {column} = ?", (value,)).fetchone() is None


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _full(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
