"""From the parts of a query to SQL: which photos they let through. What people type goes in as parameters, never as SQL."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlite_utils import Database

from photolib.said import Said
from photolib.search import documents
from photolib.search.documents import owner_word
from photolib.search.grammar import And, Choice, Near, Node, Not, Number, Or, Phrase, Text, When, Word
from photolib.search.wording import exactly, fold, labels_of, match, match_phrase, words

SEARCHED = tuple(column for column in documents.COLUMNS if column != "owner")  # what words are looked for in

Value = str | int | float | bytes


@dataclass(frozen=True)
class Condition:
    """A test of a row of `photos`, and, where an index knows them, the question for the ids of those that pass.

    few: these ids, sorted, when they are known and fewer than FEW; rest: the test that those have to pass besides.
    match: the FTS5 expression that finds them; unmatch: the one that finds all others.
    """

    test: str
    values: tuple[Value, ...] = ()
    ids: str | None = None
    ids_values: tuple[Value, ...] = ()
    match: str | None = None
    unmatch: str | None = None
    few: np.ndarray | None = None
    rest: str = "1"
    rest_values: tuple[Value, ...] = ()


ALWAYS = Condition("1")


@dataclass
class Conditions:
    """What the parts of one owner's query mean in SQL.

    gathers: all ids will be asked for, or several names have to fit; not only the newest photos that have one name.
    notes: what was not understood, as sentences.
    """

    db: Database
    owner_id: int
    find_place: Callable[[str], tuple[float, float] | None] = lambda name: None
    gathers: bool = False
    notes: list[str] = field(default_factory=list)
    _is_listed: bool = False  # whether only listed photos are asked for, whose names are counted
    _span: int | None = None  # how many photos are in the time asked for, where that is said
    _is_led: bool = False  # whether other parts of the query have found few photos already
    _known: dict[tuple[str, tuple[Value, ...]], np.ndarray | None] = field(default_factory=dict)

    def scope(self, tree: Node) -> Condition:
        """The owner's photos that a search is about: the listed ones; archive and trash only where the query names them."""
        named = {(part.name, part.value) for part in leaves(tree, negated=False) if isinstance(part, Choice)}
        archived, trashed = ("is", "archived") in named, ("is", "trashed") in named
        self._is_listed = not archived and not trashed
        if self._is_listed:
            return Condition("photos.owner_id = ? and photos.is_listed = 1", (self.owner_id,))
        test = "photos.owner_id = ? and photos.status <> 'failed'"
        return Condition(test if trashed else f"{test} and photos.trashed_at is null", (self.owner_id,))

    def of(self, node: Node) -> Condition:
        """The photos that fit a part of a query as it is written; words have to be there."""
        return self._found(self._of(node))

    def _of(self, node: Node) -> Condition:
        if isinstance(node, And):
            return self._both(node.parts)
        if isinstance(node, Or):
            return self.any_of([self._of(part) for part in node.parts])
        if isinstance(node, Not):
            inner = self._of(node.part)
            test = f"not coalesce(({inner.test}), 0)"  # -rating:5 lets through what has none
            return Condition(test, inner.values, unmatch=inner.match)
        if isinstance(node, Word):
            return self._words(_both_words(node.text))
        if isinstance(node, Phrase):
            return self._words(match_phrase(node.text))
        if isinstance(node, Text):
            return self._text(node)
        if isinstance(node, Choice):
            known = _CHOICES.get((node.name, node.value))
            return known or (self._type(node) if node.value in documents.TYPES else self._kind(node.value))
        if isinstance(node, Number):
            return self._number(node)
        if isinstance(node, When):
            return _when(node)
        assert isinstance(node, Near)
        return self._near(node)

    def _both(self, parts: Sequence[Node]) -> Condition:
        """All of these; how names are looked for depends on how few photos the other parts leave."""
        is_named = [any(isinstance(leaf, Text) for leaf in leaves(part)) for part in parts]
        others = [self._of(part) for part, named in zip(parts, is_named, strict=True) if not named]
        before = self._span, self._is_led
        spans = [self._photos_in(part) for part in parts if isinstance(part, When) and not part.first.startswith("*")]
        self._span = min([*spans, *([before[0]] if before[0] is not None else [])], default=None)
        self._is_led = before[1] or any(self._found(each).few is not None for each in others if not each.match)
        named = [self._of(part) for part, named in zip(parts, is_named, strict=True) if named]
        self._span, self._is_led = before
        return self.all_of([*others, *named])

    def all_of(self, conditions: Sequence[Condition]) -> Condition:
        """All of these; found by those of them that have few photos, as far as that can be told quickly."""
        worded = [each.match for each in conditions if each.match]
        unworded = [each.unmatch for each in conditions if each.unmatch]
        if (
            worded and len(worded) + len(unworded) > 1
        ):  # FTS5 finds what they have in common without going through all of each
            together = " AND ".join(worded)
            if unworded:
                together = f"({together}) NOT ({' OR '.join(unworded)})"
            others = [each for each in conditions if not each.match and not each.unmatch]
            conditions = [*others, self._matching(f"({together})")]
        if len(conditions) < 2:
            return conditions[0] if conditions else ALWAYS
        test = " and ".join(f"({each.test})" for each in conditions)
        values = tuple(value for each in conditions for value in each.values)
        few, rest = self._in_common(conditions)
        if few is None:
            return Condition(test, values)
        tests = " and ".join(f"({each.test})" for each in rest) or "1"
        return Condition(
            test, values, few=few, rest=tests, rest_values=tuple(value for each in rest for value in each.values)
        )

    def any_of(self, conditions: Sequence[Condition]) -> Condition:
        worded = [each.match for each in conditions if each.match]
        if len(worded) == len(conditions):
            return self._matching(f"({' OR '.join(worded)})")
        test = " or ".join(f"({each.test})" for each in conditions)
        values = tuple(value for each in conditions for value in each.values)
        few: list[np.ndarray] = []
        for each in conditions:
            ids = self._found(each).few
            if ids is None or sum(len(some) for some in few) + len(ids) >= FEW:
                return Condition(test, values)
            few.append(ids)
        is_sure = all(each.rest == "1" for each in conditions)
        return Condition(
            test,
            values,
            few=np.unique(np.concatenate(few)),
            rest="1" if is_sure else test,
            rest_values=() if is_sure else values,
        )

    def _in_common(self, conditions: Sequence[Condition]) -> tuple[np.ndarray | None, list[Condition]]:
        """The few photos that conditions leave, None when nothing tells them; and what those still have to be tested with."""
        few: np.ndarray | None = None
        rest: list[Condition] = []
        worded = [each for each in conditions if each.match or each.unmatch]
        for each in conditions:
            if each.match or each.unmatch:
                continue
            found = self._found(each)
            if found.few is None:
                rest.append(each)
                continue
            few = found.few if few is None else np.intersect1d(few, found.few, assume_unique=True)
            if found.rest != "1":
                rest.append(Condition(found.rest, found.rest_values))
        for each in worded:
            if few is not None:
                ids = self._matching_of(each.match or each.unmatch or "", few)
                few = ids if each.match else np.setdiff1d(few, ids, assume_unique=True)
            elif each.match and (found := self._found(each)).few is not None:
                few = found.few
            else:
                rest.append(each)
        return few, rest

    def _found(self, condition: Condition) -> Condition:
        """With its ids, when they are few."""
        if condition.few is not None or condition.ids is None:
            return condition
        key = condition.ids, condition.ids_values
        if key not in self._known:
            self._known[key] = self._asked(f"select * from ({condition.ids}) limit ?", (*condition.ids_values, FEW))
        ids = self._known[key]
        return condition if ids is None else replace(condition, few=ids)

    def _asked(self, question: str, values: tuple[Value, ...]) -> np.ndarray | None:
        rows = self.db.conn.execute(question, values).fetchall()
        return np.unique(np.fromiter((row[0] for row in rows), np.int64, len(rows))) if len(rows) < FEW else None

    def _matching_of(self, expression: str, ids: np.ndarray) -> np.ndarray:
        """Those of a few photos that match."""
        rows = self.db.conn.execute(
            """select rowid from photo_words where photo_words match ?
               and +rowid in (select value from json_each(?))""",
            (owned(expression, self.owner_id), json.dumps(ids.tolist())),
        ).fetchall()
        return np.unique(np.fromiter((row[0] for row in rows), np.int64, len(rows)))

    def _of_ids(self, ids: str, values: tuple[Value, ...]) -> Condition:
        return Condition(f"photos.id in ({ids})", values, ids, values)

    def _type(self, node: Choice) -> Condition:
        """is:live means motion photos too."""
        types = ("live", "motion") if (node.name, node.value) == ("is", "live") else (node.value,)
        named = " OR ".join(f'"{exactly(documents.KINDS[each][0])}"' for each in types)
        marks = ", ".join("?" * len(types))
        test = f"photos.type in ({marks})"
        found = self._words(named, ("looks",))
        return replace(found, match=None, test=test, values=types, rest=test, rest_values=types)

    def _number(self, node: Number) -> Condition:
        table, column = _NUMBERS[node.name]
        tests: list[str] = []
        values: list[Value] = []
        for bound, is_open, signs, slack in (
            (node.low, node.low_open, (">", ">="), -_SLACK),
            (node.high, node.high_open, ("<", "<="), _SLACK),
        ):
            if bound is not None:
                tests.append(f"{column} {signs[0] if is_open else signs[1]} ?")
                values.append(bound if is_open else bound * (1 + slack))
        test = " and ".join(tests)
        if table == "photos":
            found = self._of_ids(f"select id from photos where {test}", tuple(values))
            return replace(found, test=test.replace(column, f"photos.{column}"))
        found = self._of_ids(f"select photo_id from {table} where {test}", tuple(values))
        return replace(found, test=f"exists (select 1 from {table} where {table}.photo_id = photos.id and {test})")

    def _kind(self, kind: str) -> Condition:
        found = self._of_ids("select photo_id from measures where kind = ?", (kind,))
        test = "exists (select 1 from measures where measures.photo_id = photos.id and kind = ?)"
        return replace(found, test=test, values=(kind,))

    # -------------------------------------------------- by words

    def _words(self, expression: str | None, columns: Sequence[str] = SEARCHED) -> Condition:
        if not expression:
            return ALWAYS
        return self._matching(in_columns(expression, columns))

    def _matching(self, expression: str) -> Condition:
        found = self._of_ids(
            "select rowid from photo_words where photo_words match ?", (owned(expression, self.owner_id),)
        )
        return replace(found, match=expression)

    def _text(self, node: Text) -> Condition:
        if node.name == "in":
            return self._folder(node.value)
        if not words(node.value):
            self.notes.append(Said("%(field)s: needs a name; it was left out.", field=node.name))
            return ALWAYS
        columns = _COLUMNS[node.name]
        if node.name in ("file", "text"):
            return self._words(_prefix(node.value), columns)
        if self._is_listed and (wide := self._by_name(node)) is not None:
            return wide
        names = labels_of(" ".join(words(node.value))) if node.name == "label" else ()
        exact = self._words(" OR ".join(f'"{exactly(name)}"' for name in (node.value, *names)), columns)
        is_there = self.db.conn.execute(f"{exact.ids} limit 1", exact.ids_values).fetchone()
        return exact if is_there else self._words(_prefix(node.value), columns)

    def _by_name(self, node: Text) -> Condition | None:
        """For a name that so many photos have that gathering them takes longer than looking at each photo's names; else None."""
        is_narrow = self._span is not None and self._span <= NARROW
        if self._is_led or (self.gathers and not is_narrow):
            return None
        if node.name == "label":
            asked = " ".join(words(node.value))
            named = documents.label_ids(self.db, self.owner_id, {exactly(each) for each in (asked, *labels_of(asked))})
        else:
            kinds = _KINDS.get(node.name, ())
            named = documents.named_ids(self.db, self.owner_id, " ".join(words(node.value)), kinds)
        if sum(photos for _, photos in named) < (FEW if is_narrow else MANY):
            return None
        return Condition(*documents.having_names(self.db, [name_id for name_id, _ in named]))

    def _photos_in(self, when: When) -> int:
        """About how many listed photos there are in a time, by whole months."""
        condition = _when(replace(when, first=when.first[:7], last=when.last[:7]))
        (count,) = self.db.conn.execute(
            f"""select coalesce(sum(photos), 0) from (select month as shown_at, photos from months where owner_id = ?) as photos
                where {condition.test}""",
            (self.owner_id, *condition.values),
        ).fetchone()
        return int(count)

    def _folder(self, path: str) -> Condition:
        asked = fold(path).replace("\\", "/").strip("/")
        folders = [
            folder_id
            for folder_id, whole in self.db.conn.execute("select id, path from folders")
            if f"/{asked}/" in f"/{fold(whole.decode('utf-8', 'replace')).strip('/')}/"
        ]
        return self._of_ids(
            """select photo_id from sources where owner_id = ? and photo_id is not null
               and folder_id in (select value from json_each(?))""",
            (self.owner_id, json.dumps(folders)),
        )

    # -------------------------------------------------- by place

    def _near(self, node: Near) -> Condition:
        from photolib import places

        where: tuple[float, float] | None
        if node.latitude is not None and node.longitude is not None:
            where = node.latitude, node.longitude
        else:
            where = self.find_place(node.place)
        if where is None:
            self.notes.append(Said("near: needs a place I know, or a position like 48.85,2.29. It was read as words."))
            return self._words(_prefix(node.place))
        self.db.conn.create_function("km_between", 4, _km_between, deterministic=True)
        boxes = places.boxes(*where, node.km)
        inside = " or ".join("(latitude between ? and ? and longitude between ? and ?)" for _ in boxes)
        sides = tuple(side for (south, west), (north, east) in boxes for side in (south, north, west, east))
        return self._of_ids(
            f"select photo_id from photo_places where ({inside}) and km_between(latitude, longitude, ?, ?) <= ?",
            (*sides, *where, node.km),
        )


