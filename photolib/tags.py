"""An owner's tags as a list: rename, merge, delete, each with an undo. Tagging photos is edits.py's.

What files say when they are read again goes by what was decided here: a keyword that was renamed is the tag of its new name, one that was
deleted is none. Functions that write expect to be called inside `db.write()`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from photolib import edits
from photolib.edits import Edit
from photolib.errors import BadInput, NotFound


@dataclass(frozen=True)
class Tag:
    """photos: how many have it and are not in the trash. cover: the key of the newest of them."""

    id: int
    name: str
    photos: int
    cover: str | None = None


def tags(db: Database, owner_id: int) -> list[Tag]:
    """An owner's tags that are on some photo, by name."""
    in_trash = dict(
        db.conn.execute(  # few, so that the photos of all the others need not be looked up
            """select tag_id, count(*) from photo_tags
               where photo_id in (select id from photos where owner_id = ? and trashed_at is not null) group by tag_id""",
            (owner_id,),
        ).fetchall()
    )
    rows = db.conn.execute(
        """select id, name, (select count(*) from photo_tags where tag_id = tags.id),
             (select key from photos where trashed_at is null and
               id = (select photo_id from photo_tags where tag_id = tags.id order by photo_tags.rowid desc limit 1))
           from tags where owner_id = ?""",
        (owner_id,),
    ).fetchall()
    found = [Tag(number, name, photos - in_trash.get(number, 0), cover) for number, name, photos, cover in rows]
    return sorted((each for each in found if each.photos > 0), key=lambda each: (each.name.casefold(), each.name))


