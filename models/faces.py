"""Faces by face_recognition, which is dlib: its HOG detector finds them, its ResNet turns each into 128 numbers."""

import contextlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from photolib.ports import Box, FoundFace

LEAST_SCORE = 0.2  # of the detector, which itself draws the line at 0
LEAST_SCORE_TURNED = 0.5  # the picture most likely is upright: it takes more to believe a face that lies on its side
LEAST_PIXELS = 32
SMALL_PIXELS = 90  # where a face is hardly larger than the detector's window (80), the people behind it were missed
CHIP = 150  # the edge of the aligned picture that dlib embeds
FULL_PIXELS = 100.0  # a face so large, with what dlib takes around it, fills the chip
SHARP = 60.0  # variance of the Laplacian of a chip in focus
SURE_SCORE = 1.0


@dataclass(frozen=True)
class _Candidate:
    """A rectangle (left, top, right, bottom) in shares of the picture as it was turned, and what the detector thinks of it."""

    box: tuple[float, float, float, float]
    score: float
    pixels: int


class FaceRecognition:
    """A FaceFinder. Loading takes about 0.6 s and 120 MB; one face 60 ms, a picture 40 to 500 ms (see find)."""

    name = "face_recognition-1.3"

    def __init__(self) -> None:
        """Raises ImportError with the reason when face_recognition or its weights cannot be loaded."""
        api = _face_recognition()
        self._detector, self._landmarks, self._encoder = api.face_detector, api.pose_predictor_5_point, api.face_encoder
        self._dlib = api.dlib

    def find(self, image: np.ndarray, larger: np.ndarray | None = None) -> list[FoundFace]:
        """image: uint8 (height, width, 3), RGB, upright, 800 pixels on its longest side; larger: the same at 2048, for small faces.

        Looks at 800 pixels; at the larger picture when nothing was found there, or only faces so small that smaller ones
        were missed; at the picture turned by quarters when nobody stands upright. Faces come from left to right.
        """
        if min(image.shape[:2]) < LEAST_PIXELS:
            return []
        best = larger if larger is not None and _longest(larger) > _longest(image) else image
        turns, found = 0, self._detect(image, LEAST_SCORE)
        if min((face.pixels for face in found), default=0) < SMALL_PIXELS:
            found = _merged(found, self._detect_small(image, best))
        if not found:
            turns, found = self._detect_turned(image)
        return sorted(self._described(np.rot90(best, turns), found, turns), key=lambda face: (face.box.x, face.box.y))

    def _detect(self, image: np.ndarray, least: float, upsample: int = 0) -> list[_Candidate]:
        height, width = image.shape[:2]
        rectangles, scores, _ = self._detector.run(np.ascontiguousarray(image), upsample, least)
        faces = []
        for box, score in zip(rectangles, scores, strict=True):
            left, top = max(0, box.left()), max(0, box.top())
            right, bottom = min(width, box.right() + 1), min(height, box.bottom() + 1)
            pixels = min(right - left, bottom - top)
            if pixels >= LEAST_PIXELS:
                faces.append(_Candidate((left / width, top / height, right / width, bottom / height), score, pixels))
        return faces

    def _detect_small(self, image: np.ndarray, best: np.ndarray) -> list[_Candidate]:
        """Half the size and less: in the larger picture, or in the one there is, enlarged."""
        if _longest(best) >= 1.5 * _longest(image):
            return self._detect(best, LEAST_SCORE)
        return self._detect(image, LEAST_SCORE, upsample=1)

    def _detect_turned(self, image: np.ndarray) -> tuple[int, list[_Candidate]]:
        """(Quarters counter-clockwise, faces) of the turn that shows the surest face; nothing found is (0, [])."""
        tries = [(turns, self._detect(np.rot90(image, turns), LEAST_SCORE_TURNED)) for turns in (1, 2, 3)]
        turns, found = max(tries, key=lambda each: max((face.score for face in each[1]), default=0.0))
        return (turns, found) if found else (0, [])

    def _described(self, image: np.ndarray, found: list[_Candidate], turns: int) -> list[FoundFace]:
        """The faces of a turned picture with quality and embedding, their boxes turned back."""
        if not found:
            return []
        dlib, picture = self._dlib, np.ascontiguousarray(image)
        height, width = picture.shape[:2]
        shapes = dlib.full_object_detections()
        for face in found:
            left, top, right, bottom = face.box
            inside = (left * width, top * height, right * width - 1, bottom * height - 1)
            shapes.append(self._landmarks(picture, dlib.rectangle(*(round(each) for each in inside))))
        vectors = self._encoder.compute_face_descriptor(picture, shapes)
        faces = []
        for face, shape, vector in zip(found, shapes, vectors, strict=True):
            chip = dlib.get_face_chip(picture, shape, CHIP)
            pixels = min((face.box[2] - face.box[0]) * width, (face.box[3] - face.box[1]) * height)
            points = np.array([(point.x, point.y) for point in shape.parts()], np.float64)
            good = quality(pixels, sharpness(chip), face.score, frontality(points))
            box = _turned_back(face.box, turns)
            faces.append(FoundFace(box, round(good, 3), face.pixels, np.array(vector, np.float32)))
        return faces


def frontality(points: np.ndarray) -> float:
    """1 when the nose stands midway between the eyes, 0 when it is below one of them: a profile.

    points: dlib's five landmarks, float of shape (5, 2): the corners of one eye, those of the other, the nose.
    """
    one, other, nose = points[0:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    axis = other - one
    length = float(axis @ axis)
    if length == 0:
        return 0.0
    along = float((nose - one) @ axis) / length
    return float(np.clip(1 - 2 * abs(along - 0.5), 0, 1))


def sharpness(chip: np.ndarray) -> float:
    """The variance of the Laplacian (Pech-Pacheco et al. 2000), of a face always at one size so that faces can be compared.

    chip: uint8 (height, width, 3), RGB.
    """
    grey = chip.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.var())


def quality(pixels: float, sharp: float, score: float, frontal: float) -> float:
    """How far a face's embedding can be trusted, 0 to 1: the worst thing about it counts most, so the parts are multiplied."""
    parts = (pixels / FULL_PIXELS, (sharp / SHARP) ** 0.5, score / SURE_SCORE, frontal * 2)
    return float(np.prod([min(1.0, max(0.0, part)) ** 0.5 for part in parts]))


def _longest(image: np.ndarray) -> int:
    return max(image.shape[:2])


def _merged(found: list[_Candidate], others: list[_Candidate]) -> list[_Candidate]:
    """Both, without those of the second that lie on one of the first."""
    return [*found, *(other for other in others if all(_overlap(other.box, face.box) < 0.3 for face in found))]


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - both)


def _turned_back(box: tuple[float, float, float, float], turns: int) -> Box:
    """A box in a picture that was turned so many quarters counter-clockwise (np.rot90), in the picture as it was."""
    left, top, right, bottom = box
    for _ in range(turns):  # one quarter clockwise: what was at the left is now at the top
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return Box(round(left, 6), round(top, 6), round(right - left, 6), round(bottom - top, 6))


def _face_recognition() -> Any:
    """face_recognition.api, without what importing it does to the process around it.

    It prints and ends the process when its weights are missing, warns of pkg_resources, and makes Pillow read truncated files.
    """
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said):
            warnings.simplefilter("ignore")
            from face_recognition import api
    except SystemExit as problem:
        raise ImportError(
            "face_recognition cannot be loaded: its weights (face_recognition_models) are missing"
        ) from problem
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return api
