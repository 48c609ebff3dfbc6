"""From what a model saw to the labels people search for: a written vocabulary, in English and German.

vocabulary/labels.txt holds the labels with their words, vocabulary/classes.txt what each class of ImageNet is evidence for.
"""

import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from photolib.ports import Seen

VERSION = 2
ENGLISH, GERMAN = "en", "de"
NOTHING = ""  # the entry of prompts() for a picture that shows nothing of the vocabulary

# EfficientNet-Lite2 was trained with smoothed labels and is surer than its probabilities say. At this softmax temperature the
# confidence of a label is about the share of cases in which it is true: wrong by 0.03 on average on the 181 photos of
# captions.csv, by 0.19 without it. Labels that the captions do not name were judged by hand, as no caption names everything.
_TEMPERATURE = 0.7
# A label is given when the evidence for it adds up to this much: the lowest value at which 92 of 100 labels are true. Chosen
# on random halves of those photos (0.76, give or take 0.07, over 200 halves); on the other halves 92 of 100 labels were
# true, and 47 of 100 that the captions name and a class can show were given. Counting as true only what the captions name,
# 77 of 100 are. At 0.5: 81 (66 by the captions alone) true and 60 given.
IMAGENET_ENOUGH = 0.75
# For our own labels, softmax over prompts(): several are true of one photo and share the probability between them, so that a
# fifth is much for one of 400. A start, not measured: no such model was at hand.
VOCABULARY_ENOUGH = 0.2

_PROMPTS = ("a photo of {}.", "a snapshot of {}.", "a picture showing {}.")
_NO_SUBJECT = ("a photo.", "a blurry photo of nothing in particular.", "a photo of a thing that has no name.")

_ARTICLES = ("a ", "an ", "the ", "der ", "die ", "das ", "ein ", "eine ")


@dataclass(frozen=True)
class Label:
    """A thing people search for. phrase: what a photo of it is a photo of, None for an idea that no picture looks like.

    english and german: the words it goes by, its title first. borrowed: those of them that another label has the first claim to.
    """

    name: str
    phrase: str | None
    broader: tuple[str, ...]
    german: tuple[str, ...]
    english: tuple[str, ...]
    borrowed: frozenset[str]


def of(seen: Seen, enough: float | None = None) -> list[tuple[str, float]]:
    """(label, confidence 0 to 1), surest first: all labels for which the evidence of the classes adds up to enough.

    What is seen of a narrower label counts for its broader ones, so that three breeds, none of them sure, make a dog.
    """
    if seen.scheme == "imagenet":
        given, at_least, evidence = classes(), IMAGENET_ENOUGH, _sharpened(seen.classes)
    elif seen.scheme == "vocabulary":
        given, at_least, evidence = _itself(), VOCABULARY_ENOUGH, seen.classes
    else:
        return []
    sums: dict[str, float] = {}
    for name, probability in evidence:
        for label, share in _spread(given.get(name, {})).items():
            sums[label] = sums.get(label, 0.0) + probability * share
    at_least = at_least if enough is None else enough
    found = [(label, min(1.0, confidence)) for label, confidence in sums.items() if confidence >= at_least]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def prompts() -> dict[str, list[str]]:
    """Label to sentences about a picture of it, for a model of the CLIP family; NOTHING competes with them and is no label."""
    return {NOTHING: list(_NO_SUBJECT)} | {
        label.name: [prompt.format(label.phrase) for prompt in _PROMPTS]
        for label in vocabulary().values()
        if label.phrase
    }


def words(label: str) -> list[str]:
    """Everything a label is to be found by: its words in both languages, and those of all broader labels. Empty if unknown."""
    known = vocabulary()
    if label not in known:
        return []
    nearest_first = [label, *broader(label)]
    return list(dict.fromkeys(word for name in nearest_first for word in _forms(known[name])))


def find(text: str) -> str | None:
    """The label a person means by a word, in either language, singular or plural, with or without umlauts; None if there is none."""
    known = _by_word()
    word = _plain(text)
    bare = word.split(" ", 1)[1] if word.startswith(_ARTICLES) else word
    for form in (word, bare, *_singulars(bare)):
        if form in known:
            return known[form]
    return None


def suggest(prefix: str, limit: int = 8) -> list[tuple[str, str]]:
    """(label, the word of it that begins like this), shortest word first, each label once."""
    start = _plain(prefix)
    if not start:
        return []
    rows = _alphabet()
    found: dict[str, tuple[str, str]] = {}
    place = bisect_left(rows, (start, "", ""))
    while place < len(rows) and rows[place][0].startswith(start):
        plain, word, label = rows[place]
        if label not in found or len(plain) < len(found[label][0]):
            found[label] = (plain, word)
        place += 1
    best = sorted(found.items(), key=lambda item: (len(item[1][0]), item[1][0], item[0]))
    return [(label, word) for label, (_, word) in best[: max(0, limit)]]


