"""What is wrong on this machine, and how to mend it."""

import importlib
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from photolib import db
from photolib.config import Config
from photolib.errors import PhotolibError
from photolib.library import mount_of, open_library
from photolib.ports import ABILITIES, Models, NoModels
from photolib.said import Said
from photolib.sharing import links

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph"}
CODECS = {
    "pillow_heif": Said("HEIC photos"),
    "pillow_jxl": Said("JPEG XL photos"),
    "rawpy": Said("RAW photos"),
    "av": Said("videos"),
}


class Finding(NamedTuple):
    """What was looked at, its state (ok, warning or problem), and a sentence."""

    what: str
    state: str
    sentence: str


def examine(config: Config, models: Models | None = None, is_thorough: bool = True) -> list[Finding]:
    """Look at everything photolib stands on; what takes long on a large library only when it is thorough. models: None for none."""
    checks: tuple[Callable[[Config], Iterator[Finding]], ...] = (
        _python, _codecs, _data_folder, _links, _room, _libraries, _clock, *((_database, _notifications) if is_thorough else ()),
    )  # fmt: skip
    return [*(finding for check in checks for finding in check(config)), *_models(models or NoModels())]


def _python(config: Config) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{sys.version.split()[0]} on {sys.platform}.")


def _codecs(config: Config) -> Iterator[Finding]:
    for module, what in CODECS.items():
        try:
            importlib.import_module(module)
        except ImportError as problem:
            yield Finding(
                what,
                "problem",
                Said("They cannot be opened (%(why)s). Install photolib again: pip install .", why=problem),
            )
        else:
            yield Finding(what, "ok", Said("They can be opened."))


def _data_folder(config: Config) -> Iterator[Finding]:
    try:
        open_library(config).close()
    except PhotolibError as problem:
        yield Finding(Said("data folder"), "problem", str(problem))
        return
    yield Finding(Said("data folder"), "ok", Said("%(folder)s can be read and written.", folder=config.data_dir))
    kind = file_system_of(config.data_dir)
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            Said("data folder"),
            "warning",
            Said(
                "It lies on a network share (%(kind)s), where SQLite's locks are not to be trusted. Move it to a disk of this machine.",
                kind=kind,
            ),
        )


def _links(config: Config) -> Iterator[Finding]:
    """The key that seals the addresses of share links: whoever has it and the database has the links, too."""
    path = config.data_dir / links.KEY_FILE
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if _has_links(config):
            sentence = Said(
                "%(file)s is missing. Links that were sent still open, but their addresses cannot be shown again: put the file back "
                "from a copy of the data folder, or give those links new addresses.",
                file=path,
            )
            yield Finding(Said("share links"), "warning", sentence)
        return
    except OSError:
        return  # said of the data folder already
    if mode & 0o077:
        sentence = Said(
            "Others on this machine may read %(file)s, and with it the addresses of share links. Run: chmod 600 %(file)s",
            file=path,
        )
        yield Finding(Said("share links"), "problem", sentence)
        return
    yield Finding(Said("share links"), "ok", Said("Only photolib may read the key that their addresses are kept with."))


def _has_links(config: Config) -> bool:
    path = config.data_dir / "photolib.db"
    if not path.exists():
        return False
    try:
        connection = db.connect(path)
    except PhotolibError:
        return False  # said of the database already
    try:
        return connection.conn.execute("select 1 from links limit 1").fetchone() is not None
    except sqlite3.Error:
        return False
    finally:
        connection.close()


def _database(config: Config) -> Iterator[Finding]:
    path = config.data_dir / "photolib.db"
    if not path.exists():
        return
    try:
        connection = db.connect(path)
        try:
            wrong = db.quick_check(connection)
        finally:
            connection.close()
    except PhotolibError as problem:  # full, busy, not ours to write: its sentence says what helps
        yield Finding(Said("database"), "problem", str(problem))
        return
    if wrong:
        yield Finding(
            Said("database"),
            "problem",
            Said(
                "It is damaged (%(why)s). Stop photolib and put the newest file of %(folder)s in its place.",
                why=wrong[0],
                folder=config.data_dir / "backups",
            ),
        )
    else:
        yield Finding(Said("database"), "ok", Said("SQLite finds nothing wrong with it."))


