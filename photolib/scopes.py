"""Named sets of somebody's photos, each in its order: the timeline, favourites, the trash, an album, a person ...

A scope is written as it stands in addresses: "favourites", "album-12", "people-5-7". Pages, the grid and the viewer ask the same
questions of every scope: how many photos are in its buckets, what is in one, what comes before and after a photo.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from photolib import catalog
from photolib.catalog import Tile
from photolib.errors import BadInput, NotFound
from photolib.sharing import grants

MUCH = 5  # a set that holds one of so many photos
GUESSED = ("file time",)  # where a date comes from that may well be wrong


@dataclass(frozen=True)
class Scope:
    """A set of photos: its kind, and which one of that kind where there are several."""

    kind: str
    ids: tuple[int, ...] = ()

    def __str__(self) -> str:
        return "-".join((self.kind, *map(str, self.ids)))


TIMELINE = Scope("timeline")
TRASH = Scope("trash")


@dataclass(frozen=True)
class _Rule:
    """What belongs to a kind of scope. condition: about a row of photos, with a mark for each id; by: the column it is ordered by.

    ids: how many ids name one; owned: what says whether those ids are the asker's. each: the condition as it is asked of one photo,
    or of most photos there are, one after the other.
    """

    condition: str
    by: str = "shown_at"
    ids: int = 0
    owned: str = ""
    each: str = ""


_HERE = "trashed_at is null and status <> 'failed'"
_OF_PERSON = "id in (select photo_id from faces where person_id = ? and state = 'found')"
_SHOWS_PERSON = "exists (select 1 from faces where person_id = ? and photo_id = photos.id and state = 'found')"
_HAS_PERSON = "select 1 from people where id = ? and owner_id = ?"

_BELOW = """with recursive below(id) as (
    select ? union all select folders.id from folders join below on folders.parent_id = below.id) select id from below"""
_PLACED = "is_listed = 1 and latitude is not null"

# The words of a condition are those of a partial index where there is one (m003), or SQLite would not use it.
_RULES = {
    "timeline": _Rule("is_listed = 1"),
    "favourites": _Rule(f"is_favourite = 1 and {_HERE}"),
    "archive": _Rule(f"is_archived = 1 and {_HERE}"),
    "trash": _Rule(  # without what is being deleted for good
        "trashed_at is not null and id not in (select photo_id from deleting)", by="trashed_at"
    ),
    "recent": _Rule("is_listed = 1", by="added_at"),
    "videos": _Rule("is_listed = 1 and type = 'video'"),
    "undated": _Rule(f"is_listed = 1 and taken_at_source in ({', '.join(repr(each) for each in GUESSED)})"),
    "unplaced": _Rule("is_listed = 1 and latitude is null"),
    "placed": _Rule(_PLACED),
    # box-south-north-west-width-first-last: 100,000ths of a degree from the South Pole and the date line, and months such as 201906.
    # Sums, so that these photos are read in the order of time, from an index that holds all of this (m009).
    "box": _Rule(
        f"""{_PLACED} and latitude * 100000 + 9000000 between ? - 0.01 and ? + 0.01
              and (cast(longitude * 100000 + 18000000.5 as integer) - ? + 36000000) % 36000000 <= ?
              and cast(substr(shown_at, 1, 4) || substr(shown_at, 6, 2) as integer) between ? and ?""",
        ids=6,
    ),
    "album": _Rule(
        "id in (select photo_id from album_members where album_id = ?)",  # what is archived stays in its albums
        ids=1, owned=f"""select 1 from albums where id = ?1 and (owner_id = ?2
            or exists (select 1 from grants where album_id = ?1 and {grants.TO_ME.replace(":me", "?2")}))""",
    ),
    # added-N-M: of album N what user M put there.
    "added": _Rule(
        """id in (select photo_id from album_photos join albums on albums.id = album_id
             where album_id = ? and is_here = 1 and query is null and coalesce(added_by, owner_id) = ?)""",
        ids=2,
    ),
    # shared-N: everything with a person or since a day that another shares by grant N; see _shared().
    "shared": _Rule(
        "is_listed = 1", ids=1,
        owned=f"""select 1 from grants where id = ?1 and (person_id is not null or since is not null)
            and {grants.TO_ME.replace(":me", "?2")}""",
    ),
    "person": _Rule(
        f"is_listed = 1 and {_OF_PERSON}", ids=1, owned=_HAS_PERSON, each=f"is_listed = 1 and {_SHOWS_PERSON}"
    ),
    "people": _Rule(
        f"is_listed = 1 and {_OF_PERSON[:-1]} intersect {_OF_PERSON.removeprefix('id in (')}", ids=2, owned=_HAS_PERSON,
        each=f"is_listed = 1 and {_SHOWS_PERSON} and {_SHOWS_PERSON}",
    ),
    "folder": _Rule(
        "is_listed = 1 and id in (select photo_id from sources where folder_id = ? and gone_at is null)",
        ids=1, owned="select 1 from sources where folder_id = ? and owner_id = ?",
    ),
    "tree": _Rule(  # a folder and all below it
        f"""is_listed = 1 and id in (select photo_id from sources where gone_at is null and folder_id in ({_BELOW}))""",
        ids=1, owned=f"select 1 from folder_counts where folder_id in ({_BELOW}) and owner_id = ?",
        each=f"""is_listed = 1 and exists (
            select 1 from sources where photo_id = photos.id and gone_at is null and folder_id in ({_BELOW}))""",
    ),
    "tag": _Rule(
        f"{_HERE} and id in (select photo_id from photo_tags where tag_id = ?)",
        ids=1, owned="select 1 from tags where id = ? and owner_id = ?",
        each=f"{_HERE} and exists (select 1 from photo_tags where tag_id = ? and photo_id = photos.id)",
    ),
}  # fmt: skip
_RULES["added"] = replace(_RULES["added"], owned=_RULES["album"].owned)


def album_of(scope: Scope) -> int | None:
    """The album that a scope's photos are in; None for what is no album."""
    return scope.ids[0] if scope.kind in ("album", "added") else None


