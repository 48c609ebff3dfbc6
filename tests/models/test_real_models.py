"""The models themselves, in their process: what they make of photos that nobody could mistake."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from photolib.errors import NotFound, TryLater, UnreadablePhoto
from photolib.ports import EMBED, Models

SECONDS = 60.0
DOGS = ("n02088", "n02089", "n0209", "n0210", "n02110", "n02111", "n02112", "n02113")  # where WordNet keeps the breeds


@pytest.fixture
def model(real_models: Models) -> str:
    name = real_models.ability(EMBED).model
    assert name is not None
    return name


def test_the_built_in_model_knows_a_dog_from_a_car(real_models: Models, model: str, shared_photos: Path) -> None:
    [seen] = real_models.see([shared_photos / "search" / "azure" / "dog.jpg"])
    assert seen.scheme == "imagenet"
    assert seen.classes[0][0].startswith(DOGS)
    assert len(seen.classes) == 20
    near = {each: float(real_models.embed_text(each, model, SECONDS) @ seen.vector) for each in ("a dog", "a car")}
    assert near["a dog"] > near["a car"] + 0.1
    assert np.linalg.norm(seen.vector) == pytest.approx(1, abs=1e-4)


def test_faces_come_with_their_place_and_their_numbers(real_models: Models, shared_photos: Path) -> None:
    [face, *others] = real_models.find_faces(shared_photos / "search" / "azure" / "Amy.jpg")
    assert others == []
    assert 0 < face.box.x < face.box.x + face.box.w < 1
    assert face.vector.shape == (128,)
    assert face.vector.dtype == np.float32


def test_what_cannot_be_read_is_said_and_the_process_goes_on(real_models: Models, model: str, tmp_path: Path) -> None:
    before = real_models.pid  # type: ignore[attr-defined]
    broken = tmp_path / "medium.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture at all")
    for look in (
        lambda: real_models.see([broken]),
        lambda: real_models.find_faces(broken),
        lambda: real_models.read_text(broken),
    ):
        with pytest.raises(UnreadablePhoto):
            look()
    with pytest.raises(NotFound, match="rebuild --missing"):
        real_models.see([tmp_path / "gone.jpg"])
    with pytest.raises(TryLater):
        real_models.embed_text("a dog", "a model nobody has", SECONDS)
    assert real_models.pid == before  # type: ignore[attr-defined]


def test_sentences_do_not_queue_behind_pictures(
    real_models: Models, model: str, shared_photos: Path, tmp_path: Path
) -> None:
    dog, endless = shared_photos / "search" / "azure" / "dog.jpg", tmp_path / "endless.jpg"
    os.mkfifo(endless)  # never read to its end while it is open
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(real_models.see, [dog, endless])
        with endless.open("wb") as end:
            vector = real_models.embed_text("a dog", model, SECONDS)
            assert not asked.done()
            end.write(dog.read_bytes())
        one, other = asked.result(SECONDS)
    assert vector.shape == one.vector.shape == (384,)
    assert one.vector @ other.vector == pytest.approx(1, abs=1e-3)
