"""The one decision: who may do what with whose photo and album."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from photolib import album_edits, albums, catalog, edits
from photolib.access import Action, Visitor, may
from photolib.accounts import throttle, users
from photolib.accounts.sessions import Client
from photolib.album_rows import put_at_end
from photolib.catalog import User
from photolib.db import write
from photolib.errors import NotFound, Refused, TooManyTries
from photolib.library import Library
from photolib.sharing import doors, grants, links
from photolib.sharing.grants import Role
from photolib.sharing.links import Link
from tests.conftest import DrawPhoto, ImportFolder

ACTIONS: tuple[Action, ...] = ("view", "download", "contribute", "manage", "edit")
BROWSER = Client("192.0.2.7", "Firefox")


@pytest.fixture
def db(library: Library) -> Database:
    return library.db


@pytest.fixture
def owner(db: Database) -> User:
    return catalog.user_named(db, "admin")


@pytest.fixture
def cousin(db: Database) -> User:
    with write(db):
        return catalog.add_user(db, "cousin")


@pytest.fixture
def photo_ids(tmp_path: Path, draw_photo: DrawPhoto, import_folder: ImportFolder, db: Database) -> list[int]:
    for name in ("a", "b", "c"):
        draw_photo(f"in/{name}.jpg", seed=ord(name))
    import_folder(tmp_path / "in")
    return [row[0] for row in db.conn.execute("select id from photos order by id")]


def album_of(db: Database, owner: User, photo_ids: list[int]) -> int:
    with write(db):
        return album_edits.make(db, owner.id, "Wedding", photo_ids=photo_ids).album_id


def allowed(db: Database, who: User | None, album_id: int, link: Link | None = None) -> set[str]:
    return {each for each in ACTIONS if may(Visitor(db, who, link), each, albums.album(db, album_id))}


def allowed_photo(db: Database, who: User | None, photo_id: int, link: Link | None = None) -> set[str]:
    return {each for each in ACTIONS if may(Visitor(db, who, link), each, catalog.photo(db, photo_id))}


def test_what_is_not_shared_is_its_owners_alone(db: Database, owner: User, cousin: User, photo_ids: list[int]) -> None:
    album_id = album_of(db, owner, photo_ids)
    assert allowed(db, owner, album_id) == set(ACTIONS)
    assert allowed_photo(db, owner, photo_ids[0]) == set(ACTIONS)
    for nobody in (cousin, None):
        assert allowed(db, nobody, album_id) == set()
        assert allowed_photo(db, nobody, photo_ids[0]) == set()


@pytest.mark.parametrize(("role", "most"), [("view", 1), ("download", 2), ("contribute", 3), ("manage", 4)])
def test_each_role_on_an_album_may_what_those_before_it_may(
    db: Database, owner: User, cousin: User, photo_ids: list[int], role: Role, most: int
) -> None:
    album_id = album_of(db, owner, photo_ids[:2])
    with write(db):
        grants.give(db, owner.id, {"album_id": album_id}, "user", cousin.id, role)
    assert allowed(db, cousin, album_id) == set(ACTIONS[:most])
    assert "view" in allowed_photo(db, cousin, photo_ids[0])
    assert "edit" not in allowed_photo(db, cousin, photo_ids[0])
    assert allowed_photo(db, cousin, photo_ids[2]) == set()


def test_a_photo_in_the_trash_or_out_of_the_album_is_seen_by_nobody_else(
    db: Database, owner: User, cousin: User, photo_ids: list[int]
) -> None:
    album_id = album_of(db, owner, photo_ids)
    with write(db):
        grants.give(db, owner.id, {"album_id": album_id}, "user", cousin.id)
        grants.give(db, owner.id, {"photo_id": photo_ids[0]}, "user", cousin.id)
        edits.edit(db, owner.id, [photo_ids[0]], {"is_trashed": True})
        album_edits.take(db, owner.id, albums.album(db, album_id), [photo_ids[1]])
    assert [bool(allowed_photo(db, cousin, each)) for each in photo_ids] == [False, False, True]


def test_everything_since_a_day_is_that_and_no_more(
    db: Database, owner: User, cousin: User, photo_ids: list[int]
) -> None:
    with write(db):
        edits.set_dates(db, owner.id, {photo_ids[0]: "2019-12-31T23:59:59", photo_ids[1]: "2020-01-01T00:00:00"})
        grants.give(db, owner.id, {"since": "2020-01-01"}, "user", cousin.id)
    assert not allowed_photo(db, cousin, photo_ids[0])
    assert allowed_photo(db, cousin, photo_ids[1]) == {"view"}


def test_followers_see_what_is_for_them_once_they_were_accepted(
    db: Database, owner: User, cousin: User, photo_ids: list[int]
) -> None:
    with write(db):
        grants.give(db, owner.id, {"photo_id": photo_ids[0]}, "followers")
        db.conn.execute(
            "insert into follows (follower_id, followed_id, asked_at) values (?, ?, '2026-01-01')",
            (cousin.id, owner.id),
        )
    assert not allowed_photo(db, cousin, photo_ids[0])
    with write(db):
        db.conn.execute("update follows set accepted_at = '2026-01-02'")
    assert allowed_photo(db, cousin, photo_ids[0]) == {"view"}


def test_what_is_put_into_somebodys_album_can_be_taken_home_by_them(
    db: Database, owner: User, cousin: User, photo_ids: list[int]
) -> None:
    album_id = album_of(db, cousin, [])
    with write(db):
        put_at_end(db, album_id, photo_ids[:1], added_by=owner.id)
    assert allowed_photo(db, cousin, photo_ids[0]) == {"view", "download"}


def test_a_guest_may_take_home_what_others_let_them_and_change_nothing(
    db: Database, owner: User, cousin: User, photo_ids: list[int]
) -> None:
    album_id = album_of(db, owner, photo_ids)
    with write(db):
        grants.give(db, owner.id, {"album_id": album_id}, "user", cousin.id, "manage")
    guest = User(cousin.id, cousin.name, "guest")
    assert allowed(db, guest, album_id) == {"view", "download"}


def a_link(
    library: Library, owner: User, album_id: int, password: str | None = None, **options: object
) -> tuple[Link, str]:
    hashed = doors.hashed(password) if password else None
    with write(library.db) as db:
        return links.make(db, owner.id, album_id, "album", links.key(library.data), hashed, **links.checked(options))


def test_a_link_shows_its_album_and_nothing_else(
    library: Library, db: Database, owner: User, photo_ids: list[int]
) -> None:
    album_id, other = album_of(db, owner, photo_ids[:1]), album_of(db, owner, photo_ids[1:])
    link, _ = a_link(library, owner, album_id)
    assert allowed(db, None, album_id, link) == {"view"}
    assert allowed(db, None, other, link) == set()
    assert allowed_photo(db, None, photo_ids[0], link) == {"view"}
    assert allowed_photo(db, None, photo_ids[1], link) == set()
    # Whoever is signed in as well is nobody else behind a link.
    assert allowed_photo(db, owner, photo_ids[1], link) == set()


def test_a_link_that_has_ended_opens_nothing(library: Library, db: Database, owner: User, photo_ids: list[int]) -> None:
    link, token = a_link(library, owner, album_of(db, owner, photo_ids))
    assert links.find(db, token) == link
    with write(db):
        links.revoke(db, link)
    with pytest.raises(NotFound):
        links.find(db, token)
    assert not allowed_photo(db, None, photo_ids[0], links.by_id(db, link.id))


def test_the_owner_can_copy_the_address_again_and_the_database_alone_cannot(
    library: Library, db: Database, owner: User, photo_ids: list[int]
) -> None:
    link, token = a_link(library, owner, album_of(db, owner, photo_ids))
    assert links.token(db, link, links.key(library.data)) == token
    kept = b"|".join(bytes(str(each), "utf-8") for row in db.conn.iterdump() for each in row)
    assert token.encode() not in kept
    (library.data / links.KEY_FILE).unlink()
    assert links.token(db, link, links.key(library.data)) is None


def test_a_new_password_ends_all_visits(library: Library, db: Database, owner: User, photo_ids: list[int]) -> None:
    link, _ = a_link(library, owner, album_of(db, owner, photo_ids), "marigold")
    visit = doors.come_in(db, link, "marigold", BROWSER)
    assert links.is_visited(db, link, visit)
    with pytest.raises(Refused):
        doors.come_in(db, link, "tulip1", BROWSER)
    with write(db):
        links.set_password(db, link, doors.hashed("dandelion"))
    assert not links.is_visited(db, link, visit)


def test_as_many_come_in_as_may_and_those_who_are_in_stay(
    library: Library, db: Database, owner: User, photo_ids: list[int]
) -> None:
    link, _ = a_link(library, owner, album_of(db, owner, photo_ids), max_uses=1)
    visit = doors.come_in(db, link, "", BROWSER)
    with pytest.raises(Refused):
        doors.come_in(db, link, "", BROWSER)
    assert links.is_visited(db, link, visit)


def test_guessing_at_one_address_does_not_keep_another_out(
    library: Library, db: Database, owner: User, photo_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "SHORTEST_WAIT", 60.0)  # or a slow machine would have waited by the next line
    link, _ = a_link(library, owner, album_of(db, owner, photo_ids), "marigold")
    for _ in range(throttle.FREE_FOR_ONE + 1):
        with pytest.raises(Refused):
            doors.come_in(db, link, "tulip1", BROWSER)
    with pytest.raises(TooManyTries):
        doors.come_in(db, link, "marigold", BROWSER)
    assert doors.come_in(db, link, "marigold", Client("192.0.2.8", "Safari"))


def test_what_somebody_shared_is_hidden_while_they_are_disabled(
    db: Database, owner: User, cousin: User, photo_ids: list[int]
) -> None:
    album_id = album_of(db, owner, photo_ids)
    with write(db):
        grants.give(db, owner.id, {"album_id": album_id}, "user", cousin.id)
        users.set_password(db, users.add(db, "another", role="admin").id, "a hash")
        users.disable(db, owner.id)
    assert not allowed(db, cousin, album_id)
    assert not allowed_photo(db, cousin, photo_ids[0])
    with write(db):
        users.enable(db, owner.id)
    assert allowed(db, cousin, album_id) == {"view"}
