"""The pages that the bearer of a share link sees: its door, its photos, one photo, and the card that messengers show of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_interval
from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from photolib import catalog, understood, variants
from photolib.catalog import Photo, Tile
from photolib.errors import NotFound, PhotolibError, Refused, TooManyTries
from photolib.sharing import doors, links, names, shown
from web import errors, reached, sessions, shared, words
from web.here import library
from web.language import ENGLISH, current, explained, locale
from web.media import send_file

bp = Blueprint("shared_pages", __name__, url_prefix="/s/<token>")

FIRST_PAGE, NEXT_PAGES = 50, 100  # photos; the first screen has to be small, what follows may be fewer requests
CARD_SECONDS = 20.0


@dataclass(frozen=True)
class Card:
    """What messengers show of a link's address, where its owner allows that; image: None without a photo."""

    title: str
    description: str
    url: str
    image: str | None


@bp.get("")
def landing(token: str) -> ResponseReturnValue:
    if shared.is_program():
        return render_template("shared_card.html", card=_card(token))
    return _page(token) if shared.is_open() else _door(token)


@bp.get("/<name>")
def named(token: str, name: str) -> ResponseReturnValue:
    """The same with words behind it, for people: what they say does not matter."""
    return landing(token)


@bp.post("")
def come_in(token: str) -> ResponseReturnValue:
    go = redirect(shared.page_address(shared.link(), token), 303)
    if shared.is_open():
        return go
    try:
        visit = doors.come_in(library().db, shared.link(), request.form.get("password", ""), sessions.client())
    except (Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_door(token, problem)), problem)
    return shared.let_in(go, token, visit)


@bp.get("/more")
def more(token: str) -> str:
    """The photos after a cursor, for the script that puts them at the end of the page."""
    piece = shown.page(library().db, shared.album(), request.args.get("after"), NEXT_PAGES)
    return render_template("_shared_more.html", token=token, base=base(token), piece=piece)


@bp.get("/photo/<key>")
def photo(token: str, key: str) -> ResponseReturnValue:
    """One photo on a page of its own."""
    response = make_response(render_template("shared_photo.html", **{**about(token), **_viewed(token, key)}))
    return shared.greet(response, token)


@bp.get("/viewed/<key>")
def viewed(token: str, key: str) -> str:
    """The same without its page, for the viewer."""
    return render_template("_shared_viewed.html", **_viewed(token, key))


@bp.get("/summary")
def summary(token: str) -> Response:
    """What a page that stays open asks now and then: whether there are other photos by now."""
    album = shared.album()
    response: Response = jsonify({"photos": album.photos, "version": shown.version(album)})
    response.set_etag(shown.version(album))
    response.make_conditional(request.environ)
    return response


@bp.get("/preview.jpg")
def preview(token: str) -> Response:
    """The picture on the card: the album's cover. Only where the owner allows a card, whether there is a door or not."""
    cover = shared.album().cover
    if not shared.link().may_preview or cover is None:
        raise NotFound(links.GONE)
    lib = library()
    path = variants.card_path(lib.variants, cover.key)
    if not path.exists():
        lib.decoders.run("card", CARD_SECONDS, folder=str(path.parent))
    response = send_file(path, "image/jpeg", f"{cover.key[:16]}-card-{variants.RECIPE}")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


# ---------------------------------------------------------------- what pages say


def _door(token: str, problem: PhotolibError | None = None) -> str:
    link = shared.link()
    return render_template(
        "shared_door.html", link=link, token=token, base=base(token), problem=explained(problem) if problem else None, card=_card(token),
        title=title() if link.may_preview else None,
    )  # fmt: skip


def _page(token: str) -> Response:
    db, album, after = library().db, shared.album(), request.args.get("after")
    piece = shown.page(db, album, after, NEXT_PAGES if after else FIRST_PAGE)
    page = render_template("shared.html", piece=piece, after=after, card=_card(token), **about(token))
    return shared.greet(make_response(page), token)


def about(token: str) -> dict[str, Any]:
    """What every page of an open link says about what it shows."""
    link, album = shared.link(), shared.album()
    return {
        "token": token,
        "base": base(token),
        "link": link,
        "album": album,
        "title": title(),
        "owner_name": names.for_strangers(library().db, link.owner_id),
        "span": span(album.first_at, album.last_at),
        "version": shown.version(album),
        "may_download": shared.may("download"),
        "may_contribute": shared.may("contribute"),
        "page": shared.page_address(link, token),
    }


def title() -> str:
    """What stands above the photos."""
    return shared.link().name or shared.album().title


def base(token: str) -> str:
    """What the addresses of everything that a link shows begin with."""
    return url_for("shared_pages.landing", token=token)


def _card(token: str) -> Card | None:
    link = shared.link()
    if not link.may_preview:
        return None
    album = shared.album()
    image = reached.base().rstrip("/") + url_for(".preview", token=token) if album.cover else None
    said = (words.count(album.photos, "photo"), span(album.first_at, album.last_at))
    url = reached.base().rstrip("/") + shared.page_address(link, token)
    return Card(title(), " · ".join(each for each in said if each), url, image)


def span(first: str | None, last: str | None) -> str:
    """3–14 June 2025: from the first to the last day of an album; empty without one."""
    if not first or not last:
        return ""
    try:
        days = date.fromisoformat(first[:10]), date.fromisoformat(last[:10])
    except ValueError:
        return ""
    if days[0] == days[1]:
        return words.whole_date(first)
    if days[0].year != days[1].year:
        return f"{words.whole_date(first)} – {words.whole_date(last)}"
    return format_interval(*days, "yMMMMd", locale="en_GB" if current().code == ENGLISH else locale())


def _viewed(token: str, key: str) -> dict[str, Any]:
    """What the viewer's template needs. Raises NotFound for a photo that the link does not show."""
    db, album = library().db, shared.album()
    tile = shown.find(db, album, key)
    if tile is None:
        raise NotFound(links.GONE)
    one = catalog.photo(db, tile.id)
    newer, older = shown.beside(db, album, tile.id)
    may_download = shared.may("download")
    below = base(token)
    role = next((part.role for part in one.parts if part.role in ("video", "motion")), None)
    return {
        "photo": one,
        "tile": tile,
        "base": below,
        "back": f"{shared.page_address(shared.link(), token)}#{key}",
        "newer": newer,
        "older": older,
        "token": token,
        "may_download": may_download,
        "is_video": one.type == "video",
        "live": f"{below}/media/{key}/{role}" if role and one.type != "video" else None,
        "sharper": _sharper(below, one, may_download),
        "place": _place(tile) if shared.link().show_location else "",
        "camera": words.camera(one) if shared.link().show_camera else "",
        "exposure": words.exposure(one) if shared.link().show_camera else "",
    }


def _sharper(below: str, photo: Photo, may_download: bool) -> str | None:
    """A larger picture for whoever enlarges it, where they could have the whole one anyway."""
    longest = max(photo.width or 0, photo.height or 0)
    is_larger = longest > variants.SIZES["large"] and photo.type != "video"
    return f"{below}/media/{photo.key}/{max(variants.LADDER)}" if may_download and is_larger else None


def _place(tile: Tile) -> str:
    place = understood.place(library().db, tile.id)
    said = [place.city, place.region, words.country(place.country, place.country_code)] if place else []
    return ", ".join(dict.fromkeys(each for each in said if each))
