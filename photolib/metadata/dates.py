"""When a photo was taken: reading dates as programs write them, and deciding between them.

A fact about time is a dict: {"local": "YYYY-MM-DDTHH:MM:SS.mmm", "offset": minutes or None, "source": ...} for a clock
on the wall, {"utc": ..., "source": ...} for satellites and atoms that count in UTC. "is_day" is true where only the
day (or month, or year) was stated.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from photolib.metadata import fields
from photolib.said import Said

Fact = dict[str, Any]
Facts = dict[str, Any]

# Who is believed about what, the first that states it. "sidecar" is an XMP file beside the photo: a person (or their
# program) corrected something there without touching the photo. "takeout" is Google's JSON. Each date is named as its
# source is in the facts, with the name the catalog shows for it; "-digitized" is when a negative was scanned, or a file
# first written.
DATE_ORDER = (
    ("sidecar", "sidecar"),
    ("exif", "exif"),
    ("xmp", "xmp"),
    ("iptc", "iptc"),
    ("exif-digitized", "exif-digitized"),
    ("sidecar-digitized", "sidecar"),
    ("xmp-digitized", "xmp"),
    ("iptc-digitized", "iptc"),
    ("video", "video"),
    ("gps", "gps"),
    ("takeout", "takeout"),
    ("filename", "filename"),
    ("exif-modified", "exif-modified"),
    ("file time", "file time"),
)
FIELD_ORDER = {
    "position": ("sidecar", "corrected", "embedded", "takeout"),
    "direction": ("sidecar", "embedded"),
    "title": ("sidecar", "embedded"),  # Google's "title" is the file's name, so Takeout has none
    "description": ("sidecar", "takeout", "embedded"),
    "keywords": ("sidecar", "embedded"),
    "rating": ("sidecar", "embedded"),
    "regions": ("sidecar", "embedded"),
    "people": ("sidecar", "embedded", "takeout"),
    "make": ("sidecar", "embedded"),
    "model": ("sidecar", "embedded"),
    "lens": ("sidecar", "embedded"),
    "focal_length": ("sidecar", "embedded"),
    "aperture": ("sidecar", "embedded"),
    "shutter": ("sidecar", "embedded"),
    "iso": ("sidecar", "embedded"),
    "is_favourite": ("takeout",),
    "is_archived": ("takeout",),
    "is_trashed": ("takeout",),
}
OF_THE_FILE = (
    "width",
    "height",
    "orientation",
    "duration",
    "video_codec",
    "fps",
    "content_id",
    "motion",
    "exif",
    "panorama",
)

_WRITTEN = re.compile(
    r"""(?x) \s*
    (?P<year>\d{4}) (?: [:\-/. ] (?P<month>\d{1,2}) (?: [:\-/. ] (?P<day>\d{1,2})
    (?: [T ]\s* (?P<hour>\d{1,2}) : (?P<minute>\d{1,2}) (?: : (?P<second>\d{1,2}) (?: [.,] (?P<fraction>\d{1,9}) )? )? )? )? )?
    \s* (?P<offset> Z | [+-] \d{2} :? \d{2} )? (?: (?<=\d) [:.,+-] [\d:]{1,12} )? [\s\0]*"""
)
_OFFSET = re.compile(r"\s*(?:(Z)|([+-])(\d{1,2}):?(\d{2})(?::\d{2})?)[\s\0]*", re.IGNORECASE)
_NOTHING = re.compile(r"[\s\0:\-/.0T]*")

EAST, WEST = 14 * 60, -12 * 60  # the zones there are, in minutes
_QUARTERS = {-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825}
REAL_OFFSETS = tuple(sorted(_QUARTERS | set(range(WEST, EAST + 1, 60))))
FIX_AGE = 7 * 60  # seconds by which a GPS fix may lag behind the shutter
RECORDING = 5 * 60  # seconds between the start in a video's name and the end in its atom


# --- reading


def read_date(written: Any, source: str, notes: list[str], fraction: Any = None, offset: Any = None) -> Fact | None:
    """A date as EXIF, XMP, IPTC, PNG and others write it, or None with a note.

    EXIF keeps the parts of a second and the offset in fields of their own; both may be garbage without harm.
    """
    if isinstance(written, bytes):
        written = fields.decoded(written)
    if not isinstance(written, str) or not written.strip("\0 \t\r\n"):
        return None
    if len(written) > 100:
        fields.note(notes, Said("The %(source)s date was left out: it is no date but a text.", source=source))
        return None
    if _NOTHING.fullmatch(written):
        fields.note(notes, Said("The %(source)s date was left out: it is blank or zero.", source=source))
        return None
    parts = _WRITTEN.fullmatch(written)
    if not parts:
        fields.note(
            notes,
            Said(
                "The %(source)s date was left out: %(written)s is no date.",
                source=source,
                written=fields.shown(written),
            ),
        )
        return None
    second = int(parts["second"] or 0)
    if second == 60:
        second = 59
        fields.note(notes, Said("The %(source)s date has a second 60; 59 was kept.", source=source))
    try:
        moment = datetime(
            int(parts["year"]),
            int(parts["month"] or 0) or 1,  # "1985-00-00" is how archives say: some time in 1985
            int(parts["day"] or 0) or 1,
            int(parts["hour"] or 0),
            int(parts["minute"] or 0),
            second,
            1000 * _milliseconds(parts["fraction"] or fraction),
        )
    except ValueError:
        fields.note(
            notes,
            Said(
                "The %(source)s date was left out: there is no %(written)s.",
                source=source,
                written=fields.shown(written),
            ),
        )
        return None
    fact: Fact = {"local": wall(moment), "offset": read_offset(parts["offset"] or offset, notes), "source": source}
    if parts["hour"] is None:
        fact["is_day"] = True
    return fact


def read_offset(written: Any, notes: list[str]) -> int | None:
    """Minutes east of Greenwich; "Z", "+05:45" and "-0330" are understood."""
    if isinstance(written, bytes):
        written = fields.decoded(written)
    if not isinstance(written, str) or not written.strip("\0 :"):
        return None
    parts = _OFFSET.fullmatch(written[:40])
    if parts:
        minutes = 0 if parts[1] else (int(parts[3]) * 60 + int(parts[4])) * (-1 if parts[2] == "-" else 1)
        if WEST <= minutes <= EAST and (parts[1] or int(parts[4]) < 60):
            return minutes
    fields.note(notes, Said("The time zone was left out: %(written)s is no offset.", written=fields.shown(written)))
    return None


def _milliseconds(fraction: Any) -> int:
    """The digits after the point of a second: "7" is 700, "0456" is 45."""
    if isinstance(fraction, bytes):
        fraction = fields.decoded(fraction)
    digits = fraction.strip("\0 ") if isinstance(fraction, str) else ""
    return int(digits[:3].ljust(3, "0")) if digits.isascii() and digits.isdigit() else 0


def utc_fact(moment: datetime, source: str) -> Fact:
    """A fact of a source that counts in UTC; the moment must know its zone, or be UTC."""
    if moment.tzinfo:
        moment = moment.astimezone(UTC)
    return {"utc": wall(moment), "source": source}


def shifted(local: str, minutes: int) -> datetime:
    """A moment so many minutes later, where there is one."""
    moment = datetime.fromisoformat(local)
    try:
        return moment + timedelta(minutes=minutes)
    except OverflowError:
        return moment


def wall(moment: datetime) -> str:
    """What a clock on the wall showed: always 23 characters."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


