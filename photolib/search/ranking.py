"""How well a photo fits words and meaning: numbers from 0 to 1, without SQL about photos and without models.

Text: the share of what the query's words say that a photo's document says too. A word says the more the fewer photos have it (the
idf of BM25), and counts by where it stands (COLUMN_WEIGHTS). Unlike BM25 itself this does not grow with repetition or shrink with
length, which mean nothing in a photo's handful of words; 1 is "everything asked for, in the best places"; and at a million photos
it need not visit every row of a frequent word, as SQLite's bm25() does (0.9 s there).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlite_utils import Database

from photolib.search.conditions import in_columns
from photolib.search.wording import match

# What somebody wrote about a photo says most; then what it is called; what a model saw, and text in the picture, may be wrong.
COLUMN_WEIGHTS = (
    (1.0, ("title", "tags", "people", "place", "album")),
    (0.8, ("labels", "looks", "file")),
    (0.6, ("camera", "lens", "folder", "text")),
)
MOST_MATCHES = 5_000  # of a word, the newest; photos that have all words are found however many have each


@dataclass(frozen=True)
class Scores:
    """Photos and a number for each, in the same order; ids int64 and sorted, scores float64."""

    ids: np.ndarray
    scores: np.ndarray

    def of(self, ids: np.ndarray) -> np.ndarray:
        """The scores of these photos, 0 for those that have none."""
        found = np.zeros(len(ids))
        if len(self.ids):
            at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            is_known = self.ids[at] == ids
            found[is_known] = self.scores[at[is_known]]
        return found


NO_SCORES = Scores(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class TextHits:
    """text: how well each photo's words fit. is_cut: a word stands in so many photos that only the newest were looked at."""

    text: Scores
    is_cut: bool


def by_words(
    db: Database, owner_id: int, words: Sequence[str], photos: int, allowed: np.ndarray | None = None
) -> TextHits:
    """Photos whose documents have some of these folded words. photos: how many the owner has. allowed: the only ones that count."""
    if not words:
        return TextHits(NO_SCORES, False)
    expressions = [match(word) for word in words]
    _allow(db, allowed)
    is_bound = allowed is not None
    all_columns = [column for _, columns in COLUMN_WEIGHTS for column in columns]
    together = (
        _matches(db, in_columns(" AND ".join(expressions), all_columns, owner_id), is_bound)
        if len(words) > 1
        else NO_SCORES.ids
    )
    ids: list[np.ndarray] = []
    gains: list[np.ndarray] = []
    total, is_cut = 0.0, False
    for expression in expressions:
        anywhere = _matches(db, in_columns(expression, all_columns, owner_id), is_bound)
        is_cut |= len(anywhere) == MOST_MATCHES
        says = _idf(len(anywhere), photos)
        total += says
        if not len(anywhere):
            continue
        best = np.full(len(anywhere), COLUMN_WEIGHTS[-1][0])
        for weight, columns in reversed(COLUMN_WEIGHTS[:-1]):
            here = _matches(db, in_columns(expression, columns, owner_id), is_bound, int(anywhere[-1]))
            best[np.isin(anywhere, here)] = weight
        ids.append(anywhere)
        gains.append(best * says)
        if is_cut and len(together):
            older = np.setdiff1d(together, anywhere)
            ids.append(older)
            gains.append(np.full(len(older), COLUMN_WEIGHTS[-1][0] * says))
    if not ids:
        return TextHits(NO_SCORES, False)
    found, place = np.unique(np.concatenate(ids), return_inverse=True)
    return TextHits(Scores(found, np.bincount(place, np.concatenate(gains)) / total), is_cut)


def _allow(db: Database, allowed: np.ndarray | None) -> None:
    """Put the only photos that count where SQLite can look them up while it goes through the matches of a word."""
    if allowed is not None:
        db.conn.execute("create temporary table if not exists allowed (id integer primary key)")
        db.conn.execute("delete from temp.allowed")
        db.conn.executemany("insert or ignore into temp.allowed values (?)", ((each,) for each in allowed.tolist()))


def _matches(db: Database, expression: str, is_bound: bool, oldest: int = 0) -> np.ndarray:
    """The newest photos that match, newest first; none with a lower id than oldest."""
    only = "and +photo_words.rowid in (select id from temp.allowed)" if is_bound else ""
    rows = db.conn.execute(
        f"select rowid from photo_words where photo_words match ? and rowid >= ? {only} order by rowid desc limit ?",
        (expression, oldest, MOST_MATCHES),
    ).fetchall()
    return np.fromiter((row[0] for row in rows), np.int64, len(rows))


def _idf(matches: int, photos: int) -> float:
    """BM25's: never negative, 0.1 at least so that a word that all photos have still orders them."""
    return max(0.1, math.log(1 + (photos - matches + 0.5) / (matches + 0.5)))
