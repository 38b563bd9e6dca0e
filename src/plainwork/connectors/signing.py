"""How an account enters a request: the callbacks that ``net`` calls just before it sends."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from plainwork import log
from plainwork.connectors.declared import Auth, Connector
from plainwork.connectors.opened import Opened
from plainwork.errors import CallFailed
from plainwork.net import Client, Outgoing, Sign, failed, failure_of

_EARLY_S = 60.0  # a token is renewed this long before it runs out
_SHORTEST_LIFE_S = 30.0
_MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    good_until: float


_tokens: dict[str, _Token] = {}
_locks: dict[tuple[int, str], asyncio.Lock] = {}


async def signer(
    connector: Connector, account: Opened, net: Client, timeout_s: float, *, fresh: bool = False
) -> Sign | None:
    """The signature of this account; None when there is nothing to sign with.

    ``fresh``: a token that was fetched earlier is not used again. Raises CallFailed when a token cannot be fetched.
    """
    auth = connector.auth
    if not account.fields or auth.method == "none":
        return None
    if account.token and auth.connect is not None:
        return _header("Authorization", f"Bearer {account.token}")
    if auth.method == "oauth2":
        token = await _oauth_token(connector, account, net, timeout_s, fresh=fresh)
        account.secrets.append(token)
        log.hide([token])
        return _header("Authorization", f"Bearer {token}")
    return _by_method(auth, account)


def fetches_tokens(connector: Connector, account: Opened) -> bool:
    """Whether what signs is a token that this process has fetched with the account, and can fetch anew."""
    return connector.auth.method == "oauth2" and not account.token


def _by_method(auth: Auth, account: Opened) -> Sign | None:
    value = f"{auth.prefix}{account.text(auth.value)}"
    match auth.method:
        case "bearer":
            return _header("Authorization", f"Bearer {value}")
        case "header":
            return _header(auth.name, value)
        case "query":
            return _query(auth.name, value)
        case "path":
            return _path(value)
        case "basic":
            return _basic(account.text(auth.username), account.text(auth.password))
        case _:
            return _any(account)


def _any(account: Opened) -> Sign | None:
    """By what is filled in: a token, a user name and password, a header, or a query parameter."""
    if account.text("token"):
        return _header("Authorization", f"Bearer {account.text('token')}")
    if account.text("username") or account.text("password"):
        return _basic(account.text("username"), account.text("password"))
    if account.text("header"):
        return _header(account.text("header"), account.text("value"))
    if account.text("query"):
        return _query(account.text("query"), account.text("value"))
    return _header("Authorization", f"Bearer {account.text('value')}") if account.text("value") else None


def _header(name: str, value: str) -> Sign:
    def sign(out: Outgoing) -> None:
        for given in [key for key in out.headers if key.lower() == name.lower()]:
            del out.headers[given]
        out.headers[name] = value

    return sign


def _basic(username: str, password: str) -> Sign:
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return _header("Authorization", f"Basic {pair}")


def _query(name: str, value: str) -> Sign:
    def sign(out: Outgoing) -> None:
        out.url = out.url.update_query({name: value})

    return sign


def _path(value: str) -> Sign:
    def sign(out: Outgoing) -> None:
        out.url = out.url.with_path(f"/{quote(value, safe=':')}{out.url.raw_path}", encoded=True, keep_query=True)

    return sign


async def _oauth_token(connector: Connector, account: Opened, net: Client, timeout_s: float, *, fresh: bool) -> str:
    """A client-credentials token (RFC 6749 §4.4), kept in this process while it lives."""
    auth = connector.auth
    url = account.text("token_url") or auth.token_url
    pair = (account.text(auth.client_id), account.text(auth.client_secret))
    key = hashlib.sha256("\0".join((url, *pair)).encode()).hexdigest()
    kept = _tokens.get(key)
    if kept and not fresh and kept.good_until > time.monotonic():
        return kept.text
    lock_key = (id(asyncio.get_running_loop()), key)
    async with _locks.setdefault(lock_key, asyncio.Lock()):
        newer = _tokens.get(key)
        if newer and newer is not kept and newer.good_until > time.monotonic():
            return newer.text
        token = await _fetch_token(connector, net, url, pair, timeout_s)
        if len(_tokens) >= _MOST_TOKENS:
            _tokens.clear()
        _tokens[key] = token
    _locks.pop(lock_key, None)
    return token.text


async def _fetch_token(connector: Connector, net: Client, url: str, pair: tuple[str, str], timeout_s: float) -> _Token:
    form = {"grant_type": "client_credentials"} | ({"scope": connector.auth.scope} if connector.auth.scope else {})
    reply = await net.request(
        "POST",
        url,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
        timeout_s=timeout_s,
        sign=_basic(*pair),
        follow=False,
        max_bytes=1024 * 1024,
    )
    if failure_of(reply.status) == "retry":
        raise failed(reply, connector.title)
    try:
        answer = reply.json() if reply.status < 300 else {}
        text, life = answer["access_token"], answer.get("expires_in") or 3600
        good_until = time.monotonic() + max(float(life) - _EARLY_S, _SHORTEST_LIFE_S)
    except (ValueError, KeyError, TypeError) as error:
        raise CallFailed(
            f"{connector.title} refused the app's id or secret (status {reply.status}).",
            failure="auth",
            next_step=f"Check the {connector.title} account.",
        ) from error
    return _Token(str(text), good_until)
