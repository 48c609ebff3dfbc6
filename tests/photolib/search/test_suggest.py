"""Suggestions while typing, saved searches, and photos that are like others."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.fake import COLOURS, FakeModels
from photolib import catalog
from photolib.db import write
from photolib.errors import BadInput, NotFound, UnreadablePhoto
from photolib.library import Library
from photolib.ports import EMBED
from photolib.search import documents, engine, likeness, saved
from photolib.search.suggest import suggest

from ...conftest import DrawPhoto
from .conftest import Tell


@pytest.fixture
def known(library: Library, tell: Tell, owner_id: int, stranger_id: int) -> None:
    tell(
        people=("Sarah Miller",), place=("US", "United States", "New York", "New York City"), albums=("Summer at the lake",),
        tags=("sailing",), labels=("dog",), make="Canon", model="EOS 5D", title="Birthday breakfast",
    )  # fmt: skip
    tell(people=("Sarah Miller", "Tom"), labels=("dog", "beach"))
    tell(
        owner=stranger_id, people=("Samuel Secret",), place=("AU", "Australia", "New South Wales", "Newcastle"), albums=("Summary",),
        tags=("sad",), labels=("doll",), make="Canonet", title="Birthmark", lines=("breakneck",),
    )  # fmt: skip
    documents.catch_up(library.db)


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("sa", 'person:"Sarah Miller"'),
        ("mil", 'person:"Sarah Miller"'),
        ("beach with sar", 'beach with person:"Sarah Miller"'),
        ("dog new y", 'dog place:"New York City"'),
        ("lake", 'album:"Summer at the lake"'),
        ("sai", "tag:sailing"),
        ("dog on the bea", "dog on the beach"),
        ("hun", "Hund"),
        ("cano", 'camera:"Canon EOS 5D"'),
        ("person:s", 'person:"Sarah Miller"'),
        ("ort:new", 'place:"New York City"'),
        ("-person:t", "person:Tom"),
        ("is:fav", "is:favourite"),
        ("202", "2020"),
        ("dec", "December"),
        ("came", "camera:"),
        ("breakf", "breakfast"),
        ("", 'person:"Sarah Miller"'),
    ],
)
def test_what_is_being_typed_is_completed(library: Library, known: None, owner_id: int, typed: str, query: str) -> None:
    assert query in [each.query.removeprefix("-") for each in suggest(library.db, owner_id, typed)]


def test_suggestions_say_how_many_photos_there_are(library: Library, known: None, owner_id: int) -> None:
    best = suggest(library.db, owner_id, "sar")[0]
    assert (best.text, best.kind, best.count) == ("Sarah Miller", "person", 2)


@pytest.mark.parametrize(
    "typed",
    [
        "sa",
        "sam",
        "new",
        "newc",
        "sum",
        "summary",
        "do",
        "doll",
        "cano",
        "birth",
        "breakn",
        "",
        "person:",
        "tag:s",
        "secret",
    ],
)
def test_only_what_the_owner_has_is_suggested(library: Library, known: None, owner_id: int, typed: str) -> None:
    told = " ".join(f"{each.text} {each.query}" for each in suggest(library.db, owner_id, typed, 100))
    for name in (
        "Samuel",
        "Secret",
        "Newcastle",
        "Australia",
        "Summary",
        "sad",
        "doll",
        "Canonet",
        "birthmark",
        "breakneck",
    ):
        assert name not in told


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from(["sa", " ", '"', "-", "(", ":", "person:", "is:", "in", "*", "'"])).map("".join),
    )
)
def test_whatever_is_typed_nothing_breaks(library: Library, owner_id: int, typed: str) -> None:
    assert len(suggest(library.db, owner_id, typed)) <= 8


# ---------------------------------------------------------------- saved searches


def test_a_saved_search_is_asked_anew(library: Library, tell: Tell, owner_id: int) -> None:
    with write(library.db) as db:
        dogs = saved.save(db, owner_id, " Dogs  at the sea ", "tag:dog")
    assert [(each.name, each.query) for each in saved.saved(library.db, owner_id)] == [("Dogs at the sea", "tag:dog")]
    assert not engine.search(library, owner_id, dogs.query).items
    tell(tags=("dog",))
    assert len(engine.search(library, owner_id, dogs.query).items) == 1


def test_a_name_stands_for_one_query(library: Library, owner_id: int) -> None:
    with write(library.db) as db:
        first = saved.save(db, owner_id, "Dogs", "dog")
        assert saved.save(db, owner_id, "Dogs", "hund") == replace(first, query="hund")
        saved.forget(db, owner_id, first.id)
    assert saved.saved(library.db, owner_id) == []


def test_a_saved_search_is_its_owners_alone(library: Library, owner_id: int, stranger_id: int) -> None:
    with write(library.db) as db:
        mine = saved.save(db, owner_id, "Dogs", "dog")
        assert saved.saved(db, stranger_id) == []
        with pytest.raises(NotFound):
            saved.one(db, stranger_id, mine.id)
        with pytest.raises(NotFound):
            saved.forget(db, stranger_id, mine.id)
        for name, query in (("", "dog"), ("x" * 300, "dog"), ("x\ny\x00", "dog"), ("x", " "), ("x", "y" * 1000)):
            with pytest.raises(BadInput):
                saved.save(db, owner_id, name, query)


# ---------------------------------------------------------------- likeness


def test_similar_photos_are_those_far_nearer_than_usual(
    library: Library, tell: Tell, owner_id: int, stranger_id: int
) -> None:
    for _ in range(3):
        for colour in COLOURS:
            tell(f"{colour}.jpg", shows=colour)
    tell("theirs.jpg", owner=stranger_id, shows="red")
    red = tell("red.jpg", shows="red")
    found = likeness.similar(library, owner_id, red)
    assert [tile.filename for tile, _ in found.items] == ["red.jpg"] * 3
    assert red not in [tile.id for tile, _ in found.items]
    assert found.note is None


def test_without_a_model_photos_are_alike_by_outlines_and_colours(library: Library, tell: Tell, owner_id: int) -> None:
    looks = {"hash": "0f0f0f0f0f0f0f0f", "colours": [["blue", 0.6], ["white", 0.4]]}
    first = tell("first.jpg", looks=looks)
    tell("same.jpg", looks=looks)
    tell("near.jpg", looks={"hash": "0f0f0f0f0f0f0f0e", "colours": [["blue", 0.5], ["white", 0.5]]})
    tell("far.jpg", looks={"hash": "f0f0f0f0f0f0f0f0", "colours": [["red", 1.0]]})
    tell("archived.jpg", looks=looks, hot={"is_archived": True})
    found = likeness.similar(library, owner_id, first)
    assert [tile.filename for tile, _ in found.items] == ["same.jpg", "near.jpg"]
    assert found.note == likeness.WITHOUT_MODEL


def test_a_picture_somebody_brings_is_compared_and_not_kept(
    library: Library, tell: Tell, owner_id: int, draw_photo: DrawPhoto, models: FakeModels
) -> None:
    for colour in ("grey", *COLOURS, *COLOURS):
        tell(f"{colour}.jpg", shows=colour)
    before = {path for path in library.data.rglob("*") if path.parent.name != "index"}
    picture = draw_photo("asked.jpg")
    assert {tile.filename for tile, _ in likeness.by_picture(library, owner_id, picture).items} == {"grey.jpg"}
    models.off = {EMBED: "no model"}
    library.db.conn.execute("delete from embeddings")
    assert likeness.by_picture(library, owner_id, picture).note == likeness.WITHOUT_MODEL
    assert {path for path in library.data.rglob("*") if path.parent.name != "index"} == before
    assert catalog.listed_count(library.db, owner_id) == 2 * len(COLOURS) + 1


def test_a_file_that_is_no_picture_is_said(library: Library, owner_id: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello")
    with pytest.raises(UnreadablePhoto, match="no picture"):
        likeness.by_picture(library, owner_id, tmp_path / "x")
    (tmp_path / "x").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 100)
    with pytest.raises(UnreadablePhoto):
        likeness.by_picture(library, owner_id, tmp_path / "x")
    assert not list((library.data / "tmp").glob("asked-*"))
