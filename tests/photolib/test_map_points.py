"""Clusters of photos on a map, and the set of the photos in a part of it."""

import hashlib
import math
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib import catalog, map_points, scopes
from photolib.catalog import Original
from photolib.db import write
from photolib.errors import BadInput
from photolib.library import Library
from photolib.map_points import Box, Cluster
from photolib.migrations import m014_map_cells
from photolib.scopes import Scope

WORLD = Box(-90, -180, 90, 180)
RENNES, PARIS, AUCKLAND = (48.1147, -1.6794), (48.8566, 2.3522), (-36.8485, 174.7633)

Place = Callable[..., list[int]]


@pytest.fixture
def owner_id(library: Library) -> int:
    return catalog.user_named(library.db, catalog.OWNER_TO_BE).id


@pytest.fixture
def place(library: Library, owner_id: int) -> Place:
    """Lists photos taken at these positions, one a month from January 2020 on; returns their ids."""
    listed = 0

    def add(*positions: tuple[float, float] | None, owner: int = owner_id) -> list[int]:
        nonlocal listed
        ids = []
        with write(library.db) as db:
            for position in positions:
                listed += 1
                key = hashlib.sha256(f"{listed}".encode()).hexdigest()
                moment = f"{2020 + (listed - 1) // 12}-{(listed - 1) % 12 + 1:02}-14T10:00:00.000"
                original = Original(key, "jpg", "jpeg", "image/jpeg", 1000)
                photo_id = catalog.add_photo(db, owner, original, "photo", "photo.jpg", moment)[0]
                db.conn.execute(
                    "update photos set latitude = ?, longitude = ? where id = ?",
                    (*(position or (None, None)), photo_id),
                )
                ids.append(photo_id)
        return ids

    return add


def test_photos_near_each_other_are_one_cluster_with_the_newest_as_its_picture(
    library: Library, owner_id: int, place: Place
) -> None:
    *_, newest = place(RENNES, (48.2, -1.7), (48.3, -1.8))
    (auckland,) = place(AUCKLAND)
    place(None)
    france, far = map_points.clusters(library.db, owner_id, WORLD, 3)
    assert (france.photos, france.photo_id) == (3, newest)
    assert (france.key,) == library.db.conn.execute("select key from photos where id = ?", (newest,)).fetchone()
    assert france.bounds.south <= 48.1147
    assert france.bounds.north >= 48.3
    assert (far.photos, far.photo_id, far.latitude, far.longitude) == (1, auckland, *AUCKLAND)
    assert far.bounds == Box(AUCKLAND[0], AUCKLAND[1], *AUCKLAND)


def test_nearer_the_clusters_come_apart(library: Library, owner_id: int, place: Place) -> None:
    place(RENNES, PARIS)
    assert len(map_points.clusters(library.db, owner_id, WORLD, 2)) == 1
    assert len(map_points.clusters(library.db, owner_id, Box(46, -4, 50, 4), 7)) == 2


def test_only_what_lies_in_the_box_and_in_these_months_is_counted(
    library: Library, owner_id: int, place: Place
) -> None:
    _january, february, _march = place(RENNES, RENNES, PARIS)
    assert [each.photos for each in map_points.clusters(library.db, owner_id, Box(48, -2, 48.5, -1), 10)] == [2]
    (found,) = map_points.clusters(library.db, owner_id, WORLD, 1, months=("2020-02", "2020-02"))
    assert (found.photos, found.photo_id) == (1, february)


def test_months_may_begin_and_end_within_a_year(library: Library, owner_id: int, place: Place) -> None:
    ids = place(*[RENNES] * 40)  # from January 2020 to April 2023
    for months, first, last in (
        (("2020-03", "2023-02"), 2, 37), (("2020-03", "2021-12"), 2, 23), (("2021-01", "2023-02"), 12, 37),
        (("2020-11", "2021-02"), 10, 13), (("2021-01", "2021-12"), 12, 23), (("2021-01", "2021-03"), 12, 14),
        (("2022-06", "2022-06"), 29, 29),
    ):  # fmt: skip
        (found,) = map_points.clusters(library.db, owner_id, WORLD, 1, months=months)
        assert (found.photos, found.photo_id) == (last - first + 1, ids[last]), months
    assert map_points.clusters(library.db, owner_id, WORLD, 1, months=("2022-06", "2021-03")) == []


