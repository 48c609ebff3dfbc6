"""The doors: what answers before anybody is signed in. Set-up, log-in, log-out, invitations, and whether the app is alive."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from photolib.accounts import invitations, setup, signin
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import BadInput, NotSignedIn, PhotolibError, Refused, TooManyTries
from web import errors, sessions
from web.here import library, visitor

bp = Blueprint("door", __name__)


@bp.get("/health")
def health() -> dict[str, bool]:
    """For whatever looks after the machine: the app answers, and so does its database."""
    library().db.conn.execute("select 1").fetchone()
    return {"is_well": True}


# ---------------------------------------------------------------- set-up


@bp.get("/setup", endpoint="setup")
def setup_() -> ResponseReturnValue:
    if setup.is_done(library().db):
        return redirect(url_for("door.login"))
    return _setup_page()


@bp.post("/setup")
def set_up() -> ResponseReturnValue:
    said = request.form
    try:
        user = setup.finish(
            library().db, said.get("code", ""), said.get("name", ""), said.get("display_name", ""), said.get("password", ""),
            sessions.client(),
        )  # fmt: skip
    except (BadInput, Refused, TooManyTries) as problem:
        return _explained(_setup_page(problem), problem)
    return _welcome(user, "/")


def _setup_page(problem: PhotolibError | None = None) -> str:
    return render_template(
        "setup.html", problem=problem, said=request.form, is_done=problem is not None and setup.is_done(library().db)
    )


# ---------------------------------------------------------------- log-in and log-out


@bp.get("/login")
def login() -> ResponseReturnValue:
    if not setup.is_done(library().db):
        return redirect(url_for("door.setup"))
    if visitor().user is not None:
        return redirect(local_path(request.args.get("next")))
    return _login_page()


@bp.post("/login")
def log_in() -> ResponseReturnValue:
    said = request.form
    try:
        begun = signin.with_password(
            library().db, said.get("name", ""), said.get("password", ""), sessions.client(), is_kept="keep" in said
        )
    except (NotSignedIn, TooManyTries) as problem:
        return _explained(_login_page(problem), problem)
    go = local_path(said.get("next"))
    if begun.needs_second_step:
        go = f"{signin.SECOND_STEP}?{urlencode({'next': go})}"
    return sessions.hand_over(redirect(go, 303), begun.started)


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    return sessions.take_away(redirect(url_for("door.login"), 303))


def _login_page(problem: PhotolibError | None = None) -> str:
    return render_template(
        "login.html", problem=problem, said=request.form, next=local_path(request.values.get("next"))
    )


def local_path(path: str | None) -> str:
    """A path of ours that may be gone to: never another host, whatever a browser makes of slashes and what cannot be seen."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or " " in path else path


# ---------------------------------------------------------------- invitations


@bp.get("/invitation/<token>")
def invitation(token: str) -> ResponseReturnValue:
    return _invitation_page(invitations.invited(library().db, token))


@bp.post("/invitation/<token>")
def accept_invitation(token: str) -> ResponseReturnValue:
    said = request.form
    try:
        user = invitations.accept(
            library().db, token, said.get("display_name", ""), said.get("password", ""), sessions.client()
        )
    except (BadInput, TooManyTries) as problem:
        return _explained(_invitation_page(invitations.invited(library().db, token), problem), problem)
    return _welcome(user, "/")


def _invitation_page(user: Account, problem: PhotolibError | None = None) -> str:
    return render_template("invitation.html", user=user, problem=problem, said=request.form)


# ---------------------------------------------------------------- together


def _welcome(user: Account, go: str) -> ResponseReturnValue:
    """Sign somebody in who has just chosen their password."""
    with write(library().db) as db:
        begun = signin.begin(db, user, sessions.client())
    return sessions.hand_over(redirect(signin.SECOND_STEP if begun.needs_second_step else go, 303), begun.started)


def _explained(page: str, problem: PhotolibError) -> Response:
    """The form again, with what was wrong."""
    return errors.with_status(make_response(page), problem)
