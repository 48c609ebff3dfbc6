"""Coming in otherwise than with a password alone: the second step after it, a passkey, an account at a provider of the settings."""

import hmac
import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlite_utils import Database

from photolib.accounts import oidc, passkeys, signin, throttle, totp, users
from photolib.accounts.oidc import Identity, Provider
from photolib.accounts.signin import Begun
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import NotFound, NotSignedIn, PhotolibError, Refused, TooManyTries
from web import errors, handshakes, sessions
from web.door import local_path
from web.here import library, user
from web.language import _

bp = Blueprint("ways_in", __name__)
log = logging.getLogger(__name__)

PASSKEY, ELSEWHERE = "passkey", "elsewhere"  # steps that are under way


# ---------------------------------------------------------------- a code after the password


@bp.get(signin.SECOND_STEP)
def second_step() -> ResponseReturnValue:
    if sessions.halfway_in() is None:
        return redirect(url_for("door.login"))
    return _second_step_page()


@bp.post(signin.SECOND_STEP)
def take_second_step() -> ResponseReturnValue:
    person, pending = sessions.halfway_in(), sessions.session()
    if person is None or pending is None:
        return redirect(url_for("door.login"), 303)
    client = sessions.client()
    known = client.address if signin.is_known(library().db, person.id, client.address) else None
    counters = (
        throttle.of_name(f"\0second step\0{person.id}", known), throttle.of_address(client.address, "second step"),
    )  # fmt: skip
    try:
        with write(library().db, durable=True) as db:
            throttle.count(db, *counters)
        with write(library().db, durable=True) as db:
            if not totp.take(db, person.id, request.form.get("code", "")):
                log.warning("user %d gave a wrong code of the second step, from %s", person.id, client.address)
                raise NotSignedIn(
                    _("This code is not right, or was used before. The app shows a new one every 30 seconds.")
                )
            throttle.forgive(db, *counters)
            started = signin.finish(db, pending, client)
    except (NotSignedIn, TooManyTries) as problem:
        return errors.with_status(make_response(_second_step_page(problem)), problem)
    return sessions.hand_over(redirect(local_path(request.form.get("next")), 303), started)


def _second_step_page(problem: PhotolibError | None = None) -> str:
    return render_template("second_step.html", problem=problem, next=local_path(request.values.get("next")))


# ---------------------------------------------------------------- a passkey


@bp.post("/login/passkey/options")
def ask_for_passkey() -> ResponseReturnValue:
    """What the browser asks its passkeys with."""
    challenged, host = passkeys.challenge(), host_name()
    response = make_response(passkeys.options_to_sign_in(challenged, host))
    return handshakes.begin(response, PASSKEY, challenge=challenged, host=host)


@bp.post("/login/passkey")
def take_passkey() -> ResponseReturnValue:
    """{"answer": of navigator.credentials.get(), "next": PATH, "keep": true}"""
    said, asked = handshakes.said(), handshakes.finish(PASSKEY)
    if asked is None:
        raise Refused(_("That took too long. Try again."))
    client = sessions.client()
    counter = throttle.of_address(client.address, "passkey")
    with write(library().db) as db:
        throttle.count(db, counter)
    with write(library().db, durable=True) as db:
        user_id = passkeys.whose(db, asked.data["challenge"], asked.data["host"], origin(), said.get("answer", {}))
        person = _may_come_in(users.account(db, user_id))
        throttle.forgive(db, counter)
        # The device has checked who sits before it: that is a second step already.
        begun = signin.begin(db, person, client, said.get("keep") is not False, has_taken_second_step=True)
    go = said.get("next")
    return sessions.hand_over(make_response({"go": local_path(go if isinstance(go, str) else None)}), begun.started)


def host_name() -> str:
    """The name in the address this request came to, without a port."""
    return urlsplit(f"//{request.host}").hostname or ""


def origin() -> str:
    """Where our pages are, as a browser says it."""
    return f"{request.scheme}://{request.host.lower()}"


