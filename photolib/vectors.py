"""The index for searching by meaning: a copy, in memory and in the folder `index`, of one model's vectors. SQLite has the truth.

A copy remembers up to which row of photo_changes it has read, and reads on from there before each search. It holds one
model's vectors and is asked by that model's name, so vectors of two models are never compared.

How exactly vectors are kept (dimensions d, measured for a million vectors of 384 on two cores):

- exact: 16-bit numbers as SQLite has them, 2 d bytes each, all of them compared. 30 ms.
- small: 8-bit, d bytes, when the exact ones need more than index_memory_mb. The best are compared again with those of SQLite.
- grouped: 8-bit, in groups of alike ones, of which an eighth is compared; from GROUPED_FROM photos on, where comparing
  them all takes longer than 150 ms.
"""

import contextlib
import fcntl
import json
import logging
import os
import secrets
import shutil
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from sqlite_utils import Database

from photolib import catalog, understood
from photolib.db import Connections, write
from photolib.errors import PhotolibError, TryLater
from photolib.ports import EMBED, Models

log = logging.getLogger(__name__)

EXACT, SMALL, GROUPED = "exact", "small", "grouped"
GROUPED_FROM = 4_000_000
PIECE = 1 << 17  # vectors in one FAISS index: what grows is copied, and pieces are searched side by side
BATCH = 10_000  # rows read at once: about 0.1 s
FEW = 2_000  # photos whose vectors are read from SQLite faster than a coarse index can be trusted
SECONDS = 1.0  # how long a search catches up before it answers from what it has
SAMPLE = 65_536  # vectors from which the coarser ways learn

_MAGIC = b"photolib vectors 1\n"
_SAVED = "vector index"  # remembered: which saved file belongs to this database
_SERVING = "serving model"  # remembered: whose vectors are searched


# ---------------------------------------------------------------- which model serves


def serving_model(db: Database, models: Models) -> str | None:
    """The embedding model whose vectors are searched; None when there is none.

    That is the configured one, as soon as every photo with a vector by the earlier one has one by it. Until then the
    earlier one goes on serving, as long as sentences can be embedded by it. With the ability off, the earlier one stays:
    similar photos can be found without a model.
    """
    configured = models.ability(EMBED).model
    earlier = catalog.remembered(db, _SERVING) or _most_used(db, configured)
    serving = configured
    if configured is None or (
        earlier is not None
        and earlier != configured
        and models.can_embed_text(earlier)
        and understood.lacks_vector(db, configured, earlier)
    ):
        serving = earlier
    if serving and serving != catalog.remembered(db, _SERVING) and not db.conn.in_transaction:
        with write(db):
            catalog.remember(db, _SERVING, serving)
    return serving


def _most_used(db: Database, configured: str | None) -> str | None:
    """With whose vectors to begin when nothing is remembered."""
    counts = understood.vector_counts(db)
    return max(counts, key=lambda name: (counts[name], name == configured)) if counts else configured


def drop_old(db: Database, models: Models, count: int = 2000) -> int:
    """Forget some vectors by models that no longer serve and are not to serve. Returns how many; 0 when none is left."""
    serving, configured = serving_model(db, models), models.ability(EMBED).model
    if serving is None or serving != configured:
        return 0  # the configured one is still being filled, or not to be had just now
    others = [name for name in understood.vector_models(db) if name != serving]
    if not others or any(understood.lacks_vector(db, serving, other) for other in others):
        return 0
    with write(db):
        return understood.drop_other_vectors(db, serving, count)


# ---------------------------------------------------------------- the index


