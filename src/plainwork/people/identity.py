"""Whom a provider of single sign-on vouches for, a sign-in on its way there, and why somebody is not let in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Literal

from plainwork.errors import Forbidden

Reason = Literal["refused", "unverified", "domain", "unknown", "disabled"]


class NotAdmitted(Forbidden):
    """Single sign-on lets this person not in. ``reason``: ``refused`` by the provider or because something it says does
    not hold, an ``unverified`` e-mail, a ``domain`` that is not named, an ``unknown`` person, a ``disabled`` account."""

    def __init__(self, reason: Reason, message: str, *, next_step: str) -> None:
        super().__init__(message, next_step=next_step)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: what the browser has to bring back, and what only we know of it."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> Begun:
        """Three times 256 random bits."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32))


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for. ``subject`` is who it is for ever; the e-mail may change."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str
