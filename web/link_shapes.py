"""Shapes of share links, and of what is said to make one."""

from photolib.search.grammar import LONGEST
from photolib.sharing import links
from photolib.sharing.doors import LONGEST_PASSWORD
from photolib.sharing.grants import ROLES
from web.asked import MOST
from web.shapes import (
    ID,
    MOMENT,
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
    whole,
)

COUNTS = fields({
    "visits": WHOLE, "downloads": WHOLE, "refused": about("Wrong passwords.", WHOLE), "last_opened_at": maybe(MOMENT),
})  # fmt: skip
SHARE_URL = about(
    "The address to send. Null when the key that keeps it is gone: give it a new address; and when it shows places the asker may not know.",
    maybe(TEXT),
)
LINK = named(
    "Link",
    fields({
        "link_id": ID, "kind": one_of(*links.KINDS), "title": about("What its visitors see above the photos.", TEXT), "album_id": ID,
        "query": about("Of a search that stays live.", maybe(TEXT)), "permissions": one_of(*links.PERMISSIONS), "has_password": TRUTH,
        "expires_at": maybe(MOMENT), "max_uses": maybe(WHOLE), "uses": WHOLE, "show_location": TRUTH, "show_camera": TRUTH,
        "may_preview": about("Whether messengers may show its title and cover.", TRUTH), "name": TEXT, "note": TEXT,
        "created_at": MOMENT, "revoked_at": maybe(MOMENT), "has_ended": TRUTH, "share_url": SHARE_URL, "counts": COUNTS,
    }),
    "A share link.",
)  # fmt: skip
LINK_ENDED = fields({"link_id": ID, "said": TEXT, "undo": UNDO})
LINE = fields({
    "at": MOMENT, "what": about("opened, refused, downloaded, contributed or saved.", TEXT), "photos": WHOLE,
    "network": about("Whereabouts on the network, not the address itself.", TEXT), "browser": TEXT,
})  # fmt: skip
SHARED = named(
    "Shared",
    fields({
        "share_id": about("Of a link, its link_id; else the id of the first grant.", ID), "share_url": about("The address to send.", TEXT),
        "type": one_of("link", "users", "followers", "public"), "share_ids": list_of(ID),
    }),
    "What was shared, and where others see it.",
)  # fmt: skip

PASSWORD = about("Visitors have to type it once. Null for none.", maybe(text(LONGEST_PASSWORD)))
EXPIRES_AT = about("When it ends: ISO 8601 with a zone. Null for never.", maybe(TEXT))
OPTIONS = {
    "expires_at?": EXPIRES_AT, "max_uses?": about("How many visitors may open it; null for any number.", maybe(whole(1, links.MOST_USES))),
    "show_location?": TRUTH, "show_camera?": TRUTH, "may_preview?": TRUTH, "name?": text(), "note?": text(),
}  # fmt: skip
CHANGING = fields({"permissions?": one_of(*links.PERMISSIONS), "password?": PASSWORD, **OPTIONS})
SHARING = fields({
    "type?": about("link: whoever has the address. users: those in user_ids. public: everybody with an account here.",
                   one_of("link", "users", "followers", "public")),
    "permissions?": one_of(*ROLES), "user_ids?": list_of(ID, least=1, most=1000), "password?": PASSWORD, **OPTIONS,
})  # fmt: skip
SHARING_PHOTOS = and_fields(SHARING, {
    "photo_ids?": list_of(ID, least=1, most=MOST), "query?": about("A search, which stays live.", text(LONGEST)), "album_id?": ID,
})  # fmt: skip
