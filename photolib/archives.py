"""ZIP and tar archives, read member by member and never unpacked to disk.

An archive comes from anybody, so nothing in it is believed: not its names (they become words to show, never paths), not
its sizes, not its counts. zipfile and tarfile do the parsing. They read and keep as much as a hostile archive asks them
to, so each is given a file that says no: _Zip, _Tape. What comes after damage in one member is still delivered where the
format allows: in a ZIP archive always, in a tar archive never after the damage itself.
"""

import gzip
import io
import logging
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, NoReturn

from photolib.errors import BadInput, TryLater, UnreadablePhoto

log = logging.getLogger(__name__)

PEEK = 65536  # what Member.open().peek() shows of a member: as much as formats.sniff wants


@dataclass(frozen=True)
class Limits:
    """What an archive may cost. Sizes in bytes."""

    members: int = 1_000_000
    member_bytes: int = 256 << 30
    # Photos and videos hardly shrink; what unpacks to hundreds of times its size is a bomb. Below free_bytes a picture
    # of one colour may do so.
    ratio: int = 200
    free_bytes: int = 64 << 20
    # A tar archive as a whole may do so below this: photos behind a bomb can be had only by unpacking it.
    wasted_bytes: int = 8 << 30
    # A ZIP archive's table of contents. It takes up to eight times this of memory; enough for some 300,000 files.
    directory_bytes: int = 32 << 20


@dataclass(frozen=True)
class Member:
    """A file inside an archive.

    `name` is where it lies there: words joined by slashes, never "..", fit to be shown and stored, and never to be used
    on a disk. A member with a `problem`, a sentence, cannot be opened; it is harmless if no photo is lost by that: a
    link, a device, another archive.
    """

    name: str
    raw_name: bytes  # as the archive has it
    size: int  # as the archive declares it; reading never gives more
    modified_ns: int  # since 1970 UTC; 0 when the archive does not say
    problem: str | None
    is_harmless: bool
    _open: Callable[[], io.BufferedReader] = field(repr=False, compare=False)

    @property
    def folder(self) -> str:
        """The name without its last part; "" at the top of the archive."""
        return self.name.rpartition("/")[0]

    @property
    def filename(self) -> str:
        return self.name.rpartition("/")[2]

    def open(self) -> io.BufferedReader:
        """The member's bytes. Its peek() shows the first PEEK of them.

        In a tar archive it can be opened once, and is valid until the next member is asked for; in a ZIP archive at any
        time. Opening or reading raises UnreadablePhoto when this member has a problem, is damaged or is not what the
        archive says of it; whoever has read to the end has the right bytes.
        """
        if self.problem:
            raise UnreadablePhoto(self.problem)
        return self._open()


