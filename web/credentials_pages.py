"""What somebody proves who they are with, on their account page: the second step, passkeys, accounts elsewhere; and API tokens."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from photolib.accounts import api_tokens, oidc, passkeys, proof, totp
from photolib.accounts.api_tokens import Token
from photolib.accounts.oidc import Linked
from photolib.accounts.passkeys import Passkey
from photolib.accounts.sessions import Session
from photolib.db import write
from photolib.errors import BadInput, NotFound, NotSignedIn, PhotolibError, Refused, TooManyTries
from web import errors, handshakes, sessions, ways_in
from web.done import done
from web.here import library, user
from web.language import N_, _

bp = Blueprint("credentials_pages", __name__)

SET_UP, NEW_PASSKEY = "second step", "new passkey"  # steps that are under way
LASTS = (30, 90, 365, None)  # days that are offered for a token; None: until it is revoked

# What each scope lets a token do, as whoever makes one reads it.
SCOPES = {
    "read": (
        N_("See"),
        N_("Your photos and what is known of them: albums, people, places. It can download originals too."),
    ),
    "upload": (N_("Add"), N_("Add photos to your library. It needs no right to see any.")),
    "write": (N_("Change"), N_("Edit photos, albums and people, and move photos to the trash.")),
    "admin": (
        N_("Administer"),
        N_("What the administration shows and does by the API. Never users, passwords or tokens."),
    ),
}


@dataclass(frozen=True)
class Credentials:
    """Everything that the sections of the account page show.

    needs_proof: "" or what is asked for before anything is added. works_here: whether browsers take passkeys at this address;
    better_address: the same machine's, where they do. provider: what the household's own sign-in is called, if there is one.
    """

    needs_proof: str
    has_second_step: bool
    recovery_codes_left: int
    passkeys: list[Passkey]
    works_here: bool
    better_address: str | None
    provider: str | None
    elsewhere: list[Linked]
    tokens: list[Token]


def credentials() -> Credentials:
    """Those of whoever is signed in, for a template."""
    db, person, host = library().db, user(), ways_in.host_name()
    found = ways_in.known_provider()
    is_own_machine = request.scheme == "http" and host.startswith(("127.", "::1"))
    return Credentials(
        needs_proof="" if proof.is_fresh(_session()) else proof_of(),
        has_second_step=totp.is_on(db, person.id),
        recovery_codes_left=totp.recovery_codes_left(db, person.id),
        passkeys=passkeys.of_user(db, person.id),
        works_here=passkeys.fits(request.scheme, host),
        better_address=f"http://localhost:{request.host.rpartition(':')[2]}" if is_own_machine else None,
        provider=found.name if found else None,
        elsewhere=oidc.of_user(db, person.id),
        tokens=api_tokens.of_user(db, person.id),
    )


def proof_of() -> str:
    """What somebody is asked for to prove once more who they are: "password", "code", "either" or "nothing", when they have neither."""
    person = user()
    return {(True, True): "either", (True, False): "password", (False, True): "code", (False, False): "nothing"}[
        (person.has_password, totp.is_on(library().db, person.id))
    ]


def _ways_in() -> dict[str, Any]:
    """What the log-in page offers besides a password."""
    try:
        found = ways_in.known_provider()
    except PhotolibError:  # its settings do not work; a password does
        found = None
    return {
        "has_passkeys": passkeys.fits(request.scheme, ways_in.host_name()),
        "provider": found.name if found else None,
    }


def _scopes_said() -> dict[str, str]:
    return {name: _(short) for name, (short, _long) in SCOPES.items()}


def _fours(text: str) -> str:
    """Letters in groups of four, as one types them."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@bp.record_once
def _offer_to_templates(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        credentials=credentials, proof_of=proof_of, ways_in=_ways_in, scopes_said=_scopes_said
    )
    state.app.jinja_env.filters["fours"] = _fours


# ---------------------------------------------------------------- the second step


@bp.get("/account/second-step")
def second_step() -> ResponseReturnValue:
    return _second_step_page()


@bp.post("/account/second-step/begin")
def begin_second_step() -> ResponseReturnValue:
    try:
        require_proof()
        if totp.is_on(library().db, user().id):
            raise BadInput(_("The second step is on already."))
    except (BadInput, Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_second_step_page(problem)), problem)
    response = redirect(url_for("credentials_pages.second_step"), 303)
    return handshakes.begin(response, SET_UP, user().id, secret=totp.new_secret())  # type: ignore[arg-type]


@bp.get("/account/second-step/picture")
def second_step_picture() -> ResponseReturnValue:
    """The QR code for the app. Only whoever is setting it up sees it, and nothing keeps it."""
    response = Response(totp.picture(_secret(), user().name), mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return _kept_nowhere(response)


@bp.post("/account/second-step")
def turn_second_step_on() -> ResponseReturnValue:
    try:
        with write(library().db, durable=True) as db:
            codes = totp.turn_on(db, user().id, _secret(), request.form.get("code", ""))
    except BadInput as problem:
        return errors.with_status(make_response(_second_step_page(problem)), problem)
    handshakes.finish(SET_UP)
    return _recovery_codes_page(codes)


@bp.post("/account/second-step/codes")
def renew_recovery_codes() -> ResponseReturnValue:
    try:
        require_proof(anew=True)
        with write(library().db, durable=True) as db:
            if not totp.is_on(db, user().id):
                raise BadInput(_("The second step is off."))
            codes = totp.renew_recovery_codes(db, user().id)
    except (BadInput, Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_second_step_page(problem)), problem)
    return _recovery_codes_page(codes)


