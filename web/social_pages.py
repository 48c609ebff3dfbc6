"""Pages of following and of what is said about photos, which work without script."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from photolib.catalog import Photo
from photolib.db import write
from photolib.errors import BadInput
from photolib.sharing import social
from photolib.sharing.social import Comment, Likes
from web import asked
from web.api import allowed_photo
from web.done import done, undoing
from web.here import library, user
from web.language import _
from web.results import address
from web.social_api import news_json, take_back

bp = Blueprint("social_pages", __name__)

SHOWN_COMMENTS, PAGE = 200, 60


@bp.get("/following")
def following() -> str:
    """Who else has an account here, who follows whom, and what is new from those one follows."""
    db = library().db
    found = social.feed(db, user().id, asked.number("before"), PAGE + 1)
    return render_template(
        "following.html",
        people=social.everybody_else(db, user().id),
        news=[news_json(db, each) for each in found[:PAGE]],
        older=address("/following", before=found[PAGE - 1].grant.id) if len(found) > PAGE else None,
    )


@bp.post("/following/<int:someone_id>")
def act(someone_id: int) -> Response:
    """A form with `act`: follow, unfollow, let (somebody follow) or stop (them)."""
    wanted, me = request.form.get("act"), user().id
    with write(library().db) as db:
        name = social.someone(db, someone_id).name
        if wanted == "follow":
            state = social.follow(db, me, someone_id)
            said = _("You follow %(name)s", name=name) if state == "accepted" else _("%(name)s is asked", name=name)
        elif wanted == "unfollow":
            social.end(db, me, someone_id)
            said = _("You do not follow %(name)s any more", name=name)
        elif wanted == "let":
            social.accept(db, me, someone_id)
            said = _("%(name)s follows you", name=name)
        elif wanted == "stop":
            social.end(db, someone_id, me)
            said = _("%(name)s does not follow you any more", name=name)
        else:
            raise BadInput("This form asks for nothing that photolib can do.")
    return done(said, go="/following")


# ---------------------------------------------------------------- about a photo


@dataclass(frozen=True)
class Talk:
    """What is said about a photo, the first first. more: how many comments there are beyond those shown."""

    likes: Likes
    comments: list[Comment]
    more: int


def talk(photo: Photo) -> Talk | None:
    """None where there is nobody to talk to: nobody else may see the photo."""
    db = library().db
    if not social.has_company(db, photo.id, photo.owner_id):
        return None
    said = social.comments(db, photo.id, size=SHOWN_COMMENTS)
    return Talk(social.likes(db, user().id, photo.id), said, social.counts(db, photo.id)[1] - len(said))


@bp.post("/photos/<int:photo_id>/like")
def like(photo_id: int) -> Response:
    """A form with `on`: 1 to like it, 0 to do so no more."""
    allowed_photo(photo_id)
    is_on = request.form.get("on") == "1"
    with write(library().db) as db:
        (social.like if is_on else social.unlike)(db, user().id, photo_id)
    return done("")


@bp.post("/photos/<int:photo_id>/comments")
def comment(photo_id: int) -> Response:
    """A form with `text`."""
    allowed_photo(photo_id)
    with write(library().db) as db:
        social.comment(db, user().id, photo_id, request.form.get("text"))
    return done(_("Said"))


@bp.post("/photos/<int:photo_id>/comments/<int:comment_id>/delete")
def uncomment(photo_id: int, comment_id: int) -> Response:
    allowed_photo(photo_id)
    return done(_("Taken back"), undoing(take_back(photo_id, comment_id)))
