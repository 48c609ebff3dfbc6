"""The parent's side of decoding: a few child processes, started when needed, limited, replaced when they die, ended when idle.

Parent and child speak lines of JSON over pipes: nothing a codec's process says is ever unpickled.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import photolib
from photolib import errors
from photolib.decode import limits
from photolib.decode.limits import DecodeSettings
from photolib.errors import PhotolibError, TryLater, UnreadablePhoto
from photolib.said import Said

__all__ = ["DecodeSettings", "Decoders"]

log = logging.getLogger(__name__)

_CLOSING = Said("photolib is shutting down.")
_STARTS = 3
_LONGEST_ANSWER = 16 << 20
_MESSAGES_SHOWN = 2000
_MAY_FAIL_WITH = {
    kind.__name__: kind
    for kind in (errors.UnreadablePhoto, errors.TryLater, errors.StorageFailed, errors.NotFound, errors.BadInput)
}


class Decoders:
    """A pool of decoder processes. Threads share it and wait for each other when all children are busy."""

    def __init__(self, settings: DecodeSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._may_take = threading.Condition(self._lock)
        self._must_look = threading.Condition(self._lock)  # what the watcher waits for
        self._children: set[_Child] = set()
        self._free: list[_Child] = []  # the last one used is used next, so that the others can end
        self._starting = 0
        self._closed = False
        self._watcher: threading.Thread | None = None
        self._looks_at = 0.0

    @property
    def is_closed(self) -> bool:
        return self._closed

    def run(self, task: str, timeout: float | None = None, **arguments: Any) -> dict[str, Any]:
        """Do one task in a child and return its result.

        Tasks: "metadata" (path, format), "variants" (path, format, folder), "render" (folder, size, form, and path and
        format of the original for when the kept sizes are gone), "whole" (path, format, folder), "card" (folder), "measure" (path of a kept
        size). timeout, in seconds, replaces the wall limit.
        Raises UnreadablePhoto when the bytes are to blame or hit a limit, TryLater when the child died of something else,
        and what the task raises.
        """
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
        request = json.dumps({"task": task, "arguments": plain}).encode("ascii") + b"\n"
        seconds = self._settings.wall_seconds if timeout is None else timeout
        for _ in range(_STARTS):
            child = self._take(seconds)
            try:
                answer = child.ask(request)
            except BrokenPipeError:  # it had died before it heard of the job
                continue
            finally:
                self._give_back(child)
            if isinstance(done := answer.get("done"), dict):
                return done
            raise self._explain(answer, child.is_overdue, task, seconds)
        raise TryLater("No decoder could be started.")

    def close(self) -> None:
        """End all children, the busy ones too: who waits for those gets TryLater."""
        with self._lock:
            self._closed = True
            children = list(self._children)
            self._free.clear()
            self._children.clear()
            watcher = self._watcher
            self._may_take.notify_all()
            self._must_look.notify_all()
        for child in children:
            child.kill()
            if child.deadline is None:  # nobody waits for it who would end it
                child.end()
        if watcher:
            watcher.join()

    def _take(self, seconds: float) -> "_Child":
        """A free child with its deadline set, started if there may be one more."""
        with self._lock:
            while (
                not self._closed and not self._free and len(self._children) + self._starting >= self._settings.workers
            ):
                self._may_take.wait()
            self._refuse_if_closed()
            if self._free:
                child = self._free.pop()
                self._watch(child, seconds)
                return child
            self._starting += 1
        try:
            child = _Child(self._settings)
        except OSError as problem:
            raise TryLater("A decoder could not be started: %(why)s.", why=problem.strerror) from problem
        finally:
            with self._lock:
                self._starting -= 1
        with self._lock:
            if not self._closed:
                self._children.add(child)
                self._watch(child, seconds)
                return child
        child.end()
        raise TryLater(_CLOSING)

    def _give_back(self, child: "_Child") -> None:
        with self._lock:
            child.deadline = None
            child.idle_since = time.monotonic()
            is_worn = child.jobs >= self._settings.recycle_jobs or child.resident_mb > self._settings.recycle_mb
            is_good = not (is_worn or child.is_broken or child.is_overdue or self._closed)
            if is_good:
                self._free.append(child)
            else:
                self._children.discard(child)
            self._may_take.notify()
        if not is_good:
            child.end()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise TryLater(_CLOSING)

    def _watch(self, child: "_Child", seconds: float) -> None:
        """Have the watcher look at a child when its time is up. The caller holds the lock."""
        child.deadline = time.monotonic() + seconds
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._keep_watch, name="decoders", daemon=True)
            self._watcher.start()
        elif child.deadline < self._looks_at:
            self._must_look.notify()

    def _keep_watch(self) -> None:
        """Kill what takes too long and end what has nothing to do, until there is no child left."""
        with self._lock:
            while self._children:
                now = time.monotonic()
                for child in self._children:
                    if child.deadline is not None and child.deadline <= now:
                        child.is_overdue, child.deadline = True, None
                        child.kill()
                for child in [each for each in self._free if each.idle_since + self._settings.idle_seconds <= now]:
                    self._free.remove(child)
                    self._children.remove(child)
                    child.end()
                times = [child.deadline for child in self._children if child.deadline is not None]
                times += [child.idle_since + self._settings.idle_seconds for child in self._free]
                self._looks_at = min([now + self._settings.idle_seconds, *times])
                if self._children:
                    self._must_look.wait(max(self._looks_at - now, 0))
            self._watcher = None

    def _explain(self, answer: dict[str, Any], is_overdue: bool, task: str, seconds: float) -> PhotolibError:
        """What to raise for a job that came to nothing."""
        messages = answer.get("messages", "")
        if "failed" in answer:
            if messages:
                log.debug("a decoder said during %s: %s", task, messages)
            return _MAY_FAIL_WITH.get(answer["failed"], UnreadablePhoto)(str(answer.get("message", "")))
        if is_overdue:
            return UnreadablePhoto(
                "Decoding it took longer than %(seconds)s seconds (setting decode_seconds).", seconds=f"{seconds:g}"
            )
        if self._closed:
            return TryLater(_CLOSING)
        if limits.ran_out_of_cpu(answer["returncode"]):
            most = self._settings.cpu_seconds
            return UnreadablePhoto(
                "Decoding it took more than %(most)s seconds of computing (setting decode_seconds).", most=most
            )
        if "bad_alloc" in messages or "out of memory" in messages.lower():
            return UnreadablePhoto(limits.too_much_memory(self._settings.memory_mb))
        cause = _cause(answer["returncode"])
        log.warning("a decoder ended with %s during %s: %s", cause, task, messages)
        return TryLater("The decoder ended unexpectedly (%(cause)s).", cause=cause)


class _Child:
    """One decoder process. Only the thread that took it from the pool talks to it."""

    def __init__(self, settings: DecodeSettings) -> None:
        self.deadline: float | None = None
        self.idle_since = 0.0
        self.is_overdue = False
        self.is_broken = False
        self.jobs = 0
        self.resident_mb = 0
        told = {
            "memory_mb": settings.memory_mb,
            "cpu_seconds": settings.cpu_seconds,
            "max_pixels": settings.max_megapixels * 1_000_000,
        }
        with contextlib.ExitStack() as stack:
            self._messages = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                # -P: without it Python would import modules from the current folder, perhaps one full of strangers' files.
                [sys.executable, "-P", "-m", "photolib.decode.child", json.dumps(told)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._messages,
                env=_environment(),
                process_group=0,  # Ctrl-C is for the parent to handle
            )
            stack.pop_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: bytes) -> dict[str, Any]:
        """Send a job and return what came of it: "done", "failed" and "message", or "returncode" when the child ended over it.

        The last two come with "messages", what libraries wrote to standard error. Raises BrokenPipeError when the child had
        ended before.
        """
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        self.jobs += 1
        self.is_broken = True  # until it has answered
        requests.write(request)
        requests.flush()
        try:
            answer = json.loads(answers.readline(_LONGEST_ANSWER))
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.kill()
            return {"returncode": self._process.wait(), "messages": self._read_messages()}
        self.is_broken = False
        self.resident_mb = answer.get("resident_mb", 0)
        return answer if "done" in answer else {**answer, "messages": self._read_messages()}

    def kill(self) -> None:
        """End the process; safe at any time, also while another thread waits for its answer."""
        self._process.kill()

    def end(self) -> None:
        """End the process and release what was held for it. Only for the one thread that may use the child."""
        self._process.kill()
        self._process.wait()
        for each in (self._process.stdin, self._process.stdout, self._messages):
            with contextlib.suppress(BrokenPipeError):  # a job that was never heard of
                if each is not None:
                    each.close()

    def _read_messages(self) -> str:
        size = os.fstat(self._messages.fileno()).st_size
        text = os.pread(self._messages.fileno(), _MESSAGES_SHOWN, max(size - _MESSAGES_SHOWN, 0))
        return text.decode("utf-8", "replace").strip("\0\n ")


def _environment() -> dict[str, str]:
    """The parent's, without our own settings and secrets, with one thread per codec and modest memory pools."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLIB_")}
    places = [str(Path(photolib.__file__).parents[1]), ours.get("PYTHONPATH", "")]
    return {
        **ours,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }


def _cause(returncode: int) -> str:
    if returncode < 0:
        try:
            return signal.Signals(-returncode).name
        except ValueError:
            return f"signal {-returncode}"
    return f"exit code {returncode}"
