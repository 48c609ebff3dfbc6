"""What words find a photo: a copy of everything said about it, kept fresh by reading on in photo_changes.

Two copies are written together. photo_words holds a document for each photo (FTS5, folded words, one column for each kind of
evidence). owner_names counts which names (people, places, albums, tags, labels, cameras, years ...) an owner's listed photos have.
Both can be made again with rebuild().
"""

import json
import re
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from photolib import appearance, catalog, labels, place_names
from photolib.db import write
from photolib.search.wording import BETWEEN, exactly, fold, labels_of, name_words, words

BATCH = 200  # documents in one transaction: about 30 ms
PAUSE = 0.01  # seconds between two of many transactions, in which others may write
LONGEST_TEXT = 20_000  # characters of a document's column

# looks: colours, the kind of picture, the type of photo. owner: "o1" for user 1, so that the index itself tells owners apart.
COLUMNS = (
    "title", "tags", "labels", "looks", "people", "place", "album", "camera", "lens", "file", "folder", "text", "owner",
)  # fmt: skip

_SEEN = "photo words"  # remembered: the seq of photo_changes up to which documents are made
_WRITTEN = "photo words written"  # remembered: how many documents since the index was tidied; -1 while that goes on
MANY_WRITTEN = 5_000
_RECIPE = "photo words recipe"  # remembered: by which version of this module and of the vocabulary
VERSION = f"2 labels {labels.VERSION}"

_FOLDERS = 2  # so many folders above a file count as words about it
_HASHTAG = re.compile(r"#(\w{2,50})")

KINDS = {  # words for what is no label: the kind of picture, and the type of photo
    "screenshot": ("screenshot", "screenshots", "Bildschirmfoto", "Bildschirmfotos"),
    "document": ("document", "documents", "Dokument", "Dokumente"),
    "portrait": ("portrait", "portraits", "Porträt", "Porträts"),
    "video": ("video", "videos", "Film", "Filme", "movie", "clip"),
    "live": ("live photo", "Live-Foto"),
    "motion": ("motion photo",),
    "raw": ("raw",),
}
TYPES = ("video", "live", "motion", "raw")


@dataclass
class _Told:
    """Everything known about one photo that search looks at."""

    owner_id: int
    is_listed: bool
    filename: str
    shown_at: str
    type: str
    title: str = ""
    description: str = ""
    make: str = ""
    model: str = ""
    lens: str = ""
    kind: str = ""
    colours: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    albums: list[str] = field(default_factory=list)
    place: tuple[str, str, str, str] = ("", "", "", "")  # country code, country, region, city
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def is_behind(db: Database) -> bool:
    """Whether some documents are older than what they are about."""
    last = db.conn.execute("select max(seq) from photo_changes").fetchone()[0] or 0
    return last > int(catalog.remembered(db, _SEEN) or 0) or catalog.remembered(db, _RECIPE) != VERSION


def catch_up(db: Database, limit: int = 1000) -> int:
    """Make the documents of photos about which something changed, in short transactions; return how many changes were read.

    Fewer than limit: it knows everything now.
    """
    done = 0
    while done < limit and is_behind(db):
        with write(db):
            read = _catch_up(db, min(BATCH, limit - done))
        done += read
        if not read:
            break
    return done


