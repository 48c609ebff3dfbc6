"""Videos: what the container says about itself, without decoding a frame.

FFmpeg (through PyAV) finds streams and tags in every kind of container; the few atoms of MP4 and MOV that it keeps to
itself (the turn of the picture, an XMP packet) are read here.
"""

import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from photolib.decode.limits import is_machine_error
from photolib.errors import UnreadablePhoto
from photolib.metadata import containers, dates, fields

# The demuxer is forced: left to guess, FFmpeg would follow playlists and scripts that name other files.
_DEMUXERS = {
    "mp4": "mov", "mov": "mov", "3gp": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi",
    "mpg": "mpeg", "mts": "mpegts", "wmv": "asf", "flv": "flv", "ogv": "ogg",
}  # fmt: skip
_BOXED = ("mp4", "mov", "3gp")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
LONGEST = 10 * 366 * 24 * 3600.0  # seconds


def read_video(path: Path, format_name: str) -> dict[str, Any]:
    """Facts of a video under the keys of embedded.read, and "xmp", its packet, unread. Raises UnreadablePhoto."""
    import av

    notes: list[str] = []
    facts: dict[str, Any] = {"notes": notes}
    with path.open("rb") as source:
        demuxer = _DEMUXERS[format_name]
        if format_name == "mpg" and source.read(4) == b"\0\0\x01\xb3":
            demuxer = "mpegvideo"  # a bare stream without a container around it
        source.seek(0)
        options = {"protocol_whitelist": "none"}  # whatever address stands inside is not followed
        try:
            with av.open(source, "r", format=demuxer, options=options, metadata_errors="replace") as container:
                width, height = _streams(container, facts)
                tags = {key.lower(): value for key, value in container.metadata.items()}
        except (av.FFmpegError, OSError, ValueError, ArithmeticError, LookupError, TypeError) as problem:
            if is_machine_error(problem):
                raise
            raise UnreadablePhoto("The video cannot be opened: it is damaged or cut off.") from problem
        turn = 0
        if format_name in _BOXED:
            turn, facts["xmp"] = _atoms(source)
        elif format_name in ("mkv", "webm"):
            turn = _matroska_turn(source)
    turn = turn or fields.whole(tags.get("rotate"), -360, 360) or 0
    facts["width"], facts["height"] = (height, width) if turn % 180 == 90 else (width, height)
    facts["orientation"] = {90: 6, 180: 3, 270: 8}.get(turn % 360, 1)
    return facts | _tagged(tags, notes)


def _streams(container: Any, facts: dict[str, Any]) -> tuple[int, int]:
    """Length, codec and rate go into the facts; the size is as stored, with square pixels."""
    pictures = (each for each in container.streams.video if not each.disposition & each.disposition.attached_pic)
    stream = next((each for each in pictures if each.codec_context is not None), None)
    if stream is None or not (stream.codec_context.width and stream.codec_context.height):
        raise UnreadablePhoto("There is no video in the file, or one whose codec is not known here.")
    width, height = stream.codec_context.width, stream.codec_context.height
    aspect = stream.sample_aspect_ratio
    if aspect and 0.1 < float(aspect) < 10:
        width = max(1, int(width * aspect))
    length = container.duration / 1_000_000 if container.duration else None
    if length is None and stream.duration and stream.time_base:
        length = float(stream.duration * stream.time_base)
    facts["duration"] = fields.rounded(fields.number(length, 0, LONGEST), 3)
    facts["video_codec"] = fields.text(stream.codec_context.name, 30)
    facts["fps"] = fields.rounded(fields.number(float(stream.average_rate or 0), 0.001, 100_000), 3)
    for key, value in stream.metadata.items():
        container.metadata.setdefault(key, value)
    return width, height


def _tagged(tags: dict[str, str], notes: list[str]) -> dict[str, Any]:
    """What phones and programs write as tags, in the spellings of QuickTime, Android, Matroska and AVI."""
    apple = "com.apple.quicktime."

    def tag(*names: str) -> str | None:
        return next((tags[name] for name in names if tags.get(name)), None)

    facts: dict[str, Any] = {
        "dates": list(_dates(tags, notes)),
        "title": fields.title(tag(apple + "title", "title")),
        "description": fields.prose(tag(apple + "description", "description", "comment", apple + "comment")),
        "keywords": fields.words((tag(apple + "keywords", "keywords") or "").split(",")),
        "content_id": fields.text(tag(apple + "content.identifier"), 64),
    }
    facts["make"], facts["model"] = fields.camera(
        tag(apple + "make", "make", "com.android.manufacturer"), tag(apple + "model", "model", "com.android.model")
    )
    facts |= _place(tag(apple + "location.iso6709", "location", "location-eng", "xyz"), notes)
    facts["exif"] = {
        key[:60]: value
        for key, value in ((key, fields.text(value)) for key, value in list(tags.items())[:100])
        if value and key.isprintable()
    }
    return {key: value for key, value in facts.items() if value is not None and value != []}


