"""Schedules and their ticks. The rows follow the agents' live versions by a trigger in the database; the scheduler only
works out times and fires.

``claim_due``, ``fire`` and ``set_next`` cross workspaces through the dispatcher's functions and belong in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from plainwork.db.pool import Connection

NEVER = datetime.max
"""Passed to ``set_next`` (as Postgres' infinity) for a schedule that has no more times."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule of a live version. ``missed``: what happens to times at which no scheduler ran (``skip | last | all``);
    ``map``: input name → template over ``trigger``; ``next_at`` None: not worked out yet."""

    workspace_id: UUID
    id: UUID
    agent_id: UUID
    version_id: UUID
    trigger_id: str
    phrase: str | None
    cron: str
    timezone: str
    map: Any
    missed: str
    paused_at: datetime | None
    next_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """A time at which a schedule was due, with the run it starts. ``failure``: why it cannot be started; the run then is
    recorded as undeliverable. ``deadline_s``: how long the run may take."""

    schedule: Schedule
    due_at: datetime
    run_id: UUID
    trigger: Any
    inputs: Any
    failure: Any = None
    deadline_s: float | None = None


async def claim_due(connection: Connection, now: datetime, limit: int) -> list[Schedule]:
    """Schedules that are due, or have to be planned, locked until the transaction ends."""
    rows = await connection.fetch("select * from claim_due_schedules($1, $2)", now, limit)
    return [Schedule(*row) for row in rows]


async def fire(connection: Connection, ticks: Sequence[Tick]) -> list[UUID]:
    """Starts the runs of ticks; returns the ids of those that were not started before (the same schedule and time)."""
    if not ticks:
        return []
    columns = zip(
        *(
            (
                *(
                    t.schedule.workspace_id,
                    t.schedule.id,
                    t.due_at,
                    t.run_id,
                    t.schedule.agent_id,
                    t.schedule.version_id,
                ),
                *(t.trigger, t.inputs, t.failure, t.deadline_s),
            )
            for t in ticks
        ),
        strict=True,
    )
    made: list[UUID] = await connection.fetchval("select fire_ticks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", *columns)
    return made


async def set_next(connection: Connection, planned: Sequence[tuple[Schedule, datetime]]) -> None:
    """Sets when schedules are due next."""
    if planned:
        await connection.execute(
            "select set_next_ticks($1, $2, $3)",
            [schedule.workspace_id for schedule, _ in planned],
            [schedule.id for schedule, _ in planned],
            [at for _, at in planned],
        )


async def of_agent(connection: Connection, agent_id: UUID) -> list[Schedule]:
    """An agent's schedules, inside its workspace."""
    rows = await connection.fetch("select * from schedules where agent_id = $1 order by trigger_id", agent_id)
    return [Schedule(*row) for row in rows]
