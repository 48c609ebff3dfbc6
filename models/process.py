"""The model process as photolib sees it: found or started when first needed, asked over a Unix socket, never waited for without limit."""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import models
from models import catalogue, shelf
from models.child import CANNOT_LOAD, PROTOCOL
from models.wire import Closed, Late, Line, Message
from photolib import errors
from photolib.config import Config
from photolib.errors import TryLater
from photolib.ports import EMBED, FACES, TEXT, Ability, Box, FoundFace, Seen, TextLine
from photolib.said import Said

log = logging.getLogger(__name__)

START_SECONDS = 60  # for Python to start, on a slow and busy machine
LOADING_SECONDS = 300  # for a large model on a slow disk
MOST_PICTURES = 64  # in one request
_BETTER = Said(
    "it knows about 1000 kinds of things; a CLIP model also understands what people do, places, moods and colours: "
    "`photolib models fetch %(model)s`",
    model=catalogue.recommended().name,
)
_LOOK_SECONDS = 0.02
_STARTS_AGAIN_AFTER = 1.0
_MOST_CRASHES = 3
_TRIES = 3
_MAY_FAIL_WITH = {
    kind.__name__: kind for kind in (errors.UnreadablePhoto, errors.TryLater, errors.StorageFailed, errors.NotFound)
}


class _Ended(Exception):
    """The process was gone before it began with the request: another one may do it."""


class _Crashed(Exception):
    """The process died, or was ended, in the middle of the request."""