def is_archive(path: Path) -> bool:
    """Whether the file is a ZIP or tar archive, by its bytes, even if it is damaged further on.

    Documents that are ZIP archives inside (Office, EPUB, Java) are none. Raises BadInput or TryLater when the file
    cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return _kind(file) is not None
    except OSError as problem:
        _explain(path, problem)


def members(path: Path, limits: Limits | None = None) -> Iterator[Member]:
    """The files in the archive, in its order; folders are passed over.

    Raises BadInput when the file is no archive, when the rest of it cannot be read, or when it asks for more than the
    limits allow; the members before that have been delivered. TryLater when the disk fails.
    """
    limits = limits or Limits()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInput(f'"{path.name}" is no file.')
        with path.open("rb") as file:
            kind = _kind(file)
            if kind is None:
                raise BadInput(f'"{path.name}" is no ZIP or tar archive.')
            file.seek(0)
            walk = _zip_members(path, limits) if kind == "zip" else _tar_members(path, file, kind, limits)
            for count, member in enumerate(walk):
                if count >= limits.members:
                    raise BadInput(
                        f'"{path.name}" holds more than {limits.members:,} files; the rest was left out.'
                        " Pack it in several archives, or unpack it and import the folder."
                    )
                if member is not None:
                    yield member
    except OSError as problem:
        _explain(path, problem)


def collect(
    path: Path,
    wanted: Callable[[str], bool],
    limit_bytes: int = 1 << 20,
    total_bytes: int = 256 << 20,
    limits: Limits | None = None,
) -> dict[str, bytes]:
    """The bytes of the members whose name is wanted, by that name, none larger than the limit; of namesakes the first.

    Meant for sidecars, before the photos are read. It never fails because of what is in the archive: what is damaged,
    too large or beyond the total is left out and logged, and members() will say what is wrong. TryLater when the disk
    fails.
    """
    found: dict[str, bytes] = {}
    left_out = total = 0
    try:
        for member in members(path, limits):
            if not wanted(member.name) or member.problem or member.name in found:
                continue
            if member.size > limit_bytes or total + member.size > total_bytes:
                left_out += 1
                continue
            try:
                with member.open() as stream:
                    found[member.name] = stream.read()
            except UnreadablePhoto:
                left_out += 1
            else:
                total += member.size
    except BadInput as problem:
        log.info("Only some of an archive's sidecars could be gathered: %s", type(problem).__name__)
    if left_out:
        log.warning("%d sidecars in an archive were damaged or too large and left out", left_out)
    return found


# --- common ground

# How documents begin that are ZIP archives inside: Office, OpenDocument and EPUB, Java and Android.
_DOCUMENT = re.compile(rb"mimetype|\[Content_Types\]\.xml|AndroidManifest\.xml|(_rels|META-INF)/.*", re.DOTALL)
_LARGEST = 1 << 62  # a size that a database can hold
_ARCHIVE_ENDINGS = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_ARCHIVE_HEADS = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")


def _kind(file: BinaryIO) -> str | None:
    head = file.read(512)
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        length = int.from_bytes(head[26:28], "little")
        return None if head[:4] == b"PK\3\4" and _DOCUMENT.fullmatch(head[30 : 30 + length]) else "zip"
    if head[:3] == b"\x1f\x8b\x08":
        start = io.BytesIO(head + file.read(PEEK))  # its own header may go on for gigabytes
        try:
            return "tgz" if _is_tar_header(gzip.GzipFile(fileobj=start).read(512)) else None
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return None
    return "tar" if _is_tar_header(head) else None


def _is_tar_header(block: bytes) -> bool:
    try:
        return bool(tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape").name)
    except (tarfile.HeaderError, ValueError):
        return False


def _judged(member: Member, is_link: bool, is_file: bool) -> Member:
    """The member, with the reason why it is no file that could be a photo, if it is none."""
    reason = None
    if not member.name:
        reason = "A file without a usable name in the archive was left alone."
    elif is_link:
        reason = f'"{member.name}" is only a link to another file.'
    elif not is_file:
        reason = f'"{member.name}" is a device or something else that is no file.'
    # Its bytes decide, but only a name that hints at it has them looked at.
    elif member.name.lower().endswith(_ARCHIVE_ENDINGS) and not member.problem:
        with suppress(UnreadablePhoto):
            head = member.open().peek(PEEK)
            if head.startswith(_ARCHIVE_HEADS) or _is_tar_header(head[:512]):
                reason = f'"{member.name}" is an archive inside the archive. Unpack it and import what it holds.'
    return replace(member, problem=reason, is_harmless=True) if reason else member


def _inner_path(raw: bytes, fallback: str) -> str:
    """The words of a name that are left once nothing in it can mean a place on a disk, or move a cursor.

    It is read as UTF-8, or in the encoding of old for want of a better.
    """
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode(fallback)
    words = re.sub(r"[\x00-\x1f\x7f]", "\ufffd", name).replace("\\", "/").split("/")
    if re.fullmatch(r"[A-Za-z]:", words[0]):
        words = words[1:]
    return "/".join(word for word in words if word not in ("", ".", ".."))


def _valid_ns(seconds: float) -> int:
    """The time in nanoseconds, 0 where it cannot be one. Years 1678 to 2262: what a 64-bit integer holds."""
    return int(seconds * 1e9) if abs(seconds) < 9.2e9 else 0


def _explain(path: Path, problem: OSError) -> NoReturn:
    reason = problem.strerror or "it could not be read"
    if isinstance(problem, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        raise BadInput(f'"{path.name}" cannot be opened: {reason}.') from problem
    raise TryLater(f'"{path.name}" could not be read: {reason}.') from problem


def _damage(name: str) -> str:
    return f'"{name}" cannot be read from the archive: the archive is damaged there.'


def _bomb(name: str) -> str:
    return f'"{name}" was not read: it unpacks to hundreds of times its size, as archives made to do harm do.'


def _too_large(name: str, size: int, limits: Limits) -> str | None:
    if size <= limits.member_bytes:
        return None
    return f'"{name}" is larger than {limits.member_bytes >> 20:,} MB and was not read.'


class _Wasteful(tarfile.ReadError):
    """The archive unpacks to far more than any photos would."""


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """What the libraries raise on a member, as our own errors."""
    try:
        yield
    except _Wasteful as problem:
        raise UnreadablePhoto(_bomb(name)) from problem
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, UnicodeError) as problem:
        raise UnreadablePhoto(_damage(name)) from problem
    except OSError as problem:
        raise TryLater(f"The archive could not be read any further: {problem.strerror}.") from problem


class _Reader(io.RawIOBase):
    """A member's bytes, exactly as many as it declares, and an error instead of the last of them if they are wrong."""

    def __init__(self, name: str, size: int, source: IO[bytes]) -> None:
        self._name, self._left, self._source, self._is_broken = name, size, source, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer up to PEEK bytes, so that a single peek sees all it asked for."""
        wanted = min(len(buffer), PEEK, self._left)
        with _explained(self._name):
            if self._is_broken:
                raise EOFError
            self._is_broken = True  # until all is well; the libraries may go on behind damage
            data = self._source.read(wanted or 1)  # zipfile compares an empty file's checksum only if asked for a byte
            if len(data) != wanted:
                raise EOFError
        self._is_broken = False
        buffer[:wanted] = data
        self._left -= wanted
        return wanted


# --- ZIP: the table of contents at the end says where everything is


class _Zip(io.FileIO):
    """A ZIP archive's file for zipfile, which would read a table of contents of any size."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path)
        self._path, self._most = path, limits.directory_bytes

    def read(self, size: int | None = -1) -> bytes:
        if size and size > self._most:
            raise BadInput(
                f'"{self._path.name}" lists more files than photolib takes from one ZIP archive.'
                " Pack it in several archives, or unpack it and import the folder."
            )
        return super().read(size)

    def __del__(self) -> None:
        self.close()  # not before the last member is gone that could be opened