def parse(text: str | None) -> Scope:
    """The scope of an address; the timeline when there is none. Raises BadInput for words that name no scope."""
    kind, *numbers = (text or TIMELINE.kind).split("-")
    rule = _RULES.get(kind)
    if (
        rule is None
        or len(numbers) != rule.ids
        or not all(re.fullmatch(r"\d{1,18}", each, re.ASCII) for each in numbers)
    ):
        raise BadInput("There is no such set of photos.")
    return Scope(kind, tuple(map(int, numbers)))


def pattern() -> str:
    """A regular expression for the scopes there are, as they stand in addresses."""
    return "|".join(kind + r"-\d{1,18}" * rule.ids for kind, rule in _RULES.items())


def require(db: Database, owner_id: int, scope: Scope) -> None:
    """Raises NotFound unless the album, person, folder or tag of a scope is this owner's."""
    rule = _RULES[scope.kind]
    named = scope.ids[:1] if scope.kind == "added" else scope.ids  # who put something there may be anybody
    for each in named if rule.owned else ():
        if db.conn.execute(f"{rule.owned} limit 1", (each, owner_id)).fetchone() is None:
            raise NotFound("There is nothing here. Perhaps it has been deleted.")


# ---------------------------------------------------------------- pages


@dataclass(frozen=True)
class Page:
    """Some photos in the scope's order, and the cursor that continues after them; None at the end. at: what each is ordered by."""

    photos: list[Tile]
    cursor: str | None
    at: list[str]


def page(db: Database, owner_id: int, before: str | None = None, size: int = 100, scope: Scope = TIMELINE) -> Page:
    """The photos of a scope, newest first, after the cursor `before`. Raises BadInput for a cursor that is none."""
    this = ordered(db, owner_id, scope)
    here = f"and ({this.by}, {this.id}) {this.after} (?, ?)" if before else ""
    rows = _tiles(
        db, this, f"where {this.where} {here} order by {this.order} limit ?",
        *this.values, *(_read_cursor(before) if before else ()), size + 1,
    )  # fmt: skip
    found = rows[:size]
    cursor = _cursor(found[-1][0], found[-1][1]) if len(rows) > size else None
    return Page([catalog.tile(row[1:]) for row in found], cursor, [row[0] for row in found])


def newer(db: Database, owner_id: int, after: str, size: int = 100, scope: Scope = TIMELINE) -> Page:
    """The photos right above the cursor `after`, newest first; the page's own cursor continues upwards."""
    this = ordered(db, owner_id, scope)
    rows = _tiles(
        db, this, f"where {this.where} and ({this.by}, {this.id}) {this.before} (?, ?) order by {this.reverse} limit ?",
        *this.values, *_read_cursor(after), size + 1,
    )  # fmt: skip
    here = rows[-size:]
    cursor = _cursor(here[0][0], here[0][1]) if len(rows) > size else None
    return Page([catalog.tile(row[1:]) for row in here], cursor, [row[0] for row in here])


