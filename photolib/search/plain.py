"""Plain language: which words of a query name a person, a place, a date, an album or a camera that this owner has.

What is recognised for sure becomes a filter, shown as a chip that can be taken away. The longest match wins; words in quotes are
never recognised. A name must not hijack a word: "rose" may be a person and a flower, "Paris" a city and an album. So a name is sure only
when it stands for one kind of thing and is no everyday word, or when the word before it says what it is ("in Paris", "with Rose"). What
is not sure stays a word: it is looked for in names all the same, and is offered as a filter.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from sqlite_utils import Database

from photolib import place_names
from photolib.said import Said
from photolib.search import dates, documents
from photolib.search.documents import Name
from photolib.search.grammar import And, Choice, Node, Not, Or, Phrase, Text, Word, both, either, negated
from photolib.search.wording import STOP, exactly, fold, labels_of, word_set, words

LONGEST_NAME = 6  # words
MOST_PEOPLE = 5000

_WHERE = word_set("in from near at aus nach bei around im")
_WHO = word_set("with of mit von")
_BESIDE = word_set(
    "in from near at aus nach bei im with of mit von and und on am an by the der die das den dem during vom zu"
)

# Everyday words that are also names of people, places or cameras somewhere, beside those of the vocabulary of labels.
_EVERYDAY = word_set(
    """nice reading bath split mobile orange essen hagen halle hof bad singen sun grace hope joy faith will mark bill jack art
    christian dawn eve gene guy harry iris jade lily pearl may april june august summer autumn ruby rose violet ivy olive heather
    robin penny sandy sky star angel earnest frank rich chase miles pat rob drew wade ray dale glen cliff lane chip basil ginger
    ernst gut engel sommer winter herbst lang klein gross schwarz weiss braun wolf fuchs bach berg wald
    apple pixel galaxy fuji"""
)

_TYPES: dict[str, Node] = {
    **dict.fromkeys(("video", "videos", "filme", "movies", "videoclips"), Choice("type", "video")),
    **dict.fromkeys(("screenshots", "screenshot", "bildschirmfotos", "bildschirmfoto"), Choice("kind", "screenshot")),
    **dict.fromkeys(("favourites", "favorites", "favoriten", "lieblingsfotos", "lieblingsbilder"), Choice("is", "favourite")),
}  # fmt: skip


@dataclass(frozen=True)
class Chip:
    """A filter in a query, as the page shows it.

    kind: person, place, date, album, camera, type, or a field's name. text: how it is shown. value: the same in the search
    language. start, end: where it stands in the query. without: the query without it. as_words: the query with it in quotes,
    so that it is looked for as words; None for what was written as a field.
    """

    kind: str
    text: str
    value: str
    start: int
    end: int
    without: str
    as_words: str | None


@dataclass(frozen=True)
class Offer:
    """A filter that words of the query may have meant; query: the query with it."""

    kind: str
    text: str
    query: str


@dataclass(frozen=True)
class Understood:
    """How a query was read: its tree with names recognised, the chips and offers, and notes as sentences."""

    query: str
    tree: Node
    chips: tuple[Chip, ...] = ()
    offers: tuple[Offer, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Found:
    """Some words that are a name: from the first to before the end, meaning a part of a query. is_said: the word before says
    what they are."""

    first: int
    end: int
    kind: str
    node: Node
    text: str
    is_sure: bool
    is_said: bool = False


def understand(db: Database, owner_id: int, query: str, tree: Node, today: date, recognises: bool = True) -> Understood:
    """Recognise the names in a query's tree."""
    reader = _Reader(db, owner_id, query, today)
    if recognises:
        tree = reader.read(tree)
    chips = sorted((*_written(query, tree), *reader.chips), key=lambda chip: chip.start)
    return Understood(query, tree, tuple(chips), tuple(reader.offers))


