"""Which models there are, which of them are here, and what is said when something is wrong. Loads none."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import builtin, catalogue, open_models, shelf
from models.fake import FakeModels
from models.fetching import fetch
from models.process import ModelProcess
from photolib.config import Config
from photolib.errors import TryLater
from photolib.ports import ABILITIES, EMBED, TEXT, Box, Models, TextLine


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "data" / "index").mkdir(parents=True)
    return Config(data_dir=tmp_path / "data", models_dir=tmp_path / "models")


def test_every_model_of_the_catalogue_says_what_it_is_and_under_which_licence() -> None:
    names = [each.name for each in catalogue.entries()]
    assert len(names) == len(set(names))
    for each in catalogue.entries():
        assert each.title
        assert each.licence
        assert each.good_for
        assert each.ability in ABILITIES
        assert bool(each.sha256) == (each.source == "packages"), each.name
    assert catalogue.recommended().ability == EMBED
    assert "clip" not in json.dumps([catalogue.entry("built-in").title, shelf.BUILT_IN_NAME]).lower()  # type: ignore[union-attr]


def test_the_files_of_packages_are_those_of_the_catalogue(config: Config) -> None:
    found = list(catalogue.check(config))
    assert {each.model for each in found} == {shelf.BUILT_IN_NAME, "face_recognition-1.3", "pp-ocrv6-small"}
    assert all(each.is_good for each in found), found


def test_a_changed_file_of_a_model_is_found_by_check(config: Config, tiny_model: Path) -> None:
    folder = config.models / "ViT-B-32--mine"
    shutil.copytree(tiny_model, folder)
    assert all(each.is_good for each in catalogue.check(config))
    (folder / shelf.WEIGHTS).write_bytes(b"other")
    bad = [each for each in catalogue.check(config) if not each.is_good]
    assert [(each.model, Path(each.file).name) for each in bad] == [("ViT-B-32/mine", shelf.WEIGHTS)]
    (folder / shelf.CHECKSUMS).write_text("[]", encoding="ascii")
    assert [Path(each.file).name for each in catalogue.check(config) if not each.is_good] == [shelf.CHECKSUMS]


def test_fetching_a_damaged_model_makes_it_anew(
    config: Config, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = config.models / shelf.BUILT_IN_NAME
    shutil.copytree(tiny_model, folder)
    (folder / shelf.WEIGHTS).write_bytes(b"half of it")
    monkeypatch.setattr(builtin, "make", lambda draft: shutil.copytree(tiny_model, draft, dirs_exist_ok=True))
    said: list[str] = []
    fetch(config, shelf.BUILT_IN, said.append)
    assert shelf.differing(folder) == []
    assert "is damaged or gone" in said[0]
    fetch(config, shelf.BUILT_IN, said.append)
    assert len(said) == 2  # that it is made, and nothing more


def test_the_list_says_what_is_here_and_in_use(config: Config, tiny_model: Path) -> None:
    shutil.copytree(tiny_model, config.models / "ViT-B-32--mine")
    listed = {each["name"]: each for each in catalogue.listed(replace(config, embedding_model="ViT-B-32/mine"))}
    assert listed["ViT-B-32/mine"]["is_in_use"]
    assert listed[shelf.BUILT_IN_NAME]["is_present"]
    assert not listed[shelf.BUILT_IN_NAME]["is_in_use"]
    assert not listed[catalogue.recommended().name]["is_present"]


def test_an_earlier_model_still_reads_sentences_as_long_as_its_files_are_there(
    config: Config, tiny_model: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_model, own)
    before = shelf.wanted(replace(config, embedding_model=str(own)))
    assert before is not None
    shelf.remember_own(config, before)
    now = ModelProcess(config)
    assert now.ability(EMBED).model == shelf.BUILT_IN_NAME
    assert now.can_embed_text(before.name)
    (own / shelf.WEIGHTS).write_bytes(b"trained once more")
    assert not now.can_embed_text(before.name)
    assert not now.can_embed_text("never heard of")


def test_a_model_made_by_another_process_meanwhile_is_not_made_again(tmp_path: Path, tiny_model: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "built-in-1")
    builtin.ensure(tmp_path / "built-in-1")
    assert shelf.differing(tmp_path / "built-in-1") == []


def test_switched_off_is_said(config: Config) -> None:
    models = open_models(replace(config, embedding_model="", find_faces=False, read_text=False))
    for ability in ABILITIES:
        assert models.ability(ability).model is None
        assert "switched off" in models.ability(ability).note
    with pytest.raises(TryLater, match="switched off"):
        models.see([])


def test_fake_models_give_the_same_answer_every_time(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        Image.new("RGB", (80, 60), colour).save(tmp_path / f"{colour}.png")
    line = TextLine("Hello", 0.9, Box(0, 0, 1, 1))
    models: Models = FakeModels(text={"red": [line]}, off={"faces": "not today"}, earlier=["fake-0"])
    red, blue = (seen.vector for seen in models.see([tmp_path / "red.png", tmp_path / "blue.png"]))
    sentence = models.embed_text("a red car", "fake-1", seconds=1)
    assert sentence @ red > 0.9 > 0.2 > sentence @ blue
    assert abs(models.embed_text("nothing of the kind", "fake-1", seconds=1) @ red) < 0.5
    assert np.array_equal(red, models.see([tmp_path / "red.png"])[0].vector)
    assert abs(models.embed_text("a red car", "fake-0", seconds=1) @ red) < 0.5
    assert models.read_text(tmp_path / "red.png") == [line]
    assert models.read_text(tmp_path / "blue.png") == []
    assert models.ability(TEXT).is_on
    with pytest.raises(TryLater, match="not today"):
        models.find_faces(tmp_path / "red.png")
