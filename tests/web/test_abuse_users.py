"""ABUSE_CASES.md 17: one user against another's things. Every route, and every id in an address, a query or a body.

Two people have the same of everything. The tables below are checked against the app's own routes, so a route that somebody adds
fails here until it is said what it names.
"""

import base64
import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from photolib import album_edits, decisions, duplicates, edits, faces, merges, understood, uploads
from photolib.accounts import api_tokens, sessions, users
from photolib.db import write
from photolib.library import Library
from photolib.search import saved
from photolib.sharing import contributions, grants, links, social

from .asked_for import getting, looked_at, names, rules, watch
from .conftest import CLIENT, ListPhotos, client_of, sign_in
from .test_abuse_accounts import DOORS
from .test_people_pages import see

READING = {"GET", "HEAD", "OPTIONS"}
NOTHING = 9_007_199_254_740_991  # an id that nobody has


@dataclass(frozen=True)
class Things:
    """One of everything that somebody can have, by its id. Names of addresses' parts."""

    name: str
    photo_id: int
    other_photo: int
    guessed_photo: int
    trashed_photo: int
    key: str
    person_id: int
    other_person: int
    face_id: int
    stack_id: int
    stacked: int
    stacked_too: int
    merge_id: int
    decision_id: int
    search_id: int
    album_id: int
    other_album: int
    tag_id: int
    other_tag: int
    folder_id: int
    edit_id: int
    session_id: int
    token_id: int
    passkey_id: int
    user_id: int
    someone_id: int
    comment_id: int
    link_id: int
    contribution_id: int
    member_id: int
    grant_id: int

    def address(self, rule: Any) -> str:
        """A route's address, for these things."""
        fixed = {"month": "2020-06", "scope": "box-0_0_1_1", "variant": "thumb", "other_id": self.other_person}
        built = rule.build({name: fixed.get(name) or getattr(self, name) for name in parts(rule)})
        assert built is not None
        return built[1]


def parts(rule: Any) -> set[str]:
    """What a route's address has to be given."""
    return rule.arguments - set(rule.defaults or ())


