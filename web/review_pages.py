"""Photos to look through: those whose date is only a guess, with what they may be, and those that cannot be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response, render_template, request

from photolib import catalog, edits, ingest, scopes, sources, undated
from photolib.catalog import Tile
from photolib.db import write
from photolib.edits import Edit
from photolib.errors import BadInput
from photolib.scopes import Scope
from photolib.undated import FOLDER, NAME, NEIGHBOURS, SIBLINGS, Suggestion
from web import asked, words
from web.api import allowed_photos
from web.done import done
from web.edits import edited
from web.guard import takes_files
from web.here import library, user
from web.language import _, ngettext

bp = Blueprint("review_pages", __name__)

UNDATED = Scope("undated")
PAGE = 60  # photos
MOST = 2000  # photos in one act
MOST_FAILED = 500


@dataclass(frozen=True)
class Row:
    """A photo and what its date may be."""

    photo: Tile
    suggestion: Suggestion | None


@dataclass(frozen=True)
class Group:
    """Photos for which the same speaks. said: the sentence that says what; empty where nothing does."""

    said: str
    rows: list[Row]


@bp.get("/review")
def dates() -> str:
    db, owner = library().db, user().id
    page = scopes.page(db, owner, request.args.get("before"), PAGE, UNDATED)
    found = undated.suggestions(db, owner, [photo.id for photo in page.photos])
    rows = sorted((Row(photo, found.get(photo.id)) for photo in page.photos), key=_order)
    groups = [
        Group(_reason(some[0].suggestion), some) for _key, each in groupby(rows, key=_alike) if (some := list(each))
    ]
    return render_template(
        "review_dates.html",
        groups=groups,
        counts=_counts(),
        older=page.cursor,
        suggested=len(found),
        first=not request.args,
    )


def _alike(row: Row) -> tuple[str, ...]:
    """What photos of one group share."""
    found = row.suggestion
    if found is None:
        return ()
    return (found.why, found.says if found.why in (SIBLINGS, FOLDER) else "")


def _order(row: Row) -> tuple[bool, tuple[str, ...], str, int]:
    return (row.suggestion is None, _alike(row), row.photo.taken_at, row.photo.id)


def _reason(found: Suggestion | None) -> str:
    if found is None:
        return ""
    return {
        NAME: _("Their names say when they were taken"),
        NEIGHBOURS: _("Files numbered before and after them know when they were taken"),
        SIBLINGS: _("The other photos in “%(folder)s” were taken then", folder=found.says),
        FOLDER: _("Their folder is called “%(folder)s”", folder=found.says),
    }[found.why]


@bp.app_template_filter()
def suggested_date(found: Suggestion) -> str:
    """14 August 2014, 12:00; August 2014 or 2014 where no more is known."""
    if found.precision == "year":
        return found.taken_at[:4]
    if found.precision == "month":
        return words.month(found.taken_at[:7])
    day = words.whole_date(found.taken_at)
    return f"{day}, {words.clock(found.taken_at)}" if found.precision == "moment" else day


@bp.post("/review/dates")
@takes_files(asked.LARGEST_LIST)
def settle() -> Response:
    """A form with `act`: accept (what is suggested for the photos in `photo`, without one for all), right (their dates as they are) or
    set (all to `taken_at`)."""
    act = request.form.get("act")
    db, owner = library().db, user().id
    if act == "accept_all":
        photo_ids = scopes.ids(db, owner, UNDATED, MOST)
    else:
        photo_ids = asked.form_ids(is_needed=True)
        allowed_photos(photo_ids, "edit")
    if act in ("accept", "accept_all"):
        found = undated.suggestions(db, owner, photo_ids)
        return edited(_set({photo_id: each.taken_at for photo_id, each in found.items()}))
    if act == "right":
        return edited(_set({photo.id: photo.taken_at for photo in _tiles(photo_ids)}))
    if act == "set":
        taken_at = request.form.get("taken_at", "")
        if not taken_at:
            raise BadInput(_("Say which day it was."))
        return edited(_set(dict.fromkeys(photo_ids, taken_at)))
    raise BadInput(_("Accept the suggested dates, say that they are right, or give another."))


def _tiles(photo_ids: Sequence[int]) -> list[Tile]:
    return catalog.tiles(library().db, photo_ids)


def _set(dates: dict[int, str]) -> Edit:
    with write(library().db) as db:
        return edits.set_dates(db, user().id, dates)


# ---------------------------------------------------------------- what cannot be shown


@bp.get("/review/failed")
def failed() -> str:
    found = sources.failed(library().db, user().id, MOST_FAILED)
    by_reason = sorted(found, key=lambda each: each.reason)
    reasons = [(reason, list(some)) for reason, some in groupby(by_reason, key=lambda each: each.reason)]
    return render_template("review_failed.html", reasons=reasons, counts=_counts(), shown=len(found))


@bp.post("/review/retry")
def retry() -> Response:
    photos, files = ingest.retry_owners(library(), user().id)
    count = photos + files
    return done(
        ngettext("One file is tried again.", "%(num)s files are tried again.", count)
        if count
        else _("There was nothing to try again.")
    )


def _counts() -> dict[str, int]:
    db, owner = library().db, user().id
    return {
        "dates": scopes.count(db, owner, UNDATED),
        "places": scopes.count(db, owner, Scope("unplaced")),
        "failed": sources.failed_count(db, owner),
    }
