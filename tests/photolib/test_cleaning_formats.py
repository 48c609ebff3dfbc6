"""Cleaned copies of drawn files: every format with everything in it that should go, damage of all sorts, and ranges."""

import io
import json
import random
import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401 - Pillow learns JPEG XL
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from photolib import formats
from photolib.cleaning import jpegs, profiles
from photolib.cleaning.pieces import Blank, CannotClean, Clean, Keep, Source, Stretch, joined, patched
from photolib.cleaning.plans import FORMATS, MORE, plan
from photolib.metadata import embedded
from tests.programs import program

EVERYTHING = Keep(location=True, camera=True)


def noise(size: tuple[int, int] = (48, 32), mode: str = "RGB") -> Image.Image:
    draw = np.random.default_rng(7)
    return Image.fromarray(draw.integers(0, 255, (size[1], size[0], 3), np.uint8), "RGB").convert(mode)


def drawn(form: str, **options: Any) -> bytes:
    body = io.BytesIO()
    noise(mode=options.pop("mode", "RGB")).save(body, form, **options)
    return body.getvalue()


def animated(form: str) -> bytes:
    body = io.BytesIO()
    more = [noise().rotate(90 * turn) for turn in (1, 2)]
    noise().save(body, form, save_all=True, append_images=more, duration=100, loop=0)
    return body.getvalue()


def heic() -> bytes:
    body = io.BytesIO()
    pillow_heif.register_heif_opener()
    noise((128, 96)).save(body, "HEIF", quality=90)
    return body.getvalue()


