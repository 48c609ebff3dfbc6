"""What a link shows: the photos of its album in their order, piece by piece, each known by its key alone.

Whoever holds a link learns no ids. A place in the order is told as the moment (or the rank) and the key of a photo, which they are
shown anyway; it holds when that photo has left the album meanwhile.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from photolib import catalog, scopes
from photolib.albums import Album
from photolib.catalog import Media, Tile
from photolib.errors import BadInput
from photolib.scopes import Ordered, Scope

MOST_CHOSEN = 2000  # photos that somebody chooses by hand for one download


@dataclass(frozen=True)
class Piece:
    """Some photos in the album's order, and the cursor that continues after them; None at the end."""

    photos: list[Tile]
    cursor: str | None


def page(db: Database, album: Album, after: str | None = None, size: int = 100) -> Piece:
    """The photos of an album from its start, or after a cursor. Raises BadInput for a cursor that is none."""
    this = _ordered(db, album)
    here, values = "", tuple[object, ...]()
    if after:
        at, key = _read_cursor(after)
        here = f"and ({this.by}, {this.id}) {this.after} (?, ?)"
        values = (at, _last_of(db, this, at, key))
    rows = db.conn.execute(
        f"""select at, {catalog.TILE} from (
              select {this.by} as at, {this.id} as here_id from {this.alone} where {this.where} {here} order by {this.order} limit ?)
            cross join photos on photos.id = here_id order by at {this.down}, here_id {this.down}""",
        (*this.values, *values, size + 1),
    ).fetchall()  # fmt: skip
    tiles = [catalog.tile(row[1:]) for row in rows[:size]]
    return Piece(tiles, _cursor(rows[size - 1][0], tiles[-1].key) if len(rows) > size else None)


def find(db: Database, album: Album, key: str) -> Tile | None:
    """The photo with this key as the album shows it."""
    row = db.conn.execute(
        """select photos.id from photos where key = ?
           and exists (select 1 from album_members where album_id = ? and photo_id = photos.id) order by photos.id limit 1""",
        (key, album.id),
    ).fetchone()
    return catalog.tiles(db, [row[0]])[0] if row else None


def among(db: Database, album_id: int, photo_ids: Sequence[int]) -> set[int]:
    """Which of these photos an album shows: one question, however many they are and whether there are any."""
    rows = db.conn.execute(  # asked so, it never goes through all of a large album
        """select value from json_each(:photos)
           where exists (select 1 from album_members where album_id = :album and photo_id = value)""",
        {"photos": json.dumps(list(photo_ids)), "album": album_id},
    )
    return {row[0] for row in rows.fetchall()}


def beside(db: Database, album: Album, photo_id: int) -> tuple[str | None, str | None]:
    """The keys of the photos before and after one in the album's order."""
    both = scopes.neighbours(db, album.owner_id, photo_id, Scope("album", (album.id,)))
    keys = {tile.id: tile.key for tile in catalog.tiles(db, [each for each in both if each is not None])}
    return keys.get(both[0] or 0), keys.get(both[1] or 0)


def newest(db: Database, album: Album, size: int) -> list[Tile]:
    """The photos of an album that were taken last, the latest first."""
    table = "album_photos" if album.query is None else "found_photos"
    rows = db.conn.execute(
        f"select photo_id from {table} where album_id = ? and is_here = 1 order by photo_at desc, photo_id desc limit ?",
        (album.id, size),
    )
    return catalog.tiles(db, [row[0] for row in rows.fetchall()])


def at_random(db: Database, album: Album, size: int) -> list[Tile]:
    """Some of an album's photos, others each time."""
    return catalog.tiles(db, scopes.at_random(db, album.owner_id, Scope("album", (album.id,)), size))


def chosen(db: Database, album: Album, keys: Sequence[str]) -> list[int]:
    """The ids of the photos with these keys that the album shows, in this order; others are left out. Raises BadInput for too many."""
    if len(keys) > MOST_CHOSEN:
        raise BadInput("Choose at most %(most)s photos at a time, or all of them.", most=MOST_CHOSEN)
    rows = db.conn.execute(
        """select json_each.key, min(photos.id) from json_each(?) join photos on photos.key = json_each.value
           where exists (select 1 from album_members where album_id = ? and photo_id = photos.id) group by json_each.key
           order by json_each.key""",
        (json.dumps(list(dict.fromkeys(keys))), album.id),
    )
    return [row[1] for row in rows.fetchall()]


def everything(db: Database, album: Album, most: int) -> list[int]:
    """The ids of all photos that the album shows, in order, at most so many."""
    return scopes.ids(db, album.owner_id, Scope("album", (album.id,)), most)


def files(db: Database, photo_ids: Sequence[int]) -> list[Media]:
    """The file that each of these photos shows, and the film of a live photo behind it; in this order. RAW files stay at home."""
    rows = db.conn.execute(
        """with chosen as (select key as place, value as photo_id from json_each(?))
           select photos.id, owner_id, status, filename, originals.key, originals.format, media_type, size, 'main', null, null, place, 0
             from chosen join photos on photos.id = photo_id join originals on originals.key = photos.key
           union all
           select photos.id, owner_id, status, filename, originals.key, originals.format, media_type, size, role, null, null, place,
               parts.id
             from chosen join photos on photos.id = chosen.photo_id join parts on parts.photo_id = photos.id
               join originals on originals.key = parts.key
             where role = 'video' and byte_offset is null
           order by place, 13""",
        (json.dumps(list(photo_ids)),),
    )
    return [Media(*row[:11]) for row in rows.fetchall()]


def version(album: Album) -> str:
    """Another text whenever the album shows other photos, or is called something else; for pages that look now and then."""
    said = f"{album.photos}|{album.first_at}|{album.last_at}|{album.changed_at}|{album.title}|{album.cover_id}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _ordered(db: Database, album: Album) -> Ordered:
    return scopes.ordered(db, album.owner_id, Scope("album", (album.id,)))


def _last_of(db: Database, this: Ordered, at: str, key: str) -> int:
    """The id that a cursor means: of the photo with this key that stands there, else of whichever is first there."""
    row = db.conn.execute(
        f"""select {this.id} from {this.alone} where {this.where} and {this.by} = ?
            and {this.id} in (select id from photos where key = ?) order by {this.reverse} limit 1""",
        (*this.values, at, key),
    ).fetchone()
    return row[0] if row else (-1 if this.after == ">" else 1 << 62)


def _cursor(at: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{at}|{key}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, str]:
    try:
        at, key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
    except (ValueError, binascii.Error) as problem:
        raise BadInput("This cursor is none that photolib gave out.") from problem
    return at, key
