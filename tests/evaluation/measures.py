"""The figures an evaluation is made of: plain functions over answers and truth."""

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from itertools import combinations


def recall_at(ranked: Mapping[str, Sequence[int]], wanted: Mapping[str, Set[int]], count: int) -> float:
    """The share of queries for which one of the wanted photos is among the first `count` (success rate, "recall at k")."""
    hits = [bool(set(ranked.get(query, ())[:count]) & photos) for query, photos in wanted.items()]
    return sum(hits) / len(hits) if hits else float("nan")


def pairs(groups: Iterable[Iterable[Hashable]]) -> set[frozenset[Hashable]]:
    """Every unordered pair of things that are in one group."""
    return {frozenset(pair) for group in groups for pair in combinations(sorted(set(group), key=repr), 2)}


def precision_recall(found: Set[Hashable], truth: Set[Hashable]) -> tuple[float, float]:
    """Precision and recall of what was found; not a number where there is nothing to judge by."""
    right = len(found & truth)
    return right / len(found) if found else float("nan"), right / len(truth) if truth else float("nan")


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of both."""
    return 2 * precision * recall / (precision + recall) if precision + recall else float("nan")


def share_split(groups: Mapping[Hashable, Hashable], truth: Mapping[Hashable, str]) -> float:
    """The share of people with at least two faces whose faces ended up in more than one group."""
    by_person: dict[str, set[Hashable]] = {}
    sizes: dict[str, int] = {}
    for face, person in truth.items():
        by_person.setdefault(person, set()).add(groups.get(face, ("alone", face)))
        sizes[person] = sizes.get(person, 0) + 1
    several = [person for person, size in sizes.items() if size > 1]
    return sum(len(by_person[person]) > 1 for person in several) / len(several) if several else float("nan")


def words(text: str) -> list[str]:
    """The words of a text as they are compared: letters and digits only, in lower case."""
    return "".join(each if each.isalnum() else " " for each in text.casefold()).split()


def words_found(read: str, truth: str) -> tuple[int, int]:
    """How many of the words in the truth were read, each as often as it is there, and how many there are."""
    left = words(read)
    expected = words(truth)
    found = 0
    for word in expected:
        if word in left:
            left.remove(word)
            found += 1
    return found, len(expected)