def film(
    form: str, options: dict[str, str] | None = None, tags: dict[str, str] | None = None, has_sound: bool = True
) -> bytes:
    """Half a second of noise with a tone."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "film"
    codec = {"avi": "mjpeg", "webm": "vp9"}.get(form, "libx264")
    with av.open(str(path), "w", format=form, options=options or {}) as out:
        out.metadata.update(tags or {"creation_time": "2023-06-01T10:00:00Z", "title": "SECRET", "comment": "SECRET"})
        pictures = out.add_stream(codec, rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        sound = None
        if has_sound:
            sound = out.add_stream({"avi": "pcm_s16le", "webm": "libopus"}.get(form, "aac"), rate=48000)
            sound.layout = "mono"
        for number in range(5):
            shade = np.full((48, 64, 3), number * 40, np.uint8)
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        out.mux(pictures.encode())
        if sound:
            kind = "s16" if form in ("avi", "webm") else "fltp"
            for number in range(10):
                tone = np.zeros((1, 960 if form == "webm" else 1024), np.int16 if kind == "s16" else np.float32)
                frame = av.AudioFrame.from_ndarray(tone, format=kind, layout="mono")
                frame.sample_rate, frame.pts = 48000, number * tone.shape[1]
                out.mux(sound.encode(frame))
            out.mux(sound.encode())
    with folder:
        return path.read_bytes()


MAKERS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: drawn("JPEG", quality=90),
    "jpeg progressive": lambda: drawn("JPEG", progressive=True),
    "jpeg restarts": lambda: drawn("JPEG", restart_marker_blocks=1),
    "jpeg cmyk": lambda: drawn("JPEG", mode="CMYK"),
    "jpeg grey": lambda: drawn("JPEG", mode="L", comment=b"SECRET"),
    "png": lambda: drawn("PNG"),
    "png palette": lambda: drawn("PNG", mode="P"),
    "png animated": lambda: animated("PNG"),
    "webp": lambda: drawn("WEBP", exif=Image.Exif().tobytes()),
    "webp lossless": lambda: drawn("WEBP", lossless=True),
    "webp animated": lambda: animated("WEBP"),
    "gif": lambda: drawn("GIF", comment=b"SECRET"),
    "gif animated": lambda: animated("GIF"),
    "bmp": lambda: drawn("BMP"),
    "bmp palette": lambda: drawn("BMP", mode="P"),
    "tiff": lambda: drawn("TIFF"),
    "tiff deflate": lambda: drawn("TIFF", compression="tiff_adobe_deflate"),
    "jxl": lambda: drawn("JXL"),
    "avif": lambda: drawn("AVIF"),
    "avif animated": lambda: animated("AVIF"),
    "heic": heic,
    "mp4": lambda: film("mp4"),
    "mp4 in fragments": lambda: film("mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "mp4 index first": lambda: film("mp4", {"movflags": "faststart"}),
    "mov": lambda: film("mov"),
    "3gp": lambda: film("3gp"),
    "mkv": lambda: film("matroska"),
    "webm": lambda: film("webm"),
    "avi": lambda: film("avi"),
}
_made: dict[str, bytes] = {}


def sample(name: str) -> bytes:
    if name not in _made:
        _made[name] = MAKERS[name]()
    return _made[name]


def planned(body: bytes, keep: Keep = EVERYTHING, kind: str = "") -> Clean:
    found = formats.sniff(body[: formats.HEAD])
    assert found is not None or kind
    return plan(io.BytesIO(body), kind or (found.name if found else ""), keep)


def cleaned(body: bytes, keep: Keep = EVERYTHING) -> bytes:
    clean = planned(body, keep)
    copy = clean.open(io.BytesIO(body)).read()
    assert len(copy) == clean.size
    return copy


def shown(body: bytes) -> list[Any]:
    """All pixels of all frames, how long each is shown, or the coded packets of a film."""
    kind = formats.sniff(body[: formats.HEAD])
    assert kind is not None
    if kind.kind == "video":
        with av.open(io.BytesIO(body)) as container:
            played = [each for each in container.streams if each.type in ("video", "audio")]
            return [(each.stream.type, each.pts, bytes(each)) for each in container.demux(played) if each.size]
    with Image.open(io.BytesIO(body)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(
                (image.size, image.convert("RGBA").tobytes(), image.info.get("duration"), image.info.get("loop"))
            )
        return frames


@pytest.mark.parametrize("name", MAKERS)
def test_a_copy_shows_the_same_and_holds_no_words(name: str) -> None:
    body = sample(name)
    copy = cleaned(body, Keep())
    assert shown(copy) == shown(body)
    assert b"SECRET" not in copy
    assert len(copy) <= len(body) + MORE
    assert cleaned(copy, Keep()) == copy  # nothing is left to do


def test_every_format_that_is_cleaned_is_drawn_here() -> None:
    assert {str(getattr(formats.sniff(sample(name)[: formats.HEAD]), "name", "")) for name in MAKERS} == FORMATS


PRIVATE = {
    "-GPSLatitude=48.8584": "", "-GPSLatitudeRef=N": "", "-GPSLongitude=2.2945": "", "-GPSLongitudeRef=E": "",
    "-GPSAltitude=35": "", "-Make=Canon": "", "-Model=Canon EOS R6": "", "-FNumber=4": "", "-ISO=200": "",
    "-ExposureTime=1/250": "", "-LensModel=RF 50mm": "", "-DateTimeOriginal=2023:06:01 12:00:00": "",
    "-OffsetTimeOriginal=+02:00": "", "-SubSecTimeOriginal=12": "", "-Orientation#=6": "", "-EXIF:SerialNumber=SECRET1": "",
    "-LensSerialNumber=SECRET2": "", "-OwnerName=SECRET3": "", "-Artist=SECRET4": "", "-Copyright=SECRET5": "",
    "-ImageDescription=SECRET6": "", "-UserComment=SECRET7": "", "-XMP:Title=SECRET8": "", "-XMP:Creator=SECRET9": "",
    "-XMP:GPSLatitude=48.8584": "", "-Software=SECRET10": "", "-ImageUniqueID=SECRET11": "", "-XMP:PersonInImage=SECRET12": "",
}  # fmt: skip
WRITTEN = ["jpeg", "jpeg progressive", "png", "webp", "gif", "tiff", "jxl", "avif", "heic", "mp4", "mov"]


IN_JPEG = ["-Comment=SECRET13", "-IPTC:Caption-Abstract=SECRET14", "-IPTC:City=SECRET15"]
IN_FILMS = [
    *("-Keys:GPSCoordinates=48.8584, 2.2945, 35", "-UserData:GPSCoordinates=48.8584, 2.2945, 35", "-Keys:Make=Canon"),
    *("-Keys:Model=Canon EOS R6", "-Keys:Author=SECRET16", "-ItemList:Title=SECRET17", "-UserData:Artist=SECRET18"),
    "-Keys:CreationDate=2023:06:01 12:00:00+02:00",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that another program wrote all sorts of things into, their cleaned copies, and what it reads in those."""
    folder = tmp_path_factory.mktemp("written")
    groups: dict[str, list[Path]] = {"jpeg": [], "film": [], "other": []}
    for name in WRITTEN:
        kind = formats.sniff(sample(name)[: formats.HEAD])
        assert kind is not None
        path = folder / f"{name}.{kind.extension}"
        path.write_bytes(sample(name))
        groups["film" if kind.kind == "video" else "jpeg" if kind.name == "jpeg" else "other"].append(path)
    for group, more in (("jpeg", IN_JPEG), ("film", IN_FILMS), ("other", [])):
        command = [program("exiftool"), "-q", "-m", "-overwrite_original", *PRIVATE, *more, *groups[group]]
        subprocess.run(command, check=True, capture_output=True)
    copies = folder / "copies"
    copies.mkdir()
    for path in [each for group in groups.values() for each in group]:
        for keep in (Keep(), EVERYTHING):
            (copies / f"{path.stem} {keep.location}{path.suffix}").write_bytes(cleaned(path.read_bytes(), keep))
    done = subprocess.run([program("exiftool"), "-a", "-G1", "-j", "-ee", copies], capture_output=True, check=True)
    (folder / "read.json").write_bytes(done.stdout)
    return folder


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("is_allowed", [False, True])
def test_what_another_program_wrote_goes_or_stays_as_the_owner_says(name: str, is_allowed: bool, written: Path) -> None:
    [original] = written.glob(f"{name}.*")
    copy = written / "copies" / f"{name} {is_allowed}{original.suffix}"
    assert b"SECRET" in original.read_bytes()
    assert b"SECRET" not in copy.read_bytes()
    read = json.loads((written / "read.json").read_bytes())
    [tags] = [each for each in read if Path(each["SourceFile"]).name == copy.name]
    assert not [tag for tag in tags if tag.startswith(("XMP", "IPTC", "Photoshop"))]
    kind = formats.sniff(copy.read_bytes()[: formats.HEAD])
    assert kind is not None
    facts = embedded.read(copy, kind.name)
    has_room = kind.name != "gif"
    if is_allowed and has_room:
        here = pytest.approx(48.8584, abs=1e-4), pytest.approx(2.2945, abs=1e-4)
        assert (facts["latitude"], facts["longitude"]) == here
        assert facts["model"] in ("EOS R6", "Canon EOS R6")
    else:
        assert (facts["latitude"], facts["make"], facts["model"]) == (None, None, None)
        assert not [tag for tag in tags if "GPS" in tag]
    if has_room:
        assert facts["dates"][0]["local"].startswith("2023-06-01T12:00:00")


