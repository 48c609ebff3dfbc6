import csv
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import BadInput
from photolib.takeout import (
    album_title,
    is_trashed,
    is_year_folder,
    match_sidecars,
    read_album,
    read_takeout,
    title_of,
)
from tests.conftest import SHARED


@pytest.fixture
def photos() -> Path:
    if not (SHARED / "photos").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED} is missing")
        pytest.skip(f"{SHARED} is missing")
    return SHARED / "photos"


def sidecar(**fields: Any) -> bytes:
    return json.dumps({"title": "x.jpg", "photoTakenTime": {"timestamp": "1600000000"}} | fields).encode()


def geo(latitude: Any, longitude: Any, altitude: Any = 0.0) -> dict[str, Any]:
    return {"latitude": latitude, "longitude": longitude, "altitude": altitude}


# --- what a JSON file says


def test_a_sidecar_says_when_where_and_who() -> None:
    body = sidecar(
        description='Été à la mer — "quoted" & <b>',
        geoData=geo(48.8584, 2.2945, 35.5),
        people=[{"name": "Дочь"}, {"name": "José"}, {"name": "Дочь"}],
        favorited=True,
        archived=True,
        trashed=True,
    )
    assert read_takeout(body) == {
        "taken_utc": 1_600_000_000,
        "latitude": 48.8584,
        "longitude": 2.2945,
        "altitude": 35.5,
        "camera_position": None,
        "title": "x.jpg",
        "description": 'Été à la mer — "quoted" & <b>',
        "people": ["Дочь", "José"],
        "is_favourite": True,
        "is_archived": True,
        "is_trashed": True,
        "notes": [],
    }


def test_what_a_sidecar_does_not_say_is_none() -> None:
    assert read_takeout(sidecar(title="", description="", geoData=geo(0.0, 0.0), geoDataExif=geo(0, -0.0))) == {
        "taken_utc": 1_600_000_000,
        "latitude": None,
        "longitude": None,
        "altitude": None,
        "camera_position": None,
        "title": None,
        "description": None,
        "people": [],
        "is_favourite": False,
        "is_archived": False,
        "is_trashed": False,
        "notes": [],
    }


def test_the_position_the_owner_settled_on_goes_before_the_cameras() -> None:
    both = read_takeout(sidecar(geoData=geo(1.5, 2.5), geoDataExif=geo(3.5, 4.5, 9.0)))
    assert (both["latitude"], both["longitude"], both["altitude"]) == (1.5, 2.5, None)
    assert both["camera_position"] == (3.5, 4.5)
    camera = read_takeout(sidecar(geoData=geo(0.0, 0.0), geoDataExif=geo(3.5, 4.5, 9.0)))
    assert (camera["latitude"], camera["longitude"], camera["altitude"]) == (3.5, 4.5, 9.0)


@pytest.mark.parametrize(
    "position",
    [geo(91, 0.5), geo(1, 181), geo("north", 5), geo(None, 5), geo(True, 5), geo(float("nan"), 5), 7, [1, 2]],
)
def test_an_impossible_position_is_noted_and_no_position(position: Any) -> None:
    read = read_takeout(sidecar(geoData=position))
    assert (read["latitude"], read["longitude"], len(read["notes"])) == (None, None, 1)


def test_an_impossible_altitude_costs_only_itself() -> None:
    read = read_takeout(sidecar(geoData=geo(1.5, 2.5, 4e9)))
    assert (read["latitude"], read["altitude"], len(read["notes"])) == (1.5, None, 1)


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("1600000000", 1_600_000_000),
        (1600000000, 1_600_000_000),
        ("1600000000.5", 1_600_000_000.5),
        ("-31536000", -31_536_000),
        ("-99999999999", None),
        ("99999999999999999999", None),
        (10**400, None),
        ("NaN", None),
        (float("nan"), None),
        (float("inf"), None),
        (1e308, None),
        ("", None),
        ("yesterday", None),
        ("0", None),
        (True, None),
        ([], None),
    ],
)
def test_a_time_is_seconds_or_noted(stamp: Any, seconds: float | None) -> None:
    read = read_takeout(sidecar(photoTakenTime={"timestamp": stamp}))
    assert read["taken_utc"] == seconds
    assert len(read["notes"]) == (seconds is None)


def test_every_field_of_the_wrong_type_costs_only_itself() -> None:
    read = read_takeout(
        sidecar(title=5, description=["x"], photoTakenTime=7, people="Ann", favorited="yes", archived=1, geoData=[])
    )
    assert len(read.pop("notes")) == 7
    assert not any(read.values())
    some = read_takeout(sidecar(people=[{"name": "Ann"}, {"name": 5}, "Bob", None, {"name": "  "}]))
    assert some["people"] == ["Ann"]
    assert len(some["notes"]) == 3