# --- file names

_DAY = r"(?P<year>19\d\d|20\d\d){0}(?P<month>0[1-9]|1[0-2]){0}(?P<day>0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?P<hour>[01]\d|2[0-3]){0}(?P<minute>[0-5]\d){0}(?P<second>[0-5]\d)"
_SPOKEN = r"(?P<hour>[01]?\d|2[0-3])[-._:](?P<minute>[0-5]\d)[-._:](?P<second>[0-5]\d)"
_THOUSANDTHS = r"(?:[-_.]?(?P<fraction>\d{3}))?"
_CLOSE, _DASHED, _TIME = _DAY.format(""), _DAY.format("[-._]"), _CLOCK.format("")
_CAMERAS = r"(?:IMG|VID|DSC|PIC|MOV|MVIMG|PANO|BURST|WP|DJI|Screenshot|Photo|Video)"
_MESSENGERS = r"(?:IMG|VID|MVIMG|AUD|PTT|STK|DOC|PANO|PIC|WP|Screenshot|Photo|Video|signal)"
_NAMES = tuple(
    (re.compile(rf"(?<![0-9A-Za-z]){pattern}(?![0-9])", re.IGNORECASE), is_utc)
    for pattern, is_utc in (
        # Pixel phones, and some exporters, name files in UTC: PXL_20231006_063000139, UTC-20240413-203430
        (rf"(?:PXL|UTC)[_-]{_CLOSE}[_-]{_TIME}{_THOUSANDTHS}", True),
        # 20240107_110258, IMG_20190101_101112, VID-..., MVIMG_..., 20190101-101112123, WP_20150102_03_04_05
        (rf"{_CLOSE}[-_ T]{_CLOCK.format('[-_]?')}{_THOUSANDTHS}", False),
        # IMG20210203123456: without a camera's word in front this could be any number
        (rf"{_CAMERAS}[-_]?{_CLOSE}{_TIME}{_THOUSANDTHS}", False),
        # Screenshot_2023-05-01-10-11-12, 2024-01-07 11.02.58, photo_2021-01-02_03-04-05, "2023-05-01 at 9.11.12 PM"
        (rf"{_DASHED}(?:[-_T., ]{{1,2}}| \S{{1,4}} ){_SPOKEN}(?:\s?(?P<half>[AP]M)|{_THOUSANDTHS})", False),
        # signal-2021-05-01-101112, signal-2021-05-01-101112-123
        (rf"{_DASHED}[-_ ]{_TIME}{_THOUSANDTHS}", False),
        # WhatsApp knows the day only: IMG-20200920-WA0009; so do IMG_20190518 and 2019-05-18
        (rf"{_MESSENGERS}[-_]{_CLOSE}(?=-WA\d|[^0-9A-Za-z]|$)(?![-_]?\d{{5}})", False),
        (rf"{_DAY.format('-')}(?![-._]?\d)", False),
    )
)  # fmt: skip


