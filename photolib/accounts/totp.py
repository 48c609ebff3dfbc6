"""The second factor: six digits from an app that shares a secret with us (RFC 6238), and codes on paper for when the app is gone."""

import hmac
import io
import re
import secrets
import time
from collections.abc import Iterable

from sqlite_utils import Database

from photolib.accounts import tokens
from photolib.accounts.tokens import hashed
from photolib.errors import BadInput
from photolib.sources import now as moment

ISSUER = "photolib"
PERIOD = 30  # seconds
DRIFT = 1  # periods that the two clocks may differ by, as RFC 6238 section 5.2 advises
RECOVERY_CODES = 10
_GROUPS, _IN_GROUP = (
    4,
    4,
)  # 16 letters of 5 bits each: 80 bits, which nobody tries out, not even on a copy of the database


def new_secret() -> str:
    """160 random bits, written as authenticator apps take them."""
    import pyotp

    return pyotp.random_base32()


def address(secret: str, user_name: str) -> str:
    """What an authenticator app reads out of the QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=ISSUER)


def picture(secret: str, user_name: str) -> bytes:
    """The QR code as an SVG. It holds the secret: nobody but its user may have it, and nobody may keep it."""
    import segno

    drawn = io.BytesIO()
    code = segno.make(address(secret, user_name), micro=False)
    code.save(drawn, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, nl=False)
    return drawn.getvalue()


def step_of(secret: str, code: str, after: int = 0) -> int | None:
    """The period whose code this is, when it is near now and later than `after`; None when it is no such code."""
    import pyotp

    code = re.sub(r"\s", "", code)
    if not re.fullmatch(r"\d{6}", code, re.ASCII):
        return None
    now = int(time.time()) // PERIOD
    totp = pyotp.TOTP(secret)
    fitting = [
        step
        for step in range(now - DRIFT, now + DRIFT + 1)
        if hmac.compare_digest(totp.at(step * PERIOD), code) and step > after
    ]
    return max(fitting, default=None)


def turn_on(db: Database, user_id: int, secret: str, code: str) -> list[str]:
    """Ask for a code from now on; returns the recovery codes, which are shown once. Raises BadInput when the code is not the app's."""
    step = step_of(secret, code)
    if step is None:
        raise BadInput(
            "This is not the code that the app shows now. Wait for the next one; if that is wrong too, check the clock of "
            "the phone."
        )
    db.conn.execute(
        """insert into totp (user_id, secret, created_at, last_step) values (?, ?, ?, ?)
             on conflict (user_id) do update set secret = excluded.secret, created_at = excluded.created_at,
               last_step = excluded.last_step""",
        (user_id, secret, moment(), step),
    )
    return renew_recovery_codes(db, user_id)


def turn_off(db: Database, user_id: int) -> None:
    db.conn.execute("delete from totp where user_id = ?", (user_id,))
    db.conn.execute("delete from recovery_codes where user_id = ?", (user_id,))


def is_on(db: Database, user_id: int) -> bool:
    return db.conn.execute("select 1 from totp where user_id = ?", (user_id,)).fetchone() is not None


def take(db: Database, user_id: int, code: str) -> bool:
    """Whether this is a code of somebody's app, or one of their recovery codes, that was not taken before. It is taken now.

    Call it inside write(): two requests with the same code must not both find it unused.
    """
    row = db.conn.execute("select secret, last_step from totp where user_id = ?", (user_id,)).fetchone()
    if row is None:
        return False
    step = step_of(row[0], code, row[1])
    if step is not None:
        db.conn.execute("update totp set last_step = ? where user_id = ?", (step, user_id))
        return True
    used = db.conn.execute(
        """update recovery_codes set used_at = ? where user_id = ? and hash = ? and used_at is null""",
        (moment(), user_id, hashed(_plain(code))),
    )
    return used.rowcount == 1


def renew_recovery_codes(db: Database, user_id: int) -> list[str]:
    """New codes instead of all those before; they are shown once."""
    codes = ["-".join(_group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]
    _keep(db, user_id, codes)
    return codes


def recovery_codes_left(db: Database, user_id: int) -> int:
    asked = "select count(*) from recovery_codes where user_id = ? and used_at is null"
    return db.conn.execute(asked, (user_id,)).fetchone()[0]


def _keep(db: Database, user_id: int, codes: Iterable[str]) -> None:
    db.conn.execute("delete from recovery_codes where user_id = ?", (user_id,))
    db.conn.executemany(
        "insert into recovery_codes (user_id, hash) values (?, ?)", [(user_id, hashed(_plain(code))) for code in codes]
    )


def _group() -> str:
    return "".join(secrets.choice(tokens.LETTERS) for _ in range(_IN_GROUP))


def _plain(code: str) -> str:
    """A recovery code as it is kept: however it was typed."""
    return re.sub(r"[^A-Z0-9]", "", code.upper())
