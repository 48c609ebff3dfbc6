"""Bodies in JSON as routes may take them: nothing nested without end, no number that the database cannot hold, no halves of characters."""

import json
import re
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

LEAST, MOST = -(2**63), 2**63 - 1  # what a column holds
LONGEST_NUMBER = len(str(LEAST))
HALF = re.compile("[\ud800-\udfff]")


class SaidInJson(DefaultJSONProvider):
    """What cannot be meant is a ValueError, as is what is no JSON: such a body is answered with 400."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        text = (
            s.decode("utf-8-sig") if isinstance(s, bytes) else s
        )  # strictly: json itself would let halves of characters pass
        try:
            found = json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_refuse, **options)
            return _mended(found) if "\\ud" in text.lower() else found  # JSON can write halves as escapes only
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER or not LEAST <= int(text) <= MOST:
        raise ValueError("a number is too large")
    return int(text)


def _number(text: str) -> float | int:
    """1.0 is a whole number, as JSON Schema has it: some programs know no others."""
    found = float(text)
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")  # NaN and the infinities, which Python alone writes


def _mended(value: Any) -> Any:
    """The same with a mark for each half of a character that stands alone, which no text outside of this program can hold."""
    if isinstance(value, str):
        return HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(each) for name, each in value.items()}
    return value
