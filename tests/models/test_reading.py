"""Text in pictures, with the real reader: it is small and lies in a package."""

import socket
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageDraw, ImageFont

from photolib.ports import Box, TextLine

pytest.importorskip("rapidocr")

from models.reading import RapidOcr, in_reading_order, is_worth_keeping

PAGE = (
    ("Shopping for Saturday", 40),
    ("Apples, oil, potatoes", 130),
    ("Train to Utrecht 14:35", 220),
    ("Call the plumber", 310),
)


@pytest.fixture(scope="module")
def reader() -> Iterator[RapidOcr]:
    """Built and used without a way to the network."""
    with pytest.MonkeyPatch.context() as patched:

        def refuse(*_: object) -> None:
            raise AssertionError("the reader asked the network for something")

        patched.setattr(socket.socket, "connect", refuse)
        patched.setattr(socket, "getaddrinfo", refuse)
        yield RapidOcr(threads=2)


def page(lines: tuple[tuple[str, int], ...] = PAGE, font: str | None = None) -> np.ndarray:
    shape = ImageFont.truetype(font, 36) if font else ImageFont.load_default(36)
    image = Image.new("RGB", (800, 400), "white")
    draw = ImageDraw.Draw(image)
    for text, top in lines:
        draw.text((60, top), text, fill="black", font=shape)
    return np.asarray(image)


def test_a_page_is_read_line_by_line(reader: RapidOcr) -> None:
    lines = reader.read(page())
    assert [line.text for line in lines] == [text for text, _ in PAGE]
    for line, (_, top) in zip(lines, PAGE, strict=True):
        assert line.box.y * 400 == pytest.approx(top + 5, abs=16)
        assert line.box.x * 800 == pytest.approx(60, abs=16)
        assert 0.3 < line.box.w < 0.8
        assert 0.05 < line.box.h < 0.2
        assert line.confidence > 0.8


def test_umlauts_and_accents_are_read(reader: RapidOcr) -> None:
    texts = ("Grüße aus Köln", "Äpfel, Öl, Süßes", "Crème brûlée, garçon", "Zażółć gęślą, Čeněk")
    try:
        drawn = page(tuple((text, 40 + 90 * row) for row, text in enumerate(texts)), "DejaVuSans.ttf")
    except OSError:
        pytest.skip("the font DejaVu Sans is not on this machine, and Pillow's own has no umlauts")
    assert tuple(line.text for line in reader.read(drawn)) == texts


def test_print_too_small_for_one_size_is_read_in_the_larger(reader: RapidOcr) -> None:
    sheet = Image.new("RGB", (1600, 800), "white")
    draw = ImageDraw.Draw(sheet)
    for text, top, height in (("Instructions", 80, 48), ("shake well before opening", 400, 10)):
        draw.text((100, top), text, fill="black", font=ImageFont.load_default(height))
    medium = np.asarray(sheet.resize((800, 400), Image.Resampling.LANCZOS))
    assert [line.text for line in reader.read(medium)][1:] != ["shake well before opening"]
    assert [line.text for line in reader.read(medium, np.asarray(sheet))] == [
        "Instructions",
        "shake well before opening",
    ]


def test_a_picture_without_text_gives_no_lines(reader: RapidOcr) -> None:
    slope = np.linspace(0, 255, 800, dtype=np.uint8)
    assert reader.read(np.repeat(np.tile(slope, (600, 1))[:, :, None], 3, axis=2)) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 800), (800, 3), (31, 33)])
def test_a_picture_too_small_for_text_does_no_harm(reader: RapidOcr, shape: tuple[int, int]) -> None:
    assert reader.read(np.zeros((*shape, 3), np.uint8), np.zeros((*shape, 3), np.uint8)) == []


def test_single_characters_and_guesses_are_not_kept() -> None:
    assert is_worth_keeping("Öl", 0.9)
    assert not is_worth_keeping("Öl", 0.5)
    assert not is_worth_keeping("| 7 .", 0.9)


boxes = some.builds(Box, *([some.floats(0, 1)] * 4))


@given(some.lists(some.builds(TextLine, some.text(max_size=3), some.just(0.9), boxes), max_size=12))
def test_reading_order_loses_no_line(lines: list[TextLine]) -> None:
    assert sorted(map(repr, in_reading_order(lines))) == sorted(map(repr, lines))


def test_what_stands_side_by_side_is_read_from_left_to_right() -> None:
    def line(text: str, x: float, y: float) -> TextLine:
        return TextLine(text, 0.9, Box(x, y, 0.2, 0.1))

    read = in_reading_order([line("price", 0.7, 0.11), line("total", 0.1, 0.3), line("bread", 0.1, 0.12)])
    assert [each.text for each in read] == ["bread", "price", "total"]
