"""Saved searches: a name and a query, asked anew each time, so that they are albums that fill themselves."""

from dataclasses import dataclass

from sqlite_utils import Database

from photolib.errors import BadInput, NotFound
from photolib.search.grammar import LONGEST
from photolib.sources import now

LONGEST_NAME = 200
MOST = 1000  # of one owner


@dataclass(frozen=True)
class Saved:
    id: int
    name: str
    query: str
    created_at: str


def saved(db: Database, owner_id: int) -> list[Saved]:
    """An owner's saved searches by name."""
    rows = db.conn.execute(
        """select id, name, query, created_at from saved_searches where owner_id = ?
           order by name collate nocase, id""",
        (owner_id,),
    )
    return [Saved(*row) for row in rows]


def one(db: Database, owner_id: int, search_id: int) -> Saved:
    """Raises NotFound, also for somebody else's."""
    row = db.conn.execute(
        "select id, name, query, created_at from saved_searches where id = ? and owner_id = ?", (search_id, owner_id)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such saved search.")
    return Saved(*row)


def save(db: Database, owner_id: int, name: str, query: str) -> Saved:
    """Keep a query under a name; one of that name asks this from now on. Raises BadInput for an empty or overlong one."""
    name, query = " ".join(name.split()), kept_query(query)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput("A saved search needs a name of at most %(most)s characters.", most=LONGEST_NAME)
    if db.conn.execute("select count(*) from saved_searches where owner_id = ?", (owner_id,)).fetchone()[0] >= MOST:
        raise BadInput("There are %(most)s saved searches already; delete one first.", most=MOST)
    row = db.conn.execute(
        """insert into saved_searches (owner_id, name, query, created_at) values (?, ?, ?, ?)
           on conflict (owner_id, name) do update set query = excluded.query
           returning id, name, query, created_at""",
        (owner_id, name, query, now()),
    ).fetchone()
    return Saved(*row)


def kept_query(query: str) -> str:
    """A query as it is kept. Raises BadInput for an empty or overlong one."""
    kept = query.strip() if isinstance(query, str) else ""
    if not kept or len(kept) > LONGEST:
        raise BadInput("A saved search needs a query of at most %(most)s characters.", most=LONGEST)
    return kept


def forget(db: Database, owner_id: int, search_id: int) -> None:
    """Delete a saved search; its photos stay where they are. Raises NotFound."""
    one(db, owner_id, search_id)
    db.conn.execute("delete from saved_searches where id = ? and owner_id = ?", (search_id, owner_id))
