"""The folders that photos came from, as a tree: what lies in one, how many photos there are, and the way up.

A folder is shown to whoever has photos in it or below it. Counts are kept by triggers (m008); those of folders below are added
up when somebody looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from photolib import sources
from photolib.errors import NotFound

MOST = 2000  # folders of one level that are shown


@dataclass(frozen=True)
class Folder:
    """path: as people read it; photos: in the folder itself; in_all: with everything below it; parent_id: None at the top."""

    id: int
    name: str
    path: str
    photos: int
    in_all: int
    parent_id: int | None
    is_archive: bool = False

    @property
    def has_more_below(self) -> bool:
        return self.in_all > self.photos


_BELOW = """with recursive below(top, id) as (
    select id, id from folders where {start}
    union all select top, folders.id from folders join below on folders.parent_id = below.id)
  select folders.id, path, inner, parent_id, sum(case when below.id = top then photos else 0 end), sum(photos)
  from below join folder_counts on folder_id = below.id and owner_id = ? join folders on folders.id = top
  group by top having sum(photos) > 0"""


def folder(db: Database, owner_id: int, folder_id: int) -> Folder:
    """Raises NotFound when this owner has no photo in it or below it."""
    found = _folders(db, owner_id, "id = ?", folder_id)
    if not found:
        raise NotFound("There is no such folder.")
    return found[0]


def below(db: Database, owner_id: int, folder_id: int) -> list[Folder]:
    """The folders in a folder, by name. A folder that only holds one other is left out for it: "2019/06" for both."""
    return _sorted([_shortened(db, owner_id, each) for each in _folders(db, owner_id, "parent_id = ?", folder_id)])


def tops(db: Database, owner_id: int) -> list[Folder]:
    """Where an owner's folders begin: the deepest that hold all the others, or those in it where that is only one."""
    found = [_shortened(db, owner_id, each) for each in _folders(db, owner_id, "parent_id is null")]
    while len(found) == 1 and not found[0].photos:
        found = below(db, owner_id, found[0].id)
    return _sorted([replace(each, name=_whole_name(each)) for each in found])


def trail(db: Database, owner_id: int, folder_id: int) -> list[Folder]:
    """The folders from one of tops() down to this one; of those above it nobody has counted what is in all. Raises NotFound."""
    found = [folder(db, owner_id, folder_id)]
    begin = {each.id: each for each in tops(db, owner_id)}
    while found[0].id not in begin and found[0].parent_id is not None:
        up = _alone(db, owner_id, found[0].parent_id)
        if up.id in begin or up.photos or _only_child(db, owner_id, up.id) is None:
            found.insert(0, up)
        else:  # it is shown as the beginning of the name of the one below it
            found[0] = replace(found[0], name=f"{up.name}/{found[0].name}", parent_id=up.parent_id)
    if found[0].id in begin:
        found[0] = begin[found[0].id]
    return found


def _alone(db: Database, owner_id: int, folder_id: int) -> Folder:
    """A folder without what lies below it."""
    row = db.conn.execute(
        """select id, path, inner, parent_id, coalesce(photos, 0), coalesce(photos, 0)
           from folders left join folder_counts on folder_id = id and owner_id = ? where id = ?""",
        (owner_id, folder_id),
    ).fetchone()
    return _folder(*row)


def _only_child(db: Database, owner_id: int, folder_id: int) -> Folder | None:
    """The folder in this one, where that is only one with photos."""
    rows = db.conn.execute("select id from folders where parent_id = ? limit 2", (folder_id,)).fetchall()
    if len(rows) == 1:  # as is most often so: nothing has to be added up
        return _alone(db, owner_id, rows[0][0])
    inside = _folders(db, owner_id, "parent_id = ?", folder_id)
    return inside[0] if len(inside) == 1 else None


def _folders(db: Database, owner_id: int, start: str, *values: int) -> list[Folder]:
    rows = db.conn.execute(f"{_BELOW.format(start=start)} limit {MOST}", (*values, owner_id)).fetchall()
    return [_folder(*row) for row in rows]


def _folder(number: int, path: bytes, inner: bytes | None, parent_id: int | None, photos: int, in_all: int) -> Folder:
    whole = path.removesuffix(b"!/") if inner == b"" else path
    name = whole.rpartition(b"/")[2] or whole
    return Folder(
        number, sources.shown_name(name), sources.shown_name(whole), photos, in_all, parent_id, is_archive=inner == b""
    )


def _shortened(db: Database, owner_id: int, here: Folder) -> Folder:
    """The first folder at or below this one that has photos of its own or several others in it, with the names on the way."""
    name, in_all = here.name, here.in_all
    while not here.photos and (inside := _only_child(db, owner_id, here.id)):
        here = inside
        name = f"{name.rstrip('/')}/{here.name}"
    return replace(here, name=name, in_all=in_all)


def _whole_name(top: Folder) -> str:
    """A folder at the top is called by its last name alone; the others say where it lies."""
    return top.name.rpartition("/")[2] or top.path


def _sorted(found: Sequence[Folder]) -> list[Folder]:
    return sorted(found, key=lambda each: (each.name.casefold(), each.path))
