"""What a route needs of the app it runs in: the library, and who is asking."""

from flask import current_app, g

from photolib.access import Visitor
from photolib.accounts.users import Account
from photolib.errors import NotSignedIn, Refused
from photolib.library import Library


def library() -> Library:
    """The library this app serves."""
    return current_app.extensions["photolib"]


def visitor() -> Visitor:
    """Who asks, as they are at this moment: a role taken away, or a user disabled, is so from the next request on."""
    if "visitor" not in g:
        from web import bearer, sessions

        g.user = (
            sessions.signed_in() if bearer.held() is None else bearer.signed_in()
        )  # a program's token, or a browser's cookie
        g.visitor = Visitor(library().db, g.user)
    return g.visitor


def user() -> Account:
    """The visitor's user, for pages that show somebody's own photos. Raises NotSignedIn."""
    user = visitor().user
    if not isinstance(user, Account):
        raise NotSignedIn("Sign in to see this.")
    return user


def admin() -> Account:
    """The visitor, who has to be an admin. Raises Refused."""
    found = user()
    if found.role != "admin":
        raise Refused("Only an admin may do this.")
    return found
