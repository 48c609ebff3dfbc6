"""The command line: reads the settings, builds the Library, turns problems into sentences and exit codes.

Exit codes: 0 all well, 1 some items failed, 2 wrong use or bad setting, 3 nothing could be read. Results go to standard
output, progress and logs to standard error. Heavy imports sit inside the commands, so that --help is there at once.
"""

import contextlib
import io
import json
import logging
import logging.handlers
import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from photolib import config as settings
from photolib.config import Config
from photolib.errors import BadInput, NotFound, PhotolibError, Refused, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from photolib.accounts.users import Account
    from photolib.library import Library
    from photolib.progress import Progress
    from photolib.tally import Tally
    from photolib.worker import Worker

SOME_FAILED, WRONG_USE, NOTHING_READ = 1, 2, 3


class _Explained(click.ClickException):
    """A problem as the person reads it."""

    def __init__(self, problem: PhotolibError) -> None:
        super().__init__(str(problem))
        self.is_misuse = isinstance(problem, BadInput | Refused)

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        return WRONG_USE if self.is_misuse else NOTHING_READ


def explained(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command line's one place where problems are caught."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except _explainable() as problem:
            raise _Explained(_as_ours(problem)) from problem

    return run


def _explainable() -> tuple[type[Exception], ...]:
    """The kinds of problem that may be told in a sentence. Only asked when there is one: --help waits for no database."""
    import sqlite3

    return PhotolibError, sqlite3.Error


def _as_ours(problem: Exception) -> PhotolibError:
    """The problem as a sentence; raised again where it is a bug."""
    import sqlite3

    from photolib import db

    ours = db.explained(problem) if isinstance(problem, sqlite3.Error) else problem
    if not isinstance(ours, PhotolibError):
        raise problem
    return ours


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "file", type=click.Path(path_type=Path), help="The settings file.", envvar="PHOTOLIB_CONFIG")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where photolib keeps everything.")
@click.version_option(package_name="photolib")
@click.pass_context
def main(context: click.Context, file: Path | None, data_dir: Path | None) -> None:
    """A home for a family's photos on a machine in the house."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path need not be text; so written, JSON stays JSON
    context.obj = {"file": file, "data_dir": data_dir.absolute() if data_dir else None}


def _config(context: click.Context, says_failures: bool = False, **options: Any) -> Config:
    """The settings, and logging to standard error. says_failures: the command itself reports each photo that failed."""
    given = {**context.obj, **options}
    config = settings.load(given.pop("file"), **given)
    logging.basicConfig(
        level=config.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if says_failures and config.log_level != "debug":
        logging.getLogger("photolib").setLevel(logging.ERROR)
    return config


# ---------------------------------------------------------------- serve


@main.command()
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
    from web.serving import serve as serve_web

    config = addresses.without_surprise(_config(context, host=host, port=port))
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
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


# ---------------------------------------------------------------- import


@main.command("import")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path, resolve_path=True), metavar="PATH..."
)
@click.option("--album", help="Put everything into this album.")
@click.option("--folder-albums", is_flag=True, help="Make an album of each folder.")
@click.option("--tag", "tags", multiple=True, help="Give everything this tag. May be repeated.")
@click.option(
    "--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders of this name. May be repeated."
)
@click.option("--owner", help="Whose photos these are.")
@click.option("--deleted", is_flag=True, help="Also bring back what was deleted for good; else it stays away.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; keep nothing.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the sizes are made; a running server makes them.")
@json_option
@click.pass_context
@explained
def import_(
    context: click.Context, paths: tuple[Path, ...], album: str | None, folder_albums: bool, tags: tuple[str, ...],
    exclude: tuple[str, ...], owner: str | None, deleted: bool, dry_run: bool, no_wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """Take in folders, files, and zip or tgz archives (also Google Takeout parts). They are only read."""
    from models import open_models
    from photolib import catalog
    from photolib.importing import Wishes
    from photolib.library import open_library

    config = _config(context, says_failures=True)
    data = Path(os.path.realpath(config.data_dir))  # as the arguments are: links resolved
    for path in paths:
        if path == data or data in path.parents:
            raise BadInput(f"{path} lies inside photolib's own data folder.")
    lib = open_library(config, "reader" if no_wait or dry_run else "worker", open_models(config))
    try:
        try:
            user = catalog.user_named(lib.db, owner or catalog.OWNER_TO_BE)
        except NotFound as problem:
            raise BadInput(str(problem)) from problem
        if user.role == "guest":
            raise BadInput(f"{user.name} is a guest, who keeps no photos here. Make them a member first.")
        wishes = Wishes(user.id, album, folder_albums, tags, dry_run, brings_back=deleted)
        taken = _take_in(lib, wishes, _apart(paths, exclude), exclude, waits=not no_wait and not dry_run)
    finally:
        lib.close()
    tally, is_stopped = taken.tally, taken.is_stopped
    _report(taken, as_json, dry_run)
    if taken.problem:
        click.echo(f"Error: {taken.problem}", err=True)
        context.exit(SOME_FAILED if tally.new or tally.duplicate else NOTHING_READ)
    if tally.found == 0 or tally.found == tally.failed:
        context.exit(NOTHING_READ)
    context.exit(SOME_FAILED if tally.failed or is_stopped else 0)


class _Taken(NamedTuple):
    """What an import came to. is_stopped: somebody pressed Ctrl-C; problem: the disk or the database ended it; leaves_rest:
    the photos are all in, but some are not understood yet."""

    tally: "Tally"
    is_stopped: bool = False
    leaves_rest: bool = False
    problem: PhotolibError | None = None


def _apart(paths: tuple[Path, ...], exclude: tuple[str, ...]) -> list[Path]:
    """The arguments without those that a look through another one comes to anyway. It does not open archives."""
    from photolib.importing import is_archive
    from photolib.scan import Rules

    roots = [(path, Rules(os.fsencode(path), exclude)) for path in paths if path.is_dir()]

    def is_met_elsewhere(path: Path) -> bool:
        if not any(root in path.parents and rules.reach(os.fsencode(path)) for root, rules in roots):
            return False
        return path.is_dir() or not is_archive(path)

    return [path for path in dict.fromkeys(paths) if not is_met_elsewhere(path)]


def _take_in(lib: "Library", wishes: Any, paths: list[Path], exclude: tuple[str, ...], waits: bool) -> _Taken:
    """Import with progress on standard error."""
    from photolib import jobs
    from photolib.importing import Intake, is_archive, wait_for_jobs
    from photolib.progress import Progress
    from photolib.scan import Folder, look, look_at
    from photolib.tally import Tally
    from photolib.worker import Worker

    _step_back()
    tally, worker = Tally(), Worker(lib)
    with Progress() as progress:
        try:
            if waits and not lib.others_at_work():
                worker.start()
            folders: list[Folder] = []
            for each in paths:
                if each.is_dir():
                    for folder in look(each, exclude, not_below=[lib.data]):
                        folders.append(folder)
                        progress.looking(sum(len(one.files) for one in folders[-1:]))
            packed = [each for each in paths if each.is_file() and is_archive(each)]
            folders.extend(look_at(each for each in paths if not each.is_dir() and each not in packed))
            progress.begin(sum(len(folder.files) + len(folder.ignored) + len(folder.unread) for folder in folders))

            def arrived() -> None:
                worker.wake()
                progress.arrived(tally.found, tally.read_bytes)

            with Intake(lib, wishes, tally, arrived) as intake:
                for folder in folders:
                    intake.take_folder(folder)
                    progress.arrived(tally.found, tally.read_bytes)
                if packed:
                    intake.take_archives(packed, exclude)
                intake.close()
            if waits:
                patience, rhythm = _Patience(), _Rhythm()

                def look_again() -> None:
                    if worker.problem:
                        raise worker.problem
                    if not rhythm.is_due():
                        return
                    left = jobs.pending_photos(lib.db, jobs.NEW)
                    progress.working(len(tally.new_photos), left)
                    # Who worked for us may have ended, or be stuck.
                    if not worker.is_running and (patience.is_at_an_end(left) or not lib.others_at_work()):
                        worker.start()

                wait_for_jobs(lib, tally, look_again)
                progress.working(len(tally.new_photos), 0)
                if worker.is_running:
                    return _Taken(tally, leaves_rest=not _understand(lib, worker, progress))
                return _Taken(tally, leaves_rest=jobs.is_busy(lib.db, jobs.BACKFILL - 1))
        except KeyboardInterrupt:
            worker.stop(at_once=True)
            return _Taken(tally, is_stopped=True)
        except _explainable() as problem:
            return _Taken(tally, problem=_as_ours(problem))
        finally:
            worker.stop()
    return _Taken(tally)


def _understand(lib: "Library", worker: "Worker", progress: "Progress") -> bool:
    """Wait while the new photos are understood; Ctrl-C leaves the rest for later, and costs nothing. Returns whether all is done."""
    from photolib import jobs
    from photolib.overview import queue

    rhythm = _Rhythm()
    totals: dict[str, int] = {}
    try:
        while jobs.is_at_work(lib.db, jobs.BACKFILL - 1):
            if worker.problem:
                raise worker.problem
            if rhythm.is_due():
                steps = queue(lib)
                for step in steps:
                    totals[step["step"]] = max(totals.get(step["step"], 0), step["photos_left"])
                    if not step["photos_left"]:
                        progress.understood(step["step"])
                busy = [step for step in steps if step["running"]] or [step for step in steps if step["waiting"]]
                if busy:
                    progress.understanding(busy[-1]["step"], totals[busy[-1]["step"]], busy[-1]["photos_left"])
            worker.pause()
    except KeyboardInterrupt:
        worker.stop(at_once=True)
        return False
    return not jobs.is_busy(lib.db, jobs.BACKFILL - 1)


def _step_back() -> None:
    """An import takes what processor time others leave, so that a server beside it stays quick."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it was started with an even lower priority
            os.setpriority(os.PRIO_PROCESS, 0, IMPORT_NICENESS)


