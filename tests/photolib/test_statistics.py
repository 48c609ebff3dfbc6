"""What a library is made of, counted by triggers while it changes."""

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib import catalog
from photolib.catalog import Original
from photolib.db import write
from photolib.library import Library
from photolib.migrations import m015_tallies
from photolib.statistics import Share, statistics

ACTS = {
    "shift": "update photos set shown_at = :year || '-05-06T10:00:00.000' where id = :id",
    "kind": "update photos set type = :kind where id = :id",
    "fail": "update photos set status = iif(:year = '2019', 'failed', 'ready') where id = :id",
    "trash": "update photos set trashed_at = '2024', is_listed = 0 where id = :id",
    "give": "update photos set owner_id = :other - owner_id where id = :id",
    "camera": """insert into details (photo_id, make, model) select id, :make, :model from photos where id = :id
                 on conflict (photo_id) do update set make = excluded.make, model = excluded.model""",
    "other file": "update photos set key = :key where id = :id",
    "no details": "delete from details where photo_id = :id",
    "delete": "delete from photos where id = :id and id not in (select photo_id from details)",
}
OTHERS = [
    Original(hashlib.sha256(f"other {n}".encode()).hexdigest(), "png", "png", "image/png", 50 + n) for n in range(20)
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 4), st.sampled_from(("2019", "2020")), st.sampled_from(("photo", "video")),
                  st.sampled_from((None, "Canon", "Nikon")), st.sampled_from((None, "", "Canon EOS", "D90"))),
        max_size=30,
    )
)  # fmt: skip
def test_whatever_happens_to_photos_the_counts_are_those_of_the_rows(
    library: Library, acts: list[tuple[str, ...]]
) -> None:
    owner_id = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with write(library.db) as db:
        db.conn.execute("delete from details")
        db.conn.execute("delete from photos")
        stranger = db.conn.execute(
            "insert into users (name, role, created_at) values ('zoe', 'user', '2024') on conflict do update set role = 'user' returning id"
        ).fetchone()[0]
        for other in OTHERS:
            catalog.add_original(db, other)
        originals = [
            Original(hashlib.sha256(bytes([n])).hexdigest(), "jpg", "jpeg", "image/jpeg", 7 + n) for n in range(5)
        ]
        ids = [
            catalog.add_photo(db, owner_id, each, "photo", "a.jpg", "2020-02-03T10:00:00.000")[0] for each in originals
        ]
    for number, (act, which, year, kind, make, model) in enumerate(acts):
        values = {
            "id": ids[int(which)],
            "year": year,
            "kind": kind,
            "make": make,
            "model": model,
            "other": owner_id + stranger,
        }
        free = OTHERS[number % len(OTHERS)].key
        if act == "other file" and library.db.conn.execute("select 1 from photos where key = ?", (free,)).fetchone():
            continue
        with write(library.db) as db:
            db.conn.execute(ACTS[act], values | {"key": free})
    counted = "select owner_id, kind, name, photos, bytes from tallies where photos <> 0 or bytes <> 0"
    kept = set(library.db.conn.execute(counted).fetchall())
    with write(library.db) as db:
        db.conn.execute("delete from tallies")
        for statement in m015_tallies.FILL:
            db.conn.execute(statement)
        assert kept == set(db.conn.execute(counted).fetchall())


def test_statistics_are_of_one_owner_or_of_all(library: Library) -> None:
    owner_id = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with write(library.db) as db:
        zoe = db.conn.execute(
            "insert into users (name, role, created_at) values ('zoe', 'user', '2024') returning id"
        ).fetchone()[0]
        for number, (owner, moment) in enumerate(((owner_id, "2019"), (owner_id, "2020"), (zoe, "2020"))):
            original = Original(hashlib.sha256(bytes([number])).hexdigest(), "jpg", "jpeg", "image/jpeg", 100)
            photo_id = catalog.add_photo(db, owner, original, "photo", "a.jpg", f"{moment}-02-03T10:00:00.000")[0]
            db.conn.execute(
                "insert into details (photo_id, make, model) values (?, 'Canon', 'Canon EOS 40D')", (photo_id,)
            )
    mine, all_of_them = statistics(library.db, owner_id), statistics(library.db)
    assert (mine.photos, mine.bytes, all_of_them.photos, all_of_them.bytes) == (2, 200, 3, 300)
    assert mine.years == [Share("2019", 1, 100), Share("2020", 1, 100)]
    assert all_of_them.years == [Share("2019", 1, 100), Share("2020", 2, 200)]
    assert all_of_them.cameras == [Share("Canon EOS 40D", 3, 300)]
    assert all_of_them.formats == [Share("jpeg", 3, 300)]
    assert [(each.name, each.photos) for each in all_of_them.users] == [("admin", 2), ("zoe", 1)]
    assert [each.name for each in mine.users] == ["admin"]
