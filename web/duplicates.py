"""/api/v1/duplicates: photos that show the same, which of them to keep, and merging them. Only the visitor's own."""

from typing import Any

from flask import Blueprint, request

from photolib import duplicates, merges, understood
from photolib.db import write
from photolib.duplicates import Stack
from photolib.errors import BadInput
from web import asked
from web.api import tile_json
from web.asked import LONGEST_PAGE, number
from web.described import described
from web.here import library, user
from web.photo_shapes import TILE
from web.shapes import (
    A_NUMBER,
    ADDRESS,
    ID,
    SHARE,
    SIZE,
    TEXT,
    about,
    and_fields,
    fields,
    list_of,
    maybe,
    named,
    one_of,
    page_of,
)

bp = Blueprint("duplicates", __name__, url_prefix="/api/v1/duplicates")

PAGE = 50
KINDS = (duplicates.DUPLICATE, duplicates.BURST)
CHOSEN = list_of(ID, least=1, most=LONGEST_PAGE)
QUALITY = {"sharpness": maybe(SHARE), "exposure": maybe(SHARE)}
GROUP = named(
    "Duplicates",
    fields({
        "duplicate_id": ID, "kind": one_of(*KINDS), "best": ID, "decided_by": maybe(TEXT),
        "photos": list_of(named("TileOfGroup", and_fields(TILE, QUALITY))),
    }),
)  # fmt: skip
MERGED = fields({"photo_id": ID, "trashed": list_of(ID), "undo": ADDRESS})


@bp.get("")
@described(page_of(GROUP), query={"kind": one_of(*KINDS), "cursor": about("What `next` was.", A_NUMBER), "size": SIZE})
def groups() -> dict[str, Any]:
    """Newest first; kind=duplicate or kind=burst for one kind only. The first photo of each is the one to keep."""
    kind = request.args.get("kind")
    if kind is not None and kind not in KINDS:
        raise BadInput(f"There is no kind {kind!r} of duplicates. There are: {', '.join(KINDS)}.")
    size = asked.size(PAGE)
    found, cursor = duplicates.stacks(library().db, user().id, kind, number("cursor"), size)
    return {"items": [_stack_json(each) for each in found], "next": None if cursor is None else str(cursor)}


@bp.post("/<int:stack_id>/merge")
@described(MERGED, body=fields({"keep?": maybe(ID), "photo_ids?": maybe(CHOSEN)}))
def merge(stack_id: int) -> dict[str, Any]:
    """{"keep": 17, "photo_ids": [18, 19]}, or {} for the best and all others: keep one, the others go to the trash."""
    body = asked.body()
    with write(library().db) as db:
        stack = duplicates.stack_by_id(db, user().id, stack_id)
        there = {photo.id for photo in stack.photos}
        keep = asked.whole(body, "keep") or stack.best_id
        others = _photo_ids(body) or [photo_id for photo_id in there if photo_id != keep]
        if not {keep, *others} <= there:
            raise BadInput("These photos are not among the duplicates.")
        merge_id = merges.merge(db, user().id, keep, others)
    undo = f"{bp.url_prefix}/merges/{merge_id}/undo"
    return {"photo_id": keep, "trashed": sorted(set(others) - {keep}), "undo": undo}


@bp.post("/merges/<int:merge_id>/undo")
@described(fields({"restored": list_of(ID)}))
def undo_merge(merge_id: int) -> dict[str, Any]:
    """The photos come back; what went over to the kept one stays there."""
    with write(library().db) as db:
        restored = merges.undo_merge(db, user().id, merge_id)
    return {"restored": restored}


@bp.post("/<int:stack_id>/keep")
@described(fields({"duplicate_id": ID}), body=fields({"photo_ids?": maybe(CHOSEN)}))
def keep_apart(stack_id: int) -> dict[str, Any]:
    """These are different: all of them, or with {"photo_ids": [18]} those from the others."""
    body = asked.body()
    with write(library().db) as db:
        duplicates.keep_apart(db, user().id, stack_id, _photo_ids(body))
    return {"duplicate_id": stack_id}


@bp.post("/<int:stack_id>/best")
@described(GROUP, body=fields({"photo_id": ID}))
def choose_best(stack_id: int) -> dict[str, Any]:
    """{"photo_id": 18}: this one is the best, whatever comes."""
    photo_id = asked.whole(asked.body(), "photo_id")
    if photo_id is None:
        raise BadInput('The best photo is given as {"photo_id": 18}.')
    with write(library().db) as db:
        duplicates.choose_best(db, user().id, stack_id, photo_id)
        return _stack_json(duplicates.stack_by_id(db, user().id, stack_id))


def _photo_ids(body: dict[str, Any]) -> list[int] | None:
    return asked.ids(body, most=LONGEST_PAGE) if body.get("photo_ids") is not None else None


def _stack_json(stack: Stack) -> dict[str, Any]:
    quality = understood.quality(library().db, [photo.id for photo in stack.photos])
    return {
        "duplicate_id": stack.id,
        "kind": stack.kind,
        "best": stack.best_id,
        "decided_by": stack.decided_by,
        "photos": [{**tile_json(photo), **quality[photo.id]} for photo in stack.photos],
    }
