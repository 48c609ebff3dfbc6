from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photolib.metadata import dates

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 1, 1, tzinfo=UTC)
MODIFIED = 1_700_000_000_123_456_789  # 2023-11-14 23:13:20.123 in Berlin
PARIS = {"latitude": 48.8584, "longitude": 2.2945}
TOKYO = {"latitude": 35.6762, "longitude": 139.6503}


def local(wall: str, offset: int | None = None, source: str = "exif", **more: Any) -> dates.Fact:
    return {"local": f"{wall}.000"[:23] if "." not in wall else wall, "offset": offset, "source": source, **more}


def utc(wall: str, source: str) -> dates.Fact:
    return {"utc": f"{wall}.000", "source": source}


def settled(
    *found: dates.Fact,
    name: str = "x.jpg",
    sidecars: tuple[dates.Facts, ...] = (),
    modified: int = MODIFIED,
    **embedded: Any,
) -> dates.Facts:
    facts = {"width": 400, "height": 300, "orientation": 1, "dates": list(found), **embedded}
    return dates.settle(facts, list(sidecars), name, modified, NOW, home=BERLIN)


def moment(facts: dates.Facts) -> tuple[str, int | None, str]:
    return facts["taken_at"], facts["utc_offset"], facts["taken_at_source"]


# --- reading


@pytest.mark.parametrize(
    ("written", "wall", "offset"),
    [
        ("2023:06:01 12:00:00", "2023-06-01T12:00:00.000", None),
        ("2023-06-01 12:00:00", "2023-06-01T12:00:00.000", None),
        ("2023-06-01T12:00:00Z", "2023-06-01T12:00:00.000", 0),
        ("2023-06-01T12:00:00.0456+05:45", "2023-06-01T12:00:00.045", 345),
        ("2023-06-01T12:00-0330", "2023-06-01T12:00:00.000", -210),
        ("2023:06:01 12:00:00\0\0", "2023-06-01T12:00:00.000", None),
        ("2009:09:09 20:27:09.60:04:00", "2009-09-09T20:27:09.600", None),
        ("2023:06:01", "2023-06-01T00:00:00.000", None),
        ("1985-07", "1985-07-01T00:00:00.000", None),
        ("1985", "1985-01-01T00:00:00.000", None),
        ("1826:06:01 12:00:00", "1826-06-01T12:00:00.000", None),
        ("9999:12:31 23:59:59", "9999-12-31T23:59:59.000", None),
        ("2016:12:31 23:59:60", "2016-12-31T23:59:59.000", None),
        ("٢٠٢٣:٠٦:٠١ ١٢:٠٠:٠٠", "2023-06-01T12:00:00.000", None),  # phones set to Arabic have written this
    ],
)
def test_dates_in_all_spellings(written: str, wall: str, offset: int | None) -> None:
    fact = dates.read_date(written, "exif", [])
    assert fact is not None
    assert (fact["local"], fact["offset"]) == (wall, offset)
    assert bool(fact.get("is_day")) == (":" not in written[11:])


@pytest.mark.parametrize(
    "written",
    [
        "0000:00:00 00:00:00", "    :  :     :  :  ", "2023:13:45 99:99:99", "2023:02:30 12:00:00", "yesterday afternoon",
        "2023:06:01 24:00:00", "2016:12:31 23:59:61", "-1", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_date_is_left_out_with_a_note(written: str) -> None:
    notes: list[str] = []
    assert dates.read_date(written, "exif", notes) is None
    assert len(notes) == 1
    assert notes[0].startswith("The exif date was left out")
    assert len(notes[0]) < 150


@pytest.mark.parametrize("nothing", [None, "", "\0\0", 7, b""])
def test_an_empty_field_is_not_worth_a_note(nothing: Any) -> None:
    notes: list[str] = []
    assert dates.read_date(nothing, "exif", notes) is None
    assert notes == []


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("+14:00", 840), ("-12:00", -720), ("Z", 0), ("+05:45", 345), ("-03:30", -210), ("+0200", 120), ("-9:00", -540)],
)
def test_offsets(written: str, minutes: int) -> None:
    assert dates.read_offset(written, []) == minutes


