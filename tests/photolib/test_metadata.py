import csv
import errno
import io
import json
import os
import re
import struct
import zlib
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from photolib import formats
from photolib.decode.limits import is_machine_error
from photolib.errors import UnreadablePhoto
from photolib.metadata import containers, dates, embedded, exif, iptc, motion, oldcameras, raw, xmp

SMALL = Image.new("RGB", (40, 30), (10, 200, 90))
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


def rational(value: float) -> TiffImagePlugin.IFDRational:
    return TiffImagePlugin.IFDRational(Fraction(value).limit_denominator(10_000))


def block(
    main: dict[int, Any] | None = None, sub: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> bytes:
    """An EXIF block as Pillow writes it."""
    tags = Image.Exif()
    for tag, value in (main or {}).items():
        tags[tag] = value
    for pointer, values in ((exif.EXIF, sub), (exif.GPS, gps)):
        for tag, value in (values or {}).items():
            tags.get_ifd(pointer)[tag] = value
    return tags.tobytes()


def entries(*rows: tuple[int, int, int, bytes], order: str = "<", after: bytes = b"") -> bytes:
    """A directory as nobody would write it: tag, type, count and the four bytes of value or offset, as they are."""
    body = struct.pack(order + "H", len(rows))
    for tag, kind, count, value in rows:
        body += struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + body + bytes(4) + after


def packet(attributes: str = "", elements: str = "") -> bytes:
    spaces = (
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
        'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
        'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
        'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" '
        'xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
    )
    return f"<rdf:RDF {RDF}><rdf:Description {spaces} {attributes}>{elements}</rdf:Description></rdf:RDF>".encode()


def jpeg(exif_block: bytes | None = None, size: tuple[int, int] = (40, 30), **more: Any) -> bytes:
    out = io.BytesIO()
    if exif_block is not None:
        more["exif"] = exif_block if exif_block.startswith(b"Exif\0\0") else b"Exif\0\0" + exif_block
    SMALL.resize(size).save(out, "JPEG", **more)
    return out.getvalue()


def with_segment(picture: bytes, marker: int, body: bytes) -> bytes:
    return picture[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + picture[2:]


def read(folder: Path, content: bytes, format_name: str = "jpeg") -> embedded.Facts:
    path = folder / "photo"
    path.write_bytes(content)
    facts = embedded.read(path, format_name)
    json.dumps(facts)
    assert facts.keys() == embedded.NOTHING_SAID.keys()
    return facts


def first_date(facts: embedded.Facts) -> tuple[str, int | None] | None:
    return (facts["dates"][0]["local"], facts["dates"][0]["offset"]) if facts["dates"] else None


# --- real photos

# Where we deliberately differ from what exiftool reads, and why. Nothing else may differ.
ANOTHER_READING: dict[tuple[str, str], str] = {
    ("heic/outdoor.heic", "size"): "libheif and so everybody shows 347 lines of the 348 that are stored",
    ("live_photo/IMG_7943.HEIC", "size"): "libheif shows 133 lines of the 134 that are stored",
    ("bad/pillow_heif/truncated.heic", "size"): "a cut file; what is left of it is 16 x 16",
    (
        "orientation/broken_orientation_exif2.jpg",
        "orientation",
    ): "a maker note's 8; EXIF says nothing, and it is upright",
    ("jpeg_exif/long_description.jpg", "taken_at"): "taken 2003 (DateCreated), made into a file 2005 (CreateDate)",
    ("search/pigallery2/wild-2.jpg", "offset"): "+02:00 is where Lightroom ran (OffsetTime); the place is in Arizona",
}
VIDEOS = (".mp4", ".mov")


def test_real_photos_say_what_exiftool_reads(shared_photos: Path) -> None:
    different, unopened, compared = set(), set(), 0
    with (shared_photos / "manifest.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if not row["path"].endswith((".json", ".py", ".xmp"))]
    for row in rows:
        path = shared_photos / row["path"]
        with path.open("rb") as source:
            kind = formats.sniff(source.read(formats.HEAD))
        try:
            facts = embedded.read(path, kind.name) if kind else None
        except UnreadablePhoto:
            facts = None
        if facts is None:
            unopened.add((row["path"], row["opens"][:4]))
            continue
        compared += 1
        json.dumps(facts)
        different |= {(row["path"], what) for what in differences(row, facts)}
    assert different == set(ANOTHER_READING)
    assert {opens for _, opens in unopened} <= {"FAIL", "empt"}
    assert len(unopened) < 20
    assert compared > 500


def differences(row: dict[str, str], facts: embedded.Facts) -> set[str]:
    found = set()
    settled = dates.settle(facts, [], row["path"], 1, datetime(2026, 11, 1, tzinfo=UTC), home=UTC)
    if row["taken_at"].startswith("0000"):
        if not settled["is_guess"]:
            found.add("taken_at")
    elif row["taken_at"]:
        day, clock, zone = re.fullmatch(r"(\S+) (\d\d:\d\d:\d\d)(?:\.\d+)?([Z+:-].*)?", row["taken_at"]).groups()  # type: ignore[union-attr]
        truth = f"{day.replace(':', '-')}T{clock}"
        offset = dates.read_offset(row["offset"] or zone, [])
        taken = settled["taken_at"]
        if row["path"].lower().endswith(VIDEOS) and zone is None:  # exiftool shows a video's UTC as it stands
            taken = dates.wall(datetime.fromisoformat(taken) - timedelta(minutes=settled["utc_offset"]))
        if taken[:19] != truth:
            found.add("taken_at")
        elif offset is not None and settled["utc_offset"] != offset:
            found.add("offset")
    for column, key, slack in (
        ("gps_lat", "latitude", 1e-6),
        ("gps_lon", "longitude", 1e-6),
        ("gps_alt", "altitude", 0.01),
    ):
        stated = float(row[column]) if row[column] not in ("", "undef") else None
        if row[column] and facts[key] != (pytest.approx(stated, abs=slack) if stated is not None else None):
            found.add(column)
    turn = int(row["orientation"] or 0) or 1  # there is no orientation 0: it means upright
    if row["orientation"] and facts["orientation"] != turn:
        found.add("orientation")
    if row["rating"] and facts["rating"] != int(row["rating"]):
        found.add("rating")
    if row["width"]:
        size = int(row["width"]), int(row["height"])
        if (facts["width"], facts["height"]) != (size[::-1] if facts["orientation"] >= 5 else size):
            found.add("size")
    if row["duration_s"] and facts["duration"] != pytest.approx(float(row["duration_s"]), abs=0.1):
        found.add("duration")
    if row["regions"] and "|".join(each["name"] for each in facts["regions"]) != row["regions"]:
        found.add("regions")
    keywords = row["keywords"].replace("VÃ½let", "Výlet")  # exiftool took UTF-8 for Latin-1
    if (
        not {word for word in keywords.split("|") if word and "?" not in word} <= set(facts["keywords"])
        and "{" not in keywords
    ):
        found.add("keywords")
    return found


def test_no_pixel_is_decoded(shared_photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        pytest.fail("a picture was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", refuse)
    for name in (
        "png/png_with_faces_and_dates.png",
        "webp/tree.webp",
        "heic/IMG_2682.heic",
        "gif/earth.gif",
        "avif/test.avif",
    ):
        path = shared_photos / name
        facts = embedded.read(path, path.suffix[1:])
        assert facts["width"]


def test_faces_stay_on_the_people_however_the_photo_is_stored(shared_photos: Path) -> None:
    upright = embedded.read(shared_photos / "faces_xmp/portrait.jpg", "jpeg")
    for turn in (3, 6, 8):
        turned = embedded.read(shared_photos / f"xmp_sidecar/orientation/photo.{turn}.embedded.jpg", "jpeg")
        assert turned["orientation"] == turn
        assert (turned["width"], turned["height"]) == (upright["width"], upright["height"])
        for here, there in zip(turned["regions"], upright["regions"], strict=True):
            assert here["name"] == there["name"]
            assert [here[key] for key in "xywh"] == pytest.approx([there[key] for key in "xywh"], abs=1e-4)


def test_a_heic_turned_by_its_container_still_tells_what_the_camera_wrote(shared_photos: Path) -> None:
    facts = embedded.read(shared_photos / "heic/classic-car.heic", "heic")
    assert (facts["width"], facts["height"], facts["orientation"]) == (3024, 4032, 6)
    assert facts["exif"]["Orientation"] == 6


def test_both_halves_of_a_live_photo_carry_the_same_id(shared_photos: Path) -> None:
    pairs = (("train.jpg", "jpeg", "train.mov"), ("IMG_7943.HEIC", "heic", "IMG_7943_HEVC.MOV"))
    for picture, kind, video in pairs:
        still = embedded.read(shared_photos / "live_photo" / picture, kind)
        moving = embedded.read(shared_photos / "live_photo" / video, "mov")
        assert still["content_id"] == moving["content_id"] is not None


def test_real_motion_photos_hold_a_video_and_the_broken_one_says_so(shared_photos: Path) -> None:
    for name, kind in (
        ("samsung-one-ui-6.heic", "heic"),
        ("MVIMG_20231006_063029.jpg", "jpeg"),
        ("PXL_20231006_063000139.MP.jpg", "jpeg"),
    ):
        path = shared_photos / "motion_photo" / name
        place = embedded.read(path, kind)["motion"]
        video = path.read_bytes()[place["offset"] :][: place["length"]]
        assert video[4:8] == b"ftyp"
        with (shared_photos / "video/video.mp4").open("rb") as known:
            if name.startswith("PXL"):
                assert video == known.read()
    broken = embedded.read(shared_photos / "motion_photo/google_motion_photo_broken.jpg", "jpeg")
    assert broken["motion"] is None
    assert broken["notes"] == ["The photo announces an embedded video, but there is none where it should be."]


# --- EXIF


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("2023:06:01 12:00:00", ("2023-06-01T12:00:00.000", None)),
        ("2023-06-01T12:00:00Z", ("2023-06-01T12:00:00.000", 0)),
        ("2023:06:01", ("2023-06-01T00:00:00.000", None)),
        ("2016:12:31 23:59:60", ("2016-12-31T23:59:59.000", None)),
        ("1826:06:01 12:00:00", ("1826-06-01T12:00:00.000", None)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2023:02:30 12:00:00", None),
    ],
)
def test_dates_are_read_leniently(tmp_path: Path, written: str, taken: tuple[str, int | None] | None) -> None:
    facts = read(tmp_path, jpeg(block(sub={0x9003: written})))
    assert first_date(facts) == taken
    assert bool(facts["notes"]) == (taken is None or written.endswith(":60"))


def test_a_date_has_its_own_milliseconds_and_offset(tmp_path: Path) -> None:
    tags = {
        0x9003: "2023:06:01 12:00:00", 0x9291: "7", 0x9011: "+05:45", 0x9004: "2023:06:02 12:00:00", 0x9292: "25",
        0x9012: "-03:30", 0x9290: "999999", 0x9010: "+99:99",
    }  # fmt: skip
    facts = read(tmp_path, jpeg(block({0x0132: "2023:06:03 12:00:00"}, tags)))
    assert facts["dates"] == [
        {"local": "2023-06-01T12:00:00.700", "offset": 345, "source": "exif"},
        {"local": "2023-06-02T12:00:00.250", "offset": -210, "source": "exif-digitized"},
        {"local": "2023-06-03T12:00:00.999", "offset": None, "source": "exif-modified"},
    ]
    assert facts["notes"] == ["The time zone was left out: “+99:99” is no offset."]


def gps(latitude: Any, longitude: Any, north: Any = "N", east: Any = "E", **more: Any) -> dict[int, Any]:
    tags = {
        1: north,
        2: latitude,
        3: east,
        4: longitude,
        5: more.get("below"),
        6: more.get("altitude"),
        17: more.get("direction"),
    }
    return {tag: value for tag, value in tags.items() if value is not None}


def dms(*parts: float) -> tuple[TiffImagePlugin.IFDRational, ...]:
    return tuple(rational(part) for part in parts)


NAN = (TiffImagePlugin.IFDRational(0, 0),) * 3


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        (gps(dms(17, 0, 0), dms(179, 59, 59)), (17.0, 179.9997222)),
        (gps(dms(90, 0, 0), dms(0, 0, 0), "S"), (-90.0, 0.0)),
        (gps(dms(0, 0, 0), dms(36, 3, 23.1)), (0.0, 36.0564167)),
        (gps(dms(10.5), dms(20.5)), (10.5, 20.5)),
        (gps(dms(33, 51.36), dms(151, 12.6), "s", "e"), (-33.856, 151.21)),
        (gps((rational(10), rational(30), TiffImagePlugin.IFDRational(0, 0)), dms(20, 0, 0)), (10.5, 20.0)),
        (gps(dms(123, 0, 0), dms(10, 0, 0)), None),
        (gps(dms(10, 0, 0), dms(999, 0, 0)), None),
        (gps(NAN, NAN), None),
        (gps(dms(0, 0, 0), dms(0, 0, 0)), None),
        (gps(dms(10, 0, 0), dms(20, 0, 0), None, None), None),
        (gps(dms(10, 0, 0), dms(20, 0, 0), "X", "?"), None),
    ],
)
def test_only_possible_positions_are_kept(
    tmp_path: Path, tags: dict[int, Any], place: tuple[float, float] | None
) -> None:
    facts = read(tmp_path, jpeg(block({0x010F: "Maker"}, gps=tags)))
    assert (facts["latitude"], facts["longitude"]) == (place or (None, None))
    assert len(facts["notes"]) == (place is None)
    assert facts["make"] == "Maker"


def test_altitude_and_direction(tmp_path: Path) -> None:
    place = dms(10, 0, 0), dms(20, 0, 0)
    facts = read(
        tmp_path, jpeg(block(gps=gps(*place, below=b"\1", altitude=rational(430.5), direction=rational(359.5))))
    )
    assert (facts["altitude"], facts["direction"]) == (-430.5, 359.5)
    facts = read(
        tmp_path,
        jpeg(block(gps=gps(*place, altitude=TiffImagePlugin.IFDRational(4_000_000_000), direction=rational(400)))),
    )
    assert (facts["latitude"], facts["altitude"], facts["direction"]) == (10, None, None)
    assert len(facts["notes"]) == 1


def test_the_satellites_time_is_utc(tmp_path: Path) -> None:
    facts = read(tmp_path, jpeg(block(gps={7: dms(12, 45, 55.5), 29: "2023:06:07"})))
    assert facts["dates"] == [{"utc": "2023-06-07T12:45:55.500", "source": "gps"}]
    for clock, day in ((NAN, "2023:06:07"), (dms(24, 0, 0), "2023:06:07"), (dms(12, 0, 0), "0000:00:00")):
        assert read(tmp_path, jpeg(block(gps={7: clock, 29: day})))["dates"] == []


def test_all_orientations_and_those_that_do_not_exist(tmp_path: Path) -> None:
    for turn in range(1, 9):
        facts = read(tmp_path, jpeg(block({0x0112: turn})))
        assert facts["orientation"] == turn
        assert (facts["width"], facts["height"]) == ((30, 40) if turn >= 5 else (40, 30))
    for turn in (0, 9, 255, 65535):
        facts = read(tmp_path, jpeg(block({0x0112: turn})))
        assert (facts["orientation"], facts["width"]) == (1, 40)
        assert facts["notes"] == [f"The orientation was taken for upright: there is no “{turn}”."]


def test_the_camera_and_its_exposure(tmp_path: Path) -> None:
    tags = {
        0x829A: TiffImagePlugin.IFDRational(1, 320), 0x829D: rational(2.8), 0x8827: 200, 0x920A: rational(35), 0xA434: "E 35mm F2.8",
    }  # fmt: skip
    facts = read(tmp_path, jpeg(block({0x010F: "NIKON CORPORATION", 0x0110: "NIKON D300"}, tags)))
    assert (facts["make"], facts["model"], facts["lens"]) == ("Nikon", "D300", "E 35mm F2.8")
    assert (facts["shutter"], facts["aperture"], facts["iso"], facts["focal_length"]) == (0.003125, 2.8, 200, 35)
    bare = {0x9201: rational(5), 0x9202: rational(3), 0xA432: dms(18, 55, 3.5, 5.6)}
    facts = read(tmp_path, jpeg(block({}, bare)))
    assert (facts["shutter"], facts["aperture"], facts["lens"]) == (0.03125, 2.83, "18-55 mm f/3.5-5.6")


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 40D", ("Canon", "EOS 40D")),
        ("EASTMAN KODAK COMPANY", "KODAK DC240 ZOOM DIGITAL CAMERA", ("Kodak", "DC240 ZOOM DIGITAL CAMERA")),
        ("CASIO COMPUTER CO.,LTD.", "EX-Z750", ("Casio", "EX-Z750")),
        ("samsung", "SM-G975F", ("Samsung", "SM-G975F")),
        ("SONY", "ILCE-7RM3", ("Sony", "ILCE-7RM3")),
        ("Jolla", "Jolla", ("Jolla", "Jolla")),
        ("DJI", "FC220", ("DJI", "FC220")),
    ],
)
def test_cameras_are_called_as_people_call_them(tmp_path: Path, make: str, model: str, camera: tuple[str, str]) -> None:
    facts = read(tmp_path, jpeg(block({0x010F: make, 0x0110: model})))
    assert (facts["make"], facts["model"]) == camera
    assert facts["exif"]["Make"] == make


