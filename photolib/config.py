"""Settings: read once from option, environment, file and default (in that order), then passed in as frozen dataclasses."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

import platformdirs

from photolib.errors import BadInput

FILE_NAME = "photolib.toml"


@dataclass(frozen=True)
class Library:
    """A folder that is watched. Its files are only ever read."""

    path: Path
    owner: str = "admin"
    ignore: tuple[str, ...] = ()
    poll_seconds: int = 0  # 0: wait for the system's notifications; for network shares, look this often instead


@dataclass(frozen=True)
class Config:
    """Every setting. `sources` says for each name where its value came from; `libraries` only come from the file."""

    data_dir: Path = field(default_factory=lambda: Path(platformdirs.user_data_dir("photolib")))
    host: str = "0.0.0.0"
    port: int = 8800
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    models_dir: Path | None = None
    embedding_model: str = "built-in"
    find_faces: bool = True
    read_text: bool = True
    model_threads: int = 0
    model_seconds: int = 120
    model_idle_seconds: int = 300
    index_memory_mb: int = 1500
    text_weight: float = 0.4
    meaning_weight: float = 0.4
    recency_weight: float = 0.1
    engagement_weight: float = 0.1
    workers: int = 0
    rescan_minutes: int = 60
    settle_seconds: float = 2.0
    trash_days: int = 30
    min_free_mb: int = 1024
    largest_upload_mb: int = 65536
    api_requests_per_minute: int = 1800
    max_megapixels: int = 400
    decode_memory_mb: int = 2048
    decode_seconds: int = 60
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_client_secret_file: Path | None = None
    oidc_name: str = ""
    oidc_allow_new_users: bool = False
    map_tiles: str = ""
    map_attribution: str = ""
    log_level: str = "info"
    libraries: tuple[Library, ...] = ()
    file: Path | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def models(self) -> Path:
        """The folder of model files."""
        return self.models_dir or Path(platformdirs.user_data_dir("photolib")) / "models"

    @property
    def cores(self) -> int:
        """How many photos are decoded at the same time."""
        return self.workers or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(2))


SECRET = {"oidc_client_secret"}  # settings that are never shown
NOT_SETTINGS = {"libraries", "file", "sources"}


def setting_names() -> list[str]:
    """The names of all plain settings, in the order of the example file."""
    return [each.name for each in fields(Config) if each.name not in NOT_SETTINGS]


def environment_name(name: str) -> str:
    return f"PHOTOLIB_{name.upper()}"


def default_file() -> Path:
    """photolib.toml in the current folder when there is one, else the one in the person's config folder."""
    here = Path(FILE_NAME)
    return here if is_file(here) else Path(platformdirs.user_config_dir("photolib")) / FILE_NAME


