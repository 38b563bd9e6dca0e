"""Schedules as they are: when they fire next, what became of their last times, pausing them, filling in what was missed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import Path, Query
from pydantic import AwareDatetime, ConfigDict, Field

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import Connection, agents, audit, schedules
from plainwork.engine.backfill import MOST_AT_ONCE, fill, find_gap
from plainwork.errors import NotFound
from plainwork.spec.cron import ScheduleError, next_times

routes = Routes("schedules")
NEXT = 10

TriggerId = Annotated[str, Path(min_length=1, max_length=100)]


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class ScheduleChange(Body):
    """Pauses one schedule by itself, or has it go on from now."""

    paused: bool


class Backfill(Body):
    """Times to fill in: from ``from`` to ``to``, the oldest ``limit`` of them. ``preview``: only say which. ``pace``: start
    each when the schedule's run before has ended, or all at once."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    limit: int = Field(default=100, ge=1, le=MOST_AT_ONCE)
    preview: bool = False
    pace: Literal["one by one", "at once"] = "one by one"


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class ScheduleState(Shape):
    """One schedule of the live version. ``paused``: by its agent's pause, or (``paused_at``) by itself; ``next``: its next
    ten times, before any jitter (none while it is paused, or when it cannot be worked out); ``waiting``: how many times
    wait to start."""

    PASSING: ClassVar = frozenset({"next", "waiting"})

    trigger_id: str
    phrase: str | None
    cron: str
    timezone: str
    missed: str
    overlap: schedules.Overlap
    jitter: str | None
    paused: bool
    paused_at: datetime | None
    next: list[datetime]
    waiting: int


class Schedules(Shape):
    """An agent's schedules."""

    schedules: list[ScheduleState]


class Tick(Shape):
    """One time at which a schedule was due. ``state``: a run was started (``run_id``, with its ``status`` as long as it is
    kept), the time waits, or it was skipped, and ``reason`` says why: ``missed``, ``overlap``, ``too_many_waiting``,
    ``replaced``, ``called_off``. ``planned_at``: with its jitter; ``late_s``: how long after that it fired."""

    due_at: datetime
    planned_at: datetime
    state: Literal["fired", "waiting", "skipped"]
    reason: str | None
    run_id: UUID | None
    status: str | None
    fired_at: datetime | None
    late_s: float | None
    is_backfill: bool


class TickPage(Shape):
    """Times, the latest first. ``next``: what to send as ``before`` for the next page; null: this is the last one."""

    ticks: list[Tick]
    next: datetime | None


class Filled(Shape):
    """The ``times`` that were found to fill in. ``started``: how many of them now start (0 for a preview); ``more``: there
    are others in the range."""

    times: list[datetime]
    started: int
    more: bool


class CalledOff(Shape):
    """How many times were called off."""

    called_off: int


# ── Routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/agents/{agent_id}/schedules", Permission.AGENTS_READ)
async def list_schedules(tenant: Tenant, agent_id: UUID) -> Schedules:
    """The schedules of an agent's live version, each with its next ten times."""
    await agents.get(tenant, agent_id)
    return Schedules(schedules=[await _shown(tenant, one) for one in await schedules.of_agent(tenant, agent_id)])


@routes.add("GET", "/agents/{agent_id}/schedules/{trigger_id}", Permission.AGENTS_READ)
async def get_schedule(tenant: Tenant, agent_id: UUID, trigger_id: TriggerId) -> ScheduleState:
    """One of them."""
    return await _shown(tenant, await _found(tenant, agent_id, trigger_id))


@routes.add("PATCH", "/agents/{agent_id}/schedules/{trigger_id}", Permission.AGENTS_WRITE)
async def change_schedule(
    tenant: Tenant,
    caller: CallerArg,
    agent_id: UUID,
    trigger_id: TriggerId,
    body: ScheduleChange,
    if_match: IfMatch = None,
) -> ScheduleState:
    """Pauses one schedule, whatever its agent's other triggers do, or has it go on: from now, without what it missed."""
    place = (tenant, agent_id, trigger_id)
    await require_unchanged(if_match, partial(schedules.lock, *place), partial(get_schedule, *place))
    found = await _found(*place)
    if await schedules.hold(tenant, found.id, held=body.paused):
        action = "schedule.paused" if body.paused else "schedule.resumed"
        await audit.append(tenant, caller.actor, action, ("agent", agent_id), {"trigger": trigger_id})
    return await _shown(tenant, await _found(*place))


