"""/api/v1: the trash, tags and folders of the visitor."""

from typing import Any

from flask import Blueprint

from photolib import folders, tags, trash
from photolib.db import write
from photolib.edits import LONGEST, Edit
from photolib.errors import BadInput
from photolib.folders import Folder
from photolib.trash import Size
from web import asked
from web.api import allowed_photos
from web.described import described
from web.edits import edit_json
from web.guard import takes_files
from web.here import library, user
from web.order_pages import empty, question, said, tag_sentence
from web.shapes import (
    COUNT,
    EDITED,
    ID,
    PHOTO_IDS,
    SAID,
    TEXT,
    TRUTH,
    WHOLE,
    about,
    and_fields,
    either,
    fields,
    list_of,
    named,
    page_of,
    text,
)

bp = Blueprint("order_api", __name__, url_prefix="/api/v1")

SOME_OR_ALL = fields({"photo_ids?": PHOTO_IDS})
WEIGHED = {"photos": COUNT, "bytes": WHOLE, "said": SAID}
TAG = named("Tag", fields({"tag_id": ID, "name": TEXT, "count": COUNT}))
FOLDER = named(
    "Folder",
    fields({
        "folder_id": ID, "name": TEXT, "path": TEXT, "count": COUNT, "count_in_all": about("With all folders below it.", WHOLE),
        "is_archive": about("Whether it is a zip or the like.", TRUTH),
    }),
)  # fmt: skip


@bp.post("/trash/weigh")
@takes_files(asked.LARGEST_LIST)
@described(fields(WEIGHED), body=SOME_OR_ALL, problems=[404])
def weigh() -> dict[str, Any]:
    """What deleting {"photo_ids": [1, 2]}, or everything in the trash with {}, comes to: how many photos and bytes, and in words."""
    size = trash.weigh(library().db, user().id, _photo_ids())
    return {**_size_json(size), "said": question(size)}


@bp.post("/trash/empty")
@takes_files(asked.LARGEST_LIST)
@described(fields({**WEIGHED, "left": COUNT}), body=SOME_OR_ALL, problems=[404])
def empty_trash() -> dict[str, Any]:
    """Delete {"photo_ids": [1, 2]}, or everything in the trash with {}, for good. left: how many photos go in the next minutes."""
    size, left = empty(_photo_ids())
    return {**_size_json(size), "left": left, "said": said(size, left)}


def _photo_ids() -> list[int] | None:
    body = asked.body()
    if "photo_ids" not in body:
        return None
    photo_ids = asked.ids(body)
    allowed_photos(photo_ids, "edit")
    return photo_ids


def _size_json(size: Size) -> dict[str, int]:
    return {"photos": size.photos, "bytes": size.bytes}


# ---------------------------------------------------------------- tags


@bp.get("/tags")
@described(page_of(TAG))
def tag_list() -> dict[str, Any]:
    """The visitor's tags by name, with how many photos each is on."""
    found = tags.tags(library().db, user().id)
    return {"items": [{"tag_id": each.id, "name": each.name, "count": each.photos} for each in found], "next": None}


@bp.patch("/tags/<int:tag_id>")
@described(EDITED, body=either({"name": text(LONGEST["tag"]), "merge_into": ID}))
def change_tag(tag_id: int) -> dict[str, Any]:
    """{"name": "sea"}: call it otherwise; it becomes one with the tag of that name, if there is one. {"merge_into": 12} does that, too."""
    body = asked.body()
    with write(library().db) as db:
        if name := asked.text(body, "name"):
            edit = tags.rename(db, user().id, tag_id, name)
        elif "merge_into" in body:
            edit = tags.merge(db, user().id, asked.needed(body, "merge_into"), tag_id)
        else:
            raise BadInput('A tag is changed with {"name": "sea"} or {"merge_into": 12}.')
    return _tag_edit(edit)


@bp.delete("/tags/<int:tag_id>")
@described(EDITED)
def delete_tag(tag_id: int) -> dict[str, Any]:
    """Take a tag away from all photos."""
    with write(library().db) as db:
        return _tag_edit(tags.delete(db, user().id, tag_id))


def _tag_edit(edit: Edit) -> dict[str, Any]:
    return {**edit_json(edit), "said": tag_sentence(edit)}


# ---------------------------------------------------------------- folders


@bp.get("/folders")
@described(page_of(FOLDER))
def tops() -> dict[str, Any]:
    """Where the visitor's folders begin; the photos of each are the scopes folder-N and, with all below it, tree-N."""
    return {"items": [folder_json(each) for each in folders.tops(library().db, user().id)], "next": None}


@bp.get("/folders/<int:folder_id>")
@described(and_fields(FOLDER, {"trail": list_of(FOLDER), "folders": list_of(FOLDER)}))
def folder(folder_id: int) -> dict[str, Any]:
    """A folder, the way to it from the top, and the folders in it."""
    db, owner = library().db, user().id
    trail = folders.trail(db, owner, folder_id)
    return {
        **folder_json(trail[-1]),
        "trail": [folder_json(each) for each in trail[:-1]],
        "folders": [folder_json(each) for each in folders.below(db, owner, folder_id)],
    }


def folder_json(folder: Folder) -> dict[str, Any]:
    return {
        "folder_id": folder.id, "name": folder.name, "path": folder.path, "count": folder.photos, "count_in_all": folder.in_all,
        "is_archive": folder.is_archive,
    }  # fmt: skip
