"""Programs of others send photos to the real server: rclone and curl."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from photolib.accounts import api_tokens, users
from photolib.db import write
from photolib.library import Library, open_library
from tests.programs import program

from .conftest import Server, serving


@dataclass(frozen=True)
class House:
    """A server, the token of a device, and how rclone is told about them."""

    server: Server
    library: Library
    token: str
    env: dict[str, str]

    def rclone(self, *words: str, status: int = 0) -> str:
        done = subprocess.run(
            [program("rclone"), "--retries", "1", "--low-level-retries", "2", "--use-json-log", "-v", *words],
            env=self.env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    def curl(self, *words: str, data: bytes | None = None) -> tuple[int, str]:
        done = subprocess.run(
            [program("curl"), "-sS", "-w", "\n%{http_code}", *words], capture_output=True, input=data, timeout=60
        )  # fmt: skip
        body, _, code = done.stdout.decode().rpartition("\n")
        return int(code), body

    def names(self) -> list[str]:
        return [row[0] for row in self.library.db.conn.execute("select filename from photos order by filename")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    world = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(world))
        from photolib.config import Config

        config = Config(data_dir=world / "data", host="127.0.0.1", settle_seconds=0, min_free_mb=0)
        library = open_library(config, role="worker")
    with serving(world / "data", min_free_mb=0) as server:
        with write(library.db) as db:
            first = users.everybody(db)[0]
            _, token = api_tokens.make(db, first, "laptop", ["upload"], None)
        obscured = subprocess.run([program("rclone"), "obscure", token], capture_output=True, text=True, check=True)
        env = {
            "PATH": os.environ["PATH"], "HOME": str(world), "RCLONE_CONFIG": str(world / "none.conf"),
            "RCLONE_CONFIG_HOME_TYPE": "webdav", "RCLONE_CONFIG_HOME_URL": f"{server.url}/dav/", "RCLONE_CONFIG_HOME_VENDOR": "owncloud",
            "RCLONE_CONFIG_HOME_USER": first.name, "RCLONE_CONFIG_HOME_PASS": obscured.stdout.strip(),
        }  # fmt: skip
        (world / "none.conf").touch()
        yield House(server, library, token, env)
    library.close()


@pytest.fixture
def pictures(tmp_path: Path, draw_photo: Callable[..., Path]) -> Path:
    """Nested folders, names of all kinds, and one file that is no photo but that nobody minds."""
    mark = hashlib.sha256(str(tmp_path).encode()).digest()
    for name in ("Camera/IMG_1.jpg", "Camera/späte Nacht 日本/IMG_2.jpg", "100% & <b> #1 ?.jpg"):
        path = draw_photo(f"phone/{name}")
        path.write_bytes(path.read_bytes() + mark)  # no other test's
    (tmp_path / "phone" / "empty").mkdir()
    (tmp_path / "phone" / ".DS_Store").write_bytes(b"what Finder leaves")
    return tmp_path / "phone"


def test_rclone_syncs_once_and_then_finds_everything_there(house: House, pictures: Path) -> None:
    before = len(house.names())
    house.rclone("sync", "--create-empty-src-dirs", str(pictures), "home:one")
    assert len(house.names()) == before + 3
    again = house.rclone("sync", "--create-empty-src-dirs", str(pictures), "home:one")
    assert "There was nothing to transfer" in again
    checked = house.rclone("check", "--download", str(pictures), "home:one")
    assert "0 differences found" in checked
    hashes = house.rclone("check", "--exclude", ".DS_Store", str(pictures), "home:one")
    assert "3 matching files" in hashes
    assert "could not be checked" not in hashes
    listed = house.rclone("lsf", "-R", "home:one")
    assert "Camera/späte Nacht 日本/IMG_2.jpg" in listed
    assert "empty/" in listed


def test_rclone_deletes_moves_and_copies_and_the_photos_stay(house: House, pictures: Path) -> None:
    house.rclone("copy", str(pictures), "home:two")
    before = house.names()
    house.rclone("mkdir", "home:new/deep/folder")
    house.rclone("moveto", "home:two/Camera", "home:new/Camera")
    house.rclone("copyto", "home:new/Camera/IMG_1.jpg", "home:new/copy.jpg")
    house.rclone("rmdir", "home:new/deep/folder")
    assert "copy.jpg" in house.rclone("lsf", "home:new")
    house.rclone("purge", "home:two")
    house.rclone("purge", "home:new")
    assert "two" not in house.rclone("lsf", "home:")
    assert house.names() == before
    assert "Free" in house.rclone("about", "home:")


def test_rclone_is_told_why_a_file_is_not_taken(house: House, pictures: Path) -> None:
    (pictures / "letter.txt").write_text("Dear aunt,")
    said = house.rclone("copy", str(pictures / "letter.txt"), "home:three", status=1)
    assert "415" in said


def test_rclone_sends_a_video_of_200_mb(house: House, tmp_path: Path, shared_photos: Path) -> None:
    video = tmp_path / "big" / "long.mp4"
    video.parent.mkdir()
    shutil.copy(shared_photos / "video" / "video.mp4", video)
    with video.open("ab") as file:  # a box of free space behind it, as cameras leave
        size = 200 << 20
        file.write(size.to_bytes(4, "big") + b"free" + os.urandom(1 << 10))
        file.truncate(video.stat().st_size + size)
    house.rclone("copy", str(video.parent), "home:four")
    assert "1 matching files" in house.rclone("check", str(video.parent), "home:four")
    assert "long.mp4" in house.names()
    assert list((house.library.data / "uploads").iterdir()) == []


def test_curl_sends_a_photo_whichever_way(house: House, pictures: Path) -> None:
    path = pictures / "Camera" / "IMG_1.jpg"
    login = ["-H", f"Authorization: Bearer {house.token}"]
    address = f"{house.server.url}/api/v1/upload"
    code, body = house.curl(*login, "-F", f"file=@{path}", "-F", "album=Curl", address)
    assert (code, json.loads(body)["outcome"]) == (201, "new")
    raw = ["-X", "POST", "-T", str(path), "-H", "Content-Type: image/jpeg"]
    code, body = house.curl(*login, *raw, f"{address}?filename=raw.jpg")
    assert (code, json.loads(body)["outcome"]) == (201, "duplicate")
    two = ["-F", f"file=@{path}", "-F", "file=@" + str(pictures / "Camera" / "späte Nacht 日本" / "IMG_2.jpg")]
    code, body = house.curl(*login, *two, address)
    assert (code, [each["outcome"] for each in json.loads(body)["items"]]) == (207, ["duplicate", "new"])


def test_curl_speaks_webdav_and_waits_to_be_told_to_go_on(house: House, pictures: Path) -> None:
    path = next(pictures.glob("100*"))
    login = ["-u", f"{house.env['RCLONE_CONFIG_HOME_USER']}:{house.token}"]
    dav = f"{house.server.url}/dav"
    assert house.curl(*login, "-X", "MKCOL", f"{dav}/curl/")[0] == 201
    assert house.curl(*login, "-H", "Expect: 100-continue", "-T", str(path), f"{dav}/curl/a.jpg")[0] == 201
    listed = house.curl(*login, "-X", "PROPFIND", "-H", "Depth: 1", f"{dav}/curl/")
    assert listed[0] == 207
    assert f"<D:getcontentlength>{path.stat().st_size}<" in listed[1]
    lock = '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>'
    assert house.curl(*login, "-X", "LOCK", "-d", lock, f"{dav}/curl/a.jpg")[0] == 200
    assert house.curl(*login, "-X", "DELETE", f"{dav}/curl/a.jpg")[0] == 423
    refused = house.curl("-u", "admin:wrong", "-T", str(path), f"{dav}/curl/b.jpg")
    assert refused[0] == 401


def test_a_file_without_its_length_is_taken_where_its_end_can_be_seen(
    house: House, draw_photo: Callable[..., Path]
) -> None:
    login = ["-u", f"{house.env['RCLONE_CONFIG_HOME_USER']}:{house.token}", "-H", "Transfer-Encoding: chunked"]
    whole = draw_photo("streamed.jpg", size=(333, 222)).read_bytes()
    dav = f"{house.server.url}/dav"
    assert house.curl(*login, "-T", "-", f"{dav}/streamed.jpg", data=whole)[0] == 201
    code, said = house.curl(*login, "-T", "-", f"{dav}/cut.jpg", data=whole[:-100])
    assert (code, "together with its length" in said) == (411, True)
    told = ["-H", f"X-Expected-Entity-Length: {len(whole)}"]
    assert house.curl(*login, *told, "-T", "-", f"{dav}/finder.jpg", data=whole)[0] == 201
    assert house.curl(*login, *told, "-T", "-", f"{dav}/cut.jpg", data=whole[:-100])[0] == 400
    assert "cut.jpg" not in house.rclone("lsf", "home:")
    upload = ["-X", "POST", "-H", f"Authorization: Bearer {house.token}", *login[2:]]
    address = f"{house.server.url}/api/v1/upload?filename=cut.jpg"
    assert house.curl(*upload, "-T", "-", address, data=whole[:-100])[0] == 411
    assert house.curl(*upload, "-T", "-", address, data=whole)[0] == 201


def test_names_that_can_be_none_are_refused(house: House, pictures: Path) -> None:
    login = ["-u", f"{house.env['RCLONE_CONFIG_HOME_USER']}:{house.token}", "--path-as-is"]
    path = next(pictures.glob("100*"))
    for name in ("a%0ab.jpg", "a%00b.jpg", "%ff.jpg", "../x.jpg", "%2e%2e/%2e%2e/x.jpg", "a/../../x.jpg"):
        code, _ = house.curl(*login, "-T", str(path), f"{house.server.url}/dav/{name}")
        assert code in (400, 404, 303), (name, code)
