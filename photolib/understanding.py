"""The second half of the way in: what a photo shows, who is on it, where it was. Each function is one of ingest's STEPS.

They only enrich: a photo is in the timeline before any of them ran, and stays there when one fails. Those that need a model are
passed over while their ability is off, and made up for by back-fill when it is on again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from photolib import appearance, catalog, duplicates, faces, jobs, labels, places, understood, variants
from photolib.catalog import Photo
from photolib.db import Write, write
from photolib.library import Library
from photolib.ports import EMBED, FACES, TEXT
from photolib.sources import now

log = logging.getLogger(__name__)

PLACE = "place"
MEASURE = "measure"
LOOKING = (PLACE, MEASURE, EMBED, FACES, TEXT)  # steps that are done once for a photo by each version


AROUND = timedelta(hours=1)  # how far from a photo without a position another one's still tells something
ALONE = timedelta(minutes=15)  # and when there is only one, or the one before and the one after are at different places
AGREE_KM = 3.0  # an hour's walk through a town; whoever was farther away in the meantime came back


def place(lib: Library, photos: list[Photo]) -> Write:
    """Country, region and city of a photo; where it has no position, one is estimated from the same camera's photos around it."""
    positions = {photo.id: _position(lib, photo) for photo in photos}
    known = [position for position in positions.values() if position is not None]
    named = dict(zip(known, places.gazetteer().places([(at[0], at[1]) for at in known]), strict=True)) if known else {}

    def write_down(db: Database) -> None:
        for photo in photos:
            at, before = positions[photo.id], understood.place(db, photo.id)
            now_known = at and _placed(named[at], *at)
            understood.keep_place(db, photo.id, now_known)
            understood.mark(db, photo.id, PLACE, places.VERSION)
            if _fixed(before) != _fixed(now_known):
                jobs.enqueue(db, PLACE, _estimated_from(db, photo), jobs.BACKFILL)

    return write_down


def _position(lib: Library, photo: Photo) -> tuple[float, float, bool] | None:
    """Latitude, longitude, and whether they are an estimate."""
    if photo.latitude is not None and photo.longitude is not None:
        return photo.latitude, photo.longitude, False
    if photo.model is None or photo.taken_at_source == "file time":
        return None
    before, after = understood.fixes_around(lib.db, photo, *around(photo.taken_at))
    near = [fix for fix in (before, after) if fix is not None]
    if not near:
        return None
    nearest = min(near, key=lambda fix: _apart(photo, fix))
    do_agree = before is not None and after is not None and _km_between(before, after) <= AGREE_KM
    if do_agree or _apart(photo, nearest) <= ALONE:
        return nearest.latitude, nearest.longitude, True
    return None


def _placed(place: places.Place | None, latitude: float, longitude: float, is_estimate: bool) -> understood.PhotoPlace:
    if place is None:
        return understood.PhotoPlace(None, None, None, None, latitude, longitude, is_estimate)
    return understood.PhotoPlace(
        place.country_code, place.country, place.region, place.city, latitude, longitude, is_estimate
    )


def _fixed(place: understood.PhotoPlace | None) -> tuple[float, float] | None:
    """The position others' estimates may be made from."""
    return None if place is None or place.is_estimate else (place.latitude, place.longitude)


def _estimated_from(db: Database, photo: Photo) -> list[int]:
    """Photos whose estimate may be another one now that this one's position has changed: those up to the next position on
    either side. Estimates are made from positions only, never from estimates, so this ends there."""
    if photo.model is None or photo.taken_at_source == "file time":
        return []
    first, last = around(photo.taken_at)
    before, after = understood.fixes_around(db, photo, first, last)
    return understood.without_fix(db, photo, before.taken_at if before else first, after.taken_at if after else last)


def around(taken_at: str) -> tuple[str, str]:
    """The hour before and after a moment, cut off where the calendar ends."""
    moment = datetime.fromisoformat(taken_at)
    first = moment - AROUND if moment - datetime.min > AROUND else datetime.min
    last = moment + AROUND if datetime.max - moment > AROUND else datetime.max
    return first.isoformat(timespec="milliseconds"), last.isoformat(timespec="milliseconds")


def _apart(photo: Photo, fix: understood.Fix) -> timedelta:
    return abs(datetime.fromisoformat(photo.taken_at) - datetime.fromisoformat(fix.taken_at))


def _km_between(one: understood.Fix, other: understood.Fix) -> float:
    return float(places.kilometres(one.latitude, one.longitude, other.latitude, other.longitude))


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


def stack(lib: Library, photos: list[Photo]) -> Write:
    """Near-identical photos and bursts get together: by hash and time, and by what the embedding says where there is one."""
    kin = {photo.id: duplicates.alike(lib.db, photo.id) for photo in photos}

    def write_down(db: Database) -> None:
        for photo_id, found in kin.items():
            duplicates.stack(db, photo_id, found)

    return write_down


def find_faces(lib: Library, photos: list[Photo]) -> Write:
    """Faces, whom the file says they are, and the people they belong to. It is also done again for a photo when a person has
    said something about its faces: then only who is near them is looked for anew."""
    looked = _look(lib, FACES, photos, _find_faces)
    with lib.face_vectors.lock:
        faces.catch_up(lib.db, lib.face_vectors)

    def write_down(db: Database) -> None:
        looked(db)
        for photo in photos:
            faces.name_by_regions(db, photo.id)
            faces.settle(db, lib.face_vectors, photo.id)
            understood.settle_kind(db, photo.id)

    return write_down


def _find_faces(lib: Library, photos: list[Photo], model: str) -> list[Write]:
    def written(photo: Photo) -> Write:
        found = lib.models.find_faces(picture(lib, photo), picture(lib, photo, "large"))
        return lambda db: faces.keep_found(db, photo.id, model, found)

    return [written(photo) for photo in photos]


def read_text(lib: Library, photos: list[Photo]) -> Write:
    """The text in a picture, a video's poster frame included."""
    return _look(lib, TEXT, photos, _read_text)


def _read_text(lib: Library, photos: list[Photo], _model: str) -> list[Write]:
    def written(photo: Photo) -> Write:
        lines = lib.models.read_text(picture(lib, photo), picture(lib, photo, "large"))
        return lambda db: understood.keep_text(db, photo.id, lines)

    return [written(photo) for photo in photos]


def picture(lib: Library, photo: Photo, size: str = "medium") -> Path:
    """The kept variant of a photo that models look at: upright, sRGB, 800 pixels on its longest side (large: 2048).

    One that is gone, as when somebody has emptied the folder, is made again.
    """
    home = variants.path(lib.variants, photo.key, size, variants.KEPT[size])
    if not home.exists():
        with lib.originals.as_file(photo.key) as original:
            lib.decoders.run(
                "render", folder=home.parent, size=size, form=variants.KEPT[size], path=original, format=photo.format
            )
    return home


def version(lib: Library, step: str) -> str | None:
    """What would do this step now; None when nothing can."""
    if step == PLACE:
        return places.VERSION
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
