"""Sending files: announced, received by plain PUT or tus 1.0, made photos; also by a tus client of others, from the real server."""

import base64
import contextlib
import hashlib
import io
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from tusclient import client as tus
from werkzeug.test import TestResponse

from photolib import album_rows, drafts, uploads
from photolib.db import write
from photolib.errors import BadInput
from photolib.library import Library, open_library
from photolib.sharing import grants
from photolib.worker import work_until_idle
from tests.web.conftest import app_for, client_of, serving
from web.uploads_api import checksum_in

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def announce(client: FlaskClient, body: bytes, filename: str = "photo.jpg", **more: Any) -> dict[str, Any]:
    said = {"filename": filename, "content_type": "image/jpeg", "size_bytes": len(body), **more}
    answer = client.post("/api/v1/photos/upload-url", json=said)
    assert answer.status_code == 201, answer.json
    return answer.json


def path_of(announced: dict[str, Any]) -> str:
    return announced["upload_url"].removeprefix("http://localhost")


def patch(client: FlaskClient, announced: dict[str, Any], body: bytes, offset: int = 0, **headers: str) -> TestResponse:
    sent = {**PIECE, "Upload-Offset": str(offset), **{name.replace("_", "-"): text for name, text in headers.items()}}
    return client.patch(path_of(announced), data=body, headers=sent)


def offset_of(client: FlaskClient, announced: dict[str, Any]) -> int:
    return int(client.head(path_of(announced), headers=TUS).headers["Upload-Offset"])


def file(client: FlaskClient, announced: dict[str, Any], **more: Any) -> TestResponse:
    return client.post("/api/v1/photos", json={"upload_id": announced["upload_id"], **more})


def send(client: FlaskClient, body: bytes, filename: str = "photo.jpg", **more: Any) -> TestResponse:
    return file(client, received(client, body, filename, **more))


def received(client: FlaskClient, body: bytes, filename: str = "photo.jpg", **more: Any) -> dict[str, Any]:
    """An upload whose bytes are all here."""
    announced = announce(client, body, filename, **more)
    assert patch(client, announced, body).status_code == 204
    return announced


def sources_of(library: Library) -> list[tuple[str, str]]:
    rows = library.db.conn.execute(
        "select folders.path || '/' || name, outcome from sources join folders on folders.id = folder_id order by sources.id"
    )
    return [(os.fsdecode(path), outcome) for path, outcome in rows]


@pytest.fixture
def body(draw_photo) -> bytes:
    return draw_photo(taken="2024:06:14 14:03:00").read_bytes()


# ---------------------------------------------------------------- the way in


def test_a_file_sent_in_one_piece_becomes_a_photo(client: FlaskClient, library: Library, body: bytes) -> None:
    announced = announce(client, body, "Ferien am Meer.jpg")
    answer = client.put(path_of(announced), data=body)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(body)))
    filed = file(client, announced, title="By the sea", description="Us", tags=["holiday"])
    assert filed.status_code == 201
    assert filed.json["outcome"] == "new"
    work_until_idle(library)
    photo = client.get(f"/api/v1/photos/{filed.json['photo_id']}").json
    assert photo["key"] == hashlib.sha256(body).hexdigest()
    assert (photo["filename"], photo["title"], photo["description"]) == ("Ferien am Meer.jpg", "By the sea", "Us")
    assert (photo["status"], photo["tags"], photo["taken_at"][:16]) == ("ready", ["holiday"], "2024-06-14T14:03")
    assert client.get(filed.json["urls"]["original"]).data == body
    assert list((library.data / "uploads").iterdir()) == []


def test_pieces_are_put_together(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)
    third = len(body) // 3
    for start in (0, third, 2 * third):
        stop = len(body) if start == 2 * third else start + third
        answer = patch(client, announced, body[start:stop], start)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(stop))
        assert offset_of(client, announced) == stop
    assert file(client, announced).json["outcome"] == "new"


