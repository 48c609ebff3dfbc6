"""The search language: a query becomes a small tree. No input raises, and what cannot be understood is read as plain words.

    query   = either*                        side by side: all of them
    either  = one ("OR" one)*                binds closer than standing side by side, as in the search engines people know
    one     = "-" one | "(" query ")" | field | phrase | word
    field   = name ":" value                 person:sarah  person:"Marie Curie"  iso:>=800  iso:100..800  on:2019-06
    near    = "near:" place [distance]       near:"Venice" 5km  near:48.85,2.29 500m

`str()` of a tree is a query that parses to the same tree. The time to parse grows with the length of the query, which is bounded.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from photolib.said import Said

LONGEST = 500  # characters of a query
MOST_TERMS = 60
DEEPEST = 20  # parentheses and minus signs inside each other

DEFAULT_KM = 10.0
MOST_KM = 20_000.0  # half around the world

# Field names as people type them, and the one each stands for.
TEXTS = {
    "person": "person", "people": "person", "who": "person", "wer": "person", "personen": "person",
    "place": "place", "where": "place", "city": "place", "country": "place", "ort": "place", "wo": "place", "land": "place",
    "label": "label", "shows": "label", "zeigt": "label",
    "tag": "tag", "tags": "tag", "keyword": "tag", "stichwort": "tag",
    "album": "album",
    "camera": "camera", "kamera": "camera",
    "lens": "lens", "objektiv": "lens",
    "colour": "colour", "color": "colour", "farbe": "colour",
    "in": "in", "folder": "in", "ordner": "in",
    "file": "file", "filename": "file", "datei": "file",
    "text": "text", "ocr": "text",
}  # fmt: skip
NUMBERS = {
    "iso": "iso", "rating": "rating", "stars": "rating", "sterne": "rating", "f": "f", "aperture": "f", "blende": "f",
    "focal": "focal", "brennweite": "focal", "duration": "duration", "dauer": "duration",
}  # fmt: skip
# before: up to the start of it; after: from the end of it on; since: from its start on.
DATES = {
    "before": "before", "vor": "before", "after": "after", "nach": "after", "since": "since", "seit": "since", "ab": "since",
    "on": "on", "date": "on", "year": "on", "month": "on", "am": "on", "datum": "on", "jahr": "on", "monat": "on",
}  # fmt: skip
CHOICES: dict[str, dict[str, str]] = {
    "is": {
        "favourite": "favourite", "favorite": "favourite", "fav": "favourite", "starred": "favourite", "favorit": "favourite",
        "archived": "archived", "archiviert": "archived", "trashed": "trashed", "trash": "trashed", "deleted": "trashed",
        "papierkorb": "trashed", "photo": "photo", "foto": "photo", "video": "video", "film": "video", "live": "live",
        "motion": "motion", "raw": "raw", "screenshot": "screenshot", "bildschirmfoto": "screenshot", "document": "document",
        "dokument": "document", "portrait": "portrait", "porträt": "portrait", "panorama": "panorama", "landscape": "landscape",
        "querformat": "landscape", "upright": "upright", "hochformat": "upright",
    },
    "has": {
        "gps": "gps", "location": "gps", "standort": "gps", "place": "place", "ort": "place", "people": "people", "faces": "people",
        "person": "people", "personen": "people", "gesichter": "people", "text": "text", "title": "title", "titel": "title",
        "description": "description", "caption": "description", "beschreibung": "description", "tag": "tag", "tags": "tag",
        "album": "album", "rating": "rating", "camera": "camera", "kamera": "camera", "label": "label", "labels": "label",
    },
    "type": {
        "photo": "photo", "foto": "photo", "picture": "photo", "video": "video", "film": "video", "live": "live",
        "motion": "motion", "raw": "raw",
    },
    "kind": {
        "photo": "photo", "foto": "photo", "screenshot": "screenshot", "bildschirmfoto": "screenshot", "document": "document",
        "dokument": "document", "portrait": "portrait", "porträt": "portrait",
    },
}  # fmt: skip
CHOICE_NAMES = {
    "is": "is", "ist": "is", "has": "has", "hat": "has", "type": "type", "typ": "type", "kind": "kind", "art": "kind",
}  # fmt: skip
NEAR = {"near": "near", "nahe": "near", "bei": "near"}
FIELDS = {**TEXTS, **NUMBERS, **DATES, **CHOICE_NAMES, **NEAR}


# ---------------------------------------------------------------- the tree


@dataclass(frozen=True)
class Node:
    """A part of a query. start and end: where it stands in the query; no part of what it says."""

    start: int = field(default=0, compare=False, repr=False, kw_only=True)
    end: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Word(Node):
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Phrase(Node):
    """Words in quotes: exactly these, side by side, and never recognised as a name."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True)
