import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import BadInput
from photolib.metadata import dates, xmp

HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/" '
    'xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:MP="http://ns.microsoft.com/photo/1.2/" '
    'xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" '
    'xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#" '
    'xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" '
    'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" '
    'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">'
)
TAIL = "</rdf:RDF></x:xmpmeta>"


def packet(elements: str = "", attributes: str = "") -> bytes:
    return f'{HEAD}<rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description>{TAIL}'.encode()


def bag(name: str, *items: str, kind: str = "Bag") -> str:
    return f"<{name}><rdf:{kind}>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:{kind}></{name}>"


# What exiftool makes of these sidecars and we do not, and why.
ANOTHER_READING = {
    "xmp_sidecar/20240121_102400.JPG.xmp": "digiKam wrote into CreateDate when it saved; DateCreated has when it was taken",
}


def test_real_sidecars_say_what_exiftool_reads(shared_photos: Path) -> None:
    with (shared_photos / "manifest.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["path"].endswith(".xmp")]
    different = set()
    for row in rows:
        said = xmp.read_xmp((shared_photos / row["path"]).read_bytes())
        taken = next((fact for fact in said.get("dates", []) if fact["source"].startswith("xmp")), None)
        notes: list[str] = []
        truth = dates.read_date(row["taken_at"], "xmp", notes) if row["taken_at"] else None
        if truth and (not taken or (taken["local"], taken["offset"]) != (truth["local"], truth["offset"])):
            different.add(row["path"])
        for column, key in (("gps_lat", "latitude"), ("gps_lon", "longitude"), ("gps_alt", "altitude")):
            if row[column]:
                assert said[key] == pytest.approx(float(row[column]), abs=1e-6), row["path"]
        for column in ("rating", "orientation"):
            if row[column]:
                assert said[column] == int(row[column]), row["path"]
        if row["regions"]:
            assert "|".join(region["name"] for region in said["regions"]) == row["regions"], row["path"]
        wanted = set(row["keywords"].replace(", ", "|").split("|")) - {""}
        assert wanted <= set(said.get("keywords", [])), row["path"]
    assert different == set(ANOTHER_READING)
    assert len(rows) > 20


def test_attributes_and_elements_say_the_same() -> None:
    as_elements = xmp.read_xmp(packet("<xmp:Rating>4</xmp:Rating><tiff:Model>NIKON D300</tiff:Model>"))
    as_attributes = xmp.read_xmp(packet("", 'xmp:Rating="4" tiff:Model="NIKON D300"'))
    assert as_elements == as_attributes == {"rating": 4, "model": "NIKON D300"}


def test_the_default_language_of_a_title_counts() -> None:
    title = '<dc:title><rdf:Alt><rdf:li xml:lang="de">Meer</rdf:li><rdf:li xml:lang="x-default">Sea</rdf:li></rdf:Alt></dc:title>'
    assert xmp.read_xmp(packet(title))["title"] == "Sea"


def test_what_a_packet_does_not_state_is_absent() -> None:
    assert xmp.read_xmp(packet()) == {}


def test_hierarchical_keywords_add_their_levels_but_not_their_drawers() -> None:
    said = xmp.read_xmp(
        packet(
            bag("dc:subject", "Venice", "holiday")
            + bag("lr:hierarchicalSubject", "Places|Italy|Venice", "People|Ann", "holiday")
            + bag("digiKam:TagsList", "Animals/Dog", kind="Seq")
        )
    )
    assert said["keywords"] == ["Venice", "holiday", "Italy", "Ann", "Dog", "Animals"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        ("50,5.3752490N", "14,23.8445710E", (50.0895875, 14.3974095)),
        ("33,51,21.6S", "151,12,36E", (-33.856, 151.21)),
        ("40.5", "76.25W", (40.5, -76.25)),
        ("-40.5", "-76.25", (-40.5, -76.25)),
        ("91,0N", "14,0E", None),
        ("0,0N", "0,0E", None),
        ("north", "east", None),
        ("1,2,3,4N", "1E", None),
        ("1/0N", "1E", None),
    ],
)
def test_positions_in_all_spellings(latitude: str, longitude: str, place: tuple[float, float] | None) -> None:
    said = xmp.read_xmp(packet("", f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"'))
    assert ((said["latitude"], said["longitude"]) if "latitude" in said else None) == place


def test_below_the_sea_is_negative() -> None:
    assert xmp.read_xmp(packet("", 'exif:GPSAltitude="430/1" exif:GPSAltitudeRef="1"'))["altitude"] == -430


@pytest.mark.parametrize(
    ("stated", "stars"), [("-1", -1), ("0", 0), ("5", 5), ("3.0", 3), ("6", None), ("-2", None), ("many", None)]
)
def test_ratings(stated: str, stars: int | None) -> None:
    said = xmp.read_xmp(packet("", f'xmp:Rating="{stated}"'))
    assert said.get("rating") == stars
    assert ("notes" in said) == (stars is None)


def test_microsofts_percentages_are_stars() -> None:
    stars = [xmp.read_xmp(packet("", f'MicrosoftPhoto:Rating="{each}"'))["rating"] for each in (0, 1, 25, 50, 75, 99)]
    assert stars == [0, 1, 2, 3, 4, 5]


def test_the_date_of_the_picture_goes_before_the_date_of_the_file() -> None:
    said = xmp.read_xmp(packet("", 'xmp:CreateDate="2024-03-01T10:00:00+01:00" photoshop:DateCreated="1985-07"'))
    assert [(fact["local"], fact["source"]) for fact in said["dates"]] == [
        ("1985-07-01T00:00:00.000", "xmp"),
        ("2024-03-01T10:00:00.000", "xmp-digitized"),
    ]


def region(name: str, area: str) -> str:
    return (
        f'<rdf:li rdf:parseType="Resource"><mwg-rs:Name>{name}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>'
        f"<mwg-rs:Area {area}/></rdf:li>"
    )


def regions(*items: str) -> bytes:
    return packet(
        '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="200"/>'
        f"<mwg-rs:RegionList><rdf:Bag>{''.join(items)}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def test_regions_are_counted_from_the_upper_left_corner() -> None:
    said = xmp.read_xmp(
        regions(
            region("Ann", 'stArea:x="0.5" stArea:y="0.5" stArea:w="0.2" stArea:h="0.4"'),
            region("Ben", 'stArea:x="100" stArea:y="100" stArea:w="80" stArea:h="40" stArea:unit="pixel"'),
            region("Edge", 'stArea:x="0" stArea:y="1" stArea:w="0.2" stArea:h="0.2"'),
        )
    )
    assert said["regions"] == [
        {"name": "Ann", "type": "face", "x": 0.4, "y": 0.3, "w": 0.2, "h": 0.4},
        {"name": "Ben", "type": "face", "x": 0.15, "y": 0.4, "w": 0.2, "h": 0.2},
        {"name": "Edge", "type": "face", "x": 0.0, "y": 0.9, "w": 0.1, "h": 0.1},
    ]
    assert said["people"] == ["Ann", "Ben", "Edge"]
    assert said["regions_applied_to"] == [400, 200]


def test_a_region_that_lies_nowhere_is_left_out_and_noted() -> None:
    said = xmp.read_xmp(
        regions(
            region("Nowhere", 'stArea:x="7" stArea:y="0.5" stArea:w="0.2" stArea:h="0.4"'),
            region("Nothing", ""),
            region("Ann", 'stArea:x="0.5" stArea:y="0.5" stArea:w="0.2" stArea:h="0.4"'),
        )
    )
    assert [each["name"] for each in said["regions"]] == ["Ann"]
    assert said["notes"] == ["A face region was left out: it does not lie on the picture."]


def test_microsofts_regions_count_where_the_working_groups_are_missing() -> None:
    said = xmp.read_xmp(
        packet(
            '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>'
            '<rdf:li MPReg:PersonDisplayName="Marie" MPReg:Rectangle="0.1, 0.2, 0.3, 0.4"/>'
            '<rdf:li MPReg:PersonDisplayName="Somewhere"/>'
            "</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
        )
    )
    assert said["regions"] == [{"name": "Marie", "type": "face", "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}]


def test_what_cameras_write_by_themselves_is_no_title() -> None:
    said = xmp.read_xmp(
        packet(bag("dc:title", "OLYMPUS DIGITAL CAMERA         ", kind="Alt") + bag("dc:description", " "))
    )
    assert said == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_packets_in_every_encoding(encoding: str) -> None:
    text = packet(bag("dc:subject", "Výlet")).decode().encode(encoding)
    assert xmp.read_xmp(text)["keywords"] == ["Výlet"]


@pytest.mark.parametrize(
    "spoiled",
    [
        b"\0\0" + packet(bag("dc:subject", "sea")) + b" " * 2000 + b"\0",
        b"<?xpacket begin='' id='W5M0'?>" + packet(bag("dc:subject", "sea")) + b"\x01\x02 rubbish",
        packet(bag("dc:subject", "sea", "a\x0bb")),
        packet(bag("dc:subject", "sea")) + packet("")[:40],
        packet(bag("dc:subject", "sea", "LATIN")).replace(b"LATIN", b"f\xeate"),
    ],
)
def test_a_little_spoiled_is_still_read(spoiled: bytes) -> None:
    assert xmp.read_xmp(spoiled)["keywords"][0] == "sea"


def test_entities_are_refused_and_never_unfolded() -> None:
    laughs = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">'
    laughs += "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    empty = '<!DOCTYPE x SYSTEM "http://example.com/x.dtd">'
    for bomb in (
        laughs + "]>" + HEAD + "&j;" + TAIL,
        outside + packet("<dc:title>&e;</dc:title>").decode(),
        empty + packet("<dc:title>x</dc:title>").decode(),
    ):
        with pytest.raises(BadInput, match="refused"):
            xmp.read_xmp(bomb.encode())


def test_far_too_much_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadInput, match="more than any program writes"):
        xmp.read_xmp(packet(f"<dc:format>{'x' * xmp.LARGEST}</dc:format>"))


def test_nesting_without_end_costs_only_the_nested_field() -> None:
    deep = "<dc:title>" + "<rdf:Description><dc:title>" * 5000 + "</dc:title></rdf:Description>" * 5000 + "</dc:title>"
    assert xmp.read_xmp(packet(deep + "<xmp:Rating>4</xmp:Rating>"))["rating"] == 4


@pytest.mark.parametrize("nothing", [b"", b"\0\0", b"no xml at all", b"<html><body>404</body></html", b"\xff\xfe<"])
def test_what_is_no_xml_is_refused_with_a_sentence(nothing: bytes) -> None:
    with pytest.raises(BadInput, match="could not be read"):
        xmp.read_xmp(nothing)


VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="<&\"'"), max_size=30),
    st.sampled_from(["0/0", "1e999", "nan", "-1", "9" * 400, "2023-02-30T25:00:00", "0000-00-00", "Z", "+99:99"]),
)
NAMES = st.sampled_from(
    ["xmp:Rating", "xmp:CreateDate", "exif:GPSLatitude", "exif:GPSLongitude", "exif:GPSAltitude", "tiff:Orientation",
     "exif:FNumber", "exif:ISOSpeedRatings", "photoshop:DateCreated", "exif:GPSTimeStamp", "dc:subject", "dc:title",
     "mwg-rs:Regions", "MP:RegionInfo", "tiff:Make", "lr:hierarchicalSubject"]
)  # fmt: skip
TREES: st.SearchStrategy[str] = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.builds(lambda name, body: f"<{name}>{body}</{name}>", NAMES, inner),
        st.builds(lambda items: f"<rdf:Bag>{''.join(f'<rdf:li>{each}</rdf:li>' for each in items)}</rdf:Bag>", st.lists(inner, max_size=3)),
        st.builds(lambda name, body: f'<{name} rdf:parseType="Resource">{body}</{name}>', NAMES, inner),
    ),
    max_leaves=6,
)  # fmt: skip


def read_or_refuse(text: bytes) -> dict[str, Any] | None:
    try:
        return xmp.read_xmp(text)
    except BadInput:
        return None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    read_or_refuse(text)
    read_or_refuse(packet("<xmp:Rating>1</xmp:Rating>")[:-200] + text)


@settings(max_examples=60)
@given(st.lists(TREES, max_size=4))
def test_any_statements_give_safe_values(trees: list[str]) -> None:
    said = read_or_refuse(packet("".join(trees))) or {}
    assert -1 <= said.get("rating", 0) <= 5
    assert -90 <= said.get("latitude", 0) <= 90
    for each in said.get("regions", []):
        assert all(0 <= each[key] <= 1 for key in "xywh")
    for fact in said.get("dates", []):
        assert len(fact.get("local") or fact["utc"]) == 23
