"""/api/v1/photos/upload-url, /api/v1/photos and the addresses that files are sent to: plain PUT, and tus 1.0 (https://tus.io/protocols/resumable-upload).

The address of an upload is signed. It says whose upload it is and of what size, opens nothing else, and gives no bytes back, so a
program can be handed it without any password.
"""

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from sqlite_utils import Database

from photolib import access, album_edits, catalog, drafts, edits, uploads
from photolib.accounts import users
from photolib.albums import Album
from photolib.errors import BadInput, NotFound, Refused
from photolib.sharing import grants
from photolib.sharing.grants import Audience
from photolib.uploads import Announced, Upload, Wishes
from web import asked
from web.albums import allowed_album
from web.api import urls
from web.described import described, media
from web.guard import takes_files
from web.here import library, user, visitor
from web.language import retold
from web.shapes import one_of
from web.upload_shapes import (
    ANNOUNCED,
    ANNOUNCING,
    FILED,
    FILING,
    LATEST,
    LONGEST_TEXT,
    PIECE_HEADERS,
    STATE,
    UPLOAD_PROBLEMS,
)

bp = Blueprint("uploads_api", __name__, url_prefix="/api/v1")

TUS = "1.0.0"
PIECE = "application/offset+octet-stream"
ALGORITHMS = ("sha1", "sha256", "md5")  # tus asks for the first


# ---------------------------------------------------------------- announcing and filing


@bp.post("/photos/upload-url")
@described({201: ANNOUNCED}, body=ANNOUNCING)
def announce() -> tuple[dict[str, Any], int]:
    """Where to send a file. last_modified: milliseconds since 1970, as browsers have it; folder: where it lay, for words."""
    said = asked.body()
    file = Announced(
        filename=asked.text(said, "filename", is_needed=True, longest=LONGEST_TEXT) or "",
        size=asked.needed(said, "size_bytes"),
        media_type=asked.text(said, "content_type", longest=LONGEST_TEXT) or "application/octet-stream",
        sha256=(asked.text(said, "sha256", longest=LONGEST_TEXT) or "").lower() or None,
        modified_ns=(asked.whole(said, "last_modified", most=LATEST) or 0) * 1_000_000 or None,
        folder=asked.text(said, "folder", longest=LONGEST_TEXT) or "",
    )
    upload = uploads.announce(library(), user().id, file, users.room_left(library().db, user()))
    duplicate = uploads.duplicate_of(library(), upload)
    answer = {"upload_id": upload.id, "upload_url": _address(upload), "expires_at": _iso(upload.expires_at)}
    return {**answer, **({"duplicate_of": duplicate} if duplicate is not None else {})}, 201


@bp.post("/photos")
@described({201: FILED}, body=FILING, problems=[404, 409, 410, 423])
def file() -> tuple[dict[str, Any], int]:
    """Make a photo of what was sent. outcome: new or duplicate; ignored for a sidecar, which has no photo of its own."""
    said = asked.body()
    upload = _own(asked.text(said, "upload_id", is_needed=True, longest=LONGEST_TEXT) or "")
    filed = uploads.file(library(), upload, wishes(said))
    answer: dict[str, Any] = {"photo_id": None, "status": "ready", "urls": None}
    photo_id = uploads.photo_of(library(), upload)  # by now it may be a part of another one
    if photo_id is not None:
        photo = catalog.photo(library().db, photo_id)
        answer = {"photo_id": photo.id, "status": photo.status, "urls": urls(photo.key)}
    return {
        **answer,
        "outcome": filed.outcome,
        "reason": retold(filed.reason) or None,
        "was_in_trash": filed.was_in_trash,
    }, 201


