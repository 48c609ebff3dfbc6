"""What photolib asks of neural models, as Protocols that models/ satisfies. NumPy in and out; no torch on this side.

The first four run inside the model process, one adapter each. `Models` is that process as the rest of photolib sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from photolib.said import Said

EMBED, FACES, TEXT = "embed", "faces", "text"  # the abilities that need a model
ABILITIES = (EMBED, FACES, TEXT)


@dataclass(frozen=True)
class Seen:
    """What the embedding model makes of a picture.

    vector: unit length, float32, shape (dimensions,). classes: the most likely ones, as (class, probability 0 to 1), best
    first, of the list that `scheme` names: "imagenet" (WordNet ids like "n02099601") or "vocabulary" (our own labels).
    """

    vector: np.ndarray
    scheme: str
    classes: list[tuple[str, float]]


@dataclass(frozen=True)
class Box:
    """A rectangle in a picture as shown, upright: left, top, width and height as shares (0 to 1) of its width and height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class FoundFace:
    """A face: where it is, how good the picture of it is (0 to 1), and 128 numbers (float32) that are near for one person.

    pixels: the shorter side of the box in the picture it was found in. Embeddings are compared by Euclidean distance.
    """

    box: Box
    quality: float
    pixels: int
    vector: np.ndarray


@dataclass(frozen=True)
class TextLine:
    """A line of text in a picture, with how sure the reader is (0 to 1)."""

    text: str
    confidence: float
    box: Box


class Embedder(Protocol):
    """Pictures and sentences as unit vectors in one shared space. The name is stored beside each vector."""

    name: str
    dimensions: int

    def images(self, images: Sequence[np.ndarray]) -> list[Seen]:
        """images: uint8 arrays of shape (height, width, 3), RGB, upright."""
        ...

    def text(self, sentences: Sequence[str]) -> np.ndarray:
        """float32 of shape (sentences, dimensions), unit rows."""
        ...


class FaceFinder(Protocol):
    """Faces in a picture, with their embeddings."""

    name: str

    def find(self, image: np.ndarray, larger: np.ndarray | None = None) -> list[FoundFace]:
        """image: uint8 (height, width, 3), RGB, upright, 800 pixels on its longest side; larger: the same at 2048, for small faces."""
        ...


class TextReader(Protocol):
    """Text in a picture (OCR)."""

    name: str

    def read(self, image: np.ndarray, larger: np.ndarray | None = None) -> list[TextLine]:
        """image: uint8 (height, width, 3), RGB, upright, 800 pixels on its longest side; larger: the same at 2048, for small
        print. Lines in reading order."""
        ...


@dataclass(frozen=True)
class Ability:
    """Whether photolib can do something just now, and if not, what helps. model: the name stored beside what it makes."""

    ability: str
    model: str | None
    note: str

    @property
    def is_on(self) -> bool:
        return self.model is not None


class Models(Protocol):
    """The models as the library uses them: asked for by ability, started when first needed, never waited for without limit.

    Whatever is asked of an ability that is off, or of a model process that cannot be had in time or dies over it, raises
    TryLater with a sentence. A picture that a model cannot read raises UnreadablePhoto.
    """

    def ability(self, ability: str) -> Ability:
        """Cheap: looks at settings and files, loads nothing."""
        ...

    def see(self, pictures: Sequence[Path], seconds: float | None = None) -> list[Seen]:
        """Embed pictures; one result for each, in order. seconds: for somebody who waits; None: as long as models may take."""
        ...

    def embed_text(self, sentence: str, model: str, seconds: float) -> np.ndarray:
        """A sentence as float32 of shape (dimensions,), unit length, by the embedding model of this name, within so many seconds."""
        ...

    def find_faces(self, picture: Path, larger: Path | None = None) -> list[FoundFace]: ...

    def read_text(self, picture: Path, larger: Path | None = None) -> list[TextLine]: ...

    def can_embed_text(self, model: str) -> bool:
        """Whether sentences can be embedded by the model of this name, be it the current one or an earlier one. Cheap."""
        ...

    def close(self) -> None:
        """End the model process if it is ours."""
        ...


@dataclass
class NoModels:
    """No model at all: every ability is off, and says why."""

    note: str = Said("no models are installed; the README says how to turn this on")
    _closed: bool = field(default=False, repr=False)

    def ability(self, ability: str) -> Ability:
        return Ability(ability, None, self.note)

    def see(self, pictures: Sequence[Path], seconds: float | None = None) -> list[Seen]:
        raise self._off()

    def embed_text(self, sentence: str, model: str, seconds: float) -> np.ndarray:
        raise self._off()

    def find_faces(self, picture: Path, larger: Path | None = None) -> list[FoundFace]:
        raise self._off()

    def read_text(self, picture: Path, larger: Path | None = None) -> list[TextLine]:
        raise self._off()

    def can_embed_text(self, model: str) -> bool:
        return False

    def close(self) -> None:
        pass

    def _off(self) -> Exception:
        from photolib.errors import TryLater

        return TryLater("This needs a model: %(why)s.", why=self.note)
