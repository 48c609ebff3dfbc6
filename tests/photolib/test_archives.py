import contextlib
import gzip
import io
import os
import random
import stat
import struct
import tarfile
import tempfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib import archives
from photolib.archives import Limits, Member, collect, is_archive, members
from photolib.errors import BadInput, UnreadablePhoto

NOISE = random.Random(1).randbytes(300_000)
FILES = {"a.jpg": b"first", "Takeout/Google Photos/b.jpg": NOISE, "Takeout/c.json": b"{}", "empty": b""}
Pack = Callable[[Path, dict[str, bytes]], Path]


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def stored(path: Path, files: dict[str, bytes]) -> Path:
    return zipped(path, files, zipfile.ZIP_STORED)


def tarred(path: Path, files: dict[str, bytes], mode: str = "w:") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            info.mtime = 1_600_000_000
            archive.addfile(info, io.BytesIO(body))
    return path


def tgz(path: Path, files: dict[str, bytes]) -> Path:
    return tarred(path, files, "w:gz")


@pytest.fixture(params=[zipped, stored, tarred, tgz], ids=lambda pack: pack.__name__)
def pack(request: pytest.FixtureRequest) -> Pack:
    return request.param


class Walk:
    """What a walk through a whole archive came to: bytes or a sentence for each member, and the sentence it ended with."""

    def __init__(self, path: Path, limits: Limits | None = None, piece: int = 65536) -> None:
        self.found: list[tuple[str, bytes]] = []
        self.problems: list[str] = []
        self.end = ""
        try:
            for member in members(path, limits):
                self._read(member, piece)
        except BadInput as problem:
            self.end = str(problem)

    def _read(self, member: Member, piece: int) -> None:
        body = bytearray()
        try:
            with member.open() as stream:
                while more := stream.read(piece):
                    body += more
        except UnreadablePhoto as problem:
            self.problems.append(str(problem))
            self.given = len(body)
        else:
            self.found.append((member.name, bytes(body)))


def read_all(path: Path) -> list[tuple[str, bytes]]:
    walk = Walk(path)
    assert (walk.problems, walk.end) == ([], "")
    return walk.found


def one(path: Path) -> Member:
    (member,) = members(path)
    return member


# --- what every kind does


def test_every_file_comes_out_as_it_went_in(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "photos", FILES)
    assert is_archive(path)
    assert read_all(path) == list(FILES.items())
    assert [member.size for member in members(path)] == [len(body) for body in FILES.values()]


def test_a_peek_shows_as_much_as_telling_formats_apart_needs(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "photos", {"small": b"tiny", "large": NOISE})
    for member in members(path):
        with member.open() as stream:
            body = {"small": b"tiny", "large": NOISE}[member.name]
            assert stream.peek(archives.PEEK)[: archives.PEEK] == body[: archives.PEEK]
            assert stream.read(7) == body[:7]
            assert stream.read() == body[7:]


def test_members_need_not_be_read_or_read_whole(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "photos", {"1": NOISE, "2": NOISE, "3": b"last"})
    bodies = {}
    for member in members(path):
        if member.name == "1":
            with member.open() as stream:
                stream.read(100_000)
        elif member.name == "3":
            with member.open() as stream:
                bodies[member.name] = stream.read()
    assert bodies == {"3": b"last"}


def test_reading_in_pieces_gives_the_same_bytes(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "photos", {"large": NOISE})
    for piece in (1000, 65536, 1 << 20):
        assert Walk(path, piece=piece).found == [("large", NOISE)]


def test_folders_and_names_come_apart_without_meaning_a_place_on_disk(pack: Pack, tmp_path: Path) -> None:
    hostile = {
        "../../etc/passwd": "etc/passwd",
        "/absolute/x.jpg": "absolute/x.jpg",
        "C:\\Users\\x.jpg": "Users/x.jpg",
        "..\\..\\x.jpg": "x.jpg",
        "a/./b//../c.jpg": "a/b/c.jpg",
        "new\nline\x1b[2J.jpg": "new\ufffdline\ufffd[2J.jpg",
        "-rf.jpg": "-rf.jpg",
        "Été/😀.jpg": "Été/😀.jpg",
    }
    path = pack(tmp_path / "hostile", dict.fromkeys(hostile, b"x"))
    found = list(members(path))
    assert [member.name for member in found] == list(hostile.values())
    assert [f"{m.folder}/{m.filename}".lstrip("/") for m in found] == list(hostile.values())
    assert [member.raw_name.decode() for member in found] == list(hostile)
    assert [body for _, body in read_all(path)] == [b"x"] * len(hostile)
    assert os.listdir(tmp_path) == ["hostile"]