class _Rhythm:
    """Due once a second: counting the queue of a million photos takes a while."""

    SECONDS = 1.0

    def __init__(self) -> None:
        self._last = float("-inf")

    def is_due(self) -> bool:
        if time.monotonic() - self._last < self.SECONDS:
            return False
        self._last = time.monotonic()
        return True


class _Patience:
    """Ends when a number has not moved for a while."""

    SECONDS = 15.0

    def __init__(self) -> None:
        self._last: int | None = None
        self._since = 0.0

    def is_at_an_end(self, number: int) -> bool:
        if number != self._last:
            self._last, self._since = number, time.monotonic()
        return time.monotonic() - self._since > self.SECONDS


def _report(taken: _Taken, as_json: bool, dry_run: bool) -> None:
    """The reconciliation, and why whatever was not taken was not."""
    tally = taken.tally
    failed_before = tally.failed - len(tally.failures)
    if as_json:
        document = {
            "found": tally.found, "new": tally.new, "duplicate": tally.duplicate, "ignored": tally.ignored,
            "failed": tally.failed, "failed_before": failed_before, "dry_run": dry_run, "stopped": taken.is_stopped,
            "problem": str(taken.problem) if taken.problem else None,
            "failures": [{"path": path, "reason": reason} for path, reason in tally.failures],
            "ignored_because": dict(tally.why_ignored),
            "skipped": [{"path": path, "reason": reason} for path, reason in tally.skipped],
        }  # fmt: skip
        _print_json(document)
        return
    for path, reason in tally.failures[:SHOWN_FAILURES]:
        click.echo(f"failed   {_one_line(path)}\n         {reason}")
    if len(tally.failures) > SHOWN_FAILURES:
        click.echo(f"         and {len(tally.failures) - SHOWN_FAILURES} more: `photolib status --json` lists them all")
    if failed_before:
        click.echo(f"failed   {failed_before} as before: `photolib status` says why")
    for reason, count in tally.why_ignored.most_common():
        click.echo(f"ignored  {count} x {reason}")
    for path, reason in tally.skipped[:SHOWN_FAILURES]:
        click.echo(f"skipped  {_one_line(path)}\n         {reason}")
    line = f"found {tally.found} = {tally.new} new + {tally.duplicate} duplicate + {tally.ignored} ignored + {tally.failed} failed"
    click.echo(f"{'would be: ' if dry_run else ''}{line}")
    if taken.leaves_rest:
        click.echo("All are in. What they show is still being looked at: a running `photolib serve` goes on with it.")
    if taken.is_stopped:
        click.echo("Stopped before the end. Nothing is half there; run the same command again to go on.")


