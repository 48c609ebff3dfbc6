"""Shapes of how things stand: counts, what waits, which places and models there are."""

from web.shapes import COUNT, NUMBER, TEXT, TRUTH, WHOLE, Schema, about, fields, list_of, maybe, named

COUNTS = fields(dict.fromkeys((
    "photos", "processing", "failed", "videos", "in_trash", "archived", "originals", "bytes", "albums",
), WHOLE))  # fmt: skip
STEP = fields({
    "step": TEXT, "waiting": WHOLE, "running": WHOLE, "failed": WHOLE, "photos_left": COUNT,
    "can_wait": about("It only enriches photos that are shown already.", TRUTH), "seconds_left": maybe(NUMBER),
})  # fmt: skip
LIBRARY = fields({
    "path": TEXT, "owner": TEXT, "state": TEXT, "note": TEXT, "checked_at": maybe(TEXT), "scanned_at": maybe(TEXT),
})  # fmt: skip
ABILITY = fields({"ability": TEXT, "model": maybe(TEXT), "is_on": TRUTH, "note": TEXT})
STANDING = named(
    "Standing",
    fields({
        "data_dir": maybe(TEXT), "free_bytes": WHOLE, "counts": COUNTS,
        "deleted": about("For good, since photolib is here.", maybe(fields({"photos": COUNT, "bytes": WHOLE}))),
        "queue": list_of(STEP), "is_worked": TRUTH, "libraries": list_of(LIBRARY),
        "failures": list_of(fields({"path": TEXT, "reason": TEXT, "photo_id": maybe(WHOLE)})), "failures_in_all": WHOLE,
        "models": fields({"present": list_of(TEXT), "abilities": list_of(ABILITY), "note": TEXT}), "last_backup": maybe(TEXT),
    }),
)  # fmt: skip
PROGRESS = named(
    "Progress",
    fields({"left": COUNT, "new": COUNT, **dict.fromkeys(("said_left", "said_time", "said_new"), TEXT)}),
    "How much is left to do, how many photos came, and the sentences about it.",
)


def _visited(name: str, within: Schema | None) -> Schema:
    return named(
        name,
        fields({
            "name": about("null for what lies in no known one.", maybe(TEXT)), "country_code": TEXT, "count": COUNT,
            "cover": maybe(TEXT), "places": list_of(within) if within else list_of({}, most=0),
        }),
    )  # fmt: skip


VISITED = _visited("Country", _visited("Region", _visited("City", None)))
