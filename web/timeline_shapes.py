"""Shapes of the timeline: months with their counts, and photos in columns."""

from web.photo_shapes import STATUS, TYPE
from web.shapes import (
    A_NUMBER,
    COUNT,
    DAY,
    ID,
    KEY,
    MOMENT,
    MONTH,
    NUMBER,
    SCOPE,
    TEXT,
    TRUTH,
    WHOLE,
    about,
    fields,
    list_of,
    maybe,
    named,
    one_of,
    written,
)

AT = written(r"^(\d{4}(-\d\d(-\d\d)?)?)?$", "2019-06-14", "A year, month or day.")
BUCKET = named("Bucket", fields({"month": MONTH, "count": COUNT, "said": about("As headings have it.", TEXT)}))
EDGE = about("What the photo right outside is ordered by.", maybe(TEXT))
STRETCH = {
    "anyOf": [
        named(
            "Stretch",
            fields({
                "month": MONTH, "from": WHOLE, "count": COUNT, "next": maybe(WHOLE), "above": EDGE, "below": EDGE,
                "days": list_of(fields({"day": DAY, "said": TEXT, "place": maybe(TEXT)})), "photo_id": list_of(ID),
                "key": list_of(KEY), "type": list_of(TYPE), "status": list_of(STATUS), "taken_at": list_of(MOMENT),
                "ratio": list_of(about("Width by height.", NUMBER)), "duration": list_of(maybe(NUMBER)),
                "is_favourite": list_of(TRUTH), "placeholder": list_of(maybe(TEXT)), "ordered_at": list_of(TEXT),
            }),
            "Photos in columns: the first of each list is about the first photo.",
        ),
        named("Ids", fields({"month": MONTH, "from": WHOLE, "count": COUNT, "photo_id": list_of(ID)})),
    ]
}  # fmt: skip
THROUGH = written(r"^(\d{4}-\d\d|p\d{1,18})?$", "2024-08")
ASKED = {"scope": SCOPE, "from": A_NUMBER, "size": A_NUMBER, "through": THROUGH, "columns": one_of("photo_id")}
