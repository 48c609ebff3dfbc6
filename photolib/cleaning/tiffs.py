"""TIFF 6.0: the first picture under a directory of our own, its strips or tiles as they are; other pages and their tags go."""

import struct
from typing import Any

from photolib.cleaning import profiles, tags
from photolib.cleaning.pieces import CannotClean, Keep, Piece, Source, Stretch

# What a decoder has to know: size, layout, compression, colours. Text is not among it.
_NEEDED = {
    *(
        256,
        257,
        258,
        259,
        262,
        266,
        277,
        278,
        282,
        283,
        284,
        292,
        293,
        296,
        301,
        317,
        318,
        319,
        320,
        322,
        323,
        332,
        334,
    ),
    *(338, 339, 340, 341, 529, 530, 531, 532, 34675),
}
_PLACES = {273: 279, 324: 325}  # where strips and tiles lie: how long they are
# None, fax, LZW, Deflate twice, PackBits, LZMA, Zstandard: none has room for more than pixels. JPEG has.
_COMPRESSIONS = {1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 50000}
_LETTERS = {3: "H", 4: "I"}
NEEDED = frozenset({*_NEEDED, *_PLACES, *_PLACES.values()})
_ICC = 34675
LARGEST = 16 << 20
MOST_ENTRIES = 1000


def plan(source: Source, facts: dict[str, Any], keep: Keep) -> list[Piece]:
    """The pieces of a clean TIFF in the byte order of the old one. Raises CannotClean."""
    head = source.exactly(0, 8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None:
        raise CannotClean("It does not begin like a TIFF.")
    found = _directory(source, struct.unpack(order + "I", head[4:])[0], order)
    compression = _numbers(found.get(259, (3, struct.pack(order + "H", 1))), order)
    if len(compression) != 1 or compression[0] not in _COMPRESSIONS:
        raise CannotClean("The picture is stored in a way that has room for more.")
    places = [tag for tag in _PLACES if tag in found]
    if len(places) != 1 or _PLACES[places[0]] not in found or not {256, 257} <= found.keys():
        raise CannotClean("There is no picture in it.")
    offsets = _numbers(found[places[0]], order)
    sizes = _numbers(found[_PLACES[places[0]]], order)
    if not offsets or len(offsets) != len(sizes):
        raise CannotClean("The file is damaged.")
    if sum(sizes) > source.size or any(at + size > source.size for at, size in zip(offsets, sizes, strict=True)):
        raise CannotClean("The file ends too early.")
    if _ICC in found:
        kind, profile = found[_ICC]
        found[_ICC] = kind, profiles.clean(profile) or bytes(len(profile))
    told = tags.entries(facts, keep, order)
    main = [(tag, kind, value) for tag, (kind, value) in found.items() if tag in _NEEDED]
    main += [each for each in told.main if each[0] not in _NEEDED]
    main.append((_PLACES[places[0]], 4, struct.pack(f"{order}{len(sizes)}I", *sizes)))
    room = len(_written(order, [*main, (places[0], 4, bytes(4 * len(offsets)))], told))
    at, moved = 8 + room, []
    for size in sizes:
        moved.append(at)
        at += size
    main.append((places[0], 4, struct.pack(f"{order}{len(moved)}I", *moved)))
    start = head[:4] + struct.pack(order + "I", 8)
    return [
        start + _written(order, main, told),
        *(Stretch(offset, size) for offset, size in zip(offsets, sizes, strict=True)),
    ]


def _written(order: str, main: list[tags.Entry], told: tags.Entries) -> bytes:
    return tags.directories(tags.Entries(main, told.exif, told.gps, order), 8)


def _directory(source: Source, place: int, order: str) -> dict[int, tuple[int, bytes]]:
    """Type and raw value of the tags that are needed."""
    (count,) = struct.unpack(order + "H", source.exactly(place, 2))
    if count > MOST_ENTRIES:
        raise CannotClean("The file is damaged.")
    found: dict[int, tuple[int, bytes]] = {}
    for at in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind, number, offset = struct.unpack(order + "HHII", source.exactly(at, 12))
        if tag not in NEEDED or tag in found:
            continue
        if tag != _ICC and kind in (2, 7):  # text, or anything, where numbers belong
            raise CannotClean("The file is damaged.")
        size = number * tags.WIDTHS.get(kind, LARGEST)
        if size > LARGEST:
            raise CannotClean("A table of the file is far too large.")
        found[tag] = kind, source.exactly(offset if size > 4 else at + 8, size)
    return found


def _numbers(value: tuple[int, bytes], order: str) -> tuple[int, ...]:
    kind, raw = value
    letter = _LETTERS.get(kind)
    if letter is None:
        raise CannotClean("The file is damaged.")
    return struct.unpack(f"{order}{len(raw) // tags.WIDTHS[kind]}{letter}", raw)
