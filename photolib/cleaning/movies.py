"""MP4, MOV and 3GP (ISO 14496-12, QuickTime): everything is free space that is not needed to play the pictures and the sound.

Nothing moves, so offsets and ranges stay true and playing starts at once. Of the tracks only pictures and sound stay: timed metadata
(Apple's, GoPro's, Android's) and subtitles, into which drones write where they are, go even when the place may be shown. So
do all bytes between the samples of the tracks that stay, where dashboard cameras keep a position for every second.
"""

import struct
from collections.abc import Iterator

import numpy as np

from photolib.cleaning import boxes
from photolib.cleaning.pieces import MOST_PIECES, Blank, CannotClean, Keep, Patch, Source
from photolib.metadata.containers import Box

_TOP = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"mfra"}
_MOVIE = {b"mvhd", b"trak", b"mvex", b"udta", b"meta"}
_TRACK = {b"tkhd", b"edts", b"mdia", b"tapt", b"tref"}
_MEDIA = {b"mdhd", b"hdlr", b"minf"}
_INFORMATION = {b"vmhd", b"smhd", b"hdlr", b"dinf", b"stbl"}
_TABLES = {
    b"stsd",
    b"stts",
    b"stss",
    b"ctts",
    b"cslg",
    b"stsc",
    b"stsz",
    b"stz2",
    b"stco",
    b"co64",
    b"sdtp",
    b"sbgp",
    b"sgpd",
}
_FRAGMENT = {b"mfhd", b"traf"}
_TRACK_FRAGMENT = {b"tfhd", b"tfdt", b"trun", b"sdtp", b"sbgp", b"sgpd"}
_PICTURES = (b"vide", b"pict")  # the second in sequences of HEIC and AVIF
_PLAYED = (*_PICTURES, b"soun", b"auxv")  # the last: transparency

# What may stay of the user data, and of Apple's and Android's named values.
_DATES = {b"\xa9day", b"date"}
_PLACES = {b"\xa9xyz", b"loci"}
_CAMERAS = {b"\xa9mak", b"\xa9mod", b"manu", b"modl"}
_NAMED_DATES = {b"com.apple.quicktime.creationdate"}
_NAMED_PLACES = {b"com.apple.quicktime.location.ISO6709"}
_NAMED_CAMERAS = {
    *(b"com.apple.quicktime.make", b"com.apple.quicktime.model"),
    *(b"com.android.manufacturer", b"com.android.model"),
}

# Cameras write into the coded pictures themselves: AVCHD's notes with positions, and EXIF in Motion JPEG.
_INSIDE_PICTURES = (
    bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66"),
    b"MDPM",
    b"Exif\0\0",
    b"http://ns.adobe.com/",
)
_FIRST_PICTURES = 256 << 10
MOST_SAMPLES = 4_000_000  # of a track: a day and a half of pictures


def plan(source: Source, keep: Keep) -> tuple[int, list[Patch]]:
    """How much of the file stays, and what is written over in it. Raises CannotClean."""
    top = boxes.children(source, 0, source.size)
    if not any(each.kind == b"moov" for each in top) or not any(each.kind == b"mdat" for each in top):
        raise CannotClean("There is no film in it, or it ends too early.")
    end = max(each.end for each in top if each.kind in _TOP)  # nothing points to what follows
    patches: list[Patch] = []
    kept: list[np.ndarray] = []
    played: set[int] = set()
    for box in top:
        if box.kind == b"moov":
            movie = Movie(source, keep, box)
            played |= movie.numbers
            patches += movie.patches
            kept += movie.ranges
    for box in top:
        if box.kind == b"moof":
            patches += _fragment(source, box, played, kept)
        elif box.kind not in _TOP:
            patches += boxes.blank(box)
    samples = boxes.merged(np.concatenate(kept)) if kept else np.zeros((0, 2), np.int64)
    if len(samples) > MOST_PIECES:
        raise CannotClean("The film is in too many pieces.")
    media = [each for each in top if each.kind == b"mdat"]
    check_inside(samples, media)
    for box in media:
        patches += boxes.blank_outside(box, samples)
    return end, [each for each in patches if each[0] < end]


def check_inside(samples: np.ndarray, media: list[Box]) -> None:
    """Raises CannotClean when a sample lies elsewhere than where media belong."""
    if not len(samples):
        raise CannotClean("There is no film in it.")
    starts = np.array([each.body for each in media])
    ends = np.array([each.end for each in media])
    home = np.searchsorted(starts, samples[:, 0], side="right") - 1
    if (home < 0).any() or (samples[:, 1] > ends[np.maximum(home, 0)]).any():
        raise CannotClean("Parts of the film lie outside the file.")


