"""photolib serve: the whole program."""

import logging
import logging.handlers
import sys
from typing import TYPE_CHECKING

import click

from commands.edge import config_of, explained
from photolib.config import Config
from photolib.errors import StorageFailed
from photolib.logs import OneLine

if TYPE_CHECKING:
    from photolib.library import Library


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--no-watch", is_flag=True, help="Do not look at the library folders.")
@click.option("--no-work", is_flag=True, help="Do not work the queue; another process does.")
@click.pass_context
@explained
def serve(context: click.Context, host: str | None, port: int | None, no_watch: bool, no_work: bool) -> None:
    """The whole program: web app, watcher and workers."""
    from models import open_models
    from photolib.library import open_library
    from photolib.verify import find_orphans
    from photolib.watch import Watcher
    from photolib.worker import Worker
    from web import addresses
    from web.serving import check_address
    from web.serving import serve as serve_web

    config = addresses.without_surprise(config_of(context, host=host, port=port))
    check_address(config.host, config.port)  # a second start ends here, before it does anything
    lib = open_library(config, "worker" if not no_work else "reader", open_models(config))
    worker = Worker(lib, retry_seconds=30)
    watcher = Watcher(lib, worker.wake)
    try:
        _log_to_file(config)
        find_orphans(lib)
        if not no_work:
            worker.start()
        if not no_watch:
            watcher.start()

        def ready() -> None:
            _say_where(config)
            if not config.libraries:
                click.echo("No folder is watched yet: the page says how to add photos.", err=True)
            _say_how_to_set_up(lib)

        serve_web(config, ready, open_models)
    finally:
        watcher.stop()
        worker.stop(at_once=True)
        lib.close()


def _say_where(config: Config) -> None:
    """Where to open photolib: on this machine, and elsewhere in the house."""
    from web import addresses

    click.echo(f"photolib is at {addresses.here(config)}  (Ctrl-C ends it)", err=True)
    elsewhere = addresses.reached_at(config)
    if elsewhere:
        click.echo("On phones and other computers in the house:", err=True)
        for each in elsewhere:
            click.echo(f"  {each}", err=True)
        if sys.stderr.isatty():
            click.echo(addresses.square(elsewhere[0]), err=True)
        if not addresses.is_any(config.host) or not (public := addresses.public()):
            return
        click.echo(
            f"This machine has a public address ({public[0]}): anybody on the internet can reach the sign-in page, and what is typed "
            "there travels unencrypted. Put a proxy with https before photolib, and set host to 127.0.0.1.",
            err=True,
        )
    elif config.sources.get("host") == "default":
        click.echo(
            "This machine has a public address, so photolib answers it alone. The setting host says otherwise: host = "
            '"0.0.0.0" for everybody, better the address of a network at home.',
            err=True,
        )


def _say_how_to_set_up(lib: "Library") -> None:
    """The code for the set-up page, until somebody has been there: whoever can read this console owns the machine."""
    from photolib.accounts import setup
    from photolib.db import write

    if setup.is_done(lib.db):
        return
    with write(lib.db) as db:
        code = setup.new_code(db)
    click.echo(f"\nNobody has set photolib up yet. The first page asks for this code:\n\n    {code}\n", err=True)


def _log_to_file(config: Config) -> None:
    file = config.data_dir / "logs" / "photolib.log"
    try:
        handler = logging.handlers.RotatingFileHandler(file, maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    except OSError as problem:
        raise StorageFailed(f"The log {file} cannot be written: {problem.strerror}.") from problem
    handler.setFormatter(OneLine())
    logging.getLogger().addHandler(handler)