SHOWN_FAILURES = 30
IMPORT_NICENESS = 5


def _one_line(text: str) -> str:
    """A path that cannot break the terminal: control and direction-changing characters are shown as escapes."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


# ---------------------------------------------------------------- search


@main.command()
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many photos.")
@click.option("--owner", help="Whose photos; without it those of the first user.")
@json_option
@click.pass_context
@explained
def search(context: click.Context, query: tuple[str, ...], limit: int, owner: str | None, as_json: bool) -> None:
    """The same search as the web app: words, names, dates and fields like person:sarah or iso:>800.

    A query that begins with a minus sign comes after two of them: photolib search -- -dog
    """
    from models import open_models
    from photolib import catalog
    from photolib.library import open_library
    from photolib.search import engine

    config = _config(context)
    lib = open_library(config, models=open_models(config))
    try:
        owner_id = catalog.user_named(lib.db, owner or catalog.OWNER_TO_BE).id
        found = engine.search(lib, owner_id, " ".join(query), size=limit, seconds=None)
        paths = {each.photo.id: catalog.photo(lib.db, each.photo.id).paths for each in found.items}
    finally:
        lib.close()
    if as_json:
        _print_json(_found_json(found, paths))
        return
    for each in found.items:
        score = f"{each.score:.2f}  " if each.score is not None else ""
        why = f"  ({'; '.join(each.why)})" if each.why else ""
        path = (paths[each.photo.id] or [each.photo.filename])[0]
        click.echo(f"{each.photo.taken_at[:10]}  {score}{_one_line(path)}{_one_line(why)}")
    if len(found.items) < found.total:
        least = "at least " if found.is_at_least else ""
        click.echo(f"and more: {least}{_count(found.total, 'photo')} in all; --limit shows more of them", err=True)
    for note in (*found.understood.notes, *found.notes):
        click.echo(_one_line(note), err=True)
    if not found.items:
        click.echo("Nothing fits.")


def _found_json(found: Any, paths: dict[int, list[str]]) -> dict[str, Any]:
    """As the API answers, without what only a page needs."""
    from dataclasses import asdict

    return {
        "items": [
            {
                "photo_id": each.photo.id, "key": each.photo.key, "type": each.photo.type, "filename": each.photo.filename,
                "taken_at": each.photo.taken_at, "paths": paths[each.photo.id], "score": each.score, "why": list(each.why),
                "lines": list(each.lines),
            }
            for each in found.items
        ],
        "next": found.next,
        "total": found.total,
        "total_is_at_least": found.is_at_least,
        "facets": {name: [asdict(each) for each in facets] for name, facets in found.facets.items()},
        "understood": {
            "query": str(found.understood.tree),
            "chips": [asdict(each) for each in found.understood.chips],
            "offers": [asdict(each) for each in found.understood.offers],
            "notes": list(found.understood.notes),
        },
        "notes": [*found.understood.notes, *found.notes],
    }  # fmt: skip


# ---------------------------------------------------------------- status and jobs


@main.command()
@json_option
@click.pass_context
@explained
def status(context: click.Context, as_json: bool) -> None:
    """Counts, sizes, the queue, models, free space."""
    from models import open_models
    from photolib.library import open_library
    from photolib.overview import overview

    config = _config(context)
    lib = open_library(config, models=open_models(config))
    try:
        found = overview(lib, most_failures=sys.maxsize if as_json else SHOWN_FAILURES)
    finally:
        lib.close()
    if as_json:
        _print_json(found)
        return
    counts = found["counts"]
    pictures = counts["photos"] - counts["videos"]
    shown = [_count(pictures, "photo"), *([_count(counts["videos"], "video")] if counts["videos"] else [])]
    click.echo(", ".join([*shown, _count(counts["originals"], "original"), _size(counts["bytes"])]))
    click.echo(f"data folder {found['data_dir']}, {_size(found['free_bytes'])} free on its disk")
    for step in found["queue"]:
        left = f", about {_duration(step['seconds_left'])} left" if step["seconds_left"] is not None else ""
        click.echo(
            f"{step['step']}: {step['waiting']} waiting, {step['running']} running, {step['failed']} failed{left}"
        )
    for library in found["libraries"]:
        click.echo(
            f"library {_one_line(library['path'])}: {library['state']}{' - ' + library['note'] if library['note'] else ''}"
        )
    for failure in found["failures"]:
        click.echo(f"failed {_one_line(failure['path'])}\n       {failure['reason']}")
    if more := found["failures_in_all"] - len(found["failures"]):
        click.echo(f"       and {more} more, with --json")
    click.echo(f"models: {found['models']['note']}")
    click.echo(f"last backup: {found['last_backup'] or 'never'}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _size(count: int) -> str:
    """Bytes as people read them, in powers of 1000 as disks are sold."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("bytes", "kB") else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@main.group("jobs", invoke_without_command=True)