def test_a_name_of_nothing_but_dots_is_left_alone(pack: Pack, tmp_path: Path) -> None:
    (member,) = members(pack(tmp_path / "x", {"../..": b"x"}))
    assert member.problem
    assert member.is_harmless


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_namesakes_are_members_of_their_own(pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / "photos"
    if pack in (zipped, stored):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("same.jpg", b"one")
            archive.writestr("same.jpg", b"two")
    else:
        with tarfile.open(path, "w") as tar:
            for body in (b"one", b"two"):
                info = tarfile.TarInfo("same.jpg")
                info.size = 3
                tar.addfile(info, io.BytesIO(body))
    assert read_all(path) == [("same.jpg", b"one"), ("same.jpg", b"two")]


def test_folders_are_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/x.jpg", b"x")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        info = tarfile.TarInfo("folder")
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        tar.addfile(tarfile.TarInfo("folder/x.jpg"))
    assert one(tmp_path / "a.zip").name == one(tmp_path / "a.tar").name == "folder/x.jpg"


def test_an_archive_inside_is_named_and_not_followed(pack: Pack, tmp_path: Path) -> None:
    inner = [p(tmp_path / p.__name__, {"x.jpg": b"x"}).read_bytes() for p in (zipped, tarred, tgz)]
    path = pack(
        tmp_path / "outer",
        {"in.zip": inner[0], "in.tar": inner[1], "in.tgz": inner[2], "picture.zip": b"\xff\xd8\xff", "a.jpg": inner[0]},
    )
    found = {member.name: member for member in members(path)}
    for name in ("in.zip", "in.tar", "in.tgz"):
        assert "archive inside the archive" in (found[name].problem or "")
        assert found[name].is_harmless
        with pytest.raises(UnreadablePhoto, match="archive inside"):
            found[name].open()
    assert found["picture.zip"].problem is None  # the bytes decide, not the name
    assert Walk(path).found[0] == ("picture.zip", b"\xff\xd8\xff")


def test_more_files_than_the_limit_are_said_and_the_first_are_delivered(pack: Pack, tmp_path: Path) -> None:
    walk = Walk(pack(tmp_path / "many", {str(n): b"" for n in range(10)}), Limits(members=5))
    assert [name for name, _ in walk.found] == ["0", "1", "2", "3", "4"]
    assert "more than 5 files" in walk.end


def test_a_member_above_the_size_limit_is_refused_alone(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "photos", {"large": NOISE, "small": b"x"})
    large, small = members(path, Limits(member_bytes=1000))
    assert "larger than" in (large.problem or "")
    assert not large.is_harmless
    assert small.problem is None


def test_a_member_that_unpacks_to_far_too_much_is_stopped_and_the_next_is_read(tmp_path: Path) -> None:
    for pack in (zipped, tgz):
        path = pack(tmp_path / pack.__name__, {"1.jpg": NOISE, "bomb": bytes(32 << 20), "2.jpg": NOISE})
        walk = Walk(path, Limits(free_bytes=1 << 20))
        assert walk.found == [("1.jpg", NOISE), ("2.jpg", NOISE)]
        assert "hundreds of times" in walk.problems[0]
        assert walk.given < 24 << 20


def test_a_picture_of_one_colour_may_shrink_a_lot(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "white", {"white.bmp": bytes(4 << 20)})
    assert read_all(path) == [("white.bmp", bytes(4 << 20))]


def test_a_tar_bomb_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    path = tgz(tmp_path / "bomb.tgz", {"x.jpg": b"x", "bomb": bytes(40 << 20), "y.jpg": b"y"})
    walk = Walk(path, Limits(free_bytes=1 << 20, wasted_bytes=8 << 20))
    assert walk.found == [("x.jpg", b"x")]
    assert "hundreds of times" in walk.problems[0]
    assert "hundreds of times" in walk.end


# --- what is an archive


def test_only_archives_are_taken_for_archives(tmp_path: Path) -> None:
    for name, body in {
        "text": b"hello",
        "empty": b"",
        "zeros": bytes(2000),
        "nameless.gz": b"\x1f\x8b\x08\x08" + b"x" * 100_000 + b"\0" + tgz(tmp_path / "tgz", FILES).read_bytes()[10:],
        "plain.gz": gzip.compress(b"not a tar" * 1000),
        "photo.zip": b"\xff\xd8\xff\xe0" + NOISE,
    }.items():
        (tmp_path / name).write_bytes(body)
        assert not is_archive(tmp_path / name)
        with pytest.raises(BadInput, match="no ZIP or tar archive"):
            list(members(tmp_path / name))
    photo_with_zip = tmp_path / "polyglot.jpg"
    photo_with_zip.write_bytes(b"\xff\xd8\xff\xe0" + NOISE + zipped(tmp_path / "z", FILES).read_bytes())
    assert not is_archive(photo_with_zip)
    assert not is_archive(tmp_path)


def test_documents_that_are_zip_archives_inside_are_none(tmp_path: Path) -> None:
    for first in ("mimetype", "[Content_Types].xml", "_rels/.rels", "META-INF/MANIFEST.MF"):
        assert not is_archive(zipped(tmp_path / "letter", {first: b"x", "word/media/image1.jpg": b"x"}))
    assert is_archive(zipped(tmp_path / "letter", {"mimetype.jpg": b"x"}))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_archive(tmp_path / "pipe")
    with pytest.raises(BadInput, match="no file"):
        list(members(tmp_path / "pipe"))


def test_a_missing_archive_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r'"gone\.zip" cannot be opened'):
        list(members(tmp_path / "gone.zip"))
    with pytest.raises(BadInput, match=r'"gone\.zip" cannot be opened'):
        is_archive(tmp_path / "gone.zip")


