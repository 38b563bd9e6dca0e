"""Times of a schedule that passed without a run, found and started later, each at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from plainwork.db import Connection, schedules
from plainwork.db.schedules import Schedule
from plainwork.errors import Conflict, Invalid
from plainwork.spec.cron import next_times

FURTHEST = timedelta(days=90)
"""How far back times can be filled in: as long as every tick is on record, so that none fires twice."""
MOST_AT_ONCE = 1000
_MOST_LOOKED_AT = 20_000
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Gap:
    """Times that have not fired, oldest first. ``more``: there are others in the same range."""

    times: tuple[datetime, ...]
    more: bool


async def find_gap(connection: Connection, schedule: Schedule, since: datetime, until: datetime, limit: int) -> Gap:
    """The schedule's times from ``since`` to ``until`` (both included, none in the future) that have neither fired nor wait
    to. Raises Invalid for a range that ends before it begins, or begins too long ago."""
    now = datetime.now(UTC)
    if since > until:
        raise Invalid("The range ends before it begins.", next_step="Give `from` as the earlier of the two.")
    if since < now - FURTHEST:
        raise Invalid(
            f"Only the last {FURTHEST.days} days can be filled in: nobody can tell any more what fired before.",
            next_step=f"Begin after {now - FURTHEST:%Y-%m-%d}.",
        )
    found: list[datetime] = []
    after, last = since - timedelta(microseconds=1), min(until, now)
    for _ in range(0, _MOST_LOOKED_AT, _CHUNK):
        times = [at for at in next_times(schedule.cron, schedule.timezone, after, _CHUNK) if at <= last]
        taken = await schedules.taken(connection, schedule.id, times)
        found += [at for at in times if at not in taken]
        if len(times) < _CHUNK or len(found) > limit:
            return Gap(tuple(found[:limit]), len(found) > limit)
        after = times[-1]
    return Gap(tuple(found[:limit]), True)


async def fill(connection: Connection, schedule: Schedule, gap: Gap, *, paced: bool) -> int:
    """Has the times of a gap started by the schedulers: one after the other (``paced``), or at once; returns how many that
    are, less those that somebody else has asked for meanwhile. Raises Conflict when too many wait already."""
    waiting = await schedules.count_waiting(connection, schedule.id)
    if waiting + len(gap.times) > MOST_AT_ONCE:
        raise Conflict(
            f"{waiting:,} times of this schedule wait already, and at most {MOST_AT_ONCE:,} can.",
            next_step="Wait until some have run, or call them off.",
        )
    return await schedules.backfill(connection, schedule.id, gap.times, paced=paced)
