"""Keys: UUIDv7 (RFC 9562, section 5.7), so that rows made together lie together in an index."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_RANDOM_BITS = 62
_lock = threading.Lock()
_last = [0]


def new_id() -> UUID:
    """A fresh UUIDv7. Ids of one process increase: the 12 bits below the millisecond count quarter-microseconds."""
    now = time.time_ns()
    millis, rest = divmod(now, 1_000_000)
    tick = (millis << 12) | (rest * 4096 // 1_000_000)
    with _lock:
        tick = _last[0] = max(tick, _last[0] + 1)
    return _build(tick, int.from_bytes(os.urandom(8), "big") >> (64 - _RANDOM_BITS))


def _build(tick: int, random: int) -> UUID:
    return UUID(int=((tick >> 12) << 80) | (0x7 << 76) | ((tick & 0xFFF) << 64) | (0b10 << _RANDOM_BITS) | random)


def first_id_at(at: datetime) -> UUID:
    """The smallest UUIDv7 of the millisecond of ``at`` (aware): ``id >= first_id_at(t)`` is "made at t or later".
    Keys know no time before 1970."""
    return _build(max(0, int(at.timestamp() * 1000)) << 12, 0)


def made_at(key: UUID) -> datetime:
    """When a UUIDv7 was made: aware UTC, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
