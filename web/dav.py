"""/dav/: the inbox of a user over WebDAV, for PhotoSync, rclone, FolderSync, Finder, Explorer and the like (RFC 4918).

wsgidav speaks the protocol; what it shows is web/dav_files.py, and what is listed is web/dav_listing.py. Who asks is known by a
device's token: an API token that may "upload", as the password beside its user's name (HTTP Basic, RFC 7617), never the account's own
password. It opens the inbox and nothing else.
"""

import io
import logging
import unicodedata

from flask import Blueprint, Response, g, request
from werkzeug.routing import BaseConverter
from werkzeug.test import run_wsgi_app
from wsgidav.dav_error import DAVError
from wsgidav.lock_man.lock_storage import LockStorageDict
from wsgidav.request_resolver import RequestResolver
from wsgidav.wsgidav_app import WsgiDAVApp

from photolib import access, drafts, inbox, sending, uploads
from photolib.accounts import api_tokens, throttle, users
from photolib.accounts.api_tokens import Token
from photolib.accounts.users import Account
from photolib.db import write, write_if_free
from photolib.errors import (
    BadInput,
    NotFound,
    NotSignedIn,
    PhotolibError,
    Refused,
    StorageFailed,
    TooManyTries,
    TryLater,
)
from web import asked, bearer, language
from web.dav_files import Inbox, NotAPhoto
from web.dav_listing import listing
from web.guard import takes_files
from web.here import library
from web.language import _
from web.limits import Turns

bp = Blueprint("dav", __name__)


class AnyPath(BaseConverter):
    """A path of whatever characters, line breaks included: a client is told that its names are none, and led to no door."""

    regex = r"(?s:.+)"
    part_isolating = False


bp.record_once(lambda state: state.app.url_map.converters.update(any_path=AnyPath))

SHARE = "/dav"
LARGEST_XML = 64 << 10  # bytes of a request that is no file
LONGEST_LOGIN = 1000  # characters of an Authorization header
INSIDE = Turns(most=64, most_of_one=32)  # requests that are being answered; of them for one user, however slow
MOST_LOCKS = 2000
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"

# What a client is told: some of our problems have a status of their own in WebDAV.
STATUS: tuple[tuple[type[PhotolibError], int], ...] = (
    (sending.TooLarge, 413),
    (drafts.TooMuch, 400),
    (sending.Torn, 400),
    (sending.NoLength, 411),
    (uploads.Incomplete, 400),
    (NotFound, 404),
    (NotSignedIn, 401),
    (TooManyTries, 429),
    (StorageFailed, 507),
    (TryLater, 503),
    (Refused, 403),
    (BadInput, 400),
)


class FewLocks(LockStorageDict):
    """Locks in memory, for a while only: clients that forget one must not keep others out, nor fill the memory."""

    LOCK_TIME_OUT_DEFAULT = 600
    LOCK_TIME_OUT_MAX = 3600

    def create(self, path: str, lock: dict) -> dict:
        timeout = float(lock.get("timeout") or self.LOCK_TIME_OUT_DEFAULT)
        lock["timeout"] = min(timeout if timeout > 0 else self.LOCK_TIME_OUT_MAX, self.LOCK_TIME_OUT_MAX)
        if len(self._dict) > MOST_LOCKS:
            for token in [each for each in list(self._dict) if not each.startswith("URL2TOKEN:")]:
                self.get(token)  # which forgets one that is over
            if len(self._dict) > MOST_LOCKS:
                raise DAVError(503, "There are too many locks at the moment.")
        return super().create(path, lock)

    def refresh(self, token: str, *, timeout: float) -> dict:
        return super().refresh(token, timeout=min(timeout, self.LOCK_TIME_OUT_MAX) if timeout > 0 else 3600)