def title(label: str, language: str = ENGLISH) -> str:
    """What the label is called in a language: "en" or "de". One that is not in the vocabulary is called by its name."""
    known = vocabulary().get(label)
    if known is None:
        return label
    return known.german[0] if language == GERMAN else known.english[0]


def broader(label: str) -> list[str]:
    """All broader labels, nearest first."""
    known, above = vocabulary(), dict[str, None]()
    level = list(known[label].broader) if label in known else []
    while level:
        above |= dict.fromkeys(level)
        level = [name for lower in level for name in known[lower].broader if name not in above]
    return list(above)


@cache
def vocabulary() -> dict[str, Label]:
    """All labels by name."""
    known = {}
    for line in _lines("labels.txt"):
        name, phrase, above, german, english = (cell.strip() for cell in line.split("|"))
        known[name] = Label(
            name,
            None if phrase == "-" else phrase or _with_article(name),
            _list(above),
            tuple(word.lstrip("~") for word in _list(german)),
            (name, *(word.lstrip("~") for word in _list(english))),
            frozenset(word[1:] for word in _list(german) + _list(english) if word.startswith("~")),
        )
    return known


@cache
def classes() -> dict[str, dict[str, float]]:
    """For each class of ImageNet (WordNet id): the labels it is evidence for, and in what share of its photos they are true."""
    given: dict[str, dict[str, float]] = {}
    for line in _lines("classes.txt"):
        wordnet, _, cells = (cell.strip() for cell in line.split("|"))
        given[wordnet] = dict(_share(cell) for cell in _list(cells) if cell != "-")
    return given


def _share(cell: str) -> tuple[str, float]:
    """ "beach 0.4": beach, in two of five photos. "beach": in all."""
    label, _, number = cell.rpartition(" ")
    return (label, float(number)) if number[0].isdigit() else (cell, 1.0)


def _sharpened(seen_classes: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The probabilities at _TEMPERATURE. What the classes not named here share, they are taken to share evenly."""
    power = 1 / _TEMPERATURE
    others = max(1, len(classes()) - len(seen_classes))
    rest = max(0.0, 1 - sum(probability for _, probability in seen_classes))
    whole = sum(probability**power for _, probability in seen_classes) + others * (rest / others) ** power
    return [(name, probability**power / whole) for name, probability in seen_classes] if whole else []


@cache
def _itself() -> dict[str, dict[str, float]]:
    return {name: {name: 1.0} for name in vocabulary()}


def _spread(given: dict[str, float]) -> dict[str, float]:
    """The same with broader labels, each at the largest share of those it follows from."""
    all_of_it: dict[str, float] = {}
    for label, share in given.items():
        for name in (label, *_broader(label)):
            all_of_it[name] = max(share, all_of_it.get(name, 0.0))
    return all_of_it


@cache
def _broader(label: str) -> tuple[str, ...]:
    return tuple(broader(label))


def _forms(label: Label) -> list[str]:
    """The label's own words, and the regular plurals of the English ones."""
    return [*label.english, *(_plural(word) for word in label.english), *label.german]


@cache
def _by_word() -> dict[str, str]:
    """Plain word to label. A word of its own goes before a plural that English would make of another's."""
    first: dict[str, str] = {}
    regular: dict[str, str] = {}
    for label in vocabulary().values():
        for word in (*label.english, *label.german):
            if word not in label.borrowed:
                first.setdefault(_plain(word), label.name)
        for word in label.english:
            regular.setdefault(_plain(_plural(word)), label.name)
    return regular | first


@cache
def _alphabet() -> list[tuple[str, str, str]]:
    """(plain word, word, label), sorted."""
    return sorted(
        (_plain(word), word, label.name)
        for label in vocabulary().values()
        for word in (*label.english, *label.german)
        if word not in label.borrowed
    )


def _plain(text: str) -> str:
    """How words are compared: small letters, ä as ae, ß as ss, no other accents, single blanks."""
    text = unicodedata.normalize("NFC", text).casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(umlaut, letters)
    bare = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join("".join(bare).replace("-", " ").split())


def _singulars(word: str) -> list[str]:
    """What a word could be the plural or an inflected form of; those that are no words are not found."""
    endings = (("ies", "y"), ("es", ""), ("s", ""), ("en", ""), ("n", ""), ("e", ""))
    return [word[: -len(end)] + instead for end, instead in endings if word.endswith(end) and len(word) - len(end) >= 3]


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh", "z")):
        return word if word.endswith("s") else word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else word + "s"


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _list(cell: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in cell.split(",")) if word)


def _lines(name: str) -> list[str]:
    text = (files("photolib") / "vocabulary" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
