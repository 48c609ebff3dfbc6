"""The albums of an export that comes back: albums.json at its top, of which everything is checked as if it had been typed."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from photolib import album_edits, album_rows, albums
from photolib.db import write
from photolib.errors import BadInput, PhotolibError
from photolib.library import Library
from photolib.search import saved

ALBUMS = "albums*.json"  # a zip that is not the first calls it albums-123.json
LARGEST = 64 << 20  # bytes of albums.json
AT_ONCE = 1000  # photos of an album in one transaction


def take_albums(lib: Library, owner_id: int, path: Path) -> list[str]:
    """Make the albums of an export again, as far as their photos are here; path: its folder, the folder it lies in, or a zip of it.

    An album that is there already, by its title and where it lies, gets the photos it lacks. Returns sentences about what could not be
    made; nothing is raised about the file.
    """
    notes: list[str] = []
    for document in _documents(path, notes):
        listed = document.get("albums")
        if type(document.get("photolib")) is not int or not isinstance(listed, list):
            continue
        known = {
            each["album_id"]: each for each in listed if isinstance(each, dict) and type(each.get("album_id")) is int
        }
        made: dict[int, int] = {}
        for album_id in known:
            try:
                _take_album(lib, owner_id, album_id, known, made, ())
            except PhotolibError as problem:
                notes.append(str(problem))
    return notes


def _documents(path: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    """What the files called albums.json say, at the top of a folder or zip and one level below."""
    try:
        if path.is_dir():
            for file in (*sorted(path.glob(ALBUMS)), *sorted(path.glob(f"*/{ALBUMS}"))):
                if file.is_file():
                    with file.open("rb") as source:
                        yield from _document(source.read(LARGEST + 1), notes)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for each in archive.infolist():
                    if fnmatchcase(each.filename.rpartition("/")[2], ALBUMS) and each.filename.count("/") <= 1:
                        with archive.open(each) as member:
                            yield from _document(member.read(LARGEST + 1), notes)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        notes.append(f"The albums of this export could not be read: {path} is damaged.")


def _document(body: bytes, notes: list[str]) -> Iterator[dict[str, Any]]:
    if b'"photolib"' not in body[:100]:
        return
    try:
        if len(body) > LARGEST:
            raise ValueError("too large")
        found = json.loads(body)
        if isinstance(found, dict):
            yield found
    except (ValueError, RecursionError):
        notes.append("The albums of this export could not be read: its albums.json is damaged.")


def _take_album(
    lib: Library, owner_id: int, album_id: int, known: Mapping[int, dict[str, Any]], made: dict[int, int], inside: tuple[int, ...]
) -> int | None:  # fmt: skip
    """Make an album, after those it lies in; return its id here. inside: those that are being made for it."""
    if album_id in made:
        return made[album_id]
    said = known.get(album_id)
    if said is None or album_id in inside or len(inside) >= album_edits.MOST_LEVELS:
        return None
    parent = said.get("parent_id")
    parent_id = _take_album(lib, owner_id, parent, known, made, (*inside, album_id)) if type(parent) is int else None
    title = album_edits.kept_title(said.get("title"))
    description = album_edits.kept_description(said.get("description") or "")
    query = saved.kept_query(said["query"]) if isinstance(said.get("query"), str) else None
    with write(lib.db) as db:
        here = _album_here(db, owner_id, parent_id, title, query)
        if here is None:
            if (
                db.conn.execute("select count(*) from albums where owner_id = ?", (owner_id,)).fetchone()[0]
                >= albums.MOST
            ):
                raise BadInput("There are %(most)s albums already; delete one first.", most=albums.MOST)
            order_by = said.get("order_by") if said.get("order_by") in albums.ORDERS else "oldest"
            kind = "search" if query else said["kind"] if said.get("kind") in album_rows.IMPORTED else "manual"
            here = album_rows.add(
                db, owner_id, title, kind, description, parent_id=parent_id, query=query, order_by=order_by,
                is_arranged=int(order_by == "manual"),
            )  # fmt: skip
    made[album_id] = here
    if query is None:
        _fill(lib, owner_id, here, said)
    return here


def _album_here(db: Database, owner_id: int, parent_id: int | None, title: str, query: str | None) -> int | None:
    row = db.conn.execute(
        """select id from albums where owner_id = ? and parent_id is ? and title = ? and query is ? and is_unlisted = 0
           order by id limit 1""",
        (owner_id, parent_id, title, query),
    ).fetchone()
    return row[0] if row else None


def _fill(lib: Library, owner_id: int, album_id: int, said: Mapping[str, Any]) -> None:
    listed = said.get("photos")
    keys = (
        [each["key"] for each in listed if isinstance(each, dict) and isinstance(each.get("key"), str)]
        if isinstance(listed, list)
        else []
    )
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        with write(lib.db) as db:
            here = _photos(db, owner_id, some)
            album_rows.put_at_end(db, album_id, [here[key] for key in some if key in here])
    cover = said.get("cover")
    if isinstance(cover, str):
        with write(lib.db) as db:
            for photo_id in _photos(db, owner_id, [cover]).values():
                db.conn.execute(
                    """update albums set cover_id = ? where id = ? and cover_id is null
                         and exists (select 1 from album_photos where album_id = albums.id and photo_id = ?)""",
                    (photo_id, album_id, photo_id),
                )


def _photos(db: Database, owner_id: int, keys: list[str]) -> dict[str, int]:
    rows = db.conn.execute(
        "select key, id from photos where owner_id = ? and key in (select value from json_each(?))",
        (owner_id, json.dumps(keys)),
    )
    return dict(rows.fetchall())
