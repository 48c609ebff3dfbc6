"""Text is sent compressed to whoever takes that: pages, JSON, scripts and styles are a third of their size then.

What is compressed tells nobody anything: a request that another site's page makes carries no cookie of ours, so it never sees how
long an answer for somebody who is signed in is.
"""

import gzip

from flask import Flask, Response, request

WORTHWHILE = 1400  # bytes; what fits one packet anyway arrives no sooner
TEXTS = frozenset((
    "text/html", "text/css", "text/javascript", "text/plain", "application/json", "application/javascript", "application/manifest+json",
    "image/svg+xml",
))  # fmt: skip


def register(app: Flask) -> None:
    kept: dict[str, bytes] = {}  # our own files, whose addresses change when they do

    @app.after_request
    def pack(response: Response) -> Response:
        if response.mimetype not in TEXTS or response.status_code != 200 or "Content-Encoding" in response.headers:
            return response
        response.vary.add("Accept-Encoding")
        is_own_file = request.endpoint == "static"
        if (
            not request.accept_encodings["gzip"]
            or request.method == "HEAD"
            or (response.is_streamed and not is_own_file)
        ):
            return response
        if is_own_file and request.path in kept:
            packed = kept[request.path]
            response.close()
        else:
            response.direct_passthrough = False
            whole = response.get_data()
            if len(whole) < WORTHWHILE:
                return response
            packed = gzip.compress(whole, 9 if is_own_file else 4, mtime=0)
            if is_own_file:
                kept[request.path] = packed
        response.direct_passthrough = False
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"
        etag, is_weak = response.get_etag()
        if etag and not is_weak:
            response.set_etag(f"{etag}-gzip")
        return response
