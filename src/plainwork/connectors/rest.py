"""The HTTP engine: renders a declared request, follows its pages, applies its failure rules, shapes the output."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from plainwork import log
from plainwork.connectors.declared import Action, Connector, FailureRule, Paging, Trigger
from plainwork.connectors.opened import Opened
from plainwork.connectors.polled import Found, Item
from plainwork.connectors.signing import fetches_tokens, signer
from plainwork.errors import CallFailed
from plainwork.net import Response, failed, failure_of, may_have_acted, place_of, retry_after_s
from plainwork.spec.template import Template, parse_template

if TYPE_CHECKING:
    from plainwork.connectors import Reach

MOST_PAGES = 50
_NEXT_LINK = re.compile(r"<([^>]*)>\s*;[^,]*\brel=\"?next\"?", re.IGNORECASE)


class _Sent(msgspec.Struct):
    """A request as rendered: everything but the signature."""

    method: str
    url: str
    query: dict[str, Any]
    headers: dict[str, str]
    json: Any = None
    form: dict[str, Any] | None = None

    def body(self) -> bytes | None:
        if self.form is not None:
            return urlencode(self.form, doseq=True).encode()
        return None if self.json is None else msgspec.json.encode(self.json)

    def all_headers(self) -> dict[str, str]:
        if self.form is not None:
            return {"Content-Type": "application/x-www-form-urlencoded"} | self.headers
        return ({"Content-Type": "application/json"} if self.json is not None else {}) | self.headers


async def call_rest(action: Action, config: dict[str, Any], account: Opened, reach: Reach) -> Any:
    """The output of a declared action. Raises CallFailed as the status and the connector's rules say."""
    deadline = asyncio.get_running_loop().time() + reach.timeout_s
    sent = _rendered(action, config, account, {"key": reach.idempotency_key})
    caller = _Caller(action.connector, account, reach, deadline)
    if action.paging is None:
        found = (await caller.send(sent)).data()
    else:
        found = await _pages(action.paging, sent, config, caller)
    return found if action.result is None else _pick(action.result, found, action.connector.title)


async def poll_rest(trigger: Trigger, config: dict[str, Any], account: Opened, cursor: Any, reach: Reach) -> Found:
    """What a declared trigger finds. ``cursor`` is ``{mark, floor}``: the greatest ``order`` met so far, and that of the
    first poll, below which everything was there before. Of newest things, a first poll reads one page."""
    deadline = asyncio.get_running_loop().time() + reach.timeout_s
    before = cursor or {"mark": None, "floor": None}
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    sent = _rendered(trigger, config, account, {"cursor": before["mark"], "polled_at": now})
    caller = _Caller(trigger.connector, account, reach, deadline)
    items: list[Item] = []
    marks = [before["mark"]]
    for _ in range(MOST_PAGES):
        response = await caller.send(sent)
        body = response.data()
        page = _pick(trigger.items, body, trigger.connector.title) or []
        rows = page if isinstance(page, list) else [page]
        listed = [_item(trigger, one) for one in (_named(rows, config[trigger.table]) if trigger.table else rows)]
        items += listed
        marks += [one.order for one in listed] + ([_pick(trigger.mark, body, "the page")] if trigger.mark else [])
        if trigger.paging is None or (trigger.newest == "first" and (not cursor or _reaches(listed, before["mark"]))):
            break
        if not _advance(trigger.paging, sent, response, body):
            break
    mark = _greatest(marks)
    floor = before["floor"] if cursor else mark
    found = [one for one in items if not cursor or not _is_below(one.order, floor)]
    oldest_first = _in_order(found[::-1] if trigger.newest == "first" else found)
    return Found(tuple(oldest_first), {"mark": mark, "floor": floor})


def _in_order(items: list[Item]) -> list[Item]:
    """By their order where all of them have one; those of the same, as they are listed."""
    for sort in (str, (int, float)):
        if all(isinstance(item.order, sort) for item in items):
            return sorted(items, key=lambda item: item.order)
    return items


def _named(rows: list[Any], has_header: bool) -> list[dict[str, Any]]:
    """Rows of cells as mappings; a column without a name is called by its number, and cells that are not there are null."""
    rows = [row for row in rows if isinstance(row, list)]
    if not has_header or not rows:
        return [{"cells": row} for row in rows if row]
    names = [str(name) or f"column {at}" for at, name in enumerate(rows[0], 1)]
    width = max(len(row) for row in rows)
    names += [f"column {at}" for at in range(len(names) + 1, width + 1)]
    return [dict(zip_longest(names, row)) for row in rows[1:] if row]