class Movie:
    """The movie box: what goes, and where the samples of the tracks that stay lie."""

    def __init__(self, source: Source, keep: Keep, box: Box) -> None:
        self.source, self.ranges, self.numbers = source, list[np.ndarray](), set[int]()
        kept, self.patches = boxes.keep_only(source, box.body, box.end, _MOVIE)
        has_pictures = False
        for each in kept:
            if each.kind == b"trak":
                handler = self._handler(each)
                if handler not in _PLAYED:
                    self.patches += boxes.blank(each)
                    continue
                has_pictures |= handler in _PICTURES
                self._track(each, handler)
            elif each.kind == b"udta":
                self.patches += _user_data(source, each, keep)
            elif each.kind == b"meta":
                self.patches += _named_values(source, each, keep)
            elif each.kind == b"mvex":
                self.patches += boxes.keep_only(source, each.body, each.end, {b"mehd", b"trex"})[1]
        if not has_pictures:
            raise CannotClean("There is no film in it.")

    def _inside(self, box: Box, kinds: set[bytes]) -> dict[bytes, Box]:
        kept, patches = boxes.keep_only(self.source, box.body, box.end, kinds)
        self.patches += patches
        return {each.kind: each for each in kept}

    def _handler(self, track: Box) -> bytes:
        for media in boxes.children(self.source, track.body, track.end):
            if media.kind == b"mdia":
                for each in boxes.children(self.source, media.body, media.end):
                    if each.kind == b"hdlr":
                        return self.source.at(each.body + 8, 4)
        return b""

    def _track(self, track: Box, handler: bytes) -> None:
        inside = self._inside(track, _TRACK)
        media = self._inside(_needed(inside, b"mdia"), _MEDIA)
        self.patches += blank_name(_needed(media, b"hdlr"))
        information = self._inside(_needed(media, b"minf"), _INFORMATION)
        if b"hdlr" in information:
            self.patches += blank_name(information[b"hdlr"])
        tables = self._inside(_needed(information, b"stbl"), _TABLES)
        if b"tref" in inside:  # transparency says whose it is
            self._inside(inside[b"tref"], {b"auxl"})
        header = boxes.content(self.source, _needed(inside, b"tkhd"), 4096)
        self.numbers.add(int.from_bytes(header[20:24] if header[:1] == b"\1" else header[12:16], "big"))
        ranges = sample_ranges(self.source, tables)
        self.ranges.append(ranges)
        if handler in _PICTURES:
            self.patches += _blank_description(self.source, _needed(tables, b"stsd"))
        if handler in _PICTURES and len(ranges):
            first = ranges[int(np.argmin(ranges[:, 0]))]
            refuse_private(self.source.at(int(first[0]), min(int(first[1] - first[0]), _FIRST_PICTURES)))


def refuse_private(pictures: bytes) -> None:
    """Raises CannotClean when there are notes of the camera among the coded pictures."""
    if any(each in pictures for each in _INSIDE_PICTURES):
        raise CannotClean("The camera writes notes between its pictures.")


def blank_name(handler: Box) -> list[Patch]:
    """A handler's maker and name say which program or camera wrote the track; nobody needs them."""
    return [(handler.body + 12, Blank(max(0, handler.end - handler.body - 12)))]


def _blank_description(source: Source, description: Box) -> Iterator[Patch]:
    """What a camera calls its codec, and parts of a sample description that are nobody's (ISO 14496-12, 12.1.3)."""
    for entry in boxes.children(source, description.body + 8, description.end):
        if entry.end - entry.body < 78:
            raise CannotClean("A table of the film is cut off.")
        yield entry.body + 12, Blank(4)
        yield entry.body + 42, Blank(32)
        for each in boxes.children(source, entry.body + 78, entry.end):
            if each.kind in (b"uuid", b"udta", b"meta", b"free", b"skip"):
                yield from boxes.blank(each)


def _needed(found: dict[bytes, Box], kind: bytes) -> Box:
    if kind not in found:
        raise CannotClean("A table of the film is missing.")
    return found[kind]


# --- where samples lie


