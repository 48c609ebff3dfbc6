"""What somebody sees who has a link and no account."""

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from photolib import album_edits
from photolib.accounts import throttle
from photolib.db import write
from photolib.errors import BadInput
from photolib.library import Library
from photolib.sharing import contributions, doors, links
from photolib.sharing.links import Link
from tests.conftest import DrawPhoto, ImportFolder
from web import shared, shared_contributing, shared_files
from web.limits import Limit, Turns

PASSWORD = "sonnenblume"
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130 Safari/537.36"
WHATSAPP = "WhatsApp/2.23.20.0"

Share = Callable[..., str]


@pytest.fixture
def photo_ids(tmp_path: Path, draw_photo: DrawPhoto, import_folder: ImportFolder, library: Library) -> list[int]:
    for number in range(5):
        path = draw_photo(f"in/{number}.jpg", seed=number)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Canon", "EOS R5"
        exif.get_ifd(0x8769)[0x9003] = f"2024:06:1{number} 14:03:00"
        exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"
        exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 7.0, 0.0), 3: "W", 4: (1.0, 41.0, 0.0)})
        Image.open(path).save(path, exif=exif)
    import_folder(tmp_path / "in")
    return [row[0] for row in library.db.conn.execute("select id from photos order by shown_at")]


@pytest.fixture
def keys(library: Library, photo_ids: list[int]) -> list[str]:
    return [row[0] for row in library.db.conn.execute("select key from photos order by shown_at")]


@pytest.fixture
def share(library: Library, owner_id: int) -> Share:
    """Makes an album of these photos and a link to it; returns the link's token."""

    def make(photo_ids: list[int], title: str = "Summer", password: str | None = None, **options: Any) -> str:
        hashed = doors.hashed(password) if password else None
        with write(library.db) as db:
            db.conn.execute("update users set display_name = 'Anna' where id = ?", (owner_id,))
            album_id = album_edits.make(db, owner_id, title, photo_ids=photo_ids).album_id
            made = links.make(
                db, owner_id, album_id, "album", links.key(library.data), hashed, **links.checked(options)
            )
        return made[1]

    return make


@pytest.fixture
def guest(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = PERSON
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    return client


def log(library: Library) -> list[tuple[str, int]]:
    return library.db.conn.execute("select what, photos from link_log order by id").fetchall()


def link_of(library: Library, token: str) -> Link:
    return links.find(library.db, token)


# ---------------------------------------------------------------- the page


def test_the_page_says_whose_album_it_is_and_shows_its_photos(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids, note="Take what you like <3")
    page = guest.get(f"/s/{token}").text
    assert re.search(r"<h1[^>]*>Summer</h1>", page)
    assert "from Anna · 5 photos · 10–14 Jun" in page
    assert "Take what you like &lt;3" in page
    assert page.index("Summer") < page.rindex("photolib")
    assert [key for key in keys if f'id="{key}"' in page] == keys
    assert guest.get(f"/s/{token}/media/{keys[0]}/thumb").status_code == 200


def test_a_link_of_another_name_is_called_by_it_and_any_words_lead_there(
    guest: FlaskClient, share: Share, photo_ids: list[int]
) -> None:
    token = share(photo_ids, name="Hochzeit für Ömas")
    assert '<h1 class="long">Hochzeit für Ömas</h1>' in guest.get(f"/s/{token}/anything-ä").text


@pytest.mark.parametrize("name", ["frame", "download", "feed.atom", "more", "contribute", "preview.jpg"])
def test_a_name_that_is_part_of_an_address_leads_to_the_page(
    app: Flask, guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], name: str
) -> None:
    token = share(photo_ids, name=name)
    with app.test_request_context():
        address = shared.page_address(link_of(library, token), token)
    assert 'id="' in guest.get(address).text
    assert f">{name}</h1>" in guest.get(address).text


