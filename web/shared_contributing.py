"""How visitors of a link send photos for its album: announced, sent in pieces that can go on later (tus 1.0), then waiting for the owner.

Nothing comes back but how far an upload has come; see photolib/sharing/contributions.py.
"""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from photolib.errors import BadInput, PhotolibError
from photolib.sharing import contributions
from photolib.uploads import Announced
from web import asked, sessions, shared, uploads_api
from web.guard import takes_files
from web.here import library
from web.language import _, explained, ngettext
from web.limits import Limit
from web.shared_pages import about

bp = Blueprint("shared_contributing", __name__, url_prefix="/s/<token>")

LATEST = asked.LARGEST // 1_000_000  # milliseconds that, as nanoseconds, the database can hold
MOST_IN_FORM = 2 << 30  # bytes of a form; with script, files are sent one by one, in pieces, and may be larger
LONGEST_TEXT = 4096  # characters

# Announcing writes; a wedding's worth from one phone still goes through at once.
ANNOUNCING = Limit(per_second=5, burst=1000)


@bp.get("/contribute")
def ask(token: str) -> str:
    """The form to send photos with, on a page of its own."""
    shared.require("contribute")
    return render_template("shared_contribute.html", **about(token))


@bp.post("/contribute")
@takes_files(MOST_IN_FORM)
def begin(token: str) -> ResponseReturnValue:
    """Announce one file (`filename`, `size`, `type`, `last_modified`, `visitor`); without a size, the files of a form."""
    shared.require("contribute")
    ANNOUNCING.count((shared.link().id, request.remote_addr))
    with shared.listening():
        is_announcement = "size" in request.form
    if not is_announcement:
        return _form(token)
    file = Announced(
        request.form.get("filename", "")[:LONGEST_TEXT],
        asked.form_number("size"),
        request.form.get("type", "")[:100] or "application/octet-stream",
        None,
        min(asked.form_number("last_modified"), LATEST) * 1_000_000 if request.form.get("last_modified") else None,
    )
    begun = contributions.begin(library(), shared.link(), file, request.form.get("visitor", ""))
    address = url_for(".state", token=token, upload_id=begun.upload_id)
    return jsonify({"upload_url": address, "done_url": url_for(".done", token=token, upload_id=begun.upload_id)}), 201


def _form(token: str) -> ResponseReturnValue:
    """What a browser without script sends: the files themselves."""
    files = [each for each in request.files.getlist("files") if each.filename]
    if not files:
        raise BadInput("Choose some photos first.")
    sent, problems = 0, []
    for each in files:
        size = each.stream.seek(0, 2)
        each.stream.seek(0)
        try:
            contributions.receive(
                library(), shared.link(), Announced(each.filename or "", size, each.mimetype), each.stream,
                request.form.get("visitor", ""), sessions.client(),
            )  # fmt: skip
            sent += 1
        except PhotolibError as problem:
            problems.append((each.filename, explained(problem)))
    said = ngettext("%(num)s photo was sent.", "%(num)s photos were sent.", sent) if sent else _("Nothing was sent.")
    page = render_template("shared_contribute.html", said=said, sent=sent, problems=problems, **about(token))
    return page, 200 if sent else 400


@bp.route("/contribute/<upload_id>", methods=["GET", "HEAD", "OPTIONS"], provide_automatic_options=False)
def state(token: str, upload_id: str) -> Response:
    """How far it has come."""
    shared.require("contribute")
    return uploads_api.state_of(contributions.upload_of(library().db, shared.link(), upload_id))


@bp.route("/contribute/<upload_id>", methods=["PATCH", "DELETE", "POST"])
@takes_files(asked.LARGEST)
def send(token: str, upload_id: str) -> Response:
    """PATCH a piece, DELETE to cancel; POST with X-HTTP-Method-Override where a network lets nothing else through."""
    shared.require("contribute")
    method = request.method
    if method == "POST":
        method = request.headers.get("X-HTTP-Method-Override", "").upper()
    upload = contributions.upload_of(library().db, shared.link(), upload_id)
    if method == "DELETE":
        contributions.cancel(library(), shared.link(), upload_id)
        return Response(status=204)
    if method != "PATCH":
        abort(405)
    with shared.listening():
        return uploads_api.receive_piece(upload)


@bp.post("/contribute/<upload_id>/done")
def done(token: str, upload_id: str) -> dict[str, Any]:
    """All of it has been sent."""
    shared.require("contribute")
    contributions.finish(library(), shared.link(), upload_id, sessions.client())
    return {"said": _("Sent")}
