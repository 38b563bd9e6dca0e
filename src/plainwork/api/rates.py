"""How often something may happen: buckets that fill again evenly. And the one that each caller of the API has, of which every
answer tells how full it is.

Each process goes by its own memory, so that nothing waits for it, and hears every second what the others have let through.
What was too much together in that second is waited for afterwards.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable
from hashlib import sha256

from fastapi import Request

from plainwork import log
from plainwork.db import Database
from plainwork.db import rates as rows
from plainwork.errors import LimitReached, PlainworkError

SHARE_EVERY_S = 1.0
_KEPT = 20_000
_log = log.get("api")


class Rate:
    """At most ``per_minute`` for each key, a minute's worth at once. The keys least recently used are let go first. ``name``
    tells it from other rates."""

    def __init__(self, name: str, per_minute: int) -> None:
        self.name = name
        self.per_minute = per_minute
        self.untold: Counter[object] = Counter()
        """By key, how often it has happened here without the other processes knowing."""
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def level(self, key: object) -> float:
        """How often it may happen at once now."""
        now = time.monotonic()
        level, at = self._buckets.get(key, (float(self.per_minute), now))
        return min(self.per_minute, level + (now - at) * self.per_minute / 60)

    def wait_s(self, key: object, *, take: bool = True) -> float:
        """0 when it may happen now (which counts, unless not ``take``); else in how many seconds it may."""
        now, level = time.monotonic(), self.level(key)
        if level < 1:
            return (1 - level) * 60 / self.per_minute
        if take:
            self.untold[key] += 1
            self._set(key, level - 1, now)
        return 0.0

    def hear(self, key: object, level: float) -> None:
        """How full the bucket is that all processes share, but for what is untold."""
        self._set(key, min(self.level(key), level - self.untold[key]), time.monotonic())

    def _set(self, key: object, level: float, now: float) -> None:
        self._buckets[key] = (level, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _KEPT:
            gone, _ = self._buckets.popitem(last=False)
            self.untold.pop(gone, None)

    def tell_later(self, key: object, count: int) -> None:
        """What could not be told, unless the bucket was let go meanwhile: an outage must not fill the memory."""
        if key in self._buckets:
            self.untold[key] += count


class Shares:
    """Tells the other processes what this one has let through, and hears of them."""

    def __init__(self, database: Database, rates: Iterable[Rate]) -> None:
        self._database = database
        self._rates = tuple(rates)

    async def run(self) -> None:
        """Until it is cancelled. While the database is away, this process goes by what it knows."""
        while True:
            await asyncio.sleep(SHARE_EVERY_S)
            try:
                await self.share()
            except (PlainworkError, OSError) as error:
                _log.warning("how often callers may ask is not shared with other processes now", error=str(error))
            except Exception as error:
                _log.bug(error)

    async def share(self) -> None:
        """Once. Raises Unavailable; what could not be told is told the next time."""
        told = [(rate, key, count) for rate in self._rates for key, count in rate.untold.items()]
        if not told:
            return
        for rate in self._rates:
            rate.untold = Counter()
        try:
            taken = [rows.Taken(_hash(rate.name, key), count, rate.per_minute) for rate, key, count in told]
            levels = await rows.take(self._database, taken)
        except BaseException:
            for rate, key, count in told:
                rate.tell_later(key, count)
            raise
        for (rate, key, _), level in zip(told, levels, strict=True):
            rate.hear(key, level)


def _hash(name: str, key: object) -> bytes:
    return sha256(f"{name} {key}".encode(errors="replace")).digest()


class Turnstile:
    """Lets each caller make ``per_minute`` requests of the API (0: any number)."""

    def __init__(self, per_minute: int) -> None:
        self._rate = Rate("caller", per_minute) if per_minute else None

    @property
    def rates(self) -> list[Rate]:
        """What it counts by."""
        return [self._rate] if self._rate else []

    def count(self, request: Request, caller: object) -> None:
        """Counts a request, and notes for the answer's headers what is left. Raises LimitReached when nothing is."""
        if self._rate is None:
            return
        wait_s = self._rate.wait_s(caller)
        request.state.quota = self._rate.per_minute, self._rate.level(caller)
        if wait_s:
            raise LimitReached(
                f"You may make {self._rate.per_minute} requests a minute, and have made them.",
                retry_after_s=wait_s,
                next_step="Wait as long as Retry-After says, or spread your requests.",
            )


def quota_headers(per_minute: int, level: float) -> dict[bytes, bytes]:
    """``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10): how much there is in a minute, how much
    of it is left, and in how many seconds all of it will be there again."""
    full_in_s = math.ceil((per_minute - level) * 60 / per_minute)
    return {
        b"ratelimit-policy": b'"caller";q=%d;w=60' % per_minute,
        b"ratelimit": b'"caller";r=%d;t=%d' % (max(0, int(level)), full_in_s),
    }
