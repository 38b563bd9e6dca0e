"""How often something may happen: buckets that fill again evenly, in this process' memory."""

from __future__ import annotations

import time
from collections import OrderedDict

_KEPT = 20_000


class Rate:
    """At most ``per_minute`` for each key, a minute's worth at once. The keys least recently used are let go first."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: object, *, take: bool = True) -> float:
        """0 when it may happen now (which counts, unless not ``take``); else in how many seconds it may."""
        now = time.monotonic()
        level, at = self._buckets.get(key, (float(self._per_minute), now))
        level = min(self._per_minute, level + (now - at) * self._per_minute / 60)
        if level < 1:
            return (1 - level) * 60 / self._per_minute
        if take:
            self._buckets[key] = (level - 1, now)
            self._buckets.move_to_end(key)
            if len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        return 0.0
