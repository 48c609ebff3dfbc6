"""What every test builds its world from."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import piexif
import pytest
from hypothesis import settings
from PIL import Image, ImageDraw

from models import open_models
from photolib.config import Config
from photolib.importing import Intake, Wishes, wait_for_jobs
from photolib.library import Library, open_library
from photolib.ports import Models
from photolib.scan import look
from photolib.tally import Tally
from photolib.worker import work_until_idle
from tests.abuse_cases import cases_of, numbers_in

ROOT = Path(__file__).resolve().parents[1]
SHARED = (ROOT.parent / "shared").resolve()


# Files that take longest go first, so that two processes working side by side end together.
LONGEST = (
    "test_browser",
    "test_api_schemathesis",
    "test_bad_files",
    "test_ingest",
    "test_shared_photos",
    "test_variants",
    "test_takeout_import",
    "test_serving",
)


# A command that a test runs loads no models, whichever fixture runs it; tests of models open them themselves.
WITHOUT_MODELS = {"PHOTOLIB_EMBEDDING_MODEL": "", "PHOTOLIB_FIND_FACES": "no", "PHOTOLIB_READ_TEXT": "no"}
os.environ.update(WITHOUT_MODELS)


# Half of Hypothesis' usual examples: with the ones it keeps from earlier failures, enough for a run that everybody waits for.
settings.register_profile("suite", max_examples=50)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(item, "originalname", item.name)
        test = f"{item.path.relative_to(ROOT / 'tests').as_posix()}::{name}"
        for number in {*cases_of().get(test, ()), *numbers_in(name)}:
            item.add_marker(pytest.mark.abuse(case=number))
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and notes of the person who runs it."""
    for name in [each for each in os.environ if each.startswith(("PHOTOLIB_", "XDG_")) and each not in WITHOUT_MODELS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def shared_photos() -> Path:
    """The 600 real photos. CI always has them."""
    if not (SHARED / "photos").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED} is missing")
        pytest.skip(f"{SHARED} is missing")
    return SHARED / "photos"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=tmp_path / "data", host="127.0.0.1", settle_seconds=0, min_free_mb=0, workers=2)


@pytest.fixture
def library(config: Config) -> Iterator[Library]:
    lib = open_library(config, role="worker")
    yield lib
    lib.close()


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A folder for the real built-in model, which is made there at first need and kept until its recipe changes."""
    recipe = hashlib.sha256((ROOT / "models" / "builtin.py").read_bytes()).hexdigest()
    folder = ROOT / "build" / f"models-{recipe[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def real_models(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    """The real built-in model, faces and OCR, in a process over a data folder of its own. It has seen no picture yet."""
    data = tmp_path_factory.mktemp("real-models")
    for name in ("tmp", "index"):
        (data / name).mkdir()
    models = open_models(Config(data_dir=data, models_dir=models_dir, model_idle_seconds=600))
    yield models
    models.close()


DrawPhoto = Callable[..., Path]


@pytest.fixture
def draw_photo(tmp_path: Path) -> DrawPhoto:
    """Draws a JPEG that no other call draws, with the EXIF it is given."""
    drawn = 0

    def draw(
        path: Path | str = "photo.jpg",
        size: tuple[int, int] = (320, 240),
        taken: str | None = None,
        make: str | None = None,
        orientation: int | None = None,
        exif: dict[str, Any] | None = None,
        **save: Any,
    ) -> Path:
        nonlocal drawn
        drawn += 1
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        image = Image.linear_gradient("L").resize(size).convert("RGB")
        ImageDraw.Draw(image).text((5, 5), f"photo {drawn}", fill=(drawn * 37 % 256, 80, 200))
        tags: dict[str, Any] = {"0th": {}, "Exif": {}, "GPS": {}, **(exif or {})}
        if taken:
            tags["Exif"][piexif.ExifIFD.DateTimeOriginal] = taken
        if make:
            tags["0th"][piexif.ImageIFD.Make] = make
        if orientation:
            tags["0th"][piexif.ImageIFD.Orientation] = orientation
        image.save(target, exif=piexif.dump(tags), **save)
        return target

    return draw


ImportFolder = Callable[..., Tally]


@pytest.fixture
def import_folder(library: Library) -> ImportFolder:
    """Takes a folder in and works the queue until it is empty, all in this thread but for the decoding."""

    def take(folder: Path, **wishes: Any) -> Tally:
        owner = library.db.conn.execute("select id from users").fetchone()[0]
        tally = Tally()
        with Intake(library, Wishes(owner_id=wishes.pop("owner_id", owner), **wishes), tally) as intake:
            for found in look(folder):
                intake.take_folder(found)
            intake.close()
        work_until_idle(library)
        wait_for_jobs(library, tally, lambda: None)
        return tally

    return take
