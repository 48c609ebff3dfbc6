"""Which faces belong together: vectors in, groups out. No database; faces.py asks and writes down.

A face is compared only with the faces near it, so that one more photo costs the same in a large library as in a small one.
Distances are Euclidean, between dlib's 128 numbers: 0.6 tells two people apart in 99.38 % of the pairs of Labeled Faces in
the Wild (dlib.net, 2017). A family holds far more pairs than a test, and relatives, so what is joined has to be nearer.
"""

import threading
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from photolib.ports import Box

REACH = 0.6  # dlib's threshold: what lies beyond is no evidence at all
# Chosen on half of the people of the shared photos for the most pairs found at a precision of at least 0.97 (there up to 0.54
# is free of errors), one step stricter because a family's library is larger; then checked on the other half.
JOIN = 0.52  # a face joins a person whose nearest faces are, in the mean, nearer than this
PAIR = 0.45  # two faces begin a person when they are nearer than this
MERGE = 0.5  # two groups are one when half of the pairs between them are nearer than this
POOR = 0.4  # the same for a face too poor to be trusted
GOOD = 0.5  # quality from which a face may found a person or speak for one
NEAREST = 3  # of a person's faces have a say
SHARE = 0.1  # of a person's faces have to be in reach: of one's own 93 % are, of somebody else's 0.7 %
MARGIN = 0.03  # where two named people are as near as that to each other, a face between them is a question
ROUNDS = 10
SPOKEN_FOR = 30  # faces of a person at most that one is compared with


@dataclass(frozen=True)
class Face:
    """A face with its vector (float32, 128). person_id: None while nobody knows."""

    id: int
    photo_id: int
    vector: np.ndarray
    quality: float
    person_id: int | None = None

    @property
    def is_good(self) -> bool:
        return self.quality >= GOOD


@dataclass
class Around:
    """What has to be known to place some faces: the faces near them, and what holds for the people these belong to.

    sizes: how many good faces each person has, near or far. present: (photo, person) where a person is already. forbidden:
    (face, person) that a person denied. named: people with a name.
    """

    faces: list[Face]
    sizes: dict[int, int] = field(default_factory=dict)
    present: set[tuple[int, int]] = field(default_factory=set)
    forbidden: set[tuple[int, int]] = field(default_factory=set)
    named: set[int] = field(default_factory=set)


@dataclass
class Placement:
    """What follows. joined: face -> (person, confidence). groups: faces that are a new person. maybe: face -> (person,
    confidence), a question. bridges: pairs of people whom one good face ties together, the lower id first."""

    joined: dict[int, tuple[int, float]] = field(default_factory=dict)
    groups: list[list[int]] = field(default_factory=list)
    maybe: dict[int, tuple[int, float]] = field(default_factory=dict)
    bridges: set[tuple[int, int]] = field(default_factory=set)


