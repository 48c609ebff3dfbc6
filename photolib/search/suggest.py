"""What somebody who types may want to say: names of their own, things, dates and fields. A few indexed looks, however many photos."""

from collections import Counter
from dataclasses import dataclass

from sqlite_utils import Database

from photolib import albums, labels
from photolib.search import documents, facets, saved
from photolib.search.conditions import in_columns, owned
from photolib.search.dates import TIMES_OF_YEAR
from photolib.search.documents import Name
from photolib.search.grammar import CHOICE_NAMES, CHOICES, FIELDS, TEXTS, clean
from photolib.search.wording import STOP, words

LIMIT = 8
OF_A_KIND = 3
MOST_WORDS = 4  # of the query's end that may be the beginning of one name
RECENT = 30  # photos whose words are looked through
MOST_NAMES = 2000  # people and albums whose later words are looked at

_KINDS = {
    "city": "place", "region": "place", "country": "place", "make": "camera", "model": "camera", "type": "type", "kind": "kind",
}  # fmt: skip
_OF_FIELD = {
    "person": ("person",), "place": ("city", "region", "country"), "label": ("label",), "tag": ("tag",), "album": ("album",),
    "camera": ("camera", "make", "model"), "lens": ("lens",), "colour": ("colour",),
}  # fmt: skip
_FIRST = ("person", "city", "region", "country", "album", "tag")


@dataclass(frozen=True)
class Suggestion:
    """text: what is shown. query: the whole query with it. count: of photos, None where nobody counts. album_id: of an album of
    somebody else's, which is gone to and not searched."""

    text: str
    kind: str
    query: str
    count: int | None = None
    album_id: int | None = None


def suggest(db: Database, owner_id: int, query: str, limit: int = LIMIT) -> list[Suggestion]:
    """How a query that is being typed may go on; for an empty one, where to begin."""
    text = clean(query)
    if not text.strip():
        return _beginnings(db, owner_id)[:limit]
    if text.endswith((" ", ")")):
        return []
    head, _, last = text.rpartition(" ")
    head = f"{head} " if head else ""
    field, colon, value = last.lstrip("-(").partition(":")
    if colon and field.lower() in FIELDS:
        found = _values(db, owner_id, field.lower(), value, head)
    else:
        found = (
            _names(db, owner_id, text)
            + _of_others(db, owner_id, text)
            + _things(db, owner_id, head, last)
            + _dates(db, owner_id, head, last)
        )
        found.sort(key=lambda each: each.kind == "camera")
        found += _fields(head, last)
        if len(found) < limit:
            found += _own_words(db, owner_id, head, last)
    return _varied(found, limit)


def _varied(found: list[Suggestion], limit: int) -> list[Suggestion]:
    """Each once, and of no kind more than OF_A_KIND as long as there are others."""
    unique: dict[str, Suggestion] = {}
    for each in found:
        unique.setdefault(f"{each.query.casefold()} {each.album_id or ''}", each)
    first: list[Suggestion] = []
    later: list[Suggestion] = []
    kinds: Counter[str] = Counter()
    for each in unique.values():
        kinds[each.kind] += 1
        (first if kinds[each.kind] <= OF_A_KIND else later).append(each)
    return [*first, *later][:limit]


def _beginnings(db: Database, owner_id: int) -> list[Suggestion]:
    found = [Suggestion(each.name, "saved search", each.query) for each in saved.saved(db, owner_id)[:3]]
    for kinds in (("person",), ("city",), ("label",), ("album",), ("year",)):
        found += [_named(name, "") for name in documents.names(db, owner_id, kinds, 2)]
    return found


def _named(name: Name, head: str) -> Suggestion:
    return Suggestion(name.name, _KINDS.get(name.kind, name.kind), f"{head}{facets.filter_of(name)}", name.photos)


