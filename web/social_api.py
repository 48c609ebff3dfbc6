"""/api/v1/social, /feed, likes and comments: what people with an account here are to each other, and say of photos they may see."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint
from sqlite_utils import Database

from photolib import albums, catalog, edits
from photolib.catalog import Photo
from photolib.db import write
from photolib.sharing import social
from photolib.sharing.social import Comment, News, Someone, Tie
from web import asked
from web.albums import cover_of
from web.api import allowed_photo, tile_json
from web.described import described
from web.here import library, user
from web.language import _
from web.shapes import ID, PAGE_BY_NUMBER, page_of
from web.social_shapes import COMMENT, FOLLOWED, FOLLOWING, LIKES, NEWS, SAYING, TAKEN_BACK, TIE

bp = Blueprint("social_api", __name__, url_prefix="/api/v1")


# ---------------------------------------------------------------- following


@bp.get("/social")
@described(page_of(TIE))
def everybody() -> dict[str, Any]:
    """All who have an account here, whom the asker follows, and who follows them. "asked": not before they say yes."""
    return {"items": [tie_json(each) for each in social.everybody_else(library().db, user().id)], "next": None}


@bp.post("/social/follow/<int:someone_id>")
@described(FOLLOWING)
def follow(someone_id: int) -> dict[str, Any]:
    """Ask to see what somebody shares with their followers."""
    with write(library().db) as db:
        state = social.follow(db, user().id, someone_id)
        name = social.someone(db, someone_id).name
    said = _("You follow %(name)s", name=name) if state == "accepted" else _("%(name)s is asked", name=name)
    return {"user_id": someone_id, "i_follow": state, "said": said}


@bp.delete("/social/follow/<int:someone_id>")
@described(FOLLOWING)
def unfollow(someone_id: int) -> dict[str, Any]:
    """Follow somebody no more."""
    with write(library().db) as db:
        name = social.someone(db, someone_id).name
        social.end(db, user().id, someone_id)
    return {"user_id": someone_id, "i_follow": None, "said": _("You do not follow %(name)s any more", name=name)}


@bp.post("/social/followers/<int:someone_id>")
@described(FOLLOWED)
def let_follow(someone_id: int) -> dict[str, Any]:
    """Say yes to somebody who asked to follow."""
    with write(library().db) as db:
        social.accept(db, user().id, someone_id)
        name = social.someone(db, someone_id).name
    return {"user_id": someone_id, "follows_me": "accepted", "said": _("%(name)s follows you", name=name)}


@bp.delete("/social/followers/<int:someone_id>")
@described(FOLLOWED)
def stop_follower(someone_id: int) -> dict[str, Any]:
    """Say no, or not any more."""
    with write(library().db) as db:
        name = social.someone(db, someone_id).name
        social.end(db, someone_id, user().id)
    return {"user_id": someone_id, "follows_me": None, "said": _("%(name)s does not follow you any more", name=name)}


@bp.get("/feed")
@described(page_of(NEWS), query=PAGE_BY_NUMBER)
def feed() -> dict[str, Any]:
    """What others share with the asker, the latest first."""
    size = asked.size()
    found = social.feed(library().db, user().id, asked.number("cursor"), size + 1)
    page = found[:size]
    return {
        "items": [news_json(library().db, each) for each in page],
        "next": str(page[-1].grant.id) if len(found) > size else None,
    }


# ---------------------------------------------------------------- likes


@bp.get("/photos/<int:photo_id>/likes")
@described(LIKES)
def likes(photo_id: int) -> dict[str, Any]:
    """Who likes a photo."""
    return likes_json(allowed_photo(photo_id))


@bp.post("/photos/<int:photo_id>/likes")
@described(LIKES)
def like(photo_id: int) -> dict[str, Any]:
    """Once for each person, however often it is said."""
    photo = allowed_photo(photo_id)
    with write(library().db) as db:
        social.like(db, user().id, photo_id)
    return likes_json(photo)


@bp.delete("/photos/<int:photo_id>/likes")
@described(LIKES)
def unlike(photo_id: int) -> dict[str, Any]:
    """Take the like away again."""
    photo = allowed_photo(photo_id)
    with write(library().db) as db:
        social.unlike(db, user().id, photo_id)
    return likes_json(photo)


# ---------------------------------------------------------------- comments


@bp.get("/photos/<int:photo_id>/comments")
@described(page_of(COMMENT), query=PAGE_BY_NUMBER)
def comments(photo_id: int) -> dict[str, Any]:
    """What was said about a photo, the first first."""
    photo, size = allowed_photo(photo_id), asked.size()
    found = social.comments(library().db, photo_id, asked.number("cursor") or 0, size + 1)
    page = found[:size]
    return {
        "items": [comment_json(each, photo) for each in page],
        "next": str(page[-1].id) if len(found) > size else None,
    }


@bp.post("/photos/<int:photo_id>/comments")
@described({201: COMMENT}, body=SAYING)
def comment(photo_id: int) -> tuple[dict[str, Any], int]:
    """Say something about a photo."""
    photo = allowed_photo(photo_id)
    text = asked.text(asked.body("text"), "text", is_needed=True)
    with write(library().db) as db:
        said = social.comment(db, user().id, photo_id, text)
    return comment_json(said, photo), 201


@bp.delete("/photos/<int:photo_id>/comments/<int:comment_id>")
@described(TAKEN_BACK, path={"comment_id": ID})
def uncomment(photo_id: int, comment_id: int) -> dict[str, Any]:
    """Take back what one said oneself, or what was said about one's own photo."""
    allowed_photo(photo_id)
    return {"said": _("Taken back"), "undo": f"/api/v1/edits/{take_back(photo_id, comment_id)}/undo"}