def _room(config: Config) -> Iterator[Finding]:
    if not config.data_dir.exists():
        return
    free = shutil.disk_usage(config.data_dir).free >> 20
    if free < config.min_free_mb:
        sentence = Said(
            "Only %(free)s MB are free; importing pauses below %(least)s MB (min_free_mb).",
            free=free,
            least=config.min_free_mb,
        )
        yield Finding(Said("free space"), "problem", sentence)
    else:
        yield Finding(Said("free space"), "ok", Said("%(free)s MB are free.", free=free))


def _libraries(config: Config) -> Iterator[Finding]:
    for library in config.libraries:
        if not os.path.isdir(library.path):  # unlike Path's, it does not raise below a folder that may not be read
            sentence = Said("It is not there. Is its disk mounted? Nothing that came from it is removed meanwhile.")
            yield Finding(Said("library %(path)s", path=library.path), "problem", sentence)
        elif not os.access(library.path, os.R_OK | os.X_OK):
            yield Finding(
                Said("library %(path)s", path=library.path),
                "problem",
                Said("photolib may not read it: look at its rights."),
            )
        elif file_system_of(library.path) in NETWORK_FILE_SYSTEMS and not library.poll_seconds:
            sentence = Said(
                "It is a network share, where notifications do not come: set poll_seconds, for example to 300."
            )
            yield Finding(Said("library %(path)s", path=library.path), "warning", sentence)
        else:
            yield Finding(Said("library %(path)s", path=library.path), "ok", Said("It can be read."))


def _notifications(config: Config) -> Iterator[Finding]:
    limit = Path("/proc/sys/fs/inotify/max_user_watches")
    if not config.libraries or not limit.exists():
        return
    allowed = int(limit.read_text())
    folders = 0
    for library in config.libraries:
        for _ in os.walk(library.path):
            folders += 1
            if folders > allowed:
                sentence = Said(
                    "There are more folders than the %(most)s the system lets photolib watch; it looks through them all now "
                    "and then instead. For quicker news: sysctl fs.inotify.max_user_watches=1048576",
                    most=allowed,
                )
                yield Finding(Said("notifications"), "warning", sentence)
                return
    yield Finding(
        Said("notifications"), "ok", Said("%(count)s folders, %(most)s can be watched.", count=folders, most=allowed)
    )


def _clock(config: Config) -> Iterator[Finding]:
    if time.time() < 1_750_000_000:  # the middle of 2025, before this was written
        yield Finding(Said("clock"), "problem", Said("This machine's clock is in the past. Set it, or switch on NTP."))


def _models(models: Models) -> Iterator[Finding]:
    from photolib.overview import ABILITY_WORDS

    for each in map(models.ability, ABILITIES):
        is_wish = "switched off" in each.note or not each.note
        state = "ok" if each.is_on or is_wish else "warning"
        if each.is_on:
            sentence = Said("On, by %(model)s: %(note)s.", model=each.model, note=each.note)
            sentence = sentence if each.note else Said("On, by %(model)s.", model=each.model)
        else:
            sentence = Said("Off: %(why)s.", why=each.note) if each.note else Said("Off.")
        yield Finding(ABILITY_WORDS[each.ability], state, sentence)


def file_system_of(path: Path) -> str:
    """The type of the file system path lies on ("ext4", "nfs4"); empty where the system does not say."""
    mount = mount_of(path)
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    kinds = [fields[2] for fields in (line.split(" ") for line in lines) if len(fields) > 2 and fields[1] == mount]
    return kinds[-1] if kinds else ""
