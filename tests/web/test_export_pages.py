"""The page that hands out everything: what it says, what lies in its zips, and who gets none."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from photolib import album_edits, albums, catalog
from photolib.accounts import users
from photolib.db import write
from photolib.export import choice, layout, zips
from photolib.export.zips import Zip
from photolib.library import Library
from tests.conftest import DrawPhoto, ImportFolder
from tests.test_cli import Shell

from .conftest import ListPhotos, client_of, sign_in


@pytest.fixture
def trip(library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder, tmp_path: Path) -> list[int]:
    """Three photos of one name, two of them of one day, in the order they came."""
    for name, taken in (("a", "2024:06:14 14:03:00"), ("b", "2024:06:14 15:00:00"), ("c", "2023:01:02 03:04:05")):
        draw_photo(f"in/{name}/IMG_1.jpg", taken=taken, size=(2400, 1800))
        import_folder(tmp_path / "in" / name)
    return [row[0] for row in library.db.conn.execute("select id from photos order by id")]


def form_of(page: str) -> dict[str, str]:
    """What the page's form sends, with its first button."""
    body = page.partition('action="/export/zip"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body))
    part = re.search(r'name="part" value="([^"]+)"', body)
    assert part
    return {**sent, "size": "original", "sidecars": "yes", "part": part[1]}


def zipped(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {each.filename.partition("/")[2]: archive.read(each) for each in archive.infolist()}


def make_album(library: Library, owner: int, title: str, photo_ids: list[int]) -> int:
    with write(library.db) as db:
        return album_edits.make(db, owner, title, photo_ids=photo_ids).album_id


def test_everything_comes_under_the_names_the_command_gives(
    client: FlaskClient, library: Library, trip: list[int], tmp_path: Path
) -> None:
    make_album(library, 1, "Sea", trip)
    page = client.get("/export").text
    assert "3 photos, " in page
    answer = client.post("/export/zip", data=form_of(page))
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert re.match(r'attachment; filename="photolib \d{4}-\d\d-\d\d\.zip"', answer.headers["Content-Disposition"])
    found = zipped(answer)
    assert Shell(tmp_path)("export", tmp_path / "disk", "--albums", "none").exit_code == 0
    for name, body in found.items():
        if name != "albums.json":
            assert body == (tmp_path / "disk" / name).read_bytes(), name
    assert len(found) == 3 * 3 + 2
    assert [each["file"] for each in json.loads(found["albums.json"])["albums"][0]["photos"]] == [
        "2023/2023-01-02 IMG_1.jpg", "2024/2024-06-14 IMG_1.jpg", "2024/2024-06-14 IMG_1 (2).jpg",
    ]  # fmt: skip


def test_without_sidecars_it_is_the_photos_alone_and_by_album_if_one_likes(
    client: FlaskClient, library: Library, trip: list[int]
) -> None:
    make_album(library, 1, "Sea", trip[1:])
    sent = {**form_of(client.get("/export").text), "sidecars": "", "folders": "album"}
    assert set(zipped(client.post("/export/zip", data=sent))) == {
        "2024/2024-06-14 IMG_1.jpg", "Sea/2024-06-14 IMG_1.jpg", "Sea/2023-01-02 IMG_1.jpg",
    }  # fmt: skip


def test_an_album_a_search_and_chosen_photos(client: FlaskClient, library: Library, trip: list[int]) -> None:
    sea = make_album(library, 1, "Sea: 1", trip[:1])
    found = zipped(
        client.post("/export/zip", data={**form_of(client.get(f"/export?album_id={sea}").text), "sidecars": ""})
    )
    assert set(found) == {"Sea_ 1/2024-06-14 IMG_1.jpg"}
    found = zipped(client.post("/export/zip", data={**form_of(client.get("/export?q=on:2023").text), "sidecars": ""}))
    assert set(found) == {"2023/2023-01-02 IMG_1.jpg"}
    page = client.post("/export", data={"photos": f"{trip[2]},{trip[1]}"}).text
    assert "2 photos, " in page
    found = zipped(client.post("/export/zip", data={**form_of(page), "sidecars": ""}))
    assert set(found) == {"2023/2023-01-02 IMG_1.jpg", "2024/2024-06-14 IMG_1.jpg"}
    for empty in ("/export?what=album", "/export?what=search", "/export?q=on:1901"):
        assert 'action="/export/zip"' not in client.get(empty).text


def test_web_size_is_smaller_and_has_the_same_sidecars(client: FlaskClient, trip: list[int]) -> None:
    sent = {**form_of(client.get("/export").text), "size": "web"}
    answer = client.post("/export/zip", data=sent)
    assert "Content-Length" not in answer.headers, "nobody knows yet how large the pictures become"
    found = zipped(answer)
    assert Image.open(io.BytesIO(found["2024/2024-06-14 IMG_1.jpg"])).size == (2048, 1536)
    assert "2024/2024-06-14 IMG_1.jpg.xmp" in found


def test_zips_share_no_name_and_together_hold_everything(library: Library, trip: list[int]) -> None:
    everything = choice.everything(library, 1)
    parts = zips.parts(library.db, everything, most_bytes=1)
    assert [each.photos for each in parts] == [1, 1, 1]
    names: list[str] = []
    for part in parts:
        zipped = Zip(library, 1, everything, layout.parse(layout.STANDARD), part.first_id, part.last_id, "top")
        for entry in zipped.entries():
            assert sum(map(len, entry.pieces())) == entry.size
            names.append(entry.name)
        zipped.close()
    assert len(names) == len({name.casefold() for name in names})
    assert sum(name.endswith(".jpg") for name in names) == 3
    assert "top/2024/2024-06-14 IMG_1 (2).jpg" in names


def test_a_photo_that_comes_in_between_moves_no_other_into_another_zip(
    client: FlaskClient,
    library: Library,
    trip: list[int],
    draw_photo: DrawPhoto,
    import_folder: ImportFolder,
    tmp_path: Path,
) -> None:
    sent = {**form_of(client.get("/export").text), "sidecars": ""}
    before = zipped(client.post("/export/zip", data=sent))
    draw_photo("in/d/IMG_1.jpg", taken="2024:06:14 00:00:00")
    import_folder(tmp_path / "in" / "d")
    assert zipped(client.post("/export/zip", data=sent)) == before


def test_an_original_that_is_missing_is_named_and_the_others_come(
    client: FlaskClient, library: Library, trip: list[int]
) -> None:
    with library.originals.as_file(catalog.photo(library.db, trip[2]).key) as path:
        path.unlink()
    found = zipped(client.post("/export/zip", data=form_of(client.get("/export").text)))
    assert b"2023/2023-01-02 IMG_1.jpg" in found["NOT IN HERE.txt"]
    assert sum(name.endswith(".jpg") for name in found) == 2


def test_files_larger_than_four_gigabytes_and_many_of_them_take_little_memory(
    library: Library, list_photos: ListPhotos, owner_id: int
) -> None:
    """What a zip holds is known by names and sizes; the bytes pass through a piece at a time."""
    (photo_id,) = list_photos("2024-06-14T14:03:00.000")
    with write(library.db) as db:
        key = db.conn.execute("select key from photos where id = ?", (photo_id,)).fetchone()[0]
        db.conn.execute("update originals set size = ? where key = ?", (5 << 30, key))
    home = library.data / "originals" / key[:2] / key[2:4]
    home.mkdir(parents=True)
    with (home / f"{key}.jpg").open("wb") as file:
        file.truncate(5 << 30)
    everything = choice.everything(library, owner_id)
    (part,) = zips.parts(library.db, everything, 4 * 10**9)
    zipped = Zip(
        library, owner_id, everything, layout.parse(layout.STANDARD), part.first_id, part.last_id, "top", False
    )
    (entry,) = zipped.entries()
    assert entry.size == 5 << 30
    assert len(next(entry.pieces())) == zips.CHUNK
    zipped.close()


def test_nobody_takes_along_what_is_anothers(
    client: FlaskClient, second_user: FlaskClient, library: Library, trip: list[int], stranger_id: int
) -> None:
    sea = make_album(library, 1, "Sea", trip)
    assert "There are no photos" in second_user.get("/export").text
    assert second_user.get(f"/export?album_id={sea}").status_code == 404
    every = f"0-{10**9}"
    for what in ({"what": "album", "album_id": sea}, {"what": "chosen", "photos": trip[0]}, {"what": "everything"}):
        assert second_user.post("/export/zip", data={**what, "part": every}).status_code == 404
    assert second_user.post("/export", data={"photos": str(trip[0])}).status_code == 404
    assert client.post("/export/zip", data={"what": "everything", "part": every}).status_code == 200


def test_a_guest_has_nothing_to_take_along(app: Flask, library: Library, stranger_id: int) -> None:
    with write(library.db) as db:
        users.set_role(db, stranger_id, "guest")
    guest = client_of(app, sign_in(library.db, stranger_id))
    assert guest.get("/export").status_code == 403
    assert guest.post("/export/zip", data={"what": "everything", "part": "0-9"}).status_code == 403
    assert "/export" not in guest.get("/account").text


@pytest.mark.parametrize("part", ["", "1", "1-", "-1", "a-b", "1-2-3-4", "1" * 30 + "-2", "٣-٤"])
def test_a_zip_that_was_not_offered_is_refused_with_a_sentence(client: FlaskClient, trip: list[int], part: str) -> None:
    assert client.post("/export/zip", data={"what": "everything", "part": part}).status_code == 400


def test_what_is_shared_with_somebody_is_not_theirs_to_export(
    library: Library, list_photos: ListPhotos, stranger_id: int
) -> None:
    theirs = list_photos("2024-01-01T00:00:00.000", owner=stranger_id)
    assert choice.chosen(library.db, 1, theirs).photo_ids == []
    assert choice.everything(library, 1).photo_ids == []


def test_pages_lead_there(client: FlaskClient, library: Library, trip: list[int]) -> None:
    sea = make_album(library, 1, "Sea", trip)
    assert albums.album(library.db, sea).photos == 3
    assert f"/export?album_id={sea}" in client.get(f"/albums/{sea}").text
    assert "/export?q=on%3A2023" in client.get("/search?q=on:2023").text
    assert 'href="/export"' in client.get("/account").text
    assert 'data-do="export"' in client.get("/fragments/selection?scope=timeline").text


def test_a_large_export_is_offered_in_several_zips(
    client: FlaskClient, library: Library, list_photos: ListPhotos
) -> None:
    ids = list_photos(*(f"2024-01-0{day}T00:00:00.000" for day in range(1, 5)))
    with write(library.db) as db:
        db.conn.execute("update originals set size = 1500000000")
    page = client.get("/export").text
    assert re.findall(r'name="part" value="([\d-]+)"', page) == [f"{ids[0]}-{ids[1]}-1", f"{ids[2]}-{ids[3]}-2"]
    assert re.findall(r'name="part" value="([\d-]+)"', client.get("/export?zip=10").text) == [f"{ids[0]}-{ids[3]}"]
    assert len(re.findall(r'name="part"', client.get("/export?zip=2").text)) == 4


ODD = ("", "0", "-1", "9" * 18, "9" * 40, "1,2", "\x00", "٣", "x" * 3000, "../..", "1-", "None")


@pytest.mark.parametrize("field", ["what", "album_id", "q", "photos", "part", "size", "sidecars", "folders", "zip"])
def test_odd_fields_are_answered_with_a_sentence(client: FlaskClient, trip: list[int], field: str) -> None:
    usual = {"what": "everything", "part": f"0-{10**9}", "photos": str(trip[0])}
    for odd in ODD:
        assert client.get("/export", query_string={field: odd}).status_code in (200, 400, 404), odd
        assert client.post("/export", data={**usual, field: odd}).status_code in (200, 400, 404), odd
        assert client.post("/export/zip", data={**usual, field: odd}).status_code in (200, 400, 404), odd