def test_text_comes_out_fit_for_a_database_and_a_page() -> None:
    body = b'{"photoTakenTime": {}, "title": "a\\ud800b\\u0000c", "description": "one\\ntwo \\ud83d\\ude00"}'
    read = read_takeout(body)
    assert read["title"] == "a\ufffdb\ufffdc"
    assert read["description"] == "one\ntwo 😀"
    long = read_takeout(sidecar(title="x" * 10_000, description="y" * 100_000, people=[{"name": "z" * 900}] * 500))
    assert len(long["title"]) == 500
    assert len(long["description"]) == 20_000
    assert len(long["people"][0]) == 500
    assert len(long["notes"]) == 3


def test_a_title_that_climbs_is_only_text() -> None:
    assert title_of(sidecar(title="../../../../etc/passwd")) == "../../../../etc/passwd"
    assert title_of(b"{}") is None


def test_the_locked_folder_is_kept_from_the_timeline() -> None:
    assert read_takeout(sidecar(inLockedFolder=True))["is_archived"]


def test_trash_is_known_by_its_flag() -> None:
    assert is_trashed(sidecar(trashed=True))
    assert not is_trashed(sidecar())
    assert not is_trashed(b"nothing")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\xfd",
        b"\xff\xd8\xff\xe0 a picture",
        b'{"title": "x.jpg", "photoTakenTime": {',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'{"photoTakenTime": {"timestamp": ' + b"9" * 5000 + b"}}",
        b" " * (2 << 20),
        json.dumps({"title": "Holiday", "date": {"timestamp": "1"}, "access": ""}).encode(),
    ],
)
def test_what_is_no_sidecar_of_a_photo_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(BadInput, match=r"^This JSON file .*\.$"):
        read_takeout(body)


def test_the_broken_sidecars_of_the_collection_are_survived(photos: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, photos / "bad/make_bad.py", tmp_path], check=True, capture_output=True, timeout=60)
    found = {path.name: path.read_bytes() for path in tmp_path.glob("json_*")}
    assert len(found) == 5
    for name in ("json_not.jpg.json", "json_deep.jpg.json"):
        with pytest.raises(BadInput):
            read_takeout(found[name])
        assert read_album(found[name]) is None
    assert read_takeout(found["json_traversal.jpg.json"])["taken_utc"] == 1_600_000_000
    for name in ("json_types.jpg.json", "json_negative.jpg.json"):
        read = read_takeout(found[name])
        assert read["taken_utc"] is read["latitude"] is None
        assert read["notes"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
known_fields = st.sampled_from(
    [
        "title",
        "description",
        "photoTakenTime",
        "timestamp",
        "creationTime",
        "geoData",
        "geoDataExif",
        "latitude",
        "longitude",
        "altitude",
        "people",
        "name",
        "favorited",
        "archived",
        "trashed",
        "inLockedFolder",
        "date",
        "access",
        "albumData",
    ]
)
anything_familiar = st.recursive(
    anything | st.text("0123456789-.e", max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known_fields, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(known_fields, anything_familiar), st.sampled_from(["photoTakenTime", "imageViews"]))
def test_no_json_surprises(fields: dict[str, Any], mark: str) -> None:
    body = json.dumps({mark: {}, "title": ""} | fields).encode()
    read = read_takeout(body)
    taken, latitude, longitude = read["taken_utc"], read["latitude"], read["longitude"]
    assert taken is None or -62_135_596_800 < taken < 253_402_300_800
    assert (latitude is None) == (longitude is None)
    assert latitude is None or (abs(latitude) <= 90 and abs(longitude) <= 180)
    json.dumps(read, allow_nan=False).encode()
    for text in (read["title"], read["description"], *read["people"]):
        assert text is None or (text.encode() and "\0" not in text)
    assert {type(read[key]) for key in ("is_favourite", "is_archived", "is_trashed")} == {bool}
    assert read_album(body) is None


@settings(deadline=None)
@given(st.binary())
def test_no_bytes_surprise(body: bytes) -> None:
    assert read_album(body) is None
    with pytest.raises(BadInput):
        read_takeout(body)


# --- albums


def test_an_album_is_known_by_what_its_json_holds(photos: Path) -> None:
    takeout = photos / "takeout"
    assert read_album((takeout / "Takeout1/Google Photos/Album test 6-10-23/métadonnées.json").read_bytes()) == {
        "title": "Album test 6/10/23",
        "description": "",
    }
    assert read_album((takeout / "immich-go-gophers/Google Photos/gophers/metadata.json").read_bytes()) == {
        "title": "Gopher's gallery",
        "description": "",
    }
    nameless = read_album((takeout / "Takeout2/Google Photos/Sans titre(9)/métadonnées.json").read_bytes())
    assert nameless == {"title": "", "description": ""}
    older = read_album((takeout / "photoprism-json/gphotos-album.json").read_bytes())
    assert older == {"title": "iPhone", "description": ""}


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"{", sidecar(date={}, access=""), b'{"title": "x"}', b'{"title": 5, "date": {}}', b'{"date": {}}'],
)
def test_other_json_is_no_album(body: bytes) -> None:
    assert read_album(body) is None