def test_text_is_clean_whatever_bytes_it_was(tmp_path: Path) -> None:
    long = b"x" * 50_000
    for raw_text, clean in (
        ("Füße".encode(), "Füße"),
        (b"Gr\xfc\xdfe", "Grüße"),
        (b"Ca\x0f\xe9\x07\x1b[31m", "Ca é [31m"),
        (b"two\r\nlines\0behind", "two\nlines"),
        (long, "x" * 9999 + "…"),
        (b"\0\0\0\0\0\0", None),
    ):
        exif_block = entries((0x010E, 2, len(raw_text), struct.pack("<I", 26)), after=raw_text)
        assert read(tmp_path, jpeg(exif_block))["description"] == clean


def test_comments_say_how_they_are_written_and_not_always_the_truth(tmp_path: Path) -> None:
    for comment in (b"ASCII\0\0\0Gartenfest", b"UNICODE\0" + "Gartenfest".encode("utf-16-le"), b"\0" * 8 + b"Gartenfest",
                    b"UNICODE\0" + "Gartenfest".encode("utf-16-be")):  # fmt: skip
        assert read(tmp_path, jpeg(block(sub={0x9286: comment})))["description"] == "Gartenfest"


def test_windows_own_tags(tmp_path: Path) -> None:
    def wide(text: str) -> bytes:
        return (text + "\0").encode("utf-16-le")

    facts = read(
        tmp_path,
        jpeg(block({0x9C9B: wide("Été"), 0x9C9E: wide("sea; beach;;sea"), 0x9C9C: wide("At the sea"), 0x4749: 75})),
    )
    assert (facts["title"], facts["keywords"], facts["description"]) == ("Été", ["sea", "beach"], "At the sea")
    assert facts["rating"] == 4


