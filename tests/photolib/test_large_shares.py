"""What is asked of shared things costs little however much they hold: counted in steps of SQLite, not in seconds."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlite_utils import Database

from photolib import album_edits, albums, catalog, scopes
from photolib.accounts import users
from photolib.catalog import Original
from photolib.db import write
from photolib.library import Library
from photolib.scopes import Scope
from photolib.sharing import grants, partners, shown

MANY = 3000


def steps(db: Database, question: Callable[[], Any]) -> int:
    """About how many instructions SQLite ran for a question (https://www.sqlite.org/c3ref/progress_handler.html)."""
    counted = 0

    def tick() -> int:
        nonlocal counted
        counted += 10
        return 0

    db.conn.set_progress_handler(tick, 10)
    try:
        question()
    finally:
        db.conn.set_progress_handler(None, 10)
    return counted


def some_photos(db: Database, owner_id: int, count: int) -> list[int]:
    """Photos of 100 months, a few in the archive."""
    made = []
    with write(db):
        for number in range(count):
            month = f"{2010 + number % 100 // 12}-{1 + number % 100 % 12:02}"
            original = Original(f"{owner_id}{number:063}", "jpg", "jpeg", "image/jpeg", 1000)
            moment = f"{month}-{1 + number // 100 % 28:02}T10:00:00.{number % 1000:03}"
            made.append(catalog.add_photo(db, owner_id, original, "photo", f"{number}.jpg", moment)[0])
        db.conn.execute("update photos set is_archived = 1, is_listed = 0 where id % 50 = 0")
    return made


@pytest.fixture
def stranger(library: Library) -> int:
    with write(library.db) as db:
        return users.add(db, "zoe").id


def owner(library: Library) -> int:
    return catalog.user_named(library.db, catalog.OWNER_TO_BE).id


def an_album(db: Database, owner_id: int, photo_ids: list[int]) -> int:
    with write(db):
        return album_edits.make(db, owner_id, "All of it", "", None, photo_ids).album_id


def test_whether_a_link_shows_a_photo_is_found_without_going_through_the_album(library: Library) -> None:
    db, me = library.db, owner(library)
    photos = some_photos(db, me, MANY)
    album_id = an_album(db, me, photos[:-1])
    album = albums.album(db, album_id)
    key = catalog.photo(db, photos[5]).key
    for analysis in ("select 1", "analyze"):  # whatever SQLite knows of how much there is
        db.conn.execute(analysis)
        assert shown.among(db, album_id, photos[-2:]) == {photos[-2]}
        assert shown.among(db, album_id, []) == set()
        assert steps(db, lambda: shown.among(db, album_id, photos[-2:])) < 500
        assert steps(db, lambda: shown.find(db, album, key)) < 500
        assert steps(db, lambda: shown.chosen(db, album, [key])) < 500


def test_the_months_of_an_album_are_those_of_its_photos_in_each_order(library: Library) -> None:
    db, me = library.db, owner(library)
    photos = some_photos(db, me, 300)
    album_id = an_album(db, me, photos)
    with write(db):
        catalog.put_in_trash(db, photos[:7])
    moments = [row[0] for row in db.conn.execute("select shown_at from photos where trashed_at is null")]
    expected = sorted((month, sum(each[:7] == month for each in moments)) for month in {each[:7] for each in moments})
    for order, wanted in (("oldest", expected), ("newest", expected[::-1])):
        db.conn.execute("update albums set order_by = ? where id = ?", (order, album_id))
        assert scopes.buckets(db, me, Scope("album", (album_id,))) == wanted
    assert scopes.buckets(db, me, Scope("album", (an_album(db, me, []),))) == []


def test_everything_since_a_day_is_counted_from_that_day_on(library: Library, stranger: int) -> None:
    db, me = library.db, owner(library)
    some_photos(db, me, MANY)
    for day in ("2012-03-05", "2010-01-01", "2012-03-31", "1990-01-01", "2018-04-30", "2100-01-01"):
        with write(db):
            grant = grants.give(db, me, {"since": day}, "user", stranger)
        moments = [
            row[0]
            for row in db.conn.execute(
                "select shown_at from photos where is_listed = 1 and shown_at >= ? order by shown_at desc, id desc",
                (day,),
            )
        ]
        scope = Scope("shared", (grant.id,))
        buckets = scopes.buckets(db, me, scope)
        months = list(dict.fromkeys(each[:7] for each in moments))
        assert buckets == [(month, sum(each[:7] == month for each in moments)) for month in months]
        seen = partners.shared(db, grant)
        assert seen.photos == len(moments) == partners.count(db, me, since=day)
        first = scopes.page(db, me, None, 1, scope).photos
        assert seen.cover == (first[0].key if first else None)
        assert sum(len(scopes.bucket(db, me, month, scope).photos) for month, _ in buckets) == len(moments)
    assert steps(db, lambda: partners.shared(db, grants.give(db, me, {"since": "2010-01-01"}, "user", stranger))) < 9000


def test_everything_with_a_person_is_counted_with_its_newest_photo(library: Library, stranger: int) -> None:
    db, me = library.db, owner(library)
    photos = some_photos(db, me, 200)
    with write(db):
        person = db.conn.execute(
            "insert into people (owner_id, name, created_at) values (?, 'Ann', '2025-01-01') returning id", (me,)
        ).fetchone()[0]
        db.conn.executemany(
            """insert into faces (photo_id, x, y, w, h, quality, pixels, model, person_id, decided_by)
               values (?, 0.1, 0.1, 0.1, 0.1, 1.0, 100, 'm', ?, 'person')""",
            [(each, person) for each in (*photos[:40], photos[3])],
        )
        grant = grants.give(db, me, {"person_id": person}, "user", stranger)
    newest = scopes.page(db, me, None, 1, Scope("shared", (grant.id,))).photos[0].key
    listed = db.conn.execute("select count(*) from photos where is_listed = 1 and id <= ?", (photos[39],)).fetchone()[0]
    assert (partners.shared(db, grant).photos, partners.shared(db, grant).cover) == (listed, newest)
    with write(db):
        db.conn.execute("update people set is_hidden = 1 where id = ?", (person,))
    assert (partners.shared(db, grant).photos, partners.shared(db, grant).cover) == (0, None)
