"""What the scheduler's tests share: a clock that is set by hand, schedule triggers, and looks at what was fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from plainwork.db import Database, schedules
from plainwork.db.schedules import Schedule, TickRow
from plainwork.engine.versions import Version
from plainwork.spec.flow import Node

MONDAY = datetime(2026, 3, 2, 8, 0, 30, tzinfo=UTC)


def on(cron: str = "30 8 * * 1-5", zone: str = "UTC", id: str = "trigger-1", **fields: Any) -> Node:
    """A schedule trigger; ``fields``: what else it says (``overlap``, ``map`` …)."""
    return Node(
        id=id, type="trigger.schedule@1", config={"phrase": "…", "cron": cron, "timezone": zone, "map": {}, **fields}
    )


@dataclass
class Clock:
    """A clock that stands until it is told to pass."""

    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


async def of(database: Database, version: Version) -> list[Schedule]:
    """The schedules of a version's agent."""
    async with database.workspace(version.workspace_id) as connection:
        return await schedules.of_agent(connection, version.agent_id)


async def ticks(database: Database, version: Version) -> list[TickRow]:
    """The ticks of an agent's only schedule, oldest first."""
    async with database.workspace(version.workspace_id) as connection:
        [schedule] = await schedules.of_agent(connection, version.agent_id)
        return (await schedules.ticks(connection, schedule.id, None, 1000))[::-1]


async def states(database: Database, version: Version) -> list[str]:
    """The same, as ``08:31 fired`` or ``08:32 skipped: overlap``."""
    found = await ticks(database, version)
    return [f"{one.due_at:%H:%M} {one.state}" + (f": {one.reason}" if one.reason else "") for one in found]


async def fired(database: Database, workspace_id: UUID) -> list[Any]:
    """The workspace's runs."""
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select id, status, cause, trigger, inputs, failure from runs order by id")
    return [dict(row) for row in rows]


async def end_runs(database: Database, workspace_id: UUID) -> None:
    """Has every run of the workspace end well."""
    async with database.workspace(workspace_id) as connection:
        await connection.execute("delete from queue")
        await connection.execute(
            "update runs set status = 'succeeded', finished_at = now() where status in ('queued', 'running', 'waiting')"
        )


def schedule(cron: str, next_at: datetime, missed: str = "last", zone: str = "UTC", **fields: Any) -> Schedule:
    """A schedule that is in no database."""
    key = UUID(int=1)
    given: dict[str, Any] = {"overlap": "allow", "jitter": None, "inputs": {}, "limits": {}, "held_at": None}
    given |= {"fires_at": next_at, "failed_starts": 0, "changed_at": next_at} | fields
    return Schedule(key, key, key, key, "trigger-1", None, cron, zone, {}, missed, None, next_at, next_at, **given)
