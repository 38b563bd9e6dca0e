"""The dead-letter inbox: runs that need a person. Which they are is asked with ``runs.find`` and ``Filter.is_in_inbox``.

Every function works inside one workspace's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from plainwork.db.pool import Connection

Resolution = Literal["retried", "skipped", "answered", "discarded"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a step was about to do outside, in its last attempt: the row that was written before it began."""

    attempt: int
    idempotency_key: str | None
    request_hash: str | None
    intended_at: datetime


async def counts(connection: Connection, agents: Collection[UUID] = ()) -> dict[str, int]:
    """How many runs of these agents (of all, when none is named) need a person, by cause."""
    rows = await connection.fetch(
        """select cause, count(*) as runs from runs
           where workspace_id = current_workspace() and cause is not null and resolved_at is null
           and (cardinality($1::uuid[]) = 0 or agent_id = any ($1)) group by cause order by cause""",
        list(agents),
    )
    return {row["cause"]: row["runs"] for row in rows}


async def resolve(connection: Connection, run_id: UUID, how: Resolution) -> bool:
    """Takes a run that has ended out of the inbox. Of several calls one does it; False: it was not there (any more)."""
    done = await connection.fetchval(
        """update runs set resolved_at = now(), resolution = $2
           where id = $1 and status = 'failed' and cause is not null and resolved_at is null returning id""",
        *(run_id, how),
    )
    return done is not None


async def intents(connection: Connection, steps: Mapping[UUID, str]) -> dict[UUID, Intent]:
    """What one step each of these runs was last about to do; of steps that do nothing outside there is nothing."""
    rows = await connection.fetch(
        """select distinct on (s.run_id) s.run_id, s.attempt, s.idempotency_key, s.request_hash, s.at
           from unnest($1::uuid[], $2::text[]) as asked(run_id, path)
           join steps s on s.workspace_id = current_workspace() and s.run_id = asked.run_id and s.path = asked.path
           where s.status = 'started' order by s.run_id, s.seq desc""",
        *(list(steps), list(steps.values())),
    )
    return {row["run_id"]: Intent(*row[1:]) for row in rows}
