"""Searching: what is found, in which order, what is not, what is said about it, and that nobody finds what is not theirs."""

import json
import random
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.fake import COLOURS, FakeModels
from photolib import catalog, vectors
from photolib.config import Config
from photolib.db import write
from photolib.errors import BadInput, TryLater
from photolib.library import Library
from photolib.ports import EMBED
from photolib.search import calibration, conditions, documents, engine, facets, ranking
from photolib.search.engine import Results

from .conftest import MODEL, Tell
from .test_grammar import QUERIES


def names(results: Results) -> list[str]:
    return [each.photo.filename for each in results.items]


@pytest.fixture
def colourful(tell: Tell) -> None:
    """Photos of each colour, so that there is something to be far from."""
    for number, colour in enumerate(COLOURS):
        tell(f"{number}.jpg", f"20{number + 10}-01-01T00:00:00", shows=colour)


# ---------------------------------------------------------------- words and meaning


def test_words_find_a_photo_wherever_they_stand(library: Library, tell: Tell, owner_id: int) -> None:
    tell("a.jpg", title="Walking the dog")
    tell("b.jpg", labels=("dog",))
    tell("c.jpg", lines=("Beware of the dog",))
    tell("hotdog.jpg")
    for query in ("a dog", "dogs", "Hunde", "my Hündchen"):
        assert set(names(engine.search(library, owner_id, query))) == {"a.jpg", "b.jpg", "c.jpg"}, query


def test_another_name_of_several_words_finds_it_too(library: Library, tell: Tell, owner_id: int) -> None:
    tell("a.jpg", title="A ride with a sled dog")
    tell("b.jpg", labels=("golden retriever",))
    assert names(engine.search(library, owner_id, "husky")) == ["a.jpg"]
    assert names(engine.search(library, owner_id, "retriever")) == ["b.jpg"]
    assert names(engine.search(library, owner_id, '"golden retriever"')) == ["b.jpg"]


def test_a_colour_is_found_in_either_language(library: Library, tell: Tell, owner_id: int) -> None:
    tell("a.jpg", title="Rote Blume")
    tell("b.jpg", title="a red flower")
    tell("c.jpg", looks={"colours": [["red", 0.5]]}, title="flower")
    tell("d.jpg", title="a blue flower", looks={"colours": [["blue", 0.5]]})
    for query in ("red flower", "roten Blumen"):
        assert set(names(engine.search(library, owner_id, query))[:3]) == {"a.jpg", "b.jpg", "c.jpg"}
    assert names(engine.search(library, owner_id, "flower -rot")) == ["d.jpg"]


def test_what_fits_more_of_the_words_comes_first(library: Library, tell: Tell, owner_id: int) -> None:
    for number in range(20):
        tell(f"{number}.jpg", title="dog")
    tell("best.jpg", title="A brown dog at the beach")
    tell("good.jpg", title="A dog at the beach")
    assert names(engine.search(library, owner_id, "brown dog on the beach"))[:2] == ["best.jpg", "good.jpg"]


def test_meaning_finds_what_no_word_says(library: Library, colourful: None, owner_id: int) -> None:
    results = engine.search(library, owner_id, "something blue")
    assert names(results)[0] == f"{list(COLOURS).index('blue')}.jpg"
    assert results.items[0].why == ("meaning",)
    assert results.total == 1


def test_nonsense_finds_nothing(library: Library, colourful: None, tell: Tell, owner_id: int) -> None:
    tell("a.jpg", title="a flux of words", shows="red")
    for query in ("xqzzv", "quantum capacitor", "the year before last but one", "🂡"):
        results = engine.search(library, owner_id, query)
        assert not results.items, query
        assert results.total == 0


def test_little_of_what_was_asked_is_not_found(library: Library, tell: Tell, owner_id: int) -> None:
    for number in range(50):
        tell(f"{number}.jpg", title="old")
    assert not engine.search(library, owner_id, "old purple elephant dancing tango").items
    assert len(engine.search(library, owner_id, "old").items) == 50


