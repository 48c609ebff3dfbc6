"""Looking through folders: what lies there, without opening anything. The scan is the truth; notifications are a hint."""

import fnmatch
import hashlib
import marshal
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NEVER_TAKEN = (
    ".*", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found",
    "Thumbs.db", "desktop.ini", "*.part", "*.crdownload", "*.tmp",
)  # fmt: skip
NO_MEDIA = b".nomedia"  # Android's mark for "nothing here is for a gallery"
IGNORED = "It is hidden or on the list of what is ignored."

Listed = tuple[bytes, int, int, int]
"""A file as its folder lists it: name, size in bytes, mtime in ns, inode. A tuple, because there are so many of them."""
Identity = tuple[int, int]
"""Device and inode: what makes a folder the same as another."""


@dataclass
class Folder:
    """One folder: its files, the folders in it that are looked into, and what in it is not taken, each with a reason."""

    path: bytes
    files: list[Listed] = field(default_factory=list)
    below: list[bytes] = field(default_factory=list)  # whole paths
    ignored: list[tuple[bytes, str]] = field(default_factory=list)  # files
    skipped: list[tuple[bytes, str]] = field(default_factory=list)  # whole paths of folders that are not looked into
    unread: list[tuple[bytes, str]] = field(default_factory=list)
    is_whole: bool = True  # whether all this is everything that is there now


def digest(files: Sequence[Listed]) -> bytes:
    """Stands for a folder's files, in the order of their names, exactly as they are listed."""
    # Version 2 of the format has no references, whose use depends on more than the values.
    return hashlib.blake2b(marshal.dumps(list(files), 2), digest_size=16).digest()


class Rules:
    """What at and below a folder is looked at.

    ignore: globs for names, or, when they hold a slash, for paths relative to root. not_below: folders that are somebody
    else's, as photolib's own data folder or another library inside this one.
    """

    def __init__(self, root: bytes, ignore: Sequence[str] = (), not_below: Iterable[Path] = ()) -> None:
        self.root = root
        self.ignores = ignored_below(root, ignore)
        self.foreign = {identity(each) for each in not_below} - {None}

    def reach(self, folder: bytes) -> bool:
        """Whether looking through root would come to a folder: nothing on the way keeps it out."""
        if folder == self.root:
            return True
        above, _, name = folder.rpartition(b"/")
        return (
            len(folder) > len(self.root)
            and not self.ignores(name, above)
            and not os.path.islink(folder)
            and not os.path.lexists(above + b"/" + NO_MEDIA)
            and identity(folder) not in self.foreign
            and self.reach(above)
        )


class Met:
    """What a look has come past, to tell folders that are no longer there from those that only could not be read."""

    def __init__(self) -> None:
        self._is_whole: dict[bytes, bool] = {}

    def add(self, folder: Folder) -> None:
        for path in (*folder.below, *(path for path, _ in folder.skipped)):
            self._is_whole.setdefault(path, False)
        for name, _ in folder.unread:
            self._is_whole.setdefault(folder.path + b"/" + name, False)
        self._is_whole[folder.path] = folder.is_whole

    def lacks(self, path: bytes) -> bool:
        """Whether a folder certainly is not there: the one above it was read to its end without it, or is not there itself."""
        while path not in self._is_whole:
            above = path.rpartition(b"/")[0]
            if above in self._is_whole:
                return self._is_whole[above]
            if not above:
                break
            path = above
        return False


def look(root: Path, ignore: Sequence[str] = (), not_below: Iterable[Path] = ()) -> Iterator[Folder]:
    """Every folder at and below root, each once; ignore and not_below as Rules has them.

    Links are not followed, so there are no loops; what they point to inside root is met anyway. Whatever is not taken is
    reported with a reason.
    """
    return look_through(Rules(os.fsencode(root), ignore, not_below))


def look_through(rules: Rules) -> Iterator[Folder]:
    """As look(), with rules that are made already."""
    return _look([rules.root], rules)


