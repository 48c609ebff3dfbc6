"""photolib verify and rebuild: whether all is as it was, and making again what can be made."""

from typing import TYPE_CHECKING

import click

from commands.edge import SOME_FAILED, Rhythm, config_of, explained, json_option, opened
from commands.words import count, print_json

if TYPE_CHECKING:
    from photolib.library import Library


@click.command()
@click.option("--fix", is_flag=True, help="Repair what can be repaired.")
@json_option
@click.pass_context
@explained
def verify(context: click.Context, fix: bool, as_json: bool) -> None:
    """Hash every original again; compare rows with files, both ways."""
    from dataclasses import asdict

    from photolib.progress import Progress
    from photolib.verify import check

    with opened(context, "worker" if fix else "reader") as lib, Progress() as progress:
        report = check(lib, fix, progress.hashed)
    if as_json:
        print_json({**asdict(report), "is_clean": report.is_clean})
    else:
        for sentence in report.sentences:
            click.echo(sentence)
    context.exit(0 if report.is_clean else SOME_FAILED)


@click.command()
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

    config = config_of(context, says_failures=True)
    lib = open_library(config, "worker", open_models(config))
    worker = Worker(lib)
    try:
        made = rebuild_variants(lib, only_missing=missing)
        failed_before = _failed_jobs(lib)  # queueing again has taken those of these photos out of it
        rhythm = Rhythm()
        with Progress() as progress:
            worker.start()
            while jobs.is_busy(lib.db, jobs.BACKFILL):
                if worker.problem:
                    raise worker.problem
                if rhythm.is_due():
                    progress.working(made, jobs.pending_photos(lib.db, jobs.BACKFILL))
                worker.pause()
        failed = max(0, _failed_jobs(lib) - failed_before)
        if not missing:
            documents.rebuild(lib.db)
        indexed = rebuild_vectors(lib, only_missing=missing)
    finally:
        worker.stop()
        lib.close()
    failures = f" {count(failed, 'photo')} could not be read." if failed else ""
    searched = f" The index for searching by meaning holds {count(indexed, 'photo')}." if indexed else ""
    click.echo(f"The sizes of {count(made, 'photo')} are made again.{failures}{searched}")
    context.exit(SOME_FAILED if failed else 0)


def _failed_jobs(lib: "Library") -> int:
    from photolib import jobs

    return sum(step["failed"] for step in jobs.counts(lib.db).values())
