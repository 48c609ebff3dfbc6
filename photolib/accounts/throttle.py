"""What slows guessing down: each failure makes the next try wait longer, up to a quarter of an hour and no further.

A try is counted before anything is compared, in the database, so neither many at once nor a restart gets around it. Whoever
is right starts from nothing again, and an hour takes back one failure. While somebody has to wait, nothing is compared and
nothing more is counted, so a person who was made to wait by others gets in as soon as the wait is over; and where they have
signed in before they have a count of their own, so others cannot make them wait there at all.
"""

import hashlib
import ipaddress
import time
from dataclasses import dataclass

from sqlite_utils import Database

from photolib.errors import TooManyTries

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 15 * 60.0  # seconds
FORGIVEN_EVERY = 3600.0  # seconds, one failure
FORGOTTEN_AFTER = 48 * 3600.0  # seconds without a try
FREE_FOR_ONE, FREE_FOR_ADDRESS = 4, 20  # failures that cost nothing: people mistype, and a family may share an address
FREE_FOR_LINK, LONGEST_WAIT_AT_LINK = (
    50,
    8.0,
)  # from all addresses together: others must still get in, between two tries of a crowd


@dataclass(frozen=True)
class Counter:
    """Whom or where from a try is counted for, and how many failures are free. is_shared: others are counted with them; longest: wait."""

    what: bytes
    free: int
    is_shared: bool = False
    longest: float = LONGEST_WAIT


def of_name(name: str, known_address: str | None = None) -> Counter:
    """Tries with a user's name, right or wrong; with an address they have signed in from before, those from there."""
    about = f"name\0{name.strip().casefold()}" + (f"\0{network_of(known_address)}" if known_address else "")
    return Counter(_hashed(about), FREE_FOR_ONE)


def of_address(address: str, door: str = "sign-in") -> Counter:
    """Tries from an address. door: each way in counts for itself."""
    return Counter(_hashed(f"address\0{door}\0{network_of(address)}"), FREE_FOR_ADDRESS, is_shared=True)


def of_link(link_id: int, address: str) -> tuple[Counter, Counter]:
    """Tries at a share link's password: from an address, and from everywhere."""
    about = f"link\0{link_id}"
    return (
        Counter(_hashed(f"{about}\0{network_of(address)}"), FREE_FOR_ONE),
        Counter(_hashed(about), FREE_FOR_LINK, is_shared=True, longest=LONGEST_WAIT_AT_LINK),
    )


def count(db: Database, *counters: Counter) -> None:
    """Count one try. Raises TooManyTries, and counts nothing, while any of the counters has to wait."""
    now = time.time()
    db.conn.execute("delete from tries where last_at < ?", (now - FORGOTTEN_AFTER,))
    rows = {
        row[0]: row[1:]
        for each in counters
        for row in db.conn.execute("select what, count, wait_until, last_at from tries where what = ?", (each.what,))
    }
    # A clock that was set back must not make anybody wait longer than the longest wait.
    left = max((min(row[1] - now, LONGEST_WAIT) for row in rows.values()), default=0.0)
    if left > 0:
        raise TooManyTries(left)
    for each in counters:
        before, _, last_at = rows.get(each.what, (0, 0.0, now))
        tried = max(0, before - int(max(0.0, now - last_at) / FORGIVEN_EVERY)) + 1
        db.conn.execute(
            """insert into tries (what, count, last_at, wait_until) values (?, ?, ?, ?)
               on conflict (what) do update set count = excluded.count, last_at = excluded.last_at, wait_until = excluded.wait_until""",
            (each.what, tried, now, now + min(wait(tried - each.free), each.longest)),
        )


def forgive(db: Database, *counters: Counter) -> None:
    """Somebody was right: these begin from nothing. Where others are counted too, only this try is taken back, or whoever has an
    account here could wipe out the traces of their guessing at another's."""
    for each in counters:
        if each.is_shared:
            db.conn.execute("update tries set count = count - 1, wait_until = 0 where what = ?", (each.what,))
        else:
            db.conn.execute("delete from tries where what = ?", (each.what,))


def wait(failures: int) -> float:
    """Seconds until the next try after so many failures that count: 1, 2, 4 and so on."""
    return min(SHORTEST_WAIT * 2.0 ** min(failures - 1, 20), LONGEST_WAIT) if failures > 0 else 0.0


def network_of(address: str) -> str:
    """An address as it is counted: one house has 2^64 of the longer kind."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _hashed(about: str) -> bytes:
    return hashlib.sha256(about.encode("utf-8", "surrogatepass")).digest()
