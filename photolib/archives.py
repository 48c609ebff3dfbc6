"""ZIP and tar archives, read member by member and never unpacked to disk.

An archive comes from anybody, so nothing in it is believed: not its names (they become words to show, never paths), not
its sizes, not its counts. zipfile and tarfile are not used because they keep or read as much as a hostile archive asks
them to: a million entries, a name of four gigabytes. What comes after damage in one member is still delivered where the
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
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

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
    # What a tar archive's bombs may cost before we stop looking for photos behind them.
    wasted_bytes: int = 8 << 30


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
            walk = _zip_members(path, file, limits) if kind == "zip" else _tar_members(path, file, kind, limits)
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


def _kind(file: BinaryIO) -> str | None:
    head = file.read(512)
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        length = int.from_bytes(head[26:28], "little")
        return None if head[:4] == b"PK\3\4" and _DOCUMENT.fullmatch(head[30 : 30 + length]) else "zip"
    if head[:3] == b"\x1f\x8b\x08":
        file.seek(0)
        try:
            start = zlib.decompressobj(31).decompress(file.read(PEEK), 512)
        except zlib.error:
            return None
        return "tgz" if _is_tar_header(start) else None
    return "tar" if _is_tar_header(head) else None


def _is_tar_header(block: bytes) -> bool:
    if len(block) < 512 or not block[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


_ARCHIVE_ENDINGS = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_ARCHIVE_HEADS = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")


def _harmless_problem(name: str, is_link: bool, is_file: bool, peek: Callable[[], bytes]) -> str | None:
    """Why a member is no file that could be a photo, if it is none."""
    if not name:
        return "A file without a usable name in the archive was left alone."
    if is_link:
        return f'"{name}" is only a link to another file.'
    if not is_file:
        return f'"{name}" is a device or something else that is no file.'
    # Its bytes decide, but only a name that hints at it has them looked at.
    if name.lower().endswith(_ARCHIVE_ENDINGS):
        try:
            head = peek()
        except UnreadablePhoto:
            return None
        if head.startswith(_ARCHIVE_HEADS) or _is_tar_header(head[:512]):
            return f'"{name}" is an archive inside the archive. Unpack it and import what it holds.'
    return None


def _text(raw: bytes, fallback: str) -> str:
    """A name's bytes as text that can be shown, stored and sent: UTF-8, or the encoding of old for want of a better."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(fallback)


def _inner_path(name: str) -> str:
    """The words of a name that are left once nothing in it can mean a place on a disk, or move a cursor."""
    words = re.sub(r"[\x00-\x1f\x7f]", "\ufffd", name).replace("\\", "/").split("/")
    if re.fullmatch(r"[A-Za-z]:", words[0]):
        words = words[1:]
    return "/".join(word for word in words if word not in ("", ".", ".."))


def _too_large(name: str, size: int, limits: Limits) -> str | None:
    return (
        f'"{name}" is larger than {limits.member_bytes >> 20:,} MB and was not read.'
        if size > limits.member_bytes
        else None
    )


def _valid_ns(seconds: float) -> int:
    """The time in nanoseconds, 0 where it cannot be one. Years 1678 to 2262: what a 64-bit integer holds."""
    return int(seconds * 1e9) if abs(seconds) < 9.2e9 else 0


