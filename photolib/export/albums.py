"""The albums of an export: their folders' names, and what albums.json and people.json say of them, made piece by piece."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from photolib import scopes
from photolib.export import layout, sidecars
from photolib.library import Library
from photolib.scopes import Scope

# The path of a photo in the export, by its key; None when it is not in it.
PathOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Album:
    """titles: its own and, before it, those of the albums it lies in."""

    id: int
    titles: tuple[str, ...]
    description: str
    kind: str
    query: str | None
    order_by: str
    created_at: str
    parent_id: int | None
    cover_id: int | None

    @property
    def path(self) -> str:
        """The titles with "/" between them, as other programs nest names."""
        return "/".join(each.replace("/", "_") for each in self.titles)

    @property
    def folder(self) -> str:
        """The same as folders on a disk."""
        return "/".join(layout.plain(each, layout.LONGEST_FOLDER) or "Album" for each in self.titles)


class Albums:
    """An owner's albums, without the unlisted ones that only a share link shows. within: only these."""

    def __init__(self, lib: Library, owner_id: int, within: set[int] | None = None) -> None:
        rows = lib.db.conn.execute(
            """select id, title, coalesce(description, ''), kind, query, order_by, created_at, parent_id, cover_id from albums
               where owner_id = ? and is_unlisted = 0 order by id""",
            (owner_id,),
        ).fetchall()
        self._lib, self._owner_id = lib, owner_id
        parents = {row[0]: (row[1], row[7]) for row in rows}
        self.known = {
            row[0]: Album(row[0], _titles(row[0], parents), *row[2:])
            for row in rows
            if within is None or row[0] in within
        }

    def of(self, album_ids: list[int]) -> list[Album]:
        """Those of these that are part of the export."""
        return [self.known[each] for each in album_ids if each in self.known]

    def keys(self, album: Album) -> Iterator[str]:
        """The keys of an album's photos, in its order."""
        db = self._lib.db  # of the thread that asks
        this = scopes.ordered(db, self._owner_id, Scope("album", (album.id,)))
        for row in db.conn.execute(
            f"select photos.key from {this.photos} where {this.where} order by {this.order}", tuple(this.values)
        ):
            yield row[0]

    def document(self, path_of: PathOf, has_all: bool = False) -> Iterator[str]:
        """albums.json: every album with its photos in order. An album of a hundred thousand photos is never in memory as a whole.

        has_all: with the photos that lie in another zip, so that their order is whole.
        """
        yield f'{{"photolib": {sidecars.VERSION}, "albums": ['
        for number, album in enumerate(self.known.values()):
            head = {
                "album_id": album.id, "title": album.titles[-1], "path": list(album.titles), "description": album.description,
                "kind": album.kind, "query": album.query, "order_by": album.order_by, "created_at": album.created_at,
                "parent_id": album.parent_id if album.parent_id in self.known else None, "cover": self._key(album.cover_id),
            }  # fmt: skip
            yield (",\n" if number else "\n") + json.dumps(head, ensure_ascii=False)[:-1] + ', "photos": ['
            separator = "\n "
            for key in self.keys(album):
                path = path_of(key)
                if path or has_all:
                    yield separator + json.dumps({"file": path, "key": key}, ensure_ascii=False)
                    separator = ",\n "
            yield "]}"
        yield "\n]}\n"

    def playlist(self, album: Album, path_of: PathOf) -> Iterator[str]:
        """An album as a list of files, for disks that cannot hold one file in two folders (M3U; VLC, Kodi and others show it).

        Paths are relative to the list, which lies as deep as the album.
        """
        up = "../" * len(album.titles)
        yield "#EXTM3U\n"
        for key in self.keys(album):
            if path := path_of(key):
                yield f"{up}{path}\n"

    def _key(self, photo_id: int | None) -> str | None:
        row = self._lib.db.conn.execute("select key from photos where id = ?", (photo_id,)).fetchone()
        return row[0] if row else None


def people_document(db: Database, owner_id: int, path_of: PathOf) -> str:
    """people.json: everybody with a name, with the face that stands for them."""
    rows = db.conn.execute(
        """select people.id, name, birthday, is_hidden, key, x, y, w, h,
             (select count(distinct photo_id) from faces where person_id = people.id and state = 'found')
           from people left join faces on faces.id = cover_face_id left join photos on photos.id = photo_id
           where people.owner_id = ? and name is not null order by people.id""",
        (owner_id,),
    )
    people = [
        {
            "person_id": number, "name": name, "birthday": birthday, "is_hidden": bool(hidden), "photos": photos,
            "cover": {"file": path_of(key), "key": key, "box": dict(zip("xywh", box, strict=True))} if key and path_of(key) else None,
        }
        for number, name, birthday, hidden, key, *box, photos in rows.fetchall()
    ]  # fmt: skip
    return json.dumps({"photolib": sidecars.VERSION, "people": people}, ensure_ascii=False, indent=1) + "\n"


def _titles(album_id: int, parents: dict[int, tuple[str, int | None]]) -> tuple[str, ...]:
    titles: list[str] = []
    seen: set[int] = set()
    here: int | None = album_id
    while here in parents and here not in seen:
        seen.add(here)
        title, here = parents[here]
        titles.insert(0, title)
    return tuple(titles)
