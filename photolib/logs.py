"""How a line of the log looks: one line for each message, whatever text of others it quotes."""

import logging
import re

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class OneLine(logging.Formatter):
    """Writes what breaks or hides text as an escape, so that no name of a file can pass for a line of ours or command a terminal.

    A traceback follows its message, indented, as no message is.
    """

    def __init__(self) -> None:
        super().__init__(LINE)

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = _escaped(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        return "\n".join(f"    {_escaped(line)}" for line in super().formatException(ei).split("\n"))  # type: ignore[arg-type]


def _escaped(text: str) -> str:
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)
