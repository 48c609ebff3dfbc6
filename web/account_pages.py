"""One's own account: what one is called, the password, language and theme, and where one is signed in."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from photolib.accounts import sessions as kept
from photolib.accounts import signin, users
from photolib.db import write
from photolib.errors import BadInput, NotSignedIn, PhotolibError, Refused, TooManyTries
from web import errors, sessions
from web.done import done
from web.here import library, user
from web.language import _, languages, ngettext

bp = Blueprint("account_pages", __name__, url_prefix="/account")


@bp.get("")
def account_page() -> str:
    return _page()


@bp.post("/profile")
def change_profile() -> ResponseReturnValue:
    """What one is called, the language of the pages, light or dark."""
    language, theme = request.form.get("language") or None, request.form.get("theme") or None
    if language is not None and language not in languages():
        raise BadInput(_("photolib does not speak this language yet."))
    with write(library().db) as db:
        users.rename(db, user().id, request.form.get("display_name", ""))
        users.set_language(db, user().id, language)
        users.set_theme(db, user().id, theme)
    return done(_("Saved."), go=url_for("account_pages.account_page"))


@bp.post("/password")
def change_password() -> ResponseReturnValue:
    said = request.form
    held = sessions.session()
    if held is None:
        raise NotSignedIn(_("Sign in with a browser to change the password."))
    try:
        started = signin.change_password(
            library().db, user(), held, said.get("old", ""), said.get("password", ""), sessions.client()
        )
    except (BadInput, Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_page(problem)), problem)
    there = url_for("account_pages.account_page", changed="password", _anchor="password")
    return sessions.hand_over(redirect(there, 303), started)


@bp.post("/sessions/<int:session_id>/revoke")
def revoke(session_id: int) -> ResponseReturnValue:
    with write(library().db) as db:
        kept.revoke(db, user().id, session_id)
    return done(_("That browser is signed out."))


@bp.post("/sessions/revoke-others")
def revoke_others() -> ResponseReturnValue:
    held = sessions.session()
    with write(library().db) as db:
        ended = users.end_sessions(db, user().id, but=held.id if held else None)
    return done(ngettext("%(num)s browser is signed out.", "%(num)s browsers are signed out.", ended))


def _page(problem: PhotolibError | None = None) -> str:
    """problem: what was wrong with a new password."""
    held, db = sessions.session(), library().db
    return render_template(
        "account.html", user=user(), problem=problem, changed=request.args.get("changed"), languages=languages(),
        sessions=kept.of_user(db, user().id), this_session=held.id if held else None, usage=users.usage(db, user().id),
    )  # fmt: skip
