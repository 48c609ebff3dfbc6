"""Secrets that are handed out once and kept only as their hash."""

import hashlib
import secrets

BYTES = 32  # 256 bits
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that looks like another; 32 of them, so 5 bits each
CODE_LETTERS = 12


def new() -> str:
    """A secret for machines, 256 bits, in letters that an address and a cookie can hold."""
    return secrets.token_urlsafe(BYTES)


def hashed(token: str) -> bytes:
    """SHA-256. A slow hash would add nothing: nobody can try 2^256 tokens, or 2^60 codes until the server starts again."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_code() -> str:
    """A secret that a person types, 60 bits: "7KMP-3XQF-9RTD"."""
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
    return "-".join(code[at : at + 4] for at in range(0, CODE_LETTERS, 4))


def typed_code(text: str) -> str:
    """A code as it was meant, however it was typed."""
    letters = "".join(each for each in text.upper().replace("O", "0") if each.isalnum())
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
