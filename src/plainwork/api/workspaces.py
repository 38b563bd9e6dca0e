"""Workspaces: one's own, making another, and the settings of the one that a request acts in."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field

from plainwork.api.auth import CallerArg, Permission, SignedIn, SignedInArg, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.session import Membership, memberships
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, audit, members, runs, throttle, workspaces
from plainwork.db.ids import new_id
from plainwork.db.throttle import Limit
from plainwork.errors import Conflict, Forbidden, Invalid

routes = Routes("workspaces")

MOST_AT_A_TIME = 20


class NewWorkspace(Body):
    """A workspace to make. ``slug``: its name in addresses; made from the name when it is left out."""

    name: str = Field(min_length=1, max_length=200)
    slug: str | None = Field(default=None, max_length=60)


class WorkspaceChange(Body):
    """What to change; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    requires_second_factor: bool | None = None
    requires_green_examples: bool | None = None


class Workspace(Shape):
    """The workspace. ``requires_second_factor``: members who sign in with a password need a second factor to get in.
    ``requires_green_examples``: a version goes live only when its Examples pass."""

    id: UUID
    slug: str
    name: str
    requires_second_factor: bool
    requires_green_examples: bool
    created_at: datetime


class Workspaces(Shape):
    """The person's workspaces, oldest first. ``may_create``: whether they may make another."""

    workspaces: list[Membership]
    may_create: bool


@routes.add("GET", "/workspaces", Permission.ACCOUNT)
async def list_workspaces(request: Request, signed_in: SignedInArg) -> Workspaces:
    """The workspaces one belongs to, with one's role in each."""
    theirs = await memberships(request.app.state.database, signed_in.session)
    return Workspaces(workspaces=theirs, may_create=await _may_create(request, signed_in))


@routes.add("POST", "/workspaces", Permission.ACCOUNT, status_code=201, errors=(409, 429))
async def create_workspace(request: Request, signed_in: SignedInArg, body: NewWorkspace) -> Workspace:
    """Makes another workspace, owned by who asks. 403 where ``PLAINWORK_NEW_WORKSPACES`` does not let them, 409 when the
    slug is taken."""
    if not await _may_create(request, signed_in):
        raise Forbidden("You may not make workspaces here.", next_step="Ask whoever runs this installation.")
    database: Database = request.app.state.database
    await throttle.count(database, [Limit(f"workspaces:{signed_in.user.id}", MOST_AT_A_TIME)], "new workspaces")
    workspace_id = new_id()
    async with database.workspace(workspace_id, signed_in.user.id) as connection:
        made = await workspaces.create(connection, workspace_id, body.name, body.slug)
        await workspaces.add_member(connection, signed_in.user.id, "owner")
        await audit.append(
            connection, signed_in.actor, "workspace.created", ("workspace", made.id), {"name": made.name}
        )
    return Workspace.model_validate(made)


async def _may_create(request: Request, signed_in: SignedIn) -> bool:
    rule = request.app.state.settings.new_workspaces
    if rule != "owners":
        return bool(rule == "anybody")
    theirs = await workspaces.of_person(request.app.state.database, signed_in.user.id)
    return any(role == "owner" for _, role in theirs)


@routes.add("GET", "/workspace", Permission.WORKSPACE_READ)
async def get_workspace(tenant: Tenant) -> Workspace:
    """The workspace that this request acts in."""
    return Workspace.model_validate(await workspaces.get(tenant))


@routes.add("PATCH", "/workspace", Permission.WORKSPACE_MANAGE, errors=(409,))
async def change_workspace(
    tenant: Tenant, caller: CallerArg, body: WorkspaceChange, if_match: IfMatch = None
) -> Workspace:
    """Renames the workspace, says whether versions need green Examples to go live, or has it ask its members for a second
    factor: from the next request on, those without one get ``EnrolmentNeeded``. 409 when whoever asks for that has none:
    they would lock themselves out."""
    await require_unchanged(if_match, partial(workspaces.lock, tenant), partial(get_workspace, tenant))
    before = await workspaces.get(tenant)
    begins_to_ask = body.requires_second_factor and not before.requires_second_factor
    if begins_to_ask and caller.user_id and not (await members.get(tenant, caller.user_id)).second_factor_at:
        raise Conflict("You have no second factor yourself.", next_step="Enrol one under your account first.")
    after = await workspaces.change(tenant, **body.model_dump())
    changed = {
        name: getattr(after, name)
        for name in WorkspaceChange.model_fields
        if getattr(after, name) != getattr(before, name)
    }
    if changed:
        await audit.append(tenant, caller.actor, "workspace.changed", ("workspace", after.id), changed)
    return Workspace.model_validate(after)


@routes.add("DELETE", "/workspace", Permission.WORKSPACE_OWN, status_code=204)
async def delete_workspace(
    tenant: Tenant,
    caller: CallerArg,
    name: Annotated[str, Query(max_length=200, description="The workspace's name, typed once more.")],
) -> None:
    """Takes the workspace out of use: nobody can enter it, its API keys end, its agents are paused, its runs that have not ended
    are cancelled. All stays on record for a time (30 days, if the operator says nothing else), then it is removed for good.
    422 when the name is not the workspace's."""
    workspace = await workspaces.get(tenant)
    if name.strip() != workspace.name:
        raise Invalid("That is not the name of this workspace.", next_step="Type its name to delete it.")
    await workspaces.delete(tenant)
    detail = {"name": name, "cancelled": await runs.stop_all(tenant)}
    await audit.append(tenant, caller.actor, "workspace.deleted", ("workspace", workspace.id), detail)
