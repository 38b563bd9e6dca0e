"""Schedules and their ticks. The rows follow the agents' live versions by a trigger in the database; the scheduler only
works out times and fires.

What is claimed, fired and set crosses workspaces through the dispatcher's functions and belongs in one transaction; what
names one agent or schedule works inside its workspace.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from plainwork.db.pool import Connection

NEVER = datetime.max
"""Passed to ``set_next`` (as Postgres' infinity) for a schedule that has no more times."""

Overlap = Literal["allow", "skip", "queue", "cancel previous"]
TickState = Literal["fired", "waiting", "skipped"]
SkipReason = Literal["missed", "overlap", "too_many_waiting", "replaced", "called_off"]


class Schedule(msgspec.Struct, frozen=True):
    """One schedule of a live version. ``map``: input name → template over ``trigger``; ``missed``, ``overlap``, ``jitter``,
    ``inputs``, ``limits``: as the version says; ``paused_at``: with its agent, ``held_at``: by itself; ``next_at`` None: not
    worked out yet; ``fires_at``: that, put off by the jitter; ``failed_starts``: how many of its last ticks could not be
    started; ``changed_at``: since when it has these times."""

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
    overlap: Overlap
    jitter: str | None
    inputs: Any
    limits: Any
    held_at: datetime | None
    fires_at: datetime | None
    failed_starts: int
    changed_at: datetime


class Tick(msgspec.Struct, frozen=True):
    """A time at which a schedule was due, and what becomes of it. ``fired``: it starts the run ``run_id`` (``failure``: why
    that cannot be started; the run then is recorded as undeliverable; ``deadline_s``: how long it may take). ``waiting``:
    until the run before has ended. ``skipped``: ``reason`` says why. ``planned_at``: the time, put off by the jitter."""

    schedule: Schedule
    due_at: datetime
    planned_at: datetime
    state: TickState = "fired"
    reason: SkipReason | None = None
    run_id: UUID | None = None
    trigger: Any = None
    inputs: Any = None
    failure: Any = None
    deadline_s: float | None = None


class Next(msgspec.Struct, frozen=True):
    """When a schedule is due next (None: that cannot be worked out) and when a scheduler looks at it again."""

    schedule: Schedule
    next_at: datetime | None
    fires_at: datetime
    failed_starts: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What a schedule has in hand: its runs that have not ended, and how many of its ticks wait."""

    under_way: tuple[UUID, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class TickRow:
    """A tick on record. ``is_backfill``: a person asked for it later; ``status``: of its run, as long as that is kept."""

    due_at: datetime
    planned_at: datetime
    state: TickState
    reason: str | None
    run_id: UUID | None
    fired_at: datetime | None
    is_backfill: bool
    status: str | None

    @property
    def late_s(self) -> float | None:
        """How long after its planned time it fired; None: it has not."""
        return None if self.fired_at is None else (self.fired_at - self.planned_at).total_seconds()


# ── The scheduler's, for all workspaces at once ──────────────────────────────────────────────────────────────────────
async def claim_due(connection: Connection, now: datetime, limit: int) -> list[Schedule]:
    """Schedules that are due, or have to be planned, locked until the transaction ends."""
    rows = await connection.fetch("select * from claim_due_schedules($1, $2)", now, limit)
    return [Schedule(*row) for row in rows]


async def claim_waiting(connection: Connection, limit: int) -> list[Schedule]:
    """Schedules of which a waiting tick may start now, locked until the transaction ends."""
    rows = await connection.fetch("select * from claim_waiting_schedules($1)", limit)
    return [Schedule(*row) for row in rows]


async def ready(connection: Connection, claimed: Sequence[Schedule]) -> list[tuple[Schedule, datetime, datetime]]:
    """The ticks of these schedules that may start now: (schedule, due, planned)."""
    by_id = {schedule.id: schedule for schedule in claimed}
    rows = await connection.fetch("select * from ready_ticks($1, $2)", *_keys(claimed))
    return [(by_id[row["schedule_id"]], row["due_at"], row["planned_at"]) for row in rows]


async def loads(connection: Connection, of: Sequence[Schedule]) -> dict[UUID, Load]:
    """What schedules have in hand, by their ids."""
    if not of:
        return {}
    rows = await connection.fetch("select * from schedule_loads($1, $2)", *_keys(of))
    return {one.id: Load(tuple(row["under_way"]), row["waiting"]) for one, row in zip(of, rows, strict=True)}


async def runs_since(
    connection: Connection, agents: Collection[tuple[UUID, UUID]], first: UUID, most: Sequence[int]
) -> list[int]:
    """For each (workspace, agent), how many runs it has had from the key ``first`` on, counted up to its ``most``."""
    if not agents:
        return []
    workspaces, ids = zip(*agents, strict=True)
    rows = await connection.fetch("select * from runs_since($1, $2, $3, $4)", workspaces, ids, first, most)
    return [row[0] for row in rows]


async def fire(connection: Connection, ticks: Sequence[Tick]) -> list[UUID]:
    """Writes ticks down and starts the runs of those that fire; returns the ids of the runs that were not started before (the
    same schedule and time)."""
    if not ticks:
        return []
    made: list[UUID] = await connection.fetchval(
        "select fire_ticks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        *_keys([tick.schedule for tick in ticks]),
        [tick.due_at for tick in ticks],
        [tick.planned_at for tick in ticks],
        [tick.state for tick in ticks],
        [tick.reason for tick in ticks],
        [tick.run_id for tick in ticks],
        [tick.schedule.agent_id for tick in ticks],
        [tick.schedule.version_id for tick in ticks],
        [tick.trigger for tick in ticks],
        [tick.inputs for tick in ticks],
        [tick.failure for tick in ticks],
        [tick.deadline_s for tick in ticks],
    )
    return made


async def set_next(connection: Connection, planned: Sequence[Next]) -> None:
    """Sets when schedules are due next."""
    if planned:
        await connection.execute(
            "select set_next_ticks($1, $2, $3, $4, $5)",
            *_keys([one.schedule for one in planned]),
            [one.next_at for one in planned],
            [one.fires_at for one in planned],
            [one.failed_starts for one in planned],
        )


async def next_fires_at(connection: Connection) -> datetime | None:
    """When a scheduler has to look at a schedule next; None: it is not known yet, or never."""
    at: datetime | None = await connection.fetchval("select next_fires_at()")
    return at


def _keys(of: Sequence[Schedule]) -> tuple[list[UUID], list[UUID]]:
    return [one.workspace_id for one in of], [one.id for one in of]


# ── One agent's, inside its workspace ────────────────────────────────────────────────────────────────────────────────
async def of_agent(connection: Connection, agent_id: UUID) -> list[Schedule]:
    """An agent's schedules."""
    rows = await connection.fetch("select * from schedules where agent_id = $1 order by trigger_id", agent_id)
    return [Schedule(*row) for row in rows]


async def of_trigger(connection: Connection, agent_id: UUID, trigger_id: str) -> Schedule | None:
    """An agent's schedule by the id of its trigger; None: the live version has no such schedule."""
    row = await connection.fetchrow(
        "select * from schedules where agent_id = $1 and trigger_id = $2", agent_id, trigger_id
    )
    return Schedule(*row) if row else None


async def lock(connection: Connection, agent_id: UUID, trigger_id: str) -> None:
    """Keeps a schedule as it is for everybody else, until the transaction ends."""
    await connection.execute(
        "select from schedules where agent_id = $1 and trigger_id = $2 for no key update", agent_id, trigger_id
    )


async def hold(connection: Connection, schedule_id: UUID, *, held: bool) -> bool:
    """Pauses one schedule by itself, or has it go on from now; what was missed meanwhile stays missed. False: it was so."""
    done: str = await connection.execute(
        """update schedules set held_at = case when $2 then now() end, next_at = null, fires_at = null, changed_at = now()
           where id = $1 and (held_at is null) = $2""",
        schedule_id,
        held,
    )
    return done == "UPDATE 1"


async def ticks(connection: Connection, schedule_id: UUID, before: datetime | None, limit: int) -> list[TickRow]:
    """A schedule's ticks on record, the latest first, with what became of their runs."""
    rows = await connection.fetch(
        """select t.due_at, t.planned_at, t.state, t.reason, t.run_id, t.fired_at, t.backfill, r.status
           from (select * from schedule_ticks where schedule_id = $1 and due_at < coalesce($2, 'infinity'::timestamptz)
                 order by due_at desc limit $3) t
           left join runs r on r.workspace_id = t.workspace_id and r.id = t.run_id
           order by t.due_at desc""",
        *(schedule_id, before, limit),
    )
    return [TickRow(*row) for row in rows]


async def taken(connection: Connection, schedule_id: UUID, due: Sequence[datetime]) -> set[datetime]:
    """Which of these times have fired, or wait to."""
    rows = await connection.fetch(
        "select due_at from schedule_ticks where schedule_id = $1 and due_at = any ($2) and state <> 'skipped'",
        *(schedule_id, due),
    )
    return {row["due_at"] for row in rows}


async def count_waiting(connection: Connection, schedule_id: UUID) -> int:
    """How many of a schedule's ticks wait."""
    count: int = await connection.fetchval(
        "select count(*) from schedule_ticks where schedule_id = $1 and state = 'waiting'", schedule_id
    )
    return count


async def backfill(connection: Connection, schedule_id: UUID, due: Sequence[datetime], *, paced: bool) -> int:
    """Has times that have not fired wait to be fired, one after the other (``paced``) or at once; returns how many are new."""
    added: int = await connection.fetchval("select backfill_ticks($1, $2, $3)", schedule_id, due, paced)
    return added


async def call_off(connection: Connection, schedule_id: UUID) -> int:
    """Calls off the ticks that wait; returns how many those were."""
    count: int = await connection.fetchval("select call_off_ticks($1)", schedule_id)
    return count
