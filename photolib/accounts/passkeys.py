"""Passkeys (WebAuthn): a key that a device keeps for this host name and uses after its own check of who sits before it.

So one of them is what somebody has and, by finger, face or PIN, who they are or what they know: no second factor is asked besides.
Browsers offer them on https, and on http://localhost.
"""

import ipaddress
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from photolib.catalog import User
from photolib.errors import BadInput, NotFound, Refused
from photolib.sources import now

LONGEST_NAME = 100
MOST = 20  # for one person


@dataclass(frozen=True)
class Passkey:
    """host: the name in the address that it was made for and works with."""

    id: int
    name: str
    host: str
    created_at: str
    last_used_at: str | None


def fits(scheme: str, host: str) -> bool:
    """Whether browsers take passkeys at an address: by a name over https, or localhost. (WebAuthn, "relying party identifier")

    host: without a port.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return scheme == "https"
    return False


def of_user(db: Database, user_id: int) -> list[Passkey]:
    rows = db.conn.execute(
        "select id, name, rp_id, created_at, last_used_at from passkeys where user_id = ? order by id", (user_id,)
    )
    return [Passkey(*row) for row in rows]


def challenge() -> str:
    """What a device signs, so that its answer is worth something this once: 256 random bits, as base64url."""
    return secrets.token_urlsafe(32)


def handle_of(db: Database, user_id: int) -> bytes:
    """What passkeys call somebody; made at first need."""
    db.conn.execute(
        "insert into passkey_users (user_id, handle) values (?, ?) on conflict do nothing",
        (user_id, secrets.token_bytes(32)),
    )
    return db.conn.execute("select handle from passkey_users where user_id = ?", (user_id,)).fetchone()[0]


def options_to_make(db: Database, user: User, challenged: str, host: str) -> dict[str, Any]:
    """What the browser is asked with to make a passkey (PublicKeyCredentialCreationOptions as JSON)."""
    import webauthn
    from webauthn.helpers import structs

    known = db.conn.execute("select credential from passkeys where user_id = ? and rp_id = ?", (user.id, host))
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name="photolib",
        user_id=handle_of(db, user.id),
        user_name=user.name,
        user_display_name=user.name,
        challenge=webauthn.base64url_to_bytes(challenged),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=row[0]) for row in known],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,  # found without a user name being typed
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )
    return json.loads(webauthn.options_to_json(options))


def keep(
    db: Database, user_id: int, name: str, challenged: str, host: str, origin: str, answer: dict[str, Any]
) -> Passkey:
    """Keep a passkey that a device has just made. Raises BadInput when its answer does not hold, or the name is no name."""
    import webauthn

    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(
            "A passkey needs a name of at most %(most)s letters, such as that of the device.", most=LONGEST_NAME
        )
    if db.conn.execute("select count(*) from passkeys where user_id = ?", (user_id,)).fetchone()[0] >= MOST:
        raise BadInput("You have %(most)s passkeys already. Remove one that is not needed any more.", most=MOST)
    with _explained(BadInput, "The device's answer did not fit what it was asked. No passkey was added."):
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=webauthn.base64url_to_bytes(challenged),
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    row = db.conn.execute(
        """insert into passkeys (user_id, name, rp_id, credential, public_key, sign_count, transports, created_at)
             values (?, ?, ?, ?, ?, ?, ?, ?)
             on conflict do nothing returning id, name, rp_id, created_at, last_used_at""",
        (
            user_id,
            name,
            host,
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            _transports(answer),
            now(),
        ),
    ).fetchone()
    if row is None:
        raise BadInput("This passkey is registered already.")
    return Passkey(*row)


def options_to_sign_in(challenged: str, host: str) -> dict[str, Any]:
    """What the browser is asked with for any passkey it has for this host (PublicKeyCredentialRequestOptions as JSON)."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=host,
        challenge=webauthn.base64url_to_bytes(challenged),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return json.loads(webauthn.options_to_json(options))


def whose(db: Database, challenged: str, host: str, origin: str, answer: dict[str, Any]) -> int:
    """The id of the user whose passkey signed this. Raises Refused. Whether that user may come in is for others to say."""
    import webauthn

    with _explained(Refused, "This passkey is not known here. Perhaps it was removed from the account."):
        credential = webauthn.base64url_to_bytes(answer["id"])
        row = db.conn.execute(
            """select passkeys.id, user_id, public_key, sign_count, handle from passkeys join passkey_users using (user_id)
                 where credential = ? and rp_id = ?""",
            (credential, host),
        ).fetchone()
        handle = webauthn.base64url_to_bytes(answer["response"]["userHandle"])
        if row is None or handle != row[4]:
            raise ValueError
        signed = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=webauthn.base64url_to_bytes(challenged),
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=row[2],
            credential_current_sign_count=row[3],
            require_user_verification=True,
        )
    db.conn.execute(
        "update passkeys set sign_count = ?, last_used_at = ? where id = ?",
        (signed.new_sign_count, now(), row[0]),
    )
    return row[1]


def remove(db: Database, user_id: int, passkey_id: int) -> str:
    """Forget one of somebody's passkeys; returns its name. Raises NotFound when it is not theirs."""
    row = db.conn.execute(
        "delete from passkeys where id = ? and user_id = ? returning name", (passkey_id, user_id)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such passkey.")
    return row[0]


@contextmanager
def _explained(kind: type[BadInput] | type[Refused], sentence: str) -> Iterator[None]:
    """Whatever is wrong with a device's answer, which is anybody's bytes, as one sentence."""
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError) as problem:
        raise kind(sentence) from problem


def _transports(answer: dict[str, Any]) -> str:
    named = answer.get("response", {}).get("transports") or []
    return " ".join(each for each in named if isinstance(each, str) and each.isascii() and each.isalnum())[:100]
