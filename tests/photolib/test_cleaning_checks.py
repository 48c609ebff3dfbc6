"""The check behind the cleaning: a copy that still tells something, for whatever reason, is never served."""

import io
import struct

import pytest
from PIL import Image, PngImagePlugin

from photolib import formats
from photolib.cleaning import plans
from photolib.cleaning.pieces import CannotClean, Clean, Keep, Stretch, joined, size_of
from photolib.metadata import containers, exif
from tests.photolib.test_cleaning_formats import EVERYTHING, cleaned, drawn, planned, sample

NOTHING, PLACE, CAMERA = Keep(), Keep(location=True), Keep(camera=True)
GPS = {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)}
PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- SECRET --></x:xmpmeta>'
IN_PNG = PngImagePlugin.PngInfo()
IN_PNG.add_itxt("XML:com.adobe.xmp", PACKET.decode())


def block(
    main: dict[int, object] | None = None, inside: dict[int, object] | None = None, is_placed: bool = False
) -> bytes:
    """An EXIF block with these tags in its main and its EXIF directory, and a position."""
    made = Image.Exif()
    made.update(main or {})
    if inside:
        made.get_ifd(exif.EXIF).update(inside)
    if is_placed:
        made.get_ifd(exif.GPS).update(GPS)
    return made.tobytes()


def as_it_is(body: bytes) -> Clean:
    """A plan by somebody who forgot to clean: the file itself."""
    return joined([Stretch(0, len(body))])


def passes(body: bytes, keep: Keep) -> bool:
    """Whether a copy with these bytes would be served."""
    kind = formats.sniff(body[: formats.HEAD])
    assert kind is not None
    try:
        plans.check(as_it_is(body), io.BytesIO(body), kind.name, keep)
    except CannotClean:
        return False
    return True


