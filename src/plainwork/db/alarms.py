"""Alarms: schedules that should have fired and have not, cannot be worked out, or cannot start their runs; polls that nobody
makes, or that keep failing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from plainwork.db.pool import Connection, Database
from plainwork.db.schedules import Schedule

AlarmKind = Literal["did_not_fire", "cannot_be_planned", "cannot_start", "keeps_failing"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one schedule, or of one poll. ``due_at``: the time that it is about; ``cleared_at``: when all was well
    again."""

    workspace_id: UUID
    id: UUID
    schedule_id: UUID | None
    agent_id: UUID
    trigger_id: str
    kind: AlarmKind
    due_at: datetime
    message: str
    raised_at: datetime
    cleared_at: datetime | None
    mailed_at: datetime | None
    poll_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What a scheduler finds wrong with a schedule."""

    schedule: Schedule
    kind: AlarmKind
    due_at: datetime
    message: str


async def look(db: Database, now: datetime, late_s: float, failures: int) -> list[Alarm]:
    """Raises an alarm for each schedule and poll of any workspace that is so late, and for each poll that has failed so often
    in a row; clears those of what is well again, and returns the new ones. Of several processes that ask at once, one looks."""
    async with db.transaction() as connection:
        rows = await connection.fetch("select * from raise_alarms($1, $2, $3)", now, late_s, failures)
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


async def page(connection: Connection, *, is_open: bool, before: UUID | None = None, limit: int) -> list[Alarm]:
    """The workspace's alarms, the latest first, those raised before this one: the open ones, or all on record."""
    rows = await connection.fetch(
        """select * from alarms where (not $1 or cleared_at is null)
           and ($2::uuid is null or (raised_at, id) < (select raised_at, id from alarms where id = $2))
           order by raised_at desc, id desc limit $3""",
        *(is_open, before, limit),
    )
    return [Alarm(*row) for row in rows]
