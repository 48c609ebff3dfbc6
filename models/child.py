"""The model process: holds the models of one data folder and answers whoever works on it, over a Unix socket.

Started by process.py as `python -m models.child SETTINGS`. It ends when it has nothing to do for a while, and with whoever started
it: then standard input ends. A thread for each connection; what is heavy takes turns, and sentences do not queue behind it.
"""

import contextlib
import ctypes
import fcntl
import json
import logging
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from models import catalogue, shelf
from models.embedder import CannotLoad, OpenClipEmbedder
from models.wire import Closed, Line, Message
from photolib.errors import NotFound, PhotolibError, TryLater, UnreadablePhoto
from photolib.logs import OneLine

log = logging.getLogger("models.child")  # run as a program, this module has another name

PROTOCOL = 1
ANOTHER_IS_THERE = 3  # exit code
SHORT = "photolib-"  # how the folder of a socket begins
NICENESS = 10
FIRST_REQUEST_SECONDS = 60  # whoever started it asks within this time
LEAST_IDLE_SECONDS = 0.2  # a client may just be about to ask
MOST_EMBEDDERS = 2  # while vectors are made by a new model, searches still ask the earlier one
CANNOT_LOAD = "CannotLoad"  # how that problem is named to clients

Answer = tuple[Any, list[np.ndarray]]


class Adapters:
    """The models, each made at first need."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._making = threading.Lock()
        self._embedders: dict[str, OpenClipEmbedder] = {}
        self._others: dict[str, Any] = {}

    def embedder(self, name: str, folder: Path) -> OpenClipEmbedder:
        """Loaded. Raises CannotLoad."""
        with self._making:
            embedder = self._embedders.get(name)
            if embedder is None:
                if name == shelf.BUILT_IN_NAME:
                    from models import builtin

                    builtin.ensure(folder, log.info)
                embedder = OpenClipEmbedder(name, folder, self._threads)
            self._embedders.pop(name, None)
            self._embedders[name] = embedder  # the last one used is the last one listed
            while len(self._embedders) > MOST_EMBEDDERS:
                del self._embedders[next(iter(self._embedders))]
        embedder.load()
        return embedder

    def face_finder(self) -> Any:
        """A ports.FaceFinder. Raises CannotLoad."""
        from models.faces import FaceRecognition

        return self._other(FaceRecognition.name, FaceRecognition)

    def text_reader(self) -> Any:
        """A ports.TextReader. Raises CannotLoad."""
        from models.reading import RapidOcr

        return self._other(RapidOcr.name, lambda: RapidOcr(self._threads))

    def _other(self, name: str, make: Callable[[], Any]) -> Any:
        with self._making:
            if name not in self._others:
                if wrong := catalogue.differing(name):
                    raise CannotLoad(f"{wrong[0]} is not the file this was made for; install its package again")
                try:
                    self._others[name] = make()
                except MemoryError as problem:
                    raise CannotLoad("there is not enough memory for it") from problem
                except (ImportError, OSError, RuntimeError, ValueError) as problem:
                    raise CannotLoad(f"its package cannot be used ({str(problem)[:200]})") from problem
            return self._others[name]


class Server:
    """Answers clients until it was idle for long enough."""

    def __init__(self, settings: Message, folder: Path) -> None:
        self._adapters = Adapters(settings["threads"])
        self._idle_seconds = max(LEAST_IDLE_SECONDS, settings["idle_seconds"])
        self._folder = folder
        self._turn = threading.Lock()  # of whoever does something heavy
        self._state = threading.Condition()
        self._running: set[Line] = set()  # connections with a request under way
        self._idle_since = time.monotonic() + FIRST_REQUEST_SECONDS
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.address))
        self._listener.listen(64)

    @property
    def address(self) -> Path:
        return self._folder / "models"

    def serve(self) -> None:
        """Accept connections until the end."""
        threading.Thread(target=self._end_when_idle, name="idle", daemon=True).start()
        threading.Thread(target=self._end_with_starter, name="starter", daemon=True).start()
        while True:
            connection, _ = self._listener.accept()
            if _is_ours(connection):
                threading.Thread(target=self._talk, args=(Line(connection),), daemon=True).start()
            else:
                connection.close()

    def _talk(self, line: Line) -> None:
        try:
            line.send({"protocol": PROTOCOL, "pid": os.getpid()})
            while True:
                request, _ = line.receive()
                with self._at_work(line):
                    self._answer(line, request)
        except Closed:
            line.close()

    @contextlib.contextmanager
    def _at_work(self, line: Line) -> Iterator[None]:
        with self._state:
            self._running.add(line)
        try:
            yield
        finally:
            with self._state:
                self._running.discard(line)
                self._idle_since = time.monotonic()
                self._state.notify_all()

    def _answer(self, line: Line, request: Message) -> None:
        """Do one request. This is the edge where every problem becomes a sentence."""
        line.send({"state": "waiting"})
        try:
            done, arrays = TASKS[request["ask"]](self, line, request)
        except Closed:
            raise
        except Exception as problem:
            explained = _explain(problem)
            if not isinstance(problem, PhotolibError | CannotLoad):
                log.warning("%s failed", request.get("ask"), exc_info=problem)
            kind = CANNOT_LOAD if isinstance(problem, CannotLoad) else type(explained).__name__
            line.send({"failed": kind, "message": str(explained)})
        else:
            line.send({"done": done}, arrays)

    def _text(self, line: Line, request: Message) -> Answer:
        line.send({"state": "loading"})
        embedder = self._adapters.embedder(request["model"], Path(request["folder"]))
        line.send({"state": "working"})
        return {}, [embedder.text(request["sentences"])]

    def _see(self, line: Line, request: Message) -> Answer:
        with self._turn:
            line.send({"state": "loading"})
            embedder = self._adapters.embedder(request["model"], Path(request["folder"]))
            line.send({"state": "working"})
            seen = embedder.see([os.fsdecode(each) for each in request["pictures"]], read_picture)
        vectors = np.stack([each.vector for each in seen]) if seen else np.empty((0, 0), np.float32)
        return {"schemes": [each.scheme for each in seen], "classes": [each.classes for each in seen]}, [vectors]

    def _faces(self, line: Line, request: Message) -> Answer:
        line.send({"state": "reading"})
        pictures = _pictures(request)
        line.send({"state": "waiting"})
        with self._turn:
            line.send({"state": "loading"})
            finder = self._adapters.face_finder()
            line.send({"state": "working"})
            found = finder.find(*pictures)
        plain = [[_corners(each.box), each.quality, each.pixels] for each in found]
        return {"faces": plain}, [each.vector.astype(np.float32) for each in found]

    def _read(self, line: Line, request: Message) -> Answer:
        line.send({"state": "reading"})
        pictures = _pictures(request)
        line.send({"state": "waiting"})
        with self._turn:
            line.send({"state": "loading"})
            reader = self._adapters.text_reader()
            line.send({"state": "working"})
            _give_back_memory()
            try:
                lines = reader.read(*pictures)
            finally:
                _give_back_memory()
        return {"lines": [[each.text, each.confidence, _corners(each.box)] for each in lines]}, []

    def _end_when_idle(self) -> None:
        with self._state:
            while True:
                left = self._idle_seconds - (time.monotonic() - self._idle_since)
                if left <= 0 and not self._running:
                    self._end()  # nobody begins a request meanwhile: that takes the same lock
                self._state.wait(None if self._running else left)

    def _end_with_starter(self) -> None:
        while os.read(0, 1024):
            pass
        with self._state:
            for line in self._running:  # their requests are not to blame: another process may do them
                line.tell_end()
            self._end()

    def _end(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)


TASKS: dict[str, Callable[[Server, Line, Message], Answer]] = {
    "text": Server._text,
    "see": Server._see,
    "faces": Server._faces,
    "read": Server._read,
}


def read_picture(path: str) -> np.ndarray:
    """A kept variant as uint8 of shape (height, width, 3), RGB. Raises UnreadablePhoto and NotFound."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except FileNotFoundError as problem:
        raise NotFound(
            "The size of this photo that models look at is not there; `photolib rebuild --missing` makes it."
        ) from problem
    except MemoryError as problem:
        raise TryLater("There is not enough memory to look at it.") from problem
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise UnreadablePhoto(f"The size of this photo that models look at cannot be read ({problem}).") from problem


