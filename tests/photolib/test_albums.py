"""Albums: made, nested, arranged, filled and deleted, each act undone; photos are never lost over it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from photolib import album_edits, album_order, album_rows, album_searches, albums, catalog, edits, scopes, stretches
from photolib.accounts import users
from photolib.albums import Album
from photolib.catalog import Original
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.library import Library
from photolib.scopes import Scope
from photolib.sharing import grants

OWNER = 1
Act = Callable[..., Any]


@pytest.fixture
def db(library: Library) -> Database:
    return library.db


def listed(db: Database, *moments: str, owner: int = OWNER) -> list[int]:
    """Photos taken at these moments, without their files."""
    ids = []
    with write(db):
        for moment in moments:
            known = db.conn.execute("select count(*) from originals").fetchone()[0]
            key = hashlib.sha256(f"{known}".encode()).hexdigest()
            original = Original(key, "jpg", "jpeg", "image/jpeg", 1000)
            ids.append(catalog.add_photo(db, owner, original, "photo", "photo.jpg", moment)[0])
    return ids


def days(db: Database, count: int) -> list[int]:
    return listed(db, *(f"2019-06-{number + 1:02}T12:00:00.000" for number in range(count)))


def made(db: Database, title: str = "Norway", *photo_ids: int, **more: Any) -> Album:
    with write(db):
        return albums.album(db, album_edits.make(db, OWNER, title, photo_ids=photo_ids, **more).album_id)


def done(db: Database, act: Act, album: Album, *values: Any, **more: Any) -> album_edits.AlbumEdit:
    """An act on an album as it is now."""
    with write(db):
        return act(db, OWNER, albums.album(db, album.id), *values, **more)


def undo(db: Database, edit_id: int | None) -> None:
    assert edit_id is not None
    with write(db):
        edits.undo(db, OWNER, edit_id)


def order(db: Database, album: Album) -> list[int]:
    return scopes.ids(db, OWNER, Scope("album", (album.id,)), 100_000)


def asked_by(db: Database, act: Callable[[], object]) -> list[str]:
    """What an act asks of the database."""
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    act()
    db.conn.set_trace_callback(None)
    return asked


# ---------------------------------------------------------------- arranging


def test_photos_are_moved_before_and_behind_others_and_to_the_end(db: Database) -> None:
    a, b, c, d = days(db, 4)
    album = made(db, "Norway", a, b, c, d)
    done(db, album_edits.move, album, [d], before=a)
    assert order(db, album) == [d, a, b, c]
    done(db, album_edits.move, album, [d, b], after=c)
    assert order(db, album) == [a, c, d, b]
    done(db, album_edits.move, album, [a])
    assert order(db, album) == [c, d, b, a]
    assert albums.album(db, album.id).order_by == "manual"


def test_moving_one_photo_of_a_thousand_writes_one_row(db: Database) -> None:
    photos = listed(db, *["2019-06-01T12:00:00.000"] * 1000)
    album = made(db, "Norway", *photos)
    done(db, album_edits.change, album, {"order_by": "manual"})
    before = dict(db.conn.execute("select photo_id, position from album_photos").fetchall())
    done(db, album_edits.move, album, [photos[-1]], before=photos[1])
    after = dict(db.conn.execute("select photo_id, position from album_photos").fetchall())
    assert [each for each in after if after[each] != before[each]] == [photos[-1]]
    assert order(db, album)[:3] == [photos[0], photos[-1], photos[1]]


def test_a_move_changes_no_words_that_photos_are_found_by(db: Database) -> None:
    a, b = days(db, 2)
    album = made(db, "Norway", a, b)
    seen = db.conn.execute("select max(seq) from photo_changes").fetchone()
    done(db, album_edits.move, album, [b], before=a)
    assert db.conn.execute("select max(seq) from photo_changes").fetchone() == seen


moves = st.lists(
    st.tuples(st.sets(st.integers(0, 11), min_size=1, max_size=4), st.integers(0, 11), st.sampled_from(["before", "after", "end"])),
    max_size=40,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_any_sequence_of_moves_keeps_every_photo_once_in_the_asked_order(library: Library, asked: Any) -> None:
    db = library.db
    photos = [row[0] for row in db.conn.execute("select id from photos order by id")] or days(db, 12)
    with pytest.MonkeyPatch.context() as patch:  # so little room that neighbours have to make some all the time
        patch.setattr(album_order, "GAP", 2)
        patch.setattr(album_rows.album_order, "GAP", 2)
        patch.setattr(album_order, "LEAST_GAP", 2)
        patch.setattr(album_order, "WINDOW", 2)
        album = made(db, "Norway", *photos)
        done(db, album_edits.change, album, {"order_by": "manual"})
        expected, before, acts = list(photos), [], []
        for chosen, beside, side in asked:
            moved, anchor = [photos[each] for each in sorted(chosen)], photos[beside]
            if side != "end" and anchor in moved:
                continue
            before.append(list(expected))
            rest = [each for each in expected if each not in moved]
            at = len(rest) if side == "end" else rest.index(anchor) + (side == "after")
            expected = [*rest[:at], *moved, *rest[at:]]
            acts.append(done(db, album_edits.move, album, moved, **({side: anchor} if side != "end" else {})).id)
            assert order(db, album) == expected
        for act in reversed(acts):
            undo(db, act)
            assert order(db, album) == before.pop()


def test_two_people_who_arrange_at_once_both_keep_their_photos(db: Database) -> None:
    a, b, c, d = days(db, 4)
    album = made(db, "Norway", a, b, c, d)  # both look at a b c d
    done(db, album_edits.move, album, [d], before=a)
    done(db, album_edits.move, album, [c], before=b)
    assert order(db, album) == [d, a, c, b]
    done(db, album_edits.take, album, [a])
    with pytest.raises(NotFound):
        done(db, album_edits.move, album, [c], before=a)
    assert order(db, album) == [d, c, b]


def test_a_photo_is_not_moved_beside_itself(db: Database) -> None:
    a, b = days(db, 2)
    album = made(db, "Norway", a, b)
    with pytest.raises(BadInput):
        done(db, album_edits.move, album, [a, b], before=b)
    assert order(db, album) == [a, b]
    assert albums.album(db, album.id).order_by == "oldest"


def test_arranging_begins_with_the_order_that_was_shown_and_is_kept_while_another_one_is(db: Database) -> None:
    a, b, c = days(db, 3)
    album = made(db, "Norway", b, c, a)
    done(db, album_edits.change, album, {"order_by": "newest"})
    done(db, album_edits.move, album, [a], before=b)
    assert order(db, album) == [c, a, b]
    done(db, album_edits.change, album, {"order_by": "oldest"})
    assert order(db, album) == [a, b, c]
    done(db, album_edits.change, album, {"order_by": "manual"})
    assert order(db, album) == [c, a, b]


def test_a_new_photo_goes_to_the_end_of_an_arranged_album_and_to_its_day_in_another(db: Database) -> None:
    a, b, c = days(db, 3)
    album = made(db, "Norway", a, c)
    done(db, album_edits.put, album, [b])
    assert order(db, album) == [a, b, c]
    done(db, album_edits.move, album, [c], before=a)
    (late,) = listed(db, "2018-01-01T00:00:00.000")
    done(db, album_edits.put, album, [late])
    assert order(db, album) == [c, a, b, late]


# ---------------------------------------------------------------- photos in an album


def test_adding_and_removing_are_undone(db: Database) -> None:
    a, b, c = days(db, 3)
    album = made(db, "Norway", a)
    added = done(db, album_edits.put, album, [a, b, c, b])
    assert added.photo_ids == [b, c]
    done(db, album_edits.change, album, {"cover_id": b})
    removed = done(db, album_edits.take, album, [b, a])
    assert order(db, album) == [c]
    assert albums.album(db, album.id).cover_id == c
    undo(db, removed.id)
    assert order(db, album) == [a, b, c]
    assert albums.album(db, album.id).cover_id == b
    undo(db, added.id)
    assert order(db, album) == [a]
    assert done(db, album_edits.put, album, [a]).id is None


def test_who_was_removed_while_their_photos_were_coming_adds_none(db: Database) -> None:
    album = made(db)
    with write(db):
        mia = users.add(db, "mia").id
        grants.give(db, OWNER, {"album_id": album.id}, "user", mia, "contribute")
    first, second = listed(db, "2019-06-01T12:00:00.000", "2019-06-02T12:00:00.000", owner=mia)
    with write(db):
        assert album_edits.add(db, mia, album, [first]) == [first]
        grants.give(db, OWNER, {"album_id": album.id}, "user", mia, "download")
        assert album_edits.add(db, mia, album, [second]) == []
    assert order(db, album) == [first]
    done(db, album_edits.delete, album)
    with write(db):
        assert album_edits.add(db, OWNER, album, [second]) == []  # and into an album that is gone, nobody does


def test_what_is_archived_stays_in_its_albums_and_what_is_in_the_trash_is_not_shown(db: Database) -> None:
    a, b, c = days(db, 3)
    album = made(db, "Norway", a, b, c)
    with write(db):
        edits.edit(db, OWNER, [a], {"is_archived": True})
        trashed = edits.edit(db, OWNER, [b], {"is_trashed": True})
    assert order(db, album) == [a, c]
    assert albums.album(db, album.id).photos == 2
    undo(db, trashed.id)
    assert order(db, album) == [a, b, c]
    assert albums.album(db, album.id).photos == 3


def test_a_photo_whose_date_is_corrected_moves_in_its_albums(db: Database) -> None:
    a, b = days(db, 2)
    album = made(db, "Norway", a, b)
    with write(db):
        edits.edit(db, OWNER, [a], {"taken_at": "2020-01-01T00:00:00"})
    assert order(db, album) == [b, a]
    assert albums.album(db, album.id).last_at == "2020-01-01T00:00:00.000"


def test_two_files_that_become_one_photo_keep_its_place_and_the_cover(db: Database) -> None:
    a, raw, jpeg = days(db, 3)
    album = made(db, "Norway", a, raw)
    done(db, album_edits.change, album, {"cover_id": raw})
    with write(db):
        db.conn.execute("insert into details (photo_id) values (?), (?)", (raw, jpeg))
        catalog.join_part(db, jpeg, raw, "raw")
    found = albums.album(db, album.id)
    assert order(db, album) == [a, jpeg]
    assert (found.photos, found.cover_id) == (2, jpeg)


# ---------------------------------------------------------------- albums


def test_an_album_is_deleted_without_its_photos_and_comes_back_as_it_was(db: Database) -> None:
    a, b, c = days(db, 3)
    outer = made(db, "Travel")
    album = made(db, "Norway", a, b, c, parent=outer, description="With the boat")
    inner = made(db, "Bergen", parent=album)
    done(db, album_edits.move, album, [c], before=a)
    done(db, album_edits.change, album, {"cover_id": b})
    before = albums.album(db, album.id)
    gone = done(db, album_edits.delete, album)
    with pytest.raises(NotFound):
        albums.album(db, album.id)
    assert albums.album(db, inner.id).parent_id == outer.id
    assert scopes.count(db, OWNER) == 3
    assert made(db, "Another").id > inner.id
    undo(db, gone.id)
    assert albums.album(db, album.id) == before
    assert order(db, album) == [c, a, b]
    assert albums.album(db, inner.id).parent_id == album.id


def test_the_number_of_a_deleted_album_is_not_given_to_another(db: Database) -> None:
    last = made(db, "Norway")
    done(db, album_edits.delete, last)
    assert made(db, "Sweden").id > last.id


def test_an_album_lies_in_no_album_that_lies_in_it(db: Database) -> None:
    one = made(db, "One")
    two = made(db, "Two", parent=one)
    three = made(db, "Three", parent=two)
    for parent in (one, two, three):
        with pytest.raises(BadInput):
            done(db, album_edits.change, one, {"parent_id": parent.id})
    assert [title for _, title in albums.path(db, three.id)] == ["One", "Two", "Three"]
    moved = done(db, album_edits.change, three, {"parent_id": None})
    done(db, album_edits.change, one, {"parent_id": three.id})
    undo(db, moved.id)  # it would lie in itself by now
    assert [title for _, title in albums.path(db, two.id)] == ["Three", "One", "Two"]


def test_albums_lie_in_albums_only_so_deep(db: Database) -> None:
    parent = made(db, "1")
    for number in range(album_edits.MOST_LEVELS - 1):
        parent = made(db, f"{number + 2}", parent=parent)
    with pytest.raises(BadInput):
        made(db, "too deep", parent=parent)
    pair = made(db, "Outer")
    made(db, "Inner", parent=pair)
    with pytest.raises(BadInput):
        done(db, album_edits.change, pair, {"parent_id": parent.parent_id})


def test_titles_and_descriptions_are_changed_and_changed_back(db: Database) -> None:
    album = made(db, "Norwy")
    first = done(db, album_edits.change, album, {"title": "  Norway\n2019 ", "description": "By boat\r\nand train"})
    found = albums.album(db, album.id)
    assert (found.title, found.description) == ("Norway 2019", "By boat\nand train")
    undo(db, first.id)
    assert albums.album(db, album.id).title == "Norwy"
    for wrong in (
        {"title": ""},
        {"title": "x" * 201},
        {"title": None},
        {"owner_id": 2},
        {"order_by": "size"},
        {"cover_id": 1},
    ):
        with pytest.raises(BadInput):
            done(db, album_edits.change, album, wrong)


def test_an_albums_cover_is_the_chosen_photo_or_the_first_or_that_of_an_album_in_it(db: Database) -> None:
    a, b = days(db, 2)
    travel = made(db, "Travel")
    europe = made(db, "Europe", parent=travel)
    assert albums.album(db, travel.id).cover is None
    made(db, "Norway", a, b, parent=europe)
    assert [each.cover_id for each in albums.albums(db, OWNER).albums] == [a]
    made(db, "Own", b, parent=travel)
    assert albums.album(db, travel.id).cover_id == b


# ---------------------------------------------------------------- lists


def test_albums_are_listed_level_by_level_in_three_orders(db: Database) -> None:
    a, b, c = days(db, 3)
    old = made(db, "alpha", a)
    new = made(db, "Žeta", c)
    middle = made(db, "Beta", b)
    made(db, "inside", parent=old)
    done(db, album_edits.change, old, {"description": "changed last"})
    with write(db):
        db.conn.execute("update albums set changed_at = '2000' where id <> ?", (old.id,))

    def titles(**asked: Any) -> list[str]:
        return [each.title for each in albums.albums(db, OWNER, **asked).albums]

    assert titles() == [new.title, middle.title, old.title]
    assert titles(sort="title") == ["alpha", "Beta", "Žeta"]
    assert titles(sort="changed")[0] == "alpha"
    assert titles(parent_id=old.id) == ["inside"]
    assert titles(named="zet") == ["Žeta"]
    assert titles(named="ins") == ["inside"]
    assert len(titles(is_every_level=True)) == 4


def test_pages_of_albums_join_without_gap(db: Database) -> None:
    for number in range(7):
        made(db, f"Album {number % 3}")
    for sort in albums.SORTS:
        seen, cursor = [], None
        while True:
            shelf = albums.albums(db, OWNER, sort=sort, cursor=cursor, size=2)
            seen += [each.id for each in shelf.albums]
            if not (cursor := shelf.cursor):
                break
        assert len(seen) == len(set(seen)) == 7
    for wrong in ("?", "bm8", "WzEsMl0"):
        with pytest.raises(BadInput):
            albums.albums(db, OWNER, cursor=wrong)


def test_a_longer_list_of_albums_asks_no_more_questions(db: Database) -> None:
    def questions() -> int:
        return len(asked_by(db, lambda: albums.albums(db, OWNER)))

    (photo,) = days(db, 1)
    made(db, "One", photo)
    few = questions()
    for number in range(20):
        made(db, f"More {number}", photo)
    assert questions() == few > 0


def test_questions_about_a_large_album_use_its_indexes(db: Database) -> None:
    album = made(db, "Norway", *days(db, 3))
    for by in albums.ORDERS:
        done(db, album_edits.change, album, {"order_by": by})
        this = scopes.ordered(db, OWNER, Scope("album", (album.id,)))
        sql = (
            f"select {this.id} from {this.photos} where {this.where} and {this.by} > '2' order by {this.order} limit 9"
        )
        plan = [row[3] for row in db.conn.execute(f"explain query plan {sql}", this.values)]
        assert not [step for step in plan if "SCAN" in step or "TEMP" in step], plan


# ---------------------------------------------------------------- arranged by hand, as a scope


def test_an_arranged_album_is_browsed_in_its_order(db: Database) -> None:
    a, b, c, d = days(db, 4)
    album = made(db, "Norway", a, b, c, d)
    done(db, album_edits.move, album, [d, b], before=a)
    scope = Scope("album", (album.id,))
    (bucket,) = scopes.buckets(db, OWNER, scope)
    assert bucket[1] == 4
    assert [each.id for each in stretches.stretch(db, OWNER, bucket[0], 1, 2, scope).photos] == [b, a]
    assert scopes.neighbours(db, OWNER, b, scope) == (d, a)
    assert stretches.whereabouts(db, OWNER, a, scope).index == 2
    first = scopes.page(db, OWNER, None, 3, scope)
    assert [each.id for each in first.photos] == [d, b, a]
    assert [each.id for each in scopes.page(db, OWNER, first.cursor, 3, scope).photos] == [c]


def test_an_album_from_old_to_new_is_browsed_that_way(db: Database) -> None:
    a, b, c = listed(db, "2018-01-01T00:00:00.000", "2019-01-01T00:00:00.000", "2019-01-02T00:00:00.000")
    scope = Scope("album", (made(db, "Norway", c, a, b).id,))
    assert scopes.buckets(db, OWNER, scope) == [("2018-01", 1), ("2019-01", 2)]
    assert scopes.neighbours(db, OWNER, b, scope) == (a, c)
    assert stretches.below(db, OWNER, "2019", scope) == stretches.Whereabouts("2019-01", 0)
    assert stretches.whereabouts(db, OWNER, c, scope).index == 1


# ---------------------------------------------------------------- filled by themselves


def test_an_album_of_a_folder_follows_it(library: Library, draw_photo: Any, import_folder: Any) -> None:
    db = library.db
    first = draw_photo("in/trip/one.jpg", taken="2019:06:01 10:00:00")
    draw_photo("in/else/other.jpg", taken="2019:06:01 11:00:00")
    import_folder(first.parent.parent)
    folder = db.conn.execute("select folder_id from sources where name = ?", (b"one.jpg",)).fetchone()[0]
    album = made(db, "Trip", folder_id=folder)
    assert (album.kind, album.photos) == ("folder", 1)
    draw_photo("in/trip/two.jpg", taken="2019:06:02 10:00:00")
    draw_photo("in/else/further.jpg", taken="2019:06:03 10:00:00")
    import_folder(first.parent.parent)
    assert albums.album(db, album.id).photos == 2
    with pytest.raises(NotFound):
        made(db, "Nowhere", folder_id=folder + 100)


def test_an_album_of_a_folder_follows_the_folders_in_it_when_asked_to(
    library: Library, draw_photo: Any, import_folder: Any
) -> None:
    db = library.db
    first = draw_photo("in/trip/day1/one.jpg", taken="2019:06:01 10:00:00")
    draw_photo("in/trip/day2/two.jpg", taken="2019:06:02 10:00:00")
    trip = first.parent.parent
    import_folder(trip.parent)
    folder = db.conn.execute("select id from folders where path = ?", (str(trip).encode(),)).fetchone()[0]
    with pytest.raises(NotFound):
        made(db, "Only the folder", folder_id=folder)
    album = made(db, "Trip", folder_id=folder, is_tree=True)
    assert album.photos == 2
    draw_photo("in/trip/day3/morning/three.jpg", taken="2019:06:03 10:00:00")
    import_folder(trip.parent)
    assert albums.album(db, album.id).photos == 3
    gone = done(db, album_edits.delete, album)
    undo(db, gone.id)
    draw_photo("in/trip/day4/four.jpg", taken="2019:06:04 10:00:00")
    import_folder(trip.parent)
    assert albums.album(db, album.id).photos == 4


def test_an_album_of_a_search_shows_what_it_finds_now(library: Library) -> None:
    db = library.db
    a, b = days(db, 2)
    with write(db):
        edits.edit(db, OWNER, [a], {"is_favourite": True})
    album = made(db, "Favourites", query="is:favourite")
    album_searches.freshen(library, album)
    assert order(db, album) == [a]
    assert albums.album(db, album.id).cover_id == a
    assert catalog.photo(db, a).albums == []  # nobody put it there
    with write(db):
        edits.edit(db, OWNER, [a], {"is_favourite": False})
        edits.edit(db, OWNER, [b], {"is_favourite": True})
        db.conn.execute("update albums set found_at = datetime('now', '-2 seconds') || '+00:00'")
    album_searches.freshen(library, album)
    assert order(db, album) == [b]
    assert albums.album(db, album.id).photos == 1
    changed = done(db, album_edits.change, album, {"query": "type:photo"})
    album_searches.freshen(library, album)
    assert sorted(order(db, album)) == [a, b]
    undo(db, changed.id)
    album_searches.freshen(library, album)
    assert order(db, album) == [b]
    for act, values in ((album_edits.put, [[a]]), (album_edits.take, [[b]]), (album_edits.move, [[b]])):
        with pytest.raises(BadInput):
            done(db, act, album, *values)


def test_an_unchanged_library_is_not_searched_again(library: Library) -> None:
    days(library.db, 2)
    album = made(library.db, "All", query="type:photo")
    album_searches.freshen(library, album)
    assert len(asked_by(library.db, lambda: album_searches.freshen(library, album))) == 2


# ---------------------------------------------------------------- importing


def test_an_import_fills_the_album_it_made_whatever_it_is_called_by_now(db: Database) -> None:
    a, b, c = days(db, 3)
    with write(db):
        album_id = catalog.put_in_album(db, OWNER, a, "2019 Norway", "folder")
    album = albums.album(db, album_id)
    done(db, album_edits.change, album, {"title": "By boat"})
    with write(db):
        assert catalog.put_in_album(db, OWNER, b, "2019 Norway", "folder") == album_id
        assert catalog.put_in_album(db, OWNER, c, "By boat") == album_id
        assert catalog.put_in_album(db, OWNER, c, "2019 Norway") != album_id
    assert order(db, album) == [a, b, c]
