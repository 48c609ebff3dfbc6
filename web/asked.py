"""What a request asks for, read and checked: its query, its form and its JSON. Everything here raises BadInput with a sentence."""

import re
from typing import Any

from flask import request

from photolib.errors import BadInput

LARGEST = 2**63 - 1  # number that a database column holds
LARGEST_LIST = 4 << 20  # bytes that the ids of MOST photos may take
MOST = 100_000  # photos in one request
PAGE, LONGEST_PAGE = 100, 500  # of a list in the API


# ---------------------------------------------------------------- the query


def number(name: str) -> int | None:
    """A whole, positive number; None when it is not given."""
    text = request.args.get(name)
    return None if text is None else _whole(name, text)


def size(usual: int = PAGE, most: int = LONGEST_PAGE) -> int:
    """How many are asked for at a time, within what is given at a time."""
    return max(1, min(number("size") or usual, most))


# ---------------------------------------------------------------- a form


def form_number(name: str) -> int:
    """A whole, positive number."""
    return _whole(name, request.form.get(name, ""))


def form_ids(name: str = "photo", is_needed: bool = False) -> list[int]:
    """What was chosen on the page: a field that is there once for each, and perhaps has to be there."""
    texts = request.form.getlist(name)
    if (
        len(texts) > MOST
        or (is_needed and not texts)
        or not all(re.fullmatch(_DIGITS, each, re.ASCII) for each in texts)
    ):
        raise BadInput("Choose some of what is on the page.")
    return [int(each) for each in texts]


def form_list(name: str) -> list[int]:
    """Ids with commas between them, one at least."""
    texts = request.form.get(name, "").split(",")
    if len(texts) > MOST or not all(re.fullmatch(_DIGITS, each, re.ASCII) for each in texts):
        raise BadInput("Choose some of what is on the page.")
    return [int(each) for each in texts]


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(_DIGITS, text, re.ASCII):
        raise BadInput("%(name)s has to be a whole number.", name=name)
    return int(text)


_DIGITS = r"\d{1,18}"


# ---------------------------------------------------------------- JSON


def body(*names: str) -> dict[str, Any]:
    """The JSON object that was sent, {} when nothing was. names: those that may be in it; without names they are not looked at."""
    found = request.get_json() if request.get_data() else {}
    if not isinstance(found, dict):
        raise BadInput("What is sent here has to be a JSON object.")
    if names and (unknown := set(found) - set(names)):
        raise BadInput(
            "There is no %(name)s here. There are: %(names)s.", name=repr(min(unknown)), names=", ".join(names)
        )
    return found


def whole(said: dict[str, Any], name: str, is_needed: bool = False, most: int = LARGEST) -> int | None:
    """A whole number from 0 on, such as an id; None when it is not given."""
    value = said.get(name)
    if (value is not None or is_needed) and not _is_whole(value, most):
        raise BadInput("%(name)s has to be a whole number.", name=name)
    return value


def needed(said: dict[str, Any], name: str) -> int:
    """A whole number that has to be there."""
    return whole(said, name, is_needed=True) or 0


def truth(said: dict[str, Any], name: str, usual: bool | None = None) -> bool:
    """True or false; has to be there unless there is a usual one."""
    value = said.get(name, usual)
    if type(value) is not bool:
        raise BadInput("%(name)s has to be true or false.", name=name)
    return value


def text(said: dict[str, Any], name: str, is_needed: bool = False, longest: int | None = None) -> str | None:
    """A text, at most so many characters long; None when it is not given. One that is needed is not blank."""
    value = said.get(name)
    if value is None and not is_needed:
        return None
    if not isinstance(value, str) or (is_needed and not value.strip()) or len(value) > (longest or len(value)):
        raise BadInput("%(name)s has to be a text.", name=name)
    return value


def ids(said: dict[str, Any], name: str = "photo_ids", least: int = 1, most: int = MOST) -> list[int]:
    """A list of ids, neither too short nor too long."""
    found = said.get(name)
    if not isinstance(found, list) or not least <= len(found) <= most or not all(_is_whole(each) for each in found):
        raise BadInput("%(name)s has to be a list of numbers, at most %(most)s.", name=name, most=most)
    return found


def _is_whole(value: Any, most: int = LARGEST) -> bool:
    return type(value) is int and 0 <= value <= most
