"""What a file is, by its bytes."""

import csv
import io
import os
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from photolib import formats
from tests.conftest import SHARED

FIRST = {"jpg": "jpeg", "jpeg": "jpeg", "tif": "tiff", "heif": "heic", "hif": "heic"}


@pytest.fixture(scope="module")
def photos() -> Path:
    if not (SHARED / "photos").is_dir():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{SHARED} is missing")
    return SHARED / "photos"


def head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(formats.HEAD)


def name_of(head: bytes, **more: object) -> str | None:
    found = formats.sniff(head, **more)  # type: ignore[arg-type]
    return found.name if found else None


def drawn(kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(data, kind, **options)
    return data.getvalue()


def tiff(
    order: str, tags: dict[int, tuple[int, bytes]], below: list[dict[int, tuple[int, bytes]]], start: int = 8
) -> bytes:
    """A TIFF whose IFD0 lies at `start` and whose sub-directories follow it; values are given as (field type, bytes)."""
    pack = lambda layout, *values: struct.pack(("<" if order == "II" else ">") + layout, *values)  # noqa: E731
    width = {1: 1, 2: 1, 3: 2, 4: 4}
    directories = [dict(tags), *map(dict, below)]
    sizes = [2 + 12 * (len(each) + (bool(below) and each is directories[0])) + 4 for each in directories]
    offsets = [start + sum(sizes[:n]) for n in range(len(sizes))]
    end = start + sum(sizes)
    if below:
        directories[0][330] = (4, b"".join(pack("I", each) for each in offsets[1:]))
    body, extra = b"", b""
    for each in directories:
        body += pack("H", len(each))
        for tag, (kind, value) in sorted(each.items()):
            stored = value.ljust(4, b"\0")
            if len(value) > 4:
                stored = pack("I", end + len(extra))
                extra += value
            body += pack("HHI", tag, kind, len(value) // width[kind]) + stored
        body += pack("I", 0)
    magic = b"II*\0" if order == "II" else b"MM\0*"
    return (magic + pack("I", start)).ljust(start, b"\0") + body + extra


def short(order: str, value: int) -> tuple[int, bytes]:
    return 3, struct.pack("<H" if order == "II" else ">H", value)


def make(name: bytes) -> dict[int, tuple[int, bytes]]:
    return {271: (2, name + b"\0")}


def test_every_shared_photo_is_recognised_and_nothing_else_is(photos: Path) -> None:
    with (photos / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] not in ("bad", "odd_names")]
    wrong = []
    for row in rows:
        path = photos / row["path"]
        head = head_of(path)
        with path.open("rb") as file:
            found = name_of(head, read_at=formats.reach(file))
        ending = path.suffix.lower().removeprefix(".")
        expected = FIRST.get(ending, ending) if row["opens"] == "ok" else None
        if head[8:12] == b"qt  ":
            expected = "mov"  # some were named .mp4
        if found != expected:
            wrong.append((row["path"], found, expected))
    assert len(rows) > 500
    assert wrong == []


def test_names_do_not_matter(photos: Path, tmp_path: Path) -> None:
    heic = photos / "heic" / "outdoor.heic"
    disguised = tmp_path / "really_heic.jpg"
    disguised.write_bytes(heic.read_bytes())
    assert name_of(head_of(disguised)) == "heic"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"\0\0\0\x18ftypavis\0\0\0\0avismsf1", "avif"),
        (b"\0\0\0\x1cftypheix\0\0\0\0mif1heixavif", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicavif\0\0\0\x08metainfe....hvc1", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicavif\0\0\0\x08metainfe....av01", "avif"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0hevcmsf1", "heic"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "cr3"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
        (b"\0\0\0\x08wide\0\0\x10\0mdat", "mov"),
        (b"\0\0\x20\0moov\0\0\0\x6cmvhd", "mov"),
        (b"\0\0\0\x1cftyp3gp4\0\0\0\0isom3gp4", "3gp"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "mp4"),
        (b"\0\0\0\x18ftypM4V \0\0\0\x01M4V mp42", "mp4"),
        (b"\0\0\0\x18ftypXYZ \0\0\0\x01XYZ iso6", "mp4"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0M4A mp42isom", None),
        (b"\0\0\0\x18ftypjp2 \0\0\0\0jp2 ", None),
        (b"free the text from its frame", None),
        (b"The free and the moov", None),
        (b"\xff\x0a\xff\x07\x08\x83\x04\x0c", "jxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "jxl"),
        (b"FUJIFILMCCD-RAW 0201", "raf"),
        (b"IIRO\x08\0\0\0", "orf"),
        (b"IIRS\x08\0\0\0", "orf"),
        (b"MMOR\0\0\0\x08", "orf"),
        (b"IIU\0\x18\0\0\0", "rw2"),
        (b"II*\0\x10\0\0\0CR\x02\0", "cr2"),
        (b"RIFF\x10\0\0\0AVI LIST", "avi"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87", "webm"),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", "mkv"),
        ((b"G" + bytes(187)) * 6, "mts"),
        ((bytes(4) + b"G" + bytes(187)) * 6, "mts"),
        (b"G" * 100, None),
        (b"\0\0\x01\xba!", "mpg"),
        (b"BM is how this text begins, and it goes on", None),
        (b"", None),
        (bytes(65536), None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"%PDF-1.7", None),
    ],
)
def test_signatures(head: bytes, expected: str | None) -> None:
    assert name_of(head) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("JPEG", "jpeg"),
        ("PNG", "png"),
        ("WEBP", "webp"),
        ("GIF", "gif"),
        ("TIFF", "tiff"),
        ("BMP", "bmp"),
        ("AVIF", "avif"),
    ],
)
def test_the_first_hundred_bytes_are_enough_to_name_what_a_file_was(kind: str, expected: str) -> None:
    assert name_of(drawn(kind)[:100]) == expected


