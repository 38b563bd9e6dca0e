"""Agents as a list shows them: what starts each, how its last runs went, when it runs next and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from plainwork.db.pool import Connection

LAST_RUNS = 12


@dataclass(frozen=True, slots=True)
class LastRun:
    """One of the last runs. ``took_ms`` None: it has not ended, or never began."""

    id: UUID
    status: str
    created_at: datetime
    took_ms: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of an agent beside its row. ``triggers``: the flow's nodes that start it (``type``, ``config``) in its
    live version, else its newest; ``next_run_at``: of its schedules; ``cost_month_usd``, ``cost_today_usd``: of its model
    calls; ``cost_per_day_usd``: what its live version may spend in a day."""

    agent_id: UUID
    triggers: Sequence[dict[str, Any]]
    last_runs: Sequence[LastRun]
    next_run_at: datetime | None
    cost_month_usd: float
    cost_today_usd: float
    cost_per_day_usd: float | None
    has_draft: bool


async def summaries(connection: Connection, agent_ids: Sequence[UUID], today: datetime) -> dict[UUID, Summary]:
    """The summaries of agents by their ids, in two statements however many there are. ``today``: when the day began."""
    rows = await connection.fetch(
        """select a.id,
               coalesce((select json_agg(json_build_object('type', node->'type', 'config', node->'config'))
                         from agent_versions v, json_array_elements(v.flow->'nodes') node
                         where v.workspace_id = a.workspace_id and v.agent_id = a.id
                           and case when a.live_version_id is null then v.number = a.last_version
                                    else v.id = a.live_version_id end
                           and node->>'type' like 'trigger.%'), '[]') as triggers,
               (select min(s.next_at) from schedules s where s.workspace_id = a.workspace_id and s.agent_id = a.id
                and s.paused_at is null and s.held_at is null and s.next_at < 'infinity') as next_run_at,
               spent.month as cost_month_usd, spent.today as cost_today_usd,
               (select (v.flow->'limits'->>'cost_per_day_usd')::float8 from agent_versions v
                where v.workspace_id = a.workspace_id and v.id = a.live_version_id) as cost_per_day_usd,
               exists (select from agent_drafts d
                       where d.workspace_id = a.workspace_id and d.agent_id = a.id) as has_draft
           from agents a cross join lateral (
               select coalesce(sum(c.cost_usd), 0)::float8 as month,
                      coalesce(sum(c.cost_usd) filter (where c.at >= $3), 0)::float8 as today
               from llm_calls c where c.workspace_id = a.workspace_id and c.agent_id = a.id and c.at >= $2
           ) spent
           where a.workspace_id = current_workspace() and a.id = any ($1)""",
        *(agent_ids, today.replace(day=1), today),
    )
    runs = await _last_runs(connection, agent_ids)
    return {
        row["id"]: Summary(
            agent_id=row["id"],
            triggers=row["triggers"],
            last_runs=runs.get(row["id"], ()),
            next_run_at=row["next_run_at"],
            cost_month_usd=row["cost_month_usd"],
            cost_today_usd=row["cost_today_usd"],
            cost_per_day_usd=row["cost_per_day_usd"],
            has_draft=row["has_draft"],
        )
        for row in rows
    }


async def _last_runs(connection: Connection, agent_ids: Sequence[UUID]) -> dict[UUID, list[LastRun]]:
    rows = await connection.fetch(
        """select given.id as agent_id, r.id, r.status, r.created_at,
                  extract(epoch from r.finished_at - r.started_at)::float8 * 1000 as took_ms
           from unnest($1::uuid[]) as given(id) cross join lateral (
               select id, status, created_at, started_at, finished_at from runs
               where workspace_id = current_workspace() and agent_id = given.id order by id desc limit $2) r""",
        *(agent_ids, LAST_RUNS),
    )
    found: dict[UUID, list[LastRun]] = {}
    for row in rows:
        found.setdefault(row["agent_id"], []).append(LastRun(*tuple(row)[1:]))
    return found
