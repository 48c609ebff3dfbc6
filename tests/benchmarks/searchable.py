"""A library to search in, of any size: every photo has a vector, labels, words, most a place, many people. Always the same from a seed.

The first photos are told about through photolib's own code; the others repeat what those have, with vectors of their own.
"""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from photolib import appearance, catalog, db, labels, understood
from photolib.search import documents
from tests.benchmarks import generate
from tests.benchmarks.measure import say

RECIPE = 1
DIMENSIONS = 384
TOLD = 10_000  # photos that are told about; the others repeat them
GROUPS = 3000  # kinds of scenes whose vectors are alike
SPREAD = 0.045  # of one number around its group's: within a group cosines are about 0.55, as of photos of one subject

NAMES = ("Sarah", "Jonas", "Mia", "Leo", "Emma", "Paul", "Lina", "Ben", "Oma Inge", "Opa Karl", "Ada", "Tom")
PLACES = (
    ("DE", "Germany", "Berlin", "Berlin"),
    ("IT", "Italy", "Veneto", "Venice"),
    ("FR", "France", "Île-de-France", "Paris"),
    ("FR", "France", "Brittany", "Brest"),
    ("AU", "Australia", "New South Wales", "Sydney"),
    ("US", "United States", "New York", "New York City"),
    ("IS", "Iceland", "South", "Vík"),
)
_WORDS = (
    "total", "invoice", "receipt", "welcome", "exit", "platform", "ticket", "menu", "coffee", "open", "closed", "street",
    "station", "please", "danger", "private", "museum", "hotel", "garden", "bakery", "school", "boarding", "gate", "parking",
)  # fmt: skip
_TITLES = ("At the lake", "Birthday", "First day of school", "Sunday walk", "With friends", "Moving house", "Holiday")


def library(scratch: Path, count: int, model: str, seed: int = generate.SEED) -> Path:
    """A data folder to search in; return it. model: by whose name the vectors are kept."""
    data = scratch / f"searchable-{count}"
    done = data / "complete.json"
    recipe = {"recipe": RECIPE, "count": count, "seed": seed, "model": model, "schema": _schema()}
    if done.exists() and json.loads(done.read_text(encoding="utf-8")) == recipe:
        return data
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(generate.catalog_of(scratch / f"catalog-{count}", count, seed), data)
    done.unlink()
    database = db.connect(data / "photolib.db")
    for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off", "cache_size = -400000"):
        database.conn.execute(f"pragma {pragma}")
    triggers = database.conn.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
    for name, _ in triggers:
        database.conn.execute(f'drop trigger "{name}"')
    told = min(count, TOLD)
    _tell(database, told, seed)
    _repeat(database, told, count)
    _keep_vectors(database, count, model, seed)
    with db.write(database):
        for _, sql in triggers:
            database.conn.execute(sql)
    database.conn.execute("analyze")
    database.conn.execute("pragma journal_mode = wal")
    database.close()
    done.write_text(json.dumps(recipe), encoding="utf-8")
    return data


