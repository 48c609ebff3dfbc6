"""Dates for photos whose date is only a guess: what names, folders and neighbours say, for a person to accept."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from photolib import sources
from photolib.metadata import dates
from photolib.scopes import GUESSED

NAME, NEIGHBOURS, SIBLINGS, FOLDER = "name", "neighbours", "siblings", "folder"  # where a suggestion comes from
NEAR = 20  # numbers that two files of a camera may lie apart to be thought of one time
SAME_EVENT = timedelta(days=3)  # dated photos of a folder that lie no further apart say when the others were taken
FEWEST_SIBLINGS = 3  # one dated photo may have got into a folder by chance
MOST_SIBLINGS = 2000  # files of a folder that are looked at

_FIRST_YEAR = 1826  # of photography
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero", "february feb februar février fevrier febrero", "march mar märz maerz mars marzo",
            "april apr avril abril", "may mai mayo", "june jun juni juin junio", "july jul juli juillet julio",
            "august aug août aout agosto", "september sep sept septembre septiembre", "october oct oktober okt octobre octubre",
            "november nov novembre noviembre", "december dec dezember dez décembre decembre diciembre",
        ), 1,
    )
    for name in names.split()
}  # fmt: skip
_YEAR = r"(?P<year>1[89]\d\d|20\d\d)"
_NUMBERED = re.compile(
    rf"(?<!\d){_YEAR}(?:[-_. ]?(?P<month>0[1-9]|1[0-2])(?:[-_. ]?(?P<day>0[1-9]|[12]\d|3[01]))?)?(?![\dx×])"
)
_GERMAN = re.compile(rf"(?<!\d)(?:(?P<day>[0-3]?\d)\.)?(?P<month>[01]?\d)\.{_YEAR}(?!\d)")
_WORDED = re.compile(
    rf"(?P<word>[^\W\d_]{{3,10}})[ ._,-]*(?P<after>1[89]\d\d|20\d\d)|{_YEAR}[ ._,-]*(?P<then>[^\W\d_]{{3,10}})"
)
_NUMBER = re.compile(r"^(?P<before>.*?)(?P<number>\d{2,6})(?P<rest>\D*)$")


@dataclass(frozen=True)
class Span:
    """A time that words name: a day, a month or a year. start is its first moment, end the first after it."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Suggestion:
    """taken_at: local wall time; why: NAME, NEIGHBOURS, SIBLINGS or FOLDER; precision: "moment", "day", "month" or "year".

    says: the name of the file or folder it was read from.
    """

    photo_id: int
    taken_at: str
    why: str
    precision: str
    says: str


@dataclass(frozen=True)
class _File:
    photo_id: int
    folder_id: int
    folder: str
    name: str
    taken_at: datetime
    is_guessed: bool


def suggestions(db: Database, owner_id: int, photo_ids: Sequence[int]) -> dict[int, Suggestion]:
    """The best date for each of an owner's photos for which something speaks; photos without any are left out."""
    files = _files(db, owner_id, photo_ids)
    beside = {
        folder_id: _beside(db, owner_id, folder_id) for folder_id in dict.fromkeys(each.folder_id for each in files)
    }
    found: dict[int, Suggestion] = {}
    order = (NAME, NEIGHBOURS, SIBLINGS, FOLDER)
    for file in files:
        for each in _of_file(file, beside[file.folder_id]):
            known = found.get(file.photo_id)
            if known is None or order.index(each.why) < order.index(known.why):
                found[file.photo_id] = each
    return found


def _files(db: Database, owner_id: int, photo_ids: Sequence[int]) -> list[_File]:
    rows: list[Any] = []
    for start in range(0, len(photo_ids), 500):
        some = list(photo_ids[start : start + 500])
        rows += db.conn.execute(
            f"""select photo_id, folder_id, folders.path, name, shown_at, taken_at_source
                from sources join photos on photos.id = photo_id join folders on folders.id = folder_id
                where photo_id in ({", ".join("?" * len(some))}) and photos.owner_id = ? order by sources.id""",
            (*some, owner_id),
        ).fetchall()
    return [_file(row) for row in rows]


def _beside(db: Database, owner_id: int, folder_id: int) -> list[_File]:
    """The dated photos of a folder."""
    marks = ", ".join("?" * len(GUESSED))
    rows = db.conn.execute(
        f"""select photo_id, folder_id, folders.path, name, shown_at, taken_at_source
            from sources join photos on photos.id = photo_id join folders on folders.id = folder_id
            where folder_id = ? and photos.owner_id = ? and taken_at_source not in ({marks}) limit ?""",
        (folder_id, owner_id, *GUESSED, MOST_SIBLINGS),
    ).fetchall()
    return [_file(row) for row in rows]


def _file(row: Sequence[Any]) -> _File:
    folder, name = sources.shown_name(row[2]), sources.shown_name(row[3])
    if row[2].startswith(sources.UPLOADS):
        folder = "/".join(
            folder.split("/")[2:]
        )  # without the day they were added, which says nothing of when they were taken
    return _File(row[0], row[1], folder, name, datetime.fromisoformat(row[4]), row[5] in GUESSED)


