"""The second half of the way in: what a photo shows, who is on it, where it was. Each function is one of ingest's STEPS.

They only enrich: a photo is in the timeline before any of them ran, and stays there when one fails. Those that need a model are
passed over while their ability is off, and made up for by back-fill when it is on again.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from photolib import appearance, catalog, jobs, labels, understood, variants
from photolib.catalog import Photo
from photolib.db import Write, write
from photolib.library import Library
from photolib.ports import EMBED, FACES, TEXT
from photolib.sources import now

log = logging.getLogger(__name__)

MEASURE = "measure"
LOOKING = (MEASURE, EMBED, FACES, TEXT)  # steps that look at the picture: done once for it by each version


def measure(lib: Library, photos: list[Photo]) -> Write:
    """Perceptual hash, sharpness, exposure, colours, and whether it is a screenshot or a document: what needs no model."""
    return _look(lib, MEASURE, photos, _measure)


def _measure(lib: Library, photos: list[Photo], _version: str) -> list[Write]:
    def written(photo: Photo) -> Write:
        found = lib.decoders.run("measure", path=picture(lib, photo))
        has_camera = bool(photo.make or photo.model or photo.aperture)
        words = [photo.filename, photo.title or "", photo.description or "", str(photo.exif.get("UserComment") or "")]
        kind = appearance.kind(found["facts"], photo.width, photo.height, photo.format, has_camera, words)
        return lambda db: understood.keep_measures(db, photo.id, {**found, "kind": kind})

    return [written(photo) for photo in photos]


def embed(lib: Library, photos: list[Photo]) -> Write:
    """A vector for searching by meaning, and labels for what is seen."""
    return _look(lib, EMBED, photos, _embed)


def _embed(lib: Library, photos: list[Photo], model: str) -> list[Write]:
    seen = lib.models.see([picture(lib, photo) for photo in photos])

    def written(photo: Photo, number: int) -> Write:
        def write_down(db: Database) -> None:
            understood.keep_vector(db, photo.id, model, seen[number].vector)
            understood.keep_labels(db, photo.id, labels.of(seen[number]))

        return write_down

    return [written(photo, number) for number, photo in enumerate(photos)]


def read_text(lib: Library, photos: list[Photo]) -> Write:
    """The text in a picture, a video's poster frame included."""
    return _look(lib, TEXT, photos, _read_text)


def _read_text(lib: Library, photos: list[Photo], _model: str) -> list[Write]:
    def written(photo: Photo) -> Write:
        lines = lib.models.read_text(picture(lib, photo), picture(lib, photo, "large"))
        return lambda db: understood.keep_text(db, photo.id, lines)

    return [written(photo) for photo in photos]


def picture(lib: Library, photo: Photo, size: str = "medium") -> Path:
    """The kept variant of a photo that models look at: upright, sRGB, 800 pixels on its longest side (large: 2048)."""
    return variants.folder(lib.variants, photo.key) / variants.file_name(size, variants.KEPT[size])


def version(lib: Library, step: str) -> str | None:
    """What would do this step now; None when nothing can."""
    if step == MEASURE:
        return appearance.VERSION
    model = lib.models.ability(step).model
    if step == EMBED and model is not None:
        return f"{model} labels {labels.VERSION}"
    return model


def backfill(lib: Library, steps: dict[str, int]) -> int:
    """Queue what was passed over or done by another model, once after each change.

    steps: name and patience of each. Returns how many jobs.
    """
    queued = 0
    for step in LOOKING:
        by = version(lib, step) or ""
        if step in steps and catalog.remembered(lib.db, _done_by(step)) != by:
            with write(lib.db) as db:
                if by:
                    queued += understood.queue_missing(db, step, by, jobs.BACKFILL + steps[step], now())
                catalog.remember(db, _done_by(step), by)
    return queued


def _done_by(step: str) -> str:
    return f"understood by:{step}"


def _look(
    lib: Library, step: str, photos: list[Photo], look: Callable[[Library, list[Photo], str], list[Write]]
) -> Write:
    """Look at those pictures that this version of the step has not seen yet; what is written for each is marked as done."""
    by = version(lib, step)
    if by is None:
        return lambda db: catalog.remember(db, _done_by(step), "")  # so that it is made up for
    left = [photo for photo in photos if understood.version(lib.db, photo.id, step) != by]
    model = by if step == MEASURE else lib.models.ability(step).model or by
    results = look(lib, left, model) if left else []

    def write_down(db: Database) -> None:
        for photo, result in zip(left, results, strict=True):
            result(db)
            understood.mark(db, photo.id, step, by)

    return write_down