@pytest.mark.parametrize(
    "folder",
    [
        "Photos from 2023",
        "Fotos von 2023",
        "Photos de 2023",
        "Fotos de 2023",
        "Foto dal 2023",
        "Foto's uit 2023",
        "Foto’s uit 2023",
        "Zdjęcia z 2023",
        "Fotky z roku 2023",
        "Foton från 2023",
        "Billeder fra 2023",
        "Фото за 2023 г.",
        "Фотографии за 2023 год",
        "2023 年の写真",
        "2023年的照片",
        "2023년의 사진",
        "Ảnh từ năm 2023",
        "2023 yılından fotoğraflar",
        "תמונות מ-2023",
        "Photos from 1965",
    ],
)
def test_a_folder_for_a_year_is_no_album(folder: str) -> None:
    assert is_year_folder(folder)
    assert album_title(folder, {"title": folder, "description": ""}) is None


def test_only_a_title_somebody_gave_makes_an_album() -> None:
    album = {"title": "Ferien: am Meer/Strand 🏖️", "description": ""}
    for folder in ("Ferien_ am Meer_Strand 🏖️", "Untitled(1)", "Photos from Grandma 2023", "2023", "Photos"):
        assert album_title(folder, album) == album["title"]
        assert album_title(folder, None) is None
    assert album_title("Untitled(1)", {"title": "", "description": ""}) is None
    assert album_title("2014-05-18 #2", {"title": "2014-05-18 #2", "description": ""}) is None


# --- which JSON belongs to which photo


def matched(media: Iterable[str], sidecars: Any) -> dict[str, str]:
    """The matches, the same in whatever order the names come."""
    media = list(media)
    found = match_sidecars(media, sidecars)
    backwards = dict(reversed(sidecars.items())) if isinstance(sidecars, dict) else reversed(list(sidecars))
    assert match_sidecars(reversed(media), backwards) == found
    return found


LONG = "a_name_of_forty_six_units_that_goes_on_and_on_"
assert len(LONG) == 46