def _tiles(db: Database, this: "Ordered", question: str, *values: Any) -> list[Any]:
    """What a list shows of the photos that a question is about, in their order. Only then are their rows read, not while choosing."""
    return db.conn.execute(
        f"""select at, {catalog.TILE} from (select {this.by} as at, {this.id} as here_id from {this.alone} {question})
            cross join photos on photos.id = here_id order by at {this.down}, here_id {this.down}""",
        values,
    ).fetchall()


def neighbours(db: Database, owner_id: int, photo_id: int, scope: Scope = TIMELINE) -> tuple[int | None, int | None]:
    """The ids of the photos before and after one in its scope; None where there is none, or the photo is not in the scope."""
    this = ordered(db, owner_id, scope)
    at = place_of(db, owner_id, photo_id, scope)
    if at is None:
        return None, None
    # The next one is mostly of the same month, where few others lie between. Only where it is not, all of such a set is found out.
    near = ordered(db, owner_id, scope, of_one=True) if _RULES[scope.kind].each else None
    found = []
    for sign, order in ((this.before, this.reverse), (this.after, this.order)):
        end = (">= ?", at[:7]) if sign == "<" else ("< ?", f"{at[:7]}~")
        row = None
        for asked, until, values in ((near, f" and {this.by} {end[0]}", end[1:]), (this, "", ())):
            if row is None and asked is not None:
                row = db.conn.execute(
                    f"""select {asked.id} from {asked.alone} where {asked.where} and ({asked.by}, {asked.id}) {sign} (?, ?){until}
                        order by {order} limit 1""",
                    (*asked.values, at, photo_id, *values),
                ).fetchone()
        found.append(row[0] if row else None)
    return found[0], found[1]


def place_of(db: Database, owner_id: int, photo_id: int, scope: Scope = TIMELINE) -> str | None:
    """What a photo is ordered by in a scope; None when it is not in it."""
    this = ordered(db, owner_id, scope, of_one=True)
    row = db.conn.execute(
        f"select {this.by} from {this.photos} where {this.where} and {this.id} = ?", (*this.values, photo_id)
    ).fetchone()
    return row[0] if row else None


# ---------------------------------------------------------------- buckets


def buckets(db: Database, owner_id: int, scope: Scope = TIMELINE) -> list[tuple[str, int]]:
    """Months ("2024-06") with the number of photos in each, in the scope's order. The months are those of what it is ordered by.

    An album that is arranged by hand has no months: its buckets ("p100000") are some hundred neighbours each.
    """
    if scope == TIMELINE:  # counted by triggers
        return db.conn.execute(
            "select month, photos from months where owner_id = ? and photos > 0 order by month desc", (owner_id,)
        ).fetchall()
    if scope.kind == "shared" and (grant := grants.grant(db, scope.ids[0])).since is not None:
        return months_since(db, grant.owner_id, grant.since)
    this = ordered(db, owner_id, scope, in_all=True)
    if not _RULES[scope.kind].ids or this.by == "photo_at":
        # There is an index in this order: from month to month, and what lies between is counted without a look at any of it.
        found: list[tuple[str, int]] = db.conn.execute(
            f"""with recursive held(bucket) as (
                  select substr(max({this.by}), 1, 7) from {this.alone} where {this.where}
                  union all
                  select (select substr(max({this.by}), 1, 7) from {this.alone} where {this.where} and {this.by} < bucket)
                    from held where bucket is not null)
                select bucket, (select count(*) from {this.alone}
                  where {this.where} and {this.by} >= bucket and {this.by} < bucket || '~')
                from held where bucket is not null""",
            (*this.values, *this.values, *this.values),
        ).fetchall()
        return found if this.down == "desc" else found[::-1]
    return db.conn.execute(
        f"""select substr({this.by}, 1, 7) as bucket, count(*) from {this.alone} where {this.where}
            group by bucket order by bucket {this.down}""",
        this.values,
    ).fetchall()