def test_what_a_camera_writes_by_itself_is_no_description(tmp_path: Path) -> None:
    for text in ("OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "Exif_JPEG_PICTURE", "Maker"):
        facts = read(tmp_path, jpeg(block({0x010E: text, 0x010F: "Maker"})))
        assert (facts["title"], facts["description"]) == (None, None)
    assert read(tmp_path, jpeg(block({0x010E: "My first digital camera"})))["description"]


def test_a_broken_tag_costs_only_itself(tmp_path: Path) -> None:
    outside = struct.pack("<I", 60_000)
    exif_block = entries(
        (0x010F, 2, 0xFFFFFFFF, struct.pack("<I", 26)),  # claims 4 GB
        (0x0110, 2, 4, b"Good"),
        (0x0112, 3, 1, b"\x06\0"),
        (0x0128, 99, 1, b""),  # a type that does not exist
        (0x829A, 5, 1, outside),  # points outside
        (0x829D, 5, 1, outside),
        (0x0132, 2, 20, struct.pack("<I", 98)),
        after=b"2023:06:01 12:00:00\0",
    )
    facts = read(tmp_path, jpeg(exif_block))
    assert (facts["model"], facts["orientation"], facts["shutter"]) == ("Good", 6, None)
    assert first_date(facts) == ("2023-06-01T12:00:00.000", None)
    assert facts["notes"] == [
        "The EXIF field Make was left out: it claims 4294967295 bytes.",
        "The EXIF field ExposureTime was left out: it points outside the file.",
        "The EXIF field FNumber was left out: it points outside the file.",
    ]


def test_directories_that_point_at_themselves_end(tmp_path: Path) -> None:
    here = struct.pack("<I", 8)
    facts = read(tmp_path, jpeg(entries((0x010F, 2, 4, b"abc\0"), (0x8769, 4, 1, here), (0x8825, 4, 1, here))))
    assert facts["make"] == "Abc"


def test_garbage_instead_of_exif_is_noted(tmp_path: Path) -> None:
    facts = read(tmp_path, jpeg(bytes((i * 197 + 13) & 255 for i in range(3000))))
    assert (facts["width"], facts["exif"]) == (40, {})
    assert facts["notes"] == ["The EXIF data was left out: it is garbage."]


def test_the_readable_tags_are_short_and_plain(tmp_path: Path) -> None:
    tags = {
        0x927C: b"\x00\x01\x02" * 5000,
        0x9000: b"0232",
        0xA300: b"\x03",
        0x9286: b"ASCII\0\0\0hello",
        0x9201: rational(5),
    }
    shown = read(
        tmp_path,
        jpeg(block({0x010F: "A" * 5000, 0x0102: (8, 8, 8), 0xC4A5: b"PrintIM\0" * 20}, tags, gps(dms(1), dms(2)))),
    )["exif"]
    assert shown["ExifVersion"] == "0232"
    assert shown["FileSource"] == 3
    assert shown["BitsPerSample"] == [8, 8, 8]
    assert shown["UserComment"] == "hello"
    assert shown["GPSLatitude"] == 1
    assert not {"MakerNote", "ExifOffset", "PrintImageMatching"} & shown.keys()
    assert len(json.dumps(shown)) < 2000


def test_scripts_are_only_text(tmp_path: Path) -> None:
    facts = read(tmp_path, jpeg(block({0x0110: "<script>alert(1)</script>"})))
    assert facts["model"] == "<script>alert(1)</script>"


# --- XMP, IPTC and who knows best


def test_xmp_fills_what_exif_leaves_open_and_words_go_before_the_cameras(tmp_path: Path) -> None:
    words = "<dc:title>By hand</dc:title><dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>"
    noted = packet(
        'tiff:Make="Other" tiff:Model="M1" exif:GPSLatitude="1,0N" exif:GPSLongitude="2,0E" xmp:Rating="2"', words
    )
    picture = with_segment(
        jpeg(block({0x010F: "Maker", 0x9C9B: "Camera".encode("utf-16-le"), 0x4746: 5})),
        0xE1,
        b"http://ns.adobe.com/xap/1.0/\0" + noted,
    )
    facts = read(tmp_path, picture)
    assert (facts["make"], facts["model"], facts["title"], facts["rating"]) == ("Maker", "M1", "By hand", 2)
    assert (facts["latitude"], facts["longitude"], facts["keywords"]) == (1, 2, ["sea"])


def test_xmp_alone_may_turn_a_jpeg(tmp_path: Path) -> None:
    said = b"http://ns.adobe.com/xap/1.0/\0" + packet('tiff:Orientation="6"')
    facts = read(tmp_path, with_segment(jpeg(), 0xE1, said))
    assert (facts["orientation"], facts["width"], facts["height"]) == (6, 30, 40)
    assert read(tmp_path, with_segment(jpeg(block({0x0112: 1})), 0xE1, said))["width"] == 40


def test_extended_xmp_is_put_together(tmp_path: Path) -> None:
    more = packet("", "<dc:description>far behind</dc:description>" + " " * 500)
    name = b"0123456789ABCDEF0123456789ABCDEF"
    picture = jpeg()
    for start in range(0, len(more), 200):
        body = (
            b"http://ns.adobe.com/xmp/extension/\0"
            + name
            + struct.pack(">II", len(more), start)
            + more[start : start + 200]
        )
        picture = with_segment(picture, 0xE1, body)
    picture = with_segment(
        picture,
        0xE1,
        b"http://ns.adobe.com/xap/1.0/\0" + packet(f'xmpNote:HasExtendedXMP="{name.decode()}" xmp:Rating="3"'),
    )
    facts = read(tmp_path, picture)
    assert (facts["description"], facts["rating"]) == ("far behind", 3)
    huge = b"http://ns.adobe.com/xmp/extension/\0" + name + struct.pack(">II", 1 << 31, 0) + more[:200]
    assert "Extended XMP was left out" in read(tmp_path, with_segment(picture, 0xE1, huge))["notes"][0]


def test_a_refused_packet_is_a_note_and_the_photo_stays(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE l [<!ENTITY a "lol">]>' + packet('xmp:Rating="3"')
    facts = read(tmp_path, with_segment(jpeg(), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bomb))
    assert (facts["width"], facts["rating"]) == (40, None)
    assert "refused" in facts["notes"][0]


def iptc_block(*datasets: tuple[int, int, bytes]) -> bytes:
    record = b"".join(struct.pack(">BBBH", 0x1C, kind, number, len(value)) + value for kind, number, value in datasets)
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record


def test_iptc_in_both_encodings(tmp_path: Path) -> None:
    rows = (
        (2, 5, "Été"),
        (2, 25, "mer"),
        (2, 25, "plage"),
        (2, 120, "À la mer"),
        (2, 55, "20050728"),
        (2, 60, "051848+0200"),
    )
    for encoding, marks in (("utf-8", ((1, 90, b"\x1b%G"),)), ("utf-8", ()), ("latin-1", ())):
        body = iptc_block(*marks, *((kind, number, text.encode(encoding)) for kind, number, text in rows))
        facts = read(tmp_path, with_segment(jpeg(), 0xED, body))
        assert (facts["title"], facts["keywords"], facts["description"]) == ("Été", ["mer", "plage"], "À la mer")
        assert facts["dates"] == [{"local": "2005-07-28T05:18:48.000", "offset": 120, "source": "iptc"}]


# --- the other containers


def test_png_keeps_its_metadata_in_three_ways(tmp_path: Path) -> None:
    said = block({0x010F: "Maker", 0x0112: 6})
    for info in (False, True):
        out, texts = io.BytesIO(), PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", packet('xmp:Rating="4"').decode(), zip=True)
        texts.add_text("Description", "a drawing")
        if info:
            hexed = said.hex()
            lines = "\n".join(hexed[at : at + 72] for at in range(0, len(hexed), 72))
            texts.add_text("Raw profile type exif", f"\nexif\n{len(said):8}\n{lines}\n", zip=True)
        SMALL.save(out, "PNG", pnginfo=texts, **({} if info else {"exif": said}))
        facts = read(tmp_path, out.getvalue(), "png")
        assert (facts["make"], facts["rating"], facts["description"]) == ("Maker", 4, "a drawing")
        assert (facts["width"], facts["height"]) == (30, 40)


def test_a_text_that_unpacks_to_far_too_much_is_never_unpacked() -> None:
    out = io.BytesIO()
    SMALL.save(out, "PNG")
    bomb = b"Comment\0\0" + zlib.compress(bytes(5_000_000), 9)
    chunk = struct.pack(">I", len(bomb)) + b"zTXt" + bomb + bytes(4)
    blocks = containers.png(io.BytesIO(out.getvalue()[:33] + chunk + out.getvalue()[33:]))
    assert blocks.texts == {}
    assert blocks.notes == ["The text “Comment” was left out: it is broken or far too long."]


@pytest.mark.parametrize(("kind", "seconds"), [("gif", 0.3), ("webp", 0.3), ("png", 0.3)])
def test_animations_last(tmp_path: Path, kind: str, seconds: float) -> None:
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 100, 200)]
    out = io.BytesIO()
    frames[0].save(out, kind.upper(), save_all=True, append_images=frames[1:], duration=100, loop=0)
    assert read(tmp_path, out.getvalue(), kind)["duration"] == pytest.approx(seconds)
    out = io.BytesIO()
    frames[0].save(out, kind.upper())
    assert read(tmp_path, out.getvalue(), kind)["duration"] is None


