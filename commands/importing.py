"""photolib import: takes in folders, files and archives, and accounts for each of them."""

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from commands.edge import NOTHING_READ, SOME_FAILED, Rhythm, as_ours, config_of, explainable, explained, json_option
from commands.words import MOST_SHOWN, one_line, print_json
from photolib.errors import BadInput, NotFound, PhotolibError

if TYPE_CHECKING:
    from photolib.library import Library
    from photolib.progress import Progress
    from photolib.tally import Tally
    from photolib.worker import Worker

NICENESS = 5  # of an import, from 0 (as everybody) to 19 (after everybody)


@click.command("import")
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

    config = config_of(context, says_failures=True)
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
    from photolib.export import returning_albums
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
            if not wishes.is_dry_run:
                for each in paths:
                    tally.skipped += [
                        (str(each), why) for why in returning_albums.take_albums(lib, wishes.owner_id, each)
                    ]
            if waits:
                patience, rhythm = _Patience(), Rhythm()

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
        except explainable() as problem:
            return _Taken(tally, problem=as_ours(problem))
        finally:
            worker.stop()
    return _Taken(tally)


def _understand(lib: "Library", worker: "Worker", progress: "Progress") -> bool:
    """Wait while the new photos are understood; Ctrl-C leaves the rest for later, and costs nothing. Returns whether all is done."""
    from photolib import jobs
    from photolib.overview import queue

    rhythm = Rhythm()
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
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


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
        print_json(document)
        return
    for path, reason in tally.failures[:MOST_SHOWN]:
        click.echo(f"failed   {one_line(path)}\n         {reason}")
    if len(tally.failures) > MOST_SHOWN:
        click.echo(f"         and {len(tally.failures) - MOST_SHOWN} more: `photolib status --json` lists them all")
    if failed_before:
        click.echo(f"failed   {failed_before} as before: `photolib status` says why")
    for reason, count in tally.why_ignored.most_common():
        click.echo(f"ignored  {count} x {reason}")
    for path, reason in tally.skipped[:MOST_SHOWN]:
        click.echo(f"skipped  {one_line(path)}\n         {reason}")
    line = f"found {tally.found} = {tally.new} new + {tally.duplicate} duplicate + {tally.ignored} ignored + {tally.failed} failed"
    click.echo(f"{'would be: ' if dry_run else ''}{line}")
    if taken.leaves_rest:
        click.echo("All are in. What they show is still being looked at: a running `photolib serve` goes on with it.")
    if taken.is_stopped:
        click.echo("Stopped before the end. Nothing is half there; run the same command again to go on.")