# --- ZIP


def test_an_empty_zip_holds_nothing(tmp_path: Path) -> None:
    path = zipped(tmp_path / "empty.zip", {})
    assert is_archive(path)
    assert list(members(path)) == []


def test_zip_members_can_be_read_after_the_walk_and_side_by_side(tmp_path: Path) -> None:
    found = {member.name: member for member in members(zipped(tmp_path / "a.zip", {"1": NOISE, "2": NOISE[::-1]}))}
    with found["1"].open() as first, found["2"].open() as second:
        assert [first.read(1000) + first.read(), second.read()] == [NOISE, NOISE[::-1]]


def test_something_in_front_of_a_zip_does_no_harm(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", FILES)
    body = path.read_bytes()
    path.write_bytes(body[:30] + b"x" * 0 + body[30:] + b"trailing bytes")
    assert read_all(path) == list(FILES.items())
    path.write_bytes(zipped(tmp_path / "b.zip", {"front": b""}).read_bytes() + body)
    assert read_all(path) == list(FILES.items())


def test_a_zip64_archive_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in FILES.items():
            with archive.open(name, "w", force_zip64=True) as stream:
                stream.write(body)
    assert read_all(path) == list(FILES.items())


def widen(path: Path) -> None:
    """Rewrite a small ZIP archive as those of more than 4 GB are: ZIP64 end records and sizes in the extra field."""
    body = path.read_bytes()
    end = body.rindex(b"PK\5\6")
    count, _, start = struct.unpack_from("<H2L", body, end + 10)
    entries, at = b"", start
    for _ in range(count):
        packed, full, n_name, n_extra, n_comment = struct.unpack_from("<2L3H", body, at + 20)
        offset = int.from_bytes(body[at + 42 : at + 46], "little")
        wide = struct.pack("<2H3Q", 1, 24, full, packed, offset)
        entries += body[at : at + 20] + b"\xff" * 8 + struct.pack("<3H", n_name, n_extra + len(wide), n_comment)
        entries += body[at + 34 : at + 42] + b"\xff" * 4 + body[at + 46 : at + 46 + n_name] + wide
        entries += body[at + 46 + n_name : at + 46 + n_name + n_extra + n_comment]
        at += 46 + n_name + n_extra + n_comment
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(entries), start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + len(entries), 1)
    small = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(body[:start] + entries + end64 + locator + small)


