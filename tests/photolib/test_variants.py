"""The derived sizes: right way up, right colours, no metadata, one decode; their names; which form a browser gets."""

import base64
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

from photolib import formats, variants
from photolib.decode import colour, pixels
from photolib.errors import BadInput, NotFound, UnreadablePhoto
from tests.conftest import SHARED

KEY = hashlib.sha256(b"a photo").hexdigest()
LIMIT = 400_000_000

Made = dict[str, Any]
Colour = tuple[int, int, int]


@pytest.fixture(scope="module")
def photos() -> Path:
    if not (SHARED / "photos").is_dir():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{SHARED} is missing")
    return SHARED / "photos"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Made]:
    """Makes the variants of a file, or of bytes, in tmp_path/made."""

    def make_from(source: Path | bytes, max_pixels: int = LIMIT) -> Made:
        if isinstance(source, bytes):
            path = tmp_path / "source"
            path.write_bytes(source)
        else:
            path = source
        with path.open("rb") as file:
            found = formats.sniff(file.read(formats.HEAD), formats.reach(file))
        assert found is not None
        return variants.make(path, found.name, tmp_path / "made", max_pixels)

    return make_from


@pytest.fixture
def shown(tmp_path: Path) -> Callable[..., Image.Image]:
    """Opens one of the variants made last."""

    def open_variant(size: str = "large") -> Image.Image:
        with Image.open(tmp_path / "made" / variants.file_name(size, variants.KEPT[size])) as image:
            image.load()
            return image

    return open_variant


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def scene(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture that looks different each way it is turned: red above left, green above right, blue below."""
    image = Image.new("RGB", size, (20, 40, 220))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill=(220, 30, 30))
    draw.rectangle((size[0] // 2, 0, size[0], size[1] // 2 - 1), fill=(30, 200, 40))
    return image


def stored_turned(orientation: int, size: tuple[int, int] = (64, 48)) -> tuple[Image.Image, Image.Exif]:
    """The scene as a camera held that way stores it, and the EXIF that says so."""
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    exif, image = Image.Exif(), scene(size)
    if orientation in undo:
        exif[0x0112] = undo[orientation]
        image.info["exif"] = exif.tobytes()
        image = ImageOps.exif_transpose(image)
    exif[0x0112] = orientation
    return image, exif


def assert_scene(image: Image.Image, is_wide: bool = True) -> None:
    image = image.convert("RGB")
    width, height = image.size
    assert (width > height) == is_wide
    for x, y, expected in ((0.2, 0.2, (220, 30, 30)), (0.8, 0.2, (30, 200, 40)), (0.5, 0.8, (20, 40, 220))):
        assert_near(image.getpixel((int(width * x), int(height * y))), expected, 30)


def assert_near(colour_found: Any, expected: Colour, tolerance: int = 6) -> None:
    assert max(abs(a - b) for a, b in zip(colour_found, expected, strict=True)) <= tolerance, (colour_found, expected)


# Upright ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation: int, make: Any, shown: Any) -> None:
    image, exif = stored_turned(orientation)
    made = make(saved(image, "JPEG", exif=exif, quality=95))
    assert (made["width"], made["height"]) == (64, 48)
    for size in variants.SIZES:
        assert_scene(shown(size))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_real_photos_of_all_orientations_look_the_same(orientation: int, photos: Path, make: Any, shown: Any) -> None:
    make(photos / "orientation" / "landscape_1.jpg")
    upright = shown("thumb").convert("RGB")
    make(photos / "orientation" / f"landscape_{orientation}.jpg")
    difference = ImageChops.difference(upright, shown("thumb").convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 10  # each has its own number drawn in


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF", "JXL"])
@pytest.mark.parametrize("orientation", [3, 5, 6])
def test_other_formats_are_turned_once(kind: str, orientation: int, make: Any, shown: Any, tmp_path: Path) -> None:
    """AVIF and HEIF state the rotation in their container, JPEG XL in the JPEG it was made from."""
    image, exif = stored_turned(orientation)
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "JXL":
        pytest.importorskip("pillow_jxl")
        source = tmp_path / "photo.jpg"
        source.write_bytes(saved(image, "JPEG", exif=exif, quality=95))
        with Image.open(source) as image:
            data = saved(image, "JXL", lossless_jpeg=True)
    else:
        data = saved(image, kind, exif=exif.tobytes(), **({"quality": 90} if kind in ("AVIF", "HEIF", "WEBP") else {}))
    make(data)
    assert_scene(shown())


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_an_orientation_that_does_not_exist_leaves_the_photo_as_it_is(orientation: int, make: Any, shown: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    make(saved(scene(), "JPEG", exif=exif, quality=95))
    assert_scene(shown())


def test_unreadable_exif_costs_nothing_but_a_note_at_most(make: Any, shown: Any) -> None:
    garbage = b"Exif\0\0" + bytes((n * 197 + 13) & 255 for n in range(3000))
    make(saved(scene(), "JPEG", exif=garbage, quality=95))
    assert_scene(shown())


# Colours ----------------------------------------------------------------------------------------------------------------


def p3_profile() -> bytes:
    profile = colour.profile_of((12, 13))
    assert profile
    return profile


def test_a_wide_profile_is_converted_to_srgb(make: Any, shown: Any) -> None:
    make(saved(Image.new("RGB", (64, 64), (200, 100, 50)), "PNG", icc_profile=p3_profile()))
    assert_near(shown().getpixel((30, 30)), (215, 93, 31))  # Display P3 to sRGB by the formulas of CSS Color 4


def test_theprofile_of_a_real_phone_agrees_with_ours(photos: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    profile = pillow_heif.open_heif(photos / "heic" / "IMG_2682.heic").info["icc_profile"]
    notes: list[str] = []
    for value in ((200, 100, 50), (10, 200, 120), (240, 240, 20)):
        image = Image.new("RGB", (1, 1), value)
        theirs = colour.to_srgb(image.copy(), profile, None, notes).getpixel((0, 0))
        assert_near(colour.to_srgb(image.copy(), p3_profile(), None, notes).getpixel((0, 0)), theirs, 2)
    assert notes == []


def test_a_profile_that_is_srgb_anyway_changes_nothing(make: Any, shown: Any) -> None:
    srgb = colour.srgb().tobytes()
    make(saved(Image.new("RGB", (64, 64), (200, 100, 50)), "PNG", icc_profile=srgb))
    assert_near(shown().getpixel((30, 30)), (200, 100, 50), 3)


@pytest.mark.parametrize("profile", [b"not a profile", p3_profile()[:200], bytes(3000)])
def test_a_broken_profile_is_a_note_and_no_failure(profile: bytes, make: Any, shown: Any) -> None:
    made = make(saved(scene(), "JPEG", icc_profile=profile, quality=95))
    assert any("colour profile" in note for note in made["notes"])
    assert_scene(shown())


def test_a_grey_photo_with_theprofile_of_a_colour_one_is_shown(make: Any, shown: Any) -> None:
    made = make(saved(Image.new("L", (64, 64), 128), "JPEG", icc_profile=p3_profile()))
    assert made["notes"] == []
    assert_near(shown().convert("RGB").getpixel((30, 30)), (128, 128, 128), 3)


def test_cmyk_is_not_inverted(make: Any, shown: Any) -> None:
    make(saved(scene().convert("CMYK"), "JPEG", quality=95))
    assert shown().mode == "RGB"
    assert_scene(shown())


def test_cmyk_with_a_profile_that_does_not_fit_is_shown_all_the_same(make: Any, shown: Any) -> None:
    made = make(saved(scene().convert("CMYK"), "JPEG", quality=95, icc_profile=p3_profile()))
    assert any("colour profile" in note for note in made["notes"])
    assert_scene(shown())


def test_hdr_in_wide_colours_becomes_an_ordinary_picture(photos: Path, make: Any, shown: Any) -> None:
    path = photos / "avif" / "10bit-HDR-P3-nclx.avif"
    make(path)
    with Image.open(path) as image:
        undone = image.convert("RGB").resize(shown("thumb").size)
    brightness = lambda each: ImageStat.Stat(each.convert("L")).mean[0]  # noqa: E731
    contrast = lambda each: ImageStat.Stat(each.convert("L")).stddev[0]  # noqa: E731
    assert brightness(shown("thumb")) > brightness(undone)
    assert contrast(shown("thumb")) > 1.5 * contrast(undone)


@pytest.mark.parametrize("codes", [(12, 16), (9, 16), (9, 18), (1, 16), (9, 14), (12, 1)])
def test_colour_codes_keep_black_white_and_grey(codes: tuple[int, int]) -> None:
    ramp = Image.frombytes("RGB", (256, 1), bytes(value for level in range(256) for value in (level,) * 3))
    notes: list[str] = []
    found = colour.to_srgb(ramp, None, codes, notes)
    levels = [found.getpixel((level, 0)) for level in range(256)]
    assert notes == []
    assert levels[0] == (0, 0, 0)
    assert min(levels[255]) >= 254
    assert all(max(each) - min(each) <= 2 for each in levels)
    assert [each[1] for each in levels] == sorted(each[1] for each in levels)


def test_colour_codes_for_srgb_change_nothing() -> None:
    image = Image.new("RGB", (4, 4), (200, 100, 50))
    assert colour.to_srgb(image, None, (1, 13), []) is image
    assert colour.to_srgb(image, None, (2, 2), []) is image


# Kinds of pixels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_sixteen_bit_greys_are_neither_black_nor_white_all_over(bits: int, make: Any, shown: Any) -> None:
    top = 2**bits - 1
    values = [top * column // 63 for _ in range(8) for column in range(64)]
    image = Image.frombytes("I;16", (64, 8), b"".join(value.to_bytes(2, "little") for value in values))
    make(saved(image, "PNG"))
    row = [shown("large").convert("L").getpixel((x, 4)) for x in (0, 32, 63)]
    assert row[0] <= 6
    assert 118 <= row[1] <= 140
    assert row[2] >= 249


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 255.0), (-500.0, 7.5)])
def test_floating_point_pictures_are_shown(low: float, high: float, make: Any, shown: Any) -> None:
    ramp = Image.linear_gradient("L").convert("F").point(lambda value: value * ((high - low) / 255) + low)
    make(saved(ramp, "TIFF"))
    assert shown().convert("L").getextrema()[1] >= 250
    assert shown().convert("L").getextrema()[0] <= 5


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_what_is_transparent_becomes_white(kind: str, make: Any, shown: Any) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, 31, 63), fill=(220, 30, 30, 255))
    make(saved(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert_near(shown().getpixel((10, 30)), (220, 30, 30), 12)
    assert_near(shown().getpixel((56, 30)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr", "LAB"])
def test_every_kind_of_pixel_tiff_knows_is_shown(mode: str, make: Any, shown: Any) -> None:
    image = scene().convert("L").convert(mode) if mode in ("1", "LA", "I;16", "I", "F") else scene().convert("RGB")
    if mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        image.info = {}
    make(saved(image.convert(mode) if image.mode != mode else image, "TIFF"))
    low, high = shown().convert("L").getextrema()
    assert high - low > 20
    assert shown().mode in ("RGB", "L")
    if mode in ("RGB", "RGBA", "CMYK", "YCbCr", "LAB"):
        assert_scene(shown())


def test_a_palette_with_transparency_is_shown(make: Any, shown: Any) -> None:
    image = scene().quantize(8)
    make(saved(image, "PNG", transparency=image.getpixel((60, 40))))
    assert_near(shown().getpixel((10, 10)), (220, 30, 30), 25)
    assert_near(shown().getpixel((30, 40)), (255, 255, 255), 8)


def test_an_animation_shows_its_first_frame(make: Any, shown: Any) -> None:
    others = [Image.new("RGB", (64, 48), "black") for _ in range(5)]
    for kind in ("GIF", "WEBP"):
        make(saved(scene(), kind, save_all=True, append_images=others))
        assert_scene(shown())


# Sizes ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "large"),
    [
        ((4000, 3000), (2000, 1500)),  # half
        ((4032, 3024), (2016, 1512)),
        ((3001, 4001), (1501, 2001)),  # half, rounded up as the decoder does it
        ((6400, 20), (1600, 5)),  # a quarter
        ((13000, 40), (1625, 5)),  # an eighth
        ((3000, 2000), (2048, 1365)),
        ((6000, 400), (2048, 137)),
        ((2048, 100), (2048, 100)),
        ((2049, 100), (2048, 100)),
        ((640, 480), (640, 480)),
        ((5000, 3), (2048, 2)),
        ((3, 5000), (2, 2048)),
        ((1, 1), (1, 1)),
    ],
)
def test_large_is_an_exact_fraction_where_that_is_large_enough(
    size: tuple[int, int], large: tuple[int, int], make: Any, shown: Any
) -> None:
    made = make(saved(Image.new("RGB", size, (90, 120, 30)), "JPEG"))
    assert (made["width"], made["height"]) == large
    for name, most in variants.SIZES.items():
        width, height = shown(name).size
        assert max(width, height) == min(most, max(large))
        assert min(width, height) >= 1
    assert_near(shown("thumb").convert("RGB").getpixel((0, 0)), (90, 120, 30), 8)


@given(st.integers(1, 70000), st.integers(1, 70000), st.integers(1, 5000))
def test_sizes_keep_the_proportions_and_are_never_zero_or_enlarged(width: int, height: int, most: int) -> None:
    found = pixels.fitted((width, height), most)
    assert 1 <= found[0] <= width
    assert 1 <= found[1] <= height
    assert max(found) == min(most, max(width, height))
    assert abs(found[0] * height - found[1] * width) <= max(width, height)


@given(st.integers(1, 65535))
def test_the_decoder_scales_to_large_or_to_something_larger(longest: int) -> None:
    step = pixels.divisor(longest)
    assert step in (1, 2, 4, 8)
    if step > 1:
        assert longest / step >= pixels.LEAST
    if step < 8:
        assert longest / step <= pixels.MOST or longest / (2 * step) < pixels.LEAST


def test_a_photo_is_opened_and_decoded_once(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    really_open = Image.open
    monkeypatch.setattr(Image, "open", lambda *given, **more: opened.append(given) or really_open(*given, **more))
    make(saved(scene((3000, 2000)), "JPEG"))
    assert len(opened) == 1


@pytest.mark.parametrize("profile", [None, p3_profile()])
def test_variants_carry_no_metadata(profile: bytes | None, make: Any, shown: Any, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    comment = b"SECRETCOMMENT"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRETXMP</x:xmpmeta>"
    make(saved(scene(), "JPEG", exif=exif, comment=comment, xmp=xmp, dpi=(300, 300), icc_profile=profile))
    for name in variants.SIZES:
        assert not {"exif", "xmp", "icc_profile", "comment", "dpi"} & set(shown(name).info)
    for path in (tmp_path / "made").iterdir():
        assert b"SECRET" not in path.read_bytes()


def test_fifty_thumbs_fit_the_first_screen(photos: Path, make: Any) -> None:
    sample = [each for each in sorted((photos / "search").rglob("*")) if each.suffix in (".jpg", ".webp")][::9]
    made = [make(each) for each in sample]
    assert len(made) >= 10
    assert sum(each["bytes"]["thumb"] + len(each["placeholder"]) for each in made) / len(made) * 50 < 350_000


def test_what_is_reported_lies_there(make: Any, tmp_path: Path) -> None:
    made = make(saved(scene((3000, 2000)), "PNG"))
    lying = {path.name: path.stat().st_size for path in (tmp_path / "made").iterdir()}
    assert lying == {
        "thumb.webp": made["bytes"]["thumb"],
        "medium.jpg": made["bytes"]["medium"],
        "large.jpg": made["bytes"]["large"],
    }
    assert made["recipe"] == variants.RECIPE


def test_drafts_of_a_killed_process_go(make: Any, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    old, fresh = folder / ".large.jpg.1", folder / ".medium.jpg.2"
    for each in (old, fresh):
        each.write_bytes(b"half a photo")
    os.utime(old, (0, 0))
    make(saved(scene(), "JPEG"))
    assert not old.exists()
    assert fresh.exists()  # of another process, at work right now


# Placeholders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (5000, 3), (1, 1), (333, 200)])
def test_a_placeholder_is_a_few_dozen_bytes_and_a_whole_picture_again_in_a_page(
    size: tuple[int, int], make: Any
) -> None:
    stored = base64.b64decode(make(saved(Image.effect_noise(size, 80), "JPEG"))["placeholder"])
    assert 10 < len(stored) < 200
    uri = variants.placeholder_uri(stored)
    kind, _, data = uri.partition(",")
    assert kind == "data:image/webp;base64"
    whole = base64.b64decode(data)
    assert len(whole) % 2 == 0
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    with Image.open(io.BytesIO(whole)) as image:
        image.load()
        assert max(image.size) <= 16
        assert image.size == pixels.fitted(size, 16)


def test_a_placeholder_of_odd_length_is_padded_as_riff_wants_it() -> None:
    whole = base64.b64decode(variants.placeholder_uri(b"odd").partition(",")[2])
    assert whole == b"RIFF\x10\0\0\0WEBPVP8 \x03\0\0\0odd\0"


def test_no_placeholder_is_no_address() -> None:
    assert variants.placeholder_uri(b"") == ""


# RAW and video ----------------------------------------------------------------------------------------------------------


def test_a_raw_file_shows_its_preview_upright(photos: Path, make: Any) -> None:
    made = make(photos / "raw" / "test.dng")
    assert (made["width"], made["height"]) == (382, 510)


@pytest.mark.parametrize("is_turned_already", [False, True])
def test_a_preview_is_turned_as_the_raw_file_says_unless_the_camera_has_done_so(
    is_turned_already: bool, photos: Path, make: Any, shown: Any
) -> None:
    whole = (photos / "raw" / "test.dng").read_bytes()
    begin, end = whole.index(b"\xff\xd8\xff\xe0"), whole.index(b"\xff\xd8\xff\xc3")
    preview = scene((382, 510)) if is_turned_already else scene((382, 510)).transpose(Image.Transpose.ROTATE_270)
    make(whole[:begin] + saved(preview, "JPEG").ljust(end - begin, b"\0") + whole[end:])
    assert_scene(shown(), is_wide=False)


def test_a_raw_file_without_a_preview_is_developed(photos: Path, make: Any, shown: Any) -> None:
    whole = (photos / "raw" / "test.dng").read_bytes()
    begin, end = whole.index(b"\xff\xd8\xff\xe0"), whole.index(b"\xff\xd8\xff\xc3")  # previews; the sensor's data
    make(whole[:begin] + bytes(end - begin) + whole[end:])
    with Image.open(photos / "raw" / "test.jpg") as truth:
        truth = truth.convert("RGB")
        assert shown().size == truth.size
        small = (39, 51)
        difference = ImageChops.difference(shown().convert("RGB").resize(small), truth.resize(small))
        assert max(ImageStat.Stat(difference).mean) < 12


def test_a_video_shows_a_frame_turned_upright(photos: Path, make: Any) -> None:
    upright, turned = make(photos / "video" / "video.mp4"), make(photos / "video" / "video_rotate.mp4")
    assert (upright["width"], upright["height"]) == (80, 60)
    assert (turned["width"], turned["height"]) == (60, 80)


def film(path: Path, colours: list[Colour], demuxer: str, codec: str = "mpeg4", rate: int = 10) -> Path:
    av = pytest.importorskip("av")
    with av.open(str(path), "w", format=demuxer) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = 5
        for each in colours:
            for packet in stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), each))):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.mark.parametrize("demuxer", ["mp4", "mov", "matroska", "avi", "mpegts"])
def test_the_poster_is_not_the_black_of_a_fade_in(demuxer: str, make: Any, shown: Any, tmp_path: Path) -> None:
    make(film(tmp_path / "film", [(0, 0, 0)] * 70 + [(200, 60, 40)] * 100, demuxer))
    assert_near(shown().getpixel((30, 20)), (200, 60, 40), 25)


def test_a_film_that_is_black_all_through_still_has_a_poster(make: Any, tmp_path: Path) -> None:
    assert make(film(tmp_path / "film", [(0, 0, 0)] * 12, "mp4"))["width"] == 64


def test_a_video_follows_no_reference_to_another_file(make: Any, tmp_path: Path) -> None:
    """A playlist is no video, and one that pretends to be is read by the demuxer its first bytes promise."""
    victim = film(tmp_path / "victim.mp4", [(200, 60, 40)] * 12, "mp4")
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile:{victim}\n".encode()
    assert formats.sniff(playlist) is None
    assert formats.sniff(f"ffconcat version 1.0\nfile '{victim}'\n".encode()) is None
    with pytest.raises(UnreadablePhoto):
        make(b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + playlist)


# Damage -----------------------------------------------------------------------------------------------------------------


def noisy(size: tuple[int, int] = (320, 240)) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 60)] * 3)


@pytest.mark.parametrize(
    ("kind", "keep", "words"),
    [
        ("JPEG", 0.5, "the lower"),
        ("JPEG", 0.97, "the lower"),
        ("PNG", 0.5, "the lower"),
        ("BMP", 0.5, "50 % of it is missing"),
        ("GIF", 0.5, "the lower"),
        ("WEBP", 0.75, "25 % of it is missing"),
        ("AVIF", 0.5, "50 % of it is missing"),
    ],
)
def test_a_file_cut_short_is_refused_with_how_much_is_missing(kind: str, keep: float, words: str, make: Any) -> None:
    whole = saved(noisy(), kind)
    with pytest.raises(UnreadablePhoto, match="ends too early") as refused:
        make(whole[: int(len(whole) * keep)])
    assert words in str(refused.value)


def test_a_jpeg_that_lacks_only_its_end_mark_is_shown_with_a_note(make: Any) -> None:
    made = make(saved(noisy(), "JPEG")[:-1])
    assert any("last bytes" in note for note in made["notes"])


def test_a_png_with_a_giant_text_is_shown_without_it(make: Any, shown: Any) -> None:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", "x" * 3_000_000, zip=True)
    made = make(saved(scene(), "PNG", pnginfo=texts))
    assert any("too large" in note for note in made["notes"])
    assert_scene(shown())


def test_tolerance_for_one_file_does_not_stay_for_the_next(make: Any) -> None:
    whole = saved(noisy(), "JPEG")
    make(whole[:-1])
    with pytest.raises(UnreadablePhoto):
        make(whole[: len(whole) // 2])


def test_more_pixels_than_allowed_are_refused_by_what_the_file_declares(make: Any) -> None:
    with pytest.raises(UnreadablePhoto, match=r"640 x 480 pixels .* more than the limit"):
        make(saved(Image.new("RGB", (640, 480)), "PNG"), max_pixels=300_000)
    assert make(saved(Image.new("RGB", (640, 480)), "PNG"), max_pixels=307_200)["width"] == 640


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF", "JXL"])
def test_every_format_is_held_to_the_limit(kind: str, make: Any) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "JXL":
        pytest.importorskip("pillow_jxl")
    with pytest.raises(UnreadablePhoto, match="more than the limit"):
        make(saved(scene((400, 300)), kind), max_pixels=50_000)


def test_nothing_is_left_behind_by_a_file_that_fails(make: Any, tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhoto):
        make(saved(noisy(), "JPEG")[:3000])
    assert not list((tmp_path / "made").glob("*")) if (tmp_path / "made").exists() else True


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@given(st.data())
def test_flipped_bytes_give_a_picture_or_a_sentence(kind: str, data: Any) -> None:
    whole = bytearray(saved(scene(), kind))
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        whole[at] = data.draw(st.integers(0, 255))
    if (found := formats.sniff(bytes(whole))) is None or found.kind != "photo":
        return
    with pixels.strict_warnings():
        try:
            picture = pixels.read_photo(io.BytesIO(bytes(whole)), found.name, 1_000_000)
        except (UnreadablePhoto, MemoryError) as refused:  # a TIFF may claim to hold terabytes
            sentence = str(refused) or "Too large."
        else:
            sentence = f"It is {picture.image.mode}."
            picture.image.load()
    assert sentence.endswith(".")


# Names and forms --------------------------------------------------------------------------------------------------------


def test_variants_lie_in_folders_named_by_the_key(tmp_path: Path) -> None:
    assert variants.path(tmp_path, KEY, "thumb", "webp") == tmp_path / KEY[:2] / KEY[2:4] / KEY / "thumb.webp"
    assert variants.path(tmp_path, KEY, 480, "avif").name == "480.avif"
    assert variants.path(tmp_path, KEY, "480", "jpeg").name == "480.jpg"


@pytest.mark.parametrize("size", ["huge", 481, "481", "", "../thumb", "original", -1, "0480"])
def test_other_sizes_are_refused_naming_those_there_are(size: str | int, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="thumb, medium, large, 320"):
        variants.path(tmp_path, KEY, size, "webp")


def test_other_forms_and_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="avif, webp, jpeg"):
        variants.path(tmp_path, KEY, "thumb", "png")
    for key in ("../../etc", KEY.upper(), KEY[:-1], KEY + "\n"):
        with pytest.raises(NotFound):
            variants.folder(tmp_path, key)


CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI = "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"


@pytest.mark.parametrize(
    ("accept", "size", "form"),
    [
        (None, "thumb", "webp"),
        ("", "medium", "jpeg"),
        ("*/*", "thumb", "webp"),
        ("*/*", "large", "jpeg"),
        (CHROME, "thumb", "webp"),
        (CHROME, "medium", "jpeg"),
        (SAFARI, "large", "jpeg"),
        (CHROME, 480, "avif"),
        (SAFARI, 480, "avif"),
        (None, 480, "jpeg"),
        ("image/jpeg", "thumb", "jpeg"),
        ("image/avif", "large", "avif"),
        ("image/webp;q=0.5, image/avif;q=0.4", "large", "webp"),
        ("image/jpeg;q=0, */*", "medium", "avif"),
        ("image/avif;q=0, image/jpeg;q=0, */*;q=0.1", "medium", "webp"),
        ("image/webp;q=0, image/*", "thumb", "avif"),
        ("IMAGE/WEBP", "thumb", "webp"),
        ("text/html", "thumb", "jpeg"),
        ("image/png, image/gif", "medium", "jpeg"),
        ("image/avif;q=0.1", "480", "avif"),
        ("image/webp ; q=0.9 , image/jpeg;q=0.8", 480, "webp"),
    ],
)
def test_the_form_is_negotiated(accept: str | None, size: str | int, form: str) -> None:
    assert variants.negotiate(accept, size) == form


RANGES = st.sampled_from(
    ["image/avif", "image/webp", "image/jpeg", "image/*", "*/*", "text/html", "image/png", "", ";", "x"]
)
WEIGHTS = st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", ";q=2", ";q=x", "; q=0.333", ";level=1"])


@given(
    st.lists(st.tuples(RANGES, WEIGHTS).map("".join)).map(",".join),
    st.sampled_from([*variants.SIZES, *variants.LADDER]),
)
@example("\x00,;;q", "thumb")
def test_whatever_is_accepted_a_form_is_found(accept: str, size: str | int) -> None:
    form = variants.negotiate(accept, size)
    assert form in variants.FORMS
    kept = variants.KEPT.get(str(size))
    if kept and variants._quality(accept, variants.FORMS[kept].media_type) > 0:
        assert form == kept
    if variants._quality(accept, variants.FORMS[form].media_type) == 0:
        assert form == "jpeg" or (form == kept and not accept.strip())


@given(st.text(max_size=200))
def test_any_text_as_a_header_is_survived(accept: str) -> None:
    assert variants.negotiate(accept, "medium") in variants.FORMS


@pytest.mark.parametrize("form", list(variants.FORMS))
@pytest.mark.parametrize(("size", "expected"), [("thumb", (200, 150)), (480, (480, 360)), ("large", (1800, 1350))])
def test_other_forms_and_widths_are_made_from_what_is_kept(
    form: str, size: str | int, expected: tuple[int, int], make: Any, tmp_path: Path
) -> None:
    make(saved(scene((1800, 1350)), "JPEG", quality=95))
    made = variants.render(tmp_path / "made", size, form)
    with Image.open(tmp_path / "made" / made["name"]) as image:
        assert image.size == expected == (made["width"], made["height"])
        assert Image.MIME[image.format or ""] == variants.FORMS[form].media_type
        assert_scene(image)


def test_nothing_is_enlarged_on_request(make: Any, tmp_path: Path) -> None:
    make(saved(scene((300, 200)), "JPEG"))
    assert variants.render(tmp_path / "made", 1280, "webp")["width"] == 300


def test_a_width_is_made_from_the_next_larger_kept_size(make: Any, tmp_path: Path) -> None:
    make(saved(scene((1800, 1350)), "JPEG"))
    folder = tmp_path / "made"
    (folder / "large.jpg").write_bytes(saved(Image.new("RGB", (1800, 1350), "white"), "JPEG"))
    variants.render(folder, 480, "jpeg")
    with Image.open(folder / "480.jpg") as image:
        assert_scene(image)  # of medium
    variants.render(folder, "medium", "webp")
    with Image.open(folder / "medium.webp") as image:
        assert image.getpixel((10, 10)) == (255, 255, 255)  # of large


def test_without_kept_sizes_there_is_nothing_to_make_others_from(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        variants.render(tmp_path, 480, "webp")
