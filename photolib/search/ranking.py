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

from photolib.search import documents
from photolib.search.conditions import in_columns, owned
from photolib.search.wording import match, meant

# What somebody wrote about a photo says most; then what it is called; what a model saw, and text in the picture, may be wrong. Even
# the least is more than the meaning alone gives: who asks for a rare word wants the photo that has it.
COLUMN_WEIGHTS = (
    (1.0, ("title", "tags", "people", "place", "album")),
    (0.9, ("labels", "looks", "file")),
    (0.8, ("camera", "lens", "folder", "text")),
)
_EVERYWHERE = [column for _, columns in COLUMN_WEIGHTS for column in columns]
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
    """text: how well each photo's words fit, wherever they stand. says: what each word asked for says.

    is_cut: a word stands in so many photos that only the newest were looked at.
    """

    text: Scores
    says: dict[str, float]
    is_cut: bool


def by_words(
    db: Database, owner_id: int, words: Sequence[str], photos: int, allowed: np.ndarray | None = None
) -> TextHits:
    """Photos whose documents have some of these folded words. photos: how many the owner has. allowed: the only ones that count."""
    if not words:
        return TextHits(NO_SCORES, {}, False)
    expressions = {word: match(word) for word in words}
    _allow(db, allowed)
    is_bound = allowed is not None
    together = NO_SCORES.ids
    if len(expressions) > 1:
        together = _matches(
            db, owned(" AND ".join(in_columns(each, _EVERYWHERE) for each in expressions.values()), owner_id), is_bound
        )
    ids: list[np.ndarray] = []
    gains: list[np.ndarray] = []
    says: dict[str, float] = {}
    is_cut = False
    for word, expression in expressions.items():
        found = _matches(db, owned(in_columns(expression, _EVERYWHERE), owner_id), is_bound)
        says[word] = _idf(len(found), photos)
        if len(found) == MOST_MATCHES:
            is_cut = True
            found = np.union1d(found, together)
        ids.append(found)
        gains.append(np.full(len(found), says[word]))
    found, place = np.unique(np.concatenate(ids), return_inverse=True)
    return TextHits(Scores(found, np.bincount(place, np.concatenate(gains)) / sum(says.values())), says, is_cut)


def by_columns(db: Database, photo_ids: np.ndarray, says: dict[str, float]) -> np.ndarray:
    """How well each photo's words fit, by where they stand."""
    stands = documents.words_in(db, photo_ids.tolist(), [columns for _, columns in COLUMN_WEIGHTS])
    wanted = [(*_told_apart(meant(word)), says[word]) for word in says]
    total = sum(says.values())
    found = np.zeros(len(photo_ids))
    for number, photo_id in enumerate(photo_ids.tolist()):
        columns = stands.get(photo_id, ())
        for forms, phrases, weight_of_word in wanted:
            for (weight, _), here in zip(COLUMN_WEIGHTS, columns, strict=False):
                if not forms.isdisjoint(here) or any(phrase <= here for phrase in phrases):
                    found[number] += weight * weight_of_word
                    break
    return found / total if total else found


def _told_apart(forms: Sequence[str]) -> tuple[frozenset[str], list[frozenset[str]]]:
    """Single words, and those of names of several words."""
    single = frozenset(form for form in forms if " " not in form)
    return single, [frozenset(form.split()) for form in forms if " " in form]


def _allow(db: Database, allowed: np.ndarray | None) -> None:
    """Put the only photos that count where SQLite can look them up while it goes through the matches of a word."""
    if allowed is not None:
        db.conn.execute("create temporary table if not exists allowed (id integer primary key)")
        db.conn.execute("delete from temp.allowed")
        db.conn.executemany("insert or ignore into temp.allowed values (?)", ((each,) for each in allowed.tolist()))


def _matches(db: Database, expression: str, is_bound: bool) -> np.ndarray:
    only = "and +photo_words.rowid in (select id from temp.allowed)" if is_bound else ""
    rows = db.conn.execute(
        f"select rowid from photo_words where photo_words match ? {only} order by rowid desc limit ?",
        (expression, MOST_MATCHES),
    ).fetchall()
    return np.fromiter((row[0] for row in rows), np.int64, len(rows))


def _idf(matches: int, photos: int) -> float:
    """BM25's: never negative, 0.1 at least so that a word that all photos have still orders them."""
    return max(0.1, math.log(1 + (photos - matches + 0.5) / (matches + 0.5)))
