"""The scheduler's loops, each at its own pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from plainwork import log, meters
from plainwork.db import Connection, Database, alarms, connections, queue, runs, schedules, tallies
from plainwork.db.alarms import Fault
from plainwork.db.schedules import NEVER, Next, Schedule
from plainwork.engine import failures
from plainwork.engine.versions import Versions
from plainwork.errors import PlainworkError
from plainwork.queue import Queue
from plainwork.releases import canary
from plainwork.scheduler import ticks, upkeep
from plainwork.scheduler.ticks import Decided
from plainwork.scheduler.times import Plan, plan
from plainwork.spec.cron import ScheduleError

_log = log.get("scheduler")

AT_ONCE = 500
LANES = 2
LOOK_EVERY_S = 0.5
"""How soon a scheduler sees a schedule that is new, or a waiting tick whose run before has ended."""
SWEEP_EVERY_S = 1.0
GRACE_S = 30.0
"""How long after a run's deadline the sweeper leaves its end to a worker."""
LATELY = timedelta(minutes=10)
"""Runs that wait for a connection connected anew so long ago are looked for at every turn; for older ones, with the upkeep."""
LONG_AGO = timedelta(days=90)
COUNT_EVERY_S = 5.0
COUNTED_AT_ONCE = 500
UPKEEP_EVERY_S = 300.0
JUDGE_EVERY_S = 5.0
"""How soon a canary is rolled back whose candidate fails too often."""
TRY_AGAIN = timedelta(hours=1)
"""When a schedule is looked at again that could not be worked out (its time zone is not known here)."""
FAILED_STARTS = 3
"""So many ticks in a row that could not be started raise an alarm."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """``run`` works until it is cancelled. ``now``: the clock (aware)."""

    def __init__(
        self, db: Database, bell: Queue, *, now: Callable[[], datetime] = _utc_now, every_s: float = LOOK_EVERY_S
    ) -> None:
        self._db = db
        self._bell = bell
        self._versions = Versions(db)
        self._now = now
        self._every_s = every_s

    async def run(self) -> None:
        """Fires, releases, tells of failures, sweeps, counts, keeps up, judges canaries; what fails is tried again later."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat("fire", self._every_s, self._fire_and_look_ahead))
            group.create_task(self._repeat("release", self._every_s, self.release))
            group.create_task(self._repeat("failures", self._every_s, self.tell_failures))
            group.create_task(self._repeat("sweep", SWEEP_EVERY_S, self.sweep))
            group.create_task(self._repeat("count", COUNT_EVERY_S, self.count))
            group.create_task(self._repeat("upkeep", UPKEEP_EVERY_S, self.keep_up))
            group.create_task(self._repeat("canaries", JUDGE_EVERY_S, self.judge_canaries))

    async def fire_due(self) -> int:
        """Starts the runs of everything that is due now; returns how many."""
        fired, is_full = await self._fire_some()
        if is_full:  # a crowd: one batch is worked out while the database writes another
            fired += sum(await asyncio.gather(*(self._fire_all() for _ in range(LANES))))
        return fired

    async def _fire_all(self) -> int:
        fired, is_full = 0, True
        while is_full:
            more, is_full = await self._fire_some()
            fired += more
        return fired

    async def _fire_some(self) -> tuple[int, bool]:
        """Fires one batch; whether there may be more."""
        now = self._now()
        async with self._db.transaction() as connection:
            due = await schedules.claim_due(connection, now, AT_ONCE)
            started = await self._fire(connection, due, now) if due else []
        await self._bell.ring(started)
        return len(started), len(due) >= AT_ONCE

    async def release(self) -> int:
        """Starts the ticks that waited for the run before, or were asked for later; returns how many."""
        released = 0
        while True:
            async with self._db.transaction() as connection:
                able = await schedules.claim_waiting(connection, AT_ONCE)
                ready = await schedules.ready(connection, able) if able else []
                started = await schedules.fire(connection, await ticks.start_ready(connection, ready, self._now()))
            await self._bell.ring(started)
            released += len(started)
            if not started:
                return released

    async def tell_failures(self) -> int:
        """Starts the agents that watch for the failures of others; returns how many runs."""
        return await failures.tell(self._db, self._versions, self._bell)

    async def sweep(self) -> queue.Swept:
        """Gives back what lost workers held and fails overdue runs."""
        swept = await queue.sweep(self._db, GRACE_S)
        if resumed := await connections.resume(self._db, LATELY):
            _log.info("runs whose connection was connected anew go on", runs=resumed)
        if swept.given_back or swept.timed_out:
            _log.info("swept up", given_back=swept.given_back, timed_out=swept.timed_out)
        if swept.given_back:
            outlook = await queue.outlook(self._db, 1)
            await self._bell.ring(outlook.run_ids)
        return swept

    async def judge_canaries(self) -> int:
        """Rolls back the canaries whose candidates fail more often than they may; how many."""
        return await canary.judge(self._db)

    async def count(self) -> int:
        """Counts the runs that have ended since; returns how many."""
        counted = 0
        while more := await tallies.count(self._db, COUNTED_AT_ONCE):
            counted += more
        return counted

    async def keep_up(self) -> upkeep.Kept:
        """Makes the partitions of the coming months and deletes what has had its time."""
        await connections.resume(self._db, LONG_AGO)
        return await upkeep.keep_up(self._db, self._now())

    async def _fire_and_look_ahead(self) -> None:
        """Fires, and once more at the very moment when the next schedule is due before the next turn."""
        await self.fire_due()
        async with self._db.connection() as connection:
            next_at = await schedules.next_fires_at(connection)
        ahead_s = (next_at - self._now()).total_seconds() if next_at is not None else self._every_s
        if 0.0 < ahead_s < self._every_s:
            await asyncio.sleep(ahead_s)
            await self.fire_due()

    async def _fire(self, connection: Connection, due: Iterable[Schedule], now: datetime) -> list[Any]:
        plans, faults = _plans(due, now)
        decided = await ticks.decide(connection, [(one, p.fire, p.missed) for one, p in plans], now)
        started = set(await schedules.fire(connection, decided.ticks))
        for tick in decided.ticks:
            if tick.run_id in started:
                meters.TICKS.add(max(0.0, (self._now() - tick.planned_at).total_seconds()))
        following = [_next(one, p, decided) for one, p in plans]
        broken = [Next(one.schedule, None, now + TRY_AGAIN) for one in faults]
        await schedules.set_next(connection, following + broken)
        faults += _cannot_start(decided, following)
        for alarm in await alarms.note(connection, faults):
            _log.error(alarm.message, kind=alarm.kind, schedule=str(alarm.schedule_id), agent=str(alarm.agent_id))
        await _cancel(connection, decided, started)
        return list(started)

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