PAIRS = [
    # media, JSON: names seen in real exports, and what the same rules make of others
    ("IMG_1.jpg", "IMG_1.jpg.json"),
    ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    ("IMG_1.jpg", "IMG_1.jpg.supplemental-me.json"),
    ("IMG_1.jpg", "IMG_1.jpg.s.json"),
    ("IMG_1.jpg", "IMG_1.jpg..json"),
    ("MVIMG_20191230_232926.jpg", "MVIMG_20191230_232926.jpg.supplemental-metadat.json"),
    ("Screenshot_20231027_123303_Facebook.jpg", "Screenshot_20231027_123303_Facebook.jpg.supple.json"),
    ("Screenshot_20231027_123303_Facebook(1).jpg", "Screenshot_20231027_123303_Facebook.jpg.supple(1).json"),
    ("Screenshot_2024-08-31-00-53-48-647_com.snapchat.jpg", "Screenshot_2024-08-31-00-53-48-647_com.snapcha.json"),
    ("05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg", "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json"),
    ("13039_327707840323_537645323_9470255_27214_n(1).jpg", "13039_327707840323_537645323_9470255_27214_n.j(1).json"),
    ("PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg", "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json"),
    ("original_1d4caa6f-16c6-4c3d-901b-9387de10e528_P.jpg", "original_1d4caa6f-16c6-4c3d-901b-9387de10e528_.json"),
    (LONG + "m(494).jpg", LONG + "(494).json"),
    ("😀" * 23 + "☺️.jpg", "😀" * 23 + ".json"),
    ("n" + "😀" * 23 + ".jpg", "n" + "😀" * 22 + ".json"),
    ("Screenshot_2016-08-08-21-24-25 of a long name.png", "Screenshot_2016-08-08-21-24-25 of a long name.png.supplemental-metadata.json"),
    ("DSC_0101(1).JPG", "DSC_0101.JPG(1).json"),
    ("DSC_0101(1).JPG", "DSC_0101(1).JPG.json"),
    ("CLIP0001(10).AVI", "CLIP0001.AVI.supplemental-metadata(10).json"),
    ("CLIP0001(10).AVI", "CLIP0001(10).AVI.supplemental-metadata.json"),
    ("CLIP0001(10).AVI", "CLIP0001.AVI(10).supplemental-metadata.json"),
    ("img(18).jpg", "img(18).jpg.supple(18).json"),
    ("IMG (1).jpg", "IMG (1).jpg.json"),
    ("tilde~2.jpg", "tilde~2.jpg.json"),
    ("27_06_12 - 2.jpg", "27_06_12 - 2.json"),
    ("PXL_20210102_221126856.MP~2.jpg", "PXL_20210102_221126856.MP~2.jpg.json"),
    ("PXL_20210102_221126856.MP~2", "PXL_20210102_221126856.MP~2.jpg.json"),
    ("PXL_20231118_035751175.MP", "PXL_20231118_035751175.MP.jpg.supplemental-metad.json"),
    ("PXL_20231118_035751175(1).MP", "PXL_20231118_035751175.MP.jpg.supplemental-metad(1).json"),
    ("PXL_20231118_035751175.MP(1)", "PXL_20231118_035751175.MP.jpg.supplemental-metad(1).json"),
    ("PXL_20231118_035751175.MP4", "PXL_20231118_035751175.MP.jpg.json"),
    ("MVIMG_20200207_134534", "MVIMG_20200207_134534.jpg.json"),
    ("IMG_4120.MP4", "IMG_4120.HEIC.json"),
    ("IMG_4120.MOV", "IMG_4120.jpg.supplemental-metadata.json"),
    ("IMG_4120(2).MP4", "IMG_4120.HEIC(2).json"),
    ("IMG_4120-edited.MP4", "IMG_4120.HEIC.json"),
    ("IMAG0061-edited.JPG", "IMAG0061.JPG.supplemental-metadata.json"),
    ("IMAG0061-EDITED.JPG", "IMAG0061.JPG.supplemental-metadata.json"),
    ("IMAG0061-edited.jpg", "IMAG0061.HEIC.supplemental-metadata.json"),
    ("IMAG0061-edited(1).JPG", "IMAG0061.JPG.supplemental-metadata(1).json"),
    ("IMAG0061(1)-edited.JPG", "IMAG0061.JPG(1).json"),
    ("2234089303984509579-edited.jpg", "2234089303984509579.supplemental-metadata.json"),
    ("PXL_20220405_090123740.PORTRAIT-modifié.jpg", "PXL_20220405_090123740.PORTRAIT.jpg.json"),
    ("PXL_20220405_090123740.PORTRAIT-modifie\u0301.jpg", "PXL_20220405_090123740.PORTRAIT.jpg.json"),
    ("IMG-20230325-WA0122~2-編集済み.jpg", "IMG-20230325-WA0122~2.jpg.supplemental-metadat.json"),
    ("e\u0301te\u0301.jpg", "\u00e9t\u00e9.jpg.json"),
    ("Bei den Landungsbrücken.png", "Bei den Landungsbrücken.png.json"),
]  # fmt: skip


@pytest.mark.parametrize(("media", "own"), PAIRS, ids=[f"{media} {own}" for media, own in PAIRS])
def test_a_sidecar_is_found_by_the_rules_of_exports(media: str, own: str) -> None:
    assert matched([media], [own]) == {media: own}


@pytest.mark.parametrize(
    "word", ["edited", "bearbeitet", "modifié", "editado", "modificato", "bewerkt", "redigerad", "edytowane", "effects"]
)
def test_an_edited_copy_shares_the_sidecar_of_its_original_in_every_language(word: str) -> None:
    media = ["IMG_1.jpg", f"IMG_1-{word}.jpg", "IMG_1(1).jpg", f"IMG_1-{word}(1).jpg"]
    assert list(matched(media, ["IMG_1.jpg.json", "IMG_1.jpg(1).json"]).items()) == [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        (f"IMG_1-{word}.jpg", "IMG_1.jpg.json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(1).json"),
        (f"IMG_1-{word}(1).jpg", "IMG_1.jpg(1).json"),
    ]


def test_a_copy_whose_mark_was_cut_shares_the_sidecar_of_its_original() -> None:
    base = LONG[:43]
    media = [f"{base}.jpg", f"{base}-edi.jpg", f"{base}-x.jpg"]
    assert matched(media, [f"{base}.jp.json"]) == dict.fromkeys(media[:2], f"{base}.jp.json")
    assert matched(media[1:], {f"{base}.jp.json": f"{base}.jpg"}) == {media[1]: f"{base}.jp.json"}


