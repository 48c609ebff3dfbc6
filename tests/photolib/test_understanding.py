"""The steps that understand a photo, as a chain: what one version has done, what is made up for, and what a better model changes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from models.fake import FakeModels
from photolib import jobs, labels, scopes, understanding, understood
from photolib.db import write
from photolib.errors import TryLater
from photolib.ingest import STEPS
from photolib.library import Library
from photolib.ports import EMBED, FACES, TEXT, NoModels, Seen
from photolib.vectors import serving_model
from photolib.worker import work_once, work_until_idle
from tests.conftest import DrawPhoto, ImportFolder

PATIENCE = {step.name: step.patience for step in STEPS}


class Flaky(FakeModels):
    """Its process dies over some pictures, as often as they are shown to it, or as often as it is told."""

    def __init__(self, deaths: dict[str, int], **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.deaths = deaths

    def see(self, pictures: list[Path], seconds: float | None = None) -> list[Seen]:
        for picture in pictures:
            if self.deaths.get(picture.parent.name, 0) > 0:
                self.deaths[picture.parent.name] -= 1
                raise TryLater("The model process ended unexpectedly.")
        return super().see(pictures, seconds)


def have_models(library: Library, models: FakeModels) -> FakeModels:
    library.models = models
    return models


def take_three(draw_photo: DrawPhoto, import_folder: ImportFolder) -> None:
    for number in range(3):
        folder = draw_photo(f"in/{number}.jpg", size=(900, 700)).parent
    import_folder(folder)


def keys(library: Library) -> list[str]:
    return [row[0] for row in library.db.conn.execute("select key from photos order by id")]


def vectors_by(library: Library, model: str) -> int:
    return understood.vector_counts(library.db).get(model, 0)


def try_again_now(library: Library) -> None:
    library.db.conn.execute("update jobs set not_before = 0")
    work_until_idle(library)


def test_without_models_photos_are_shown_and_made_up_for_once_there_are_some(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    assert isinstance(library.models, NoModels)
    take_three(draw_photo, import_folder)
    assert [photo.status for photo in scopes.page(library.db, 1).photos] == ["ready"] * 3
    assert not jobs.is_busy(library.db, jobs.BACKFILL + 9)
    assert understanding.backfill(library, PATIENCE) == 0
    models = have_models(library, FakeModels())
    assert understanding.backfill(library, PATIENCE) == 9  # three abilities of three photos
    work_until_idle(library)
    assert sorted(ability for ability, _ in models.seen) == [EMBED] * 3 + [FACES] * 3 + [TEXT] * 3
    assert vectors_by(library, "fake-1") == 3


def test_what_one_version_has_looked_at_is_not_looked_at_again(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    models = have_models(library, FakeModels())
    take_three(draw_photo, import_folder)
    looked = len(models.seen)
    understanding.backfill(library, PATIENCE)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", [1, 2, 3])
    work_until_idle(library)
    assert len(models.seen) == looked == 9


def test_a_new_model_looks_at_everything_again_while_the_old_one_serves(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    have_models(library, FakeModels(name="old"))
    take_three(draw_photo, import_folder)
    assert serving_model(library.db, library.models) == "old"
    have_models(library, FakeModels(name="new", earlier=["old"]))
    assert understanding.backfill(library, PATIENCE) == 3
    embed = [step for step in STEPS if step.name == EMBED]
    with write(library.db) as db:  # a batch takes all three: leave one for later
        db.conn.execute("update jobs set not_before = 9e9 where photo_id = 3")
    work_until_idle(library, embed)
    assert (vectors_by(library, "new"), serving_model(library.db, library.models)) == (2, "old")
    try_again_now(library)
    assert (vectors_by(library, "new"), serving_model(library.db, library.models)) == (3, "new")


def test_a_model_process_that_dies_in_a_batch_costs_a_try_and_no_photo(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    models = have_models(library, Flaky({}))
    library.models = NoModels()
    take_three(draw_photo, import_folder)
    library.models = models
    understanding.backfill(library, PATIENCE)
    models.deaths = {keys(library)[1]: 2}  # with the others, and alone
    work_until_idle(library)
    assert vectors_by(library, "fake-1") == 2
    try_again_now(library)
    assert vectors_by(library, "fake-1") == 3


def test_a_photo_over_which_the_process_always_dies_is_parked_with_a_reason(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    models = have_models(library, Flaky({}))
    library.models = NoModels()
    take_three(draw_photo, import_folder)
    library.models = models
    understanding.backfill(library, PATIENCE)
    models.deaths = {keys(library)[1]: 99}
    work_until_idle(library)
    try_again_now(library)
    try_again_now(library)
    (parked,) = jobs.listed(library.db, EMBED, "failed")
    assert "ended unexpectedly" in parked.reason
    assert vectors_by(library, "fake-1") == 2
    assert [photo.status for photo in scopes.page(library.db, 1).photos] == ["ready"] * 3
    assert len([1 for ability, _ in models.seen if ability == TEXT]) == 3  # the other abilities went on


def test_an_ability_that_goes_off_in_the_middle_is_made_up_for(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    models = have_models(library, FakeModels())
    understanding.backfill(library, PATIENCE)
    models.off = {EMBED: "the file of the model is damaged"}
    take_three(draw_photo, import_folder)
    assert vectors_by(library, "fake-1") == 0
    models.off = {}
    assert understanding.backfill(library, PATIENCE) == 3
    work_until_idle(library)
    assert vectors_by(library, "fake-1") == 3


def test_pictures_that_somebody_has_deleted_are_made_again_for_the_models(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    take_three(draw_photo, import_folder)
    shutil.rmtree(library.variants)
    have_models(library, FakeModels())
    understanding.backfill(library, PATIENCE)
    work_until_idle(library)
    assert vectors_by(library, "fake-1") == 3
    assert jobs.counts(library.db) == {}


def test_a_step_that_runs_twice_gives_the_same_rows(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    dog = next(name for name in labels.prompts() if name == "dog")
    have_models(library, FakeModels(classes={word: [(dog, 0.9)] for word in ("grey", "black", "white")}))
    take_three(draw_photo, import_folder)
    tables = ("embeddings", "labels", "measures", "understood", "text_lines", "faces")

    def rows() -> list[list[tuple[object, ...]]]:
        return [library.db.conn.execute(f"select * from {table} order by 1, 2").fetchall() for table in tables]

    before = rows()
    assert any(label == "dog" for _, label, *_ in before[1])
    library.db.conn.execute("update understood set version = 'an earlier one'")
    with write(library.db) as db:
        jobs.enqueue(db, "place", [1, 2, 3])
    work_until_idle(library)
    assert rows() == before


def test_new_photos_are_shown_before_any_is_understood(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    have_models(library, FakeModels())
    take_three(draw_photo, import_folder)
    with write(library.db) as db:
        jobs.enqueue(db, EMBED, [1], jobs.NEW + PATIENCE[EMBED])
        jobs.enqueue(db, "variants", [2], jobs.BACKFILL)
        jobs.enqueue(db, "metadata", [3])
    order = []
    while work_once(library):
        order.append({row[0] for row in library.db.conn.execute("select distinct step from jobs")})
    assert "metadata" not in order[0]
    assert EMBED in order[0]
    assert "variants" in order[0]


def test_a_vector_is_kept_as_it_was(library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder) -> None:
    take_three(draw_photo, import_folder)
    vector = np.random.default_rng(1).normal(size=384).astype(np.float32)
    vector /= np.linalg.norm(vector)
    with write(library.db) as db:
        understood.keep_vector(db, 1, "some", vector)
    assert understood.vector(library.db, 1, "some") == pytest.approx(vector, abs=1e-3)
    assert understood.vector(library.db, 1, "another") is None