def test_the_settings_weigh_words_against_meaning(config: Config, library: Library, tell: Tell, owner_id: int) -> None:
    tell("word.jpg", title="red")
    tell("meaning.jpg", shows="red")
    for colour in COLOURS:
        tell(shows=colour if colour != "red" else "blue")
    library.config = Config(data_dir=config.data_dir, text_weight=0.8, meaning_weight=0.1)
    assert names(engine.search(library, owner_id, "red"))[:1] == ["word.jpg"]
    library.config = Config(data_dir=config.data_dir, text_weight=0.1, meaning_weight=0.8)
    assert names(engine.search(library, owner_id, "red"))[:1] == ["meaning.jpg"]


def test_of_equals_the_liked_and_the_recent_come_first(library: Library, tell: Tell, owner_id: int) -> None:
    tell("old.jpg", "2001-01-01T00:00:00", title="dog")
    tell("new.jpg", "2025-01-01T00:00:00", title="dog")
    tell("liked.jpg", "2001-01-01T00:00:00", title="dog", hot={"is_favourite": True, "rating": 5})
    tell("undated.jpg", "2026-01-01T00:00:00", title="dog", taken_at_source="file time")
    assert names(engine.search(library, owner_id, "dog")) == ["liked.jpg", "new.jpg", "old.jpg", "undated.jpg"]


def test_a_result_says_why_and_where_the_text_is(library: Library, tell: Tell, owner_id: int) -> None:
    tell("receipt.jpg", lines=("ACME Bakery", "Total 12.50"))
    (found,) = engine.search(library, owner_id, "bakery receipt").items
    assert found.why == ("file name: receipt", "text in the picture: bakery")
    assert found.lines == ({"text": "ACME Bakery", "box": {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}},)


def test_negated_words_are_not_found(library: Library, tell: Tell, owner_id: int) -> None:
    tell("a.jpg", title="dog")
    tell("b.jpg", title="dog", labels=("snow",))
    tell("c.jpg", title="dog", lines=("SNOW REPORT",))
    assert names(engine.search(library, owner_id, "dog -snow")) == ["a.jpg"]
    assert names(engine.search(library, owner_id, "dog -schnee")) == ["a.jpg"]
    assert set(names(engine.search(library, owner_id, '-"snow report"'))) == {"a.jpg", "b.jpg"}


def test_alternatives_are_searched_each(library: Library, tell: Tell, colourful: None, owner_id: int) -> None:
    tell("tom.jpg", title="dog", people=("Tom",))
    tell("ann.jpg", title="dog", people=("Ann",))
    tell("cat.jpg", title="cat", people=("Ann",))
    assert set(names(engine.search(library, owner_id, "person:ann (dog OR cat)"))) == {"ann.jpg", "cat.jpg"}
    assert set(names(engine.search(library, owner_id, "(tom dog) OR cat"))) == {"tom.jpg", "cat.jpg"}
    many = " OR ".join(f"cat{number}" for number in range(20))
    assert names(engine.search(library, owner_id, f"{many} OR cat")) == ["cat.jpg"]


def test_an_alternative_without_words_is_found_beside_one_with_words(
    library: Library, tell: Tell, colourful: None, owner_id: int
) -> None:
    tell("dog.jpg", title="dog")
    tell("tom.jpg", title="cat", people=("Tom",))
    tell("ann.jpg", title="cat", people=("Ann",))
    for query in ("dog OR person:tom", "tom OR dog", 'dog OR (person:tom "cat")'):
        found = engine.search(library, owner_id, query)
        assert set(names(found)) == {"dog.jpg", "tom.jpg"}
        assert all(0 < each.score <= 1 for each in found.items if each.score is not None)


def test_conditions_hold_for_words_and_meaning(library: Library, tell: Tell, colourful: None, owner_id: int) -> None:
    tell("in.jpg", "2019-05-05T00:00:00", shows="red", title="red")
    tell("out.jpg", "2020-05-05T00:00:00", shows="red", title="red")
    assert names(engine.search(library, owner_id, "red 2019")) == ["in.jpg"]