STRANGERS = [
    ("IMG_1.jpg", "IMG_2.jpg.json"),
    ("IMG_1.jpg", "IMG_1.png.json"),
    ("IMG_1.jpg", "IMG_10.jpg.json"),
    ("IMG_1.jpg", "IMG_1.jpg(1).json"),
    ("IMG_1(1).jpg", "IMG_1.jpg.json"),
    ("IMG_1(1).jpg", "IMG_1.jpg(2).json"),
    ("IMG_1(1).jpg", "IMG_1.jpg(11).json"),
    ("IMG_1.jpg.png", "IMG_1.jpg.json"),
    ("IMG_1.jpg", "IMG_1.jpg.supplementary.json"),
    ("IMG_1~2.jpg", "IMG_1.jpg.json"),
    ("IMG_1-2.jpg", "IMG_1.jpg.json"),
    ("IMG_1-e.jpg", "IMG_1.jpg.json"),
    ("IMG_1-edited.jpg", "IMG_1.jpg(1).json"),
    ("IMG_1-edited(1).jpg", "IMG_1.jpg.json"),
    ("IMG_1-edited.jpg", "IMG_1.mp4.json"),
    ("IMG_1.MP4", "IMG_1.HEIC(1).json"),
    ("IMG_1.HEIC", "IMG_1.MP4.json"),
    ("img_1.jpg", "IMG_1.jpg.json"),
    ("notes", "notes.jpg.json"),
    (LONG + "m(185).jpg", LONG + "(494).json"),
    (LONG[:-1] + "x.jpg", LONG + ".json"),
    (LONG + ".jpg", LONG[:40] + ".json"),
    ("x.jpg", ".json"),
    ("x.jpg", "x.jpg"),
]


@pytest.mark.parametrize(("media", "other"), STRANGERS, ids=[f"{media} {other}" for media, other in STRANGERS])
def test_a_sidecar_that_could_be_another_photos_is_not_taken(media: str, other: str) -> None:
    assert matched([media], [other]) == {}


def test_an_own_sidecar_wins_over_a_shared_one() -> None:
    media = ["IMG_1.jpg", "IMG_1-edited.jpg", "IMG_1.MP4", "PXL_1.MP.jpg", "PXL_1.MP"]
    own = {name: f"{name}.json" for name in media}
    assert matched(media, own.values()) == own


def test_a_sidecar_that_has_found_its_photo_is_no_strangers_too() -> None:
    assert matched(["foo", "foo.jpg"], ["foo.json"]) == {"foo": "foo.json"}
    assert matched(["x.jpg.s", "x-edited.jpg"], ["x.jpg.s.json"]) == {"x.jpg.s": "x.jpg.s.json"}


def test_the_edited_video_half_of_a_live_photo_shares_its_sidecar_too() -> None:
    media = ["IMG_1.HEIC", "IMG_1.MP4", "IMG_1-edited.HEIC", "IMG_1-edited.MP4"]
    assert matched(media, ["IMG_1.HEIC.json"]) == dict.fromkeys(media, "IMG_1.HEIC.json")


def test_a_copy_of_a_photo_without_a_sidecar_takes_no_other_ones() -> None:
    assert matched(["IMG_1.jpg", "IMG_1-edited.jpg", "IMG_1.JPG"], ["IMG_1.JPG.json"]) == {
        "IMG_1.JPG": "IMG_1.JPG.json"
    }


def test_the_full_present_name_wins_where_two_exports_lie_in_one_folder() -> None:
    sidecars = ["x.jpg.json", "x.jpg.s.json", "x.jpg.supplemental-metadata.json", "x.jpg.supplemental.json"]
    assert matched(["x.jpg"], sidecars) == {"x.jpg": "x.jpg.supplemental-metadata.json"}


def test_a_name_that_two_sidecars_claim_in_different_ways_gets_neither() -> None:
    assert matched(["IMG(1).jpg"], ["IMG(1).jpg.json", "IMG.jpg(1).json"]) == {}


def test_a_video_beside_two_pictures_of_its_name_belongs_to_neither() -> None:
    media = ["IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MP4"]
    own = {"IMG_1.HEIC": "IMG_1.HEIC.json", "IMG_1.JPG": "IMG_1.JPG.json"}
    assert matched(media, own.values()) == own


def test_names_that_differ_only_in_their_accents_storage_keep_their_own_sidecars() -> None:
    own = {name: f"{name}.json" for name in ("e\u0301te\u0301.jpg", "\u00e9t\u00e9.jpg")}
    assert matched(own, own.values()) == own


def test_two_sidecars_of_one_cut_name_leave_it_open_whose_they_are() -> None:
    sidecars = ["\u00e9" + LONG[:45] + ".json", "e\u0301" + LONG[:45] + ".json"]
    assert matched(["\u00e9" + LONG[:45] + "a.jpg"], sidecars) == {}


