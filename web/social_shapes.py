"""What the routes of following, liking and commenting take and answer."""

from photolib.sharing.social import LONGEST_COMMENT
from web.photo_shapes import TILE
from web.shapes import (
    ADDRESS,
    COUNT,
    ID,
    MOMENT,
    SAID,
    TEXT,
    TRUTH,
    UNDO,
    about,
    fields,
    list_of,
    maybe,
    named,
    one_of,
    text,
)

SOMEONE = named("Someone", fields({"user_id": ID, "name": TEXT}), "A person with an account here.")
TIE = named(
    "Tie",
    fields({
        **SOMEONE["properties"],
        "i_follow": maybe(one_of("asked", "accepted")),
        "follows_me": maybe(one_of("asked", "accepted")),
    }),
    "What somebody and the asker are to each other.",
)  # fmt: skip
FOLLOWING = fields({"user_id": ID, "i_follow": maybe(one_of("asked", "accepted")), "said": SAID})
FOLLOWED = fields({"user_id": ID, "follows_me": maybe(one_of("asked", "accepted")), "said": SAID})

SHARED_ALBUM = fields({"album_id": ID, "title": TEXT, "count": COUNT, "cover": maybe(ADDRESS), "url": ADDRESS})
NEWS = named(
    "News",
    fields({
        "by": SOMEONE,
        "shared_at": MOMENT,
        "kind": one_of("photo", "album", "person", "since"),
        "photo": maybe(TILE),
        "album": maybe(SHARED_ALBUM),
        "url": about("The page that shows it.", ADDRESS),
    }),
    "Something that another shares with the asker.",
)  # fmt: skip

LIKES = fields({"count": COUNT, "is_mine": TRUTH, "items": list_of(SOMEONE), "next": maybe(TEXT)})
COMMENT = named(
    "Comment",
    fields({
        "comment_id": ID, "by": SOMEONE, "text": TEXT, "at": MOMENT,
        "can_take_back": about("Said by the asker, or about a photo of theirs.", TRUTH),
    }),
)  # fmt: skip
SAYING = fields({"text": text(longest=LONGEST_COMMENT, least=1)})
TAKEN_BACK = fields({"said": SAID, "undo": UNDO})