def _new_app() -> WsgiDAVApp:
    # Its lines name paths, which are people's; what goes wrong is logged in web/errors.py.
    logging.getLogger("wsgidav").setLevel(logging.CRITICAL + 1)
    return WsgiDAVApp(
        {
            "provider_mapping": {SHARE: Inbox()},
            "middleware_stack": [RequestResolver],
            "http_authenticator": {"accept_basic": False, "accept_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
            "suppress_version_info": True,
            "lock_storage": FewLocks(),
            "property_manager": None,
            "mutable_live_props": ["{DAV:}getlastmodified"],
            "hotfixes": {"emulate_win32_lastmod": True},
            "block_size": drafts.READ_BYTES,
        }
    )


_app = _new_app()


@bp.route("/dav", defaults={"path": ""}, methods=["GET", "HEAD", "OPTIONS"], provide_automatic_options=False)
@bp.route("/dav/", defaults={"path": ""}, methods=["GET", "HEAD", "OPTIONS"], provide_automatic_options=False)
@bp.route("/dav/<any_path:path>", methods=["GET", "HEAD", "OPTIONS"], provide_automatic_options=False)
def look(path: str) -> Response:
    return _answer()


CHANGES = ["PUT", "DELETE", "MKCOL", "PROPFIND", "PROPPATCH", "COPY", "MOVE", "LOCK", "UNLOCK"]


@bp.route("/dav", defaults={"path": ""}, methods=CHANGES)
@bp.route("/dav/", defaults={"path": ""}, methods=CHANGES)
@bp.route("/dav/<any_path:path>", methods=CHANGES)
@takes_files(asked.LARGEST)
def change(path: str) -> Response:
    return _answer()


def _answer() -> Response:
    try:
        token, account = _signed_in()
        if not INSIDE.take(account.id):
            raise TryLater("Your devices ask for very much at once. Try again shortly.")
        try:
            response = _asked(token, account)
        except BaseException:
            INSIDE.give_back(account.id)
            raise
        response.call_on_close(lambda: INSIDE.give_back(account.id))
    except PhotolibError as problem:
        response = _explained(problem)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _asked(token: Token, account: Account) -> Response:
    lib, environ = library(), dict(request.environ)
    try:
        path = environ["PATH_INFO"].encode("latin-1").decode()
    except UnicodeDecodeError as problem:
        raise BadInput("The names in this address are not written in UTF-8.") from problem
    names = inbox.words(path.removeprefix(SHARE))
    if not names and request.method in ("DELETE", "MOVE"):
        raise Refused("The inbox itself stays.")
    slash = "/" if path.endswith("/") or not names else ""
    # As wsgidav expects it: bytes as Latin-1, composed as we keep names.
    plain = unicodedata.normalize("NFC", "/".join((SHARE, *names)) + slash)
    environ["PATH_INFO"] = plain.encode().decode("latin-1")
    if request.method != "PUT":
        body = _small_body()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    told: dict[str, bool] = {}
    environ.update({
        "photolib.library": lib, "photolib.user": account, "photolib.token": token, "wsgidav.auth.user_name": account.name,
        "wsgidav.all_input_read": 1, "photolib.told": told,
    })  # fmt: skip
    try:
        if request.method == "PROPFIND":
            return listing(_app, lib, account, names, environ)
        response = Response(*run_wsgi_app(_app, environ))
    except DAVError as problem:
        return _refused(problem)
    if response.mimetype == "text/html":  # a page of wsgidav's that says no more than its status
        said = f"{response.status}\n" if response.status_code >= 400 else ""
        response.close()
        kept = [each for each in response.headers if each[0].lower() not in ("content-type", "content-length")]
        response = Response(said, response.status_code, kept, mimetype="text/plain" if said else None)
    if response.status_code == 204 and told.get("is_new"):
        response.status_code = 201  # of COPY and MOVE to where nothing was
    if request.method == "PUT" and "HTTP_X_OC_MTIME" in environ:
        response.headers["X-OC-MTime"] = "accepted"
    return response


def _small_body() -> bytes:
    length = request.content_length
    if length is None and "Transfer-Encoding" not in request.headers:
        return b""
    most = LARGEST_XML + 1 if length is None else min(length, LARGEST_XML + 1)
    body = request.environ["wsgi.input"].read(most) if most else b""
    if len(body) > LARGEST_XML:
        raise sending.TooLarge("This request is larger than any that makes sense.")
    return body


# ---------------------------------------------------------------- who asks


def _signed_in() -> tuple[Token, Account]:
    """The device that asks and whose it is. Raises NotSignedIn, TooManyTries and Refused.

    Only what is wrong is counted: a token has 256 random bits, so whoever has a right one did not guess it, and a phone
    whose token was revoked, and that goes on trying for ever, keeps no other device of the house out.
    """
    held = request.headers.get("Authorization", "")
    if not held:
        raise NotSignedIn("Sign in with your name and the token of this device.")
    found = _found(held)
    if found is None:
        with write(library().db) as db:
            throttle.count(db, throttle.of_address(request.remote_addr or "", "device"))
        raise NotSignedIn(
            "This name and this token do not fit, or the token was revoked or has expired. The account's password opens nothing here."
        )
    token, account = found
    if "upload" not in api_tokens.allowed(account.role, token.scopes):
        if account.role == "guest":
            raise Refused("A guest can look at photos here, and change nothing.")
        raise Refused('This token is not allowed to do this: it would need the scope "%(scope)s".', scope="upload")
    g.user, g.visitor = account, access.Visitor(library().db, account)
    if api_tokens.is_long_unseen(token):
        try:
            with write_if_free(library().db) as db:
                api_tokens.see(db, token)
        except TryLater:
            pass  # the next request tells as well
    return token, account


def _found(held: str) -> tuple[Token, Account] | None:
    if len(held) > LONGEST_LOGIN:
        return None
    if (text := bearer.held()) is not None:  # rclone can send it so, too
        return api_tokens.find(library().db, text)
    said = request.authorization
    if said is None or said.type != "basic" or not said.username or not said.password:
        return None
    found = api_tokens.find(library().db, said.password.strip())
    if found is None or users.clean_name(said.username).casefold() != found[1].name.casefold():
        return None
    return found


# ---------------------------------------------------------------- problems


def _explained(problem: PhotolibError) -> Response:
    status = next((status for kind, status in STATUS if isinstance(problem, kind)), 400)
    status = getattr(problem, "dav_status", status)
    said = language.explained(problem)
    if isinstance(problem, NotAPhoto):
        said = f"{_('photolib keeps photos and videos, so this was not taken.')} {said}"
    response = Response(said + "\n", status, mimetype="text/plain")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="photolib", charset="UTF-8"'
    if isinstance(problem, TooManyTries):
        response.headers["Retry-After"] = str(problem.seconds)
    elif status == 503:
        response.headers["Retry-After"] = "2"
    return response


def _refused(problem: DAVError) -> Response:
    """What wsgidav says, as a sentence; or as XML, where the protocol has a word for it."""
    if problem.value == 500 and isinstance(problem.src_exception, Exception):  # not wsgidav's own
        if isinstance(problem.src_exception, PhotolibError):
            return _explained(problem.src_exception)
        raise problem.src_exception
    if problem.err_condition is not None:
        return Response(problem.err_condition.as_string(), problem.value, mimetype="application/xml")
    if problem.value in (304, 204):
        return Response(status=problem.value)
    said = problem.context_info if problem.value != 404 else None
    return Response((said or _("There is nothing here.")) + "\n", problem.value, mimetype="text/plain")
