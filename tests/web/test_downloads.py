"""Several photos as one zip."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from photolib import catalog, downloads
from photolib.catalog import Original
from photolib.db import write
from photolib.library import Library

ListPhotos = Callable[..., list[int]]


def zipped(answer: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {each.filename: archive.read(each) for each in archive.infolist()}


def test_photos_come_as_they_are_under_names_of_their_own(client: FlaskClient, draw_photo, import_folder) -> None:
    one, other = draw_photo("in/a/IMG_1.jpg", size=(90, 60)), draw_photo("in/b/img_1.JPG", size=(60, 90))
    import_folder(one.parent.parent)
    ids = [item["photo_id"] for item in client.get("/api/v1/photos").json["items"]]
    answer = client.post("/download", data={"photos": ",".join(map(str, ids))})
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="photolib ')
    found = zipped(answer)
    assert {name.lower() for name in found} == {"img_1.jpg", "img_1 (2).jpg"}
    assert set(found.values()) == {one.read_bytes(), other.read_bytes()}
    assert len(answer.data) == int(answer.headers["Content-Length"])


def test_the_files_of_a_photos_parts_come_with_it(
    client: FlaskClient, library: Library, draw_photo, import_folder, owner_id: int
) -> None:
    path = draw_photo("in/IMG_2.jpg", size=(90, 60))
    import_folder(path.parent)
    [item] = client.get("/api/v1/photos").json["items"]
    stored = library.originals.put(io.BytesIO(b"raw bytes"), "dng")
    with write(library.db) as db:
        catalog.add_original(db, Original(stored.key, "dng", "dng", "image/x-adobe-dng", 9))
        db.conn.execute("insert into parts (photo_id, role, key) values (?, 'raw', ?)", (item["photo_id"], stored.key))
        db.conn.execute(
            "insert into parts (photo_id, role, key, byte_offset, byte_length) values (?, 'motion', ?, 10, 20)",
            (item["photo_id"], item["key"]),
        )
    found = zipped(client.post("/download", data={"photos": str(item["photo_id"])}))
    assert found == {"IMG_2.jpg": path.read_bytes(), "IMG_2.dng": b"raw bytes"}


def test_one_photo_of_somebody_else_stops_the_whole_download(
    client: FlaskClient, second_user: FlaskClient, draw_photo, import_folder
) -> None:
    import_folder(draw_photo("in/IMG_3.jpg").parent)
    [item] = client.get("/api/v1/photos").json["items"]
    assert second_user.post("/download", data={"photos": str(item["photo_id"])}).status_code == 404
    assert client.post("/download", data={"photos": f"{item['photo_id']},999"}).status_code == 404


def test_what_names_no_photos_is_explained(client: FlaskClient) -> None:
    for photos in ("", ",", "x", "1;2", "-1", "9" * 30):
        assert client.post("/download", data={"photos": photos}).status_code == 400


def test_a_large_download_is_never_whole_in_memory(client: FlaskClient, draw_photo, import_folder) -> None:
    import_folder(draw_photo("in/IMG_4.png", size=(1500, 1500)).parent)
    [item] = client.get("/api/v1/photos").json["items"]
    answer = client.post("/download", data={"photos": str(item["photo_id"])}, buffered=False)
    pieces = [len(each) for each in answer.iter_encoded()]
    assert max(pieces) <= 1 << 20
    assert sum(pieces) == int(answer.headers["Content-Length"])
    answer.close()


@given(
    st.lists(
        st.text(max_size=12)
        | st.sampled_from(["a.jpg", "A.JPG", "a (2).jpg", "é.jpg", "e\u0301.jpg", "..", "/etc/x", "a\0b"]),
        max_size=20,
    )
)
def test_names_differ_everywhere_and_lead_nowhere(names: list[str]) -> None:
    found = list(downloads.unique(names))
    assert len({each.casefold() for each in found}) == len(found) == len(names)
    for each in found:
        assert each
        assert each not in (".", "..")
        assert not set(each) & set('<>:"/\\|?*\0\n')
        each.encode()