def test_a_box_may_lie_across_the_date_line(library: Library, owner_id: int, place: Place) -> None:
    place((-17, 179.9), (-17, -179.9), RENNES)
    found = map_points.clusters(library.db, owner_id, Box(-20, 170, -10, -170), 5)
    assert sum(each.photos for each in found) == 2


def test_other_peoples_photos_archived_and_trashed_ones_are_not_on_the_map(
    library: Library, owner_id: int, place: Place
) -> None:
    with write(library.db) as db:
        stranger = db.conn.execute(
            "insert into users (name, role, created_at) values ('zoe', 'user', '2024-01-01') returning id"
        ).fetchone()[0]
    place(RENNES, owner=stranger)
    trashed, archived, _failed = place(RENNES, RENNES, RENNES)
    with write(library.db) as db:
        catalog.put_in_trash(db, [trashed])
        db.conn.execute("update photos set is_archived = 1 where id = ?", (archived,))
        catalog.relist(db, archived)
        catalog.picture_failed(db, _failed, "broken")
    assert map_points.clusters(library.db, owner_id, WORLD, 2) == []
    assert map_points.everywhere(library.db, owner_id) is None
    assert scopes.count(library.db, owner_id, map_points.box_scope(WORLD)) == 0


def test_a_scope_has_a_map_of_its_own(library: Library, owner_id: int, place: Place) -> None:
    rennes, paris = place(RENNES, PARIS)
    with write(library.db) as db:
        catalog.tag(db, owner_id, paris, "holiday", "person")
    tag_id = library.db.conn.execute("select id from tags").fetchone()[0]
    (found,) = map_points.clusters(library.db, owner_id, WORLD, 2, Scope("tag", (tag_id,)))
    assert (found.photos, found.photo_id) == (1, paris)
    assert map_points.everywhere(library.db, owner_id, Scope("tag", (tag_id,))) == Box(PARIS[0], PARIS[1], *PARIS)
    assert rennes


def test_a_box_is_a_scope_that_grids_and_the_viewer_walk_through(library: Library, owner_id: int, place: Place) -> None:
    first, second, paris = place(RENNES, RENNES, PARIS)
    scope = map_points.box_scope(Box(48, -2, 48.5, -1))
    assert scopes.parse(str(scope)) == scope
    scopes.require(library.db, owner_id, scope)
    assert [photo.id for photo in scopes.page(library.db, owner_id, scope=scope).photos] == [second, first]
    assert scopes.neighbours(library.db, owner_id, first, scope) == (second, None)
    assert scopes.neighbours(library.db, owner_id, paris, scope) == (None, None)
    only = map_points.box_scope(Box(48, -2, 48.5, -1), ("2020-02", "2020-12"))
    assert scopes.buckets(library.db, owner_id, only) == [("2020-02", 1)]


def test_a_box_around_a_single_point_holds_it(library: Library, owner_id: int, place: Place) -> None:
    for latitude, longitude in (RENNES, AUCKLAND, (0.0, 180.0), (89.999999, -180.0), (-33.3333333, 0.0000001)):
        (photo_id,) = place((latitude, longitude))
        scope = map_points.box_scope(Box(latitude, longitude, latitude, longitude))
        assert photo_id in scopes.ids(library.db, owner_id, scope, 10)


