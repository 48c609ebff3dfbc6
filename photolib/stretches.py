"""Pieces of a scope for a grid that holds only what is near: so many photos of a bucket, and where a photo stands.

A bucket is a month of what the scope is ordered by. A place in it is counted from its newest photo, beginning with 0.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from photolib import catalog, scopes
from photolib.catalog import Tile
from photolib.errors import NotFound
from photolib.scopes import TIMELINE, Scope

SAMPLE = 2000  # photos of a day that say where it was spent; a day of a hundred thousand is not counted for its heading


@dataclass(frozen=True)
class Stretch:
    """Some photos of a bucket. at: what each is ordered by; above, below: that of the photos right outside, None at the bucket's ends."""

    photos: list[Tile]
    at: list[str]
    above: str | None
    below: str | None


@dataclass(frozen=True)
class Whereabouts:
    """The bucket a photo is in, and how many of the bucket's photos come before it."""

    bucket: str
    index: int


def stretch(
    db: Database, owner_id: int, bucket: str, start: int, size: int, scope: Scope = TIMELINE, through: str | None = None
) -> Stretch:
    """At most so many photos of a bucket, in the scope's order, from a place on. through: of all buckets from the one to this one."""
    this = scopes.ordered(db, owner_id, scope)
    first = max(0, start - 1)
    # The ids come from the index alone; only the photos that are wanted are read.
    rows = db.conn.execute(
        f"""select at, {catalog.TILE} from (
              select {this.by} as at, {this.id} as here_id from {this.alone} where {this.where} and {this.by} >= ? and {this.by} < ?
              order by {this.order} limit ? offset ?
            ) cross join photos on photos.id = here_id order by at {this.down}, here_id {this.down}""",
        (*this.values, *_span(bucket, through), size + 1 + (start - first), first),
    ).fetchall()
    above = rows[0][0] if start and rows else None
    here = rows[start - first :]
    below = here[size][0] if len(here) > size else None
    here = here[:size]
    return Stretch([catalog.tile(row[1:]) for row in here], [row[0] for row in here], above, below)


def _span(bucket: str, through: str | None) -> tuple[str, str]:
    """The least of what is in one of these buckets, and what is more than any of it."""
    both = sorted((bucket, through or bucket))
    return both[0], both[1] + "~"


def pieces(months: Sequence[tuple[str, int]], size: int) -> list[list[str]]:
    """Buckets with their counts, in runs that a grid asks for and lays out at a time: many small ones together, a large one alone."""
    runs: list[list[str]] = []
    held = size  # of the last run, so that the first bucket begins one
    for name, count in months:
        if held + count > size:
            runs.append([])
            held = 0
        runs[-1].append(name)
        held += count
    return runs


def ids(db: Database, owner_id: int, bucket: str, start: int, size: int, scope: Scope = TIMELINE) -> list[int]:
    """The ids of at most so many photos of a bucket, newest first, from a place on."""
    this = scopes.ordered(db, owner_id, scope)
    rows = db.conn.execute(
        f"""select {this.id} from {this.alone} where {this.where} and {this.by} >= ? and {this.by} < ?
            order by {this.order} limit ? offset ?""",
        (*this.values, bucket, bucket + "~", size, start),
    )
    return [row[0] for row in rows]


def whereabouts(db: Database, owner_id: int, photo_id: int, scope: Scope = TIMELINE) -> Whereabouts:
    """Where a photo stands in a scope. Raises NotFound when it is not in it."""
    at = scopes.place_of(db, owner_id, photo_id, scope)
    if at is None:
        raise NotFound("This photo is not here.")
    return Whereabouts(at[:7], _count_above(db, owner_id, scope, at[:7], at, photo_id))


def below(db: Database, owner_id: int, moment: str, scope: Scope = TIMELINE) -> Whereabouts:
    """Where the newest photo of a year, month or day stands; the next older one when it has none, the oldest when there is none.

    Raises NotFound when the scope is empty.
    """
    this = scopes.ordered(db, owner_id, scope)
    # Newest first, it is the first one that is not newer; oldest first, the first one that is not older.
    here, beyond = (moment + "~", ("<", ">=")) if this.down == "desc" else (moment, (">=", "<"))
    for comparison, order in zip(beyond, (this.order, this.reverse), strict=True):
        row = db.conn.execute(
            f"""select {this.by}, {this.id} from {this.alone} where {this.where} and {this.by} {comparison} ?
                order by {order} limit 1""",
            (*this.values, here),
        ).fetchone()
        if row:
            bucket = row[0][:7]
            return Whereabouts(bucket, _count_above(db, owner_id, scope, bucket, *row))
    raise NotFound("There are no photos here.")


def cities(db: Database, owner_id: int, found: Stretch, scope: Scope = TIMELINE) -> dict[str, str]:
    """The most frequent city of each day ("2024-06-14") of a stretch; a day that goes on outside it is asked for as a whole."""
    days = {tile.id: at[:10] for tile, at in zip(found.photos, found.at, strict=True)}
    rows = db.conn.execute(
        "select photo_id, city from photo_places where photo_id in (select value from json_each(?)) and city is not null",
        (json.dumps(list(days)),),
    )
    counts: dict[str, Counter[str]] = {}
    for photo_id, city in rows:
        counts.setdefault(days[photo_id], Counter())[city] += 1
    for inside, outside in ((found.at[:1], found.above), (found.at[-1:], found.below)):
        if outside and inside and inside[0][:10] == outside[:10]:
            counts[outside[:10]] = _cities_of(db, owner_id, scope, outside[:10])
    return {day: min(found.items(), key=lambda each: (-each[1], each[0]))[0] for day, found in counts.items() if found}


def _cities_of(db: Database, owner_id: int, scope: Scope, day: str) -> Counter[str]:
    this = scopes.ordered(db, owner_id, scope)
    rows = db.conn.execute(
        f"""select city, count(*) from photo_places where city is not null and photo_id in (
              select {this.id} from {this.alone} where {this.where} and {this.by} >= ? and {this.by} < ?
              order by {this.order} limit ?)
            group by city""",
        (*this.values, day, day + "~", SAMPLE),
    )
    return Counter(dict(rows.fetchall()))


def _count_above(db: Database, owner_id: int, scope: Scope, bucket: str, at: str, photo_id: int) -> int:
    this = scopes.ordered(db, owner_id, scope)
    row = db.conn.execute(
        f"""select count(*) from {this.alone} where {this.where} and {this.by} >= ? and {this.by} < ?
              and ({this.by}, {this.id}) {this.before} (?, ?)""",
        (*this.values, bucket, bucket + "~", at, photo_id),
    )
    return row.fetchone()[0]