def tidy(db: Database, pages: int = 500) -> bool:
    """Merge what many small writes have left of the index, a stretch at a time; return whether there may be more.

    A word that was taken out of many documents costs as much to look for as one that stands in them, until it is merged away.
    """
    written = int(catalog.remembered(db, _WRITTEN) or 0)
    is_under_way = written < 0
    if not is_under_way and written < max(MANY_WRITTEN, catalog.latest_id(db) // 5):
        return False
    with write(db):
        before = db.conn.total_changes
        # See "The merge command" of FTS5: a negative number begins to merge everything, others go on; less than two changes: done.
        db.conn.execute(
            "insert into photo_words (photo_words, rank) values ('merge', ?)", (pages if is_under_way else -pages,)
        )
        goes_on = db.conn.total_changes - before >= 2
        catalog.remember(db, _WRITTEN, "-1" if goes_on else "0")
    return goes_on


def rebuild(db: Database) -> int:
    """Make all documents and counts again, in short transactions; return how many photos that were.

    Each document is written anew where it is, so that a search meanwhile finds what it found before.
    """
    done, seq = 0, 0
    while rows := _changes(db, seq, BATCH):
        with write(db):
            _make(db, [photo_id for _, photo_id in rows], is_anew=True)
        done, seq = done + len(rows), rows[-1][0]
        time.sleep(PAUSE)
    for table in ("photo_words", "photo_names"):
        _drop_strangers(db, table)
    _recount(db)
    with write(db):
        if catalog.remembered(db, _RECIPE) != VERSION:
            catalog.remember(db, _RECIPE, VERSION)
            catalog.remember(db, _SEEN, str(seq))
    catch_up(db, 1 << 62)
    return done


def _drop_strangers(db: Database, table: str) -> None:
    """Whatever is said about photos that never were here."""
    unknown = [
        row[0]
        for row in db.conn.execute(
            f"select rowid from {table} where rowid not in (select photo_id from photo_changes)"
        ).fetchall()
    ]
    for start in range(0, len(unknown), BATCH):
        some = unknown[start : start + BATCH]
        with write(db):
            db.conn.execute(f"delete from {table} where rowid in ({_marks(some)})", some)
        time.sleep(PAUSE)


def _recount(db: Database) -> None:
    """Put right what was counted wrongly: the difference is worked out from one moment and holds for later ones too."""
    right: Counter[int] = Counter()
    db.conn.execute("begin")  # both looks see the same moment, and nobody waits for them
    try:
        for (names,) in db.conn.execute("select names from photo_names"):
            right.update(memoryview(names).cast("I"))
        counted = dict(db.conn.execute("select id, photos from owner_names").fetchall())
    finally:
        db.conn.execute("commit")
    wrong = [(right[name_id] - photos, name_id) for name_id, photos in counted.items() if right[name_id] != photos]
    with write(db):
        _add_up(db, wrong)


def _changes(db: Database, seen: int, limit: int) -> list[tuple[int, int]]:
    """(seq, photo) of what changed after a seq."""
    return db.conn.execute(
        "select seq, photo_id from photo_changes where seq > ? order by seq limit ?", (seen, limit)
    ).fetchall()


def _catch_up(db: Database, limit: int) -> int:
    if catalog.remembered(db, _RECIPE) != VERSION:
        catalog.remember(db, _SEEN, "0")  # what was made stays until it is made again
        catalog.remember(db, _RECIPE, VERSION)
    seen = int(catalog.remembered(db, _SEEN) or 0)
    rows = _changes(db, seen, limit)
    if rows:
        _make(db, [photo_id for _, photo_id in rows])
        catalog.remember(db, _SEEN, str(rows[-1][0]))
    return len(rows)


def _make(db: Database, photo_ids: Sequence[int], is_anew: bool = False) -> None:
    """Write the documents of these photos and count their names; photos that are gone lose both.

    is_anew: also documents that say what they should.
    """
    told = _told(db, photo_ids)
    known = _known_words(db, photo_ids)
    written = 0
    for photo_id in photo_ids:
        about = told.get(photo_id)
        row = _document(about) if about else None
        if known.get(photo_id) == row and not (is_anew and row):
            continue
        written += 1
        db.conn.execute("delete from photo_words where rowid = ?", (photo_id,))
        if row:
            db.conn.execute(
                f"insert into photo_words (rowid, {', '.join(COLUMNS)}) values (?{', ?' * len(COLUMNS)})",
                (photo_id, *row),
            )
    _count(db, photo_ids, told)
    if (so_far := int(catalog.remembered(db, _WRITTEN) or 0)) >= 0 and written:
        catalog.remember(db, _WRITTEN, str(so_far + written))


def _known_words(db: Database, photo_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found = db.conn.execute(
        f"select rowid, {', '.join(COLUMNS)} from photo_words where rowid in ({_marks(photo_ids)})", tuple(photo_ids)
    )
    return {row[0]: tuple(row[1:]) for row in found}


# ---------------------------------------------------------------- what is known about photos


def _told(db: Database, photo_ids: Sequence[int]) -> dict[int, _Told]:
    marks, ids = _marks(photo_ids), tuple(photo_ids)
    ask = db.conn.execute
    told: dict[int, _Told] = {}
    for row in ask(
        f"""select photos.id, owner_id, is_listed, filename, shown_at, photos.type, title, description, make, model, lens,
              details.people, measures.kind, measures.colours
            from photos left join details on details.photo_id = photos.id left join measures on measures.photo_id = photos.id
            where photos.id in ({marks})""",
        ids,
    ):
        title, description, make, model, lens = (text or "" for text in row[6:11])
        about = _Told(row[1], bool(row[2]), row[3], row[4], row[5], title, description, make, model, lens)
        about.people = _texts(row[11])
        about.kind = row[12] or ""
        about.colours = [str(pair[0]) for pair in _list(row[13]) if isinstance(pair, list) and pair]
        about.files = [row[3]]
        told[row[0]] = about
    # What somebody else called a photo (in an album of theirs, say) is no word about it here.
    mine = "join photos on photos.id = photo_id and photos.owner_id"
    questions = (
        (
            "tags",
            f"select photo_id, name from photo_tags join tags on tags.id = tag_id {mine} = tags.owner_id where photo_id in ({marks})",
        ),
        ("labels", f"select photo_id, label from labels where is_removed = 0 and photo_id in ({marks})"),
        (
            "people",
            f"""select photo_id, name from faces join people on people.id = person_id {mine} = people.owner_id
                where photo_id in ({marks}) and state = 'found' and name is not null and is_hidden = 0""",
        ),
        (
            "albums",
            f"""select photo_id, title from album_photos join albums on albums.id = album_id {mine} = albums.owner_id
                where is_unlisted = 0 and photo_id in ({marks})""",
        ),
        ("lines", f"select photo_id, text from text_lines where photo_id in ({marks}) order by photo_id, line"),
    )
    for name, question in questions:
        for photo_id, text in ask(question, ids):
            if photo_id in told:
                getattr(told[photo_id], name).append(text)
    hidden = _hidden_people(db, {about.owner_id for about in told.values()})
    for about in told.values():
        about.people = [name for name in about.people if fold(name) not in hidden[about.owner_id]]
    for photo_id, *place in ask(
        f"select photo_id, country_code, country, region, city from photo_places where photo_id in ({marks})", ids
    ):
        if photo_id in told:
            told[photo_id].place = tuple(each or "" for each in place)  # type: ignore[assignment]
    for photo_id, folder, name in ask(
        f"""select photo_id, folders.path, sources.name from sources join folders on folders.id = folder_id
            where photo_id in ({marks}) order by sources.id""",
        ids,
    ):
        if photo_id in told and len(told[photo_id].files) < 10:
            told[photo_id].files.append(name.decode("utf-8", "replace"))
            told[photo_id].folders += folder.decode("utf-8", "replace").replace("!", "/").split("/")[-_FOLDERS:]
    return told


def _hidden_people(db: Database, owners: Iterable[int]) -> dict[int, set[str]]:
    """The names of people each of these owners does not want to see."""
    return {
        owner_id: {
            fold(row[0])
            for row in db.conn.execute(
                "select name from people where owner_id = ? and is_hidden = 1 and name is not null", (owner_id,)
            )
        }
        for owner_id in owners
    }


def _list(text: str | None) -> list[Any]:
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _texts(text: str | None) -> list[str]:
    return [each for each in _list(text) if isinstance(each, str)]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


# ---------------------------------------------------------------- the document of a photo


def _document(about: _Told) -> tuple[str, ...]:
    """A photo's words, one text for each of COLUMNS."""
    code, country, region, city = about.place
    places = [city, region, country]
    for others, name in (
        (place_names.OTHER_CITIES, f"{code} {city}"),
        (place_names.OTHER_REGIONS, f"{code} {region}"),
        (place_names.OTHER_COUNTRIES, code),
    ):
        places += others.get(name, "").split(", ")
    # Labels and the broader ones they belong to as they are; their words in all languages are looked up when somebody asks.
    seen = dict.fromkeys(each for label in about.labels for each in (label, *labels.broader(label)))
    looks = [word for kind in (about.kind, about.type) for word in KINDS.get(kind, ())]
    looks += [word for colour in about.colours for word in appearance.colour_words(colour)]
    file_words = [word for name in about.files for word in name_words(name)]
    folder_words = [word for folder in about.folders for word in name_words(folder + ".")]
    return (
        _folded([about.title, about.description]),
        _named([*about.tags, *hashtags(about)]),
        " ".join(_as_label(label) for label in seen),
        _named(looks),
        _named(about.people),
        _named(places),
        _named(about.albums),
        _named([about.make, about.model, camera_name(about.make, about.model)]),
        _named([about.lens]),
        " ".join(dict.fromkeys(file_words))[:LONGEST_TEXT],
        " ".join(dict.fromkeys(folder_words))[:LONGEST_TEXT],
        _folded(about.lines),
        owner_word(about.owner_id),
    )


def hashtags(about: _Told) -> list[str]:
    """The #words of title and description; #GoldenGate2019 also as the words it is made of."""
    found = _HASHTAG.findall(f"{about.title} {about.description}")
    return [word for tag in found for word in (tag, " ".join(name_words(tag + ".")))]


def owner_word(owner_id: int) -> str:
    return f"o{owner_id}"


def _as_label(label: str) -> str:
    """A label as one word; one of several words by those too: "retriever" finds golden retrievers."""
    parts = words(label)
    return " ".join([*(parts if len(parts) > 1 or not labels_of(label) else ()), exactly(label)])


def _named(names: Sequence[str]) -> str:
    """Names as words, each followed by itself as one word; no phrase reaches from one name into the next."""
    folded = dict.fromkeys(" ".join(words(name)) for name in names)
    return " ".join(f"{name} {exactly(name)}" for name in folded if name)[:LONGEST_TEXT]


def _folded(texts: Sequence[str]) -> str:
    """Texts as words, with one between them that nobody can type: no phrase reaches from one into the next."""
    return f" {BETWEEN} ".join(dict.fromkeys(" ".join(words(text)) for text in texts if text))[:LONGEST_TEXT]


# ---------------------------------------------------------------- the names an owner's photos have


def _names(about: _Told) -> set[tuple[str, str]]:
    """(kind, name) of everything to be counted for a photo."""
    if not about.is_listed:
        return set()
    _code, country, region, city = about.place
    found = {("type", about.type), ("year", about.shown_at[:4])}
    found |= {("person", name) for name in about.people}
    found |= {("tag", name) for name in about.tags} | {("label", name) for name in about.labels}
    found |= {("album", name) for name in about.albums}
    found |= {("city", city), ("region", region), ("country", country)}
    found |= {("camera", camera_name(about.make, about.model)), ("lens", about.lens), ("kind", about.kind)}
    found |= {("make", about.make), ("model", about.model)}
    found |= {("colour", name) for name in about.colours}
    return {(kind, name.strip()[:200]) for kind, name in found if name.strip()}


def camera_name(make: str | None, model: str | None) -> str:
    """ "Apple iPhone 12": maker and model as one name."""
    return " ".join(each for each in (make, model) if each)


def _count(db: Database, photo_ids: Sequence[int], told: dict[int, _Told]) -> None:
    """Count these photos' names instead of those they were counted for before."""
    before = {
        row[0]: array("I", row[1])
        for row in db.conn.execute(
            f"select photo_id, names from photo_names where photo_id in ({_marks(photo_ids)})", tuple(photo_ids)
        )
    }
    ids: dict[tuple[int, str, str], int] = {}
    change: Counter[int] = Counter()
    for photo_id in photo_ids:
        about = told.get(photo_id)
        now = array("I", sorted(_name_id(db, ids, about.owner_id, *name) for name in _names(about)) if about else [])
        was = before.get(photo_id)
        if was == now:
            continue
        change.update(now)
        change.subtract(was or ())
        if now:
            db.conn.execute(
                """insert into photo_names (photo_id, names) values (?, ?)
                   on conflict (photo_id) do update set names = excluded.names""",
                (photo_id, now.tobytes()),
            )
        elif was is not None:
            db.conn.execute("delete from photo_names where photo_id = ?", (photo_id,))
    _add_up(db, [(count, name_id) for name_id, count in change.items() if count])


def _add_up(db: Database, changed: Sequence[tuple[int, int]]) -> None:
    """(photos more or less, name) each; names without photos go."""
    db.conn.executemany("update owner_names set photos = photos + ? where id = ?", changed)
    db.conn.executemany("delete from owner_names where id = ? and photos <= 0", [(each,) for _, each in changed])


def _name_id(db: Database, known: dict[tuple[int, str, str], int], owner_id: int, kind: str, name: str) -> int:
    if (owner_id, kind, name) not in known:
        ask = "select id from owner_names where owner_id = ? and kind = ? and name = ?"
        row = db.conn.execute(ask, (owner_id, kind, name)).fetchone()
        known[owner_id, kind, name] = row[0] if row else db.conn.execute(
            "insert into owner_names (owner_id, kind, name, folded) values (?, ?, ?, ?) returning id",
            (owner_id, kind, name, " ".join(words(name)) or fold(name)),
        ).fetchone()[0]  # fmt: skip
    return known[owner_id, kind, name]


@dataclass(frozen=True)
class Name:
    """A name that photos of an owner have.

    kind: person, city, region, country, album, tag, label, camera (maker and model), make, model, lens, year, type, kind or colour.
    """

    kind: str
    name: str
    photos: int


def names(db: Database, owner_id: int, kinds: Sequence[str], limit: int = 1000) -> list[Name]:
    """An owner's names of these kinds, those of most photos first."""
    rows = db.conn.execute(
        f"""select kind, name, photos from owner_names where owner_id = ? and kind in ({_marks(kinds)})
            order by photos desc, name limit ?""",
        (owner_id, *kinds, limit),
    )
    return [Name(*row) for row in rows]


def named(db: Database, owner_id: int, folded: Sequence[str]) -> dict[str, list[Name]]:
    """For each of these folded texts the names that are written so."""
    found: dict[str, list[Name]] = defaultdict(list)
    for start in range(0, len(folded), 200):
        some = folded[start : start + 200]
        for row in db.conn.execute(
            f"select folded, kind, name, photos from owner_names where owner_id = ? and folded in ({_marks(some)})",
            (owner_id, *some),
        ):
            found[row[0]].append(Name(*row[1:]))
    return found


def named_ids(db: Database, owner_id: int, folded: str, kinds: Sequence[str]) -> list[tuple[int, int]]:
    """(id, photos) of an owner's names of these kinds that are written so."""
    return db.conn.execute(
        f"select id, photos from owner_names where owner_id = ? and folded = ? and kind in ({_marks(kinds)})",
        (owner_id, folded, *kinds),
    ).fetchall()


def label_ids(db: Database, owner_id: int, exact: set[str]) -> list[tuple[int, int]]:
    """(id, photos) of an owner's labels that are, or belong to a broader one that is, called exactly() so."""
    rows = db.conn.execute(
        "select id, name, photos from owner_names where owner_id = ? and kind = 'label'", (owner_id,)
    )
    return [
        (name_id, photos)
        for name_id, name, photos in rows
        if any(exactly(each) in exact for each in (name, *labels.broader(name)))
    ]


_MOST_LOOKED_FOR = 8  # names, byte by byte


def having_names(db: Database, name_ids: Sequence[int]) -> tuple[str, tuple[bytes, ...]]:
    """A test of a row of `photos`, with its values: whether one of these names is among the photo's."""
    db.conn.create_function("has_name", 2, has_name, deterministic=True)
    each = [packed([name_id]) for name_id in name_ids] if len(name_ids) <= _MOST_LOOKED_FOR else []
    # instr may find bytes across two ids, but needs no Python: has_name looks only at what it lets through.
    quick = " or ".join("instr(names, ?)" for _ in each) or "1"
    test = f"photo_names.photo_id = photos.id and ({quick}) and has_name(names, ?)"
    return f"exists (select 1 from photo_names where {test})", (*each, packed(name_ids))


def packed(name_ids: Iterable[int]) -> bytes:
    """Ids of names as photo_names has them."""
    return array("I", name_ids).tobytes()


def has_name(names: bytes, asked: bytes) -> bool:
    """Whether one of some names is among a photo's; both as photo_names has them."""
    return not _set_of(asked).isdisjoint(memoryview(names).cast("I"))


@lru_cache(64)
def _set_of(name_ids: bytes) -> frozenset[int]:
    return frozenset(memoryview(name_ids).cast("I"))


def beginning(db: Database, owner_id: int, prefix: str, limit: int = 50) -> list[Name]:
    """An owner's names that begin with these folded letters, those of most photos first."""
    rows = db.conn.execute(
        """select kind, name, photos from
             (select * from owner_names where owner_id = ? and folded >= ? and folded < ? limit 1000)
           order by photos desc, length(name) limit ?""",
        (owner_id, prefix, prefix + "\U0010ffff", limit),
    )
    return [Name(*row) for row in rows]


# ---------------------------------------------------------------- what documents say


def said_about(db: Database, photo_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The documents of these photos: column to folded words."""
    columns = COLUMNS[:-1]
    return {photo_id: dict(zip(columns, row, strict=False)) for photo_id, row in _known_words(db, photo_ids).items()}


def words_in(db: Database, photo_ids: Sequence[int], groups: Sequence[Sequence[str]]) -> dict[int, list[set[str]]]:
    """The words of these photos' documents, one set for each group of columns."""
    columns = ", ".join(" || ' ' || ".join(group) for group in groups)
    found: dict[int, list[set[str]]] = {}
    for start in range(0, len(photo_ids), 500):
        some = photo_ids[start : start + 500]
        rows = db.conn.execute(f"select rowid, {columns} from photo_words where rowid in ({_marks(some)})", tuple(some))
        found |= {row[0]: [set(text.split()) for text in row[1:]] for row in rows}
    return found


def lines_with(db: Database, photo_id: int, wanted: Iterable[set[str]]) -> list[dict[str, Any]]:
    """The lines of text in a picture that hold one of these words, with their boxes in shares of its size."""
    asked = set().union(*wanted)
    rows = db.conn.execute("select text, x, y, w, h from text_lines where photo_id = ? order by line", (photo_id,))
    return [
        {"text": text, "box": {"x": x, "y": y, "w": w, "h": h}} for text, x, y, w, h in rows if asked & set(words(text))
    ][:20]
