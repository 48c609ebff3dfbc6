"""photolib config: settings, with where each came from."""

import json
import os
import shutil
from pathlib import Path

import click

from commands.edge import config_of, explained, json_option
from commands.words import one_line, print_json
from photolib import config as settings
from photolib.errors import BadInput, StorageFailed


@click.group()
def config() -> None:
    """Settings, with where each came from."""


@config.command("init")
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
            raise BadInput(f"{one_line(str(path))} is not a folder.")
        if str(path) != os.fsencode(path).decode("utf-8", "replace"):
            raise BadInput(
                f"The name {one_line(str(path))} is not UTF-8, as a settings file has to be. Rename the folder."
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


@config.command("show")
@json_option
@click.pass_context
@explained
def config_show(context: click.Context, as_json: bool) -> None:
    """Every setting, its value, and where that came from."""
    shown = settings.shown(config_of(context))
    if as_json:
        print_json(shown)
        return
    for name, each in shown.items():
        click.echo(f"{name} = {json.dumps(each['value'], ensure_ascii=False)}  ({each['from']})")


@config.command("check")
@click.pass_context
@explained
def config_check(context: click.Context) -> None:
    """Say whether the settings can be used."""
    found = config_of(context)
    click.echo(f"{found.file or 'No settings file; the defaults'}: all well.")