def test_xmp_and_comments_in_gif(tmp_path: Path) -> None:
    out = io.BytesIO()
    SMALL.save(out, "GIF", comment=b"a cat")
    trailer = bytes([1, *range(255, -1, -1), 0])
    application = b"!\xff\x0bXMP DataXMP" + packet('xmp:Rating="5"') + trailer
    content = out.getvalue()
    facts = read(tmp_path, content[:-1] + application + content[-1:], "gif")
    assert (facts["rating"], facts["description"]) == (5, "a cat")


def test_a_turned_tiff_is_not_turned_twice(tmp_path: Path) -> None:
    out = io.BytesIO()
    SMALL.save(out, "TIFF", tiffinfo={0x0112: 6, 0x010F: "Maker", exif.XMP: packet('xmp:Rating="4"')})
    facts = read(tmp_path, out.getvalue(), "tiff")
    assert (facts["orientation"], facts["width"], facts["height"], facts["make"]) == (6, 30, 40, "Maker")
    assert facts["rating"] == 4


def test_bigtiff_is_read_too(tmp_path: Path) -> None:
    out = io.BytesIO()
    SMALL.save(out, "TIFF", big_tiff=True, tiffinfo={0x010F: "A rather long maker"})
    assert read(tmp_path, out.getvalue(), "tiff")["make"] == "A rather long maker"


