"""One-time codes by time (RFC 6238 over RFC 4226): six digits, every 30 seconds, HMAC-SHA-1, as all authenticators do."""

from __future__ import annotations

import hmac
from base64 import b32encode
from urllib.parse import quote, urlencode

SECRET_BYTES = 20
STEP_S = 30
DIGITS = 6
DRIFT = 1
"""How many steps a clock may go before or after ours."""


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226 §5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now: float) -> int | None:
    """The time step around ``now`` (seconds since 1970) whose code this is; None when it is none."""
    current = int(now) // STEP_S
    given = code.encode(errors="replace")
    fitting = [
        step
        for step in range(max(0, current - DRIFT), current + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), given)
    ]
    return fitting[-1] if fitting else None


def uri(secret: bytes, email: str, issuer: str = "Plainwork") -> str:
    """What an authenticator reads from a QR code (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    named = urlencode({"secret": base32(secret), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(email)}?{named}"


def base32(secret: bytes) -> str:
    """The secret as people type it."""
    return b32encode(secret).decode().rstrip("=")