def _reaches(listed: Iterable[Item], mark: Any) -> bool:
    """Whether a page reaches back to what was met before."""
    return any(_is_below(item.order, mark) for item in listed)


def _item(trigger: Trigger, value: Any) -> Item:
    key = _pick(trigger.key, value, "an item") if trigger.key else None
    order = _pick(trigger.order, value, "an item") if trigger.order else None
    return Item(value, None if key is None else str(key), order)


def _greatest(marks: Iterable[Any]) -> Any:
    found = None
    for mark in marks:
        if mark is not None and (found is None or _is_below(found, mark)):
            found = mark
    return found


def _is_below(one: Any, other: Any) -> bool:
    """Numbers by size, texts (times in ISO 8601) as they are written; what cannot be compared is not below."""
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    texts = isinstance(one, str) and isinstance(other, str)
    return (numbers or texts) and one < other


class _Caller:
    def __init__(self, connector: Connector, account: Opened, reach: Reach, deadline: float) -> None:
        self._connector = connector
        self._account = account
        self._reach = reach
        self._deadline = deadline
        self._hosts = _hosts(connector, account)

    async def send(self, sent: _Sent) -> Response:
        """One answer that is not a failure."""
        response = await self._once(sent, fresh=False)
        failure = _failure(self._connector, response)
        if failure is not None and _is_of_token(response, failure) and await self._renewed():
            response = await self._once(sent, fresh=True)
            failure = _failure(self._connector, response)
        if failure is not None:
            raise failure
        return response

    async def _renewed(self) -> bool:
        """Whether there is, or can be, another token than the one that was refused."""
        if fetches_tokens(self._connector, self._account):
            return True
        if not self._account.token or self._reach.renew is None:
            return False
        self._account.renew(await self._reach.renew(self._account.token))
        return True

    async def _once(self, sent: _Sent, *, fresh: bool) -> Response:
        left = max(0.001, self._deadline - asyncio.get_running_loop().time())
        net = self._reach.net
        sign = await signer(self._connector, self._account, net, left, fresh=fresh)
        response = await net.request(
            sent.method,
            sent.url,
            headers=sent.all_headers(),
            params=sent.query,
            body=sent.body(),
            timeout_s=max(0.001, self._deadline - asyncio.get_running_loop().time()),
            max_bytes=self._reach.max_bytes,
            sign=sign,
            hosts=self._hosts,
        )
        return self._account.hide(response)


async def _pages(paging: Paging, sent: _Sent, config: Mapping[str, Any], caller: _Caller) -> dict[str, Any]:
    """``{"items": [...], "body": the last page}``, cut to the wanted number."""
    wanted = config.get(paging.limit) or paging.most
    items: list[Any] = []
    for _ in range(MOST_PAGES):
        if paging.size:
            _put(paging, sent, paging.size, min(wanted - len(items), paging.most))
        response = await caller.send(sent)
        body = response.data()
        page = _pick(paging.items, body, "the page") or []
        items += page if isinstance(page, list) else [page]
        if len(items) >= wanted or not page or not _advance(paging, sent, response, body):
            break
    return {"items": items[:wanted], "body": body}


def _advance(paging: Paging, sent: _Sent, response: Response, body: Any) -> bool:
    """Turns the request into the one for the next page; False when this was the last."""
    if paging.link:
        link = _NEXT_LINK.search(response.headers.get("link", ""))
        if link is None:
            return False
        sent.url, sent.query = link.group(1), {}
        return True
    cursor = _pick(paging.next, body, "the page") if paging.next else None
    if cursor in (None, "", False) or paging.query is None:
        return False
    _put(paging, sent, paging.query, cursor)
    return True


def _put(paging: Paging, sent: _Sent, name: str, value: Any) -> None:
    if paging.into == "json":
        sent.json = {**(sent.json or {}), name: value}
    elif not (paging.link and not sent.query and "?" in sent.url):
        sent.query = {**sent.query, name: value}


def _rendered(declared: Action | Trigger, config: dict[str, Any], account: Opened, more: Mapping[str, Any]) -> _Sent:
    template, connector = declared.request, declared.connector
    if template is None:
        raise RuntimeError(f"connector kind {declared.kind.id} declares no request")
    scope = config | {"input": config, "account": account.open, **more}
    base = account.text("base_url") or _render(connector.base_url or "", scope)
    headers = {**connector.headers, **template.headers}
    return _Sent(
        method=template.method,
        url=base.rstrip("/") + str(_render(template.path, _path_scope(scope, declared.kind.input))),
        query=_fields(template.query, scope),
        headers={name: str(value) for name, value in _fields(headers, scope).items()},
        json=_fields(template.json, scope),
        form=None if template.form is None else _fields(template.form, scope),
    )


