"""What is known of a photo, written down for other programs: an XMP packet, and JSON as exiftool takes it.

XMP has the names programs agree on: Dublin Core, Adobe's, IPTC Extension, the Metadata Working Group's regions and collections, and
digiKam's and Lightroom's for tags. Our own namespace holds only what none of them has.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from photolib.metadata import dates
from photolib.scopes import GUESSED

if TYPE_CHECKING:
    from photolib.export.albums import Album
    from photolib.export.facts import Exported

NAMESPACE = "https://photolib.invalid/ns/1.0/"  # a name, not an address; .invalid is nobody's (RFC 2606)
VERSION = 1  # of the JSON; one that says more is read as far as it is known

_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "mwg-coll": "http://www.metadataworkinggroup.com/schemas/collections/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "photolib": NAMESPACE,
}
_UNTURNED = {6: 8, 8: 6}  # EXIF orientations that another one takes back; all others take back themselves

Words = Mapping[str, Any]


# ---------------------------------------------------------------- XMP


def xmp(words: Words, albums: Sequence[str] = (), has_regions: bool = True) -> bytes:
    """An XMP sidecar. words: as facts.gather gives them. albums: paths of the albums it is in, as "Travel/Italy".

    has_regions: whether faces lie on this file as they do on the shown one; not so for the RAW beside it.
    """
    said: list[str] = []

    def one(name: str, value: Any) -> None:
        if value is not None and value != "":
            said.append(f"   <{name}>{_text(value)}</{name}>")

    def many(name: str, values: Iterable[str], kind: str = "Bag") -> None:
        items = "".join(f"<rdf:li>{_text(each)}</rdf:li>" for each in values)
        if items:
            said.append(f"   <{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>")

    def spoken(name: str, value: str | None) -> None:
        if value:
            item = f'<rdf:li xml:lang="x-default">{_text(value)}</rdf:li>'
            said.append(f"   <{name}><rdf:Alt>{item}</rdf:Alt></{name}>")

    spoken("dc:title", words["title"])
    spoken("dc:description", words["description"])
    many("dc:subject", words["tags"])
    many("lr:hierarchicalSubject", ("|".join(levels(each)) for each in words["tags"]))
    many("digiKam:TagsList", ("/".join(levels(each)) for each in words["tags"]), "Seq")
    one("xmp:Rating", words["rating"])
    if words[
        "is_favourite"
    ]:  # no standard has a heart: the label of Adobe's programs, and the flags of Lightroom and digiKam
        one("xmp:Label", "Favourite")
        one("xmpDM:pick", 1)
        one("digiKam:PickLabel", 3)
        one("photolib:IsFavourite", "True")
    if words["is_archived"]:
        one("photolib:IsArchived", "True")
    if words["taken_at_source"] not in GUESSED:
        taken = moment(words["taken_at"], words["utc_offset"])
        for name in ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate"):
            one(name, taken)
    for name, value in _position(words).items():
        one(name, value)
    for name, value in _place(words).items():
        if isinstance(value, dict):
            inner = "".join(f"<{each}>{_text(text)}</{each}>" for each, text in value.items())
            item = f'<rdf:li rdf:parseType="Resource">{inner}</rdf:li>'
            said.append(f"   <{name}><rdf:Bag>{item}</rdf:Bag></{name}>")
        else:
            one(name, value)
    camera = words["camera"]
    for name, value in (("tiff:Make", camera["make"]), ("tiff:Model", camera["model"]), ("aux:Lens", camera["lens"])):
        one(name, value)  # of those that only a sidecar had named
    many("Iptc4xmpExt:PersonInImage", dict.fromkeys(each["name"] for each in words["people"]))
    if has_regions:
        said.extend(_regions(words))
    if albums:
        items = "".join(
            f'<rdf:li rdf:parseType="Resource"><mwg-coll:CollectionName>{_text(each)}</mwg-coll:CollectionName></rdf:li>'
            for each in albums
        )
        said.append(f"   <mwg-coll:Collections><rdf:Bag>{items}</rdf:Bag></mwg-coll:Collections>")
    one("photolib:Key", words["key"])
    body = "\n".join(said)
    used = {prefix: uri for prefix, uri in _SPACES.items() if f"<{prefix}:" in body or f" {prefix}:" in body}
    spaces = "".join(f"\n    xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in used.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="photolib">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""{spaces}>
{body}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()


def levels(tag: str) -> list[str]:
    """A tag as a path of tags: "Travel/Italy" is Italy in Travel to programs that nest them."""
    return [each for level in tag.replace("|", "/").split("/") if (each := level.strip())] or [tag]


def moment(taken_at: str, utc_offset: int | None) -> str:
    """A date as XMP writes it, with its offset where that is known."""
    shown = taken_at.removesuffix(".000")
    if utc_offset is None:
        return shown
    return f"{shown}{'-' if utc_offset < 0 else '+'}{abs(utc_offset) // 60:02d}:{abs(utc_offset) % 60:02d}"


def _position(words: Words) -> dict[str, str]:
    if words["latitude"] is None or words["longitude"] is None:
        return {}
    found = {
        "exif:GPSVersionID": "2.3.0.0",
        "exif:GPSLatitude": _degrees(words["latitude"], "N", "S"),
        "exif:GPSLongitude": _degrees(words["longitude"], "E", "W"),
    }
    if words["altitude"] is not None:
        found["exif:GPSAltitude"] = f"{round(abs(words['altitude']) * 100)}/100"
        found["exif:GPSAltitudeRef"] = "1" if words["altitude"] < 0 else "0"
    if words["direction"] is not None:
        found["exif:GPSImgDirection"] = f"{round(words['direction'] * 100)}/100"
        found["exif:GPSImgDirectionRef"] = "T"
    return found


def _degrees(angle: float, plus: str, minus: str) -> str:
    """Degrees and minutes with a letter, as XMP has it (XMP specification part 2, 1.2.7.4); seven digits are a tenth of a millimetre."""
    degrees, rest = divmod(abs(angle), 1)
    minutes = round(rest * 60, 7)
    if minutes >= 60:
        degrees, minutes = degrees + 1, 0.0
    return f"{int(degrees)},{minutes:.7f}{plus if angle >= 0 else minus}"


def _place(words: Words) -> dict[str, Any]:
    """Where it was taken, by name; not where that is only a guess by photos taken nearby in time."""
    place = words["place"]
    if not place or place["is_estimate"]:
        return {}
    named = (("City", "city"), ("ProvinceState", "region"), ("CountryName", "country"), ("CountryCode", "country_code"))
    flat = (
        ("photoshop:City", "city"), ("photoshop:State", "region"), ("photoshop:Country", "country"),
        ("Iptc4xmpCore:CountryCode", "country_code"),
    )  # fmt: skip
    found: dict[str, Any] = {name: place[key] for name, key in flat if place[key]}
    found["Iptc4xmpExt:LocationCreated"] = {f"Iptc4xmpExt:{name}": place[key] for name, key in named if place[key]}
    return found


def _stored(words: Words) -> tuple[int, int, int]:
    """Width, height and orientation of the picture as stored: the Metadata Working Group's regions lie on that."""
    turn = words["orientation"] or 1
    width, height = words["width"], words["height"]
    return (height, width, turn) if turn >= 5 else (width, height, turn)


