"""Phones and other devices: a token for each, what to type into it, and what each has sent. See credentials_pages.py for tokens."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from photolib import inbox
from photolib.accounts import api_tokens
from photolib.db import write
from photolib.errors import BadInput, PhotolibError, Refused, TooManyTries
from web import errors
from web.credentials_pages import require_proof
from web.done import done
from web.here import library, user
from web.language import _

bp = Blueprint("devices_pages", __name__, url_prefix="/account/devices")


@bp.get("")
def devices() -> str:
    return _page()


@bp.post("")
def make_device() -> ResponseReturnValue:
    """Answers with the only page that ever shows the device's token."""
    try:
        require_proof()
        with write(library().db, durable=True) as db:
            token, text = api_tokens.make(db, user(), request.form.get("name", ""), ["upload"], None)
    except (BadInput, Refused, TooManyTries) as problem:
        return errors.with_status(make_response(_page(problem)), problem)
    site = request.host_url.rstrip("/")
    response = make_response(
        render_template(
            "device_made.html", token=token, text=text, site=site, address=f"{site}/dav/", where=_where(),
            pictures=[(_("Address"), _qr(f"{site}/dav/")), (_("Token"), _qr(text))],
        )
    )  # fmt: skip
    return _kept_nowhere(response)


@bp.post("/albums")
def choose_albums() -> ResponseReturnValue:
    """Whether folders that devices send become albums."""
    wanted = request.form.get("albums") == "yes"
    with write(library().db) as db:
        inbox.set_makes_albums(db, user().id, wanted)
    return done(_("Folders become albums.") if wanted else _("Folders do not become albums."))


def _page(problem: PhotolibError | None = None) -> str:
    db, person = library().db, user()
    found = [each for each in api_tokens.of_user(db, person.id) if "upload" in each.scopes]
    return render_template(
        "devices.html", devices=found, problem=problem, said=request.form, makes_albums=inbox.makes_albums(db, person.id)
    )  # fmt: skip


def _where() -> str:
    """How the address of this page can be used by a phone: "here" only on this machine, "open" unencrypted, "safe" encrypted."""
    host = urlsplit(request.host_url).hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return "here"
    return "safe" if request.scheme == "https" else "open"


def _qr(text: str) -> str:
    """A QR code as the address of a picture that holds itself."""
    import segno

    return segno.make(text, micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff", xmldecl=False)


def _kept_nowhere(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    return response
