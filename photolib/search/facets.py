"""What the photos of a result have in common: people, places, years ... with counts, from the names counted for each photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlite_utils import Database

from photolib.search import documents
from photolib.search.documents import Name
from photolib.search.grammar import Choice, Node, Text, When

MOST_COUNTED = 1_000  # photos; of larger results the newest
LISTED = 12  # names of each facet

# Facet -> the kinds of names it lists.
FACETS = {
    "people": ("person",), "places": ("city", "country"), "labels": ("label",), "years": ("year",), "cameras": ("camera",),
    "types": ("type",), "kinds": ("kind",), "albums": ("album",), "tags": ("tag",),
}  # fmt: skip


@dataclass(frozen=True)
class Facet:
    """A name that some photos of a result have. count: how many of them. filter: what to add to the query for only those."""

    name: str
    count: int
    filter: str


def of(db: Database, owner_id: int, photo_ids: Sequence[int]) -> dict[str, list[Facet]]:
    """The facets of these photos of one owner, the most frequent names first."""
    blobs: list[bytes] = []
    for start in range(0, len(photo_ids), 500):
        some = photo_ids[start : start + 500]
        marks = ", ".join("?" * len(some))
        blobs += [row[0] for row in db.conn.execute(f"select names from photo_names where photo_id in ({marks})", some)]
    ids, counts = np.unique(np.frombuffer(b"".join(blobs), "I"), return_counts=True)
    count_of = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    names: list[Name] = []
    known = list(count_of)
    for start in range(0, len(known), 500):
        some = known[start : start + 500]
        marks = ", ".join("?" * len(some))
        rows = db.conn.execute(
            f"select id, kind, name from owner_names where owner_id = ? and id in ({marks})", (owner_id, *some)
        )
        names += [Name(kind, name, count_of[name_id]) for name_id, kind, name in rows]
    return listed(names)


def of_everything(db: Database, owner_id: int) -> dict[str, list[Facet]]:
    """The facets of all listed photos of an owner."""
    kinds = [kind for kinds in FACETS.values() for kind in kinds]
    return listed([name for kind in kinds for name in documents.names(db, owner_id, (kind,), 2 * LISTED)])


def listed(names: Sequence[Name]) -> dict[str, list[Facet]]:
    found: dict[str, list[Facet]] = {}
    for facet, kinds in FACETS.items():
        fitting = sorted((name for name in names if name.kind in kinds), key=lambda name: (-name.photos, name.name))
        if facet == "years":
            fitting.sort(key=lambda name: name.name, reverse=True)
        found[facet] = [Facet(name.name, name.photos, str(filter_of(name))) for name in fitting[:LISTED]]
    return found


def filter_of(name: Name) -> Node:
    """The part of a query that asks for the photos with a name."""
    if name.kind == "year":
        return When("on", name.name, name.name)
    if name.kind in ("type", "kind"):
        return Choice(name.kind, name.name)
    field = {"city": "place", "region": "place", "country": "place", "make": "camera", "model": "camera"}.get(
        name.kind, name.kind
    )
    return Text(field, " ".join(name.name.replace('"', " ").split()))
