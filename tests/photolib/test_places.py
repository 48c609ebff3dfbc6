"""Names for positions and positions for names: the gazetteer, pure."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from photolib import place_names
from photolib.places import Gazetteer, Place, boxes, folded, gazetteer, kilometres

TRUTH = list(csv.DictReader(Path(__file__).with_name("places_truth.csv").read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def towns() -> Gazetteer:
    return gazetteer()


def plain(name: str) -> str:
    """Lark Hill is Larkhill, and La Defense La Défense."""
    return folded(name).replace(" ", "")


def city(towns: Gazetteer, latitude: float, longitude: float) -> str | None:
    found = towns.place(latitude, longitude)
    return found.city if found else None


def test_a_position_has_the_name_people_say(towns: Gazetteer) -> None:
    right, countries = 0, 0
    for row in TRUTH:
        found = towns.place(float(row["latitude"]), float(row["longitude"]))
        said = [plain(name) for name in row["said"].split("|")]
        right += plain(found.city or "") in said if found else not row["said"]
        countries += (found.country_code if found else "") == row["country_code"]
    assert countries == len(TRUTH)
    assert right / len(TRUTH) > 0.85


def test_the_eiffel_tower_is_in_paris_and_the_suburb_next_to_paris_is_not(towns: Gazetteer) -> None:
    assert towns.place(48.8584, 2.2945) == Place("FR", "France", "Île-de-France", "Paris")
    assert city(towns, 48.8638, 2.4485) == "Montreuil"


def test_a_border_is_a_border_however_near_the_larger_town_is(towns: Gazetteer) -> None:
    for latitude, longitude, code in ((48.5733, 7.8093, "DE"), (48.5750, 7.7950, "FR"), (31.7386, -106.4871, "MX")):
        found = towns.place(latitude, longitude)
        assert found is not None
        assert found.country_code == code


def test_a_country_that_shares_its_neighbours_time_zone_keeps_its_own_name(towns: Gazetteer) -> None:
    assert towns.place(42.6629, 21.1655) == Place("XK", "Kosovo", "Pristina", "Pristina")


def test_far_out_at_sea_is_nowhere_and_far_from_any_town_is_a_country(towns: Gazetteer) -> None:
    assert towns.place(30.0, -40.0) is None
    assert towns.place(89.9, 10.0) is None
    assert towns.place(75.0, -40.0) == Place("GL", "Greenland")


@given(some.floats() | some.floats(-90, 90), some.floats() | some.floats(-180, 180))
@settings(max_examples=200, deadline=None)
def test_any_two_numbers_are_a_place_or_none(latitude: float, longitude: float) -> None:
    found = gazetteer().place(latitude, longitude)
    assert found is None or (len(found.country_code) == 2 and found.country)


@pytest.mark.parametrize("latitude", [-90.0, -17.0, 0.0, 66.0, 90.0])
def test_both_sides_of_the_date_line_are_one_place(towns: Gazetteer, latitude: float) -> None:
    assert towns.place(latitude, 180.0) == towns.place(latitude, -180.0)


def test_many_positions_are_named_as_each_is(towns: Gazetteer) -> None:
    positions = [(48.8584, 2.2945), (30.0, -40.0), (48.8584, 2.2945), (float("nan"), 1.0)]
    assert towns.places(positions) == [towns.place(*position) for position in positions]


@given(some.floats(-90, 90), some.floats(-180, 180), some.floats(-3, 3), some.floats(-3, 3), some.floats(0.1, 500))
@example(10.0, -179.9, 0.0, -0.2, 100.0)
@example(10.0, 179.9, 0.0, 0.2, 100.0)
@example(89.9, 0.0, 0.05, 170.0, 100.0)
def test_a_box_holds_everything_within_its_distance(
    latitude: float, longitude: float, north: float, east: float, km: float
) -> None:
    there = max(-90.0, min(90.0, latitude + north)), (longitude + east + 180) % 360 - 180
    is_inside = any(
        low[0] - 1e-9 <= there[0] <= high[0] + 1e-9 and low[1] - 1e-9 <= there[1] <= high[1] + 1e-9
        for low, high in boxes(latitude, longitude, km)
    )
    assert is_inside or kilometres(latitude, longitude, *there) > km - 1e-6


def test_distances_are_those_of_the_globe() -> None:
    paris_to = kilometres(48.8566, 2.3522, np.array([52.52, -33.8688]), np.array([13.405, 151.2093]))
    assert paris_to == pytest.approx([878, 16_960], rel=0.005)


@pytest.mark.parametrize(
    ("written", "kind", "name", "code"),
    [
        ("Köln", "city", "Köln", "DE"),
        ("cologne", "city", "Köln", "DE"),
        ("VENEDIG", "city", "Venice", "IT"),
        ("zurich", "region", "Zurich", "CH"),
        ("Frankreich", "country", "France", "FR"),
        ("usa", "country", "United States", "US"),
        ("toskana", "region", "Tuscany", "IT"),
        ("Paris, Texas", "city", "Paris", "US"),
        ("Freiburg, Deutschland", "city", "Freiburg", "DE"),
    ],
)
def test_a_place_is_found_by_what_people_call_it(
    towns: Gazetteer, written: str, kind: str, name: str, code: str
) -> None:
    first = towns.find(written)[0]
    assert (first.kind, first.name, first.country_code) == (kind, name, code)


def test_places_of_one_name_come_with_the_most_populous_first(towns: Gazetteer) -> None:
    found = [(spot.name, spot.country_code) for spot in towns.find("Paris")]
    assert found[0] == ("Paris", "FR")
    assert ("Paris", "US") in found
    assert towns.find("nowhere at all") == []


def test_suggestions_begin_with_what_was_typed(towns: Gazetteer) -> None:
    assert towns.suggest("flor")[0].name in ("Florida", "Florence")
    assert "Munich" in [spot.name for spot in towns.suggest("münch")]
    assert towns.suggest("  ") == []


@given(some.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_looked_for(text: str) -> None:
    assert all(spot.name for spot in gazetteer().find(text) + gazetteer().suggest(text))


def test_every_other_name_belongs_to_a_place_of_the_list(towns: Gazetteer) -> None:
    for known, kind in ((place_names.OTHER_CITIES, "city"), (place_names.OTHER_REGIONS, "region")):
        for place, also in known.items():
            code, _, name = place.partition(" ")
            for other in also.split(", "):
                found = [(spot.kind, spot.country_code, spot.name) for spot in towns.find(other, 100)]
                assert (kind, code, name) in found, other


def test_a_place_is_looked_for_by_all_its_names(towns: Gazetteer) -> None:
    names = towns.names(Place("DE", "Germany", "North Rhine-Westphalia", "Köln"))
    assert {"Köln", "Cologne", "Deutschland", "Germany", "Nordrhein-Westfalen"} <= set(names)


def test_hyphens_accents_and_capitals_do_not_count() -> None:
    assert folded(" Saint-Étienne ") == folded("saint etienne")
    assert folded("GROẞE Łódź") == folded("grosse lodz")
