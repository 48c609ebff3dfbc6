"""photolib links: what is shared by links, and ending it."""

from typing import TYPE_CHECKING, Any

import click

from commands.edge import explained, json_option, opened
from commands.words import count, one_line, print_json
from photolib.errors import BadInput, NotFound

if TYPE_CHECKING:
    from sqlite_utils import Database

    from photolib.library import Library
    from photolib.sharing.links import Link


@click.group()
def links() -> None:
    """What is shared by links with people who have no account here."""


@links.command("list")
@click.option("--user", "name", help="Only this user's links.")
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended.")
@json_option
@click.pass_context
@explained
def links_list(context: click.Context, name: str | None, with_ended: bool, as_json: bool) -> None:
    """Every link that opens, the newest first. Their addresses are shown to their owners only, in the browser."""
    with opened(context) as lib:
        found = [each for each in _links(lib.db, name) if with_ended or not each.has_ended]
        items = _told(lib, found)
    if as_json:
        print_json({"items": items})
        return
    for each in items:
        click.echo(_line(each))
    if not items:
        click.echo("There is no link.")


@links.command("revoke")
@click.argument("number", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Every link there is, of everybody.")
@click.option("--user", "name", help="Of everybody's, only this user's links.")
@click.option("--album", help="Every link to this album: its title, or its path as Travel/Italy.")
@click.pass_context
@explained
def links_revoke(
    context: click.Context, number: int | None, everything: bool, name: str | None, album: str | None
) -> None:
    """End a link, by its number in the list, from the next request on. The photos stay."""
    from photolib.db import write
    from photolib.sharing import links as kept

    if sum((number is not None, everything, album is not None)) != 1 or (name is not None and number is not None):
        raise BadInput(
            "Say which links to revoke: a number, or --album with an album's title, or --all; the last two perhaps with --user."
        )
    with opened(context) as lib, write(lib.db, durable=True) as db:
        if number is not None:
            found = [_link(db, number)]
        else:
            found = _links(db, name)
            if album is not None:
                wanted = _albums_named(db, {each.owner_id for each in found}, album)
                found = [each for each in found if each.album_id in wanted]
        going = [each for each in found if each.revoked_at is None]
        for each in going:
            kept.revoke(db, each)
    click.echo(f"{count(len(going), 'link')} revoked." if going else "There was nothing to revoke.")


def _links(db: "Database", name: str | None) -> "list[Link]":
    from photolib.accounts import users
    from photolib.sharing import links as kept

    if name is None:
        owners = [user.id for user in users.everybody(db)]
    else:
        from commands.users import named

        owners = [named(db, name).id]
    found = [each for owner in owners for each in kept.of_owner(db, owner)]
    return sorted(found, key=lambda each: -each.id)


def _albums_named(db: "Database", owner_ids: set[int], name: str) -> set[int]:
    """The albums of this name that these users have. Raises BadInput when none of them has one, or one of them several."""
    from photolib.export import choice

    wanted, problem = set(), BadInput("No album of this name is shared by a link.")
    for owner_id in owner_ids:
        try:
            wanted.add(choice.album_named(db, owner_id, name))
        except BadInput as why:
            problem = why
    if not wanted:
        raise problem
    return wanted


def _link(db: "Database", number: int) -> "Link":
    from photolib.sharing import links as kept

    try:
        return kept.by_id(db, number)
    except NotFound as problem:
        raise BadInput("There is no link with this number: `photolib links list` shows them.") from problem


def _told(lib: "Library", found: "list[Link]") -> list[dict[str, Any]]:
    """What a list says of each link: nothing that opens it."""
    from photolib import albums
    from photolib.accounts import users
    from photolib.sharing import listing

    owners = {user.id: user.name for user in users.everybody(lib.db)}
    shown = {each.id: each for each in albums.some(lib.db, [link.album_id for link in found])}
    counts = listing.counts(lib.db, [each.id for each in found])
    same = (
        "kind",
        "album_id",
        "permission",
        "name",
        "expires_at",
        "max_uses",
        "uses",
        "show_location",
        "show_camera",
        "created_at",
        "revoked_at",
    )
    return [
        {
            "link_id": each.id,
            "owner": owners.get(each.owner_id),
            "title": each.name or shown[each.album_id].title,
            "photos": shown[each.album_id].photos,
            **{name: getattr(each, name) for name in same},
            "has_password": each.password is not None,
            "has_ended": each.has_ended,
            "visits": counts[each.id].visits,
            "downloads": counts[each.id].downloads,
            "last_opened_at": counts[each.id].last_at,
        }
        for each in found
    ]


def _line(link: dict[str, Any]) -> str:
    said = [
        {"view": "look", "download": "look and download", "contribute": "look, download and add"}[link["permission"]],
        *["password"] * link["has_password"],
        *["places shown"] * link["show_location"],
        count(link["visits"], "visit"),
    ]
    if link["revoked_at"]:
        said.append(f"revoked {link['revoked_at'][:10]}")
    elif link["expires_at"]:
        said.append(f"{'ended' if link['has_ended'] else 'ends'} {link['expires_at'][:10]}")
    return f"{link['link_id']}  {one_line(link['title'])} ({link['owner']}, {count(link['photos'], 'photo')}): {', '.join(said)}"
