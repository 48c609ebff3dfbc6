"""Each of the abuse cases has tests, each of its parts too, and they are the ones that tests/abuse_cases.py names."""

import re

import pytest

from tests.abuse_cases import CASES, all_tests, cases_of, numbers_in
from tests.conftest import SHARED

NUMBERS = range(1, 35)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_case_has_tests(number: int) -> None:
    parts = CASES.get(number, {})
    assert parts, f"abuse case {number} has no test"
    assert all(parts.values()), f"a part of abuse case {number} has no test"


def test_every_test_that_is_named_exists() -> None:
    assert not set(cases_of()) - all_tests()


def test_a_test_named_after_a_case_belongs_to_it() -> None:
    assert numbers_in("test_23_a_heic_grid_is_shown") == numbers_in("test_abuse_23_grids") == [23]
    assert numbers_in("test_abuse_4_and_32_no_secret_is_in_a_log") == [4, 32]
    assert numbers_in("test_200_photos_are_light") == numbers_in("test_a_23_is_a_number") == []


def test_every_case_has_a_test_that_bears_its_number() -> None:
    named = {number for test in all_tests() for number in numbers_in(test.partition("::")[2])}
    assert set(NUMBERS) - named <= {31}  # slow clients and large downloads have whole files to themselves


def test_the_parts_are_in_the_words_of_the_cases() -> None:
    """Where the list of cases lies beside the project: that none was forgotten, and none was made easier."""
    file = SHARED / "ABUSE_CASES.md"
    if not file.exists():
        pytest.skip(f"{file} is missing")
    written = dict(re.findall(r"^(\d+)\. (.*(?:\n   .*)*)", file.read_text(encoding="utf-8"), re.MULTILINE))
    assert [int(each) for each in written] == list(NUMBERS)
    for number in NUMBERS:
        line = " ".join(written[str(number)].split())
        for part in CASES[number]:
            assert " ".join(part.split()) in line, (number, part)
