"""Getting a model from where its authors keep it: all that photolib ever asks the network for, and only when a person does."""

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models import builtin, catalogue, shelf
from models.embedder import CannotLoad
from models.torchvision_shim import make_importable
from photolib.config import Config
from photolib.errors import BadInput, NotFound, PhotolibError, StorageFailed, TryLater

CONNECT_SECONDS = 5


def fetch(config: Config, name: str, say: Callable[[str], None] = lambda _: None) -> shelf.Place:
    """Get or make a model by the name that the catalogue, the settings or open_clip use, anew when its files are damaged. Returns
    where it is.

    Raises BadInput for a name nobody knows, TryLater without internet, StorageFailed.
    """
    if not shelf.is_installed(*shelf.PACKAGES):
        raise BadInput(f"{shelf.INSTALL.capitalize()}.")
    known = catalogue.entry(name)
    if known is not None and known.name == shelf.BUILT_IN_NAME:
        place = shelf.Place(known.name, config.models / known.name)
        _remove_damaged(place, say)
        try:
            builtin.ensure(place.folder, say)
        except CannotLoad as problem:
            raise NotFound(f"The built-in model cannot be made: {problem}.") from problem
        return place
    if known is not None and known.source == "packages":
        raise BadInput(f"{known.name} comes with photolib's packages; there is nothing to fetch.")
    place = shelf.Place(name, config.models / shelf.folder_name(name))
    _remove_damaged(place, say)
    if shelf.is_complete(place.folder):
        return place
    _download(place, say)
    return place


def _remove_damaged(place: shelf.Place, say: Callable[[str], None]) -> None:
    if place.folder.is_dir() and (wrong := shelf.differing(place.folder)):
        say(f"{place.folder / wrong[0]} is damaged or gone; {place.name} is got anew.")
        shutil.rmtree(place.folder)


def _download(place: shelf.Place, say: Callable[[str], None]) -> None:
    make_importable()
    import open_clip

    architecture, _, training = place.name.partition("/")
    source = open_clip.get_pretrained_cfg(architecture, training)
    if not source:
        raise BadInput(f"There is no model {place.name!r}. {_names(architecture)}")
    _check_connection()
    try:
        place.folder.parent.mkdir(parents=True, exist_ok=True)
        parts = place.folder.parent / ".downloads"  # kept when it breaks off: the next try goes on from there
        say(f"Fetching {place.name} into {place.folder} ...")
        with _explained(place.name):
            weights = Path(open_clip.download_pretrained(source, cache_dir=str(parts)))
            _check_download(weights)
            model = open_clip.create_model(architecture, pretrained=training, cache_dir=str(parts))
            tokenizer = open_clip.get_tokenizer(architecture, cache_dir=str(parts))
        with shelf.new_folder(place.folder) as draft:
            save(draft, model, tokenizer, open_clip.get_model_config(architecture))
        shutil.rmtree(parts, ignore_errors=True)
    except OSError as problem:
        raise StorageFailed(f"The model cannot be written to {place.folder}: {problem.strerror}.") from problem


def save(folder: Path, model: Any, tokenizer: Any, settings: dict[str, Any]) -> None:
    """Write a model of open_clip into a folder that it can be loaded from without the network. settings: its model_cfg."""
    from safetensors.torch import save_file

    prepared = {name: model.visual.preprocess_cfg[name] for name in ("mean", "std", "interpolation", "resize_mode")}
    text = json.dumps({"model_cfg": settings, "preprocess_cfg": prepared}, indent=1)
    (folder / shelf.CONFIG).write_text(text, encoding="utf-8")
    if settings["text_cfg"].get("hf_model_name"):
        model.text.config.save_pretrained(folder)
    if settings["text_cfg"].get("hf_tokenizer_name"):
        tokenizer.save_pretrained(folder)
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / shelf.WEIGHTS)
    shelf.pin(folder)


def _names(architecture: str) -> str:
    import open_clip

    if trainings := open_clip.list_pretrained_tags_by_model(architecture):
        return f"Of {architecture} there are: {', '.join(f'{architecture}/{each}' for each in trainings)}."
    return "`photolib models list` shows those that are known here; open_clip's own names can be used as well."


def _check_connection() -> None:
    """Say at once that there is no way out, instead of after a minute of tries. A proxy is not looked behind."""
    from huggingface_hub import constants

    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return
    where = urlsplit(constants.ENDPOINT)
    port = where.port or (443 if where.scheme == "https" else 80)
    try:
        socket.create_connection((where.hostname or "", port), CONNECT_SECONDS).close()
    except OSError as problem:
        raise TryLater(
            f"{where.hostname} cannot be reached, where the model is kept ({problem.strerror or problem}). Is this machine online? "
            "A model's folder can also be copied into the models folder by hand."
        ) from problem


def _check_download(weights: Path) -> None:
    """The download's cache names a large file by the SHA-256 that the server says it has."""
    said = weights.resolve().name
    if len(said) == 64 and shelf.sha256(weights) != said:
        weights.resolve().unlink()
        raise TryLater("The file that arrived is not the one that was sent (its SHA-256 differs). Try again.")


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except PhotolibError:
        raise
    except (OSError, RuntimeError, ValueError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        raise TryLater(f"{name} could not be fetched: {str(problem)[:300]}") from problem
