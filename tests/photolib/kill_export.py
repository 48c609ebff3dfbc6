"""An export that is killed at its n-th flush: python -m tests.photolib.kill_export DATA DEST N"""

import itertools
import os
import signal
import sys

from cli import main

_flush, _calls = os.fsync, itertools.count(1)


def flush_or_die(handle: int) -> None:
    if next(_calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    _flush(handle)


os.fsync = flush_or_die
main(["--data-dir", sys.argv[1], "export", sys.argv[2]])
