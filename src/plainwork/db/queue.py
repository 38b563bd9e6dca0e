"""The queue's and the journal's hot path: claims, leases, flushes, sweeps.

Each function is one statement for a whole batch and crosses workspaces: it calls a function of the dispatcher's role,
which checks every row's workspace, run and epoch itself (migrations/0002_runs.sql).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from plainwork.db.pool import Connection, Database

RING = "plainwork_ring"
CANCELLED = "plainwork_cancelled"
"""Channels: a run is due (no payload); a run was cancelled (payload: its id)."""


class Claim(msgspec.Struct):
    """A run leased to a worker under ``epoch``, with all that is needed to begin. ``claims`` counts the workers that had
    it since one last wrote something; ``claimed_at`` is the database's time."""

    workspace_id: UUID
    run_id: UUID
    epoch: int
    claims: int
    agent_id: UUID
    version_id: UUID
    trigger: Any
    inputs: Any
    vars: Any
    started_at: datetime | None
    deadline_at: datetime | None
    tokens: int
    cost_usd: float
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """Runs that are due, and in how many seconds the next one will be (None: none is known)."""

    run_ids: tuple[UUID, ...]
    next_in_s: float | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: leases of lost workers given back, overdue runs failed."""

    given_back: int
    timed_out: int


async def claim(db: Database, limit: int, worker: int | None, lease_s: float, suspects: int = 1) -> list[Claim]:
    """Leases up to ``limit`` due runs, oldest first, and up to ``suspects`` of those that lost two workers."""
    async with db.connection() as connection:
        rows = await connection.fetch("select * from claim_runs($1, $2, $3, $4)", limit, suspects, worker, lease_s)
    return [Claim(*row) for row in rows]


async def claim_one(db: Database, workspace_id: UUID, run_id: UUID, worker: int | None, lease_s: float) -> Claim | None:
    """Leases one run by its id; None when it is not due (another worker has it, or it has ended)."""
    async with db.connection() as connection:
        return await claim_on(connection, workspace_id, run_id, worker, lease_s)


async def claim_on(
    connection: Connection, workspace_id: UUID, run_id: UUID, worker: int | None, lease_s: float
) -> Claim | None:
    """As ``claim_one``, in a transaction of the caller's: a run that it has just inserted is nobody else's for a moment."""
    row = await connection.fetchrow("select * from claim_run($1, $2, $3, $4)", workspace_id, run_id, worker, lease_s)
    return Claim(*row) if row else None


async def renew(db: Database, held: Sequence[tuple[UUID, UUID, int]], lease_s: float) -> set[int]:
    """Extends the leases of (workspace, run, epoch); returns the positions (from 0) of those that are still held."""
    workspaces, runs, epochs = zip(*held, strict=True)
    async with db.connection() as connection:
        kept = await connection.fetchval("select renew_leases($1, $2, $3, $4)", workspaces, runs, epochs, lease_s)
    return {position - 1 for position in kept}


async def flush(db: Database, columns: Iterable[Any]) -> set[int]:
    """Commits one group of the journal (``engine.journal`` lays out the columns); returns the positions (from 0) of the
    runs that were still held. Nothing was written for the others."""
    async with db.connection() as connection:
        kept = await connection.fetchval(_FLUSH, *columns)
    return {position - 1 for position in kept}


SETTLED_AT_ONCE = 500
FLUSH_COLUMNS = 34
_AS_TEXT = {
    **dict.fromkeys((3, 8, 16, 17), "integer"),
    **dict.fromkeys((6, 7, 10, 25, 28), "float8"),
    **dict.fromkeys((4, 18, 20), "text"),
    **{5: "boolean", 9: "bigint", 19: "smallint", 29: "real"},
}
"""The columns that are sent as the text of an array, and what their values are."""
_FLUSH = f"""select flush_journal({
    ", ".join(f"${i}::text::{_AS_TEXT[i]}[]" if i in _AS_TEXT else f"${i}" for i in range(1, FLUSH_COLUMNS + 1))
})"""


async def register(connection: Connection, name: str) -> int:
    """A number for a worker, held by an advisory lock for as long as this connection's session lives."""
    number: int = await connection.fetchval("select register_worker($1)", name)
    return number


async def keep_claims(db: Database, old: int, new: int, held: Iterable[UUID]) -> int:
    """Has the worker numbered ``old`` go on as ``new`` with the runs it holds, and gives back, uncounted, what else was claimed
    under the old number; returns how many those were."""
    async with db.connection() as connection:
        given_back: int = await connection.fetchval("select keep_claims($1, $2, $3)", old, new, list(held))
    return given_back


async def excuse_claims(db: Database, claimed: Sequence[tuple[UUID, UUID]]) -> None:
    """Has one claim of each (workspace, run) not count as a worker that was lost over it."""
    workspaces, runs = zip(*claimed, strict=True)
    async with db.connection() as connection:
        await connection.execute("select excuse_claims($1, $2)", workspaces, runs)


async def outlook(db: Database, limit: int) -> Outlook:
    """Which runs are due now (at most ``limit``), and when the next one will be."""
    async with db.connection() as connection:
        row = await connection.fetchrow("select * from queue_outlook($1)", limit)
    return Outlook(tuple(row["run_ids"]), row["next_in_s"])


async def ring(db: Database) -> None:
    """Tells every process that listens that runs are due."""
    async with db.connection() as connection:
        await connection.execute("select pg_notify($1, '')", RING)


async def sweep(db: Database, grace_s: float) -> Swept:
    """Gives back the leases of workers whose session has ended; fails runs that passed their deadline by ``grace_s``; hands
    over answers that could not be handed over when they came (``db.waits``)."""
    async with db.connection() as connection:
        row = await connection.fetchrow("select * from sweep_queue($1)", grace_s)
        await connection.fetchval("select settle_waits($1)", SETTLED_AT_ONCE)
    return Swept(*row)


async def make_partitions(db: Database, now: datetime, months: int = 3) -> int:
    """Makes the monthly partitions from this month on; returns how many were missing."""
    async with db.connection() as connection:
        made: int = await connection.fetchval("select make_partitions($1, $2)", now, months)
    return made
