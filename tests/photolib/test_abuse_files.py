"""ABUSE_CASES.md 23 to 27: bombs, archives, entities, playlists and names, each through the decoders or the real intake.

What archives, decoders and readers do with each of these alone is in their own tests; tests/abuse_cases.py says where.
"""

import io
import itertools
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, TiffImagePlugin

from photolib import catalog
from photolib.decode.pool import Decoders
from photolib.errors import UnreadablePhoto
from photolib.importing import Intake, Wishes
from photolib.library import Library
from photolib.tally import Tally
from photolib.worker import work_until_idle
from tests.conftest import ImportFolder

from . import test_decode
from .test_decode import gif_of_many_frames, looping_tiff, png, run

PoolWith = Callable[..., Decoders]
decoders, pool_with, photo = test_decode.decoders, test_decode.pool_with, test_decode.photo


# ---------------------------------------------------------------- 23: bombs


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def boxes(data: bytes) -> dict[bytes, bytes]:
    """The boxes that lie one behind the other, by kind."""
    found, at = {}, 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found[kind] = data[at + 8 : at + size]
        at += size
    return found


def heic_grid(rows: int, columns: int, size: tuple[int, int], tile_id: int = 2, layers: int = 1) -> bytes:
    """A HEIC whose picture is put together of one tile of 64 x 64 pixels, again and again (ISO/IEC 23008-12, 6.6.2.3).

    tile_id 1: the grid consists of itself. layers: how many grids lie inside each other.
    """
    plain = io.BytesIO()
    pillow_heif.from_pillow(Image.effect_noise((64, 64), 60).convert("RGB")).save(plain, quality=20)
    top = boxes(plain.getvalue())
    meta = boxes(top[b"meta"][4:])
    known = boxes(boxes(meta[b"iprp"])[b"ipco"])
    tile = top[b"mdat"]
    grid = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *size)
    last = layers + 1  # the item that is the tile
    entries = [(number, b"grid") for number in range(1, last)] + [(last, b"hvc1")]
    iinf = b"".join(
        box(b"infe", struct.pack(">IHH4s", 0x02000000, number, 0, kind) + b"\0") for number, kind in entries
    )
    ipco = b"".join(box(kind, known[kind]) for kind in (b"hvcC", b"ispe", b"pixi")) + box(
        b"ispe", struct.pack(">III", 0, *size)
    )
    ipma = struct.pack(">II", 0, len(entries))
    refs = b""
    for number, kind in entries:
        ipma += (
            struct.pack(">HBBB", number, 2, 4, 3) if kind == b"grid" else struct.pack(">HBBBB", number, 3, 0x81, 2, 3)
        )
        if kind == b"grid":
            refs += box(
                b"dimg", struct.pack(">HH", number, rows * columns) + struct.pack(">H", tile_id - 1 + number) * (rows * columns)
            )  # fmt: skip

    def written(data_at: int) -> bytes:
        iloc = struct.pack(">IBBH", 0, 0x44, 0, len(entries))
        for number, kind in entries:
            at, length = (data_at, len(grid)) if kind == b"grid" else (data_at + len(grid), len(tile))
            iloc += struct.pack(">HHHII", number, 0, 1, at, length)
        inside = (
            box(b"hdlr", meta[b"hdlr"]) + box(b"pitm", struct.pack(">IH", 0, 1)) + box(b"iloc", iloc)
            + box(b"iinf", struct.pack(">IH", 0, len(entries)) + iinf) + box(b"iref", bytes(4) + refs)
            + box(b"iprp", box(b"ipco", ipco) + box(b"ipma", ipma))
        )  # fmt: skip
        return (
            box(b"ftyp", top[b"ftyp"])
            + box(b"meta", bytes(4) + inside)
            + struct.pack(">I4s", 8 + len(grid + tile), b"mdat")
        )

    return written(len(written(0))) + grid + tile


