"""When a photo counts as found by meaning: nearer to the question than nonsense gets to anything the owner has.

Cosines mean different things in different models, and the largest of a million is larger than that of a hundred. So no number is
written down here. Sentences that no photo shows are asked instead, once for each model and again when the library has doubled:

- floor: the median cosine of nonsense and a photo; no evidence at all.
- enough: the cosine that the best photo for nonsense stays under, for NINE of ten such sentences. As evidence this is 0.5.

Measured with the built-in model on the 483 shared photos: floor 0.002, enough 0.21; of 40 other nonsense queries two found something
by it, and of 148 captions none was left without a result.
"""

import json
from contextlib import suppress

import numpy as np
from sqlite_utils import Database

from photolib import catalog, scopes, vectors
from photolib.db import write
from photolib.errors import TryLater
from photolib.library import Library

NONSENSE = (
    "xqzzv", "quantum flux capacitor", "blorptastic", "asdf qwer", "the meaning of life", "tax law reform", "jurisprudence",
    "Schopenhauer", "inflation rate", "fnord", "lorem ipsum dolor", "syntax error", "monetary policy", "metaphysics",
    "hyperbolic geometry", "qwertyuiop", "kernel panic", "zzyzx", "subjunctive mood", "tomorrow's forecast",
    "null pointer exception", "double-entry bookkeeping", "freedom of contract", "prime number theorem", "glorpf nim",
    "second derivative", "mortgage interest", "the year after next", "vrrk", "stochastic parrot",
)  # fmt: skip
NINE = 0.9  # of ten
SAMPLE = 500  # photos for the floor, the newest
LEAST_GAP = 1e-3
READING = vectors.SECONDS  # in which the index may read what changed
A_FEW = 100  # photos more or less make no difference


class Scale:
    """Cosines of one model and one owner's photos as evidence from 0 to 1."""

    def __init__(self, floor: float, enough: float) -> None:
        self.floor, self.enough = floor, max(enough, floor + LEAST_GAP)

    def evidence(self, cosines: np.ndarray) -> np.ndarray:
        """0 at the floor, 0.5 where a photo counts as found, 1 as far above that again."""
        return np.clip((cosines - self.floor) / (2 * (self.enough - self.floor)), 0.0, 1.0).astype(np.float64)


def scale(lib: Library, owner_id: int, model: str, seconds: float) -> Scale:
    """The scale for an owner, measured when there is none yet or the library has doubled since: then this search takes longer.

    Raises TryLater when there is none and sentences cannot be embedded in time.
    """
    db = lib.db
    photos = catalog.listed_count(db, owner_id)
    name = f"scale of meaning:{owner_id}:{model}"
    known = json.loads(catalog.remembered(db, name) or "{}")
    if known and 0.5 <= (photos + A_FEW) / (known["photos"] + A_FEW) <= 2:
        return Scale(known["floor"], known["enough"])
    try:
        measured = _measure(lib, owner_id, model, seconds)
    except TryLater:
        if known:
            return Scale(known["floor"], known["enough"])
        raise
    if not lib.vectors.is_complete:  # the best of a part of the photos says little about all of them
        return measured
    values = {"photos": photos, "floor": measured.floor, "enough": measured.enough}
    with suppress(TryLater), write(db):  # somebody else is writing: it is measured again at the next search
        catalog.remember(db, name, json.dumps(values))
    return measured


def _measure(lib: Library, owner_id: int, model: str, seconds: float) -> Scale:
    sample = _newest(lib.db, owner_id)
    best, all_of_them = [], []
    for sentence in NONSENSE:
        vector = lib.models.embed_text(sentence, model, seconds)
        _, nearest = lib.vectors.search(lib.db, model, vector, 1, owner_id, seconds=READING)
        best.append(float(nearest[0]) if len(nearest) else 0.0)
        all_of_them.append(lib.vectors.cosines(lib.db, model, vector, sample)[1])
    everything = np.concatenate(all_of_them)
    return Scale(float(np.median(everything)) if len(everything) else 0.0, float(np.quantile(best, NINE)))


def _newest(db: Database, owner_id: int) -> list[int]:
    return [tile.id for tile in scopes.page(db, owner_id, size=SAMPLE).photos]
