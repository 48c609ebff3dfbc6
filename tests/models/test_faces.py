"""The real face model on the shared photos: whom it finds, whom it takes for whom, and what it must never take for a face."""

import csv
import itertools
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from photolib.people import PAIR, Around, Face, place
from photolib.ports import FaceFinder, FoundFace
from tests.conftest import SHARED

pytest.importorskip("face_recognition_models")

LONGEST = 800
FEW = 3


@dataclass(frozen=True)
class Album:
    """The faces found on each photo of a folder, and who is on it."""

    found: dict[str, list[FoundFace]]
    people: dict[str, set[str]]


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    from models.faces import FaceRecognition

    return FaceRecognition()


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        image.draft("RGB", (LONGEST, LONGEST))
        small = image.convert("RGB")
        small.thumbnail((LONGEST, LONGEST))
        return np.asarray(small)


@pytest.fixture(scope="module")
def album(finder: FaceFinder) -> Album:
    if not (SHARED / "photos" / "people.csv").is_file():
        pytest.skip("the shared photos are missing")
    people: dict[str, set[str]] = defaultdict(set)
    with (SHARED / "photos" / "people.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["path"].startswith("people/"):
                people[row["path"]].add(row["person"])
    count: Counter[str] = Counter()
    for path in sorted(people):  # the first few photos of each person: every one takes a fifth of a second
        count.update(people[path])
        if min(count[name] for name in people[path]) > FEW:
            del people[path]
    return Album({path: finder.find(picture(SHARED / "photos" / path)) for path in people}, dict(people))


def test_most_people_are_found(album: Album) -> None:
    """The rest are small, turned away or half hidden: what this detector does not find."""
    found = sum(bool(faces) for faces in album.found.values())
    assert found >= 0.8 * len(album.found)


def test_whoever_is_taken_for_one_person_is_one(album: Album) -> None:
    """Pairs of photos of which each shows one known person and one face: in three orders, at least 97 % of those put together are right."""
    alone = [path for path, people in album.people.items() if len(people) == 1 and len(album.found[path]) == 1]
    right = wrong = missed = 0
    for seed in range(3):
        order = sorted(album.found)
        random.Random(seed).shuffle(order)
        who = grouped([album.found[path] for path in order])
        person = {path: who.get((number, 0)) for number, path in enumerate(order)}
        for one, other in itertools.combinations(alone, 2):
            are_put_together = person[one] is not None and person[one] == person[other]
            are_one = album.people[one] == album.people[other]
            right += are_put_together and are_one
            wrong += are_put_together and not are_one
            missed += are_one and not are_put_together
        for number, path in enumerate(order):
            here = [who[number, n] for n in range(len(album.found[path])) if (number, n) in who]
            assert len(here) == len(set(here)), f"somebody is twice in {path}"
    assert right / (right + wrong) >= 0.97
    assert right / (right + missed) >= 0.6


def grouped(photos: list[list[FoundFace]]) -> dict[tuple[int, int], int]:
    """(photo, face) -> person, as faces arrive photo by photo."""
    faces: list[Face] = []
    where: list[tuple[int, int]] = []
    who: dict[int, int] = {}
    people = 0
    for number, found in enumerate(photos):
        for at, each in enumerate(found):
            where.append((number, at))
            faces.append(Face(len(where), number + 1, each.vector, each.quality))
        now = [Face(each.id, each.photo_id, each.vector, each.quality, who.get(each.id)) for each in faces]
        sizes: dict[int, int] = defaultdict(int)
        for each in now:
            if each.person_id is not None:
                sizes[each.person_id] += each.is_good
        present = {(each.photo_id, each.person_id) for each in now if each.person_id is not None}
        result = place([each for each in now if each.person_id is None], Around(now, sizes, present))
        who.update({face_id: person for face_id, (person, _) in result.joined.items()})
        for group in result.groups:
            people += 1
            who.update(dict.fromkeys(group, people))
    return {where[face_id - 1]: person for face_id, person in who.items()}


def test_turned_pictures_give_the_same_face_in_the_same_place(finder: FaceFinder, album: Album) -> None:
    path = "people/Family1-Mom1.jpg"
    image, [upright] = picture(SHARED / "photos" / path), album.found[path]
    [turned] = finder.find(np.ascontiguousarray(np.rot90(image)))  # what was right is on top now
    box = upright.box
    assert turned.box.x == pytest.approx(box.y, abs=0.05)
    assert turned.box.y == pytest.approx(1 - box.x - box.w, abs=0.05)
    assert np.linalg.norm(turned.vector - upright.vector) < PAIR


def test_a_small_face_is_found_in_the_larger_picture(finder: FaceFinder, album: Album) -> None:
    """A face of 50 pixels in the picture that is looked at first."""
    path = "people/Family1-Mom1.jpg"
    small = Image.fromarray(picture(SHARED / "photos" / path))
    large = Image.new("RGB", (1600, 1200), "grey")
    large.paste(small, (200, 300))
    [face] = finder.find(np.asarray(large.resize((800, 600))), np.asarray(large))
    assert face.box.x == pytest.approx((200 + album.found[path][0].box.x * small.width) / 1600, abs=0.03)
    assert np.linalg.norm(face.vector - album.found[path][0].vector) < PAIR


@pytest.mark.parametrize("size", [(800, 600), (1, 1), (3, 800), (40, 40)])
def test_a_picture_without_anybody_has_no_faces(finder: FaceFinder, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    assert finder.find(noise) == []


def test_quality_is_worse_for_small_blurred_and_turned_faces() -> None:
    from models.faces import frontality, quality

    best = quality(150, 200, 1.5, 1)
    assert best == 1
    for worse in (
        quality(40, 200, 1.5, 1),
        quality(150, 10, 1.5, 1),
        quality(150, 200, 0.3, 1),
        quality(150, 200, 1.5, 0.1),
    ):
        assert 0 < worse < best
    eyes = [(0, 0), (2, 0), (8, 0), (10, 0)]
    assert frontality(np.array([*eyes, (5, 5)], float)) == 1
    assert frontality(np.array([*eyes, (1, 5)], float)) == 0
    assert frontality(np.zeros((5, 2))) == 0


def test_pillow_still_refuses_truncated_files(finder: FaceFinder) -> None:
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_missing_weights_are_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """face_recognition prints and ends the process when it misses them."""
    import sys

    from models.faces import FaceRecognition

    for name in [each for each in sys.modules if each.partition(".")[0] == "face_recognition"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "face_recognition_models", None)
    with pytest.raises(ImportError, match="weights"):
        FaceRecognition()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
