"""photolib status and doctor: how things are, and what is wrong."""

import sys

import click

from commands.edge import SOME_FAILED, config_of, explained, json_option, opened
from commands.words import MOST_SHOWN, count, duration, one_line, print_json, size


@click.command()
@json_option
@click.pass_context
@explained
def status(context: click.Context, as_json: bool) -> None:
    """Counts, sizes, the queue, models, free space."""
    from photolib.overview import overview

    with opened(context, has_models=True) as lib:
        found = overview(lib, most_failures=sys.maxsize if as_json else MOST_SHOWN)
    if as_json:
        print_json(found)
        return
    counts = found["counts"]
    pictures = counts["photos"] - counts["videos"]
    shown = [count(pictures, "photo"), *([count(counts["videos"], "video")] if counts["videos"] else [])]
    click.echo(", ".join([*shown, count(counts["originals"], "original"), size(counts["bytes"])]))
    click.echo(f"data folder {found['data_dir']}, {size(found['free_bytes'])} free on its disk")
    for step in found["queue"]:
        left = f", about {duration(step['seconds_left'])} left" if step["seconds_left"] is not None else ""
        click.echo(
            f"{step['step']}: {step['waiting']} waiting, {step['running']} running, {step['failed']} failed{left}"
        )
    for library in found["libraries"]:
        click.echo(
            f"library {one_line(library['path'])}: {library['state']}{' - ' + library['note'] if library['note'] else ''}"
        )
    for failure in found["failures"]:
        click.echo(f"failed {one_line(failure['path'])}\n       {failure['reason']}")
    if more := found["failures_in_all"] - len(found["failures"]):
        click.echo(f"       and {more} more, with --json")
    click.echo(f"models: {found['models']['note']}")
    click.echo(f"last backup: {found['last_backup'] or 'never'}")


@click.command()
@json_option
@click.pass_context
@explained
def doctor(context: click.Context, as_json: bool) -> None:
    """What is wrong here, and how to mend it."""
    from models import open_models
    from models.catalogue import check
    from photolib.doctor import Finding, examine

    config = config_of(context)
    findings = examine(config, open_models(config))
    damaged = (each for each in check(config) if not each.is_good)
    findings += [
        Finding(each.model, "problem", f"{each.file} is damaged or gone; {each.what_helps}.") for each in damaged
    ]
    if as_json:
        print_json({"items": [finding._asdict() for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.state:8} {finding.what}: {finding.sentence}")
    context.exit(SOME_FAILED if any(finding.state == "problem" for finding in findings) else 0)
