"""The models photolib knows, which of them are here, and whether their files are what they should be."""

import importlib.util
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from models import shelf
from photolib.config import Config
from photolib.ports import EMBED, FACES, TEXT


@dataclass(frozen=True)
class Entry:
    """A known model. source: "packages" or "open_clip". sha256: of files in packages, by package/path."""

    name: str
    title: str
    ability: str
    source: str
    licence: str
    size_mb: int | None = None
    languages: str = ""
    good_for: str = ""
    is_recommended: bool = False
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """A file of a model that is looked at. is_good: it is there and what it was; for one that is not, what helps."""

    model: str
    file: str
    is_good: bool
    what_helps: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    tables = tomllib.loads(files("models").joinpath("catalogue.toml").read_text(encoding="utf-8"))["models"]
    return tuple(Entry(source=table.pop("from"), **table) for table in tables)


def entry(name: str) -> Entry | None:
    """The entry of a model, by the name stored beside what it makes or the one the settings use."""
    name = shelf.BUILT_IN_NAME if name == shelf.BUILT_IN else name
    return next((each for each in entries() if each.name == name), None)


def recommended() -> Entry:
    return next(each for each in entries() if each.is_recommended)


def listed(config: Config) -> list[dict[str, Any]]:
    """Every known model and every one that is here, ready for JSON: its entry, "is_present" and "is_in_use"."""
    now = shelf.wanted(config)
    used = {now.name if now else None, *_used_from_packages(config)}
    places = {place.name for place in shelf.present(config)}
    known = []
    for each in entries():
        is_present = each.name in places or (each.source == "packages" and _packages_are_there(each))
        known.append({**asdict(each), "is_present": is_present, "is_in_use": is_present and each.name in used})
    for name in sorted(places - {each.name for each in entries()}):
        own = Entry(name, name, EMBED, "open_clip", "not known")
        known.append({**asdict(own), "is_present": True, "is_in_use": name in used})
    return known


def check(config: Config) -> Iterator[Checked]:
    """Look at every file of the models that are here. Takes about a second for each gigabyte."""
    for each in entries():
        if each.source == "packages" and _packages_are_there(each):
            wrong = set(differing(each.name))
            for name in each.sha256:
                package = name.partition("/")[0].replace("_", "-")
                yield Checked(each.name, name, name not in wrong, f"install the package {package} again")
    for place in shelf.present(config):
        wrong = set(shelf.differing(place.folder))
        helps = f"`photolib models fetch {place.name}` gets it anew"
        if config.models not in place.folder.parents:
            helps = f"put it back into {place.folder}, from where that folder came"
        try:
            known = shelf.checksums(place.folder)
        except ValueError:
            known = {shelf.CHECKSUMS: ""}
        for name in known:
            yield Checked(place.name, str(place.folder / name), name not in wrong, helps)


def differing(name: str) -> list[str]:
    """The files in packages that are not those of the catalogue, or not there."""
    known = entry(name)
    if known is None:
        return []
    return [file for file, key in known.sha256.items() if (path := packaged(file)) is None or shelf.sha256(path) != key]


def packaged(file: str) -> Path | None:
    """Where a file of a package lies, without importing the package; None when it is not there."""
    package, _, rest = file.partition("/")
    found = importlib.util.find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        if (path := Path(folder) / rest).is_file():
            return path
    return None


def _packages_are_there(known: Entry) -> bool:
    return shelf.is_installed(*{file.partition("/")[0] for file in known.sha256})


def _used_from_packages(config: Config) -> set[str]:
    wishes = {FACES: config.find_faces, TEXT: config.read_text}
    return {each.name for each in entries() if wishes.get(each.ability)}
