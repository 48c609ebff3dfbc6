"""Dates as people say them, English and German: "June 2019", "letzten Sommer", "christmas 2020", "vor drei Jahren", "80er".

Plain functions over folded words. Seasons are those of the northern half of the world, in whole months.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from photolib.said import Said
from photolib.search.grammar import When, moment
from photolib.search.wording import word_set

EARLIEST_YEAR = 1826  # the first photograph that has lasted

_MONTHS = (
    "january januar jan janner", "february februar feb feber", "march marz maerz mar", "april apr", "may mai", "june juni jun",
    "july juli jul", "august aug", "september sep sept", "october oktober oct okt", "november nov", "december dezember dec dez",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_ONLY_WITH_YEAR = word_set("may mai jan feb mar apr jun jul aug sep sept oct okt nov dec dez march")
_ENGLISH = (
    Said("January"), Said("February"), Said("March"), Said("April"), Said("May"), Said("June"),
    Said("July"), Said("August"), Said("September"), Said("October"), Said("November"), Said("December"),
)  # fmt: skip

# As they are written, for suggestions.
TIMES_OF_YEAR = (
    *_ENGLISH, "Januar", "Februar", "März", "Mai", "Juni", "Juli", "Oktober", "Dezember", "Spring", "Summer", "Autumn", "Winter",
    "Frühling", "Sommer", "Herbst", "Christmas", "Weihnachten", "Easter", "Ostern", "Halloween", "Silvester",
)  # fmt: skip

_SPRING, _SUMMER = (3, Said("Spring")), (6, Said("Summer"))
_AUTUMN, _WINTER = (9, Said("Autumn")), (12, Said("Winter"))
SEASONS = {
    "spring": _SPRING, "fruhling": _SPRING, "fruehling": _SPRING, "fruhjahr": _SPRING, "fruehjahr": _SPRING, "summer": _SUMMER,
    "sommer": _SUMMER, "autumn": _AUTUMN, "fall": _AUTUMN, "herbst": _AUTUMN, "winter": _WINTER,
}  # fmt: skip

# First and last day of those that come every year at the same time.
_CHRISTMAS, _NEW_YEARS_EVE, _NEW_YEAR = ("12-24", "12-26"), ("12-31", "12-31"), ("01-01", "01-01")
_HALLOWEEN, _VALENTINE, _NICHOLAS = ("10-31", "10-31"), ("02-14", "02-14"), ("12-06", "12-06")
FEASTS = {
    "christmas": _CHRISTMAS, "xmas": _CHRISTMAS, "weihnachten": _CHRISTMAS, "christmas eve": ("12-24", "12-24"),
    "heiligabend": ("12-24", "12-24"), "new years eve": _NEW_YEARS_EVE, "new year s eve": _NEW_YEARS_EVE, "silvester": _NEW_YEARS_EVE,
    "new year": _NEW_YEAR, "new years day": _NEW_YEAR, "neujahr": _NEW_YEAR, "halloween": _HALLOWEEN,
    "valentines day": _VALENTINE, "valentine s day": _VALENTINE, "valentinstag": _VALENTINE, "nikolaus": _NICHOLAS,
}  # fmt: skip
# Days from Easter Sunday.
_MOVABLE = {
    "easter": (-2, 1), "ostern": (-2, 1), "pfingsten": (49, 50), "pentecost": (49, 50), "whitsun": (49, 50), "karneval": (-52, -46),
    "carnival": (-52, -46), "fasching": (-52, -46),
}  # fmt: skip

_LAST = word_set("last letzte letzten letztes letzter vergangene vergangenen vergangenes vorige voriges vorigen")
_THIS = word_set("this diese diesen dieses dieser diesem")
IN = word_set("in im during of from on at an am zu uber ueber over wahrend waehrend vom aus the den der dem")
_UNITS = {
    "day": "day", "days": "day", "tag": "day", "tage": "day", "tagen": "day", "week": "week", "weeks": "week", "woche": "week",
    "wochen": "week", "month": "month", "months": "month", "monat": "month", "monate": "month", "monaten": "month",
    "year": "year", "years": "year", "jahr": "year", "jahre": "year", "jahren": "year", "weekend": "weekend",
    "wochenende": "weekend",
}  # fmt: skip
_NUMBERS = (
    "one a an ein eine einem einer", "two zwei", "three drei", "four vier", "five funf fuenf", "six sechs", "seven sieben",
    "eight acht", "nine neun", "ten zehn",
)  # fmt: skip
_COUNTS = {word: number for number, forms in enumerate(_NUMBERS, 1) for word in forms.split()}
_BOUNDS = {
    "before": "before", "vor": "before", "after": "after", "nach": "after", "since": "since", "seit": "since", "ab": "since",
    "until": "until", "bis": "until",
}  # fmt: skip


@dataclass(frozen=True)
class Recognised:
    """A date that was recognised: how many words it took, what it means, and how it is shown. sure: not to be taken for a word."""

    length: int
    when: When
    text: str
    is_sure: bool = True


def recognise(words: Sequence[str], today: date) -> Recognised | None:
    """The longest date that these folded words begin with; None when they begin with none."""
    for read in (_between, _bounded, _ago, _relative, _absolute):
        if (said := read(words, today)) is not None:
            return said
    return None


def _between(words: Sequence[str], today: date) -> Recognised | None:
    """2018 to 2020, zwischen 2018 und 2020, 2018-2020."""
    span = re.fullmatch(r"(\d{4})[-–](\d{4})", words[0], re.ASCII) if words else None
    if span and span[1] < span[2] and _is_year(span[1], today) and _is_year(span[2], today):
        return Recognised(1, When("on", span[1], span[2]), _span(span[1], span[2]))
    start = 1 if words and words[0] in ("between", "zwischen", "from", "von") else 0
    first = _absolute(words[start:], today)
    if first is None:
        return None
    at = start + first.length
    joins = ("and", "und") if start and words[0] in ("between", "zwischen") else ("to", "bis", "until")
    if at >= len(words) or words[at] not in joins:
        return None
    last = _absolute(words[at + 1 :], today)
    if last is None or first.when.first.startswith("*") or last.when.first.startswith("*"):
        return None
    when = When("on", min(first.when.first, last.when.first), max(first.when.last, last.when.last))
    return Recognised(at + 1 + last.length, when, _span(first.text, last.text))


def _bounded(words: Sequence[str], today: date) -> Recognised | None:
    """before 2019, seit Juni 2020."""
    if not words or words[0] not in _BOUNDS:
        return None
    said = _absolute(words[1:], today)
    if said is None or not said.is_sure or said.when.first.startswith("*"):
        return None
    name = _BOUNDS[words[0]]
    bounds = {
        "before": When("before", said.when.first, said.when.first),
        "after": When("after", said.when.last, said.when.last),
        "since": When("since", said.when.first, said.when.first),
        "until": When("on", "", said.when.last),
    }
    texts = {
        "before": Said("before %(when)s", when=said.text),
        "after": Said("after %(when)s", when=said.text),
        "since": Said("since %(when)s", when=said.text),
        "until": Said("until %(when)s", when=said.text),
    }
    return Recognised(1 + said.length, bounds[name], texts[name])


def _ago(words: Sequence[str], today: date) -> Recognised | None:
    """three years ago, vor drei Jahren, last 30 days, die letzten 30 Tage."""
    for pattern in (("n", "unit", "ago"), ("vor", "n", "unit")):
        if len(words) >= 3:
            given = dict(zip(pattern, words, strict=False))
            count, unit = _count(given["n"]), _UNITS.get(given["unit"])
            if count and unit and all(given[fixed] == fixed for fixed in pattern if fixed in ("ago", "vor")):
                first, last = _around(today, unit, count)
                return Recognised(3, _on(first, last), _ago_in_words(count, unit))
    if len(words) >= 3 and words[0] in _LAST and (count := _count(words[1])) and (unit := _UNITS.get(words[2])):
        first, _ = _around(today, unit, count)
        start = today - timedelta(days=count * {"day": 1, "week": 7}.get(unit, 0)) if unit in ("day", "week") else first
        return Recognised(3, When("since", start.isoformat(), start.isoformat()), _last_in_words(count, unit))
    return None


def _relative(words: Sequence[str], today: date) -> Recognised | None:
    """today, gestern, last week, this summer, letzte Weihnachten."""
    if not words:
        return None
    for names, days, text in ((("today", "heute"), 0, Said("today")), (("yesterday", "gestern"), 1, Said("yesterday"))):
        if words[0] in names:
            day = today - timedelta(days)
            return Recognised(1, _on(day, day), text)
    if len(words) < 2 or words[0] not in _LAST | _THIS:
        return None
    is_last = words[0] in _LAST
    if unit := _UNITS.get(words[1]):
        first, last = _around(today, unit, int(is_last))
        return Recognised(2, _on(first, last), _NEAR[unit][is_last])
    for length in (3, 2, 1):
        name = " ".join(words[1 : 1 + length])
        if len(words) <= length:
            continue
        for year in (today.year, today.year - 1, today.year - 2):
            when = _in_year(name, year)
            if when is None:
                break
            started = when.first if len(when.first) > 7 else f"{when.first}-01"
            ended = when.last if len(when.last) > 7 else f"{when.last}-31"
            if (ended < today.isoformat()) if is_last else (year == today.year or started <= today.isoformat()):
                text = Said("this %(name)s (%(year)s)", name=_shown(name), year=str(year))
                if is_last:
                    text = Said("last %(name)s (%(year)s)", name=_shown(name), year=str(year))
                return Recognised(1 + length, when, text)
    return None


def _absolute(words: Sequence[str], today: date) -> Recognised | None:
    """2019, June 2019, 14 June 2019, 14.6.2019, summer 2019, christmas 2019, the 90s, and June or summer of any year."""
    if not words:
        return None
    word = words[0].rstrip(".")
    following = words[1] if len(words) > 1 else ""
    if len(word) > 4 and (given := moment(word)) and given[:4].isdigit() and _is_year(given[:4], today):
        return Recognised(1, When("on", given, given), given)
    if match := re.fullmatch(r"(19|20)?(\d0)(?:s|er|ern)", word, re.ASCII):
        century = match[1] or ("20" if int(match[2]) <= today.year % 100 and int(match[2]) < 30 else "19")
        decade = f"{century}{match[2]}"
        return Recognised(1, When("on", decade, f"{decade[:3]}9"), Said("the %(decade)ss", decade=decade))
    if _is_year(word, today):
        return Recognised(1, When("on", word, word), word)
    if (day := _day(word)) and following.rstrip(".") in MONTHS:  # 14 June 2019
        return _day_of(day, MONTHS[following.rstrip(".")], words[2:], 2, today)
    for length in (3, 2, 1):
        name = " ".join(each.rstrip(".") for each in words[:length])
        if len(words) < length or (
            name not in MONTHS and name not in SEASONS and name not in FEASTS and name not in _MOVABLE
        ):
            continue
        rest = words[length:]
        if name in MONTHS and rest and (day := _day(rest[0])):  # June 14, 2019
            said = _day_of(day, MONTHS[name], rest[1:], 2, today)
            if said is not None:
                return said
        skip = 1 if len(rest) > 1 and rest[0] in ("of", "im", "in") else 0
        if len(rest) > skip and (year := _year_of(rest[skip], today)):
            when = _in_year(name, year)
            return (
                Recognised(length + skip + 1, when, Said("%(name)s %(year)s", name=_shown(name), year=str(year)))
                if when
                else None
            )
        every = _every_year(name)
        if every is not None and name not in _ONLY_WITH_YEAR | {"fall"}:
            return Recognised(length, every, Said("%(name)s, any year", name=_shown(name)), is_sure=name in MONTHS)
        if every is not None and name in ("may", "mai", "march"):
            return Recognised(length, every, Said("%(name)s, any year", name=_shown(name)), is_sure=False)
    return None


def _day_of(day: int, month: int, rest: Sequence[str], length: int, today: date) -> Recognised | None:
    if rest and _is_year(rest[0], today):
        given = moment(f"{rest[0]}-{month}-{day}")
        return Recognised(length + 1, When("on", given, given), given) if given else None
    given = moment(f"2000-{month}-{day}")
    text = Said("%(day)s %(month)s", day=day, month=_ENGLISH[month - 1])
    return Recognised(length, When("on", "*" + given[4:], "*" + given[4:]), text) if given else None


def _in_year(name: str, year: int) -> When | None:
    """A month, season or feast of one year; winter 2019 is the one that begins in December 2019."""
    if name in MONTHS:
        return When("on", f"{year}-{MONTHS[name]:02}", f"{year}-{MONTHS[name]:02}")
    if name in SEASONS:
        first = SEASONS[name][0]
        return When("on", f"{year}-{first:02}", f"{year}-{first + 2:02}" if first < 12 else f"{year + 1}-02")
    if name in FEASTS:
        return When("on", f"{year}-{FEASTS[name][0]}", f"{year}-{FEASTS[name][1]}")
    if name in _MOVABLE:
        sunday = easter(year)
        return _on(*(sunday + timedelta(days) for days in _MOVABLE[name]))
    return None


def _every_year(name: str) -> When | None:
    if name in MONTHS:
        return When("on", f"*-{MONTHS[name]:02}", f"*-{MONTHS[name]:02}")
    if name in SEASONS:
        first = SEASONS[name][0]
        return When("on", f"*-{first:02}", f"*-{(first + 1) % 12 + 1:02}")
    if name in FEASTS:
        return When("on", f"*-{FEASTS[name][0]}", f"*-{FEASTS[name][1]}")
    return None


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _shown(name: str) -> str:
    if name in MONTHS:
        return _ENGLISH[MONTHS[name] - 1]
    return SEASONS[name][1] if name in SEASONS else name.capitalize()


def _span(first: str, last: str) -> str:
    return Said("%(first)s to %(last)s", first=first, last=last)


def _ago_in_words(count: int, unit: str) -> str:
    if count == 1:
        return _ONE_AGO[unit]
    return {
        "day": Said("%(count)s days ago", count=count),
        "week": Said("%(count)s weeks ago", count=count),
        "weekend": Said("%(count)s weekends ago", count=count),
        "month": Said("%(count)s months ago", count=count),
        "year": Said("%(count)s years ago", count=count),
    }[unit]


def _last_in_words(count: int, unit: str) -> str:
    return {
        "day": Said("last %(count)s days", count=count),
        "week": Said("last %(count)s weeks", count=count),
        "weekend": Said("last %(count)s weekends", count=count),
        "month": Said("last %(count)s months", count=count),
        "year": Said("last %(count)s years", count=count),
    }[unit]


_ONE_AGO = {
    "day": Said("1 day ago"), "week": Said("1 week ago"), "weekend": Said("1 weekend ago"),
    "month": Said("1 month ago"), "year": Said("1 year ago"),
}  # fmt: skip
# This one, and the last one.
_NEAR = {
    "day": (Said("this day"), Said("last day")), "week": (Said("this week"), Said("last week")),
    "weekend": (Said("this weekend"), Said("last weekend")), "month": (Said("this month"), Said("last month")),
    "year": (Said("this year"), Said("last year")),
}  # fmt: skip


def _on(first: date, last: date) -> When:
    return When("on", first.isoformat(), last.isoformat())


def _around(today: date, unit: str, back: int) -> tuple[date, date]:
    """The first and last day of the day, week, weekend, month or year so many back."""
    if unit == "day":
        day = today - timedelta(min(back, 36500))
        return day, day
    if unit in ("week", "weekend"):
        monday = today - timedelta(today.weekday() + 7 * min(back, 5000))
        return (monday if unit == "week" else monday + timedelta(5)), monday + timedelta(6)
    if unit == "month":
        months = max(today.year * 12 + today.month - 1 - back, 12)
        first = date(months // 12, months % 12 + 1, 1)
        return first, (first + timedelta(31)).replace(day=1) - timedelta(1)
    year = max(today.year - back, 1)
    return date(year, 1, 1), date(year, 12, 31)


def _is_year(text: str, today: date) -> bool:
    return bool(re.fullmatch(r"\d{4}", text, re.ASCII)) and EARLIEST_YEAR <= int(text) <= today.year + 1


def _year_of(text: str, today: date) -> int | None:
    """2019, or the first of 2019/20 and 2019/2020."""
    match = re.fullmatch(r"(\d{4})(?:/\d{2}|/\d{4})?", text, re.ASCII)
    return int(match[1]) if match and _is_year(match[1], today) else None


def _day(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|\.)?", text, re.ASCII)
    return int(match[1]) if match and 1 <= int(match[1]) <= 31 else None


def _count(text: str) -> int | None:
    if re.fullmatch(r"\d{1,3}", text, re.ASCII):
        return int(text) or None
    return _COUNTS.get(text)
