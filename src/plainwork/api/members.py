"""Who belongs to the workspace: members and their roles. An admin neither makes nor unmakes an owner."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request

from plainwork.api.auth import Caller, CallerArg, Permission, SignedInArg, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, audit, members
from plainwork.db.workspaces import Role
from plainwork.errors import Forbidden

routes = Routes("members")


class Member(Shape):
    """A person in the workspace. ``second_factor_at`` null: they sign in with a password alone, or by single sign-on."""

    id: UUID
    email: str
    name: str
    role: Role
    joined_at: datetime
    last_sign_in_at: datetime | None
    second_factor_at: datetime | None


class Members(Shape):
    """The workspace's members, the first to join first."""

    members: list[Member]


class NewRole(Body):
    """The role that a member is to have."""

    role: Role


@routes.add("GET", "/members", Permission.WORKSPACE_READ)
async def list_members(tenant: Tenant) -> Members:
    """Who belongs to the workspace."""
    return Members(members=[Member.model_validate(one) for one in await members.all_of(tenant)])


@routes.add("PATCH", "/members/{user_id}", Permission.MEMBERS_MANAGE, errors=(409,))
async def change_role(tenant: Tenant, caller: CallerArg, user_id: UUID, body: NewRole) -> Member:
    """Gives a member another role. 403 where an owner is made or unmade by somebody who is none, 409 for the last owner."""
    before = await members.get(tenant, user_id)
    check_owners(caller, before.role, body.role)
    changed = await members.change_role(tenant, user_id, body.role)
    if changed.role != before.role:
        detail = {"email": changed.email, "from": before.role, "to": changed.role}
        await audit.append(tenant, caller.actor, "member.role_changed", ("user", user_id), detail)
    return Member.model_validate(changed)


@routes.add("DELETE", "/members/{user_id}", Permission.MEMBERS_MANAGE, status_code=204, errors=(409,))
async def remove_member(tenant: Tenant, caller: CallerArg, user_id: UUID) -> None:
    """Takes a member out of the workspace; API keys that they made end. 409 for the last owner."""
    check_owners(caller, (await members.get(tenant, user_id)).role)
    gone = await members.remove(tenant, user_id)
    detail = {"email": gone.email, "role": gone.role}
    await audit.append(tenant, caller.actor, "member.removed", ("user", user_id), detail)


@routes.add("DELETE", "/account/memberships/{workspace_id}", Permission.ACCOUNT, status_code=204, errors=(409,))
async def leave_workspace(request: Request, signed_in: SignedInArg, workspace_id: UUID) -> None:
    """Leaves a workspace. 409 for its last owner."""
    database: Database = request.app.state.database
    async with database.workspace(workspace_id, signed_in.user.id) as connection:
        gone = await members.remove(connection, signed_in.user.id)
        detail = {"email": gone.email, "role": gone.role}
        await audit.append(connection, signed_in.actor, "member.left", ("user", gone.id), detail)


def check_owners(caller: Caller, *roles: Role) -> None:
    """Raises Forbidden when one of the roles is the owner's and the caller may not make or unmake owners."""
    if "owner" in roles and not caller.may(Permission.WORKSPACE_OWN):
        raise Forbidden("Only owners make and unmake owners.", next_step="Ask an owner of the workspace.")