@pytest.mark.parametrize("size", [(40, 30), (64, 64), (800, 600), (640, 360), (7, 3), (8, 16)])
def test_the_head_of_jpeg_xl_tells_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    import pillow_jxl  # noqa: F401

    out = io.BytesIO()
    SMALL.resize(size).save(out, "JXL", effort=1)
    facts = read(tmp_path, out.getvalue(), "jxl")
    assert (facts["width"], facts["height"]) == size


def test_jpeg_xl_is_turned_by_its_own_head_and_not_by_exif(tmp_path: Path) -> None:
    import pillow_jxl  # noqa: F401

    out = io.BytesIO()
    SMALL.save(out, "JXL", effort=1, exif=block({0x010F: "Maker", 0x0112: 6}))
    facts = read(tmp_path, out.getvalue(), "jxl")
    assert (facts["width"], facts["height"], facts["orientation"], facts["make"]) == (40, 30, 1, "Maker")
    # The fields of the head, lowest bit first: small; (h / 8) - 1; ratio 1:2; not default; extra fields; orientation - 1.
    bits = "1" + f"{1:05b}"[::-1] + f"{7:03b}"[::-1] + "0" + "1" + f"{5:03b}"[::-1]
    head = int(bits[::-1], 2).to_bytes(16, "little")
    facts = read(tmp_path, b"\xff\x0a" + head, "jxl")
    assert (facts["orientation"], facts["width"], facts["height"]) == (6, 16, 32)


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def test_canons_raw_files_keep_exif_in_three_boxes() -> None:
    main = block({0x010F: "Canon", 0x0112: 8})[6:]
    sub = block({0x9003: "2023:06:01 12:00:00"})[6:]
    place = block(dict(gps(dms(10, 0, 0), dms(20, 0, 0), "S").items()))[6:]
    wrapped = box(
        b"uuid",
        bytes.fromhex("85c0b687820f11e08111f4ce462b6a48"),
        box(b"CMT1", main),
        box(b"CMT2", sub),
        box(b"CMT4", place),
    )
    found, _ = raw.read_blocks(io.BytesIO(box(b"ftyp", b"crx ") + box(b"moov", wrapped)), "cr3")
    assert found is not None
    facts = exif.read_exif(found)
    assert (facts["make"], facts["orientation"], facts["latitude"]) == ("Canon", 8, -10)
    assert facts["dates"][0]["local"] == "2023-06-01T12:00:00.000"