def test_titles_tell_names_apart_that_were_cut_to_the_same_letters() -> None:
    titles = {LONG + ".json": LONG + "b1.jpg", LONG + "(1).json": LONG + "a1.jpg", LONG + "(2).json": LONG + "b2.jpg"}
    media = [LONG + "a.jpg", LONG + "b.jpg", LONG + "b(1).jpg"]
    assert matched(media, titles) == {
        LONG + "a.jpg": LONG + "(1).json",
        LONG + "b.jpg": LONG + ".json",
        LONG + "b(1).jpg": LONG + "(2).json",
    }
    assert matched(media, list(titles)) == {}
    without_first = dict(list(titles.items())[1:])
    assert matched(media, without_first) == {}  # with a gap nobody knows what (1) counts


def test_numbers_alone_serve_while_all_are_namesakes() -> None:
    media = [LONG + "a.jpg", LONG + "a(1).jpg", LONG + "a(7).jpg"]
    sidecars = [LONG + ".json", LONG + "(1).json", LONG + "(7).json"]
    assert list(matched(media, sidecars).values()) == sidecars
    assert matched(media, [*sidecars, LONG + "(8).json"]) == {}
    titled = dict.fromkeys([*sidecars, LONG + "(8).json"], LONG + "a and more.jpg")
    assert list(matched(media, titled).values()) == sidecars


def test_the_halves_of_a_live_photo_with_a_long_name_share_its_sidecar() -> None:
    media = [LONG + ".HEIC", LONG + ".MP4", LONG + "(1).HEIC", LONG + "(1).MP4"]
    sidecars = {LONG + ".json": LONG + "abc.HEIC", LONG + "(1).json": LONG + "abd.HEIC"}
    for known in (sidecars, list(sidecars)):
        assert list(matched(media, known).values()) == [LONG + ".json"] * 2 + [LONG + "(1).json"] * 2


def test_a_title_keeps_a_sidecar_from_a_stranger_with_the_same_beginning() -> None:
    assert matched([LONG + "a.jpg"], {LONG + ".json": LONG + "b.jpg"}) == {}
    assert matched([LONG + "a.jpg"], {LONG + ".json": "renamed since.jpg"}) == {LONG + "a.jpg": LONG + ".json"}
    assert matched([LONG[:44]], {LONG[:44] + ".s.json": LONG[:44] + ".sad.jpg"}) == {}
    assert matched([LONG[:42] + ".jpg"], {LONG[:42] + ".jpg.json": LONG[:42] + ".jpg.jpg"}) == {}


def test_a_title_without_an_extension_names_one_photo_only() -> None:
    assert matched(["foo.jpg", "foo.mp4"], {"foo.json": "foo"}) == {"foo.jpg": "foo.json", "foo.mp4": "foo.json"}
    assert matched(["foo.jpg", "foo.png"], {"foo.json": "foo"}) == {}
    assert matched(["foo.jpg"], {"foo.json": "foo", "foo.jpg.json": "foo.jpg"}) == {"foo.jpg": "foo.jpg.json"}


def test_a_title_with_letters_no_file_may_have_is_recognised() -> None:
    title = LONG[:20] + ':&"/' + LONG[24:] + "a?.jpg"
    assert matched([LONG[:20] + "____" + LONG[24:] + "a.jpg"], {LONG[:20] + "____" + LONG[24:] + ".json": title})
    assert matched(["27_06_12 - 1.mov"], {"27_06_12 - 1.mov.json": "27/06/12 - 1"})


def test_a_folder_of_twenty_thousand_is_matched_without_comparing_all_with_all() -> None:
    media = [f"{LONG[:44]}{n:06}" for n in range(5000)] + [f"IMG({n}).jpg" for n in range(1, 5000)]
    media += [f"{name}-edited" for name in media]
    sidecars = [f"{LONG}.json"] + [f"{LONG}({n}).json" for n in range(1, 5000)]
    sidecars += [f"IMG.jpg({n}).json" for n in range(1, 5000)]

    class Counting(str):
        looks = 0

        def startswith(self, *args: Any) -> bool:
            Counting.looks += 1
            return super().startswith(*args)

    match_sidecars(media, dict.fromkeys(map(Counting, sidecars)))
    assert Counting.looks < 10 * len(media)


# --- real and made exports


