"""What a download of several photos holds: their files and the other files of their parts, each under a name of its own."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from sqlite_utils import Database

WINDOWS_FORBIDS = '<>:"/\\|?*'
# Names of devices, with whatever ending: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_KEEPS = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"),
}


@dataclass(frozen=True)
class File:
    """An original as it is downloaded. role: "main" for the file a photo shows, else that of its part; filename: the shown file's."""

    key: str
    extension: str
    size: int
    role: str
    filename: str
    photo_id: int = 0


CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file of a zip: what it is called there, its size in bytes (None when it is not known before it is sent), and its bytes, asked
    for when its turn comes."""

    name: str
    size: int | None
    pieces: Callable[[], Iterator[bytes]]


def pieces(open_it: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    """The bytes of a file that is opened when they are asked for, and closed behind them."""
    with open_it() as source:
        while some := source.read(CHUNK):
            yield some


def files(db: Database, photo_ids: Sequence[int]) -> list[File]:
    """The originals of these photos in this order, each photo's parts behind it; what lies inside another file is not named again."""
    rows = db.conn.execute(
        """with chosen as (select key as place, value as photo_id from json_each(?))
           select originals.key, extension, size, 'main', filename, chosen.photo_id, place, 0 as part
           from chosen join photos on photos.id = photo_id join originals on originals.key = photos.key
           union all
           select originals.key, extension, size, role, filename, chosen.photo_id, place, parts.id
           from chosen join photos on photos.id = chosen.photo_id join parts on parts.photo_id = photos.id
             join originals on originals.key = parts.key
           where byte_offset is null
           order by place, part""",
        (json.dumps(list(dict.fromkeys(photo_ids))),),
    )
    return [File(*row[:6]) for row in rows]


def unique(names: Iterable[str]) -> Iterator[str]:
    """These names made different from each other on every file system, as "IMG_1 (2).jpg", and free of what none of them takes."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in names:
        kept = plain(name)
        stem, dot, ending = kept.rpartition(".")
        stem, ending = (stem, dot + ending) if stem else (kept, "")
        chosen = kept
        while same(chosen) in taken:
            number = counts[same(kept)] = counts.get(same(kept), 1) + 1
            chosen = f"{stem} ({number}){ending}"
        taken.add(same(chosen))
        yield chosen


def unique_endings(endings: Iterable[str]) -> Iterator[str]:
    """These endings of files that share a stem, made different from each other: ".jpg", ".mov", "-2.mov"."""
    taken: set[str] = set()
    for ending in endings:
        chosen, number = ending, 1
        while same(chosen) in taken:
            number += 1
            chosen = f"-{number}{ending}"
        taken.add(same(chosen))
        yield chosen


def plain(name: str) -> str:
    """Without separators, control characters and what Windows forbids; never empty, never hidden, never a way out of the folder."""
    readable = name.encode("utf-8", "replace").decode()  # bytes of a file's name that are no text
    kept = "".join("_" if each in WINDOWS_FORBIDS or ord(each) < 32 or ord(each) == 127 else each for each in readable)
    kept = kept.strip(" .")[-200:].strip(" .") or "photo"
    return f"_{kept}" if kept.partition(".")[0].rstrip(" ").upper() in WINDOWS_KEEPS else kept


def same(name: str) -> str:
    """Equal for names that some file system takes for one: in case, or in how an accent is written."""
    return unicodedata.normalize("NFC", name.casefold())
