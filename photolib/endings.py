"""Whether a file is there to its end, judged by its format: for files that come without anybody saying how long they are.

A connection that breaks looks to us like the end of such a file.
"""

import os
from typing import IO

from photolib import formats


def is_whole(file: IO[bytes], size: int) -> bool:
    """Whether the file, `size` bytes long, ends where its format says. False also for formats that do not say. Leaves it at its start."""
    file.seek(0)
    head = file.read(formats.HEAD)
    kind = formats.sniff(head)
    if kind is None:
        whole = False
    elif head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"jP  ", b"JXL "):
        whole = _ends_with_a_box(file, 0, size)
    elif head.startswith(b"\xff\xd8\xff"):
        whole = _jpeg_ends(file, size)
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        whole = _tail(file, size, 12) == b"\0\0\0\0IEND\xaeB`\x82"
    elif head.startswith(b"RIFF"):
        whole = size >= 8 + int.from_bytes(head[4:8], "little") > 8
    elif head.startswith((b"GIF87a", b"GIF89a")):
        whole = _tail(file, size, 2) == b"\0;"
    else:
        whole = False
    file.seek(0)
    return whole


def _tail(file: IO[bytes], size: int, length: int) -> bytes:
    file.seek(max(0, size - length), os.SEEK_SET)
    return file.read(length)


def _ends_with_a_box(file: IO[bytes], start: int, size: int) -> bool:
    """Boxes of ISO/IEC 14496-12, 4.2: 32 bits of length, four letters; length 1: 64 bits follow; 0: up to the end,
    wherever that is."""
    seen = set()
    while start < size:
        file.seek(start)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:], "big")
        if length < 8 or len(head) < 8:
            return False
        seen.add(head[4:8])
        start += length
    # A video that was cut between two boxes lacks one of these.
    return start == size and (b"moov" in seen) == (b"mdat" in seen and b"meta" not in seen)


def _jpeg_ends(file: IO[bytes], size: int) -> bool:
    """ISO/IEC 10918-1, B.1: segments with their lengths up to the scan; the file's last two bytes, or those before a video or padding."""
    start = 2
    while start + 4 <= size:
        file.seek(start)
        head = file.read(4)
        if head[0] != 0xFF:
            return False
        if head[1] == 0xFF:  # a byte to fill up with
            start += 1
        elif head[1] == 0xDA:
            break
        else:
            start += 2 + int.from_bytes(head[2:], "big")
    else:
        return False
    end = _tail(file, size, 4096).rstrip(b"\0")
    return end.endswith(b"\xff\xd9")
