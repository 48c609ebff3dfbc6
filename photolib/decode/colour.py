"""From the colours a picture was made in to sRGB, the one space every browser shows right."""

import functools
import io
import math
import struct

from PIL import Image, ImageChops, ImageCms

from photolib.said import Said

Nclx = tuple[int, int]  # colour primaries and transfer characteristics as numbered by ITU-T H.273

_MODE_OF = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
_SAME = 3  # a profile that moves no colour by more levels than this is sRGB under another name

# Red, green and blue as XYZ relative to D50, the white of ICC profiles (Bradford-adapted), with their sums equal to D50.
_PRIMARIES = {
    "srgb": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
    "p3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
    "bt2020": ((0.67348, 0.27904, -0.00194), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686)),
}
_WIDE = {9: "bt2020", 11: "p3", 12: "p3"}  # other primaries differ too little from sRGB's to be worth a conversion
_LINEAR, _PQ, _HLG = 8, 16, 18
_WHITE_NITS = 203  # how bright white paper is in an HDR picture (ITU-R BT.2408)


def to_srgb(image: Image.Image, profile: bytes | None, nclx: Nclx | None, notes: list[str]) -> Image.Image:
    """The image in sRGB, as RGB or L. A profile that cannot be used is noted and left out.

    image is in mode L, RGB, CMYK or LAB. Numbers from an ICC profile win over nclx codes, as the containers demand.
    """
    if not profile and nclx:
        profile = profile_of(nclx)
    if profile:
        try:
            image = _converted(image, profile)
        except (ImageCms.PyCMSError, OSError, ValueError) as problem:
            notes.append(
                Said(
                    "The colour profile inside cannot be used (%(problem)s); colours may look a little different.",
                    problem=problem,
                )
            )
    if image.mode == "LAB":
        lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), srgb(), "LAB", "RGB")
        return ImageCms.applyTransform(image, lab) or image
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def nclx_of(head: bytes) -> Nclx | None:
    """The colour codes of a HEIF or AVIF file, as its first nclx colour box states them."""
    at = head.find(b"colrnclx")
    return struct.unpack_from(">HH", head, at + 8) if at >= 0 and len(head) >= at + 12 else None


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    mode, transform = _transform(profile, image.mode)
    if mode != image.mode:
        image = image.convert(mode)
    return (ImageCms.applyTransform(image, transform) or image) if transform else image


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The mode to bring an image into and what to apply then; None when its colours are sRGB already."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space.strip()
    wanted = _MODE_OF.get(space)
    if wanted == "RGB" and mode == "L":
        mode = "RGB"  # a grey picture saved with the profile of its RGB brother
    if wanted != mode:
        raise ValueError(f"it is for {space} colours, the picture is {mode}")
    transform = ImageCms.buildTransform(source, srgb(), mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    if mode == "RGB":
        probe = _probe()
        moved = ImageChops.difference(probe, ImageCms.applyTransform(probe, transform) or probe)
        if max(high for _, high in moved.getextrema()) <= _SAME:  # type: ignore[misc]
            return mode, None
    return mode, transform


@functools.cache
def srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@functools.cache
def _probe() -> Image.Image:
    """One pixel of each of 343 colours spread over the whole cube."""
    levels = (0, 43, 85, 128, 170, 213, 255)
    return Image.frombytes("RGB", (343, 1), bytes(v for r in levels for g in levels for b in levels for v in (r, g, b)))


@functools.lru_cache(maxsize=16)
def profile_of(nclx: Nclx) -> bytes | None:
    """A small ICC profile saying what the codes say, or None when they mean sRGB or near enough."""
    primaries, transfer = nclx
    if primaries not in _WIDE and transfer not in (_LINEAR, _PQ, _HLG):
        return None
    curve = [_to_light(step / 1023, transfer) for step in range(1024)]
    table = b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *(round(min(max(light, 0), 1) * 65535) for light in curve))
    colours = [_xyz(each) for each in _PRIMARIES[_WIDE.get(primaries, "srgb")]]
    return _icc(
        {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), colours, strict=True))}, table
    )


def _to_light(value: float, transfer: int) -> float:
    """A stored value 0..1 as light, 1 being the white of an ordinary picture; HDR's brighter light is eased in below it."""
    if transfer == _LINEAR:
        return value
    if transfer == _PQ:  # SMPTE ST 2084
        power = value ** (1 / 78.84375)
        nits = 10000 * (max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        return _ease(nits / _WHITE_NITS)
    if transfer == _HLG:  # ARIB STD-B67, shown on a display of 1000 nits
        scene = value * value / 3 if value <= 0.5 else (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return _ease(1000 * scene**1.2 / _WHITE_NITS)
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _ease(light: float, knee: float = 0.6) -> float:
    """Leave light below the knee alone and bend what is brighter so that it never quite reaches 1."""
    if light <= knee:
        return light
    room = 1 - knee
    return knee + room * (1 - math.exp((knee - light) / room))


def _xyz(colour: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(each * 65536) for each in colour))


def _icc(tags: dict[bytes, bytes], curve: bytes) -> bytes:
    """A matrix profile, ICC.1:2010: header, tag table, tags; all three channels share one curve."""
    tags = {**tags, b"rTRC": curve}
    offset = 128 + 4 + 12 * (len(tags) + 2)
    table, body = b"", b""
    for name, value in tags.items():
        entry = struct.pack(">II", offset + len(body), len(value))
        names = (b"rTRC", b"gTRC", b"bTRC") if name == b"rTRC" else (name,)
        table += b"".join(each + entry for each in names)
        body += value + b"\0" * (-len(value) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12x4s28x3i48x",
        offset + len(body), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp", 63190, 65536, 54061,
    )  # fmt: skip
    return header + struct.pack(">I", len(tags) + 2) + table + body
