"""Signing in with an account at one OpenID Connect provider, which the settings name: the authorization code flow with PKCE.

The only requests photolib ever sends go to that provider: to the address in the setting oidc_issuer and to those that its
configuration names, never along a redirect. https://openid.net/specs/openid-connect-core-1_0.html
"""

import hmac
import json
import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from photolib.accounts import users
from photolib.accounts.users import Account
from photolib.config import Config, is_local_address
from photolib.errors import BadInput, NotFound, Refused, TryLater
from photolib.said import Said
from photolib.sources import now

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

log = logging.getLogger(__name__)

SCOPE = "openid profile email"
TIMEOUT = 10  # seconds for one request
FRESH_SECONDS = 3600  # as long as a provider's configuration and keys are believed without asking again
CLOCK_SECONDS = 60  # that the provider's clock may differ from ours
# Signatures with a public key only: a provider's id token is never checked with a secret that others may have as well.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LONGEST_SUBJECT = 255  # characters of ASCII, as OpenID Connect says


@dataclass(frozen=True)
class Start:
    """A sign-in that begins: where to send the browser, and what has to be remembered until it comes back."""

    address: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who the provider says somebody is. issuer and subject tell it for good; wanted_name and label are what they call themselves."""

    issuer: str
    subject: str
    wanted_name: str
    label: str


@dataclass(frozen=True)
class Linked:
    """An identity that signs somebody in."""

    issuer: str
    subject: str
    user_id: int
    label: str
    created_at: str
    last_used_at: str | None


@dataclass
class Provider:
    """The provider of the settings. Threads share it."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    name: str
    _configuration: dict[str, Any] | None = field(default=None, repr=False)
    _keys: "KeySet | None" = field(default=None, repr=False)
    _asked_at: float = field(default=0.0, repr=False)

    def start(self, redirect_uri: str, state: str) -> Start:
        """Begin a sign-in. state: what the provider sends back with the browser. Raises TryLater when the provider does not answer."""
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        address, _ = self._session(redirect_uri).create_authorization_url(
            self._endpoint("authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier
        )
        return Start(address, nonce, verifier)

    def finish(self, redirect_uri: str, start: Start, code: str, issuer: str | None) -> Identity:
        """Who came back with this code. issuer: the answer's own "iss" (RFC 9207), where it has one.

        Raises Refused when the provider's answer does not hold, TryLater when it does not answer.
        """
        if issuer is not None and issuer != self.issuer:
            raise Refused(self._not_valid)
        tokens = self._tokens(redirect_uri, start, code)
        claims = self._claims(tokens, start.nonce)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise Refused(self._not_valid)
        claims |= self._more(tokens, subject)
        wanted = [claims.get(each) for each in ("preferred_username", "nickname", "name")]
        label = [claims.get(each) for each in ("email", "preferred_username", "name")]
        return Identity(self.issuer, subject, _first_text(wanted), _first_text(label) or subject)

    def _tokens(self, redirect_uri: str, start: Start, code: str) -> dict[str, Any]:
        import requests
        from authlib.common.errors import AuthlibBaseError

        session = self._session(redirect_uri)
        try:
            return session.fetch_token(
                self._endpoint("token_endpoint"), grant_type="authorization_code", code=code, code_verifier=start.verifier,
                redirect_uri=redirect_uri, timeout=TIMEOUT, allow_redirects=False,
            )  # fmt: skip
        except (
            AuthlibBaseError
        ) as problem:  # the code is used up, made up or somebody else's; or client_secret is wrong
            log.warning("the sign-in provider refused a code: %s", _plain(problem.error))
            raise Refused(self._not_valid) from None
        except (requests.RequestException, ValueError) as problem:
            raise self._silent(problem) from None

    def _claims(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the id token, once its signature, issuer, audience, time and nonce are found right (OpenID Connect 3.1.3.7)."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise Refused(self._not_valid)
        try:
            try:
                token = jwt.decode(text, self._key_set(), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):  # perhaps signed with a key newer than those we know
                token = jwt.decode(text, self._key_set(anew=True), algorithms=list(ALGORITHMS))
            claims = token.claims
            jwt.JWTClaimsRegistry(
                leeway=CLOCK_SECONDS,
                iss={"essential": True, "value": self.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self.client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as problem:
            log.warning("the sign-in provider's id token did not hold: %s", type(problem).__name__)
            raise Refused(self._not_valid) from None
        party = claims.get("azp")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (party is None and several) or (party is not None and party != self.client_id):
            raise Refused(self._not_valid)
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise Refused(self._not_valid)
        return claims

    def _more(self, tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        """What else the provider says of somebody, such as a name: many say it here only. Nothing depends on it."""
        access = tokens.get("access_token")
        if not isinstance(access, str) or "userinfo_endpoint" not in self._known():
            return {}
        try:
            said = self._get(self._endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {access}"})
        except TryLater:
            return {}
        return said if said.get("sub") == subject else {}

    def _session(self, redirect_uri: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        methods = self._known().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = "client_secret_basic" in methods or "client_secret_post" not in methods
        return OAuth2Session(
            self.client_id, self.client_secret, scope=SCOPE, redirect_uri=redirect_uri, code_challenge_method="S256",
            token_endpoint_auth_method=("client_secret_basic" if basic else "client_secret_post") if self.client_secret else "none",
        )  # fmt: skip

    def _key_set(self, anew: bool = False) -> "KeySet":
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        if self._keys is None or anew:
            try:
                self._keys = KeySet.import_key_set(self._get(self._endpoint("jwks_uri")))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as problem:
                raise self._silent(problem) from None
        return self._keys

    def _endpoint(self, name: str) -> str:
        address = self._known().get(name)
        if not isinstance(address, str) or not _is_safe(address, self.issuer):
            raise TryLater(
                "%(name)s does not say where to sign in (%(what)s). Please tell whoever looks after photolib.",
                name=self.name,
                what=name,
            )
        return address

    def _known(self) -> dict[str, Any]:
        """The provider's configuration, as OpenID Connect Discovery 1.0 lays it out."""
        if self._configuration is None or time.monotonic() - self._asked_at > FRESH_SECONDS:
            found = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                log.warning("the sign-in provider does not call itself what oidc_issuer says, to the letter")
                raise TryLater(
                    "%(name)s is not set up right here. Please tell whoever looks after photolib.", name=self.name
                )
            self._configuration, self._keys, self._asked_at = found, None, time.monotonic()
        return self._configuration

    def _get(self, address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        import requests

        headers = {"Accept": "application/json", **(headers or {})}
        try:
            answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False, headers=headers)
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
            found = json.loads(answer.content)
            if not isinstance(found, dict):
                raise ValueError("no object")
        except (requests.RequestException, ValueError) as problem:
            raise self._silent(problem) from None
        return found

    def _silent(self, problem: Exception) -> TryLater:
        log.warning("the sign-in provider did not answer as it should: %s", type(problem).__name__)
        return TryLater(
            "%(name)s does not answer at the moment. Try again later, or sign in another way.", name=self.name
        )

    @property
    def _not_valid(self) -> str:
        return Said(
            "The answer of %(name)s was not valid or has expired. Start again from the log-in page.", name=self.name
        )


def provider(config: Config) -> Provider | None:
    """The provider that the settings name, if they do. Raises BadInput when its secret cannot be read."""
    if not config.oidc_issuer:
        return None
    secret = config.oidc_client_secret or None
    if config.oidc_client_secret_file:
        try:
            secret = config.oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise BadInput(f"oidc_client_secret_file {config.oidc_client_secret_file} cannot be read.") from problem
    return Provider(config.oidc_issuer, config.oidc_client_id, secret, config.oidc_name or host_of(config.oidc_issuer))


def host_of(issuer: str) -> str:
    return urlsplit(issuer).hostname or issuer


def _is_safe(address: str, issuer: str) -> bool:
    """Whether we send a browser, or secrets, there: over https, or on this machine where the issuer is on it as well."""
    parts = urlsplit(address)
    return (parts.scheme == "https" and bool(parts.hostname)) or (
        is_local_address(issuer) and is_local_address(address)
    )


def _first_text(values: list[Any]) -> str:
    """The first that is a text somebody can read."""
    for value in values:
        if isinstance(value, str):
            text = " ".join("".join(letter for letter in value if letter.isprintable()).split())[:100]
            if text:
                return text
    return ""


def _plain(text: object) -> str:
    """An error's name as the standards spell them; whatever else a provider sends stays out of the log."""
    return str(text) if re.fullmatch(r"[a-z_]{1,60}", str(text), re.ASCII) else "of no known kind"


# ---------------------------------------------------------------- whose they are


def user_of(db: Database, identity: Identity) -> int | None:
    """The id of the user whom this identity signs in: one who linked it, or was made for it. Names and addresses decide nothing."""
    row = db.conn.execute(
        "select user_id from identities where issuer = ? and subject = ?", (identity.issuer, identity.subject)
    ).fetchone()
    return row[0] if row else None


def add_user(db: Database, identity: Identity) -> Account:
    """A new user for an identity that nobody has linked, under the name they want or one like it that nobody else has.

    Raises BadInput when no such name is found.
    """
    wanted = identity.wanted_name.partition("@")[0].strip()[: users.LONGEST_NAME - 4] or "user"
    for number in range(1, 1000):
        name = wanted if number == 1 else f"{wanted}-{number}"
        try:
            made = users.add(db, name)
        except BadInput:
            continue  # somebody else's, or one that nobody may have
        link(db, made.id, identity)
        return made
    raise BadInput("No name is free for you here. Ask whoever looks after photolib for an invitation.")


def link(db: Database, user_id: int, identity: Identity) -> None:
    """Let this identity sign somebody in from now on. Raises BadInput when it signs in somebody else."""
    whose = user_of(db, identity)
    if whose is not None and whose != user_id:
        raise BadInput("That account signs in somebody else here already.")
    db.conn.execute(
        """insert into identities (issuer, subject, user_id, label, created_at)
             values (?, ?, ?, ?, ?)
             on conflict (issuer, subject) do update set label = excluded.label""",
        (identity.issuer, identity.subject, user_id, identity.label, now()),
    )


def saw(db: Database, identity: Identity) -> None:
    """Note that an identity signed in just now, and what it is called by now."""
    db.conn.execute(
        """update identities set last_used_at = ?, label = ?
             where issuer = ? and subject = ?""",
        (now(), identity.label, identity.issuer, identity.subject),
    )


def of_user(db: Database, user_id: int) -> list[Linked]:
    rows = db.conn.execute(
        """select issuer, subject, user_id, label, created_at, last_used_at from identities where user_id = ?
             order by created_at, subject""",
        (user_id,),
    )
    return [Linked(*row) for row in rows]


def unlink(db: Database, user_id: int, issuer: str, subject: str) -> None:
    """Raises NotFound when it is not theirs."""
    gone = db.conn.execute(
        "delete from identities where user_id = ? and issuer = ? and subject = ?", (user_id, issuer, subject)
    )
    if not gone.rowcount:
        raise NotFound("There is no such account.")
