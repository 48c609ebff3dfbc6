"""Pages as a browser without script gets them."""

import html
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from photolib.db import write
from photolib.library import Library
from web import words

ListPhotos = Callable[..., list[int]]
STATIC = Path(words.__file__).with_name("static")
ATTACKS = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }} ${7*7} </title></template>",
    "\u202egpj.exe",
)


def photos_in(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'href="/photo/(\d+)"', page)]


def headings(page: str) -> list[str]:
    return [re.sub("<[^>]+>", "", each) for each in re.findall(r"<h2>(.*?)</h2>", page)]


# ---------------------------------------------------------------- the timeline


def test_a_first_visit_is_a_welcome_with_the_two_ways_to_add_photos(client: FlaskClient) -> None:
    page = client.get("/").text
    assert re.search(r"photolib import ~/Pictures</code>", page)
    assert "[[libraries]]" in page
    assert page.count("<h1") == 1


def test_days_have_one_heading_each_and_say_the_year_only_when_it_is_not_this_one(
    client: FlaskClient, list_photos: ListPhotos
) -> None:
    this_year = date.today().year
    list_photos(f"{this_year}-01-01T10:00:00.000", f"{this_year}-01-01T09:00:00.000", "2019-06-14T14:03:00.000")
    page = client.get("/").text
    first = f"{date(this_year, 1, 1):%a}"
    assert headings(page)[:2] == [f"{first}, 1 January", "Fri, 14 Jun 2019"]


def test_the_whole_timeline_can_be_walked_by_links(client: FlaskClient, list_photos: ListPhotos) -> None:
    ids = list_photos(
        *(f"2024-{month:02}-{day:02}T12:00:00.000" for month in (3, 4, 5) for day in range(1, 29) for _ in "ab")
    )
    met: list[int] = []
    path: str | None = "/"
    while path:
        page = client.get(path).text
        met += photos_in(page)
        older = re.search(r'href="(/\?before=[^"]+)"', page)
        path = older and html.unescape(older[1])
    assert met == sorted(ids, key=lambda each: -each)
    page = client.get("/?at=2024-03-01").text
    upwards = photos_in(page)[::-1]
    while newer := re.search(r'href="(/\?after=[^"]+)"', page):
        page = client.get(html.unescape(newer[1])).text
        upwards += photos_in(page)[::-1]
    assert upwards == sorted(ids)


@pytest.mark.parametrize("at", ["2019", "2019-06", "2019-06-14"])
def test_a_link_to_a_year_month_or_day_begins_there(client: FlaskClient, list_photos: ListPhotos, at: str) -> None:
    _, wanted, earlier = list_photos("2020-01-01T00:00:00.000", "2019-06-14T23:59:59.999", "2019-06-13T12:00:00.000")
    page = client.get(f"/?at={at}").text
    assert photos_in(page)[:2] == [wanted, earlier]
    assert "Newer photos" in page


@pytest.mark.parametrize("at", ["June", "2019-6", "2019-06-14T12", "%00", "٢٠١٩"])
def test_a_place_that_is_none_is_explained(client: FlaskClient, at: str) -> None:
    answer = client.get(f"/?at={at}")
    assert answer.status_code == 400
    assert "2019-06-14" in answer.text


def test_a_day_that_goes_on_on_the_next_page_has_its_heading_there_too(
    client: FlaskClient, list_photos: ListPhotos
) -> None:
    list_photos(*(["2024-06-14T12:00:00.000"] * 60))
    page = client.get("/").text
    older = client.get(html.unescape(re.search(r'href="(/\?before=[^"]+)"', page)[1])).text
    assert headings(page)[0] == headings(older)[0] == "Fri, 14 Jun 2024"
    assert len(photos_in(page) + photos_in(older)) == len(set(photos_in(page) + photos_in(older))) == 60