def months_since(db: Database, owner_id: int, day: str) -> list[tuple[str, int]]:
    """The buckets of an owner's timeline from a day on: but for its first month, triggers have counted them."""
    return db.conn.execute(
        """select month, photos from (
             select month, photos from months where owner_id = :owner and month > substr(:day, 1, 7)
             union all
             select substr(:day, 1, 7), count(*) from photos where owner_id = :owner and is_listed = 1 and shown_at >= :day
               and shown_at < substr(:day, 1, 7) || '~')
           where photos > 0 order by month desc""",
        {"owner": owner_id, "day": day},
    ).fetchall()


def shown_by(db: Database, grant_id: int) -> tuple[int, str | None]:
    """How many photos a grant of a person or since a day shows, and the key of the newest of them."""
    grant, scope = grants.grant(db, grant_id), Scope("shared", (grant_id,))
    if grant.since is not None:
        first = page(db, grant.owner_id, None, 1, scope).photos
        return sum(photos for _, photos in months_since(db, grant.owner_id, grant.since)), first[
            0
        ].key if first else None
    this = _shared(db, scope)
    # The key is that of the row with the largest moment (https://www.sqlite.org/lang_select.html#bareagg).
    row = db.conn.execute(
        f"select count(*), max({this.by}), key from {this.photos} where {this.where}", this.values
    ).fetchone()
    return row[0], row[2]


def bucket(db: Database, owner_id: int, name: str, scope: Scope = TIMELINE) -> Page:
    """The photos of one month, newest first."""
    this = ordered(db, owner_id, scope)
    rows = db.conn.execute(
        f"""select {this.by}, {catalog.TILE} from {this.photos} where {this.where} and {this.by} >= ? and {this.by} < ?
            order by {this.order}""",
        (*this.values, name, name + "~"),
    ).fetchall()
    return Page([catalog.tile(row[1:]) for row in rows], None, [row[0] for row in rows])


def count(db: Database, owner_id: int, scope: Scope = TIMELINE) -> int:
    return sum(photos for _, photos in buckets(db, owner_id, scope))


def ids(db: Database, owner_id: int, scope: Scope, most: int) -> list[int]:
    """The ids of the scope's photos in order, at most so many: for acts on everything in it."""
    this = ordered(db, owner_id, scope)
    rows = db.conn.execute(
        f"select {this.id} from {this.alone} where {this.where} order by {this.order} limit ?", (*this.values, most)
    )
    return [row[0] for row in rows]


def at_random(db: Database, owner_id: int, scope: Scope, size: int) -> list[int]:
    """The ids of some of a scope's photos, others each time."""
    this = ordered(db, owner_id, scope)
    rows = db.conn.execute(
        f"select {this.id} from {this.alone} where {this.where} order by random() limit ?", (*this.values, size)
    )
    return [row[0] for row in rows]


def condition(owner_id: int, scope: Scope) -> tuple[str, Sequence[Any], str]:
    """The condition for a scope's photos, its values, and the column that orders them."""
    if scope.kind == "shared":
        raise NotFound(
            "There is nothing here. Perhaps it has been deleted."
        )  # another's photos are not asked for as one's own
    rule = _RULES[scope.kind]
    if album_of(scope) is not None:  # several people's photos
        return rule.condition, scope.ids, rule.by
    return f"owner_id = ? and {rule.condition}", (owner_id, *scope.ids), rule.by


@dataclass(frozen=True)
class Ordered:
    """A scope's photos in their order, as pieces of a question.

    photos: what to select from; alone: the same when nothing of the photos themselves is asked for; by: the text they are ordered by,
    and within that by id, as down says ("desc" for newest first). A place in the order is compared with before and after.
    """

    photos: str
    alone: str
    where: str
    values: Sequence[Any]
    by: str
    id: str
    down: str

    @property
    def order(self) -> str:
        return f"{self.by} {self.down}, {self.id} {self.down}"

    @property
    def reverse(self) -> str:
        up = "asc" if self.down == "desc" else "desc"
        return f"{self.by} {up}, {self.id} {up}"

    @property
    def before(self) -> str:
        return ">" if self.down == "desc" else "<"

    @property
    def after(self) -> str:
        return "<" if self.down == "desc" else ">"


# Of an album: by what its photos are ordered, and in which direction.
_ALBUM_ORDERS = {"oldest": ("photo_at", "asc"), "newest": ("photo_at", "desc"), "manual": ("rank", "asc")}


