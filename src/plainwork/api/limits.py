"""Limits: how many runs a workspace may have in hand and waiting, and how many it has."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Request
from pydantic import Field

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import audit, workspaces
from plainwork.db import limits as rows
from plainwork.engine import backlog

routes = Routes("limits")

Most = Annotated[int, Field(ge=1, le=1_000_000_000)]


class LimitChange(Body):
    """What is to change; what is left out stays. ``null``: any number of runs at once, and the usual number waiting."""

    runs_at_once: Most | None = None
    queued_at_most: Most | None = None


class AgentLimit(Shape):
    """An agent with a limit (of its live version: ``runs at once``) or with runs in the hands of workers."""

    agent_id: UUID
    name: str
    slug: str
    runs_at_once: int | None
    running: int


class WorkspaceLimits(Shape):
    """The workspace's limits and their use: ``running`` runs are in the hands of workers, of ``runs_at_once`` (null: any
    number); ``queued`` wait for one, of ``queued_at_most``."""

    PASSING: ClassVar = frozenset({"running", "queued", "agents"})

    runs_at_once: int | None
    running: int
    queued_at_most: int
    queued: int
    agents: list[AgentLimit]


@routes.add("GET", "/limits", Permission.RUNS_READ)
async def get_limits(tenant: Tenant) -> WorkspaceLimits:
    """The workspace's limits, and how much of them is used now."""
    return await _now(tenant)


@routes.add("PATCH", "/limits", Permission.LIMITS_WRITE)
async def change_limits(
    request: Request, tenant: Tenant, caller: CallerArg, body: LimitChange, if_match: IfMatch = None
) -> WorkspaceLimits:
    """Changes limits. Runs that are under way go on; the next ones are claimed when there is room for them."""
    lock = partial(workspaces.lock, tenant)
    await lock()  # what is left out stays what it is
    await require_unchanged(if_match, lock, partial(_now, tenant))
    had = await rows.of_workspace(tenant)
    given = body.model_dump(exclude_unset=True)
    queued_at_most = None if had.queued_at_most == rows.QUEUED_AT_MOST else had.queued_at_most
    wanted = {"runs_at_once": had.runs_at_once, "queued_at_most": queued_at_most} | given
    await rows.put(tenant, wanted["runs_at_once"], wanted["queued_at_most"])
    if given:
        await audit.append(tenant, caller.actor, "limits.changed", ("workspace", caller.workspace_id), given)
        backlog.forget(request.app.state.database, caller.workspace_id)
    return await _now(tenant)


async def _now(tenant: Tenant) -> WorkspaceLimits:
    most = await rows.of_workspace(tenant)
    return WorkspaceLimits(
        runs_at_once=most.runs_at_once,
        running=await rows.running(tenant),
        queued_at_most=most.queued_at_most,
        queued=await rows.queued(tenant, most.queued_at_most),
        agents=[AgentLimit.model_validate(one) for one in await rows.of_agents(tenant)],
    )
