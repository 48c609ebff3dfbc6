"""Names of an export: templates, whatever people write into them, and names that every disk takes."""

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib import downloads
from photolib.errors import BadInput
from photolib.export import layout
from photolib.export.names import Names, Slot

DOCS = Path(__file__).parents[2] / "docs" / "export.md"


def words(**more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "filename": "IMG_1.jpg", "title": None, "taken_at": "2024-06-14T14:03:00.000", "camera": {"make": "Nikon", "model": "D300"},
        "place": {"country": "France", "region": "Brittany", "city": "Rennes"}, "people": [], "type": "photo", "rating": 4,
        "key": "ab" * 32,
    }  # fmt: skip
    return {**known, **more}


def test_the_usual_layout_is_a_folder_for_each_year() -> None:
    assert layout.place(layout.parse(layout.STANDARD), words()) == "2024/2024-06-14 IMG_1"


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
        ("{name}", "IMG_1"),
        ("{country}/{city}/{name} {time}", "France/Rennes/IMG_1 14-03-00"),
        ("{camera}/{name}", "Nikon D300/IMG_1"),
        ("{title|name}", "IMG_1"),
        ("{title}", "IMG_1"),
        ("stars {rating}/{name}", "stars 4/IMG_1"),
        ("{album}/{name}", "Travel/Venice_ a_b/IMG_1"),
        ("{album|year} x/{key}", "Travel/Venice_ a_b x/abababababab"),
    ],
)
def test_a_template_says_where_a_photo_lies(template: str, becomes: str) -> None:
    assert layout.place(layout.parse(template), words(), ("Travel", "Venice: a/b".replace("/", "_"))) == becomes


def test_folders_of_which_nothing_is_known_are_left_out() -> None:
    assert layout.place(layout.parse("{album}/{city}/{name}"), words(place=None)) == "IMG_1"


def test_a_photo_that_came_back_from_an_export_does_not_bear_its_date_twice() -> None:
    there = layout.place(layout.parse(layout.STANDARD), words(filename="2024-06-14 IMG_1.jpg"))
    assert there == "2024/2024-06-14 IMG_1"


@pytest.mark.parametrize(
    "wrong",
    ["", "/{name}", "../{name}", "{year}/../{name}", "{nome}", "{name", "a\\{name}", "~/{name}", "{}", "x" * 301],
)
def test_a_layout_that_cannot_be_is_a_sentence(wrong: str) -> None:
    with pytest.raises(BadInput):
        layout.parse(wrong)


def test_a_word_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="name, title, year"):
        layout.parse("{yaer}/{name}")


def test_every_word_is_in_the_documentation() -> None:
    said = set(re.findall(r"`\{(\w+)\}`", DOCS.read_text().partition("## Words of a layout")[2].partition("##")[0]))
    assert said == set(layout.NAMES)


_TEMPLATES = st.lists(
    st.one_of(st.sampled_from(["{" + name + "}" for name in layout.NAMES]), st.sampled_from(["/", " ", "-", "x", "{city|year}", "..."])),
    min_size=1, max_size=8,
).map("".join)  # fmt: skip


@given(_TEMPLATES, st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=200), max_size=3))
def test_no_name_leads_out_of_the_folder_or_is_one_that_some_disk_refuses(
    template: str, filename: str, title: str, album: list[str]
) -> None:
    try:
        parsed = layout.parse(template)
    except BadInput:
        return
    found = layout.place(parsed, words(filename=filename, title=title), tuple(album))
    for part in found.split("/"):
        assert part not in ("", ".", "..")
        assert part == part.strip(" .")
        assert not set(part) & set('<>:"\\|?*')
        assert not any(ord(each) < 32 for each in part)
        assert part.partition(".")[0].upper() not in downloads.WINDOWS_KEEPS
        assert len(part.encode()) <= 200


@given(st.text(max_size=60))
def test_any_text_may_be_a_template_or_is_refused_with_a_sentence(text: str) -> None:
    with contextlib.suppress(BadInput):
        layout.place(layout.parse(text), words())


@given(st.lists(st.sampled_from(["a", "A", "b", "\u00e9", "e\u0301", "a (2)"]), max_size=12))
def test_no_two_photos_share_a_stem_on_any_disk_and_each_keeps_its_own(stems: list[str]) -> None:
    names = Names()
    given_first = [names.choose(str(number), Slot("x", stem)) for number, stem in enumerate(stems)]
    again = [names.choose(str(number), Slot("x", stem)) for number, stem in enumerate(stems)]
    names.close()
    assert len({downloads.same(each) for each in given_first}) == len(stems)
    assert given_first == again
