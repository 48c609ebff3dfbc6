"""What people do to albums: make, call, nest, arrange, fill and delete them; and how each act is undone (edits.undo).

An act notes what it takes to undo it: albums made, columns and rows as they were, photos put in, taken out and moved. Photos themselves
are never touched. Functions that write expect to be called inside `db.write()`, with albums and photos that may be edited.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from photolib import album_order, album_rows, albums, edits, kept_rows
from photolib.albums import ORDERS, Album
from photolib.errors import BadInput, NotFound
from photolib.search import saved
from photolib.sharing import activity, grants, members, resting
from photolib.sharing.grants import ROLES, Role
from photolib.sources import now

LONGEST_TITLE, LONGEST_DESCRIPTION = 200, 5000
MOST_LEVELS = 10  # of albums in albums
# What goes with an album and comes back with it: to whom it is shared, and what happened there. In the order in which one needs the other.
_OF_LINKS = "link_id in (select id from links where album_id = ?)"
SHARED_BY = {
    "grants": "album_id = ?",
    "links": "album_id = ?",
    "link_visits": _OF_LINKS,
    "link_log": f"{_OF_LINKS} order by id desc limit 2000",
    "contributions": _OF_LINKS,
    "album_activity": "album_id = ? order by id desc limit 2000",
}


@dataclass(frozen=True)
class AlbumEdit:
    """An act on an album. id undoes it, None when nothing had to change; what: make, change, delete, add, remove or move."""

    id: int | None
    what: str
    album_id: int
    photo_ids: list[int]


def make(
    db: Database,
    user_id: int,
    title: str,
    description: str = "",
    parent: Album | None = None,
    photo_ids: Sequence[int] = (),
    query: str | None = None,
    folder_id: int | None = None,
    is_tree: bool = False,
) -> AlbumEdit:
    """A new album of these photos, or of a folder that it follows from now on, or of whatever a query finds. Raises BadInput.

    is_tree: it follows the folders in the folder as well.
    """
    count = db.conn.execute(
        "select count(*) from albums where owner_id = ? and is_unlisted = 0", (user_id,)
    ).fetchone()[0]
    if count >= albums.MOST:
        raise BadInput("There are %(most)s albums already; delete one first.", most=albums.MOST)
    if sum((bool(photo_ids), query is not None, folder_id is not None)) > 1:
        raise BadInput("An album is made of photos, or of a folder, or of a search.")
    kind = "search" if query is not None else "folder" if folder_id is not None else "manual"
    if parent and len(albums.path(db, parent.id)) >= MOST_LEVELS:
        raise BadInput("Albums lie in albums at most %(most)s deep.", most=MOST_LEVELS)
    album_id = album_rows.add(
        db, user_id, kept_title(title), kind, kept_description(description),
        parent_id=parent.id if parent else None, query=saved.kept_query(query) if query is not None else None,
        order_by="newest" if query is not None else "oldest",
    )  # fmt: skip
    if folder_id is not None:
        photo_ids = _follow(db, user_id, album_id, folder_id, is_tree)
    put = album_rows.put_at_end(db, album_id, photo_ids)
    return _done(db, user_id, "make", album_id, put, {"made": [album_id]})


def _follow(db: Database, user_id: int, album_id: int, folder_id: int, is_tree: bool) -> list[int]:
    """The owner's photos of a folder, in order of time; those that come to it later follow by a trigger (m006, m013)."""
    inside = "union all select folders.id from folders join below on folders.parent_id = below.id" if is_tree else ""
    folders = [
        row[0]
        for row in db.conn.execute(
            f"with recursive below(id) as (select ? {inside}) select id from below", (folder_id,)
        ).fetchall()
    ]
    rows = db.conn.execute(
        """select distinct photos.id, shown_at from sources join photos on photos.id = photo_id
           where folder_id in (select value from json_each(?)) and sources.owner_id = ? order by shown_at, photos.id""",
        (json.dumps(folders), user_id),
    ).fetchall()
    if not rows:
        raise NotFound("There is no such folder.")
    db.conn.executemany(
        "insert into album_folders (album_id, folder_id, is_tree) values (?, ?, ?)",
        [(album_id, each, int(is_tree)) for each in folders],
    )
    return [row[0] for row in rows]


def change(db: Database, user_id: int, album: Album, changes: Mapping[str, Any]) -> AlbumEdit:
    """Give an album another title, description, order_by, cover_id, parent_id (null for none) or query. Raises BadInput."""
    before = _change(db, album, changes)
    if not before:
        return AlbumEdit(None, "change", album.id, [])
    if "title" in before:
        activity.note(db, album.id, user_id, activity.CHANGED, said=kept_title(changes["title"]))
    return _done(db, user_id, "change", album.id, [], {"columns": {album.id: before}})


