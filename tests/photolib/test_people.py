"""Which faces belong together: what holds whatever arrives, in whatever order."""

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.people import (
    GOOD,
    JOIN,
    NEAREST,
    REACH,
    Around,
    Face,
    FaceVectors,
    confidence,
    distances,
    evidence,
    linkage,
    matched,
    place,
    whisper,
)  # fmt: skip
from photolib.ports import Box


def face(
    number: int, at: float = 0.0, photo: int | None = None, quality: float = 0.9, person: int | None = None
) -> Face:
    """A face on a line: two at 0.1 and 0.4 are 0.3 apart."""
    vector = np.zeros(128, np.float32)
    vector[0] = at
    return Face(number, photo or number, vector, quality, person)


def placed(*faces: Face, **known: object) -> object:
    return place([each for each in faces if each.person_id is None], Around(list(faces), **known))  # type: ignore[arg-type]


def test_two_like_faces_in_two_photos_are_a_new_person() -> None:
    assert placed(face(1), face(2, 0.3)).groups == [[1, 2]]


def test_a_face_alone_is_nobody_yet() -> None:
    result = placed(face(1), face(2, 0.7))
    assert (result.groups, result.joined) == ([], {})


def test_a_face_joins_the_nearest_person() -> None:
    result = placed(
        face(1, 0.0, person=7), face(2, 0.1, person=7), face(3, 0.5, person=8), face(4, 0.6, person=8), face(5, 0.2),
        sizes={7: 2, 8: 2},
    )  # fmt: skip
    assert result.joined == {5: (7, confidence(0.15))}


def test_nobody_is_put_into_a_photo_twice() -> None:
    result = placed(face(1, 0.0, person=7), face(2, 0.1, photo=9), face(3, 0.2, photo=9), sizes={7: 1})
    assert set(result.joined) == {2}
    result = placed(face(1, 0.0, person=7), face(2, 0.1, photo=9), sizes={7: 1}, present={(9, 7)})
    assert not result.joined


def test_not_her_is_never_her_again() -> None:
    result = placed(face(1, 0.0, person=7), face(2, 0.1), sizes={7: 1}, forbidden={(2, 7)})
    assert (result.joined, result.maybe) == ({}, {})


def test_poor_faces_neither_found_a_person_nor_speak_for_one() -> None:
    assert not placed(face(1, quality=0.3), face(2, 0.1, quality=0.3)).groups
    assert not placed(face(1, quality=0.3, person=7), face(2, 0.1), sizes={7: 1}).joined


def test_a_poor_face_joins_only_from_very_near() -> None:
    assert placed(face(1, person=7), face(2, 0.3, quality=0.3), sizes={7: 1}).joined
    assert not placed(face(1, person=7), face(2, 0.45, quality=0.3), sizes={7: 1}).joined


def test_what_is_in_reach_but_not_near_is_a_question() -> None:
    result = placed(face(1, 0.0, person=7), face(2, 0.55), sizes={7: 1})
    assert result.joined == {}
    assert result.maybe == {2: (7, confidence(0.55))}


def test_one_look_alike_among_many_faces_of_a_person_is_not_enough() -> None:
    assert not placed(face(1, 0.0, person=7), face(2, 0.3), sizes={7: 300}).joined


def test_a_face_between_two_named_people_is_a_question() -> None:
    faces = [face(1, 0.0, person=7), face(2, 0.81, person=8), face(3, 0.4)]
    assert not placed(*faces, sizes={7: 1, 8: 1}, named={7, 8}).joined
    assert placed(*faces, sizes={7: 1, 8: 1}, named={7}).joined == {3: (7, confidence(0.4))}


def test_a_good_face_near_two_people_ties_them_together_and_a_poor_one_does_not() -> None:
    around = {"sizes": {7: 1, 8: 1}}
    assert placed(face(1, 0.0, person=7), face(2, 0.5, person=8), face(3, 0.2), **around).bridges == {(7, 8)}
    assert not placed(face(1, 0.0, person=7), face(2, 0.5, person=8), face(3, 0.2, quality=0.3), **around).bridges


def test_whoever_joins_speaks_for_those_after_them() -> None:
    """A chain of small steps: each link is near the last one, the end far from the beginning."""
    result = placed(
        face(1, 0.0, person=7), face(2, 0.0, person=7), *(face(3 + n, 0.1 * n) for n in range(5)), sizes={7: 2}
    )
    assert set(result.joined) == {3, 4, 5, 6, 7}


PEOPLE = np.eye(128, dtype=np.float32)[:6] * 0.55  # 0.78 apart