def _km_between(*degrees: float) -> float:
    from photolib import places

    return float(places.kilometres(*degrees))


_COLUMNS = {
    "person": ("people",), "place": ("place",), "label": ("labels",), "tag": ("tags",), "album": ("album",),
    "camera": ("camera",), "lens": ("lens",), "colour": ("looks",), "file": ("file",), "text": ("text",),
}  # fmt: skip

_KINDS = {  # not tags: hashtags in titles are found too, but not counted
    "person": ("person",), "place": ("city", "region", "country"), "album": ("album",), "colour": ("colour",),
    "camera": ("camera", "make", "model"), "lens": ("lens",),
}  # fmt: skip
MANY = 40_000  # photos with a name
NARROW = 20_000  # photos of a time whose names are looked at one by one
FEW = 20_000  # so many ids are looked up one by one faster than a library of a million photos is read through


def names_together(node: Node) -> int:
    """How many names or words a photo has to have all of, at most."""
    if isinstance(node, And):
        return sum(names_together(part) for part in node.parts)
    if isinstance(node, Or):
        return max(names_together(part) for part in node.parts)
    return int(isinstance(node, Text | Phrase | Word))


def leaves(node: Node, negated: bool | None = None) -> list[Node]:
    """All parts of a query that are not made of others. negated: only those that are (or are not) excluded."""
    found: list[Node] = []

    def look(part: Node, is_negated: bool) -> None:
        if isinstance(part, And | Or):
            for each in part.parts:
                look(each, is_negated)
        elif isinstance(part, Not):
            look(part.part, not is_negated)
        elif negated is None or negated == is_negated:
            found.append(part)

    look(node, False)
    return found


