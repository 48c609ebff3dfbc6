"""What visitors of a link send for its album: it waits until the owner decides, and nobody else gets anything of it."""

import io
import time
from pathlib import Path

import pytest

from photolib import album_edits, albums, catalog, uploads
from photolib.accounts.sessions import Client
from photolib.catalog import User
from photolib.db import write
from photolib.errors import BadInput, NotFound, Refused
from photolib.library import Library
from photolib.sharing import contributions, links
from photolib.sharing.contributions import Contribution
from photolib.sharing.links import Link
from photolib.uploads import Announced
from tests.conftest import DrawPhoto

GUEST = Client("192.0.2.7", "Firefox")


@pytest.fixture
def owner(library: Library) -> User:
    return catalog.user_named(library.db, "admin")


@pytest.fixture
def link(library: Library, owner: User) -> Link:
    with write(library.db) as db:
        album_id = album_edits.make(db, owner.id, "Wedding").album_id
        options = links.checked({"permission": "contribute"})
        return links.make(db, owner.id, album_id, "album", links.key(library.data), **options)[0]


def sent(library: Library, link: Link, body: bytes, name: str = "mine.jpg") -> Contribution:
    contributions.receive(library, link, Announced(name, len(body)), io.BytesIO(body), " Ann\n a ", GUEST)
    return contributions.waiting(library.db, link.owner_id).contributions[-1]


def photos(library: Library) -> int:
    return library.db.conn.execute("select count(*) from photos").fetchone()[0]


def test_it_waits_until_the_owner_takes_it_into_the_album(library: Library, link: Link, draw_photo: DrawPhoto) -> None:
    one = sent(library, link, draw_photo("a.jpg").read_bytes())
    assert (one.visitor, one.filename, photos(library)) == ("Ann a", "mine.jpg", 0)
    assert contributions.picture(library, one).read_bytes().startswith(b"\xff\xd8")
    photo_id = contributions.accept(library, one)
    assert contributions.accept(library, one) == photo_id
    assert (photos(library), albums.album(library.db, link.album_id).photos) == (1, 1)
    assert contributions.count(library.db, link.owner_id) == 0
    assert contributions.of_owner(library.db, link.owner_id, [one.id])[0].decision == "accepted"