def vectors(count: int, seed: int = generate.SEED) -> Iterator[np.ndarray]:
    """Unit vectors, float32, in pieces of shape (some, DIMENSIONS): groups of alike ones, as of a family's photos, in bursts."""
    chance = np.random.default_rng(seed)
    middles = _unit(chance.standard_normal((GROUPS, DIMENSIONS), dtype=np.float32))
    at = 0
    while at < count:
        some = min(20_000, count - at)
        scenes = np.repeat(chance.integers(0, GROUPS, -(-some // 8)), 8)[:some]
        numbers = chance.standard_normal((some, DIMENSIONS), dtype=np.float32)
        yield _unit(middles[scenes] + np.float32(SPREAD) * numbers)
        at += some


def questions(count: int, seed: int = generate.SEED) -> np.ndarray:
    """Unit vectors as sentences have them: near a group, nearer to its middle than a photo is; float32, (count, DIMENSIONS)."""
    middles = _unit(np.random.default_rng(seed).standard_normal((GROUPS, DIMENSIONS), dtype=np.float32))
    chance = np.random.default_rng(seed + 1)
    near = middles[chance.integers(0, GROUPS, count)]
    return _unit(near + np.float32(SPREAD) * chance.standard_normal((count, DIMENSIONS), dtype=np.float32))


def _unit(matrix: np.ndarray) -> np.ndarray:
    unit: np.ndarray = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


def _keep_vectors(database: Any, count: int, model: str, seed: int) -> None:
    say("  vectors")
    first = 1
    for some in vectors(count, seed):
        size = some.shape[1] * 2
        whole = some.astype("<f2").tobytes()
        rows = ((first + n, model, whole[n * size : (n + 1) * size]) for n in range(len(some)))
        with db.write(database):
            database.conn.executemany("insert into embeddings (photo_id, model, vector) values (?, ?, ?)", rows)
        first += len(some)


def _tell(database: Any, count: int, seed: int) -> None:
    """What is known about the first photos, then their words as photolib makes them."""
    say("  what is known about photos")
    chance = random.Random(f"{seed}/told")
    conn, things = database.conn, list(labels.vocabulary())
    usual = [1 / (1 + number) ** 0.7 for number in range(len(things))]
    with db.write(database):
        (owner_id,) = conn.execute("select id from users where name = ?", (catalog.OWNER_TO_BE,)).fetchone()
        for table, names in (("people", NAMES), ("tags", ("family", "print", "best", "trip"))):
            extra = ", created_at" if table == "people" else ""
            for name in names:
                conn.execute(
                    f"insert into {table} (owner_id, name{extra}) values (?, ?{', ?' if extra else ''})",
                    (owner_id, name, "2025")[: 3 if extra else 2],
                )
        for number in range(60):
            title = f"{chance.choice(_TITLES)} {2005 + number % 20}"
            conn.execute(
                "insert into albums (owner_id, title, kind, created_at) values (?, ?, 'album', '2025')",
                (owner_id, title),
            )
        for photo_id in range(1, count + 1):
            if photo_id % 8 == 1:  # a scene: what is seen, where, and by which camera
                seen = sorted(set(chance.choices(things, usual, k=chance.randint(1, 3))))
                place = chance.choice(PLACES) if chance.random() < 0.6 else None
                make, camera, lens = chance.choice(generate.CAMERAS)
                album = chance.randint(1, 60) if chance.random() < 0.5 else None
            understood.keep_labels(database, photo_id, [(name, round(chance.uniform(0.5, 1), 3)) for name in seen])
            title = chance.choice(_TITLES) if chance.random() < 0.05 else None
            conn.execute(
                "insert into details (photo_id, title, make, model, lens) values (?, ?, ?, ?, ?)",
                (photo_id, title, make, camera, lens),
            )
            conn.execute(
                "insert into measures (photo_id, sharpness, exposure, brightness, kind, colours) values (?, ?, ?, ?, ?, ?)",
                (photo_id, chance.random(), chance.random(), chance.random(), chance.choice(("photo", "photo", "portrait")),
                 json.dumps([[chance.choice(list(appearance.COLOURS)), 0.4]])),
            )  # fmt: skip
            if place:
                conn.execute(
                    "insert into photo_places (photo_id, country_code, country, region, city) values (?, ?, ?, ?, ?)",
                    (photo_id, *place),
                )
            if album:
                conn.execute(
                    "insert into album_photos (album_id, photo_id, position, added_at) values (?, ?, ?, '2025')",
                    (album, photo_id, photo_id),
                )
            if chance.random() < 0.05:
                conn.execute("insert into photo_tags (photo_id, tag_id, source) values (?, ?, 'user')",
                             (photo_id, chance.randint(1, 4)))  # fmt: skip
            for person in set(chance.choices(range(1, len(NAMES) + 1), k=chance.choice((0, 0, 0, 1, 1, 2)))):
                conn.execute(
                    """insert into faces (photo_id, x, y, w, h, quality, pixels, model, person_id, decided_by)
                       values (?, 0.4, 0.3, 0.2, 0.2, 0.8, 120, 'generated', ?, 'person')""",
                    (photo_id, person),
                )
            if chance.random() < 0.1:
                for line in range(3):
                    conn.execute(
                        "insert into text_lines (photo_id, line, text, confidence, x, y, w, h) values (?, ?, ?, 0.9, 0, 0, 1, 0.1)",
                        (photo_id, line, " ".join(chance.choices(_WORDS, k=4))),
                    )
        conn.execute("delete from photo_changes")
        conn.execute("insert into photo_changes (photo_id) select id from photos where id <= ? order by id", (count,))
    documents.rebuild(database)


def _repeat(database: Any, told: int, count: int) -> None:
    """The other photos have what the first ones have."""
    say("  what is known about the others, and their words")
    conn = database.conn
    copied = (
        "labels",
        "details",
        "measures",
        "photo_places",
        "album_photos",
        "photo_tags",
        "text_lines",
        "photo_names",
    )
    indexes = conn.execute(
        f"""select name, sql from sqlite_master where type = 'index' and sql is not null
            and tbl_name in ('faces', 'embeddings', {", ".join("?" * len(copied))})""",
        copied,
    ).fetchall()
    for name, _ in indexes:
        conn.execute(f"drop index {name}")
    words = ", ".join(documents.COLUMNS)
    _set_fts(database, hashsize=64 << 20)  # fewer and larger pieces to be merged: twice as fast
    for start in range(told, count, told):
        rest = min(told, count - start)
        with db.write(database):
            for table in copied:
                names = [row[1] for row in conn.execute(f"pragma table_info({table})") if row[1] != "photo_id"]
                conn.execute(
                    f"""insert into {table} (photo_id, {", ".join(names)})
                        select photo_id + ?, {", ".join(names)} from {table} where photo_id <= ? order by photo_id""",
                    (start, rest),
                )
            conn.execute(
                """insert into faces (photo_id, x, y, w, h, quality, pixels, model, person_id, decided_by)
                   select photo_id + ?, x, y, w, h, quality, pixels, model, person_id, decided_by from faces where photo_id <= ?""",
                (start, rest),
            )
            conn.execute(
                f"insert into photo_words (rowid, {words}) select rowid + ?, {words} from photo_words where rowid <= ?",
                (start, rest),
            )
    _set_fts(database, hashsize=1 << 20)
    with db.write(database):
        for _, sql in indexes:
            conn.execute(sql)
        conn.execute("delete from place_counts")
        conn.execute(
            """insert into place_counts (owner_id, country_code, region, city, country, photos)
               select owner_id, country_code, coalesce(region, ''), coalesce(city, ''), max(country), count(*)
               from photo_places join photos on photos.id = photo_id where is_listed = 1 and country_code is not null
               group by 1, 2, 3, 4"""
        )
        conn.execute("update owner_names set photos = photos * ?", (max(1, count // told),))
        conn.execute("insert into photo_changes (photo_id) select id from photos where id > ? order by id", (told,))
        last = understood.last_change(database)
        catalog.remember(database, documents._SEEN, str(last))


def _set_fts(database: Any, **options: int) -> None:
    for name, value in options.items():
        with db.write(database):
            database.conn.execute("insert into photo_words (photo_words, rank) values (?, ?)", (name, value))


def _schema() -> str:
    """Changes when the code does that decides what such a library looks like."""
    return generate.digest_of(db, catalog, understood, documents)
