"""The ledger of model calls: one row each, with tokens, price and times. Those of runs come with the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from plainwork.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCall:
    """One call. ``cost_usd`` None: the price is not known; ``failure``: its kind, when it failed."""

    id: UUID
    at: datetime
    provider: str
    model: str
    status: Literal["succeeded", "failed"]
    latency_ms: int
    run_id: UUID | None = None
    step_path: str | None = None
    agent_id: UUID | None = None
    version_id: UUID | None = None
    failure: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    first_token_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """A sum of calls."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal


_NAMES = tuple(f.name for f in fields(LlmCall))


async def record(connection: Connection, calls: Sequence[LlmCall]) -> None:
    """Adds calls of the transaction's workspace; a call that is there already is left as it is."""
    await connection.executemany(
        """insert into llm_calls (workspace_id, id, at, provider, model, status, latency_ms, run_id, step_path,
               agent_id, version_id, failure, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd,
               first_token_ms)
           values (current_workspace(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
           on conflict do nothing""",
        [tuple(getattr(call, name) for name in _NAMES) for call in calls],
    )


async def spent(
    connection: Connection,
    *,
    since: datetime | None = None,
    run_id: UUID | None = None,
    agent_id: UUID | None = None,
) -> Spent:
    """What the workspace's calls came to: since a time, in one run, of one agent."""
    row = await connection.fetchrow(
        """select count(*) as calls, coalesce(sum(input_tokens), 0)::bigint as input_tokens,
                  coalesce(sum(output_tokens), 0)::bigint as output_tokens, coalesce(sum(cost_usd), 0) as cost_usd
           from llm_calls where workspace_id = current_workspace()
           and ($1::timestamptz is null or at >= $1) and ($2::uuid is null or run_id = $2)
           and ($3::uuid is null or agent_id = $3)""",
        *(since, run_id, agent_id),
    )
    return Spent(**row)


async def of_step(connection: Connection, run_id: UUID, path: str, limit: int = 1000) -> list[LlmCall]:
    """The calls that one step of a run made, in order: the last ones, at most ``limit``."""
    rows = await connection.fetch(
        f"""select {", ".join(_NAMES)} from llm_calls
            where workspace_id = current_workspace() and run_id = $1 and step_path = $2
            order by at desc, id desc limit $3""",  # noqa: S608
        *(run_id, path, limit),
    )
    return [LlmCall(**row) for row in reversed(rows)]


async def cost_of_step(connection: Connection, run_id: UUID, path: str) -> Decimal:
    """What the calls of one step of a run came to, in USD, with those of the steps inside it."""
    cost: Decimal = await connection.fetchval(
        """select coalesce(sum(cost_usd), 0) from llm_calls
           where workspace_id = current_workspace() and run_id = $1
             and (step_path = $2 or starts_with(step_path, $2 || '[') or starts_with(step_path, $2 || '.'))""",
        *(run_id, path),
    )
    return cost


async def costs_by_step(connection: Connection, run_id: UUID) -> dict[str, float]:
    """What the calls of each step of a run came to, in USD, by its path; calls outside any step are not among them."""
    rows = await connection.fetch(
        """select step_path, sum(cost_usd)::float8 as cost_usd from llm_calls
           where workspace_id = current_workspace() and run_id = $1 and step_path is not null and cost_usd is not null
           group by step_path""",
        run_id,
    )
    return {row["step_path"]: row["cost_usd"] for row in rows}
