"""What our pages load: only files that are there, of the versions that are locked, and nothing from another host."""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
STATIC = WEB / "static"
OURS = [each for each in STATIC.rglob("*") if "vendor" not in each.parts]


@pytest.fixture(scope="module")
def building() -> ModuleType:
    spec = importlib.util.spec_from_file_location("building", ROOT / "tools" / "building.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_modules_in_place_are_the_locked_ones(building: ModuleType) -> None:
    assert building.is_in_place(), "run: python tools/building.py"
    locked = json.loads((WEB / "package-lock.json").read_text())["packages"]
    there = {
        each.parent.relative_to(STATIC / "vendor").as_posix(): each for each in STATIC.glob("vendor/**/about.json")
    }
    assert there.keys() == {building._package(each) for each in (*building.COPIED, *building.WRAPPED)}
    for name, about in there.items():
        assert json.loads(about.read_text())["version"] == locked[f"node_modules/{name}"]["version"]
        assert (about.parent / "LICENSE").stat().st_size > 100


def test_every_version_is_exact_and_checked_and_names_no_registry() -> None:
    asked = json.loads((WEB / "package.json").read_text())["dependencies"]
    locked = json.loads((WEB / "package-lock.json").read_text())["packages"]
    for name, version in asked.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
    for path, module in locked.items():
        assert "resolved" not in module, path
        assert not path or module["integrity"].startswith("sha512-"), path


def test_a_changed_lock_file_is_noticed(building: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "package-lock.json"
    changed.write_text((WEB / "package-lock.json").read_text().replace('"1.9.4"', '"1.9.3"'))
    monkeypatch.setattr(building, "LOCK", changed)
    assert not building.is_in_place()


def test_templates_and_scripts_refer_to_files_that_exist() -> None:
    for template in WEB.glob("templates/**/*.html"):
        for name in re.findall(r"url_for\('static', filename='([^']+)'\)", template.read_text()):
            assert (STATIC / name).is_file(), (template.name, name)
    for script in STATIC.rglob("*.js"):
        text = re.sub(r"/\*.*?\*/|^\s*//.*$", "", script.read_text(), flags=re.DOTALL | re.MULTILINE)
        for name in re.findall(r"""(?:\bfrom|\bimport|\bimport\()\s*["']([^"'$]+\.\w+)["']""", text):
            assert name.startswith("."), (script.name, name)  # a bare name would need a map of names, inline
            assert (script.parent / name).is_file(), (script.name, name)
        for name in re.findall(r"""\bnew URL\(\s*["']([^"'$]+\.\w+)["']""", text):
            assert (script.parent / name).is_file(), (script.name, name)
    for sheet in STATIC.rglob("*.css"):
        for name in re.findall(r"""url\(["']?([^"')]+)""", sheet.read_text()):
            assert name.startswith(("#", "data:")) or (sheet.parent / name).is_file(), (sheet.name, name)


def test_no_file_of_ours_names_another_host() -> None:
    for file in (*OURS, *WEB.glob("templates/**/*")):
        if file.suffix in (".js", ".css", ".html", ".svg", ".json", ".webmanifest"):
            text = re.sub(r"^\s*(//|\*|/\*|\{#).*$", "", file.read_text(), flags=re.MULTILINE)
            named = set(re.findall(r"https?://[\w.-]+\.\w+", text)) - {"http://www.w3.org"}
            assert not named, (file.name, named)


def test_no_module_of_others_loads_from_another_host() -> None:
    """They may name pages in comments and links; what would load something is an import, a style or a source."""
    quoted = r"""(?:\bimport\s*\(?\s*|\bfrom\s*|@import\s*|\bsrc\s*=\s*|\b(?:fetch|Worker|importScripts)\()["'](?:https?:)?//"""
    loads = quoted + r"|url\(\s*(?:https?:)?//"
    for file in STATIC.glob("vendor/**/*"):
        if file.suffix in (".js", ".css", ".json"):
            assert not re.search(loads, file.read_text()), file.name
            assert "sourceMappingURL" not in file.read_text(), file.name


def test_a_wheel_carries_what_is_in_place(tmp_path: Path) -> None:
    """Built the way pip builds it, from a copy, without npm: what is in place already is taken."""
    pytest.importorskip("setuptools")
    copy = tmp_path / "photolib"
    for each in (
        "pyproject.toml",
        "README.md",
        "MANIFEST.in",
        "cli.py",
        "commands",
        "web",
        "photolib",
        "models",
        "tools",
    ):
        source = ROOT / each
        files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
        for path in files:
            if "__pycache__" not in path.parts:
                (target := copy / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    subprocess.run(
        [sys.executable, "-c", "import building; building.build_wheel('..')"],
        cwd=copy, env={"PYTHONPATH": str(copy / "tools"), "PATH": ""}, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for path in STATIC.glob("vendor/**/*"):
            if path.is_file():
                inside = archive.read(path.relative_to(ROOT).as_posix())
                assert hashlib.sha256(inside).digest() == hashlib.sha256(path.read_bytes()).digest(), path.name
