"""What a library is made of, counted: photos by year, kind and camera, and what they take on the disk."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from photolib.library import Library

SAMPLE = 8  # of the 256 folders that variants lie in; keys are evenly spread over them
MOST_CAMERAS = 12


@dataclass(frozen=True)
class Share:
    """A part of the photos; bytes are those of their originals, parts of a photo left out."""

    name: str
    photos: int
    bytes: int = 0


@dataclass(frozen=True)
class Statistics:
    """years: by when they were taken, the first first. growth: by the month they came in."""

    photos: int
    bytes: int
    years: list[Share]
    growth: list[Share]
    types: list[Share]
    formats: list[Share]
    cameras: list[Share]
    users: list[Share]


def statistics(db: Database, owner_id: int | None = None) -> Statistics:
    """Of one owner's photos that can be shown, or of everybody's, the trash included, as triggers count them (m015)."""

    def shares(kind: str, limit: int = -1, order: str = "photos desc, name", name: str = "tallies.name") -> list[Share]:
        rows = db.conn.execute(
            f"""select {name} as name, sum(photos) as photos, sum(bytes) from tallies join users on users.id = owner_id
                where kind = ? and (? is null or owner_id = ?) group by 1 having sum(photos) > 0 order by {order} limit ?""",
            (kind, owner_id, owner_id, limit),
        ).fetchall()
        return [Share(*row) for row in rows]

    types = shares("type")
    return Statistics(
        photos=sum(each.photos for each in types),
        bytes=sum(each.bytes for each in types),
        years=shares("year", order="name"),
        growth=shares("added", order="name"),
        types=types,
        formats=shares("format"),
        cameras=shares("camera", MOST_CAMERAS),
        users=shares("type", name="users.name"),
    )


@dataclass(frozen=True)
class Room:
    """What lies in the data folder, in bytes; variants are estimated from a sample of their folders."""

    originals: int
    variants: int
    database: int
    index: int
    backups: int
    others: int
    free: int


def room(lib: Library) -> Room:
    originals = lib.db.conn.execute("select coalesce(sum(size), 0) from originals").fetchone()[0]
    database = sum(size(path) for path in lib.data.glob("photolib.db*"))
    disk = os.statvfs(lib.data)
    return Room(
        originals=originals,
        variants=_variants(lib.variants),
        database=database,
        index=size(lib.data / "index"),
        backups=size(lib.data / "backups"),
        others=sum(size(lib.data / name) for name in ("uploads", "tmp", "logs")),
        free=disk.f_bavail * disk.f_frsize,
    )


def _variants(folder: Path) -> int:
    try:
        parts = [entry for entry in os.scandir(folder) if entry.is_dir()]
    except FileNotFoundError:
        return 0
    some = random.Random(0).sample(parts, min(SAMPLE, len(parts)))
    return round(sum(size(Path(each.path)) for each in some) * len(parts) / len(some)) if some else 0


def size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    try:
        if not path.is_dir():
            return path.stat().st_size
        with os.scandir(path) as entries:
            for entry in entries:
                total += (
                    size(Path(entry.path))
                    if entry.is_dir(follow_symlinks=False)
                    else entry.stat(follow_symlinks=False).st_size
                )
    except FileNotFoundError:
        pass
    return total
