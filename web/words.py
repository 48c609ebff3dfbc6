"""How things are said to people: days, places of the clock, exposures, sizes. Plain functions, used as template filters."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from babel.dates import format_date, format_datetime
from markupsafe import Markup, escape

from web.language import ENGLISH, N_, _, current, locale, ngettext, number, retold

DATE_SOURCES = {
    "exif": N_("As the camera wrote it"),
    "exif-digitized": N_("When it was scanned or digitised"),
    "exif-modified": N_("When the file was last edited"),
    "xmp": N_("From the notes inside the file"),
    "iptc": N_("From the notes inside the file"),
    "sidecar": N_("From a sidecar file"),
    "takeout": N_("From Google Takeout"),
    "video": N_("As the camera wrote it"),
    "gps": N_("By the satellites' clock"),
    "filename": N_("Read from the file's name"),
    "file time": N_("Guessed from the file's time"),
    "person": N_("Set by hand"),
}


def day(taken_at: str) -> str:
    """Sat, 14 June; Fri, 14 Jun 2019 when it is not this year."""
    moment = _date(taken_at)
    if moment is None:
        return taken_at[:10]
    is_now = moment.year == date.today().year
    return format_date(moment, _("EEE, d MMMM") if is_now else _("EEE, d MMM y"), locale())


def long_day(taken_at: str) -> str:
    """Saturday, 14 June 2025"""
    moment = _date(taken_at)
    return format_date(moment, _("EEEE, d MMMM y"), locale()) if moment else taken_at[:10]


def whole_date(iso: str) -> str:
    """14 June 2025"""
    moment = _date(iso)
    return format_date(moment, _("d MMMM y"), locale()) if moment else iso


def month(text: str) -> str:
    """June 2025, for "2025-06"."""
    moment = _date(f"{text[:7]}-01")
    return format_date(moment, _("LLLL y"), locale()) if moment else text


def clock(taken_at: str) -> str:
    """14:03"""
    return taken_at[11:16]


def offset(minutes: int | None) -> str:
    """UTC+2, UTC−3:30; UTC alone for zero."""
    if minutes is None:
        return _("time zone unknown")
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def date_source(source: str) -> str:
    return _(DATE_SOURCES.get(source, source))


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
        return _("less than a minute left")
    if seconds < 5400:
        return ngettext("about %(num)s minute left", "about %(num)s minutes left", round(seconds / 60))
    return ngettext("about %(num)s hour left", "about %(num)s hours left", round(seconds / 3600))


def shutter(seconds: float | None) -> str:
    """1/250 s, 0.5 s, 30 s"""
    if not seconds:
        return ""
    return f"1/{round(1 / seconds)} s" if seconds < 0.3 else f"{number(round(seconds, 1))} s"


def exposure(photo: Any) -> str:
    """1/250 s · f/2.8 · 24 mm · ISO 100, as much of it as is known."""
    said = (
        shutter(photo.shutter),
        f"f/{number(round(photo.aperture, 1))}" if photo.aperture else "",
        f"{number(round(photo.focal_length, 1))} mm" if photo.focal_length else "",
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
    if amount < 1000:
        return ngettext("%(num)s byte", "%(num)s bytes", round(amount))
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000:
            return f"{number(round(amount, 0 if unit == 'kB' else 1))} {unit}"
    return f"{number(round(amount / 1000, 1))} TB"


def pixels(photo: Any) -> str:
    """4000 × 3000 · 12.0 megapixels; a video's and a tiny picture's need no counting."""
    shape, count = f"{photo.width} × {photo.height}", photo.width * photo.height / 1e6
    if photo.type == "video" or count < 0.1:
        return shape
    return f"{shape} · " + _("%(count)s megapixels", count=number(round(count, 1)))


def breakable(path: str) -> Markup:
    """A path that may be broken behind its slashes."""
    return escape(path).replace("/", Markup("/<wbr>"))


def commands(sentence: str) -> Markup:
    """What a sentence has between `backticks` is something to type, and looks like it."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))


def coordinates(photo: Any) -> str:
    """48.11472° N, 1.67935° W"""
    latitude = f"{abs(photo.latitude):.5f}° {_('N') if photo.latitude >= 0 else _('S')}"
    return f"{latitude}, {abs(photo.longitude):.5f}° {_('E') if photo.longitude >= 0 else _('W')}"


LIBRARY_STATES = {
    "online": N_("online"),
    "scanning": N_("being looked through"),
    "offline": N_("offline"),
    "paused": N_("paused"),
    "not looked at yet": N_("not looked at yet"),
}


def library_state(state: str) -> str:
    """Whether the folder of a library is there and watched."""
    return _(LIBRARY_STATES.get(state, state))


def country(name: str | None, code: str | None) -> str:
    """A country as it is called in the language of the request. code: ISO 3166."""
    own = None if current().code == ENGLISH else locale().territories.get(code or "")
    return own or name or ""


NOUNS = {
    "photo": lambda n: ngettext("%(num)s photo", "%(num)s photos", n),
    "new photo": lambda n: ngettext("%(num)s new photo", "%(num)s new photos", n),
    "video": lambda n: ngettext("%(num)s video", "%(num)s videos", n),
    "file": lambda n: ngettext("%(num)s file", "%(num)s files", n),
    "year": lambda n: ngettext("%(num)s year", "%(num)s years", n),
    "day": lambda n: ngettext("%(num)s day", "%(num)s days", n),
    "person": lambda n: ngettext("%(num)s person", "%(num)s people", n),
    "album": lambda n: ngettext("%(num)s album", "%(num)s albums", n),
}


def count(number: int, word: str) -> str:
    """1 photo, 12 photos, 1,200 photos"""
    return NOUNS[word](number)


def kind(photo: Any) -> str:
    """What a photo is called by its type."""
    return {"video": _("Video"), "live": _("Live photo"), "motion": _("Motion photo")}.get(photo.type) or _("Photo")


def caption(photo: Any) -> str:
    """What somebody who cannot see a tile is told about it."""
    said = [kind(photo), long_day(photo.taken_at), clock(photo.taken_at)]
    if photo.type == "video" and photo.duration:
        said.insert(1, _("%(duration)s long", duration=duration(photo.duration)))
    return ", ".join(said)


def moment(stamp: str | None) -> str:
    """14 June 2025, 14:03, in this machine's time, for a moment kept in UTC."""
    if not stamp:
        return ""
    local = datetime.fromisoformat(stamp).astimezone()
    return format_datetime(local, _("d MMMM y, HH:mm"), local.tzinfo, locale())


def _date(taken_at: str) -> date | None:
    try:
        return date.fromisoformat(taken_at[:10])
    except ValueError:
        return None


FILTERS: dict[str, Callable[..., str]] = {
    "day": day, "long_day": long_day, "date": whole_date, "month": month, "clock": clock, "offset": offset, "date_source": date_source,
    "duration": duration, "time_left": time_left, "exposure": exposure, "camera": camera, "size": size,
    "pixels": pixels, "breakable": breakable, "commands": commands, "coordinates": coordinates,
    "count": count, "kind": kind, "caption": caption,
    "moment": moment, "number": number, "retold": retold, "library_state": library_state,
}  # fmt: skip