def things_of(library: Library, owner: int, list_photos: ListPhotos, who: int) -> Things:
    """Give somebody one of everything. who: a face nobody else has."""
    ids = list_photos(*(f"2020-06-{day:02}T12:00:00.000" for day in range(1, 12)), owner=owner)
    see(library, ids[:3], who, who + 1)
    both = [each.id for each in faces.people(library.db, owner)]
    [face] = [each.id for each in faces.faces_in(library.db, ids[0]) if each.person_id == both[0]]
    db = library.db
    key = db.conn.execute("select key from photos where id = ?", (ids[0],)).fetchone()[0]
    # list_photos() names the bytes of its photos 1, 2, 3 ...
    [content] = [b"%d" % n for n in range(1, 100) if hashlib.sha256(b"%d" % n).hexdigest() == key]
    library.originals.put(io.BytesIO(content), "jpg")
    with write(db) as database:
        first = database.conn
        for one, two in ((ids[3], ids[4]), (ids[5], ids[6])):
            duplicates.stack(database, one, [duplicates.Likeness(two, duplicates.DUPLICATE, 0)])
        merge = merges.merge(database, owner, ids[5], [ids[6]])
        stack = first.execute("select stack_id from stack_photos where photo_id = ?", (ids[3],)).fetchone()[0]
        named = decisions.rename(database, owner, both[0], f"Secret{who}")
        understood.keep_labels(database, ids[0], [("dog", 0.9)])
        search = saved.save(database, owner, f"secret search {who}", "dog").id
        edit = edits.edit(
            database, owner, [ids[0], ids[1]], {"add_tags": [f"secret tag {who}", "second"], "is_favourite": True}
        )
        edits.edit(database, owner, [ids[8]], {"is_trashed": True})
        tags = [row[0] for row in first.execute("select id from tags where owner_id = ? order by id", (owner,))]
        made = []
        for title in (f"secret album {who}", "second"):
            made.append(album_edits.make(database, owner, title, "", None, [ids[0], ids[1]], None, None).album_id)
        folder = first.execute(
            "insert into folders (path) values (?) returning id", (b"/secret/folder/%d" % who,)
        ).fetchone()[0]
        first.execute(
            """insert into sources (folder_id, name, stem, owner_id, size, mtime_ns, inode, outcome, key, photo_id, seen_at)
               values (?, 'a.jpg', 'a', ?, 1, 1, 1, 'new', ?, ?, '2024-01-01')""".replace(
                "'a.jpg', 'a'", "x'61', x'61'"
            ),
            (folder, owner, key, ids[0]),
        )
        first.execute("update originals set size = ? where key = ?", (len(content), key))
        first.execute("update photos set status = 'ready' where owner_id = ?", (owner,))
        first.execute("update users set password_hash = 'none' where id = ?", (owner,))
        first.execute("update photos set taken_at_source = 'file time' where id = ?", (ids[9],))
        user = users.account(database, owner)
        token, _ = api_tokens.make(database, user, "frame", ["read"], None)
        passkey = first.execute(
            """insert into passkeys (user_id, name, rp_id, credential, public_key, sign_count, transports, created_at)
               values (?, 'phone', 'localhost', ?, x'00', 0, '', '2024-01-01') returning id""",
            (owner, b"credential %d" % who),
        ).fetchone()[0]
        session = sessions.start(database, owner, CLIENT).session.id
        someone = users.add(database, f"follower{who}").id
        social.follow(database, someone, owner)
        said = social.comment(database, owner, ids[0], "Secret words").id
        member = grants.give(database, owner, {"album_id": made[0]}, "user", someone).id
        everything_since = grants.give(database, owner, {"since": "2020-01-01"}, "user", someone).id
        link, _ = links.make(database, owner, made[0], "album", links.key(library.data), permission="contribute")
    sent = contributions.begin(library, link, uploads.Announced(f"secret{who}.jpg", 10), f"Secret visitor {who}")
    with write(db) as database:
        database.conn.execute("update contributions set sent_at = announced_at where id = ?", (sent.id,))
    assert merge is not None
    assert edit.id is not None
    assert named.id is not None
    return Things(
        f"ecret{who}", ids[0], ids[1], ids[9], ids[8], key, both[0], both[1], face, stack, ids[3], ids[4], merge, named.id, search,
        made[0], made[1], tags[0], tags[1], folder, edit.id, session, token.id, passkey, owner, someone, said, link.id, sent.id,
        member, everything_since,
    )  # fmt: skip


# What each route that changes something is sent, naming the things of whoever t is: as JSON below /api/, else as a form. The first is
# one that the route does for its own user.
Bodies = dict[str, list[dict[str, Any]]]


EVERY_PART = "0-999999999999"  # of an export: from which to which of one's own photos