def _zip_members(path: Path, limits: Limits) -> Iterator[Member | None]:
    file = _Zip(path, limits)
    length = os.fstat(file.fileno()).st_size
    archive = _open_zip(path, file)
    claimed = 0
    for info in archive.infolist():
        if info.orig_filename.endswith(("/", "\\")):
            yield None
            continue
        raw_name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        extra = _extra_fields(info.extra)
        name = _inner_path(_unicode_name(raw_name, extra), "cp437")
        claimed += info.compress_size + 30  # the header before the bytes
        problem = _zip_problem(name, info, claimed, length, limits)
        opener = partial(_open_zipped, archive, info, name)
        size = min(info.file_size, _LARGEST)
        member = Member(name, raw_name, size, _zip_time(info, extra), problem, False, opener)
        mode = info.external_attr >> 16 if info.create_system in (3, 19) else 0  # packed on Unix or a Mac
        yield _judged(member, stat.S_ISLNK(mode), not stat.S_IFMT(mode) or stat.S_ISREG(mode))


def _open_zip(path: Path, file: _Zip) -> zipfile.ZipFile:
    try:
        if zipfile.is_zipfile(file):
            return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as problem:
        raise BadInput(
            f'"{path.name}" is damaged: its table of contents cannot be read.'
            " Fetch or pack it again, or unpack it and import the folder."
        ) from problem
    raise BadInput(f'"{path.name}" is cut off: a ZIP archive lists its contents at its end. Fetch or pack it again.')


