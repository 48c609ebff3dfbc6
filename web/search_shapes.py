"""Shapes of what is searched and found."""

from photolib.search.facets import FACETS
from photolib.search.grammar import LONGEST
from web.described import Media, media
from web.photo_shapes import BOX, TILE
from web.shapes import (
    ADDRESS,
    COUNT,
    ID,
    MOMENT,
    SHARE,
    TEXT,
    TRUTH,
    WHOLE,
    about,
    and_fields,
    fields,
    list_of,
    maybe,
    named,
    page_of,
    written,
)

QUERY = about(f"The search language; the first {LONGEST} characters of it.", TEXT)
WHEN = written(r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|1\d|2[0-8]))?)?$|^$", "2019-06", "A year, month or day.")
FILTERED = {"date_from": WHEN, "date_to": WHEN, "place": TEXT, "person": TEXT, "camera": TEXT, "label": TEXT}

FOUND = named(
    "Found",
    and_fields(TILE, {
        "score": about("null where photos are in order of time.", maybe(SHARE)), "why": about("What fitted.", list_of(TEXT)),
        "lines": about("Text in the picture.", list_of(fields({"text": TEXT, "box": BOX}))),
    }),
)  # fmt: skip
FACET = named("Facet", fields({"name": TEXT, "count": COUNT, "query": about("The query with this besides.", TEXT)}))
CHIP = named(
    "Chip",
    fields({
        "kind": TEXT, "text": TEXT, "value": TEXT, "start": WHOLE, "end": WHOLE, "without": TEXT, "as_words": maybe(TEXT),
    }),
    "A filter that was recognised in the query, where it stands, and the query without it.",
)  # fmt: skip
UNDERSTOOD = fields({
    "query": TEXT, "chips": list_of(CHIP), "offers": list_of(fields({"kind": TEXT, "text": TEXT, "query": TEXT})),
    "notes": list_of(TEXT),
})  # fmt: skip
RESULTS = named(
    "Results",
    page_of(FOUND, {
        "total": about("Of all pages.", WHOLE), "total_is_at_least": TRUTH,
        "facets": about("With the first page only.", fields({f"{name}?": list_of(FACET) for name in FACETS})),
        "understood": UNDERSTOOD, "notes": list_of(TEXT),
    }),
)  # fmt: skip
ALIKE = named("Alike", page_of(named("AlikeTile", and_fields(TILE, {"score": SHARE})), {"note": maybe(TEXT)}))
SUGGESTION = named(
    "Suggestion",
    fields({
        "text": TEXT, "kind": TEXT, "query": TEXT, "count": maybe(COUNT),
        "album_id": about("Of an album of somebody else's, which is looked at rather than searched.", maybe(ID)),
    }),
)  # fmt: skip
SAVED = named(
    "SavedSearch", fields({"search_id": ID, "name": TEXT, "query": TEXT, "created_at": MOMENT, "photos": ADDRESS})
)
PICTURE = Media({
    **media("image/*", "application/octet-stream"),
    "multipart/form-data": fields({"picture": {"type": "string", "contentMediaType": "application/octet-stream"}}),
})  # fmt: skip
