"""Models that open_clip loads from a folder: the tiny one with random weights, and the built-in one against what it is made of."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from models import builtin, catalogue, fetching, shelf
from models.embedder import CannotLoad, OpenClipEmbedder
from models.torchvision_shim import make_importable
from photolib.config import Config
from photolib.errors import BadInput, TryLater


def pictures(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.integers(0, 255, (60, 80, 3), dtype=np.uint8) for _ in range(count)]


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> OpenClipEmbedder:
    return OpenClipEmbedder("tiny", tiny_model, threads=2)


def test_a_picture_has_the_same_vector_whatever_batch_it_comes_in(tiny: OpenClipEmbedder) -> None:
    some = pictures(19)
    together, alone = tiny.images(some), tiny.images(some[17:18])[0]
    assert len(together) == 19
    assert together[17].vector @ alone.vector == pytest.approx(1, abs=1e-3)
    in_order = np.stack([tiny.images([each])[0].vector for each in some])
    assert np.all(np.argmax(in_order @ np.stack([each.vector for each in together]).T, axis=1) == np.arange(19))
    assert np.linalg.norm(alone.vector) == pytest.approx(1, abs=1e-5)
    assert alone.vector.dtype == np.float32
    assert tiny.images([]) == []


def test_a_model_of_the_clip_family_names_what_it_sees_from_the_vocabulary(
    tiny: OpenClipEmbedder, tiny_model: Path
) -> None:
    from photolib import labels

    [seen] = tiny.images(pictures(1))
    assert seen.scheme == "vocabulary"
    assert 0 < len(seen.classes) <= 20
    assert {name for name, _ in seen.classes} <= set(labels.prompts()) - {labels.NOTHING}
    probabilities = [probability for _, probability in seen.classes]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1
    assert len(list(tiny_model.glob("vocabulary-*.npy"))) == 1  # not made again the next time


@pytest.mark.parametrize("turns", [0, 1])
def test_pictures_are_prepared_as_the_model_asks_for_it(
    tiny: OpenClipEmbedder, shared_photos: Path, turns: int
) -> None:
    tiny.load()
    with Image.open(shared_photos / "search" / "azure" / "dog.jpg") as image:
        upright = image.convert("RGB").rotate(90 * turns, expand=True)
    ours, own = tiny._prepare(np.asarray(upright)), tiny._transform(upright)
    assert ours.shape == own.shape
    assert float((ours - own).abs().mean()) < 0.2 / 255
    assert float((ours - own).abs().max()) < 25 / 255  # in units of about four levels of brightness


def test_sixteen_bits_say_nearly_what_thirty_two_do(tiny: OpenClipEmbedder, tiny_model: Path) -> None:
    some, sentences = pictures(2), ["a dog on the beach", "Schnee"]
    exact = OpenClipEmbedder("tiny", tiny_model, threads=1, precision="fp32")
    pairs = zip(tiny.images(some), exact.images(some), strict=True)
    assert all(here.vector @ there.vector > 0.995 for here, there in pairs)
    assert np.all((tiny.text(sentences) * exact.text(sentences)).sum(1) > 0.995)


def test_one_bad_picture_is_raised_and_the_next_batch_goes_through(tiny: OpenClipEmbedder) -> None:
    def read(number: int) -> np.ndarray:
        if number == 3:
            raise ValueError("not this one")
        return pictures(1)[0]

    with pytest.raises(ValueError, match="not this one"):
        tiny.see(range(30), read)
    assert len(tiny.see([1, 2], read)) == 2


@pytest.mark.parametrize("name", [shelf.CONFIG, shelf.WEIGHTS])
def test_a_file_that_is_gone_or_changed_is_found_out(tiny_model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "own"
    shutil.copytree(tiny_model, folder)
    (folder / name).write_bytes(b"{}")
    with pytest.raises(CannotLoad, match="is not the file it was"):
        OpenClipEmbedder("own", folder, threads=1).load()
    (folder / shelf.CHECKSUMS).unlink()  # somebody's own folder has none
    with pytest.raises(CannotLoad, match="cannot be understood"):
        OpenClipEmbedder("own", folder, threads=1).load()
    (folder / name).unlink()
    with pytest.raises(CannotLoad, match=f"{name} is missing"):
        OpenClipEmbedder("own", folder, threads=1).load()


def test_another_training_of_ones_own_model_has_another_name(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(tiny_model, folder)
    before = shelf.own_name(folder)
    with (folder / shelf.WEIGHTS).open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"trained")
    assert before.startswith("own ")
    assert shelf.own_name(folder) != before


def test_fetching_says_which_names_there_are(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "data", models_dir=tmp_path / "models")
    with pytest.raises(BadInput, match=r"ViT-B-32/laion2b_s34b_b79k"):
        fetching.fetch(config, "ViT-B-32/nonsense")
    with pytest.raises(BadInput, match="models list"):
        fetching.fetch(config, "nonsense")
    with pytest.raises(BadInput, match="comes with"):
        fetching.fetch(config, "pp-ocrv6-small")


def test_without_internet_fetching_says_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_importable()
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    config = Config(data_dir=tmp_path / "data", models_dir=tmp_path / "models")
    with pytest.raises(TryLater, match="cannot be reached"):
        fetching.fetch(config, catalogue.recommended().name)
    assert not (tmp_path / "models").exists()


# ---------------------------------------------------------------- the built-in model


@pytest.fixture(scope="module")
def built_in(models_dir: Path) -> OpenClipEmbedder:
    folder = models_dir / shelf.BUILT_IN_NAME
    builtin.ensure(folder)
    return OpenClipEmbedder(shelf.BUILT_IN_NAME, folder, threads=1, precision="fp32")


def test_its_text_tower_is_the_sentence_model(built_in: OpenClipEmbedder) -> None:
    sentences = [
        "a dog on the beach",
        "snow",
        "a much longer sentence about two people who are eating a birthday cake in a garden",
    ]
    _, source = builtin.sources()
    expected = builtin.sentence_vectors(source, sentences)
    assert np.allclose((built_in.text(sentences) * expected).sum(1), 1, atol=1e-5)


def test_its_image_tower_and_classes_are_the_classifier(built_in: OpenClipEmbedder) -> None:
    import timm
    import torch

    weights, _ = builtin.sources()
    trunk, weight, bias = builtin.read_image_weights(weights)
    source = timm.create_model("tf_efficientnet_lite2", pretrained=False).eval()
    source.load_state_dict({**trunk, "classifier.weight": weight, "classifier.bias": bias})
    [picture] = pictures(1)
    with torch.inference_mode():
        prepared = built_in._prepare(picture)[None]
        scores = source(prepared)[0].numpy()
        linear = built_in._model.encode_image(prepared, normalize=True)[0].numpy()
    [seen] = built_in.images([picture])
    probabilities = np.exp(scores) / np.exp(scores).sum()
    ids = builtin.class_ids()
    assert seen.scheme == "imagenet"
    assert seen.classes[0][0] == ids[int(scores.argmax())]
    for name, probability in seen.classes:
        assert probability == pytest.approx(probabilities[ids.index(name)], rel=1e-3)
    onto = built_in._head.onto
    expected = onto @ (scores - scores.mean())
    assert linear @ (expected / np.linalg.norm(expected)) == pytest.approx(1, abs=1e-5)
    soft = np.exp(scores / builtin.SOFTNESS) / np.exp(scores / builtin.SOFTNESS).sum()
    expected = onto @ (soft - soft.mean())
    assert seen.vector @ (expected / np.linalg.norm(expected)) == pytest.approx(1, abs=1e-5)


def test_truncated_pictures_stay_unreadable(built_in: OpenClipEmbedder) -> None:
    built_in.load()
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS is not None