def tag(db: Database, owner_id: int, tag_id: int) -> Tag:
    """Raises NotFound."""
    row = db.conn.execute(
        """select id, name, (select count(*) from photo_tags where tag_id = tags.id) from tags where id = ? and owner_id = ?""",
        (tag_id, owner_id),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such tag.")
    return Tag(*row)


def rename(db: Database, owner_id: int, tag_id: int, name: str) -> Edit:
    """Call a tag otherwise; where there is one of that name, the two become one. Raises BadInput for a name that is none."""
    (wanted,) = edits.checked({"add_tags": [name]})["add_tags"]
    before = tag(db, owner_id, tag_id)
    if before.name == wanted:
        return Edit(None, "rename tag", [])
    other = db.conn.execute("select id from tags where owner_id = ? and name = ?", (owner_id, wanted)).fetchone()
    if other is not None:
        return merge(db, owner_id, other[0], tag_id)
    said = _names(db, owner_id, tag_id)
    db.conn.execute("update tags set name = ? where id = ?", (wanted, tag_id))
    _call(db, owner_id, before.name, tag_id)
    photo_ids = _photos(db, tag_id)
    journal = {"was": before.name, "is": wanted, "names": said}
    return Edit(edits.log(db, owner_id, "rename tag", journal, len(photo_ids)), "rename tag", photo_ids)


def merge(db: Database, owner_id: int, into: int, other: int) -> Edit:
    """Two tags are one: every photo of the other gets the first. Raises BadInput for one and the same."""
    stays, goes = tag(db, owner_id, into), tag(db, owner_id, other)
    if into == other:
        raise BadInput("This is the same tag already.")
    journal = {**_journal(db, owner_id, goes), "into": stays.name}
    journal["both"] = _both(db, into, other)
    db.conn.execute(
        """insert into photo_tags (photo_id, tag_id, source) select photo_id, ?, source from photo_tags where tag_id = ?
           on conflict (photo_id, tag_id) do update set
             source = case when excluded.source = 'person' then 'person' else photo_tags.source end""",
        (into, other),
    )
    db.conn.execute("update tag_names set tag_id = ? where tag_id = ?", (into, other))
    _call(db, owner_id, goes.name, into)
    _drop(db, other)
    photo_ids = [photo_id for photo_id, _ in journal["photos"]]
    return Edit(edits.log(db, owner_id, "merge tags", journal, len(photo_ids)), "merge tags", photo_ids)


def delete(db: Database, owner_id: int, tag_id: int) -> Edit:
    """Take a tag away from all photos. They stay as they are otherwise."""
    goes = tag(db, owner_id, tag_id)
    journal = _journal(db, owner_id, goes)
    db.conn.execute("update tag_names set tag_id = null where tag_id = ?", (tag_id,))
    _call(db, owner_id, goes.name, None)
    _drop(db, tag_id)
    photo_ids = [photo_id for photo_id, _ in journal["photos"]]
    return Edit(edits.log(db, owner_id, "delete tag", journal, len(photo_ids)), "delete tag", photo_ids)


def _journal(db: Database, owner_id: int, goes: Tag) -> dict[str, Any]:
    return {
        "was": goes.name,
        "names": _names(db, owner_id, goes.id),
        "photos": db.conn.execute("select photo_id, source from photo_tags where tag_id = ?", (goes.id,)).fetchall(),
    }


def _both(db: Database, one: int, other: int) -> list[tuple[int, str]]:
    """(photo, source of the first) of photos that have both tags."""
    return db.conn.execute(
        "select photo_id, source from photo_tags where tag_id = ? and photo_id in (select photo_id from photo_tags where tag_id = ?)",
        (one, other),
    ).fetchall()


def _names(db: Database, owner_id: int, tag_id: int) -> list[str]:
    """What files call a tag beside its own name."""
    rows = db.conn.execute("select name from tag_names where owner_id = ? and tag_id = ?", (owner_id, tag_id))
    return [row[0] for row in rows.fetchall()]


def _photos(db: Database, tag_id: int) -> list[int]:
    return [row[0] for row in db.conn.execute("select photo_id from photo_tags where tag_id = ?", (tag_id,)).fetchall()]


def _call(db: Database, owner_id: int, name: str, tag_id: int | None) -> None:
    """From now on, what files call by this name is that tag, or none."""
    db.conn.execute(
        """insert into tag_names (owner_id, name, tag_id) values (?, ?, ?)
           on conflict (owner_id, name) do update set tag_id = excluded.tag_id""",
        (owner_id, name, tag_id),
    )


def _drop(db: Database, tag_id: int) -> None:
    db.conn.execute("delete from photo_tags where tag_id = ?", (tag_id,))
    db.conn.execute("delete from tags where id = ?", (tag_id,))


# ---------------------------------------------------------------- undoing


def _take_back_name(db: Database, owner_id: int, journal: Mapping[str, Any]) -> list[int]:
    row = db.conn.execute("select id from tags where owner_id = ? and name = ?", (owner_id, journal["is"])).fetchone()
    taken = db.conn.execute("select 1 from tags where owner_id = ? and name = ?", (owner_id, journal["was"])).fetchone()
    if row is None or taken is not None:
        raise BadInput("The tags have changed since, so this can no longer be undone.")
    db.conn.execute("update tags set name = ? where id = ?", (journal["was"], row[0]))
    db.conn.execute("delete from tag_names where owner_id = ? and name = ?", (owner_id, journal["was"]))
    return _photos(db, row[0])


def _put_back(db: Database, owner_id: int, journal: Mapping[str, Any]) -> list[int]:
    """The tag that went, on the photos it was on as far as they are still there, and the one it went into as it was."""
    db.conn.execute("delete from tag_names where owner_id = ? and name = ?", (owner_id, journal["was"]))
    db.conn.execute(
        "insert into tags (owner_id, name) values (?, ?) on conflict (owner_id, name) do nothing",
        (owner_id, journal["was"]),
    )
    (tag_id,) = db.conn.execute(
        "select id from tags where owner_id = ? and name = ?", (owner_id, journal["was"])
    ).fetchone()
    for name in journal["names"]:
        _call(db, owner_id, name, tag_id)
    db.conn.executemany(
        """insert into photo_tags (photo_id, tag_id, source) select id, ?, ? from photos where id = ? and owner_id = ?
           on conflict (photo_id, tag_id) do nothing""",
        [(tag_id, source, photo_id, owner_id) for photo_id, source in journal["photos"]],
    )
    into = db.conn.execute(
        "select id from tags where owner_id = ? and name = ?", (owner_id, journal.get("into"))
    ).fetchone()
    if into is not None:
        had = dict(journal["both"])
        db.conn.executemany(
            "delete from photo_tags where photo_id = ? and tag_id = ?",
            [(photo_id, into[0]) for photo_id, _ in journal["photos"] if photo_id not in had],
        )
        db.conn.executemany(
            "update photo_tags set source = ? where photo_id = ? and tag_id = ?",
            [(source, photo_id, into[0]) for photo_id, source in journal["both"]],
        )
    return _photos(db, tag_id)


edits.undoing |= {"rename tag": _take_back_name, "merge tags": _put_back, "delete tag": _put_back}
