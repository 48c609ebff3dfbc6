"""Looking through folders: what lies there, without opening anything. The scan is the truth; notifications are a hint."""

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NEVER_TAKEN = (
    ".*", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found",
    "Thumbs.db", "desktop.ini", "*.part", "*.crdownload", "*.tmp",
)  # fmt: skip
NO_MEDIA = b".nomedia"  # Android's mark for "nothing here is for a gallery"

Listed = tuple[bytes, int, int, int]
"""A file as its folder lists it: name, size in bytes, mtime in ns, inode. A tuple, because there are so many of them."""


@dataclass
class Folder:
    """One folder: its files, and what in it is not taken, each with a reason."""

    path: bytes
    files: list[Listed] = field(default_factory=list)
    ignored: list[tuple[bytes, str]] = field(default_factory=list)  # files
    skipped: list[tuple[bytes, str]] = field(default_factory=list)  # folders that are not looked into
    unread: list[tuple[bytes, str]] = field(default_factory=list)
    is_whole: bool = True  # whether `files` is everything that is there now


def look(root: Path, ignore: Sequence[str] = (), not_below: Iterable[Path] = ()) -> Iterator[Folder]:
    """Every folder at and below root, each once.

    ignore: globs for names, or, when they hold a slash, for paths relative to root. not_below: folders that are somebody
    else's, as photolib's own data folder or another library inside this one. Links are not followed, so there are no
    loops; what they point to inside root is met anyway. Whatever is not taken is reported with a reason.
    """
    is_ignored = _matcher(os.fsencode(root), ignore)
    foreign = {_identity(each) for each in not_below} - {None}
    met: set[tuple[int, int] | None] = set()
    waiting = [os.fsencode(root)]
    while waiting:
        path = waiting.pop()
        folder = Folder(path)
        below = _look_into(folder, is_ignored)
        for child in sorted(below, reverse=True):
            identity = _identity(child)
            if identity in foreign:
                folder.skipped.append((child, "It has an import of its own, or is photolib's data folder."))
            elif identity in met:
                folder.skipped.append((child, "It is the same folder as one met before."))
            else:
                met.add(identity)
                waiting.append(child)
        yield folder


def look_at(files: Iterable[Path]) -> Iterator[Folder]:
    """The folders of single files, holding only these."""
    by_folder: dict[bytes, Folder] = {}
    for file in files:
        path = os.fsencode(file.parent)
        folder = by_folder.setdefault(path, Folder(path, is_whole=False))
        name = os.fsencode(file.name)
        try:
            found = file.stat()
        except OSError as problem:
            folder.unread.append((name, _why(problem)))
            continue
        if stat.S_ISREG(found.st_mode):
            folder.files.append((name, found.st_size, found.st_mtime_ns, found.st_ino))
        else:
            folder.ignored.append((name, _what_it_is(found.st_mode)))
    yield from by_folder.values()


def _look_into(folder: Folder, is_ignored: Callable[[bytes, bytes], bool]) -> list[bytes]:
    """Fill folder from its directory; return the folders right below it."""
    below: list[bytes] = []
    try:
        with os.scandir(folder.path) as entries:
            for entry in entries:
                name = entry.name
                if name == NO_MEDIA:
                    skipped = [(folder.path, "It holds a .nomedia file.")]
                    folder.files, folder.ignored, folder.unread, folder.skipped = [], [], [], skipped
                    folder.is_whole = False
                    return []
                if entry.is_dir(follow_symlinks=False):
                    path = folder.path + b"/" + name
                    if is_ignored(name, path):
                        folder.skipped.append((path, "It is on the list of what is ignored."))
                    else:
                        below.append(path)
                elif is_ignored(name, folder.path):
                    folder.ignored.append((name, "It is hidden or on the list of what is ignored."))
                elif entry.is_file(follow_symlinks=False):
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except OSError as problem:  # gone again, or not ours to look at
                        folder.unread.append((name, _why(problem)))
                    else:
                        folder.files.append((name, found.st_size, found.st_mtime_ns, found.st_ino))
                else:
                    folder.ignored.append((name, _what_it_is(entry.stat(follow_symlinks=False).st_mode)))
    except OSError as problem:
        folder.unread.append((b"", _why(problem)))
        folder.is_whole = False
    return below


def _matcher(root: bytes, ignore: Sequence[str]) -> Callable[[bytes, bytes], bool]:
    """Whether a name (or the path it lies at, for globs with a slash) is ignored."""
    names = [glob for glob in (*NEVER_TAKEN, *ignore) if "/" not in glob]
    paths = [glob.strip("/") for glob in ignore if "/" in glob]
    by_name = re.compile("|".join(map(fnmatch.translate, names)).encode(), re.IGNORECASE).match
    if not paths:
        return lambda name, path: by_name(name) is not None
    by_path = re.compile("|".join(map(fnmatch.translate, paths)).encode(), re.IGNORECASE).match
    start = len(root) + 1

    def is_ignored(name: bytes, path: bytes) -> bool:
        whole = path if path.endswith(b"/" + name) else path + b"/" + name
        return by_name(name) is not None or by_path(whole[start:]) is not None

    return is_ignored


def _identity(path: bytes | Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _what_it_is(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "It is a link, and links are not followed: add the folder it points to as a library of its own."
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a folder"))
    kind = next((word for test, word in kinds if test(mode)), "a device")
    return f"It is {kind}, not a file."


def _why(problem: OSError) -> str:
    if isinstance(problem, PermissionError):
        return "photolib may not read it: look at its rights."
    return f"It could not be read: {problem.strerror or problem}."