def test_years_lead_to_themselves(client: FlaskClient, list_photos: ListPhotos) -> None:
    list_photos("2024-06-14T12:00:00.000", "2019-01-01T12:00:00.000", "2019-01-02T12:00:00.000")
    assert re.findall(r'href="(/\?at=[^"]+)">(\d+)<', client.get("/").text) == [
        ("/?at=2024", "2024"),
        ("/?at=2019", "2019"),
    ]


def test_a_heading_names_the_city_where_most_of_the_day_was_spent(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    ids = list_photos(*(["2024-06-14T12:00:00.000"] * 3), "2024-06-13T12:00:00.000")
    with write(library.db) as db:
        for photo_id, city in zip(ids, ("Rennes", "Brest", "Rennes"), strict=False):
            db.conn.execute("insert into photo_places (photo_id, city) values (?, ?)", (photo_id, city))
    assert headings(client.get("/").text)[:2] == ["Fri, 14 Jun 2024 · Rennes", "Thu, 13 Jun 2024"]


@pytest.mark.parametrize(
    ("likes", "said"),
    [("month-1", ["June 2024", "January 2019"]), ("year-3", ["2024", "2019"]), ("<b>-9", ["Fri, 14 Jun 2024"])],
)
def test_a_browser_gets_the_headings_and_sizes_it_likes(
    client: FlaskClient, list_photos: ListPhotos, likes: str, said: list[str]
) -> None:
    list_photos("2024-06-14T12:00:00.000", "2019-01-01T12:00:00.000", "2019-01-02T12:00:00.000")
    client.set_cookie("grid", likes)
    page = client.get("/").text
    assert headings(page)[: len(said)] == said
    assert ("dense-1" in page, "dense-3" in page) == (likes == "month-1", likes == "year-3")


def test_a_photo_that_is_still_worked_on_is_marked(client: FlaskClient, list_photos: ListPhotos) -> None:
    list_photos("2024-06-14T12:00:00.000")
    assert "is-processing" in client.get("/").text


def test_the_shapes_of_all_tiles_have_a_style(client: FlaskClient, library: Library, list_photos: ListPhotos) -> None:
    shapes = [(100, 100), (3, 5000), (5000, 3), (4000, 3000), (1, 3), (333, 100)]
    ids = list_photos(*(["2024-06-14T12:00:00.000"] * len(shapes)))
    with write(library.db) as db:
        for photo_id, (width, height) in zip(ids, shapes, strict=True):
            db.conn.execute("update photos set width = ?, height = ? where id = ?", (width, height, photo_id))
    page = client.get("/").text
    used = set(re.findall(r'class="cell (r\d+)', page))
    styles = client.get(re.search(r'href="(/ratios[^"]+)"', page)[1]).text
    assert used == {"r100", "r40", "r300", "r133"}
    assert all(f".{each}{{--r:" in styles for each in used)


# ---------------------------------------------------------------- one photo


def test_a_photos_page_says_everything_in_plain_words(client: FlaskClient, draw_photo, import_folder) -> None:
    import piexif

    exif = {
        "Exif": {
            piexif.ExifIFD.ExposureTime: (1, 250), piexif.ExifIFD.FNumber: (28, 10), piexif.ExifIFD.FocalLength: (24, 1),
            piexif.ExifIFD.ISOSpeedRatings: 100, piexif.ExifIFD.OffsetTimeOriginal: b"+02:00",
        },
        "0th": {piexif.ImageIFD.Model: b"Canon EOS R6"},
        "GPS": {
            piexif.GPSIFD.GPSLatitudeRef: b"N", piexif.GPSIFD.GPSLatitude: ((48, 1), (6, 1), (53, 1)),
            piexif.GPSIFD.GPSLongitudeRef: b"W", piexif.GPSIFD.GPSLongitude: ((1, 1), (40, 1), (45, 1)),
        },
    }  # fmt: skip
    path = draw_photo("in/beach.jpg", size=(4000, 3000), taken="2024:06:14 14:03:00", make="Canon", exif=exif)
    import_folder(path.parent)
    [photo_id] = photos_in(client.get("/").text)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(f"/photo/{photo_id}").text.replace("<wbr>", "")))
    for said in (
        "Friday, 14 June 2024", "14:03 · UTC+2", "As the camera wrote it", "Canon EOS R6", "1/250 s · f/2.8 · 24 mm · ISO 100",
        "4000 × 3000 · 12 megapixels", "beach.jpg", "JPEG", str(path), "48.11472° N, 1.67917° W",
    ):  # fmt: skip
        assert said in text
    assert "Canon Canon" not in text