class Vectors:
    """One per process, shared by its threads. It is read at the first search and let go when nobody searched for a while.

    folder: where it is saved. memory_mb: beyond this, vectors are kept less exactly. idle_seconds: 0 keeps it for good.
    """

    def __init__(
        self,
        folder: Path,
        connections: Connections,
        memory_mb: int = 1500,
        idle_seconds: float = 300,
        grouped_from: int = GROUPED_FROM,
    ) -> None:
        self._file = folder / "vectors"
        self._connections = connections
        self._memory = memory_mb << 20
        self._idle_seconds = idle_seconds
        self._grouped_from = grouped_from
        self._lock = threading.Lock()
        self._copy: Any = None  # a _Copy, or None while nobody searches
        self._used_at = 0.0
        self._timer: threading.Timer | None = None
        self._reader: threading.Thread | None = None
        self._is_closed = False

    @property
    def note(self) -> str | None:
        """What is missing for searching by meaning at all, as a sentence; None when nothing is."""
        try:
            _faiss()
        except TryLater as problem:
            return str(problem)
        return None

    @property
    def is_complete(self) -> bool:
        """Whether the last search knew every photo; when not, the rest is being read."""
        copy = self._copy
        return copy is None or copy.is_complete

    @property
    def is_saved(self) -> bool:
        return self._file.exists()

    @property
    def is_loaded(self) -> bool:
        return self._copy is not None

    @property
    def kind(self) -> str | None:
        """How the vectors are kept; None while they are not in memory."""
        return self._copy.kind if self._copy else None

    @property
    def positions(self) -> int:
        """How many vectors are in memory, the dead ones included."""
        return self._copy.size if self._copy else 0

    @property
    def was_loaded(self) -> bool:
        """Whether what is in memory came from the saved file."""
        return bool(self._copy) and self._copy.came_from_file

    def search(
        self,
        db: Database,
        model: str,
        vector: np.ndarray,
        count: int,
        owner_id: int,
        allowed: np.ndarray | None = None,
        listed_only: bool = True,
        seconds: float | None = SECONDS,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The photos nearest to a vector by this model: ids (int64) and cosines (float32), nearest first.

        owner_id: whose photos. allowed: ids of the only photos that count (int64). listed_only: none of the trash, the
        archive or those that failed. seconds: how long it may read what changed before it answers (None: until it knows all;
        is_complete tells). Raises TryLater, with a sentence, when FAISS is not installed or the index is busy for so long.
        """
        query = _unit(vector)
        if query is None or count <= 0:
            return _nothing()
        with self._held(seconds):
            copy = self._caught_up(db, model, len(query), seconds)
            mask = copy.mask(owner_id, allowed, listed_only)
            if mask is not None and not mask.any():
                return _nothing()
            if copy.kind == EXACT:
                return copy.search(query, count, mask)
            if mask is not None and (few := copy.ids[np.flatnonzero(mask)]).size <= FEW:
                return _best(*self._cosines(db, model, query, few), count)
            candidates, _ = copy.search(query, count + max(50, count // 2), mask)
            return _best(*self._cosines(db, model, query, candidates), count)

    def similar(
        self, db: Database, model: str, photo_id: int, count: int, owner_id: int, allowed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The photos nearest to a photo, without itself; as search() answers."""
        vector = understood.vector(db, photo_id, model)
        if vector is None:
            return _nothing()
        ids, cosines = self.search(db, model, vector, count + 1, owner_id, allowed)
        others = ids != photo_id
        return ids[others][:count], cosines[others][:count]

    def vectors_of(self, db: Database, model: str, photo_ids: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Ids (int64) of those of these photos that have a vector, and their vectors, float32 of shape (ids, dimensions)."""
        ids, blobs = understood.vectors(db, model, photo_ids)
        blobs_of = dict(zip(ids, blobs, strict=True))
        size = max((len(blob) for blob in blobs), default=0)
        ids = [each for each in ids if len(blobs_of[each]) == size]
        matrix = np.frombuffer(b"".join(blobs_of[each] for each in ids), "<f2").astype(np.float32)
        return np.array(ids, np.int64), matrix.reshape(len(ids), size // 2)

    def cosines(
        self, db: Database, model: str, vector: np.ndarray, photo_ids: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """How near these photos are to a vector: ids (int64) of those that have one, and cosines (float32), in no order."""
        query = _unit(vector)
        return _nothing() if query is None else self._cosines(db, model, query, photo_ids)

    def _cosines(self, db: Database, model: str, query: np.ndarray, photo_ids: Any) -> tuple[np.ndarray, np.ndarray]:
        ids, matrix = self.vectors_of(db, model, photo_ids)
        return (ids, matrix @ query) if matrix.shape[1] == len(query) else _nothing()

    def catch_up(self, db: Database, model: str, dimensions: int, seconds: float | None = SECONDS) -> bool:
        """Read what changed, for so long at most (None: until all is read). Returns whether all is."""
        with self._held(seconds):
            return self._caught_up(db, model, dimensions, seconds).is_complete

    def rebuild(self, db: Database, model: str, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
        """Make the index again from the database and save it; return how many vectors it holds. progress: (done, of)."""
        sample = understood.vectors_after(db, model, 0, 1)
        with self._lock:
            self._copy = None
            self._file.unlink(missing_ok=True)
            if not sample:
                return 0
            total = understood.vector_count(db, model)
            copy = self._copy = self._new(db, model, len(sample[0][4]) // 2)
            while not self._step(db, copy):
                copy = self._copy
                progress(min(total, copy.size), total)
            progress(total, total)
            self._used()
        self.save(db, always=True)
        return copy.count

    # -------------------------------------------------- keeping it fresh

    @contextlib.contextmanager
    def _held(self, seconds: float | None) -> Iterator[None]:
        """The lock; whoever holds it reads no longer than a batch takes, but for learning groups."""
        if not self._lock.acquire(timeout=-1 if seconds is None else max(seconds, 0.1) * 5):
            raise TryLater("The index for searching by meaning is being made; this takes a moment.")
        try:
            self._used()
            yield
        finally:
            self._lock.release()

    def _caught_up(self, db: Database, model: str, dimensions: int, seconds: float | None) -> "_Copy":
        """The copy for this model, read or made at first need, then as fresh as the time allows."""
        until = time.monotonic() + (seconds if seconds is not None else float("inf"))
        copy = self._copy
        if copy is None or (copy.model, copy.dimensions) != (model, dimensions):
            self._copy = None  # before the next one is made, so that there are never two
            copy = self._copy = self._load(db, model, dimensions) or self._new(db, model, dimensions)
        while not self._step(db, copy):
            copy = self._copy
            if time.monotonic() > until:
                self._read_on()
                break
        return copy

    def _step(self, db: Database, copy: "_Copy") -> bool:
        """Read one batch of what the copy does not know; return whether it knows all now."""
        if copy.read_to is not None:
            first = understood.vectors_after(db, copy.model, copy.read_to, BATCH)
            copy.put([row[1:] for row in first])
            copy.read_to = first[-1][0] if len(first) == BATCH else None
            return False
        last = understood.last_change(db)
        if last == copy.seq:
            copy.is_complete = True
            return True
        copy.is_complete = False
        if last < copy.seq:  # another database lies there now
            self._copy = self._new(db, copy.model, copy.dimensions)
            return False
        changed = understood.vectors_changed(db, copy.model, copy.seq, BATCH)
        copy.put([row[1:] for row in changed])
        copy.seq = changed[-1][0]
        if len(changed) < BATCH:
            self._tidy(db, copy)
        return False

    def _tidy(self, db: Database, copy: "_Copy") -> None:
        """Take out what is dead once it is much; begin anew where the vectors have become too many for this way to keep them."""
        alive = copy.count
        is_outgrown = _WAYS.index(self._way(alive, copy.dimensions)) > _WAYS.index(copy.kind)
        if copy.size - alive > max(BATCH, alive // 4):
            is_outgrown = not copy.compact() or is_outgrown
        if is_outgrown:
            self._copy = self._new(db, copy.model, copy.dimensions)

    def _way(self, count: int, dimensions: int) -> str:
        if count >= self._grouped_from:
            return GROUPED
        return SMALL if count * (2 * dimensions + _BESIDE) > self._memory else EXACT

    def _new(self, db: Database, model: str, dimensions: int) -> "_Copy":
        kind = self._way(understood.vector_count(db, model), dimensions)
        sample = understood.some_vectors(db, model, SAMPLE) if kind != EXACT else []
        return _Copy(model, dimensions, kind, understood.last_change(db), _taught(kind, dimensions, sample))

    def _read_on(self) -> None:
        """Go on reading in a thread, so that the next search knows more. The lock is free between batches."""
        if self._reader is None or not self._reader.is_alive():
            self._reader = threading.Thread(target=self._read_all, name="vectors", daemon=True)
            self._reader.start()

    def _read_all(self) -> None:
        try:
            is_done = False
            while not is_done and not self._is_closed:
                with self._lock:
                    is_done = self._copy is None or self._step(self._connections.here, self._copy)
            if not self._is_closed:
                self.save(self._connections.here)
        finally:
            self._connections.close_here()

    def _used(self) -> None:
        self._used_at = time.monotonic()
        if self._timer is None and self._idle_seconds and not self._is_closed:
            self._wake_in(self._idle_seconds)

    def _wake_in(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._let_go)
        self._timer.daemon = True
        self._timer.start()

    def _let_go(self) -> None:
        if self._idle_for() >= self._idle_seconds:
            try:
                self.save(self._connections.here)
            finally:
                self._connections.close_here()
        with self._lock:
            self._timer = None
            if self._idle_for() >= self._idle_seconds:
                self._copy = None
            elif not self._is_closed:
                self._wake_in(self._idle_seconds - self._idle_for())

    def _idle_for(self) -> float:
        return time.monotonic() - self._used_at

    def drop(self) -> None:
        """Give the memory back; the next search reads the index again."""
        self.save(self._connections.here)
        with self._lock:
            self._copy = None

    def close(self) -> None:
        """Save what is worth it and let go."""
        self._is_closed = True
        timer = self._timer
        if timer is not None:
            timer.cancel()
            timer.join()
        if self._reader is not None:
            self._reader.join()
        if self._copy is not None:
            self.save(self._connections.here)
        with self._lock:
            self._copy = None

    # -------------------------------------------------- on disk

    def save(self, db: Database, always: bool = False) -> bool:
        """Write the index for the next start, when that start would have much to read otherwise. Returns whether it was written.

        A full disk, or another process that saves, is no harm: the index can be made from the database.
        """
        try:
            with self._saving() as is_ours:
                return is_ours and self._written(db, always)
        except (OSError, PhotolibError) as problem:
            log.warning("the vector index could not be saved: %s", problem)
            return False

    @contextlib.contextmanager
    def _saving(self) -> Iterator[bool]:
        """Whether nobody else saves; drafts that a crash left behind are gone then."""
        with self._file.with_suffix(".lock").open("wb") as gate:
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            for draft in self._file.parent.glob("vectors.draft-*"):
                draft.unlink(missing_ok=True)
            yield True

    def _written(self, db: Database, always: bool) -> bool:
        draft = self._file.with_name(f"vectors.draft-{os.getpid()}")
        token = secrets.token_hex(8)
        try:
            with self._lock:
                copy = self._copy
                if copy is None or not copy.is_complete or (copy.unsaved < max(100, copy.size // 50) and not always):
                    return False
                if shutil.disk_usage(self._file.parent).free < 2 * copy.file_size:
                    return False
                with draft.open("wb") as file:
                    copy.write(file, token)
                copy.unsaved = 0
            with write(db):  # a file whose token the database does not know is not taken for its own
                catalog.remember(db, _SAVED, token)
                os.replace(draft, self._file)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _load(self, db: Database, model: str, dimensions: int) -> "_Copy | None":
        """The saved copy, when it is whole, of this database, of this model, and kept as it should be."""
        try:
            with self._file.open("rb") as file:
                copy = _read(file, catalog.remembered(db, _SAVED), model, dimensions)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as problem:
            log.warning("the saved vector index is made again: %s", problem)
            return None
        is_fit = copy.kind == self._way(copy.count, dimensions) and copy.seq <= understood.last_change(db)
        return copy if is_fit else None


# ---------------------------------------------------------------- the copy in memory

_WAYS = (EXACT, SMALL, GROUPED)
_BESIDE = 26  # bytes kept beside each vector
_ARRAYS: dict[str, Any] = {
    "ids": np.int64,
    "owners": np.int32,
    "listed": np.bool_,
    "alive": np.bool_,
    "prints": np.uint64,
}


class _Copy:
    """Vectors at positions 0, 1, 2 ...; beside each its photo, its owner, whether it is listed, and a fingerprint.

    A vector that changed dies where it is and comes again at the end. seq: up to where photo_changes is known. read_to: while
    the first reading goes on, the number of the last vector read.
    """

    def __init__(self, model: str, dimensions: int, kind: str, seq: int, taught: Any) -> None:
        self.model, self.dimensions, self.kind, self.seq = model, dimensions, kind, seq
        self.read_to: int | None = 0
        self.is_complete = False
        self.came_from_file = False
        self.unsaved = 0
        self.size = 0
        self.ids = np.zeros(0, np.int64)
        self.owners = np.zeros(0, np.int32)
        self.listed = np.zeros(0, np.bool_)
        self.alive = np.zeros(0, np.bool_)
        self.prints = np.zeros(0, np.uint64)
        self.place = np.full(0, -1, np.int32)  # photo id -> position, -1 for none
        self._taught = taught  # an empty index, trained; pieces are made from it
        self._pieces: list[Any] = []
        self._factors = np.random.default_rng(20_04).integers(0, 1 << 63, -(-dimensions // 4), np.uint64) * 2 + 1
        self._pool: ThreadPoolExecutor | None = None

    @property
    def count(self) -> int:
        return int(self.alive[: self.size].sum())

    @property
    def file_size(self) -> int:
        """In bytes, about."""
        return self.size * ((1 if self.kind != EXACT else 2) * self.dimensions + _BESIDE) + (1 << 20)

    # -------------------------------------------------- changing it

    def put(self, rows: Sequence[tuple[int, int | None, int | None, bytes | None]]) -> None:
        """Rows of (photo id, owner id, is_listed, vector); a photo or vector that is None is gone."""
        if not rows:
            return
        size = 2 * self.dimensions
        whole = [row for row in rows if row[1] is not None and row[3] is not None and len(row[3]) == size]
        ids = np.array([row[0] for row in whole], np.int64)
        self._make_room(max(row[0] for row in rows))
        gone = np.setdiff1d(np.array([row[0] for row in rows], np.int64), ids)
        self._kill(gone)
        self.unsaved += len(rows)
        if not whole:
            return
        matrix = np.frombuffer(b"".join(row[3] or b"" for row in whole), "<f2").reshape(len(whole), self.dimensions)
        owners, listed = np.array([row[1] for row in whole], np.int32), np.array([row[2] for row in whole], np.bool_)
        prints = self._fingerprints(matrix)
        at = self.place[ids]
        is_known = (at >= 0) & (self.prints[at] == prints) if self.size else np.zeros(len(ids), np.bool_)
        self.owners[at[is_known]], self.listed[at[is_known]] = owners[is_known], listed[is_known]
        new = ~is_known
        self._kill(ids[new])
        self._append(matrix[new], ids[new], owners[new], listed[new], prints[new])

    def _append(
        self, matrix: np.ndarray, ids: np.ndarray, owners: np.ndarray, listed: np.ndarray, prints: np.ndarray
    ) -> None:
        count = len(ids)
        if not count:
            return
        until = self.size + count
        if until > len(self.ids):
            for name in _ARRAYS:
                setattr(self, name, _longer(getattr(self, name), max(until, 1024, len(self.ids) * 5 // 4)))
        here = slice(self.size, until)
        self.ids[here], self.owners[here], self.listed[here], self.prints[here] = ids, owners, listed, prints
        self.alive[here] = True
        self.place[ids] = np.arange(self.size, until, dtype=np.int32)
        numbers = np.ascontiguousarray(matrix, np.float32)
        while len(numbers):
            if not self._pieces or (self.kind != GROUPED and self._pieces[-1].ntotal >= PIECE):
                self._pieces.append(_faiss().clone_index(self._taught))
            room = len(numbers) if self.kind == GROUPED else PIECE - self._pieces[-1].ntotal
            self._pieces[-1].add(numbers[:room])
            numbers = numbers[room:]
        self.size = until

    def _kill(self, ids: np.ndarray) -> None:
        at = self.place[ids]
        self.alive[at[at >= 0]] = False
        self.place[ids] = -1

    def _make_room(self, photo_id: int) -> None:
        if photo_id >= len(self.place):
            self.place = _longer(self.place, max(photo_id + 1, 1024, len(self.place) * 5 // 4), -1)

    def _fingerprints(self, matrix: np.ndarray) -> np.ndarray:
        """64 bits for each vector, by which a changed one is told from the same one: a sum of its parts times odd factors."""
        padded = np.zeros((len(matrix), 4 * len(self._factors)), "<f2")
        padded[:, : self.dimensions] = matrix
        return (padded.view("<u8") * self._factors).sum(axis=1, dtype=np.uint64)

    def compact(self) -> bool:
        """Take the dead out; False where this way of keeping vectors cannot."""
        if self.kind == GROUPED:
            return False
        alive = self.alive[: self.size]
        for piece, here in list(self._spans()):
            dead = np.packbits(~alive[here], bitorder="little")
            piece.remove_ids(_faiss().IDSelectorBitmap(8 * len(dead), _faiss().swig_ptr(dead)))
        for name in _ARRAYS:
            setattr(self, name, getattr(self, name)[: self.size][alive])
        self.size = len(self.ids)
        self.place[:] = -1
        self.place[self.ids] = np.arange(self.size, dtype=np.int32)
        self._pieces = [piece for piece in self._pieces if piece.ntotal]
        self.unsaved = max(self.unsaved, self.size)
        return True

    # -------------------------------------------------- asking it

    def mask(self, owner_id: int, allowed: np.ndarray | None, listed_only: bool) -> np.ndarray | None:
        """Which positions count; None for all of them."""
        alive, owners = self.alive[: self.size], self.owners[: self.size]
        mask = alive & (owners == owner_id)
        if listed_only:
            mask &= self.listed[: self.size]
        if allowed is not None:
            asked = np.asarray(allowed, np.int64)
            at = self.place[asked[(asked >= 0) & (asked < len(self.place))]]
            among = np.zeros(self.size, np.bool_)
            among[at[at >= 0]] = True
            mask &= among
        return None if self.size and mask.all() else mask

    def search(self, query: np.ndarray, count: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Ids and cosines of the nearest photos among those that count. Pieces are searched side by side."""
        count = min(count, self.size)
        if not count:
            return _nothing()

        def one(span: tuple[Any, slice]) -> tuple[np.ndarray, np.ndarray]:
            piece, here = span
            _faiss()
            if mask is not None and not mask[here].any():
                return _nothing()
            cosines, at = piece.search(query[None], min(count, piece.ntotal), params=_asking(piece, mask, here))
            found = at[0] >= 0
            return self.ids[at[0][found] + here.start], cosines[0][found]

        spans = list(self._spans())
        if len(spans) > 1 and self._pool is None:
            self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "vectors")
        parts = list(self._pool.map(one, spans)) if self._pool and len(spans) > 1 else [one(span) for span in spans]
        return _best(np.concatenate([ids for ids, _ in parts]), np.concatenate([near for _, near in parts]), count)

    def _spans(self) -> Iterator[tuple[Any, slice]]:
        start = 0
        for piece in self._pieces:
            yield piece, slice(start, start + piece.ntotal)
            start += piece.ntotal

    # -------------------------------------------------- on disk

    def write(self, file: BinaryIO, token: str) -> None:
        """A line of JSON, the arrays, FAISS's own form of each piece, and a CRC-32 of it all."""
        faiss, sink = _faiss(), _Sink(file)
        head = {
            "model": self.model, "dimensions": self.dimensions, "kind": self.kind, "seq": self.seq, "size": self.size,
            "pieces": len(self._pieces), "token": token,
        }  # fmt: skip
        sink.write(_MAGIC + json.dumps(head).encode() + b"\n")
        for name in _ARRAYS:
            sink.write(getattr(self, name)[: self.size].tobytes())
        for index in [self._taught, *self._pieces]:
            faiss.write_index(index, faiss.PyCallbackIOWriter(sink.write))
        file.write(sink.sum.to_bytes(4, "little"))


class _Sink:
    """A file that is summed up while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sum = file, 0

    def write(self, data: bytes) -> None:
        self.sum = zlib.crc32(data, self.sum)
        self._file.write(data)


def _read(file: BinaryIO, token: str | None, model: str, dimensions: int) -> _Copy:
    """What _Copy.write() wrote. Raises ValueError with what is wrong with it."""
    if file.readline(len(_MAGIC)) != _MAGIC:
        raise ValueError("it is no index of this version")
    head = json.loads(file.readline(10_000))
    if token is None or head["token"] != token:
        raise ValueError("it belongs to another state of the database")
    if (head["model"], head["dimensions"]) != (model, dimensions):
        raise ValueError("it was made by another model")
    body = file.tell()
    _check_sum(file)
    file.seek(body)
    faiss = _faiss()
    arrays = {
        name: np.frombuffer(file.read(head["size"] * np.dtype(kind).itemsize), kind).copy()
        for name, kind in _ARRAYS.items()
    }
    indexes = [faiss.read_index(faiss.PyCallbackIOReader(file.read)) for _ in range(head["pieces"] + 1)]
    copy = _Copy(model, dimensions, head["kind"], head["seq"], indexes[0])
    copy.came_from_file = True
    copy.read_to, copy.size, copy._pieces = None, head["size"], indexes[1:]
    for name, array in arrays.items():
        setattr(copy, name, array)
    alive = copy.ids[copy.alive]
    copy._make_room(int(alive.max(initial=0)))
    copy.place[alive] = np.flatnonzero(copy.alive).astype(np.int32)
    return copy


def _check_sum(file: BinaryIO) -> None:
    file.seek(0, os.SEEK_END)
    left, total = file.tell() - 4, 0
    file.seek(0)
    while left > 0:
        data = file.read(min(left, 1 << 20))
        left, total = left - len(data), zlib.crc32(data, total)
    if file.read(4) != total.to_bytes(4, "little"):
        raise ValueError("it is damaged")


# ---------------------------------------------------------------- FAISS


def _faiss() -> Any:
    """FAISS, imported at first need. Raises TryLater when it is not installed.

    It gets one thread for each that calls: what is large is shared out here already, and more would wait for each other.
    """
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)  # it tells everybody which processor it was built for
    try:
        import faiss
    except ImportError as problem:
        raise TryLater(
            "Searching by meaning needs the package faiss-cpu; `pip install 'photolib[models]'` brings it."
        ) from problem
    faiss.omp_set_num_threads(1)  # counts for this thread
    return faiss


def _taught(kind: str, dimensions: int, sample: Sequence[bytes]) -> Any:
    """An empty index, trained where this way of keeping vectors needs it."""
    faiss = _faiss()
    if kind == EXACT:
        return faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    whole = b"".join(each for each in sample if len(each) == 2 * dimensions)
    numbers = np.frombuffer(whole, "<f2").reshape(-1, dimensions).astype(np.float32)
    eight_bit = faiss.ScalarQuantizer.QT_8bit
    if kind == SMALL:
        index = faiss.IndexScalarQuantizer(dimensions, eight_bit, faiss.METRIC_INNER_PRODUCT)
    else:
        groups = max(1, min(1024, len(numbers) // 40))
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dimensions), dimensions, groups, eight_bit, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.spherical, index.cp.niter = True, 8
        index.nprobe = max(1, -(-groups // 8))
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    index.train(numbers)
    faiss.omp_set_num_threads(1)
    return index


def _asking(piece: Any, mask: np.ndarray | None, here: slice) -> Any:
    """The parameters with which FAISS passes over what does not count, while it searches."""
    if mask is None:
        return None
    faiss = _faiss()
    bits = np.packbits(mask[here], bitorder="little")
    selector = faiss.IDSelectorBitmap(8 * len(bits), faiss.swig_ptr(bits))
    selector.bits = bits  # lives as long as the selector
    if isinstance(piece, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=selector, nprobe=piece.nprobe)
    return faiss.SearchParameters(sel=selector)


# ---------------------------------------------------------------- arrays


def _unit(vector: np.ndarray) -> np.ndarray | None:
    """float32 of unit length; None when there is no direction in it."""
    query = np.ascontiguousarray(vector, np.float32).ravel()
    length = float(np.linalg.norm(query))
    return query / np.float32(length) if np.isfinite(length) and length > 0 else None


def _nothing() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(0, np.int64), np.zeros(0, np.float32)


def _best(ids: np.ndarray, cosines: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many of the nearest, nearest first; of equally near ones the newest."""
    order = np.lexsort((-ids, -cosines))[:count]
    return ids[order], cosines[order]


def _longer(array: np.ndarray, size: int, filled_with: int = 0) -> np.ndarray:
    longer = np.full(size, filled_with, array.dtype)
    longer[: len(array)] = array
    return longer