def _names(db: Database, owner_id: int, text: str) -> list[Suggestion]:
    """Names that begin like the last words; people and albums also by a later word of theirs."""
    pieces = text.split(" ")
    found: list[Suggestion] = []
    for count in range(min(MOST_WORDS, len(pieces)), 0, -1):
        prefix = " ".join(words(" ".join(pieces[-count:])))
        if not prefix or (count > 1 and pieces[-count].casefold() in STOP) or '"' in text:
            continue
        head = " ".join(pieces[:-count])
        head = f"{head} " if head else ""
        names = documents.beginning(db, owner_id, prefix)
        names = [name for name in names if name.kind not in ("label", "year", "colour", "make", "model")]
        names.sort(key=lambda name: _FIRST.index(name.kind) if name.kind in _FIRST else len(_FIRST))
        found += [_named(name, head) for name in names]
        if count == 1:
            for kinds in (("person",), ("album",)):
                for name in documents.names(db, owner_id, kinds, MOST_NAMES):
                    if any(word.startswith(prefix) for word in words(name.name)[1:]):
                        found.append(_named(name, head))
    return found


def _of_others(db: Database, owner_id: int, text: str) -> list[Suggestion]:
    """Albums that others share, by the words of their titles."""
    found = albums.of_others(db, owner_id, text, OF_A_KIND)
    return [Suggestion(title, "shared album", title, photos, album_id) for album_id, title, photos in found]


def _things(db: Database, owner_id: int, head: str, last: str) -> list[Suggestion]:
    """Labels the owner has, by any of their words in the language they are typed in."""
    offered = labels.suggest(last, 40)
    have = {
        name.name: name.photos
        for names in documents.named(db, owner_id, [" ".join(words(label)) for label, _ in offered]).values()
        for name in names
        if name.kind == "label"
    }
    fitting = [(label, word) for label, word in offered if label in have]
    fitting.sort(key=lambda pair: -have[pair[0]])
    return [Suggestion(word, "label", f"{head}{word}", have[label]) for label, word in fitting]


def _dates(db: Database, owner_id: int, head: str, last: str) -> list[Suggestion]:
    prefix = " ".join(words(last))
    if len(prefix) < 2:
        return []
    years = documents.beginning(db, owner_id, prefix) if prefix.isdigit() else []
    found = [Suggestion(name.name, "date", f"{head}{name.name}", name.photos) for name in years if name.kind == "year"]
    found.sort(key=lambda each: each.text, reverse=True)
    named = [name for name in TIMES_OF_YEAR if " ".join(words(name)).startswith(prefix)]
    return found + [Suggestion(name, "date", f"{head}{name}") for name in named[:2]]


def _fields(head: str, last: str) -> list[Suggestion]:
    sign = "-" if last.startswith("-") else ""
    prefix = last.lstrip("-").casefold()
    if len(prefix) < 2:
        return []
    canonical = dict.fromkeys(FIELDS.values())
    return [Suggestion(f"{name}:", "field", f"{head}{sign}{name}:") for name in canonical if name.startswith(prefix)]


def _values(db: Database, owner_id: int, field: str, value: str, head: str) -> list[Suggestion]:
    """What may stand behind the colon of a field."""
    if field in CHOICE_NAMES:
        name = CHOICE_NAMES[field]
        choices = {given: choice for given, choice in CHOICES[name].items() if given.startswith(value.casefold())}
        return [Suggestion(choice, name, f"{head}{name}:{choice}") for choice in dict.fromkeys(choices.values())]
    kinds = _OF_FIELD.get(TEXTS.get(field, ""), ())
    prefix = " ".join(words(value))
    if not prefix:
        return [_named(name, head) for name in documents.names(db, owner_id, kinds, LIMIT)] if kinds else []
    return [_named(name, head) for name in documents.beginning(db, owner_id, prefix, 200) if name.kind in kinds]


def _own_words(db: Database, owner_id: int, head: str, last: str) -> list[Suggestion]:
    """Words of titles, tags, file names and text in the owner's newest photos."""
    prefix = " ".join(words(last))
    if len(prefix) < 3 or " " in prefix:
        return []
    asked = owned(in_columns(f'"{prefix}" *', ("title", "tags", "album", "file", "text")), owner_id)
    rows = db.conn.execute(
        """select title || ' ' || tags || ' ' || album || ' ' || file || ' ' || text from photo_words
           where photo_words match ? order by rowid desc limit ?""",
        (asked, RECENT),
    ).fetchall()
    found = dict.fromkeys(
        word for (text,) in rows for word in text.split() if word.startswith(prefix) and word.isalnum()
    )
    return [Suggestion(word, "word", f"{head}{word}") for word in found if word != prefix]
