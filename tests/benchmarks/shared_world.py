"""A library in which very much is shared: an album of 100,000 photos, 2000 others, 500 grants, 2000 links with what happened at them."""

import itertools
import json
import random
import shutil
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlite_utils import Database

from photolib import album_rows, albums, db, scopes
from photolib.accounts import passwords, sessions, users
from photolib.scopes import Scope
from photolib.sharing import activity, grants, links, shown
from tests.benchmarks import generate, processes
from tests.benchmarks.measure import World, say

CLIENT = sessions.Client("127.0.0.1", "Chromium on Linux")
ALBUMS, LINKS, GRANTS, PEOPLE, USERS = 2000, 2000, 500, 60, 40
IN_OTHERS = 40  # photos of each other album
CROWD = 40  # further links to the large album, from which may be downloaded
HAPPENED = 2000  # lines of the log of the large album's link; of others' a hundredth


@dataclass(frozen=True)
class Shared:
    """Where it is, and what there is to ask for. pictures: keys of photos whose files are there, in the large album."""

    data: str
    album_id: int
    link: str
    locked_link: str
    visit: str
    crowd_links: list[str]
    member: str
    listener: str
    person_grant: int
    since_grant: int
    pictures: list[str]
    picture_ids: list[int]
    keys: list[str]
    cursors: list[str]

    @property
    def folder(self) -> Path:
        return Path(self.data)


def make(world: World) -> Shared:
    """The library, made at first need: what lies in the scratch folder is taken up again."""
    count = world.amount(1_000_000, 200_000)
    data = world.scratch / f"shared-{count}"
    said = data / "shared.json"
    if said.exists():
        return Shared(**json.loads(said.read_text(encoding="utf-8")))
    say(f"a library of {count} photos of which much is shared")
    whole = generate.catalog_of(world.scratch / f"catalog-{count}", count)
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(whole, data)
    photos = generate.photos(world.folder("photos-small"), 60, size=(1600, 1200))
    processes.run(data, "import", photos[0].parent)
    database = db.connect(data / "photolib.db")
    try:
        made = _fill(database, data, world.amount(100_000, 20_000))
        database.conn.execute("analyze")
    finally:
        database.close()
    said.write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made


def _fill(database: Database, data: Path, in_album: int) -> Shared:
    chance = random.Random(generate.SEED)
    key = links.key(data)
    with db.write(database):
        me = users.first_id(database)
        assert me is not None
        database.conn.execute("update users set password_hash = 'none' where id = ?", (me,))
        others = [users.add(database, f"user {number}").id for number in range(USERS)]
    count = database.conn.execute("select max(id) from photos").fetchone()[0]
    real = database.conn.execute(
        "select id, key from photos where added_at > '2025-02-01' and status = 'ready' order by id"
    ).fetchall()
    say(f"  an album of {in_album} photos, and {ALBUMS} others")
    with db.write(database):
        album_id = album_rows.add(database, me, "All of it")
        chosen = [*(photo_id for photo_id, _ in real), *chance.sample(range(1, count - 100), in_album - len(real))]
        album_rows.put_at_end(database, album_id, chosen)
    with db.write(database):
        others_of_mine = [album_rows.add(database, me, f"Album {number}") for number in range(ALBUMS)]
        for each in others_of_mine:
            begin = chance.randrange(1, count - 200)
            album_rows.put_at_end(database, each, range(begin, begin + IN_OTHERS))
    say(f"  {PEOPLE} people, {GRANTS} grants")
    with db.write(database):
        people = [
            _person(database, me, f"Person {number}", count, chance, 50_000 if not number else 500)
            for number in range(PEOPLE)
        ]
        member = others[0]
        grants.give(database, me, {"album_id": album_id}, "user", member, "contribute")
        activity.note(database, album_id, me, activity.INVITED, said="user 0")
        what = [
            *({"album_id": each} for each in others_of_mine[: GRANTS // 2]),
            *({"photo_id": each} for each in chance.sample(range(1, count), GRANTS // 2 - PEOPLE)),
        ]
        for each in what:
            grants.give(database, me, each, "user", member)
        by_person = [grants.give(database, me, {"person_id": each}, "user", member).id for each in people]
        since = grants.give(database, me, {"since": "2008-01-01"}, "user", member).id
        for each in others[1:]:
            grants.give(database, me, {"album_id": album_id}, "user", each)
    say(f"  {LINKS} links")
    with db.write(database):
        opened, token = links.make(database, me, album_id, "album", key, permission="download", show_location=1)
        locked, locked_token = links.make(
            database, me, album_id, "album", key, passwords.hash("open sesame"), permission="download"
        )
        visit = links.enter(database, locked, CLIENT)
        crowd = [links.make(database, me, album_id, "album", key, permission="download")[1] for _ in range(CROWD)]
        rest = [
            links.make(database, me, each, "album", key)
            for each in itertools.islice(itertools.cycle(others_of_mine), LINKS - CROWD - 2)
        ]
        happened = [
            (
                link.id, f"2026-11-{1 + number % 20:02}T10:00:00+00:00", chance.choice(("opened", "opened", "downloaded")),
                f"10.0.{number % 250}.1",
            )
            for link, many in [(opened, HAPPENED), (locked, HAPPENED), *((link, HAPPENED // 100) for link, _ in rest)]
            for number in range(many)
        ]  # fmt: skip
        database.conn.executemany(
            "insert into link_log (link_id, at, what, photos, address, browser) values (?, ?, ?, 1, ?, 'Safari on iOS')", happened
        )  # fmt: skip
    with db.write(database):
        cookies = [sessions.start(database, each, CLIENT).token for each in (member, others[1])]
    scope = Scope("album", (album_id,))
    album = albums.album(database, album_id)
    cursors, piece = [], shown.page(database, album, None, 2000)
    while piece.cursor:
        cursors.append(piece.cursor)
        piece = shown.page(database, album, piece.cursor, 2000)
    keys = [tile.key for tile in scopes.page(database, me, None, 500, scope).photos]
    return Shared(
        str(data), album_id, token, locked_token, visit, crowd, cookies[0], cookies[1], by_person[0],
        since, [each for _, each in real], [each for each, _ in real], keys, cursors,
    )  # fmt: skip


def _person(database: Database, owner_id: int, name: str, count: int, chance: random.Random, faces: int) -> int:
    person = database.conn.execute(
        "insert into people (owner_id, name, created_at) values (?, ?, '2025-01-01') returning id", (owner_id, name)
    ).fetchone()[0]
    database.conn.executemany(
        """insert into faces (photo_id, x, y, w, h, quality, pixels, model, person_id, decided_by)
           values (?, 0.1, 0.1, 0.1, 0.1, 1.0, 100, 'm', ?, 'person')""",
        [(each, person) for each in sorted(chance.sample(range(1, count - 100), min(faces, count // 4)))],
    )
    return person


def fill_and_empty(shared: Shared, stop: threading.Event) -> None:
    """Put photos into the large album and take them out again until told to stop, as somebody who fills it does."""
    database = db.connect(shared.folder / "photolib.db")
    try:
        others = [
            row[0]
            for row in database.conn.execute(
                "select id from photos where id not in (select photo_id from album_photos where album_id = ?) limit 10",
                (shared.album_id,),
            )
        ]
        while not stop.wait(0.25):
            with db.write(database):
                if not album_rows.put_at_end(database, shared.album_id, others):
                    database.conn.execute(
                        "delete from album_photos where album_id = ? and photo_id in (select value from json_each(?))",
                        (shared.album_id, json.dumps(others)),
                    )
    finally:
        database.close()
