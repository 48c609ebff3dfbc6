"""A passkey device in software: it makes keys and signs with them as WebAuthn says, or as a test wants it to."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, HAS_KEY = 1, 4, 64


def as_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey. flags: what it says of whoever sits before it."""

    origin: str
    flags: int = USER_PRESENT | USER_VERIFIED
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: str = ""

    def make(self, options: dict[str, Any], **client: Any) -> dict[str, Any]:
        """What navigator.credentials.create() answers. client: what the browser lies about."""
        self.handle = options["user"]["id"]
        public = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")})
        made = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(options["rp"]["id"], HAS_KEY) + made
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._client("webauthn.create", options["challenge"], client)
        return self._answer(
            {"clientDataJSON": as_text(said), "attestationObject": as_text(attestation), "transports": ["internal"]}
        )

    def sign(self, options: dict[str, Any], **client: Any) -> dict[str, Any]:
        """What navigator.credentials.get() answers."""
        self.count += 1
        data = self._data(options["rpId"])
        said = self._client("webauthn.get", options["challenge"], client)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({
            "clientDataJSON": as_text(said), "authenticatorData": as_text(data), "signature": as_text(signature),
            "userHandle": self.handle,
        })  # fmt: skip

    def _data(self, host: str, more: int = 0) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, lies: dict[str, Any]) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | lies
        ).encode()

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        return {"id": as_text(self.id), "rawId": as_text(self.id), "type": "public-key", "response": response,
                "authenticatorAttachment": "platform", "clientExtensionResults": {}}  # fmt: skip
