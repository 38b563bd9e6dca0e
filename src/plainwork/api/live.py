"""The live pointer of an agent: making a version live, what that takes, going back, and who did it when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field

from plainwork.api.agents import Agent, VersionNumber, shown
from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import LARGEST_INTEGER, Body, Findings, Limit, Number, Shape, json_of
from plainwork.db import Database, live
from plainwork.db import agents as rows
from plainwork.errors import Finding, Forbidden, Invalid, NotReady
from plainwork.releases import gate
from plainwork.releases.live import point, roll_back

routes = Routes("agents")
Reason = Annotated[str, Field(max_length=2000)]


class Live(Body):
    """The number of the version to point at; null: none. ``reason``: why, for the history. ``override``: also when the
    version is not ready; that takes a reason, and the permission ``agents:override``."""

    version: Number | None
    reason: Reason = ""
    override: bool = False


class Rollback(Body):
    """``reason``: why, for the history."""

    reason: Reason = ""


class Readiness(Shape):
    """Whether a version may go live. ``unmet``: what it does not meet; ``overridable``: whether it may go live all the same
    with a reason, which those may give who have the permission ``agents:override``."""

    version: int
    ready: bool
    unmet: Findings
    overridable: bool


class LiveActor(Shape):
    """Who moved the live pointer: a person, an API key, or Plainwork itself."""

    kind: Literal["user", "api_key", "system"]
    id: str


class LiveChange(Shape):
    """One move of an agent's live pointer, counted from 1. ``version``: null when none was live from then on; ``unmet``: what
    it went live without."""

    seq: int
    version: int | None
    how: Literal["set", "rollback", "canary"]
    reason: str
    unmet: Findings
    by: LiveActor
    at: datetime


class LiveHistory(Shape):
    """Moves, newest first. ``next``: what to send as ``before`` for the next page; null: this is the last one."""

    changes: list[LiveChange]
    next: int | None


@routes.add("PUT", "/agents/{agent_id}/live", Permission.AGENTS_WRITE, errors=(409,))
async def set_live(request: Request, caller: CallerArg, agent_id: UUID, body: Live) -> Agent:
    """Points the agent at one of its versions, or at none. Its schedules follow. 409 ``NotReady`` with findings when the
    version does not meet what going live takes, unless it is overridden."""
    database: Database = request.app.state.database
    reason = body.reason.strip()
    check_reason(reason, is_override=body.override)
    version, rehearsed = None, None
    if body.version is not None:
        async with database.workspace(caller.workspace_id) as tenant:
            version = await _version(tenant, agent_id, body.version)
        rehearsed = await gate.rehearse(version.markdown, request.app.state.catalogue)
    async with database.workspace(caller.workspace_id) as tenant:
        unmet = () if rehearsed is None else await gate.unmet(tenant, agent_id, rehearsed)
        if unmet:
            check_override(caller, body.version, unmet, is_asked=body.override)
        [made] = await shown(tenant, [await point(tenant, caller.actor, agent_id, version, reason=reason, unmet=unmet)])
    return made


def check_reason(reason: str, *, is_override: bool) -> None:
    """Raises Invalid for an override without a reason."""
    if is_override and not reason:
        raise Invalid("An override needs a reason.", next_step="Send why the version is used all the same.")


def check_override(caller: Caller, number: int | None, unmet: Sequence[Finding], *, is_asked: bool) -> None:
    """Raises NotReady for a version that does not meet all of it, unless an override is asked for that the caller may
    make; Forbidden when they may not."""
    if not is_asked or not gate.is_overridable(unmet):
        count = "one thing" if len(unmet) == 1 else f"{len(unmet)} things"
        raise NotReady(
            f"Version {number} is not ready to go live: {count} to see to.",
            findings=tuple(unmet),
            next_step="See to them first, or have an owner or admin make it live with a reason."
            if gate.is_overridable(unmet)
            else "Publish a version without errors.",
        )
    if not caller.may(Permission.AGENTS_OVERRIDE):
        raise Forbidden(
            f"This needs the permission {Permission.AGENTS_OVERRIDE.value}.", next_step="Ask an owner or admin."
        )


@routes.add("GET", "/agents/{agent_id}/versions/{number}/readiness", Permission.AGENTS_READ)
async def get_readiness(request: Request, caller: CallerArg, agent_id: UUID, number: VersionNumber) -> Readiness:
    """What a version does not meet of what going live takes: it has no errors, its Examples are green, and the secrets that
    it uses are there and bound to it. The Examples are run for it."""
    database: Database = request.app.state.database
    async with database.workspace(caller.workspace_id) as tenant:
        version = await _version(tenant, agent_id, number)
    rehearsed = await gate.rehearse(version.markdown, request.app.state.catalogue)
    async with database.workspace(caller.workspace_id) as tenant:
        unmet = await gate.unmet(tenant, agent_id, rehearsed)
    return Readiness(
        version=number, ready=not unmet, unmet=json_of(unmet), overridable=bool(unmet) and gate.is_overridable(unmet)
    )


async def _version(tenant: Any, agent_id: UUID, number: int) -> rows.Version:
    await rows.get(tenant, agent_id)
    return await rows.version_numbered(tenant, agent_id, number)


@routes.add("POST", "/agents/{agent_id}/rollback", Permission.AGENTS_WRITE, errors=(409,))
async def roll_back_agent(tenant: Tenant, caller: CallerArg, agent_id: UUID, body: Rollback | None = None) -> Agent:
    """Makes the version live again that was live before the present one; again: the one before that. Nothing is checked, for
    it was live. 409 when no other was."""
    reason = body.reason.strip() if body else ""
    [made] = await shown(tenant, [await roll_back(tenant, caller.actor, agent_id, reason=reason)])
    return made


@routes.add("GET", "/agents/{agent_id}/live/history", Permission.AGENTS_READ)
async def list_live_changes(
    tenant: Tenant,
    agent_id: UUID,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER)] = None,
    limit: Limit = 50,
) -> LiveHistory:
    """Which versions were live: the moves of the live pointer, newest first, with who made them and why."""
    await rows.get(tenant, agent_id)
    found = await live.history(tenant, agent_id, limit + 1, before)
    changes = [_change(move) for move in found[:limit]]
    return LiveHistory(changes=changes, next=changes[-1].seq if len(found) > limit else None)


def _change(move: live.Move) -> LiveChange:
    kind, key = move.actor
    return LiveChange(
        seq=move.seq,
        version=move.number,
        how=move.how,
        reason=move.reason,
        unmet=list(move.unmet),
        by=LiveActor(kind=kind, id=key),  # type: ignore[arg-type]
        at=move.at,
    )
