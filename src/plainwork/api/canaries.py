"""The canary of an agent: a candidate that takes a share of its new runs."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field

from plainwork.api.agents import Agent, shown
from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.live import Reason, check_override, check_reason
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Number, Shape
from plainwork.db import Connection, Database, agents, canaries
from plainwork.errors import NotFound
from plainwork.releases import canary as releases
from plainwork.releases import gate

routes = Routes("canaries")
Share = Annotated[int, Field(ge=1, le=50)]


class NewCanary(Body):
    """The candidate's number, and how many of a hundred new runs it takes. Once ``least_runs`` of them have ended, it is
    rolled back when the share that failed is greater than the live version's by more than ``margin``. ``override``, with a
    ``reason``: also when the version is not ready to go live."""

    version: Number
    share: Share = 10
    least_runs: int = Field(default=20, ge=1, le=10_000)
    margin: float = Field(default=0.1, ge=0, le=1)
    override: bool = False
    reason: Reason = ""


class CanaryChange(Body):
    """How many of a hundred new runs the candidate takes from now on."""

    share: Share


class CanaryPromotion(Body):
    """``reason``: why, for the history. ``override``: also when the version is not ready to go live; that takes a reason, and
    the permission ``agents:override``."""

    reason: Reason = ""
    override: bool = False


class CanaryEnd(Body):
    """``reason``: why, for the history."""

    reason: Reason = ""


class Fared(Shape):
    """How many runs have ended, and how many of them failed. 95 of 100 took at most ``p95_ms``, and each cost ``cost_usd`` on
    average; null while none has ended."""

    ended: int
    failed: int
    p95_ms: float | None
    cost_usd: float | None


class CanaryActor(Shape):
    """Who began it."""

    kind: Literal["user", "api_key", "system"]
    id: str


class Canary(Shape):
    """A canary. ``runs``: of the candidate, ``live_runs``: of the live version meanwhile; those that were started anew, of the
    agent's newest ten thousand. ``outcome`` null: it is under way; ``rolled_back``: the candidate failed too often, as
    ``reason`` says."""

    PASSING: ClassVar = frozenset({"runs", "live_runs"})

    id: UUID
    agent_id: UUID
    version: int
    live_version: int
    share: int
    least_runs: int
    margin: float
    by: CanaryActor
    started_at: datetime
    ended_at: datetime | None
    outcome: Literal["promoted", "stopped", "rolled_back"] | None
    reason: str
    runs: Fared
    live_runs: Fared


class CanaryPage(Shape):
    """Canaries, newest first. ``next``: what to send as ``before`` for the next page; null: this is the last one."""

    canaries: list[Canary]
    next: UUID | None


@routes.add("GET", "/agents/{agent_id}/canaries", Permission.AGENTS_READ)
async def list_canaries(
    tenant: Tenant,
    agent_id: UUID,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=20, description="How many at most.")] = 10,
) -> CanaryPage:
    """The agent's canaries, newest first, with how each has fared. Only the first can be under way."""
    await agents.get(tenant, agent_id)
    found = await canaries.page(tenant, agent_id, limit + 1, before)
    page = [_shown(one) for one in found[:limit]]
    return CanaryPage(canaries=page, next=page[-1].id if len(found) > limit else None)


@routes.add("GET", "/agents/{agent_id}/canary", Permission.AGENTS_READ)
async def get_canary(tenant: Tenant, agent_id: UUID) -> Canary:
    """The agent's newest canary, under way or ended. 404 when it never had one."""
    await agents.get(tenant, agent_id)
    found = await canaries.newest(tenant, agent_id)
    if found is None:
        raise NotFound("The agent has had no canary.", next_step="POST to the same address begins one.")
    return _shown(found)


