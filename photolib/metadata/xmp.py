"""XMP: what programs and people noted about a photo, as RDF in XML, inside the file or in a sidecar beside it.

The same statement can be written as an attribute, an element, a list or a structure (XMP specification part 1, 7);
all become plain text, lists and dicts under "namespace name" before anything is looked up.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from photolib.errors import BadInput
from photolib.metadata import dates, fields, motion, panorama
from photolib.said import Said

LARGEST = 4 << 20
DEPTH = 20
ITEMS = 2000
REGIONS = 200

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# Programs differ in the slash or number sign at the end of a namespace, so it is cut off.
_SPACES = {
    "http://purl.org/dc/elements/1.1": "dc",
    "http://ns.adobe.com/xap/1.0": "xmp",
    "http://ns.adobe.com/photoshop/1.0": "photoshop",
    "http://ns.adobe.com/exif/1.0": "exif",
    "http://cipa.jp/exif/1.0": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux": "aux",
    "http://ns.adobe.com/tiff/1.0": "tiff",
    "http://ns.adobe.com/lightroom/1.0": "lr",
    "http://www.digikam.org/ns/1.0": "digiKam",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.2": "MP",
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo": "MP",
    "http://ns.microsoft.com/photo/1.2/t/Region": "MP",
    "http://www.metadataworkinggroup.com/schemas/regions": "mwg",
    "http://ns.adobe.com/xmp/sType/Area": "area",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions": "dim",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29": "iptcExt",
    "http://ns.google.com/photos/1.0/camera": "camera",
    "http://ns.google.com/photos/1.0/container": "container",
    "http://ns.google.com/photos/1.0/panorama": "GPano",
    "http://ns.google.com/photos/1.0/container/item": "item",
}
# Where a date was stated, the best first: when the picture was taken, then when it became a file.
_TAKEN = ("exif:DateTimeOriginal", "photoshop:DateCreated")
_DIGITIZED = ("xmp:CreateDate", "exif:DateTimeDigitized", "exifEX:DateTimeDigitized")
# Drawers that programs make by themselves; the keywords lie in them.
_DRAWERS = {"people", "places", "events", "keywords", "tags", "locations", "_digikam_internal_tags_"}

Facts = dict[str, Any]


def read_xmp(packet: bytes) -> Facts:
    """What an XMP packet or sidecar states, under the keys of embedded.read; what it does not state is absent.

    Also "people" (names), "regions_applied_to" (the size that regions were drawn on) and "motion_from_end" (see
    motion.distances). Regions lie on the picture as stored: dates.turned puts them on the shown one. Raises BadInput
    when the packet is no XML, declares entities or a document type, or is larger than any that people write.
    """
    return _facts(_statements(_parsed(packet)))


def _parsed(packet: bytes) -> Element:
    if len(packet) > LARGEST:
        raise BadInput(f"This XMP was refused: {len(packet)} bytes are more than any program writes for a photo.")
    trimmed = packet.strip(b"\0 \t\r\n")
    try:
        return _tree(trimmed)
    except (ParseError, ValueError, LookupError, UnicodeError):
        pass
    # Packets are padded, cut by hand and re-encoded; the part between the outer tags often still is XML.
    plain = _plain_text(trimmed)
    core = re.search(r"<(?:\w+:)?(xmpmeta|xapmeta)\b.*</(?:\w+:)?\1\s*>", plain, re.DOTALL) or re.search(
        r"<(?:\w+:)?RDF\b.*</(?:\w+:)?RDF\s*>", plain, re.DOTALL
    )
    try:
        return _tree((core[0] if core else plain).encode("utf-8", "ignore"))
    except (ParseError, ValueError, LookupError, UnicodeError) as problem:
        raise BadInput("This XMP could not be read: it is no well-formed XML.") from problem


def _tree(packet: bytes) -> Element:
    try:
        return fromstring(packet, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as problem:
        raise BadInput(
            "This XMP was refused: it declares a document type or entities, as no photo program does."
        ) from problem


def _plain_text(packet: bytes) -> str:
    for mark, encoding in (
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if packet.startswith(mark):
            text = packet.decode(encoding, "replace")
            break
    else:
        text = packet.decode("utf-8", "replace")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff\ufffe\uffff]", "", text)


# --- RDF to plain values


def _statements(root: Element) -> Facts:
    """All properties of all descriptions; of two statements about one property the first counts."""
    found: Facts = {}
    rdf = root if root.tag == _RDF + "RDF" else next(root.iter(_RDF + "RDF"), None)
    if rdf is None:
        return found
    for description in rdf:
        for name, value in _properties(description, 0):
            found.setdefault(name, value)
    return found


def _properties(element: Element, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in element.attrib.items():
        if not name.startswith(_RDF) and name != _LANGUAGE:
            yield _short(name), value
    for child in element:
        if isinstance(child.tag, str):
            yield _short(child.tag), _value(child, depth + 1)


def _value(element: Element, depth: int) -> Any:
    """Text, a list (Bag, Seq, Alt) or a dict (a structure)."""
    if depth > DEPTH:
        return None
    children = [child for child in element if isinstance(child.tag, str)]
    is_structure = element.get(_RDF + "parseType") == "Resource"
    if not is_structure and len(children) == 1 and children[0].tag.startswith(_RDF):
        child = children[0]
        if child.tag in (_RDF + "Bag", _RDF + "Seq", _RDF + "Alt"):
            items = [each for each in child if each.tag == _RDF + "li"][:ITEMS]
            if child.tag == _RDF + "Alt":  # languages: the default first
                items.sort(key=lambda each: each.get(_LANGUAGE, "x-default") != "x-default")
            return [_value(each, depth + 1) for each in items]
        if child.tag == _RDF + "Description":
            return dict(_properties(child, depth + 1)) | dict(_properties(_childless(element), depth))
    properties = dict(_properties(element, depth))
    if children or properties:
        return properties
    return element.get(_RDF + "resource") or element.text or ""


def _childless(element: Element) -> Element:
    return Element(element.tag, element.attrib)


def _short(name: str) -> str:
    space, _, local = name.rpartition("}")
    space = space[1:].rstrip("/#")
    return f"{_SPACES.get(space, space)}:{local}"


# --- plain values to facts


def _facts(said: Facts) -> Facts:
    notes: list[str] = []
    facts: Facts = {
        "dates": list(_dates(said, notes)),
        "title": fields.title(_one(said.get("dc:title"))) or fields.title(_one(said.get("photoshop:Headline"))),
        "description": fields.prose(_one(said.get("dc:description")))
        or fields.prose(_one(said.get("exif:UserComment"))),
        "keywords": _keywords(said),
        "rating": _rating(said, notes),
        "lens": fields.text(_one(said.get("exifEX:LensModel")), 100) or fields.text(_one(said.get("aux:Lens")), 100),
        "direction": fields.number(_one(said.get("exif:GPSImgDirection")), 0, 360),
    }
    facts["make"], facts["model"] = fields.camera(_one(said.get("tiff:Make")), _one(said.get("tiff:Model")))
    facts |= _exposure(said) | _place(said, notes)
    facts["orientation"] = fields.whole(_one(said.get("tiff:Orientation")), 1, 8)
    facts["regions"], facts["regions_applied_to"] = _regions(said, notes)
    named = [region["name"] for region in facts["regions"] or [] if region["type"] == "face"]
    facts["people"] = fields.words([*named, *_list(said.get("iptcExt:PersonInImage"))])
    facts["motion_from_end"] = motion.distances(_container(said), _one(said.get("camera:MicroVideoOffset")))
    facts["panorama"] = panorama.stated(
        {name.removeprefix("GPano:"): _one(value) for name, value in said.items() if name.startswith("GPano:")}
    )
    facts["notes"] = notes
    return {key: value for key, value in facts.items() if value is not None and value != []}


def _one(value: Any) -> str | None:
    """The first text of a list, or the text itself."""
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, str)), None)
    return value if isinstance(value, str) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _dict(value: Any) -> Facts:
    return value if isinstance(value, dict) else {}


def _dates(said: Facts, notes: list[str]) -> Iterator[dates.Fact]:
    """Dates of the picture, then of the file. Where both fall on one day it is one event, and the file's has the better
    clock: f-spot wrote UTC into the other."""
    taken = [dates.read_date(_one(said.get(name)), "xmp", notes) for name in _TAKEN]
    digitized = [dates.read_date(_one(said.get(name)), "xmp-digitized", notes) for name in _DIGITIZED]
    original, created, written = taken[0], taken[1], digitized[0]
    if (
        not original
        and created
        and written
        and written["local"][:10] == created["local"][:10]
        and "is_day" not in written
    ):
        taken.insert(0, {**written, "source": "xmp"})
    yield from (fact for fact in (*taken, *digitized) if fact)
    moment = dates.read_date(_one(said.get("exif:GPSTimeStamp")), "gps", [])
    if moment and moment["local"] > "1990" and "is_day" not in moment:  # a zero year holds a time without its day
        minutes = moment["offset"] or 0
        yield dates.utc_fact(dates.shifted(moment["local"], -minutes), "gps")


def _keywords(said: Facts) -> list[str]:
    """The flat keywords, then the levels of the hierarchical ones, leaf first, that are not among them."""
    levels: list[str] = []
    flat = _list(said.get("dc:subject"))
    for name, separator in (
        ("lr:hierarchicalSubject", "|"),
        ("digiKam:TagsList", "/"),
        ("MicrosoftPhoto:LastKeywordXMP", "/"),
    ):
        for path in _list(said.get(name)):
            if isinstance(path, str):
                parts = [part for part in path.split(separator) if part.strip()]
                if len(parts) > 1 and parts[0].strip().lower() in _DRAWERS:
                    parts = parts[1:]
                if len(parts) > 1 and "/".join(parts) in flat:
                    continue  # a tag called "Travel/Italy", as photolib's own export writes it
                if parts and parts[0].strip().lower() not in _DRAWERS:
                    levels += reversed(parts)
    return fields.words([*flat, *levels])


def _rating(said: Facts, notes: list[str]) -> int | None:
    stars = fields.rating(_one(said.get("xmp:Rating")), notes)
    return stars if stars is not None else fields.rating_of_percent(_one(said.get("MicrosoftPhoto:Rating")))


def _exposure(said: Facts) -> Facts:
    speeds = ("exif:ISOSpeedRatings", "exifEX:PhotographicSensitivity", "exifEX:ISOSpeed")
    iso = next(
        (speed for speed in (fields.whole(_one(said.get(name)), 1, 50_000_000) for name in speeds) if speed), None
    )
    shutter = fields.number(_one(said.get("exif:ExposureTime")), 1e-7, 1e6)
    return {
        "focal_length": fields.rounded(fields.number(_one(said.get("exif:FocalLength")), 0.1, 100_000), 2),
        "aperture": fields.rounded(fields.number(_one(said.get("exif:FNumber")), 0.1, 1000), 2),
        "shutter": None if shutter is None else float(f"{shutter:.6g}"),
        "iso": iso,
    }


def _place(said: Facts, notes: list[str]) -> Facts:
    latitude = _degrees(_one(said.get("exif:GPSLatitude")), _one(said.get("exif:GPSLatitudeRef")), "N", "S")
    longitude = _degrees(_one(said.get("exif:GPSLongitude")), _one(said.get("exif:GPSLongitudeRef")), "E", "W")
    facts: Facts = {}
    place = fields.position(latitude, longitude, notes)
    if place:
        facts["latitude"], facts["longitude"] = place
    metres = fields.number(_one(said.get("exif:GPSAltitude")))
    if metres is not None:
        is_below = (_one(said.get("exif:GPSAltitudeRef")) or "").strip() in ("1", "3")
        facts["altitude"] = fields.altitude(-metres if is_below else metres, notes)
    return facts


def _degrees(written: str | None, letter: str | None, plus: str, minus: str) -> float | None:
    """XMP writes "50,5.375249N" or "50,5,22.5N"; programs also write "50.0896" with or without a letter beside it."""
    parts = re.fullmatch(rf"\s*([+-]?[\d.,/]+)\s*([{plus}{minus}]?)\s*", (written or "")[:80].upper())
    if not parts:
        return None
    numbers = [fields.number(each, -1000, 1000) for each in parts[1].split(",")]
    if len(numbers) > 3 or None in numbers:
        return None
    angle = sum(abs(part or 0) / 60**power for power, part in enumerate(numbers))
    half = parts[2] or (letter or "").strip()[:1].upper()
    return -angle if half == minus or parts[1].startswith("-") else angle


def _container(said: Facts) -> list[Facts]:
    """The items of Google's container directory: what follows the picture in the file, and how long it is."""
    found = []
    for entry in _list(said.get("container:Directory") or said.get("camera:Directory")):
        item = _dict(entry)
        item = _dict(item.get("container:Item") or item.get("camera:Item")) or item
        found.append({key: _one(item.get("item:" + key.title())) for key in ("mime", "semantic", "length", "padding")})
    return found[:50]