def test_a_photo_leads_to_the_ones_beside_it_and_back(client: FlaskClient, list_photos: ListPhotos) -> None:
    old, middle, new = list_photos("2024-06-13T12:00:00.000", "2024-06-14T12:00:00.000", "2024-06-15T12:00:00.000")
    page = client.get(f"/photo/{middle}").text
    assert f'rel="prev" href="/photo/{new}"' in page
    assert f'rel="next" href="/photo/{old}"' in page
    way_back = html.unescape(re.search(rf'href="([^"]+)#photo-{middle}"', page)[1])
    assert photos_in(client.get(way_back).text) == [middle, old]
    assert 'rel="prev"' not in client.get(f"/photo/{new}").text
    assert 'rel="next"' not in client.get(f"/photo/{old}").text


def test_a_photo_that_cannot_be_shown_says_why_and_can_be_downloaded(
    client: FlaskClient, library: Library, draw_photo, import_folder
) -> None:
    path = draw_photo("in/cut.jpg", size=(900, 900))
    path.write_bytes(path.read_bytes()[:3000])
    import_folder(path.parent)
    photo_id = library.db.conn.execute("select id from photos").fetchone()[0]
    page = client.get(f"/photo/{photo_id}").text
    assert "cannot be shown" in page
    assert "ends too early" in page
    assert "?download=1" in page
    assert "ends too early" in client.get("/activity").text


