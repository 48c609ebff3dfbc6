"""Where photos were taken: named when they come in, estimated from their neighbours, counted, and found again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as some

from photolib import catalog, understanding, understood
from photolib.catalog import Original
from photolib.db import write
from photolib.library import Library
from photolib.understood import PhotoPlace
from photolib.worker import work_until_idle
from tests.conftest import DrawPhoto, ImportFolder

TOWER, LOUVRE, CHARTRES = (48.8584, 2.2945), (48.8606, 2.3376), (48.4477, 1.4877)

Shoot = Callable[..., None]


@pytest.fixture
def shoot(draw_photo: DrawPhoto, import_folder: ImportFolder) -> Shoot:
    """Photos of one day come in together: name, time, and a position where there is one."""
    folders = 0

    def take(
        *shots: tuple[str, str, tuple[float, float] | None], model: str = "D90", owner_id: int | None = None
    ) -> None:
        nonlocal folders
        folders += 1
        for name, time, position in shots:
            exif = {"0th": {piexif.ImageIFD.Make: "Nikon", piexif.ImageIFD.Model: model}}
            if position:
                exif["GPS"] = {
                    piexif.GPSIFD.GPSLatitudeRef: "N" if position[0] >= 0 else "S",
                    piexif.GPSIFD.GPSLatitude: ((round(abs(position[0]) * 1e5), 100_000), (0, 1), (0, 1)),
                    piexif.GPSIFD.GPSLongitudeRef: "E" if position[1] >= 0 else "W",
                    piexif.GPSIFD.GPSLongitude: ((round(abs(position[1]) * 1e5), 100_000), (0, 1), (0, 1)),
                }  # fmt: skip
            drawn = draw_photo(f"in{folders}/{name}.jpg", size=(64, 48), taken=f"2023:06:14 {time}:00", exif=exif)
        import_folder(drawn.parent, **({"owner_id": owner_id} if owner_id else {}))

    return take


def where(lib: Library, name: str) -> PhotoPlace | None:
    row = lib.db.conn.execute("select id from photos where filename = ?", (f"{name}.jpg",)).fetchone()
    return understood.place(lib.db, row[0])


def city(lib: Library, name: str) -> tuple[str | None, bool] | None:
    found = where(lib, name)
    return (found.city, found.is_estimate) if found else None


def test_a_photo_with_a_position_gets_the_names_of_its_place(library: Library, shoot: Shoot) -> None:
    shoot(("tower", "10:00", TOWER))
    assert where(library, "tower") == PhotoPlace("FR", "France", "Île-de-France", "Paris", *TOWER, is_estimate=False)


def test_a_photo_between_two_of_one_place_is_there_too_as_an_estimate(library: Library, shoot: Shoot) -> None:
    shoot(("before", "10:00", TOWER), ("blind", "10:40", None), ("after", "11:30", TOWER))
    assert city(library, "blind") == ("Paris", True)
    assert library.db.conn.execute("select latitude from photos where filename = 'blind.jpg'").fetchone() == (None,)


def test_between_two_places_a_photo_is_at_the_one_it_was_taken_shortly_after_or_nowhere(
    library: Library, shoot: Shoot
) -> None:
    shoot(
        ("paris", "10:00", TOWER), ("soon", "10:10", None), ("on the way", "10:30", None),
        ("nearly", "10:50", None), ("chartres", "11:00", CHARTRES),
    )  # fmt: skip
    assert city(library, "soon") == ("Paris", True)
    assert city(library, "on the way") is None
    assert city(library, "nearly") == ("Chartres", True)


def test_a_single_neighbour_counts_for_a_quarter_of_an_hour(library: Library, shoot: Shoot) -> None:
    shoot(("paris", "10:00", TOWER), ("soon", "10:14", None), ("late", "10:16", None))
    assert city(library, "soon") == ("Paris", True)
    assert city(library, "late") is None


def test_another_camera_and_another_persons_photos_tell_nothing(library: Library, shoot: Shoot) -> None:
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe")
    shoot(("hers", "10:00", TOWER), owner_id=zoe.id)
    shoot(("phone", "10:01", TOWER), model="Pixel")
    shoot(("blind", "10:02", None))
    assert city(library, "blind") is None
    assert city(library, "hers") == ("Paris", False)


def test_a_neighbour_that_comes_later_gives_the_others_their_place_and_takes_it_along(
    library: Library, shoot: Shoot
) -> None:
    shoot(("blind", "10:05", None), ("other day", "20:00", None))
    assert city(library, "blind") is None
    shoot(("paris", "10:00", TOWER))
    assert city(library, "blind") == ("Paris", True)
    assert city(library, "other day") is None
    shoot(("chartres", "10:06", CHARTRES))
    assert city(library, "blind") == ("Chartres", True)
    with write(library.db) as db:
        db.conn.execute(
            "update photos set latitude = null, longitude = null where filename in ('paris.jpg', 'chartres.jpg')"
        )
    look_again(library, "paris", "chartres")
    assert city(library, "blind") is None


def look_again(lib: Library, *names: str) -> None:
    for name in names:
        row = lib.db.conn.execute("select id from photos where filename = ?", (f"{name}.jpg",)).fetchone()
        result = understanding.place(lib, [catalog.photo(lib.db, row[0])])
        with write(lib.db) as db:
            result(db)
    work_until_idle(lib)


def test_looking_again_changes_and_queues_nothing(library: Library, shoot: Shoot) -> None:
    shoot(("before", "10:00", TOWER), ("blind", "10:01", None), ("after", "10:02", LOUVRE))
    asked = library.db.conn.execute("select max(seq) from photo_changes").fetchone()
    photos = [catalog.photo(library.db, id) for (id,) in library.db.conn.execute("select id from photos")]
    result = understanding.place(library, photos)
    with write(library.db) as db:
        result(db)
    assert library.db.conn.execute("select count(*) from jobs").fetchone() == (0,)
    assert library.db.conn.execute("select max(seq) from photo_changes").fetchone() == asked


def test_photos_from_before_there_were_places_get_theirs(library: Library, shoot: Shoot) -> None:
    shoot(("tower", "10:00", TOWER))
    with write(library.db) as db:
        for table in ("understood", "photo_places", "remembered"):
            db.conn.execute(f"delete from {table}")
    assert understanding.backfill(library, {"place": 1}) == 1
    work_until_idle(library)
    assert city(library, "tower") == ("Paris", False)


@given(some.datetimes())
def test_any_moment_has_an_hour_around_it_as_far_as_the_calendar_goes(moment: datetime) -> None:
    around = understanding.around(moment.isoformat(timespec="milliseconds"))
    first, last = map(datetime.fromisoformat, around)
    assert first <= moment <= last + timedelta(milliseconds=1)


# ---------------------------------------------------------------- counts and questions


@pytest.fixture
def list_at(library: Library) -> Callable[..., int]:
    """Lists a photo of somebody's at a position with a name, as if its steps had run."""
    listed = 0

    def add(place: PhotoPlace | None, owner_id: int | None = None) -> int:
        nonlocal listed
        listed += 1
        original = Original(f"{listed:064x}", "jpg", "jpeg", "image/jpeg", 1)
        with write(library.db) as db:
            owner_id = owner_id or catalog.user_named(db, catalog.OWNER_TO_BE).id
            photo_id, _ = catalog.add_photo(db, owner_id, original, "photo", "x.jpg", "2023-06-14T10:00:00.000")
            understood.keep_place(db, photo_id, place)
        return photo_id

    return add