def ordered(
    db: Database, owner_id: int, scope: Scope = TIMELINE, of_one: bool = False, in_all: bool = False
) -> Ordered:
    """How to ask for a scope's photos in their order. Everything but an album is ordered from new to old.

    of_one: whether one photo is in it, or those next to it; in_all: for what is said of all its photos.
    """
    if album_of(scope) is not None:
        return _in_album(db, scope)
    if scope.kind == "shared":
        return _shared(db, scope)
    where, values, by = condition(owner_id, scope)
    each = _RULES[scope.kind].each
    if each and (of_one or (not in_all and _holds_much(db, owner_id, scope))):
        where = f"owner_id = ? and {each}"
    return Ordered("photos", "photos", where, values, by, "id", "desc")


def _holds_much(db: Database, owner_id: int, scope: Scope) -> bool:
    """Whether so many of an owner's photos lie in a folder that it is quicker to go through all of them until enough are found."""
    if scope.kind != "tree":
        return False
    row = db.conn.execute(
        f"""select (select sum(photos) from folder_counts where folder_id in ({_BELOW}) and owner_id = ?) * {MUCH}
              > (select sum(photos) from months where owner_id = ?)""",
        (*scope.ids, owner_id, owner_id),
    ).fetchone()
    return bool(row[0])


def _in_album(db: Database, scope: Scope) -> Ordered:
    row = db.conn.execute("select order_by, query is null, owner_id from albums where id = ?", scope.ids[:1]).fetchone()
    if row is None:
        raise NotFound("There is nothing here. Perhaps it has been deleted.")
    order, is_picked, owner_id = row
    table = "album_photos" if is_picked else "found_photos"
    by, down = _ALBUM_ORDERS["oldest" if order == "manual" and not is_picked else order]
    photos = f"{table} cross join photos on photos.id = photo_id"  # cross: in the order of the album's index
    where, values = "album_id = ? and is_here = 1", scope.ids[:1]
    if scope.kind == "added":
        # What an owner puts into their own album, and what fills itself, bears nobody's name.
        if scope.ids[1] == owner_id:
            where += " and added_by is null" if is_picked else ""
        elif is_picked:
            where, values = f"{where} and added_by = ?", scope.ids
        else:
            where += " and 0"
    return Ordered(photos, table, where, values, by, "photo_id", down)


def _shared(db: Database, scope: Scope) -> Ordered:
    """What a grant shows of another's photos: those of a person, or those from a day on."""
    grant = grants.grant(db, scope.ids[0])
    if grant.person_id is not None:
        rule, values = _RULES["person"], (grant.owner_id, grant.person_id)
        shown = f"exists (select 1 from people where id = {grant.person_id} and is_hidden = 0)"
        return Ordered(
            "photos", "photos", f"owner_id = ? and {rule.condition} and {shown}", values, "shown_at", "id", "desc"
        )
    where = "owner_id = ? and is_listed = 1 and shown_at >= ?"
    return Ordered("photos", "photos", where, (grant.owner_id, grant.since or "9"), "shown_at", "id", "desc")


# ---------------------------------------------------------------- cursors


def cursor_onto(db: Database, owner_id: int, photo_id: int, scope: Scope = TIMELINE) -> str | None:
    """The cursor that continues with a photo itself; None when it is not in the scope."""
    this = ordered(db, owner_id, scope)
    at = place_of(db, owner_id, photo_id, scope)
    return _cursor(at, photo_id + (1 if this.after == "<" else -1)) if at is not None else None


def cursor_below(moment: str) -> str:
    """The cursor that continues with the newest photo of a year, month or day ("2019", "2019-06", "2019-06-14")."""
    return _cursor(moment + "~", 0)  # "~" sorts behind everything that can follow a moment


def cursor_at_start(page: Page) -> str | None:
    """The cursor that continues after the first photo of a page, or, with newer(), above it; None for an empty one."""
    return _cursor(page.at[0], page.photos[0].id) if page.photos else None


def cursor_at_end(page: Page) -> str | None:
    """The cursor that continues after the last photo of a page; None for an empty one."""
    return _cursor(page.at[-1], page.photos[-1].id) if page.photos else None


def _cursor(at: str, photo_id: int) -> str:
    return base64.urlsafe_b64encode(f"{at}|{photo_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, photo_id = text.split("|")
        if not (photo_id.isascii() and photo_id.isdigit() and len(photo_id) < 19):
            raise ValueError(photo_id)
        return at, int(photo_id)
    except (ValueError, binascii.Error) as problem:
        raise BadInput("This cursor is none that photolib gave out.") from problem