# --- JPEG


def segment(kind: int, body: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(body) + 2) + body


def test_what_lies_behind_the_picture_is_not_served() -> None:
    body = sample("jpeg progressive")
    for behind in (sample("mp4"), sample("jpeg"), b"\0" * 100 + b"SECRET SEFT", b"\xff\xd9SECRET\xff\xd9"):
        assert cleaned(body + behind) == cleaned(body)


def test_segments_between_scans_and_thumbnails_in_jfif_go() -> None:
    body = sample("jpeg progressive")
    scans = [at for at in range(2, len(body) - 1) if body[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 3
    noisy = (
        body[: scans[2]]
        + segment(0xE1, b"Exif\0\0SECRET")
        + b"\xff\xff"
        + segment(0xFE, b"SECRET\xff\xd9")
        + body[scans[2] :]
    )
    thumbnail = b"JFIF\0\1\1\0\0\1\0\1\2\2" + b"SECRETSECRET"
    noisy = noisy[:2] + segment(0xE0, thumbnail) + segment(0xE0, b"JFXX\0\x10SECRET") + noisy[20:]
    copy = cleaned(noisy)
    assert b"SECRET" not in copy
    assert shown(copy) == shown(body)


@pytest.mark.parametrize("cut", [2, 100, -2, -1])
def test_a_picture_that_ends_too_early_is_not_cleaned(cut: int) -> None:
    with pytest.raises(CannotClean):
        planned(sample("jpeg")[:cut], kind="jpeg")


def slow_next_marker(body: bytes, place: int) -> int | None:
    while place + 1 < len(body):
        if body[place] == 0xFF and body[place + 1] not in (0, 0xFF, *range(0xD0, 0xD8)):
            return place
        place += 1
    return None


@given(
    body=st.lists(st.sampled_from([b"\xff", b"\0", b"\xd0", b"\xd7", b"\xd9", b"\xda", b"a", b"\x01"]), max_size=60),
    start=st.integers(0, 60),
)
def test_the_end_of_the_pixels_is_found_as_by_reading_byte_for_byte(body: list[bytes], start: int) -> None:
    whole = b"".join(body)
    expected = slow_next_marker(whole, start)
    window, jpegs.WINDOW = jpegs.WINDOW, 7
    try:
        if expected is None:
            with pytest.raises(CannotClean):
                jpegs.next_marker(Source(io.BytesIO(whole)), start)
        else:
            assert jpegs.next_marker(Source(io.BytesIO(whole)), start) == expected
    finally:
        jpegs.WINDOW = window


def test_what_a_jpeg_xl_keeps_of_the_jpeg_it_was_made_of_goes() -> None:
    """Its boxes for that, and for metadata squeezed with Brotli, hold everything the JPEG held."""
    body = bytearray(sample("jxl"))
    if body[:2] == b"\xff\x0a":
        stream = struct.pack(">I4s", 8 + len(body), b"jxlc") + body
        body = bytearray(b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl " + stream)
    extra = b"".join(struct.pack(">I4s", 16, kind) + b" SECRET " for kind in (b"jbrd", b"brob", b"xml ", b"jumb"))
    copy = cleaned(bytes(body[:32] + extra + body[32:] + extra))
    assert b"SECRET" not in copy
    assert shown(copy) == shown(sample("jxl"))


# --- films


def test_tracks_that_are_neither_picture_nor_sound_are_gone_with_their_bytes() -> None:
    body = sample("mp4 index first")
    other = body.replace(b"\0\0\0\0soun\0", b"\0\0\0\0meta\0")  # what was sound says it is timed metadata
    sounds = [packet for kind, _, packet in shown(body) if kind == "audio" and len(packet) > 12]
    assert sounds
    copy = cleaned(other)
    assert len(copy) == len(other)
    assert [kind for kind, *_ in shown(copy)] == ["video"] * 5
    assert not [packet for packet in sounds if packet in copy]
    assert all(packet in copy for kind, _, packet in shown(body) if kind == "video")


@pytest.mark.parametrize("name", ["mp4", "mp4 index first", "mp4 in fragments", "mov"])
def test_bytes_between_the_samples_of_a_film_become_zeros(name: str) -> None:
    """Dashboard cameras keep a position for each second in free space and among the samples, named in no table."""
    body = sample(name)
    hidden = struct.pack(">I4s", 8 + 40, b"mdat") + b"freeGPS SECRET".ljust(40, b"N")
    free = struct.pack(">I4s", 8 + 20, b"free") + b"freeGPS SECRET".ljust(20)
    copy = cleaned(body + hidden + free)
    assert b"SECRET" not in copy
    assert shown(copy) == shown(body)


def test_what_lies_among_the_pictures_of_an_avi_goes() -> None:
    body = sample("avi")
    at = body.index(b"movi") + 4
    hidden = b"02tx" + struct.pack("<I", 14) + b"freeGPS SECRET" + b"JUNK" + struct.pack("<I", 6) + b"SECRET"
    moved = bytearray(body[:at] + hidden + body[at:])
    for place in (4, body.index(b"movi") - 4):  # the sizes of what it lies in
        struct.pack_into("<I", moved, place, struct.unpack_from("<I", moved, place)[0] + len(hidden))
    assert b"SECRET" not in cleaned(bytes(moved))


def test_what_a_camera_calls_its_codec_goes() -> None:
    body = sample("mp4 index first")
    at = body.index(b"avc1", 40)
    named = body[: at + 46] + b"\x0eSECRET encoder".ljust(32, b"\0") + body[at + 78 :]
    assert b"SECRET" not in cleaned(named)
    assert shown(cleaned(named)) == shown(body)


def test_a_film_whose_camera_writes_between_its_pictures_is_not_cleaned() -> None:
    body = bytearray(sample("mp4 index first"))
    at = body.index(b"mdat") + 4
    body[at + 8 : at + 12] = b"MDPM"
    with pytest.raises(CannotClean):
        planned(bytes(body))


def test_subtitles_in_matroska_are_not_cleaned_away_so_the_film_is_not_served() -> None:
    body = sample("mkv")
    at = body.index(b"\x83\x81\x02")  # the type of a track: sound
    with pytest.raises(CannotClean):
        planned(body[: at + 2] + b"\x11" + body[at + 3 :])


# --- HEIC


def test_thumbnails_and_other_pictures_in_heic_are_written_over() -> None:
    pillow_heif.register_heif_opener()
    pictures = pillow_heif.HeifFile()
    for seed in (1, 2):
        pictures.add_frombytes(
            "RGB", (64, 64), np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8).tobytes()
        )
    body = io.BytesIO()
    pictures.save(body, quality=90, save_all=True)
    copy = pillow_heif.open_heif(io.BytesIO(cleaned(body.getvalue())))
    assert len(pillow_heif.open_heif(body.getvalue())) == 2
    assert len(copy) == 1
    assert bytes(copy[0].data) == bytes(pillow_heif.open_heif(body.getvalue())[0].data)


# --- colour profiles


def test_a_screens_serial_number_in_its_profile_goes_and_the_colours_stay() -> None:
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profiles.clean(plain) == plain
    count = struct.unpack_from(">I", plain, 128)[0]
    table = b"".join(
        plain[at : at + 4] + struct.pack(">II", struct.unpack_from(">I", plain, at + 4)[0] + 12, struct.unpack_from(">I", plain, at + 8)[0])
        for at in range(132, 132 + 12 * count, 12)
    )  # fmt: skip
    body = plain[132 + 12 * count :]
    own = b"mmod" + struct.pack(">II", len(plain) + 12, 12)
    whole = plain[:128] + struct.pack(">I", count + 1) + table + own + body + b"mmodSECRET12"
    whole = struct.pack(">I", len(whole)) + whole[4:]
    for form in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        copy = cleaned(drawn(form, icc_profile=whole))
        with Image.open(io.BytesIO(copy)) as image:
            profile = image.info["icc_profile"]
        assert b"SECRET" not in profile
        assert b"mmod" not in profile
        assert ImageCms.getProfileName(ImageCms.ImageCmsProfile(io.BytesIO(profile)))


# --- ranges


def test_any_range_of_a_copy_is_the_same_stretch_of_the_whole() -> None:
    dice = random.Random(5)
    for name in ("jpeg", "mp4", "heic", "png", "avi"):
        body = sample(name)
        clean = planned(body)
        whole = clean.open(io.BytesIO(body)).read()
        with clean.open(io.BytesIO(body)) as file:
            for _ in range(40):
                start, size = dice.randrange(len(whole) + 5), dice.randrange(300)
                assert file.seek(start) == start
                assert file.read(size) == whole[start : start + size]
            file.seek(-7, io.SEEK_END)
            assert file.read() == whole[-7:]
            assert file.seek(0, io.SEEK_END) == clean.size
            assert file.tell() == clean.size


def test_an_original_that_became_shorter_is_noticed() -> None:
    clean = planned(sample("jpeg"))
    with clean.open(io.BytesIO(sample("jpeg")[:400])) as file, pytest.raises(OSError, match="shorter"):
        file.read()


@given(st.data())
def test_patches_change_what_they_name_and_nothing_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 60))
    body = bytes(range(1, size + 1))
    expected, patches = bytearray(body), []
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, size))
        count = data.draw(st.integers(0, size - at))
        patches.append((at, Blank(count)))
        expected[at : at + count] = bytes(count)
    if size:
        at = data.draw(st.integers(0, size - 1))
        text = b"\xee" * data.draw(st.integers(0, size - at))
        patches.append((at, text))
        expected[at : at + len(text)] = text
    clean = patched(size, patches)
    assert clean.size == size
    assert clean.open(io.BytesIO(body)).read() == expected


