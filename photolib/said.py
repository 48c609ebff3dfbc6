"""Sentences for people that may be said in another language further out."""

from typing import Any


class Said(str):
    """A sentence in English with its %(values)s put in; sentence and values stay apart as well, for whoever translates them."""

    sentence: str
    values: dict[str, Any]

    def __new__(cls, sentence: str, **values: Any) -> "Said":
        said = super().__new__(cls, sentence % values if values else sentence)
        said.sentence, said.values = sentence, values
        return said
