"""Answers that take long to work out, used again for a time that fits what they cost."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app

MAY_COST = 0.02  # the share of time that may go into working out one answer again and again

Answer = TypeVar("Answer")
_one_at_a_time = threading.Lock()


def kept(name: Any, work_out: Callable[[], Answer]) -> Answer:
    """The answer of this name, worked out again when that is cheap enough by now."""
    answers: dict[Any, tuple[float, Any]] = current_app.extensions.setdefault("photolib.kept", {})
    with _one_at_a_time:
        until, answer = answers.get(name, (0.0, None))
        began = time.monotonic()
        if began >= until:
            answer = work_out()
            ended = time.monotonic()
            answers[name] = (ended + (ended - began) / MAY_COST, answer)
        return answer
