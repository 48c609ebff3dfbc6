"""/api/v1/search, similar photos and saved searches: words, or a picture, to photos of the visitor's own."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, request

from photolib.db import write
from photolib.errors import BadInput, UnreadablePhoto
from photolib.search import engine, likeness, saved, suggest
from photolib.search.conditions import filters
from photolib.search.engine import Found, Results
from photolib.search.facets import Facet
from photolib.search.grammar import LONGEST
from photolib.search.likeness import Likeness
from photolib.search.saved import Saved
from web import asked
from web.api import own_photo, tile_json
from web.asked import number
from web.described import described
from web.guard import takes_files
from web.here import library, user
from web.search_shapes import ALIKE, FILTERED, PICTURE, QUERY, RESULTS, SAVED, SUGGESTION
from web.shapes import A_NUMBER, PAGE, SIZE, fields, one_of, page_of, text

bp = Blueprint("search_api", __name__, url_prefix="/api/v1")

LARGEST_PICTURE = 64 << 20  # bytes somebody may send to be searched by
FILTERS = ("date_from", "date_to", "place", "person", "camera", "label")
MOST_SUGGESTIONS = 20


@bp.get("/search/photos")
@described(RESULTS, query={"q": QUERY, **FILTERED, "plain": one_of("0", "1"), **PAGE})
def photos() -> dict[str, Any]:
    """q, date_from, date_to, place, person, camera, label; plain=0: names in plain words are not recognised; cursor, size."""
    return results_json(_search(request.args.get("q", "")), request.args.get("q", ""))


def _search(query: str) -> Results:
    return engine.search(
        library(), user().id, query,
        filters=filters(**{name: request.args.get(name) for name in FILTERS}),
        cursor=request.args.get("cursor"),
        size=asked.size(),
        recognises=request.args.get("plain") != "0",
    )  # fmt: skip


@bp.get("/search/suggestions")
@described(page_of(SUGGESTION), query={"q": QUERY, "limit": A_NUMBER})
def suggestions() -> dict[str, Any]:
    """Names that what is being typed may become: people, places, labels, tags, albums, cameras."""
    found = suggest.suggest(
        library().db,
        user().id,
        request.args.get("q", ""),
        max(1, min(number("limit") or suggest.LIMIT, MOST_SUGGESTIONS)),
    )
    return {
        "items": [
            {"text": each.text, "kind": each.kind, "query": each.query, "count": each.count, "album_id": each.album_id}
            for each in found
        ],
        "next": None,
    }


@bp.get("/photos/<int:photo_id>/similar")
@described(ALIKE, query={"size": SIZE})
def similar(photo_id: int) -> dict[str, Any]:
    """Photos that look like this one, the likest first."""
    own_photo(photo_id)
    return likeness_json(likeness.similar(library(), user().id, photo_id, _count()))


@bp.post("/search/by-picture")
@takes_files(LARGEST_PICTURE)
@described(ALIKE, query={"size": SIZE}, body=PICTURE)
def by_picture() -> dict[str, Any]:
    """The bytes of a picture as the body, or as the file `picture` of a form. They are not kept."""
    with tempfile.TemporaryDirectory(dir=library().data / "tmp", prefix="asked-") as folder:
        file = Path(folder) / "picture"
        if request.mimetype == "multipart/form-data":
            sent = request.files.get("picture")
            if sent is None:
                raise BadInput("Send the picture as the file `picture`.")
            sent.save(file)
        else:
            with file.open("wb") as out:
                while chunk := request.stream.read(1 << 20):
                    out.write(chunk)
        try:
            return likeness_json(likeness.by_picture(library(), user().id, file, _count()))
        except UnreadablePhoto as problem:  # here the request is to blame, not a photo of the library
            raise BadInput(str(problem)) from problem


def _count() -> int:
    return asked.size(likeness.MOST, likeness.MOST)


# ---------------------------------------------------------------- saved searches


@bp.get("/searches")
@described(page_of(SAVED))
def searches() -> dict[str, Any]:
    """Saved searches: albums that fill themselves with what a query finds."""
    return {"items": [saved_json(each) for each in saved.saved(library().db, user().id)], "next": None}


@bp.post("/searches")
@described({201: SAVED}, body=fields({"name": text(saved.LONGEST_NAME, least=1), "query": text(LONGEST, least=1)}))
def save() -> tuple[dict[str, Any], int]:
    """{"name": "Dogs at the sea", "query": "dog beach"}: an album that fills itself; the name's earlier query is replaced."""
    body = asked.body()
    name, query = body.get("name"), body.get("query")
    if not isinstance(name, str) or not isinstance(query, str):
        raise BadInput('A saved search is given as {"name": "Dogs at the sea", "query": "dog beach"}.')
    with write(library().db) as db:
        return saved_json(saved.save(db, user().id, name, query)), 201


@bp.get("/searches/<int:search_id>/photos")
@described(RESULTS, query={**FILTERED, "plain": one_of("0", "1"), **PAGE})
def saved_photos(search_id: int) -> dict[str, Any]:
    """What the search finds now."""
    found = saved.one(library().db, user().id, search_id)
    return results_json(_search(found.query), found.query)


@bp.delete("/searches/<int:search_id>")
@described({204: None})
def forget(search_id: int) -> tuple[str, int]:
    """Forget a saved search; the photos stay."""
    with write(library().db) as db:
        saved.forget(db, user().id, search_id)
    return "", 204


# ---------------------------------------------------------------- as JSON


def results_json(results: Results, query: str) -> dict[str, Any]:
    """total counts all pages, at least so many when total_is_at_least; facets come with the first page."""
    return {
        "items": [found_json(each) for each in results.items],
        "next": results.next,
        "total": results.total,
        "total_is_at_least": results.is_at_least,
        "facets": {name: [facet_json(each, query) for each in found] for name, found in results.facets.items()},
        "understood": understood_json(results),
        "notes": [*results.understood.notes, *results.notes],
    }


def found_json(found: Found) -> dict[str, Any]:
    return {
        **tile_json(found.photo), "score": found.score, "why": list(found.why), "lines": list(found.lines),
    }  # fmt: skip


def facet_json(facet: Facet, query: str) -> dict[str, Any]:
    """query: the one that was asked, and this besides."""
    return {"name": facet.name, "count": facet.count, "query": f"{query.strip()[:LONGEST]} {facet.filter}".strip()}


def understood_json(results: Results) -> dict[str, Any]:
    understood = results.understood
    return {
        "query": str(understood.tree),
        "chips": [vars(chip) for chip in understood.chips],
        "offers": [vars(offer) for offer in understood.offers],
        "notes": list(understood.notes),
    }


def saved_json(search: Saved) -> dict[str, Any]:
    return {
        "search_id": search.id,
        "name": search.name,
        "query": search.query,
        "created_at": search.created_at,
        "photos": f"/api/v1/searches/{search.id}/photos",
    }


def likeness_json(found: Likeness) -> dict[str, Any]:
    return {
        "items": [{**tile_json(tile), "score": score} for tile, score in found.items],
        "next": None,
        "note": found.note,
    }