# ---------------------------------------------------------------- what speaks for a date


def _of_file(file: _File, beside: Sequence[_File]) -> Iterable[Suggestion]:
    fact = dates.from_filename(file.name)
    if fact is not None:
        precision = "day" if fact.get("is_day") else "moment"
        taken_at = fact.get("local") or fact["utc"]
        if precision == "day":
            taken_at = dates.wall(_within(_day(datetime.fromisoformat(taken_at)), file.taken_at))
        yield Suggestion(file.photo_id, taken_at, NAME, precision, file.name)
    if (moment := _between_neighbours(file, beside)) is not None:
        yield Suggestion(file.photo_id, dates.wall(moment[0]), NEIGHBOURS, "moment", moment[1])
    if not file.folder:
        return  # added in the browser one by one: together by chance
    if len(beside) >= FEWEST_SIBLINGS:
        moments = sorted(each.taken_at for each in beside)
        if moments[-1] - moments[0] <= SAME_EVENT:
            middle = moments[len(moments) // 2]
            yield Suggestion(file.photo_id, dates.wall(middle), SIBLINGS, "day", _last(file.folder))
    if (said := named_span(file.folder)) is not None:
        span, name = said
        length = span.end - span.start
        precision = "day" if length <= timedelta(days=1) else "month" if length <= timedelta(days=31) else "year"
        yield Suggestion(file.photo_id, dates.wall(_within(span, file.taken_at)), FOLDER, precision, name)


def _between_neighbours(file: _File, beside: Sequence[_File]) -> tuple[datetime, str] | None:
    """A camera counts its files: those before and after this one were taken before and after it, on the same occasion."""
    mine = _NUMBER.match(_stem(file.name))
    if mine is None:
        return None
    near: list[tuple[int, _File]] = []
    for each in beside:
        other = _NUMBER.match(_stem(each.name))
        if other and (other["before"].lower(), other["rest"].lower()) == (mine["before"].lower(), mine["rest"].lower()):
            apart = int(other["number"]) - int(mine["number"])
            if apart and abs(apart) <= NEAR:
                near.append((apart, each))
    below = max((each for each in near if each[0] < 0), key=lambda each: each[0], default=None)
    above = min((each for each in near if each[0] > 0), key=lambda each: each[0], default=None)
    if below and above and timedelta() <= above[1].taken_at - below[1].taken_at <= SAME_EVENT:
        share = -below[0] / (above[0] - below[0])
        return below[1].taken_at + (above[1].taken_at - below[1].taken_at) * share, below[1].name
    nearest = min((each for each in (below, above) if each), key=lambda each: abs(each[0]), default=None)
    if nearest and not (below and above):
        return nearest[1].taken_at, nearest[1].name
    return None


def named_span(folder: str) -> tuple[Span, str] | None:
    """The time that the names of a folder, or of those it lies in, say: "2014-08 Italy", "August 2014", "2014/08". And the name."""
    names = [each for each in folder.replace("!/", "/").split("/") if each]
    for at in range(len(names) - 1, max(-1, len(names) - 4), -1):
        if (span := _span_in(names[at])) is not None:
            return span, names[at]
        if re.fullmatch(r"0[1-9]|1[0-2]", names[at]) and at and re.fullmatch(_YEAR, names[at - 1]):
            return _month(int(names[at - 1]), int(names[at])), f"{names[at - 1]}/{names[at]}"
    return None


def _span_in(name: str) -> Span | None:
    for pattern in (_GERMAN, _NUMBERED):
        for found in pattern.finditer(name):
            parts = found.groupdict()
            if (span := _span(int(parts["year"]), parts["month"], parts["day"])) is not None:
                if not parts["month"] and (worded := _worded(name)) is not None:
                    return worded
                return span
    return None


def _worded(name: str) -> Span | None:
    for found in _WORDED.finditer(name):
        word, year = found["word"] or found["then"], found["after"] or found["year"]
        month = _MONTHS.get(word.lower())
        if month:
            return _month(int(year), month)
    return None


def _span(year: int, month: str | None, day: str | None) -> Span | None:
    if not _FIRST_YEAR <= year <= datetime.now().year:
        return None
    try:
        if day:
            return _day(datetime(year, int(month or 0), int(day)))
        if month:
            return _month(year, int(month))
    except ValueError:
        return None
    return Span(datetime(year, 1, 1), datetime(year + 1, 1, 1))


def _day(moment: datetime) -> Span:
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(start, start + timedelta(days=1))


def _month(year: int, month: int) -> Span:
    start = datetime(year, month, 1)
    return Span(start, datetime(year + month // 12, month % 12 + 1, 1))


def _within(span: Span, guessed: datetime) -> datetime:
    """The guess where it fits what was said; else noon of the first day."""
    return guessed if guessed in span else span.start + timedelta(hours=12)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _last(folder: str) -> str:
    return folder.rstrip("/").rpartition("/")[2]
