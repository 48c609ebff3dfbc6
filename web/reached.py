"""How others reach photolib: what addresses that are handed to somebody begin with."""

from flask import request

from web import addresses
from web.here import library


def base() -> str:
    """As whoever asks does, unless that is by a name for one's own machine."""
    elsewhere = addresses.reached_at(library().config)
    return elsewhere[0] if is_own_name() and elsewhere else request.host_url


def is_nowhere_else() -> bool:
    """Whether addresses made here open on this machine alone."""
    return is_own_name() and not addresses.reached_at(library().config)


def is_own_name() -> bool:
    """Whether photolib was asked by a name that stands for one's own machine."""
    name = request.host.rpartition(":")[0] or request.host
    return addresses.is_loopback(name.strip("[]"))