def at(
    latitude: float, longitude: float, country: str = "Fiji", region: str | None = None, city: str | None = None
) -> PhotoPlace:
    return PhotoPlace(country[:2].upper(), country, region, city, latitude, longitude, False)


def outline(visited: list[understood.Visited]) -> list[object]:
    return [(each.name, each.photos, outline(each.within)) for each in visited]


def test_places_are_counted_by_country_region_and_city(library: Library, list_at: Callable[..., int]) -> None:
    owner_id = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe")
    for place in (
        at(1, 1, "France", "Brittany", "Quimper"), at(1, 2, "France", "Brittany", "Quimper"),
        at(1, 1, "France", "Brittany", "Brest"), at(5, 5, "Greenland"), None,
    ):  # fmt: skip
        list_at(place)
    list_at(at(1, 1, "France", "Brittany", "Quimper"), zoe.id)
    assert outline(understood.places(library.db, owner_id)) == [
        ("France", 3, [("Brittany", 3, [("Quimper", 2, []), ("Brest", 1, [])])]),
        ("Greenland", 1, [(None, 1, [(None, 1, [])])]),
    ]
    france = understood.places(library.db, owner_id)[0]
    assert france.cover == f"{2:064x}"
    assert outline(understood.places(library.db, zoe.id)) == [("France", 1, [("Brittany", 1, [("Quimper", 1, [])])])]


def test_counts_follow_photos_that_move_hide_change_owner_or_go(library: Library, list_at: Callable[..., int]) -> None:
    owner_id = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe")
    quimper, brest = at(1, 1, "France", "Brittany", "Quimper"), at(1, 1, "France", "Brittany", "Brest")
    first, second, third = (list_at(quimper) for _ in range(3))
    with write(library.db) as db:
        understood.keep_place(db, first, brest)
        db.conn.execute("update photos set is_listed = 0 where id = ?", (second,))
    assert cities(library, owner_id) == {"Brest": 1, "Quimper": 1}
    with write(library.db) as db:
        db.conn.execute("update photos set is_listed = 1 where id = ?", (second,))
        db.conn.execute("update photos set owner_id = ? where id = ?", (zoe.id, third))
        db.conn.execute("delete from photos where id = ?", (first,))
    assert cities(library, owner_id) == {"Quimper": 1}
    assert cities(library, zoe.id) == {"Quimper": 1}
    with write(library.db) as db:
        understood.keep_place(db, second, None)
    assert cities(library, owner_id) == {}


def cities(lib: Library, owner_id: int) -> dict[str | None, int]:
    tree = understood.places(lib.db, owner_id)
    return {city.name: city.photos for country in tree for region in country.within for city in region.within}


def test_photos_near_a_place_are_found_also_across_the_date_line(library: Library, list_at: Callable[..., int]) -> None:
    owner_id = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    with write(library.db) as db:
        zoe = catalog.add_user(db, "zoe")
    west, east = list_at(at(-17, 179.95)), list_at(at(-17, -179.95))
    list_at(at(-17, 179.0))
    list_at(at(-17, 179.95), zoe.id)
    for line in (180, -180):
        assert understood.near(library.db, owner_id, -17, line, 10) == [west, east]
    assert understood.near(library.db, owner_id, -17, 179.95, 1) == [west]
    # A box has corners, a distance has none.
    assert understood.near(library.db, owner_id, -17.08, -180, 10) == []
