"""The wire to Redis (6.2 or newer) or Valkey: one stream, read by one consumer group.

All workers read under one consumer name. A group hands each message out once whoever asks, and what a worker never
acknowledged is taken over by its age, so nothing is kept per worker that one that died could leave behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from plainwork.queue.addresses import Address, invalid, parse
from plainwork.queue.doorbell import MOST_ON_SERVER, REDELIVER_S, Message

EXAMPLE = "redis://user:password@host:6379/0?name=plainwork (rediss:// for TLS)"
_GROUP = "workers"
_CONSUMER = "worker"
_NEVER_MS = 2**50


def at(url: str) -> Address:
    """The address in a ``redis://`` or ``rediss://`` URL. Raises Invalid."""
    address = parse(url, options=("name",), example=EXAMPLE)
    if address.path and not (address.path.isascii() and address.path.isdigit() and len(address.path) < 6):
        raise invalid("gives a database that is not a number", EXAMPLE)
    return address


class RedisWire:
    """See ``plainwork.queue.doorbell.Wire``."""

    poll_s = 5.0
    at_once = 500

    def __init__(self, address: Address, redeliver_s: float = REDELIVER_S) -> None:
        self.address = address
        self._stale_ms = int(redeliver_s * 1000)
        self._reclaim_at = 0.0
        self._cursor = "0-0"
        [(host, port)] = address.hosts
        self._redis = Redis(
            host=host,
            port=port or 6379,
            db=int(address.path or 0),
            username=address.user,
            password=address.password,
            ssl=address.scheme == "rediss",
            protocol=2,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=2 * self.poll_s,
            socket_connect_timeout=self.poll_s,
            retry=Retry(NoBackoff(), 0),
        )

    async def prepare(self) -> None:
        """Makes the stream and its group, and sees that the server is new enough."""
        async with self._asking():
            try:
                await self._redis.xgroup_create(self.address.name, _GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise
            await self._redis.xautoclaim(self.address.name, _GROUP, _CONSUMER, _NEVER_MS, count=1)

    async def send(self, bodies: Sequence[str]) -> None:
        """In one round trip."""
        async with self._asking(), self._redis.pipeline(transaction=False) as pipe:
            for body in bodies:
                pipe.xadd(self.address.name, {"run": body}, maxlen=MOST_ON_SERVER, approximate=True)
            await pipe.execute()

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Message]:
        """First what others took and never acknowledged, now and then; else what is new."""
        async with self._asking():
            stale = await self._reclaim(limit)
            if stale:
                return stale
            timeout_s = min(timeout_s, self._reclaim_at - asyncio.get_running_loop().time())
            found: Any = await self._redis.xreadgroup(
                _GROUP, _CONSUMER, {self.address.name: ">"}, count=limit, block=max(1, int(timeout_s * 1000))
            )
            return [message for _, entries in found or () for message in _messages(entries)]

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Takes them out of the group's list and out of the stream."""
        async with self._asking(), self._redis.pipeline(transaction=False) as pipe:
            pipe.xack(self.address.name, _GROUP, *receipts)
            pipe.xdel(self.address.name, *receipts)
            await pipe.execute()

    async def close(self) -> None:
        """Disconnects."""
        await self._redis.aclose()

    async def _reclaim(self, limit: int) -> list[Message]:
        now = asyncio.get_running_loop().time()
        if now < self._reclaim_at:
            return []
        answer: Any = await self._redis.xautoclaim(
            self.address.name, _GROUP, _CONSUMER, self._stale_ms, start_id=self._cursor, count=limit
        )
        self._cursor = answer[0]
        if self._cursor == "0-0":  # it has been through all of them
            self._reclaim_at = now + self._stale_ms / 2000
        return _messages(answer[1])

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        try:
            yield
        except (RedisError, OSError, ValueError) as error:  # ValueError: it speaks another language
            raise self.address.unavailable(error) from error


def _messages(entries: Sequence[tuple[str | None, dict[str, Any] | None]]) -> list[Message]:
    """Of what a stream holds; entries that were trimmed meanwhile have no fields."""
    return [Message(str((fields or {}).get("run", "")), key) for key, fields in entries if key is not None]