def _explain(path: Path, problem: OSError) -> NoReturn:
    reason = problem.strerror or "it could not be read"
    if isinstance(problem, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        raise BadInput(f'"{path.name}" cannot be opened: {reason}.') from problem
    raise TryLater(f'"{path.name}" could not be read: {reason}.') from problem


class _MemberReader(io.RawIOBase):
    """A member's bytes, never more than it declares, and an error instead of the last of them if they are wrong."""

    def __init__(self, name: str, size: int, limits: Limits) -> None:
        self._name, self._size, self._limits, self._given = name, size, limits, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer as far as there are bytes, so that a single peek sees all it asked for."""
        filled = 0
        wanted = min(len(buffer), self._size - self._given)
        while filled < wanted:
            piece = self._more(wanted - filled)
            if not piece:
                self._damaged("it ends early")
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._given += len(piece)
            if self._given > self._limits.free_bytes and self._given > self._limits.ratio * self._taken():
                self._damaged("it unpacks to hundreds of times its size, as archives made to do harm do")
        if self._given == self._size:
            self._finish()
        return filled

    def _more(self, most: int) -> bytes:
        """Up to so many bytes that follow; none only at the end."""
        raise NotImplementedError

    def _taken(self) -> int:
        """How many bytes of the archive were used up for what was given so far."""
        raise NotImplementedError

    def _finish(self) -> None:
        """All declared bytes were read: complain if there are more or they are not the right ones."""

    def _damaged(self, why: str) -> NoReturn:
        raise UnreadablePhoto(f'"{self._name}" cannot be read from the archive: {why}.')


# --- ZIP: the directory at the end says where everything is (PKWARE's APPNOTE.TXT 6.3)

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY_FACTS = struct.Struct("<5xB2x4H3L")
_ENTRY_PLACES = struct.Struct("<3H4x2L")
_ENTRY_SIZE = 46
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True)
class _Entry:
    path: Path  # of the archive
    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def _zip_members(path: Path, file: BinaryIO, limits: Limits) -> Iterator[Member | None]:
    length = os.fstat(file.fileno()).st_size
    start, end, shift, expected = _find_directory(path, file, length)
    file.seek(start)
    claimed = count = 0
    while file.tell() < end:
        fixed = file.read(_ENTRY_SIZE)
        if len(fixed) < _ENTRY_SIZE or fixed[:4] != b"PK\1\2":
            raise BadInput(f'"{path.name}" is damaged: its table of contents breaks off. Fetch or pack it again.')
        count += 1
        system, flags, method, clock, day, crc, packed, size = _ENTRY_FACTS.unpack(fixed[:28])
        n_name, n_extra, n_comment, mode, offset = _ENTRY_PLACES.unpack(fixed[28:])
        raw_name = file.read(n_name)
        extra = _extra_fields(file.read(n_extra))
        file.seek(n_comment, os.SEEK_CUR)
        size, packed, offset = _sizes64(extra, size, packed, offset)
        name = _zip_name(raw_name, extra, is_utf8=bool(flags & 0x800))
        if raw_name.endswith((b"/", b"\\")):
            yield None
            continue
        claimed += packed + _LOCAL.size
        entry = _Entry(path, _inner_path(name), method, crc, packed, size, offset + shift)
        problem = (
            # Entries may point at the same bytes over and over, which makes a small file hold terabytes.
            f'"{entry.name}" was not read: the archive claims to hold more than it can, as those made to do harm do.'
            if claimed > length
            else _zip_problem(entry, is_encrypted=bool(flags & 0x2041), limits=limits)
        )
        harmless = None if problem else _zip_harmless_problem(entry, mode >> 16 if system in (3, 19) else 0, limits)
        yield Member(
            name=entry.name,
            raw_name=raw_name,
            size=size,
            modified_ns=_zip_time(extra, day, clock),
            problem=problem or harmless,
            is_harmless=harmless is not None,
            _open=partial(_open_zipped, entry, limits),
        )
    if count % 65536 != expected % 65536:  # small archives count no further, and some programs just go on
        raise BadInput(f'"{path.name}" is damaged: its table of contents lacks files. Fetch or pack it again.')


def _find_directory(path: Path, file: BinaryIO, length: int) -> tuple[int, int, int, int]:
    """The table of contents: its start, its end, how far all offsets are off, and how many entries it should have.

    Offsets are off when something was put in front of the archive.

    Raises BadInput when there is none: the archive was cut off.
    """
    tail_at = max(length - 65535 - _END.size, 0)
    file.seek(tail_at)
    tail = file.read()
    found = tail.rfind(b"PK\5\6")
    while found >= 0 and found + _END.size > len(tail):
        found = tail.rfind(b"PK\5\6", 0, found)
    if found < 0:
        raise BadInput(
            f'"{path.name}" is cut off: a ZIP archive lists its contents at its end. Fetch or pack it again.'
        )
    end = tail_at + found
    _, disk, first_disk, _, count, size, offset, _ = _END.unpack_from(tail, found)
    if end >= _END64_LOCATOR.size:
        file.seek(end - _END64_LOCATOR.size)
        mark, _, at, _ = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
        if mark == b"PK\6\7":
            file.seek(min(at, length))
            block = file.read(_END64.size)
            if len(block) < _END64.size or block[:4] != b"PK\6\6":
                raise BadInput(f'"{path.name}" is damaged: its table of contents cannot be found.')
            _, _, _, _, disk, first_disk, _, count, size, offset = _END64.unpack(block)
            end = at
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        raise BadInput(
            f'"{path.name}" is one piece of a split ZIP archive. Join the pieces (zip -s 0) and import that.'
        )
    shift = end - size - offset
    if shift < 0 or size > length:
        raise BadInput(f'"{path.name}" is damaged: its table of contents cannot be found. Fetch or pack it again.')
    return offset + shift, end, shift, count


def _extra_fields(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, at)
        fields.setdefault(kind, data[at + 4 : at + 4 + length])
        at += 4 + length
    return fields


def _sizes64(extra: dict[int, bytes], size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The sizes, from the ZIP64 field where the small ones say they are too small."""
    wide = extra.get(1, b"")
    values = iter(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8]))
    return (
        next(values, size) if size == 0xFFFFFFFF else size,
        next(values, packed) if packed == 0xFFFFFFFF else packed,
        next(values, offset) if offset == 0xFFFFFFFF else offset,
    )