@routes.add("GET", "/agents/{agent_id}/schedules/{trigger_id}/ticks", Permission.RUNS_READ)
async def list_ticks(
    tenant: Tenant,
    agent_id: UUID,
    trigger_id: TriggerId,
    before: Annotated[AwareDatetime | None, Query()] = None,
    limit: Limit = 50,
) -> TickPage:
    """What became of a schedule's times, the latest first; ``before`` the last time of a page gives the next."""
    found = await _found(tenant, agent_id, trigger_id)
    rows = await schedules.ticks(tenant, found.id, before, limit + 1)
    page = [Tick.model_validate(row) for row in rows[:limit]]
    return TickPage(ticks=page, next=page[-1].due_at if len(rows) > limit else None)


@routes.add("POST", "/agents/{agent_id}/schedules/{trigger_id}/backfill", Permission.RUNS_WRITE, errors=(409,))
async def backfill(tenant: Tenant, caller: CallerArg, agent_id: UUID, trigger_id: TriggerId, body: Backfill) -> Filled:
    """Starts the runs of times that passed without one, each at most once however often it is asked for. At most 90 days
    back. 409 when too many times wait already."""
    found = await _found(tenant, agent_id, trigger_id)
    gap = await find_gap(tenant, found, body.from_, body.to, body.limit)
    started = 0
    if gap.times and not body.preview:
        started = await fill(tenant, found, gap, paced=body.pace == "one by one")
        detail = {"trigger": trigger_id, "from": gap.times[0].isoformat(), "to": gap.times[-1].isoformat()}
        await audit.append(
            tenant, caller.actor, "schedule.backfilled", ("agent", agent_id), {**detail, "count": started}
        )
    return Filled(times=list(gap.times), started=started, more=gap.more)


@routes.add("DELETE", "/agents/{agent_id}/schedules/{trigger_id}/backfill", Permission.RUNS_WRITE)
async def call_off(tenant: Tenant, caller: CallerArg, agent_id: UUID, trigger_id: TriggerId) -> CalledOff:
    """Calls off the times that still wait to start, whether filled in or queued behind a run."""
    found = await _found(tenant, agent_id, trigger_id)
    count = await schedules.call_off(tenant, found.id)
    if count:
        detail = {"trigger": trigger_id, "count": count}
        await audit.append(tenant, caller.actor, "schedule.called_off", ("agent", agent_id), detail)
    return CalledOff(called_off=count)


async def _found(tenant: Connection, agent_id: UUID, trigger_id: str) -> schedules.Schedule:
    await agents.get(tenant, agent_id)
    found = await schedules.of_trigger(tenant, agent_id, trigger_id)
    if found is None:
        raise NotFound(
            f"The agent's live version has no schedule {trigger_id}.",
            next_step=f"GET /api/v1/agents/{agent_id}/schedules lists them.",
        )
    return found


async def _shown(tenant: Connection, one: schedules.Schedule) -> ScheduleState:
    paused = one.paused_at is not None or one.held_at is not None
    return ScheduleState(
        trigger_id=one.trigger_id,
        phrase=one.phrase,
        cron=one.cron,
        timezone=one.timezone,
        missed=one.missed,
        overlap=one.overlap,
        jitter=one.jitter,
        paused=paused,
        paused_at=one.held_at,
        next=[] if paused else _next(one),
        waiting=await schedules.count_waiting(tenant, one.id),
    )


def _next(one: schedules.Schedule) -> list[datetime]:
    try:
        return next_times(one.cron, one.timezone, datetime.now(UTC), NEXT)
    except ScheduleError:
        return []
