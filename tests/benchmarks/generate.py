"""Photos, libraries and catalogs of any size, always the same from a seed: what the benchmarks measure with.

Whatever is written is complete or not there, and found again when it is asked for a second time.
"""

import hashlib
import io
import json
import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import islice
from pathlib import Path
from types import ModuleType

import piexif
from PIL import Image, ImageDraw

from photolib import catalog, db, sources
from photolib.config import Config
from photolib.importing import Intake, Wishes
from photolib.library import open_library
from photolib.scan import look
from photolib.sources import FileState, Source
from photolib.tally import Tally

RECIPE = 1  # counts up when the same seed gives other files than before
SEED = 20_04
SHARED = Path(__file__).resolve().parents[3] / "shared" / "photos"
TWELVE_MEGAPIXELS = (4000, 3000)

_MOTIFS = ("search", "near_dup", "groups", "gps", "xmp_sidecar", "orientation")  # folders of real photos to cut from
_FIRST_DAY = datetime(2004, 6, 1)
_YEARS = 20
CAMERAS = (
    ("Canon", "Canon EOS 40D", "EF-S17-55mm f/2.8 IS USM"),
    ("NIKON CORPORATION", "NIKON D90", "18-105mm f/3.5-5.6"),
    ("Apple", "iPhone 12", "iPhone 12 back camera 4.2mm f/1.6"),
    ("Google", "Pixel 7", "Pixel 7 back camera 6.81mm f/1.85"),
    ("SONY", "ILCE-6400", "E 18-135mm F3.5-5.6 OSS"),
)
_PLACES = (
    (52.52, 13.405),
    (45.4384, 12.3358),
    (48.8584, 2.2945),
    (-33.8568, 151.2153),
    (40.6892, -74.0445),
    (63.9792, -19.0616),
)


# ---------------------------------------------------------------- when photos are taken


