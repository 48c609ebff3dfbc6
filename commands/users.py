"""photolib users: who may sign in, and whose photos are kept here."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from commands.edge import explained, json_option, opened
from commands.words import count, print_json, size
from photolib.errors import BadInput, NotFound

if TYPE_CHECKING:
    from sqlite_utils import Database

    from photolib.accounts.users import Account


@click.group()
def users() -> None:
    """Who may sign in, and whose photos are kept here."""


password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, up to the end of its first line."
)


@users.command("add")
@click.argument("name")
@click.option("--display-name", default="", help="What they are called.")
@click.option("--role", default="member", help="admin, member or guest.")
@click.option("--quota", help='How much they may keep: "50 GB". Nothing: as much as the disk holds.')
@password_option
@click.pass_context
@explained
def users_add(
    context: click.Context, name: str, display_name: str, role: str, quota: str | None, password_stdin: bool
) -> None:
    """Add a user, whose photos are kept apart from everybody else's."""
    from photolib.accounts import passwords
    from photolib.accounts import users as accounts
    from photolib.db import write

    hashed = None
    if password_stdin:
        password = _password_from_stdin()
        passwords.check_new(password, name, display_name)
        hashed = passwords.hash(password)
    with opened(context) as lib, write(lib.db) as db:
        user = accounts.add(db, name, display_name, role, _quota(quota))
        if hashed:
            accounts.set_password(db, user.id, hashed)
    click.echo(f"{user.name} can now own photos: photolib import --owner {user.name} ...")
    if not hashed:
        click.echo(f"To sign in they need a password: photolib users passwd {user.name}")


@users.command("list")
@json_option
@click.pass_context
@explained
def users_list(context: click.Context, as_json: bool) -> None:
    """Everybody, with what they keep."""
    from dataclasses import asdict

    from photolib.accounts import users as accounts

    with opened(context) as lib:
        found, usages = accounts.everybody(lib.db), accounts.usages(lib.db)
    if as_json:
        print_json({"items": [asdict(user) | {"usage": asdict(usages[user.id])} for user in found]})
        return
    for user in found:
        usage = usages[user.id]
        quota = f" of {size(user.quota_bytes)}" if user.quota_bytes is not None else ""
        notes = ["disabled"] * user.is_disabled + ["no password yet"] * (not user.has_password)
        called = f"{user.display_name}, " if user.display_name != user.name else ""
        said = ", ".join([f"{count(usage.photos, 'photo')}, {size(usage.bytes)}{quota}", *notes])
        click.echo(f"{user.name} ({called}{user.role}): {said}")


@users.command("passwd")
@click.argument("name")
@password_option
@click.option(
    "--second-step-off", is_flag=True, help="Also turn the second step off: the phone and the recovery codes are lost."
)
@click.pass_context
@explained
def users_passwd(context: click.Context, name: str, password_stdin: bool, second_step_off: bool) -> None:
    """Give somebody a new password. It ends their sessions, on every device."""
    from photolib.accounts import passwords, totp
    from photolib.accounts import users as accounts
    from photolib.db import write

    with opened(context) as lib:
        user = named(lib.db, name)
        password = _password_from_stdin() if password_stdin else _asked_password()
        passwords.check_new(password, user.name, user.display_name)
        hashed = passwords.hash(password)
        with write(lib.db, durable=True) as db:
            accounts.set_password(db, user.id, hashed)
            if second_step_off:
                totp.turn_off(db, user.id)
    click.echo(f"{user.name} signs in with the new password from now on.")


@users.command("disable")
@click.argument("name")
@click.pass_context
@explained
def users_disable(context: click.Context, name: str) -> None:
    """Let nobody in as this user any more. Their photos stay."""
    from photolib.accounts import users as accounts

    user = _changed(context, name, lambda db, user: accounts.disable(db, user.id))
    click.echo(f"{user.name} can no longer sign in.")


@users.command("enable")
@click.argument("name")
@click.pass_context
@explained
def users_enable(context: click.Context, name: str) -> None:
    """Let a user in again who was disabled."""
    from photolib.accounts import users as accounts

    user = _changed(context, name, lambda db, user: accounts.enable(db, user.id))
    click.echo(f"{user.name} can sign in again.")


@users.command("role")
@click.argument("name")
@click.argument("role")
@click.pass_context
@explained
def users_role(context: click.Context, name: str, role: str) -> None:
    """Make somebody an admin, a member or a guest."""
    from photolib.accounts import users as accounts

    user = _changed(context, name, lambda db, user: accounts.set_role(db, user.id, role))
    click.echo(f"{user.name} is {'an' if role == 'admin' else 'a'} {role} now.")


@users.command("quota")
@click.argument("name")
@click.argument("quota")
@click.pass_context
@explained
def users_quota(context: click.Context, name: str, quota: str) -> None:
    """How much somebody may keep: "50 GB", or "none" for as much as the disk holds."""
    from photolib.accounts import users as accounts

    most = _quota(quota)
    user = _changed(context, name, lambda db, user: accounts.set_quota(db, user.id, most))
    click.echo(f"{user.name} may keep {'as much as the disk holds' if most is None else size(most)}.")


def _changed(context: click.Context, name: str, change: Callable[[Any, Any], None]) -> "Account":
    """Change a user, named as somebody typed it."""
    from photolib.db import write

    with opened(context) as lib, write(lib.db) as db:
        user = named(db, name)
        change(db, user)
        return user


def named(db: "Database", name: str) -> "Account":
    """Raises BadInput."""
    from photolib import catalog
    from photolib.accounts import users as accounts

    try:
        return accounts.named(db, name) or accounts.account(db, catalog.user_named(db, name).id)
    except NotFound as problem:
        raise BadInput(str(problem)) from problem


def _quota(text: str | None) -> int | None:
    from photolib.accounts.users import parse_quota

    return None if text is None else parse_quota(text)


def _password_from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadInput("There is no password on standard input.")
    return password


def _asked_password() -> str:
    """A password typed twice at this terminal, which does not show it."""
    if not sys.stdin.isatty():
        raise BadInput("There is nobody to ask for a password here. Give it with --password-stdin.")
    return click.prompt("New password", hide_input=True, confirmation_prompt="Once more", err=True)
