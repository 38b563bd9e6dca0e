"""How long a workspace keeps its runs."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import audit, retention, workspaces

routes = Routes("retention")


class RetentionChange(Body):
    """How many days runs that have ended are kept; null: for ever."""

    days: int | None = Field(ge=1, le=3650)


class Retention(Shape):
    """How many days runs that have ended are kept; null: for ever."""

    days: int | None


@routes.add("GET", "/retention", Permission.RUNS_READ)
async def get_retention(tenant: Tenant) -> Retention:
    """How long runs are kept."""
    return Retention(days=await retention.days(tenant))


@routes.add("PUT", "/retention", Permission.DATA_MANAGE)
async def set_retention(
    tenant: Tenant, caller: CallerArg, body: RetentionChange, if_match: IfMatch = None
) -> Retention:
    """Sets how long runs are kept. Those that ended earlier are deleted within minutes, and nothing brings them back; runs
    that have not ended, or need a person, stay."""
    await require_unchanged(if_match, partial(workspaces.lock, tenant), partial(get_retention, tenant))
    before = await retention.days(tenant)
    if before != body.days:
        await retention.set_days(tenant, body.days)
        detail = {"before": before, "after": body.days}
        await audit.append(tenant, caller.actor, "retention.changed", ("workspace", caller.workspace_id), detail)
    return Retention(days=body.days)
