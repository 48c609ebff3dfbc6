"""How things are said to people: days, places of the clock, exposures, sizes. Plain functions, used as template filters."""

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

DATE_SOURCES = {
    "exif": "As the camera wrote it",
    "exif-digitized": "When it was scanned or digitised",
    "exif-modified": "When the file was last edited",
    "xmp": "From the notes inside the file",
    "iptc": "From the notes inside the file",
    "sidecar": "From a sidecar file",
    "takeout": "From Google Takeout",
    "video": "As the camera wrote it",
    "gps": "By the satellites' clock",
    "filename": "Read from the file's name",
    "file time": "Guessed from the file's time",
}


def day(taken_at: str) -> str:
    """Sat, 14 June; Fri, 14 Jun 2019 when it is not this year."""
    moment = _date(taken_at)
    if moment is None:
        return taken_at[:10]
    name = MONTHS[moment.month - 1]
    month = name if moment.year == date.today().year else f"{name[:3]} {moment.year}"
    return f"{DAYS[moment.weekday()][:3]}, {moment.day} {month}"


def long_day(taken_at: str) -> str:
    """Saturday, 14 June 2025"""
    moment = _date(taken_at)
    if moment is None:
        return taken_at[:10]
    return f"{DAYS[moment.weekday()]}, {moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def whole_date(iso: str) -> str:
    """14 June 2025"""
    moment = _date(iso)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}" if moment else iso


def month(text: str) -> str:
    """June 2025, for "2025-06"."""
    year, _, number = text.partition("-")
    return f"{MONTHS[int(number) - 1]} {int(year)}" if number.isdigit() and 1 <= int(number) <= 12 else text


def clock(taken_at: str) -> str:
    """14:03"""
    return taken_at[11:16]


def offset(minutes: int | None) -> str:
    """UTC+2, UTC−3:30; UTC alone for zero."""
    if minutes is None:
        return "time zone unknown"
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def date_source(source: str) -> str:
    return DATE_SOURCES.get(source, source)


def duration(seconds: float | None) -> str:
    """0:07, 12:40, 1:02:03"""
    whole = math.floor((seconds or 0) + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def time_left(seconds: float | None) -> str:
    """about 3 minutes left"""
    if seconds is None:
        return ""
    if seconds < 60:
        return "less than a minute left"
    if seconds < 5400:
        return f"about {count(round(seconds / 60), 'minute')} left"
    return f"about {count(round(seconds / 3600), 'hour')} left"


def shutter(seconds: float | None) -> str:
    """1/250 s, 0.5 s, 30 s"""
    if not seconds:
        return ""
    if seconds < 0.3:
        return f"1/{round(1 / seconds)} s"
    return f"{seconds:.1f}".rstrip("0").rstrip(".") + " s"


def exposure(photo: Any) -> str:
    """1/250 s · f/2.8 · 24 mm · ISO 100, as much of it as is known."""
    said = (
        shutter(photo.shutter),
        f"f/{photo.aperture:.1f}".removesuffix(".0") if photo.aperture else "",
        f"{photo.focal_length:.1f}".removesuffix(".0") + " mm" if photo.focal_length else "",
        f"ISO {photo.iso}" if photo.iso else "",
    )
    return " · ".join(each for each in said if each)


def camera(photo: Any) -> str:
    """Make and model, without the make said twice."""
    make, model = (photo.make or "").strip(), (photo.model or "").strip()
    if make and model.lower().startswith(make.lower().split()[0]):
        make = ""
    return f"{make} {model}".strip()


def size(amount: float) -> str:
    """Bytes as people read them, in powers of 1000 as disks are sold."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("bytes", "kB") else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def pixels(photo: Any) -> str:
    """4000 × 3000 · 12.0 megapixels; a video's and a tiny picture's need no counting."""
    shape, count = f"{photo.width} × {photo.height}", photo.width * photo.height / 1e6
    return shape if photo.type == "video" or count < 0.1 else f"{shape} · {count:.1f} megapixels"


def breakable(path: str) -> Markup:
    """A path that may be broken behind its slashes."""
    return escape(path).replace("/", Markup("/<wbr>"))


def coordinates(photo: Any) -> str:
    """48.11472° N, 1.67935° W"""
    latitude = f"{abs(photo.latitude):.5f}° {'N' if photo.latitude >= 0 else 'S'}"
    return f"{latitude}, {abs(photo.longitude):.5f}° {'E' if photo.longitude >= 0 else 'W'}"


def count(number: int, word: str) -> str:
    """1 photo, 12 photos, 1,200 photos"""
    return f"{number:,} {word if number == 1 else word + 's'}"


def kind(photo: Any) -> str:
    """What a photo is called by its type."""
    return {"video": "Video", "live": "Live photo", "motion": "Motion photo"}.get(photo.type, "Photo")


def caption(photo: Any) -> str:
    """What somebody who cannot see a tile is told about it."""
    length = f", {duration(photo.duration)} long" if photo.type == "video" and photo.duration else ""
    return f"{kind(photo)}{length}, {long_day(photo.taken_at)}, {clock(photo.taken_at)}"


def weekday_moment(stamp: str | None) -> str:
    """14 June 2025, 14:03, in this machine's time, for a moment kept in UTC."""
    if not stamp:
        return ""
    moment = datetime.fromisoformat(stamp).astimezone()
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M}"


def _date(taken_at: str) -> date | None:
    try:
        return date.fromisoformat(taken_at[:10])
    except ValueError:
        return None


FILTERS: dict[str, Callable[..., str]] = {
    "day": day, "long_day": long_day, "date": whole_date, "month": month, "clock": clock, "offset": offset, "date_source": date_source,
    "duration": duration, "time_left": time_left, "exposure": exposure, "camera": camera, "size": size,
    "pixels": pixels, "breakable": breakable, "coordinates": coordinates, "count": count, "kind": kind, "caption": caption,
    "moment": weekday_moment,
}  # fmt: skip