def test_a_file_that_the_owner_has_is_known_before_it_is_sent(
    client: FlaskClient, library: Library, body: bytes
) -> None:
    first = send(client, body).json
    again = announce(client, body, "copy.jpg", sha256=hashlib.sha256(body).hexdigest())
    assert again["duplicate_of"] == first["photo_id"]
    filed = file(client, again)
    assert (filed.status_code, filed.json["outcome"], filed.json["photo_id"]) == (201, "duplicate", first["photo_id"])
    assert [outcome for _, outcome in sources_of(library)] == ["new", "duplicate"]


def test_a_photo_that_was_here_keeps_what_somebody_said_about_it(client: FlaskClient, body: bytes) -> None:
    photo_id = send(client, body).json["photo_id"]
    client.patch(f"/api/v1/photos/{photo_id}", json={"title": "Mine"})
    again = announce(client, body, sha256=hashlib.sha256(body).hexdigest())
    file(client, again, title="Theirs", tags=["seen"])
    photo = client.get(f"/api/v1/photos/{photo_id}").json
    assert (photo["title"], photo["tags"]) == ("Mine", ["seen"])


def test_nobody_learns_what_others_have(client: FlaskClient, second_user: FlaskClient, body: bytes) -> None:
    send(client, body)
    theirs = announce(second_user, body, sha256=hashlib.sha256(body).hexdigest())
    assert "duplicate_of" not in theirs
    assert file(second_user, theirs).status_code == 409
    assert patch(second_user, theirs, body).status_code == 204
    assert file(second_user, theirs).json["outcome"] == "new"


def test_a_size_that_does_not_fit_its_hash_makes_no_duplicate(client: FlaskClient, body: bytes) -> None:
    send(client, body)
    wrong = announce(client, body + b"x", sha256=hashlib.sha256(body).hexdigest())
    assert "duplicate_of" not in wrong
    assert file(client, wrong).status_code == 409


def test_asking_twice_gives_the_same_photo(client: FlaskClient, library: Library, body: bytes) -> None:
    announced = announce(client, body)
    patch(client, announced, body)
    first, second = file(client, announced), file(client, announced)
    assert first.json == second.json
    assert len(sources_of(library)) == 1
    assert offset_of(client, announced) == len(body)
    assert patch(client, announced, b"", len(body)).status_code == 410


def test_what_lay_in_the_trash_comes_back_when_it_is_added_again(client: FlaskClient, body: bytes) -> None:
    photo_id = send(client, body).json["photo_id"]
    client.delete(f"/api/v1/photos/{photo_id}")
    again = file(client, announce(client, body, sha256=hashlib.sha256(body).hexdigest()))
    assert again.json["was_in_trash"] is True
    assert client.get(f"/api/v1/photos/{photo_id}").json["trashed_at"] is None


def test_a_live_photo_sent_as_two_files_is_one_photo(
    client: FlaskClient, library: Library, shared_photos: Path
) -> None:
    for path in sorted((shared_photos / "live_photo").glob("train.*"), reverse=True):
        assert send(client, path.read_bytes(), path.name).status_code == 201
    work_until_idle(library)
    (photo,) = client.get("/api/v1/photos").json["items"]
    assert photo["type"] == "live"
    assert [outcome for _, outcome in sources_of(library)] == ["new", "new"]


