"""Which photos an export is of: everything, an album with those inside it, what a search finds, or some that were chosen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from photolib import album_searches, albums, catalog
from photolib.errors import BadInput
from photolib.library import Library
from photolib.search import engine
from photolib.search.wording import fold

MOST_FOUND = 1_000_000  # photos of a search


@dataclass(frozen=True)
class Choice:
    """photo_ids: in the order they came, which no later photo changes. albums: those whose folders are part of it; None for all.

    titles: of the album, when it is one.
    """

    photo_ids: list[int]
    albums: frozenset[int] | None = None
    titles: tuple[str, ...] = ()


def everything(lib: Library, owner_id: int, with_trash: bool = False) -> Choice:
    """All photos of an owner, archived ones and those that cannot be shown too."""
    _freshen(lib, owner_id)
    rows = lib.db.conn.execute(
        """select id from photos where owner_id = ? and (trashed_at is null or ?) and id not in (select photo_id from deleting)
           order by id""",
        (owner_id, with_trash),
    )
    return Choice([row[0] for row in rows])


def of_album(lib: Library, owner_id: int, album_id: int) -> Choice:
    """An album's photos and those of the albums in it."""
    within = albums.inside(lib.db, album_id)
    _freshen(lib, owner_id, within)
    rows = lib.db.conn.execute(
        """select distinct photo_id from album_members join photos on photos.id = photo_id
           where album_id in (select value from json_each(?)) and owner_id = ? order by photo_id""",
        (json.dumps(sorted(within)), owner_id),
    )
    titles = tuple(title for _, title in albums.path(lib.db, album_id))
    return Choice([row[0] for row in rows], frozenset(within), titles)


def found(lib: Library, owner_id: int, query: str, seconds: float | None = None) -> Choice:
    """What a search finds. seconds: how long a model may take for the words. Raises BadInput for one that says nothing."""
    if not query.strip():
        raise BadInput("Say what to search for.")
    photo_ids, _ = engine.ids(lib, owner_id, query, MOST_FOUND, seconds)
    return Choice(sorted(photo_ids))


def both(album: Choice, search: Choice) -> Choice:
    """What is in an album and found as well."""
    wanted = set(search.photo_ids)
    return Choice([each for each in album.photo_ids if each in wanted], album.albums, album.titles)


def chosen(db: Database, owner_id: int, photo_ids: Sequence[int]) -> Choice:
    """Those of these photos that are this owner's."""
    return Choice(sorted(set(catalog.owned(db, owner_id, photo_ids))))


def album_named(db: Database, owner_id: int, name: str) -> int:
    """The id of an album by its title, or by its path as "Travel/Italy". Raises BadInput when there is none, or more than one."""
    rows = db.conn.execute(
        "select id, title, parent_id from albums where owner_id = ? and is_unlisted = 0", (owner_id,)
    ).fetchall()
    wanted = fold(name.strip())
    fitting = [each for each, title, _ in rows if fold(title) == wanted]
    if len(fitting) != 1:
        paths = {
            each: "/".join(title for _, title in albums.path(db, each)) for each in fitting or [row[0] for row in rows]
        }
        by_path = [each for each, path in paths.items() if fold(path) == wanted]
        fitting = by_path if len(by_path) == 1 else fitting
    if not fitting:
        raise BadInput("There is no album %(name)s.", name=repr(name))
    if len(fitting) > 1:
        listed = ", ".join(sorted({paths[each] for each in fitting}))
        raise BadInput(
            "There are several albums %(name)s: %(paths)s. Name one with its path.", name=repr(name), paths=listed
        )
    return fitting[0]


def size(db: Database, photo_ids: Sequence[int]) -> tuple[int, int]:
    """How many files these photos have, and how many bytes those are."""
    files = total = 0
    for start in range(0, len(photo_ids), 10_000):
        row = db.conn.execute(
            """with chosen as (select value as id from json_each(?)),
                 here as (select photos.key from photos where id in (select id from chosen)
                   union all select parts.key from parts where photo_id in (select id from chosen) and byte_offset is null)
               select count(*), coalesce(sum(size), 0) from here join originals on originals.key = here.key""",
            (json.dumps(list(photo_ids[start : start + 10_000])),),
        ).fetchone()
        files, total = files + row[0], total + row[1]
    return files, total


def _freshen(lib: Library, owner_id: int, within: set[int] | None = None) -> None:
    """Ask the queries of albums that fill themselves anew, as far as they are part of it."""
    rows = lib.db.conn.execute("select id from albums where owner_id = ? and query is not null", (owner_id,)).fetchall()
    for (album_id,) in rows:
        if within is None or album_id in within:
            album_searches.freshen(lib, albums.album(lib.db, album_id))
