"""Sets of photos, asked for in the several ways there are: each has to say the same."""

import hashlib
import random
from itertools import groupby

import pytest

from photolib import catalog, scopes, stretches
from photolib.catalog import Original
from photolib.db import write
from photolib.library import Library
from photolib.scopes import Scope

COUNT = 60
SETS = (
    "timeline", "recent", "videos", "undated", "unplaced", "placed", "favourites", "archive", "trash", "person-1", "person-2",
    "people-1-2", "tag-1", "folder-3", "folder-4", "tree-2", "tree-3", "tree-4",
)  # fmt: skip


@pytest.fixture
def owner_id(library: Library) -> int:
    """Whose 60 photos lie in four years, some months with many and some with none; folder 3 holds most of them, folder 4 a few."""
    chance = random.Random(4)
    owner_id = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with write(library.db) as db:
        execute = db.conn.execute
        for path, parent in ((b"/", None), (b"/a", 1), (b"/a/most", 2), (b"/a/few", 2)):
            execute("insert into folders (path, parent_id) values (?, ?)", (path, parent))
        for name in ("Anna", "Ben"):
            execute("insert into people (owner_id, name, created_at) values (?, ?, '2024')", (owner_id, name))
        execute("insert into tags (owner_id, name) values (?, 'sea')", (owner_id,))
        for number in range(COUNT):
            key = hashlib.sha256(str(number).encode()).hexdigest()
            month = chance.choice(("2019-12", "2020-01", "2020-02", "2022-07", "2022-07", "2022-07", "2023-01"))
            moment = f"{month}-{chance.choice((1, 14, 14)):02}T10:00:0{number % 3}.000"
            photo_id = catalog.add_photo(
                db, owner_id, Original(key, "jpg", "jpeg", "image/jpeg", 9), "photo", "a.jpg", moment
            )[0]
            execute(
                """update photos set type = ?, latitude = ?, longitude = ?, is_favourite = ?, is_archived = ?, is_listed = ?,
                     trashed_at = ?,
                     added_at = ?, taken_at_source = ? where id = ?""",
                (
                    chance.choice(("photo", "video")), *chance.choice(((None, None), (48.1, 2.1))), number % 7 == 0, number % 9 == 0,
                    number % 9 != 0 and number % 11 != 0, "2024-02-03" if number % 11 == 0 else None,
                    f"2024-0{1 + number // 20}-01", chance.choice(("exif", "file time")), photo_id,
                ),
            )  # fmt: skip
            folder = 4 if number % 10 == 3 else 3
            execute(
                """insert into sources (folder_id, name, stem, owner_id, size, mtime_ns, inode, outcome, photo_id, seen_at, gone_at)
                   values (?, ?, ?, ?, 9, 0, 0, 'new', ?, '2024', ?)""",
                (folder, key.encode(), key.encode(), owner_id, photo_id, "2024" if number == 5 else None),
            )
            for person in (1, 2):
                for _ in range(chance.choice((0, 0, 1, 2)) if person == 1 else int(number % 13 == 0)):
                    execute(
                        "insert into faces (photo_id, x, y, w, h, quality, pixels, model, person_id) values (?, 0, 0, 1, 1, 1, 9, 'm', ?)",
                        (photo_id, person),
                    )
            if chance.random() < 0.3:
                execute("insert into photo_tags (photo_id, tag_id, source) values (?, 1, 'person')", (photo_id,))
    return owner_id


@pytest.mark.parametrize("name", SETS)
def test_all_ways_through_a_set_of_photos_say_the_same(library: Library, owner_id: int, name: str) -> None:
    scope, db = scopes.parse(name), library.db
    where, values, by = scopes.condition(owner_id, scope)
    expected = db.conn.execute(
        f"select id, {by} from photos where {where} order by {by} desc, id desc", values
    ).fetchall()
    ids = [photo_id for photo_id, _ in expected]
    assert ids
    assert scopes.ids(db, owner_id, scope, 100) == ids
    months = [(month, len(list(some))) for month, some in groupby(at[:7] for _, at in expected)]
    assert scopes.buckets(db, owner_id, scope) == months
    assert _pages(library, owner_id, scope) == ids
    last = scopes.page(db, owner_id, size=100, scope=scope)
    assert last.cursor is None
    assert [photo.id for photo in last.photos] == ids
    above = scopes.newer(db, owner_id, scopes.cursor_at_end(last) or "", 4, scope)
    assert [photo.id for photo in above.photos] == ids[:-1][-4:]
    for number, photo_id in enumerate(ids):
        assert scopes.neighbours(db, owner_id, photo_id, scope) == (
            ids[number - 1] if number else None,
            ids[number + 1] if number + 1 < len(ids) else None,
        )
        found = stretches.whereabouts(db, owner_id, photo_id, scope)
        before = sum(count for month, count in months if month > found.bucket)
        assert (found.bucket, found.index) == (expected[number][1][:7], number - before)
    outside = next(photo_id for photo_id in range(1, COUNT + 2) if photo_id not in ids)
    assert scopes.neighbours(db, owner_id, outside, scope) == (None, None)
    assert scopes.cursor_onto(db, owner_id, outside, scope) is None


def test_a_set_that_is_empty_has_no_months(library: Library, owner_id: int) -> None:
    stranger = library.db.conn.execute(
        "insert into users (name, role, created_at) values ('zoe', 'user', '2024') returning id"
    ).fetchone()[0]
    for name in SETS:
        assert scopes.buckets(library.db, stranger, scopes.parse(name)) == []


def test_a_folder_that_holds_most_photos_is_looked_for_in_the_timeline(library: Library, owner_id: int) -> None:
    for name, expected in (("tree-2", "CORRELATED"), ("tree-4", "LIST SUBQUERY")):
        this = scopes.ordered(library.db, owner_id, scopes.parse(name))
        plan = library.db.conn.execute(
            f"explain query plan select id from photos where {this.where} order by {this.order} limit 9", this.values
        ).fetchall()
        assert any(row[3].startswith(expected) for row in plan), (name, plan)


def _pages(library: Library, owner_id: int, scope: Scope) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        page = scopes.page(library.db, owner_id, cursor, 7, scope)
        found += [photo.id for photo in page.photos]
        cursor = page.cursor
        if cursor is None:
            return found
