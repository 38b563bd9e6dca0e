"""Which of a schedule's times fire now, which were missed, and when the next one does. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from plainwork.db.schedules import Schedule
from plainwork.spec.cron import next_times
from plainwork.spec.schedule_policy import MOST_MADE_UP, put_off, read_jitter, read_missed

STALE_S = 60.0
"""A time that passed longer ago than this was missed."""
_CHUNK = 500
_INSTANT = timedelta(microseconds=1)


class Planned(msgspec.Struct, frozen=True):
    """One time of a schedule: ``due_at`` as its cron says, ``planned_at`` with its jitter."""

    due_at: datetime
    planned_at: datetime


class Plan(msgspec.Struct, frozen=True):
    """What is to be done about a schedule now: ``fire`` and ``missed`` (both oldest first), and the next time (None: there
    is none any more)."""

    fire: tuple[Planned, ...]
    missed: tuple[Planned, ...]
    following: Planned | None


def plan(schedule: Schedule, now: datetime) -> Plan:
    """Raises ScheduleError when the schedule cannot be worked out. At most as many missed times as are looked at."""
    if schedule.next_at is None:
        return Plan((), (), _following(schedule, now))
    if schedule.next_at > now:
        return Plan((), (), planned(schedule, schedule.next_at))
    policy = read_missed(schedule.missed)
    second = _after(schedule, schedule.next_at)
    if second is None or second > now:
        passed = [planned(schedule, schedule.next_at)]
        following = planned(schedule, second) if second else None
    else:
        times = _passed(schedule, second, now, max(policy.most, MOST_MADE_UP))
        passed, following = [planned(schedule, at) for at in times], _following(schedule, now)
    if passed[-1].planned_at > now:  # put off, and not due yet; those before it are never put off beyond it
        following = passed.pop()
    kept = max(policy.most, 1)
    missed, fire = passed[:-kept], passed[-kept:]
    if policy.how == "skip" and fire and (now - fire[0].planned_at).total_seconds() > STALE_S:
        missed, fire = missed + fire, []
    return Plan(tuple(fire), tuple(missed), following)


def planned(schedule: Schedule, due_at: datetime) -> Planned:
    """A time of the schedule with its jitter: always the same for the same time, and before the next one."""
    jitter_s = read_jitter(schedule.jitter)
    if not jitter_s:
        return Planned(due_at, due_at)
    following = _after(schedule, due_at)
    if following:
        jitter_s = min(jitter_s, (following - due_at).total_seconds())
    return Planned(due_at, put_off(due_at, schedule.id, jitter_s))


def _following(schedule: Schedule, after: datetime) -> Planned | None:
    found = _after(schedule, after)
    return planned(schedule, found) if found else None


def _after(schedule: Schedule, at: datetime) -> datetime | None:
    return _next_time(schedule.cron, schedule.timezone, at)


@lru_cache(maxsize=4096)
def _next_time(cron: str, timezone: str, after: datetime) -> datetime | None:
    """Kept, because many schedules are due at the same times."""
    found = next_times(cron, timezone, after, 1)
    return found[0] if found else None


def _passed(schedule: Schedule, second: datetime, now: datetime, most: int) -> list[datetime]:
    """The last ``most`` times from ``next_at`` (after which comes ``second``) to ``now``, looked for in ever longer stretches
    before now."""
    first = schedule.next_at
    assert first is not None
    span = (second - first) * most
    while True:
        after = max(now - span, first - _INSTANT)
        found = deque(_between(schedule, after, now), maxlen=most)
        if len(found) == most or after < first:
            return list(found) or [first]
        span *= 4


def _between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    while True:
        found = next_times(schedule.cron, schedule.timezone, after, _CHUNK)
        yield from (at for at in found if at <= until)
        if len(found) < _CHUNK or found[-1] > until:
            return
        after = found[-1]
