"""What every command begins and ends with: the settings and the library, and problems as sentences with an exit code.

Exit codes: 0 all well, 1 some items failed, 2 wrong use or bad setting, 3 nothing could be read.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from photolib import config as settings
from photolib.config import Config
from photolib.errors import BadInput, PhotolibError, Refused
from photolib.logs import OneLine

if TYPE_CHECKING:
    from photolib.library import Library

SOME_FAILED, WRONG_USE, NOTHING_READ = 1, 2, 3


class _Misuse(click.ClickException):
    """A problem that whoever gave the command can put right."""

    exit_code = WRONG_USE


class _Failure(click.ClickException):
    """A problem with what is here."""

    exit_code = NOTHING_READ


def explained(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command line's one place where problems are caught."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except explainable() as problem:
            ours = as_ours(problem)
            kind = _Misuse if isinstance(ours, BadInput | Refused) else _Failure
            raise kind(str(ours)) from problem

    return run


def explainable() -> tuple[type[Exception], ...]:
    """The kinds of problem that may be told in a sentence. Only asked when there is one: --help waits for no database."""
    import sqlite3

    return PhotolibError, sqlite3.Error


def as_ours(problem: Exception) -> PhotolibError:
    """The problem as a sentence; raised again where it is a bug."""
    import sqlite3

    from photolib import db

    ours = db.explained(problem) if isinstance(problem, sqlite3.Error) else problem
    if not isinstance(ours, PhotolibError):
        raise problem
    return ours


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def config_of(context: click.Context, says_failures: bool = False, **options: Any) -> Config:
    """The settings, and logging to standard error. says_failures: the command itself reports each photo that failed."""
    given = {**context.obj, **options}
    config = settings.load(given.pop("file"), **given)
    to_console = logging.StreamHandler(sys.stderr)
    to_console.setFormatter(OneLine())
    logging.basicConfig(level=config.log_level.upper(), handlers=[to_console])
    if says_failures and config.log_level != "debug":
        logging.getLogger("photolib").setLevel(logging.ERROR)
    return config


@contextmanager
def opened(context: click.Context, role: str = "reader", has_models: bool = False) -> "Iterator[Library]":
    """The library of the settings, closed afterwards."""
    from photolib.library import open_library

    config = config_of(context)
    models = None
    if has_models:
        from models import open_models

        models = open_models(config)
    lib = open_library(config, role, models)
    try:
        yield lib
    finally:
        lib.close()


class Rhythm:
    """Due once a second: counting the queue of a million photos takes a while."""

    SECONDS = 1.0

    def __init__(self) -> None:
        self._last = float("-inf")

    def is_due(self) -> bool:
        if time.monotonic() - self._last < self.SECONDS:
            return False
        self._last = time.monotonic()
        return True
