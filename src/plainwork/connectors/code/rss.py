"""Feeds from the web: ``rss.read`` lists one, ``rss.new_item`` is asked for it again and again.

Servers are told what is known already (ETag, Last-Modified; RFC 9110 §13), so that an unchanged feed costs a few bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yarl import URL

from plainwork.connectors.code.feed import Feed, NotAFeed, read
from plainwork.connectors.declared import Action, Trigger
from plainwork.connectors.opened import Opened
from plainwork.connectors.polled import Found, Item
from plainwork.errors import CallFailed
from plainwork.net import Response, failed

if TYPE_CHECKING:
    from plainwork.connectors import Reach

MAX_BYTES = 5 * 1024 * 1024
_LONGEST_TAG = 1_000
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


async def perform(action: Action, config: dict[str, Any], account: Opened, reach: Reach) -> dict[str, Any]:
    """``{title, link, items, count}``, the newest item first."""
    feed = await _feed(await _fetch(config["url"], {}, reach))
    items = [entry.value for entry in feed.entries[: config["limit"]]]
    return {"title": feed.title, "link": feed.link, "items": items, "count": len(items)}


async def poll(trigger: Trigger, config: dict[str, Any], account: Opened, cursor: Any, reach: Reach) -> Found:
    """All items of the feed; none when it has not changed since ``cursor`` (``{etag, modified}``)."""
    known = cursor if isinstance(cursor, dict) else {}
    headers = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
    response = await _fetch(config["url"], {name: value for name, value in headers.items() if value}, reach)
    if response.status == 304:
        return Found((), cursor)
    feed = await _feed(response)
    items = tuple(Item(entry.value, entry.identity) for entry in reversed(feed.entries))
    return Found(items, {"etag": _tag(response, "etag"), "modified": _tag(response, "last-modified")})


def hosts(config: Mapping[str, Any], account: Opened) -> set[str]:
    """The host that is asked."""
    try:
        host = URL(str(config["url"])).raw_host
    except ValueError:
        return set()
    return {host} if host else set()


async def _fetch(url: str, headers: dict[str, str], reach: Reach) -> Response:
    response = await reach.net.request(
        "GET",
        url,
        headers={"Accept": _ACCEPT, **headers},
        timeout_s=reach.timeout_s,
        max_bytes=min(MAX_BYTES, reach.max_bytes),
    )
    if response.status >= 400:
        raise failed(response, _host(response))
    return response


async def _feed(response: Response) -> Feed:
    try:
        # A feed of megabytes takes a second to read: not on the loop that everything else shares.
        return await asyncio.to_thread(read, response.body, response.headers.get("content-type", ""), response.url)
    except NotAFeed as problem:
        raise CallFailed(
            f"What {_host(response)} answered is no feed: {problem}.",
            failure="rejected",
            next_step="Look for the feed's own address; sites name it in their pages as an alternate link.",
        ) from problem


def _host(response: Response) -> str:
    return URL(response.url).host or "the server"


def _tag(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value if value and len(value) <= _LONGEST_TAG else None