def _dates(tags: dict[str, str], notes: list[str]) -> Iterator[dates.Fact]:
    """Apple's creation date has a wall clock and its zone; the others count in UTC, or so they say."""
    own = dates.read_date(tags.get("com.apple.quicktime.creationdate"), "video", notes)
    if own:
        yield own
    for name in ("creation_time", "date_utc", "date", "icrd", "idit", "datetimeoriginal", "date_recorded"):
        fact = dates.read_date(tags.get(name), "video", notes)
        if fact is None or fact["local"] < "1971":  # 1904 and 1970 are where the counting begins
            continue
        if fact["offset"] is not None:
            yield dates.utc_fact(dates.shifted(fact["local"], -fact["offset"]), "video")
        else:
            yield fact


def _place(written: str | None, notes: list[str]) -> dict[str, Any]:
    """ISO 6709: "+48.8125+002.4862+000.000/", or degrees and minutes run together."""
    parts = re.match(r"\s*([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?", (written or "")[:100])
    if not parts:
        return {}
    place = fields.position(_degrees(parts[1], 2), _degrees(parts[2], 3), notes)
    if place is None:
        return {}
    return {"latitude": place[0], "longitude": place[1], "altitude": fields.altitude(fields.number(parts[3]), notes)}


def _degrees(written: str, width: int) -> float | None:
    digits = written[1:].partition(".")[0]
    value = fields.number(written[1:])
    if value is not None and len(digits) == width + 2:  # DDMM.mmm
        value = value // 100 + value % 100 / 60
    elif value is not None and len(digits) == width + 4:  # DDMMSS.sss
        value = value // 10000 + value // 100 % 100 / 60 + value % 100 / 3600
    return -value if value is not None and written[0] == "-" else value


# --- atoms


def _atoms(source: BinaryIO) -> tuple[int, bytes | None]:
    """How many degrees clockwise the picture is turned when shown, and the XMP packet."""
    turn, packet = 0, None
    for box in containers.boxes(source, 0, containers.size_of(source)):
        if box.kind == b"moov":
            turn = next((turn for turn in _turns(source, box) if turn is not None), 0)
            kept = containers.inside(source, box, b"udta", b"XMP_")
            packet = packet or (containers.content(source, kept, containers.LARGEST_XMP) if kept else None)
        elif box.kind == b"uuid" and box.end - box.body <= containers.LARGEST_XMP:
            raw = containers.content(source, box, containers.LARGEST_XMP)
            if raw.startswith(_XMP_UUID):
                packet = packet or raw[16:]
    return turn, packet


def _turns(source: BinaryIO, movie: containers.Box) -> Iterator[int | None]:
    """The turn of each video track, from the matrix of its header (ISO 14496-12, 8.3.2)."""
    for track in containers.boxes(source, movie.body, movie.end):
        if track.kind != b"trak":
            continue
        handler = containers.inside(source, track, b"mdia", b"hdlr")
        header = containers.inside(source, track, b"tkhd")
        if handler is None or header is None or containers.content(source, handler, 4096)[8:12] != b"vide":
            continue
        raw = containers.content(source, header, 4096)
        start = 52 if raw[:1] == b"\1" else 40
        if len(raw) >= start + 36:
            a, b = struct.unpack_from(">ii", raw, start)
            yield round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360 if (a or b) else None


# --- Matroska

_ROLL = (0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0x7670, 0x7675)  # Segment, Tracks, entry, Video, Projection, its roll


def _matroska_turn(source: BinaryIO) -> int:
    """How many degrees clockwise the picture is turned when shown (RFC 9559, 5.1.4.1.28.45; there it counts leftwards)."""
    place = (0, containers.size_of(source))
    for wanted in _ROLL:
        found = next((each for kind, *each in _elements(source, *place) if kind == wanted), None)
        if found is None:
            return 0
        place = (found[0], found[1])
    source.seek(place[0])
    raw = source.read(min(place[1] - place[0], 8))
    roll = (
        fields.number(struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0], -360, 360) if len(raw) in (4, 8) else None
    )
    return round(-(roll or 0) / 90) * 90 % 360


def _elements(source: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Kind, and where the content lies, of the EBML elements side by side between two places."""
    for _ in range(1000):
        source.seek(start)
        head = source.read(12)
        if start >= end or len(head) < 2:
            return
        width = 9 - head[0].bit_length()
        kind = int.from_bytes(head[:width], "big")
        if width > 4 or len(head) <= width:
            return
        wide = 9 - head[width].bit_length()
        size = int.from_bytes(head[width : width + wide], "big") & ((1 << 7 * wide) - 1)
        body = start + width + wide
        is_endless = size == (1 << 7 * wide) - 1
        if wide > 8 or len(head) < width + wide:
            return
        start = end if is_endless else min(body + size, end)
        yield kind, body, start
