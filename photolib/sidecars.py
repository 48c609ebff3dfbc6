"""Which of the files beside a photo speak about it: XMP sidecars by name, Google Takeout's JSON by its naming
rules, and that of our own exports."""

import os
from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from photolib import sources, takeout
from photolib.errors import BadInput
from photolib.export import returning
from photolib.sources import Sidecar

XMP_LIMIT = 10 << 20
JSON_LIMIT = 1 << 20


def is_named_like_one(name: bytes) -> bool:
    return name[-4:].lower() == b".xmp" or name[-5:].lower() == b".json"


def is_xmp(name: bytes) -> bool:
    return name[-4:].lower() == b".xmp"


def limit_of(name: bytes) -> int:
    """How many bytes a sidecar of this name may have."""
    return XMP_LIMIT if is_xmp(name) else JSON_LIMIT


def of(name: bytes, body: bytes) -> Sidecar | None:
    """The sidecar that a file is, by its name and what it holds; None for JSON that cannot be read as being about a photo."""
    if is_xmp(name):
        return Sidecar("xmp", body)
    if returning.words(body) is not None:
        return Sidecar("photolib", body)
    try:
        takeout.read_takeout(body)
    except BadInput:
        return Sidecar("album", body) if takeout.read_album(body) else None
    return Sidecar("takeout", body)


def called_like_photos(media: Iterable[str], names: Iterable[bytes]) -> set[bytes]:
    """Those of a folder's JSON files that Google's rules give to one of its photos, whatever is in them."""
    found = [os.fsdecode(name) for name in names if is_named_like_one(name) and not is_xmp(name)]
    return {os.fsencode(name) for name in takeout.match_sidecars(media, found).values()}


def match(media: Iterable[str], found: Mapping[str, Sidecar]) -> dict[str, list[str]]:
    """Media name -> the names of its sidecars, within one folder.

    x.jpg.xmp speaks about x.jpg; x.xmp about every x.* there is (Lightroom writes it for the RAW and means the pair).
    """
    media = list(media)
    matches: dict[str, list[str]] = {}
    xmp = {name[:-4].lower(): name for name, sidecar in found.items() if sidecar.kind == "xmp"}
    if xmp:
        for name in media:
            lower = name.lower()
            own = xmp.get(lower) or xmp.get(lower.rpartition(".")[0])
            if own:
                matches.setdefault(name, []).append(own)
    ours = {name[:-5].lower(): name for name, sidecar in found.items() if sidecar.kind == "photolib"}
    for name in media if ours else ():
        if own := ours.get(name.lower()):
            matches.setdefault(name, []).append(own)
    titles = {name: takeout.title_of(sidecar.body) for name, sidecar in found.items() if sidecar.kind == "takeout"}
    for name, own in takeout.match_sidecars(media, titles).items():
        matches.setdefault(name, []).append(own)
    return matches


def album_title(folder: str, found: Iterable[Sidecar]) -> str | None:
    """The title of the album that a folder of a Takeout export is, if it is one."""
    albums = (takeout.read_album(sidecar.body) for sidecar in found if sidecar.kind == "album")
    return next((title for album in albums if (title := takeout.album_title(folder, album))), None)


def is_trashed(sidecar: Sidecar) -> bool:
    """Whether the photo lay in the trash, Google's or ours, when it was exported."""
    if sidecar.kind == "photolib":
        return returning.is_trashed(sidecar.body)
    return sidecar.kind == "takeout" and takeout.is_trashed(sidecar.body)


class Beside:
    """The sidecars of one folder, matched to its photos."""

    def __init__(self, db: Database, owner_id: int, folder: bytes, names: Mapping[str, bytes]) -> None:
        kept = sources.kept_sidecars(db, owner_id, folder)
        found = {os.fsdecode(name): sidecar for name, (_, sidecar) in kept.items()}
        matched = match(names, found) if found else {}
        self._of = {names[media]: [kept[os.fsencode(name)] for name in own] for media, own in matched.items()}
        title = album_title(os.fsdecode(os.path.basename(folder)), found.values())
        self.albums = [(title, "takeout")] if title else []

    def ids(self, name: bytes) -> list[int]:
        return [sidecar_id for sidecar_id, _ in self._of.get(name, ())]

    def is_trashed(self, name: bytes) -> bool:
        return any(is_trashed(sidecar) for _, sidecar in self._of.get(name, ()))

    def has_news(self, db: Database, photo_id: int, name: bytes) -> bool:
        """Whether a sidecar of this name does not yet belong to the photo."""
        return bool(set(self.ids(name)) - sources.sidecar_ids(db, photo_id))