@click.pass_context
def jobs_(context: click.Context) -> None:
    """Waiting, running and failed jobs with their reasons."""
    if context.invoked_subcommand is None:
        context.invoke(jobs_list)


step_option = click.option("--step", help="Only this step of the pipeline.")


@jobs_.command("list")
@step_option
@json_option
@click.pass_context
@explained
def jobs_list(context: click.Context, step: str | None = None, as_json: bool = False) -> None:
    """What waits, runs or failed; failed ones first."""
    from dataclasses import asdict

    from photolib import jobs
    from photolib.library import open_library

    lib = open_library(_config(context))
    try:
        _check_step(step)
        found = jobs.listed(lib.db, step)
    finally:
        lib.close()
    if as_json:
        _print_json({"items": [asdict(job) for job in found]})
        return
    for job in found:
        click.echo(
            f"{job.state:8} {job.step:9} photo {job.photo_id} {_one_line(job.filename)}{': ' + job.reason if job.reason else ''}"
        )
    if not found:
        click.echo("Nothing waits and nothing failed.")


def _check_step(step: str | None) -> None:
    from photolib.ingest import STEPS

    names = [each.name for each in STEPS]
    if step is not None and step not in names:
        raise BadInput(f"There is no step {step!r}. There are: {', '.join(names)}.")


