"""photolib export: originals under names people read, with sidecars, into a folder; goes on where it was interrupted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.edge import NOTHING_READ, SOME_FAILED, Rhythm, as_ours, config_of, explainable, explained, json_option
from commands.words import MOST_SHOWN, one_line, print_json, size
from photolib.errors import BadInput, NotFound, PhotolibError

if TYPE_CHECKING:
    from photolib.export.writing import Count, Wishes
    from photolib.library import Library


@click.command()
@click.argument("dest", type=click.Path(path_type=Path, resolve_path=True), metavar="DEST")
@click.option("--album", help="Only this album and those in it: its title, or its path as Travel/Italy.")
@click.option("--query", help="Only what this search finds.")
@click.option(
    "--layout",
    "template",
    help="Folders and names, as '{year}/{year}-{month}-{day} {name}'. docs/export.md has all words.",
)
@click.option(
    "--albums", "albums_as", type=click.Choice(("auto", "links", "copies", "lists", "none")), default="auto", show_default=True,
    help="A photo in several albums: links give one file several names, copies take the space again, lists are playlists.",
)  # fmt: skip
@click.option("--sidecars/--no-sidecars", default=True, help="Write XMP and JSON beside each photo.", show_default=True)
@click.option("--with-trash", is_flag=True, help="Also what lies in the trash, in a folder of its own.")
@click.option("--owner", help="Whose photos; without it those of the first user.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@json_option
@click.pass_context
@explained
def export(
    context: click.Context, dest: Path, album: str | None, query: str | None, template: str | None, albums_as: Any, sidecars: bool,
    with_trash: bool, owner: str | None, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Copy the originals to DEST, with names people read, folders for albums, and sidecars other programs read.

    Run again, it goes on where it was and adds what is new. It removes nothing, and writes over nothing that is not its own.
    """
    from models import open_models
    from photolib import catalog
    from photolib.export import layout, writing
    from photolib.library import open_library

    config = config_of(context, says_failures=True)
    parsed = layout.parse(template or (layout.OF_AN_ALBUM if album is not None else layout.STANDARD))
    lib = open_library(config, "reader", open_models(config))
    try:
        writing.check_place(lib, dest)
        try:
            user = catalog.user_named(lib.db, owner or catalog.OWNER_TO_BE)
        except NotFound as nobody:
            raise BadInput(str(nobody)) from nobody
        chosen = _choose(lib, user.id, album, query, with_trash)
        wishes = writing.Wishes(parsed, sidecars, albums_as, dry_run, chosen.albums)
        count, is_stopped, problem = _export(lib, user.id, chosen.photo_ids, dest, wishes)
    finally:
        lib.close()
    _report(count, as_json, dry_run, is_stopped, problem)
    if problem:
        click.echo(f"Error: {problem}", err=True)
        context.exit(
            2
            if isinstance(problem, BadInput)
            else SOME_FAILED
            if count.written or count.already_there
            else NOTHING_READ
        )
    if count.found and count.found == count.failed:
        context.exit(NOTHING_READ)
    context.exit(SOME_FAILED if count.failed or is_stopped else 0)


def _choose(lib: "Library", owner_id: int, album: str | None, query: str | None, with_trash: bool) -> Any:
    from photolib.export import choice

    if album is None and query is None:
        return choice.everything(lib, owner_id, with_trash)
    found = choice.found(lib, owner_id, query) if query is not None else None
    if album is None:
        return found
    inside = choice.of_album(lib, owner_id, choice.album_named(lib.db, owner_id, album))
    return choice.both(inside, found) if found else inside


def _export(
    lib: "Library", owner_id: int, photo_ids: list[int], dest: Path, wishes: "Wishes"
) -> "tuple[Count, bool, PhotolibError | None]":
    """The export with progress on standard error; whether somebody pressed Ctrl-C, and the problem that ended it."""
    from photolib.export import writing
    from photolib.progress import Progress

    count, rhythm = writing.Count(), Rhythm()
    with Progress() as progress:

        def went_on(done: int, total: int, written: int) -> None:
            if rhythm.is_due():
                progress.exported(done, total, written)

        try:
            writing.export(lib, owner_id, photo_ids, dest, wishes, count, went_on)
        except KeyboardInterrupt:
            return count, True, None
        except explainable() as problem:
            return count, False, as_ours(problem)
    return count, False, None


def _report(count: "Count", as_json: bool, dry_run: bool, is_stopped: bool, problem: PhotolibError | None) -> None:
    """The reconciliation, and why whatever was not written was not."""
    if as_json:
        print_json(
            {
                "photos": count.photos,
                "found": count.found,
                "written": count.written,
                "already_there": count.already_there,
                "failed": count.failed,
                "bytes_written": count.bytes_written,
                "sidecars": count.sidecars,
                "links": count.links,
                "albums": count.albums_as,
                "dry_run": dry_run,
                "stopped": is_stopped,
                "problem": str(problem) if problem else None,
                "failures": [{"path": path, "reason": reason} for path, reason in count.failures],
                "kept": [{"path": path, "reason": reason} for path, reason in count.kept],
            }
        )
        return
    for word, listed in (("failed", count.failures), ("kept", count.kept)):
        for path, reason in listed[:MOST_SHOWN]:
            click.echo(f"{word:8} {one_line(path)}\n         {reason}")
        if len(listed) > MOST_SHOWN:
            click.echo(f"         and {len(listed) - MOST_SHOWN} more: --json lists them all")
    if count.bytes_written:
        click.echo(f"wrote    {size(count.bytes_written)}")
    line = (
        f"found {count.found} = {count.written} written + {count.already_there} already there + {count.failed} failed"
    )
    click.echo(f"{'would be: ' if dry_run else ''}{line}")
    if count.albums_as == "lists":
        click.echo(
            "This disk cannot hold one file in two folders, so albums are playlists in Albums; --albums copies makes folders."
        )
    if is_stopped:
        click.echo("Stopped before the end. Nothing is half there; run the same command again to go on.")
