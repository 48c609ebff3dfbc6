"""One frame that stands for a video, through FFmpeg's libraries.

The demuxer is chosen by what the file's bytes are, never guessed, and no protocol is allowed: a playlist or a reference to
another file or address inside a video is not followed.
"""

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from photolib.decode import colour, pixels
from photolib.decode.limits import is_machine_error

_DEMUXERS = {
    "mp4": "mov",
    "mov": "mov",
    "3gp": "mov",
    "mkv": "matroska",
    "webm": "matroska",
    "avi": "avi",
    "mts": "mpegts",
    "mpg": "mpeg",
    "wmv": "asf",
}
_MOST_FRAMES = 48  # looked at from one place before trying the next
_BLACK = 20  # mean brightness, of 255
_UNSPECIFIED, _BT709 = 2, 1
_QUARTER_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def poster(file: BinaryIO, format_name: str, max_pixels: int) -> tuple[Image.Image, list[str], colour.Nclx | None]:
    """The first frame that is not black from about one second on, upright, its notes and its colour codes."""
    demuxer = _DEMUXERS[format_name]
    if format_name == "mpg" and file.read(4) == b"\0\0\x01\xb3":
        demuxer = "mpegvideo"
    file.seek(0)
    try:
        with av.open(
            file, "r", format=demuxer, options={"protocol_whitelist": "none"}, metadata_errors="replace"
        ) as container:
            stream = _stream(container)
            pixels.check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
            frame = _choose(container, stream)
            if frame is None:
                raise pixels.damaged(file, format_name, ValueError("no frame of the video could be decoded"))
            pixels.check_size(frame.width, frame.height, max_pixels)
            missing = pixels.missing_end(file, format_name)
            notes = [f"The video ends too early: {missing}."] if missing else []
            return _image(frame, stream), notes, (int(frame.color_primaries), int(frame.color_trc))
    except MemoryError:
        raise
    except (av.FFmpegError, *pixels.DAMAGE) as problem:
        if is_machine_error(problem):
            raise
        raise pixels.damaged(file, format_name, problem) from problem


def _stream(container: InputContainer) -> VideoStream:
    """The video itself, not the cover picture some files carry as a second stream."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic and stream.codec_context is not None:
            stream.thread_type = "NONE"
            stream.codec_context.thread_count = 1
            return stream
    raise ValueError("there is no video in it, or one whose codec is not known here")


def _choose(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """A frame with something to see; the brightest one met when all are black."""
    best: VideoFrame | None = None
    best_light = -1.0
    for moment in _moments(container):
        with contextlib.suppress(av.FFmpegError):  # no index: go on from where we are
            container.seek(round(moment * 1_000_000))
        try:
            is_whole = False
            for count, frame in enumerate(container.decode(stream)):
                if count >= _MOST_FRAMES:
                    break
                is_whole = is_whole or bool(frame.key_frame)
                if not is_whole or frame.is_corrupt:
                    continue  # it builds on frames that lie before the place we jumped to
                light = _brightness(frame)
                if light > best_light:
                    best, best_light = frame, light
                if light > _BLACK:
                    return frame
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            continue  # damaged here; it may decode elsewhere
    return best


def _moments(container: InputContainer) -> Iterator[float]:
    """Places to look at, in seconds: about one second in, then further, and the very start when all else fails."""
    duration = max(container.duration or 0, 0) / 1_000_000
    yield min(1.0, duration / 10)
    for share in (0.1, 0.3, 0.6):
        if duration * share > 1:
            yield duration * share
    yield 0.0


def _brightness(frame: VideoFrame) -> float:
    small = frame.to_image(width=32, height=32, threads=1).convert("L")
    return float(ImageStat.Stat(small).mean[0])


def _image(frame: VideoFrame, stream: VideoStream) -> Image.Image:
    """The frame as a picture no larger than needed, with square pixels and upright."""
    aspect = float(stream.codec_context.sample_aspect_ratio or stream.sample_aspect_ratio or 1)
    width, height = float(frame.width), float(frame.height)
    if 0.1 < aspect < 10:
        width, height = (width * aspect, height) if aspect > 1 else (width, height / aspect)
    scale = min(1.0, pixels.MOST / max(width, height))
    options = {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
    if int(frame.colorspace) == _UNSPECIFIED and frame.height >= 720:
        options["src_colorspace"] = _BT709  # what HD video means when it does not say
    image = frame.to_image(**options, interpolation="BICUBIC", threads=1)
    turn = round(frame.rotation / 90) * 90 % 360
    return image.transpose(_QUARTER_TURNS[turn]) if turn else image