@jobs_.command("retry")
@step_option
@click.pass_context
@explained
def jobs_retry(context: click.Context, step: str | None) -> None:
    """Let failed jobs wait again."""
    from photolib import ingest
    from photolib.library import open_library

    lib = open_library(_config(context))
    try:
        _check_step(step)
        photos, files = ingest.retry(lib, step)
    finally:
        lib.close()
    wait = "waits" if photos == 1 else "wait"
    click.echo(
        f"{_count(photos, 'photo')} {wait} again. A running `photolib serve` works them; so does `photolib import`."
    )
    if files:
        click.echo(
            f"{_count(files, 'file')} that could not be taken in will be tried at the next look through their folders."
        )


@jobs_.command("clear")
@step_option
@click.pass_context
@explained
def jobs_clear(context: click.Context, step: str | None) -> None:
    """Forget failed jobs. The photos stay kept and listed as failed."""
    from photolib import jobs
    from photolib.db import write
    from photolib.library import open_library

    lib = open_library(_config(context))
    try:
        _check_step(step)
        with write(lib.db) as db:
            count = jobs.clear(db, step)
    finally:
        lib.close()
    click.echo(f"{_count(count, 'failed job')} forgotten.")


# ---------------------------------------------------------------- verify and rebuild


@main.command()
@click.option("--fix", is_flag=True, help="Repair what can be repaired.")
@json_option
@click.pass_context
@explained
def verify(context: click.Context, fix: bool, as_json: bool) -> None:
    """Hash every original again; compare rows with files, both ways."""
    from dataclasses import asdict

    from photolib.library import open_library
    from photolib.progress import Progress
    from photolib.verify import check

    lib = open_library(_config(context), role="worker" if fix else "reader")
    try:
        with Progress() as progress:
            report = check(lib, fix, progress.hashed)
    finally:
        lib.close()
    if as_json:
        _print_json({**asdict(report), "is_clean": report.is_clean})
    else:
        for sentence in report.sentences:
            click.echo(sentence)
    context.exit(0 if report.is_clean else SOME_FAILED)


