"""For admins: who may come in, what they may do, how much they may keep."""

from urllib.parse import urljoin

import segno
from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from photolib.accounts import invitations, totp, users
from photolib.accounts import sessions as kept
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import BadInput, PhotolibError
from photolib.sharing import listing
from web import errors, reached
from web.credentials_pages import require_proof
from web.done import done
from web.here import library, user
from web.language import _

bp = Blueprint("users_pages", __name__, url_prefix="/admin/users")


@bp.get("")
def everybody() -> str:
    return _everybody_page()


@bp.post("")
def add() -> ResponseReturnValue:
    """A new user, and the address at which they choose a password."""
    said = request.form
    try:
        with write(library().db) as db:
            new = users.add(
                db, said.get("name", ""), said.get("display_name", ""), said.get("role", "member"),
                users.parse_quota(said.get("quota", "")),
            )  # fmt: skip
            token = invitations.invite(db, new.id)
    except BadInput as problem:
        return errors.with_status(make_response(_everybody_page(problem)), problem)
    return _invited_page(new, token)


@bp.get("/<int:user_id>")
def one(user_id: int) -> str:
    return _user_page(user_id)


@bp.post("/<int:user_id>/invite")
def invite(user_id: int) -> ResponseReturnValue:
    """A new address for somebody who lost the first one, or their password."""
    with write(library().db) as db:
        token = invitations.invite(db, users.account(db, user_id).id)
    return _invited_page(users.account(library().db, user_id), token)


@bp.post("/<int:user_id>")
def change(user_id: int) -> ResponseReturnValue:
    said = request.form
    try:
        with write(library().db) as db:
            before = users.account(db, user_id)
            users.rename(db, user_id, said.get("display_name", ""))
            users.set_quota(db, user_id, users.parse_quota(said.get("quota", "")))
            if said.get("role") and said["role"] != before.role:
                users.set_role(db, user_id, said["role"])
    except PhotolibError as problem:
        return errors.with_status(make_response(_user_page(user_id, problem)), problem)
    return done(_("Saved."), go=url_for("users_pages.everybody"))


@bp.post("/<int:user_id>/second-step/off")
def turn_second_step_off(user_id: int) -> ResponseReturnValue:
    """For somebody who lost the phone and the recovery codes. Their password stays what it was."""
    require_proof(anew=True)
    with write(library().db, durable=True) as db:
        found = users.account(db, user_id)
        totp.turn_off(db, user_id)
    return done(
        _("%(name)s signs in without a second step.", name=found.display_name), go=url_for("users_pages.everybody")
    )


@bp.post("/<int:user_id>/disable")
def disable(user_id: int) -> ResponseReturnValue:
    with write(library().db) as db:
        gone = users.account(db, user_id)
        users.disable(db, user_id)
    return done(
        _("%(name)s can no longer sign in. The photos stay.", name=gone.display_name),
        url_for("users_pages.enable", user_id=user_id), url_for("users_pages.everybody"),
    )  # fmt: skip


@bp.post("/<int:user_id>/enable")
def enable(user_id: int) -> ResponseReturnValue:
    with write(library().db) as db:
        back = users.account(db, user_id)
        users.enable(db, user_id)
    return done(
        _("%(name)s can sign in again.", name=back.display_name), go=url_for("users_pages.everybody")
    )  # fmt: skip


def _everybody_page(problem: PhotolibError | None = None) -> str:
    db = library().db
    return render_template(
        "users.html",
        users=users.everybody(db),
        usages=users.usages(db),
        roles=_roles(),
        problem=problem,
        said=request.form,
    )


def _user_page(user_id: int, problem: PhotolibError | None = None) -> str:
    db = library().db
    found = users.account(db, user_id)
    return render_template(
        "user.html", user=found, usage=users.usage(db, user_id), roles=_roles(), problem=problem,
        quota=request.form.get("quota", users.quota_text(found.quota_bytes)),
        seen=next(iter(kept.of_user(db, user_id)), None), is_oneself=user_id == user().id,
        has_second_step=totp.is_on(db, user_id), links=listing.living_of(db, user_id),
    )  # fmt: skip


def _invited_page(invited: Account, token: str) -> Response:
    """The address, once: it is kept as its hash only."""
    address = urljoin(reached.base(), url_for("door.invitation", token=token))
    square = segno.make(address, error="l", micro=False).svg_data_uri(scale=4, border=3, dark="#000", light="#fff")
    page = render_template("invited.html", user=invited, address=address, square=square, days=invitations.LASTS.days)
    return make_response(page, {"Cache-Control": "private, no-store"})


def _roles() -> list[tuple[str, str, str]]:
    """Each role, what it is called, and what it means."""
    return [
        ("admin", _("Admin"), _("looks after photolib and everybody in it, and keeps photos here")),
        ("member", _("Member"), _("keeps photos here")),
        ("guest", _("Guest"), _("looks at what others share, and keeps nothing")),
    ]