def stored_boxes(words: Words) -> list[tuple[str, dict[str, float]]]:
    """(name, box) of the faces with a name, on the picture as stored; x and y are the middle of each."""
    if not words["width"] or not words["height"]:
        return []
    turn = words["orientation"] or 1
    boxed = [each for each in words["people"] if each["box"]]
    turned = dates.turned([each["box"] for each in boxed], _UNTURNED.get(turn, turn), (None, None), None)
    return [
        (each["name"], {**box, "x": round(box["x"] + box["w"] / 2, 6), "y": round(box["y"] + box["h"] / 2, 6)})
        for each, box in zip(boxed, turned, strict=True)
    ]


def _regions(words: Words) -> list[str]:
    boxes = stored_boxes(words)
    if not boxes:
        return []
    width, height, _ = _stored(words)
    items = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<mwg-rs:Name>{_text(name)}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>"
        f'<mwg-rs:Area stArea:x="{box["x"]:.6f}" stArea:y="{box["y"]:.6f}" stArea:w="{box["w"]:.6f}" stArea:h="{box["h"]:.6f}"'
        ' stArea:unit="normalized"/></rdf:li>\n     '
        for name, box in boxes
    )
    return [
        f"""   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>
    <mwg-rs:RegionList><rdf:Bag>
     {items.rstrip()}
    </rdf:Bag></mwg-rs:RegionList>
   </mwg-rs:Regions>"""
    ]