def wishes(said: dict[str, Any]) -> Wishes:
    """What is to be done with a photo. Everything is checked before anything is."""
    owner = user().id
    album_id = asked.whole(said, "album_id")
    caption = {name: said[name] for name in ("title", "description") if said.get(name)}
    tags = {"add_tags": said["tags"]} if said.get("tags") else {}
    if caption or tags:
        edits.checked({**caption, **tags})
    album = None if album_id is None else check_album(album_id)
    audience = {"followers": "followers", "public": "public"}.get(asked.text(said, "visibility") or "private")

    def then(db: Database, photo_id: int, is_new: bool) -> None:
        changes = {**(caption if is_new else {}), **tags}  # a photo that was here keeps what somebody said about it
        if changes:
            edits.edit(db, owner, [photo_id], changes)
        if album is not None:
            album_edits.add(db, owner, album, [photo_id])
        if audience and is_new:
            grants.give(db, owner, {"photo_id": photo_id}, cast(Audience, audience))

    return Wishes(then=then)


def check_album(album_id: int) -> Album:
    """Raises NotFound for an album the visitor may not add to, BadInput for one that fills itself."""
    album = allowed_album(album_id, "contribute")
    if album.kind == "search":
        raise BadInput("This album fills itself with what its search finds. Choose another one.")
    return album


def _own(upload_id: str) -> Upload:
    upload = uploads.find(library().db, upload_id)
    if not access.may(visitor(), "edit", upload):
        raise NotFound("There is no such upload.")
    return upload


# ---------------------------------------------------------------- receiving


@bp.before_request
def _check_version() -> Response | None:
    if _is_tus() and request.method != "OPTIONS" and request.headers.get("Tus-Resumable", TUS) != TUS:
        return _problem(412, "tus_version", f"photolib speaks version {TUS} of tus.", {"Tus-Version": TUS})
    return None


@bp.after_request
def _say_version(response: Response) -> Response:
    if _is_tus():
        response.headers["Tus-Resumable"] = TUS
        response.headers["Cache-Control"] = "private, no-store"
    return response


def _is_tus() -> bool:
    return request.endpoint in (f"{bp.name}.state", f"{bp.name}.send")


@bp.route("/uploads/<token>", methods=["GET", "HEAD", "OPTIONS"], provide_automatic_options=False)
@described(STATE, problems=UPLOAD_PROBLEMS)
def state(token: str) -> Response:
    """How far it has come. GET says so in words; the bytes themselves are not given back here."""
    return state_of(_signed(token))


def state_of(upload: Upload) -> Response:
    """What is answered about an upload, at whatever address it is received."""
    if request.method == "OPTIONS":
        most = library().config.largest_upload_mb << 20
        return Response(
            status=204,
            headers={
                "Tus-Version": TUS, "Tus-Extension": "checksum,expiration,termination",
                "Tus-Checksum-Algorithm": ",".join(ALGORITHMS), **({"Tus-Max-Size": str(most)} if most else {}),
            },
        )  # fmt: skip
    said = {"upload_id": upload.id, "state": upload.state, "offset": upload.received, "size_bytes": upload.size}
    response = jsonify({**said, "expires_at": _iso(upload.expires_at)})
    response.headers.update({"Upload-Length": str(upload.size), **_progress(upload)})
    return response


@bp.route("/uploads/<token>", methods=["PATCH", "PUT", "DELETE", "POST"])
@takes_files(asked.LARGEST)
@described({204: None}, headers=PIECE_HEADERS, body=media(PIECE), problems=UPLOAD_PROBLEMS, method="PATCH")
@described({204: None}, body=media("application/octet-stream"), problems=UPLOAD_PROBLEMS, method="PUT")
@described({204: None}, problems=UPLOAD_PROBLEMS, method="DELETE")
@described(
    {204: None},
    headers={"X-HTTP-Method-Override": one_of("PATCH", "PUT", "DELETE"), **PIECE_HEADERS},
    body=media(PIECE, "application/octet-stream"),
    problems=[405, *UPLOAD_PROBLEMS],
    method="POST",
)
def send(token: str) -> Response:
    """PATCH a piece, PUT the whole, DELETE to cancel; POST with X-HTTP-Method-Override where a network lets nothing else through."""
    upload, method = _signed(token), request.method
    if method == "POST":
        method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if method == "DELETE":
        uploads.cancel(library(), upload)
        return Response(status=204)
    if method == "PUT":
        return _put(upload)
    if method == "PATCH":
        return receive_piece(upload)
    return _problem(405, "method_not_allowed", "This address takes PATCH, PUT and DELETE.")