def test_fujis_raw_files_hold_a_jpeg_that_has_everything() -> None:
    inner = jpeg(block({0x010F: "FUJIFILM"}))
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 200, len(inner))
    found, _ = raw.read_blocks(io.BytesIO(head.ljust(200, b"\0") + inner), "raf")
    assert found is not None
    assert exif.read_exif(found)["make"] == "Fujifilm"


@pytest.mark.parametrize("mark", [b"IIRO", b"IIRS", b"MMOR", b"IIU\0"])
def test_olympus_and_panasonic_number_their_tiff_otherwise(mark: bytes) -> None:
    written = entries((0x0110, 2, 4, b"E-M1"), order="<" if mark[:1] == b"I" else ">")
    found, _ = raw.read_blocks(io.BytesIO(mark + written[4:]), "orf")
    assert found is not None
    assert exif.read_exif(found)["model"] == "E-M1"


def test_old_cameras_keep_their_clock_elsewhere() -> None:
    seconds = 909_698_819
    assert oldcameras.olympus_date(b"[picture info]\r\nTimeDate=909698819\r\n") == dates.read_date(
        "1998:10:29 22:06:59", "exif", []
    )
    inner = struct.pack("<III", seconds, 0, 0) + struct.pack("<HHII", 1, 0x180E, 12, 0) + struct.pack("<I", 12)
    heap = inner + struct.pack("<HHII", 1, 0x300A, len(inner), 0) + struct.pack("<I", len(inner))
    found = oldcameras.canon_date(b"II" + struct.pack("<I", 26) + b"HEAPJPGM".ljust(20, b"\0") + heap)
    assert found == dates.read_date("1998:10:29 22:06:59", "exif", [])


# --- motion photos

MOVIE = box(b"ftyp", b"isom") + box(b"moov", bytes(60)) + box(b"mdat", bytes(100))
NO_VIDEO = "The photo announces an embedded video, but there is none where it should be."


def container(*items: tuple[str, int, int]) -> bytes:
    rows = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="x/y" Item:Semantic="{name}" Item:Length="{length}" '
        f'Item:Padding="{padding}"/></rdf:li>'
        for name, length, padding in items
    )
    return packet('GCamera:MotionPhoto="1"', f"<Container:Directory><rdf:Seq>{rows}</rdf:Seq></Container:Directory>")


def test_googles_container_counts_from_the_end(tmp_path: Path) -> None:
    gain_map = bytes(77)
    said = container(("Primary", 0, 0), ("GainMap", len(gain_map), 0), ("MotionPhoto", len(MOVIE), 0))
    picture = with_segment(jpeg(), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + said) + gain_map
    assert read(tmp_path, picture + MOVIE)["motion"] == {"offset": len(picture), "length": len(MOVIE)}
    no_index = box(b"ftyp", b"isom") + box(b"mdat", bytes(len(MOVIE) - 20))
    assert len(no_index) == len(MOVIE)
    for spoiled in (
        picture,
        picture + MOVIE[:-5],
        picture + bytes(len(MOVIE)),
        picture + MOVIE + b"tail",
        picture + no_index,
    ):
        facts = read(tmp_path, spoiled)
        assert facts["motion"] is None
        assert NO_VIDEO in facts["notes"]


def test_samsungs_trailer_is_followed(tmp_path: Path) -> None:
    picture = jpeg()
    data = struct.pack("<HHI", 0, 0x0A30, 16) + b"MotionPhoto_Data" + MOVIE
    listed = b"SEFH" + struct.pack("<II", 107, 1) + struct.pack("<HHII", 0, 0x0A30, len(data), len(data))
    trailer = listed + struct.pack("<I", len(listed)) + b"SEFT"
    assert read(tmp_path, picture + data + trailer)["motion"] == {"offset": len(picture) + 24, "length": len(MOVIE)}
    facts = read(tmp_path, picture + bytes(len(data)) + trailer)
    assert (facts["motion"], facts["notes"]) == (None, [NO_VIDEO])