def test_sidecars_speak_about_photos_sent_before_and_after(client: FlaskClient, library: Library, draw_photo) -> None:
    xmp = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>"""
    one, two = draw_photo("1.jpg").read_bytes(), draw_photo("2.jpg").read_bytes()
    before = send(client, one, "one.jpg", folder="Trip").json["photo_id"]
    work_until_idle(library)
    for name in ("one.jpg.xmp", "two.xmp"):
        answer = send(client, xmp, name, folder="Trip")
        assert (answer.status_code, answer.json["photo_id"], answer.json["outcome"]) == (201, None, "ignored")
    after = send(client, two, "two.jpg", folder="Trip").json["photo_id"]
    elsewhere = send(client, draw_photo("3.jpg").read_bytes(), "one.jpg").json["photo_id"]
    work_until_idle(library)
    ratings = [client.get(f"/api/v1/photos/{each}").json["rating"] for each in (before, after, elsewhere)]
    assert ratings == [4, 4, None]


def test_files_that_phones_call_alike_keep_their_own_place(client: FlaskClient, library: Library, draw_photo) -> None:
    for number in range(3):
        send(client, draw_photo(f"{number}.jpg").read_bytes(), "image.jpg")
    paths = [path.partition("/")[2].partition("/")[2] for path, _ in sources_of(library)]
    assert paths == ["image.jpg", "2/image.jpg", "3/image.jpg"]


def test_without_any_other_date_the_files_own_is_taken(client: FlaskClient, library: Library, draw_photo) -> None:
    moment = 1_500_000_000_000  # 2017-07-14 02:40 UTC
    photo_id = send(client, draw_photo().read_bytes(), last_modified=moment).json["photo_id"]
    work_until_idle(library)
    photo = client.get(f"/api/v1/photos/{photo_id}").json
    assert (photo["taken_at"][:7], photo["taken_at_source"]) == ("2017-07", "file time")


def test_an_album_takes_what_is_sent_to_it_and_what_was_here(
    client: FlaskClient, second_user: FlaskClient, library: Library, owner_id: int, draw_photo
) -> None:
    with write(library.db) as db:
        album = album_rows.add(db, owner_id, "Trip")
    one, two = draw_photo("1.jpg").read_bytes(), draw_photo("2.jpg").read_bytes()
    send(client, one)
    for each in (one, two):
        announced = announce(client, each, sha256=hashlib.sha256(each).hexdigest())
        if "duplicate_of" not in announced:
            patch(client, announced, each)
        assert file(client, announced, album_id=album).status_code == 201
    assert len(client.get(f"/api/v1/photos?album_id={album}").json["items"]) == 2
    announced = announce(second_user, one)
    patch(second_user, announced, one)
    assert file(second_user, announced, album_id=album).status_code == 404  # somebody else's album
    assert file(second_user, announced).status_code == 201


# ---------------------------------------------------------------- bad files, bad words


def test_whoever_may_add_to_an_album_sends_photos_into_it(
    client: FlaskClient, second_user: FlaskClient, library: Library, owner_id: int, stranger_id: int, body: bytes
) -> None:
    album_id = client.post("/api/v1/albums", json={"title": "Wedding"}).json["album_id"]
    for role, status in (("download", 404), ("contribute", 201)):
        with write(library.db) as db:
            grants.give(db, owner_id, {"album_id": album_id}, "user", stranger_id, role)
        assert file(second_user, received(second_user, body), album_id=album_id).status_code == status
    [photo] = client.get(f"/api/v1/photos?album_id={album_id}").json["items"]
    row = library.db.conn.execute("select owner_id, added_by from photos join album_photos on photo_id = photos.id")
    assert (row.fetchone(), photo["filename"]) == ((stranger_id, stranger_id), "photo.jpg")


@pytest.mark.parametrize(("visibility", "is_seen"), [("private", False), ("public", True), ("followers", False)])
def test_the_sender_says_who_else_may_look(
    client: FlaskClient, second_user: FlaskClient, body: bytes, visibility: str, is_seen: bool
) -> None:
    photo_id = file(second_user, received(second_user, body), visibility=visibility).json["photo_id"]
    assert (client.get(f"/api/v1/photos/{photo_id}").status_code == 200) == is_seen


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("holiday.jpg", b"%PDF-1.7 ...", "It is named like a photo or video but is"),
        ("page.html", b"<html><script>alert(1)</script></html>", "It is"),
        ("notes.json", b'{"a": 1}', "not about a photo"),
    ],
)
def test_a_file_that_is_no_photo_costs_only_itself(
    client: FlaskClient, library: Library, body: bytes, name: str, content: bytes, why: str
) -> None:
    answer = send(client, content, name)
    assert answer.status_code == 400
    assert why in answer.json["error"]["message"]
    assert send(client, body).status_code == 201
    assert list((library.data / "uploads").iterdir()) == []
    assert len(list((library.data / "originals").rglob("*.*"))) == 1


def test_a_name_is_a_label_and_never_a_path(client: FlaskClient, library: Library, draw_photo) -> None:
    names = [
        "../../etc/passwd.jpg",
        "-rf.jpg",
        "a\nb.jpg",
        "C:\\Users\\ann\\x.jpg",
        "%2e%2e%2fx.jpg",
        "\ud800.jpg",
        "x" * 400 + ".jpg",
        "..",
        "a\0b.jpg",
    ]
    for number, name in enumerate(names):
        answer = send(client, draw_photo(f"{number}.jpg").read_bytes(), name, folder="../../../tmp/./x")
        assert answer.status_code == 201, name
    there = {path.name for path in library.data.parent.rglob("*") if path.is_file()}
    assert not {"passwd.jpg", "-rf.jpg", "x.jpg"} & there
    for path, _ in sources_of(library):
        assert ".." not in path.split("/")
        assert path.isprintable() or "\ufffd" in path


@given(st.text(), st.text())
def test_labels_can_be_stored_and_shown(name: str, folder: str) -> None:
    label = uploads.label(name)
    assert label
    assert "/" not in label
    assert len(label.encode()) <= 255
    assert not {".", ".."} & set(uploads.folder_label(folder).split("/"))


@pytest.mark.parametrize(
    "said",
    [
        [], {}, {"filename": "x.jpg"}, {"filename": "", "size_bytes": 3}, {"filename": "x", "size_bytes": 0},
        {"filename": "x", "size_bytes": -1}, {"filename": "x", "size_bytes": True}, {"filename": "x", "size_bytes": "3"},
        {"filename": "x", "size_bytes": 3, "sha256": "12"}, {"filename": 7, "size_bytes": 3}, {"filename": "x", "size_bytes": 2**60},
        {"filename": "x", "size_bytes": 3, "last_modified": "today"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(client: FlaskClient, said: Any) -> None:
    answer = client.post("/api/v1/photos/upload-url", json=said)
    assert answer.status_code == 400
    assert answer.json["error"]["message"].endswith(".")


@pytest.mark.parametrize("more", [{"title": 7}, {"tags": "x"}, {"album_id": "x"}, {"album_id": 99}])
def test_wishes_are_looked_at_before_anything_is_done(client: FlaskClient, body: bytes, more: dict[str, Any]) -> None:
    announced = announce(client, body)
    patch(client, announced, body)
    assert file(client, announced, **more).status_code in (400, 404)
    assert client.get("/api/v1/photos").json["items"] == []
    assert file(client, announced).json["outcome"] == "new"


def test_a_file_that_changed_while_it_was_sent_is_not_kept(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body, sha256="0" * 64)
    patch(client, announced, body)
    assert "changed while it was sent" in file(client, announced).json["error"]["message"]
    assert client.get("/api/v1/photos").json["items"] == []


# ---------------------------------------------------------------- whose it is


def test_an_address_that_was_not_signed_here_leads_nowhere(client: FlaskClient, body: bytes) -> None:
    path = path_of(announce(client, body))
    for wrong in (
        path[:-9] + "A" * 9,
        "/api/v1/uploads/x",
        "/api/v1/uploads/W10.x",
        path + "%00",
    ):
        assert client.head(wrong, headers=TUS).status_code == 404
        assert client.put(wrong, data=body).status_code == 404


def test_another_users_upload_is_nowhere(client: FlaskClient, second_user: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)
    for method in ("HEAD", "PATCH", "PUT", "DELETE"):
        answer = second_user.open(
            path_of(announced),
            method=method,
            data=body if method[0] == "P" else None,
            headers={**PIECE, "Upload-Offset": "0"},
        )
        assert answer.status_code == 404, method
    patch(client, announced, body)
    assert file(second_user, announced).status_code == 404
    assert file(client, announced).status_code == 201


def test_the_signed_address_is_enough_to_send_but_not_to_read(
    client: FlaskClient, anonymous: FlaskClient, body: bytes
) -> None:
    announced = announce(client, body)
    assert anonymous.put(path_of(announced), data=body).status_code == 204
    said = anonymous.get(path_of(announced))
    assert said.json["offset"] == len(body)
    assert len(said.data) < 300
    assert file(anonymous, announced).status_code == 401


def test_a_role_taken_away_ends_what_its_addresses_allow(
    client: FlaskClient, anonymous: FlaskClient, library: Library, second_user: FlaskClient, body: bytes
) -> None:
    announced = announce(second_user, body)
    with write(library.db) as db:
        db.conn.execute("update users set role = 'guest' where name = 'zoe'")
    assert anonymous.put(path_of(announced), data=body).status_code == 403
    assert second_user.post("/api/v1/photos/upload-url", json={"filename": "x.jpg", "size_bytes": 3}).status_code == 403


def test_a_page_of_another_site_sends_nothing(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)
    for site in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        assert (
            client.patch(path_of(announced), data=body, headers={**PIECE, "Upload-Offset": "0", **site}).status_code
            == 403
        )
        assert client.post("/add", data={"files": (io.BytesIO(body), "x.jpg")}, headers=site).status_code == 403
    assert offset_of(client, announced) == 0


# ---------------------------------------------------------------- limits


def test_a_share_of_the_disk_counts_what_is_under_way(client: FlaskClient, library: Library, body: bytes) -> None:
    with write(library.db) as db:
        db.conn.execute("update users set quota_bytes = ?", (2 * len(body),))
    first = announce(client, body)
    announce(client, body[:-1])
    answer = client.post("/api/v1/photos/upload-url", json={"filename": "x.jpg", "size_bytes": 2})
    assert answer.status_code == 403
    assert "share of the disk" in answer.json["error"]["message"]
    client.delete(path_of(first), headers=TUS)
    announce(client, body[:-1])


def test_too_little_room_on_the_disk_is_said_before_anything_is_sent(
    client: FlaskClient, library: Library, body: bytes
) -> None:
    answer = client.post("/api/v1/photos/upload-url", json={"filename": "x.mp4", "size_bytes": 2**52})
    assert answer.status_code == 400  # larger than the setting allows
    library.config = replace(library.config, largest_upload_mb=0)
    answer = client.post("/api/v1/photos/upload-url", json={"filename": "x.mp4", "size_bytes": 2**52})
    assert answer.status_code == 503
    assert "too little room" in answer.json["error"]["message"]
    announced = announce(client, body)
    patch(client, announced, body)
    library.config = replace(library.config, min_free_mb=2**40)
    assert file(client, announced).status_code == 503
    library.config = replace(library.config, min_free_mb=0)
    assert file(client, announced).json["outcome"] == "new"  # what had come was kept


def test_one_user_cannot_open_uploads_without_end(
    client: FlaskClient, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    announce(client, body)
    announce(client, body)
    assert client.post("/api/v1/photos/upload-url", json={"filename": "x", "size_bytes": 3}).status_code == 403


def test_what_is_not_finished_in_time_goes(client: FlaskClient, library: Library, body: bytes, draw_photo) -> None:
    torn, whole, young = announce(client, body, "torn.jpg"), announce(client, body, "whole.jpg"), announce(client, body)
    patch(client, torn, body[:100])
    patch(client, whole, body)
    assert "GMT" in client.head(path_of(torn), headers=TUS).headers["Upload-Expires"]
    with write(library.db) as db:
        db.conn.execute("update uploads set expires_at = 1 where id <> ?", (young["upload_id"],))
    assert client.head(path_of(torn), headers=TUS).status_code == 410
    assert uploads.tidy(library, every=0) == 2
    assert offset_of(client, young) == 0
    (photo,) = client.get("/api/v1/photos").json["items"]  # it had come whole: somebody wanted it here
    assert photo["filename"] == "whole.jpg"
    assert list((library.data / "uploads").iterdir()) == []


def test_an_address_that_has_expired_says_so(client: FlaskClient, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "KEPT_SECONDS", -1)
    announced = announce(client, body)
    assert client.head(path_of(announced), headers=TUS).status_code == 410
    assert patch(client, announced, body).status_code == 410


# ---------------------------------------------------------------- tus, by its letter


def test_tus_says_what_it_can(client: FlaskClient, body: bytes) -> None:
    said = client.options(path_of(announce(client, body))).headers
    assert said["Tus-Version"] == said["Tus-Resumable"] == "1.0.0"
    assert set(said["Tus-Extension"].split(",")) == {"checksum", "expiration", "termination"}
    assert "sha1" in said["Tus-Checksum-Algorithm"].split(",")
    assert int(said["Tus-Max-Size"]) == 65536 << 20


def test_an_upload_says_how_far_it_is(client: FlaskClient, body: bytes) -> None:
    answer = client.head(path_of(announce(client, body)), headers=TUS)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("0", str(len(body)))
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_errors_are_those_of_the_protocol(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)
    path = path_of(announced)
    assert patch(client, announced, body, 7).status_code == 409
    assert patch(client, announced, body, Content_Type="application/json").status_code == 415
    assert patch(client, announced, body + b"x").status_code == 413
    old = patch(client, announced, body, Tus_Resumable="0.2.2")
    assert (old.status_code, old.headers["Tus-Version"]) == (412, "1.0.0")
    for wrong in ("", "x", "-1", "1.5", "٣", "9" * 19):
        assert client.patch(path, data=body, headers={**PIECE, "Upload-Offset": wrong}).status_code == 400
    for answer in (old, client.head(path[:-2], headers=TUS)):
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert offset_of(client, announced) == 0


def test_a_piece_that_is_not_what_it_should_be_leaves_nothing(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)

    def check(algorithm: str, content: bytes) -> str:
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"

    assert patch(client, announced, body[:500], Upload_Checksum=check("sha1", body[:500])).status_code == 204
    assert patch(client, announced, body[500:], 500, Upload_Checksum=check("sha256", b"other")).status_code == 460
    assert offset_of(client, announced) == 500
    assert patch(client, announced, body[500:], 500, Upload_Checksum="crc32 AAAA").status_code == 400
    assert patch(client, announced, body[500:], 500, Upload_Checksum=check("md5", body[500:])).status_code == 204
    assert file(client, announced).json["outcome"] == "new"


@given(
    st.text()
    | st.builds(
        "{} {}".format,
        st.sampled_from(["sha1", "md5", "sha256"]),
        st.text() | st.binary().map(lambda b: base64.b64encode(b).decode()),
    )
)
def test_a_checksum_header_is_understood_or_explained(header: str) -> None:
    with contextlib.suppress(BadInput):
        algorithm, digest = checksum_in(header) or ("", b"")
        assert len(digest) == hashlib.new(algorithm).digest_size


def test_a_cancelled_upload_is_gone(client: FlaskClient, library: Library, body: bytes) -> None:
    announced = announce(client, body)
    patch(client, announced, body[:100])
    assert client.delete(path_of(announced), headers=TUS).status_code == 204
    assert client.head(path_of(announced), headers=TUS).status_code == 410
    assert patch(client, announced, body).status_code == 410
    assert list((library.data / "uploads").iterdir()) == []


def test_a_network_that_lets_only_post_through_can_be_used(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)
    override = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(path_of(announced), data=body, headers=override).status_code == 204
    assert client.post(path_of(announced), data=b"").status_code == 405
    assert client.get(path_of(announced)).json["offset"] == len(body)


def test_put_takes_the_whole_file_or_nothing(client: FlaskClient, body: bytes) -> None:
    announced = announce(client, body)
    patch(client, announced, b"something else")
    assert client.put(path_of(announced), data=body[:-1]).status_code == 400
    assert client.put(path_of(announced), data=body, headers={"Content-Range": "bytes 0-9/10"}).status_code == 400
    assert client.put(path_of(announced), data=body).status_code == 204
    assert file(client, announced).json["outcome"] == "new"


# ---------------------------------------------------------------- faults


class Slowly:
    """A body whose sender waits in the middle until it is told to go on."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)
        self.waits, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        if len(self._chunks) == 1:
            self.waits.set()
            assert self.go_on.wait(20)
        return self._chunks.pop(0) if self._chunks else b""