def tiff_of_strips(width: int, height: int) -> bytes:
    """A TIFF with a strip for each row of pixels."""
    made, tags = io.BytesIO(), TiffImagePlugin.ImageFileDirectory_v2()
    tags[278] = 1  # RowsPerStrip
    Image.new("L", (width, height), 99).save(made, "TIFF", tiffinfo=tags)
    return made.getvalue()


def strip(width: int, height: int, form: str) -> bytes:
    made = io.BytesIO()
    Image.new("L", (width, height), 99).save(made, form)
    return made.getvalue()


def ends(pool: Decoders, path: Path, photo: Path) -> str:
    """What came of a file: "shown", or the sentence it was refused with. A photo is shown afterwards in any case."""
    try:
        run(pool, path)
        said = "shown"
    except UnreadablePhoto as problem:
        said = str(problem)
    assert run(pool, photo)["width"] == 320
    return said


def test_23_a_heic_grid_is_shown(decoders: Decoders, tmp_path: Path) -> None:
    """Phones put their photos together of tiles: what the next test refuses is not refused for being a grid."""
    path = tmp_path / "grid.heic"
    path.write_bytes(heic_grid(3, 2, (128, 192)))
    made = run(decoders, path)
    assert (made["width"], made["height"]) == (128, 192)


GRIDS = {
    "900 tiles": heic_grid(30, 30, (1920, 1920)),
    "65,025 tiles, 266 megapixels": heic_grid(255, 255, (16320, 16320)),
    "more than is allowed": heic_grid(256, 255, (60_000, 60_000)),
    "more pixels than its tiles have": heic_grid(1, 1, (19_000, 19_000)),
    "a grid of itself": heic_grid(2, 2, (128, 128), tile_id=1),
    "grids in grids": heic_grid(16, 16, (1024, 1024), layers=6),
}


