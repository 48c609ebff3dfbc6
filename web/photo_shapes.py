"""Shapes of photos: the short one of lists, and everything about one."""

from photolib import variants
from photolib.edits import FURTHEST_OFFSET, LONGEST, MOST_TAGS
from web.shapes import (
    ADDRESS,
    EDITED,
    ID,
    KEY,
    MOMENT,
    NUMBER,
    PHOTO_IDS,
    SHARE,
    TEXT,
    TRUTH,
    WHOLE,
    about,
    and_fields,
    fields,
    list_of,
    map_of,
    maybe,
    named,
    number,
    one_of,
    text,
    whole,
)  # fmt: skip

TYPE = one_of("photo", "video", "live", "motion", "raw")
STATUS = about(
    "processing while the sizes are being made; failed when the file cannot be shown.",
    one_of("processing", "ready", "failed"),
)
OFFSET = about("Minutes from UTC; null when nobody knows.", maybe(whole(-FURTHEST_OFFSET, FURTHEST_OFFSET)))
TAKEN = {
    "taken_at": about("The wall clock where it was taken.", MOMENT),
    "utc_offset": OFFSET,
    "taken_at_source": about("Where the date comes from, such as exif, filename or person.", TEXT),
}
URLS = fields(dict.fromkeys((*variants.SIZES, "original"), ADDRESS))
PLACEHOLDER = about("A tiny picture as a data: address.", maybe(TEXT))
BOX = named(
    "Box", fields({"x": NUMBER, "y": NUMBER, "w": NUMBER, "h": NUMBER}), "In shares of the picture's width and height."
)
SIZE_OF = {"width": maybe(WHOLE), "height": maybe(WHOLE), "duration": about("Seconds.", maybe(NUMBER))}

TILE = named(
    "Tile",
    fields({
        "photo_id": ID, "key": KEY, "type": TYPE, "status": STATUS, "filename": TEXT, **TAKEN, **SIZE_OF, "is_favourite": TRUTH,
        "placeholder": PLACEHOLDER, "urls": URLS,
    }),
    "A photo as lists have it.",
)  # fmt: skip

LABEL = named("Label", fields({"label": TEXT, "confidence": SHARE, "source": one_of("ml", "person")}))
PLACE = named(
    "Place",
    fields({
        "country_code": maybe(TEXT), "country": maybe(TEXT), "region": maybe(TEXT), "city": maybe(TEXT),
        "is_estimate": about("Where the same camera was about then, for a photo without a position.", TRUTH),
    }),
)  # fmt: skip
CAMERA = fields({
    "make": maybe(TEXT), "model": maybe(TEXT), "lens": maybe(TEXT), "focal_length": about("Millimetres.", maybe(NUMBER)),
    "aperture": maybe(NUMBER), "shutter": about("Seconds.", maybe(NUMBER)), "iso": maybe(WHOLE),
})  # fmt: skip
PERSON_ON = fields({"person_id": maybe(ID), "name": TEXT, "box": maybe(BOX)})
PART = named(
    "Part",
    fields({
        "role": about("main is the shown file; raw, video and motion go with it.", TEXT), "key": KEY, "format": TEXT,
        "media_type": TEXT, "size": WHOLE, "byte_offset": maybe(WHOLE), "byte_length": maybe(WHOLE), "url": ADDRESS,
    }),
    "A file of a photo, or a stretch inside another one.",
)  # fmt: skip

PHOTO = named(
    "Photo",
    fields({
        "photo_id": ID, "key": KEY, "type": TYPE, "status": STATUS, "filename": TEXT, "title": maybe(TEXT),
        "description": maybe(TEXT), **TAKEN,
        "latitude": maybe(number(-90, 90)), "longitude": maybe(number(-180, 180)), "altitude": maybe(NUMBER),
        "direction": about("Degrees from north that the camera looked in.", maybe(NUMBER)), "place": maybe(PLACE), **SIZE_OF,
        "orientation": about("As EXIF has it; width and height are as shown.", maybe(WHOLE)), "camera": CAMERA,
        "video_codec": maybe(TEXT), "rating": maybe(whole(0, 5)), "is_favourite": TRUTH, "is_archived": TRUTH,
        "trashed_at": maybe(MOMENT), "added_at": MOMENT, "tags": list_of(TEXT), "labels": list_of(LABEL),
        "people": list_of(PERSON_ON), "albums": list_of(fields({"album_id": ID, "title": TEXT})), "format": TEXT,
        "media_type": TEXT, "size": about("Bytes.", WHOLE), "parts": list_of(PART),
        "paths": about("Where its files lay.", list_of(TEXT)), "exif": about("As it stands in the file.", map_of({})),
        "notes": list_of(TEXT), "panorama": maybe(map_of(NUMBER)),
        "reason": about("Why it failed, in a sentence.", maybe(TEXT)), "placeholder": PLACEHOLDER, "urls": URLS,
    }),
    "Everything about one photo.",
)  # fmt: skip

TAGS = list_of(text(LONGEST["tag"], least=1), most=MOST_TAGS)
_CHANGES = {
    "is_favourite?": TRUTH, "is_archived?": TRUTH, "is_trashed?": TRUTH, "rating?": maybe(whole(0, 5)),
    "title?": maybe(text(LONGEST["title"])), "description?": maybe(text(LONGEST["description"])),
    "taken_at?": MOMENT, "utc_offset?": OFFSET,
    "shift_minutes?": about("Later by so many minutes; instead of taken_at.", whole(-(10**9), 10**9)),
    "latitude?": maybe(number(-90, 90)), "longitude?": maybe(number(-180, 180)),
    "add_tags?": TAGS, "remove_tags?": TAGS, "tags?": about("All of its tags.", TAGS),
}  # fmt: skip
_RULES = {
    "dependentRequired": {"latitude": ["longitude"], "longitude": ["latitude"]},
    "not": {"required": ["taken_at", "shift_minutes"]},
}
CHANGES = {**fields(_CHANGES), **_RULES, "minProperties": 1}
CHANGES_OF_MANY = {**fields({"photo_ids": PHOTO_IDS, **_CHANGES}), **_RULES, "minProperties": 2}
CHANGED_PHOTO = named("ChangedPhoto", and_fields(PHOTO, {"edit": EDITED}))
