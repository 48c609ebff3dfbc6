"""ABUSE_CASES.md 22, 25, 27 and 33, where the promise is that our own code does not do a thing at all: read from the code itself, so that
whoever begins to do it has to come by here and say why it is safe."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def modules() -> list[tuple[str, ast.Module]]:
    """Every module that runs in photolib, by its path."""
    return [
        (file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8")))
        for folder in ("photolib", "web", "models", "commands", ".")
        for file in sorted((ROOT / folder).glob("*.py" if folder == "." else "**/*.py"))
        if "vendor" not in file.parts
    ]


def imports(tree: ast.Module) -> set[str]:
    """What a module imports, with the names it takes from there."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{each.name}" for each in node.names}
    return found


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with a plain name: `torch.load`, `run`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield ast.unparse(node.func), node


def keywords(call: ast.Call) -> dict[str | None, str]:
    return {each.arg: ast.unparse(each.value) for each in call.keywords}


def test_22_there_is_no_csv_export_in_which_a_formula_could_stand() -> None:
    """A cell that begins with = + - @ is a formula to a spreadsheet. Whoever writes CSV for people marks such cells, and changes this."""
    for name, tree in modules():
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "text/csv" not in text, name
        for called, _ in calls(tree):
            assert called not in ("csv.writer", "csv.DictWriter", "writer", "DictWriter"), name


# Names of the standard library that read no XML: types, and writing.
HARMLESS = {
    "xml.etree.ElementTree.Element", "xml.etree.ElementTree.SubElement", "xml.etree.ElementTree.ParseError",
    "xml.etree.ElementTree.tostring",
    "xml.etree.ElementTree.ElementTree", "xml.sax.saxutils.escape", "xml.sax.saxutils.quoteattr",
}  # fmt: skip
XML = (
    "xml",
    "lxml",
    "bs4",
    "html5lib",
    "xmltodict",
    "untangle",
    "feedparser",
    "gpxpy",
    "svglib",
    "cairosvg",
    "pyexpat",
)


def test_25_xml_is_read_only_by_what_refuses_entities() -> None:
    readers = set()
    for name, tree in modules():
        found = imports(tree)
        assert {each for each in found if each.split(".")[0] in XML} <= HARMLESS, name
        if any(each.startswith("defusedxml") for each in found):
            readers.add(name)
    assert "photolib/metadata/xmp.py" in readers


# Who starts programs: Python itself, with a module of ours. Names of files go over a pipe, as JSON.
STARTS = {"photolib/decode/pool.py": "photolib.decode.child", "models/process.py": "models.child"}


def test_27_no_program_is_started_with_a_name_from_a_file() -> None:
    """And without a shell. What was given to it are constants and one JSON object of settings."""
    started = {}
    for name, tree in modules():
        for called, call in calls(tree):
            assert not called.startswith(("os.system", "os.popen", "os.exec", "os.spawn", "os.posix_spawn", "pty.")), (
                name
            )
            assert keywords(call).get("shell") is None, name
            if called.startswith("subprocess."):
                assert called == "subprocess.Popen", name
                assert isinstance(call.args[0], ast.List)
                *fixed, said = [ast.unparse(each) for each in call.args[0].elts]
                assert fixed[:3] == ["sys.executable", "'-P'", "'-m'"], name
                assert said.startswith("json.dumps("), name
                started[name] = ast.literal_eval(fixed[3])
        assert not {each for each in imports(tree) if each.startswith(("subprocess.", "asyncio.subprocess"))}, name
    assert started == STARTS


UNPICKLERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "pandas", "jsonpickle", "yaml")


def test_33_nothing_is_ever_unpickled() -> None:
    """torch reads weights without running what is in them, numpy arrays without objects."""
    seen = set()
    for name, tree in modules():
        assert not {each for each in imports(tree) if each.split(".")[0] in UNPICKLERS}, name
        for called, call in calls(tree):
            if called.endswith(("torch.load", "jit.load", "hub.load", "load_state_dict_from_url")):
                assert keywords(call).get("weights_only") == "True", name
                seen.add("torch")
            if called in ("np.load", "numpy.load"):
                assert keywords(call).get("allow_pickle") == "False", name
                seen.add("numpy")
            assert called not in ("marshal.load", "marshal.loads", "eval", "exec", "compile", "__import__"), name
    assert seen == {"torch", "numpy"}
