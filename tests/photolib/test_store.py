"""One contract, kept by every store; and what only a disk can get wrong."""

import errno
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib import store as store_module
from photolib.errors import NotFound, StorageFailed
from photolib.store import LocalOriginals, MemoryOriginals, Originals


def local_store(tmp_path: Path) -> Originals:
    return LocalOriginals(tmp_path / "originals", tmp_path / "tmp")


def memory_store(tmp_path: Path) -> Originals:
    return MemoryOriginals()


@pytest.fixture(params=[local_store, memory_store])  # S3 would join this list, and no test would change
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Originals:
    return request.param(tmp_path)


class TornSource(io.BytesIO):
    """Yields a little and then fails, as a pulled-out card does."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(errno.EIO, "the card is gone")
        return super().read(10)


def test_what_was_put_comes_back_under_its_hash(store: Originals) -> None:
    stored = store.put(io.BytesIO(b"a photo"), "jpg")
    assert stored.key == hashlib.sha256(b"a photo").hexdigest()
    assert (stored.size, stored.was_here) == (7, False)
    with store.open(stored.key) as kept:
        assert kept.read() == b"a photo"
        assert kept.seek(2) == 2
    with store.as_file(stored.key) as path:
        assert path.read_bytes() == b"a photo"
    assert store.size(stored.key) == 7


def test_storing_twice_is_harmless_and_said(store: Originals) -> None:
    first = store.put(io.BytesIO(b"a photo"), "jpg")
    again = store.put(io.BytesIO(b"a photo"), "jpg")
    assert again.was_here
    assert list(store.keys()) == [first.key]


def test_keys_come_in_order_and_all_of_them(store: Originals) -> None:
    put = {store.put(io.BytesIO(bytes([n])), "jpg").key for n in range(50)}
    assert list(store.keys()) == sorted(put)


@pytest.mark.parametrize("key", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 63 + "/"])
def test_what_is_not_there_is_not_found(store: Originals, key: str) -> None:
    assert not store.has(key)
    with pytest.raises(NotFound):
        store.open(key)
    with pytest.raises(NotFound):
        store.size(key)
    with pytest.raises(NotFound), store.as_file(key):
        pass


def test_a_torn_upload_leaves_nothing_behind(store: Originals, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the card is gone"):
        store.put(TornSource(b"x" * 100), "jpg")
    assert list(store.keys()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_the_check_refuses_leaves_nothing_behind(store: Originals, tmp_path: Path) -> None:
    def refuse(size: int) -> None:
        raise ValueError(f"{size} bytes are not what was promised")

    with pytest.raises(ValueError, match="7 bytes"):
        store.put(io.BytesIO(b"a photo"), "jpg", refuse)
    assert list(store.keys()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=5000))
def test_any_bytes_survive(store: Originals, body: bytes) -> None:
    key = store.put(io.BytesIO(body), "bin").key
    with store.open(key) as kept:
        assert kept.read() == body


# ---------------------------------------------------------------- a disk


@pytest.fixture
def disk(tmp_path: Path) -> LocalOriginals:
    return LocalOriginals(tmp_path / "originals", tmp_path / "tmp")


def test_an_original_is_a_read_only_file_named_by_its_hash(disk: LocalOriginals, tmp_path: Path) -> None:
    key = disk.put(io.BytesIO(b"a photo"), "jpg").key
    path = tmp_path / "originals" / key[:2] / key[2:4] / f"{key}.jpg"
    assert path.read_bytes() == b"a photo"
    assert path.stat().st_mode & 0o777 == 0o444


def test_the_source_is_read_once(disk: LocalOriginals) -> None:
    class Counted(io.BytesIO):
        got = 0

        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            self.got += len(piece)
            return piece

    source = Counted(b"y" * 3_000_000)
    disk.put(source, "jpg")
    assert source.got == 3_000_000


def test_the_bytes_and_their_name_are_flushed_before_put_returns(
    disk: LocalOriginals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 2: draft, fsync of the file, rename, fsync of the folder, in this order."""
    happened: list[str] = []
    for name in ("fsync", "rename"):
        real: Callable[..., Any] = getattr(os, name)

        def noted(*args: Any, name: str = name, real: Callable[..., Any] = real) -> Any:
            is_folder = name == "fsync" and os.path.isdir(f"/proc/self/fd/{args[0]}")
            happened.append("fsync folder" if is_folder else name)
            return real(*args)

        monkeypatch.setattr(os, name, noted)
    disk.put(io.BytesIO(b"a photo"), "jpg")
    renamed = happened.index("rename")
    assert "fsync" in happened[:renamed]
    assert happened[renamed + 1 :] == ["fsync folder"]


