"""What is deleted for good, or whose owner is switched off, and how much of it was shared."""

import io

from photolib import album_edits, album_rows, albums, catalog, db, trash, uploads, verify
from photolib.accounts import users
from photolib.accounts.sessions import Client
from photolib.db import write
from photolib.errors import NotFound
from photolib.library import Library
from photolib.sharing import contributions, grants, links, shown
from photolib.uploads import Announced
from tests.conftest import DrawPhoto, ImportFolder

GUEST = Client("192.0.2.7", "Firefox")


def test_a_photo_that_is_shared_in_every_way_goes_for_good_and_leaves_nothing_dangling(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    import_folder(draw_photo("in/one.jpg").parent)
    with write(library.db) as changed:
        zoe = users.add(changed, "zoe").id
        album_id = album_edits.make(changed, 1, "Wedding").album_id
        link, _ = links.make(changed, 1, album_id, "album", links.key(library.data), permission="contribute")
    body = draw_photo("sent.jpg").read_bytes()
    contributions.receive(library, link, Announced("hers.jpg", len(body)), io.BytesIO(body), "Ann", GUEST)
    (waiting,) = contributions.waiting(library.db, 1).contributions
    photo_id = contributions.accept(library, waiting)
    other = draw_photo("waits.jpg").read_bytes()
    contributions.receive(library, link, Announced("more.jpg", len(other)), io.BytesIO(other), "Ann", GUEST)
    with write(library.db) as changed:
        grants.give(changed, 1, {"photo_id": photo_id}, "user", zoe)
        for statement in (
            "insert into likes (photo_id, user_id, at) values (?, ?, '2026')",
            "insert into comments (photo_id, user_id, text, at) values (?, ?, 'Lovely', '2026')",
            """insert into inbox (photo_id, owner_id, name, is_folder, size, modified_at, added_at, key)
               values (?, ?, 'hers.jpg', 0, 10, 0, 0, 'x')""",
        ):
            changed.conn.execute(statement, (photo_id, zoe))
        catalog.put_in_trash(changed, [photo_id])
        assert trash.delete(changed, 1) == 1
    assert trash.work(library, 60).photos == 1
    database = library.db.conn
    assert database.execute("pragma foreign_key_check").fetchall() == []
    for table in ("grants", "likes", "comments", "album_photos"):
        assert database.execute(f"select count(*) from {table} where photo_id = ?", (photo_id,)).fetchone()[0] == 0
    assert database.execute("select name, photo_id from inbox").fetchall() == [("hers.jpg", None)]
    (decided,) = contributions.of_owner(library.db, 1, [waiting.id])
    assert (decided.decision, decided.photo_id) == ("accepted", None)
    assert shown.everything(library.db, albums.album(library.db, album_id), 10) == []
    uploads.tidy(library, every=0)
    (left,) = contributions.waiting(library.db, 1).contributions  # what waits is no orphan, and stays
    assert verify.find_orphans(library) == []
    assert verify.check(library, True, lambda *_: None).problems == []
    assert contributions.accept(library, left)


def test_what_others_put_into_an_album_stays_theirs_when_its_owner_is_switched_off(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    with write(library.db) as changed:
        zoe, yan = users.add(changed, "zoe").id, users.add(changed, "yan").id
        album_id = album_edits.make(changed, zoe, "Wedding").album_id
        grants.give(changed, zoe, {"album_id": album_id}, "user", yan, "contribute")
        _, token = links.make(changed, zoe, album_id, "album", links.key(library.data))
    import_folder(draw_photo("in/one.jpg").parent, owner_id=yan)
    (photo_id,) = (row[0] for row in library.db.conn.execute("select id from photos"))
    with write(library.db) as changed:
        album_rows.put_at_end(changed, album_id, [photo_id], yan)
        users.disable(changed, zoe)
    assert catalog.owned(library.db, yan, [photo_id]) == [photo_id]
    assert not links_open(library, token)
    with write(library.db) as changed:
        users.enable(changed, zoe)
    assert links_open(library, token)


def links_open(library: Library, token: str) -> bool:
    try:
        return bool(links.find(library.db, token))
    except NotFound:
        return False


def test_a_backup_holds_links_and_what_waits_but_opens_nothing_by_itself(library: Library) -> None:
    with write(library.db) as changed:
        album_id = album_edits.make(changed, 1, "Wedding").album_id
        _, token = links.make(changed, 1, album_id, "album", links.key(library.data))
    copy = library.data / "backups" / "copy.db"
    db.copy_to(library.db, copy)
    opened = db.connect(copy)
    try:
        assert opened.conn.execute("select count(*) from links").fetchone()[0] == 1
        assert token.encode() not in copy.read_bytes()
        assert links.token(opened, links.by_id(opened, 1), links.key(library.data)) == token
    finally:
        opened.close()