@pytest.fixture
def slow(
    client: FlaskClient, library: Library, body: bytes
) -> Iterator[tuple[dict[str, Any], Slowly, list[Exception]]]:
    """An upload in the middle of which its sender has fallen silent."""
    announced, sender, problems = announce(client, body), Slowly(body[:100], body[100:]), list[Exception]()
    upload = uploads.find(library.db, announced["upload_id"])

    def run() -> None:
        try:
            uploads.receive(library, upload, sender, 0)
        except Exception as problem:
            problems.append(problem)
        finally:
            library.connections.close_here()

    thread = threading.Thread(target=run)
    thread.start()
    assert sender.waits.wait(20)
    yield announced, sender, problems
    sender.go_on.set()
    thread.join()


def test_two_cannot_send_the_same_upload_at_once(client: FlaskClient, body: bytes, slow) -> None:
    announced, sender, _ = slow
    assert patch(client, announced, body).status_code == 423
    assert file(client, announced).status_code in (409, 423)
    sender.go_on.set()


def test_cancelling_does_not_wait_for_who_is_sending(client: FlaskClient, library: Library, slow) -> None:
    announced, sender, _ = slow
    assert client.delete(path_of(announced), headers=TUS).status_code == 204
    sender.go_on.set()
    assert client.head(path_of(announced), headers=TUS).status_code == 410
    assert list((library.data / "uploads").iterdir()) == []


