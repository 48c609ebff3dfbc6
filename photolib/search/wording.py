"""Words as search compares them: folded case and accents, plurals, words that say nothing; English and German.

Plain functions; no database.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from photolib import appearance, labels

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """Lower case without accents: "Žižkov" and "zizkov", "Straße" and "strasse" are the same."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(each for each in plain if not unicodedata.combining(each))).casefold()


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return [word for word in _WORD.findall(fold(text).replace("_", " ")) if word]


_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def name_words(name: str) -> list[str]:
    """The words of a file's name without its ending: IMG_2034.jpg is img 2034, eiffelTower.webp is eiffel tower.

    The whole stem is one of them as well, so that IMG_2034 and DSC00012 are found as they are written.
    """
    stem = name.rpartition(".")[0] or name
    parts = words(_CAMEL.sub(" ", stem))
    whole = words(stem)
    return [*parts, *(word for word in whole if word not in parts)]


def word_set(text: str) -> frozenset[str]:
    """The words of a written list."""
    return frozenset(text.split())


# ---------------------------------------------------------------- words that say nothing

STOP = word_set(
    """a an the of in on at by with and or to for from my our your his her their its is are was were be this that these those
    some any all me we us i you it as into near under over out up down there here while during where when who which what
    photo photos picture pictures image images pic pics snapshot snapshots shot shots find show search
    der die das den dem des ein eine einen einem einer eines und oder mit von vom zu zum zur im in am an auf bei beim aus fuer
    fur ueber uber unter neben vor nach als wie wo wer was mein meine meinen meinem meiner unser unsere unseren unserem unserer
    ist sind war waren wir uns ich mich du sie er es alle allen
    foto fotos bild bilder aufnahme aufnahmen zeige zeig suche finde"""
)


def telling(found: Iterable[str]) -> list[str]:
    """The words that say something; all of them when none does, as in "The Who"."""
    known = list(found)
    return [word for word in known if word not in STOP] or known


# ---------------------------------------------------------------- other forms of a word


def forms(word: str) -> list[str]:
    """A folded word and what else it may stand as in a text: singular and plural, oe for ö.

    Rules of thumb for English and German, made so that a word of one language seldom becomes a common one of the other: only
    words of letters, no ending is taken from what would leave fewer than three (English) or four letters (German).
    """
    found = [word]
    if not word.isalpha() or not word.isascii() or len(word) < 3:
        return found
    plain = re.sub(r"(?<![aeq])([aou])e", r"\1", word)  # mueller, gruen; not feuer, quelle
    if plain != word and len(plain) > 3:
        found.append(plain)
    for base in tuple(found):
        if base.endswith("ies") and len(base) > 4:
            found.append(base[:-3] + "y")
        if base.endswith(("ches", "shes", "sses", "xes", "zes")):
            found.append(base[:-2])
        elif base.endswith("s") and not base.endswith(("ss", "us", "is")) and len(base) > 3:
            found.append(base[:-1])
        for ending in ("en", "ern", "er", "e", "n"):
            if base.endswith(ending) and len(base) - len(ending) >= 4:
                found.append(base[: -len(ending)])
        found.extend(base + ending for ending in ("s", "e", "en", "n", "er"))
        if base.endswith("y"):
            found.append(base[:-1] + "ies")
        if base.endswith(("ch", "sh", "s", "x", "z")):
            found.append(base + "es")
    found.extend(_IRREGULAR.get(word, ()))
    return list(dict.fromkeys(found))


_IRREGULAR = {
    "children": ("child",), "child": ("children",), "people": ("person",), "person": ("people",), "men": ("man",), "man": ("men",),
    "women": ("woman",), "woman": ("women",), "mice": ("mouse",), "geese": ("goose",), "feet": ("foot",), "teeth": ("tooth",),
    "leaves": ("leaf",), "leaf": ("leaves",), "knives": ("knife",), "wolves": ("wolf",), "wolf": ("wolves",),
}  # fmt: skip


BETWEEN, _JOIN = "\ue000", "\ue001"  # letters nobody can type, which FTS5 takes for parts of words


def exactly(name: str) -> str:
    """The one word that stands in a document for this name as a whole: "sarah" finds Sarah Miller too, this only Sarah."""
    return BETWEEN + _JOIN.join(words(name))


@cache
def _labels() -> dict[str, tuple[str, ...]]:
    """Folded words to the labels that go by them, those first that have the first claim to it."""
    found: dict[str, list[str]] = {}
    borrowed: dict[str, list[str]] = {}
    for label in labels.vocabulary().values():
        for each in (*label.english, *label.german):
            to = borrowed if each in label.borrowed else found
            to.setdefault(" ".join(words(each)), []).append(label.name)
    return {each: tuple(dict.fromkeys((*found.get(each, ()), *borrowed.get(each, ())))) for each in (*found, *borrowed)}


@cache
def _colours() -> dict[str, tuple[str, ...]]:
    """Folded words for colours, German ones with their endings, to all words for the same colour."""
    found: dict[str, tuple[str, ...]] = {}
    for colour in appearance.COLOURS:
        plain = [fold(word) for word in appearance.colour_words(colour)]
        same = tuple(word + ending for word in plain for ending in ("", "e", "er", "es", "en", "em"))
        found |= dict.fromkeys(same, same)
    return found


def labels_of(folded: str) -> tuple[str, ...]:
    """The labels that folded words may stand for, in singular or plural."""
    known = _labels()
    return next((known[form] for form in forms(folded) if form in known), ())


@lru_cache(4096)
def meant(word: str) -> tuple[str, ...]:
    """Whatever stands in documents for a folded word: all its forms, what else its label is called in either language, and
    the label itself."""
    found = labels_of(word)
    label = labels.vocabulary()[found[0]] if found else None
    others = [" ".join(words(each)) for each in (*label.english, *label.german)] if label else []
    return tuple(dict.fromkeys((*forms(word), *others, *_colours().get(word, ()), *map(exactly, found))))


def match(word: str) -> str:
    """The FTS5 expression for a folded word, whichever way it is said."""
    return "(" + " OR ".join(f'"{each}"' for each in meant(word)) + ")"


def match_phrase(text: str) -> str | None:
    """The FTS5 expression for words side by side, or the label they are; None when there is no word in it."""
    found = " ".join(words(text))
    return " OR ".join(f'"{each}"' for each in (found, *map(exactly, labels_of(found)))) if found else None
