"""How a page answers a form that has changed something: what was done, and how to undo it."""

from urllib.parse import urlsplit

from flask import Response, jsonify, request


def done(said: str, undo: str | None = None, go: str | None = None) -> Response:
    """To our own script as JSON, for a toast; to a browser without script the way back to the page that holds the form.

    undo: where a POST takes it back; go: the page to show instead, when the one that holds the form is no more.
    """
    if wants_json():
        return jsonify({"said": said, "undo": undo, "go": go})
    return Response(status=303, headers={"Location": go or _came_from()})


def undoing(edit_id: int | None) -> str | None:
    """Where an edit is taken back; None when nothing had to be changed."""
    return None if edit_id is None else f"/edits/{edit_id}/undo"


def wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _came_from() -> str:
    """The path of the page that holds the form. Only its path: nobody is led to another host."""
    page = urlsplit(request.referrer or "")
    path = "/" + page.path.lstrip("/\\")  # two slashes, of either kind, would begin the name of a host
    return f"{path}?{page.query}" if page.query else path
