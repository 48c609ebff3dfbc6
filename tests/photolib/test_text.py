"""The step that reads text in pictures: what it asks for and what it keeps."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from photolib import understanding
from photolib.errors import TryLater
from photolib.library import Library
from photolib.ports import TEXT, Ability, Box, NoModels, TextLine
from photolib.worker import work_until_idle
from tests.conftest import DrawPhoto, ImportFolder

LINES = [TextLine("Speisekarte", 0.97, Box(0.1, 0.1, 0.5, 0.1)), TextLine("Brezn 1,80", 0.9, Box(0.1, 0.3, 0.4, 0.1))]


@dataclass
class OneReader(NoModels):
    """A model process that reads the same text everywhere and does nothing else."""

    name: str | None = "reader 1"
    problem: Exception | None = None
    asked: list[tuple[Path, Path | None]] = field(default_factory=list)

    def ability(self, ability: str) -> Ability:
        return Ability(ability, self.name if ability == TEXT else None, "")

    def read_text(self, picture: Path, larger: Path | None = None) -> list[TextLine]:
        self.asked.append((picture, larger))
        if self.problem:
            raise self.problem
        return LINES


def kept(lib: Library) -> list[tuple[str, float]]:
    return lib.db.conn.execute("select text, y from text_lines order by photo_id, line").fetchall()


@pytest.fixture
def reader(library: Library) -> OneReader:
    library.models = OneReader()
    return library.models


def test_a_photo_is_read_once_in_both_sizes(
    library: Library, reader: OneReader, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    import_folder(draw_photo("in/menu.jpg").parent)
    assert kept(library) == [("Speisekarte", 0.1), ("Brezn 1,80", 0.3)]
    ((picture, larger),) = reader.asked
    assert larger is not None
    assert (picture.stem, larger.stem) == ("medium", "large")
    assert picture.is_file()
    assert larger.is_file()
    understanding.backfill(library, {TEXT: 4})
    work_until_idle(library)
    assert len(reader.asked) == 1


def test_a_better_reader_reads_again_and_its_lines_replace_the_others(
    library: Library, reader: OneReader, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    import_folder(draw_photo("in/menu.jpg").parent)
    reader.name = "reader 2"
    assert understanding.backfill(library, {TEXT: 4}) == 1
    work_until_idle(library)
    assert len(kept(library)) == 2
    assert len(reader.asked) == 2


def test_without_a_reader_photos_come_in_and_are_read_when_there_is_one(
    library: Library, reader: OneReader, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    reader.name = None
    assert import_folder(draw_photo("in/menu.jpg").parent).failed == 0
    assert reader.asked == []
    assert kept(library) == []
    reader.name = "reader 1"
    assert understanding.backfill(library, {TEXT: 4}) == 1
    work_until_idle(library)
    assert len(kept(library)) == 2


def test_a_reader_that_is_not_to_be_had_costs_only_the_text(
    library: Library, reader: OneReader, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    reader.problem = TryLater("The model process is busy.")
    import_folder(draw_photo("in/menu.jpg").parent)
    assert library.db.conn.execute("select status from photos").fetchall() == [("ready",)]
    assert library.db.conn.execute("select step, state from jobs").fetchall() == [("text", "waiting")]
