"""The pages about people: names given and taken back by plain forms, and nobody else's people."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from photolib import catalog, decisions, duplicates, faces, understood
from photolib.db import write
from photolib.library import Library
from photolib.ports import Box, FoundFace
from photolib.search import saved

from .asked_for import rules
from .conftest import client_of

ListPhotos = Callable[..., list[int]]
AS_SCRIPT = {"Accept": "application/json"}
PEOPLE = np.eye(128, dtype=np.float32) * 0.6


def see(library: Library, photo_ids: list[int], *who: int) -> None:
    """These people are on these photos."""
    for photo_id in photo_ids:
        found = [FoundFace(Box(0.1 + 0.4 * n, 0.2, 0.2, 0.3), 0.9, 120, PEOPLE[each]) for n, each in enumerate(who)]
        with write(library.db) as db:
            catalog.picture_is_ready(db, photo_id, None)
            faces.keep_found(db, photo_id, "fake-1", found)
            faces.settle(db, library.face_vectors, photo_id)


@pytest.fixture
def photos(library: Library, list_photos: ListPhotos) -> list[int]:
    """Three photos with the same two people, newest first."""
    ids = list_photos(*(f"2020-06-0{day}T12:00:00.000" for day in (1, 2, 3)))
    see(library, ids, 0, 1)
    return ids[::-1]


@pytest.fixture
def both(library: Library, owner_id: int, photos: list[int]) -> list[int]:
    return [each.id for each in faces.people(library.db, owner_id)]


def test_a_name_is_given_by_a_form_and_taken_back(client: FlaskClient, photos: list[int], both: list[int]) -> None:
    assert client.get("/people").text.count("3 photos") == 4  # said, and in the name of each link
    path = f"/people/{both[0]}/name"
    done = client.post(path, data={"name": "Sarah <b>"}, headers={"Referer": "http://localhost/people?all=1"})
    assert (done.status_code, done.headers["Location"]) == (303, "/people?all=1")
    assert client.get("/people/names").json == {"items": ["Sarah <b>"]}
    page = client.get(f"/people/{both[0]}").text
    assert "<h1>Sarah &lt;b&gt;</h1>" in page
    assert re.findall(r'href="(/photo/\d+)\?in=person-\d+"', page) == [f"/photo/{each}" for each in photos]
    said = client.post(path, data={"name": "Tom"}, headers=AS_SCRIPT).json
    assert said["said"] == "Sarah <b> is called Tom now."
    assert client.post(said["undo"], headers=AS_SCRIPT).status_code == 200
    assert client.get("/people/names").json == {"items": ["Sarah <b>"]}


def test_after_joining_the_page_of_the_one_who_stays_follows(client: FlaskClient, both: list[int]) -> None:
    one, other = both
    client.post(f"/people/{one}/name", data={"name": "Sarah"})
    here = {**AS_SCRIPT, "Referer": f"http://localhost/people/{other}"}
    said = client.post(f"/people/{other}/merge", data={"other": str(one)}, headers=here).json
    assert said["go"] == f"/people/{one}"
    assert client.get(f"/people/{other}").status_code == 404
    client.post(said["undo"])
    assert client.get(f"/people/{other}").status_code == 200
    # The same by giving a name that somebody has, from a list this time: nothing has to be left.
    said = client.post(
        f"/people/{other}/name", data={"name": "sarah"}, headers={**AS_SCRIPT, "Referer": "http://localhost/people"}
    )
    assert said.json["go"] is None


def test_the_hidden_are_reached_and_shown_again(client: FlaskClient, both: list[int]) -> None:
    client.post(f"/people/{both[0]}/hide", data={"is_hidden": "yes"})
    assert f'href="/people/{both[0]}"' not in client.get("/people").text
    assert "1 hidden person" in client.get("/people").text
    assert f'href="/people/{both[0]}"' in client.get("/people?hidden=1").text
    client.post(f"/people/{both[0]}/hide", data={"is_hidden": "no"})
    assert "hidden person" not in client.get("/people").text


def test_the_viewer_says_who_is_where_and_can_be_corrected(
    client: FlaskClient, library: Library, photos: list[int], both: list[int]
) -> None:
    with write(library.db) as db:
        db.conn.execute("update photos set width = 2000, height = 1000 where id = ?", (photos[0],))
    client.post(f"/people/{both[0]}/name", data={"name": "Sarah"})
    client.post(f"/people/{both[0]}/birthday", data={"birthday": "2012-05-30"})
    page = client.get(f"/photo/{photos[0]}?in=person-{both[0]}").text
    assert f'rel="next" href="/photo/{photos[1]}?in=person-{both[0]}"' in page
    assert '<rect x="200.0" y="200.0" width="400.0" height="300.0"' in page
    assert re.search(rf'<a href="/people/{both[0]}">Sarah</a> <span class="quiet">8</span>', page)
    face = faces.faces_in(library.db, photos[0])[0].id
    said = client.post(f"/faces/{face}/not", data={"what": "person"}, headers=AS_SCRIPT).json
    assert said["said"] == "This is not Sarah."
    assert f'href="/people/{both[0]}"' not in client.get(f"/photo/{photos[0]}").text
    client.post(said["undo"])
    client.post(f"/faces/{face}/not", data={"what": "face"})
    assert f'data-face="{face}"' not in client.get(f"/photo/{photos[0]}").text


def test_a_question_is_answered(client: FlaskClient, library: Library, photos: list[int], both: list[int]) -> None:
    client.post(f"/people/{both[0]}/name", data={"name": "Sarah"})
    face = faces.faces_in(library.db, photos[0])[0].id
    client.post(f"/faces/{face}/not", data={"what": "person"})
    path = f"/people/{both[0]}/answer"
    assert client.post(path, data={"answer": "perhaps", "face": face}).status_code == 400
    assert client.post(path, data={"answer": "yes", "face": face}).status_code == 303
    assert faces.faces_in(library.db, photos[0])[0].name == "Sarah"


def test_faces_of_somebody_else_are_parted_and_brought_back(
    client: FlaskClient, photos: list[int], both: list[int]
) -> None:
    path = f"/people/{both[0]}"
    shown = re.findall(r'type="checkbox" name="face" value="(\d+)"', client.get(path).text)
    assert len(shown) == 3
    said = client.post(f"{path}/split", data={"face": shown[:2], "name": "Zoe"}, headers=AS_SCRIPT).json
    assert len(re.findall(r'href="/photo/\d+\?in=person', client.get(path).text)) == 1
    assert client.get("/people/names").json == {"items": ["Zoe"]}
    client.post(said["undo"])
    assert len(re.findall(r'href="/photo/\d+\?in=person', client.get(path).text)) == 3
    for faces_sent in ([], ["999999"], ["x"], ["9" * 30]):
        assert client.post(f"{path}/split", data={"face": faces_sent}, headers=AS_SCRIPT).status_code in (400, 404)


def test_what_cannot_be_is_explained(client: FlaskClient, both: list[int]) -> None:
    assert "at least one letter" in client.post(f"/people/{both[0]}/name", data={"name": "\u200b"}).text
    answer = client.post(f"/people/{both[0]}/birthday", data={"birthday": "2999-01-01"}, headers=AS_SCRIPT)
    assert answer.status_code == 400
    assert "a day in the past" in answer.json["error"]["message"]
    assert client.post(f"/people/{both[0]}/merge", data={"other": "١"}).status_code == 400


def test_a_label_is_taken_away_and_given_back(client: FlaskClient, library: Library, photos: list[int]) -> None:
    with write(library.db) as db:
        understood.keep_labels(db, photos[0], [("dog", 0.9)])
    said = client.post(f"/photo/{photos[0]}/labels", data={"label": "dog", "is_there": "no"}, headers=AS_SCRIPT).json
    assert understood.labels(library.db, photos[0]) == []
    client.post(said["undo"])
    client.post(f"/photo/{photos[0]}/labels", data={"label": "Grandma's hat"})
    assert [label for label, _, _ in understood.labels(library.db, photos[0])] == ["dog", "grandma's hat"]
    assert client.post(f"/photo/{photos[0]}/labels", data={"label": " "}).status_code == 400


def test_duplicates_are_kept_apart_or_merged_with_undo(
    client: FlaskClient, library: Library, photos: list[int]
) -> None:
    def proposed() -> int:
        with write(library.db) as db:
            duplicates.stack(db, photos[0], [duplicates.Likeness(photos[1], duplicates.DUPLICATE, 0)])
        return int(re.search(r'action="/duplicates/(\d+)"', client.get("/duplicates").text)[1])

    stack = proposed()
    best = re.search(r'/best".*?value="(\d+)"', client.get("/duplicates").text)[1]
    client.post(f"/duplicates/{stack}/best", data={"photo": best})
    assert duplicates.stacks(library.db, catalog.user_named(library.db, "admin").id)[0][0].best_id == int(best)
    said = client.post(f"/duplicates/{stack}", data={"act": "keep"}, headers=AS_SCRIPT).json
    assert said["said"] == "One photo moved to the trash."
    assert client.post(said["undo"], headers=AS_SCRIPT).json["said"] == "Undone"
    client.post(f"/duplicates/{stack}", data={"act": "different"})
    assert "No picture is here twice" in client.get("/duplicates").text
    assert client.get("/duplicates?kind=other").status_code == 400


# ---------------------------------------------------------------- what is somebody else's

TABLES = ("people", "faces", "not_this_person", "labels", "stacks", "stack_photos", "saved_searches", "people_log")


def all_rows(library: Library) -> dict[str, list[Any]]:
    return {table: library.db.conn.execute(f"select * from {table}").fetchall() for table in TABLES}


def test_nothing_of_another_user_is_shown_or_changed(
    app: Flask, library: Library, list_photos: ListPhotos, stranger_id: int
) -> None:
    ids = list_photos(*(f"2020-06-0{day}T12:00:00.000" for day in (1, 2, 3)), owner=stranger_id)
    see(library, ids, 5)
    [theirs] = faces.people(library.db, stranger_id)
    face = faces.faces_in(library.db, ids[0])[0].id
    with write(library.db) as db:
        decision = decisions.rename(db, stranger_id, theirs.id, "Zoe")
        understood.keep_labels(db, ids[0], [("dog", 0.9)])
        duplicates.stack(db, ids[0], [duplicates.Likeness(ids[1], duplicates.DUPLICATE, 0)])
        search = saved.save(db, stranger_id, "theirs", "dog")
    stack = library.db.conn.execute("select id from stacks").fetchone()[0]
    known = {
        "photo_id": ids[0], "person_id": theirs.id, "face_id": face, "stack_id": stack, "merge_id": 1,
        "decision_id": decision.id, "search_id": search.id,
    }  # fmt: skip
    form = {
        "name": "Mine", "birthday": "2000-01-01", "face": str(face), "other": str(theirs.id), "answer": "yes", "label": "cat",
        "photo": str(ids[0]), "act": "keep", "what": "face",
    }  # fmt: skip
    client, before = client_of(app), all_rows(library)
    asked = 0
    for rule in rules(app):
        if not rule.arguments or not rule.arguments <= known.keys():
            continue
        _, path = rule.build({name: known[name] for name in rule.arguments})
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            sent = {"json": form} if path.startswith("/api/") else {"data": form}
            answer = client.open(path, method=method, **({} if method == "GET" else sent))
            assert answer.status_code in (400, 404), (method, path)
            assert "Zoe" not in answer.text
            asked += 1
    assert asked > 20
    assert all_rows(library) == before
    for path in ("/people", "/people/names", "/search", "/search?q=dog", "/duplicates", "/api/v1/people/decisions"):
        text = client.get(path).text
        assert "Zoe" not in text, path
        assert not any(f"photo-{each}" in text for each in ids), path


def test_two_people_are_seen_together(client: FlaskClient, photos: list[int], both: list[int]) -> None:
    on_both = re.findall(r'href="(/photo/\d+)\?in=people', client.get(f"/people/{both[0]}/with/{both[1]}").text)
    of_each = [set(re.findall(r'href="(/photo/\d+)\?in=person', client.get(f"/people/{each}").text)) for each in both]
    assert set(on_both) == of_each[0] & of_each[1] != set()
    assert f'href="/people/{both[0]}/with/{both[1]}"' in client.get(f"/people/{both[0]}").text
    assert client.get(f"/people/{both[0]}/with/999999").status_code == 404


def test_questions_are_asked_one_after_the_other(
    client: FlaskClient, library: Library, photos: list[int], both: list[int]
) -> None:
    assert "There is nothing to ask at the moment." in client.get("/people/review").text
    client.post(f"/people/{both[0]}/name", data={"name": "Sarah"})
    with write(library.db) as db:
        db.conn.execute("insert into maybe_same_person (one_id, other_id, confidence) values (?, ?, 0.9)", sorted(both))
    page = client.get("/people/review").text
    assert "Is this Sarah?" in page
    assert f'action="/people/{both[0]}/answer"' in page
