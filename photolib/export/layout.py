"""Where an exported photo lies and what it is called: a template such as "{year}/{year}-{month}-{day} {name}"."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from photolib import downloads
from photolib.errors import BadInput

STANDARD = "{year}/{year}-{month}-{day} {name}"
BY_ALBUM = "{album|year}/{year}-{month}-{day} {name}"
OF_AN_ALBUM = "{album}/{year}-{month}-{day} {name}"

# Bytes of a name in UTF-8. A file system takes 255; the ending, ".json" and " (123)" have to find room behind it.
LONGEST_STEM, LONGEST_FOLDER = 160, 120
LONGEST_TEMPLATE = 300
DEEPEST = 12

Words = Mapping[str, Any]


def _stem(filename: str) -> str:
    stem, _, ending = filename.rpartition(".")
    return stem if stem and len(ending) <= 5 else filename


def _camera(words: Words) -> str:
    make, model = words["camera"]["make"] or "", words["camera"]["model"] or ""
    return model if model.casefold().startswith(make.casefold()) else f"{make} {model}".strip()


def _place(name: str) -> Callable[[Words], str]:
    return lambda words: (words["place"] or {}).get(name) or ""


def _people(words: Words) -> str:
    return ", ".join(dict.fromkeys(each["name"] for each in words["people"][:4]))


# Every name a template may hold, and what it stands for. docs/export.md says the same; a test compares.
NAMES: dict[str, Callable[[Words], str]] = {
    "name": lambda words: _stem(words["filename"]),
    "title": lambda words: words["title"] or "",
    "year": lambda words: words["taken_at"][:4],
    "month": lambda words: words["taken_at"][5:7],
    "day": lambda words: words["taken_at"][8:10],
    "time": lambda words: words["taken_at"][11:19].replace(":", "-"),
    "album": lambda words: words["in_album"],
    "country": _place("country"),
    "region": _place("region"),
    "city": _place("city"),
    "camera": _camera,
    "people": _people,
    "type": lambda words: words["type"],
    "rating": lambda words: str(words["rating"] or ""),
    "key": lambda words: words["key"][:12],
}


@dataclass(frozen=True)
class Layout:
    """A template that has been read. pieces: for each level of folders, and the name at the end, texts and lists of names."""

    text: str
    pieces: tuple[tuple[str | tuple[str, ...], ...], ...]

    @property
    def names(self) -> set[str]:
        return {name for level in self.pieces for each in level if isinstance(each, tuple) for name in each}


def parse(text: str) -> Layout:
    """Read a template: folders with "/" between them, names in braces, "{city|country}" for the first of them that is known.

    Raises BadInput with the names there are.
    """
    if not text.strip() or len(text) > LONGEST_TEMPLATE or not text.isprintable():
        raise BadInput("A layout is a text such as %(example)s.", example=STANDARD)
    if text.startswith(("/", "~")) or "\\" in text:
        raise BadInput("A layout names folders inside the export: it begins with none of / and ~ and has no backslash.")
    levels = text.strip("/").split("/")
    if len(levels) > DEEPEST or any(each.strip() in ("", ".", "..") for each in levels):
        raise BadInput("A layout has at most %(most)s levels of folders, each with a name.", most=DEEPEST)
    return Layout(text, tuple(_level(each) for each in levels))


def _level(text: str) -> tuple[str | tuple[str, ...], ...]:
    found: list[str | tuple[str, ...]] = []
    for piece in re.split(r"(\{[^{}]*\})", text):
        if piece.startswith("{") and piece.endswith("}"):
            names = tuple(each.strip() for each in piece[1:-1].split("|"))
            for name in names:
                if name not in NAMES:
                    raise BadInput(
                        "A layout knows no {%(name)s}. It knows: %(names)s.", name=name, names=", ".join(NAMES)
                    )
            found.append(names)
        elif "{" in piece or "}" in piece:
            raise BadInput("In a layout each { needs its }, as in %(example)s.", example=STANDARD)
        elif piece:
            found.append(piece)
    return tuple(found)


def place(layout: Layout, words: Words, album: tuple[str, ...] = ()) -> str:
    """The path of a photo without its ending, "/" between its parts: a name every file system takes, never a way out of the folder.

    words: of the photo, as facts.gather gives them. album: the titles of the album it is filed in and those around it, outermost first.
    Levels of which nothing is known are left out; the name at the end is that of the file when nothing else is.
    """
    said = {**words, "in_album": "\n".join(album)}
    levels = []
    for number, level in enumerate(layout.pieces):
        is_name = number == len(layout.pieces) - 1
        text = "".join(each if isinstance(each, str) else _said(each, said) for each in level)
        if is_name:
            text = _without_second_date(text, words["taken_at"][:10])
            levels.append(
                plain(text.replace("\n", " "), LONGEST_STEM) or plain(_stem(words["filename"]), LONGEST_STEM) or "photo"
            )
        else:
            levels.extend(each for line in text.split("\n") if (each := plain(line, LONGEST_FOLDER)))
    return "/".join(levels)


def _said(names: tuple[str, ...], words: Words) -> str:
    """What the first of these names stands for that is known."""
    for name in names:
        value = NAMES[name](words)
        if name != "album":
            value = value.replace("\n", " ")
        if value:
            return value
    return ""


def _without_second_date(text: str, day: str) -> str:
    """A file that was exported before and came back bears its date already."""
    twice = f"{day} {day} "
    return text[len(day) + 1 :] if text.startswith(twice) else text


def plain(text: str, most: int) -> str:
    """A name that every file system takes, at most so many bytes long; empty when nothing is left of it."""
    if not (text := unicodedata.normalize("NFC", text).strip(" .\t\n")):
        return ""
    kept = downloads.plain(" ".join(text.split()))
    while len(kept.encode("utf-8", "replace")) > most:
        kept = kept[: max(1, len(kept) - max(1, (len(kept.encode("utf-8", "replace")) - most) // 4))].rstrip(" .")
    return kept
