"""A provider of OAuth 2 at the wire: codes with PKCE, tokens that run out, and refresh tokens that work once. Who uses one a
second time has all of its family's tokens taken away, as strict providers do (RFC 9700 §4.14).
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.world import Reply, Seen, Web

SECRET = "the-app's-own-secret"


@dataclass
class Issuer:
    """``grants``: what was asked of the token endpoint, in turn. ``fails_with``: it answers this and nothing else."""

    web: Web
    life_s: int | None = 3600
    pause_s: float = 0.0
    fails_with: Reply | None = None
    grants: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    revoked: list[str] = field(default_factory=list)
    given_for_codes: list[str] = field(default_factory=list)
    _codes: dict[str, str] = field(default_factory=dict)
    _refresh: dict[str, bool] = field(default_factory=dict)
    _number: int = 0

    def __post_init__(self) -> None:
        self.web.on("POST", "/token", self._token)
        self.web.on("POST", "/revoke", self._revoke)

    @property
    def app(self) -> dict[str, str]:
        """The app as a workspace stores it."""
        addresses = {"authorize_url": "authorize", "token_url": "token", "revoke_url": "revoke"}
        moved = {name: f"{self.web.url}/{path}" for name, path in addresses.items()}
        return {"client_id": "the-app", "client_secret": SECRET, "base_url": self.web.url} | moved

    def agree(self, authorize_url: str) -> tuple[str, str]:
        """The person agrees on the provider's page: the state and the code that come back."""
        asked = {name: value for name, [value] in parse_qs(urlsplit(authorize_url).query).items()}
        assert asked["client_id"] == "the-app"
        assert asked["code_challenge_method"] == "S256"
        self._number += 1
        self._codes[code := f"code-{self._number}"] = asked["code_challenge"]
        return asked["state"], code

    def end(self) -> None:
        """The account's owner takes everything back."""
        self.good.clear()
        self._refresh.clear()

    def _token(self, seen: Seen) -> Reply:
        given = seen.form()
        self.grants.append(given["grant_type"])
        if self.fails_with is not None:
            return self.fails_with
        if b64decode(seen.headers["Authorization"].removeprefix("Basic ")).decode() != "the-app:the-app%27s-own-secret":
            return Reply(401, json={"error": "invalid_client"})
        if given["grant_type"] == "client_credentials":
            return Reply(json=self._issue(refreshes=False))
        if given["grant_type"] == "authorization_code":
            verifier = sha256(given["code_verifier"].encode()).digest()
            if self._codes.pop(given["code"], None) != urlsafe_b64encode(verifier).decode().rstrip("="):
                return Reply(400, json={"error": "invalid_grant"})
            issued = self._issue()
            self.given_for_codes.append(issued["access_token"])
            return Reply(json=issued)
        if not self._refresh.get(given["refresh_token"]):
            if given["refresh_token"] in self._refresh:
                self.end()
            return Reply(400, json={"error": "invalid_grant", "error_description": f"no {given['refresh_token']}"})
        self._refresh[given["refresh_token"]] = False
        return Reply(json=self._issue(), delay_s=self.pause_s)

    def _issue(self, *, refreshes: bool = True) -> dict[str, Any]:
        self._number += 1
        access, refresh = f"access-token-{self._number}", f"refresh-token-{self._number}"
        self.good.add(access)
        given: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "scope": "read write"}
        if refreshes:
            self._refresh[refresh] = True
            given["refresh_token"] = refresh
        return given | ({} if self.life_s is None else {"expires_in": self.life_s})

    def _revoke(self, seen: Seen) -> Reply:
        self.revoked.append(seen.form()["token"])
        return Reply(200)
