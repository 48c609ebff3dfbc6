"""Motion photos: a short video that a phone hides in or behind a picture.

Google says in XMP how far from the end of the file it begins, Samsung appends a list of parts, and in HEIC both wrap it
in a box. Phones, editors and messengers break all three, so a place counts only if a video really begins there.
"""

from typing import Any, BinaryIO

from photolib.metadata import containers, fields
from photolib.said import Said

_SAMSUNG_VIDEO = 0x0A30


def find_motion(source: BinaryIO, format_name: str, from_end: list[int], notes: list[str]) -> dict[str, int] | None:
    """Offset and length of the embedded video in bytes, or None; a promise the file does not keep is noted.

    `from_end` are the distances to the end of the file that XMP states.
    """
    length = containers.size_of(source)
    places = [length - distance for distance in from_end if 0 < distance < length]
    if format_name in ("heic", "avif"):
        places += [box.body for box in containers.boxes(source, 0, length) if box.kind == b"mpvd"]
    samsung = _samsung_place(source, length)
    if samsung is not None:
        places.append(samsung)
    for place in places:
        video = _video_at(source, place, length)
        if video:
            return video
    if places or from_end:
        fields.note(notes, Said("The photo announces an embedded video, but there is none where it should be."))
    return None


def _samsung_place(source: BinaryIO, length: int) -> int | None:
    """Where Samsung's trailer says the video is: "SEFH", a list of (kind, distance back, size), its length, "SEFT"."""
    if length < 32:
        return None
    source.seek(length - 8)
    tail = source.read(8)
    size = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"SEFT" or not 12 <= size <= min(length - 8, 65536):
        return None
    start = length - 8 - size
    source.seek(start)
    listed = source.read(size)
    if listed[:4] != b"SEFH":
        return None
    for at in range(12, size - 11, 12):
        kind = int.from_bytes(listed[at + 2 : at + 4], "little")
        distance = int.from_bytes(listed[at + 4 : at + 8], "little")
        if kind == _SAMSUNG_VIDEO and 0 < distance <= start:
            source.seek(start - distance)
            head = source.read(8)  # the kind again, then the length of the name "MotionPhoto_Data"
            return start - distance + 8 + min(int.from_bytes(head[4:8], "little"), 64)
    return None


def _video_at(source: BinaryIO, place: int, length: int) -> dict[str, int] | None:
    """The boxes of an MP4 file that begin here: "ftyp" first, and the index "moov" among them."""
    end = place
    kinds: list[bytes] = []
    for box in containers.boxes(source, place, length):
        if not kinds and box.kind != b"ftyp":
            return None
        if box.kind in (b"mpvd", b"sefd") or (kinds and box.kind == b"ftyp"):
            break
        kinds.append(box.kind)
        end = box.end
    return {"offset": place, "length": end - place} if b"moov" in kinds else None


def distances(items: list[dict[str, Any]], micro_offset: Any) -> list[int]:
    """How far from the end of the file Google's XMP puts the video.

    The items of a container follow each other at the end of the file, the first being the picture itself.
    """
    found = []
    behind = 0
    for item in reversed(items[1:]):
        size = fields.whole(item.get("length"), 0, 1 << 40) or 0
        behind += size + (fields.whole(item.get("padding"), 0, 1 << 30) or 0)
        is_video = str(item.get("semantic")) == "MotionPhoto" or str(item.get("mime", "")).startswith("video/")
        if is_video and behind:
            found.append(behind)
    distance = fields.whole(micro_offset, 1, 1 << 40)
    if distance:
        found.append(distance)
    return found