def test_noise_and_archives_behind_a_picture_are_no_video(tmp_path: Path) -> None:
    for tail in (
        bytes((i * 73 + 41) & 255 for i in range(50_000)),
        b"PK\5\6" + bytes(18),
        MOVIE,
        b"SEFT",
        bytes(8) + b"SEFT",
    ):
        facts = read(tmp_path, jpeg() + tail)
        assert (facts["motion"], facts["notes"]) == (None, [])


# --- videos


def film(path: Path, form: str, tags: dict[str, str], turn: int | None = None) -> Path:
    import av
    import numpy as np

    with av.open(
        str(path), "w", format=form, options={"movflags": "use_metadata_tags"} if form == "mov" else {}
    ) as out:
        out.metadata.update(tags)
        stream = out.add_stream("libx264" if form != "avi" else "mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if turn is not None:
            stream.set_display_rotation(turn)
        for shade in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade * 40, np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("form", "turn", "orientation"),
    [("mp4", None, 1), ("mp4", 90, 8), ("mp4", 180, 3), ("mov", -90, 6), ("matroska", 90, 8)],
)
def test_videos_are_measured_as_shown(tmp_path: Path, form: str, turn: int | None, orientation: int) -> None:
    path = film(tmp_path / "v", form, {"creation_time": "2023-06-01T10:00:00Z"}, turn)
    facts = embedded.read(path, "mkv" if form == "matroska" else form)
    assert (facts["width"], facts["height"]) == ((48, 64) if orientation in (6, 8) else (64, 48))
    assert (facts["orientation"], facts["video_codec"], facts["fps"], facts["duration"]) == (
        orientation,
        "h264",
        25,
        0.2,
    )
    assert facts["dates"] == [{"utc": "2023-06-01T10:00:00.000", "source": "video"}]


def test_apples_own_date_and_place_in_a_video(tmp_path: Path) -> None:
    apple = "com.apple.quicktime."
    path = film(
        tmp_path / "v.mov",
        "mov",
        {
            apple + "creationdate": "2023-06-01T12:00:00+0200",
            apple + "location.ISO6709": "+48.8584+002.2945+035.000/",
            apple + "make": "Apple",
            apple + "model": "iPhone 13 Pro",
            apple + "content.identifier": "ABC-1",
        },
    )
    facts = embedded.read(path, "mov")
    assert facts["dates"] == [{"local": "2023-06-01T12:00:00.000", "offset": 120, "source": "video"}]
    assert (facts["latitude"], facts["longitude"], facts["altitude"]) == (48.8584, 2.2945, 35)
    assert (facts["make"], facts["model"], facts["content_id"]) == ("Apple", "iPhone 13 Pro", "ABC-1")


def test_a_clock_that_was_never_set_is_no_date(tmp_path: Path) -> None:
    path = film(tmp_path / "v", "mp4", {"creation_time": "1970-01-01T00:00:00Z"})
    assert embedded.read(path, "mp4")["dates"] == []


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("+48.5+002.5/", (48.5, 2.5)),
        ("-3351.36+15112.60/", (-33.856, 151.21)),
        ("+00.0000+000.0000/", None),
        ("+99+0/", None),
        ("Paris", None),
    ],
)
def test_places_in_videos(written: str, place: tuple[float, float] | None) -> None:
    from photolib.metadata import video

    found = video._place(written, [])
    assert ((found["latitude"], found["longitude"]) if found else None) == place


# --- what cannot be opened


@pytest.mark.parametrize(
    "kind", [*embedded._PILLOW, "jxl", "cr2", "cr3", "raf", "orf", "mp4", "mov", "mkv", "avi", "mpg", "mts", "wmv"]
)
def test_what_cannot_be_opened_gets_a_sentence(tmp_path: Path, kind: str) -> None:
    for content in (b"", b"garbage " * 100):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(UnreadablePhoto, match=r"^[A-Z].*\.$"):
            embedded.read(tmp_path / "x", kind)


def test_giants_are_refused_by_what_they_declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1199)
    for kind in ("jpeg", "png", "webp", "tiff"):
        out = io.BytesIO()
        SMALL.save(out, kind.upper())
        with pytest.raises(UnreadablePhoto, match="more pixels than"):
            read(tmp_path, out.getvalue(), kind)


def test_a_disk_that_fails_is_not_the_photos_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        embedded.read(tmp_path / "gone.jpg", "jpeg")
    with pytest.raises(IsADirectoryError):
        embedded.read(tmp_path, "mp4")

    def fail() -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        embedded._tried(fail, "EXIF data", [])
    assert not is_machine_error(OSError(errno.EINVAL, "Invalid argument")), "bytes sent the reader there"
    assert not is_machine_error(UnidentifiedImageError("no picture"))


# --- anything at all


def try_to_read(path: Path, content: bytes, kind: str) -> None:
    path.write_bytes(content)
    try:
        facts = embedded.read(path, kind)
    except UnreadablePhoto:
        return
    json.dumps(facts, allow_nan=False)
    settled = dates.settle(facts, [], "x", 1, datetime(2026, 1, 1, tzinfo=UTC), home=UTC)
    json.dumps(settled, allow_nan=False)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "photo"


def rich_jpeg() -> bytes:
    """A small JPEG with everything the readers look at."""
    tags = block(
        {0x010F: "Maker", 0x010E: "Text", 0x0112: 6, 0x9C9B: b"T\0\0\0"},
        {0x9003: "2023:06:01 12:00:00", 0x927C: b"Apple iOS\0\0\1MM\0\1\0\x11\0\2\0\0\0\4abc\0", 0x829A: rational(0.5)},
        {**gps(dms(10, 0, 0), dms(20, 0, 0), altitude=rational(5)), 7: dms(1, 2, 3), 29: "2023:06:01"},
    )
    picture = with_segment(jpeg(tags), 0xED, iptc_block((1, 90, b"\x1b%G"), (2, 25, b"sea"), (2, 55, b"20050728")))
    picture = with_segment(
        picture, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + container(("Primary", 0, 0), ("MotionPhoto", len(MOVIE), 0))
    )
    return picture + MOVIE


