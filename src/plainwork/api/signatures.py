"""Whether a delivery comes from somebody who knows the secret: signatures as the common senders make them, or the secret
itself as a token. All are compared in constant time.

A signature with a time in it is taken for five minutes around that time (Stripe's and Slack's own tolerance), and once.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TOLERANCE_S = 300
_OTHERS_MESSAGE = re.compile(rb"v0:\d*:|\d+\.")
"""How what Slack, Stripe and our own senders sign begins: the time, and then the body."""
_TIMED = re.compile(r"t=(\d{1,12})((?:,[a-z0-9_]{1,20}=[0-9A-Za-z+/=_-]{1,128}){1,10})", re.ASCII)
_WITHHELD = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-plainwork-token", "x-gitlab-token", "x-plainwork-signature"}
    | {"x-hub-signature", "x-hub-signature-256", "stripe-signature", "x-slack-signature"}
)
"""Headers that prove something; runs do not see them."""

Headers = Mapping[str, str]
"""By their names in small letters."""


class NotVerified(Exception):
    """The delivery proves nothing; the message says why, to the owner of the agent, not to the sender."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Who has signed (``github``, ``stripe``, ``slack``, ``plainwork``, ``token``). ``seal``: what was signed with a time,
    which is to be taken once."""

    sender: str
    seal: str | None = None


def verify(secret: str, headers: Headers, body: bytes, now: float) -> Verified:
    """Checks a delivery against the secret. ``now``: epoch seconds. Raises NotVerified."""
    for header, check in _CHECKS.items():
        if header in headers:
            return check(secret, headers, body, now)
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    token = headers.get("x-plainwork-token") or headers.get("x-gitlab-token")
    if token is None and scheme.lower() == "bearer":
        token = credential.strip()
    if token is None:
        raise NotVerified("It carries no signature and no token.")
    if not _same(token, secret):
        raise NotVerified("Its token is not the secret.")
    return Verified("token")


def visible(headers: Headers) -> dict[str, str]:
    """The headers that a run may see."""
    return {name: value for name, value in headers.items() if name not in _WITHHELD}


def _github(secret: str, headers: Headers, body: bytes, _now: float) -> Verified:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    algorithm, _, signature = headers["x-hub-signature-256"].partition("=")
    if _OTHERS_MESSAGE.match(body):  # else a delivery that is too old for its own header would be taken under this one
        raise NotVerified("Its body begins with a time, as what other senders sign does.")
    if algorithm != "sha256" or not _same(signature, _digest(secret, body)):
        raise NotVerified("Its signature (X-Hub-Signature-256) is not of this body and the secret.")
    return Verified("github")


def _slack(secret: str, headers: Headers, body: bytes, now: float) -> Verified:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    at = headers.get("x-slack-request-timestamp", "")
    _check_time(at, now)
    version, _, signature = headers["x-slack-signature"].partition("=")
    if version != "v0" or not _same(signature, _digest(secret, f"v0:{at}:".encode() + body)):
        raise NotVerified("Its signature (X-Slack-Signature) is not of this body, time and the secret.")
    return Verified("slack", signature)


def _timed(sender: str, header: str) -> Callable[[str, Headers, bytes, float], Verified]:
    def check(secret: str, headers: Headers, body: bytes, now: float) -> Verified:
        """https://docs.stripe.com/webhooks#verify-manually; there may be several ``v1``, while a secret is rotated."""
        found = _TIMED.fullmatch(headers[header].replace(" ", ""))
        if found is None:
            raise NotVerified(f"Its signature ({header}) is not of the form t=…,v1=….")
        _check_time(found[1], now)
        expected = _digest(secret, f"{found[1]}.".encode() + body)
        parts = [part.partition("=") for part in found[2].split(",") if part]
        if not any(scheme == "v1" and _same(signature, expected) for scheme, _, signature in parts):
            raise NotVerified(f"Its signature ({header}) is not of this body, time and the secret.")
        return Verified(sender, expected)

    return check


_CHECKS: dict[str, Callable[[str, Headers, bytes, float], Verified]] = {
    "x-hub-signature-256": _github,
    "stripe-signature": _timed("stripe", "stripe-signature"),
    "x-slack-signature": _slack,
    "x-plainwork-signature": _timed("plainwork", "x-plainwork-signature"),
}


def _check_time(at: str, now: float) -> None:
    if not at.isascii() or not at.isdigit() or abs(now - int(at[:15])) > TOLERANCE_S:
        raise NotVerified(f"It was signed more than {TOLERANCE_S // 60} minutes away from now.")


def _digest(secret: str, message: bytes) -> str:
    return hmac.digest(secret.encode(), message, "sha256").hex()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