def in_columns(expression: str, columns: Sequence[str]) -> str:
    """An FTS5 expression, looked for in these columns only."""
    return f"({{{' '.join(columns)}}} : ({expression}))"


def owned(expression: str, owner_id: int) -> str:
    """An FTS5 expression, looked for in one owner's documents only."""
    return f'owner:"{owner_word(owner_id)}" AND {expression}'


def _both_words(text: str) -> str | None:
    """ "black-cat.jpg": all of its words, in any of their forms."""
    found = words(text)
    return " AND ".join(match(word) for word in found) if found else None


def _prefix(text: str) -> str | None:
    """Words side by side, the last one perhaps not to its end."""
    found = words(text)
    return f'"{" ".join(found)}" *' if found else None


def _exists(table: str, test: str) -> Condition:
    return Condition(f"exists (select 1 from {table} where {table}.photo_id = photos.id and {test})")


_CHOICES = {
    ("is", "favourite"): Condition("photos.is_favourite = 1"),
    ("is", "archived"): Condition("photos.is_archived = 1"),
    ("is", "trashed"): Condition("photos.trashed_at is not null"),
    ("is", "photo"): Condition("photos.type <> 'video'"),
    ("is", "panorama"): Condition("photos.width >= 2 * photos.height or photos.height >= 2 * photos.width"),
    ("is", "landscape"): Condition("photos.width > photos.height"),
    ("is", "upright"): Condition("photos.height > photos.width"),
    ("has", "gps"): Condition("photos.latitude is not null"),
    ("has", "place"): _exists("photo_places", "country is not null"),
    ("has", "people"): Condition(
        """exists (select 1 from faces where faces.photo_id = photos.id and state = 'found')
           or exists (select 1 from details where details.photo_id = photos.id and details.people is not null)"""
    ),
    ("has", "text"): _exists("text_lines", "1"),
    ("has", "title"): _exists("details", "title is not null"),
    ("has", "description"): _exists("details", "description is not null"),
    ("has", "tag"): _exists("photo_tags", "1"),
    ("has", "album"): _exists("album_photos", "album_id in (select id from albums where is_unlisted = 0)"),
    ("has", "rating"): Condition("photos.rating is not null"),
    ("has", "camera"): _exists("details", "coalesce(make, model) is not null"),
    ("has", "label"): _exists("labels", "is_removed = 0"),
    ("type", "photo"): Condition("photos.type = 'photo'"),
}

