"""What the pages and the API of sharing have in common: what somebody wants to share, which link they may change, what is said of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from sqlite_utils import Database

from photolib import access, album_searches, albums, catalog
from photolib.albums import Album
from photolib.db import write
from photolib.errors import BadInput, NotFound, Refused
from photolib.search import engine, saved
from photolib.sharing import doors, links, listing, unlisted, whereabouts
from photolib.sharing.links import Link
from photolib.sharing.listing import Counts
from photolib.sharing.whereabouts import Whereabouts
from web import reached, shared, words
from web.albums import allowed_album
from web.api import allowed_photos
from web.here import library, user, visitor
from web.language import _, ngettext
from web.members import check_places

PATIENCE = 1.5  # seconds that a search may take before it is shared


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to share: an album, or what will get an album of its own. owner_id: whose links to it are."""

    kind: str
    owner_id: int
    title: str
    album: Album | None = None
    photo_ids: Sequence[int] = ()
    query: str | None = None


def an_album(album_id: int) -> Wanted:
    """Raises NotFound unless the visitor may hand it on."""
    found = allowed_album(album_id, "manage")
    kind = "album"
    if unlisted.is_unlisted(library().db, found.id):
        kind = "search" if found.query is not None else "selection"
    return Wanted(kind, found.owner_id, found.title, found)


def some_photos(photo_ids: Sequence[int]) -> Wanted:
    """Raises NotFound unless all of them are the visitor's own."""
    chosen = list(dict.fromkeys(photo_ids))
    allowed_photos(chosen, "edit")
    if len(chosen) == 1:
        one = catalog.photo(library().db, chosen[0])
        return Wanted("photo", user().id, one.title or words.whole_date(one.taken_at), photo_ids=chosen)
    return Wanted("selection", user().id, _of_days(chosen), photo_ids=chosen)


def a_search(query: str) -> Wanted:
    """What a search of one's own finds, now and later. Its words are nobody else's business, so they are no title."""
    if user().role == "guest":
        raise Refused("A guest can look at photos here, and change nothing.")
    return Wanted("search", user().id, _("Photos"), query=saved.kept_query(query))


def _of_days(photo_ids: Sequence[int]) -> str:
    """Photos, as a title: when they were taken."""
    span = unlisted.span(library().db, photo_ids)
    if span is None:
        return _("Photos")
    first, last = words.whole_date(span[0]), words.whole_date(span[1])
    return first if first == last else f"{first} – {last}"


def how_many(wanted: Wanted) -> Whereabouts:
    """Of the photos to be shared: how many there are, and what they say about places."""
    db = library().db
    if wanted.album is not None:
        return whereabouts.of_album(db, wanted.owner_id, wanted.album.id)
    photo_ids = wanted.photo_ids
    if wanted.query is not None:
        photo_ids, _is_whole = engine.ids(library(), wanted.owner_id, wanted.query, album_searches.MOST, PATIENCE)
    return whereabouts.of_photos(db, wanted.owner_id, photo_ids)


def album_for(db: Database, wanted: Wanted, takes_more: bool = False) -> int:
    """The album that shows it; called inside write(). takes_more: those with whom it is shared may add to it."""
    if wanted.album is not None:
        return wanted.album.id
    if wanted.query is not None:
        return unlisted.of_search(db, wanted.owner_id, wanted.query, wanted.title)
    return unlisted.of_photos(db, wanted.owner_id, wanted.photo_ids, wanted.title, takes_more)


def make(wanted: Wanted, said: Mapping[str, Any], password: str | None) -> tuple[Link, str]:
    """A new link, with its token. said: options as links.checked() takes them. A link to an album is its owner's, whoever makes it."""
    options = links.checked(said)
    if wanted.album is not None:
        check_places(wanted.album, bool(options.get("show_location")))
    hashed = doors.hashed(password) if password is not None else None
    key = links.key(library().data)
    with write(library().db, durable=True) as db:
        album_id = album_for(db, wanted, options.get("permission") == "contribute")
        made = links.make(db, wanted.owner_id, album_id, wanted.kind, key, hashed, **options)
    if wanted.query is not None:
        album_searches.freshen(library(), albums.album(library().db, made[0].album_id), PATIENCE)
    return made


