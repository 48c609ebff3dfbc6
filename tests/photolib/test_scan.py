"""Looking through folders, whatever lies in them."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib.scan import Folder, Met, Rules, digest, holds_nothing, look, look_again, look_at
from tests.photolib.eyes import files_opened


def write(path: Path, body: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def names(folders: list[Folder]) -> list[str]:
    return [os.fsdecode(name) for folder in folders for name, *_ in folder.files]


def reasons(pairs: list[tuple[bytes, str]]) -> dict[str, str]:
    return {os.fsdecode(os.path.basename(name)): reason for name, reason in pairs}


def test_every_file_is_listed_with_size_time_and_inode_and_none_is_opened(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "2024/c.jpg", "2024/06/d.jpg"):
        write(tmp_path / name, name.encode())
    with files_opened(tmp_path) as opened:
        folders = list(look(tmp_path))
    assert opened == []
    assert names(folders) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    found = (tmp_path / "2024" / "06" / "d.jpg").stat()
    assert folders[-1].files == [(b"d.jpg", found.st_size, found.st_mtime_ns, found.st_ino)]
    assert all(folder.is_whole for folder in folders)


def test_hidden_files_thumbnails_and_half_downloads_are_ignored_with_a_reason(tmp_path: Path) -> None:
    for name in (
        ".hidden.jpg",
        "film.mov.part",
        "Thumbs.db",
        "@eaDir/x.jpg",
        ".git/y.jpg",
        "kept.jpg",
        "tmp/kept too.jpg",
    ):
        write(tmp_path / name)
    folders = list(look(tmp_path))
    assert names(folders) == ["kept.jpg", "kept too.jpg"]
    assert set(reasons(folders[0].ignored)) == {".hidden.jpg", "film.mov.part", "Thumbs.db"}
    assert set(reasons(folders[0].skipped)) == {"@eaDir", ".git"}


def test_globs_with_a_slash_are_for_paths_and_others_for_names(tmp_path: Path) -> None:
    for name in ("Exports/a.jpg", "2024/Exports/b.jpg", "2024/c.TIFF", "2024/d.jpg"):
        write(tmp_path / name)
    assert names(list(look(tmp_path, ["/Exports", "*.tiff"]))) == ["d.jpg", "b.jpg"]
    assert names(list(look(tmp_path, ["Exports"]))) == ["c.TIFF", "d.jpg"]
    assert names(list(look(tmp_path, ["2024/Exports"]))) == ["c.TIFF", "d.jpg", "a.jpg"]


def test_a_folder_marked_as_no_gallery_is_left_with_all_below_it(tmp_path: Path) -> None:
    write(tmp_path / "Stickers" / ".nomedia")
    write(tmp_path / "Stickers" / "a.jpg")
    write(tmp_path / "Stickers" / "deep" / "b.jpg")
    folders = list(look(tmp_path))
    assert names(folders) == []
    assert reasons(folders[1].skipped) == {"Stickers": "It holds a .nomedia file."}


def test_links_are_not_followed_whether_they_loop_dangle_or_point_elsewhere(tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(library / "a.jpg")
    write(tmp_path / "elsewhere" / "b.jpg")
    (library / "loop").symlink_to(library)
    (library / "self").symlink_to("self")
    (library / "dangling.jpg").symlink_to("nowhere.jpg")
    (library / "other").symlink_to(tmp_path / "elsewhere")
    (library / "twice.jpg").symlink_to("a.jpg")
    folders = list(look(library))
    assert names(folders) == ["a.jpg"]
    ignored = reasons(folders[0].ignored)
    assert set(ignored) == {"loop", "self", "dangling.jpg", "other", "twice.jpg"}
    assert all(reason.startswith("It is a link") for reason in ignored.values())


def test_pipes_sockets_and_devices_are_named_and_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's whole path may have 107 bytes
    os.mkfifo("pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
        expected = {"pipe.jpg": "It is a pipe, not a file.", "socket.jpg": "It is a socket, not a file."}
        try:
            os.mknod("device.jpg", 0o600 | 0o020000, os.makedev(1, 3))
        except PermissionError:
            pass  # only root may make one
        else:
            expected["device.jpg"] = "It is a device, not a file."
        folders = list(look(tmp_path))
    assert names(folders) == []
    assert reasons(folders[0].ignored) == expected


def test_folders_of_others_are_skipped_and_said(tmp_path: Path) -> None:
    for name in ("a.jpg", "data/originals/ab/b.jpg", "other/c.jpg", "mine/d.jpg"):
        write(tmp_path / name)
    folders = list(look(tmp_path, not_below=[tmp_path / "data", tmp_path / "other", tmp_path / "not there"]))
    assert names(folders) == ["a.jpg", "d.jpg"]
    assert set(reasons(folders[0].skipped)) == {"data", "other"}


def test_a_folder_that_is_mounted_below_itself_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a" / "b.jpg")
    (tmp_path / "a" / "a again").mkdir()
    write(tmp_path / "a" / "a again" / "c.jpg")
    real = os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:  # as if "a again" were a bind mount of "a"
        return real(tmp_path / "a") if os.fsdecode(path) == "a again" else real(path, **options)

    monkeypatch.setattr(os, "stat", stat)
    folders = list(look(tmp_path))
    assert names(folders) == ["b.jpg"]
    assert reasons(folders[1].skipped) == {"a again": "It is the same folder as one met before."}


Broken = Callable[..., Any]


def failing(real: Broken, victim: Path, number: int) -> Broken:
    """A function of os that fails for one path."""

    def stand_in(path: Any, *rest: Any, **options: Any) -> Any:
        if os.fsdecode(path) in (str(victim), victim.name):
            raise OSError(number, os.strerror(number))
        return real(path, *rest, **options)

    return stand_in


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "photolib may not read it: look at its rights."),
        (errno.EIO, "It could not be read: Input/output error."),
    ],
)
def test_a_folder_that_cannot_be_read_is_said_and_known_to_be_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    write(tmp_path / "good" / "a.jpg")
    write(tmp_path / "locked" / "b.jpg")
    monkeypatch.setattr(os, "listdir", failing(os.listdir, tmp_path / "locked", number))
    folders = {os.fsdecode(folder.path): folder for folder in look(tmp_path)}
    assert names(list(folders.values())) == ["a.jpg"]
    locked = folders[str(tmp_path / "locked")]
    assert (locked.is_whole, locked.unread) == (False, [(b"", reason)])


def test_a_file_that_cannot_be_asked_about_is_unread_and_one_that_vanished_was_never_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        write(tmp_path / name)
    broken = failing(failing(os.stat, tmp_path / "a.jpg", errno.EIO), tmp_path / "b.jpg", errno.ENOENT)
    monkeypatch.setattr(os, "stat", broken)
    [folder] = look(tmp_path)
    assert names([folder]) == ["c.jpg"]
    assert folder.unread == [(b"a.jpg", "It could not be read: Input/output error.")]
    assert folder.is_whole


def test_single_files_are_listed_under_their_folders(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jpg")
    write(tmp_path / "not asked for.jpg")
    [folder] = look_at([file, tmp_path / "missing.jpg"])
    assert names([folder]) == ["a.jpg"]
    assert not folder.is_whole
    assert set(reasons(folder.unread)) == {"missing.jpg"}


def test_a_folder_holds_nothing_when_all_in_it_is_ignored(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    assert holds_nothing(root)
    write(tmp_path / "lost+found" / "x")
    write(tmp_path / ".keep")
    assert holds_nothing(root)
    write(tmp_path / "IMG_1.jpg")
    assert not holds_nothing(root)
    assert holds_nothing(root, ["*.jpg"])


def test_looking_again_comes_only_where_looking_would_come(tmp_path: Path) -> None:
    for name in (
        "a/1.jpg",
        "a/b/2.jpg",
        ".hidden/3.jpg",
        "data/x/4.jpg",
        "no/.nomedia",
        "no/deep/5.jpg",
        "Skip/d/6.jpg",
    ):
        write(tmp_path / name)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    rules = Rules(os.fsencode(tmp_path), ["Skip/*"], [tmp_path / "data"])
    everywhere = [
        os.fsencode(path) for path in (tmp_path, *tmp_path.rglob("*"), tmp_path / "link" / "b") if path.is_dir()
    ]
    outside = os.fsencode(tmp_path.parent)
    again = look_again(rules, dict.fromkeys([*everywhere, outside, outside + b"/other"], False))
    came_again = {folder.path for folder in again}
    came = {folder.path for folder in look(tmp_path, ["Skip/*"], [tmp_path / "data"])}
    assert came_again == came
    assert {os.path.basename(path) for path in came} == {os.fsencode(tmp_path.name), b"a", b"b", b"no", b"Skip"}


def test_looking_again_at_a_tree_looks_at_all_of_it_and_at_a_folder_only_at_that(tmp_path: Path) -> None:
    for name in ("1.jpg", "a/2.jpg", "a/b/3.jpg", "c/4.jpg", "c/d/5.jpg"):
        write(tmp_path / name)
    rules = Rules(os.fsencode(tmp_path))
    folders = list(look_again(rules, {os.fsencode(tmp_path / "a"): True, os.fsencode(tmp_path / "c"): False}))
    assert sorted(names(folders)) == ["2.jpg", "3.jpg", "4.jpg"]


def test_a_digest_stands_for_the_files_exactly(tmp_path: Path) -> None:
    files = [(b"a.jpg", 1, 2, 3), (b"b.jpg", 4, 5, 2**63)]
    assert digest(files) == digest(tuple((bytes(bytearray(name)), *rest) for name, *rest in files))  # type: ignore[misc]
    for other in ([], files[:1], [(b"a.jpg", 1, 2, 4), files[1]], [(b"A.jpg", 1, 2, 3), files[1]]):
        assert digest(other) != digest(files)


paths = st.lists(st.sampled_from(["a", "b", "a/c", "a/c/d", "b/e", "b/e/f"]), unique=True)


@given(before=paths, after=paths, unreadable=paths)
def test_only_folders_that_are_certainly_not_there_count_as_lacking(
    before: list[str], after: list[str], unreadable: list[str]
) -> None:
    """Against a model of a file system: what a look past `after` says about what was there `before`."""
    there = {"": True}
    for path in after:
        for depth in range(1, path.count("/") + 2):
            there["/".join(path.split("/")[:depth])] = True
    met = Met()
    waiting = [""]
    while waiting:
        path = waiting.pop()
        below = [each for each in there if each and each.rpartition("/")[0] == path]
        is_whole = path not in unreadable
        whole_paths = [f"/root/{each}".encode() for each in below] if is_whole else []
        met.add(Folder(f"/root/{path}".rstrip("/").encode(), below=whole_paths, is_whole=is_whole))
        waiting.extend(below if is_whole else [])
    for path in before:
        if met.lacks(f"/root/{path}".encode()):
            assert path not in there
        elif path not in there:
            above = ["/".join(path.split("/")[:depth]) for depth in range(path.count("/") + 1)]
            assert any(each in unreadable for each in above), "what was readable is told for certain"