def is_file(file: Path) -> bool:
    """Whether a settings file is there. Raises BadInput when that cannot be known, as in a folder that may not be read."""
    try:
        return file.is_file()
    except OSError as problem:
        raise BadInput(f"The settings file {file} cannot be read: {problem.strerror}.") from problem


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ, **options: Any) -> Config:
    """Read the settings.

    A file named by the caller has to exist; the default one need not. Raises BadInput naming the file, the key and the
    keys that exist.
    """
    if file is not None and not is_file(file):
        raise BadInput(f"The settings file {file} is not there. `photolib config init` writes one.")
    file = file or default_file()
    is_there = is_file(file)
    written = _read(file) if is_there else {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    base = file.absolute().parent
    hints = get_type_hints(Config)
    for name in setting_names():
        if options.get(name) is not None:
            values[name], sources[name] = options[name], "option"
        elif environment_name(name) in environ:
            said: Any = environ[environment_name(name)]
            if hints[name] == tuple[str, ...]:
                said = [each.strip() for each in said.split(",") if each.strip()]
            values[name], sources[name] = said, environment_name(name)
        elif name in written:
            values[name], sources[name] = written[name], str(file)
        else:
            sources[name] = "default"
            continue
        folder = base if sources[name] == str(file) else Path.cwd()
        values[name] = _convert(values[name], hints[name], f"{name} in {sources[name]}", folder)
    libraries = tuple(_library(each, file, base) for each in _tables(written.get("libraries", []), file))
    config = Config(**values, libraries=libraries, file=file if is_there else None, sources=sources)
    return _checked(config)


def _read(file: Path) -> dict[str, Any]:
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadInput(f"{file} is not valid TOML: {problem}") from problem
    except OSError as problem:
        raise BadInput(f"{file} cannot be read: {problem.strerror}") from problem
    _refuse_unknown(written, {*setting_names(), "libraries"}, str(file))
    return written


def _tables(value: Any, file: Path) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadInput(f"libraries in {file} has to be written as [[libraries]] tables.")
    return value


def _library(table: dict[str, Any], file: Path, base: Path) -> Library:
    _refuse_unknown(table, {each.name for each in fields(Library)}, f"[[libraries]] in {file}")
    if "path" not in table:
        raise BadInput(f"A [[libraries]] table in {file} has no path.")
    hints = get_type_hints(Library)
    return Library(**{k: _convert(v, hints[k], f"{k} of [[libraries]] in {file}", base) for k, v in table.items()})


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise BadInput(f"{where}: there is no setting {name!r}. There are: {', '.join(sorted(known))}.")


def _convert(value: Any, kind: Any, where: str, base: Path) -> Any:
    """Turn a TOML value or a string from the environment into the field's type, or say what is wrong with it."""
    if isinstance(kind, UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    if kind == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise BadInput(f"{where} has to be a list of texts.")
        return tuple(value)
    if kind is bool:
        if isinstance(value, str) and value.lower() in _TRUTH:
            return _TRUTH[value.lower()]
        if not isinstance(value, bool):
            raise BadInput(f"{where} has to be true or false, not {value!r}.")
        return value
    if kind is Path:
        return base / Path(str(value)).expanduser()
    if isinstance(value, bool) or (not isinstance(value, kind) and not isinstance(value, str | int)):
        raise BadInput(f"{where} has to be {_WORDS[kind]}, not {value!r}.")
    try:
        return kind(value)
    except ValueError as problem:
        raise BadInput(f"{where} has to be {_WORDS[kind]}, not {value!r}.") from problem


_TRUTH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_WORDS = {int: "a whole number", float: "a number", str: "a text"}


def _checked(config: Config) -> Config:
    if not 0 <= config.port <= 65535:
        raise BadInput(f"port ({config.sources['port']}) has to lie between 0 and 65535, not {config.port}.")
    for network in config.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError as problem:
            raise BadInput(
                f"trusted_proxies ({config.sources['trusted_proxies']}): {network!r} is no network. Write an address like "
                '"127.0.0.1", or a network like "10.0.0.0/24".'
            ) from problem
    may_be_zero = (
        "workers",
        "rescan_minutes",
        "settle_seconds",
        "min_free_mb",
        "largest_upload_mb",
        "api_requests_per_minute",
        "model_threads",
        "model_idle_seconds",
    )
    for name in (*may_be_zero, "text_weight", "meaning_weight", "recency_weight", "engagement_weight"):
        if getattr(config, name) < 0:
            raise BadInput(f"{name} ({config.sources[name]}) cannot be negative.")
    for name in ("max_megapixels", "decode_memory_mb", "decode_seconds", "model_seconds", "index_memory_mb"):
        if getattr(config, name) <= 0:
            raise BadInput(f"{name} ({config.sources[name]}) has to be more than 0.")
    _check_tiles(config)
    if config.log_level not in ("debug", "info", "warning", "error"):
        raise BadInput(f"log_level ({config.sources['log_level']}) is one of debug, info, warning and error.")
    _check_oidc(config)
    return replace(config, data_dir=config.data_dir.absolute())


def _check_oidc(config: Config) -> None:
    """What the settings for signing in elsewhere have to be, where there are any. Raises BadInput."""
    issuer = config.oidc_issuer
    if not issuer:
        return
    try:
        parts = urlsplit(issuer)
        is_plain = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username or parts.password)
    except ValueError:
        is_plain = False
    if not is_plain or not (issuer.startswith("https://") or is_local_address(issuer)):
        raise BadInput(
            f"oidc_issuer ({config.sources['oidc_issuer']}) has to be the https address of the provider, as it names itself."
        )
    if not config.oidc_client_id:
        raise BadInput("oidc_issuer needs oidc_client_id too: the name under which the provider knows photolib.")
    if config.oidc_client_secret and config.oidc_client_secret_file:
        raise BadInput("Give one of oidc_client_secret and oidc_client_secret_file, not both.")
    if config.oidc_client_secret_file and not os.access(config.oidc_client_secret_file, os.R_OK):
        raise BadInput(f"oidc_client_secret_file {config.oidc_client_secret_file} is not there, or cannot be read.")


def is_local_address(address: str) -> bool:
    """Whether an http address leads to this machine only, so that nobody between can read what goes there."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")


def _check_tiles(config: Config) -> None:
    """The address becomes part of what pages are allowed to load, so that it is read strictly."""
    if not config.map_tiles:
        return
    host = r"https?://(\{s\}\.)?[a-z0-9.-]+(:\d{1,5})?"
    marks = [f"{{{name}}}" in config.map_tiles for name in "zxy"]
    if not re.fullmatch(host + r"/[^\s\"'<>;,]*", config.map_tiles, re.IGNORECASE) or not all(marks):
        where = config.sources.get("map_tiles", "map_tiles")
        raise BadInput(f"map_tiles ({where}) is an address like https://tiles.example.org/{{z}}/{{x}}/{{y}}.png.")


def shown(config: Config) -> dict[str, dict[str, Any]]:
    """Every setting with its value and where it came from, ready for JSON."""
    plain = {
        name: {"value": _shown(config, name), "from": config.sources.get(name, "default")} for name in setting_names()
    }
    plain["libraries"] = {"value": [_plain(each) for each in config.libraries], "from": str(config.file or "default")}
    return plain


def _shown(config: Config, name: str) -> Any:
    value = getattr(config, name)
    return "(not shown)" if name in SECRET and value else _plain(value)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