@pytest.mark.parametrize("written", ["+99:99", "+14:30", "-13:00", "CET", "+02:75"])
def test_impossible_offsets_are_left_out_with_a_note(written: str) -> None:
    notes: list[str] = []
    fact = dates.read_date("2023:06:01 12:00:00", "exif", notes, offset=written)
    assert fact == local("2023-06-01T12:00:00")
    assert len(notes) == 1


@given(st.text(max_size=40) | st.binary(max_size=40))
@example("0001:01:01 00:00:00")
@example("9999-99-99T99:99:99+99:99")
def test_any_text_is_a_date_or_none(written: str | bytes) -> None:
    fact = dates.read_date(written, "exif", [], fraction=written, offset=written)
    assert fact is None or len(fact["local"]) == 23


@given(st.datetimes(min_value=datetime(1800, 1, 1)), st.integers(-720, 840))
def test_what_was_written_is_read_back(when: datetime, offset: int) -> None:
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    fact = dates.read_date(
        when.strftime(f"{when.year:04}:%m:%d %H:%M:%S"),
        "exif",
        [],
        f"{when.microsecond:06}",
        f"{sign}{hours:02}:{minutes:02}",
    )
    assert fact == {"local": when.isoformat(timespec="milliseconds"), "offset": offset, "source": "exif"}


# --- names


@pytest.mark.parametrize(
    ("name", "wall"),
    [
        ("IMG_20190101_101112.jpg", "2019-01-01T10:11:12"),
        ("IMG20210203123456.jpg", "2021-02-03T12:34:56"),
        ("IMG_20190101_101112_HDR.jpg", "2019-01-01T10:11:12"),
        ("IMG_20190101_101112~2.jpg", "2019-01-01T10:11:12"),
        ("IMG_20190101_101112(1).jpg", "2019-01-01T10:11:12"),
        ("VID_20190101_101112.mp4", "2019-01-01T10:11:12"),
        ("MVIMG_20190101_101112.jpg", "2019-01-01T10:11:12"),
        ("20240107_110258.jpg", "2024-01-07T11:02:58"),
        ("2024-01-07 11.02.58.jpg", "2024-01-07T11:02:58"),
        ("2024-01-07 11.02.58-1.jpg", "2024-01-07T11:02:58"),
        ("Screenshot_2023-05-01-10-11-12.png", "2023-05-01T10:11:12"),
        ("Screenshot_2023-05-01-10-11-12-123_com.example.app.jpg", "2023-05-01T10:11:12.123"),
        ("Screenshot_20230501-101112_Firefox.png", "2023-05-01T10:11:12"),
        ("Screenshot 2023-05-01 at 10.11.12.png", "2023-05-01T10:11:12"),
        ("Screenshot 2023-05-01 at 9.11.12\u202fPM.png", "2023-05-01T21:11:12"),
        ("Screenshot 2023-05-01 at 12.11.12 AM.png", "2023-05-01T00:11:12"),
        ("Bildschirmfoto 2023-05-01 um 10.11.12.png", "2023-05-01T10:11:12"),
        ("Capture d’écran 2023-05-01 a\u0300 10.11.12.png", "2023-05-01T10:11:12"),
        ("signal-2021-05-01-101112.jpg", "2021-05-01T10:11:12"),
        ("signal-2021-05-01-101112-123.jpg", "2021-05-01T10:11:12.123"),
        ("signal-2021-05-01-10-11-12-123.jpg", "2021-05-01T10:11:12.123"),
        ("photo_2021-01-02_03-04-05.jpg", "2021-01-02T03:04:05"),
        ("photo_2021-01-02_03-04-05 (2).jpg", "2021-01-02T03:04:05"),
        ("WP_20150102_03_04_05_Pro.jpg", "2015-01-02T03:04:05"),
        ("WhatsApp Image 2020-09-20 at 10.11.12.jpeg", "2020-09-20T10:11:12"),
        ("holiday/IMG_20190101_101112.jpg", "2019-01-01T10:11:12"),
    ],
)
def test_names_that_state_a_moment(name: str, wall: str) -> None:
    assert dates.from_filename(name) == local(wall, source="filename")


