"""Shapes of albums."""

from photolib import albums
from photolib.album_edits import LONGEST_DESCRIPTION, LONGEST_TITLE
from photolib.search.grammar import LONGEST
from web.asked import MOST
from web.shapes import (
    ADDRESS,
    COUNT,
    ID,
    KEY,
    MOMENT,
    PHOTO_IDS,
    SAID,
    TEXT,
    TRUTH,
    UNDO,
    WHOLE,
    about,
    and_fields,
    fields,
    list_of,
    maybe,
    named,
    one_of,
    text,
)

ALBUM = named(
    "Album",
    fields({
        "album_id": ID, "title": TEXT, "owner": about("Whose it is; null for the asker's own.", maybe(TEXT)),
        "description": TEXT, "kind": one_of("manual", "takeout", "folder", "search"),
        "query": about("Of an album that fills itself with what is found.", maybe(TEXT)), "parent_id": maybe(ID),
        "order_by": one_of(*albums.ORDERS), "count": COUNT, "albums": about("How many lie in it.", WHOLE),
        "first_at": maybe(MOMENT), "last_at": maybe(MOMENT), "created_at": MOMENT, "changed_at": MOMENT,
        "cover": maybe(fields({"photo_id": ID, "key": KEY, "url": ADDRESS})),
    }),
)  # fmt: skip

ALBUM_DONE = {"edit_id": maybe(ID), "said": SAID, "photo_ids": list_of(ID), "undo": UNDO}
ALBUM_EDITED = named("AlbumEdited", and_fields(ALBUM, ALBUM_DONE), "An album as it is now, and what an edit has done.")
ALBUM_GONE = named("AlbumGone", fields({"album_id": ID, **ALBUM_DONE}))

MOVING = {
    **fields({"photo_ids": PHOTO_IDS, "before?": ID, "after?": ID}),
    "not": {"required": ["before", "after"]},
}
TITLE, DESCRIPTION, QUERY = text(LONGEST_TITLE), text(LONGEST_DESCRIPTION), text(LONGEST)
MAKING = fields({
    "title?": maybe(TITLE), "description?": maybe(DESCRIPTION), "parent_id?": maybe(ID),
    "photo_ids?": maybe(list_of(ID, most=MOST)), "query?": maybe(QUERY),
    "folder_id?": about("Of a folder that it follows.", maybe(ID)), "is_tree?": about("With the folders in it.", TRUTH),
})  # fmt: skip
CHANGING = fields({
    "title?": TITLE, "description?": maybe(DESCRIPTION), "parent_id?": maybe(ID), "order_by?": one_of(*albums.ORDERS),
    "cover_id?": about("The photo that stands for it; null for the first.", maybe(ID)), "query?": QUERY,
})  # fmt: skip
