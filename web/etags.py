"""JSON that has not changed is not sent again: answers of the API carry an ETag, and whoever sends it back gets 304 and no body.

It is a hash of the answer, so it can never be wrong, whatever the answer is made of. What is saved is packing and sending, not asking
the database: that takes a few milliseconds, and a number that says whether anything changed for this person would have to know of
every table. The tag is weak, since the same answer is sent packed to some (RFC 9110, 8.8.1).
"""

import hashlib

from flask import Flask, Response, request


def register(app: Flask) -> None:
    """Call it after packing's: what is registered last comes first to an answer."""
    app.after_request(_tag)


def _tag(response: Response) -> Response:
    is_json = response.mimetype == "application/json" and not response.is_streamed
    if (
        request.method not in ("GET", "HEAD")
        or response.status_code != 200
        or not is_json
        or "ETag" in response.headers
    ):
        return response
    response.vary.add("Accept-Encoding")  # a 304 says of what it varies as the answer would
    response.set_etag(hashlib.blake2b(response.get_data(), digest_size=16).hexdigest(), weak=True)
    response.make_conditional(request)
    return response