@pytest.mark.parametrize("bomb", GRIDS.values(), ids=GRIDS)
def test_23_a_heic_grid_costs_no_more_than_a_photo_may(
    pool_with: PoolWith, bomb: bytes, photo: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.heic"
    path.write_bytes(bomb)
    assert len(bomb) < 200_000
    pool = pool_with(cpu_seconds=5, memory_mb=1024)
    said = ends(pool, path, photo)
    assert said == "shown" or any(why in said for why in ("HEIC data", "pixels", "memory", "computing")), said
    assert all(child.resident_mb < 700 for child in pool._children)


STRIPS = {
    "png": strip(1, 1_000_000, "PNG"),
    "png lying down": strip(1_000_000, 1, "PNG"),
    "jpeg": strip(1, 65_500, "JPEG"),
    "webp": strip(16_383, 1, "WEBP"),
    "gif": strip(1, 65_535, "GIF"),
    "tiff of 100,000 strips": tiff_of_strips(1, 100_000),
    "tiff of 100,000 columns": tiff_of_strips(100_000, 1),
    "png beyond the limit": png(1, 400_000_001, 8, 0),
}


@pytest.mark.parametrize("name", STRIPS)
def test_23_a_strip_one_pixel_wide_has_pictures_that_can_be_looked_at(
    decoders: Decoders, name: str, photo: Path, tmp_path: Path
) -> None:
    path = tmp_path / "strip"
    path.write_bytes(STRIPS[name])
    said = ends(decoders, path, photo)
    assert said == "shown" or "pixels" in said
    for made in (tmp_path / f"made-{b'strip'.hex()}").glob("*"):
        with Image.open(made) as image:
            assert min(image.size) >= 1
            assert image.size[0] * image.size[1] < 20_000_000


def test_23_a_whole_folder_of_bombs_is_taken_in_and_a_photo_among_them_is_shown(
    library: Library, import_folder: ImportFolder, draw_photo: Callable[..., Path]
) -> None:
    folder = draw_photo("in/fine.jpg").parent
    for name, body in {
        "png.png": png(50_000, 50_000, 8, 2), "strip.png": png(1, 400_000_001, 8, 0), "grid.heic": GRIDS["more than is allowed"],
        "self.heic": GRIDS["a grid of itself"], "frames.gif": gif_of_many_frames(100_000), "loop.tif": looping_tiff(),
    }.items():  # fmt: skip
        (folder / name).write_bytes(body)
    import_folder(folder)
    photos = [catalog.photo(library.db, row[0]) for row in library.db.conn.execute("select id from photos")]
    assert {each.filename for each in photos} == set(os.listdir(folder))
    for each in photos:
        assert each.status == ("failed" if each.filename in ("png.png", "strip.png", "grid.heic") else "ready")
        assert (each.reason is not None) is (each.status == "failed")


# ---------------------------------------------------------------- 24: archives


NAMES = (
    "../../../outside.jpg", "/tmp/outside.jpg", "..\\..\\outside.jpg", "C:\\outside.jpg", "\\\\host\\outside.jpg", "a/../../outside.jpg",
    "./././same.jpg", "same.jpg", "same.jpg", "-rf.jpg", "new\nline.jpg", "nul\0.jpg", "a" * 5000 + ".jpg", "...", "outside.jpg/",
)  # fmt: skip


def jpeg(number: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (32, 24), (number, 90, 160)).save(made, "JPEG")
    return made.getvalue() + bytes(number)  # other bytes each time


def hostile_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(NAMES):
            with pytest.warns(UserWarning, match="Duplicate") if name in archive.namelist() else io.BytesIO():
                archive.writestr(name, jpeg(number))
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "../../../outside.jpg")
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as nested:
            nested.writestr("nested.jpg", jpeg(200))
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("ratio.jpg", bytes(300_000_000))
        archive.writestr("liar.jpg", jpeg(201))
    whole = bytearray(path.read_bytes())
    at = whole.rindex(b"liar.jpg") - 46  # its entry in the table of contents
    assert whole[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<II", whole, at + 20, 10, 10)
    path.write_bytes(whole)


def hostile_tar(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for number, name in enumerate(NAMES):
            member = tarfile.TarInfo(name.replace("\0", ""))
            member.size = len(jpeg(number + 100))
            archive.addfile(member, io.BytesIO(jpeg(number + 100)))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("link.jpg")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere(
    library: Library, tmp_path: Path, kind: str
) -> None:
    archive = tmp_path / f"evil.{kind}"
    (hostile_zip if kind == "zip" else hostile_tar)(archive)
    before = {path for path in tmp_path.rglob("*") if library.data not in path.parents}
    owner, tally = catalog.user_named(library.db, catalog.OWNER_TO_BE).id, Tally()
    with Intake(library, Wishes(owner), tally) as intake:
        intake.take_archives([archive])
        intake.close()
    work_until_idle(library)
    assert {path for path in tmp_path.rglob("*") if library.data not in path.parents} == before
    assert not Path("/tmp/outside.jpg").exists()
    for path in library.data.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.stat().st_size < 50_000_000  # nothing was unpacked whole
    names = [row[0] for row in library.db.conn.execute("select filename from photos")]
    assert names.count("same.jpg") == 3  # namesakes are files of their own
    assert "nested.jpg" not in names
    assert not any("/" in name or "\0" in name or "\n" in name for name in names)
    assert (tally.new, tally.found) == (13, 18)  # the nineteenth name is that of a folder
    assert tally.failed == len([name for name, _ in tally.failures]) == (2 if kind == "zip" else 0)


# ---------------------------------------------------------------- 25: entities


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>"
for inner, outer in itertools.pairwise("abcdefghi"):
    LAUGHS += f"<!ENTITY {outer} '{f'&{inner};' * 10}'>"
LAUGHS += "<!ENTITY file SYSTEM 'file:///etc/passwd'><!ENTITY self '&self;'>]>"
XMP = (
    f'<?xml version="1.0"?>{LAUGHS}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description><dc:title><rdf:Alt><rdf:li xml:lang="x-default">&i;&file;</rdf:li>'
    "</rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
).encode()
SVG = f'<?xml version="1.0"?>{LAUGHS}<svg xmlns="http://www.w3.org/2000/svg"><text>&i;&file;</text></svg>'.encode()
GPX = (
    f'<?xml version="1.0"?>{LAUGHS}<gpx xmlns="http://www.topografix.com/GPX/1/1"><name>&i;&file;</name></gpx>'.encode()
)


def test_25_entities_in_xmp_svg_and_gpx_are_never_unfolded(
    library: Library, import_folder: ImportFolder, draw_photo: Callable[..., Path]
) -> None:
    """Beside a photo, inside of one, and as what calls itself one."""
    beside, inside = draw_photo("in/beside.jpg"), draw_photo("in/inside.jpg")
    (beside.parent / "beside.jpg.xmp").write_bytes(XMP)
    segment = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    whole = inside.read_bytes()
    inside.write_bytes(whole[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + whole[2:])
    for name, body in {"drawn.svg": SVG, "drawn.jpg": SVG, "way.gpx": GPX, "way.xmp": GPX, "way.jpg": GPX}.items():
        (beside.parent / name).write_bytes(body)
    tally = import_folder(beside.parent)
    assert (tally.new, tally.ignored + tally.failed) == (2, 6)
    for row in library.db.conn.execute("select photo_id, title, description, exif, notes from details"):
        said = " ".join(map(str, row))
        assert "haha" not in said
        assert "root:" not in said
    assert library.db.conn.execute("select count(*) from details where title is not null").fetchone() == (0,)


# ---------------------------------------------------------------- 26: what videos refer to


@pytest.mark.parametrize(
    "start", [b"", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI ", b"G"]
)
def test_26_a_list_of_other_files_is_no_video(
    library: Library, import_folder: ImportFolder, tmp_path: Path, start: bytes
) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"of nobody's business")
    folder = tmp_path / "in"
    folder.mkdir()
    texts = {
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n", "protocol": f"concat:{secret}|{secret}",
        "subfile": f"subfile,,start,0,end,0,,:{secret}", "playlist": f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "data": "#EXTM3U\n#EXTINF:1,\ndata:video/mp4;base64,AAAA\n", "crypto": f"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI={secret}\nx.ts",
        "sdp": "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n", "wpl": f"<?wpl version='1.0'?><smil><media src='{secret}'/></smil>",
    }  # fmt: skip
    for number, (name, text) in enumerate(texts.items()):
        for ending in ("mp4", "mov", "m3u8", "avi"):
            (folder / f"{name}.{ending}").write_bytes(start + text.encode() + bytes(number))
    import_folder(folder)
    for (photo_id,) in library.db.conn.execute("select id from photos"):
        found = catalog.photo(library.db, photo_id)
        assert (found.status, found.reason is not None) == ("failed", True)
    assert not list(library.variants.rglob("*.webp"))


# ---------------------------------------------------------------- 27: names that programs could take for something else


ODD = (
    "-rf.jpg", "--help.jpg", "-i.jpg", "-", "--", "new\nline.jpg", "a\r\nb.jpg", "$(id).jpg", "`id`.jpg", ";id.jpg", "|id.jpg", "*.jpg",
    "~.jpg", "tab\t.jpg", "%s%n.jpg", "pipe:0.jpg", "file:x.jpg", "concat:a|b.jpg", "@list.jpg", "a.jpg[1]", "x.jpg:stream", "\x1b[2J.jpg",
)  # fmt: skip


def test_27_a_name_that_looks_like_an_option_a_line_or_a_protocol_is_a_name(
    library: Library, import_folder: ImportFolder, draw_photo: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "in" / "-o"
    for name in ODD:
        draw_photo(folder / "drawn.jpg").rename(folder / name)
    tally = import_folder(tmp_path / "in")
    assert (tally.new, tally.failed) == (len(ODD), 0)
    photos = [catalog.photo(library.db, row[0]) for row in library.db.conn.execute("select id from photos")]
    assert {each.status for each in photos} == {"ready"}
    assert {each.filename for each in photos} >= {"-rf.jpg", "$(id).jpg", "@list.jpg"}
