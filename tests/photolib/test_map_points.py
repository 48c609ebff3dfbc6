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
from photolib.map_points import Box
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


def test_the_questions_of_a_map_are_answered_by_their_indexes_alone(library: Library, owner_id: int) -> None:
    asked: list[str] = []
    library.db.conn.set_trace_callback(asked.append)
    map_points.clusters(library.db, owner_id, Box(-10, -10, 10, 10), 3)
    scopes.buckets(library.db, owner_id, map_points.box_scope(WORLD))
    scopes.page(library.db, owner_id, scope=map_points.box_scope(WORLD))
    library.db.conn.set_trace_callback(None)
    plans = {
        row[3]
        for sql in asked
        if "longitude" in sql
        for row in library.db.conn.execute(f"explain query plan {sql}").fetchall()
    }
    assert any(
        "COVERING INDEX idx_photos_map (owner_id=? AND is_listed=? AND latitude>? AND latitude<?)" in each
        for each in plans
    )
    assert any("USING INDEX idx_photos_placed (owner_id=? AND is_listed=?" in each for each in plans)
    assert not any("SCAN photos" in each or "idx_photos_owner_id" in each for each in plans)


def test_what_is_no_box_is_refused(library: Library, owner_id: int) -> None:
    for box, zoom in ((Box(10, 0, -10, 0), 3), (Box(math.nan, 0, 1, 1), 3), (WORLD, math.inf)):
        with pytest.raises(BadInput):
            map_points.clusters(library.db, owner_id, box, zoom)


latitudes = st.floats(-89.9, 89.9)
longitudes = st.floats(-180, 180)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(st.tuples(latitudes, longitudes), max_size=25), zoom=st.floats(0, 22),
    south=latitudes, height=st.floats(0, 100), west=longitudes, width=st.floats(0, 360),
)  # fmt: skip
def test_every_photo_in_a_box_is_in_exactly_one_cluster(
    library: Library, owner_id: int, place: Place, points: list[tuple[float, float]], zoom: float,
    south: float, height: float, west: float, width: float,
) -> None:  # fmt: skip
    with write(library.db) as db:
        db.conn.execute("update photos set trashed_at = '2024-01-01', is_listed = 0")
    place(*points)
    east = west + width
    box = Box(south, west, min(90.0, south + height), east - 360 if east > 180 and width < 360 else min(180.0, east))
    inside = [
        (latitude, longitude)
        for latitude, longitude in points
        if box.south <= latitude <= box.north and any(half.west <= longitude <= half.east for half in box.halves())
    ]
    found = map_points.clusters(library.db, owner_id, box, zoom)
    assert sum(each.photos for each in found) == len(inside)
    assert len(found) <= len(inside)
    everything = map_points.clusters(library.db, owner_id, box, zoom, map_points.box_scope(WORLD))
    assert sum(each.photos for each in everything) == len(inside)