def from_filename(name: str) -> Fact | None:
    """The moment a file name states, or None; a name that could as well be a number states none.

    WhatsApp's names and bare days have "is_day"; Pixel's are in UTC, so they come as {"utc": ...}.
    """
    stem = name.rsplit("/", 1)[-1][:255]
    for pattern, is_utc in _NAMES:
        found = pattern.search(stem)
        if not found:
            continue
        parts = found.groupdict()
        hour = int(parts.get("hour") or 0)
        if parts.get("half"):
            hour = hour % 12 + (12 if parts["half"].upper() == "PM" else 0)
        try:
            moment = datetime(
                int(parts["year"]),
                int(parts["month"]),
                int(parts["day"]),
                hour,
                int(parts.get("minute") or 0),
                int(parts.get("second") or 0),
                1000 * int(parts.get("fraction") or 0),
            )
        except ValueError:  # 30 February
            continue
        if is_utc:
            return {"utc": wall(moment), "source": "filename"}
        fact: Fact = {"local": wall(moment), "offset": None, "source": "filename"}
        if "hour" not in parts:
            fact["is_day"] = True
        return fact
    return None


# --- zones


def zone_at(latitude: float | None, longitude: float | None) -> tzinfo | None:
    """The time zone of a place, from the map inside tzfpy; None where there is none or it is unknown here."""
    if latitude is None or longitude is None:
        return None
    import tzfpy

    try:
        name = tzfpy.get_tz(longitude, latitude)
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def real_offset(seconds: float, slack: float) -> int | None:
    """The zone a difference between a wall clock and UTC stands for, in minutes; None when it is near no real zone.

    Clocks drift and a GPS fix is older than the shutter, so up to `slack` seconds are forgiven.
    """
    nearest = min(REAL_OFFSETS, key=lambda minutes: abs(seconds - minutes * 60))
    return nearest if abs(seconds - nearest * 60) <= slack else None