def distances(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Euclidean, float32 of shape (vectors, others)."""
    square = (vectors**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2 * (vectors @ others.T)
    return np.sqrt(np.maximum(square, 0))


def confidence(distance: float) -> float:
    """How sure it is that a distance is one within a person: one half at dlib's threshold, 0.88 at 0.5, 0.98 at 0.4."""
    return round(float(1 / (1 + np.exp((distance - REACH) / 0.05))), 3)


def evidence(near: Iterable[float], size: int) -> float:
    """The mean distance to the nearest faces of a person who has `size` good ones; those out of reach count as just there."""
    counted = min(NEAREST, max(1, size))
    nearest = sorted(near)[:counted]
    return (sum(nearest) + REACH * (counted - len(nearest))) / counted


def place(faces: Sequence[Face], around: Around) -> Placement:
    """Put faces that have no person to the people near them, or together as new people.

    Never puts a person twice into a photo and never where it was forbidden. Poor faces join, but speak for nobody: they
    neither found a person nor tie two together.
    """
    known = {face.id: face for face in (*around.faces, *faces)}
    everyone = sorted(known.values(), key=lambda face: face.id)
    if not everyone or not faces:
        return Placement()
    vectors = np.stack([face.vector for face in everyone])
    apart = distances(vectors, vectors)
    return _Placing(everyone, apart, {face.id for face in faces}, around).run()


class _Placing:
    """The state of one call of place()."""

    def __init__(self, faces: list[Face], apart: np.ndarray, wanted: set[int], around: Around) -> None:
        self.faces, self.apart, self.around = faces, apart, around
        self.wanted = wanted
        self.person = [face.person_id for face in faces]
        self.sizes = defaultdict(int, around.sizes)
        self.present = set(around.present)
        self.result = Placement()
        self.new = -1  # people who are about to be made, until the database gives them an id
        self.made: dict[int, list[int]] = {}

    def run(self) -> Placement:
        for _ in range(ROUNDS):
            if not (self._join() or self._found()):
                break
        self._ask()
        self.result.groups = [[self.faces[each].id for each in group] for group in self.made.values()]
        return self.result

    def _open(self) -> list[int]:
        return [at for at, face in enumerate(self.faces) if self.person[at] is None and face.id in self.wanted]

    def _candidates(self, at: int) -> list[tuple[float, int]]:
        """(evidence, person), the nearest first, of everybody a face may be."""
        near = defaultdict(list)
        for other in np.nonzero(self.apart[at] < REACH)[0]:
            person = self.person[other]
            if person is not None and other != at and self.faces[other].is_good:
                near[person].append(float(self.apart[at, other]))
        face = self.faces[at]
        return sorted(
            (evidence(found, self.sizes[person]), person)
            for person, found in near.items()
            if (face.id, person) not in self.around.forbidden
            and (face.photo_id, person) not in self.present
            and len(found) >= min(SHARE * self.sizes[person], SPOKEN_FOR)
        )

    def _join(self) -> bool:
        """The best fitting face joins, then the next; whoever came may speak for those after them."""
        any_joined = False
        while True:
            fits = []
            for at in self._open():
                found = self._candidates(at)
                limit = JOIN if self.faces[at].is_good else POOR
                if found and found[0][0] < limit and not self._is_between(found):
                    fits.append((found[0][0], self.faces[at].id, at, found[0][1]))
            if not fits:
                return any_joined
            taken: set[int] = set()  # one face for each person, then look again
            for distance, _, at, person in sorted(fits):
                if person not in taken:
                    taken.add(person)
                    self._put(at, person, confidence(distance))
                    any_joined = True

    def _is_between(self, found: list[tuple[float, int]]) -> bool:
        named = [each for each in found[:2] if each[1] in self.around.named]
        return len(named) == 2 and named[1][0] - named[0][0] < MARGIN

    def _put(self, at: int, person: int, sure: float) -> None:
        face = self.faces[at]
        if face.is_good:
            if person > 0:
                for distance, other in self._candidates(at):
                    if other != person and other > 0 and distance < JOIN:
                        self.result.bridges.add((min(person, other), max(person, other)))
            self.sizes[person] += 1
        self.person[at] = person
        self.present.add((face.photo_id, person))
        if person > 0:
            self.result.joined[face.id] = (person, sure)
        else:
            self.made[person].append(at)

    def _found(self) -> bool:
        """New people, of good faces in more than one photo."""
        open_ones = [at for at, face in enumerate(self.faces) if self.person[at] is None and face.is_good]
        if not any(self.faces[at].id in self.wanted for at in open_ones):
            return False
        part = self.apart[np.ix_(open_ones, open_ones)]
        photos = np.array([self.faces[at].photo_id for at in open_ones])
        names = whisper(part, PAIR, photos)
        any_founded = False
        for name in np.unique(names):
            members = one_a_photo(np.nonzero(names == name)[0], part, photos)
            chosen = [open_ones[each] for each in members]
            if len(chosen) > 1 and any(self.faces[at].id in self.wanted for at in chosen):
                self.made[self.new] = []
                for at in chosen:
                    self._put(at, self.new, 1.0)
                self.new -= 1
                any_founded = True
        return any_founded

    def _ask(self) -> None:
        for at in self._open():
            if not self.faces[at].is_good:
                continue
            for distance, person in self._candidates(at):
                if person > 0 and distance < REACH:
                    self.result.maybe[self.faces[at].id] = (person, confidence(distance))
                    break


def whisper(apart: np.ndarray, limit: float, photos: np.ndarray, rounds: int = 20) -> np.ndarray:
    """Chinese whispers (Biemann 2006): each face takes the name that the faces near it say loudest, until nobody changes.

    apart: float (n, n). Faces of one photo do not listen to each other. Returns a name (int) for each face. The order is
    that of the rows, not a random one, so that the same faces give the same groups.
    """
    close = (apart < limit) & (photos[:, None] != photos[None])
    weights = np.where(close, np.maximum(0, limit - apart) + 1e-6, 0)
    names = np.arange(len(apart))
    for _ in range(rounds):
        is_quiet = True
        for each in range(len(names)):
            listeners = np.nonzero(close[each])[0]
            if len(listeners) == 0:
                continue
            loudness = np.bincount(names[listeners], weights=weights[each, listeners])
            loudest = int(np.argmax(loudness))
            if names[each] >= len(loudness) or loudness[names[each]] < loudness[loudest]:
                names[each] = loudest
                is_quiet = False
        if is_quiet:
            break
    return names


def one_a_photo(members: np.ndarray, apart: np.ndarray, photos: np.ndarray) -> list[int]:
    """The members without all but the most central of each photo."""
    central = apart[np.ix_(members, members)].mean(axis=1)
    best: dict[int, tuple[float, int]] = {}
    for member, mean in zip(members, central, strict=True):
        photo = int(photos[member])
        best[photo] = min(best.get(photo, (np.inf, -1)), (float(mean), int(member)))
    return sorted(member for _, member in best.values())


def linkage(some: np.ndarray, others: np.ndarray) -> float:
    """How far two groups are apart: half of the pairs between them are nearer. Float arrays of shape (n, 128).

    Not the mean, which the one face that ties them together would bring down.
    """
    return float(np.median(distances(some, others)))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.w * one.h + other.w * other.h - both)