def test_the_wide_records_of_archives_above_four_gigabytes_are_understood(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", FILES)
    widen(path)
    assert read_all(path) == list(FILES.items())
    assert [member.size for member in members(path)] == [len(body) for body in FILES.values()]


def test_sizes_that_no_database_holds_are_not_passed_on(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x.jpg": NOISE})
    widen(path)
    wide = struct.pack("<2HQ", 1, 24, len(NOISE))
    path.write_bytes(path.read_bytes().replace(wide, wide[:4] + b"\xff" * 8))
    assert one(path).size < 2**63
    assert "hundreds of times" in (one(path).problem or "")
    for size in (-600, -1, 1 << 63):
        info = tarfile.TarInfo("x.jpg")
        info.size = size
        (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
        with pytest.raises(BadInput, match="damaged after 0 files"):
            list(members(tmp_path / "a.tar"))


def test_an_archive_that_counts_its_files_only_to_65535_is_read(tmp_path: Path) -> None:
    entry = b"PK\1\2" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"x"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 4, 4, 65_540 * len(entry), 4, 0)
    (tmp_path / "many.zip").write_bytes(b"PK\3\4" + entry * 65_540 + end)
    assert sum(1 for _ in members(tmp_path / "many.zip")) == 65_540


def test_memory_does_not_grow_with_the_number_of_files_in_a_tar(tmp_path: Path) -> None:
    path = tmp_path / "many.tar"
    with path.open("wb") as file:
        for n in range(1_000):
            file.write(tarfile.TarInfo.create_pax_global_header({f"note {n}": "x" * 1000}))
            file.write(tarfile.TarInfo(f"{n:060}.jpg").tobuf())
        file.write(bytes(1024))
    tracemalloc.start()
    try:
        assert sum(1 for _ in members(path)) == 1_000
        assert tracemalloc.get_traced_memory()[1] < 300_000
    finally:
        tracemalloc.stop()


def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    path, size = tmp_path / "endless.zip", 1 << 30
    with path.open("wb") as file:  # it has holes, and takes no room
        file.write(b"PK\3\4" + bytes(30) + b"PK\1\2")
        file.seek(34 + size)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 34, 0))
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="more files than photolib takes"):
            list(members(path))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_cut_off_zip_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "takeout.zip", FILES)
    path.write_bytes(path.read_bytes()[:-30])
    assert is_archive(path)
    with pytest.raises(BadInput, match=r'"takeout.zip" is cut off.*Fetch or pack it again'):
        list(members(path))


