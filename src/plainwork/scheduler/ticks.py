"""What becomes of the times that are due: a run, a place in the queue behind the run before, or nothing, with the reason.

All of it is decided while the schedules' rows are locked, so each tick is decided once however many schedulers run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from plainwork.db import Connection, new_id, runs, schedules
from plainwork.db.ids import first_id_at
from plainwork.db.schedules import Load, Schedule, SkipReason, Tick
from plainwork.engine.plan import Failure
from plainwork.errors import LimitReached, PlainworkError, Unavailable
from plainwork.scheduler.times import Planned
from plainwork.spec.durations import parse_duration
from plainwork.spec.inputs import coerce
from plainwork.spec.model import Input, Limits
from plainwork.spec.template import parse_template

MOST_WAITING = 100
"""How many ticks of one schedule wait for the run before, under ``overlap: queue``."""
_NOTHING = Load((), 0)
_template = lru_cache(maxsize=1024)(parse_template)


@dataclass(slots=True)
class Decided:
    """What is to be written down: ``ticks``; which runs a new one (by its id) replaces; and, by their ids, how many starts of
    schedules have now failed in a row."""

    ticks: list[Tick] = field(default_factory=list)
    replaced: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    failed_starts: dict[UUID, int] = field(default_factory=dict)


class Days:
    """How many runs agents with a limit have had today, this batch's included."""

    def __init__(self, had: Mapping[tuple[UUID, UUID], int]) -> None:
        self._had = Counter(dict(had))

    @classmethod
    async def read(cls, connection: Connection, of: Iterable[Schedule], now: datetime) -> Days:
        """Counts, in one go, for those schedules' agents that may run so many times a day; what else starts them waits until the
        transaction ends."""
        most = {(one.workspace_id, one.agent_id): n for one in of if (n := one.limits.get("runs_per_day")) is not None}
        today = first_id_at(now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
        await runs.hold_days(connection, {agent_id for _, agent_id in most})
        counted = await schedules.runs_since(connection, most.keys(), today, list(most.values()))
        return cls(dict(zip(most, counted, strict=True)))

    def take(self, schedule: Schedule, most: int | None) -> None:
        """Counts one run more. Raises LimitReached when that is one too many."""
        if most is None:
            return
        key = (schedule.workspace_id, schedule.agent_id)
        if self._had[key] >= most:
            raise LimitReached(
                f"The agent has run {self._had[key]} times today (UTC), and {most} is its limit (`runs_per_day`)."
            )
        self._had[key] += 1


async def decide(
    connection: Connection, due: Sequence[tuple[Schedule, Sequence[Planned], Sequence[Planned]]], now: datetime
) -> Decided:
    """Decides about schedules with their times that fire and those that were missed."""
    firing = [schedule for schedule, fire, _ in due if fire]
    loads = await schedules.loads(connection, [one for one in firing if one.overlap != "allow"])
    days = await Days.read(connection, firing, now)
    decided = Decided()
    for schedule, fire, missed in due:
        decided.ticks += [skipped(schedule, one, "missed") for one in missed]
        before = len(decided.ticks)
        _overlap(decided, schedule, fire, loads.get(schedule.id, _NOTHING), days)
        decided.failed_starts[schedule.id] = _failed(schedule.failed_starts, decided.ticks[before:])
    return decided


async def start_ready(
    connection: Connection, ready: Collection[tuple[Schedule, datetime, datetime]], now: datetime
) -> list[Tick]:
    """The ticks that have waited and start now."""
    days = await Days.read(connection, (schedule for schedule, _, _ in ready), now)
    return [started(schedule, Planned(due_at, planned_at), days) for schedule, due_at, planned_at in ready]


def _overlap(decided: Decided, schedule: Schedule, fire: Sequence[Planned], load: Load, days: Days) -> None:
    """One schedule's times, oldest first, each seeing the ones before as though they ran."""
    if schedule.overlap == "allow":
        decided.ticks += [started(schedule, one, days) for one in fire]
        return
    if schedule.overlap == "cancel previous":
        decided.ticks += [skipped(schedule, one, "replaced") for one in fire[:-1]]
        for one in fire[-1:]:
            tick = started(schedule, one, days)
            decided.ticks.append(tick)
            if tick.failure is None and tick.run_id is not None:
                decided.replaced[tick.run_id] = load.under_way
        return
    is_free, waiting = not load.under_way and not load.waiting, load.waiting
    for one in fire:
        if is_free:
            tick = started(schedule, one, days)
            is_free = tick.failure is not None
        elif schedule.overlap == "skip":
            tick = skipped(schedule, one, "overlap")
        elif waiting < MOST_WAITING:
            tick, waiting = Tick(schedule, one.due_at, one.planned_at, "waiting"), waiting + 1
        else:
            tick = skipped(schedule, one, "too_many_waiting")
        decided.ticks.append(tick)


def _failed(count: int, ticks: Iterable[Tick]) -> int:
    for tick in ticks:
        if tick.state == "fired":
            count = count + 1 if tick.failure is not None else 0
    return count


def skipped(schedule: Schedule, one: Planned, reason: SkipReason) -> Tick:
    """A time that starts nothing."""
    return Tick(schedule, one.due_at, one.planned_at, "skipped", reason)


def started(schedule: Schedule, one: Planned, days: Days) -> Tick:
    """A time that starts a run, or the record of one that cannot be started."""
    trigger = {
        "kind": "schedule",
        "id": schedule.trigger_id,
        "due_at": one.due_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "timezone": schedule.timezone,
    }
    inputs: Mapping[str, Any] = {}
    failure, deadline_s = None, None
    try:
        limits = msgspec.convert(schedule.limits, Limits)
        inputs = inputs_from(msgspec.convert(schedule.inputs, dict[str, Input]), schedule.map, trigger)
        days.take(schedule, limits.runs_per_day)
        deadline_s = parse_duration(limits.time_per_run) if limits.time_per_run else None
    except Unavailable:
        raise  # the tick can wait for the database
    except PlainworkError as error:
        failure = msgspec.to_builtins(Failure("rejected", error.message, error.next_step))
    except ValueError as error:  # of msgspec and of durations: what no check let through
        failure = msgspec.to_builtins(Failure("rejected", f"The version cannot be read: {error}.", None))
    return Tick(
        schedule,
        one.due_at,
        one.planned_at,
        run_id=new_id(),
        trigger=trigger,
        inputs={} if failure else inputs,
        failure=failure,
        deadline_s=deadline_s,
    )


def inputs_from(declared: Mapping[str, Input], map: Mapping[str, str], trigger: Mapping[str, Any]) -> dict[str, Any]:
    """A run's inputs as its trigger maps them, with defaults. Raises Rejected when they do not fit the declaration."""
    given = {name: _template(source).render({"trigger": trigger}) for name, source in map.items()}
    return coerce(declared, given)
