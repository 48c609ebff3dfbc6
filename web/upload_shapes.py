"""Shapes of uploads: announcing a file, sending it, making a photo of it."""

from photolib.edits import LONGEST
from web.photo_shapes import STATUS, TAGS, URLS
from web.shapes import ID, TEXT, TRUTH, WHOLE, about, fields, maybe, named, one_of, text, whole, written

LONGEST_TEXT = 4096  # characters
LATEST = (2**63 - 1) // 1_000_000  # milliseconds that, as nanoseconds, the database can hold
NEEDED = text(LONGEST_TEXT, least=1)
SHA256 = written("^([0-9a-fA-F]{64})?$", "0" * 63 + "1")
EXPIRES = about("When the address stops working.", TEXT)

ANNOUNCING = fields({
    "filename": NEEDED, "size_bytes": whole(1), "content_type?": maybe(text(LONGEST_TEXT)),
    "sha256?": about("Of the whole file; it is refused should it arrive otherwise.", maybe(SHA256)),
    "last_modified?": about("Milliseconds since 1970.", maybe(whole(0, LATEST))),
    "folder?": about("Where it lay, for words.", maybe(text(LONGEST_TEXT))),
})  # fmt: skip
ANNOUNCED = named(
    "Announced",
    fields({
        "upload_id": TEXT, "upload_url": about("Signed: whoever has it can send this file, and nothing else.", TEXT),
        "expires_at": EXPIRES, "duplicate_of?": about("The photo that is here already; sending can be left out.", ID),
    }),
)  # fmt: skip
FILING = fields({
    "upload_id": NEEDED, "title?": maybe(text(LONGEST["title"])), "description?": maybe(text(LONGEST["description"])),
    "album_id?": maybe(ID), "tags?": maybe(TAGS),
    "visibility?": about(
        "Who may look at the photo, if it is a new one: nobody else, who follows its owner, or everybody with an account here.",
        one_of("private", "followers", "public"),
    ),
})  # fmt: skip
FILED = named(
    "Filed",
    fields({
        "photo_id": maybe(ID), "status": STATUS, "urls": maybe(URLS),
        "outcome": about("ignored: a sidecar, which has no photo of its own.", one_of("new", "duplicate", "ignored")),
        "reason": maybe(TEXT), "was_in_trash": TRUTH,
    }),
)  # fmt: skip
STATE = named(
    "UploadState",
    fields(
        {
            "upload_id": TEXT,
            "state": TEXT,
            "offset": about("Bytes that are here.", WHOLE),
            "size_bytes": WHOLE,
            "expires_at": EXPIRES,
        }
    ),
)
PIECE_HEADERS = {
    "Upload-Offset": about("Where this piece begins.", WHOLE),
    "Upload-Checksum": written("^(sha1|sha256|md5) [A-Za-z0-9+/=]+$", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
    "Tus-Resumable": one_of("1.0.0"),
}
UPLOAD_PROBLEMS = (403, 404, 409, 410, 412, 423, 460)
