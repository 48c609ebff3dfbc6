"""A model small enough to be loaded by every test: open_clip's architecture, random weights."""

import hashlib
import json
from pathlib import Path

import pytest

from models import shelf

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="session")
def tiny_model() -> Path:
    """The folder of a model with random weights, always the same ones. Kept: making it means importing torch."""
    key = hashlib.sha256(json.dumps(TINY).encode("ascii")).hexdigest()
    folder = ROOT / "build" / f"model-{key[:12]}"
    if not shelf.is_complete(folder):
        folder.parent.mkdir(exist_ok=True)
        with shelf.new_folder(folder) as draft:
            _make(draft)
    return folder


def _make(folder: Path) -> None:
    from models.torchvision_shim import make_importable

    make_importable()
    import open_clip
    import torch

    from models.fetching import save

    settings = folder / "tiny.json"
    settings.write_text(json.dumps(TINY), encoding="ascii")
    open_clip.add_model_config(settings)
    torch.manual_seed(1)
    model = open_clip.create_model("tiny")
    settings.unlink()
    save(folder, model, open_clip.get_tokenizer("tiny"), open_clip.get_model_config("tiny"))
