"""Models for tests and for work on pages: in this process, without weights, the same answer every time."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.child import read_picture
from photolib.errors import TryLater
from photolib.ports import EMBED, FACES, TEXT, Ability, FoundFace, Seen, TextLine

COLOURS = {
    "red": (220, 30, 30), "orange": (240, 140, 20), "yellow": (240, 230, 40), "green": (30, 150, 50),
    "blue": (30, 60, 210), "purple": (130, 40, 160), "pink": (245, 150, 190), "brown": (115, 70, 35),
    "black": (10, 10, 10), "grey": (128, 128, 128), "white": (250, 250, 250),
}  # fmt: skip
DIMENSIONS = 32


class FakeModels:
    """Satisfies ports.Models.

    A picture's vector is that of the colour it has on average, and a little of its own; a sentence's that of the colours it
    names ("a red car"), or one that is near to no picture. Faces, text and classes are given beforehand, by the key of the
    photo (the SHA-256 of its original), the SHA-256 of the picture file, or the word for the picture's colour.
    off: sentences for the abilities that are off. earlier: models that sentences can still be embedded by. seen: what was asked.
    """

    def __init__(
        self,
        faces: Mapping[str, Sequence[FoundFace]] | None = None,
        text: Mapping[str, Sequence[TextLine]] | None = None,
        classes: Mapping[str, Sequence[tuple[str, float]]] | None = None,
        name: str = "fake-1",
        scheme: str = "vocabulary",
        off: Mapping[str, str] | None = None,
        earlier: Sequence[str] = (),
    ) -> None:
        self.faces = dict(faces or {})
        self.lines = dict(text or {})
        self.classes = dict(classes or {})
        self.name = name
        self.scheme = scheme
        self.off = dict(off or {})
        self.earlier = list(earlier)
        self.seen: list[tuple[str, Path]] = []
        self.is_closed = False

    def ability(self, ability: str) -> Ability:
        if ability in self.off:
            return Ability(ability, None, self.off[ability])
        return Ability(ability, {EMBED: self.name, FACES: "fake-faces", TEXT: "fake-text"}[ability], "")

    def see(self, pictures: Sequence[Path], seconds: float | None = None) -> list[Seen]:
        self._check(EMBED)
        return [self._see(picture) for picture in pictures]

    def embed_text(self, sentence: str, model: str, seconds: float) -> np.ndarray:
        if not self.can_embed_text(model):
            raise TryLater(f"This needs a model: {model} is not there.")
        named = [word for word in re.findall(r"[a-z]+", sentence.lower()) if word in COLOURS]
        vector = sum((_colour(word) for word in named), np.zeros(DIMENSIONS, np.float32))
        return _unit(_turned(vector if named else _noise(sentence.encode("utf-8")), model))

    def find_faces(self, picture: Path, larger: Path | None = None) -> list[FoundFace]:
        self._check(FACES)
        self.seen.append((FACES, picture))
        return list(self._given(self.faces, picture) or ())

    def read_text(self, picture: Path, larger: Path | None = None) -> list[TextLine]:
        self._check(TEXT)
        self.seen.append((TEXT, picture))
        return list(self._given(self.lines, picture) or ())

    def can_embed_text(self, model: str) -> bool:
        return model in self.earlier or (model == self.name and EMBED not in self.off)

    def close(self) -> None:
        self.is_closed = True

    def _check(self, ability: str) -> None:
        if ability in self.off:
            raise TryLater(f"This needs a model: {self.off[ability]}.")

    def _see(self, picture: Path) -> Seen:
        self.seen.append((EMBED, picture))
        own = 0.2 * _noise(picture.read_bytes())
        vector = _unit(_turned(_colour(dominant_colour(picture)) + own, self.name))
        return Seen(vector, self.scheme, list(self._given(self.classes, picture) or ()))

    def _given(self, given: Mapping[str, Sequence[Any]], picture: Path) -> Sequence[Any] | None:
        if not given:
            return None
        names = (picture.parent.name, hashlib.sha256(picture.read_bytes()).hexdigest(), dominant_colour(picture))
        return next((given[name] for name in names if name in given), None)


def dominant_colour(picture: Path) -> str:
    """The word for the colour a picture has on average."""
    mean = read_picture(str(picture)).reshape(-1, 3).mean(0)
    return min(COLOURS, key=lambda word: float(((mean - COLOURS[word]) ** 2).sum()))


def _colour(word: str) -> np.ndarray:
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[list(COLOURS).index(word)] = 1
    return vector


def _noise(content: bytes) -> np.ndarray:
    """A direction of its own for each content, at right angles to all colours."""
    seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[len(COLOURS) :] = np.random.default_rng(seed).normal(size=DIMENSIONS - len(COLOURS))
    return _unit(vector)


def _turned(vector: np.ndarray, model: str) -> np.ndarray:
    """The vectors of two models have nothing to do with each other."""
    turn = int.from_bytes(hashlib.sha256(model.encode("utf-8")).digest()[:4], "big") % DIMENSIONS
    return np.roll(vector, turn)


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