_NUMBERS = {
    "rating": ("photos", "rating"), "duration": ("photos", "duration"), "iso": ("details", "iso"), "f": ("details", "aperture"),
    "focal": ("details", "focal_length"),
}  # fmt: skip
_SLACK = 0.005  # apertures and focal lengths are fractions in files: 2.8 may be 2.79999


def _when(node: When) -> Condition:
    """Moments are compared as text; "~" sorts behind all that can follow a year, a month or a day."""
    if node.name == "before":
        return Condition("photos.shown_at < ?", (node.first,))
    if node.name == "after":
        return Condition("photos.shown_at > ?", (node.first + "~",))
    if node.name == "since":
        return Condition("photos.shown_at >= ?", (node.first,))
    if node.first.startswith("*"):
        first, last = node.first[2:], node.last[2:] + "~"
        if first < last:
            return Condition("substr(photos.shown_at, 6, 5) >= ? and substr(photos.shown_at, 6, 5) < ?", (first, last))
        return Condition("substr(photos.shown_at, 6, 5) >= ? or substr(photos.shown_at, 6, 5) < ?", (first, last))
    # Without a last moment: "~~" sorts behind every year.
    return Condition(
        "photos.shown_at >= ? and photos.shown_at < ?", (node.first, node.last + "~" if node.last else "~~")
    )


def filters(**given: str | None) -> list[Node]:
    """The parameters of the API as parts of a query: date_from, date_to, place, person, camera, label."""
    from photolib.errors import BadInput
    from photolib.search.grammar import moment

    found: list[Node] = []
    for name, value in given.items():
        if not value or not value.strip():
            continue
        if name in ("date_from", "date_to"):
            when = moment(value.strip())
            if when is None:
                raise BadInput(f"{name} is a date like 2019, 2019-06 or 2019-06-14.")
            found.append(When("on", when, "") if name == "date_from" else When("on", "", when))
        else:
            found.append(Text(name, value.strip()[:200]))
    return found
