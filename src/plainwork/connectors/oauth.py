"""OAuth 2 on the wire: where a person agrees, codes and refresh tokens exchanged for tokens, tokens revoked (RFC 6749, 7009,
7636, 9207). Nothing is kept here; what is sent and what comes back never stands in an error.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

from plainwork.connectors.declared import Connector, OAuth
from plainwork.errors import CallFailed, Invalid
from plainwork.net import Client, Outgoing, Response, Sign, failure_of, place_of

TIMEOUT_S = 15.0
MOST_BYTES = 1024 * 1024
LONGEST_LIFE_S = 10 * 365 * 86400.0
_MOST_WORDS = 200
ADDRESSES = ("authorize_url", "token_url", "revoke_url", "base_url")


class Refused(Exception):
    """The provider has refused: this code, refresh token or app is worth nothing. ``why``: its own short word for it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class App:
    """A registration with a provider. ``moved``: addresses that differ from those declared, for a server of one's own."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave. ``life_s``: for how long the access token is good (None: it did not say); ``scopes``: what was
    granted, where it said so; ``whose``: the name of the account, where its answer holds one."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    life_s: float | None
    scopes: tuple[str, ...] | None
    whose: str | None


class Provider:
    """The provider of one connector's accounts, as one app is known to it."""

    def __init__(self, connector: Connector, app: App, net: Client) -> None:
        declared = connector.auth.connect
        if declared is None:
            raise Invalid(f"{connector.title} cannot be connected.", next_step="Store a secret for it instead.")
        self.title = connector.title
        self.declared: OAuth = declared
        self.moved = app.moved
        self._app = app
        self._net = net

    def address_of(self, name: str) -> str:
        """An address of the provider (``token_url`` …), where this app has it."""
        return self.moved.get(name) or getattr(self.declared, name)

    @property
    def hosts(self) -> set[str]:
        """The hosts that the app's secret and the tokens are sent to."""
        return {place[0] for name in ("token_url", "revoke_url") if (place := place_of(self.address_of(name)))}

    def authorize_url(self, redirect_uri: str, state: str, verifier: str, scopes: Sequence[str]) -> str:
        """Where a person agrees. Raises Invalid where that is no web address."""
        where = self.address_of("authorize_url")
        if place_of(where) is None:
            raise Invalid(
                f"{where[:200]!r} is no web address to agree at.", next_step="Correct the app's `authorize_url`."
            )
        parts = urlsplit(where)
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            **({"scope": self.declared.separator.join(scopes)} if scopes else {}),
            **({"code_challenge": challenge(verifier), "code_challenge_method": "S256"} if self.declared.pkce else {}),
            **self.declared.parameters,
        }
        return parts._replace(
            query=urlencode([*parse_qsl(parts.query), *query.items()], quote_via=quote), fragment=""
        ).geturl()

    async def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """The tokens for a code. Raises Refused, or CallFailed when the provider does not answer."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return await self._ask(form | ({"code_verifier": verifier} if self.declared.pkce else {}))

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens for a refresh token, which may be worth nothing afterwards. Raises as ``exchange``."""
        return await self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def speak_for_itself(self, scopes: Sequence[str]) -> Tokens:
        """A token for the app itself (RFC 6749 §4.4). Raises as ``exchange``."""
        scope = {"scope": self.declared.separator.join(scopes)} if scopes else {}
        return await self._ask({"grant_type": "client_credentials"} | scope)

    async def revoke(self, token: str) -> bool:
        """Tells the provider that a token is not used any more; whether it took that in. False where it takes no such thing."""
        if not (where := self.address_of("revoke_url")):
            return False
        reply = await self._post(where, {"token": token})
        return reply.status < 300

    async def _ask(self, form: dict[str, str]) -> Tokens:
        reply = await self._post(self.address_of("token_url"), form)
        if failure_of(reply.status) == "retry":
            raise CallFailed(f"{self.title} gives no tokens now (status {reply.status}).", next_step="Try again later.")
        given = _fields(reply)
        if reply.status >= 300 or given.get("error") or not isinstance(given.get("access_token"), str):
            raise Refused(_word(given.get("error")) or f"status {reply.status}")
        return self._tokens(given)

    def _tokens(self, given: Mapping[str, Any]) -> Tokens:
        refresh, scope = given.get("refresh_token"), given.get("scope")
        return Tokens(
            given["access_token"],
            refresh if isinstance(refresh, str) and refresh else None,
            _life_s(given.get("expires_in")),
            tuple(scope.replace(",", " ").split()) if isinstance(scope, str) else None,
            _whose(self.declared.whose, given),
        )

    async def _post(self, where: str, form: dict[str, str]) -> Response:
        """One call, which follows no redirect: nobody but the provider is to answer."""
        is_json = self.declared.encoding == "json"
        sign: Sign | None = None
        if self.declared.client == "basic":
            sign = _basic(self._app)
        else:
            form = form | {"client_id": self._app.client_id}
            form |= {"client_secret": self._app.client_secret} if self._app.client_secret else {}
        return await self._net.request(
            "POST",
            where,
            headers={
                "Content-Type": "application/json" if is_json else "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=json.dumps(form).encode() if is_json else urlencode(form).encode(),
            timeout_s=TIMEOUT_S,
            max_bytes=MOST_BYTES,
            sign=sign,
            follow=False,
        )


def challenge(verifier: str) -> str:
    """What the provider is shown of a PKCE verifier (S256)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _basic(app: App) -> Sign:
    # RFC 6749 §2.3.1: both are form-encoded before they are joined.
    pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
    value = f"Basic {b64encode(pair.encode()).decode()}"

    def sign(out: Outgoing) -> None:
        out.headers["Authorization"] = value

    return sign


def _fields(reply: Response) -> Mapping[str, Any]:
    try:
        given = reply.json()
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, Mapping) else {}


def _life_s(given: Any) -> float | None:
    try:
        life = float(given)
    except (TypeError, ValueError):
        return None
    return min(life, LONGEST_LIFE_S) if life > 0 else None


def _whose(path: str, given: Mapping[str, Any]) -> str | None:
    try:
        found = jmespath.search(path, given) if path else None
    except JMESPathError:
        return None
    return " ".join(found.split())[:_MOST_WORDS] or None if isinstance(found, str) else None


def _word(error: Any) -> str:
    """The provider's word for what is wrong (``invalid_grant``), if it is one: anything longer may hold anything."""
    return (
        error
        if isinstance(error, str) and error.isascii() and error.replace("_", "").isalnum() and len(error) <= 60
        else ""
    )