def _plans(due: Iterable[Schedule], now: datetime) -> tuple[list[tuple[Schedule, Plan]], list[Fault]]:
    plans: list[tuple[Schedule, Plan]] = []
    faults: list[Fault] = []
    for schedule in due:
        try:
            plans.append((schedule, plan(schedule, now)))
        except ScheduleError as error:
            since = schedule.next_at or schedule.changed_at
            message = f"The schedule cannot be worked out: {error.message}"
            faults.append(Fault(schedule, "cannot_be_planned", since, message))
    return plans, faults


def _next(schedule: Schedule, found: Plan, decided: Decided) -> Next:
    failed = decided.failed_starts[schedule.id]
    if found.following is None:
        return Next(schedule, NEVER, NEVER, failed)
    return Next(schedule, found.following.due_at, found.following.planned_at, failed)


def _cannot_start(decided: Decided, following: Iterable[Next]) -> list[Fault]:
    """The schedules whose ticks have failed to start once too often."""
    often = {one.schedule.id for one in following if one.failed_starts >= FAILED_STARTS}
    found = {tick.schedule.id: tick for tick in decided.ticks if tick.schedule.id in often and tick.failure}
    return [
        Fault(tick.schedule, "cannot_start", tick.due_at, f"Its runs cannot be started: {tick.failure['message']}")
        for tick in found.values()
    ]


async def _cancel(connection: Connection, decided: Decided, started: set[Any]) -> None:
    """Cancels, in the same transaction, the runs that new ones replace."""
    workspaces = {tick.run_id: tick.schedule.workspace_id for tick in decided.ticks}
    for run_id, replaced in decided.replaced.items():
        if run_id in started and replaced:
            await connection.execute("select set_config('plainwork.workspace', $1, true)", str(workspaces[run_id]))
            for earlier in replaced:
                await runs.stop(connection, earlier)