def _fields(template: Any, scope: Mapping[str, Any]) -> Any:
    """A template rendered, without the keys and items whose own template came out as null. What a value brings along
    is left as it is."""
    if isinstance(template, Mapping):
        rendered = {name: _fields(part, scope) for name, part in template.items()}
        return {name: value for name, value in rendered.items() if value is not None or template[name] is None}
    if isinstance(template, list):
        return [value for value in (_fields(part, scope) for part in template) if value is not None]
    return _render(template, scope) if isinstance(template, str) else template


def _render(text: str, scope: Mapping[str, Any]) -> Any:
    return _template(text).render(scope)


@lru_cache(maxsize=4096)
def _template(text: str) -> Template:
    return parse_template(text)


def _path_scope(scope: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The scope as a path may hold it: every text percent-encoded, slashes too unless the field is an ``x-path``."""
    several = {name for name, field in schema.get("properties", {}).items() if field.get("x-path")}
    return {name: _quoted(value, "/" if name in several else "") for name, value in scope.items()}


def _quoted(value: Any, safe: str = "") -> Any:
    if isinstance(value, str):
        if not {".", ".."}.isdisjoint(value.split("/") if safe else [value]):
            raise CallFailed(f"{value!r} cannot be part of an address.", failure="rejected")
        return quote(value, safe=safe)
    if isinstance(value, Mapping):
        return {name: _quoted(part) for name, part in value.items()}
    return value


def _failure(connector: Connector, response: Response) -> CallFailed | None:
    rules, title = connector.failures, connector.title
    if response.status < 400 and not rules.rules:
        return None
    seen = {"status": response.status, "headers": dict(response.headers), "body": response.data()}
    words = _said(rules.message, seen)
    # "Try again later" in the status is not overruled by a rule that would end the matter.
    passing = failure_of(response.status) == "retry"
    rule = next((r for r in rules.rules if _holds(r, seen) and not (passing and r.failure == "rejected")), None)
    if rule is not None:
        return _by_rule(rule, title, words, response)
    return failed(response, title, words) if response.status >= 400 else None


def _is_of_token(response: Response, failure: CallFailed) -> bool:
    """Whether a refused credential may only be an old token. Some say so with status 200."""
    return response.status == 401 or (response.status < 400 and failure.failure == "auth")


def _by_rule(rule: FailureRule, title: str, words: str | None, response: Response) -> CallFailed:
    said = f": {log.excerpt(words, 300)}" if words else ""
    usual = {
        "auth": f"{title} refused the credential{said}.",
        "retry": f"{title} cannot answer now{said}.",
        "timeout": f"{title} took too long{said}.",
        "rejected": f"{title} refused the request{said}.",
    }
    return CallFailed(
        rule.message or usual[rule.failure],
        failure=rule.failure,
        retry_after_s=retry_after_s(response.headers) if rule.failure == "retry" else None,
        uncertain=may_have_acted(response.status),
        next_step=f"Renew the {title} account that this step uses." if rule.failure == "auth" else None,
    )


def _holds(rule: FailureRule, seen: Mapping[str, Any]) -> bool:
    try:
        return bool(_expression(rule.when).search(seen))
    except JMESPathError:
        return False  # the answer has another shape than the rule speaks of


def _said(path: str | None, seen: Mapping[str, Any]) -> str | None:
    try:
        words = _expression(path or "body.message || body.error").search(seen)
    except JMESPathError:
        return None
    return words if isinstance(words, str) else None


def _pick(path: str, value: Any, who: str) -> Any:
    try:
        return _expression(path).search(value)
    except JMESPathError as error:
        raise CallFailed(
            f"The answer of {who} does not have the expected shape.", failure="rejected", uncertain=True
        ) from error


@lru_cache(maxsize=1024)
def _expression(path: str) -> Any:
    return jmespath.compile(path)


def hosts(connector: Connector, account: Opened) -> set[str]:
    """The hosts that a credential is sent to."""
    addresses = {account.text("base_url") or connector.base_url or ""}
    if fetches_tokens(connector, account):
        addresses.add(account.text("token_url") or connector.auth.token_url)
    return {place[0] for address in addresses if (place := place_of(address))} or set(connector.hosts)


def _hosts(connector: Connector, account: Opened) -> set[str]:
    """Where calls with this account may go: a moved address counts with its port."""
    moved = [place_of(account.text(name)) for name in ("base_url", "token_url")]
    return {*connector.hosts, *(f"{place[0]}:{place[1]}" for place in moved if place)}