class Text(Node):
    """A field with a name in it: person:, place:, label:, tag:, album:, camera:, lens:, colour:, in:, file:, text:."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}:{_quoted(self.value)}"


@dataclass(frozen=True)
class Choice(Node):
    """is:, has:, type: or kind:, with one of the values there are."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"


@dataclass(frozen=True)
class Number(Node):
    """iso:, rating:, f:, focal: (millimetres) or duration: (seconds). An open side excludes its bound; None: without bound."""

    name: str
    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return f"{self.name}:{_plain(self.low)}"
        if self.low is not None and self.high is not None:
            return f"{self.name}:{_plain(self.low)}..{_plain(self.high)}"
        if self.low is not None:
            return f"{self.name}:{'>' if self.low_open else '>='}{_plain(self.low)}"
        assert self.high is not None
        return f"{self.name}:{'<' if self.high_open else '<='}{_plain(self.high)}"


@dataclass(frozen=True)
class When(Node):
    """before:, after:, since: or on: a year, month or day ("2019", "2019-06", "2019-06-14"); on: may go from first to last,
    either of which may be "" for no bound, or both without a year ("*-06", "*-12-24"): the same every year."""

    name: str
    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.name}:{self.first}" if self.first == self.last else f"{self.name}:{self.first}..{self.last}"


@dataclass(frozen=True)
class Near(Node):
    """Within so many kilometres of a place by name, or of a position in degrees."""

    place: str
    latitude: float | None
    longitude: float | None
    km: float

    def __str__(self) -> str:
        where = (
            _quoted(self.place)
            if self.latitude is None or self.longitude is None
            else f"{_plain(self.latitude)},{_plain(self.longitude)}"
        )
        return f"near:{where} {_plain(self.km)}km"


@dataclass(frozen=True)
class Not(Node):
    part: Node

    def __str__(self) -> str:
        return f"-({self.part})" if isinstance(self.part, And | Or) else f"-{self.part}"


@dataclass(frozen=True)
class And(Node):
    """All of them. Without parts it asks for nothing in particular: everything fits."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Or(Node):
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(f"({part})" if isinstance(part, And) else str(part) for part in self.parts)


EVERYTHING = And(())


@dataclass(frozen=True)
class Parsed:
    """The tree of a query, the query it stands for (cleaned, cut to its longest), and what was not understood, as sentences."""

    tree: Node
    query: str
    notes: tuple[str, ...] = ()


def both(parts: Sequence[Node]) -> Node:
    """All of these parts as one node."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else (part,))
    return flat[0] if len(flat) == 1 else And(tuple(flat), start=_start(flat), end=_end(flat))


