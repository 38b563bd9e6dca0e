"""How often something may happen: buckets that fill again evenly, in this process' memory. And the one that each caller of the
API has, of which every answer tells how full it is.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict

from fastapi import Request

from plainwork.errors import LimitReached

_KEPT = 20_000


class Rate:
    """At most ``per_minute`` for each key, a minute's worth at once. The keys least recently used are let go first."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
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
            self._buckets[key] = (level - 1, now)
            self._buckets.move_to_end(key)
            if len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        return 0.0


class Turnstile:
    """Lets each caller make ``per_minute`` requests of the API (0: any number)."""

    def __init__(self, per_minute: int) -> None:
        self._rate = Rate(per_minute) if per_minute else None

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
        b"ratelimit": b'"caller";r=%d;t=%d' % (int(level), full_in_s),
    }