# --- regions


def _regions(said: Facts, notes: list[str]) -> tuple[list[Facts] | None, list[float] | None]:
    """Faces and other marked areas: the Metadata Working Group's schema, else Microsoft's."""
    schema = _dict(said.get("mwg:Regions"))
    size = _dict(schema.get("mwg:AppliedToDimensions"))
    applied_to = [fields.number(_one(size.get("dim:w")), 1, 1e6), fields.number(_one(size.get("dim:h")), 1, 1e6)]
    found = list(_mwg(_list(schema.get("mwg:RegionList")), applied_to, notes))
    if found:
        return found, [each for each in applied_to if each] if all(applied_to) else None
    people = _dict(said.get("MP:RegionInfo"))
    return list(_microsoft(_list(people.get("MP:Regions")), notes)) or None, None


def _mwg(listed: list[Any], applied_to: list[float | None], notes: list[str]) -> Iterator[Facts]:
    for each in listed[:REGIONS]:
        region = _dict(each)
        area = {key.removeprefix("area:"): _one(value) for key, value in _dict(region.get("mwg:Area")).items()}
        x, y, w, h, d = (fields.number(area.get(key)) for key in ("x", "y", "w", "h", "d"))
        if area.get("unit") == "pixel" and applied_to[0] and applied_to[1]:
            x, w, d = (None if each is None else each / applied_to[0] for each in (x, w, d))
            y, h = (None if each is None else each / applied_to[1] for each in (y, h))
        w, h = (w if w is not None else d or 0.0), (h if h is not None else d or 0.0)
        kind = (fields.text(_one(region.get("mwg:Type")), 30) or "Face").lower()
        yield from _region(region.get("mwg:Name"), kind, x, y, w, h, notes)


