"""Evaluate what photolib understands against the truth written beside the photos of a folder; print one table.

python -m tests.evaluation [FOLDER] [--data FOLDER] [--model NAME]

FOLDER holds photos and any of captions.csv (path, caption, labels), people.csv (path, person, note), ocr_truth.csv (path, text) and
near_duplicates.csv (group, path). What has no truth there is left out. The photos are imported into a data folder of its own.
"""

import argparse
import csv
import logging
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from models import open_models
from photolib import catalog, config, labels, places, understood
from photolib.db import write
from photolib.duplicates import stacks
from photolib.importing import Intake, Wishes
from photolib.library import Library, open_library
from photolib.places import folded
from photolib.ports import ABILITIES
from photolib.progress import Progress
from photolib.scan import look
from photolib.search import documents
from photolib.search.engine import search
from photolib.tally import Tally
from photolib.vectors import serving_model
from photolib.worker import work_once
from tests.evaluation import measures
from tests.evaluation.queries import NONSENSE

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120.0  # how long a model may take: nobody waits


@dataclass(frozen=True)
class Row:
    """One figure. said: the number as text; of: what it was counted over."""

    what: str
    said: str
    of: str = ""


@dataclass(frozen=True)
class World:
    """An imported folder: the library, its only owner, and which photo a file became."""

    lib: Library
    owner_id: int
    folder: Path
    photo_of: dict[str, int]

    def truth(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV beside the photos whose file was imported; nothing when there is none."""
        file = self.folder / name
        if not file.exists():
            return []
        with file.open(encoding="utf-8", newline="") as text:
            return [row for row in csv.DictReader(text) if row["path"] in self.photo_of]


def main() -> int:
    asked = _arguments()
    logging.basicConfig(level=logging.ERROR)
    with ExitStack() as stack:
        data = asked.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photolib-evaluation-")))
        settings = config.load(data_dir=data.absolute(), embedding_model=asked.model)
        lib = open_library(replace(settings, min_free_mb=0), role="worker", models=open_models(settings))
        stack.callback(lib.close)
        world = _import(lib, asked.folder.resolve())
        rows = [row for evaluate in EVALUATIONS for row in evaluate(world)]
    print("\n".join(table(heading(lib, world), rows)))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "photos")
    parser.add_argument("--data", type=Path, help="keep what is imported here for the next time")
    parser.add_argument("--model", help="embedding model, as in the settings")
    return parser.parse_args()


def _import(lib: Library, folder: Path) -> World:
    """Take the folder in and work the queue until everything is understood."""
    owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
    with Intake(lib, Wishes(owner_id=owner_id), Tally()) as intake:
        for found in look(folder):
            intake.take_folder(found)
        intake.close()
    with Progress() as progress:
        done = 0
        while count := work_once(lib):
            done += count
            progress.understanding("steps done", done, 0)
    while documents.catch_up(lib.db, 1000):
        pass
    photo_of = {}
    for path, name, photo_id in lib.db.conn.execute(
        """select folders.path, sources.name, photo_id from sources join folders on folders.id = folder_id
           join photos on photos.id = photo_id and status = 'ready'"""
    ):
        file = Path(os.fsdecode(path)) / os.fsdecode(name)
        if file.is_relative_to(folder):
            photo_of[file.relative_to(folder).as_posix()] = photo_id
    return World(lib, owner_id, folder, photo_of)


def heading(lib: Library, world: World) -> list[str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.strip()
    models = ", ".join(f"{each}: {lib.models.ability(each).model or 'off'}" for each in ABILITIES)
    return [
        f"{len(set(world.photo_of.values()))} photos of {world.folder.name}",
        models,
        f"commit {commit or 'unknown'}",
    ]


def table(lines: list[str], rows: list[Row]) -> Iterator[str]:
    yield from lines
    yield ""
    yield "| what | | counted over |"
    yield "| --- | --- | --- |"
    for row in rows:
        yield f"| {row.what} | {row.said} | {row.of} |"


def _share(number: float) -> str:
    return "-" if number != number else f"{number:.3f}"


# ---------------------------------------------------------------- search


def retrieval(world: World) -> list[Row]:
    """Each caption as a query; right is a photo that has this caption."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in world.truth("captions.csv"):
        wanted[row["caption"]].add(world.photo_of[row["path"]])
    if not wanted:
        return []
    rows = [_recalls("embedding alone", _nearest, world, wanted), _recalls("whole search", _searched, world, wanted)]
    # Most people's files are called IMG_2034.JPG: the same without what these files' names give away.
    with write(world.lib.db) as db:
        db.conn.execute("update photo_words set file = '', folder = ''")
    rows.append(_recalls("whole search without file and folder names", _searched, world, wanted))
    documents.rebuild(world.lib.db)
    return rows


def _recalls(name: str, answer: Callable[[World, str], list[int]], world: World, wanted: dict[str, set[int]]) -> Row:
    ranked = {query: answer(world, query) for query in wanted}
    said = " / ".join(_share(measures.recall_at(ranked, wanted, count)) for count in (1, 5, 10))
    return Row(f"recall at 1 / 5 / 10, {name}", said, f"{len(wanted)} captions")


def _nearest(world: World, query: str) -> list[int]:
    db, models = world.lib.db, world.lib.models
    model = serving_model(db, models)
    if model is None:
        return []
    vector = models.embed_text(query, model, SECONDS)
    return world.lib.vectors.search(db, model, vector, 10, world.owner_id)[0].tolist()


def _searched(world: World, query: str) -> list[int]:
    found = search(world.lib, world.owner_id, query, size=10, seconds=SECONDS)
    return [each.photo.id for each in found.items]


def nonsense(world: World) -> list[Row]:
    """How often something is "found" for what no photo shows."""
    found = [query for query in NONSENSE if _searched(world, query)]
    named = f": {', '.join(found)}" if found else ""
    return [Row('false "found" on nonsense', _share(len(found) / len(NONSENSE)), f"{len(NONSENSE)} queries{named}")]


# ---------------------------------------------------------------- what is seen


def label_precision(world: World) -> list[Row]:
    """Of the labels shown, how many does the truth name; of those the truth names, how many are shown."""
    known: dict[int, set[str]] = defaultdict(set)
    for row in world.truth("captions.csv"):
        named = {labels.find(word) for word in (row["labels"] or "").split(",")} - {None}
        for label in named:
            known[world.photo_of[row["path"]]] |= {label, *labels.broader(label)}
    can_judge = set().union(*known.values()) if known else set()
    shown = {photo: {each[0] for each in understood.labels(world.lib.db, photo)} & can_judge for photo in known}
    found = {(photo, label) for photo, some in shown.items() for label in some}
    truth = {(photo, label) for photo, some in known.items() for label in some}
    precision, recall = measures.precision_recall(found, truth)
    over = f"{len(found)} labels shown of {len(can_judge)} kinds; the captions name one or two things each and leave others out"
    return [Row("label precision / recall", f"{_share(precision)} / {_share(recall)}", over)]


def text_read(world: World) -> list[Row]:
    found = total = 0
    for row in world.truth("ocr_truth.csv"):
        truth = next(value for name, value in row.items() if name.startswith("text"))
        lines = world.lib.db.conn.execute(
            "select text from text_lines where photo_id = ? order by line", (world.photo_of[row["path"]],)
        )
        right, there = measures.words_found(" ".join(text for (text,) in lines), truth)
        found, total = found + right, total + there
    return [Row("words read (OCR)", _share(found / total), f"{total} words")] if total else []


# ---------------------------------------------------------------- people


def people(world: World) -> list[Row]:
    """Pairs of faces put together. A photo with one name counts by its largest face; one with several by the people on it."""
    names: dict[int, set[str]] = defaultdict(set)
    for row in world.truth("people.csv"):
        names[world.photo_of[row["path"]]].add(row["person"])
    if not names:
        return []
    db = world.lib.db
    person_of: dict[int, int] = {}
    truth: dict[int, str] = {}
    missed = twice = 0
    for photo, on_it in names.items():
        there = db.conn.execute(
            """select id, person_id, w * h from faces where photo_id = ? and state = 'found' and vector is not null""",
            (photo,),
        ).fetchall()
        persons = [person for _, person, _ in there if person is not None]
        twice += len(persons) != len(set(persons))
        if len(on_it) > 1:
            continue
        if not there:
            missed += 1
            continue
        face, person, _ = max(there, key=lambda each: each[2])
        truth[face] = next(iter(on_it))
        person_of[face] = person if person is not None else -face
    found = measures.pairs(_groups(person_of).values())
    right = measures.pairs(_groups(truth).values())
    precision, recall = measures.precision_recall(found, right)
    said = " / ".join(map(_share, (precision, recall, measures.f1(precision, recall))))
    over = f"{len(truth)} faces of {len(set(truth.values()))} people, {len(right)} pairs"
    return [
        Row("face pairwise precision / recall / F1", said, over),
        Row(
            "people split into several", _share(measures.share_split(person_of, truth)), "people with two faces or more"
        ),
        Row("photos with somebody on them twice", str(twice), f"{len(names)} photos"),
        Row("photos of one person without a face found", str(missed), f"{len(truth) + missed} photos"),
    ]


def _groups(of: Mapping[int, Hashable]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for key, value in of.items():
        groups[value].append(key)
    return groups


# ---------------------------------------------------------------- near-duplicates and places


def near_duplicates(world: World) -> list[Row]:
    groups: dict[str, set[int]] = defaultdict(set)
    for row in world.truth("near_duplicates.csv"):
        groups[row["group"]].add(world.photo_of[row["path"]])
    truth = measures.pairs(groups.values())
    if not truth:
        return []
    all_of_them, _ = stacks(world.lib.db, world.owner_id, size=10_000)
    found = measures.pairs([[photo.id for photo in stack.photos] for stack in all_of_them])
    precision, recall = measures.precision_recall(found, truth)
    return [Row("near-duplicates precision / recall", f"{_share(precision)} / {_share(recall)}", f"{len(truth)} pairs")]


def place_names(world: World) -> list[Row]:
    """Well-known spots and what people call where they are; the truth is part of photolib's own tests."""
    with (ROOT / "tests" / "photolib" / "places_truth.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    right = defaultdict(list)
    for row in rows:
        found = places.gazetteer().place(float(row["latitude"]), float(row["longitude"]))
        accepted = {_plain(name) for name in row["said"].split("|")}
        right[row["use"]].append(_plain(found.city or "") in accepted if found else not row["said"])
    said = " / ".join(_share(sum(right[use]) / len(right[use])) for use in sorted(right))
    return [Row(f"places named right, {' / '.join(sorted(right))}", said, f"{len(rows)} spots")]


def _plain(name: str) -> str:
    """Lark Hill is Larkhill, and La Defense La Défense."""
    return folded(name).replace(" ", "")


EVALUATIONS: tuple[Callable[[World], list[Row]], ...] = (
    retrieval, nonsense, label_precision, text_read, people, near_duplicates, place_names,
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
