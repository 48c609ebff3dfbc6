"""The vocabulary in which routes say what they take and answer: JSON Schema (2020-12, as OpenAPI 3.1 has it), short enough to read.

`fields({"photo_id": ID, "note?": TEXT})` is an object with just these; a name with a question mark may be missing. `named("Photo", ...)`
gives a schema a name of its own in the document; the same name always means the same. Shapes of one noun only are in its file:
photo_shapes.py, people_shapes.py ...
"""

from collections.abc import Mapping
from typing import Any

from photolib import scopes
from web.asked import LARGEST, LONGEST_PAGE, MOST

Schema = dict[str, Any]


# ---------------------------------------------------------------- putting schemas together


def fields(shapes: Mapping[str, Schema]) -> Schema:
    """An object with these fields and no others; "name?" for one that may be missing."""
    return {
        "type": "object",
        "properties": {name.rstrip("?"): shape for name, shape in shapes.items()},
        "required": [name for name in shapes if not name.endswith("?")],
        "additionalProperties": False,
    }


def either(shapes: Mapping[str, Schema]) -> Schema:
    """An object with just one of these fields."""
    return {**fields({f"{name}?": shape for name, shape in shapes.items()}), "minProperties": 1, "maxProperties": 1}


def and_fields(schema: Schema, shapes: Mapping[str, Schema]) -> Schema:
    """The same object with more fields; nameless, until it gets a name of its own."""
    more = fields(shapes)
    return {
        **{name: each for name, each in schema.items() if name not in ("title", "description")},
        "properties": {**schema["properties"], **more["properties"]},
        "required": [*schema["required"], *more["required"]],
    }


def named(name: str, schema: Schema, about: str = "") -> Schema:
    return {"title": name, **({"description": about} if about else {}), **schema}


def list_of(item: Schema, least: int = 0, most: int | None = None) -> Schema:
    limits = {**({"minItems": least} if least else {}), **({"maxItems": most} if most is not None else {})}
    return {"type": "array", "items": item, **limits}


def page_of(item: Schema, more: Mapping[str, Schema] | None = None) -> Schema:
    """A page of a list; more: what comes besides."""
    return fields({"items": list_of(item), "next": maybe(CURSOR), **(more or {})})


def map_of(value: Schema) -> Schema:
    """An object whose names are anything."""
    return {"type": "object", "additionalProperties": value}


def maybe(schema: Schema) -> Schema:
    """This, or null."""
    if "title" not in schema and isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*texts: str) -> Schema:
    return {"type": "string", "enum": list(texts)}


def about(sentence: str, schema: Schema) -> Schema:
    """The same schema, and what it means here."""
    return {**schema, "description": sentence}


def text(longest: int | None = None, least: int = 0) -> Schema:
    return {"type": "string", **({"maxLength": longest} if longest else {}), **({"minLength": least} if least else {})}


def whole(least: int = 0, most: int = LARGEST) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def number(least: float | None = None, most: float | None = None) -> Schema:
    limits = {name: each for name, each in (("minimum", least), ("maximum", most)) if each is not None}
    return {"type": "number", **limits}


def written(pattern: str, example: str, sentence: str = "") -> Schema:
    """A text that is written like this. Routes check it themselves, and say what is wrong in a sentence."""
    return {
        "type": "string",
        "pattern": pattern,
        "examples": [example],
        **({"description": sentence} if sentence else {}),
    }


def plain_type(schema: Schema) -> str | None:
    """The type of what is not null."""
    for each in schema.get("anyOf", ()):
        if each.get("type") != "null":
            return plain_type(each)
    found = schema.get("type")
    return found if not isinstance(found, list) else next(each for each in found if each != "null")


# ---------------------------------------------------------------- what many routes speak of

TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
WHOLE = whole()
COUNT = about("How many photos.", WHOLE)
ID = whole()
ANYTHING: Schema = {}
SAID = about("What was done, in a sentence for a person.", TEXT)
SHARE = number(0, 1)

KEY = written("^[0-9a-f]{64}$", "0" * 63 + "1", "The SHA-256 of the original's bytes.")
MOMENT = written(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "2024-06-14T14:03:00.000", "ISO 8601.")
DAY = written(r"^\d{4}-\d\d-\d\d$", "2024-06-14")
MONTH = written(r"^(\d{4}-\d\d|p\d{1,18})$", "2024-06", "A month, or a piece of what somebody put in order by hand.")
ADDRESS = about("An address of this server, beginning with its path.", TEXT)
UNDO = about("A POST to this address takes it back; null when nothing had to be changed.", maybe(TEXT))

PHOTO_IDS = list_of(ID, least=1, most=MOST)
SOME_PHOTOS = fields({"photo_ids": PHOTO_IDS})

# In queries.
CURSOR = about("What `next` was in the answer before: the page after that one.", TEXT)
SIZE = about(f"How many at a time; {LONGEST_PAGE} at most are given.", whole(0, 10**18 - 1))
PAGE = {"cursor": CURSOR, "size": SIZE}
A_NUMBER = whole(0, 10**18 - 1)
PAGE_BY_NUMBER = {"cursor": A_NUMBER, "size": SIZE}
SCOPE = written(
    f"^({scopes.pattern()})?$", "album-12",
    "A named set of photos: timeline, favourites, archive, trash, recent, videos, undated, unplaced, placed, or album-12, person-5, "
    "people-5-7, tag-3, folder-4, tree-4. The timeline when it is missing.",
)  # fmt: skip

PROBLEM = named(
    "Problem",
    fields({"error": fields({"kind": TEXT, "message": about("A sentence for a person.", TEXT)})}),
    "What went wrong.",
)

EDITED = named(
    "Edited",
    fields({"edit_id": maybe(ID), "said": SAID, "photo_ids": list_of(ID), "undo": UNDO}),
    "What an edit has done.",
)