@pytest.mark.parametrize(
    ("name", "day"),
    [("IMG-20200920-WA0009.jpg", "2020-09-20"), ("VID-20200920-WA0001.mp4", "2020-09-20"), ("2019-05-18.jpg", "2019-05-18"),
     ("IMG_20190518.jpg", "2019-05-18"), ("Oma 2019-05-18 Garten.jpg", "2019-05-18")],
)  # fmt: skip
def test_names_that_state_a_day(name: str, day: str) -> None:
    assert dates.from_filename(name) == local(f"{day}T00:00:00", source="filename", is_day=True)


@pytest.mark.parametrize(
    ("name", "wall"),
    [("PXL_20231006_063000139.jpg", "2023-10-06T06:30:00.139"), ("PXL_20231006_063000139.MP.jpg", "2023-10-06T06:30:00.139"),
     ("UTC-20240413-203430-Auckland.jpg", "2024-04-13T20:34:30.000")],
)  # fmt: skip
def test_names_that_state_a_moment_in_utc(name: str, wall: str) -> None:
    assert dates.from_filename(name) == {"utc": wall, "source": "filename"}


@pytest.mark.parametrize(
    "name",
    [
        "DSC_0238.JPG", "IMG_0001.jpg", "20190518.jpg", "20190101101112.jpg", "+4915112345678.jpg", "0171-20190101.jpg",
        "12320190101_101112.jpg", "20190101_10111299.jpg", "20191301_101112.jpg", "20190101_251112.jpg", "2019-02-30.jpg",
        "FB_IMG_1588320000000.jpg", "received_1234567890123456.jpeg", "a3f20190101b.png", "1.2.2019.jpg", "scan 2019.jpg",
        "23481593101_ef7d55f39d_o.jpg", "192-168-1-20.png", "2019-05-18-1234567.jpg", "IMG-20200920123.jpg", "",
    ],
)  # fmt: skip
def test_numbers_that_are_no_dates(name: str) -> None:
    assert dates.from_filename(name) is None


@given(st.text(max_size=60))
def test_any_name_is_a_date_or_none(name: str) -> None:
    fact = dates.from_filename(name)
    assert fact is None or len(fact.get("local") or fact["utc"]) == 23


@given(
    st.integers(0, 10**18).map(str),
    st.sampled_from(["", "IMG_", "+", "tel ", "DSC"]),
    st.sampled_from(["", ".jpg", "_1.png"]),
)
def test_plain_digits_are_never_a_date(digits: str, before: str, after: str) -> None:
    fact = dates.from_filename(before + digits + after)
    assert fact is None or (before == "IMG_" and len(digits) in (8, 14, 17))


PATTERNS = ["%Y%m%d_%H%M%S", "%Y-%m-%d %H.%M.%S", "Screenshot_%Y-%m-%d-%H-%M-%S"]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)), st.sampled_from(PATTERNS))
def test_every_moment_survives_its_name(when: datetime, pattern: str) -> None:
    assert dates.from_filename(when.strftime(pattern) + ".jpg") == local(
        when.strftime("%Y-%m-%dT%H:%M:%S"), source="filename"
    )


# --- who is believed


def test_the_order_of_precedence_is_the_documented_one() -> None:
    """Every source states another day; taking the most believed away each time lists them all in order."""
    order = [source for source, _ in dates.DATE_ORDER]
    assert len(set(order)) == len(order)
    stated = {
        source: local(f"2001-01-{day:02}T10:00:00", 60, source)
        for day, source in enumerate(order, 1)
        if not source.startswith(("sidecar", "takeout", "file"))
    }
    sidecar = {
        "kind": "xmp",
        "dates": [local("2001-02-01T10:00:00", 60, "xmp"), local("2001-02-02T10:00:00", 60, "xmp-digitized")],
    }
    takeout = {"kind": "takeout", "taken_utc": 983_440_800}
    name = "IMG_20010401_100000.jpg"
    seen = []
    for source, shown in dates.DATE_ORDER:
        facts = settled(*stated.values(), name=name, sidecars=(sidecar, takeout))
        assert facts["taken_at_source"] == shown
        assert facts["is_guess"] == (source == "file time")
        seen.append(facts["taken_at"][:10])
        if source.startswith("sidecar"):
            del sidecar["dates"][0]
        elif source == "takeout":
            takeout = {"kind": "takeout", "taken_utc": None}
        elif source == "filename":
            name = "x.jpg"
        else:
            stated.pop(source, None)
    assert len(set(seen)) == len(dates.DATE_ORDER)


