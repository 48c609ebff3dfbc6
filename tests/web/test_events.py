"""What happens is told to open pages, and only what is theirs."""

import json
from typing import Any

from flask.testing import FlaskClient

import web.events
from photolib import edits
from photolib.db import write
from photolib.pulse import Pulse
from tests.web.conftest import ListPhotos, client_of, sign_in


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_page_is_told_how_much_is_left_and_what_came(client: FlaskClient, list_photos: ListPhotos) -> None:
    before = list_photos("2024-06-14T12:00:00.000")
    list_photos("2024-06-15T12:00:00.000")
    (progress,) = events(client.get(f"/api/v1/events?seconds=0&since={before[0]}").text)
    assert progress[0] == "progress"
    assert progress[1]["new"] == 1


def test_only_changes_since_the_last_event_are_told_and_only_of_ones_own_photos(
    library, client: FlaskClient, list_photos: ListPhotos, owner_id: int, stranger_id: int
) -> None:
    mine = list_photos("2024-06-14T12:00:00.000", "2024-06-15T12:00:00.000")
    list_photos("2024-06-16T12:00:00.000", owner=stranger_id)
    told = dict(events(client.get("/api/v1/events?seconds=0", headers={"Last-Event-ID": "0"}).text))
    assert told["photos"] == {"photo_ids": mine}
    seq = library.db.conn.execute("select max(seq) from photo_changes").fetchone()[0]
    with write(library.db) as db:
        edits.edit(db, owner_id, mine[:1], {"is_favourite": True})
    told = dict(events(client.get("/api/v1/events?seconds=0", headers={"Last-Event-ID": str(seq)}).text))
    assert told["photos"] == {"photo_ids": mine[:1]}


def test_more_changes_than_anybody_wants_to_hear_of_are_not_named(client: FlaskClient, list_photos: ListPhotos) -> None:
    list_photos(*["2024-06-14T12:00:00.000"] * 501)
    told = dict(events(client.get("/api/v1/events?seconds=0", headers={"Last-Event-ID": "0"}).text))
    assert told["photos"] == {"photo_ids": None}


def test_whoever_begins_to_wait_is_woken_for_what_nobody_watched(library) -> None:
    """Something may have changed between their own look and the first one of the pulse."""
    pulse = Pulse(library.connections)
    assert pulse.wait(pulse.beats, 60) == 1


def test_an_event_comes_while_the_page_listens(library, client: FlaskClient, list_photos: ListPhotos) -> None:
    stream = client.get("/api/v1/events?seconds=20", buffered=False)
    blocks = stream.iter_encoded()
    assert b"retry" in next(blocks)
    assert b"event: progress" in next(blocks)
    mine = list_photos("2024-06-14T12:00:00.000")
    told = next(block for block in blocks if b"event: photos" in block)
    assert json.loads(told.split(b"data: ")[1]) == {"photo_ids": mine}
    stream.close()


def test_a_page_that_was_left_makes_room_for_the_next(client: FlaskClient, list_photos: ListPhotos) -> None:
    left = client.get("/api/v1/events?seconds=20&tab=mine", buffered=False)
    blocks = left.iter_encoded()
    next(blocks)
    with client.get("/api/v1/events?seconds=0&tab=mine", buffered=False):
        assert list(blocks)[1:] == []  # it ends, long before its twenty seconds
    left.close()


def test_a_stream_ends_with_its_session(app, library, client: FlaskClient, owner_id: int) -> None:
    elsewhere = client_of(app, sign_in(library.db))
    stream = elsewhere.get("/api/v1/events?seconds=20", buffered=False)
    blocks = stream.iter_encoded()
    assert b"retry" in next(blocks)
    assert b"event: progress" in next(blocks)
    client.post("/account/sessions/revoke-others")
    client.get("/api/v1/events?seconds=0")  # wakes it, as a change does that the pulse has seen
    assert not any(b"event" in block for block in blocks)  # it is over, long before its time
    assert elsewhere.get("/api/v1/events?seconds=0").status_code == 401
    stream.close()


def test_what_is_refused_takes_nobodys_place(client: FlaskClient) -> None:
    for _ in range(web.events.MOST_STREAMS + 1):
        assert client.get("/api/v1/events?seconds=soon").status_code == 400
    assert client.get("/api/v1/events?seconds=0").status_code == 200


def test_who_opens_many_pages_loses_the_oldest_stream_and_takes_no_place_of_others(
    client: FlaskClient, second_user: FlaskClient
) -> None:
    streams = [client.get("/api/v1/events?seconds=20", buffered=False) for _ in range(web.events.MOST_OF_ONE)]
    oldest = streams[0].iter_encoded()
    next(oldest)
    assert client.get("/api/v1/events?seconds=0").status_code == 200
    assert len(list(oldest)) <= 2  # it ends, long before its twenty seconds
    assert second_user.get("/api/v1/events?seconds=0").status_code == 200
    for each in streams:
        each.close()
    assert not web.events._streams


def test_a_listener_who_does_not_say_since_when_is_told_of_what_comes_from_now_on(
    client: FlaskClient, list_photos: ListPhotos
) -> None:
    list_photos("2024-06-01T12:00:00", "2024-06-02T12:00:00")
    assert b'"new": 0' in client.get("/api/v1/events?seconds=0").data
    assert b'"new": 2' in client.get("/api/v1/events?seconds=0&since=0").data
