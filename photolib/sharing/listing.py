"""The links of an owner as lists show them, with what happened at each: who came when, and how often something was taken home."""

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from photolib.sharing import links
from photolib.sharing.links import Link

DAYS = 30  # that a chart of visits shows


@dataclass(frozen=True)
class Page:
    """Some links, the newest first, and the id that the next page goes on below; None at the end."""

    links: list[Link]
    cursor: int | None


@dataclass(frozen=True)
class Counts:
    """What happened at a link, as far back as its log goes (links.KEPT_LOG lines). last_at: when it was last opened, UTC."""

    visits: int = 0
    downloads: int = 0
    refused: int = 0
    last_at: str | None = None


@dataclass(frozen=True)
class Line:
    """Something that happened at a link. what: as links.note() says it; network: of the visitor's address, not the address itself."""

    id: int
    at: str
    what: str
    photos: int
    network: str
    browser: str


def page(
    db: Database, owner_id: int, has_ended: bool = False, before: int | None = None, size: int = 50, album_id: int | None = None
) -> Page:  # fmt: skip
    """Links of an owner's that still open, or those that have ended. album_id: those of one album only."""
    living = "(revoked_at is null and (expires_at is null or expires_at > :now))"
    rows = db.conn.execute(
        f"""select id from links where owner_id = :owner and {"not " if has_ended else ""}{living}
              and (:album is null or album_id = :album) and id < :before order by id desc limit :size""",
        {"owner": owner_id, "now": _now(), "album": album_id, "before": before or 2**62, "size": size + 1},
    ).fetchall()
    found = links.some(db, [row[0] for row in rows[:size]])
    return Page(found, found[-1].id if len(rows) > size else None)


def living(db: Database, album_id: int) -> int:
    """How many links to an album open at this moment."""
    row = db.conn.execute(
        "select count(*) from links where album_id = ? and revoked_at is null and (expires_at is null or expires_at > ?)",
        (album_id, _now()),
    )
    return row.fetchone()[0]


def living_of(db: Database, owner_id: int) -> int:
    """How many of somebody's links open at this moment."""
    row = db.conn.execute(
        "select count(*) from links where owner_id = ? and revoked_at is null and (expires_at is null or expires_at > ?)",
        (owner_id, _now()),
    )
    return row.fetchone()[0]


def counts(db: Database, link_ids: Sequence[int]) -> dict[int, Counts]:
    """What happened at each of these links; one question for all of them."""
    rows = db.conn.execute(
        """select link_id, sum(what = 'opened'), sum(what = 'downloaded'), sum(what = 'refused'),
             max(case what when 'opened' then at end)
           from link_log where link_id in (select value from json_each(?)) group by link_id""",
        (json.dumps(list(link_ids)),),
    ).fetchall()
    found = {row[0]: Counts(*row[1:]) for row in rows}
    return {each: found.get(each, Counts()) for each in link_ids}


def log(db: Database, link_id: int, before: int | None = None, size: int = 50) -> tuple[list[Line], int | None]:
    """What happened at a link, the latest first, and the id that continues below; None at the end."""
    rows = db.conn.execute(
        """select id, at, what, photos, address, browser from link_log where link_id = ? and id < ?
           order by id desc limit ?""",
        (link_id, before or 2**62, size + 1),
    ).fetchall()
    found = [
        Line(number, at, what, photos, network(where), browser)
        for number, at, what, photos, where, browser in rows[:size]
    ]
    return found, found[-1].id if len(rows) > size else None


def days(db: Database, link_id: int) -> list[tuple[str, int]]:
    """(day, visits) of the last days, today the last; days are those of UTC."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    rows = db.conn.execute(
        """select substr(at, 1, 10) as day, count(*) from link_log where link_id = ? and what = 'opened' and at >= ?
           group by day""",
        (link_id, first.isoformat()),
    ).fetchall()
    found = dict(rows)
    wanted = [(first + timedelta(days=each)).isoformat() for each in range(DAYS)]
    return [(day, found.get(day, 0)) for day in wanted]


def network(address: str) -> str:
    """Whereabouts on the network somebody is: enough to tell a neighbour from a stranger, without following anybody about."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if read.version == 6 and read.ipv4_mapped:
        read = read.ipv4_mapped
    if read.is_loopback:
        return str(read)
    kept = ipaddress.ip_network(f"{read}/{24 if read.version == 4 else 48}", strict=False)
    return str(kept)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
