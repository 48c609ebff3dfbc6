"""The few kinds of problem that can be explained to the person.

Each carries one sentence: what happened, to which photo, what helps. They are caught at three edges: the worker, the web
app and the command line.
"""

import math
from typing import Any

from photolib.said import Said


class PhotolibError(Exception):
    """A problem whose text is a sentence for the person, with its %(values)s put in.

    The sentence and the values stay apart as well, so that the pages can say it in another language (web/language.py).
    """

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence, self.values = sentence, values


class NotFound(PhotolibError):
    """What was asked for is not here, or not for this person: both look the same."""


class BadInput(PhotolibError):
    """A wrong argument, setting or request."""


class UnreadablePhoto(PhotolibError):
    """The bytes are to blame; trying again will not help."""


class TryLater(PhotolibError):
    """It may well go through the next time: a file still being written, a child that was killed."""


class StorageFailed(PhotolibError):
    """The disk is full, read-only or returns other bytes than it was given; the worker stops."""


class DatabaseFailed(PhotolibError):
    """The database is newer than the program, damaged or cannot be written."""


class Refused(PhotolibError):
    """Possible, but not allowed to this person."""


class NotSignedIn(PhotolibError):
    """Nobody knows yet who asks, or what they said of themselves is not right."""


class TooManyTries(PhotolibError):
    """Somebody may be guessing. seconds: how long until the next try is looked at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        if self.seconds > 90:
            minutes = math.ceil(self.seconds / 60)
            said = Said("Those were too many tries. Wait %(minutes)s minutes, then try again.", minutes=minutes)
        elif self.seconds > 1:
            said = Said("Those were too many tries. Wait %(seconds)s seconds, then try again.", seconds=self.seconds)
        else:
            said = Said("Those were too many tries. Wait a second, then try again.")
        super().__init__(said.sentence, **said.values)