def sample_ranges(source: Source, tables: dict[bytes, Box]) -> np.ndarray:
    """Start and end of each chunk of a track (ISO 14496-12, 8.7). Raises CannotClean for tables that do not fit together."""
    sizes, same, count = _sample_sizes(source, tables)
    wide = b"co64" in tables
    offsets = boxes.content(source, _needed(tables, b"co64" if wide else b"stco"))
    chunks = int.from_bytes(offsets[4:8], "big")
    width = 8 if wide else 4
    if len(offsets) < 8 + chunks * width:
        raise CannotClean("A table of the film is cut off.")
    starts = np.frombuffer(offsets, ">u8" if wide else ">u4", chunks, 8)
    if len(starts) and int(starts.max()) >= source.size:
        raise CannotClean("Parts of the film lie outside the file.")
    starts = starts.astype(np.int64)
    if not chunks or not count:
        return np.zeros((0, 2), np.int64)
    rows = boxes.content(source, _needed(tables, b"stsc"))
    number = int.from_bytes(rows[4:8], "big")
    if len(rows) < 8 + number * 12 or not number:
        raise CannotClean("A table of the film is cut off.")
    runs = np.frombuffer(rows, ">u4", number * 3, 8).reshape(-1, 3).astype(np.int64)
    firsts = runs[:, 0] - 1
    if firsts[0] != 0 or (np.diff(firsts) <= 0).any() or (runs[:, 1] > MOST_SAMPLES).any():
        raise CannotClean("A table of the film is damaged.")
    in_chunk = runs[np.searchsorted(firsts, np.arange(chunks), side="right") - 1, 1]
    until = np.minimum(np.cumsum(in_chunk), count)  # samples before the end of each chunk
    if same:
        ends_at = until * same
    else:
        assert sizes is not None
        ends_at = np.concatenate(([0], np.cumsum(sizes)))[until]
    lengths = np.diff(np.concatenate(([0], ends_at)))
    return np.column_stack((starts, starts + lengths))


def _sample_sizes(source: Source, tables: dict[bytes, Box]) -> tuple[np.ndarray | None, int, int]:
    """The size of every sample, or the one that all have, and how many there are."""
    if b"stsz" not in tables:
        raise CannotClean("A table of the film is missing.")
    raw = boxes.content(source, tables[b"stsz"])
    if len(raw) < 12:
        raise CannotClean("A table of the film is cut off.")
    same, count = struct.unpack_from(">II", raw, 4)
    if count > MOST_SAMPLES * (100 if same else 1):
        raise CannotClean("The film has too many samples.")
    if same == 1 and b"stsd" in tables:
        # QuickTime's sound of old: sizes count single samples of one byte, whatever the codec. Nobody can tell where it ends.
        same = _old_sound_size(source, tables[b"stsd"])
    if same:
        return None, same, count
    if len(raw) < 12 + 4 * count:
        raise CannotClean("A table of the film is cut off.")
    return np.frombuffer(raw, ">u4", count, 12).astype(np.int64), 0, count