def test_no_id_of_anything_is_told(guest: FlaskClient, library: Library, share: Share, photo_ids: list[int]) -> None:
    """Photos are known by their keys. Ids are made large here, so that they would be found."""
    with write(library.db) as db:
        db.conn.execute("update sqlite_sequence set seq = 987000 where name in ('photos', 'albums', 'links')")
    token = share(photo_ids)
    key = re.search(r'id="([0-9a-f]{64})"', guest.get(f"/s/{token}").text)
    assert key
    for path in ("", "/more", f"/photo/{key[1]}", f"/viewed/{key[1]}", "/summary", "/wall", "/feed.json", "/feed.atom"):
        said = re.sub(r"[0-9a-f]{64}|data:[^\"]*|[\w-]{43}", "", guest.get(f"/s/{token}{path}").text)
        assert "987" not in said
        assert not re.search(r'"(photo_)?id"\s*:\s*\d', said)
        assert "/photo/1" not in said


def test_further_photos_come_piece_by_piece_also_without_script(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.shared_pages.FIRST_PAGE", 2)
    monkeypatch.setattr("web.shared_pages.NEXT_PAGES", 2)
    token = share(photo_ids)
    seen, address, pieces = [], f"/s/{token}", []
    while address:
        page = guest.get(address).text
        seen += re.findall(r'id="([0-9a-f]{64})"', page)
        more = re.search(r'<p class="more"><a class="button" href="([^"]*after=[^"]*)" data-src="([^"]*)"', page)
        pieces += [more[2]] if more else []
        address = more[1] if more else ""
    assert seen == keys
    assert re.findall(r'id="([0-9a-f]{64})"', guest.get(pieces[0]).text) == keys[2:4]


def test_a_page_goes_on_where_it_was_when_that_photo_is_gone(
    guest: FlaskClient,
    library: Library,
    share: Share,
    photo_ids: list[int],
    keys: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.shared_pages.FIRST_PAGE", 2)
    token = share(photo_ids)
    more = re.search(r'data-src="([^"]*after=[^"]*)"', guest.get(f"/s/{token}").text)
    assert more
    with write(library.db) as db:
        db.conn.execute("delete from album_photos where photo_id = ?", (photo_ids[1],))
    assert re.findall(r'id="([0-9a-f]{64})"', guest.get(more[1]).text) == keys[2:]
    assert guest.get(f"/s/{token}/more?after=nonsense").status_code == 400


def test_one_photo_has_an_address_with_its_neighbours(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids)
    page = guest.get(f"/s/{token}/photo/{keys[1]}").text
    assert f'rel="prev" href="/s/{token}/photo/{keys[0]}"' in page
    assert f'rel="next" href="/s/{token}/photo/{keys[2]}"' in page


def test_place_and_camera_are_told_only_where_the_owner_says_so(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    hidden = guest.get(f"/s/{share(photo_ids)}/photo/{keys[0]}").text
    assert "EOS R5" not in hidden
    assert "icon-place" not in hidden
    shown = guest.get(f"/s/{share(photo_ids, show_camera=True, show_location=True)}/photo/{keys[0]}").text
    assert "Canon EOS R5" in shown


def test_an_empty_album_and_one_of_a_single_photo_are_pages_too(
    guest: FlaskClient, share: Share, photo_ids: list[int]
) -> None:
    assert "There are no photos here yet." in guest.get(f"/s/{share([])}").text
    assert "is-one" in guest.get(f"/s/{share(photo_ids[:1])}").text


def test_an_open_page_learns_that_there_are_new_photos(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int]
) -> None:
    token = share(photo_ids)
    first = guest.get(f"/s/{token}/summary")
    assert f'data-version="{first.json["version"]}"' in guest.get(f"/s/{token}").text
    known = {"If-None-Match": first.headers["ETag"]}
    assert guest.get(f"/s/{token}/summary", headers=known).status_code == 304
    with write(library.db) as db:
        db.conn.execute("delete from album_photos where photo_id = ?", (photo_ids[0],))
    assert guest.get(f"/s/{token}/summary", headers=known).json["photos"] == 4


def test_whatever_is_not_shown_is_answered_in_one_way(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids[:2])
    away = guest.get(f"/s/{token}/photo/{keys[4]}")
    nowhere = guest.get("/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert (away.status_code, nowhere.status_code) == (404, 404)
    assert away.text == nowhere.text
    assert "This link leads nowhere." in away.text
    assert "app.js" not in away.text
    with write(library.db) as db:
        links.revoke(db, link_of(library, token))
    assert guest.get(f"/s/{token}").text == nowhere.text


# ---------------------------------------------------------------- the door


def test_the_door_names_nothing_and_opens_with_the_password(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids, password=PASSWORD, name="Hochzeit für Ömas")
    door = guest.get(f"/s/{token}").text
    assert not re.search("Hochzeit|Summer|Anna|photos?/|feed", door)
    assert 'autocomplete="current-password"' in door
    assert "autofocus" in door
    assert guest.get(f"/s/{token}/media/{keys[0]}/thumb").status_code == 404
    wrong = guest.post(f"/s/{token}", data={"password": "nope"})
    assert wrong.status_code == 403
    assert "This is not the password." in wrong.text
    right = guest.post(f"/s/{token}", data={"password": PASSWORD})
    assert right.status_code == 303
    assert "from Anna" in guest.get(right.location).text
    assert guest.get(f"/s/{token}/media/{keys[0]}/thumb").status_code == 200
    assert [what for what, _ in log(library)] == ["refused", "opened"]


@pytest.mark.parametrize("heard", ["bamu-tefo-rila", "Bamu Tefo Rila", " BAMUTEFORILA ", "bamu\u2013tefo\u2014rila"])
def test_a_password_told_on_the_telephone_opens_however_it_is_written(
    guest: FlaskClient, share: Share, photo_ids: list[int], heard: str
) -> None:
    token = share(photo_ids, password="bamu-tefo-rila")
    assert guest.post(f"/s/{token}", data={"password": heard}).status_code == 303


def test_dashes_alone_are_no_password() -> None:
    with pytest.raises(BadInput):
        doors.hashed("- - - - - -")


def test_guessing_is_slowed_down_and_says_how_long(
    guest: FlaskClient, share: Share, photo_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "SHORTEST_WAIT", 60.0)  # or a slow machine would have waited by the next line
    token = share(photo_ids, password=PASSWORD)
    answers = [guest.post(f"/s/{token}", data={"password": str(each)}) for each in range(6)]
    assert answers[-1].status_code == 429
    assert "Wait" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_a_link_for_so_many_visitors_opens_for_them_and_no_more(app: Flask, share: Share, photo_ids: list[int]) -> None:
    token = share(photo_ids, max_uses=1)
    first, second = app.test_client(), app.test_client()
    assert "from Anna" not in first.get(f"/s/{token}").text  # looking at the door uses nothing up
    first.get(f"/s/{token}", headers={"User-Agent": WHATSAPP})
    assert first.post(f"/s/{token}", data={}).status_code == 303
    assert "from Anna" in first.get(f"/s/{token}").text
    assert "they are used up" in second.get(f"/s/{token}").text
    assert second.post(f"/s/{token}", data={}).status_code == 403
    assert "from Anna" in first.get(f"/s/{token}").text


def test_a_browser_counts_once_and_a_program_that_looks_ahead_does_not(
    app: Flask, guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids)
    for _ in range(2):
        guest.get(f"/s/{token}")
        guest.get(f"/s/{token}/media/{keys[0]}/thumb")
        guest.get(f"/s/{token}/media/{keys[1]}/thumb")
    program = app.test_client()
    program.environ_base["HTTP_USER_AGENT"] = WHATSAPP
    program.get(f"/s/{token}")
    program.get(f"/s/{token}/media/{keys[0]}/thumb")
    app.test_client().get(f"/s/{token}/media/{keys[0]}/thumb")  # and nobody without our cookie
    assert log(library) == [("opened", 0)]
    assert link_of(library, token).uses == 1


def test_people_in_an_apps_own_browser_are_no_programs(guest: FlaskClient, share: Share, photo_ids: list[int]) -> None:
    token = share(photo_ids)
    for agent in (
        "Mozilla/5.0 (iPhone) AppleWebKit/605 Mobile [Pinterest/iOS]", "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 20) Chrome/130",
        "Mozilla/5.0 (iPhone) AppleWebKit/605 [LinkedInApp]", "Mozilla/5.0 (iPhone) AppleWebKit/605 [FBAN/FBIOS;FBAV/400]",
    ):  # fmt: skip
        assert "from Anna" in guest.get(f"/s/{token}", headers={"User-Agent": agent}).text
    for agent in (
        WHATSAPP,
        "TelegramBot (like TwitterBot)",
        "facebookexternalhit/1.1",
        "Slackbot-LinkExpanding 1.0",
        "Discordbot/2.0",
    ):
        assert "from Anna" not in guest.get(f"/s/{token}", headers={"User-Agent": agent}).text


# ---------------------------------------------------------------- the card


def test_a_card_is_shown_only_where_the_owner_allows_it(guest: FlaskClient, share: Share, photo_ids: list[int]) -> None:
    for options in ({}, {"password": PASSWORD}):
        bare, card = share(photo_ids, **options), share(photo_ids, may_preview=True, **options)
        for agent in (WHATSAPP, PERSON):
            said = guest.get(f"/s/{bare}", headers={"User-Agent": agent})
            assert "og:" not in said.text
        looked = guest.get(f"/s/{bare}", headers={"User-Agent": WHATSAPP}).text
        assert "Shared photos" in looked
        assert not re.search("Summer|Anna|/media/", looked)
        assert guest.get(f"/s/{bare}/preview.jpg").status_code == 404
        shown = guest.get(f"/s/{card}", headers={"User-Agent": WHATSAPP}).text
        assert '<meta property="og:title" content="Summer">' in shown
        address = re.search(r'og:image" content="(http://[^"]+)"', shown)
        assert address
        picture = guest.get(f"/s/{card}/preview.jpg")
        assert Image.open(io.BytesIO(picture.data)).size == (1200, 630)
        assert "tile" not in shown


# ---------------------------------------------------------------- taking home


def test_what_is_downloaded_says_nothing_its_owner_hides(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids, permission="download")
    for size in ("original", "web"):
        answer = guest.get(f"/s/{token}/download/{keys[0]}?size={size}")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "0.jpg" in answer.headers["Content-Disposition"]
        exif = Image.open(io.BytesIO(answer.data)).getexif()
        assert not exif.get_ifd(0x8825)
        assert b"SERIAL" not in answer.data
        assert b"EOS R5" not in answer.data
    allowed = share(photo_ids, permission="download", show_location=True, show_camera=True)
    told = guest.get(f"/s/{allowed}/download/{keys[0]}").data
    assert Image.open(io.BytesIO(told)).getexif().get_ifd(0x8825)
    assert b"EOS R5" in told
    assert b"SERIAL" not in told


def test_all_of_it_or_what_was_chosen_comes_as_one_zip(
    guest: FlaskClient,
    library: Library,
    share: Share,
    photo_ids: list[int],
    keys: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = share(photo_ids, permission="download", name="A: b/c")
    everything = guest.post(f"/s/{token}/download")
    assert int(everything.headers["Content-Length"]) == len(everything.data)
    with zipfile.ZipFile(io.BytesIO(everything.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{number}.jpg" for number in range(5)]
        assert all(b"SERIAL" not in archive.read(name) for name in archive.namelist())
    assert "A_ b_c" in everything.headers["Content-Disposition"]
    some = guest.post(f"/s/{token}/download", data={"photos": f"{keys[1]},{keys[3]},{'0' * 64}", "size": "web"})
    with zipfile.ZipFile(io.BytesIO(some.data)) as archive:
        assert archive.namelist() == ["1.jpg", "3.jpg"]
    monkeypatch.setattr(shared_files, "MEASURED", 1)
    streamed = guest.post(f"/s/{token}/download")
    assert "Content-Length" not in streamed.headers
    with zipfile.ZipFile(io.BytesIO(streamed.data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 5
    assert log(library) == [("downloaded", 5), ("downloaded", 2), ("downloaded", 5)]


def test_a_link_to_look_at_gives_no_file(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids)
    assert guest.get(f"/s/{token}/download/{keys[0]}").status_code == 404
    assert guest.post(f"/s/{token}/download").status_code == 404
    assert guest.get(f"/s/{token}/media/{keys[0]}/original").status_code in (400, 404)
    assert guest.get(f"/s/{token}/media/{keys[0]}/4096").status_code == 404
    assert guest.get(f"/s/{token}/contribute").status_code == 404
    assert "Download" not in guest.get(f"/s/{token}").text


def test_slow_downloads_of_one_link_do_not_take_all_there_is(
    guest: FlaskClient, share: Share, photo_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "ZIPS", Turns(most=2, most_of_one=1))
    token, other = share(photo_ids, permission="download"), share(photo_ids, permission="download")
    held = guest.post(f"/s/{token}/download", buffered=False)
    assert guest.post(f"/s/{token}/download").status_code == 503
    assert guest.post(f"/s/{other}/download").status_code == 200
    held.close()
    assert guest.post(f"/s/{token}/download").status_code == 200


def test_somebody_who_asks_for_too_much_is_told_when_to_come_back(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "OF_ONE", Limit(per_second=0.1, burst=3))
    token, other = share(photo_ids), share(photo_ids)
    answers = [guest.get(f"/s/{token}/media/{keys[0]}/thumb") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
    assert guest.get(f"/s/{other}").status_code == 200
    monkeypatch.setattr(shared, "AT_NOTHING", Limit(per_second=0.1, burst=2))
    assert [guest.get(f"/s/{'A' * 42}{each}").status_code for each in range(3)] == [404, 404, 429]


# ---------------------------------------------------------------- contributions


def test_a_photo_is_announced_sent_in_pieces_and_waits(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], draw_photo: DrawPhoto, owner_id: int
) -> None:
    token = share(photo_ids, permission="contribute")
    body = draw_photo("mine.jpg", seed=99).read_bytes()
    said = {
        "filename": "mine.jpg",
        "size": len(body),
        "type": "image/jpeg",
        "last_modified": 1718366580000,
        "visitor": "Zoe",
    }
    begun = guest.post(f"/s/{token}/contribute", data=said).json
    half = len(body) // 2
    for offset, piece in ((0, body[:half]), (half, body[half:])):
        headers = {"Upload-Offset": str(offset), "Tus-Resumable": "1.0.0"}
        kind = "application/offset+octet-stream"
        assert guest.patch(begun["upload_url"], data=piece, headers=headers, content_type=kind).status_code == 204
        assert guest.head(begun["upload_url"]).headers["Upload-Offset"] == str(offset + len(piece))
    assert guest.post(begun["done_url"]).json == {"said": "Sent"}
    waiting = contributions.waiting(library.db, owner_id).contributions
    assert [(each.visitor, each.filename) for each in waiting] == [("Zoe", "mine.jpg")]
    assert "5 photos" in guest.get(f"/s/{token}").text
    for address in (begun["upload_url"],):  # once it is complete, nothing of it is told any more
        assert guest.get(address).status_code == 404
    assert ("contributed", 1) in log(library)


def test_a_form_sends_photos_without_script_and_names_what_is_none(
    guest: FlaskClient, library: Library, share: Share, draw_photo: DrawPhoto, owner_id: int
) -> None:
    token = share([], permission="contribute")
    files = [(draw_photo("a.jpg").open("rb"), "a.jpg"), (io.BytesIO(b"<html>"), "b.jpg")]
    answer = guest.post(f"/s/{token}/contribute", data={"visitor": "Zoe", "files": files})
    assert "1 photo was sent." in answer.text
    assert "b.jpg is no photo or video" in answer.text
    assert contributions.count(library.db, owner_id) == 1
    assert guest.post(f"/s/{token}/contribute", data={"visitor": "Zoe"}).status_code == 400


def test_a_link_that_ends_takes_nothing_more(
    guest: FlaskClient, library: Library, share: Share, draw_photo: DrawPhoto
) -> None:
    token = share([], permission="contribute")
    begun = guest.post(f"/s/{token}/contribute", data={"filename": "a.jpg", "size": 1000}).json
    with write(library.db) as db:
        links.revoke(db, link_of(library, token))
    headers = {"Upload-Offset": "0", "Tus-Resumable": "1.0.0"}
    kind = "application/offset+octet-stream"
    assert guest.patch(begun["upload_url"], data=b"x", headers=headers, content_type=kind).status_code == 404


def test_announcing_has_an_end(guest: FlaskClient, share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_contributing, "ANNOUNCING", Limit(per_second=0.1, burst=1))
    token = share([], permission="contribute")
    said = {"filename": "a.jpg", "size": 1000}
    assert [guest.post(f"/s/{token}/contribute", data=said).status_code for _ in range(2)] == [201, 429]


# ---------------------------------------------------------------- feeds and the frame


def test_feeds_tell_the_newest_photos_and_are_escaped(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids, title='<script>alert("1")</script> & "quotes"')
    page = guest.get(f"/s/{token}").text
    assert 'type="application/atom+xml" title="&lt;script&gt;' in page
    atom = guest.get(f"/s/{token}/feed.atom")
    assert atom.mimetype == "application/atom+xml"
    feed = xml.fromstring(atom.data)
    name = {"a": "http://www.w3.org/2005/Atom"}
    assert feed.findtext("a:title", namespaces=name) == '<script>alert("1")</script> & "quotes"'
    assert feed.findtext("a:author/a:name", namespaces=name) == "Anna"
    entries = feed.findall("a:entry", name)
    for needed in ("id", "title", "updated"):
        assert feed.find(f"a:{needed}", name) is not None
        assert all(each.find(f"a:{needed}", name) is not None for each in entries)
    assert [each.findtext("a:id", namespaces=name) for each in entries] == [
        f"http://localhost/s/{token}/photo/{key}" for key in reversed(keys)
    ]
    said = guest.get(f"/s/{token}/feed.json")
    assert said.mimetype == "application/feed+json"
    assert said.json["version"] == "https://jsonfeed.org/version/1.1"
    assert [each["url"] for each in said.json["items"]] == [
        f"http://localhost/s/{token}/photo/{key}" for key in reversed(keys)
    ]
    assert guest.get(f"/s/{token}/feed.atom", headers={"If-None-Match": atom.headers["ETag"]}).status_code == 304


def test_a_link_with_a_door_has_no_feed_even_for_those_inside(
    guest: FlaskClient, share: Share, photo_ids: list[int]
) -> None:
    token = share(photo_ids, password=PASSWORD)
    guest.post(f"/s/{token}", data={"password": PASSWORD})
    assert guest.get(f"/s/{token}").status_code == 200
    assert guest.get(f"/s/{token}/feed.atom").status_code == guest.get(f"/s/{token}/feed.json").status_code == 404
    assert "feed" not in guest.get(f"/s/{token}").text


def test_the_frame_is_given_a_handful_of_photos_at_a_time(
    guest: FlaskClient,
    client: FlaskClient,
    share: Share,
    photo_ids: list[int],
    keys: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.shared_wall.AT_A_TIME", 3)
    token = share(photo_ids)
    page = guest.get(f"/s/{token}/frame?seconds=30&order=album&clock=no").text
    assert 'data-seconds="30"' in page
    assert 'data-order="album"' in page
    assert "data-clock" not in page
    assert "data-place" not in page  # its owner hides it
    first = guest.get(f"/s/{token}/wall?order=album").json
    rest = guest.get(f"/s/{token}/wall?order=album&after={first['next']}").json
    shown = [re.search("[0-9a-f]{64}", each["src"]) for each in first["items"] + rest["items"]]
    assert [each and each[0] for each in shown] == keys
    assert rest["next"] is None
    assert len(guest.get(f"/s/{token}/wall?order=random").json["items"]) == 3
    assert len(client.get("/frame/photos?in=timeline").json["items"]) == 3
    assert client.get("/frame").status_code == 200
    assert guest.get("/frame").status_code in (302, 303)
    assert client.get("/frame?in=album-99999").status_code == 404


# ---------------------------------------------------------------- saving


def test_somebody_with_an_account_saves_photos_without_what_is_hidden(
    second_user: FlaskClient, library: Library, share: Share, photo_ids: list[int], keys: list[str], stranger_id: int
) -> None:
    token = share(photo_ids, permission="download")
    assert "Save 5 photos" in second_user.get(f"/saving/{token}").text
    headers = {"Accept": "application/json"}
    done = second_user.post(f"/saving/{token}", data={"photos": f"{keys[0]},{keys[1]}"}, headers=headers).json
    assert (done["new"], done["known"], done["next"]) == (2, 0, None)
    assert done["said"] == "2 photos are in your library now."
    rows = library.db.conn.execute(
        "select key, latitude from photos where owner_id = ? order by id", (stranger_id,)
    ).fetchall()
    assert len(rows) == 2
    assert not {key for key, _ in rows} & set(keys)  # other bytes: those without the place
    with library.originals.open(rows[0][0]) as file:
        assert b"SERIAL" not in file.read()
    again = second_user.post(f"/saving/{token}", data={}, headers=headers).json
    assert (again["new"], again["known"]) == (3, 2)
    assert ("saved", 5) in log(library)
    undone = second_user.post(
        f"/saving/{token}/undo", data={"photos": ",".join(map(str, again["ids"]))}, headers=headers
    )
    assert undone.json["said"] == "3 photos are in the trash."


def test_saving_goes_on_piece_by_piece_without_script(
    second_user: FlaskClient, share: Share, photo_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.saving.AT_A_TIME", 3)
    token = share(photo_ids, permission="download")
    page = second_user.post(f"/saving/{token}", data={}).text
    after = re.search(r'name="after" value="([^"]+)"', page)
    assert after
    assert "3 photos are in your library now." in page
    assert "2 photos are in your library now." in second_user.post(f"/saving/{token}", data={"after": after[1]}).text


def test_saving_leads_through_the_sign_in_and_needs_the_links_door(
    app: Flask, guest: FlaskClient, second_user: FlaskClient, share: Share, photo_ids: list[int]
) -> None:
    token = share(photo_ids, permission="download", password=PASSWORD)
    assert guest.get(f"/saving/{token}").location == f"/login?next=/saving/{token}"
    assert second_user.get(f"/saving/{token}").status_code == 404
    second_user.post(f"/s/{token}", data={"password": PASSWORD})
    assert second_user.get(f"/saving/{token}").status_code == 200
    assert second_user.get(f"/saving/{share(photo_ids)}").status_code == 404  # only to look at


def test_saving_counts_for_the_one_who_saves(
    second_user: FlaskClient, library: Library, share: Share, photo_ids: list[int], stranger_id: int
) -> None:
    with write(library.db) as db:
        db.conn.execute("update users set quota_bytes = 10 where id = ?", (stranger_id,))
    token = share(photo_ids, permission="download")
    answer = second_user.post(f"/saving/{token}", data={}, headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert "no room left" in answer.json["error"]["message"]


def test_undoing_touches_nobody_elses_photos(
    second_user: FlaskClient, library: Library, share: Share, photo_ids: list[int]
) -> None:
    token = share(photo_ids, permission="download")
    assert second_user.post(f"/saving/{token}/undo", data={"photos": str(photo_ids[0])}).status_code == 404
    assert not library.db.conn.execute("select count(*) from photos where trashed_at is not null").fetchone()[0]


def test_the_owners_own_link_says_so(client: FlaskClient, share: Share, photo_ids: list[int]) -> None:
    assert "yours already" in client.get(f"/saving/{share(photo_ids, permission='download')}").text


def test_json_of_a_link_names_no_file_and_no_person(
    guest: FlaskClient, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids)
    for path in ("/summary", "/wall", "/feed.json"):
        said = json.dumps(guest.get(f"/s/{token}{path}").json)
        assert not re.search(r"\.jpg\"|/in/|admin|filename|owner", said.replace("preview.jpg", ""))


def test_a_feed_does_not_say_by_the_time_zone_where_photos_were_taken(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int]
) -> None:
    with write(library.db) as db:
        db.conn.execute("update photos set utc_offset = 600, shown_at = '2024-06-14T14:03:00.000'")
    for shows, moment in ((False, "2024-06-14T14:03:00Z"), (True, "2024-06-14T04:03:00Z")):
        token = share(photo_ids, show_location=shows)
        assert {each["date_published"] for each in guest.get(f"/s/{token}/feed.json").json["items"]} == {moment}
        assert moment in guest.get(f"/s/{token}/feed.atom").text


def test_a_download_in_ranges_is_counted_once(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    address = f"/s/{share(photo_ids, permission='download')}/download/{keys[0]}"
    assert guest.head(address).status_code == 200
    assert log(library) == []
    assert guest.get(address, headers={"Range": "bytes=0-"}).status_code == 206
    assert guest.get(address, headers={"Range": "bytes=100-"}).status_code == 206
    assert log(library) == [("downloaded", 1)]


def test_a_film_to_look_at_does_not_say_what_its_file_is_called(
    guest: FlaskClient,
    library: Library,
    share: Share,
    tmp_path: Path,
    import_folder: ImportFolder,
    shared_photos: Path,
) -> None:
    (tmp_path / "films").mkdir()
    shutil.copy(shared_photos / "video" / "video.mp4", tmp_path / "films" / "surprise.mp4")
    import_folder(tmp_path / "films")
    [(film, key)] = library.db.conn.execute("select id, key from photos").fetchall()
    looking, taking = share([film]), share([film], permission="download")
    shown = guest.get(f"/s/{looking}/media/{key}/video")
    assert shown.status_code == 200
    assert "surprise" not in str(shown.headers)
    assert "surprise" in guest.get(f"/s/{taking}/download/{key}").headers["Content-Disposition"]


def test_an_owner_who_sees_what_visitors_see_is_no_visitor(
    client: FlaskClient, guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], keys: list[str]
) -> None:
    token = share(photo_ids)
    for each, visits in ((client, 0), (guest, 1)):
        each.get(f"/s/{token}", headers={"User-Agent": PERSON})
        assert each.get(f"/s/{token}/media/{keys[0]}/thumb", headers={"User-Agent": PERSON}).status_code == 200
        written = library.db.execute("select count(*) from link_visits").fetchone()[0]
        assert written == visits


def test_what_leaves_the_album_while_a_zip_is_made_is_not_in_it(
    guest: FlaskClient, library: Library, share: Share, photo_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "MEASURED", 0)
    token = share(photo_ids, permission="download")
    asked = guest.post(f"/s/{token}/download", buffered=False)
    pieces, got = iter(asked.response), b""
    while b"PK\x03\x04" not in got:
        got += next(pieces)  # type: ignore[operator]
    with write(library.db) as db:
        db.conn.execute("update photos set trashed_at = '2024-07-01' where id in (?, ?)", tuple(photo_ids[-2:]))
    got += b"".join(pieces)  # type: ignore[arg-type]
    asked.close()
    assert len(zipfile.ZipFile(io.BytesIO(got)).namelist()) == len(photo_ids) - 2
