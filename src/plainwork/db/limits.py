"""The limits of a workspace and of its agents, and how much of them is used. Everything here works inside one workspace's
transaction.

What an agent may do follows its live version; claims keep to both (migrations/0009_limits.sql).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from plainwork.db.pool import Connection

QUEUED_AT_MOST = 100_000
"""How many runs of a workspace may wait for a worker at once, where the workspace says nothing else."""


@dataclass(frozen=True, slots=True)
class WorkspaceLimits:
    """``runs_at_once``: how many runs workers may have in hand (None: any number); ``queued_at_most``: how many may wait for
    one."""

    runs_at_once: int | None = None
    queued_at_most: int = QUEUED_AT_MOST


@dataclass(frozen=True, slots=True)
class AgentUse:
    """An agent that has runs in the hands of workers, or a limit on them."""

    agent_id: UUID
    name: str
    slug: str
    runs_at_once: int | None
    running: int


async def of_workspace(connection: Connection) -> WorkspaceLimits:
    """The workspace's limits."""
    row = await connection.fetchrow(
        "select runs_at_once, queued_at_most from workspace_limits where workspace_id = current_workspace()"
    )
    if row is None:
        return WorkspaceLimits()
    return WorkspaceLimits(row["runs_at_once"], row["queued_at_most"] or QUEUED_AT_MOST)


async def put(connection: Connection, runs_at_once: int | None, queued_at_most: int | None) -> None:
    """Sets both limits of the workspace; None: none, and the usual one."""
    await connection.execute(
        """insert into workspace_limits (workspace_id, runs_at_once, queued_at_most) values (current_workspace(), $1, $2)
           on conflict (workspace_id) do update set runs_at_once = $1, queued_at_most = $2, updated_at = now()""",
        *(runs_at_once, queued_at_most),
    )


async def queued(connection: Connection, most: int) -> int:
    """How many runs wait for a worker, counted no further than ``most``."""
    count: int = await connection.fetchval(
        """select count(*) from (
               select from queue where rank_at is not null and workspace_id = current_workspace() and lane = any (
                   select lane_of(current_workspace(), null, false)
                   union all select lane_of(workspace_id, agent_id, true) from agent_limits
                   where workspace_id = current_workspace() and runs_at_once is not null)
               limit $1) waiting""",
        most,
    )
    return count


async def running(connection: Connection) -> int:
    """How many runs workers have in hand."""
    count: int = await connection.fetchval(
        """select count(*) from queue
           where workspace_id = current_workspace() and worker is not null and due_at > now()"""
    )
    return count


async def of_agents(connection: Connection) -> list[AgentUse]:
    """The agents that have a limit or runs under way, by name."""
    rows = await connection.fetch(
        """with held as (
               select agent_id, count(*) as running from queue
               where workspace_id = current_workspace() and worker is not null and due_at > now() group by agent_id
           )
           select a.id, a.name, a.slug, l.runs_at_once, coalesce(h.running, 0)
           from agents a left join held h on h.agent_id = a.id
           left join agent_limits l on l.workspace_id = a.workspace_id and l.agent_id = a.id
           where a.workspace_id = current_workspace() and (h.running > 0 or l.runs_at_once is not null)
           order by a.name, a.id"""
    )
    return [AgentUse(*row) for row in rows]


async def holding_back(connection: Connection, run_id: UUID) -> str | None:
    """Whose limit a queued run waits for: ``agent`` or ``workspace``; None: only for a worker."""
    found: str | None = await connection.fetchval(
        """with held as (
               select q.agent_id = own.agent_id as is_its from queue own
               join queue q on q.workspace_id = own.workspace_id and q.worker is not null and q.due_at > now()
               where own.workspace_id = current_workspace() and own.run_id = $1
           )
           select case when a.runs_at_once <= (select count(*) from held where is_its) then 'agent'
                       when w.runs_at_once <= (select count(*) from held) then 'workspace' end
           from queue own
           left join agent_limits a on a.workspace_id = own.workspace_id and a.agent_id = own.agent_id
           left join workspace_limits w on w.workspace_id = own.workspace_id
           where own.workspace_id = current_workspace() and own.run_id = $1
             and (own.worker is null or own.due_at <= now())""",
        run_id,
    )
    return found
