"""What can be measured on a picture without a model: its perceptual hash, sharpness, exposure, colours, and what kind of picture it is.

Pure functions: pixels in, values out. measure() runs in the decode child, on the kept variant of 800 pixels; whatever is heavy is
imported there only.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Counts up when anything below gives other values than before; then every picture is measured again. Stored hashes have to stay
# comparable, so a test pins them: they are phash() of imagehash 4.3, 64 bits, of the medium variant.
VERSION = "1"

KINDS = ("photo", "portrait", "screenshot", "document")

_HASH_EDGE = 32  # imagehash's phash() looks at 32 x 32 grey values ...
_HASH_SIZE = 8  # ... and keeps the 8 x 8 lowest frequencies
_MOST_UNSURE_BITS = 16


def measure(image: "Image.Image") -> dict[str, Any]:
    """Everything about a picture, as values that JSON can hold.

    image: RGB, upright, 800 pixels on its longest side or as small as it is. hash: 16 hexadecimal digits, or None for a picture with
    too little in it to tell it by. sharpness, exposure, brightness: 0 to 1. colours: [[name, share], ...]. facts: what kind() asks for.
    """
    import numpy as np

    grey = image.convert("L")
    luma = np.asarray(grey)
    return {
        "hash": perceptual_hash(grey),
        "sharpness": round(sharpness(luma), 3),
        "exposure": round(exposure(luma), 3),
        "brightness": round(float(luma.mean()) / 255, 3),
        "colours": [[name, round(share, 3)] for name, share in colours(image)],
        "facts": {name: round(value, 3) for name, value in layout(image).items()},
    }


# ---------------------------------------------------------------- the perceptual hash


def perceptual_hash(image: "Image.Image") -> str | None:
    """64 bits as hexadecimal digits: which of the lowest frequencies are stronger than their median (pHash, bit for bit as the
    package imagehash makes it, without the third of a second and the 40 MB its SciPy takes in each process that decodes).

    None when more than a quarter of the bits would be decided by rounding alone, as in an empty or evenly grey picture: such hashes
    are near to each other by chance. Rounding grey values to whole numbers puts noise of 1/sqrt(12) on each, and so of
    2 x 32 / sqrt(12) on each frequency of this unscaled transform; a bit nearer to the median than twice that is unsure.
    """
    import numpy as np
    from PIL import Image

    small = image.convert("L").resize((_HASH_EDGE, _HASH_EDGE), Image.Resampling.LANCZOS)
    pixels = np.asarray(small, dtype=np.float64)
    waves = np.outer(np.arange(_HASH_SIZE), 2 * np.arange(_HASH_EDGE) + 1)
    cosine = 2 * np.cos(np.pi / (2 * _HASH_EDGE) * waves)  # the DCT-II, its lowest frequencies
    low = cosine @ pixels @ cosine.T
    noise = 2 * _HASH_EDGE / np.sqrt(12)
    if np.count_nonzero(np.abs(low - np.median(low)) < 2 * noise) > _MOST_UNSURE_BITS:
        return None
    return np.packbits(low > np.median(low)).tobytes().hex()


# ---------------------------------------------------------------- quality

_REBLUR = 9  # pixels, as in the paper
_TILES = 4
_LEAST_DETAIL = (
    1.0  # mean step between neighbours, in grey values of 255: below it a tile is sky or wall and says nothing
)
_SHARP, _BLURRED = 0.24, 0.81  # the blur effect at which a picture counts as fully sharp, and as fully blurred


def sharpness(luma: "np.ndarray") -> float:
    """0 blurred to 1 sharp, as seen at the size of the picture given. Depends neither on contrast nor on how much detail there is.

    The blur effect of Crete, Dolmiere, Ladet and Nicolas ("The blur effect: perception and estimation with a new no-reference
    perceptual blur metric", SPIE 6492, 2007): blur the picture once more and see how much of the steps between neighbours is lost;
    a sharp picture loses most of them. Taken of 4 x 4 tiles, of which the sharpest quarter decides: a portrait before a blurred
    background is a sharp photo, one of which no part is sharp is not.
    """
    import numpy as np

    if min(luma.shape) < _TILES * _REBLUR:
        return 1.0  # an icon: too small to say anything else of it
    values = luma.astype(np.float32)
    effects, weights = [], []
    for axis in (0, 1):
        steps = np.abs(np.diff(values, axis=axis))
        lost = steps - np.abs(np.diff(_running_mean(values, axis), axis=axis))
        np.maximum(lost, 0, out=lost)
        total = _tile_means(steps)
        effects.append(1 - _tile_means(lost) / np.maximum(total, 1e-6))
        weights.append(total)
    # Along the direction that is blurred more: a picture that moved is sharp across the movement.
    telling = np.minimum(*weights) >= _LEAST_DETAIL
    effect = np.maximum(*effects)[telling]
    if not effect.size:
        return 0.5  # nothing in it by which to tell
    best = float(np.quantile(effect, 0.25))
    return float(np.clip((_BLURRED - best) / (_BLURRED - _SHARP), 0, 1))


def _running_mean(values: "np.ndarray", axis: int) -> "np.ndarray":
    """The mean of _REBLUR neighbours along an axis; beyond the edge the picture is mirrored."""
    import numpy as np

    beside = [(0, 0), (0, 0)]
    beside[axis] = (_REBLUR // 2 + 1, _REBLUR // 2)
    sums = np.cumsum(np.pad(values, beside, mode="symmetric"), axis=axis, dtype=np.float64)
    upper, lower = (sums[_REBLUR:], sums[:-_REBLUR]) if axis == 0 else (sums[:, _REBLUR:], sums[:, :-_REBLUR])
    return ((upper - lower) / _REBLUR).astype(np.float32)


def _tile_means(values: "np.ndarray") -> "np.ndarray":
    high, wide = (length // _TILES * _TILES for length in values.shape)
    tiles = values[:high, :wide].reshape(_TILES, high // _TILES, _TILES, wide // _TILES)
    return tiles.mean(axis=(1, 3))


def exposure(luma: "np.ndarray") -> float:
    """0 badly to 1 well exposed: how near the mean is to the middle, times the share of pixels that are neither black nor burnt out.

    The first is the well-exposedness of Mertens, Kautz and Van Reeth ("Exposure fusion", Pacific Graphics 2007): a bell curve around
    the middle with a standard deviation of 0.2.
    """
    import numpy as np

    counts = np.bincount(luma.ravel(), minlength=256)
    kept = counts[4:252].sum() / counts.sum()
    mean = float(luma.mean()) / 255
    return float(np.exp(-((mean - 0.5) ** 2) / (2 * 0.2**2)) * kept)


# ---------------------------------------------------------------- colours

# The eleven basic colour terms (Berlin and Kay, 1969), each by the shades that the thousands who took the xkcd colour survey of 2010
# (xkcd.com/color/rgb, CC0) called by it: plain, light, dark, bright, pale, deep, dusty, dull, pastel, dirty, muted ...
# Checked on the 393 other colours of the survey whose name ends in one basic term, like "bottle green": 87 of 100 agree.
_SHADES = {
    "red": "e50000 ff474c 840000 ff000d d9544d 9a0200 b9484e bb3f3f db5856 d3494e",
    "orange": "f97306 fdaa48 c65102 ff5b00 ffa756 dc4d01 f0833a d8863b ff964f c87606 f0944d",
    "yellow": "ffff14 fffe7a d5b60a fffd01 ffff84 eedc5b fffe71 cdc50a feff7f f1f33f",
    "green": "15b01a 96f97b 033500 01ff07 c7fdb5 02590f 76a973 74a662 d1ffbd 062e03 b0ff9d 667e2c 5fa052 7bb274 6ba353 33b864 39ad48",
    "blue": "0343df 95d0fc 00035b 0165fc d0fefe 040273 5a86ad 49759c d5ffff 000133 a2bffe 3f829d 3b719f 658cbb 5684ae 4b57db 4984b8 2c6fbb",
    "purple": "7e1e9c bf77f6 35063e be03fd b790d4 36013f 825f87 84597e f6cefc 2a0134 caa0ff 734a65 805b87 916e99 952e8f 9e43a2",
    "pink": "ff81c0 ffd1df cb416b fe01b1 ffcfdc cb0162 d58a94 d5869d fff4f2 ffbacd ca7b80 d1768f de9dac fb5581 f36196",
    "brown": "653700 ad8150 341c02 b1916e 410200 876e4b d3b683 1d0200 964e02 7f5112",
    "black": "000000",
    "white": "ffffff ffffe4",
    "grey": "929591 d8dcd6 363737 978a84 95a3a6 7d7f7c",
}  # fmt: skip
_GERMAN = {
    "red": ("rot",), "orange": ("orange",), "yellow": ("gelb",), "green": ("grün",), "blue": ("blau",),
    "purple": ("lila", "violett"), "pink": ("rosa", "pink"), "brown": ("braun",), "black": ("schwarz",), "white": ("weiß", "weiss"),
    "grey": ("grau",),
}  # fmt: skip
_ENGLISH = {"grey": ("grey", "gray"), "purple": ("purple", "violet")}
COLOURS = tuple(_SHADES)

_QUIET = {"black", "white", "grey", "brown"}  # nearly every picture has some of these
_TELLING, _TELLING_QUIET = 0.10, 0.30
_SHADOW = 0.22  # lightness in OKLab below which everything looks black beside the rest of a photo; in the survey a shade stood alone
_SAMPLE = 64


def colours(image: "Image.Image") -> list[tuple[str, float]]:
    """The colours that make up a telling share (0 to 1) of a picture, largest first: a tenth; of black, white, grey and brown,
    which nearly every picture has, three tenths."""
    import numpy as np
    from PIL import Image

    small = image.convert("RGB").resize((_SAMPLE, _SAMPLE), Image.Resampling.BOX)
    pixels = oklab(np.asarray(small).reshape(-1, 3))
    shades = oklab(np.frombuffer(bytes.fromhex(" ".join(_SHADES.values())), np.uint8).reshape(-1, 3))
    names = np.repeat(np.arange(len(_SHADES)), [len(each.split()) for each in _SHADES.values()])
    # |a - b|^2 without the part that is the same for all shades
    nearest = (np.square(shades).sum(axis=1) - 2 * pixels @ shades.T).argmin(axis=1)
    named = np.where(pixels[:, 0] < _SHADOW, COLOURS.index("black"), names[nearest])
    shares = np.bincount(named, minlength=len(_SHADES)) / len(pixels)
    found = [(name, float(share)) for name, share in zip(_SHADES, shares, strict=True)]
    telling = [each for each in found if each[1] >= (_TELLING_QUIET if each[0] in _QUIET else _TELLING)]
    return sorted(telling, key=lambda each: -each[1])


def oklab(rgb: "np.ndarray") -> "np.ndarray":
    """sRGB (uint8, shape (n, 3)) as OKLab, a space in which equal distances look equal (Ottosson, 2020)."""
    import numpy as np

    share = rgb.astype(np.float32) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ],
        dtype=np.float32,
    )
    return np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ],
        dtype=np.float32,
    )


def colour_words(name: str) -> tuple[str, ...]:
    """How people call a basic colour, in English and German, to find it by."""
    return (*_ENGLISH.get(name, (name,)), *(word for word in _GERMAN.get(name, ()) if word != name))


# ---------------------------------------------------------------- what kind of picture it is


# Screens whose pictures people keep, short side by long side: phones, tablets, desktops. A size alone proves nothing.
_SCREENS = {
    (640, 960), (640, 1136), (750, 1334), (828, 1792), (1080, 1920), (1080, 2220), (1080, 2246), (1080, 2280), (1080, 2312),
    (1080, 2340), (1080, 2376), (1080, 2388), (1080, 2400), (1080, 2408), (1080, 2412), (1080, 2460), (1080, 2520), (1125, 2436),
    (1170, 2532), (1179, 2556), (1206, 2622), (1220, 2712), (1242, 2208), (1242, 2688), (1260, 2800), (1284, 2778), (1290, 2796),
    (1320, 2868), (1344, 2992), (1440, 2560), (1440, 2880), (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120), (1440, 3200),
    (720, 1280), (720, 1440), (720, 1480), (720, 1520), (720, 1560), (720, 1600), (768, 1024), (1536, 2048), (1620, 2160),
    (1640, 2360), (1668, 2224), (1668, 2388), (2048, 2732), (1200, 1920), (1600, 2560), (800, 1280), (768, 1366), (900, 1440),
    (900, 1600), (1024, 1280), (1050, 1680), (1800, 2880), (1664, 2560), (1964, 3024), (2234, 3456), (2160, 3840), (2880, 5120),
    (1440, 3440),
}  # fmt: skip
_SAYS_SCREENSHOT = re.compile(
    r"screen[ _-]?(shot|grab|cap)|bildschirm(foto|aufnahme)|capture d[’'_ ]?[eé]cran|captura de (pantalla|ecr[aã])|schermata"
    r"|schermafbeelding",
    re.IGNORECASE,
)
_SKETCH = 320
_SPREAD = 6


def layout(image: "Image.Image") -> dict[str, float]:
    """What tells drawn and written pages from photos, as shares (0 to 1) of the pixels of a smaller copy.

    plain: those of the one most common colour. flat: those equal to their neighbours. paper: light ones without colour. ink: those
    much darker than what is around them. strokes: how much of the ink is edge; thin lines, as of letters, are nearly all edge.
    spread: parts of the picture, of 6 x 6, that have ink.
    """
    import numpy as np
    from PIL import Image, ImageFilter

    small = image.convert("RGB")
    small.thumbnail((_SKETCH, _SKETCH), Image.Resampling.NEAREST)
    pixels = np.asarray(small)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    codes = (red >> 3).astype(np.uint16) << 10 | (green >> 3).astype(np.uint16) << 5 | blue >> 3
    plain = int(np.bincount(codes.ravel()).max()) / codes.size

    grey = small.convert("L")
    values = np.asarray(grey, dtype=np.int16)
    flat = (np.abs(np.diff(values, axis=0))[:, 1:] <= 1) & (np.abs(np.diff(values, axis=1))[1:] <= 1)
    around = np.asarray(grey.filter(ImageFilter.BoxBlur(_SKETCH // 32)), dtype=np.int16)
    strength = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    ink = values < around * 0.8
    paper = (strength <= 40) & (values >= 140) & ~ink
    edges = np.count_nonzero(ink[:, 1:] != ink[:, :-1]) + np.count_nonzero(ink[1:] != ink[:-1])
    strokes = int(edges) / max(4 * int(np.count_nonzero(ink)), 1)
    high, wide = (max(length // _SPREAD, 1) for length in ink.shape)
    tiles = ink[: high * _SPREAD, : wide * _SPREAD]
    spread = 0.0
    if tiles.shape == (high * _SPREAD, wide * _SPREAD):
        spread = float((tiles.reshape(_SPREAD, high, _SPREAD, wide).mean(axis=(1, 3)) >= 0.01).mean())
    return {
        "plain": float(plain),
        "flat": float(flat.mean()) if flat.size else 0.0,
        "paper": float(paper.mean()),
        "ink": float(ink.mean()),
        "strokes": float(min(strokes, 1)),
        "spread": spread,
    }


def kind(
    facts: dict[str, float],
    width: int | None,
    height: int | None,
    format: str,
    has_camera: bool,
    words: Sequence[str] = (),
) -> str:
    """What kind of picture this is: 'screenshot', 'document' or 'photo'. Whether it is a portrait, only faces can tell.

    facts: what layout() found. width, height, format: of the original. has_camera: it says which camera took it, or with which aperture.
    words: what may say so outright, like the file's name and its comment.
    """
    if not has_camera:
        if any(_SAYS_SCREENSHOT.search(each) for each in words):
            return "screenshot"
        size = tuple(sorted((width or 0, height or 0)))
        # Films and photos sent by messengers have such sizes too: drawn surfaces are even, and much of them is of one colour.
        if size in _SCREENS and facts["flat"] >= 0.5 and facts["plain"] >= (0.15 if format == "png" else 0.4):
            return "screenshot"
    is_written = 0.02 <= facts["ink"] <= 0.3 and facts["strokes"] >= 0.2 and facts["spread"] >= 0.55
    is_even = facts["paper"] >= 0.65 and facts["flat"] >= 0.15  # the paper between the lines
    is_large = min(width or 0, height or 0) >= 150
    return "document" if is_even and is_written and is_large else "photo"


def kind_with_faces(kind: str, faces: Sequence[tuple[float, float]]) -> str:
    """The kind of a picture with these faces, each as (width, height) in shares of the picture's.

    A portrait is a photo of one face that fills at least a 25th of it, all others being less than a quarter as large.
    """
    areas = sorted((wide * high for wide, high in faces), reverse=True)
    if kind not in ("photo", "portrait"):
        return kind
    is_portrait = bool(areas) and areas[0] >= 0.04 and all(area < areas[0] / 4 for area in areas[1:])
    return "portrait" if is_portrait else "photo"
