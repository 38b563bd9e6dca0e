"""Alarms: schedules that should have fired and have not, cannot be worked out, or cannot start their runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from plainwork.db.pool import Connection, Database
from plainwork.db.schedules import Schedule

AlarmKind = Literal["did_not_fire", "cannot_be_planned", "cannot_start"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one schedule. ``due_at``: the time that it is about; ``cleared_at``: when all was well again."""

    workspace_id: UUID
    id: UUID
    schedule_id: UUID
    agent_id: UUID
    trigger_id: str
    kind: AlarmKind
    due_at: datetime
    message: str
    raised_at: datetime
    cleared_at: datetime | None
    mailed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What a scheduler finds wrong with a schedule."""

    schedule: Schedule
    kind: AlarmKind
    due_at: datetime
    message: str


async def raise_late(db: Database, now: datetime, late_s: float) -> list[Alarm]:
    """Raises an alarm for each schedule of any workspace that is so late, clears those that are not late any more, and
    returns the new ones. Of several processes that ask at once, one looks."""
    async with db.transaction() as connection:
        rows = await connection.fetch("select * from raise_alarms($1, $2)", now, late_s)
    return [Alarm(*row) for row in rows]


async def note(connection: Connection, faults: Sequence[Fault]) -> list[Alarm]:
    """Raises alarms for faults; returns those that were not raised before."""
    if not faults:
        return []
    rows = await connection.fetch(
        "select * from note_alarms($1, $2, $3, $4, $5)",
        [fault.schedule.workspace_id for fault in faults],
        [fault.schedule.id for fault in faults],
        [fault.due_at for fault in faults],
        [fault.kind for fault in faults],
        [fault.message for fault in faults],
    )
    return [Alarm(*row) for row in rows]


async def claim_mails(db: Database, limit: int) -> list[Alarm]:
    """Open alarms of any workspace that nobody was told of yet; each is handed out once."""
    async with db.transaction() as connection:
        rows = await connection.fetch("select * from claim_alarm_mails($1)", limit)
    return [Alarm(*row) for row in rows]


async def page(connection: Connection, *, is_open: bool, limit: int) -> list[Alarm]:
    """The workspace's alarms, the latest first: the open ones, or all on record."""
    rows = await connection.fetch(
        "select * from alarms where not $1 or cleared_at is null order by raised_at desc, id limit $2", is_open, limit
    )
    return [Alarm(*row) for row in rows]