@routes.add("POST", "/agents/{agent_id}/canary", Permission.AGENTS_WRITE, status_code=201, errors=(409,))
async def begin_canary(request: Request, caller: CallerArg, agent_id: UUID, body: NewCanary) -> Canary:
    """Has a version take a share of the agent's new runs, whatever starts them; the same key always falls the same way. 409
    when it is not ready to go live, takes other inputs than the live version, or there is a canary already."""
    database: Database = request.app.state.database
    reason = body.reason.strip()
    check_reason(reason, is_override=body.override)
    async with database.workspace(caller.workspace_id) as tenant:
        await agents.get(tenant, agent_id)
        version = await agents.version_numbered(tenant, agent_id, body.version)
    rehearsed = await gate.rehearse(version.markdown, request.app.state.catalogue)
    terms = canaries.Terms(body.share, body.least_runs, body.margin)
    async with database.workspace(caller.workspace_id) as tenant:
        unmet = await gate.unmet(tenant, agent_id, rehearsed)
        if unmet:
            check_override(caller, body.version, unmet, is_asked=body.override)
        begun = await releases.begin(tenant, caller.actor, agent_id, version, terms, reason=reason, unmet=unmet)
    return _shown(begun)


@routes.add("PATCH", "/agents/{agent_id}/canary", Permission.AGENTS_WRITE)
async def change_canary(
    tenant: Tenant, caller: CallerArg, agent_id: UUID, body: CanaryChange, if_match: IfMatch = None
) -> Canary:
    """Gives the candidate another share of the new runs. 404 when no canary is under way."""
    await _check_unchanged(if_match, tenant, agent_id)
    return _shown(await releases.change_share(tenant, caller.actor, agent_id, body.share))


@routes.add("POST", "/agents/{agent_id}/canary/promote", Permission.AGENTS_WRITE, errors=(409,))
async def promote_canary(
    request: Request,
    caller: CallerArg,
    agent_id: UUID,
    body: CanaryPromotion | None = None,
    if_match: IfMatch = None,
) -> Agent:
    """Makes the candidate live, and ends the canary. 404 when none is under way, 409 ``NotReady`` when the version is not
    ready to go live, unless that is overridden: that it was for a share of the runs does not count. ``If-Match`` is
    about the canary."""
    body, database = body or CanaryPromotion(), request.app.state.database
    reason = body.reason.strip()
    check_reason(reason, is_override=body.override)
    async with database.workspace(caller.workspace_id) as tenant:
        await agents.get(tenant, agent_id)
        canary = await releases.under_way(tenant, agent_id)
        version = await agents.version(tenant, canary.version_id)
    rehearsed = await gate.rehearse(version.markdown, request.app.state.catalogue)
    async with database.workspace(caller.workspace_id) as tenant:
        await _check_unchanged(if_match, tenant, agent_id)
        unmet = await gate.unmet(tenant, agent_id, rehearsed)
        if unmet:
            check_override(caller, canary.number, unmet, is_asked=body.override)
        agent = await releases.promote(tenant, caller.actor, canary, reason=reason, unmet=unmet)
        [made] = await shown(tenant, [agent])
    return made


@routes.add("POST", "/agents/{agent_id}/canary/stop", Permission.AGENTS_WRITE)
async def stop_canary(
    tenant: Tenant, caller: CallerArg, agent_id: UUID, body: CanaryEnd | None = None, if_match: IfMatch = None
) -> Canary:
    """Ends the canary: the live version takes all new runs again. Runs under way go on. 404 when none is under way."""
    await _check_unchanged(if_match, tenant, agent_id)
    return _shown(await releases.stop(tenant, caller.actor, agent_id, body.reason.strip() if body else ""))


async def _check_unchanged(if_match: str | None, tenant: Connection, agent_id: UUID) -> None:
    await require_unchanged(if_match, partial(canaries.lock, tenant, agent_id), partial(get_canary, tenant, agent_id))


def _shown(found: canaries.Canary) -> Canary:
    kind, key = found.actor
    return Canary(
        id=found.id,
        agent_id=found.agent_id,
        version=found.number,
        live_version=found.live_number,
        share=found.terms.share,
        least_runs=found.terms.least_runs,
        margin=found.terms.margin,
        by=CanaryActor(kind=kind, id=key),  # type: ignore[arg-type]
        started_at=found.started_at,
        ended_at=found.ended_at,
        outcome=found.outcome,
        reason=found.reason,
        runs=_fared(found.tally.ended, found.tally.failed, found.spent),
        live_runs=_fared(found.tally.live_ended, found.tally.live_failed, found.live_spent),
    )


def _fared(ended: int, failed: int, spent: canaries.Spent) -> Fared:
    p95_ms = None if spent.p95_s is None else spent.p95_s * 1000
    return Fared(ended=ended, failed=failed, p95_ms=p95_ms, cost_usd=spent.cost_usd)