def either(parts: Sequence[Node]) -> Node:
    """Any of these parts as one node."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Or) else (part,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat), start=_start(flat), end=_end(flat))


def negated(part: Node) -> Node:
    return part.part if isinstance(part, Not) else Not(part, start=max(0, part.start - 1), end=part.end)


def _start(parts: Sequence[Node]) -> int:
    return min((part.start for part in parts), default=0)


def _end(parts: Sequence[Node]) -> int:
    return max((part.end for part in parts), default=0)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"\w[\w.\-/+]*", value) else f'"{value}"'


# ---------------------------------------------------------------- reading


def clean(query: str) -> str:
    """The query without what no text holds: control characters and halves of characters. Every position stays."""
    text = query[:LONGEST].encode("utf-8", "replace").decode()
    return "".join(" " if each < " " or "\x7f" <= each <= "\x9f" else each for each in text)


def parse(query: str) -> Parsed:
    """Read a query. Never raises."""
    notes: list[str] = []
    if len(query) > LONGEST:
        notes.append(Said("Only the first %(count)s characters of a query are read.", count=LONGEST))
    text = clean(query)
    reader = _Reader(_tokens(text), notes)
    tree = reader.query(0)
    return Parsed(tree, text, tuple(dict.fromkeys(reader.notes)))


_QUOTES = '"“”„‟«»'
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
       | (?P<open>\()
       | (?P<close>\))
       | (?P<quoted>[{_QUOTES}][^{_QUOTES}]*[{_QUOTES}]?)
       | (?P<word>[^\s(){_QUOTES}]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    """kind: open, close, quoted, word, minus, or. joined: nothing stands between it and the token before."""

    kind: str
    text: str
    start: int
    end: int
    joined: bool = False


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    joined = False
    for match in _TOKEN.finditer(text):
        kind, start, end = match.lastgroup or "", match.start(), match.end()
        if kind == "space":
            joined = False
            continue
        word = match.group()
        if kind == "word":
            while word.startswith("-"):
                found.append(_Token("minus", "-", start, start + 1, joined))
                word, start, joined = word[1:], start + 1, True
            if not word:
                continue
            if word in ("OR", "|"):
                kind = "or"
        elif kind == "quoted":
            word = " ".join(word.strip(_QUOTES).split())
        found.append(_Token(kind, word, start, end, joined))
        joined = True
    return found


class _Reader:
    """Recursive descent over the tokens. Each call of query, either and one takes at least one token or returns."""

    def __init__(self, tokens: list[_Token], notes: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._terms = 0
        self.notes = notes

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def query(self, depth: int) -> Node:
        parts: list[Node] = []
        while (token := self._peek()) is not None:
            if token.kind == "close":
                if depth:
                    break
                self._at += 1
                continue
            if (part := self._either(depth)) is not None:
                parts.append(part)
        return both(parts)

    def _either(self, depth: int) -> Node | None:
        parts: list[Node] = []
        while True:
            while (token := self._peek()) is not None and token.kind == "or":
                self._at += 1
            if token is None or token.kind == "close":
                break
            if (part := self._one(depth)) is not None:
                parts.append(part)
            token = self._peek()
            if token is None or token.kind != "or":
                break
        return either(parts) if parts else None

    def _one(self, depth: int) -> Node | None:
        token = self._peek()
        assert token is not None
        self._at += 1
        if token.kind in ("open", "minus") and depth >= DEEPEST:
            self.notes.append(
                Said("So many parentheses inside each other are not followed; the innermost are left out.")
            )
            return None
        if token.kind == "open":
            inner = self.query(depth + 1)
            if (after := self._peek()) is not None and after.kind == "close":
                self._at += 1
            return inner if inner != EVERYTHING else None
        if token.kind == "minus":
            following = self._peek()
            if following is None or not following.joined or following.kind in ("or", "close"):
                return None  # a dash between words
            part = self._one(depth + 1)
            return negated(part) if part is not None else None
        return self._leaf(token)

    def _leaf(self, token: _Token) -> Node | None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            self.notes.append(Said("Only the first %(count)s terms of a query are read.", count=MOST_TERMS))
            return None
        if token.kind == "quoted":
            return Phrase(token.text, start=token.start, end=token.end) if token.text else None
        name, colon, value = token.text.partition(":")
        known = FIELDS.get(name.lower()) if colon else None
        if known is None:
            return Word(token.text, start=token.start, end=token.end)
        end, is_quoted = token.end, False
        following = self._peek()
        is_value = following is not None and (following.kind == "quoted" or _is_value(following))
        if not value and following is not None and is_value:
            value, end, is_quoted = following.text, following.end, following.kind == "quoted"
            self._at += 1
        place = {"start": token.start, "end": end}
        found = self._field(name.lower(), known, value, is_quoted) if value else None
        if found is not None:
            return replace(found, start=token.start, end=max(end, found.end))
        if not value:
            self.notes.append(Said("%(field)s: needs something after the colon; it was read as a word.", field=known))
            return Word(name, **place)
        rest = Word(value, **place) if _is_plain_word(value) and not is_quoted else Phrase(_unquoted(value), **place)
        return both([Word(name, **place), rest]) if _unquoted(value) else Word(name, **place)

    def _field(self, typed: str, name: str, value: str, is_quoted: bool) -> Node | None:
        """The field with this value; None, and a note, when the value makes no sense."""
        if typed in TEXTS:
            return Text(name, value) if value.strip() else None
        if typed in CHOICE_NAMES:
            choice = CHOICES[name].get(value.lower())
            if choice is None:
                known = ", ".join(dict.fromkeys(CHOICES[name].values()))
                self.notes.append(
                    Said("%(field)s: is one of %(known)s. It was read as words.", field=name, known=known)
                )
            return Choice(name, choice) if choice else None
        if typed in NUMBERS:
            number = _number(name, value)
            if number is None:
                self.notes.append(
                    Said(
                        "%(field)s: needs a number, as in %(field)s:>=4 or %(field)s:1..4. It was read as words.",
                        field=name,
                    )
                )
            return number
        if typed in DATES:
            when = _when(name, value)
            if when is None:
                self.notes.append(
                    Said("%(field)s: needs a date like 2019, 2019-06 or 2019-06-14. It was read as words.", field=name)
                )
            return when
        return self._near(value, is_quoted)

    def _near(self, value: str, is_quoted: bool) -> Node | None:
        km, end = DEFAULT_KM, 0
        following = self._peek()
        if following is not None and following.kind == "word":
            text, taken = following.text, 1
            if re.fullmatch(r"\d{1,5}(\.\d{1,3})?", text, re.ASCII) and self._at + 1 < len(self._tokens):
                unit = self._tokens[self._at + 1]
                if unit.kind == "word" and unit.text.lower() in _KM:
                    text, taken, following = text + unit.text, 2, unit
            if (given := _distance(text)) is not None:
                km, end = given, following.end
                self._at += taken
        position = _position(value) if not is_quoted else None
        if position is not None:
            return Near("", *position, km, end=end)
        return Near(value, None, None, km, end=end)


def _is_value(token: _Token) -> bool:
    """Whether a word can be what the field before it asks for: it is no field of its own."""
    name, colon, _ = token.text.partition(":")
    return token.kind == "word" and not (colon and name.lower() in FIELDS)


def _is_plain_word(text: str) -> bool:
    return bool(re.fullmatch(r"\w[\w.]*", text)) and text != "OR"


def _unquoted(text: str) -> str:
    return " ".join(text.split())


_NUMBER = re.compile(r"(?:f/)?(\d{1,9}(?:\.\d{1,6})?)(?:mm|s)?", re.ASCII | re.IGNORECASE)


def _one_number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return float(match[1]) if match else None


def _number(name: str, value: str) -> Number | None:
    low_text, dots, high_text = value.partition("..")
    if dots:
        low, high = _one_number(low_text), _one_number(high_text)
        if (low is None and low_text) or (high is None and high_text) or (low is None and high is None):
            return None
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Number(name, low, high)
    match = re.match(r"[<>]=?|=", value)
    sign = match[0] if match else "="
    number = _one_number(value[len(sign) :] if match else value)
    if number is None:
        return None
    if sign == "=":
        return Number(name, number, number)
    is_open = len(sign) == 1
    return (
        Number(name, number, None, low_open=is_open)
        if sign[0] == ">"
        else Number(name, None, number, high_open=is_open)
    )


_EVERY_YEAR = re.compile(r"\*-(\d{1,2})(?:-(\d{1,2}))?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?", re.ASCII)
_DAY_FIRST = re.compile(r"(?:(\d{1,2})[./])?(\d{1,2})[./](\d{4})", re.ASCII)


def moment(text: str) -> str | None:
    """A year, month or day as "2019", "2019-06" or "2019-06-14"; None when there is no such one. 14.6.2019 and 6/2019 will do."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match[1], match[2], match[3]
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = match[1], match[2], match[3]
    else:
        return None
    if int(year) < 1:
        return None
    if month is None:
        return year
    if not 1 <= int(month) <= 12:
        return None
    if day is None:
        return f"{year}-{int(month):02}"
    if not 1 <= int(day) <= monthrange(int(year), int(month))[1]:
        return None
    return f"{year}-{int(month):02}-{int(day):02}"