def bodies(t: Things) -> Bodies:
    return {
        "account_pages.revoke": [{}],
        "credentials_pages.revoke_token": [{}],
        "credentials_pages.remove_passkey": [{}],
        "albums_api.make": [
            {"title": "New", "photo_ids": [t.photo_id]}, {"title": "New", "parent_id": t.album_id},
            {"title": "New", "folder_id": t.folder_id},
        ],
        "albums_api.change": [{"parent_id": t.other_album}, {"cover_id": t.photo_id}],
        "albums_api.delete": [{}],
        "albums_api.put": [{"photo_ids": [t.other_photo]}],
        "albums_api.take": [{"photo_ids": [t.photo_id]}],
        "albums_api.move": [{"photo_ids": [t.photo_id]}, {"photo_ids": [t.photo_id], "before": t.other_photo},
        {"photo_ids": [t.photo_id], "after": t.other_photo}],
        "members_api.invite": [{"audience": "public", "role": "view"}],
        "members_api.change": [{"role": "download"}],
        "members_api.remove": [{}],
        "members_api.leave": [],  # an owner cannot: tests/web/test_together.py
        "members_api.give": [{"user_id": 1, "person_id": t.person_id}],
        "members_api.end": [{}],
        "members_pages.invite": [{"audience": "public", "role": "view"}],
        "members_pages.change": [{"role": "download"}],
        "members_pages.remove": [{}],
        "members_pages.leave": [],
        "members_pages.read": [{}],
        "members_pages.share_person": [{"user": 1, "role": "view"}],
        "members_pages.share_since": [{"user": 1, "role": "view", "day": "2020-01-01"}],
        "members_pages.end": [{}],
        "members_pages.save": [],  # one's own photos are skipped: tests/web/test_together.py
        "albums_pages.make": [
            {"title": "New", "photo": t.photo_id}, {"title": "New", "parent": t.album_id}, {"title": "New", "folder": t.folder_id},
            {"saved": t.search_id},
        ],
        "albums_pages.change": [{"parent": t.other_album}, {"cover": t.photo_id}],
        "albums_pages.delete": [{}],
        "albums_pages.put": [{"photo": t.other_photo}],
        "albums_pages.take": [{"photo": t.photo_id}],
        "albums_pages.move": [{"photo": t.photo_id, "step": "later"}],
        "api.correct_label": [{"label": "cat", "is_there": True}],
        "pages.correct_label": [{"label": "cat"}],
        "downloads.download": [{"photos": t.photo_id}],
        "duplicates.merge": [{"keep": t.stacked, "photo_ids": [t.stacked_too]}],
        "duplicates.undo_merge": [{}],
        "duplicates.keep_apart": [{"photo_ids": [t.stacked]}],
        "duplicates.choose_best": [{"photo_id": t.stacked_too}],
        "duplicates_pages.decide": [{"act": "keep", "photo": t.stacked}],
        "duplicates_pages.choose": [{"photo": t.stacked_too}],
        "export_pages.of_chosen": [{"photos": t.photo_id}],
        "export_pages.download": [
            {"what": "chosen", "photos": t.photo_id, "part": EVERY_PART}, {"what": "album", "album_id": t.album_id, "part": EVERY_PART},
        ],
        "edits.change": [{"rating": 3}],
        "edits.trash": [{}],
        "edits.change_many": [{"photo_ids": [t.photo_id], "rating": 3}],
        "edits.undo": [{}],
        "edits.act": [{"photo": t.photo_id, "act": "archive"}],
        "edits.take_back": [{}],
        "sharing_api.share_album": [{}],
        "sharing_api.share_photos": [{"photo_ids": [t.photo_id]}, {"album_id": t.album_id}],
        "sharing_api.change": [{"name": "New"}],
        "sharing_api.revoke": [{}],
        "sharing_api.restore": [{}],
        "sharing_api.renew": [{}],
        "sharing_pages.ask_selection": [{"photos": t.photo_id}, {"photo": t.photo_id}, {"album": t.album_id}],
        "sharing_pages.make": [{"photos": t.photo_id}, {"photo": t.photo_id}, {"album": t.album_id}],
        "sharing_pages.change": [{"name": "New"}],
        "sharing_pages.change_password": [{"password": "bamu-tefo"}],
        "sharing_pages.revoke": [{}],
        "sharing_pages.restore": [{}],
        "sharing_pages.renew": [{}],
        "contributions_pages.decide": [
            {"act": "refuse", "contribution": t.contribution_id}, {"act": "refuse", "all": "yes", "link_id": t.link_id},
        ],
        "contributions_pages.undo": [{"contribution": t.contribution_id}],
        "contributions_pages.put_away": [{"photo": t.photo_id}],
        "social_api.follow": [{}],
        "social_api.unfollow": [{}],
        "social_api.let_follow": [{}],
        "social_api.stop_follower": [{}],
        "social_pages.act": [{"act": "follow"}],
        "social_pages.like": [{"on": "1"}],
        "social_pages.comment": [{"text": "Lovely"}],
        "social_pages.uncomment": [{}],
        "social_api.like": [{}],
        "social_api.unlike": [{}],
        "social_api.comment": [{"text": "Lovely"}],
        "social_api.uncomment": [{}],
        "order_api.weigh": [{"photo_ids": [t.trashed_photo]}],
        "order_api.empty_trash": [{"photo_ids": [t.trashed_photo]}],
        "order_api.change_tag": [{"merge_into": t.other_tag}],
        "order_api.delete_tag": [{}],
        "order_pages.change_tag": [{"act": "merge", "into": t.other_tag}],
        "order_pages.delete": [{"photo": t.trashed_photo}],
        "people_api.change": [{"cover_face_id": t.face_id}],
        "people_api.merge": [{"into": t.other_person}, {"with": t.other_person}],
        "people_api.split": [{"face_ids": [t.face_id]}],
        "people_api.not_this_person": [{}],
        "people_api.not_a_face": [{}],
        "people_api.assign": [{"person_id": t.other_person}],
        "people_api.answer": [
            {"person_id": t.other_person, "face_id": t.face_id, "is_so": True},
            {"person_id": t.person_id, "other_id": t.other_person, "is_so": True},
        ],
        "people_api.undo": [{"undo_id": t.decision_id}],
        "people_pages.rename": [{"name": "Somebody"}],
        "people_pages.birthday": [{"birthday": "2000-01-01"}],
        "people_pages.hide": [{}],
        "people_pages.cover": [{"face": t.face_id}],
        "people_pages.merge": [{"other": t.other_person}],
        "people_pages.split": [{"face": t.face_id, "name": "Else"}],
        "people_pages.answer": [{"other": t.other_person, "answer": "yes"}, {"face": t.face_id, "answer": "no"}],
        "people_pages.undo": [{}],
        "people_pages.name_face": [{"name": "Somebody"}],
        "people_pages.deny_face": [{"what": "face"}],
        "review_pages.settle": [{"act": "right", "photo": t.guessed_photo}],
        "search_api.forget": [{}],
        "search_pages.forget": [{}],
        "uploads_api.file": [],  # names an upload by a signed address, and an album: tests/web/test_uploads_api.py
    }  # fmt: skip