def take_back(photo_id: int, comment_id: int) -> int:
    """Returns the edit that undoes it. Raises NotFound for a comment that is not on this photo."""
    with write(library().db) as db:
        gone = social.uncomment(db, user().id, photo_id, comment_id)
        return edits.log(db, user().id, "uncomment", asdict(gone), 1)


def _undo_uncomment(db: Database, user_id: int, before: dict[str, Any]) -> list[int]:
    social.put_back(db, user_id, Comment(**{**before, "by": Someone(**before["by"])}))
    return [before["photo_id"]]


edits.undoing["uncomment"] = _undo_uncomment


# ---------------------------------------------------------------- as JSON


def someone_json(someone: Someone) -> dict[str, Any]:
    return {"user_id": someone.id, "name": someone.name}


def tie_json(tie: Tie) -> dict[str, Any]:
    return {**someone_json(tie.someone), "i_follow": tie.i_follow, "follows_me": tie.follows_me}


def likes_json(photo: Photo) -> dict[str, Any]:
    found = social.likes(library().db, user().id, photo.id)
    return {
        "count": len(found.by),
        "is_mine": found.is_mine,
        "items": [someone_json(each) for each in found.by],
        "next": None,
    }


def comment_json(comment: Comment, photo: Photo) -> dict[str, Any]:
    return {
        "comment_id": comment.id,
        "by": someone_json(comment.by),
        "text": comment.text,
        "at": comment.at,
        "can_take_back": user().id in (comment.by.id, photo.owner_id),
    }


def news_json(db: Database, news: News) -> dict[str, Any]:
    """What was shared, and the page that shows it."""
    grant, photo, album = news.grant, None, None
    if grant.photo_id is not None:
        kind, url = "photo", f"/photo/{grant.photo_id}"
        photo = tile_json(catalog.tiles(db, [grant.photo_id])[0])
    elif grant.album_id is not None:
        found = albums.album(db, grant.album_id)
        kind, url = "album", f"/albums/{found.id}"
        shown = cover_of(found)
        cover = f"/media/{shown.key}/320" if shown else None
        album = {"album_id": found.id, "title": found.title, "count": found.photos, "cover": cover, "url": url}
    else:
        kind, url = "person" if grant.person_id is not None else "since", f"/shared/{grant.id}"
    return {
        "by": someone_json(news.by),
        "shared_at": grant.created_at,
        "kind": kind,
        "photo": photo,
        "album": album,
        "url": url,
    }
