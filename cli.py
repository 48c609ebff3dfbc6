"""The command line: start here. Every command is a function in commands/, which turns problems into sentences and exit codes.

Results go to standard output, progress and logs to standard error. Heavy imports sit inside the commands, so that --help is there
at once.
"""

import io
import sys
from pathlib import Path

import click

from commands import config, export, importing, jobs, links, models, search, serve, status, users, verify


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


for command in (
    serve.serve,
    importing.import_,
    export.export,
    search.search,
    status.status,
    status.doctor,
    jobs.jobs,
    verify.verify,
    verify.rebuild,
    models.models,
    config.config,
    users.users,
    links.links,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
