"""Plain language: what is recognised in it, what is not, and that a name hijacks no word."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib.library import Library
from photolib.search import dates, documents, plain
from photolib.search.grammar import parse
from photolib.search.plain import Understood

from .conftest import Tell

TODAY = date(2026, 11, 21)

Understand = Callable[[str], Understood]


@pytest.fixture
def understand(library: Library, tell: Tell, owner_id: int) -> Understand:
    """Reads a query for an owner with some people, places, albums and cameras."""
    tell(people=("Sarah Miller",), place=("IT", "Italy", "Veneto", "Venice"), albums=("Summer at the lake",))
    tell(people=("Tom Big",), place=("FR", "France", "Île-de-France", "Paris"), albums=("Paris", "Beach"))
    tell(
        people=("Rose",),
        place=("FR", "France", "Provence-Alpes-Côte d'Azur", "Nice"),
        make="Apple",
        model="iPhone 12 mini",
    )
    documents.catch_up(library.db)

    def read(query: str) -> Understood:
        parsed = parse(query)
        return plain.understand(library.db, owner_id, parsed.query, parsed.tree, TODAY)

    return read


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("sarah on the beach in 2019", 'person:"Sarah Miller" on the beach on:2019'),
        ("Sarah Miller's birthday", 'person:"Sarah Miller" birthday'),
        ("photos of Sarah and Tom in Paris", 'photos person:"Sarah Miller" person:"Tom Big" place:Paris'),
        ("Fotos von Sarah in Venedig, Juni 2019", 'Fotos person:"Sarah Miller" place:Venedig on:2019-06'),
        ("videos from Italy", "type:video place:Italy"),
        ("Italien im Sommer", "place:Italien on:*-06..*-08"),
        ("summer at the lake", 'album:"Summer at the lake"'),
        ("iphone screenshots", "camera:iPhone kind:screenshot"),
        ("apple iphone 12 mini", 'camera:"Apple iPhone 12 mini"'),
        ("-sarah beach", '-person:"Sarah Miller" beach'),
        ("sarah OR 2019", 'person:"Sarah Miller" OR on:2019'),
        # What may be something else stays a word.
        ("rose in a garden", "rose in a garden"),
        ("nice weather", "nice weather"),
        ("in nice weather", "in nice weather"),
        ("paris", "paris"),
        ("beach", "beach"),
        ("apple", "apple"),
        ("christmas tree", "christmas tree"),
        ("may we go", "may we go"),
        ("summer dress", "summer dress"),
        # ... unless it is said what it is.
        ("with Rose", "person:Rose"),
        ("in Nice", "place:Nice"),
        ("in Paris", "place:Paris"),
        ("in Nice 2020", "place:Nice on:2020"),
        # Quotes are words.
        ('"sarah" in 2019', '"sarah" on:2019'),
        ("person:sarah", "person:sarah"),
        ("who is that", "who is that"),
        ("IMG_2019", "IMG_2019"),
    ],
)
def test_names_in_plain_words_become_filters(understand: Understand, query: str, tree: str) -> None:
    assert str(understand(query).tree) == tree


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("2019", "on:2019"),
        ("june 2019", "on:2019-06"),
        ("Juni 2019", "on:2019-06"),
        ("14. juni 2019", "on:2019-06-14"),
        ("June 14, 2019", "on:2019-06-14"),
        ("14.6.2019", "on:2019-06-14"),
        ("2019-06", "on:2019-06"),
        ("june", "on:*-06"),
        ("14 june", "on:*-06-14"),
        ("sommer 2019", "on:2019-06..2019-08"),
        ("winter 2019", "on:2019-12..2020-02"),
        ("in winter", "on:*-12..*-02"),
        ("christmas 2020", "on:2020-12-24..2020-12-26"),
        ("Weihnachten 2020", "on:2020-12-24..2020-12-26"),
        ("zu weihnachten", "on:*-12-24..*-12-26"),
        ("easter 2024", "on:2024-03-29..2024-04-01"),
        ("last summer", "on:2026-06..2026-08"),
        ("letzten Winter", "on:2025-12..2026-02"),
        ("last christmas", "on:2025-12-24..2025-12-26"),
        ("last week", "on:2026-11-09..2026-11-15"),
        ("this year", "on:2026-01-01..2026-12-31"),
        ("gestern", "on:2026-11-20"),
        ("three years ago", "on:2023-01-01..2023-12-31"),
        ("vor drei Jahren", "on:2023-01-01..2023-12-31"),
        ("last 30 days", "since:2026-10-22"),
        ("the 90s", "on:1990..1999"),
        ("80er", "on:1980..1989"),
        ("2018 to 2020", "on:2018..2020"),
        ("zwischen 2018 und 2020", "on:2018..2020"),
        ("before 2018", "before:2018"),
        ("seit Juni 2018", "since:2018-06"),
        ("bis 2018", "on:..2018"),
    ],
)
def test_dates_are_understood_as_people_say_them(understand: Understand, said: str, when: str) -> None:
    understood = understand(f"{said} sunset")
    assert [chip.value for chip in understood.chips] == [when]
    assert "sunset" in str(understood.tree)


def test_a_chip_says_where_it_stands_and_how_to_do_without_it(understand: Understand) -> None:
    query = "Sarah on the beach, in 2019"
    chips = {chip.kind: chip for chip in understand(query).chips}
    assert query[chips["person"].start : chips["person"].end] == "Sarah"
    assert chips["person"].text == "Sarah Miller"
    assert chips["person"].without == "on the beach, in 2019"
    assert chips["person"].as_words == '"Sarah" on the beach, in 2019'
    assert chips["date"].without == "Sarah on the beach,"
    assert [chip.kind for chip in understand(chips["person"].as_words or "").chips] == ["date"]
    written = understand("person:tom iso:>800").chips
    assert [(chip.kind, chip.without, chip.as_words) for chip in written] == [
        ("person", "iso:>800", None), ("iso", "person:tom", None),
    ]  # fmt: skip


def test_what_may_be_a_name_is_offered(understand: Understand) -> None:
    assert [(offer.kind, offer.query) for offer in understand("rose garden").offers] == [
        ("person", "person:Rose garden")
    ]
    assert not understand("with rose").offers


def test_a_person_called_like_a_month_is_meant_where_it_is_said_and_offered_else(
    library: Library, tell: Tell, understand: Understand
) -> None:
    tell(people=("May",))
    documents.catch_up(library.db)
    assert str(understand("with May 2019").tree) == "person:May on:2019"
    month = understand("May 2019")
    assert (str(month.tree), month.offers) == ("on:2019-05", ())
    assert [(offer.kind, offer.query) for offer in understand("May").offers] == [("person", "person:May")]
    assert str(understand("in May").tree) == "on:*-05"


def test_a_name_that_means_two_things_is_offered_as_both(library: Library, tell: Tell, understand: Understand) -> None:
    tell(albums=("Paris",), people=("Paris Hill",))
    documents.catch_up(library.db)
    assert {offer.kind for offer in understand("paris").offers} == {"person", "place", "album"}


def test_the_chip_of_what_is_excluded_says_so_and_takes_the_minus_with_it(understand: Understand) -> None:
    (chip,) = understand("beach -Sarah").chips
    assert (chip.text, chip.value, chip.without) == ("not Sarah Miller", '-person:"Sarah Miller"', "beach")
    assert chip.as_words == 'beach -"Sarah"'


def test_only_the_owners_own_names_are_recognised(
    library: Library, tell: Tell, stranger_id: int, owner_id: int
) -> None:
    tell(
        owner=stranger_id,
        people=("Wanda Weird",),
        place=("IT", "Italy", "Veneto", "Venice"),
        albums=("Secret plans",),
        make="Zorki",
        model="Zorki 4",
    )
    documents.catch_up(library.db)
    for query in ("wanda", "wanda weird", "in venice", "in Venedig", "secret plans", "zorki 4", "italy"):
        parsed = parse(query)
        understood = plain.understand(library.db, owner_id, query, parsed.tree, TODAY)
        assert (understood.chips, understood.offers, understood.tree) == ((), (), parsed.tree)
        assert plain.understand(library.db, stranger_id, query, parsed.tree, TODAY).chips


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([
    "last", "vor", "in", "14", "14.", "june", "may", "2019", "0001", "9999", "winter", "2019/20", "ago", "years", "drei", "0", "999", "to",
    "between", "and", "easter", "31", "february", "this", "90s", "before", "until", "of", "the", "day", "2018-2020", "٣", "²",
]), max_size=7))  # fmt: skip
def test_whatever_is_said_about_dates_nothing_breaks(said: list[str]) -> None:
    found = dates.recognise(said, TODAY)
    if found is not None:
        assert 0 < found.length <= len(said)
        assert parse(str(found.when)).tree == found.when
