"""One field of hostile metadata at a time: a value that is safe to keep, or nothing.

Cameras, editors and attackers all write into the same few fields. What EXIF, IPTC, XMP and video atoms have in
common is cleaned here, so that each of those rooms only knows its own layout.
"""

import math
import re
from collections.abc import Iterable
from typing import Any

from photolib.said import Said

LINE = 300  # characters of a title, a name or a keyword
PROSE = 10_000  # characters of a description
KEYWORDS = 500
NOTES = 50

FARTHEST_UP = 100_000.0  # metres: nothing anybody photographs from lies higher
FARTHEST_DOWN = -12_000.0  # the deepest sea

# What cameras write into the description when nobody has written one.
_NOBODY_WROTE = re.compile(
    r"""(?ix)
        (?: (?: olympus | konica | minolta | kodak | pentax | casio | nikon | canon | fuji(film)? | samsung | sanyo | ricoh
          | jenoptik | agfa | epson | sony | panasonic | toshiba | kyocera | benq | leica | vivitar | polaroid | hp | general
          | electric | hewlett-packard ) \s )* digital \s? (?: still \s? )? camera
      | sony \s dsc | minolta \s dsc | exif[_ ]jpeg[_ ]picture | samsung (?: \s camera \s pictures )? | dcim.*
      | my \s beautiful \s picture | user \s? comments? | binary \s comment | charset=.* | asc?ii | default | untitled
      | creator: .* | (?: created | edited | processed | compressed | optimized | converted ) \s (?: with | by | using ) .*
      | file \s source: .* | lavc[\d.]+ | applemark | lead \s technologies .* | cmp\d[\d.]+\S* .* | [0-9a-f]{32,}
      | oppo_\d+ | cof | dav | rhdr | hdr | sdr | oznor\w* | oz_?\w{0,3} | mde | edf | ptr | fbt | bst | btf | bsty | _?cuva
    """
)
_BLANKS = re.compile(r"[ \t\f\v\u00a0]+")
_COMPANY = re.compile(
    r"(?i)[\s,]+(?:corporation|corp|company|co|ltd|inc|gmbh|ag|kg|limited|optical|imaging|computer|electric|electronics|"
    r"techwin|technologies|technology|communications?|mobile|camera)(?=[\s,.]|$)\.?"
)
_MAKES = {"eastman kodak": "Kodak", "lge": "LG", "hmd global": "Nokia", "asahi": "Pentax", "dji": "DJI"}


def text(value: Any, limit: int = LINE) -> str | None:
    """Clean text of at most `limit` characters, or None when nothing readable is left.

    Bytes are UTF-8 if they can be, else Western European. Control characters and half characters go; a line break
    stays only where prose is expected, so that a title can never be two lines.
    """
    if isinstance(value, bytes):
        value = decoded(value[: limit * 4 + 4])
    if not isinstance(value, str):
        return None
    value = value[: limit * 2].split("\0", 1)[0].replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(each if _is_printable(each) else " " for each in value)
    lines = [_BLANKS.sub(" ", line).strip() for line in kept.split("\n")]
    cleaned = ("\n" if limit >= PROSE else " ").join(lines).strip()
    if len(cleaned) > limit:
        cleaned = cleaned[: limit - 1].rstrip() + "…"
    return cleaned or None


def decoded(value: bytes) -> str:
    """Bytes as text; the fields say nowhere in which encoding they were written."""
    value = value.split(b"\0", 1)[0]
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.start >= len(value) - 3 and problem.start > 0 and problem.reason == "unexpected end of data":
            return value[: problem.start].decode("utf-8")  # cut in the middle of a character
    return value.decode("cp1252", "replace").replace("\ufffd", "")


def _is_printable(character: str) -> bool:
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return character == "\n" or character == "\t"
    return not (0xD800 <= code < 0xE000 or code in (0xFEFF, 0xFFFE, 0xFFFF, 0x202D, 0x202E))


def prose(value: Any) -> str | None:
    """A description somebody wrote; what the camera put there by itself is none."""
    cleaned = text(value, PROSE)
    return cleaned if cleaned and _is_written_by_somebody(cleaned) else None


def title(value: Any) -> str | None:
    """A title somebody wrote, in one line."""
    cleaned = text(value)
    return cleaned if cleaned and _is_written_by_somebody(cleaned) else None


def _is_written_by_somebody(cleaned: str) -> bool:
    return len(cleaned) > 80 or not _NOBODY_WROTE.fullmatch(cleaned)


