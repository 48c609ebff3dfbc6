"""Shapes of what people with an account here share with each other."""

from photolib.sharing.grants import AUDIENCES, ROLES
from web.album_shapes import ALBUM
from web.shapes import (
    COUNT,
    DAY,
    ID,
    MOMENT,
    SAID,
    TEXT,
    TRUTH,
    about,
    and_fields,
    fields,
    list_of,
    maybe,
    named,
    one_of,
)

ROLE = one_of(*ROLES)
MEMBER = named(
    "Member",
    fields({
        "grant_id": about("Names the membership; null for the album's owner.", maybe(ID)), "audience": one_of(*AUDIENCES),
        "user_id": about("Null for an audience of many.", maybe(ID)), "name": TEXT, "role": maybe(ROLE), "is_owner": TRUTH,
        "show_location": about("Whether they may know where photos were taken.", TRUTH),
    }),
    "Somebody who may see an album, or all of an audience.",
)  # fmt: skip
INVITING = fields({"user_id?": ID, "audience?": one_of(*AUDIENCES), "role": ROLE, "show_location?": TRUTH})
ALLOWING = fields({"role?": ROLE, "show_location?": TRUTH})
HAPPENED = named(
    "Happened",
    fields({
        "activity_id": ID, "at": MOMENT, "what": TEXT, "user_id": maybe(ID), "by": maybe(TEXT), "photos": COUNT, "said": SAID,
        "is_new": about("Since the asker last looked.", TRUTH),
    }),
    "What somebody did in a shared album.",
)  # fmt: skip
LEFT = fields({"said": SAID})

GRANT = named(
    "Grant",
    fields({
        "grant_id": ID, "owner_id": ID, "user_id": maybe(ID), "giver": TEXT, "receiver": TEXT, "person": maybe(TEXT),
        "since": maybe(DAY), "role": ROLE, "show_location": TRUTH, "count": COUNT,
        "scope": about("Names these photos for the receiver: /api/v1/photos?scope=", TEXT),
    }),
    "Everything with a person, or since a day, that somebody shares with another.",
)  # fmt: skip
GIVING = fields({
    "user_id": ID, "person_id?": ID, "since?": DAY, "role?": one_of("view", "download"), "show_location?": TRUTH,
})  # fmt: skip
SHARED_ALBUM = named(
    "AlbumOfOthers", and_fields(ALBUM, {"role": ROLE}), "An album that somebody shares with the asker."
)
SHARED = fields({"albums": list_of(SHARED_ALBUM), "grants": list_of(GRANT)})
