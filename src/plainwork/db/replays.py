"""Runs that come of other runs: whose they are, what they begin with, and what a person says about a step.

Every function works inside one workspace's transaction. Journals are written by the dispatcher's functions alone, which
check that nobody else is at work on the run (migrations/0006_replay.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from plainwork.db.pool import Connection


async def name_origin(connection: Connection, run_id: UUID, origin: UUID, step: str | None) -> None:
    """Notes on a new run which one it comes of, and from which of its steps on."""
    await connection.execute(
        "update runs set origin_run_id = $2, origin_step = $3 where id = $1", *(run_id, origin, step)
    )


async def vars_of(connection: Connection, run_id: UUID) -> Any:
    """The workspace's variables as the run keeps them."""
    return await connection.fetchval("select vars from runs where id = $1", run_id)


async def carry_over(
    connection: Connection, workspace_id: UUID, origin: UUID, run_id: UUID, rows: Sequence[int]
) -> int:
    """Copies these rows (their ``seq``) of the origin's journal to the beginning of a new run's; returns how many."""
    carried: int = await connection.fetchval(
        "select carry_over($1, $2, $3, $4)", *(workspace_id, origin, run_id, list(rows))
    )
    return carried


async def note_decision(
    connection: Connection,
    workspace_id: UUID,
    run_id: UUID,
    path: str,
    attempt: int,
    status: str,
    *,
    outcome: str | None = None,
    output: bytes | None = None,
    blob: UUID | None = None,
    failure: bytes | None = None,
) -> int | None:
    """Adds what a person says about a step to the journal of a run that asks about it, or of a new one that comes of
    another; it is due then. ``blob``: the output is kept apart under this id. Returns the row's ``seq``; None, and nothing
    was written, when the run does not wait for that (any more)."""
    place: int | None = await connection.fetchval(
        "select note_decision($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        *(workspace_id, run_id, path, attempt, status, outcome, output, blob, failure),
    )
    return place