def _text(value: Any) -> str:
    """As XML takes it: without what XML 1.0 has no way to write."""
    kept = "".join(
        each
        for each in str(value).encode("utf-8", "replace").decode()
        if each in "\t\n" or (ord(each) >= 32 and each not in "\ufffe\uffff")
    )
    return escape(kept)


# ---------------------------------------------------------------- JSON


def as_json(words: Words, filename: str, albums: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """A JSON sidecar: under "photolib" everything in the words of the API; around it what `exiftool -json=FILE` writes into a photo.

    albums: as album_words gives them.
    """
    said: dict[str, Any] = {"SourceFile": filename}

    def one(name: str, value: Any) -> None:
        if value not in (None, "", []):
            said[name] = value

    one("XMP-dc:Title", words["title"])
    one("XMP-dc:Description", words["description"])
    one("XMP-dc:Subject", words["tags"])
    one("XMP-xmp:Rating", words["rating"])
    if words["taken_at_source"] not in GUESSED:
        taken = datetime.fromisoformat(words["taken_at"])
        one("EXIF:DateTimeOriginal", f"{taken:%Y:%m:%d %H:%M:%S}")
        if words["utc_offset"] is not None:
            one("EXIF:OffsetTimeOriginal", moment("", words["utc_offset"]))
    if words["latitude"] is not None and words["longitude"] is not None:
        one("EXIF:GPSLatitude", abs(words["latitude"]))
        one("EXIF:GPSLatitudeRef", "South" if words["latitude"] < 0 else "North")
        one("EXIF:GPSLongitude", abs(words["longitude"]))
        one("EXIF:GPSLongitudeRef", "West" if words["longitude"] < 0 else "East")
    place = words["place"]
    if place and not place["is_estimate"]:
        for name, key in (("City", "city"), ("State", "region"), ("Country", "country")):
            one(f"XMP-photoshop:{name}", place[key])
    one("XMP-iptcExt:PersonInImage", list(dict.fromkeys(each["name"] for each in words["people"])))
    boxes = stored_boxes(words)
    if boxes:
        width, height, _ = _stored(words)
        said["XMP-mwg-rs:RegionInfo"] = {
            "AppliedToDimensions": {"W": width, "H": height, "Unit": "pixel"},
            "RegionList": [
                {
                    "Name": name,
                    "Type": "Face",
                    "Area": {**{side.upper(): box[side] for side in "xywh"}, "Unit": "normalized"},
                }
                for name, box in boxes
            ],
        }
    said["photolib"] = {"version": VERSION, **words, "albums": list(albums)}
    return json.dumps([said], ensure_ascii=False, indent=1).encode("utf-8", "replace")


# ---------------------------------------------------------------- both, beside their files


def beside(
    photo: "Exported", targets: Sequence[str], albums: "Sequence[Album]", has_json: bool = True
) -> Iterator[tuple[str, bytes]]:
    """(path, content) of a photo's sidecars. targets: the paths of its files, the shown one first; a RAW beside it gets its own XMP,
    as those who develop it look for that."""
    named = [each.path for each in albums]
    home = targets[0]
    yield f"{home}.xmp", xmp(photo.words, named)
    if has_json:
        yield f"{home}.json", as_json(photo.words, home.rpartition("/")[2], album_words(albums))
    for target, file in zip(targets[1:], photo.files[1:], strict=True):
        if file.role == "raw":
            yield f"{target}.xmp", xmp(photo.words, named, has_regions=False)


def album_words(found: "Iterable[Album]") -> list[dict[str, Any]]:
    """Albums as the JSON of a photo names them."""
    return [{"album_id": each.id, "title": each.titles[-1], "path": list(each.titles)} for each in found]
