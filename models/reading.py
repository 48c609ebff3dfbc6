"""Text in pictures, read by PP-OCRv6 (small) as the rapidocr package ships it: two ONNX files inside the package, no download.

The recogniser writes Latin script with all accents of the European languages (German complete but for the capital ẞ and the opening
quotation mark), Chinese, Japanese, and Greek letters in formulas; no Cyrillic, Arabic, Hebrew, Devanagari or Thai.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from photolib.ports import Box, TextLine

NAME = "pp-ocrv6-small"

# Detection alone decides for most family photos. At 640 pixels it costs a quarter of what it does at 1280 and finds the same
# words on all pages of ocr_truth.csv; letters it misses there are below 8 of 640 pixels, too small to be what a photo is about.
GLANCE_SIDE = 640
# Where there is text, the page is looked at again: 8-point print on a sheet of A4 that fills the picture is 12 pixels high at 1280.
PAGE_SIDE = 1280
# rapidocr keeps lines from 0.5 on. Patches of fur, leaves and water that the detector takes for text are read with up to 0.48
# (55 photos of search/gc_animals, gc_fishes, immich), real lines mostly above 0.8: 0.6 lies between.
LEAST_CONFIDENCE = 0.6
FEWEST_CHARACTERS = 2  # letters and digits; a single one is nearly always a shape, and nobody searches for it
MOST_LINES = 150  # a dense page has about 60; the largest are kept


class RapidOcr:
    """Satisfies ports.TextReader. Not to be shared between threads.

    threads: for onnxruntime; 0 leaves it to onnxruntime. Raises ImportError without the rapidocr package.
    """

    name = NAME

    def __init__(self, threads: int = 0) -> None:
        # onnxruntime looks at it when it is loaded; without, it reports to its makers.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import rapidocr

        files = Path(rapidocr.__file__).parent / "models"
        paths = {"Det": files / "PP-OCRv6_det_small.onnx", "Rec": files / "PP-OCRv6_rec_small.onnx"}
        for (
            path
        ) in paths.values():  # named, so that nothing is ever fetched; missing, the package is another one than we know
            if not path.is_file():
                raise ImportError(f"the rapidocr package carries no {path.name}")
        self._engine: Any = rapidocr.RapidOCR(
            params={
                **{f"{part}.model_path": str(path) for part, path in paths.items()},
                "Global.log_level": "error",
                "Global.use_cls": False,  # upside-down lines; photos are upright already
                "Det.limit_type": "max",
                "Det.limit_side_len": GLANCE_SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads or -1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,  # what a large page needed goes back at once
            }
        )
        self._engine(
            np.zeros((32, 32, 3), np.uint8), use_rec=False
        )  # loads the detector; the recogniser waits for text

    def read(self, image: np.ndarray, larger: np.ndarray | None = None) -> list[TextLine]:
        """Glance at the picture; where something looks like text, read it in the larger one; where it is text, read the page."""
        page = _bgr(image if larger is None else larger)
        glance = self._outlines(_bgr(image), GLANCE_SIDE)
        lines = self._lines(page, glance * (_shape(page) / _shape(image)))
        if lines and max(page.shape) > GLANCE_SIDE:
            lines = self._lines(page, self._outlines(page, PAGE_SIDE)) or lines
        return in_reading_order(lines)

    def _outlines(self, picture: np.ndarray, side: int) -> np.ndarray:
        """Corners of what looks like lines of text, in pixels: float32 of shape (lines, 4, 2), clockwise from top left."""
        self._engine.text_det.limit_side_len = side
        found = self._engine.text_det(picture).boxes
        if found is None or not len(found):
            return np.zeros((0, 4, 2), np.float32)
        corners = np.asarray(found, np.float32)
        heights = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
        return corners[np.sort(np.argsort(-heights, kind="stable")[:MOST_LINES])]

    def _lines(self, picture: np.ndarray, outlines: np.ndarray) -> list[TextLine]:
        if not len(outlines):
            return []
        read = self._engine.recognize_txt(self._engine.crop_text_regions(picture, outlines.astype(np.float32)))
        shares = np.clip(outlines / _shape(picture), 0, 1).astype(float)
        lines = []
        for corners, text, confidence in zip(shares, read.txts, read.scores, strict=True):
            if is_worth_keeping(text, confidence):
                (x, y), (right, below) = corners.min(axis=0), corners.max(axis=0)
                box = Box(float(x), float(y), float(right - x), float(below - y))
                lines.append(TextLine(" ".join(text.split()), round(float(confidence), 4), box))
        return lines


def is_worth_keeping(text: str, confidence: float) -> bool:
    """Whether a line is likely to be text that somebody may look for."""
    return confidence >= LEAST_CONFIDENCE and sum(map(str.isalnum, text)) >= FEWEST_CHARACTERS


def in_reading_order(lines: list[TextLine]) -> list[TextLine]:
    """From top to bottom, and from left to right what stands side by side: within half the height of the row's first."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=_middle):
        if rows and _middle(line) - _middle(rows[-1][0]) < rows[-1][0].box.h / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda each: each.box.x)]


def _middle(line: TextLine) -> float:
    return line.box.y + line.box.h / 2


def _shape(picture: np.ndarray) -> np.ndarray:
    """(width, height), to scale corners by."""
    return np.array([picture.shape[1], picture.shape[0]], np.float32)


def _bgr(picture: np.ndarray) -> np.ndarray:
    """As OpenCV has it."""
    return np.ascontiguousarray(picture[:, :, ::-1])
