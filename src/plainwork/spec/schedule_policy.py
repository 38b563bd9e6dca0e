"""What a schedule says beside its times: which missed ones are made up for, and over how long starts are spread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Literal
from uuid import UUID

from plainwork.spec.cron import ScheduleError
from plainwork.spec.durations import parse_duration

MOST_MADE_UP = 100
"""How many missed times ``all`` alone makes up for."""
_MOST = 1000
_LONGEST_JITTER_S = 86_400.0
_ALL_UP_TO = re.compile(r"all up to (\d{1,9})")


@dataclass(frozen=True, slots=True)
class Missed:
    """Which missed times are made up for: none, the last one, or the last ``most``."""

    how: Literal["skip", "last", "all"]
    most: int


@lru_cache(maxsize=256)
def read_missed(text: str) -> Missed:
    """``skip``, ``last``, ``all`` or ``all up to 20``. Raises ScheduleError."""
    words = " ".join(text.lower().split())
    if words == "skip":
        return Missed("skip", 0)
    if words == "last":
        return Missed("last", 1)
    if words == "all":
        return Missed("all", MOST_MADE_UP)
    match = _ALL_UP_TO.fullmatch(words)
    if match is None or not 1 <= int(match[1]) <= _MOST:
        raise ScheduleError(
            f"“{text[:60]}” does not say which missed times are made up for.",
            next_step=f"Write skip, last, all, or all up to a number from 1 to {_MOST:,}.",
        )
    return Missed("all", int(match[1]))


@lru_cache(maxsize=256)
def read_jitter(text: str | None) -> float:
    """The seconds over which starts are spread (None: none). Raises ScheduleError."""
    if text is None:
        return 0.0
    try:
        seconds = parse_duration(text)
    except ValueError as why:
        raise ScheduleError(f"The jitter cannot be read: {why}", next_step="Write it like 2 minutes.") from None
    if seconds > _LONGEST_JITTER_S:
        raise ScheduleError("A jitter is at most a day long.", next_step="Write it like 2 minutes.")
    return seconds


def put_off(due_at: datetime, schedule_id: UUID, jitter_s: float) -> datetime:
    """A time put off by less than ``jitter_s``: by how much follows from the schedule and the time alone."""
    seed = schedule_id.bytes + int(due_at.timestamp()).to_bytes(8, "big", signed=True)
    share = int.from_bytes(blake2b(seed, digest_size=4).digest(), "big") / 2**32
    return due_at + timedelta(milliseconds=int(jitter_s * 1000 * share))