def offset_in(zone: tzinfo | None, local: str) -> int | None:
    """What a clock on the wall of that zone was off UTC, in minutes; None before there was a standard time."""
    if zone is None:
        return None
    try:
        offset = datetime.fromisoformat(local).replace(tzinfo=zone).utcoffset()
    except (ValueError, OverflowError):
        return None
    if offset is None or offset.total_seconds() % 900:
        return None
    return round(offset.total_seconds() / 60)


def _in_zone(utc: str, zone: tzinfo | None) -> tuple[str, int | None]:
    """UTC as a wall clock there; without a zone, as this machine's clock shows it."""
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    try:
        there = moment.astimezone(zone)
        offset = there.utcoffset() or timedelta()
        return wall(there), round(offset.total_seconds() / 60)
    except (OverflowError, ValueError, OSError):  # the first and the last day there is
        return utc, 0


def _seconds_between(local: str, utc: str) -> float:
    return (datetime.fromisoformat(local) - datetime.fromisoformat(utc)).total_seconds()


# --- deciding


def settle(
    embedded: Facts, sidecars: list[Facts], filename: str, modified_ns: int, now: datetime, home: tzinfo | None = None
) -> Facts:
    """Everything known about a photo, decided: one dict, ready for the catalog.

    `embedded` is what embedded.read found; each of `sidecars` carries "kind": "xmp" (read_xmp) or "takeout"
    (read_takeout); `home` is the time zone of the people at home (None: this machine's), which counts only where a
    source gives UTC and neither the photo nor its name says where. `utc_offset` stays None where a clock's zone is
    unknown. Pure: nothing is read but its arguments.
    """
    voices = {
        "sidecar": [each for each in sidecars if each.get("kind") == "xmp"],
        "embedded": [embedded],
        "takeout": [each for each in sidecars if each.get("kind") == "takeout"],
    }
    notes = [note for voice in voices.values() for each in voice for note in each.get("notes") or []]
    facts: Facts = {key: embedded.get(key) for key in OF_THE_FILE}
    facts["latitude"], facts["longitude"], facts["altitude"] = _place(voices)
    for key, order in FIELD_ORDER.items():
        if key not in ("position", "altitude"):
            facts[key] = next(_stated(key, order, voices, embedded), None)
    for key in ("keywords", "people", "regions"):
        facts[key] = facts[key] or []
    for key in ("is_favourite", "is_archived", "is_trashed"):
        facts[key] = bool(facts[key])
    zone = zone_at(facts["latitude"], facts["longitude"])
    candidates = list(_candidates(voices, filename, modified_ns, now, home, notes))
    facts |= _moment(candidates, zone, home)
    facts["notes"] = list(dict.fromkeys(notes))[: 2 * fields.NOTES]
    return facts


def _stated(key: str, order: tuple[str, ...], voices: dict[str, list[Facts]], embedded: Facts) -> Iterator[Any]:
    """What each voice says, in order; regions in a sidecar lie on the stored picture, not on the shown one."""
    for name in order:
        for voice in voices[name]:
            value = voice.get(key)
            if value is None or value == [] or value == "":
                continue
            if key == "regions" and name == "sidecar":
                shape = (embedded.get("width"), embedded.get("height"))
                value = turned(value, embedded.get("orientation") or 1, shape, voice.get("regions_applied_to"))
            yield value


def _knows_the_place_of(takeout: Facts, own: Facts) -> bool:
    """Whether Google read the position in the file that lies there: then where it says the photo was taken may be a
    person's correction. Otherwise the JSON speaks of another file, or was made anonymous."""
    read = takeout.get("camera_position")
    if read is None or own.get("latitude") is None or own.get("longitude") is None:
        return False
    return abs(read[0] - own["latitude"]) < 0.01 and abs(read[1] - own["longitude"]) < 0.01