RICH = rich_jpeg()
CHANGES = st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 255)), min_size=1, max_size=12)


def changed(content: bytes, changes: list[tuple[int, int]]) -> bytes:
    spoiled = bytearray(content)
    for place, value in changes:
        spoiled[place % len(spoiled)] = value
    return bytes(spoiled)


@settings(max_examples=150)
@given(changes=CHANGES)
def test_a_jpeg_spoiled_anywhere_is_read_or_refused(scratch: Path, changes: list[tuple[int, int]]) -> None:
    try_to_read(scratch, changed(RICH, changes), "jpeg")


@settings(max_examples=150)
@given(
    body=st.binary(max_size=400),
    order=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0", b""]),
)
@example(body=b"\xff" * 400, order=b"II*\0\x08\0\0\0")
def test_any_bytes_as_exif_are_read_or_passed_over(scratch: Path, body: bytes, order: bytes) -> None:
    try_to_read(scratch, jpeg(order + body, size=(8, 8)), "jpeg")


ROWS = st.tuples(
    st.sampled_from(
        [
            *range(0x010E, 0x0114),
            0x0132,
            0x4746,
            0x829A,
            0x8825,
            0x8769,
            0x9003,
            0x9011,
            0x9286,
            0x9C9B,
            *range(1, 8),
            29,
        ]
    ),
    st.integers(0, 18),
    st.sampled_from([0, 1, 2, 3, 4, 20, 70_000, 0xFFFFFFFF]),
    st.binary(min_size=4, max_size=4) | st.sampled_from([struct.pack("<I", at) for at in (8, 20, 50, 100)]),
)


@settings(max_examples=150)
@given(rows=st.lists(ROWS, max_size=12), after=st.binary(max_size=100))
def test_any_tags_of_any_type_are_read_or_passed_over(rows: list[tuple[int, int, int, bytes]], after: bytes) -> None:
    found = exif.read_directories(entries(*rows, after=after))
    assert found is not None
    found.exif, found.gps = found.main, found.main
    json.dumps(exif.read_exif(found), allow_nan=False)


def spoilable() -> dict[str, bytes]:
    made = {}
    for kind in ("png", "webp", "gif"):
        out = io.BytesIO()
        frames = [SMALL, SMALL.rotate(90)]
        extra = {} if kind == "gif" else {"exif": block({0x010F: "Maker", 0x0112: 6})}
        frames[0].save(out, kind.upper(), save_all=True, append_images=frames[1:], duration=100, **extra)
        made[kind] = out.getvalue()
    made["jxl"] = (
        box(b"JXL ", b"\r\n\x87\n")
        + box(b"ftyp", b"jxl ")
        + box(b"Exif", bytes(4), block()[6:])
        + box(b"jxlc", b"\xff\x0a" + bytes(20))
    )
    made["cr3"] = box(b"ftyp", b"crx ") + box(b"moov", box(b"uuid", raw._CANON, box(b"CMT1", block({0x010F: "C"})[6:])))
    made["raf"] = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 92, 700) + jpeg(block({0x010F: "F"}))
    return made


SPOILABLE = spoilable()
READERS = {
    **embedded._WALKERS,
    **{kind: (lambda source, kind=kind: raw.read_blocks(source, kind)) for kind in ("cr3", "raf")},
}


@settings(max_examples=150)
@given(kind=st.sampled_from(sorted(SPOILABLE)), changes=CHANGES, cut=st.integers(0, 100))
def test_every_container_spoiled_or_cut_ends(kind: str, changes: list[tuple[int, int]], cut: int) -> None:
    content = changed(SPOILABLE[kind], changes)
    READERS[kind](io.BytesIO(content[: len(content) - len(content) * cut // 400]))


@settings(max_examples=60)
@given(body=st.binary(max_size=300), size=st.integers(0, 2**32 - 1))
def test_any_bytes_are_walked_to_an_end(body: bytes, size: int) -> None:
    for head in (b"", b"8BIM\x04\x04\0\0" + struct.pack(">I", size), b"\x1c\x02\x19" + struct.pack(">H", size % 65536)):
        iptc.read_iptc(head + body)
        iptc.read_iptc(iptc.from_photoshop(head + body) or b"")
    oldcameras.canon_date(b"II" + struct.pack("<I", size % 400) + b"HEAPJPGM" + body)
    oldcameras.olympus_date(body)
    oldcameras.reconyx_date(b"\x01\xf1" + body)
    for content in (body, box(b"ftyp", b"isom") + body, body + struct.pack("<I", size % 400) + b"SEFT"):
        motion.find_motion(io.BytesIO(content), "heic", [size % 500], [])


@settings(max_examples=40, deadline=None)
@given(changes=CHANGES)
def test_a_video_spoiled_anywhere_is_read_or_refused(
    scratch: Path, known_film: bytes, changes: list[tuple[int, int]]
) -> None:
    try_to_read(scratch, changed(known_film, changes), "mp4")


@pytest.fixture(scope="module")
def known_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "v", "mp4", {"location": "+48.5+002.5/"}, 90).read_bytes()


def test_what_was_stated_nowhere_is_nowhere_shared(tmp_path: Path) -> None:
    first, second = read(tmp_path, jpeg()), read(tmp_path, jpeg())
    first["keywords"].append("mine")
    first["exif"]["Make"] = "mine"
    assert (second["keywords"], second["exif"]) == ([], {})


def test_importing_the_readers_costs_no_codec() -> None:
    """Video, RAW and HEIC libraries are loaded by the first file that needs them."""
    import subprocess
    import sys

    code = "import sys, photolib.metadata; print(sorted({'av', 'rawpy', 'pillow_heif', 'numpy', 'tzfpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_the_keys_of_a_sidecar_are_those_of_a_photo() -> None:
    said = xmp.read_xmp(packet('xmp:Rating="3" tiff:Make="M"', "<dc:title>T</dc:title>"))
    assert said.keys() <= embedded.NOTHING_SAID.keys()