def test_a_wrong_byte_costs_one_member(tmp_path: Path) -> None:
    for pack in (stored, zipped):
        path = pack(tmp_path / pack.__name__, {"1.jpg": NOISE, "2.jpg": NOISE, "3.jpg": b"x"})
        body = bytearray(path.read_bytes())
        body[len(NOISE) // 2] ^= 0xFF
        path.write_bytes(body)
        walk = Walk(path)
        assert walk.found == [("2.jpg", NOISE), ("3.jpg", b"x")]
        assert walk.problems[0].startswith('"1.jpg" cannot be read from the archive: the archive is damaged there')


def test_what_is_damaged_stays_so_when_asked_again(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.zip", {"x.jpg": b"picture"})
    path.write_bytes(path.read_bytes().replace(b"picture", b"pacture"))
    with one(path).open() as stream:
        for read in (lambda: stream.peek(10), lambda: stream.read(10), lambda: stream.read()):
            with pytest.raises(UnreadablePhoto):
                read()


def patch_directory(path: Path, name: bytes, offset: int, value: bytes) -> None:
    """Change a field of a file's entry in the table of contents."""
    body = bytearray(path.read_bytes())
    at = body.rindex(name) - 46 + offset
    body[at : at + len(value)] = value
    path.write_bytes(body)


def test_sizes_that_lie_are_found_out(tmp_path: Path) -> None:
    for pack, claim in ((zipped, 299_999), (zipped, 300_001), (stored, 299_999), (stored, 300_001), (zipped, 1 << 31)):
        path = pack(tmp_path / "lie.zip", {"lie.jpg": NOISE, "honest.jpg": b"x"})
        patch_directory(path, b"lie.jpg", 24, struct.pack("<L", claim))
        walk = Walk(path)
        assert walk.found == [("honest.jpg", b"x")]
        assert "lie.jpg" in walk.problems[0]
        assert walk.given < 300_000


def test_no_more_comes_out_than_was_declared_though_the_checksum_fits(tmp_path: Path) -> None:
    for pack in (zipped, stored):
        path = pack(tmp_path / "lie.zip", {"lie.jpg": NOISE})
        patch_directory(path, b"lie.jpg", 24, struct.pack("<L", 299_999))
        patch_directory(path, b"lie.jpg", 16, struct.pack("<L", zlib.crc32(NOISE[:-1])))
        assert Walk(path).found == [("lie.jpg", NOISE[:-1])]
        patch_directory(path, b"lie.jpg", 24, bytes(4))
        assert Walk(path).found == []  # an empty file has a checksum, too


def test_a_place_that_lies_is_found_out(tmp_path: Path) -> None:
    for place in (5, 1 << 31, 0xFFFFFFFE):
        path = zipped(tmp_path / "lie.zip", {"lie.jpg": NOISE, "honest.jpg": b"x"})
        patch_directory(path, b"lie.jpg", 42, struct.pack("<L", place))
        lie, honest = members(path)
        with pytest.raises(UnreadablePhoto):
            lie.open()
        assert honest.open().read() == b"x"


def test_files_that_overlap_to_hold_terabytes_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {f"{n:03}.jpg": NOISE if n == 0 else b"" for n in range(100)})
    body = path.read_bytes()
    first = body.index(b"PK\1\2")
    for n in range(100):  # all point at the first one's bytes
        at = body.rindex(b"%03d.jpg" % n) - 46
        patch_directory(path, b"%03d.jpg" % n, 16, body[first + 16 : first + 28])
        patch_directory(path, b"%03d.jpg" % n, 42, bytes(4))
        assert at > 0
    found = list(members(path))
    assert found[0].problem is None
    assert all("claims to hold more" in (member.problem or "") for member in found[1:])


def test_a_table_of_contents_that_breaks_off_or_cannot_be_found_is_said(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", FILES)
    good = path.read_bytes()
    path.write_bytes(good.replace(b"PK\1\2", b"PK\1\3"))
    with pytest.raises(BadInput, match="table of contents cannot be read"):
        list(members(path))
    end = good.rindex(b"PK\5\6")
    path.write_bytes(good[: end + 12] + struct.pack("<L", 1 << 30) + good[end + 16 :])
    with pytest.raises(BadInput, match="table of contents cannot be read"):
        list(members(path))


def test_a_piece_of_a_split_zip_is_explained(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"elsewhere.jpg": NOISE, "here.jpg": NOISE})
    patch_directory(path, b"elsewhere.jpg", 34, struct.pack("<H", 3))
    walk = Walk(path)
    assert walk.found == [("here.jpg", NOISE)]
    assert "another piece of a split ZIP" in walk.problems[0]


def test_an_encrypted_member_says_what_helps(tmp_path: Path) -> None:
    path = zipped(tmp_path / "secret.zip", {"secret.jpg": b"x", "open.jpg": b"y"})
    patch_directory(path, b"secret.jpg", 8, struct.pack("<H", 1))
    secret, free = members(path)
    assert "secret.jpg" in (secret.problem or "")
    assert not secret.is_harmless
    with pytest.raises(UnreadablePhoto, match="with its password"):
        secret.open()
    assert free.open().read() == b"y"


def test_an_unknown_way_of_packing_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x.jpg": NOISE}, zipfile.ZIP_LZMA)
    assert "method 14" in (one(path).problem or "")


def test_links_and_devices_in_a_zip_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind in (("link.jpg", stat.S_IFLNK), ("pipe", stat.S_IFIFO), ("x.jpg", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (kind | 0o644) << 16
            archive.writestr(info, b"/etc/passwd")
    link, pipe, plain = members(path)
    assert ("only a link" in (link.problem or ""), link.is_harmless) == (True, True)
    assert ("no file" in (pipe.problem or ""), pipe.is_harmless) == (True, True)
    assert plain.problem is None


def named(path: Path, raw: bytes, flags: int = 0, extra: bytes = b"") -> Member:
    """The member of a ZIP archive that holds one file of this name."""
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, 0, 0, 0x5821, 0, 0, 0, len(raw), 0) + raw
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, flags, 0, 0, 0x5821, 0, 0, 0, len(raw), len(extra), 0, 0, 0, 0, 0
    )
    entry += raw + extra
    path.write_bytes(local + entry + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0))
    return one(path)