def _pictures(request: Message) -> tuple[np.ndarray, np.ndarray | None]:
    picture, larger = request["picture"], request["larger"]
    first = read_picture(picture)
    try:
        return first, read_picture(larger) if larger else None
    except NotFound:  # the smaller one will have to do
        return first, None


def _give_back_memory() -> None:
    """To the system, as far as nothing lies there now: a page of text takes hundreds of megabytes for a moment."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library; others do it by themselves
    if trim is not None:
        trim(0)


def _corners(box: Any) -> list[float]:
    return [box.x, box.y, box.w, box.h]


def _explain(problem: Exception) -> Exception:
    if isinstance(problem, PhotolibError | CannotLoad):
        return problem
    text = str(problem)
    if isinstance(problem, MemoryError) or "allocate memory" in text or "out of memory" in text:
        return TryLater("The model ran out of memory.")
    return UnreadablePhoto(f"The model can make nothing of it ({type(problem).__name__}: {text[:200]}).")


def _is_ours(connection: socket.socket) -> bool:
    """Whether the same user is at the other end. The folder of the socket lets in nobody else anyway."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    who = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(who[4:8], sys.byteorder) == os.getuid()


def main(argument: str) -> int:
    """Serve the data folder of these settings, unless another process does."""
    settings = json.loads(argument)
    to_console = logging.StreamHandler()
    to_console.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[to_console])
    logging.getLogger("models").setLevel(settings["log_level"].upper())
    with contextlib.suppress(OSError):  # it was started with an even lower priority
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    tmp = Path(settings["tmp"])
    lock = (tmp / "models.lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return ANOTHER_IS_THERE
    os.environ.update(
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1"
    )  # nothing is fetched from here
    _remove_left_behind(tmp / "models.json")
    server = Server(settings, _short_folder())
    shelf.write_whole(tmp / "models.json", json.dumps({"address": str(server.address)}).encode("ascii"))
    server.serve()
    return 0


def _remove_left_behind(note: Path) -> None:
    """The folder of a process that was killed. Whoever holds the lock knows that nobody serves there any more."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        address = Path(json.loads(note.read_text(encoding="ascii"))["address"])
        if address.parent.name.startswith(SHORT) and address.parent.stat().st_uid == os.getuid():
            address.unlink(missing_ok=True)
            address.parent.rmdir()  # holds nothing else, or it is not ours to remove


def _short_folder() -> Path:
    """A private folder. An address may have 108 bytes, which a data folder's path can take up by itself."""
    folder = Path(tempfile.mkdtemp(prefix=SHORT))
    if len(os.fsencode(folder)) > 90:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=SHORT, dir="/tmp"))
    return folder


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