@bp.post("/account/second-step/off")
def turn_second_step_off() -> ResponseReturnValue:
    try:
        require_proof(anew=True)
    except (BadInput, Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_second_step_page(problem)), problem)
    with write(library().db, durable=True) as db:
        totp.turn_off(db, user().id)
    return done(_("The second step is off."), go=url_for("account_pages.account_page"))


def _second_step_page(problem: PhotolibError | None = None) -> Response:
    begun = _begun(SET_UP)
    secret = begun["secret"] if begun else None
    address = totp.address(secret, user().name) if secret else None
    page = render_template("account_second_step.html", problem=problem, secret=secret, address=address)
    return _kept_nowhere(make_response(page))


def _recovery_codes_page(codes: list[str]) -> Response:
    return _kept_nowhere(make_response(render_template("recovery_codes.html", codes=codes)))


def _secret() -> str:
    begun = _begun(SET_UP)
    if begun is None:
        raise NotFound(_("That took too long. Begin again."))
    return begun["secret"]


# ---------------------------------------------------------------- passkeys


@bp.post("/account/passkeys/options")
def ask_for_new_passkey() -> ResponseReturnValue:
    """{"proof": "..."}; answers what the browser makes a passkey with."""
    require_proof(handshakes.said().get("proof"))
    challenged, host = passkeys.challenge(), ways_in.host_name()
    with write(library().db) as db:
        options = passkeys.options_to_make(db, user(), challenged, host)
    return handshakes.begin(make_response(options), NEW_PASSKEY, user().id, challenge=challenged, host=host)


@bp.post("/account/passkeys")
def add_passkey() -> ResponseReturnValue:
    """{"name": "...", "answer": of navigator.credentials.create()}"""
    said, begun = handshakes.said(), _begun(NEW_PASSKEY)
    handshakes.finish(NEW_PASSKEY)
    if begun is None:
        raise BadInput(_("That took too long. Try again."))
    name = said.get("name")
    with write(library().db, durable=True) as db:
        made = passkeys.keep(
            db, user().id, name if isinstance(name, str) else "", begun["challenge"], begun["host"], ways_in.origin(),
            said.get("answer", {}),
        )  # fmt: skip
    return done(_("“%(name)s” signs you in from now on.", name=made.name))


@bp.post("/account/passkeys/<int:passkey_id>/remove")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    with write(library().db, durable=True) as db:
        name = passkeys.remove(db, user().id, passkey_id)
        proof.keep_a_way_in(db, user())
    return done(_("“%(name)s” signs nobody in any more. Remove it on the device too.", name=name))


# ---------------------------------------------------------------- an account elsewhere


@bp.post("/account/elsewhere")
def link_elsewhere() -> ResponseReturnValue:
    require_proof()
    return ways_in.send_elsewhere(user(), "/account")


@bp.post("/account/elsewhere/unlink")
def unlink_elsewhere() -> ResponseReturnValue:
    with write(library().db, durable=True) as db:
        oidc.unlink(db, user().id, request.form.get("issuer", ""), request.form.get("subject", ""))
        proof.keep_a_way_in(db, user())
    return done(_("That account signs nobody in here any more."))


# ---------------------------------------------------------------- API tokens


@bp.get("/account/tokens/new")
def new_token() -> ResponseReturnValue:
    return _token_page()


@bp.post("/account/tokens")
def make_token() -> ResponseReturnValue:
    """Answers with the only page that ever shows the token."""
    said = request.form
    try:
        days = int(said["days"]) if said.get("days", "").isdecimal() and len(said["days"]) < 6 else None
        require_proof()
        with write(library().db, durable=True) as db:
            token, text = api_tokens.make(db, user(), said.get("name", ""), said.getlist("scope"), days)
    except (BadInput, Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_token_page(problem)), problem)
    return _kept_nowhere(make_response(render_template("token_made.html", token=token, text=text, scopes=SCOPES)))


@bp.post("/account/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    with write(library().db, durable=True) as db:
        name = api_tokens.revoke(db, user().id, token_id)
    return done(_("“%(name)s” opens nothing any more.", name=name))


def _token_page(problem: PhotolibError | None = None) -> str:
    may = api_tokens.OF_ROLE.get(user().role, frozenset())
    offered = {name: said for name, said in SCOPES.items() if name in may}
    return render_template("token_new.html", problem=problem, said=request.form, scopes=offered, lasts=LASTS)


# ---------------------------------------------------------------- together


def require_proof(said: object = None, anew: bool = False) -> None:
    """Has whoever is signed in prove it once more, in the form's field `proof` where they have not just signed in. anew: even then.

    Raises BadInput, Refused or TooManyTries.
    """
    said = request.form.get("proof", "") if said is None else said
    proof.require(library().db, user(), _session(), said if isinstance(said, str) else "", sessions.client(), anew=anew)


def _session() -> Session:
    held = sessions.session()
    if held is None:
        raise NotSignedIn(_("Sign in to see this."))
    return held


def _begun(kind: str) -> dict[str, Any] | None:
    """What this browser is in the middle of, if it is whoever is signed in who began it."""
    found = handshakes.find(kind)
    return found.data if found and found.user_id == user().id else None


def _kept_nowhere(response: Response) -> Response:
    """For a page that shows a secret: no browser, and nothing between, keeps it."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
