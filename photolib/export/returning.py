"""An export that comes back: what our own JSON beside a photo says of it. For its albums: returning_albums.py.

The XMP says what other programs need to know; the JSON says the rest: what a person took away, favourites, the archive. Both come
from a disk, so everything in them is checked as if it had been typed.
"""

import json
from typing import Any

from photolib import edits
from photolib.metadata import fields

_CHANGES = (
    "title",
    "description",
    "rating",
    "utc_offset",
    "taken_at",
    "latitude",
    "longitude",
    "is_favourite",
    "is_archived",
)


def words(body: bytes) -> dict[str, Any] | None:
    """What our JSON says about a photo, in the words of the API; None when a file is none of ours."""
    if b'"photolib"' not in body:
        return None
    try:
        (said,) = json.loads(body)
        found = said["photolib"]
        return found if isinstance(found, dict) and isinstance(found.get("key"), str) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def is_trashed(body: bytes) -> bool:
    """Whether the photo lay in the trash when it was exported."""
    return bool((words(body) or {}).get("trashed_at"))


def said(body: bytes) -> dict[str, Any]:
    """What people had said about a photo, as corrections (edits.py). Raises BadInput when something in it cannot be."""
    found = words(body) or {}
    corrected = found.get("corrected")
    names = {each for each in corrected if isinstance(each, str)} if isinstance(corrected, list) else set()
    names |= {name for name in ("is_favourite", "is_archived") if found.get(name) is True}
    if {"latitude", "longitude"} & names:
        names |= {"latitude", "longitude"}
    changes = edits.checked({name: found.get(name) for name in _CHANGES if name in names} or {"rating": None})
    facts = {name: int(value) if isinstance(value, bool) else value for name, value in changes.items() if name in names}
    if {"taken_at", "utc_offset"} & facts.keys():
        facts["taken_at_source"] = edits.PERSON
    if "latitude" in facts:
        facts["altitude"] = fields.number(found.get("altitude"), fields.FARTHEST_DOWN, fields.FARTHEST_UP)
    removed = found.get("removed_tags")
    if isinstance(removed, list) and removed:
        facts["removed_tags"] = edits.checked({"tags": removed[: edits.MOST_TAGS]})["tags"]
    return facts