def tree(root: Path) -> tuple[dict[str, set[str]], dict[str, dict[str, str | None]], dict[str, str]]:
    """Folder -> media, folder -> sidecar -> title, folder -> album."""
    media: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, dict[str, str | None]] = defaultdict(dict)
    albums: dict[str, str] = {}
    for path in root.rglob("*"):
        folder = path.parent.relative_to(root).as_posix()
        if path.suffix != ".json":
            if path.is_file():
                media[folder].add(path.name)
            continue
        try:
            titles[folder][path.name] = read_takeout(path.read_bytes())["title"]
        except BadInput:
            if title := album_title(path.parent.name, read_album(path.read_bytes())):
                albums[folder] = title
    return media, titles, albums


def test_the_real_exports_are_matched_completely(photos: Path) -> None:
    media, titles, albums = tree(photos / "takeout")
    for folder, names in media.items():
        if titles[folder]:
            found = matched(names, titles[folder])
            assert found.keys() == names
            assert sorted(found.values()) == sorted(titles[folder])
            assert matched(names, list(titles[folder])) == found
    three = "Takeout3/Photos from 2023"
    assert matched(media[three], titles[three])["DSC_0238(1).JPG"] == "DSC_0238.JPG(1).json"
    assert matched(media[three], titles[three])["DSC_0238_1.JPG"] == "DSC_0238_1.JPG.json"
    assert albums == {
        "Takeout1/Google Photos/Album test 6-10-23": "Album test 6/10/23",
        "photoprism-json": "iPhone",
        "immich-go-gophers/Google Photos/gophers": "Gopher's gallery",
    }


def test_the_real_sidecars_are_read(photos: Path) -> None:
    album = photos / "takeout/Takeout1/Google Photos/Album test 6-10-23"
    read = read_takeout((album / "PXL_20231006_063851485.jpg.json").read_bytes())
    assert read["taken_utc"] == 1_696_574_331
    assert (read["latitude"], read["longitude"], read["altitude"]) == (48.8583736, 2.291901, 66.15)
    assert read["description"] == "Description from goggle photos"
    assert read["is_favourite"]
    assert read_takeout((album / "PXL_20231006_063536303.jpg.json").read_bytes())["is_archived"]
    for path in (photos / "takeout").rglob("*.json"):
        body = path.read_bytes()
        if read_album(body) is None:
            assert read_takeout(body)["taken_utc"]
            assert read_takeout(body)["notes"] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_made_exports_equal_their_truth(photos: Path, tmp_path: Path, seed: int) -> None:
    script = photos / "takeout/make_takeout.py"
    command = [sys.executable, script, tmp_path, "--photos", photos, "--seed", str(seed)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    root = tmp_path / "Takeout/Google Photos"
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["media"]: row for row in csv.DictReader(file)}
    media, titles, albums = tree(root)
    assert albums == {"Ferien n 🏖️": "Ferien n: am Meer/Strand 🏖️", "Ferien o 🏖️": "Ferien o: am Meer/Strand 🏖️"}
    assert {f"{folder}/{name}" for folder, names in media.items() for name in names} == truth.keys()
    found = {}
    for folder, names in media.items():
        for name, own in matched(names, titles[folder]).items():
            found[f"{folder}/{name}"] = f"{folder}/{own}"
        assert matched(names, list(titles[folder])) == matched(names, titles[folder])
    expected = {}
    for name, row in truth.items():
        own = row["sidecar"] or (truth[row["sidecar_of"]]["sidecar"] if row["sidecar_of"] else "")
        if own:
            expected[name] = own
    assert found == expected
    for name, own in found.items():
        row, read = truth[name], read_takeout((root / own).read_bytes())
        assert read["taken_utc"] == int(row["taken_utc"])
        assert read["notes"] == []
        if row["sidecar"]:
            assert [read["latitude"], read["longitude"]] == [float(row[k]) if row[k] else None for k in ("lat", "lon")]
            assert read["people"] == [person for person in row["people"].split("|") if person]
            assert (read["description"] or "") == row["description"]
            flags = {"archived": "is_archived", "favorited": "is_favourite", "trashed": "is_trashed"}
            assert {flag for flag, key in flags.items() if read[key]} == set(filter(None, row["flags"].split("|")))


# --- any export Google's rules could make


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, most: int) -> str:
    while units(text) > most:
        text = text[:-1]
    return text