# Routes whose bodies name nothing of anybody: what is sent is new, or is about oneself.
NAMES_NOTHING = {
    "account_pages.change_profile", "account_pages.change_password", "account_pages.revoke_others", "credentials_pages.make_token",
    "credentials_pages.link_elsewhere", "credentials_pages.unlink_elsewhere", "credentials_pages.add_passkey",
    "credentials_pages.ask_for_new_passkey", "credentials_pages.turn_second_step_on", "credentials_pages.begin_second_step",
    "credentials_pages.renew_recovery_codes", "credentials_pages.turn_second_step_off", "duplicates_pages.keep_best_of_all",
    "review_pages.retry", "search_api.by_picture", "search_api.save", "search_pages.by_picture", "search_pages.save",
    "uploads_api.announce", "uploads_pages.add", "sending_api.upload", "devices_pages.make_device", "devices_pages.choose_albums",
}  # fmt: skip

# Routes that name somebody with an account here, whom all others who have one may know.
ABOUT_PEOPLE = {
    "social_api.follow", "social_api.unfollow", "social_api.let_follow", "social_api.stop_follower", "social_pages.act",
}  # fmt: skip

# Names in a query that say whose things are asked for, and what each may hold. Every other name that some route looks at is below.
Values = Callable[[Things], tuple[object, ...]]


def scopes_of(t: Things) -> tuple[str, ...]:
    """One scope of every kind that names something."""
    both = (t.person_id, t.other_person)
    return (
        f"album-{t.album_id}", f"person-{t.person_id}", f"people-{both[0]}-{both[1]}", f"folder-{t.folder_id}", f"tree-{t.folder_id}",
        f"tag-{t.tag_id}", f"added-{t.album_id}-{t.user_id}",
    )  # fmt: skip


def cursor(at: str, thing: int) -> str:
    return base64.urlsafe_b64encode(f"{at}|{thing}".encode()).decode().rstrip("=")


