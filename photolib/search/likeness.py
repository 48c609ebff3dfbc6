"""Photos that look like a photo, or like a picture somebody brings: by their vectors, or without a model by hash and colours."""

import json
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photolib import catalog, formats, scopes, understood, variants
from photolib.catalog import Tile
from photolib.errors import TryLater, UnreadablePhoto
from photolib.library import Library
from photolib.vectors import serving_model

MOST = 100
PATIENCE = 20.0  # seconds for the model to look at a picture that somebody has just brought; it may have to be loaded
# Alike is what is farther from chance than this: standard deviations above the mean of the cosines with SAMPLE of the owner's photos.
# Of values that vary like a bell curve one in forty is.
DEVIATIONS = 2.0
SAMPLE = 500
MOST_COMPARED = 20_000  # photos by hash and colours, the newest
BITS_APART = 20  # of 64; two pictures that have nothing in common differ in 32, plus or minus 4
ENOUGH_ALIKE = 0.6


@dataclass(frozen=True)
class Likeness:
    """Photos, most alike first, each with a number from 0 to 1; a note when they were compared without a model."""

    items: list[tuple[Tile, float]]
    note: str | None = None


def similar(lib: Library, owner_id: int, photo_id: int, count: int = MOST) -> Likeness:
    """The owner's photos that are like one of them, without itself."""
    model = serving_model(lib.db, lib.models)
    vector = understood.vector(lib.db, photo_id, model) if model else None
    if model is not None and vector is not None:
        try:
            return Likeness(_by_vector(lib, owner_id, model, vector, count, photo_id))
        except TryLater:
            pass
    looks = _looks(lib, owner_id, [photo_id])
    return Likeness(_by_looks(lib, owner_id, looks[0], count, photo_id) if looks else [], WITHOUT_MODEL)


WITHOUT_MODEL = "Compared by outlines and colours only; what photos show is not known yet."


def by_picture(lib: Library, owner_id: int, picture: Path, count: int = MOST) -> Likeness:
    """The owner's photos that are like a picture in a file, which is decoded in the decoder's process and not kept.

    Raises UnreadablePhoto for a file that is no picture.
    """
    with picture.open("rb") as file:
        head = file.read(formats.HEAD)
        kind = formats.sniff(head, formats.reach(file))
    if kind is None:
        raise UnreadablePhoto("This is no picture but %(what)s.", what=formats.describe(head))
    folder = lib.data / "tmp" / f"asked-{secrets.token_hex(8)}"
    folder.mkdir()
    try:
        lib.decoders.run("variants", path=picture, format=kind.name, folder=folder)
        medium = folder / variants.file_name("medium", variants.KEPT["medium"])
        model = serving_model(lib.db, lib.models)
        if model is not None and lib.models.can_embed_text(model):
            try:
                vector = lib.models.see([medium], PATIENCE)[0].vector
                return Likeness(_by_vector(lib, owner_id, model, vector, count))
            except TryLater:
                pass
        measured = lib.decoders.run("measure", path=medium)
        looks = _Looks(0, bytes.fromhex(measured["hash"]) if measured["hash"] else None, dict(measured["colours"]))
        return Likeness(_by_looks(lib, owner_id, looks, count), WITHOUT_MODEL)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _by_vector(
    lib: Library, owner_id: int, model: str, vector: np.ndarray, count: int, without: int = 0
) -> list[tuple[Tile, float]]:
    sample = [tile.id for tile in scopes.page(lib.db, owner_id, size=SAMPLE).photos if tile.id != without]
    _, usual = lib.vectors.cosines(lib.db, model, vector, sample)
    least = float(usual.mean() + DEVIATIONS * usual.std()) if len(usual) > 10 else 0.0
    ids, cosines = lib.vectors.search(lib.db, model, vector, count + 1, owner_id)
    near = {
        int(photo_id): float(cosine)
        for photo_id, cosine in zip(ids, cosines, strict=True)
        if photo_id != without and cosine >= least
    }
    return [(tile, round(max(0.0, near[tile.id]), 4)) for tile in catalog.tiles(lib.db, list(near)[:count])]


@dataclass(frozen=True)
class _Looks:
    photo_id: int
    hash: bytes | None
    colours: dict[str, float]


def _looks(lib: Library, owner_id: int, photo_ids: Sequence[int] | None = None) -> list[_Looks]:
    """Hash and colours of these photos, or of the owner's newest."""
    which = "and photos.id in (select value from json_each(?))" if photo_ids is not None else "and is_listed = 1"
    rows = lib.db.conn.execute(
        f"""select photos.id, hash, colours from photos join measures on measures.photo_id = photos.id
            where owner_id = ? {which} order by shown_at desc limit {MOST_COMPARED}""",
        (owner_id, *([json.dumps(list(photo_ids))] if photo_ids is not None else [])),
    )
    return [_Looks(photo_id, stored, dict(json.loads(colours or "[]"))) for photo_id, stored, colours in rows]


def _by_looks(lib: Library, owner_id: int, wanted: _Looks, count: int, without: int = 0) -> list[tuple[Tile, float]]:
    alike = {
        other.photo_id: like
        for other in _looks(lib, owner_id)
        if other.photo_id != without and (like := _alike(wanted, other)) >= ENOUGH_ALIKE
    }
    best = sorted(alike, key=lambda photo_id: (-alike[photo_id], -photo_id))[:count]
    return [(tile, round(alike[tile.id], 4)) for tile in catalog.tiles(lib.db, best)]


def _alike(one: _Looks, other: _Looks) -> float:
    """1 for the same hash; else up to 0.5 for near hashes and up to 0.5 for the share of the picture with the same colours."""
    shared = sum(min(share, other.colours.get(name, 0.0)) for name, share in one.colours.items())
    if one.hash is None or other.hash is None:
        return 0.5 * shared
    apart = (int.from_bytes(one.hash, "big") ^ int.from_bytes(other.hash, "big")).bit_count()
    return 1.0 if apart == 0 else max(0.0, 0.5 * (1 - apart / BITS_APART)) + 0.5 * shared
