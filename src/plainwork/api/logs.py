"""The lines that say what went wrong, and what code steps have printed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from plainwork.api.auth import Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.runs import Agents, Since, Until, Words
from plainwork.api.shapes import Limit, Shape
from plainwork.db import log_lines

routes = Routes("logs")

LineKind = Literal["run_failed", "step_failed", "printed"]
LineKinds = Annotated[list[LineKind] | None, Query(max_length=3, description="Only lines of these kinds.")]


class LogLine(Shape):
    """One line of a run. ``kind``: what the run failed of, what an attempt at a step failed of, or what a code step has
    ``printed``; ``path``: of the step that it is about; ``message``: its first 4,000 characters."""

    id: UUID
    at: datetime
    run_id: UUID
    agent_id: UUID
    agent: str
    kind: LineKind
    path: str | None
    message: str


class LogPage(Shape):
    """Lines, newest first. ``next``: what to send as ``before`` for the next page; null: the last."""

    lines: list[LogLine]
    next: UUID | None


@routes.add("GET", "/logs", Permission.RUNS_READ)
async def search_logs(
    tenant: Tenant,
    text: Words = None,
    agent: Agents = None,
    kind: LineKinds = None,
    run: Annotated[UUID | None, Query(description="Only lines of this run.")] = None,
    since: Since = None,
    until: Until = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> LogPage:
    """The lines of runs that have ended, newest first. A run's are here a few seconds after its end, 200 of them at most."""
    only = log_lines.Search(text, agent or (), kind or (), run, since, until)
    found = await log_lines.find(tenant, only, before=before, limit=limit + 1)
    page = [LogLine.model_validate(line) for line in found[:limit]]
    return LogPage(lines=page, next=page[-1].id if len(found) > limit else None)