def _old_sound_size(source: Source, description: Box) -> int:
    """Bytes of one sample of uncompressed sound (QuickTime file format, sound sample description). Raises CannotClean for others."""
    raw = boxes.content(source, description, 1 << 20)
    entry = raw[8:]
    if len(entry) < 36:
        raise CannotClean("A table of the film is cut off.")
    kind = entry[4:8]
    channels, bits = struct.unpack_from(">HH", entry, 24)
    width = {b"ulaw": 1, b"alaw": 1, b"raw ": 1, b"twos": 0, b"sowt": 0}.get(kind)
    if width is None:
        raise CannotClean("The sound is stored in a way nobody here knows.")
    return max(1, channels) * (width or max(1, bits // 8))


# --- fragments


def _fragment(source: Source, fragment: Box, played: set[int], kept: list[np.ndarray]) -> Iterator[Patch]:
    """Patches of one movie fragment; the samples of tracks that stay are added to `kept`."""
    inside, patches = boxes.keep_only(source, fragment.body, fragment.end, _FRAGMENT)
    yield from patches
    for each in inside:
        if each.kind != b"traf":
            continue
        parts = boxes.children(source, each.body, each.end)
        header = next((part for part in parts if part.kind == b"tfhd"), None)
        if header is None:
            raise CannotClean("A table of the film is missing.")
        raw = boxes.content(source, header, 4096)
        flags, number = struct.unpack_from(">II", raw.ljust(8, b"\0"))
        if number not in played:
            yield from boxes.blank(each)
            continue
        yield from boxes.keep_only(source, each.body, each.end, _TRACK_FRAGMENT)[1]
        kept.append(_runs(source, fragment, parts, raw, flags & 0xFFFFFF))


def _runs(source: Source, fragment: Box, parts: list[Box], header: bytes, flags: int) -> np.ndarray:
    """Where the samples of a track fragment lie (ISO 14496-12, 8.8.7 and 8.8.8)."""
    at, base, default = 8, fragment.start, None
    if flags & 0x000001:
        base, at = int.from_bytes(header[8:16], "big"), 16
    at += 4 * bool(flags & 0x000002) + 4 * bool(flags & 0x000008)
    if flags & 0x000010:
        default = int.from_bytes(header[at : at + 4], "big")
    if not flags & 0x020001:
        raise CannotClean("The pieces of the film count from each other.")
    found, place = [], base
    for part in parts:
        if part.kind != b"trun":
            continue
        raw = boxes.content(source, part)
        word, count = struct.unpack_from(">II", raw.ljust(8, b"\0"))
        if count > MOST_SAMPLES:
            raise CannotClean("The film has too many samples.")
        head = 8
        if word & 0x1:
            place, head = base + int.from_bytes(raw[8:12], "big", signed=True), 12
        head += 4 * bool(word & 0x4)
        columns = [bool(word & bit) for bit in (0x100, 0x200, 0x400, 0x800)]
        if word & 0x200:
            if len(raw) < head + 4 * count * sum(columns):
                raise CannotClean("A table of the film is cut off.")
            table = np.frombuffer(raw, ">u4", count * sum(columns), head).reshape(count, -1)
            length = int(table[:, int(columns[0])].astype(np.int64).sum())
        elif default is not None:
            length = default * count
        else:
            raise CannotClean("The pieces of the film do not say how long they are.")
        if not 0 <= place <= place + length <= source.size:
            raise CannotClean("Parts of the film lie outside the file.")
        found.append((place, place + length))
        place += length
    return np.array(found, np.int64).reshape(-1, 2)


# --- user data


def _user_data(source: Source, box: Box, keep: Keep) -> list[Patch]:
    allowed = _DATES | (_PLACES if keep.location else set()) | (_CAMERAS if keep.camera else set())
    return boxes.keep_only(source, box.body, box.end, allowed)[1]


def _named_values(source: Source, box: Box, keep: Keep) -> list[Patch]:
    """The box of keys and values (QuickTime file format, metadata), written anew with what is allowed, and free space behind it."""
    allowed = _NAMED_DATES | (_NAMED_PLACES if keep.location else set()) | (_NAMED_CAMERAS if keep.camera else set())
    is_full = source.at(box.body + 8, 4) == b"hdlr"  # ISO puts four bytes in front, QuickTime none
    start = box.body + (4 if is_full else 0)
    inside = {each.kind: each for each in boxes.children(source, start, box.end)}
    if not {b"hdlr", b"keys", b"ilst"} <= inside.keys() or box.end - box.body > 1 << 20:
        return boxes.blank(box)
    names = _keys(boxes.content(source, inside[b"keys"]))
    listed: list[tuple[bytes, bytes]] = []
    for item in _items(boxes.content(source, inside[b"ilst"])):
        number = int.from_bytes(item[0], "big") - 1
        if 0 <= number < len(names) and names[number] in allowed and len(item[1]) <= 1024:
            listed.append((names[number], item[1]))
    if not listed:
        return boxes.blank(box)
    handler = _box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    keys = _box(b"keys", struct.pack(">II", 0, len(listed)) + b"".join(_box(b"mdta", name) for name, _ in listed))
    values = _box(b"ilst", b"".join(_box(struct.pack(">I", at), value) for at, (_, value) in enumerate(listed, 1)))
    body = source.at(box.body, start - box.body) + handler + keys + values
    left = box.end - box.body - len(body)
    if left < 8 and left:
        return boxes.blank(box)
    rest = struct.pack(">I4s", left, b"free") if left else b""
    patches: list[Patch] = [(box.body, body + rest)]
    return [*patches, (box.end - left + len(rest), Blank(left - len(rest)))] if left else patches


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _keys(raw: bytes) -> list[bytes]:
    """Names in their order; each stands in a box of its own behind a count."""
    return [body if kind == b"mdta" else b"" for kind, body in _items(raw[8:])]


def _items(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of boxes side by side, the kind being any four bytes."""
    at = 0
    while at + 8 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        if size < 8 or at + size > len(raw):
            return
        yield raw[at + 4 : at + 8], raw[at + 8 : at + size]
        at += size