class ModelProcess:
    """Satisfies ports.Models. Threads share it; processes of one data folder share the model process behind it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._embedding = shelf.wanted(config)
        self._lock = threading.Lock()
        self._free: list[_Connection] = []
        self._started: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._off: dict[str, str] = {}  # abilities and models that could not be loaded, with the sentence
        self._crashes: dict[str, int] = {}
        self._silent: tuple[float, _Connection] | None = (
            None  # since when nothing is heard, and the first that waited in vain
        )
        self._closed = False

    # ------------------------------------------------------------ ports.Models

    def ability(self, ability: str) -> Ability:
        if ability == EMBED:
            return self._embedding_ability()
        name, note = _OTHERS[ability](self._config)
        if name is not None and name in self._off:
            return Ability(ability, None, self._off[name])
        return Ability(ability, name, note)

    def see(self, pictures: Sequence[Path], seconds: float | None = None) -> list[Seen]:
        place = self._place(self._on(EMBED))
        deadline = None if seconds is None else time.monotonic() + seconds
        found: list[Seen] = []
        for start in range(0, len(pictures), MOST_PICTURES):
            some = pictures[start : start + MOST_PICTURES]
            asked = {"ask": "see", **_at(place), "pictures": [os.fspath(each) for each in some]}
            # A picture takes far less than the limit for one; a whole batch gets a few times that.
            if deadline is None:
                limit = self._config.model_seconds * (1 + len(some) / 16)
                done, arrays = self._ask_heavy(asked, place.name, limit)
            else:
                done, arrays = self._ask_soon(asked, place.name, deadline)
            found += [
                Seen(vector, scheme, [(name, probability) for name, probability in classes])
                for vector, scheme, classes in zip(arrays[0], done["schemes"], done["classes"], strict=True)
            ]
        return found

    def embed_text(self, sentence: str, model: str, seconds: float) -> np.ndarray:
        if model in self._off:
            raise TryLater(_NEEDED, why=self._off[model])
        place = self._place(model)
        asked = {"ask": "text", **_at(place), "sentences": [sentence]}
        _, arrays = self._ask_soon(asked, place.name, time.monotonic() + seconds)
        return arrays[0][0]

    def find_faces(self, picture: Path, larger: Path | None = None) -> list[FoundFace]:
        asked = {"ask": "faces", "picture": os.fspath(picture), "larger": larger and os.fspath(larger)}
        done, arrays = self._ask_heavy(asked, self._on(FACES), self._config.model_seconds)
        return [
            FoundFace(Box(*box), quality, pixels, vector)
            for (box, quality, pixels), vector in zip(done["faces"], arrays, strict=True)
        ]

    def read_text(self, picture: Path, larger: Path | None = None) -> list[TextLine]:
        asked = {"ask": "read", "picture": os.fspath(picture), "larger": larger and os.fspath(larger)}
        done, _ = self._ask_heavy(asked, self._on(TEXT), self._config.model_seconds)
        return [TextLine(text, confidence, Box(*box)) for text, confidence, box in done["lines"]]

    def can_embed_text(self, model: str) -> bool:
        if self._embedding is None:
            return False  # whoever switched it off wants no model to be started
        return model not in self._off and shelf.find(self._config, model) is not None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
            started, self._started = self._started, None
            silent, self._silent = self._silent, None
        for each in (*free, *([silent[1]] if silent else [])):
            each.close()
        if started is not None:
            _end(started)

    @property
    def pid(self) -> int | None:
        """The model process of this data folder, whoever started it; None when none runs."""
        try:
            connection = self._connect(time.monotonic() + START_SECONDS, may_kill=False)
        except Late:
            return None
        if connection is None:
            return None
        connection.close()
        return connection.pid

    # ------------------------------------------------------------ what is on

    def _embedding_ability(self) -> Ability:
        place = self._embedding
        if place is None:
            return Ability(EMBED, None, Said('switched off; the setting embedding_model = "built-in" turns it on'))
        if place.name in self._off:
            return Ability(EMBED, None, self._off[place.name])
        if shelf.is_there(place):
            return Ability(EMBED, place.name, _BETTER if place.name == shelf.BUILT_IN_NAME else "")
        return Ability(EMBED, None, shelf.what_helps(place))

    def _on(self, ability: str) -> str:
        """The model of an ability. Raises TryLater when it is off."""
        found = self.ability(ability)
        if found.model is None:
            raise TryLater(_NEEDED, why=found.note)
        return found.model

    def _place(self, model: str) -> shelf.Place:
        place = shelf.find(self._config, model)
        if place is None:
            raise TryLater("The files of the model %(model)s are not there.", model=model)
        shelf.remember_own(self._config, place)
        return place

    def _switch_off(self, model: str, why: str) -> None:
        self._off[model] = Said(
            "%(model)s cannot be loaded: %(why)s; `photolib models check` looks closer", model=model, why=why
        )
        log.error("%s", self._off[model])

    # ------------------------------------------------------------ asking

    def _ask_heavy(self, asked: Message, model: str, seconds: float) -> tuple[Any, list[np.ndarray]]:
        """Ask for work that takes turns, within so many seconds from when its turn has come and its model is loaded."""
        for _ in range(_TRIES):
            try:
                return self._ask(asked, model, _Patience(working=seconds))
            except _Ended:
                continue
            except Late as problem:
                raise TryLater(
                    "The model took longer than %(seconds)s seconds (setting model_seconds).", seconds=f"{seconds:g}"
                ) from problem
            except _Crashed as problem:
                raise TryLater("The model process ended unexpectedly.") from problem
        raise TryLater("The model process ended again and again before it could begin.")

    def _ask_soon(self, asked: Message, model: str, deadline: float) -> tuple[Any, list[np.ndarray]]:
        """Ask for somebody who waits for the answer, and no longer than until then."""
        for _ in range(_TRIES):
            try:
                return self._ask(asked, model, _Patience(at_most=deadline))
            except Late as problem:  # it may be loading; what comes next will be quick
                raise TryLater("The model for searching by meaning is not ready yet.") from problem
            except (_Ended, _Crashed):
                continue
        raise TryLater("The model process ended unexpectedly.")

    def _ask(self, asked: Message, model: str, patience: "_Patience") -> tuple[Any, list[np.ndarray]]:
        """Raises _Ended, _Crashed, Late, and what the task raises. A process that is late is ended, unless all it had was little time."""
        connection = self._connection(patience)
        state = ""
        try:
            connection.line.send(asked)
            while True:
                answer, arrays = connection.line.receive(patience.until(state))
                self._heard()
                if "state" not in answer:
                    break
                state = answer["state"]
        except Late:
            if patience.at_most is None:
                log.warning("the model process is ended: %s took too long in %s", asked["ask"], state or "asking")
                connection.kill()
            if patience.at_most is not None and not state:
                self._not_heard(connection)
            else:
                connection.close()
            raise
        except Closed as problem:
            connection.close()
            self._forget_connections()
            if state == "loading":
                self._died_loading(model)
            if state in ("", "waiting"):
                raise _Ended from problem
            raise _Crashed from problem
        if answer.get("ended"):
            connection.close()
            raise _Ended
        with self._lock:
            if not self._closed:
                self._free.append(connection)
            else:
                connection.close()
        if "done" in answer:
            self._crashes.pop(model, None)
            return answer["done"], arrays
        message = str(answer.get("message", ""))
        if answer.get("failed") == CANNOT_LOAD:
            self._switch_off(model, message)
            raise TryLater(_NEEDED, why=self._off[model])
        raise _MAY_FAIL_WITH.get(str(answer.get("failed")), errors.UnreadablePhoto)(message)

    def _heard(self) -> None:
        """The process says something, so it does not hang."""
        if self._silent is not None:
            with self._lock:
                silent, self._silent = self._silent, None
            if silent is not None:
                silent[1].close()

    def _not_heard(self, connection: "_Connection | None") -> None:
        """Somebody with little time has waited in vain for the process to say anything; it answers at once unless it hangs. It is
        ended when nobody has heard of it for long enough. connection: of the one who waited; it is kept as a hold on that process."""
        with self._lock:
            if self._silent is None and connection is not None and not self._closed:
                self._silent = (time.monotonic(), connection)
                return
            hangs = self._silent is not None and time.monotonic() - self._silent[0] >= self._hang_seconds
            silent = self._silent if hangs else None
            if hangs:
                self._silent = None
        if connection is not None:
            connection.close()
        if silent is not None:
            log.warning("the model process is ended: it answers nobody")
            silent[1].kill()
            silent[1].close()
            self._forget_connections()

    @property
    def _hang_seconds(self) -> float:
        return min(START_SECONDS, self._config.model_seconds)

    def _died_loading(self, model: str) -> None:
        self._crashes[model] = self._crashes.get(model, 0) + 1
        if self._crashes[model] >= _MOST_CRASHES:
            self._switch_off(model, "the process dies over it, perhaps for want of memory")

    def _forget_connections(self) -> None:
        with self._lock:
            free, self._free = self._free, []
        for each in free:
            each.close()

    def _connection(self, patience: "_Patience") -> "_Connection":
        """A free connection to the model process, which is started when there is none. Raises TryLater and Late."""
        with self._lock:
            if self._free:
                return self._free.pop()
        deadline = patience.until("starting")
        while True:
            if self._closed:
                raise TryLater("photolib is shutting down.")
            if (connection := self._connect(deadline, may_kill=patience.at_most is None)) is not None:
                return connection
            if time.monotonic() >= deadline:
                if patience.at_most is None:
                    raise TryLater("The model process did not start within %(seconds)s seconds.", seconds=START_SECONDS)
                raise Late
            self._start()
            time.sleep(_LOOK_SECONDS)

    def _connect(self, deadline: float, may_kill: bool) -> "_Connection | None":
        try:
            address = json.loads((self._tmp / "models.json").read_text(encoding="ascii"))["address"]
            connection = _Connection(address)
        except BlockingIOError:  # more wait than it can be told of
            self._not_heard(None)
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        try:
            hello, _ = connection.line.receive(deadline)
            self._heard()
        except Closed:
            connection.close()
            return None
        except Late:
            if may_kill:  # it accepts nobody: it hangs
                connection.kill()
                connection.close()
            else:
                self._not_heard(connection)
            raise
        if hello.get("protocol") == PROTOCOL:
            return connection
        connection.kill()  # of another version of photolib
        connection.close()
        return None

    def _start(self) -> None:
        """Start a process unless one we started is on its way. It ends at once when another one serves this data folder."""
        with self._lock:
            if self._closed:
                return
            if self._started is not None:
                is_new = time.monotonic() - self._started_at < _STARTS_AGAIN_AFTER
                if self._started.poll() is None or is_new:
                    return
                _end(self._started)
            self._started_at = time.monotonic()
            threads = self._config.model_threads or _cores()
            settings = {
                "tmp": str(self._tmp),
                "threads": threads,
                "idle_seconds": self._config.model_idle_seconds,
                "log_level": self._config.log_level,
            }
            try:
                self._started = subprocess.Popen(
                    [sys.executable, "-P", "-m", "models.child", json.dumps(settings)],
                    stdin=subprocess.PIPE,  # its end tells the process that we are gone
                    stdout=subprocess.DEVNULL,
                    env=_environment(threads),
                    process_group=0,  # Ctrl-C is for us to handle
                )
            except OSError as problem:
                raise TryLater("The model process could not be started: %(why)s.", why=problem.strerror) from problem
            threading.Thread(target=self._started.wait, name="models", daemon=True).start()  # leaves no zombie behind

    @property
    def _tmp(self) -> Path:
        return self._config.data_dir / "tmp"


class _Patience:
    """How long to wait for the next message: until a moment, or so many seconds for each stage of a request.

    at_most: on time.monotonic()'s clock. working: seconds for the work itself.
    """

    def __init__(self, at_most: float | None = None, working: float = 0.0) -> None:
        self.at_most = at_most
        self._seconds = {
            "starting": START_SECONDS,
            "": START_SECONDS,
            "waiting": LOADING_SECONDS + 10 * working,  # for others, each of which has a limit
            "loading": LOADING_SECONDS,
            "reading": working,
            "working": working,
        }

    def until(self, state: str) -> float:
        return self.at_most if self.at_most is not None else time.monotonic() + self._seconds[state]


class _Connection:
    """A connection to the model process, and a hold on that very process, to end it."""

    def __init__(self, address: str) -> None:
        """Raises OSError when nobody listens, BlockingIOError when too many wait to be let in."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)  # it connects at once, or too many wait already: BlockingIOError
            connection.connect(address)
            self.pid = _peer(connection)
            # It cannot be mistaken for a later process of the same number: whoever listened was alive just now.
            self._handle = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") and self.pid else None
        except BaseException:
            connection.close()
            raise
        self.line = Line(connection)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self.pid:
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.line.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _peer(connection: socket.socket) -> int:
    """The process at the other end; 0 where the system does not say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    return int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], sys.byteorder)


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# Libraries report to their makers unless they are told not to: onnxruntime's packages for Linux from C++, with a number for the machine.
QUIET = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def _environment(threads: int) -> dict[str, str]:
    """The parent's, without our own settings and secrets, with as many threads as may compute."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLIB_")}
    places = [str(Path(models.__file__).parents[1]), ours.get("PYTHONPATH", "")]
    return {
        **ours,
        **QUIET,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait by spinning take the processor from the web app
        # What a batch needs is kept for the next one (blocks below 32 MB, 256 MB in all): given back to the system each time, it came
        # back in 1600 to 2800 page faults a photo, a tenth to a third of the rate. One arena, or each thread would keep its own.
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _at(place: shelf.Place) -> Message:
    return {"model": place.name, "folder": str(place.folder)}


_NEEDED = "This needs a model: %(why)s."


def _faces(config: Config) -> tuple[str | None, str]:
    if not config.find_faces:
        return None, Said("switched off; the setting find_faces = true turns it on")
    if not shelf.is_installed("models.faces", "face_recognition", "face_recognition_models"):
        return None, shelf.INSTALL
    from models.faces import FaceRecognition

    return FaceRecognition.name, ""


def _reading(config: Config) -> tuple[str | None, str]:
    if not config.read_text:
        return None, Said("switched off; the setting read_text = true turns it on")
    if not shelf.is_installed("models.reading", "rapidocr", "onnxruntime"):
        return None, shelf.INSTALL
    from models.reading import RapidOcr

    return RapidOcr.name, ""


_OTHERS: dict[str, Callable[[Config], tuple[str | None, str]]] = {FACES: _faces, TEXT: _reading}
