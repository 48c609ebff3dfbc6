"""What is measured on pictures without a model, on pictures that are drawn here."""

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from photolib import appearance, catalog, understood
from photolib.db import write
from photolib.library import Library


def scene(seed: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """A picture of things of all sizes and colours, with the fine grain that photos have. The same seed gives the same picture."""
    dice = random.Random(seed)
    image = Image.new("RGB", size, tuple(dice.randrange(40, 200) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, r = dice.randrange(size[0]), dice.randrange(size[1]), dice.randrange(8, 120)
        draw.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), fill=tuple(dice.randrange(256) for _ in range(3)))
    noise = np.random.default_rng(seed).normal(0, 6, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def written_page(paper: int = 245, size: tuple[int, int] = (600, 800)) -> Image.Image:
    image = Image.new("RGB", size, (paper, paper, paper - 5))
    draw = ImageDraw.Draw(image)
    for line in range(40, size[1] - 40, 24):
        draw.text(
            (40, line), "the quick brown fox jumps over the lazy dog and on " * 2, fill=(30, 30, 35), font_size=16
        )
    return image.crop((0, 0, *size))


def apart(one: str | None, other: str | None) -> int:
    assert one is not None
    assert other is not None
    return (int(one, 16) ^ int(other, 16)).bit_count()


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def test_hashes_stay_what_they_were() -> None:
    """Stored hashes are compared with new ones: when this fails, appearance.VERSION has to count up."""
    assert appearance.perceptual_hash(Image.radial_gradient("L").resize((320, 240)).rotate(30)) == "e48d113f0e3cfa70"


def test_a_smaller_and_a_recompressed_copy_have_nearly_the_same_hash(tmp_path: Path) -> None:
    first = scene(1)
    first.resize((400, 300)).save(tmp_path / "small.jpg", quality=40)
    with Image.open(tmp_path / "small.jpg") as small:
        assert apart(appearance.perceptual_hash(first), appearance.perceptual_hash(small)) <= 4


def test_different_pictures_have_different_hashes() -> None:
    hashes = [appearance.perceptual_hash(scene(seed)) for seed in range(2, 8)]
    assert min(apart(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 12


def test_a_picture_with_nothing_in_it_has_no_hash() -> None:
    noise = np.random.default_rng(1).normal(128, 1, (600, 800))
    for empty in (
        Image.new("RGB", (800, 600), "black"),
        Image.new("RGB", (3, 2)),
        Image.fromarray(noise.astype(np.uint8)),
    ):
        assert appearance.perceptual_hash(empty) is None


def test_the_more_blurred_the_less_sharp() -> None:
    found = [appearance.sharpness(grey(scene(3).filter(ImageFilter.GaussianBlur(sigma)))) for sigma in (0, 1.5, 3, 6)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[-1] < 0.1


def test_sharpness_does_not_depend_on_contrast() -> None:
    full = grey(scene(4))
    assert appearance.sharpness((full // 3 + 80).astype(np.uint8)) == pytest.approx(appearance.sharpness(full), abs=0.1)


def test_a_sharp_head_before_a_blurred_background_is_sharp() -> None:
    noise = np.random.default_rng(5).integers(0, 2, (600, 800)).astype(np.uint8) * 255
    image = Image.fromarray(noise).convert("RGB").filter(ImageFilter.GaussianBlur(3))
    assert appearance.sharpness(grey(image)) < 0.4
    image.paste(scene(5).crop((180, 130, 620, 470)), (180, 130))
    assert appearance.sharpness(grey(image)) > 0.7


def test_a_picture_that_moved_is_blurred_although_it_is_sharp_across_the_movement() -> None:
    moved = np.asarray(scene(6), dtype=float)
    moved = sum(np.roll(moved, shift, axis=1) for shift in range(24)) / 24
    assert appearance.sharpness(grey(Image.fromarray(moved.astype(np.uint8)))) < 0.3


def test_too_dark_and_too_bright_are_badly_exposed() -> None:
    good = grey(scene(7))
    dark, bright = (good // 8).astype(np.uint8), np.minimum(good.astype(int) * 4, 255).astype(np.uint8)
    assert appearance.exposure(good) > 0.8
    assert appearance.exposure(dark) < 0.2
    assert appearance.exposure(bright) < 0.3
    assert (
        appearance.exposure(np.where(good > np.median(good), 255, 0).astype(np.uint8)) < 0.1
    )  # bright enough on the whole


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((200, 20, 20), "red"), ((240, 130, 20), "orange"), ((250, 230, 50), "yellow"), ((30, 140, 50), "green"), ((40, 80, 200), "blue"),
        ((130, 190, 240), "blue"), ((120, 40, 150), "purple"), ((250, 150, 190), "pink"), ((110, 70, 30), "brown"), ((8, 8, 8), "black"),
        ((250, 250, 250), "white"), ((130, 130, 130), "grey"),
    ],
)  # fmt: skip
def test_colours_are_called_what_people_call_them(rgb: tuple[int, int, int], name: str) -> None:
    assert appearance.colours(Image.new("RGB", (50, 40), rgb)) == [(name, 1.0)]


def test_only_colours_of_a_telling_share_are_named() -> None:
    image = Image.new("RGB", (100, 100), (40, 80, 200))
    image.paste((200, 20, 20), (0, 0, 30, 50))
    image.paste((250, 230, 50), (50, 0, 60, 20))
    image.paste((250, 250, 250), (0, 80, 100, 100))
    assert [(name, round(share, 1)) for name, share in appearance.colours(image)] == [("blue", 0.6), ("red", 0.1)]


def test_colours_are_found_by_their_names_in_english_and_german() -> None:
    assert "blau" in appearance.colour_words("blue")
    assert {"purple", "violet", "lila", "violett"} <= set(appearance.colour_words("purple"))
    assert all(name in appearance.colour_words(name) for name in appearance.COLOURS)
    assert len(appearance.COLOURS) == 11


def screen() -> Image.Image:
    image = Image.new("RGB", (369, 800), (250, 250, 252))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 369, 60), fill=(30, 90, 200))
    for line in range(90, 700, 90):
        draw.rectangle((20, line, 300, line + 40), fill=(220, 225, 235))
        draw.text((30, line + 10), "a message", fill=(20, 20, 20), font_size=18)
    return image


def kind_of(image: Image.Image, width: int, height: int, **more: object) -> str:
    given = {"format": "jpeg", "has_camera": False, **more}
    return appearance.kind(appearance.layout(image), width, height, **given)  # type: ignore[arg-type]


def test_a_picture_of_a_screen_is_a_screenshot() -> None:
    assert kind_of(screen(), 1080, 2340, format="png") == "screenshot"
    assert kind_of(scene(8, (369, 800)), 1080, 2340, format="png") == "photo"  # a wallpaper has the size, too
    assert kind_of(scene(8), 640, 480, words=["Screenshot_2024-05-01.jpg"]) == "screenshot"
    assert kind_of(scene(8), 640, 480, words=["Bildschirmfoto 2024.png"]) == "screenshot"
    assert kind_of(scene(8), 640, 480, words=["screenshot of life.jpg"], has_camera=True) == "photo"


def test_a_written_page_is_a_document_and_a_thing_on_white_is_none() -> None:
    assert kind_of(written_page(), 2480, 3508) == "document"
    assert kind_of(written_page(190), 3024, 4032, has_camera=True) == "document"
    thing = Image.new("RGB", (600, 600), "white")
    ImageDraw.Draw(thing).ellipse((200, 150, 420, 430), fill=(60, 40, 30))
    assert kind_of(thing, 600, 600) == "photo"
    assert kind_of(scene(9), 4000, 3000) == "photo"


def test_a_screen_is_even_and_a_page_is_written_all_over() -> None:
    page = {"plain": 0.5, "flat": 0.6, "paper": 0.9, "ink": 0.06, "strokes": 0.4, "spread": 0.8}
    assert appearance.kind(page, 600, 800, "jpeg", False) == "document"
    for name, value in (("flat", 0.1), ("paper", 0.5), ("ink", 0.0), ("ink", 0.5), ("strokes", 0.1), ("spread", 0.3)):
        assert appearance.kind({**page, name: value}, 600, 800, "jpeg", False) == "photo"
    assert appearance.kind(page, 1920, 1080, "jpeg", False) == "screenshot"
    assert appearance.kind({**page, "flat": 0.4}, 1920, 1080, "jpeg", False) == "document"
    assert appearance.kind({**page, "plain": 0.2}, 1920, 1080, "jpeg", False) == "document"
    assert appearance.kind({**page, "plain": 0.2}, 1920, 1080, "png", False) == "screenshot"


def test_one_large_face_makes_a_portrait_and_its_going_unmakes_it() -> None:
    large, small = (0.25, 0.3), (0.05, 0.06)
    assert appearance.kind_with_faces("photo", [large]) == "portrait"
    assert appearance.kind_with_faces("photo", [small, large]) == "portrait"
    assert appearance.kind_with_faces("photo", [large, large]) == "photo"
    assert appearance.kind_with_faces("photo", [small]) == "photo"
    assert appearance.kind_with_faces("portrait", []) == "photo"
    assert appearance.kind_with_faces("screenshot", [large]) == "screenshot"


@pytest.mark.parametrize("size", [(1, 1), (1, 800), (800, 1), (5, 7), (37, 36), (799, 601)])
def test_pictures_of_any_size_can_be_measured(size: tuple[int, int]) -> None:
    found = appearance.measure(Image.new("RGB", size, (120, 60, 10)))
    assert all(0 <= found[name] <= 1 for name in ("sharpness", "exposure", "brightness"))
    assert all(0 <= value <= 1 for value in found["facts"].values())


def test_a_photo_that_comes_in_is_measured(library: Library, tmp_path: Path, import_folder) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "in"
    folder.mkdir()
    scene(10).save(folder / "scene.jpg")
    screen().resize((1080, 2340)).save(folder / "shot.png")
    import_folder(folder)
    rows = library.db.conn.execute(
        """select filename, length(hash), kind, sharpness > 0.5, json_array_length(colours) > 0
           from measures join photos on photos.id = photo_id order by filename"""
    ).fetchall()
    assert rows == [("scene.jpg", 8, "photo", 1, 1), ("shot.png", 8, "screenshot", 1, 1)]


def test_a_photo_becomes_a_portrait_whichever_is_found_first_the_face_or_the_measures(library: Library) -> None:
    with write(library.db) as db:
        original = catalog.Original("0" * 64, "jpg", "jpeg", "image/jpeg", 1000)
        photo_id, _ = catalog.add_photo(db, 1, original, "photo", "a.jpg", "2024-06-01T12:00:00.000")

        def kind() -> str:
            return str(db.conn.execute("select kind from measures").fetchone()[0])

        understood.settle_kind(db, photo_id)  # nothing is measured yet
        box = (photo_id, 0.3, 0.3, 0.3, 0.4, 0.9, 200, "m")
        db.conn.execute(
            "insert into faces (photo_id, x, y, w, h, quality, pixels, model) values (?, ?, ?, ?, ?, ?, ?, ?)", box
        )
        understood.keep_measures(db, photo_id, {"kind": "photo"})
        assert kind() == "portrait"
        db.conn.execute("update faces set state = 'no face'")
        understood.settle_kind(db, photo_id)
        assert kind() == "photo"
        db.conn.execute("update faces set state = 'found'")
        understood.settle_kind(db, photo_id)
        assert kind() == "portrait"
