"""photolib jobs: what waits, runs or failed."""

import click

from commands.edge import explained, json_option, opened
from commands.words import count, one_line, print_json
from photolib.errors import BadInput


@click.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """Waiting, running and failed jobs with their reasons."""
    if context.invoked_subcommand is None:
        context.invoke(jobs_list)


step_option = click.option("--step", help="Only this step of the pipeline.")


@jobs.command("list")
@step_option
@json_option
@click.pass_context
@explained
def jobs_list(context: click.Context, step: str | None = None, as_json: bool = False) -> None:
    """What waits, runs or failed; failed ones first."""
    from dataclasses import asdict

    from photolib.jobs import listed

    with opened(context) as lib:
        _check_step(step)
        found = listed(lib.db, step)
    if as_json:
        print_json({"items": [asdict(job) for job in found]})
        return
    for job in found:
        click.echo(
            f"{job.state:8} {job.step:9} photo {job.photo_id} {one_line(job.filename)}{': ' + job.reason if job.reason else ''}"
        )
    if not found:
        click.echo("Nothing waits and nothing failed.")


def _check_step(step: str | None) -> None:
    from photolib.ingest import STEPS

    names = [each.name for each in STEPS]
    if step is not None and step not in names:
        raise BadInput(f"There is no step {step!r}. There are: {', '.join(names)}.")


@jobs.command("retry")
@step_option
@click.pass_context
@explained
def jobs_retry(context: click.Context, step: str | None) -> None:
    """Let failed jobs wait again."""
    from photolib import ingest

    with opened(context) as lib:
        _check_step(step)
        photos, files = ingest.retry(lib, step)
    wait = "waits" if photos == 1 else "wait"
    click.echo(
        f"{count(photos, 'photo')} {wait} again. A running `photolib serve` works them; so does `photolib import`."
    )
    if files:
        click.echo(
            f"{count(files, 'file')} that could not be taken in will be tried at the next look through their folders."
        )


@jobs.command("clear")
@step_option
@click.pass_context
@explained
def jobs_clear(context: click.Context, step: str | None) -> None:
    """Forget failed jobs. The photos stay kept and listed as failed."""
    from photolib.db import write
    from photolib.jobs import clear

    with opened(context) as lib:
        _check_step(step)
        with write(lib.db) as db:
            forgotten = clear(db, step)
    click.echo(f"{count(forgotten, 'failed job')} forgotten.")