def _when(name: str, value: str) -> When | None:
    first, dots, last = value.partition("..")
    if name == "on" and value.startswith("*"):
        return _every_year(first, last if dots else first)
    if not dots:
        only = moment(value)
        return When(name, only, only) if only else None
    if name != "on" or not (first or last):
        return None
    start, end = moment(first) if first else "", moment(last) if last else ""
    return When(name, start, end) if start is not None and end is not None else None


def _every_year(first: str, last: str) -> When | None:
    """ "*-06" is every June, "*-12-24..*-12-26" every Christmas, "*-12..*-02" every winter."""
    found = []
    for text in (first, last):
        match = _EVERY_YEAR.fullmatch(text)
        given = moment(f"2000-{text[2:]}") if match else None  # a leap year
        if given is None:
            return None
        found.append("*" + given[4:])
    return When("on", *found)


_KM = {"km": 1.0, "m": 0.001, "mi": 1.609344, "miles": 1.609344}


def _distance(text: str) -> float | None:
    """Kilometres."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(km|miles|mi|m)", text, re.ASCII | re.IGNORECASE)
    if not match:
        return None
    return min(max(round(float(match[1]) * _KM[match[2].lower()], 3), 0.01), MOST_KM)


def _position(text: str) -> tuple[float, float] | None:
    match = re.fullmatch(r"(-?\d{1,2}(?:\.\d{1,6})?)\d*,(-?\d{1,3}(?:\.\d{1,6})?)\d*", text, re.ASCII)
    if not match or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        return None
    return float(match[1]) + 0.0, float(match[2]) + 0.0
