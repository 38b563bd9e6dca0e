"""Promoting a version of an agent to another workspace of the person's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field

from plainwork.api.agents import Agent, VersionHead, shown
from plainwork.api.auth import Caller, CallerArg, Permission, caller_in
from plainwork.api.live import Reason
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Findings, Number, Shape, json_of
from plainwork.db import Database, agents, workspaces
from plainwork.errors import Conflict, Forbidden
from plainwork.releases.promotion import Going, Route, plan, promote

routes = Routes("agents")


class Destination(Body):
    """Where to: the id or slug of another workspace of one's own. ``version``: a number; without it the live one."""

    workspace: Annotated[str, Field(min_length=1, max_length=100)]
    version: Number | None = None


class NewPromotion(Destination):
    """As ``Destination``. ``live``: it goes live there too, if it is ready."""

    live: bool = True
    reason: Reason = ""


class Promotion(Shape):
    """A version in the other workspace, with the content hash that it has in this one. ``agent``: the one of the same id in
    addresses there, made if there was none; ``new``: its newest version was another one; ``unmet``: what keeps it from going
    live there, such as secrets that are missing."""

    workspace: UUID
    agent: Agent
    version: VersionHead
    new: bool
    live: bool
    unmet: Findings


class PromotionPlan(Shape):
    """What promoting would come to. ``agent``: the one of the same id in addresses there, null where it would be made; ``new``:
    its newest version there is another one; ``unmet``: what would keep it from going live there."""

    workspace: UUID
    agent: Agent | None
    version: int
    new: bool
    unmet: Findings


@routes.add("POST", "/agents/{agent_id}/promotions", Permission.AGENTS_PROMOTE, status_code=201, errors=(409,))
async def promote_agent(request: Request, caller: CallerArg, agent_id: UUID, body: NewPromotion) -> Promotion:
    """Takes a version, as it is, to another workspace of the person's, where they also have to be allowed to. Secrets stay: the
    version uses those of the same names there, and does not go live while one is missing."""
    state = request.app.state
    route = await _route(request, caller, agent_id, body)
    done = await promote(
        state.database, route, Going(body.live, body.reason.strip()), state.catalogue, caller.actor, caller.user_id
    )
    async with state.database.workspace(route.target.id) as tenant:
        [made] = await shown(tenant, [done.agent])
    return Promotion(
        workspace=route.target.id,
        agent=made,
        version=VersionHead.model_validate(done.version),
        new=done.is_new,
        live=done.is_live,
        unmet=json_of(done.unmet),
    )


@routes.add("POST", "/agents/{agent_id}/promotions/plan", Permission.AGENTS_PROMOTE, errors=(409,))
async def plan_promotion(request: Request, caller: CallerArg, agent_id: UUID, body: Destination) -> PromotionPlan:
    """Says what promoting a version would come to, and changes nothing: whether the agent is there already, and what is missing
    there, such as secrets. Its Examples are run for it."""
    state = request.app.state
    route = await _route(request, caller, agent_id, body)
    planned = await plan(state.database, route, state.catalogue)
    async with state.database.workspace(route.target.id) as tenant:
        there = await shown(tenant, [planned.agent] if planned.agent else [])
    return PromotionPlan(
        workspace=route.target.id,
        agent=next(iter(there), None),
        version=route.version.number,
        new=planned.is_new,
        unmet=json_of(planned.unmet),
    )


async def _route(request: Request, caller: Caller, agent_id: UUID, asked: Destination) -> Route:
    """What is to be promoted from where to where, once the caller may do so in both workspaces."""
    database: Database = request.app.state.database
    async with database.workspace(caller.workspace_id) as tenant:
        source, agent = await workspaces.get(tenant), await agents.get(tenant, agent_id)
        if asked.version is not None:
            version = await agents.version_numbered(tenant, agent_id, asked.version)
        elif agent.live_version_id is not None:
            version = await agents.version(tenant, agent.live_version_id)
        else:
            raise Conflict(f"{agent.name} has no live version.", next_step="Say which version.")
    there = await caller_in(request, asked.workspace)
    if not there.may(Permission.AGENTS_PROMOTE):
        raise Forbidden(f"There you need {Permission.AGENTS_PROMOTE.value} too.", next_step="Ask an owner of it.")
    if there.workspace_id == caller.workspace_id:
        raise Conflict("The version is in this workspace already.", next_step="Name another workspace.")
    async with database.workspace(there.workspace_id) as tenant:
        target = await workspaces.get(tenant)
    return Route(source, target, agent, version)