@main.command()
@click.option("--missing", is_flag=True, help="Only what is not there, instead of everything.")
@click.pass_context
@explained
def rebuild(context: click.Context, missing: bool) -> None:
    """Make the derived sizes of all photos, and the indexes for searching by words and by meaning, again."""
    from models import open_models
    from photolib import jobs
    from photolib.library import open_library
    from photolib.progress import Progress
    from photolib.search import documents
    from photolib.verify import rebuild_variants, rebuild_vectors
    from photolib.worker import Worker

    config = _config(context, says_failures=True)
    lib = open_library(config, "worker", open_models(config))
    worker = Worker(lib)
    try:
        count = rebuild_variants(lib, only_missing=missing)
        failed_before = _failed_jobs(lib)  # queueing again has taken those of these photos out of it
        rhythm = _Rhythm()
        with Progress() as progress:
            worker.start()
            while jobs.is_busy(lib.db, jobs.BACKFILL):
                if worker.problem:
                    raise worker.problem
                if rhythm.is_due():
                    progress.working(count, jobs.pending_photos(lib.db, jobs.BACKFILL))
                worker.pause()
        failed = max(0, _failed_jobs(lib) - failed_before)
        if not missing:
            documents.rebuild(lib.db)
        indexed = rebuild_vectors(lib, only_missing=missing)
    finally:
        worker.stop()
        lib.close()
    failures = f" {_count(failed, 'photo')} could not be read." if failed else ""
    searched = f" The index for searching by meaning holds {_count(indexed, 'photo')}." if indexed else ""
    click.echo(f"The sizes of {_count(count, 'photo')} are made again.{failures}{searched}")
    context.exit(SOME_FAILED if failed else 0)


def _failed_jobs(lib: "Library") -> int:
    from photolib import jobs

    return sum(step["failed"] for step in jobs.counts(lib.db).values())


# ---------------------------------------------------------------- models


@main.group("models")
def models_() -> None:
    """Neural models: which there are, getting another, checking their files."""


@models_.command("list")
@json_option
@click.pass_context
@explained
def models_list(context: click.Context, as_json: bool) -> None:
    """Models that are known or here, and which are in use."""
    from models.catalogue import listed

    found = listed(_config(context))
    if as_json:
        _print_json({"items": found})
        return
    for each in found:
        state = "in use" if each["is_in_use"] else "here" if each["is_present"] else "not here"
        size = f", {_size(each['size_mb'] * 1_000_000)}" if each["size_mb"] else ""
        click.echo(f"{each['name']}  ({each['ability']}; {state})")
        click.echo(
            f"    {each['title']}; licence {each['licence']}{size}{', recommended' if each['is_recommended'] else ''}"
        )
        if each["good_for"]:
            click.echo(f"    {each['good_for']}{' Languages: ' + each['languages'] + '.' if each['languages'] else ''}")


@models_.command("fetch")
@click.argument("name")
@click.pass_context
@explained
def models_fetch(context: click.Context, name: str) -> None:
    """Get a model, the only thing photolib ever fetches from the internet; "built-in" is made here without it."""
    from models.fetching import fetch

    config = _config(context)
    place = fetch(config, name, lambda sentence: click.echo(sentence, err=True))
    click.echo(f"{place.name} is in {place.folder}")
    if config.embedding_model not in (name, place.name):
        click.echo(f"To use it, write into the settings: embedding_model = {json.dumps(name)}")


@models_.command("check")
@json_option
@click.pass_context
@explained
def models_check(context: click.Context, as_json: bool) -> None:
    """Hash the files of all models that are here, and say which are not what they were."""
    from dataclasses import asdict

    from models.catalogue import check

    found = list(check(_config(context)))
    bad = [each for each in found if not each.is_good]
    if as_json:
        _print_json({"items": [asdict(each) for each in found], "is_clean": not bad})
    else:
        for each in bad:
            click.echo(f"{each.model}: {_one_line(each.file)} is damaged or gone; {each.what_helps}")
        click.echo(f"{_count(len(found), 'file')} looked at, {len(bad)} damaged.")
    context.exit(SOME_FAILED if bad else 0)


# ---------------------------------------------------------------- config and doctor


@main.group("config")
def config_() -> None:
    """Settings, with where each came from."""


@config_.command("init")
@click.option("--library", "libraries", multiple=True, type=click.Path(path_type=Path), help="A folder to watch.")
@click.pass_context
@explained
def config_init(context: click.Context, libraries: tuple[Path, ...]) -> None:
    """Write a settings file, or add folders to the one there is."""
    file = context.obj["file"] or settings.default_file()
    is_there = settings.is_file(file)
    known = {library.path for library in settings.load(file).libraries} if is_there else set()
    text = [] if is_there else ["# photolib settings. `photolib config show` lists every one there is.\n"]
    for library in libraries:
        path = library.expanduser().absolute()
        if not path.is_dir():
            raise BadInput(f"{_one_line(str(path))} is not a folder.")
        if str(path) != os.fsencode(path).decode("utf-8", "replace"):
            raise BadInput(
                f"The name {_one_line(str(path))} is not UTF-8, as a settings file has to be. Rename the folder."
            )
        if path not in known:
            known.add(path)
            text.append(f"\n[[libraries]]\npath = {json.dumps(str(path), ensure_ascii=False)}\n")
    _append(file, "".join(text))
    click.echo(f"Settings: {file}", err=True)


