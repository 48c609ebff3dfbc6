"""Which way the doors open: imports point inwards, and --help waits for nothing heavy."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "photolib": {"photolib"},
    "models": {"models", "photolib"},
    "web": {"web", "photolib"},
    "commands": {"commands", "web", "models", "photolib"},
}
ROOMS = {"photolib", "models", "web", "commands", "cli"}


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_imports_point_inwards() -> None:
    for room, allowed in MAY_IMPORT.items():
        for file in (ROOT / room).rglob("*.py"):
            assert imported(file) & ROOMS <= allowed, file


def test_photolib_knows_neither_flask_nor_torch() -> None:
    for file in (ROOT / "photolib").rglob("*.py"):
        assert not imported(file) & {"flask", "torch", "open_clip", "face_recognition"}, file
        assert file.name == "vectors.py" or "faiss" not in imported(file), file


def test_help_imports_nothing_heavy() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, cli\ntry: cli.main(['--help'])\nexcept SystemExit: print(*sys.modules)"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    assert "Usage" in seen
    assert not {"torch", "flask", "PIL", "av", "numpy", "sqlite3", "rich"} & set(seen.split())


def test_only_the_edges_catch_everything() -> None:
    """The two loops that must outlive a bug, the worker's and the watcher's, and the child that turns anything into a sentence."""
    broad = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "photolib").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]
    assert set(broad) <= {"photolib/worker.py", "photolib/watch.py", "photolib/decode/child.py"}


def test_nothing_below_the_command_line_prints_or_exits() -> None:
    for room in ("photolib", "web", "models"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                assert called not in ("print", "sys.exit", "exit", "quit"), (file, node.lineno)


def test_the_guides_name_files_that_are_there() -> None:
    places = (ROOT, ROOT / "web" / "static", ROOT / "web" / "templates")
    for guide in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for name in re.findall(r"`([\w./-]+\.(?:py|js|css|html))`", guide.read_text(encoding="utf-8")):
            assert any((place / name).is_file() for place in places), (guide.name, name)
