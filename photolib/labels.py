"""From what a model saw to the labels people search for: a written vocabulary, in English and German."""

from photolib.ports import Seen

VERSION = 1


def of(seen: Seen) -> list[tuple[str, float]]:
    """(label, confidence 0 to 1), surest first."""
    return []


def find(text: str) -> str | None:
    """The label a person means by a word, in either language."""
    return None
