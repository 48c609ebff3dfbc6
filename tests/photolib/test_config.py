"""Settings: where each comes from, and what a bad one says."""

import re
import tomllib
from pathlib import Path

import pytest

from photolib import config as settings
from photolib.config import Config
from photolib.errors import BadInput

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"


SETTING = re.compile(r"[a-z_]+ = |\[\[")


def uncommented(line: str) -> str:
    return line.removeprefix("# ")


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "photolib.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_config_shows_every_setting_with_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    all_on = tomllib.loads("\n".join(line for line in map(uncommented, text.splitlines()) if SETTING.match(line)))
    assert set(all_on) == {*settings.setting_names(), "libraries"}
    assert set(all_on["libraries"][0]) == {"path", "owner", "ignore", "poll_seconds"}
    for name, value in all_on.items():
        default = getattr(Config(), name)
        if not isinstance(default, Path | tuple) and default is not None:
            assert value == default, name


def test_the_example_config_can_be_used_as_it_is() -> None:
    assert settings.load(EXAMPLE, environ={}).port == 8800


def test_the_order_is_option_environment_file_default(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 1\nhost = "file"\nlog_level = "error"\n')
    config = settings.load(file, environ={"PHOTOLIB_PORT": "2", "PHOTOLIB_HOST": "environment"}, port=3)
    assert (config.port, config.host, config.log_level, config.workers) == (3, "environment", "error", 0)
    assert [config.sources[name] for name in ("port", "host", "log_level", "workers")] == [
        "option", "PHOTOLIB_HOST", str(file), "default",
    ]  # fmt: skip


def test_relative_paths_count_from_the_settings_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'data_dir = "data"\n[[libraries]]\npath = "Pictures"\n')
    config = settings.load(file, environ={})
    assert config.data_dir == tmp_path / "data"
    assert config.libraries[0].path == tmp_path / "Pictures"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prot = 1", "no setting 'prot'.*port"),
        ("port = 'many'", "port in .*whole number"),
        ("port = 99999", "between 0 and 65535"),
        ("port = true", "whole number"),
        ("port = ", "not valid TOML"),
        ("workers = -1", "negative"),
        ("log_level = 'loud'", "debug, info"),
        ("[[libraries]]\nowner = 'ann'", "no path"),
        ("[[libraries]]\npath = '/x'\nignore = 'a'", "list of texts"),
        ("[libraries]\npath = '/x'", r"\[\[libraries\]\]"),
        ("[[libraries]]\npath = '/x'\ncolour = 1", "no setting 'colour'"),
    ],
)
def test_a_bad_setting_stops_the_start_and_names_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        settings.load(written(tmp_path, text), environ={})


def test_a_settings_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        settings.load(tmp_path / "nowhere.toml", environ={})


def test_every_setting_has_an_environment_variable() -> None:
    environ = {"PHOTOLIB_DATA_DIR": "/d", "PHOTOLIB_SETTLE_SECONDS": "0.5", "PHOTOLIB_MODELS_DIR": "/m"}
    config = settings.load(None, environ=environ)
    assert (config.data_dir, config.settle_seconds, config.models_dir) == (Path("/d"), 0.5, Path("/m"))


def test_lists_come_from_the_environment_with_commas(tmp_path: Path) -> None:
    said = {"PHOTOLIB_HOSTS": "photos.example.org, photos.lan", "PHOTOLIB_TRUSTED_PROXIES": "10.0.0.0/24"}
    config = settings.load(written(tmp_path, ""), environ=said)
    assert config.hosts == ("photos.example.org", "photos.lan")
    assert config.trusted_proxies == ("10.0.0.0/24",)


def test_a_trusted_proxy_that_is_no_network_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'proxy\.lan' is no network"):
        settings.load(written(tmp_path, 'trusted_proxies = ["proxy.lan"]'), environ={})