def test_names_are_read_in_the_encoding_they_are_in(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    assert named(path, "été.jpg".encode(), 0x800).name == "été.jpg"
    assert named(path, "été.jpg".encode()).name == "été.jpg"  # a Mac forgets the flag
    assert named(path, "été.jpg".encode("cp437")).name == "été.jpg"
    for raw in (b"\xff\xfe.jpg", b"\xed\xa0\x80.jpg"):  # no half of a surrogate pair comes through
        assert named(path, raw).raw_name == raw
        named(path, raw).name.encode()
        with pytest.raises(BadInput, match="cannot be read"):
            named(path, raw, 0x800)


def test_the_name_of_info_zip_wins_while_it_belongs_to_the_name(tmp_path: Path) -> None:
    def extra(of: bytes) -> bytes:
        body = b"\1" + zlib.crc32(of).to_bytes(4, "little") + "дом.jpg".encode()
        return struct.pack("<2H", 0x7075, len(body)) + body

    assert named(tmp_path / "a.zip", b"???.jpg", extra=extra(b"???.jpg")).name == "дом.jpg"
    assert named(tmp_path / "a.zip", b"new.jpg", extra=extra(b"old.jpg")).name == "new.jpg"


def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


berlin = pytest.fixture(in_berlin, name="berlin")


@pytest.mark.usefixtures("berlin")
def test_the_wall_clock_of_a_zip_is_taken_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("summer.jpg", (2023, 7, 1, 12, 30, 10)), b"")
        archive.writestr(zipfile.ZipInfo("winter.jpg", (2023, 1, 1, 12, 30, 10)), b"")
        archive.writestr(zipfile.ZipInfo("never.jpg", (1980, 1, 1, 0, 0, 0)), b"")
    times = {member.name: member.modified_ns for member in members(path)}
    assert times == {
        "summer.jpg": int(datetime(2023, 7, 1, 10, 30, 10, tzinfo=UTC).timestamp()) * 10**9,
        "winter.jpg": int(datetime(2023, 1, 1, 11, 30, 10, tzinfo=UTC).timestamp()) * 10**9,
        "never.jpg": 0,
    }


def test_exact_times_are_preferred_and_impossible_ones_unknown(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    unix = struct.pack("<2HBl", 0x5455, 5, 1, 1_600_000_000)
    assert named(path, b"x", extra=unix).modified_ns == 1_600_000_000 * 10**9
    ntfs = struct.pack("<2H4x2HQ16x", 10, 32, 1, 24, (1_600_000_000 + 11_644_473_600) * 10**7)
    assert named(path, b"x", extra=ntfs).modified_ns == 1_600_000_000 * 10**9
    patched = path.read_bytes()
    at = patched.index(b"PK\1\2") + 14
    path.write_bytes(patched[:at] + b"\0\0" + patched[at + 2 :].replace(ntfs, bytes(len(ntfs))))
    assert one(path).modified_ns == 0  # month 0


# --- tar


def test_long_names_of_both_kinds_of_tar_are_read(tmp_path: Path) -> None:
    name = "Ordner/" * 40 + "é" * 100 + ".jpg"
    for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        with tarfile.open(tmp_path / "a.tar", "w", format=kind) as archive:
            for text in (name, "short.jpg"):
                info = tarfile.TarInfo(text)
                info.size, info.mtime = 3, 1_600_000_000.5 if kind == tarfile.PAX_FORMAT else 1_600_000_000
                archive.addfile(info, io.BytesIO(b"abc"))
        assert read_all(tmp_path / "a.tar") == [(name, b"abc"), ("short.jpg", b"abc")]
    assert {member.modified_ns for member in members(tmp_path / "a.tar")} == {1_600_000_000 * 10**9}


def test_parts_of_a_second_in_a_tar_are_kept(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("x.jpg")
        info.mtime = 1_600_000_000.5
        archive.addfile(info)
        info = tarfile.TarInfo("y.jpg")
        info.pax_headers = {"mtime": "1e999"}
        archive.addfile(info)
    assert [member.modified_ns for member in members(tmp_path / "a.tar")] == [1_600_000_000_500_000_000, 0]


def test_a_name_in_a_tar_that_is_not_utf8_is_shown_and_kept(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("été.jpg"))
    assert one(tmp_path / "a.tar").name == "été.jpg"
    assert one(tmp_path / "a.tar").raw_name == b"\xe9t\xe9.jpg"


def test_links_devices_and_files_with_holes_in_a_tar_are_left_alone(tmp_path: Path) -> None:
    kinds = {
        "symlink": (tarfile.SYMTYPE, "only a link"),
        "hardlink": (tarfile.LNKTYPE, "only a link"),
        "device": (tarfile.CHRTYPE, "no file"),
        "pipe": (tarfile.FIFOTYPE, "no file"),
        "holes": (tarfile.GNUTYPE_SPARSE, "stored with holes"),
        "x.jpg": (tarfile.REGTYPE, ""),
    }
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, (kind, _) in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    for member in members(tmp_path / "a.tar"):
        reason = kinds[member.name][1]
        assert reason in (member.problem or "")
        assert bool(member.problem) == bool(reason)
    assert [m.is_harmless for m in members(tmp_path / "a.tar")] == [True, True, True, True, False, False]


def test_a_cut_off_tar_gives_what_lies_before_the_cut(tmp_path: Path) -> None:
    for pack in (tarred, tgz):
        path = pack(tmp_path / pack.__name__, {"1.jpg": NOISE, "2.jpg": NOISE, "3.jpg": NOISE})
        path.write_bytes(path.read_bytes()[:500_000])
        walk = Walk(path)
        assert walk.found == [("1.jpg", NOISE)]
        assert len(walk.problems) == 1
        assert '"2.jpg"' in walk.problems[0]
        assert "cut off or damaged after 1 file;" in walk.end


def test_a_member_that_was_looked_into_in_vain_stays_damaged(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"in.tar": NOISE})
    path.write_bytes(path.read_bytes()[:2000])
    walk = Walk(path)
    assert '"in.tar" cannot be read' in walk.problems[0]
    assert "after 0 files" in walk.end


def test_a_tar_without_its_end_mark_may_be_cut_off(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"1.jpg": NOISE[:512], "2.jpg": NOISE[:512]})
    path.write_bytes(path.read_bytes()[:2048])
    walk = Walk(path)
    assert walk.found == [("1.jpg", NOISE[:512]), ("2.jpg", NOISE[:512])]
    assert "after 2 files" in walk.end


