"""What photolib is compared with: the same work with nothing around it. No store, no queue, no limits, no promise."""

import hashlib
import io
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from pathlib import Path

import piexif
from PIL import Image, ImageOps

from photolib import variants
from photolib.decode.limits import NICENESS

CHUNK = 1 << 20


def make_sizes(path: Path) -> list[bytes]:
    """The three sizes of a large JPEG, in memory: one decode at half scale, each size from the one before, turned upright.

    The forms, their options and the resampling are photolib's own.
    """
    made = []
    with Image.open(path) as image:
        image.draft("RGB", (image.width // 2, image.height // 2))
        ImageOps.exif_transpose(image, in_place=True)
        image.info = {}
        picture: Image.Image = image
        for size in ("large", "medium", "thumb"):
            scale = variants.SIZES[size] / max(picture.size)
            if scale < 1:
                wanted = round(picture.width * scale), round(picture.height * scale)
                picture = picture.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=1.25)
            form = variants.FORMS[variants.KEPT[size]]
            data = io.BytesIO()
            picture.save(data, form.pillow, **form.options)
            made.append(data.getvalue())
    return made


def read_exif(path: Path) -> dict[str, dict[int, object]]:
    """All EXIF there is, as piexif gives it."""
    return piexif.load(str(path))


@dataclass
class Kept:
    """Seconds that the parts of keeping one file took."""

    read_and_hash: float
    write_and_flush: float
    read_back: float

    @property
    def whole(self) -> float:
        return self.read_and_hash + self.write_and_flush + self.read_back


def keep(path: Path, folder: Path) -> Kept:
    """Read and hash a file, write it into folder and flush it, read it back and hash it again; then remove it."""
    clock = time.perf_counter
    began = clock()
    chunks, digest = [], hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            chunks.append(chunk)
    read = clock()
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as copy:
        for chunk in chunks:
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    home = folder / digest.hexdigest()
    os.rename(copy.name, home)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    written = clock()
    with home.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        again = hashlib.sha256()
        while chunk := file.read(CHUNK):
            again.update(chunk)
    assert again.digest() == digest.digest()
    done = clock()
    home.unlink()
    return Kept(read - began, written - read, done - written)


# ---------------------------------------------------------------- the loop on all cores


@dataclass
class Loop:
    """Processes that have everything imported and wait for photos. cpu_seconds: what the last run used."""

    _pool: Pool
    cpu_seconds: float = field(default=0.0)

    def seconds(self, paths: Sequence[Path]) -> float:
        """How long all cores take to make the sizes of these photos."""
        began = time.perf_counter()
        self.cpu_seconds = sum(self._pool.imap_unordered(_timed, paths))
        return time.perf_counter() - began


@contextmanager
def loop(cores: int, warm_up: Sequence[Path]) -> Iterator[Loop]:
    """A bare loop on so many cores, which has seen the warm-up photos already.

    It steps back for others as far as photolib's decoders do, so that a busy machine treats both alike.
    """
    with multiprocessing.get_context("spawn").Pool(cores, initializer=os.nice, initargs=(NICENESS,)) as pool:
        pool.map(make_sizes, warm_up, chunksize=1)
        yield Loop(pool)


def _timed(path: Path) -> float:
    """CPU seconds of one photo."""
    began = _cpu()
    make_sizes(path)
    return _cpu() - began


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