def test_every_field_is_decided_in_its_documented_order() -> None:
    values: dict[str, Any] = {
        "direction": 10.0, "title": "a", "description": "a", "keywords": ["a"], "rating": 1, "people": ["a"], "make": "a",
        "model": "a", "lens": "a", "focal_length": 1.0, "aperture": 1.0, "shutter": 1.0, "iso": 1, "altitude": 5.0, **PARIS,
    }  # fmt: skip
    others = {key: value * 2 if isinstance(value, str | list) else value + 1 for key, value in values.items()}
    sidecar, takeout = {"kind": "xmp", **others}, {"kind": "takeout", **others}
    for key, value in values.items():
        order = dates.FIELD_ORDER["position" if key in (*PARIS, "altitude") else key]
        assert settled(sidecars=(sidecar,), **values)[key] == others[key]
        is_takeout_first = "takeout" in order and order.index("takeout") < order.index("embedded")
        assert settled(sidecars=(takeout,), **values)[key] == (others[key] if is_takeout_first else value)
        filled = settled(sidecars=(takeout,))[key]
        assert (filled == others[key]) == ("takeout" in order)


def test_the_original_date_with_its_own_offset_is_taken_as_it_is() -> None:
    facts = settled(local("2023-06-01T12:00:00.123", 540), utc("2023-06-01T10:00:00", "gps"), **PARIS)
    assert moment(facts) == ("2023-06-01T12:00:00.123", 540, "exif")


@pytest.mark.parametrize(
    ("fix", "offset"),
    [
        ("2023-06-07T12:45:55", 60),
        ("2023-06-07T12:44:55", 60),  # a minute old
        ("2023-06-07T08:01:00", 345),  # Kathmandu
        ("2023-06-06T23:45:55", 840),
        ("2023-06-08T01:45:55", -720),
        ("2023-06-07T12:20:00", None),  # 85 minutes are no zone
        ("2023-06-01T12:45:55", None),  # the fix of another week
    ],
)
def test_the_satellites_know_the_offset(fix: str, offset: int | None) -> None:
    assert settled(local("2023-06-07T13:45:55"), utc(fix, "gps"))["utc_offset"] == offset


def test_the_place_knows_the_offset_with_its_summer_time() -> None:
    assert settled(local("2023-06-07T13:45:55"), **PARIS)["utc_offset"] == 120
    assert settled(local("2023-12-07T13:45:55"), **PARIS)["utc_offset"] == 60
    assert settled(local("1826-06-07T13:45:55"), **PARIS)["utc_offset"] is None, "there was no standard time"
    assert settled(local("9999-12-31T23:59:59"), **PARIS)["utc_offset"] == 60


def test_a_wrong_fix_leaves_the_offset_to_the_place() -> None:
    assert settled(local("2023-06-07T13:45:55"), utc("2023-06-07T11:25:00", "gps"), **PARIS)["utc_offset"] == 120


def test_an_unknown_offset_stays_unknown() -> None:
    assert moment(settled(local("2023-06-07T13:45:55"))) == ("2023-06-07T13:45:55.000", None, "exif")


def test_the_computer_that_wrote_the_file_is_asked_last_for_the_offset() -> None:
    written = local("2024-01-01T20:00:00", 60, "exif-modified")
    assert settled(local("2023-06-07T13:45:55"), written)["utc_offset"] == 60
    assert settled(local("2023-06-07T13:45:55"), written, **TOKYO)["utc_offset"] == 540


def test_facts_of_the_same_second_complete_each_other() -> None:
    facts = settled(local("2024-01-07T11:02:59"), local("2024-01-07T11:02:59.177", 60, "xmp"))
    assert moment(facts) == ("2024-01-07T11:02:59.177", 60, "exif")


