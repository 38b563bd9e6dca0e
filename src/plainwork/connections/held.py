"""The tokens of a connection as the vault holds them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plainwork.connectors.oauth import Tokens
from plainwork.connectors.opened import TOKEN

EARLY_S = 60.0
"""Tokens are renewed this long before they run out."""
_KEY = "connection"


@dataclass(frozen=True, slots=True)
class Held:
    """``renew_at``, ``good_until``: epoch seconds, by the clock of whoever got it; None: when it is refused. ``base_url``: the
    service, where that is a server of one's own."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    renew_at: float | None
    good_until: float | None
    base_url: str | None = None

    @classmethod
    def new(cls, tokens: Tokens, base_url: str | None, before: str | None = None) -> Held:
        """What a provider has just given. ``before``: the refresh token that stays good when it gave no other."""
        refresh, life_s, now = tokens.refresh_token or before, tokens.life_s, time.time()
        if life_s is None:
            return cls(tokens.access_token, refresh, None, None, base_url)
        return cls(tokens.access_token, refresh, now + max(life_s - EARLY_S, life_s / 2), now + life_s, base_url)

    @classmethod
    def of(cls, value: Any) -> Held | None:
        """What an opened secret holds; None when that is no connection."""
        inside = value.get(_KEY) if isinstance(value, Mapping) and value.keys() == {_KEY} else None
        return cls(**inside) if isinstance(inside, Mapping) and inside.keys() == set(cls.__slots__) else None

    @property
    def value(self) -> dict[str, Any]:
        """The same as the vault seals it."""
        return {_KEY: {name: getattr(self, name) for name in self.__slots__}}

    @property
    def account(self) -> Mapping[str, Any]:
        """What a connector signs with."""
        return {TOKEN: self.access_token} | ({"base_url": self.base_url} if self.base_url else {})

    @property
    def life_s(self) -> float | None:
        """For how long the access token is good."""
        return None if self.good_until is None else max(0.0, self.good_until - time.time())

    def is_running_out(self) -> bool:
        """Whether the access token is to be renewed before it is used."""
        return self.renew_at is not None and self.renew_at <= time.time()

    def is_over(self) -> bool:
        """Whether the access token's time has passed."""
        return self.good_until is not None and self.good_until <= time.time()
