"""What holds for every answer, whatever the route: which host names are ours, and what a browser may do with the answer."""

import ipaddress
import socket

from flask import Flask, Response, request

from photolib.errors import BadInput
from web.here import library

A_YEAR = 365 * 24 * 3600
FOR_EVER = f"private, max-age={A_YEAR}, immutable"  # for addresses whose bytes never change

# Our own files only: no inline script or style, no other origin, no frame around us.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "media-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip

HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, no-cache",
}


def register(app: Flask) -> None:
    app.before_request(_refuse_foreign_host)
    app.after_request(_add_headers)


def is_own_host(host: str, listening_on: str) -> bool:
    """Whether a Host header names this machine as its people do.

    A web page elsewhere can make its own name lead to this machine (DNS rebinding) and read what we answer, but it cannot
    change that name in the header. An app that listens on the loopback answers to loopback names only; one that listens
    on the network also to addresses, which nobody can rebind, and to the machine's own name.
    """
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").rstrip(".").lower()
    if name in ("localhost", listening_on.lower()):
        return True
    if address := _address(name):
        return address.is_loopback or not _is_loopback(listening_on)
    own = socket.gethostname().lower()
    return not _is_loopback(listening_on) and name in (own, own.partition(".")[0], f"{own.partition('.')[0]}.local")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def _refuse_foreign_host() -> None:
    if not is_own_host(request.environ.get("HTTP_HOST", ""), library().config.host):
        raise BadInput("photolib does not answer to this name. Open it by the address it printed when it started.")


def _add_headers(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        response.headers["Cache-Control"] = FOR_EVER
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