shots = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.2, 0.6, 1.0])), min_size=1, max_size=4),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(shots, st.integers(0, 2**32 - 1))
def test_photos_in_any_order_never_break_a_promise(shown: list[list[tuple[int, float]]], seed: int) -> None:
    """People as they come, twins and the same one twice in a photo among them; some faces are denied to people at random."""
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    who: dict[int, int] = {}
    everyone: list[Face] = []
    forbidden: set[tuple[int, int]] = set()
    people = 0
    numbers = list(range(len(shown)))
    chance.shuffle(numbers)
    for photo in numbers:
        for person, quality in shown[photo]:
            vector = PEOPLE[person] + noise.normal(size=128).astype(np.float32) * chance.choice((0.01, 0.02, 0.035))
            everyone.append(Face(len(everyone) + 1, photo + 1, vector, quality))
        now = [Face(each.id, each.photo_id, each.vector, each.quality, who.get(each.id)) for each in everyone]
        sizes: dict[int, int] = defaultdict(int)
        for each in now:
            if each.person_id is not None:
                sizes[each.person_id] += each.is_good
        present = {(each.photo_id, each.person_id) for each in now if each.person_id is not None}
        forbidden |= {
            (each.id, chance.randint(1, 4)) for each in now if each.person_id is None and chance.random() < 0.3
        }
        result = place([each for each in now if each.person_id is None], Around(now, sizes, present, forbidden))

        assert not set(result.joined) & set(who), "who was placed stays"
        for face_id, (person, sure) in result.joined.items():
            assert (face_id, person) not in forbidden
            assert 0.5 < sure <= 1
            who[face_id] = person
        for group in result.groups:
            people += 1
            assert sum(everyone[each - 1].quality >= GOOD for each in group) >= 2
            who.update(dict.fromkeys(group, people))
        assert all((face_id, person) not in forbidden for face_id, (person, _) in result.maybe.items())
        seen = [(everyone[face_id - 1].photo_id, person) for face_id, person in who.items()]
        assert len(seen) == len(set(seen)), "nobody twice in a photo"


def test_the_same_faces_give_the_same_groups() -> None:
    noise = np.random.default_rng(3)
    faces = [Face(n, n, PEOPLE[n % 3] + noise.normal(size=128).astype(np.float32) * 0.02, 0.9) for n in range(1, 31)]
    groups = place(faces, Around(faces)).groups
    assert groups == place(faces, Around(faces[::-1])).groups
    assert sorted(map(len, groups)) == [10, 10, 10]


def test_whispers_stay_apart_where_one_photo_shows_both() -> None:
    apart = np.array([[0, 0.1, 0.9], [0.1, 0, 0.9], [0.9, 0.9, 0]], np.float32)
    assert len(set(whisper(apart, 0.45, np.array([1, 2, 3])))) == 2
    assert len(set(whisper(apart, 0.45, np.array([1, 1, 3])))) == 3


def test_evidence_counts_missing_faces_as_out_of_reach() -> None:
    assert evidence([0.3], 1) == pytest.approx(0.3)
    assert evidence([0.3], 10) == pytest.approx((0.3 + (NEAREST - 1) * REACH) / NEAREST)
    assert confidence(REACH) == 0.5 < confidence(JOIN) < confidence(0.3)


def test_one_face_between_two_groups_does_not_bring_them_nearer() -> None:
    some, others = np.zeros((3, 128), np.float32), np.zeros((2, 128), np.float32)
    some[2, 0], others[:, 0] = 0.25, 0.5
    assert linkage(some, others) == pytest.approx(0.5)


def test_boxes_are_matched_best_first_and_once() -> None:
    boxes = [Box(0.1, 0.1, 0.2, 0.2), Box(0.11, 0.1, 0.2, 0.2)]
    assert matched(boxes, [Box(0.1, 0.1, 0.2, 0.2)], 0.4) == {0: 0}
    assert matched(boxes, [Box(0.7, 0.7, 0.2, 0.2)], 0.4) == {}


def test_the_vectors_in_memory_find_what_comparing_all_would() -> None:
    noise = np.random.default_rng(5)
    kept = (noise.normal(size=(1000, 128)) * 0.05).astype(np.float32)
    vectors = FaceVectors()
    for number, vector in enumerate(kept, 1):
        vectors.keep("one", number, vector)
        vectors.keep("other", number, vector + 0.001)
    vectors.keep("one", 1, kept[999])  # it has another vector now
    kept[0] = kept[999]
    asked = kept[500:503] + 0.01
    near = vectors.near("one", asked, 0.7, 50)
    for row, found in zip(distances(asked, kept), near, strict=True):
        expected = [number + 1 for number in np.argsort(row, kind="stable") if row[number] < 0.7][:50]
        assert sorted(number for _, number in found) == sorted(expected)
        assert found == sorted(found)
    assert vectors.near("nobody's", asked, 0.7, 50) == [[], [], []]