def words(values: Iterable[Any]) -> list[str]:
    """Clean, different, in the order they came, and not endlessly many."""
    found: dict[str, None] = {}
    for value in values:
        cleaned = text(value)
        if cleaned:
            found.setdefault(cleaned)
            if len(found) >= KEYWORDS:
                break
    return list(found)


def number(value: Any, low: float = -math.inf, high: float = math.inf) -> float | None:
    """A finite number between the bounds; "28/10" and pairs of numerator and denominator are numbers too."""
    try:
        if isinstance(value, bytes):
            value = value.decode("ascii")
        if isinstance(value, str):
            above, slash, below = value.strip()[:50].partition("/")
            result = float(above) / float(below) if slash else float(above)
        elif isinstance(value, tuple) and len(value) == 2:
            result = value[0] / value[1]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            result = float(value)
        else:
            return None
    except (ValueError, ArithmeticError, TypeError):
        return None
    return result if math.isfinite(result) and low <= result <= high else None


def whole(value: Any, low: int, high: int) -> int | None:
    """A whole number between the bounds."""
    found = number(value, low, high)
    return round(found) if found is not None else None


def rounded(value: float | None, digits: int) -> float | None:
    """Fewer digits: cameras state 3.0000001."""
    return None if value is None else round(value, digits)


def rating(value: Any, notes: list[str]) -> int | None:
    """Stars: -1 is rejected, 0 unrated, up to 5."""
    if value is None or value == "":
        return None
    stars = number(value)
    if stars is None or not -1 <= round(stars) <= 5:
        note(notes, Said("The rating was left out: %(value)s is none between -1 and 5.", value=shown(value)))
        return None
    return round(stars)


def rating_of_percent(value: Any) -> int | None:
    """Microsoft's percentages as stars: 1, 25, 50, 75, 99 are one to five."""
    percent = number(value, 0, 100)
    if percent is None:
        return None
    return 0 if percent == 0 else 1 + round((percent - 1) / 24.5)


def position(latitude: float | None, longitude: float | None, notes: list[str]) -> tuple[float, float] | None:
    """A place on Earth, rounded to a centimetre, or None with a note."""
    if latitude is None or longitude is None:
        return None
    if latitude == 0 and longitude == 0:
        note(notes, Said("The GPS position was left out: exactly 0, 0 is what devices write without a fix."))
        return None
    if not -90 <= latitude <= 90:
        note(
            notes, Said("The GPS position was left out: there is no latitude %(latitude)s.", latitude=f"{latitude:.6g}")
        )
        return None
    if not -180 <= longitude <= 180:
        note(
            notes,
            Said("The GPS position was left out: there is no longitude %(longitude)s.", longitude=f"{longitude:.6g}"),
        )
        return None
    return round(latitude, 7), round(longitude, 7)


def altitude(metres: float | None, notes: list[str]) -> float | None:
    """Metres above the sea, or None with a note."""
    if metres is None:
        return None
    if not FARTHEST_DOWN <= metres <= FARTHEST_UP:
        note(notes, Said("The altitude was left out: nobody photographs from %(metres)s m.", metres=f"{metres:.6g}"))
        return None
    return round(metres, 2)


def camera(make: Any, model: Any) -> tuple[str | None, str | None]:
    """Maker and model as people say them: "NIKON CORPORATION", "NIKON D300" is Nikon, D300."""
    maker, name = text(make, 100), text(model, 100)
    if maker:
        shortened = maker
        for _ in range(4):  # "CASIO COMPUTER CO.,LTD." wears four coats
            shortened = _COMPANY.sub("", shortened).strip(" ,.")
        shortened = _MAKES.get(shortened.lower(), shortened) or maker
        if shortened.lower() == shortened or (shortened.upper() == shortened and len(shortened) > 4):
            shortened = shortened.title()
        maker = "Sony" if shortened == "SONY" else shortened
        if name:
            for prefix in (make if isinstance(make, str) else "", text(make, 100) or "", shortened):
                if prefix and name.lower().startswith(prefix.strip().lower() + " "):
                    name = name[len(prefix.strip()) :].strip() or name
    return maker, name


def shown(value: Any) -> str:
    """A stranger's value, short enough to stand in a sentence."""
    if isinstance(value, bytes):
        value = decoded(value[:80])
    return f"“{text(str(value)[:200], 40) or ''}”"


def note(notes: list[str], sentence: str) -> None:
    """Say what was left out, once, and not endlessly."""
    if sentence not in notes and len(notes) < NOTES:
        notes.append(sentence)