class _Reader:
    def __init__(self, db: Database, owner_id: int, query: str, today: date) -> None:
        self._db, self._owner_id, self._query, self._today = db, owner_id, query, today
        self._people: dict[str, list[str]] | None = None
        self._cameras: dict[str, list[str]] | None = None
        self.chips: list[Chip] = []
        self.offers: list[Offer] = []

    def read(self, node: Node) -> Node:
        """The node with the names in it recognised; names are looked for among words that stand side by side."""
        if isinstance(node, Or):
            return either([self.read(part) for part in node.parts])
        if isinstance(node, Not):
            before = len(self.chips)
            inner = self.read(node.part)
            self.chips[before:] = [self._excluded(chip) for chip in self.chips[before:]]
            return negated(inner)
        parts = node.parts if isinstance(node, And) else (node,)
        read: list[Node] = []
        run: list[Word] = []
        for part in (*parts, None):
            if isinstance(part, Word):
                run.append(part)
                continue
            read += self._words(run)
            run = []
            if part is not None:
                read.append(self.read(part) if isinstance(part, And | Or | Not) else part)
        return both(read)

    def _words(self, run: list[Word]) -> list[Node]:
        if not run:
            return []
        keys = [" ".join(words(_bare(word.text))) for word in run]
        spoken = [fold(_bare(word.text)) for word in run]
        names = self._names(keys)
        people = {each.first for each in names if each.is_said and each.kind == "person"}  # "with May" is no month
        found = [each for each in self._dates(spoken) if each.first not in people] + names + self._types(keys)
        found.sort(key=lambda each: (not each.is_sure, -(each.end - each.first), each.first))
        taken: list[_Found] = []
        for each in found:
            if all(each.end <= other.first or each.first >= other.end for other in taken):
                taken.append(each)
                start, end = run[each.first].start, run[each.end - 1].end
                if each.is_sure:
                    self._chip(each, start, end)
                else:
                    self._offer(each, start, end)
            elif any((each.first, each.end) == (other.first, other.end) for other in taken):  # what else it may mean
                self._offer(each, run[each.first].start, run[each.end - 1].end)
        sure = {each.first: each for each in taken if each.is_sure}
        read: list[Node] = []
        at = 0
        while at < len(run):
            if at in sure:
                read.append(replace(sure[at].node, start=run[at].start, end=run[sure[at].end - 1].end))
                at = sure[at].end
            elif at + 1 in sure and keys[at] in _BESIDE:
                at += 1  # "in" Paris, "with" Sarah: it says nothing about what is left
            else:
                read.append(run[at])
                at += 1
        return read

    def _chip(self, found: _Found, start: int, end: int) -> None:
        query = self._query
        quoted = query[start:end].translate(_NO_QUOTES)
        before = query[:start].split()
        while before and fold(before[-1]) in _BESIDE:
            before.pop()  # the "in" of Paris
        without = " ".join([*before, *query[end:].split()])
        self.chips.append(
            Chip(
                found.kind, found.text, str(found.node), start, end, without, f'{query[:start]}"{quoted}"{query[end:]}'
            )
        )

    def _excluded(self, chip: Chip) -> Chip:
        """The chip of a name that a minus stands before, perhaps with a parenthesis between them."""
        head = self._query[: chip.start]
        start = len(head.removesuffix("-"))
        without = " ".join(f"{self._query[:start]} {self._query[chip.end :]}".split())
        return replace(
            chip, text=Said("not %(what)s", what=chip.text), value=f"-{chip.value}", start=start, without=without
        )

    def _offer(self, found: _Found, start: int, end: int) -> None:
        offered = f"{self._query[:start]}{found.node}{self._query[end:]}".strip()
        self.offers.append(Offer(found.kind, found.text, offered))

    def _dates(self, spoken: list[str]) -> list[_Found]:
        found = []
        for at in range(len(spoken)):
            said = dates.recognise(spoken[at : at + 8], self._today)
            if said is None:
                continue
            before = spoken[at - 1] if at else ""
            is_alone = said.length == len([word for word in spoken if word not in STOP])
            is_sure = said.is_sure or before in dates.IN or is_alone
            found.append(_Found(at, at + said.length, "date", said.when, said.text, is_sure))
        return found

    def _types(self, keys: list[str]) -> list[_Found]:
        return [
            _Found(at, at + 1, "type", node, node.value, True)
            for at, key in enumerate(keys)
            if isinstance(node := _TYPES.get(key), Choice)
        ]

    def _names(self, keys: list[str]) -> list[_Found]:
        spans = {
            (first, end): " ".join(keys[first:end])
            for first in range(len(keys))
            for end in range(first + 1, min(first + LONGEST_NAME, len(keys)) + 1)
            if all(keys[first:end]) and (end - first > 1 or keys[first] not in STOP)
        }
        known = documents.named(self._db, self._owner_id, list(dict.fromkeys(spans.values())))
        found = []
        for (first, end), text in spans.items():
            meant = self._meant(text, known.get(text, []))
            if not meant:
                continue
            before = keys[first - 1] if first else ""
            wanted = {"place"} if before in _WHERE else {"person"} if before in _WHO else set()
            preferred = [each for each in meant if each[0] in wanted]
            kinds = {kind for kind, _, _ in meant}
            is_everyday = end - first == 1 and (text in _EVERYDAY or text in STOP or bool(labels_of(text)))
            following = keys[end] if end < len(keys) else ""
            is_last = not following or following in STOP or following.isdigit()  # "in Nice", not "in nice weather"
            is_name = len(kinds) == 1 and not is_everyday and not text.isdigit() and len(text) > 1
            is_sure = is_name or (bool(preferred) and (is_last or not is_everyday))
            best, *others = dict.fromkeys((*preferred, *meant))
            found.append(_Found(first, end, *best, is_sure, bool(preferred)))
            found += [_Found(first, end, *other, False) for other in others]
        return found

    def _meant(self, text: str, known: Sequence[Name]) -> list[tuple[str, Node, str]]:
        """(kind, filter, how it is shown) of everything this may be the name of."""
        meant: list[tuple[str, Node, str]] = []
        people = [name.name for name in known if name.kind == "person"] or self._first_names().get(text, [])
        if people:
            shown = people[0] if len(people) == 1 else text.title()
            meant.append(("person", Text("person", people[0] if len(people) == 1 else text), shown))
        where = [name.name for name in known if name.kind in ("city", "region", "country")]
        if not where and text in _other_place_names() and self._is_place(text):
            where = [text.title()]
        if where:
            meant.append(("place", Text("place", where[0]), where[0]))
        albums = [name.name for name in known if name.kind == "album"]
        if albums:
            meant.append(("album", Text("album", _no_quotes(albums[0])), albums[0]))
        cameras = [name.name for name in known if name.kind in ("camera", "make", "model")]
        cameras = cameras or self._camera_families().get(text, [])
        if cameras:
            meant.append(("camera", Text("camera", cameras[0]), cameras[0]))
        return [(kind, node, shown) for kind, node, shown in meant if words(getattr(node, "value", ""))]

    def _first_names(self) -> dict[str, list[str]]:
        """People by the first of several names."""
        if self._people is None:
            self._people = {}
            for name in documents.names(self._db, self._owner_id, ("person",), MOST_PEOPLE):
                parts = words(name.name)
                if len(parts) > 1:
                    self._people.setdefault(parts[0], []).append(_no_quotes(name.name))
        return self._people

    def _camera_families(self) -> dict[str, list[str]]:
        """ "iphone" for all models that are called iPhone something."""
        if self._cameras is None:
            self._cameras = {}
            for name in documents.names(self._db, self._owner_id, ("model",)):
                parts = words(name.name)
                if len(parts) > 1 and len(parts[0]) > 3 and parts[0].isalpha():
                    self._cameras[parts[0]] = [name.name.split()[0]]
        return self._cameras

    def _is_place(self, folded: str) -> bool:
        """Whether a photo of this owner was taken there, by a name in another language."""
        asked = f'owner:"{documents.owner_word(self._owner_id)}" AND place:"{exactly(folded)}"'
        row = self._db.conn.execute("select 1 from photo_words where photo_words match ? limit 1", (asked,)).fetchone()
        return row is not None