def test_who_fell_silent_gives_way_to_who_goes_on(
    client: FlaskClient, body: bytes, slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced, sender, _ = slow
    monkeypatch.setattr(drafts, "SILENT_SECONDS", -1.0)
    assert patch(client, announced, body).status_code == 204
    sender.go_on.set()
    assert file(client, announced).json["outcome"] == "new"


def test_a_disk_that_loses_bytes_is_noticed(client: FlaskClient, library: Library, body: bytes) -> None:
    announced = announce(client, body)
    patch(client, announced, body[:500])
    drafts._digests.clear()  # as after a restart
    draft = uploads.draft_path(library, announced["upload_id"])
    draft.write_bytes(b"\0" * 500)
    answer = patch(client, announced, body[500:], 500)
    assert answer.status_code == 503
    assert "begins anew" in answer.json["error"]["message"]
    assert offset_of(client, announced) == 0
    assert patch(client, announced, body).status_code == 204
    assert file(client, announced).json["outcome"] == "new"


def test_what_the_disk_gives_back_is_compared_with_what_came(
    client: FlaskClient, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced, really = announce(client, body), os.pread
    with monkeypatch.context() as lying:
        lying.setattr(os, "pread", lambda *asked: bytes(len(really(*asked))))
        assert patch(client, announced, body).status_code == 503
    assert offset_of(client, announced) == 0
    assert patch(client, announced, body).status_code == 204
    assert file(client, announced).json["outcome"] == "new"


def test_bytes_that_never_counted_are_sent_again(client: FlaskClient, library: Library, body: bytes) -> None:
    announced = announce(client, body)
    patch(client, announced, body[:500])
    with uploads.draft_path(library, announced["upload_id"]).open("ab") as draft:
        draft.write(b"torn")
    drafts._digests.clear()
    assert patch(client, announced, body[500:], 500).status_code == 204
    assert file(client, announced).json["outcome"] == "new"


@pytest.mark.parametrize(
    "died", ["before the original was named", "before the rows were committed", "before the upload was ended"]
)
def test_a_kill_while_filing_loses_and_doubles_nothing(
    client: FlaskClient, library: Library, config, body: bytes, monkeypatch: pytest.MonkeyPatch, died: str
) -> None:
    announced = announce(client, body)
    patch(client, announced, body)
    place = {
        "before the original was named": ("photolib.store.LocalOriginals.take_over"),
        "before the rows were committed": ("photolib.catalog.add_photo"),
        "before the upload was ended": ("photolib.drafts.drop"),
    }[died]

    class Killed(BaseException):
        pass

    def kill(*_args: Any, **_more: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(place, kill)
        with pytest.raises(Killed):
            file(client, announced)
    again = open_library(config, role="reader")
    try:
        filed = file(client_of(app_for(again)), announced)
    finally:
        again.close()
    assert filed.status_code == 201
    assert len(client.get("/api/v1/photos").json["items"]) == 1
    assert len(sources_of(library)) == 1
    assert list((library.data / "uploads").iterdir()) == []


# ---------------------------------------------------------------- the real server


@pytest.fixture
def big(tmp_path: Path, draw_photo) -> Path:
    """A photo with much behind its end, so that it takes several pieces."""
    path = tmp_path / "big.jpg"
    path.write_bytes(draw_photo().read_bytes() + os.urandom(9 << 20))
    return path


def over_http(server: Any, method: str, path: str, json: Any) -> Any:
    import requests

    answer = requests.request(
        method, server.url + path, json=json, headers={"Cookie": server.cookie, "Origin": server.url}, timeout=20
    )
    return answer.json()


def test_a_killed_server_goes_on_where_it_stopped(library: Library, big: Path) -> None:
    """With tuspy, a client that others wrote."""
    said = {"filename": "big.jpg", "size_bytes": big.stat().st_size}
    with serving(library.data) as server, big.open("rb") as stream:
        announced = over_http(server, "POST", "/api/v1/photos/upload-url", said)
        path = announced["upload_url"].removeprefix(server.url)
        uploader = tus.TusClient(server.url).uploader(
            file_stream=stream, url=announced["upload_url"], chunk_size=2 << 20
        )
        uploader.upload_chunk()
        uploader.upload_chunk()
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
    with serving(library.data) as server, big.open("rb") as stream:
        uploader = tus.TusClient(server.url).uploader(file_stream=stream, url=server.url + path, chunk_size=2 << 20)
        assert uploader.offset == 4 << 20
        uploader.upload()
        filed = over_http(server, "POST", "/api/v1/photos", {"upload_id": announced["upload_id"]})
    assert filed["outcome"] == "new"
    key = hashlib.sha256(big.read_bytes()).hexdigest()
    assert library.originals.path(key).read_bytes() == big.read_bytes()


def test_a_torn_body_keeps_what_came(library: Library, big: Path) -> None:
    body = big.read_bytes()
    with serving(library.data) as server:
        announced = over_http(
            server, "POST", "/api/v1/photos/upload-url", {"filename": "x.jpg", "size_bytes": len(body)}
        )
        path = announced["upload_url"].removeprefix(server.url)
        head = f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {PIECE['Content-Type']}\r\nTus-Resumable: 1.0.0\r\n"
        with server.connect() as half:
            half.sendall(f"{head}Upload-Offset: 0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[: 3 << 20])
            half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        offset, until = 0, time.monotonic() + 20
        while not offset and time.monotonic() < until:
            offset = over_http(server, "GET", path, None)["offset"]
        assert 0 < offset <= 3 << 20
        with big.open("rb") as stream:
            tus.TusClient(server.url).uploader(file_stream=stream, url=announced["upload_url"]).upload()
        assert over_http(server, "POST", "/api/v1/photos", {"upload_id": announced["upload_id"]})["outcome"] == "new"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says so only there")
def test_a_connection_whose_other_end_has_gone_is_asked_after(library: Library) -> None:
    """In the middle of an upload it would otherwise hold a thread for ever."""
    with serving(library.data) as server:
        until, timers = time.monotonic() + 20, set[str]()
        while "02" not in timers and time.monotonic() < until:
            with server.connect() as half:
                port = half.getsockname()[1]
                lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
                timers |= {line[5].partition(":")[0] for line in lines if line[2].endswith(f":{port:04X}")}
    assert "02" in timers  # the keep-alive timer runs


# ---------------------------------------------------------------- the form that works without script


Form = Callable[..., TestResponse]


def test_a_plain_form_takes_several_files_and_says_what_became_of_them(
    client: FlaskClient, library: Library, draw_photo
) -> None:
    one, two = draw_photo("1.jpg"), draw_photo("2.jpg")
    send(client, two.read_bytes())
    bad = (io.BytesIO(b"text"), "<b>.jpg")
    answer = client.post(
        "/add", data={"files": [(io.BytesIO(one.read_bytes()), "1.jpg"), (io.BytesIO(two.read_bytes()), "2.jpg"), bad]}
    )
    assert answer.status_code == 200
    assert "1 new" in answer.text
    assert "1 was here already" in answer.text
    assert "&lt;b&gt;.jpg" in answer.text
    assert "named like a photo" in answer.text
    assert list((library.data / "uploads").iterdir()) == []


def test_a_form_without_files_is_no_problem(client: FlaskClient) -> None:
    assert client.post("/add", data={"files": (b"", "")}, content_type="multipart/form-data").status_code == 200
    assert client.post("/add", data={"a": "b"}).status_code == 400