def moments(count: int, seed: int = SEED) -> list[datetime]:
    """When a family takes so many photos in twenty years, in order: more each year, in bursts, on some days."""
    chance = random.Random(f"{seed}/moments")
    taken: list[datetime] = []
    per_event = max(3, min(120, count // 400))
    while len(taken) < count:
        day = _FIRST_DAY + timedelta(days=int(365.25 * _YEARS * chance.random() ** 0.6))
        moment = day.replace(hour=chance.randint(7, 20), minute=chance.randint(0, 59))
        for _ in range(min(count - len(taken), 1 + int(chance.expovariate(1 / per_event)))):
            # seconds apart while something happens, now and then minutes until the next thing does
            moment += timedelta(milliseconds=int(chance.expovariate(1 / (3000 if chance.random() < 0.8 else 300_000))))
            taken.append(moment)
    return sorted(taken)


def moments_of_a_month(count: int, seed: int = SEED) -> list[datetime]:
    """So many moments of one June, in order: a camera that takes a picture every few seconds, or a library whose dates were lost."""
    chance = random.Random(f"{seed}/june")
    return sorted(datetime(2019, 6, 1) + timedelta(seconds=30 * 24 * 3600 * chance.random()) for _ in range(count))


def some_morning(number: int, seed: int = SEED) -> datetime:
    """Nine o'clock of some day in these twenty years."""
    chance = random.Random(f"{seed}/day/{number}")
    return _FIRST_DAY + timedelta(days=chance.randrange(365 * _YEARS), hours=9)


# ---------------------------------------------------------------- 12-megapixel photos


def photos(folder: Path, count: int, seed: int = SEED, size: tuple[int, int] = TWELVE_MEGAPIXELS) -> list[Path]:
    """So many different photos in a folder; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"IMG_{number:05}.jpg" for number in range(count)]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if missing:
        draw = partial(_put_photo, folder, seed, size)
        with multiprocessing.get_context("spawn").Pool() as pool:
            for _ in pool.imap_unordered(draw, missing):
                pass
    return paths


def photo(number: int, taken: datetime, seed: int = SEED, size: tuple[int, int] = TWELVE_MEGAPIXELS) -> bytes:
    """One JPEG as a camera writes it: real things in it, the noise of a sensor, EXIF with a preview. About 0.26 MB a megapixel."""
    chance = random.Random(f"{seed}/photo/{number}")
    image = _scene(chance, size)
    grain = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    image = Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.06)
    preview = io.BytesIO()
    image.resize((160, 120), Image.Resampling.BOX).save(preview, "JPEG", quality=75)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=90, exif=_exif(chance, taken, size, preview.getvalue()))
    return data.getvalue()


def _put_photo(folder: Path, seed: int, size: tuple[int, int], number: int) -> None:
    taken = some_morning(number // 8, seed) + timedelta(minutes=7 * (number % 8))
    _put(folder / f"IMG_{number:05}.jpg", photo(number, taken, seed, size), taken)


def _scene(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    """Two real photos flowing into each other, sharp pieces of others on them, and some shapes."""
    pictures = [_motif(path) for path in chance.choices(_motif_paths(), k=4)] if _motif_paths() else []
    if not pictures:
        pictures = [_drawing(chance) for _ in range(4)]
    flow = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(size)
    scene = Image.composite(_crop(chance, pictures[0], size), _crop(chance, pictures[1], size), flow)
    for _ in range(chance.randint(3, 6)):
        picture = chance.choice(pictures)
        width, height = (
            min(edge, chance.randint(limit // 10, limit // 5)) for edge, limit in zip(picture.size, size, strict=True)
        )
        left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
        piece = picture.crop((left, top, left + width, top + height))
        scene.paste(piece, (chance.randint(0, size[0] - width), chance.randint(0, size[1] - height)))
    _draw_shapes(chance, scene, chance.randint(5, 15))
    return scene


def _crop(chance: random.Random, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    width = min(picture.width, picture.height * size[0] / size[1]) * chance.uniform(0.6, 1)
    height = width * size[1] / size[0]
    left, top = chance.uniform(0, picture.width - width), chance.uniform(0, picture.height - height)
    return picture.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))


def _draw_shapes(chance: random.Random, image: Image.Image, count: int) -> None:
    pen = ImageDraw.Draw(image)
    for _ in range(count):
        left, top = chance.randrange(image.width), chance.randrange(image.height)
        edge = chance.randint(1, max(2, image.width // 10))
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        draw = chance.choice((pen.ellipse, pen.rectangle))
        draw((left, top, left + edge, top + edge), outline=colour, width=chance.randint(1, 12))


def _drawing(chance: random.Random) -> Image.Image:
    """What stands in for a real photo where none are at hand."""
    shades = [Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize((1280, 960)) for _ in range(3)]
    image = Image.merge("RGB", shades)
    _draw_shapes(chance, image, 400)
    return image


@cache
def _motif_paths() -> list[Path]:
    found = sorted(path for folder in _MOTIFS for path in (SHARED / folder).rglob("*.jpg"))
    return [path for path in found if _is_motif(path)]


def _is_motif(path: Path) -> bool:
    with Image.open(path) as image:
        return 700_000 <= image.width * image.height <= 9_000_000


@cache
def _motif(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _exif(chance: random.Random, taken: datetime, size: tuple[int, int], preview: bytes) -> bytes:
    make, model, lens = chance.choice(CAMERAS)
    date = taken.strftime("%Y:%m:%d %H:%M:%S")
    tags = {
        "0th": {
            piexif.ImageIFD.Make: make,
            piexif.ImageIFD.Model: model,
            piexif.ImageIFD.Orientation: chance.choice((1, 1, 1, 6)),
            piexif.ImageIFD.DateTime: date,
            piexif.ImageIFD.Software: "generated",
        },
        "Exif": {
            piexif.ExifIFD.DateTimeOriginal: date,
            piexif.ExifIFD.DateTimeDigitized: date,
            piexif.ExifIFD.SubSecTimeOriginal: f"{taken.microsecond // 1000:03}",
            piexif.ExifIFD.LensModel: lens,
            piexif.ExifIFD.FNumber: (chance.choice((18, 28, 40, 56, 80)), 10),
            piexif.ExifIFD.ExposureTime: (1, chance.choice((30, 60, 125, 250, 1000))),
            piexif.ExifIFD.ISOSpeedRatings: chance.choice((100, 200, 400, 1600)),
            piexif.ExifIFD.FocalLength: (chance.randint(40, 1350), 10),
            piexif.ExifIFD.PixelXDimension: size[0],
            piexif.ExifIFD.PixelYDimension: size[1],
        },
        "1st": {piexif.ImageIFD.Compression: 6},
        "thumbnail": preview,
    }
    if chance.random() < 0.6:
        latitude, longitude = (near + chance.uniform(-0.05, 0.05) for near in chance.choice(_PLACES))
        tags["GPS"] = {
            piexif.GPSIFD.GPSLatitudeRef: "N" if latitude >= 0 else "S",
            piexif.GPSIFD.GPSLatitude: _degrees(latitude),
            piexif.GPSIFD.GPSLongitudeRef: "E" if longitude >= 0 else "W",
            piexif.GPSIFD.GPSLongitude: _degrees(longitude),
            piexif.GPSIFD.GPSAltitudeRef: 0,
            piexif.GPSIFD.GPSAltitude: (chance.randint(0, 20_000), 10),
        }
    return piexif.dump(tags)


def _degrees(angle: float) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    seconds = round(abs(angle) * 360_000)
    return (seconds // 360_000, 1), (seconds // 6000 % 60, 1), (seconds % 6000, 100)


# ---------------------------------------------------------------- libraries of small files


def small_files(folder: Path, count: int, seed: int = SEED, per_folder: int = 250) -> Path:
    """A library of so many tiny valid JPEGs, each different, in folders by year and day; return its root."""
    done = folder / "complete.json"
    recipe = {"recipe": RECIPE, "count": count, "seed": seed, "per_folder": per_folder}
    root = folder / "library"
    if done.exists() and json.loads(done.read_text(encoding="utf-8")) == recipe:
        return root
    shutil.rmtree(folder, ignore_errors=True)
    template = _small_template()
    for start in range(0, count, per_folder):
        taken = some_morning(start // per_folder, seed)
        day = root / f"{taken:%Y}" / f"{taken:%m-%d} {start // per_folder:05}"
        day.mkdir(parents=True)
        for number in range(start, min(start + per_folder, count)):
            taken += timedelta(seconds=7)
            _put(day / f"IMG_{number:06}.JPG", small_file(number, taken, template), taken, is_draft=False)
    done.write_text(json.dumps(recipe), encoding="utf-8")
    return root


def small_file(number: int, taken: datetime, template: bytes) -> bytes:
    """The template with its own date, and a comment that makes its bytes different from every other's."""
    comment = f"photo {number}".encode()
    dated = template.replace(b"0000:00:00 00:00:00", taken.strftime("%Y:%m:%d %H:%M:%S").encode())
    return dated[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + dated[2:]


def _small_template() -> bytes:
    data = io.BytesIO()
    dates = {piexif.ExifIFD.DateTimeOriginal: "0000:00:00 00:00:00"}
    Image.new("RGB", (64, 48), (90, 140, 200)).save(data, "JPEG", exif=piexif.dump({"Exif": dates}))
    return data.getvalue()


# ---------------------------------------------------------------- catalogs


def catalog_of(data: Path, count: int, seed: int = SEED, is_one_month: bool = False) -> Path:
    """A data folder whose catalog lists so many photos that are nowhere on disk; return it.

    is_one_month: all of one month, in shapes and with placeholders as real photos have them; else those of twenty years.
    """
    done = data / "complete.json"
    recipe = {"recipe": RECIPE, "count": count, "seed": seed, "month": is_one_month, "schema": _schema()}
    if done.exists() and json.loads(done.read_text(encoding="utf-8")) == recipe:
        return data
    shutil.rmtree(data, ignore_errors=True)
    owner_id = _begin(data)
    database = db.connect(data / "photolib.db")
    for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off", "cache_size = -400000"):
        database.conn.execute(f"pragma {pragma}")
    indexes = database.conn.execute(
        "select name, sql from sqlite_master where type = 'index' and tbl_name = 'photos' and sql is not null"
    ).fetchall()
    for name, _ in indexes:  # made again at the end, in one go and three times as fast
        database.conn.execute(f"drop index {name}")
    rows = photo_rows(count, owner_id, seed) if not is_one_month else month_rows(count, owner_id, seed)
    while some := list(islice(rows, 50_000)):
        with db.write(database):
            database.conn.executemany(_ORIGINAL, (row[0] for row in some))
            database.conn.executemany(_PHOTO, (row[1] for row in some))
    for _, sql in indexes:
        database.conn.execute(sql)
    database.conn.execute("analyze")
    database.conn.execute("pragma journal_mode = wal")
    database.close()
    done.write_text(json.dumps(recipe), encoding="utf-8")
    return data


_ORIGINAL = """insert into originals (key, extension, format, media_type, size, stored_at)
               values (?, 'jpg', 'jpeg', 'image/jpeg', ?, ?)"""
_PHOTO = """insert into photos (owner_id, key, type, status, is_listed, shown_at, month, utc_offset, taken_at_source,
              width, height, placeholder, filename, latitude, longitude, rating, is_favourite, is_archived, added_at)
            values (?, ?, 'photo', 'ready', ?, ?, ?, ?, 'exif', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

Row = tuple[tuple[object, ...], tuple[object, ...]]


def photo_rows(count: int, owner_id: int, seed: int = SEED) -> Iterator[Row]:
    """(row of originals, row of photos) of each photo, in the order in which such a library is imported: nearly by date."""
    chance = random.Random(f"{seed}/rows")
    added = "2025-01-01T00:00:00+00:00"
    for number, taken in enumerate(moments(count, seed)):
        key = hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()
        shown_at = taken.isoformat(timespec="milliseconds")
        is_archived = int(chance.random() < 0.01)
        has_place = chance.random() < 0.6
        latitude, longitude = _PLACES[number // 500 % len(_PLACES)]
        wide = chance.random() < 0.75
        yield (
            (key, chance.randint(1_500_000, 5_000_000), added),
            (
                owner_id, key, 1 - is_archived, shown_at, shown_at[:7], 60 if has_place else None,
                4000 if wide else 3000, 3000 if wide else 4000, chance.randbytes(45), f"IMG_{number % 10_000:04}.JPG",
                latitude + chance.uniform(-0.05, 0.05) if has_place else None,
                longitude + chance.uniform(-0.05, 0.05) if has_place else None,
                5 if chance.random() < 0.02 else None, int(chance.random() < 0.02), is_archived, added,
            ),
        )  # fmt: skip


SHAPES = ((4000, 3000), (3000, 4000), (4032, 2268), (2268, 4032), (3000, 3000), (6000, 4000), (9000, 3000))


def month_rows(count: int, owner_id: int, seed: int = SEED) -> Iterator[Row]:
    """photo_rows() of one month."""
    chance = random.Random(f"{seed}/shapes")
    placeholders = [_placeholder_of(chance) for _ in range(40)]
    taken = moments_of_a_month(count, seed)
    for number, (original, row) in enumerate(photo_rows(count, owner_id, seed)):
        values = list(row)
        shown_at = taken[number].isoformat(timespec="milliseconds")
        width, height = chance.choice(SHAPES)
        values[2], values[3], values[4], values[6], values[7] = 1, shown_at, shown_at[:7], width, height
        values[8], values[14] = chance.choice(placeholders), 0
        yield original, tuple(values)


def _placeholder_of(chance: random.Random) -> bytes:
    data = io.BytesIO()
    _scene(chance, (64, 48)).resize((8, 6)).save(data, "WEBP", quality=20)
    whole = data.getvalue()
    return whole[20 : 20 + int.from_bytes(whole[16:20], "little")]


def imported(data: Path, root: Path) -> Path:
    """A data folder as it is after root was imported, but for the bytes: only the catalog, through the catalog's own functions."""
    done = data / "complete.json"
    recipe = {"recipe": RECIPE, "root": str(root), "schema": _schema()}
    if done.exists() and json.loads(done.read_text(encoding="utf-8")) == recipe:
        return data
    shutil.rmtree(data, ignore_errors=True)
    owner_id = _begin(data)
    database = db.connect(data / "photolib.db")
    for folder in look(root):
        with db.write(database):
            for name, size, mtime_ns, inode in folder.files:
                path = folder.path + b"/" + name
                original = catalog.Original(hashlib.sha256(path).hexdigest(), "jpg", "jpeg", "image/jpeg", size)
                shown_at = datetime.fromtimestamp(mtime_ns // 10**9).isoformat(timespec="milliseconds")
                photo_id, _ = catalog.add_photo(
                    database, owner_id, original, "photo", sources.shown_name(name), shown_at
                )
                catalog.picture_is_ready(database, photo_id, b"placeholder")
                state = FileState(size, mtime_ns, inode)
                seen = Source(folder.path, name, owner_id, state, "new", key=original.key, photo_id=photo_id)
                sources.saw_source(database, seen)
    database.close()
    look_again(data, root)  # as at the end of an import, the folders are remembered as they are
    done.write_text(json.dumps(recipe), encoding="utf-8")
    return data


def look_again(data: Path, root: Path) -> tuple[Tally, float]:
    """Look at everything below root once more, as a running program does; return what was found and the seconds it took."""
    lib = open_library(Config(data_dir=data, log_level="warning"))
    try:
        tally = Tally()
        with Intake(lib, Wishes(catalog.user_named(lib.db, catalog.OWNER_TO_BE).id), tally) as intake:
            began = time.perf_counter()
            for folder in look(root, not_below=[lib.data]):
                intake.take_folder(folder)
            intake.close()
            return tally, time.perf_counter() - began
    finally:
        lib.close()


def _schema() -> str:
    """Changes when the code does that decides what a catalog looks like: what was generated before is of no use then."""
    return digest_of(db, catalog, sources)


def digest_of(*rooms: ModuleType) -> str:
    """Changes when the code of one of these modules does."""
    return hashlib.sha256(b"".join(Path(str(room.__file__)).read_bytes() for room in rooms)).hexdigest()


def _begin(data: Path) -> int:
    """A new data folder; return the id of its owner."""
    lib = open_library(Config(data_dir=data))
    owner_id = catalog.user_named(lib.db, catalog.OWNER_TO_BE).id
    lib.close()
    return owner_id


def _put(path: Path, data: bytes, taken: datetime, is_draft: bool = True) -> None:
    """Write a file whose time is the one at which its photo was taken."""
    target = path.with_name(f".{path.name}.draft") if is_draft else path
    target.write_bytes(data)
    os.utime(target, (taken.timestamp(), taken.timestamp()))
    if is_draft:
        target.rename(path)