def test_a_z_of_a_program_without_zones_is_not_believed_about_a_wall_clock() -> None:
    facts = settled(local("2024-01-07T11:02:59"), local("2024-01-07T11:02:59", 0, "xmp"), **PARIS)
    assert facts["utc_offset"] == 60


def test_a_video_is_shown_by_the_wall_clock_of_its_place() -> None:
    assert moment(settled(utc("2024-01-28T15:54:20", "video"), **TOKYO)) == ("2024-01-29T00:54:20.000", 540, "video")


def test_a_video_without_a_place_is_shown_by_the_wall_clock_at_home() -> None:
    assert moment(settled(utc("2024-01-28T09:54:20", "video"))) == ("2024-01-28T10:54:20.000", 60, "video")


def test_a_phones_name_for_a_video_tells_the_zone() -> None:
    facts = settled(utc("2024-01-28T09:54:20", "video"), name="20240128_165422.mp4")
    assert moment(facts) == ("2024-01-28T16:54:20.000", 420, "video")


def test_a_camera_that_stamps_its_wall_clock_as_utc_is_found_out() -> None:
    facts = settled(utc("2024-01-28T16:54:20", "video"), name="VID_20240128_165420.mp4", **TOKYO)
    assert moment(facts) == ("2024-01-28T16:54:20.000", 540, "video")
    assert settled(utc("2024-01-28T16:54:20", "video"), name="VID_20240128_165420.mp4")["utc_offset"] is None
    london = {"latitude": 51.5, "longitude": -0.12}
    assert settled(utc("2024-01-28T16:54:20", "video"), name="VID_20240128_165420.mp4", **london)["utc_offset"] == 0


def test_a_sidecar_that_copies_a_videos_utc_corrects_nothing() -> None:
    copied = {"kind": "xmp", "dates": [local("2024-01-28T09:54:20", None, "xmp")]}
    facts = settled(utc("2024-01-28T09:54:20", "video"), name="20240128_105420.mp4", sidecars=(copied,))
    assert moment(facts) == ("2024-01-28T10:54:20.000", 60, "video")
    corrected = {"kind": "xmp", "dates": [local("2018-11-17T20:27:31", 60, "xmp-digitized")]}
    facts = settled(utc("2024-01-28T09:54:20", "video"), sidecars=(corrected,))
    assert moment(facts) == ("2018-11-17T20:27:31.000", 60, "sidecar")


def test_takeout_counts_in_utc_and_its_place_gives_the_wall_clock() -> None:
    said = {
        "kind": "takeout",
        "taken_utc": 1_449_418_710,
        "description": "hdr",
        "people": ["Ann"],
        "is_favourite": True,
        **TOKYO,
    }
    facts = settled(name="IMG_20010101_101112.jpg", sidecars=(said,))
    assert moment(facts) == ("2015-12-07T01:18:30.000", 540, "takeout")
    assert (facts["latitude"], facts["description"], facts["people"]) == (TOKYO["latitude"], "hdr", ["Ann"])
    assert (facts["is_favourite"], facts["is_archived"], facts["is_trashed"]) == (True, False, False)


def test_a_file_name_is_no_title_even_if_takeout_calls_it_one() -> None:
    assert settled(sidecars=({"kind": "takeout", "title": "../../etc/passwd", "taken_utc": 0},))["title"] is None


@pytest.mark.parametrize("seconds", [-99_999_999_999, 10**30, float("nan"), "1", None, True])
def test_a_takeout_time_that_is_none_is_passed_over(seconds: Any) -> None:
    assert settled(sidecars=({"kind": "takeout", "taken_utc": seconds},))["taken_at_source"] == "file time"


def test_pixel_names_count_in_utc() -> None:
    facts = settled(name="PXL_20231006_063000139.jpg", **TOKYO)
    assert moment(facts) == ("2023-10-06T15:30:00.139", 540, "filename")