def _zip_problem(name: str, info: zipfile.ZipInfo, claimed: int, length: int, limits: Limits) -> str | None:
    if claimed > length:  # members may all point at the same bytes, which makes a small file hold terabytes
        return f'"{name}" was not read: the archive claims to hold more than it can, as those made to do harm do.'
    if info.volume:
        return f'"{name}" lies in another piece of a split ZIP archive. Join the pieces (zip -s 0) and import that.'
    if not 0 <= info.header_offset < length:
        return _damage(name)
    if info.flag_bits & 0x2041:
        return f'"{name}" is encrypted. Unpack the archive with its password and import the folder.'
    # zipfile knows more ways of packing, but keeps no limit on what those unpack to at once.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return (
            f'"{name}" is packed in a way that photolib cannot read (method {info.compress_type}).'
            " Unpack the archive and import the folder."
        )
    if info.file_size > max(limits.free_bytes, limits.ratio * info.compress_size):
        return _bomb(name)
    return _too_large(name, info.file_size, limits)


def _open_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> io.BufferedReader:
    with _explained(name):
        return io.BufferedReader(_Reader(name, info.file_size, archive.open(info)), PEEK)


def _extra_fields(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, at)
        fields.setdefault(kind, data[at + 4 : at + 4 + length])
        at += 4 + length
    return fields


def _unicode_name(raw: bytes, extra: dict[int, bytes]) -> bytes:
    """The name in UTF-8 from Info-ZIP's field, while that belongs to the name."""
    unicode_path = extra.get(0x7075, b"")
    return unicode_path[5:] if unicode_path[:5] == b"\1" + zlib.crc32(raw).to_bytes(4, "little") else raw


def _zip_time(info: zipfile.ZipInfo, extra: dict[int, bytes]) -> int:
    unix, ntfs = extra.get(0x5455, b""), extra.get(0x000A, b"")
    if len(unix) >= 5 and unix[0] & 1:
        return _valid_ns(int.from_bytes(unix[1:5], "little", signed=True))
    if len(ntfs) >= 16 and ntfs[4:8] == b"\1\0\x18\0":
        return _valid_ns(int.from_bytes(ntfs[8:16], "little") / 1e7 - 11_644_473_600)
    if info.date_time == (1980, 1, 1, 0, 0, 0):  # what programs write that keep no time
        return 0
    try:
        # The wall clock of whoever packed it; ours is the best guess.
        return _valid_ns(datetime(*info.date_time).timestamp())
    except (ValueError, OverflowError):
        return 0


# --- tar: headers, bytes, headers, bytes ...

_MAX_HEADERS = 1 << 20  # bytes of all that may come before one file: long names and the like


