"""HEIC, HEIF and AVIF (ISO 23008-12): the picture shown first, with what it is put together from; everything else is written over.

Nothing moves. Thumbnails, depth maps and other pictures in the file go: they may show what was cut away. So do gain maps of Apple's kind,
which mean nothing without the maker's notes; those of ISO 21496-1 stay, as parts of the picture.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from photolib.cleaning import boxes, movies, profiles, tags
from photolib.cleaning.pieces import Blank, CannotClean, Keep, Patch, Source
from photolib.metadata import containers, embedded
from photolib.metadata.containers import Box

_TOP = {b"ftyp", b"meta", b"mdat", b"moov"}
_META = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"}
_PICTURES = {b"hvc1", b"hvc2", b"lhv1", b"av01", b"avc1", b"vvc1", b"unci", b"grid", b"iovl", b"iden", b"tmap"}
_DERIVED = {b"grid", b"iovl", b"iden", b"tmap"}
_ALPHA = (
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0",
    b"urn:mpeg:hevc:2015:auxid:1\0",
    b"urn:mpeg:avc:2015:auxid:1\0",
)
# What a decoder has to know of a picture: its size, its codec's settings, its colours, its turn.
_PROPERTIES = {
    *(b"ispe", b"pixi", b"colr", b"irot", b"imir", b"clap", b"pasp", b"auxC", b"clli", b"mdcv", b"cclv", b"amve"),
    *(b"hvcC", b"lhvC", b"av1C", b"avcC", b"vvcC", b"uncC", b"cmpd", b"lsel", b"a1op", b"a1lx", b"rloc", b"oinf", b"tols"),
}  # fmt: skip
MOST_ITEMS = 20_000
LARGEST_TABLE = 4 << 20
DEEPEST = 20  # pictures made of pictures


@dataclass
class _Item:
    kind: bytes
    infe: Box
    kind_at: int  # where its kind stands
    method: int = 0  # 0: extents count from the start of the file, 1: from the start of idat
    extents: list[tuple[int, int]] = field(default_factory=list)  # offset and size


def plan(source: Source, keep: Keep) -> tuple[int, list[Patch]]:
    """How much of the file stays, and what is written over in it. Raises CannotClean."""
    kept, patches = boxes.keep_only(source, 0, source.size, _TOP)
    end = max((each.end for each in kept), default=0)
    meta = [each for each in kept if each.kind == b"meta"]
    if len(meta) != 1:
        raise CannotClean("There is no picture in it.")
    picture = _Picture(source, keep, meta[0])
    ranges = [picture.ranges]
    for each in kept:
        if each.kind == b"moov":
            movie = movies.Movie(source, Keep(), each)
            picture.patches += movie.patches
            ranges += movie.ranges
    samples = boxes.merged(np.concatenate(ranges))
    media = [each for each in kept if each.kind == b"mdat"]
    if len(samples):
        movies.check_inside(samples, media)
    for each in media:
        picture.patches += boxes.blank_outside(each, samples)
    return end, [each for each in (*patches, *picture.patches) if each[0] < end]


class _Picture:
    """The items of a file: which stay, and where their bytes lie."""

    def __init__(self, source: Source, keep: Keep, meta: Box) -> None:
        self.source = source
        inside, self.patches = boxes.keep_only(source, meta.body + 4, meta.end, _META)
        found = {each.kind: each for each in inside}
        if len(found) != len(inside) or not {b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp"} <= found.keys():
            raise CannotClean("The list of what is in the file is damaged.")
        self.patches += movies.blank_name(found[b"hdlr"])
        self.items = _items(source, found[b"iinf"])
        _locate(boxes.content(source, found[b"iloc"], LARGEST_TABLE), self.items)
        self.references = _references(source, found.get(b"iref"))
        raw = boxes.content(source, found[b"pitm"], 64)
        self.primary = int.from_bytes(raw[4:8] if raw[:1] == b"\1" else raw[4:6], "big")
        self.kept = self._wanted(self._alphas(found[b"iprp"]))
        self.idat = found.get(b"idat")
        note = self._exif(keep)
        for number, item in self.items.items():
            if number not in self.kept and number != note:
                self.patches += [
                    (item.kind_at, b"free"),
                    (item.kind_at + 4, Blank(max(0, item.infe.end - item.kind_at - 4))),
                ]
        self._cut_references(note)
        self._blank_properties(found[b"iprp"])
        if b"grpl" in found:
            self._blank_groups(found[b"grpl"])
        self.ranges = self._ranges()

    def _wanted(self, alphas: set[int]) -> set[int]:
        """The picture shown first, what it is made of, its transparency, and how it looks brighter on a screen that can."""
        wanted = {self.primary}
        for _ in range(DEEPEST):
            more = {
                to
                for kind, number, others, _ in self.references
                if kind == b"dimg" and number in wanted
                for to in others
            }
            for kind, number, others, _ in self.references:
                is_brighter = kind == b"dimg" and self.primary in others and self._kind(number) == b"tmap"
                if is_brighter or (kind == b"auxl" and number in alphas and others <= wanted):
                    more.add(number)
            if more <= wanted:
                break
            wanted |= more
        else:
            raise CannotClean("The picture is put together in too many steps.")
        if any(self._kind(number) not in _PICTURES for number in wanted):
            raise CannotClean("The picture is stored in a way nobody here knows.")
        return wanted

    def _kind(self, number: int) -> bytes:
        return self.items[number].kind if number in self.items else b""

    def _alphas(self, properties: Box) -> set[int]:
        """The items that are said to be transparency (ISO 23008-12, 6.5.8)."""
        inside = {each.kind: each for each in boxes.children(self.source, properties.body, properties.end)}
        if b"ipco" not in inside:
            raise CannotClean("The list of what is in the file is damaged.")
        container = inside[b"ipco"]
        alpha = set()
        for at, each in enumerate(boxes.children(self.source, container.body, container.end), 1):
            if each.kind == b"auxC" and boxes.content(self.source, each, 4096)[4:].startswith(_ALPHA):
                alpha.add(at)
        found = set()
        for each in boxes.children(self.source, properties.body, properties.end):
            if each.kind == b"ipma":
                for number, used in _associations(boxes.content(self.source, each, LARGEST_TABLE)):
                    if alpha & used:
                        found.add(number)
        return found

    def _exif(self, keep: Keep) -> int | None:
        """Write the EXIF block anew where the old one was; the number of its item, or None when nothing is to be told."""
        number = next((each for each, item in self.items.items() if item.kind == b"Exif"), None)
        packet = next((item for item in self.items.values() if item.kind == b"mime" and self._is_xmp(item)), None)
        blocks = containers.Blocks()
        if number is not None:
            raw = self._bytes(self.items[number], containers.LARGEST_EXIF)
            at = 4 + int.from_bytes(raw[:4], "big")
            blocks.exif = raw[at:] if at < len(raw) else raw[4:]
        if packet:
            blocks.xmp = [self._bytes(packet, containers.LARGEST_XMP)]
        fresh = tags.fresh(embedded.understood(blocks), keep)
        if number is None or not fresh:
            return None
        item = self.items[number]
        if len(item.extents) != 1 or item.extents[0][1] < len(fresh) + 4 or item.method not in (0, 1):
            return None
        start, size = self._place(item, *item.extents[0])
        self.patches += [(start, bytes(4) + fresh), (start + 4 + len(fresh), Blank(size - 4 - len(fresh)))]
        self.note = (start, start + size)
        return number

    def _is_xmp(self, item: _Item) -> bool:
        return b"application/rdf+xml" in self.source.at(item.kind_at, min(item.infe.end - item.kind_at, 300))

    def _bytes(self, item: _Item, limit: int) -> bytes:
        if item.method not in (0, 1) or sum(size for _, size in item.extents) > limit:
            return b""
        return b"".join(self.source.at(*self._place(item, *each)) for each in item.extents)

    def _place(self, item: _Item, offset: int, size: int) -> tuple[int, int]:
        """Where an extent lies in the file. Raises CannotClean when it does not lie in it."""
        start, end = 0, self.source.size
        if item.method == 1:
            if self.idat is None:
                raise CannotClean("A part of the picture lies nowhere.")
            start, end = self.idat.body, self.idat.end
        if not size or start + offset + size > end:
            raise CannotClean("A part of the picture lies outside the file.")
        return start + offset, size

    def _ranges(self) -> np.ndarray:
        """Where the bytes of what stays lie; what is in idat beside that is written over here."""
        outside: list[tuple[int, int]] = []
        inside: list[tuple[int, int]] = []
        note = getattr(self, "note", None)
        if note:
            is_in_idat = self.idat is not None and self.idat.body <= note[0] < self.idat.end
            (inside if is_in_idat else outside).append(note)
        for number in sorted(self.kept):
            item = self.items[number]
            if item.method not in (0, 1) or (not item.extents and item.kind not in (b"iden",)):
                raise CannotClean("The picture is stored in a way nobody here knows.")
            for extent in item.extents:
                start, size = self._place(item, *extent)
                (inside if item.method == 1 else outside).append((start, start + size))
                if item.kind not in _DERIVED:
                    movies.refuse_private(self.source.at(start, min(size, 1 << 16)))
        if self.idat:
            self.patches += boxes.blank_outside(self.idat, boxes.merged(np.array(inside, np.int64).reshape(-1, 2)))
        return np.array(outside, np.int64).reshape(-1, 2)

    def _cut_references(self, note: int | None) -> None:
        """References from or to what is gone point nowhere: their kind becomes one that means nothing."""
        staying = self.kept | ({note} if note is not None else set())
        for kind, number, others, place in self.references:
            means = kind in (b"dimg", b"auxl") or (kind == b"cdsc" and number == note)
            if not (means and number in staying and others <= self.kept):
                self.patches.append((place, b"free"))

    def _blank_properties(self, properties: Box) -> None:
        kept, patches = boxes.keep_only(self.source, properties.body, properties.end, {b"ipco", b"ipma"})
        self.patches += patches
        for each in kept:
            if each.kind == b"ipco":
                shown, patches = boxes.keep_only(self.source, each.body, each.end, _PROPERTIES)
                self.patches += patches
                for one in shown:
                    if one.kind == b"colr" and self.source.at(one.body, 4) in (b"prof", b"rICC"):
                        profile = boxes.content(self.source, one, profiles.LARGEST)[4:]
                        self.patches.append((one.body + 4, profiles.clean(profile) or Blank(len(profile))))

    def _blank_groups(self, groups: Box) -> None:
        kept, patches = boxes.keep_only(self.source, groups.body, groups.end, {b"altr"})
        self.patches += patches
        for each in kept:
            raw = boxes.content(self.source, each, 1 << 16)
            count = int.from_bytes(raw[8:12], "big")
            if (
                not set(struct.unpack(f">{len(raw[12:]) // 4}I", raw[12 : 12 + len(raw[12:]) // 4 * 4])[:count])
                <= self.kept
            ):
                self.patches += boxes.blank(each)


def _items(source: Source, listed: Box) -> dict[int, _Item]:
    """The items by number (ISO 14496-12, 8.11.6). Raises CannotClean for lists of old."""
    head = source.exactly(listed.body, 6)
    start = listed.body + (6 if head[:1] == b"\0" else 8)
    items: dict[int, _Item] = {}
    for each in boxes.children(source, start, listed.end):
        version = source.exactly(each.body, 1)[0]
        if each.kind != b"infe" or version not in (2, 3):
            raise CannotClean("The list of what is in the file is damaged.")
        width = 2 if version == 2 else 4
        number = int.from_bytes(source.exactly(each.body + 4, width), "big")
        kind_at = each.body + 4 + width + 2
        if number in items or kind_at + 4 > each.end or len(items) > MOST_ITEMS:
            raise CannotClean("The list of what is in the file is damaged.")
        items[number] = _Item(source.exactly(kind_at, 4), each, kind_at)
    return items


def _locate(raw: bytes, items: dict[int, _Item]) -> None:
    """Put to each item where its bytes lie (ISO 14496-12, 8.11.3). Raises CannotClean for a table that is cut off."""
    reader = _Numbers(raw)
    version = reader.take(1)
    reader.take(3)
    offset_width, length_width = divmod(reader.take(1), 16)
    base_width, index_width = divmod(reader.take(1), 16)
    wide = 4 if version == 2 else 2
    for _ in range(reader.take(wide)):
        number = reader.take(wide)
        method = reader.take(2) & 15 if version in (1, 2) else 0
        other_file = reader.take(2)
        base = reader.take(base_width)
        extents = []
        for _ in range(reader.take(2)):
            if version in (1, 2):
                reader.take(index_width)
            offset = reader.take(offset_width)
            extents.append((base + offset, reader.take(length_width)))
        if number in items:
            items[number].method = 9 if other_file else method
            items[number].extents = extents


def _references(source: Source, listed: Box | None) -> list[tuple[bytes, int, set[int], int]]:
    """Kind, from which item, to which items, and where the kind stands (ISO 14496-12, 8.11.12)."""
    if listed is None:
        return []
    width = 4 if source.exactly(listed.body, 1) != b"\0" else 2
    found = []
    for each in boxes.children(source, listed.body + 4, listed.end):
        reader = _Numbers(boxes.content(source, each, 1 << 20))
        number = reader.take(width)
        found.append((each.kind, number, {reader.take(width) for _ in range(reader.take(2))}, each.start + 4))
    return found


def _associations(raw: bytes) -> list[tuple[int, set[int]]]:
    """Which properties each item has (ISO 23008-12, 9.3)."""
    reader = _Numbers(raw)
    version, flags = reader.take(1), reader.take(3)
    found = []
    for _ in range(reader.take(4)):
        number = reader.take(4 if version else 2)
        used = set()
        for _ in range(reader.take(1)):
            used.add(reader.take(2) & 0x7FFF if flags & 1 else reader.take(1) & 0x7F)
        found.append((number, used))
    return found


class _Numbers:
    """Numbers of so many bytes, one behind the other. Raises CannotClean at the end."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, width: int) -> int:
        if self.at + width > len(self.raw):
            raise CannotClean("A table of the file is cut off.")
        self.at += width
        return int.from_bytes(self.raw[self.at - width : self.at], "big")
