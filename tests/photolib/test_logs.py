"""What others wrote stays inside of its line."""

import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib.logs import OneLine

FORGED = "2026-01-01 00:00:00,000 INFO photolib.accounts.signin: user 1 signed in, from 10.0.0.1"


def record(message: str, *values: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("photolib.test", logging.WARNING, "", 1, message, values, exc_info)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [f"a.jpg\n{FORGED}", f"a.jpg\r\n{FORGED}", f"a\u2028{FORGED}", "\x1b[2J\x1b[31m", "a\0b", "\u202egpj.exe", "\x85x"],
)
def test_32_a_message_is_one_line_whatever_it_quotes(name: str) -> None:
    said = OneLine().format(record("the file %s was left out", name))
    assert len(said.splitlines()) == 1
    assert said.isprintable()
    assert "WARNING photolib.test: the file " in said


def test_32_a_traceback_cannot_pass_for_a_line_of_ours() -> None:
    try:
        raise ValueError(f"a.jpg\n{FORGED}")
    except ValueError:
        said = OneLine().format(record("it went wrong", exc_info=sys.exc_info()))
    first, *rest = said.splitlines()
    assert first.endswith("it went wrong")
    assert len(rest) > 3
    assert all(line.startswith("    ") for line in rest)
    assert any(FORGED in line for line in rest)


def test_a_name_that_harms_nobody_is_written_as_it_is() -> None:
    assert OneLine().format(record("%s", "Zoë's été 日本 😀 \\n.jpg")).endswith("Zoë's été 日本 😀 \\n.jpg")


@given(st.text(st.characters()))
def test_any_text_can_be_written_to_a_file(text: str) -> None:
    said = OneLine().format(record("%s", text))
    assert len(said.encode().splitlines()) == 1