def test_damage_in_the_middle_of_a_tgz_ends_it_there(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tgz", {f"{n}.jpg": NOISE for n in range(3)})
    body = bytearray(path.read_bytes())
    body[450_000:450_100] = bytes(100)
    path.write_bytes(body)
    walk = Walk(path)
    assert walk.found[0] == ("0.jpg", NOISE)
    assert "cut off or damaged" in walk.end


def test_the_checksum_of_a_tgz_is_compared(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tgz", {"x.jpg": NOISE})
    body = path.read_bytes()
    path.write_bytes(body[:-8] + b"\0\0\0\0" + body[-4:])
    with pytest.raises(BadInput, match="damaged after 1 file;"):
        list(members(path))


def test_a_size_in_a_tar_that_lies_is_found_out(tmp_path: Path) -> None:
    for size in (len(NOISE) + 1, 1 << 33):
        info = tarfile.TarInfo("lie.jpg")
        info.size = size
        (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + NOISE)
        walk = Walk(tmp_path / "a.tar")
        assert walk.found == []
        assert "the archive is damaged there" in walk.problems[0]
        assert "damaged" in walk.end


def record(kind: bytes, body: bytes) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(body)
    return info.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_what_a_tar_says_before_a_file_is_read_within_reason(tmp_path: Path, kind: bytes) -> None:
    path, file = tmp_path / "a.tar", tarfile.TarInfo("x.jpg").tobuf() + bytes(1024)
    note = b"13 path=name\n" if kind == tarfile.XHDTYPE else b"name\0"
    path.write_bytes(record(kind, note) + file)
    assert one(path).name == "name"
    # The last one, of nothing but digits, is what some versions of tarfile take hours to make sense of.
    for before in (record(kind, bytes(2 << 20)), record(kind, note) * 2000, record(kind, b"1" * (1 << 19))):
        path.write_bytes(before + file)
        with pytest.raises(BadInput, match="damaged after 0 files"):
            list(members(path))


def test_a_sparse_map_without_end_is_not_kept(tmp_path: Path) -> None:
    info = tarfile.TarInfo("holes.jpg")
    info.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[482] = 1  # the map goes on in the next block
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    block = (b"%011o\0" % 1) * 42 + b"\1" + bytes(7)
    (tmp_path / "a.tgz").write_bytes(gzip.compress(bytes(head) + block * 20_000, 1))
    with pytest.raises(BadInput, match="damaged after 0 files"):
        list(members(tmp_path / "a.tgz"))


def test_a_member_of_a_tar_is_gone_once_the_next_is_asked_for(tmp_path: Path) -> None:
    walk = members(tgz(tmp_path / "a.tgz", {"1": NOISE, "2": NOISE}))
    first = next(walk).open()
    next(walk)
    with pytest.raises(ValueError, match="until the next one"):
        first.read()
    walk.close()  # type: ignore[attr-defined]


# --- gathering sidecars


def test_the_wanted_small_files_are_gathered(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {"x.jpg": NOISE, "../p/x.jpg.json": b"{1}", "y.json": NOISE, "z.json": b"{2}"})
    asked: list[str] = []

    def wanted(name: str) -> bool:
        asked.append(name)
        return name.endswith(".json")

    assert collect(path, wanted, limit_bytes=1000) == {"p/x.jpg.json": b"{1}", "z.json": b"{2}"}
    assert asked == ["x.jpg", "p/x.jpg.json", "y.json", "z.json"]


def test_gathering_stops_at_the_total(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "a", {f"{n}.json": b"x" * 100 for n in range(10)})
    assert sorted(collect(path, lambda name: True, total_bytes=350)) == ["0.json", "1.json", "2.json"]


def test_gathering_gives_what_damage_has_left(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tgz", {"1.json": b"{}", "x.jpg": NOISE, "2.json": b"{}"})
    path.write_bytes(path.read_bytes()[:100_000])
    assert collect(path, lambda name: name.endswith(".json")) == {"1.json": b"{}"}
    path = stored(tmp_path / "a.zip", {"1.json": b"{one}", "2.json": b"{}"})
    path.write_bytes(path.read_bytes().replace(b"{one}", b"{two}"))
    assert collect(path, lambda name: True) == {"2.json": b"{}"}
    path.write_bytes(path.read_bytes()[:60])
    assert collect(path, lambda name: True) == {}


# --- anything at all

SEEDS: list[bytes] = []


def seeds() -> list[bytes]:
    if not SEEDS:
        small = {"a/b.jpg": b"\xff\xd8\xff" + NOISE[:300], "c.json": b"{}" * 50, "é" * 70: b""}
        with tempfile.TemporaryDirectory() as folder:
            for pack in (zipped, stored, tarred, tgz):
                SEEDS.append(pack(Path(folder) / "x", small).read_bytes())
            path = zipped(Path(folder) / "y", small)
            widen(path)
            SEEDS.append(path.read_bytes())
    return SEEDS


def walk_whatever(body: bytes) -> None:
    """Reads everything: only our own kinds of errors may come out, and nothing that does not fit."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        path = Path(file.name)
        limits = Limits(members=100, free_bytes=1 << 20)
        is_archive(path)
        sizes = []
        with contextlib.suppress(BadInput):
            for member in members(path, limits):
                member.name.encode()
                assert ".." not in member.name.split("/")
                assert not member.name.startswith("/")
                assert -(2**63) <= member.modified_ns < 2**63
                assert 0 <= member.size < 2**63
                sizes.append((member.name, member.size))
        assert {(name, len(body)) for name, body in Walk(path, limits).found} <= set(sizes)
        collect(path, lambda name: True)


@settings(deadline=None)
@given(st.sampled_from([b"", b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08"]), st.binary(max_size=2000))
def test_arbitrary_bytes_never_surprise(head: bytes, body: bytes) -> None:
    walk_whatever(head + body)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_archives_never_surprise(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(seeds())))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert", "large"])):
            case "set":
                body[at] = data.draw(st.integers(0, 255))
            case "cut":
                del body[at : at + data.draw(st.integers(1, 50))]
            case "insert":
                body[at:at] = data.draw(st.binary(max_size=20))
            case "large":
                body[at : at + 4] = b"\xff" * 4
        if not body:
            break
    walk_whatever(bytes(body))


@settings(deadline=None)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80), st.binary(max_size=500))
)
def test_whatever_was_packed_comes_out(files: dict[str, bytes]) -> None:
    files = {name.replace("\0", "_").rstrip("/\\") + "x": body for name, body in files.items()}
    with tempfile.TemporaryDirectory() as folder:
        for pack in (zipped, tarred, tgz):
            path = pack(Path(folder) / "a", files)
            if files:
                bodies = [member.open().read() for member in members(path) if not member.problem]
                assert bodies == list(files.values())
