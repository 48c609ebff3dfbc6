"""Shapes of people and faces."""

from photolib.faces import LONGEST_NAME
from web.photo_shapes import BOX
from web.shapes import (
    ADDRESS,
    COUNT,
    DAY,
    ID,
    KEY,
    SAID,
    SHARE,
    TEXT,
    TRUTH,
    WHOLE,
    about,
    either,
    fields,
    list_of,
    maybe,
    named,
    one_of,
    text,
)

NAME = text(LONGEST_NAME)
FACE_COVER = named(
    "FaceCover", fields({"face_id": ID, "photo_id": ID, "key": KEY, "box": BOX, "url": ADDRESS}), "A face to show."
)
PERSON = named(
    "Person",
    fields({
        "person_id": ID, "name": about("null for faces that belong together and nobody has named.", maybe(TEXT)),
        "birthday": maybe(DAY), "age": maybe(WHOLE), "is_hidden": TRUTH, "photos": COUNT, "cover": maybe(FACE_COVER),
    }),
)  # fmt: skip
QUESTION = named(
    "Question",
    fields({
        "person": PERSON, "face_id": maybe(ID), "other_id": maybe(ID), "cover": FACE_COVER, "confidence": SHARE,
    }),
    "Whether a face (face_id), or a group of faces (other_id), is this person.",
)  # fmt: skip
FACE = named(
    "Face",
    fields({
        "face_id": ID, "person_id": maybe(ID), "name": maybe(TEXT), "box": BOX, "quality": SHARE,
        "decided_by": maybe(one_of("person", "file", "model")), "confidence": maybe(SHARE), "age": maybe(WHOLE),
    }),
)  # fmt: skip

DECIDED = named(
    "Decided", fields({"said": SAID, "undo_id": ID, "person_id": maybe(ID)}), "What was decided; undo_id takes it back."
)
PERSON_CHANGED = fields({
    "said": SAID, "undo_id": ID, "person_id": maybe(ID), "undo_ids": about("The last one first.", list_of(ID)), "person": PERSON
})  # fmt: skip
CHANGING = {
    **fields({"name?": maybe(NAME), "birthday?": maybe(DAY), "is_hidden?": TRUTH, "cover_face_id?": ID}), "minProperties": 1,
}  # fmt: skip


MERGING = either({"into": ID, "with": ID})
WHO = either({"person_id": ID, "name": NAME})
ANSWER = fields({"person_id": ID, "is_so": TRUTH, "face_id?": maybe(ID), "other_id?": maybe(ID)})