@pytest.mark.parametrize("order", ["II", "MM"])
def test_a_raw_file_built_on_tiff_is_told_from_a_picture_by_its_structure(order: str) -> None:
    preview = {254: (4, struct.pack("<I" if order == "II" else ">I", 1))}
    sensor = {262: short(order, 32803)}
    assert name_of(tiff(order, {50706: (1, b"\1\4\0\0"), **make(b"Pixel")}, [])) == "dng"
    assert name_of(tiff(order, {**preview, **make(b"NIKON CORPORATION")}, [preview, sensor])) == "nef"
    assert name_of(tiff(order, {**preview, **make(b"SONY")}, [{259: short(order, 32767)}])) == "arw"
    assert name_of(tiff(order, {259: short(order, 65535), **make(b"PENTAX K10D")}, [])) == "pef"
    assert name_of(tiff(order, {**preview, **make(b"SAMSUNG")}, [{259: short(order, 32770)}])) == "srw"
    assert name_of(tiff(order, {**preview, **make(b"Hasselblad")}, [sensor])) == "raw"


@pytest.mark.parametrize("order", ["II", "MM"])
def test_a_picture_a_raw_camera_owner_exported_stays_a_tiff(order: str) -> None:
    colours = {262: short(order, 2), 259: short(order, 5)}
    assert name_of(tiff(order, {**colours, **make(b"NIKON CORPORATION")}, [])) == "tiff"
    assert name_of(tiff(order, {**colours, **make(b"SONY")}, [colours, colours])) == "tiff"  # a pyramid of sizes


def test_tags_behind_the_head_are_reached_for() -> None:
    whole = tiff("II", {50706: (1, b"\1\4\0\0")}, [], start=formats.HEAD + 5000)
    head = whole[: formats.HEAD]
    assert name_of(head) == "tiff"
    assert name_of(head, read_at=lambda offset, length: whole[offset : offset + length]) == "dng"


def test_reaching_into_a_file_leaves_its_position_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        read_at = formats.reach(file)
        assert read_at is not None
        file.read(3)
        assert read_at(5, 2) == b"56"
        assert file.read(1) == b"3"
    assert formats.reach(io.BytesIO()) is None


@given(
    st.one_of(
        st.binary(max_size=300),
        st.tuples(
            st.sampled_from(
                [
                    b"II*\0",
                    b"MM\0*",
                    b"II+\0\x08\0\0\0",
                    b"RIFF",
                    b"\x1a\x45\xdf\xa3",
                    b"\0\0\0\x20ftyp",
                    b"\xff\x0a",
                    b"BM",
                ]
            ),
            st.binary(max_size=300),
        ).map(b"".join),
    )
)
@example(b"II*\0\x08\0\0\0\xff\xff")
@example(b"II*\0\x00\0\0\0")
@example(b"\0\0\0\x01ftyp")
@example(b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x01jxlc")
@example(b"\xff\xfe\x00")
def test_no_bytes_whatever_raise_anything(head: bytes) -> None:
    formats.sniff(head)
    formats.sniff(head, lambda offset, length: b"")
    formats.sniff(head, lambda offset, length: head[:length])
    formats.jxl_size(head)
    assert formats.describe(head)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "an empty file"),
        (b"\xff", "a file of only 1 byte"),
        (bytes(100), "a file of zeros"),
        (b"<svg xmlns='x'><script>alert(1)</script></svg>", "an SVG drawing"),
        (b"<?xml version='1.0'?>\n<svg width='9'>", "an SVG drawing"),
        (b"\xef\xbb\xbf<!DOCTYPE html><title>404", "a web page"),
        (b"  <html><script>alert(1)</script></html>", "a web page"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"%PDF-1.4", "a PDF document"),
        (b'{"title": "x.jpg"}', "a JSON document"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>", "XMP metadata"),
        ("<?xpacket begin=''?><x:xmpmeta>".encode("utf-16"), "XMP metadata"),
        ("Grüße aus Köln\n".encode(), "a text file"),
        ("Grüße aus Köln, der Stadt am Rhein\n".encode("latin-1"), "a text file"),
        (b"\x00\x01\x02\x03\x04", "an unknown kind of file"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "a sound file"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0M4A ", "a sound file"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"\xff\xe1\x12\x34Exif\0\0", "a JPEG without its beginning"),
    ],
)
def test_what_is_no_photo_is_described(head: bytes, words: str) -> None:
    assert formats.describe(head) == words


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (256, 256), (1920, 1080), (123, 457), (4000, 300)])
def test_a_jpeg_xl_header_tells_its_size(size: tuple[int, int]) -> None:
    pytest.importorskip("pillow_jxl")
    data = io.BytesIO()
    Image.new("RGB", size).save(data, "JXL", effort=1)
    assert formats.jxl_size(data.getvalue()) == size
    assert formats.jxl_size(data.getvalue()[:10]) is None


def test_the_endings_of_photos_are_known_as_bytes() -> None:
    assert {os.path.splitext(name)[1] for name in (b"a.jpg", b"b.HEIC".lower(), b"c.mov", b"d.cr2")} <= formats.ENDINGS
    assert os.path.splitext(b"notes.txt")[1] not in formats.ENDINGS
