"""What every page's frame asks: who is signed in, and whether they prefer light or dark."""

from flask import Flask

from photolib.accounts.users import Account
from photolib.errors import PhotolibError
from web.here import visitor


def register(app: Flask) -> None:
    app.jinja_env.globals.update(account=account, theme=theme)


def account() -> Account | None:
    """Who is signed in; nobody on a page that says why there is no answer."""
    try:
        found = visitor().user
    except PhotolibError:
        return None
    return found if isinstance(found, Account) else None


def theme() -> str | None:
    """ "light" or "dark" when somebody chose one; None to follow the system."""
    chosen = account()
    return chosen.theme if chosen else None
