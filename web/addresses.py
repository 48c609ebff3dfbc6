"""Where on the network this machine is reached, and whether it should be."""

import io
import ipaddress
import socket
import sys
from dataclasses import replace
from pathlib import Path

import ifaddr
import segno

from photolib.config import Config

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Networks inside this machine, which no phone can reach.
INSIDE = ("docker", "br-", "veth", "virbr", "vboxnet", "vmnet", "cni", "podman", "lxc")
SOMEWHERE = (
    "192.0.2.1",
    9,
)  # an address for examples (RFC 5737): the system says which way it would go, and nothing is sent


def without_surprise(config: Config) -> Config:
    """The settings with a host that suits where this machine stands.

    By default photolib answers the whole house, since that is whom it is for. A machine that has a public address is a house
    without a door: there it answers itself alone unless the settings, which then are somebody's decision, say otherwise.
    """
    if config.sources.get("host", "default") == "default" and config.host == "0.0.0.0" and public():
        return replace(config, host="127.0.0.1")
    return config


def public() -> list[str]:
    """This machine's addresses that the whole internet could reach."""
    return [str(each) for each in _own() if each.is_global]


def reached_at(config: Config) -> list[str]:
    """The addresses to type into a browser elsewhere in the house, the likeliest first. None when nobody else is answered."""
    if is_loopback(config.host):
        return []
    if not is_any(config.host):
        return [_url(config.host, config.port)]
    own = [str(each) for each in _own()]
    likely = _towards_the_network()
    found = sorted(own, key=lambda each: each != likely)
    names = [f"{socket.gethostname().partition('.')[0].lower()}.local"] if _announces_its_name() else []
    return [_url(each, config.port) for each in (*found, *names)]


def here(config: Config) -> str:
    """The address for a browser on this machine."""
    return _url("127.0.0.1" if is_any(config.host) else config.host, config.port)


def is_loopback(host: str) -> bool:
    """Whether only this machine is answered there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_any(host: str) -> bool:
    """Whether it stands for all of this machine's addresses."""
    return host in ("0.0.0.0", "::")


def square(url: str) -> str:
    """An address as a QR code for a terminal."""
    drawn = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue()


def _own() -> list[Address]:
    """This machine's addresses of the shorter kind: those of the longer kind nobody types."""
    found = []
    for adapter in ifaddr.get_adapters():
        if adapter.name.startswith(INSIDE):
            continue
        for each in adapter.ips:
            if each.is_IPv4 and isinstance(each.ip, str):
                address = ipaddress.ip_address(each.ip)
                if not address.is_loopback and not address.is_link_local:
                    found.append(address)
    return found


def _towards_the_network() -> str:
    """Which of the addresses this machine would be seen by."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(SOMEWHERE)
            return probe.getsockname()[0]
    except OSError:
        return ""


def _announces_its_name() -> bool:
    """Whether something here answers when the house asks for NAME.local."""
    return sys.platform == "darwin" or Path("/run/avahi-daemon/socket").exists()


def _url(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}/" if port == 80 else f"http://{shown}:{port}/"