def _written(query: str, tree: Node) -> list[Chip]:
    """The fields somebody wrote, as chips too."""
    from photolib.search.conditions import leaves

    chips = []
    for part in leaves(tree, negated=False):
        if isinstance(part, Word | Phrase) or not part.end or ":" not in query[part.start : part.end]:
            continue
        kind = getattr(part, "name", "near")
        without = " ".join(f"{query[: part.start]} {query[part.end :]}".split())
        chips.append(Chip(kind, str(part), str(part), part.start, part.end, without, None))
    return chips


_NO_QUOTES = str.maketrans('"“”„‟«»', " " * 7)


def _no_quotes(text: str) -> str:
    return " ".join(text.translate(_NO_QUOTES).split())


def _bare(text: str) -> str:
    """A word without the punctuation around it, and without 's."""
    text = text.strip(string.punctuation + "…’‘¿¡")
    for ending in ("'s", "’s"):
        text = text.removesuffix(ending)
    return text


@cache
def _other_place_names() -> frozenset[str]:
    """Folded names of places in other languages than the geographic data has."""
    return frozenset(
        " ".join(words(name))
        for table in (place_names.OTHER_CITIES, place_names.OTHER_REGIONS, place_names.OTHER_COUNTRIES)
        for names in table.values()
        for name in names.split(", ")
        if name
    )
