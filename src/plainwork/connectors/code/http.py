"""The ``http`` step: any method, any address, JSON parsed, failures classified. And polls of any JSON list."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError
from yarl import URL

from plainwork import log
from plainwork.connectors.declared import Action, Trigger
from plainwork.connectors.opened import Opened
from plainwork.connectors.polled import Found, Item
from plainwork.connectors.signing import signer
from plainwork.errors import CallFailed
from plainwork.net import Response, failed, is_json

if TYPE_CHECKING:
    from plainwork.connectors import Reach

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODIES = ("json", "form", "body")
_PLAIN_GET: dict[str, Any] = {"method": "GET", "follow": True, "expect": None, **dict.fromkeys(_BODIES)}


async def perform(action: Action | Trigger, config: dict[str, Any], account: Opened, reach: Reach) -> dict[str, Any]:
    """``{status, headers, body}``; a body that is no text comes as ``{"base64": …}``."""
    method = config["method"]
    headers = {name: _text(value) for name, value in (config["headers"] or {}).items()}
    body = _body(config, headers)
    if method not in _READS and reach.idempotency_key:
        _default(headers, "Idempotency-Key", reach.idempotency_key)
    sign = await signer(action.connector, account, reach.net, reach.timeout_s)
    response = await reach.net.request(
        method,
        config["url"],
        headers=headers,
        params=config["query"],
        body=body,
        timeout_s=reach.timeout_s,
        max_bytes=reach.max_bytes,
        sign=sign,
        follow=config["follow"],
        hosts=account.fields.get("hosts") or None,
    )
    response = account.hide(response)
    _check(response, config["expect"], config["url"])
    return {"status": response.status, "headers": dict(response.headers), "body": _data(response)}


async def poll(trigger: Trigger, config: dict[str, Any], account: Opened, _cursor: Any, reach: Reach) -> Found:
    """The items of a JSON list. It is read whole each time, so there is no place to go on from."""
    body = (await perform(trigger, _PLAIN_GET | config, account, reach))["body"]
    listed = _search(config["items"], body)
    if not isinstance(listed, list):
        where = f"`{config['items']}`" if config["items"] != "@" else "The answer"
        message = f"{where} is not a list."
        raise CallFailed(message, failure="rejected", next_step="Say under `items` where in the answer the list is.")
    items = [Item(one, _key(_search(config["key"], one))) for one in listed]
    return Found(tuple(reversed(items)) if config["newest"] == "first" else tuple(items))


def _search(path: str, value: Any) -> Any:
    try:
        return jmespath.search(path, value)
    except JMESPathError as why:
        raise CallFailed(
            f"`{path[:100]}` does not fit the answer: {str(why).partition(chr(10))[0]}.",
            failure="rejected",
            next_step="Correct the JMESPath.",
        ) from None


def _key(value: Any) -> str | None:
    """What tells an item apart; None where it has nothing of that name."""
    if value is None or isinstance(value, str):
        return value or None
    return msgspec.json.encode(value, order="sorted").decode()


def hosts(config: Mapping[str, Any], account: Opened) -> set[str]:
    """The host that a credential is sent to, read as ``net`` reads it."""
    try:
        host = URL(str(config["url"])).raw_host
    except ValueError:
        return set()
    return {host} if host else set()


def _body(config: dict[str, Any], headers: dict[str, str]) -> bytes | None:
    given = [name for name in _BODIES if config[name] is not None]
    if len(given) > 1:
        raise CallFailed(
            f"This request has {' and '.join(given)}; it can only have one body.",
            failure="rejected",
            next_step="Keep one of json, form and body.",
        )
    if not given:
        return None
    value = config[given[0]]
    if given[0] == "form":
        _default(headers, "Content-Type", "application/x-www-form-urlencoded")
        return urlencode({k: v for k, v in value.items() if v is not None}, doseq=True).encode()
    if given[0] == "json" or not isinstance(value, str):
        _default(headers, "Content-Type", "application/json")
        return msgspec.json.encode(value)
    _default(headers, "Content-Type", "text/plain; charset=utf-8")
    return value.encode()


def _default(headers: dict[str, str], name: str, value: str) -> None:
    if name.lower() not in {given.lower() for given in headers}:
        headers[name] = value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _check(response: Response, expected: list[int] | Literal["any"] | None, url: str) -> None:
    if expected == "any":
        return
    if expected is not None:
        if response.status in expected:
            return
        if response.status < 400:
            raise CallFailed(
                f"{_host(url)} answered with status {response.status}, not {' or '.join(map(str, expected))}.",
                failure="rejected",
                uncertain=True,
            )
    elif response.status < 400:
        return
    raise failed(response, _host(url), _words(response))


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]


def _words(response: Response) -> str | None:
    """The other side's own words: the usual fields of a JSON error, or the first line of a text."""
    data = response.data()
    if isinstance(data, dict):
        error = data.get("error")
        inner = error.get("message") if isinstance(error, dict) else error
        for words in (data.get("message"), data.get("detail"), inner, data.get("title")):
            if isinstance(words, str):
                return words
        return None
    media = response.headers.get("content-type", "")
    return (
        log.excerpt(data.strip().partition("\n")[0], 200)
        if isinstance(data, str) and media.startswith("text/plain")
        else None
    )


def _data(response: Response) -> Any:
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if (
        is_json(media)
        or media.startswith("text/")
        or media.endswith(("+xml", "/xml", "javascript", "x-www-form-urlencoded"))
    ):
        return response.data()
    try:
        return response.body.decode() if response.body else None
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(response.body).decode()}
