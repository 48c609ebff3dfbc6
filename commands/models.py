"""photolib models: which there are, getting another, checking their files."""

import json

import click

from commands.edge import SOME_FAILED, config_of, explained, json_option
from commands.words import count, one_line, print_json, size


@click.group()
def models() -> None:
    """Neural models: which there are, getting another, checking their files."""


@models.command("list")
@json_option
@click.pass_context
@explained
def models_list(context: click.Context, as_json: bool) -> None:
    """Models that are known or here, and which are in use."""
    from models.catalogue import listed

    found = listed(config_of(context))
    if as_json:
        print_json({"items": found})
        return
    for each in found:
        state = "in use" if each["is_in_use"] else "here" if each["is_present"] else "not here"
        on_disk = f", {size(each['size_mb'] * 1_000_000)}" if each["size_mb"] else ""
        click.echo(f"{each['name']}  ({each['ability']}; {state})")
        click.echo(
            f"    {each['title']}; licence {each['licence']}{on_disk}{', recommended' if each['is_recommended'] else ''}"
        )
        if each["good_for"]:
            click.echo(f"    {each['good_for']}{' Languages: ' + each['languages'] + '.' if each['languages'] else ''}")


@models.command("fetch")
@click.argument("name")
@click.pass_context
@explained
def models_fetch(context: click.Context, name: str) -> None:
    """Get a model, the only thing photolib ever fetches from the internet; "built-in" is made here without it."""
    from models.fetching import fetch

    config = config_of(context)
    place = fetch(config, name, lambda sentence: click.echo(sentence, err=True))
    click.echo(f"{place.name} is in {place.folder}")
    if config.embedding_model not in (name, place.name):
        click.echo(f"To use it, write into the settings: embedding_model = {json.dumps(name)}")


@models.command("check")
@json_option
@click.pass_context
@explained
def models_check(context: click.Context, as_json: bool) -> None:
    """Hash the files of all models that are here, and say which are not what they were."""
    from dataclasses import asdict

    from models.catalogue import check

    found = list(check(config_of(context)))
    bad = [each for each in found if not each.is_good]
    if as_json:
        print_json({"items": [asdict(each) for each in found], "is_clean": not bad})
    else:
        for each in bad:
            click.echo(f"{each.model}: {one_line(each.file)} is damaged or gone; {each.what_helps}")
        click.echo(f"{count(len(found), 'file')} looked at, {len(bad)} damaged.")
    context.exit(SOME_FAILED if bad else 0)
