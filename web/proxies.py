"""What a proxy says of whom it asks for, believed only from proxies that the settings name."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Environ = dict[str, Any]
App = Callable[..., Iterable[bytes]]

SAID = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PREFIX", "HTTP_FORWARDED", "HTTP_X_REAL_IP")  # fmt: skip


def behind(app: App, trusted: Sequence[str]) -> App:
    """The app as it is behind these proxies: asked by whom they name. From anybody else what they say of that is taken away."""
    networks = [ipaddress.ip_network(each) for each in trusted]

    def answer(environ: Environ, start_response: Any) -> Iterable[bytes]:
        said = {name: environ.pop(name, "") for name in SAID}
        sender = _address(environ.get("REMOTE_ADDR", ""))
        if sender is not None and _is_in(sender, networks):
            _believe(environ, said, networks)
        return app(environ, start_response)

    return answer


def _believe(environ: Environ, said: dict[str, str], networks: Sequence[Any]) -> None:
    """Take over what a trusted proxy says. Each proxy adds to the right, so what stands left of the first stranger is their claim."""
    hops = [each.strip() for each in said["HTTP_X_FORWARDED_FOR"].split(",")]
    while hops:
        hop = _address(hops.pop())
        if hop is None:
            break
        environ["REMOTE_ADDR"] = str(hop)
        if not _is_in(hop, networks):
            break
    scheme = said["HTTP_X_FORWARDED_PROTO"].rpartition(",")[2].strip().lower()
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme
    if host := said["HTTP_X_FORWARDED_HOST"].rpartition(",")[2].strip():
        environ["HTTP_HOST"] = host


def _is_in(address: Address, networks: Sequence[Any]) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in networks)


def _address(text: str) -> Address | None:
    """An address, with or without a port: "10.0.0.7", "10.0.0.7:4711", "[fe80::1]:4711"."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
