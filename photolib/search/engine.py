"""One question: which photos fit a query. Fields and names are conditions; the other words are weighed, by text and by meaning.

A query whose words are all conditions is answered by date, page by page, without end. Otherwise photos are ranked:

    score = text_weight x text + meaning_weight x meaning + recency_weight x recency + engagement_weight x engagement

over the sum of the weights (settings; 0.4, 0.4, 0.1, 0.1), each from 0 to 1. text: ranking.by_words. meaning: calibration.Scale.
recency: halves every RECENT_YEARS; 0 where only the file's time dates a photo. engagement: favourite 0.6, rating up to 0.3, in an
album 0.1. A photo is shown when there is evidence enough: text / TEXT_ENOUGH + meaning / MEANING_ENOUGH reaches 1, so either alone
will do, or half of each. When nothing has that, nothing is found.
"""

import base64
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from sqlite_utils import Database

from photolib import catalog
from photolib.catalog import Tile
from photolib.errors import BadInput, TryLater
from photolib.library import Library
from photolib.ports import EMBED
from photolib.said import Said
from photolib.search import calibration, documents, facets, plain, ranking
from photolib.search.conditions import Condition, Conditions, leaves, names_together
from photolib.search.facets import Facet
from photolib.search.grammar import EVERYTHING, And, Node, Or, Phrase, Text, Word, both, parse
from photolib.search.plain import Understood
from photolib.search.ranking import NO_SCORES, Scores, TextHits
from photolib.search.wording import STOP, meant, telling, words
from photolib.vectors import serving_model

log = logging.getLogger(__name__)

MOST_RANKED = 500
MOST_ALLOWED = 50_000  # ids that are passed into the searches; conditions that let more through are tested afterwards
NEAREST = 1_000  # photos asked of the vector index
MOST_BRANCHES = 4  # alternatives of a query that are searched one by one
FRESH = 200  # changes that are read before a search
TEXT_ENOUGH = 0.25  # a quarter of what the words say
MEANING_ENOUGH = 0.5  # as calibration.Scale has it
RECENT_YEARS = 3.0

NO_SENTENCES = "the model that photos were looked at with is not here any more"
NOT_READY = Said("Search by meaning is getting ready; so far only words were looked for.")
NOT_ALL_READ = Said("Some photos are still being read for search by meaning; more may be found in a moment.")
PATIENT = 60.0  # seconds for a model that has to be loaded first