QUERIES: dict[str, Values] = {
    "scope": scopes_of,
    "in": scopes_of,
    "album_id": lambda t: (t.album_id,),
    "album": lambda t: (t.album_id,),
    "photo": lambda t: (t.photo_id,),
    "photos": lambda t: (t.photo_id,),
    "link_id": lambda t: (t.link_id,),
    "parent_id": lambda t: (t.album_id,),
    "like": lambda t: (t.photo_id,),
    "by": lambda t: (t.user_id,),
    "person": lambda t: (t.person_id, t.name),
    "person_id": lambda t: (t.person_id,),
    "photo_id": lambda t: (t.photo_id,),
    "since": lambda t: (t.photo_id,),
    "cursor": lambda t: (cursor("2020-06-01T12:00:00.000", t.photo_id),),
    "before": lambda t: (cursor("2020-06-01T12:00:00.000", t.photo_id),),
    "after": lambda t: (cursor("2020-06-01T12:00:00.000", t.photo_id),),
    "q": lambda t: (f"s{t.name} album", f"person:S{t.name}", f'tag:"s{t.name} tag"', f"in:/s{t.name}/folder"),
    "asked": lambda t: (f"person:S{t.name}",),
}
# Names that say nothing of anybody's things.
QUERIES_OF_NOTHING = {
    "all", "at", "camera", "changed", "city", "clock", "columns", "country_code", "date_from", "date_to",
    "download", "east", "fillable", "format",
    "day", "days", "from", "hidden", "kind", "label", "latitude", "level", "limit", "longitude", "name", "next", "north", "order", "place",
    "plain",
    "region", "seconds", "shared", "size", "sort",
    "south", "state", "step", "thorough", "through", "to", "v", "west", "what", "zip", "zoom",
}  # fmt: skip
# Fields of forms and of JSON: those that name things have to be in a body above for every route that looks at them.
# Fields that are called like those with ids and hold none, or one that is asked about elsewhere.
CALLED_ALIKE = {
    ("sending_api.upload", "album"),  # a title
    ("devices_pages.choose_albums", "albums"),  # yes or no
    ("members_pages.save", "photo"),  # what others share: tests/web/test_together.py
}
FIELDS_WITH_IDS = {
    "album", "contribution", "link_id",
    "album_id", "after", "before", "cover", "cover_face_id", "cover_id", "face", "face_id", "face_ids", "folder", "folder_id", "into",
    "keep",
    "merge_into", "other", "other_id", "parent", "parent_id", "person_id", "photo", "photo_id", "photo_ids", "photos", "saved", "undo_id",
    "upload_id", "with",
}  # fmt: skip
FIELDS_OF_NOTHING = {
    "user_ids",  # others with an account here, whom everybody who has one may know
    "ends", "expires_at", "max_uses", "may_preview", "note", "permission", "permissions", "show_camera", "show_location", "type", "until",
    "act", "add_tags", "all", "altitude", "answer", "birthday", "changed", "code", "content_type", "days", "description",
    "display_name", "filename",
    "go", "is_archived", "is_favourite", "is_hidden", "is_so", "is_there", "is_trashed", "is_tree", "issuer", "kind", "label", "language",
    "last_modified", "latitude", "longitude", "minutes", "name", "old", "on", "order_by", "password", "picture", "proof", "query", "q",
    "rating", "remove_tags",
    "said", "scope", "sha256", "shift_minutes", "size", "size_bytes", "sort", "step", "subject", "tags", "taken_at", "text",
    "theme", "title",
    "utc_offset", "what",
    "folders", "part", "sidecars", "zip",
    # Who is invited is anybody with an account here.
    "user", "user_id", "role", "audience", "day", "since", "location",
}  # fmt: skip


@pytest.fixture(name="two")
def two_people(app: Flask, library: Library, list_photos: ListPhotos, stranger_id: int) -> tuple[Things, Things]:
    """What the one who asks has, and what somebody else has. The one who asks is a member first, then the admin."""
    with write(library.db) as db:
        other = users.add(db, "mia").id
    return things_of(library, stranger_id, list_photos, 0), things_of(library, other, list_photos, 4)


