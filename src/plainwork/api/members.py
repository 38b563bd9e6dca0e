"""Who belongs to the workspace: members and their roles. An admin neither makes nor unmakes an owner."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar
from uuid import UUID

from fastapi import Request

from plainwork.api.auth import Caller, CallerArg, Permission, SignedInArg, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import Database, audit, members, workspaces
from plainwork.db.workspaces import Role
from plainwork.errors import Forbidden

routes = Routes("members")


class Member(Shape):
    """A person in the workspace. ``second_factor_at`` null: they sign in with a password alone, or by single sign-on."""

    PASSING: ClassVar = frozenset({"last_sign_in_at"})

    id: UUID
    email: str
    name: str
    role: Role
    joined_at: datetime
    last_sign_in_at: datetime | None
    second_factor_at: datetime | None


class MemberPage(Shape):
    """Members of the workspace, the oldest account first. ``next``: what to send as ``after`` for the next page; null: the
    last."""

    members: list[Member]
    next: UUID | None


class NewRole(Body):
    """The role that a member is to have."""

    role: Role


@routes.add("GET", "/members", Permission.WORKSPACE_READ)
async def list_members(tenant: Tenant, after: UUID | None = None, limit: Limit = 50) -> MemberPage:
    """Who belongs to the workspace."""
    found = await members.page(tenant, after=after, limit=limit + 1)
    page = [Member.model_validate(one) for one in found[:limit]]
    return MemberPage(members=page, next=page[-1].id if len(found) > limit else None)


@routes.add("GET", "/members/{user_id}", Permission.WORKSPACE_READ)
async def get_member(tenant: Tenant, user_id: UUID) -> Member:
    """One of them."""
    return Member.model_validate(await members.get(tenant, user_id))


@routes.add("PATCH", "/members/{user_id}", Permission.MEMBERS_MANAGE, errors=(409,))
async def change_role(
    tenant: Tenant, caller: CallerArg, user_id: UUID, body: NewRole, if_match: IfMatch = None
) -> Member:
    """Gives a member another role. 403 where an owner is made or unmade by somebody who is none, 409 for the last owner."""
    await require_unchanged(if_match, partial(workspaces.hold, tenant), partial(get_member, tenant, user_id))
    before = await members.get(tenant, user_id)
    check_owners(caller, before.role, body.role)
    changed = await members.change_role(tenant, user_id, body.role)
    if changed.role != before.role:
        detail = {"email": changed.email, "from": before.role, "to": changed.role}
        await audit.append(tenant, caller.actor, "member.role_changed", ("user", user_id), detail)
    return Member.model_validate(changed)


@routes.add("DELETE", "/members/{user_id}", Permission.MEMBERS_MANAGE, status_code=204, errors=(409,))
async def remove_member(tenant: Tenant, caller: CallerArg, user_id: UUID, if_match: IfMatch = None) -> None:
    """Takes a member out of the workspace; API keys that they made end. 409 for the last owner."""
    await require_unchanged(if_match, partial(workspaces.hold, tenant), partial(get_member, tenant, user_id))
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