def test_what_is_not_there_is_a_page_with_a_way_on(client: FlaskClient) -> None:
    for path in ("/photo/1", "/photo/99999999999999999999", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert 'href="/"' in answer.text


# ---------------------------------------------------------------- what strangers wrote


@pytest.fixture
def attacked(client: FlaskClient, library: Library, list_photos: ListPhotos, tmp_path: Path) -> list[str]:
    """Every page of a library in which all that a file can say is an attack."""
    from photolib import catalog
    from photolib.sources import FileState, Source, library_is, saw_source

    owner = catalog.user_named(library.db, catalog.OWNER_TO_BE).id
    ids = []
    for attack in ATTACKS:
        [photo_id] = list_photos("2024-06-14T12:00:00.000", name=f"{attack}.jpg")
        ids.append(photo_id)
        texts = dict.fromkeys(("title", "description", "make", "model", "lens", "video_codec"), attack)
        facts = {
            **texts, "taken_at": "2024-06-14T12:00:00.000", "taken_at_source": attack, "people": [attack], "keywords": [attack],
            "regions": [{"name": attack, "type": "face", "x": 0, "y": 0, "w": 1, "h": 1}], "exif": {attack: attack}, "notes": [attack],
        }  # fmt: skip
        with write(library.db) as db:
            catalog.describe(db, photo_id, facts)
            catalog.put_in_album(db, owner, photo_id, attack)
            folder = f"/photos/{attack}".encode()
            saw_source(db, Source(folder, attack.encode(), owner, FileState(1, 1, 1), "new", None, None, photo_id))
            saw_source(db, Source(folder, b"x" + attack.encode(), owner, FileState(1, 1, 1), "failed", attack))
            library_is(db, folder, "offline", attack)
    with write(library.db) as db:
        db.conn.execute("update photos set status = 'failed' where id = ?", (ids[0],))
    paths = [
        "/",
        "/activity",
        *(f"/photo/{each}" for each in ids),
        *(f"/fragments/photo/{each}" for each in ids),
    ]
    return [client.get(path).text for path in paths]


def test_what_a_file_says_stays_text(attacked: list[str]) -> None:
    assert sum("&lt;script&gt;alert(1)" in page for page in attacked) >= 3
    for page in attacked:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page
        assert " 49 " not in page


def test_no_page_holds_script_style_or_anything_from_elsewhere(attacked: list[str], client: FlaskClient) -> None:
    for page in (*attacked, client.get("/nothing").text):
        tags = re.findall(r"<[a-zA-Z][^>]*>", page)
        assert not [tag for tag in tags if re.search(r"""\s(style|on\w+)\s*=(?=(?:[^"]*"[^"]*")*[^"]*$)""", tag)]
        assert not re.search(r"<style|<script(?! type=\"module\" src=)", page)
        assert not re.search(r'(?:src|href|action|poster)="(?:https?:)?//', page)
    for path in (*STATIC.glob("*.js"), *STATIC.glob("*.css")):
        assert not re.search(r"https?://(?!www\.w3\.org/)", path.read_text(encoding="utf-8")), path


def test_every_control_has_a_name_and_every_picture_a_text(attacked: list[str]) -> None:
    for page in attacked:
        assert not re.search(r"<img(?![^>]* alt=)", page)
        for control in re.findall(r"<(?:a|button)[^>]*>.*?</(?:a|button)>", page, re.DOTALL):
            opening = control[: control.index(">") + 1]
            text = re.sub(r"<[^>]+>", "", control).strip() or re.search(r'alt="[^"]+"', control)
            assert "aria-label=" in opening or "title=" in opening or text or "hidden" in opening, control


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.offset(120), "UTC+2"), (words.offset(-210), "UTC−3:30"), (words.offset(0), "UTC"), (words.offset(None), "time zone unknown"),
        (words.shutter(0.004), "1/250 s"), (words.shutter(0.5), "0.5 s"), (words.shutter(30), "30 s"), (words.shutter(1 / 3), "0.3 s"),
        (words.shutter(None), ""), (words.duration(7.4), "0:07"), (words.duration(59.6), "1:00"), (words.duration(3723), "1:02:03"),
        (words.size(999), "999 bytes"), (words.size(80_400), "80 kB"), (words.size(3_140_000), "3.1 MB"), (words.size(5e12), "5 TB"),
        (words.count(1, "photo"), "1 photo"), (words.count(1200, "photo"), "1,200 photos"), (words.month("2024-06"), "June 2024"),
        (words.month("0000-00"), "0000-00"), (words.day("2024-02-30T00:00:00.000"), "2024-02-30"),
        (words.time_left(20), "less than a minute left"),
        (words.time_left(100), "about 2 minutes left"), (words.time_left(7300), "about 2 hours left"),
        (words.date_source("file time"), "Guessed from the file's time"),
    ],
)  # fmt: skip
def test_numbers_are_said_as_people_say_them(said: str, expected: str) -> None:
    assert said == expected


def test_a_path_stays_text_where_it_may_be_broken() -> None:
    assert words.breakable("/a/<b>") == "/<wbr>a/<wbr>&lt;b&gt;"


def test_every_source_of_a_date_has_words() -> None:
    from photolib.metadata.dates import DATE_ORDER

    assert {name for _, name in DATE_ORDER} <= set(words.DATE_SOURCES)


def test_every_screen_leads_to_the_collections_and_says_when_one_is_open(client: FlaskClient) -> None:
    look = (STATIC / "look.css").read_text()
    assert not re.search(r"\.to-collections\s*\{\s*display:\s*none", look)
    for path in ("/tags", "/recent", "/videos", "/duplicates", "/review", "/activity", "/statistics"):
        assert re.search(
            r'<a class="to-collections" href="/collections" aria-current="page">', client.get(path).text
        ), path
    assert "aria-current" not in re.findall(r'<a class="to-collections"[^>]*>', client.get("/people").text)[0]


def test_something_to_type_looks_like_it_and_stays_text() -> None:
    assert words.commands("run `photolib <b>`, then look") == "run <code>photolib &lt;b&gt;</code>, then look"