def _change(db: Database, album: Album, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Make these changes; return the columns they changed, as they were."""
    wanted = {name: _checked(db, album, name, value) for name, value in changes.items()}
    names = ("title", "description", "order_by", "cover_id", "parent_id", "query", "is_arranged")
    row = db.conn.execute(f"select {', '.join(names)} from albums where id = ?", (album.id,)).fetchone()
    was = dict(zip(names, row, strict=True))
    if wanted.get("order_by") == "manual" and not was["is_arranged"]:
        album_order.arrange(db, album.id, is_newest_first=was["order_by"] == "newest")
        wanted["is_arranged"] = 1
    before = {name: was[name] for name, value in wanted.items() if value != was[name]}
    if before:
        _set(db, album.id, {name: wanted[name] for name in before})
    return before


def delete(db: Database, user_id: int, album: Album) -> AlbumEdit:
    """The album goes, its photos stay where they are; albums in it move up to where it was. Nobody it was shared with sees it any more."""
    columns = [row[1] for row in db.conn.execute("pragma table_info(albums)")]
    row = db.conn.execute(f"select {', '.join(columns)} from albums where id = ?", (album.id,)).fetchone()
    kept = dict(zip(columns, row, strict=True)) | {"photos": 0, "found_at": None}
    within = [each[0] for each in db.conn.execute("select id from albums where parent_id = ?", (album.id,))]
    held = db.conn.execute(
        "select photo_id, position, added_at, added_by from album_photos where album_id = ?", (album.id,)
    ).fetchall()
    folders = db.conn.execute("select folder_id, is_tree from album_folders where album_id = ?", (album.id,)).fetchall()
    resting.rest(db, album.id)
    shared = {table: kept_rows.rows(db, table, where, [album.id]) for table, where in SHARED_BY.items()}
    db.conn.execute("update albums set parent_id = ? where parent_id = ?", (album.parent_id, album.id))
    db.conn.execute("delete from album_photos where album_id = ?", (album.id,))
    db.conn.execute("delete from albums where id = ?", (album.id,))
    before = {
        "deleted": kept,
        "folders": folders,
        "shared": {table: rows for table, rows in shared.items() if rows},
        "taken": {album.id: held},
        "columns": {each: {"parent_id": album.id} for each in within},
    }
    return _done(db, user_id, "delete", album.id, [each[0] for each in held], before)


def put(db: Database, user_id: int, album: Album, photo_ids: Sequence[int]) -> AlbumEdit:
    """Put photos behind those that are in an album. Those that are in it already stay where they are."""
    _by_hand(album)
    fresh = add(db, user_id, album, photo_ids)
    return _done(db, user_id, "add", album.id, fresh, {"put": {album.id: fresh}})


def add(db: Database, user_id: int, album: Album, photo_ids: Sequence[int]) -> list[int]:
    """Put photos behind those that are in an album that is filled by hand, for those who are in it to see who did; return those that were
    not in it: none for whoever may not add to it any more, or when it is gone meanwhile. Nothing is noted to undo."""
    if not _holds(db, user_id, album.id, "contribute"):
        return []
    fresh = album_rows.put_at_end(db, album.id, photo_ids, added_by=user_id if user_id != album.owner_id else None)
    if fresh:
        activity.note(db, album.id, user_id, activity.ADDED, len(fresh))
    return fresh


def take(db: Database, user_id: int, album: Album, photo_ids: Sequence[int]) -> AlbumEdit:
    """Take photos out of an album. Those that are not in it are left out."""
    _by_hand(album)
    taken = db.conn.execute(
        """delete from album_photos where album_id = ? and photo_id in (select value from json_each(?))
           returning photo_id, position, added_at, added_by""",
        (album.id, json.dumps(list(photo_ids))),
    ).fetchall()
    gone = [each[0] for each in taken]
    before: dict[str, Any] = {"taken": {album.id: taken}}
    chosen = db.conn.execute("select cover_id from albums where id = ?", (album.id,)).fetchone()[0]
    if chosen in gone:
        _set(db, album.id, {"cover_id": None})
        before["columns"] = {album.id: {"cover_id": chosen}}
    if gone:
        activity.note(db, album.id, user_id, activity.REMOVED, len(gone))
    return _done(db, user_id, "remove", album.id, gone, before)


def move(
    db: Database,
    user_id: int,
    album: Album,
    photo_ids: Sequence[int],
    before: int | None = None,
    after: int | None = None,
) -> AlbumEdit:
    """Move photos, in the order given, right before or after another one, or to the end; the album is arranged by hand from now on.

    Raises NotFound when one of them is not in the album, BadInput when they would stand beside themselves.
    """
    _by_hand(album)
    columns = _change(db, album, {"order_by": "manual"})
    noted: dict[str, Any] = {"moved": {album.id: album_order.move(db, album.id, photo_ids, before, after)}}
    if columns:
        noted["columns"] = {album.id: columns}
    activity.note(db, album.id, user_id, activity.MOVED, len(set(photo_ids)))
    return _done(db, user_id, "move", album.id, list(dict.fromkeys(photo_ids)), noted)


# ---------------------------------------------------------------- what may be said


def kept_title(title: Any) -> str:
    """A title as it is kept. Raises BadInput for one that cannot be."""
    kept = " ".join(title.split()) if isinstance(title, str) else ""
    if not kept or len(kept) > LONGEST_TITLE or not kept.isprintable():
        raise BadInput("An album needs a title of at most %(most)s letters.", most=LONGEST_TITLE)
    return kept


def kept_description(text: Any) -> str:
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > LONGEST_DESCRIPTION:
        raise BadInput("A description has at most %(most)s letters.", most=LONGEST_DESCRIPTION)
    return text.replace("\0", "").replace("\r\n", "\n").strip()


def _checked(db: Database, album: Album, name: str, value: Any) -> Any:
    if name == "title":
        return kept_title(value)
    if name == "description":
        return kept_description(value)
    if name == "order_by":
        if value not in ORDERS or (value == "manual" and album.query is not None):
            raise BadInput(
                "An album is ordered from old to new (oldest), from new to old (newest), or by hand (manual)."
            )
        return value
    if name == "query" and album.query is not None:
        return saved.kept_query(value)
    if name == "cover_id":
        return _cover(db, album, value)
    if name == "parent_id":
        return _parent(db, album, value)
    raise BadInput(
        "What can be changed about an album: title, description, order_by, cover_id, parent_id, query of one made of it."
    )


def _cover(db: Database, album: Album, photo_id: Any) -> int | None:
    if photo_id is None:
        return None
    row = db.conn.execute(
        "select 1 from album_members where album_id = ? and photo_id = ?",
        (album.id, photo_id if type(photo_id) is int else -1),
    ).fetchone()
    if row is None:
        raise BadInput("The cover of an album is one of its photos.")
    return photo_id


def _parent(db: Database, album: Album, parent_id: Any) -> int | None:
    """Raises BadInput when an album would lie in itself, or too deep."""
    if parent_id is None:
        return None
    within = albums.inside(db, album.id)
    if parent_id in within:
        raise BadInput("An album cannot lie in itself.")
    above = len(albums.path(db, parent_id))
    if above + _levels(db, album.id) > MOST_LEVELS:
        raise BadInput("Albums lie in albums at most %(most)s deep.", most=MOST_LEVELS)
    return parent_id


def _levels(db: Database, album_id: int) -> int:
    """How many levels an album and those in it make."""
    row = db.conn.execute(
        """with recursive below(id, level) as (
             select ?, 1 union all select albums.id, level + 1 from albums join below on albums.parent_id = below.id
           ) select max(level) from below""",
        (album_id,),
    ).fetchone()
    return row[0]


def _by_hand(album: Album) -> None:
    if album.query is not None:
        raise BadInput("This album is filled by its search. Change what it searches for instead.")


# ---------------------------------------------------------------- noting and undoing


def _done(
    db: Database, user_id: int, what: str, album_id: int, photo_ids: list[int], before: dict[str, Any]
) -> AlbumEdit:
    if what in ("add", "remove") and not photo_ids:
        return AlbumEdit(None, what, album_id, [])
    if what != "delete":
        db.conn.execute("update albums set changed_at = max(changed_at, ?) where id = ?", (now(), album_id))
    return AlbumEdit(edits.log(db, user_id, f"album-{what}", before, len(photo_ids)), what, album_id, photo_ids)


def _set(db: Database, album_id: int, columns: Mapping[str, Any]) -> None:
    if "query" in columns:
        columns = {**columns, "found_at": None}  # to be asked anew
    marks = ", ".join(f"{name} = ?" for name in columns)
    db.conn.execute(f"update albums set {marks} where id = ?", (*columns.values(), album_id))


def _undo(db: Database, owner_id: int, before: dict[str, Any]) -> list[int]:
    """What others did in the meantime stays: only what this act changed is put back, as far as it is still there. Raises NotFound for
    whoever may not do so in the album any more."""
    _still_allowed(db, owner_id, before)
    concerned: set[int] = set()
    for album_id in before.get("made", ()):
        concerned |= {
            row[0] for row in db.conn.execute("select photo_id from album_photos where album_id = ?", (album_id,))
        }
        db.conn.execute("delete from album_photos where album_id = ?", (album_id,))
        db.conn.execute("delete from albums where id = ?", (album_id,))
    if album := before.get("deleted"):
        album["parent_id"] = _one_of(db, "albums", album["parent_id"])
        album["cover_id"] = _one_of(db, "photos", album["cover_id"])
        db.conn.execute(
            f"insert into albums ({', '.join(album)}) values ({', '.join('?' * len(album))})", tuple(album.values())
        )
        db.conn.execute(
            """insert into album_folders (album_id, folder_id, is_tree) select ?, folders.id, value ->> 1
               from json_each(?) join folders on folders.id = value ->> 0""",
            (album["id"], json.dumps(before["folders"])),
        )
        for table in SHARED_BY:
            kept_rows.put_back(db, table, before.get("shared", {}).get(table, ()))
        resting.wake(db, album["id"])
    for album_id, columns in before.get("columns", {}).items():
        _set(db, int(album_id), _still_possible(db, int(album_id), columns))
    for album_id, photo_ids in before.get("put", {}).items():
        concerned |= set(photo_ids)
        activity.note(db, int(album_id), owner_id, activity.REMOVED, len(photo_ids))
        db.conn.execute(
            "delete from album_photos where album_id = ? and photo_id in (select value from json_each(?))",
            (int(album_id), json.dumps(photo_ids)),
        )
    for album_id, rows in before.get("taken", {}).items():
        concerned |= {row[0] for row in rows}
        _put_back(db, int(album_id), rows)
        if not before.get("deleted"):
            activity.note(db, int(album_id), owner_id, activity.ADDED, len(rows))
    for album_id, places in before.get("moved", {}).items():
        concerned |= {photo_id for _, photo_id in places}
        album_order.put_back(db, int(album_id), places)
    return sorted(concerned)


def _still_allowed(db: Database, user_id: int, before: Mapping[str, Any]) -> None:
    """Raises NotFound unless somebody may do to these albums what taking their act back does."""
    needed: dict[int, Role] = {}
    for name in ("put", "taken", "moved", "columns"):
        for album_id, what in before.get(name, {}).items():
            is_more = name == "columns" and set(what) - {"order_by", "is_arranged"}
            needed[int(album_id)] = "manage" if is_more or needed.get(int(album_id)) == "manage" else "contribute"
    for album_id, role in needed.items():
        is_there = db.conn.execute("select 1 from albums where id = ?", (album_id,)).fetchone() is not None
        if is_there and not _holds(db, user_id, album_id, role):
            raise NotFound("This can no longer be undone.")


def _holds(db: Database, user_id: int, album_id: int, role: Role) -> bool:
    """Whether an album is there and somebody's, or they have at least this role in it."""
    row = db.conn.execute("select owner_id from albums where id = ?", (album_id,)).fetchone()
    if row is None or row[0] == user_id:
        return row is not None
    permit = grants.on_album(db, user_id, album_id)
    return permit is not None and ROLES.index(permit.role) >= ROLES.index(role)


def _still_possible(db: Database, album_id: int, columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as they were, but for a parent or a cover that is gone, or that lies in the album by now."""
    back = dict(columns)
    if "cover_id" in back:
        back["cover_id"] = _one_of(db, "photos", back["cover_id"])
    if "parent_id" in back:
        parent_id = _one_of(db, "albums", back["parent_id"])
        back["parent_id"] = None if parent_id in albums.inside(db, album_id) else parent_id
    return back


def _put_back(db: Database, album_id: int, rows: Iterable[Sequence[Any]]) -> None:
    """Photos that are gone for good in the meantime are left out, and all of them when the album is."""
    db.conn.execute(
        """insert into album_photos (album_id, photo_id, position, added_at, added_by)
           select albums.id, photos.id, value ->> 1, value ->> 2, (select id from users where users.id = value ->> 3)
           from json_each(?) join photos on photos.id = value ->> 0 join albums on albums.id = ?
           where not exists (select 1 from album_photos where album_id = albums.id and photo_id = photos.id)""",
        (json.dumps(list(rows)), album_id),
    )
    members.sweep(db, album_id)  # nobody's photos come back who has left meanwhile


def _one_of(db: Database, table: str, row_id: int | None) -> int | None:
    """The id when there still is such a row."""
    row = db.conn.execute(f"select id from {table} where id = ?", (row_id,)).fetchone()
    return row[0] if row else None


for _act in ("make", "change", "delete", "add", "remove", "move"):
    edits.undoing[f"album-{_act}"] = _undo