def _append(file: Path, text: str) -> None:
    """Add text to a file, or leave it exactly as it was. Raises StorageFailed."""
    home = Path(os.path.realpath(file))  # a link stays one
    draft = home.with_name(f"{home.name}.draft")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        try:
            if home.exists():
                shutil.copy(home, draft)
            with draft.open("a", encoding="utf-8") as out:
                out.write(text)
            os.replace(draft, home)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as problem:
        raise StorageFailed(f"The settings file {file} cannot be written: {problem.strerror}.") from problem


@config_.command("show")
@json_option
@click.pass_context
@explained
def config_show(context: click.Context, as_json: bool) -> None:
    """Every setting, its value, and where that came from."""
    shown = settings.shown(_config(context))
    if as_json:
        _print_json(shown)
        return
    for name, each in shown.items():
        click.echo(f"{name} = {json.dumps(each['value'], ensure_ascii=False)}  ({each['from']})")


@config_.command("check")
@click.pass_context
@explained
def config_check(context: click.Context) -> None:
    """Say whether the settings can be used."""
    config = _config(context)
    click.echo(f"{config.file or 'No settings file; the defaults'}: all well.")


@main.command()
@json_option
@click.pass_context
@explained
def doctor(context: click.Context, as_json: bool) -> None:
    """What is wrong here, and how to mend it."""
    from models import open_models
    from models.catalogue import check
    from photolib.doctor import Finding, examine

    config = _config(context)
    findings = examine(config, open_models(config))
    damaged = (each for each in check(config) if not each.is_good)
    findings += [
        Finding(each.model, "problem", f"{each.file} is damaged or gone; {each.what_helps}.") for each in damaged
    ]
    if as_json:
        _print_json({"items": [finding._asdict() for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.state:8} {finding.what}: {finding.sentence}")
    context.exit(SOME_FAILED if any(finding.state == "problem" for finding in findings) else 0)


# ---------------------------------------------------------------- users


@main.group()
def users() -> None:
    """Who may sign in, and whose photos are kept here."""


password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, up to the end of its first line."
)


@users.command("add")
@click.argument("name")
@click.option("--display-name", default="", help="What they are called.")
@click.option("--role", default="member", help="admin, member or guest.")
@click.option("--quota", help='How much they may keep: "50 GB". Nothing: as much as the disk holds.')
@password_option
@click.pass_context
@explained
def users_add(
    context: click.Context, name: str, display_name: str, role: str, quota: str | None, password_stdin: bool
) -> None:
    """Add a user, whose photos are kept apart from everybody else's."""
    from photolib.accounts import passwords
    from photolib.accounts import users as accounts
    from photolib.db import write

    hashed = None
    if password_stdin:
        password = _password_from_stdin()
        passwords.check_new(password, name, display_name)
        hashed = passwords.hash(password)
    with _users_of(context) as db, write(db) as changed:
        user = accounts.add(changed, name, display_name, role, _quota(quota))
        if hashed:
            accounts.set_password(changed, user.id, hashed)
    click.echo(f"{user.name} can now own photos: photolib import --owner {user.name} ...")
    if not hashed:
        click.echo(f"To sign in they need a password: photolib users passwd {user.name}")


@users.command("list")
@json_option
@click.pass_context
@explained
def users_list(context: click.Context, as_json: bool) -> None:
    """Everybody, with what they keep."""
    from dataclasses import asdict

    from photolib.accounts import users as accounts

    with _users_of(context) as db:
        found, usages = accounts.everybody(db), accounts.usages(db)
    if as_json:
        _print_json({"items": [asdict(user) | {"usage": asdict(usages[user.id])} for user in found]})
        return
    for user in found:
        usage = usages[user.id]
        quota = f" of {_size(user.quota_bytes)}" if user.quota_bytes is not None else ""
        notes = ["disabled"] * user.is_disabled + ["no password yet"] * (not user.has_password)
        called = f"{user.display_name}, " if user.display_name != user.name else ""
        said = ", ".join([f"{_count(usage.photos, 'photo')}, {_size(usage.bytes)}{quota}", *notes])
        click.echo(f"{user.name} ({called}{user.role}): {said}")


@users.command("passwd")
@click.argument("name")
@password_option
@click.option(
    "--second-step-off", is_flag=True, help="Also turn the second step off: the phone and the recovery codes are lost."
)
@click.pass_context
@explained
def users_passwd(context: click.Context, name: str, password_stdin: bool, second_step_off: bool) -> None:
    """Give somebody a new password. It ends their sessions, on every device."""
    from photolib.accounts import passwords, totp
    from photolib.accounts import users as accounts
    from photolib.db import write

    with _users_of(context) as db:
        user = _user(db, name)
        password = _password_from_stdin() if password_stdin else _asked_password()
        passwords.check_new(password, user.name, user.display_name)
        hashed = passwords.hash(password)
        with write(db, durable=True) as changed:
            accounts.set_password(changed, user.id, hashed)
            if second_step_off:
                totp.turn_off(changed, user.id)
    click.echo(f"{user.name} signs in with the new password from now on.")


@users.command("disable")
@click.argument("name")
@click.pass_context
@explained
def users_disable(context: click.Context, name: str) -> None:
    """Let nobody in as this user any more. Their photos stay."""
    from photolib.accounts import users as accounts

    user = _changed(context, name, lambda db, user: accounts.disable(db, user.id))
    click.echo(f"{user.name} can no longer sign in.")


@users.command("enable")
@click.argument("name")
@click.pass_context
@explained
def users_enable(context: click.Context, name: str) -> None:
    """Let a user in again who was disabled."""
    from photolib.accounts import users as accounts

    user = _changed(context, name, lambda db, user: accounts.enable(db, user.id))
    click.echo(f"{user.name} can sign in again.")


@users.command("role")
@click.argument("name")
@click.argument("role")
@click.pass_context
@explained
def users_role(context: click.Context, name: str, role: str) -> None:
    """Make somebody an admin, a member or a guest."""
    from photolib.accounts import users as accounts

    user = _changed(context, name, lambda db, user: accounts.set_role(db, user.id, role))
    click.echo(f"{user.name} is {'an' if role == 'admin' else 'a'} {role} now.")


@users.command("quota")
@click.argument("name")
@click.argument("quota")
@click.pass_context
@explained
def users_quota(context: click.Context, name: str, quota: str) -> None:
    """How much somebody may keep: "50 GB", or "none" for as much as the disk holds."""
    from photolib.accounts import users as accounts

    most = _quota(quota)
    user = _changed(context, name, lambda db, user: accounts.set_quota(db, user.id, most))
    click.echo(f"{user.name} may keep {'as much as the disk holds' if most is None else _size(most)}.")


@contextlib.contextmanager
def _users_of(context: click.Context) -> "Iterator[Database]":
    from photolib.library import open_library

    lib = open_library(_config(context))
    try:
        yield lib.db
    finally:
        lib.close()


def _changed(context: click.Context, name: str, change: Callable[[Any, Any], None]) -> "Account":
    """Change a user, named as somebody typed it."""
    from photolib.db import write

    with _users_of(context) as db, write(db) as changed:
        user = _user(changed, name)
        change(changed, user)
        return user


def _user(db: "Database", name: str) -> "Account":
    """Raises BadInput."""
    from photolib import catalog
    from photolib.accounts import users as accounts

    try:
        return accounts.named(db, name) or accounts.account(db, catalog.user_named(db, name).id)
    except NotFound as problem:
        raise BadInput(str(problem)) from problem


def _quota(text: str | None) -> int | None:
    from photolib.accounts.users import parse_quota

    return None if text is None else parse_quota(text)


def _password_from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadInput("There is no password on standard input.")
    return password


def _asked_password() -> str:
    """A password typed twice at this terminal, which does not show it."""
    if not sys.stdin.isatty():
        raise BadInput("There is nobody to ask for a password here. Give it with --password-stdin.")
    return click.prompt("New password", hide_input=True, confirmation_prompt="Once more", err=True)


if __name__ == "__main__":
    main()