def test_bytes_that_read_back_differently_are_refused(disk: LocalOriginals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 4: the disk returns other bytes than it was given."""
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: real(fd, size, at).replace(b"a", b"b"))
    with pytest.raises(StorageFailed, match="other bytes"):
        disk.put(io.BytesIO(b"a photo"), "jpg")
    monkeypatch.undo()
    assert list(disk.keys()) == []
    assert disk.sweep() == 0


@pytest.mark.parametrize(("call", "code"), [("fsync", errno.ENOSPC), ("rename", errno.EROFS), ("fsync", errno.EIO)])
def test_a_disk_that_fails_is_our_problem_and_not_the_photos(
    disk: LocalOriginals, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def broken(*args: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, broken)
    with pytest.raises(StorageFailed):
        disk.put(io.BytesIO(b"a photo"), "jpg")
    monkeypatch.undo()
    assert list(disk.keys()) == []


def test_an_original_that_lost_its_end_is_whole_again_when_its_bytes_come_once_more(disk: LocalOriginals) -> None:
    key = disk.put(io.BytesIO(b"a whole photo"), "jpg").key
    disk.path(key).chmod(0o644)
    disk.path(key).write_bytes(b"a who")
    assert not disk.put(io.BytesIO(b"a whole photo"), "jpg").was_here
    assert disk.path(key).read_bytes() == b"a whole photo"


def test_drafts_of_the_dead_are_swept_and_those_of_the_living_are_not(disk: LocalOriginals, tmp_path: Path) -> None:
    disk.put(io.BytesIO(b"makes the folders"), "jpg")
    dead = tmp_path / "tmp" / "draft-of-the-dead"
    dead.write_bytes(b"half a pho")

    class WhileReading(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            self.swept = disk.sweep()
            return super().read(size)

    living = WhileReading(b"still being written")
    key = disk.put(living, "jpg").key
    assert not dead.exists()
    assert disk.has(key)


def test_a_file_is_cloned_where_the_disk_can_and_copied_where_it_cannot(
    disk: LocalOriginals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"p" * 100_000)
    with photo.open("rb") as source:
        copied = disk.put(source, "jpg")

    def cloning(draft: int, request: int, source: int) -> int:
        assert request == store_module.FICLONE
        os.write(draft, os.pread(source, 1 << 20, 0))
        return 0

    photo.write_bytes(b"q" * 100_000)
    monkeypatch.setattr(store_module.fcntl, "ioctl", cloning)
    with photo.open("rb") as source:
        cloned = disk.put(source, "jpg")
    assert copied.size == cloned.size == 100_000
    assert disk.path(cloned.key).read_bytes() == b"q" * 100_000


def test_the_descriptor_of_an_archive_is_never_cloned_in_place_of_its_member(
    disk: LocalOriginals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", b"a member")
    monkeypatch.setattr(store_module.fcntl, "ioctl", lambda *args: pytest.fail("cloned"))
    with zipfile.ZipFile(tmp_path / "photos.zip") as archive, archive.open("photo.jpg") as member:
        key = disk.put(member, "jpg").key  # type: ignore[arg-type]
    assert disk.path(key).read_bytes() == b"a member"
