"""The agents with everything that a list of them shows."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from plainwork.api.agents import Agent, shown
from plainwork.api.auth import Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.runs import Status
from plainwork.api.shapes import Limit, Shape
from plainwork.db import agent_summaries, agents
from plainwork.spec.starts import starts_of

routes = Routes("agents")


class LastRun(Shape):
    """One of an agent's last runs. ``took_ms``: null while it has not ended, and when it never began."""

    id: UUID
    status: Status
    created_at: datetime
    took_ms: float | None


class AgentSummary(Agent):
    """An agent at a glance. ``starts``: what starts it, in words; ``last_runs``: the newest first, at most 12;
    ``cost_month_usd``, ``cost_today_usd``: its model calls in this month and since midnight (UTC); ``cost_per_day_usd``: what
    its live version may spend in a day, null: any amount; ``has_draft``: somebody is editing it."""

    starts: str
    last_runs: list[LastRun]
    next_run_at: datetime | None
    cost_month_usd: float
    cost_today_usd: float
    cost_per_day_usd: float | None
    has_draft: bool


class AgentSummaryPage(Shape):
    """Agents, newest first. ``next``: what to send as ``before`` for the next page; null: this is the last one."""

    agents: list[AgentSummary]
    next: UUID | None


@routes.add("GET", "/agents/summaries", Permission.AGENTS_READ)
async def list_agent_summaries(tenant: Tenant, before: UUID | None = None, limit: Limit = 50) -> AgentSummaryPage:
    """The workspace's agents, newest first, each with what starts it, its last runs, its next run and its cost."""
    found = await agents.page(tenant, limit + 1, before)
    page = await shown(tenant, found[:limit])
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = await agent_summaries.summaries(tenant, [agent.id for agent in page], today)
    listed = [_summary(agent, told[agent.id]) for agent in page]
    return AgentSummaryPage(agents=listed, next=page[-1].id if len(found) > limit else None)


def _summary(agent: Agent, told: agent_summaries.Summary) -> AgentSummary:
    return AgentSummary(
        **agent.model_dump(),
        starts=starts_of((node["type"], node["config"] or {}) for node in told.triggers),
        last_runs=[LastRun(**asdict(run)) for run in told.last_runs],
        next_run_at=told.next_run_at,
        cost_month_usd=told.cost_month_usd,
        cost_today_usd=told.cost_today_usd,
        cost_per_day_usd=told.cost_per_day_usd,
        has_draft=told.has_draft,
    )