def test_pieces_side_by_side_become_one() -> None:
    assert joined([b"a", b"b", Stretch(0, 3), Stretch(3, 2), Blank(1), Blank(2), b""]).pieces == (
        b"ab",
        Stretch(0, 5),
        Blank(3),
    )


# --- damage

_QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_QUICK
@given(name=st.sampled_from(list(MAKERS)), data=st.data())
def test_damaged_files_are_cleaned_or_refused_and_never_anything_else(name: str, data: st.DataObject) -> None:
    body = bytearray(sample(name))
    head = min(len(body), 3000)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, head - 1) | st.integers(0, max(0, len(body) - 1)))
        what = data.draw(st.sampled_from(["byte", "cut", "put", "drop", "large"]))
        if what == "byte" and body:
            body[min(at, len(body) - 1)] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del body[max(at, 1) :]
        elif what == "put":
            body[at:at] = data.draw(st.binary(max_size=20))
        elif what == "drop":
            del body[at : at + data.draw(st.integers(1, 20))]
        else:
            body[at : at + 4] = b"\xff\xff\xff\xff"
    holds(bytes(body), name.split()[0])


@_QUICK
@given(body=st.binary(max_size=400), kind=st.sampled_from(sorted(FORMATS)))
def test_arbitrary_bytes_are_refused(body: bytes, kind: str) -> None:
    holds(body, kind)
    holds(sample({"tiff": "tiff"}.get(kind, kind))[:40] + body, kind)


def holds(body: bytes, kind: str) -> None:
    try:
        clean = planned(body, EVERYTHING, kind)
    except CannotClean:
        return
    copy = clean.open(io.BytesIO(body)).read()
    assert len(copy) == clean.size <= len(body) + MORE
    assert formats.sniff(copy[: formats.HEAD]) is not None
