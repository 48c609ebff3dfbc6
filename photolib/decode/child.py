"""The decoder process: reads jobs as lines of JSON, does them one by one under limits, answers in lines of JSON.

Started by pool.py as `python -m photolib.decode.child SETTINGS`. Whatever a library prints goes to standard error; the
answers have a descriptor of their own. When the parent is gone, standard input ends, and so does this process, even in the
middle of a job.
"""

import errno
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from photolib.decode import limits
from photolib.errors import NotFound, PhotolibError, StorageFailed, TryLater, UnreadablePhoto

Settings = dict[str, Any]


def read_metadata(settings: Settings, path: str, format: str) -> dict[str, Any]:
    from PIL import Image

    from photolib.metadata import embedded

    Image.MAX_IMAGE_PIXELS = settings["max_pixels"]
    return embedded.read(Path(path), format)


def make_variants(settings: Settings, path: str, format: str, folder: str) -> dict[str, Any]:
    from photolib import variants

    return variants.make(Path(path), format, Path(folder), settings["max_pixels"])


def render_variant(
    settings: Settings, folder: str, size: str | int, form: str, path: str | None = None, format: str | None = None
) -> dict[str, Any]:
    """Another size or form; when the kept ones are gone and the original is given, they are made again first."""
    from photolib import variants

    try:
        return variants.render(Path(folder), size, form)
    except NotFound:
        if path is None or format is None:
            raise
    made = variants.make(Path(path), format, Path(folder), settings["max_pixels"])
    if variants.KEPT.get(str(size)) == form:
        return {"name": variants.file_name(size, form), "bytes": made["bytes"][size]}
    return variants.render(Path(folder), size, form)


def make_whole(settings: Settings, path: str, format: str, folder: str) -> dict[str, Any]:
    from photolib import variants

    return variants.make_whole(Path(path), format, Path(folder), settings["max_pixels"])


def make_card(settings: Settings, folder: str) -> dict[str, Any]:
    from photolib import variants

    return variants.make_card(Path(folder))


def measure_picture(settings: Settings, path: str) -> dict[str, Any]:
    """What can be measured on a kept variant."""
    from PIL import Image

    from photolib import appearance, variants

    with Image.open(path, formats=[variants.FORMS[variants.KEPT["medium"]].pillow]) as image:
        return appearance.measure(image.convert("RGB"))


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "metadata": read_metadata,
    "variants": make_variants,
    "render": render_variant,
    "whole": make_whole,
    "card": make_card,
    "measure": measure_picture,
}


def main(argument: str) -> None:
    """Work until standard input ends."""
    settings = json.loads(argument)
    requests, answers = _take_over_descriptors()
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, jobs), daemon=True).start()
    limits.enter(settings["memory_mb"])
    while True:
        job = json.loads(jobs.get())
        _forget_messages()
        limits.allow_cpu(settings["cpu_seconds"])
        answer = _answer(settings, job)
        answer["resident_mb"] = limits.resident_mb()
        _send(answers, json.dumps(answer).encode("ascii") + b"\n")


def _answer(settings: Settings, job: dict[str, Any]) -> dict[str, Any]:
    """Do one job. This is the edge where every problem becomes a sentence: codecs raise anything about hostile bytes."""
    try:
        return {"done": TASKS[job["task"]](settings, **job["arguments"])}
    except Exception as problem:
        explained = _explain(problem, settings)
        if not isinstance(problem, PhotolibError):
            traceback.print_exc(limit=-6)
        return {"failed": type(explained).__name__, "message": str(explained)}


def _explain(problem: Exception, settings: Settings) -> PhotolibError:
    if isinstance(problem, PhotolibError):
        return problem
    code = problem.errno if isinstance(problem, OSError) else None
    if isinstance(problem, MemoryError) or code == errno.ENOMEM or "bad_alloc" in str(problem):
        return UnreadablePhoto(limits.too_much_memory(settings["memory_mb"]))
    if type(problem).__name__.startswith("DecompressionBomb"):
        limit = settings["max_pixels"] // 1_000_000
        return UnreadablePhoto(
            "It declares more than the limit of %(most)s megapixels (setting max_megapixels).", most=limit
        )
    if code == errno.EFBIG:
        return UnreadablePhoto("Its derived sizes are larger than any picture's should be.")
    if code == errno.ENOENT:
        return NotFound("The file to decode is not there any more.")
    if code in (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EINTR):
        return TryLater("The decoder ran short of something: %(why)s.", why=os.strerror(code))
    if code is not None and limits.is_machine_error(problem):
        return StorageFailed("A file could not be read or written while decoding: %(why)s.", why=os.strerror(code))
    return UnreadablePhoto(f"No decoder here can make sense of it ({type(problem).__name__}: {str(problem)[:200]}).")


def _take_over_descriptors() -> tuple[int, int]:
    """Private copies of standard input and output; the public ones then lead nowhere and to standard error."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    return requests, answers


def _listen(requests: int, jobs: "queue.SimpleQueue[bytes]") -> None:
    """Pass jobs on to the main thread; the end of the input ends the process, whatever it is doing."""
    with os.fdopen(requests, "rb") as lines:
        for line in lines:
            jobs.put(line)
    os._exit(0)


def _send(answers: int, line: bytes) -> None:
    while line:
        line = line[os.write(answers, line) :]


def _forget_messages() -> None:
    """Standard error is a file the parent reads after a job; what earlier jobs left in it goes."""
    try:
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)
    except OSError:  # it is a pipe or a terminal
        return


if __name__ == "__main__":
    main(sys.argv[1])
