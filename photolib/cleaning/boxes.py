"""Boxes of ISO base media files (ISO 14496-12) whose content goes while nothing moves: offsets in other boxes stay true."""

from collections.abc import Collection, Iterator

import numpy as np

from photolib.cleaning.pieces import Blank, CannotClean, Patch, Source
from photolib.metadata import containers
from photolib.metadata.containers import Box

Ranges = list[tuple[int, int]]  # start and end of stretches of the file
MOST_BOXES = containers.PARTS - 1


def children(source: Source, start: int, end: int) -> list[Box]:
    """The boxes between two places. Raises CannotClean for more than are ever looked at."""
    found = list(containers.boxes(source.file, start, end))  # type: ignore[arg-type]
    if len(found) > MOST_BOXES:
        raise CannotClean("The file has too many parts.")
    return found


def blank(box: Box) -> list[Patch]:
    """A box as free space of the same size: its kind and its content are written over."""
    return [(box.start + 4, b"free"), (box.body, Blank(box.end - box.body))]


def keep_only(source: Source, start: int, end: int, kinds: Collection[bytes]) -> tuple[list[Box], list[Patch]]:
    """The boxes of these kinds between two places, and the patches that blank all others and what follows the last."""
    kept: list[Box] = []
    patches: list[Patch] = []
    last = start
    for box in children(source, start, end):
        last = box.end
        if box.kind in kinds:
            kept.append(box)
        else:
            patches += blank(box)
    if last < end:
        patches.append((last, Blank(end - last)))
    return kept, patches


def content(source: Source, box: Box, limit: int = 32 << 20) -> bytes:
    """Raises CannotClean for a box that is far too large."""
    if box.end - box.body > limit:
        raise CannotClean("A table of the file is far too large.")
    return source.exactly(box.body, box.end - box.body)


def merged(ranges: np.ndarray) -> np.ndarray:
    """Rows of start and end, in order, those that touch or lie in each other made one."""
    ranges = ranges[ranges[:, 1] > ranges[:, 0]]
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    if not len(ranges):
        return ranges
    furthest = np.maximum.accumulate(ranges[:, 1])
    begins = np.concatenate(([True], ranges[1:, 0] > furthest[:-1]))
    first = np.flatnonzero(begins)
    return np.column_stack((ranges[first, 0], furthest[np.concatenate((first[1:] - 1, [len(ranges) - 1]))]))


def blank_outside(box: Box, kept: np.ndarray) -> Iterator[Patch]:
    """What of a box's content lies in none of these merged ranges."""
    place = box.body
    low = int(np.searchsorted(kept[:, 1], box.body, side="right")) if len(kept) else 0
    for start, end in kept[low:].tolist():
        if start >= box.end:
            break
        if start > place:
            yield place, Blank(start - place)
        place = max(place, end)
    if place < box.end:
        yield place, Blank(box.end - place)