@dataclass
class Export:
    """One folder of an export, named by Google's rules."""

    is_new_style: bool
    truth: dict[str, str | None] = field(default_factory=dict)  # media -> sidecar
    titles: dict[str, str | None] = field(default_factory=dict)  # sidecar -> title

    def add(self, title: str, edited: str = "", video: str = "", has_sidecar: bool = True) -> None:
        safe = "".join("_" if letter in '/:&"?' else letter for letter in title)
        base, dot, extension = safe.rpartition(".")
        base = cut(base, 51 - units(dot + extension))
        count = 0
        while (name := f"{base}{self._tail(count)}.{extension}") in self.truth:
            count += 1
        stem = cut(safe + (".supplemental-metadata" if self.is_new_style else ""), 46)
        number = 0
        while (own := f"{stem}{self._tail(number)}.json") in self.titles:
            number += 1
        self.titles[own] = title
        self.truth[name] = own
        if edited and units(copy := f"{base}-{edited}{self._tail(count)}.{extension}") <= 51:
            self.truth[copy] = own
        if video:
            half = f"{base}{self._tail(count)}.{video}" if extension == "HEIC" else f"{base}{self._tail(count)}"
            self.truth[half] = own
            self._halves.add(half)
        if not has_sidecar:
            self.truth = {media: None if sidecar == own else sidecar for media, sidecar in self.truth.items()}
            self._lost.add(own)

    _lost: set[str] = field(default_factory=set)
    _halves: set[str] = field(default_factory=set)

    @property
    def findable(self) -> dict[str, str | None]:
        """The truth without the videos that lie beside several pictures of their name."""
        beside = Counter(name.rpartition(".")[0] for name in self.truth.keys() - self._halves)
        return {
            name: own
            for name, own in self.truth.items()
            if name not in self._halves or beside[name.rpartition(".")[0]] == 1
        }

    @staticmethod
    def _tail(number: int) -> str:
        return f"({number})" if number else ""

    @property
    def kept(self) -> dict[str, str | None]:
        return {name: title for name, title in self.titles.items() if name not in self._lost}


WORDS = ["edited", "bearbeitet", "modifié", "ha editado", "編集済み"]
PIECES = ["IMG_", "a", "b", "1", "2", " ", "é", "😀", "_", ":", "&", "~2", "Screenshot_2023-05-01-10-11-12", LONG[:30]]
bases = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.tuples(st.integers(38, 46), st.text("ab1", min_size=1, max_size=9)).map(lambda t: LONG[: t[0]] + t[1]),
).filter(lambda base: base.strip() == base)
emoji = st.tuples(st.integers(18, 23), st.text("ab😀", max_size=5)).map(lambda t: "😀" * t[0] + t[1])
pictures = st.one_of(
    st.tuples(bases | emoji, st.sampled_from([".jpg", ".JPG", ".png"])).map("".join),
    # An emoji that is cut in two with a long extension costs the photo's name more than the sidecar's: not understood.
    st.tuples(bases, st.sampled_from([".HEIC", ".webp"])).map("".join),
)
clips = bases.map(lambda base: f"clip {base}.MP4")


@st.composite
def exports(draw: st.DrawFn, may_lose_sidecars: bool = False) -> Export:
    export = Export(draw(st.booleans()))
    # Sidecars without their photo are what a video without its own would be given; only pictures are lost.
    for title in draw(st.lists(pictures | clips, min_size=1, max_size=12)):
        is_clip = title.endswith(".MP4")
        export.add(
            title,
            edited="" if is_clip else draw(st.sampled_from(["", *WORDS])),
            video=draw(st.sampled_from(["", "MP4", "MOV"])) if title.endswith(".HEIC") else "",
            has_sidecar=not may_lose_sidecars or draw(st.booleans()),
        )
    return export


@settings(max_examples=80, deadline=None)
@given(exports())
def test_in_a_whole_export_every_photo_finds_its_sidecar(export: Export) -> None:
    found = matched(export.truth, export.kept)
    assert export.findable.items() <= found.items() <= export.truth.items()


@settings(max_examples=80, deadline=None)
@given(exports(may_lose_sidecars=True), st.booleans())
def test_the_sidecar_of_another_photo_is_never_taken(export: Export, has_titles: bool) -> None:
    found = matched(export.truth, export.kept if has_titles else list(export.kept))
    assert found.items() <= export.truth.items()


names = st.text(st.sampled_from("ab(1).2~-_é😀"), max_size=12).map(lambda name: name[:40])
endings = st.sampled_from([".jpg", ".MP4", ".MP", "", "-edited.jpg", "(1).jpg", ".supplemental-metadata", ".s", "(1)"])
any_names = st.lists(st.tuples(names, endings).map("".join), max_size=15)


@settings(deadline=None)
@given(any_names, any_names, st.booleans())
def test_no_names_surprise(media: list[str], stems: list[str], has_titles: bool) -> None:
    sidecars = {f"{stem}.json": stem if has_titles else None for stem in stems}
    found = matched(dict.fromkeys(media), sidecars)
    assert found.keys() <= set(media)
    assert set(found.values()) <= sidecars.keys()
    for name in media:
        if name and f"{name}.json" in sidecars:
            assert found.get(name) in (None, f"{name}.json") or found[name].startswith(name)
