"""Passwords: argon2id, few at a time, and the same work whether or not there is somebody to check."""

import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from photolib.errors import BadInput, TryLater

SHORTEST, LONGEST = 10, 1000  # characters
FEWEST_DIFFERENT = 5
FEWEST_GUESSES = (
    10**6
)  # what zxcvbn calls somewhat guessable begins here; a try costs a second, and after four of them more
LEAST_BESIDE_NAME = 7
_WEIGHED = 72  # characters; more make no password easier to guess, and weighing them slow
WAIT_SECONDS = 20.0

# What the library recommends, RFC 9106's second choice: 64 MiB, three passes, four lanes. Hashes with other parameters are made
# anew at the next log-in.
HASHER = PasswordHasher()

_at_once = threading.BoundedSemaphore(2)  # each takes 64 MiB: a crowd at the door must not take the machine's memory


def hash(password: str) -> str:
    """A password as it is kept. Takes about a tenth of a second: call it outside of write()."""
    with _turn():
        return HASHER.hash(_plain(password))


def matches(password: str, kept: str | None) -> bool:
    """Whether this is the password. kept: None when there is no such user or they have none; it is compared all the same, so
    that nobody can tell from the answer's time."""
    with _turn():
        try:
            return HASHER.verify(kept or _nobodys(), _plain(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(kept)


def check_new(password: str, *names: str) -> None:
    """Raises BadInput with what helps when a password is too easily guessed. names: what the person is called here."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise BadInput(
            "A password needs at least %(least)s characters. A few words in a row are easy to remember.", least=SHORTEST
        )
    if len(plain) > LONGEST:
        raise BadInput("A password may have at most %(most)s characters.", most=LONGEST)
    if (
        len(set(plain.casefold())) < FEWEST_DIFFERENT
        or plain.casefold() in _EASY
        or _guesses(plain, names) < FEWEST_GUESSES
    ):
        raise BadInput("This password is among the first that anybody would try. Choose another.")
    rest = plain.casefold()
    for name in names:
        rest = rest.replace(name.casefold(), "") if name else rest
    if len(rest) < LEAST_BESIDE_NAME:
        raise BadInput("This password is hardly more than the name. Choose another.")


def _guesses(password: str, names: Sequence[str]) -> float:
    """How many tries somebody needs who begins with passwords that leaked most often, words, names, dates and keys side by side."""
    from zxcvbn import zxcvbn  # here: its lists are read only when somebody chooses a password

    return float(zxcvbn(password[:_WEIGHED], user_inputs=["photolib", *names])["guesses"])


_EASY = {
    "0123456789", "1234567890", "12345678910", "123456789a", "1q2w3e4r5t", "abcdefghij", "asdfghjkl1", "iloveyou12", "letmein123",
    "password01", "password12", "password123", "password1234", "passw0rd123", "passwort123", "photolib123", "photolib12", "photolib1234",
    "qwertyuiop", "qwertzuiop", "qwerty1234", "qwerty12345", "welcome123", "willkommen", "zaq12wsxcde",
}  # fmt: skip


def _plain(password: str) -> str:
    """The same characters however a keyboard composed them (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return HASHER.hash("the password of nobody")


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_once.acquire(timeout=WAIT_SECONDS):
        raise TryLater("Many people are signing in at this moment. Try again shortly.")
    try:
        yield
    finally:
        _at_once.release()