def test_when_too_many_photos_pass_the_conditions_they_are_tested_afterwards(
    library: Library, tell: Tell, colourful: None, owner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("in.jpg", "2019-05-05T00:00:00", shows="red", title="red")
    tell("out.jpg", "2010-05-05T00:00:00", shows="red", title="red")
    monkeypatch.setattr(engine, "MOST_ALLOWED", 2)
    assert names(engine.search(library, owner_id, "red after:2011")) == ["in.jpg"]


def test_a_name_that_very_many_photos_have_finds_the_same(
    library: Library, tell: Tell, owner_id: int, stranger_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("a.jpg", people=("Ann",), place=("IT", "Italy", "Veneto", "Venice"), make="Canon", model="5D", title="dog")
    tell("b.jpg", people=("Anna",), albums=("Ann",), title="dog")
    tell("c.jpg", owner=stranger_id, people=("Ann",), title="dog")
    tell("d.jpg", people=("Ann",), hot={"is_archived": True})
    queries = (
        "person:ann",
        "person:anna",
        "place:italy",
        "camera:canon",
        "-person:ann",
        "dog person:ann",
        "is:archived person:ann",
        "album:ann",
    )
    few = [names(engine.search(library, owner_id, query)) for query in queries]
    assert few == [["a.jpg"], ["b.jpg"], ["a.jpg"], ["a.jpg"], ["b.jpg"], ["a.jpg"], ["d.jpg"], ["b.jpg"]]
    monkeypatch.setattr(conditions, "MANY", 1)
    assert [names(engine.search(library, owner_id, query)) for query in queries] == few


@pytest.mark.parametrize(
    "sizes",
    [{"FEW": 1}, {"MANY": 1}, {"MANY": 1, "FEW": 1}, {"FEW": 2, "MANY": 2}, {"FEW": 1, "NARROW": 0}, {"FEW": 3, "MANY": 9, "NARROW": 0}],
    ids=str,
)  # fmt: skip
def test_the_same_photos_are_found_however_many_have_a_name(
    library: Library, tell: Tell, owner_id: int, monkeypatch: pytest.MonkeyPatch, sizes: dict[str, int]
) -> None:
    chance = random.Random(1)
    for number in range(24):
        tell(
            f"{number}.jpg",
            f"20{10 + number % 3}-0{1 + number % 2}-03T00:00:00",
            kind="video" if number % 5 == 1 else "photo",
            people=tuple(name for name in ("Ann", "Tom") if chance.random() < 0.5),
            labels=tuple(name for name in ("poodle", "cat") if chance.random() < 0.4),
            place=("IT", "Italy", "Veneto", "Venice") if number % 2 else None,
            title="at the lake" if number % 3 else None,
            hot={"rating": number % 6 or None, "is_archived": number == 7},
        )
    documents.catch_up(library.db)
    parts = (
        "label:dog", "label:cat", "person:ann", "person:tom", "place:venice", "rating:>=3", "on:2011", "on:2010-01", "since:2011",
        "is:video", '"at the lake"', "is:archived", "person:an",
    )  # fmt: skip
    queries = [*parts, *(f"-{part}" for part in parts)]
    for _ in range(120):
        some = [chance.choice(("", "", "-")) + each for each in chance.sample(parts, chance.randint(2, 4))]
        queries.append((" OR " if chance.random() < 0.2 else " ").join(some))
        queries.append(f"{some[0]} ({some[1]} OR {chance.choice(parts)}) -({' '.join(chance.sample(parts, 2))})")
    expected = [names(engine.search(library, owner_id, query)) for query in queries]
    assert sum(map(bool, expected)) > 40
    for name, size in sizes.items():
        monkeypatch.setattr(conditions, name, size)
    for query, found in zip(queries, expected, strict=True):
        assert names(engine.search(library, owner_id, query)) == found, query


def test_a_frequent_word_is_looked_for_in_the_newest_and_in_what_has_all_words(
    library: Library, tell: Tell, owner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("both.jpg", title="dog beach")
    for number in range(6):
        tell(f"{number}.jpg", title="dog")
    tell("beach.jpg", title="beach")
    monkeypatch.setattr(ranking, "MOST_MATCHES", 3)
    results = engine.search(library, owner_id, "dog beach")
    assert names(results)[0] == "both.jpg"
    assert results.is_at_least


# ---------------------------------------------------------------- without models


def test_without_a_model_words_are_searched_and_it_is_said(
    library: Library, models: FakeModels, tell: Tell, owner_id: int
) -> None:
    models.off = {EMBED: "no model is installed"}
    tell("a.jpg", title="dog")
    tell("b.jpg", title="cat")
    results = engine.search(library, owner_id, "dog")
    assert names(results) == ["a.jpg"]
    assert results.notes == ("Search by meaning is off: no model is installed.",)


def test_a_model_that_is_not_ready_is_said(
    library: Library, tell: Tell, owner_id: int, colourful: None, models: FakeModels
) -> None:
    class Late(FakeModels):
        def embed_text(self, sentence: str, model: str, seconds: float):  # type: ignore[no-untyped-def]
            raise TryLater("The models are being loaded.")

    library.models = Late()
    tell("a.jpg", title="dog")
    results = engine.search(library, owner_id, "dog")
    assert names(results) == ["a.jpg"]
    assert results.notes == (engine.NOT_READY,)


def test_a_model_that_turns_out_to_be_damaged_is_not_called_almost_ready(
    library: Library, tell: Tell, owner_id: int, colourful: None
) -> None:
    class Damaged(FakeModels):
        def embed_text(self, sentence: str, model: str, seconds: float):  # type: ignore[no-untyped-def]
            self.off = {EMBED: "its file is damaged"}
            raise TryLater("This needs a model: its file is damaged.")

    library.models = Damaged()
    tell("a.jpg", title="dog")
    assert engine.search(library, owner_id, "dog").notes == ("Search by meaning is off: its file is damaged.",)


def test_a_search_says_when_not_all_photos_are_read_yet_and_waits_for_them_where_there_is_time(
    library: Library, tell: Tell, colourful: None, owner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scale() -> str | None:
        return catalog.remembered(library.db, f"scale of meaning:{owner_id}:{MODEL}")

    monkeypatch.setattr(vectors, "BATCH", 1)
    monkeypatch.setattr(vectors.Vectors, "_read_on", lambda self: None)
    monkeypatch.setattr(calibration, "READING", 0.0)
    for _ in range(40):
        tell(shows="red")
    assert engine.search(library, owner_id, "red").notes == (engine.NOT_ALL_READ,)
    assert scale() is None
    results = engine.search(library, owner_id, "red", seconds=None)
    assert results.notes == ()
    assert len(results.items) == 41
    assert scale() is not None


def test_the_scale_of_meaning_is_measured_again_when_the_library_has_doubled(
    library: Library, tell: Tell, colourful: None, owner_id: int
) -> None:
    def measured() -> int:
        calibration.scale(library, owner_id, MODEL, 1)
        return json.loads(catalog.remembered(library.db, f"scale of meaning:{owner_id}:{MODEL}") or "")["photos"]

    assert measured() == len(COLOURS)
    for _ in range(100):
        tell(shows="red")
    assert measured() == len(COLOURS)
    for _ in range(20):
        tell(shows="red")
    assert measured() == len(COLOURS) + 120


# ---------------------------------------------------------------- pages and facets


def test_a_query_of_conditions_is_paged_by_date(library: Library, tell: Tell, owner_id: int) -> None:
    for day in range(1, 8):
        tell(f"{day}.jpg", f"2020-01-{day:02}T00:00:00", tags=("trip",))
    tell("0.jpg", tags=("other",))
    first = engine.search(library, owner_id, "tag:trip", size=3)
    second = engine.search(library, owner_id, "tag:trip", cursor=first.next, size=3)
    third = engine.search(library, owner_id, "tag:trip", cursor=second.next, size=3)
    assert names(first) + names(second) + names(third) == [f"{day}.jpg" for day in range(7, 0, -1)]
    assert (first.total, first.is_at_least, third.next) == (7, False, None)
    assert all(each.score is None for each in first.items)


def test_a_ranked_query_is_paged_by_rank(library: Library, tell: Tell, owner_id: int) -> None:
    for number in range(5):
        tell(f"{number}.jpg", title="dog")
    first = engine.search(library, owner_id, "dog", size=3)
    second = engine.search(library, owner_id, "dog", cursor=first.next, size=3)
    assert sorted(names(first) + names(second)) == [f"{number}.jpg" for number in range(5)]
    assert second.next is None
    assert first.total == 5


@pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "WyJyYW5rIiwgLTFd", "WyJkYXRlIiwgMSwgMl0", "é", "[" * 3000])
def test_a_cursor_that_is_none_is_refused(library: Library, owner_id: int, cursor: str) -> None:
    for query in ("dog", "tag:trip"):
        with pytest.raises(BadInput):
            engine.search(library, owner_id, query, cursor=cursor)


def test_facets_count_what_the_found_photos_have(library: Library, tell: Tell, owner_id: int) -> None:
    tell(
        "a.jpg",
        "2019-01-01T00:00:00",
        title="dog",
        people=("Ann",),
        place=("IT", "Italy", "Veneto", "Venice"),
        make="Canon",
        model="5D",
    )
    tell("b.jpg", "2020-01-01T00:00:00", title="dog", people=("Ann", "Tom"), labels=("dog",))
    tell("c.jpg", "2020-01-01T00:00:00", title="cat", people=("Tom",))
    found = engine.search(library, owner_id, "dog").facets
    assert [(each.name, each.count, each.filter) for each in found["people"]] == [
        ("Ann", 2, "person:Ann"),
        ("Tom", 1, "person:Tom"),
    ]
    assert [(each.name, each.count) for each in found["years"]] == [("2020", 1), ("2019", 1)]
    assert {each.name for each in found["places"]} == {"Venice", "Italy"}
    assert found["cameras"][0].filter == 'camera:"Canon 5D"'
    everything = engine.search(library, owner_id, "").facets
    assert [(each.name, each.count) for each in everything["people"]] == [("Ann", 2), ("Tom", 2)]


def test_large_results_are_counted_at_least(
    library: Library, tell: Tell, owner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        tell(tags=("trip",))
    monkeypatch.setattr(facets, "MOST_COUNTED", 3)
    results = engine.search(library, owner_id, "tag:trip", size=2)
    assert (results.total, results.is_at_least) == (3, True)


# ---------------------------------------------------------------- whose photos


def test_trash_archive_and_failures_are_left_out(library: Library, tell: Tell, owner_id: int) -> None:
    tell("trash.jpg", title="dog", shows="red", hot={"is_trashed": True})
    tell("archive.jpg", title="dog", shows="red", hot={"is_archived": True})
    failed = tell("failed.jpg", title="dog", shows="red")
    with write(library.db) as db:
        catalog.picture_failed(db, failed, "It is broken.")
    for query in ("dog", "red", "", "on:2020", "is:archived -is:archived"):
        assert not engine.search(library, owner_id, query).items, query
    assert names(engine.search(library, owner_id, "is:archived dog")) == ["archive.jpg"]
    assert names(engine.search(library, owner_id, "is:trashed")) == ["trash.jpg"]


def test_nobody_finds_anything_of_somebody_elses(library: Library, tell: Tell, stranger_id: int, owner_id: int) -> None:
    tell("mine.jpg", title="mine", shows="blue")
    theirs = tell(
        "theirs.jpg", owner=stranger_id, title="secret wedding", tags=("honeymoon",), labels=("dog",), people=("Wanda",), albums=("Plans",),
        lines=("PIN 1234",), place=("IT", "Italy", "Veneto", "Venice", 45.4, 12.3), shows="red", make="Zorki", model="4", lens="Jupiter",
        looks={"kind": "screenshot", "colours": [["red", 0.9]]}, hot={"is_favourite": True, "rating": 5, "is_archived": False},
    )  # fmt: skip
    assert names(engine.search(library, stranger_id, "secret wedding")) == ["theirs.jpg"]
    queries = (
        "secret wedding", "red", "honeymoon", "dog", "wanda", "plans", "1234", "venice", "zorki", "theirs", '"secret wedding"',
        "person:wanda", "tag:honeymoon", "label:dog", "album:plans", "text:1234", "place:venice", "place:italien", "camera:zorki",
        "lens:jupiter", "colour:red", "file:theirs", "kind:screenshot", "is:favourite", "rating:5", "near:45.4,12.3", "has:text",
        "-mine", "mine OR wedding", "-(title)", f"is:trashed OR is:archived OR {theirs}",
    )  # fmt: skip
    for query in queries:
        results = engine.search(library, owner_id, query)
        assert "theirs.jpg" not in names(results), query
        told = json.dumps([[each.name for each in values] for values in results.facets.values()])
        told += str(results.understood.chips) + str(results.understood.offers) + str(results.notes)
        assert not {"Wanda", "honeymoon", "Plans", "Venice", "Zorki"} & set(told.replace('"', " ").split()), query


# ---------------------------------------------------------------- whatever the query


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.one_of(QUERIES, st.lists(st.sampled_from([
    "dog", "-dog", "OR", "(", ")", '"a b"', "2019", "in", "june", "person:x", "near:Venice", "5km", "is:archived", "has:text", "iso:>5",
    "with",    "camera:5", "in:x", "-is:video", "the", "ann", "*", "NEAR", "AND", "NOT", "{x}:", "^a", "title:b",
    "near:89.9,179.9", "20000km",
]), max_size=12).map(" ".join)))  # fmt: skip
def test_no_query_whatever_raises(library: Library, tell: Tell, owner_id: int, query: str) -> None:
    if not catalog.listed_count(library.db, owner_id):
        tell("dog.jpg", title="a b dog", people=("Ann",), shows="red")
    results = engine.search(library, owner_id, query)
    assert results.total >= len(results.items)
    for chip in results.understood.chips:
        engine.search(library, owner_id, chip.without)


def test_an_edit_is_found_at_once_unless_somebody_is_writing(library: Library, tell: Tell, owner_id: int) -> None:
    tell("a.jpg", title="dog")
    other = sqlite3.connect(library.data / "photolib.db", isolation_level=None)
    try:
        other.execute("begin immediate")
        assert not engine.search(library, owner_id, "dog").items
        other.execute("rollback")
    finally:
        other.close()
    assert names(engine.search(library, owner_id, "dog")) == ["a.jpg"]


# ---------------------------------------------------------------- however many photos


@pytest.mark.parametrize(
    ("query", "uses"),
    [
        ("", "idx_photos_owner_id_is_listed_shown_at_id"),
        ("on:2019-06", "idx_photos_owner_id_is_listed_shown_at_id"),
        ("person:ann", "photo_words VIRTUAL TABLE INDEX"),
        ("near:45.4,12.3 5km", "idx_photo_places_latitude"),
        ("tag:trip iso:>100", "photo_words VIRTUAL TABLE INDEX"),
    ],
)
def test_no_page_is_found_by_going_through_all_photos(
    library: Library, tell: Tell, owner_id: int, query: str, uses: str
) -> None:
    tell("a.jpg", people=("Ann",), tags=("trip",), iso=200, place=("IT", "Italy", "Veneto", "Venice", 45.4, 12.3))
    documents.catch_up(library.db)
    asked: list[str] = []
    library.db.conn.set_trace_callback(asked.append)
    engine.search(library, owner_id, query)
    library.db.conn.set_trace_callback(None)
    page = next(each for each in asked if "order by photos.shown_at desc" in each)
    found = [each for each in asked if each.startswith("select * from (") or "select rowid from photo_words" in each]
    plan = " ".join(row[3] for each in (page, *found) for row in library.db.conn.execute(f"explain query plan {each}"))
    assert uses in plan, plan
    assert "SCAN photos" not in plan
