"""The door of a share link: who shows its password comes in. Guessing is slowed down before anything is hashed.

A wrong password makes whoever sits at that address wait longer each time, for that link alone; very many of them, from wherever, make
each further try at the link wait some seconds, and no more, so that nobody can keep others out. Whoever is in already is not asked.
"""

import unicodedata

from sqlite_utils import Database

from photolib.accounts import passwords, throttle
from photolib.accounts.sessions import Client
from photolib.db import write
from photolib.errors import BadInput, Refused
from photolib.sharing import links
from photolib.sharing.links import Link

SHORTEST_PASSWORD, LONGEST_PASSWORD = 6, 200  # characters: it is told on the telephone, and each link has its own


def come_in(db: Database, link: Link, password: str, client: Client) -> str:
    """Let a browser in; return the text for its cookie. Called outside of write().

    Raises Refused for a wrong password and when the link is used up, TooManyTries while somebody has to wait.
    """
    if link.password is not None:
        counters = throttle.of_link(link.id, client.address)
        with write(db, durable=True) as changed:
            throttle.count(changed, *counters)
        if not passwords.matches(_heard(password[:LONGEST_PASSWORD]), link.password):
            with write(db) as changed:
                links.note(changed, link.id, "refused", client)
            raise Refused("This is not the password. Ask the person who sent you the link.")
        with write(db, durable=True) as changed:
            throttle.forgive(changed, *counters)
    with write(db, durable=True) as changed:
        now = links.by_id(changed, link.id)
        if now.has_ended or now.password != link.password:  # meanwhile
            raise Refused("This link has just been changed. Open it again.")
        return links.enter(changed, now, client)


def hashed(password: str) -> str:
    """A link's password as it is kept. Raises BadInput for one that will not do. Called outside of write()."""
    heard = _heard(password)
    if len(heard) < SHORTEST_PASSWORD or len(password) > LONGEST_PASSWORD:
        raise BadInput("The password of a link has at least %(least)s characters.", least=SHORTEST_PASSWORD)
    return passwords.hash(heard)


def _heard(password: str) -> str:
    """A password as somebody hears it on the telephone: without capitals, blanks and dashes."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    return "".join(each for each in plain if not each.isspace() and unicodedata.category(each) != "Pd")
