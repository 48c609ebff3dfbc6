"""The Library: the parts of photolib put together once, over one data folder."""

import contextlib
import fcntl
import json
import logging
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import platformdirs
from sqlite_utils import Database

from photolib import catalog, db, jobs
from photolib.config import Config
from photolib.db import Connections, write
from photolib.decode.pool import Decoders, DecodeSettings
from photolib.errors import DatabaseFailed, StorageFailed
from photolib.people import FaceVectors
from photolib.ports import Models, NoModels
from photolib.store import LocalOriginals
from photolib.vectors import Vectors

log = logging.getLogger(__name__)

MARKER = ".photolib"
FOLDERS = ("originals", "variants", "index", "uploads", "tmp", "backups", "logs")


@dataclass
class Library:
    """Everything a function needs to work on somebody's photos. Threads share it; each has its own database connection."""

    config: Config
    originals: LocalOriginals
    variants: Path
    decoders: Decoders
    connections: Connections
    models: Models
    vectors: Vectors
    process: str
    _lock: BinaryIO = field(repr=False)
    face_vectors: FaceVectors = field(default_factory=FaceVectors, repr=False)

    @property
    def db(self) -> Database:
        """The calling thread's connection."""
        return self.connections.here

    @property
    def data(self) -> Path:
        return self.config.data_dir

    def is_alive(self, process: str) -> bool:
        """Whether a process of this data folder still runs: it holds its lock file for as long as it lives."""
        return process == self.process or _is_locked(_lock_path(self.data, process))

    def others_at_work(self) -> bool:
        """Whether another living process works the queue of this data folder."""
        names = [path.name for path in (self.data / "tmp").glob("process-worker-*.lock")]
        return any(name != f"process-{self.process}.lock" and _is_locked(self.data / "tmp" / name) for name in names)

    def check_room(self) -> None:
        """Raises StorageFailed when the disk has less free space than the floor."""
        free = shutil.disk_usage(self.data).free >> 20
        if free < self.config.min_free_mb:
            raise StorageFailed(
                "Only %(free)s MB are free on the disk of %(folder)s; importing pauses below %(least)s MB (setting min_free_mb). "
                "Free some space; photolib goes on where it stopped.",
                free=free,
                folder=self.data,
                least=self.config.min_free_mb,
            )

    def close(self) -> None:
        """End the decoders and let go of the lock; whoever works the queue takes over what was claimed."""
        self.decoders.close()
        self.models.close()
        self.vectors.close()
        self.connections.close_here()
        with contextlib.suppress(OSError):  # gone, or on a disk that is read-only by now: the next start removes it
            os.unlink(self._lock.name)
        self._lock.close()


def open_library(config: Config, role: str = "reader", models: Models | None = None) -> Library:
    """Open the data folder, making it at the first start, and put right what a crash has left behind.

    role: "worker" for a process that works the queue, "reader" for one that does not. models: None for none. Raises DatabaseFailed or
    StorageFailed with a sentence when the folder cannot be used.
    """
    data = config.data_dir
    _refuse_empty_mount(data)
    try:
        for name in FOLDERS:
            (data / name).mkdir(parents=True, exist_ok=True)
        marker = data / MARKER
        if not marker.exists():
            marker.write_text("This folder belongs to photolib. The README says what lies where.\n", encoding="utf-8")
    except OSError as problem:
        raise StorageFailed(f"The data folder {data} cannot be written: {problem.strerror}.") from problem
    _remember_mount(data)
    db.migrate(data / "photolib.db", data / "backups")
    process = f"{role}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        lock = open(_lock_path(data, process), "wb")  # noqa: SIM115 - held until close()
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as problem:
        raise StorageFailed(f"The data folder {data} cannot be written: {problem.strerror}.") from problem
    connections = Connections(data / "photolib.db")
    lib = Library(
        config=config,
        originals=LocalOriginals(data / "originals", data / "tmp"),
        variants=data / "variants",
        decoders=Decoders(
            DecodeSettings(
                workers=config.cores,
                memory_mb=config.decode_memory_mb,
                cpu_seconds=config.decode_seconds,
                wall_seconds=config.decode_seconds * 2,
                max_megapixels=config.max_megapixels,
            )
        ),
        connections=connections,
        models=models or NoModels(),
        vectors=Vectors(data / "index", connections, config.index_memory_mb, config.model_idle_seconds),
        process=process,
        _lock=lock,
    )
    try:
        _recover(lib)
    except BaseException:
        lib.close()
        raise
    return lib


def _recover(lib: Library) -> None:
    """What dead processes were running waits again; their drafts and lock files go."""
    with write(lib.db) as database:
        catalog.ensure_owner_to_be(database)
        released = jobs.release_dead(database, lib.is_alive)
    swept = lib.originals.sweep()
    for path in (lib.data / "tmp").glob("process-*.lock"):
        if not _is_locked(path) and path.name != f"process-{lib.process}.lock":
            path.unlink(missing_ok=True)
    if released or swept:
        log.info("after an unclean end: %d jobs wait again, %d drafts removed", released, swept)


def _lock_path(data: Path, process: str) -> Path:
    return data / "tmp" / f"process-{process}.lock"


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def mount_of(path: Path) -> str:
    """The mount point that path lies on, whether or not path exists yet."""
    path = path.absolute()
    while not os.path.ismount(path):
        path = path.parent
    return str(path)


def _known_mounts() -> Path:
    return Path(platformdirs.user_state_dir("photolib")) / "data-folders.json"


def _refuse_empty_mount(data: Path) -> None:
    """A data folder that lay on a disk of its own and now seems empty on another one is an unmounted disk, not a new start."""
    if (data / MARKER).exists():
        return
    try:
        before = json.loads(_known_mounts().read_text(encoding="utf-8")).get(str(data))
    except (OSError, ValueError, AttributeError):
        return
    if before is not None and before != mount_of(data):
        raise DatabaseFailed(
            f"{data} is empty, but photolib kept its data there on the disk mounted at {before}. Mount that disk and start "
            f"again; to begin anew instead, remove {_known_mounts()}."
        )


def _remember_mount(data: Path) -> None:
    known = _known_mounts()
    with contextlib.suppress(OSError):  # a note for later; nothing depends on it today
        try:
            mounts = json.loads(known.read_text(encoding="utf-8"))
        except (ValueError, FileNotFoundError):
            mounts = {}
        if not isinstance(mounts, dict):
            mounts = {}
        if mounts.get(str(data)) != mount_of(data):
            mounts[str(data)] = mount_of(data)
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(json.dumps(mounts, indent=1), encoding="utf-8")