def test_the_questions_of_a_map_are_answered_by_their_indexes_alone(
    library: Library, owner_id: int, place: Place
) -> None:
    place(RENNES, PARIS)
    asked: list[str] = []
    library.db.conn.set_trace_callback(asked.append)
    map_points.clusters(library.db, owner_id, Box(-10, -10, 10, 10), 3)
    map_points.clusters(library.db, owner_id, Box(-10, -10, 10, 10), 3, months=("2020-03", "2021-04"))
    map_points.clusters(library.db, owner_id, Box(48, 2, 48.1, 2.1), 15)
    map_points.everywhere(library.db, owner_id)
    scopes.buckets(library.db, owner_id, map_points.box_scope(WORLD))
    scopes.page(library.db, owner_id, scope=map_points.box_scope(WORLD))
    library.db.conn.set_trace_callback(None)
    plans = [
        [row[3] for row in library.db.conn.execute(f"explain query plan {sql}").fetchall()]
        for sql in asked
        if "longitude" in sql or "map_cells" in sql
    ]
    steps = {step for plan in plans for step in plan}
    for expected in (
        "SEARCH map_cells USING PRIMARY KEY (owner_id=? AND level=? AND block>? AND block<?)",
        "SEARCH map_cells USING PRIMARY KEY (owner_id=? AND level=? AND block=?)",
        "SEARCH photos USING COVERING INDEX idx_photos_placed (owner_id=? AND is_listed=? AND shown_at>? AND shown_at<?)",
        "SEARCH photos USING COVERING INDEX idx_photos_placed (owner_id=? AND is_listed=?)",
        "SEARCH photos USING COVERING INDEX idx_photos_cells (owner_id=? AND is_listed=? AND <expr>>? AND <expr><?)",
        "SEARCH photos USING COVERING INDEX idx_photos_cells (owner_id=? AND is_listed=? AND <expr>=?)",
    ):
        assert expected in steps, steps
    assert not any("SCAN photos" in each or "SCAN map_cells" in each or "idx_photos_owner_id" in each for each in steps)


def test_what_is_no_box_is_refused(library: Library, owner_id: int) -> None:
    for box, zoom in ((Box(10, 0, -10, 0), 3), (Box(math.nan, 0, 1, 1), 3), (WORLD, math.inf)):
        with pytest.raises(BadInput):
            map_points.clusters(library.db, owner_id, box, zoom)


# None of these lies on the edge of a square, where rounding decides.
latitudes = st.one_of(
    st.integers(-899_999_999, 899_999_998).map(lambda each: each / 1e7 + 3e-9),
    st.sampled_from((48.1, 48.1001, 48.2, -90.0, 90.0, 0.0)),
)
longitudes = st.one_of(
    st.integers(-1_799_999_999, 1_799_999_998).map(lambda each: each / 1e7 + 3e-9),
    st.sampled_from((2.3, 2.3001, 2.4, -180.0, 180.0, 0.0)),
)
moments = st.sampled_from(("2019-03-01T10:00:00.000", "2019-12-31T23:59:59.999", "2020-01-01T00:00:00.000", "2020-05-01T10:00:00.000",
                           "2021-02-03T04:05:06.007"))  # fmt: skip
months = st.sampled_from((map_points.EVER, ("2019-03", "2020-12"), ("2019-04", "2020-04"), ("2020-01", "2020-01"), ("2019-01", "~"),
                          ("", "2020-12"), ("2020-02", "~"), ("2019-01", "2021-11"), ("2021-01", "2019-01")))  # fmt: skip


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    south, west, width = draw(latitudes), draw(longitudes), draw(st.floats(0, 360))
    east = west + width
    return Box(
        south, west, min(90.0, south + draw(st.floats(0, 100))),
        east - 360 if east > 180 and width < 360 else min(180.0, east),
    )  # fmt: skip