def receive_piece(upload: Upload) -> Response:
    """Take the piece that the request brings, as tus has it."""
    if request.mimetype != PIECE:
        return _problem(415, "unsupported_media_type", f"A piece is sent as Content-Type: {PIECE}.")
    offset = number_in("Upload-Offset")
    check = checksum_in(request.headers.get("Upload-Checksum"))
    if (request.content_length or 0) > upload.size - offset and offset == upload.received:
        raise drafts.TooMuch(f"This upload was announced with {upload.size} bytes, and this piece goes beyond.")
    now = uploads.receive(library(), upload, request.environ["wsgi.input"], offset, check)
    return Response(status=204, headers=_progress(now))


def _put(upload: Upload) -> Response:
    if "Content-Range" in request.headers:
        return _problem(400, "bad_input", "PUT takes the whole file. Pieces are sent with PATCH, as tus has it.")
    if request.content_length is not None and request.content_length != upload.size:
        return _problem(
            400, "bad_input", f"This upload was announced with {upload.size} bytes, not {request.content_length}."
        )
    now = uploads.receive(library(), upload, request.environ["wsgi.input"], 0, from_start=True)
    if not now.is_whole:
        return _problem(400, "incomplete", f"Only {now.received} of {now.size} bytes came.")
    return Response(status=204, headers=_progress(now))


def _progress(upload: Upload) -> dict[str, str]:
    expires = format_datetime(datetime.fromtimestamp(upload.expires_at, UTC), usegmt=True)
    return {"Upload-Offset": str(upload.received if upload.state == "open" else upload.size), "Upload-Expires": expires}


def number_in(header: str) -> int:
    """A number from a header of tus. Raises BadInput."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadInput(f"{header} has to be a number that is not negative.")
    return int(text)


def checksum_in(header: str | None) -> tuple[str, bytes] | None:
    """What Upload-Checksum says: `sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`. Raises BadInput."""
    if header is None:
        return None
    algorithm, _, text = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadInput(f"Checksums of pieces can be {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadInput("A checksum is written in Base64.") from problem
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadInput(f"That is no {algorithm} checksum.")
    return algorithm, digest


def _problem(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> Response:
    response = jsonify({"error": {"kind": kind, "message": message}})
    response.status_code = status
    response.headers.update(headers or {})
    return response


# ---------------------------------------------------------------- signed addresses


def _address(upload: Upload) -> str:
    token = _signer().dumps([upload.id, upload.owner_id, upload.size, upload.expires_at])
    return url_for(f"{bp.name}.state", token=token, _external=True)


def _signed(token: str) -> Upload:
    """The upload that an address leads to. Raises NotFound when we have not signed it, or somebody else is signed in than it is for,
    and Gone when it has expired."""
    try:
        said = _signer().loads(token)
        upload_id, owner_id, size, expires_at = said
    except (BadSignature, ValueError, TypeError) as problem:
        raise NotFound("There is no such upload.") from problem
    upload = uploads.find(library().db, upload_id)
    signed_in = visitor().user
    if (owner_id, size, expires_at) != (upload.owner_id, upload.size, upload.expires_at) or (
        signed_in is not None and signed_in.id != owner_id
    ):
        raise NotFound("There is no such upload.")
    owner = users.account(library().db, owner_id)
    if owner.is_disabled or owner.role == "guest":
        raise Refused("Whoever this upload is for may not add photos any more.")
    return upload


def _signer() -> URLSafeSerializer:
    known = current_app.extensions.get("photolib.upload_signer")
    if known is None:
        known = URLSafeSerializer(
            uploads.secret(library().db),
            salt="upload",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
        current_app.extensions["photolib.upload_signer"] = known
    return known


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