def _place(voices: dict[str, list[Facts]]) -> tuple[float | None, float | None, float | None]:
    """Position and altitude. Another voice's altitude counts only when it speaks of the same place."""
    own = voices["embedded"][0]
    heard = {**voices, "corrected": [each for each in voices["takeout"] if _knows_the_place_of(each, own)]}
    spoken = [voice for name in FIELD_ORDER["position"] for voice in heard[name]]
    placed = [voice for voice in spoken if voice.get("latitude") is not None and voice.get("longitude") is not None]
    if not placed:
        return None, None, next((voice["altitude"] for voice in spoken if voice.get("altitude") is not None), None)
    latitude, longitude = placed[0]["latitude"], placed[0]["longitude"]
    for voice in placed:
        is_near = abs(voice["latitude"] - latitude) < 0.01 and abs(voice["longitude"] - longitude) < 0.01
        if is_near and voice.get("altitude") is not None:
            return latitude, longitude, voice["altitude"]
    return latitude, longitude, None


def _candidates(
    voices: dict[str, list[Facts]],
    filename: str,
    modified_ns: int,
    now: datetime,
    home: tzinfo | None,
    notes: list[str],
) -> Iterator[Fact]:
    """Every date anybody states, the most believed first (see DATE_ORDER)."""
    stated: list[Fact] = list(voices["embedded"][0].get("dates") or [])
    own_utc = {fact["utc"][:19] for fact in stated if "utc" in fact}
    for sidecar in voices["sidecar"]:
        for fact in sidecar.get("dates") or []:
            if fact.get("offset") is None and fact.get("local", "")[:19] in own_utc:
                continue  # digiKam copies a video's UTC into its sidecar as if it were a wall clock: no correction
            name = str(fact["source"]).replace("xmp", "sidecar", 1)
            stated.append({**fact, "source": name})
    for takeout in voices["takeout"]:
        moment = _from_timestamp(takeout.get("taken_utc"))
        if moment:
            stated.append(utc_fact(moment, "takeout"))
    named = from_filename(filename)
    if named and (named.get("local") or named["utc"]) > wall(now + timedelta(days=1)):
        named = None  # a number that looks like a day to come
    if named:
        stated.append(named)
    stated.append(_file_time(modified_ns, now, home, notes))
    rank = {source: place for place, (source, _) in enumerate(DATE_ORDER)}
    yield from sorted((fact for fact in stated if fact["source"] in rank), key=lambda fact: rank[fact["source"]])


