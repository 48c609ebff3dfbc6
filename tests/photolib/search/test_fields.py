"""Each field of the search language lets through the photos it names, and no others."""

from collections.abc import Iterator

import pytest

from models.fake import FakeModels
from photolib import catalog
from photolib.config import Config
from photolib.errors import BadInput
from photolib.library import Library, open_library
from photolib.search import engine
from photolib.search.conditions import filters

from .conftest import teller

VENICE = ("IT", "Italy", "Veneto", "Venice", 45.4375, 12.3358)
PARIS = ("FR", "France", "Île-de-France", "Paris", 48.8583, 2.2945)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Photos called a to h, each with something of its own; they are only asked for."""
    config = Config(data_dir=tmp_path_factory.mktemp("world") / "data", min_free_mb=0)
    lib = open_library(config, "worker", FakeModels())
    tell = teller(lib, catalog.user_named(lib.db, "admin").id)
    tell(
        "a.jpg", "2019-06-14T10:00:00", people=("Sarah Miller",), place=VENICE,
        hot={"rating": 5, "latitude": 45.4375, "longitude": 12.3358, "width": 4000, "height": 1000},
    )  # fmt: skip
    tell("b.jpg", "2019-12-24T20:00:00", people=("Tom",), albums=("Christmas at home",), labels=("dog",))
    tell(
        "c.jpg",
        "2020-01-02T08:00:00",
        place=PARIS,
        make="Canon",
        model="EOS 5D",
        lens="EF 50mm",
        iso=1600,
        aperture=2.8,
    )
    tell("d.mp4", "2020-06-30T23:59:59", kind="video", tags=("garden",), hot={"duration": 12.5})
    tell(
        "e.jpg",
        "2021-06-01T00:00:00",
        title="A walk",
        description="#GoldenGate",
        focal_length=50.0,
        lines=("Fresh bread",),
    )
    tell(
        "f.jpg",
        "2021-07-01T00:00:00",
        hot={"is_favourite": True, "rating": 3},
        make="Sony",
        lens="Canon EF 24mm",
        iso=100,
    )
    tell("g.jpg", "2022-02-03T00:00:00", hot={"is_archived": True}, people=("Sarah Miller",))
    tell("h.png", "2022-03-03T00:00:00", hot={"is_trashed": True}, labels=("dog",))
    tell(
        "i.png",
        "2022-04-03T00:00:00",
        looks={"kind": "screenshot", "colours": [["blue", 0.6]]},
        people=("Sarah Miller-Jones",),
    )
    yield lib
    lib.close()


def found(world: Library, query: str, **given: str) -> str:
    """The letters of the photos that a query finds."""
    owner_id = catalog.user_named(world.db, "admin").id
    results = engine.search(world, owner_id, query, filters=filters(**given))
    assert not results.understood.notes
    return "".join(sorted(each.photo.filename[0] for each in results.items))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abcdefi"),
        ("person:sarah", "ai"),
        ('person:"Sarah Miller"', "a"),
        ("person:sa", "ai"),
        ("-person:sarah", "bcdef"),
        ("place:italy", "a"),
        ("place:Italien", "a"),
        ("place:venedig OR place:paris", "ac"),
        ("place:ile", "c"),
        ("label:dog", "b"),
        ("label:Hund", "b"),
        ("label:animal", "b"),
        ("tag:garden", "d"),
        ("tag:goldengate", "e"),
        ('album:"christmas at home"', "b"),
        ("camera:canon", "c"),
        ('camera:"Canon EOS 5D"', "c"),
        ("lens:canon", "f"),
        ("type:video", "d"),
        ("is:favourite", "f"),
        ("is:archived", "g"),
        ("is:trashed", "h"),
        ("is:panorama", "a"),
        ("is:screenshot", "i"),
        ("kind:screenshot", "i"),
        ("colour:blue", "i"),
        ("has:gps", "a"),
        ("has:people", "abi"),
        ("has:text", "e"),
        ("has:title", "e"),
        ("has:album", "b"),
        ("text:bread", "e"),
        ("text:fresh", "e"),
        ('"fresh bread"', "e"),
        ('"bread fresh"', ""),
        ("file:i", "i"),
        ("iso:>100", "c"),
        ("iso:>=100", "cf"),
        ("iso:100..800", "f"),
        ("iso:<800", "f"),
        ("rating:>=4", "a"),
        ("rating:3", "f"),
        ("f:2.8", "c"),
        ("focal:50mm", "e"),
        ("duration:>10", "d"),
        ("near:45.44,12.33 5km", "a"),
        ("near:45.44,12.33 2000km", "ac"),
        ('near:"Venice" 5km', "a"),
        ("before:2019-12", "a"),
        ("before:2019-12-24", "a"),
        ("after:2021", "i"),
        ("since:2021", "efi"),
        ("on:2019", "ab"),
        ("on:2019-12-24", "b"),
        ("on:2019-06..2020-01", "abc"),
        ("on:*-06", "ade"),
        ("on:*-12..*-02", "bc"),
        ("2019 (person:tom OR place:italy)", "ab"),
        ("-on:2019 -type:video -is:favourite", "cei"),
        ("-(on:2019 OR type:video)", "cefi"),
        ("-rating:>=4", "bcdefi"),  # what has no rating is not rated well
        ("-(rating:>=4 OR duration:>10)", "bcefi"),
    ],
)
def test_a_field_finds_what_it_names(world: Library, query: str, names: str) -> None:
    assert found(world, query) == names


def test_the_parameters_of_the_api_are_conditions_too(world: Library) -> None:
    assert found(world, "", date_from="2019-12", date_to="2020-01-02") == "bc"
    assert found(world, "", person="Tom") == "b"
    assert found(world, "is:favourite", camera="sony", label=" ") == "f"
    with pytest.raises(BadInput):
        filters(date_from="soon")


def test_a_folder_is_named_by_any_stretch_of_its_path(world: Library) -> None:
    ask = world.db.conn.execute
    folder = ask(
        "insert into folders (path) values (?) returning id", (b"/home/ann/Pictures/2020 Summer/Sea",)
    ).fetchone()[0]
    photo = ask("select id from photos where filename = 'e.jpg'").fetchone()[0]
    ask(
        """insert into sources (folder_id, name, stem, owner_id, size, mtime_ns, inode, outcome, photo_id, seen_at)
           values (?, ?, ?, 1, 1, 1, 1, 'new', ?, '2020')""",
        (folder, b"e.jpg", b"e", photo),
    )
    assert found(world, 'in:"2020 Summer"') == "e"
    assert found(world, "in:pictures") == "e"
    assert found(world, 'in:"Pictures/2020 summer/sea"') == "e"
    assert found(world, "in:Summer") == ""


def test_a_place_nobody_knows_is_said(world: Library) -> None:
    results = engine.search(world, 1, "near:Xyzzyqville 5km")
    assert "near: needs a place" in results.understood.notes[0]
    assert not results.items