@pytest.fixture(name="zoe")
def zoes_browser(app: Flask, library: Library, stranger_id: int, two: Any) -> FlaskClient:
    return client_of(app, sign_in(library.db, stranger_id))


def changing(app: Flask) -> Iterator[tuple[Any, str]]:
    """Every route and method that changes something and is no door and not the admins'."""
    for rule in rules(app):
        if rule.endpoint not in DOORS and not rule.rule.startswith("/admin"):
            for method in sorted((rule.methods or set()) - READING):
                yield rule, method


def send(client: FlaskClient, method: str, path: str, body: dict[str, Any]) -> TestResponse:
    said = {"json": body} if path.startswith("/api/") else {"data": body}
    return client.open(path, method=method, **said)  # type: ignore[arg-type]


def everything(library: Library) -> dict[str, list[Any]]:
    """All rows of all tables, but for what notes that somebody was here."""
    names = [row[0] for row in library.db.conn.execute("select name from sqlite_master where type = 'table'")]
    quiet = {"sessions", "tries", "handshakes", "tokens"}
    return {name: library.db.conn.execute(f'select * from "{name}"').fetchall() for name in names if name not in quiet}


# ---------------------------------------------------------------- the tables are whole


def test_17_every_route_that_changes_something_is_classified(app: Flask, two: tuple[Things, Things]) -> None:
    known = set(bodies(two[0])) | NAMES_NOTHING
    asked = {rule.endpoint for rule, _ in changing(app)}
    assert asked == known


def test_17_every_id_in_an_address_is_known(app: Flask, two: tuple[Things, Things]) -> None:
    names = set(Things.__annotations__) | {"month", "scope", "variant", "other_id"}
    for rule in rules(app):
        if rule.endpoint not in DOORS:
            assert parts(rule) <= names, rule


def test_17_what_the_tables_say_is_what_routes_do_for_their_own_user(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient
) -> None:
    """Or a route that refuses everything would look safe."""
    mine, before = two[0], sqlite3.connect(":memory:")
    library.db.conn.backup(before)
    for rule, method in changing(app):
        for body in bodies(mine).get(rule.endpoint, [])[:1]:
            answer = send(zoe, method, mine.address(rule), body)
            assert answer.status_code < 400, (method, rule, answer.text[-600:])
            before.backup(library.db.conn)
    before.close()


def test_17_every_name_in_a_query_and_every_field_is_classified(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient
) -> None:
    """By watching what each route looks at. A new name fails here until it is said whether it says whose things are meant."""
    watch(app)
    mine, known = two[0], set(QUERIES) | QUERIES_OF_NOTHING
    unknown: set[tuple[str, str]] = set()
    for rule in getting(app):
        if rule.endpoint not in DOORS:
            found = names(zoe, mine.address(rule), {"q": "dog"}, {"like": str(mine.photo_id)}, {"country_code": "FR"})
            unknown |= {(rule.endpoint, name) for name in found - known}
    assert unknown == set()
    kept = sqlite3.connect(":memory:")
    library.db.conn.backup(kept)
    for rule, method in changing(app):
        sent = bodies(mine).get(rule.endpoint, [])
        for body in sent or [{}]:
            looked_at.clear()
            send(zoe, method, mine.address(rule), body)
            named = {name for each in sent for name in each}
            strange = (
                looked_at - FIELDS_OF_NOTHING - (FIELDS_WITH_IDS if rule.endpoint == "uploads_api.file" else named)
            )
            unknown |= {(rule.endpoint, name) for name in strange} - CALLED_ALIKE
            kept.backup(library.db.conn)
    kept.close()
    assert unknown == set()


# ---------------------------------------------------------------- somebody else's


def nobodys_things() -> Things:
    """As if somebody had them who is not here."""
    nothing = {"name": "ecret9", "key": "0" * 64}
    return Things(**{name: nothing.get(name, NOTHING + len(name)) for name in Things.__annotations__})


