"""photolib search: the same search as the web app."""

from typing import Any

import click

from commands.edge import explained, json_option, opened
from commands.words import count, one_line, print_json


@click.command()
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
    from photolib import catalog
    from photolib.search import engine

    with opened(context, has_models=True) as lib:
        owner_id = catalog.user_named(lib.db, owner or catalog.OWNER_TO_BE).id
        found = engine.search(lib, owner_id, " ".join(query), size=limit, seconds=None)
        paths = {each.photo.id: catalog.photo(lib.db, each.photo.id).paths for each in found.items}
    if as_json:
        print_json(_found_json(found, paths))
        return
    for each in found.items:
        score = f"{each.score:.2f}  " if each.score is not None else ""
        why = f"  ({'; '.join(each.why)})" if each.why else ""
        path = (paths[each.photo.id] or [each.photo.filename])[0]
        click.echo(f"{each.photo.taken_at[:10]}  {score}{one_line(path)}{one_line(why)}")
    if len(found.items) < found.total:
        least = "at least " if found.is_at_least else ""
        click.echo(f"and more: {least}{count(found.total, 'photo')} in all; --limit shows more of them", err=True)
    for note in (*found.understood.notes, *found.notes):
        click.echo(one_line(note), err=True)
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