@dataclass(frozen=True)
class Found:
    """A photo in a result. score: 0 to 1, None where photos are in order of date. why: what fitted. lines: text in the picture."""

    photo: Tile
    score: float | None
    why: tuple[str, ...] = ()
    lines: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Results:
    """A page of a result. total: of all pages; at least so many when is_at_least. next: the cursor that continues."""

    items: list[Found]
    understood: Understood
    next: str | None = None
    total: int = 0
    is_at_least: bool = False
    facets: dict[str, list[Facet]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Branch:
    """One way to fit a query: conditions that have to hold, and words that are weighed."""

    conditions: tuple[Node, ...]
    words: tuple[Node, ...]


def search(
    lib: Library,
    owner_id: int,
    query: str,
    filters: Sequence[Node] = (),
    cursor: str | None = None,
    size: int = 100,
    seconds: float | None = 3.0,
    recognises: bool = True,
    today: date | None = None,
) -> Results:
    """The owner's photos that fit a query, best first, or by date when there is nothing to rank by.

    filters: further conditions. seconds: how long a model may take for the words; None: PATIENT, and the index for meaning reads
    all that it does not know yet before it answers. recognises: whether names in plain words become filters. Whatever the query,
    nothing is raised about it; raises BadInput for a cursor that is none.
    """
    with _impatient(lib.db):
        return _search(lib, owner_id, query, filters, cursor, size, seconds, recognises, today or date.today())


def _search(
    lib: Library,
    owner_id: int,
    query: str,
    filters: Sequence[Node],
    cursor: str | None,
    size: int,
    seconds: float | None,
    recognises: bool,
    today: date,
) -> Results:
    plan = _plan(lib.db, owner_id, query, filters, recognises, today)
    if plan.has_words:
        results = _ranked(lib, owner_id, plan.conditions, plan.scope, plan.branches, filters, cursor, size, seconds)
    else:
        results = _by_date(lib, owner_id, plan.conditions, plan.scope, [plan.tree, *filters], cursor, size)
    notes = tuple(dict.fromkeys((*plan.notes, *plan.conditions.notes)))
    return replace(results, understood=replace(plan.understood, notes=notes))


def ids(lib: Library, owner_id: int, query: str, most: int, seconds: float | None = 3.0) -> tuple[list[int], bool]:
    """The ids of the owner's photos that fit a query, as search() finds them, at most so many; and whether that is all there is to say:
    not while a model is still getting ready."""
    with _impatient(lib.db):
        plan = _plan(lib.db, owner_id, query, (), True, date.today())
        if plan.has_words:
            found = _ranked(
                lib, owner_id, plan.conditions, plan.scope, plan.branches, (), None, MOST_RANKED, seconds
            )  # fmt: skip
            return [each.photo.id for each in found.items][:most], not {NOT_READY, NOT_ALL_READ} & set(found.notes)
        plan.conditions.gathers = names_together(plan.tree) > 1
        asked = plan.conditions.of(plan.tree) if plan.tree != EVERYTHING else None
        question, values = _select("photos.id", plan.scope, asked)
        rows = lib.db.conn.execute(
            f"{question} order by photos.shown_at desc, photos.id desc limit ?", (*values, most)
        ).fetchall()
        return [row[0] for row in rows], True


@dataclass(frozen=True)
class _Plan:
    """How a query is going to be asked. tree: all of its conditions, when there are no words to weigh."""

    understood: Understood
    conditions: Conditions
    scope: Condition
    branches: list[_Branch]
    tree: Node
    notes: tuple[str, ...]

    @property
    def has_words(self) -> bool:
        return any(branch.words for branch in self.branches)


def _plan(
    db: Database, owner_id: int, query: str, filters: Sequence[Node], recognises: bool, today: date
) -> _Plan:  # fmt: skip
    freshen(db)
    parsed = parse(query)
    understood = plain.understand(db, owner_id, parsed.query, parsed.tree, today, recognises)
    conditions = Conditions(db, owner_id, lambda name: find_place(db, owner_id, name))
    branches = _branches(understood.tree)
    if branches is None:
        branches = [_Branch((understood.tree,), ())]
    branches = [_without_empty_words(branch) for branch in branches]
    scope = conditions.scope(both([understood.tree, *filters]))
    tree = understood.tree if len(branches) > 1 else both(branches[0].conditions)
    return _Plan(understood, conditions, scope, branches, tree, parsed.notes)


@contextmanager
def _impatient(db: Database) -> Iterator[None]:
    """What a search writes on its way can wait for the next one: while somebody else is writing, it is left."""
    before = db.conn.execute("pragma busy_timeout").fetchone()[0]
    db.conn.execute("pragma busy_timeout = 50")
    try:
        yield
    finally:
        db.conn.execute(f"pragma busy_timeout = {int(before)}")


def freshen(db: Database) -> None:
    """Read the latest changes, so that what was just edited is found and counted."""
    try:
        with _impatient(db):
            documents.catch_up(db, FRESH)
    except TryLater:
        log.debug("the words are not caught up: the database is busy")


# ---------------------------------------------------------------- taking a query apart


def _branches(node: Node) -> list[_Branch] | None:
    """The alternatives of a query that differ in the words to weigh; None when there are too many."""
    if isinstance(node, Word):
        return [_Branch((), (node,))]
    if isinstance(node, Or) and _has_words(node):
        found: list[_Branch] = []
        for part in node.parts:
            inner = _branches(part)
            if inner is None or len(found) + len(inner) > MOST_BRANCHES:
                return None
            found += inner
        return found
    if isinstance(node, And):
        combined = [_Branch((), ())]
        for part in node.parts:
            inner = _branches(part)
            if inner is None or len(combined) * len(inner) > MOST_BRANCHES:
                return None
            combined = [
                _Branch(one.conditions + other.conditions, one.words + other.words)
                for one in combined
                for other in inner
            ]
        return combined
    return [_Branch((node,), ())]


def _has_words(node: Node) -> bool:
    if isinstance(node, And | Or):
        return any(_has_words(part) for part in node.parts)
    return isinstance(node, Word)


def _without_empty_words(branch: _Branch) -> _Branch:
    """ "photos of Sarah": with Sarah recognised, nothing is left to weigh."""
    said = [word for node in branch.words for word in words(str(node))]
    if branch.conditions and all(word in STOP for word in said):
        return replace(branch, words=())
    return branch


def find_place(db: Database, owner_id: int, name: str) -> tuple[float, float] | None:
    """The position of a place by its name: of those called so, one where the owner has photos, else the largest."""
    from photolib import places

    spots = places.gazetteer().find(name)
    if not spots:
        return None
    known = {
        each.name for each in documents.named(db, owner_id, [" ".join(words(name))]).get(" ".join(words(name)), [])
    }
    best = next((spot for spot in spots if spot.name in known), spots[0])
    return best.latitude, best.longitude


# ---------------------------------------------------------------- by date


def _by_date(
    lib: Library,
    owner_id: int,
    conditions: Conditions,
    scope: Condition,
    nodes: Sequence[Node],
    cursor: str | None,
    size: int,
) -> Results:
    db = lib.db
    tree = both([node for node in nodes if node != EVERYTHING])
    conditions.gathers = names_together(tree) > 1
    asked = conditions.of(tree) if tree != EVERYTHING else None
    shown_at, photo_id = _read_cursor(cursor, "date", (str, int)) if cursor else ("~~", 0)
    question, values = _select("photos.id, photos.shown_at", scope, asked)
    is_counted = not cursor and asked is not None  # in the same look
    rows = db.conn.execute(
        f"""{question} and (photos.shown_at, photos.id) < (?, ?) order by photos.shown_at desc, photos.id desc limit ?""",
        (*values, shown_at, photo_id, max(size + 1, facets.MOST_COUNTED if is_counted else 0)),
    ).fetchall()
    more = len(rows) > size
    items = [Found(photo, None) for photo in catalog.tiles(db, [row[0] for row in rows[:size]])]
    following = _cursor("date", rows[size - 1][1], rows[size - 1][0]) if more else None
    if cursor:
        return Results(items, Understood("", tree), following)
    if not is_counted:
        count = catalog.listed_count(db, owner_id)
        return Results(items, Understood("", tree), following, count, False, facets.of_everything(db, owner_id))
    counted = facets.of(db, owner_id, [row[0] for row in rows[: facets.MOST_COUNTED]])
    return Results(items, Understood("", tree), following, len(rows), len(rows) >= facets.MOST_COUNTED, counted)


def _select(columns: str, scope: Condition, asked: Condition | None) -> tuple[str, tuple[Any, ...]]:
    """The question for the photos in scope that pass a condition, ready for "and ..."; found by ids when those are few."""
    if asked is None:
        return f"select {columns} from photos where {scope.test}", scope.values
    if asked.few is not None:
        # The plus signs keep SQLite from going through all photos of the owner instead.
        tests = scope.test.replace("photos.owner_id", "+photos.owner_id").replace(
            "photos.is_listed", "+photos.is_listed"
        )
        few = "select value from json_each(?)"
        question = f"select {columns} from photos where photos.id in ({few}) and {tests} and ({asked.rest})"
        return question, (json.dumps(asked.few.tolist()), *scope.values, *asked.rest_values)
    return f"select {columns} from photos where {scope.test} and ({asked.test})", (*scope.values, *asked.values)


# ---------------------------------------------------------------- by rank


def _ranked(
    lib: Library,
    owner_id: int,
    conditions: Conditions,
    scope: Condition,
    branches: Sequence[_Branch],
    filters: Sequence[Node],
    cursor: str | None,
    size: int,
    seconds: float | None,
) -> Results:
    db, notes = lib.db, []
    conditions.gathers = True
    start = _read_cursor(cursor, "rank", (int,))[0] if cursor else 0
    photos = catalog.listed_count(db, owner_id)
    best: dict[int, float] = {}
    is_cut = False
    for branch in branches:
        nodes = [*branch.conditions, *filters]
        asked = conditions.of(both(nodes)) if nodes else None
        if not branch.words:
            fitting = _fitting(lib, scope, asked)
            best |= {photo_id: max(score, best.get(photo_id, 0.0)) for photo_id, score in fitting}
            continue
        allowed, test = _allowed(db, scope, asked)
        said = telling(word for node in branch.words for word in words(str(node)))
        hits = ranking.by_words(db, owner_id, said, photos, allowed)
        is_cut |= hits.is_cut
        meaning, note = _by_meaning(lib, owner_id, branch, hits.text, allowed, "is_listed = 1" in scope.test, seconds)
        notes += [note] if note else []
        for photo_id, score in _scored(lib, test, hits, meaning):
            best[photo_id] = max(score, best.get(photo_id, 0.0))
    order = sorted(best, key=lambda photo_id: (-best[photo_id], -photo_id))
    is_cut |= len(order) > MOST_RANKED
    order = order[:MOST_RANKED]
    page = order[start : start + size]
    asked_for = [word for branch in branches for node in branch.words for word in words(str(node))]
    items = _explained(db, catalog.tiles(db, page), best, telling(dict.fromkeys(asked_for)))
    following = _cursor("rank", start + size) if start + size < len(order) else None
    counted = {} if cursor else facets.of(db, owner_id, order)
    return Results(
        items, Understood("", EVERYTHING), following, len(order), is_cut, counted, tuple(dict.fromkeys(notes))
    )


def _fitting(lib: Library, scope: Condition, asked: Condition | None) -> list[tuple[int, float]]:
    """(photo, score) of those that fit an alternative without words, "person:sarah" in "person:sarah OR dog": all that could be
    asked of them speaks for them. One more than MOST_RANKED at most, the newest."""
    question, values = _select("photos.id", scope, asked)
    rows = lib.db.conn.execute(
        f"{question} order by photos.shown_at desc limit ?", (*values, MOST_RANKED + 1)
    ).fetchall()
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    config = lib.config
    fit = config.text_weight + config.meaning_weight
    weights = fit + config.recency_weight + config.engagement_weight
    return _weighed(lib, scope, ids, np.full(len(ids), fit), weights)


def _allowed(db: Database, scope: Condition, asked: Condition | None) -> tuple[np.ndarray | None, Condition]:
    """The ids of the photos that pass, None when they are too many to list; and what the found ones are to be tested with."""
    if asked is None:
        return None, scope
    question, values = _select("photos.id", scope, asked)
    rows = db.conn.execute(f"{question} limit ?", (*values, MOST_ALLOWED + 1)).fetchall()
    if len(rows) > MOST_ALLOWED:
        return None, Condition(f"{scope.test} and ({asked.test})", (*scope.values, *asked.values))
    return np.fromiter((row[0] for row in rows), np.int64, len(rows)), scope


def _by_meaning(
    lib: Library,
    owner_id: int,
    branch: _Branch,
    text: Scores,
    allowed: np.ndarray | None,
    listed_only: bool,
    seconds: float | None,
) -> tuple[Scores | None, str | None]:
    """How near photos are to the words by meaning, None when that cannot be told just now; and a note about what is missing."""
    sentence = " ".join(str(node) for node in branch.words)
    model = None
    try:
        model = serving_model(lib.db, lib.models)
        if model is None or not lib.models.can_embed_text(model):
            return None, _why_off(lib)
        for_models, for_index = (PATIENT, None) if seconds is None else (seconds, calibration.READING)
        vector = lib.models.embed_text(sentence, model, for_models)
        ids, cosines = lib.vectors.search(lib.db, model, vector, NEAREST, owner_id, allowed, listed_only, for_index)
        note = None if lib.vectors.is_complete else NOT_ALL_READ
        scale = calibration.scale(lib, owner_id, model, for_models)
        strongest = text.ids[np.argsort(-text.scores, kind="stable")[:NEAREST]]
        others = np.setdiff1d(strongest, ids)
        more_ids, more_cosines = lib.vectors.cosines(lib.db, model, vector, others.tolist())
    except TryLater:  # it may have turned out that its files are damaged
        is_off = model is not None and not lib.models.can_embed_text(model)
        return None, _why_off(lib) if is_off else NOT_READY
    ids, cosines = np.concatenate([ids, more_ids]), np.concatenate([cosines, more_cosines])
    order = np.argsort(ids)
    return Scores(ids[order], scale.evidence(cosines[order])), note


# What only whoever looks after the program can do something about.
OFF = Said("Search by meaning is off: %(why)s.").sentence


def _why_off(lib: Library) -> str:
    return Said(OFF, why=lib.models.ability(EMBED).note or NO_SENTENCES)


def _scored(lib: Library, test: Condition, hits: TextHits, meaning: Scores | None) -> list[tuple[int, float]]:
    """(photo, score) of those for which there is evidence enough and that pass a test.

    Where the words stand is looked at for the strongest candidates only: it takes reading their documents.
    """
    config, db = lib.config, lib.db
    near = meaning or NO_SCORES
    ids = np.union1d(hits.text.ids, near.ids)
    fit = config.text_weight * hits.text.of(ids) + config.meaning_weight * near.of(ids)
    ids = ids[np.sort(np.argsort(-fit, kind="stable")[: 3 * MOST_RANKED])]
    said = ids[hits.text.of(ids) > 0]
    by_text, by_meaning = Scores(said, ranking.by_columns(db, said, hits.says)).of(ids), near.of(ids)
    is_enough = by_text / TEXT_ENOUGH + by_meaning / MEANING_ENOUGH >= 1
    fit = (config.text_weight * by_text + config.meaning_weight * by_meaning)[is_enough]
    ids = ids[is_enough]
    weights = config.text_weight + config.recency_weight + config.engagement_weight
    weights += config.meaning_weight if meaning is not None else 0
    return _weighed(lib, test, ids, fit, weights)


def _weighed(
    lib: Library, test: Condition, ids: np.ndarray, fit: np.ndarray, weights: float
) -> list[tuple[int, float]]:
    """(photo, score) of those that pass a test; fit: what speaks for each by text and meaning."""
    config, db = lib.config, lib.db
    place = {photo_id: number for number, photo_id in enumerate(ids.tolist())}
    today = date.today().isoformat()
    scored = []
    for photo_id, shown_at, source, is_favourite, rating, in_album in db.conn.execute(
        f"""select photos.id, photos.shown_at, photos.taken_at_source, photos.is_favourite, photos.rating,
              exists (select 1 from album_photos join albums on albums.id = album_id
                where album_photos.photo_id = photos.id and is_unlisted = 0)
            from photos where photos.id in (select value from json_each(?)) and {test.test}""",
        (json.dumps(ids.tolist()), *test.values),
    ):
        recency = 0.0 if source == "file time" else recent(shown_at, today)
        engagement = 0.6 * is_favourite + 0.3 * min(max(rating or 0, 0), 5) / 5 + 0.1 * in_album
        score = fit[place[photo_id]] + config.recency_weight * recency + config.engagement_weight * engagement
        scored.append((photo_id, float(score) / weights if weights else 0.0))
    return scored


def recent(shown_at: str, today: str) -> float:
    """1 for today, half as much every RECENT_YEARS; 1 too for a camera that is ahead of its time."""
    years = (int(today[:4]) - int(shown_at[:4])) + (int(today[5:7]) - int(shown_at[5:7])) / 12
    return float(0.5 ** (max(0.0, years) / RECENT_YEARS))


# ---------------------------------------------------------------- saying why

_SAID = {
    "title": Said("title"),
    "tags": Said("tag"),
    "labels": Said("what it shows"),
    "looks": Said("what it looks like"),
    "people": Said("people"),
    "place": Said("place"),
    "album": Said("album"),
    "camera": Said("camera"),
    "lens": Said("lens"),
    "file": Said("file name"),
    "folder": Said("folder"),
    "text": Said("text in the picture"),
}


def _explained(db: Database, tiles: Sequence[Tile], scores: dict[int, float], asked: Sequence[str]) -> list[Found]:
    """The photos of a page with where the words stand; where none does, it was the meaning."""
    said = documents.said_about(db, [tile.id for tile in tiles])
    wanted = {word: set(meant(word)) for word in asked}
    items = []
    for tile in tiles:
        where: dict[str, list[str]] = {}
        for column, text in said.get(tile.id, {}).items():
            standing = set(text.split())
            fitting = [word for word, other in wanted.items() if standing & other]
            if fitting:
                where[column] = fitting
        why = tuple(
            Said("%(where)s: %(words)s", where=_SAID[column], words=", ".join(fitting))
            for column, fitting in where.items()
        ) or ("meaning",)
        lines = documents.lines_with(db, tile.id, wanted.values()) if "text" in where else ()
        items.append(Found(tile, round(scores[tile.id], 4), why, tuple(lines)))
    return items


def reason(db: Database, owner_id: int, query: str, photo_id: int) -> Found | None:
    """Where one photo says what a query asks for, as search() would tell it; None when there is no such photo."""
    tiles = catalog.tiles(db, [photo_id])
    parsed = parse(query)
    understood = plain.understand(db, owner_id, parsed.query, parsed.tree, date.today())
    asked = [
        word
        for leaf in leaves(understood.tree, negated=False)
        if isinstance(leaf, Word | Phrase) or (isinstance(leaf, Text) and leaf.name == "text")
        for word in words(leaf.value if isinstance(leaf, Text) else leaf.text)
    ]
    found = _explained(db, tiles, {photo_id: 0.0}, telling(dict.fromkeys(asked)) if asked else [])
    return replace(found[0], score=None, why=found[0].why if asked else ()) if found else None


# ---------------------------------------------------------------- cursors


def _cursor(kind: str, *values: str | int) -> str:
    return base64.urlsafe_b64encode(json.dumps([kind, *values]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, kind: str, types: tuple[type, ...]) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(found, list) and [type(each) for each in found] == [str, *types] and found[0] == kind:
            numbers = [each for each in found if isinstance(each, int)]
            if all(0 <= number < 1 << 62 for number in numbers):
                return found[1:]
    except (ValueError, RecursionError):
        pass
    raise BadInput("This cursor is none that photolib gave out for this search.")
