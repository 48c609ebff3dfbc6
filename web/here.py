"""What a route needs of the app it runs in: the library, and who is asking."""

from flask import current_app, g

from photolib import catalog
from photolib.access import Visitor
from photolib.catalog import User
from photolib.library import Library


def library() -> Library:
    """The library this app serves."""
    return current_app.extensions["photolib"]


def visitor() -> Visitor:
    """Who asks. Until there are accounts it is the owner-to-be, whoever comes; this is the one place that says so."""
    if "visitor" not in g:
        g.visitor = Visitor(_owner_to_be())
    return g.visitor


def user() -> User:
    """The visitor's user, for pages that show somebody's own photos."""
    user = visitor().user
    assert user is not None  # as long as every visitor is the owner-to-be
    return user


def _owner_to_be() -> User:
    known = current_app.extensions.get("photolib.owner")
    if known is None:
        known = current_app.extensions["photolib.owner"] = catalog.user_named(library().db, catalog.OWNER_TO_BE)
    return known