class _Tape:
    """A tar archive's unpacked bytes for tarfile, which would read headers of any size: forwards only, and in reason."""

    def __init__(self, file: BinaryIO, kind: str, limits: Limits) -> None:
        self._file, self._limits, self._is_packed = file, limits, kind == "tgz"
        self._stream: IO[bytes] = gzip.GzipFile(fileobj=file) if self._is_packed else file  # type: ignore[assignment]
        self._position = 0
        self.last = b""  # what was read last
        self.expect_headers()

    def expect_headers(self) -> None:
        self._is_header, self._due = True, _MAX_HEADERS

    def expect_bytes(self, size: int) -> None:
        """What comes now is a file of this size."""
        self._is_header, self._due = False, size
        self._start, self._start_packed = self._position, self._file.tell() - PEEK  # the file is read ahead of us

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        if position < self._position:
            raise ValueError("a member of a tar archive can be read only until the next one is asked for")
        if not self._is_packed:
            if position > os.fstat(self._file.fileno()).st_size:
                raise tarfile.ReadError
            self._position = self._file.seek(position)
        while self._position < position:
            if not self._take(min(1 << 20, position - self._position)):
                raise tarfile.ReadError

    def read(self, size: int) -> bytes:
        if not 0 <= size <= self._due:
            raise tarfile.ReadError
        if not self._is_header:
            self._weigh(self._position - self._start, self._file.tell() - self._start_packed, self._limits.free_bytes)
        self._due -= size
        self.last = self._take(size)
        # tarfile before Python 3.11.10 takes hours over a number with many digits (CVE-2024-6232).
        if self._is_header and size > tarfile.BLOCKSIZE and re.search(rb"[0-9]{256}", self.last):
            raise tarfile.ReadError
        return self.last

    def read_to_end(self) -> None:
        """Read what fills the last record, so that the checksum of a compressed archive is compared."""
        for _ in range(64):
            self._take(PEEK)

    def _take(self, size: int) -> bytes:
        self._weigh(self._position, self._file.tell(), self._limits.wasted_bytes)
        try:
            data = self._stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
            raise tarfile.ReadError from problem
        self._position += len(data)
        return data

    def _weigh(self, unpacked: int, packed: int, free: int) -> None:
        if unpacked > max(free, self._limits.ratio * packed):
            raise _Wasteful


def _tar_members(path: Path, file: BinaryIO, kind: str, limits: Limits) -> Iterator[Member | None]:
    count = 0
    try:
        tape = _Tape(file, kind, limits)
        with tarfile.open(fileobj=tape, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:  # type: ignore[call-overload]
            while info := tar.next():
                if not 0 <= info.size <= _LARGEST:
                    raise tarfile.ReadError
                tape.expect_bytes(info.size)
                yield None if info.isdir() or info.name.endswith("/") else _tar_member(tar, info, limits)
                tape.seek(tar.offset)
                tape.expect_headers()
                count += 1
                # tarfile would keep all members, and apply notes meant for all of them to each, however many of both.
                tar.members.clear()
                tar.pax_headers.clear()
        if tape.last != bytes(tarfile.BLOCKSIZE):  # tarfile takes damage for the end
            raise tarfile.ReadError
        tape.read_to_end()
    except _Wasteful as problem:
        raise BadInput(
            f'"{path.name}" unpacks to hundreds of times its size, as archives made to do harm do;'
            f" it was read no further than after {count:,} of its files."
        ) from problem
    # RecursionError: tarfile calls itself for each of the records before a file.
    except (tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError) as problem:
        raise BadInput(
            f'"{path.name}" is cut off or damaged after {count:,} file{"s" * (count != 1)}; what comes behind cannot be read.'
            " Fetch or pack it again."
        ) from problem


def _tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo, limits: Limits) -> Member:
    raw_name = info.name.encode("utf-8", "surrogateescape")
    name = _inner_path(raw_name, "latin-1")
    problem = _too_large(name, info.size, limits)
    if info.issparse():
        problem = (
            f'"{name}" is stored with holes, which photolib cannot read. Unpack the archive and import the folder.'
        )
    # One for all who ask: what it has read ahead cannot be read again. A link would be followed by extractfile.
    source = tar.extractfile(info) if info.isreg() and not problem else None
    stream: io.BufferedReader = io.BufferedReader(_Reader(name, info.size, source or io.BytesIO()), PEEK)
    member = Member(name, raw_name, info.size, _valid_ns(info.mtime), problem, False, lambda: stream)
    return _judged(member, info.issym() or info.islnk(), info.isreg())