def _microsoft(listed: list[Any], notes: list[str]) -> Iterator[Facts]:
    """Microsoft counts from the upper left corner; a region without a rectangle only says that somebody is there."""
    for each in listed[:REGIONS]:
        region = _dict(each)
        numbers = [fields.number(part) for part in (_one(region.get("MP:Rectangle")) or "").split(",")]
        if len(numbers) == 4 and None not in numbers:
            x, y, w, h = (number or 0.0 for number in numbers)
            yield from _region(region.get("MP:PersonDisplayName"), "face", x + w / 2, y + h / 2, w, h, notes)


def _region(
    name: Any, kind: str, x: float | None, y: float | None, w: float, h: float, notes: list[str]
) -> Iterable[Facts]:
    """From the middle of a region to its upper left corner; parts outside the picture are cut off."""
    if x is None or y is None or not (0 <= w <= 2 and 0 <= h <= 2 and 0 <= x <= 1 and 0 <= y <= 1):
        fields.note(notes, Said("A face region was left out: it does not lie on the picture."))
        return
    left, top, right, bottom = (min(1.0, max(0.0, each)) for each in (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    box = {"x": left, "y": top, "w": right - left, "h": bottom - top}
    yield {
        "name": fields.text(_one(name) or _one(_list(name))),
        "type": kind,
        **{key: round(box[key], 6) for key in box},
    }