# ---------------------------------------------------------------- an account elsewhere


def provider() -> Provider:
    """The provider of the settings. Raises NotFound when there is none."""
    found = known_provider()
    if found is None:
        raise NotFound(_("Signing in with an account elsewhere is not set up here."))
    return found


def known_provider() -> Provider | None:
    """The provider of the settings, if there is one; read once, for what it says of itself is kept with it."""
    kept = current_app.extensions
    if "photolib.provider" not in kept:
        kept["photolib.provider"] = oidc.provider(library().config)
    return kept["photolib.provider"]


@bp.post("/login/oidc")
def go_elsewhere() -> ResponseReturnValue:
    return send_elsewhere(None, local_path(request.form.get("next")))


def send_elsewhere(person: Account | None, then: str) -> ResponseReturnValue:
    """Send the browser to the provider. person: who wants to link what comes back; None: whoever it is signs in.

    By a page, not a redirect: the rule that our forms lead to our own pages only would hold for where a redirect leads, too.
    """
    found, state = provider(), secrets.token_urlsafe(32)
    start = found.start(_callback(), state)
    held = sessions.session() if person else None
    response = make_response(render_template("going_elsewhere.html", name=found.name, address=start.address))
    return handshakes.begin(
        response, ELSEWHERE, person.id if person else None, state=state, nonce=start.nonce, verifier=start.verifier, next=then,
        session=held.id if held else None,
    )  # fmt: skip


@bp.get("/login/oidc/callback")
def come_back() -> ResponseReturnValue:
    """Where the provider sends the browser back to, with a code or with why there is none."""
    found, begun = provider(), handshakes.finish(ELSEWHERE)
    state = request.args.get("state", "")
    if begun is None or not hmac.compare_digest(state.encode(), str(begun.data["state"]).encode()):
        raise Refused(
            _("This sign-in was not begun in this browser, or too long ago. Start again from the log-in page.")
        )
    if "error" in request.args:
        raise Refused(_("%(name)s did not let you in.", name=found.name))
    start = oidc.Start("", begun.data["nonce"], begun.data["verifier"])
    identity = found.finish(_callback(), start, request.args.get("code", ""), request.args.get("iss"))
    if begun.user_id is not None:
        return _link(begun.user_id, begun.data, identity)
    with write(library().db, durable=True) as db:
        came = _sign_in(db, identity)
    go = local_path(begun.data["next"])
    if came.needs_second_step:
        go = url_for("ways_in.second_step", next=go)
    return sessions.hand_over(redirect(go, 303), came.started)


def _sign_in(db: Database, identity: Identity) -> Begun:
    """Only whoever linked this identity, or was made for it: that somebody has the same name or e-mail address says nothing."""
    user_id = oidc.user_of(db, identity)
    if user_id is None:
        if not library().config.oidc_allow_new_users:
            raise Refused(
                _(
                    "Nobody here has linked this account. If you have a user here, sign in with it first and link the account on "
                    "your account page; if not, ask whoever looks after photolib for an invitation."
                )
            )
        user_id = oidc.add_user(db, identity).id
    person = _may_come_in(users.account(db, user_id))
    oidc.saw(db, identity)
    return signin.begin(db, person, sessions.client())


def _link(user_id: int, begun: dict[str, Any], identity: Identity) -> ResponseReturnValue:
    """Only for who asked for it, in the session they asked from."""
    person, held = user(), sessions.session()
    if person.id != user_id or held is None or held.id != begun["session"]:
        raise Refused(_("You have signed in as somebody else meanwhile, so nothing was linked."))
    with write(library().db, durable=True) as db:
        oidc.link(db, person.id, identity)
    return redirect(begun["next"], 303)


def _callback() -> str:
    return url_for("ways_in.come_back", _external=True)


def _may_come_in(person: Account) -> Account:
    if person.is_disabled:
        raise Refused(_("This user has been disabled."))
    return person