ACTS = ("place", "unplace", "move", "archive", "list", "trash", "restore", "give", "delete")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.lists(st.tuples(latitudes, longitudes), min_size=1, max_size=12),
    acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 11), latitudes, longitudes, moments), max_size=40),
    box=boxes(), zoom=st.floats(0, 22), within=months,
)  # fmt: skip
def test_whatever_happens_to_photos_each_on_the_map_is_in_exactly_one_cluster(
    library: Library, owner_id: int, place: Place, start: list[tuple[float, float]],
    acts: list[tuple[str, int, float, float, str]], box: Box, zoom: float, within: tuple[str, str],
) -> None:  # fmt: skip
    """Against counting one by one, of any box, zoom and months: how many, where, and the newest."""
    with write(library.db) as db:
        db.conn.execute("delete from photos")
    ids = place(*start)
    stranger = library.db.conn.execute(
        "insert into users (name, role, created_at) values ('zoe', 'user', '2024') on conflict do update set role = 'user' returning id"
    ).fetchone()[0]
    statements = {
        "place": "update photos set latitude = :latitude, longitude = :longitude where id = :id",
        "unplace": "update photos set latitude = null, longitude = null where id = :id",
        "move": "update photos set shown_at = :moment, month = substr(:moment, 1, 7) where id = :id",
        "archive": "update photos set is_listed = 0 where id = :id",
        "list": "update photos set is_listed = 1 where id = :id",
        "trash": "update photos set trashed_at = :moment, is_listed = 0 where id <= :id",  # several at once
        "restore": "update photos set trashed_at = null, is_listed = 1 where id >= :id",
        "give": "update photos set owner_id = :other - owner_id where id = :id",
        "delete": "delete from photos where id = :id",
    }
    for act, which, latitude, longitude, moment in acts:
        values = {"id": ids[which % len(ids)], "latitude": latitude, "longitude": longitude, "moment": moment}
        with write(library.db) as db:
            db.conn.execute(statements[act], values | {"other": owner_id + stranger})
    _check_squares(library)
    wide = map_points.widened(box, zoom)
    for whose in (owner_id, stranger):
        inside = [
            shown_at
            for shown_at, latitude, longitude in _on_the_map(library, whose)
            if within[0] <= shown_at < within[1] + "~" and wide.south <= latitude <= wide.north
            and any(half.west <= longitude <= half.east for half in wide.halves())
        ]  # fmt: skip
        found = map_points.clusters(library.db, whose, box, zoom, months=within)
        one_by_one = map_points.clusters(library.db, whose, box, zoom, map_points.box_scope(WORLD), within)
        assert [_shown(each) for each in found] == [_shown(each) for each in one_by_one]
        assert sum(each.photos for each in found) == len(inside)
        assert all(each.photos > 0 for each in found)
        moments_of = dict(library.db.conn.execute("select id, shown_at from photos").fetchall())
        assert max((moments_of[each.photo_id] for each in found), default=None) == max(inside, default=None)
        around = map_points.everywhere(library.db, whose)
        assert around == map_points.everywhere(library.db, whose, map_points.box_scope(WORLD))


def _shown(cluster: Cluster) -> tuple[object, ...]:
    return cluster.photos, cluster.latitude, cluster.longitude, cluster.bounds


def _on_the_map(library: Library, owner_id: int) -> list[tuple[str, float, float]]:
    return library.db.conn.execute(
        "select shown_at, latitude, longitude from photos where owner_id = ? and is_listed = 1 and latitude is not null",
        (owner_id,),
    ).fetchall()


def _check_squares(library: Library) -> None:
    """What the triggers keep is what a migration would count, and each square's photo is the newest in it."""
    counted = """select owner_id, level, block, year, cell, photos, latitude, longitude, newest from map_cells"""
    kept = set(library.db.conn.execute(counted).fetchall())
    wrong = """select count(*) from map_cells left join photos on photos.id = photo_id where photos.is_listed is not 1
                 or photos.shown_at <> newest or photos.owner_id <> map_cells.owner_id"""
    assert library.db.conn.execute(wrong).fetchone()[0] == 0
    with write(library.db) as db:
        db.conn.execute("delete from map_cells")
        for statement in m014_map_cells.FILL:
            db.conn.execute(statement)
        assert kept == set(db.conn.execute(counted).fetchall())
