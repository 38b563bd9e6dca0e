"""The scheduler: fires due schedules, each time exactly once however many schedulers run; sweeps up what workers that
died have left; keeps the partitions ahead of the clock. Runs that wait wake by themselves: their queue entry says when.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from plainwork import log
from plainwork.db import Database, new_id, queue, schedules
from plainwork.db.ids import first_id_at
from plainwork.db.runs import count_since
from plainwork.db.schedules import Schedule, Tick
from plainwork.engine import failures
from plainwork.engine.plan import Failure
from plainwork.engine.versions import Version, Versions
from plainwork.errors import LimitReached, PlainworkError, Unavailable
from plainwork.queue import Queue
from plainwork.spec.cron import next_times
from plainwork.spec.inputs import coerce
from plainwork.spec.template import parse_template

_log = log.get("scheduler")

AT_ONCE = 500
MOST_MISSED = 100
"""How many missed times of one schedule are made up for under ``missed: all``."""
STALE_S = 60.0
"""A time that passed longer ago than this was missed."""
SWEEP_EVERY_S = 1.0
GRACE_S = 30.0
"""How long after a run's deadline the sweeper leaves its end to a worker."""
UPKEEP_EVERY_S = 3600.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """``run`` works until it is cancelled. ``now``: the clock (aware)."""

    def __init__(
        self,
        db: Database,
        bell: Queue,
        *,
        versions: Versions | None = None,
        now: Callable[[], datetime] = _utc_now,
        every_s: float = 0.5,
    ) -> None:
        self._db = db
        self._bell = bell
        self._versions = versions or Versions(db)
        self._now = now
        self._every_s = every_s

    async def run(self) -> None:
        """Fires, sweeps and keeps up, each at its own pace; what fails is tried again at the next turn."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat("fire", self._every_s, self.fire_due))
            group.create_task(self._repeat("failures", self._every_s, self.tell_failures))
            group.create_task(self._repeat("sweep", SWEEP_EVERY_S, self.sweep))
            group.create_task(self._repeat("upkeep", UPKEEP_EVERY_S, self.keep_up))

    async def fire_due(self) -> int:
        """Starts the runs of everything that is due now; returns how many."""
        fired = 0
        while True:
            now = self._now()
            async with self._db.transaction() as connection:
                due = await schedules.claim_due(connection, now, AT_ONCE)
                ticks, planned = await self._plan(due, now)
                started = await schedules.fire(connection, ticks)
                await schedules.set_next(connection, planned)
            await self._bell.ring(started)
            fired += len(started)
            if len(due) < AT_ONCE:
                return fired

    async def tell_failures(self) -> int:
        """Starts the agents that watch for the failures of others; returns how many runs."""
        return await failures.tell(self._db, self._versions, self._bell)

    async def sweep(self) -> queue.Swept:
        """Gives back what lost workers held and fails overdue runs."""
        swept = await queue.sweep(self._db, GRACE_S)
        if swept.given_back or swept.timed_out:
            _log.info("swept up", given_back=swept.given_back, timed_out=swept.timed_out)
        if swept.given_back:
            outlook = await queue.outlook(self._db, 1)
            await self._bell.ring(outlook.run_ids)
        return swept

    async def keep_up(self) -> int:
        """Makes the partitions of the coming months; returns how many were missing."""
        return await queue.make_partitions(self._db, self._now())

    async def _repeat(self, name: str, every_s: float, work: Callable[[], Any]) -> None:
        while True:
            began = time.monotonic()
            try:
                await work()
            except (PlainworkError, OSError) as error:
                _log.warning("failed, will try again", task=name, error=str(error))
            except Exception as error:
                _log.bug(error, task=name)
            await asyncio.sleep(max(0.0, every_s - (time.monotonic() - began)))

    async def _plan(self, due: Iterable[Schedule], now: datetime) -> tuple[list[Tick], list[tuple[Schedule, datetime]]]:
        ticks: list[Tick] = []
        planned: list[tuple[Schedule, datetime]] = []
        for schedule in due:
            try:
                times = due_times(schedule, now)
                following = next_times(schedule.cron, schedule.timezone, now, 1)
            except PlainworkError as error:
                _log.error("a schedule cannot be worked out", schedule=str(schedule.id), error=str(error))
                times, following = [], []
            ticks += [await self._tick(schedule, at) for at in times]
            planned.append((schedule, following[0] if following else schedules.NEVER))
        return ticks, planned

    async def _tick(self, schedule: Schedule, due_at: datetime) -> Tick:
        run_id = new_id()
        trigger = {
            "kind": "schedule",
            "id": schedule.trigger_id,
            "due_at": due_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "timezone": schedule.timezone,
        }
        try:
            version = await self._versions.get(schedule.workspace_id, schedule.version_id)
            await self._check_day(version)
            inputs = inputs_from(version, schedule.map, trigger)
        except Unavailable:
            raise  # the tick can wait for the database
        except PlainworkError as error:
            failure = msgspec.to_builtins(Failure("rejected", error.message, error.next_step))
            return Tick(schedule, due_at, run_id, trigger, {}, failure)
        return Tick(schedule, due_at, run_id, trigger, inputs, None, version.time_s)

    async def _check_day(self, version: Version) -> None:
        most = version.limits.runs_per_day
        if most is None:
            return
        today = self._now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        async with self._db.workspace(version.workspace_id) as connection:
            had = await count_since(connection, version.agent_id, first_id_at(today))
        if had >= most:
            raise LimitReached(f"The agent has run {had} times today (UTC), and {most} is its limit (`runs_per_day`).")


def due_times(schedule: Schedule, now: datetime) -> list[datetime]:
    """The times to fire now: those passed since ``next_at``, less what the schedule says of missed ones."""
    if schedule.next_at is None or schedule.next_at > now:
        return []
    first = schedule.next_at
    second = next_times(schedule.cron, schedule.timezone, first, 1)
    if not second or second[0] > now:
        is_stale = (now - first).total_seconds() > STALE_S
        return [] if is_stale and schedule.missed == "skip" else [first]
    if schedule.missed == "all":
        later = next_times(schedule.cron, schedule.timezone, first, MOST_MISSED - 1)
        return [first, *(at for at in later if at <= now)]
    last = _last_before(schedule, now, second[0] - first)
    if schedule.missed == "skip" and (now - last).total_seconds() > STALE_S:
        return []
    return [last]


def _last_before(schedule: Schedule, now: datetime, gap: timedelta) -> datetime:
    """The latest time that is not after ``now``, looked for in ever longer stretches before it."""
    assert schedule.next_at is not None
    span = gap
    while True:
        after = max(now - span, schedule.next_at - timedelta(microseconds=1))
        passed = [at for at in next_times(schedule.cron, schedule.timezone, after, 2000) if at <= now]
        if passed:
            return passed[-1]
        span *= 4


def inputs_from(version: Version, map: Mapping[str, str], trigger: Mapping[str, Any]) -> dict[str, Any]:
    """A run's inputs as its trigger maps them, with defaults. Raises Rejected when they do not fit the declaration."""
    given = {name: parse_template(template).render({"trigger": trigger}) for name, template in map.items()}
    return coerce(version.graph.flow.inputs, given)


def next_runs(schedule: Schedule, now: datetime, count: int = 10) -> list[datetime]:
    """When the schedule fires next (UTC)."""
    return next_times(schedule.cron, schedule.timezone, now, count)
