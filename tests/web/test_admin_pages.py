"""What an admin sees of how things stand, and that nobody else does."""

import re

import pytest
from flask.testing import FlaskClient

from photolib import jobs, statistics
from photolib.config import Config
from photolib.db import write
from photolib.errors import UnreadablePhoto
from photolib.library import open_library
from tests.web.conftest import ListPhotos, app_for, client_of

PAGES = ("/admin", "/admin/jobs", "/admin/statistics", "/admin/models", "/admin/settings", "/admin/users")


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("path", PAGES)
def test_only_an_admin_sees_how_the_machine_is_run(client: FlaskClient, second_user: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert second_user.get(path).status_code in (403, 404)


def fail_one(library, photo_id: int) -> None:
    with write(library.db) as db:
        jobs.enqueue(db, "variants", [photo_id])
        (job,) = jobs.claim(db, {"variants": 1}, "tests")
        jobs.fail(db, job, UnreadablePhoto("The file ends too early."))


def test_a_failed_job_is_shown_with_its_reason_and_tried_again(
    library, client: FlaskClient, list_photos: ListPhotos
) -> None:
    (photo_id,) = list_photos("2024-06-14T12:00:00.000")
    fail_one(library, photo_id)
    assert "The file ends too early." in text(client.get("/admin/jobs?state=failed").text)
    answer = client.post("/admin/jobs/retry", data={"step": "variants"}, headers={"Accept": "application/json"}).json
    assert answer["said"] == "1 photo is tried again."
    assert jobs.counts(library.db)["variants"] == {"waiting": 1, "running": 0, "failed": 0}


def test_failed_jobs_can_be_forgotten(library, client: FlaskClient, list_photos: ListPhotos) -> None:
    (photo_id,) = list_photos("2024-06-14T12:00:00.000")
    fail_one(library, photo_id)
    client.post("/admin/jobs/clear")
    assert jobs.counts(library.db).get("variants", {}).get("failed", 0) == 0


def test_a_job_nobody_knows_is_refused(client: FlaskClient) -> None:
    assert client.get("/admin/jobs?step=baking").status_code == 400
    assert client.post("/admin/jobs/retry", data={"step": "baking"}).status_code == 400


def test_statistics_count_ones_own_photos_or_everybodys(
    library, client: FlaskClient, list_photos: ListPhotos, stranger_id: int, owner_id: int
) -> None:
    list_photos("2019-06-14T12:00:00.000", "2024-06-14T12:00:00.000", "2024-07-14T12:00:00.000")
    list_photos("2024-06-14T12:00:00.000", owner=stranger_id)
    (broken,) = list_photos("2024-06-14T12:00:00.000")
    with write(library.db) as db:
        db.conn.execute("update photos set status = 'failed', is_listed = 0 where id = ?", (broken,))
    mine, all_of_them = statistics.statistics(library.db, owner_id), statistics.statistics(library.db)
    assert [(each.name, each.photos, each.bytes) for each in mine.years] == [("2019", 1, 1000), ("2024", 2, 2000)]
    assert (mine.photos, all_of_them.photos) == (3, 4)
    assert {each.name: each.photos for each in all_of_them.users} == {"admin": 3, "zoe": 1}
    assert "3 photos" in text(client.get("/statistics").text)
    assert "4 photos" in text(client.get("/admin/statistics").text)
    assert "4 photos" in text(client.get("/admin").text)


def test_a_member_is_told_how_much_is_theirs_and_nothing_about_others(
    client: FlaskClient, second_user: FlaskClient, list_photos: ListPhotos
) -> None:
    list_photos("2019-06-14T12:00:00.000", "2024-06-14T12:00:00.000")
    everything, theirs = client.get("/api/v1/status").json, second_user.get("/api/v1/status").json
    assert (everything["counts"]["photos"], theirs["counts"]["photos"]) == (2, 0)
    assert (everything["counts"]["originals"], theirs["counts"]["originals"]) == (2, 0)
    assert theirs["data_dir"] is theirs["deleted"] is None


def test_what_lies_in_the_data_folder_is_added_up(library) -> None:
    shards = [library.variants / f"{number:02x}" for number in range(40)]
    for shard in shards:
        shard.mkdir(parents=True)
        (shard / "thumb").write_bytes(b"x" * 500)
    found = statistics.room(library)
    assert found.variants == 40 * 500
    assert found.database > 0


def test_secrets_are_not_shown_among_the_settings(tmp_path) -> None:
    config = Config(data_dir=tmp_path / "data", min_free_mb=0, oidc_client_secret="hunter2")
    lib = open_library(config)
    try:
        page = client_of(app_for(lib)).get("/admin/settings").text
        assert "oidc_client_secret" in page
        assert "hunter2" not in page
    finally:
        lib.close()