def change(link: Link, said: Mapping[str, Any], passwords: Sequence[str | None] = ()) -> Link:
    """Other options of a link; passwords: another one, [None] for none, nothing to leave it as it is."""
    options = links.checked(said)
    if options.get("show_location") and not link.show_location:
        check_places(albums.album(library().db, link.album_id), True)
    hashed = [doors.hashed(each) if each is not None else None for each in passwords]
    with write(library().db, durable=True) as db:
        now = links.change(db, links.by_id(db, link.id), options)
        for each in hashed:
            now = links.set_password(db, now, each)
    return now


def allowed_link(link_id: int) -> Link:
    """A link to something that the visitor may hand on. Raises NotFound for any other, whether it exists or not."""
    found = links.by_id(library().db, link_id)
    if not access.may(visitor(), "manage", albums.album(library().db, found.album_id)):
        raise NotFound("There is no such link.")
    return found


# ---------------------------------------------------------------- what is said of a link


def share_url(link: Link, token: str | None = None, album: Album | None = None) -> str | None:
    """The whole address of a link, with its name; None when it cannot be known any more, or opens more than whoever asks may know."""
    if link.show_location and not access.sees_location(visitor(), album or albums.album(library().db, link.album_id)):
        return None
    text = token or links.token(library().db, link, links.key(library().data))
    if text is None:
        return None
    return urljoin(reached.base(), shared.page_address(link, text))


def title_of(link: Link, album: Album) -> str:
    """What visitors see above the photos."""
    return link.name or album.title


def called(link: Link, album: Album) -> str:
    """What a link shows, for its owner."""
    if link.name:
        return link.name
    return album.query if album.query is not None and link.kind == "search" else album.title


def holds(link: Link, album: Album) -> str:
    """What is shared, in words: "Album, 41 photos"."""
    photos = ngettext("%(num)s photo", "%(num)s photos", album.photos)
    if link.kind == "photo":
        return _("One photo")
    kind = {"album": _("Album"), "search": _("Search that stays live")}.get(link.kind) or _("Chosen photos")
    return f"{kind}, {photos}"


def link_json(link: Link, counts: Counts, album: Album) -> dict[str, Any]:
    same = (
        "kind", "album_id", "expires_at", "max_uses", "uses", "show_location", "show_camera", "may_preview", "name", "note", "created_at",
        "revoked_at", "has_ended",
    )  # fmt: skip
    return {
        "link_id": link.id,
        **{name: getattr(link, name) for name in same},
        "title": title_of(link, album),
        "query": album.query,
        "permissions": link.permission,
        "has_password": link.password is not None,
        "share_url": share_url(link, album=album),
        "counts": {
            "visits": counts.visits,
            "downloads": counts.downloads,
            "refused": counts.refused,
            "last_opened_at": counts.last_at,
        },
    }


def links_json(found: Sequence[Link]) -> list[dict[str, Any]]:
    counted = listing.counts(library().db, [each.id for each in found])
    shown = albums_of(found)
    return [link_json(each, counted[each.id], shown[each.album_id]) for each in found]


def albums_of(found: Sequence[Link]) -> dict[int, Album]:
    """The albums that links show, by their ids."""
    return {each.id: each for each in albums.some(library().db, list({link.album_id for link in found}))}


def one_of_both(said: Mapping[str, Any], *names: str) -> str:
    """Which of these was said. Raises BadInput unless it is one."""
    given = [name for name in names if said.get(name) is not None]
    if len(given) != 1:
        raise BadInput("Say what to share: one of %(names)s.", names=", ".join(names))
    return given[0]
