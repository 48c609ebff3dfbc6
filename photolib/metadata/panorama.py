"""Pictures of everything around: which part of a sphere one shows, so that it can be looked at from the middle.

The fields are Google's, written by every camera and stitching program that makes such pictures
(https://developers.google.com/streetview/spherical-metadata).
"""

import re
from collections.abc import Mapping
from typing import Any

from photolib.metadata import fields

LARGEST = 1_000_000  # pixels of an edge
LEAST = 0.01  # a smaller share of the sphere's width or height is none that anybody photographs
ASKEW = 0.03  # how far the shape may be from what the fields say: a picture made smaller is rounded to whole pixels

# Cameras whose pictures of this shape are whole spheres, even after a program has thrown their XMP away.
_SPHERE_CAMERAS = re.compile(
    r"(?i)\b(ricoh theta|theta \w+|samsung sm-(c200|r210)|insta360|arashi vision|gopro max|lg-r105|virb 360|qoocam|kandao|xphase)\b"
)

Facts = dict[str, Any]


def stated(said: Mapping[str, str | None]) -> Facts | None:
    """The part of the sphere that GPano fields (without their prefix) state, as shares of it: left, top, width, height.

    heading is the direction, in degrees from the picture's middle, that is looked at first. None for pictures of another
    projection, and for fields that contradict each other.
    """
    if (said.get("ProjectionType") or "").strip().lower() != "equirectangular":
        return None
    if (said.get("UsePanoramaViewer") or "").strip().lower() == "false":
        return None
    names = (
        "FullPanoWidthPixels", "FullPanoHeightPixels", "CroppedAreaLeftPixels", "CroppedAreaTopPixels",
        "CroppedAreaImageWidthPixels", "CroppedAreaImageHeightPixels",
    )  # fmt: skip
    full_width, full_height, left, top, width, height = (
        fields.number(said.get(name), 0, LARGEST) for name in names
    )  # fmt: skip
    part = WHOLE
    if full_width and full_height and width and height:
        part = {
            "left": (left or 0) / full_width, "top": (top or 0) / full_height,
            "width": width / full_width, "height": height / full_height,
        }  # fmt: skip
        is_outside = part["left"] + part["width"] > 1 + ASKEW or part["top"] + part["height"] > 1 + ASKEW
        if is_outside or min(part["width"], part["height"]) < LEAST:
            return None
    heading = fields.number(said.get("InitialViewHeadingDegrees"), -360, 360) or 0.0
    pose = fields.number(said.get("PoseHeadingDegrees"), -360, 360) or 0.0
    return {**{name: round(share, 6) for name, share in part.items()}, "heading": round((heading - pose) % 360, 2)}


WHOLE = {"left": 0.0, "top": 0.0, "width": 1.0, "height": 1.0}


def settled(part: Facts | None, make: str | None, model: str | None, width: int, height: int) -> Facts | None:
    """What counts for a picture of this size: the part stated, unless somebody has cut the picture since; else, for cameras
    that make nothing else, the whole sphere."""
    if not width or not height:
        return None
    if part:
        shape = 2 * part["width"] / part["height"]
        return part if abs(width / height / shape - 1) <= ASKEW else None
    is_whole = abs(width / height / 2 - 1) < 0.001
    return {**WHOLE, "heading": 0.0} if is_whole and _SPHERE_CAMERAS.search(f"{make or ''} {model or ''}") else None
