"""The production server: granian, one worker process with threads, in front of create_app()."""

import contextlib
import errno
import logging
import logging.handlers
import multiprocessing
import os
import resource
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import util
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from photolib.config import Config
from photolib.errors import BadInput, PhotolibError
from photolib.logs import OneLine
from photolib.ports import Models, NoModels

log = logging.getLogger(__name__)

# A client that reads slowly holds a thread until it has everything, so there are many; those not needed end by themselves.
# What strangers may hold of them (shared_files.ZIPS and STREAMS, shared.LISTENING, doorway.INSIDE) and what pages that listen do
# (events.MOST_STREAMS) leaves some to those who live here.
THREADS = 128
SILENT_SECONDS, ASK_SECONDS, MOST_ASKED = 60, 20, 3  # a connection is given up two minutes after its other end has gone
END_SECONDS = 2  # how long answers under way may still take when the program ends


OpenModels = Callable[[Config], Models]


def no_models(config: Config) -> Models:
    return NoModels()


def serve(config: Config, on_ready: Callable[[], None] = lambda: None, open_models: OpenModels = no_models) -> None:
    """Serve the web app until SIGINT or SIGTERM; on_ready is called once connections are accepted.

    open_models: named in a module, so that the app's process can import it.

    The app lives in a process of its own: what it does for browsers and what this process does for the queue do not wait
    for each other. Raises BadInput when the address cannot be listened on. Call from the main thread.
    """
    raise_file_limit()
    check_address(config.host, config.port)
    multiprocessing.set_start_method("spawn", force=True)  # threads run here by now, and fork copies their locks
    server = Granian(
        "web",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=THREADS,
        backlog=2048,
        backpressure=2048,
        respawn_failed_workers=True,
        workers_kill_timeout=END_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}},
        websockets=False,
    )
    ready = threading.Thread(target=_tell_when_ready, args=(config, on_ready), name="ready", daemon=True)
    server.on_startup(ready.start)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        server.serve(target_loader=partial(_load, config, open_models), wrap_loader=False)
    except SystemExit as problem:
        raise PhotolibError("The web app's process ended by itself, again and again. The log says why.") from problem
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)


def check_address(host: str, port: int) -> None:
    """Raises BadInput with a sentence when nobody could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            why = "another program uses it" if problem.errno == errno.EADDRINUSE else problem.strerror
            raise BadInput(
                f"photolib cannot listen on {host}, port {port}: {why}. Choose another with --port."
            ) from problem


def raise_file_limit() -> None:
    """As many open files as the system lets us have: a browser asks for hundreds of thumbnails at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # some systems name a hard limit they do not grant
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _load(config: Config, open_models: OpenModels) -> Callable[..., Any]:
    """In the worker process: build the app over a library of its own."""
    from photolib.library import open_library
    from web import create_app

    to_console = logging.StreamHandler()
    to_console.setFormatter(OneLine())
    logging.basicConfig(level=config.log_level.upper(), handlers=[to_console], force=True)
    raise_file_limit()
    os.setpgrp()  # Ctrl-C is for the parent, which ends us in order
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    threading.Thread(target=_ask_after_the_silent, name="silent", daemon=True).start()
    lib = open_library(config, role="reader", models=open_models(config))
    _log_to_file(config)
    util.Finalize(lib, lib.close, exitpriority=10)
    return create_app(lib)


def _log_to_file(config: Config) -> None:
    """A file of our own: two processes cannot turn over the same one."""
    handler = logging.handlers.RotatingFileHandler(
        config.data_dir / "logs" / "web.log", maxBytes=5_000_000, backupCount=3, encoding="utf-8", delay=True
    )
    handler.setFormatter(OneLine())
    logging.getLogger().addHandler(handler)


def _end_with_parent() -> None:
    """A worker whose parent was killed would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ask_after_the_silent() -> None:
    """Have the system ask after connections that say nothing. A laptop that is closed in the middle of an upload leaves one that would hold
    a thread for ever.

    Connections inherit this from the socket that listens, which granian makes and shows nobody: it is looked for.
    """
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    for _ in range(200):
        if any(_keeps_alive(int(name)) for name in os.listdir(folder)):
            return
        time.sleep(0.05)


def _keeps_alive(handle: int) -> bool:
    """Set an open file so, if it is a socket that listens; return whether it is one.

    Only sockets are opened a second time and closed again: closing any handle of a file lets go of all locks that this process
    has on it (https://www.sqlite.org/howtocorrupt.html, 2.2), and the database's must stay.
    """
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            return False
        own = os.dup(handle)
    except OSError:
        return False  # closed meanwhile
    try:
        found = socket.socket(fileno=own)
    except OSError:
        os.close(own)
        return False
    with found:
        if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", SILENT_SECONDS),
            ("TCP_KEEPINTVL", ASK_SECONDS),
            ("TCP_KEEPCNT", MOST_ASKED),
        ):
            if hasattr(socket, name):
                found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        return True


def _tell_when_ready(config: Config, on_ready: Callable[[], None]) -> None:
    """Call on_ready once the worker process accepts connections."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection((config.host, config.port), timeout=1):
            break
        time.sleep(0.02)
    on_ready()