def _zip_name(raw: bytes, extra: dict[int, bytes], is_utf8: bool) -> str:
    """Names are UTF-8 where flagged, in Info-ZIP's field, or unflagged by a Mac; else the code page of the PC of 1981."""
    unicode_path = extra.get(0x7075, b"")
    if not is_utf8 and unicode_path[:1] == b"\1" and unicode_path[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
        raw = unicode_path[5:]
    return _text(raw, "cp437")


def _zip_time(extra: dict[int, bytes], day: int, clock: int) -> int:
    unix = extra.get(0x5455, b"")
    if len(unix) >= 5 and unix[0] & 1:
        return _valid_ns(int.from_bytes(unix[1:5], "little", signed=True))
    ntfs = extra.get(0x000A, b"")
    if len(ntfs) >= 16 and ntfs[4:8] == b"\1\0\x18\0":
        return _valid_ns(int.from_bytes(ntfs[8:16], "little") / 1e7 - 11_644_473_600)
    date = (1980 + (day >> 9), day >> 5 & 15, day & 31)
    if date == (1980, 1, 1) and clock == 0:  # what programs write that keep no time
        return 0
    # The wall clock of whoever packed it; ours is the best guess.
    when = (*date, clock >> 11, clock >> 5 & 63, (clock & 31) * 2, 0, 0, -1)
    try:
        return _valid_ns(time.mktime(when)) if 1 <= date[1] <= 12 and 1 <= date[2] <= 31 else 0
    except (ValueError, OverflowError):
        return 0


def _zip_problem(entry: _Entry, is_encrypted: bool, limits: Limits) -> str | None:
    if is_encrypted:
        return f'"{entry.name}" is encrypted. Unpack the archive with its password and import the folder.'
    if entry.method not in (0, 8):
        return (
            f'"{entry.name}" is packed in a way that photolib cannot read (method {entry.method}).'
            " Unpack the archive and import the folder."
        )
    return _too_large(entry.name, entry.size, limits)


def _zip_harmless_problem(entry: _Entry, mode: int, limits: Limits) -> str | None:
    def peek() -> bytes:
        with _open_zipped(entry, limits) as stream:
            return stream.peek(PEEK)

    return _harmless_problem(entry.name, stat.S_ISLNK(mode), not stat.S_IFMT(mode) or stat.S_ISREG(mode), peek)


def _open_zipped(entry: _Entry, limits: Limits) -> io.BufferedReader:
    return io.BufferedReader(_ZipReader(entry, limits), PEEK)


class _ZipReader(_MemberReader):
    def __init__(self, entry: _Entry, limits: Limits) -> None:
        super().__init__(entry.name, entry.size, limits)
        self._crc, self._expected = 0, entry.crc
        self._left = entry.packed
        self._inflate = zlib.decompressobj(-15) if entry.method == 8 else None
        self._file: io.FileIO | None = None
        try:
            self._file = io.FileIO(entry.path)
            self._file.seek(min(entry.offset, os.fstat(self._file.fileno()).st_size))
            local = self._file.read(_LOCAL.size)
        except OSError as problem:
            self.close()
            _explain(entry.path, problem)
        if len(local) < _LOCAL.size or local[:4] != b"PK\3\4":
            self.close()
            self._damaged("the archive is damaged where it should be")
        *_, n_name, n_extra = _LOCAL.unpack(local)
        self._file.seek(n_name + n_extra, os.SEEK_CUR)
        self._packed = entry.packed

    def close(self) -> None:
        if getattr(self, "_file", None):
            self._file.close()  # type: ignore[union-attr]
        super().close()

    def _read(self, most: int) -> bytes:
        assert self._file is not None
        try:
            data = self._file.read(min(most, self._left))
        except OSError as problem:
            raise TryLater(f"The archive could not be read any further: {problem.strerror}.") from problem
        self._left -= len(data)
        return data

    def _more(self, most: int) -> bytes:
        data = self._read(most) if self._inflate is None else self._unpack(most)
        self._crc = zlib.crc32(data, self._crc)
        return data

    def _unpack(self, most: int) -> bytes:
        assert self._inflate is not None
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._read(PEEK)
            try:
                data = self._inflate.decompress(packed, most)
            except zlib.error:
                self._damaged("the archive is damaged there")
            if data or not packed:
                return data
        return b""

    def _taken(self) -> int:
        return self._packed - self._left

    def _finish(self) -> None:
        if self._inflate is not None and self._unpack(1):
            self._damaged("it holds more than the archive says")
        if self._inflate is None and self._left:
            self._damaged("its two sizes contradict each other")
        if self._crc != self._expected:
            self._damaged("the archive is damaged there (its checksum is wrong)")


# --- tar: header, bytes, header, bytes ... (POSIX.1-2001, and what GNU tar adds)

_BLOCK = 512
_MAX_HEADER = 1 << 20  # bytes of a record that holds long names and the like
_MAX_RECORDS = 16  # such records before one file
_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


class _Damaged(Exception):
    """The archive's bytes end or make no sense; what that means depends on who was reading."""


class _Wasteful(Exception):
    """The archive unpacks to far more than any photos would."""


class _Tape:
    """The unpacked bytes of a tar archive, from front to back."""

    def __init__(self, file: BinaryIO, kind: str, limits: Limits) -> None:
        self._file = file
        self._stream: BinaryIO = gzip.GzipFile(fileobj=file) if kind == "tgz" else file  # type: ignore[assignment]
        self._is_packed = kind == "tgz"
        self._limits = limits
        self._wasted = 0
        self.position = 0

    def read(self, most: int) -> bytes:
        """Up to so many bytes, none only at the end."""
        try:
            data = self._stream.read(most)
        except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
            raise _Damaged from problem
        self.position += len(data)
        return data

    def read_all(self, size: int) -> bytes:
        """Exactly so many bytes."""
        pieces = []
        while size and (piece := self.read(size)):
            pieces.append(piece)
            size -= len(piece)
        if size:
            raise _Damaged
        return b"".join(pieces)

    def skip_to(self, position: int) -> None:
        if not self._is_packed:
            if position > os.fstat(self._file.fileno()).st_size:
                raise _Damaged
            self._file.seek(position)
            self.position = position
        while self.position < position:
            before, taken = self.position, self.taken()
            if not self.read(min(1 << 20, position - self.position)):
                raise _Damaged
            if self.position - before > self._limits.ratio * (self.taken() - taken):
                self._wasted += self.position - before
                if self._wasted > self._limits.wasted_bytes:
                    raise _Wasteful

    def taken(self) -> int:
        """How much of the file has been used up."""
        return self._file.tell() if self._is_packed else self.position


class _TarReader(_MemberReader):
    def __init__(self, name: str, size: int, limits: Limits, tape: _Tape) -> None:
        super().__init__(name, size, limits)
        self._tape = tape
        self._start = self._at = tape.position
        self._before = max(tape.taken() - PEEK, 0)  # the file is read ahead of us

    def _more(self, most: int) -> bytes:
        if self._tape.position != self._at:
            raise ValueError("a member of a tar archive can be read only until the next one is asked for")
        try:
            data = self._tape.read(min(most, 1 << 20))
        except _Damaged:
            self._damaged("the archive is damaged there")
        except OSError as problem:
            raise TryLater(f"The archive could not be read any further: {problem.strerror}.") from problem
        self._at = self._tape.position
        return data

    def _taken(self) -> int:
        return self._tape.taken() - self._before


def _tar_members(path: Path, file: BinaryIO, kind: str, limits: Limits) -> Iterator[Member | None]:
    tape = _Tape(file, kind, limits)
    count = 0
    try:
        for header in _tar_headers(tape):
            end = tape.position + -(-header.size // _BLOCK) * _BLOCK
            yield None if header.is_folder else _tar_member(header, limits, tape)
            tape.skip_to(end)
            count += 1
    except _Wasteful:
        raise BadInput(
            f'"{path.name}" unpacks to hundreds of times its size, as archives made to do harm do;'
            f" it was read no further than after {count:,} of its files."
        ) from None
    except _Damaged:
        raise BadInput(
            f'"{path.name}" is cut off or damaged after {count:,} file{"s" * (count != 1)}; what comes behind cannot be read.'
            " Fetch or pack it again."
        ) from None


@dataclass(frozen=True)
class _Header:
    raw_name: bytes
    kind: bytes
    size: int
    modified: float
    is_sparse: bool

    @property
    def is_folder(self) -> bool:
        return self.kind == tarfile.DIRTYPE or self.raw_name.endswith(b"/")


def _tar_headers(tape: _Tape) -> Iterator[_Header]:
    """Each file's header, with what the records before it say; the tape then stands at the file's bytes."""
    common: dict[bytes, bytes] = {}
    own: dict[bytes, bytes] = {}
    records = 0
    while True:
        block = tape.read_all(_BLOCK)
        if not any(block):
            _check_end(tape)
            return
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError):
            raise _Damaged from None
        records += 1
        if records > _MAX_RECORDS:
            raise _Damaged
        if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE):
            (common if info.type == tarfile.XGLTYPE else own).update(_pax_records(_record(tape, info.size)))
        elif info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            text = _record(tape, info.size).split(b"\0")[0]
            if info.type == tarfile.GNUTYPE_LONGNAME:
                own[b"path"] = text
        else:
            facts = common | own
            own, records = {}, 0
            yield _Header(
                raw_name=facts.get(b"path") or info.name.encode("utf-8", "surrogateescape"),
                kind=info.type,
                size=_tar_size(info, facts),
                modified=_as_float(facts.get(b"mtime"), info.mtime),
                is_sparse=info.type == tarfile.GNUTYPE_SPARSE or any(k.startswith(b"GNU.sparse") for k in facts),
            )