def _from_timestamp(seconds: Any) -> datetime | None:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def _file_time(modified_ns: int, now: datetime, home: tzinfo | None, notes: list[str]) -> Fact:
    """The last resort: the file's own time, or the present where that is 0 (nobody knows it) or still to come."""
    present = now if now.tzinfo else now.astimezone()
    moment = _from_timestamp(modified_ns // 1_000_000 / 1000)
    if moment is None or modified_ns == 0 or moment > present + timedelta(days=1):
        fields.note(
            notes, Said("The file's own time is unknown or lies in the future; the time of import stands in for it.")
        )
        moment = present
    local, offset = _in_zone(wall(moment.astimezone(UTC)), home)
    return {"local": local, "offset": offset, "source": "file time"}


def _moment(candidates: list[Fact], zone: tzinfo | None, home: tzinfo | None) -> Facts:
    """The first candidate, completed by what the others know about the same moment."""
    chosen = candidates[0]
    if "utc" in chosen:
        local, offset = _local_of(chosen["utc"], candidates, zone, home)
    else:
        local, offset = chosen["local"], chosen["offset"]
        if chosen.get("is_day"):
            local, offset = _time_of_day(local, offset, candidates, zone or home)
        local, offset = _agreed(local, offset, candidates)
        if offset is None:
            offset = _offset_by_satellite(local, candidates)
        if offset is None:
            offset = offset_in(zone, local)
        if offset is None:
            offset = _offset_of_writer(candidates)
    return {
        "taken_at": local,
        "utc_offset": offset,
        "taken_at_source": dict(DATE_ORDER)[chosen["source"]],
        "is_guess": chosen["source"] == "file time",
    }


def _agreed(local: str, offset: int | None, candidates: list[Fact]) -> tuple[str, int | None]:
    """A fact of the same second may know the zone or the milliseconds that this one lacks."""
    for other in candidates:
        if other.get("local", "")[:19] == local[:19] and other["source"] != "file time" and not other.get("is_day"):
            if offset is None and other["offset"] != 0:  # programs that know no zone write "Z" as well
                offset = other["offset"]
            local = other["local"] if local.endswith(".000") else local
    return local, offset


def _offset_by_satellite(local: str, candidates: list[Fact]) -> int | None:
    for other in candidates:
        if other["source"] == "gps" and "utc" in other:
            return real_offset(_seconds_between(local, other["utc"]), FIX_AGE)
    return None


def _offset_of_writer(candidates: list[Fact]) -> int | None:
    """The zone of the computer that last wrote the file: where it was edited, and mostly where it was taken too."""
    return next((fact.get("offset") for fact in candidates if fact["source"] == "exif-modified"), None)


def _time_of_day(local: str, offset: int | None, candidates: list[Fact], zone: tzinfo | None) -> tuple[str, int | None]:
    """A day without a time borrows it from the next best fact of that day."""
    for other in candidates:
        if other.get("is_day"):
            continue
        there, its_offset = (other["local"], other["offset"]) if "local" in other else _in_zone(other["utc"], zone)
        if there[:10] == local[:10]:
            return there, its_offset if offset is None else offset
    return local, offset


def _local_of(utc: str, candidates: list[Fact], zone: tzinfo | None, home: tzinfo | None) -> tuple[str, int | None]:
    """UTC as the wall clock where the photo was taken.

    Phones name a video by the wall clock and stamp it in UTC: the difference is the zone. Where both are equal the
    camera may have stamped its wall clock as if it were UTC, so the zone is believed only if it is known to be zero.
    Else the place decides, else the people's own zone.
    """
    for other in candidates:
        if "local" in other and other["source"] == "filename" and not other.get("is_day"):
            offset = real_offset(_seconds_between(other["local"], utc), RECORDING)
            if offset:
                moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
                return wall(moment.astimezone(timezone(timedelta(minutes=offset)))), offset
            if offset == 0:
                there = offset_in(zone, utc) if zone else _in_zone(utc, home)[1]
                return (utc, 0) if there == 0 else (other["local"], offset_in(zone, other["local"]))
    return _in_zone(utc, zone or home)


# --- regions


def turned(regions: list[Facts], orientation: int, shape: tuple[Any, Any], applied_to: Any) -> list[Facts]:
    """Regions of the stored picture as regions of the shown one.

    The MWG schema places regions on the picture as stored. A program that placed them on the picture as shown gives
    itself away by the dimensions it noted, where width and height are swapped.
    """
    if applied_to and orientation >= 5 and all(shape) and applied_to[0] != applied_to[1]:
        is_wide = applied_to[0] > applied_to[1]
        if shape[0] != shape[1] and (shape[0] > shape[1]) == is_wide:
            return regions
    return [{**region, **_turned_box(region, orientation)} for region in regions]


def _turned_box(region: Facts, orientation: int) -> dict[str, float]:
    x, y, w, h = (region[key] for key in "xywh")
    right, below = 1 - x - w, 1 - y - h
    boxes = {
        2: (right, y, w, h),
        3: (right, below, w, h),
        4: (x, below, w, h),
        5: (y, x, h, w),
        6: (below, x, h, w),
        7: (below, right, h, w),
        8: (y, right, h, w),
    }
    return dict(zip("xywh", (round(each, 6) for each in boxes.get(orientation, (x, y, w, h))), strict=True))
