"""What an export writes beside a photo: read by photolib's own reader and by the real exiftool."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib.errors import BadInput
from photolib.export import returning, sidecars
from photolib.metadata import dates, xmp
from tests.conftest import DrawPhoto
from tests.programs import program


def words(**more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "photo_id": 7, "key": "ab" * 32, "filename": "IMG_1.jpg", "title": "At the <sea> & more", "description": "two\nlines",
        "taken_at": "2024-06-14T14:03:00.000", "utc_offset": -210, "taken_at_source": "exif", "latitude": -45.4375, "longitude": 12.3358,
        "altitude": -3.5, "direction": 90.0, "width": 240, "height": 320, "orientation": 6, "rating": 4, "is_favourite": True,
        "is_archived": False, "trashed_at": None, "tags": ["sea", "Travel/Italy"], "labels": [],
        "camera": {"make": "Nikon", "model": "D300", "lens": None},
        "place": {"country_code": "IT", "country": "Italy", "region": "Veneto", "city": "Venice", "is_estimate": False},
        "people": [
            {"person_id": 1, "name": "Ann", "box": {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.25}},
            {"person_id": 2, "name": "Zoë", "box": None},
        ],
        "corrected": ["title", "latitude"], "removed_tags": [],
    }  # fmt: skip
    return {**known, **more}


def exiftool(*arguments: object) -> str:
    done = subprocess.run(
        [program("exiftool"), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_our_own_reader_finds_everything_again() -> None:
    facts = xmp.read_xmp(sidecars.xmp(words(), ["Travel/Italy"]))
    assert facts["title"] == "At the <sea> & more"
    assert facts["description"] == "two\nlines"
    assert facts["keywords"] == ["sea", "Travel/Italy"]
    assert facts["rating"] == 4
    assert (facts["latitude"], facts["longitude"], facts["altitude"]) == (-45.4375, 12.3358, -3.5)
    assert facts["dates"][0] == {"local": "2024-06-14T14:03:00.000", "offset": -210, "source": "xmp"}
    assert facts["people"] == ["Ann", "Zoë"]
    assert "notes" not in facts


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_face_lies_where_it_lay_however_the_picture_is_turned(orientation: int) -> None:
    facts = xmp.read_xmp(sidecars.xmp(words(orientation=orientation)))
    (face,) = dates.turned(facts["regions"], orientation, (240, 320), facts["regions_applied_to"])
    assert (face["name"], face["type"]) == ("Ann", "face")
    assert [face[side] for side in "xywh"] == pytest.approx([0.1, 0.2, 0.3, 0.25], abs=2e-6)


def test_a_guessed_date_is_not_passed_on_as_the_truth() -> None:
    said = sidecars.xmp(words(taken_at_source="file time"))
    assert b"DateTimeOriginal" not in said
    assert b"DateTimeOriginal" not in sidecars.as_json(words(taken_at_source="file time"), "x.jpg")


def test_an_estimated_place_is_not_passed_on_as_the_truth() -> None:
    place = {"country_code": "IT", "country": "Italy", "region": "Veneto", "city": "Venice", "is_estimate": True}
    assert b"Venice" not in sidecars.xmp(words(place=place))


def test_exiftool_reads_the_xmp(tmp_path: Path, draw_photo: DrawPhoto) -> None:
    photo = draw_photo("IMG_1.jpg")
    (tmp_path / "IMG_1.jpg.xmp").write_bytes(sidecars.xmp(words(), ["Travel/Italy"]))
    exiftool("-overwrite_original", "-tagsfromfile", tmp_path / "IMG_1.jpg.xmp", "-all:all", photo)
    (said,) = json.loads(exiftool("-json", "-struct", "-G1", "-n", photo))
    assert said["XMP-dc:Title"] == "At the <sea> & more"
    assert said["XMP-dc:Subject"] == ["sea", "Travel/Italy"]
    assert said["XMP-lr:HierarchicalSubject"] == ["sea", "Travel|Italy"]
    assert said["XMP-digiKam:TagsList"] == ["sea", "Travel/Italy"]
    assert said["XMP-xmp:Rating"] == 4
    assert said["XMP-exif:DateTimeOriginal"] == "2024:06:14 14:03:00-03:30"
    assert said["XMP-exif:GPSLatitude"] == pytest.approx(-45.4375)
    assert said["XMP-exif:GPSLongitude"] == pytest.approx(12.3358)
    assert said["XMP-photoshop:City"] == "Venice"
    assert said["XMP-iptcExt:LocationCreated"][0]["CountryName"] == "Italy"
    assert said["XMP-iptcExt:PersonInImage"] == ["Ann", "Zoë"]
    (region,) = said["XMP-mwg-rs:RegionInfo"]["RegionList"]
    assert (region["Name"], region["Type"]) == ("Ann", "Face")
    assert said["XMP-mwg-coll:Collections"] == [{"CollectionName": "Travel/Italy"}]


def test_exiftool_takes_the_json(tmp_path: Path, draw_photo: DrawPhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_photo("IMG_1.jpg")
    (tmp_path / "IMG_1.jpg.json").write_bytes(sidecars.as_json(words(), "IMG_1.jpg"))
    monkeypatch.chdir(tmp_path)
    exiftool("-overwrite_original", "-json=IMG_1.jpg.json", "IMG_1.jpg")
    (said,) = json.loads(exiftool("-json", "-struct", "-G1", "-n", "IMG_1.jpg"))
    assert said["XMP-dc:Title"] == "At the <sea> & more"
    assert said["XMP-dc:Subject"] == ["sea", "Travel/Italy"]
    assert said["ExifIFD:DateTimeOriginal"] == "2024:06:14 14:03:00"
    assert said["ExifIFD:OffsetTimeOriginal"] == "-03:30"
    assert said["Composite:GPSLatitude"] == pytest.approx(-45.4375)
    assert said["XMP-mwg-rs:RegionInfo"]["RegionList"][0]["Name"] == "Ann"
    assert "XMP-dc:Format" not in said, "nothing of ours is taken for a tag of the same name"


def test_our_json_says_what_people_had_said() -> None:
    body = sidecars.as_json(words(removed_tags=["old"]), "IMG_1.jpg")
    assert returning.said(body) == {
        "title": "At the <sea> & more", "latitude": -45.4375, "longitude": 12.3358, "altitude": -3.5, "is_favourite": 1,
        "removed_tags": ["old"],
    }  # fmt: skip
    assert not returning.is_trashed(body)
    assert returning.is_trashed(sidecars.as_json(words(trashed_at="2024-01-01"), "IMG_1.jpg"))


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=5))
def test_whatever_people_write_is_xml_that_can_be_read(title: str, tags: list[str]) -> None:
    packet = sidecars.xmp(words(title=title, tags=tags))
    facts = xmp.read_xmp(packet)
    assert facts["rating"] == 4


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["photolib", "key", "corrected", "title", "rating", "taken_at", "latitude", "removed_tags", "albums"]), inner),
    max_leaves=12))  # fmt: skip
def test_json_of_strangers_is_read_or_refused_and_never_breaks(said: Any) -> None:
    for body in (
        json.dumps(said),
        json.dumps([{"photolib": said}]),
        json.dumps([{"photolib": {"key": "x", "corrected": ["title", "rating"], "rating": said, "title": said}}]),
    ):
        try:
            found = returning.said(body.encode())
        except BadInput:
            continue
        assert isinstance(found, dict)
        returning.is_trashed(body.encode())