FORMS = ("JPEG", "PNG", "WEBP", "JXL", "TIFF")
TELLING = {
    "a position": block(is_placed=True),
    "a serial number of the camera": block(inside={0xA431: "SECRET"}),
    "a serial number of the lens": block(inside={0xA435: "SECRET"}),
    "a maker note": block(inside={0x927C: b"SECRET"}),
    "an owner": block(inside={0xA430: "SECRET"}),
    "a caption": block({0x010E: "SECRET"}),
    "an artist": block({0x013B: "SECRET"}),
    "a host computer": block({0x013C: "SECRET"}),
    "a comment": block(inside={0x9286: b"ASCII\0\0\0SECRET"}),
    "an identifier": block(inside={0xA420: "SECRET"}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", TELLING)
def test_a_copy_that_still_tells_something_is_not_served(form: str, what: str) -> None:
    body = drawn(form, exif=TELLING[what])
    assert passes(cleaned(body, NOTHING), NOTHING)
    assert not passes(body, NOTHING)
    assert not passes(body, EVERYTHING) or what == "a position"


@pytest.mark.parametrize("form", FORMS)
def test_what_is_allowed_passes_only_where_it_is(form: str) -> None:
    placed, taken_with = (
        drawn(form, exif=block(is_placed=True)),
        drawn(form, exif=block({0x010F: "Canon"}, {0x829D: 2.8})),
    )
    assert [passes(placed, keep) for keep in (NOTHING, CAMERA, PLACE, EVERYTHING)] == [False, False, True, True]
    assert [passes(taken_with, keep) for keep in (NOTHING, PLACE, CAMERA, EVERYTHING)] == [False, False, True, True]


@pytest.mark.parametrize(
    "body",
    [
        drawn("JPEG", xmp=PACKET),
        drawn("PNG", pnginfo=IN_PNG),
        drawn("WEBP", xmp=PACKET),
        drawn("JPEG", exif=b"Exif\0\0nobody can read this"),
        drawn("JPEG")[:2]
        + b"\xff\xed\0\x26Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x69\0\x03CAT\0"
        + drawn("JPEG")[2:],
    ],
    ids=["xmp in jpeg", "xmp in png", "xmp in webp", "exif that is garbage", "iptc in jpeg"],
)
def test_what_people_wrote_is_not_served(body: bytes) -> None:
    assert passes(cleaned(body), EVERYTHING)
    assert not passes(body, EVERYTHING)


@pytest.mark.parametrize("name", ["mp4", "mov", "3gp", "mkv", "webm", "avi", "heic"])
def test_where_nothing_moves_a_forgotten_patch_is_noticed(name: str) -> None:
    """Films and HEIC are written over in place: each part that is, in turn, stays as it was."""
    body, clean = sample(name), planned(sample(name), NOTHING)
    kind = formats.sniff(body[: formats.HEAD])
    assert kind is not None
    plans.check(clean, io.BytesIO(body), kind.name, NOTHING)
    at = patches = 0
    for number, piece in enumerate(clean.pieces):
        if not isinstance(piece, Stretch):
            forgetful = [*clean.pieces[:number], Stretch(at, size_of(piece)), *clean.pieces[number + 1 :]]
            with pytest.raises(CannotClean):
                plans.check(joined(forgetful), io.BytesIO(body), kind.name, NOTHING)
            patches += 1
        at += size_of(piece)
    assert patches or name == "heic"


def test_a_copy_that_became_another_kind_of_file_is_not_served() -> None:
    body = drawn("PNG")
    with pytest.raises(CannotClean):
        plans.check(as_it_is(body), io.BytesIO(body), "jpeg", NOTHING)
    with pytest.raises(CannotClean):
        plans.check(joined([b"text"]), io.BytesIO(body), "png", NOTHING)


def test_a_plan_that_forgets_something_ends_in_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is asked for every copy, not only here."""
    body = drawn("JPEG", exif=block(is_placed=True))
    monkeypatch.setitem(plans._PLANS, "jpeg", lambda file, keep: as_it_is(body))
    assert planned(body, PLACE).size == len(body)
    with pytest.raises(CannotClean):
        planned(body, NOTHING)


# --- what the heads of formats announce


def flags(webp: bytes) -> int:
    assert webp[12:16] == b"VP8X"
    return webp[20]


def test_a_webp_announces_what_is_in_it() -> None:
    has_exif, has_xmp = 0x08, 0x04
    body = drawn("WEBP", exif=block(inside={0x9003: "2023:06:01 12:00:00", 0xA431: "SECRET"}), xmp=PACKET)
    assert flags(body) & (has_exif | has_xmp) == has_exif | has_xmp
    dated = cleaned(body, NOTHING)
    assert flags(dated) & (has_exif | has_xmp) == has_exif
    assert b"EXIF" in dated
    undated = cleaned(drawn("WEBP", exif=block(inside={0xA431: "SECRET"}), xmp=PACKET), NOTHING)
    assert flags(undated) & (has_exif | has_xmp) == 0
    assert containers.webp(io.BytesIO(undated)).exif is None


def element(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">Q", len(body) | 1 << 56) + body


HEAD = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
SEGMENT, TRACKS, CLUSTER, TAGS = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75", b"\x12\x54\xc3\x67"
SOME_TRACKS = element(TRACKS, element(b"\xae", element(b"\x83", b"\x01")))
SOME_PICTURES = element(CLUSTER, element(b"\xe7", b"\0") + element(b"\xa3", b"\x81\0\0\x80pixels"))
FILM = element(SEGMENT, SOME_TRACKS + SOME_PICTURES)


def test_a_matroska_without_exactly_one_film_in_it_is_not_cleaned() -> None:
    """What lies in a second one, or in one without pictures, no player shows, so nobody can say what it is."""
    assert planned(HEAD + FILM).size == len(HEAD + FILM)
    told = element(TAGS, b"SECRET")
    without = [HEAD, HEAD + FILM + FILM, HEAD + element(SEGMENT, told)]
    without += [HEAD + element(SEGMENT, SOME_TRACKS), HEAD + element(SEGMENT, SOME_PICTURES)]
    for body in without:
        with pytest.raises(CannotClean, match="no film"):
            planned(body, kind="mkv")