def _tar_size(info: tarfile.TarInfo, facts: dict[bytes, bytes]) -> int:
    digits = facts.get(b"size", b"")
    size = int(digits) if digits.isdigit() and len(digits) < 20 else info.size
    if size < 0 or size > 1 << 62:
        raise _Damaged
    has_bytes = info.type in _REGULAR or info.type not in tarfile.SUPPORTED_TYPES
    return size if has_bytes or info.type == tarfile.GNUTYPE_SPARSE else 0


def _record(tape: _Tape, size: int) -> bytes:
    if not 0 <= size <= _MAX_HEADER:
        raise _Damaged
    data = tape.read_all(-(-size // _BLOCK) * _BLOCK)
    return data[:size]


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """The records "30 mtime=1350244992.023960108\\n": length of the whole, a word, its value."""
    facts: dict[bytes, bytes] = {}
    at = 0
    while found := re.compile(rb"([1-9][0-9]{0,6}) ([^=]+)=").match(data, at):
        end = at + int(found[1])
        if not found.end() < end <= len(data):
            raise _Damaged
        facts[found[2]] = data[found.end() : end - 1]
        at = end
    return facts


def _as_float(text: bytes | None, otherwise: float) -> float:
    if text and re.fullmatch(rb"-?[0-9]{1,18}(\.[0-9]{0,18})?", text):
        return float(text)
    return float(otherwise)


def _check_end(tape: _Tape) -> None:
    """Read what fills the last record, so that the checksum of a compressed archive is compared."""
    for _ in range(64):
        if not tape.read(1 << 16):
            return


def _tar_member(header: _Header, limits: Limits, tape: _Tape) -> Member:
    name = _inner_path(_text(header.raw_name, "latin-1"))
    # One for all who ask: what it has read ahead cannot be read again.
    stream: io.BufferedReader = io.BufferedReader(_TarReader(name, header.size, limits, tape), PEEK)
    is_link = header.kind in (tarfile.SYMTYPE, tarfile.LNKTYPE)
    problem = _too_large(name, header.size, limits)
    if header.is_sparse:
        problem = (
            f'"{name}" is stored with holes, which photolib cannot read. Unpack the archive and import the folder.'
        )
    harmless = None if problem else _harmless_problem(name, is_link, header.kind in _REGULAR, lambda: stream.peek(PEEK))
    return Member(
        name=name,
        raw_name=header.raw_name,
        size=header.size,
        modified_ns=_valid_ns(header.modified),
        problem=problem or harmless,
        is_harmless=harmless is not None,
        _open=lambda: stream,
    )
