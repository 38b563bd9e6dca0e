"""What a poll says beside what it asks: how often, and what becomes of what is there already."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from plainwork.spec.cron import ScheduleError, next_times
from plainwork.spec.durations import parse_duration
from plainwork.spec.schedule_text import Cron, parse_schedule

MAILBOX: Final = "mailbox.new_mail"
"""The trigger that ``when: email`` stands for."""
SHORTEST_S = 10.0
LONGEST_S = 31 * 86_400.0
_USUAL: Final = {"poll": "5 minutes", "email": "1 minute"}


def read_every(kind: str, text: str | None) -> float | Cron:
    """How often a poll (``email``, ``poll``) is made: seconds, or times of day. Raises ScheduleError."""
    text = text or _USUAL[kind]
    try:
        seconds = parse_duration(text)
    except ValueError:
        return parse_schedule(text if text.lower().startswith("every") else f"every {text}")
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ScheduleError(f"“{text}” is not between 10 seconds and 31 days.", next_step="Write it like 5 minutes.")
    return seconds


def seconds_to_next(kind: str, text: str | None, now: datetime) -> float:
    """In how many seconds the next poll is made. Raises ScheduleError."""
    every = read_every(kind, text)
    if isinstance(every, Cron):
        following = next_times(every.cron, every.timezone, now, 1)
        return min((following[0] - now).total_seconds(), LONGEST_S) if following else LONGEST_S
    return every