@pytest.mark.parametrize("role", ["member", "admin", "guest"])
def test_17_no_query_tells_anything_of_somebody_elses(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient, role: str
) -> None:
    mine, theirs = two
    nobodys = nobodys_things()
    with write(library.db) as db:
        users.set_role(db, mine.user_id, role)
    watch(app)
    asked = set()
    for rule in getting(app):
        if rule.endpoint in DOORS or rule.rule.startswith("/admin"):
            continue
        path = mine.address(rule)
        for name in names(zoe, path, {"q": "dog"}, {"like": str(mine.photo_id)}) & set(QUERIES):
            for value, none in zip(QUERIES[name](theirs), QUERIES[name](nobodys), strict=True):
                there, nowhere = (zoe.get(path, query_string={name: str(each)}) for each in (value, none))
                assert there.status_code == nowhere.status_code, (path, name, value)
                for told in (theirs.key, f"/photo/{theirs.photo_id}", f'"photo_id":{theirs.photo_id},'):
                    assert told not in there.text, (path, name, value)
                asked.add(name)
                if there.mimetype == "application/json" and name not in ("cursor", "since"):
                    same = [each.text.replace(str(said), "") for each, said in ((there, value), (nowhere, none))]
                    assert same[0].replace(theirs.name, "") == same[1].replace(nobodys.name, ""), (path, name, value)
    assert asked >= {"scope", "in", "album_id", "parent_id", "like", "person", "photo_id", "cursor", "before", "q"}


@pytest.mark.parametrize("role", ["member", "admin", "guest", "program"])
def test_17_nothing_of_somebody_else_is_shown_changed_or_known_to_exist(
    app: Flask, library: Library, two: tuple[Things, Things], zoe: FlaskClient, role: str
) -> None:
    mine, theirs = two
    nobodys = nobodys_things()
    with write(library.db) as db:
        if role == "program":
            _, text = api_tokens.make(db, users.account(db, mine.user_id), "all", ["read", "upload", "write"], None)
            zoe = app.test_client()
            zoe.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
        else:
            users.set_role(db, mine.user_id, role)
    closed = {"guest": (403,), "program": (403,)}.get(role, ())  # to whoever it is, whatever is asked for
    before = everything(library)

    wrong: list[Any] = []

    def compare(method: str, path: str, instead: str, body: dict[str, Any], none: dict[str, Any], *may: int) -> None:
        there = send(zoe, method, path, body) if method != "GET" else zoe.get(path)
        nowhere = send(zoe, method, instead, none) if method != "GET" else zoe.get(instead)
        if there.status_code != nowhere.status_code or there.status_code not in (404, *may, *closed):
            wrong.append((method, path, body, there.status_code, nowhere.status_code))
        elif path.startswith("/api/") and there.json != nowhere.json:
            wrong.append((method, path, body, there.json, nowhere.json))

    for rule in rules(app):
        if rule.endpoint in DOORS | ABOUT_PEOPLE or rule.rule.startswith("/admin"):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            sent = bodies(mine).get(rule.endpoint, [{}])[:1] or [{}]
            if parts(rule) - {"month", "scope", "variant"}:
                compare(method, theirs.address(rule), nobodys.address(rule), sent[0], sent[0])
            if method == "GET":
                continue
            for body, own, none in zip(
                *(bodies(each).get(rule.endpoint, []) for each in (theirs, mine, nobodys)), strict=True
            ):
                for name in body:  # one foreign id among one's own
                    if body[name] != own[name]:
                        mixed = {**own, name: body[name]}
                        # 400: "not one of this album's photos", the same for photos that are nowhere.
                        compare(method, mine.address(rule), mine.address(rule), mixed, {**own, name: none[name]}, 400)
    assert wrong == []
    assert everything(library) == before
    for rule in rules(app):
        if "GET" in (rule.methods or ()) and not parts(rule) and rule.endpoint != "events.events":
            text = zoe.get(rule.rule).text
            assert theirs.name not in text.replace("secret ", "Secret"), rule
            assert theirs.key not in text, rule
            assert "secret album 4" not in text, rule
            assert "secret tag 4" not in text, rule
            assert "folder/4" not in text, rule
