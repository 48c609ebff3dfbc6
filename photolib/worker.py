"""The loop that works the queue: claim, attempt, write. Threads share the claims; the decoding happens in child processes."""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Sequence

from photolib import catalog, jobs, trash, understanding, uploads, vectors
from photolib.db import explained, write
from photolib.errors import DatabaseFailed, StorageFailed, TryLater
from photolib.ingest import STEPS, Step
from photolib.jobs import Job
from photolib.library import Library
from photolib.search import documents

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5  # another process may have queued something
WORDS_SECONDS = 2.0  # so long what changed may be missing from the words to search by, while there is more urgent work
TRASH_SECONDS = 3600.0  # between looks for what has been in the trash for too long
DEAD_SECONDS = 5.0  # another process may have died with jobs in its hands


class Worker:
    """As many threads as photos are decoded at once.

    When the disk or the database fails, the threads end and `problem` says why; with retry_seconds, as in a server that
    nobody watches, they wait so long and go on.
    """

    def __init__(self, lib: Library, steps: Sequence[Step] = STEPS, retry_seconds: float | None = None) -> None:
        self._lib = lib
        self._steps = steps
        self._retry_seconds = retry_seconds
        self._stop = threading.Event()
        self._wake = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._checked_at = self._worded_at = self._empties_at = time.monotonic()
        self.problem: Exception | None = None

    def start(self) -> None:
        for number in range(self._lib.config.cores):
            thread = threading.Thread(target=self._run, args=[number == 0], name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def pause(self) -> None:
        """Let the threads work for a moment; for callers that watch them."""
        self._stop.wait(0.1)

    def wake(self) -> None:
        """Something was queued: look now."""
        with self._wake:
            self._wake.notify_all()

    def stop(self, at_once: bool = False) -> None:
        """End the threads when what runs is finished; at once: break it off, which costs no photo a try."""
        self._stop.set()
        if at_once:
            self._lib.decoders.close()
            self._lib.models.close()
        self.wake()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _run(self, is_first: bool) -> None:
        must_look_back = is_first
        try:
            while not self._stop.is_set():
                try:
                    if must_look_back:
                        understanding.backfill(self._lib, {step.name: step.patience for step in self._steps})
                        must_look_back = False
                    if is_first and time.monotonic() >= self._empties_at:
                        self._empties_at = time.monotonic() + TRASH_SECONDS
                        trash.empty_by_age(self._lib)
                    if not work_once(self._lib, self._steps):
                        self._rest()
                    elif time.monotonic() - self._worded_at > WORDS_SECONDS:
                        self._worded_at = time.monotonic()
                        documents.catch_up(self._lib.db)
                        trash.work(self._lib, LOOK_SECONDS)  # who deletes a photo does not wait for an import to end
                except (StorageFailed, DatabaseFailed) as problem:
                    log.error("the worker %s: %s", "stops" if self._retry_seconds is None else "pauses", problem)
                    if self._retry_seconds is None:
                        self.problem = problem
                        return
                    self._stop.wait(self._retry_seconds)
                except TryLater as problem:
                    log.warning("the worker waits: %s", problem)
                    self._stop.wait(LOOK_SECONDS)
        finally:
            self._lib.connections.close_here()

    def _rest(self) -> None:
        """Nothing is due. Now and then see whether a process died and left its claims behind."""
        if time.monotonic() - self._checked_at > DEAD_SECONDS:
            self._checked_at = time.monotonic()
            with write(self._lib.db) as db:
                if jobs.release_dead(db, self._lib.is_alive):
                    return
            vectors.drop_old(self._lib.db, self._lib.models)
            uploads.tidy(self._lib)
        if trash.is_waiting(self._lib.db):
            trash.work(self._lib, LOOK_SECONDS)
            return
        if documents.catch_up(self._lib.db) or documents.tidy(self._lib.db):
            return  # there may be more
        with self._wake:
            self._wake.wait(LOOK_SECONDS)


def work_once(lib: Library, steps: Sequence[Step] = STEPS) -> int:
    """Claim one batch and work it; return how many jobs that were, 0 when nothing waits."""
    if not jobs.is_due(lib.db):
        return 0  # without asking for the write lock
    with write(lib.db) as db:
        claimed = jobs.claim(db, {step.name: step.batch for step in steps}, lib.process)
    if not claimed:
        return 0
    number = next(i for i, step in enumerate(steps) if step.name == claimed[0].step)
    then = steps[number + 1] if number + 1 < len(steps) else None
    attempt(lib, steps[number], then, claimed)
    return len(claimed)


def work_until_idle(lib: Library, steps: Sequence[Step] = STEPS) -> None:
    """Work the queue in the calling thread until nothing is due."""
    while work_once(lib, steps):
        pass


def attempt(lib: Library, step: Step, then: Step | None, claimed: list[Job]) -> None:
    """Run a step for claimed jobs; write its result and the next step in one transaction, or the reason it failed."""
    began = time.monotonic()
    try:
        photos = [catalog.photo(lib.db, job.photo_id) for job in claimed]
        result = step.run(lib, photos)
        with write(lib.db) as db:
            if jobs.finish(db, claimed, then.name if then else None, then.patience if then else 0):
                result(db)
            seconds = time.monotonic() - began
            jobs.note_pace(db, step.name, seconds / len(claimed))
        log.debug("%s of %d photos took %.2f s", step.name, len(claimed), seconds)
    except Exception as problem:  # the one broad except in photolib
        cause = explained(problem) if isinstance(problem, sqlite3.Error) else problem
        is_closing = isinstance(cause, TryLater) and lib.decoders.is_closed
        if is_closing or isinstance(cause, StorageFailed | DatabaseFailed):  # not the photo's fault: it was no try
            with contextlib.suppress(StorageFailed, DatabaseFailed, TryLater), write(lib.db) as db:
                jobs.give_back(db, claimed)
            raise cause from problem
        if len(claimed) > 1:  # find the photo that hurts; the others go through
            for job in claimed:
                attempt(lib, step, then, [job])
        else:
            _failed(lib, step, then, claimed[0], cause)


def _failed(lib: Library, step: Step, then: Step | None, job: Job, problem: Exception) -> None:
    with write(lib.db) as db:
        state = jobs.fail(db, job, problem)
        if state == "failed" and step.vital:
            catalog.picture_failed(db, job.photo_id, jobs.sentence(problem))
        elif state == "failed" and then is not None:
            # What only enriches a photo does not hold it up.
            jobs.enqueue(db, then.name, [job.photo_id], jobs.urgency(job.priority) + then.patience)
    log.warning("%s of photo %s: %s: %s", step.name, job.photo_id, state, problem)
    log.debug("details", exc_info=problem)