def look_again(rules: Rules, folders: Mapping[bytes, bool]) -> Iterator[Folder]:
    """Some of the folders that look() would come to; those for which the mapping says True with everything below them."""
    trees = [folder for folder, is_tree in folders.items() if is_tree]
    yield from _look([folder for folder in trees if rules.reach(folder)], rules)
    for path, is_tree in folders.items():
        if not is_tree and rules.reach(path):
            folder = Folder(path)
            _look_into(folder, rules)
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


def holds_nothing(root: bytes, ignore: Sequence[str] = ()) -> bool:
    """Whether a folder has nothing in it that would be looked at, as the place of a disk that is not mounted. Raises OSError."""
    ignores = ignored_below(root, ignore)
    with os.scandir(root) as entries:
        return all(ignores(entry.name, root) for entry in entries)


def _look(waiting: list[bytes], rules: Rules) -> Iterator[Folder]:
    met = {identity(path) for path in waiting}
    while waiting:
        folder = Folder(waiting.pop())
        identities = _look_into(folder, rules)
        kept = []
        for child, own in zip(folder.below, identities, strict=True):
            if own in rules.foreign:
                folder.skipped.append((child, "It has an import of its own, or is photolib's data folder."))
            elif own is not None and own in met:
                folder.skipped.append((child, "It is the same folder as one met before."))
            else:
                met.add(own)
                kept.append(child)
        folder.below = kept
        waiting.extend(reversed(kept))
        yield folder


def _look_into(folder: Folder, rules: Rules) -> list[Identity | None]:
    """Fill folder from its directory, in the order of names; return what identifies each of the folders below."""
    identities: list[Identity | None] = []
    path, ignores, take = folder.path, rules.ignores, folder.files.append
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            names = sorted(os.listdir(path))
            if NO_MEDIA in names:
                folder.skipped.append((path, "It holds a .nomedia file."))
                folder.is_whole = False
                return []
            # Relative to the handle, a stat() need not walk down from the root of the file system each time.
            for name in names:
                try:
                    found = os.stat(name, dir_fd=handle, follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone again between the listing and now: not met
                except OSError as problem:
                    folder.unread.append((name, _why(problem)))
                    continue
                if stat.S_ISREG(found.st_mode):
                    if ignores(name, path):
                        folder.ignored.append((name, IGNORED))
                    else:
                        take((name, found.st_size, found.st_mtime_ns, found.st_ino))
                elif stat.S_ISDIR(found.st_mode):
                    child = path + b"/" + name
                    if ignores(name, path):
                        folder.skipped.append((child, "It is on the list of what is ignored."))
                    else:
                        folder.below.append(child)
                        identities.append((found.st_dev, found.st_ino) if found.st_ino else None)
                else:
                    reason = IGNORED if ignores(name, path) else _what_it_is(found.st_mode)
                    folder.ignored.append((name, reason))
        finally:
            os.close(handle)
    except OSError as problem:
        folder.unread.append((b"", _why(problem)))
        folder.is_whole = False
    return identities


def ignored_below(root: bytes, ignore: Sequence[str]) -> Callable[[bytes, bytes], bool]:
    """Whether a name in a folder is ignored. Globs with a slash are for the path below root, all others for the name."""
    names = [glob for glob in (*NEVER_TAKEN, *ignore) if "/" not in glob]
    paths = [glob.strip("/") for glob in ignore if "/" in glob]
    by_name = re.compile("|".join(map(fnmatch.translate, names)).encode(), re.IGNORECASE).match
    if not paths:
        return lambda name, folder: by_name(name) is not None
    by_path = re.compile("|".join(map(fnmatch.translate, paths)).encode(), re.IGNORECASE).match
    start = len(root) + 1
    return lambda name, folder: by_name(name) is not None or by_path((folder + b"/" + name)[start:]) is not None


def identity(path: bytes | Path) -> Identity | None:
    """What makes a folder the same as another; None where it is not there or has no such thing."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_ino else None


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