def matched(boxes: Sequence[Box], others: Sequence[Box], least: float) -> dict[int, int]:
    """Which of the boxes is which of the others, the best overlap first; each at most once."""
    pairs = [(overlap(box, other), i, j) for i, box in enumerate(boxes) for j, other in enumerate(others)]
    found: dict[int, int] = {}
    for share, i, j in sorted(pairs, key=lambda pair: -pair[0]):
        if share >= least and i not in found and j not in found.values():
            found[i] = j
    return found


# Multiplications up to which OpenBLAS keeps to one thread. With several, each small product waits for all of them to wake, which
# on a machine at work took ten times as long.
_ONE_THREAD = 250_000


class FaceVectors:
    """The vectors of faces in memory, to find those near a face: a copy of the database's, 520 bytes a face. Threads share it.

    It may hold a face that is gone or has another vector by now; whoever asks looks at the rows.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.seq = 0  # of photo_changes, up to which it has read
        self._rows: dict[Hashable, dict[int, int]] = {}
        self._ids: dict[Hashable, np.ndarray] = {}
        self._kept: dict[Hashable, np.ndarray] = {}
        self._squares: dict[Hashable, np.ndarray] = {}

    def keep(self, group: Hashable, face_id: int, vector: np.ndarray) -> None:
        """group: faces are compared within one only (one owner's, by one model)."""
        with self.lock:
            rows = self._rows.setdefault(group, {})
            row = rows.setdefault(face_id, len(rows))
            if row >= len(self._ids.get(group, ())):
                size = max(256, 2 * row)
                self._ids[group] = _grown(self._ids.get(group), (size,), np.int64)
                self._kept[group] = _grown(self._kept.get(group), (size, len(vector)), np.float32)
                self._squares[group] = _grown(self._squares.get(group), (size,), np.float32)
            self._ids[group][row], self._kept[group][row] = face_id, vector
            self._squares[group][row] = vector @ vector

    def near(self, group: Hashable, vectors: np.ndarray, reach: float, most: int) -> list[list[tuple[float, int]]]:
        """(distance, face id), the nearest first, at most so many, for each of the vectors (float32, shape (n, 128)).

        Linear in the faces of the group: of 100,000, the first vector takes 4 ms, each further one 1 ms.
        """
        with self.lock:
            count = len(self._rows.get(group, ()))
            if not count:
                return [[] for _ in vectors]
            kept, ids, columns = self._kept[group][:count], self._ids[group][:count], np.ascontiguousarray(vectors.T)
            apart = np.empty((count, len(vectors)), np.float32)
            step = max(64, _ONE_THREAD // columns.size)
            for start in range(0, count, step):
                np.matmul(kept[start : start + step], columns, out=apart[start : start + step])
            apart *= -2
            apart += self._squares[group][:count, None]
            apart += (vectors**2).sum(axis=1)
            found = []
            for column in range(len(vectors)):
                near = np.nonzero(apart[:, column] < reach**2)[0]
                far = np.sqrt(np.maximum(apart[near, column], 0))
                order = np.lexsort((ids[near], far))[:most]
                found.append(list(zip(far[order].tolist(), ids[near][order].tolist(), strict=True)))
        return found


def _grown(array: np.ndarray | None, shape: tuple[int, ...], kind: type) -> np.ndarray:
    larger: np.ndarray = np.zeros(shape, kind)
    if array is not None:
        larger[: len(array)] = array
    return larger
