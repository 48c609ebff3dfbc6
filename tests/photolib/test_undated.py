"""What names, folders and neighbours say about dates."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib import catalog, sources, undated
from photolib.db import write
from photolib.library import Library
from photolib.sources import FileState, Source
from photolib.undated import FOLDER, NAME, NEIGHBOURS, SIBLINGS, named_span

GUESS = "2026-11-21T06:44:00.000"
listed = 0


def add(library: Library, path: str, taken: str = GUESS, source: str = "file time") -> int:
    """A photo whose file lies there. source: what says when it was taken."""
    global listed
    listed += 1
    folder, _, name = path.rpartition("/")
    with write(library.db) as db:
        original = catalog.Original(f"{listed:064x}", "jpg", "jpeg", "image/jpeg", 1000)
        photo_id, _ = catalog.add_photo(db, 1, original, "photo", name, taken)
        db.conn.execute("update photos set taken_at_source = ? where id = ?", (source, photo_id))
        seen = Source(folder.encode(), name.encode(), 1, FileState(1, 1, 1), "new", key=original.key, photo_id=photo_id)
        sources.saw_source(db, seen)
    return photo_id


def suggested(library: Library, photo_id: int) -> tuple[str, str, str] | None:
    found = undated.suggestions(library.db, 1, [photo_id]).get(photo_id)
    return (found.taken_at[:16], found.why, found.precision) if found else None


@pytest.mark.parametrize(
    ("folder", "start", "days"),
    [
        ("/p/2014-08 Italy", "2014-08-01", 31),
        ("/p/2014/08", "2014-08-01", 31),
        ("/p/2014/08/raw", "2014-08-01", 31),
        ("/p/August 2014", "2014-08-01", 31),
        ("/p/Italien Juli 2014", "2014-07-01", 31),
        ("/p/2014 März", "2014-03-01", 31),
        ("/p/20140815 Birthday", "2014-08-15", 1),
        ("/p/2014_08_15", "2014-08-15", 1),
        ("/p/15.8.2014 Fest", "2014-08-15", 1),
        ("/p/Italy 2014", "2014-01-01", 365),
        ("/p/t.zip!/Photos from 2019", "2019-01-01", 365),
    ],
)
def test_a_folders_name_says_when(folder: str, start: str, days: int) -> None:
    found = named_span(folder)
    assert found is not None
    assert (found[0].start, found[0].end - found[0].start) == (datetime.fromisoformat(start), timedelta(days=days))


@pytest.mark.parametrize(
    "folder", ["/p/100CANON", "/p/DSC1234", "/p/2099", "/p/1920x1080", "/p/Oma 80", "/p/12345678", "/"]
)
def test_a_folders_name_that_is_no_date_says_nothing(folder: str) -> None:
    assert named_span(folder) is None


@given(st.text(max_size=40))
def test_any_name_can_be_asked(name: str) -> None:
    found = named_span(f"/{name}")
    assert found is None or found[0].start < found[0].end


def test_a_date_in_the_folders_name_is_suggested_and_a_guess_that_fits_it_is_kept(library: Library) -> None:
    assert suggested(library, add(library, "/p/2014-08 Italy/a.jpg")) == ("2014-08-01T12:00", FOLDER, "month")
    fits = add(library, "/p/2014-08 Italy/b.jpg", "2014-08-17T18:30:00.000")
    assert suggested(library, fits) == ("2014-08-17T18:30", FOLDER, "month")
    assert suggested(library, add(library, "/p/stuff/c.jpg")) is None


def test_a_name_that_another_copy_has_says_when(library: Library) -> None:
    photo_id = add(library, "/p/2019/copy.jpg")
    (key,) = library.db.conn.execute("select key from photos where id = ?", (photo_id,)).fetchone()
    with write(library.db) as db:
        name = b"IMG_20190614_140312.jpg"
        sources.saw_source(db, Source(b"/phone", name, 1, FileState(1, 1, 1), "duplicate", key=key, photo_id=photo_id))
    assert suggested(library, photo_id) == ("2019-06-14T14:03", NAME, "moment")


def test_files_numbered_before_and_after_say_when(library: Library) -> None:
    add(library, "/p/x/DSC_0100.jpg", "2012-05-01T10:00:00.000", "exif")
    between = add(library, "/p/x/DSC_0102.jpg")
    add(library, "/p/x/DSC_0104.jpg", "2012-05-01T12:00:00.000", "exif")
    after = add(library, "/p/x/dsc_0106.jpg")
    far = add(library, "/p/x/DSC_0900.jpg")
    other = add(library, "/p/x/IMG_0102.jpg")
    assert suggested(library, between) == ("2012-05-01T11:00", NEIGHBOURS, "moment")
    assert suggested(library, after) == ("2012-05-01T12:00", NEIGHBOURS, "moment")
    assert suggested(library, far) is None
    assert suggested(library, other) is None


def test_neighbours_that_lie_years_apart_say_nothing(library: Library) -> None:
    add(library, "/p/x/DSC_0100.jpg", "2012-05-01T10:00:00.000", "exif")
    add(library, "/p/x/DSC_0104.jpg", "2015-05-01T12:00:00.000", "exif")
    assert suggested(library, add(library, "/p/x/DSC_0102.jpg")) is None


def test_the_day_photos_were_added_in_the_browser_says_nothing_about_when_they_were_taken(library: Library) -> None:
    for number in range(3):
        add(library, f"uploads:/2024-06-20/{number}.jpg", "2024-06-19T10:00:00.000", "exif")
    assert suggested(library, add(library, "uploads:/2024-06-20/scan.jpg")) is None
    folder = "uploads:/2024-06-20/2014-08 Italy"
    assert suggested(library, add(library, f"{folder}/scan.jpg")) == ("2014-08-01T12:00", FOLDER, "month")
    assert suggested(library, add(library, "uploads:/2024-06-20/IMG_20190614_140312.jpg")) == (
        "2019-06-14T14:03",
        NAME,
        "moment",
    )


def test_the_other_photos_of_a_folder_say_when_if_they_were_taken_together(library: Library) -> None:
    for number, day in enumerate((1, 2, 2)):
        add(library, f"/p/party/{chr(97 + number)}.jpg", f"2012-05-0{day}T10:00:00.000", "exif")
    lost = add(library, "/p/party/lost.jpg")
    assert suggested(library, lost) == ("2012-05-02T10:00", SIBLINGS, "day")
    add(library, "/p/party/late.jpg", "2013-05-02T10:00:00.000", "exif")
    assert suggested(library, lost) is None


def test_nobody_elses_photos_say_anything(library: Library) -> None:
    mine = add(library, "/p/2014-08 Italy/a.jpg")
    assert undated.suggestions(library.db, 2, [mine]) == {}
