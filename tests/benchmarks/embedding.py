"""How fast photos become vectors, through the model process against the bare model; and what models need in memory."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image

from models import open_models
from models.shelf import wanted
from photolib import variants
from photolib.config import Config
from photolib.decode.limits import NICENESS
from photolib.ports import EMBED, Models
from tests.benchmarks import generate, processes
from tests.benchmarks.measure import Row, World, in_turn, milliseconds, say, seconds
from tests.benchmarks.processes import PeakMemory

BATCH = 16  # photos in one request, as ingest.STEPS has it
MODEL_BATCH = 8  # of them, what the model takes at once
SENTENCES = ("a dog on the beach", "birthday cake with candles", "Schnee in den Bergen", "two children in a garden")
ALL_MODELS = ("PHOTOLIB_EMBEDDING_MODEL", "PHOTOLIB_FIND_FACES", "PHOTOLIB_READ_TEXT")
IDLE_SECONDS = 2
WAIT_SECONDS = 60


def measure(world: World) -> list[Row]:
    """The rate, a sentence's time, and the memory of an import and of a server with every model."""
    return [*_rates(world), *_memory(world)]


@contextmanager
def all_models(**settings: object) -> Iterator[None]:
    """The models are on for what is started inside; the other benchmarks switch them off."""
    before = dict(os.environ)
    for name in ALL_MODELS:
        os.environ.pop(name, None)
    os.environ.update({f"PHOTOLIB_{name.upper()}": str(value) for name, value in settings.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _in_equal_terms() -> Iterator[None]:
    """Threads of a process started inside wait as those of the model process do: without spinning, which a busy machine punishes."""
    before = dict(os.environ)
    os.environ.update({"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0)))})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# ---------------------------------------------------------------- rates


def _rates(world: World) -> list[Row]:
    pictures = _pictures(world, world.amount(192, 64))
    config = Config(data_dir=world.folder("models-data"))
    (config.data_dir / "tmp").mkdir(exist_ok=True)
    models = open_models(config)
    place = wanted(config)
    try:
        say("loading the model, making it first where it is not there")
        models.see(pictures[:BATCH])
        name = models.ability(EMBED).model
        if name is None or place is None:
            return [Row("photos as vectors", f"not measured: {models.ability(EMBED).note}")]
        with _in_equal_terms(), ProcessPoolExecutor(1, get_context("spawn"), os.nice, (NICENESS,)) as pool:
            pool.submit(_load, place.folder).result()

            def ours() -> float:
                return len(pictures) / seconds(lambda: _see(models, pictures))

            def model_alone() -> float:
                return len(pictures) / pool.submit(_model_alone, pictures).result()

            def plain_loop() -> float:
                return len(pictures) / pool.submit(_plain_loop, pictures).result()

            say("photos a second: the model process, and the model alone:")
            alone = in_turn(ours, model_alone, world.amount(5, 3))
            say("photos a second: the model process, and a plain loop:")
            loop = in_turn(ours, plain_loop, world.amount(5, 3))
        times = [
            seconds(lambda n=n: models.embed_text(f"{SENTENCES[n % len(SENTENCES)]} {n}", name, 10))  # type: ignore[misc]
            for n in range(world.amount(100, 30))
        ]
    finally:
        models.close()
    return [
        Row(
            f"photos as vectors by {name}, from the 800 px variant, batches of {MODEL_BATCH}",
            f"{alone.ours:.1f} photos/s",
            f"model alone, pictures decoded before: {alone.theirs:.1f}/s",
            alone.spread,
            ">= 0.9",
            alone.ratio >= 0.9,
        ),
        Row(
            "  against a plain loop: read, prepare, run",
            f"{loop.ours:.1f} photos/s",
            f"{loop.theirs:.1f}/s",
            loop.spread,
        ),
        Row("  a sentence as a vector", milliseconds(times)),
    ]  # fmt: skip


def _pictures(world: World, count: int) -> list[Path]:
    """The 800 px variants of so many photos."""
    form = variants.FORMS[variants.KEPT["medium"]]
    folder = world.folder("medium")
    made = []
    for path in generate.photos(world.folder("small-photos"), count, size=(1200, 900)):
        target = folder / f"{path.stem}.{variants.KEPT['medium']}"
        if not target.exists():
            with Image.open(path) as image:
                image.resize((800, 600)).save(target, form.pillow, **form.options)
        made.append(target)
    return made


def _see(models: Models, pictures: Sequence[Path]) -> None:
    for start in range(0, len(pictures), BATCH):
        models.see(pictures[start : start + BATCH])


# ---------------------------------------------------------------- the bare model, in a process of its own

_bare: dict[str, Any] = {}


def _load(folder: Path) -> None:
    """The model as open_clip loads it, in the form the processor is quickest with, as photolib's own."""
    from models.embedder import best_precision
    from models.torchvision_shim import make_importable

    make_importable()
    import json

    import open_clip
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    text = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))["model_cfg"]["text_cfg"]
    options = {"text_cfg": {**text, "hf_model_name": str(folder), "hf_model_pretrained": False}}
    precision = best_precision("cpu")
    model, _, prepare = open_clip.create_model_and_transforms(
        f"local-dir:{folder}", precision=precision, **(options if text.get("hf_model_name") else {})
    )
    _bare.update(model=model.eval(), prepare=prepare, type=open_clip.get_input_dtype(precision) or torch.float32)


def _model_alone(pictures: Sequence[Path]) -> float:
    batches = [_prepared(pictures[start : start + MODEL_BATCH]) for start in range(0, len(pictures), MODEL_BATCH)]
    return seconds(lambda: [_run(batch) for batch in batches])


def _plain_loop(pictures: Sequence[Path]) -> float:
    starts = range(0, len(pictures), MODEL_BATCH)
    return seconds(lambda: [_run(_prepared(pictures[start : start + MODEL_BATCH])) for start in starts])


def _prepared(paths: Sequence[Path]) -> Any:
    import torch

    tensors = []
    for path in paths:
        with Image.open(path) as image:
            tensors.append(_bare["prepare"](image.convert("RGB")))
    return torch.stack(tensors).to(_bare["type"])


def _run(batch: Any) -> Any:
    import torch

    with torch.inference_mode():
        return _bare["model"].encode_image(batch, normalize=True).float().numpy()


# ---------------------------------------------------------------- memory


def _memory(world: World) -> list[Row]:
    data, folder = world.scratch / "understood", _all_kinds(world)
    shutil.rmtree(data, ignore_errors=True)
    say("importing with all models, for their memory")
    with all_models():
        running = processes.start(data, "import", folder, "--json")
        with PeakMemory(running.pid) as peak:
            done = processes.finish(running, time.perf_counter(), may_end_with=(0, 1))
    rows = [
        Row("memory while importing with all models: most at any moment", str(peak.most), f"{done.seconds:.0f} s",
            "", "<= 1500 MB", peak.most.pss <= 1500e6),
    ]  # fmt: skip
    say("a server whose model process has ended")
    with all_models(model_idle_seconds=IDLE_SECONDS), processes.serving(data, "--no-watch") as server:
        alone = len(processes.tree(server.pid))
        server.get("/api/v1/search/photos?q=a+dog+on+the+beach")
        most = len(processes.tree(server.pid))
        until = time.monotonic() + WAIT_SECONDS
        while len(processes.tree(server.pid)) > alone and time.monotonic() < until:
            time.sleep(0.2)
        left = processes.memory_of(server.pid)
    is_ended = left.processes <= alone < most
    note = "" if is_ended else f"; {most - alone} model processes were seen, {left.processes - alone} are left"
    rows.append(
        Row("memory of an idle server after a search, its model process ended", f"{left}{note}",
            "", "", "<= 200 MB", is_ended and left.pss <= 200e6)
    )  # fmt: skip
    shutil.rmtree(data)
    return rows


def _all_kinds(world: World) -> Path:
    """Photos that give every model something to do: large ones, and some with faces and text."""
    folder = world.folder("all-kinds")
    for path in generate.photos(world.folder("photos"), world.amount(32, 4)):
        if not (folder / path.name).exists():
            os.link(path, folder / path.name)
    for kind in ("people", "ocr"):
        for path in sorted((generate.SHARED / kind).rglob("*.jpg"))[: world.amount(16, 2)]:
            shutil.copyfile(path, folder / f"{kind}-{path.name}")
    return folder