def test_it_does_not_expire_while_it_waits_and_is_never_filed_by_itself(
    library: Library, link: Link, draw_photo: DrawPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = draw_photo("a.jpg").read_bytes()
    one = sent(library, link, body)
    begun = contributions.begin(library, link, Announced("b.jpg", len(body)))
    assert begun.upload_id is not None
    assert one.upload_id is not None
    uploads.receive(library, uploads.find(library.db, begun.upload_id), io.BytesIO(body), 0)
    with pytest.raises(NotFound):
        uploads.file(library, uploads.find(library.db, one.upload_id))
    later = time.time() + 400 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    uploads.tidy(library, 0)
    assert photos(library) == 0
    assert [each.id for each in contributions.waiting(library.db, link.owner_id).contributions] == [one.id]
    assert contributions.accept(library, one)


def test_a_refusal_can_be_taken_back_for_a_day(
    library: Library, link: Link, draw_photo: DrawPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sent(library, link, draw_photo("a.jpg").read_bytes())
    with write(library.db) as db:
        contributions.refuse(db, one)
    assert contributions.count(library.db, link.owner_id) == 0
    with write(library.db) as db:
        contributions.take_back(db, one)
    assert contributions.count(library.db, link.owner_id) == 1
    with write(library.db) as db:
        contributions.refuse(db, one)
    later = time.time() + 2 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    uploads.tidy(library, 0)
    assert not uploads.draft_path(library, one.upload_id or "").exists()
    with pytest.raises(NotFound), write(library.db) as db:
        contributions.take_back(db, contributions.of_owner(db, link.owner_id, [one.id])[0])


def test_what_is_no_photo_does_not_wait(library: Library, link: Link) -> None:
    with pytest.raises(BadInput, match="no photo or video"):
        sent(library, link, b"<script>alert(1)</script>", "page.jpg")
    assert contributions.count(library.db, link.owner_id) == 0
    assert list((library.data / "uploads").iterdir()) == []


def test_a_link_that_shows_photos_takes_none(library: Library, link: Link) -> None:
    with write(library.db) as db:
        link = links.change(db, link, {"permission": "download"})
    with pytest.raises(Refused):
        contributions.begin(library, link, Announced("a.jpg", 1000))


def test_there_is_an_end_to_what_waits_at_a_link(library: Library, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contributions, "MOST_WAITING", 2)
    for number in range(2):
        contributions.begin(library, link, Announced(f"{number}.jpg", 1000))
    with pytest.raises(Refused, match="no more fits"):
        contributions.begin(library, link, Announced("c.jpg", 1000))


def test_the_owners_room_counts_what_waits_and_what_waits_does_not_keep_the_owner_out(
    library: Library, link: Link, owner: User
) -> None:
    with write(library.db) as db:
        db.conn.execute("update users set quota_bytes = 10000 where id = ?", (owner.id,))
    contributions.begin(library, link, Announced("a.jpg", 8000))
    with pytest.raises(Refused, match="no room"):
        contributions.begin(library, link, Announced("b.jpg", 8000))
    assert uploads.announce(library, owner.id, Announced("own.jpg", 8000), 10000)


def test_one_visitor_reaches_nothing_of_another_link(library: Library, link: Link, owner: User) -> None:
    begun = contributions.begin(library, link, Announced("a.jpg", 1000))
    with write(library.db) as db:
        options = links.checked({"permission": "contribute"})
        other, _ = links.make(db, owner.id, link.album_id, "album", links.key(library.data), **options)
    for act in (contributions.upload_of(library.db, link, begun.upload_id or ""),):
        assert act.received == 0
    with pytest.raises(NotFound):
        contributions.upload_of(library.db, other, begun.upload_id or "")
    with pytest.raises(NotFound):
        contributions.finish(library, other, begun.upload_id or "", GUEST)


def test_what_waits_goes_with_its_link(library: Library, link: Link, draw_photo: DrawPhoto) -> None:
    one = sent(library, link, draw_photo("a.jpg").read_bytes())
    with write(library.db) as db:
        db.conn.execute("delete from links where id = ?", (link.id,))
    uploads.tidy(library, 0)
    assert not uploads.draft_path(library, one.upload_id or "").exists()
    assert photos(library) == 0


def test_a_visitor_who_sends_many_is_one_line_in_the_log(library: Library, link: Link, draw_photo: DrawPhoto) -> None:
    for number in range(3):
        sent(library, link, draw_photo(f"{number}.jpg", seed=number).read_bytes())
    rows = library.db.conn.execute("select what, photos from link_log").fetchall()
    assert rows == [("contributed", 3)]


def test_nothing_of_the_path_is_kept(library: Library, link: Link, draw_photo: DrawPhoto, tmp_path: Path) -> None:
    one = sent(library, link, draw_photo("a.jpg").read_bytes(), "../../etc/passwd.jpg")
    assert one.filename == "passwd.jpg"


def test_taking_back_a_refusal_changes_nothing_about_what_was_accepted_meanwhile(
    library: Library, link: Link, draw_photo: DrawPhoto
) -> None:
    one = sent(library, link, draw_photo("a.jpg").read_bytes())
    with write(library.db) as db:
        contributions.refuse(db, one)
    contributions.accept(library, one)
    before = library.db.conn.execute("select id, expires_at from uploads").fetchall()
    with write(library.db) as db:
        contributions.take_back(db, one)
    assert library.db.conn.execute("select id, expires_at from uploads").fetchall() == before
    assert contributions.of_owner(library.db, link.owner_id, [one.id])[0].decision == "accepted"


def test_nothing_is_begun_through_a_link_that_has_ended_since_it_was_opened(library: Library, link: Link) -> None:
    for end in (links.revoke, lambda db, each: links.change(db, each, {"permission": "view", "revoked_at": None})):
        with write(library.db) as db:
            end(db, link)
        with pytest.raises((NotFound, Refused)):
            contributions.begin(library, link, Announced("a.jpg", 10))  # as it was when it was opened
        assert library.db.conn.execute("select count(*) from contributions").fetchone()[0] == 0
        assert library.db.conn.execute("select count(*) from uploads where state = 'open'").fetchone()[0] == 0