def test_a_day_borrows_its_time_from_the_file_if_that_is_of_the_same_day() -> None:
    facts = settled(name="IMG-20231114-WA0009.jpg")
    assert moment(facts) == ("2023-11-14T23:13:20.123", 60, "filename")
    assert settled(name="IMG-20200920-WA0009.jpg")["taken_at"] == "2020-09-20T00:00:00.000"


def test_a_name_of_a_day_to_come_is_no_date() -> None:
    assert settled(name="IMG_20261224_180000.jpg")["taken_at_source"] == "file time"


def test_the_files_own_time_comes_last_and_is_called_a_guess() -> None:
    facts = settled()
    assert moment(facts) == ("2023-11-14T23:13:20.123", 60, "file time")
    assert facts["is_guess"]


@pytest.mark.parametrize("modified", [0, int((NOW + timedelta(days=400)).timestamp()) * 10**9, 2**62])
def test_an_impossible_file_time_becomes_the_time_of_import(modified: int) -> None:
    facts = settled(modified=modified)
    assert facts["taken_at"] == "2025-01-01T01:00:00.000"
    assert any("time of import" in note for note in facts["notes"])


def test_dates_before_1970_and_far_ahead_stay_what_they_are() -> None:
    for wall in ("1826-06-01T12:00:00", "1969-07-20T20:17:40", "2099-12-31T23:59:59", "9999-12-31T23:59:59"):
        assert settled(local(wall))["taken_at"] == f"{wall}.000"


def test_an_altitude_counts_only_for_its_own_place() -> None:
    moved = {"kind": "xmp", **TOKYO}
    assert settled(**PARIS, altitude=35.0)["altitude"] == 35
    assert settled(sidecars=(moved,), **PARIS, altitude=35.0)["altitude"] is None
    same = {"kind": "xmp", "latitude": 48.8585, "longitude": 2.2946}
    assert settled(sidecars=(same,), **PARIS, altitude=35.0)["altitude"] == 35


def test_sidecar_regions_are_put_on_the_picture_as_shown() -> None:
    face = {"name": "Ann", "type": "face", "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}
    beside = {"kind": "xmp", "regions": [face], "regions_applied_to": [400, 300]}
    (shown,) = settled(sidecars=(beside,), orientation=6, width=300, height=400)["regions"]
    assert {key: shown[key] for key in "xywh"} == {"x": 0.4, "y": 0.1, "w": 0.4, "h": 0.3}
    drawn_as_shown = {**beside, "regions_applied_to": [300, 400]}
    assert settled(sidecars=(drawn_as_shown,), orientation=6, width=300, height=400)["regions"] == [face]


@given(st.integers(1, 8), st.tuples(*[st.floats(0, 0.5)] * 4))
def test_a_turned_region_stays_on_the_picture(orientation: int, box: tuple[float, ...]) -> None:
    region = dict(zip("xywh", box, strict=True))
    (shown,) = dates.turned([region], orientation, (4, 3), None)
    assert all(-1e-5 <= shown[key] <= 1 + 1e-5 for key in "xywh")
    assert shown["w"] * shown["h"] == pytest.approx(box[2] * box[3], abs=1e-5)


FACTS = st.builds(
    lambda when, offset, source, is_utc: (
        utc(when.isoformat(timespec="seconds"), source)
        if is_utc
        else local(when.isoformat(timespec="seconds"), offset, source)
    ),
    st.datetimes(),
    st.none() | st.integers(-720, 840),
    st.sampled_from([source for source, _ in dates.DATE_ORDER]),
    st.booleans(),
)


@given(
    st.lists(FACTS, max_size=4),
    st.text(max_size=30),
    st.integers(-(2**62), 2**62),
    st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)
def test_whatever_is_stated_there_is_always_a_moment(
    found: list[dates.Fact], name: str, modified: int, place: tuple[float, float] | None
) -> None:
    where = {"latitude": place[0], "longitude": place[1]} if place else {}
    facts = settled(*found, name=name, modified=modified, **where)
    assert len(facts["taken_at"]) == 23
    assert facts["taken_at_source"] in {shown for _, shown in dates.DATE_ORDER}
    assert facts["utc_offset"] is None or -16 * 60 < facts["utc_offset"] < 16 * 60
